"""Entries by column, whose owners may become known later."""

from __future__ import annotations

from scanner.model import Batch
from scanner.schema import ENTRY

_COLUMNS = (
    "parent", "name", "kind", "size", "allocated", "modified", "created", "owner", "attributes", "target", "tier",
    "subtype",
)  # fmt: skip
_OWNER = _COLUMNS.index("owner")


class Rows:
    """Entries not yet handed out; kept as rows, since one append costs less than twelve."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, *values: object) -> None:
        """Append one entry, a value for each column."""
        self._rows.append(values)

    def extend(self, more: Rows) -> None:
        """Append the entries of another."""
        self._rows += more._rows

    def own(self, row: int, owner: str) -> None:
        """Say who owns the entry in that row."""
        values = self._rows[row]
        self._rows[row] = *values[:_OWNER], owner, *values[_OWNER + 1 :]

    def take(self) -> Batch:
        """Hand out what has been added as a batch, and start again empty."""
        rows, self._rows = self._rows, []
        columns = zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS)
        return Batch(ENTRY, dict(zip(_COLUMNS, map(list, columns), strict=True)))
