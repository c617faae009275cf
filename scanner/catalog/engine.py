"""The database behind the state: opened for writing or only for reading, its refusals turned into codes."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from scanner.catalog.location import Location
from scanner.codes import StocktakeError
from scanner.secrets import scrub

_DAMAGED = ("malformed", "not a database", "file is encrypted", "no such table", "no such column")
_NO_MEMORY = {"SQLITE_NOMEM", "SQLITE_IOERR_NOMEM", "SQLITE_IOERR_SHMMAP"}
"""Also where the file that its processes share cannot be mapped."""


def make_folders(location: Location) -> None:
    """Make the folders and the state's file where they are not there yet, closed to others. Raises StocktakeError."""
    try:
        for folder in (location.root, location.facts):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if location.state_file:
            location.state_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(location.state_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        code = "DISK_FULL" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "CATALOG_UNWRITABLE"
        raise StocktakeError(code, str(location.root), str(error.strerror)) from None


def make_engine(location: Location) -> sa.Engine:
    """The engine of a catalog's state. Raises StocktakeError for a URL that leads to no database."""
    if location.state_file is None:
        try:
            alive = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
            return sa.create_engine(location.url, pool_pre_ping=True, hide_parameters=True, connect_args=alive)
        except (sa.exc.ArgumentError, ImportError, ValueError) as error:
            # ImportError: no driver; its message names the module, none of them the password.
            raise StocktakeError("CATALOG_UNWRITABLE", location.shown, scrub(str(error))) from None
    # The path is no URL: a '?' in it is part of a name.
    url = sa.URL.create("sqlite", database=str(location.state_file))
    engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": 30}, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        # May lose the last commits on power loss, never half of one. The file itself is set up where it is made, so
        # that opening somebody else's database writes nothing to it.
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine


@contextlib.contextmanager
def writable_or_copy(location: Location) -> Iterator[Location]:
    """The catalog's location; where it may not be written, that of a copy of the state, so that it can be read.

    SQLite writes beside its file even to read it, and what a killed scan committed stands in the ``-wal`` file alone.
    """
    file = location.state_file
    if file is None or (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        yield location
        return
    with tempfile.TemporaryDirectory(prefix="stocktake-") as folder:
        copy = Path(folder) / "state.db"
        try:
            shutil.copyfile(file, copy)
            wal = file.with_name(file.name + "-wal")
            if wal.exists():
                shutil.copyfile(wal, copy.with_name("state.db-wal"))
        except OSError as error:
            raise StocktakeError("NO_CATALOG", str(file), str(error.strerror)) from None
        yield Location(location.url, location.root, copy)


@contextlib.contextmanager
def refusals(location: Location) -> Iterator[None]:
    """Turn what the state's database refuses into codes; nothing else is caught."""
    where = str(location.state_file or location.shown)
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError) as error:  # the bare one comes from the settings of a new connection
        text = scrub(str(error.orig if isinstance(error, DBAPIError) else error))
        if any(sign in text for sign in _DAMAGED):
            raise StocktakeError("CATALOG_DAMAGED", where, text) from None
        if (short := _short_of(error, text, location)) is not None:
            raise StocktakeError(short, where, text) from None
        if isinstance(error, sa.exc.OperationalError | sqlite3.OperationalError):
            raise StocktakeError("CATALOG_UNWRITABLE", where, text) from None
        raise


def _short_of(error: Exception, text: str, location: Location) -> str | None:
    """The code of what the machine lacks, where that is why: SQLite has one sentence for several lacks."""
    if "disk is full" in text or "No space left" in text or _full(location):
        return "DISK_FULL"
    name = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorname", "")
    if name in _NO_MEMORY:
        return "OUT_OF_MEMORY"
    if name.startswith("SQLITE_CANTOPEN") and not _may_open_more():
        return "TOO_MANY_FILES"
    return "DISK_FULL" if "disk I/O error" in text else None


def _may_open_more() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in {errno.EMFILE, errno.ENFILE}
    return True


def _full(location: Location) -> bool:
    """Whether the volume is full: SQLite then may only say that it cannot open a file."""
    if location.state_file is None:
        return False
    try:
        space = os.statvfs(location.state_file.parent)
    except OSError:
        return False
    return space.f_bavail == 0 or (space.f_files > 0 and space.f_favail == 0)
