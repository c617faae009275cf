"""Listing directories with many requests under way on one wire.

One unit covers a directory and a bounded number of its descendants, breadth first, because at latency the time goes
into round trips: one directory after another takes three each. What exceeds the bounds is handed back as units, at the
end, so that an attempt which breaks off has handed out nothing.
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
from scanner.model import Event, Fault, SourceError, Unit
from scanner.paths import canonical, restore

DIRECTORIES = 256
"""Directories covered by one unit."""
ENTRIES = 50_000
"""Entries of one unit after which no further directory is opened."""
BREADTH = 64
"""Directories open at once; a server bounds the handles of a session, OpenSSH by its file descriptors."""
READS = 16
"""READDIR requests under way in one directory, once it proves to be a long one."""
DEPTH = 200
"""Directories beneath each other."""
ROWS = 8192
"""Entries handed out at once."""
HELD = 100_000
"""Units held back until the end."""
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
        self._units: list[Unit] = []
        self._breadth = BREADTH
        self._open = 0
        self._covered = 0
        self._found = 0

    def run(self, key: str) -> Iterator[Event]:
        """List the directory ``key`` and what fits of its descendants; the rest comes out as units."""
        elsewhere = led_astray(self._wire, self._root, restore(key)) if key else None
        if elsewhere is not None:
            yield Fault(key, "list", "VANISHED", f"a link has taken its place: it leads to {elsewhere[:_CAP]}")
            return
        facts = self._looked_at(key)
        first = self._cover(key, facts)
        self._pipeline.fill(self._ask)
        while self._pipeline.step():
            yield from self._ready()
            self._pipeline.fill(self._ask)
        if not key:
            self._places.root(facts, first.names.itself)
        yield from self._places.take()
        yield from self._units

    def _looked_at(self, key: str) -> w.Facts:
        """The facts of the unit's own directory; its rights are what those beneath are compared with."""
        # The root may be named by a link; anything beneath is what it was found as, or led astray.
        request = w.LSTAT if key else w.STAT
        reply = self._wire.call(request, w.string(w.below(self._root, restore(key))))
        try:
            return w.facts(reply.body)[0] if reply.kind == w.ATTRS else UNKNOWN
        except w.Malformed:
            return UNKNOWN

    def _ready(self) -> Iterator[Event]:
        """What can be handed out before the end."""
        if self._places.events:
            yield from self._places.events
            self._places.events.clear()
        yield from self._places.take(ROWS)
        if len(self._units) >= HELD:
            yield from self._units
            self._units.clear()

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
            self._units.extend(Unit(d.path) for d in self._waiting if not d.alone)
            self._waiting = deque(d for d in self._waiting if d.alone)
        if not self._waiting or self._open >= (1 if self._waiting[0].alone else self._breadth):
            return False
        directory = self._waiting.popleft()
        self._open += 1
        if _repeats_itself(directory.path):
            self._send(w.REALPATH, directory.raw, lambda reply: self._resolved(directory, reply))
        else:
            self._opendir(directory)
        return True

    def _opendir(self, directory: Directory) -> None:
        self._send(w.OPENDIR, directory.raw, lambda reply: self._opened(directory, reply))

    # directories

    def _cover(self, key: str, facts: w.Facts) -> Directory:
        self._covered += 1
        directory = Directory(key, w.below(self._root, restore(key)), Names(self._kept), facts)
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
            self._units.append(Unit(key))

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
            self._want(directory, 2)  # most are read in one answer; the second brings the end
            return
        self._open -= 1
        code, said = reply.status()
        if code == w.FAILURE and self._open and not directory.alone:
            # Perhaps too many handles: no code says so. Once more, alone, and fewer from now on.
            self._breadth = max(1, self._breadth // 2)
            directory.alone = True
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
            target = min(READS, 2 + directory.answers) if goes_on else 1
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


def _repeats_itself(key: str) -> bool:
    """Whether a path holds some name often enough to suspect that a link leads back."""
    parts = key[:-1].split("/")
    return len(parts) >= _SAME_NAME and any(parts.count(p) >= _SAME_NAME for p in set(parts))


def _ignore(_reply: w.Reply) -> None:
    """The answer to CLOSE tells nothing."""
