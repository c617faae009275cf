"""Faults of databases on real servers: load, locks, rights, hostile names, huge catalogs, lost sessions; and counts."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pyodbc
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import odbc_corpus

from connectors.odbc import PLUG
from connectors.odbc.harvest import OdbcConnector
from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.connector import Session
from scanner.crawl import Run
from scanner.model import SourceError
from scanner.paths import segment
from scanner.registry import Bound
from scanner.testing import servers
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps
from scanner.testing.servers import MariaDB, PostgreSQL

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True, scope="module")
def secrets() -> Iterator[None]:
    os.environ.update(STOCKTAKE_TEST_DB=servers.PASSWORD, STOCKTAKE_TEST_DB_WRONG="wr0ng/Pw+6!")
    yield
    del os.environ["STOCKTAKE_TEST_DB"], os.environ["STOCKTAKE_TEST_DB_WRONG"]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgreSQL]:
    with servers.postgresql(settings=["log_statement=all", "max_locks_per_transaction=512"]) as server:
        _wait(server)
        server.run(
            f"CREATE ROLE clerk LOGIN PASSWORD '{servers.PASSWORD}'; CREATE DATABASE big; CREATE DATABASE small;"
        )
        server.run("CREATE TABLE canary (i int); CREATE TABLE work (i int)", "small")
        with psycopg.connect(_dsn(server, "big"), autocommit=True) as connection:
            for statement in odbc_corpus.script('"'):
                connection.execute(statement.encode())
            connection.execute("CREATE TABLE canary (i int PRIMARY KEY)")
        yield server


@pytest.fixture(scope="module")
def maria() -> Iterator[MariaDB]:
    with servers.mariadb(settings=["--innodb-file-per-table=0"]) as server:
        server.run(
            "CREATE DATABASE big CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; CREATE DATABASE small;"
            "CREATE TABLE small.work (i int);"
            f"CREATE USER clerk@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}';"
            "GRANT SELECT ON *.* TO clerk@'127.0.0.1'"
        )
        with closing(_plain(server)) as connection:
            connection.execute("USE big")
            for statement in odbc_corpus.script("`"):
                connection.execute(statement)
        yield server


def _wait(server: PostgreSQL) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.run("SELECT 1")
        except servers.ServerUnavailable:
            assert time.monotonic() < deadline
        else:
            return


def _dsn(server: PostgreSQL, database: str) -> str:
    return f"host={server.host} port={server.port} user=postgres password={server.password} dbname={database}"


def _plain(server: MariaDB) -> Any:
    where = f"DRIVER={{MariaDB Unicode}};SERVER={server.host};PORT={server.port};UID=admin;PWD={servers.PASSWORD}"
    return pyodbc.connect(f"{where};CHARSET=utf8mb4", autocommit=True)


def settings(server: PostgreSQL | MariaDB, database: str = "", user: str = "", **more: object) -> dict[str, object]:
    driver = "PostgreSQL Unicode" if isinstance(server, PostgreSQL) else "MariaDB Unicode"
    where = f"DRIVER={{{driver}}};SERVER={server.host};PORT={server.port}" + (
        f";Database={database}" if database else ""
    )
    return {"connection": where, "user": user or server.user, "password": "env:STOCKTAKE_TEST_DB", **more}


def crawl(options: dict[str, object], pace: Pace | None = None) -> Crawl:
    session = Session("db", pace or Pace())
    with closing(PLUG.open(PLUG.options.model_validate(options), session)) as connector:
        return crawl_all(connector)


def scan(folder: Path, *options: dict[str, object], tick: Any = None, resume: int | None = None) -> tuple[int, Exit]:
    """A whole scan by the engine; or the rest of one."""
    sources = [
        Bound(
            SourceConfig(name=f"db{number}", type="odbc", limits=Limits.model_validate({"retries": 6})),
            PLUG, PLUG.options.model_validate(given), "connectors.odbc:PLUG",
        )
        for number, given in enumerate(options)
    ]  # fmt: skip
    with Catalog.open(locate(str(folder / "catalog")), create=True) as catalog:
        catalog.lock()
        if resume is None:
            run = Run.start(catalog, sources, title="t", config_hash="")
        else:
            catalog.reopen(resume)
            catalog.sweep()
            run = Run(catalog, resume, sources)
        outcome = run.execute(tick or (lambda _p: None), every_s=0.01)
        return outcome.run, outcome.exit


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows(sql)


def counted(found: Crawl, below: str) -> Counter[str]:
    """What there is in one schema, by kind."""
    told: Counter[str] = Counter()
    told["table"] = sum(p.startswith(below) and r["kind"] == "table" for p, r in found.entries.items())
    told["column"] = sum(str(r["path"]).startswith(below) for r in found.records("column"))
    for key in found.records("key"):
        if str(key["path"]).startswith(below) and key["kind"] != "index":
            told[str(key["kind"])] += 1
    told["routine"] = sum(
        str(r["path"]).startswith(below) and r["kind"] == "function" for r in found.records("routine")
    )
    return told


# --- counts ---------------------------------------------------------------------------------------------------------


def test_fault_072_postgresqls_own_catalog_counts_the_same_20000_things_of_hostile_names(postgres: PostgreSQL) -> None:
    """Fault 73. Names that end quotes, comment, or drop tables are names, and the canary they were to drop is there."""
    found = crawl(settings(postgres, "big"))
    assert not found.faults
    with psycopg.connect(_dsn(postgres, "big")) as connection:
        own = connection.execute(
            "SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public'),"
            " (SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'),"
            " (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'p'),"
            " (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'u'),"
            " (SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f'),"
            " (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)"
        ).fetchone()
        listed = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert own is not None
    told = counted(found, "big/public/")
    assert tuple(told[k] for k in ("table", "column", "primary", "unique", "foreign", "routine")) == own
    assert sum(own) >= 20_000
    assert {p for p, r in found.entries.items() if r["kind"] == "table"} == {f"big/public/{segment(n)}" for n in listed}
    assert listed == {*odbc_corpus.names('"'), "canary"}
    assert not ledger_gaps(found)


def test_fault_072_mariadbs_own_catalog_counts_the_same_20000_things_of_hostile_names(maria: MariaDB) -> None:
    """Fault 73."""
    found = crawl(settings(maria))
    with closing(_plain(maria)) as connection:
        own = connection.execute(
            "SELECT (SELECT count(*) FROM information_schema.tables WHERE table_schema = 'big'),"
            " (SELECT count(*) FROM information_schema.columns WHERE table_schema = 'big'),"
            " (SELECT count(*) FROM information_schema.table_constraints"
            " WHERE table_schema = 'big' AND constraint_type = 'PRIMARY KEY'),"
            " (SELECT count(*) FROM information_schema.table_constraints"
            " WHERE table_schema = 'big' AND constraint_type = 'UNIQUE'),"
            " (SELECT count(*) FROM information_schema.table_constraints"
            " WHERE table_schema = 'big' AND constraint_type = 'FOREIGN KEY'),"
            " (SELECT count(*) FROM information_schema.routines WHERE routine_schema = 'big')"
        ).fetchone()
        listed = [row[0] for row in connection.execute("SHOW TABLES FROM big").fetchall()]
    told = counted(found, "big/")
    assert tuple(told[k] for k in ("table", "column", "primary", "unique", "foreign", "routine")) == tuple(own)
    assert sum(own) >= 20_000
    assert {p for p, r in found.entries.items() if r["kind"] == "table"} == {
        *(f"big/{segment(n)}" for n in listed),
        "small/work",
    }
    assert not found.faults
    assert not ledger_gaps(found)


def test_fault_073_a_catalog_of_thousands_is_asked_by_the_schema_and_not_by_the_table(postgres: PostgreSQL) -> None:
    """However many tables there are, the questions stay as many."""
    small, big = Pace(), Pace()
    few, many = crawl(settings(postgres, "small"), small), crawl(settings(postgres, "big"), big)
    assert len(many.entries) > 300 * len([e for e in few.entries.values() if e["kind"] == "table"])
    assert small.requests <= big.requests <= small.requests + 2
    assert big.requests < 60


def test_fault_073_mariadb_is_asked_by_the_database_and_not_by_the_table(maria: MariaDB) -> None:
    pace, alone = Pace(), Pace()
    crawl(settings(maria, "big"), pace)
    crawl(settings(maria, "small"), alone)
    assert pace.requests <= alone.requests + 2


@pytest.mark.full
@pytest.mark.timeout(900)
def test_fault_073_20000_tables_are_found_within_the_memory_they_are_promised() -> None:
    with servers.postgresql(settings=["max_locks_per_transaction=4096", "fsync=off"]) as server:
        _wait(server)
        server.run("CREATE DATABASE huge")
        for start in range(0, 20_000, 2_000):
            body = "".join(
                f"CREATE TABLE t{n} (id int PRIMARY KEY, a text, b text);" for n in range(start, start + 2_000)
            )
            server.run(body, "huge")
        pace = Pace()
        found = crawl(settings(server, "huge"), pace)
    assert sum(r["kind"] == "table" for r in found.entries.values()) == 20_000
    assert len(found.records("column")) == 60_000
    assert not found.faults
    assert pace.requests < 60


# --- load, locks, rights --------------------------------------------------------------------------------------------


def test_fault_065_nothing_is_counted_no_view_is_run_and_one_connection_is_enough(
    postgres: PostgreSQL, tmp_path: Path
) -> None:
    postgres.run(
        "CREATE VIEW sleeps AS SELECT pg_sleep(60)::text AS nothing FROM canary;"
        "CREATE MATERIALIZED VIEW tired AS SELECT 1 AS i; INSERT INTO canary VALUES (1)",
        "small",
    )
    before = len(postgres.log.read_text(errors="replace"))
    seen: set[int] = set()

    def watch(_progress: object) -> None:
        with psycopg.connect(_dsn(postgres, "postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stocktake'")
            seen.update(row[0] for row in found)

    try:
        started = time.monotonic()
        _, exit_ = scan(tmp_path, settings(postgres, "small"), tick=watch)
        took = time.monotonic() - started
        asked = [s for s in _statements(postgres, before) if "pg_stat_activity WHERE application_name" not in s]
    finally:
        postgres.run("DROP VIEW sleeps; DROP MATERIALIZED VIEW tired; DELETE FROM canary", "small")
    assert exit_ is Exit.COMPLETE
    assert took < 30
    assert max(seen, default=0) <= 1
    assert asked
    for name in ("sleeps", "tired", "canary"):
        assert not [s for s in asked if re.search(rf"FROM\s+\S*\b{name}\b", s)], "no rows of anybody's are read"


def test_fault_065_a_scan_with_a_budget_of_requests_stops_at_it(postgres: PostgreSQL, tmp_path: Path) -> None:
    options = PLUG.options.model_validate(settings(postgres, "big"))
    limits = Limits.model_validate({"max_requests": 8})
    source = Bound(SourceConfig(name="db", type="odbc", limits=limits), PLUG, options, "connectors.odbc:PLUG")
    before = len(postgres.log.read_text(errors="replace"))
    with Catalog.open(locate(str(tmp_path / "catalog")), create=True) as catalog:
        catalog.lock()
        outcome = Run.start(catalog, [source], title="t", config_hash="").execute(lambda _p: None, every_s=0.05)
    assert outcome.exit is Exit.BUDGET
    assert len([s for s in _statements(postgres, before) if s.startswith(("SELECT\n", "SET"))]) <= 8


def _statements(server: PostgreSQL, start: int) -> list[str]:
    """Every statement in the server's log since a place in it, of whoever put it."""
    log = server.log.read_text(errors="replace")[start:]
    found = re.split(r"^\d{4}-\d\d-\d\d [^\n]*?LOG:  ", log, flags=re.MULTILINE)
    said = [re.match(r"(?:statement|execute [^:]*): (.*)", entry, re.DOTALL) for entry in found]
    return [match[1].strip() for match in said if match]


