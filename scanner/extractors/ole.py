"""Compound files (OLE), the container of Office until 2003 and of macros since; and the macros' source in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine, Unread
from scanner.extractors.decode import decode
from scanner.extractors.literals import kind_of, literals
from scanner.extractors.quoting import quoted

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAMS = 5_000
"""Streams of one file that are looked at."""
MOST = 32 << 20
"""Bytes of one stream that are read."""


class Compound:
    """An opened compound file. Whatever is wrong with it ends in Unread."""

    def __init__(self, content: bytes) -> None:
        """Open it. Raises NotMine where it is none, Unread CONTENT_DAMAGED where its directory cannot be read."""
        import olefile  # noqa: PLC0415 - only old files and macros need it

        if not content.startswith(MAGIC):
            raise NotMine
        try:
            self._file = olefile.OleFileIO(content)
            listed = self._file.listdir(streams=True, storages=False)
        except Exception as error:  # noqa: BLE001 - the reader raises whatever damaged offsets make it run into
            raise Unread("CONTENT_DAMAGED", f"no directory of its streams: {type(error).__name__}") from None
        self.names: tuple[str, ...] = tuple("/".join(parts) for parts in listed[:STREAMS])

    def read(self, name: str, most: int = MOST) -> bytes:
        """The content of a stream, or its beginning. Raises Unread CONTENT_DAMAGED."""
        try:
            content: bytes = self._file.openstream(name).read(most)
        except Exception as error:  # noqa: BLE001 - as above
            raise Unread("CONTENT_DAMAGED", f"{name}: {type(error).__name__}") from None
        return content


_CHUNK = 4096
_SOURCE = b"\x00Attribut"
"""How the source of every module begins once packed: a byte of flags, all of them for letters, then eight letters."""


def macros(compound: Compound, origin: str) -> Iterator[Mention]:
    """The locators that stand as texts in the macros of a compound file; the part is the module."""
    for name in compound.names:
        if "vba/" not in name.lower() or name.lower().endswith(("/dir", "/_vba_project", "/__srp_0")):
            continue
        content = compound.read(name)
        at = content.find(_SOURCE)
        if at < 3 or content[at - 3] != 1:
            continue
        code = decode(unpacked(content[at - 3 :]))
        for found in literals(code, origin=origin, basic=True):
            yield replace(found, part=name.rpartition("/")[2])


def unpacked(packed: bytes, most: int = 4 << 20) -> bytes:
    """The content of a compressed container of [MS-OVBA] 2.4.1, as far as it can be read.

    A byte 1, then chunks: each a head of two bytes (length, and whether it is packed), then groups of a byte of flags
    and eight tokens. A token is a letter, or two bytes: how far back, and how much of it, is to be repeated.
    """
    out = bytearray()
    at = 1
    while at + 2 <= len(packed) and len(out) < most:
        head = int.from_bytes(packed[at : at + 2], "little")
        if head >> 12 & 7 != 3:
            break
        end = min(at + (head & 0xFFF) + 3, len(packed))
        at += 2
        if head & 0x8000:
            _unpack(packed, at, end, out)
        else:
            out += packed[at : at + _CHUNK]
        at = end
    return bytes(out)


def _unpack(packed: bytes, at: int, end: int, out: bytearray) -> None:
    """Append the content of one packed chunk."""
    start = len(out)
    while at < end:
        flags = packed[at]
        at += 1
        for bit in range(8):
            if at >= end or len(out) - start >= _CHUNK:
                break
            if not flags >> bit & 1:
                out.append(packed[at])
                at += 1
                continue
            token = int.from_bytes(packed[at : at + 2], "little")
            at += 2
            # The further into the chunk, the more bits tell how far back, and the fewer are left for how much.
            width = max((len(out) - start - 1).bit_length(), 4)
            length = (token & (0xFFFF >> width)) + 3
            back = (token >> (16 - width)) + 1
            if back > len(out) - start:
                return
            for _ in range(length):
                out.append(out[-back])


_WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){6,4000}")
_NARROW = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,4000}")
_INSIDE = re.compile(
    r"(?P<unc>(?:\\\\){1,2}[A-Za-z0-9_.-]{1,80}\\{1,2}[^\"<>|*?\r\n\t]{1,250})"
    r"|(?P<url>\b(?:file|ftps?|sftp|s3|smb|nfs)://[^\s\"<>|]{3,400})"
)


def texts(content: bytes) -> Iterator[str]:
    """The runs of readable characters in binary content, of two bytes each and then of one."""
    for found in _WIDE.finditer(content):
        yield found[0].decode("utf-16-le")
    for found in _NARROW.finditer(content):
        yield found[0].decode("cp1252", "replace")


def places(content: bytes, origin: str) -> Iterator[Mention]:
    """Shares and URLs of stores in the readable runs of binary content, each once."""
    seen: set[str] = set()
    for text in texts(content):
        for found in _INSIDE.finditer(text):
            place = found[0].strip().rstrip(".,;)'")
            if found["unc"]:
                place = place.replace("\\\\", "\\") if place.startswith("\\\\\\\\") else place
                place = place if place.startswith("\\\\") else f"\\{place}"
            if place not in seen and (kind := kind_of(place)):
                seen.add(place)
                mention = quoted(place, origin=origin, kind=kind)
                if mention is not None:
                    yield mention
