"""What lies beside the root on its host: the folders of each level above it, that no more than one look costs."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sftp import wire as w
from connectors.sftp.entries import kind, plain
from connectors.sftp.options import Root
from scanner.model import Batch, Columns, Fault
from scanner.paths import canonical
from scanner.schema import SEEN

LEVELS = 8
"""Levels above the root that are looked at, the nearest ones."""
ANSWERS = 16
"""Answers taken of each level: with OpenSSH, 1,600 names."""
_SYSTEM = frozenset(
    b"bin boot dev etc lib lib32 lib64 libx32 lost+found proc run sbin selinux sys tmp usr".split()
)  # fmt: skip
"""Folders that a Unix has at its top for itself."""


def beside(wire: w.Wire, root: Root) -> Iterator[Batch | Fault]:
    """The folders beside the root and beside those above it, and the account's home if it lies elsewhere.

    What may not be listed is passed over: nothing is concluded from a refusal. A level longer than what is taken of
    it is noted.
    """
    seen = Columns(SEEN, ("name", "kind", "locator", "reason", "detail"))
    told = {root.path}

    def tell(path: bytes, detail: str | None) -> None:
        if path not in told:
            told.add(path)
            seen.add(plain(path), "directory", root.locator(path), "not_configured", detail)

    for level, below in _levels(root.path):
        told.add(level)
        folders, more = _folders(wire, level)
        if more:
            detail = f"{canonical(level)} holds more than was looked at to see what lies beside the path"
            yield Fault("", "note", "TRUNCATED", detail)
        for name in folders:
            path = w.below(level, name)
            if path != below and not (level == b"/" and name in _SYSTEM):
                tell(path, None)
    home = root.home
    if home is not None and home.startswith(b"/") and not _within(home, root.path) and not _within(root.path, home):
        tell(home, "the account's home")
    if len(seen):
        yield seen.take()


def _levels(root: bytes) -> list[tuple[bytes, bytes]]:
    """The levels above an absolute path, nearest first, each with the one below that leads to it."""
    found: list[tuple[bytes, bytes]] = []
    if {b".", b".."} & set(root.split(b"/")):  # a server that resolves nothing: what is above cannot be told
        return []
    while root.startswith(b"/") and root != b"/" and len(found) < LEVELS:
        above = root.rpartition(b"/")[0] or b"/"
        found.append((above, root))
        root = above
    return found


def _folders(wire: w.Wire, level: bytes) -> tuple[list[bytes], bool]:
    """The directories of a level, as far as a few answers show them, and whether more would have come."""
    opened = wire.call(w.OPENDIR, w.string(level))
    try:
        handle = w.text(opened.body)[0] if opened.kind == w.HANDLE else None
    except w.Malformed:
        handle = None
    if handle is None:
        return [], False
    folders: dict[bytes, None] = {}
    more = True
    for answer in range(ANSWERS + 1):
        reply = wire.call(w.READDIR, w.string(handle))
        if reply.kind != w.NAME:
            more = False  # its end, or a refusal, which servers may give here as well
            break
        if answer == ANSWERS:
            break
        found, whole = w.names(reply.body)
        folders.update(
            (name, None)
            for name, _, facts in found
            if kind(facts[3]) == "directory" and name not in (b"", b".", b"..") and not {0, 0x2F} & set(name)
        )
        if not whole:
            break
    wire.call(w.CLOSE, w.string(handle))
    return sorted(folders), more


def _within(path: bytes, above: bytes) -> bool:
    return path == above or path.startswith(above.rstrip(b"/") + b"/")
