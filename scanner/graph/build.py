"""Builds the graph of an estate: facts → assets and edges → cycles, waves, blast radius, load order, drawing places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scanner.graph import impact, waves
from scanner.graph.blast import radii
from scanner.graph.copies import add_copies
from scanner.graph.edges import Edges, edges_of, pairs
from scanner.graph.estate import Estate, found
from scanner.graph.facts import Reader, read
from scanner.graph.gather import resolver_of
from scanner.graph.keys import add_keys
from scanner.graph.layout import positions
from scanner.graph.reconcile import reconcile
from scanner.graph.references import collect, existing
from scanner.results import TIERS, Asset, Blast, Edge, GraphResult

BLAST_OBJECTS = 1000
"""Objects whose blast radius is counted: those with the most direct dependants. What moves is always counted."""


def build(reader: Reader) -> GraphResult:
    """Everything the catalog's newest scans say of what depends on what.

    Args:
        reader: the catalog's reader; it is asked for entries, keys, columns, routines, mentions, sources and stores.
    """
    facts = read(reader)
    estate = found(facts)
    resolver = resolver_of(reader, facts, estate)
    estate.directory.link = resolver.link
    known = edges_of(facts, estate, resolver)
    references = collect(reader, estate, resolver, known)
    there = existing(reader, references.wanted, resolver.folding)
    add_keys(reader, estate, known)
    copies = add_copies(reader, estate, known)
    managed = reconcile(reader, estate, resolver, references)
    result = replace(
        assemble(estate, known), managed=managed, copies=copies,
        references=references.listed(there), tiers={tier: references.tiers[tier] for tier in TIERS},
    )  # fmt: skip
    broken, totals = impact.first(result)
    return replace(result, broken=broken, broken_totals=totals)


def assemble(estate: Estate, known: Edges) -> GraphResult:
    """The result, from assets and edges; every list in an order that does not depend on that of the input."""
    assets = estate.assets | estate.directory.unresolved
    edges = sorted(known.all(), key=lambda e: (e.source, e.target, e.kind, e.id))
    groups = dict(sorted(estate.groups().items()))
    movable = sorted(set(groups.values()))
    rolled = {edge.id: (_moves(estate, groups, edge.source), _moves(estate, groups, edge.target)) for edge in edges}
    felt = [edge for edge in edges if edge.kind not in impact.HARMLESS]
    binding = [edge for edge in edges if edge.kind not in waves.WEAK]
    links = waves.kinds_of(
        ((s, t), edge.kind, edge.confidence == "inferred") for edge in binding for s, t in _between(rolled[edge.id])
    )
    planned = waves.plan({m: assets[m].title for m in movable}, links)
    loops = {*waves.cycles((edge.source, edge.target) for edge in binding), *waves.cycles(links)}
    return GraphResult(
        assets=tuple(assets[key] for key in sorted(assets)),
        edges=tuple(edges),
        cycles=tuple(sorted(loops)),
        waves=planned,
        cut_edges=waves.cut(planned, ((e.id, *rolled[e.id]) for e in felt)),
        blast=_blasts(assets, felt, links, movable),
        unparsed=tuple(sorted(known.unparsed, key=lambda u: (u.source, u.path, u.kind, u.reason))),
        positions=positions(_drawn_first(assets, edges), [*pairs(known), *links]),
        load_order=_load_orders(assets, edges),
        groups=groups,
        columns=tuple(sorted(known.columns, key=lambda c: (c.asset, c.column, c.from_asset, c.from_column, c.role))),
    )


def _moves(estate: Estate, groups: Mapping[str, str], asset: str) -> tuple[str, ...]:
    """What moves with an asset: its group; all schemas of a store that moves by schema; nothing if never scanned."""
    if asset in groups:
        return (groups[asset],)
    return tuple(estate.schemas.get(asset, ()))


def _between(ends: tuple[tuple[str, ...], tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """The pairs of different things that move which an edge ties together."""
    return ((s, t) for s in ends[0] for t in ends[1] if s != t)


def _blasts(
    assets: Mapping[str, Asset], edges: list[Edge], links: Mapping[tuple[str, str], waves.Link], movable: list[str]
) -> tuple[Blast, ...]:
    """Blast radii: of what moves, in things that move; of the most used objects and unresolved assets, in assets."""
    own = radii(links, movable)
    direct = Counter(target for _, target in {(e.source, e.target) for e in edges if e.source != e.target})
    ranked = sorted((a for a in direct if a not in own and a in assets), key=lambda a: (-direct[a], a))
    objects = radii(((e.source, e.target) for e in edges), ranked[:BLAST_OBJECTS])
    return tuple(sorted((*own.values(), *objects.values()), key=lambda b: b.asset))


def _drawn_first(assets: Mapping[str, Asset], edges: list[Edge]) -> list[str]:
    """What a drawing shows whatever else it leaves out: stores and schemas, those with edges first."""
    degree = Counter(end for edge in edges for end in (edge.source, edge.target))
    return sorted((a.id for a in assets.values() if a.level != "object"), key=lambda key: (-degree[key], key))


def _load_orders(assets: Mapping[str, Asset], edges: list[Edge]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """For every store with tables, the generations they can be loaded in by their foreign keys."""
    tables: dict[str, list[str]] = {}
    references: dict[str, list[tuple[str, str]]] = {}
    for asset in assets.values():
        if asset.kind == "table" and asset.resolved:
            tables.setdefault(asset.store, []).append(asset.id)
    for edge in edges:
        if edge.kind == "foreign_key":
            references.setdefault(assets[edge.source].store, []).append((edge.source, edge.target))
    return {store: waves.load_order(tables[store], references.get(store, [])) for store in sorted(tables)}
