"""The one pass: every rule of every target over one judged view, counted by store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.judge.bind import literal
from scanner.judge.derive import judged
from scanner.judge.places import Place
from scanner.judge.reader import Reads
from scanner.judge.sources import SOURCES, estate
from scanner.judge.verdicts import Asked, Expression, Verdicts, finding_id, not_muted
from scanner.results import Finding, Severity, Verdict
from scanner.rule import View

EXAMPLES = 10
"""Findings kept for each rule, target and store."""
GRAVE: tuple[Severity, ...] = ("blocker", "high")
"""Severities that keep a row out of the score."""
_BENEATH = ("columns", "keys", "settings")
"""Views whose rows have the path of what they belong to."""


@dataclass(slots=True)
class Counted:
    """What a pass found: verdicts by rule, target and store; rows judged, by store; rows failing gravely."""

    verdicts: dict[tuple[str, str, str], Verdict] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    grave: dict[tuple[str, str], int] = field(default_factory=dict)
    """By target and store: rows failing a blocker or high rule."""


class Pass:
    """One judged view over places of one class and depth that have such rows."""

    def __init__(self, reader: Reads, view: View, places: Sequence[Place], pairs: Sequence[Asked]) -> None:
        self.view = view
        self.places = {p.store.id: p for p in places if p.class_ in view.holds}
        classes = {p.class_ for p in self.places.values()}
        self.pairs = tuple(p for p in pairs if p.rule.over == view.name and classes & set(p.target.accepts))
        self._reader = reader
        self._sized = "size" in view.columns
        self._sql = self._judged() if self.places and self.pairs else ""

    def _judged(self) -> str:
        siblings = any(c.startswith("same_") for p in self.pairs for c in p.rule.columns)
        chosen = estate(self._reader, tuple(self.places.values()), siblings=siblings and self.view.name == "entries")
        return judged(self.view.name, SOURCES[self.view.name](chosen))

    def count(self) -> Counted:
        """Run it: verdicts without their findings."""
        counted = Counted()
        if not self._sql:
            return counted
        verdicts = Verdicts(p.expression for p in self.pairs)
        targets = sorted({p.target.id for p in self.pairs})
        graves = [f"count(*) FILTER (WHERE {verdicts.any_of(self._grave(t))})" for t in targets]
        sql = f"""SELECT store, count(*), {", ".join([*verdicts.aggregates(), *graves])}
            FROM ({verdicts.select(self._sql, "store")}) GROUP BY store ORDER BY store"""
        for store, rows, *numbers in self._reader.rows(sql):
            counted.rows[store] = rows
            self._keep(counted, store, verdicts.counts(numbers))
            failing = numbers[len(numbers) - len(targets) :]
            counted.grave.update({(t, store): n for t, n in zip(targets, failing, strict=True)})
        return counted

    def _grave(self, target: str) -> list[Expression]:
        return [p.expression for p in self.pairs if p.target.id == target and p.severity in GRAVE]

    def _keep(self, counted: Counted, store: str, counts: dict[Expression, tuple[int, int, int]]) -> None:
        for pair in self.pairs:
            fails, passes, unknown = counts[pair.expression]
            counted.verdicts[pair.rule.id, pair.target.id, store] = Verdict(
                rule=pair.rule.id,
                target=pair.target.id,
                store=store,
                severity=pair.severity,
                fails=fails,
                passes=passes,
                unknown=unknown,
                bytes_failing=0 if self._sized else None,
                findings=(),
            )

    def findings(self, counted: Counted, muted: Collection[str] = ()) -> None:
        """Fill in bytes, muted count and examples of every rule that fails: always the same ones, the first by path."""
        found = {(rule, target) for (rule, target, _), verdict in counted.verdicts.items() if verdict.fails}
        failing = tuple(p for p in self.pairs if (p.rule.id, p.target.id) in found)
        if not failing:
            return
        verdicts = Verdicts(p.expression for p in failing)
        fails = [verdicts.any_of([p.expression]) for p in failing]
        still = [f"{v} AND {not_muted(p, muted)}" if muted else v for p, v in zip(failing, fails, strict=True)]
        aggregates, at = self._examples(failing, fails, still)
        inner = [f'"{c}"' for c in self._told(failing)]
        sql = f"""SELECT store, {", ".join(aggregates)}
            FROM ({verdicts.select(self._sql, "store", *inner, f"{self._place()} AS place")})
            WHERE {verdicts.any_of(verdicts.expressions)} GROUP BY store ORDER BY store"""
        answer = self._reader.rows(sql)
        told = self._told_of(
            failing, [places for _, *numbers in answer for _, _, i in at for places in numbers[i] or ()]
        )
        for store, *numbers in answer:
            for pair, column in zip(failing, at, strict=True):
                size, still, rows = (numbers[i] for i in column)
                self._show(counted, pair, store, (size, still, [told[store, p] for p in rows or ()] if told else rows))

    def _told_of(self, failing: Sequence[Asked], places: Sequence[Any]) -> dict[tuple[str, str], dict[str, str | None]]:
        """What findings show of the entries at some places; of other views the examples tell that themselves."""
        if self.view.name != "entries" or not places:
            return {}
        inner = ", ".join(f'"{c}"' for c in self._told(failing))
        sql = f"""SELECT store, place, {self._packed(failing)} FROM (SELECT store, {inner}, {self._place()} AS place
            FROM ({self._sql})) WHERE place IN (SELECT unnest(?::VARCHAR[]))"""
        return {(store, place): row for store, place, row in self._reader.rows(sql, [sorted(set(places))])}

    def _packed(self, failing: Sequence[Asked]) -> str:
        """A row as findings show it, as one value."""
        return "{" + ", ".join(f"'{c}': CAST(\"{c}\" AS VARCHAR)" for c in (*self._told(failing), "place")) + "}"

    def _told(self, failing: Sequence[Asked]) -> list[str]:
        """Columns that findings show: what the formulas look at and the messages name."""
        used = {c for p in failing for c in (*p.rule.columns, *p.rule.message_words) if c in self.view.columns}
        return sorted({"path", *used, *(["size"] if self._sized else [])})

    def _examples(
        self, failing: Sequence[Asked], fails: Sequence[str], still: Sequence[str]
    ) -> tuple[list[str], list[tuple[int, int, int]]]:
        """Aggregates, each once, and for each pair the places of its bytes, its open count and its examples."""
        # Entries have a path each, and may be many: their places are enough here. Elsewhere several rows may share one
        # (keys without a name), and a tie has no order.
        packed = self._packed(failing)
        first = f"arg_min({packed}, place || chr(31) || CAST({packed} AS VARCHAR), {EXAMPLES})"
        first = f"min(place, {EXAMPLES})" if self.view.name == "entries" else first
        size = "size" if self._sized else "NULL"
        wanted = [
            (
                f"sum({size}) FILTER (WHERE {fail})",
                f"count(*) FILTER (WHERE {open_})",
                f"{first} FILTER (WHERE {open_})",
            )
            for fail, open_ in zip(fails, still, strict=True)
        ]
        aggregates = list(dict.fromkeys(a for group in wanted for a in group))
        return aggregates, [(aggregates.index(a), aggregates.index(b), aggregates.index(c)) for a, b, c in wanted]

    def _show(self, counted: Counted, pair: Asked, store: str, found: Sequence[Any]) -> None:
        size, still, rows = found
        key = (pair.rule.id, pair.target.id, store)
        verdict = counted.verdicts[key]
        if verdict.fails:
            counted.verdicts[key] = replace(
                verdict,
                bytes_failing=None if size is None else int(size),
                findings=tuple(_finding(pair, store, row) for row in rows or ()),
                muted=verdict.fails - still,
            )

    def _place(self) -> str:
        """Canonical path within the source of what a row is about; a column or key stands beneath its table."""
        beneath = "ltrim(rtrim(path, '/') || '/' || name, '/')" if self.view.name in _BENEATH else "path"
        prefixes = [
            f"WHEN {literal(p.store.id)} THEN {literal(p.prefix)}"
            for p in self.places.values()
            if p.prefix and self.view.name not in ("stores", "databases")  # their path is that within the source
        ]
        return f"CASE store {' '.join(prefixes)} ELSE '' END || {beneath}" if prefixes else beneath

    def grave_paths(self) -> dict[tuple[str, str], set[str]]:
        """By target and store: the paths of rows failing a blocker or high rule, without a closing '/'."""
        targets = sorted({p.target.id for p in self.pairs if p.severity in GRAVE})
        if not self._sql or not targets:
            return {}
        verdicts = Verdicts(e for t in targets for e in self._grave(t))
        lists = [f"list(DISTINCT path) FILTER (WHERE {verdicts.any_of(self._grave(t))})" for t in targets]
        sql = f"""SELECT store, {", ".join(lists)}
            FROM ({verdicts.select(self._sql, "store", "path")}) GROUP BY store"""
        return {
            (target, store): {str(path).rstrip("/") for path in paths or ()}
            for store, *found in self._reader.rows(sql)
            for target, paths in zip(targets, found, strict=True)
        }


def _finding(pair: Asked, store: str, row: dict[str, str | None]) -> Finding:
    path = row["place"] or ""
    evidence = tuple((c, "unknown" if row[c] is None else str(row[c])) for c in pair.rule.columns)
    size = row.get("size")
    return Finding(
        id=finding_id(pair.rule.id, pair.target.id, store, path),
        rule=pair.rule.id,
        target=pair.target.id,
        store=store,
        path=path,
        bytes=None if size is None else int(size),
        evidence=evidence,
        message=pair.rule.say(pair.target, store, row),
    )
