"""Directories that a unit leaves to others: those side by side are handed out together.

A unit of one directory alone would cost some round trips for its few names; of many, no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model import Unit

TOGETHER = 100
"""Directories side by side that are handed out as one unit."""
LONGEST_MARK = 1500
"""Characters of the names in such a unit: the catalog keeps an index of them."""


class Rest:
    """Directories waiting to be handed out, by the one that holds them."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {}
        self._length: dict[str, int] = {}
        self._units: list[Unit] = []

    def add(self, key: str) -> None:
        """Leave a directory to another unit."""
        above, slash, name = key[:-1].rpartition("/")
        above += slash
        if self._length.get(above, 0) + len(name) > LONGEST_MARK:
            self._close(above)
        names = self._waiting.setdefault(above, [])
        names.append(name)
        self._length[above] = self._length.get(above, 0) + len(name) + 1
        if len(names) >= TOGETHER:
            self._close(above)

    def take(self, *, all_of_them: bool = False) -> Iterator[Unit]:
        """Hand out those of which enough lie side by side, or all."""
        if all_of_them:
            for above in list(self._waiting):
                self._close(above)
        units, self._units = self._units, []
        yield from units

    def _close(self, above: str) -> None:
        names = self._waiting.pop(above, [])
        self._length.pop(above, None)
        if len(names) == 1:
            self._units.append(Unit(f"{above}{names[0]}/"))
        elif names:
            self._units.append(Unit.several(above, names))
