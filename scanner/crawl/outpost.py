"""A scan on several machines, seen from a worker: carries out one order at a time for each source.

Connections stay open between orders, so that a source is logged in to once for each of them, as on one machine.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from datetime import time as day_time
from pathlib import Path
from typing import Protocol

from scanner.catalog import Buffer, Bundle
from scanner.catalog.facts import Facts, facts_at
from scanner.codes import StocktakeError
from scanner.connector import Connector
from scanner.crawl.apart import Apart
from scanner.crawl.crew import Crew, Opened
from scanner.crawl.frontier import Frontier
from scanner.crawl.guard import shut
from scanner.crawl.host import Host
from scanner.crawl.order import BLOCK, Manifest, Order, version
from scanner.crawl.overlap import asked
from scanner.crawl.pace import Pace
from scanner.crawl.progress import SourceProgress
from scanner.crawl.shared import AUTH_CODES, Sampling
from scanner.model import SourceError, Stopped, Unit
from scanner.registry import Bound

LOOK_S = 20.0
"""Seconds a local root is given to say where it is: here nothing was prepared for that."""
IDLE_S = 60.0
"""Seconds after which connections that no order has used are closed."""
COUNTED = (
    "units_done", "units_failed", "entries", "bytes", "faults", "requests", "logins", "retries", "throttled",
    "unwanted", "peak_connections",
)  # fmt: skip
"""Counters of ``SourceProgress`` that a manifest carries, as what was added by its order."""


class Metered(Sampling, Protocol):
    """What looks into content, and says how much more it may read."""

    @property
    def left(self) -> int:
        """Bytes it may still read."""
        ...


SamplingOf = Callable[[Bound, int, Path | None], Metered | None]
"""What looks into a source's content, given the bytes it may read and a folder for copies."""


class Collector:
    """Stands for the catalog: writes parts where it keeps them, and collects what is to be committed there."""

    def __init__(self, facts: Facts, source: str, first_id: int) -> None:
        self.bundle = Bundle(source)
        self._facts = facts
        self._next, self._end = first_id, first_id + BLOCK
        self._guard = threading.Lock()

    def buffer(self, number: int, source: str) -> Buffer:
        """A buffer that writes to the shared place."""
        return Buffer(self._facts, number, source)

    def new_unit_id(self) -> int:
        """The next id of the order's block. Raises SourceError when it is used up."""
        with self._guard:
            if self._next >= self._end:
                raise SourceError("OTHER", f"more than {BLOCK:,} units in one order")
            self._next += 1
            return self._next - 1

    def commit(self, _number: int, bundle: Bundle) -> None:
        """Keep for the manifest; its parts are written by now."""
        with self._guard:
            mine = self.bundle
            mine.parts += bundle.parts
            mine.units += bundle.units
            mine.children += bundle.children
            mine.faults += bundle.faults
            mine.dropped += bundle.dropped


class Local(Frontier):
    """The frontier of one order: its units and what is found beneath them; whatever else is found is handed back."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._deep = order.deep
        first = None
        for number, unit in order.seeds:
            self.offer(unit, lambda number=number: number, first)  # type: ignore[misc]
            first = Unit("")  # side by side: one within another would be among the known ones
        for unit in order.known:
            self.know(unit)

    def offer(self, unit: Unit, new_id: Callable[[], int], by: Unit | None = None) -> int | None:
        """As ever; but a unit that lies elsewhere may be another worker's, so the coordinator decides."""
        if by is None or (self._deep and unit.key.startswith(by.key)):
            return super().offer(unit, new_id, by)
        if self.knows(unit):
            return None
        self.know(unit)
        return new_id()

    def divide(self, parts: Iterable[Unit], new_id: Callable[[], int]) -> list[tuple[int, Unit]]:
        """As ever; or handed back."""
        return super().divide(parts, new_id) if self._deep else [(new_id(), part) for part in parts]


@dataclass(slots=True)
class _Gate:
    """Admits logins while the order allows them: the coordinator keeps the account's lock and the refusals."""

    allowed: bool = True
    trust: tuple[tuple[str, int, str], ...] = ()
    wanted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def admitted(self, bound: Bound, login: Callable[[], Opened]) -> Opened:
        """Log in, alone for the account; one that was refused is the last. Raises Stopped where none is allowed."""
        if bound.account is None:
            return login()
        with self.lock:
            if not self.allowed:
                self.wanted = True
                raise Stopped
            try:
                return login()
            except SourceError as error:
                self.refused(bound, error)
                raise

    def refused(self, _bound: Bound, error: SourceError) -> None:
        """No further login in this order; the manifest tells the coordinator."""
        if error.code in AUTH_CODES:
            self.allowed = False

    def trusted(self, host: str, port: int) -> tuple[str, ...]:
        """As the order has it."""
        return tuple(f for h, p, f in self.trust if (h, p) == (host, port))


