"""The command `access`: what is open, and what one account comes to, from a real scan of a tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_command import Done


@pytest.fixture
def access(tmp_path: Path, here: Callable[..., Done]) -> Callable[..., Done]:
    """Asks of a tree with an open folder, and another beneath one that lets nobody through."""
    tree = tmp_path / "tree"
    (tree / "pub").mkdir(parents=True)
    (tree / "shut" / "open").mkdir(parents=True)
    for folder, mode in ((tree, 0o755), (tree / "pub", 0o777), (tree / "shut", 0o700), (tree / "shut" / "open", 0o777)):
        folder.chmod(mode)
    catalog = str(tmp_path / "c")
    assert here("scan", str(tree), "--catalog", catalog).code == 0
    return lambda *arguments: here("access", *arguments, "--catalog", catalog)


def test_what_is_open_is_told_with_what_takes_it_back(access: Callable[..., Done]) -> None:
    found = {r["path"]: (r["rights"], r["barred"]) for r in access("--json").records if r["type"] == "opening"}
    assert found["pub"] == (["read", "write", "list", "execute"], "")
    assert found["shut/open"] == (["read", "write", "list", "execute"], "nobody else may pass through shut")
    assert found[""] == (["read", "list", "execute"], "")
    assert "shut/open" in access().out


def test_one_account_comes_to_what_its_name_says(access: Callable[..., Done], tmp_path: Path) -> None:
    owner = tmp_path.owner()
    mine = {r["path"]: r["rights"] for r in access(owner.upper(), "--json").records if r["type"] == "access"}
    assert "write" in mine["shut"]
    strangers = {r["path"]: r["rights"] for r in access("nobody-at-all", "--json").records if r["type"] == "access"}
    assert strangers["shut"] == []
    assert "write" in strangers["pub"]


def test_an_unknown_store_is_a_clear_error(access: Callable[..., Done]) -> None:
    done = access("--store", "nowhere")
    assert done.code == 2
    assert "nowhere is no store" in done.err
