"""What every server shares: a directory, a port, a process group, and an end that leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
UNPRIVILEGED = "games"
"""An account that every Debian has and that owns nothing: servers and clients without privilege run as it."""
PASSWORD = "c4nary/Pw+1!"
"""The password of every account made here: a canary whose plain, quoted and base64 forms all differ."""

_READY_S = 30.0
_STOP_S = 10.0
_POLL_S = 0.05
_TRIES = 5


class ServerUnavailable(Exception):  # noqa: N818 - reads as what it says
    """A server cannot run here: its program is missing, it may not run without root, or it died at the start."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, how to log in, where it keeps its things, and its log."""

    host: str
    port: int
    user: str
    password: str
    directory: Path
    log: Path


def program(name: str, package: str, *patterns: str) -> str:
    """Path of a program on PATH, or the newest match of a glob pattern; else the Debian package to install."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
    found = shutil.which(name, path=path)
    if found:
        return found
    for pattern in patterns:
        matches = sorted(Path("/").glob(pattern.lstrip("/")), key=lambda p: [int(n) for n in p.parts if n.isdigit()])
        if matches:
            return str(matches[-1])
    raise ServerUnavailable(f"{name} is not installed: apt-get install {package}")


def need_root(what: str) -> None:
    """Refuse early where a server could not set itself up."""
    if os.geteuid() != 0:
        raise ServerUnavailable(f"{what} is started as root (it changes to other accounts by itself)")


def as_user(user: str = UNPRIVILEGED) -> list[str]:
    """The command prefix that gives up root for good."""
    return [program("setpriv", "util-linux"), f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def give(place: Path, user: str = UNPRIVILEGED) -> None:
    """Make an account the owner of a place."""
    shutil.chown(place, user, user)


@contextlib.contextmanager
def home(kind: str) -> Iterator[Path]:
    """A directory that other accounts can enter, gone afterwards with all it holds."""
    directory = Path(tempfile.mkdtemp(prefix=f"stocktake-{kind}-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def run(
    command: Sequence[str], *, text: str = "", timeout_s: float = 60.0, env: Mapping[str, str] | None = None
) -> str:
    """Run a helper program to its end and return what it printed; its failure carries its last words."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **(env or {})},
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-2000:]
        raise ServerUnavailable(f"{Path(command[0]).name} ended with {done.returncode}: {words}")
    return done.stdout


@contextlib.contextmanager
def serving(
    command: Callable[[int], Sequence[str]],
    log: Path,
    *,
    host: str = HOST,
    port: int | None = None,
    stop: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Start what ``command`` builds for a port, wait until it accepts connections, give the port, end it.

    The server leads a session of its own, so that its signals never reach whoever started it. A port taken by somebody
    else in between is tried again with another, unless ``port`` asks for one. ``host`` is the address it listens at.
    """
    for attempt in range(_TRIES):
        at = port or free_port()
        words = command(at)
        with log.open("ab") as sink:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=log.parent,
                env={**os.environ, **(env or {})},
            )
        try:
            if _accepts(process, host, at):
                yield at
                return
            said = log.read_text(errors="replace")[-2000:].strip()
        finally:
            end(process.pid, process, stop)
        if port or "in use" not in said or attempt == _TRIES - 1:
            raise ServerUnavailable(f"{Path(words[0]).name} did not come up: {said}")


def _accepts(process: subprocess.Popen[bytes], host: str, port: int) -> bool:
    deadline = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return process.poll() is None
        time.sleep(_POLL_S)
    return False


def end(group: int, process: subprocess.Popen[bytes] | None = None, stop: signal.Signals = signal.SIGTERM) -> None:
    """End a process group that was started here: ask, wait, then insist; returns when none of it is left."""
    for wanted in (stop, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, wanted)
        deadline = time.monotonic() + _STOP_S
        while _living(group) and time.monotonic() < deadline:
            if process is not None:
                process.poll()
            time.sleep(_POLL_S)
        if not _living(group):
            break
    if process is not None:
        process.wait(_STOP_S)


def _living(group: int) -> bool:
    """Whether any process of the group still runs; those that only wait to be reaped by init do not count."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


def naming(path: Path) -> Iterator[int]:
    """Process ids of whatever was started with ``path``, or something beneath it, on its command line."""
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(path) in cmdline.read_bytes():
                yield int(cmdline.parent.name)
