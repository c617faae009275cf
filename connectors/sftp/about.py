"""What a host says of itself, as settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sftp import wire as w
from connectors.sftp.entries import plain
from connectors.sftp.extended import Room, room
from scanner.model import Batch
from scanner.schema import SETTING

if TYPE_CHECKING:
    from connectors.sftp.options import Root
    from connectors.sftp.ssh import Link


def about(link: Link, wire: w.Wire, greeting: tuple[int, tuple[str, ...]], root: Root) -> Batch:
    """Everything agreed on and offered, and the file system at the root; None for what the host would not say."""
    version, extensions = greeting
    space = room(wire, extensions, root.path) or Room()
    told: dict[str, str | None] = {
        **link.agreed,
        "ssh_weak_algorithms_offered": ", ".join(link.offered_weak) or "none",
        "auth_methods_offered": None,  # asked for, they would count as an attempt in the host's log
        "sftp_version": str(version),
        "sftp_extensions": ", ".join(extensions) or "none",
        "root": plain(root.path),
        "home": None if root.home is None else plain(root.home),
        "locator": root.locator(root.path) if root.path.startswith(b"/") else None,
        "filesystem_total_bytes": _text(space.total),
        "filesystem_free_bytes": _text(space.free),
        "filesystem_files": _text(space.files),
        "filesystem_files_free": _text(space.files_free),
        "filesystem_read_only": _text(space.read_only),
    }
    if link.weak:
        told["legacy_algorithms_used"] = ", ".join(link.weak)
    return Batch(SETTING, {"path": [""] * len(told), "name": list(told), "value": list(told.values())})


def _text(value: int | None) -> str | None:
    return None if value is None else str(value).lower()
