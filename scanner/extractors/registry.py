"""Every extractor there is, and which of them a file is for: structured readers first, the text scanner last."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import import_module

from scanner.extractor import Extractor

FAMILIES: tuple[str, ...] = (
    "dotnet", "jee", "settings", "clients", "databases", "ssis", "ssrs", "powerbi", "connections", "workbooks",
    "documents", "unix", "windows", "scripts", "deployment", "generic", "sqltext", "text",
)  # fmt: skip
"""Modules, in the order they are asked; each has ``EXTRACTORS``. ``text`` is last: it takes any text.

One with a dot in its name is not of this room: tests have such.
"""


_lost: dict[str, str] = {}


@functools.cache
def extractors() -> tuple[Extractor, ...]:
    """Every extractor, in the order they are asked; a family that cannot be imported costs its own alone."""
    _lost.clear()
    found: list[Extractor] = []
    for family in FAMILIES:
        try:
            found += import_module(family if "." in family else f"scanner.extractors.{family}").EXTRACTORS
        except MemoryError:  # nothing is wrong with the family
            raise
        except Exception as error:  # noqa: BLE001 - whatever a module raises that is damaged or lacks what it needs
            _lost[family] = f"{type(error).__name__}: {error}"
    return tuple(found)


def lost() -> dict[str, str]:
    """The families that could not be imported, and why."""
    extractors()
    return dict(_lost)


def wanting(path: str) -> Iterator[Extractor]:
    """The extractors that are for a file of this canonical path, in order; the first that does not decline quotes."""
    lower = path.lower()
    return (e for e in extractors() if e.wants(lower))
