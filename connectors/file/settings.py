"""What a file system says of itself, without a byte written to it to find out."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from itertools import islice

from connectors.file.mounts import Mount
from connectors.file.rights import ACCESS
from connectors.file.rows import canonical_names
from connectors.file.safely import open_directory
from connectors.file.seen import volume_path
from scanner.model import Batch
from scanner.paths import canonical
from scanner.schema import SETTING

_TRIED = 200
"""Names of the topmost directory among which one with letters in it is looked for."""
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS)


def settings(handle: int, key: str, mount: Mount | None, place: bytes, mounted: AbstractSet[str]) -> Batch:
    """The settings of the file system that an open directory lies in.

    ``place`` is the directory's absolute path; ``mounted`` the names in it that other file systems are mounted at.
    """
    facts = {**_mounted(mount, place), **_space(handle), **_abilities(handle, mounted)}
    return Batch(SETTING, {"path": [key] * len(facts), "name": list(facts), "value": list(facts.values())})


def _mounted(mount: Mount | None, place: bytes) -> dict[str, str | None]:
    facts: dict[str, str | None] = {"real_path": canonical(place)}
    if mount is None:
        return facts
    return facts | {
        "filesystem": mount.type,
        "mount_options": mount.options,
        "mounted_from": mount.of,
        "mount_point": canonical(mount.point),
        "volume": f"{os.major(mount.device)}:{os.minor(mount.device)}",
        "volume_path": canonical(volume_path(place, mount)),
        "rights_stored": _yes(mount.keeps_rights),
        "access_times": next((o for o in ("noatime", "relatime") if o in mount.flags), "strictatime"),
    }


def _space(handle: int) -> dict[str, str | None]:
    names = (
        "total_bytes", "free_bytes", "used_bytes", "total_inodes", "free_inodes", "used_inodes", "block_size",
        "name_limit", "read_only",
    )  # fmt: skip
    try:
        space = os.fstatvfs(handle)
    except OSError:
        return dict.fromkeys(names)
    counted = space.f_files > 0  # file systems that make inodes as they need them say 0
    values = (
        space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize,
        (space.f_blocks - space.f_bfree) * space.f_frsize,
        space.f_files if counted else None, space.f_favail if counted else None,
        space.f_files - space.f_ffree if counted else None, space.f_bsize, space.f_namemax,
    )  # fmt: skip
    told = [None if value is None else str(value) for value in values]
    return dict(zip(names, [*told, _yes(bool(space.f_flag & os.ST_RDONLY))], strict=True))


def _abilities(handle: int, mounted: AbstractSet[str]) -> dict[str, str | None]:
    """What can only be found out at an open directory; unknown where that cannot be opened."""
    try:
        directory = open_directory(handle, b".")
    except OSError:
        return dict.fromkeys(("extended_attributes", "access_lists", "case_sensitive"))
    try:
        return {
            "extended_attributes": _offers(lambda: os.listxattr(directory)),
            "access_lists": _offers(lambda: os.getxattr(directory, ACCESS)),
            "case_sensitive": _case_sensitive(directory, mounted),
        }
    finally:
        os.close(directory)


def _offers(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return "no"
        return "yes" if error.errno == errno.ENODATA else None
    return "yes"


def _case_sensitive(directory: int, mounted: AbstractSet[str]) -> str | None:
    """Whether a name that is there is there in the other case too: asked with the first name that has letters."""
    try:
        with os.scandir(directory) as scan:
            names = [entry.name for entry in islice(scan, _TRIED) if canonical_names([entry.name])[0][0] not in mounted]
        name = next((name for name in names if name.isascii() and name.swapcase() != name), None)
        if name is None:
            return None
        first = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except OSError:
        return None
    try:
        second = os.stat(name.swapcase(), dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return "yes"
    except OSError:
        return None
    same = (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
    if same and first.st_nlink > 1 and not stat.S_ISDIR(first.st_mode):
        return None  # two names of one file, perhaps
    return _yes(not same)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"
