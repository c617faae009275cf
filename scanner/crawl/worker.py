"""One worker: takes units of a source, crawls them with a connector of its own, and commits what they gave."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from functools import partial

from scanner.catalog import Buffer, Bundle
from scanner.codes import CODES, Exit, StocktakeError
from scanner.connector import Connector
from scanner.crawl.apart import Apart, Lost
from scanner.crawl.exclude import excluded
from scanner.crawl.frontier import Job
from scanner.crawl.guard import ConnectorBug, checked, fault_of, guarded, registered, shut, total
from scanner.crawl.host import TRANSPORT
from scanner.crawl.shared import AUTH_CODES, Attempt, Shared
from scanner.model import Batch, Event, Fault, SourceError, Stopped, Unit
from scanner.schema import ENTRY, LISTING

FLUSH_ROWS = 100_000
"""Rows after which a part is written: large enough for cheap Parquet, small enough for bounded memory."""
FLUSH_S = 5.0
"""Seconds after which what is finished is committed: at most this much is repeated after a crash."""
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0


class Worker:
    """Runs in a thread of its own; ``first`` is the connector that made the canary login."""

    def __init__(self, shared: Shared, first: Connector | None = None) -> None:
        self._s = shared
        self._connector = first
        self._buffer: Buffer = shared.catalog.buffer(shared.scan, shared.source)
        self._bundle = Bundle(shared.source)
        self._since = time.monotonic()
        self._ever = first is not None

    def run(self) -> None:
        """Crawl until the frontier is empty or the scan is to stop; failures of the catalog end the source."""
        try:
            while (job := self._s.frontier.take(self._commit)) is not None:
                try:
                    self._s.host.gate()
                    kept = self._crawl(job)
                finally:
                    self._s.host.leave()
                    self._s.frontier.done()
                if not kept:
                    break
            self._commit()
            self._park()
        except Stopped:
            self._commit_or_break()
        except SourceError as error:  # the login was refused: what is done counts, the rest waits for a person
            self._s.broken.append(error)
            self._s.frontier.close()
            self._commit_or_break()
        except BaseException as error:  # noqa: BLE001 - a worker's own failure must end the scan, not vanish in a thread
            self._s.broken.append(error)
            self._s.frontier.close()
        finally:
            self._close()

    # one unit

    def _crawl(self, job: Job) -> bool:
        """Crawl a unit, again after a transient failure; then its rows, children and faults are in the bundle.

        Returns whether this worker is of further use: not where the server took fewer connections than asked for.
        """
        shared = self._s
        shared.progress.current = job.unit.key
        while True:
            job.attempts += 1
            mark, attempt = self._buffer.mark(), Attempt(own=set(job.unit.members))
            try:
                self._attempt(job, attempt)
            except SourceError as error:
                if self._ends_all(error):
                    self._s.refused(error)
                    self._forget(job, mark, attempt)
                    raise
                if self._connector is None and self._superfluous(error):
                    job.attempts -= 1
                    shared.frontier.give_back(job)
                    return False
                gone = self._is_gone(error, job)
                if job.unit.members and not gone:
                    self._take_apart(job, mark, attempt)
                    self._close()
                    return True
                if gone or self._again(error, job):
                    self._forget(job, mark, attempt)
                    if gone:  # the host's fault, not the unit's: it waits for its turn
                        job.attempts -= 1
                        self._close()
                        shared.frontier.give_back(job)
                        return True
                    self._back_off(job.attempts, at_once=isinstance(error, Lost))
                    continue
                self._failed(job, attempt, fault_of(job.unit, registered(error.code), str(error.detail)))
                self._close()  # so that a login anew, if it takes one, is made where refusals are remembered
                return True
            except Stopped:
                self._forget(job, mark, attempt)
                raise
            except ConnectorBug as error:
                if job.unit.members:
                    self._take_apart(job, mark, attempt)
                else:
                    self._forget(job, mark, attempt)
                    self._failed(job, Attempt(), fault_of(job.unit, "CONNECTOR_BUG", str(error)))
                self._renew()
                return True
            shared.host.alive()
            self._settle(job, attempt, "done")
            self._renew()
            return True

    def _ends_all(self, error: SourceError) -> bool:
        """Whether no further unit is to be tried.

        Each would log in again, and lock the account out, or wait for a mount that is dead as long as this one did.
        """
        if isinstance(error, Lost) and self._connector is None:
            return not error.transient
        return error.code in AUTH_CODES or error.code == "AUTH_BLOCKED"

    def _again(self, error: SourceError, job: Job) -> bool:
        """Whether the unit is tried again: while retries are left; once where it cost a child."""
        if isinstance(error, Lost):
            job.lost += 1
            return error.transient and job.lost < 2
        return error.transient and job.attempts <= self._s.retries

    def _is_gone(self, error: SourceError, job: Job) -> bool:
        """Whether the host seems gone, after this failure."""
        if isinstance(error, Lost):
            return False  # that tells of the driver, not of the host
        if error.code not in TRANSPORT or not error.transient:
            self._s.host.alive()
            return False
        return self._s.host.failed(error, None if self._connector is None else job.unit.key)

    def _superfluous(self, error: SourceError) -> bool:
        """Whether the server takes no further connection, while others of this source are open."""
        progress = self._s.progress
        if self._ever or not error.transient or not progress.connections or self._s.host.gone:
            return False
        with progress.lock:
            progress.unwanted += 1
            progress.unwanted_why = f"{error.code} {error.detail}".strip()
        return True

    def _attempt(self, job: Job, attempt: Attempt) -> None:
        connector = self._open()
        sampling = self._s.sampling
        if not job.unit.of_content:
            events = guarded(lambda: connector.crawl(job.unit))
        elif sampling is not None:
            events = guarded(lambda: sampling.crawl(connector, job.unit))
        else:
            return  # an earlier part of this scan was to look into content; this one is not
        try:
            for event in events:
                self._s.progress.alive()
                self._s.host.alive()
                if self._s.stop.is_set():
                    raise Stopped
                self._take(job, attempt, event)
        finally:
            events.close()

    def _take(self, job: Job, attempt: Attempt, event: Event) -> None:
        shared = self._s
        if isinstance(event, Batch):
            try:
                self._buffer.add(job.id, event)
            except ValueError as error:
                raise ConnectorBug(str(error)) from None
            self._count(attempt, event)
            if shared.sampling is not None and event.schema is ENTRY and not job.unit.of_content:
                self._offer(job, attempt, shared.sampling.units(event))
            if self._buffer.rows >= FLUSH_ROWS:
                attempt.early = True
                self._write()
        elif isinstance(event, Fault):
            attempt.faults.append(checked(event))
        elif attempt.own.issuperset(parts := event.members or (event,)):
            attempt.own.difference_update(parts)
            attempt.rest.append(event)
        elif event.members:
            self._take_several(job, attempt, event)
        elif event.after and not event.of_content:
            attempt.left.append(event)
        elif (name := shared.covers(event.key)) is not None:
            attempt.faults.append(Fault(event.key, "descend", "OVERLAP", f"covered by source {name}"))
        elif not excluded(event.key, shared.exclude):
            self._offer(job, attempt, [event])
        else:
            attempt.faults.append(Fault(event.key, "descend", "EXCLUDED", ""))

    def _take_several(self, job: Job, attempt: Attempt, unit: Unit) -> None:
        """Offer a unit of several containers; each by itself where one is not to be crawled, or is a unit already."""
        shared = self._s
        barred = any(
            shared.frontier.knows(member) or excluded(member.key, shared.exclude) or shared.covers(member.key)
            for member in unit.members
        )
        if not barred:
            self._offer(job, attempt, [unit])
            return
        for member in unit.members:
            self._take(job, attempt, member)

    def _take_apart(self, job: Job, mark: dict[str, int], attempt: Attempt) -> None:
        """Have each container of a unit of several crawled by itself, since something is wrong with one of them."""
        self._forget(job, mark, attempt)
        self._settle(job, Attempt(rest=list(job.unit.members)), "done")

    def _offer(self, job: Job, attempt: Attempt, units: Iterable[Unit]) -> None:
        for unit in units:
            number = self._s.frontier.offer(unit, self._s.catalog.new_unit_id, job.unit)
            if number is not None:
                attempt.children.append((number, unit))

    def _count(self, attempt: Attempt, batch: Batch) -> None:
        if batch.schema is LISTING:
            attempt.listed += total(batch.columns["listed"])
        elif batch.schema is ENTRY:
            attempt.entries += len(batch)
            attempt.bytes += total(batch.columns.get("size", ()))

    def _failed(self, job: Job, attempt: Attempt, fault: Fault) -> None:
        """Keep what a failed unit had given, and balance the ledger for the listing it could not finish."""
        recorded = attempt.entries + sum(f.op in {"stat", "skip"} for f in attempt.faults)
        if recorded > attempt.listed:
            missing = recorded - attempt.listed
            path = job.unit.key + "/" * job.unit.of_content
            row = Batch(LISTING, {"path": [path], "listed": [missing], "complete": [False]})
            self._buffer.add(job.id, row)
        attempt.faults.append(fault)
        self._s.progress.units_failed += 1
        self._settle(job, attempt, "failed")

    def _settle(self, job: Job, attempt: Attempt, state: str) -> None:
        bundle, progress = self._bundle, self._s.progress
        attempt.children += self._s.frontier.divide(attempt.rest, self._s.catalog.new_unit_id)
        bundle.units.append((job.id, job.unit, state, job.attempts))
        bundle.children += attempt.children
        bundle.faults += [(job.id, fault) for fault in attempt.faults]
        with progress.lock:
            progress.units_done += 1
            progress.units_found += len(attempt.children)
            progress.entries += attempt.entries
            progress.bytes += attempt.bytes
            for fault in attempt.faults:
                if fault.op != "note":
                    progress.faults += 1
                    if CODES[fault.reason].exit is not Exit.COMPLETE:
                        progress.gaps[fault.reason] = progress.gaps.get(fault.reason, 0) + 1
        if attempt.left and state == "done":
            self._hand_back(job.unit, attempt.left)
        elif self._buffer.rows >= FLUSH_ROWS or time.monotonic() - self._since >= FLUSH_S:
            self._commit()

    def _hand_back(self, unit: Unit, left: list[Unit]) -> None:
        """Offer what is left of a unit, once its own rows count.

        Were it begun before, and the unit crawled again after a crash, that might end elsewhere, and rows come twice.
        """
        frontier, new_id = self._s.frontier, self._s.catalog.new_unit_id
        fresh = [(new_id(), rest) for rest in left if not frontier.knows(rest)]
        self._bundle.children += fresh
        with self._s.progress.lock:
            self._s.progress.units_found += len(fresh)
        self._commit()
        for number, rest in fresh:
            frontier.offer(rest, partial(int, number), unit)

    def _forget(self, job: Job, mark: dict[str, int], attempt: Attempt) -> None:
        """Drop what an attempt gave, so that the next one starts clean; its children stay offered."""
        if attempt.early:
            self._bundle.dropped.append(job.id)
            self._buffer.rewind({})
        else:
            self._buffer.rewind(mark)
        self._bundle.children += attempt.children
        self._s.progress.units_found += len(attempt.children)
        job.id = self._s.catalog.new_unit_id()

    def _back_off(self, attempts: int, *, at_once: bool = False) -> None:
        self._s.progress.retries += 1
        self._close()
        if at_once:
            return
        wait = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (attempts - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
        self._s.progress.alive()
        if self._s.stop.wait(wait):
            raise Stopped

    # the connector

    def _open(self) -> Connector:
        """The worker's connector, connected; a new one after it was closed."""
        if self._connector is None:
            self._connector = self._s.connect()
            self._ever = True
            self._s.host.connected()
        return self._connector

    def _renew(self) -> None:
        """Part with a child process that is gone, or has grown too much; the next unit gets a new one."""
        if isinstance(self._connector, Apart) and (self._connector.dead or self._connector.worn):
            self._close()

    def _park(self) -> None:
        """Leave the connector, still logged in, to whoever goes on with this source after this worker."""
        if self._s.park is not None and self._connector is not None and self._s.park(self._connector):
            self._connector = None

    def _close(self) -> None:
        connector, self._connector = self._connector, None
        if connector is not None:
            shut(connector)
            self._s.progress.opened(-1)

    # what is kept

    def _write(self) -> None:
        parts, bad = self._buffer.write()
        self._bundle.parts += parts
        for number, why in bad.items():
            self._bundle.faults.append((number, Fault("", "list", "CONNECTOR_BUG", why)))
            with self._s.progress.lock:
                self._s.progress.gaps["CONNECTOR_BUG"] = self._s.progress.gaps.get("CONNECTOR_BUG", 0) + 1

    def _commit(self) -> None:
        """Write what waits and make it count; an abandoned worker's commit never does."""
        self._since = time.monotonic()
        if not self._bundle and not self._buffer.rows:
            return
        self._write()
        if self._s.abandoned.is_set():
            return
        bundle, self._bundle = self._bundle, Bundle(self._s.source)
        self._s.catalog.commit(self._s.scan, bundle)

    def _commit_or_break(self) -> None:
        try:
            self._commit()
        except StocktakeError as error:
            self._s.broken.append(error)
