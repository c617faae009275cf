"""Depth L3 on real servers: values confirm a key that nobody declared or refute it, and none of them is kept."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pyodbc
import pytest
from sample_files import Scanned

from scanner.catalog import Catalog, locate
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.connector import Connector
from scanner.crawl import Run
from scanner.graph import build
from scanner.graph.keys import sketched
from scanner.keys.candidates import ROWS
from scanner.keys.sketches import KEPT, sketch
from scanner.model import Event, Unit
from scanner.registry import Bound, bind
from scanner.sample import Sampler, sampling
from scanner.testing import servers
from scanner.testing.servers import Database, MariaDB, PostgreSQL

pytestmark = pytest.mark.server
EMAIL, NUMBER, BADGE = "zebra.canary@example.org", "QQ123456C", "CANARY-BADGE-7"
CANARIES = (EMAIL, NUMBER, BADGE)
LONG = ROWS + 500
NUMBERS = {"postgresql": "generate_series(1, {0}) AS s(seq)", "mariadb": "seq_1_to_{0}"}
SCRIPT = """
CREATE TABLE customer (customer_id int PRIMARY KEY, email varchar(60), ni_number varchar(9) UNIQUE, notes varchar(40));
INSERT INTO customer SELECT seq * 37 + seq % 5, concat('a', seq, '@example.org'), concat('N', seq), 'x' FROM {20000};
UPDATE customer SET email = '{email}', ni_number = '{number}' WHERE customer_id = 37 * 10;
CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int, contact varchar(60));
INSERT INTO orders SELECT seq, seq * 37 + seq % 5, '{email}' FROM {20000};
CREATE TABLE complaint (complaint_id int PRIMARY KEY, customer_id int);
INSERT INTO complaint SELECT seq, seq * 41 + 900001 FROM {3000};
CREATE TABLE agent (agent_code varchar(20), area varchar(20));
INSERT INTO agent SELECT concat('AG-', seq * 17), 'north' FROM {400};
INSERT INTO agent VALUES ('{badge}', 'south');
CREATE TABLE visit (visit_id int PRIMARY KEY, agent_code varchar(20), customer_id int);
INSERT INTO visit SELECT seq, concat('AG-', (1 + seq % 400) * 17), NULL FROM {900};
CREATE TABLE event (event_id int, amount decimal(9, 2));
INSERT INTO event SELECT seq, 1.5 FROM {long};
CREATE TABLE empty_one (empty_one_id int PRIMARY KEY);
CREATE VIEW of_customers AS SELECT customer_id, email FROM customer;
"""


def script(kind: str) -> str:
    text = SCRIPT.replace("{long}", "{" + str(LONG) + "}")
    text = re.sub(r"\{(\d+)\}", lambda m: NUMBERS[kind].format(m[1]), text)
    for name, value in (("email", EMAIL), ("number", NUMBER), ("badge", BADGE)):
        text = text.replace("{" + name + "}", value)
    return text


@dataclass
class Place:
    """A server with the tables, and how they are called."""

    server: Database
    top: str

    @property
    def connection(self) -> str:
        driver = "PostgreSQL Unicode" if isinstance(self.server, PostgreSQL) else "MariaDB Unicode"
        return f"DRIVER={{{driver}}};SERVER={self.server.host};PORT={self.server.port};Database=care"

    def bound(self, depth: str = "L3", *, user: str = "clerk") -> Bound:
        limits = Limits.model_validate({"connections": 1, "retries": 1})
        options = {"connection": self.connection, "user": user, "password": "env:CARE_PW", "query_timeout_s": 30}
        return bind(SourceConfig(name="src", type="odbc", depth=depth, limits=limits, options=options))

    @contextlib.contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Another session holds the table for itself, as long as this lasts."""
        server = self.server
        if isinstance(server, PostgreSQL):
            dsn = f"host={server.host} port={server.port} user={server.user} password={server.password} dbname=care"
            with psycopg.connect(dsn) as other:
                other.execute(f"ALTER TABLE {table} ADD COLUMN more int")
                yield
                other.rollback()
            return
        text = f"{self.connection};UID={server.user};PWD={{{server.password}}};"
        other = pyodbc.connect(text, autocommit=True)
        try:
            other.execute(f"LOCK TABLES {table} WRITE")
            yield
        finally:
            other.close()

    @contextlib.contextmanager
    def log(self) -> Iterator[list[str]]:
        """Every statement of the clerk while this lasts; there at its end."""
        said: list[str] = []
        if isinstance(self.server, MariaDB):
            file = self.server.directory / f"general-{time.monotonic_ns()}"
            self.server.run(f"SET GLOBAL general_log_file = '{file}'; SET GLOBAL general_log = 1")
            yield said
            self.server.run("SET GLOBAL general_log = 0")
            entries = re.split(r"^(?:\d{6} [ \d:]{8})?\s+\d+ (?=\w+\s)", file.read_text(), flags=re.MULTILINE)
            found = [e.partition("\t")[2].strip() for e in entries if e.startswith(("Query", "Execute"))]
            said += [s for s in found if "general_log" not in s]
            return
        before = len(self.server.log.read_text(errors="replace"))
        yield said
        log = self.server.log.read_text(errors="replace")[before:]
        said += re.findall(r"LOG:  (?:statement|execute [^:]*): (.*)", log)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    kind = str(request.param)
    with getattr(servers, kind)() as server:
        if kind == "postgresql":
            server.run(
                f"CREATE ROLE clerk LOGIN PASSWORD '{servers.PASSWORD}' IN ROLE pg_read_all_data;"
                "ALTER ROLE clerk SET log_statement = 'all';"
                f"CREATE ROLE porter LOGIN PASSWORD '{servers.PASSWORD}';"
            )
            server.run("CREATE DATABASE care")
        else:
            server.run(
                "CREATE DATABASE care;"
                f"CREATE USER clerk@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}';"
                "GRANT SELECT, SHOW VIEW ON *.* TO clerk@'127.0.0.1';"
                f"CREATE USER porter@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}';"
                "GRANT INSERT, SHOW VIEW ON *.* TO porter@'127.0.0.1'"
            )
        server.run(script(kind), "care")
        yield Place(server, "care/public" if kind == "postgresql" else "care")


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARE_PW", servers.PASSWORD)


