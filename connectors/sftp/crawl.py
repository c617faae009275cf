"""Listing directories with many requests under way on one wire.

One unit covers a directory and a bounded number of its descendants, breadth first, because at latency the time goes
into round trips: one directory after another takes three each. What exceeds the bounds is handed out as units, those
side by side in one directory together, at once, so that further connections have something to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from connectors.sftp import names as limits
from connectors.sftp import wire as w
from connectors.sftp.astray import led_astray
from connectors.sftp.entries import segment
from connectors.sftp.grants import UNKNOWN, Grants
from connectors.sftp.names import Kept, Names
from connectors.sftp.pipeline import Pipeline, Then
from connectors.sftp.places import Directory, Places
from connectors.sftp.rest import Rest
from scanner.model import Event, SourceError, Unit
from scanner.paths import canonical, restore

DIRECTORIES = 512
"""Directories covered by one unit."""
ENTRIES = 50_000
"""Entries of one unit after which no further directory is opened."""
BREADTH = 256
"""Directories open at once; a server bounds the handles of a session, OpenSSH by its file descriptors."""
READS = 16
"""READDIR requests under way in one directory, once it proves to be a long one; more where the server is far."""
DEPTH = 200
"""Directories beneath each other."""
ROWS = 8192
"""Entries handed out at once."""
SNAPSHOTS = frozenset({".snapshot", ".snapshots", "~snapshot", ".zfs", ".ckpt"})
"""Names under which NetApp, Isilon, btrfs, ZFS and EMC show earlier states of a tree."""

_LONGEST_PATH = 4096 - len("/") - 256
"""Bytes of a directory's path up to which OpenSSH, which looks at each name by its whole path, shows every name."""
_SAME_NAME = 3
_CAP = 200


