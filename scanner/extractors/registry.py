"""Every extractor there is, and which of them a file is for: structured readers first, the text scanner last."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import import_module

from scanner.extractor import Extractor

FAMILIES = (
    "dotnet", "jee", "settings", "clients", "databases", "ssis", "ssrs", "powerbi", "connections", "workbooks",
    "documents", "unix", "windows", "scripts", "deployment", "sqltext", "text",
)  # fmt: skip
"""Modules of this room, in the order they are asked; each has ``EXTRACTORS``. ``text`` is last: it takes any text."""


@functools.cache
def extractors() -> tuple[Extractor, ...]:
    """Every extractor, in the order they are asked."""
    return tuple(e for family in FAMILIES for e in import_module(f"scanner.extractors.{family}").EXTRACTORS)


def wanting(path: str) -> Iterator[Extractor]:
    """The extractors that are for a file of this canonical path, in order; the first that does not decline quotes."""
    lower = path.lower()
    return (e for e in extractors() if e.wants(lower))
