"""The graph as the report shows it: assets, edges, blast radius, cycles beside exact totals; waves and their load."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict

from scanner import results
from scanner.report.estate_map import read_map
from scanner.report.reading import TABLES, Row, Rows, among
from scanner.report.references import read_references

MAX_ASSETS = 5_000
MAX_EDGES = 10_000
MAX_BLAST = 200
MAX_CUT = 500

LINK_BPS = 1_000_000_000
"""Assumed link: 1 Gbit/s, printed beside every figure made with it."""
LINK_SHARE = 0.9
"""Usable share of the link; Microsoft's planning figure (azure-docs, 2018)."""
OBJECTS_PER_S = 200
"""Objects sent per second; Azure File Sync upload per sync group (2025-08-28). To be measured in a pilot."""

_CONFIDENCE = ("declared", "parsed", "inferred")


def read_graph(graph: results.GraphResult) -> Row:
    """Assets, edges, cycles, blast radius and what could not be parsed; lists are capped beside exact totals."""
    ends: Counter[str] = Counter()
    for e in graph.edges:
        ends[e.source] += 1
        ends[e.target] += 1
    kept = _telling(graph)
    near = {end for e in kept for end in (e.source, e.target)}
    assets = sorted(graph.assets, key=lambda a: (a.resolved, a.level == "object", a.id not in near, -ends[a.id], a.id))
    edges = sorted(kept, key=lambda e: (_CONFIDENCE.index(e.confidence), e.kind, e.source, e.target, e.id))
    blast = sorted(graph.blast, key=lambda b: (-b.total, -b.direct, b.asset))
    return {
        "assets_total": len(assets),
        "edges_total": len(graph.edges),
        "assets": tuple(asdict(a) | {"edges": ends[a.id]} for a in assets[:MAX_ASSETS]),
        "edges": tuple(asdict(e) for e in edges),
        "by_kind": _counted(e.kind for e in graph.edges),
        "by_confidence": _counted(e.confidence for e in graph.edges),
        "by_level": _counted(a.level for a in assets),
        "cycles": tuple(tuple(c) for c in graph.cycles),
        "blast_total": sum(1 for b in blast if b.total),
        "blast": tuple(asdict(b) for b in blast[:MAX_BLAST] if b.total),
        "unresolved": tuple(asdict(a) | {"references": ends[a.id]} for a in assets if not a.resolved),
        "unparsed_total": len(graph.unparsed),
        "unparsed": tuple(asdict(u) for u in sorted(graph.unparsed, key=lambda u: (u.source, u.path))[:500]),
        "positions": {k: (round(x, 4), round(y, 4)) for k, (x, y) in sorted(graph.positions.items())},
        "load_order": {k: tuple(tuple(g) for g in v) for k, v in sorted(graph.load_order.items())},
        "map": read_map(graph),
        **read_references(graph),
    }


def _telling(graph: results.GraphResult) -> list[results.Edge]:
    """As many edges as the result holds: those between stores before those within one, what many say first."""
    if len(graph.edges) <= MAX_EDGES:
        return list(graph.edges)
    stores = {a.id: a.store or a.id for a in graph.assets}
    return sorted(
        graph.edges, key=lambda e: (stores.get(e.source) == stores.get(e.target), -e.count, e.source, e.target, e.id)
    )[:MAX_EDGES]


def _counted(values: object) -> tuple[tuple[str, int], ...]:
    counts = Counter(values)  # type: ignore[call-overload]
    return tuple(sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])))


_WEIGHT = f"""
SELECT source, parent, parent || name AS path, size, 1 AS objects FROM entry WHERE kind IN ({among(TABLES)})
"""


