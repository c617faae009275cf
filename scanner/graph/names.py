"""What a definition refers to: plain values, before anybody has looked whether such a thing exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scanner.results import EdgeConfidence

Role = Literal["value", "condition"]
"""Whether a column is part of what is shown, or only joins and filters."""
ALL = "*"
"""In place of a column: all of a table's, where they are not known one by one or where the whole row is meant."""

Parser = Literal["sqlglot", "token scan"]

Verb = Literal["reads", "writes", "removes", "calls", "may_call", "creates", "drops", "renames"]
"""What a statement does to a name.

``writes`` puts rows in, ``removes`` takes rows out or changes the table itself; ``may_call`` is a name before a
bracket, which is a call only where such a routine exists; ``renames`` names the table that receives the new name.
"""


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name as written, without its quotes; ``quoted`` says per part whether it had any.

    A ``locator`` is one part that names a place outside the database (a URL, a path), not an object in it.
    """

    parts: tuple[str, ...]
    quoted: tuple[bool, ...] = ()
    locator: bool = False

    def __str__(self) -> str:
        """The parts, joined by dots."""
        return ".".join(self.parts)

    @property
    def last(self) -> str:
        """The object's own name, without database or schema."""
        return self.parts[-1]

    def is_quoted(self, index: int) -> bool:
        """Whether the part stood in quotes, so that no case rule applies to it."""
        return bool(self.quoted) and self.quoted[index]


def linked(parts: Sequence[str]) -> Name:
    """The name of a table behind a database link: the link as its server, no database, then schema and table."""
    table, _, link = parts[-1].partition("@")
    return Name((link, "", parts[-2] if len(parts) > 1 else "", table))


@dataclass(frozen=True, slots=True)
class Reference:
    """One name in a definition: what is done to it, on which line (from 1), and how sure that is.

    ``parser`` is what read it; ``within`` the subprogram it stands in, where the definition is a package of several.
    """

    name: Name
    verb: Verb
    line: int
    how: EdgeConfidence
    temporary: bool = False
    parser: Parser = "sqlglot"
    within: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """The references of one statement, in the order they stand."""

    references: tuple[Reference, ...]
    how: EdgeConfidence = "parsed"

    def names(self, *verbs: Verb) -> tuple[Name, ...]:
        """The names that any of the verbs applies to."""
        return tuple(r.name for r in self.references if r.verb in verbs)


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """One column made from another, by names as written.

    ``target`` is None for what the definition itself returns; ``table`` is None where no table could be told. A
    condition has the column ``*``: it decides which rows there are, and so stands behind every column.
    """

    target: Name | None
    column: str
    table: Name | None
    source: str
    role: Role
    how: EdgeConfidence = "parsed"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a whole definition refers to.

    ``dynamic`` and ``problems`` are sentences: what of the text is built while it runs, and what could not be read.
    Where either holds something the references, and the columns with them, are a lower bound.
    """

    references: tuple[Reference, ...] = ()
    dynamic: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    columns: tuple[ColumnUse, ...] = ()

    def _names(self, *verbs: Verb) -> tuple[Name, ...]:
        return tuple(dict.fromkeys(r.name for r in self.references if r.verb in verbs))

    @property
    def reads(self) -> tuple[Name, ...]:
        """Tables and views whose rows are read."""
        return self._names("reads")

    @property
    def writes(self) -> tuple[Name, ...]:
        """Tables that are filled, changed, emptied or altered."""
        return self._names("writes", "removes")

    @property
    def calls(self) -> tuple[Name, ...]:
        """Routines called by CALL, EXEC or EXECUTE; function calls within expressions are ``may_call`` references."""
        return self._names("calls")

    @property
    def how(self) -> EdgeConfidence:
        """``inferred`` as soon as one statement had to be read by its keywords alone."""
        return "inferred" if any(r.how == "inferred" for r in self.references) else "parsed"
