"""What becomes of a name: an entry, its rights, a further question to the server, or a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.sftp import wire as w
from connectors.sftp.entries import KINDS, Entries, kind, plain, segment
from connectors.sftp.grants import UNKNOWN, Grants
from connectors.sftp.names import Names
from connectors.sftp.pipeline import Pipeline, Then
from scanner.model import Batch, Columns, Event, Fault
from scanner.paths import canonical
from scanner.schema import LISTING


@dataclass(slots=True)
class Directory:
    """A directory on its way: waiting, open, or read to its end with facts of some names still to come."""

    path: str
    raw: bytes
    names: Names
    facts: w.Facts = UNKNOWN
    handle: bytes = b""
    wanted: int = 0  # READDIRs to send
    asked: int = 0  # READDIRs under way
    lacking: int = 0  # names whose facts were asked for
    answers: int = 0
    longest: int = 0  # names of the longest answer
    listed: int = 0
    ended: bool = False
    complete: bool = True
    alone: bool = False
    own: bool = False  # to be covered by this unit in any case
    unsure: int = 0  # answers still to come that say whether it is where it was found, some time ago
    astray: bool = False


class Places:
    """Entries, rights, listings and faults of one unit; ``descend`` takes the directories found among the names.

    ``done`` hears of every directory for which an answer came that its end had to wait for.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        grants: Grants,
        descend: Callable[[str, str, w.Facts], None],
        done: Callable[[Directory], None],
    ) -> None:
        self.entries = Entries()
        self.grants = grants
        self.listings = Columns(LISTING, ("path", "listed", "complete"))
        self.events: list[Event] = []
        self._pipeline = pipeline
        self._descend = descend
        self._done = done

    def fault(self, path: str, op: str, reason: str, detail: str = "") -> None:
        """Tell what would not be shown."""
        self.events.append(Fault(path, op, reason, detail))

    def take(self, at_least: int = 1) -> Iterator[Batch]:
        """Hand out the records of each kind of which there are so many."""
        for records in (self.entries, self.grants, self.listings):
            if len(records) >= at_least:
                yield records.take()

    def root(self, facts: w.Facts, long: bytes) -> None:
        """The rights of the root, which is no entry; ``long`` is the server's line of its '.'."""
        self.grants.add("", "directory", facts, self.entries.who(facts, long), UNKNOWN)

    def place(self, directory: Directory, found: w.Found, *, again: bool = False) -> None:
        """Make an entry of a name, at once where its facts are there, else when they have come."""
        raw, _, facts = found
        if not raw or b"/" in raw or b"\0" in raw:
            self.fault(directory.path + segment(raw), "stat", "OTHER", "the server gave a name that cannot be one")
            return
        mode = facts[3]
        of_kind = None if mode is None else KINDS.get(mode >> 12 & 0o17)
        if not again and (of_kind is None or (of_kind == "file" and facts[0] is None)):
            remote = w.below(directory.raw, raw)
            self.lack(directory, w.LSTAT, remote, lambda reply: self._stated(directory, found, reply))
        elif of_kind == "link":
            remote = w.below(directory.raw, raw)
            self.lack(directory, w.READLINK, remote, lambda reply: self._pointed(directory, found, reply))
        else:
            name = canonical(raw)
            path = directory.path + name
            who = self.entries.add((directory.path, name), found, of_kind)
            self.grants.add(path, of_kind, facts, who, directory.facts)
            if of_kind == "directory":
                self._descend(f"{path}/", name, facts)
            elif of_kind is None:
                self.fault(path, "descend", "UNKNOWN_TYPE", "the server does not say what it is")

    def lack(self, directory: Directory, request: int, remote: bytes, then: Then) -> None:
        """Queue a request that the end of a directory waits for."""

        def come(reply: w.Reply) -> None:
            directory.lacking -= 1
            then(reply)
            self._done(directory)

        directory.lacking += 1
        self._pipeline.urge(request, w.string(remote), come)

    def _stated(self, directory: Directory, found: w.Found, reply: w.Reply) -> None:
        """The one further question about a name whose listing said too little."""
        raw, long, facts = found
        code, said = reply.status()
        if code == w.NO_SUCH_FILE:
            self.fault(directory.path + canonical(raw), "stat", "VANISHED", said)
            return
        if reply.kind == w.ATTRS:
            try:
                size, uid, gid, mode, modified = w.facts(reply.body)[0]
            except w.Malformed:
                pass  # what the listing said stays
            else:
                facts = (
                    facts[0] if size is None else size,
                    facts[1] if uid is None else uid,
                    facts[2] if gid is None else gid,
                    facts[3] if kind(mode) is None else mode,
                    facts[4] if modified is None else modified,
                )
        self.place(directory, (raw, long, facts), again=True)

    def _pointed(self, directory: Directory, found: w.Found, reply: w.Reply) -> None:
        """Where a link points, as written."""
        name = canonical(found[0])
        targets, _ = w.names(reply.body) if reply.kind == w.NAME else ([], False)
        if not targets:
            code, said = reply.status()
            self.fault(directory.path + name, "query", w.reason(code), said or "no target came")
        self.entries.add((directory.path, name), found, "link", plain(targets[0][0]) if targets else None)
