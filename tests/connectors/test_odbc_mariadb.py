"""The ODBC connector against a real MariaDB: every fact beside another reader's, and its manners."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyodbc
import pytest
import sqlalchemy as sa

from connectors.odbc import PLUG
from connectors.odbc.harvest import OdbcConnector
from connectors.odbc.link import Refused
from scanner.connector import Session
from scanner.model import Batch, SourceError, Unit
from scanner.paths import segment
from scanner.testing import servers
from scanner.testing.conformance import DatabaseSuite, Harness, LogsInSuite, SamplesRowsSuite, planted
from scanner.testing.crawling import Crawl, crawl_all, gathered, ledger_gaps, rows
from scanner.testing.servers import MariaDB
from scanner.testing.world import World

pytestmark = pytest.mark.server

SCRIPT = Path(__file__).parent.parent / "data" / "sql" / "mariadb.sql"
WRONG = "wr0ng/Pw+5!"
ODD = 'od/d "names"'
DATABASES = ("port", "PORT", "ledger", ODD)


@pytest.fixture(autouse=True, scope="module")
def secrets() -> Iterator[None]:
    os.environ.update(STOCKTAKE_TEST_MY=servers.PASSWORD, STOCKTAKE_TEST_MY_WRONG=WRONG)
    yield
    del os.environ["STOCKTAKE_TEST_MY"], os.environ["STOCKTAKE_TEST_MY_WRONG"]


class MariaHarness(Harness):
    """Databases of its own; ``admin`` may do everything, ``clerk`` may only SELECT."""

    plug = PLUG
    secrets = (servers.PASSWORD, WRONG)

    def __init__(self, server: MariaDB) -> None:
        self.server = server

    def plant(self, _world: World) -> None:
        self.server.run(SCRIPT.read_text())
        self.server.run(
            f"CREATE USER clerk@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}';GRANT SELECT ON *.* TO clerk@'127.0.0.1'"
        )

    def settings(self) -> dict[str, object]:
        return {
            "connection": f"DRIVER={{MariaDB Unicode}};SERVER={self.server.host};PORT={self.server.port}",
            "user": "admin",
            "password": "env:STOCKTAKE_TEST_MY",
        }

    def clerk(self) -> dict[str, object]:
        return self.settings() | {"user": "clerk"}

    def missing(self) -> dict[str, object]:
        return self.settings() | {"connection": f"{self.settings()['connection']};Database=nowhere"}

    def refused(self) -> dict[str, object]:
        return self.settings() | {"password": "env:STOCKTAKE_TEST_MY_WRONG"}

    def tables(self) -> dict[str, str]:
        found = {path(d, name): kind for d, name, kind in self.names()}
        # A broken view can be named, and neither described nor read.
        return {p: kind for p, kind in found.items() if kind != "sequence" and p != "ledger/broken"}

    def names(self) -> list[tuple[str, str, str]]:
        """Every table as SHOW lists it."""
        kinds = {"BASE TABLE": "table", "VIEW": "view", "SEQUENCE": "sequence"}
        return [(d, name, kinds[kind]) for d in DATABASES for name, kind in self.read(f"SHOW FULL TABLES FROM `{d}`")]

    def read(self, sql: str) -> list[Any]:
        """What the server's own statements say, over a plain connection."""
        with closing(self.plain()) as connection:
            return [tuple(row) for row in connection.execute(sql).fetchall()]

    def plain(self) -> Any:
        """A plain connection of the administrator's."""
        where = f"{self.settings()['connection']};UID=admin;PWD={servers.PASSWORD};CHARSET=utf8mb4"
        return pyodbc.connect(where, autocommit=True)


def names(value: object) -> tuple[str, ...]:
    """A list of names out of a record; nothing where there is none."""
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def path(*names: str) -> str:
    return "/".join(segment(n) for n in names)


def quoted(*names: str) -> str:
    return ".".join("`" + n.replace("`", "``") + "`" for n in names)


@pytest.fixture(scope="module")
def harbour() -> Iterator[MariaHarness]:
    """On a server of its own: every database of it is counted here."""
    with servers.mariadb() as server:
        yield planted(MariaHarness(server))


