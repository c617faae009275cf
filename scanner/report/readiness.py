"""Verdicts as the report shows them: five groups per store and target, what weighs most, what to do next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Literal

from scanner import results
from scanner.report.coverage import explain
from scanner.report.reading import Row, total

MAX_FINDINGS = 5_000
MAX_VERDICTS = 20_000

Group = Literal["failed", "review", "unchecked", "passed", "not_applicable"]
GROUPS: dict[Group, str] = {
    "failed": "Failed",
    "review": "Needs review",
    "unchecked": "Could not be checked",
    "passed": "Passed",
    "not_applicable": "Not applicable",
}
GROUP_MEANING: dict[Group, str] = {
    "failed": "a blocker or high check found at least one object that breaks it",
    "review": "a medium, low or information check found at least one object that breaks it",
    "unchecked": "nothing is known to break it, but for some objects the facts are missing",
    "passed": "every object was checked and none breaks it",
    "not_applicable": "the target sets no such limit, or the store holds nothing of that kind",
}
STATE_MEANING: dict[results.State, str] = {
    "ready": "every check passed on every object, and the store was seen whole",
    "conditions": "no blocker or high check fails or is unknown; something smaller needs review",
    "not_ready": "at least one blocker fails",
    "unknown": "a blocker or high check could not be decided, or the store was not seen whole",
}
SEVERITY_MEANING: dict[results.Severity, str] = {
    "blocker": "the object cannot be moved as it is",
    "high": "the move succeeds, and something breaks or is lost",
    "medium": "works with a known change",
    "low": "worth tidying before the move",
    "info": "good to know",
}
EFFORT_MEANING: dict[str, str] = {
    "S": "small: a setting or a script, hours",
    "M": "medium: a change that needs a plan, days",
    "L": "large: a redesign or a decision, weeks",
}
NOT_JUDGED = "not_judged"
"""Stores that no target accepts."""


def group_of(verdict: results.Verdict) -> Group:
    """Which of the five groups a verdict stands in."""
    if verdict.fails:
        return "failed" if verdict.severity in ("blocker", "high") else "review"
    if verdict.unknown:
        return "unchecked"
    return "passed" if verdict.passes else "not_applicable"


def read_readiness(
    judgement: results.Judgement, stores: tuple[results.Store, ...], sizes: dict[str, int | None]
) -> Row:
    """The parts of the context that come from judging; ``sizes`` are bytes by store id."""
    best = _best(judgement)
    verdicts = sorted(judgement.verdicts, key=lambda v: (v.store, v.target, _order(v), v.rule))
    findings = sorted(
        {f.id: f for v in verdicts for f in v.findings}.values(), key=lambda f: (f.store, f.target, f.rule, f.id)
    )
    return {
        "model": judgement.model,
        "targets": tuple(asdict(t) for t in judgement.targets),
        "rules": tuple(
            asdict(r) for r in sorted(judgement.rules, key=lambda r: (results.SEVERITIES.index(r.severity), r.id))
        ),
        "readiness": tuple(
            asdict(r) | {"word": results.STATE_WORDS[r.state]}
            for r in sorted(judgement.readiness, key=lambda r: (r.store, r.target))
        ),
        "verdicts_total": len(verdicts),
        "verdicts": tuple(_verdict(v) for v in verdicts[:MAX_VERDICTS]),
        "findings_total": sum(v.fails for v in verdicts),
        "findings_kept": len(findings),
        "findings": tuple(asdict(f) for f in findings[:MAX_FINDINGS]),
        "best": {s: {"target": t, "state": state} for s, (t, state) in sorted(best.items())},
        "overall": _split({s.id: best[s.id][1] if s.id in best else NOT_JUDGED for s in stores}, sizes),
        "by_target": tuple(
            {
                "target": t.id,
                "title": t.title,
                **_split({r.store: r.state for r in judgement.readiness if r.target == t.id}, sizes),
            }
            for t in judgement.targets
        ),
    }


def _order(verdict: results.Verdict) -> tuple[int, int]:
    return list(GROUPS).index(group_of(verdict)), results.SEVERITIES.index(verdict.severity)


def _verdict(verdict: results.Verdict) -> Row:
    row = asdict(verdict)
    row["findings"] = tuple(f.id for f in verdict.findings)
    row["group"] = group_of(verdict)
    return row


def _best(judgement: results.Judgement) -> dict[str, tuple[str, results.State]]:
    """Each store's most favourable target: the one nearest to ready, the first named among equals."""
    order = {t.id: n for n, t in enumerate(judgement.targets)}
    best: dict[str, tuple[str, results.State]] = {}
    for r in sorted(
        judgement.readiness, key=lambda r: (r.store, -results.STATES.index(r.state), order.get(r.target, 99), r.target)
    ):
        best.setdefault(r.store, (r.target, r.state))
    return best


def _split(states: dict[str, str], sizes: dict[str, int | None]) -> Row:
    """How many stores and bytes are in each state, worst last."""
    parts: list[Row] = []
    words = {s: results.STATE_WORDS[s] for s in ("ready", "conditions", "unknown", "not_ready")} | {
        NOT_JUDGED: "Not judged"
    }
    for state, word in words.items():
        of_state = [s for s, found in states.items() if found == state]
        parts.append(
            {
                "state": state,
                "word": word,
                "stores": len(of_state),
                "bytes": total(sizes.get(s) for s in of_state) if of_state else 0,
            }
        )
    return {"stores": len(states), "bytes": total(sizes.get(s) for s in states), "parts": tuple(parts)}


