"""What the sample's files hold: just enough of each format to be one, and random bytes where pictures would be."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable

_TYPES = b"<?xml version='1.0'?><Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
_MAIN = {".docx": ("word/document.xml", b"<document/>"), ".xlsx": ("xl/workbook.xml", b"<workbook/>")}
_STREAMS = {
    ".doc": ("WordDocument", b"\xec\xa5\xc1\0"),  # [MS-DOC] 2.5.2
    ".xls": ("Workbook", struct.pack("<5H8x2H", 0x0809, 16, 0x0600, 5, 0, 0x000A, 0)),  # [MS-XLS] 2.4.21, 2.4.103
    ".ppt": ("PowerPoint Document", b""), ".msg": ("__properties_version1.0", b""),
}  # fmt: skip
_HEADS = {
    ".pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    ".jpg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000"), ".tif": b"II*\0",
}  # fmt: skip
_LINES: dict[str, tuple[str, Callable[[random.Random], str], str]] = {
    ".txt": ("Note\n", lambda rng: f"- item {rng.randrange(1000)}, see page {rng.randrange(90)}\n", ""),
    ".csv": ("id,date,amount\n", lambda rng: f"{rng.randrange(9999)},2012-{rng.randint(1, 12):02d}-01,9.50\n", ""),
    ".xml": ("<?xml version='1.0'?><return>\n", lambda rng: f"<line n='{rng.randrange(999)}'/>\n", "</return>\n"),
}  # fmt: skip


def content(suffix: str, rng: random.Random, size: int) -> bytes:
    """A file of that kind, of about ``size`` bytes."""
    if suffix in _LINES:
        first, line, last = _LINES[suffix]
        text = [first]
        length = len(first)
        while length < size:
            text.append(line(rng))
            length += len(text[-1])
        return ("".join(text) + last).encode()
    body = rng.randbytes(size)
    if suffix in _STREAMS:
        name, head = _STREAMS[suffix]
        return compound(name, head + body)
    if suffix in {".docx", ".xlsx", ".zip"}:
        return _package(suffix, body)
    return _HEADS.get(suffix, b"") + body


def _package(suffix: str, picture: bytes) -> bytes:
    """An office document with one picture; or, as .zip, a picture alone."""
    kept = io.BytesIO()
    parts = {"[Content_Types].xml": _TYPES, **dict([_MAIN[suffix]])} if suffix in _MAIN else {}
    with zipfile.ZipFile(kept, "w") as archive:
        for name, part in {**parts, "scan.jpg": picture}.items():
            archive.writestr(zipfile.ZipInfo(name, (2015, 1, 1, 0, 0, 0)), part)
    return kept.getvalue()


def compound(name: str, content: bytes) -> bytes:
    """A compound file of one stream: FAT, directory, content (sectors of 512 bytes; [MS-CFB] 2.2, 2.3 and 2.6)."""
    content = content.ljust(4096, b"\0")  # shorter ones would belong in the mini stream
    data = -(-len(content) // 512)
    tables = -(-(data + 1) // 127)  # each holds 128 places, one of them its own
    last, free, own, none = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
    first = tables + 1
    chain = [own] * tables + [last] + list(range(first + 1, first + data)) + [last]
    chain += [free] * (tables * 128 - len(chain))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16 + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, last, 0, last, 0)
    header += struct.pack("<109I", *range(tables), *[free] * (109 - tables))
    entries = (("Root Entry", 5, 1, last, 0), (name, 2, none, first, len(content)))
    directory = b"".join(
        title.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB3I36xIQ", 2 * len(title) + 2, kind, 1, none, none, child, start, length)
        for title, kind, child, start, length in entries
    )
    table = struct.pack(f"<{len(chain)}I", *chain)
    return header + table + directory.ljust(512, b"\0") + content.ljust(data * 512, b"\0")
