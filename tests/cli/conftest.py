"""The command as a person runs it: in a process of its own, or within this one where many calls are to be made."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cli_command import Done, Stocktake

from scanner import secrets
from scanner.cli.app import run
from scanner.cli.output import Output
from scanner.testing import servers

WRONG = "wr0ng/c4nary+Pw=7!"


@pytest.fixture(scope="session")
def samba() -> Iterator[servers.Samba]:
    """A server that logs refused passwords."""
    with servers.samba(options=" log level = 1 auth:3") as server:
        yield server


@pytest.fixture
def stocktake(tmp_path: Path) -> Stocktake:
    return Stocktake(tmp_path)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs the command within this process, in ``tmp_path``."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "STOCKTAKE_CATALOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Done:
        capfd.readouterr()
        code = run(list(arguments), Output(as_json="--json" in arguments, debug="--debug" in arguments))
        sys.stdout.flush()
        return Done(code, *capfd.readouterr())

    return call


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Six names, three of them of the kind that would rewrite a terminal."""
    root = tmp_path / "tree"
    (root / "a" / "b").mkdir(parents=True)
    for name in ("a/one.txt", "a/b/two.txt", "esc\x1b[31mred", "line\nfeed", "bidi\u202egnp.exe", "caf\udce9"):
        (root / name).write_text("x")
    return root


@pytest.fixture
def wrong_password(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A password nobody has, in STOCKTAKE_WRONG; the scrubber forgets it afterwards."""
    monkeypatch.setenv("STOCKTAKE_WRONG", WRONG)
    monkeypatch.setenv("STOCKTAKE_RIGHT", servers.PASSWORD)
    yield WRONG
    secrets.forget()


def write_estate(folder: Path, *sources: dict[str, Any], top: str = "", file: str = "estate.toml") -> Path:
    """An estate file of sources given as values."""
    text = f"version = 1\n{top}\n"
    for source in sources:
        text += "\n[[sources]]\n" + "".join(f"{k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in source.items())
    place = folder / file
    place.write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def estate(tmp_path: Path) -> Callable[..., Path]:
    def write(*sources: dict[str, Any], **more: str) -> Path:
        return write_estate(tmp_path, *sources, **more)

    return write
