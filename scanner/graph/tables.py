"""The graph as tables, so that it can be asked in SQL beside the facts it was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from scanner.results import Broken, GraphResult, PlaceOf

_TEXT, _INT, _REAL, _BOOL, _TEXTS = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.list_(pa.string())
_PLACE = {"source": _TEXT, "path": _TEXT, "line": _INT, "part": _TEXT}
_TABLES: dict[str, dict[str, pa.DataType]] = {
    "asset": {
        "id": _TEXT, "level": _TEXT, "kind": _TEXT, "title": _TEXT, "source": _TEXT, "path": _TEXT, "store": _TEXT,
        "resolved": _BOOL, "wave": _INT, "moves_with": _TEXT, "dependants": _INT, "breaks": _INT,
    },
    "edge": {
        "id": _TEXT, "depends": _TEXT, "on": _TEXT, "kind": _TEXT, "confidence": _TEXT, "parser": _TEXT,
        "evidence": _TEXT, "detail": _TEXT, "count": _INT, "places": _TEXTS,
    },
    "reference": {
        "id": _TEXT, "store": _TEXT, **_PLACE, "kind": _TEXT, "locator": _TEXT, "tier": _TEXT, "target": _TEXT,
        "why": _TEXT, "status": _TEXT, "action": _TEXT, "extractor": _TEXT, "owner": _TEXT,
    },
    "managed": {
        "asset": _TEXT, "title": _TEXT, "kind": _TEXT, "status": _TEXT, "owner": _TEXT, "register": _TEXT,
        "references": _INT, "files": _INT, "by": _TEXTS, "places": _TEXTS, "touched": _INT, "hints": _TEXTS,
        "unmanaged": _TEXTS, "rank": _REAL,
    },
    "broken": {
        "moved": _TEXT, "edge": _TEXT, "store": _TEXT, **_PLACE, "locator": _TEXT, "owner": _TEXT, "change": _TEXT,
        "confidence": _TEXT,
    },
    "column_edge": {
        "asset": _TEXT, "column": _TEXT, "from_asset": _TEXT, "from_column": _TEXT, "role": _TEXT, "confidence": _TEXT,
    },
    "copy": {"kind": _TEXT, "title": _TEXT, "members": _TEXTS, "count": _INT, "bytes": _INT, "proof": _TEXT},
}  # fmt: skip


def tables(result: GraphResult, broken: Iterable[Broken]) -> dict[str, pa.Table]:
    """The graph's tables by name; ``broken`` is what would break, as complete as the caller has it."""
    waves = {m.asset: w.number for w in result.waves for m in w.members}
    degree = Counter(target for _, target in {(e.source, e.target) for e in result.edges})
    groups = result.groups
    rows: dict[str, list[tuple[Any, ...]]] = {
        "asset": [
            (a.id, a.level, a.kind, a.title, a.source, a.path, a.store, a.resolved, waves.get(groups.get(a.id, a.id)),
             groups.get(a.id), degree[a.id], result.broken_totals.get(a.id, 0))
            for a in result.assets
        ],
        "edge": [
            (e.id, e.source, e.target, e.kind, e.confidence, e.parser, e.evidence, e.detail, e.count, _said(e.places))
            for e in result.edges
        ],
        "reference": [
            (r.id, r.store, *_place(r.place), r.kind, r.locator, r.tier, r.target, r.why, r.status, r.action,
             r.extractor, r.owner)
            for r in result.references
        ],
        "managed": [
            (m.asset, m.title, m.kind, m.status, m.owner, m.register, m.references, m.files, list(m.by),
             _said(m.places), m.touched, list(m.hints), list(m.unmanaged), m.rank)
            for m in result.managed
        ],
        "broken": [
            (b.moved, b.edge, b.store, *_place(b.place), b.locator, b.owner, b.change, b.confidence) for b in broken
        ],
        "column_edge": [
            (c.asset, c.column, c.from_asset, c.from_column, c.role, c.confidence) for c in result.columns
        ],
        "copy": [
            (c.kind, c.title, [f"{store}: {path}" for store, path in c.members], c.count, c.bytes, c.proof)
            for c in result.copies
        ],
    }  # fmt: skip
    return {name: _table(_TABLES[name], found) for name, found in rows.items()}


def _table(columns: dict[str, pa.DataType], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(column, kind) for column, kind in zip(values, columns.values(), strict=True)]
    return pa.table(arrays, names=list(columns))


def _place(place: PlaceOf) -> tuple[str, str, int | None, str | None]:
    return place.source, place.path, place.line, place.part


def _said(places: Sequence[PlaceOf]) -> list[str]:
    return [str(place) for place in places]
