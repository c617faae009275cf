"""Values of columns that may be keys, at depth L3: sketched where they are read, one unit for each table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.connector import Connector, SketchesColumns
from scanner.keys.candidates import DECLARED, MOST, ROWS, Described, by_table
from scanner.keys.sketches import Sketch
from scanner.model import CONTENT, Batch, Event, Fault, Unit
from scanner.sample.choose import Rows, plain
from scanner.schema import SKETCH

VALUES = "values"
"""How a unit's mark goes on that stands for a table's values; that of a file goes on with its size."""


def units(batch: Batch) -> Iterator[Unit]:
    """A unit for each base table among some entries; never for a view, or for what another store holds."""
    columns = [plain(batch.columns.get(c), len(batch)) for c in ("parent", "name", "kind")]
    for parent, name, kind in zip(*columns, strict=True):
        if kind == "table":
            yield Unit(f"{parent}{name}", f"{CONTENT}{VALUES}")


def crawl(connector: Connector, path: str, key: bytes) -> Iterator[Event]:
    """Sketches of one table. Raises SourceError."""
    if not isinstance(connector, SketchesColumns):
        return
    found = connector.sketch(path, ROWS, key)
    made = [(name, sketch) for name, sketch in found if sketch is not None]
    if made:
        yield _batch(path, made)
    if len(made) < len(found):
        names = ", ".join(name for name, sketch in found if sketch is None)
        detail = f"{len(made)} columns were read, {len(found) - len(made)} more look like keys: {names}"
        yield Fault(path, "note", "CONTENT_LIMIT", detail[:1000])


def _batch(path: str, made: Sequence[tuple[str, Sketch]]) -> Batch:
    sketches = [sketch for _, sketch in made]
    return Batch(
        SKETCH,
        {
            "path": [path] * len(made),
            "column": [name for name, _ in made],
            "rows": [s.rows for s in sketches],
            "distinct": [s.distinct for s in sketches],
            "nulls": [s.nulls for s in sketches],
            "complete": [s.complete for s in sketches],
            "dense": [s.dense for s in sketches],
            "hashes": [[f"{h:016x}" for h in s.hashes] for s in sketches],
        },
    )


@dataclass(frozen=True, slots=True)
class PlannedValues:
    """What depth L3 would read of a database: so many columns of so many tables, and of those so many rows.

    The rows are no more than ``ROWS`` of a table, and fewer where its statistics say so.
    """

    tables: int = 0
    columns: int = 0
    rows: int = 0


_COLUMNS = """
    SELECT c.path, c.name, c.type, c.length, c.scale, c.lob FROM columns c
    SEMI JOIN (SELECT path FROM entry WHERE source = ? AND kind = 'table') e ON e.path = c.path
    WHERE c.source = ? ORDER BY c.path, c.position"""
_KEYS = "SELECT path, kind, columns FROM keys WHERE source = ? AND kind IN ('primary', 'foreign', 'unique')"
_TABLES = "SELECT parent, name, path, rows, kind FROM entry WHERE source = ? AND kind NOT IN ('database', 'schema')"


def planned_values(reader: Rows, source: str) -> PlannedValues:
    """What would be read of a source's tables, as its newest scan has them.

    A table of unknown length counts as long, and so does one that seems empty: its statistics may be old.
    """
    declared: dict[str, set[str]] = defaultdict(set)
    for path, kind, names in reader.execute(_KEYS, (source,)).fetchall():
        if kind in DECLARED:
            declared[path].update(names)
    lengths: dict[str, int | None] = {}
    schemas: dict[str, list[str]] = defaultdict(list)
    for parent, name, path, rows, kind in reader.execute(_TABLES, (source,)).fetchall():
        schemas[parent].append(name)
        if kind == "table":
            lengths[path] = rows
    columns: dict[str, list[tuple[str, Described]]] = defaultdict(list)
    for path, *described in reader.execute(_COLUMNS, (source, source)).fetchall():
        columns[path.rpartition("/")[0] + "/"].append((path, Described(*described)))
    tables = columned = most = 0
    for schema, its in columns.items():
        for path, found in by_table(its, declared, schemas[schema]):
            tables += 1
            columned += min(len(found), MOST)
            most += ROWS if lengths[path] is None else min(ROWS, lengths[path] or ROWS)
    return PlannedValues(tables, columned, most)
