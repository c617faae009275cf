"""The edges of the graph: each with what declares it, where that stands, and how sure it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import islice

from scanner.graph.aliases import At
from scanner.graph.columns_edges import IN_ALL, PER_DEFINITION, Harvest, column_edges
from scanner.graph.estate import Estate
from scanner.graph.facts import Default, Definition, Facts
from scanner.graph.follow import Resolver
from scanner.graph.locate import plain
from scanner.graph.names import Name, Reference
from scanner.graph.parse import sqlglot_dialect
from scanner.graph.resolve import Container, Found, Place, container_of, name_of
from scanner.graph.sql import dependencies
from scanner.results import Asset, ColumnEdge, Edge, EdgeConfidence, PlaceOf, Unparsed
from scanner.secrets import scrub

_SURE: dict[EdgeConfidence, int] = {"declared": 0, "parsed": 1, "inferred": 2}
KINDS = {"reads": "reads", "writes": "writes", "removes": "writes", "calls": "calls", "may_call": "calls"}
"""The kind of edge that a statement's verb makes."""
_ACTIONS = frozenset({"reads", "writes", "calls", "mounts", "connects", "defines"})
PLACES = 10
"""Places kept of an edge; all are counted."""
_OPTIONAL = frozenset({"creates", "drops", "renames"})
"""What a routine does to tables of its own; an edge only where such a table exists by itself."""
_NEXTVAL = re.compile(r"nextval\s*\(\s*'((?:[^']|'')+)'", re.IGNORECASE)


@dataclass(slots=True)
class Edges:
    """Edges by what makes them one, the surest evidence of each, and the definitions that could not be read."""

    kept: dict[tuple[str, str, str, str], Edge] = field(default_factory=dict)
    unparsed: dict[Unparsed, None] = field(default_factory=dict)
    columns: dict[ColumnEdge, None] = field(default_factory=dict)
    _places: dict[tuple[str, str, str, str], list[PlaceOf]] = field(default_factory=dict)
    _counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def add(  # noqa: PLR0913 - as many as an edge has
        self, ends: tuple[str, str], kind: str, confidence: EdgeConfidence, evidence: str, detail: str, name: str = "",
        *, place: PlaceOf | None = None, parser: str = "catalog",
    ) -> None:  # fmt: skip
        """Keep an edge, or one more place of it; ``name`` tells apart several between the same ends.

        ``place`` is where it is said, ``parser`` what read it there; the surest evidence stands for all.
        """
        key = (*ends, kind, name)
        known = self.kept.get(key)
        if known is None or _SURE[confidence] < _SURE[known.confidence]:
            self.kept[key] = Edge(_id(key), *ends, kind, confidence, evidence, scrub(detail), parser=parser)
        self._counts[key] += 1
        if place is not None and len(places := self._places.setdefault(key, [])) < PLACES:
            places.append(place)

    def wants(self, ends: tuple[str, str], kind: str, confidence: EdgeConfidence, name: str = "") -> bool:
        """Whether evidence this sure would stand for the edge, so that its words are needed."""
        known = self.kept.get((*ends, kind, name))
        return known is None or _SURE[confidence] < _SURE[known.confidence]

    def all(self) -> Iterator[Edge]:
        """Every edge, with its first places and how many there are."""
        for key, edge in self.kept.items():
            yield replace(edge, places=tuple(self._places.get(key, ())), count=self._counts[key] or 1)


