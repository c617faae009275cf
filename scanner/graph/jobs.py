"""Jobs as the catalogs keep them: several steps in one text, some of them SQL and some a command of the system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scanner.graph.names import ColumnUse, Dependencies, Name, Reference

_STEP = re.compile(r"^-- (\d{1,9}): ([^\n]{0,500}) \((\w{1,40})(?: in ([^\n]{1,200}))?\)$", re.MULTILINE)
"""The line the harvest writes over each step of an agent's job."""
_SQL_SUBSYSTEMS = frozenset({"tsql"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job: its text, the line above it, what runs it, and the database it runs in."""

    text: str
    above: int
    subsystem: str
    database: str

    @property
    def is_sql(self) -> bool:
        """Whether the database itself runs it."""
        return self.subsystem.lower() in _SQL_SUBSYSTEMS


def is_agent_job(language: str | None) -> bool:
    """Whether a text holds the steps of an agent's job."""
    return (language or "").lower().startswith("agent job")


def steps(definition: str) -> Iterator[Step]:
    """The steps of an agent's job, in order."""
    marks = list(_STEP.finditer(definition))
    for place, mark in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(definition)
        above = definition.count("\n", 0, mark.end())
        yield Step(definition[mark.end() : end], above, mark[3], mark[4] or "")


def moved(found: Dependencies, step: Step) -> Dependencies:
    """What a step refers to, as seen from the job: lines counted from its top, names told with their database."""
    shift = step.above

    def qualified(name: Name) -> Name:
        own = len(name.parts) > 2 or name.locator or name.last[:1] in {"#", "@"} or not step.database
        return name if own else Name((step.database, *("", *name.parts)[-2:]), (True, *(False, *name.quoted)[-2:]))

    def use(edge: ColumnUse) -> ColumnUse:
        target = None if edge.target is None else qualified(edge.target)
        return replace(edge, target=target, table=None if edge.table is None else qualified(edge.table))

    def moved_reference(reference: Reference) -> Reference:
        name = qualified(Name(reference.name.parts, reference.name.quoted or (False,) * len(reference.name.parts),
                              reference.name.locator))  # fmt: skip
        return replace(reference, name=name, line=reference.line + shift)

    return Dependencies(
        tuple(moved_reference(r) for r in found.references),
        tuple(_lines(text, shift) for text in found.dynamic),
        tuple(_lines(text, shift) for text in found.problems),
        tuple(use(edge) for edge in found.columns if edge.target is not None),
    )


def together(parts: list[Dependencies]) -> Dependencies:
    """What all steps refer to, each once."""
    return Dependencies(
        tuple(dict.fromkeys(r for part in parts for r in part.references)),
        tuple(dict.fromkeys(text for part in parts for text in part.dynamic)),
        tuple(dict.fromkeys(text for part in parts for text in part.problems)),
        tuple(dict.fromkeys(use for part in parts for use in part.columns)),
    )


def _lines(text: str, shift: int) -> str:
    """A sentence that begins with the line it speaks of, counted from the top of the job."""
    found = re.match(r"line (\d{1,9}):", text)
    return f"line {int(found[1]) + shift}:{text[found.end() :]}" if found else text
