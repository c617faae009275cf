"""What lies beside the root on its host: the folders of each level above it, that no more than one look costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from connectors.sftp import wire as w
from connectors.sftp.entries import kind, plain
from connectors.sftp.options import Root
from connectors.sftp.pipeline import Pipeline
from scanner.model import Batch, Columns, Fault
from scanner.paths import canonical
from scanner.schema import SEEN

LEVELS = 8
"""Levels above the root that are looked at, the nearest ones."""
ANSWERS = 16
"""Answers taken of each level: with OpenSSH, 1,600 names."""
_READS = 4
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

    levels = _levels(root.path)
    _Look(wire).at(levels)
    for level in levels:
        told.add(level.path)
        if level.more:
            detail = f"{canonical(level.path)} holds more than was looked at to see what lies beside the path"
            yield Fault("", "note", "TRUNCATED", detail)
        for name in sorted(level.folders):
            path = w.below(level.path, name)
            if path != level.below and not (level.path == b"/" and name in _SYSTEM):
                tell(path, None)
    home = root.home
    if home is not None and home.startswith(b"/") and not _within(home, root.path) and not _within(root.path, home):
        tell(home, "the account's home")
    if len(seen):
        yield seen.take()


def _levels(root: bytes) -> list[_Level]:
    """The levels above an absolute path, nearest first, each with the one below that leads to it."""
    found: list[_Level] = []
    if {b".", b".."} & set(root.split(b"/")):  # a server that resolves nothing: what is above cannot be told
        return []
    while root.startswith(b"/") and root != b"/" and len(found) < LEVELS:
        above = root.rpartition(b"/")[0] or b"/"
        found.append(_Level(above, root))
        root = above
    return found


@dataclass(slots=True)
class _Level:
    """One level on its way: the folders that were found, and whether there may be more."""

    path: bytes
    below: bytes
    folders: set[bytes] = field(default_factory=set)
    handle: bytes = b""
    answers: int = 0
    under_way: int = 0
    ended: bool = False
    more: bool = False


class _Look:
    """All levels looked at together, so that each costs no round trips of its own."""

    def __init__(self, wire: w.Wire) -> None:
        self._pipeline = Pipeline(wire)

    def at(self, levels: list[_Level]) -> None:
        """Find the folders of each, as far as a few answers show them."""
        for level in levels:
            self._pipeline.send(w.OPENDIR, w.string(level.path), partial(self._opened, level))
        while self._pipeline.step():
            pass

    def _opened(self, level: _Level, reply: w.Reply) -> None:
        try:
            level.handle = w.text(reply.body)[0] if reply.kind == w.HANDLE else b""
        except w.Malformed:
            return
        if reply.kind == w.HANDLE:
            level.more = True
            self._read_on(level)

    def _read_on(self, level: _Level) -> None:
        while not level.ended and level.under_way < min(_READS, ANSWERS + 1 - level.answers):
            level.under_way += 1
            self._pipeline.send(w.READDIR, w.string(level.handle), partial(self._listed, level))
        if level.ended and not level.under_way:
            self._pipeline.send(w.CLOSE, w.string(level.handle), _ignore)

    def _listed(self, level: _Level, reply: w.Reply) -> None:
        level.under_way -= 1
        level.answers += 1
        if reply.kind != w.NAME:  # its end, or a refusal, which servers may give here as well
            level.more = level.more and level.ended
            level.ended = True
        elif level.answers > ANSWERS:
            level.ended = True
        else:
            found, whole = w.names(reply.body)
            level.folders.update(
                name
                for name, _, facts in found
                if kind(facts[3]) == "directory" and name not in (b"", b".", b"..") and not {0, 0x2F} & set(name)
            )
            level.ended = level.ended or not whole
        self._read_on(level)


def _ignore(_reply: w.Reply) -> None:
    """The answer to CLOSE tells nothing."""


def _within(path: bytes, above: bytes) -> bool:
    return path == above or path.startswith(above.rstrip(b"/") + b"/")
