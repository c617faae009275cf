"""The units of a source that are not yet done: shared by its workers, last found first, each unit once."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scanner.crawl.memory import Memory
from scanner.model import Unit


@dataclass(slots=True)
class Job:
    """A unit to be crawled: the id of its next attempt, how many there were, how many lost a child."""

    id: int
    unit: Unit
    attempts: int = 0
    lost: int = 0


class Frontier:
    """A stack with a memory.

    Last found first keeps it small on a tree. Content is looked into when nothing is left to list, first found first,
    so that what is tried again comes late. The memory (one hash a unit) makes each unit crawled once, whatever a
    connector emits twice and whatever an interrupted scan had already done.
    """

    def __init__(self) -> None:
        self._stack: deque[Job] = deque()
        self._content: deque[Job] = deque()
        self._seen = Memory()  # those that gave units are marked
        self._strays = False
        self._active = 0
        self._limit = sys.maxsize
        self._closed = False
        self._change = threading.Condition()

    def know(self, unit: Unit) -> None:
        """Remember a unit that needs no crawling any more."""
        self._strays = True
        self._remember(unit)

    def knows(self, unit: Unit) -> bool:
        """Whether a unit was offered before, or needs no crawling any more."""
        return unit in self._seen

    def fresh(self, unit: Unit) -> bool:
        """Whether nothing beneath a unit can be known yet, but through that unit itself, which gave none so far."""
        return not self._strays and not any(map(self._seen.marked, (unit, *unit.members)))

    def offer(self, unit: Unit, new_id: Callable[[], int], by: Unit | None = None) -> int | None:
        """Add a unit nobody offered before; returns the id of its first attempt, None for a known one.

        ``by`` is the unit in whose crawl it was found; None for a root, or for one that an earlier run left.
        """
        with self._change:
            if by is not None:
                above = _above(unit, by)
                known = above == by or above in self._seen  # to mark what nobody offered would hide it
                self._seen.mark(above if known else by)
                self._strays = self._strays or not known or not unit.key.startswith(by.key)
            elif self._seen:
                self._strays = True
            if not self._remember(unit):
                return None
            job = Job(new_id(), unit)
            (self._content if unit.of_content else self._stack).append(job)
            self._change.notify()
        return job.id

    def divide(self, parts: Iterable[Unit], new_id: Callable[[], int]) -> list[tuple[int, Unit]]:
        """Put parts of a taken unit of several on the stack, known though they are; ``done`` is to be called as ever.

        Returns them with the ids of their attempts.
        """
        divided = [(new_id(), part) for part in parts]
        if divided:
            with self._change:
                self._stack.extend(Job(number, part) for number, part in divided)
                self._change.notify(len(divided))
        return divided

    def give_back(self, job: Job) -> None:
        """Put a taken unit back, behind all others; ``done`` is to be called as ever."""
        with self._change:
            if job.unit.of_content:
                self._content.append(job)
            else:
                self._stack.appendleft(job)

    @property
    def limit(self) -> int:
        """How many units may be in work at once."""
        return self._limit

    @limit.setter
    def limit(self, units: int) -> None:
        with self._change:
            self._limit = max(1, units)
            self._change.notify_all()

    def take(self, before_waiting: Callable[[], None]) -> Job | None:
        """The next unit; None when all is done or the frontier is closed.

        ``before_waiting`` is called when there is nothing to take just now, so that a worker keeps what it has first.
        """
        with self._change:
            if (job := self._pop()) is not None or self._finished():
                return job
        before_waiting()
        with self._change:
            while (job := self._pop()) is None and not self._finished():
                self._change.wait()
            return job

    def done(self) -> None:
        """Say that a taken unit is finished, its children offered."""
        with self._change:
            self._active -= 1
            if len(self):
                self._change.notify()  # one more may be in work now
            elif not self._active:
                self._change.notify_all()

    def close(self) -> None:
        """Let every worker stop at its next take."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def __len__(self) -> int:
        """Units waiting."""
        return len(self._stack) + len(self._content)

    def _remember(self, unit: Unit) -> bool:
        """Whether nobody had offered it before."""
        new = self._seen.add(unit)
        if new:
            for member in unit.members:
                self._seen.add(member)
        return new

    def _pop(self) -> Job | None:
        if self._closed or not len(self) or self._active >= self._limit:
            return None
        self._active += 1
        return self._stack.pop() if self._stack else self._content.popleft()

    def _finished(self) -> bool:
        return self._closed or (not self._active and not len(self))


def _above(unit: Unit, by: Unit) -> Unit:
    """The unit that another was found beneath: of a unit of several, the one container."""
    if not by.members:
        return by
    name, _, _ = unit.key[len(by.key) :].partition("/")
    return Unit(f"{by.key}{name}/")
