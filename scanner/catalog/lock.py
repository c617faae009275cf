"""One scan at a time: a lock the operating system lets go of when its holder dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from pathlib import Path

import sqlalchemy as sa

from scanner.codes import StocktakeError


class Lock:
    """An exclusive ``flock`` on the catalog's ``lock`` file, which also says who holds it.

    A killed holder leaves no lock behind: the kernel drops it with the process, so there is no stale lock to break.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / "lock"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises StocktakeError CATALOG_LOCKED naming the holder, CATALOG_UNWRITABLE or DISK_FULL."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StocktakeError("CATALOG_UNWRITABLE", str(self._path), str(error.strerror)) from None
        try:
            self._take(fd)
            os.ftruncate(fd, 0)
            who = {"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}
            os.pwrite(fd, json.dumps(who).encode(), 0)
        except OSError as error:
            os.close(fd)
            code = "DISK_FULL" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "CATALOG_UNWRITABLE"
            raise StocktakeError(code, str(self._path), str(error.strerror)) from None
        self._fd = fd

    def _take(self, fd: int) -> None:
        """Lock the open file; ``held`` may be looking at it just now, which takes no more than a moment."""
        for wait_s in (0.05, 0.1, 0.2, None):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if wait_s is None:
                    holder = os.pread(fd, 4096, 0).decode("utf-8", "replace")
                    os.close(fd)
                    raise StocktakeError("CATALOG_LOCKED", _describe(holder), str(self._path)) from None
                time.sleep(wait_s)
            else:
                return

    def release(self) -> None:
        """Let go; may be called twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class ServerLock:
    """An advisory lock of the database server: it holds over machines, and ends with its connection.

    A scan that lost the connection, and so the lock, finds out at its next commit.
    """

    _KEY = 0x53746F636B  # "Stock": advisory locks have numbers
    _HELD = """SELECT a.application_name, a.client_addr::text, a.backend_start::text, a.pid
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database
            WHERE datname = current_database()) AND l.classid = :high AND l.objid = :low AND l.objsubid = 1"""

    def __init__(self, engine: sa.Engine, shown: str) -> None:
        self._engine = engine
        self._shown = shown
        self._connection: sa.Connection | None = None
        self._pid = 0

    def acquire(self) -> None:
        """Take the lock, on a connection of its own. Raises StocktakeError CATALOG_LOCKED naming the holder."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # it is nobody else's, and ends when this does
        name = f"stocktake pid {os.getpid()} on {socket.gethostname()}"[:63]
        connection.execute(sa.text("SELECT set_config('application_name', :name, false)"), {"name": name})
        if not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": self._KEY}).scalar():
            holder = self.holder(connection)
            connection.close()
            raise StocktakeError("CATALOG_LOCKED", holder or "another machine", self._shown)
        self._pid = int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar() or 0)
        self._connection = connection

    def holder(self, db: sa.Connection) -> str | None:
        """Who holds it; None where nobody does."""
        keys = {"high": self._KEY >> 32, "low": self._KEY & 0xFFFFFFFF}
        row = db.execute(sa.text(self._HELD), keys).first()
        return None if row is None else f"{row[0]} at {row[1] or 'the server itself'}, since {row[2]}"

    def check(self, db: sa.Connection) -> None:
        """Whether it is still this scan's, if it ever was. Raises StocktakeError CATALOG_LOCKED."""
        if self._connection is None:
            return
        keys = {"high": self._KEY >> 32, "low": self._KEY & 0xFFFFFFFF}
        row = db.execute(sa.text(self._HELD), keys).first()
        if row is None or row[3] != self._pid:
            raise StocktakeError("CATALOG_LOCKED", self._shown, "the connection that held the lock was lost")

    def release(self) -> None:
        """Let go; may be called twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sa.exc.DBAPIError):  # the connection is lost, and the lock with it
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": self._KEY})
            connection.close()


def held(root: Path) -> bool:
    """Whether a living process holds the lock of a catalog."""
    try:
        fd = os.open(root / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two may look at once
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _describe(holder: str) -> str:
    try:
        who = json.loads(holder)
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(who["since"]))
        return f"pid {who['pid']} on {who['host']}, since {since}"
    except (ValueError, KeyError, TypeError):
        return "another process"
