"""Reading a bounded piece of a regular file: without following, blocking or leaving a trace, then looked at again."""

from __future__ import annotations

import errno
import os
import stat

from connectors.file.mounts import PSEUDO, Mounts
from connectors.file.rows import tier
from connectors.file.safely import open_file, parts, pass_through, reason
from scanner.model import SourceError

_CODES = {errno.ENOENT: "NOT_FOUND", errno.ENOTDIR: "NOT_FOUND", errno.ELOOP: "LINK_NOT_FOLLOWED"}


def read(root: int, path: str, start: int, length: int, mounts: Mounts, *, allow_atime: bool) -> bytes:
    """At most ``length`` bytes from ``start``.

    Raises:
        SourceError: OFFLINE where reading might recall the content; DENIED where it would change the access time.
    """
    try:
        *above, name = parts(path) or [b""]
        at = os.dup(root)
        try:
            for step in above:
                below = pass_through(at, step)
                os.close(at)
                at = below
            return _read(at, name, path, start, length, mounts, allow_atime=allow_atime)
        finally:
            os.close(at)
    except OSError as error:
        code = _CODES.get(error.errno or 0, reason(error))
        raise SourceError(code, str(error.strerror), where=path) from None


def _read(parent: int, name: bytes, path: str, start: int, length: int, mounts: Mounts, *, allow_atime: bool) -> bytes:
    _check(os.stat(name, dir_fd=parent, follow_symlinks=False), path, mounts)
    try:
        file = open_file(parent, name, allow_atime=allow_atime)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        detail = "reading it would change its access time; set allow_atime to accept that"
        raise SourceError("DENIED", detail, where=path) from None
    try:
        _check(os.fstat(file), path, mounts)  # something else may have taken its place since
        pieces = []
        while length > 0 and (piece := os.pread(file, length, start)):
            pieces.append(piece)
            start += len(piece)
            length -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(file)


def _check(s: os.stat_result, path: str, mounts: Mounts) -> None:
    if stat.S_ISLNK(s.st_mode):
        raise SourceError("LINK_NOT_FOLLOWED", "links are never followed", where=path)
    if not stat.S_ISREG(s.st_mode):
        raise SourceError("UNKNOWN_TYPE", "it is no regular file", where=path)
    file_system = mounts.type_of(s.st_dev)
    if file_system in PSEUDO:
        raise SourceError("PSEUDO_FS", f"the file system is {file_system}", where=path)
    if tier(s, file_system) != "online":
        raise SourceError("OFFLINE", "it has content but no blocks on disk; reading it might recall it", where=path)