class TestMariadb(LogsInSuite, SamplesRowsSuite, DatabaseSuite):
    @pytest.fixture(scope="class")
    def harness(self, harbour: MariaHarness) -> MariaHarness:
        return harbour


@pytest.fixture(scope="module")
def found(harbour: MariaHarness) -> Crawl:
    return harbour.crawl()


@pytest.fixture(scope="module")
def seen_by_clerk(harbour: MariaHarness) -> Crawl:
    return _crawl(harbour, harbour.clerk())


def test_it_has_a_schema_of_sakilas_size(found: Crawl) -> None:
    kinds = [r["kind"] for r in found.records("entry")]
    assert kinds.count("table") >= 16
    assert kinds.count("view") >= 7
    assert not found.faults


@pytest.mark.parametrize("account", ["found", "seen_by_clerk"])
def test_every_table_view_and_sequence_is_there_and_no_other(
    harbour: MariaHarness, account: str, request: pytest.FixtureRequest
) -> None:
    crawl: Crawl = request.getfixturevalue(account)
    expected = {path(d, name): kind for d, name, kind in harbour.names()} | {path(d): "database" for d in DATABASES}
    assert {p: r["kind"] for p, r in crawl.entries.items()} == expected


@pytest.mark.parametrize("account", ["found", "seen_by_clerk"])
def test_every_column_is_as_the_server_shows_it(
    harbour: MariaHarness, account: str, request: pytest.FixtureRequest
) -> None:
    crawl: Crawl = request.getfixturevalue(account)
    told = {(r["path"], r["name"]): r for r in crawl.records("column")}
    count = 0
    for database, table, _kind in harbour.names():
        if (database, table) == ("ledger", "broken"):
            continue
        for place, row in enumerate(harbour.read(f"SHOW FULL COLUMNS FROM {quoted(database, table)}"), 1):
            name, type_, collation, null, _key, _default, extra, _rights, comment = row
            mine = told[path(database, table), name]
            count += 1
            assert (mine["position"], mine["type"], mine["nullable"]) == (place, type_, null == "YES")
            assert (mine["comment"] or "") == comment
            assert mine["generated"] == ("GENERATED" in extra or extra == "auto_increment"), (table, name, extra)
            if mine["collation"] is not None:
                assert mine["collation"] == collation
    assert count == len(told)
    assert told["port/country", "flag"]["collation"] == "utf8mb4_bin"
    assert told["port/country", "name"]["collation"] is None
    assert told["port/berth", "area_m2"]["default"] == "`length_m` * 30"
    assert told["port/company", "name"]["default"] == "'NULL'"
    assert told["port/company", "vat_number"]["default"] is None
    assert told["port/harbour", "opened"]["default"] == "'0000-00-00'"
    assert (told["port/berth", "length_m"]["precision"], told["port/berth", "length_m"]["scale"]) == (6, 2)
    assert told["port/vessel", "photo"]["lob"] is True


@pytest.mark.parametrize("account", ["found", "seen_by_clerk"])
def test_every_key_and_index_is_as_the_server_shows_it(
    harbour: MariaHarness, account: str, request: pytest.FixtureRequest
) -> None:
    """An account that may only SELECT is told the same, though the server's own list of rules is empty for it."""
    crawl: Crawl = request.getfixturevalue(account)
    expected: dict[tuple[str, str, str], list[str]] = {}
    for database, table, kind in harbour.names():
        if kind == "table":
            for row in harbour.read(f"SHOW INDEX FROM {quoted(database, table)}"):
                what = "primary" if row[2] == "PRIMARY" else "index" if row[1] else "unique"
                expected.setdefault((path(database, table), row[2], what), []).append(row[4])
    told = {(r["path"], r["name"], r["kind"]): r["columns"] for r in crawl.records("key") if r["kind"] != "foreign"}
    assert told == expected
    assert {_foreign(r) for r in crawl.records("key") if r["kind"] == "foreign"} == _foreign_keys(
        harbour, full=account == "found"
    )


def _foreign(r: dict[str, object]) -> tuple[object, ...]:
    columns, referred = names(r["columns"]), names(r["ref_columns"])
    return (r["path"], r["name"], columns, r["ref_path"], referred, r["on_delete"], r["on_update"])


