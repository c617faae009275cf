"""Rules x targets x stores: verdicts, findings, readiness and effort.

``judge`` reads a catalog and gives a ``scanner.results.Judgement``; it touches no source.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from itertools import product

from scanner.codes import StocktakeError
from scanner.judge.access import openings, orphans, reach, untold_groups
from scanner.judge.count import GRAVE, Counted, Pass
from scanner.judge.doc import rules_markdown
from scanner.judge.places import Place, places
from scanner.judge.reader import Reads
from scanner.judge.readiness import MODEL, readiness
from scanner.judge.verdicts import asked, finding_id
from scanner.results import Access, Judgement, Verdict
from scanner.rule import VIEWS, Rule, Target, load_rules, load_targets

__all__ = [
    "GRAVE", "MODEL", "Reads", "access", "finding_id", "judge", "reach", "rules", "rules_markdown", "targets",
    "untold_groups",
]  # fmt: skip


def access(reader: Reads) -> Access:
    """What the rights a catalog holds come to: places open to all, and identities nobody has any more."""
    return Access(openings(reader), orphans(reader))


@cache
def rules() -> tuple[Rule, ...]:
    """The shipped rules, in order of id."""
    return load_rules()


@cache
def targets() -> tuple[Target, ...]:
    """The shipped targets, in order of id."""
    return load_targets()


def judge(
    reader: Reads,
    targets: Sequence[str] | None = None,
    *,
    mutes: Collection[str] = (),
    with_rules: Sequence[Rule] | None = None,
    with_targets: Sequence[Target] | None = None,
) -> Judgement:
    """Judge every store of a catalog for the targets that take its kind.

    ``targets`` names some by id, None takes all. ``mutes`` are the ids of findings that are accepted and in force: they
    are counted as muted and change no state. ``with_rules`` and ``with_targets`` replace the shipped ones.

    Raises:
        StocktakeError: TARGET_UNKNOWN, RULE_INVALID.
    """
    ruled = tuple(with_rules) if with_rules is not None else rules()
    chosen = _chosen(targets, tuple(with_targets) if with_targets is not None else load_targets())
    at = places(reader)
    counted, paths = _count(reader, at, ruled, chosen, mutes)
    every = _objects(reader, at, counted)
    states = []
    verdicts: list[Verdict] = []
    by_id = {rule.id: rule for rule in ruled}
    by_pair: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in counted.verdicts.values():
        by_pair.setdefault((verdict.target, verdict.store), []).append(verdict)
    for place in at:
        for target in chosen:
            if place.class_ in target.accepts:
                key = (target.id, place.store.id)
                mine = by_pair.get(key, [])
                objects = (counted.grave.get(key, 0) + len(paths.get(key, ())), every.get(place.store.id, 0))
                states.append(readiness(place, target.id, mine, by_id, objects))
                verdicts += mine
    return Judgement(
        rules=tuple(r.info() for r in ruled),
        targets=tuple(t.info() for t in chosen),
        verdicts=tuple(sorted(verdicts, key=lambda v: (v.store, v.target, v.rule))),
        readiness=tuple(sorted(states, key=lambda r: (r.store, r.target))),
        model=MODEL,
    )


def _chosen(names: Sequence[str] | None, known: Sequence[Target]) -> tuple[Target, ...]:
    by_id = {t.id: t for t in known}
    for name in names or ():
        if name not in by_id:
            raise StocktakeError("TARGET_UNKNOWN", name, f"there are {', '.join(sorted(by_id))}")
    return tuple(t for i, t in sorted(by_id.items()) if names is None or i in names)


def _count(
    reader: Reads, at: Sequence[Place], ruled: Sequence[Rule], chosen: Sequence[Target], mutes: Collection[str]
) -> tuple[Counted, dict[tuple[str, str], set[str]]]:
    """All passes; of views other than ``entries``, also the paths that fail gravely."""
    pairs = asked(ruled, chosen)
    whole = Counted()
    paths: dict[tuple[str, str], set[str]] = {}
    groups: dict[tuple[str, int], list[Place]] = {}
    for place in at:
        groups.setdefault((place.class_, place.depth), []).append(place)
    for view, group in product(VIEWS.values(), groups.values()):
        one = Pass(reader, view, group, pairs)
        counted = one.count()
        one.findings(counted, mutes)
        whole.verdicts.update(counted.verdicts)
        if view.name == "entries":
            whole.rows.update(counted.rows)
            whole.grave.update(counted.grave)
        elif view.name in _BY_PATH:
            for key, found in one.grave_paths().items():
                paths.setdefault(key, set()).update(found)
    return whole, paths


_BY_PATH = ("containers", "tables", "columns", "keys", "routines")
"""Views whose rows stand for an object of the score; that of a database or a store as a whole is its state."""


def _objects(reader: Reads, at: Sequence[Place], counted: Counted) -> dict[str, int]:
    """How many objects the score of each store is a share of: entries, or tables, views and routines."""
    found = dict(counted.rows)
    if any(p.class_ == "table" for p in at):
        rows = reader.rows(
            """SELECT store, count(*) FROM (
                SELECT store, path FROM entry WHERE kind IN ('table', 'view', 'materialized_view', 'foreign_table')
                UNION SELECT store, path FROM routine) GROUP BY store"""
        )
        found.update({store: n for store, n in rows if store not in found})
    return found
