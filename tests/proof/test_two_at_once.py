"""Two scans of every connector at once: on one catalog, and on two over the same sources."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from whole_estate import GAPS, Estate, differences, inventory, on_record

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("proof")]
LOCKED = 11


@pytest.fixture
def expected(everything: Estate, tmp_path: Path) -> dict[str, list[str]]:
    assert everything.end("scan", tmp_path / "alone")[0] == GAPS
    return inventory(tmp_path / "alone")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("verb", ["scan", "resume"])
def test_fault_106_second_scan_on_one_catalog_is_refused_and_the_first_unharmed(
    everything: Estate, tmp_path: Path, expected: dict[str, list[str]], verb: str
) -> None:
    catalog = tmp_path / "one"
    first = everything.start("scan", catalog)
    try:
        while not on_record(catalog)[2] and first.exitcode is None:
            time.sleep(0.01)
        os.killpg(first.pid or 0, signal.SIGSTOP)  # so that it cannot end meanwhile
        code, told = everything.end(verb, catalog)
    finally:
        os.killpg(first.pid or 0, signal.SIGCONT)
        first.join(300)
    assert code == LOCKED, told
    assert f"pid {first.pid} on " in told
    assert first.exitcode == GAPS
    assert differences(expected, inventory(catalog)) == []
    assert on_record(catalog)[0] == 1


@pytest.mark.timeout(600)
def test_two_scans_of_the_same_sources_into_two_catalogs_find_the_same(
    everything: Estate, tmp_path: Path, expected: dict[str, list[str]]
) -> None:
    both = [everything.start("scan", tmp_path / name) for name in ("left", "right")]
    for process in both:
        process.join(300)
    assert [process.exitcode for process in both] == [GAPS, GAPS]
    for name in ("left", "right"):
        assert differences(expected, inventory(tmp_path / name)) == [], name
