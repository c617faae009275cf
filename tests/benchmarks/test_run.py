"""``make bench``: a program that fails costs its section alone, and the page takes the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.harness import Goal, Row

GOOD = """
from benchmarks.harness import Row, main
import sys
print("something by the way")
sys.exit(main(lambda full: [Row("s", "full" if full else "reduced", seconds=(1.0,), units=7)], "doc"))
"""
DIFFERING = GOOD.replace("units=7", "equal=False")
LATE = """
from benchmarks.harness import Seen, Side, main, pairs
import sys
def measure(full):
    pairs("s", "before", ours=Side("true", ["true"], seen=lambda out: Seen(1)))
    pairs("s", "after", ours=Side("false", ["false"], seen=lambda out: Seen(1)))
sys.exit(main(measure, "doc"))
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place like ours, with programs of its own besides the harness."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    for name in ("__init__", "harness", "sides"):
        (folder / f"{name}.py").symlink_to(Path(run.__file__).with_name(f"{name}.py"))
    monkeypatch.setattr(run, "HOME", tmp_path)
    monkeypatch.setattr(run, "PAGE", tmp_path / "page.md")
    return folder


def test_what_fails_costs_its_section_and_the_exit_code(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (programs / "good.py").write_text(GOOD)
    (programs / "broken.py").write_text("raise SystemExit('no peer')")
    assert run.main(["--only", "good"]) == 0
    assert run.main(["--only", "broken", "absent", "good"]) == 1
    out, err = capsys.readouterr()
    assert out.count("| reduced ") == 2
    assert "broken: ended with 1" in err
    assert "absent: there is no such program" in err


def test_different_results_are_exit_1_and_stay_in_the_table(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (programs / "differing.py").write_text(DIFFERING)
    assert run.main(["--only", "differing"]) == 1
    assert "DIFFERENT RESULTS" in capsys.readouterr().out


def test_what_was_measured_before_a_failure_is_told(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (programs / "late.py").write_text(LATE)
    assert run.main(["--only", "late"]) == 1
    out = capsys.readouterr().out
    assert "| before " in out
    assert "| after " not in out


def test_one_that_does_not_end_is_ended(
    programs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "REDUCED_S", 1.5)
    stopped = programs / "stopped"
    text = f"import time\ntry:\n    time.sleep(20)\nfinally:\n    open({str(stopped)!r}, 'w').close()\n"
    (programs / "endless.py").write_text(text)
    assert run.main(["--only", "endless"]) == 1
    assert "was still running" in capsys.readouterr().err
    assert stopped.exists(), "it had no time to stop its servers"


def test_the_page_takes_the_table_and_keeps_the_rest(programs: Path) -> None:
    row = Row("s", "w", "p", (0.5,), goal=Goal("half of it", 0.5))
    text = f"before\n{run.BEGIN}\nan older table\n{run.END}\nafter\n"
    broken = run.Section("x", (), 1.0, "ended with 1")
    page = run.page(text, [run.Section("a", (row,), 1.0), broken], full=True, loads=(0.1, 1.2))
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
    assert "older" not in page
    assert "| half of it |" in page
    assert "Not measured: `x` ended with 1." in page
    assert run.page(page, [], full=True, loads=(0.1, 1.2)).count(run.BEGIN) == 1
    with pytest.raises(ValueError, match="lacks"):
        run.page("no marks", [], full=True, loads=(0.1, 1.2))


def test_our_page_has_the_place_for_the_table() -> None:
    text = run.PAGE.read_text(encoding="utf-8")
    assert text.count(run.BEGIN) == text.count(run.END) == 1
