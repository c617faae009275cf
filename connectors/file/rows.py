"""From what the system calls return to columns: whole columns at a time, no object per entry that is kept."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

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
    """Entries and listings on their way into batches.

    What a system call returned is taken apart directory by directory, so that its memory serves the next one at once;
    what follows from that is worked out by Arrow, for many directories together.
    """

    def __init__(self, mounts: Mounts, words: Words, *, access_times: bool) -> None:
        self._mounts = mounts
        self._access_times = access_times
        self._owners = words.users
        self._groups = words.groups
        self.grants = Grants(words)
        self._start()

    def _start(self) -> None:
        self._parents: tuple[list[str], list[int]] = ([], [])
        """Directories, and where in the names those of the next one begin."""
        self._names: list[str] = []
        self._facts: tuple[list[int], ...] = tuple([] for _ in range(7))
        self._accessed: list[int] = []
        self._targets: dict[int, str | None] = {}
        self._hardlinks: dict[int, str | None] = {}
        self._tiers: dict[int, str | None] = {}
        """What only some have, by their place."""
        self._listings: tuple[list[str], list[int], list[bool]] = ([], [], [])
        self._unasked: tuple[list[str], list[str], list[str]] = ([], [], [])

    def __len__(self) -> int:
        """Entries waiting; rights count too where they are many."""
        return max(len(self._names), len(self.grants) // 8)

    def add(self, parent: str, names: list[str], stats: list[os.stat_result], targets: dict[int, str | None]) -> None:
        """Add entries of one directory; ``names`` are canonical, ``targets`` says where a link at that place points."""
        if not names:
            return
        first = len(self._names)
        self._targets.update((first + place, target) for place, target in targets.items())
        self._names += names
        self._parents[0].append(parent)
        self._parents[1].append(len(self._names))
        modes, _inodes, _devices, links, users, groups, sizes, *_seconds = zip(*stats, strict=True)
        blocks = [s.st_blocks for s in stats]
        changed = [s.st_mtime_ns for s in stats]
        for column, values in zip(self._facts, (modes, links, users, groups, sizes, blocks, changed), strict=True):
            column.extend(values)
        if self._access_times:
            self._accessed += [s.st_atime_ns for s in stats]
        if max(links) > 1:
            self._hardlinks.update(
                (first + place, f"{s.st_dev}:{s.st_ino}")
                for place, s in enumerate(stats)
                if s.st_nlink > 1 and s.st_mode & FORMAT == REGULAR
            )
        if 0 in blocks:
            self._doubt(first, stats, blocks)

    def _doubt(self, first: int, stats: list[os.stat_result], blocks: list[int]) -> None:
        for place, count in enumerate(blocks):
            if not count and (s := stats[place]).st_size and s.st_mode & FORMAT == REGULAR:
                self._tiers[first + place] = tier(s, self._mounts.type_of(s.st_dev))

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

    def _columns(self) -> dict[str, pa.Array]:
        modes, links, users, groups, sizes, blocks = (pa.array(column, pa.int64()) for column in self._facts[:6])
        formats = pc.bit_wise_and(modes, FORMAT)
        is_file = pc.equal(formats, REGULAR)
        rows, nothing = len(self._names), pa.scalar(None, pa.int64())
        columns = {
            "parent": _spread(*self._parents),
            "name": pa.array(self._names, pa.string()),
            "kind": _named(formats, lambda kind: _KINDS.get(kind, "unknown")),
            "size": pc.if_else(is_file, sizes, nothing),
            "allocated": pc.multiply(blocks, 512),
            "modified": _microseconds(self._facts[6]),
            "owner": _named(users, self._owners.__getitem__),
            "group": _named(groups, self._groups.__getitem__),
            "mode": modes,
            "links": pc.if_else(is_file, links, nothing),
            "tier": _some(self._tiers, rows) if self._tiers else pa.nulls(rows, pa.string()),
        }
        columns["tier"] = pc.coalesce(columns["tier"], pc.if_else(is_file, "online", None))
        if self._access_times:
            columns["accessed"] = _microseconds(self._accessed)
        if self._hardlinks:
            columns["hardlink"] = _some(self._hardlinks, rows)
        if self._targets:
            columns["target"] = _some(self._targets, rows)
        if pc.any(pc.is_in(formats, pa.array(_SPECIAL, pa.int64()))).as_py():
            columns["subtype"] = _named(formats, _SPECIAL.get)
        return columns


def _spread(values: list[str], ends: list[int]) -> pa.Array:
    """Each value as often as there are places up to its end."""
    ends_ = pa.array([0, *ends], pa.int32())
    whose = pc.list_parent_indices(pa.ListArray.from_arrays(ends_, pa.nulls(ends[-1])))
    return pa.DictionaryArray.from_arrays(whose.cast(pa.int32()), pa.array(values, pa.string()))


def _named(numbers: pa.Array, name: Callable[[int], str | None]) -> pa.Array:
    """A name for each number, asked for once each."""
    encoded = numbers.dictionary_encode()
    names = pa.array([name(number) for number in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, names)


def _some(values: dict[int, str | None], rows: int) -> pa.Array:
    """The values at their places; unknown at all others."""
    return pa.array([values.get(place) for place in range(rows)], pa.string())


def _microseconds(nanoseconds: list[int]) -> pa.Array:
    """Times as the catalog keeps them; unknown where a broken clock wrote what 64 bits cannot hold."""
    try:
        exact = pa.array(nanoseconds, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        return pa.array([time if (time := n // 1000) in _INT64 else None for n in nanoseconds], pa.int64())
    times = pc.divide(exact, 1000)  # towards zero: one too much before 1970
    return pc.subtract(times, pc.greater(pc.multiply(times, 1000), exact).cast(pa.int64()))


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
