"""What a listed name is: kind, tier, times and canonical text, from the listing alone."""

from __future__ import annotations

import re

from scanner import paths

DIRECTORY = 0x10
REPARSE_POINT = 0x400
OFFLINE = 0x1000
RECALL_ON_OPEN = 0x40000
RECALL_ON_DATA_ACCESS = 0x400000
RECALL = RECALL_ON_OPEN | RECALL_ON_DATA_ACCESS
NOT_ONLINE = OFFLINE | RECALL
UNUSUAL = REPARSE_POINT | NOT_ONLINE
"""Attributes without which a name is simply a file or a directory."""

TAG_DFS = 0x8000000A
_NAME_SURROGATE = 0x20000000  # the reparse point stands for another name: symlink, junction, …
_CLOUD, _CLOUD_MASK = 0x9000001A, 0xFFFF0FFF
_TAGS = {
    0xA0000003: "junction",
    0xA000000C: "symlink",
    0xA000001D: "wsl symlink",
    TAG_DFS: "dfs",
    0x80000012: "dfsr",
    0x80000013: "dedup",
    0x80000017: "compressed (wof)",
    0x80000006: "hsm",
    0xC0000004: "hsm",
    0x8000001E: "storage sync",
    0x80000021: "onedrive",
    0x80000014: "nfs",
    0x80000023: "socket",
    0x80000024: "fifo",
    0x80000025: "character device",
    0x80000026: "block device",
}
_SPECIAL = frozenset({0x80000014, 0x80000023, 0x80000024, 0x80000025, 0x80000026})
_PLACEHOLDERS = frozenset({0x80000021, 0x8000001E, 0x80000006, 0xC0000004})

# Samba's aliases (mangling method hash2): first character of the name, five of a hash, '~', one more, all upper case.
# A file may carry such a name by right, which nobody can tell from here.
_MANGLED = re.compile(r"[^a-z.\s~][0-9A-Z_]{5}~[0-9A-Z](\.[^.a-z]{1,3})?")
_SNAPSHOT = re.compile(r"\.snapshots?|~snapshot|\.zfs|@GMT-\d{4}\.\d\d\.\d\d-\d\d\.\d\d\.\d\d")

_EPOCH = 116_444_736_000_000_000  # 1970 in the server's count: tenths of microseconds since 1601
_NEVER = 0x7FFFFFFFFFFFFFFF


def unusual(attributes: int, tag: int) -> tuple[str, str | None, str | None]:
    """Kind, tier and subtype of a name with one of the ``UNUSUAL`` attributes.

    A cloud placeholder is a file whose content is elsewhere. Its tag alone decides, because a server may hide the
    recall attributes, and reading what was taken for online by mistake would recall it.
    """
    reparse = bool(attributes & REPARSE_POINT)
    cloud = reparse and tag & _CLOUD_MASK == _CLOUD
    subtype = None
    if reparse:
        subtype = "cloud" if cloud else _TAGS.get(tag, f"reparse {tag:#010x}")
        if tag == TAG_DFS or tag & _NAME_SURROGATE:
            return "link", None, subtype
        if tag in _SPECIAL:
            return "special", None, subtype
    if attributes & DIRECTORY:
        return "directory", None, subtype
    offline = attributes & NOT_ONLINE or cloud or (reparse and tag in _PLACEHOLDERS)
    return "file", "offline" if offline else "online", subtype


def time(filetime: int) -> int | None:
    """Microseconds since 1970; None where the server gives none."""
    return (filetime - _EPOCH) // 10 if 0 < filetime < _NEVER else None


def text(name: bytes) -> tuple[str, bool]:
    """Canonical text of a name in UTF-16, and whether it was ill-formed."""
    try:
        plain = name.decode("utf-16-le")
    except UnicodeDecodeError:
        return paths.segment(name.decode("utf-16-le", "surrogatepass")), True
    return (paths.segment(plain) if "\\" in plain or "/" in plain else plain), False


def word(given: str) -> str:
    """What a server says in words, as text that can be written as UTF-8."""
    return given.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_mangled(name: str) -> bool:
    """Whether a name looks like the alias Samba gives in place of one that Windows could not bear."""
    return "~" in name and _MANGLED.fullmatch(name) is not None


def is_snapshot(name: str) -> bool:
    """Whether a directory of this name holds snapshots of its surroundings."""
    return name[0] in ".~@" and _SNAPSHOT.fullmatch(name) is not None