def test_fault_066_a_table_is_altered_at_once_while_it_is_scanned(postgres: PostgreSQL) -> None:
    stop, times = threading.Event(), list[float]()

    def alter() -> None:
        with psycopg.connect(_dsn(postgres, "big"), autocommit=True) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                started = time.monotonic()
                connection.execute(f"ALTER TABLE canary ADD COLUMN c{number} int")
                connection.execute(f"ALTER TABLE canary DROP COLUMN c{number}")
                times.append(time.monotonic() - started)

    thread = threading.Thread(target=alter)
    thread.start()
    try:
        for _ in range(3):
            crawl(settings(postgres, "big"))
    finally:
        stop.set()
        thread.join(30)
    assert len(times) >= 10
    assert max(times) < 2.0


@pytest.mark.parametrize("user", ["postgres", "clerk"])
def test_fault_067_a_whole_scan_only_asks_whatever_the_account_could_do(
    postgres: PostgreSQL, tmp_path: Path, user: str
) -> None:
    before = len(postgres.log.read_text(errors="replace"))
    scan(tmp_path, settings(postgres, "", user))
    mine = _statements(postgres, before)
    assert len(mine) > 50
    assert {s.split(None, 1)[0].upper() for s in mine} <= {"SELECT", "SET", "SHOW"}
    assert sum("default_transaction_read_only = on" in s for s in mine) >= 3, "in every session"
    told = dict(rows(tmp_path, "SELECT name, value FROM setting WHERE path = '' AND name LIKE 'scan_account%'"))
    power = "on" if user == "postgres" else "off"
    assert told["scan_account"] == user
    assert (told["scan_account_superuser"], told["scan_account_writes_everything"]) == (power, power)


