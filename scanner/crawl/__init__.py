"""Crawl: the frontier, the workers, retries, pacing, deadlines and the ledger."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.crawl.progress import Progress, SourceProgress
    from scanner.crawl.run import Outcome, Run

__all__ = ["Outcome", "Progress", "Run", "SourceProgress"]

_PLACES = {"Outcome": "run", "Run": "run", "Progress": "progress", "SourceProgress": "progress"}


def __getattr__(name: str) -> object:
    """Loaded when asked for: a child process is of this room too, and needs neither catalog nor database."""
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"scanner.crawl.{_PLACES[name]}"), name)
