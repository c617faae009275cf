"""Listing a tree over SFTP: beside lftp where the server is near, paramiko and asyncssh where it is 20 ms away.

    python -m benchmarks.sftp_listing [--full] [--pairs 5]

5,000 files in 56 directories on an OpenSSH server of its own; with --full 20,000 in 221, and 200,000 in 2,021. The
connector is measured with its login (lftp cannot tell its own apart), paramiko and asyncssh, and the connector beside
them, without. A whole scan is a command: Python's start, login, listing, catalog. All must have
seen the same names, as bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import STOCKTAKE, Goal, Row, Seen, Side, main, of, pairs
from scanner.testing.servers import Conditions, sshd, tcp_proxy

ROUND_TRIP_S = 0.020
WALKERS = 32
NEAR = Goal("at most 1.0 x lftp at 0 ms", 1.0)
FAR = Goal("at least 20 x paramiko at 20 ms", 20.0, "speedup")


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server is, and how to log in."""

    host: str
    port: int
    user: str
    key_file: str
    host_key: str
    path: str

    @property
    def url(self) -> str:
        """The locator of the source."""
        key = f"key_file={self.key_file}&host_key={self.host_key}"
        return f"sftp://{self.user}@{self.host}:{self.port}{self.path}?{key}"


def plant(root: Path, tops: int, below: int) -> int:
    """So many directories of so many of a hundred empty files each; the number of names."""
    for top in range(tops):
        for sub in range(below):
            place = root / f"t{top}/u{sub}"
            place.mkdir(parents=True)
            for number in range(100):
                (place / f"file{number:03d}.dat").touch()
    return tops * (1 + below * 101)


# the connector

_open: list[Any] = []
"""What ``ready`` made in the process that is measured."""


def drivers() -> None:
    """Import what the connector needs."""
    from connectors.sftp import PLUG, ssh  # noqa: PLC0415 - of the process that is measured

    assert PLUG
    assert ssh


def connector(target: Target, *, connect: bool = False) -> None:
    """Make a connector; with ``connect``, log in as well."""
    from connectors.sftp import PLUG, ssh  # noqa: PLC0415 - of the process that is measured
    from scanner.connector import Session  # noqa: PLC0415

    assert ssh
    options = {"host": target.host, "port": target.port, "user": target.user, "path": target.path}
    options |= {"key_file": target.key_file, "host_key": target.host_key}
    _open.append(PLUG.open(PLUG.options.model_validate(options), Session("benchmark")))
    if connect:
        _open[0].roots()


def crawled() -> Seen:
    """Every unit crawled, every column made, on one connection."""
    from scanner.model import Batch, Unit  # noqa: PLC0415 - of the process that is measured
    from scanner.paths import restore  # noqa: PLC0415
    from scanner.schema import ENTRY  # noqa: PLC0415

    waiting: list[Unit] = list(_open[0].roots())
    found: list[Batch] = []
    while waiting:
        for event in _open[0].crawl(waiting.pop()):
            if isinstance(event, Unit):
                waiting.append(event)
            elif isinstance(event, Batch) and event.schema is ENTRY:
                found.append(event)
    each = (zip(b.columns["parent"], b.columns["name"], strict=True) for b in found)
    return of(restore(f"{parent}{name}") for rows in each for parent, name in rows)


# the peers


def paramiko_client(target: Target) -> None:
    """Log in with paramiko's own client."""
    import paramiko  # noqa: PLC0415 - of the process that is measured

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    key: dict[str, Any] = {"username": target.user, "key_filename": target.key_file}
    client.connect(target.host, port=target.port, **key, allow_agent=False, look_for_keys=False)
    _open.extend((client.open_sftp(), client))


def with_paramiko(target: Target) -> Seen:
    """Paramiko's listdir_attr, one directory after the other."""
    waiting, found = [""], []
    while waiting:
        parent = waiting.pop()
        for entry in _open[0].listdir_attr(f"{target.path}/{parent}"):
            found.append(f"{parent}{entry.filename}".encode())
            if stat.S_ISDIR(entry.st_mode or 0):
                waiting.append(f"{parent}{entry.filename}/")
    return of(found)


def asyncssh_module() -> None:
    """Import asyncssh."""
    import asyncssh  # noqa: PLC0415 - of the process that is measured

    assert asyncssh


def with_asyncssh(target: Target) -> Seen:
    """Asyncssh's readdir in several directories at once, its login included."""
    return asyncio.run(_walked(target))