def _foreign_keys(harbour: MariaHarness, *, full: bool = True) -> set[tuple[object, ...]]:
    """As SQLAlchemy reads them out of SHOW CREATE TABLE; the one whose names it cannot unquote is added by hand."""
    inspector = sa.inspect(sa.create_engine("mariadb+pyodbc://", creator=harbour.plain))
    # Before 10.11.19 the server writes these names unescaped, and an account that may only SELECT cannot be told more.
    text = harbour.read(f"SHOW CREATE TABLE {quoted(ODD, 'back`tick')}")[0][1]
    actions = ("CASCADE", "RESTRICT") if full or "CONSTRAINT `f``k`" in text else (None, None)
    expected: set[tuple[object, ...]] = {
        (path(ODD, "back`tick"), "f`k", ("x`y",), path(ODD, 'we"ird'), ('a"b',), *actions)
    }
    for database in ("port", "PORT", "ledger"):
        for table in inspector.get_table_names(database):
            for key in inspector.get_foreign_keys(table, database):
                referred = path(key["referred_schema"] or database, key["referred_table"])
                columns = (tuple(key["constrained_columns"]), referred, tuple(key["referred_columns"]))
                rules = (key["options"].get("ondelete", "RESTRICT"), key["options"].get("onupdate", "RESTRICT"))
                if key["name"] == "vessel_sister":
                    rules = ("NO ACTION", "RESTRICT")  # which SQLAlchemy leaves out, as if nothing had been declared
                expected.add((path(database, table), key["name"], *columns, *rules))
    assert len(expected) >= 20
    inspector.bind.dispose()  # type: ignore[union-attr]
    return expected


def test_the_second_way_asks_only_where_the_first_said_nothing(harbour: MariaHarness) -> None:
    admin, clerk = _statements(harbour, "admin"), _statements(harbour, "clerk")
    assert not [s for s in admin if s.startswith("SHOW CREATE")]
    asked = {s for s in clerk if s.startswith("SHOW CREATE TABLE")}  # as a set: each is logged prepared and executed
    assert len(asked) == len({k[0] for k in _foreign_keys(harbour)})


def test_texts_are_the_servers_own(harbour: MariaHarness, found: Crawl) -> None:
    routines = {(r["path"], r["kind"]): r for r in found.records("routine")}
    for database, name, kind in harbour.names():
        if kind != "view":
            continue
        text = str(routines.pop((path(database, name), "view"))["definition"])
        if name == "broken":
            assert "short_lived" in text
            continue
        shown = harbour.read(f"SHOW CREATE VIEW {quoted(database, name)}")[0][1]
        assert shown.endswith(f" AS {text}")
    for database, name, kind in (
        ("ledger", "settle", "procedure"), ("ledger", "settle", "function"), ("port", "days_alongside", "function"),
        (ODD, "pro/c;", "procedure"), ("ledger", "nightly", "event"),
    ):  # fmt: skip
        shown = harbour.read(f"SHOW CREATE {kind} {quoted(database, name)}")[0]
        text = str(routines.pop((path(database, name), kind))["definition"])
        assert any(str(part).rstrip().endswith(text) for part in shown), (kind, name)
    for database, table, name in (("ledger", "invoice", "touched"), (ODD, "a/b", "tri/gger;")):
        row = routines.pop((path(database, table, name), "trigger"))
        assert row["on_path"] == path(database, table)
        shown = harbour.read(f"SHOW CREATE TRIGGER {quoted(database, name)}")[0][2]
        assert shown.endswith(str(row["definition"]).partition("FOR EACH ROW ")[2])
    assert not routines


