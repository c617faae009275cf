"""What goes wrong between a scan and an SMB server, against real servers that misbehave."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from smb_shares import WRONG, crawled, opened, settings
from smbprotocol.connection import Connection
from smbprotocol.open import Open
from smbprotocol.session import Session as Login
from smbprotocol.tree import TreeConnect

from connectors.file import PLUG as FILES
from connectors.smb import PLUG, SmbConnector, chains, strict
from scanner import paths
from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.connector import Connector, Plug, Session
from scanner.crawl import Outcome, Run, worker
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.registry import Bound
from scanner.testing import servers
from scanner.testing.crawling import crawl_all, ledger_gaps
from scanner.testing.estate_tree import plant_many
from scanner.testing.servers import base
from scanner.testing.servers.proxy import Conditions, tcp_proxy

pytestmark = pytest.mark.server

SMALL = 1_500
"""Entries of the tree: the awkward worlds alone are some hundred."""
SHARES = """
[tree]
 path = {d}/tree
 read only = yes
 mangled names = no
 case sensitive = yes
[mangled]
 path = {d}/tree
 read only = yes
[large]
 path = {d}/large
 read only = yes
 mangled names = no
 case sensitive = yes
[nolinks]
 path = {d}/links
 read only = yes
 follow symlinks = no
[tape]
 path = {d}/tape
 read only = yes
 vfs objects = offline
[hops]
 path = {d}/hops
 msdfs root = yes
[paper]
 path = {d}/tape
 printable = yes
"""


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right one, which every server here has, and a wrong one."""
    monkeypatch.setenv("SMB_PW", base.PASSWORD)
    monkeypatch.setenv("SMB_WRONG", WRONG)


@pytest.fixture(scope="module")
def smb() -> Iterator[servers.Samba]:
    with servers.samba(options=" log level = 2 auth:3", shares=SHARES) as server:
        for folder in ("tree", "links", "tape", "hops"):
            (server.directory / folder).mkdir(mode=0o755)
        yield server


# ── whole scans ──


def bound(name: str, plug: Plug, given: dict[str, object], **limits: object) -> Bound:
    config = SourceConfig(name=name, type=plug.type, limits=Limits.model_validate(limits))
    return Bound(config, plug, plug.options.model_validate(given))


def scan(folder: Path, *sources: Bound, number: int | None = None) -> Outcome:
    """A scan into a catalog in ``folder``; with ``number``, that one again as ``stocktake resume`` does it."""
    with Catalog.open(locate(str(folder / "catalog")), create=True) as catalog:
        catalog.lock()
        if number is None:
            run = Run.start(catalog, sources, title="t", config_hash="")
        else:
            run = Run.resume(catalog, number, (), sources)
        return run.execute(lambda _progress: None, every_s=0.05)


def inventory(folder: Path, query: str = "SELECT path, kind, size, modified FROM entry") -> Counter[tuple[object, ...]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return Counter(reader.rows(query))


# ── D. SMB ──


@pytest.mark.parametrize("oldest", ["SMB2_02", "NT1"])
def test_fault_041_a_server_that_hangs_up_at_the_greeting_is_not_taken_for_an_old_one(oldest: str) -> None:
    with (
        servers.samba(options=f" server min protocol = {oldest}") as server,
        tcp_proxy(server.host, server.port) as proxy,
    ):
        proxy.change(down=Conditions(after=0, then="truncate", times=1))
        with closing(opened({**settings(server, "data"), "port": proxy.port})) as connector:
            with pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)
            assert list(connector.roots()) == [Unit("")]


def test_fault_043_no_packet_goes_to_a_host_that_is_not_allowed() -> None:
    base.need_root("a network namespace")
    script = Path(__file__).parent / "two_smb_hosts.py"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(script.parents[2]), *filter(None, sys.path)])}
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(script)],
        capture_output=True, text=True, timeout=100, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    alone, allowed = told["alone"], told["allowed"]
    links = ["dfs/chain", "dfs/dead", "dfs/far", "dfs/foreign"]
    assert alone["packets"] == {"far": 0, "foreign": 0}
    assert alone["faults"] == [[path, "descend", "DFS_NOT_FOLLOWED"] for path in links]
    assert {r"\\127.0.1.2\data", r"\\127.0.1.3\data"} <= set(alone["seen"])
    assert "dfs/far/sub/far.txt" in allowed["paths"]
    assert allowed["packets"]["foreign"] == 0
    assert allowed["packets"]["far"] >= 1
    # Even a link of the allowed host itself leads no further than to allowed hosts.
    assert ["dfs/chain/", "list", "DFS_NOT_FOLLOWED"] in allowed["faults"]
    assert r"\\127.0.1.2\data" not in allowed["seen"]
    assert told["dead"] == {"units": ["dfs/dead/"], "code": "UNREACHABLE", "transient": True}
    assert told["refused"]["attempts"] == 1, "one wrong password at the second host is one attempt"
    assert all(["dfs/far/", "list", "DFS_NOT_FOLLOWED"] in faults for faults in told["refused"]["faults"])


