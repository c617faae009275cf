"""Signals, a second scan, and what a killed one leaves behind."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.catalog import Catalog, locate, schema_version
from scanner.codes import StocktakeError

Here = Callable[..., Any]
Estate = Callable[..., Path]
FOLDERS = 300


@pytest.fixture
def slow(tmp_path: Path, estate: Estate) -> Path:
    """An estate of 300 folders, listed at a bounded rate so that a scan of it takes a few seconds on any machine."""
    for n in range(FOLDERS):
        folder = tmp_path / "wide" / f"d{n % 7}" / f"e{n}"
        folder.mkdir(parents=True)
        (folder / "file").touch()
    return estate(
        {"name": "wide", "type": "file", "root": str(tmp_path / "wide"), "requests_per_s": 70, "connections": 2}
    )


class Started:
    """A running scan, whose stderr is read line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stderr is not None
        self._lines = process.stderr

    def until(self, words: str) -> str:
        """The first line that holds the words."""
        for line in self._lines:
            if words in line:
                return line
        raise AssertionError(f"it ended without saying {words!r}")

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def begin(stocktake: Any) -> Iterator[Callable[..., Started]]:
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Started:
        running.append(stocktake.start(*arguments, "--progress", "plain"))
        started = Started(running[-1])
        started.until(": running")
        return started

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def inventory(here: Here, catalog: str) -> str:
    sql = "SELECT path, kind, size FROM entry UNION ALL SELECT path, 'listing', listed FROM listing ORDER BY ALL"
    return str(here("query", sql, "--json", "--catalog", catalog).out)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_fault_100_signal_stops_within_5_s_and_resume_gives_the_same_inventory(
    here: Here, slow: Path, begin: Callable[..., Started], number: signal.Signals, code: int
) -> None:
    scan = begin("scan", "--json", "--catalog", "stopped")
    time.sleep(1.5)
    sent = time.monotonic()
    scan.process.send_signal(number)
    ended, out, err = scan.end()
    assert time.monotonic() - sent < 5
    records = [json.loads(line) for line in out.split("\n") if line]
    assert ended == code
    assert (records[-1]["type"], records[-1]["code"], records[-1]["state"]) == ("exit", code, "stopped")
    words = shlex.split(next(line for line in err.splitlines() if "Go on later" in line).partition(": stocktake ")[2])
    assert words[0] == "resume"
    before = len(inventory(here, "stopped").splitlines())
    assert 0 < before < 2 * FOLDERS
    assert here(*words, "-q").code == 0
    Path("estate.toml").write_text(Path("estate.toml").read_text().replace("requests_per_s = 70", ""))
    assert here("scan", "--catalog", "whole", "-q").code == 0
    assert inventory(here, "stopped") == inventory(here, "whole")


def test_status_second_scan_and_second_signal(here: Here, slow: Path, begin: Callable[..., Started]) -> None:
    scan = begin("scan", "--json")
    scan.process.send_signal(signal.SIGUSR1)
    assert "entries" in scan.until("now in")
    second = here("scan")
    assert second.code == 11
    assert f"pid {scan.process.pid} on " in second.err
    assert here("resume").code == 11
    looks = [here("runs", "--json").records[0]["state"] for _ in range(3)]
    assert looks == ["running"] * 3
    assert here("report", "--format", "json", "-o", "during.json").code in {0, 10}
    scan.process.send_signal(signal.SIGTERM)
    scan.process.send_signal(signal.SIGTERM)
    assert scan.end()[0] == 143
    third = here("resume", "-q")
    assert third.code == 0, third.err
    assert len(inventory(here, "stocktake-catalog").splitlines()) == FOLDERS * 3 + 7 + 7 + 1


def test_silent_servers_do_not_keep_ctrl_c_waiting(
    here: Here, estate: Estate, begin: Callable[..., Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKTAKE_ANY", "any-password")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        login = {"user": "u", "password": "env:STOCKTAKE_ANY", "timeout_s": 60}
        estate(
            {"name": "ssh", "type": "sftp", "host": "127.0.0.1", "port": port, **login},
            {"name": "smb", "type": "smb", "root": "\\\\127.0.0.1\\x", "port": port, **login},
            {"name": "s3", "type": "s3", "root": "s3://b", "endpoint": f"http://127.0.0.1:{port}", "timeout_s": 60,
             "access_key": "env:STOCKTAKE_ANY", "secret_key": "env:STOCKTAKE_ANY"},
            {"name": "pg", "type": "odbc", "connection": f"DRIVER={{PostgreSQL Unicode}};SERVER=127.0.0.1;PORT={port}",
             **login},
        )  # fmt: skip
        scan = begin("scan", "--json")
        time.sleep(0.8)
        sent = time.monotonic()
        scan.process.send_signal(signal.SIGINT)
        code, out, _ = scan.end()
        assert time.monotonic() - sent < 5
    assert code == 130
    assert json.loads(out.splitlines()[-1])["code"] == 130
    states = {r["name"]: r["state"] for r in here("status", "--json").records if r["type"] == "source"}
    assert set(states.values()) == {"stopped"}


def test_two_first_scans_at_once_are_one_scan_and_one_locked_out(stocktake: Any, tree: Path) -> None:
    both = [stocktake.start("scan", str(tree), "-q", "--catalog", "new") for _ in range(2)]
    ends = [process.communicate(timeout=60) for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 11], [0, 0]), ends


def test_half_made_catalog_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between two CREATE TABLEs must leave none of them."""
    location = locate(str(tmp_path / "c"))

    def killed(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(schema_version._version, "create", killed)
        with pytest.raises(RuntimeError, match="killed"):
            Catalog.open(location, create=True)
    with pytest.raises(StocktakeError, match="NO_CATALOG"):
        Catalog.open(location)
    Catalog.open(location, create=True).close()
    Catalog.open(location).close()


def test_kill_9_at_the_start_leaves_a_catalog_that_can_be_used(stocktake: Any, here: Here, tree: Path) -> None:
    for number in range(3):
        catalog = Path.cwd() / f"killed{number}"
        scan = stocktake.start("scan", str(tree), "-q", "--catalog", str(catalog))
        while not (catalog / "state.db").exists():
            assert scan.poll() is None
        time.sleep(0.004 * number)
        os.killpg(scan.pid, signal.SIGKILL)
        scan.communicate()
        assert here("runs", "--catalog", str(catalog)).code in {0, 10}
        assert here("scan", str(tree), "--catalog", str(catalog), "-q").code == 0