class Crawl:
    """One unit being crawled over one wire; used once. ``within`` says which directories it may cover."""

    def __init__(
        self, wire: w.Wire, root: bytes, within: Callable[[str], bool], grants: Grants, *, snapshots: bool
    ) -> None:
        self._wire = wire
        self._pipeline = Pipeline(wire)
        self._root = root
        self._within = within
        self._snapshots = snapshots
        self._places = Places(self._pipeline, grants, self._descend, self._close_when_done)
        self._kept = Kept()
        self._waiting: deque[Directory] = deque()
        self._reading: deque[Directory] = deque()
        self._doubted: list[Directory] = []
        self._rest = Rest()
        self._breadth = BREADTH
        self._open = 0
        self._covered = 0
        self._found = 0

    def run(self, unit: Unit) -> Iterator[Event]:
        """List the unit's directories and what fits of their descendants; the rest comes out as units."""
        if unit != Unit(""):
            for each in unit.members or (unit,):
                self._cover(each.key, UNKNOWN, sure=False)
            yield from self._listing()
        else:
            facts = self._looked_at()
            first = self._cover("", facts)
            yield from self._listing()
            self._places.root(facts, first.names.itself)
        yield from self._checked()
        yield from self._places.events
        yield from self._places.take()

    def _listing(self) -> Iterator[Event]:
        """List what waits, and what is found on the way."""
        self._pipeline.fill(self._ask)
        while self._pipeline.step():
            yield from self._ready()
            self._pipeline.fill(self._ask)
        yield from self._rest.take(all_of_them=True)

    def _looked_at(self) -> w.Facts:
        """The facts of the root, which may be named by a link; its rights are what those beneath are compared with."""
        return _facts_in(self._wire.call(w.STAT, w.string(self._root)))

    def _checked(self) -> Iterator[Event]:
        """List the directories that the server resolves to something else, unless links lead astray to them."""
        for directory in self._doubted:
            elsewhere = led_astray(self._wire, self._root, restore(directory.path))
            if elsewhere is None:
                directory.unsure = 0
                self._waiting.append(directory)
            else:
                detail = f"a link has taken its place: it leads to {elsewhere[:_CAP]}"
                self._places.fault(directory.path, "list", "VANISHED", detail)
        self._doubted.clear()
        yield from self._listing()

    def _ready(self) -> Iterator[Event]:
        """What can be handed out before the end."""
        if self._places.events:
            yield from self._places.events
            self._places.events.clear()
        yield from self._places.take(ROWS)
        yield from self._rest.take()

    # what to ask

    def _ask(self) -> bool:
        """Send the next request: of an open directory, else for a new one; False when there is none."""
        if not self._reading:
            return self._open_next()
        directory = self._reading.popleft()
        if directory.wanted:
            directory.wanted -= 1
            directory.asked += 1
            self._send(w.READDIR, directory.handle, lambda reply: self._listed(directory, reply))
        if directory.wanted:  # at the end of the line, so that directories take turns
            self._reading.append(directory)
        return True

    def _send(self, request: int, subject: bytes, then: Then) -> None:
        self._pipeline.send(request, w.string(subject), then)

    def _want(self, directory: Directory, reads: int) -> None:
        if reads > 0:
            if not directory.wanted:
                self._reading.append(directory)
            directory.wanted += reads

    def _open_next(self) -> bool:
        """Open the next waiting directory; False when there is none, or it must wait."""
        if self._found >= ENTRIES:
            for each in self._waiting:
                if not each.own:
                    self._rest.add(each.path)
            self._waiting = deque(d for d in self._waiting if d.own)
        breadth = min(self._breadth, self._pipeline.window.size)
        if not self._waiting or self._open >= (1 if self._waiting[0].alone else breadth):
            return False
        directory = self._waiting.popleft()
        self._open += 1
        if directory.unsure:
            self._send(w.LSTAT, directory.raw, lambda reply: self._known(directory, reply))
            self._send(w.REALPATH, directory.raw, lambda reply: self._located(directory, reply))
        elif _repeats_itself(directory.path):
            self._send(w.REALPATH, directory.raw, lambda reply: self._resolved(directory, reply))
        else:
            self._opendir(directory)
        return True

    def _opendir(self, directory: Directory) -> None:
        self._send(w.OPENDIR, directory.raw, lambda reply: self._opened(directory, reply))

    # directories

    def _known(self, directory: Directory, reply: w.Reply) -> None:
        """The facts of a directory that was found earlier; its rights are what those beneath are compared with."""
        directory.facts = _facts_in(reply)
        self._surer(directory)

    def _located(self, directory: Directory, reply: w.Reply) -> None:
        """Where a directory that was found earlier is now: not there if a link has taken its place, or one above."""
        found, _ = w.names(reply.body) if reply.kind == w.NAME else ([], False)
        directory.astray = bool(found) and (found[0][0].rstrip(b"/") or b"/") != directory.raw
        self._surer(directory)

    def _surer(self, directory: Directory) -> None:
        directory.unsure -= 1
        if directory.unsure:
            return
        if directory.astray:
            self._open -= 1
            self._doubted.append(directory)
        else:
            self._opendir(directory)

    def _cover(self, key: str, facts: w.Facts, *, sure: bool = True) -> Directory:
        self._covered += 1
        raw = w.below(self._root, restore(key))
        directory = Directory(key, raw, Names(self._kept), facts, own=not sure, unsure=0 if sure else 2)
        self._waiting.append(directory)
        return directory

    def _descend(self, key: str, name: str, facts: w.Facts) -> None:
        """What becomes of a directory that was found: covered here, handed out as a unit, or left out."""
        if name in SNAPSHOTS and not self._snapshots:
            self._places.fault(key[:-1], "descend", "SNAPSHOT")
        elif key.count("/") > DEPTH:
            self._places.fault(key, "list", "TOO_DEEP", f"more than {DEPTH} directories beneath each other")
        elif self._covered < DIRECTORIES and self._found < ENTRIES and self._within(key):
            self._cover(key, facts)
        else:
            self._rest.add(key)

    def _resolved(self, directory: Directory, reply: w.Reply) -> None:
        """A path that repeats a name has been resolved: one that ends higher up leads back, through a link."""
        found, _ = w.names(reply.body) if reply.kind == w.NAME else ([], False)
        if found and found[0][0].rstrip(b"/").count(b"/") < directory.raw.count(b"/"):
            self._open -= 1
            detail = f"the server resolves it to {canonical(found[0][0])[:_CAP]}"
            self._places.fault(directory.path[:-1], "descend", "LOOP", detail)
        else:
            self._opendir(directory)

    def _opened(self, directory: Directory, reply: w.Reply) -> None:
        if reply.kind == w.HANDLE:
            try:
                directory.handle, _ = w.text(reply.body)
            except w.Malformed as error:
                raise SourceError("OTHER", str(error), where=self._pipeline.where) from None
            # Most are read in one answer or two, and another brings the end.
            self._want(directory, 3 if self._pipeline.window.far else 2)
            return
        self._open -= 1
        code, said = reply.status()
        if code == w.FAILURE and self._open and not directory.alone:
            # Perhaps too many handles: no code says so. Once more, alone, and fewer from now on.
            self._breadth = min(self._breadth, max(1, self._open // 2))
            directory.alone = directory.own = True
            self._waiting.append(directory)
        elif code == w.NO_SUCH_FILE and not directory.path:
            raise SourceError("ROOT_MISSING", said, where=canonical(self._root))
        else:
            self._places.fault(directory.path, "list", w.reason(code), said or "no handle came")

    def _listed(self, directory: Directory, reply: w.Reply) -> None:
        """One answer to READDIR; the end may overtake names on a server that works on several requests at once."""
        directory.asked -= 1
        if directory.complete:  # else it was broken off, and what was under way is not wanted any more
            code, said = reply.status()
            if reply.kind == w.NAME:
                self._take_names(directory, reply.body)
            elif code == w.EOF:
                directory.ended, directory.wanted = True, 0
            elif not directory.ended:  # a handle at its end may refuse to be read on
                why = "PARTIAL" if directory.answers and code == w.FAILURE else w.reason(code)
                self._break_off(directory, why, said or f"a reply of kind {reply.kind}")
        if directory.ended and not directory.asked:
            self._end(directory)
            self._close_when_done(directory)

    def _take_names(self, directory: Directory, body: bytes) -> None:
        found, whole = w.names(body)
        directory.answers += 1
        fresh = directory.names.fresh(found, body)
        if fresh:
            self._skip(directory, directory.names.take_repeated())
            directory.listed += len(fresh)
            self._found += len(fresh)
            for each in fresh:
                self._places.place(directory, each)
        if not whole:
            self._break_off(directory, "PARTIAL", "an answer shorter than it announces")
        elif directory.names.stale >= limits.STALE:
            count = len(directory.names.take_repeated())  # repetition without end, not names: they are not listed
            detail = f"{limits.STALE} answers in a row held no new name, {count} repeated ones"
            self._break_off(directory, "PAGING_STUCK", detail)
        elif directory.listed >= limits.LONGEST:
            self._break_off(directory, "TRUNCATED", f"more than {limits.LONGEST} names")
        elif not directory.ended:
            # Most directories end with an answer shorter than the one before; one that does not is a long one.
            goes_on = directory.answers > 1 and len(found) >= directory.longest
            directory.longest = max(directory.longest, len(found))
            most = max(READS, self._pipeline.window.size // 4)
            target = min(most, 2 + directory.answers) if goes_on else 1
            self._want(directory, target - directory.asked - directory.wanted)

    def _skip(self, directory: Directory, repeated: list[bytes]) -> None:
        """Account for names that came twice: listed, and left out."""
        directory.listed += len(repeated)
        for name in repeated:
            self._places.fault(directory.path + segment(name), "skip", "DUPLICATE_ENTRY")

    def _break_off(self, directory: Directory, why: str, said: str) -> None:
        directory.complete = False
        directory.ended, directory.wanted = True, 0
        self._places.fault(directory.path, "list", why, said)

    def _end(self, directory: Directory) -> None:
        """All reads of a directory were answered."""
        self._skip(directory, directory.names.take_repeated())
        if len(directory.raw) > _LONGEST_PATH and directory.complete:
            directory.complete = False
            said = "servers leave out, without a word, names whose path is longer than 4,095 bytes"
            self._places.fault(directory.path, "list", "TOO_DEEP", said)
        if not directory.listed and not directory.names.dots and directory.complete:
            # OpenSSH leaves out every name whose facts it may not see, even '.': readable, not searchable, not empty.
            self._places.lack(directory, w.LSTAT, directory.raw + b"/.", lambda reply: self._searched(directory, reply))

    def _searched(self, directory: Directory, reply: w.Reply) -> None:
        code, said = reply.status()
        if code == w.DENIED:
            directory.complete = False
            self._places.fault(directory.path, "list", "DENIED", f"it may be read, but not searched: {said}")

    def _close_when_done(self, directory: Directory) -> None:
        if directory.ended and not directory.asked and not directory.lacking:
            self._open -= 1
            directory.names.forget()
            self._send(w.CLOSE, directory.handle, _ignore)
            self._places.listings.add(directory.path, directory.listed, directory.complete)


def _facts_in(reply: w.Reply) -> w.Facts:
    try:
        return w.facts(reply.body)[0] if reply.kind == w.ATTRS else UNKNOWN
    except w.Malformed:
        return UNKNOWN


def _repeats_itself(key: str) -> bool:
    """Whether a path holds some name often enough to suspect that a link leads back."""
    parts = key[:-1].split("/")
    return len(parts) >= _SAME_NAME and any(parts.count(p) >= _SAME_NAME for p in set(parts))


def _ignore(_reply: w.Reply) -> None:
    """The answer to CLOSE tells nothing."""
