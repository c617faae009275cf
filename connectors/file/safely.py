"""Opening things so that no link leads elsewhere, nothing blocks, and no access time changes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from scanner.paths import restore

_LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_SCHEDULE = Path("/proc/self/schedstat")
_REASONS = {
    errno.EACCES: "DENIED",
    errno.EPERM: "DENIED",
    errno.ENOENT: "VANISHED",
    errno.ENOTDIR: "VANISHED",
    errno.ELOOP: "VANISHED",
    errno.ESTALE: "VANISHED",
    errno.ETIMEDOUT: "TIMEOUT",
    errno.EIO: "IO_ERROR",
    errno.EREMOTEIO: "IO_ERROR",
    errno.ENOTCONN: "IO_ERROR",
    errno.EUCLEAN: "IO_ERROR",
    errno.EWOULDBLOCK: "CONTENT_LOCKED",  # somebody holds a lease on it and is told to give it back
}


def reason(error: OSError) -> str:
    """The code for what the system said."""
    return _REASONS.get(error.errno or 0, "OTHER")


def scarce(error: OSError) -> bool:
    """Whether it was this machine that ran out of something, not the source that refused."""
    return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def open_directory(parent: int, name: str | bytes) -> int:
    """Open a directory to list it, never through a link. Raises OSError.

    Only its owner may ask for its access time to be left alone; for others the kernel does as the mount says.
    """
    try:
        return os.open(name, _LOOK | os.O_DIRECTORY | os.O_NOATIME, dir_fd=parent)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
    return os.open(name, _LOOK | os.O_DIRECTORY, dir_fd=parent)


def pass_through(parent: int, name: bytes) -> int:
    """Open a directory only to go on from it: needs no right to list it, and touches nothing. Raises OSError."""
    return os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


def open_file(parent: int, name: bytes, *, allow_atime: bool) -> int:
    """Open a file to read it, without blocking on whatever may have taken its place. Raises OSError.

    Raises EPERM where reading would change the access time of a file that is not ours, unless ``allow_atime``.
    """
    try:
        return os.open(name, _LOOK | os.O_NOATIME, dir_fd=parent)
    except PermissionError as error:
        kept = os.fstatvfs(parent).f_flag & (os.ST_NOATIME | os.ST_RDONLY)
        if error.errno != errno.EPERM or not (allow_atime or kept):
            raise
    return os.open(name, _LOOK, dir_fd=parent)


def kept_waiting_s() -> float:
    """Seconds this thread was ready to run and no processor was free; 0 where the kernel does not say."""
    try:
        return int(_SCHEDULE.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def parts(path: str) -> list[bytes]:
    """The names a canonical path is made of. Raises NotADirectoryError for one that no directory can hold."""
    names = restore(path).removesuffix(b"/").split(b"/") if path else []
    if any(name in (b"", b".", b"..") or b"\0" in name for name in names):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return names
