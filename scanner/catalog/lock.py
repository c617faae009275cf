"""One scan at a time: a lock the operating system lets go of when its holder dies."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from pathlib import Path

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
