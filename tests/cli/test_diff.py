"""The command `diff`, on two real scans of a tree that changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli_command import Done


def test_two_scans_of_a_tree_that_changed(tmp_path: Path, here: Callable[..., Done], tree: Path) -> None:
    catalog = ("--catalog", str(tmp_path / "c"))
    assert here("scan", str(tree), *catalog).code == 0
    assert here("diff", *catalog).code == 2
    (tree / "a" / "one.txt").unlink()
    (tree / "a" / "three.txt").write_text("new")
    (tree / "a" / "b" / "two.txt").write_text("longer than before")
    assert here("scan", str(tree), *catalog).code == 0
    done = here("diff", "--json", *catalog)
    assert done.code == 0
    found = {(r["group"], r["path"]) for r in done.records if r["type"] == "change" and r["kind"] == "file"}
    assert found == {("removed", "a/one.txt"), ("added", "a/three.txt"), ("changed", "a/b/two.txt")}
    assert "a/three.txt" in here("diff", "1", "2", *catalog).out


def test_a_run_that_is_not_there_is_a_clear_error(tmp_path: Path, here: Callable[..., Done], tree: Path) -> None:
    catalog = ("--catalog", str(tmp_path / "c"))
    assert here("scan", str(tree), *catalog).code == 0
    done = here("diff", "7", "1", *catalog)
    assert done.code == 2
    assert "RUN_UNKNOWN" in done.err