def test_fault_043_links_that_lead_from_one_to_the_next_end_after_eight(smb: servers.Samba) -> None:
    for number in range(12):
        (smb.directory / f"hops/{number}").symlink_to(f"msdfs:{smb.host}\\hops\\{number + 1}")
    (smb.directory / "hops/12").mkdir()
    (smb.directory / "hops/12/end.txt").touch()
    crawl = crawled(smb, "hops", allow_hosts=[smb.host])
    reached = {path.split("/")[1] for path in crawl.entries if path.endswith("/end.txt")}
    assert reached == {str(number) for number in range(4, 13)}
    refused = {(f.path, f.op, f.detail) for f in crawl.faults if f.reason == "DFS_NOT_FOLLOWED"}
    assert refused == {(f"hops/{number}/", "list", "more than 8 DFS links in a row") for number in range(4)}
    assert ledger_gaps(crawl) == []


@pytest.mark.parametrize("credits_", [1, 2, 4, 16])
def test_fault_044_few_credits_make_it_slow_and_lose_nothing(credits_: int) -> None:
    with servers.samba(options=f" smb2 max credits = {credits_}") as server:
        for folder in range(30):
            (server.data / f"d{folder:02}").mkdir()
            for name in range(40):
                (server.data / f"d{folder:02}" / f"{'long name ' * 8}{name}").touch()
        crawl = crawled(server, "data", permissions="files")
    assert len(crawl.entries) == 1 + 30 + 1200
    assert [f for f in crawl.faults if f.op != "note"] == []
    assert all(r.get("owner") for path, r in crawl.entries.items() if path != "data")
    assert ledger_gaps(crawl) == []


@contextmanager
def frozen(server: servers.Samba) -> Iterator[None]:
    """Every process of the server stands still meanwhile."""
    stopped = list(base.naming(server.directory / "smb.conf"))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def test_fault_045_a_server_that_stands_still_in_mid_listing_runs_into_the_deadline_and_goes_on_later() -> None:
    with servers.samba() as server:
        for number in range(20):
            (server.data / f"d{number}").mkdir()
        given = settings(server, "data")
        with closing(opened(given, timeout_s=5.0)) as connector:
            list(connector.roots())
            with frozen(server):
                begun = time.monotonic()
                with pytest.raises(SourceError) as raised:
                    list(connector.crawl(Unit("data/")))
                took = time.monotonic() - begun
            assert (raised.value.code, raised.value.transient) == ("TIMEOUT", True)
            assert took < 20
            again = list(connector.crawl(Unit("data/")))
    batches = [event for event in again if isinstance(event, Batch)]
    assert sum(len(batch) for batch in batches if batch.schema.name == "entry") == 20
    assert sum(len(batch) for batch in batches if batch.schema.name == "listing") == 1 + 20


def test_fault_045_a_scan_of_a_server_that_stands_still_ends_and_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.05)
    with servers.samba() as server, tcp_proxy(server.host, server.port) as proxy:
        for number in range(4):
            (server.data / f"d{number}/below").mkdir(parents=True)
        given = {**settings(server, "data"), "port": proxy.port}
        proxy.change(down=Conditions(after=6_000, then="stall"))
        source = bound("s", PLUG, given, timeout_s=1, connections=2)
        begun = time.monotonic()
        first = scan(tmp_path, source)
        took = time.monotonic() - begun
        assert first.exit is not Exit.COMPLETE
        assert took < 60
        proxy.change(down=Conditions())
        second = scan(tmp_path, source, number=first.run)
    assert second.state == "complete"
    assert len(inventory(tmp_path)) == 9


@pytest.mark.parametrize(("flags", "is_guest"), [(0, False), (1, True), (2, True), (4, False), (5, True)])
def test_fault_046_guest_and_anonymous_sessions_are_recognised(flags: int, is_guest: bool) -> None:
    class Answer:
        def get_value(self) -> bytes:
            return b"\x09\x00" + flags.to_bytes(2, "little") + bytes(4)

    assert strict._is_guest({"data": Answer()}) is is_guest


