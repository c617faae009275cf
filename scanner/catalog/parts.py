"""Facts on disk: column batches gathered, written as Parquet, and only then offered to a commit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import pyarrow as pa

from scanner.catalog.facts import Facts
from scanner.model import Batch
from scanner.schema import SCHEMAS, Schema

_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "int": pa.int64(),
    "real": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.int64(),
}
ADDRESS = (("scan", pa.int32()), ("source", pa.string()), ("unit", pa.int64()))
"""What the catalog adds in front of the declared columns: where a row comes from."""


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Parquet columns of a schema: the address, then the declared columns."""
    declared = [pa.field(c.name, _ARROW[c.type], nullable=not c.required) for c in schema.columns]
    return pa.schema([*(pa.field(n, t, nullable=False) for n, t in ADDRESS), *declared])


_DECLARED = {name: frozenset(schema.names) for name, schema in SCHEMAS.items()}
_REQUIRED = {name: frozenset(schema.required) for name, schema in SCHEMAS.items()}
ARROW_SCHEMAS: dict[str, pa.Schema] = {name: arrow_schema(s) for name, s in SCHEMAS.items()}


_LONG = 1_000
"""Rows of a batch from which on each is made an array by itself; short ones are cheaper as one list."""
_MISFITS = (ValueError, TypeError, OverflowError)  # pyarrow's own errors are among them


@dataclass(frozen=True, slots=True)
class Part:
    """A written file that no row names yet: ``path`` relative to the facts folder."""

    path: str
    fact: str
    rows: int
    bytes: int


class Buffer:
    """Batches of one source waiting to be written; single-threaded, owned by one worker."""

    def __init__(self, facts: Facts, scan: int, source: str) -> None:
        self._facts = facts
        self._scan = scan
        self._source = source
        self._chunks: dict[str, list[tuple[int, int, Batch]]] = {}
        self.rows = 0

    def add(self, unit: int, batch: Batch) -> None:
        """Keep a batch of a unit. Raises ValueError where its columns are not of one length or not declared."""
        lengths = {len(values) for values in batch.columns.values()}
        undeclared = batch.columns.keys() - _DECLARED[batch.schema.name]
        missing = _REQUIRED[batch.schema.name] - batch.columns.keys()
        if len(lengths) > 1 or undeclared or missing:
            raise ValueError(
                f"{batch.schema.name}: lengths {sorted(lengths)}, "
                f"undeclared {sorted(undeclared)}, missing {sorted(missing)}"
            )
        rows = len(batch)
        if rows:
            self._chunks.setdefault(batch.schema.name, []).append((unit, rows, batch))
            self.rows += rows

    def mark(self) -> dict[str, int]:
        """The present end of the buffer, for ``rewind``."""
        return {name: len(chunks) for name, chunks in self._chunks.items()}

    def rewind(self, mark: dict[str, int]) -> None:
        """Forget what was added since ``mark``: the unit is to be repeated."""
        for name, chunks in self._chunks.items():
            del chunks[mark.get(name, 0) :]
        self.rows = sum(rows for chunks in self._chunks.values() for _, rows, _ in chunks)

    def write(self) -> tuple[list[Part], dict[int, str]]:
        """Write everything waiting, one part per kind of fact, and start again empty.

        Returns the parts, and for each unit that gave a value its column cannot hold, why: its rows are left out, so
        that one connector's mistake costs that unit alone.

        Raises:
            StocktakeError: DISK_FULL.
        """
        chunks, self._chunks, self.rows = self._chunks, {}, 0
        bad: dict[int, str] = {}
        parts = [self._write(name, waiting, bad) for name, waiting in chunks.items() if waiting]
        return parts, bad

    def _write(self, name: str, chunks: list[tuple[int, int, Batch]], bad: dict[int, str]) -> Part:
        schema = SCHEMAS[name]
        try:
            table = _table(schema, self._scan, self._source, chunks)
        except _MISFITS:
            sound = []
            for chunk in chunks:
                try:
                    _table(schema, self._scan, self._source, [chunk])
                except _MISFITS as error:
                    bad[chunk[0]] = f"{name}: {error}"
                else:
                    sound.append(chunk)
            table = _table(schema, self._scan, self._source, sound)
        relative = f"scan-{self._scan:06d}/{name}-{uuid.uuid4().hex}.parquet"
        size = self._facts.write(table, relative)
        return Part(relative, name, table.num_rows, size)


def _table(schema: Schema, scan: int, source: str, chunks: list[tuple[int, int, Batch]]) -> pa.Table:
    rows = sum(n for _, n, _ in chunks)
    arrow = ARROW_SCHEMAS[schema.name]
    columns: list[pa.Array | pa.ChunkedArray] = [
        pa.repeat(pa.scalar(scan, pa.int32()), rows),
        pa.repeat(pa.scalar(source), rows),
        pa.chunked_array([pa.repeat(pa.scalar(unit, pa.int64()), n) for unit, n, _ in chunks], pa.int64())
        if rows >= len(chunks) * _LONG
        else pa.array(list(chain.from_iterable(repeat(unit, n) for unit, n, _ in chunks)), pa.int64()),
    ]
    columns.extend(
        _column(field, rows, [(n, batch.columns.get(field.name)) for _, n, batch in chunks])
        for field in list(arrow)[len(ADDRESS) :]
    )
    return pa.table(columns, schema=arrow)


def _column(
    field: pa.Field, rows: int, chunks: Sequence[tuple[int, Sequence[object] | None]]
) -> pa.Array | pa.ChunkedArray:
    if all(values is None for _, values in chunks):
        return pa.nulls(rows, field.type)
    long = rows >= len(chunks) * _LONG
    if long or any(isinstance(values, pa.Array) for _, values in chunks):
        return pa.chunked_array([_array(field.type, n, values) for n, values in chunks], field.type)
    flat = list(chain.from_iterable(repeat(None, n) if values is None else values for n, values in chunks))
    return pa.array(flat, field.type)


def _array(kind: pa.DataType, rows: int, values: Sequence[object] | None) -> pa.Array:
    if values is None:
        return pa.nulls(rows, kind)
    if isinstance(values, pa.Array):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind)
