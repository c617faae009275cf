"""What else is mounted on this machine: stores that exist and that this source does not look into. Never touched."""

from __future__ import annotations

import re
from urllib.parse import quote

from connectors.file.mounts import VOLATILE, Mount, Mounts, within
from scanner.model import Batch, Columns
from scanner.paths import canonical, restore
from scanner.schema import SEEN

_SFTP = re.compile(r"(?:(?P<user>[^@/]+)@)?(?P<host>\[[^\]]+\]|[^:/@]+):(?P<path>.*)")
_SMB = re.compile(r"//(?P<host>[^/]+)/(?P<rest>.+)")


def elsewhere(root: bytes, mounts: Mounts, *, cross_mounts: bool) -> Batch:
    """The mounts that hold data and are not part of this source, as its mount table tells them."""
    rows = Columns(SEEN, ("name", "kind", "locator", "reason", "detail"))
    kept: list[Mount] = []
    own, place = mounts.root, volume_path(root, mounts.root)
    for mount in sorted(mounts.elsewhere, key=lambda m: (len(m.part), m.point)):
        if mount.pseudo or (mount.type in VOLATILE and mount.point != b"/"):
            continue
        if cross_mounts and within(mount.point, root):
            continue
        if own is not None and mount.device == own.device and within(mount.part, place):
            continue  # a part of what this source covers, seen a second time
        if any(other.holds(mount.device, mount.part) for other in kept):
            continue
        kept.append(mount)
    for mount in sorted(kept, key=lambda m: m.point):
        rows.add(canonical(mount.point), "mount", locator(mount), "not_configured", f"{mount.type} {mount.of}")
    return rows.take()


def volume_path(root: bytes, mount: Mount | None) -> bytes:
    """Where a place lies within its file system, whichever way that is mounted."""
    if mount is None:
        return root
    inside = root[len(mount.point.rstrip(b"/")) :]
    return (mount.part.rstrip(b"/") + inside) or b"/"


def locator(mount: Mount) -> str:
    """How a source of the estate file would name it: a share or SFTP host where it is plainly one, else its path."""
    if mount.type in {"cifs", "smb3", "smbfs"} and (smb := _SMB.fullmatch(mount.of)):
        host, rest = smb["host"], smb["rest"].strip("/")
        port = next((o[5:] for o in mount.options.split(",") if o.startswith("port=")), "445")
        if port == "445":
            return "\\\\" + "\\".join([host, *rest.split("/")])
        return f"smb://{host}:{port}/{rest}"
    if mount.type == "fuse.sshfs" and (sftp := _SFTP.fullmatch(mount.of)) and sftp["user"]:
        path = sftp["path"] if sftp["path"].startswith("/") else f"/~/{sftp['path']}" if sftp["path"] else ""
        return f"sftp://{quote(sftp['user'], safe='')}@{sftp['host']}{quote(restore(path))}"
    return canonical(mount.point)
