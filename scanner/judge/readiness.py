"""A store's state for one target, with the arithmetic that gave it.

States in order: any blocker fails: Not ready. Any blocker or high rule unknown, or coverage incomplete: Unknown.
Anything else failing or unknown: Ready with conditions. Else Ready. Rules of severity info inform and never change a
state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scanner.judge.places import Place
from scanner.results import STATE_WORDS, Readiness, State, Verdict
from scanner.rule import Rule

MODEL = "rule-hours 1"
"""Hours = sum over failing rules of learn_h + min(failing rows, cap) x each_h; the high bound takes each_h_high."""
SCORE_NEEDS = 0.9
"""Coverage below which no score is given."""
_NAMED = 5


def readiness(
    place: Place, target: str, verdicts: Sequence[Verdict], rules: Mapping[str, Rule], objects: tuple[int, int]
) -> Readiness:
    """Readiness of one store for one target.

    ``verdicts`` are those of this store and target; ``objects`` is how many of its objects fail a blocker or high
    rule, and how many there are.
    """
    state, steps = _state(place, verdicts)
    score, score_step = _score(place, objects)
    stars, stars_step = _stars(place, verdicts)
    effort, effort_step = _effort(verdicts, rules)
    not_estimated = sum(v.unknown for v in verdicts)
    if not_estimated:
        effort_step += f" Not estimated: {not_estimated:,} verdicts that are unknown."
    return Readiness(
        store=place.store.id,
        target=target,
        state=state,
        steps=(*steps, score_step, stars_step, effort_step),
        score=score,
        stars=stars,
        effort_h=effort,
        not_estimated=not_estimated,
    )


def still_failing(verdict: Verdict) -> int:
    """Failing rows that nobody has accepted."""
    return verdict.fails - verdict.muted


def _state(place: Place, verdicts: Sequence[Verdict]) -> tuple[State, tuple[str, ...]]:
    steps = [_coverage_sentence(place)]
    muted = sum(v.muted for v in verdicts)
    if muted:
        steps.append(f"Accepted findings are left out of what follows: {muted:,}.")
    blocked = [v for v in verdicts if v.severity == "blocker" and still_failing(v)]
    steps.append(_sentence("Blockers that fail", blocked, still_failing))
    if blocked:
        return "not_ready", (*steps, _verdict_sentence("not_ready", "a blocker fails"))
    open_ = [v for v in verdicts if v.severity in ("blocker", "high") and v.unknown]
    steps.append(_sentence("Blocker and high rules that could not be told", open_, lambda v: v.unknown))
    if open_:
        return "unknown", (*steps, _verdict_sentence("unknown", "a blocker or high rule could not be told"))
    if not place.store.complete or place.coverage < 1:
        return "unknown", (*steps, _verdict_sentence("unknown", "not everything in it was seen"))
    telling = [v for v in verdicts if v.severity != "info"]
    failing = [v for v in telling if still_failing(v)]
    steps.append(_sentence("Other rules that fail", failing, still_failing))
    unsure = [v for v in telling if v.unknown]
    steps.append(_sentence("Other rules that could not be told", unsure, lambda v: v.unknown))
    if failing or unsure:
        return "conditions", (
            *steps,
            _verdict_sentence("conditions", "no blocker fails, but something else stands open"),
        )
    if not verdicts:
        steps.append("No rule has anything to judge here.")
    return "ready", (*steps, _verdict_sentence("ready", "every rule passes and everything was seen"))


def _coverage_sentence(place: Place) -> str:
    whole = "complete" if place.store.complete and place.coverage >= 1 else "incomplete"
    if place.containers == 0:
        return f"Coverage is {whole}: no folder, bucket or schema of it was listed."
    return (
        f"Coverage is {whole}: {place.listed:,} of {place.containers:,} folders, buckets or schemas were listed to "
        f"their end ({_percent(place.coverage)})."
    )


def _verdict_sentence(state: State, why: str) -> str:
    return f"So the state is {STATE_WORDS[state]}: {why}."


def _sentence(what: str, verdicts: Sequence[Verdict], count: object) -> str:
    assert callable(count)
    if not verdicts:
        return f"{what}: none."
    ordered = sorted(verdicts, key=lambda v: (-count(v), v.rule))
    named = ", ".join(f"{v.rule} ({count(v):,})" for v in ordered[:_NAMED])
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return f"{what}: {len(ordered)}, namely {named}{more}."


def _score(place: Place, objects: tuple[int, int]) -> tuple[float | None, str]:
    grave, every = objects
    if place.coverage < SCORE_NEEDS:
        return None, f"Score withheld, not enough data: coverage {_percent(place.coverage)} is below {SCORE_NEEDS:.0%}."
    if every == 0:
        return None, "Score withheld, not enough data: nothing was found in it."
    score = _floor(100 * (every - min(grave, every)) / every)
    return score, (
        f"Score {score:.1f}: of {every:,} objects {grave:,} fail a blocker or high rule; "
        f"({every:,} - {grave:,}) / {every:,} x 100, rounded down."
    )


def _stars(place: Place, verdicts: Sequence[Verdict]) -> tuple[int, str]:
    unknown = sum(v.unknown for v in verdicts)
    asked = sum(v.fails + v.passes for v in verdicts) + unknown
    share = (1.0 if asked == 0 else (asked - unknown) / asked) * place.coverage
    percent = 100 * share
    stars = max(1, min(5, math.ceil(percent / 20 - 1e-9)))  # 0.75 x 0.8 is a little above 0.6 in binary
    return stars, (
        f"Confidence {stars} of 5 stars: {asked - unknown:,} of {asked:,} verdicts could be told, times coverage "
        f"{_percent(place.coverage)}, is {_floor(percent):.1f} % of the data points."
    )


def _effort(verdicts: Sequence[Verdict], rules: Mapping[str, Rule]) -> tuple[tuple[float, float | None], str]:
    low, high, terms = 0.0, 0.0, []
    unbounded = False
    for verdict in sorted(verdicts, key=lambda v: v.rule):
        effort, n = rules[verdict.rule].effort, still_failing(verdict)
        if n:
            least, most = effort.hours(n)
            low += least
            high += most or 0.0
            unbounded = unbounded or most is None
            terms.append(f"{verdict.rule} {effort.learn_h:g} + {min(n, effort.cap):,} x {effort.each_h:g}")
    low, high = round(low, 2), round(high, 2)
    if not terms:
        return (0.0, 0.0), f"Effort by {MODEL}: 0 h, nothing fails."
    bounds = f"at least {low:g} h" if unbounded else f"{low:g} to {high:g} h"
    return (low, None if unbounded else high), f"Effort by {MODEL}: {bounds}; lower bound = {' + '.join(terms)} h."


def _floor(value: float) -> float:
    """To one decimal, rounded down: 99.97 is not 100."""
    return math.floor(value * 10 + 1e-9) / 10


def _percent(share: float) -> str:
    return f"{_floor(100 * share):.1f} %"
