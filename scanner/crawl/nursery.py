"""The parent's side of the nursery: children that start in milliseconds and are killed without being waited for."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD", "TMPDIR")
_MAIN = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from scanner.crawl.child import main; main({})"


@dataclass(slots=True)
class Born:
    """A child: the socket to it, what it prints, and where its end will be told."""

    number: int
    sock: socket.socket
    noise: int
    end: int

    def ended(self, wait_s: float) -> int | None:
        """Its exit code, negative for a signal; None when that is not known within the time."""
        poll = select.poll()
        poll.register(self.end, select.POLLIN)
        if not poll.poll(round(wait_s * 1000)):
            return None
        text = os.read(self.end, 32)
        return int(text) if text else None

    def close(self) -> None:
        """Let go of every descriptor; the child, if it is alive, finds its parent gone."""
        self.sock.close()
        for fd in (self.noise, self.end):
            os.close(fd)


class Nursery:
    """One process that has loaded what children need, and forks them; started when first needed."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def warm(self, module: str) -> None:
        """Start it in the background, and have it load a module its children will need; nobody waits for that."""
        with contextlib.suppress(OSError), self._lock:
            self._ensure().send(json.dumps({"do": "load", "module": module}).encode())

    def bear(self, memory_mib: int) -> Born:
        """A new child with a limit on its address space."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        noise, noise_in = os.pipe2(os.O_CLOEXEC)
        end_out, end_in = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(noise, False)
        number = next(self._numbers)
        order = {"do": "start", "child": number, "memory_mib": memory_mib}
        try:
            self._send(order, [theirs.fileno(), noise_in, end_in])
        finally:
            theirs.close()
            os.close(noise_in)
            os.close(end_in)
        return Born(number, ours, noise, end_out)

    def kill(self, child: Born) -> None:
        """Have a child killed, with all that it started; nobody waits for it: it may be beyond even that."""
        with contextlib.suppress(OSError), self._lock:
            if self._control is not None:
                self._control.send(json.dumps({"do": "kill", "child": child.number}).encode())

    def close(self) -> None:
        """End it and all its children."""
        with self._lock:
            self._drop()

    def _send(self, order: dict[str, object], fds: list[int]) -> None:
        message = json.dumps(order).encode()
        with self._lock:
            try:
                socket.send_fds(self._ensure(), [message], fds)
            except OSError:  # it was killed: a new one
                self._drop()
                socket.send_fds(self._ensure(), [message], fds)

    def _ensure(self) -> socket.socket:
        if self._control is not None and self._owner == os.getpid():
            return self._control
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {k: v for k, v in os.environ.items() if k in _KEPT or k.startswith("PYTHON")}
        # Arrow's own allocators reserve a GiB of addresses, of which a child has few.
        environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _MAIN.format(theirs.fileno()), json.dumps(sys.path)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], env=environment, start_new_session=True,
            )  # fmt: skip
        self._control, self._owner = ours, os.getpid()
        return ours

    def _drop(self) -> None:
        control, self._control = self._control, None
        if control is not None:
            control.close()
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:  # stopped, or short of time: its children end with it
                process.kill()
                process.wait()


NURSERY = Nursery()
"""The one of this process."""
atexit.register(NURSERY.close)
