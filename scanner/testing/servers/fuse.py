"""A file system that misbehaves on purpose, mounted through FUSE: broken, endless, slow and enormous directories.

What a real disk does only when it dies. It runs in a process of its own; ``mounted`` gives its mount point and ends it,
even while something waits on it that no signal would wake.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import os
import signal
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.testing.servers.base import ServerUnavailable, end, home, need_root, program

STUB_SIZE = 1 << 30
"""What a file of ``offline`` claims to hold, without a block on disk."""
_READY_S = 30.0
_POLL_S = 0.02
_FOREVER_S = 86_400.0
_TIME = 1_420_167_845
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl."""

BROKEN_AFTER = 5000
"""Names that ``broken`` gives before it fails."""
TREE = 20
"""Folders of ``tree``, and files in each."""
CIRCLE = 3000
"""Names that ``circle`` gives again and again."""


@dataclass(frozen=True, slots=True)
class Fuse:
    """A mounted double; ``process`` is its process id, for tests that stop it."""

    point: Path
    process: int
    log: Path

    def opened(self) -> list[str]:
        """The files whose content somebody opened, in order."""
        lines = self.log.read_text().splitlines()
        return [line[5:] for line in lines if line.startswith("open ")]

    @contextlib.contextmanager
    def dead(self) -> Iterator[None]:
        """While it lasts, no question about it is answered, as where a file server is gone."""
        os.kill(self.process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process, signal.SIGCONT)


@contextlib.contextmanager
def fuse(point: Path | None = None, *, many: int = 100_000, delay_s: float = 0.0) -> Iterator[Fuse]:
    """Mount the double at an empty directory, or at one of its own, until the block ends; needs root and /dev/fuse.

    It holds the folders ``plain`` (a file and a folder), ``broken`` (fails after 5,000 names), ``endless`` (always
    another name), ``circle`` (the same 3,000 names for ever), ``slow`` (a second per answer), ``stuck`` (listing it
    never ends), ``offline`` (a stub whose opening is counted; to read it never ends), ``many`` (that many files) and
    ``nfs4`` (with an NFSv4 access list); ``failing`` has a name that cannot be asked about. With a delay every answer
    takes that long, and there is also a ``tree`` of 20 folders with 20 files each.
    """
    need_root("a FUSE file system")
    unmount = program("fusermount3", "fuse3")
    if not Path("/dev/fuse").exists():
        raise ServerUnavailable("/dev/fuse is not there: load the kernel's fuse module")
    with home("fuse") as directory:
        place, log = point or directory / "mount", directory / "log"
        place.mkdir(exist_ok=True)
        log.touch()
        words = [sys.executable, "-m", "scanner.testing.servers.fuse", str(place), str(log), f"--many={many}"]
        words.append(f"--delay={delay_s}")
        with (directory / "words").open("wb") as sink:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
            )
        try:
            _wait(process, place, directory / "words")
            yield Fuse(place, process.pid, log)
        finally:
            subprocess.run([unmount, "-uz", str(place)], check=False, capture_output=True, timeout=_READY_S)
            end(process.pid, process, signal.SIGKILL)  # the end of the process answers whoever still waits


def _wait(process: subprocess.Popen[bytes], place: Path, words: Path) -> None:
    deadline = time.monotonic() + _READY_S
    wanted = str(place).encode()
    while process.poll() is None and time.monotonic() < deadline:
        if any(line.split(b" ")[4] == wanted for line in Path("/proc/self/mountinfo").read_bytes().splitlines()):
            return
        time.sleep(_POLL_S)
    end(process.pid, process, signal.SIGKILL)
    raise ServerUnavailable(f"no FUSE file system can be mounted: {words.read_text(errors='replace')[-1000:]}")


