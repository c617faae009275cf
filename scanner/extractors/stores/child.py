"""A program run on a file that may be hostile: bounded in time, memory and output, without a shell."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO

from scanner.extractors.stores.content import Unread

_MEMORY = 1 << 30
_OUTPUT = 64 << 20
_WAIT_S = 60.0
"""Deadline of one program; well under the silence after which a source counts as hung."""


def available(program: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(program) is not None


def run(program: Sequence[str], file: IO[bytes], *arguments: str, wait_s: float = _WAIT_S) -> str:
    """What a program writes about an open file; it is told the file's descriptor, so no name can pass for an option.

    Raises:
        Unread: TIMEOUT, CONTENT_LIMIT where it writes too much, CONTENT_DAMAGED where it fails.
    """
    number = file.fileno()
    command = [*program, f"/proc/self/fd/{number}", *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=(number,), cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        try:
            _limit(child.pid, wait_s)
            code = child.wait(wait_s)
        except subprocess.TimeoutExpired:
            raise Unread("TIMEOUT", f"{program[0]}: no end within {wait_s:g} s") from None
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if out.seek(0, os.SEEK_END) >= _OUTPUT:
            raise Unread("CONTENT_LIMIT", f"{program[0]} wrote more than {_OUTPUT:,} bytes")
        if code:
            err.seek(0)
            said = err.read(300).decode(errors="replace").strip().replace(command[len(program)], "the file")
            raise Unread("CONTENT_DAMAGED", f"{program[0]} ended with {code}: {said}")
        out.seek(0)
        return out.read().decode("utf-8", "replace")


def _limit(pid: int, wait_s: float) -> None:
    """Set a child's limits from outside: code between fork and exec would not be safe in a process with threads."""
    cpu = int(wait_s) + 1
    limits = ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_FSIZE, _OUTPUT))
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        for kind, most in limits:
            resource.prlimit(pid, kind, (most, most))
