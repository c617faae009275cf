"""What is mounted where, as the kernel tells it, and what that means for a walk."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scanner.paths import canonical

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
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system: where, of which type, with which options, and of what."""

    point: bytes
    device: int
    type: str
    options: str
    of: str

    @property
    def pseudo(self) -> bool:
        """Whether it holds nobody's data."""
        return self.type in PSEUDO


@dataclass(frozen=True, slots=True)
class Mounts:
    """The mounts that a walk beneath one root meets.

    ``root`` is the one the root lies in; ``below`` those beneath it, by the canonical path of their mount point
    with its closing '/'; ``types`` the type of each device number.
    """

    root: Mount | None
    below: Mapping[str, Mount]
    types: Mapping[int, str]

    def type_of(self, device: int) -> str:
        """The file system type of a device number; the root's where the kernel shows another number (btrfs does)."""
        return self.types.get(device, self.root.type if self.root else "")


def read_mounts(root: bytes, table: Path = Path("/proc/self/mountinfo")) -> Mounts:
    """The mounts around and beneath ``root``, a path without links; none where there is no such table."""
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        lines = []
    mounts = [mount for line in lines if (mount := _mount(line)) is not None]
    start = root.rstrip(b"/") + b"/"
    # A later line lies over an earlier one at the same place: it is the one that is seen.
    around = [m for m in mounts if start.startswith(m.point.rstrip(b"/") + b"/")]
    below = {
        canonical(m.point[len(start) :]) + "/": m for m in mounts if m.point.startswith(start) and m.point != start
    }
    longest = max((len(m.point) for m in around), default=0)
    return Mounts(
        next((m for m in reversed(around) if len(m.point) == longest), None),
        below,
        {m.device: m.type for m in mounts},
    )


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
    point = _unescaped(fields[4])
    return Mount(point, os.makedev(int(major), int(minor)), kind, canonical(os.fsencode(shown)), of)


def _unescaped(word: bytes) -> bytes:
    return _OCTAL.sub(lambda m: bytes([int(m[1], 8)]), word)
