"""A deadline over whole exchanges, for whichever connections a pool makes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection


class Watchdog:
    """Ends every connection of a transport when a deadline has passed.

    Socket timeouts bound one wait, not an answer that trickles in byte by byte, in its TLS handshake, its headers or
    its body. A duplicate of each socket is kept, because shutting that down ends the wait of the thread that reads; and
    kept to the end of the exchange, because a connection that serves no other answer is closed before its body is read.
    """

    def __init__(self) -> None:
        self.fired = False
        self.tls: str | None = None
        """Version of TLS of the connection made last."""
        self._until: float | None = None
        """When the exchange that goes on must have ended; None between two exchanges."""
        self._lock = threading.Lock()
        self._lines: dict[int, socket.socket] = {}
        self._closing: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @contextmanager
    def armed(self, seconds: float) -> Iterator[None]:
        """Let what happens inside take so long; ``fired`` tells whether it took longer."""
        with self._lock:
            self.fired, self._until = False, time.monotonic() + seconds
            if self._thread is None:  # one for many exchanges: to start one for each costs as much as the exchange
                self._thread = threading.Thread(target=self._look_on, args=(seconds,), daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._until = None
                closing, self._closing = self._closing, []
            for line in closing:
                line.close()

    def _look_on(self, seconds: float) -> None:
        """Cut what takes too long; ends when for ``seconds`` there was nothing to look at."""
        wait = seconds
        while True:
            self._closed.wait(wait)
            with self._lock:
                self._closed.clear()
                if self._until is None:
                    self._thread = None
                    return
                wait = self._until - time.monotonic()
                if wait <= 0:
                    self._cut()
                    wait = seconds

    def watch(self, connection: object, line: socket.socket) -> None:
        """Answer for a connection that has just been made."""
        self.forget(connection)
        with self._lock:
            self._lines[id(connection)] = line.dup()

    def forget(self, connection: object) -> None:
        """The connection is closed: at once, or when the answer that it still carries has been read."""
        with self._lock:
            line = self._lines.pop(id(connection), None)
            if line is not None and self._until is not None:
                self._closing.append(line)
                return
        if line is not None:
            line.close()

    def close(self) -> None:
        """Forget every connection."""
        self._closed.set()
        with self._lock:
            lines, self._lines = self._lines, {}
        for line in lines.values():
            line.close()

    def pool_classes(self) -> dict[str, Any]:
        """Connection pools whose connections report here, by scheme."""
        plain = type("_Plain", (_WatchedHTTP,), {"watchdog": self})
        tls = type("_Tls", (_WatchedHTTPS,), {"watchdog": self})
        return {
            "http": type("_PlainPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_TlsPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }

    def _cut(self) -> None:
        """End every line; with the lock held."""
        self.fired = True
        for line in (*self._lines.values(), *self._closing):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has ended already


class _WatchedHTTP(HTTPConnection):
    watchdog: ClassVar[Watchdog]

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        self.watchdog.watch(self, line)
        return line

    def close(self) -> None:
        self.watchdog.forget(self)
        super().close()


class _WatchedHTTPS(HTTPSConnection):
    watchdog: ClassVar[Watchdog]

    def connect(self) -> None:
        super().connect()
        version = getattr(self.sock, "version", None)
        self.watchdog.tls = version() if version is not None else None

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        self.watchdog.watch(self, line)
        return line

    def close(self) -> None:
        self.watchdog.forget(self)
        super().close()
