"""Listing a tree over SMB: beside smbprotocol's own walker, rclone and smbclient; without delay and 20 ms away.

    python -m benchmarks.smb_listing [--full] [--pairs 5]

20,000 files in 221 folders on a Samba server of its own (SMB 3.1.1, signed); by default 3,000 in 34, which gain less
from being asked for side by side, so that the goals are those of the full size. smbprotocol's walker and the connector
beside it are measured without their login; rclone and smbclient are commands, which cannot tell theirs apart, so the
connector beside them logs in as well. What is compared asks for no rights, since no peer does; a row of its own tells
what the rights of folders cost. A whole scan is a command: Python's start, login, shares, settings, rights, listing,
catalog. All must have seen the same names. rclone and smbclient are left out, with a line, where they are missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import STOCKTAKE, Goal, Row, Seen, Side, main, of, pairs
from scanner.testing.servers import Conditions, samba, tcp_proxy

SECTION = "5 SMB"
SHARE = "data"
ROUND_TRIP_S = 0.020
TOPS, FEW_TOPS = 20, 3
PASSWORD = "STOCKTAKE_BENCHMARK_PASSWORD"
NEAR = Goal("at most 0.3 x smbclient.scandir at 0 ms", 0.3)
FAR = Goal("at least 15 x smbclient.scandir at 20 ms", 15.0, "speedup")
FAR_RCLONE = Goal("at most 0.5 x rclone at 20 ms", 0.5)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server is, and how to log in."""

    host: str
    port: int
    user: str
    password: str

    @property
    def env(self) -> dict[str, str]:
        """What a side's process needs besides."""
        return {PASSWORD: self.password}


def plant(root: Path, tops: int) -> str:
    """Folders of ten of a hundred empty files each; how many names that makes, in words."""
    for folder in (root / f"t{top}/u{sub}" for top in range(tops) for sub in range(10)):
        folder.mkdir(parents=True)
        for number in range(100):
            (folder / f"file{number:03d}.dat").touch()
    return f"{tops * (1 + 10 + 1000):,} names"


# the connector

_open: list[Any] = []
"""What ``ready`` made in the process that is measured."""


def connector(target: Target, permissions: str, *, connect: bool = False) -> None:
    """Make a connector; with ``connect``, log in as well."""
    from connectors.smb import PLUG, link  # noqa: PLC0415 - of the process that is measured
    from scanner.connector import Session  # noqa: PLC0415

    assert link
    options = {"root": rf"\\{target.host}\{SHARE}", "port": target.port, "user": target.user}
    options |= {"password": f"env:{PASSWORD}", "permissions": permissions}
    _open.append(PLUG.open(PLUG.options.model_validate(options), Session("benchmark")))
    if connect:
        _open[0].roots()


def crawled() -> Seen:
    """Every unit of the share crawled, every column made, on one connection."""
    from scanner.model import Batch, Unit  # noqa: PLC0415 - of the process that is measured
    from scanner.schema import ENTRY  # noqa: PLC0415

    _open[0].roots()
    waiting, found = [Unit(f"{SHARE}/")], list[Batch]()
    while waiting:
        for event in _open[0].crawl(waiting.pop()):
            if isinstance(event, Unit):
                waiting.append(event)
            elif isinstance(event, Batch) and event.schema is ENTRY:
                found.append(event)
    each = (zip(b.columns["parent"], b.columns["name"], strict=True) for b in found)
    return of(f"{parent}{name}"[len(SHARE) + 1 :].encode() for rows in each for parent, name in rows)


def listed(target: Target, permissions: str = "none", *, connect: bool = False) -> Side:
    """The connector alone."""
    name = "connector" if permissions == "none" else f"connector, rights of {permissions}"
    return Side(name, crawled, ready=partial(connector, target, permissions, connect=connect), env=target.env)


def scan(target: Target, folder: Path) -> Side:
    """The whole command, from Python's start to the last commit."""

    def seen(_out: bytes) -> Seen:
        from scanner.catalog import Catalog, locate, read  # noqa: PLC0415 - this process needs it here alone

        with Catalog.open(locate(str(folder))) as catalog, read(catalog) as reader:
            found = reader.rows("SELECT path FROM entry WHERE parent <> ''")
        return of(path[len(SHARE) + 1 :].encode() for (path,) in found)

    url = f"smb://{target.user}@{target.host}:{target.port}/{SHARE}?password=env:{PASSWORD}"
    command = [*STOCKTAKE, "scan", url, "--catalog", str(folder), "-q"]
    fresh = partial(shutil.rmtree, folder, ignore_errors=True)
    # Some facts of a share are for administrators alone, which is told as a gap.
    return Side("stocktake scan", command, seen=seen, before=fresh, env=target.env, codes=frozenset({0, 3}))


