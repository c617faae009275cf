"""Who has a catalog open to read: what they may be reading is not removed under them."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def reading(root: Path) -> Iterator[None]:
    """Be known as somebody who reads.

    Where there is no such file and none can be made nobody is told: on a medium that cannot be written nobody sweeps.
    """
    fd = _opened(root / "readers")
    try:
        if fd is not None:
            with contextlib.suppress(OSError):  # a file system without locks: there nobody is ever known to be alone
                fcntl.flock(fd, fcntl.LOCK_SH)  # a sweep takes moments
        yield
    finally:
        if fd is not None:
            os.close(fd)


def _opened(path: Path) -> int | None:
    for flags in (os.O_RDONLY | os.O_CREAT, os.O_RDONLY):
        with contextlib.suppress(OSError):
            return os.open(path, flags | os.O_CLOEXEC, 0o600)
    return None


@contextlib.contextmanager
def alone(root: Path) -> Iterator[bool]:
    """Whether nobody reads now; if so, whoever comes waits until this ends."""
    try:
        fd = os.open(root / "readers", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody reads, or the file system knows no locks
        yield False
    else:
        yield True
    finally:
        os.close(fd)
