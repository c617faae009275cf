"""Pacing: how fast, when, and until when a source may be asked; slower where it asks for that."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from datetime import time as day_time

from scanner.config import hours_between
from scanner.crawl.progress import SourceProgress
from scanner.model import Stopped

GRANT = (256, 0.1)
"""Requests, and seconds, for which a child process need not ask where nothing but stopping bounds it."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
"""The wait where a source names none, and the longest one it may name."""
RECOVER_S = 10.0
"""Seconds without a word from the source after which it is asked a little faster again."""
SLOWEST = 0.1
"""Requests a second below which nothing slows."""


class Pace:
    """Called before each request to a source: waits for its rate limit, counts, and raises ``Stopped`` at the end.

    One per source, shared by its workers. ``slow`` is for a source that asks for fewer requests: its rate is halved at
    once, and recovers by steps. ``clock`` is monotonic seconds, ``local`` the local time of day.
    """

    def __init__(
        self,
        progress: SourceProgress,
        stop: threading.Event,
        requests_per_s: float | None,
        hours: str | None,
        max_requests: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        local: Callable[[], day_time] = lambda: datetime.now().astimezone().time(),
    ) -> None:
        self._progress = progress
        self._stop = stop
        self._interval = 1 / requests_per_s if requests_per_s else 0.0
        self._hours = hours_between(hours) if hours else None
        self._left = max_requests
        self._clock = clock
        self._local = local
        self._next = clock()
        self._lock = threading.Lock()
        self._recent: deque[tuple[float, int]] = deque([(clock(), 0)], maxlen=64)
        self._slowed: float | None = None
        self._step = self._full = self._heard = self._resume = 0.0
        self.on_change: Callable[[bool], None] = lambda _slower: None
        """Told that the source asked for less (True), or had been quiet for a while (False)."""
        self.out_of_hours = False
        self.spent = False

    def __call__(self) -> None:
        """Wait until the next request may be made. Raises Stopped."""
        with self._lock:
            if self._left is not None:
                if self._left <= 0:
                    self.spent = True
                    raise Stopped
                self._left -= 1
            self._count(1)
            wait = self._turn()
        self._progress.alive()
        while wait > 0:
            if self._stop.wait(min(wait, 1.0)):
                raise Stopped
            self._progress.alive()
            wait -= 1.0
        self.check()

    def grant(self, made: int) -> tuple[int, float]:
        """The same for a child process, which also tells how many requests it made since.

        Returns how many further requests, and for how many seconds, it may make without asking. Raises Stopped.
        """
        self.made(made)
        self()
        with self._lock:
            free = not self._interval and self._slowed is None and self._left is None
        return GRANT if free else (0, 0.0)

    def made(self, requests: int) -> None:
        """Count requests a child process made with what it was granted."""
        if requests:
            with self._lock:
                self._count(requests)

    def slow(self, wait_s: float) -> None:
        """The source asked for fewer requests, and named a wait (0 for none): wait, then ask half as often."""
        with self._lock:
            now = self._clock()
            wait = min(LONGEST_WAIT_S, wait_s or FIRST_WAIT_S)
            self._progress.throttled += 1
            again = now < self._resume  # the other workers are told the same at the same time: once is enough
            self._resume = max(self._resume, now + wait)
            self._heard = now
            if again:
                return
            first, _ = self._recent[0]
            seen = sum(n for _, n in self._recent) / max(now - first, 0.05)
            rate = seen if self._slowed is None else min(seen, self._slowed)
            self._full = max(self._full, seen)
            self._slowed = max(SLOWEST, rate / 2)
            self._step = self._slowed / 4
            self._show()
        self.on_change(True)

    def share(self, requests_per_s: float | None, requests: int | None) -> None:
        """Go on with another share of a source's limits; where it stands in its turn, and was slowed, stays."""
        with self._lock:
            self._interval = 1 / requests_per_s if requests_per_s else 0.0
            self._left = requests
            self.spent = self.out_of_hours = False

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

    @property
    def over(self) -> bool:
        """Whether no further request will be allowed: the hours are over, or the budget is."""
        return self.out_of_hours or self.spent

    # inside, with the lock held

    def _count(self, requests: int) -> None:
        self._progress.requests += requests
        now = self._clock()
        last, n = self._recent[-1]
        if now - last < 0.1:
            self._recent[-1] = (last, n + requests)
        else:
            self._recent.append((now, requests))

    def _turn(self) -> float:
        """Seconds until this request's turn."""
        if not self._interval and self._slowed is None:
            return 0.0
        now = self._clock()
        self._recover(now)
        interval = max(self._interval, 1 / self._slowed if self._slowed else 0.0)
        start = max(self._next, now, self._resume)
        self._next = start + interval
        return start - now

    def _recover(self, now: float) -> None:
        if self._slowed is None or now - max(self._heard, self._resume) < RECOVER_S:
            return
        self._heard = now
        self._slowed += self._step
        if self._slowed >= self._full:
            self._slowed = None
        self._show()
        self.on_change(False)

    def _show(self) -> None:
        self._progress.rate = self._slowed
        if self._slowed is not None:
            self._progress.lowest_rate = min(self._progress.lowest_rate or self._slowed, self._slowed)
