"""Who may do what: security descriptors as grants, told only where they differ from what the folder above hands on."""

from __future__ import annotations

from typing import Literal, NamedTuple

from connectors.smb import sids
from connectors.smb.descriptor import Ace, Descriptor, native, parse, rights, specific
from connectors.smb.listing import word
from connectors.smb.reach import Reach
from connectors.smb.sids import Principal
from scanner.model import Columns, Event, Fault, SourceError
from scanner.schema import GRANT

Permissions = Literal["none", "folders", "files"]

_COLUMNS = (
    "path", "grantee", "grantee_kind", "right", "effect", "inherited", "origin", "grantee_id", "native", "scope",
    "condition",
)  # fmt: skip
_REMEMBERED = 50_000
"""Folders whose descriptor is remembered, so that those in them can be compared with it."""
_TOLD_ELSEWHERE = frozenset({"NOT_FOUND", "OFFLINE", "QUERY_FAILED"})
"""Gone meanwhile, or not to be opened: its own listing tells. A file system without access lists: the top tells."""
_DISTINCT = 10_000
"""Descriptors kept parsed: a share has few that differ."""


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

    def of_top(self, key: str) -> list[Event]:
        """The grants of a folder that has none above it in this source; a fault where they are not told."""
        if not self.asks_folders:
            return []
        found = self._asked(key, [""], is_folder=True)[0]
        self._remember(key, found if isinstance(found, Descriptor) else None)
        path = key.rstrip("/")
        if isinstance(found, SourceError):
            return [Fault(path, "query", found.code, f"owner and access list: {found.detail}")]
        return self._grants(key, [Owned(path, found, is_folder=True)])

    def beneath(self, key: str, names: list[str], *, is_folder: bool) -> tuple[dict[str, str], list[Event]]:
        """Owners of folders (or files) in a folder by name, and the grants and faults there are to tell."""
        if not names:
            return {}, []
        above = self._of(key)
        events: list[Event] = []
        owners: dict[str, str] = {}
        different = []
        for name, found in zip(names, self._asked(key, names, is_folder=is_folder), strict=True):
            path = key + name
            if is_folder:
                self._remember(path + "/", found if isinstance(found, Descriptor) else None)
            if isinstance(found, SourceError):
                if found.code not in _TOLD_ELSEWHERE:
                    events.append(Fault(path, "query", found.code, f"owner and access list: {found.detail}"))
                continue
            if found.owner:
                owners[name] = found.owner
            if above is None or not is_as_handed_on(found, above, is_folder=is_folder):
                different.append(Owned(path, found, is_folder))
        known = self._reach.principals(key, set(owners.values()))
        return {name: word(known[sid].name) for name, sid in owners.items()}, [
            *self._grants(key, different),
            *events,
        ]

    def _grants(self, key: str, found: list[Owned]) -> list[Event]:
        rows = Columns(GRANT, _COLUMNS)
        named = {sid for each in found for sid in sids.of(each.descriptor)}
        known = self._reach.principals(key, named | {sids.EVERYONE})
        for path, descriptor, is_folder in found:
            for row in grants(descriptor, known, is_folder=is_folder):
                rows.add(path, *row)
        return [rows.take()] if len(rows) else []

    def _asked(self, key: str, names: list[str], *, is_folder: bool) -> list[Descriptor | SourceError]:
        found: list[Descriptor | SourceError] = []
        for raw in self._reach.descriptors(key, names, is_folder=is_folder):
            if isinstance(raw, SourceError):
                found.append(raw)
                continue
            try:
                found.append(self._read(raw))
            except ValueError as error:
                found.append(SourceError("OTHER", str(error)))
        return found

    def _read(self, raw: bytes) -> Descriptor:
        known = self._parsed.get(raw)
        if known is None:
            if len(self._parsed) >= _DISTINCT:
                self._parsed.clear()
            known = self._parsed[raw] = parse(raw)
        return known

    def _of(self, key: str) -> Descriptor | None:
        """The descriptor of a folder being listed, for comparison only: whoever listed what it is in told of it."""
        if key not in self._known:
            found = self._asked(key, [""], is_folder=True)[0]
            self._remember(key, found if isinstance(found, Descriptor) else None)
        return self._known[key]

    def _remember(self, key: str, found: Descriptor | None) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = found


