"""A source crawled on many machines: the frontier stays here, workers get orders, a commit follows each answer."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from scanner.catalog import Bundle
from scanner.codes import StocktakeError
from scanner.crawl.crew import GRACE_S
from scanner.crawl.dealing import Central, Known, Purse, Shares, parts_of
from scanner.crawl.fleet import Fleet, WorkerLost, WorkerUnfit
from scanner.crawl.frontier import Job as Piece
from scanner.crawl.order import BLOCK, Manifest, Misfit, Order, described
from scanner.crawl.outpost import COUNTED
from scanner.crawl.overlap import Steps
from scanner.crawl.pace import Pace
from scanner.crawl.source import Job, check_breaker, keep_refusal
from scanner.model import Fault, SourceError, Stopped, Unit
from scanner.registry import Bound

_WATCH_S = 0.05
_REST_S = 0.1
_SOON_S = 0.25
"""Seconds after which a source that is still looked through is worth a second worker."""
ORDER_S, SHORT_S = 2.0, 0.4
"""Seconds an order lasts at least; and where others wait for what it finds."""
MOST_SEEDS = 256
LOSSES = 4
"""Workers that may be lost with a unit before it counts as failed; after the first, it is sent alone and not deep."""
UNFIT = frozenset(
    {
        "DRIVER_MISSING", "SECRET_MISSING", "SECRET_EXPOSED", "UNREACHABLE", "TLS_REFUSED", "ROOT_MISSING", "NOT_FOUND",
        "CLOCK_SKEW",
    }
)  # fmt: skip
"""What may be the fault of the worker's place, and not be so at another."""


class Spread:
    """The way of crawling sources on a fleet."""

    def __init__(self, fleet: Fleet, wait_s: float) -> None:
        self.fleet = fleet
        self.wait_s = wait_s

    def __call__(self, job: Job, pace: Pace) -> None:
        """Crawl one source to its end. Raises SourceError, Stopped, and what breaks the scan."""
        _Source(self.fleet, job, pace, self.wait_s).crawl()

    def asked(self, bound: Bound, stop: threading.Event) -> Steps:
        """Where a source is that is local to a worker: there, the same path may be another place."""
        order = Order("place", 0, self.fleet.run, described(bound), "")
        until = time.monotonic() + self.wait_s

        def wait() -> None:
            if stop.is_set() or time.monotonic() > until:
                raise Stopped

        for worker in self.fleet.workers(bound.config.site)[:1]:
            with contextlib.suppress(WorkerLost, WorkerUnfit, Misfit, Stopped):
                return Manifest.from_json(self.fleet.send(worker, order.to_json(), wait)).place
        return ()


