"""Blast radius: how much depends on an asset, directly and through others.

Totals are exact for the assets asked for. One pass over the condensed graph carries, for every asset, a bit for each of
those it depends on; so the cost is one pass for all of them, not one search for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import networkx as nx

from scanner.results import Blast

EXAMPLES = 5
BATCH = 512
"""Assets per pass: bits carried by each node."""


def radii(pairs: Iterable[tuple[str, str]], asked: Sequence[str]) -> dict[str, Blast]:
    """The blast radius of each asset asked for, from (dependant, dependency) pairs."""
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(asked))
    graph.add_edges_from(sorted({pair for pair in pairs if pair[0] != pair[1]}))
    condensed = nx.condensation(graph)
    order = list(reversed(list(nx.topological_sort(condensed))))
    mapping: dict[str, int] = condensed.graph["mapping"]
    sizes: dict[int, int] = {index: len(members) for index, members in condensed.nodes(data="members")}
    found: dict[str, Blast] = {}
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        totals = _totals(condensed, order, sizes, [mapping[a] for a in batch])
        for asset, total in zip(batch, totals, strict=True):
            dependants = sorted(graph.predecessors(asset))
            found[asset] = Blast(asset, len(dependants), total - 1, _examples(graph, asset, dependants))
    return found


def _totals(condensed: nx.DiGraph, order: Sequence[int], sizes: dict[int, int], roots: Sequence[int]) -> list[int]:
    """How many assets reach each root, the root's own component included; ``order`` has dependencies first."""
    own: dict[int, int] = {}
    for bit, root in enumerate(roots):
        own[root] = own.get(root, 0) | 1 << bit
    carried: dict[int, int] = {}
    weights: dict[int, int] = {}
    for index in order:
        bits = own.get(index, 0)
        for target in condensed._succ[index]:  # noqa: SLF001 - successors() costs as much again on 10^5 nodes
            bits |= carried.get(target, 0)
        if bits:
            carried[index] = bits
            weights[bits] = weights.get(bits, 0) + sizes[index]
    totals = [0] * len(roots)
    for bits, weight in weights.items():
        rest = bits
        while rest:
            low = rest & -rest
            totals[low.bit_length() - 1] += weight
            rest ^= low
    return totals


def _examples(graph: nx.DiGraph, asset: str, direct: Sequence[str]) -> tuple[str, ...]:
    """A few dependants: direct ones first, then those of the first direct ones."""
    chosen = list(direct[:EXAMPLES])
    for dependant in direct[:EXAMPLES]:
        if len(chosen) >= EXAMPLES:
            break
        more = (n for n in sorted(graph.predecessors(dependant)) if n != asset and n not in chosen)
        chosen.extend(list(more)[: EXAMPLES - len(chosen)])
    return tuple(chosen)
