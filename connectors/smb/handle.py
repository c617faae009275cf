"""An open file, directory or pipe."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from connectors.smb import rpc, wire
from scanner.model import SourceError

if TYPE_CHECKING:
    from connectors.smb.link import Link

_LONGEST_CALL = 16 << 20  # 100,000 shares with long remarks
_MOST_PARTS = 2 * _LONGEST_CALL // 4280  # servers send a fragment, or more, at a time
_NO_SNAPSHOTS = 16  # room for the counts alone


class Handle:
    """An open file or directory."""

    def __init__(self, link: Link, share: str, opened: wire.Opened) -> None:
        self._link = link
        self._share = share
        self._opened = opened
        self.attributes = opened.attributes
        self.identity = (link.host, *opened.identity) if opened.identity else None
        """Host, file number and volume number; None where the server does not tell."""

    def pages(self) -> Iterator[bytes]:
        """The entries of a directory, page by page, still packed."""
        seen: set[bytes] = set()
        while True:
            page = self._link.ask(self._share, wire.query(self._opened.handle, self._link.room()), wire.page)
            if page is None:
                return
            digest = hashlib.blake2b(page, digest_size=8).digest()
            if digest in seen:
                raise SourceError("PAGING_STUCK", "the server sent the same names again")
            seen.add(digest)
            yield page

    def read(self, start: int, length: int) -> bytes:
        """At most ``length`` bytes of a file; fewer at its end."""
        parts: list[bytes] = []
        end = min(start + length, self._opened.size)
        while start < end:
            wanted = min(self._link.room(), end - start)
            part = self._link.ask(self._share, wire.read(self._opened.handle, start, wanted), wire.content)
            if not part:
                break
            parts.append(part[:wanted])
            start += len(part)
        return b"".join(parts)

    def volume(self, kind: int) -> bytes:
        """What the file system says of itself, of one class of information."""
        message = wire.query_info(wire.OF_THE_VOLUME, kind, self._opened.handle, wire.SHORT)
        return self._link.ask(self._share, message, wire.page) or b""

    def descriptor(self) -> bytes:
        """Owner, group and access list, packed."""
        message = wire.query_info(wire.SECURITY, 0, self._opened.handle, wire.PAYLOAD, wire.OWNER_GROUP_DACL)
        return self._link.ask(self._share, message, wire.page) or b""

    def snapshots(self) -> int:
        """How many previous versions of the whole folder the server offers."""
        message = wire.ioctl(wire.SNAPSHOTS, self._opened.handle, b"", _NO_SNAPSHOTS)
        return int.from_bytes((self._link.ask(self._share, message, wire.output) or b"")[:4], "little")

    def call(self, pdu: bytes) -> bytes:
        """The whole answer of a named pipe to one message."""
        message = wire.ioctl(wire.PIPE_TRANSCEIVE, self._opened.handle, pdu, rpc.ROOM)
        answer = bytearray(self._link.ask(self._share, message, wire.output) or b"")
        at, parts = rpc.missing(answer), 0
        while at is not None:
            rest = self._link.ask(self._share, wire.read(self._opened.handle, 0, rpc.ROOM), wire.content)
            if not rest:
                raise rpc.RpcError("the answer is cut off")
            answer += rest
            parts += 1
            if len(answer) > _LONGEST_CALL or parts > _MOST_PARTS:
                raise rpc.RpcError("the answer does not end")
            at = rpc.missing(answer, at)
        return bytes(answer)

    def close(self) -> None:
        """Let go of it; a connection that is gone has done so already."""
        with contextlib.suppress(SourceError):
            self._link.ask(self._share, wire.close(self._opened.handle), len)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:  # whoever was stopped or broken off does not wait for the pace once more
            with self._link.unpaced():
                self.close()
