"""Settling: what a scan found is brought into one canonical form, whose parts are shared with other scans.

A part is named by what it holds: one that is there already is named once more, not written again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.canonical import Chunk, Settled, chunks, content_name, quoted, unchanged
from scanner.catalog.reader import OFFLINE, whole_parts
from scanner.catalog.readers import alone
from scanner.catalog.rows import INSIDE, Parts, parts_of, present, rows_sql
from scanner.catalog.state import Catalog
from scanner.codes import StocktakeError
from scanner.model import CONTENT, Stopped
from scanner.schema import SCHEMAS

MANY, SMALL = 64, 20_000
"""A source's first scan is settled too where it left more parts than so many, with fewer rows each than so many."""
MEMORY = "200MiB"
"""What sorting may take; beyond it goes to the catalog's room. Arrow's copy of a range comes on top."""
FOLDER = "settled"


def settle(catalog: Catalog, number: int, stop: Callable[[], bool] = lambda: False) -> int:
    """Settle the sources that a scan saw without gaps, each with its scan before; returns how many scans were.

    A source's first scan stays as it was crawled, unless its parts are many and small. The catalog must be locked.

    Where there is no room for it, a stop is asked for, or an earlier scan's parts are broken, what was not settled yet
    stays as it was: the scan itself is whole, and its end is not spoilt by this.
    """
    settled = 0
    for source in catalog.sources(number):
        if source.state != "complete" or catalog.gaps(number, source.name):
            continue
        try:
            for scan, base in _due(catalog, number, source.name):
                settled += _settle_source(catalog, scan, source.name, base, stop)
        except Stopped:
            return settled
        except StocktakeError as error:
            if error.code.code not in {"DISK_FULL", "CATALOG_DAMAGED"}:
                raise
            with contextlib.suppress(StocktakeError):
                catalog.note("not settled", f"run {number}, {source.name}: {error}")
    return settled


def _due(catalog: Catalog, number: int, source: str) -> list[tuple[int, int | None]]:
    """Which scans of a source to settle, and the scan each may share parts with."""
    earlier = _scans_before(catalog, number, source)
    if not earlier:
        return [(number, None)] if _crumbled(catalog, number, source) else []
    before, base = earlier[0], next(iter(earlier[1:]), None)
    return [(before, base), (number, before)]


def _scans_before(catalog: Catalog, number: int, source: str) -> list[int]:
    """Earlier scans of a source that came to an end, newest first."""
    c = t.source.c
    query = sa.select(c.scan).where(c.name == source, c.scan < number, c.state.in_(("complete", "incomplete")))
    with catalog.reading() as db:
        return list(db.execute(query.order_by(c.scan.desc())).scalars())


def _crumbled(catalog: Catalog, number: int, source: str) -> bool:
    """Whether a source's parts are many and small."""
    c = t.part.c
    query = sa.select(sa.func.count(), sa.func.sum(c.rows)).where(c.scan == number, c.source == source)
    with catalog.reading() as db:
        parts, rows = db.execute(query).one()
    return bool(parts > MANY and rows < parts * SMALL)


def _settle_source(catalog: Catalog, scan: int, source: str, base: int | None, stop: Callable[[], bool]) -> bool:
    """Settle what one scan kept of a source, sharing what it can with another one; whether there was anything to do."""
    with catalog.reading() as state:
        parts = parts_of(state, {source: scan})
    if not any(p.crawled for p in parts.values()):
        return False
    present(catalog.facts, parts.values())
    kept: list[Settled] = []
    with _database(catalog, scan, source) as db:
        dropped = [unit for (unit,) in db.execute("SELECT unit FROM dropped").fetchall()]
        for fact, its in sorted(parts.items()):
            _find(db, catalog, fact, its, dropped)
            kept += _settle_fact(catalog, db, fact, _settled(catalog, base, source, fact), stop)
    catalog.replace(scan, source, [{n: getattr(part, n) for n in Settled.__dataclass_fields__} for part in kept])
    with alone(catalog.location.root) as nobody_reads:
        for name in (n for p in parts.values() for n in p.crawled if nobody_reads):  # else the next sweep removes them
            catalog.facts.remove(name)
    return True


