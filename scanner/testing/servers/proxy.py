"""A TCP proxy that spoils connections: slow, cut, stalled or swallowed, switchable while they run.

For whoever tests what a client does when the network misbehaves, in front of any server on TCP::

    with tcp_proxy(server.host, server.port) as proxy:
        proxy.change(both=Conditions(latency_s=0.01))
        crawl(proxy.host, proxy.port)
        proxy.change(down=Conditions(after=10_000, then="reset", times=1))

It cannot delay the handshake of TCP itself, which the kernel makes. Chance (jitter, refusals) is seeded.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import random
import socket
import struct
import termios
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from scanner.testing.servers.base import HOST

QUEUE_BYTES = 16 * 1024 * 1024
"""Bytes of one direction under way at once: at 10 ms of latency they let 1.6 GB/s through."""
_CHUNK = 256 * 1024
_SLICE_S = 0.01
_START_S = 10.0
_FLUSH_S = 5.0
_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How one direction of every connection is spoilt; as it stands, not at all.

    ``latency_s`` and up to ``jitter_s`` more delay each piece without reordering or slowing the flow. ``rate`` bounds
    bytes per second; ``trickle`` lets so many bytes through, then rests so many seconds, again and again. Once
    ``after`` bytes of a connection went through, ``then`` happens to it: ``reset`` breaks it off on both sides,
    ``truncate`` ends it as if all had been sent, ``stall`` lets nothing more through; to ``times`` connections at most.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    rate: float | None = None
    trickle: tuple[int, float] | None = None
    after: int | None = None
    then: Literal["reset", "truncate", "stall"] = "reset"
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What went through so far: ``up`` bytes to the server, ``down`` bytes to clients."""

    connections: int = 0
    open: int = 0
    most_open: int = 0
    refused: int = 0
    swallowed: int = 0
    """Connections whose clients spoke into a black hole."""
    spoilt: int = 0
    """Connections that were reset, truncated or stalled."""
    up: int = 0
    down: int = 0


class TcpProxy:
    """A running proxy at ``host`` and ``port``; see ``tcp_proxy``."""

    def __init__(self, target: tuple[str, int], seed: int, queue_bytes: int) -> None:
        self.host, self.port = HOST, 0
        self.counts = Counts()
        self._target = target
        self._chance = random.Random(seed)
        self._queue_bytes = queue_bytes
        self._ways = {"up": _Way("up"), "down": _Way("down")}
        self._refuse = 0.0
        self._blackhole = False
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self._connections: set[asyncio.Task[None]] = set()
        self._clients: set[socket.socket] = set()
        self.port = self._listener.getsockname()[1]

    def change(
        self,
        *,
        both: Conditions | None = None,
        up: Conditions | None = None,
        down: Conditions | None = None,
        refuse: float | None = None,
        blackhole: bool | None = None,
    ) -> None:
        """Spoil what runs and what comes from now on; what is not named stays as it is.

        ``up`` is towards the server, ``down`` towards clients. ``refuse`` is the share of new connections that are
        reset at once; a ``blackhole`` takes whatever clients send and never answers, and a connection it has taken
        from stays lost.
        """

        def apply() -> None:
            for name, conditions in (("up", up or both), ("down", down or both)):
                if conditions is not None:
                    self._ways[name].change(conditions)
            self._refuse = self._refuse if refuse is None else refuse
            self._blackhole = self._blackhole if blackhole is None else blackhole

        self._call(apply)

    def reset_all(self) -> None:
        """Break off every connection that is open now."""

        def apply() -> None:
            for task in self._connections:
                task.cancel()

        self._call(apply)

    def _call(self, action: Callable[[], None]) -> None:
        async def on_loop() -> None:
            action()

        asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(_START_S)

    def count(self, **more: int) -> None:
        """Add to the counts; of the loop's thread alone."""
        self.counts = replace(self.counts, **{name: getattr(self.counts, name) + n for name, n in more.items()})

    # what the loop's thread does

    def open(self) -> None:
        """Take connections from now on."""
        self._loop.call_soon_threadsafe(self._loop.add_reader, self._listener, self._accept)

    def _accept(self) -> None:
        # At once, not awaited: a connection that came while the wait for it is cancelled would belong to nobody.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            client, _ = self._listener.accept()
            self.count(connections=1)
            if self._refuse and self._chance.random() < self._refuse:
                self.count(refused=1)
                _break(client)
                return
            self._clients.add(client)
            task = self._loop.create_task(self._serve(client))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _serve(self, client: socket.socket) -> None:
        server = socket.socket()
        self.count(open=1)
        self.counts = replace(self.counts, most_open=max(self.counts.open, self.counts.most_open))
        try:
            for each in (client, server):
                each.setblocking(False)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._blackhole:
                self.count(swallowed=1)
                await drain(client)
            else:
                await self._loop.sock_connect(server, self._target)
                await self._both_ways(client, server)
        except (OSError, _Reset):
            for each in (client, server):
                _break(each)
        except asyncio.CancelledError:  # the end of the proxy, or reset_all: nobody awaits the task itself
            for each in (client, server):
                _break(each)
        finally:
            client.close()
            server.close()
            self._clients.discard(client)
            self.count(open=-1)

    async def _both_ways(self, client: socket.socket, server: socket.socket) -> None:
        lines = (
            _Line(self, self._ways["up"], client, server, self._queue_bytes),
            _Line(self, self._ways["down"], server, client, self._queue_bytes),
        )
        tasks = [self._loop.create_task(work) for line in lines for work in (line.take(), line.give())]
        try:
            await asyncio.gather(*tasks)
        except _Truncated:
            server.close()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(OSError):  # a truncated end: closing with bytes unread would reset it
            await drain(client)

    def lost(self) -> bool:
        """Whether what arrives now is swallowed."""
        return self._blackhole

    def delay(self, conditions: Conditions) -> float:
        """Seconds from now at which a piece is due."""
        jitter = self._chance.uniform(0.0, conditions.jitter_s) if conditions.jitter_s else 0.0
        return conditions.latency_s + jitter

    async def end(self) -> None:
        """Cancel and await everything that runs, and let go of the port."""
        self._loop.remove_reader(self._listener)
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for client in self._clients:  # those whose task was cancelled before it began
            _break(client)


