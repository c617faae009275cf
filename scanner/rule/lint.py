"""What a rule's SQL may be: one boolean expression that keeps the unknown unknown and touches nothing but its row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_OPERATORS: frozenset[str] = frozenset({
    "And", "Or", "Not", "Paren", "EQ", "NEQ", "GT", "GTE", "LT", "LTE", "Between", "In", "Like", "ILike", "Add", "Sub",
    "Mul", "Div", "Mod", "Neg", "BitwiseAnd", "DPipe", "Column", "Identifier", "Literal", "Boolean", "Placeholder",
})  # fmt: skip
_FUNCTIONS: frozenset[str] = frozenset({
    "RegexpLike", "StartsWith", "EndsWith", "Contains", "Length", "Lower", "Upper", "ArrayContains", "Nullif", "Abs",
})  # fmt: skip
_NAMED_FUNCTIONS: frozenset[str] = frozenset({"strlen"})
ALLOWED_FUNCTIONS = (
    "regexp_matches", "starts_with", "ends_with", "contains", "length", "strlen", "lower", "upper", "list_contains",
    "nullif", "abs",
)  # fmt: skip
"""As a rule writes them. All give NULL for NULL, which is why ``greatest`` or ``concat`` are not among them."""
_ERASES_UNKNOWN: dict[str, str] = {
    "Coalesce": "COALESCE and IFNULL", "Is": "IS", "NullSafeEQ": "IS [NOT] DISTINCT FROM",
    "NullSafeNEQ": "IS [NOT] DISTINCT FROM", "Exists": "EXISTS", "Case": "CASE", "If": "IF",
    "Greatest": "greatest", "Least": "least", "Concat": "concat", "ConcatWs": "concat_ws",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lint:
    """What an expression uses, and everything that is wrong with it."""

    columns: tuple[str, ...]
    limits: tuple[str, ...]
    problems: tuple[str, ...]


def lint(sql: str, columns: Iterable[str]) -> Lint:
    """Check an expression against the columns it may use.

    >>> lint("coalesce(size, 0) > $most", {"size"}).problems
    ('COALESCE and IFNULL would turn unknown into an answer',)
    """
    return _lint(sql, frozenset(columns))


@cache
def _lint(sql: str, columns: frozenset[str]) -> Lint:
    try:
        statements = sqlglot.parse(f"SELECT {sql}", dialect="duckdb")
    except SqlglotError as error:
        return Lint((), (), (f"no SQL expression: {str(error).splitlines()[0]}",))
    found = _single(statements)
    if isinstance(found, str):
        return Lint((), (), (found,))
    problems: list[str] = []
    for node in found.walk():
        problem = _node_problem(node)
        if problem and problem not in problems:
            problems.append(problem)
    used = tuple(sorted({c.name for c in found.find_all(exp.Column)}))
    limits = tuple(sorted({str(p.this) for p in found.find_all(exp.Placeholder)}))
    problems += [f"there is no column {c!r}" for c in used if c not in columns]
    if ";" in _without_strings(sql) or "--" in _without_strings(sql) or "/*" in _without_strings(sql):
        problems.append("no comments and no ';'")
    return Lint(used, limits, tuple(problems))


def _single(statements: list[exp.Expr | None]) -> exp.Expr | str:
    """The one expression, or why there is none."""
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        return "not a single expression"
    select = statements[0]
    if any(value for key, value in select.args.items() if key != "expressions") or len(select.expressions) != 1:
        return "not a single expression"
    expression: exp.Expr = select.expressions[0]
    return expression


def _node_problem(node: exp.Expr) -> str | None:
    kind = type(node).__name__
    if kind in _ERASES_UNKNOWN:
        return f"{_ERASES_UNKNOWN[kind]} would turn unknown into an answer"
    if isinstance(node, exp.Column) and node.table:
        return f"{node.sql()} is not a column of the view"
    if isinstance(node, exp.Query | exp.Subquery):
        return "a subquery is not allowed"
    # NULL as a word: the IS that usually holds it is named already, elsewhere it is harmless and useless.
    named = kind == "Anonymous" and node.name.lower() in _NAMED_FUNCTIONS
    if named or kind in _OPERATORS or kind in _FUNCTIONS or kind == "Null":
        return None
    return f"{node.sql(dialect='duckdb')[:40]!r} ({kind}) is not allowed"


def _without_strings(sql: str) -> str:
    return "".join(part for i, part in enumerate(sql.split("'")) if i % 2 == 0)
