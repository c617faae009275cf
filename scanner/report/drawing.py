"""Geometry for the page's SVG: the treemap's cells, the layered graph, stacked bars; numbers and words only."""

from __future__ import annotations

import math
from collections import defaultdict

import networkx as nx

from scanner.report import words
from scanner.report.reading import Row
from scanner.report.treemap import Box, squarify

MAX_EDGES = 110
"""Ways drawn on the map: more can no longer be followed by eye."""
MAP_WIDTH, MAP_HEIGHT = 1080.0, 460.0
_HEADER = 20.0
_COLUMNS = 4
_STEP, _BOX = 46.0, 36.0
"""From one place of the map to the next beneath it, and how much of that its box takes."""
_TALLEST = 30


def treemap(tree: tuple[Row, ...], titles: dict[str, str]) -> Row:
    """Cells of the treemap, two levels deep: the outer named, the inner coloured by the share of bytes grown old."""
    outer = [{**t, "label": titles.get(t["store"], t["name"])} for t in tree if t["bytes"]]
    if len(outer) == 1:  # one store fills it: its folders are the outer level then
        store = outer[0]
        outer = [{**c, "label": f"{c['name']}/" if c["name"] else "(top)"} for c in _with_rest(store) if c["bytes"]]
    cells = []
    for node, box in zip(outer, squarify([n["bytes"] for n in outer], (0, 0, MAP_WIDTH, MAP_HEIGHT)), strict=True):
        x, y, width, height = box
        named = width > 46 and height > 40
        inner: Box = (x, y + _HEADER, width, height - _HEADER) if named else box
        children = [c for c in _with_rest(node) if c["bytes"]] or [node]
        cells.append(
            {
                **_rectangle(box),
                "label": words.clip(node["label"], max(4, int(width / 7.2))) if named else "",
                "full": node["label"],
                "size": node["bytes"],
                "objects": node["objects"],
                "cells": [
                    _cell(c, b) for c, b in zip(children, squarify([c["bytes"] for c in children], inner), strict=True)
                ],
            }
        )
    return {"width": MAP_WIDTH, "height": MAP_HEIGHT, "groups": cells}


def _with_rest(node: Row) -> list[Row]:
    """A node's children, and what they leave over as one more."""
    children: list[Row] = list(node["children"])
    rest = (node["bytes"] or 0) - sum(c["bytes"] or 0 for c in children)
    if children and rest > 0:
        objects = node["objects"] - sum(c["objects"] for c in children)
        stale = max(0, node.get("stale_bytes", 0) - sum(c["stale_bytes"] for c in children))
        children.append(
            {
                "name": "everything else",
                "path": "",
                "bytes": rest,
                "objects": objects,
                "stale_bytes": stale,
                "children": [],
            }
        )
    return children


def _rectangle(box: Box) -> Row:
    x, y, width, height = box
    return {"x": round(x, 1), "y": round(y, 1), "w": round(max(0, width), 1), "h": round(max(0, height), 1)}


