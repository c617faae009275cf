"""Depth L2 end to end: database files of a folder become stores with their tables."""

from __future__ import annotations

import os
import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sample_files import Scanned, access_bytes, dbase_bytes, sqlite_file

from scanner.catalog import read
from scanner.codes import Exit
from scanner.crawl import Run
from scanner.graph import build
from scanner.judge import judge
from scanner.report import Context, build_context
from scanner.sample import planned, sampling
from scanner.testing.linked import link

CANARY = "canary-hunter2"


def test_content_is_not_read_by_default_and_l1_recognises_nothing(scanned: Scanned, share: Path) -> None:
    sqlite_file(share / "a.sqlite")
    outcome = scanned.scan(scanned.bound("L1"))
    assert outcome.exit is Exit.COMPLETE
    assert scanned.rows("SELECT count(*) FROM entry") == [(1,)]
    assert scanned.rows("SELECT depth FROM scan") == [("L1",)]
    assert scanned.rows("SELECT count(*) FROM setting WHERE name = 'database_file'") == [(0,)]


def test_sqlite_file_is_a_store_with_tables_columns_keys_view_and_trigger(scanned: Scanned, share: Path) -> None:
    (share / "team").mkdir()
    sqlite_file(share / "team" / "a/b.sqlite".replace("/", "_"))
    assert scanned.scan().exit is Exit.COMPLETE
    path = "team/a_b.sqlite"
    assert scanned.rows("SELECT depth FROM scan") == [("L2",)]
    assert scanned.rows(f"SELECT name, kind FROM entry WHERE parent = '{path}/' ORDER BY name") == [
        ("customer", "table"), ("order", "table"), ("rich", "view"),
    ]  # fmt: skip
    columns = f"SELECT name, type, nullable FROM columns WHERE path = '{path}/customer' ORDER BY position"
    assert scanned.rows(columns) == [
        ("id", "INTEGER", True), ("name", "VARCHAR(50)", False), ("credit", "DECIMAL(10,2)", True),
        ("note", "TEXT", True),
    ]  # fmt: skip
    keys = scanned.rows("SELECT kind, columns, ref_path FROM keys ORDER BY kind, columns::VARCHAR")
    assert ("foreign", ["customer"], f"{path}/customer") in keys
    assert ("primary", ["no", "line"], None) in keys
    assert ("unique", ["name", "credit"], None) in keys
    assert scanned.rows("SELECT kind, on_path FROM routines ORDER BY kind") == [
        ("trigger", f"{path}/customer"), ("view", None),
    ]  # fmt: skip
    settings = dict(scanned.rows(f"SELECT name, value FROM setting WHERE path = '{path}'"))
    assert settings["database_file"] == "SQLite 3"
    assert settings["encoding"] == "UTF-8"
    assert settings["version"] == sqlite3.sqlite_version


def test_share_keeps_its_counts_and_bytes_and_the_ledger_balances(scanned: Scanned, share: Path) -> None:
    sqlite_file(share / "a.db3")
    (share / "t.dbf").write_bytes(dbase_bytes())
    (share / "x.txt").write_text("nothing of interest, but long enough to be looked at if anybody did so at all")
    scanned.scan(scanned.bound("L1"))
    sql = "SELECT files, bytes, complete FROM store WHERE kind <> 'database file'"
    before = scanned.rows(sql)
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.rows(sql) == before
    assert scanned.rows("SELECT listed - entries - skipped - failed FROM source") == [(0,)]
    assert scanned.rows("SELECT bytes FROM source") == [(before[0][1],)]
    stores = scanned.rows("SELECT path, kind, entries, files, bytes, known, complete FROM store ORDER BY id")
    size = (share / "a.db3").stat().st_size
    assert stores[1:] == [
        ("", "database file", 1, 1, (share / "t.dbf").stat().st_size, False, True),
        ("a.db3", "database file", 3, 2, size, False, True),
    ]


def files_of(context: Context) -> list[dict[str, object]]:
    """The unmanaged database files; whatever else is mounted on the machine at that moment is seen as well."""
    return [u for u in context.security["unmanaged"] if u["kind"] == "database file"]


