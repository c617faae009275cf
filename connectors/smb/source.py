"""The SMB connector: shares and folders listed from directory queries alone, never a stat per file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from connectors.smb import wire
from connectors.smb.about import About
from connectors.smb.folder import Folder
from connectors.smb.options import SmbOptions
from connectors.smb.reach import Reach, refuse_unreadable
from connectors.smb.rights import Rights
from connectors.smb.status import OF_A_FOLDER
from scanner.connector import Session
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.schema import LISTING

if TYPE_CHECKING:
    from connectors.smb.handle import Handle

_BATCH = 10_000
_LONGEST_PATH = 3840
"""Bytes of a path: Linux opens none of 4,096, those of the share's own folder included, and Samba then says that
there is no such name."""


class SmbConnector:
    """One SMB host, or one share or folder of it, seen through a connection of its own.

    Paths are ``share/folder/name``, whether one share or a whole host was configured.
    """

    def __init__(self, options: SmbOptions, session: Session) -> None:
        self._options = options
        self._slow = session.slow
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
                yield from self._folder(unit.key)
            else:
                self._look()
                yield from self._about.host()
        except SourceError as error:
            self.close()  # whatever state the connection is in, the next attempt gets a fresh one
            if error.code == "THROTTLED":
                self._slow(0.0)  # the protocol names no seconds
            raise

    def read(self, path: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes of a file; refuses links and content that is not online."""
        options = wire.NOT_DIRECTORY | wire.REPARSE | wire.NO_RECALL
        with self._reach.open(path, wire.LOOK, options) as looked:  # recalls nothing, whatever the file is
            refuse_unreadable(path, looked.attributes)
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

    def _folder(self, key: str) -> Iterator[Event]:
        options = self._options
        top = key == options.first or key.count("/") == 1
        try:
            handle = self._reach.open(key, wire.LIST, wire.DIRECTORY | wire.REPARSE)
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            code = error.code
            if code == "NOT_FOUND" and not top:
                code = "TOO_DEEP" if len(key.encode()) > _LONGEST_PATH else self._gone(key)
            yield Fault(key, "list", code, error.detail)
            if top:
                yield from self._about.refused(key, error)
            return
        folder = Folder(key, self._reach, self._rights, snapshots=options.snapshots)
        with handle:
            self._reach.remember(key, handle.identity)
            if top:
                yield from self._about.share(key, handle)
                yield from self._rights.of_top(key)
            yield from _pages(folder, handle)
        if len(folder.rows):
            yield folder.rows.take()
        if folder.broken is not None:
            yield Fault(key, "list", folder.broken.code, folder.broken.detail)
        yield Batch(LISTING, {"path": [key], "listed": [folder.listed], "complete": [folder.broken is None]})


def _pages(folder: Folder, handle: Handle) -> Iterator[Event]:
    """The names of an open folder, to its end or to where it breaks off."""
    pages = handle.pages()
    while folder.broken is None:
        try:
            page = next(pages, None)
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            folder.broken = error
            return
        if page is None:
            return
        yield from folder.add(page)
        if len(folder.rows) >= _BATCH:
            yield folder.rows.take()
