"""The other side of the border: a nursery that forks children, and a child that runs one connector.

The nursery has loaded what every child needs and does nothing but fork, reap and kill, so that a child starts in
milliseconds and its parent never waits for one that cannot be killed. Nothing of a source is in its arguments or its
environment: a child is told over its socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scanner.connector import Connector, Plug, Session
from scanner.crawl import wire
from scanner.crawl.exclude import excluded
from scanner.crawl.width import Watch
from scanner.model import Batch, Fault, SourceError, Stopped, Unit
from scanner.secrets import listen, scrub

_PR_SET_PDEATHSIG = 1
_TOGETHER = 200
"""Units or faults sent in one message."""


# the nursery


class _Nursery:
    """Forks a child for each order on the control socket; ends, with all of them, when that is closed."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, tuple[int, int]] = {}  # number: (pid, where its end is told)
        self._libc = ctypes.CDLL(None, use_errno=True)

    def run(self) -> None:
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it ends when its parent does, not before
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._obey():
                break
        for pid, _ in self._children.values():
            _kill(pid)
        os._exit(0)  # there is nothing to put in order, and its parent waits

    def _obey(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, 4096, 3)
        if not message:
            return False
        order = json.loads(message)
        if order["do"] == "kill":
            if (child := self._children.get(order["child"])) is not None:
                _kill(child[0])
            return True
        if order["do"] == "load":
            with contextlib.suppress(Exception):  # what does not load here fails again in a child, and is told there
                importlib.import_module(order["module"])
            return True
        self._bear(order, fds)
        return True

    def _bear(self, order: dict[str, Any], fds: list[int]) -> None:
        """Fork a child; where none can be had, its parent finds it gone, and the other children live on."""
        for fd in fds:
            os.set_inheritable(fd, False)  # no program a connector starts is to hold what tells of its end
        parent = os.getpid()
        try:
            sock, noise, end = fds
            pid = os.fork()
        except (OSError, ValueError):  # no process left; or no descriptors, so that not all of them came over
            for fd in fds:
                os.close(fd)
            return
        if not pid:
            self._be_child(parent, sock, noise, order["memory_mib"])
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self._children[order["child"]] = (pid, end)
        os.close(sock)
        os.close(noise)

    def _reap(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            _kill(ended.si_pid)  # what it started and left behind; while it is not reaped, its number is nobody else's
            pid, status = os.waitpid(ended.si_pid, 0)
            for number, (known, end) in list(self._children.items()):
                if known == pid:
                    del self._children[number]
                    with contextlib.suppress(OSError):
                        os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
                    os.close(end)

    def _be_child(self, parent: int, sock: int, noise: int, memory_mib: int) -> None:
        """Become a child: nothing of the nursery stays, and what it prints goes where it is only kept."""
        try:
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                return
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            self._control.close()
            for _, end in self._children.values():
                os.close(end)
            os.dup2(noise, 1)
            os.dup2(noise, 2)
            os.close(noise)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            limit = memory_mib << 20
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            if hard == resource.RLIM_INFINITY or limit <= hard:
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            _Child(socket.socket(fileno=sock)).run()
        except wire.Gone:
            pass  # the parent has had enough
        finally:
            with contextlib.suppress(Exception):  # what a connector left in a broken stream is of no more use
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(0)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # whatever programs the connector started, and itself if it has no group yet
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)


# a child


