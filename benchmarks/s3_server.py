"""A bucket in a process of its own whose answers lie ready in memory, so that the client is what is measured.

It understands what clients ask of a listing: ``prefix``, ``delimiter``, ``start-after``, continuation tokens,
``max-keys``; a HEAD is answered, and nothing else is offered. Every answer may be held back for some milliseconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import sys
import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit
from xml.sax.saxutils import escape

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Name>b</Name>"
)
_TAIL = b"</ListBucketResult>"


@dataclass(frozen=True, slots=True)
class Bench:
    """A running bucket: where it is, and how many requests it has answered."""

    endpoint: str
    _line: Connection

    def requests(self) -> int:
        """Requests answered since this was asked last."""
        self._line.send(None)
        return int(self._line.recv())


@contextlib.contextmanager
def bucket(keys: Callable[[int], list[str]], number: int, delay_s: float = 0.0) -> Iterator[Bench]:
    """Serve ``keys(number)`` as bucket ``b`` until the block ends."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    server = context.Process(target=_serve, args=(keys, number, delay_s, far), daemon=True)
    server.start()
    far.close()
    try:
        yield Bench(str(near.recv()), near)
    finally:
        near.close()
        server.join(10)
        if server.is_alive():
            server.terminate()


def storage_class(number: int) -> str:
    """Storage class of the key at a place in the bucket."""
    return ("STANDARD", "STANDARD", "STANDARD_IA", "GLACIER")[number % 4]


def etag(number: int) -> str:
    """ETag of the key at a place in the bucket."""
    return f"{number * 2654435761 % (1 << 128):032x}"


class _Bucket:
    """All rows of all pages in one piece of memory, and where each begins; with keys encoded, or as they are."""

    def __init__(self, keys: Sequence[bytes], encoded: bool) -> None:
        self.keys, self._encoded = keys, encoded
        rows, at = bytearray(), array("Q", [0])
        for n, key in enumerate(self.keys):
            shown = quote(key, safe="/-_.~*") if encoded else escape(key.decode())
            rows += (
                f"<Contents><Key>{shown}</Key><LastModified>2024-02-29T12:34:{n % 60:02d}.789Z"
                f"</LastModified><ETag>&quot;{etag(n)}&quot;</ETag><Size>{n}</Size>"
                f"<StorageClass>{storage_class(n)}</StorageClass></Contents>"
            ).encode()
            at.append(len(rows))
        self._rows, self._at = memoryview(bytes(rows)), at

    def page(self, query: dict[str, str]) -> list[bytes | memoryview]:
        """The body of one answer, in pieces."""
        prefix = query.get("prefix", "").encode()
        after = unquote_to_bytes(query.get("continuation-token") or quote(query.get("start-after", "")))
        start = max(bisect_left(self.keys, prefix), bisect_right(self.keys, after))
        end = bisect_left(self.keys, prefix + b"\xff") if prefix else len(self.keys)
        most = int(query.get("max-keys", "1000"))
        if delimiter := query.get("delimiter", "").encode():
            return self._folders(prefix, delimiter, start, end, most)
        last = min(start + most, end)
        token = self.keys[last - 1] if last < end and last > start else None
        return [_HEAD + self._state(token), self._rows[self._at[start] : self._at[max(start, last)]], _TAIL]

    def _state(self, token: bytes | None) -> bytes:
        more = "<IsTruncated>false</IsTruncated>"
        if token is not None:
            more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{quote(token)}</NextContinuationToken>"
        return f"{'<EncodingType>url</EncodingType>' * self._encoded}{more}".encode()

    def _folders(self, prefix: bytes, delimiter: bytes, start: int, end: int, most: int) -> list[bytes | memoryview]:
        pieces: list[bytes | memoryview] = []
        folders: list[str] = []
        last = b""
        while start < end and len(pieces) + len(folders) < most:
            cut = self.keys[start].find(delimiter, len(prefix))
            if cut < 0:
                last = self.keys[start]
                pieces.append(self._rows[self._at[start] : self._at[start + 1]])
                start += 1
            else:
                last = self.keys[start][: cut + len(delimiter)]
                folders.append(f"<CommonPrefixes><Prefix>{quote(last, safe='/-_.~*')}</Prefix></CommonPrefixes>")
                last += b"\xff"
                start = bisect_left(self.keys, last)
        return [_HEAD + self._state(last if start < end else None), *pieces, "".join(folders).encode(), _TAIL]


def _serve(keys: Callable[[int], list[str]], number: int, delay_s: float, told: Connection) -> None:
    sys.setswitchinterval(0.001)
    ordered = sorted(key.encode() for key in keys(number))
    # Which of the two a client asks for is known before it is measured.
    held = cache(lambda encoded: _Bucket(ordered, encoded))
    held(True)
    count = [0]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    told.send(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def accept() -> None:
        while True:
            line, _ = listener.accept()
            threading.Thread(target=_answer, args=(line, held, delay_s, count), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            told.recv()
            told.send(count[0])
            count[0] = 0


def _answer(line: socket.socket, held: Callable[[bool], _Bucket], delay_s: float, count: list[int]) -> None:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    with line, contextlib.suppress(OSError):
        while True:
            while b"\r\n\r\n" not in waiting:
                more = line.recv(65536)
                if not more:
                    return
                waiting += more
            head, _, waiting = waiting.partition(b"\r\n\r\n")
            count[0] += 1
            if delay_s:
                time.sleep(delay_s)
            method, target, _ = head.split(b" ", 2)
            parts = urlsplit(target.decode())
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            if method == b"HEAD":
                _send(line, 200, [])
            elif "list-type" in query:
                _send(line, 200, held(query.get("encoding-type") == "url").page(query))
            else:
                _send(line, 501, [b"<Error><Code>NotImplemented</Code><Message>no</Message></Error>"])


def _send(line: socket.socket, status: int, body: list[bytes | memoryview]) -> None:
    length = sum(map(len, body))
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n".encode()
    line.sendall(b"".join((head, *body)) if length < 65536 else head + bytes(body[0]))
    if length >= 65536:
        for piece in body[1:]:
            line.sendall(piece)
