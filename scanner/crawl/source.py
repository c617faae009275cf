"""One source of a scan: the canary login, its workers, the watch over them, and what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from scanner.catalog import Catalog, now_us
from scanner.codes import CODES, Exit, worst
from scanner.connector import Account, Connector, Session
from scanner.crawl.apart import Around, Lost, opened
from scanner.crawl.exclude import excluded
from scanner.crawl.frontier import Frontier
from scanner.crawl.host import Host
from scanner.crawl.overlap import CASELESS, leaves
from scanner.crawl.pace import Pace
from scanner.crawl.progress import SourceProgress
from scanner.crawl.worker import (
    AUTH_CODES,
    FIRST_BACKOFF_S,
    LONGEST_BACKOFF_S,
    Sampling,
    Shared,
    Worker,
    shut,
)
from scanner.model import Fault, SourceError, Stopped, Unit
from scanner.registry import Bound

_WATCH_S = 0.2
_GRACE_S = 3.0
"""How long workers may take to come to an end after a stop; what they have not committed by then waits for resume."""


class AccountLocks:
    """One login at a time for each account and host, so that a wrong password is tried once."""

    def __init__(self) -> None:
        self._locks: dict[Account, threading.Lock] = {}
        self._guard = threading.Lock()

    def of(self, account: Account) -> threading.Lock:
        """The lock of an account."""
        with self._guard:
            return self._locks.setdefault(account, threading.Lock())


def check_breaker(catalog: Catalog, account: Account | None) -> None:
    """Raise SourceError AUTH_BLOCKED where this account was refused before: a second try could lock it out."""
    if account and (earlier := catalog.refused(account.host, account.name)):
        raise SourceError("AUTH_BLOCKED", f"refused before: {earlier}", where=f"{account.name} on {account.host}")


class SourceRun:
    """Runs one source of a scan to its end, in the caller's thread."""

    def __init__(
        self,
        bound: Bound,
        scan: int,
        catalog: Catalog,
        progress: SourceProgress,
        stop: threading.Event,
        locks: AccountLocks,
        sampling: Sampling | None = None,
    ) -> None:
        self._bound = bound
        self._scan = scan
        self._catalog = catalog
        self._progress = progress
        self._stop = stop
        self._locks = locks
        self._sampling = sampling
        self.left_out: Mapping[str, str] = {}
        """Containers that another source covers, and which."""
        limits = bound.limits
        self._pace = Pace(progress, stop, limits.requests_per_s, limits.hours, limits.max_requests)
        self._pace.on_change = self._on_pace
        self._frontier = Frontier()
        self._host = Host(progress, stop, limits.outage_s, bound.locator)

    def run(self) -> Exit:
        """Crawl the source; returns the exit code it calls for. Raises what breaks the catalog."""
        progress = self._progress
        progress.state, progress.started = "running", time.monotonic()
        progress.alive()
        self._catalog.set_source(self._scan, self._bound.name, state="running", started=now_us())
        self._catalog.clear_source_faults(self._scan, self._bound.name)
        try:
            state, error = self._crawl()
        except SourceError as failure:
            state, error = "failed", failure
        except Stopped:
            state, error = "stopped", None
        return self._end(state, error)

    def _crawl(self) -> tuple[str, SourceError | None]:
        self._pace.check()
        first, roots = self._watched_canary()
        shared = self._shared()
        self._fill(shared, roots)
        self._frontier.limit = self._progress.workers = self._bound.connections
        workers = [Worker(shared, first if n == 0 else None) for n in range(self._bound.connections)]
        threads = [
            threading.Thread(target=w.run, name=f"{self._bound.name}-{n}", daemon=True) for n, w in enumerate(workers)
        ]
        for thread in threads:
            thread.start()
        hung = self._watch(threads, shared)
        if shared.broken:
            raise shared.broken[0]
        if hung:
            raise self._hung()
        if self._stop.is_set() or self._pace.over:
            return "stopped", None
        # An earlier run of this scan may have left gaps that this one did not repeat: the catalog knows them all.
        self._progress.gaps = self._catalog.gaps(self._scan, self._bound.name)
        return ("incomplete" if self._progress.gaps else "complete"), None

    def _fill(self, shared: Shared, roots: list[Unit]) -> None:
        """Put on the frontier what an earlier run of this scan left, and the roots where they are new."""
        units = self._catalog.units(self._scan, self._bound.name)
        for _, unit, state in sorted(units, key=lambda row: row[2] != "pending"):  # before the units they are parts of
            if state == "pending":
                shared.frontier.offer(unit, self._catalog.new_unit_id)
            else:
                shared.frontier.know(unit)
        for unit in roots:
            shared.frontier.offer(unit, self._catalog.new_unit_id)
        self._progress.units_found = len(shared.frontier)

    # connecting

    def _session(self) -> Session:
        return Session(
            self._bound.name, self._pace, self._bound.limits.timeout_s, self._catalog.trusted, self._within,
            self._pace.slow,
        )  # fmt: skip

    def _on_pace(self, slower: bool) -> None:
        """Half as many workers where the source asks for less; one more where it has been quiet for a while."""
        frontier, most = self._frontier, self._bound.connections
        frontier.limit = frontier.limit // 2 if slower else min(most, frontier.limit + 1)
        self._progress.workers = frontier.limit

    def _within(self, key: str) -> bool:
        """Whether a unit may cover a further container itself: not when that is excluded, or a unit already."""
        if excluded(key, self._bound.config.exclude) or self._covers(key):
            return False
        return not self._frontier.knows(Unit(key))

    def _covers(self, key: str) -> str | None:
        """The source that covers a container instead of this one."""
        return leaves(key, self.left_out, caseless=self._bound.plug.type in CASELESS)

    def _connect(self) -> Connector:
        """A connected connector for a worker; it names the roots again, which costs one request."""
        connector, _ = self._admitted()
        return connector

    def _admitted(self) -> tuple[Connector, list[Unit]]:
        """One login, alone for its account and never after a refusal; a refusal is kept before anybody else may try."""
        account = self._bound.account
        try:
            if account is None:
                return self._login()
            with self._locks.of(account):
                check_breaker(self._catalog, account)
                try:
                    return self._login()
                except SourceError as error:
                    self._remember(error)
                    raise
        except Lost as error:
            # A mount that holds one holds the next; whether an account's login was refused is not known.
            error.transient = error.transient and error.code != "FAILED_HUNG" and account is None
            raise

    def _remember(self, error: SourceError) -> None:
        """Keep that the account was refused."""
        account = self._bound.account
        if account is not None and error.code in AUTH_CODES:
            self._catalog.set_refused(account.host, account.name, error.code)

    def _watched_canary(self) -> tuple[Connector, list[Unit]]:
        """The first login, in a thread that can be left behind: a server may accept a connection and say nothing more.

        Raises:
            SourceError: what the login raised; FAILED_HUNG.
            Stopped: the scan was asked to stop, and the login did not come to an end.
        """
        got: list[tuple[Connector, list[Unit]]] = []
        failed: list[BaseException] = []
        left_behind = threading.Event()

        def log_in() -> None:
            try:
                got.append(self._canary())
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
                failed.append(error)
            if left_behind.is_set():
                for connector, _ in got:
                    shut(connector)

        thread = threading.Thread(target=log_in, name=f"{self._bound.name}-login", daemon=True)
        thread.start()
        stopped_at: float | None = None
        while thread.is_alive():
            thread.join(_WATCH_S)
            now = time.monotonic()
            if self._stop.is_set():
                stopped_at = stopped_at or now
            hung = now - self._progress.seen > self._silence_s
            if thread.is_alive() and (hung or (stopped_at is not None and now - stopped_at > _GRACE_S)):
                left_behind.set()
                raise self._hung() if hung else Stopped
        if failed:
            raise failed[0]
        return got[0]

    @property
    def _silence_s(self) -> float:
        """Silence after which the source as a whole counts as hung: a child's is its own proxy's matter first."""
        return self._bound.limits.hang_s * (3 if self._bound.isolated else 1)

    def _hung(self) -> SourceError:
        where = self._progress.current or self._bound.locator
        return SourceError("FAILED_HUNG", f"no sign of life for {self._bound.limits.hang_s:g} s", where=where)

    def _canary(self) -> tuple[Connector, list[Unit]]:
        """The first login; again only after transport errors."""
        attempts = 0
        while True:
            attempts += 1
            self._progress.alive()
            try:
                return self._admitted()
            except SourceError as error:
                if not error.transient or attempts > (1 if isinstance(error, Lost) else self._bound.limits.retries):
                    raise
                self._progress.retries += 1
                if self._stop.wait(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (attempts - 1))):
                    raise Stopped from None

    def _login(self) -> tuple[Connector, list[Unit]]:
        connector: Connector | None = None
        try:
            around = Around(self._pace, self._stop, self._frontier.fresh, tuple(self.left_out))
            connector = opened(self._bound, self._session(), around)
            self._progress.opened(1)
            self._progress.logins += 1
            return connector, list(connector.roots())
        except BaseException as error:
            if connector is not None:
                shut(connector)
                self._progress.opened(-1)
            if isinstance(error, SourceError | Stopped | MemoryError) or not isinstance(error, Exception):
                raise
            raise SourceError("CONNECTOR_BUG", f"{type(error).__name__}: {error}") from error

    def _shared(self) -> Shared:
        return Shared(
            self._scan, self._bound.name, self._catalog, self._frontier, self._pace, self._progress, self._stop,
            self._bound.limits.retries, self._bound.config.exclude, self._connect, self._remember,
            self._host, self._covers,
            self._sampling,
        )  # fmt: skip

    # the watch and the end

    def _watch(self, threads: list[threading.Thread], shared: Shared) -> bool:
        """Wait for the workers; True when none gave a sign of life for too long and they were abandoned."""
        stopped_at: float | None = None
        while any(t.is_alive() for t in threads):
            for thread in threads:
                thread.join(_WATCH_S / len(threads))
            now = time.monotonic()
            if shared.broken:
                self._frontier.close()
                stopped_at = stopped_at or now
            if self._stop.is_set() or self._pace.over:
                self._frontier.close()
                stopped_at = stopped_at or now
            if stopped_at is not None and now - stopped_at > _GRACE_S:
                shared.abandoned.set()
                return False
            if now - self._progress.seen > self._silence_s:
                shared.abandoned.set()
                self._frontier.close()
                return True
        return False

    def _end(self, state: str, error: SourceError | None) -> Exit:
        progress = self._progress
        progress.state, progress.ended, progress.connections = state, time.monotonic(), 0
        values: dict[str, object] = {"error_code": None, "error_where": None, "error_detail": None}
        exits: set[Exit] = {CODES[c].exit for c in progress.gaps}
        if error is not None:
            code = error.code if error.code in CODES else "OTHER"
            progress.error = code
            exits.add(CODES[code].exit)
            values = {"error_code": code, "error_where": error.where, "error_detail": error.detail}
            fault = Fault("", "list", code, f"{error.where} {error.detail}".strip())
            self._catalog.add_faults(self._scan, self._bound.name, [fault])
            if progress.units_done or self._catalog.begun(self._scan, self._bound.name):
                progress.state = state = "incomplete"
        elif self._pace.over:
            values["error_code"] = progress.error = "HOURS" if self._pace.out_of_hours else "BUDGET"
            exits.add(Exit.BUDGET)
        if notes := self._notes():
            self._catalog.add_faults(self._scan, self._bound.name, notes)
        self._catalog.set_source(self._scan, self._bound.name, state=state, ended=now_us(), **values)
        self._catalog.add_load(
            self._scan, self._bound.name, progress.requests, progress.logins, progress.peak_connections
        )
        return _exit_of(exits, state)

    def _notes(self) -> list[Fault]:
        """What was worth telling of how the source took it."""
        progress, notes = self._progress, []
        if progress.throttled:
            lowest = f"; slowest at {progress.lowest_rate:.2g} requests/s" if progress.lowest_rate else ""
            notes.append(Fault("", "note", "SLOWED", f"asked {progress.throttled:,} times{lowest}"))
        if progress.unwanted:
            detail = f"{progress.unwanted} of {self._bound.connections} not taken: {progress.unwanted_why}"
            notes.append(Fault("", "note", "FEWER_CONNECTIONS", detail))
        return notes


def _exit_of(exits: set[Exit], state: str) -> Exit:
    """A unit's denial is a gap; only what stopped the source as a whole may call for a code of its own."""
    if state == "incomplete":
        exits = {e if e in {Exit.INTERNAL, Exit.DISK_FULL} else Exit.GAPS for e in exits} | {Exit.GAPS}
    return worst(exits)
