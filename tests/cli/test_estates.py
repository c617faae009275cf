"""Odd estates: many sources, none, overlapping, failing, of one name; thresholds; resumes under other conditions."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_command import COMMAND, clean_environment

from scanner.testing import servers

Here = Callable[..., Any]
Estate = Callable[..., Path]


def file_source(root: Path, name: str = "files", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "file", "root": str(root), **more}


def count(here: Here, where: str = "true") -> int:
    return int(here("query", f"SELECT count(*) AS n FROM entry WHERE {where}", "--json").records[0]["n"])


@pytest.mark.parametrize("many", [300, pytest.param(10_000, marks=pytest.mark.full)])
@pytest.mark.timeout(900)
def test_many_sources_are_all_done(here: Here, estate: Estate, tree: Path, many: int) -> None:
    for n in range(many):
        (tree / f"s{n}").mkdir()
    places = (file_source(tree / f"s{n}", f"s{n}") for n in range(many))
    estate(*places, file_source(Path("/no/such"), "gone"), file_source(tree / "a", "a"))
    began = time.monotonic()
    assert here("config", "validate").code == 0
    assert time.monotonic() - began < 5 + many / 500
    done = here("scan", "-q", "--json")
    assert done.code == 2
    states = [r["state"] for r in done.records if r["type"] == "source"]
    assert sorted(set(states)) == ["complete", "failed"]
    assert states.count("complete") == many + 1
    assert count(here) == 3


def test_report_of_nothing_but_failed_sources_says_so(here: Here, estate: Estate) -> None:
    estate(file_source(Path("/no/such"), "one"), file_source(Path("/nor/this"), "two"))
    assert here("scan", "-q").code == 2
    assert here("report", "-o", "r.html", "-q").code == 0
    page = Path("r.html").read_text()
    assert "ROOT_MISSING" in page
    done = here("report", "--format", "json")
    result = json.loads(done.out)
    assert {s["state"] for s in result["sources"]} == {"failed"}
    assert "ready" not in {best["state"] for best in result["readiness"]["best"].values()}
    assert here("report", "--format", "graphml", "-o", "g.xml").code == 0
    assert here("status").code == 0


def test_two_sources_of_one_name_and_one_place_named_twice(here: Here, estate: Estate, tree: Path) -> None:
    estate(file_source(tree), file_source(tree))
    done = here("scan")
    assert done.code == 2
    assert "two sources are named 'files'" in done.err
    estate(file_source(tree))
    done = here("scan", "files", str(tree), str(tree) + "/", "files", "--json")
    assert done.records[0]["sources"] == ["files", str(tree)]
    assert "OVERLAP" in {r.get("error_code") for r in done.records if r["type"] == "source"}
    assert count(here) == 8


def test_fault_011_overlapping_roots_are_scanned_once_and_told(here: Here, estate: Estate, tree: Path) -> None:
    estate(file_source(tree, "outer"), file_source(tree / "a", "inner"))
    assert here("scan", "-q").code == 0
    assert count(here, "source = 'outer'") == 5
    assert count(here, "source = 'inner'") == 3
    assert "inner" in here("errors", "--code", "OVERLAP").out


def test_policy_thresholds_are_exit_4(here: Here, estate: Estate, tree: Path) -> None:
    estate(file_source(tree), file_source(Path("/no/such"), "gone"))
    assert here("scan", "-q").code == 2
    for policy, code in (("min_coverage = 1.0", 4), ("min_coverage = 0.01", 0), ("max_not_ready = 1000", 0)):
        estate(file_source(tree), file_source(Path("/no/such"), "gone"), top=f"[policy]\n{policy}")
        done = here("report", "--format", "json", "-o", "r.json", "--json")
        assert done.code == code, policy
        assert done.records[-1]["code"] == code


def test_hours_that_are_over_are_exit_16_and_resume_goes_on(here: Here, estate: Estate, tree: Path) -> None:
    hour = time.localtime().tm_hour
    closed = f"{(hour + 2) % 24:02}:00-{(hour + 3) % 24:02}:00"
    (tree.parent / "other").mkdir()
    (tree.parent / "other" / "file").touch()
    estate(file_source(tree, hours=closed), file_source(tree.parent / "other", "open"))
    done = here("scan")
    assert done.code == 16
    assert "HOURS" in done.err
    assert count(here) == 1
    estate(file_source(tree), file_source(tree.parent / "other", "open"))
    assert here("resume", "-q").code == 0
    assert count(here) == 9


class TestResume:
    def test_needs_no_estate_file_and_no_place_of_its_own(
        self, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = tmp_path / "later"
        assert here("scan", "./later", "--catalog", "c", "-q").code == 2
        place.mkdir()
        (place / "file").touch()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        done = here("resume", "--catalog", str(tmp_path / "c"))
        assert done.code == 0, done.err
        assert here("resume", "--catalog", str(tmp_path / "c")).code == 0

    def test_takes_the_corrected_reference_of_the_estate_file(
        self, here: Here, estate: Estate, tree: Path, sshd: servers.Sshd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = {"name": "ssh", "type": "sftp", "host": sshd.host, "port": sshd.port, "user": "clerk",
                  "host_key": sshd.fingerprint}  # fmt: skip
        monkeypatch.setenv("STOCKTAKE_RIGHT", servers.PASSWORD)
        estate({**source, "password": "env:STOCKTAKE_UNSET"}, file_source(tree))
        assert here("scan", "-q").code == 2
        estate({**source, "password": "env:STOCKTAKE_RIGHT"}, file_source(tree))
        assert here("resume", "-q").code == 0
        estate({**source, "password": "env:STOCKTAKE_UNSET", "path": "/elsewhere"})
        assert here("resume", "1", "-q").code == 0, "another place is another source"

    def test_only_leaves_other_failures_alone(self, here: Here, estate: Estate, tree: Path, tmp_path: Path) -> None:
        (tmp_path / "late").mkdir()
        estate(file_source(Path("/no/such"), "gone"), file_source(tree))
        assert here("scan", "-q").code == 2
        attempts = "SELECT logins AS n FROM source WHERE name = 'gone'"
        assert here("query", attempts, "--json").records == [{"n": 1}]
        assert here("resume", "--only", "DENIED", "-q").code == 3
        assert here("query", attempts, "--json").records == [{"n": 1}]
        assert here("resume", "--only", "ROOT_MISSING", "-q").code == 2
        assert here("query", attempts, "--json").records == [{"n": 2}]

    def test_denied_folder_is_repeated_once_it_is_granted(self, here: Here) -> None:
        with servers.base.home("denied") as folder:
            root = folder / "share"
            for name in ("open", "closed"):
                (root / name).mkdir(parents=True)
                (root / name / "file").touch()
            (root / "closed").chmod(0)
            done = _unprivileged(folder, "scan", str(root), "--catalog", "c")
            assert done.returncode == 3, done.stderr
            assert "DENIED" in done.stderr
            assert "stocktake resume --catalog c 1 --only DENIED" in done.stderr
            (root / "closed").chmod(0o755)
            done = _unprivileged(folder, "resume", "--catalog", "c", "1", "--only", "DENIED")
            assert done.returncode == 0, done.stderr
            sql = "SELECT path FROM entry ORDER BY 1"
            rows = here("query", sql, "--json", "--catalog", str(folder / "c")).records
        assert [r["path"] for r in rows] == ["closed", "closed/file", "open", "open/file"]


def _unprivileged(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command without root's right to look past permissions; still root, so it can read this very checkout."""
    bounded = [servers.base.program("setpriv", "util-linux"), "--bounding-set=-dac_override,-dac_read_search"]
    return subprocess.run(
        [*bounded, *COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=folder,
        env=clean_environment(HOME=str(folder)), timeout=60,
    )  # fmt: skip


def test_demo_that_meets_an_older_one_leaves_it_alone(here: Here, tmp_path: Path) -> None:
    (tmp_path / "taken" / "estate").mkdir(parents=True)
    (tmp_path / "taken" / "estate" / "mine.txt").write_text("mine")
    done = here("demo", "taken")
    assert done.code == 2
    assert (tmp_path / "taken" / "estate" / "mine.txt").read_text() == "mine"
