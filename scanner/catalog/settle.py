"""Settling: what a scan found is brought into one canonical form, whose parts are shared with other scans.

Rows are put in order of their address and cut where the addresses themselves say so, so that a change moves the cuts
near it alone. Parts are named by what they hold: a part that is there already is named once more, not written again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.encoding import ROW_GROUP
from scanner.catalog.reader import OFFLINE, whole_parts
from scanner.catalog.rows import INSIDE, SETTLED_SCHEMAS, Parts, parts_of, present, rows_sql
from scanner.catalog.state import Catalog
from scanner.codes import StocktakeError
from scanner.model import CONTENT
from scanner.schema import SCHEMAS

MOST = ROW_GROUP
"""Rows of a part at most: what is encoded, and read, at once."""
FEWEST = MOST // 2
"""Rows before the first place where a part may be cut."""
MANY, SMALL = 64, 20_000
"""A source's first scan is settled too where it left more parts than so many, with fewer rows each than so many."""
MEMORY = "300MiB"
"""What sorting may take; beyond it goes to the catalog's room."""
FOLDER = "settled"
_ADDRESS = {"entry": "(parent || chr(1) || name)", "seen": "name"}
"""What rows are put in order of; of every other fact it is ``path``. No canonical name holds the character 1."""
_CONTAINER = {"entry": "parent"}
"""What is not cut through where that can be helped."""
_EXTRA = ("stretch", "container", "address", "low", "high")
_WORD = 1 << 64
_LOW, _HIGH = "(mark & 18446744073709551615::UHUGEINT)::UBIGINT", "(mark >> 64)::UBIGINT"


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled part as the state knows it; ``low`` is the address of its first row, ``digest`` that of its rows."""

    path: str
    fact: str
    rows: int
    bytes: int
    digest: str
    low: str


def settle(catalog: Catalog, number: int, stop: Callable[[], bool] = lambda: False) -> int:
    """Settle the sources that a scan saw without gaps, each with its scan before; returns how many scans were.

    A source's first scan stays as it was crawled, unless its parts are many and small. The catalog must be locked.

    Raises:
        StocktakeError: DISK_FULL, CATALOG_DAMAGED; what was not settled stays as it was.
    """
    settled = 0
    for source in catalog.sources(number):
        if source.state != "complete" or catalog.gaps(number, source.name):
            continue
        earlier = _scans_before(catalog, number, source.name)
        if not earlier and not _crumbled(catalog, number, source.name):
            continue
        for scan, base in [*zip(earlier[:1], [*earlier[1:2], None], strict=False), (number, next(iter(earlier), None))]:
            if stop():
                return settled
            settled += _settle_source(catalog, scan, source.name, base)
    return settled


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


def _settle_source(catalog: Catalog, scan: int, source: str, base: int | None) -> bool:
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
            kept += _settle_fact(catalog, db, fact, its, dropped, _settled(catalog, base, source, fact))
    catalog.replace(scan, source, [{n: getattr(part, n) for n in Settled.__dataclass_fields__} for part in kept])
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
        db.execute(f"SET temp_directory = {_quote(str(room))}")
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
    parts: Parts,
    dropped: Sequence[int],
    base: list[Settled],
) -> list[Settled]:
    """The parts that stand for a fact from now on: those of ``base`` where nothing changed, new ones elsewhere."""
    columns = ", ".join(f'"{n}"' for n in SCHEMAS[fact].names)
    looked = f"""(SELECT id AS looker, "key" || after AS {INSIDE} FROM unit)"""
    db.execute(
        f"""CREATE OR REPLACE VIEW found AS SELECT source, {INSIDE}, {columns}
        FROM ({rows_sql(db, catalog.facts, fact, parts, dropped)}) LEFT JOIN {looked} ON looker = unit"""
    )
    same, stretches = _unchanged(db, fact, base)
    if not stretches:
        return same
    scratch = catalog.location.room / f"settle-{fact}.parquet"
    try:
        _sort(db, fact, base, stretches, scratch)
        return same + [_kept(catalog, fact, chunk) for chunk in _chunks(scratch)]
    finally:
        scratch.unlink(missing_ok=True)


def _unchanged(db: duckdb.DuckDBPyConnection, fact: str, base: list[Settled]) -> tuple[list[Settled], dict[int, int]]:
    """The parts of ``base`` whose rows were found again, and the others by index, with the stretch they are part of.

    Each part stands for all addresses from its own first to the next one's. Parts that changed side by side are one
    stretch; one that has become small takes its neighbour in.
    """
    if not base:
        return [], {0: 0}
    now = dict.fromkeys(range(len(base)), _digest(fact, 0, 0, 0))
    rows = dict.fromkeys(now, 0)
    lows = [part.low for part in base]
    for nth, n, low, high in db.execute(
        f"""SELECT nth, count(*), sum({_LOW}), sum({_HIGH})
        FROM (SELECT {_nth(_address(fact), lows, 0)} AS nth, {_mark(fact)} AS mark FROM found) GROUP BY nth"""
    ).fetchall():
        now[nth], rows[nth] = _digest(fact, n, low, high), n
    changed = {nth for nth, part in enumerate(base) if part.digest != now[nth]}
    stretches = _joined(changed, rows)
    return [part for nth, part in enumerate(base) if nth not in stretches], stretches


def _joined(changed: set[int], rows: dict[int, int]) -> dict[int, int]:
    """The stretch of each part that is to be written anew, small ones with a neighbour each."""
    last = max(rows)
    picked = set(changed)
    while True:
        stretches: dict[int, int] = {}
        for nth in sorted(picked):
            stretches[nth] = stretches.get(nth - 1, nth)
        sizes = dict.fromkeys(stretches.values(), 0)
        for nth, stretch in stretches.items():
            sizes[stretch] += rows[nth]
        ends = {stretch: nth for nth, stretch in stretches.items()}
        more = {
            ends[stretch] + 1 if ends[stretch] < last else stretch - 1
            for stretch, n in sizes.items()
            if 0 < n < FEWEST and (ends[stretch] < last or stretch > 0)
        }
        if not more:
            return stretches
        picked |= more


def _sort(
    db: duckdb.DuckDBPyConnection, fact: str, base: list[Settled], stretches: dict[int, int], scratch: Path
) -> None:
    """Write the rows of some stretches in order, each with what cutting and naming needs."""
    address = _address(fact)
    columns = ", ".join(f'"{n}"' for n in SETTLED_SCHEMAS[fact].names)
    nth = _nth(address, [part.low for part in base], 0) if base else "0"
    lookup = ", ".join(str(stretches.get(n, -1)) for n in range(max(1, len(base))))
    db.execute(
        f"""COPY (
            SELECT {columns}, stretch, hash({_CONTAINER.get(fact, address)}) AS container, hash({address}) AS address,
                {_LOW} AS low, {_HIGH} AS high
            FROM (SELECT *, ([{lookup}])[1 + {nth}] AS stretch, {_mark(fact)} AS mark FROM found)
            WHERE stretch >= 0 ORDER BY {address}, mark
        ) TO {_quote(str(scratch))} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE {ROW_GROUP // 2})"""
    )


