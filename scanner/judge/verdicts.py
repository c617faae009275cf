"""Rules for targets as SQL expressions, and how their three values are counted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from scanner.judge.bind import bound_for, literal
from scanner.results import Severity
from scanner.rule import Rule, Target

Expression = tuple[str, str]
"""``fails`` and ``applies`` with every limit a literal."""


_PATTERN = re.compile(r"regexp_matches\((?P<column>[a-z_]+), '(?P<pattern>(?:[^']|'')*)'\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule for one target, as SQL. Pairs with the same expression are computed once."""

    rule: Rule
    target: Target
    severity: Severity
    expression: Expression


def asked(rules: Iterable[Rule], targets: Iterable[Target]) -> tuple[Asked, ...]:
    """Every applicable pair of rule and target, in order of both ids."""
    every = list(targets)
    return tuple(
        Asked(rule, target, rule.severity_for(target), (bound_for(rule, target), rule.applies or "TRUE"))
        for rule in rules
        for target in every
        if rule.applies_to(target)
    )


class Verdicts:
    """SQL of a few expressions over one view: their columns, and the counts of their three values.

    ``v0, v1, …`` is TRUE, FALSE or NULL for each; NULL also where a rule does not apply. ``s0, s1, …`` tells for each
    ``applies`` whether a row is in scope; a row of which that is unknown is in scope, and unknown. So three aggregates
    give the three counts: rows in scope, rows told (``count(v)``), rows that fail.
    """

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self.expressions = tuple(dict.fromkeys(expressions))
        self._scopes = tuple(dict.fromkeys(applies for _, applies in self.expressions))
        self._patterns: dict[str, list[str]] = {}
        for fails, applies in self.expressions:
            if applies == "TRUE" and (match := _PATTERN.fullmatch(fails)):
                self._patterns.setdefault(match["column"], []).append(match["pattern"])

    def select(self, rows: str, *columns: str) -> str:
        """A query of some columns, the scopes and the verdicts of a judged view.

        Where several patterns look at one column of every row, their union is tried first: most names match none, and
        are passed by one look instead of many.
        """
        unions = [
            f"regexp_matches({column}, '{'|'.join(f'(?:{p})' for p in patterns)}') AS odd_{column}"
            for column, patterns in self._patterns.items()
            if len(patterns) > 1
        ]
        rows = f"SELECT *, {', '.join(unions)} FROM ({rows})" if unions else rows
        scopes = [f"({applies}) IS NOT FALSE AS s{i}" for i, applies in enumerate(self._scopes)]
        verdicts = [f"{self._verdict(*expression)} AS v{i}" for i, expression in enumerate(self.expressions)]
        return f"SELECT {', '.join([*columns, *scopes, *verdicts])} FROM ({rows})"

    def _verdict(self, fails: str, applies: str) -> str:
        if applies != "TRUE":
            return f"CASE WHEN ({applies}) THEN ({fails}) END"
        match = _PATTERN.fullmatch(fails)
        if match and len(self._patterns[match["column"]]) > 1:
            return f"(CASE WHEN NOT odd_{match['column']} THEN FALSE ELSE {fails} END)"
        return f"({fails})"

    def aggregates(self) -> list[str]:
        """Rows in scope for each scope; then, for each expression, rows told and rows that fail."""
        scopes = [f"count(*) FILTER (WHERE s{i})" for i in range(len(self._scopes))]
        each = [f"count(v{i}), count(*) FILTER (WHERE v{i})" for i in range(len(self.expressions))]
        return scopes + each

    def counts(self, numbers: Sequence[int]) -> dict[Expression, tuple[int, int, int]]:
        """Fails, passes and unknown of each expression, from the values of ``aggregates``."""
        scopes = dict(zip(self._scopes, numbers, strict=False))
        rest = numbers[len(self._scopes) :]
        told = zip(self.expressions, rest[::2], rest[1::2], strict=False)
        return {e: (fails, known - fails, scopes[e[1]] - known) for e, known, fails in told}

    def any_of(self, expressions: Iterable[Expression]) -> str:
        """SQL: whether a row fails at least one of them."""
        numbers = sorted({self.expressions.index(e) for e in expressions})
        return " OR ".join(f"v{i}" for i in numbers) or "FALSE"


def finding_id(rule: str, target: str, store: str, path: str) -> str:
    """Stable id of a finding: the same in every scan for the same rule, target, store and path.

    >>> finding_id("path-too-long", "azure-blob", "share", "a/b")
    '68bf9612c5ab'
    """
    return hashlib.sha256(f"{rule}\n{target}\n{store}\n{path}".encode()).hexdigest()[:12]


def not_muted(pair: Asked, muted: Collection[str]) -> str:
    """SQL: whether nobody has accepted the finding, whose id is worked out as ``finding_id`` does."""
    head = literal(f"{pair.rule.id}\n{pair.target.id}\n")
    listed = ", ".join(literal(m) for m in sorted(muted))
    return f"substr(sha256({head} || store || chr(10) || place), 1, 12) NOT IN ({listed})"