def blockers(judgement: results.Judgement) -> tuple[Row, ...]:
    """Every check that fails somewhere, gravest first: for which targets, in how many stores and objects, the effort.

    Targets mostly refuse the same objects, so a store counts its largest number at any one target.
    """
    rules = {r.id: r for r in judgement.rules}
    groups: dict[str, list[results.Verdict]] = defaultdict(list)
    for v in judgement.verdicts:
        if v.fails and v.rule in rules:
            groups[v.rule].append(v)
    rows: list[Row] = []
    for rule, found in groups.items():
        worst = {v.store: v for v in sorted(found, key=lambda v: (v.fails, v.bytes_failing or 0, v.target))}
        objects = sum(v.fails for v in worst.values())
        rows.append(
            {
                "rule": rule,
                "title": rules[rule].titles[1],
                "severity": min((v.severity for v in found), key=results.SEVERITIES.index),
                "targets": tuple(t.id for t in judgement.targets if any(v.target == t.id for v in found)),
                "stores": tuple(sorted(worst)),
                "objects": objects,
                "bytes": total(v.bytes_failing for v in worst.values()),
                "effort": rules[rule].effort,
                "hours": _hours(rules[rule], objects),
            }
        )
    rows.sort(key=lambda r: (results.SEVERITIES.index(r["severity"]), -len(r["targets"]), -r["objects"], r["rule"]))
    return tuple(rows)


def _hours(rule: results.RuleInfo, objects: int) -> float:
    """Learning once, then each object up to the cap, in hours."""
    return round(rule.learn_h + rule.each_h * min(objects, rule.cap or objects), 1)


def actions(
    judgement: results.Judgement, stores: tuple[results.Store, ...], sources: tuple[Row, ...]
) -> tuple[Row, ...]:
    """What to do next: the five that clear the way for most, cheapest first.

    An action is the remedy of one check, or the cure of one kind of fault.
    """
    owners = {s.id: s.owner for s in stores}
    sole = _sole_obstacles(judgement, {s.id for s in stores if s.complete})
    by_rule: dict[str, list[results.Verdict]] = defaultdict(list)
    for v in judgement.verdicts:
        if v.fails and v.severity in ("blocker", "high"):
            by_rule[v.rule].append(v)
    rows: list[Row] = []
    for rule in judgement.rules:
        found = by_rule.get(rule.id, [])
        if not found:
            continue
        held = {v.store: v.fails for v in sorted(found, key=lambda v: v.fails)}
        rows.append(
            {
                "action": rule.remediation,
                "rule": rule.id,
                "code": "",
                "who": tuple(sorted({owners.get(s) or "owner unknown" for s in held})),
                "objects": sum(held.values()),
                "unlocks": tuple(sorted(sole.get(rule.id, ()))),
                "stores": tuple(sorted(held)),
                "hours": _hours(rule, sum(held.values())),
                "effort": rule.effort,
            }
        )
    rows += _access_actions(sources)
    rows.sort(key=lambda r: (-len(r["unlocks"]), -len(r["stores"]), r["hours"] or 0, r["action"]))
    first = sorted(rows[:5], key=lambda r: (r["hours"] is None, r["hours"] or 0, r["action"]))
    return tuple(first)


def _sole_obstacles(judgement: results.Judgement, whole: set[str]) -> dict[str, set[tuple[str, str]]]:
    """By rule: the (store, target) pairs where it alone stands in the way.

    Only where the store was seen whole, and nothing a blocker or high check asks for is unknown.
    """
    obstacles: dict[tuple[str, str], list[results.Verdict]] = defaultdict(list)
    for v in judgement.verdicts:
        if v.severity in ("blocker", "high") and (v.fails or v.unknown):
            obstacles[v.store, v.target].append(v)
    sole: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for pair, found in obstacles.items():
        if len(found) == 1 and not found[0].unknown and pair[0] in whole:
            sole[found[0].rule].add(pair)
    return sole


def _access_actions(sources: tuple[Row, ...]) -> list[Row]:
    """One action per kind of fault that hides something."""
    by_code: dict[str, list[Row]] = defaultdict(list)
    for s in sources:
        for f in s["faults"]:
            if f["gap"]:
                by_code[f["code"]].append(
                    {"source": s["name"], "owner": s["owner"], "run": s["scan"], "count": f["count"]}
                )
        if s["error"]:
            by_code[s["error"]["code"]].append({"source": s["name"], "owner": s["owner"], "run": s["scan"], "count": 1})
    return [
        {
            "action": explain(code, found[0]["source"] if len(found) == 1 else "SOURCE", found[0]["run"])["do"],
            "rule": "",
            "code": code,
            "who": tuple(sorted({f["owner"] or "owner unknown" for f in found})),
            "objects": sum(f["count"] for f in found),
            "unlocks": (),
            "stores": tuple(sorted({f["source"] for f in found})),
            "hours": None,
            "effort": "S",
        }
        for code, found in sorted(by_code.items())
    ]
