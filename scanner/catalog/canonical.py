"""The canonical form of a fact's rows: in order of their address, cut where addresses say so, parts named by content.

What one scan found has the same form however it was found, and a change moves the cuts near it alone.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from scanner.catalog.encoding import ROW_GROUP
from scanner.catalog.rows import INSIDE, SETTLED_SCHEMAS
from scanner.schema import SCHEMAS

MOST = ROW_GROUP
"""Rows of a part at most: what is encoded, and read, at once."""
FEWEST = MOST // 2
"""Rows before the first place where a part may be cut."""
RANGE, MOST_RANGES = ROW_GROUP, 64
"""Rows that are sorted at once, in memory; of very many rows more, so that not too many passes are made over them."""
_AFTER = "\1"
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


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a part is to hold: its rows in order, their digest, the address of the first."""

    table: pa.Table
    digest: str
    low: str


def unchanged(db: duckdb.DuckDBPyConnection, fact: str, base: list[Settled]) -> tuple[list[Settled], dict[int, int]]:
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


def chunks(db: duckdb.DuckDBPyConnection, fact: str, base: list[Settled], stretches: dict[int, int]) -> Iterator[Chunk]:
    """The rows of some stretches in order, cut into what parts are to hold."""
    pool = pa.default_memory_pool()
    for rows in _cut_up(_sorted(db, fact, base, stretches)):
        low, high = (pc.sum(rows[name]).as_py() for name in ("low", "high"))  # sums of unsigned numbers go round
        first = {n: rows[n][0].as_py() for n in ("parent", "name", "path") if n in rows.column_names}
        address = f"{first['parent']}\1{first['name']}" if fact == "entry" else first.get("path", first.get("name"))
        table = rows.drop_columns(list(_EXTRA)).cast(SETTLED_SCHEMAS[fact]).combine_chunks()
        yield Chunk(table, _digest(fact, len(table), low, high), str(address))
        pool.release_unused()


def _sorted(
    db: duckdb.DuckDBPyConnection, fact: str, base: list[Settled], stretches: dict[int, int]
) -> Iterator[pa.Table]:
    """The rows of some stretches in order, a range of addresses after the other, with what cutting and naming needs.

    Sorting all at once would put several hundred bytes a row on disk; a range fits into memory.
    """
    address = _address(fact)
    columns = ", ".join(f'"{n}"' for n in SETTLED_SCHEMAS[fact].names)
    nth = _nth(address, [part.low for part in base], 0) if base else "0"
    lookup = ", ".join(str(stretches.get(n, -1)) for n in range(max(1, len(base))))
    picked = f"SELECT *, ([{lookup}])[1 + {nth}] AS stretch FROM found"
    for within in _ranges(db, fact, picked):
        yield db.sql(
            f"""SELECT {columns}, stretch, hash({_CONTAINER.get(fact, address)}) AS container,
                hash({address}) AS address, {_LOW} AS low, {_HIGH} AS high
            FROM (SELECT *, {_mark(fact)} AS mark FROM ({picked}) WHERE {within} AND stretch >= 0)
            ORDER BY {address}, mark"""
        ).to_arrow_table()


def _ranges(db: duckdb.DuckDBPyConnection, fact: str, picked: str) -> list[str]:
    """SQL for ranges of addresses, in order, that hold about ``RANGE`` rows each, found from a sample.

    Which ones decides nothing of what comes of the rows. Those of entries name the folders too: parts tell their first
    and last folder, so that others are not read.
    """
    address = _address(fact)
    rows = db.execute(f"SELECT count(*) FROM ({picked}) WHERE stretch >= 0").fetchall()[0][0]
    count = min(MOST_RANGES, -(-rows // RANGE))
    if count < 2:
        return ["true"]
    sample = [
        low
        for (low,) in db.execute(
            f"""SELECT DISTINCT {address} AS low FROM ({picked})
            WHERE stretch >= 0 AND hash({address}) % {max(1, rows // (count * 100))} = 0 ORDER BY low"""
        ).fetchall()
    ]
    lows = [sample[n * len(sample) // count] for n in range(1, count)] if len(sample) >= count else []
    column = "parent" if fact == "entry" else address
    ends = [None, *lows, None]
    found = []
    for low, high in itertools.pairwise(ends):
        least = "" if low is None else f"{column} >= {quoted(low.partition(_AFTER)[0])} AND {address} >= {quoted(low)}"
        most = "" if high is None else f"{column} <= {quoted(high.partition(_AFTER)[0])} AND {address} < {quoted(high)}"
        found.append(" AND ".join(filter(None, (least, most))) or "true")
    return found


def _cut_up(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The sorted rows, cut into parts; what belongs to two stretches never comes into one part."""
    held: pa.Table | None = None
    for mine in _by_stretch(tables):
        if held is not None and held["stretch"][0].as_py() == mine["stretch"][0].as_py():
            held = pa.concat_tables([held, mine])
        else:
            if held is not None:
                yield held
            held = mine
        del mine
        while len(held) > MOST and (cut := _cut(held)):
            yield held.slice(0, cut)
            held = held.slice(cut)
    if held is not None:
        yield held


def _by_stretch(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables of one stretch each; none is held on to, since the next ones take as much memory."""
    for table in tables:
        stretches = pc.unique(table["stretch"]).to_pylist()
        if len(stretches) == 1:
            yield table
        else:
            yield from (table.filter(pc.equal(table["stretch"], stretch)) for stretch in stretches)
        del table


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


def content_name(fact: str, table: pa.Table) -> str:
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
    return f"CASE WHEN {key} < {quoted(lows[half])} THEN {below} ELSE {above} END"


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
