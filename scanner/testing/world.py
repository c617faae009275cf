"""The reference data every connector is shown: an awkward little tree whose every name, size and time is known."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scanner.paths import canonical

TRAITS: Mapping[str, str] = {
    "directory": "is a directory: object stores have none of their own",
    "empty_directory": "is a directory with nothing in it",
    "link": "is a symbolic link",
    "undecodable": "has a name whose bytes are not UTF-8",
    "control": "has a control character in its name",
    "backslash": "has a backslash in its name",
    "reserved": 'has one of <>:"|?* in its name',
    "trailing": "has a name ending in a dot or a space",
    "device": "is named like a DOS device",
    "long": "has a name of 255 bytes",
    "case_twin": "differs from a sibling by case only",
    "form_twin": "differs from a sibling by Unicode normal form only",
    "large": "is larger than 32 bits can say (and sparse)",
    "pre_1970": "was modified before 1970",
    "after_2038": "was modified after 2038",
    "opaque_key": "has '.', '..' or nothing as a part of its path: only object stores can hold it",
}
"""What may be beyond a medium; a harness names those in its ``cannot``."""

_DEVICES = (b"CON", b"NUL", b"AUX", b"PRN")
_LARGE = 1 << 32


@dataclass(frozen=True, slots=True)
class Node:
    """One thing of the world. ``path`` is relative, in bytes; ``modified`` in microseconds UTC; ``target`` a link's."""

    path: bytes
    kind: Literal["file", "directory", "link"]
    size: int | None
    modified: int
    traits: frozenset[str]
    target: bytes = b""

    @property
    def canonical(self) -> str:
        """Its canonical path."""
        return canonical(self.path)

    def content(self) -> bytes:
        """What a file holds: bytes that differ from file to file and from place to place."""
        size = self.size or 0
        block = hashlib.sha256(self.path).digest()
        return (block * (size // len(block) + 1))[:size]


@dataclass(frozen=True, slots=True)
class World:
    """Nodes, every directory before what it holds."""

    nodes: tuple[Node, ...]

    def without(self, cannot: AbstractSet[str]) -> World:
        """What is left on a medium that cannot hold the given traits; what lies beneath a dropped name goes with it."""
        unknown = set(cannot) - set(TRAITS)
        if unknown:
            raise ValueError(f"no such trait: {sorted(unknown)}")
        return World(tuple(n for n in self.nodes if not n.traits & cannot))

    def files(self) -> tuple[Node, ...]:
        """The regular files that are not too large to be held in memory."""
        return tuple(n for n in self.nodes if n.kind == "file" and "large" not in n.traits)

    def plant(self, root: Path) -> None:
        """Make it on a local file system, beneath an existing directory.

        Every access time is set long ago, so that any reading that leaves traces changes it even under ``relatime``.
        """
        for node in self.nodes:
            place = root / os.fsdecode(node.path)
            if node.kind == "directory":
                place.mkdir()
            elif node.kind == "link":
                place.symlink_to(os.fsdecode(node.target))
            else:
                _write(place, node)
        for node in reversed(self.nodes):
            times = (_LONG_AGO_NS, node.modified * 1000)
            os.utime(root / os.fsdecode(node.path), ns=times, follow_symlinks=False)
        os.utime(root, ns=(_LONG_AGO_NS, _LONG_AGO_NS))


def _write(place: Path, node: Node) -> None:
    with place.open("xb") as file:
        if "large" in node.traits:
            file.truncate(node.size)
        else:
            file.write(node.content())


def fingerprint(root: Path, *, directory_access: bool = True) -> dict[bytes, tuple[object, ...]]:
    """Everything that writing, or reading with traces, would change about a local tree.

    ``directory_access=False`` leaves out the access times of directories, which a file server touches by itself.
    """
    base = os.fsencode(root)
    return {path[len(base) :]: _facts(path, directory_access=directory_access) for path in _below(base)}


def _below(path: bytes) -> Iterator[bytes]:
    yield path
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NOATIME)
    try:
        names = [os.fsencode(entry.name) for entry in os.scandir(handle)]
    finally:
        os.close(handle)
    for name in sorted(names):
        yield from _below(path + b"/" + name)


def _facts(path: bytes, *, directory_access: bool) -> tuple[object, ...]:
    s = os.lstat(path)
    kept = (s.st_mode, s.st_ino, s.st_nlink, s.st_uid, s.st_gid, s.st_size, s.st_mtime_ns, s.st_ctime_ns)
    return kept if stat.S_ISDIR(s.st_mode) and not directory_access else (*kept, s.st_atime_ns)


_LONG_AGO_NS = 981_173_106_000_000_000  # 2001-02-03T04:05:06Z
_USUAL = 1_420_167_845_678_901  # 2015-01-02T03:04:05.678901Z
_DAY = 86_400_000_000

# Paths ending in '/' are directories; those with ' -> ' in the second list are links. Directories come of themselves.
_FILES: tuple[tuple[str | bytes, int], ...] = (
    ("plain.txt", 11),
    ("empty", 0),
    ("one", 1),
    ("block", 4096),
    ("some blocks", 100_001),
    ("large.img", _LARGE + 5),
    ("a/b/c/d/deep.txt", 7),
    ("a/b/c2/also deep.txt", 8),
    ("a/plain.txt", 12),
    # '-', '.' and '!' sort before '/', '0' after it: whoever resumes by comparing whole paths skips some of these.
    ("foo/inside", 3),
    ("foo-bar/inside", 4),
    ("foo.bar/inside", 5),
    ("foo!", 6),
    ("foo0", 7),
    (b"caf\xe9.txt", 21),
    (b"\xff\xfe", 22),
    (b"surrogate-\xed\xa0\x80", 23),
    (b"dossier \xe9t\xe9/r\xe9sum\xe9.doc", 24),
    (b"dossier \xe9t\xe9/plain.txt", 25),
    ("new\nline", 31),
    ("escape\x1b[31mred", 32),
    ("tab\there", 33),
    ("delete\x7f", 34),
    ("back\\slash", 35),
    ("caf\\xE9.txt", 36),  # the very text that the undecodable twin above is escaped to
    ("double\\\\back", 37),
    ("it's.txt", 38),
    ('say "hi".txt', 39),
    ("what?*<>|:.txt", 40),
    ("...", 41),
    ("..hidden", 42),
    ("..twice/..twice", 43),
    (".profile", 44),
    ("trailing dot.", 45),
    ("trailing space ", 46),
    (" leading space", 47),
    ("-rf", 48),
    ("--help", 49),
    ("~", 50),
    ("CON", 51),
    ("nul.txt", 52),
    ("100%.txt", 53),
    ("%41+a b&c=d;e#f.txt", 54),
    ("{{ 7*7 }}${x}`y`$(z)", 55),
    ("=1+1.csv", 56),
    ("\u202egnp.exe", 57),
    ("line\u2028separator", 58),
    ("עברית.txt", 59),
    ("😀📁/👩‍👩‍👧.txt", 60),
    ("Ünïcödé/日本語.txt", 61),
    ("Case.txt", 62),
    ("case.txt", 63),
    ("\u00e9.txt", 64),
    ("e\u0301.txt", 65),
    ("n" * 255, 66),
    ("epoch", 67),
    ("old", 68),
    ("future", 69),
    ("up/../over", 70),
    ("here/./there", 71),
    ("two//slashes", 72),
)
_LINKS: tuple[tuple[str | bytes, bytes], ...] = (
    ("link to file", b"plain.txt"),
    ("link to directory", b"a/b"),
    ("link to itself", b"."),
    ("link to nothing", b"gone-\xe9"),
    ("link outside", b"/etc/hostname"),
)
_EMPTY_DIRECTORIES: tuple[str, ...] = ("nothing here", "a/nothing here either")
_MODIFIED = {b"epoch": 0, b"old": -1_000_000_000 * 1_000_000 + 250_000, b"future": 4_102_444_800 * 1_000_000}
_TWINS = {b"case.txt": "case_twin", "e\u0301.txt".encode(): "form_twin"}


def _traits(path: bytes) -> Iterator[str]:
    parts = path.split(b"/")
    if any(part in (b"", b".", b"..") for part in parts):
        yield "opaque_key"
    elif any(part.endswith((b".", b" ")) for part in parts):
        yield "trailing"
    try:
        path.decode()
    except UnicodeDecodeError:
        yield "undecodable"
    if any(byte < 0x20 or byte == 0x7F for byte in path):
        yield "control"
    if b"\\" in path:
        yield "backslash"
    if any(byte in b'<>:"|?*' for byte in path):
        yield "reserved"
    if any(part.upper().split(b".")[0] in _DEVICES for part in parts):
        yield "device"
    if any(len(part) > 250 for part in parts):
        yield "long"
    if path in _TWINS:
        yield _TWINS[path]


def _node(path: bytes, kind: Literal["file", "directory", "link"], order: int, **more: object) -> Node:
    modified = _MODIFIED.get(path, _USUAL + order * _DAY)
    traits = {*_traits(path), *({kind} - {"file"})}
    traits |= {"pre_1970"} if modified < 0 else {"after_2038"} if modified >= (1 << 31) * 1_000_000 else set()
    size, target = more.get("size"), more.get("target", b"")
    assert size is None or isinstance(size, int)
    assert isinstance(target, bytes)
    if size is not None and size > _LARGE:
        traits.add("large")
    if more.get("empty"):
        traits.add("empty_directory")
    return Node(path, kind, size, modified, frozenset(traits), target)


def _raw(path: str | bytes) -> bytes:
    return path.encode() if isinstance(path, str) else path


def _build() -> World:
    nodes: dict[bytes, Node] = {}

    def above(path: bytes) -> None:
        parent = path.rpartition(b"/")[0]
        if parent and parent not in nodes and "opaque_key" not in set(_traits(path)):
            above(parent)
            nodes[parent] = _node(parent, "directory", len(nodes))

    for path, size in _FILES:
        above(_raw(path))
        nodes[_raw(path)] = _node(_raw(path), "file", len(nodes), size=size)
    for path, target in _LINKS:
        nodes[_raw(path)] = _node(_raw(path), "link", len(nodes), target=target)
    for path in _EMPTY_DIRECTORIES:
        above(_raw(path))
        nodes[_raw(path)] = _node(_raw(path), "directory", len(nodes), empty=True)
    return World(tuple(nodes.values()))


WORLD = _build()
"""The reference world, whole; a harness takes ``WORLD.without(cannot)``."""
