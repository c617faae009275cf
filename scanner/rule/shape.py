"""A rule, a target, a case: pydantic models of their TOML files."""

from __future__ import annotations

import string
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scanner.results import SEVERITIES, RuleInfo, Severity, TargetInfo
from scanner.rule.lint import lint
from scanner.rule.views import VIEWS, View

Confidence = Literal["R", "R/V", "O", "V", "ours"]
CONFIDENCE_WORDS: dict[str, str] = {
    "R": "read on the named source",
    "R/V": "figure read; how it is counted is unsettled",
    "O": "read, but an old or second-hand copy",
    "V": "to be verified: remembered, or sources disagree",
    "ours": "a proposal of Stocktake",
}
LimitValue = bool | int | float | str | list[str]
_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Reference(_Shape):
    """Where a judgement comes from, and of which date that page was (``undated`` where it says none)."""

    source: str = Field(min_length=8)
    date: str = Field(pattern=r"^(undated|\d{4}(-\d{2}(-\d{2})?)?)$")


class Effort(_Shape):
    """Hours to put failing rows right: ``learn_h`` once, ``each_h`` for each up to ``cap``.

    ``each_h_high`` bounds it above; an L has no upper bound. S is below 2 h for each cause, M 2 to 6 h, L above.
    """

    size: Literal["S", "M", "L"]
    learn_h: float = Field(ge=0)
    each_h: float = Field(ge=0)
    each_h_high: float | None = Field(default=None, ge=0)
    cap: int = Field(ge=1)

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if (self.each_h_high is None) != (self.size == "L"):
            raise ValueError("S and M need each_h_high; L has none")
        if self.each_h_high is not None and self.each_h_high < self.each_h:
            raise ValueError("each_h_high is below each_h")
        return self

    def hours(self, n: int) -> tuple[float, float | None]:
        """Hours for ``n`` failing rows, low and high; high is None without an upper bound."""
        if n <= 0:
            return 0.0, 0.0
        many = min(n, self.cap)
        high = None if self.each_h_high is None else self.learn_h + many * self.each_h_high
        return self.learn_h + many * self.each_h, high


class Title(_Shape):
    """One title for each outcome."""

    passes: str = Field(min_length=4)
    fails: str = Field(min_length=4)
    unknown: str = Field(min_length=4)


CaseValue = bool | int | float | str | list[str] | dict[str, str | int]


class Case(_Shape):
    """One row and the limits it is judged by; a column or limit left out is unknown.

    A text may be ``{repeat = "a", times = 300}``.
    """

    row: dict[str, CaseValue]
    limits: dict[str, LimitValue] = {}

    def values(self) -> dict[str, object]:
        """The row with repeated texts written out."""
        return {k: str(v["repeat"]) * int(v["times"]) if isinstance(v, dict) else v for k, v in self.row.items()}


class Cases(_Shape):
    """A rule's own proof: rows that pass, rows that fail, rows of which it cannot be told."""

    limits: dict[str, LimitValue] = {}
    passes: list[Case] = Field(alias="pass", min_length=1)
    fails: list[Case] = Field(alias="fail", min_length=1)
    unknown: list[Case] = Field(min_length=1)

    def each(self) -> list[tuple[str, Case]]:
        """Every case with the verdict it must have, its limits complete."""
        return [
            (verdict, Case(row=case.row, limits={**self.limits, **case.limits} if case.limits else self.limits))
            for verdict, cases in (("pass", self.passes), ("fail", self.fails), ("unknown", self.unknown))
            for case in cases
        ]


