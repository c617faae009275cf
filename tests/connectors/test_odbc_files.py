"""The ODBC connector on database files: SQLite by its profile and by ODBC's catalog functions, Access by MDBTools."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import warnings
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.odbc import PLUG
from connectors.odbc.harvest import OdbcConnector
from connectors.odbc.link import Refused
from scanner.connector import Session
from scanner.model import SourceError
from scanner.paths import segment
from scanner.testing.conformance import DatabaseSuite, Harness, SamplesRowsSuite, planted
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps
from scanner.testing.world import World

SCRIPT = Path(__file__).parent.parent / "data" / "sql" / "sqlite.sql"
ACCESS = Path(__file__).parents[3] / "shared" / "eval" / "access" / "access-files.tar.xz"
"""Sample files, no part of this project; where they are absent, SQLite alone stands for the catalog functions."""


class SqliteHarness(Harness):
    """A file of its own; nobody logs in."""

    plug = PLUG

    def __init__(self, place: Path) -> None:
        self.file = place / "harbour ;=?%.db"

    def plant(self, _world: World) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(SCRIPT.read_text())

    def settings(self) -> dict[str, object]:
        return {"connection": f"DRIVER={{SQLite3}};Database={{{self.file}}}"}

    def missing(self) -> dict[str, object]:
        return {"connection": f"DRIVER={{SQLite3}};Database={self.file.parent / 'missing.db'}"}

    def fingerprint(self) -> object:
        return fingerprint(self.file)

    def tables(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.file)) as connection:
            rows = connection.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        return {path(name): kind for name, kind in rows if not name.startswith("sqlite_")}


def fingerprint(file: Path) -> object:
    """What any write would change: the bytes, the times, and the names beside it."""
    state = file.stat()
    beside = sorted(p.name for p in file.parent.iterdir())
    return hashlib.sha256(file.read_bytes()).hexdigest(), state.st_mtime_ns, state.st_ctime_ns, beside


def names(value: object) -> tuple[str, ...]:
    """A list of names out of a record; nothing where there is none."""
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def path(*names: str) -> str:
    return "/".join(segment(n) for n in ("main", *names))


def _crawl(settings: dict[str, object]) -> Crawl:
    harness = SqliteHarness(Path())
    with closing(harness.open(settings)) as connector:
        return crawl_all(connector)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> SqliteHarness:
    return planted(SqliteHarness(tmp_path_factory.mktemp("sqlite")))


class TestSqlite(SamplesRowsSuite, DatabaseSuite):
    @pytest.fixture(scope="class")
    def harness(self, harbour: SqliteHarness) -> SqliteHarness:
        return harbour


@pytest.fixture(scope="module")
def found(harbour: SqliteHarness) -> Crawl:
    return harbour.crawl()


def test_every_table_and_view_is_there_and_no_other(harbour: SqliteHarness, found: Crawl) -> None:
    assert {p: r["kind"] for p, r in found.entries.items()} == harbour.tables() | {"main": "database"}
    kinds = [r["kind"] for r in found.records("entry")]
    assert kinds.count("table") >= 16
    assert kinds.count("view") >= 7
    assert not found.faults
    assert found.entries["main/words"]["subtype"] == "virtual"
    assert found.entries["main/country"]["rows"] == 2
    assert found.entries["main/tide_log"]["rows"] is None


def test_every_column_and_key_is_as_sqlalchemy_reads_it(harbour: SqliteHarness, found: Crawl) -> None:
    inspector = sa.inspect(sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(harbour.file)))
    columns = [(p, n) for p, n in ((r["path"], r["name"]) for r in found.records("column"))]
    expected_columns, expected = [], set[tuple[object, ...]]()
    for name in harbour.tables():
        table = next(n for n in (*inspector.get_table_names(), *inspector.get_view_names()) if path(n) == name)
        expected_columns += [(name, c["name"]) for c in inspector.get_columns(table)]
        if name.startswith("main/words"):
            continue  # a virtual table has no keys of its own; its shadows are its own affair
        primary = inspector.get_pk_constraint(table)["constrained_columns"]
        if primary:
            expected.add((name, "primary", tuple(primary), None, None))
        for key in inspector.get_foreign_keys(table):
            referred = "company" if key["referred_table"] == "COMPANY" else key["referred_table"]
            to = tuple(key["referred_columns"]) or tuple(inspector.get_pk_constraint(referred)["constrained_columns"])
            expected.add((name, "foreign", tuple(key["constrained_columns"]), path(referred), to))
    assert sorted(columns) == sorted(expected_columns)
    keys = [r for r in found.records("key") if not str(r["path"]).startswith("main/words")]
    told = {
        (r["path"], r["kind"], names(r["columns"]), r["ref_path"], names(r["ref_columns"]) or None)
        for r in keys
        if r["kind"] in ("primary", "foreign")
    }
    assert told == expected
    assert len([k for k in told if k[1] == "foreign"]) >= 20
    # SQLAlchemy reads rules out of the text and misses some of them; the file's own list has them.
    with closing(sqlite3.connect(harbour.file)) as connection:
        rules = connection.execute(
            'SELECT m.name, f."from", f.on_delete, f.on_update FROM sqlite_master m, pragma_foreign_key_list(m.name) f'
        ).fetchall()
    mine = {
        (r["path"], c, r["on_delete"], r["on_update"])
        for r in keys
        if r["kind"] == "foreign"
        for c in names(r["columns"])
    }
    assert mine == {(path(table), *rest) for table, *rest in rules}


def test_indexes_are_as_the_file_has_them(found: Crawl) -> None:
    told = {(r["path"], r["name"]): (r["kind"], r["columns"]) for r in found.records("key")}
    assert told["main/vessel", "vessel_name_lower"] == ("index", ["(expression)", "owner_id"])
    assert told["main/vessel", "vessel_owner_name"] == ("unique", ["owner_id", "name"])
    assert told["main/vessel", "vessel_some"] == ("index", ["name"])
    assert ("unique", ["country_code", "name"]) in [v for k, v in told.items() if k[0] == "main/harbour"]
    assert ("unique", ["c/d"]) in [v for k, v in told.items() if k[0] == path("a/b")]


def test_columns_tell_types_nulls_defaults_and_what_is_computed(found: Crawl) -> None:
    told = {(r["path"], r["name"]): r for r in found.records("column")}
    assert told["main/berth", "area_m2"]["generated"] is True
    assert told["main/berth", "half_m"]["generated"] is True
    assert (told["main/berth", "length_m"]["precision"], told["main/berth", "length_m"]["scale"]) == (6, 2)
    assert told["main/country", "name"]["length"] == 80
    assert told["main/harbour", "harbour_id"]["nullable"] is False
    assert told["main/pilot", "person_id"]["nullable"] is True
    assert told["main/payment", "anything"]["type"] is None
    assert told["main/vessel", "photo"]["lob"] is True
    assert told[path("select"), "table"]["default"] == "';''\"'"
    assert [n for (p, n) in told if p == path("ferry 🚢 Ünïcødé")] == ["größe 📏", "new\nline", " lead and trail "]


def test_texts_are_the_files_own(harbour: SqliteHarness, found: Crawl) -> None:
    with closing(sqlite3.connect(harbour.file)) as connection:
        rows = connection.execute(
            "SELECT name, type, tbl_name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')"
        ).fetchall()
    expected = {(path(n) if t == "view" else path(on, n), t): sql for n, t, on, sql in rows}
    assert {(r["path"], r["kind"]): r["definition"] for r in found.records("routine")} == expected


def test_a_broken_view_and_an_unknown_module_cost_their_own_columns_only(tmp_path: Path) -> None:
    harness = planted(SqliteHarness(tmp_path))
    with closing(sqlite3.connect(harness.file)) as connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("CREATE VIEW broken AS SELECT * FROM country")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE VIEW broken AS SELECT * FROM nowhere' WHERE name = 'broken'"
        )
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE words USING long_gone(x)' WHERE name = 'words'"
        )
        connection.commit()
    crawl = harness.crawl()
    assert {(f.path, f.op, f.reason) for f in crawl.faults} == {
        ("main/broken", "query", "QUERY_FAILED"),
        ("main/words", "query", "QUERY_FAILED"),
    }
    described = {r["path"] for r in crawl.records("column")}
    assert set(harness.tables()) - described == {"main/broken", "main/words"}
    assert not ledger_gaps(crawl)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    harness = SqliteHarness(tmp_path)
    with closing(harness.open(harness.missing())) as connector, pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert raised.value.code == "NOT_FOUND"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, b"SQLite format 3\0" + b"\xff" * 2000])
def test_a_file_that_is_no_database_is_an_error_or_an_empty_one(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "no.db"
    file.write_bytes(content)
    before = fingerprint(file)
    settings: dict[str, object] = {"connection": f"DRIVER={{SQLite3}};Database={file}"}
    if content:
        with closing(SqliteHarness(tmp_path).open(settings)) as connector:
            try:
                told = [f.reason for f in crawl_all(connector).faults if f.op == "list"]
            except SourceError as error:
                told = [error.code]
            assert set(told) & {"NOT_FOUND", "QUERY_FAILED", "OTHER"}
    else:
        assert not _crawl(settings).faults
    assert fingerprint(file) == before


def test_a_folder_and_an_unreadable_file_are_said_to_be_so(tmp_path: Path) -> None:
    for place, code in ((tmp_path, "NOT_FOUND"), (Path("/dev/null"), "NOT_FOUND")):
        settings: dict[str, object] = {"connection": f"DRIVER={{SQLite3}};Database={place}"}
        with closing(SqliteHarness(tmp_path).open(settings)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
        assert raised.value.code == code


def test_the_file_is_left_as_it_was(harbour: SqliteHarness) -> None:
    before = harbour.fingerprint()
    with closing(harbour.open()) as connector:
        crawl_all(connector)
        assert isinstance(connector, OdbcConnector)
        connector.sample("main/vessel", 5)
        # Past the gate on purpose: the file itself must refuse.
        with pytest.raises(Refused, match="readonly"), connector._link.asking():
            connector._link._connection.execute("CREATE TABLE written (i)")
    assert harbour.fingerprint() == before


def test_a_writers_log_is_read_with_its_index_and_never_made(tmp_path: Path) -> None:
    """In WAL mode the newest content lies beside the file; a log without its index is said to be unread."""
    harness = planted(SqliteHarness(tmp_path))
    with closing(sqlite3.connect(harness.file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE in_the_log (i)")
        names = sorted(p.name for p in tmp_path.iterdir())
        assert len(names) == 3
        assert "main/in_the_log" in harness.crawl().entries
        assert sorted(p.name for p in tmp_path.iterdir()) == names
        torn = tmp_path / "torn"
        torn.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{harness.file}{suffix}", torn / f"x.db{suffix}")
    crawl = _crawl({"connection": f"DRIVER={{SQLite3}};Database={torn / 'x.db'}"})
    assert [(f.op, f.reason) for f in crawl.faults] == [("note", "PARTIAL")]
    assert "x.db-wal" in crawl.faults[0].detail
    assert sorted(p.name for p in torn.iterdir()) == ["x.db", "x.db-wal"]


def test_a_journal_left_behind_is_said_and_left_where_it_is(tmp_path: Path) -> None:
    harness = planted(SqliteHarness(tmp_path))
    Path(f"{harness.file}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)
    before = harness.fingerprint()
    crawl = harness.crawl()
    assert [(f.op, f.reason) for f in crawl.faults] == [("note", "PARTIAL")]
    assert harness.fingerprint() == before


def test_a_pipe_and_a_link_to_a_file_are_told_apart(tmp_path: Path) -> None:
    harness = planted(SqliteHarness(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(harness.file)
    assert len(_crawl({"connection": f"DRIVER={{SQLite3}};Database={tmp_path / 'link'}"}).entries) > 20
    pipe = harness.open({"connection": f"DRIVER={{SQLite3}};Database={tmp_path / 'pipe'}"})
    with closing(pipe), pytest.raises(SourceError) as raised:
        list(pipe.roots())
    assert raised.value.code == "NOT_FOUND"


def test_fault_069_a_name_that_is_no_text_keeps_its_bytes_and_its_siblings(tmp_path: Path) -> None:
    file = tmp_path / "bytes.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE cafX (i int)")
        connection.execute("CREATE TABLE plain (i int)")
    raw = file.read_bytes()
    file.write_bytes(raw.replace(b"cafX", b"caf\xe9"))
    crawl = _crawl({"connection": f"DRIVER={{SQLite3}};Database={file}"})
    assert "main/plain" in crawl.entries
    assert len(crawl.entries) == 3, sorted(crawl.entries)
    assert not ledger_gaps(crawl)


def test_samples_take_whatever_stands_in_a_column(harbour: SqliteHarness) -> None:
    with closing(harbour.open()) as connector:
        assert isinstance(connector, OdbcConnector)
        names, rows = connector.sample("main/payment", 5)
        assert names == ("payment_id", "invoice_id", "paid_at", "anything")
        assert [row[2] for row in rows] == ["0000-00-00 00:00:00", "yesterday"]
        assert connector.sample(path('we"ird'), 1) == (('a"b', "select", "per%cent_"), [(1, "one", 1)])
        _, rows = connector.sample("main/vessel", 1)
        assert len(rows[0][4]) == 4096  # type: ignore[arg-type]
        for wrong in ("main", "main/nothing", "other/country", "main/a/b"):
            with pytest.raises(SourceError):
                connector.sample(wrong, 1)


def test_the_catalog_functions_find_the_same_tables_columns_and_keys(harbour: SqliteHarness, found: Crawl) -> None:
    """Whatever driver has no profile is asked like this; SQLite's stands for it, wherever this runs."""
    crawl = _crawl(harbour.settings() | {"profile": "generic"})
    assert [(r["path"], r["name"], r["value"]) for r in crawl.records("setting")] == [("", "dbms_name", "SQLite")]
    store = segment(harbour.file.name)
    mine = {p.replace("main/", f"{store}/", 1): r["kind"] for p, r in found.entries.items() if p != "main"}
    assert {p: r["kind"] for p, r in crawl.entries.items() if p in mine} == mine
    assert set(crawl.entries) - set(mine) <= {store, f"{store}/sqlite_sequence", f"{store}/sqlite_stat1"}
    columns = {(str(r["path"]).replace("main/", f"{store}/", 1), r["name"]) for r in found.records("column")}
    generated = {c for c in columns if c[1] in ("area_m2", "half_m")}  # the driver leaves computed columns out
    assert columns - generated <= {(r["path"], r["name"]) for r in crawl.records("column")}
    keys = {(r["path"], frozenset(names(r["columns"]))) for r in crawl.records("key") if r["kind"] == "primary"}
    assert (f"{store}/berth", frozenset({"harbour_id", "berth_no"})) in keys
    foreign = {(r["path"], names(r["columns"]), r["ref_path"]) for r in crawl.records("key") if r["kind"] == "foreign"}
    assert (f"{store}/call", ("harbour_id", "berth_no"), f"{store}/berth") in foreign
    assert not ledger_gaps(crawl)


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every sample file of Access; none where the samples are absent."""
    if not ACCESS.is_file():
        warnings.warn(f"no Access samples at {ACCESS}: SQLite alone stands for the catalog functions", stacklevel=1)
        return []
    place = tmp_path_factory.mktemp("access")
    with tarfile.open(ACCESS) as archive:
        archive.extractall(place, filter="data")
    return sorted(p for p in place.rglob("*") if p.suffix in (".mdb", ".accdb"))


def test_every_access_sample_gives_the_tables_its_own_tools_list(access: list[Path]) -> None:
    """In processes of their own, one for each version: a driver that dies must not take the tests along."""
    for folder in sorted({file.parent for file in access}):
        mine = [str(file) for file in access if file.parent == folder]
        done = subprocess.run([sys.executable, "-c", _CRAWL, *mine], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (folder.name, done.returncode, done.stdout[-200:], done.stderr[-500:])
        told = [line.split("\t") for line in done.stdout.splitlines()]
        for file in mine:
            listed = subprocess.run(["mdb-tables", "-1", file], capture_output=True, text=True, check=True).stdout
            assert {t for t in listed.splitlines() if t} <= {name for where, name in told if where == file}, file


_CRAWL = """
import sys
from contextlib import closing
from connectors.odbc import PLUG
from scanner.connector import Session
from scanner.paths import restore_text
from scanner.testing.crawling import crawl_all, ledger_gaps
for file in sys.argv[1:]:
    print(file, "", sep="\\t", flush=True)
    options = PLUG.options.model_validate(PLUG.from_url("odbc:DRIVER={MDBTools};DBQ=" + file))
    with closing(PLUG.open(options, Session("access"))) as connector:
        crawl = crawl_all(connector)
    assert not ledger_gaps(crawl), ledger_gaps(crawl)
    columns = {r["path"] for r in crawl.records("column")}
    for path, entry in crawl.entries.items():
        if entry["kind"] != "database":
            print(file, restore_text(str(entry["name"])), sep="\\t")
            assert entry["kind"] != "table" or path in columns, path
