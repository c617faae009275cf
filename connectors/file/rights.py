"""Who may do what: modes and access lists as rights, told where they differ from what the folder above says."""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from connectors.file import nfs4
from connectors.file.accounts import Names
from scanner.model import Batch
from scanner.schema import GRANT

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_GROUPS = (GROUP_OBJ, GROUP)
_OWNER = (USER_OBJ, -1)
_VERSION = 2
_ALL = 7
_NONE = (errno.ENODATA, errno.EOPNOTSUPP, errno.ENOSYS)
_WORDS = {
    True: ((4, ("read", "list")), (2, ("write",)), (1, ("execute",))),
    False: ((4, ("read",)), (2, ("write",)), (1, ("execute",))),
}
_REMEMBERED = 10_000
"""Different rights that are remembered at once, each with the rows it comes to."""
_FUTURE = "holds only for what is made there from then on"
_COLUMNS = ("path", "grantee", "grantee_kind", "right", "effect", "inherited", "origin", "grantee_id", "native",
            "scope", "condition")  # fmt: skip


Line = tuple[int, int]
"""Which line of an access list: its class, and whom it is about."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One line of an access list: its class, whom (-1 where the class says it), what it says, what the mask leaves."""

    tag: int
    id: int
    said: int
    left: int


@dataclass(frozen=True, slots=True)
class Rights:
    """Everything that decides who may do what with one file or directory."""

    user: int
    group: int
    origin: str
    entries: tuple[Entry, ...]
    default: tuple[Entry, ...] = ()
    aces: tuple[nfs4.Ace, ...] = ()

    def covers(self, file: Rights) -> bool:
        """Whether what a folder's rights say of files is all there is to tell of a file in it.

        Passing through and running do not count, nor does what a file gives to those whom the folder lets not through.
        """
        if self.user != file.user:
            return False
        if self.aces and file.aces:
            return self.group == file.group and nfs4.of_content(self.aces) == nfs4.of_content(file.aces)
        ours, its = _content(self), _content(file)
        # Beside an NFSv4 list the mode is what the server made of it, for folder and file alike: it bars nobody.
        counting = ours.keys() if self.aces else self._passing()
        if counting != {_OWNER} and (self.group, ours.keys()) != (file.group, its.keys()):
            return False
        return all(ours.get(line) == its.get(line) for line in counting)

    def _passing(self) -> set[Line]:
        """Lines of whom a folder lets through to what is in it: the owner, who can; any group where one of them may."""
        through = {(entry.tag, entry.id) for entry in self.entries if entry.left & 1} | {_OWNER}
        if any(tag in _GROUPS for tag, _ in through):
            through |= {(entry.tag, entry.id) for entry in self.entries if entry.tag in _GROUPS}
        return through


def _content(rights: Rights) -> dict[Line, int]:
    """What each line leaves of reading and writing."""
    return {(entry.tag, entry.id): entry.left & 6 for entry in rights.entries}


def of_mode(mode: int, user: int, group: int) -> Rights:
    """The rights that a mode alone gives."""
    return _of_mode(mode & 0o777, user, group)


@lru_cache(_REMEMBERED)
def _of_mode(mode: int, user: int, group: int) -> Rights:
    classes = ((USER_OBJ, mode >> 6), (GROUP_OBJ, mode >> 3), (OTHER, mode))
    return Rights(user, group, "mode", tuple(Entry(tag, -1, bits & 7, bits & 7) for tag, bits in classes))


def parse_acl(raw: bytes) -> tuple[Entry, ...]:
    """The entries of an access list's attribute, its mask applied.

    Raises:
        ValueError: for bytes that are none.
    """
    if len(raw) < 4 or (len(raw) - 4) % 8 or struct.unpack_from("<I", raw)[0] != _VERSION:
        raise ValueError("no access list of the version that is known")
    lines = [struct.unpack_from("<HHI", raw, at) for at in range(4, len(raw), 8)]
    mask = next((said for tag, said, _ in lines if tag == MASK), _ALL)
    masked = (USER, GROUP_OBJ, GROUP)
    if not mask & _ALL:  # Linux looks at no named line then: whom they name has what all others have
        lines = [line for line in lines if line[0] not in (USER, GROUP)]
    return tuple(
        Entry(tag, who if tag in (USER, GROUP) else -1, said & 7, said & (mask if tag in masked else _ALL) & 7)
        for tag, said, who in lines
        if tag != MASK
    )


def look(place: int | str, facts: os.stat_result, names: list[str]) -> Rights:
    """The rights of what is open, or named by a path, given the names of its attributes. Raises OSError, ValueError."""
    plain = of_mode(facts.st_mode, facts.st_uid, facts.st_gid)
    access = _attribute(place, ACCESS) if ACCESS in names else b""
    default = _attribute(place, DEFAULT) if DEFAULT in names else b""
    aces = _attribute(place, nfs4.ATTRIBUTE) if nfs4.ATTRIBUTE in names else b""
    if aces:
        return Rights(plain.user, plain.group, "nfs4_acl", plain.entries, (), nfs4.parse(aces))
    if not access and not default:
        return plain
    entries = parse_acl(access) if access else plain.entries
    return Rights(plain.user, plain.group, "posix_acl", entries, parse_acl(default) if default else ())


