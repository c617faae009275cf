"""Looks into the content of one source's files: one unit, one file, within the source's bounds."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scanner.connector import Connector, ReadsBytes
from scanner.extractors import registry
from scanner.extractors.stores import HEAD, Content, Recognised, Unread, recognise, scrambled, structure
from scanner.extractors.stores.access import COPIED
from scanner.extractors.stores.content import BLOCK
from scanner.extractors.stores.facts import Found
from scanner.model import CONTENT, Batch, Event, Fault, SourceError, Unit
from scanner.paths import split
from scanner.registry import Bound
from scanner.sample import values as of_tables
from scanner.sample.aside import HELPERS
from scanner.sample.asking import FORMS, ending, most_read
from scanner.sample.choose import RANGED, units
from scanner.sample.quoting import FIELDS
from scanner.schema import MENTION, SETTING
from scanner.secrets import scrub

BYTES = 8 << 30
"""Bytes read of one source's files in one go."""
SECONDS = 4 * 3600.0
"""Time given to the content of one source in one go."""
MEMORY_MIB = 2048
"""Address space of a process that reads references out of files."""
FIRST = 256 << 10
"""Bytes asked for at first where a file is read for what it refers to: most such files are shorter."""
PIECE = 4 << 20
"""Bytes asked for at a time of a longer one."""
LARGE = 16 << 20
"""Bytes of a file after which no second such one is held in memory at the same time."""
_ONE_LARGE = threading.Lock()
_AGAIN = " again"
"""How a unit's mark ends whose file was locked at the first try."""
_READERS = "readers"
"""The mark of the unit that tells which readers could not be loaded; that of a file begins with its size."""
_MISSING = frozenset({"NOT_FOUND", "VANISHED"})
NAMED_OTHERWISE = {"access": "Microsoft Access", "sqlite": "SQLite", "dbase": "dBase"}


class Sampler:
    """Shared by a source's workers; what it has read is counted over all of them."""

    def __init__(
        self,
        most: int = BYTES,
        seconds: float = SECONDS,
        *,
        copied: int = COPIED,
        room: Path | None = None,
        memory_mib: int = MEMORY_MIB,
        key: bytes | None = None,
    ) -> None:
        self._left = most
        self._copied = copied
        self._memory_mib = memory_mib
        self._room = room
        self._key = key
        self._end = time.monotonic() + seconds
        self._guard = threading.Lock()

    @property
    def left(self) -> int:
        """Bytes it may still read."""
        return max(self._left, 0)

    def units(self, batch: Batch) -> Iterator[Unit]:
        """A unit for each entry that may be a database file, or refer to other stores; at depth L3 for tables too."""
        if registry.lost():
            yield Unit("", f"{CONTENT}{_READERS}")  # the same each time: it is carried out once
        yield from units(batch)
        if self._key is not None:
            yield from of_tables.units(batch)

    def crawl(self, connector: Connector, unit: Unit) -> Iterator[Event]:
        """What one file is, holds and refers to.

        What it would not give is a fault, and a locked one is tried once more, late.

        Raises:
            SourceError: the source as a whole is in trouble: transient, or a login that was refused.
        """
        path, mark = unit.key, unit.after.removeprefix(CONTENT)
        size = mark.partition(",")[0]
        try:
            if mark.startswith(of_tables.VALUES):
                yield from self._table(connector, path)
            elif not isinstance(connector, ReadsBytes):
                return
            elif mark == _READERS:
                yield from _readers_lost()
            else:
                yield from self._file(connector, path, int(size) if size.isdecimal() else None)
        except Unread as error:
            yield Fault(path, "read", error.code, error.detail)
        except SourceError as error:
            if error.transient or error.code.startswith("AUTH_"):
                raise
            if error.code == "CONTENT_LOCKED" and not mark.endswith(_AGAIN):
                yield Unit(path, unit.after + _AGAIN)
                return
            yield Fault(path, "read", error.code, error.detail)

    def _table(self, connector: Connector, path: str) -> Iterator[Event]:
        if self._key is None:
            return  # an earlier part of this scan was to look at values; this one is not
        if time.monotonic() > self._end:
            raise Unread("CONTENT_LIMIT", "the time for the content of this source in one go is used up")
        yield from of_tables.crawl(connector, path, self._key)

    def _file(self, connector: ReadsBytes, path: str, size: int | None) -> Iterator[Event]:
        if self._left <= 0 or time.monotonic() > self._end:
            raise Unread("CONTENT_LIMIT", "what may be read of this source in one go is used up")

        def read(start: int, length: int) -> bytes:
            piece = connector.read(path, start, length)
            with self._guard:
                self._left -= len(piece)
            return piece

        def beside(suffix: str, length: int) -> bytes:
            try:
                return connector.read(path + suffix, 0, length)
            except SourceError as error:
                if error.code not in _MISSING:
                    raise
                return b""

        most, name = most_read(path, size), split(path)[1]
        first = read(0, HEAD if most is None or ending(name) in FORMS else max(FIRST, HEAD))
        what = recognise(first[:HEAD], name)
        yield from _named_otherwise(path, name, what, first[:HEAD])
        if what is not None:
            ranged = min(self._copied + BLOCK if what.form == "access" else RANGED, max(self._left, 0))
            content = Content(read, size, ranged, beside, copied=self._copied, room=self._room)
            yield from _described(content, what, path)
        if most is None or (what is not None and what.form != "dump"):
            yield from _hashed(path, first, complete=len(first) == size)
            return
        with _ONE_LARGE if most > LARGE else contextlib.nullcontext():
            found = self._referring(path, *_read_on(read, first, min(most, len(first) + self.left), size))
        yield from found

    def _referring(self, path: str, content: bytearray, complete: bool) -> list[Event]:
        """What a file refers to, read out of it in a process aside, and the hash of one that was read whole."""
        try:
            answer = HELPERS.ask(path, content, complete=complete, memory_mib=self._memory_mib)
        except OSError as error:
            raise SourceError("OTHER", f"no process to read references: {error.strerror}", transient=True) from None
        found: list[Event] = [*_hashed(path, content, complete=complete)]
        try:
            if answer.rows:
                found.append(_mentions(path, answer.rows))
        except (TypeError, ValueError) as error:
            found.append(Fault(path, "read", "EXTRACTOR_FAILED", f"its process gave what is no reference: {error}"))
        return found + [Fault(path, op, code, scrub(detail)) for op, code, detail in answer.faults]


