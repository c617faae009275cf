"""The suites for trouble: a sound connector over TCP passes them, and each case catches a flawed one."""

from __future__ import annotations

import itertools
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel, ConfigDict, Field

from scanner.connector import Plug, Session
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.schema import ENTRY, LISTING
from scanner.testing import conformance
from scanner.testing.conformance import trouble
from scanner.testing.servers import TcpProxy, tcp_proxy

FOLDERS = 12
NAMES = 40


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    port: int = Field(description="Where it listens")


@dataclass
class Medium:
    """Folders of names, served line by line: ``folder`` names its folders for '', else its files, then a dot."""

    flaw: str = ""
    folders: dict[str, list[str]] = field(default_factory=dict)
    busy: int = 0
    port: int = 0


class Lines(socketserver.StreamRequestHandler):
    medium: Medium

    def handle(self) -> None:
        with suppress(OSError):
            for raw in self.rfile:
                key = raw.decode().strip()
                if self.medium.busy and key:
                    self.medium.busy -= 1
                    self.wfile.write(b"busy 7\n")
                elif key and key not in self.medium.folders:
                    self.wfile.write(b"gone\n")
                else:
                    names = list(self.medium.folders[key] if key else self.medium.folders)
                    self.wfile.write("".join(f"{n}\n" for n in [*names, "."]).encode())


class Wire:
    """A connector over that protocol; ``flaw`` names the one thing it does wrong."""

    def __init__(self, medium: Medium, options: Options, session: Session) -> None:
        self.medium, self.options, self.session = medium, options, session
        self.line: socket.socket | None = None

    def pace(self) -> None:
        if not self.flawed("never paces"):
            self.session.pace()

    def flawed(self, flaw: str) -> bool:
        return self.medium.flaw == flaw

    def roots(self) -> Iterable[Unit]:
        self.pace()
        timeout_s = 4.0 if self.flawed("patient") else self.session.timeout_s
        self.line = socket.create_connection(("127.0.0.1", self.options.port), timeout_s)
        self.received = self.line.makefile("rb")
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        self.pace()
        names = self.answer(unit.key.rstrip("/"))
        if names is None:
            if self.flawed("vanished is a gap"):
                yield Fault(unit.key, "list", "OTHER")
            else:
                yield Fault(unit.key, "list", "VANISHED")
            return
        if self.flawed("half a listing") and unit.key == "f3/" and self.medium.folders != whole():
            names = names[:-1]
        if self.flawed("tells twice") and unit.key and len(self.medium.folders) > FOLDERS:
            names = [*names, names[0]]
        kind = "file" if unit.key else "directory"
        yield Batch(ENTRY, {"parent": [unit.key] * len(names), "name": names, "kind": [kind] * len(names)})
        yield Batch(LISTING, {"path": [unit.key], "listed": [len(names)], "complete": [True]})
        if not unit.key:
            yield from (Unit(f"{name}/") for name in names)

    def answer(self, key: str) -> list[str] | None:
        try:
            return self.ask_again(key)
        except SourceError:
            if self.flawed("swallows"):
                return []
            raise

    def ask_again(self, key: str) -> list[str] | None:
        assert self.line is not None
        while True:
            self.line.sendall(f"{key}\n".encode())
            raw = self.received.readline() or (b".\n" if self.flawed("trusts an end") else b"")
            if raw == b"gone\n":
                return None
            if raw.startswith(b"busy"):
                if not self.flawed("keeps it to itself"):
                    self.session.slow(0.0 if self.flawed("forgets the seconds") else float(raw.split()[1]))
                continue
            if raw == b".\n":
                return []
            if not raw.endswith(b"\n"):
                if self.flawed("trusts an end"):
                    return []
                raise SourceError("PARTIAL", "cut short", where=key, transient=True)
            return [raw.decode().strip(), *self.rest(key)]

    def rest(self, key: str) -> list[str]:
        names: list[str] = []
        while (raw := self.received.readline()) != b".\n":
            if not raw.endswith(b"\n") and self.flawed("trusts an end"):
                break
            if not raw.endswith(b"\n"):
                raise SourceError("PARTIAL", "cut short", where=key, transient=True)
            names.append(raw.decode().strip())
        return names

    def close(self) -> None:
        if self.line is not None:
            self.received.close()
            self.line.close()


class Guarded(Wire):
    """The same, with every failure of the socket turned into the error it is."""

    def crawl(self, unit: Unit) -> Iterator[Event]:
        try:
            yield from super().crawl(unit)
        except OSError as error:
            raise SourceError("TIMEOUT", str(error), where=unit.key, transient=not self.flawed("gives up")) from None

    def roots(self) -> Iterable[Unit]:
        try:
            return super().roots()
        except OSError as error:
            raise SourceError("UNREACHABLE", str(error), transient=not self.flawed("gives up")) from None


