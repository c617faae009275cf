"""Geometry for the page's SVG: the treemap's cells, the layered graph, stacked bars; numbers and words only."""

from __future__ import annotations

from collections import Counter, defaultdict

from scanner.report import words
from scanner.report.reading import Row
from scanner.report.treemap import Box, squarify

MAX_NODES = 300
MAX_EDGES = 600
MAP_WIDTH, MAP_HEIGHT = 1080.0, 460.0
_HEADER = 20.0
_ROW = 25.0
_COLUMNS = 7


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


def layered(graph: Row) -> Row:
    """The graph as columns of names: layers from the given positions, dependants left, what they depend on right.

    Positions only order what is drawn: columns from x, rows from y, so that no two names ever overlap.
    """
    nodes, edges = _choose(graph)
    columns = _columns([n["id"] for n in nodes], graph["positions"])
    by_id = {n["id"]: n for n in nodes}
    ends = [(e["source"], e["target"]) for e in edges]
    columns = _untangled(_facing(columns, ends), ends)
    width = max(1.0, MAP_WIDTH / max(1, len(columns)))
    room = min(width - 64, 230.0)
    places: dict[str, tuple[float, float]] = {}
    tallest = max((len(c) for c in columns), default=0)
    drawn = []
    for column, ids in enumerate(columns):
        pad = (tallest - len(ids)) * _ROW / 2
        for row, key in enumerate(ids):
            x, y = 8 + column * width, 18 + pad + row * _ROW
            places[key] = (x, y)
            node = by_id[key]
            drawn.append(
                {
                    "id": key, "x": round(x, 1), "y": round(y, 1),
                    "label": words.clip(node["title"], max(6, int(room / 7))),
                    "full": node["title"], "kind": node["kind"], "level": node["level"], "resolved": node["resolved"],
                    "store": node["store"],
                }
            )  # fmt: skip
    lines = [_line(e, places, room) for e in edges]
    return {
        "width": MAP_WIDTH,
        "height": round(tallest * _ROW + 24, 1),
        "nodes": drawn,
        "edges": lines,
        "nodes_total": graph["assets_total"],
        "edges_total": graph["edges_total"],
        "room": round(room, 1),
    }


def _choose(graph: Row) -> tuple[list[Row], list[Row]]:
    """Which assets and edges are drawn: those with the most dependencies, up to the caps."""
    ends: Counter[str] = Counter()
    for e in graph["edges"]:
        ends[e["source"]] += 1
        ends[e["target"]] += 1
    nodes = [a for a in graph["assets"] if ends[a["id"]]]
    nodes.sort(key=lambda a: (-ends[a["id"]], a["id"]))
    kept = {a["id"] for a in nodes[:MAX_NODES]}
    edges = [e for e in graph["edges"] if e["source"] in kept and e["target"] in kept][:MAX_EDGES]
    used = {e[end] for e in edges for end in ("source", "target")}
    return [n for n in nodes[:MAX_NODES] if n["id"] in used], edges


def _columns(ids: list[str], positions: dict[str, tuple[float, float]]) -> list[list[str]]:
    """Names by column: the axis with fewer distinct values is the layer; too many layers are binned."""
    at = {i: positions.get(i, (0.0, 0.0)) for i in ids}
    xs, ys = {p[0] for p in at.values()}, {p[1] for p in at.values()}
    layer, order = (0, 1) if len(xs) <= len(ys) else (1, 0)
    steps = sorted({p[layer] for p in at.values()})
    rank = {v: n * _COLUMNS // len(steps) if len(steps) > _COLUMNS else n for n, v in enumerate(steps)}
    columns: dict[int, list[str]] = defaultdict(list)
    for i in sorted(ids, key=lambda i: (at[i][order], i)):
        columns[rank[at[i][layer]]].append(i)
    return [columns[c] for c in sorted(columns)]


def _facing(columns: list[list[str]], ends: list[tuple[str, str]]) -> list[list[str]]:
    """Columns turned so that most arrows run from left to right."""
    at = {i: n for n, column in enumerate(columns) for i in column}
    forward = sum((at[t] > at[s]) - (at[t] < at[s]) for s, t in ends)
    return columns if forward >= 0 else columns[::-1]


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


def _line(edge: Row, places: dict[str, tuple[float, float]], room: float) -> Row:
    """A curve from a dependant to what it depends on; within one column it swings out right."""
    (x1, y1), (x2, y2) = places[edge["source"]], places[edge["target"]]
    if x2 > x1:
        start, end = x1 + room + 4, x2 - 6
        bend = max(24.0, (end - start) / 2)
        path = f"M{start:.1f} {y1:.1f}C{start + bend:.1f} {y1:.1f} {end - bend:.1f} {y2:.1f} {end:.1f} {y2:.1f}"
    elif x2 < x1:
        start, end = x1 - 6, x2 + room + 4
        bend = max(24.0, (start - end) / 2)
        path = f"M{start:.1f} {y1:.1f}C{start - bend:.1f} {y1:.1f} {end + bend:.1f} {y2:.1f} {end:.1f} {y2:.1f}"
    elif y1 == y2:  # it depends on itself
        side, out = x1 + room + 4, x1 + room + 24
        path = f"M{side:.1f} {y1 - 5:.1f}C{out:.1f} {y1 - 9:.1f} {out:.1f} {y1 + 9:.1f} {side:.1f} {y1 + 5:.1f}"
    else:
        side = x1 + room + 4
        out = side + min(46.0, 14 + abs(y2 - y1) / 5)
        path = f"M{side:.1f} {y1:.1f}C{out:.1f} {y1:.1f} {out:.1f} {y2:.1f} {side:.1f} {y2:.1f}"
    return {
        "path": path,
        "confidence": edge["confidence"],
        "source": edge["source"],
        "target": edge["target"],
        "kind": edge["kind"],
    }


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