class _Reset(Exception):  # noqa: N818 - what is to happen, not an error
    """Break the connection off on both sides."""


class _Truncated(Exception):  # noqa: N818 - likewise
    """What goes to the receiver has ended early, cleanly."""


class _Way:
    """One direction of all connections: its conditions, and how often they struck."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.conditions = Conditions()
        self.changed = asyncio.Event()
        self._struck = 0

    def change(self, conditions: Conditions) -> None:
        self.conditions = conditions
        self._struck = 0
        self.changed.set()  # wakes who waits on the old one
        self.changed = asyncio.Event()

    def strike(self) -> bool:
        """Whether the conditions may happen to one more connection."""
        times = self.conditions.times
        if times is not None and self._struck >= times:
            return False
        self._struck += 1
        return True


@dataclass(slots=True)
class _Line:
    """One direction of one connection: a line of pieces, each with the time it is due, and its two ends."""

    proxy: TcpProxy
    way: _Way
    source: socket.socket
    sink: socket.socket
    bound: int
    pieces: deque[tuple[float, bytes]] = field(default_factory=deque)
    waiting: int = 0
    given: int = 0
    due: float = 0.0
    stalled: bool = False
    cut: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self) -> None:
        """Read from the source to its end, as fast as the line has room."""
        loop = asyncio.get_running_loop()
        while True:
            while self.waiting >= self.bound and not self.cut:
                self.room.clear()
                await self.room.wait()
            data = await loop.sock_recv(self.source, _CHUNK)
            if data and self.proxy.lost():
                self.proxy.count(swallowed=self.way.name == "up")
                await drain(self.source)
                raise _Reset
            if self.cut:
                if not data:
                    return
                continue
            self.due = max(self.due, loop.time() + self.proxy.delay(self.way.conditions))
            self.pieces.append((self.due, data))
            self.waiting += len(data)
            self.news.set()
            if not data:
                return

    async def give(self) -> None:
        """Write to the sink what is due, under the conditions of the moment."""
        loop = asyncio.get_running_loop()
        while True:
            while not self.pieces:
                self.news.clear()
                await self.news.wait()
            due, data = self.pieces.popleft()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not data:
                self.sink.shutdown(socket.SHUT_WR)
                return
            rest = memoryview(data)
            while rest:
                piece, pause_s = self._next(len(rest))
                if piece == 0:
                    await self._struck()
                    if self.cut:
                        return
                    continue
                await loop.sock_sendall(self.sink, rest[:piece])
                self.given += piece
                self.proxy.count(**{self.way.name: piece})
                rest = rest[piece:]
                if pause_s:
                    await asyncio.sleep(pause_s)
            self.waiting -= len(data)
            self.room.set()

    def _next(self, most: int) -> tuple[int, float]:
        """Bytes to write next, and the pause after them; 0 bytes where something is to happen instead."""
        now = self.way.conditions
        pause_s = 0.0
        if now.trickle is not None:
            most, pause_s = min(most, now.trickle[0]), now.trickle[1]
        elif now.rate is not None:
            most = min(most, max(1, int(now.rate * _SLICE_S)))
            pause_s = most / now.rate
        if now.after is not None:
            left = now.after - self.given
            if left <= 0 and (self.stalled or self.way.strike()):
                return 0, 0.0
            if left > 0:
                most = min(most, left)
        return most, pause_s

    async def _struck(self) -> None:
        """What is to happen after so many bytes, happens."""
        conditions = self.way.conditions
        if not self.stalled:
            self.proxy.count(spoilt=1)
        if conditions.then == "stall":
            self.stalled = True
            await self.way.changed.wait()
            self.stalled = False
            return
        await _sent(self.sink)
        if conditions.then == "reset":
            raise _Reset
        self.sink.shutdown(socket.SHUT_WR)
        if self.way.name == "down":
            raise _Truncated
        self.cut = True  # the server believes to have heard everything, and may yet answer
        self.room.set()


async def _sent(sink: socket.socket) -> None:
    """Wait until the other side has taken what was written, or a reset would take it back."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _FLUSH_S
    while loop.time() < give_up:
        unsent = fcntl.ioctl(sink.fileno(), termios.TIOCOUTQ, bytes(4))
        if not int.from_bytes(unsent, "little"):
            return
        await asyncio.sleep(0.001)


async def drain(source: socket.socket) -> None:
    """Read to the end and forget."""
    while await asyncio.get_running_loop().sock_recv(source, _CHUNK):
        pass


def _break(connection: socket.socket) -> None:
    """Close with a reset."""
    with contextlib.suppress(OSError):  # closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    connection.close()


@contextlib.contextmanager
def tcp_proxy(host: str, port: int, *, seed: int = 0, queue_bytes: int = QUEUE_BYTES) -> Iterator[TcpProxy]:
    """Stand in front of a server, at a free port of loopback, until the block ends; spoils nothing until told to."""
    proxy = TcpProxy((host, port), seed, queue_bytes)
    loop = proxy._loop  # noqa: SLF001 - made for this one thread
    thread = threading.Thread(target=loop.run_forever, name="tcp proxy", daemon=True)
    thread.start()
    proxy.open()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.end(), loop).result(_START_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_S)
        loop.close()
