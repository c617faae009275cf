"""The one frozen value every format is rendered from, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from scanner import results
from scanner.report import changes as changed
from scanner.report import coverage, dependencies, evidence, inventory, readiness, security, summary
from scanner.report.reading import Row, Rows

SCHEMA = "stocktake/result"
SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes away; a new field raises nothing."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a report says, as plain values: text, numbers, booleans, None, tuples and dicts of them.

    Times are integer microseconds UTC, sizes bytes, shares per cent. Lists are capped, the exact
    total beside each.
    """

    schema: str
    schema_version: int
    title: str
    run: Row
    scope: Row
    coverage: Row
    summary: Row
    sources: tuple[Row, ...]
    stores: tuple[Row, ...]
    inventory: Row
    targets: tuple[Row, ...]
    rules: tuple[Row, ...]
    readiness: Row
    graph: Row
    waves: Row
    security: Row
    changes: Row
    evidence: Row


def build_context(  # noqa: PLR0913 - the facts a report cannot read from the catalog, each named
    reader: Rows,
    judgement: results.Judgement,
    graph: results.GraphResult,
    *,
    generated_at: int,
    version: str,
    title: str,
    methods: Mapping[str, Sequence[str]] | None = None,
    exclusions: Mapping[str, Sequence[str]] | None = None,
    audit_anchor: str = "",
    access: results.Access | None = None,
    changes: results.Changes | None = None,
) -> Context:
    """Read the catalog and put it together with what was judged.

    ``generated_at`` is in microseconds UTC; ``methods`` gives each connector type's own limits, ``exclusions`` each
    source's patterns; ``audit_anchor`` is the newest hash of the audit chain, ``access`` what rights come to,
    ``changes`` what differs from the run before. The same catalog gives the same value.
    """
    stores = tuple(sorted(reader.stores(), key=lambda s: s.id))
    totals = inventory.read_totals(reader)
    sources = coverage.read_sources(reader, stores, totals)
    run = _run(reader, sources, generated_at=generated_at, version=version, audit_anchor=audit_anchor)
    things = inventory.read_inventory(reader, totals, run["as_of"])
    seen = coverage.overall(sources, things["unknown_sizes"], things["objects"])
    sizes = {
        s.id: totals[s.id]["bytes"] if s.id in totals else s.bytes for s in stores if s.kind != results.DATABASE_FILE
    }
    judged = readiness.read_readiness(judgement, stores, sizes)
    drawn = dependencies.read_graph(graph)
    return Context(
        schema=SCHEMA,
        schema_version=SCHEMA_VERSION,
        title=title,
        run=run,
        scope=_scope(sources, stores, judgement),
        coverage=seen,
        summary=summary.read_summary(
            judgement,
            stores,
            sources,
            things,
            seen,
            drawn,
            judged,
            unregistered=coverage.read_unscanned(reader, stores),
        ),
        sources=sources,
        stores=tuple(_store(s, totals.get(s.id), judged["best"].get(s.id)) for s in stores),
        inventory=things,
        targets=judged.pop("targets"),
        rules=judged.pop("rules"),
        readiness=judged,
        graph=drawn,
        waves=dependencies.read_waves(reader, graph, totals, judged),
        security=security.read_security(reader, stores, sources, graph, access or results.Access()),
        changes=changed.read_changes(changes),
        evidence=evidence.read_evidence(sources, methods or {}, exclusions or {}),
    )


def to_json(context: Context, *, indent: int | None = 1) -> str:
    """The context as JSON: the same value gives the same bytes; ASCII, so any encoding and any terminal keeps it."""
    plain = {f.name: _plain(getattr(context, f.name)) for f in fields(context)}
    separators = (",", ": ") if indent is not None else (",", ":")
    return (
        json.dumps(plain, ensure_ascii=True, allow_nan=False, sort_keys=True, indent=indent, separators=separators)
        + "\n"
    )


def _plain(value: Any) -> Any:
    """Whole floats become integers, so that 3.0 and 3 are one text; anything not plain is refused by ``json``."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _run(reader: Rows, sources: tuple[Row, ...], *, generated_at: int, version: str, audit_anchor: str) -> Row:
    """Which scan this is; ``as_of`` is the moment ages count back from: the scan's end, else the report's own time."""
    rows = reader.dicts("SELECT * FROM scan ORDER BY id DESC LIMIT 1")
    scan = rows[0] if rows else {}
    started = min((s["started"] for s in sources if s["started"] is not None), default=scan.get("started"))
    ended = max((s["ended"] for s in sources if s["ended"] is not None), default=scan.get("ended"))
    return {
        "id": scan.get("id"),
        "state": scan.get("state") or "unknown",
        "exit_code": scan.get("exit_code"),
        "depth": scan.get("depth") or "L1",
        "config_hash": scan.get("config_hash") or "",
        "scan_version": scan.get("version") or "",
        "audit_anchor": audit_anchor,
        "version": version,
        "generated": generated_at,
        "started": started,
        "ended": ended,
        "as_of": ended if ended is not None else generated_at,
    }


def _scope(sources: tuple[Row, ...], stores: tuple[results.Store, ...], judgement: results.Judgement) -> Row:
    return {
        "sources": len(sources),
        "types": tuple(sorted({s["type"] for s in sources})),
        "names": tuple(s["name"] for s in sources),
        "stores": len(stores),
        "stores_unknown": sum(not s.known for s in stores),
        "targets": tuple(t.id for t in judgement.targets),
    }


def _store(store: results.Store, found: Row | None, best: Row | None) -> Row:
    """A store as the report shows it: bytes and counts from the inventory, state at its most favourable target."""
    row = asdict(store)
    if found:
        names = ("bytes", "unknown_sizes", "offline_bytes", "newest", "oldest", "objects", "files", "tables", "owned")
        row |= {n: found[n] for n in names if store.kind != results.DATABASE_FILE or n not in {"bytes", "newest"}}
    else:
        row |= {"objects": 0, "tables": 0, "owned": 0, "oldest": None}
    row["state"] = best["state"] if best else readiness.NOT_JUDGED
    row["word"] = results.STATE_WORDS[best["state"]] if best else "Not judged"
    row["best_target"] = best["target"] if best else None
    return row
