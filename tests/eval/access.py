"""Scores the reading of Access files against a collection of real ones; ``make eval`` runs it.

The collection is not part of this project. It lies beside it, in ``../shared/eval/access``; without it this says so.
It has no labels: a file counts as opened when its structure was read without a fault, and its tables as listed when
their names are exactly those that ``mdb-tables`` gives and each of them has its columns. Other lists of names may be
given as ``labels.json`` beside the collection: file name → {"tables": […], "linked": […]}.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from scanner.extractors.stores import HEAD, Content, Unread, recognise, structure
from scanner.extractors.stores.facts import Found
from scanner.model import Batch
from scanner.paths import segment

SET = Path(__file__).resolve().parents[3] / "shared" / "eval" / "access"
GOAL = 0.95


@dataclass
class Score:
    files: int = 0
    opened: int = 0
    exact: int = 0
    tables: int = 0
    wanted: int = 0
    linked: int = 0
    facts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def looked_into(file: Path) -> tuple[dict[str, Batch], str]:
    """The facts of a file, and why they are not all ('' where they are)."""
    with file.open("rb") as handle:

        def read(start: int, length: int) -> bytes:
            handle.seek(start)
            return handle.read(length)

        what = recognise(read(0, HEAD), file.name)
        if what is None or what.form != "access":
            return {}, "not recognised as Access"
        found, why = Found(file.name), ""
        try:
            structure(Content(read, file.stat().st_size, 1 << 31), what, found)
        except Unread as error:
            why = f"{error.code}: {error.detail}"
        return {b.schema.name: b for b in found.batches()}, why


def values(facts: dict[str, Batch], fact: str, column: str) -> list[str]:
    return [str(v) for v in facts[fact].columns[column]] if fact in facts else []


def expected(file: Path, labels: dict[str, dict[str, list[str]]]) -> tuple[set[str], set[str]]:
    """Tables and linked tables that are to be found."""
    if (label := labels.get(file.name)) is not None:
        return set(label["tables"]), set(label["linked"])
    said = subprocess.run(["mdb-tables", "-1", str(file)], capture_output=True, check=True).stdout.decode()
    return set(filter(None, said.split("\n"))), set()


def score(files: list[Path], labels: dict[str, dict[str, list[str]]]) -> Score:
    result = Score()
    for file in files:
        facts, why = looked_into(file)
        result.files += 1
        result.opened += not why
        if why:
            result.failed.append(f"{file.name}: {why}")
        kinds = dict(zip(values(facts, "entry", "name"), values(facts, "entry", "kind"), strict=True))
        tables, linked = ({segment(n) for n in names} for names in expected(file, labels))
        got = {n for n, kind in kinds.items() if kind == "table"}, {n for n, kind in kinds.items() if kind != "table"}
        with_columns = {path.rpartition("/")[2] for path in values(facts, "column", "path")}
        right = got == (tables, linked) and tables <= with_columns
        result.exact += right
        result.tables += len(tables & got[0])
        result.wanted += len(tables | linked)
        result.linked += len(linked & got[1])
        if not right:
            result.failed.append(f"{file.name}: {sorted(got[0] ^ tables)} {sorted(got[1] ^ linked)} differ")
        for name, batch in facts.items():
            result.facts[name] = result.facts.get(name, 0) + len(batch)
    return result


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    packed = SET / "access-files.tar.xz"
    if not packed.is_file():
        say(f"access: the collection is not at {SET}; nothing scored")
        return 0
    labels = SET / "labels.json"
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(packed) as archive:
            archive.extractall(place, filter="data")
        files = sorted(p for p in Path(place).rglob("*") if p.suffix in {".mdb", ".accdb"})
        start = time.perf_counter()
        result = score(files, json.loads(labels.read_text()) if labels.is_file() else {})
        took = time.perf_counter() - start
    share = result.opened / result.files
    say(f"access files:    opened {result.opened} of {result.files} ({share:.1%}; goal {GOAL:.0%})")
    say(f"access tables:   exactly listed, columns and all, in {result.exact} of {result.files} files;")
    say(f"                 {result.tables + result.linked} of {result.wanted} names")
    counts = ", ".join(f"{n} {name}" for name, n in sorted(result.facts.items()) if name != "listing")
    say(f"access facts:    {counts}; {result.files / took:.0f} files/s")
    for line in result.failed:
        say(f"  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
