"""What a scan on several machines deals out: units, connections, budgets; never more than there is."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanner.crawl.frontier import Frontier, Job
from scanner.model import Unit


class Central(Frontier):
    """The frontier of a source whose units go out several at a time."""

    def more(self, most: int) -> list[Job]:
        """Further units, up to so many, without waiting."""
        found: list[Job] = []
        with self._change:
            while len(found) < most and (piece := self._pop()) is not None:
                found.append(piece)
        return found

    def add(self, number: int, unit: Unit) -> None:
        """Add a unit under the id it has already, known or not."""
        with self._change:
            self.know(unit)
            (self._content if unit.of_content else self._stack).append(Job(number, unit))
            self._change.notify()

    def settle(self, units: Iterable[Unit]) -> None:
        """Remember units that were crawled elsewhere."""
        with self._change:
            for unit in units:
                self.know(unit)

    @property
    def finished(self) -> bool:
        """Whether nothing is left, and nobody at work could find more."""
        with self._change:
            return not self._active and not len(self)


class Known:
    """Units that are known although what lies above them is still to be crawled, in order of key."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units = sorted(units)
        self._guard = threading.Lock()

    def add(self, units: Iterable[Unit]) -> None:
        """Further ones."""
        with self._guard:
            for unit in units:
                bisect.insort(self._units, unit)

    def beneath(self, unit: Unit) -> Iterator[Unit]:
        """Those beneath a unit."""
        with self._guard:
            for member in unit.members or (unit,):
                for at in range(bisect.bisect_left(self._units, Unit(member.key)), len(self._units)):
                    if not self._units[at].key.startswith(member.key):
                        break
                    yield self._units[at]


@dataclass(slots=True)
class Shares:
    """Something a source has only so much of, dealt out to workers: never more than that in sum."""

    total: int
    held: dict[str, int] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, worker: str, fair: int) -> int:
        """A worker's share from now on: a fair one, or what the others leave; 0 where they leave nothing yet."""
        with self.guard:
            free = self.total - sum(n for w, n in self.held.items() if w != worker)
            self.held[worker] = max(0, min(fair, free))
            return self.held[worker]

    def leave(self, worker: str) -> None:
        """What a worker had is free again."""
        with self.guard:
            self.held.pop(worker, None)


@dataclass(slots=True)
class Purse:
    """A budget that orders take from before they spend, and give back to; None for no end."""

    left: int | None
    out: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, share: float) -> int | None:
        """An allowance: a share of what is left, 1 at least where anything is; None where there is no end."""
        with self.guard:
            if self.left is None:
                return None
            amount = min(self.left, max(1, int(self.left * share)))
            self.left -= amount
            self.out += amount
            return amount

    def give_back(self, taken: int | None, spent: int) -> None:
        """Settle an allowance."""
        with self.guard:
            if self.left is not None and taken is not None:
                self.out -= taken
                self.left += max(0, taken - spent)

    @property
    def empty(self) -> bool:
        """Whether nothing is left, and nobody could give any back."""
        with self.guard:
            return self.left == 0 and not self.out


def parts_of(unit: Unit, most: int) -> list[Unit]:
    """A unit of several containers as up to so many units of fewer."""
    names = [member.key[len(unit.key) : -1] for member in unit.members]
    each = -(-len(names) // most)
    groups = [names[at : at + each] for at in range(0, len(names), each)]
    return [Unit.several(unit.key, group) if len(group) > 1 else Unit(f"{unit.key}{group[0]}/") for group in groups]
