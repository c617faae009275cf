"""What is found in one database file, as batches of the declared facts beneath the file's path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner import paths
from scanner.model import Batch, Columns
from scanner.schema import COLUMN, ENTRY, KEY, LISTING, MENTION, ROUTINE, SETTING

MOST = 50_000
"""Tables and views taken of one file, and columns of one table."""


class Found:
    """Collects the structure of the file at ``path``; ``batches`` hands it out, with the count of what was listed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.parent = f"{path}/"
        self._names: set[str] = set()
        self._entries = Columns(ENTRY, ("parent", "name", "kind", "rows", "target", "subtype"))
        self._columns = Columns(
            COLUMN, ("path", "name", "position", "type", "length", "precision", "scale", "nullable", "default")
        )
        self._keys = Columns(
            KEY, ("path", "name", "kind", "columns", "ref_path", "ref_columns", "on_delete", "on_update")
        )
        self._routines = Columns(ROUTINE, ("path", "kind", "dialect", "on_path", "definition"))
        self._settings = Columns(SETTING, ("path", "name", "value"))
        self._mentions = Columns(MENTION, ("path", "part", "kind", "locator", "status", "extractor"))
        self.whole = True
        """Whether every table was listed."""

    def at(self, name: str) -> str:
        """The path of something in the file."""
        return self.parent + paths.segment(name)

    def setting(self, name: str, value: object) -> None:
        """Something the file says of itself; None where it does not."""
        self._settings.add(self.path, name, None if value is None else str(value))

    def entry(
        self, name: str, kind: str, *, rows: int | None = None, target: str | None = None, subtype: str | None = None
    ) -> bool:
        """A table or view; False where there is one of that name already, or there are too many."""
        if name in self._names:
            return False
        if len(self._names) >= MOST:
            self.whole = False
            return False
        self._names.add(name)
        self._entries.add(self.parent, paths.segment(name), kind, rows, target, subtype)
        return True

    def column(
        self,
        table: str,
        position: int,
        name: str,
        declared: Declared,
        *,
        nullable: bool | None = None,
        default: str | None = None,
    ) -> None:
        """A column of a table, from 1; not of one that is no entry."""
        if table in self._names and position <= MOST:
            self._columns.add(self.at(table), name, position, *declared, nullable, default)

    def key(
        self,
        table: str,
        name: str,
        kind: str,
        columns: Sequence[str],
        refers: tuple[str, Sequence[str]] | None = None,
        actions: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """A key or index; ``refers`` is the table and columns a foreign key leads to, ``actions`` on delete, update."""
        if table not in self._names:
            return
        other, referred = refers or (None, None)
        to = None if other is None else self.at(other)
        self._keys.add(
            self.at(table), name, kind, list(columns), to, None if referred is None else list(referred), *actions
        )

    def routine(self, name: str, kind: str, dialect: str | None, definition: str | None, on: str | None = None) -> None:
        """A view's, query's or trigger's text."""
        self._routines.add(self.at(name), kind, dialect, None if on is None else self.at(on), definition)

    def mention(self, part: str, kind: str, locator: str, extractor: str) -> None:
        """A locator that the file quotes, secrets cut out already; ``part`` is the object that does."""
        self._mentions.add(self.at(part), part, kind, locator, "active", extractor)

    def __len__(self) -> int:
        """Tables and views so far."""
        return len(self._names)

    def batches(self, *, listed: bool = True) -> Iterator[Batch]:
        """Everything, with the listing of the file's tables where they were ``listed`` at all."""
        if listed:
            yield Batch(LISTING, {"path": [self.parent], "listed": [len(self)], "complete": [self.whole]})
        for rows in (self._entries, self._columns, self._keys, self._routines, self._settings, self._mentions):
            if len(rows):
                yield rows.take()


Declared = tuple[str | None, int | None, int | None, int | None]
"""A column's type as declared, with length, precision and scale."""


def declared(text: str | None) -> Declared:
    """A type as SQL writes it, taken apart.

    >>> declared("DECIMAL(10, 2)")
    ('DECIMAL(10, 2)', None, 10, 2)
    """
    word, _, rest = (text or "").partition("(")
    numbers = [int(n) for n in rest.partition(")")[0].replace(" ", "").split(",") if n.isdecimal() and len(n) < 10]
    kind = (text or "").strip() or None
    if len(numbers) == 2:
        return kind, None, numbers[0], numbers[1]
    if numbers and any(exact in word.upper() for exact in ("DEC", "NUM")):
        return kind, None, numbers[0], None
    return kind, numbers[0] if numbers else None, None, None
