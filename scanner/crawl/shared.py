"""What the workers of one source share, and what one attempt at a unit gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from scanner.catalog import Buffer, Bundle
from scanner.connector import Connector
from scanner.crawl.frontier import Frontier
from scanner.crawl.host import Host
from scanner.crawl.pace import Pace
from scanner.crawl.progress import SourceProgress
from scanner.model import Batch, Event, Fault, SourceError, Unit

AUTH_CODES = frozenset({"AUTH_REFUSED", "AUTH_GUEST", "AUTH_INTERACTIVE"})
"""Codes after which an account is not tried again on that host until a person says its credential changed."""


class Sampling(Protocol):
    """What looks into the content of one source's files; shared by its workers."""

    def units(self, batch: Batch) -> Iterable[Unit]:
        """A unit of content for each of the entries that is to be looked into."""
        ...

    def crawl(self, connector: Connector, unit: Unit) -> Iterator[Event]:
        """What the content of one file says. Raises SourceError, Stopped."""
        ...


class Keeps(Protocol):
    """What takes what workers find: the catalog, or what stands for it on another machine."""

    def buffer(self, number: int, source: str) -> Buffer:
        """A buffer for one worker's batches."""
        ...

    def new_unit_id(self) -> int:
        """An id no attempt of any unit has had."""
        ...

    def commit(self, number: int, bundle: Bundle) -> None:
        """Make a bundle count, in one transaction. Raises StocktakeError."""
        ...


@dataclass(slots=True)
class Shared:
    """What the workers of one source share.

    ``park`` is offered the connector of a worker that came to its end in good order, and says whether it takes it.
    """

    scan: int
    source: str
    catalog: Keeps
    frontier: Frontier
    pace: Pace
    progress: SourceProgress
    stop: threading.Event
    retries: int
    exclude: tuple[str, ...]
    connect: Callable[[], Connector]
    refused: Callable[[SourceError], None]
    host: Host
    covers: Callable[[str], str | None]
    sampling: Sampling | None = None
    park: Callable[[Connector], bool] | None = None
    abandoned: threading.Event = field(default_factory=threading.Event)
    broken: list[BaseException] = field(default_factory=list)


@dataclass(slots=True)
class Attempt:
    """What one attempt at a unit gave besides its batches."""

    children: list[tuple[int, Unit]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    listed: int = 0
    entries: int = 0
    bytes: int = 0
    early: bool = False  # rows of it stand in a part already
    left: list[Unit] = field(default_factory=list)  # what is left of containers that were begun
    own: set[Unit] = field(default_factory=set)  # what a unit of several stands for, and has not handed out
    rest: list[Unit] = field(default_factory=list)  # what it has: nobody's until it is done
