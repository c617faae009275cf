"""The same thing in several places: what counts as one, what only looks like it, and what an edge of it must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scanner.graph import build
from scanner.graph.copies import copies
from scanner.graph.copy_exports import bare
from scanner.graph.copy_tables import kind_of

if TYPE_CHECKING:
    from scanner.results import Copies
    from tests.graph.conftest import Estate

SUMMER = 1_500_000_000_000_000
MD5 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def three(estate: Estate) -> Estate:
    """Two shares and a bucket."""
    estate.source("a", deep=False)
    estate.source("b", deep=False)
    estate.source("s3", kind="bucket")
    return estate


def file(estate: Estate, source: str, path: str, size: int | None = 9000, **values: Any) -> None:
    estate.entry(source, path, "object" if source == "s3" else "file", size=size, **values)


def content(estate: Estate, source: str, path: str, of: str) -> None:
    estate.fact("setting", source, path, name="content_hash", value=f"blake2b:{of}")


def found(estate: Estate, kind: str = "file") -> list[Copies]:
    return [group for group in copies(estate.reader()) if group.kind == kind]


def test_equal_content_in_two_stores_is_proof_whatever_the_names(three: Estate) -> None:
    for source, path in (("a", "x/plan.xls"), ("b", "old/plan (2).xls"), ("a", "x/again.xls"), ("b", "other.xls")):
        file(three, source, path)
        content(three, source, path, "ff" if path == "other.xls" else "ee")
    (group,) = found(three)
    assert set(group.members) == {("a", "x/plan.xls"), ("b", "old/plan (2).xls"), ("a", "x/again.xls")}
    assert (group.count, group.bytes, group.confidence) == (3, 9000, "parsed")
    assert group.proof == "equal length and content hash"


def test_equal_tags_of_objects_in_one_piece_are_proof_and_those_in_several_are_not(three: Estate) -> None:
    for bucket in ("one", "two"):
        three.entry("s3", bucket, "bucket")
        file(three, "s3", f"{bucket}/{bucket}.bin", etag=MD5)
        file(three, "s3", f"{bucket}/parts-{bucket}.bin", etag=f"{MD5}-3")
    (group,) = found(three)
    assert group.members == (("s3/one", "one/one.bin"), ("s3/two", "two/two.bin"))
    assert group.confidence == "declared"


def test_name_length_and_time_are_taken_for_it_and_said_to_be_no_proof(three: Estate) -> None:
    for source in "ab":
        file(three, source, "d/Budget.xlsx", modified=SUMMER + 7)
    (group,) = found(three)
    assert (group.title, group.confidence) == ("Budget.xlsx", "inferred")
    assert "not compared" in group.proof


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"size": 9000}, {"size": 9001}),
        ({"modified": SUMMER}, {"modified": SUMMER + 5_000_000}),
        ({"modified": None}, {"modified": None}),
        ({"modified": 0}, {"modified": 0}),  # an archive that keeps no times
        ({"size": 100}, {"size": 100}),
        ({"size": 0}, {"size": 0}),
        ({"size": None}, {"size": None}),
    ],
)
def test_files_that_only_share_a_name_are_none(three: Estate, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    file(three, "a", "d/readme.doc", **({"size": 9000, "modified": SUMMER} | ours))
    file(three, "b", "d/readme.doc", **({"size": 9000, "modified": SUMMER} | theirs))
    assert found(three) == []


def test_the_same_name_length_and_time_with_other_content_is_none(three: Estate) -> None:
    for source, of in (("a", "01"), ("b", "02")):
        file(three, source, "d/ledger.dbf", modified=SUMMER)
        content(three, source, "d/ledger.dbf", of)
    assert found(three) == []


def test_copies_within_one_store_and_snapshots_are_no_copies_elsewhere(three: Estate) -> None:
    for source, path in (("a", "x/p.doc"), ("a", "y/p.doc"), ("b", ".snapshot/daily/p.doc"), ("b", "@GMT-2019/p.doc")):
        file(three, source, path, modified=SUMMER)
    assert found(three) == []


def test_a_group_is_told_once_and_the_largest_come_first(three: Estate) -> None:
    for source in "ab":
        for name, size in (("small.doc", 5000), ("large.doc", 900_000)):
            file(three, source, name, size=size, modified=SUMMER)
        content(three, source, "small.doc", "aa")
    groups = found(three)
    assert sorted((g.title, g.confidence) for g in groups) == [("large.doc", "inferred"), ("small.doc", "parsed")]


def test_a_file_in_very_many_places_is_counted_and_named_in_part(three: Estate) -> None:
    for n in range(60):
        file(three, "ab"[n % 2], f"d{n:02}/tool.exe", modified=SUMMER)
    (group,) = found(three)
    assert group.count == 60
    assert len(group.members) == 20
    assert {store for store, _ in group.members} == {"a", "b"}


TABLE = ("tenancy_ref", "property_id", "rent", "start_date", "end_date", "arrears")


def table(estate: Estate, source: str, path: str, columns: tuple[str, ...], type_: str = "int", **values: Any) -> None:
    estate.entry(source, path, **values)
    for position, name in enumerate(columns, 1):
        estate.fact("column", source, path, name=name, position=position, type=type_)


@pytest.fixture
def two(estate: Estate) -> Estate:
    """Two servers."""
    for source in ("pg", "my"):
        estate.source(source)
        estate.database(source, "erp" if source == "pg" else "crm")
    return estate


def test_tables_of_one_shape_in_two_databases_are_told_across_systems(two: Estate) -> None:
    table(two, "pg", "erp/public/tenancy", TABLE, "integer", rows=70)
    table(two, "my", "crm/Tenancies", tuple(c.upper() for c in reversed(TABLE)), "INT(11)", rows=70)
    (group,) = found(two, "table")
    assert {path for _, path in group.members} == {"erp/public/tenancy", "crm/Tenancies"}
    assert group.proof == "the same 6 columns, by name and kind, and 70 rows each"
    assert group.confidence == "inferred"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("a", TABLE, "int"), ("a", TABLE, "varchar(9)")),  # other kinds of value
        (("a", TABLE, "int"), ("a", TABLE[1:], "int")),
        (("a", TABLE[:2], "int"), ("a", TABLE[:2], "int")),  # too small
        (("a", ("id", "name", "created_at", "status"), "int"), ("a", ("id", "name", "created_at", "status"), "int")),
        (("a", ("id", "weight", "height"), "int"), ("b", ("id", "weight", "height"), "int")),  # small, other names
        (("django_session", TABLE, "int"), ("django_session", TABLE, "int")),  # a tool's
    ],
)
def test_tables_that_are_alike_by_chance_are_none(two: Estate, ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> None:
    table(two, "pg", f"erp/public/{ours[0]}", *ours[1:])
    table(two, "my", f"crm/{theirs[0]}", *theirs[1:])
    assert found(two, "table") == []


def test_one_shape_of_very_many_tables_tells_of_no_copy(two: Estate) -> None:
    for n in range(20):
        table(two, "pg", f"erp/public/part{n}", TABLE)
    table(two, "my", "crm/part1", TABLE)
    assert found(two, "table") == []


def test_dumps_and_exports_are_put_beside_what_is_live(two: Estate) -> None:
    two.source("share", deep=False)
    table(two, "pg", "erp/public/customers", TABLE)
    for path in (
        "bk/erp_2019.bak",
        "bk/erp-backup.sql.gz",
        "x/customers_export_20190401.csv",
        "x/Customers.csv",
        "x/customers extract.xlsx",
    ):
        file(two, "share", path)
    groups = {g.title: {path for _, path in g.members[1:]} for g in found(two, "export")}
    assert groups == {
        "erp": {"bk/erp_2019.bak", "bk/erp-backup.sql.gz"},
        "customers": {"x/customers_export_20190401.csv", "x/Customers.csv", "x/customers extract.xlsx"},
    }
    assert {g.members[0] for g in found(two, "export")} == {("pg/erp", "erp"), ("pg/erp", "erp/public/customers")}


@pytest.mark.parametrize(
    "name",
    [
        "erp.txt",
        "erp.csv",
        "erpnext.bak",
        "perp_2019.bak",
        "2019.bak",
        "backup.bak",
        "users.csv",
        "log.sql",
        "customers.pdf",
    ],
)
def test_files_with_other_names_or_of_other_kinds_are_none(two: Estate, name: str) -> None:
    two.source("share", deep=False)
    for path in ("erp/public/customers", "erp/public/users", "erp/public/log", "erp/public/2019"):
        table(two, "pg", path, TABLE)
    file(two, "share", name)
    assert found(two, "export") == []


def test_a_name_that_two_databases_share_is_no_evidence_and_other_columns_are_evidence_against(two: Estate) -> None:
    two.source("share", deep=False)
    table(two, "pg", "erp/public/tenancy", TABLE)
    table(two, "my", "crm/tenancy", TABLE)
    table(two, "my", "crm/asbestos", TABLE)
    table(two, "my", "crm/lettings", TABLE)
    for name, header in (("tenancy.csv", None), ("asbestos.csv", TABLE[:4]), ("lettings.csv", TABLE)):
        file(two, "share", name)
        for column in header or ():
            two.fact("column", "share", name, name=column)
    (group,) = found(two, "export")
    assert group.title == "lettings"
    assert group.proof == "named after it, and with the same columns"


def test_a_copy_is_an_edge_between_stores_that_forces_no_wave_and_no_cycle(two: Estate) -> None:
    two.source("share", deep=False)
    file(two, "share", "bk/erp_2019.bak")
    table(two, "pg", "erp/public/tenancy", TABLE)
    table(two, "my", "crm/tenancy", TABLE)
    result = build(two.reader())
    edges = {(e.source, e.target): e for e in result.edges if e.kind == "copy_of"}
    assert set(edges) == {("share", "pg/erp"), ("pg/erp", "my/crm")}
    assert edges["share", "pg/erp"].detail == "the same in both: 1 dump or export, such as erp"
    assert [str(p) for p in edges["share", "pg/erp"].places] == ["bk/erp_2019.bak"]
    assert {e.confidence for e in edges.values()} == {"inferred"}
    assert len(result.waves) == 1
    assert result.cycles == ()
    assert [group.kind for group in result.copies] == ["table", "export"]


def test_words_of_names_and_kinds() -> None:
    assert bare("erp-backup_2019-04-01.sql.gz") == "erp"
    assert bare("HousingDB_full.BAK") == "housingdb"
    assert [kind_of(t) for t in ("boolean", "datetime2", "varbinary(9)", "nvarchar(9)", None)] == [
        "number", "time", "binary", "text", "",
    ]  # fmt: skip
