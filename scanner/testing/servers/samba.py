"""A real SMB server: a share to write to, a hidden one, a denied one, and a read-only one over a given tree."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.testing.servers import base

_GLOBAL = """\
[global]
 server role = standalone server
 netbios name = FILESRV01
 smb ports = {port}
 interfaces = {interfaces}
 bind interfaces only = yes
 disable netbios = yes
 private dir = {d}/private
 lock directory = {d}/lock
 state directory = {d}/state
 cache directory = {d}/cache
 pid directory = {d}/pid
 ncalrpc dir = {d}/ncalrpc
 passdb backend = tdbsam:{d}/private/passdb.tdb
 load printers = no
 disable spoolss = yes
 host msdfs = yes
 vfs objects = acl_xattr
 acl_xattr:ignore system acls = yes
{options}
[data]
 path = {d}/data
 read only = no
 force user = root
[hidden$]
 path = {d}/hidden
[denied]
 path = {d}/denied
 valid users = daemon
"""
_TREE = """\
[{name}]
 path = {path}
 read only = yes
 force user = root
"""
_FOLDERS = ("private", "lock", "state", "cache", "pid", "ncalrpc", "data", "hidden", "denied")


@dataclass(frozen=True, slots=True)
class Samba(base.Server):
    """A running SMB server, and the folders of its shares ``data``, ``hidden$`` and ``denied``."""

    data: Path
    hidden: Path
    denied: Path
    daemon: str = "daemon"
    """The account that alone may use the share ``denied``; same password."""


@contextlib.contextmanager
def samba(
    tree: Path | None = None,
    *,
    tree_name: str = "tree",
    options: str = "",
    shares: str = "",
    host: str = base.HOST,
    port: int | None = None,
) -> Iterator[Samba]:
    """Start smbd; ``tree`` becomes a read-only share, ``options`` is text for [global], ``shares`` further sections.

    In both texts ``{d}`` stands for the server's directory and ``{port}`` for its port. In a network namespace of its
    own it may listen at another address of loopback and at port 445, which is where DFS leads to.
    """
    base.need_root("smbd")
    smbd = base.program("smbd", "samba")
    smbpasswd = base.program("smbpasswd", "samba-common-bin")
    with base.home("smb") as directory, contextlib.ExitStack() as after:
        for folder in _FOLDERS:
            (directory / folder).mkdir(mode=0o755)
        conf, log = directory / "smb.conf", directory / "log"
        interfaces = "lo" if host == base.HOST else f"{host}/32"
        text = _GLOBAL.replace("{options}", options).replace("{interfaces}", interfaces) + shares + "\n"
        if tree is not None:
            text += _TREE.format(name=tree_name, path=tree)

        def write(port: int) -> None:
            conf.write_text(text.replace("{d}", str(directory)).replace("{port}", str(port)))

        def command(port: int) -> list[str]:
            write(port)
            return [smbd, "--foreground", "--no-process-group", "--debug-stdout", "-s", str(conf)]

        write(base.free_port())  # any will do: smbpasswd reads the same file, and refuses 0
        for account in (base.UNPRIVILEGED, "daemon"):
            base.run(
                [smbpasswd, "-c", str(conf), "-s", "-a", account],
                text=f"{base.PASSWORD}\n{base.PASSWORD}\n",
            )
        # Runs after smbd has ended: the RPC daemon starts at the first share listing, and outlives it.
        after.callback(_end_helpers, conf)
        at = after.enter_context(base.serving(command, log, host=host, port=port))
        yield Samba(
            host,
            at,
            base.UNPRIVILEGED,
            base.PASSWORD,
            directory,
            log,
            directory / "data",
            directory / "hidden",
            directory / "denied",
        )


def _end_helpers(conf: Path) -> None:
    for process in base.naming(conf):
        with contextlib.suppress(ProcessLookupError):
            base.end(os.getpgid(process))
