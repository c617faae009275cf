"""Where rows are judged: each store with its class, and how much of it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanner.judge.reader import Reads
from scanner.results import DATABASE_FILE, Store

Class = Literal["file", "object", "table"]
_BY_TYPE: dict[str, Class] = {"file": "file", "smb": "file", "sftp": "file", "s3": "object", "odbc": "table"}
"""Class of a store of which nothing was seen, by the type of its source."""


@dataclass(frozen=True, slots=True)
class Place:
    """A store as judging sees it.

    ``listed`` of ``containers`` (folders, buckets, schemas) were listed to their end; a container that is known but was
    not listed counts as not listed. ``scanned`` is when its source was scanned, microseconds UTC.
    """

    store: Store
    class_: Class
    containers: int
    listed: int
    scanned: int | None

    @property
    def prefix(self) -> str:
        """What every path of the source in this store begins with."""
        return f"{self.store.path}/" if self.store.path else ""

    @property
    def depth(self) -> int:
        """How many leading segments of a path name the store."""
        return self.prefix.count("/")

    @property
    def system(self) -> str:
        """What names the system that its tables belong to: a database file itself, else the source."""
        return self.store.id if self.store.kind == DATABASE_FILE else self.store.source

    @property
    def coverage(self) -> float:
        """Share of its containers listed to their end, 0 to 1; 0 where nothing is known of it."""
        if self.containers == 0:
            return 1.0 if self.store.complete else 0.0
        return self.listed / self.containers


def places(reader: Reads) -> tuple[Place, ...]:
    """Every store of which it is known what kind of things it holds, in order of id."""
    kinds = _classes(reader)
    types = {name: (type_, scanned) for name, type_, scanned in reader.rows(_SOURCES)}
    ledger = {store: (known, listed) for store, known, listed in reader.rows(_LEDGER)}
    found = []
    for store in sorted(reader.stores(), key=lambda s: s.id):
        type_, scanned = types.get(store.source, ("", None))
        class_ = "table" if store.kind == DATABASE_FILE else kinds.get(store.id) or _BY_TYPE.get(type_)
        if class_ is not None:
            known, listed = ledger.get(store.id, (0, 0))
            found.append(Place(store, class_, known, listed, scanned))
    return tuple(found)


def _classes(reader: Reads) -> dict[str, Class]:
    """Class of each store by what was seen in it."""
    rows = reader.rows(
        """SELECT store, bool_or(kind IN ('object', 'bucket')),
            bool_or(kind IN ('database', 'schema', 'table', 'view', 'materialized_view', 'foreign_table', 'sequence'))
        FROM entry GROUP BY store"""
    )
    return {store: "object" if objects else "table" if tables else "file" for store, objects, tables in rows}


_SOURCES = "SELECT name, type, coalesce(ended, started) FROM source"

UNLISTED = """SELECT source, store, CASE WHEN path = '' OR ends_with(path, '/') THEN path ELSE path || '/' END AS path
    FROM fault WHERE op = 'list'"""
"""Containers that could not be listed, or not to their end."""

_LEDGER = f"""WITH known AS (
        SELECT store, source, path, bool_and(complete) AS complete FROM listing GROUP BY ALL
        UNION ALL SELECT store, source, path, FALSE FROM ({UNLISTED})),
    container AS (SELECT store, source, path, bool_and(complete) AS complete FROM known GROUP BY ALL)
    SELECT store, count(*), count(*) FILTER (WHERE complete) FROM container GROUP BY store"""
