"""A tree as an estate has it: many thousand entries, the awkward reference world in several of its folders.

The same for the same arguments, wherever and whenever it is planted, so that two listers of it can be compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from scanner.testing.world import WORLD, Node, World

_LOCAL = frozenset({"opaque_key"})
_HOSTILE = ("", "Archiv/alt/", "Projekte/von früher/", "home/j.doe/", "scans & fax/")
"""The folders that hold the reference world; the first is the root itself."""
_TEAMS = ("Finance", "HR", "Legal", "Engineering", "Sales", "Vertrieb", "Área técnica", "研究")
_WORDS = ("report", "invoice", "Angebot", "minutes", "plan", "budget", "contract", "photo", "draft", "copy of copy")
_ENDINGS = (".docx", ".xlsx", ".pdf", ".PDF", ".txt", ".jpg", ".mdb", ".csv", ".tmp", ".lnk", ".zip", "")
_OLDEST, _YOUNGEST = 852_076_800_000_000, 1_735_689_600_000_000  # 1997-01-01 and 2025-01-01, UTC
_LARGEST = 40_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What was planted; ``size`` is the content of all files together, in bytes."""

    entries: int
    files: int
    directories: int
    links: int
    size: int


def estate_tree(entries: int = 20_000, *, cannot: AbstractSet[str] = frozenset(), seed: int = 1) -> World:
    """Exactly ``entries`` nodes; ``cannot`` names traits of the world that the medium cannot hold.

    Raises:
        ValueError: if the worlds alone are more than ``entries``.
    """
    nodes: dict[bytes, Node] = {}
    for folder in _HOSTILE:
        for node in WORLD.without(cannot).nodes:
            _add(nodes, replace(node, path=folder.encode() + node.path), cannot)
    if len(nodes) > entries:
        raise ValueError(f"the reference worlds alone are {len(nodes)} entries")
    for node in _usual(random.Random(seed)):
        missing = [n for n in _above(node, nodes) if "directory" not in cannot]
        if len(nodes) + len(missing) + 1 > entries:
            break
        _add(nodes, node, cannot)
    for number in range(entries - len(nodes)):  # the last folder did not fit any more
        _add(nodes, _file(f"left over {number}.txt", number, _OLDEST), cannot)
    return World(tuple(nodes.values()))


def plant_many(root: Path, entries: int = 20_000, *, cannot: AbstractSet[str] = frozenset(), seed: int = 1) -> Counts:
    """Make such a tree beneath an existing local directory, which cannot hold keys with '..' or '//' anyway."""
    tree = estate_tree(entries, cannot=cannot | _LOCAL, seed=seed)
    tree.plant(root)
    return counts(tree)


def counts(tree: World) -> Counts:
    """How many of what a world holds."""
    kinds = [node.kind for node in tree.nodes]
    return Counts(
        len(kinds),
        kinds.count("file"),
        kinds.count("directory"),
        kinds.count("link"),
        sum(node.size or 0 for node in tree.nodes if node.kind == "file"),
    )


def _add(nodes: dict[bytes, Node], node: Node, cannot: AbstractSet[str]) -> None:
    if "directory" not in cannot:
        nodes.update((above.path, above) for above in _above(node, nodes))
    nodes.setdefault(node.path, node)


def _above(node: Node, nodes: dict[bytes, Node]) -> list[Node]:
    """The directories a node lies in that are not there yet, the topmost first."""
    if "opaque_key" in node.traits:
        return []
    parts = node.path.split(b"/")[:-1]
    paths = [b"/".join(parts[: depth + 1]) for depth in range(len(parts))]
    return [Node(p, "directory", None, _OLDEST, frozenset({"directory"})) for p in paths if p not in nodes]


def _file(path: str, size: int, modified: int) -> Node:
    return Node(path.encode(), "file", size, modified, frozenset())


def _usual(chance: random.Random) -> Iterator[Node]:
    """Files without end: now a project folder of a few dozen, now a flat folder of thousands, now a deep chain."""
    number = 0
    while True:
        team = chance.choice(_TEAMS)
        number += 1
        shape = chance.random()
        if shape < 0.02:
            folder, many = f"{team}/scans {number}", 1500
        elif shape < 0.06:
            folder, many = f"{team}/" + "/".join(f"level {d} of {number}" for d in range(25)), 3
        else:
            folder, many = f"{team}/{chance.randrange(1997, 2025)}/project {number}", chance.randrange(1, 60)
        for piece in range(many):
            name = f"{chance.choice(_WORDS)} {piece:04}{chance.choice(_ENDINGS)}"
            size = 0 if chance.random() < 0.05 else min(int(chance.lognormvariate(6.5, 1.5)), _LARGEST)
            yield _file(f"{folder}/{name}", size, chance.randrange(_OLDEST, _YOUNGEST))
