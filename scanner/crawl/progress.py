"""What a scan has done so far, for whoever shows it; plain counters, written by workers, read by one printer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class SourceProgress:
    """Counters of one source. ``seen`` is the monotonic time of the last sign of life.

    ``throttled`` is how often it asked for fewer requests, ``rate`` what it is slowed to (requests a second, None for
    not slowed), ``workers`` how many may work at once, ``unwanted`` how many connections it would not take, ``waiting``
    the code of what seems to have happened to its host while that is gone.
    """

    name: str
    state: str = "waiting"
    units_done: int = 0
    units_found: int = 0
    units_failed: int = 0
    entries: int = 0
    bytes: int = 0
    faults: int = 0
    requests: int = 0
    connections: int = 0
    peak_connections: int = 0
    logins: int = 0
    retries: int = 0
    throttled: int = 0
    rate: float | None = None
    lowest_rate: float | None = None
    workers: int = 0
    unwanted: int = 0
    unwanted_why: str = ""
    waiting: str = ""
    current: str = ""
    error: str = ""
    started: float = 0.0
    ended: float = 0.0
    seen: float = field(default_factory=time.monotonic)
    gaps: dict[str, int] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    """Workers on other machines that could not open it, and why."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def alive(self) -> None:
        """A sign of life."""
        self.seen = time.monotonic()

    def opened(self, change: int) -> None:
        """A connection more (1) or fewer (-1)."""
        with self.lock:
            self.connections += change
            self.peak_connections = max(self.peak_connections, self.connections)

    @property
    def trouble(self) -> str:
        """What slows it just now, for people; '' for nothing."""
        if self.waiting:
            return f"host gone ({self.waiting}), trying again"
        if self.rate is not None:
            return f"slowed to {self.rate:.2g} requests/s, {self.workers} at a time"
        return ""

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began, up to its end."""
        if not self.started:
            return 0.0
        return (self.ended or time.monotonic()) - self.started


@dataclass(slots=True)
class Progress:
    """A scan's sources in the estate file's order."""

    run: int
    sources: dict[str, SourceProgress] = field(default_factory=dict)