def _readers_lost() -> Iterator[Event]:
    """The readers that could not be loaded, as one fault of the source."""
    if said := "; ".join(f"{family} ({why})" for family, why in registry.lost().items()):
        yield Fault("", "read", "EXTRACTOR_MISSING", scrub(said)[:1000])


def _read_on(read: Callable[[int, int], bytes], first: bytes, most: int, size: int | None) -> tuple[bytearray, bool]:
    """At most so many bytes of a file of which the first are there, and whether that is all of it."""
    content = bytearray(first)
    while len(content) < most and (size is None or len(content) < size):
        piece = read(len(content), min(PIECE, most - len(content)))
        if not piece:  # it is shorter than listed
            return content, True
        content += piece
    return content, size is not None and len(content) >= size


def _hashed(path: str, content: bytes | bytearray, *, complete: bool) -> Iterator[Event]:
    """The hash of a file that was read whole, by which copies are found."""
    if complete and content:
        value = f"blake2b:{hashlib.blake2b(content, digest_size=16).hexdigest()}"
        yield Batch(SETTING, {"path": [path], "name": ["content_hash"], "value": [value]})


_COLUMNS = (*FIELDS, "extractor")
_TYPES: dict[str, type] = {c.name: int if c.type == "int" else str for c in MENTION.columns}


def _mentions(path: str, rows: list[list[Any]]) -> Batch:
    """Rows of a helper as a batch, free of every secret that is known. Raises TypeError, ValueError."""
    columns: dict[str, list[object]] = {"path": [path] * len(rows)}
    for name, values in zip(_COLUMNS, zip(*rows, strict=True), strict=True):
        if any(v is not None and type(v) is not _TYPES[name] for v in values):
            raise TypeError(name)
        columns[name] = [scrub(v) if isinstance(v, str) else v for v in values]
    if None in columns["kind"] or None in columns["locator"]:
        raise ValueError("a kind or locator is missing")
    return Batch(MENTION, columns)


def _named_otherwise(path: str, name: str, what: Recognised | None, head: bytes) -> Iterator[Event]:
    said = FORMS.get(ending(name))
    if said is None or (what is not None and (what.form == said or what.kind.startswith(said))):
        return
    if what is not None and said == "MySQL" and what.kind in {"MyISAM index", "InnoDB tablespace"}:
        return
    title = NAMED_OTHERWISE.get(said, said)
    it_is = f"its content is that of {what.kind}" if what else "its content is of no kind that is known"
    if what is None and scrambled(head):
        yield Fault(path, "read", "CONTENT_ENCRYPTED", f"named like {title}; its content looks like chance")
        return
    yield Fault(path, "note", "CONTENT_MISNAMED", f"named like {title}; {it_is}")


def _described(content: Content, what: Recognised, path: str) -> Iterator[Event]:
    """The facts of a recognised file, also where its structure could not be read to the end."""
    found = Found(path)
    found.setting("database_file", what.kind)
    found.setting("version", what.version)
    for name, value in what.detail.items():
        if name not in {"dialect", "database_name"}:
            found.setting(name, value)
    failure: Unread | None = None
    read = False
    try:
        read = structure(content, what, found)
    except Unread as error:
        failure = error
        found.whole = False
    found.setting("structure", "read" if read else "unread" if failure is None else "read in part")
    yield from found.batches(listed=read or len(found) > 0)
    if failure is not None:
        yield Fault(path, "read", failure.code, failure.detail)


def sampling(
    bound: Bound, room: Path | None = None, most: int | None = None, key: bytes | None = None
) -> Sampler | None:
    """What looks into the content of a source's files: nothing below depth L2. Copies lie in ``room`` for a while.

    ``most`` bytes are read where that is less than the source's limit: where others look into its content as well.
    ``key`` is what values are hashed by at depth L3; where it is not at hand, L3 is as L2.
    """
    if bound.config.depth == "L1":
        return None
    limits = bound.limits
    return Sampler(
        limits.content_mib << 20 if most is None else most,
        limits.content_s,
        copied=limits.copy_mib << 20,
        room=room,
        memory_mib=limits.memory_mib,
        key=key if bound.config.depth == "L3" else None,
    )
