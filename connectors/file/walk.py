"""Walking one unit: directories listed through descriptors, depth first, until the unit has had its share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from connectors.file.mounts import Mounts
from connectors.file.options import FileOptions
from connectors.file.rows import DIRECTORY, FORMAT, LINK, REGULAR, Rows, canonical_names
from connectors.file.safely import open_directory, parts, pass_through, reason, scarce
from scanner.connector import Session
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.paths import canonical

CHUNK = 1000
"""Names asked about between two looks at the pace, so that a stop is heeded soon on a slow mount too."""
BATCH = 10_000
"""Entries in a batch: enough to make columns cheap, few enough to stay small."""
SHARE = 50_000
"""Entries after which a unit hands out what is left: work for others, and little lost in a crash."""
SHARE_S = 0.25
"""Seconds after which it does so too: where a source is slow, workers side by side are what helps."""
LONGEST = 100_000_000
"""Names after which a directory counts as endless."""
KEPT = 250_000
"""Names of one directory that are remembered, to notice one that comes twice because it was moved meanwhile."""
DEPTH = 64
"""Directories held open at once; deeper ones become units."""
SNAPSHOTS = frozenset({".snapshot", ".zfs", "~snapshot"})

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Child:
    """A directory that was recorded and waits to be listed."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class _Open:
    """A directory that was listed and stays open while those beneath it are."""

    handle: int
    identity: Identity
    children: list[_Child]