@pytest.mark.parametrize("user", ["admin", "clerk"])
def test_fault_067_what_the_account_could_do_on_mariadb_is_told(maria: MariaDB, user: str) -> None:
    told = {r["name"]: r["value"] for r in crawl(settings(maria, "small", user)).records("setting")}
    power = "on" if user == "admin" else "off"
    assert told["scan_account"] == f"{user}@127.0.0.1"
    assert (told["scan_account_superuser"], told["scan_account_writes_everything"]) == (power, power)


def test_fault_071_a_database_that_cannot_be_opened_fails_in_the_summary_and_is_listed_as_seen(
    postgres: PostgreSQL, tmp_path: Path
) -> None:
    postgres.run("CREATE DATABASE closed; REVOKE CONNECT ON DATABASE closed FROM PUBLIC; CREATE DATABASE shut")
    postgres.run("UPDATE pg_database SET datallowconn = false WHERE datname = 'shut'")
    try:
        _, exit_ = scan(tmp_path, settings(postgres, "", "clerk"))
    finally:
        postgres.run("DROP DATABASE closed; DROP DATABASE shut")
    assert exit_ is Exit.GAPS
    faults = rows(tmp_path, "SELECT path, op, reason FROM fault WHERE op = 'list' ORDER BY path")
    assert faults == [("closed/", "list", "DENIED"), ("shut/", "list", "DENIED")]
    seen = rows(tmp_path, "SELECT name, kind, reason, locator FROM seen ORDER BY name")
    assert [row[:3] for row in seen] == [("closed", "database", "denied"), ("shut", "database", "denied")]
    assert str(seen[0][3]).endswith(";Database=closed;UID=clerk")
    found = rows(tmp_path, "SELECT count(*) FROM entry WHERE path LIKE 'big/%' AND kind = 'table'")
    assert found == [(odbc_corpus.TABLES + 1,)]


