"""A whole scan of files made to hang, swell or break whoever reads them: it ends in time, and loses nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hostile_files import plant

from scanner.catalog import Catalog, Reader, locate, read

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("hostile")]
SECONDS = 240
"""A scan that takes longer has hung: each file alone may take some 20 s, and there are none that should."""
PEAK_MIB = 1500
"""Memory of the scan and all its processes together."""


@dataclass(frozen=True)
class Done:
    """A scan of the folder: the files in good order, what it printed, how long it took, and its catalog."""

    good: dict[str, int]
    folder: Path
    code: int
    said: str
    seconds: float
    peak_mib: float
    reader: Reader


def _memory_mib(group: int) -> float:
    """Memory of a session's processes, shared pages divided."""
    total = 0
    for proc in Path("/proc").iterdir():
        if not proc.name.isdecimal():
            continue
        try:
            if _ancestor(int(proc.name), group):
                pss = (proc / "smaps_rollup").read_text().partition("Pss:")[2]
                total += int(pss.split()[0])
        except (OSError, IndexError, ValueError):
            continue
    return total / 1024


def _ancestor(pid: int, wanted: int) -> bool:
    while pid > 1:
        if pid == wanted:
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return False


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=pytest.mark.full)], ids=["few", "every"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    folder = tmp_path_factory.mktemp("hostile")
    root = tmp_path_factory.mktemp("catalog")
    good = plant(folder, every=request.param)
    command = [sys.executable, "-c", "from scanner.cli import main; main()", "scan", str(folder), "--depth", "L2",
               "--catalog", str(root / "c"), "--progress", "none"]  # fmt: skip
    begun, peak = time.monotonic(), 0.0
    output = root / "said"
    with output.open("w") as said:
        scan = subprocess.Popen(
            command, stdout=said, stderr=said, cwd=root, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
        )
        try:
            while scan.poll() is None and time.monotonic() - begun < SECONDS:
                peak = max(peak, _memory_mib(scan.pid))
                time.sleep(0.2)
        finally:
            scan.kill()
            scan.wait()
    with Catalog.open(locate(str(root / "c"))) as catalog, read(catalog) as reader:
        yield Done(
            good, folder, scan.returncode, output.read_text(), time.monotonic() - begun, peak, reader
        )  # fmt: skip


def rows(done: Done, sql: str) -> list[tuple[Any, ...]]:
    return done.reader.rows(sql)


def faults(done: Done) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, reason in rows(done, "SELECT path, reason FROM fault"):
        found.setdefault(path, set()).add(reason)
    return found


def test_scan_ends_in_time_and_memory(done: Done) -> None:
    assert done.code == 0, done.said[-2000:]
    assert done.seconds < SECONDS
    assert done.peak_mib < PEAK_MIB


def test_nothing_is_lost_of_files_in_good_order(done: Done) -> None:
    quoted = {path for (path,) in rows(done, "SELECT DISTINCT path FROM mention")}
    assert set(done.good) - quoted == set()
    assert faults(done).keys() & done.good.keys() == set()


def test_every_file_is_recorded_and_the_ledger_balances(done: Done) -> None:
    assert rows(done, "SELECT count(*) FROM entry") == [(len(list(done.folder.iterdir())),)]
    assert rows(done, "SELECT listed - entries - skipped - failed FROM source") == [(0,)]


def test_no_extractor_fails_over_any_of_it_or_runs_out_of_time_or_memory(done: Done) -> None:
    lost = rows(done, "SELECT path, detail FROM fault WHERE reason = 'EXTRACTOR_FAILED' ORDER BY 1")
    assert lost == []
    slow = rows(
        done, "SELECT path, detail FROM fault WHERE detail LIKE '%no end within%' OR detail LIKE '%more memory%'"
    )
    assert slow == []


@pytest.mark.parametrize(("pattern", "code"), [
    ("laughs.%", "CONTENT_REFUSED"),
    ("outside.%", "CONTENT_REFUSED"),
    ("deep.config", "CONTENT_LIMIT"),
    ("cut.config", "CONTENT_DAMAGED"),
    ("bomb.%", "CONTENT_LIMIT"),
    ("nested.zip", "CONTENT_LIMIT"),
    ("overlap.zip", "CONTENT_LIMIT|CONTENT_DAMAGED"),  # newer zip readers see that its members overlap
    ("many.zip", "CONTENT_LIMIT"),
    ("encrypted.zip", "CONTENT_ENCRYPTED"),
    ("encrypted.war", "CONTENT_ENCRYPTED"),
    ("cut.xlsx", "CONTENT_DAMAGED"),
    ("cut.war", "CONTENT_DAMAGED"),
    ("cut.tgz", "CONTENT_DAMAGED"),
    ("quine.txt.gz", "CONTENT_DAMAGED"),
    ("sparse.zip", "CONTENT_LIMIT"),
    ("sparse.xlsx", "CONTENT_LIMIT"),
    ("sparse.sql", "CONTENT_MISNAMED"),
    ("sparse.xml", "CONTENT_MISNAMED"),
    ("named so.txt.gz", "CONTENT_MISNAMED"),
])  # fmt: skip
def test_each_is_a_fault_of_its_own(done: Done, pattern: str, code: str) -> None:
    paths = [p for (p,) in done.reader.rows("SELECT path FROM entry WHERE path LIKE ?", (pattern,))]
    told = faults(done)
    assert paths
    assert {p: told.get(p, set()) for p in paths if told.get(p, set()).isdisjoint(code.split("|"))} == {}


def test_no_entity_reaches_beyond_the_file_and_no_password_is_kept(done: Done) -> None:
    everything = json.dumps(rows(done, "SELECT * FROM mention") + rows(done, "SELECT * FROM fault"), default=str)
    assert "root:x:0" not in everything
    assert "canary-" not in everything


def test_members_that_climb_stay_labels(done: Done) -> None:
    parts = {p for (p,) in rows(done, "SELECT part FROM mention WHERE path LIKE 'climbing.%'")}
    assert not any(p.startswith("/") or ".." in p for p in parts)
