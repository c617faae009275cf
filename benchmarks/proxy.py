"""What the proxy that stands for a distant network costs by itself: its throughput, and how exact its delays are.

    python -m benchmarks.proxy [--full] [--pairs 5]

Bytes are poured through it by one process into another, beside a direct connection between the same two. The delay is
the median round trip of one byte there and back.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from benchmarks.harness import Goal, Row, Seen, Side, main, pairs
from scanner.testing.servers import Conditions, tcp_proxy

SECTION = "latency without netem"
MB = 1_000_000
THROUGH = Goal("more than 200 MB/s", 200 * MB, "rate")
ITSELF = Goal("more than 200 MB a second of its own processor time", 200, "value", at_most=False)
_PIECE = bytes(256 * 1024)


def pour(listener: socket.socket) -> None:
    """Serve without end: eight bytes ask for so many; a one is echoed instead."""
    while True:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):  # who has seen enough just goes
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            left = int.from_bytes(connection.recv(8, socket.MSG_WAITALL), "big")
            if left == 1:
                while data := connection.recv(1):
                    connection.sendall(data)
            while left > 1:
                left -= connection.send(_PIECE[: min(left, len(_PIECE))])


def drawn(port: int, size: int) -> Seen:
    """Bytes that came."""
    room, came = bytearray(1 << 20), 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(size.to_bytes(8, "big"))
        while count := connection.recv_into(room):
            came += count
    return Seen(came)


def round_trip_s(port: int) -> float:
    """The median time that a byte takes there and back."""
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall((1).to_bytes(8, "big"))
        for _ in range(51):
            started = time.perf_counter()
            connection.sendall(b"x")
            connection.recv(1)
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


@contextmanager
def server() -> Iterator[int]:
    """The port of a process that pours."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = multiprocessing.get_context("fork").Process(target=pour, args=(listener,), daemon=True)
        process.start()
        try:
            yield listener.getsockname()[1]
        finally:
            process.kill()
            process.join()


def _by_itself(port: int, size: int, work: str) -> Row:
    """What the proxy, which runs in this process, could pass if nobody else wanted the processors."""
    process = multiprocessing.get_context("fork").Process(target=drawn, args=(port, size))
    before = time.process_time()
    process.start()
    process.join()
    return Row(SECTION, f"{work}, the proxy alone", value=size / MB / (time.process_time() - before), goal=ITSELF)


def measure(full: bool) -> list[Row]:
    """Throughput and delay, without and with 20 and 40 ms."""
    size = (2_000 if full else 400) * MB
    rows: list[Row] = []
    with server() as port:
        direct = Side("direct", partial(drawn, port, size))
        with tcp_proxy("127.0.0.1", port) as proxy:
            for delay_s in (0.0, 0.020, 0.040):
                proxy.change(both=Conditions(latency_s=delay_s / 2))
                ours = Side("proxy", partial(drawn, proxy.port, size))
                work = f"{size // MB} MB, {delay_s * 1000:.0f} ms"
                rows.append(pairs(SECTION, work, peer=direct, ours=ours, goal=THROUGH, full=full, unit="bytes"))
                rows.append(_by_itself(proxy.port, size, work))
                told_s = round_trip_s(proxy.port)
                if delay_s:
                    exact = Goal("at most 1.1 x the delay that was asked for", 1.1, "value", at_most=True)
                    note = f"{told_s * 1000:.2f} ms"
                    rows.append(Row(SECTION, f"round trip of {delay_s * 1000:.0f} ms", value=told_s / delay_s,
                                    goal=exact, equal=told_s >= delay_s, note=note))  # fmt: skip
    return rows


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