def test_folder_of_dbase_files_is_one_store(scanned: Scanned, share: Path) -> None:
    folder = share / "legacy" / "fees"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"T{number}.DBF").write_bytes(dbase_bytes(number))
    (folder / "cut.dbf").write_bytes(dbase_bytes(1000)[:400])
    (share / "top.dbf").write_bytes(dbase_bytes())
    sqlite_file(folder / "a.sqlite")
    scanned.scan()
    stores = {
        id_.removeprefix(str(share)): rest
        for id_, *rest in scanned.rows("SELECT id, path, title, entries, bytes, complete FROM store ORDER BY id")
    }
    size = sum(f.stat().st_size for f in folder.glob("*.[dD][bB][fF]"))
    here = f" ({share})"
    assert stores == {
        "": ["", str(share), 35, sum(f.stat().st_size for f in share.rglob("*") if f.is_file()), True],
        "/*.dbf": ["", f"*.dbf{here}", 1, (share / "top.dbf").stat().st_size, True],
        "/legacy/fees/*.dbf": ["legacy/fees", f"legacy/fees/*.dbf{here}", 31, size, False],
        "/legacy/fees/a.sqlite": ["legacy/fees/a.sqlite", f"legacy/fees/a.sqlite{here}", 3,
                                  (folder / "a.sqlite").stat().st_size, True],
    }  # fmt: skip
    with scanned.reader() as reader:
        judged, graph = judge(reader), build(reader)
        context = build_context(reader, judged, graph, title="t", generated_at=0, version="0")
        assert reader.rows("SELECT bytes, entries FROM source") == [(stores[""][3], 70)]
    assert context.inventory["bytes"] == stores[""][3]
    assert len(files_of(context)) == 3
    examples = [f.path for v in judged.verdicts if v.store.endswith("*.dbf") for f in v.findings]
    assert {p for p in examples if not p.startswith(("legacy/fees", "top.dbf"))} <= {""}
    assert any(a.path == "legacy/fees/T7.DBF/T7" and a.store.endswith("fees/*.dbf") for a in graph.assets)


def test_report_judge_and_graph_take_the_file_as_a_database(scanned: Scanned, share: Path) -> None:
    sqlite_file(share / "a.sqlite")
    scanned.scan()
    with scanned.reader() as reader:
        judged, graph = judge(reader), build(reader)
        context = build_context(reader, judged, graph, title="t", generated_at=0, version="0")
    [store] = [s for s in context.stores if s["kind"] == "database file"]
    assert store["best_target"] == "postgresql-cloud"
    assert store["bytes"] == (share / "a.sqlite").stat().st_size
    assert context.inventory["bytes"] == store["bytes"]
    assert context.inventory["unknown_sizes"] == 0
    assert [t["store"] for t in context.inventory["tree"]] == [str(share)]
    assert [u["reason"] for u in files_of(context)] == [f"a database file on {share} that no register names"]
    assert {a.title for a in graph.assets if a.level == "object"} == {"customer", "order", "rich", "watch"}
    assert {(e.kind, e.source.rpartition("/")[2], e.target.rpartition("/")[2]) for e in graph.edges} >= {
        ("foreign_key", "order", "customer"), ("reads", "rich", "customer"),
    }  # fmt: skip


def test_file_in_the_register_is_known(scanned: Scanned, share: Path) -> None:
    sqlite_file(share / "a.sqlite")
    run = Run.start(
        scanned.catalog, [scanned.bound()], title="t", config_hash="0" * 64,
        known=[{"name": "prices", "locator": f"{share}/a.sqlite", "owner": "Sales"}],
    )  # fmt: skip
    run.sampling = sampling
    run.execute(lambda _: None)
    assert scanned.rows("SELECT known, owner FROM store WHERE path = 'a.sqlite'") == [(True, "Sales")]


