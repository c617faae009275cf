"""Entries from what a server says of a name."""

from __future__ import annotations

import time

from connectors.sftp.wire import Facts, Found
from scanner.model import Batch
from scanner.paths import canonical
from scanner.schema import ENTRY

_COLUMNS = (
    "parent", "name", "kind", "size", "modified", "owner", "group", "mode", "links", "target", "subtype",
)  # fmt: skip
# The type bits of a mode as POSIX numbers them, which is what servers of every system send.
_SUBTYPES = {0o01: "fifo", 0o14: "socket", 0o02: "character device", 0o06: "block device"}
KINDS = {0o10: "file", 0o04: "directory", 0o12: "link", **dict.fromkeys(_SUBTYPES, "special")}
REMEMBERED = 10_000
"""Different owners and groups that are remembered at once."""
_DAY_S = 24 * 3600
_SIZES = 1 << 63
_DIGITS = 18  # of numbers that fit a column
_LONGEST_NAME = 256  # bytes of an account's or group's name: what Linux takes, and longer than Windows does
_BEFORE_SIZE = 4  # words of a long listing: mode, links, user, group
_DATE = len(b" Nov 22 18:40 ")
_NO_LISTING: tuple[None, None, None] = (None, None, None)
_Who = tuple[str | None, str | None]
_Begun = tuple[int | None, _Who, str | None, str | None]


def kind(mode: int | None) -> str | None:
    """The kind a mode says; None where it says none."""
    return None if mode is None else KINDS.get(mode >> 12 & 0o17)


def plain(said: bytes) -> str:
    """Canonical text of what a server says, which may hold NUL: no database takes that as text."""
    return canonical(said).replace("\0", "\\x00")


def segment(name: bytes) -> str:
    """Canonical text of what should be a name, but may hold '/' or NUL."""
    return plain(name).replace("/", "\\x2F")


class Entries:
    """The entries of one unit."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []  # turned into columns all at once: per entry that costs least
        # Beyond this a 32-bit time is likelier to stand for one before 1970: 1968 arrives as 2105.
        self._latest = min(int(time.time()) + _DAY_S, (1 << 31) - 1)
        self._who: dict[tuple[int | None, int | None, bytes | None, bytes | None], _Who] = {}
        self._begun: dict[tuple[bytes, int | None, int | None], _Begun] = {}

    def __len__(self) -> int:
        """Number of entries waiting."""
        return len(self._rows)

    def take(self) -> Batch:
        """Hand out the entries so far."""
        rows, self._rows = self._rows, []
        return Batch(ENTRY, dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))

    def add(self, at: tuple[str, str], found: Found, of_kind: str | None, target: str | None = None) -> _Who:
        """Add one; ``at`` is its parent and name. Owner and group are handed back as the server names them."""
        size, _, _, mode, modified = found[2]
        is_file = of_kind == "file"
        links, called, owner, group = self._listed(found)
        self._rows.append(
            (
                *at,
                of_kind or "unknown",
                size if is_file and size is not None and size < _SIZES else None,
                modified * 1_000_000 if modified is not None and modified <= self._latest else None,
                owner,
                group,
                mode & 0o177777 if mode is not None else None,
                links if is_file else None,
                target,
                _SUBTYPES.get(mode >> 12 & 0o17) if mode is not None and of_kind == "special" else None,
            )
        )
        return called

    def who(self, facts: Facts, long: bytes) -> tuple[str | None, str | None]:
        """Owner and group of what is no entry, as the server names them."""
        _, owner, group = _long_listing(long, facts[0]) or _NO_LISTING
        return self._called(facts[1], facts[2], owner, group)

    def _listed(self, found: Found) -> _Begun:
        """Links, owner and group as the server names them, and as they are told."""
        raw, long, (size, uid, gid, _, _) = found
        # What stands before the size is mostly the same for many names; a date and the name come after it.
        begin, blank, number = long[: -len(raw) - _DATE].rpartition(b" ")
        usual = blank and number == b"%d" % (-1 if size is None else size)
        told = self._begun.get((begin, uid, gid)) if usual else None
        if told is None:
            links, owner, group = _long_listing(long, size) or _NO_LISTING
            called = self._called(uid, gid, owner, group)
            told = (links, called, called[0] or _numbered(uid), called[1] or _numbered(gid))
            if usual and len(begin.split()) == _BEFORE_SIZE:
                if len(self._begun) >= REMEMBERED:
                    self._begun.clear()
                self._begun[begin, uid, gid] = told
        return told

    def _called(self, uid: int | None, gid: int | None, owner: bytes | None, group: bytes | None) -> _Who:
        who = (uid, gid, owner, group)
        called = self._who.get(who)
        if called is None:
            if len(self._who) >= REMEMBERED:
                self._who.clear()
            called = self._who[who] = (_called(uid, owner), _called(gid, group))
        return called


def _numbered(number: int | None) -> str | None:
    """A number in the place of a name; None where not even that is known."""
    return None if number is None else f"#{number}"


def _called(number: int | None, word: bytes | None) -> str | None:
    """A user's or group's name, or its number where the server has no name for it; None where it does not say."""
    if number is None or word is None:
        return None
    if word.isdigit():
        return _numbered(number) if word == b"%d" % number else None
    return plain(word)


def _long_listing(line: bytes, size: int | None) -> tuple[int, bytes, bytes] | None:
    """Links, user and group of an ``ls -l`` line; None where it is not one beyond doubt.

    The protocol leaves the form of the line open. Its fifth word must be the size that the attributes give: a user or
    group name with a blank in it (they come from directory services) shifts the words, and is then not taken.
    """
    words = line.split(None, 5)
    if len(words) < 6 or len(words[0]) not in (10, 11) or words[4] != b"%d" % (-1 if size is None else size):
        return None
    if not words[1].isdigit() or len(words[1]) > _DIGITS or max(len(words[2]), len(words[3])) > _LONGEST_NAME:
        return None
    return int(words[1]), words[2], words[3]
