"""Every profile's questions against the catalogs the vendors document, and what is said of how far they were run."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from connectors.odbc import PLUG, errors, guard, profiles
from connectors.odbc.asking import Page, Refusal
from connectors.odbc.pieces import joined

CATALOGS = Path(__file__).parent.parent / "data" / "vendor_catalogs"
VENDORS = ("db2", "firebird", "informix", "oracle", "sqlserver", "sybase", "teradata")
# What stands where a column stands, and is a register of the system: it belongs to no view.
REGISTERS = {"current_connection", "current_server", "current_timezone", "sysdate", "systimestamp"}
READINGS = {"page", "sqlalchemy", "tools", "unread"}


def _catalog(name: str) -> dict[str, Any]:
    return tomllib.loads((CATALOGS / f"{name}.toml").read_text())


def _questions(profile: profiles.Profile) -> list[tuple[str, profiles.Query]]:
    """Every text a profile may send, with what it is."""
    whole = list(profile.queries.items())
    for fact, several in profile.variants.items():
        for when, instead in several:
            whole += [(fact, instead), (f"{fact} when", profiles.query("when", when))]
    return (
        whole
        + [(f"{fact} of one", q.one) for fact, q in whole if q.one is not None]
        + [(f"{fact} then", q.then) for fact, q in whole if q.then is not None]
    )


def unknown(sql: str, dialect: str, catalog: dict[str, Any]) -> list[str]:
    """Views and columns a question reads that the catalog does not have."""
    lost = []
    for scope in traverse_scope(sqlglot.parse_one(sql, read=dialect)):
        read: dict[str, str] = {}
        for alias, table in scope.sources.items():
            if isinstance(table, exp.Table):
                read[alias] = ".".join(p for p in (table.catalog, table.db, table.name) if p).lower()
        lost += [view for view in read.values() if view not in catalog]
        selected = {s.alias_or_name for s in getattr(scope.expression, "selects", ())}
        for column in scope.columns:
            if not column.table:
                if column.name.lower() in REGISTERS or (column.name in selected and column.find_ancestor(exp.Ordered)):
                    continue
                sources = [*read.values()]
                if len(scope.sources) != 1 or column.name.lower() not in catalog.get(sources[0], {}).get("columns", ()):
                    lost.append(column.sql())
            elif column.table in read:
                view = read[column.table]
                if view in catalog and column.name.lower() not in catalog[view]["columns"]:
                    lost.append(f"{view}.{column.name}")
    return lost


@pytest.mark.parametrize("name", VENDORS)
def test_every_view_and_column_asked_for_is_in_the_vendors_catalog(name: str) -> None:
    profile, catalog = profiles.load()[name], _catalog(name)
    wrong = {what: lost for what, q in _questions(profile) if (lost := unknown(q.sql, profile.dialect, catalog))}
    assert not wrong


@pytest.mark.parametrize("name", VENDORS)
def test_the_catalog_says_where_it_was_read_and_keeps_nothing_that_is_not_asked_for(name: str) -> None:
    profile, catalog = profiles.load()[name], _catalog(name)
    for view, told in catalog.items():
        assert told["read"] in READINGS, view
        assert told["source"].startswith("http"), view
        assert told["columns"] == sorted(set(told["columns"])) or told["read"] in READINGS
    text = " ".join(q.sql.lower().replace("..", ".") for _, q in _questions(profile))
    assert [view for view in catalog if view not in text.replace("msdb.dbo", "msdb.dbo")] == []


def test_a_column_or_view_that_is_not_documented_is_found() -> None:
    catalog = {"sys.objects": {"columns": ["name", "object_id"]}}
    assert unknown("SELECT o.name AS x FROM sys.objects AS o", "tsql", catalog) == []
    assert unknown("SELECT o.nam AS x FROM sys.objects AS o", "tsql", catalog) == ["sys.objects.nam"]
    assert unknown("SELECT o.name AS x FROM sys.object AS o", "tsql", catalog) == ["sys.object"]
    assert unknown("SELECT x.n AS x FROM (SELECT o.nam AS n FROM sys.objects AS o) AS x", "tsql", catalog) == [
        "sys.objects.nam"
    ]


@pytest.mark.parametrize("name", VENDORS)
def test_every_question_says_which_pages_it_was_written_from(name: str) -> None:
    folder = Path(profiles.__file__).parent / name
    for file in folder.glob("*.sql"):
        comment = [line for line in file.read_text().splitlines() if line.startswith("--")]
        assert any("http" in line or "Reference Manual" in line for line in comment), file.name


@pytest.mark.parametrize("name", VENDORS)
def test_every_question_whether_to_ask_otherwise_passes_the_gate(name: str) -> None:
    for what, query in _questions(profiles.load()[name]):
        assert guard.check(query.sql) == query.sql, what


@pytest.mark.parametrize("name", VENDORS)
def test_what_leads_elsewhere_and_who_may_see_it_is_asked_of_every_server(name: str) -> None:
    asked = {*profiles.load()[name].queries, *profiles.load()[name].variants}
    assert {"grants", "foreign_keys"} & asked or name == "firebird"
    assert "grants" in asked
    assert {"members", "database_members"} & asked
    assert {"references", "links", "server_links"} & asked or name == "teradata"
    assert {
        "comments",
        "columns",
        "keys",
        "indexes",
        "views",
        "routines",
        "triggers",
        "database_settings",
    } <= asked or (name in ("sybase", "informix") and "comments" not in asked)


# --- what is said of it -----------------------------------------------------------------------------------------------


def test_every_profile_says_what_it_ran_against_or_that_it_never_ran() -> None:
    said = " ".join(PLUG.limits)
    for profile in profiles.load().values():
        assert profile.title in said, profile.name
        for server in profile.ran_against:
            assert server in said
    for name in ("oracle", "db2", "sybase", "informix", "teradata", "mysql"):
        assert not profiles.load()[name].ran_against
    assert "its ODBC driver" in said
    assert "SQL Server itself" in said


# --- what their drivers say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("[28000] [Oracle][ODBC][Ora]ORA-01017: invalid username/password; logon denied\n (1017)", "AUTH_REFUSED"),
        ("[HY000] [Oracle][ODBC][Ora]ORA-28001: the password has expired (28001)", "AUTH_EXPIRED"),
        ("[HY000] [Oracle][ODBC][Ora]ORA-28000: the account is locked (28000)", "AUTH_REFUSED"),
        ('[08001] [IBM][CLI Driver] SQL30082N  Security processing failed with reason "24" (-30082)', "AUTH_REFUSED"),
        ("[08004] Your user name and password are not defined. Ask your administrator (-902)", "AUTH_REFUSED"),
        ("[28000] [Informix][Informix ODBC Driver]Incorrect password or user x is not known (-951)", "AUTH_REFUSED"),
        ("[28000] [Teradata][ODBC] [8017] The UserId, Password or Account is invalid.", "AUTH_REFUSED"),
        ("[ZZZZZ] [SAP][ASE ODBC Driver]Login failed. (4002)", "AUTH_REFUSED"),
        ('[42000] Cannot open database "x" requested by the login. The login failed. (4060)', "DENIED"),
        ("[08001] [IBM][CLI Driver] SQL30081N  A communication error has been detected. (-30081)", "UNREACHABLE"),
        ("[HY000] ORA-12541: TNS:no listener (12541)", "UNREACHABLE"),
        ("[08001] Encryption not supported on SQL Server. (20)", "TLS_REFUSED"),
    ],
)
def test_a_wrong_password_is_never_taken_for_a_line_that_may_be_tried_again(said: str, code: str) -> None:
    error = errors.connecting(Exception(said[1:6], said), "h")
    assert (error.code, error.transient) == (code, code == "UNREACHABLE")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("[42000] Lock request time out period exceeded. (1222)", "TIMEOUT"),
        ("[42000] VIEW SERVER STATE permission was denied on object 'server' (300)", "DENIED"),
        ("[42S02] ORA-00942: table or view does not exist (942)", "NOT_FOUND"),
        ("[42000] ORA-01031: insufficient privileges (1031)", "DENIED"),
        ("[42501] SQL0551N  X does not have the required authorization (-551)", "DENIED"),
        ("[HY000] [Teradata][ODBC] [3523] The user does not have SELECT access to DBC.TablesV.", "DENIED"),
    ],
)
def test_a_question_that_was_refused_is_told_by_its_cause(said: str, code: str) -> None:
    assert errors.asking(Exception(said[1:6], said)) == (code, False)


# --- texts in pieces --------------------------------------------------------------------------------------------------

NAMES = ("path", "kind", "definition", "place")


def test_a_text_in_pieces_is_one_even_across_pages() -> None:
    pages: list[Page | Refusal] = [
        Page(NAMES, [("a", "view", "SELECT ", 1), ("a", "view", "1", 2), ("b", "view", "SEL", 1)]),
        Page(NAMES, [("b", "view", "ECT 2", 2), ("c", "view", None, 1)]),
    ]
    rows = [list(row)[:3] for page in joined(pages) if isinstance(page, Page) for row in page.rows]
    assert rows == [["a", "view", "SELECT 1"], ["b", "view", "SELECT 2"], ["c", "view", None]]


def test_what_was_told_before_a_refusal_is_kept() -> None:
    pages: list[Page | Refusal] = [Page(NAMES, [("a", "view", "SELECT 1", 1)]), Refusal("TIMEOUT", "late")]
    first, second = joined(pages)
    assert isinstance(first, Page)
    assert first.column("definition") == ["SELECT 1"]
    assert isinstance(second, Refusal)


def test_rows_without_a_place_are_left_as_they_are() -> None:
    page = Page(("path", "definition"), [("a", "x"), ("a", "y")])
    assert list(joined([page])) == [page]