class _Source:
    """One source on a fleet."""

    def __init__(self, fleet: Fleet, job: Job, pace: Pace, wait_s: float) -> None:
        self._fleet = fleet
        self._job = job
        self._pace = pace
        self._wait_s = wait_s
        self._bound = job.bound
        self._source = described(job.bound)
        limits = job.bound.limits
        self._shares = Shares(job.bound.connections)
        self._requests = Purse(limits.max_requests)
        self._content = Purse(limits.content_mib << 20 if job.sampling is not None else 0)
        self._content_end = time.monotonic() + limits.content_s
        self._frontier = Central()
        self._known = Known(())
        self._slots: dict[str, threading.Thread] = {}
        self._open: dict[str, int] = {}
        self._most: dict[str, int] = {}
        self._used: set[str] = set()
        self._broken: list[BaseException] = []
        self._abandoned = threading.Event()
        self._others_until = 0.0
        """Until then a worker's first connection comes before another's second one."""
        self._trust = tuple(job.catalog.trusts())

    def crawl(self) -> None:
        """The canary's login, then orders until nothing is left. Raises SourceError, Stopped, StocktakeError."""
        try:
            roots = self._canary()
            self._known = Known(self._job.fill(self._frontier, roots))
            self._others_until = time.monotonic() + 2 * _SOON_S if len(self._fit()) > 1 else 0.0
            self._watch()
        finally:
            self._abandoned.set()
            self._frontier.close()
            with contextlib.suppress(StocktakeError):
                self._fleet.dismiss(self._bound.name, [w for w in self._used if w in self._fleet.workers(None)])

    # workers

    def _fit(self) -> list[str]:
        return [w for w in self._fleet.workers(self._bound.config.site) if w not in self._job.progress.unfit]

    def _awaited(self) -> list[str]:
        """Workers that may be of use, as soon as there are any. Raises SourceError NO_WORKER, Stopped."""
        until = time.monotonic() + self._wait_s
        while not (found := self._fit()):
            if self._job.stop.is_set():
                raise Stopped
            if time.monotonic() > until:
                raise self._no_worker()
            self._job.progress.alive()
            time.sleep(_WATCH_S)
        return found

    def _no_worker(self) -> SourceError:
        site = self._bound.config.site
        there = f"; sites with workers: {', '.join(self._fleet.sites()) or 'none'}" if site else ""
        unfit = "".join(f"; {w}: {why}" for w, why in self._job.progress.unfit.items())
        where = f"site {site}" if site else self._fleet.shown
        return SourceError("NO_WORKER", f"waited {self._wait_s:g} s{there}{unfit}", where=where)

    def _unfit(self, worker: str, why: SourceError) -> None:
        """Do without a worker; where it was the last one, what it says of the source is all there is to say."""
        self._job.progress.unfit[worker] = f"{why.code} {why.where} {why.detail}".replace("  ", " ")
        self._gone(worker)
        if not self._fit():
            raise why if why.code in UNFIT else self._no_worker()

    def _gone(self, worker: str) -> None:
        self._shares.leave(worker)
        self._open.pop(worker, None)
        self._show_connections()

    def _fair(self) -> int:
        """Connections for each worker, were all of them to have as many."""
        workers = max(1, min(len(self._fit()), self._shares.total))
        return -(-self._shares.total // workers)

    # orders

    def _canary(self) -> Sequence[Unit]:
        """One login, at the first worker that can try it; gives the roots. Raises SourceError, Stopped."""
        while (roots := self._logged_in(self._awaited()[0])) is None:
            pass
        return roots

    def _join(self, worker: str) -> None:
        """Have a further worker log in, as soon as it is plain that there will be work for it."""
        until = time.monotonic() + _SOON_S
        while not len(self._frontier) and time.monotonic() < until:
            if self._frontier.finished:
                return
            time.sleep(_WATCH_S)
        if not self._frontier.finished and self._shares.take(worker, 1) and self._logged_in(worker) is None:
            raise Stopped

    def _logged_in(self, worker: str) -> Sequence[Unit] | None:
        """A worker's first login; None where the worker is of no use. Raises SourceError, Stopped."""
        self._shares.take(worker, 1)
        with self._account():
            allowance = self._requests.take(1 / self._shares.total if self._open else 1.0)
            spent = allowance or 0
            try:
                manifest = self._answer(worker, self._order("roots", connections=1, requests=allowance))
                spent = manifest.counts.get("requests", 0)
            except WorkerLost:
                self._gone(worker)
                return None
            except WorkerUnfit as error:
                self._unfit(worker, SourceError("WORKER_UNFIT", str(error), where=worker))
                return None
            finally:
                self._requests.give_back(allowance, spent)
            self._refused(manifest)
        self._count(worker, manifest)
        if manifest.error is None and not manifest.connections:  # told to stop, or its budget is used up
            self._pace.spent = self._requests.empty
            raise Stopped
        if manifest.error is not None:
            if manifest.error.code not in UNFIT:
                raise manifest.error
            self._unfit(worker, manifest.error)
            return None
        return manifest.roots

    @contextlib.contextmanager
    def _account(self) -> Iterator[None]:
        """Alone with the source's account, which was not refused before. Raises SourceError AUTH_BLOCKED."""
        account = self._bound.account
        if account is None:
            yield
            return
        with self._job.locks.of(account):
            check_breaker(self._job.catalog, account)
            yield

    def _refused(self, manifest: Manifest) -> None:
        if manifest.error is not None:
            keep_refusal(self._job.catalog, self._bound, manifest.error)

    def _order(self, do: str, **more: object) -> Order:
        offset = datetime.now().astimezone().utcoffset()
        share = {"requests_per_s": self._bound.limits.requests_per_s} | more
        return Order(
            do, self._job.scan, self._fleet.run, self._source, self._job.catalog.facts.shown,  # type: ignore[arg-type]
            first_id=self._job.catalog.reserve_unit_ids(BLOCK), left_out=self._job.left_out, trust=self._trust,
            utc_offset_s=int(offset.total_seconds()) if offset else 0,
            content_s=self._content_end - time.monotonic(), **share,  # type: ignore[arg-type]
        )  # fmt: skip

    def _answer(self, worker: str, order: Order) -> Manifest:
        """What came of an order. Raises WorkerLost, WorkerUnfit, Stopped, StocktakeError."""
        self._used.add(worker)
        stopped: list[float] = []

        def wait() -> None:
            self._job.progress.alive()
            if self._job.stop.is_set() and not stopped:
                stopped.append(time.monotonic())
                self._fleet.halt(self._bound.name, [worker])
            if self._abandoned.is_set() or (stopped and time.monotonic() - stopped[0] > GRACE_S):
                raise Stopped

        try:
            manifest = Manifest.from_json(self._fleet.send(worker, order.to_json(), wait))
            if manifest.broken is None:
                manifest.check(order)
        except Misfit as error:
            raise WorkerUnfit(f"its answer does not fit: {error}") from None
        if manifest.broken is not None:
            code, where, detail = manifest.broken
            raise StocktakeError(code, where, f"worker {worker}: {detail}")
        return manifest

    # the watch

    def _watch(self) -> None:
        """Keep a slot for each worker busy until nothing is left. Raises SourceError, Stopped, StocktakeError."""
        alone_since: float | None = None
        over_since: float | None = None
        while True:
            self._slots = {w: t for w, t in self._slots.items() if t.is_alive()}
            over = bool(self._broken) or self._job.stop.is_set() or self._pace.over
            if not over:
                self._hire()
                if self._frontier.finished:
                    break
                alone_since = None if self._slots else alone_since or time.monotonic()
                if alone_since is not None and time.monotonic() - alone_since > self._wait_s:
                    raise self._no_worker()
            else:
                if over_since is None:
                    over_since = time.monotonic()
                    self._frontier.close()
                    self._fleet.halt(self._bound.name, list(self._slots))
                if not self._slots or time.monotonic() - over_since > GRACE_S:
                    break
            self._job.progress.alive()
            time.sleep(_WATCH_S)
        if self._broken:
            raise self._broken[0]

    def _hire(self) -> None:
        for worker in self._fit():
            if worker not in self._slots and len(self._slots) < self._shares.total:
                thread = threading.Thread(
                    target=self._slot, args=[worker], name=f"{self._bound.name}-{worker}", daemon=True
                )
                self._slots[worker] = thread
                thread.start()

    # slots

    def _slot(self, worker: str) -> None:
        """Give a worker one order after the other."""
        try:
            if not self._open.get(worker):
                self._join(worker)
            while (piece := self._frontier.take(_nothing)) is not None:
                if not self._serve(worker, piece):
                    time.sleep(_REST_S)  # the others have what it would need; one of them takes the unit
        except (WorkerLost, Stopped):
            pass
        except BaseException as error:  # noqa: BLE001 - a slot's own failure must end the scan, not vanish in a thread
            self._broken.append(error)
        finally:
            self._gone(worker)

    def _serve(self, worker: str, piece: Piece) -> bool:
        """An order with this unit, and others; whatever of them is not settled goes back. False: no share was left."""
        pieces, settled = [piece], set[Unit]()
        try:
            if piece.lost >= LOSSES or piece.attempts > self._bound.limits.retries + LOSSES:
                self._give_up(piece)
                settled.add(piece.unit)
                return True
            self._pace.check()
            fair = min(self._fair(), self._most.get(worker, self._shares.total))
            connections = self._shares.take(worker, fair)
            allowance = self._requests.take(connections / self._shares.total) if connections else 0
            if not connections or allowance == 0:
                if self._requests.empty:
                    self._pace.spent = True
                    raise Stopped
                return False
            pieces += self._others(piece, connections)
            with self._login(worker, connections) as may_log_in:
                self._ordered(worker, pieces, settled, connections, allowance, may_log_in=may_log_in)
        except WorkerLost:
            for one in pieces:
                one.lost += 1
            raise
        finally:
            for one in pieces:
                if one.unit not in settled:
                    self._frontier.give_back(one)
                self._frontier.done()
        return True

    def _others(self, piece: Piece, connections: int) -> list[Piece]:
        """Units to go with this one: the worker's part of what waits; none where it was lost with a worker before."""
        if piece.lost:
            return []
        part = -(-len(self._frontier) // (2 * max(1, len(self._slots))))
        found = self._frontier.more(min(MOST_SEEDS, max(part, connections)) - 1)
        for suspect in [one for one in found if one.lost]:
            found.remove(suspect)
            self._frontier.give_back(suspect)
            self._frontier.done()
        return found

    def _give_up(self, piece: Piece) -> None:
        why = f"{piece.lost} workers were lost with it" if piece.lost else f"not done after {piece.attempts} orders"
        fault = Fault(piece.unit.key, "read" if piece.unit.of_content else "list", "DRIVER_CRASH", why)
        bundle = Bundle(self._bound.name, units=[(piece.id, piece.unit, "failed", piece.attempts)])
        bundle.faults.append((piece.id, fault))
        self._job.catalog.commit(self._job.scan, bundle)
        self._job.progress.units_failed += 1

    @contextlib.contextmanager
    def _login(self, worker: str, connections: int) -> Iterator[bool]:
        """Whether the worker may log in during this order: one worker at a time for each account.

        It waits for that only where it has no connection at all. Raises SourceError AUTH_BLOCKED, Stopped.
        """
        account, there = self._bound.account, self._open.get(worker, 0)
        others_first = there and time.monotonic() < self._others_until
        if account is None or there >= connections or others_first:
            yield account is None
            return
        lock = self._job.locks.of(account)
        while not (mine := lock.acquire(timeout=_REST_S if not there else 0)) and not there:
            if self._abandoned.is_set() or self._job.stop.is_set() or self._broken:
                raise Stopped
        try:
            if mine:
                check_breaker(self._job.catalog, account)
            yield mine
        finally:
            if mine:
                lock.release()

    def _ordered(
        self, worker: str, pieces: list[Piece], settled: set[Unit], connections: int, allowance: int | None, *,
        may_log_in: bool,
    ) -> None:  # fmt: skip
        """Send an order and keep what comes of it. Raises WorkerLost, SourceError, Stopped, StocktakeError."""
        share = connections / self._shares.total
        rate = self._bound.limits.requests_per_s
        content = self._content.take(share)
        waited_for = len(self._frontier) < 4 * len(self._slots) or (may_log_in and self._bound.account is not None)
        own = {p.unit for p in pieces}
        order = self._order(
            "crawl", seeds=tuple((p.id, p.unit) for p in pieces), connections=connections, may_log_in=may_log_in,
            known=tuple({u for p in pieces for u in self._known.beneath(p.unit)} - own),
            requests_per_s=rate * share if rate else None, requests=allowance, content=content or 0,
            seconds=SHORT_S if waited_for else ORDER_S, deep=not pieces[0].lost,
        )  # fmt: skip
        spent = allowance or 0, content or 0  # what a lost worker had counts as spent
        try:
            manifest = self._answer(worker, order)
            spent = manifest.counts.get("requests", 0), manifest.content
        except WorkerUnfit as error:
            self._unfit(worker, SourceError("WORKER_UNFIT", str(error), where=worker))
            raise Stopped from None
        finally:
            self._requests.give_back(allowance, spent[0])
            self._content.give_back(content, spent[1])
        self._refused(manifest)
        if self._keep(worker, pieces, manifest):
            settled.update(u for _, u, _, _ in manifest.bundle.units)
        if not settled and manifest.connections and not (manifest.error or manifest.wants_login or manifest.spent):
            for piece in pieces:
                piece.attempts += 1
        if manifest.error is not None:
            if manifest.error.code not in UNFIT:
                raise manifest.error
            self._unfit(worker, manifest.error)
            raise Stopped

    # what came of it

    def _keep(self, worker: str, pieces: list[Piece], manifest: Manifest) -> bool:
        """Commit a manifest, and put on the frontier what it left; False where others have done a part of it already.

        Raises:
            StocktakeError: what the commit raises; LOCATION_NOT_SHARED.
        """
        bundle, frontier = manifest.bundle, self._frontier
        done = {u for _, u, _, _ in bundle.units}
        own = {p.unit for p in pieces}
        inner = {m for unit in own for m in unit.members}
        if twice := [u for u in done - own - inner if frontier.knows(u)]:
            self._known.add(twice)
            return False
        if (missing := self._job.catalog.facts.missing(p.path for p in bundle.parts)) is not None:
            raise StocktakeError("LOCATION_NOT_SHARED", missing, f"worker {worker} wrote it, and it is not there")
        if self._abandoned.is_set():
            raise Stopped
        bundle.children = self._divided(bundle.children, done)
        if bundle:
            self._job.catalog.commit(self._job.scan, bundle)
        left = [(i, u) for i, u in bundle.children if u not in done]
        left = [(i, u) for i, u in left if inner.issuperset(u.members or (u,)) or not frontier.knows(u)]
        self._note_odd(own - done, own, done | {u for _, u in left})
        for number, unit in left:
            frontier.add(number, unit)
        frontier.settle(done)
        self._count(worker, manifest)
        return True

    def _divided(self, children: list[tuple[int, Unit]], done: set[Unit]) -> list[tuple[int, Unit]]:
        """What was found; units of several containers are divided where there is too little else for all workers."""
        wanted = 8 * max(1, len(self._slots))
        few = len(self._frontier) + len(children) - len(done) < wanted
        made: list[tuple[int, Unit]] = []
        for number, unit in children:
            if few and unit.members and unit not in done:
                made += [(self._job.catalog.new_unit_id(), part) for part in parts_of(unit, wanted)]
            else:
                made.append((number, unit))
        return made

    def _note_odd(self, unsettled: set[Unit], own: set[Unit], found: set[Unit]) -> None:
        """Keep in mind what lies beneath a unit that is still to be crawled, and what lies elsewhere."""
        again, ours = tuple(u.key for u in unsettled), tuple(u.key for u in own)
        self._known.add(u for u in found - own if u.key.startswith(again) or not u.key.startswith(ours))

    def _count(self, worker: str, manifest: Manifest) -> None:
        progress, counts = self._job.progress, manifest.counts
        with progress.lock:
            for name in COUNTED:
                if name != "peak_connections":
                    setattr(progress, name, getattr(progress, name) + counts.get(name, 0))
            for code, n in manifest.gaps.items():
                progress.gaps[code] = progress.gaps.get(code, 0) + n
            progress.units_found += len(manifest.bundle.children)
            at_once = sum(self._open.values()) - self._open.get(worker, 0) + counts.get("peak_connections", 0)
            progress.peak_connections = max(progress.peak_connections, at_once)
            progress.rate = manifest.rate
            if manifest.lowest_rate is not None:
                progress.lowest_rate = min(progress.lowest_rate or manifest.lowest_rate, manifest.lowest_rate)
        progress.current = manifest.current or progress.current
        if counts.get("unwanted"):
            progress.unwanted_why = manifest.unwanted_why
            self._most[worker] = max(1, manifest.connections)
        self._open[worker] = manifest.connections
        self._show_connections()

    def _show_connections(self) -> None:
        self._job.progress.connections = sum(list(self._open.values()))
        self._job.progress.workers = sum(list(self._shares.held.values()))


def _nothing() -> None:
    """Before waiting: everything is committed as it comes."""
