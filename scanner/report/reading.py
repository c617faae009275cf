"""What the report reads from, and the SQL that several of its parts share; all counting is done in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from scanner import results

Row = dict[str, Any]
"""One row of a query by column name; DuckDB's Python driver is untyped."""


class Rows(Protocol):
    """The part of the catalog's reader that the report uses."""

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query as tuples."""
        ...

    def dicts(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """All rows of a query by column name."""
        ...

    def stores(self) -> tuple[results.Store, ...]:
        """Every store of the estate, known or found."""
        ...


YEAR_US = 31_557_600_000_000
"""A Julian year (365.25 days) in microseconds."""

CONTENT = ("file", "object", "table", "materialized_view", "foreign_table")
"""Kinds that hold content; the others are containers, links or definitions."""
FILES = ("file", "object")
TABLES = ("table", "view", "materialized_view", "foreign_table")


def among(values: Iterable[str]) -> str:
    """Our own constants as the inside of an SQL ``IN`` list."""
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)


ITEM = "item AS NOT MATERIALIZED ({items})"
"""One row per thing that holds content; ``of_items`` puts in where from.

``counted`` is its size, except that the bytes of a file with several names (hard links) count at its first name only;
``rel`` is the parent's path within its store, ``repeat`` a further name.
"""
_ITEMS = """
  SELECT {facts}, {rel} AS rel, size AS counted, false AS repeat FROM entry WHERE {where} AND hardlink IS NULL
  UNION ALL
  SELECT {facts}, {rel} AS rel,
         CASE WHEN size IS NULL THEN NULL WHEN row_number() OVER w = 1 THEN size ELSE 0 END AS counted,
         row_number() OVER w > 1 AS repeat
  FROM entry WHERE {where} AND hardlink IS NOT NULL WINDOW w AS (PARTITION BY source, hardlink ORDER BY parent, name)
"""
_FACTS = "source, store, parent, name, kind, size, modified, owner, mode, etag, tier"


def of_items(reader: Rows, sql: str) -> str:
    """A query that begins with ``ITEM``, for the sources there are.

    Sources that hold several stores are asked apart, so that ``rel`` follows from the parent alone: what is asked of it
    DuckDB then works out once for each folder of a part, not for each file.
    """
    # Written so that DuckDB reads no more than it must: a longer IN list would become a join.
    content = f"(kind IN ({among(CONTENT[:2])}) OR kind IN ({among(CONTENT[2:])}))"
    deep = among(name for (name,) in reader.rows("SELECT name FROM source WHERE store_depth > 0 ORDER BY name"))
    within = "substr(parent, strpos(parent, '/') + 1)"
    ways = [(f"source NOT IN ({deep}) AND {content}", "parent"), (f"source IN ({deep}) AND {content}", within)]
    selects = [
        _ITEMS.format(facts=_FACTS, rel=rel, where=where) for where, rel in (ways if deep else [(content, "parent")])
    ]
    return sql.replace("{items}", " UNION ALL ".join(selects))


# Faults of the newest scan of each source.
FAULTS = "recent_fault AS (SELECT f.* FROM fault f JOIN source s ON s.name = f.source AND s.scan = f.scan)"


def share(part: int | None, whole: int | None) -> float | None:
    """Per cent to one decimal, cut and never rounded up, so that 100 means all; None for a share of nothing."""
    if part is None or not whole:
        return None
    return part * 1000 // whole / 10


def total(values: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None
