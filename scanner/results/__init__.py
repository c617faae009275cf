"""What judge and graph find and the report shows: plain frozen values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scanner.results.graph import (
    MANAGED,
    TIERS,
    Asset,
    Blast,
    Broken,
    ColumnEdge,
    Copies,
    Edge,
    EdgeConfidence,
    GraphResult,
    Managed,
    PlaceOf,
    Reference,
    Tier,
    Unparsed,
    Wave,
    WaveMember,
)

__all__ = [
    "DATABASE_FILE",
    "GROUPS",
    "MANAGED",
    "SEVERITIES",
    "STATES",
    "STATE_WORDS",
    "TIERS",
    "Access",
    "Asset",
    "Blast",
    "Broken",
    "Change",
    "Changes",
    "ColumnEdge",
    "Compared",
    "Copies",
    "Edge",
    "EdgeConfidence",
    "Finding",
    "GraphResult",
    "Judgement",
    "Managed",
    "Opening",
    "Orphan",
    "PlaceOf",
    "Reach",
    "Readiness",
    "Reference",
    "RuleInfo",
    "Severity",
    "State",
    "Store",
    "TargetInfo",
    "Tier",
    "Unparsed",
    "Verdict",
    "Wave",
    "WaveMember",
]

Severity = Literal["blocker", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("blocker", "high", "medium", "low", "info")
State = Literal["not_ready", "unknown", "conditions", "ready"]
STATES: tuple[State, ...] = ("not_ready", "unknown", "conditions", "ready")
"""Worst first: a parent takes its worst child."""
STATE_WORDS: dict[State, str] = {
    "ready": "Ready", "conditions": "Ready with conditions", "not_ready": "Not ready", "unknown": "Readiness unknown",
}  # fmt: skip


DATABASE_FILE = "database file"
"""Kind of a store that is one file of another store, and was looked into."""


@dataclass(frozen=True, slots=True)
class Store:
    """A place that holds data, with what is in it.

    ``id`` is stable across runs; ``path`` is its canonical path within ``source``. Totals are bytes and counts of what
    was seen; ``complete`` is False where they are lower bounds. ``bytes`` of a database file are among those of the
    store that holds it: sums leave them out.
    """

    id: str
    source: str
    path: str
    kind: str
    title: str
    owner: str | None
    entries: int
    files: int
    bytes: int | None
    unknown_sizes: int
    offline_bytes: int
    newest: int | None
    complete: bool
    known: bool
    """Whether the estate file names it: as a source, or in its register of known stores."""


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule as the report shows it; ``titles`` are worded by outcome: (passes, fails, unknown)."""

    id: str
    titles: tuple[str, str, str]
    severity: Severity
    over: str
    why: str
    formula: str
    remediation: str
    reference: str
    effort: Literal["S", "M", "L"]
    learn_h: float
    each_h: float
    cap: int


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A target with its dated, sourced limits: (name, value, unit, source, confidence)."""

    id: str
    title: str
    accepts: tuple[str, ...]
    as_of: str
    limits: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One failing (or unknowable) entry; ``evidence`` is (column, value) pairs the formula looked at."""

    id: str
    rule: str
    target: str
    store: str
    path: str
    bytes: int | None
    evidence: tuple[tuple[str, str], ...]
    message: str = ""
    """The rule's own sentence about it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule, one target, one store: counts of entries that fail, pass and cannot be told, and a few findings."""

    rule: str
    target: str
    store: str
    severity: Severity
    fails: int
    passes: int
    unknown: int
    bytes_failing: int | None
    findings: tuple[Finding, ...]
    muted: int = 0


@dataclass(frozen=True, slots=True)
class Readiness:
    """A store's state for one target, with the arithmetic that gave it.

    ``score`` is the share of entries with no failing blocker or high rule, in per cent; None below 90 % coverage.
    ``steps`` are the sentences of the decision, in order, recomputable by hand. ``effort_h`` is (low, high); high is
    None where it has no upper bound.
    """

    store: str
    target: str
    state: State
    steps: tuple[str, ...]
    score: float | None
    stars: int
    effort_h: tuple[float, float | None]
    not_estimated: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything ``judge`` found."""

    rules: tuple[RuleInfo, ...]
    targets: tuple[TargetInfo, ...]
    verdicts: tuple[Verdict, ...]
    readiness: tuple[Readiness, ...]
    model: str
    """Name and version of the effort model, e.g. ``rule-hours 1``."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A place open to more than named people: to everyone, or to all who can log in.

    ``rights`` hold at ``path`` and beneath it; ``native`` is how the source writes them; ``barred`` says what takes
    them back, ``""`` where nothing is known to; ``changing`` tells that content or permissions can be changed;
    ``beneath`` counts the places further down that say the same again.
    """

    store: str
    path: str
    to: Literal["everyone", "authenticated"]
    grantee: str
    rights: tuple[str, ...]
    origin: str
    native: str
    barred: str
    changing: bool
    beneath: int = 0


@dataclass(frozen=True, slots=True)
class Orphan:
    """An identity that nobody has any more: the paths it owns, those it holds rights on, and the first of them."""

    store: str
    grantee: str
    owned: int
    held: int
    first: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What one principal may do at a path and beneath it, and by which grantees (itself, groups, everyone)."""

    store: str
    path: str
    rights: tuple[str, ...]
    because: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Access:
    """What the rights a catalog holds come to."""

    openings: tuple[Opening, ...] = ()
    orphans: tuple[Orphan, ...] = ()


GROUPS = ("added", "removed", "changed", "not_comparable")
"""Every value of ``Change.group``, in the order they are shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. ``what`` names the columns or facts that do; ``proof`` says how a removal is known.

    ``bytes`` are the content lengths before and after, None where unknown or not there.
    """

    group: str
    source: str
    store: str
    path: str
    kind: str
    what: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    proof: str = ""
    bytes: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Compared:
    """One source in two runs: ``refused`` says why it cannot be compared, ``""`` where it can."""

    source: str
    refused: str
    counts: dict[str, int]
    entries: tuple[int, int]
    bytes: tuple[int | None, int | None]
    moved: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Bytes before and after of what is in each group, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two runs; ``listed`` is capped, the counts of ``sources`` are exact."""

    old: int
    new: int
    sources: tuple[Compared, ...]
    listed: tuple[Change, ...]

    def count(self, group: str) -> int:
        """How many there are of a group, over all sources."""
        return sum(s.counts.get(group, 0) for s in self.sources)

    def moved(self, group: str) -> tuple[int, int]:
        """Their known bytes before and after, over all sources."""
        both = [s.moved.get(group, (0, 0)) for s in self.sources]
        return sum(b for b, _ in both), sum(a for _, a in both)
