"""How many child processes a source is worth: few where the processors are the limit, many where waiting is."""

from __future__ import annotations

import math
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

_FADES = 0.7
"""What earlier units weigh beside the next one."""
_SCHEDULE = Path("/proc/self/schedstat")


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def kept_waiting_s() -> float:
    """Seconds this thread was ready to run and no processor was free; 0 where the kernel does not say."""
    try:
        return int(_SCHEDULE.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Watch:
    """What a child's time went into, since it was made: ``elsewhere`` is what it spent with its parent."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._used = time.process_time()
        self._kept = kept_waiting_s()
        self.elsewhere = 0.0

    def told(self) -> tuple[float, float]:
        """Seconds of its own, and those of them in which it waited for its source."""
        passed = time.monotonic() - self._start - self.elsewhere - (kept_waiting_s() - self._kept)
        used = time.process_time() - self._used
        return max(passed, used), max(0.0, passed - used)


@dataclass(slots=True)
class Width:
    """Children that keep the processors busy, from what those at work have told; never above what the source allows."""

    free: int = field(default_factory=processors)
    _took: float = 0.0
    _waited: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, took: float, waited: float) -> None:
        """A child has ended a unit that took so long, of which it waited so long."""
        with self._lock:
            self._took = self._took * _FADES + took
            self._waited = self._waited * _FADES + min(waited, took)

    @property
    def useful(self) -> int:
        """How many are of use."""
        with self._lock:
            busy = 1 - self._waited / self._took if self._took > 0 else 1.0
        return math.ceil(self.free / max(busy, 0.001) - 0.25)
