"""Squarified treemaps: rectangles whose areas are the values, each as near to a square as its row allows."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""x, y, width, height."""


def squarify(values: Sequence[float], box: Box) -> list[Box]:
    """One rectangle per value within ``box``, in the order given; values are positive and best sorted descending.

    After Bruls, Huizing and van Wijk, Squarified Treemaps (2000): a row grows along the shorter side for as long as the
    worst aspect ratio in it falls.
    """
    x, y, width, height = box
    whole = sum(values)
    if whole <= 0 or width <= 0 or height <= 0:
        return [(x, y, 0.0, 0.0)] * len(values)
    areas = [v * width * height / whole for v in values]
    boxes: list[Box] = []
    start = 0
    while start < len(areas):
        side = min(width, height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row = areas[start:end]
        thick = sum(row) / side if side else 0.0
        along = x if width < height else y
        for area in row:
            length = area / thick if thick else 0.0
            boxes.append((along, y, length, thick) if width < height else (x, along, thick, length))
            along += length
        if width < height:
            y, height = y + thick, height - thick
        else:
            x, width = x + thick, width - thick
        start = end
    return boxes


def _worst(row: Sequence[float], side: float) -> float:
    """The largest aspect ratio in a row of areas laid along ``side``."""
    whole = sum(row)
    smallest = min(row)
    if not whole or not smallest or not side:
        return float("inf")
    return max(side * side * max(row) / (whole * whole), whole * whole / (side * side * smallest))
