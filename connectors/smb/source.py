"""The SMB connector: shares and folders listed from directory queries alone, never a stat per file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.smb import wire
from connectors.smb.about import About
from connectors.smb.options import SmbOptions
from connectors.smb.reach import Reach, refuse_unreadable
from connectors.smb.rights import Rights
from connectors.smb.status import OF_A_FOLDER
from connectors.smb.walk import Walk
from scanner.connector import Session
from scanner.model import Event, Fault, SourceError, Unit
from scanner.paths import restore_text

_NOT_IN_NAMES = frozenset('\\:*?"<>|')
"""What the parts of a path may not hold ([MS-FSCC] 2.1.5); servers that keep POSIX names list them all the same."""


class SmbConnector:
    """One SMB host, or one share or folder of it, seen through a connection of its own.

    Paths are ``share/folder/name``, whether one share or a whole host was configured.
    """

    def __init__(self, options: SmbOptions, session: Session) -> None:
        self._options = options
        self._slow = session.slow
        self._within = session.within
        self._reach = Reach(options, session)
        self._rights = Rights(self._reach, options.permissions)
        self._about = About(options, self._reach)

    def roots(self) -> Iterable[Unit]:
        """Log in, and open the configured folder once: what is missing or denied shows before the scan."""
        self._look()
        return (Unit(""),)

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """The shares for ``""``, else the folder of that path."""
        try:
            if unit.key:
                yield from self._folders(unit)
            else:
                self._look()
                yield from self._about.host()
        except SourceError as error:
            self.close()  # whatever state the connection is in, the next attempt gets a fresh one
            if error.code == "THROTTLED":
                self._slow(0.0)  # the protocol names no seconds
            raise
        except BaseException:  # stopped, or not wanted any more: what is under way has nobody to take its answer
            self.close()
            raise

    def read(self, path: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes of a file; refuses links and content that is not online."""
        if odd := sorted({c for c in restore_text(path) if c in _NOT_IN_NAMES or c < " "}):
            # A colon would even open something else: a stream of another file.
            why = f"no name of this protocol holds {', '.join(map(repr, odd))}"
            raise SourceError("NAME_NOT_OPENED", why, where=path)
        options = wire.NOT_DIRECTORY | wire.REPARSE | wire.NO_RECALL
        refuse_unreadable(path, self._reach.attributes(path, options))  # before anything asks for content
        with self._reach.open(path, wire.LIST, options) as opened:
            refuse_unreadable(path, opened.attributes)  # it may have changed since
            return opened.read(max(0, start), max(0, length))

    def close(self) -> None:
        """Log off and hang up."""
        self._reach.close()

    def _look(self) -> None:
        if not self._options.first:
            self._reach.link()
            return
        with self._reach.open(self._options.first, wire.LIST, wire.DIRECTORY | wire.REPARSE):
            pass

    # ── a folder ──

    def _gone(self, key: str) -> str:
        """Why a folder is not there: somebody took it away, or all that the scan began with is gone, which is a gap."""
        first = self._options.first or key.partition("/")[0] + "/"
        try:
            with self._reach.open(first, wire.LIST, wire.DIRECTORY | wire.REPARSE):
                return "VANISHED"
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            return error.code

    def _folders(self, unit: Unit) -> Iterator[Event]:
        """The folder of a unit, or several, and a share of what lies beneath."""
        walk = Walk(self._reach, self._rights, self._within, self._gone, snapshots=self._options.snapshots)
        key = unit.key
        if unit.members or (key != self._options.first and key.count("/") > 1):
            yield from walk.run(unit)
            return
        try:
            handle = self._reach.open(key, wire.LIST, wire.DIRECTORY | wire.REPARSE)
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            yield Fault(key, "list", error.code, error.detail)
            yield from self._about.refused(key, error)
            return
        with handle:
            self._reach.remember(key, handle.identity)
            yield from self._about.share(key, handle)
            yield from self._rights.of_top(key)
            yield from walk.begin(key, handle)
        yield from walk.run(unit, begun=True)
