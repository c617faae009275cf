"""A small catalog in memory: the declared tables, filled with the rows a test names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from scanner.catalog.reader import Reader
from scanner.schema import SCHEMAS

_TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "int": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "time": "BIGINT",
}
_PLURALS = {"column": "columns", "key": "keys", "routine": "routines"}


class Estate:
    """Rows by table, and a reader over them; ``shuffle`` gives the same facts in another order."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self.sources: list[tuple[str, str, int]] = []
        self.stores: dict[str, tuple[str, str, str]] = {}
        self.deep: dict[str, bool] = {}
        self.owners: dict[str, str | None] = {}
        self.unknown: set[str] = set()
        self.register: list[tuple[str, str, str | None]] = []
        self.reached: list[tuple[str, str, int, int, str]] = []

    def source(self, name: str, *, deep: bool = True, locator: str = "", kind: str = "share") -> None:
        self.sources.append((name, locator, int(deep)))
        self.deep[name] = deep
        if not deep:
            self.stores[name] = (name, "", kind)

    def _store(self, source: str, path: str) -> str:
        if not self.deep[source]:
            return source
        first = path.split("/", maxsplit=1)[0]
        if not first:
            return source
        self.stores.setdefault(f"{source}/{first}", (source, first, "database"))
        return f"{source}/{first}"

    def fact(self, table: str, source: str, path: str, **values: Any) -> None:
        row = {"scan": 1, "source": source, "store": self._store(source, path), "path": path, **values}
        if table == "entry":
            cut = path.rfind("/") + 1
            row |= {"parent": path[:cut], "name": path[cut:]}
        self.rows[table].append(row)

    def entry(self, source: str, path: str, kind: str = "table", **values: Any) -> None:
        self.fact("entry", source, path, kind=kind, **values)

    def database(self, source: str, database: str, *schemas: str) -> None:
        self.entry(source, database, "database")
        for schema in schemas:
            self.entry(source, f"{database}/{schema}", "schema")

    def foreign_key(self, source: str, path: str, ref_path: str | None, name: str = "", column: str = "x") -> None:
        self.fact(
            "key", source, path, name=name, kind="foreign", columns=[column], ref_path=ref_path, ref_columns=["id"]
        )

    def routine(self, source: str, path: str, kind: str, text: str | None, dialect: str, **values: Any) -> None:
        if kind in {"view", "materialized_view"}:
            self.entry(source, path, kind)
        self.fact("routine", source, path, kind=kind, definition=text, dialect=dialect, **values)

    def reader(self, order: Callable[[list[Any]], list[Any]] = list) -> Reader:
        db = duckdb.connect()
        for name, schema in SCHEMAS.items():
            columns = {"scan": "BIGINT", "source": "VARCHAR", "store": "VARCHAR", "path": "VARCHAR"}
            columns |= {c.name: _TYPES[c.type] for c in schema.columns}
            db.execute(f'CREATE TABLE "{name}" ({", ".join(f"{chr(34)}{c}{chr(34)} {t}" for c, t in columns.items())})')
            for row in order(self.rows[name]):
                names = ", ".join(f'"{key}"' for key in row)
                db.execute(f'INSERT INTO "{name}" ({names}) VALUES ({", ".join("?" for _ in row)})', list(row.values()))
            if name in _PLURALS:
                db.execute(f'CREATE VIEW "{_PLURALS[name]}" AS SELECT * FROM "{name}"')
        db.execute("CREATE TABLE known_store (scan INTEGER, name VARCHAR, locator VARCHAR, owner VARCHAR)")
        for known in order(self.register):
            db.execute("INSERT INTO known_store VALUES (1, ?, ?, ?)", list(known))
        db.execute("CREATE TABLE reached (store VARCHAR, host VARCHAR, port BIGINT, asked_at BIGINT, outcome VARCHAR)")
        for asked in order(self.reached):
            db.execute("INSERT INTO reached VALUES (?, ?, ?, ?, ?)", list(asked))
        db.execute("CREATE TABLE source (name VARCHAR, locator VARCHAR, store_depth BIGINT)")
        for source in order(self.sources):
            db.execute("INSERT INTO source VALUES (?, ?, ?)", list(source))
        db.execute(
            "CREATE TABLE store (id VARCHAR, source VARCHAR, path VARCHAR, kind VARCHAR, title VARCHAR, owner VARCHAR,"
            " entries BIGINT, files BIGINT, bytes BIGINT, unknown_sizes BIGINT, offline_bytes BIGINT, newest BIGINT,"
            " complete BOOLEAN, known BOOLEAN)"
        )
        for key, (source, path, kind) in order(list(self.stores.items())):
            owner, known = self.owners.get(key), key not in self.unknown
            values = [key, source, path, kind, path or source, owner, 1, 1, 1, 0, 0, None, True, known]
            db.execute(f"INSERT INTO store VALUES ({', '.join('?' * 14)})", values)
        return Reader(db, list)


@pytest.fixture
def estate() -> Estate:
    return Estate()
