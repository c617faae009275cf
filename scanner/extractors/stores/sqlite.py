"""SQLite files: their schema through SQLite itself, over ranged reads; nothing is copied, locked or written."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import Any

from scanner.extractors.stores import secrets
from scanner.extractors.stores.content import Content, Unread
from scanner.extractors.stores.facts import MOST, Found, declared
from scanner.extractors.stores.signs import Recognised
from scanner.model import SourceError, Stopped

_DEADLINE_S = 60.0
_LONGEST = 8 << 20
"""Longest value SQLite may make of a file: a schema's text is far shorter."""
_numbers = itertools.count()
_OBJECTS = f"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid LIMIT {2 * MOST}"


def read(content: Content, what: Recognised, found: Found) -> None:
    """Tables, columns, keys, indexes, views and triggers."""
    try:
        import apsw  # noqa: PLC0415 - optional extra
    except ImportError as error:
        raise Unread("DRIVER_MISSING", f"{error}; install it with: pip install 'stocktake[files]'") from None
    if newer := _beside(content, what):
        found.setting("unread_changes", newer)
    source = _Source(content)
    with _opened(apsw, source) as db:
        try:
            _schema(db, found)
        except (apsw.Error, UnicodeDecodeError, MemoryError) as error:
            source.reraise()
            raise _unread(apsw, error) from None


def _beside(content: Content, what: Recognised) -> str | None:
    """What a file beside this one holds that was not read; None for nothing."""
    # sqlite.org/fileformat2.html, sections 3 and 4.1: the first bytes of a journal and of a log
    if what.detail.get("journal") == "wal":
        return "write-ahead log" if content.beside("-wal", 4)[:3] == b"\x37\x7f\x06" else None
    return "rollback journal" if content.beside("-journal", 8) == b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" else None


