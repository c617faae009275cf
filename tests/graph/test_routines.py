"""Reads, writes and calls of realistic routines, as labelled by hand in ``data/routines``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scanner.graph.names import Dependencies
from scanner.graph.sql import dependencies

FOLDER = Path(__file__).parent / "data" / "routines"
CANARY = "c4n4ry"


@dataclass
class Routine:
    """A routine's text and what is written over it; in a label ``~`` stands for a space within a name."""

    title: str
    dialect: str
    text: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def names(self, label: str) -> set[str]:
        return {name.replace("~", " ").lower() for name in self.labels.get(label, "").split()}


def routines() -> list[Routine]:
    found: list[Routine] = []
    for path in sorted(FOLDER.glob("*.sql")):
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.startswith("--@ "):
                found[-1].text += line
            elif not found or found[-1].text:
                found.append(Routine(line[4:].strip(), path.stem))
            else:
                label, _, value = line[4:].strip().partition(" ")
                found[-1].labels[label] = value
    return found


def read(routine: Routine) -> Dependencies:
    labels = routine.labels
    dialect = labels.get("dialect", routine.dialect)
    return dependencies(routine.text, dialect, labels.get("kind", "procedure"), labels.get("language"))


ROUTINES = routines()


def test_there_are_enough_of_them() -> None:
    assert len(ROUTINES) >= 60
    assert len({r.labels.get("dialect", r.dialect) for r in ROUTINES}) >= 10


@pytest.mark.parametrize("routine", ROUTINES, ids=lambda r: f"{r.dialect}: {r.title}")
def test_a_routine_reads_writes_and_calls(routine: Routine) -> None:
    found = read(routine)
    plain = [r for r in found.references if not r.name.locator]
    got = {
        "reads": {str(r.name).lower() for r in plain if r.verb == "reads"},
        "writes": {str(r.name).lower() for r in plain if r.verb in {"writes", "removes"}},
    }
    assert got == {"reads": routine.names("reads"), "writes": routine.names("writes")}
    certain = {str(r.name).lower() for r in plain if r.verb == "calls"}
    possible = {str(r.name).lower() for r in plain if r.verb == "may_call"}
    assert certain <= routine.names("calls") <= certain | possible
    assert {r.name.last.lower() for r in found.references if r.name.locator} == routine.names("at")


@pytest.mark.parametrize("routine", ROUTINES, ids=lambda r: f"{r.dialect}: {r.title}")
def test_what_is_not_read_is_told(routine: Routine) -> None:
    found = read(routine)
    assert bool(found.dynamic) == ("dynamic" in routine.labels)
    if "unread" in routine.labels or "elsewhere" in routine.labels:
        assert found.problems
    assert CANARY not in repr(found)


def test_a_package_tells_which_subprogram_refers_to_what() -> None:
    found = read(next(r for r in ROUTINES if r.title.startswith("package body")))
    within = {str(r.name): r.within for r in found.references if r.verb in {"reads", "writes", "removes"}}
    assert within == {
        "orders": "", "customers": "", "tax_rates": "tax_for", "invoices": "bill", "emp": "bill",
        "invoice_lines": "bill", "audit_log": "bill",
    }  # fmt: skip


def test_what_reads_a_reference_is_named() -> None:
    found = read(next(r for r in ROUTINES if r.title.startswith("dynamic text in a variable")))
    parsers = {str(r.name): r.parser for r in found.references if r.verb in {"reads", "writes"}}
    assert parsers == {"dbo.Config": "sqlglot", "dbo.Archive": "token scan", "dbo.Invoice": "token scan"}
