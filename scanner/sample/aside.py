"""Extraction in processes aside: hostile content may hang, crash or swell, and costs itself alone.

A few helpers serve every source of this process, each one file at a time; a helper is started when there is something
to do, and replaced when it was lost.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from scanner.codes import CODES
from scanner.extractors import registry
from scanner.model import OPS
from scanner.sample.archive import UNPACKED, is_archive
from scanner.sample.helper import END, ORDER, ROOM, WORN_OUT, Gone, Slate, receive
from scanner.sample.quoting import DOING, FAULT, ROW

SECONDS = 20.0
"""Time for a file of any length."""
SECONDS_A_MIB = 1.0
"""Time for each MiB of it besides, or of what may be unpacked of it."""
_GRACE_S = 5.0
"""Seconds after which a helper that outlived its own limit is killed from here."""
READING = "reading"
"""What a helper does before it looks into a file's content."""
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD")
_MAIN = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from scanner.sample.archive import UNPACKED, is_archive
from scanner.sample.helper import main
main({}, {}, {}, sys.argv[2])"""


@dataclass(slots=True)
class Answer:
    """What a file gave: rows of mentions, each with the extractor's id at its end, and faults as op, code, detail."""

    rows: list[list[Any]] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    doing: str = READING
    """What was being done last."""

    @property
    def begun(self) -> bool:
        """Whether the content was looked into; a helper that was lost before was not lost over it."""
        return self.doing != READING or not any(code == "EXTRACTOR_FAILED" for _, code, _ in self.faults)

    def take(self, records: list[list[Any]]) -> None:
        """Take what a helper wrote. Raises ValueError, TypeError."""
        for kind, *values in records:
            if kind == ROW:
                self.rows.append(values)
            elif kind == FAULT:
                op, code, detail = (str(v) for v in values)
                self.faults.append((op, code if code in CODES and op in OPS else "EXTRACTOR_FAILED", detail))
            elif kind == DOING:
                (self.doing,) = values


class Helper:
    """One child process and the socket to it."""

    def __init__(self, memory_mib: int) -> None:
        slate = os.memfd_create("answers")
        os.ftruncate(slate, ROOM)
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, buffer, 1 << 20)
        environment = {k: v for k, v in os.environ.items() if k in _KEPT or k.startswith("PYTHON")}
        paths = [os.path.abspath(p) for p in sys.path]  # noqa: PTH100 - '' stands for the working folder
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _MAIN.format(theirs.fileno(), slate, memory_mib), json.dumps(paths),
                 ",".join(registry.FAMILIES)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                pass_fds=[theirs.fileno(), slate], env=environment, start_new_session=True,
            )  # fmt: skip
        self._sock = ours
        self._slate = Slate(slate)
        self.memory_mib = memory_mib
        self.fit = True
        """Whether it can take another file."""
        self._closed = False

    def ask(self, path: str, content: bytes | bytearray, *, complete: bool) -> Answer:
        """Have one file quoted; where the helper is lost over it, what it had told stands, with a fault that says so.

        Raises:
            OSError: it was gone before it was asked.
        """
        length = UNPACKED if is_archive(path) else len(content)
        seconds = SECONDS + SECONDS_A_MIB * length / (1 << 20)
        head = json.dumps({"path": path, "complete": complete, "seconds": seconds}).encode()
        self._slate.clear()
        self._sock.settimeout(seconds + _GRACE_S)
        self._sock.sendall(ORDER.pack(len(head), len(content)) + head)
        said = b""
        with contextlib.suppress(Gone, OSError):
            self._sock.sendall(content)
            said = bytes(receive(self._sock, 1))
        self.fit = said == END
        answer = Answer()
        try:
            answer.take(self._slate.read())
        except (ValueError, TypeError, RecursionError) as error:  # it was led to write what no helper writes
            answer.faults.append(("read", "EXTRACTOR_FAILED", f"{answer.doing}: {type(error).__name__}"))
        if said not in {END, WORN_OUT}:
            answer.faults.append(("read", *self._end(answer.doing, seconds)))
        return answer

    def _end(self, doing: str, seconds: float) -> tuple[str, str]:
        """Be done with it; returns the code and the words for how it was lost."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        code = self.process.poll()
        self.close()
        if code in {None, -signal.SIGALRM}:
            return "CONTENT_LIMIT", f"{doing}: no end within {seconds:,.0f} s"
        return "EXTRACTOR_FAILED", f"{doing}: its process ended with {code}"

    def close(self) -> None:
        """End it; it holds nothing that would have to be put in order. May be called twice."""
        self.fit = False
        if self._closed:
            return
        self._closed = True
        self._sock.close()
        self._slate.close()
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE_S)


class Helpers:
    """As many helpers as there are processors; whoever finds none free waits."""

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)
        self._idle: list[Helper] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def ask(self, path: str, content: bytes | bytearray, *, complete: bool, memory_mib: int) -> Answer:
        """Have a file quoted by one that is free. Raises OSError where no process can be had."""
        with self._free:
            helper, answer = self._taken(memory_mib), None
            try:
                with contextlib.suppress(OSError):
                    answer = helper.ask(path, content, complete=complete)
                if answer is None or not answer.begun:  # it died in its sleep, or as it woke: a new one, once
                    helper.close()
                    helper = Helper(memory_mib)
                    answer = helper.ask(path, content, complete=complete)
            except BaseException:
                helper.close()
                raise
            if helper.fit:
                with self._lock:
                    self._idle.append(helper)
            else:
                helper.close()
            return answer

    def _taken(self, memory_mib: int) -> Helper:
        with self._lock:
            if self._owner != os.getpid():  # forked: they are the other process's
                self._idle, self._owner = [], os.getpid()
            for helper in self._idle:
                if helper.memory_mib == memory_mib:
                    self._idle.remove(helper)
                    return helper
            stale = self._idle.pop() if self._idle else None
        if stale is not None:
            stale.close()
        return Helper(memory_mib)

    def close(self) -> None:
        """End those that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            if self._owner == os.getpid():
                helper.close()


HELPERS = Helpers(max(2, os.cpu_count() or 2))
"""Those of this process."""
atexit.register(HELPERS.close)
