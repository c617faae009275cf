"""What a scan has done so far, for whoever shows it; plain counters, written by workers, read by one printer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class SourceProgress:
    """Counters of one source. ``seen`` is the monotonic time of the last sign of life."""

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
    current: str = ""
    error: str = ""
    started: float = 0.0
    ended: float = 0.0
    seen: float = field(default_factory=time.monotonic)
    gaps: dict[str, int] = field(default_factory=dict)
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
