"""What sketches of values say of a foreign key: they confirm it, refute it, or are too few to say anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from scanner.graph.key_index import Key
from scanner.keys.sketches import Sketch, contained

REFUTED = 0.5
"""The share of a column's distinct values in a key below which it does not refer to it; above, some are orphans."""
ALL = 0.98
"""The share that counts as all, as a sketch estimates it."""
FEW = 10
"""Distinct values below which that they are found says nothing: 1 to 5 are among any counter's."""
_LONG = 32
"""Distinct values from which they may speak alone, where no counter gave them."""
_SPREAD = 0.01
"""The least share of a key's values that a column must use to be told by values alone."""
_PROBES = 64


def weighed(score: float, child: Sketch | None, parent: Sketch | None) -> tuple[float, str]:
    """A score with what values say of it, and the words for that; as it was where they say nothing."""
    if child is None or parent is None:
        return score, ""
    share = contained(child, parent)
    if share is None:
        return score, ""
    if share < REFUTED:
        return 0.0, ""
    if share < ALL:
        return score * (0.85 if share < 0.9 else 0.97), f", and has {share:.0%} of its values there"
    if child.distinct < FEW:
        return score, ", and has its few values there"
    wide = not parent.dense or child.distinct * 3 >= parent.distinct
    raised = score + (0.5 if wide else 0.2) * (1 - score) if score >= 0.6 or wide else score
    return raised, ", and has all its values there"


def by_values(
    children: Iterable[tuple[str, str, Sketch]], keys: Iterable[tuple[Key, Sketch]]
) -> Iterator[tuple[str, str, Key, float, str]]:
    """Columns whose values alone say what they refer to: many values, given by no counter, all in one key only.

    Keys are found by the smallest hashes of each, so the work grows with columns and keys, not with their product.
    """
    holders: dict[int, list[tuple[Key, Sketch]]] = defaultdict(list)
    for key, sketch in keys:
        if not sketch.dense and sketch.complete and sketch.distinct >= _LONG:
            for value in sketch.hashes[:_PROBES]:
                holders[value].append((key, sketch))
    for path, name, sketch in children:
        if sketch.dense or sketch.distinct < _LONG:
            continue
        hits: dict[tuple[str, str], tuple[Key, Sketch]] = {}
        for value in sketch.hashes:
            for key, other in holders.get(value, ())[:8]:
                hits[key.table, key.column] = (key, other)
            if len(hits) > 8:
                break
        whole = [
            key for key, other in hits.values()
            if key.table != path and sketch.distinct >= _SPREAD * other.distinct and contained(sketch, other) == 1.0
        ]  # fmt: skip
        if len(whole) == 1:
            yield path, name, whole[0], 0.65, "has all its values in that key, and in no other"
