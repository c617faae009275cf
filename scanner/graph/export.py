"""The graph for other programs: networkx, and GraphML for Gephi, yEd and their like."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

import networkx as nx

from scanner.results import GraphResult

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_graphml(result: GraphResult) -> str:
    """The graph as a GraphML document; characters that XML cannot hold are written as U+FFFD."""
    graph = graph_of(result)
    nodes = {name: kind for _, values in graph.nodes(data=True) for name, kind in _kinds(values)}
    edges = {name: kind for *_, values in graph.edges(data=True) for name, kind in _kinds(values)}
    told = io.StringIO()
    told.write('<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    for of, kinds in (("node", nodes), ("edge", edges)):
        for name, kind in kinds.items():
            told.write(f'<key id="{of}-{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n')
    told.write('<graph edgedefault="directed">\n')
    for node, values in graph.nodes(data=True):
        told.write(f"<node id={_quoted(node)}>{_data('node', values)}</node>\n")
    for source, target, key, values in graph.edges(keys=True, data=True):
        ends = f"source={_quoted(source)} target={_quoted(target)} id={_quoted(key)}"
        told.write(f"<edge {ends}>{_data('edge', values)}</edge>\n")
    told.write("</graph>\n</graphml>\n")
    return told.getvalue()


_TYPES = {bool: "boolean", int: "long", float: "double", str: "string"}


def _kinds(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    return ((name, _TYPES[type(value)]) for name, value in values.items())


def _data(of: str, values: Mapping[str, object]) -> str:
    return "".join(f'<data key="{of}-{name}">{_text(value)}</data>' for name, value in values.items())


def _text(value: object) -> str:
    return escape(_xml(value)) if isinstance(value, str) else str(value).lower()


def _quoted(text: str) -> str:
    return quoteattr(_xml(text))


def graph_of(result: GraphResult) -> nx.MultiDiGraph:
    """The assets and edges as a networkx graph; an edge runs from what depends to what it depends on."""
    graph = nx.MultiDiGraph()
    wave = {member.asset: wave.number for wave in result.waves for member in wave.members}
    for asset in result.assets:
        values: dict[str, object] = {
            "level": asset.level, "kind": asset.kind, "title": asset.title, "source": asset.source,
            "path": asset.path, "store": asset.store, "resolved": asset.resolved,
        }  # fmt: skip
        moves = wave.get(result.groups.get(asset.id, asset.id))
        if moves is not None:
            values["wave"] = moves
        if asset.id in result.positions:
            values["x"], values["y"] = result.positions[asset.id]
        graph.add_node(asset.id, **values)
    for edge in result.edges:
        graph.add_edge(
            edge.source, edge.target, key=edge.id, kind=edge.kind, confidence=edge.confidence,
            evidence=edge.evidence, detail=edge.detail, parser=edge.parser, count=edge.count,
            places="; ".join(str(place) for place in edge.places),
        )  # fmt: skip
    return graph


def _xml(text: str) -> str:
    """A text as XML 1.0 can hold it."""
    return _NOT_XML.sub("\ufffd", text)
