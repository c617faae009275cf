"""A Dask cluster on loopback: a scheduler and workers, each a process of its own that may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scanner.testing.servers.base import HOST, ServerUnavailable, end, home, serving

_READY_S = 30.0


@dataclass(slots=True)
class Cluster:
    """A running scheduler at ``address``; ``workers`` by name."""

    address: str
    port: int
    directory: Path
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *, site: str = "", env: Mapping[str, str] | None = None, threads: int = 2) -> None:
        """Start a worker and wait until the scheduler knows it."""
        words = [
            sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://{HOST}:{self.port}", "--name", name,
            "--no-nanny", "--nthreads", str(threads), "--host", HOST, "--no-dashboard", "--memory-limit", "0",
            "--local-directory", str(self.directory),
        ]  # fmt: skip
        if site:
            words += ["--resources", f"site-{site}=1"]
        with (self.directory / f"{name}.log").open("ab") as log:
            self.workers[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.directory,
                env={**os.environ, **(env or {})},
            )  # fmt: skip
        deadline = time.monotonic() + _READY_S
        while "Registered to" not in (text := self.log(name)):
            if self.workers[name].poll() is not None or time.monotonic() > deadline:
                raise ServerUnavailable(f"the worker did not come up: {text[-2000:]}")
            time.sleep(0.05)

    def log(self, name: str) -> str:
        """What a worker has said."""
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """Kill a worker outright, with all that it started in its group."""
        process = self.workers.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def dask(*names: str, env: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A scheduler with some workers, without a dashboard, at a free port of loopback."""

    def command(port: int) -> list[str]:
        return [
            sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", HOST, "--port", str(port),
            "--no-dashboard", "--no-show",
        ]  # fmt: skip

    with home("dask") as directory, serving(command, directory / "scheduler.log", env=env) as port:
        cluster = Cluster(f"dask://{HOST}:{port}", port, directory)
        try:
            for name in names:
                cluster.start(name, env=env)
            yield cluster
        finally:
            for process in cluster.workers.values():
                end(process.pid, process)