@dataclass
class Looked:
    """One scan at depth L3 and what the server saw of it; the tests look at it from all sides."""

    scanned: Scanned
    statements: list[str]


@pytest.fixture(scope="module")
def looked(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    folder = tmp_path_factory.mktemp("values")
    with Catalog.open(locate(str(folder / "catalog")), create=True) as catalog, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARE_PW", servers.PASSWORD)
        catalog.lock()
        scanned = Scanned(catalog, folder)
        with place.log() as statements:
            assert scanned.scan(place.bound()).exit is Exit.COMPLETE, scanned.faults()
        yield Looked(scanned, statements)


def keys(scanned: Scanned) -> dict[tuple[str, str], str]:
    """Guessed keys, as names of tables, with the words of each."""
    with scanned.reader() as reader:
        edges = [e for e in build(reader).edges if e.kind == "inferred_key"]
    return {(e.source.rpartition("/")[2], e.target.rpartition("/")[2]): e.detail for e in edges}


def test_values_confirm_a_right_guess_and_refute_a_wrong_one(place: Place, looked: Looked, tmp_path: Path) -> None:
    with Catalog.open(locate(str(tmp_path / "c")), create=True) as catalog:
        catalog.lock()
        shallow = Scanned(catalog, tmp_path)
        assert shallow.scan(place.bound("L2")).exit is Exit.COMPLETE
        by_names = set(keys(shallow))
        assert shallow.rows("SELECT count(*) FROM sketch") == [(0,)]
    assert by_names == {("orders", "customer"), ("complaint", "customer"), ("visit", "customer")}
    found = keys(looked.scanned)
    assert set(found) == {("orders", "customer"), ("visit", "customer"), ("visit", "agent")}
    assert "values: about 20,000 of 20,000 contained, as 1,024 of them tell" in found["orders", "customer"]
    assert "values: 400 of 400 contained" in found["visit", "agent"]
    assert "values" not in found["visit", "customer"], "a column without values says nothing"


def test_a_sketch_is_that_of_the_columns_values_and_only_of_columns_that_may_be_keys(
    place: Place, looked: Looked
) -> None:
    with looked.scanned.reader() as reader:
        found = {(path.rpartition("/")[2], column): s for (_, path, column), s in sketched(reader).items()}
    assert set(found) == {
        ("customer", "customer_id"), ("customer", "ni_number"), ("orders", "order_id"), ("orders", "customer_id"),
        ("complaint", "complaint_id"), ("complaint", "customer_id"), ("agent", "agent_code"), ("visit", "visit_id"),
        ("visit", "agent_code"), ("visit", "customer_id"), ("event", "event_id"), ("empty_one", "empty_one_id"),
    }  # fmt: skip
    key = looked.scanned.catalog.hash_key()
    ids = sketch((n * 37 + n % 5 for n in range(1, 20001)), key)
    for at in (("customer", "customer_id"), ("orders", "customer_id")):
        assert (found[at].rows, found[at].distinct, found[at].complete) == (20000, 20000, True)
        assert tuple(found[at].hashes) == ids.hashes
        assert len(found[at].hashes) == KEPT
    empty = found["visit", "customer_id"]
    assert (empty.rows, empty.nulls, empty.distinct, len(empty.hashes)) == (900, 900, 0, 0)
    assert (found["event", "event_id"].rows, found["event", "event_id"].complete) == (ROWS, False)
    assert found["empty_one", "empty_one_id"].rows == 0


def test_fault_079_no_value_is_kept_anywhere(looked: Looked) -> None:
    root = looked.scanned.catalog.location.root
    files = [f for f in root.rglob("*") if f.is_file()]
    parts = [f for f in files if f.suffix == ".parquet"]
    assert any("sketch" in f.name for f in parts)
    for file in files:
        raw = file.read_bytes()
        assert not [c for c in CANARIES if c.encode() in raw or c.encode("utf-16-le") in raw], file
    for part in parts:
        text = repr(pq.read_table(part).to_pylist())
        assert not [c for c in CANARIES if c.casefold() in text.casefold()], part
    state = looked.scanned.catalog.location.state_file
    assert state is not None
    with contextlib.closing(sqlite3.connect(state)) as db:
        dump = "\n".join(db.iterdump())
    assert not [c for c in CANARIES if c.casefold() in dump.casefold()]
    key = looked.scanned.catalog.hash_key().hex()
    assert key in dump, "the key stands in the state"
    assert not [f for f in parts if key.encode() in f.read_bytes()], "and nowhere in the facts"
    with looked.scanned.reader() as reader:
        assert "hash_key" not in {name for name, _ in reader.describe()}, "no query shows it"


def test_fault_067_the_server_is_asked_nothing_but_a_few_rows_of_tables(place: Place, looked: Looked) -> None:
    said = looked.statements
    assert len(said) > 20
    assert {s.split(None, 1)[0].upper() for s in said} <= {"SELECT", "SHOW", "SET"}
    asked = [s for s in said if re.search(r"LIMIT 100001$", s)]
    tables = [re.search(r"FROM (.*) LIMIT", s)[1].replace('"', "").replace("`", "").split(".")[-1] for s in asked]  # type: ignore[index]
    assert sorted(tables) == ["agent", "complaint", "customer", "empty_one", "event", "orders", "visit"]
    assert not [s for s in said if "email" in s or "contact" in s or "DISTINCT" in s.upper().split()[:2]]
    limits = {"SET SESSION max_statement_time = 30", "SET SESSION lock_wait_timeout = 1"}
    if isinstance(place.server, PostgreSQL):
        limits = {"SET statement_timeout = 30000", "SET lock_timeout = 1000"}
    assert limits <= set(said)


def test_an_account_that_sees_the_catalog_alone_is_denied_values_and_loses_nothing_else(
    place: Place, looked: Looked, scanned: Scanned
) -> None:
    assert scanned.scan(place.bound(user="porter")).exit is Exit.GAPS
    tables = ("agent", "complaint", "customer", "empty_one", "event", "orders", "visit")
    assert scanned.rows("SELECT path, reason FROM fault WHERE op = 'read' ORDER BY 1") == [
        (f"{place.top}/{table}", "DENIED") for table in tables
    ]
    entries = "SELECT path, kind FROM entry ORDER BY ALL"
    assert scanned.rows(entries) == looked.scanned.rows(entries)


def test_fault_066_a_locked_table_costs_its_own_values_and_seconds_and_nothing_else(
    place: Place, scanned: Scanned
) -> None:
    with place.locked("complaint"):
        started = time.monotonic()
        scanned.scan(place.bound())
        took = time.monotonic() - started
    assert took < 40
    read = scanned.rows("SELECT path, reason FROM fault WHERE op = 'read'")
    assert read == [(f"{place.top}/complaint", "TIMEOUT")]
    tables = {path.rpartition("/")[2] for (path,) in scanned.rows("SELECT DISTINCT path FROM sketch")}
    assert tables == {"customer", "orders", "agent", "visit", "event", "empty_one"}
    assert scanned.rows("SELECT count(*) FROM unit WHERE state <> 'done'") == [(0,)]


def test_a_scan_that_was_stopped_among_tables_goes_on_with_those_that_are_left(place: Place, scanned: Scanned) -> None:
    run = Run.start(scanned.catalog, [place.bound()], title="t", config_hash="0" * 64)
    key = scanned.catalog.hash_key()

    class Interrupted(Sampler):
        tables = 0

        def crawl(self, connector: Connector, unit: Unit) -> Iterator[Event]:
            Interrupted.tables += 1
            if Interrupted.tables > 3:
                run.stop.set()
            yield from super().crawl(connector, unit)

    run.sampling = lambda _bound: Interrupted(key=key)
    assert run.execute(lambda _: None).state == "stopped"
    marks = "SELECT state, count(*) FROM unit WHERE contains(after, 'values') GROUP BY 1 ORDER BY 1"
    done = dict(scanned.rows(marks))
    assert 0 < done["done"] < 7
    again = Run.resume(scanned.catalog, run.number, ())
    again.sampling = partial(sampling, key=key)
    with place.log() as statements:
        assert again.execute(lambda _: None).exit is Exit.COMPLETE
    assert scanned.rows(marks) == [("done", 7)]
    assert scanned.rows('SELECT count(*), count(DISTINCT (path, "column")) FROM sketch') == [(12, 12)]
    assert len([s for s in statements if s.endswith("LIMIT 100001")]) == done["pending"]


def test_the_key_is_made_once_and_for_each_catalog_anew(tmp_path: Path) -> None:
    with Catalog.open(locate(str(tmp_path / "a")), create=True) as catalog:
        first = catalog.hash_key()
        assert len(first) == 32
        assert catalog.hash_key() == first
    with Catalog.open(locate(str(tmp_path / "a"))) as catalog:
        assert catalog.hash_key() == first
    with Catalog.open(locate(str(tmp_path / "b")), create=True) as catalog:
        assert catalog.hash_key() != first
