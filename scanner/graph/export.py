"""The graph for other programs: networkx, and GraphML for Gephi, yEd and their like."""

from __future__ import annotations

import networkx as nx

from scanner.results import GraphResult


def graph_of(result: GraphResult) -> nx.MultiDiGraph:
    """The assets and edges as a networkx graph; an edge runs from what depends to what it depends on."""
    graph = nx.MultiDiGraph()
    wave = {member.asset: wave.number for wave in result.waves for member in wave.members}
    for asset in result.assets:
        graph.add_node(
            asset.id,
            level=asset.level, kind=asset.kind, title=asset.title, source=asset.source, path=asset.path,
            store=asset.store, resolved=asset.resolved,
        )  # fmt: skip
        moves = wave.get(asset.id) or wave.get(result.groups.get(asset.id, ""))
        if moves is not None:
            graph.nodes[asset.id]["wave"] = moves
        if asset.id in result.positions:
            graph.nodes[asset.id]["x"], graph.nodes[asset.id]["y"] = result.positions[asset.id]
    for edge in result.edges:
        graph.add_edge(
            edge.source, edge.target, key=edge.id,
            kind=edge.kind, confidence=edge.confidence, evidence=edge.evidence, detail=edge.detail,
        )  # fmt: skip
    return graph


def to_graphml(result: GraphResult) -> str:
    """The graph as a GraphML document; characters that XML cannot hold are written as U+FFFD."""
    graph = graph_of(result)
    clean = nx.MultiDiGraph()
    for node, values in graph.nodes(data=True):
        clean.add_node(_xml(node), **{key: _xml(value) for key, value in values.items()})
    for source, target, key, values in graph.edges(keys=True, data=True):
        clean.add_edge(_xml(source), _xml(target), key=key, **{name: _xml(value) for name, value in values.items()})
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(nx.generate_graphml(clean)) + "\n"


def _xml(value: object) -> object:
    """A value as XML 1.0 can hold it."""
    if not isinstance(value, str):
        return value
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in value
    )
