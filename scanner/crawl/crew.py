"""The workers of one source in this process: their logins, their pace, and the watch over them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scanner.connector import Connector, Session
from scanner.crawl.apart import Around, Lost, opened
from scanner.crawl.exclude import excluded
from scanner.crawl.frontier import Frontier
from scanner.crawl.guard import shut
from scanner.crawl.host import Host
from scanner.crawl.overlap import CASELESS, leaves
from scanner.crawl.pace import Pace
from scanner.crawl.progress import SourceProgress
from scanner.crawl.shared import AUTH_CODES, Keeps, Sampling, Shared
from scanner.crawl.width import Width
from scanner.crawl.worker import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, Worker
from scanner.model import SourceError, Stopped, Unit
from scanner.registry import Bound

WATCH_S = 0.2
GRACE_S = 3.0
"""How long workers may take to come to an end after a stop; what they have not committed by then waits for resume."""

Opened = tuple[Connector, list[Unit]]


class Gate(Protocol):
    """Who may log in, and what is known of the host: kept by the catalog, wherever the crew works."""

    def admitted(self, bound: Bound, login: Callable[[], Opened]) -> Opened:
        """Log in, alone for the account and never after a refusal. Raises SourceError, Stopped."""
        ...

    def refused(self, bound: Bound, error: SourceError) -> None:
        """Keep that the account was refused, if that is what the error says."""
        ...

    def trusted(self, host: str, port: int) -> tuple[str, ...]:
        """Host key fingerprints a person has trusted."""
        ...


@dataclass(slots=True)
class Crew:
    """Crawls a source's frontier with connections of its own, in the caller's thread and threads it starts.

    ``keeps`` takes what they find, ``left_out`` maps containers that another source covers to that source, and
    ``park`` is offered the connector of a worker that came to its end in good order.
    """

    bound: Bound
    scan: int
    keeps: Keeps
    progress: SourceProgress
    stop: threading.Event
    gate: Gate
    pace: Pace
    host: Host
    frontier: Frontier
    sampling: Sampling | None = None
    left_out: Mapping[str, str] | None = None
    park: Callable[[Connector], bool] | None = None
    most: int = 0
    """Connections at the utmost."""
    ending: bool = False
    """Whether units at work are to hand out what they have not begun, since others could."""
    width: Width = field(default_factory=Width)
    _paced: int = 0

    def work(self, first: Sequence[Connector], over: Callable[[], bool]) -> None:
        """Crawl until the frontier is empty, or ``over`` says that it is to be left as it is.

        Raises:
            SourceError: the login was refused, the host is gone; FAILED_HUNG.
            Exception: what breaks the catalog, and our own faults.
        """
        shared, self.ending = self._shared(), False
        self._paced = self.most
        self._limit()
        workers = [Worker(shared, first[n] if n < len(first) else None) for n in range(self.most)]
        threads = [
            threading.Thread(target=w.run, name=f"{self.bound.name}-{n}", daemon=True) for n, w in enumerate(workers)
        ]
        for thread in threads:
            thread.start()
        hung = self._watch(threads, shared, over)
        if shared.broken:
            raise shared.broken[0]
        if hung:
            raise self._hung()

    def on_pace(self, slower: bool) -> None:
        """Half as many workers where the source asks for less; one more where it has been quiet for a while."""
        now = min(self._paced, self.frontier.limit)
        self._paced = max(1, now // 2) if slower else min(self.most, now + 1)
        self._limit()

    def _limit(self) -> None:
        useful = self.width.useful if self.bound.isolated else self.most  # threads wait, or they would not be many
        limit = min(self._paced, useful)
        if limit != self.frontier.limit:
            self.frontier.limit = limit
        self.progress.workers = self.frontier.limit

    def _took(self, took: float, waited: float) -> None:
        self.width.told(took, waited)
        self._limit()

    # connecting

    def canary(self) -> Opened:
        """The first login, in a thread that can be left behind: a server may accept a connection and say nothing more.

        Raises:
            SourceError: what the login raised; FAILED_HUNG.
            Stopped: the scan was asked to stop, and the login did not come to an end.
        """
        got: list[Opened] = []
        failed: list[BaseException] = []
        left_behind = threading.Event()

        def log_in() -> None:
            try:
                got.append(self._patiently())
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
                failed.append(error)
            if left_behind.is_set():
                for connector, _ in got:
                    shut(connector)

        thread = threading.Thread(target=log_in, name=f"{self.bound.name}-login", daemon=True)
        thread.start()
        stopped_at: float | None = None
        while thread.is_alive():
            thread.join(WATCH_S)
            now = time.monotonic()
            if self.stop.is_set():
                stopped_at = stopped_at or now
            hung = now - self.progress.seen > self._silence_s
            if thread.is_alive() and (hung or (stopped_at is not None and now - stopped_at > GRACE_S)):
                left_behind.set()
                raise self._hung() if hung else Stopped
        if failed:
            raise failed[0]
        return got[0]

    def _patiently(self) -> Opened:
        """The first login; again only after transport errors."""
        attempts = 0
        while True:
            attempts += 1
            self.progress.alive()
            try:
                return self._admitted()
            except SourceError as error:
                if not error.transient or attempts > (1 if isinstance(error, Lost) else self.bound.limits.retries):
                    raise
                self.progress.retries += 1
                if self.stop.wait(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (attempts - 1))):
                    raise Stopped from None

    def _connect(self) -> Connector:
        """A connected connector for a worker; it names the roots again, which costs one request."""
        connector, _ = self._admitted()
        return connector

    def _admitted(self) -> Opened:
        try:
            return self.gate.admitted(self.bound, self._login)
        except Lost as error:
            # A mount that holds one holds the next; whether an account's login was refused is not known.
            error.transient = error.transient and error.code != "FAILED_HUNG" and self.bound.account is None
            raise

    def _login(self) -> Opened:
        connector: Connector | None = None
        try:
            around = Around(self.pace, self.stop, self._fresh, tuple(self.left_out or ()), self._took)
            connector = opened(self.bound, self._session(), around)
            self.progress.opened(1)
            self.progress.logins += 1
            return connector, list(connector.roots())
        except BaseException as error:
            if connector is not None:
                shut(connector)
                self.progress.opened(-1)
            if isinstance(error, SourceError | Stopped | MemoryError) or not isinstance(error, Exception):
                raise
            raise SourceError("CONNECTOR_BUG", f"{type(error).__name__}: {error}") from error

    def _session(self) -> Session:
        return Session(
            self.bound.name, self.pace, self.bound.limits.timeout_s, self.gate.trusted, self._within, self.pace.slow
        )

    def _fresh(self, unit: Unit) -> bool:
        return self.frontier.fresh(unit)

    def _within(self, key: str) -> bool:
        """Whether a unit may cover a further container itself: not when that is excluded, or a unit already."""
        if self.ending or excluded(key, self.bound.config.exclude) or self._covers(key):
            return False
        return not self.frontier.knows(Unit(key))

    def _covers(self, key: str) -> str | None:
        """The source that covers a container instead of this one."""
        return leaves(key, self.left_out or {}, caseless=self.bound.plug.type in CASELESS)

    def _refused(self, error: SourceError) -> None:
        if error.code in AUTH_CODES:
            self.gate.refused(self.bound, error)

    def _shared(self) -> Shared:
        return Shared(
            self.scan, self.bound.name, self.keeps, self.frontier, self.pace, self.progress, self.stop,
            self.bound.limits.retries, self.bound.config.exclude, self._connect, self._refused, self.host,
            self._covers, self.sampling, self.park,
        )  # fmt: skip

    # the watch

    @property
    def _silence_s(self) -> float:
        """Silence after which the source as a whole counts as hung: a child's is its own proxy's matter first."""
        return self.bound.limits.hang_s * (3 if self.bound.isolated else 1)

    def _hung(self) -> SourceError:
        where = self.progress.current or self.bound.locator
        return SourceError("FAILED_HUNG", f"no sign of life for {self.bound.limits.hang_s:g} s", where=where)

    def _watch(self, threads: list[threading.Thread], shared: Shared, over: Callable[[], bool]) -> bool:
        """Wait for the workers; True when none gave a sign of life for too long and they were abandoned."""
        stopped_at: float | None = None
        while any(t.is_alive() for t in threads):
            for thread in threads:
                thread.join(WATCH_S / len(threads))
            now = time.monotonic()
            if over():
                self.ending = True
                self.frontier.close()
            if shared.broken or self.stop.is_set() or self.pace.over:
                self.frontier.close()
                stopped_at = stopped_at or now
            if stopped_at is not None and now - stopped_at > GRACE_S:
                shared.abandoned.set()
                return False
            if now - self.progress.seen > self._silence_s:
                shared.abandoned.set()
                self.frontier.close()
                return True
        return False
