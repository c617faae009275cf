"""Many requests under way on one wire, each with what is to happen when its answer comes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from connectors.sftp.window import Window
from connectors.sftp.wire import Reply, Wire

BYTES = 512 * 1024
"""Bytes of requests under way at once, so that neither side's buffers fill while the other waits."""

Then = Callable[[Reply], None]


class Pipeline:
    """Requests that are under way, and those that go first when there is room."""

    def __init__(self, wire: Wire) -> None:
        self.where = wire.where
        self._wire = wire
        self._pending: dict[int, tuple[Then, int, float]] = {}
        self._urgent: deque[tuple[int, bytes, Then]] = deque()
        self._bytes = 0
        self._full = False

    @property
    def window(self) -> Window:
        """How many requests may be under way."""
        return self._wire.window

    def send(self, request: int, body: bytes, then: Then) -> None:
        """Send a request with the next ones."""
        self._pending[self._wire.ask(request, body)] = then, len(body), time.monotonic()
        self._bytes += len(body)

    def urge(self, request: int, body: bytes, then: Then) -> None:
        """Send a request as soon as there is room, before anything that ``fill`` adds."""
        self._urgent.append((request, body, then))

    def fill(self, more: Callable[[], bool]) -> None:
        """Put requests under way while there is room; ``more`` sends some, or says that there are none."""
        self._full = False
        while len(self._pending) < self._wire.window.size and self._bytes < BYTES:
            if self._urgent:
                self.send(*self._urgent.popleft())
            elif not more():
                return
        self._full = True

    def step(self) -> bool:
        """Wait for one answer and let happen what it was asked for; False when nothing is under way."""
        if not self._pending:
            return False
        reply = self._wire.reply()
        then, size, sent = self._pending.pop(reply.number, (None, 0, 0.0))
        if then is None:
            raise self._wire.stray(reply.number)
        self._bytes -= size
        self._wire.window.answered(time.monotonic() - sent, full=self._full)
        then(reply)
        return True
