"""The command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every line of stdout as JSON; fails where one is none. Names may hold what Unicode calls a line's end."""
        return [json.loads(line) for line in self.out.split("\n") if line]

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
