"""A connector in a process of its own: it may crash, leak, print, lie or never come back, and costs itself alone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scanner.connector import Connector, Session
from scanner.crawl import wire
from scanner.crawl.nursery import NURSERY, Born
from scanner.crawl.pace import Pace
from scanner.keys.sketches import Sketch
from scanner.model import Event, Fault, SourceError, Stopped, Unit
from scanner.registry import Bound
from scanner.secrets import remember, scrub

_LOOK_S = 0.2
"""Seconds between two looks at whether the scan is to stop."""
_STOPPING_S = 1.0
"""Seconds a child may take to come to its next request once the scan is to stop."""
_GOODBYE_S = 2.0
"""Seconds it may take to log out."""
_WORN = 0.5
"""Share of its memory limit after which a child makes way for a new one."""
_MOST_UNITS = 20_000
"""Units after which it does so too."""
_ENDINGS = frozenset({b"E", b"X", b"T", b"G", b"M"})


class Lost(SourceError):  # noqa: N818 - reads as what it says
    """A child was lost in the midst of something: it died, or was silent for too long and was killed."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a proxy needs from the source it works for, besides its session."""

    pace: Pace
    stop: threading.Event
    fresh: Callable[[Unit], bool]
    """Whether nothing beneath a unit can be on the frontier yet, so that a child may decide for itself."""
    left_out: tuple[str, ...] = ()
    """Containers that another source covers."""
    took: Callable[[float, float], None] = lambda _took, _waited: None
    """Told after each unit how many seconds it took the child, and in how many of them it waited for the source."""


def opened(bound: Bound, session: Session, around: Around) -> Connector:
    """A connector of a source: in a process of its own where its plug asks for that."""
    return Apart(bound, session, around) if bound.isolated else bound.open(session)


def warm(sources: Sequence[Bound]) -> None:
    """Prepare for the child processes of some sources, in the background."""
    for module in dict.fromkeys(b.target.partition(":")[0] for b in sources if b.isolated):
        NURSERY.warm(module)


def part() -> None:
    """Part with what was prepared, and with every child process there is."""
    NURSERY.close()


