"""Scores everything that is read out of content on labelled sets; ``make eval`` runs it, ``--write`` keeps the table.

Each line: the set, what is counted, the figure, the best anchor that was measured on the same set, and the goal. Sets
that lie outside of this project are left out, with a word, where they are not at hand.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.eval import access, keys, lineage, own_refs, refs

SETS = Path(__file__).resolve().parents[3] / "shared" / "eval"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "accuracy.md"
BEGIN, END = "<!-- figures: written by `make eval WRITE=1` -->\n", "<!-- end of figures -->\n"
NOT_READ_FOR = ("pii_text", "ids", "columns", "secrets", "filetypes")
"""Sets for what Stocktake does not look for in content: personal data, secrets as findings, file types in general."""


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the table; ``met`` is None where no goal was set."""

    name: str
    measure: str
    figure: str
    anchor: str = "none measured"
    goal: str = ""
    met: bool | None = None


def _share(right: int, of: int) -> str:
    return f"{right} of {of}"


def _lineage() -> Iterator[Score]:
    right, of = lineage.score_scripts(show=False)
    yield Score(
        "sqllineage_table",
        "sources and targets exact",
        _share(right, of),
        "225 (sqlglot's tables)",
        "≥ 280",
        right >= 280,
    )
    right, of = lineage.score_columns(show=False)
    yield Score("sqllineage_column", "edges exact", _share(right, of), goal="≥ 170", met=right >= 170)
    tables, columns, of, speed = lineage.score_views(show=False)
    yield Score("pg_views", "tables exact", _share(tables, of), "97 (sqlglot's tables)", "97", tables >= 97)
    yield Score("pg_views", "columns exact", _share(columns, of), "96 (sqlglot with the schema)", "97", columns >= 97)
    yield Score("pg_views", "views a second", f"{speed:.0f}", "178", "≥ 100", speed >= 100)


def _keys() -> Iterator[Score]:
    columns, declared = keys.facts()
    ways = {"names": keys.infer(columns, declared), "names and values": keys.infer(columns, declared, keys.sketches())}
    for db in sorted({row.source for row in columns}):
        want = keys.gold(db)
        for (way, guesses), anchor in zip(ways.items(), keys.ANCHORS.get(db, (None, None)), strict=True):
            figure = keys.f1(keys.pairs(guesses, db), want)
            beside = f"{anchor:.3f}" if anchor is not None else "none measured"
            yield Score(f"keys, {db}", f"F1 by {way}", f"{figure:.3f}", beside, f"≥ {keys.GOAL}", figure >= keys.GOAL)


def _refs() -> Iterator[Score]:
    want, got = refs.wanted(), refs.got()
    right = len(want & got)
    precision, recall = right / max(len(got), 1), right / len(want)
    yield Score(
        "refs",
        "precision, all kinds",
        f"{precision:.3f} ({right} of {len(got)})",
        "0.853 (pattern)",
        "≥ 0.97",
        precision >= 0.97,
    )
    yield Score(
        "refs",
        "recall, all kinds",
        f"{recall:.3f} ({right} of {len(want)})",
        "1.000 (pattern)",
        "≥ 0.99",
        recall >= 0.99,
    )


def _access() -> Iterator[Score]:
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(SETS / "access" / "access-files.tar.xz") as archive:
            archive.extractall(place, filter="data")
        files = sorted(p for p in Path(place).rglob("*") if p.suffix in {".mdb", ".accdb"})
        labels = SETS / "access" / "labels.json"
        result = access.score(files, json.loads(labels.read_text()) if labels.is_file() else {})
    opened = result.opened / result.files
    yield Score(
        "access", "files opened", _share(result.opened, result.files), "mdbtools: nearly all", "≥ 95 %", opened >= 0.95
    )
    yield Score(
        "access",
        "files with every table and its columns",
        _share(result.exact, result.files),
        "",
        "≥ 95 %",
        result.exact / result.files >= 0.95,
    )


def _own() -> Iterator[Score]:
    got, want, leaks = own_refs.score()
    right = len(got & want)
    yield Score(
        "own references",
        "precision",
        f"{right / max(len(got), 1):.3f} ({right} of {len(got)})",
        "",
        "≥ 0.95",
        right >= 0.95 * len(got),
    )
    yield Score(
        "own references",
        "recall",
        f"{right / len(want):.3f} ({right} of {len(want)})",
        "",
        "≥ 0.95",
        right >= 0.95 * len(want),
    )
    yield Score("own references", "mentions that hold a password", str(len(leaks)), "", "0", not leaks)


SCORERS: tuple[tuple[str, str, Callable[[], Iterator[Score]]], ...] = (
    ("lineage", "lineage", _lineage), ("refs", "refs", _refs), ("keys", "keys", _keys), ("access", "access", _access),
    ("", "own", _own),
)  # fmt: skip
"""Folder of the set ("" for one of this project), name, scorer."""


def table(scores: list[Score], day: str) -> str:
    """The scores as the page keeps them."""
    rows = [f"| {s.name} | {s.measure} | {s.figure} | {s.anchor} | {s.goal} | {_word(s.met)} | {day} |" for s in scores]
    return (
        "\n".join(
            ["| set | measure | figure | best anchor | goal | met | date |", "|---|---|---|---|---|---|---|", *rows]
        )
        + "\n"
    )


def _word(met: bool | None) -> str:
    return {True: "yes", False: "no", None: ""}[met]


def main() -> int:
    scores: list[Score] = []
    for folder, name, scorer in SCORERS:
        if folder and not (SETS / folder).is_dir():
            sys.stdout.write(f"{name}: the set is not at {SETS / folder}; nothing scored\n")
            continue
        for score in scorer():
            scores.append(score)
            beside = "; ".join(
                p for p in (f"anchor {score.anchor}" * bool(score.anchor), f"goal {score.goal}" * bool(score.goal)) if p
            )
            sys.stdout.write(
                f"{score.name:<20} {score.measure:<40} {score.figure:<22} {_word(score.met):<4} {beside}\n"
            )
    for name in NOT_READ_FOR:
        sys.stdout.write(f"{name}: Stocktake does not look for that in content; not scored\n")
    if "--write" in sys.argv:
        text = PAGE.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        tail = rest.partition(END)[2]
        day = dt.datetime.now(dt.UTC).date().isoformat()
        PAGE.write_text(head + BEGIN + table(scores, day) + END + tail, encoding="utf-8")
    return 0 if all(s.met is not False for s in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
