"""One side of a comparison: how it is started, watched from outside, and what it took and saw."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

STOCKTAKE = (sys.executable, "-c", "from scanner.cli import main; main()")
"""The command, without a line of options."""
SAMPLE_S, SHARES_S = 0.02, 0.25
"""How often memory is looked at, and how often at least with shared pages divided (which costs more to read)."""
GROWN = 1.02
"""Shared pages are divided anew as soon as the plain sum has grown by this."""
MIB = 1024 * 1024
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class FailedError(Exception):
    """A side ended with an error, or not in time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a side found: how many, and a digest of which where both can tell; without one only counts are compared."""

    count: int
    digest: str | None = None

    def same(self, other: Seen) -> bool:
        """Whether two sides saw the same, as far as both can tell."""
        unknown = self.digest is None or other.digest is None
        return self.count == other.count and (unknown or self.digest == other.digest)


def of(items: Iterable[bytes]) -> Seen:
    """Count and digest of things seen, whatever their order; one seen twice is not the same as seen once."""
    count = total = 0
    for item in items:
        count += 1
        total += int.from_bytes(hashlib.blake2b(item, digest_size=16).digest(), "big")
    return Seen(count, f"{total % (1 << 128):032x}")


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do the work: a command line, or a callable that a fresh process can import.

    A command is timed whole, its start included; a callable is timed around the call, so that the start of Python and
    ``ready`` (imports, say), called before it in the same process, are not. ``before`` and ``seen`` run here, outside
    the time measured. ``seen`` gets the standard output (bytes) of a command or what the callable returned; a callable
    that returns a Seen needs none.
    """

    name: str
    run: Sequence[str | os.PathLike[str]] | Callable[[], Any]
    seen: Callable[[Any], Seen] | None = None
    before: Callable[[], object] | None = None
    ready: Callable[[], object] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    codes: frozenset[int] = frozenset({0})
    limit_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of one side took and saw."""

    seconds: float
    cpu_s: float
    peak_mib: float
    seen: Seen


class Watch:
    """Looks at a process and all that descend from it: peak memory of all together, processor time of each."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._root, self._cpu = pid, dict[int, float]()
        self._shared_at, self._plain_then = 0.0, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    @property
    def cpu_s(self) -> float:
        """User and system seconds of every process ever seen, as last seen."""
        return sum(self._cpu.values())

    def close(self) -> None:
        """Look no longer."""
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        known = {self._root}
        while not self._ended.wait(SAMPLE_S):
            known = self.look(known)

    def look(self, known: set[int]) -> set[int]:
        """Look once at the processes known and their children; returns those that live. Orphans stay known."""
        alive, waiting, plain = set[int](), list(known), 0
        while waiting:
            pid = waiting.pop()
            try:
                stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
                pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
                children = [n for each in Path(f"/proc/{pid}/task").iterdir() for n in _children(each)]
            except OSError:  # it has ended meanwhile
                continue
            alive.add(pid)
            self._cpu[pid] = (int(stat[11]) + int(stat[12])) / _TICKS
            plain += pages * _PAGE
            waiting += [child for child in children if child not in alive]
        now = time.monotonic()
        if plain > self._plain_then * GROWN or now - self._shared_at > SHARES_S:
            self._shared_at, self._plain_then = now, plain
            self.peak = max(self.peak, sum(_share(pid) for pid in alive))
        return alive


def _children(thread: Path) -> list[int]:
    return [int(n) for n in (thread / "children").read_bytes().split()]


def _share(pid: int) -> int:
    """Bytes of a process, a page shared by several divided among them (Pss); 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), 0)


def once(side: Side) -> Run:
    """One run of one side, measured."""
    if side.before:
        side.before()
    told, seconds, cpu_s, peak = _call(side) if callable(side.run) else _command(side)
    seen = side.seen(told) if side.seen else told
    if not isinstance(seen, Seen):
        raise TypeError(f"{side.name}: what it saw is no Seen: {seen!r:.80}")
    return Run(seconds, cpu_s, peak / MIB, seen)


def _env(side: Side) -> dict[str, str]:
    """Ours, but modules may be compiled, as where they are installed: the warm-up pays for it once."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict(side.env)


def _command(side: Side) -> tuple[bytes, float, float, int]:
    """Run a command; its output goes through a file, so that no reader here holds it up."""
    assert not callable(side.run)
    room = "/dev/shm" if Path("/dev/shm").is_dir() else None  # in memory: the disk is not what is measured
    with tempfile.TemporaryFile(dir=room) as out, tempfile.TemporaryFile() as err:
        words, env = [os.fspath(word) for word in side.run], _env(side)
        started = time.perf_counter()
        child = subprocess.Popen(words, stdout=out, stderr=err, env=env, cwd=side.cwd, start_new_session=True)
        watch, timer = Watch(child.pid), threading.Timer(side.limit_s, os.killpg, (child.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, used = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - started
        finally:
            timer.cancel()
            watch.close()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in side.codes:
            err.seek(0)
            said = err.read()[-2000:].decode(errors="replace")
            raise FailedError(f"{side.name} ended with {child.returncode} after {seconds:.1f} s: {said}")
        out.seek(0)
        # The parent's figure covers the children it waited for, the other what was seen of those it did not.
        return out.read(), seconds, max(used.ru_utime + used.ru_stime, watch.cpu_s), watch.peak


def _call(side: Side) -> tuple[Any, float, float, int]:
    """Run a callable in a fresh interpreter, with the side's environment."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe(duplex=False)
    child = context.Process(target=_inside, args=(side.run, side.ready, dict(side.env), side.cwd, far))
    kept = os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    child.start()
    if kept is not None:
        os.environ["PYTHONDONTWRITEBYTECODE"] = kept
    far.close()
    assert child.pid
    watch = Watch(child.pid)
    try:
        if not near.poll(side.limit_s):
            raise FailedError(f"{side.name} was still running after {side.limit_s:.0f} s")
        told = near.recv()
    except EOFError:
        child.join()
        raise FailedError(f"{side.name} died: {child.exitcode}") from None
    finally:
        watch.close()
        child.join(5)
        if child.is_alive():
            os.killpg(child.pid, signal.SIGKILL)
            child.join()
    if isinstance(told, str):
        raise FailedError(f"{side.name}: {told}")
    answer, seconds, cpu_s = told
    return answer, seconds, cpu_s, watch.peak


def _inside(
    run: Callable[[], Any],
    ready: Callable[[], object] | None,
    env: dict[str, str],
    cwd: Path | None,
    told: Connection,
) -> None:
    """The fresh process: do the work, tell what came of it and what it took."""
    os.setsid()  # so that it can be ended with all it starts
    os.environ.update(env)
    if cwd:
        os.chdir(cwd)
    try:
        if ready:
            ready()
        before, started = sum(os.times()[:4]), time.perf_counter()
        answer = run()
        seconds, cpu_s = time.perf_counter() - started, sum(os.times()[:4]) - before
        told.send((answer, seconds, cpu_s))
    except Exception:  # noqa: BLE001 - whatever it was, the other process tells it
        told.send(traceback.format_exc())
