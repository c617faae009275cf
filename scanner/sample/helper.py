"""The child's side of extraction: one file after another, each with a time limit that it cannot outlive.

The limit is a timer of the kernel's whose signal ends the process, whatever it is in the midst of, and even where its
parent is gone. Nothing of a source but names and content comes here: no settings, no secrets, no environment.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import resource
import signal
import socket
import struct
from typing import Any

ORDER = struct.Struct("!IQ")
"""Before an order: the length of its head, which is JSON, and of the content that follows."""
END, WORN_OUT = b"E", b"W"
"""The answer is whole; it is, and a new helper should take over."""
ROOM = 64 << 20
"""Bytes of the longest answer."""
_LENGTH = struct.Struct("=Q")
_KEPT = 1 << 20
"""Bytes of an answer whose memory is kept for the next one."""
WORN = 0.5
"""Share of its memory limit after which a helper makes way for a new one."""


class Gone(Exception):  # noqa: N818 - reads as what it says
    """The other side has ended."""


def receive(sock: socket.socket, length: int) -> bytearray:
    """Exactly so many bytes. Raises Gone."""
    content = bytearray(length)
    view, filled = memoryview(content), 0
    while filled < length:
        got = sock.recv_into(view[filled:])
        if not got:
            raise Gone
        filled += got
    return content


class Slate:
    """Memory that both sides have: what the child wrote there stands, whatever becomes of the child.

    Records are JSON lists with a comma behind each; how many bytes of them are whole stands at the beginning.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._memory = mmap.mmap(fd, ROOM)
        self._at = _LENGTH.size

    def clear(self) -> None:
        """Forget what stands there, and give its memory back where that is much."""
        if _LENGTH.unpack_from(self._memory)[0] > _KEPT:
            os.ftruncate(self._fd, 0)
            os.ftruncate(self._fd, ROOM)
        self.begin()

    def begin(self) -> None:
        """Write from the beginning."""
        self._at = _LENGTH.size
        _LENGTH.pack_into(self._memory, 0, self._at)

    def write(self, record: list[object]) -> bool:
        """Add a record; False where there is no room left for it."""
        body = json.dumps(record, ensure_ascii=False).encode() + b","
        end = self._at + len(body)
        if end > ROOM:
            return False
        self._memory[self._at : end] = body
        self._at = end
        _LENGTH.pack_into(self._memory, 0, end)
        return True

    def read(self) -> list[list[Any]]:
        """Every whole record. Raises ValueError where there is what no child writes."""
        (end,) = _LENGTH.unpack_from(self._memory)
        if end <= _LENGTH.size:
            return []
        records = json.loads(b"[" + self._memory[_LENGTH.size : min(end, ROOM) - 1] + b"]")
        if not all(isinstance(r, list) and r for r in records):
            raise ValueError("no records")
        return records  # type: ignore[no-any-return]

    def close(self) -> None:
        """Give all of it back."""
        self._memory.close()
        os.close(self._fd)


def main(fd: int, slate_fd: int, memory_mib: int, families: str) -> None:
    """Serve until the parent is gone; ``families`` are the modules of extractors, with commas between them."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_mib << 20
    if hard == resource.RLIM_INFINITY or limit <= hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    from scanner.extractors import registry  # noqa: PLC0415 - within the limit
    from scanner.sample.asking import asked  # noqa: PLC0415

    registry.FAMILIES = tuple(families.split(","))
    asked()
    slate = Slate(slate_fd)
    with socket.socket(fileno=fd) as sock, contextlib.suppress(Gone, OSError):
        while True:
            head, length = ORDER.unpack(receive(sock, ORDER.size))
            order = json.loads(receive(sock, head))
            content = bytes(receive(sock, length))
            slate.begin()
            signal.setitimer(signal.ITIMER_REAL, order["seconds"])
            worn = _serve(slate, order, content, limit)
            signal.setitimer(signal.ITIMER_REAL, 0)
            sock.sendall(WORN_OUT if worn else END)


def _serve(slate: Slate, order: dict[str, Any], content: bytes, limit: int) -> bool:
    """Have one file quoted; whether a new helper should take over."""
    from scanner.sample.quoting import Quoted, quote  # noqa: PLC0415

    quoted, short = Quoted(slate.write), False
    try:
        quote(order["path"], content, complete=order["complete"], quoted=quoted)
    except MemoryError:
        short = True
    if short:  # outside of the handler, which holds on to what the memory went into
        quoted.fault("read", "CONTENT_LIMIT", f"{quoted.doing}: more memory than {limit >> 20:,} MiB")
    return short or _resident() > WORN * limit


def _resident() -> int:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - nothing else of pathlib is needed here
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
