"""What OpenSSH's extensions to version 3 tell beyond it: room on the file system, names of accounts.

Their layout is that of OpenSSH's file PROTOCOL, section 4. Each is asked for only where the server offers it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from connectors.sftp import wire as w

STATVFS = "statvfs@openssh.com"
NAMES = "users-groups-by-id@openssh.com"
_STATVFS = struct.Struct(">11Q")
_READ_ONLY = 1
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Room:
    """A file system: its bytes, those free for the account, its files, those it may yet make, and whether it may."""

    total: int
    free: int
    files: int
    files_free: int
    read_only: bool


def room(wire: w.Wire, offered: tuple[str, ...], path: bytes) -> Room | None:
    """The file system at a path; None where the server would not say, or says what cannot be."""
    if STATVFS not in offered:
        return None
    reply = wire.call(w.EXTENDED, w.string(STATVFS.encode()), w.string(path))
    if reply.kind != w.EXTENDED_REPLY or len(reply.body) < _STATVFS.size:
        return None
    _, fragment, blocks, _, available, files, _, files_free, _, flags, _ = _STATVFS.unpack_from(reply.body)
    total, free = fragment * blocks, fragment * available
    if not 0 < total < _LARGEST or free > total:
        return None
    return Room(total, free, files, files_free, bool(flags & _READ_ONLY))


def names_accounts(wire: w.Wire, offered: tuple[str, ...]) -> bool:
    """Whether the server knows names of accounts, so that one without a name is nobody's.

    A server in a chroot without account files knows none: it then has no name for number 0 either.
    """
    if NAMES not in offered:
        return False
    reply = wire.call(w.EXTENDED, w.string(NAMES.encode()), w.string(bytes(4)), w.string(bytes(4)))
    if reply.kind != w.EXTENDED_REPLY:
        return False
    try:
        users, _ = w.text(reply.body)
        return bool(w.text(users)[0])
    except w.Malformed:
        return False
