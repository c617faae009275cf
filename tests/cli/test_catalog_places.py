"""Where a catalog may lie, who may read it, and what happens when something of it is gone or broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_command import COMMAND, clean_environment

Here = Callable[..., Any]
COUNT = "SELECT count(*) AS n, min(scan) AS scan FROM entry"


@pytest.mark.parametrize(
    "place",
    ["plain", "with space", "it's", 'quo"te', "what?x=1#y", "scan=9", "source=x/unit=3", "c[1]*", "**", "a%20b%s",
     "\u00fcn\u00ef\U0001f600", "sqlite:///single.db", "sqlite:///what?.db", ";--", "~none", "-",
     "a:b", "deep/er/still"],
)  # fmt: skip
def test_catalog_lies_exactly_where_it_is_said_to(here: Here, tree: Path, tmp_path: Path, place: str) -> None:
    before = set(tmp_path.iterdir())
    option = f"--catalog={place}"
    assert here("scan", str(tree), option, "-q").code == 0
    assert here("query", COUNT, "--json", option).records == [{"n": 8, "scan": 1}]
    assert here("report", option, "--format", "json", "-o", "r.json").code == 0
    assert here("catalog", "check", option).code == 0
    top = place.removeprefix("sqlite:///").split("/")[0]
    made = {top, f"{top}.d", f"{top}-wal", f"{top}-shm"} if place.startswith("sqlite") else {top}
    assert {p.name for p in set(tmp_path.iterdir()) - before} - {"r.json"} <= made
    kept = tmp_path / place.removeprefix("sqlite:///")
    for file in [kept / "facts", kept / "state.db", kept / "lock"] if kept.is_dir() else [kept, tmp_path / f"{top}.d"]:
        assert file.stat().st_mode & 0o077 == 0, f"{file} is open to others"


def test_relative_catalog_of_an_estate_file_lies_beside_it(here: Here, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for number, catalog in enumerate(("cat", "sqlite:///cat.db")):
        file = tmp_path / "etc" / f"estate{number}.toml"
        file.write_text(f'catalog = "{catalog}"\n[[sources]]\nname = "x"\ntype = "file"\nroot = "{tree}"\n')
        assert here("scan", "-q", "--config", str(file)).code == 0
    assert {p.name for p in (tmp_path / "etc").iterdir()} >= {"cat", "cat.db", "cat.db.d"}
    assert not (tmp_path / "cat").exists()


def test_symlinked_catalog_is_the_one_it_leads_to(here: Here, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert here("scan", str(tree), "--catalog", "link", "-q").code == 0
    for place in ("link", "real"):
        assert here("query", COUNT, "--json", "--catalog", place).records == [{"n": 8, "scan": 1}]
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("/dev/null/x", 2), ("/proc/nowhere", 2), ("file.txt", 2), ("nl\nx", 2), ("caf\udce9", 2),
        ("mysql://h/d?inventory=/tmp", 2), ("postgresql://h/d", 2), ("postgresql://h:port/d?inventory=/tmp/x", 2),
        ("http://h/x", 2), ("x" * 300, 2),
    ],
)  # fmt: skip
def test_place_that_is_none_is_exit_2(here: Here, tree: Path, tmp_path: Path, place: str, code: int) -> None:
    (tmp_path / "file.txt").write_text("not a catalog")
    done = here("scan", str(tree), "--catalog", place)
    assert done.code == code, done.err
    assert "Error CATALOG_UNWRITABLE" in done.err
    assert "INTERNAL" not in done.err
    for command in (["report"], ["runs"], ["resume"], ["status"]):
        assert here(*command, "--catalog", place).code in {2, 10}
    assert (tmp_path / "file.txt").read_text() == "not a catalog"


@pytest.fixture
def read_only(here: Here, tree: Path, tmp_path: Path) -> Iterator[Path]:
    """A catalog on a volume mounted read-only, as from a backup or a write-protected share."""
    assert here("scan", str(tree), "--catalog", "made", "-q").code == 0
    place = tmp_path / "mounted"
    place.mkdir()
    for words in (["--bind", str(tmp_path / "made"), str(place)], ["-o", "remount,bind,ro", str(place)]):
        subprocess.run(["mount", *words], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_read_only_catalog_is_read_and_not_scanned_into(here: Here, tree: Path, read_only: Path) -> None:
    place = ["--catalog", str(read_only)]
    assert here("query", COUNT, "--json", *place).records == [{"n": 8, "scan": 1}]
    assert here("report", "-o", "r.html", *place).code == 0
    assert here("runs", "--json", *place).records[0]["state"] == "complete"
    assert here("catalog", "check", *place).code == 0
    for command in (["scan", str(tree)], ["resume"], ["test", str(tree)]):
        done = here(*command, *place)
        assert done.code == 2, command
        assert "CATALOG_UNWRITABLE" in done.err


def test_what_a_killed_scan_committed_is_read_from_a_read_only_place(
    here: Here, stocktake: Any, tree: Path, tmp_path: Path
) -> None:
    """The newest commits stand in the write-ahead file alone until somebody closes the state properly."""
    code = (
        "import os; from scanner.cli import scan; scan._tell = lambda *a: os._exit(9); "
        "from scanner.cli import main; main()"
    )
    command = [COMMAND[0], "-c", code, "scan", str(tree), "--catalog", "killed", "-q"]
    assert subprocess.run(command, cwd=tmp_path, env=clean_environment(), check=False).returncode == 9
    assert (tmp_path / "killed" / "state.db-wal").stat().st_size > 0
    shutil.copytree(tmp_path / "killed", tmp_path / "copy")
    (tmp_path / "mounted").mkdir()
    for words in (["--bind", "copy", "mounted"], ["-o", "remount,bind,ro", "mounted"]):
        subprocess.run(["mount", *words], check=True, cwd=tmp_path)
    try:
        done = here("query", COUNT, "--json", "--catalog", "mounted")
    finally:
        subprocess.run(["umount", "-l", "mounted"], check=True, cwd=tmp_path)
    assert done.records == [{"n": 8, "scan": 1}], done.err


def _parts(catalog: Path) -> list[Path]:
    return sorted(catalog.rglob("*.parquet"))


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(0, len(content), 97):
        content[place] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize("break_", [Path.unlink, _cut, _flip, lambda f: f.write_bytes(b"")])
def test_broken_part_is_exit_14_and_nothing_is_overwritten(
    here: Here, tree: Path, tmp_path: Path, break_: Callable[[Path], object]
) -> None:
    assert here("scan", str(tree), "-q").code == 0
    catalog = tmp_path / "stocktake-catalog"
    part = next(p for p in _parts(catalog) if p.name.startswith("entry-"))
    break_(part)
    left = {p: p.read_bytes() for p in _parts(catalog)}
    for command in (["report", "-o", "r.html"], ["catalog", "check"], ["query", "SELECT * FROM entry"], ["status"]):
        done = here(*command)
        assert done.code == 14, (command, done.err)
        assert "CATALOG_DAMAGED" in done.err
    assert not (tmp_path / "r.html").exists()
    assert here("scan", str(tree), "-q").code == 0, "a new scan does not lean on the old one's parts"
    assert all(file.read_bytes() == content for file, content in left.items())
    assert here("report", "-o", "r.html").code == 0


@pytest.mark.parametrize("how", ["flip", "cut", "text", "other"])
def test_broken_state_is_exit_14_and_left_alone(here: Here, tree: Path, tmp_path: Path, how: str) -> None:
    assert here("scan", str(tree), "-q").code == 0
    state = tmp_path / "stocktake-catalog" / "state.db"
    for beside in state.parent.glob("state.db-*"):
        beside.unlink()
    if how == "flip":
        content = bytearray(state.read_bytes())
        content[5000:] = bytes(b ^ 0xA5 for b in content[5000:])
        state.write_bytes(content)
    elif how == "cut":
        os.truncate(state, 4096 * 3)
    elif how == "text":
        state.write_text("this is a letter, not a database " * 500)
    else:
        state.unlink()
        subprocess.run(["sqlite3", str(state), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)"], check=True)
    before = state.read_bytes()
    for command in (["report", "-o", "r.html"], ["scan", str(tree)], ["runs"], ["resume"], ["status"], ["errors"]):
        done = here(*command)
        assert done.code == 14 or (how == "other" and done.code == 10), (command, done.code, done.err)
        assert "INTERNAL" not in done.err
    if how in {"text", "other"}:
        assert state.read_bytes() == before


def test_changed_audit_line_is_named(here: Here, tree: Path, tmp_path: Path) -> None:
    assert here("scan", str(tree), "-q").code == 0
    assert here("scan", str(tree), "-q").code == 0
    state = str(tmp_path / "stocktake-catalog" / "state.db")
    subprocess.run(["sqlite3", state, "UPDATE audit SET detail = detail || '!' WHERE id = 2"], check=True)
    done = here("audit", "verify")
    assert done.code == 14
    assert "audit line 2" in done.err


def test_newer_catalog_is_refused_untouched(here: Here, tree: Path, tmp_path: Path) -> None:
    assert here("scan", str(tree), "-q").code == 0
    state = str(tmp_path / "stocktake-catalog" / "state.db")
    subprocess.run(["sqlite3", state, "UPDATE alembic_version SET version_num = '9001'"], check=True)
    for command in (["scan", str(tree)], ["report"]):
        done = here(*command)
        assert done.code == 14
        assert "CATALOG_NEWER" in done.err


def test_runs_that_do_not_exist_are_told(here: Here, tree: Path) -> None:
    assert here("scan", str(tree), "-q").code == 0
    for run in ("0", "-1", "2", "99999999999999999999999"):
        for command in (["report", "--run", run], ["query", "SELECT 1", "--run", run], ["status", "--run", run]):
            done = here(*command)
            assert done.code == 2, command
            assert "RUN_UNKNOWN" in done.err
        assert here("resume", "--", run).code == 2
    assert here("resume", "1", "--only", "NO_SUCH_CODE").code == 2
    assert here("resume", "1", "--json").records[-1]["code"] == 0, "a complete run has nothing left"


def test_reports_during_a_scan_read_what_was_committed(here: Here, stocktake: Any, tree: Path, tmp_path: Path) -> None:
    for n in range(120):
        (tmp_path / "slow" / f"d{n}").mkdir(parents=True)
    (tmp_path / "estate.toml").write_text(
        f"[[sources]]\nname = 'slow'\ntype = 'file'\nroot = '{tmp_path / 'slow'}'\nrequests_per_s = 40\n"
    )
    assert here("scan", str(tree), "-q").code == 0
    scan = stocktake.start("scan", "-q")
    seen = []
    while scan.poll() is None:
        done = here("report", "--format", "json", "-o", "r.json")
        assert done.code == 0, done.err
        seen.append(len(json.loads(Path("r.json").read_text())["sources"]))
    scan.communicate()
    assert scan.returncode == 0
    assert seen[0] >= 1
    assert len(seen) >= 2
