"""A small catalog in DuckDB with the views that judging reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from scanner.results import Store
from scanner.schema import SCHEMAS

_TYPES = {
    "text": "VARCHAR", "texts": "VARCHAR[]", "int": "BIGINT", "real": "DOUBLE", "bool": "BOOLEAN", "time": "BIGINT",
}  # fmt: skip
SCANNED = 1_760_000_000_000_000


@dataclass
class World:
    """A catalog of some sources. ``store_depth`` 1 makes the first path segment the store, as for S3 and ODBC."""

    db: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    depths: dict[str, int] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    queries: int = 0

    def __post_init__(self) -> None:
        for name, schema in SCHEMAS.items():
            columns = ", ".join(f'"{c.name}" {_TYPES[c.type]}' for c in schema.columns)
            extra = ", path VARCHAR" if name == "entry" else ""
            self.db.execute(f'CREATE TABLE "{name}" (scan BIGINT, source VARCHAR, store VARCHAR, {columns}{extra})')
        self.db.execute("CREATE TABLE source (name VARCHAR, type VARCHAR, started BIGINT, ended BIGINT)")
        self.db.execute(
            """CREATE TABLE fault (source VARCHAR, store VARCHAR, path VARCHAR, op VARCHAR, reason VARCHAR,
            detail VARCHAR)"""
        )

    def source(self, name: str, type_: str, store_depth: int = 0) -> World:
        self.depths[name] = store_depth
        self.db.execute("INSERT INTO source VALUES (?, ?, ?, ?)", [name, type_, SCANNED - 1, SCANNED])
        return self

    def store_of(self, source: str, path: str) -> str:
        first = path.partition("/")[0]
        return f"{source}/{first}" if self.depths[source] and first else source

    def add(self, fact: str, source: str, rows: Sequence[Mapping[str, Any]]) -> World:
        """Rows of a fact; an entry is given by its path."""
        for given in rows:
            row = dict(given)
            path = str(row["path"])
            if fact == "entry":
                parent, slash, name = path.rpartition("/")
                row = {"kind": "file", "parent": parent + slash, "name": name, **row}
            full = {"scan": 1, "source": source, "store": self.store_of(source, path), **row}
            if fact == "fault":
                del full["scan"]
            names = ", ".join(f'"{n}"' for n in full)
            marks = ", ".join("?" for _ in full)
            self.db.execute(f'INSERT INTO "{fact}" ({names}) VALUES ({marks})', list(full.values()))
        return self

    def files(self, source: str, *paths: str, **facts: Any) -> World:
        return self.add("entry", source, [{"path": p, "size": 1, "links": 1, "tier": "online", **facts} for p in paths])

    def listed(self, source: str, path: str = "", listed: int = 0, complete: bool = True) -> World:
        return self.add("listing", source, [{"path": path, "listed": listed, "complete": complete}])

    def fault(self, source: str, path: str, op: str, reason: str = "DENIED") -> World:
        self.incomplete.add(self.store_of(source, path))
        return self.add("fault", source, [{"path": path, "op": op, "reason": reason, "detail": ""}])

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.queries += 1
        return self.db.execute(sql, list(params)).fetchall()

    def dicts(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        cursor = self.db.execute(sql, list(params))
        names = [d[0] for d in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stores(self) -> tuple[Store, ...]:
        found = self.rows(
            """SELECT store, source, count(*), sum(size),
                count(*) FILTER (WHERE size IS NULL AND kind IN ('file', 'object'))
            FROM entry GROUP BY ALL"""
        )
        return tuple(
            Store(
                id=store, source=source, path=store[len(source) + 1 :], kind="", title=store, owner=None, entries=n,
                files=n, bytes=size, unknown_sizes=unknown, offline_bytes=0, newest=None,
                complete=store not in self.incomplete, known=True,
            )
            for store, source, n, size, unknown in found
        )  # fmt: skip
