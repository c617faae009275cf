"""From what the system calls return to columns: whole columns at a time, no object per entry."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence

from connectors.file.mounts import HIERARCHICAL, INLINE, INLINE_BYTES, Mounts
from connectors.file.rights import Grants, Words
from scanner.model import Batch
from scanner.paths import canonical
from scanner.schema import ENTRY, LISTING

REGULAR, DIRECTORY, LINK = stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK
FORMAT = 0o170000
"""The bits of a mode that say what kind of file it is."""
_SPECIAL = {
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}
_KINDS = {REGULAR: "file", DIRECTORY: "directory", LINK: "link", **dict.fromkeys(_SPECIAL, "special")}
_INT64 = range(-(1 << 63), 1 << 63)
_UTF8_NAMES = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"


class Rows:
    """Entries and listings on their way into batches."""

    def __init__(self, mounts: Mounts, words: Words, *, access_times: bool) -> None:
        self._mounts = mounts
        self._access_times = access_times
        self._owners = words.users
        self._groups = words.groups
        self.grants = Grants(words)
        self._start()

    def _start(self) -> None:
        self._parents: list[str] = []
        self._names: list[str] = []
        self._stats: list[os.stat_result] = []
        self._targets: dict[int, str | None] = {}
        self._listings: tuple[list[str], list[int], list[bool]] = ([], [], [])
        self._unasked: tuple[list[str], list[str], list[str]] = ([], [], [])

    def __len__(self) -> int:
        """Entries waiting; rights count too where they are many."""
        return max(len(self._names), len(self.grants) // 8)

    def add(self, parent: str, names: list[str], stats: list[os.stat_result], targets: dict[int, str | None]) -> None:
        """Add entries of one directory; ``names`` are canonical, ``targets`` says where a link at that place points."""
        if targets:
            first = len(self._names)
            self._targets.update((first + place, target) for place, target in targets.items())
        self._parents += [parent] * len(names)
        self._names += names
        self._stats += stats

    def add_unasked(self, parent: str, name: str, kind: str) -> None:
        """Add one entry of which nothing but its kind is known, since nobody asked for more."""
        for column, value in zip(self._unasked, (parent, name, kind), strict=True):
            column.append(value)

    def listed(self, path: str, names: int, *, complete: bool) -> None:
        """Add the ledger's line for one directory."""
        paths, counts, ends = self._listings
        paths.append(path)
        counts.append(names)
        ends.append(complete)

    def take(self) -> list[Batch]:
        """Everything added since the last time, as batches."""
        batches = []
        if self._names:
            batches.append(Batch(ENTRY, self._columns()))
        if self._unasked[0]:
            batches.append(Batch(ENTRY, dict(zip(("parent", "name", "kind"), self._unasked, strict=True))))
        if self.grants:
            batches.append(self.grants.take())
        if self._listings[0]:
            batches.append(Batch(LISTING, dict(zip(("path", "listed", "complete"), self._listings, strict=True))))
        self._start()
        return batches

    def _columns(self) -> dict[str, Sequence[object]]:
        stats = self._stats
        modes, inodes, devices, links, users, groups, sizes, *_seconds = zip(*stats, strict=True)
        kinds = [_KINDS.get(mode & FORMAT, "unknown") for mode in modes]
        columns: dict[str, Sequence[object]] = {
            "parent": self._parents,
            "name": self._names,
            "kind": kinds,
            "size": [size if kind == "file" else None for size, kind in zip(sizes, kinds, strict=True)],
            "allocated": [s.st_blocks * 512 for s in stats],
            "modified": _microseconds(s.st_mtime_ns for s in stats),
            "owner": [self._owners[user] for user in users],
            "group": [self._groups[group] for group in groups],
            "mode": modes,
            "links": [count if kind == "file" else None for count, kind in zip(links, kinds, strict=True)],
            "tier": ["online" if kind == "file" else None for kind in kinds],
        }
        if self._access_times:
            columns["accessed"] = _microseconds(s.st_atime_ns for s in stats)
        if 0 in columns["allocated"]:
            self._doubt(columns["tier"])
        if max(links) > 1:
            columns["hardlink"] = [
                f"{device}:{inode}" if count > 1 and kind == "file" else None
                for device, inode, count, kind in zip(devices, inodes, links, kinds, strict=True)
            ]
        if self._targets:
            columns["target"] = [self._targets.get(place) for place in range(len(stats))]
        if "special" in kinds:
            columns["subtype"] = [_SPECIAL.get(mode & FORMAT) for mode in modes]
        return columns

    def _doubt(self, tiers: object) -> None:
        assert isinstance(tiers, list)
        for place, s in enumerate(self._stats):
            if not s.st_blocks and tiers[place]:
                tiers[place] = tier(s, self._mounts.type_of(s.st_dev))


def _microseconds(nanoseconds: Iterable[int]) -> list[int | None]:
    """Times as the catalog keeps them; unknown where a broken clock wrote what 64 bits cannot hold."""
    times: list[int | None] = []
    times += [n // 1000 for n in nanoseconds]
    if all(time in _INT64 for time in (min(times, default=0), max(times, default=0))):  # type: ignore[type-var]
        return times
    return [time if time in _INT64 else None for time in times]


def tier(s: os.stat_result, file_system: str) -> str:
    """Where a regular file's content seems to be.

    Content without a block on disk is either a hole, or kept within the inode, or has been moved away by a hierarchical
    storage manager; only the type of the file system tells, and not always: then it is nearline, a suspect.
    """
    if s.st_blocks or not s.st_size:
        return "online"
    if file_system in HIERARCHICAL:
        return "offline"
    return "online" if file_system in INLINE and s.st_size <= INLINE_BYTES else "nearline"


def canonical_names(names: list[str]) -> tuple[list[str], int]:
    """The canonical form of names as Python decoded them, and how many of them were not UTF-8."""
    joined = "/".join(names)
    if _UTF8_NAMES and "\\" not in joined:
        if joined.isascii():
            return names, 0
        try:
            joined.encode()
        except UnicodeEncodeError:
            pass
        else:
            return names, 0
    exact = [canonical(os.fsencode(name)) for name in names]
    odd = sum(not _is_utf8(name) for name in names) if not joined.isascii() else 0
    return exact, odd


def _is_utf8(name: str) -> bool:
    try:
        os.fsencode(name).decode()
    except UnicodeDecodeError:
        return False
    return True
