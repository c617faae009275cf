"""The facts that undeclared foreign keys are guessed from, and a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from scanner.keys.families import family, length_of


class ColumnRow(NamedTuple):
    """A column of a base table, as the catalog has it."""

    source: str
    store: str
    path: str
    name: str
    type: str | None = None
    length: int | None = None
    scale: int | None = None
    lob: bool | None = None
    generated: bool | None = None


class KeyRow(NamedTuple):
    """A declared primary, unique or foreign key."""

    source: str
    path: str
    kind: str
    columns: tuple[str, ...]
    ref_path: str | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """A foreign key that seems to be meant: its columns, what they refer to, how likely from 0 to 1, and why."""

    source: str
    path: str
    columns: tuple[str, ...]
    ref_path: str
    ref_columns: tuple[str, ...]
    score: float
    why: str


@dataclass(slots=True)
class Table:
    """A table with its columns by name and what is declared of it."""

    path: str
    thing: tuple[str, ...]
    columns: dict[str, ColumnRow] = field(default_factory=dict)
    keys: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Primary and unique keys: kind and columns."""
    names: frozenset[str] = frozenset()
    """Each column's name as one word."""
    refers: dict[str, str | None] = field(default_factory=dict)
    """Columns of declared foreign keys, and the table each refers to."""

    def family(self, column: str) -> str:
        """What kind of key a column can be."""
        row = self.columns[column]
        return family(row.type, row.length, row.scale, row.lob)

    def length(self, column: str) -> int | None:
        """The declared length of a column."""
        row = self.columns[column]
        return length_of(row.type, row.length)