def whole() -> dict[str, list[str]]:
    return {f"f{n}": [f"name-{n}-{m}" for m in range(NAMES)] for n in range(FOLDERS)}


class WireHarness(conformance.Harness):
    def __init__(self, medium: Medium) -> None:
        self.medium = medium
        self.plug = Plug(
            title="Lines", schemes=("lines",), options=Options, open=self._open, from_url=lambda _url: {},
            account=lambda _options: None, locator=lambda _options: "lines:", type="lines", store_kind="folder",
        )  # fmt: skip

    def _open(self, options: BaseModel, session: Session) -> Wire:
        assert isinstance(options, Options)
        return Guarded(self.medium, options, session)

    def settings(self) -> dict[str, object]:
        return {"port": self.medium.port}

    @contextmanager
    def vanish(self) -> Iterator[tuple[str, Callable[[], None]]]:
        kept = dict(self.medium.folders)

        def strike() -> None:
            self.medium.folders.pop("f5", None)

        yield "f5/", strike
        self.medium.folders = kept

    @contextmanager
    def grow(self) -> Iterator[Callable[[], None]]:
        kept = dict(self.medium.folders)
        yield lambda: self.medium.folders.update({f"new{n}": ["x"] for n in range(3)})
        self.medium.folders = kept

    @contextmanager
    def proxied(self) -> Iterator[tuple[TcpProxy, dict[str, object]]]:
        with tcp_proxy("127.0.0.1", self.medium.port) as proxy:
            yield proxy, {"port": proxy.port}

    @contextmanager
    def throttled(self) -> Iterator[float | None]:
        self.medium.busy = 3
        yield 7.0
        self.medium.busy = 0


@contextmanager
def served(flaw: str = "") -> Iterator[WireHarness]:
    medium = Medium(flaw, whole())
    handler = type("Handler", (Lines,), {"medium": medium})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler, bind_and_activate=True) as server:
        server.daemon_threads = True
        server.block_on_close = False
        medium.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield WireHarness(medium)
        server.shutdown()
        thread.join()


class TestWire(conformance.ChangingSuite, conformance.NetworkSuite, conformance.ThrottlingSuite):
    @pytest.fixture
    def harness(self) -> Iterator[WireHarness]:
        with served() as harness:
            yield harness


VANISH = "test_fault_022_what_vanishes_meanwhile_costs_nothing_else"
DROP = "test_fault_038_a_dropped_connection_costs_an_attempt_and_nothing_else"
THROTTLE = "test_fault_052_being_asked_to_slow_down_is_passed_on_and_costs_nothing"
FLAWS = [
    ("vanished is a gap", VANISH, ()),
    ("half a listing", VANISH, ()),
    ("never paces", VANISH, ()),
    ("never paces", "test_what_grows_meanwhile_is_told_once", ()),
    ("tells twice", "test_what_grows_meanwhile_is_told_once", ()),
    ("trusts an end", DROP, ("truncate",)),
    ("swallows", DROP, ("truncate",)),
    ("gives up", DROP, ("reset",)),
    ("patient", "test_silence_ends_at_the_deadline", ()),
    ("gives up", "test_silence_ends_at_the_deadline", ()),
    ("keeps it to itself", THROTTLE, ()),
    ("forgets the seconds", THROTTLE, ()),
]


@pytest.mark.parametrize(("flaw", "case", "arguments"), FLAWS)
def test_a_connector_that_cannot_bear_trouble_is_caught(
    flaw: str, case: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "DEADLINE_S", 0.5)
    monkeypatch.setattr(trouble, "PATIENCE_S", 2.5)
    with served() as harness:
        _ = harness.found  # a sound crawl, to be compared with
        harness.medium.flaw = flaw
        with pytest.raises((AssertionError, pytest.fail.Exception, SourceError)):
            getattr(TestWire(), case)(harness, *arguments)


def test_every_case_has_a_flaw_that_it_catches() -> None:
    cases = {name for name in dir(TestWire) if name.startswith("test_")}
    assert cases == {case for _flaw, case, _arguments in FLAWS}


def test_attempts_are_used_up() -> None:
    with served() as harness, harness.proxied() as (proxy, settings):
        proxy.change(refuse=1.0)
        counted = itertools.count()

        def open_one() -> Wire:
            next(counted)
            return harness.open(settings)  # type: ignore[return-value]

        with pytest.raises(SourceError):
            trouble.persistent(open_one)
        assert next(counted) == trouble.ATTEMPTS
