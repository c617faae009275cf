"""Small database files, made here, and a scan of a folder of them."""

from __future__ import annotations

import lzma
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from scanner.catalog import Catalog, Reader, read
from scanner.crawl import Outcome, Run
from scanner.registry import Bound, from_locator
from scanner.sample import sampling

SCHEMA = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, credit DECIMAL(10,2) DEFAULT 0, note TEXT);
CREATE TABLE "order" (no INT, line INT, customer INT REFERENCES customer(id) ON DELETE CASCADE, PRIMARY KEY (no, line));
CREATE UNIQUE INDEX by_name ON customer (name, credit);
CREATE VIEW rich AS SELECT * FROM customer WHERE credit > 1000;
CREATE TRIGGER watch AFTER INSERT ON customer BEGIN SELECT 1; END;
INSERT INTO customer VALUES (1, 'canary-value-in-a-row', 5, 'x');
"""


def sqlite_file(file: Path, script: str = SCHEMA) -> Path:
    db = sqlite3.connect(file)
    try:
        db.executescript(script)
        db.commit()
    finally:
        db.close()
    return file


def access_bytes(name: str) -> bytes:
    return lzma.decompress((Path(__file__).parents[1] / "data" / "access" / f"{name}.xz").read_bytes())


FIELDS = (("BADGE", b"N", 6, 0), ("SURNAME", b"C", 30, 0), ("EXPIRES", b"D", 8, 0), ("FEE", b"N", 8, 2))


def dbase_bytes(rows: int = 3, *, version: int = 3) -> bytes:
    """A dBase III table after Microsoft's "Table File Structure"."""
    width = 1 + sum(length for _, _, length, _ in FIELDS)
    head = bytes((version, 103, 4, 1)) + rows.to_bytes(4, "little") + (33 + 32 * len(FIELDS)).to_bytes(2, "little")
    head = (head + width.to_bytes(2, "little")).ljust(32, b"\0")
    for name, kind, length, places in FIELDS:
        head += (name.encode().ljust(11, b"\0") + kind + bytes(4) + bytes((length, places))).ljust(32, b"\0")
    return head + b"\r" + b" " * width * rows + b"\x1a"


class Scanned:
    """A catalog, and scans of one folder into it."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self.catalog = catalog
        self.folder = folder
        self.run: Run | None = None

    def bound(self, depth: str = "L2") -> Bound:
        return from_locator(str(self.folder)).at_depth(depth)

    def scan(self, *sources: Bound) -> Outcome:
        self.run = Run.start(self.catalog, sources or [self.bound()], title="t", config_hash="0" * 64)
        self.run.sampling = partial(sampling, room=self.catalog.location.room, key=self.catalog.hash_key())
        return self.run.execute(lambda _: None)

    def reader(self) -> Reader:
        return read(self.catalog)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.reader() as reader:
            return reader.rows(sql)

    def faults(self) -> dict[str, tuple[str, str]]:
        return {path: (op, reason) for path, op, reason in self.rows("SELECT path, op, reason FROM fault")}
