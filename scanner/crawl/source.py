"""One source of a scan: how it is crawled, here or on other machines, and what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from scanner.catalog import Catalog, now_us
from scanner.codes import CODES, Exit, worst
from scanner.connector import Account
from scanner.crawl.crew import Crew, Opened
from scanner.crawl.frontier import Frontier
from scanner.crawl.host import Host
from scanner.crawl.pace import Pace
from scanner.crawl.progress import SourceProgress
from scanner.crawl.shared import AUTH_CODES, Sampling
from scanner.model import Fault, SourceError, Stopped, Unit
from scanner.registry import Bound


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


def keep_refusal(catalog: Catalog, bound: Bound, error: SourceError) -> None:
    """Remember that a source's account was refused, if that is what the error says."""
    account = bound.account
    if account is not None and error.code in AUTH_CODES:
        catalog.set_refused(account.host, account.name, error.code)


@dataclass(slots=True)
class Door:
    """The gate of a crew that works where the catalog is."""

    catalog: Catalog
    locks: AccountLocks

    def admitted(self, bound: Bound, login: Callable[[], Opened]) -> Opened:
        """One login, alone for its account; a refusal is kept before anybody else may try."""
        account = bound.account
        if account is None:
            return login()
        with self.locks.of(account):
            check_breaker(self.catalog, account)
            try:
                return login()
            except SourceError as error:
                self.refused(bound, error)
                raise

    def refused(self, bound: Bound, error: SourceError) -> None:
        """Keep it in the catalog."""
        keep_refusal(self.catalog, bound, error)

    def trusted(self, host: str, port: int) -> tuple[str, ...]:
        """As the catalog has it."""
        return self.catalog.trusted(host, port)


@dataclass(slots=True)
class Job:
    """What a source is crawled with; ``left_out`` maps containers that another source covers to that source."""

    bound: Bound
    scan: int
    catalog: Catalog
    progress: SourceProgress
    stop: threading.Event
    locks: AccountLocks
    sampling: Sampling | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def fill(self, frontier: Frontier, roots: Iterable[Unit]) -> list[Unit]:
        """Put on a frontier what an earlier run of this scan left, and the roots where they are new.

        Returns every unit of that run.
        """
        earlier = self.catalog.units(self.scan, self.bound.name)
        # First those that are left: some may be parts of a unit of several that was taken apart, and is done.
        for _, unit, state in earlier:
            if state == "pending":
                frontier.offer(unit, self.catalog.new_unit_id)
        for _, unit, state in earlier:
            if state != "pending":
                frontier.know(unit)
        for unit in roots:
            frontier.offer(unit, self.catalog.new_unit_id)
        self.progress.units_found = len(frontier)
        return [unit for _, unit, _ in earlier]


Way = Callable[[Job, Pace], None]
"""How a source is crawled to its end. Raises SourceError, Stopped, and what breaks the catalog."""


def here(job: Job, pace: Pace) -> None:
    """Crawl a source with workers of this process."""
    bound, progress = job.bound, job.progress
    host = Host(progress, job.stop, bound.limits.outage_s, bound.locator)
    crew = Crew(
        bound, job.scan, job.catalog, progress, job.stop, Door(job.catalog, job.locks), pace, host, Frontier(),
        job.sampling, job.left_out, most=bound.connections,
    )  # fmt: skip
    pace.on_change = crew.on_pace
    first, roots = crew.canary()
    job.fill(crew.frontier, roots)
    crew.work([first], lambda: False)


class SourceRun:
    """Runs one source of a scan to its end, in the caller's thread."""

    def __init__(self, job: Job, way: Way = here) -> None:
        self._job = job
        self._way = way
        limits = job.bound.limits
        self._pace = Pace(job.progress, job.stop, limits.requests_per_s, limits.hours, limits.max_requests)

    def run(self) -> Exit:
        """Crawl the source; returns the exit code it calls for. Raises what breaks the catalog."""
        job, progress = self._job, self._job.progress
        progress.state, progress.started = "running", time.monotonic()
        progress.alive()
        job.catalog.set_source(job.scan, job.bound.name, state="running", started=now_us())
        job.catalog.clear_source_faults(job.scan, job.bound.name)
        try:
            state, error = self._crawl()
        except SourceError as failure:
            state, error = "failed", failure
        except Stopped:
            state, error = "stopped", None
        return self._end(state, error)

    def _crawl(self) -> tuple[str, SourceError | None]:
        job = self._job
        self._pace.check()
        self._way(job, self._pace)
        if job.stop.is_set() or self._pace.over:
            return "stopped", None
        # An earlier run of this scan may have left gaps that this one did not repeat: the catalog knows them all.
        job.progress.gaps = job.catalog.gaps(job.scan, job.bound.name)
        return ("incomplete" if job.progress.gaps else "complete"), None

    def _end(self, state: str, error: SourceError | None) -> Exit:
        job, progress = self._job, self._job.progress
        catalog, name = job.catalog, job.bound.name
        progress.state, progress.ended, progress.connections = state, time.monotonic(), 0
        values: dict[str, object] = {"error_code": None, "error_where": None, "error_detail": None}
        exits: set[Exit] = {CODES[c].exit for c in progress.gaps}
        if error is not None:
            code = error.code if error.code in CODES else "OTHER"
            progress.error = code
            exits.add(CODES[code].exit)
            values = {"error_code": code, "error_where": error.where, "error_detail": error.detail}
            fault = Fault("", "list", code, f"{error.where} {error.detail}".strip())
            catalog.add_faults(job.scan, name, [fault])
            if progress.units_done or catalog.begun(job.scan, name):
                progress.state = state = "incomplete"
        elif self._pace.over:
            values["error_code"] = progress.error = "HOURS" if self._pace.out_of_hours else "BUDGET"
            exits.add(Exit.BUDGET)
        if notes := self._notes():
            catalog.add_faults(job.scan, name, notes)
        catalog.set_source(job.scan, name, state=state, ended=now_us(), **values)
        catalog.add_load(job.scan, name, progress.requests, progress.logins, progress.peak_connections)
        return _exit_of(exits, state)

    def _notes(self) -> list[Fault]:
        """What was worth telling of how the source took it."""
        progress, notes = self._job.progress, []
        if progress.throttled:
            lowest = f"; slowest at {progress.lowest_rate:.2g} requests/s" if progress.lowest_rate else ""
            notes.append(Fault("", "note", "SLOWED", f"asked {progress.throttled:,} times{lowest}"))
        if progress.unwanted:
            detail = f"{progress.unwanted} of {self._job.bound.connections} not taken: {progress.unwanted_why}"
            notes.append(Fault("", "note", "FEWER_CONNECTIONS", detail))
        notes += [Fault("", "note", "WORKER_UNFIT", f"{name}: {why}") for name, why in progress.unfit.items()]
        return notes


def _exit_of(exits: set[Exit], state: str) -> Exit:
    """A unit's denial is a gap; only what stopped the source as a whole may call for a code of its own."""
    if state == "incomplete":
        exits = {e if e in {Exit.INTERNAL, Exit.DISK_FULL} else Exit.GAPS for e in exits} | {Exit.GAPS}
    return worst(exits)
