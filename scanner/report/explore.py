"""What the page carries for looking at one asset's neighbours: the most telling edges, within a share of the page."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from scanner.report import words
from scanner.report.reading import Row

MOST = 900_000
"""Characters of the block, at most."""
PLACES = 5
_WEIGHT = {"declared": 0, "parsed": 1, "inferred": 2}

Edge = list[Any]
"""Ends by number, kind, confidence, count, parser, evidence, detail, places, and the edges it stands for."""


def explore(graph: Row) -> Row:
    """Nodes and edges as short rows: first those of the map, then single edges, across stores before within one.

    Beside them the exact totals; ``links`` is how many of the edges are the map's.
    """
    assets = {a["id"]: a for a in graph["assets"]}
    status = {m["asset"]: m["status"] for m in graph["managed"]}
    numbers: dict[str, int] = {}
    nodes: list[list[Any]] = []
    edges: list[Edge] = []
    left = MOST

    def add(key: str, title: str, kind: str, told: str, on_map: int) -> int:
        if key not in numbers:
            numbers[key] = len(nodes)
            nodes.append([key, words.visible(title), kind, told, on_map])
        return numbers[key]

    for node in graph["map"]["nodes"]:
        add(node["id"], node["title"], node["kind"], node["status"], 1)
    single = {e["id"]: e for e in graph["edges"]}
    for link in graph["map"]["links"]:
        ends = numbers[link["source"]], numbers[link["target"]]
        kinds = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in link["kinds"])
        first = [_edge(single[e], *ends)[2:9] for e in link["first"][:PLACES] if e in single]
        edges.append([*ends, kinds, link["confidence"], link["edges"], "", "", "", [], first])
    for edge in _ranked(graph["edges"], assets):
        source, target = assets.get(edge["source"]), assets.get(edge["target"])
        if source is None or target is None or edge["source"] == edge["target"]:
            continue
        row = _edge(edge, 0, 0)
        left -= len(json.dumps(row)) + 40
        if left < 0:
            break
        for end, asset in enumerate((source, target)):
            told = (
                status.get(asset["id"])
                or status.get(asset["store"])
                or ("scanned" if asset["resolved"] else "referenced")
            )
            row[end] = add(asset["id"], asset["title"], asset["kind"], told, 0)
            left -= len(asset["id"]) + len(asset["title"]) + 40
        edges.append(row)
    links = len(graph["map"]["links"])
    return {
        "nodes": nodes,
        "edges": edges,
        "links": links,
        "assets": graph["assets_total"],
        "total": graph["edges_total"],
    }


def _edge(edge: Row, source: int, target: int) -> Edge:
    places = [_place(p) for p in edge["places"][:PLACES]]
    texts = (words.visible(words.clip(edge[n], 300)) for n in ("evidence", "detail"))
    kind = edge["kind"].replace("_", " ")
    return [source, target, kind, edge["confidence"], edge["count"], edge["parser"], *texts, places, []]


def _place(place: Row) -> str:
    line = f":{place['line']}" if place["line"] else ""
    return words.visible(place["path"] + line + (f" ({place['part']})" if place["part"] else ""))


def _ranked(edges: tuple[Row, ...], assets: dict[str, Row]) -> list[Row]:
    """Edges across stores first, surer ones before, those of busy assets before the rest."""
    degree = Counter(end for e in edges for end in (e["source"], e["target"]))

    def rank(edge: Row) -> tuple[bool, int, int, str]:
        ends = assets.get(edge["source"], {}), assets.get(edge["target"], {})
        within = bool(ends[0].get("store")) and ends[0].get("store") == ends[1].get("store")
        return within, _WEIGHT[edge["confidence"]], -max(degree[edge["source"]], degree[edge["target"]]), edge["id"]

    return sorted(edges, key=rank)
