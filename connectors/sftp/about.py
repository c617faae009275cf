"""What a host says of itself, as settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sftp import wire as w
from connectors.sftp.entries import plain
from connectors.sftp.extended import room
from scanner.model import Batch
from scanner.schema import SETTING

if TYPE_CHECKING:
    from connectors.sftp.ssh import Link


def about(link: Link, wire: w.Wire, greeting: tuple[int, tuple[str, ...]], root: bytes, home: bytes | None) -> Batch:
    """Everything agreed on and offered, and the file system at the root; None for what the host would not say."""
    version, extensions = greeting
    space = room(wire, extensions, root)
    told: dict[str, str | None] = {
        **link.agreed,
        "ssh_weak_algorithms_offered": ", ".join(link.offered_weak) or "none",
        "auth_methods_offered": None,  # asked for, they would count as an attempt in the host's log
        "sftp_version": str(version),
        "sftp_extensions": ", ".join(extensions) or "none",
        "root": plain(root),
        "home": None if home is None else plain(home),
        "filesystem_total_bytes": _number(space and space.total),
        "filesystem_free_bytes": _number(space and space.free),
        "filesystem_files": _number(space and space.files),
        "filesystem_files_free": _number(space and space.files_free),
        "filesystem_read_only": str(space.read_only).lower() if space else None,
    }
    if link.weak:
        told["legacy_algorithms_used"] = ", ".join(link.weak)
    return Batch(SETTING, {"path": [""] * len(told), "name": list(told), "value": list(told.values())})


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)
