"""The names of one directory, chunk by chunk, and a mark to go on from where a very long one is cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice

from connectors.file.safely import reason

CHUNK = 1000
"""Names asked about between two looks at the pace, so that a stop is heeded soon on a slow mount too."""
PIECE = 100_000
"""Names after which a directory is cut and the rest handed back as a unit, where its file system can go on there."""
LONGEST = 100_000_000
"""Names after which a directory counts as endless."""
KEPT = 250_000
"""Names of one directory that are remembered, to notice one that comes twice because it was moved meanwhile."""
STALE = 20
"""Chunks without a new name after which a directory counts as going round in circles."""


class Listing:
    """One listing of an open directory; used once.

    ``after`` is the mark an earlier piece ended with. While ``chunks`` is run, ``listed`` counts the names so far and
    ``repeated`` holds those of the last chunk that had come before; afterwards ``broken`` says why it broke off, as a
    code and words, and ``rest`` is the mark that the next piece goes on from, '' where there is none.
    """

    def __init__(self, handle: int, after: str, *, anchored: bool, pace: Callable[[], None]) -> None:
        self._handle = handle
        self._before = 0
        if after:
            place, _, before = after.partition(":")
            self._before = int(before)
            os.lseek(handle, int(place), os.SEEK_SET)
        self._anchored = anchored
        self._pace = pace
        self._seen: set[str] = set()
        self._scan = os.scandir(handle)  # begins where the descriptor stands
        self.listed = 0
        self.repeated: list[str] = []
        self.broken: tuple[str, str] | None = None
        self.rest = ""

    @staticmethod
    def valid(mark: str) -> bool:
        """Whether a unit's mark is one of ours."""
        place, _, before = mark.partition(":")
        return not mark or (place.isascii() and place.isdecimal() and before.isascii() and before.isdecimal())

    def chunks(self) -> Iterator[list[str]]:
        """The names as Python decodes them, none twice."""
        stale = 0
        with self._scan as names:
            while self.broken is None and not self.rest:
                self._pace()
                raw, ended = self._some(names)
                if ended and not self._seen and len(set(raw)) == len(raw):
                    yield raw
                    return
                fresh = self._fresh(raw)
                yield fresh
                if ended:
                    return
                stale = 0 if fresh else stale + 1
                total = self._before + self.listed
                if total >= LONGEST:
                    self.broken = ("TRUNCATED", f"more than {LONGEST} names")
                elif stale >= STALE:
                    self.broken = ("TRUNCATED", f"no new name in the last {STALE * CHUNK}")

    def _some(self, names: Iterator[os.DirEntry[str]]) -> tuple[list[str], bool]:
        """Further names, and whether there are no more of them."""
        raw: list[str] = []
        try:
            raw.extend(entry.name for entry in islice(names, CHUNK))  # keeps what came when the rest fails
            ended = len(raw) < CHUNK
            if not ended and self._anchored and self.listed + len(raw) >= PIECE:
                ended = self._cut(names, raw)
        except OSError as error:
            code = "PARTIAL" if self._before or self.listed or raw else reason(error)
            self.broken, ended = (code, str(error.strerror)), True
        self.listed += len(raw)
        return raw, ended

    def _cut(self, names: Iterator[os.DirEntry[str]], raw: list[str]) -> bool:
        """Take what the kernel has given already; where it is asked for more is where the next piece goes on.

        The name that came with the new answer belongs to that piece. Returns whether there was none.
        """
        place = os.lseek(self._handle, 0, os.SEEK_CUR)
        for entry in names:
            if os.lseek(self._handle, 0, os.SEEK_CUR) != place:
                self.rest = f"{place}:{self._before + self.listed + len(raw)}"
                return False
            raw.append(entry.name)
        return True

    def _fresh(self, raw: list[str]) -> list[str]:
        """The names that did not come before."""
        fresh = dict.fromkeys(raw)
        self.repeated = []
        if len(fresh) < len(raw) or not self._seen.isdisjoint(fresh):
            met = set(self._seen)
            for name in raw:
                if name in met:
                    self.repeated.append(name)
                met.add(name)
            raw = [name for name in fresh if name not in self._seen]
        if len(self._seen) < KEPT:
            self._seen.update(raw)
        return raw