def test_fault_047_an_account_is_not_locked_out_by_scan_rescan_and_resume(tmp_path: Path) -> None:
    with servers.samba(options=" log level = 1 auth:3") as server:
        conf = str(server.directory / "smb.conf")
        base.run([base.program("pdbedit", "samba"), "-s", conf, "-P", "bad lockout attempt", "-C", "3"])
        wrong = {**settings(server, "data"), "password": "env:SMB_WRONG"}
        sources = [bound("a", PLUG, wrong), bound("b", PLUG, {**wrong, "root": f"\\\\{server.host}\\hidden$"})]
        first = scan(tmp_path, *sources)
        assert first.exit is Exit.AUTH
        assert scan(tmp_path, *sources).exit is Exit.AUTH
        assert scan(tmp_path, *sources, number=first.run).exit is Exit.AUTH
        refusals = server.log.read_text(errors="replace").count("FAILED with error NT_STATUS_WRONG_PASSWORD")
        assert refusals == 1
        assert crawled(server, "data").entries  # the third bad attempt would have locked it


def test_fault_047_an_account_that_is_locked_out_is_refused_once_and_named() -> None:
    with servers.samba(options=" log level = 1 auth:3") as server:
        conf = str(server.directory / "smb.conf")
        base.run([base.program("pdbedit", "samba"), "-s", conf, "-P", "bad lockout attempt", "-C", "3"])
        client = [
            "smbclient",
            f"//{server.host}/data",
            "-p",
            str(server.port),
            "-U",
            f"{server.user}%{WRONG}",
            "-c",
            "ls",
        ]
        for _ in range(3):
            subprocess.run(client, check=False, capture_output=True, timeout=20)
        with closing(opened(settings(server, "data"))) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("AUTH_REFUSED", False)
    assert "LOCKED_OUT" in raised.value.detail


def test_fault_048_a_link_the_server_does_not_follow_is_no_reason_to_stop(smb: servers.Samba) -> None:
    tree = smb.directory / "links"
    (tree / "real").mkdir()
    (tree / "real/file.txt").write_bytes(b"1")
    (tree / "to real").symlink_to("real")
    crawl = crawled(smb, "nolinks")
    assert {"nolinks/real", "nolinks/real/file.txt"} <= set(crawl.entries)
    assert not [path for path in crawl.entries if path.startswith("nolinks/to real/")]
    assert ledger_gaps(crawl) == []
    # A folder that has become a link since it was listed.
    with closing(opened(settings(smb, "nolinks"))) as connector:
        (fault,) = list(connector.crawl(Unit("nolinks/to real/")))
    assert isinstance(fault, Fault)
    assert (fault.op, fault.reason in {"LINK_NOT_FOLLOWED", "VANISHED", "DENIED"}) == ("list", True), fault


def test_fault_048_stopped_on_symlink_is_a_link_that_is_not_followed(
    smb: servers.Samba, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(settings(smb, "nolinks"))) as connector:
        list(connector.roots())
        assert isinstance(connector, SmbConnector)

        link = connector._reach.link()
        answered = link.answered

        def stopping() -> tuple[object, list[chains.Answer]] | None:
            told = answered()
            return told and (told[0], [chains.Answer(0x8000002D, b"")] * len(told[1]))

        monkeypatch.setattr(link, "answered", stopping)
        (fault,) = list(connector.crawl(Unit("nolinks/deep/er/")))
    assert fault == Fault("nolinks/deep/er/", "list", "LINK_NOT_FOLLOWED", "STOPPED_ON_SYMLINK (0x8000002d)")


def test_fault_049_printers_and_pipes_are_seen_and_not_entered(smb: servers.Samba) -> None:
    crawl = crawled(smb, "tape")
    seen = {r["name"]: r["reason"] for r in crawl.records("seen")}
    assert (seen["paper"], seen["IPC$"]) == ("unsupported", "unsupported")
    with closing(opened({**settings(smb, "x"), "root": f"\\\\{smb.host}"})) as connector:
        events = list(connector.crawl(Unit("")))
    assert {"paper/", "IPC$/"}.isdisjoint(event.key for event in events if isinstance(event, Unit))
    assert {"paper", "IPC$"} <= {event.path for event in events if isinstance(event, Fault) and event.op == "skip"}


