"""Few file descriptors, little memory: a clear code, nothing lost, and without the ceiling resume completes it."""

from __future__ import annotations

import dataclasses
import resource
import sys
from pathlib import Path

import pytest
from whole_estate import GAPS, Estate, differences, inventory, on_record

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("proof")]
FILES, SPACE = resource.RLIMIT_NOFILE, resource.RLIMIT_AS
MIB, LEAST_MIB = 1 << 20, 256
CLEAR = {FILES: "TOO_MANY_FILES", SPACE: "OUT_OF_MEMORY"}
CASES = [
    (FILES, 24), (FILES, 64), (SPACE, 1200 * MIB),
    *(pytest.param(FILES, n, marks=pytest.mark.full) for n in (32, 48, 96, 128, 256)),
    *(pytest.param(SPACE, n * MIB, marks=pytest.mark.full) for n in (700, 900, 1600, 2000, 2600, 4000)),
]  # fmt: skip


@pytest.fixture(scope="module")
def expected(everything: Estate, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    catalog = tmp_path_factory.mktemp("unbounded") / "catalog"
    assert everything.end("scan", catalog)[0] == GAPS
    return found(catalog)


def found(catalog: Path) -> dict[str, list[str]]:
    """The inventory without the notes that a scan could not open all the connections it might."""
    whole = inventory(catalog)
    return whole | {"fault": [fault for fault in whole["fault"] if '"note", "FEWER_CONNECTIONS"' not in fault]}


@pytest.mark.parametrize(("what", "most"), CASES)
@pytest.mark.timeout(900)
def test_ceiling_is_told_clearly_and_resume_completes(
    everything: Estate, tmp_path: Path, expected: dict[str, list[str]], what: int, most: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    catalog = tmp_path / "catalog"
    code, told = everything.end("scan", catalog, {what: most})
    scans, state, parts, left = on_record(catalog)
    name = "files" if what == FILES else "MiB"
    with capsys.disabled():
        sys.stdout.write(f"\n{most if what == FILES else most // MIB} {name}: exit {code}, {state or 'not begun'}, ")
        sys.stdout.write(f"{parts} parts, {left} left\n")
    assert "Traceback" not in told
    assert "INTERNAL" not in told, told
    assert code == GAPS or CLEAR[what] in told, told
    code, told = everything.end("resume" if scans else "scan", catalog)
    assert code == GAPS, told
    assert differences(expected, found(catalog)) == []


@pytest.mark.timeout(300)
def test_the_least_memory_a_connector_may_be_given_is_enough_for_each(
    everything: Estate, tmp_path: Path, expected: dict[str, list[str]]
) -> None:
    config = tmp_path / "estate.toml"
    config.write_text(everything.config.read_text().replace("[limits]\n", f"[limits]\nmemory_mib = {LEAST_MIB}\n"))
    code, told = dataclasses.replace(everything, config=config).end("scan", tmp_path / "catalog")
    assert code == GAPS, told
    assert differences(expected, found(tmp_path / "catalog")) == []
