"""The one pass: every rule of every target over one judged view, counted by store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.judge.bind import bound_for, literal
from scanner.judge.derive import judged
from scanner.judge.places import Place
from scanner.judge.reader import Reads
from scanner.judge.sources import SOURCES, estate
from scanner.results import Finding, Severity, Verdict
from scanner.rule import Rule, Target, View

EXAMPLES = 10
"""Findings kept for each rule, target and store."""
GRAVE: tuple[Severity, ...] = ("blocker", "high")
"""Severities that keep a row out of the score."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule for one target, as SQL. Pairs with the same ``fails`` and ``applies`` are computed once."""

    rule: Rule
    target: Target
    severity: Severity
    fails: str
    applies: str

    @property
    def expression(self) -> tuple[str, str]:
        """What has to be computed for it."""
        return self.fails, self.applies


def asked(rules: Iterable[Rule], targets: Iterable[Target]) -> tuple[Asked, ...]:
    """Every applicable pair of rule and target, in order of both ids."""
    every = list(targets)
    return tuple(
        Asked(rule, target, rule.severity_for(target), bound_for(rule, target), rule.applies or "TRUE")
        for rule in rules
        for target in every
        if rule.applies_to(target)
    )


@dataclass(slots=True)
class Counted:
    """What a pass found: verdicts without their findings; rows judged, by store; rows failing gravely."""

    verdicts: dict[tuple[str, str, str], Verdict] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    grave: dict[tuple[str, str], int] = field(default_factory=dict)
    """By target and store: rows failing a blocker or high rule."""


def scope_and_verdict(pairs: Sequence[tuple[str, str]]) -> str:
    """SQL columns ``s0, v0, …``: whether a row is in scope, and TRUE, FALSE or NULL for it.

    A row of which it is unknown whether the rule applies is in scope, and unknown.
    """
    parts = []
    for i, (fails, applies) in enumerate(pairs):
        if applies == "TRUE":
            parts.append(f"TRUE AS s{i}, ({fails}) AS v{i}")
        else:
            parts.append(f"({applies}) IS NOT FALSE AS s{i}, CASE WHEN ({applies}) THEN ({fails}) END AS v{i}")
    return ", ".join(parts)


def three_counts(i: int) -> str:
    """SQL aggregates of one expression: fails, passes, unknown."""
    return (
        f"count(*) FILTER (WHERE v{i}), count(*) FILTER (WHERE NOT v{i}), count(*) FILTER (WHERE s{i} AND v{i} IS NULL)"
    )


