"""What the graph finds: assets, edges with their evidence, references, waves, copies; plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EdgeConfidence = Literal["declared", "parsed", "inferred"]


@dataclass(frozen=True, slots=True)
class Asset:
    """A node of the graph. ``level`` tells what it is: a store, a schema of a database, or one object in it."""

    id: str
    level: Literal["store", "schema", "object"]
    kind: str
    title: str
    source: str
    path: str
    store: str
    """Id of the store that holds it; ``""`` for an unresolved one."""
    resolved: bool = True


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """Where something is said: a file or object of a source, with line and part where they are known."""

    source: str
    path: str
    line: int | None = None
    part: str | None = None

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.path}{line}" + (f" ({self.part})" if self.part else "")


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` depends on ``target`` (asset ids): it breaks when the target moves first.

    ``evidence`` names the object and, where there is one, the line; ``detail`` quotes what was declared.
    """

    id: str
    source: str
    target: str
    kind: str
    confidence: EdgeConfidence
    evidence: str
    detail: str
    places: tuple[PlaceOf, ...] = ()
    """The first places that say so, in order; ``count`` is how many there are."""
    count: int = 1
    parser: str = ""
    """What read the evidence: an extractor's id, ``sqlglot``, ``token scan``, or ``catalog`` for a declaration."""


@dataclass(frozen=True, slots=True)
class WaveMember:
    """An asset in a wave, and the sentence that says why it sits there."""

    asset: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wave:
    """Assets that can move together; ``number`` from 1; ``together`` lists groups that cannot be parted (cycles)."""

    number: int
    members: tuple[WaveMember, ...]
    together: tuple[tuple[str, ...], ...]
    prerequisites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Blast:
    """Blast radius of an asset: how many assets depend on it, directly and in all, and a few of them."""

    asset: str
    direct: int
    total: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A definition whose dependencies are not (wholly) known: where, and why."""

    source: str
    path: str
    kind: str
    reason: str


Tier = Literal["resolved", "unresolved", "inactive"]
TIERS: tuple[Tier, ...] = ("resolved", "unresolved", "inactive")
"""What became of a mention: a node was found or made for it; it holds variables nobody defines; it is not in force."""

MANAGED: dict[str, str] = {
    "scanned": "a source of the estate file, and looked into",
    "seen": "a source names it, and nobody looked into it",
    "referenced": "content or a database refers to it, and it was never scanned",
    "known": "the register names it, and no source or content does",
    "dead": "referenced, and it did not answer when it was asked to",
}
"""Every value of ``Managed.status``."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention and what became of it. ``store`` quotes it, at ``place``; ``target`` is an asset, "" for none.

    ``why`` says in a sentence how it was resolved, or why it was not; ``owner`` answers for the file that quotes it.
    """

    id: str
    store: str
    place: PlaceOf
    kind: str
    locator: str
    tier: Tier
    target: str
    why: str
    status: str = "active"
    action: str = ""
    extractor: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Managed:
    """A store that was scanned, seen, referred to or registered, with its one status out of ``MANAGED``.

    ``unmanaged`` gives the reasons why nobody seems to answer for it, none where somebody does; ``rank`` orders those,
    the most pressing first. ``references`` and ``files`` count active mentions and the files they stand in;
    ``touched`` is when the newest of those was changed, in microseconds UTC.
    """

    asset: str
    title: str
    kind: str
    status: str
    owner: str
    register: str
    references: int
    files: int
    by: tuple[str, ...]
    places: tuple[PlaceOf, ...]
    touched: int | None
    hints: tuple[str, ...]
    unmanaged: tuple[str, ...]
    rank: float
    asked: str = ""
    """When it was asked whether it answers, and what came of it; "" where it never was."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A reference that breaks if ``moved`` moves before what refers to it: a line of the cut-over work list."""

    moved: str
    edge: str
    store: str
    place: PlaceOf
    locator: str
    owner: str
    change: str
    confidence: EdgeConfidence


@dataclass(frozen=True, slots=True)
class ColumnEdge:
    """A column of a view or routine's result that is made from, or depends on, a column of another object.

    ``role`` is ``value`` where it is part of what is shown, ``condition`` where it only joins or filters.
    """

    asset: str
    column: str
    from_asset: str
    from_column: str
    role: Literal["value", "condition"]
    confidence: EdgeConfidence


@dataclass(frozen=True, slots=True)
class Copies:
    """The same thing in several places: ``kind`` is file, table or export (a dump or export beside the live table).

    ``members`` are (store, path); ``proof`` says what is equal; ``bytes`` is the length of one of them.
    """

    kind: Literal["file", "table", "export"]
    title: str
    members: tuple[tuple[str, str], ...]
    count: int
    bytes: int | None
    proof: str
    confidence: EdgeConfidence


@dataclass(frozen=True, slots=True)
class GraphResult:
    """Everything ``graph`` found.

    ``positions`` maps an asset id to x and y in 0…1, for drawing; ``cut_edges`` are the ids of edges between assets of
    different waves; ``load_order`` maps a database asset to the order its tables can be loaded in, by generation.
    ``groups`` maps an asset to the one it moves with: a table to its schema or store; waves are made of those.
    """

    assets: tuple[Asset, ...]
    edges: tuple[Edge, ...]
    cycles: tuple[tuple[str, ...], ...]
    waves: tuple[Wave, ...]
    cut_edges: tuple[str, ...]
    blast: tuple[Blast, ...]
    unparsed: tuple[Unparsed, ...]
    positions: dict[str, tuple[float, float]]
    load_order: dict[str, tuple[tuple[str, ...], ...]]
    groups: dict[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    """The first of them, unresolved ones first; ``tiers`` has exact counts."""
    tiers: dict[str, int] = field(default_factory=dict)
    managed: tuple[Managed, ...] = ()
    broken: tuple[Broken, ...] = ()
    """The first of them; the command ``impact`` tells all."""
    broken_totals: dict[str, int] = field(default_factory=dict)
    """How many references break if an asset moves first, exactly; of whatever another thing refers to."""
    columns: tuple[ColumnEdge, ...] = ()
    copies: tuple[Copies, ...] = ()
