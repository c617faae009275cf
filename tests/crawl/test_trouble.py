"""Hosts that go, sources that ask for less, servers that take fewer connections, budgets."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import Script, bound, inventory, paths_of, scan, tree

from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.connector import Account
from scanner.crawl import SourceProgress, host, worker
from scanner.crawl.frontier import Frontier
from scanner.crawl.host import Host
from scanner.crawl.pace import RECOVER_S, Pace
from scanner.model import SourceError, Stopped, Unit

WIDE = tree(6, 2)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.001)
    monkeypatch.setattr(host, "FIRST_PROBE_S", 0.01)


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows(sql)


class Outage:
    """The host is gone from its ``after``-th unit on, for ``lasts`` requests; nothing comes of a unit then."""

    def __init__(self, after: int, lasts: int) -> None:
        self.after, self.lasts = after, lasts
        self.asked = self.refused = 0
        self.lock = threading.Lock()

    def __call__(self, _unit: Unit) -> None:
        with self.lock:
            self.asked += 1
            if self.asked > self.after and self.refused < self.lasts:
                self.refused += 1
                raise SourceError("UNREACHABLE", "no route", where="nas01", transient=True)


def test_fault_112_host_that_dies_uses_up_no_units_retries_and_resume_goes_on(tmp_path: Path) -> None:
    gone = Outage(8, 10**6)
    script = Script(WIDE, at_once=gone)
    first = scan(tmp_path, bound(script, outage_s=0.5))
    assert (first.state, first.exit) == ("incomplete", Exit.GAPS)
    assert rows(tmp_path, "SELECT error_code, error_where, state FROM source") == [
        ("UNREACHABLE", "nas01", "incomplete")
    ]
    assert rows(tmp_path, "SELECT path, reason FROM fault") == [("", "UNREACHABLE")], "no unit has failed"
    assert gone.refused < 80, "it is not asked for unit after unit"
    gone.lasts = 0
    assert scan(tmp_path, bound(script), number=first.run).state == "complete"
    assert [r[1] for r in inventory(tmp_path)] == paths_of(WIDE)


def test_fault_112_host_that_comes_back_in_time_leaves_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        worker, "FIRST_BACKOFF_S", 0.05
    )  # so that several units meet the outage, not one again and again
    script = Script(WIDE, at_once=Outage(8, 12))
    assert scan(tmp_path, bound(script, outage_s=30, retries=3)).exit is Exit.COMPLETE
    assert [r[1] for r in inventory(tmp_path)] == paths_of(WIDE)


def test_one_bad_unit_is_not_taken_for_a_dead_host(tmp_path: Path) -> None:
    def bad(unit: Unit) -> None:
        if unit.key == "d1/":
            raise SourceError("TIMEOUT", "slow disk", transient=True)

    outcome = scan(tmp_path, bound(Script(WIDE, at_once=bad), outage_s=0.2))
    assert outcome.state == "incomplete"
    assert rows(tmp_path, "SELECT path, reason FROM fault") == [("d1/", "TIMEOUT")]


def test_host_is_probed_by_one_at_growing_intervals() -> None:
    now = [0.0]
    watch = Host(SourceProgress("x"), threading.Event(), 100, "here", clock=lambda: now[0])
    error = SourceError("UNREACHABLE", transient=True)
    assert [watch.failed(error, None) for _ in range(3)] == [False, False, True]
    probes = []
    for _ in range(4):
        before = now[0]
        while watch._prober is None:
            now[0] += 0.005
            if now[0] >= watch._probe_at:
                watch.gate()
        probes.append(now[0] - before)
        assert watch.failed(error, None)
    assert probes == pytest.approx([0.01, 0.02, 0.04, 0.08], abs=0.006)
    now[0] += 100
    with pytest.raises(SourceError, match="gone for 100 s"):
        watch.gate()
    watch.alive()
    watch.gate()


def _dawdle(_unit: Unit) -> None:
    threading.Event().wait(0.01)


def test_fault_038_server_that_takes_one_connection_is_scanned_with_one(tmp_path: Path) -> None:
    script = Script(WIDE)

    def few() -> None:
        with script.lock:
            if script.opened > 1:
                raise SourceError("UNREACHABLE", "MaxSessions", where="h", transient=True)

    script.on_roots = few
    script.before = _dawdle
    outcome = scan(tmp_path, bound(script, connections=4))
    assert outcome.exit is Exit.COMPLETE
    assert [r[1] for r in inventory(tmp_path)] == paths_of(WIDE)
    ((op, reason, detail),) = rows(tmp_path, "SELECT op, reason, detail FROM fault")
    assert (op, reason) == ("note", "FEWER_CONNECTIONS")
    assert "of 4 not taken: UNREACHABLE MaxSessions" in str(detail)


def test_fault_058_budget_of_requests_ends_the_source_and_resume_goes_on(tmp_path: Path) -> None:
    script = Script(WIDE)
    first = scan(tmp_path, bound(script, max_requests=20))
    assert (first.state, first.exit) == ("stopped", Exit.BUDGET)
    assert rows(tmp_path, "SELECT requests, error_code FROM source") == [(20, "BUDGET")]
    assert len(script.crawled) < 20
    second = scan(tmp_path, bound(script, max_requests=10**6), number=first.run)
    assert second.state == "complete"
    assert [r[1] for r in inventory(tmp_path)] == paths_of(WIDE)


def test_fault_052_source_that_asks_for_less_is_asked_less_and_it_is_told(tmp_path: Path) -> None:
    script = Script(WIDE)
    told: list[float] = []

    def busy(unit: Unit) -> None:
        if unit.key == "d1/" and not told:
            told.append(0.05)
            script.sessions[-1].slow(0.05)

    script.before = busy
    outcome = scan(tmp_path, bound(script))
    assert outcome.exit is Exit.COMPLETE
    assert [r[1] for r in inventory(tmp_path)] == paths_of(WIDE)
    ((op, reason, detail),) = rows(tmp_path, "SELECT op, reason, detail FROM fault")
    assert (op, reason) == ("note", "SLOWED")
    assert str(detail).startswith("asked 1 times; slowest at ")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def paced(clock: Clock, **more: int) -> tuple[Pace, SourceProgress, list[float]]:
    """A pace whose waits only move the clock."""
    waits: list[float] = []
    stop = threading.Event()

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds or 0.0)
        clock.now += seconds or 0.0
        return False

    stop.wait = wait  # type: ignore[method-assign]
    progress = SourceProgress("x")
    return Pace(progress, stop, None, None, more.get("max_requests"), clock=clock), progress, waits


def test_fault_052_wait_that_was_named_is_kept_and_the_rate_halved_then_recovers() -> None:
    clock = Clock()
    pace, progress, waits = paced(clock)
    changes: list[bool] = []
    pace.on_change = changes.append
    for _ in range(100):
        clock.now += 0.1
        pace()
    assert not waits
    pace.slow(7.0)
    pace.slow(7.0)
    assert changes == [True], "workers told the same at the same time count once"
    began = clock.now
    pace()
    assert clock.now - began == pytest.approx(7.0)
    assert progress.rate == pytest.approx(5.0, rel=0.1)
    began = clock.now
    for _ in range(10):
        pace()
    assert clock.now - began == pytest.approx(10 / 5.0, rel=0.2)
    clock.now += RECOVER_S
    pace()
    assert progress.rate == pytest.approx(6.25, rel=0.1)
    for _ in range(5):
        clock.now += RECOVER_S
        pace()
    assert progress.rate is None
    assert progress.lowest_rate == pytest.approx(5.0, rel=0.1)
    assert changes.count(False) >= 4


def test_child_is_granted_requests_only_where_nothing_bounds_it() -> None:
    pace, _, _ = paced(Clock())
    assert pace.grant(3)[0] > 0
    pace.slow(0.1)
    assert pace.grant(0) == (0, 0.0)
    bounded, progress, _ = paced(Clock(), max_requests=2)
    assert bounded.grant(0) == (0, 0.0)
    bounded()
    with pytest.raises(Stopped):
        bounded()
    assert progress.requests == 2
    assert bounded.spent


def test_frontier_gives_no_more_than_its_limit_at_once() -> None:
    frontier = Frontier()
    for n in range(4):
        frontier.offer(Unit(str(n)), lambda: 1)
    frontier.limit = 2
    got = [frontier.take(lambda: None) for _ in range(2)]
    assert all(got)
    late: list[object] = []
    thread = threading.Thread(target=lambda: late.append(frontier.take(lambda: None)))
    thread.start()
    thread.join(0.1)
    assert not late
    frontier.done()
    thread.join(5)
    assert len(late) == 1
    frontier.close()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Account("NAS01.corp:445", "me"), Account("nas01.corp.:445", "me")),
        (Account("localhost:22", "a"), Account("127.0.0.1:22", "a")),
    ],
)
def test_fault_047_breaker_knows_a_host_by_any_spelling(tmp_path: Path, one: Account, other: Account) -> None:
    """Fault 39: a scan, a second one and a resume make one attempt."""
    script = Script(WIDE, on_roots=lambda: (_ for _ in ()).throw(SourceError("AUTH_REFUSED", "no", where="me@host")))
    outcome = scan(tmp_path, bound(script, "a", one), bound(script, "b", other))
    assert outcome.exit is Exit.AUTH
    scan(tmp_path, bound(script, "a", one), bound(script, "b", other), number=outcome.run)
    scan(tmp_path, bound(script, "b", other))
    assert script.logins == 1
