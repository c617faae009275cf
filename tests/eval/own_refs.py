"""Scores the extractors on the project's own labelled files in ``own/refs``; ``make eval`` runs it.

The labels were set by hand, from the files alone: which stores each file names, and whether in force. A mention counts
by file, store and status; ``allowed.jsonl`` lists places that may be quoted or not without being right or wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from scanner.extractor import Mention, NotMine, Unread
from scanner.extractors import wanting
from scanner.locators import unc, url

FILES = Path(__file__).resolve().parent / "own" / "refs"
PASSWORD = "Otter-9931"


def mentions(path: str, content: bytes) -> Iterator[Mention]:
    """What the first extractor that takes a file quotes."""
    for extractor in wanting(path):
        try:
            for quote in extractor.quote(path, content[: extractor.most]):
                if isinstance(quote, Mention):
                    yield quote
        except NotMine:
            continue
        except Unread:
            return
        return


def key(mention: Mention) -> str | None:
    """The store a mention names, in the labels' spelling; None for what is no store (a table, a statement)."""
    if mention.kind in {"connection_string", "server_link"}:
        return _database(mention)
    if mention.kind == "reference":
        return f"ref:{mention.locator.lower()}"
    if mention.kind == "host":
        return f"host:{(mention.server or mention.locator).lower()}" + (f":{mention.port}" if mention.port else "")
    return _place(mention)


def _place(mention: Mention) -> str | None:
    place = mention.locator
    if mention.kind == "path" and mention.server and mention.driver in {"nfs", "sftp"}:
        path = place.partition(":")[2]
        return f"nfs://{mention.server}{path}".lower() if mention.driver == "nfs" else f"host:{mention.server}".lower()
    if place.lower().startswith("file:////"):
        place = place[len("file:") :].replace("////", "//")
    if (share := unc(place)) is not None:
        return f"unc://{share.server}/{share.share}".lower()
    found = url(place)
    if found is not None and found.scheme in {"http", "https"}:
        return f"url:s3://{found.bucket}".lower() if found.bucket else None
    if found is not None:
        port = f":{found.port}" if found.port else ""
        return f"url:{found.scheme}://{found.bucket or found.host}{port}".lower()
    return f"file:{place}" if mention.kind == "path" and place.endswith((".sqlite3", ".mdb", ".db")) else None


def _database(mention: Mention) -> str | None:
    if mention.server is None:
        share = unc(mention.database or "")
        if share is not None:
            return f"unc://{share.server}/{share.share}".lower()
        return f"file:{mention.database}" if mention.database else None
    port = f":{mention.port}" if mention.port else ""
    return f"db:{mention.server}{port}/{mention.database or ''}".lower()


def labelled(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (FILES / name).read_text(encoding="utf-8").splitlines()]


def score() -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]], list[str]]:
    """(what was found, what is labelled, mentions that hold the files' password)."""
    allowed = [(row["file"], row["text"].lower()) for row in labelled("allowed.jsonl")]
    want = {(row["file"], row["key"], row["status"]) for row in labelled("labels.jsonl")}
    got: set[tuple[str, str, str]] = set()
    leaks: list[str] = []
    for file in sorted(p for p in FILES.rglob("*") if p.is_file() and p.suffix != ".jsonl"):
        path = file.relative_to(FILES).as_posix()
        for mention in mentions(path, file.read_bytes()):
            if PASSWORD in repr(mention):
                leaks.append(f"{path}: {mention.origin}")
            named = key(mention)
            if named is None or mention.status == "placeholder":
                continue
            found = (path, named, mention.status)
            if found in want or not any(f == path and text in named for f, text in allowed):
                got.add(found)
    return got, want, leaks


def main() -> int:
    got, want, leaks = score()
    right = len(got & want)
    sys.stdout.write(
        f"own references: precision {right / max(len(got), 1):.3f}, recall {right / len(want):.3f}"
        f" ({right} of {len(want)} labels, {len(got - want)} others, {len(leaks)} with a password)\n"
    )
    if "--show" in sys.argv:
        for item in sorted(want - got):
            sys.stdout.write(f"  missed {item}\n")
        for item in sorted(got - want):
            sys.stdout.write(f"  wrong  {item}\n")
        for leak in leaks:
            sys.stdout.write(f"  LEAK   {leak}\n")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
