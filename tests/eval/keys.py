"""Scores the guesses at undeclared foreign keys against declared ones that were hidden; ``make eval`` runs it.

The set is not part of this project. It lies beside it, in ``../shared/eval/keys``; without it this says so. Scored is
each (child, column, parent, column): once from names and types alone, once with sketches of whole numbers' values.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scanner.graph.key_facts import ColumnRow, Guess, KeyRow
from scanner.graph.keys import Sketches, infer
from scanner.keys.sketches import sketch

SET = Path(__file__).resolve().parents[3] / "shared" / "eval" / "keys"
ANCHORS = {"sakila": (0.952, 0.955), "chinook": (0.900, 0.900)}
"""F1 of "name equals a primary key", and of that with inclusion of values, as the set's description gives them."""
GOAL = 0.95

Pair = tuple[str, str, str, str]


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(SET / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def path_of(table: str) -> str:
    return table.replace(".", "/")


def facts() -> tuple[list[ColumnRow], list[KeyRow]]:
    """The schemas without their foreign keys."""
    columns, keys = [], []
    for row in rows("fk_schema"):
        path = path_of(row["table"])
        columns += [ColumnRow(row["db"], row["db"], path, c["name"], c["type"]) for c in row["columns"]]
        if row["pk"]:
            keys.append(KeyRow(row["db"], path, "primary", tuple(row["pk"])))
    return columns, keys


def sketches() -> Sketches:
    key = b"labelled set"
    return {(r["db"], path_of(r["table"]), r["column"]): sketch(r["values"], key) for r in rows("fk_int_values")}


def gold(db: str) -> set[Pair]:
    return {
        (path_of(r["child"]), child, path_of(r["parent"]), parent)
        for r in rows("fk_gold") if r["db"] == db
        for child, parent in zip(r["child_cols"], r["parent_cols"], strict=True)
    }  # fmt: skip


def pairs(guesses: Iterable[Guess], db: str) -> set[Pair]:
    return {
        (g.path, child, g.ref_path, parent)
        for g in guesses if g.source == db
        for child, parent in zip(g.columns, g.ref_columns, strict=True)
    }  # fmt: skip


def f1(got: set[Pair], want: set[Pair]) -> float:
    return 2 * len(got & want) / (len(got) + len(want)) if got or want else 1.0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    if not (SET / "fk_gold.jsonl.gz").is_file():
        say(f"keys: the set is not at {SET}; nothing scored")
        return 0
    columns, keys = facts()
    ways = {"names": infer(columns, keys), "names and values": infer(columns, keys, sketches())}
    for db in sorted({row.source for row in columns}):
        want = gold(db)
        for (way, guesses), anchor in zip(ways.items(), ANCHORS.get(db, (None, None)), strict=True):
            got = pairs(guesses, db)
            beside = f"; anchor {anchor:.3f}" if anchor is not None else ""
            counts = f"{len(got & want)} right, {len(got - want)} wrong, {len(want - got)} missed"
            say(f"keys {db + ', ' + way + ':':27}F1 {f1(got, want):.3f} ({counts}{beside}, goal {GOAL:.2f})")
            if "--show" in sys.argv:
                for sign, found in (("+", got - want), ("-", want - got)):
                    for pair in sorted(found):
                        say(f"  {sign} {' '.join(pair)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
