"""Pacing: how fast, when, and until when a source may be asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from datetime import time as day_time

from scanner.config import hours_between
from scanner.crawl.progress import SourceProgress
from scanner.model import Stopped


class Pace:
    """Called before each request to a source: waits for its rate limit, counts, and raises ``Stopped`` at the end.

    One per source, shared by its workers. ``clock`` is monotonic seconds, ``local`` the local time of day.
    """

    def __init__(
        self,
        progress: SourceProgress,
        stop: threading.Event,
        requests_per_s: float | None,
        hours: str | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        local: Callable[[], day_time] = lambda: datetime.now().astimezone().time(),
    ) -> None:
        self._progress = progress
        self._stop = stop
        self._interval = 1 / requests_per_s if requests_per_s else 0.0
        self._hours = hours_between(hours) if hours else None
        self._clock = clock
        self._local = local
        self._next = clock()
        self._lock = threading.Lock()
        self.out_of_hours = False

    def __call__(self) -> None:
        """Wait until the next request may be made. Raises Stopped."""
        with self._lock:
            self._progress.requests += 1
            wait = 0.0
            if self._interval:
                now = self._clock()
                start = max(self._next, now)
                self._next = start + self._interval
                wait = start - now
        self._progress.alive()
        if wait and self._stop.wait(wait):
            raise Stopped
        self.check()

    def check(self) -> None:
        """Raise Stopped when the scan is to end, or the allowed hours are over."""
        if self._stop.is_set():
            raise Stopped
        if not self.within_hours():
            self.out_of_hours = True
            raise Stopped

    def within_hours(self) -> bool:
        """Whether the source may be asked at this time of day."""
        if self._hours is None:
            return True
        start, end = self._hours
        now = self._local()
        return start <= now < end if start < end else now >= start or now < end
