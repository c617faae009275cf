"""The same thing in several places: files, tables of one shape, and dumps or exports beside what they were made of.

A copy forces nothing: an edge says that two stores hold the same, so that somebody asks which of them is to move.
"""

from __future__ import annotations

from collections import defaultdict

from scanner.graph.copy_exports import exports
from scanner.graph.copy_files import files
from scanner.graph.copy_tables import tables
from scanner.graph.edges import Edges
from scanner.graph.estate import Estate
from scanner.graph.facts import Reader
from scanner.results import Copies, PlaceOf

STORES = 12
"""Stores of one group that are tied to its first; a thing that lies in more is told of, and ties no more of them."""
_NAMED = {
    "file": ("file", "files"), "table": ("table of the same shape", "tables of the same shape"),
    "export": ("dump or export", "dumps or exports"),
}  # fmt: skip


def copies(reader: Reader) -> tuple[Copies, ...]:
    """Every group that is told: files first, then tables, then exports, each with the largest first."""
    return (*files(reader), *tables(reader), *exports(reader))


def add_copies(reader: Reader, estate: Estate, found: Edges) -> tuple[Copies, ...]:
    """The groups, and one edge between any two stores that share some of them."""
    groups = copies(reader)
    shared: dict[tuple[str, str], list[Copies]] = defaultdict(list)
    for group in groups:
        stores = list(dict.fromkeys(store for store, _ in group.members if store in estate.assets))
        if len(stores) < 2:
            continue
        first = group.members[0][0] if group.kind == "export" else min(stores)
        for store in [store for store in stores if store != first][:STORES]:
            # A dump depends on what is live; of equals, neither does: their order is that of their names.
            shared[store, first].append(group)
    for ends, held in sorted(shared.items()):
        for group in held:
            place = next(path for store, path in group.members if store == ends[0])
            found.add(
                ends, "copy_of", "inferred", group.proof, _words(held),
                place=PlaceOf(estate.assets[ends[0]].source, place),
            )  # fmt: skip
    return groups


def _words(held: list[Copies]) -> str:
    counts = {kind: sum(group.kind == kind for group in held) for kind in _NAMED}
    parts = [f"{n:,} {_NAMED[kind][n != 1]}" for kind, n in counts.items() if n]
    return f"the same in both: {', '.join(parts)}, such as {held[0].title}"
