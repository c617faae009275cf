"""The ODBC connector against a real PostgreSQL: every fact beside another reader's, and its manners."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from connectors.odbc import PLUG
from connectors.odbc.harvest import OdbcConnector
from connectors.odbc.link import Refused
from scanner.connector import Session, SketchesColumns
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.paths import segment
from scanner.testing import servers
from scanner.testing.conformance import DatabaseSuite, Harness, LogsInSuite, SamplesRowsSuite, planted
from scanner.testing.crawling import Crawl, crawl_all, gathered, ledger_gaps, rows
from scanner.testing.servers import PostgreSQL
from scanner.testing.world import World

pytestmark = pytest.mark.server

SCRIPT = Path(__file__).parent.parent / "data" / "sql" / "postgres.sql"
WRONG = "wr0ng/Pw+4!"
SCHEMAS = ("port", "ledger", 'od/d "names"')
KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized_view", "S": "sequence", "f": "foreign_table"}


@pytest.fixture(autouse=True, scope="module")
def secrets() -> Iterator[None]:
    os.environ.update(STOCKTAKE_TEST_PG=servers.PASSWORD, STOCKTAKE_TEST_PG_WRONG=WRONG)
    yield
    del os.environ["STOCKTAKE_TEST_PG"], os.environ["STOCKTAKE_TEST_PG_WRONG"]


class PostgresHarness(Harness):
    """A database of its own, and an account that may read it."""

    plug = PLUG
    secrets = (servers.PASSWORD, WRONG)

    def __init__(self, server: PostgreSQL) -> None:
        self.server = server

    def plant(self, _world: World) -> None:
        self.server.run(
            f"CREATE ROLE clerk LOGIN PASSWORD '{servers.PASSWORD}' IN ROLE pg_read_all_data;"
            "ALTER ROLE clerk SET log_statement = 'all';"
        )
        self.server.run("CREATE DATABASE harbour")
        self.server.run(SCRIPT.read_text(), "harbour")

    def settings(self) -> dict[str, object]:
        server = f"SERVER={self.server.host};PORT={self.server.port};Database=harbour"
        return {
            "connection": f"DRIVER={{PostgreSQL Unicode}};{server}",
            "user": "clerk",
            "password": "env:STOCKTAKE_TEST_PG",
        }

    def everything(self) -> dict[str, object]:
        """Settings that name the server, and no database."""
        return self.settings() | {"connection": str(self.settings()["connection"]).replace(";Database=harbour", "")}

    def missing(self) -> dict[str, object]:
        return self.settings() | {"connection": f"{self.everything()['connection']};Database=nowhere"}

    def refused(self) -> dict[str, object]:
        return self.settings() | {"password": "env:STOCKTAKE_TEST_PG_WRONG"}

    def tables(self) -> dict[str, str]:
        rows = self.read(
            "SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm')"
            " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)",
            list(SCHEMAS),
        )
        return {path(schema, name): KINDS[kind] for schema, name, kind in rows}

    def dsn(self, database: str = "harbour") -> str:
        """How psycopg, another reader, finds the server."""
        server = self.server
        return f"host={server.host} port={server.port} user=postgres password={server.password} dbname={database}"

    def read(self, sql: str, *parameters: object) -> list[Any]:
        """What another driver reads from the server, as its administrator."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            return connection.execute(sql, parameters or None).fetchall()


def names(value: object) -> tuple[str, ...]:
    """A list of names out of a record; nothing where there is none."""
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def path(*names: str) -> str:
    return "/".join(segment(n) for n in ("harbour", *names))


@pytest.fixture(scope="module")
def harbour() -> Iterator[PostgresHarness]:
    """On a server of its own: every database of it is counted here."""
    with servers.postgresql() as server:
        yield planted(PostgresHarness(server))


class TestPostgresql(LogsInSuite, SamplesRowsSuite, DatabaseSuite):
    @pytest.fixture(scope="class")
    def harness(self, harbour: PostgresHarness) -> PostgresHarness:
        return harbour


@pytest.fixture(scope="module")
def found(harbour: PostgresHarness) -> Crawl:
    return harbour.crawl()


def test_it_has_a_schema_of_sakilas_size(found: Crawl) -> None:
    kinds = [r["kind"] for r in found.records("entry")]
    assert kinds.count("table") >= 16
    assert kinds.count("view") + kinds.count("materialized_view") >= 7
    assert not found.faults


def test_every_table_view_and_sequence_is_there_and_no_other(harbour: PostgresHarness, found: Crawl) -> None:
    rows = harbour.read(
        "SELECT table_schema, table_name, CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END"
        " FROM information_schema.tables WHERE table_schema <> 'information_schema' AND table_schema NOT LIKE 'pg\\_%%'"
        " UNION ALL SELECT schemaname, matviewname, 'materialized_view' FROM pg_matviews"
        " UNION ALL SELECT schemaname, sequencename, 'sequence' FROM pg_sequences"
    )
    expected = {path(schema, name): kind for schema, name, kind in rows}
    containers = {"harbour": "database", **{path(s): "schema" for s in (*SCHEMAS, "public")}}
    assert {p: r["kind"] for p, r in found.entries.items()} == expected | containers
    assert found.entries["harbour/port/movement"]["subtype"] == "partitioned"
    assert found.entries["harbour/port/movement_2024"]["subtype"] == "partition"
    assert found.entries["harbour/port/scratch"]["subtype"] == "unlogged"


def test_every_column_is_as_the_information_schema_has_it(harbour: PostgresHarness, found: Crawl) -> None:
    rows = harbour.read(
        "SELECT table_schema, table_name, column_name, is_nullable = 'YES', character_maximum_length,"
        " CASE WHEN data_type = 'numeric' THEN numeric_precision END,"
        " CASE WHEN data_type = 'numeric' THEN numeric_scale END,"
        " coalesce(column_default, generation_expression),"
        " is_identity = 'YES' OR is_generated = 'ALWAYS', collation_name"
        " FROM information_schema.columns WHERE table_schema = ANY(%s) ORDER BY 1, 2, ordinal_position",
        list(SCHEMAS),
    )
    places: dict[str, int] = {}
    expected = {}
    for schema, table, column, nullable, length, precision, scale, default, generated, collation in rows:
        table_path = path(schema, table)
        places[table_path] = places.get(table_path, 0) + 1
        key = (table_path, column)
        expected[key] = (places[table_path], nullable, length, precision, scale, default, generated, collation)
    told = {}
    for r in found.records("column"):
        if found.entries[str(r["path"])]["kind"] == "materialized_view":
            continue  # no part of the information schema; the next test reads them
        exact = str(r["type"]).startswith("numeric")
        precision, scale = (r["precision"], r["scale"]) if exact else (None, None)
        told[str(r["path"]), r["name"]] = (
            r["position"], r["nullable"], r["length"], precision, scale, r["default"], r["generated"], r["collation"],
        )  # fmt: skip
    assert told == expected


