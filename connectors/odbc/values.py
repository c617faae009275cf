"""Sketches of columns that may hold keys: which those are, by what the catalog says, and their first rows, hashed here.

A value is hashed in the process that fetched it, and goes nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.odbc import guard
from connectors.odbc.asking import Asker, Refusal
from connectors.odbc.facts import Scope, text, truth, whole
from connectors.odbc.link import Answer, Garbled, Link, Refused
from connectors.odbc.profiles import Sampling
from connectors.odbc.sampling import CLIP, table_as_asked
from scanner.keys.candidates import DECLARED, MOST, Described, by_table
from scanner.keys.sketches import Sketch, Sketching
from scanner.model import SourceError

_KEYS = ("keys", "foreign_keys", "indexes")
_SAFE = frozenset({"TIMEOUT", "DENIED", "NOT_FOUND"})
"""Codes of refusals whose words tell of the table; what else a server or driver says might quote a value."""
_BRIEF = 1000
"""Rows fetched at a time."""


class Values:
    """What is needed to sketch a connection's tables: the candidates of the schema last asked of are kept in mind."""

    def __init__(self, link: Link, asker: Callable[[], Asker]) -> None:
        self._link = link
        self._asker = asker
        self._container: str | None = None
        self._candidates: Mapping[str, tuple[Described, ...]] = {}
        self._untold: dict[str, Refusal] = {}
        """Tables whose columns were not told, by name; all of them under ''."""

    def sketches(self, scope: Scope, table: str, path: str, rows: int, key: bytes) -> list[tuple[str, Sketch | None]]:
        """Sketches of a table's columns that may hold keys; None for one that is beyond the most that are read.

        Raises:
            SourceError: DENIED, TIMEOUT, QUERY_FAILED, NOT_FOUND …
        """
        form = self._link.recipe.sampling
        if "{rows}" not in form.select or "{columns}" not in form.select:
            return []  # there is no way to have a few rows of a few columns
        if self._container != scope.container:
            self._look(scope)
        found = self._candidates.get(table, ())
        if not found:
            if (untold := self._untold.get(table) or self._untold.get("")) is not None:
                raise SourceError(untold.code, untold.detail, where=path)
            return []
        try:
            made = self._read((*scope.names, table), found[:MOST], rows, key)
        except Refused as refused:
            detail = refused.detail if refused.code in _SAFE else "the question for its values was not answered"
            raise SourceError(refused.code, detail, where=path) from None
        except guard.NotAllowed as error:
            raise SourceError("QUERY_FAILED", str(error), where=path) from None
        return [*made, *((column.name, None) for column in found[MOST:])]

    def _look(self, scope: Scope) -> None:
        """Find the candidates of every table of a schema: a few questions for all of them."""
        self._container, self._untold = None, {}
        columns: list[tuple[str, Described]] = []
        tables: dict[str, str] = {}
        divided: set[str] = set()
        for page in self._asker().pages("tables", scope, {}):
            if not isinstance(page, Refusal):
                tables |= {str(n): str(k) for n, k in zip(page.column("name"), page.column("kind"), strict=True)}
                kinds = zip(page.column("name"), page.column("subtype"), strict=True)
                divided |= {str(name) for name, subtype in kinds if subtype == "partitioned"}
        if "foreign_table" not in tables.values():
            divided.clear()  # else a part may lie on another server, and asking for the whole would ask that too
        for page in self._asker().pages("columns", scope, tables):
            if isinstance(page, Refusal):
                self._untold[page.object] = page
                continue
            wanted = [page.column(n) for n in ("path", "name", "type", "length", "scale", "lob")]
            for table, name, kind, length, scale, lob in zip(*wanted, strict=True):
                if tables.get(str(table)) == "table" and table not in divided and isinstance(name, str):
                    described = Described(name, text(kind), whole(length), whole(scale), truth(lob))
                    columns.append((str(table), described))
        self._candidates = dict(by_table(columns, self._declared(scope, tables), tables))
        self._container = scope.container

    def _declared(self, scope: Scope, tables: Mapping[str, str]) -> dict[str, set[str]]:
        declared: dict[str, set[str]] = defaultdict(set)
        for fact in _KEYS:
            for page in self._asker().pages(fact, scope, tables):
                if isinstance(page, Refusal):  # the scan has told of it already; names and types are left to go by
                    continue
                for table, kind, name in zip(
                    page.column("path"), page.column("kind"), page.column("columns"), strict=True
                ):
                    if kind in DECLARED:
                        declared[str(table)].add(str(name))
        return declared

    def _read(
        self, names: Sequence[str], columns: Sequence[Described], rows: int, key: bytes
    ) -> list[tuple[str, Sketch | None]]:
        link = self._link
        quote = link.recipe.quote or link.quote
        wanted = ", ".join(_expression(link.recipe.sampling, guard.quoted(c.name, quote), c) for c in columns)
        statement = link.recipe.sampling.select.format(
            columns=wanted, table=table_as_asked(link, names), rows=rows + 1
        )  # fmt: skip
        try:
            return _sketched(link.execute(statement), columns, rows, key)
        except Garbled:  # text that is none is let through from here on
            return _sketched(link.execute(statement), columns, rows, key)


def _sketched(answer: Answer, columns: Sequence[Described], rows: int, key: bytes) -> list[tuple[str, Sketch | None]]:
    made = [Sketching(key) for _ in columns]
    left = rows
    complete = True
    while found := answer.more(_BRIEF):
        complete = len(found) <= left
        for sketching, values in zip(made, zip(*found[:left], strict=True), strict=False):
            sketching.add(map(_plain, values))
        left -= len(found[:left])
        if not complete:
            break
    answer.close()
    return [(c.name, s.done(complete=complete)) for c, s in zip(columns, made, strict=True)]


def _expression(form: Sampling, quoted: str, column: Described) -> str:
    """How a column is asked for: as it is, but texts no longer than a key may be."""
    return form.text.format(column=quoted, clip=CLIP) if column.family == "text" else quoted


def _plain(value: Any) -> object:
    """A value as it can be hashed: bytes that may change have no hash."""
    return bytes(value) if isinstance(value, bytearray | memoryview) else value
