"""NFSv4 access lists, as an NFS mount shows them: parsed from the attribute, each entry to rights of ours."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from scanner.paths import canonical

ATTRIBUTE = "system.nfs4_acl"
_ALLOW, _DENY = 0, 1
_MOST = 4096
"""Entries after which an access list is no access list; servers stop far earlier."""

_FLAGS = ((0x01, "f"), (0x02, "d"), (0x04, "n"), (0x08, "i"), (0x40, "g"), (0x80, "I"))
_BITS = tuple(zip((1 << bit for bit in (*range(9), 16, 17, 18, 19, 20)), "rwanNxDtTdcCoy", strict=True))
_BENEATH, _ONLY_BENEATH, _GROUP, _INHERITED = 0x03, 0x08, 0x40, 0x80
_MEANS = (
    (0x1, "read"),
    (0x2 | 0x4, "write"),
    (0x20, "execute"),
    (0x40 | 0x10000, "delete"),
    (0x40000 | 0x80000, "change_permissions"),
)
_FULL = 0x1F01FF


@dataclass(frozen=True, slots=True)
class Ace:
    """One entry: what kind, inherited or inheriting how, which rights, for whom ('OWNER@', 'ann@corp', …)."""

    type: int
    flags: int
    mask: int
    who: str

    @property
    def effect(self) -> str | None:
        """Allow or deny; None for an entry that only asks for a log line."""
        return {_ALLOW: "allow", _DENY: "deny"}.get(self.type)

    @property
    def scope(self) -> str:
        """Where it holds."""
        if self.flags & _ONLY_BENEATH:
            return "beneath"
        return "both" if self.flags & _BENEATH else "this"

    @property
    def inherited(self) -> bool:
        """Whether it came from the folder above."""
        return bool(self.flags & _INHERITED)

    @property
    def kind(self) -> str:
        """What its holder is, in our words."""
        if self.who == "EVERYONE@":
            return "everyone"
        return "group" if self.flags & _GROUP or self.who == "GROUP@" else "user"

    @property
    def native(self) -> str:
        """The entry in the notation of nfs4_getfacl."""
        kind = {_ALLOW: "A", _DENY: "D"}.get(self.type, "U")
        flags = "".join(letter for bit, letter in _FLAGS if self.flags & bit)
        return f"{kind}:{flags}:{self.who}:{''.join(letter for bit, letter in _BITS if self.mask & bit)}"

    def rights(self, *, directory: bool) -> list[str]:
        """The rights it is about."""
        if self.mask & _FULL == _FULL:
            return ["full"]
        found = [right for bits, right in _MEANS if self.mask & bits]
        return [*found, "list"] if directory and "read" in found else found


def of_content(aces: tuple[Ace, ...]) -> list[tuple[int, str, int]]:
    """What entries say, in their order, of reading and changing content where they stand."""
    said = [(ace.type, ace.who, ace.mask & 0x7) for ace in aces if ace.effect and not ace.flags & _ONLY_BENEATH]
    return [line for line in said if line[2]]


def parse(raw: bytes) -> tuple[Ace, ...]:
    """The entries of an access list.

    Raises:
        ValueError: for bytes that are none.
    """
    try:
        (count,) = struct.unpack_from(">I", raw)
        if count > _MOST:
            raise ValueError(f"{count} entries")
        entries, at = [], 4
        for _ in range(count):
            kind, flags, mask, length = struct.unpack_from(">4I", raw, at)
            at += 16
            who = raw[at : at + length]
            if len(who) < length:
                raise ValueError("an entry is cut short")
            entries.append(Ace(kind, flags, mask, canonical(who)))
            at += (length + 3) & ~3
    except struct.error as error:
        raise ValueError(str(error)) from None
    return tuple(entries)