def test_types_and_comments_are_as_another_reader_has_them(harbour: PostgresHarness, found: Crawl) -> None:
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(harbour.dsn()))
    told = {(r["path"], r["name"]): (r["type"], r["comment"]) for r in found.records("column")}
    expected = {}
    with engine.connect() as connection:
        for schema, table, column, kind, comment in connection.execute(
            sa.text(
                "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
                " col_description(c.oid, a.attnum) FROM pg_attribute a"
                " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'p', 'v', 'm')"
                " AND a.attnum > 0 AND NOT a.attisdropped"
            ),
            {"schemas": list(SCHEMAS)},
        ):
            expected[path(schema, table), column] = (kind, comment)
    engine.dispose()
    assert told == expected
    assert told["harbour/port/country", "flag"][1] == 'Emoji of the flag 🇳🇱, "quoted" and with \\ a backslash'
    comments = {r["path"]: r["value"] for r in found.records("setting") if r["name"] == "comment"}
    assert comments == {
        "harbour/port": "Ships and quays ⚓",
        "harbour/port/country": "Flags a vessel may sail under",
    } | {p: v for p, v in comments.items() if p == "harbour/public"}


def test_every_key_and_index_is_as_sqlalchemy_reads_it(harbour: PostgresHarness, found: Crawl) -> None:
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(harbour.dsn()))
    inspector: Any = sa.inspect(engine)
    everything: dict[str, Any] = {
        "kind": sa.engine.reflection.ObjectKind.ANY,
        "scope": sa.engine.reflection.ObjectScope.ANY,
    }
    expected = set()
    for schema in SCHEMAS:
        for (_, table), key in inspector.get_multi_pk_constraint(schema, **everything).items():
            if key and key["constrained_columns"]:
                expected.add((path(schema, table), key["name"], "primary", *_columns(key["constrained_columns"])))
        for (_, table), keys in inspector.get_multi_unique_constraints(schema, **everything).items():
            expected |= {(path(schema, table), k["name"], "unique", *_columns(k["column_names"])) for k in keys}
        for (_, table), keys in inspector.get_multi_foreign_keys(schema, **everything).items():
            for key in keys:
                if key["referred_table"] in ("movement_2024", "movement_2025"):
                    continue  # copies of a key to the partitioned table, which psql does not show either
                referred = path(key["referred_schema"] or schema, key["referred_table"])
                rules = (key["options"].get("ondelete", "NO ACTION"), key["options"].get("onupdate", "NO ACTION"))
                columns = (tuple(key["constrained_columns"]), referred, tuple(key["referred_columns"]), *rules)
                expected.add((path(schema, table), key["name"], "foreign", *columns))
        for (_, table), indexes in inspector.get_multi_indexes(schema, **everything).items():
            for index in indexes:
                if index.get("duplicates_constraint"):
                    continue
                options = index.get("dialect_options", {})
                partial = "postgresql_where" in options or "expressions" in index
                kind = "unique" if index["unique"] and not partial else "index"
                own = len(index["column_names"]) - len(index.get("include_columns", []))
                columns = index.get("expressions", index["column_names"])[: own if "expressions" not in index else None]
                expected.add((path(schema, table), index["name"], kind, *_columns(columns)))
    engine.dispose()
    told = {
        (
            *(r["path"], r["name"], r["kind"], names(r["columns"]), r["ref_path"]),
            *(names(r["ref_columns"]) or None, r["on_delete"], r["on_update"]),
        )
        for r in found.records("key")
    }
    assert told == expected
    assert len(found.records("key")) == len(told)


def _columns(names: list[Any]) -> tuple[Any, ...]:
    return (tuple(names), None, None, None, None)


def test_composite_cyclic_self_and_cross_schema_keys_are_there(found: Crawl) -> None:
    keys = {r["name"]: r for r in found.records("key") if r["kind"] == "foreign"}
    assert keys["cargo_tallied_by"]["ref_columns"] == ["vessel_id", "person_id", "since"]
    assert keys["company_parent_id_fkey"]["ref_path"] == "harbour/port/company"
    assert keys["account_last_invoice"]["ref_path"] == "harbour/ledger/invoice"
    assert keys["invoice_account_id_fkey"]["ref_path"] == "harbour/ledger/account"
    assert (keys["line_cargo"]["path"], keys["line_cargo"]["ref_path"]) == (
        "harbour/ledger/invoice_line",
        "harbour/port/cargo",
    )
    assert len([r for r in found.records("key") if r["name"] == "note_movement"]) == 1