class Double:
    """The file system itself: what mfusepy asks of one."""

    use_ns = True
    folders: tuple[str, ...] = (
        "plain", "broken", "endless", "circle", "slow", "stuck", "offline", "many", "nfs4", "failing",
    )  # fmt: skip

    def __init__(self, log: Path, many: int, delay_s: float = 0.0) -> None:
        self._log = log
        self._many = many
        self._delay_s = delay_s
        if delay_s:
            self.folders = (*self.folders, "tree")

    def getattr(self, path: str, _fh: int | None = None) -> dict[str, Any]:
        """Facts of a path."""
        time.sleep(self._delay_s)
        folder, _, name = path.strip("/").partition("/")
        if not folder or (folder in self.folders and (not name or path == "/plain/folder")):
            return _facts(stat.S_IFDIR | 0o755, 4096, 8)
        if folder not in self.folders:
            raise OSError(errno.ENOENT, "")
        if folder == "tree":
            return _facts(stat.S_IFREG | 0o644, 7, 8) if "/" in name else _facts(stat.S_IFDIR | 0o755, 4096, 8)
        if folder == "failing" and name == "bad":
            raise OSError(errno.EIO, "")
        if path == "/nfs4/private":
            return _facts(stat.S_IFREG | 0o600, 7, 8)
        if folder == "offline":
            return _facts(stat.S_IFREG | 0o644, STUB_SIZE, 0)
        return _facts(stat.S_IFREG | 0o644, 7, 8)

    def readdir_with_offset(self, path: str, offset: int, _fh: int) -> Iterator[tuple[str, int, int]]:
        """Names from an offset on; each with the offset behind it. The caller stops taking when its answer is full."""
        time.sleep(self._delay_s)
        folder, _, rest = path.strip("/").partition("/")
        if folder == "tree":
            for number in range(offset, TREE):
                yield f"{number:02}", stat.S_IFREG if rest else stat.S_IFDIR, number + 1
            return
        if folder == "stuck":
            time.sleep(_FOREVER_S)
        if folder == "slow":
            time.sleep(1)
        if rest:
            return
        kind = stat.S_IFDIR if not folder else stat.S_IFREG
        for number, name in self._names(folder, offset):
            yield name, kind, number + 1

    def _names(self, folder: str, first: int) -> Iterator[tuple[int, str]]:
        fixed = {"": self.folders, "plain": ("file", "folder"), "slow": ("a", "b"), "offline": ("stub.dat",),
                 "nfs4": ("file", "private"), "failing": ("good", "bad", "better")}  # fmt: skip
        if folder in fixed:
            yield from list(enumerate(fixed[folder]))[first:]
            return
        last = {"broken": BROKEN_AFTER, "many": self._many}.get(folder, 1 << 62)
        for number in range(first, last):
            yield number, f"{number % CIRCLE if folder == 'circle' else number:09}"
        if folder == "broken" and first >= last:
            raise OSError(errno.EIO, "")

    def open(self, path: str, _flags: int) -> int:
        """Open a file, and write that down."""
        with self._log.open("a") as log:
            log.write(f"open {path}\n")
        return 0

    def read(self, path: str, size: int, offset: int, _fh: int) -> bytes:
        """Content; of a stub, never."""
        if path.startswith("/offline/"):
            time.sleep(_FOREVER_S)
        return b"content"[offset : offset + size]

    def listxattr(self, path: str) -> list[str]:
        """Names of attributes."""
        return ["system.nfs4_acl"] if path in {"/nfs4", "/nfs4/private"} else []

    def getxattr(self, path: str, name: str, _position: int = 0) -> bytes:
        """One attribute."""
        if path == "/nfs4" and name == "system.nfs4_acl":
            return nfs4_acl((0, 0x03, 0x1601FF, "OWNER@"), (1, 0x40, 0x2, "GROUP@"), (0, 0x83, 0x1200A9, "EVERYONE@"))
        if path == "/nfs4/private" and name == "system.nfs4_acl":
            return nfs4_acl((0, 0, 0x1601FF, "OWNER@"), (0, 0, 0x1, "ann@corp.example"))
        raise OSError(errno.ENODATA, "")

    def statfs(self, _path: str) -> dict[str, int]:
        """Room: some."""
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1000, "f_bfree": 600, "f_bavail": 500, "f_namemax": 255}


def nfs4_acl(*entries: tuple[int, int, int, str]) -> bytes:
    """An access list as the NFS client shows it: type, flags, mask and who of each entry, in XDR."""
    body = b"".join(
        struct.pack(">4I", kind, flags, mask, len(who.encode())) + who.encode() + b"\0" * (-len(who.encode()) % 4)
        for kind, flags, mask, who in entries
    )
    return struct.pack(">I", len(entries)) + body


def _facts(mode: int, size: int, blocks: int) -> dict[str, Any]:
    return {
        "st_mode": mode, "st_size": size, "st_blocks": blocks, "st_nlink": 1, "st_uid": 0, "st_gid": 0,
        "st_atime": _TIME * 10**9, "st_mtime": _TIME * 10**9, "st_ctime": _TIME * 10**9,
    }  # fmt: skip


def _serve() -> None:
    import mfusepy  # noqa: PLC0415 - only the process that serves needs it, and libfuse with it

    parser = argparse.ArgumentParser()
    parser.add_argument("point")
    parser.add_argument("log", type=Path)
    parser.add_argument("--many", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    chosen = parser.parse_args()
    # Whoever asked for it may be killed: the kernel then ends this too, and libfuse's watcher takes the mount away.
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    mfusepy.FUSE(
        Double(chosen.log, chosen.many, chosen.delay),
        chosen.point,
        foreground=True,
        allow_other=True,
        attr_timeout=0,
        fsname="double",
        subtype="double",
        auto_unmount=True,
    )


if __name__ == "__main__":
    _serve()
