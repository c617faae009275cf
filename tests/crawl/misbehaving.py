"""A connector that misbehaves as its options say; loaded by child processes as ``misbehaving:PLUG``."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from scanner.connector import Plug, Session
from scanner.keys.sketches import Sketch, sketch
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.schema import ENTRY, LISTING
from scanner.secrets import SecretRef

TREE = {"": ["a/", "b/", "c/", "top.txt"], "a/": ["a1", "a2"], "b/": ["b1"], "c/": ["d/", "c1"], "c/d/": ["d1"]}

STREAM = object()
"""Stands for events without end, and without a request."""


class Options(BaseModel):
    """``how`` it misbehaves at the unit ``at``, as long as there are fewer than ``times`` lines in ``log``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    how: str = ""
    at: str = "a/"
    log: str
    times: int = 99
    secret: SecretRef | None = None


class Misbehaving:
    def __init__(self, options: Options, session: Session) -> None:
        self.options = options
        self.session = session
        self.kept: list[bytearray] = []

    def roots(self) -> list[Unit]:
        self.session.pace()
        self.log(f"roots {os.getpid()}")
        if self.options.secret:
            sys.stdout.write(f"login with {self.options.secret.reveal()}\n")
        if self.options.at == "roots" or self.options.how in Path(self.options.log).read_text().split():
            self.misbehave()
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        self.session.pace()
        names = TREE[unit.key]
        kinds = ["directory" if n.endswith("/") else "file" for n in names]
        plain = [n.rstrip("/") for n in names]
        yield Batch(
            ENTRY, {"parent": [unit.key] * len(names), "name": plain, "kind": kinds, "size": [None] * len(names)}
        )
        yield from (Unit(unit.key + n) for n in names if n.endswith("/"))
        if self.options.how and unit.key == self.options.at:
            event = self.misbehave()
            while event is STREAM:
                yield Fault(unit.key, "note", "OTHER", "and so on")
            if event is not None:
                yield event
        yield Batch(LISTING, {"path": [unit.key], "listed": [len(names)], "complete": [True]})

    def read(self, path: str, start: int, length: int) -> bytes:
        if path == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{path}:".encode()[start:] + bytes(range(256))[:length]

    def sample(self, path: str, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        return ("a", "b"), [(path, b"\xff"), (None, 1.5)][:rows]

    def sketch(self, path: str, rows: int, key: bytes) -> list[tuple[str, Any]]:
        if path == "garbage":
            return [("a", Sketch(1, 0, 1, (-1,)))]
        return [("a", sketch([path, None][:rows], key)), ("b", None)]

    def close(self) -> None:
        self.log(f"close {os.getpid()}")

    def log(self, line: str) -> None:
        with Path(self.options.log).open("a") as file:
            file.write(line + "\n")

    def misbehave(self) -> Any:
        done = Path(self.options.log).read_text().count("misbehaved")
        if done >= self.options.times:
            return None
        self.log(f"misbehaved {os.getpid()}")
        return getattr(self, f"do_{self.options.how}")()

    def do_segfault(self) -> None:
        ctypes.string_at(0)

    def do_kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def do_exit(self) -> None:
        os._exit(3)

    def do_sleep(self) -> None:
        time.sleep(600)

    def do_stop(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def do_print(self) -> None:
        sys.stdout.write("NOISE on stdout\n" * 20_000)
        os.write(2, b"NOISE on stderr\n" * 2000)
        sys.stdin.read()

    def do_mount_dies(self) -> None:
        """Hang, and hang at every root from then on."""
        self.log("mount_dies 0")
        time.sleep(600)

    def do_login_dies(self) -> None:
        """Die, and die at every login from then on."""
        self.log("login_dies 0")
        os.kill(os.getpid(), signal.SIGKILL)

    def do_chatter(self) -> None:
        while True:
            os.write(1, b"NOISE without end\n" * 1000)

    def do_trickle(self) -> None:
        for byte in b"U\x00\xff\xff\xff" + b" " * 6000:
            self.write(bytes([byte]), 0.1)

    def do_leave(self) -> None:
        """Die, and leave a program behind that holds every descriptor."""
        if not os.fork():
            self.log(f"left {os.getpid()}")
            time.sleep(600)
        while "left" not in Path(self.options.log).read_text():
            time.sleep(0.01)
        os._exit(3)

    def do_close(self) -> None:
        os.close(1)
        os.close(2)

    def do_stream(self) -> Any:
        self.session.pace()
        return STREAM

    def do_leak(self) -> None:
        while True:
            self.kept.append(bytearray(8 << 20))

    def do_grow(self) -> None:
        self.kept.append(bytearray(b"x") * (300 << 20))

    def do_raise(self) -> None:
        raise ZeroDivisionError("oops")

    def do_misfit(self) -> Batch:
        return Batch(ENTRY, {"parent": ["a/"], "name": ["x"], "kind": ["file"], "size": ["not a number"]})

    def do_surrogate(self) -> Batch:
        return Batch(ENTRY, {"parent": ["a/"], "name": ["x\udc80"], "kind": ["file"]})

    def do_holes(self) -> Batch:
        return Batch(ENTRY, {"parent": ["a/"], "name": [None], "kind": ["file"]})

    def do_unit(self) -> Unit:
        return Unit("a/\udc80/")

    def do_nonsense(self) -> str:
        return "nonsense"

    def do_garbage(self) -> None:
        self.write(b"\0garbage that is no frame" * 10)

    def do_torn(self) -> None:
        self.write(b"B\x00\x00\x00\x08\x05entry\xff\xff")

    def do_out_of_turn(self) -> None:
        self.write(b"Z\x00\x00\x00\x02{}")

    def do_lie(self) -> None:
        self.write(b"U\x00\x00\x00\x06[[1]]\n")

    def do_endless(self) -> None:
        self.write(b"B\xff\xff\xff\xff")

    def do_bulky(self) -> None:
        self.write(b"U\x08\x00\x00\x00")

    def write(self, data: bytes, wait_s: float = 600) -> None:
        """Past the contract: to every socket this process has."""
        for fd in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    socket.socket(fileno=os.dup(fd)).sendall(data)
            except OSError:
                continue
        time.sleep(wait_s)

    def do_refuse(self) -> None:
        raise SourceError("IO_ERROR", "disk", where="a/", transient=False)

    def do_fault(self) -> Fault:
        secret = self.options.secret.reveal() if self.options.secret else ""
        return Fault("a/", "note", "OTHER", f"the password is {secret}")

    def do_reveal_and_die(self) -> None:
        assert self.options.secret
        sys.stderr.write(f"could not log in with {self.options.secret.reveal()}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGABRT)


def _open(options: BaseModel, session: Session) -> Misbehaving:
    assert isinstance(options, Options)
    return Misbehaving(options, session)


PLUG = Plug(
    title="Misbehaving double", schemes=(), options=Options, open=_open, from_url=lambda _u: {},
    account=lambda _o: None, locator=lambda _o: "misbehaving:", type="misbehaving", store_kind="share", isolated=True,
)  # fmt: skip
