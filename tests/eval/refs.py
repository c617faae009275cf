"""Scores what files are read to refer to against the reference set; ``make eval`` runs it.

The set is not part of this project. It lies beside it, in ``../shared/eval/refs``; without it this says so.
Connection strings count as distinct (file, server, database); everything else as (file, kind, text as written).
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from scanner.extractor import Mention, NotMine, Unread
from scanner.extractors import wanting

SET = Path(__file__).resolve().parents[3] / "shared" / "eval" / "refs"

ENDPOINTS = frozenset({"dotnet-config", "report-ConnectString", "ssis-connection"})
ORIGINS = {
    "ssrs/CommandText": "report-sql",
    "ssrs/ReportName": "report-subreport",
    "ssrs/DataSourceReference": "report-DataSourceReference",
    "ssis/SqlStatementSource": "ssis-sql",
    "ssis/OpenRowset": "ssis-OpenRowset",
    "ssis/SqlCommand": "ssis-SqlCommand",
}
"""Our origins, and the kinds of the set that they stand for."""
REFERENCES = ENDPOINTS | frozenset(ORIGINS.values()) | {"jee-jta-data-source"}


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(SET / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def mentions(path: str, content: bytes) -> list[Mention]:
    """What the first extractor that does not decline quotes of a file."""
    found: list[Mention] = []
    for extractor in wanting(path):
        try:
            found.extend(q for q in extractor.quote(path, content[: extractor.most]) if isinstance(q, Mention))
        except NotMine:
            continue
        except Unread:
            pass
        break
    return found


def kind_of(path: str, mention: Mention) -> str | None:
    """The set's kind for a mention; None for what the set does not label.

    Of what is commented only a switched off part of a package counts: the set was labelled by structure, in which it
    still stands, while comments do not.
    """
    origin = mention.origin or ""
    if mention.status == "commented" and not origin.startswith("ssis/"):
        return None
    if origin in ORIGINS:
        return ORIGINS[origin]
    if mention.kind == "connection_string":
        if path.lower().endswith(".config"):
            return "dotnet-config"
        return {"ssrs/ConnectString": "report-ConnectString", "ssis/ConnectionString": "ssis-connection"}.get(origin)
    return "jee-jta-data-source" if "jta-data-source" in origin else None


def server_of(text: str | None) -> str:
    """A server as both sides write it alike: no protocol before it, no port behind it, lower case."""
    return re.sub(r",\d+$", "", (text or "").lower().removeprefix("tcp:"))


def wanted() -> set[tuple[str, ...]]:
    """The labels, each as what has to be equal."""
    found: set[tuple[str, ...]] = set()
    for row in rows("labels"):
        if row["kind"] not in ENDPOINTS:
            found.add((row["kind"], row["file"], row["raw"]))
        elif row.get("server") or row.get("database"):
            found.add((row["kind"], row["file"], server_of(row.get("server")), (row.get("database") or "").lower()))
    return found


def got() -> set[tuple[str, ...]]:
    """What we quote of the files, in the same form."""
    found: set[tuple[str, ...]] = set()
    for row in rows("files"):
        for mention in mentions(row["path"], row["text"].encode()):
            kind = kind_of(row["path"], mention)
            if kind in ENDPOINTS:
                if mention.server or mention.database:
                    found.add((kind, row["path"], server_of(mention.server), (mention.database or "").lower()))
            elif kind is not None:
                found.add((kind, row["path"], mention.locator))
    return found


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def tell(name: str, right: int, ours: int, theirs: int) -> None:
    precision, recall = right / ours if ours else 0.0, right / theirs if theirs else 0.0
    say(f"{name:<34} P {precision:.3f}  R {recall:.3f}  ({right} right, {ours} quoted, {theirs} labelled)")


def main() -> int:
    if not SET.is_dir():
        say(f"references: the set is not at {SET}; nothing scored")
        return 0
    gold, ours = wanted(), got()
    count = {k: Counter(item[0] for item in items) for k, items in (("g", gold), ("o", ours), ("r", gold & ours))}
    for kind in sorted(REFERENCES):
        tell(f"references: {kind}", count["r"][kind], count["o"][kind], count["g"][kind])
    tell("references: all kinds", len(gold & ours), len(ours), len(gold))
    if "--show" in sys.argv:
        for word, items in (("missed", gold - ours), ("wrong", ours - gold)):
            for item in sorted(items):
                say(f"  {word}: {' | '.join(item)!r:.300}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
