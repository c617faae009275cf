"""The graph for other programs: networkx, and GraphML for Gephi, yEd and their like."""

from __future__ import annotations

import re
from collections.abc import Callable

import networkx as nx

from scanner.results import GraphResult

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graph_of(result: GraphResult) -> nx.MultiDiGraph:
    """The assets and edges as a networkx graph; an edge runs from what depends to what it depends on."""
    return _graph(result, lambda text: text)


def to_graphml(result: GraphResult) -> str:
    """The graph as a GraphML document; characters that XML cannot hold are written as U+FFFD."""
    document = nx.generate_graphml(_graph(result, _xml), prettyprint=False)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(document) + "\n"


def _graph(result: GraphResult, text: Callable[[str], str]) -> nx.MultiDiGraph:
    """The graph, with every text passed through ``text``."""
    graph = nx.MultiDiGraph()
    wave = {member.asset: wave.number for wave in result.waves for member in wave.members}
    for asset in result.assets:
        values: dict[str, object] = {
            "level": asset.level, "kind": text(asset.kind), "title": text(asset.title), "source": text(asset.source),
            "path": text(asset.path), "store": text(asset.store), "resolved": asset.resolved,
        }  # fmt: skip
        moves = wave.get(result.groups.get(asset.id, asset.id))
        if moves is not None:
            values["wave"] = moves
        if asset.id in result.positions:
            values["x"], values["y"] = result.positions[asset.id]
        graph.add_node(text(asset.id), **values)
    for edge in result.edges:
        graph.add_edge(
            text(edge.source), text(edge.target), key=edge.id, kind=edge.kind, confidence=edge.confidence,
            evidence=text(edge.evidence), detail=text(edge.detail), parser=text(edge.parser), count=edge.count,
            places=text("; ".join(str(place) for place in edge.places)),
        )  # fmt: skip
    return graph


def _xml(text: str) -> str:
    """A text as XML 1.0 can hold it."""
    return _NOT_XML.sub("\ufffd", text)