def test_access_file_shows_tables_keys_relations_and_queries(scanned: Scanned, share: Path) -> None:
    (share / "index.mdb").write_bytes(access_bytes("indexTestV2003.mdb"))
    (share / "was.old").write_bytes(access_bytes("queryTestV1997.mdb"))
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.faults() == {}
    names = scanned.rows("SELECT path FROM entry WHERE kind = 'table' ORDER BY path")
    assert names == [(f"{file}/Table{n}",) for file in ("index.mdb", "was.old") for n in (1, 2, 3)]
    foreign = scanned.rows(
        "SELECT name, path, ref_path, on_delete, on_update FROM keys WHERE kind = 'foreign' ORDER BY 1"
    )
    assert foreign == [
        ("Table2Table1", "index.mdb/Table1", "index.mdb/Table2", "CASCADE", "NO ACTION"),
        ("Table3Table1", "index.mdb/Table1", "index.mdb/Table3", "NO ACTION", "CASCADE"),
    ]
    assert scanned.rows("SELECT count(*) FROM keys WHERE kind = 'primary'") == [(3,)]
    assert scanned.rows("SELECT count(*), count(definition) FROM routines WHERE kind = 'query'")[0][0] == 9
    versions = scanned.rows("SELECT path, value FROM setting WHERE name = 'version' ORDER BY path")
    assert versions == [("index.mdb", "2000-2003"), ("was.old", "97")]


LINKS = (
    {"kind": 4, "name": "dbo_Orders", "foreign": "dbo.Orders",
     "connect": f"ODBC;DRIVER={{SQL Server}};SERVER=db1;DATABASE=sales;UID=app;PWD={CANARY}"},
    {"kind": 6, "name": "Clients", "database": r"\\fs01\finance\clients.mdb", "foreign": "Customers",
     "connect": f"MS Access;PWD={CANARY}"},
)  # fmt: skip


def test_linked_tables_lead_elsewhere(scanned: Scanned, share: Path) -> None:
    (share / "front.mdb").write_bytes(link(access_bytes("indexTestV2003.mdb"), *LINKS))
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.rows("SELECT name, target FROM entry WHERE kind = 'foreign_table' ORDER BY name") == [
        ("Clients", r"\\fs01\finance\clients.mdb/Customers"),
        ("dbo_Orders", "ODBC;DRIVER={SQL Server};SERVER=db1;DATABASE=sales;UID=app;PWD=***/dbo.Orders"),
    ]
    assert scanned.rows("SELECT part, kind, locator, status, extractor FROM mention ORDER BY part") == [
        ("Clients", "unc", r"\\fs01\finance\clients.mdb", "active", "access"),
        (
            "dbo_Orders", "connection_string", "ODBC;DRIVER={SQL Server};SERVER=db1;DATABASE=sales;UID=app;PWD=***",
            "active", "access",
        ),
    ]  # fmt: skip
    with scanned.reader() as reader:
        graph = build(reader)
    assert {e.kind for e in graph.edges if e.source.endswith(("Clients", "dbo_Orders"))} == {"foreign_table"}


def test_fault_079_password_of_a_linked_table_and_rows_are_kept_nowhere(scanned: Scanned, share: Path) -> None:
    """Fault 83."""
    (share / "front.mdb").write_bytes(link(access_bytes("indexTestV2003.mdb"), *LINKS))
    script = (
        f"CREATE TABLE t (x); INSERT INTO t VALUES ('{CANARY}'); CREATE VIEW v AS SELECT 'PWD={CANARY}' AS p FROM t"
    )
    sqlite_file(share / "a.sqlite", script)
    scanned.scan()
    kept = scanned.catalog.location.root
    with scanned.reader() as reader:
        for fact in ("entry", "mention", "setting", "routine", "columns", "fault"):
            assert CANARY not in str(reader.rows(f"SELECT * FROM {fact}"))
    for file in kept.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes()
            assert CANARY.encode("utf-16-le") not in file.read_bytes()