def test_databases_the_estate_does_not_name_are_listed_as_seen(postgres: PostgreSQL) -> None:
    seen = crawl(settings(postgres, "small")).records("seen")
    assert {(r["name"], r["kind"], r["reason"]) for r in seen} == {
        ("big", "database", "not_configured"),
        ("postgres", "database", "not_configured"),
    }
    other = PLUG.options.model_validate(settings(postgres, "big"))
    assert PLUG.locator(other) in {r["locator"] for r in seen}


# --- lost connections and logins ------------------------------------------------------------------------------------


def test_fault_074_a_session_ended_in_mid_scan_loses_nothing_and_doubles_nothing(
    postgres: PostgreSQL, tmp_path: Path
) -> None:
    kills = []

    def kill(_progress: object) -> None:
        if len(kills) < 3:
            with psycopg.connect(_dsn(postgres, "postgres"), autocommit=True) as connection:
                ended = connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'stocktake' AND datname = 'big' AND query LIKE '%attisdropped%'"
                ).fetchall()
            kills.extend(ended)

    _, exit_ = scan(tmp_path, settings(postgres), tick=kill)
    assert kills, "the session was never caught in the act"
    assert exit_ is Exit.COMPLETE
    counts = rows(tmp_path, "SELECT count(*), count(DISTINCT path) FROM entry WHERE kind = 'table'")
    assert counts[0][0] == counts[0][1] == odbc_corpus.TABLES + 3
    columns = rows(tmp_path, "SELECT count(*) FROM columns WHERE path LIKE 'big/public/%'")
    assert columns == [(odbc_corpus.TABLES * odbc_corpus.COLUMNS + 1,)]


