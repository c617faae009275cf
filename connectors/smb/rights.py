"""Who may do what: security descriptors as grants, told only where the folder above does not say the same."""

from __future__ import annotations

from typing import Literal, NamedTuple

from connectors.smb import grants, sids
from connectors.smb.descriptor import Descriptor, parse
from connectors.smb.listing import word
from connectors.smb.reach import Reach
from scanner.model import Event, Fault, SourceError

Permissions = Literal["none", "folders", "files"]

_REMEMBERED = 50_000
"""Folders whose descriptor is remembered, so that those in them can be compared with it."""
_TOLD_ELSEWHERE = frozenset({"NOT_FOUND", "OFFLINE", "QUERY_FAILED"})
"""Gone meanwhile, or not to be opened: its own listing tells. A file system without access lists: the top tells."""
_KEPT_BYTES = 8 << 20
"""Different descriptors kept, as long as sent: a share has few, and parsed they take some seven times that."""


class Asked(NamedTuple):
    """What was asked for its access list: its name, the descriptor, packed, or why there is none."""

    name: str
    raw: bytes | SourceError
    is_folder: bool


class Owned(NamedTuple):
    """A descriptor and whom it names as owner, in words."""

    path: str
    descriptor: Descriptor
    is_folder: bool


class Rights:
    """The descriptors of one source, as far as they are asked for."""

    def __init__(self, reach: Reach, permissions: Permissions) -> None:
        self.asks_folders = permissions != "none"
        self.asks_files = permissions == "files"
        self._reach = reach
        self._known: dict[str, Descriptor | None] = {}
        self._parsed: dict[bytes, Descriptor] = {}
        self._kept_bytes = 0

    def of_top(self, key: str) -> list[Event]:
        """The grants of a folder that has none above it in this source; a fault where they are not told."""
        if not self.asks_folders:
            return []
        found = self._read(self._reach.descriptor(key, is_folder=True))
        self._remember(key, found)
        path = key.rstrip("/")
        if isinstance(found, SourceError):
            return [Fault(path, "query", found.code, f"owner and access list: {found.detail}")]
        return self._grants(key, [Owned(path, found, is_folder=True)])

    def beneath(self, key: str, asked: list[Asked]) -> tuple[dict[str, str], list[Event]]:
        """Owners of what is in a folder by name, and the grants and faults there are to tell."""
        above = self._of(key)
        events: list[Event] = []
        owners: dict[str, str] = {}
        different = []
        for name, raw, is_folder in asked:
            found, path = self._read(raw), key + name
            if isinstance(found, SourceError):
                if found.code not in _TOLD_ELSEWHERE:
                    events.append(Fault(path, "query", found.code, f"owner and access list: {found.detail}"))
                continue
            if found.owner:
                owners[name] = found.owner
            if above is None or not grants.goes_without_saying(found, above, is_folder=is_folder):
                different.append(Owned(path, found, is_folder))
        known = self._reach.principals(key, set(owners.values()))
        return {name: word(known[sid].name) for name, sid in owners.items()}, [
            *self._grants(key, different),
            *events,
        ]

    def _grants(self, key: str, found: list[Owned]) -> list[Event]:
        rows = grants.table()
        named = {sid for each in found for sid in sids.of(each.descriptor)}
        known = self._reach.principals(key, named | {sids.EVERYONE})
        for path, descriptor, is_folder in found:
            grants.add(rows, path, descriptor, known, is_folder=is_folder)
        told: list[Event] = [rows.take()] if len(rows) else []
        if (lost := self._reach.lost_names()) is not None:
            told.append(Fault(key.rstrip("/"), "query", lost.code, f"names of SIDs from here on: {lost.detail}"))
        return told

    def _read(self, raw: bytes | SourceError) -> Descriptor | SourceError:
        if isinstance(raw, SourceError):
            return raw
        known = self._parsed.get(raw)
        if known is None:
            try:
                known = parse(raw)
            except ValueError as error:
                return SourceError("OTHER", str(error))
            self._kept_bytes += len(raw)
            if self._kept_bytes > _KEPT_BYTES:
                self._parsed.clear()
                self._known.clear()
                self._kept_bytes = len(raw)
            self._parsed[raw] = known
        return known

    def _of(self, key: str) -> Descriptor | None:
        """The descriptor of a folder being listed, for comparison only: whoever listed what it is in told of it."""
        if key not in self._known:
            self.learn(key, self._reach.descriptor(key, is_folder=True))
        return self._known[key]

    def learn(self, key: str, raw: bytes | SourceError) -> None:
        """Keep the descriptor of a folder, for comparison."""
        self._remember(key, self._read(raw))

    def _remember(self, key: str, found: Descriptor | SourceError) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = found if isinstance(found, Descriptor) else None
