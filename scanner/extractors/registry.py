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


@functools.cache
def extractors() -> tuple[Extractor, ...]:
    """Every extractor, in the order they are asked."""
    modules = (family if "." in family else f"scanner.extractors.{family}" for family in FAMILIES)
    return tuple(e for module in modules for e in import_module(module).EXTRACTORS)


def wanting(path: str) -> Iterator[Extractor]:
    """The extractors that are for a file of this canonical path, in order; the first that does not decline quotes."""
    lower = path.lower()
    return (e for e in extractors() if e.wants(lower))
