"""What breaks if an asset moves before what refers to it: the cut-over work list, place by place.

What moves is the asset with everything in it. A reference breaks when it leads from outside into what moves; one from
within moves along. Where a store moves schema by schema, a reference to the store as a whole may mean any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.graph.facts import Reader
from scanner.graph.remedy import change
from scanner.results import Asset, Broken, Edge, GraphResult, PlaceOf, Reference

EACH, FIRST = 20, 2_000
"""Broken references kept for each thing that moves, and in all; the rest is counted."""

HARMLESS = frozenset({"copy_of", "inferred_key"})
"""Kinds of edges that tell of a likeness: nothing that is in force breaks where one of both moves."""

More = Callable[[Edge], Sequence[tuple[PlaceOf, str]]]
"""Every place of an edge whose first ones alone were kept, each with the locator it quotes."""


def impact(
    result: GraphResult, asset: str, *, owners: Mapping[str, str] | None = None, more: More | None = None
) -> Iterator[Broken]:
    """The references that break if ``asset`` moves first, in order of store, place and edge.

    Args:
        result: the graph.
        asset: id of a store, schema or object; all that lies in it moves with it.
        owners: who answers for a source or store, by name or id; what a reference itself says goes before.
        more: tells all places of an edge, where ``Edge.places`` are only the first of ``Edge.count``.
    """
    return Impact(result, owners or {}, more).of(asset)


@dataclass(slots=True)
class Impact:
    """The same for many assets of one graph."""

    result: GraphResult
    owners: Mapping[str, str] = field(default_factory=dict)
    more: More | None = None
    assets: dict[str, Asset] = field(init=False)
    _into: dict[str, list[Edge]] = field(init=False)
    _said: dict[tuple[str, PlaceOf], list[Reference]] = field(init=False)
    _alike: dict[tuple[str, str, str], Reference] = field(init=False)

    def __post_init__(self) -> None:
        """Find for every edge what it would break with."""
        self.assets = {a.id: a for a in self.result.assets}
        self.owners = {m.asset: m.owner for m in self.result.managed if m.owner} | dict(self.owners)
        self._said, self._alike = defaultdict(list), {}
        for reference in self.result.references:
            self._said[reference.target, reference.place].append(reference)
            self._alike.setdefault((reference.store, reference.target, reference.locator), reference)
        self._into = defaultdict(list)
        holding = _holding(self.result)
        split = _split(self.result)
        for edge in self.result.edges:
            if edge.kind in HARMLESS:
                continue
            inside = holding.get(edge.source, ())
            for moved in (*holding.get(edge.target, ()), *split.get(edge.target, ())):
                if moved not in inside:
                    self._into[moved].append(edge)

    def of(self, asset: str) -> Iterator[Broken]:
        """What breaks if one asset moves first."""
        for edge in sorted(self._into.get(asset, ()), key=lambda e: (e.source, e.kind, e.target, e.id)):
            for place, locator in self._places(edge):
                yield self._broken(asset, edge, place, locator)

    def totals(self) -> dict[str, int]:
        """How many references break, exactly, by what moves: everything that another thing refers to."""
        return {asset: sum(e.count for e in edges) for asset, edges in sorted(self._into.items())}

    def order(self) -> list[tuple[str, int | None]]:
        """What moves, with its wave, in order; last, without one, stores that others refer to and nobody scanned."""
        waves = [(m.asset, w.number) for w in self.result.waves for m in w.members]
        planned = {asset for asset, _ in waves} | set(_split(self.result))
        loose = [
            a.id for a in self.result.assets if a.level == "store" and a.id not in planned and self._into.get(a.id)
        ]
        return [*waves, *((asset, None) for asset in sorted(loose))]

    def _places(self, edge: Edge) -> Sequence[tuple[PlaceOf, str]]:
        """Where an edge is said, and the locator quoted there."""
        if self.more is not None and edge.count > len(edge.places):
            found = self.more(edge)
            if found and len(found) >= len(edge.places):
                return found
        if edge.places:
            return [(place, edge.detail) for place in edge.places]
        own = self.assets.get(edge.source)
        return [(PlaceOf(own.source if own else "", own.path if own else edge.source), edge.detail)]

    def _broken(self, moved: str, edge: Edge, place: PlaceOf, locator: str) -> Broken:
        said = self._said.get((edge.target, place), ())
        here = next((r for r in said if r.locator == locator), said[0] if said else None)
        source, target = self.assets.get(edge.source), self.assets.get(edge.target)
        store = (source.store or source.id) if source else edge.source
        owner = (here.owner if here else "") or self.owners.get(store) or self.owners.get(place.source, "")
        quoted = here.locator if here else locator
        like = here or self._alike.get((store, edge.target, locator))
        return Broken(
            moved=moved, edge=edge.id, store=store, place=place, locator=quoted, owner=owner,
            change=change(edge, place, source, target, like, quoted), confidence=edge.confidence,
        )  # fmt: skip


def first(result: GraphResult, owners: Mapping[str, str] | None = None) -> tuple[tuple[Broken, ...], dict[str, int]]:
    """For a report: the first broken references of everything that moves, and how many there are of each, exactly."""
    impacts = Impact(result, owners or {})
    totals = impacts.totals()
    kept: list[Broken] = []
    for asset in sorted((asset for asset, _ in impacts.order()), key=lambda a: (-totals.get(a, 0), a)):
        room = min(EACH, FIRST - len(kept))
        if not totals.get(asset) or room <= 0:
            break
        kept += [broken for broken, _ in zip(impacts.of(asset), range(room), strict=False)]
    return tuple(kept), totals


_EVERYWHERE = """
    WITH asked AS (SELECT unnest(?::VARCHAR[]) AS store, unnest(?::VARCHAR[]) AS kind, unnest(?::VARCHAR[]) AS locator)
    SELECT m.store, m.kind, m.locator, m.source, m.path, m.line, m.part FROM mention m JOIN asked
    ON m.store = asked.store AND m.locator = asked.locator AND (asked.kind = '' OR m.kind = asked.kind)
    WHERE coalesce(m.status, 'active') NOT IN ('commented', 'placeholder')
    ORDER BY m.store, m.source, m.path, m.line NULLS FIRST, m.part NULLS FIRST, m.kind"""


def everywhere(reader: Reader, result: GraphResult) -> More:
    """Every place of the edges whose first places alone the graph kept, from the catalog's mentions, in one query."""
    stores = {a.id: a.store or a.id for a in result.assets}
    said: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for reference in result.references:
        said[reference.store, reference.target].add((reference.kind, reference.locator))
    asked: dict[str, set[tuple[str, str, str]]] = {}
    for edge in result.edges:
        if edge.count > len(edge.places):
            store = stores.get(edge.source, edge.source)
            quoted = said.get((store, edge.target)) or {("", edge.detail)}
            asked[edge.id] = {(store, kind, locator) for kind, locator in quoted}
    found: dict[tuple[str, str], list[tuple[str, PlaceOf]]] = defaultdict(list)
    wanted = sorted({key for keys in asked.values() for key in keys})
    if wanted:
        columns = [list(column) for column in zip(*wanted, strict=True)]
        for store, kind, locator, source, path, line, part in reader.rows(_EVERYWHERE, columns):
            found[store, locator].append((kind, PlaceOf(source, path, line, part)))

    def of(edge: Edge) -> list[tuple[PlaceOf, str]]:
        places = {
            (place, locator)
            for store, kind, locator in asked.get(edge.id, ())
            for told, place in found.get((store, locator), ())
            if kind in ("", told)
        }
        return sorted(places, key=lambda p: (p[0].source, p[0].path, p[0].line or 0, p[0].part or "", p[1]))

    return of