class Pass:
    """One judged view over the places that have such rows.

    ``targets_of`` a place are those that take its class; counts of other pairs are thrown away.
    """

    def __init__(self, reader: Reads, view: View, places: Sequence[Place], pairs: Sequence[Asked]) -> None:
        self.view = view
        self.places = {p.store.id: p for p in places if p.class_ in view.holds}
        classes = {p.class_ for p in self.places.values()}
        self.pairs = tuple(p for p in pairs if p.rule.over == view.name and classes & set(p.target.accepts))
        self.expressions = tuple(dict.fromkeys(p.expression for p in self.pairs))
        self._index = {expression: i for i, expression in enumerate(self.expressions)}
        self._reader = reader
        self._sized = "size" in view.columns
        self._sql = self._judged() if self.places and self.pairs else ""

    def _judged(self) -> str:
        siblings = any(c.startswith("same_") for p in self.pairs for c in p.rule.columns)
        chosen = estate(self._reader, tuple(self.places.values()), siblings=siblings and self.view.name == "entries")
        return judged(self.view.name, SOURCES[self.view.name](chosen))

    def count(self) -> Counted:
        """Run it."""
        counted = Counted()
        if not self._sql:
            return counted
        targets = sorted({p.target.id for p in self.pairs})
        aggregates = ["count(*)"]
        for i in range(len(self.expressions)):
            aggregates += [three_counts(i), f"sum(size) FILTER (WHERE v{i})" if self._sized else "NULL"]
        aggregates += [self._grave(t) for t in targets]
        size = "size, " if self._sized else ""
        sql = f"""SELECT store, {", ".join(aggregates)}
            FROM (SELECT store, path, {size}{scope_and_verdict(self.expressions)} FROM ({self._sql}))
            GROUP BY store ORDER BY store"""
        for row in self._reader.rows(sql):
            self._keep(counted, row, targets)
        return counted

    def _grave(self, target: str) -> str:
        found = sorted({self._index[p.expression] for p in self.pairs if p.target.id == target and p.severity in GRAVE})
        failing = " OR ".join(f"v{i}" for i in found) or "FALSE"
        return f"count(*) FILTER (WHERE {failing})"

    def _keep(self, counted: Counted, row: Sequence[Any], targets: Sequence[str]) -> None:
        store = str(row[0])
        takes = self.places[store].class_
        numbers = [None if n is None else int(n) for n in row[1:]]
        counted.rows[store] = numbers[0] or 0
        for pair in self.pairs:
            if takes in pair.target.accepts:
                at = 1 + 4 * self._index[pair.expression]
                fails, passes, unknown, size = numbers[at : at + 4]
                counted.verdicts[pair.rule.id, pair.target.id, store] = Verdict(
                    pair.rule.id, pair.target.id, store, pair.severity,
                    fails or 0, passes or 0, unknown or 0, size if fails else 0 if self._sized else None, (),
                )  # fmt: skip
        for i, target in enumerate(targets):
            counted.grave[target, store] = numbers[1 + 4 * len(self.expressions) + i] or 0

    def findings(self, counted: Counted, muted: Collection[str] = ()) -> None:
        """Fill in the muted count and examples of every rule that fails: always the same ones, the first by path."""
        failing = self._failing(counted)
        if not failing:
            return
        expressions = tuple(dict.fromkeys(p.expression for p in failing))
        told = {c for p in failing for c in (*p.rule.columns, *p.rule.message_words) if c in self.view.columns}
        columns = sorted({"path", *told, *(["size"] if self._sized else [])})
        packed = ", ".join(f"'{c}': CAST(\"{c}\" AS VARCHAR)" for c in (*columns, "place"))
        aggregates = []
        for pair in failing:
            where = f"v{expressions.index(pair.expression)}"
            if muted:
                where += f" AND {_finding_id_sql(pair)} NOT IN {_in(muted)}"
            aggregates.append(f"count(*) FILTER (WHERE {where})")
            aggregates.append(f"arg_min({{{packed}}}, place, {EXAMPLES}) FILTER (WHERE {where})")
        inner = ", ".join(f'"{c}"' for c in columns)
        verdicts = scope_and_verdict(expressions)
        sql = f"""SELECT store, {", ".join(aggregates)}
            FROM (SELECT store, {inner}, {self._place()} AS place, {verdicts} FROM ({self._sql}))
            WHERE {" OR ".join(f"v{i}" for i in range(len(expressions)))} GROUP BY store ORDER BY store"""
        for store, *found in self._reader.rows(sql):
            for i, pair in enumerate(failing):
                key = (pair.rule.id, pair.target.id, store)
                verdict = counted.verdicts.get(key)
                if verdict is not None and verdict.fails:
                    rows = tuple(_finding(pair, store, row) for row in found[2 * i + 1] or ())
                    counted.verdicts[key] = replace(verdict, findings=rows, muted=verdict.fails - int(found[2 * i]))

    def _failing(self, counted: Counted) -> tuple[Asked, ...]:
        failing = {(rule, target) for (rule, target, _), verdict in counted.verdicts.items() if verdict.fails}
        return tuple(p for p in self.pairs if (p.rule.id, p.target.id) in failing)

    def _place(self) -> str:
        """Canonical path within the source of what a row is about; a column or key stands beneath its table."""
        prefixes = " ".join(
            f"WHEN {literal(p.store.id)} THEN {literal(p.prefix if self.view.name != 'databases' else '')}"
            for p in self.places.values()
            if p.prefix
        )
        prefix = f"CASE store {prefixes} ELSE '' END || " if prefixes and self.view.name != "stores" else ""
        beneath = "ltrim(rtrim(path, '/') || '/' || name, '/')" if self.view.name in _BENEATH else "path"
        return f"{prefix}{beneath}"

    def grave_paths(self) -> dict[tuple[str, str], set[str]]:
        """By target and store: the paths of rows failing a blocker or high rule, without a closing '/'."""
        grave = [p for p in self.pairs if p.severity in GRAVE]
        if not self._sql or not grave:
            return {}
        expressions = tuple(dict.fromkeys(p.expression for p in grave))
        targets = sorted({p.target.id for p in grave})
        lists = []
        for target in targets:
            mine = sorted({expressions.index(p.expression) for p in grave if p.target.id == target})
            lists.append(f"list(DISTINCT path) FILTER (WHERE {' OR '.join(f'v{i}' for i in mine)})")
        sql = f"""SELECT store, {", ".join(lists)}
            FROM (SELECT store, path, {scope_and_verdict(expressions)} FROM ({self._sql})) GROUP BY store"""
        return {
            (target, store): {str(path).rstrip("/") for path in paths or ()}
            for store, *found in self._reader.rows(sql)
            for target, paths in zip(targets, found, strict=True)
        }


_BENEATH = ("columns", "keys", "settings")
"""Views whose rows have the path of what they belong to."""


def finding_id(rule: str, target: str, store: str, path: str) -> str:
    """Stable id of a finding: the same in every scan for the same rule, target, store and path.

    >>> finding_id("key-too-long", "aws-s3", "share", "a/b")
    'XXX'
    """
    return hashlib.sha256(f"{rule}\n{target}\n{store}\n{path}".encode()).hexdigest()[:12]


def _finding_id_sql(pair: Asked) -> str:
    """As ``finding_id``, in DuckDB."""
    head = literal(f"{pair.rule.id}\n{pair.target.id}\n")
    return f"substr(sha256({head} || store || chr(10) || place), 1, 12)"


def _in(values: Collection[str]) -> str:
    return "(" + ", ".join(literal(v) for v in sorted(values)) + ")"


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
