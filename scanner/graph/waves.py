"""Puts what can move into waves: what is depended on moves earlier, and what depends on each other moves together.

A wave is one generation of the condensed graph, counted from what depends on nothing. Strong couplings, which cannot
work from one place to another, keep both ends together as a cycle does. The same input in any order gives the same
waves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from scanner.results import Wave, WaveMember

NAMED = 3
"""How many of an asset's dependencies a reason names."""
STRONG = frozenset({"foreign_key", "fires_on", "inherits", "partition"})
"""Kinds of edges that an engine holds within one database: to part their ends is to give them up."""
WEAK = frozenset({"defines", "inferred_key", "copy_of"})
"""Kinds of edges that force nothing: a name given, a likeness. They decide no wave and close no ring."""
_WORDS = {
    "foreign_key": ("foreign key", "foreign keys"), "reads": ("read", "reads"), "writes": ("write", "writes"),
    "calls": ("call", "calls"), "fires_on": ("trigger", "triggers"), "mention": ("mention", "mentions"),
    "default": ("default", "defaults"), "foreign_table": ("foreign table", "foreign tables"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """What one asset needs of another: edges by kind, whether all are only inferred, and how many are strong."""

    kinds: Mapping[str, int]
    inferred: bool
    strong: int = 0

    @property
    def total(self) -> int:
        """How many edges it stands for."""
        return sum(self.kinds.values())

    def __str__(self) -> str:
        """The kinds in words, most frequent first."""
        counted = sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))
        text = ", ".join(f"{n:,} {_word(kind, n)}" for kind, n in counted)
        return f"{text}, inferred" if self.inferred else text


def _word(kind: str, count: int) -> str:
    one, many = _WORDS.get(kind, (kind.replace("_", " "), kind.replace("_", " ")))
    return one if count == 1 else many