class Apart:
    """Stands for a connector that runs in a child process; the child is born with the first order."""

    read: Callable[[str, int, int], bytes]
    """There once the child is, where its connector reads."""
    sample: Callable[[str, int], tuple[tuple[str, ...], list[tuple[object, ...]]]]
    """Likewise, where it samples."""
    sketch: Callable[[str, int, bytes], list[tuple[str, Sketch | None]]]
    """Likewise, where it sketches columns."""

    def __init__(self, bound: Bound, session: Session, around: Around, hang_s: float | None = None) -> None:
        self._bound = bound
        self._session = session
        self._around = around
        self._hang_s = hang_s or bound.limits.hang_s
        self._child: Born | None = None
        self._reader: wire.Reader | None = None
        self._units = 0
        self._rss_mib = 0
        self.dead = False
        """Whether its child is gone for good; a new one takes a new proxy."""

    def __repr__(self) -> str:
        return f"Apart({self._bound.name!r})"

    @property
    def worn(self) -> bool:
        """Whether the child has grown, or served, so much that a new one should take over between two units."""
        return self._rss_mib > _WORN * self._bound.limits.memory_mib or self._units >= _MOST_UNITS

    def roots(self) -> list[Unit]:
        """Have the child connect and name the first units. Raises SourceError, Stopped."""
        if self._child is None:
            self._bear()
        try:
            return wire.units(self._value({"do": "roots"}))
        except wire.Garbage as error:
            raise self._broken(error) from None

    def place(self) -> tuple[tuple[str, str], ...]:
        """Have the child say where its source is. Raises SourceError, Stopped."""
        if self._child is None:
            self._bear()
        value = self._value({"do": "place"})
        try:
            return tuple((str(known), str(name)) for known, name in value)
        except (TypeError, ValueError) as error:
            raise self._broken(error) from None

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """One unit's events, as the child streams them. Raises SourceError, Stopped, Garbage."""
        whole = False
        order = {"do": "crawl", "key": unit.key, "after": unit.after, "fresh": self._around.fresh(unit)}
        try:
            yield from self._events(order)
            whole = True
        except (SourceError, Stopped, Bug):
            whole = True
            raise
        except GeneratorExit:
            whole = self._around.stop.is_set() and self._comes_to_an_end(_STOPPING_S)  # told at its next request
            raise
        finally:
            if not whole:  # the engine wants no more of it, or it did not keep to the contract
                self._kill()
        self._units += 1

    def close(self) -> None:
        """Have the child log out, for as long as that may take; then it goes, whatever it does."""
        if self._child is None or self.dead:
            return
        try:
            self._order({"do": "close"})
        except wire.Gone:
            self._kill()
            return
        if self._comes_to_an_end(_GOODBYE_S):
            self._bury()
        else:
            self._kill()

    def _comes_to_an_end(self, wait_s: float) -> bool:
        """Whether the child ends its order within the time, however much it still gives."""
        until = time.monotonic() + wait_s
        with contextlib.suppress(SourceError, Stopped, wire.Garbage, wire.Gone, wire.Silent):
            while time.monotonic() < until:
                if self._next(until=until)[0] in _ENDINGS:
                    return True
        return False

    # orders and answers

    def _bear(self) -> None:
        bound = self._bound
        try:
            self._child = NURSERY.bear(bound.limits.memory_mib)
        except OSError as error:  # no descriptors, no memory, no process left
            why = f"no process for the connector: {error.strerror}"
            raise SourceError("OTHER", why, where=bound.locator, transient=True) from None
        self._reader = wire.Reader(self._child.sock, self._child.noise)
        can = self._value(
            {
                "do": "open",
                "target": bound.target,
                "options": bound.plain_options(),
                "source": bound.name,
                "timeout_s": self._session.timeout_s,
                "exclude": bound.config.exclude,
                "left_out": self._around.left_out,
                "path": sys.path,
                "folder": os.fsencode(os.getcwd()).hex(),  # noqa: PTH109 - bytes are wanted
                "environment": [(k.hex(), v.hex()) for k, v in os.environb.items()],
            }
        )
        for name in can if isinstance(can, list) else ():
            if name in {"read", "sample", "sketch"}:
                setattr(self, name, getattr(self, f"_{name}"))

    def _read(self, path: str, start: int, length: int) -> bytes:
        value = self._value({"do": "read", "path": path, "start": start, "length": length})
        try:
            data = bytes.fromhex(value)
        except (TypeError, ValueError):
            raise self._broken(wire.Garbage("no bytes")) from None
        return data[:length]

    def _sample(self, path: str, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        value = self._value({"do": "sample", "path": path, "rows": rows})
        try:
            names, found = value
            table = [tuple(wire.unpacked_value(v) for v in row) for row in found[:rows]]
            if not all(isinstance(n, str) for n in names) or any(len(row) != len(names) for row in table):
                raise wire.Garbage("a sample whose rows do not fit its columns")  # noqa: TRY301
        except (TypeError, ValueError, wire.Garbage) as error:
            raise self._broken(error) from None
        return tuple(names), table

    def _sketch(self, path: str, rows: int, key: bytes) -> list[tuple[str, Sketch | None]]:
        value = self._value({"do": "sketch", "path": path, "rows": rows, "key": key.hex()})
        try:
            return wire.sketches(value)
        except wire.Garbage as error:
            raise self._broken(error) from None

    def _order(self, order: dict[str, Any]) -> None:
        assert self._child is not None
        wire.send_json(self._child.sock, b"O", order)

    def _value(self, order: dict[str, Any]) -> Any:
        """What an order gave that gives no events. Raises SourceError, Stopped."""
        try:
            self._order(order)
            while (frame := self._next())[0] not in _ENDINGS:
                if frame[0] in {b"B", b"U", b"F"}:
                    raise wire.Garbage("events nobody asked for")  # noqa: TRY301
            return self._ended(*frame)
        except wire.Gone:
            raise self._crashed() from None
        except wire.Garbage as error:
            raise self._broken(error) from None

    def _events(self, order: dict[str, Any]) -> Iterator[Event]:
        try:
            self._order(order)
        except wire.Gone:
            raise self._crashed() from None
        while True:
            try:
                kind, body = self._next()
            except wire.Gone:
                raise self._crashed() from None
            if kind == b"B":
                yield wire.unpack(body)
            elif kind in {b"U", b"F"}:
                found: list[Unit] | list[Fault] = (wire.units if kind == b"U" else wire.faults)(wire.plain(body))
                yield from found
            elif kind in _ENDINGS:
                self._ended(kind, body)
                return

    def _next(self, until: float | None = None) -> tuple[bytes, memoryview]:
        """The next frame that is not a call back; calls are answered on the way.

        Raises:
            Lost: the child was silent for too long, and was killed.
            Stopped: the scan is to stop, and the child would not say anything.
            Gone, Garbage, Silent: where ``until`` is given, after that time.
        """
        assert self._reader is not None
        heard = time.monotonic()
        stopped = None
        while True:
            try:
                kind, body = self._reader.read(_LOOK_S)
            except wire.Silent:
                now = time.monotonic()
                if until is not None and now > until:
                    raise
                if self._around.stop.is_set():
                    stopped = stopped or now
                    if now - stopped > _STOPPING_S:
                        self._kill()
                        raise Stopped from None
                if now - heard > self._hang_s:
                    raise self._hung() from None
                continue
            if kind not in {b"P", b"S", b"W", b"H", b"K"}:
                return kind, body
            self._answer(kind, wire.plain(body))
            heard = time.monotonic()  # while it waited for its turn, it was not the child that was silent

    def _answer(self, kind: bytes, value: Any) -> None:
        """Answer a call back. Raises Garbage, Gone."""
        assert self._child is not None
        if kind == b"K" and isinstance(value, str):
            remember(value)
        elif kind == b"S" and isinstance(value, int | float):
            self._session.slow(max(0.0, float(value)))
        elif kind == b"P" and isinstance(value, int) and value >= 0:
            try:
                answer: object = self._around.pace.grant(value)
            except Stopped:
                answer = None
            wire.send_json(self._child.sock, b"R", answer)
        elif kind == b"W" and isinstance(value, str):
            wire.send_json(self._child.sock, b"R", self._session.within(value))
        elif kind == b"H" and isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
            port = value[1] if isinstance(value[1], int) else 0
            wire.send_json(self._child.sock, b"R", self._session.trusted(value[0], port))
        else:
            raise wire.Garbage(f"no call: {kind!r}")

    def _ended(self, kind: bytes, body: memoryview) -> Any:
        """How an order ended. Raises SourceError, Stopped, Garbage, and Lost where memory ran out."""
        row = wire.plain(body)
        if not isinstance(row, dict) or not all(isinstance(row.get(k), int) for k in ("made", "rss_mib")):
            raise wire.Garbage("no ending")
        self._around.pace.made(max(0, row["made"]))
        self._rss_mib = row["rss_mib"]
        if isinstance(times := row.get("times"), list):
            self._around.took(*wire.seconds(times, 2))
        value = row.get("value")
        if kind == b"E":
            return value
        if kind == b"T":
            raise Stopped
        if kind == b"X":
            raise wire.error_of(value)
        if kind == b"M":
            self._kill()
            raise self._lost("DRIVER_CRASH", f"out of memory at {self._bound.limits.memory_mib} MiB")
        raise Bug(str(value))

    # when it goes wrong

    def _crashed(self) -> SourceError:
        child = self._child
        if child is None or self.dead:
            return self._lost("DRIVER_CRASH", "is gone since")
        code = child.ended(1.0)
        if code is None:
            how = "ended, nobody knows how"
        elif code < 0:
            name = signal.Signals(-code).name if -code in {int(s) for s in signal.Signals} else f"signal {-code}"
            how = f"died of {name}"
        else:
            how = f"ended with exit code {code}"
        words = self._words()
        self._kill()
        return self._lost("DRIVER_CRASH", how + words)

    def _hung(self) -> SourceError:
        words = self._words()
        self._kill()
        return self._lost("FAILED_HUNG", f"no sign of life for {self._hang_s:g} s" + words)

    def _lost(self, code: str, how: str) -> SourceError:
        plug = self._bound.plug
        return Lost(code, f"connector {plug.type}: {how}", where=self._bound.locator, transient=True)

    def _broken(self, error: Exception) -> SourceError:
        self._kill()
        return SourceError("CONNECTOR_BUG", f"gave what no connector gives: {error}", where=self._bound.name)

    def _words(self) -> str:
        """The last lines the child printed, without secrets."""
        if self._reader is None:
            return ""
        self._reader.listen()
        text = scrub(self._reader.said.decode(errors="replace").strip())
        lines = text.splitlines()[-5:]
        return f"; its last words: {' | '.join(lines)[-600:]}" if lines else ""

    def _kill(self) -> None:
        if self._child is not None and not self.dead:
            NURSERY.kill(self._child)
        self._bury()

    def _bury(self) -> None:
        if self._child is not None and not self.dead:
            self._child.close()
        self.dead = True


class Bug(Exception):  # noqa: N818 - the connector's, told by its child
    """What a connector raised that its contract does not allow."""