def test_damaged_and_misnamed_files_are_told_and_stop_nothing(scanned: Scanned, share: Path) -> None:
    whole = sqlite_file(share / "whole.sqlite").read_bytes()
    (share / "cut.sqlite").write_bytes(whole[:5000])
    garbled = bytearray(whole)
    garbled[110:4000] = random.Random(1).randbytes(3890)
    (share / "garbled.sqlite").write_bytes(garbled)
    (share / "really.mdb").write_bytes(whole)
    (share / "text.accdb").write_text("this is nothing but text, long enough to be looked at, and no database at all")
    mdb = access_bytes("indexTestV2003.mdb")
    (share / "cut.mdb").write_bytes(mdb[:9000])
    (share / "cut.dbf").write_bytes(dbase_bytes(1000)[:400])
    outcome = scanned.scan()
    assert outcome.exit is Exit.COMPLETE
    assert scanned.faults() == {
        "cut.sqlite": ("read", "CONTENT_DAMAGED"), "garbled.sqlite": ("read", "CONTENT_DAMAGED"),
        "cut.mdb": ("read", "CONTENT_DAMAGED"), "cut.dbf": ("read", "CONTENT_DAMAGED"),
        "really.mdb": ("note", "CONTENT_MISNAMED"), "text.accdb": ("note", "CONTENT_MISNAMED"),
    }  # fmt: skip
    complete = dict(scanned.rows("SELECT path, complete FROM store WHERE NOT ends_with(id, '*.dbf')"))
    assert complete["whole.sqlite"]
    assert complete["really.mdb"]
    assert complete[""]
    assert not complete["cut.sqlite"]
    assert "text.accdb" not in complete


def test_encrypted_files_are_told_as_such(scanned: Scanned, share: Path) -> None:
    chance = random.Random(2).randbytes(40_000)
    (share / "cipher.sqlite").write_bytes(chance)
    (share / "readme.sqlite").write_text("nothing but text, and certainly no database at all\n" * 400)
    locked = bytearray(access_bytes("indexTestV2003.mdb"))
    locked[0x3E] ^= 0x5A  # the header's key stream leaves a difference where it is: the key is no longer 0
    locked[4096:] = (chance * 99)[: len(locked) - 4096]
    (share / "locked.mdb").write_bytes(locked)
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.faults() == {
        "cipher.sqlite": ("read", "CONTENT_ENCRYPTED"), "readme.sqlite": ("note", "CONTENT_MISNAMED"),
        "locked.mdb": ("read", "CONTENT_ENCRYPTED"),
    }  # fmt: skip
    assert scanned.rows("SELECT path FROM setting WHERE name = 'encrypted'") == [("locked.mdb",)]


