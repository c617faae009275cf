"""Entries by column, whose owners may become known later."""

from __future__ import annotations

from typing import Any

from scanner.model import Batch
from scanner.schema import ENTRY

_COLUMNS = (
    "parent", "name", "kind", "size", "allocated", "modified", "created", "owner", "attributes", "target", "tier",
    "subtype",
)  # fmt: skip
_OWNER = _COLUMNS.index("owner")


class Rows:
    """Entries not yet handed out."""

    def __init__(self) -> None:
        self._lists: tuple[list[Any], ...] = tuple([] for _ in _COLUMNS)

    def __len__(self) -> int:
        return len(self._lists[0])

    def add(self, *values: object) -> None:
        """Append one entry."""
        for column, value in zip(self._lists, values, strict=True):
            column.append(value)

    def extend(self, more: Rows) -> None:
        """Append the entries of another."""
        for column, values in zip(self._lists, more._lists, strict=True):
            column.extend(values)

    def own(self, row: int, owner: str) -> None:
        """Say who owns the entry in that row."""
        self._lists[_OWNER][row] = owner

    def take(self) -> Batch:
        """Hand out what has been added as a batch, and start again empty."""
        batch = Batch(ENTRY, dict(zip(_COLUMNS, self._lists, strict=True)))
        self._lists = tuple([] for _ in _COLUMNS)
        return batch
