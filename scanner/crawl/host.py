"""Whether a source's host is still there: one that goes in mid-scan must not use up every unit's retries."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from scanner.crawl.progress import SourceProgress
from scanner.model import SourceError, Stopped

TRANSPORT = frozenset({"UNREACHABLE", "TIMEOUT"})
"""Codes that may mean that the host is gone, rather than what was asked for."""
TRIP = 3
"""Failed connections in a row, or failed units one after another, after which the host counts as gone."""
FIRST_PROBE_S = 1.0
LONGEST_PROBE_S = 60.0


class Host:
    """Shared by the workers of a source.

    While the host seems gone, one worker at a time tries its unit, at growing intervals; the others wait. When nothing
    came back within ``outage_s``, all of them give up and what is left waits for a resume.
    """

    def __init__(
        self, progress: SourceProgress, stop: threading.Event, outage_s: float, where: str,
        *, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._progress = progress
        self._stop = stop
        self._outage_s = outage_s
        self._where = where
        self._clock = clock
        self._change = threading.Condition()
        self._connects = 0
        self._units: set[str] = set()
        self._since: float | None = None
        self._probe_at = self._interval = 0.0
        self._prober: int | None = None
        self._last: SourceError | None = None

    @property
    def gone(self) -> bool:
        """Whether the host seems gone just now."""
        return self._since is not None

    def alive(self) -> None:
        """The host answered."""
        if not self._units and not self._connects and self._since is None:
            return
        with self._change:
            self._units.clear()
            self._connects = 0
            self._since = self._prober = None
            self._progress.waiting = ""
            self._change.notify_all()

    def connected(self) -> None:
        """A login succeeded: if connections failed before, that is over; units that failed have yet to succeed."""
        if self._connects:
            with self._change:
                self._connects = 0
            if not self._units:
                self.alive()

    def failed(self, error: SourceError, unit: str | None) -> bool:
        """A request for a unit failed, or (None) a connection; returns whether the host seems gone."""
        with self._change:
            self._last = error
            if unit is None:
                self._connects += 1
            else:
                self._units.add(unit)
            now = self._clock()
            if self._since is None:
                if max(self._connects, len(self._units)) < TRIP:
                    return False
                self._since, self._interval = now, FIRST_PROBE_S
                self._progress.waiting = error.code
            elif self._prober == threading.get_ident():
                self._interval = min(LONGEST_PROBE_S, self._interval * 2)
            if self._prober in {None, threading.get_ident()}:
                self._probe_at, self._prober = now + self._interval, None
            return True

    def leave(self) -> None:
        """This worker's probe is over, whatever came of it."""
        if self._prober == threading.get_ident():
            with self._change:
                self._prober = None
                self._change.notify_all()

    def gate(self) -> None:
        """Wait until the host is back, or until it is this worker's turn to try.

        Raises:
            SourceError: the last one, when the host was gone for too long.
            Stopped: the scan is to stop.
        """
        if self._since is None:
            return
        with self._change:
            while self._since is not None:
                if self._stop.is_set():
                    raise Stopped
                now = self._clock()
                if now - self._since > self._outage_s:
                    raise self._given_up()
                if self._prober is None and now >= self._probe_at:
                    self._prober = threading.get_ident()
                    return
                self._progress.alive()
                self._change.wait(0.05 if self._prober is None else 0.2)

    def _given_up(self) -> SourceError:
        last = self._last or SourceError("UNREACHABLE")
        detail = f"gone for {self._outage_s:g} s, and what is left waits: {last.detail}"
        return SourceError(last.code, detail, where=last.where or self._where)