def test_texts_of_views_routines_and_triggers_are_the_servers_own(harbour: PostgresHarness, found: Crawl) -> None:
    routines = {(r["path"], r["kind"]): r for r in found.records("routine")}
    views = harbour.read(
        "SELECT schemaname, viewname, 'view', definition FROM pg_views WHERE schemaname = ANY(%s)"
        " UNION ALL SELECT schemaname, matviewname, 'materialized_view', definition FROM pg_matviews",
        list(SCHEMAS),
    )
    assert len(views) >= 8
    for schema, name, kind, definition in views:
        assert routines.pop((path(schema, name), kind))["definition"] == definition
    triggers = harbour.read(
        "SELECT DISTINCT event_object_schema, event_object_table, trigger_name, action_statement"
        " FROM information_schema.triggers"
    )
    for schema, table, name, action in triggers:
        row = routines.pop((path(schema, table, name), "trigger"))
        assert row["on_path"] == path(schema, table)
        assert str(row["definition"]).endswith(action)
    rules = harbour.read("SELECT schemaname, tablename, rulename, definition FROM pg_rules WHERE schemaname = 'port'")
    for schema, table, name, definition in rules:
        assert routines.pop((path(schema, table, name), "rule"))["definition"] == definition
    procedures = harbour.read(
        "SELECT routine_schema, routine_name, lower(routine_type), routine_definition FROM information_schema.routines"
        " WHERE routine_schema = ANY(%s) AND routine_type IS NOT NULL AND routine_definition <> 'aggregate_dummy'",
        list(SCHEMAS),
    )
    assert len(procedures) == 6
    for schema, name, kind, body in procedures:
        start = path(schema, name) + "("
        mine = [k for k, r in routines.items() if str(k[0]).startswith(start) and body in str(r["definition"])]
        assert {k[1] for k in mine} <= {kind}
        assert len(mine) == 1, (schema, name)
        del routines[mine[0]]
    aggregate = routines.pop((path("ledger", "product(numeric)"), "function"))
    assert aggregate["definition"] is None
    assert not routines


def test_figures_are_the_statistics_and_unknown_where_there_are_none(harbour: PostgresHarness) -> None:
    harbour.server.run("CREATE TABLE port.never_analysed AS SELECT generate_series(1, 1000) AS i", "harbour")
    try:
        entries = harbour.crawl().entries
    finally:
        harbour.server.run("DROP TABLE port.never_analysed", "harbour")
    never = entries["harbour/port/never_analysed"]
    assert (never["rows"], never["size"]) == (None, None)
    assert entries["harbour/port/harbour"]["rows"] == 50
    assert entries["harbour/port/harbour"]["size"] == 8192
    assert entries["harbour/port/scratch"]["rows"] == 0
    assert entries["harbour/port/scratch"]["size"] == 0
    assert entries["harbour/port/movement"]["rows"] is None
    assert entries["harbour/port/vessel_owner"]["size"] is None
    toasted = entries["harbour/port/vessel"]
    assert toasted["allocated"] > toasted["size"] >= 8192  # type: ignore[operator]


def test_settings_tell_versions_encoding_and_extensions(harbour: PostgresHarness, found: Crawl) -> None:
    told = {(r["path"], r["name"]): r["value"] for r in found.records("setting")}
    assert told["", "dbms_name"] == "PostgreSQL"
    assert told["", "server_version"] == harbour.read("SHOW server_version")[0][0]
    assert told["harbour", "encoding"] == "UTF8"
    assert told["harbour", "collation"] == "C.UTF-8"
    assert told["harbour", "extension.plpgsql"] == "1.0"
    assert int(str(told["harbour", "database_bytes"])) > 1_000_000


def test_grants_name_who_may_do_what(harbour: PostgresHarness) -> None:
    harbour.server.run(
        "CREATE ROLE tellers; GRANT SELECT, INSERT, UPDATE, DELETE ON port.vessel TO tellers;"
        "GRANT SELECT (name) ON port.company TO tellers WITH GRANT OPTION;"
        "GRANT SELECT ON port.country TO PUBLIC; GRANT CREATE ON DATABASE harbour TO tellers;"
        "GRANT USAGE ON SCHEMA ledger TO clerk; REVOKE EXECUTE ON PROCEDURE ledger.settle FROM PUBLIC;"
        "ALTER TABLE port.tide_log OWNER TO tellers;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA port GRANT SELECT ON TABLES TO PUBLIC",
        "harbour",
    )
    try:
        crawl = harbour.crawl()
    finally:
        harbour.server.run(
            "ALTER TABLE port.tide_log OWNER TO postgres; DROP OWNED BY tellers; DROP ROLE tellers;"
            "REVOKE ALL ON port.country FROM PUBLIC; GRANT EXECUTE ON PROCEDURE ledger.settle TO PUBLIC;"
            "ALTER DEFAULT PRIVILEGES IN SCHEMA port REVOKE SELECT ON TABLES FROM PUBLIC",
            "harbour",
        )
    rows = [r for r in crawl.records("grant") if str(r["path"]).startswith("harbour")]
    assert {(r["effect"], r["inherited"], r["origin"], r["scope"]) for r in rows} == {
        ("allow", False, "sql_grant", "this")
    }
    told = {(r["path"], r["grantee"], r["grantee_kind"], r["right"], r["native"], r["condition"]) for r in rows}
    given = {t for t in told if t[3] != "owner" and t[4] != "EXECUTE" and "/public" not in str(t[0])}
    assert given == {
        ("harbour", "PUBLIC", "everyone", "list", "CONNECT", None),
        ("harbour", "PUBLIC", "everyone", "execute", "TEMPORARY", None),
        ("harbour", "tellers", "role", "write", "CREATE", None),
        ("harbour/port/vessel", "tellers", "role", "read", "SELECT", None),
        ("harbour/port/vessel", "tellers", "role", "write", "INSERT, UPDATE", None),
        ("harbour/port/vessel", "tellers", "role", "delete", "DELETE", None),
        ("harbour/port/company", "tellers", "role", "read", "SELECT", "only column name"),
        ("harbour/port/company", "tellers", "role", "change_permissions", "SELECT", "only column name"),
        ("harbour/port/country", "PUBLIC", "everyone", "read", "SELECT", None),
        ("harbour/ledger", "clerk", "user", "list", "USAGE", None),
    }
    # Whoever can log in may run a routine unless somebody took that right away, though nobody ever granted it.
    everybody = {str(t[0]) for t in told if t[4] == "EXECUTE" and t[1] == "PUBLIC"}
    routines = {str(r["path"]) for r in crawl.records("routine") if r["kind"] in ("function", "procedure")}
    settle = {r for r in routines if r.startswith("harbour/ledger/settle")}
    assert len(settle) == 1
    assert everybody == routines - settle
    owners = {t[0]: t[1] for t in told if t[3] == "owner"}
    assert owners["harbour/port/tide_log"] == "tellers"
    entries = {p: r for p, r in crawl.entries.items() if r["kind"] != "database"}
    assert {p: owners[p] for p in entries} == {p: r["owner"] for p, r in entries.items()}
    settings = {(r["path"], r["name"]): r["value"] for r in crawl.records("setting")}
    assert settings["harbour", "default_privileges.postgres.tables.port"] == "=r/postgres"


