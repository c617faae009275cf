"""kill -9 at many points of a scan of every connector, and of its re-scan; resume gives what no kill would have."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from whole_estate import GAPS, Estate, differences, inventory, on_record

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("proof")]
TICKS = os.sysconf("SC_CLK_TCK")
AT_ONCE = int(os.environ.get("STOCKTAKE_PROOF_AT_ONCE", "2"))
MANY = 200
POINTS = {"few": (54, 60, 140), "full": range(MANY)}
"""Three of the many: early and late in a scan, and in a re-scan whose resume is killed too."""


@dataclass(frozen=True)
class Point:
    """Where to kill: shares of the life of the scan, then of each resume that follows."""

    number: int
    rescan: bool
    shares: tuple[float, ...]


@dataclass
class Uninterrupted:
    """What a scan gives that nobody kills, and the processor seconds it takes from its first write to its end.

    A machine under load takes more of them; whoever comes to kill a scan that has ended meanwhile shortens the life.
    """

    expected: dict[str, list[str]]
    life_s: float
    before: Path | None = None
    """The catalog it begins with."""


def points(many: int) -> Iterator[Point]:
    """Spread over the life, closer at its beginning and its end; a quarter in a re-scan, a fifth killed repeatedly."""
    for number in range(many):
        share = (number + 0.5) / many
        if number % 5 == 1:
            share = 0.12 * share
        elif number % 5 == 3:
            share = 0.85 + 0.2 * share
        again = tuple((0.15 + 0.37 * n + share) % 0.9 for n in range(1 + number % 3)) if number % 5 == 4 else ()
        yield Point(number, number % 4 == 2, (share, *again))


def _written(catalog: Path) -> int:
    try:
        return (catalog / "state.db-wal").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


class Running:
    """A scan or a resume, and the processor seconds its own process has used since it first wrote to the catalog."""

    def __init__(self, estate: Estate, verb: str, catalog: Path) -> None:
        before = _written(catalog)
        self._errors = catalog.with_name(catalog.name + ".errors")
        self.process = estate.start(verb, catalog, self._errors)
        while not self.ended and _written(catalog) == before:
            time.sleep(0.002)
        self._first = self._last = self._cpu_s()
        self._still = time.monotonic()

    @property
    def ended(self) -> bool:
        return self.process.exitcode is not None

    def used_s(self) -> float:
        now = self._cpu_s()
        if now > self._last:
            self._last, self._still = now, time.monotonic()
        return self._last - self._first

    @property
    def failed(self) -> str:
        """How it ended, and what it said, unless it ended as it should."""
        code = self.process.exitcode
        return "" if code == GAPS else f"ended with {code}: {self._errors.read_text()[-500:]}"

    @property
    def waits(self) -> bool:
        """Whether it has used nothing for a while: it waits for a server."""
        return time.monotonic() - self._still > 5

    def _cpu_s(self) -> float:
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / TICKS


def life(estate: Estate, catalog: Path) -> float:
    """Scan to the end; the processor seconds from the first write on."""
    scan = Running(estate, "scan", catalog)
    used_s = 0.0
    while not scan.ended:
        used_s = scan.used_s()
        time.sleep(0.005)
    assert not scan.failed, scan.failed
    return used_s


def killed(estate: Estate, verb: str, catalog: Path, after_s: float) -> float | None:
    """Start, kill the whole group once it has used so much; where it had ended by then, what it had used."""
    scan = Running(estate, verb, catalog)
    while not scan.ended and scan.used_s() < after_s and not scan.waits:
        time.sleep(0.004)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(scan.process.pid or 0, signal.SIGKILL)
    scan.process.join()
    return None if scan.process.exitcode == -signal.SIGKILL else scan.used_s()


def finished(estate: Estate, verb: str, catalog: Path) -> str:
    """Run to the end; what went wrong."""
    scan = Running(estate, verb, catalog)
    scan.process.join(300)
    return scan.failed


def phase(rescan: bool, alive: bool, found: tuple[int, str, int, int]) -> str:
    """In which part of the scan's life the kill met it."""
    scans, state, parts, left = found
    if scans < 1 + rescan:
        return "before the run was on record"
    if state != "running" or not alive:
        return "after the end"
    if not parts:
        return "before the first commit"
    return "in mid-scan, after the first commit" if left else "at the end, all sources done"