def test_fault_074_a_wrong_password_is_one_failed_login_over_scan_rescan_and_resume(
    postgres: PostgreSQL, tmp_path: Path
) -> None:
    wrong = settings(postgres, "big", "clerk") | {"password": "env:STOCKTAKE_TEST_DB_WRONG"}
    second = settings(postgres, "small", "clerk") | {"password": "env:STOCKTAKE_TEST_DB_WRONG"}
    before = postgres.log.read_text(errors="replace").count("password authentication failed")
    number, exit_ = scan(tmp_path, wrong, second)
    assert exit_ is Exit.AUTH
    scan(tmp_path, wrong, second)
    scan(tmp_path, wrong, second, resume=number)
    assert postgres.log.read_text(errors="replace").count("password authentication failed") - before == 1


def test_the_driver_leaves_no_log_of_its_own_behind(postgres: PostgreSQL, tmp_path: Path) -> None:
    """Debian's odbcinst.ini has psqlODBC write one to /tmp whenever the last connection is closed."""
    before = {p.name for p in Path("/tmp").glob("*psqlodbc_*")} | {p.name for p in Path("/tmp").glob("mylog_*")}
    scan(tmp_path, settings(postgres, "small"))
    crawl(settings(postgres, "small"))
    with pytest.raises(SourceError, match="NOT_FOUND"):
        crawl(settings(postgres, "nowhere"))
    after = {p.name for p in Path("/tmp").glob("*psqlodbc_*")} | {p.name for p in Path("/tmp").glob("mylog_*")}
    assert after == before


# --- values ---------------------------------------------------------------------------------------------------------


def test_fault_075_values_that_no_client_type_holds_come_as_text(postgres: PostgreSQL) -> None:
    postgres.run(
        "CREATE TABLE odd (n numeric, d float8, b bigint, t timestamp, l text, y bytea);"
        "INSERT INTO odd VALUES"
        " ('NaN', 'Infinity', 9223372036854775807, '-infinity', repeat('x', 100000), decode('00ff', 'hex')),"
        " (1e400, '-Infinity', -9223372036854775808, '294276-12-31', NULL, NULL)",
        "small",
    )
    try:
        with closing(PLUG.open(PLUG.options.model_validate(settings(postgres, "small")), Session("db"))) as connector:
            assert isinstance(connector, OdbcConnector)
            names, sampled = connector.sample("small/public/odd", 5)
    finally:
        postgres.run("DROP TABLE odd", "small")
    assert names == ("n", "d", "b", "t", "l", "y")
    first, second = (dict(zip(names, row, strict=True)) for row in sampled)
    assert (str(first["n"]).lower(), first["d"], first["b"], first["t"]) == (
        "nan",
        float("inf"),
        2**63 - 1,
        "-infinity",
    )
    assert (len(str(first["l"])), first["y"]) == (4096, b"\x00\xff")
    assert (second["b"], second["t"]) == (-(2**63), "294276-12-31 00:00:00")
