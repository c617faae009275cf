"""Entries from what a server says of a name."""

from __future__ import annotations

import time

from connectors.sftp.wire import Facts
from scanner.model import Batch
from scanner.paths import canonical
from scanner.schema import ENTRY

_COLUMNS = (
    "parent", "name", "kind", "size", "modified", "owner", "group", "mode", "links", "target", "subtype",
)  # fmt: skip
# The type bits of a mode as POSIX numbers them, which is what servers of every system send.
_SUBTYPES = {0o01: "fifo", 0o14: "socket", 0o02: "character device", 0o06: "block device"}
_KINDS = {0o10: "file", 0o04: "directory", 0o12: "link", **dict.fromkeys(_SUBTYPES, "special")}
_DAY_S = 24 * 3600
_SIZES = 1 << 63
_NO_LISTING: tuple[None, None, None] = (None, None, None)


def kind(mode: int | None) -> str | None:
    """The kind a mode says; None where it says none."""
    return None if mode is None else _KINDS.get(mode >> 12 & 0o17)


def segment(name: bytes) -> str:
    """Canonical text of what should be a name, but may hold '/' or NUL, which no database takes as text."""
    return canonical(name).replace("/", "\\x2F").replace("\0", "\\x00")


class Entries:
    """The entries of one unit."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []  # turned into columns all at once: per entry that costs least
        # Beyond this a 32-bit time is likelier to stand for one before 1970: 1968 arrives as 2105.
        self._latest = min(int(time.time()) + _DAY_S, (1 << 31) - 1)
        self._who: dict[tuple[int | None, int | None, bytes | None, bytes | None], tuple[str | None, str | None]] = {}

    def __len__(self) -> int:
        """Number of entries waiting."""
        return len(self._rows)

    def take(self) -> Batch:
        """Hand out the entries so far."""
        rows, self._rows = self._rows, []
        return Batch(ENTRY, dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))

    def add(
        self, at: tuple[str, str], of_kind: str | None, facts: Facts, long: bytes, target: str | None = None
    ) -> tuple[str | None, str | None]:
        """Add one; ``at`` is its parent and name, ``long`` the server's listing, which may name owners.

        Owner and group are handed back as they were added.
        """
        size, _, _, mode, modified = facts
        is_file = of_kind == "file"
        links, owner, group = _long_listing(long, size) or _NO_LISTING
        called = self._called(facts, owner, group)
        self._rows.append(
            (
                *at,
                of_kind or "unknown",
                size if is_file and size is not None and size < _SIZES else None,
                modified * 1_000_000 if modified is not None and modified <= self._latest else None,
                *called,
                mode & 0o177777 if mode is not None else None,
                links if is_file else None,
                target,
                _SUBTYPES.get(mode >> 12 & 0o17) if mode is not None and of_kind == "special" else None,
            )
        )
        return called

    def who(self, facts: Facts, long: bytes) -> tuple[str | None, str | None]:
        """Owner and group of what is no entry."""
        _, owner, group = _long_listing(long, facts[0]) or _NO_LISTING
        return self._called(facts, owner, group)

    def _called(self, facts: Facts, owner: bytes | None, group: bytes | None) -> tuple[str | None, str | None]:
        who = (facts[1], facts[2], owner, group)
        called = self._who.get(who)
        if called is None:
            called = self._who[who] = (_called(facts[1], owner), _called(facts[2], group))
        return called


def _called(number: int | None, word: bytes | None) -> str | None:
    """A user's or group's name where there is one, else its number; None where not even that is known."""
    if number is None:
        return None
    return f"#{number}" if word is None or word.isdigit() else canonical(word)


def _long_listing(line: bytes, size: int | None) -> tuple[int, bytes, bytes] | None:
    """Links, user and group of an ``ls -l`` line; None where it is not one beyond doubt.

    The protocol leaves the form of the line open. Its fifth word must be the size that the attributes give: a user or
    group name with a blank in it (they come from directory services) shifts the words, and is then not taken.
    """
    words = line.split(None, 5)
    if len(words) < 6 or len(words[0]) not in (10, 11) or not words[1].isdigit() or not words[4].isdigit():
        return None
    if int(words[4]) != size:
        return None
    return int(words[1]), words[2], words[3]