def test_a_foreign_table_names_its_server_and_where_it_is_and_nothing_secret(harbour: PostgresHarness) -> None:
    harbour.server.run(
        "CREATE FOREIGN DATA WRAPPER plain;"
        "CREATE SERVER old_ledger FOREIGN DATA WRAPPER plain OPTIONS (host 'nas7', dbname 'books', password 'b4dPw');"
        "CREATE SERVER nameless FOREIGN DATA WRAPPER plain;"
        "CREATE USER MAPPING FOR clerk SERVER old_ledger OPTIONS (user 'x', password 'w0rsePw');"
        "CREATE FOREIGN TABLE port.street (i int) SERVER old_ledger OPTIONS (table_name 's');"
        "CREATE FOREIGN TABLE port.alley (i int) SERVER nameless;",
        "harbour",
    )
    try:
        crawl = harbour.crawl()
    finally:
        harbour.server.run("DROP FOREIGN DATA WRAPPER plain CASCADE", "harbour")
    told = {p: (r["kind"], r["target"]) for p, r in crawl.entries.items() if r.get("target")}
    assert told == {
        "harbour/port/street": ("foreign_table", "old_ledger (dbname=books, host=nas7)"),
        "harbour/port/alley": ("foreign_table", "nameless"),
    }
    assert not crawl.faults
    assert "Pw" not in str(crawl.entries)


def test_links_partitions_row_security_and_odd_indexes_are_told_without_a_secret(
    harbour: PostgresHarness, tmp_path: Path
) -> None:
    file = tmp_path / "ships.csv"
    own, canary = "127.0.0.1", "b4dPw-canary"
    harbour.server.run(
        "CREATE EXTENSION file_fdw; CREATE EXTENSION postgres_fdw; CREATE EXTENSION lo;"
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
        f"CREATE FOREIGN TABLE port.flat (line text) SERVER files OPTIONS (filename '{file}');"
        f"CREATE FOREIGN TABLE port.piped (line text) SERVER files OPTIONS (program 'get --password {canary} http://x/y');"
        "CREATE SERVER books FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db7', port '5433', dbname 'books');"
        f"CREATE USER MAPPING FOR clerk SERVER books OPTIONS (user 'reader', password '{canary}');"
        "CREATE FOREIGN TABLE port.far (i int) SERVER books OPTIONS (schema_name 'ledger', table_name 'entries');"
        "CREATE PUBLICATION all_of_it FOR ALL TABLES; CREATE PUBLICATION one_of_it FOR TABLE port.country;"
        f"CREATE SUBSCRIPTION copy CONNECTION 'host={own} port=1 dbname=x user=y password={canary}' PUBLICATION p"
        " WITH (connect = false, enabled = false, slot_name = NONE);"
        "ALTER TABLE port.company ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON port.company USING (true);"
        "ALTER TABLE port.pilot FORCE ROW LEVEL SECURITY; ALTER TABLE port.pilot ENABLE ROW LEVEL SECURITY;"
        "CREATE TABLE port.scans (id int, picture lo);"
        "CREATE FUNCTION ledger.ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION ledger.ddl()",
        "harbour",
    )
    try:
        crawl = harbour.crawl()
        whole = _crawl(harbour, harbour.settings() | {"user": "postgres"})
    finally:
        harbour.server.run(
            "DROP EVENT TRIGGER watch; DROP FUNCTION ledger.ddl; DROP TABLE port.scans; DROP SUBSCRIPTION copy;"
            "DROP PUBLICATION all_of_it; DROP PUBLICATION one_of_it; DROP EXTENSION file_fdw CASCADE;"
            "DROP EXTENSION postgres_fdw CASCADE; DROP EXTENSION lo; DROP POLICY own ON port.company;"
            "ALTER TABLE port.company DISABLE ROW LEVEL SECURITY; ALTER TABLE port.pilot DISABLE ROW LEVEL SECURITY",
            "harbour",
        )
    assert not crawl.faults
    assert not whole.faults
    assert canary not in str([b.columns for b in (*crawl.batches, *whole.batches)])
    links = {(r["path"], r["part"]): (r["kind"], r["locator"]) for r in crawl.records("mention")}
    assert links == {
        ("harbour", "files"): ("server_link", "file_fdw"),
        ("harbour", "books"): ("server_link", "dbname=books;host=db7;port=5433"),
        ("harbour/port/flat", "files"): ("path", str(file)),
        ("harbour/port/piped", "files"): ("table", "get --password *** http://x/y"),
        ("harbour/port/far", "books"): ("table", "books.ledger.entries"),
        ("harbour", "copy"): ("server_link", f"host={own} port=1 dbname=x user=y password=***"),
    }
    assert {(r["path"], r["part"]): (r["kind"], r["locator"]) for r in whole.records("mention")} == links
    told = {(r["path"], r["name"]): r["value"] for r in crawl.records("setting")}
    assert told["harbour", "publication.all_of_it"] == "all tables"
    assert told["harbour", "publication.one_of_it"] == "1 tables"
    assert ("harbour", "user_mapping.books.clerk") in told
    assert told["harbour/port/company", "row_security"] == "on, 1 policies"
    assert told["harbour/port/pilot", "row_security"] == "forced, 0 policies"
    assert ("harbour/port/vessel", "row_security") not in told
    assert told["harbour/port/movement", "partitioning"] == "RANGE (moved_on), 2 partitions"
    assert str(told["harbour/port/movement_2024", "partition_of"]).startswith("port.movement FOR VALUES FROM")
    assert told["harbour/port/vessel", "index.vessel_name_lower"] == "expression btree"
    assert str(told["harbour/port/vessel", "index.vessel_name_once"]).startswith("unique partial btree where (built >")
    assert ("harbour/port/vessel", "index.vessel_owner_name") not in told
    assert int(str(told["harbour/public", "routines_of_extensions"])) > 3
    lob = {(r["path"], r["name"]): r["lob"] for r in crawl.records("column")}
    assert (lob["harbour/port/scans", "picture"], lob["harbour/port/scans", "id"]) == (True, False)
    texts = {r["path"]: r["definition"] for r in crawl.records("routine")}
    assert texts["harbour/watch"] == "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION ledger.ddl()"