def share_grants(path: str, descriptor: Descriptor, known: dict[str, Principal]) -> Columns:
    """The rights on a share as a whole."""
    rows = Columns(GRANT, _COLUMNS)
    for row in grants(descriptor._replace(owner=None), known, is_folder=True, origin="share_acl"):
        rows.add(path, *row)
    return rows


def grants(
    descriptor: Descriptor, known: dict[str, Principal], *, is_folder: bool, origin: str = "nt_acl"
) -> list[tuple[object, ...]]:
    """What a descriptor says, as rows of ``GRANT`` without their path."""
    rows: list[tuple[object, ...]] = []
    whole = "both" if is_folder else "this"
    if descriptor.owner:
        who = known[descriptor.owner]
        rows.append((word(who.name), who.kind, "owner", "allow", None, origin, descriptor.owner, "OWNER", whole, None))
    everyone = known[sids.EVERYONE]
    if descriptor.aces is None:
        rows.append(
            (everyone.name, everyone.kind, "full", "allow", False, origin, sids.EVERYONE, "NULL DACL", whole, None)
        )
    elif not descriptor.aces:
        rows.append(
            (everyone.name, everyone.kind, "full", "deny", False, origin, sids.EVERYONE, "empty DACL", whole, None)
        )
    for ace in descriptor.aces or ():
        who = known[ace.sid]
        effect = "allow" if ace.allow else "deny"
        on_share = origin == "share_acl"
        files = on_share or not is_folder or ace.reaches_files
        folders = on_share or (is_folder and (ace.is_here or ace.reaches_folders))
        scope = "both" if on_share else (ace.scope if is_folder else "this")
        rows += [
            (
                word(who.name), who.kind, right, effect, ace.is_inherited, origin, ace.sid, native(ace.mask), scope,
                ace.condition,
            )
            for right in rights(ace.mask, folders=folders, files=files)
        ]  # fmt: skip
    return list(dict.fromkeys(rows))


def is_as_handed_on(found: Descriptor, above: Descriptor, *, is_folder: bool) -> bool:
    """Whether a descriptor says no more and no less than what the folder above hands on to what is in it.

    What was moved there keeps what it inherited elsewhere, so it is not enough that every entry is inherited.
    """
    if found.aces is None or above.aces is None:
        return False
    if found.is_protected or found.owner != above.owner or not all(ace.is_inherited for ace in found.aces):
        return False
    handed = [ace for ace in above.aces if (ace.reaches_folders if is_folder else ace.reaches_files)]
    here = {_right(ace, found) for ace in handed}
    if {_right(ace, found) for ace in found.aces if ace.is_here} != here:
        return False
    if not is_folder:
        return True
    on = {_inheritable(ace) for ace in above.aces if _is_inheritable(ace) and ace.goes_on}
    return {_inheritable(ace) for ace in found.aces if _is_inheritable(ace)} == on


def _right(ace: Ace, found: Descriptor) -> tuple[bool, int, str | None, str | None]:
    """What an entry comes to on an object of that owner."""
    stands_for = {sids.CREATOR_OWNER: found.owner, sids.CREATOR_GROUP: found.group}
    return (ace.allow, specific(ace.mask), stands_for.get(ace.sid, ace.sid), ace.condition)


def _is_inheritable(ace: Ace) -> bool:
    return ace.reaches_files or ace.reaches_folders


def _inheritable(ace: Ace) -> tuple[bool, int, str, str | None, bool, bool]:
    return (ace.allow, specific(ace.mask), ace.sid, ace.condition, ace.reaches_files, ace.reaches_folders)
