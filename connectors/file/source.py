"""A directory tree as a source: its root, its settings, and the door to walking and reading it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from connectors.file.accounts import group_names, members, user_names
from connectors.file.content import read
from connectors.file.mounts import Mounts, read_mounts
from connectors.file.options import FileOptions
from connectors.file.rights import Words
from connectors.file.rows import Rows
from connectors.file.safely import reason
from connectors.file.seen import elsewhere
from connectors.file.settings import settings
from connectors.file.walk import Walk
from scanner.connector import Session
from scanner.model import Batch, Event, SourceError, Unit
from scanner.paths import canonical, restore

_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


class FileSource:
    """One directory tree; holds its root open from the first request until ``close``."""

    def __init__(self, options: FileOptions, session: Session) -> None:
        self._options = options
        self._session = session
        self._root: int | None = None
        self._mounts = Mounts(None, {}, {})
        self._place = b""
        self._words = Words(user_names(), group_names())

    def __repr__(self) -> str:
        return f"FileSource({self._options.root!r})"

    def roots(self) -> list[Unit]:
        """The whole tree as one unit, if the root is there. Raises SourceError."""
        self._session.pace()
        self._connect()
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """A directory and what lies beneath it, as far as one unit goes; the rest as further units."""
        self._session.pace()
        root = self._connect()
        if not unit.key and not unit.after:
            yield self._settings(root, "")
            others = elsewhere(self._place, self._mounts, cross_mounts=self._options.cross_mounts)
            yield from (batch for batch in (members(), others) if len(batch))
        mount = self._mounts.root
        rows = Rows(self._mounts, self._words, access_times=mount is None or "noatime" not in mount.options.split(","))
        yield from Walk(root, self._options, self._session, self._mounts, rows, self._settings).run(unit)

    def read(self, path: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes of a regular file from ``start``, leaving no trace. Raises SourceError."""
        self._session.pace()
        return read(self._connect(), path, start, length, self._mounts, allow_atime=self._options.allow_atime)

    def close(self) -> None:
        """Let go of the root."""
        root, self._root = self._root, None
        if root is not None:
            os.close(root)

    def _connect(self) -> int:
        """The root as an open directory; a link that leads to it is followed, since a person named it."""
        if self._root is not None:
            return self._root
        place = os.path.realpath(self._options.place)
        where = canonical(self._options.place)
        mounts = read_mounts(place)
        if mounts.root is not None and mounts.root.pseudo:
            raise SourceError("PSEUDO_FS", f"the file system is {mounts.root.type}", where=where)
        try:
            # O_PATH, so that a root that may be entered but not listed is a fault of that one directory.
            self._root = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            code = "ROOT_MISSING" if error.errno in _NOWHERE else reason(error)
            raise SourceError(code, str(error.strerror), where=where) from None
        self._mounts, self._place = mounts, place
        return self._root

    def _settings(self, handle: int, key: str) -> Batch:
        """What a file system says of itself."""
        mount = self._mounts.below.get(key) if key else self._mounts.root
        place = self._place.rstrip(b"/") + b"/" + restore(key).rstrip(b"/") if key else self._place
        return settings(handle, key, mount, place, frozenset(self._mounts.within(key)))
