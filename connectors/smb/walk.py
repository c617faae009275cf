"""Walking one unit: many folders under way on one connection, each a chain of requests and one round trip.

Whatever a chain does not show plainly (a folder too long for it, a DFS link in the way, a server that breaks off) is
asked again step by step, so that its answer is the one there would be without chains. A folder counts as listed only
when the server has said that there are no more names.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.smb import wire
from connectors.smb.chains import Answer
from connectors.smb.folder import Folder
from connectors.smb.reach import Reach, rights_options
from connectors.smb.rights import Asked, Rights
from connectors.smb.rows import Rows
from connectors.smb.status import NOTHING_MORE, OF_A_FOLDER, code_of, said
from scanner.model import Columns, Event, Fault, SourceError, Unit
from scanner.schema import LISTING

if TYPE_CHECKING:
    from connectors.smb.handle import Handle
    from connectors.smb.link import Link

SHARE = 50_000
"""Entries after which a unit hands out what is left: work for others, and little lost in a crash."""
SHARE_S = 2.0
"""Seconds after which it does so too: where a source is slow, connections side by side are what helps."""
SIDE_BY_SIDE = 64
"""Folders of one parent in a unit handed out: as many as there may be under way, since most are leaves."""
APART = 16
"""Units that are handed out at least, for connections that have nothing to do."""
_BATCH = 10_000
_LONGEST_PATH = 3840
"""Bytes of a path: Linux opens none of 4,096, those of the share's own folder included, and Samba then says that
there is no such name."""
_SUCCESS = 0


@dataclass(slots=True)
class _Page:
    """Entries that wait for the rights on some of them."""

    key: str
    rows: Rows
    asks: dict[str, tuple[int, bool]]
    found: list[Asked] = field(default_factory=list)


@dataclass(slots=True)
class _Waiting:
    """Something to be asked for: a folder to be listed, or else rights alone; ``page`` waits for its rights."""

    path: str
    page: _Page | None
    is_folder: bool = True
    lists: bool = True
    rights: bool = True
    """Whether the chain that lists it asks for its rights as well."""

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]


class Walk:
    """One unit being crawled; used once."""

    def __init__(
        self,
        reach: Reach,
        rights: Rights,
        within: Callable[[str], bool],
        gone: Callable[[str], str],
        *,
        snapshots: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reach = reach
        self._rights = rights
        self._within = within
        self._gone = gone
        self._snapshots = snapshots
        self._clock = clock
        self._until = float("inf")
        self._left = SHARE
        self._has_begun = True
        self._link: Link | None = None
        self._share = self._home = ""
        self._folders: list[_Waiting] = []
        self._asks: list[_Waiting] = []
        self._under_way: dict[int, _Waiting] = {}
        self._answered = 0
        self._plainly: list[_Waiting] = []
        self._rows = Rows()
        self._listings = Columns(LISTING, ("path", "listed", "complete"))
        self._events: list[Event] = []

    # ── the unit ──

    def begin(self, key: str, opened: Handle) -> Iterator[Event]:
        """The names in a folder that is open already."""
        self._settle(key)
        yield from self._pages(key, opened)

    def _settle(self, key: str) -> None:
        """Chains go to the share in which the unit's own folder lies; whatever lies elsewhere is a unit of its own."""
        place = self._reach.beyond(key)
        link = self._reach.link(place.host)
        link.tree(place.share)
        self._link, self._share = link, place.share

    def _is_here(self, key: str) -> bool:
        try:
            place = self._reach.beyond(key)
        except SourceError:
            return False
        return self._link is not None and (place.host.lower(), place.share) == (self._link.host.lower(), self._share)

    @property
    def _is_alone(self) -> bool:
        """Whether nothing else waits for this share, so that the walk may turn to another."""
        return not (self._folders or self._asks or self._under_way or self._plainly)

    def run(self, unit: Unit, *, begun: bool = False) -> Iterator[Event]:
        """The unit's folders, unless they have begun already, and a share of what lies beneath them."""
        self._until, self._home = self._clock() + SHARE_S, unit.key
        first = [_Waiting(each.key, None, rights=self._rights.asks_folders) for each in unit.members or (unit,)]
        try:
            self._settle(unit.key)
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            self._plainly += first  # where they lie lets nobody in: opening them tells why
        else:
            if not begun:
                self._folders += reversed(first)
                self._has_begun = False
        while self._exchange() or self._plainly:
            while self._plainly:
                yield from self._plain(self._plainly.pop())
            yield from self._ready()
        yield from self._ready()
        if len(self._rows):
            yield self._rows.take()
        if len(self._listings):
            yield self._listings.take()

    def _ready(self) -> Iterator[Event]:
        events, self._events = self._events, []
        yield from events
        if len(self._rows) >= _BATCH:
            yield self._rows.take()

    def _exchange(self) -> bool:
        """Send a chain, or take the answers to one; False when there is nothing to send and nothing under way."""
        try:
            if self._send():
                return True
            answered = self._link.answered() if self._link else None
        except SourceError as error:
            self._connect_anew(error)
            return True
        if answered is None:
            return False
        wanted, answers = answered
        self._answered += 1
        del self._under_way[id(wanted)]
        if wanted.lists:
            self._listed(wanted, answers)
        else:
            self._told(wanted, answers)
        return True

    def _connect_anew(self, error: SourceError) -> None:
        """Go on after a connection broke, if something came through it: for some lines a whole unit is too much.

        Where nothing did, it is for the engine, which waits before it tries again.
        """
        if error.code != "UNREACHABLE" or not error.transient or not self._answered:
            raise error
        self._answered = 0
        for wanted in self._under_way.values():
            (self._folders if wanted.lists else self._asks).append(wanted)
        self._under_way.clear()
        if self._link is not None:
            self._reach.hang_up(self._link.host)
        self._settle(self._home)

    def _send(self) -> bool:
        """Put one more chain under way; False where there is none, or the server has enough of them."""
        if self._has_begun and (self._left <= 0 or self._clock() > self._until):
            self._hand_out()
        waiting = self._asks or self._folders
        if not waiting:
            return False
        assert self._link is not None
        if self._ask(waiting[-1]):
            waiting.pop()
            self._has_begun = True
            return True
        if self._link.is_idle:  # the server grants too few credits for a chain
            self._plainly.append(waiting.pop())
        return False

    def _hand_out(self) -> None:
        """Leave the folders that are not listed yet to others; their rights are part of what is told here."""
        size = max(1, min(SIDE_BY_SIDE, len(self._folders) // APART))
        side_by_side: dict[str, list[str]] = {}
        for wanted in self._folders:
            side_by_side.setdefault(wanted.path[: -len(wanted.name) - 1], []).append(wanted.name)
            if wanted.page is not None:
                self._asks.append(_Waiting(wanted.path, wanted.page, lists=False))
        self._folders.clear()
        for key, names in side_by_side.items():
            for at in range(0, len(names), size):
                some = names[at : at + size]
                self._events.append(Unit.several(key, some) if len(some) > 1 else Unit(f"{key}{some[0]}/"))

    # ── chains ──

    def _ask(self, wanted: _Waiting) -> bool:
        """Send the chain of a folder or for rights, if there is room for it."""
        assert self._link is not None
        if not self._is_here(wanted.path):  # a DFS link above it has become known meanwhile
            self._plainly.append(wanted)
            return True
        place = self._reach.beyond(wanted.path)
        name = self._link.name(place.share, place.path)
        if not wanted.lists:
            messages = wire.descriptor_of(name, rights_options(is_folder=wanted.is_folder))
        else:
            messages = wire.listing_of(name, self._link.chain_room(4 + wanted.rights), rights=wanted.rights)
        if not self._link.chain(place.share, messages, wanted):
            return False
        self._under_way[id(wanted)] = wanted
        return True

    def _told(self, wanted: _Waiting, answers: list[Answer]) -> None:
        """The answers to a chain for rights."""
        opened, asked, _closed = answers
        self._learn(wanted, _descriptor(opened if opened.status else asked))

    def _listed(self, wanted: _Waiting, answers: list[Answer]) -> None:
        """The answers to a chain for a folder."""
        opened, first, second = answers[0], answers[-3], answers[-2]
        if opened.status != _SUCCESS:
            self._refused(wanted, opened.status)
            return
        if wanted.rights:
            self._learn(wanted, _descriptor(answers[1]))
        has_ended = second.status in NOTHING_MORE and (first.status == _SUCCESS or first.status in NOTHING_MORE)
        try:
            found = wire.created(opened.body)
            page = wire.page(first.body) if first.status == _SUCCESS else b""
        except (ValueError, struct.error):
            has_ended = False
        if not has_ended:
            self._plainly.append(_Waiting(wanted.path, None, rights=False))
            return
        identity = (self._link.host, *found.identity) if self._link and found.identity else None
        self._reach.remember(wanted.path, identity)
        folder = self._folder(wanted.path)
        self._events += self._taken(folder, folder.add(page))
        self._ended(folder)

    def _refused(self, wanted: _Waiting, status: int) -> None:
        """A folder that could not be opened."""
        code, transient = code_of(status)
        if code not in OF_A_FOLDER:
            raise SourceError(code, said(status), where=wanted.path, transient=transient)
        if code == "DFS_NOT_FOLLOWED":
            self._plainly.append(wanted)
        elif wanted.rights and code == "DENIED":  # to list it and to see its access list are two rights
            self._asks.append(_Waiting(wanted.path, wanted.page, lists=False))
            self._folders.append(_Waiting(wanted.path, None, rights=False))
        else:
            if wanted.rights:
                self._learn(wanted, SourceError(code, said(status)))
            self._events.append(self.unlisted(wanted.path, SourceError(code, said(status))))

    def unlisted(self, key: str, error: SourceError) -> Fault:
        """Why a folder could not be listed."""
        code = error.code
        if code == "NOT_FOUND":
            code = "TOO_DEEP" if len(key.encode()) > _LONGEST_PATH else self._gone(key)
        return Fault(key, "list", code, error.detail)

    # ── one request after the other ──

    def _plain(self, wanted: _Waiting) -> Iterator[Event]:
        """What was not to be had by a chain."""
        if wanted.page is not None:
            self._learn(wanted, self._reach.descriptor(wanted.path, is_folder=wanted.is_folder))
        if not wanted.lists:
            return
        try:
            handle = self._reach.open(wanted.path, wire.LIST, wire.DIRECTORY | wire.REPARSE)
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            yield self.unlisted(wanted.path, error)
            return
        with handle:
            self._reach.remember(wanted.path, handle.identity)
            if self._is_alone and not self._is_here(wanted.path):  # through a DFS link that was not known before
                self._settle(wanted.path)
            yield from self._pages(wanted.path, handle)

    def _pages(self, key: str, handle: Handle) -> Iterator[Event]:
        """The names of an open folder, to its end or to where it breaks off."""
        folder, pages = self._folder(key), handle.pages()
        while folder.broken is None:
            try:
                page = next(pages, None)
            except SourceError as error:
                if error.code not in OF_A_FOLDER:
                    raise
                folder.broken = error
                break
            if page is None:
                break
            self._events += self._taken(folder, folder.add(page))
            yield from self._ready()
        self._ended(folder)

    # ── what was found ──

    def _folder(self, key: str) -> Folder:
        return Folder(key, self._reach, self._rights, snapshots=self._snapshots)

    def _taken(self, folder: Folder, events: list[Event]) -> list[Event]:
        """Take over what a folder has found; its sub-folders are covered here, or handed out."""
        rows, asks = folder.take()
        self._left -= len(rows)
        page = _Page(folder.key, rows, asks) if asks else None
        told, found = [], []
        for event in events:
            if isinstance(event, Unit) and self._is_here(event.key) and self._within(event.key):
                wants = page if asks.get(event.key[len(folder.key) : -1]) else None
                found.append(_Waiting(event.key, wants, rights=wants is not None))
            else:
                told.append(event)
        covered = {each.name for each in found}
        self._folders += reversed(found)
        self._asks += [
            _Waiting(folder.key + name, page, is_folder, lists=False)
            for name, (_, is_folder) in asks.items()
            if not is_folder or name not in covered
        ]
        if page is None:
            self._rows.extend(rows)
        return told

    def _ended(self, folder: Folder) -> None:
        if folder.broken is not None:
            self._events.append(Fault(folder.key, "list", folder.broken.code, folder.broken.detail))
        self._listings.add(folder.key, folder.listed, folder.broken is None)

    def _learn(self, wanted: _Waiting, raw: bytes | SourceError) -> None:
        """Rights have become known; with the last of them the entries of a page are whole."""
        if isinstance(raw, SourceError) and raw.code not in OF_A_FOLDER:
            raise raw
        if wanted.is_folder:
            self._rights.learn(wanted.path.rstrip("/") + "/", raw)
        page, wanted.page = wanted.page, None
        if page is None:
            return
        page.found.append(Asked(wanted.name, raw, wanted.is_folder))
        if len(page.found) < len(page.asks):
            return
        owners, events = self._rights.beneath(page.key, page.found)
        for name, owner in owners.items():
            page.rows.own(page.asks[name][0], owner)
        self._events += events
        self._rows.extend(page.rows)


def _descriptor(answer: Answer) -> bytes | SourceError:
    """The descriptor in an answer, packed, or why there is none."""
    if answer.status != _SUCCESS:
        code, transient = code_of(answer.status)
        return SourceError(code, said(answer.status), transient=transient)
    try:
        return wire.page(answer.body)
    except (ValueError, struct.error) as error:
        return SourceError("OTHER", str(error))
