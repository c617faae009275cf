"""kill -9 while content is looked into, then resume: the inventory of an uninterrupted scan, tables and all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_files import access_bytes, sqlite_file

COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, check=False, timeout=100)


def inventory(catalog: Path) -> bytes:
    sql = """SELECT store, path, kind, size FROM entry UNION ALL SELECT store, path, name, position FROM columns
        UNION ALL SELECT store, path, kind, NULL FROM keys UNION ALL SELECT store, path, 'listing', listed FROM listing
        UNION ALL SELECT id, path, kind, entries FROM store ORDER BY ALL"""
    done = run("query", sql, "--json", "--catalog", str(catalog))
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.timeout(300)
def test_fault_099_killed_amid_content_resumes_to_the_same_inventory(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    for number in range(60):
        sqlite_file(share / f"{number}.sqlite")
    (share / "b.mdb").write_bytes(access_bytes("indexTestV2003.mdb"))
    estate = tmp_path / "estate.toml"
    text = f"version = 1\n[[sources]]\nname = 's'\ntype = 'file'\nroot = '{share}'\ndepth = 'L2'\nrequests_per_s = 40\n"
    estate.write_text(text)
    assert run("scan", "--config", str(estate), "--catalog", str(tmp_path / "whole"), "-q").returncode == 0
    expected = inventory(tmp_path / "whole")
    assert expected.count(b"database file") == 61
    for number, moment_s in enumerate((1.5, 3.0)):
        catalog = tmp_path / f"killed{number}"
        scanning = [*COMMAND, "scan", "--config", str(estate), "--catalog", str(catalog), "-q"]
        scan = subprocess.Popen(scanning, stdout=subprocess.DEVNULL, start_new_session=True)
        while not (catalog / "state.db-wal").exists() and scan.poll() is None:
            time.sleep(0.005)
        time.sleep(moment_s)
        assert scan.poll() is None, "it was to be killed in its midst"
        os.killpg(scan.pid, signal.SIGKILL)
        scan.wait()
        done = run("resume", "--catalog", str(catalog), "-q")
        assert done.returncode == 0, done.stderr.decode()
        assert inventory(catalog) == expected