def _id(key: tuple[str, ...]) -> str:
    """An id that stays the same from run to run: it holds nothing but what the edge is."""
    return "e" + blake2b("\0".join(key).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def kind_of(mention: str, action: str, extractor: str) -> str:
    """The kind of edge that a mention makes."""
    if extractor == "catalog" and mention == "server_link":
        return "server_link"
    return action if action in _ACTIONS else "mention"


def edges_of(facts: Facts, estate: Estate, resolver: Resolver) -> Edges:
    """Every edge that declarations and definitions give; those of mentions are ``references``' matter."""
    found = Edges()
    _foreign_keys(facts, estate, found)
    _foreign_tables(facts, estate, found, resolver)
    _defaults(facts, estate, found)
    harvest = Harvest(facts.columns, estate)
    for definition in facts.definitions:
        _definition(definition, estate, found, resolver, harvest)
    return found


def _foreign_keys(facts: Facts, estate: Estate, found: Edges) -> None:
    for key in facts.foreign_keys:
        source = estate.by_path.get((key.source, key.path))
        title = name_of(key.path.rpartition("/")[2])
        label = f"foreign key {key.name}" if key.name else f"a foreign key of {title}"
        if source is None or not key.ref_path:
            found.unparsed[
                Unparsed(key.source, key.path, "foreign key", f"the store does not say what {label} refers to")
            ] = None
            continue
        target = estate.directory.path(key.source, key.ref_path).asset
        referred = name_of(key.ref_path.rpartition("/")[2])
        detail = f"{title} ({', '.join(key.columns)}) refers to {referred} ({', '.join(key.ref_columns)})"
        place = PlaceOf(key.source, key.path)
        found.add((source, target), "foreign_key", "declared", label, detail, key.name or detail, place=place)


def _foreign_tables(facts: Facts, estate: Estate, found: Edges, resolver: Resolver) -> None:
    for item in facts.items:
        if item.kind == "foreign_table":
            title = item.target or f"the store behind {name_of(item.path.rpartition('/')[2])}"
            at = At(item.source, item.store, item.path, resolver.places.hosts.get(item.source, ""))
            store = resolver.foreign(item.target, at) if item.target else None
            target = store or estate.directory.outside("foreign server", title, item.source).asset
            found.add(
                (estate.by_path[item.source, item.path], target), "foreign_table", "declared",
                f"foreign table {item.path}", f"its rows are held by {title}", place=PlaceOf(item.source, item.path),
            )  # fmt: skip


def _defaults(facts: Facts, estate: Estate, found: Edges) -> None:
    """Sequences that several tables or another schema draw from; one that only numbers its own table goes with it."""
    drawn: dict[str, list[tuple[str, Default]]] = {}
    sequences: dict[str, Asset] = {}
    for default in facts.defaults:
        table = estate.by_path.get((default.source, default.path))
        sequence = estate.sequences.get(_sequence_of(default))
        if table is not None and sequence is not None:
            sequences[sequence.id] = sequence
            drawn.setdefault(sequence.id, []).append((table, default))
    for key, uses in drawn.items():
        elsewhere = any(container_of(d.path) != container_of(sequences[key].path) for _, d in uses)
        if elsewhere or len({table for table, _ in uses}) > 1:
            estate.assets.setdefault(key, sequences[key])
            for table, default in uses:
                label = f"default of column {default.column} of {default.path}"
                place = PlaceOf(default.source, default.path, part=default.column)
                found.add((table, key), "default", "declared", label, default.text, place=place)


def _sequence_of(default: Default) -> tuple[str, Container, str]:
    """Source, container and name of the sequence in a default like ``nextval('sales.order_seq'::regclass)``."""
    match = _NEXTVAL.search(default.text)
    quoted = match[1].replace("''", "'") if match else ""
    parts = [p.strip('"').replace('""', '"') for p in re.findall(r'"(?:[^"]|"")*"|[^."]+', quoted)] or [""]
    above = container_of(default.path)
    return default.source, (*above[:-1], parts[-2]) if len(parts) > 1 else above, parts[-1]


def _definition(definition: Definition, estate: Estate, found: Edges, resolver: Resolver, harvest: Harvest) -> None:
    """The edges of one definition, and what of it could not be read."""
    own = estate.routine_ids[definition.source, definition.path, definition.kind]
    if definition.on_path:
        table = estate.directory.path(definition.source, definition.on_path).asset
        found.add(
            (own, table), "fires_on", "declared", f"{definition.kind} {definition.path}", "fires on the table",
            place=PlaceOf(definition.source, definition.path),
        )  # fmt: skip
    if definition.text is None:
        _unread(found, definition, "the store does not show its text to this account")
        return
    place = estate.place_of(definition)
    place = Place(place.source, place.container, sqlglot_dialect(definition.dialect))
    result = dependencies(
        definition.text, definition.dialect, definition.kind, definition.language, harvest.seen_from(place)
    )
    assets: dict[Name, str] = {}
    at = At(definition.source, definition.store, definition.path, resolver.places.hosts.get(definition.source, ""))
    for reason in (*result.dynamic, *result.problems):
        _unread(found, definition, reason)
    for reference in result.references:
        target = _target(reference, place, estate, resolver, at)
        if target is not None and reference.verb not in {"calls", "may_call"}:
            assets[reference.name] = target.asset
        if target is not None and target.asset != own:
            kind = KINDS.get(reference.verb, "writes")
            evidence = f"{definition.kind.replace('_', ' ')} {definition.path}, line {reference.line}"
            evidence += f", in {reference.within}" if reference.within else ""
            confidence = target.confidence(reference.how)
            found.add(
                (own, target.asset), kind, confidence, evidence, f"{kind} {reference.name}",
                place=PlaceOf(definition.source, definition.path, reference.line, reference.within or None),
                parser=reference.parser,
            )  # fmt: skip
    _columns(column_edges(result.columns, own, assets, harvest), definition, found)


def _columns(made: Iterator[ColumnEdge], definition: Definition, found: Edges) -> None:
    """Keep the column edges of a definition, up to a bound that is told of."""
    room = min(PER_DEFINITION, IN_ALL - len(found.columns))
    if room <= 0:
        return
    kept = dict.fromkeys(islice(made, room))
    found.columns |= kept
    if next(made, None) is not None:
        more = "" if room == PER_DEFINITION else " and none of what is read after it"
        _unread(found, definition, f"of its column edges only the first {room:,} are kept{more}")


def _unread(found: Edges, definition: Definition, reason: str) -> None:
    found.unparsed[Unparsed(definition.source, definition.path, definition.kind, scrub(reason))] = None


def _target(reference: Reference, place: Place, estate: Estate, resolver: Resolver, at: At) -> Found | None:
    """What a reference resolves to; None where it is the engine's own or nothing that outlives the routine."""
    if reference.name.locator:
        led = resolver.text(reference.name.last, at)
        if led.target == at.store:
            return None
        return Found(led.target) if led.target else estate.directory.outside("locator", plain(reference.name.last))
    if reference.verb in {"calls", "may_call"}:
        return estate.directory.routine(place, reference.name, certain=reference.verb == "calls")
    return estate.directory.table(place, reference.name, create=reference.verb not in _OPTIONAL)


def pairs(found: Edges) -> Iterator[tuple[str, str]]:
    """The ends of every edge."""
    return ((edge.source, edge.target) for edge in found.kept.values())
