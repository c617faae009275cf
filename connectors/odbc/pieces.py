"""Texts that a system keeps in pieces, each a row, put together: SQL Server job steps, Oracle source lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connectors.odbc.asking import Page, Refusal


def joined(pages: Iterable[Page | Refusal]) -> Iterator[Page | Refusal]:
    """The pages, where rows that differ in ``definition`` and ``place`` alone are one; they follow each other in order.

    A text may span pages, so the last row of each waits for the next; a refusal says what was told before it.
    """
    waiting: tuple[tuple[str, ...], Sequence[Any], list[str]] | None = None
    for page in pages:
        if isinstance(page, Refusal) or not {"place", "definition"} <= set(page.names):
            if waiting is not None:
                yield Page(waiting[0], [_whole(waiting)])
                waiting = None
            yield page
            continue
        done: list[Sequence[Any]] = []
        text = page.names.index("definition")
        for row in page.rows:
            if waiting is not None and _same(page.names, waiting[1], row):
                _add(waiting[2], row[text])
                continue
            if waiting is not None:
                done.append(_whole(waiting))
            waiting = (page.names, row, [])
            _add(waiting[2], row[text])
        if done:
            yield Page(page.names, done)
    if waiting is not None:
        yield Page(waiting[0], [_whole(waiting)])


def _add(pieces: list[str], piece: object) -> None:
    if piece is not None:
        pieces.append(str(piece))


def _same(names: Sequence[str], one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(a == b for n, a, b in zip(names, one, other, strict=True) if n not in ("definition", "place"))


def _whole(waiting: tuple[tuple[str, ...], Sequence[Any], list[str]]) -> Sequence[Any]:
    names, row, pieces = waiting
    text = "".join(pieces) if pieces else None
    return [text if n == "definition" else v for n, v in zip(names, row, strict=True)]
