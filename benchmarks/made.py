"""A made estate: a share with any number of files, and a database server, written through the catalog's own buffer.

Names, owners, sizes and times are as varied as those of a real share: 21,000 folders for a million files, owners by
folder, sizes from bytes to gigabytes, times of change anywhere in ten years to the microsecond, one file in twenty a
copy of another. The same number of rows gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from scanner.catalog import Bundle, Catalog, SourceRow, locate
from scanner.model import Batch, Unit
from scanner.schema import COLUMN, ENTRY, KEY, LISTING, SETTING

PER_FOLDER = 48
NOW = 1_800_000_000_000_000
"""When the made scan ended."""
CHUNK = 100_000
"""Rows written at once, as a worker does."""

_ENTRIES = f"""
WITH row AS (SELECT i, i // {PER_FOLDER} AS folder, (hash(i) >> 1)::BIGINT AS h,
        (hash(i, 1) >> 1)::BIGINT AS k, i % 20 = 19 AS copied
    FROM range({{start}}, {{end}}) t(i)),
named AS (SELECT *, CASE WHEN copied THEN (hash(i // 2880 * 960 + i % 960, 2) >> 1)::BIGINT ELSE h END AS n FROM row)
SELECT 'department ' || (folder // 2000) || '/Projects ' || (2005 + folder // 100 % 20) || '/project-'
        || (folder // 100) || '/folder ' || folder || '/' AS parent,
    CASE WHEN i % {PER_FOLDER} = 0 THEN 'sub' || i
        WHEN n % 211 = 0 THEN 'Übersicht für Café ' || (n % 1000003) || '.xlsx'
        WHEN n % 5003 = 0 THEN 'caf\\xE9 ' || (n % 1000003)
        WHEN n % 4001 = 0 THEN 'what? ' || (n % 1000003) || '.txt'
        WHEN n % 1009 = 0 THEN 'REPORT ' || (n % 1000003) || '.PDF'
        ELSE ['report', 'Letter to', 'invoice', 'minutes of', 'IMG_', 'budget', 'scan', 'draft'][1 + n % 8] || ' '
            || (n // 8 % 1000003) || ['.pdf', '.docx', '.xlsx', '.jpg', '.msg', '.txt', '.tif', ''][1 + n // 64 % 8]
        END AS name,
    CASE WHEN i % {PER_FOLDER} = 0 THEN 'directory' ELSE 'file' END AS kind,
    CASE WHEN i % {PER_FOLDER} <> 0 THEN exp(4 + 14.0 * (n % 99999989) / 99999989)::BIGINT END AS size,
    CASE WHEN i % {PER_FOLDER} <> 0 THEN (size + 4095) // 4096 * 4096 END AS allocated,
    1450000000000000 + (n % 315360000000000)::BIGINT AS modified,
    modified + CASE WHEN k % 10 = 0 THEN (k % 31536000000000)::BIGINT ELSE 0 END AS accessed,
    'user' || (hash(folder // 7) % 400) AS owner, 'staff' || (folder // 2000) AS "group",
    CASE WHEN i % {PER_FOLDER} = 0 THEN 16877 ELSE 33188 END AS mode, 1 AS links, 'online' AS tier
FROM named ORDER BY i
"""
_INTS = ("size", "allocated", "modified", "accessed", "mode", "links")


def entries(rows: int, chunk: int = CHUNK) -> Iterator[pa.Table]:
    """The entries, a chunk at a time, as Arrow tables with plain columns."""
    with duckdb.connect(":memory:") as db:
        db.execute("SET enable_progress_bar = false")
        for start in range(0, rows, chunk):
            table = db.sql(_ENTRIES.format(start=start, end=min(rows, start + chunk))).to_arrow_table()
            fields = [pa.field(f.name, pa.int64() if f.name in _INTS else pa.string()) for f in table.schema]
            yield table.cast(pa.schema(fields)).combine_chunks()


def batches(table: pa.Table, *, lists: bool = False) -> Batch:
    """A chunk as a connector gives it: plain lists, or Arrow arrays."""
    columns = {name: table[name].chunk(0) for name in table.column_names}
    return Batch(ENTRY, {n: c.to_pylist() if lists else c for n, c in columns.items()})


def make(folder: Path, rows: int, tables: int = 0) -> Catalog:
    """A catalog with one finished scan of the share, and of the database server where it has tables."""
    catalog = Catalog.open(locate(str(folder)), create=True)
    catalog.lock()
    share = SourceRow("share", "smb", "Share", "IT", r"\\fs01\share", 0, "share", {}, {})
    server = SourceRow("server", "odbc", "Server", "IT", "postgresql://db01", 1, "database", {}, {})
    sources = [share, server] if tables else [share]
    number = catalog.start(sources, title="made", config_hash="", depth="L1", version="0", targets="[]")
    _share(catalog, number, rows)
    if tables:
        _server(catalog, number, tables)
    for source in sources:
        catalog.set_source(number, source.name, state="complete", started=1, ended=NOW)
    catalog.finish(number, "complete", 0)
    return catalog


def _share(catalog: Catalog, number: int, rows: int) -> None:
    buffer = catalog.buffer(number, "share")
    for table in entries(rows):
        bundle = Bundle("share")
        names = table.group_by("parent", use_threads=False).aggregate([("name", "count")]).to_pydict()
        units = [(catalog.new_unit_id(), Unit(key), "done", 1) for key in names["parent"]]
        bundle.units = units
        buffer.add(units[0][0], batches(table))
        listed = {"path": names["parent"], "listed": names["name_count"], "complete": [True] * len(units)}
        buffer.add(units[0][0], Batch(LISTING, listed))
        bundle.parts, _ = buffer.write()
        catalog.commit(number, bundle)


def _server(catalog: Catalog, number: int, tables: int) -> None:
    buffer = catalog.buffer(number, "server")
    unit = catalog.new_unit_id()
    bundle = Bundle("server", units=[(unit, Unit("estate/"), "done", 1)])
    names = [f"customer_order_{n}" for n in range(tables)]
    columns = [f"field_{n}" for n in range(20)]
    kinds = ["integer", "character varying(200)", "timestamp with time zone", "numeric(12,2)", "text"]
    paths = [f"estate/public/{name}" for name in names]
    entry = {
        "parent": ["", "estate/"] + ["estate/public/"] * tables, "name": ["estate", "public", *names],
        "kind": ["database", "schema"] + ["table"] * tables,
        "size": [None, None] + [8192 * (n + 1) for n in range(tables)],
        "rows": [None, None] + [100 * n for n in range(tables)],
    }  # fmt: skip
    buffer.add(unit, Batch(ENTRY, entry))
    listed = {"path": ["", "estate/", "estate/public/"], "listed": [1, 1, tables], "complete": [True] * 3}
    buffer.add(unit, Batch(LISTING, listed))
    every = [(p, c, n + 1, kinds[n % 5]) for p in paths for n, c in enumerate(columns)]
    named = dict(zip(("path", "name", "position", "type"), map(list, zip(*every, strict=True)), strict=True))
    buffer.add(unit, Batch(COLUMN, named))
    foreign = range(1, tables)
    keys = {
        "path": paths + [paths[n] for n in foreign], "name": [f"pk_{n}" for n in names] + [f"fk_{n}" for n in foreign],
        "kind": ["primary"] * tables + ["foreign"] * len(foreign),
        "columns": [["field_0"]] * tables + [["field_5"]] * len(foreign),
        "ref_path": [None] * tables + [paths[n // 2] for n in foreign],
        "ref_columns": [None] * tables + [["field_0"]] * len(foreign),
    }  # fmt: skip
    buffer.add(unit, Batch(KEY, keys))
    buffer.add(unit, Batch(SETTING, {"path": [""], "name": ["server_version_num"], "value": ["150004"]}))
    bundle.parts, _ = buffer.write()
    catalog.commit(number, bundle)
