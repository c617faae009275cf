"""The state's tables copied into a reader's database: a chunk at a time, and units only when somebody asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.state import Catalog
from scanner.model import CONTENT

_CHUNK = 50_000
"""Rows copied at once: what bounds the memory of it."""
_OF_SOURCES = (t.source, t.unit, t.fault, t.part)
"""Tables whose rows belong to one source; of others all rows of the scans that are read are copied."""


def copy_state(db: duckdb.DuckDBPyConnection, catalog: Catalog, picked: Mapping[str, int]) -> None:
    """Copy all but the units that are done, and count those: ``source`` tells how many there are.

    ``unit`` then holds what is left to do, what failed, and what stands for content; ``unfinished`` the former two.
    """
    rest = (t.unit.c.state != "done") | t.unit.c.after.startswith(CONTENT)
    for table in (t.scan, t.source, t.fault, t.part, t.known_store, t.mute, t.dropped, t.reached):
        _copy(db, catalog, table, _chosen(table, picked))
    _copy(db, catalog, t.unit, [*_chosen(t.unit, picked), rest])
    db.execute("CREATE VIEW unfinished AS SELECT * FROM unit WHERE state <> 'done'")
    _count_units(db, catalog, picked)
    _source_table(db)


def copy_units(db: duckdb.DuckDBPyConnection, catalog: Catalog, picked: Mapping[str, int]) -> None:
    """Copy the units that ``copy_state`` left out."""
    done = (t.unit.c.state == "done") & ~t.unit.c.after.startswith(CONTENT)
    for rows in _chunks(catalog, sa.select(t.unit).where(*_chosen(t.unit, picked), done)):
        _append(db, "unit", t.unit, rows)


def asks_for_units(sql: str) -> bool:
    """Whether a query may ask for the table of units; a column of that name is taken for it, which costs time alone."""
    return re.search(r'\b(from|join)\s+"?unit\b|,\s*"?unit"?\b', sql, re.IGNORECASE) is not None


def _chosen(table: sa.Table, picked: Mapping[str, int]) -> list[sa.ColumnElement[bool]]:
    """What picks the rows of the scans that are read: each source's own."""
    if "scan" not in table.c or table is t.scan:
        return []
    scans: dict[int, list[str]] = {}
    for source, scan in picked.items():
        scans.setdefault(scan, []).append(source)
    if table not in _OF_SOURCES:
        return [table.c.scan.in_(sorted(scans))]
    name = table.c.name if table is t.source else table.c.source
    return [sa.or_(*((table.c.scan == scan) & name.in_(sources) for scan, sources in sorted(scans.items())))]


def _copy(
    db: duckdb.DuckDBPyConnection, catalog: Catalog, table: sa.Table, where: Sequence[sa.ColumnElement[bool]]
) -> None:
    raw = table.name if table in (t.scan, t.unit, t.part, t.known_store, t.mute, t.reached) else f"raw_{table.name}"
    kinds = ", ".join(f'"{c.name}" {"VARCHAR" if isinstance(c.type, sa.String) else "BIGINT"}' for c in table.columns)
    db.execute(f'CREATE TABLE "{raw}" ({kinds})')
    for rows in _chunks(catalog, sa.select(table).where(*where)):
        _append(db, raw, table, rows)


def _chunks(catalog: Catalog, query: sa.Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    with catalog.reading() as state:
        yield from state.execution_options(yield_per=_CHUNK).execute(query).partitions()


def _append(db: duckdb.DuckDBPyConnection, name: str, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    kinds = [pa.string() if isinstance(c.type, sa.String) else pa.int64() for c in table.columns]
    arrays = [pa.array(v, k) for v, k in zip(zip(*rows, strict=True), kinds, strict=True)]
    db.register("incoming", pa.table(arrays, names=[c.name for c in table.columns]))
    db.execute(f'INSERT INTO "{name}" SELECT * FROM incoming')
    db.unregister("incoming")


def _count_units(db: duckdb.DuckDBPyConnection, catalog: Catalog, picked: Mapping[str, int]) -> None:
    """``unit_count``: how many units of each source are in which state, counted where they stand."""
    c = t.unit.c
    query = sa.select(c.source, c.state, sa.func.count()).where(*_chosen(t.unit, picked)).group_by(c.source, c.state)
    db.execute("CREATE TABLE unit_count (source VARCHAR, state VARCHAR, units BIGINT)")
    with catalog.reading() as state:
        counted = [tuple(row) for row in state.execute(query)]
    if counted:
        db.executemany("INSERT INTO unit_count VALUES (?, ?, ?)", counted)


def _source_table(db: duckdb.DuckDBPyConnection) -> None:
    """``source`` with its coverage counts, all but those that need the facts."""
    units = "(SELECT coalesce(sum(u.units), 0)::BIGINT FROM unit_count u WHERE u.source = s.name AND u.state = '{0}')"
    faults = "(SELECT count(*) FROM raw_fault f WHERE f.source = s.name AND f.op {0})"
    db.execute(
        f"""CREATE TABLE source AS SELECT s.*, {units.format("done")} AS units_done,
            {units.format("failed")} AS units_failed, {units.format("pending")} AS units_pending,
            {faults.format("<> 'note'")} AS faults, {faults.format("= 'stat'")} AS failed,
            {faults.format("= 'skip'")} AS skipped
        FROM raw_source s"""
    )
