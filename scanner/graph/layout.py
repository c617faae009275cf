"""Places for drawing: layers from left (dependants) to right (what they depend on), few crossings, no randomness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import networkx as nx

from scanner.graph.waves import generations

MAX_NODES = 300
SWEEPS = 12


def positions(first: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Where to draw the assets of ``first`` and the most connected others, ``MAX_NODES`` in all: x and y in 0…1."""
    unique = sorted({pair for pair in pairs if pair[0] != pair[1]})
    degree = Counter(end for pair in unique for end in pair)
    ranked = sorted(degree, key=lambda asset: (-degree[asset], asset))
    chosen = list(dict.fromkeys([*first, *ranked]))[:MAX_NODES]
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(chosen))
    graph.add_edges_from(pair for pair in unique if pair[0] in graph and pair[1] in graph)
    layers = _ordered(graph, _layers(graph))
    tallest = max((len(layer) for layer in layers), default=1)
    return {
        node: (
            round((n + 0.5) / len(layers), 4),
            round((row + (tallest - len(layer) + 1) / 2) / tallest, 4),
        )
        for n, layer in enumerate(layers)
        for row, node in enumerate(layer)
    }


def _layers(graph: nx.DiGraph) -> list[list[str]]:
    """Nodes by distance from what depends on nothing, the farthest first; a cycle shares a layer.

    A node without any edge stands in the last layer, beside what depends on nothing.
    """
    layers = generations(graph, graph.edges)
    return [sorted(node for group in layer for node in group) for layer in layers][::-1]


def _ordered(graph: nx.DiGraph, layers: list[list[str]]) -> list[list[str]]:
    """The layers with their nodes ordered by the mean place of their neighbours, swept both ways several times."""
    place = {node: row / max(1, len(layer)) for layer in layers for row, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else layers[::-1]:
            near = {node: _mean(graph, node, place, forward=forward) for node in layer}
            layer.sort(key=lambda node: (near[node], node))
            place.update((node, (row + 0.5) / len(layer)) for row, node in enumerate(layer))
    return layers


def _mean(graph: nx.DiGraph, node: str, place: dict[str, float], *, forward: bool) -> float:
    """Mean place of the neighbours on one side; of both where that side is empty; its own where it has none."""
    side = graph.pred[node] if forward else graph.succ[node]
    near = list(side) or [*graph.pred[node], *graph.succ[node]]
    return sum(place[n] for n in near) / len(near) if near else place[node]
