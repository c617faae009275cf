"""Firebird's profile against a real server: its questions go through the native driver, as Debian has none for ODBC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import firebird.driver as fdb
import pytest

from connectors.odbc import PLUG, guard, profiles
from connectors.odbc.harvest import OdbcConnector
from connectors.odbc.link import Link, Refused
from scanner.connector import Session
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps
from scanner.testing.servers.firebird import Firebird, firebird

pytestmark = pytest.mark.server

SCRIPT = Path(__file__).parent.parent / "data" / "sql" / "firebird.sql"
HOSTILE = 'main/a\\x2Fb"; DROP TABLE x'


class NativeAnswer:
    """A cursor of the native driver, where the connector has one of ODBC."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.described = tuple(cursor.description or ())
        self.names = tuple(str(d[0]).lower() for d in self.described)

    def more(self, rows: int = 5000) -> list[Sequence[Any]]:
        return list(self._cursor.fetchmany(rows))

    def close(self) -> None:
        self._cursor.close()


class NativeLink(Link):
    """The connector's link with the native driver in place of ODBC's, in a transaction that may only read."""

    def __init__(self, options: Any, session: Session, server: Firebird) -> None:
        super().__init__(options, session)
        self._server = server
        self.asked: list[str] = []
        self.failing = ""

    def connect(self, database: str = "") -> None:
        if self._connection is None:
            self._profile = self._recipe = profiles.load()["firebird"]
            server = self._server
            self._connection = fdb.connect(server.place, user=server.user, password=server.password, charset="UTF8")
            only_reads = fdb.tpb(
                fdb.Isolation.READ_COMMITTED_RECORD_VERSION, lock_timeout=0, access_mode=fdb.TraAccessMode.READ
            )
            self._connection.begin(only_reads)

    def execute(self, sql: str, parameters: Sequence[object] = (), *, session: bool = False) -> Any:
        self.session.pace()
        self.asked.append(guard.check(sql, session=session))
        if self.failing and self.failing in sql and not parameters:
            raise Refused("QUERY_FAILED", "asked for one by one then")
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, list(parameters))
        except fdb.DatabaseError as error:
            raise Refused("QUERY_FAILED", str(error)) from None
        return NativeAnswer(cursor)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.rollback()
            connection.close()  # one left open takes the interpreter with it at its end


@pytest.fixture(scope="module")
def server() -> Iterator[Firebird]:
    with firebird() as running:
        running.run(SCRIPT.read_text())
        yield running


def _connector(server: Firebird) -> OdbcConnector:
    settings = {"connection": "DRIVER={Firebird/InterBase(r) driver};DBNAME=db01/3050:erp", "user": "scan"}
    session = Session("erp", Pace(), 20.0)
    connector = PLUG.open(PLUG.options.model_validate(settings), session)
    assert isinstance(connector, OdbcConnector)
    connector._link = NativeLink(PLUG.options.model_validate(settings), session, server)
    return connector


@pytest.fixture(scope="module")
def found(server: Firebird) -> Crawl:
    with closing(_connector(server)) as connector:
        return crawl_all(connector)


def _facts(crawl: Crawl, schema: str, *columns: str) -> set[tuple[Any, ...]]:
    return {
        tuple(tuple(v) if isinstance(v, list) else v for v in (r.get(c) for c in columns))
        for r in crawl.records(schema)
    }


def test_every_table_view_and_sequence_is_there_and_no_question_fails(found: Crawl) -> None:
    assert not found.faults
    assert ledger_gaps(found) == []
    assert {p: (r["kind"], r.get("target"), r.get("subtype")) for p, r in found.entries.items()} == {
        "main": ("database", None, None),
        "main/SUPPLIER": ("table", None, None),
        "main/INVOICE": ("table", None, None),
        "main/INCOMING": ("foreign_table", "/srv/in/rates.dat", None),
        "main/SCRATCH": ("table", None, "temporary, rows dropped"),
        HOSTILE: ("table", None, None),
        "main/OPEN_INVOICES": ("view", None, None),
        "main/INVOICE_NUMBER": ("sequence", None, None),
    }
    assert {r["owner"] for p, r in found.entries.items() if p != "main" and r["kind"] != "sequence"} == {"SYSDBA"}
    assert {r.get("rows") for r in found.entries.values()} == {None}


def test_columns_are_as_declared(found: Crawl) -> None:
    facts = ("name", "position", "type", "length", "precision", "scale", "nullable", "default", "generated", "lob")
    told: dict[object, list[tuple[Any, ...]]] = {}
    for r in found.records("column"):
        told.setdefault(r["path"], []).append(tuple(r[c] for c in facts))
    assert told["main/SUPPLIER"] == [
        ("ID", 1, "INTEGER", None, None, None, False, None, True, False),
        ("CODE", 2, "CHAR(8)", 8, None, None, False, None, False, False),
        ("NAME", 3, "VARCHAR(50)", 50, None, None, True, None, False, False),
        ("NOTES", 4, "BLOB SUB_TYPE 1", None, None, None, True, None, False, True),
        ("PHOTO", 5, "BLOB SUB_TYPE 0", None, None, None, True, None, False, True),
    ]
    assert [row[:6] for row in told["main/INVOICE"]] == [
        ("SUPPLIER", 1, "INTEGER", None, None, None),
        ("NUMBER", 2, "SMALLINT", None, None, None),
        ("NET", 3, "NUMERIC(15,2)", None, 15, 2),
        ("GROSS", 4, "NUMERIC(18,3)", None, 18, 3),
        ("RATE", 5, "DECIMAL(9,4)", None, 9, 4),
        ("WEIGHT", 6, "DOUBLE PRECISION", None, None, None),
        ("PAID", 7, "BOOLEAN", None, None, None),
        ("PLACED", 8, "TIMESTAMP", None, None, None),
    ]
    default = {r["name"]: (r["default"], r["generated"], r["nullable"]) for r in found.records("column")}
    assert default["NET"] == ("0", False, False)
    assert default["PAID"] == ("FALSE", False, True)
    assert default["GROSS"] == ("(net * 1.2)", True, True)
    assert [row[0] for row in told[HOSTILE]] == ["Mixed Case"]
    said = _facts(found, "column", "name", "collation", "comment")
    assert ("NAME", "UNICODE_CI", "As on the invoice") in said
    assert ("CODE", None, None) in said


