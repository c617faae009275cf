"""The proxy that spoils connections, in front of a server that echoes or pours."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from scanner.testing.servers.proxy import Conditions, TcpProxy, tcp_proxy

DEADLINE_S = 10.0


@contextlib.contextmanager
def _serving(*, pour: int | None = None) -> Iterator[int]:
    """A server that sends back what it gets, or pours so many bytes and closes; its port."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(DEADLINE_S)
            if pour is not None:
                connection.sendall(b"x" * pour)
                connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                if pour is None:
                    connection.sendall(data)

    def accept() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                threads.append(threading.Thread(target=serve, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        ended.set()
        accepting.join()
        listener.close()
        for thread in threads:
            thread.join(DEADLINE_S)
        assert not any(thread.is_alive() for thread in threads)


def _connected(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=DEADLINE_S)


def _all(client: socket.socket) -> bytes:
    content = bytearray()
    while data := client.recv(65536):
        content += data
    return bytes(content)


def _until_reset(client: socket.socket) -> bytes:
    content = bytearray()
    while True:
        try:
            data = client.recv(65536)
        except ConnectionResetError:
            return bytes(content)
        assert data, "an end, not a reset"
        content += data


def _until_reset_of(proxy: TcpProxy) -> bytes:
    """The same of a connection that may be reset before anybody looks at it."""
    try:
        client = _connected(proxy)
    except ConnectionResetError:
        return b""
    with client:
        return _until_reset(client)


def _echo(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    got = b""
    while len(got) < len(data):
        piece = client.recv(len(data) - len(got))
        assert piece
        got += piece
    return got


def test_untold_it_changes_nothing_and_counts() -> None:
    content = bytes(range(256)) * 4000
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy:
        with _connected(proxy) as client:

            def send() -> None:
                client.sendall(content)
                client.shutdown(socket.SHUT_WR)

            sending = threading.Thread(target=send)
            sending.start()
            assert _all(client) == content
            sending.join()
        counts = proxy.counts
    assert (counts.connections, counts.most_open, counts.up, counts.down) == (1, 1, len(content), len(content))
    assert (counts.refused, counts.spoilt, counts.swallowed) == (0, 0, 0)
    assert proxy.counts.open == 0


def test_latency_delays_without_slowing_the_flow() -> None:
    """A sleep for each piece would make the pieces pay one after another."""
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy, _connected(proxy) as client:
        proxy.change(both=Conditions(latency_s=0.05, jitter_s=0.01))
        began = time.monotonic()
        for n in range(100):
            client.sendall(b"%04d" % n)
            time.sleep(0.0005)  # so that they are a hundred pieces
        got = b""
        while len(got) < 400:
            got += client.recv(400)
        took = time.monotonic() - began
    assert got == b"".join(b"%04d" % n for n in range(100))
    assert 0.1 <= took < 1.0


def test_bandwidth_is_bounded() -> None:
    with _serving(pour=100_000) as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(down=Conditions(rate=400_000))
        began = time.monotonic()
        with _connected(proxy) as client:
            assert len(_all(client)) == 100_000
        assert 0.2 <= time.monotonic() - began < 2.0


def test_a_trickle_keeps_every_single_wait_short() -> None:
    with _serving(pour=50) as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(down=Conditions(trickle=(1, 0.01)))
        began = time.monotonic()
        with _connected(proxy) as client:
            pieces = [client.recv(100) for _ in range(20)]
        assert time.monotonic() - began >= 0.15
    assert max(map(len, pieces)) <= 3


@pytest.mark.parametrize("after", [0, 1, 70_001])
def test_a_reset_comes_after_exactly_so_many_bytes(after: int) -> None:
    with _serving(pour=200_000) as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(down=Conditions(after=after, then="reset"))
        assert len(_until_reset_of(proxy)) == after
        assert proxy.counts.spoilt == 1


def test_a_truncated_answer_ends_as_if_it_were_whole() -> None:
    with _serving(pour=200_000) as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(down=Conditions(after=1234, then="truncate"))
        with _connected(proxy) as client:
            client.sendall(b"never read")
            assert len(_all(client)) == 1234


def test_a_truncated_request_is_answered_as_far_as_it_came() -> None:
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(up=Conditions(after=3, then="truncate"))
        with _connected(proxy) as client:
            client.sendall(b"abcdef")
            assert client.recv(10) == b"abc"
            client.shutdown(socket.SHUT_WR)
            assert _all(client) == b""


def test_what_stalled_goes_on_when_it_may() -> None:
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy, _connected(proxy) as client:
        assert _echo(client, b"before") == b"before"
        proxy.change(down=Conditions(after=0, then="stall"))
        client.sendall(b"during")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert proxy.counts.spoilt == 1
        proxy.change(down=Conditions())
        client.settimeout(DEADLINE_S)
        assert client.recv(6) == b"during"


def test_what_happens_to_one_connection_spares_the_next() -> None:
    with _serving(pour=1000) as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(down=Conditions(after=10, times=1))
        with _connected(proxy) as client:
            assert len(_until_reset(client)) == 10
        with _connected(proxy) as client:
            assert len(_all(client)) == 1000


def test_a_black_hole_takes_everything_and_answers_nothing() -> None:
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy:
        proxy.change(blackhole=True)
        with _connected(proxy) as client:
            client.sendall(b"x" * 100_000)
            client.settimeout(0.1)
            with pytest.raises(TimeoutError):
                client.recv(1)
        proxy.change(blackhole=False)
        with _connected(proxy) as client:
            assert _echo(client, b"again") == b"again"
        assert (proxy.counts.swallowed, proxy.counts.up) == (1, 5)


def test_a_black_hole_takes_over_what_already_runs() -> None:
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy, _connected(proxy) as client:
        assert _echo(client, b"before") == b"before"
        proxy.change(blackhole=True)
        client.sendall(b"during")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert proxy.counts.swallowed == 1


def _outcomes(port: int, seed: int) -> str:
    outcomes = ""
    with tcp_proxy("127.0.0.1", port, seed=seed) as proxy:
        proxy.change(refuse=0.5)
        for _ in range(20):
            try:
                with _connected(proxy) as client:
                    outcomes += "+" if _echo(client, b"x") == b"x" else "?"
            except ConnectionError:
                outcomes += "-"
        assert proxy.counts.refused == outcomes.count("-")
    return outcomes


def test_refusals_are_a_share_and_come_again_with_the_same_seed() -> None:
    with _serving() as port:
        first = _outcomes(port, 7)
        assert 4 <= first.count("-") <= 16
        assert _outcomes(port, 7) == first


def test_all_connections_can_be_broken_off_at_once() -> None:
    with _serving() as port, tcp_proxy("127.0.0.1", port) as proxy, _connected(proxy) as one, _connected(proxy) as two:
        for client in (one, two):
            _echo(client, b"x")
        proxy.reset_all()
        for client in (one, two):
            assert _until_reset(client) == b""


def test_a_server_that_is_not_there_is_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with tcp_proxy("127.0.0.1", port) as proxy:
        assert _until_reset_of(proxy) == b""


def test_a_reader_that_does_not_read_costs_a_bounded_queue() -> None:
    """What the server may send is bounded by the queue and the kernel's own buffers."""
    with _serving(pour=64 * 1024 * 1024) as port, tcp_proxy("127.0.0.1", port, queue_bytes=65536) as proxy:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((proxy.host, proxy.port))
        with client:
            last, same = -1, 0
            while same < 5:  # until nothing moves any more
                time.sleep(0.02)
                same = same + 1 if proxy.counts.down == last else 0
                last = proxy.counts.down
            assert last < 32 * 1024 * 1024


def test_it_ends_with_connections_open_and_leaves_no_thread_and_no_port() -> None:
    before = threading.active_count()
    with _serving() as port:
        with tcp_proxy("127.0.0.1", port) as proxy:
            proxy.change(both=Conditions(latency_s=60.0))
            client = _connected(proxy)
            client.sendall(b"on its way for a minute")
        with client:
            assert _until_reset(client) == b""
        with pytest.raises(ConnectionRefusedError):
            _connected(proxy)
    assert threading.active_count() == before
