"""One scan at a time: a lock the operating system lets go of when its holder dies."""

from __future__ import annotations

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
        """Take the lock. Raises StocktakeError CATALOG_LOCKED naming the holder."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 4096).decode("utf-8", "replace")
            os.close(fd)
            raise StocktakeError("CATALOG_LOCKED", _describe(holder), str(self._path)) from None
        os.ftruncate(fd, 0)
        os.pwrite(
            fd, json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}).encode(), 0
        )
        self._fd = fd

    def release(self) -> None:
        """Let go; may be called twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def held(root: Path) -> bool:
    """Whether a living process holds the lock of a catalog."""
    try:
        fd = os.open(root / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
