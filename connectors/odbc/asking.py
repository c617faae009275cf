"""Facts in pages: a profile's questions, put for a whole schema at once, and for each object where that is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.odbc.facts import Scope
from connectors.odbc.link import Answer, Garbled, Link, Refused
from connectors.odbc.profiles import Query

ALONE_MAX = 1000
"""Objects asked for one by one after the question for all of them was refused."""


def is_round(rows: int) -> bool:
    """Whether a count looks like a limit somebody set: whole hundreds, or as far as 15 or 16 bits go."""
    return rows >= 100 and (rows % 100 == 0 or rows in (255, 256, 32767, 32768, 65535, 65536))


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of an answer under the names of its columns."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def column(self, name: str) -> list[Any]:
        """Values of one column; NULLs where the answer has none of that name."""
        if name not in self.names:
            return [None] * len(self.rows)
        at = self.names.index(name)
        return [row[at] for row in self.rows]

    def subjects(self) -> list[tuple[Any, ...]]:
        """What each row speaks of: an object's name, with its kind and the table it is on where the answer has them."""
        return list(zip(*(self.column(n) for n in ("path", "kind", "on_path") if n in self.names), strict=True))

    def where(self, keep: Sequence[bool]) -> Page:
        """The rows that are to be kept."""
        return self if all(keep) else Page(self.names, [r for r, k in zip(self.rows, keep, strict=True) if k])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fact the source would not tell: of one object where it names one, else of the whole scope."""

    code: str
    detail: str
    object: str = ""


class Asker(Protocol):
    """Who knows how to ask a system for facts."""

    def levels(self) -> tuple[str, ...]:
        """What the path of a table is made of before its name."""
        ...

    def pages(self, fact: str, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """A fact of a scope, if there is such; ``objects`` are its tables and views with their kinds.

        Raises:
            SourceError: the connection is lost.
        """
        ...

    def truncated(self, fact: str, scope: Scope, rows: int, /) -> str:
        """Why a complete answer of so many rows was cut short by the server or driver; ``""`` where it was not."""
        ...


class Native:
    """The questions of a profile's own files."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def levels(self) -> tuple[str, ...]:
        """What the profile says."""
        return self.link.profile.levels

    def pages(self, fact: str, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """The answer for the whole scope, or one for each object."""
        query = self._query(fact)
        if isinstance(query, Refusal):
            yield query
            return
        if query is None:
            return
        told = False
        for page in self.answer(query, scope.values()):
            if isinstance(page, Refusal) and not told and query.one is not None and objects:
                yield from self._alone(query.one, scope, objects, page)
                return
            yield page
            told = True

    def truncated(self, fact: str, scope: Scope, rows: int) -> str:
        """A round number of rows is counted by the server itself: a single row is beyond no limit.

        A system that will not have its question counted is believed.
        """
        query = self._query(fact)
        if not is_round(rows) or query is None or isinstance(query, Refusal):
            return ""
        counting = Query(fact, f"SELECT COUNT(*) AS name FROM ({query.sql}) counted", query.parameters)
        for page in self.answer(counting, scope.values()):
            if isinstance(page, Page) and page.rows[0][0] > rows:
                return f"{fact}: the answer ended at {rows} rows of {page.rows[0][0]}"
        return ""

    def answer(self, query: Query, scope: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """The pages of a question, a refusal last where it was refused; put again for what comes after, to the end."""
        then = query.then
        if then is None:
            yield from self._answer(query, scope)
            return
        told, marks = set[tuple[Any, ...]](), set[str]()
        while True:
            fresh, mark = set[tuple[Any, ...]](), None
            for page in self._answer(query, scope):
                if isinstance(page, Refusal):
                    yield page
                    return
                mark = page.column("mark")[-1]
                subjects = page.subjects()
                fresh.update(subjects)
                # What was dropped and made anew since an earlier answer has another mark, and would be told again.
                keep = [s not in told for s in subjects]
                if any(keep):
                    yield page.where(keep)
            if mark is None:
                return
            if str(mark) in marks:  # a driver that garbles names would be asked for ever
                yield Refusal("QUERY_FAILED", f"{query.fact}: what comes after {len(told)} cannot be asked for")
                return
            told |= fresh
            marks.add(str(mark))
            query, scope = then, {**scope, "after": str(mark)}

    def _answer(self, query: Query, scope: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """The pages of one question, put once."""
        answer: Answer | None = None
        told = 0
        while True:
            try:
                answer = answer or self.link.ask(query, scope)
                rows = answer.more()
            except Garbled:
                if told:
                    yield Refusal("QUERY_FAILED", f"{query.fact}: text that is none, after {told} rows were told")
                    return
                answer = None
                continue
            except Refused as refused:
                yield Refusal(refused.code, f"{query.fact}: {refused.detail}")
                return
            if not rows:
                return
            told += len(rows)
            yield Page(answer.names, _stripped(answer.names, rows) if self.link.profile.padded else rows)

    def _query(self, fact: str) -> Query | Refusal | None:
        for when, instead in self.link.profile.variants.get(fact, ()):
            for page in self.answer(Query(fact, when, ()), {}):
                return page if isinstance(page, Refusal) else instead
        return self.link.profile.queries.get(fact)

    def _alone(
        self, query: Query, scope: Scope, objects: Mapping[str, str], first: Refusal
    ) -> Iterator[Page | Refusal]:
        deadline = time.monotonic() + self.link.options.query_timeout_s
        for number, name in enumerate(objects):
            if number >= ALONE_MAX or time.monotonic() > deadline:
                left = len(objects) - number
                yield Refusal(
                    first.code, f"{first.detail}; asked one by one then, {left} objects were left at the limit"
                )
                return
            for page in self.answer(query, {**scope.values(), "object": name}):
                yield Refusal(page.code, page.detail, name) if isinstance(page, Refusal) else page


def _stripped(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Rows without the blanks that fill names up; texts keep theirs, as a piece of one may end in a blank."""
    return [
        [v.rstrip(" ") if isinstance(v, str) and n != "definition" else v for n, v in zip(names, row, strict=True)]
        for row in rows
    ]