def generations(nodes: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[list[tuple[str, ...]]]:
    """Layers of groups, from (dependant, dependency) pairs: a group depends only on groups of layers before its own.

    A group is one node, or the sorted nodes of a cycle; a layer is sorted too. What groups and layers hold is the same
    in whatever order nodes and pairs come.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((t, s) for s, t in pairs if s != t and s in graph and t in graph)
    condensed = nx.condensation(graph)
    groups = {index: tuple(sorted(members)) for index, members in condensed.nodes(data="members")}
    return [sorted(groups[index] for index in layer) for layer in nx.topological_generations(condensed)]


def plan(titles: Mapping[str, str], links: Mapping[tuple[str, str], Link]) -> tuple[Wave, ...]:
    """The waves of some assets, by id and title, and of the links between them: (dependant, dependency)."""
    kept = [(dependency, dependant) for (dependant, dependency), link in links.items() if link.strong]
    layers = generations(titles, [*links, *kept])
    number = {member: wave for wave, layer in enumerate(layers, 1) for group in layer for member in group}
    needs: dict[str, list[str]] = {}
    needed_by: dict[str, list[str]] = {}
    for dependant, dependency in sorted(links):
        if dependant != dependency and dependant in number and dependency in number:
            needs.setdefault(dependant, []).append(dependency)
            needed_by.setdefault(dependency, []).append(dependant)
    reasons = _Reasons(titles, links, needs, needed_by, number)
    return tuple(
        Wave(
            number=wave,
            members=tuple(WaveMember(member, reasons.of(member, group)) for group in layer for member in group),
            together=tuple(group for group in layer if len(group) > 1),
            prerequisites=tuple(
                sorted({number[t] for group in layer for m in group for t in needs.get(m, ())} - {wave})
            ),
        )
        for wave, layer in enumerate(layers, 1)
    )


@dataclass(frozen=True, slots=True)
class _Reasons:
    """Says why an asset sits in its wave."""

    titles: Mapping[str, str]
    links: Mapping[tuple[str, str], Link]
    needs: Mapping[str, Sequence[str]]
    needed_by: Mapping[str, Sequence[str]]
    number: Mapping[str, int]

    def of(self, member: str, group: Sequence[str]) -> str:
        """The sentence for one member; ``group`` is what it cannot be parted from, itself included."""
        wave = self.number[member]
        # Whatever it needs of its own wave belongs to its group: everything else it needs moves earlier.
        outside = [t for t in self.needs.get(member, ()) if self.number[t] != wave]
        inside = [m for m in group[: NAMED + 1] if m != member][:NAMED]
        parts = []
        if inside:
            parts.append(self._together(member, group, inside))
        if outside:
            latest = max(self.number[t] for t in outside)
            parts.append(f"depends on {self._dependencies(member, outside)}, so it moves after wave {latest}")
        elif inside and wave > 1:
            parts.append(f"what they depend on moves in wave {wave - 1}")
        if not parts:
            parts.append(self._first(member))
        text = "; ".join(parts)
        return text[0].upper() + text[1:] + "."

    def _together(self, member: str, group: Sequence[str], inside: Sequence[str]) -> str:
        """With what it moves: first what a strong coupling ties to it, else what it shares a ring with."""
        beside = [*self.needs.get(member, ()), *self.needed_by.get(member, ())]
        tied = {m: link for m in beside if (link := self._strong(member, m)) is not None}
        if tied:
            first = sorted(tied)[:NAMED]
            named = _listed((f"{self.titles[m]} ({tied[m]})" for m in first), len(tied) - len(first))
            return f"moves together with {named}: what ties them does not work from one database to another"
        named = _listed((self.titles[m] for m in inside), len(group) - 1 - len(inside))
        return f"moves together with {named}: they depend on each other"

    def _strong(self, one: str, other: str) -> Link | None:
        """The link between two, whichever depends on the other, where it is strong."""
        both = (self.links.get((one, other)), self.links.get((other, one)))
        return next((link for link in both if link is not None and link.strong), None)

    def _dependencies(self, member: str, targets: Iterable[str]) -> str:
        ordered = sorted(targets, key=lambda t: (-self.links[member, t].total, t))
        named = [f"{self.titles[t]} ({self.links[member, t]})" for t in ordered[:NAMED]]
        return _listed(named, len(ordered) - len(named))

    def _first(self, member: str) -> str:
        dependants = self.needed_by.get(member, ())
        if not dependants:
            return "it depends on nothing and nothing depends on it, so it can move at any time"
        verb = "depends" if len(dependants) == 1 else "depend"
        named = _listed((self.titles[d] for d in dependants[:NAMED]), len(dependants[NAMED:]))
        return f"it depends on nothing that moves, and {named} {verb} on it"


def _listed(names: Iterable[str], more: int = 0) -> str:
    """Names as a list in words."""
    items = [*names, *([f"{more:,} more"] if more else [])]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def cut(waves: Iterable[Wave], ends: Iterable[tuple[str, Sequence[str], Sequence[str]]]) -> tuple[str, ...]:
    """Ids of the edges that cross a border between waves, from (edge, what moves with its source, with its target)."""
    number = {member.asset: wave.number for wave in waves for member in wave.members}
    crossing = []
    for edge, sources, targets in ends:
        before = {number[s] for s in sources if s in number}
        after = {number[t] for t in targets if t in number}
        if before and after and len(before | after) > 1:
            crossing.append(edge)
    return tuple(sorted(crossing))


def load_order(tables: Iterable[str], references: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Generations of tables: each can be loaded once those before it are; tables of a cycle share a generation."""
    return tuple(
        tuple(sorted(table for group in layer for table in group)) for layer in generations(tables, references)
    )


def cycles(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Groups of assets that depend on each other, each sorted; an asset that refers to itself is no cycle."""
    graph = nx.DiGraph()
    graph.add_edges_from(pairs)
    return tuple(sorted(tuple(sorted(c)) for c in nx.strongly_connected_components(graph) if len(c) > 1))


def kinds_of(
    edges: Iterable[tuple[tuple[str, str], str, bool]], strong: frozenset[str] = STRONG
) -> dict[tuple[str, str], Link]:
    """Links from (pair, kind, inferred), one for each pair; what is only inferred ties nothing together."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    sure: set[tuple[str, str]] = set()
    tied: Counter[tuple[str, str]] = Counter()
    for pair, kind, inferred in edges:
        counts.setdefault(pair, Counter())[kind] += 1
        if not inferred:
            sure.add(pair)
            tied[pair] += kind in strong
    return {pair: Link(kinds, pair not in sure, tied[pair]) for pair, kinds in sorted(counts.items())}