def _chunks(scratch: Path) -> Iterator[pa.Table]:
    """The sorted rows, cut into parts; what belongs to two stretches never comes into one part."""
    held: pa.Table | None = None
    with pq.ParquetFile(scratch) as file:
        for batch in file.iter_batches(FEWEST):
            table = pa.Table.from_batches([batch])
            for stretch in pc.unique(table["stretch"]).to_pylist():
                mine = table.filter(pc.equal(table["stretch"], stretch))
                if held is not None and held["stretch"][0].as_py() == stretch:
                    held = pa.concat_tables([held, mine])
                else:
                    if held is not None:
                        yield held
                    held = mine
                while len(held) > MOST and (cut := _cut(held)):
                    yield held.slice(0, cut)
                    held = held.slice(cut)
    if held is not None:
        yield held


def _cut(table: pa.Table) -> int:
    """How many rows come into the next part; 0 where more rows are needed to tell.

    The cut is at the container whose hash is the least of those that begin in the window, so that it depends on nothing
    but the names there; within a container that fills the window, likewise at an address. One address is never cut.
    """
    for column in ("container", "address"):
        marks = table[column]
        here, before = marks.slice(FEWEST, MOST - FEWEST), marks.slice(FEWEST - 1, MOST - FEWEST)
        begins = pc.if_else(pc.not_equal(here, before), here, None)
        least = pc.min(begins)
        if least.is_valid:
            return FEWEST + int(pc.index(begins, least).as_py())
    marks = table["address"]
    different = pc.index(pc.not_equal(marks.slice(MOST), marks.slice(MOST - 1, len(marks) - MOST)), True).as_py()
    return MOST + different if different >= 0 else 0


