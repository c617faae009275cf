"""A tree scanned again and again by the command: what did not change is kept once, and still told in full."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_command import Done


def _facts(catalog: Path) -> dict[str, int]:
    return {str(f.relative_to(catalog)): f.stat().st_size for f in (catalog / "facts").rglob("*.parquet")}


@pytest.mark.timeout(400)
def test_an_unchanged_tree_is_kept_once_and_a_report_tells_what_changed(
    tmp_path: Path, here: Callable[..., Done]
) -> None:
    tree, catalog = tmp_path / "store", tmp_path / "catalog"
    for folder in ("a", "b/c"):
        (tree / folder).mkdir(parents=True)
        for n in range(30):
            (tree / folder / f"file {n}").write_bytes(b"x" * n)
    where = ("--catalog", str(catalog))
    for _ in range(2):
        assert here("scan", str(tree), "-q", *where).code == 0
    entries = here("query", "SELECT * EXCLUDE (scan, unit) FROM entry ORDER BY path", *where).out
    assert here("scan", str(tree), "-q", *where).code == 0
    before = _facts(catalog)
    assert here("scan", str(tree), "-q", *where).code == 0
    after = _facts(catalog)
    assert {n for n in after if "/entry-" in n} == {n for n in before if "/entry-" in n}
    assert not any("/scan-" in n for n in after)
    assert here("query", "SELECT * EXCLUDE (scan, unit) FROM entry ORDER BY path", *where).out == entries
    assert here("catalog", "check", *where).code == 0
    (tree / "b" / "new").write_bytes(b"y" * 9)
    (tree / "a" / "file 3").unlink()
    assert here("scan", str(tree), "-q", *where).code == 0
    told = json.loads(here("report", "--format", "json", *where).out)["changes"]
    assert (told["old"], told["new"]) == (4, 5)
    assert {(c["group"], c["path"]) for c in told["list"]} >= {("added", "b/new"), ("removed", "a/file 3")}