def attributes(place: int | str) -> list[str]:
    """The names of a file's attributes; none where its file system has no such thing. Raises OSError."""
    try:
        return os.listxattr(place) if isinstance(place, int) else os.listxattr(place, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NONE:
            return []
        raise


def _attribute(place: int | str, name: str) -> bytes:
    try:
        return os.getxattr(place, name) if isinstance(place, int) else os.getxattr(place, name, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NONE:
            return b""
        raise


Row = tuple[str, str, str, str, bool | None, str, str | None, str, str, str | None]


class Grants:
    """Rights on their way into a batch."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._paths: list[str] = []
        self._rows: list[Row] = []

    def __len__(self) -> int:
        """Rows waiting."""
        return len(self._rows)

    def add(self, path: str, rights: Rights, *, directory: bool) -> None:
        """Tell the rights at a path, which has no closing '/'."""
        rows = self._words.rows(rights, directory=directory)
        self._paths += [path] * len(rows)
        self._rows += rows

    def take(self) -> Batch:
        """What was added since the last time; there must be something."""
        columns = [self._paths, *map(list, zip(*self._rows, strict=True))]
        self._paths, self._rows = [], []
        return Batch(GRANT, dict(zip(_COLUMNS, columns, strict=True)))


@dataclass(slots=True)
class Words:
    """What rights come to in rows; worked out once for the same rights."""

    users: Names
    groups: Names
    _known: dict[tuple[Rights, bool], tuple[Row, ...]] = field(default_factory=dict)

    def rows(self, rights: Rights, *, directory: bool) -> tuple[Row, ...]:
        """The rows of some rights, without their path."""
        known = self._known.get((rights, directory))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[rights, directory] = tuple(self._told(rights, directory))
        return known

    def _told(self, rights: Rights, directory: bool) -> Iterator[Row]:
        scope = "both" if directory else "this"
        name, kind = self._user(rights.user)
        yield name, kind, "owner", "allow", None, rights.origin, f"#{rights.user}", "owner", scope, None
        if rights.aces:
            yield from self._nfs4(rights, directory)
            return
        yield from self._posix(rights, rights.entries, directory, scope, "")
        yield from self._posix(rights, rights.default, directory, "beneath", "default:")

    def _posix(
        self, rights: Rights, entries: tuple[Entry, ...], directory: bool, scope: str, prefix: str
    ) -> Iterator[Row]:
        others = next((entry.left for entry in entries if entry.tag == OTHER), 0)
        anybody = others
        for entry in entries:
            anybody |= entry.left if entry.tag in (GROUP_OBJ, GROUP) else 0
        condition = _FUTURE if prefix else None
        for entry in entries:
            if entry.tag == USER and entry.id == rights.user and not prefix:
                continue  # to its owner the line of the owner alone applies
            name, kind, number, shown = self._holder(rights, entry)
            native = f"{prefix}{shown}:{_letters(entry.said)}"
            if entry.left != entry.said:
                native += f" #effective:{_letters(entry.left)}"
            # Whoever a line names has what it says and no more, whatever others or their groups have: that is a denial.
            refused = {USER_OBJ: 0, USER: anybody}.get(entry.tag, others) & ~entry.left
            for effect, bits in (("allow", entry.left), ("deny", refused)):
                for right in (right for bit, rights_of in _WORDS[directory] if bits & bit for right in rights_of):
                    yield name, kind, right, effect, None, rights.origin, number, native, scope, condition

    def _holder(self, rights: Rights, entry: Entry) -> tuple[str, str, str | None, str]:
        """Name, kind, number and notation of the one that a line is about."""
        if entry.tag == OTHER:
            return "others", "everyone", None, "other:"
        if entry.tag in (USER_OBJ, USER):
            number = rights.user if entry.tag == USER_OBJ else entry.id
            name, kind = self._user(number)
            return name, kind, f"#{number}", f"user:{name if entry.tag == USER else ''}"
        number = rights.group if entry.tag == GROUP_OBJ else entry.id
        name = self.groups[number]
        kind = "unknown" if name == f"#{number}" else "group"
        return name, kind, f"#{number}", f"group:{name if entry.tag == GROUP else ''}"

    def _user(self, number: int) -> tuple[str, str]:
        name = self.users[number]
        return name, "unknown" if name == f"#{number}" else "user"

    def _nfs4(self, rights: Rights, directory: bool) -> Iterator[Row]:
        for ace in rights.aces:
            if ace.effect is None:
                continue
            name, kind, number = ace.who, ace.kind, None
            if ace.who == "OWNER@":
                (name, kind), number = self._user(rights.user), f"#{rights.user}"
            elif ace.who == "GROUP@":
                name, number = self.groups[rights.group], f"#{rights.group}"
            for right in ace.rights(directory=directory):
                yield name, kind, right, ace.effect, ace.inherited, rights.origin, number, ace.native, ace.scope, None


def _letters(bits: int) -> str:
    return stat.filemode(stat.S_IFREG | bits)[-3:]