def test_roles_members_and_rules_of_login_are_told_as_far_as_the_account_sees_them(harbour: PostgresHarness) -> None:
    harbour.server.run("CREATE ROLE crew; CREATE ROLE mate LOGIN BYPASSRLS CREATEROLE IN ROLE crew")
    try:
        mine, whole = harbour.crawl(), _crawl(harbour, harbour.settings() | {"user": "postgres"})
    finally:
        harbour.server.run("DROP ROLE mate; DROP ROLE crew")
    for crawl in (mine, whole):
        members = {(r["path"], r["group"], r["member"], r["member_kind"]) for r in crawl.records("member")}
        assert {("", "crew", "mate", "user"), ("", "pg_read_all_data", "clerk", "user")} <= members
        rights = {(r["grantee"], r["right"], r["native"]) for r in crawl.records("grant") if r["path"] == ""}
        assert {
            ("postgres", "full", "SUPERUSER"),
            ("mate", "full", "BYPASSRLS"),
            ("mate", "change_permissions", "CREATEROLE"),
            ("pg_read_all_data", "read", "pg_read_all_data"),
        } <= rights
        assert not [r for r in rights if r[0] in ("clerk", "crew")]
    rules = harbour.read("SELECT count(*) FROM pg_hba_file_rules")[0][0]
    for crawl, sees in ((mine, False), (whole, True)):
        told = [str(r["name"]) for r in crawl.records("setting") if r["path"] == ""]
        assert len([n for n in told if n.startswith("hba_line_")]) == (rules if sees else 0)
        assert ("data_directory" in told) is sees
        assert {"replication_role", "tls_session", "password_encryption", "wal_level", "version"} <= set(told)


def test_a_lock_on_one_table_costs_no_other_its_facts(harbour: PostgresHarness) -> None:
    """Of a refused question, every part must be put for one object: else each object's answer is all, or nothing."""
    harbour.server.run(
        "CREATE SCHEMA held; CREATE TABLE held.p (a int) PARTITION BY RANGE (a);"
        "CREATE TABLE held.q (a int) PARTITION BY LIST (a); CREATE TABLE held.t (a int) WITH (fillfactor=50);",
        "harbour",
    )
    try:
        with psycopg.connect(harbour.dsn("harbour")) as other:
            other.execute("LOCK TABLE held.p IN ACCESS EXCLUSIVE MODE")
            with closing(harbour.open()) as connector:
                list(connector.roots())
                crawl = gathered(connector.crawl(Unit("harbour/held/")), ())
    finally:
        harbour.server.run("DROP SCHEMA held CASCADE", "harbour")
    told = Counter((r["path"], r["name"]) for r in crawl.records("setting"))
    assert told == {("harbour/held/q", "partitioning"): 1, ("harbour/held/t", "options"): 1}
    assert [(f.path, f.reason) for f in crawl.faults] == [("harbour/held/p", "TIMEOUT")]


def test_fault_022_a_schema_dropped_before_it_is_read_is_gone_and_not_empty(harbour: PostgresHarness) -> None:
    harbour.server.run("CREATE SCHEMA fleeting; CREATE TABLE fleeting.t (i int); CREATE SCHEMA bare", "harbour")
    try:
        with closing(harbour.open()) as connector:
            list(connector.roots())
            units = {u.key for u in connector.crawl(Unit("harbour/")) if isinstance(u, Unit)}
            harbour.server.run("DROP SCHEMA fleeting CASCADE", "harbour")
            gone = gathered(connector.crawl(Unit("harbour/fleeting/")), ())
            empty = gathered(connector.crawl(Unit("harbour/bare/")), ())
    finally:
        harbour.server.run("DROP SCHEMA IF EXISTS fleeting CASCADE; DROP SCHEMA bare", "harbour")
    assert {"harbour/fleeting/", "harbour/bare/"} <= units
    assert [(f.path, f.op, f.reason) for f in gone.faults] == [("harbour/fleeting/", "list", "VANISHED")]
    assert not gone.batches
    assert [(r["listed"], r["complete"]) for r in empty.records("listing")] == [(0, True)]


def test_an_account_that_may_not_log_in_is_refused_once(harbour: PostgresHarness) -> None:
    harbour.server.run(f"CREATE ROLE idle NOLOGIN PASSWORD '{servers.PASSWORD}'")
    try:
        with (
            closing(harbour.open(harbour.settings() | {"user": "idle"})) as connector,
            pytest.raises(SourceError) as raised,
        ):
            list(connector.roots())
    finally:
        harbour.server.run("DROP ROLE idle")
    assert (raised.value.code, raised.value.transient) == ("AUTH_REFUSED", False)


def test_what_rights_and_columns_come_to_in_the_end(harbour: PostgresHarness) -> None:
    """Rights given twice are named once; a domain's NOT NULL holds; who may become a superuser is as good as one."""
    harbour.server.run(
        "CREATE ROLE giver; CREATE ROLE chief SUPERUSER;"
        f"CREATE ROLE late LOGIN NOINHERIT IN ROLE chief, pg_read_all_data PASSWORD '{servers.PASSWORD}'"
    )
    harbour.server.run(
        "CREATE SCHEMA fine; GRANT USAGE ON SCHEMA fine TO giver; CREATE DOMAIN fine.must AS varchar(9) NOT NULL;"
        "CREATE TABLE fine.t (a fine.must, EXCLUDE (a WITH =)); CREATE TABLE fine.kin () INHERITS (fine.t);"
        "GRANT SELECT ON fine.t TO giver WITH GRANT OPTION; SET ROLE giver; GRANT SELECT ON fine.t TO late; RESET ROLE;"
        "GRANT SELECT ON fine.t TO late;"
        "CREATE FUNCTION fine.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "harbour",
    )
    try:
        crawl = _crawl(harbour, harbour.settings() | {"user": "late"})
    finally:
        harbour.server.run("DROP SCHEMA fine CASCADE", "harbour")
        harbour.server.run("DROP ROLE late; DROP ROLE chief; DROP ROLE giver")
    rights = {(r["path"], r["grantee"], r["right"], r["native"]) for r in crawl.records("grant")}
    assert ("harbour/fine/t", "late", "read", "SELECT") in rights
    assert ("harbour/fine/f()", "postgres", "owner", "OWNER") in rights
    columns = {(r["path"], r["name"]): (r["nullable"], r["length"]) for r in crawl.records("column")}
    assert columns["harbour/fine/t", "a"] == (False, 9)
    told = {(r["path"], r["name"]): r["value"] for r in crawl.records("setting")}
    assert told["harbour/fine/kin", "inherits"] == "fine.t"
    assert told["harbour/fine/t", "index.t_a_excl"] == "exclusion btree"
    assert told["", "scan_account_superuser"] == "on"


