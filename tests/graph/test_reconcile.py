"""Every store has one status; the unmanaged ones are ranked by points that can be added up by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from scanner.graph import build
from scanner.graph.reconcile import YEAR, places_to_ask
from scanner.results import MANAGED

if TYPE_CHECKING:
    from scanner.results import Managed
    from tests.graph.conftest import Estate

DAY = 86_400 * 1_000_000
NOW = 1_700_000_000 * 1_000_000
CANARY = "c4n4ry-w0rd"


def says(estate: Estate, path: str, kind: str, locator: str, source: str = "files", **more: Any) -> None:
    more = {"extractor": "some-format", "line": 1} | more
    estate.fact("mention", source, path, kind=kind, locator=locator, **more)


def sees(
    estate: Estate, source: str, name: str, kind: str, locator: str | None, reason: str = "not_configured"
) -> None:
    estate.fact("seen", source, "", name=name, kind=kind, locator=locator, reason=reason)


def managed(estate: Estate) -> dict[str, Managed]:
    found = build(estate.reader()).managed
    titles = {m.title: m for m in found}
    assert len(titles) == len(found)
    return titles


@pytest.fixture
def house(estate: Estate) -> Estate:
    estate.source("files", deep=False, locator="\\\\fs01\\apps")
    estate.source("drop", deep=False, locator="sftp://scan@drop/data", kind="sftp")
    estate.source("ms", locator="odbc:DRIVER={SQL Server};SERVER=db01")
    estate.database("ms", "Pay", "dbo")
    return estate


def test_every_status_there_is(house: Estate) -> None:
    says(house, "a.cmd", "unc", "\\\\nas7\\hr")
    says(house, "a.cmd", "unc", "\\\\nas8\\old", line=2)
    says(house, "a.cmd", "connection_string", "Driver=SQL Server;Server=db01;Database=Archive", line=3)
    sees(house, "files", "\\x5C\\x5Cfs01\\x5Cscans", "share", "\\\\fs01\\scans")
    sees(house, "ms", "Archive", "database", "odbc:DRIVER={SQL Server};SERVER=db01;Database=Archive")
    house.register.append(("People", "s3://people", "HR Systems"))
    house.reached.append(("?\\\\nas8\\old", "nas8", 445, NOW, "no_name"))
    found = managed(house)
    assert {title: m.status for title, m in found.items()} == {
        "files": "scanned",
        "drop": "scanned",
        "Pay": "scanned",
        "\\\\nas7\\hr": "referenced",
        "\\\\nas8\\old": "dead",
        "\\\\fs01\\scans": "seen",
        "db01/Archive": "seen",
        "s3://people": "known",
    }
    assert {m.status for m in found.values()} == set(MANAGED)
    assert found["\\\\nas8\\old"].asked == "asked on 2023-11-14 22:13 UTC: its name does not exist"
    assert (found["db01/Archive"].references, found["db01/Archive"].by) == (1, ("files",))
    assert (found["s3://people"].owner, found["s3://people"].register) == ("HR Systems", "People")


def test_a_folder_beside_what_was_scanned_is_no_store(house: Estate) -> None:
    sees(house, "drop", "tmp/other", "directory", "sftp://scan@drop/tmp/other")
    sees(house, "drop", "spool", "share", "\\\\drop\\spool")
    assert set(managed(house)) == {"files", "drop", "Pay", "\\\\drop\\spool"}


@pytest.mark.parametrize(
    ("ports", "owner"), [((4450,), "nas0"), ((4450, 445), "nas1"), ((4450, 4451), "")], ids=["one", "usual", "unclear"]
)
def test_a_path_without_a_port_leads_to_the_usual_or_only_server(
    estate: Estate, ports: tuple[int, ...], owner: str
) -> None:
    estate.source("files", deep=False, locator="\\\\fs01\\apps")
    for number, port in enumerate(ports):
        estate.source(f"nas{number}", deep=False, locator=f"smb://nas:{port}/hr", kind="share")
    says(estate, "a.cmd", "unc", "\\\\nas\\hr\\pay.csv")
    referred = {m.asset for m in build(estate.reader()).managed if m.references}
    assert (owner in referred) if owner else not referred & {"nas0", "nas1"}


def test_one_answer_is_enough_to_be_alive(house: Estate) -> None:
    says(house, "a", "connection_string", "Driver=SQL Server;Server=old1;Database=x")
    house.reached += [("?old1/x", "old1", 1433, NOW, "timeout"), ("?old1/x", "old1", 1444, NOW, "answered")]
    found = managed(house)["old1/x"]
    assert (found.status, found.asked) == ("referenced", "asked on 2023-11-14 22:13 UTC: it answered")


def test_a_source_that_names_what_another_looks_into_adds_nothing(house: Estate) -> None:
    sees(house, "drop", "Pay", "database", "odbc:DRIVER={SQL Server};SERVER=DB01;Database=pay")
    sees(house, "drop", "x", "share", "\\\\FS01\\Apps")
    assert set(managed(house)) == {"files", "drop", "Pay"}


@pytest.mark.parametrize(
    ("name", "locator"),
    [
        ("people", "\\\\NAS7\\HR"),
        ("people", "smb://nas7/hr"),
        ("hr", "somewhere else"),
        ("people", "\\\\people.corp\\hr"),
    ],
)
def test_the_register_finds_what_it_means_however_it_is_spelled(house: Estate, name: str, locator: str) -> None:
    for alias in ("nas7", "people.corp"):
        says(house, "hosts", "host", "10.0.0.7", alias=alias, action="defines", origin="hosts")
    says(house, "a.cmd", "unc", "\\\\nas7\\hr")
    house.register.append((name, locator, "HR Systems"))
    found = next(m for m in managed(house).values() if m.kind == "share" and m.references)
    assert (found.status, found.register, found.owner, found.unmanaged) == ("referenced", name, "HR Systems", ())


def test_the_register_covers_scanned_stores_by_id_path_and_locator(house: Estate) -> None:
    house.unknown |= {"ms/Pay", "drop"}
    house.register += [("payroll", "Server=db01;Database=PAY", None), ("in", "sftp://drop/data", "Records")]
    found = managed(house)
    assert (found["Pay"].register, found["Pay"].unmanaged) == ("", found["Pay"].unmanaged)
    assert (found["drop"].register, found["drop"].owner, found["drop"].unmanaged) == ("in", "Records", ())


def test_the_rank_is_the_sum_of_the_points_that_are_shown(house: Estate) -> None:
    for number in range(3):
        house.entry("files", f"p{number}.cmd", "file", modified=NOW - number * DAY)
        says(house, f"p{number}.cmd", "connection_string", "Driver=SQL Server;Server=old1;Database=HR_Payroll")
    says(house, "run.sh", "connection_string", "Driver=SQL Server;Server=old1;Database=HR_Payroll", "drop")
    house.entry("files", "quiet.cmd", "file", modified=NOW - 5 * YEAR)
    says(house, "quiet.cmd", "unc", "\\\\nas9\\pictures")
    found = managed(house)
    press, quiet = found["old1/HR_Payroll"], found["\\\\nas9\\pictures"]
    assert press.unmanaged == (
        "referred to, never scanned and not in the register",
        "2 stores refer to it (+20)",
        "4 references in 4 files (+4)",
        "a file that refers to it changed on 2023-11-14 (+20)",
        "sensitive by its name or content: staff, pay (+30)",
    )
    assert press.rank == 74
    assert (quiet.rank, quiet.touched) == (11, NOW - 5 * YEAR)
    for each in found.values():
        assert each.rank == sum(int(p) for text in each.unmanaged for p in re.findall(r"\(([+-]\d+)\)$", text))
    assert (press.references, press.files, press.by, len(press.places)) == (4, 4, ("files", "drop"), 4)
    order = [m.title for m in build(house.reader()).managed]
    assert order[:2] == ["old1/HR_Payroll", "\\\\nas9\\pictures"]


def test_a_database_file_and_an_unlisted_bucket_are_unmanaged_though_scanned(house: Estate) -> None:
    house.stores["files/x/staff.mdb"] = ("files", "x/staff.mdb", "database file")
    house.unknown.add("files/x/staff.mdb")
    house.owners["files/x/staff.mdb"] = "Housing IT"
    house.source("s3", locator="s3://")
    house.entry("s3", "stray/a", "object")
    house.unknown.add("s3/stray")
    house.fact("label", "s3", "stray/a", kind="passport number", count=3)
    found = managed(house)
    assert found["x/staff.mdb"].unmanaged[0] == "a database file on files that no register names"
    assert found["stray"].unmanaged[0] == "scanned, and not in the register"
    assert found["stray"].hints == ("holds values labelled passport number",)


def test_a_host_somebody_once_logged_in_to_presses_less(house: Estate) -> None:
    says(house, "home/jo/.ssh/known_hosts", "host", "nas9", driver="ssh", action="connects")
    says(house, "run.sh", "url", "sftp://nas8/in")
    found = managed(house)
    assert found["nas9"].rank < 0 < found["sftp://nas8"].rank
    assert found["nas9"].unmanaged[-1].startswith("known only from lists of hosts")


def test_a_host_that_sources_lie_on_is_no_further_store(house: Estate) -> None:
    says(house, ".ssh/known_hosts", "host", "db01", "drop", driver="ssh", action="connects")
    says(house, ".ssh/known_hosts", "host", "fs01", "drop", driver="ssh", action="connects", line=2)
    says(house, "hosts", "host", "10.0.0.9", alias="nas9", action="defines", origin="hosts")
    house.database("ms", "Two", "dbo")
    result = build(house.reader())
    assert {m.title for m in result.managed} == {"files", "drop", "Pay", "Two"}
    assert {(r.locator, r.tier, r.target) for r in result.references} == {
        ("db01", "unresolved", ""),
        ("fs01", "resolved", "files"),
        ("10.0.0.9", "inactive", ""),
    }


def test_what_the_estate_file_leaves_out_is_nobodys_oversight(house: Estate) -> None:
    sees(house, "files", "a", "share", "\\\\fs01\\a", "excluded")
    sees(house, "files", "b", "share", "\\\\fs01\\b", "denied")
    found = managed(house)
    assert found["\\\\fs01\\a"].unmanaged == ()
    assert found["\\\\fs01\\b"].unmanaged[0] == "named by files, and nobody looked into it: denied"


def test_only_stores_with_a_port_can_be_asked(house: Estate) -> None:
    says(house, "a", "connection_string", "Driver=SQL Server;Server=old1;Database=x")
    says(house, "a", "connection_string", "Driver=SQL Server;Server=old2\\inst;Database=x", line=2)
    says(house, "a", "unc", "\\\\nas7\\x", line=3)
    says(house, "a", "url", "s3://b/x", line=4)
    says(house, "a", "unc", "\\\\fs01\\apps\\x", line=5)
    asked = {m.title: address for m, address in places_to_ask(house.reader())}
    assert asked == {"old1/x": ("old1", 1433), "old2\\inst/x": None, "\\\\nas7\\x": ("nas7", 445), "s3://b": None}


def test_no_password_stands_in_any_status(house: Estate) -> None:
    says(house, "a", "url", f"sftp://jo:{CANARY}@nas7/x")
    sees(house, "files", "x", "mount", f"sftp://jo:{CANARY}@nas8/x")
    sees(house, "files", "y", "share", f"//jo:{CANARY}@nas8/x")
    house.register.append(("r", f"ftp://jo:{CANARY}@nas9/x", None))
    assert CANARY not in repr(build(house.reader()))
