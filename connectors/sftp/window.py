"""How many requests are under way at once: as many as the way to the server and back calls for, and no more."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST, MOST = 64, 1024
"""Requests under way at once: to begin with, and at the utmost."""
FAR_S = 0.002
"""Seconds to a server and back above which a request too many costs less than an answer too late."""


@dataclass(slots=True)
class Window:
    """The number of requests that may be under way on one connection.

    It grows while it is full and answers still come about as soon as the soonest ever came: then the server waits for
    requests that are on their way. Where answers take longer, requests stand in line at the server, and more of them
    would bring nothing sooner.
    """

    size: int = LEAST
    nearest_s: float = math.inf
    """The shortest time that any answer took."""

    @property
    def far(self) -> bool:
        """Whether waiting for an answer costs more than asking in vain."""
        return FAR_S < self.nearest_s < math.inf

    def answered(self, took_s: float, *, full: bool) -> None:
        """Learn from one answer; ``full`` says whether no further request had room meanwhile."""
        if full and took_s < 2 * self.nearest_s and self.size < MOST:
            self.size += 1
        self.nearest_s = min(self.nearest_s, took_s)