def test_more_texts_than_one_answer_holds_are_all_told_once(harbour: MariaHarness) -> None:
    views = [f"{'pP'[i % 2]}{i // 2:04d}" for i in range(990)]  # twins but for their case
    # The thousandth in the order of bytes lies among these, which collate elsewhere or would end a literal.
    views += [
        "p",
        "q'",
        "q''",
        "q\\",
        "q\\'",
        'q"',
        "q%",
        "q_",
        "q",
        "q ä",
        "z" * 64,
        "z" * 63,
        "ß",
        "ss",
        "é",
        "É",
        "e",
        "λ",
        "Λ",
    ]
    views += [f"漢{n}" for n in range(3)]
    made = [f"CREATE PROCEDURE q{i}() SELECT {i}; CREATE FUNCTION q{i}() RETURNS int RETURN {i};" for i in range(510)]
    made += [f"CREATE VIEW `{name}` AS SELECT 1 AS n;" for name in views]
    harbour.server.run("CREATE DATABASE many")
    try:
        for n in range(0, len(made), 200):
            harbour.server.run(f"USE many; {' '.join(made[n : n + 200])}")
        with closing(harbour.open()) as connector:
            list(connector.roots())
            batches = [e for e in connector.crawl(Unit("many/")) if isinstance(e, Batch)]
    finally:
        harbour.server.run("DROP DATABASE many")
    told = sorted((str(r["path"]), str(r["kind"])) for b in batches if b.schema.name == "routine" for r in rows(b))
    routines = [(f"many/q{i}", kind) for i in range(510) for kind in ("function", "procedure")]
    assert told == sorted([*routines, *((path("many", name), "view") for name in views)])


def test_names_that_the_connection_cannot_write_do_not_make_it_ask_for_ever(harbour: MariaHarness) -> None:
    made = " ".join(f"CREATE VIEW `{name}` AS SELECT 1 AS n;" for name in ("a", "λ", "漢"))
    harbour.server.run(f"CREATE DATABASE far; USE far; {made}")
    settings = harbour.settings()
    settings["connection"] = f"{settings['connection']};CHARSET=latin1"
    try:
        with closing(PLUG.open(PLUG.options.model_validate(settings), Session("db"))) as connector:
            list(connector.roots())
            events = list(connector.crawl(Unit("far/")))
    finally:
        harbour.server.run("DROP DATABASE far")
    batches = [e for e in events if isinstance(e, Batch) and e.schema.name == "routine"]
    assert "far/a" in [r["path"] for b in batches for r in rows(b)]


def test_hidden_texts_are_unknown_and_one_fault_for_each_database(harbour: MariaHarness, seen_by_clerk: Crawl) -> None:
    views = [r for r in seen_by_clerk.records("routine") if r["kind"] == "view"]
    assert len(views) == 9
    assert {r["definition"] for r in views} == {None}
    assert {(f.path, f.op, f.reason) for f in seen_by_clerk.faults} == {
        (path(d), "query", "QUERY_FAILED") for d in DATABASES
    }
    assert all("text of" in f.detail for f in seen_by_clerk.faults)


def test_figures_and_times_are_the_servers_own(harbour: MariaHarness, found: Crawl) -> None:
    rows = harbour.read(
        "SELECT table_name, table_rows, data_length, data_length + index_length, UNIX_TIMESTAMP(create_time), engine"
        " FROM information_schema.tables WHERE table_schema = 'port' AND table_type = 'BASE TABLE'"
    )
    assert len(rows) >= 12
    for name, count, size, allocated, created, engine in rows:
        entry = found.entries[f"port/{name}"]
        told = (entry["rows"], entry["size"], entry["allocated"], entry["created"], entry["subtype"])
        assert told == (count, size, allocated, int(created) * 1_000_000, engine)
    assert found.entries["port/tide_log"]["subtype"] == "MyISAM"
    assert found.entries["port/vessel_owner"]["size"] is None
    assert found.entries["port/ticket"]["rows"] is None
    assert abs(int(str(found.entries["port/vessel"]["created"])) / 1e6 - time.time()) < 3600


def test_settings_and_grants_are_told(harbour: MariaHarness, found: Crawl) -> None:
    told = {(r["path"], r["name"]): r["value"] for r in found.records("setting")}
    assert told["", "version"] == harbour.read("SELECT version()")[0][0]
    assert (told["port", "encoding"], told["ledger", "collation"]) == ("utf8mb4", "latin1_swedish_ci")
    assert told["port/country", "comment"] == "Flags a vessel may sail under ⚓"
    grants = {(r["path"], r["grantee"], r["right"]) for r in found.records("grant")}
    assert ("", "'clerk'@'127.0.0.1'", "read") in grants
    assert ("", "'clerk'@'127.0.0.1'", "write") not in grants


