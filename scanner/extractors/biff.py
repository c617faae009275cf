"""The records of Excel's workbooks until 2003 that lead outside: linked workbooks, external queries, hyperlinks."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scanner.extractor import Mention, Unread
from scanner.extractors.connections.office import asked
from scanner.extractors.literals import kind_of
from scanner.extractors.ole import places
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
_SUPBOOK, _EXTERNSHEET, _HYPERLINK, _CONSOLIDATED, _STRING, _QUERY, _BOF, _FILEPASS = (
    0x1AE,
    0x17,
    0x1B8,
    0x51,
    0xCD,
    0xDC,
    0x809,
    0x2F,
)
_SQL = re.compile(r"\s{0,20}(?:SELECT|EXEC|EXECUTE|WITH|CALL|\{\s{0,5}CALL|TRANSFORM)\b", re.IGNORECASE)
_BEGINNING = re.compile(r"(?:ODBC|OLEDB|URL|TEXT|FINDER);", re.IGNORECASE)
_SHEETS = 0x0401
"""Stands where a path's length would, in the record for the workbook's own sheets; 0x3A01 is for functions."""


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and data of each record: a head of two bytes each for type and length, then the data."""
    at = 0
    while at + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, at)
        yield kind, content[at + 4 : at + 4 + length]
        at += 4 + length


def links(content: bytes) -> Found:
    """Every place outside that the records of a workbook name.

    Raises:
        Unread: CONTENT_ENCRYPTED where it has a password: its records can be told, but not read.
    """
    old, strings = False, _Strings()
    for kind, data in records(content):
        if kind == _FILEPASS:
            raise Unread("CONTENT_ENCRYPTED", "it needs a password")
        if kind == _BOF and len(data) >= 2:
            old = data[:2] != b"\x00\x06"  # 5.0 and 95; 97 to 2003 say 0x0600
        elif kind == _SUPBOOK and len(data) > 4:
            yield _linked(_text(data, 2))
        elif kind == _CONSOLIDATED and len(data) > 9:
            yield _linked(_text(data, 6))  # behind the range
        elif kind == _EXTERNSHEET and old and len(data) > 2:
            yield _linked(data[1 : 2 + data[0]].decode("cp1252", "replace"))
        elif kind == _HYPERLINK:
            yield from places(data, "excel/hyperlink")
        elif kind == _STRING:
            strings.add(_text(data, 0))
        elif kind == _QUERY:
            yield from strings.told()
    yield from strings.told()


class _Strings:
    """Connection strings and statements, which are cut into pieces of at most 255 characters, one record each."""

    def __init__(self) -> None:
        self._pieces: list[list[str]] = []
        self._count = 0

    def add(self, text: str) -> None:
        """Take one piece; it begins something new where it looks like a beginning."""
        if _BEGINNING.match(text) or _SQL.match(text) or not self._pieces:
            self._pieces.append([])
            self._count += 1
        self._pieces[-1].append(text)

    def told(self) -> Found:
        """What was gathered, and forget it; a statement goes through the connection beside it."""
        every = ["".join(p) for p in self._pieces]
        self._pieces = []
        alias = f"query {self._count}"
        for text in every:
            if begins := _BEGINNING.match(text):
                rest = text[begins.end() :]
                kind = kind_of(rest) or "connection_string"
                yield quoted(rest, origin="excel/query", kind=kind, alias=alias, action="connects")
            elif _SQL.match(text):
                yield asked(text, "", "excel/command", None, alias)


def _text(data: bytes, at: int) -> str:
    """A text of 97 to 2003: its length, a byte of flags, then characters of one byte or of two."""
    if len(data) < at + 3:
        return ""
    length, flags = struct.unpack_from("<HB", data, at)
    if length in {_SHEETS, 0x3A01}:
        return ""
    if flags & 1:
        return data[at + 3 : at + 3 + 2 * length].decode("utf-16-le", "replace")
    return data[at + 3 : at + 3 + length].decode("cp1252", "replace")


def _linked(path: str) -> Mention | None:
    """A path as links keep it: signs stand for the parts that may change when a file moves ([MS-XLS] 2.5.277)."""
    if not path.startswith("\x01"):
        return None  # a sheet of its own, or a program that is spoken to
    text = path[1:]
    if text.startswith("\x01@"):
        text = "\\\\" + text[2:].lstrip("\x03")
    elif text.startswith("\x01"):
        text = f"{text[1:2]}:\\" + text[2:]
    elif text.startswith("\x05"):
        text = text[2:]  # a URL behind its length
    text = text.replace("\x02", "\\").replace("\x03", "\\").replace("\x04", "..\\").replace("\0", "")
    text = re.sub(r"[\x01-\x1f]", "", text)
    return quoted(text, origin="excel/externalBook", kind=kind_of(text) or "path", action="reads") if text else None