def test_keys_and_indexes_are_in_key_order(found: Crawl) -> None:
    told = _facts(found, "key", "path", "name", "kind", "columns", "ref_path", "ref_columns", "on_delete", "on_update")
    nothing = (None, None, None, None)
    primary = next(r["name"] for r in found.records("key") if r["path"] == "main/SUPPLIER" and r["kind"] == "primary")
    assert told == {
        ("main/SUPPLIER", primary, "primary", ("ID",), *nothing),
        ("main/SUPPLIER", "UQ_CODE", "unique", ("CODE",), *nothing),
        ("main/INVOICE", "PK_INVOICE", "primary", ("SUPPLIER", "NUMBER"), *nothing),
        ("main/INVOICE", "FK_SUPPLIER", "foreign", ("SUPPLIER",), "main/SUPPLIER", ("ID",), "CASCADE", "SET NULL"),
        ("main/INVOICE", "UX_PLACED", "unique", ("PLACED", "RATE"), *nothing),
        ("main/SUPPLIER", "IX_UPPER", "index", ("(UPPER(name))",), *nothing),
    }


def test_texts_are_told_with_their_language(found: Crawl) -> None:
    told = {r["path"]: (r["kind"], r["language"], str(r["definition"])) for r in found.records("routine")}
    assert {p: v[:2] for p, v in told.items()} == {
        "main/OPEN_INVOICES": ("view", "sql"),
        "main/SETTLE": ("procedure", "psql"),
        "main/DOUBLED": ("function", "psql"),
        "main/LEDGER": ("procedure", "package"),
        "main/INVOICE/INVOICE_BI": ("trigger", "psql"),
        "main/ON_LOGIN": ("trigger", "psql"),
    }
    assert "WHERE NOT paid" in told["main/OPEN_INVOICES"][2]
    assert "UPDATE invoice SET paid = TRUE" in told["main/SETTLE"][2]
    assert "close_year" in told["main/LEDGER"][2]


def test_who_may_do_what_with_public_and_roles(found: Crawl) -> None:
    rights = _facts(found, "grant", "path", "grantee", "grantee_kind", "right", "native")
    assert {r for r in rights if r[1] != "SYSDBA"} == {
        ("main/SUPPLIER", "PUBLIC", "authenticated", "read", "S"),
        ("main/INVOICE", "CLERKS", "role", "read", "S"),
        ("main/INVOICE", "CLERKS", "role", "delete", "D"),
        ("main/SETTLE", "CLERKS", "role", "execute", "X"),
        ("main/INVOICE", "SETTLE", "unknown", "write", "U"),
    }
    members = _facts(found, "member", "path", "group", "member", "member_kind")
    assert ("", "CLERKS", "ANNA", "user") in members


def test_files_that_tables_lead_to_are_mentioned(found: Crawl) -> None:
    assert _facts(found, "mention", "path", "kind", "locator") == {("main/INCOMING", "path", "/srv/in/rates.dat")}


def test_settings_and_comments_are_told(found: Crawl, server: Firebird) -> None:
    told = {(r["path"], r["name"]): r["value"] for r in found.records("setting")}
    assert str(told["", "server_version"]).startswith("3.")
    assert (told["", "sql_dialect"], told["", "ods_major"]) == ("3", "12")
    assert (told["main", "encoding"], told["main", "comment"]) == ("UTF8", "Purchasing")
    assert told["main/SUPPLIER", "comment"] == "Who is paid"
    assert str(told["main", "file.main"]).upper() == str(server.file).upper()


def test_questions_for_older_servers_are_answered_too(server: Firebird) -> None:
    """What Firebird 2 and InterBase are asked, instead of the variants for 3."""
    profile = profiles.load()["firebird"]
    with closing(_connector(server)) as connector:
        connector._link.connect()
        for fact in profile.variants:
            assert connector._link.execute(profile.queries[fact].sql).more(), fact


def test_a_question_refused_for_all_is_put_for_each(server: Firebird, found: Crawl) -> None:
    with closing(_connector(server)) as connector:
        link = connector._link
        assert isinstance(link, NativeLink)
        link.failing = "RDB$RELATION_FIELDS c"
        crawl = crawl_all(connector)
        assert [sql for sql in link.asked if "c.RDB$RELATION_NAME = ?" in sql]
    facts = ("path", "name", "position", "type")
    assert _facts(crawl, "column", *facts) == _facts(found, "column", *facts)


def test_fault_067_whatever_is_asked_is_answered_in_a_transaction_that_may_only_read(server: Firebird) -> None:
    with closing(_connector(server)) as connector:
        crawl_all(connector)
        with pytest.raises(fdb.DatabaseError, match="read-only"):
            connector._link._connection.execute_immediate("INSERT INTO supplier (code) VALUES ('X')")


def test_a_few_rows_can_be_sampled_whatever_the_table_is_called(server: Firebird) -> None:
    with closing(_connector(server)) as connector:
        names, rows = connector.sample("main/SUPPLIER", 5)
        assert dict(zip(names, rows[0], strict=True))["NAME"] == "Acme Ärger GmbH"
        assert connector.sample(HOSTILE, 5) == (("Mixed Case",), [])