def _kept(catalog: Catalog, fact: str, chunk: pa.Table) -> Settled:
    """Write a part, unless one that holds the same is there already."""
    low, high = (pc.sum(chunk[name]).as_py() for name in ("low", "high"))  # sums of unsigned numbers go round
    first = {n: chunk[n][0].as_py() for n in ("parent", "name", "path") if n in chunk.column_names}
    address = f"{first['parent']}\1{first['name']}" if fact == "entry" else first.get("path", first.get("name"))
    table = chunk.drop_columns(list(_EXTRA)).cast(SETTLED_SCHEMAS[fact]).combine_chunks()
    path = f"{FOLDER}/{fact}-{_name(fact, table)}.parquet"
    with catalog.reading() as db:
        size = db.execute(sa.select(t.part.c.bytes).where(t.part.c.path == path).limit(1)).scalar()
    if size is None:
        size = catalog.facts.write(table, path)
    return Settled(path, fact, len(table), size, _digest(fact, len(table), low, high), address)


def _name(fact: str, table: pa.Table) -> str:
    """SHA-256 of what a part holds: its columns by name and type, and every value in order."""
    told = hashlib.sha256(f"{fact} {len(table)}\n".encode())
    for column in table.schema:
        told.update(f"{column.name} {column.type}\n".encode())
        for chunk in table[column.name].chunks:
            _tell(told, chunk)
    return told.hexdigest()


def _tell(told: Any, values: pa.Array) -> None:
    """Feed an array: which values there are, how long they are, and what they are; never what lies in the gaps."""
    told.update(_bytes(pc.cast(values.is_valid(), pa.uint8())))
    there = values.drop_null()
    if pa.types.is_list(values.type):
        told.update(_bytes(pc.list_value_length(there)))
        _tell(told, there.flatten())
    elif pa.types.is_string(values.type):
        told.update(_bytes(pc.binary_length(there)))
        offsets = there.buffers()[1]
        if offsets is not None and len(there):
            ends = memoryview(offsets).cast("i")
            told.update(memoryview(there.buffers()[2])[ends[there.offset] : ends[there.offset + len(there)]])
    elif pa.types.is_boolean(values.type):
        told.update(_bytes(pc.cast(there, pa.uint8())))
    else:
        told.update(_bytes(there))


def _bytes(numbers: pa.Array) -> memoryview:
    """The values of an array of numbers that has no gaps."""
    if not len(numbers):
        return memoryview(b"")
    width = numbers.type.bit_width // 8
    return memoryview(numbers.buffers()[1])[numbers.offset * width : (numbers.offset + len(numbers)) * width]


def _address(fact: str) -> str:
    return _ADDRESS.get(fact, "path")


def _mark(fact: str) -> str:
    """SQL for a row's 128 bits: names are others' to choose, so no hash will do that is easily steered."""
    columns = ", ".join(f"\"{n}\", 'ASC NULLS LAST'" for n in (INSIDE, *SCHEMAS[fact].names))
    return f"md5_number(create_sort_key({columns}))"


def _digest(fact: str, rows: int, low: int, high: int) -> str:
    """A digest of rows whatever their order; another where the fact's columns, or the way of telling, are others."""
    columns = " ".join(map(str, SETTLED_SCHEMAS[fact]))
    way = hashlib.sha256(f"{duckdb.__version__} {columns}".encode()).hexdigest()[:8]
    return f"{way}-{rows}-{low % _WORD:016x}{high % _WORD:016x}"


def _nth(key: str, lows: list[str], first: int) -> str:
    """SQL for which part an address belongs to, given those of the parts' first rows; found by halving."""
    if len(lows) == 1:
        return str(first)
    half = len(lows) // 2
    below, above = _nth(key, lows[:half], first), _nth(key, lows[half:], first + half)
    return f"CASE WHEN {key} < {_quote(lows[half])} THEN {below} ELSE {above} END"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
