"""From a rule and a target to one SQL expression: limits become typed literals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sqlglot import TokenType, tokenize

from scanner.rule import Rule, Target


def literal(value: object) -> str:
    """A value as a DuckDB literal.

    >>> literal(["it's", "b"])
    "['it''s', 'b']"
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Sequence):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    raise TypeError(f"no literal for {type(value).__name__}")


def bind(sql: str, limits: Mapping[str, object]) -> str:
    """The expression with every ``$name`` replaced; a limit that is not there is NULL, that is: not read."""
    tokens = tokenize(sql, dialect="duckdb")
    bound, done = [], 0
    for mark, name in pairwise(tokens):
        if mark.token_type is TokenType.PARAMETER and name.start == mark.end + 1:
            bound += [sql[done : mark.start], literal(limits.get(name.text))]
            done = name.end + 1
    return "".join([*bound, sql[done:]])


def bound_for(rule: Rule, target: Target) -> str:
    """``fails_when`` with the target's limits."""
    return bind(rule.fails_when, {name: limit.value for name, limit in target.limits.items()})