def stale_step(stale: int, whole: int | None) -> int:
    """Which of the four colours: under 25 %, 50 %, 75 % of the bytes unchanged for three years, or more."""
    return min(3, 4 * stale // whole) if whole else 0


def _cell(node: Row, box: Box) -> Row:
    _, _, width, height = box
    name = node.get("name") or "(top)"
    fit = int((width - 8) / 6.6)
    roomy = height > 18 and fit >= min(6, len(name))  # room for one line that says something
    return {
        **_rectangle(box),
        "step": stale_step(node.get("stale_bytes", 0), node["bytes"]),
        "label": words.clip(name, fit) if roomy else "",
        "sub": words.size(node["bytes"]) if roomy and height > 34 and width > 54 else "",
        "full": name,
        "size": node["bytes"],
        "objects": node["objects"],
    }


def estate_map(drawn: Row, meaning: dict[str, str]) -> Row:
    """The map as columns of places, dependants left of what they depend on; no two overlap.

    ``drawn`` has at most sixty groups. A column too tall is folded into several.
    """
    nodes = {n["id"]: n for n in drawn["nodes"]}
    links = _telling(drawn["links"])
    ends = [(k["source"], k["target"]) for k in links]
    columns = _folded(_untangled(_layers(sorted(nodes), ends), ends))
    width = MAP_WIDTH / max(1, len(columns))
    room = round(min(width - 46, 236.0), 1)
    tallest = max((len(c) for c in columns), default=0)
    places: dict[str, tuple[float, float]] = {}
    boxes = []
    for column, ids in enumerate(columns):
        pad = (tallest - len(ids)) * _STEP / 2
        for row, key in enumerate(ids):
            x, y = 4 + column * width, 4 + pad + row * _STEP + _BOX / 2
            places[key] = (x, y)
            boxes.append(_box(nodes[key], x, y, room))
    return {
        "width": MAP_WIDTH, "height": round(tallest * _STEP + 8, 1), "room": room, "box": _BOX, "nodes": boxes,
        "links": [
            {**_line(k, places, room), "weight": round(1 + 0.8 * math.log10(k["edges"]), 2), "edges": k["edges"],
             "kinds": k["kinds"]}
            for k in links
        ],
        "statuses": [
            {"status": s, "meaning": m} for s, m in meaning.items() if any(n["status"] == s for n in nodes.values())
        ],
        "confidences": [c for c in ("declared", "parsed", "inferred") if any(k["confidence"] == c for k in links)],
    }  # fmt: skip


def _telling(links: tuple[Row, ...]) -> list[Row]:
    """The ways worth drawing: the strongest from each place, the strongest to each, then the strongest left."""
    ranked = sorted(links, key=lambda k: (-k["edges"], k["source"], k["target"]))
    met: set[tuple[str, str]] = set()
    first: list[Row] = []
    rest: list[Row] = []
    for link in ranked:
        ends = {("from", link["source"]), ("to", link["target"])}
        (rest if ends <= met else first).append(link)
        met |= ends
    return (first + rest)[:MAX_EDGES]


def _box(node: Row, x: float, y: float, room: float) -> Row:
    """A place of the map: its title, and beneath it what it is, how much it holds, and when it moves."""
    held = f"{node['assets']:,} assets" if node["assets"] > 1 else ""
    wave = f"wave {node['wave']}" if node["wave"] else ""
    parts = [w for w in (node["kind"], wave, held) if w]
    fit = max(6, int((room - 28) / 5.7))
    short = next((t for n in range(len(parts), 0, -1) if len(t := " · ".join(parts[:n])) <= fit), parts[0])
    return {
        **node, "x": round(x, 1), "y": round(y, 1), "label": words.clip(node["title"], max(6, int((room - 30) / 7.5))),
        "sub": words.clip(short, fit), "said": " · ".join(parts),
    }  # fmt: skip


def _layers(ids: list[str], ends: list[tuple[str, str]]) -> list[list[str]]:
    """Columns by the longest way to what depends on nothing, dependants first; a ring shares a column."""
    graph = nx.DiGraph()
    graph.add_nodes_from(ids)
    graph.add_edges_from(ends)
    condensed = nx.condensation(graph.reverse())
    layers = [
        sorted(n for index in layer for n in condensed.nodes[index]["members"])
        for layer in nx.topological_generations(condensed)
    ][::-1]
    while len(layers) > _COLUMNS:  # the two neighbours with the fewest names become one
        at = min(range(len(layers) - 1), key=lambda n: (len(layers[n]) + len(layers[n + 1]), n))
        layers[at : at + 2] = [sorted(layers[at] + layers[at + 1])]
    return layers


def _folded(columns: list[list[str]]) -> list[list[str]]:
    """Columns none of which is taller than a screen or two; one that is goes on in the next."""
    folded: list[list[str]] = []
    for column in columns:
        parts = -(-len(column) // _TALLEST)
        each = -(-len(column) // parts) if parts else 0
        folded += [column[n : n + each] for n in range(0, len(column), each or 1)]
    return folded


def _untangled(columns: list[list[str]], ends: list[tuple[str, str]]) -> list[list[str]]:
    """Names within each column ordered by where their neighbours stand: four sweeps of the barycentre rule."""
    near: dict[str, list[str]] = defaultdict(list)
    for s, t in ends:
        near[s].append(t)
        near[t].append(s)
    for sweep in range(4):
        height = {i: (n + 0.5) / len(column) for column in columns for n, i in enumerate(column)}
        for column in columns if sweep % 2 else columns[::-1]:
            mean = {i: sum(height[k] for k in near[i]) / len(near[i]) for i in column if near[i]}
            column[:] = [i for *_, i in sorted((round(mean.get(i, height[i]), 6), height[i], i) for i in column)]
            height |= {i: (n + 0.5) / len(column) for n, i in enumerate(column)}
    return columns


def _line(link: Row, places: dict[str, tuple[float, float]], room: float) -> Row:
    """A curve from a dependant to what it depends on; within one column it swings out right."""
    (x1, y1), (x2, y2) = places[link["source"]], places[link["target"]]
    if x2 > x1:
        start, end = x1 + room + 1, x2 - 3
        bend = max(24.0, (end - start) / 2)
        path = f"M{start:.1f} {y1:.1f}C{start + bend:.1f} {y1:.1f} {end - bend:.1f} {y2:.1f} {end:.1f} {y2:.1f}"
    elif x2 < x1:
        start, end = x1 - 1, x2 + room + 3
        bend = max(24.0, (start - end) / 2)
        path = f"M{start:.1f} {y1:.1f}C{start - bend:.1f} {y1:.1f} {end + bend:.1f} {y2:.1f} {end:.1f} {y2:.1f}"
    else:
        side = x1 + room + 1
        out = side + min(44.0, 14 + abs(y2 - y1) / 5)
        path = f"M{side:.1f} {y1:.1f}C{out:.1f} {y1:.1f} {out:.1f} {y2:.1f} {side + 2:.1f} {y2:.1f}"
    return {"path": path, **{n: link[n] for n in ("confidence", "source", "target")}}


def stacked(parts: tuple[Row, ...], measure: str, width: float) -> list[Row]:
    """A stacked bar: where each part starts and how wide it is; a part that is not nothing is at least a hair wide."""
    whole = sum(p[measure] or 0 for p in parts)
    found, at = [], 0.0
    for p in parts:
        wide = width * (p[measure] or 0) / whole if whole else 0.0
        if p[measure]:
            found.append({**p, "value": p[measure], "x": round(at, 2), "w": round(max(1.5, wide), 2)})
        at += wide
    return found
