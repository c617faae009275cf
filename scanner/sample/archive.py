"""Archives in the midst of files: members that an extractor wants are read in place, within bounds, one level deep."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from scanner.extractor import NotMine, Trouble, Unread
from scanner.extractors.packed import Packed
from scanner.sample.asking import ARCHIVES, GZIPS, TARS, ZIPS, asked, ending

MEMBERS = 10_000
"""Members of one archive that are looked at, by name."""
OPENED = 1_000
"""Members of one archive that are read."""
UNPACKED = 64 << 20
"""Bytes read of one archive's members together."""
PASSED = 256 << 20
"""Bytes that are unpacked on the way to them, where an archive can only be read from its beginning."""
LARGEST = 16 << 20
"""Bytes of one member that are read."""
TOLD = 5
"""Members that are told of by name, where the same is wrong with many."""
_GZIP = b"\x1f\x8b"
_DAMAGE = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, IndexError)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name there, what was read of it, and whether that is all."""

    name: str
    content: bytes
    complete: bool


@dataclass(slots=True)
class _Seen:
    """What of an archive's members is told, each sort of trouble once: its code, what is said, and the first names."""

    troubles: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    inner: list[str] = field(default_factory=list)
    opened: int = 0
    unpacked: int = 0

    def tell(self, code: str, what: str, name: str) -> None:
        self.troubles.setdefault((code, what), []).append(name)

    def wanted(self, path: str, name: str) -> bool:
        """Whether a member is read; archives in the archive are counted, and stay closed."""
        if asked().by_name(f"{path}/{name}"):
            return True
        if ending(name) in ARCHIVES:
            self.inner.append(name)
        return False

    def full(self) -> bool:
        return self.opened >= OPENED or self.unpacked >= UNPACKED

    def told(self) -> Iterator[Trouble]:
        for (code, what), names in self.troubles.items():
            yield Trouble(code, f"{what}: {_some(names)}")

    def notes(self) -> Iterator[str]:
        if self.inner:
            yield f"archives in it were not opened: {_some(self.inner)}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - TOLD:,} more" if len(names) > TOLD else ""
    return ", ".join(n[:200] for n in names[:TOLD]) + more


def is_archive(path: str) -> bool:
    """Whether a file's name says that it is an archive that can be looked through."""
    return ending(path.rpartition("/")[2]) in ARCHIVES


def streams(path: str) -> bool:
    """Whether an archive can be read as far as it is there; a list of what a zip holds is at its end."""
    return ending(path.rpartition("/")[2]) not in ZIPS


def members(path: str, content: bytes, note: Callable[[str], None]) -> Iterator[Member | Trouble]:
    """The members of an archive that an extractor wants, and what is wrong with the others; ``note`` hears the rest.

    Raises:
        NotMine: it is no archive.
        Unread: it cannot be opened, or breaks off; the members before that were given.
    """
    name = path.rpartition("/")[2].lower()
    last, seen = ending(name), _Seen()
    try:
        if last in ZIPS:
            yield from _zip(path, content, seen)
        elif last in TARS or name.endswith(".tar.gz"):
            yield from _tar(path, content, seen)
        elif last in GZIPS:
            yield from _gzip(path, content, seen)
    finally:
        for said in seen.notes():
            note(said)
    yield from seen.told()


def _label(name: str) -> str:
    """A member's name as a part: never absolute, never upwards, whatever it says."""
    steps = [s for s in name.replace("\\", "/").split("/") if s not in {"", ".", ".."}]
    return "/".join(steps) or "unnamed"


def _zip(path: str, content: bytes, seen: _Seen) -> Iterator[Member]:
    packed = Packed(content, most=UNPACKED)
    for written in packed.names():
        name = _label(written)
        if not seen.wanted(path, name):
            continue
        if seen.full():
            seen.tell("CONTENT_LIMIT", "more in it than is unpacked of one archive", name)
            continue
        seen.opened += 1
        try:
            found = packed.read(written, LARGEST)
        except Unread as error:
            what = {
                "CONTENT_ENCRYPTED": "members that need a password",
                "CONTENT_LIMIT": "members that unpack to more than is read",
            }.get(error.code, "members that are damaged")
            seen.unpacked += LARGEST if error.code == "CONTENT_LIMIT" else 0
            seen.tell(error.code, what, name)
            continue
        seen.unpacked += len(found)
        yield Member(name, found, complete=True)


class _Flow(io.RawIOBase):
    """Unpacked bytes as they come, no more of them than a bound."""

    def __init__(self, source: IO[bytes], most: int) -> None:
        self._source = source
        self._left = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise Unread("CONTENT_LIMIT", f"it unpacks to more than {PASSED:,} bytes")
        piece = self._source.read(size)
        self._left -= len(piece)
        return piece


def _tar(path: str, content: bytes, seen: _Seen) -> Iterator[Member]:
    source: IO[bytes] = io.BytesIO(content)
    if content[:2] == _GZIP:
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=io.BytesIO(content)))
    elif content[:3] == b"BZh":
        source = bz2.BZ2File(io.BytesIO(content))
    number = 0
    try:
        with tarfile.open(fileobj=_Flow(source, PASSED), mode="r|", bufsize=1 << 16) as tar:
            for info in tar:
                number += 1
                if number > MEMBERS:
                    raise Unread("CONTENT_LIMIT", f"more than {MEMBERS:,} members")
                if not info.isreg() or not seen.wanted(path, name := _label(info.name)):
                    continue
                if seen.full():
                    seen.tell("CONTENT_LIMIT", "more in it than is unpacked of one archive", name)
                    continue
                handle = tar.extractfile(info)
                if handle is None:
                    continue
                found = handle.read(LARGEST)
                seen.opened += 1
                seen.unpacked += len(found)
                yield Member(name, found, complete=info.size <= LARGEST)
    except _DAMAGE as error:
        if not number and content[:2] != _GZIP:
            raise NotMine from None
        raise Unread("CONTENT_DAMAGED", f"after {number:,} members: {error}") from None


def _gzip(path: str, content: bytes, seen: _Seen) -> Iterator[Member]:
    if content[:2] != _GZIP:
        raise NotMine
    name = _label(path.rpartition("/")[2][: -len(".gz")])
    if not seen.wanted(path, name):
        return
    unpacked = gzip.GzipFile(fileobj=io.BytesIO(content))
    pieces, length, failure = [], 0, None
    try:
        while length <= LARGEST and (piece := unpacked.read(1 << 20)):
            pieces.append(piece)
            length += len(piece)
    except _DAMAGE as error:
        failure = Unread("CONTENT_DAMAGED", f"after {length:,} bytes: {error}")
    if pieces:
        yield Member(name, b"".join(pieces)[:LARGEST], complete=failure is None and length <= LARGEST)
    if failure is not None:
        raise failure
