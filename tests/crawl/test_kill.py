"""kill -9 at any moment, then resume: the inventory of an uninterrupted scan."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12,000 files in 1,220 folders; scanned at a bounded rate, so that there is a mid-scan on any machine."""
    root = tmp_path_factory.mktemp("tree")
    for outer in range(20):
        for inner in range(60):
            folder = root / f"d{outer}" / f"e{inner}"
            folder.mkdir(parents=True)
            for n in range(10):
                (folder / f"f{n}").touch()
    (root.parent / "estate.toml").write_text(
        f"version = 1\n[[sources]]\nname = 'tree'\ntype = 'file'\nroot = '{root}'\nrequests_per_s = 900\n"
    )
    return root.parent / "estate.toml"


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, check=False, timeout=100)


def inventory(catalog: Path) -> str:
    """Every fact of the catalog but when and by which unit it was found."""
    sql = """SELECT path, kind, size, modified, owner, mode, links FROM entry UNION ALL
        SELECT path, 'listing', listed, NULL, NULL, complete::INT, NULL FROM listing ORDER BY ALL"""
    done = run("query", sql, "--json", "--catalog", str(catalog))
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def killed_and_resumed(estate: Path, catalog: Path, moment_s: float) -> bool:
    """Scan, kill -9 after a while, resume until complete; True when the kill met a scan that had begun to commit."""
    scanning = [*COMMAND, "scan", "--config", str(estate), "--catalog", str(catalog), "-q"]
    scan = subprocess.Popen(scanning, stdout=subprocess.DEVNULL, start_new_session=True)
    state = catalog / "state.db-wal"
    while not state.exists() and scan.poll() is None:
        time.sleep(0.005)
    try:
        scan.wait(moment_s)
        early = False
    except subprocess.TimeoutExpired:
        os.killpg(scan.pid, signal.SIGKILL)
        scan.wait()
        early = True
    runs = [json.loads(line) for line in run("runs", "--json", "--catalog", str(catalog)).stdout.splitlines()]
    if not any(r["type"] == "run" for r in runs):
        done = run(*scanning[len(COMMAND) :])  # killed before the run was on record
    else:
        done = run("resume", "--catalog", str(catalog), "-q")
    assert done.returncode == 0, done.stderr.decode()
    return early


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.full)])
@pytest.mark.timeout(900)
def test_killed_scan_resumes_to_the_same_inventory(planted: Path, tmp_path: Path, times: int) -> None:
    began = time.monotonic()
    assert run("scan", "--config", str(planted), "--catalog", str(tmp_path / "whole"), "-q").returncode == 0
    whole = time.monotonic() - began
    expected = inventory(tmp_path / "whole")
    assert len(expected.splitlines()) == 20 * 60 * 11 + 20 + 1221
    rng = random.Random(7)
    early = 0
    for number in range(times):
        catalog = tmp_path / f"killed{number}"
        early += killed_and_resumed(planted, catalog, rng.uniform(0, 0.8 * whole))
        assert inventory(catalog) == expected, f"kill {number}"
        assert run("catalog", "check", "--catalog", str(catalog)).returncode == 0
    sys.stdout.write(f"{times} kills, {early} of them in mid-scan, {times} identical inventories\n")
    assert early >= times // 2
