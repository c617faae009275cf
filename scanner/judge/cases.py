"""A rule's own cases, run through the same SQL as a catalog's rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from scanner.judge.bind import bind, literal
from scanner.judge.derive import judged
from scanner.judge.reader import Reads
from scanner.judge.verdicts import Verdicts
from scanner.rule import Case, Rule
from scanner.schema import ColumnType

Outcome = Literal["fail", "pass", "unknown", "out of scope"]
_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR", "texts": "VARCHAR[]", "int": "BIGINT", "real": "DOUBLE", "bool": "BOOLEAN", "time": "BIGINT",
}  # fmt: skip


def outcome(reader: Reads, rule: Rule, case: Case) -> Outcome:
    """What the rule says of one case's row. ``reader`` may be any DuckDB connection; nothing is read from it."""
    values = case.values()
    if rule.over == "entries" and "path" in values:
        parent, slash, name = str(values.pop("path")).rpartition("/")
        values = {"parent": parent + slash, "name": name, **values}
    given = frozenset(values) & {c.name for c in rule.view.derived}
    verdicts = Verdicts([(bind(rule.fails_when, case.limits), rule.applies or "TRUE")])
    rows = judged(rule.over, row(rule, values), given)
    sql = f"SELECT {', '.join(verdicts.aggregates())} FROM ({verdicts.select(rows)})"
    fails, passes, unknown = verdicts.counts(reader.rows(sql)[0])[verdicts.expressions[0]]
    return "fail" if fails else "pass" if passes else "unknown" if unknown else "out of scope"


def row(rule: Rule, values: Mapping[str, object]) -> str:
    """One row of facts as SQL; what is not given is NULL."""
    wanted = [*rule.view.facts, *(c for c in rule.view.derived if c.name in values)]
    columns = (f'CAST({literal(values.get(c.name))} AS {_TYPES[c.type]}) AS "{c.name}"' for c in wanted)
    return f"SELECT {', '.join(columns)}"
