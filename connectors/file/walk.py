"""Walking one unit: directories listed through descriptors, depth first, until the unit has had its share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from connectors.file.listing import Listing
from connectors.file.mounts import ANCHORED, Mount, Mounts
from connectors.file.options import FileOptions
from connectors.file.rights import Rights, attributes, look, of_mode
from connectors.file.rows import DIRECTORY, FORMAT, LINK, REGULAR, Rows, canonical_names
from connectors.file.safely import kept_waiting_s, open_directory, parts, pass_through, reason, scarce
from scanner.connector import Session
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.paths import canonical

BATCH = 10_000
"""Entries in a batch: enough to make columns cheap, few enough to stay small."""
SHARE = 50_000
"""Entries after which a unit hands out what is left: work for others, and little lost in a crash."""
SHARE_S = 0.25
"""Seconds after which it does so too: where a source is slow, workers side by side are what helps."""
DEPTH = 64
"""Directories held open at once; deeper ones become units."""
TYPICAL = 50
"""Names of a directory not seen yet: how many of those go into one unit is reckoned with it."""
FEWEST = 4
"""Units that several directories are handed out as at least, so that other workers have something to do at once."""
LONGEST_MARK = 1500
"""Characters of the names in such a unit: the catalog keeps an index of them."""
_OWN = "a file system, or a part of one, of its own"
SNAPSHOTS = frozenset({".snapshot", ".zfs", "~snapshot"})

Identity = tuple[int, int]
Marks = tuple[int, int, int]
_MARKS: Callable[[os.stat_result], Marks] = itemgetter(0, 4, 5)
"""Mode, user and group: what decides whether a file needs a closer look, taken from all of them at once."""


class _Child(NamedTuple):
    """A directory that was recorded and waits to be listed."""

    name: str
    key: str


@dataclass(slots=True)  # not frozen: that would make it three times as dear, and there is one per directory
class _Open:
    """A directory that was listed and stays open while those beneath it are."""

    handle: int
    key: str
    device: int
    identity: Identity
    rights: Rights | None
    """None where the file system keeps none."""
    plain: set[Marks]
    """Marks of files of which nothing more is to be told than such a directory says already."""
    children: list[_Child] = field(default_factory=list)
    given: bool = False
    """Whether it is the unit itself that says which directories in it are to be listed."""


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
        self._kept = kept_waiting_s()
        self._left = SHARE
        self._faults: list[Fault] = []
        self._above: set[Identity] = set()

    def run(self, unit: Unit) -> Iterator[Event]:
        """The directory of that unit, and what lies beneath it."""
        opened: list[_Open] = []
        if not unit.members and not Listing.valid(unit.after):
            raise SourceError("OTHER", "no mark of this connector's", where=unit.key)
        try:
            if unit.members:
                self._stand(unit, opened)
            else:
                yield from self._begin(unit, opened)
            while opened:
                here = opened[-1]
                if here.children and (self._spent or len(opened) >= DEPTH):
                    yield from self._handed_out(here)
                elif here.children:
                    yield from self._descend(here, here.children.pop(), opened)
                else:
                    opened.pop()
                    self._above.discard(here.identity)
                    os.close(here.handle)
            yield from self._told()
        finally:
            for here in opened:
                os.close(here.handle)

    def _begin(self, unit: Unit, opened: list[_Open]) -> Iterator[Event]:
        """List the unit's own directory."""
        try:
            handle, above = self._enter(unit.key)
        except OSError as error:
            self._faults.append(self._unlisted(unit.key, error))
            return
        if not self._changed(handle, _Child("", unit.key), os.fstat(self._root).st_dev):
            yield from self._list(handle, unit.key, unit.after, above, opened)

    def _stand(self, unit: Unit, opened: list[_Open]) -> None:
        """Stand in the directory that holds the unit's several ones, without listing it again."""
        children = [(os.fsdecode(parts(member.key)[-1]), member.key) for member in unit.members]
        try:
            at, _ = self._pass(unit.key)
        except OSError as error:
            self._faults += [self._unlisted(key, error) for _, key in children]
            return
        facts = os.fstat(at)
        fault = self._barred(_Child("", unit.key), facts, os.fstat(self._root).st_dev)
        if fault is not None:
            os.close(at)
            self._faults.append(fault)
            return
        rights = self._rights(f"/proc/self/fd/{at}/.", unit.key, facts, quiet=True)
        here = _Open(at, unit.key, facts.st_dev, (facts.st_dev, facts.st_ino), rights, set(), given=True)
        here.children += [_Child(name, key) for name, key in children]
        self._above.add(here.identity)
        opened.append(here)

    def _enter(self, key: str) -> tuple[int, Rights | None]:
        """Open the unit's directory; also gives the rights of the one above it."""
        at, above = self._pass(key)
        try:
            try:
                return open_directory(at, b"."), above
            except OSError:
                self._tell_closed(at, ".", key, above)
                raise
        finally:
            os.close(at)

    def _pass(self, key: str) -> tuple[int, Rights | None]:
        """Go to a directory step by step from the root, so that no link is ever followed.

        Gives a descriptor that is good to go on from, and the rights of the directory above.
        """
        at, above, names = os.dup(self._root), None, parts(key)
        try:
            for place, name in enumerate(names):
                facts = os.fstat(at)
                self._above.add((facts.st_dev, facts.st_ino))
                if place == len(names) - 1:
                    over = key[: key.rstrip("/").rfind("/") + 1]
                    above = self._rights(f"/proc/self/fd/{at}/.", over, facts, quiet=True)
                below = pass_through(at, name)
                os.close(at)
                at = below
        except BaseException:
            os.close(at)
            raise
        return at, above

    @property
    def _spent(self) -> bool:
        """Whether the unit has had its share; not where the time went while no processor was free."""
        if self._left > 0 and self._clock() > self._until:
            before, self._kept = self._kept, kept_waiting_s()
            self._until += self._kept - before
        return self._left <= 0 or self._clock() > self._until

    def _handed_out(self, here: _Open) -> Iterator[Unit]:
        """The directories that wait in this one, as units: of several each where they are read quickly.

        Reckoned is with a share's time for each unit, and what one name has taken so far.
        """
        children, here.children = here.children, []
        asked = max(1, SHARE - self._left)
        each = max(self._clock() - self._until + SHARE_S, 1e-6) / asked
        most = max(1, min(int(SHARE_S / each / TYPICAL), -(-len(children) // FEWEST)))
        names: list[str] = []
        length = 0
        for child in children:
            if not here.given and not self._session.within(child.key):
                yield Unit(child.key)
                continue
            name = child.key[len(here.key) : -1]
            if names and (len(names) >= most or length + len(name) > LONGEST_MARK):
                yield _unit(here.key, names)
                names, length = [], 0
            names.append(name)
            length += len(name) + 1
        if names:
            yield _unit(here.key, names)

    def _descend(self, here: _Open, child: _Child, opened: list[_Open]) -> Iterator[Event]:
        if not here.given and not self._session.within(child.key):
            yield Unit(child.key)
            return
        try:
            handle = open_directory(here.handle, child.name)
        except OSError as error:
            self._tell_closed(here.handle, child.name, child.key, here.rights)
            self._faults.append(self._unlisted(child.key, error))
            return
        if not self._changed(handle, child, here.device):
            yield from self._list(handle, child.key, "", here.rights, opened)

    def _changed(self, handle: int, child: _Child, device: int) -> bool:
        """Whether an open directory is another one by now, and not to be listed: then it is closed, and a fault."""
        try:
            fault = self._barred(child, os.fstat(handle), device)
        except OSError:
            return False  # to list it tells why
        if fault is not None:
            os.close(handle)
            self._faults.append(fault)
        return fault is not None

    def _unlisted(self, key: str, error: OSError) -> Fault:
        if scarce(error):
            raise SourceError("OTHER", str(error.strerror), where=key, transient=True) from None
        return Fault(key, "list", reason(error), str(error.strerror))

    # one directory

    def _list(self, handle: int, key: str, after: str, above: Rights | None, opened: list[_Open]) -> Iterator[Event]:
        """List an open directory; it is then the last of ``opened``, with the directories it holds waiting."""
        try:
            facts = os.fstat(handle)
            anchored = self._mounts.type_of(facts.st_dev) in ANCHORED
            listing = Listing(handle, after, anchored=anchored, pace=self._session.pace)
        except OSError as error:
            os.close(handle)
            self._faults.append(self._unlisted(key, error))
            return
        rights = self._rights(handle, key, facts, quiet=bool(after))
        plain = opened[-1].plain if opened and opened[-1].rights is rights else set()
        self._left -= 1
        here = _Open(handle, key, facts.st_dev, (facts.st_dev, facts.st_ino), rights, plain)
        opened.append(here)
        self._above.add(here.identity)
        if not after:
            self._tell(key[:-1], rights, above)
            if key in self._mounts.below:
                yield self._settings(handle, key)
        mounted = self._mounts.within(key) if key in self._mounts.holders else {}
        odd = counted = 0
        for names in listing.chunks():
            self._left -= listing.listed - counted
            counted = listing.listed
            if listing.repeated:
                repeated, _ = canonical_names(listing.repeated)
                self._faults += [Fault(key + name, "skip", "DUPLICATE_ENTRY") for name in repeated]
            fresh = self._unasked(key, names, mounted) if mounted else names
            if fresh:
                odd += self._record(here, key, fresh)
            if len(self._rows) >= BATCH:
                yield from self._told()
            if listing.listed > SHARE:  # no use in remembering more of them than this unit could ever cover
                yield from self._handed_out(here)
        self._left -= listing.listed - counted
        self._rows.listed(key, listing.listed, complete=listing.broken is None)
        if listing.broken is not None:
            self._faults.append(Fault(key, "list", *listing.broken))
        if listing.rest:
            yield Unit(key, listing.rest)
        if odd:
            self._faults.append(Fault(key, "note", "NAME_UNDECODABLE", f"{odd} names here are not valid UTF-8"))

    def _told(self) -> Iterator[Event]:
        start = self._clock()
        yield from self._rows.take()
        faults, self._faults = self._faults, []
        yield from faults
        self._until += self._clock() - start  # which whoever keeps it took, not the source

    def _unasked(self, key: str, raw: list[str], mounted: dict[str, Mount]) -> list[str]:
        """Record what another machine's file systems are mounted at without asking them; returns the other names.

        Where such a machine is gone, the least question about its mount is never answered.
        """
        if self._options.cross_mounts:
            return raw
        left = []
        for name, shown in zip(raw, canonical_names(raw)[0], strict=True):
            mount = mounted.get(shown)
            if mount is None or not mount.remote:
                left.append(name)
                continue
            self._rows.add_unasked(key, shown, "directory" if mount.part == b"/" else "unknown")
            self._faults.append(Fault(key + shown, "descend", "MOUNT", f"{mount.type} {mount.of}"))
        return left

    def _record(self, here: _Open, key: str, raw: list[str]) -> int:
        """Record the entries of some names; returns how many names were not UTF-8."""
        handle, stat = here.handle, os.stat
        names, odd = canonical_names(raw)
        try:
            stats = [stat(name, dir_fd=handle, follow_symlinks=False) for name in raw]
        except OSError:
            raw, names, stats = self._one_by_one(handle, key, raw, names)
        targets: dict[int, str | None] = {}
        plain = here.plain
        for place, mark in enumerate(map(_MARKS, stats)):
            if mark in plain:  # as nearly all are
                continue
            kind = mark[0] & FORMAT
            if kind == REGULAR:
                self._tell_file(here, raw[place], key + names[place], stats[place])
            elif kind == DIRECTORY:
                child = _Child(raw[place], f"{key}{names[place]}/")
                fault = self._barred(child, stats[place], here.device)
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
            what = f"{mount.type} {mount.of}" if mount is not None else _OWN
            return Fault(path, "descend", "MOUNT", what)
        if (facts.st_dev, facts.st_ino) in self._above:
            return Fault(path, "descend", "LOOP", "it is one of the directories above it")
        return None

    # rights

    def _rights(self, place: int | str, key: str, facts: os.stat_result, *, quiet: bool = False) -> Rights | None:
        """Who may do what with a directory or file; its mode's word where its access list cannot be had."""
        mount = self._mounts.over(key)
        if mount is not None and not mount.keeps_rights:
            return None
        try:
            names = attributes(place)
            if names:
                return look(place, facts, names)
        except (OSError, ValueError) as error:
            gone = isinstance(error, OSError) and reason(error) == "VANISHED"
            if not quiet and not gone:  # what vanished meanwhile is no gap
                said = f"its access list: {getattr(error, 'strerror', None) or error}"
                self._faults.append(Fault(key.rstrip("/"), "query", "QUERY_FAILED", said))
        return of_mode(facts.st_mode, facts.st_uid, facts.st_gid)

    def _tell(self, path: str, rights: Rights | None, above: Rights | None) -> None:
        """Tell a directory's rights, where they are not those of the one above."""
        if rights is not above and rights is not None and rights != above:
            self._rows.grants.add(path, rights, directory=True)

    def _tell_closed(self, parent: int, name: str, key: str, above: Rights | None) -> None:
        """The same for a directory that cannot be opened: as much as its name shows from outside."""
        try:
            facts = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except OSError:
            return
        self._tell(key[:-1], self._rights(f"/proc/self/fd/{parent}/{name}", key, facts, quiet=True), above)

    def _tell_file(self, here: _Open, name: str, path: str, facts: os.stat_result) -> None:
        """Tell a file's rights, where they are not what its directory says; its access list only where it may have one.

        A directory with a list gives lists to what is made in it; elsewhere one question more per file would make a
        crawl half as fast.
        """
        folder, mark = here.rights, _MARKS(facts)
        if folder is None:
            here.plain.add(mark)
            return
        listed = self._options.file_acls or folder.origin == "posix_acl"
        rights = of_mode(facts.st_mode, facts.st_uid, facts.st_gid)
        differs = not folder.covers(rights)
        if listed or (differs and folder.aces):
            rights = self._rights(f"/proc/self/fd/{here.handle}/{name}", path, facts) or folder
            differs = not folder.covers(rights)
        if differs:
            self._rows.grants.add(path, rights, directory=False)
        elif not listed:
            here.plain.add(mark)


def _unit(key: str, names: list[str]) -> Unit:
    return Unit.several(key, names) if len(names) > 1 else Unit(f"{key}{names[0]}/")


def _target(handle: int, name: str) -> str | None:
    try:
        return canonical(os.fsencode(os.readlink(name, dir_fd=handle)))
    except OSError:  # gone, or not shown: where it points is unknown, that it is there is not
        return None
