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
_SYSTEM = (1, 2, 3, 4)
"""Accounts and groups of every Unix: daemon, bin, sys, adm, or what they are called there."""
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Room:
    """A file system: its bytes, those free for the account, its files, those it may yet make, and whether it may.

    One that makes room for files as they come (btrfs) has no number of them.
    """

    total: int | None = None
    free: int | None = None
    files: int | None = None
    files_free: int | None = None
    read_only: bool | None = None


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
    counted = 0 < files < _LARGEST and files_free <= files
    return Room(total, free, files if counted else None, files_free if counted else None, bool(flags & _READ_ONLY))


def names_accounts(wire: w.Wire, offered: tuple[str, ...]) -> bool:
    """Whether the server knows names of accounts, so that one without a name is nobody's.

    Asked for the first few a Unix has. Not for 0: a server in a chroot without account files has kept that name from
    before, and knows no other.
    """
    if NAMES not in offered:
        return False
    numbers = w.string(struct.pack(">4I", *_SYSTEM))
    reply = wire.call(w.EXTENDED, w.string(NAMES.encode()), numbers, numbers)
    if reply.kind != w.EXTENDED_REPLY:
        return False
    try:
        users, at = w.text(reply.body)
        groups, _ = w.text(reply.body, at)
        answers = _strings(users), _strings(groups)
    except w.Malformed:
        return False
    return all(len(names) == len(_SYSTEM) and any(names) for names in answers)


def _strings(row: bytes) -> list[bytes]:
    """The strings of a row. Raises Malformed."""
    at, found = 0, []
    while at < len(row):
        each, at = w.text(row, at)
        found.append(each)
    return found
