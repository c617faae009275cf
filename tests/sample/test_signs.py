"""What a file is, by its first bytes; and what is no database file stays unknown."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_files import access_bytes, dbase_bytes, sqlite_file

from scanner.extractors.stores import HEAD, recognise


def page(size: int = 4096, **at: bytes) -> bytes:
    data = bytearray(size)
    for place, value in at.items():
        start = int(place.removeprefix("at"))
        data[start : start + len(value)] = value
    return bytes(data)


def u16(number: int) -> bytes:
    return number.to_bytes(2, "little")


HEADS = [
    (page(at0=b"\1\0", at16=u16(4096), at18=u16(0x8000 | 12)), "stock.fdb", "Firebird", "Firebird 3"),
    (page(at0=b"\1\0", at16=u16(4096), at18=u16(10)), "stock.gdb", "Firebird", "Firebird 1 or InterBase 6"),
    (page(8192, at0=b"\1\x0f\0\0"), "erp.mdf", "SQL Server", None),
    (page(4096, at0=b"TAPE\0\0\3\0", at400="Microsoft SQL Server".encode("utf-16-le")), "erp.bak", "SQL Server backup",
     None),
    (page(4096, at0=b"TAPE\0\0\3\0"), "old.bkf", "Microsoft Tape Format backup", None),
    (b"\x03\x00\x1fEXPORT:V11.02.00\nDSCOTT\nRTABLES\n", "scott.dmp", "Oracle export", "11.2.0"),
    (page(4096, at0=b"\2\1\1\1", at300=b'"SCOTT"."SYS_EXPORT_SCHEMA_01"'), "dp.dmp", "Oracle Data Pump export", None),
    (b"PGDMP\1\x0e\0\4\x08\1" + bytes(40) + b"\0\0\0\0\x0515.4 (Debian 15.4-1)\0", "db.dump",
     "PostgreSQL archive dump", None),
    (b"--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.4\n", "db.sql", "PostgreSQL dump",
     "15.4"),
    (b"-- MySQL dump 10.13  Distrib 8.0.34\n--\n-- Host: h    Database: shop\n-- Server version\t8.0.34\n", "x.sql",
     "MySQL dump", "8.0.34"),
    (b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n", "x.sql",
     "MariaDB dump", None),
    (page(100, at0=b"\xfe\1\x0a\x0c", at51=(50731).to_bytes(4, "little")), "t.frm", "MySQL table definition", "5.7.31"),
    (b"\xfe\xfe\7\1" + bytes(60), "t.MYI", "MyISAM index", None),
    (page(16384, at24=b"\0\x08", at34=b"\0\0\0\7\0\0\0\7"), "t.ibd", "InnoDB tablespace", None),
    (page(2048, at0=u16(20) + u16(2048) + b"\0\2", at57=b"\x0b"), "kunden.db", "Paradox", "5"),
    (b"H:2,block:3,blockSize:1000,chunk:1,created:1\n" + bytes(100), "a.mv.db", "H2", None),
    (b"\x1a\0\0\4\0\0" + bytes(100), "mail.nsf", "Lotus Notes", None),
    (b"\0\1\0\0\0\2\0\1\0\5\0\2\0\2\xc0HBAM7" + bytes(100), "c.fp7", "FileMaker", None),
    (page(4096, at16=b"\xde\xc0\xef\xbe"), "data.mdb", "LMDB", None),
    (page(4096, at12=b"\x62\x31\5\0"), "x.bdb", "Berkeley DB", None),
    (b"\0\1\0\0MSISAM Database\0" + bytes(100), "m.mny", "Microsoft Money", None),
    (dbase_bytes(), "t.dbf", "dBase", "dBase III"),
    (dbase_bytes(version=0x30), "t.dbf", "dBase", "Visual FoxPro"),
    (access_bytes("queryTestV1997.mdb"), "q.mdb", "Microsoft Access", "97"),
    (access_bytes("indexTestV2003.mdb"), "i", "Microsoft Access", "2000-2003"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "name", "kind", "version"), HEADS, ids=[f"{k}-{n}" for _, n, k, _ in HEADS])
def test_kind_and_version_of(head: bytes, name: str, kind: str, version: str | None) -> None:
    found = recognise(head[:HEAD], name)
    assert found is not None
    assert found.kind == kind
    if version is not None:
        assert found.version == version


def test_files_that_the_engines_themselves_make(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "a.duckdb")).close()
    found = recognise((tmp_path / "a.duckdb").read_bytes()[:HEAD], "renamed")
    assert found is not None
    assert found.kind == "DuckDB"
    found = recognise(sqlite_file(tmp_path / "s").read_bytes()[:HEAD], "renamed.jpg")
    assert found is not None
    assert (found.kind, found.detail["page_size"]) == ("SQLite 3", "4096")


OTHERS = [
    (b"PK\3\4" + bytes(200), "book.db"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Thumbs.db"),
    (b"!BDN" + bytes(600), "mail.pst"), (b"%PDF-1.7\n" + bytes(200), "x.bak"), (b"\x03" + bytes(300), "zeros.dbf"),
    (b"\1" + bytes(5000), "x.fdb"), (b"hello, world " * 50, "notes.old"), (b"", "empty.mdb"), (b"\1\x0f", "short.mdf"),
    (b"\x1f\x8b\x08" + bytes(300), "dump.sql"), (b"SELECT 1; -- a dump it is not\n" * 20, "query.sql"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "name"), OTHERS, ids=[n for _, n in OTHERS])
def test_what_is_not_certain_is_unknown(head: bytes, name: str) -> None:
    assert recognise(head, name) is None


@given(st.binary(max_size=600), st.sampled_from(["", "x.db", "x.dbf", "x.mdf", "x.fdb", "ibdata1", "x.ibd"]))
def test_no_bytes_make_it_fail(head: bytes, name: str) -> None:
    recognise(head, name)


@given(st.integers(0, 400), st.integers(0, 255))
def test_damaged_heads_never_make_it_fail(at: int, value: int) -> None:
    for whole in (dbase_bytes(), HEADS[0][0], HEADS[9][0]):
        data = bytearray(whole)
        data[at % len(data)] = value
        recognise(bytes(data), "x")