"""


def test_access_relations_and_queries_come_from_its_own_tools(access: list[Path]) -> None:
    for file in access:
        if file.name in ("indexTestV2003.mdb", "queryTestV2003.mdb"):
            crawl = _crawl({"connection": f"DRIVER={{MDBTools}};DBQ={file}"})
            if file.name.startswith("index"):
                foreign = [r for r in crawl.records("key") if r["kind"] == "foreign"]
                assert ("Table1", ["otherfk1"], "Table2", ["id"], "CASCADE") in [
                    (
                        str(r["path"]).rpartition("/")[2],
                        r["columns"],
                        str(r["ref_path"]).rpartition("/")[2],
                        r["ref_columns"],
                        r["on_delete"],
                    )
                    for r in foreign
                ]
            else:
                texts = {str(r["path"]).rpartition("/")[2]: r["definition"] for r in crawl.records("routine")}
                assert str(texts["SelectQuery"]).startswith("SELECT DISTINCT Table1.*")
            assert not [f for f in crawl.faults if f.op != "query"]


def test_an_access_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    options = PLUG.options.model_validate({"connection": f"DRIVER={{MDBTools}};DBQ={tmp_path / 'x.mdb'}"})
    with closing(PLUG.open(options, Session("access"))) as connector, pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert raised.value.code == "NOT_FOUND"