def test_rights_roles_and_accounts_without_a_name_are_told(harbour: MariaHarness) -> None:
    harbour.server.run(
        "CREATE ROLE tellers; GRANT tellers TO clerk@'127.0.0.1'; CREATE USER ''@'10.%';"
        "GRANT SELECT ON port.* TO ''@'10.%'; GRANT SELECT (name), INSERT ON port.company TO tellers;"
        "GRANT EXECUTE ON PROCEDURE ledger.settle TO tellers WITH GRANT OPTION;"
        "GRANT UPDATE, DELETE ON ledger.* TO tellers WITH GRANT OPTION"
    )
    try:
        crawl = harbour.crawl()
    finally:
        harbour.server.run("DROP ROLE tellers; DROP USER ''@'10.%'")
    assert not crawl.faults
    told = {
        (r["path"], r["grantee"], r["grantee_kind"], r["right"], r["native"], r["scope"], r.get("condition"))
        for r in crawl.records("grant")
    }
    assert {
        ("port", "''@'10.%'", "everyone", "read", "SELECT", "both", None),
        ("port/company", "'tellers'@''", "role", "read", "SELECT", "this", "only column name"),
        ("port/company", "'tellers'@''", "role", "write", "INSERT", "this", None),
        ("ledger", "'tellers'@''", "role", "write", "UPDATE", "both", None),
        ("ledger", "'tellers'@''", "role", "delete", "DELETE", "both", None),
        ("ledger", "'tellers'@''", "role", "change_permissions", "GRANT OPTION", "both", None),
        ("ledger/settle", "'tellers'@''", "role", "execute", "EXECUTE", "this", None),
        ("ledger/settle", "'tellers'@''", "role", "change_permissions", "GRANT OPTION", "this", None),
        ("", "'admin'@'127.0.0.1'", "user", "full", "SUPER", "both", None),
        ("", "'clerk'@'127.0.0.1'", "user", "read", "SELECT", "both", None),
    } <= told
    assert not [t for t in told if "USAGE" in str(t[4])]
    members = {(r["group"], r["member"], r["member_kind"]) for r in crawl.records("member")}
    assert ("'tellers'@''", "'clerk'@'127.0.0.1'", "user") in members
    settings = {str(r["name"]): r["value"] for r in crawl.records("setting") if r["path"] == ""}
    assert settings["account.@10.%"] == "mysql_native_password, no password"
    assert settings["account.clerk@127.0.0.1"] == "mysql_native_password"
    assert settings["account.tellers@"] == "role"
    assert {"skip_name_resolve", "have_ssl", "local_infile", "secure_file_priv", "tls_session", "datadir"} <= set(
        settings
    )
    assert not [v for v in settings.values() if "256AE0B0" in str(v)], "no hash of a password either"


def test_rights_by_pattern_by_role_and_of_names_with_an_at_sign_are_told(harbour: MariaHarness) -> None:
    """`my\\_db` is how most tools write a grant; a role's own rights stand in the server's tables alone."""
    harbour.server.run(
        f"CREATE USER `a@b`@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}';"
        f"CREATE USER heir@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}';"
        "GRANT SUPER, SELECT ON *.* TO `a@b`@'127.0.0.1'; CREATE ROLE `d@ba`; GRANT ALL ON *.* TO `d@ba`;"
        "GRANT `d@ba` TO heir@'127.0.0.1'; GRANT SELECT ON `led%`.* TO heir@'127.0.0.1'; CREATE DATABASE old_one;"
        "CREATE ROLE minor; GRANT minor TO `d@ba`; CREATE DATABASE oldXone;"
        "GRANT INSERT ON `old\\_one`.* TO heir@'127.0.0.1'; GRANT SELECT (name) ON port.company TO heir@'127.0.0.1'"
        " WITH GRANT OPTION"
    )
    try:
        whole = _crawl(harbour, harbour.settings() | {"user": "a@b"})
        heirs = _crawl(harbour, harbour.settings() | {"user": "heir"})
    finally:
        harbour.server.run(
            "DROP USER `a@b`@'127.0.0.1'; DROP USER heir@'127.0.0.1'; DROP ROLE `d@ba`; DROP ROLE minor;"
            "DROP DATABASE old_one; DROP DATABASE oldXone"
        )
    heir, role = "'heir'@'127.0.0.1'", "'d@ba'@''"
    told = {(r["path"], r["grantee"], r["right"], r.get("condition")) for r in whole.records("grant")}
    assert {
        ("old_one", heir, "write", None),
        ("ledger", heir, "read", "of databases like led%"),
        ("port/company", heir, "read", "only column name"),
        ("port/company", heir, "change_permissions", None),
        ("", role, "full", None),
        ("", role, "read", None),
        ("", role, "read", "files on the server itself"),
    } <= told
    assert not [t for t in told if t[0] == "oldXone" and t[1] == heir]
    account = {str(r["name"]): r["value"] for r in whole.records("setting") if r["path"] == ""}
    assert (account["scan_account_superuser"], account["scan_account_creates_roles"]) == ("on", "off")
    account = {str(r["name"]): r["value"] for r in heirs.records("setting") if r["path"] == ""}
    assert account["scan_account_superuser"] is None, (
        "what a role that it may take on would let it do is not shown to it"
    )
    members = {(r["group"], r["member"], r["member_kind"]) for r in heirs.records("member")}
    assert members == {(role, heir, "user"), ("'minor'@''", role, "role")}


