"""Facts from ODBC's own catalog functions, for systems that have no profile.

A fresh cursor for each call: some drivers fail a second one. ``SQLStatistics`` is never called: MDBTools' dies of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any

from connectors.odbc import texts
from connectors.odbc.asking import Page, Refusal, is_round
from connectors.odbc.facts import Scope
from connectors.odbc.link import FETCH, Garbled, Link, Refused
from connectors.odbc.profiles import FACTS

_KINDS = {
    "TABLE": "table", "VIEW": "view", "MATERIALIZED VIEW": "materialized_view", "FOREIGN TABLE": "foreign_table",
    "SEQUENCE": "sequence", "SYNONYM": "view", "ALIAS": "view", "BASE TABLE": "table",
}  # fmt: skip
_OWN = ("SYSTEM TABLE", "SYSTEM VIEW", "SYSTEM", "ACCESS TABLE")
_RULES = {0: "CASCADE", 1: "RESTRICT", 2: "SET NULL", 3: "NO ACTION", 4: "SET DEFAULT"}
_OWN_SCHEMAS = {
    "information_schema",
    "pg_catalog",
    "pg_toast",
    "sys",
    "mysql",
    "performance_schema",
    "sysibm",
    "syscat",
}
_LOB_TYPES = {-1, -4, -10}
"""SQL_LONGVARCHAR, SQL_LONGVARBINARY and SQL_WLONGVARCHAR."""
_SIZED_TYPES = {1, 12, -8, -9, -2, -3}
_EXACT_TYPES = {2, 3}
_TOLD = ("databases", "schemas", "tables", "columns", "keys", "foreign_keys", "views", "routines")
_GIVES_NOTHING = frozenset(FACTS) - frozenset(_TOLD)
Place = tuple[str, str]


class Functions:
    """What SQLTables, SQLColumns, SQLPrimaryKeys, SQLForeignKeys and SQLProcedures tell."""

    tells_nullable = True
    """Whether the driver knows which columns may be NULL."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._levels: tuple[str, ...] | None = None

    def levels(self) -> tuple[str, ...]:
        """Database alone, or database and schema where the driver gives any table a schema."""
        if self.link.profile.levels:
            return self.link.profile.levels
        if self._levels is None:
            places = [p for page in self._tables(None) if isinstance(page, Page) for p in page.rows]
            self._levels = ("database", "schema") if any(row[1] for row in places) else ("database",)
        return self._levels

    def pages(self, fact: str, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """The facts the functions have; nothing for the others."""
        if fact in ("databases", "schemas"):
            yield from self._containers(fact, scope)
        elif fact == "tables":
            for page in self._tables(self._place(scope)):
                yield page if isinstance(page, Refusal) else Page(("name", "kind"), [row[2:4] for row in page.rows])
        elif fact == "columns":
            yield from self._columns(scope, objects)
        elif fact == "keys":
            yield from self._each(fact, scope, objects, self._primary)
        elif fact == "foreign_keys":
            yield from self._each(fact, scope, objects, self._foreign)
        elif fact == "views":
            rows = [
                (name, "view", self.link.profile.dialect or None, None)
                for name, kind in objects.items()
                if kind == "view"
            ]
            if rows:
                yield Page(("path", "kind", "dialect", "definition"), rows)
        elif fact == "routines":
            yield from self._routines(scope)
        elif fact not in _GIVES_NOTHING:
            raise ValueError(fact)

    def truncated(self, fact: str, _scope: Scope, rows: int) -> str:
        """These functions cannot count: a round number of rows is taken for a limit that cut the answer."""
        if not is_round(rows) or fact != "tables":
            return ""
        return f"tables: the answer ended at exactly {rows} rows, as a limit of driver or server would have it"

    # A database's name is what the driver calls it; a file, or a driver that has no name for it, gives its own.
    def _database(self, catalog: object) -> str:
        if catalog and not self._is_path(str(catalog)):
            return str(catalog)
        file = self.link.file
        if file:
            return PurePath(file).name
        return str(catalog or self.link.pairs.database or self.link.pairs.dsn or "main")

    @staticmethod
    def _is_path(catalog: str) -> bool:
        return "/" in catalog or "\\" in catalog

    def _place(self, scope: Scope) -> Place:
        return (scope.names[0], scope.names[1] if len(scope.names) > 1 else "")

    def _tables(self, place: Place | None) -> Iterator[Page | Refusal]:
        """Rows of (database, schema, name, kind), the system's own left out."""
        for page in self._call("tables", lambda cursor: cursor.tables()):
            if isinstance(page, Refusal):
                yield page
                continue
            rows: list[Sequence[Any]] = []
            for row in page.rows:
                catalog, schema, name, kind = (row[i] for i in range(4))
                kind = str(kind or "").upper()
                if (
                    kind in _OWN
                    or str(schema or "").lower() in _OWN_SCHEMAS
                    or str(catalog or "").lower() in _OWN_SCHEMAS
                ):
                    continue
                found = (self._database(catalog), str(schema or ""), name, _KINDS.get(kind, "unknown"))
                if place is None or found[:2] == place or (found[0] == place[0] and not place[1]):
                    rows.append(found)
            if rows:
                yield Page(("database", "schema", "name", "kind"), rows)

    def _containers(self, fact: str, scope: Scope) -> Iterator[Page | Refusal]:
        seen: dict[str, None] = {}
        if fact == "databases" and self.link.file:
            seen[self._database(None)] = None  # a file without a table is still a database
        for page in self._tables(None):
            if isinstance(page, Refusal):
                yield page
                return
            for row in page.rows:
                if fact == "databases":
                    seen[row[0]] = None
                elif row[0] == scope.names[0]:
                    seen[row[1]] = None
        if fact == "databases" and not seen:
            seen[self._database(None)] = None
        yield Page(("name", "kind"), [(name, fact[:-1]) for name in seen])

    def _arguments(self, scope: Scope) -> dict[str, str]:
        """How the driver is told which schema; a file has neither name nor schema for it."""
        if self.link.file:
            return {}
        database, schema = self._place(scope)
        return {"schema": schema} if schema else {"catalog": database}

    def _columns(self, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        names = (
            "path",
            "name",
            "position",
            "type",
            "length",
            "precision",
            "scale",
            "nullable",
            "default",
            "lob",
            "comment",
        )
        arguments = self._arguments(scope)
        for page in self._call("columns", lambda cursor: cursor.columns(**arguments)):
            if isinstance(page, Refusal):
                yield page
                continue
            # A pattern may match more than one schema, and some drivers list indexes as tables: only what was listed.
            rows = [self._column(row) for row in page.rows if row[2] in objects and self._belongs(row, scope)]
            if rows:
                yield Page(names, rows)

    def _belongs(self, row: Sequence[Any], scope: Scope) -> bool:
        database, schema = self._place(scope)
        return self._database(row[0]) == database and (not schema or str(row[1] or "") == schema)

    def _column(self, row: Sequence[Any]) -> Sequence[Any]:
        more = [*row, *[None] * 18]
        code, size, scale = more[4], more[6], more[8]
        sized, exact = code in _SIZED_TYPES, code in _EXACT_TYPES
        nullable = {0: 0, 1: 1}.get(more[10]) if self.tells_nullable else None
        default = None if more[12] == "NULL" else more[12]
        return (
            more[2], more[3], more[16], more[5], size if sized else None, size if exact else None,
            scale if exact else None, nullable, default, int(code in _LOB_TYPES), more[11] or None,
        )  # fmt: skip

    def _each(
        self,
        fact: str,
        scope: Scope,
        objects: Mapping[str, str],
        ask: Callable[..., Any],
    ) -> Iterator[Page | Refusal]:
        """A fact that drivers tell of one table at a time; one that has no such function is asked once."""
        arguments = self._arguments(scope)
        for table in (name for name, kind in objects.items() if kind == "table"):
            for page in self._call(fact, partial(ask, table=table, arguments=arguments)):
                if isinstance(page, Page):
                    yield self._keyed(fact, table, page.rows)
                elif "IM001" in page.detail or "HYC00" in page.detail:
                    yield page
                    return
                else:
                    yield Refusal(page.code, page.detail, table)

    @staticmethod
    def _primary(cursor: Any, table: str, arguments: dict[str, str]) -> Any:
        return cursor.primaryKeys(table, **arguments)

    @staticmethod
    def _foreign(cursor: Any, table: str, arguments: dict[str, str]) -> Any:
        return cursor.foreignKeys(
            **{f"foreign{key.title()}": value for key, value in {"table": table, **arguments}.items()}
        )

    @staticmethod
    def _keyed(fact: str, table: str, rows: Sequence[Sequence[Any]]) -> Page:
        if fact == "keys":
            ordered = sorted((r for r in rows if r[3]), key=lambda r: r[4] or 0)
            return Page(("path", "name", "kind", "columns"), [(table, r[5] or "", "primary", r[3]) for r in ordered])
        names = ("path", "name", "kind", "number", "columns", "ref_path", "ref_database", "ref_schema", "ref_columns",
                 "on_delete", "on_update")  # fmt: skip
        # Nameless keys are told apart by their sequence starting again; named ones by their names.
        numbered: list[tuple[int, Sequence[Any]]] = []
        for r in rows:
            last = numbered[-1][0] if numbered else 0
            numbered.append((0 if r[11] else last + (r[8] in (0, 1)), r))
        numbered.sort(key=lambda pair: (pair[1][11] or "", pair[0], pair[1][8] or 0))
        made = [
            (table, r[11] or "", "foreign", n, r[7], r[2], r[0], r[1], r[3], _RULES.get(r[10]), _RULES.get(r[9]))
            for n, r in numbered
        ]
        return Page(names, made)

    def _routines(self, scope: Scope) -> Iterator[Page | Refusal]:
        arguments = self._arguments(scope)
        for page in self._call("routines", lambda cursor: cursor.procedures(**arguments)):
            if isinstance(page, Refusal):
                if (
                    "IM001" not in page.detail and "HYC00" not in page.detail
                ):  # a driver without routines has none to hide
                    yield page
                continue
            rows = [
                (r[2], "function" if r[7] == 2 else "procedure", self.link.profile.dialect or None, None)
                for r in page.rows
                if self._belongs(r, scope)
            ]
            if rows:
                yield Page(("path", "kind", "dialect", "definition"), rows)

    def _call(self, fact: str, call: Callable[[Any], Any]) -> Iterator[Page | Refusal]:
        cursor: Any = None
        while True:
            try:
                if cursor is None:
                    cursor = self.link.function(call)
                with self.link.asking():
                    rows = cursor.fetchmany(FETCH)
                    if self.link.tolerant:
                        rows = texts.restored(rows)
            except Garbled:
                cursor = None
                continue
            except Refused as refused:
                yield Refusal(refused.code, f"{fact}: {refused.detail}")
                return
            if rows:
                yield Page((), rows)
            if len(rows) < FETCH:  # MDBTools dies of a fetch beyond the end
                return