async def _walked(target: Target) -> Seen:
    import asyncssh  # noqa: PLC0415 - of the process that is measured

    where: dict[str, Any] = {"username": target.user, "client_keys": [target.key_file], "known_hosts": None}
    waiting, found, active = deque([b""]), list[bytes](), set[bytes]()
    news = asyncio.Condition()
    async with asyncssh.connect(target.host, target.port, **where) as host, host.start_sftp_client() as sftp:

        async def walk() -> None:
            while True:
                async with news:
                    await news.wait_for(lambda: waiting or not active)
                    if not waiting:
                        return
                    parent = waiting.popleft()
                    active.add(parent)
                below = []
                for entry in await sftp.readdir(target.path.encode() + b"/" + parent):
                    if entry.filename not in (b".", b".."):
                        found.append(parent + os.fsencode(entry.filename))
                        if stat.S_ISDIR(entry.attrs.permissions or 0):
                            below.append(found[-1] + b"/")
                async with news:
                    waiting.extend(below)
                    active.discard(parent)
                    news.notify_all()

        await asyncio.gather(*(walk() for _ in range(WALKERS)))
    return of(found)


def lftp(target: Target) -> Side:
    """The recursive long listing of lftp, its cache off: start, login and listing."""
    ssh = (
        f"ssh -a -x -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i {target.key_file}"
    )
    words = (
        f"set sftp:connect-program '{ssh}'; set cache:enable no; "
        f"open -u {target.user},x -p {target.port} sftp://{target.host}; find -l {target.path}/; exit"
    )

    def seen(out: bytes) -> Seen:
        root = target.path.encode() + b"/"
        found = (line.split()[-1].removeprefix(root).rstrip(b"/") for line in out.splitlines())
        return of(name for name in found if name)

    return Side("lftp find -l", ["lftp", "-c", words], seen=seen)


# the rows


def scan(target: Target, folder: Path) -> Side:
    """The whole command, from Python's start to the last commit."""

    def seen(_out: bytes) -> Seen:
        from scanner.catalog import Catalog, locate, read  # noqa: PLC0415 - this process needs it here alone
        from scanner.paths import restore  # noqa: PLC0415

        with Catalog.open(locate(str(folder))) as catalog, read(catalog) as reader:
            return of(restore(path) for (path,) in reader.rows("SELECT path FROM entry"))

    command = [*STOCKTAKE, "scan", target.url, "--catalog", str(folder), "-q"]
    return Side("stocktake scan", command, seen=seen, before=lambda: shutil.rmtree(folder, ignore_errors=True))


def near(target: Target, work: str, folder: Path, *, full: bool) -> list[Row]:
    """Beside lftp, without delay."""
    listed = Side("connector", crawled, ready=partial(connector, target))
    return [
        pairs("4 SFTP", f"{work}, 0 ms", peer=lftp(target), ours=listed, goal=NEAR, full=full, unit="names",
              note="both with their login"),
        pairs("4 SFTP", f"{work}, 0 ms, whole scan", peer=lftp(target), ours=scan(target, folder), full=full,
              unit="names", goal=replace(NEAR, text="whole scan at most 1.0 x lftp")),
    ]  # fmt: skip


def far(target: Target, work: str, folder: Path, *, full: bool, large: bool) -> list[Row]:
    """Beside paramiko and asyncssh, at 20 ms."""
    rows = []
    walkers = Side(f"asyncssh x {WALKERS}", partial(with_asyncssh, target), ready=asyncssh_module)
    ours = Side("connector", crawled, ready=partial(connector, target))
    if not large:  # paramiko would take minutes for each
        alone = Side("paramiko listdir_attr", partial(with_paramiko, target), ready=partial(paramiko_client, target))
        listed = Side("connector", crawled, ready=partial(connector, target, connect=True))
        rows.append(
            pairs("4 SFTP", f"{work}, 20 ms", peer=alone, ours=listed, goal=FAR, full=full, unit="names",
                  note="logged in before")
        )  # fmt: skip
    rows.append(pairs("4 SFTP", f"{work}, 20 ms", peer=walkers, ours=ours, full=full, unit="names",
                      note="one connection, both with their login"))  # fmt: skip
    if large:
        rows.append(pairs("4 SFTP", f"{work}, 20 ms, whole scan", peer=walkers, ours=scan(target, folder), full=full,
                          unit="names"))  # fmt: skip
    return rows


def measure(full: bool) -> list[Row]:
    """5,000 files, for paramiko is slow at 20 ms; with ``full`` 20,000, and 200,000."""
    rows: list[Row] = []
    for tops, below in ((20, 10), (20, 100)) if full else ((5, 10),):
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(sshd())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "catalog"
            work = f"{plant(server.data, tops, below):,} names"
            target = Target(
                server.host, server.port, server.user, str(server.key), server.fingerprint, str(server.data)
            )
            rows += near(target, work, folder, full=full) if shutil.which("lftp") else []
            proxy = stack.enter_context(tcp_proxy(server.host, server.port))
            proxy.change(both=Conditions(latency_s=ROUND_TRIP_S / 2))
            rows += far(replace(target, port=proxy.port), work, folder, full=full, large=below > 10)
    return rows


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
