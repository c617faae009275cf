"""dBase and FoxPro tables: the header says everything; rows are never read."""

from __future__ import annotations

from scanner.extractor import Unread
from scanner.extractors.stores.content import Content
from scanner.extractors.stores.facts import Found
from scanner.extractors.stores.signs import Recognised

_TYPES = {
    "C": "CHARACTER", "N": "NUMERIC", "F": "FLOAT", "L": "LOGICAL", "D": "DATE", "M": "MEMO", "B": "DOUBLE",
    "G": "GENERAL", "Y": "CURRENCY", "T": "DATETIME", "I": "INTEGER", "V": "VARCHAR", "P": "PICTURE", "Q": "VARBINARY",
    "W": "BLOB", "O": "DOUBLE", "@": "TIMESTAMP", "+": "AUTOINCREMENT",
}  # fmt: skip
_CODE_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x08: "cp865", 0x57: "cp1252", 0x64: "cp852", 0x65: "cp866",
    0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253",
}  # fmt: skip
"""Code page marks, from Microsoft's "Code Pages Supported by Visual FoxPro"; the rest is read as Latin 1."""
_FIELDS = 2048
"""More than any product allows (Visual FoxPro 255, dBase 7 1024)."""


def read(content: Content, what: Recognised, found: Found) -> None:
    """The one table of a file, with its columns and how many rows its header counts."""
    head = content.at(0, 68)
    if len(head) < 68:
        raise Unread("CONTENT_DAMAGED", "it ends within its header")
    seven = head[0] & 7 == 4
    first, step, name_bytes = (68, 48, 32) if seven else (32, 32, 11)
    codec = _CODE_PAGES.get(head[29], "latin-1")
    table = found.path.rpartition("/")[2].rpartition(".")[0] or "table"
    fields = []
    for number in range(_FIELDS):
        field = content.at(first + number * step, step)
        if field[:1] in {b"\r", b"\n", b"\0", b""}:
            break
        if len(field) < step:
            raise Unread("CONTENT_DAMAGED", "it ends within its header")
        fields.append(field)
    rows = int.from_bytes(head[4:8], "little")
    length, width = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    found.entry(table, "table", rows=rows)
    for position, field in enumerate(fields, 1):
        name = field[:name_bytes].split(b"\0")[0].decode(codec, "replace")
        kind, size, scale = field[name_bytes : name_bytes + 1], field[name_bytes + 5], field[name_bytes + 6]
        if seven:
            size, scale = field[33], field[34]
        letter = kind.decode("latin-1")
        exact = letter in {"N", "F"}
        declared = (
            _TYPES.get(letter, letter),
            None if exact else size,
            size if exact else None,
            scale if exact else None,
        )
        found.column(table, position, name, declared)
    found.setting("code_page", None if head[29] == 0 else _CODE_PAGES.get(head[29], what.detail.get("code_page")))
    if len(fields) == _FIELDS:
        raise Unread("CONTENT_LIMIT", f"only its first {_FIELDS:,} fields were read")
    if content.size is not None and content.size < length + rows * width:
        detail = f"its header counts {rows:,} rows of {width:,} bytes, which is more than the file holds"
        raise Unread("CONTENT_DAMAGED", detail)
