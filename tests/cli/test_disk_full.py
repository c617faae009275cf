"""A full disk: exit 15, the last commit kept, and once there is space, resume gives what a scan with space gives."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Here = Callable[..., Any]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,500 folders of 4 files with names that do not compress, so that a catalog of it takes some space."""
    root = tmp_path_factory.mktemp("wide")
    for n in range(1500):
        folder = root / f"{os.urandom(24).hex()}{n}"
        folder.mkdir()
        for _ in range(4):
            (folder / os.urandom(24).hex()).touch()
    return root


class Volume:
    """A small tmpfs."""

    def __init__(self, place: Path, kib: int) -> None:
        self.place = place
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "tmpfs", str(place)], check=True)

    def grow(self, kib: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kib}k", str(self.place)], check=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Callable[[int], Volume]]:
    made: list[Volume] = []

    def make(kib: int) -> Volume:
        made.append(Volume(tmp_path / f"volume{kib}", kib))
        return made[-1]

    yield make
    for one in made:
        one.close()


def inventory(here: Here, catalog: Path) -> str:
    sql = """SELECT path, kind, size, modified FROM entry UNION ALL
        SELECT path, 'listing', listed, NULL FROM listing ORDER BY ALL"""
    done = here("query", sql, "--json", "--catalog", str(catalog))
    assert done.code == 0, done.err
    return str(done.out)


@pytest.mark.timeout(300)
def test_fault_103_full_disk_is_exit_15_and_resumes_to_the_same_inventory(
    here: Here, tmp_path: Path, wide: Path, volume: Callable[[int], Volume], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many small commits, so that the space runs out between two of them as well as within one.
    monkeypatch.setattr("scanner.crawl.worker.FLUSH_ROWS", 400)
    (tmp_path / "estate.toml").write_text(f"version = 1\n[[sources]]\nname = 'w'\ntype = 'file'\nroot = '{wide}'\n")
    assert here("scan", "--catalog", "whole", "-q").code == 0
    expected = inventory(here, tmp_path / "whole")
    assert len(expected.splitlines()) == 1500 + 6000 + 1501
    codes = {}
    for kib in (8, 48, 128, 200, 280, 360, 440, 520, 640):
        disk = volume(kib)
        catalog = disk.place / "catalog"
        done = here("scan", "--catalog", str(catalog), "--json", "-q")
        codes[kib] = done.code
        assert done.code in {0, 15}, (kib, done.err)
        assert done.records[-1]["type"] == "exit"
        assert done.records[-1]["code"] == done.code
        assert "Traceback" not in done.err
        if done.code == 0:
            continue
        assert "DISK_FULL" in done.err
        assert "  Do:     free space, then: stocktake resume" in done.err
        disk.grow(64 * 1024)
        runs = here("runs", "--catalog", str(catalog), "--json")
        begun = runs.code == 0 and any(r["type"] == "run" for r in runs.records)
        again = here("resume" if begun else "scan", "--catalog", str(catalog), "-q")
        assert again.code == 0, (kib, again.err)
        assert inventory(here, catalog) == expected, kib
        assert here("catalog", "check", "--catalog", str(catalog)).code == 0
        assert here("audit", "verify", "--catalog", str(catalog)).code == 0
    assert sum(code == 15 for code in codes.values()) >= 5, codes


def test_report_on_a_full_disk_keeps_the_older_one(
    here: Here, tree: Path, tmp_path: Path, volume: Callable[[int], Volume]
) -> None:
    assert here("scan", str(tree), "-q").code == 0
    disk = volume(16)
    report = disk.place / "report.html"
    report.write_text("the older report")
    done = here("report", "-o", str(report))
    assert done.code == 15
    assert "DISK_FULL" in done.err
    assert report.read_text() == "the older report"
    assert list(disk.place.iterdir()) == [report]
    full = here("report", "-o", "/dev/full")
    assert full.code == 15
    assert Path("/dev/full").is_char_device()