def test_unwritten_log_beside_the_file_is_told_and_left_alone(scanned: Scanned, share: Path) -> None:
    file = sqlite_file(share / "busy.sqlite")
    db = sqlite3.connect(file)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("CREATE TABLE later (x)")
        db.commit()
        before = sorted((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in share.iterdir())
        assert scanned.scan().exit is Exit.COMPLETE
        assert sorted((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in share.iterdir()) == before
    finally:
        db.close()
    assert ("unread_changes", "write-ahead log") in scanned.rows("SELECT name, value FROM setting")
    assert scanned.rows("SELECT count(*) FROM entry WHERE name = 'later'") == [(0,)]


def test_fault_019_access_times_stay_as_they_are(scanned: Scanned, share: Path) -> None:
    file = sqlite_file(share / "a.sqlite")
    mdb = share / "b.mdb"
    mdb.write_bytes(access_bytes("indexTestV2003.mdb"))
    for each in (file, mdb):
        os.utime(each, (1_000_000_000, each.stat().st_mtime))
    scanned.scan()
    assert scanned.rows("SELECT count(*) FROM store WHERE kind = 'database file'") == [(2,)]
    assert {each.stat().st_atime for each in (file, mdb)} == {1_000_000_000}


def test_fault_012_special_files_and_links_are_never_opened(scanned: Scanned, share: Path) -> None:
    os.mkfifo(share / "pipe.sqlite")
    outside = sqlite_file(share.parent / "outside.sqlite")
    (share / "link.sqlite").symlink_to(outside)
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.rows("SELECT key FROM unit WHERE after <> ''") == []
    assert scanned.rows("SELECT count(*) FROM entry WHERE kind = 'table'") == [(0,)]


def test_plan_counts_what_would_be_read(scanned: Scanned, share: Path) -> None:
    sqlite_file(share / "a.sqlite")
    (share / "notes.txt").write_text("x" * 500)
    (share / "small.dbf").write_bytes(b"x")
    scanned.scan(scanned.bound("L1"))
    with scanned.reader() as reader:
        found = planned(reader, str(share))
    assert found.databases == 1
    assert 0 <= found.database_bytes - (share / "a.sqlite").stat().st_size <= 8192


def test_interrupted_scan_goes_on_with_the_content_that_is_left(scanned: Scanned, share: Path, tmp_path: Path) -> None:
    for number in range(5):
        sqlite_file(share / f"{number}.sqlite")
    scanned.scan()
    whole = scanned.rows("SELECT path FROM entry ORDER BY path")
    seen: list[str] = []

    class Stopping:
        """Stops the scan when the first file has been looked into."""

        def __init__(self, run: Run) -> None:
            self.inner = sampling(scanned.bound())
            self.run = run
            assert self.inner is not None
            self.units = self.inner.units

        def crawl(self, connector, unit):  # noqa: ANN001, ANN202 - the sampler's own
            assert self.inner is not None
            yield from self.inner.crawl(connector, unit)
            seen.append(unit.key)
            self.run.stop.set()

    run = Run.start(scanned.catalog, [scanned.bound()], title="t", config_hash="0" * 64)
    stopping = Stopping(run)
    run.sampling = lambda _: stopping
    assert run.execute(lambda _: None).state == "stopped"
    assert 0 < len(seen) < 5
    again = Run.resume(scanned.catalog, run.number, [])
    assert [b.config.depth for b in again.sources] == ["L2"]
    again.sampling = sampling
    assert again.execute(lambda _: None).exit is Exit.COMPLETE
    with read(scanned.catalog, run.number) as reader:
        assert reader.rows("SELECT path FROM entry ORDER BY path") == whole
        assert reader.rows("SELECT listed - entries - skipped - failed FROM source") == [(0,)]


def test_copies_are_made_in_the_catalog_alone_and_none_is_left(
    scanned: Scanned, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "there is no such folder"))
    room = scanned.catalog.location.room
    room.mkdir()
    (room / "left by a scan that was killed").write_bytes(b"x")
    (share / "index.mdb").write_bytes(access_bytes("indexTestV2003.mdb"))
    (share / "cut.mdb").write_bytes(access_bytes("indexTestV2003.mdb")[:9000])
    scanned.scan()
    assert scanned.faults() == {"cut.mdb": ("read", "CONTENT_DAMAGED")}
    assert list(room.iterdir()) == []


def test_no_room_for_a_copy_is_told_and_costs_that_file_alone(
    scanned: Scanned, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device that is always full takes the place of the copy."""
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: open("/dev/full", "w+b", buffering=0))  # noqa: PTH123, SIM115
    (share / "index.mdb").write_bytes(access_bytes("indexTestV2003.mdb"))
    sqlite_file(share / "a.sqlite")
    assert scanned.scan().exit is Exit.DISK_FULL
    assert scanned.faults() == {"index.mdb": ("read", "DISK_FULL")}
    assert scanned.rows("SELECT count(*) FROM entry WHERE kind = 'table'") == [(2,)]


def test_bounds_of_content_are_settings_of_the_estate_file(scanned: Scanned, share: Path) -> None:
    (share / "index.mdb").write_bytes(access_bytes("indexTestV2003.mdb") + bytes(1 << 20))
    (share / "a.mdb").write_bytes(access_bytes("indexTestV2003.mdb"))
    bound = scanned.bound()
    limits = bound.limits.model_copy(update={"copy_mib": 1})
    config = bound.config.model_copy(update={"limits": limits})
    scanned.scan(replace(bound, config=config))
    assert scanned.faults() == {"index.mdb": ("read", "CONTENT_LIMIT")}