def test_more_tables_and_texts_than_one_answer_holds_are_all_told_once(harbour: PostgresHarness) -> None:
    harbour.server.run(
        "CREATE SCHEMA many;"
        "DO $$ BEGIN FOR i IN 1..1010 LOOP"
        " EXECUTE format('CREATE FUNCTION many.f%s() RETURNS int LANGUAGE sql AS %L', i, 'SELECT ' || i);"
        " IF i <= 300 THEN EXECUTE format('CREATE TABLE many.bare%s ()', i); END IF;"
        " END LOOP; END $$",
        "harbour",
    )
    for n in range(1, 1011, 202):  # a few at a time, for the server's table of locks
        made = (
            f"FOR i IN {n}..{n + 201} LOOP EXECUTE format('CREATE VIEW many.v%s AS SELECT 1 AS n, 2 AS m', i); END LOOP"
        )
        harbour.server.run(f"DO $$ BEGIN {made}; END $$", "harbour")
    try:
        with closing(harbour.open()) as connector:
            list(connector.roots())
            batches = [e for e in connector.crawl(Unit("harbour/many/")) if isinstance(e, Batch)]
    finally:
        for n in range(1, 1011, 202):
            harbour.server.run(f"DROP VIEW {', '.join(f'many.v{i}' for i in range(n, n + 202))}", "harbour")
        harbour.server.run("DROP SCHEMA many CASCADE", "harbour")
    routines = sorted(str(r["path"]) for b in batches if b.schema.name == "routine" for r in rows(b))
    columns = sorted(str(r["path"]) for b in batches if b.schema.name == "column" for r in rows(b))
    views = [f"harbour/many/v{i}" for i in range(1, 1011)]
    assert routines == sorted([*views, *(f"harbour/many/f{i}()" for i in range(1, 1011))])
    assert columns == sorted(2 * views)


def test_tables_that_lost_every_column_do_not_end_the_columns_of_those_after_them(harbour: PostgresHarness) -> None:
    harbour.server.run("CREATE SCHEMA bare", "harbour")
    for n in range(0, 600, 200):  # a few at a time, for the server's table of locks
        made = "EXECUTE format('CREATE TABLE bare.t%s (a int)', i); EXECUTE format('ALTER TABLE bare.t%s DROP a', i)"
        harbour.server.run(f"DO $$ BEGIN FOR i IN {n}..{n + 199} LOOP {made}; END LOOP; END $$", "harbour")
    harbour.server.run("CREATE TABLE bare.last (a int, b int)", "harbour")
    try:
        found = _columns_of(harbour, "bare")
    finally:
        for n in range(0, 600, 200):
            harbour.server.run(f"DROP TABLE {', '.join(f'bare.t{i}' for i in range(n, n + 200))}", "harbour")
        harbour.server.run("DROP SCHEMA bare CASCADE", "harbour")
    assert found == [("harbour/bare/last", "a"), ("harbour/bare/last", "b")]


def test_tables_that_come_and_go_between_answers_are_told_once_and_no_other_is_lost(harbour: PostgresHarness) -> None:
    """Names at the borders of answers are hostile: quotes, backslashes, 63 bytes, one the beginning of the next."""
    long = "n" * 60
    hostile = ["a'b", 'a"b', "a\\", "a\\'; --", "a%", "a_", "é" * 31, f"{long}001", f"{long}00", long, "A", "a", "a b"]
    names = [*(f"h{i:03d}" for i in range(494)), *hostile, *(f"i{i:03d}" for i in range(494)), "end"]
    quoted = ["many." + '"' + n.replace('"', '""') + '"' for n in names]
    harbour.server.run("CREATE SCHEMA many", "harbour")
    for n in range(0, len(quoted), 200):
        made = "".join(f"CREATE TABLE {q} (a int, b int);" for q in quoted[n : n + 200])
        harbour.server.run(made, "harbour")
    moved: list[str] = []

    def between(sql: str) -> None:
        if "LIMIT 500" in sql and not moved:
            moved.append("DROP TABLE many.h000; CREATE TABLE many.h000 (a int, b int);")
            moved.append("DROP TABLE many.i493; CREATE TABLE many.new (a int, b int);")
        elif "LIMIT 500" in sql and len(moved) == 2:
            harbour.server.run(" ".join(moved), "harbour")
            moved.append("done")

    try:
        found = _columns_of(harbour, "many", between)
    finally:
        for n in range(0, len(quoted), 200):
            harbour.server.run(f"DROP TABLE IF EXISTS {', '.join(quoted[n : n + 200])}", "harbour")
        harbour.server.run("DROP SCHEMA many CASCADE", "harbour")
    assert moved[-1] == "done"
    told = [p for p, column in found if column == "a"]
    assert len(told) == len(set(told))
    stayed = {path("many", n) for n in names if n != "i493"}
    assert stayed <= set(told) <= {*stayed, path("many", "new")}
    assert len(found) == 2 * len(told)


def _columns_of(
    harbour: PostgresHarness, schema: str, before: Callable[[str], None] = lambda _: None
) -> list[tuple[str, str]]:
    """Columns of a schema; ``before`` hears of every question before it is put."""
    with closing(harbour.open()) as connector:
        assert isinstance(connector, OdbcConnector)
        list(connector.roots())
        ask = connector._link.execute

        def heard(sql: str, *rest: Any, **more: Any) -> Any:
            before(sql)
            return ask(sql, *rest, **more)

        connector._link.execute = heard  # type: ignore[method-assign]
        events = list(connector.crawl(Unit(f"harbour/{schema}/")))
    assert not [e for e in events if isinstance(e, Fault)]
    batches = [e for e in events if isinstance(e, Batch) and e.schema.name == "column"]
    return sorted((str(r["path"]), str(r["name"])) for b in batches for r in rows(b))


