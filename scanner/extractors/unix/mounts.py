"""What a machine mounts and what it offers: fstab, autofs, mount units, exports, Samba, rsync."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from scanner.extractor import Mention, NotMine
from scanner.extractors.commands.command import Command
from scanner.extractors.commands.transfers import mounted
from scanner.extractors.decode import binary, decode
from scanner.extractors.finding import found
from scanner.extractors.quoting import quoted

_LONGEST_LINE = 4_000
_TYPES = frozenset((
    "cifs", "smb", "smbfs", "smb3", "nfs", "nfs4", "nfs3", "davfs", "davfs2", "sshfs", "fuse.sshfs", "fuse",
    "fuse.s3fs", "s3fs", "ncpfs", "afs", "glusterfs",
                    "ceph", "lustre", "curlftpfs", "fuse.curlftpfs", "gpfs", "9p", "autofs", "fuse.glusterfs",
                    "nfs-any", "xfs", "ext4", "ext3"))  # fmt: skip


def lines(content: bytes) -> Iterator[tuple[int, str, str | None]]:
    """The lines that say something, with their numbers; what stands behind a '#' at their start is commented."""
    if binary(content):
        raise NotMine
    pending, first = "", 0
    for number, line in enumerate(decode(content).split("\n"), start=1):
        if len(line) > _LONGEST_LINE:
            continue
        text = (pending + line).strip()
        if text.endswith("\\") and len(text) < _LONGEST_LINE:
            first, pending = first or number, text[:-1] + " "
            continue
        here, first, pending = first or number, 0, ""
        if text:
            commented = text[0] == "#"
            yield here, text.lstrip("# \t") if commented else text, "commented" if commented else None


def fstab(_path: str, content: bytes) -> Iterator[Mention]:
    """``device mountpoint type options``, as fstab, mtab, /proc/mounts and Solaris' vfstab write it."""
    for number, line, status in lines(content):
        words = [w.replace("\\040", " ") for w in line.split()]
        if len(words) < 3:
            continue
        device, at, kind = (
            (words[0], words[2], words[3]) if words[1] == "-" and len(words) > 3 else (words[0], words[1], words[2])
        )
        if kind.lower() in _TYPES and (at.startswith("/") or at == "none" or status is None):
            yield from mounted(device, at, kind.lower(), Command(("mount",), number, status), "fstab")


_MAP_LINE = re.compile(r"(?P<key>\S+)\s+(?:(?P<options>-\S+)\s+)?(?P<rest>\S.*)\Z")


def autofs(path: str, content: bytes) -> Iterator[Mention]:
    """``key -options server:/path`` of a map; ``/net file`` of auto.master names other maps only."""
    name = path.rpartition("/")[2].lower()
    for number, line, status in lines(content):
        match = _MAP_LINE.match(line)
        if match is None or line.startswith(("+", "!")):
            continue
        kind = re.search(r"fstype=([\w.]+)", match["options"] or "")
        for word in match["rest"].split():
            device = word.removeprefix(":") if word.startswith(("://", ":sshfs", ":s3fs")) else word
            if device.startswith("//") or re.match(r"[\w.@,${}&-]{2,253}:/", device) or "fs#" in device:
                hosts, mark, where = device.partition(":/")
                for host in hosts.split(",") if mark else (hosts,):
                    at = Command(("mount",), number, status)
                    yield from mounted(
                        f"{re.sub(r'[(][0-9]+[)]', '', host)}{mark}{where}",
                        match["key"],
                        kind[1] if kind else "",
                        at,
                        name,
                    )


def exports(_path: str, content: bytes) -> Iterator[Mention]:
    """Folders that an NFS server offers."""
    for number, line, status in lines(content):
        match = re.match(r'(?:"([^"]{1,500})"|(/\S{0,500}))(?:\s+(\S.*))?\Z', line)
        if match is not None and (status is None or "(" in line):
            made = quoted(
                match[1] or match[2],
                origin="exports",
                line=number,
                kind="path",
                status=status,
                alias=match[1] or match[2],
                action="defines",
            )
            if made is not None:
                yield made


_SECTION = re.compile(r"\[([^\]]{1,200})\]\s*\Z")


def samba(_path: str, content: bytes) -> Iterator[Mention]:
    """Shares that a Samba server offers, shares of others that it stands for, and files it includes."""
    section = ""
    for number, line, commented in lines(content):
        text = line.lstrip(";").strip()
        status = "commented" if line.startswith(";") else commented
        if (head := _SECTION.match(text)) is not None:
            section = head[1]
            continue
        key, mark, value = text.partition("=")
        key, value = " ".join(key.lower().split()), value.strip().strip('"')
        if not mark or not value:
            continue
        made: Mention | None = None
        if key in ("path", "directory") and section.lower() not in ("global", "printers", "print$"):
            made = quoted(
                value,
                origin="smb.conf/path",
                line=number,
                kind="path",
                status=status,
                alias=section or None,
                action="defines",
            )
        elif key == "msdfs proxy":
            target = value.split(",")[0].replace("/", "\\").lstrip("\\")
            made = quoted(
                f"\\\\{target}",
                origin="smb.conf/msdfs proxy",
                line=number,
                kind="unc",
                status=status,
                alias=section or None,
                action="defines",
            )
        elif key in ("include", "config file"):
            made = quoted(value, origin="smb.conf/include", line=number, kind="path", status=status, action="reads")
        elif key == "passdb backend" and "://" in value:
            made = quoted(
                value.partition(":")[2].strip('"'),
                origin="smb.conf/passdb backend",
                line=number,
                kind="url",
                status=status,
                action="connects",
            )
        if made is not None:
            yield made


def rsyncd(_path: str, content: bytes) -> Iterator[Mention]:
    """Modules that an rsync server offers."""
    section = ""
    for number, line, status in lines(content):
        if (head := _SECTION.match(line)) is not None:
            section = head[1]
        elif (match := re.match(r"path\s*=\s*(\S.*)\Z", line)) is not None:
            made = quoted(
                match[1],
                origin="rsyncd.conf/path",
                line=number,
                kind="path",
                status=status,
                alias=section or None,
                action="defines",
            )
            if made is not None:
                yield made


def mount_unit(path: str, content: bytes) -> Iterator[Mention]:
    """A unit ``.mount`` of systemd: What, Where, Type; of ``.automount`` the Where alone says nothing."""
    told: dict[str, tuple[int, str]] = {}
    for number, line, status in lines(content):
        key, mark, value = line.partition("=")
        if mark and status is None:
            told[key.strip().lower()] = (number, value.strip())
    if "what" in told:
        number, device = told["what"]
        where = told.get("where", (0, PurePosixPath(path).name))[1]
        yield from mounted(device, where, told.get("type", (0, ""))[1], Command(("mount",), number), "systemd/What")


def anything(text: str, number: int, origin: str, status: str | None) -> Iterator[Mention]:
    """Locators within a value."""
    for one in found(text):
        made = quoted(
            one.text,
            origin=origin,
            line=number,
            status=status,
            kind=None if one.kind == "connection_string" else one.kind,
        )
        if made is not None:
            yield made
