"""What refers to what, as the report shows it: broken references, referred stores, columns, copies; exact totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from scanner import results
from scanner.report.reading import Row

MAX_BROKEN, MAX_MANAGED, MAX_REFERENCES, MAX_COLUMNS, MAX_COPIES = 2_000, 2_000, 1_000, 2_000, 500


def read_references(graph: results.GraphResult) -> Row:
    """What stands beside assets and edges in the result's graph; every list has its exact total."""
    titles = {a.id: a.title for a in graph.assets}
    managed = sorted(graph.managed, key=lambda m: (not m.references, m.status == "scanned", -m.references, m.asset))
    referred = [m for m in managed if m.references or m.status != "scanned"]
    columns = sorted(graph.columns, key=lambda c: (c.asset, c.column, c.role != "value", c.from_asset, c.from_column))
    copies = sorted(graph.copies, key=lambda c: (-(c.bytes or 0) * (c.count - 1), -c.count, c.kind, c.title))
    return {
        "tiers": {tier: graph.tiers.get(tier, 0) for tier in results.TIERS},
        "references_total": sum(graph.tiers.values()) or len(graph.references),
        "references": tuple(_placed(r) for r in graph.references[:MAX_REFERENCES]),
        "broken_total": sum(_moving(graph).values()),
        "moving": _moved(graph, titles),
        "broken": tuple(_placed(b) for b in graph.broken[:MAX_BROKEN]),
        "managed_total": len(managed),
        "managed": tuple(asdict(m) for m in sorted(managed[:MAX_MANAGED], key=_pressing)),
        "referred_total": len(referred),
        "by_status": tuple((s, n) for s, n in _by_status(managed).items() if n),
        "status_meaning": dict(results.MANAGED),
        "columns_total": len(columns),
        "columns": tuple(asdict(c) for c in columns[:MAX_COLUMNS]),
        "copies_total": len(copies),
        "copies": tuple(_copies(c) for c in copies[:MAX_COPIES]),
    }


def _pressing(store: results.Managed) -> tuple[bool, float, str]:
    """Stores nobody answers for first, the most pressing before the others."""
    return not store.unmanaged, -store.rank, store.asset


def _placed(value: results.Reference | results.Broken) -> Row:
    """A reference with its place in columns of its own."""
    row = asdict(value)
    place = row.pop("place")
    return {**row, "place": str(value.place), "source": place["source"], "path": place["path"], "line": place["line"]}


def _by_status(managed: list[results.Managed]) -> dict[str, int]:
    counts = Counter(m.status for m in managed)
    return {status: counts[status] for status in results.MANAGED}


def _moving(graph: results.GraphResult) -> Mapping[str, int]:
    """References that break, of whatever moves or is a store nobody scanned."""
    moves = {m.asset for w in graph.waves for m in w.members}
    loose = {a.id for a in graph.assets if a.level == "store" and not a.resolved}
    return {asset: n for asset, n in graph.broken_totals.items() if n and asset in moves | loose}


def _moved(graph: results.GraphResult, titles: Mapping[str, str]) -> tuple[Row, ...]:
    """What others refer to, with how many references break and how many of them are listed, the most first."""
    listed = Counter(b.moved for b in graph.broken[:MAX_BROKEN])
    ranked = sorted(_moving(graph).items(), key=lambda kv: (-kv[1], kv[0]))
    return tuple(
        {"asset": asset, "title": titles.get(asset, asset), "breaks": n, "listed": listed[asset]}
        for asset, n in ranked[:MAX_MANAGED]
    )


def _copies(copies: results.Copies) -> Row:
    row = asdict(copies)
    row["members"] = tuple({"store": store, "path": path} for store, path in copies.members)
    row["reclaimable"] = None if copies.bytes is None else copies.bytes * (copies.count - 1)
    return row