# the peers


def registered(target: Target) -> None:
    """Log in with smbprotocol's own client."""
    import smbclient  # noqa: PLC0415 - of the process that is measured

    smbclient.register_session(target.host, username=target.user, password=target.password, port=target.port)


def with_scandir(target: Target) -> Seen:
    """What smbprotocol's scandir tells, one folder after the other; what an entry is, from the listing alone."""
    import smbclient  # noqa: PLC0415 - of the process that is measured

    waiting, found = [""], []
    while waiting:
        parent = waiting.pop()
        for entry in smbclient.scandir(rf"\\{target.host}\{SHARE}\{parent}", port=target.port):
            found.append(f"{parent}{entry.name}".replace("\\", "/").encode())
            if entry.smb_info.file_attributes & 0x10:
                waiting.append(f"{parent}{entry.name}\\")
    return of(found)


def scandir(target: Target) -> Side:
    """The peer of the first goal."""
    return Side("smbclient.scandir", partial(with_scandir, target), ready=partial(registered, target))


def rclone(target: Target) -> Side | None:
    """The recursive listing of rclone; None where it is not installed."""
    if shutil.which("rclone") is None:
        print("rclone is not installed, so the rows beside it are left out", file=sys.stderr)
        return None
    obscured = subprocess.run(["rclone", "obscure", target.password], check=True, capture_output=True, text=True)
    where = {"HOST": target.host, "PORT": str(target.port), "USER": target.user, "PASS": obscured.stdout.strip()}
    env = {f"RCLONE_SMB_{name}": value for name, value in where.items()} | {"RCLONE_CONFIG": os.devnull}

    def seen(out: bytes) -> Seen:
        return of(entry["Path"].encode() for entry in json.loads(out))

    command = ["rclone", "lsjson", "-R", "--no-mimetype", f":smb:{SHARE}"]
    return Side("rclone lsjson -R", command, seen=seen, env=env)


def smbclient(target: Target, secrets: Path) -> Side | None:
    """Samba's own client, all folders listed; None where it is not installed."""
    if shutil.which("smbclient") is None:
        print("smbclient is not installed, so the row beside it is left out", file=sys.stderr)
        return None
    secrets.touch(mode=0o600)
    secrets.write_text(f"username = {target.user}\npassword = {target.password}\n")

    def seen(out: bytes) -> Seen:
        parent, found = b"", []
        for line in out.splitlines():
            if line.startswith(b"\\"):
                parent = line[1:].replace(b"\\", b"/") + b"/"
            elif line.startswith(b"  ") and line.split()[0] not in (b".", b".."):
                found.append(parent + line.split()[0])
        return of(found)

    where = [f"//{target.host}/{SHARE}", "-p", str(target.port), "-A", str(secrets)]
    return Side("smbclient recurse; ls", ["smbclient", *where, "-c", "recurse; ls"], seen=seen)


# the rows


def near(target: Target, home: Path, names: str, *, full: bool) -> list[Row]:
    """Without delay."""
    row, work = partial(pairs, SECTION, full=full, unit="names"), f"{names}, 0 ms"
    walker, alone = scandir(target), listed(target, connect=True)
    rows = [
        row(work, peer=walker, ours=alone, goal=NEAR, note="logged in before"),
        row(f"{work}, rights of folders too", peer=walker, ours=listed(target, "folders", connect=True)),
    ]
    rows += [
        row(work, peer=peer, ours=listed(target), note="both with their login")
        for peer in filter(None, (rclone(target), smbclient(target, home / "secrets")))
    ]
    return [*rows, row(f"{work}, whole scan", peer=walker, ours=scan(target, home / "catalog"))]


def far(target: Target, home: Path, names: str, *, full: bool) -> list[Row]:
    """At 20 ms."""
    row, work = partial(pairs, SECTION, full=full, unit="names"), f"{names}, 20 ms"
    whole, other = scan(target, home / "catalog"), rclone(target)
    rows = [row(work, peer=scandir(target), ours=listed(target, connect=True), goal=FAR, note="logged in before")]
    if other is not None:
        rows += [
            row(work, peer=other, ours=listed(target), goal=FAR_RCLONE, note="both with their login"),
            row(f"{work}, whole scan", peer=other, ours=whole),
        ]
    return rows


def measure(full: bool) -> list[Row]:
    """Both distances, over one tree."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(samba())
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = plant(server.data, TOPS if full else FEW_TOPS)
        target = Target(server.host, server.port, server.user, server.password)
        rows = near(target, home, names, full=full)
        proxy = stack.enter_context(tcp_proxy(server.host, server.port))
        proxy.change(both=Conditions(latency_s=ROUND_TRIP_S / 2))
        return rows + far(replace(target, port=proxy.port), home, names, full=full)


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