def test_fault_111_a_share_that_is_gone_in_mid_scan_is_a_gap_and_nothing_that_has_vanished() -> None:
    with servers.samba(shares="[gone]\n path = {d}/gone\n") as server:
        (server.directory / "gone/below").mkdir(parents=True)
        conf = server.directory / "smb.conf"
        with closing(opened(settings(server, "gone"))) as connector:
            list(connector.crawl(Unit("gone/")))
            (server.directory / "gone/below").rmdir()
            assert told(connector, "gone/below/") == "VANISHED"
            conf.write_text(conf.read_text().partition("[gone]")[0])
            control = [base.program("smbcontrol", "samba-common-bin"), "-s", str(conf), "smbd"]
            base.run([*control, "reload-config"])
            base.run([*control, "close-share", "gone"])
            until = time.monotonic() + 20
            while (reason := told(connector, "gone/below/")) in {
                "VANISHED",
                "UNREACHABLE",
            } and time.monotonic() < until:
                pass
        assert reason == "NOT_FOUND"


def told(connector: Connector, key: str) -> str:
    """Why a folder could not be listed."""
    try:
        (fault,) = connector.crawl(Unit(key))
    except SourceError as error:
        return error.code
    assert isinstance(fault, Fault)
    return fault.reason


# ── A. and B. names, and files nobody may open ──


def test_fault_018_content_that_is_offline_is_listed_and_never_opened(smb: servers.Samba) -> None:
    (smb.directory / "tape/far away.bin").write_bytes(b"x" * 100)
    with closing(opened(settings(smb, "tape", permissions="files"))) as connector:
        crawl = crawl_all(connector)
        assert isinstance(connector, SmbConnector)
        with pytest.raises(SourceError) as raised:
            connector.read("tape/far away.bin", 0, 10)
    record = crawl.entries["tape/far away.bin"]
    assert (record["tier"], record["size"], raised.value.code) == ("offline", 100, "OFFLINE")
    log = smb.log.read_text(errors="replace")
    assert [line for line in log.splitlines() if "opened file far away.bin" in line and "read=Yes" in line] == []


def test_a_small_file_takes_four_requests_one_of_them_to_see_that_it_is_online(smb: servers.Samba) -> None:
    (smb.data / "small.conf").write_bytes(b"x" * 100)
    asked: list[None] = []
    session = Session("test", timeout_s=20.0, pace=lambda: asked.append(None))
    with closing(PLUG.open(PLUG.options.model_validate(settings(smb, "data")), session)) as connector:
        assert isinstance(connector, SmbConnector)
        connector.read("data/small.conf", 0, 1)  # logs in as well
        asked.clear()
        assert connector.read("data/small.conf", 0, 1 << 18) == b"x" * 100
        assert len(asked) == 4
    (smb.data / "small.conf").unlink()


def test_fault_020_a_file_that_is_locked_keeps_its_facts_and_is_not_read(smb: servers.Samba) -> None:
    (smb.data / "books.mdb").write_bytes(b"x" * 7)
    connection = Connection(uuid.uuid4(), smb.host, smb.port)
    connection.connect()
    try:
        login = Login(connection, smb.user, smb.password, auth_protocol="ntlm")
        login.connect()
        tree = TreeConnect(login, f"\\\\{smb.host}\\data")
        tree.connect()
        held = Open(tree, "books.mdb")
        held.create(2, 0x12019F, 0x80, 0, 1, 0x40)  # shared with nobody
        with closing(opened(settings(smb, "data", permissions="files"))) as connector:
            crawl = crawl_all(connector)
            assert isinstance(connector, SmbConnector)
            with pytest.raises(SourceError) as raised:
                connector.read("data/books.mdb", 0, 3)
        held.close()
    finally:
        connection.disconnect()
    assert (crawl.entries["data/books.mdb"]["size"], crawl.entries["data/books.mdb"].get("owner")) == (
        7,
        "Unix User\\root",
    )
    assert raised.value.code == "CONTENT_LOCKED"


# ── one tree, listed in several ways ──


@pytest.fixture(scope="module")
def tree(smb: servers.Samba) -> Path:
    """Many folders, five of them with every awkward name this file system takes."""
    plant_many(smb.directory / "tree", SMALL)
    return smb.directory / "tree"


def found_by_find(tree: Path) -> dict[str, str]:
    """Every path, canonical, and its type: an independent lister's word, byte for byte."""
    told = base.program("find", "findutils")
    said = subprocess.run([told, str(tree), "-mindepth", "1", "-printf", r"%y%P\0"], check=True, capture_output=True)
    return {paths.canonical(each[1:]): chr(each[0]) for each in said.stdout.split(b"\0")[:-1]}


def explained(tree: Path) -> tuple[set[str], set[str]]:
    """What Samba hides of a tree: names (and all in them) that do not decode; links to nothing and out of the share.

    Lone surrogates are no valid UTF-8 either, but Samba takes and gives them.
    """
    local = found_by_find(tree)
    links = {path for path, kind in local.items() if kind == "l"}
    return {path for path in local if not decodes(path)}, {path for path in links if leaves(tree, path)}


