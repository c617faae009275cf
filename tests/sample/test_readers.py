"""The readers of single formats: bounds, hostile content, dumps, and secrets in what files quote."""

from __future__ import annotations

import doctest
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_files import SCHEMA, access_bytes, dbase_bytes, sqlite_file

from scanner.extractors.stores import Content, Unread, child, facts, recognise, structure
from scanner.extractors.stores.facts import Found
from scanner.locators import cut, statement_without_secrets, statements, without_secrets
from scanner.model import CONTENT, Batch, Event, Fault, SourceError, Unit
from scanner.sample import Sampler
from scanner.sample.choose import units
from scanner.schema import ENTRY


class Bytes:
    """A connector that has one file, and counts what is read of it."""

    def __init__(self, data: bytes, refuse: tuple[SourceError, ...] = ()) -> None:
        self.data = data
        self.refuse = list(refuse)
        self.read_bytes = 0

    def roots(self) -> list[Unit]:
        return []

    def crawl(self, unit: Unit) -> Iterator[Event]:
        raise AssertionError(unit)

    def close(self) -> None: ...

    def read(self, path: str, start: int, length: int) -> bytes:
        if self.refuse:
            raise self.refuse.pop(0)
        if "/" in path or path.endswith(("-wal", "-journal")):
            raise SourceError("NOT_FOUND", "there is none")
        piece = self.data[start : start + length]
        self.read_bytes += len(piece)
        return piece


def looked(source: Bytes, name: str, sampler: Sampler | None = None) -> list[Event]:
    return list((sampler or Sampler()).crawl(source, Unit(name, f"{CONTENT}{len(source.data)},0")))


def names(events: list[Event]) -> list[object]:
    return [n for e in events if isinstance(e, Batch) and e.schema is ENTRY for n in e.columns["name"]]


def faults(events: list[Event]) -> list[tuple[str, str]]:
    return [(e.op, e.reason) for e in events if isinstance(e, Fault)]


def test_large_sqlite_file_is_read_in_ranges_and_never_whole(tmp_path: Path) -> None:
    data = sqlite_file(tmp_path / "a", SCHEMA + "CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(30000000));")
    source = Bytes(data.read_bytes())
    assert names(looked(source, "a.sqlite")) == ["customer", "order", "rich", "big"]
    assert source.read_bytes < 300_000


def test_schema_that_is_a_memory_bomb_is_bounded(tmp_path: Path) -> None:
    wide = ", ".join(f"c{n} TEXT DEFAULT '{'x' * 900}'" for n in range(1900))
    script = "".join(f"CREATE TABLE t{n} ({wide});" for n in range(50))
    source = Bytes(sqlite_file(tmp_path / "a", script).read_bytes())
    start = time.monotonic()
    found = looked(source, "a.sqlite")
    assert ("read", "CONTENT_LIMIT") in faults(found)
    assert source.read_bytes <= (64 << 20) + (1 << 20)
    assert time.monotonic() - start < 30


def test_view_over_itself_and_an_unknown_module_do_not_stop_the_rest(tmp_path: Path) -> None:
    file = sqlite_file(tmp_path / "a")
    import sqlite3  # noqa: PLC0415

    db = sqlite3.connect(file)
    db.executescript(
        """PRAGMA writable_schema = 1;
        INSERT INTO sqlite_schema VALUES ('table', 'odd', 'odd', 0, 'CREATE VIRTUAL TABLE odd USING nothing_known(x)');
        INSERT INTO sqlite_schema VALUES ('view', 'lost', 'lost', 0, 'CREATE VIEW lost AS SELECT * FROM nowhere');"""
    )
    db.commit()
    db.close()
    found = looked(Bytes(file.read_bytes()), "a.sqlite")
    assert set(names(found)) == {"customer", "order", "rich", "odd", "lost"}
    assert [e.columns["listed"] for e in found if isinstance(e, Batch) and e.schema.name == "listing"] == [[5]]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
@pytest.mark.parametrize("page", [512, 65536])
def test_every_encoding_and_page_size_is_read_whole(tmp_path: Path, encoding: str, page: int) -> None:
    file = sqlite_file(tmp_path / "a", f"PRAGMA encoding = '{encoding}'; PRAGMA page_size = {page}; {SCHEMA}")
    found = looked(Bytes(file.read_bytes()), "a.sqlite")
    assert names(found) == ["customer", "order", "rich"]
    assert faults(found) == []


def test_text_that_is_no_utf_8_costs_nothing_else(tmp_path: Path) -> None:
    import sqlite3  # noqa: PLC0415

    file = tmp_path / "a"
    db = sqlite3.connect(file)
    db.executescript(
        "CREATE TABLE grosse (breite TEXT DEFAULT 'q', x INT REFERENCES later); CREATE VIEW v AS SELECT 1 AS n"
    )
    db.execute("PRAGMA writable_schema = 1")
    latin = "'breite', CAST(x'627265697465E4' AS TEXT)"
    db.execute(f"UPDATE sqlite_schema SET sql = CAST(replace(sql, {latin}) AS TEXT) WHERE type = 'table'")
    db.execute("UPDATE sqlite_schema SET sql = CAST(CAST(sql AS BLOB) || x'202D2DFC' AS TEXT) WHERE type = 'view'")
    db.commit()
    db.close()
    found = looked(Bytes(file.read_bytes()), "a.sqlite")
    assert faults(found) == []
    assert names(found) == ["grosse", "v"]
    columns = [n for e in found if isinstance(e, Batch) and e.schema.name == "column" for n in e.columns["name"]]
    assert columns == ["breite\\xe4", "x", "n"]


