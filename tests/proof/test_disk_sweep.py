"""A disk that is full at many moments of a scan of every connector; with more space, resume ends as ever."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole_estate import GAPS, Estate, differences, inventory, on_record

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("proof")]
DISK_FULL = 15
WIDE_KIB = 256 * 1024
MOMENTS = {"few": 2, "full": 20}


class Volume:
    """A small tmpfs."""

    def __init__(self, place: Path, kib: int) -> None:
        self.place = place
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "tmpfs", str(place)], check=True)

    def grow(self) -> None:
        subprocess.run(["mount", "-o", f"remount,size={WIDE_KIB}k", str(self.place)], check=True)

    def used_kib(self) -> int:
        told = os.statvfs(self.place)
        return (told.f_blocks - told.f_bfree) * told.f_frsize // 1024

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)


@pytest.fixture
def volumes(tmp_path: Path) -> Iterator[list[Volume]]:
    made: list[Volume] = []
    yield made
    for one in made:
        one.close()


def peak_kib(estate: Estate, volume: Volume) -> int:
    """What a scan with space enough takes of it at most."""
    process, peak = estate.start("scan", volume.place / "catalog"), 0
    while process.exitcode is None:
        peak = max(peak, volume.used_kib())
        time.sleep(0.01)
    assert process.exitcode == GAPS
    return max(peak, volume.used_kib())


@pytest.mark.parametrize("size", ["few", pytest.param("full", marks=pytest.mark.full)])
@pytest.mark.timeout(3600)
def test_fault_103_disk_full_at_many_moments_resumes_to_the_same_inventory(
    everything: Estate, tmp_path: Path, volumes: list[Volume], size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    volumes.append(Volume(tmp_path / "wide", WIDE_KIB))
    needed = peak_kib(everything, volumes[0])
    expected = inventory(volumes[0].place / "catalog")
    ends, wrong = Counter[str](), list[str]()
    for number in range(MOMENTS[size]):
        # Up to a little less than it needs at most: what is written last needs no more than the rest left behind.
        kib = round(needed * (number + 0.5) / MOMENTS[size] * 0.98)
        volume = Volume(tmp_path / f"volume{number}", kib)
        volumes.append(volume)
        catalog = volume.place / "catalog"
        code, told = everything.end("scan", catalog)
        scans, _, parts, left = on_record(catalog)
        moment = "in mid-scan" if parts and left else "at its end" if parts else "before its first commit"
        ends[moment if code == DISK_FULL else f"not at all: exit {code}"] += 1
        if code not in {DISK_FULL, GAPS} or (code == DISK_FULL and "DISK_FULL" not in told) or "Traceback" in told:
            wrong.append(f"{kib} KiB: exit {code}: {told[-400:]}")
        volume.grow()
        code, told = everything.end("resume" if scans else "scan", catalog)
        differing = differences(expected, inventory(catalog)) if code == GAPS else [f"exit {code}: {told[-400:]}"]
        checked = everything.ask(catalog, "catalog", "check")
        differing += [checked.stderr[-400:]] if checked.returncode else []
        wrong += [f"{kib} KiB, then space: {each}" for each in differing]
    line = f"disk full: {sum(ends.values())} moments of a scan that takes {needed} KiB; "
    line += ", ".join(f"{count} {name}" for name, count in ends.most_common())
    with capsys.disabled():
        sys.stdout.write(f"\n{line}; {len(wrong)} differences after resume\n")
    assert not wrong
    assert sum(n for name, n in ends.items() if "exit" not in name) >= 0.7 * MOMENTS[size]