def one(estate: Estate, whole: Uninterrupted, point: Point, folder: Path) -> tuple[str, list[str]]:
    """Kill, perhaps kill what resumes, resume; the phase of the first kill, and what differs in the end."""
    catalog = folder / f"killed{point.number}"
    if whole.before:
        shutil.copytree(whole.before, catalog)
    ended_s = killed(estate, "scan", catalog, point.shares[0] * whole.life_s)
    whole.life_s = min(whole.life_s, ended_s or whole.life_s)
    met = phase(point.rescan, ended_s is None, on_record(catalog))
    verb = "scan" if met == "before the run was on record" else "resume"
    for share in point.shares[1:]:
        killed(estate, verb, catalog, share * whole.life_s)
        found = on_record(catalog)
        verb = "resume" if found[0] > point.rescan else "scan"
    failed = finished(estate, verb, catalog)
    wrong = [failed] if failed else differences(whole.expected, inventory(catalog))
    for kind in (("catalog", "check"), ("audit", "verify")) if point.number % 10 == 0 else ():
        checked = estate.ask(catalog, *kind)
        wrong += [] if checked.returncode == 0 else [f"{kind}: {checked.stderr[-500:]}"]
    if not wrong:
        shutil.rmtree(catalog)
    with (folder / "sweep.log").open("a") as log:
        log.write(json.dumps({"point": point.number, "shares": point.shares, "met": met, "wrong": wrong}) + "\n")
    return met, wrong


def uninterrupted(estate: Estate, catalog: Path, before: Path | None = None) -> Uninterrupted:
    """Scan twice without a kill: both must agree, or a comparison says nothing."""
    if before:
        shutil.copytree(before, catalog)
    first_s = life(estate, catalog)
    expected = inventory(catalog)
    again = catalog.with_name(catalog.name + "-again")
    if before:
        shutil.copytree(before, again)
    second_s = life(estate, again)
    assert differences(expected, inventory(again)) == []
    return Uninterrupted(expected, min(first_s, second_s), before)


@pytest.mark.parametrize("size", ["few", pytest.param("full", marks=pytest.mark.full)])
@pytest.mark.timeout(5400)
def test_fault_099_kill_sweep_over_every_connector_resumes_to_the_same_inventory(
    everything: Estate, tmp_path: Path, size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    all_points = [point for point in points(MANY) if point.number in POINTS[size]]
    whole = uninterrupted(everything, tmp_path / "whole")
    facts = whole.expected
    assert all(facts[fact] for fact in ("entry", "listing", "column", "key", "routine", "grant", "setting")), "too poor"
    ends = sweep(everything, whole, [p for p in all_points if not p.rescan], tmp_path)
    everything.change()
    later = uninterrupted(everything, tmp_path / "later", before=tmp_path / "whole")
    assert differences(whole.expected, later.expected), "the estate did not change"
    ends += sweep(everything, later, [p for p in all_points if p.rescan], tmp_path)
    met = Counter(end for end, _ in ends)
    identical = sum(not wrong for _, wrong in ends)
    several = sum(len(p.shares) > 1 for p in all_points)
    again = sum(p.rescan for p in all_points)
    line = f"kill sweep: {len(ends)} points, {again} of them in a re-scan, {several} killed again while resuming; "
    line += ", ".join(f"{count} {name}" for name, count in met.most_common()) + f"; {identical} identical inventories"
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")
    assert not [wrong for _, wrong in ends if wrong]
    assert met["in mid-scan, after the first commit"] >= len(ends) // 4


def sweep(estate: Estate, whole: Uninterrupted, some: list[Point], folder: Path) -> list[tuple[str, list[str]]]:
    """All points, some at a time; how each ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda point: one(estate, whole, point, folder), some))