def read_waves(
    reader: Rows, graph: results.GraphResult, totals: dict[str, Row], judged: Row, cut_total: int | None = None
) -> Row:
    """Waves with what they carry: stores, bytes, objects, hours of transfer, effort and the worst state among them."""
    assets = {a.id: a for a in graph.assets}
    edges = {e.id: e for e in graph.edges}
    tables = _table_weights(reader, graph)
    wave_of = {m.asset: w.number for w in graph.waves for m in w.members}
    changes = {b.edge: b.change for b in graph.broken}
    cut_in: Counter[int] = Counter()
    for cut in graph.cut_edges:
        if cut in edges:
            cut_in[wave_of.get(edges[cut].source, 0)] += 1
    rows = []
    start = 0.0
    for wave in sorted(graph.waves, key=lambda w: w.number):
        members = [assets[m.asset] for m in wave.members if m.asset in assets]
        size, objects, unknown = _load(members, totals, tables)
        stores = tuple(sorted({a.store for a in members if a.store}))
        by_bytes, by_objects = transfer_hours(size, objects)
        hours = max(by_bytes, by_objects)
        rows.append(
            {
                "number": wave.number,
                "members": tuple(
                    asdict(m) | {"title": assets[m.asset].title if m.asset in assets else m.asset} for m in wave.members
                ),
                "together": tuple(tuple(t) for t in wave.together),
                "prerequisites": tuple(wave.prerequisites),
                "stores": stores,
                "bytes": size,
                "objects": objects,
                "unknown_sizes": unknown,
                "hours_bytes": by_bytes,
                "hours_objects": by_objects,
                "hours": hours,
                "start_h": round(start, 4),
                "cut_edges": cut_in[wave.number],
                **_gate(stores, judged),
            }
        )
        start += hours
    scheduled = {m.asset for w in graph.waves for m in w.members}
    scheduled |= {assets[m].store for m in scheduled if m in assets}  # a store that moves by schema is in their waves
    return {
        "list": tuple(rows),
        "hours": round(start, 4),
        "assumptions": {"link_bps": LINK_BPS, "link_share": LINK_SHARE, "objects_per_s": OBJECTS_PER_S},
        "cut_total": len(graph.cut_edges) if cut_total is None else cut_total,
        "cut_edges": tuple(sorted(graph.cut_edges))[:MAX_CUT],
        "cut": tuple(_cut(edges[e], graph, wave_of, changes) for e in sorted(graph.cut_edges)[:MAX_CUT] if e in edges),
        "unscheduled": tuple(
            {
                "asset": a.id,
                "title": a.title,
                "reason": "not resolved: nobody scanned it" if not a.resolved else "in no wave",
            }
            for a in sorted(graph.assets, key=lambda a: a.id)
            if a.id not in scheduled and a.level == "store"
        ),
    }


def _cut(edge: results.Edge, graph: results.GraphResult, wave_of: dict[str, int], changes: dict[str, str]) -> Row:
    """An edge between waves: which, and what has to be done so that it works in between."""
    before = wave_of.get(graph.groups.get(edge.target, edge.target))
    after = wave_of.get(graph.groups.get(edge.source, edge.source))
    return {
        "id": edge.id, "source": edge.source, "target": edge.target, "kind": edge.kind, "confidence": edge.confidence,
        "evidence": edge.evidence, "wave": after, "needs_wave": before, "change": changes.get(edge.id, ""),
    }  # fmt: skip


def transfer_hours(size: int, objects: int) -> tuple[float, float]:
    """Hours to send so many bytes, and so many objects, each alone; the larger one binds."""
    return round(8 * size / (LINK_BPS * LINK_SHARE) / 3600, 4), round(objects / OBJECTS_PER_S / 3600, 4)


def _table_weights(reader: Rows, graph: results.GraphResult) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Bytes, objects and unknown sizes of each table and each schema that is an asset, by (source, path)."""
    if not any(a.level != "store" for a in graph.assets):
        return {}
    weights: dict[tuple[str, str], tuple[int, int, int]] = {}
    below: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for source, parent, path, size, _ in reader.rows(_WEIGHT):
        row = (size or 0, 1, int(size is None))
        weights[source, path] = row
        held = below[source, parent.rstrip("/")]
        for n, value in enumerate(row):
            held[n] += value
    weights.update({k: (v[0], v[1], v[2]) for k, v in below.items()})
    return weights


def _load(
    members: list[results.Asset], totals: dict[str, Row], tables: dict[tuple[str, str], tuple[int, int, int]]
) -> tuple[int, int, int]:
    """Bytes, objects and unknown sizes of a wave; what lies in a member that is itself in the wave counts once."""
    whole = {a.store for a in members if a.level == "store"}
    schemas = {(a.source, a.path.rstrip("/")) for a in members if a.level == "schema" and a.store not in whole}
    loads = [(t["bytes"] or 0, t["objects"], t["unknown_sizes"]) for s in sorted(whole) if (t := totals.get(s))]
    loads += [tables[s] for s in sorted(schemas) if s in tables]
    for a in members:
        inside = (a.source, a.path.rpartition("/")[0]) in schemas or a.store in whole
        if a.level == "object" and not inside:
            loads.append(tables.get((a.source, a.path), (0, 1, 1)))
    return sum(x[0] for x in loads), sum(x[1] for x in loads), sum(x[2] for x in loads)


def _gate(stores: tuple[str, ...], judged: Row) -> Row:
    """Worst state among the wave's stores at their best target, and the effort there."""
    best = judged["best"]
    ready = {(r["store"], r["target"]): r for r in judged["readiness"]}
    found = [ready[s, best[s]["target"]] for s in stores if s in best]
    low = sum(r["effort_h"][0] for r in found)
    highs = [r["effort_h"][1] for r in found]
    state = min((r["state"] for r in found), key=results.STATES.index, default=None)
    return {
        "state": state,
        "effort_h": (low, None if None in highs else sum(highs)) if found else None,
    }
