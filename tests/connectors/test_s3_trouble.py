"""The conformance suites of trouble: what changes, drops, hangs or asks for patience while an S3 source is crawled.

What changes is a real server (moto). It takes one request a connection and never asks for patience, so what drops or
throttles in mid-listing is the double.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import boto3
import pytest

from connectors.s3 import PLUG
from scanner.testing import s3_double as double
from scanner.testing import servers
from scanner.testing.conformance import ChangingSuite, Harness, NetworkSuite, ThrottlingSuite, planted
from scanner.testing.s3_signature import Login, checked
from scanner.testing.servers.proxy import TcpProxy, tcp_proxy
from scanner.testing.world import World

VANISHING = tuple(f"vanishing/{n}" for n in range(5))
LOGIN = Login("AKIACANARY", "c4nary-secret/Pw+1==")
LOGGED_IN = {"access_key": "env:S3_AK", "secret_key": "env:S3_SK"}


class MotoHarness(Harness):
    """One bucket of a real server, two keys a page so that there is a middle for things to happen in."""

    plug = PLUG
    cannot = frozenset({"directory", "link", "undecodable", "control", "large", "pre_1970"})
    prefix = "world/"
    extra = frozenset({"world"})
    kinds = {"file": "object"}  # noqa: RUF012 - as the harness declares it
    tick_us = None

    def __init__(self, server: servers.S3Server, patch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.secrets = (server.password,)
        patch.setenv("S3_AK", server.user)
        patch.setenv("S3_SK", server.password)
        self.client: Any = boto3.client(
            "s3", endpoint_url=server.endpoint, region_name=server.region, aws_access_key_id=server.user,
            aws_secret_access_key=server.password,
        )  # fmt: skip

    def plant(self, world: World) -> None:
        self.client.create_bucket(Bucket="world")
        for node in world.files():
            self.client.put_object(Bucket="world", Key=node.path.decode(), Body=node.content())

    def settings(self) -> dict[str, object]:
        return {"root": "s3://world", "endpoint": self.server.endpoint, "page_size": 2, **LOGGED_IN}

    @contextmanager
    def vanish(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """A folder is the keys that begin with it."""
        yield "world/vanishing/", lambda: self.delete(VANISHING)
        self.put(VANISHING)

    @contextmanager
    def grow(self) -> Iterator[Callable[[], None]]:
        fresh = [f"{place}grown-{n}" for n in range(3) for place in ("", "zz/")]
        yield lambda: self.put(fresh)
        self.delete(fresh)

    def put(self, keys: Iterable[str]) -> None:
        """Objects of one byte."""
        for key in keys:
            self.client.put_object(Bucket="world", Key=key, Body=b"1")

    def delete(self, keys: Iterable[str]) -> None:
        """The objects again gone."""
        for key in keys:
            self.client.delete_object(Bucket="world", Key=key)


class DoubleHarness(Harness):
    """A scripted bucket that refuses every third request while it is to be spared."""

    plug = PLUG
    cannot = MotoHarness.cannot
    prefix = "world/"
    extra = frozenset({"world"})

    secrets = (LOGIN.secret_key,)

    def __init__(self, patch: pytest.MonkeyPatch, page_size: int) -> None:
        self.page_size = page_size
        patch.setenv("S3_AK", LOGIN.access_key)
        patch.setenv("S3_SK", LOGIN.secret_key)
        self.spared = False
        self.numbers = count(1)
        self.bucket: double.Script = double.bucket_of(())
        self.endpoint = ""

    def plant(self, world: World) -> None:
        keys = [node.path for node in world.files()]
        sizes = {key if isinstance(key, bytes) else key.encode(): n for n, key in enumerate(keys)}
        self.bucket = checked(double.bucket_of(keys, self.page_size, sizes), LOGIN)

    def answer(self, request: double.Request) -> double.Answer:
        """What the double sends."""
        if self.spared and next(self.numbers) % 3 == 0 and request.is_listing:
            slow = double.error(503, "SlowDown")
            return double.Answer(503, slow.body, (("Retry-After", "4"),))
        return self.bucket(request)

    def settings(self) -> dict[str, object]:
        return {"root": "s3://world", "endpoint": self.endpoint, **LOGGED_IN}

    @contextmanager
    def proxied(self) -> Iterator[tuple[TcpProxy, dict[str, object]]]:
        with tcp_proxy("127.0.0.1", int(self.endpoint.rpartition(":")[2])) as proxy:
            yield proxy, self.settings() | {"endpoint": f"http://{proxy.host}:{proxy.port}"}

    @contextmanager
    def throttled(self) -> Iterator[float | None]:
        self.spared = True
        yield 4.0
        self.spared = False


@pytest.mark.server
class TestChanging(ChangingSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[MotoHarness]:
        with servers.s3_server() as server, pytest.MonkeyPatch.context() as patch:
            harness = planted(MotoHarness(server, patch))
            harness.put(VANISHING)
            yield harness


@contextmanager
def scripted(page_size: int) -> Iterator[DoubleHarness]:
    with pytest.MonkeyPatch.context() as patch:
        harness = planted(DoubleHarness(patch, page_size))
        with double.s3_double(harness.answer) as server:
            harness.endpoint = server.endpoint
            yield harness


class TestSpoilt(NetworkSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[DoubleHarness]:
        with scripted(1000) as harness:
            yield harness


class TestSpoiltBetweenPages(ThrottlingSuite):
    """Between two pages nothing fails: what is left is handed back, and asked for on another line."""

    test_fault_038_dropped_between_two_pages = (
        NetworkSuite.test_fault_038_a_dropped_connection_costs_an_attempt_and_nothing_else
    )

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[DoubleHarness]:
        with scripted(2) as harness:
            yield harness