class _Source:
    """The content, and what went wrong beneath SQLite, which only knows of failed reads."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.failure: BaseException | None = None

    def read(self, amount: int, offset: int) -> bytes:
        try:
            return self.content.at(offset, amount)
        except (Unread, SourceError, Stopped) as error:
            self.failure = self.failure or error
            raise

    def reraise(self) -> None:
        if self.failure is not None:
            raise self.failure


@contextlib.contextmanager
def _opened(apsw: Any, source: _Source) -> Any:
    """A connection that sees nothing but the content, may change nothing, and ends in time."""
    vfs = _vfs(apsw, source)
    try:
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        try:
            db = apsw.Connection("file:content?immutable=1", flags=flags, vfs=vfs.name)
        except apsw.Error as error:
            source.reraise()
            raise _unread(apsw, error) from None
        try:
            db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
            db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            db.config(apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)
            db.limit(apsw.SQLITE_LIMIT_LENGTH, _LONGEST)
            db.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
            end = time.monotonic() + _DEADLINE_S
            db.set_progress_handler(lambda: time.monotonic() > end, 10_000)
            yield db
        finally:
            db.close()
    finally:
        vfs.unregister()


def _vfs(apsw: Any, source: _Source) -> Any:  # noqa: C901 - what SQLite asks for, each a line
    class File:
        """One read-only file; SQLite asks for nothing else."""

        def __init__(self, _flags: int) -> None: ...

        def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's own name, as all below
            return source.read(amount, offset)

        def xFileSize(self) -> int:  # noqa: N802
            return source.content.size or 1 << 40

        def xClose(self) -> None: ...  # noqa: N802

        def xLock(self, _level: int) -> None: ...  # noqa: N802

        def xUnlock(self, _level: int) -> None: ...  # noqa: N802

        def xCheckReservedLock(self) -> bool:  # noqa: N802
            return False

        def xFileControl(self, _op: int, _pointer: int) -> bool:  # noqa: N802
            return False

        def xSectorSize(self) -> int:  # noqa: N802
            return 4096

        def xDeviceCharacteristics(self) -> int:  # noqa: N802
            return int(apsw.SQLITE_IOCAP_IMMUTABLE)

    class Vfs(apsw.VFS):  # type: ignore[misc] # untyped where the extra is not installed
        """A file system that holds the content and nothing else."""

        def __init__(self) -> None:
            self.name = f"stocktake-{next(_numbers)}"
            super().__init__(self.name, "")

        def xOpen(self, name: Any, flags: list[int]) -> File:  # noqa: N802
            if name is None or not flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
                raise apsw.CantOpenError("nothing but the content can be opened")
            flags[1] = apsw.SQLITE_OPEN_READONLY
            return File(flags[0])

        def xAccess(self, _path: str, _flags: int) -> bool:  # noqa: N802
            return False

        def xFullPathname(self, name: str) -> str:  # noqa: N802
            return name

        def xDelete(self, _path: str, _sync: bool) -> None:  # noqa: N802
            raise apsw.ReadOnlyError("nothing is ever deleted")

    return Vfs()


def _unread(apsw: Any, error: BaseException) -> Unread:
    if isinstance(error, apsw.InterruptError):
        return Unread("TIMEOUT", f"no end within {_DEADLINE_S:g} s")
    if isinstance(error, (apsw.TooBigError, MemoryError)):
        return Unread("CONTENT_LIMIT", "its schema holds a text longer than is read")
    return Unread("CONTENT_DAMAGED", secrets.sql(str(error)))


def _schema(db: Any, found: Found) -> None:
    objects = list(db.execute(_OBJECTS))
    for kind, name, _, text in objects:
        if kind in {"table", "view"} and not name.startswith("sqlite_"):
            virtual = kind == "table" and (text or "").lstrip()[:15].upper().startswith("CREATE VIRTUAL")
            if not found.entry(name, kind, subtype="virtual" if virtual else None):
                continue
            if not virtual:  # to ask for its columns would run the module's own code on the file
                _columns(db, found, name)
        if kind == "table" and not name.startswith("sqlite_"):
            _keys(db, found, name)
    for kind, name, table, text in objects:
        if kind == "view":
            found.routine(name, "view", "sqlite", secrets.sql(text) if text else None)
        elif kind == "trigger":
            found.routine(name, "trigger", "sqlite", secrets.sql(text) if text else None, on=table)


def _columns(db: Any, found: Found, table: str) -> None:
    rows = _ask(db, 'SELECT cid, name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', table)
    keyed = sorted((pk, name) for _, name, _, _, _, pk, _ in rows if pk)
    for position, (_, name, kind, mandatory, default, _, hidden) in enumerate(rows, 1):
        if hidden != 1:
            found.column(table, position, name, declared(kind), nullable=not mandatory, default=default)
    if keyed:
        found.key(table, "", "primary", [name for _, name in keyed])


def _keys(db: Any, found: Found, table: str) -> None:
    foreign: dict[int, list[tuple[Any, ...]]] = {}
    asked = 'SELECT id, "table", "from", "to", on_delete, on_update FROM pragma_foreign_key_list(?) ORDER BY id, seq'
    for row in _ask(db, asked, table):
        foreign.setdefault(row[0], []).append(row)
    for rows in foreign.values():
        other, on_delete, on_update = rows[0][1], rows[0][4], rows[0][5]
        referred = [r[3] for r in rows if r[3] is not None]
        found.key(table, "", "foreign", [r[2] for r in rows], (other, referred), (on_delete, on_update))
    for name, unique, origin in _ask(db, 'SELECT name, "unique", origin FROM pragma_index_list(?)', table):
        if origin != "pk":
            columns = [c for (c,) in _ask(db, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", name) if c]
            found.key(table, name, "unique" if unique else "index", columns)


def _ask(db: Any, sql: str, name: str) -> list[tuple[Any, ...]]:
    return list(db.execute(sql + f" LIMIT {MOST}" if "ORDER BY" not in sql else sql, (name,)))
