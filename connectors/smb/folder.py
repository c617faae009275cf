"""One folder being listed: its names become entries, units and faults, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from connectors.smb import listing, wire
from connectors.smb.reach import Identity, Reach
from connectors.smb.rights import Rights
from connectors.smb.rows import Rows
from connectors.smb.status import OF_A_FOLDER
from scanner import paths
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.schema import SEEN

_DEEPEST = 250
"""Folders within folders: people make no deeper tree, and a loop that cannot be recognised must end somewhere."""
LONGEST = 100_000_000
"""Names after which a folder counts as endless."""
_LONGEST_PATH = 65_000
"""Bytes of a path in UTF-16; the protocol counts them in 16 bits, host and share included."""
_SIZES = 1 << 63
_KEPT_NAMES = 250_000
"""Names of one folder that are checked for repetition one by one; a whole page that comes again is always noticed."""


class _Kind(NamedTuple):
    """What a listed name is, in the words of the catalog."""

    kind: str
    tier: str | None
    subtype: str | None
    target: str | None
    is_entered: bool


class Folder:
    """The listing of one folder so far.

    ``rows`` are the entries not yet taken, ``asks`` those of them whose rights are wanted; ``broken`` is why the
    listing is not whole, once it is known.
    """

    def __init__(self, key: str, reach: Reach, rights: Rights, *, snapshots: bool) -> None:
        self.listed = 0
        self.broken: SourceError | None = None
        self.rows = Rows()
        self.asks: dict[str, tuple[int, bool]] = {}
        self.key = key
        self._reach = reach
        self._rights = rights
        self._snapshots = snapshots
        self._names: set[bytes] = set()
        self._above: dict[Identity, str] | None = None

    def add(self, page: bytes) -> list[Event]:
        """Take in one page, up to where it contradicts itself; what it tells besides entries."""
        found: list[wire.Listed] = []
        try:
            found.extend(each for each in wire.entries(page) if each.name not in _DOTS)  # keeps what came before
        except ValueError as error:
            self.broken = SourceError("PARTIAL", str(error))
        if self.listed + len(found) >= LONGEST:
            self.broken = SourceError("TRUNCATED", f"more than {LONGEST} names")
        events: list[Event] = []
        self.listed += len(found)
        for name, each in self._named(found, events):
            kind = self._kind(name, each, events)
            if self._rights.asks_folders and kind.is_entered:
                self.asks[name] = len(self.rows), True
            elif self._rights.asks_files and kind.kind == "file" and _can_be_asked(name, each):
                self.asks[name] = len(self.rows), False
            self._record(name, each, kind)
        return events

    def take(self) -> tuple[Rows, dict[str, tuple[int, bool]]]:
        """The entries so far; which of them (row, and whether it is a folder) are to be asked for their rights."""
        taken = self.rows, self.asks
        self.rows, self.asks = Rows(), {}
        return taken

    def _named(self, found: list[wire.Listed], events: list[Event]) -> Iterator[tuple[str, wire.Listed]]:
        """The names that can be recorded, as canonical text."""
        for each in found:
            name, ill_formed = listing.text(each.name)
            if each.name in self._names:
                events.append(Fault(self.key + name, "skip", "DUPLICATE_ENTRY"))
                continue
            if len(self._names) < _KEPT_NAMES:
                self._names.add(each.name)
            if is_illegal(name):
                shown = self.key + name.replace("\0", "\\x00")
                events.append(Fault(shown, "stat", "OTHER", "the server gave an illegal name"))
                continue
            if ill_formed:
                events.append(Fault(self.key + name, "note", "NAME_UNDECODABLE", "no valid UTF-16"))
            elif listing.is_mangled(name):
                events.append(Fault(self.key + name, "note", "NAME_MANGLED", "it has the form of an 8.3 alias"))
            yield name, each

    def _kind(self, name: str, each: wire.Listed, events: list[Event]) -> _Kind:
        """What a name is; what lies beneath it is handed on, or a fault says why not."""
        attributes, target = each.attributes, None
        kind, tier, subtype = "directory", None, None
        if attributes & listing.UNUSUAL:
            kind, tier, subtype = listing.unusual(attributes, each.tag)
        elif not attributes & listing.DIRECTORY:
            kind, tier = "file", "online"
        before = len(events)
        if kind == "directory":
            self._descend(name, each, events)
        elif subtype == "dfs":
            target = self._dfs(name, events)
        is_entered = kind == "directory" and any(isinstance(event, Unit) for event in events[before:])
        return _Kind(kind, tier, subtype, target, is_entered)

    def _record(self, name: str, each: wire.Listed, kind: _Kind) -> None:
        has_content = kind.kind == "file"
        self.rows.add(
            self.key,
            name,
            kind.kind,
            each.size if has_content and each.size < _SIZES else None,
            each.allocated if has_content and each.allocated < _SIZES else None,
            listing.time(each.modified),
            listing.time(each.created),
            None,
            each.attributes,
            kind.target,
            kind.tier,
            kind.subtype,
        )

    def _descend(self, name: str, each: wire.Listed, events: list[Event]) -> None:
        """Hand a sub-folder on, unless it leads back, lies too deep, holds snapshots, or would be recalled."""
        path = self.key + name
        if not self._snapshots and listing.is_snapshot(name):
            events.append(Fault(path, "descend", "SNAPSHOT"))
        elif each.attributes & listing.RECALL:
            events.append(Fault(path, "descend", "OFFLINE", "listing it would recall it"))
        elif "\\\\" in name:
            events.append(Fault(path, "descend", "OTHER", "no SMB path can name it"))
        elif path.count("/") > _DEEPEST:
            events.append(Fault(path + "/", "list", "TOO_DEEP", f"more than {_DEEPEST} folders deep"))
        elif len(path.encode("utf-16-le", "surrogatepass")) > _LONGEST_PATH:
            events.append(Fault(path + "/", "list", "TOO_DEEP", "no SMB path is long enough to name it"))
        elif (again := self._leads_back(path + "/", each.number)) is not None:
            events.append(Fault(path, "descend", "LOOP", f"it is {again} again"))
        else:
            events.append(Unit(path + "/"))

    def _leads_back(self, path: str, number: int) -> str | None:
        """Which folder above this one is the same one. A server that follows links itself shows them as folders.

        File numbers repeat from volume to volume, and roots of volumes often have the same; so where the number is the
        same, the server is asked for the volume too.
        """
        if self._above is None:
            self._above = self._reach.ancestors(self.key)
        if not any(identity[1] == number for identity in self._above):
            return None
        identity = self._reach.identity(path)
        return self._above.get(identity) if identity is not None else None

    def _dfs(self, name: str, events: list[Event]) -> str | None:
        """Where a DFS link leads; a unit where it may be followed, else a fault."""
        path = self.key + name
        try:
            target, allowed = self._reach.dfs_target(path)
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            events.append(Fault(path, "descend", "DFS_NOT_FOLLOWED", error.detail))
            return None
        if not allowed:
            events += [Fault(path, "descend", "DFS_NOT_FOLLOWED", f"leads to {target}"), self._elsewhere(path, target)]
        else:
            try:
                identity = self._reach.identity(path + "/")
            except SourceError:  # the host it leads to is in trouble, which its own unit tells
                identity = None
            if self._above is None:
                self._above = self._reach.ancestors(self.key)
            if identity is not None and identity in self._above:
                events.append(Fault(path, "descend", "LOOP", f"it is {self._above[identity]} again"))
            else:
                events.append(Unit(path + "/"))
        return paths.canonical_text(target)

    def _elsewhere(self, path: str, target: str) -> Batch:
        """The share a DFS link leads to, as one that is not scanned."""
        root = "\\\\" + "\\".join(target[2:].split("\\")[:2])
        row = {
            "name": paths.canonical_text(root),
            "kind": "share",
            "locator": self._reach.locator(root),
            "reason": "not_configured",
            "detail": f"DFS link {path} leads to {paths.canonical_text(target)}",
        }
        return Batch(SEEN, {name: [value] for name, value in row.items()})


_DOTS = frozenset({".".encode("utf-16-le"), "..".encode("utf-16-le")})


def _can_be_asked(name: str, each: wire.Listed) -> bool:
    """Whether a file can be opened for its access list: by a path that SMB can say, and without being recalled."""
    return "\\\\" not in name and not each.attributes & listing.RECALL_ON_OPEN


def is_illegal(name: str) -> bool:
    """Whether a name cannot be one part of a path: a server that sends such a thing is broken, or hostile."""
    return not name or name in {".", ".."} or "\\x2F" in name or "\0" in name
