"""SQLite files: their schema through SQLite itself, over ranged reads; nothing is copied, locked or written."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import Any

from scanner.extractor import Unread
from scanner.extractors.stores.content import Content
from scanner.extractors.stores.facts import MOST, Found, declared
from scanner.extractors.stores.signs import Recognised
from scanner.locators import statement_without_secrets
from scanner.model import SourceError, Stopped

_DEADLINE_S = 60.0
_LONGEST = 8 << 20
"""Longest value SQLite may make of a file: a schema's text is far shorter."""
_numbers = itertools.count()
_OBJECTS = f"""SELECT type, CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema
    ORDER BY rowid LIMIT {2 * MOST}"""
"""As bytes: SQLite never checks that a text is UTF-8, and old programs wrote names in their own code page."""


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
            _Schema(db, found).read()
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
    return Unread("CONTENT_DAMAGED", statement_without_secrets(str(error)))


_COLUMNS = f"""SELECT CAST(name AS BLOB), CAST(type AS BLOB), "notnull", CAST(dflt_value AS BLOB), pk, hidden
    FROM pragma_table_xinfo(CAST(? AS TEXT)) LIMIT {MOST}"""
_FOREIGN = """SELECT id, CAST("table" AS BLOB), CAST("from" AS BLOB), CAST("to" AS BLOB), on_delete, on_update
    FROM pragma_foreign_key_list(CAST(? AS TEXT)) ORDER BY id, seq"""
_INDEXES = f'SELECT CAST(name AS BLOB), "unique", origin FROM pragma_index_list(CAST(? AS TEXT)) LIMIT {MOST}'
_INDEXED = "SELECT CAST(name AS BLOB) FROM pragma_index_info(CAST(? AS TEXT)) ORDER BY seqno"


class _Schema:
    """Asks an open database for its structure."""

    def __init__(self, db: Any, found: Found) -> None:
        self._db = db
        self._found = found
        ((encoding,),) = db.execute("PRAGMA encoding")
        self._codec = {"UTF-16le": "utf-16-le", "UTF-16be": "utf-16-be"}.get(encoding, "utf-8")

    def read(self) -> None:
        objects = self._ask(_OBJECTS)
        for kind, raw, _, text in objects:
            name = self._text(raw)
            if kind not in {"table", "view"} or name.startswith("sqlite_"):
                continue
            virtual = kind == "table" and self._text(text).lstrip()[:15].upper().startswith("CREATE VIRTUAL")
            if not self._found.entry(name, kind, subtype="virtual" if virtual else None):
                continue
            if not virtual:  # to ask for its columns would run the module's own code on the file
                self._columns(name, raw)
            if kind == "table":
                self._keys(name, raw)
        for kind, raw, table, text in objects:
            if kind in {"view", "trigger"}:
                on = self._text(table) if kind == "trigger" else None
                definition = statement_without_secrets(self._text(text)) if text else None
                self._found.routine(self._text(raw), kind, "sqlite", definition, on=on)

    def _columns(self, table: str, raw: bytes) -> None:
        rows = self._ask(_COLUMNS, raw)
        keyed = sorted((pk, self._text(name)) for name, _, _, _, pk, _ in rows if pk)
        for position, (name, kind, mandatory, default, _, hidden) in enumerate(rows, 1):
            if hidden != 1:
                self._found.column(
                    table, position, self._text(name), declared(self._text(kind)), nullable=not mandatory,
                    default=None if default is None else statement_without_secrets(self._text(default)),
                )  # fmt: skip
        if keyed:
            self._found.key(table, "", "primary", [name for _, name in keyed])

    def _keys(self, table: str, raw: bytes) -> None:
        foreign: dict[int, list[tuple[Any, ...]]] = {}
        for row in self._ask(_FOREIGN, raw):
            foreign.setdefault(row[0], []).append(row)
        for rows in foreign.values():
            refers = self._text(rows[0][1]), [self._text(r[3]) for r in rows if r[3] is not None]
            actions = rows[0][4], rows[0][5]
            self._found.key(table, "", "foreign", [self._text(r[2]) for r in rows], refers, actions)
        for name, unique, origin in self._ask(_INDEXES, raw):
            if origin != "pk":
                columns = [self._text(c) for (c,) in self._ask(_INDEXED, name) if c]
                self._found.key(table, self._text(name), "unique" if unique else "index", columns)

    def _text(self, data: bytes | None) -> str:
        """A text as it stands in the file; a byte that does not decode is written as an escape."""
        return (data or b"").decode(self._codec, "backslashreplace")

    def _ask(self, sql: str, *names: bytes) -> list[tuple[Any, ...]]:
        return list(self._db.execute(sql, names))
