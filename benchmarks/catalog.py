"""What keeping entries costs: rows a second and bytes a row, beside SQLite and beside Parquet written plainly.

python -m benchmarks.catalog [--full]
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import made
from benchmarks.harness import Goal, Row, Seen, Side, main, pairs
from scanner.catalog import Bundle, Catalog, SourceRow, locate
from scanner.model import Batch, Unit
from scanner.schema import ENTRY

_made: dict[str, Any] = {}
"""What ``ready`` made in this process, outside the time measured."""


def ready(rows: int, lists: bool) -> None:
    """Make the entries, and a folder that this process leaves nothing in."""
    _made["tables"] = list(made.entries(rows))
    _made["batches"] = [made.batches(table, lists=lists) for table in _made["tables"]]
    _made["folder"] = Path(tempfile.mkdtemp(prefix="stocktake-catalog-"))


def ours() -> Seen:
    """Into a catalog: buffered, written, made durable, committed."""
    folder: Path = _made["folder"]
    with Catalog.open(locate(str(folder)), create=True) as catalog:
        catalog.lock()
        row = SourceRow("share", "smb", "Share", None, "share", 0, "share", {}, {})
        scan = catalog.start([row], title="", config_hash="", depth="L1", version="0", targets="[]")
        buffer = catalog.buffer(scan, "share")
        for batch in _made["batches"]:
            unit = catalog.new_unit_id()
            buffer.add(unit, batch)
            parts, _ = buffer.write()
            catalog.commit(scan, Bundle("share", parts, [(unit, Unit(str(unit)), "done", 1)]))
    return Seen(sum(len(batch) for batch in _made["batches"]))


def plain() -> Seen:
    """The limit: the same columns as Parquet and nothing else; zstd, pyarrow's own settings."""
    for number, batch in enumerate(_made["batches"]):
        arrays = [c if isinstance(c, pa.Array) else pa.array(c) for c in batch.columns.values()]
        pq.write_table(pa.table(arrays, list(batch.columns)), _made["folder"] / f"{number}.parquet", compression="zstd")
    return Seen(sum(len(batch) for batch in _made["batches"]))


def sqlite() -> Seen:
    """``executemany`` into one table without an index."""
    with contextlib.closing(sqlite3.connect(_made["folder"] / "facts.db")) as db:
        names = list(_made["batches"][0].columns)
        db.execute("CREATE TABLE entry (" + ", ".join(f'"{n}"' for n in names) + ")")
        for batch in _made["batches"]:
            marks = ", ".join("?" * len(names))
            with db:
                db.executemany(f"INSERT INTO entry VALUES ({marks})", zip(*batch.columns.values(), strict=True))
    return Seen(sum(len(batch) for batch in _made["batches"]))


def committing(url: str, bundles: int, done: int) -> float:
    """Milliseconds a bundle of one part and some units takes to count."""
    folder = tempfile.mkdtemp(prefix="stocktake-commit-")
    try:
        with Catalog.open(locate(url or folder), create=True) as catalog:
            catalog.lock()
            row = SourceRow("share", "smb", "Share", None, "share", 0, "share", {}, {})
            scan = catalog.start([row], title="", config_hash="", depth="L1", version="0", targets="[]")
            table = next(made.entries(10))
            spent = 0.0
            for number in range(bundles):
                buffer = catalog.buffer(scan, "share")
                units = [(catalog.new_unit_id(), Unit(f"{number}/{n}/"), "done", 1) for n in range(done)]
                buffer.add(units[0][0], Batch(ENTRY, made.batches(table).columns))
                parts, _ = buffer.write()
                began = time.perf_counter()
                catalog.commit(scan, Bundle("share", parts, units))
                spent += time.perf_counter() - began
            return 1000 * spent / bundles
    finally:
        shutil.rmtree(folder)


def measure(full: bool) -> list[Row]:
    """Lists and Arrow arrays beside each peer; bytes a row; a commit."""
    rows = 1_000_000 if full else 200_000
    found = []
    for name, lists, goal in (("lists", True, 1e6), ("Arrow arrays", False, 4e6)):
        side = Side(f"stocktake, {name}", ours, ready=partial(ready, rows, lists))
        limit = Side("pyarrow, the same columns", plain, ready=partial(ready, rows, lists))
        text = Goal(f"at least {goal / 1e6:g} M rows/s", goal, "rate", at_most=False)
        found.append(pairs("2 catalog", f"write {rows:,} from {name}", ours=side, peer=limit, goal=text, full=full))
    peer = Side("sqlite executemany", sqlite, ready=partial(ready, rows, True))
    side = Side("stocktake, lists", ours, ready=partial(ready, rows, True))
    found.append(pairs("2 catalog", f"write {rows:,} from lists", ours=side, peer=peer, full=full))
    folder = Path(tempfile.mkdtemp(prefix="stocktake-size-"))
    try:
        made.make(folder, rows).close()
        size = sum(file.stat().st_size for file in folder.glob("facts/*/entry-*")) / rows
    finally:
        shutil.rmtree(folder)
    goal_ = Goal("at most 45 bytes a row", 45, "value", at_most=True)
    found.append(Row("2 catalog", "bytes an entry", value=size, goal=goal_))
    found.append(Row("2 catalog", "a commit of 100 units, SQLite, ms", value=committing("", 50 if full else 20, 100),
                     goal=Goal("(told, no goal)", 1e9, "value", at_most=True)))  # fmt: skip
    return found


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