def test_fault_067_the_statement_log_holds_nothing_but_select_show_and_set(harbour: PostgresHarness) -> None:
    before = len(harbour.server.log.read_text(errors="replace"))
    with closing(harbour.open()) as connector:
        crawl_all(connector)
        assert isinstance(connector, OdbcConnector)
        connector.sample("harbour/port/vessel", 3)
    log = harbour.server.log.read_text(errors="replace")[before:]
    verbs = {verb.upper() for verb in re.findall(r"LOG:  (?:statement|execute [^:]*): (\w+)", log)}
    assert {"SELECT", "SET"} <= verbs <= {"SELECT", "SET", "SHOW"}
    assert log.count("default_transaction_read_only") == 1


def test_fault_067_the_session_could_not_write_if_it_tried(harbour: PostgresHarness) -> None:
    settings = harbour.settings() | {"user": "postgres"}
    with closing(harbour.open(settings)) as connector:
        list(connector.roots())
        assert isinstance(connector, OdbcConnector)
        with pytest.raises(Refused, match="read-only transaction"):
            connector._link.execute("SELECT pg_catalog.nextval('port.ticket')")


def test_a_wrong_password_is_one_failed_login_however_often_it_is_asked(harbour: PostgresHarness) -> None:
    before = _failures(harbour.server)
    with closing(harbour.open(harbour.refused())) as connector:
        for _ in range(3):
            with pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert raised.value.code == "AUTH_REFUSED"
            with pytest.raises(SourceError):
                next(connector.crawl(Unit("")), None)
    assert _failures(harbour.server) - before == 1


def test_a_wrong_password_is_one_failed_login_on_a_server_with_encryption(tmp_path: Path) -> None:
    """Left to itself, the client library tries again without encryption."""
    tmp_path.chmod(0o755)
    place = Path("/tmp") / f"{tmp_path.parent.name}-{tmp_path.name}-certificate"
    place.mkdir()
    try:
        key, certificate = place / "key", place / "certificate"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
        for file in (key, certificate, place):
            shutil.chown(file, "games", "games")
        key.chmod(0o600)
        with servers.postgresql(settings=["ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}"]) as server:
            _ready(server)
            harness = PostgresHarness(server)
            settings = harness.everything() | {"user": "postgres"}
            with closing(harness.open(settings)) as connector:
                told = {r["name"]: r["value"] for r in crawl_all(connector).records("setting")}
            assert told["ssl"] == "on"
            connector = harness.open(settings | {"password": "env:STOCKTAKE_TEST_PG_WRONG"})
            with closing(connector), pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert raised.value.code == "AUTH_REFUSED"
            assert _failures(server) == 1
    finally:
        shutil.rmtree(place)


def _ready(server: PostgreSQL) -> None:
    """Wait until it answers: it accepts connections a moment earlier."""
    deadline = time.monotonic() + 30
    while True:
        try:
            server.run("SELECT 1")
        except servers.ServerUnavailable:
            assert time.monotonic() < deadline
        else:
            return


def _failures(server: PostgreSQL) -> int:
    return server.log.read_text(errors="replace").count("FATAL:  password authentication failed")


def test_without_a_database_in_the_settings_every_database_is_crawled(harbour: PostgresHarness) -> None:
    crawl = _crawl(harbour, harbour.everything())
    assert {p for p, r in crawl.entries.items() if r["kind"] == "database"} == {"harbour", "postgres"}
    assert "harbour/port/vessel" in crawl.entries
    assert not ledger_gaps(crawl)
    assert not crawl.faults


def test_databases_that_the_settings_leave_out_are_counted_as_skipped(harbour: PostgresHarness) -> None:
    crawl = _crawl(harbour, harbour.everything() | {"databases": ("harbour", "atlantis")})
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [
        ("postgres", "skip", "EXCLUDED"),
        ("atlantis/", "list", "NOT_FOUND"),
    ]
    assert not ledger_gaps(crawl)


def test_fault_071_a_database_that_refuses_the_account_is_one_fault_and_the_others_go_on(
    harbour: PostgresHarness,
) -> None:
    harbour.server.run("CREATE DATABASE closed; REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    try:
        crawl = _crawl(harbour, harbour.everything())
    finally:
        harbour.server.run("DROP DATABASE closed")
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("closed/", "list", "DENIED")]
    assert "permission denied for database" in crawl.faults[0].detail
    assert crawl.entries["closed"]["kind"] == "database"
    assert "harbour/port/vessel" in crawl.entries
    assert not ledger_gaps(crawl)


