"""The list of rules and targets as Markdown: docs/rules.md is this, word for word."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.results import SEVERITIES
from scanner.rule import VIEWS, Rule, Target, load_rules, load_targets
from scanner.rule.shape import CONFIDENCE_WORDS

_HEAD = """# Rules and targets

Made from `scanner/rules/*.toml` and `scanner/targets/*.toml`; a test fails when this page is stale.

A rule is one SQL boolean over the rows of a judged view: TRUE fails, FALSE passes, NULL is unknown. It applies to a
target that declares every `$limit` it uses; a limit whose figure has not been read makes its rules unknown. No blocker
rests on a figure that is still to be verified: it counts as high.
"""


def rules_markdown(rules: Sequence[Rule] | None = None, targets: Sequence[Target] | None = None) -> str:
    """The page: what each rule says, for which targets; each target's limits with their sources; the judged views."""
    ruled = load_rules() if rules is None else rules
    known = load_targets() if targets is None else targets
    words = "\n".join(f"- **{short}**: {long}" for short, long in CONFIDENCE_WORDS.items())
    parts = [_HEAD, f"Confidence of a figure:\n\n{words}\n", "## Rules\n", _table(ruled, known)]
    parts += [_rule(rule, known) for rule in ruled]
    parts += ["## Targets\n", *(_target(t) for t in known), "## Judged views\n", *(_view(name) for name in VIEWS)]
    return "\n".join(parts)


def _table(rules: Sequence[Rule], targets: Sequence[Target]) -> str:
    rows = ["| Rule | Over | Severity | Fails as | Targets |", "|---|---|---|---|---|"]
    for severity in SEVERITIES:
        for rule in rules:
            if rule.severity == severity:
                mine = ", ".join(t.id for t in targets if rule.applies_to(t))
                rows.append(f"| [{rule.id}](#{rule.id}) | {rule.over} | {severity} | {rule.title.fails} | {mine} |")
    return "\n".join(rows) + "\n"


def _rule(rule: Rule, targets: Sequence[Target]) -> str:
    lowered = [
        f"{t.id}: {rule.severity_for(t)}"
        for t in targets
        if rule.applies_to(t) and rule.severity_for(t) != rule.severity
    ]
    effort = rule.effort
    bound = "no upper bound" if effort.each_h_high is None else f"at most {effort.each_h_high:g} h each"
    lines = [
        f"### {rule.id}\n",
        f"{rule.title.fails}. {rule.why}\n",
        f"- Passes: {rule.title.passes}. Unknown: {rule.title.unknown}.",
        f"- Severity: {rule.severity}{' (' + ', '.join(lowered) + ')' if lowered else ''}.",
        f"- Remediation: {rule.remediation}",
        f"- Effort {effort.size}: {effort.learn_h:g} h once, {effort.each_h:g} h each up to {effort.cap:,}, {bound}.",
        f"- Source: {rule.reference.source} ({rule.reference.date}); confidence {rule.confidence}.\n",
        "```sql",
        *([f"-- where {rule.applies}"] if rule.applies else []),
        rule.fails_when.strip(),
        "```\n",
    ]
    return "\n".join(lines)


def _target(target: Target) -> str:
    rows = [
        f"### {target.id}\n",
        f"{target.title}, as of {target.as_of}; takes stores of class {', '.join(target.accepts)}. {target.summary}\n",
        "| Limit | Value | Unit | At most | Confidence | Source |",
        "|---|---|---|---|---|---|",
    ]
    for name, limit in sorted(target.limits.items()):
        value = _cell(limit.text())
        value = f"`{value}`" if isinstance(limit.value, str) else value
        source = f"{limit.source} ({limit.date})"
        rows.append(f"| {name} | {value} | {limit.unit} | {limit.severity or ''} | {limit.confidence} | {source} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _view(name: str) -> str:
    view = VIEWS[name]
    rows = [f"### {name}\n", f"{view.doc}\n", "| Column | Type | Unit | What it says |", "|---|---|---|---|"]
    rows += [f"| {c.name} | {c.type} | {c.unit} | {_cell(c.doc)} |" for c in view.columns.values()]
    return "\n".join(rows) + "\n"