def _settled(catalog: Catalog, scan: int | None, source: str, fact: str) -> list[Settled]:
    """The settled parts of another scan, in order of address; none where they are as they were crawled."""
    c = t.part.c
    query = sa.select(c.path, c.fact, c.rows, c.bytes, c.digest, c.low).where(
        c.scan == scan, c.source == source, c.fact == fact
    )
    with catalog.reading() as db:
        found = [Settled(*row) for row in db.execute(query.where(c.digest.is_not(None)))]
    return sorted(found, key=lambda part: part.low.encode())


@contextlib.contextmanager
def _database(catalog: Catalog, scan: int, source: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that sorts within bounds, with the units that stand for content and those that count no more."""
    room = catalog.location.room
    room.mkdir(mode=0o700, exist_ok=True)
    with duckdb.connect(":memory:", config=OFFLINE) as db, _refusals(catalog):
        db.execute(f"SET memory_limit = '{MEMORY}'")
        db.execute(f"SET temp_directory = {quoted(str(room))}")
        db.execute("SET enable_progress_bar = false")
        with catalog.reading() as state:
            u, d = t.unit.c, t.dropped.c
            mine = (u.scan == scan) & (u.source == source) & u.after.startswith(CONTENT)
            units = state.execute(sa.select(u.id, u.scan, u.source, u.key, u.after).where(mine)).fetchall()
            dropped = state.execute(sa.select(d.unit).where(d.scan == scan)).fetchall()
        _lay(
            db,
            "unit",
            {"id": "BIGINT", "scan": "BIGINT", "source": "VARCHAR", "key": "VARCHAR", "after": "VARCHAR"},
            units,
        )
        _lay(db, "dropped", {"unit": "BIGINT"}, dropped)
        yield db


def _lay(db: duckdb.DuckDBPyConnection, name: str, kinds: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
    declared = ", ".join(f'"{n}" {kind}' for n, kind in kinds.items())
    db.execute(f"CREATE TABLE {name} ({declared})")
    types = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    incoming = pa.table(
        [pa.array(c, types[k]) for c, k in zip(columns, kinds.values(), strict=True)], names=list(kinds)
    )
    db.register("incoming", incoming)
    db.execute(f"INSERT INTO {name} SELECT * FROM incoming")
    db.unregister("incoming")


@contextlib.contextmanager
def _refusals(catalog: Catalog) -> Iterator[None]:
    """Turn what DuckDB says of a full disk, and of broken parts, into codes."""
    try:
        with whole_parts():
            yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        if "No space left" in str(error) or "max_temp_directory_size" in str(error):
            raise StocktakeError("DISK_FULL", str(catalog.location.room), str(error)) from None
        raise


def _settle_fact(
    catalog: Catalog,
    db: duckdb.DuckDBPyConnection,
    fact: str,
    base: list[Settled],
    stop: Callable[[], bool],
) -> list[Settled]:
    """The parts that stand for a fact from now on: those of ``base`` where nothing changed, new ones elsewhere."""
    same, stretches = unchanged(db, fact, base)
    for chunk in chunks(db, fact, base, stretches) if stretches else ():
        if stop():
            raise Stopped
        same.append(_kept(catalog, fact, chunk))
    return same


def _find(db: duckdb.DuckDBPyConnection, catalog: Catalog, fact: str, parts: Parts, dropped: Sequence[int]) -> None:
    """Make the view ``found``: what counts of a fact, in the columns of settled parts."""
    columns = ", ".join(f'"{n}"' for n in SCHEMAS[fact].names)
    looked = f"""(SELECT id AS looker, "key" || after AS {INSIDE} FROM unit)"""
    db.execute(
        f"""CREATE OR REPLACE VIEW found AS SELECT source, {INSIDE}, {columns}
        FROM ({rows_sql(db, catalog.facts, fact, parts, dropped)}) LEFT JOIN {looked} ON looker = unit"""
    )


def _kept(catalog: Catalog, fact: str, chunk: Chunk) -> Settled:
    """Write a part, unless one that holds the same is there already."""
    path = f"{FOLDER}/{fact}-{content_name(fact, chunk.table)}.parquet"
    with catalog.reading() as db:
        size = db.execute(sa.select(t.part.c.bytes).where(t.part.c.path == path).limit(1)).scalar()
    if size is None:
        size = catalog.facts.write(chunk.table, path)
    return Settled(path, fact, len(chunk.table), int(size), chunk.digest, chunk.low)