def test_fault_066_a_locked_table_costs_its_own_facts_and_seconds_and_nothing_else(harbour: PostgresHarness) -> None:
    clean = harbour.crawl()
    with psycopg.connect(harbour.dsn()) as other:
        other.execute("LOCK TABLE port.vessel IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        crawl = harbour.crawl()
        took = time.monotonic() - started
    assert set(crawl.entries) == set(clean.entries)
    facts = {(f.path, f.detail.partition(":")[0]) for f in crawl.faults}
    assert facts == {
        ("harbour/port/vessel_owner", "views"),
        ("harbour/port/vessel", "columns"),
        ("harbour/port/vessel", "indexes"),
        ("harbour/port/vessel", "table_settings"),
    }
    assert all(f.op == "query" and f.reason == "TIMEOUT" for f in crawl.faults)
    assert len(crawl.records("routine")) == len(clean.records("routine")) - 1
    assert took < 15


def test_fault_066_an_open_connector_holds_no_transaction_and_no_lock(harbour: PostgresHarness) -> None:
    with closing(harbour.open()) as connector:
        crawl_all(connector)
        states = harbour.read("SELECT state FROM pg_stat_activity WHERE usename = 'clerk'")
        locks = harbour.read(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'clerk'"
        )
    assert states == [("idle",)]
    assert locks == [(0,)]


def test_values_of_a_table_with_a_part_on_another_server_are_not_asked_for(harbour: PostgresHarness) -> None:
    harbour.server.run(
        """CREATE EXTENSION postgres_fdw; CREATE SCHEMA parted;
        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
        CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u', password 'p');
        CREATE TABLE parted.log (log_id int, day int) PARTITION BY RANGE (day);
        CREATE TABLE parted.log_here PARTITION OF parted.log FOR VALUES FROM (0) TO (10);
        CREATE FOREIGN TABLE parted.log_there PARTITION OF parted.log FOR VALUES FROM (10) TO (20) SERVER far;
        INSERT INTO parted.log SELECT s, 5 FROM generate_series(1, 40) AS s""",
        "harbour",
    )
    try:
        found = _sketched(harbour, "log"), _sketched(harbour, "log_here"), _sketched(harbour, "log_there")
        harbour.server.run("DROP FOREIGN TABLE parted.log_there", "harbour")
        whole = _sketched(harbour, "log")
    finally:
        harbour.server.run("DROP EXTENSION postgres_fdw CASCADE; DROP SCHEMA parted CASCADE", "harbour")
    assert found == ({}, {"log_id": 40}, {})
    assert whole == {"log_id": 40}


def _sketched(harbour: PostgresHarness, table: str) -> dict[str, int]:
    """Columns of a table that are sketched, with their rows."""
    with closing(harbour.open()) as connector:
        assert isinstance(connector, SketchesColumns)
        return {name: s.rows for name, s in connector.sketch(f"harbour/parted/{table}", 100, b"k") if s is not None}


def test_fault_064_a_query_that_takes_too_long_is_ended_by_the_server(harbour: PostgresHarness) -> None:
    harbour.server.run("CREATE VIEW port.slow AS SELECT pg_sleep(30)::text AS nothing", "harbour")
    try:
        with closing(harbour.open(harbour.settings() | {"query_timeout_s": 1})) as connector:
            assert isinstance(connector, OdbcConnector)
            started = time.monotonic()
            with pytest.raises(SourceError) as raised:
                connector.sample("harbour/port/slow", 5)
            assert time.monotonic() - started < 10
    finally:
        harbour.server.run("DROP VIEW port.slow", "harbour")
    assert (raised.value.code, raised.value.transient) == ("TIMEOUT", False)


def test_fault_074_a_lost_connection_is_transient_and_the_next_attempt_succeeds(harbour: PostgresHarness) -> None:
    with closing(harbour.open()) as connector:
        clean = crawl_all(connector)
        unit = next(u for u in clean.units if u.key == "harbour/port/")
        harbour.read("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clerk'")
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(unit))
        assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)
        assert list(connector.crawl(unit))


def test_nobody_at_the_port_is_unreachable(harbour: PostgresHarness) -> None:
    connection = f"DRIVER={{PostgreSQL Unicode}};SERVER=127.0.0.1;PORT={servers.free_port()};Database=x"
    connector = harbour.open(harbour.settings() | {"connection": connection})
    with closing(connector), pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)


def test_a_server_that_never_answers_is_given_up_within_the_timeout(harbour: PostgresHarness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        connection = f"DRIVER={{PostgreSQL Unicode}};SERVER=127.0.0.1;PORT={deaf.getsockname()[1]};Database=x"
        options = PLUG.options.model_validate(harbour.settings() | {"connection": connection})
        with closing(PLUG.open(options, Session("deaf", timeout_s=2.0))) as connector:
            started = time.monotonic()
            with pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert time.monotonic() - started < 15
    assert raised.value.code == "UNREACHABLE"


def test_a_driver_that_is_not_installed_is_named_with_those_that_are(harbour: PostgresHarness) -> None:
    connector = harbour.open({"connection": "DRIVER={Sybase System 11};SERVER=db01"})
    with closing(connector), pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert raised.value.code == "DRIVER_MISSING"
    assert "Sybase System 11" in raised.value.detail
    assert "PostgreSQL Unicode" in raised.value.detail
    connector = harbour.open({"connection": "DSN=no_such_name"})
    with closing(connector), pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert raised.value.code == "DRIVER_MISSING"
    assert "DSN no_such_name" in raised.value.detail


def test_fault_075_samples_are_bounded_clipped_and_survive_odd_dates(harbour: PostgresHarness) -> None:
    with closing(harbour.open()) as connector:
        assert isinstance(connector, OdbcConnector)
        names, rows = connector.sample("harbour/port/person", 10)
        assert names == ("person_id", "family_name", "born", "notes")
        assert [row[2] for row in rows] == ["infinity", "0044-03-15 BC"]
        names, rows = connector.sample("harbour/port/vessel", 1)
        row = dict(zip(names, rows[0], strict=True))
        assert len(str(row["name"])) == 4096
        assert len(row["photo"]) == 4096  # type: ignore[arg-type]
        assert connector.sample(path('od/d "names"', 'we"ird'), 1) == (('a"b', "select", "per%cent_"), [(1, "one", 1)])
        assert connector.sample("harbour/port/no_columns", 1) == ((), [])
        assert connector.sample("harbour/port/harbour", 0)[1] == []


def test_fault_069_a_name_that_is_no_text_costs_its_schema_and_no_other(harbour: PostgresHarness) -> None:
    """A database without an encoding holds whatever bytes it was given; the server itself will not send such a name."""
    harbour.server.run("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        with psycopg.connect(harbour.dsn("bytes"), autocommit=True) as connection:
            connection.execute(b'CREATE TABLE "caf\xe9" (i int)')
            connection.execute(b"CREATE SCHEMA other CREATE TABLE plain (i int)")
        settings = harbour.settings() | {"connection": f"{harbour.everything()['connection']};Database=bytes"}
        crawl = _crawl(harbour, settings)
    finally:
        harbour.server.run("DROP DATABASE bytes")
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("bytes/public/", "list", "QUERY_FAILED")]
    assert "0xe9" in crawl.faults[0].detail
    assert "bytes/other/plain" in crawl.entries
    assert not ledger_gaps(crawl)


def _crawl(harness: PostgresHarness, settings: dict[str, object]) -> Crawl:
    with closing(harness.open(settings)) as connector:
        return crawl_all(connector)