class Rule(_Shape):
    """One judgement: TRUE fails, FALSE passes, NULL is unknown."""

    id: str = Field(pattern=_ID)
    title: Title
    severity: Severity
    over: str
    applies: str | None = None
    fails_when: str
    message: str = Field(min_length=8)
    why: str = Field(min_length=20)
    remediation: str = Field(min_length=20)
    reference: Reference
    confidence: Confidence
    effort: Effort
    cases: Cases

    @model_validator(mode="after")
    def _lint(self) -> Self:
        view = VIEWS.get(self.over)
        if view is None:
            raise ValueError(f"over: there is no view {self.over!r}; there are {', '.join(VIEWS)}")
        problems = [f"fails_when: {p}" for p in lint(self.fails_when, view.columns).problems]
        problems += [f"applies: {p}" for p in lint(self.applies or "true", view.columns).problems]
        if self.applies and lint(self.applies, view.columns).limits:
            problems.append("applies: limits belong into fails_when")
        problems += self._case_problems(view)
        known = {*view.columns, *(f"limit.{name}" for name in self.limits), "target", "store"}
        problems += [f"message: there is no {w!r}" for w in sorted(self.message_words - known)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _case_problems(self, view: View) -> list[str]:
        problems = []
        for verdict, case in self.cases.each():
            problems += [f"cases.{verdict}: there is no column {c!r}" for c in case.row if c not in view.columns]
            problems += [f"cases.{verdict}: there is no limit ${n}" for n in case.limits if n not in self.limits]
        return problems

    @property
    def view(self) -> View:
        """The rows it is over."""
        return VIEWS[self.over]

    @property
    def limits(self) -> tuple[str, ...]:
        """Names of the target's limits it uses."""
        return lint(self.fails_when, self.view.columns).limits

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns its formula looks at."""
        return lint(self.fails_when, self.view.columns).columns

    @property
    def message_words(self) -> frozenset[str]:
        """What the message names: columns, ``target``, ``store``, and limits as ``limit.name``."""
        return frozenset(word for _, word, _, _ in string.Formatter().parse(self.message) if word)

    def say(self, target: Target, store: str, row: Mapping[str, str | None]) -> str:
        """The message for one failing row, given as texts; what is unknown is called so."""
        words = {name: target.limits[name].text() for name in self.limits}
        shown = {name: "unknown" if value is None else value for name, value in row.items()}
        return self.message.format(**shown | {"target": target.title, "store": store}, limit=SimpleNamespace(**words))

    def severity_for(self, target: Target) -> Severity:
        """Its severity for one target: no blocker on an unverified figure, and no more than the limit says."""
        ranks = [SEVERITIES.index(self.severity)]
        used = [target.limits[name] for name in self.limits if name in target.limits]
        if self.confidence == "V" or any(limit.confidence == "V" for limit in used):
            ranks.append(SEVERITIES.index("high"))
        ranks += [SEVERITIES.index(limit.severity) for limit in used if limit.severity]
        return SEVERITIES[max(ranks)]

    def applies_to(self, target: Target) -> bool:
        """Whether the target takes such stores and declares every limit the rule uses."""
        return bool(set(target.accepts) & set(self.view.holds)) and all(n in target.limits for n in self.limits)

    def info(self) -> RuleInfo:
        """The rule as the report shows it."""
        formula = f"{self.fails_when}  [for rows where {self.applies}]" if self.applies else self.fails_when
        return RuleInfo(
            id=self.id,
            titles=(self.title.passes, self.title.fails, self.title.unknown),
            severity=self.severity,
            over=self.over,
            why=self.why,
            formula=formula,
            remediation=self.remediation,
            reference=f"{self.reference.source} ({self.reference.date})",
            effort=self.effort.size,
            learn_h=self.effort.learn_h,
            each_h=self.effort.each_h,
            cap=self.effort.cap,
        )


class Limit(_Shape):
    """One figure of a target. Without a value it is there, but has not been read: what it decides is unknown.

    ``severity`` caps that of every rule that uses it.
    """

    value: LimitValue | None = None
    unit: str
    source: str = Field(min_length=8)
    date: str = Field(default="undated", pattern=r"^(undated|\d{4}(-\d{2}(-\d{2})?)?)$")
    confidence: Confidence
    severity: Severity | None = None

    def text(self) -> str:
        """The value as a person reads it."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, int):
            return f"{self.value:,}"
        if isinstance(self.value, list):
            return ", ".join(self.value)
        return "not read" if self.value is None else str(self.value)


class Target(_Shape):
    """Where data may go: the classes of stores it takes (file, object, table) and its limits."""

    id: str = Field(pattern=_ID)
    title: str
    accepts: list[Literal["file", "object", "table"]] = Field(min_length=1)
    as_of: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    summary: str = Field(min_length=20)
    extends: str | None = None
    """A target whose limits come on top; one of its own by the same name goes before."""
    limits: dict[str, Limit]

    @model_validator(mode="after")
    def _names(self) -> Self:
        odd = [n for n in self.limits if not n.replace("_", "a").isalnum() or not n[0].islower()]
        if odd:
            raise ValueError(f"limits: {odd} are no names")
        return self

    def info(self) -> TargetInfo:
        """The target as the report shows it."""
        limits = tuple(
            (name, limit.text(), limit.unit, f"{limit.source} ({limit.date})", limit.confidence)
            for name, limit in sorted(self.limits.items())
        )
        return TargetInfo(self.id, self.title, tuple(self.accepts), self.as_of, limits)