class _Child:
    """Serves the orders of one parent, one at a time, with one connector."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = wire.Reader(sock)
        self._lock = threading.RLock()
        self._connector: Connector | None = None
        self._exclude: tuple[str, ...] = ()
        self._left_out: tuple[str, ...] = ()
        self._place: Callable[[], object] = tuple
        self._fresh = False
        self._made = 0
        self._credit = 0
        self._until = 0.0
        self._watch: Watch | None = None

    def run(self) -> None:
        """Obey until told to close, or until nobody is there to obey."""
        listen(lambda value: self._tell(b"K", value))
        while True:
            kind, body = self._reader.read()
            order = wire.plain(body)
            if kind != b"O":
                raise wire.Gone("out of step")
            try:
                value = self._obey(order)
            except Stopped:
                self._end(b"T", None)
            except MemoryError:
                self._end(b"M", None)
            except SourceError as error:
                code, detail, where, transient = wire.error_row(error)
                self._end(b"X", [code, scrub(str(detail)), scrub(str(where)), transient])
            except wire.Gone:
                raise
            except Exception as error:  # noqa: BLE001 - a connector may raise anything; its parent is told what
                self._end(b"G", scrub(f"{type(error).__name__}: {error}"))
            else:
                self._end(b"E", value)
            if order["do"] == "close":
                return

    def _obey(self, order: dict[str, Any]) -> object:
        what = order["do"]
        if what == "open":
            return self._open(order)
        if what == "place":
            return self._place()
        if (connector := self._connector) is None:
            return None
        if what == "crawl":
            self._fresh = order["fresh"]
            self._watch = Watch()
            self._crawl(connector, Unit(order["key"], order["after"]))
        elif what == "close":
            connector.close()
        else:
            return self._answer(connector, what, order)
        return None

    @staticmethod
    def _answer(connector: Any, what: str, order: dict[str, Any]) -> object:
        if what == "roots":
            return [[unit.key, unit.after] for unit in connector.roots()]
        if what == "read":
            return bytes(connector.read(order["path"], order["start"], order["length"])).hex()
        if what == "sketch":
            return wire.packed_sketches(connector.sketch(order["path"], order["rows"], bytes.fromhex(order["key"])))
        names, rows = connector.sample(order["path"], order["rows"])
        return [list(names), [[wire.packed_value(v) for v in row] for row in rows]]

    def _open(self, order: dict[str, Any]) -> list[str]:
        os.environ.clear()
        os.environ.update({os.fsdecode(k): os.fsdecode(v) for k, v in _bytes(order["environment"])})
        if os.fsencode(os.getcwd()) != (folder := bytes.fromhex(order["folder"])):  # noqa: PTH109 - bytes are wanted
            os.chdir(folder)
        sys.path[:] = order["path"]
        module, _, attribute = order["target"].partition(":")
        plug: Any = importlib.import_module(module)
        for name in attribute.split("."):
            plug = getattr(plug, name)
        if not isinstance(plug, Plug):
            raise TypeError(f"{order['target']} is no Plug")
        self._exclude = tuple(order["exclude"])
        self._left_out = tuple(order["left_out"])
        options = plug.options.model_validate(order["options"])
        if (place := plug.place) is not None:
            self._place = lambda: [list(step) for step in place(options)]
        session = Session(
            order["source"], self._pace, order["timeout_s"], self._trusted, self._within, self._slow,
        )  # fmt: skip
        self._connector = plug.open(options, session)
        return [name for name in ("read", "sample", "sketch") if hasattr(self._connector, name)]

    def _crawl(self, connector: Connector, unit: Unit) -> None:
        """Stream the unit's events; units and faults that follow one another travel together."""
        waiting: list[list[str]] = []
        held = b""
        events = connector.crawl(unit)
        try:
            for event in events:
                kind = b"U" if isinstance(event, Unit) else b"F"
                if waiting and (kind != held or len(waiting) >= _TOGETHER or isinstance(event, Batch)):
                    self._tell(held, waiting)
                    waiting = []
                held = kind
                if isinstance(event, Batch):
                    for body in wire.pack(event):
                        with self._with_parent():
                            wire.send(self._sock, b"B", body)
                elif isinstance(event, Unit):
                    waiting.append([event.key, event.after])
                elif isinstance(event, Fault):
                    waiting.append([str(event.path), str(event.op), str(event.reason), scrub(str(event.detail))])
                else:
                    raise TypeError(f"gave a {type(event).__name__}, not a Batch, Unit or Fault")
        finally:
            if waiting:  # what it gave before it failed counts
                self._tell(held, waiting)
            close = getattr(events, "close", None)
            if close is not None:
                close()

    # calls back

    @contextlib.contextmanager
    def _with_parent(self) -> Iterator[None]:
        """Alone with the parent; the time that takes is none of the source's."""
        with self._lock:
            start = time.monotonic()
            try:
                yield
            finally:
                if self._watch is not None:
                    self._watch.elsewhere += time.monotonic() - start

    def _tell(self, kind: bytes, value: object) -> None:
        with self._with_parent():
            wire.send_json(self._sock, kind, value)

    def _end(self, kind: bytes, value: object) -> None:
        made, self._made = self._made, 0
        watch, self._watch = self._watch, None
        times = None if watch is None else watch.told()
        self._tell(kind, {"value": value, "made": made, "rss_mib": _rss_mib(), "times": times})

    def _ask(self, kind: bytes, value: object) -> Any:
        with self._with_parent():
            wire.send_json(self._sock, kind, value)
            got, body = self._reader.read()
            if got != b"R":
                raise wire.Gone("out of step")
            return wire.plain(body)

    def _pace(self) -> None:
        """Count a request; the parent is asked only when what it granted is used up, or old."""
        with self._lock:
            if self._credit > 0 and time.monotonic() < self._until:
                self._credit -= 1
                self._made += 1
                return
            made, self._made = self._made, 0
            answer = self._ask(b"P", made)
            if answer is None:
                raise Stopped
            self._credit, seconds = answer
            self._until = time.monotonic() + seconds

    def _slow(self, wait_s: float) -> None:
        with self._lock:
            self._credit = 0
            self._tell(b"S", float(wait_s))

    def _within(self, key: str) -> bool:
        if self._fresh:
            return not excluded(key, self._exclude) and not key.startswith(self._left_out)
        return bool(self._ask(b"W", key))

    def _trusted(self, host: str, port: int) -> tuple[str, ...]:
        return tuple(self._ask(b"H", [host, port]))


def _bytes(pairs: Iterable[Iterable[str]]) -> list[tuple[bytes, bytes]]:
    return [(bytes.fromhex(k), bytes.fromhex(v)) for k, v in pairs]


def _rss_mib() -> int:
    try:
        with open("/proc/self/statm", "rb") as handle:  # noqa: PTH123 - asked after every unit
            return int(handle.read().split()[1]) * resource.getpagesize() >> 20
    except OSError:
        return 0


def main(control: int) -> None:
    """Run a nursery on a control socket until it is closed."""
    _Nursery(socket.socket(fileno=control)).run()