def test_fault_022_a_database_dropped_before_it_is_read_is_gone_and_not_empty(harbour: MariaHarness) -> None:
    harbour.server.run("CREATE DATABASE fleeting; CREATE TABLE fleeting.t (i int)")
    try:
        with closing(harbour.open()) as connector:
            list(connector.roots())
            assert "fleeting/" in {u.key for u in connector.crawl(Unit("")) if isinstance(u, Unit)}
            harbour.server.run("DROP DATABASE fleeting")
            gone = gathered(connector.crawl(Unit("fleeting/")), ())
    finally:
        harbour.server.run("DROP DATABASE IF EXISTS fleeting")
    assert [(f.path, f.op, f.reason) for f in gone.faults] == [("fleeting/", "list", "VANISHED")]
    assert not gone.batches


def test_tables_of_other_servers_name_them_without_the_password(harbour: MariaHarness) -> None:
    port, canary = harbour.server.port, "c4naryPw"
    harbour.server.run(
        f"INSTALL SONAME 'ha_federatedx'; CREATE USER far@'127.0.0.1' IDENTIFIED BY '{canary}';"
        "GRANT SELECT ON port.* TO far@'127.0.0.1';"
        "CREATE SERVER books FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', DATABASE 'port', USER 'far',"
        f" PASSWORD '{canary}', PORT {port});"
        "CREATE TABLE ledger.abroad (code char(2)) ENGINE=FEDERATED"
        f" CONNECTION='mysql://far:{canary}@127.0.0.1:{port}/port/country';"
        "CREATE TABLE ledger.by_name (code char(2)) ENGINE=FEDERATED COMMENT='x' CONNECTION='books/country'"
    )
    try:
        crawls = [harbour.crawl(), _crawl(harbour, harbour.clerk())]
    finally:
        harbour.server.run(
            "DROP TABLE ledger.abroad; DROP TABLE ledger.by_name; DROP SERVER books; DROP USER far@'127.0.0.1';"
            "UNINSTALL SONAME 'ha_federatedx'"
        )
    for crawl in crawls:
        assert canary not in str([b.columns for b in crawl.batches])
        assert {(r["path"], r["part"], r["kind"], r["locator"]) for r in crawl.records("mention")} == {
            ("", "books", "server_link", f"mysql://far@127.0.0.1:{port}/port"),
            ("ledger/abroad", "FEDERATED", "url", f"mysql://far:***@127.0.0.1:{port}/port/country"),
            ("ledger/by_name", "FEDERATED", "table", "books/country"),
        }
        entry = crawl.entries["ledger/abroad"]
        assert (entry["kind"], entry["size"], entry["modified"]) == ("foreign_table", None, None)


