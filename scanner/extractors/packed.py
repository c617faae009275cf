"""Zip containers (office files, packages) read member by member, within bounds whatever they claim."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator

from scanner.extractor import NotMine, Unread

_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError, ValueError)
MEMBERS = 10_000
"""Members of one container that are looked at."""
MOST = 64 << 20
"""Bytes unpacked of one container, all members together."""
RATIO = 200
"""How many times its packed length a member may grow beyond the first MiB; ordinary XML stays under 100."""


class Packed:
    """An opened container; what is unpacked of it is counted over all its members."""

    def __init__(self, content: bytes, *, most: int = MOST) -> None:
        """Open it. Raises NotMine where it is no zip, Unread CONTENT_DAMAGED or CONTENT_LIMIT."""
        if not content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            raise NotMine
        try:
            self._file = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGE as error:
            raise Unread("CONTENT_DAMAGED", f"no list of its members: {error}") from None
        if len(self._file.infolist()) > MEMBERS:
            raise Unread("CONTENT_LIMIT", f"more than {MEMBERS:,} members")
        self._left = most

    def names(self) -> Iterator[str]:
        """The members' names as written, folders left out."""
        return (i.filename for i in self._file.infolist() if not i.is_dir())

    def read(self, name: str, most: int = 32 << 20) -> bytes:
        """A member's content.

        Raises:
            KeyError: there is none of that name.
            Unread: CONTENT_ENCRYPTED, CONTENT_DAMAGED, CONTENT_LIMIT (also where it grows like a bomb).
        """
        info = self._file.getinfo(name)
        if info.flag_bits & 1:
            raise Unread("CONTENT_ENCRYPTED", f"{name} needs a password")
        most = min(most, self._left, (1 << 20) + RATIO * max(info.compress_size, 1))
        try:
            with self._file.open(info) as member:
                content = member.read(most + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            OSError,
            EOFError,
            NotImplementedError,
            ValueError,
        ) as error:
            raise Unread("CONTENT_DAMAGED", f"{name}: {error}") from None
        self._left -= len(content)
        if len(content) > most:
            raise Unread("CONTENT_LIMIT", f"{name} unpacks to more than {most:,} bytes")
        return content
