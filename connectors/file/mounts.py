"""What is mounted where, as the kernel tells it, and what that means for a walk."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scanner.paths import canonical, split

PSEUDO = frozenset(  # as text, since one word a line would fill a page
    "autofs binder binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue "  # noqa: SIM905
    "nfsd nsfs pipefs proc pstore resctrl rpc_pipefs securityfs selinuxfs smackfs sockfs sysfs tracefs".split()
)
"""File systems that hold no data of anybody's; reading one may never end, and entering autofs mounts something."""

HIERARCHICAL = frozenset({"lustre", "gpfs", "cvfs", "scoutfs", "beegfs"})
"""File systems that move content to tape by themselves and leave a stub without blocks."""

INLINE = frozenset({"btrfs", "erofs", "ext3", "ext4", "f2fs", "ntfs", "ntfs3", "overlay", "ufs", "zfs"})
"""File systems that keep small content within the inode, so that no blocks means nothing up to ``INLINE_BYTES``."""

INLINE_BYTES = 4096

REMOTE = frozenset(
    "9p afs ceph cifs coda gfs2 gpfs lustre ncpfs nfs nfs4 ocfs2 smb3 smbfs virtiofs".split()  # noqa: SIM905
)
"""File systems kept by another machine: to ask one about itself may take for ever, once that machine is gone."""

VOLATILE = frozenset({"overlay", "ramfs", "rootfs", "squashfs", "tmpfs"})
"""File systems that hold nothing to keep, or nothing that is not kept elsewhere too: memory, images, layers."""

ANCHORED = frozenset({"btrfs", "ext2", "ext3", "ext4", "f2fs", "lustre", "nfs", "nfs4", "xfs", "zfs"})
"""File systems whose listings can be taken up again at a place they once gave: NFS servers rely on it."""

_MADE_UP = frozenset({"cifs", "exfat", "fuseblk", "hfs", "hfsplus", "iso9660", "msdos", "smb3", "smbfs", "vfat"})
_AS_STORED = frozenset({"cifsacl", "idsfromsid", "modefromsid", "posix", "unix"})
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system: where, of which type, with which options, of what, and which part of it."""

    point: bytes
    device: int
    type: str
    options: str
    of: str
    part: bytes = b"/"

    @property
    def pseudo(self) -> bool:
        """Whether it holds nobody's data."""
        return self.type in PSEUDO

    @property
    def remote(self) -> bool:
        """Whether an answer from it hangs on another machine or program."""
        return self.type in REMOTE or self.type.partition(".")[0] in {"fuse", "fuseblk"}

    @property
    def flags(self) -> frozenset[str]:
        """Its options, one by one."""
        return frozenset(self.options.split(","))

    @property
    def keeps_rights(self) -> bool:
        """Whether owners and modes are those the file system keeps; FAT has none, an SMB mount shows its options'."""
        return self.type not in _MADE_UP or bool(self.flags & _AS_STORED)

    def holds(self, device: int, place: bytes) -> bool:
        """Whether a place within a device's file system is seen through it."""
        return device == self.device and within(place, self.part)


@dataclass(frozen=True)
class Mounts:
    """The mounts that a walk beneath one root meets.

    ``root`` is the one the root lies in; ``below`` those beneath it, by the canonical path of their mount point
    with its closing '/'; ``types`` the type of each device number; ``elsewhere`` the others of this machine.
    """

    root: Mount | None
    below: Mapping[str, Mount]
    types: Mapping[int, str]
    elsewhere: tuple[Mount, ...] = ()

    @cached_property
    def holders(self) -> frozenset[str]:
        """The directories, by their key, that something is mounted right in."""
        return frozenset(split(key[:-1])[0] for key in self.below)

    def type_of(self, device: int) -> str:
        """The file system type of a device number; the root's where the kernel shows another number (btrfs does)."""
        return self.types.get(device, self.root.type if self.root else "")

    def within(self, key: str) -> dict[str, Mount]:
        """The mounts right in a directory, by the name of their mount point."""
        return {k[len(key) : -1]: m for k, m in self.below.items() if split(k[:-1])[0] == key}

    def over(self, key: str) -> Mount | None:
        """The mount that a directory lies in, by its key."""
        if not self.below:
            return self.root
        while key:
            if key in self.below:
                return self.below[key]
            key = key[: key.rstrip("/").rfind("/") + 1]
        return self.root


def within(place: bytes, folder: bytes) -> bool:
    """Whether a path is a folder's, or lies beneath it."""
    return (place.rstrip(b"/") + b"/").startswith(folder.rstrip(b"/") + b"/")


def read_mounts(root: bytes, table: Path = Path("/proc/self/mountinfo")) -> Mounts:
    """The mounts around and beneath ``root``, a path without links; none where there is no such table."""
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        lines = []
    mounts = [mount for line in lines if (mount := _mount(line)) is not None]
    start = root.rstrip(b"/") + b"/"
    # A later line lies over an earlier one at the same place: it is the one that is seen.
    seen = {m.point: m for m in mounts}
    around = [m for m in seen.values() if within(root, m.point)]
    below = {
        canonical(m.point[len(start) :]) + "/": m for m in mounts if m.point.startswith(start) and m.point != start
    }
    longest = max((len(m.point) for m in around), default=0)
    own = next((m for m in reversed(around) if len(m.point) == longest), None)
    return Mounts(own, below, {m.device: m.type for m in mounts}, tuple(m for m in seen.values() if m is not own))


def _mount(line: bytes) -> Mount | None:
    """One line of mountinfo: id, parent, device, root, point, options, optional fields, '-', type, what, options."""
    left, _, right = line.partition(b" - ")
    fields, last = left.split(b" "), right.split(b" ")
    if len(fields) < 6 or len(last) < 3:
        return None
    major, _, minor = fields[2].partition(b":")
    options = dict.fromkeys(f"{os.fsdecode(fields[5])},{os.fsdecode(last[2])}".split(","))
    shown = ",".join(o for o in options if o and not o.startswith(("pass", "cred")))
    kind, of = (canonical(_unescaped(word)) for word in last[:2])
    point, part = _unescaped(fields[4]), _unescaped(fields[3])
    return Mount(point, os.makedev(int(major), int(minor)), kind, canonical(os.fsencode(shown)), of, part)


def _unescaped(word: bytes) -> bytes:
    return _OCTAL.sub(lambda m: bytes([int(m[1], 8)]), word)