def test_partitions_schedules_and_odd_indexes_are_told(found: Crawl) -> None:
    told = {(r["path"], r["name"]): r["value"] for r in found.records("setting")}
    assert told["port/movement", "partitioning"] == "RANGE (year(`moved_on`)), 2 partitions"
    assert told["port/vessel", "index.words"] == "fulltext"
    assert told["ledger/nightly", "schedule"] == "every 1 day, enabled, as root@localhost"
    assert int(str(told["port", "database_bytes"])) > 100_000


def test_fault_069_names_in_a_latin_database_arrive_whole(harbour: MariaHarness) -> None:
    harbour.server.run(
        "CREATE DATABASE `münchen` CHARACTER SET latin1; CREATE TABLE `münchen`.`größe €` (`straße` int)"
    )
    try:
        crawl = harbour.crawl()
    finally:
        harbour.server.run("DROP DATABASE `münchen`")
    assert "münchen/größe €" in crawl.entries
    assert ("münchen/größe €", "straße") in {(r["path"], r["name"]) for r in crawl.records("column")}


def _statements(harbour: MariaHarness, user: str) -> list[str]:
    """Every statement the server saw while the connector crawled and sampled as ``user``."""
    log = harbour.server.directory / f"general-{user}-{time.monotonic_ns()}"
    harbour.server.run(f"SET GLOBAL general_log_file = '{log}'; SET GLOBAL general_log = 1")
    try:
        with closing(harbour.open(harbour.settings() | {"user": user})) as connector:
            crawl_all(connector)
            assert isinstance(connector, OdbcConnector)
            connector.sample("port/harbour", 2)
    finally:
        harbour.server.run("SET GLOBAL general_log = 0")
    entries = re.split(r"^(?:\d{6} [ \d:]{8})?\s+\d+ (?=\w+\s)", log.read_text(errors="replace"), flags=re.MULTILINE)
    commands = [e.partition("\t") for e in entries]
    mine, logged_in = [], False
    for kind, _, text in commands:
        logged_in = logged_in or (kind.strip() == "Connect" and user in text)
        if logged_in and kind.strip() in ("Query", "Execute", "Prepare") and "general_log" not in text:
            mine.append(text.strip())
    return mine


@pytest.mark.parametrize("user", ["admin", "clerk"])
def test_fault_067_the_statement_log_holds_nothing_but_select_show_and_set(harbour: MariaHarness, user: str) -> None:
    statements = _statements(harbour, user)
    assert len(statements) > 20
    assert {s.split(None, 1)[0].upper() for s in statements} <= {"SELECT", "SHOW", "SET"}
    assert "SET SESSION TRANSACTION READ ONLY" in statements


def test_fault_067_the_session_could_not_write_if_it_tried(harbour: MariaHarness) -> None:
    with closing(harbour.open()) as connector:
        list(connector.roots())
        assert isinstance(connector, OdbcConnector)
        with pytest.raises(Refused, match="READ ONLY"):
            connector._link.execute("SELECT NEXTVAL(`port`.`ticket`)")


def test_a_wrong_password_is_one_failed_login_however_often_it_is_asked(harbour: MariaHarness) -> None:
    before = _failures(harbour.server)
    with closing(harbour.open(harbour.refused())) as connector:
        for _ in range(3):
            with pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert raised.value.code == "AUTH_REFUSED"
            with pytest.raises(SourceError):
                next(connector.crawl(Unit("")), None)
    assert _failures(harbour.server) - before == 1


def _failures(server: MariaDB) -> int:
    return server.log.read_text(errors="replace").count("Access denied for user 'admin'")


