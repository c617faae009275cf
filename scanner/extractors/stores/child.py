"""A program run on a file that may be hostile: bounded in time, memory and output."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

from scanner.extractor import Unread

_MEMORY = 1 << 30
_OUTPUT = 64 << 20
_ERRORS = 4096
_WAIT_S = 60.0
"""Deadline of one program; well under the silence after which a source counts as hung."""
_LIMITED = 'ulimit -v "$1" && ulimit -t "$2" && ulimit -f 0 && shift 2 && exec "$@"'
"""Sets limits, then becomes the program. Set from outside they would come late: it may have had children by then."""


def available(program: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(program) is not None


def run(program: Sequence[str], file: IO[bytes], *arguments: str, wait_s: float = _WAIT_S) -> tuple[str, str]:
    """What a program writes about an open file, and the beginning of what it complains of.

    It is told the file's descriptor, so no name can pass for an option.

    Nothing of it is written anywhere: its output comes through a pipe, and it may make no file.

    Raises:
        Unread: TIMEOUT, CONTENT_LIMIT where it writes too much, CONTENT_DAMAGED where it fails.
    """
    number = file.fileno()
    command = [*program, f"/proc/self/fd/{number}", *arguments]
    limits = (str(_MEMORY >> 10), str(int(wait_s) + 1))
    with subprocess.Popen(
        ["/bin/sh", "-c", _LIMITED, "sh", *limits, *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(number,), cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            out, err = _heard(child, program[0], wait_s)
        finally:
            with contextlib.suppress(ProcessLookupError):  # its children too, whatever became of itself
                os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
    said = err.decode(errors="replace").strip().replace(command[len(program)], "the file")
    if code:
        raise Unread("CONTENT_DAMAGED", f"{program[0]} ended with {code}: {said[:300]}")
    return out.decode("utf-8", "replace"), said


def _heard(child: subprocess.Popen[bytes], name: str, wait_s: float) -> tuple[bytearray, bytearray]:
    """What a program writes until it ends, and the beginning of what it complains of. Raises Unread."""
    assert child.stdout is not None
    assert child.stderr is not None
    end = time.monotonic() + wait_s
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as open_:
        open_.register(child.stdout, selectors.EVENT_READ, out)
        open_.register(child.stderr, selectors.EVENT_READ, err)
        while open_.get_map():
            if not (ready := open_.select(max(0.0, end - time.monotonic()))) and time.monotonic() >= end:
                raise Unread("TIMEOUT", f"{name}: no end within {wait_s:g} s")
            for key, _ in ready:
                piece = os.read(key.fd, 1 << 16)
                if not piece:
                    open_.unregister(key.fileobj)
                elif key.data is out or len(err) < _ERRORS:
                    key.data.extend(piece)
            if len(out) > _OUTPUT:
                raise Unread("CONTENT_LIMIT", f"{name} wrote more than {_OUTPUT:,} bytes")
    try:
        child.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Unread("TIMEOUT", f"{name}: no end within {wait_s:g} s") from None
    return out, err
