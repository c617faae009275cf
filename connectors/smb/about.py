"""What a host and its shares say of themselves: settings, access lists of shares, shares that are not scanned."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from connectors.smb import grants, sids, volume
from connectors.smb.descriptor import parse
from connectors.smb.folder import is_illegal
from connectors.smb.listing import word
from connectors.smb.options import SmbOptions
from connectors.smb.reach import Reach
from connectors.smb.status import OF_A_FOLDER
from scanner import paths
from scanner.model import Batch, Columns, Event, Fault, SourceError, Unit
from scanner.schema import ENTRY, LISTING, SEEN, SETTING

if TYPE_CHECKING:
    from connectors.smb.handle import Handle
    from connectors.smb.srvsvc import Share

_ADMINISTRATIVE = "administrative share; name it in root to scan it"
_ROLES = {
    0x00000008: "domain controller",
    0x00000010: "backup domain controller",
    0x00000004: "SQL Server",
    0x00000200: "print server",
    0x00000800: "Unix",
    0x00008000: "server",
    0x01000000: "DFS server",
}  # fmt: skip
_EVERY_ROLE = 0x80000000


class About:
    """What there is to tell besides files."""

    def __init__(self, options: SmbOptions, reach: Reach) -> None:
        self._options = options
        self._reach = reach

    # ── the host ──

    def host(self) -> Iterator[Event]:
        """The shares as entries and units, those left out as seen, and the host's own settings."""
        rows = Columns(ENTRY, ("parent", "name", "kind", "subtype"))
        settings = Columns(SETTING, ("path", "name", "value"))
        seen = Columns(SEEN, ("name", "kind", "locator", "reason", "detail"))
        events: list[Event] = []
        if self._options.share is not None:
            rows.add("", paths.segment(self._options.share), "directory", "share")
            events.append(Unit(self._options.first))
            self._others(self._options.share, settings, seen, events)
        else:
            self._every(self._reach.services().shares(), rows, settings, seen, events)
        listed = len(rows) + sum(isinstance(event, Fault) and event.op in {"skip", "stat"} for event in events)
        self._of_host(settings, events)
        yield rows.take()
        yield settings.take()
        if len(seen):
            yield seen.take()
        yield Batch(LISTING, {"path": [""], "listed": [listed], "complete": [True]})
        yield from events

    def _every(self, shares: list[Share], rows: Columns, settings: Columns, seen: Columns, events: list[Event]) -> None:
        """Every share of a host: files are kept there, or it is seen and left out."""
        known: set[str] = set()
        for share in shares:
            name = paths.segment(share.name)
            if is_illegal(name):
                events.append(Fault(name.replace("\0", "\\x00"), "stat", "OTHER", "the server gave an illegal name"))
            elif name in known:
                events.append(Fault(name, "skip", "DUPLICATE_ENTRY"))
            elif share.is_store:
                rows.add("", name, "directory", "share")
                settings.add(name, "comment", word(share.remark))
                events.append(Unit(name + "/"))
            else:
                why = _ADMINISTRATIVE if share.kind == "disk" else f"a share of kind {share.kind} holds no files"
                events.append(Fault(name, "skip", "EXCLUDED", why))
                seen.add(*self._seen(share, "excluded"))
            known.add(name)

    def _others(self, own: str, settings: Columns, seen: Columns, events: list[Event]) -> None:
        """The other shares of the host of a configured one; its own comment."""
        try:
            shares = self._reach.services().shares()
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            events.append(Fault("", "query", error.code, f"other shares of the host: {error.detail}"))
            return
        for share in shares:
            if share.name.lower() == own.lower():
                settings.add(paths.segment(own), "comment", word(share.remark))
            elif not is_illegal(paths.segment(share.name)):
                seen.add(*self._seen(share, "not_configured"))

    def _seen(self, share: Share, reason: str) -> tuple[str, str, str, str, str]:
        if share.kind != "disk":
            reason = "unsupported"
        kind = "administrative share" if share.special and share.kind == "disk" else f"{share.kind} share"
        detail = f"{kind}: {word(share.remark)}" if share.remark else kind
        return paths.segment(share.name), "share", self._locator(share.name), reason, detail

    def _locator(self, share: str) -> str:
        return self._reach.locator(f"\\\\{self._options.host}\\{share}")

    def _of_host(self, settings: Columns, events: list[Event]) -> None:
        for name, value in self._reach.link().facts().items():
            settings.add("", name, value)
        try:
            server = self._reach.services().server()
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            events.append(Fault("", "query", error.code, f"name and version of the server: {error.detail}"))
        else:
            settings.add("", "server_name", word(server.name))
            settings.add("", "os_version", server.version)
            settings.add("", "server_comment", word(server.comment))
            roles = [role for bit, role in _ROLES.items() if server.roles & bit]
            settings.add("", "server_roles", ", ".join(roles) if server.roles != _EVERY_ROLE else None)
        if self._options.permissions != "none":
            self._names_of_sids(settings, events)

    def _names_of_sids(self, settings: Columns, events: list[Event]) -> None:
        """Whether the host says who its SIDs are; told once, since all grants depend on it."""
        error = self._reach.refuses_names()
        settings.add("", "names_of_sids", "refused" if error else "told")
        if error is not None:
            events.append(Fault("", "query", error.code, f"names of SIDs: {error.detail}"))

    # ── a share ──

    def share(self, key: str, handle: Handle) -> Iterator[Event]:
        """Settings and access list of the share in which a top folder lies; ``handle`` is that folder, open."""
        where = self._reach.place(key)
        path = paths.segment(where.share)
        link, settings = self._reach.link(), Columns(SETTING, ("path", "name", "value"))
        for name, value in link.share_facts(where.share).items():
            settings.add(path, name, value)
        if link.hides(where.share):
            yield Fault(
                path, "note", "DENIED", "access-based enumeration: names this account may not open are left out unseen"
            )
        parsers: tuple[tuple[int, Callable[[bytes], dict[str, str | None]]], ...] = (
            (volume.ATTRIBUTES, volume.attributes),
            (volume.FULL_SIZE, volume.sizes),
            (volume.VOLUME, volume.label),
        )
        for kind, told in parsers:
            try:
                found = told(handle.volume(kind))
            except (SourceError, struct.error) as error:
                if isinstance(error, SourceError) and error.code not in OF_A_FOLDER:
                    raise
                yield Fault(path, "query", "QUERY_FAILED", f"facts of the file system: {error}")
                continue
            for name, value in found.items():
                settings.add(path, name, value)
        settings.add(path, "previous_versions", self._snapshots(handle))
        yield from self._guarded(where.share, path, settings)
        yield settings.take()

    def _snapshots(self, handle: Handle) -> str | None:
        """How many previous versions there are; None where the server has no word for them."""
        try:
            return str(handle.snapshots())
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            return None

    def _guarded(self, share: str, path: str, settings: Columns) -> Iterator[Event]:
        """What administrators alone are told on many hosts."""
        try:
            told = self._reach.services().guarded(share)
            descriptor = parse(told.acl) if told.acl is not None else None
        except (SourceError, ValueError) as error:
            code, detail = (error.code, error.detail) if isinstance(error, SourceError) else ("OTHER", str(error))
            if code not in OF_A_FOLDER:
                raise
            settings.add(path, "local_path", None)
            settings.add(path, "share_acl", None)
            yield Fault(path, "query", code, f"access list of the share: {detail}")
            return
        settings.add(path, "local_path", word(told.path))
        settings.add(path, "share_acl", None if descriptor is None else "told")
        if descriptor is None:  # Samba, to accounts without privilege; it may have one nevertheless
            yield Fault(
                path, "note", "QUERY_FAILED", "access list of the share: the server left it out, so it is unknown"
            )
            return
        known = self._reach.principals(path + "/", sids.of(descriptor) | {sids.EVERYONE})
        rows = grants.table()
        grants.add(rows, path, descriptor, known, is_folder=True, origin="share_acl")
        yield rows.take()

    def refused(self, key: str, error: SourceError) -> Iterator[Event]:
        """A share that is there and cannot be looked into."""
        if error.code != "DENIED" or self._options.share is not None:
            return
        share = self._reach.place(key).share
        row = (paths.segment(share), "share", self._locator(share), "denied", error.detail)
        yield Batch(SEEN, dict(zip(("name", "kind", "locator", "reason", "detail"), ([v] for v in row), strict=True)))