class Post:
    """What a worker keeps of one source from one order to the next: connections, pace, counts."""

    def __init__(self, order: Order) -> None:
        self.bound = order.bound()
        self.progress = SourceProgress(self.bound.name)
        self.stop = threading.Event()
        self.busy = threading.Lock()
        self.used = time.monotonic()
        self.gate = _Gate()
        self._idle: list[Connector] = []
        self._guard = threading.Lock()
        zone = timezone(timedelta(seconds=order.utc_offset_s))

        def local() -> day_time:
            """The time of day where the scan was started: that is what the estate file's hours mean."""
            return datetime.now(zone).time()

        hours = self.bound.limits.hours
        self.pace = Pace(self.progress, self.stop, order.requests_per_s, hours, order.requests, local=local)
        self._crew: Crew | None = None

    def carry_out(self, order: Order, cancelled: Callable[[], bool], sampling: Metered | None) -> Manifest:
        """Crawl, or log in; whatever goes wrong with the source stands in the manifest."""
        facts = facts_at(order.facts)
        collector = Collector(facts, self.bound.name, order.first_id)
        before = {name: getattr(self.progress, name) for name in COUNTED}
        self.progress.gaps, self.progress.peak_connections = {}, self.progress.connections
        before["peak_connections"] = 0
        self.progress.alive()
        self.stop.clear()
        self.gate.allowed, self.gate.wanted, self.gate.trust = order.may_log_in, False, order.trust
        self.pace.share(order.requests_per_s, order.requests)
        manifest = Manifest(collector.bundle)
        try:
            facts.reach()
            crew = self._crewed(order, collector, sampling)
            if order.do == "roots":
                connector, roots = crew.canary()
                self._park(connector)
                manifest.roots = tuple(roots)
            else:
                self._crawl(crew, order, cancelled)
        except SourceError as error:
            manifest.error = error
        except Stopped:
            pass
        except StocktakeError as error:
            manifest.broken = (error.code.code, error.where, error.detail)
        if sampling is not None:
            manifest.content = order.content - sampling.left
        self._tell(manifest, before)
        return manifest

    def _crawl(self, crew: Crew, order: Order, cancelled: Callable[[], bool]) -> None:
        idle = self._taken(order.connections)
        if not order.may_log_in and self.bound.account is not None:
            crew.most, self.gate.wanted = len(idle), len(idle) < order.connections
        if crew.most:
            crew.work(idle, self._over(order, cancelled))

    def _crewed(self, order: Order, collector: Collector, sampling: Metered | None) -> Crew:
        host = Host(self.progress, self.stop, self.bound.limits.outage_s, self.bound.locator)
        if self._crew is None:
            self._crew = Crew(
                self.bound, order.scan, collector, self.progress, self.stop, self.gate, self.pace, host, Local(order),
                park=self._park,
            )  # fmt: skip
            self.pace.on_change = self._crew.on_pace
        crew = self._crew
        crew.keeps, crew.host, crew.frontier, crew.sampling = collector, host, Local(order), sampling
        crew.left_out, crew.most = order.left_out, order.connections
        return crew

    def _over(self, order: Order, cancelled: Callable[[], bool]) -> Callable[[], bool]:
        """Whether an order has had its share of time or rows; stops where nobody waits for it any more."""
        until, most = time.monotonic() + order.seconds, self.progress.entries + order.rows

        def over() -> bool:
            if cancelled():
                self.stop.set()
            return time.monotonic() > until or self.progress.entries > most

        return over

    def _tell(self, manifest: Manifest, before: dict[str, int]) -> None:
        progress = self.progress
        manifest.counts = {name: getattr(progress, name) - before[name] for name in COUNTED}
        manifest.gaps, manifest.unwanted_why = dict(progress.gaps), progress.unwanted_why
        manifest.rate, manifest.lowest_rate, manifest.current = progress.rate, progress.lowest_rate, progress.current
        manifest.connections, manifest.wants_login = progress.connections, self.gate.wanted
        manifest.spent = self.pace.spent
        self.used = time.monotonic()

    # connections that wait for the next order

    def _park(self, connector: Connector) -> bool:
        if isinstance(connector, Apart) and (connector.dead or connector.worn):
            return False
        with self._guard:
            self._idle.append(connector)
        return True

    def _taken(self, most: int) -> list[Connector]:
        """The idle connections, those beyond ``most`` closed."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connector in idle[most:]:
            self._shut(connector)
        return idle[:most]

    def close(self) -> None:
        """Log out of every idle connection."""
        self._taken(0)

    def _shut(self, connector: Connector) -> None:
        shut(connector)
        self.progress.opened(-1)


class Outpost:
    """A worker's posts, by scan and source."""

    def __init__(self) -> None:
        self._posts: dict[tuple[str, str], Post] = {}
        self._guard = threading.Lock()

    def perform(self, text: str, cancelled: Callable[[], bool], sampling: SamplingOf) -> str:
        """Carry out an order; returns the manifest. ``cancelled`` says that nobody waits for it any more."""
        order = Order.from_json(text)
        if order.version != version():
            detail = f"{version()} there, {order.version} where the scan was started"
            return Manifest(Bundle(""), broken=("EXECUTOR_VERSION", socket.gethostname(), detail)).to_json()
        try:
            return self._performed(order, cancelled, sampling).to_json()
        except StocktakeError as error:  # the source cannot be bound here: no such connector, say
            refusal = SourceError("DRIVER_MISSING", f"{error.code.code} {error.detail}", where=socket.gethostname())
            return Manifest(Bundle(str(order.source["name"])), error=refusal).to_json()

    def halt(self, run: str, source: str) -> None:
        """Have a source's order come to its end, and tell what it has so far."""
        if (post := self._posts.get((run, source))) is not None:
            post.stop.set()

    def dismiss(self, run: str, source: str) -> None:
        """Close a source's idle connections, without keeping who asks for it waiting."""
        threading.Thread(target=self._close, args=[lambda key, _post: key == (run, source)], daemon=True).start()

    def _performed(self, order: Order, cancelled: Callable[[], bool], sampling: SamplingOf) -> Manifest:
        name = str(order.source["name"])
        if order.do == "place":
            here = socket.gethostname()
            found = asked(order.bound(), threading.Event(), LOOK_S)
            return Manifest(Bundle(name), place=tuple((f"{here} {known}", step) for known, step in found))
        post = self._post(order, name)
        if not post.busy.acquire(timeout=1.0):  # an order that was cancelled here is still coming to its end
            return Manifest(Bundle(name), connections=post.progress.connections)
        try:
            content = sampling(_reduced(order, post.bound), order.content, _room(order))
            manifest = post.carry_out(order, cancelled, content)
            if manifest.error is not None or post.stop.is_set():  # some thread of it may never come back
                with self._guard:
                    self._posts.pop((order.run, name), None)
                post.close()
            return manifest
        finally:
            post.busy.release()

    def _post(self, order: Order, name: str) -> Post:
        with self._guard:
            if not self._posts:
                threading.Thread(target=self._close_idle, name="idle connections", daemon=True).start()
            if (post := self._posts.get((order.run, name))) is None:
                post = self._posts[order.run, name] = Post(order)
            return post

    def _close(self, which: Callable[[tuple[str, str], Post], bool]) -> None:
        """Part with posts that do nothing just now."""
        with self._guard:
            here = self._posts.items()
            gone = [(key, post) for key, post in here if which(key, post) and post.busy.acquire(blocking=False)]
            for key, _ in gone:
                del self._posts[key]
        for _, post in gone:
            post.close()

    def _close_idle(self) -> None:
        """Close what no order uses any more, since who sent them may be gone; ends when there is nothing left."""
        while self._posts:
            time.sleep(IDLE_S / 4)
            self._close(lambda _key, post: time.monotonic() - post.used > IDLE_S)


OUTPOST = Outpost()
"""The one of this process."""


def _reduced(order: Order, bound: Bound) -> Bound:
    """The source with what is left of the time for content."""
    limits = bound.limits.model_copy(update={"content_s": max(order.content_s, 0.001)})
    return replace(bound, config=bound.config.model_copy(update={"limits": limits}))


def _room(order: Order) -> Path | None:
    """Where copies of files may lie for a while: beside the facts, where they are in a folder."""
    if "://" in order.facts:
        return None
    room = Path(order.facts).parent / "tmp"
    with contextlib.suppress(OSError):
        room.mkdir(mode=0o700, exist_ok=True)
    return room
