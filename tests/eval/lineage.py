"""Scores what definitions are read to depend on against the lineage sets; ``make eval`` runs it.

The sets are not part of this project. They lie beside it, in ``../shared/eval/lineage``; without them this says so.
Anchors are other people's tools as the sets' own page gives them, goals are what the product aims at.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from scanner.graph.names import ALL, ColumnUse, Name
from scanner.graph.sql import dependencies, script, script_columns

SETS = Path(__file__).resolve().parents[3] / "shared" / "eval" / "lineage"


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(SETS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def bare(name: str) -> str:
    """A name as the sets compare it: lower case, no quotes, no default schema, no mark of a path."""
    return name.lower().removeprefix("<default>.").removeprefix("path:").strip('"`[]')


def score_scripts(*, show: bool) -> tuple[int, int]:
    """Scripts whose sources and targets are both exactly right."""
    right, every = 0, rows("sqllineage_table")
    for row in every:
        sources, targets = script(row["sql"], row["dialect"])
        got = {bare(str(n)) for n in sources}, {bare(str(n)) for n in targets}
        want = {bare(n) for n in row["source"]}, {bare(n) for n in row["target"]}
        right += got == want
        if show and got != want:
            say(f"  {row['id']} {row['dialect']}: got {got} want {want}: {row['sql']!r:.200}")
    return right, len(every)


def lookup(tables: Mapping[str, Iterable[str]]) -> Callable[[Name], Mapping[str, str] | None]:
    """A schema look-up over ``schema.table`` names; a bare name is looked for in ``public``."""
    known = {name.lower(): {c.lower(): c for c in columns} for name, columns in tables.items()}
    return lambda name: known.get(str(name).lower()) or known.get(f"public.{name}".lower())


def edges(uses: Iterable[ColumnUse]) -> set[tuple[str, str]]:
    """Value edges as the set writes them.

    It knows only where a script begins and ends: columns of a table that the script itself fills and then reads are
    passed through. What could not be told apart comes from ``None``, and ``t.*`` stands for every other column of t.
    """
    direct = {
        (bare(f"{use.table}.{use.source}"), bare(f"{use.target}.{use.column}"))
        for use in uses
        if use.role == "value" and use.target is not None
    }
    into: dict[str, set[str]] = {}
    for source, target in direct:
        if source != target:
            into.setdefault(target, set()).add(source)
    passed = {source for source, target in direct if source != target and source in into}
    while through := {(s, t) for s, t in direct if s in passed and s != t}:
        direct -= through
        direct |= {(origin, t) for s, t in through for origin in into[s]}
        if len(direct) > 100_000:
            break
    ends = {(s, t) for s, t in direct if t not in passed}
    stars = {(s.rpartition(".")[0], t.rpartition(".")[0]) for s, t in ends if s.endswith(".*") and t.endswith(".*")}
    return {
        (s, t)
        for s, t in ends
        if (s.endswith(".*") and t.endswith(".*")) or (s.rpartition(".")[0], t.rpartition(".")[0]) not in stars
    }


def score_columns(*, show: bool) -> tuple[int, int]:
    """Scripts whose column edges are exactly right."""
    right, every = 0, rows("sqllineage_column")
    known = {row["metadata_id"]: lookup(row["tables"]) for row in rows("sqllineage_metadata")}
    for row in every:
        found = script_columns(row["sql"], row["dialect"], known.get(row["metadata_id"]))
        got = edges(found)
        want = {(bare(source), bare(target)) for source, target in row["edges"]}
        right += got == want
        if show and got != want:
            say(f"  {row['id']} {row['dialect']}: only got {sorted(got - want)} only wanted {sorted(want - got)}")
    return right, len(every)


def score_views(*, show: bool) -> tuple[int, int, int, float]:
    """Views whose tables (by their last name part) and whose columns are exactly right, and views a second."""
    every = rows("pg_views")
    tables: dict[str, dict[str, list[str]]] = {}
    for row in rows("pg_schemas"):
        tables.setdefault(row["db"], {})[f"{row['schema']}.{row['table']}"] = [c["name"] for c in row["columns"]]
    known = {db: lookup(columns) for db, columns in tables.items()}
    start = time.perf_counter()
    found = [dependencies(row["sql"], "postgres", "view", None, known[row["db"]]) for row in every]
    took = time.perf_counter() - start
    right, exact = 0, 0
    for row, result in zip(every, found, strict=True):
        got = {name.last.lower() for name in result.reads}
        want = {name.rsplit(".", 1)[-1].lower() for name in row["tables"]}
        right += got == want and result.how == "parsed"
        if show and got != want:
            say(f"  {row['view']}: got {sorted(got)} want {sorted(want)}")
        columns = {qualified(use) for use in result.columns if use.source != ALL}
        exact += columns == (wanted := {column.lower() for column in row["columns"]})
        if show and columns != wanted:
            say(f"  {row['view']}: only got {sorted(columns - wanted)} only wanted {sorted(wanted - columns)}")
    return right, exact, len(every), len(every) / took


def qualified(use: ColumnUse) -> str:
    """A column with its table and schema; a bare table stands in ``public`` there."""
    table = str(use.table)
    return f"{table if '.' in table else f'public.{table}'}.{use.source}".lower()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    if not SETS.is_dir():
        say(f"lineage: the sets are not at {SETS}; nothing scored")
        return 0
    show = "--show" in sys.argv
    right, total = score_scripts(show=show)
    say(f"lineage scripts: sources and targets exact {right} of {total}; goal 280, best anchor 225 (a tree walk)")
    right, total = score_columns(show=show)
    say(f"lineage scripts: column edges exact {right} of {total}; goal 170, no anchor measured")
    right, exact, total, speed = score_views(show=show)
    say(f"lineage views: tables exact {right} of {total}; goal 97, best anchor 97")
    say(f"lineage views: columns exact {exact} of {total}, {speed:.0f} views/s; goal 97 at 100/s, anchor 96 at 178/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
