"""NT security descriptors: who owns something, and who may do what with it, as bytes; no I/O.

Layouts are those of [MS-DTYP] 2.4 (SID, ACE, ACL, self-relative SECURITY_DESCRIPTOR), masks of [MS-SMB2] 2.2.13.1.
"""

from __future__ import annotations

import struct
import uuid
from typing import NamedTuple

# Flags of an ACE.
_FILES, _FOLDERS, _BENEATH_ONLY, _INHERITED = 0x01, 0x02, 0x08, 0x10
_DACL_PRESENT, _SELF_RELATIVE = 0x0004, 0x8000

_PLAIN = {0x00: True, 0x01: False, 0x09: True, 0x0A: False}
_OBJECT = {0x05: True, 0x06: False, 0x0B: True, 0x0C: False}
_CONDITIONAL = frozenset({0x09, 0x0A, 0x0B, 0x0C})
"""ACEs with an expression behind the SID; it decides whether they hold."""

FULL, CHANGE, READ = 0x001F01FF, 0x001301BF, 0x001200A9
_GENERIC = {0x10000000: FULL, 0x20000000: 0x001200A0, 0x40000000: 0x00120116, 0x80000000: 0x00120089}
_NAMES = {
    FULL: "FULL", CHANGE: "CHANGE", READ: "READ", 0x10000000: "GENERIC_ALL", 0x20000000: "GENERIC_EXECUTE",
    0x40000000: "GENERIC_WRITE", 0x80000000: "GENERIC_READ", 0xA0000000: "GENERIC_READ | GENERIC_EXECUTE",
    0xE0010000: "GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | DELETE", 0x00120116: "WRITE", 0x00010000: "DELETE",
    0x001200A0: "EXECUTE", 0x001301FF: "CHANGE | DELETE_CHILD",
}  # fmt: skip
_DELETE_IT = 0x10000
_CONTENT, _WRITE, _EXECUTE, _DELETE, _CONTROL = 0x1, 0x2 | 0x4, 0x20, _DELETE_IT | 0x40, 0x40000 | 0x80000


class Ace(NamedTuple):
    """One entry of an access list."""

    allow: bool
    flags: int
    mask: int
    sid: str
    condition: str | None

    @property
    def is_inherited(self) -> bool:
        """Whether it came from a folder above."""
        return bool(self.flags & _INHERITED)

    @property
    def is_here(self) -> bool:
        """Whether it holds for the object itself."""
        return not self.flags & _BENEATH_ONLY

    @property
    def reaches_files(self) -> bool:
        """Whether files in the folder inherit it."""
        return bool(self.flags & _FILES)

    @property
    def reaches_folders(self) -> bool:
        """Whether folders in the folder inherit it."""
        return bool(self.flags & _FOLDERS)

    @property
    def scope(self) -> str:
        """Where it holds, in the words of the catalog."""
        inheritable = self.reaches_files or self.reaches_folders
        return ("both" if inheritable else "this") if self.is_here else "beneath"


class Descriptor(NamedTuple):
    """What a security descriptor says; ``aces`` is None where there is no access list, so that everybody may do all."""

    owner: str | None
    group: str | None
    aces: tuple[Ace, ...] | None


def parse(raw: bytes) -> Descriptor:
    """A self-relative security descriptor.

    Raises:
        ValueError: when it contradicts itself.
    """
    try:
        _revision, _, control, owner, group, _sacl, dacl = struct.unpack_from("<BBHIIII", raw)
        if not control & _SELF_RELATIVE:
            raise ValueError("the security descriptor is not in one piece")
        aces = _aces(raw, dacl) if control & _DACL_PRESENT and dacl else None
        return Descriptor(sid(raw, owner) if owner else None, sid(raw, group) if group else None, aces)
    except (struct.error, IndexError) as error:
        raise ValueError(f"the security descriptor is cut off: {error}") from None


def sid(raw: bytes, at: int = 0) -> str:
    """The SID at a position, as ``S-1-5-…``."""
    revision, count = raw[at], raw[at + 1]
    authority = int.from_bytes(raw[at + 2 : at + 8], "big")
    if revision != 1 or count > 15:
        raise ValueError("the security descriptor holds something else than a SID")
    parts = struct.unpack_from(f"<{count}I", raw, at + 8)
    top = f"{authority:#x}" if authority >= 1 << 32 else str(authority)
    return "-".join(["S-1", top, *(str(part) for part in parts)])


def _aces(raw: bytes, at: int) -> tuple[Ace, ...]:
    _revision, _, size, count = struct.unpack_from("<BBHH", raw, at)
    end, at = at + size, at + 8
    found = []
    for _ in range(count):
        kind, flags, length = struct.unpack_from("<BBH", raw, at)
        if length < 8 or at + length > min(end, len(raw)):
            raise ValueError("an entry of the access list is cut off")
        ace = _ace(raw[at : at + length], kind, flags)
        if ace is not None:
            found.append(ace)
        at += length
    return tuple(found)


def _ace(raw: bytes, kind: int, flags: int) -> Ace | None:
    """One entry; None for kinds that grant and deny nothing (audit, labels)."""
    (mask,) = struct.unpack_from("<I", raw, 4)
    conditions = ["conditional"] if kind in _CONDITIONAL else []
    if kind in _PLAIN:
        return Ace(_PLAIN[kind], flags, mask, sid(raw, 8), conditions[0] if conditions else None)
    if kind not in _OBJECT:
        return None
    (present,) = struct.unpack_from("<I", raw, 8)
    at = 12
    for bit, word in ((1, "object type"), (2, "inherited by")):
        if present & bit:
            conditions.append(f"{word} {uuid.UUID(bytes_le=raw[at : at + 16])}")
            at += 16
    return Ace(_OBJECT[kind], flags, mask, sid(raw, at), "; ".join(conditions) or None)


def specific(mask: int) -> int:
    """The mask with its generic rights spelt out."""
    for bit, meant in _GENERIC.items():
        if mask & bit:
            mask = (mask & ~bit) | meant
    return mask


def native(mask: int) -> str:
    """The mask as it stands there, with its usual name if it has one."""
    name = _NAMES.get(mask)
    return f"{mask:#010x} {name}" if name else f"{mask:#010x}"


def rights(mask: int, *, folders: bool, files: bool) -> tuple[str, ...]:
    """The rights a mask holds, in the words of the catalog; ``folders``, ``files``: what it is a mask for."""
    spelt = specific(mask)
    if spelt & FULL == FULL:
        return ("full",)
    meant = {
        "read": files and spelt & _CONTENT,
        "list": folders and spelt & _CONTENT,
        "write": spelt & _WRITE,
        "execute": spelt & _EXECUTE,
        "delete": spelt & _DELETE,
        "change_permissions": spelt & _CONTROL,
    }
    return tuple(right for right, there in meant.items() if there)


def is_whole(mask: int, right: str, *, of_folder: bool) -> bool:
    """Whether a mask holds all of a right, not a part: to make files but no folders, to delete what is within."""
    needed = {"write": _WRITE, "delete": _DELETE if of_folder else _DELETE_IT, "change_permissions": _CONTROL}
    bits = needed.get(right, 0)
    return specific(mask) & bits == bits