def decodes(path: str) -> bool:
    try:
        paths.restore(path).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def leaves(tree: Path, link: str) -> bool:
    target = (tree / os.fsdecode(paths.restore(link))).resolve()
    return not target.exists() or tree not in {target, *target.parents}


@pytest.mark.parametrize("entries", [SMALL, pytest.param(20_000, marks=[pytest.mark.full, pytest.mark.timeout(600)])])
def test_fault_002_a_tree_scanned_locally_and_over_smb_differs_by_what_the_server_hides(
    smb: servers.Samba, tmp_path: Path, entries: int
) -> None:
    tree = smb.directory / "large"
    tree.mkdir(mode=0o755)
    try:
        planted = plant_many(tree, entries)
        local = found_by_find(tree)
        assert len(local) == planted.entries == entries
        near, far = bound("near", FILES, {"root": str(tree)}), bound("far", PLUG, settings(smb, "large"))
        outcome = scan(tmp_path, near, far)
        assert outcome.state == "complete"
        both = inventory(tmp_path, "SELECT source, path, size FROM entry WHERE kind <> 'link'")
        here = {(path, size) for source, path, size in both if source == "near"}
        there = {(str(path).removeprefix("large/"), size) for source, path, size in both if source == "far"}
        hidden, leaving = explained(tree)
        assert {path for path, _size in here - there} == hidden
        shown_by_links = {path for path, _size in there - here} - {"large"}
        links = {path for path, kind in local.items() if kind == "l"} - leaving
        assert links
        assert {path for path in shown_by_links if path in local} == links
        assert all(any(path.startswith(link + "/") for link in links) for path in shown_by_links - links)
        assert max(both.values()) == 1, "no entry twice"
        # What the source's own limits say of it.
        assert any("decode" in limit for limit in PLUG.limits)
        assert any("out of the share" in limit for limit in PLUG.limits)
    finally:
        shutil.rmtree(tree)


def test_the_folders_without_links_count_as_smbclient_counts_them(smb: servers.Samba, tree: Path) -> None:
    crawl = crawled(smb, "tree", permissions="none")
    for folder in ("Finance", "Legal", "Sales"):
        client = ["smbclient", f"//{smb.host}/tree", "-p", str(smb.port), "-U", f"{smb.user}%{smb.password}"]
        said = subprocess.run(
            [*client, "-c", f'recurse; cd "{folder}"; ls'], check=True, capture_output=True, timeout=60
        )
        names = [line for line in said.stdout.splitlines() if re.match(rb"  .*  +[ADHSRN]+ +\d+  \w{3} \w{3}", line)]
        counted = sum(not re.match(rb"  \.\.? ", line) for line in names)
        assert counted == sum(path.startswith(f"tree/{folder}/") for path in crawl.entries) > 0


def test_fault_003_every_name_windows_could_not_bear_is_noted_as_an_alias(smb: servers.Samba, tree: Path) -> None:
    true = {path.partition("/")[2] for path in crawled(smb, "tree", permissions="none").entries}
    mangled = crawled(smb, "mangled", permissions="none")
    shown = {path.partition("/")[2] for path in mangled.entries}
    noted = {f.path.partition("/")[2] for f in mangled.faults if (f.op, f.reason) == ("note", "NAME_MANGLED")}
    assert shown - true == noted
    assert len(true - shown) == len(noted) > 20
    assert ledger_gaps(mangled) == []


def test_fault_038_a_scan_through_a_line_that_breaks_again_and_again_equals_one_through_a_whole_line(
    smb: servers.Samba, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.01)
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole = scan(tmp_path / "whole", bound("s", PLUG, settings(smb, "tree"), connections=2))
    with tcp_proxy(smb.host, smb.port) as proxy:
        proxy.change(down=Conditions(after=60_000, then="reset", times=6))
        broken = scan(
            tmp_path / "broken", bound("s", PLUG, {**settings(smb, "tree"), "port": proxy.port}, connections=2)
        )
        assert proxy.counts.spoilt >= 3
    assert (whole.state, broken.state) == ("complete", "complete")
    for query in (
        "SELECT path, kind, size, modified, owner FROM entry",
        'SELECT path, grantee, "right", effect, scope, native, origin FROM "grant"',
    ):
        assert inventory(tmp_path / "broken", query) == inventory(tmp_path / "whole", query)
    assert max(inventory(tmp_path / "broken", "SELECT path FROM entry").values()) == 1
