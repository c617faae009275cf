"""The command as a person runs it: in a process of its own, or within this one where many calls are to be made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scanner import secrets
from scanner.cli.app import run
from scanner.cli.output import Output
from scanner.testing import servers

COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]
REPOSITORY = Path(__file__).parents[2]
WRONG = "wr0ng/c4nary+Pw=7!"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every line of stdout as JSON; fails where one is none."""
        return [json.loads(line) for line in self.out.splitlines()]

    def error(self) -> dict[str, Any]:
        """The first error record."""
        return next(r for r in self.records if r.get("type") == "error")


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change how the command speaks."""
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "STOCKTAKE_CATALOG", "COLUMNS"}}
    return kept | {"PYTHONPATH": str(REPOSITORY)} | more


class Stocktake:
    """Runs the command in a process of its own, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str | bytes, timeout: float = 100, **environment: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *arguments], capture_output=True, check=False, timeout=timeout, cwd=self.folder,
            env=clean_environment(**environment), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the command, in a session of its own."""
        return subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
            env=clean_environment(**environment), start_new_session=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip


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