def _holding(result: GraphResult) -> dict[str, tuple[str, ...]]:
    """For every asset, what moves it when moved: itself, the schemas above it, its store."""
    containers = {(a.source, a.path.rstrip("/")): a.id for a in result.assets if a.level != "object" and a.resolved}
    above: dict[tuple[str, str], tuple[str, ...]] = {}

    def over(source: str, path: str) -> tuple[str, ...]:
        key = (source, path)
        if key not in above:
            found = containers.get(key)
            rest = over(source, path.rpartition("/")[0]) if path else ()
            above[key] = (found, *rest) if found else rest
        return above[key]

    def of(asset: Asset) -> tuple[str, ...]:
        higher = over(asset.source, asset.path.rpartition("/")[0]) if asset.resolved else ()
        return tuple(dict.fromkeys(key for key in (asset.id, *higher, asset.store) if key))

    return {a.id: of(a) for a in result.assets}


def _split(result: GraphResult) -> dict[str, tuple[str, ...]]:
    """The schemas that move one by one, by their store."""
    found: dict[str, list[str]] = defaultdict(list)
    for asset in result.assets:
        if asset.level == "schema" and asset.store and result.groups.get(asset.id) == asset.id:
            found[asset.store].append(asset.id)
    return {store: tuple(sorted(schemas)) for store, schemas in found.items()}
