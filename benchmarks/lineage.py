"""Reading SQL: what statements depend on, beside a plain walk over the parser's tree.

    python -m benchmarks.lineage [--full]

Views of several dialects are made from a seed, with joins, subqueries, common table expressions (some named as a table
is), unions and windows, so that the tables each reads are known. The peer parses each with sqlglot and takes every
table in the tree. Ours parses with the same parser and says besides who hides whom, which columns are made from which,
what is called and what lies outside. Speed is told beside accuracy: views whose tables are exactly right.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import cache, partial

import sqlglot
from sqlglot import exp

from benchmarks.harness import Goal, Row, Seen, Side, main, pairs
from scanner.graph.sql import dependencies

SECTION = "7 lineage"
SEED = 5
DIALECTS = ("postgres", "tsql", "oracle", "mysql")
TABLES, COLUMNS = 400, 12
GOAL = Goal("at least 100 views a second, columns included", 100, "rate")

Text = tuple[str, str, frozenset[str]]
"""A view's text, its dialect, and the tables it reads."""


@cache
def made(count: int) -> tuple[Text, ...]:
    """Views of growing oddity, the same for every run."""
    chance = random.Random(SEED)
    return tuple(view(chance, DIALECTS[n % len(DIALECTS)], n) for n in range(count))


def view(chance: random.Random, dialect: str, number: int) -> Text:
    """One view; every third has common table expressions, one of them named like a table that others read."""
    read: set[str] = set()

    def table() -> str:
        name = f"s{chance.randrange(8)}.t{chance.randrange(TABLES)}"
        read.add(name)
        return name

    def query(depth: int) -> str:
        aliases = [f"a{depth}_{i}" for i in range(chance.randrange(1, 4))]
        shown = ", ".join(
            f"{chance.choice(aliases)}.c{chance.randrange(COLUMNS)} AS o{i}" for i in range(chance.randrange(2, 9))
        )
        shown += f", SUM({aliases[0]}.c1) OVER (PARTITION BY {aliases[-1]}.c2 ORDER BY {aliases[0]}.c3) AS w"
        items = [
            f"(SELECT c1, c2, c3 FROM {table()}) {a}" if chance.random() < 0.2 else f"{table()} {a}" for a in aliases
        ]
        joined = items[0] + "".join(
            f" LEFT JOIN {item} ON {a}.c1 = {aliases[0]}.c1" for a, item in zip(aliases[1:], items[1:], strict=True)
        )
        where = f" WHERE {aliases[0]}.c4 > {chance.randrange(100)}"
        if depth and chance.random() < 0.4:
            where += f" AND EXISTS (SELECT 1 FROM {table()} x WHERE x.c5 = {aliases[0]}.c5)"
        return f"SELECT {shown} FROM {joined}{where}"

    body = query(1)
    if number % 5 == 0:
        body = f"SELECT o0, o1 FROM ({body}) u1 UNION ALL SELECT o0, o1 FROM ({query(2)}) u2"
    if number % 3 == 0:
        hidden = f"t{chance.randrange(TABLES)}"
        first = f"WITH {hidden} AS ({query(3)}), last_ones AS (SELECT o0, o1 FROM {hidden})"
        body = f"{first} {body.replace(' WHERE', ' CROSS JOIN last_ones WHERE', 1)}"
    return f"CREATE VIEW v{number} AS {body}", dialect, frozenset(read)


def walk(count: int) -> Seen:
    """The peer."""
    for text, dialect, _ in made(count):
        walked(text, dialect)
    return Seen(count)


def walked(text: str, dialect: str) -> frozenset[str]:
    """Every table in the tree, but the view itself."""
    tree = sqlglot.parse_one(text, dialect=dialect)
    tables = {".".join(part.name for part in table.parts) for table in tree.find_all(exp.Table)}
    return frozenset(tables - {tree.this.name})


def ours(count: int) -> Seen:
    """References and columns of every view."""
    for text, dialect, _ in made(count):
        dependencies(text, dialect)
    return Seen(count)


def exact(count: int) -> tuple[float, float]:
    """The share of views whose tables are exactly right: the peer's, ours."""
    texts = made(count)
    theirs = sum(walked(text, dialect) == read for text, dialect, read in texts)
    right = sum({str(n) for n in dependencies(text, dialect).reads} == read for text, dialect, read in texts)
    return theirs / count, right / count


def measure(full: bool) -> list[Row]:
    """Views a second beside the walk, and how many each gets right."""
    count = 5_000 if full else 300

    def side(name: str, run: Callable[[int], Seen]) -> Side:
        return Side(name, partial(run, count), ready=partial(made, count))

    speed = pairs(
        SECTION, f"{count:,} views", peer=side("sqlglot's tree, walked", walk), ours=side("read", ours),
        goal=GOAL, full=full, unit="views",
    )  # fmt: skip
    theirs, right = exact(min(count, 1_000))
    goal = Goal("tables exactly right: at least as often as the walk", theirs, "value", at_most=False)
    return [
        speed,
        Row(SECTION, "views whose tables are exactly right", goal=goal, value=right, note=f"walk {theirs:.3f}"),
    ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
