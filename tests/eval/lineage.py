"""Scores what definitions are read to depend on against the lineage sets; ``make eval`` runs it.

The sets are not part of this project. They lie beside it, in ``../shared/eval/lineage``; without them this says so.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

from scanner.graph.sql import dependencies, script

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


def score_views(*, show: bool) -> tuple[int, int, float]:
    """Views whose tables are exactly right (by their last name part), and views a second."""
    right, every = 0, rows("pg_views")
    start = time.perf_counter()
    found = [dependencies(row["sql"], "postgres", "view") for row in every]
    took = time.perf_counter() - start
    for row, result in zip(every, found, strict=True):
        got = {name.last.lower() for name in result.reads}
        want = {name.rsplit(".", 1)[-1].lower() for name in row["tables"]}
        right += got == want and result.how == "parsed"
        if show and got != want:
            say(f"  {row['view']}: got {sorted(got)} want {sorted(want)}")
    return right, len(every), len(every) / took


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    if not SETS.is_dir():
        say(f"lineage: the sets are not at {SETS}; nothing scored")
        return 0
    show = "--show" in sys.argv
    right, total = score_scripts(show=show)
    say(f"lineage scripts: sources and targets exact {right} of {total}")
    right, total, speed = score_views(show=show)
    say(f"lineage views:   tables exact {right} of {total}, {speed:.0f} views/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