def test_bytes_of_a_source_are_bounded(tmp_path: Path) -> None:
    source = Bytes(sqlite_file(tmp_path / "a").read_bytes())
    sampler = Sampler(most=20_000)
    assert names(looked(source, "a.sqlite", sampler)) != []
    assert faults(looked(source, "b.sqlite", sampler)) == [("read", "CONTENT_LIMIT")]
    assert faults(looked(source, "c.sqlite", Sampler(seconds=-1))) == [("read", "CONTENT_LIMIT")]


def test_file_larger_than_is_copied_is_not_copied() -> None:
    source = Bytes(access_bytes("indexTestV2003.mdb"))
    assert faults(looked(source, "a.mdb", Sampler(copied=100_000))) == [("read", "CONTENT_LIMIT")]
    assert source.read_bytes <= 8192


def test_program_that_hangs_or_floods_is_ended(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as file:
        start = time.monotonic()
        with pytest.raises(Unread, match="TIMEOUT"):
            child.run(["sh", "-c", "sleep 30"], file, wait_s=0.5)
        with pytest.raises(Unread, match=r"CONTENT_LIMIT|CONTENT_DAMAGED"):
            child.run(["sh", "-c", "cat /dev/zero"], file, wait_s=20)
        assert time.monotonic() - start < 20


def test_fault_018_offline_content_is_no_candidate() -> None:
    batch = Batch(
        ENTRY,
        {
            "parent": ["", "", "", ""], "name": ["a.mdb", "b.mdb", "c.mdb", "d.mdb"], "kind": ["file"] * 3 + ["link"],
            "size": [9000, None, 9000, 9000], "tier": ["offline", "online", "nearline", None],
        },
    )  # fmt: skip
    assert [u.key for u in units(batch)] == ["b.mdb"]


def test_fault_020_locked_file_is_tried_once_more_late_then_told() -> None:
    locked = SourceError("CONTENT_LOCKED", "in use", where="a.mdb")
    source = Bytes(access_bytes("indexTestV2003.mdb"), refuse=(locked,))
    [again] = looked(source, "a.mdb")
    assert isinstance(again, Unit)
    assert again.of_content
    assert len(names(list(Sampler().crawl(source, again)))) == 3
    source.refuse = [locked]
    assert faults(list(Sampler().crawl(source, again))) == [("read", "CONTENT_LOCKED")]


def test_denied_content_is_a_fault_and_a_transient_error_the_engines_own() -> None:
    assert faults(looked(Bytes(b"x", refuse=(SourceError("DENIED", "no"),)), "a.mdb")) == [("read", "DENIED")]
    with pytest.raises(SourceError):
        looked(Bytes(b"x", refuse=(SourceError("TIMEOUT", "no", transient=True),)), "a.mdb")


def structure_of(data: bytes, name: str) -> tuple[dict[str, Batch], Unread | None]:
    what = recognise(data[:8192], name)
    assert what is not None
    found, failure = Found(name), None
    try:
        structure(Content(lambda start, length: data[start : start + length], len(data), 1 << 26), what, found)
    except Unread as error:
        failure = error
    return {b.schema.name: b for b in found.batches()}, failure


def test_dbase_header_gives_columns_and_rows() -> None:
    found, failure = structure_of(dbase_bytes(7), "DRIVERS.DBF")
    assert failure is None
    assert (found["entry"].columns["name"], found["entry"].columns["rows"]) == (["DRIVERS"], [7])
    assert found["column"].columns["name"] == ["BADGE", "SURNAME", "EXPIRES", "FEE"]
    assert found["column"].columns["type"] == ["NUMERIC", "CHARACTER", "DATE", "NUMERIC"]
    assert found["column"].columns["scale"] == [0, None, None, 2]


PG = """--
-- PostgreSQL database dump
--

-- Dumped from database version 15.4

CREATE TABLE public.orders (
    id integer NOT NULL,
    total numeric(10,2) DEFAULT 0,
    note text
);

CREATE TABLE sales.lines (
    order_id integer NOT NULL,
    no integer NOT NULL
);

COPY public.orders (id, total, note) FROM stdin;
1\t5\tCREATE TABLE trap (x int);
CREATE TABLE trap2 (x int);
\\.

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sales.lines
    ADD CONSTRAINT lines_fk FOREIGN KEY (order_id) REFERENCES public.orders(id);

CREATE VIEW public.big AS
 SELECT id FROM public.orders WHERE total > 100;
"""
MYSQL = """-- MySQL dump 10.13  Distrib 8.0.34, for Linux (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
-- Server version\t8.0.34

DROP TABLE IF EXISTS `item`;
CREATE TABLE `item` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(80) DEFAULT NULL,
  `shelf` int DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `by_name` (`name`),
  KEY `shelf` (`shelf`),
  CONSTRAINT `item_shelf` FOREIGN KEY (`shelf`) REFERENCES `shelf` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `item` VALUES (1,'CREATE TABLE trap (x int);',NULL);
CREATE TABLE `shelf` (`id` int NOT NULL, PRIMARY KEY (`id`));
"""


def test_postgresql_dump_gives_tables_keys_and_views_and_rows_are_passed_over() -> None:
    found, failure = structure_of(PG.encode(), "db.sql")
    assert failure is None
    assert found["entry"].columns["name"] == ["orders", "sales.lines", "big"]
    assert found["column"].columns["name"] == ["id", "total", "note", "order_id", "no"]
    assert list(zip(found["key"].columns["kind"], found["key"].columns["ref_path"], strict=True)) == [
        ("primary", None), ("foreign", "db.sql/orders"),
    ]  # fmt: skip


def test_dbase_file_with_more_fields_than_any_product_allows_is_told() -> None:
    fields = b"".join((b"F%d" % n).ljust(11, b"\0") + b"C".ljust(21, b"\0") for n in range(65_535))
    head = bytes((3, 103, 4, 1)) + bytes(4) + b"\xff\xff" + b"\x0a\0"
    found, failure = structure_of(head.ljust(32, b"\0") + fields, "wide.dbf")
    assert failure is not None
    assert failure.code == "CONTENT_LIMIT"
    assert len(found["column"]) == 2048


def test_access_file_cut_short_never_looks_whole() -> None:
    data = access_bytes("indexTestV2003.mdb")
    whole = {k: len(v) for k, v in structure_of(data, "a.mdb")[0].items()}
    for end in range(8192, len(data), 4096 * 8):
        found, failure = structure_of(data[:end], "a.mdb")
        assert failure is not None or {k: len(v) for k, v in found.items()} == whole, end


def test_dump_that_cannot_be_parsed_is_quoted_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    structure_of(MYSQL.encode() + b"ALTER TABLE item ADD x PASSWORD 'canary';\n" * 3, "d.sql")
    said = capfd.readouterr()
    assert "canary" not in said.out + said.err


def test_mysql_dump_gives_tables_keys_and_its_databases_name() -> None:
    found, failure = structure_of(MYSQL.encode(), "shop.sql")
    assert failure is None
    assert found["entry"].columns["name"] == ["item", "shelf"]
    assert sorted(str(k) for k in found["key"].columns["kind"]) == ["foreign", "primary", "primary", "unique"]
    assert ("database_name", "shop") in zip(
        found["setting"].columns["name"], found["setting"].columns["value"], strict=True
    )


def test_endless_dump_is_read_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.extractors.stores.dump.READ", 1 << 20)
    data = MYSQL.encode() + b"INSERT INTO item VALUES (" + b"x" * (3 << 20) + b");\nCREATE TABLE late (x int);\n"
    found, failure = structure_of(data, "shop.sql")
    assert failure is not None
    assert failure.code == "CONTENT_LIMIT"
    assert found["entry"].columns["name"] == ["item", "shelf"]
    assert found["listing"].columns["complete"] == [False]


@pytest.mark.parametrize(
    "text",
    [
        "ODBC;DSN=x;PWD=canary;UID=u", "ODBC;DSN=x;Pwd={can;ary}};x};UID=u", 'DSN=x;PASSWORD="can;ary";UID=u',
        "DSN=x;Jet OLEDB:Database Password=canary;UID=u", "Provider=x;Password='can;ary' ;User ID=u",
        "WSS;DATABASE=https://u:canary@host/site;LIST=x", "pwd = canary", "DSN=x;PWD=canary",
        ";PWD=canary;DATABASE=c:\\x",
        "AccountKey=canary==;Account=x", 'DSN=x;PWD="canary', "DSN=x;PWD={canary",
        "DSN=x;PWD='a''canary'canary;UID=u",
    ],
)  # fmt: skip
def test_no_secret_is_left_in_a_connection_string(text: str) -> None:
    kept = without_secrets(text)
    assert "canary" not in kept
    assert "ary" not in kept.replace("secretary", "")
    assert "canary" not in statement_without_secrets(f"SELECT * FROM [{text}].t")


def test_sql_that_compares_columns_stays_as_it_is() -> None:
    text = "SELECT u.password FROM u JOIN t ON u.password = t.password WHERE token=t.key AND note = 'pwd'"
    assert statement_without_secrets(text) == text
    assert "canary" not in statement_without_secrets("SELECT * FROM u WHERE [password] = 'canary' AND \"pwd\"='canary'")


def test_examples_in_the_docstrings() -> None:
    for module in (cut, statements, facts):
        assert doctest.testmod(module).failed == 0