class Walk:
    """One unit being crawled; used once."""

    def __init__(
        self,
        root: int,
        options: FileOptions,
        session: Session,
        mounts: Mounts,
        rows: Rows,
        settings: Callable[[int, str], Batch],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._options = options
        self._session = session
        self._mounts = mounts
        self._rows = rows
        self._settings = settings
        self._clock = clock
        self._until = clock() + SHARE_S
        self._left = SHARE
        self._faults: list[Fault] = []
        self._above: set[Identity] = set()

    def run(self, key: str) -> Iterator[Event]:
        """The directory of that key, and what lies beneath it."""
        opened: list[_Open] = []
        try:
            try:
                handle = self._enter(key)
            except OSError as error:
                yield self._unlisted(key, error)
                return
            yield from self._list(handle, key, opened)
            while opened:
                here = opened[-1]
                if here.children:
                    yield from self._descend(here, here.children.pop(), opened)
                else:
                    opened.pop()
                    self._above.discard(here.identity)
                    os.close(here.handle)
            yield from self._told()
        finally:
            for here in opened:
                os.close(here.handle)

    def _enter(self, key: str) -> int:
        """Open the unit's directory step by step from the root, so that no link is ever followed."""
        at = os.dup(self._root)
        try:
            for name in parts(key):
                facts = os.fstat(at)
                self._above.add((facts.st_dev, facts.st_ino))
                below = pass_through(at, name)
                os.close(at)
                at = below
            return open_directory(at, b".")
        finally:
            os.close(at)

    def _descend(self, here: _Open, child: _Child, opened: list[_Open]) -> Iterator[Event]:
        spent = self._left <= 0 or len(opened) >= DEPTH or self._clock() > self._until
        if spent or not self._session.within(child.key):
            yield Unit(child.key)
            return
        try:
            handle = open_directory(here.handle, child.name)
        except OSError as error:
            self._faults.append(self._unlisted(child.key, error))
            return
        yield from self._list(handle, child.key, opened)

    def _unlisted(self, key: str, error: OSError) -> Fault:
        if scarce(error):
            raise SourceError("OTHER", str(error.strerror), where=key, transient=True) from None
        return Fault(key, "list", reason(error), str(error.strerror))

    # one directory

    def _list(self, handle: int, key: str, opened: list[_Open]) -> Iterator[Event]:
        """List an open directory; it is then the last of ``opened``, with the directories it holds waiting."""
        try:
            facts = os.fstat(handle)
            scan = os.scandir(handle)
        except OSError as error:
            os.close(handle)
            self._faults.append(self._unlisted(key, error))
            return
        here = _Open(handle, (facts.st_dev, facts.st_ino), [])
        opened.append(here)
        self._above.add(here.identity)
        if key in self._mounts.below:
            yield self._settings(handle, key)
        listed, odd = 0, 0
        broken: Fault | None = None
        seen: set[str] = set()
        with scan as names:
            while broken is None:
                self._session.pace()
                chunk: list[os.DirEntry[str]] = []
                try:
                    chunk.extend(islice(names, CHUNK))  # keeps what came when the rest fails
                except OSError as error:
                    code = "PARTIAL" if listed or chunk else reason(error)
                    broken = Fault(key, "list", code, str(error.strerror))
                listed += len(chunk)
                if listed >= LONGEST:
                    broken = Fault(key, "list", "TRUNCATED", f"more than {LONGEST} names")
                fresh = self._fresh(key, [entry.name for entry in chunk], seen)
                if fresh:
                    odd += self._record(here, key, facts.st_dev, fresh)
                if len(self._rows) >= BATCH:
                    yield from self._told()
                if listed > SHARE:  # no use in remembering more of them than this unit could ever cover
                    yield from (Unit(child.key) for child in here.children)
                    here.children.clear()
                if len(chunk) < CHUNK:
                    break
        self._left -= listed
        self._rows.listed(key, listed, complete=broken is None)
        if broken is not None:
            self._faults.append(broken)
        if odd:
            self._faults.append(Fault(key, "note", "NAME_UNDECODABLE", f"{odd} names here are not valid UTF-8"))

    def _fresh(self, key: str, raw: list[str], seen: set[str]) -> list[str]:
        """The names that did not come before; one that did is accounted for as skipped."""
        fresh = dict.fromkeys(raw)
        if len(fresh) < len(raw) or not seen.isdisjoint(fresh):
            repeated = [name for place, name in enumerate(raw) if name in seen or name in raw[:place]]
            shown, _ = canonical_names(repeated)
            self._faults += [Fault(key + name, "skip", "DUPLICATE_ENTRY") for name in shown]
            raw = [name for name in fresh if name not in seen]
        if len(seen) < KEPT:
            seen.update(raw)
        return raw

    def _told(self) -> Iterator[Event]:
        yield from self._rows.take()
        faults, self._faults = self._faults, []
        yield from faults

    def _record(self, here: _Open, key: str, device: int, raw: list[str]) -> int:
        """Record the entries of some names; returns how many names were not UTF-8."""
        handle, stat = here.handle, os.stat
        names, odd = canonical_names(raw)
        try:
            stats = [stat(name, dir_fd=handle, follow_symlinks=False) for name in raw]
        except OSError:
            raw, names, stats = self._one_by_one(handle, key, raw, names)
        targets: dict[int, str | None] = {}
        for place, facts in enumerate(stats):
            kind = facts.st_mode & FORMAT
            if kind == REGULAR:
                continue
            if kind == DIRECTORY:
                child = _Child(raw[place], f"{key}{names[place]}/")
                fault = self._barred(child, facts, device)
                if fault is None:
                    here.children.append(child)
                else:
                    self._faults.append(fault)
            elif kind == LINK:
                targets[place] = _target(handle, raw[place])
        self._rows.add(key, names, stats, targets)
        return odd

    def _one_by_one(
        self, handle: int, key: str, raw: list[str], names: list[str]
    ) -> tuple[list[str], list[str], list[os.stat_result]]:
        """The same for a chunk in which a name failed: that name becomes a fault, the others stay."""
        kept: tuple[list[str], list[str], list[os.stat_result]] = ([], [], [])
        for name, shown in zip(raw, names, strict=True):
            try:
                facts = os.stat(name, dir_fd=handle, follow_symlinks=False)
            except OSError as error:
                self._faults.append(Fault(key + shown, "stat", reason(error), str(error.strerror)))
                continue
            kept[0].append(name)
            kept[1].append(shown)
            kept[2].append(facts)
        return kept

    def _barred(self, child: _Child, facts: os.stat_result, device: int) -> Fault | None:
        """Why a directory is recorded but not entered; None where it is."""
        options, path = self._options, child.key[:-1]
        if child.name in SNAPSHOTS and not options.snapshots:
            return Fault(path, "descend", "SNAPSHOT", child.name)
        mount = self._mounts.below.get(child.key)
        if mount is not None and mount.pseudo:
            return Fault(path, "descend", "PSEUDO_FS", mount.type)
        if (mount is not None or facts.st_dev != device) and not options.cross_mounts:
            what = f"{mount.type} {mount.of}" if mount is not None else "a file system, or a part of one, of its own"
            return Fault(path, "descend", "MOUNT", what)
        if (facts.st_dev, facts.st_ino) in self._above:
            return Fault(path, "descend", "LOOP", "it is one of the directories above it")
        return None


def _target(handle: int, name: str) -> str | None:
    try:
        return canonical(os.fsencode(os.readlink(name, dir_fd=handle)))
    except OSError:  # gone, or not shown: where it points is unknown, that it is there is not
        return None
