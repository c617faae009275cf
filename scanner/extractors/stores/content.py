"""One file's content in bounded pieces, wherever it lies."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO

from scanner.extractor import Unread

BLOCK = 64 << 10
"""Bytes asked for at once by a reader that jumps about in a file."""
_KEPT = 64
"""Blocks kept: 4 MiB a file."""
_PIECE = 1 << 20
"""Bytes asked for at once by a reader that takes a file from its beginning."""


class Content:
    """A file that is read in ranges; ``most`` bytes of it at the utmost, then ``Unread`` CONTENT_LIMIT.

    ``size`` is what the listing said, None where it did not. ``beside`` reads the beginning of a file whose name is
    this one's with a suffix, b"" where there is none. Copies of at most ``copied`` bytes are made in ``room``, or where
    the system puts temporary files.
    """

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        size: int | None,
        most: int,
        beside: Callable[[str, int], bytes] = lambda _suffix, _length: b"",
        *,
        copied: int | None = None,
        room: Path | None = None,
    ) -> None:
        self._read = read
        self._most = most
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.size = size
        self.beside = beside
        self.copied = copied
        self._room = room
        self.taken = 0
        """Bytes asked for so far."""

    def at(self, start: int, length: int) -> bytes:
        """At most ``length`` bytes from ``start``; fewer at the end of the file. Raises Unread, SourceError."""
        found = bytearray()
        while length > 0:
            number, skip = divmod(start, BLOCK)
            piece = self._block(number)[skip : skip + length]
            if not piece:
                break
            found += piece
            start += len(piece)
            length -= len(piece)
        return bytes(found)

    def copy(self, most: int) -> IO[bytes]:
        """A private copy without a name, so that nothing is left of it whatever happens. Raises Unread, SourceError."""
        most = most if self.copied is None else self.copied
        if self.size is not None and self.size > most:
            raise Unread("CONTENT_LIMIT", f"{self.size:,} bytes; a copy of at most {most:,} is made")
        try:
            if self._room is not None:
                self._room.mkdir(mode=0o700, exist_ok=True)
            file = tempfile.TemporaryFile(dir=self._room)  # noqa: SIM115 - handed out; mode 0600 and no name
        except OSError as error:
            raise _no_room(error) from None
        try:
            start = 0
            while piece := self._take(start, min(_PIECE, most + 1 - start)):
                start += len(piece)
                if start > most:
                    raise Unread("CONTENT_LIMIT", f"it grew past the {most:,} bytes that are copied")  # noqa: TRY301
                file.write(piece)
            file.flush()
        except OSError as error:
            _closed(file)
            raise _no_room(error) from None
        except BaseException:
            _closed(file)
            raise
        return file

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            block = self._take(number * BLOCK, BLOCK)
            self._blocks[number] = block
            if len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(number)
        return block

    def _take(self, start: int, length: int) -> bytes:
        if self.taken >= self._most:
            raise Unread("CONTENT_LIMIT", f"its structure lies beyond the {self._most:,} bytes that are read of a file")
        piece = self._read(start, length)
        self.taken += len(piece)
        return piece


def _no_room(error: OSError) -> Unread:
    code = "DISK_FULL" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "OTHER"
    return Unread(code, f"no copy could be made of it: {error.strerror}")


def _closed(file: IO[bytes]) -> None:
    """Close a file that may hold what no longer fits anywhere."""
    with contextlib.suppress(OSError):
        file.close()
