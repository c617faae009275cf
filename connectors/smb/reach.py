"""From canonical paths to open files: which host, which share, through which DFS link; logs in once per host."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from connectors.smb import listing, wire
from connectors.smb.listing import word
from connectors.smb.options import PORT, SmbOptions
from connectors.smb.options import place as locate
from connectors.smb.services import Services
from connectors.smb.sids import Principal
from connectors.smb.status import OF_A_FOLDER
from scanner import paths
from scanner.connector import Session, missing_driver
from scanner.model import SourceError

if TYPE_CHECKING:
    from connectors.smb.handle import Handle
    from connectors.smb.link import Link

Identity = tuple[str, int, int]

_MOST_HOPS = 8
_REMEMBERED = 50_000
"""Folders whose identity is remembered, so that a loop is seen without asking the server again."""

_ELSEWHERE = threading.Lock()
_REFUSED: set[int] = set()
"""Logins that hosts behind DFS links refused, for the life of the process: none is tried again."""


class Place(NamedTuple):
    """Where a canonical path lies."""

    host: str
    share: str
    path: str


class Reach:
    """Everything the connector opens, it opens here."""

    def __init__(self, options: SmbOptions, session: Session) -> None:
        self._options = options
        self._session = session
        self._links: dict[str, Link] = {}
        self._accepted: set[str] = set()
        self._targets: dict[Place, Place] = {}
        self._identities: dict[str, Identity | None] = {}
        self._services: dict[str, Services] = {}
        self._nameless: set[str] = set()
        self._lost: list[SourceError] = []
        self._allowed = {host.lower() for host in options.allow_hosts}

    def link(self, host: str = "") -> Link:
        """The connection to a host, the configured one by default; connected and logged in on first use."""
        host = host or self._options.host
        known = self._links.get(host.lower())
        if known is not None:
            if known.is_alive:
                return known
            self._drop(host.lower())
        try:
            from connectors.smb.link import Link  # noqa: PLC0415 - the driver is an extra, and slow to import
        except ImportError as error:
            raise missing_driver("smb", "smb", error) from None
        # A DFS referral carries no port: another host is taken to listen where every host does.
        is_own = host.lower() == self._options.host.lower()
        link = Link(host, self._options.port if is_own else PORT, self._session.pace, self._session.timeout_s)
        try:
            if is_own:
                self._log_in(link)
            else:
                self._log_in_elsewhere(link)
        except BaseException:
            link.close()
            raise
        self._accepted.add(host.lower())
        self._links[host.lower()] = link
        return link

    def _log_in(self, link: Link) -> None:
        options = self._options
        link.connect(options.min_dialect, encrypt=options.encrypt)
        known_good = link.host.lower() in self._accepted
        link.log_in(options.user, options.password.reveal(), encrypt=options.encrypt, known_good=known_good)

    def _log_in_elsewhere(self, link: Link) -> None:
        """Log in where a DFS link leads: once, whatever the number of connectors, if the account is refused there.

        The engine's own breaker is for the configured host; this host's refusal says nothing about that one.
        """
        options = self._options
        attempt = hash((link.host.lower(), options.user.lower(), options.password.reveal()))
        with _ELSEWHERE:
            if attempt in _REFUSED:
                raise SourceError("DFS_NOT_FOLLOWED", f"{link.host} refused the login before", where=link.host)
            try:
                self._log_in(link)
            except SourceError as error:
                if not error.code.startswith("AUTH_"):
                    raise
                _REFUSED.add(attempt)
                detail = f"{link.host} refused the login: {error.detail}"
                raise SourceError("DFS_NOT_FOLLOWED", detail, where=link.host) from None

    def close(self) -> None:
        """Hang up everywhere."""
        for host in [*self._links]:
            self._drop(host)

    def hang_up(self, host: str) -> None:
        """Part with the connection to a host; the next request makes a new one."""
        if host.lower() in self._links:
            self._drop(host.lower())

    def _drop(self, host: str) -> None:
        self._services.pop(host, None)
        self._links.pop(host).close()

    def services(self, host: str = "") -> Services:
        """What a host, the configured one by default, answers over its named pipes."""
        link = self.link(host)
        known = self._services.get(link.host.lower())
        if known is None:
            known = self._services[link.host.lower()] = Services(link)
        return known

    def place(self, path: str) -> Place:
        """Where a canonical path lies as it is written, before any DFS link."""
        share, *parts = [paths.restore_text(part) for part in path.rstrip("/").split("/")]
        return Place(self._options.host, share, "\\".join(parts))

    def open(self, path: str, access: int, options: int) -> Handle:
        """Open a canonical path, through DFS links as far as they lead to allowed hosts."""
        place, hops = self._beyond(self.place(path), 0)
        while hops <= _MOST_HOPS:
            try:
                return self.link(place.host).open(place.share, place.path, access, options)
            except SourceError as error:
                if error.code != "DFS_NOT_FOLLOWED":
                    raise
            place, hops = self._beyond(self._follow(place), hops + 1)
        raise SourceError("DFS_NOT_FOLLOWED", f"more than {_MOST_HOPS} DFS links in a row", where=path)

    def attributes(self, path: str, options: int) -> int:
        """What is at a canonical path, by an open that recalls nothing, whatever it is; one message where that will do.

        A DFS link, or a refusal, is left to the open by itself: it follows, or says why not.
        """
        place = self.beyond(path)
        found = self.link(place.host).look(place.share, place.path, options)
        if found is not None:
            return found
        with self.open(path, wire.LOOK, options) as looked:
            return looked.attributes

    def beyond(self, path: str) -> Place:
        """Where a canonical path lies, with the DFS links that are known already followed."""
        place, hops = self._beyond(self.place(path))
        if hops > _MOST_HOPS:
            raise SourceError("DFS_NOT_FOLLOWED", f"more than {_MOST_HOPS} DFS links in a row", where=path)
        return place

    def _beyond(self, place: Place, hops: int = 0) -> tuple[Place, int]:
        """The place with the DFS links that are known already followed, and how many there have been."""
        while hops <= _MOST_HOPS and (there := self._known(place)) is not None:
            place, hops = there, hops + 1
        return place, hops

    def _known(self, place: Place) -> Place | None:
        """The place beyond the last DFS link in it, if that is known."""
        parts = place.path.split("\\")
        for kept in range(len(parts), 0, -1):
            target = self._targets.get(Place(place.host, place.share, "\\".join(parts[:kept])))
            if target is not None:
                return _under(target, parts[kept:])
        return None

    def _follow(self, place: Place) -> Place:
        """The place beyond the first DFS link in it, asked of the host that has the link."""
        target, rest = self.link(place.host).referral(place.share, place.path)
        host, share, *parts = [*target[2:].split("\\"), ""]
        if host.lower() not in self._allowed:
            raise SourceError("DFS_NOT_FOLLOWED", f"leads to {target}", where=host)
        beyond = [part for part in rest.split("\\") if part]
        covered = place.path.split("\\")
        there = Place(host, share, "\\".join(part for part in parts if part))
        self._targets[place._replace(path="\\".join(covered[: len(covered) - len(beyond)]))] = there
        return _under(there, beyond)

    def dfs_target(self, path: str) -> tuple[str, bool]:
        """Where a DFS link leads, and whether it may be followed."""
        folder, name = self.place(paths.split(path)[0]), paths.restore_text(paths.split(path)[1])
        handed = _under(self._beyond(folder)[0], [name])  # the link itself, not what is known to lie beyond it
        target, _rest = self.link(handed.host).referral(handed.share, handed.path)
        return target, target[2:].split("\\")[0].lower() in self._allowed

    def locator(self, root: str) -> str:
        """A share as an estate file would name it."""
        is_own = root[2:].split("\\", maxsplit=1)[0].lower() == self._options.host.lower()
        return word(locate(root, self._options.port if is_own else PORT))

    # ── rights ──

    def descriptor(self, path: str, *, is_folder: bool) -> bytes | SourceError:
        """Owner and access list, packed, of a canonical path."""
        place = self.beyond(path)
        return self.link(place.host).descriptor(place.share, place.path, rights_options(is_folder=is_folder))

    def principals(self, key: str, asked: Collection[str]) -> dict[str, Principal]:
        """Who the SIDs are, as the host of a folder knows them; the SIDs themselves where it does not say."""
        host = self.beyond(key).host
        services = self.services(host)
        if host.lower() not in self._nameless:
            try:
                return services.principals(asked)
            except SourceError as error:
                refused = error.code in OF_A_FOLDER
                if refused or error.code == "TIMEOUT":
                    self._nameless.add(host.lower())
                    if services.is_authorised or not refused:  # else it is told once, of the whole host
                        self._lost.append(error)
                if not refused:
                    raise
        return {sid: services.known(sid) for sid in asked}

    def lost_names(self) -> SourceError | None:
        """Why names of SIDs are not told from here on, although they were before; told once."""
        return self._lost.pop() if self._lost else None

    def refuses_names(self) -> SourceError | None:
        """Why the configured host would not say who a SID is; None where it does."""
        try:
            self.services().authorise()
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            return error
        return None

    # ── loops ──

    def remember(self, path: str, identity: Identity | None) -> None:
        """Keep the identity of a folder that was opened."""
        if len(self._identities) >= _REMEMBERED:
            self._identities.clear()
        self._identities[path] = identity

    def identity(self, path: str) -> Identity | None:
        """The identity of a folder; None where the server does not tell, or does not let us in."""
        if path not in self._identities:
            try:
                with self.open(path, wire.LOOK, wire.DIRECTORY | wire.REPARSE) as handle:
                    self.remember(path, handle.identity)
            except SourceError as error:
                if error.code not in OF_A_FOLDER:
                    raise
                self.remember(path, None)
        return self._identities[path]

    def ancestors(self, path: str) -> dict[Identity, str]:
        """The folder itself and those above it, up to its share, by identity."""
        parts = path.rstrip("/").split("/")
        above = ["".join(part + "/" for part in parts[:kept]) for kept in range(1, len(parts) + 1)]
        known = {self.identity(each): each for each in above}
        return {identity: each for identity, each in known.items() if identity is not None}


def _under(place: Place, parts: list[str]) -> Place:
    return place._replace(path="\\".join([*([place.path] if place.path else []), *parts]))


def rights_options(*, is_folder: bool) -> int:
    """How something is opened for its access list alone."""
    return wire.REPARSE | (wire.DIRECTORY if is_folder else wire.NOT_DIRECTORY | wire.NO_RECALL)


def refuse_unreadable(path: str, attributes: int) -> None:
    """Raise for what has no content to read here and now: directories, links, what would be recalled."""
    if attributes & listing.DIRECTORY:
        raise SourceError("OTHER", "a directory has no content", where=path)
    if attributes & listing.NOT_ONLINE:
        raise SourceError("OFFLINE", "reading it would recall it", where=path)
    if attributes & listing.REPARSE_POINT:
        raise SourceError("LINK_NOT_FOLLOWED", "a reparse point is not read", where=path)
