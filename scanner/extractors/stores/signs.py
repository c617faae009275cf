"""Kinds of database files by the first bytes of their content; the name only decides where content is ambiguous.

Each sign stands with where it is documented. What is not certain is not recognised.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

HEAD = 8192
"""Bytes a file is recognised by."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is: a kind for people, its version as far as it says, and what else its head tells.

    ``form`` names the reader of its structure; '' where there is none.
    """

    kind: str
    version: str | None = None
    form: str = ""
    detail: dict[str, str] = field(default_factory=dict)


def recognise(head: bytes, name: str = "") -> Recognised | None:
    """What a file is whose content begins with ``head``; None where that is not known."""
    ending = name.lower().rpartition(".")[2]
    for sign in _SIGNS:
        if (found := sign(head, ending)) is not None:
            return found
    return None


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _sqlite(head: bytes, _ending: str) -> Recognised | None:
    # sqlite.org/fileformat2.html, section 1.3
    if not head.startswith(b"SQLite format 3\0") or len(head) < 100:
        return None
    size = int.from_bytes(head[16:18], "big")
    number = int.from_bytes(head[96:100], "big")
    encoding = {1: "UTF-8", 2: "UTF-16le", 3: "UTF-16be"}.get(int.from_bytes(head[56:60], "big"))
    detail = {
        "page_size": str(65536 if size == 1 else size),
        "journal": "wal" if head[18:20] == b"\2\2" else "rollback",
    }
    if encoding:
        detail["encoding"] = encoding
    if user := int.from_bytes(head[60:64], "big"):
        detail["user_version"] = str(user)
    if application := int.from_bytes(head[68:72], "big"):
        detail["application_id"] = f"0x{application:08x}"
    version = f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}" if number else None
    return Recognised("SQLite 3", version, "sqlite", detail)


_JET = {
    0: ("Jet 3", "97"), 1: ("Jet 4", "2000-2003"), 2: ("ACE 12", "2007"), 3: ("ACE 14", "2010"),
    4: ("ACE 15", "2013"), 5: ("ACE 16", "2016"), 6: ("ACE 17", "2019"),
}  # fmt: skip


def _access(head: bytes, _ending: str) -> Recognised | None:
    # The definition page as mdbtools describes it in HACKING.md
    if head[:4] != b"\0\1\0\0":
        return None
    if head[4:19] == b"MSISAM Database":
        return Recognised("Microsoft Money", form="")
    if head[4:19] not in (b"Standard Jet DB", b"Standard ACE DB"):
        return None
    engine, product = _JET.get(head[20] if len(head) > 20 else -1, ("", ""))
    detail = {"engine": engine} if engine else {}
    if _key(head):
        detail["encrypted"] = "yes"
    return Recognised("Microsoft Access", product or None, "access", detail)


def _key(head: bytes) -> bytes:
    """The key that the pages of an Access file are encrypted with, b"" for none; ACE keeps only a sign of it here."""
    # mdbtools, src/libmdb/file.c: mdb_handle_from_stream; the header is under RC4 with a key that never changes
    if len(head) < 0x18 + 128:
        return b""
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + b"\xc7\xda\x39\x6b"[i % 4]) & 255
        state[i], state[j] = state[j], state[i]
    plain, j = bytearray(), 0
    for i, byte in enumerate(head[0x18 : 0x3E + 4], 1):
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        plain.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(plain[0x3E - 0x18 :]).strip(b"\0")


def scrambled(head: bytes) -> bool:
    """Whether content looks like chance: encrypted, or packed in a way nobody knows."""
    counts = [head.count(bytes((n,))) for n in range(256)]
    return len(head) >= 4096 and -sum(c / len(head) * math.log2(c / len(head)) for c in counts if c) > 7.8


_DBASE = {
    0x02: "FoxBASE", 0x03: "dBase III", 0x30: "Visual FoxPro", 0x31: "Visual FoxPro", 0x32: "Visual FoxPro",
    0x43: "dBase IV", 0x63: "dBase IV", 0x83: "dBase III", 0x8B: "dBase IV", 0xCB: "dBase IV", 0xF5: "FoxPro 2",
    0xFB: "FoxBASE", 0x04: "dBase 7", 0x8C: "dBase 7",
}  # fmt: skip
_DBASE_TYPES = frozenset(b"CNLDMFBGPYTIVXWQO@+0")


def _dbase(head: bytes, _ending: str) -> Recognised | None:
    # Microsoft: "Table File Structure" of Visual FoxPro; dBase: "Data File Header Structure for the dBASE 7 Table File"
    if len(head) < 65 or head[0] not in _DBASE:
        return None
    product, step = _DBASE[head[0]], 48 if head[0] & 7 == 4 else 32
    first = 68 if step == 48 else 32
    length, record = _u16(head, 8), _u16(head, 10)
    dated = head[1:4] == bytes(3) or (head[2] in range(1, 13) and head[3] in range(1, 32))
    if not dated or record < 2 or length < first + step + 1:
        return None
    name, kind = head[first : first + step - 21], head[first + step - 21 : first + step - 20]
    name = name.split(b"\0")[0]
    if not name or not kind or kind[0] not in _DBASE_TYPES or any(c < 0x20 for c in name):
        return None
    memo = head[0] in (0x83, 0x8B, 0xCB, 0xF5, 0x8C) or (head[0] in (0x30, 0x31, 0x32) and bool(head[28] & 2))
    detail = {"memo": "yes" if memo else "no", "code_page": f"0x{head[29]:02x}"}
    return Recognised("dBase", product, "dbase", detail)


_ODS = {
    8: "InterBase 4", 9: "InterBase 5", 10: "Firebird 1 or InterBase 6", 11: "Firebird 2", 12: "Firebird 3",
    13: "Firebird 4 or 5", 14: "Firebird 6",
}  # fmt: skip


def _firebird(head: bytes, _ending: str) -> Recognised | None:
    # FirebirdSQL/firebird, src/jrd/ods.h: struct pag (16 bytes), then struct header_page
    if len(head) < 1024 or head[0] != 1 or _u16(head, 16) not in (1024, 2048, 4096, 8192, 16384, 32768):
        return None
    ods = _u16(head, 18)
    number = ods & 0x7FFF
    if number not in _ODS or (number > 9 and not ods & 0x8000 and number != 10):
        return None
    return Recognised("Firebird", _ODS[number], detail={"ods": str(number), "page_size": str(_u16(head, 16))})


def _sql_server(head: bytes, ending: str) -> Recognised | None:
    # Delaney, "Microsoft SQL Server 2012 Internals", page header: version 1; type 15 is a file header page
    if len(head) < 96 or head[:2] != b"\1\x0f" or _u32(head, 32) != 0 or ending not in {"mdf", "ndf", "ldf", ""}:
        return None
    part = {"mdf": "primary data", "ndf": "secondary data", "ldf": "log"}.get(ending, "unknown")
    return Recognised("SQL Server", detail={"part": part})


def _tape(head: bytes, _ending: str) -> Recognised | None:
    # "Microsoft Tape Format Specification" 1.00a, section 5: the descriptor block of the medium begins with TAPE
    if head[:4] != b"TAPE" or len(head) < 512:
        return None
    if "Microsoft SQL Server".encode("utf-16-le") in head:
        return Recognised("SQL Server backup")
    return Recognised("Microsoft Tape Format backup")


def _oracle(head: bytes, _ending: str) -> Recognised | None:
    # Legacy exports carry their own version in clear; Data Pump's name the table of the job that wrote them.
    if found := re.match(rb"(?s).{0,8}?EXPORT:V(\d\d)\.(\d\d)\.(\d\d)", head[:64]):
        return Recognised("Oracle export", ".".join(str(int(n)) for n in found.groups()))
    if re.search(rb"SYS_EXPORT_(FULL|SCHEMA|TABLE|TABLESPACE|TRANSPORTABLE)_\d\d", head[:4096]):
        return Recognised("Oracle Data Pump export")
    return None


def _pg_custom(head: bytes, _ending: str) -> Recognised | None:
    # postgres/postgres, src/bin/pg_dump/pg_backup_archiver.c: ReadHead
    if head[:5] != b"PGDMP" or len(head) < 11:
        return None
    detail = {"archive_version": f"{head[5]}.{head[6]}"}
    server = re.search(rb"(\d{1,2}(?:\.\d{1,2}){1,2})(?: \([^)\0]{1,60}\))?\0", head[11:512])
    return Recognised("PostgreSQL archive dump", server[1].decode() if server else None, detail=detail)


_DUMPS = (
    (rb"-- PostgreSQL database (?:cluster )?dump", "PostgreSQL dump", "postgres", rb"-- Dumped from database version (\S+)"),  # noqa: E501
    (rb"-- MySQL dump ", "MySQL dump", "mysql", rb"-- Server version\s+(\S+)"),
    (rb"-- MariaDB dump ", "MariaDB dump", "mysql", rb"-- Server version\s+(\S+)"),
    (rb"-- phpMyAdmin SQL Dump", "MySQL dump", "mysql", rb"-- Server version: (\S+)"),
    (rb"-- mydumper", "MySQL dump", "mysql", rb"-- Server version\s+(\S+)"),
)  # fmt: skip
_DATABASE_NAME = re.compile(rb"(?m)^-- (?:Host: .*?\s)?Database: [`\"]?([^`\"\s;]+)")


def _dump(head: bytes, _ending: str) -> Recognised | None:
    # What the programs themselves write at the top of their output.
    start = head[:2048].removeprefix(b"\xef\xbb\xbf")
    for mark, kind, dialect, version in _DUMPS:
        if re.search(rb"(?m)^" + mark, start):
            said = re.search(version, head)
            named = _DATABASE_NAME.search(head)
            detail = {"dialect": dialect}
            if named:
                detail["database_name"] = named[1].decode(errors="replace")
            return Recognised(kind, said[1].decode(errors="replace") if said else None, "dump", detail)
    if re.match(rb"PRAGMA foreign_keys=OFF;\r?\nBEGIN TRANSACTION;", start):
        return Recognised("SQLite dump", form="dump", detail={"dialect": "sqlite"})
    return None


def _mysql(head: bytes, ending: str) -> Recognised | None:
    # MySQL Internals Manual: .frm; file/file, magic/Magdir/database: MyISAM; InnoDB: fil0fil.h, page type 8 on page 0
    if head[:2] == b"\xfe\x01" and len(head) > 64 and head[2] in range(6, 12):
        number = _u32(head, 0x33)
        version = f"{number // 10000}.{number // 100 % 100}.{number % 100}" if 30000 < number < 200000 else None
        return Recognised("MySQL table definition", version)
    if head[:3] == b"\xfe\xfe\x07":
        return Recognised("MyISAM index")
    page = ending in {"ibd", ""} or ending.startswith("ibdata")
    if page and len(head) >= 1024 and head[4:8] == bytes(4) and head[24:26] == b"\0\x08" and head[34:38] == head[38:42]:
        return Recognised("InnoDB tablespace")
    return None


def _paradox(head: bytes, ending: str) -> Recognised | None:
    # Kevin Mitchell, "Paradox file format": no magic number, so the name must say so as well
    if ending not in {"db", "px"} or len(head) < 0x58:
        return None
    sound = _u16(head, 0) and _u16(head, 2) % 256 == 0 and 0 < _u16(head, 2) <= 65024 and head[4] in range(9)
    if not sound or head[5] not in (1, 2, 3, 4, 8, 16, 32) or head[0x39] not in range(3, 13):
        return None
    version = {3: "3.0", 4: "3.5", **dict.fromkeys(range(5, 10), "4"), 10: "5", 11: "5", 12: "7"}[head[0x39]]
    return Recognised("Paradox", version)


def _plain(head: bytes, _ending: str) -> Recognised | None:
    """The rest, each by one mark at a fixed place."""
    for at, mark, kind in _MARKS:
        if head[at : at + len(mark)] == mark:
            return Recognised(kind)
    return None


_MARKS = (
    (0, b"H:2,block", "H2"),  # h2database.com/html/mvstore.html: file format
    (0, b"-- H2 0.5/B -- ", "H2"),  # h2database, PageStore
    (0, b"\x1a\0\0\4\0\0", "Lotus Notes"),  # file/file, magic/Magdir/lotus
    (14, b"\xc0HBAM7", "FileMaker"),  # PRONOM fmt/194 and siblings
    (0, b"CREATE SCHEMA PUBLIC AUTHORIZATION DBA", "HSQLDB"),  # what its own .script begins with
    (0, b"SET DATABASE UNIQUE NAME HSQLDB", "HSQLDB"),
    (12, b"\x61\x15\6\0", "Berkeley DB"), (12, b"\0\6\x15\x61", "Berkeley DB"),  # db_page.h: hash
    (12, b"\x62\x31\5\0", "Berkeley DB"), (12, b"\0\5\x31\x62", "Berkeley DB"),  # btree
    (12, b"\x53\x22\4\0", "Berkeley DB"), (12, b"\0\4\x22\x53", "Berkeley DB"),  # queue
    (16, b"\xde\xc0\xef\xbe", "LMDB"),  # LMDB, mdb.c: MDB_MAGIC behind the page header
)  # fmt: skip


def _duckdb(head: bytes, _ending: str) -> Recognised | None:
    # duckdb.org/docs/stable/internals/storage: magic behind the checksum, then the storage version
    if head[8:12] != b"DUCK" or len(head) < 20:
        return None
    return Recognised("DuckDB", detail={"storage_version": str(int.from_bytes(head[12:20], "little"))})


_SIGNS: tuple[Callable[[bytes, str], Recognised | None], ...] = (
    _sqlite, _access, _pg_custom, _tape, _duckdb, _oracle, _dump, _mysql, _plain, _firebird, _sql_server, _dbase,
    _paradox,
)  # fmt: skip