def test_a_database_without_rights_is_denied_when_it_is_named(harbour: MariaHarness) -> None:
    harbour.server.run(f"CREATE USER guest@'127.0.0.1' IDENTIFIED BY '{servers.PASSWORD}'")
    settings = harbour.settings() | {"user": "guest", "connection": f"{harbour.settings()['connection']};Database=port"}
    try:
        with closing(harbour.open(settings)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
    finally:
        harbour.server.run("DROP USER guest@'127.0.0.1'")
    assert (raised.value.code, raised.value.transient) == ("DENIED", False)


def test_a_named_database_is_the_whole_source(harbour: MariaHarness) -> None:
    crawl = _crawl(harbour, harbour.settings() | {"connection": f"{harbour.settings()['connection']};Database=ledger"})
    assert {p.partition("/")[0] for p in crawl.entries} == {"ledger"}
    assert not ledger_gaps(crawl)
    assert any(r["ref_path"] == "port/cargo" for r in crawl.records("key"))


def test_fault_075_samples_survive_dates_that_are_none_and_numbers_beyond_64_bits(harbour: MariaHarness) -> None:
    with closing(harbour.open(harbour.clerk())) as connector:
        assert isinstance(connector, OdbcConnector)
        names, rows = connector.sample("port/person", 5)
        assert names == ("person_id", "family_name", "born", "woken", "year_in")
        assert [row[2:4] for row in rows] == [("0000-00-00", "-800:00:00"), ("2024-00-00", "838:59:59")]
        names, rows = connector.sample("port/pilot", 5)
        assert int(str(dict(zip(names, rows[0], strict=True))["huge"])) == 18446744073709551615
        _, rows = connector.sample("port/bare", 1)
        assert len(str(rows[0][0])) == 4096
        _, rows = connector.sample("port/vessel", 1)
        assert len(rows[0][6]) == 4096  # type: ignore[arg-type]
        assert connector.sample(path(ODD, 'we"ird'), 1) == (('a"b', "select", "per%cent_"), [(1, "one", 1)])
        assert connector.sample(path(ODD, "back`tick"), 1)[0] == ("x`y",)
        with pytest.raises(SourceError) as raised:
            connector.sample("ledger/broken", 1)
        assert raised.value.code in ("QUERY_FAILED", "NOT_FOUND")


def test_fault_064_a_query_that_takes_too_long_is_ended_by_the_server(harbour: MariaHarness) -> None:
    harbour.server.run("CREATE VIEW ledger.slow AS SELECT SLEEP(30) AS s FROM port.country")
    try:
        with closing(harbour.open(harbour.settings() | {"query_timeout_s": 1})) as connector:
            assert isinstance(connector, OdbcConnector)
            started = time.monotonic()
            with pytest.raises(SourceError) as raised:
                connector.sample("ledger/slow", 5)
            assert time.monotonic() - started < 10
    finally:
        harbour.server.run("DROP VIEW ledger.slow")
    assert (raised.value.code, raised.value.transient) == ("TIMEOUT", False)


def test_fault_074_a_lost_connection_is_transient_and_the_next_attempt_succeeds(harbour: MariaHarness) -> None:
    with closing(harbour.open(harbour.clerk())) as connector:
        unit = next(u for u in crawl_all(connector).units if u.key == "port/")
        for (number,) in harbour.read("SELECT id FROM information_schema.processlist WHERE user = 'clerk'"):
            harbour.server.run(f"KILL {number}")
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(unit))
        assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)
        assert list(connector.crawl(unit))


def test_nobody_at_the_port_is_unreachable(harbour: MariaHarness) -> None:
    connection = f"DRIVER={{MariaDB Unicode}};SERVER=127.0.0.1;PORT={servers.free_port()}"
    connector = harbour.open(harbour.settings() | {"connection": connection})
    with closing(connector), pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)


def test_the_catalog_functions_find_the_same_tables_columns_and_keys(harbour: MariaHarness, found: Crawl) -> None:
    crawl = _crawl(harbour, harbour.settings() | {"profile": "generic"})
    mine = {p: r["kind"] for p, r in found.entries.items() if r["kind"] != "sequence"}
    assert {p for p in mine if p not in crawl.entries} == set()
    columns = {(r["path"], r["name"]) for r in found.records("column") if r["path"] in mine}
    assert columns - {(r["path"], r["name"]) for r in crawl.records("column")} == set()
    primary = {(r["path"], names(r["columns"])) for r in found.records("key") if r["kind"] == "primary"}
    assert {(r["path"], names(r["columns"])) for r in crawl.records("key") if r["kind"] == "primary"} == primary
    assert {_foreign(r)[:5] for r in crawl.records("key") if r["kind"] == "foreign"} == {
        k[:5] for k in _foreign_keys(harbour)
    }
    assert not ledger_gaps(crawl)


def _crawl(harness: MariaHarness, settings: dict[str, object]) -> Crawl:
    with closing(harness.open(settings)) as connector:
        return crawl_all(connector)
