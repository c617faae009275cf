"""A Dask cluster on loopback: a scheduler and workers, each a process of its own that may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.testing.servers.base import HOST, ServerUnavailable, end, home, program, run, serving

_READY_S = 30.0


@dataclass(slots=True)
class Cluster:
    """A running scheduler at ``address``; ``workers`` by name; ``client`` is the environment of who speaks to it."""

    address: str
    port: int
    directory: Path
    client: Mapping[str, str] = field(default_factory=dict)
    tls: tuple[str, ...] = ()
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *, site: str = "", env: Mapping[str, str] | None = None, threads: int = 2) -> None:
        """Start a worker and wait until the scheduler knows it."""
        words = [
            sys.executable, "-m", "distributed.cli.dask_worker", self.address.replace("dask:", "tcp:"), "--name", name,
            "--no-nanny", "--nthreads", str(threads), "--host", HOST, "--no-dashboard", "--memory-limit", "0",
            "--local-directory", str(self.directory), *self.tls,
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
def dask(*names: str, env: Mapping[str, str] | None = None, encrypted: bool = False) -> Iterator[Cluster]:
    """A scheduler with some workers, without a dashboard, at a free port of loopback; with TLS on both sides if asked.

    ``env`` is added to the environment of all of them.
    """
    with home("dask") as directory:
        tls = _certificate(directory) if encrypted else {}
        options = tuple(word for name, file in tls.items() for word in (f"--tls-{name}", file))

        def command(port: int) -> list[str]:
            return [
                sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", HOST, "--port", str(port),
                "--no-dashboard", "--no-show", *(("--protocol", "tls") if tls else ()), *options,
            ]  # fmt: skip

        with serving(command, directory / "scheduler.log", env=env) as port:
            known = {"ca-file": "CA_FILE", "cert": "CLIENT__CERT", "key": "CLIENT__KEY"}
            client = {f"DASK_DISTRIBUTED__COMM__TLS__{known[name]}": file for name, file in tls.items()}
            cluster = Cluster(f"{'tls' if tls else 'dask'}://{HOST}:{port}", port, directory, client, options)
            yield from _with_workers(cluster, names, env)


def _with_workers(cluster: Cluster, names: Sequence[str], env: Mapping[str, str] | None) -> Iterator[Cluster]:
    try:
        for name in names:
            cluster.start(name, env=env)
        yield cluster
    finally:
        for process in cluster.workers.values():
            end(process.pid, process)


def _certificate(directory: Path) -> dict[str, str]:
    """A certificate that is its own authority, for everybody; the files by what Dask's options call them."""
    openssl = program("openssl", "openssl")
    cert, key = directory / "cert.pem", directory / "key.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=dask"]
    run([openssl, *words, "-keyout", str(key), "-out", str(cert)])
    return {"ca-file": str(cert), "cert": str(cert), "key": str(key)}
