"""Reading a catalog: DuckDB views over the parts that count, beside the state's tables."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.copied import asks_for_units, copy_state, copy_units
from scanner.catalog.facts import Facts
from scanner.catalog.readers import reading
from scanner.catalog.rows import Parts, parts_of, present, rows_sql
from scanner.catalog.state import Catalog
from scanner.codes import GAP_CODES, StocktakeError
from scanner.model import CONTENT
from scanner.results import DATABASE_FILE, Store
from scanner.schema import SCHEMAS

OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
MEMORY = "320MiB"
"""What a reader's tables, sorts and groups may take; beyond it they go to disk. What is being read, and the answer,
come on top."""
PLURALS = {
    "entry": "entries", "listing": "listings", "column": "columns", "key": "keys", "routine": "routines",
    "grant": "grants", "setting": "settings", "label": "labels", "mention": "mentions",
    "member": "members", "seen": "seen", "sketch": "sketches",
}  # fmt: skip
"""Every fact can be asked for under either name; ``"column"`` and ``"grant"`` are words of SQL and need quotes."""


class Reader:
    """What a catalog holds, as SQL: the newest scan of each source, or one scan alone.

    ``describe`` lists the tables. Closing gives up the memory; the catalog itself is only ever read.
    """

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        describe: Callable[[], list[tuple[str, str]]],
        leave: Callable[[], None] = lambda: None,
        copy_units: Callable[[], None] | None = None,
    ) -> None:
        self._db = db
        self._leave = leave
        self._copy_units = copy_units
        self.describe = describe

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with whole_parts():
            return self._ask(sql, params).fetchall()

    def dicts(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Every row of a query, by column name."""
        with whole_parts():
            cursor = self._ask(sql, params)
            names = [d[0] for d in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """The answer of a query as an Arrow table."""
        with whole_parts():
            return self._ask(sql, params).to_arrow_table()

    def execute(self, sql: str, params: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement; the cursor gives rows as they are fetched."""
        with whole_parts():
            return self._ask(sql, params)

    def add(self, name: str, table: pa.Table) -> None:
        """Make something that was worked out a table beside the others, for this reader alone."""
        self._db.register(name, table)

    def _ask(self, sql: str, params: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        """Run a statement; the many units that are done come in when first asked for."""
        if self._copy_units is not None and asks_for_units(sql):
            copy, self._copy_units = self._copy_units, None
            copy()
        return self._db.execute(sql, list(params))

    def stores(self) -> tuple[Store, ...]:
        """Every store with what is in it, in order of id."""
        columns = ", ".join(Store.__dataclass_fields__)
        return tuple(Store(*row) for row in self.rows(f"SELECT {columns} FROM store ORDER BY id"))

    def close(self) -> None:
        """Give up the memory, and let a sweep remove what nobody reads; may be called twice."""
        self._db.close()
        self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(catalog: Catalog, scan: int | None = None) -> Reader:
    """Open a reader: of the newest scan of each source, or of one scan alone.

    Raises:
        StocktakeError: NOTHING_SCANNED, RUN_UNKNOWN, CATALOG_DAMAGED.
    """
    with contextlib.ExitStack() as entered:
        entered.enter_context(reading(catalog.location.root))
        picked = picked_scans(catalog, scan)
        db = connect(catalog)
        with whole_parts(ours=True):
            with catalog.reading() as state:
                parts = parts_of(state, picked)
            lay_out(db, catalog, picked, parts)
            _store_table(db)
        shut_in(db, catalog)
        leave = entered.pop_all().close
        return Reader(db, lambda: _describe(db), leave, lambda: copy_units(db, catalog, picked))


def connect(catalog: Catalog) -> duckdb.DuckDBPyConnection:
    """A database in memory whose tables take ``MEMORY`` of it, and the catalog's room for what does not fit."""
    db = duckdb.connect(":memory:", config=OFFLINE)
    room = catalog.location.room
    if not os.access(catalog.location.root, os.W_OK):
        room = Path(tempfile.gettempdir())
    db.execute(f"SET temp_directory = {_quote(str(room))}")
    db.execute(f"SET memory_limit = '{MEMORY}'")
    db.execute("SET enable_progress_bar = false")  # it would be drawn into the result
    db.execute("SET parquet_metadata_cache = true")  # thousands of parts: each is asked for its columns once
    return db


def lay_out(
    db: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    picked: dict[str, int],
    parts: Mapping[str, Parts],
    shared: Collection[str] | None = None,
) -> None:
    """Make the state's tables and the facts' views of some scans in the current schema of a database in memory.

    Given parts that are ``shared`` with what it is compared to, there is ``own_entry`` beside ``entry``, and so on, of
    the rows that stand in no such part.
    """
    copy_state(db, catalog, picked)
    dropped = [unit for (unit,) in db.execute("SELECT unit FROM raw_dropped").fetchall()]
    present(catalog.facts, parts.values())
    _database_files(db, catalog.facts, parts.get("setting"), dropped)
    db.execute(f"CREATE TABLE fault AS SELECT {_stored(db, 'raw_fault', 'path')}")
    for fact in SCHEMAS:
        its = parts.get(fact, Parts())
        _fact_view(db, rows_sql(db, catalog.facts, fact, its, dropped), fact, (fact, PLURALS[fact]))
        if shared is not None:
            _fact_view(db, rows_sql(db, catalog.facts, fact, its.without(shared), dropped), fact, (f"own_{fact}",))


def shut_in(db: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """From here on nothing but the parts can be read, whatever a query says."""
    catalog.facts.shut_in(db)
    db.execute("SET lock_configuration = true")


@contextlib.contextmanager
def whole_parts(*, ours: bool = False) -> Iterator[None]:
    """Turn what a broken part makes DuckDB raise into CATALOG_DAMAGED; a question that is wrong stays its own error.

    Where the question is ``ours``, whatever is wrong is wrong with the parts.
    """
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:
        text = str(error)
        if os.strerror(errno.EMFILE) in text or os.strerror(errno.ENFILE) in text:
            raise StocktakeError("TOO_MANY_FILES", "a part of the facts", text) from None
        if isinstance(error, duckdb.OutOfMemoryException) or os.strerror(errno.ENOSPC) in text:
            raise StocktakeError("DISK_FULL", "room for what does not fit into memory", text) from None
        # A torn header gives an error of no kind at all; the other kinds name the file they could not read.
        if ours or type(error) is duckdb.Error or "parquet" in text.lower():
            raise StocktakeError("CATALOG_DAMAGED", "a part of the facts", text) from None
        raise


def picked_scans(catalog: Catalog, scan: int | None) -> dict[str, int]:
    """The scan to read for each source."""
    if scan is not None:
        catalog.run(scan)
    newest = sa.select(t.source.c.name, sa.func.max(t.source.c.scan)).group_by(t.source.c.name)
    if scan is not None:
        newest = newest.where(t.source.c.scan == scan)
    with catalog.reading() as db:
        picked = {str(name): int(number) for name, number in db.execute(newest)}
    if not picked:
        raise StocktakeError("NOTHING_SCANNED", str(catalog.location.root))
    return picked


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _store_case(db: duckdb.DuckDBPyConnection, path: str = "path") -> str:
    """SQL for the id of the store a path belongs to."""
    deep = [n for (n,) in db.execute("SELECT name FROM source WHERE store_depth > 0 ORDER BY name").fetchall()]
    if not deep:
        return "source"
    names = ", ".join(_quote(n) for n in deep)
    first = f"split_part({path}, '/', 1)"
    return f"CASE WHEN source IN ({names}) AND {first} <> '' THEN source || '/' || {first} ELSE source END"


def _stored(db: duckdb.DuckDBPyConnection, rows: str, path: str, more: str = "") -> str:
    """SQL for rows with the id of their store: that of the database file whose content they were found in, if any."""
    case = _store_case(db, path)
    if not db.execute("SELECT 1 FROM database_file LIMIT 1").fetchall():
        return f"{case} AS store, *{more} FROM {rows}"
    inside = "(SELECT unit AS content_unit, id AS content_store FROM database_file)"
    return f"""coalesce(content_store, {case}) AS store, * EXCLUDE (content_unit, content_store){more}
        FROM {rows} LEFT JOIN {inside} ON content_unit = unit"""


def _database_files(db: duckdb.DuckDBPyConnection, facts: Facts, parts: Parts | None, dropped: list[int]) -> None:
    """``database_file``: each database file by the unit that looked into it, and the store it is, or is part of.

    To dBase, Paradox and MySQL a database is a folder and a file one table of it.
    """
    db.execute(
        """CREATE TABLE database_file (unit BIGINT, id VARCHAR, source VARCHAR, path VARCHAR, place VARCHAR,
            part VARCHAR, kind VARCHAR, structure VARCHAR, size BIGINT, modified BIGINT)"""
    )
    mark = f"starts_with(after, {_quote(CONTENT)})"
    if parts is None or not db.execute(f"SELECT 1 FROM unit WHERE {mark} LIMIT 1").fetchall():
        return
    listed = f"nullif(regexp_extract(after, '^{CONTENT}(-?[0-9]*),(-?[0-9]*)', {{0}}), '')::BIGINT"
    db.execute(
        f"""INSERT INTO database_file
        WITH looked AS (
            SELECT unit, s.source, s.path, max(value) FILTER (WHERE name = 'database_file') AS kind,
                max(value) FILTER (WHERE name = 'structure') AS structure,
                any_value({listed.format(1)}) AS size, any_value({listed.format(2)}) AS modified
            FROM ({rows_sql(db, facts, "setting", parts, dropped)}) s
            JOIN (SELECT id, after FROM unit WHERE {mark}) u ON u.id = s.unit
            WHERE name IN ('database_file', 'structure')
            GROUP BY unit, s.source, s.path HAVING kind IS NOT NULL),
        placed AS (
            SELECT *, CASE WHEN kind = 'dBase' THEN '*.dbf' WHEN kind = 'Paradox' THEN '*.db'
                WHEN kind IN ('MySQL table definition', 'MyISAM index', 'InnoDB tablespace')
                    THEN 'MySQL files' END AS part,
                rtrim(regexp_extract(path, '^(.*/)?', 1), '/') AS folder FROM looked)
        SELECT unit, concat_ws('/', source, CASE WHEN part IS NULL THEN path ELSE nullif(folder, '') END, part),
            source, path,
            CASE WHEN part IS NULL THEN path ELSE folder END, part, kind, structure, size, modified FROM placed"""
    )


def _fact_view(db: duckdb.DuckDBPyConnection, scanned: str, fact: str, names: Sequence[str]) -> None:
    path = {"entry": "parent || name", "seen": "''"}.get(fact, "path")
    derived = ", parent || name AS path" if fact == "entry" else ""
    db.execute(f'CREATE VIEW "{names[0]}" AS SELECT {_stored(db, f"({scanned})", path, derived)}')
    for name in {*names[1:]} - {names[0]}:
        db.execute(f'CREATE VIEW "{name}" AS SELECT * FROM "{names[0]}"')


def _store_table(db: duckdb.DuckDBPyConnection) -> None:
    """``store``: every store with its totals; hard-linked content counts once.

    A source that could not be opened is a store too, so that it cannot drop out of a report. ``main`` is what SQLite
    calls the one database of a file, so there the source and the store are the same thing. A database file is a store
    besides the one that holds it; its bytes are among that one's, so a source's bytes leave it out.
    """
    gaps = f"reason IN ({', '.join(_quote(c) for c in GAP_CODES)}) AND op NOT IN ('note', 'read')"
    file = _quote(DATABASE_FILE)
    counted = "NOT (kind IN ('bucket', 'database') AND parent = '') AND coalesce(subtype, '') <> 'share'"
    db.execute(  # all that is summed over entries, in one pass
        f"""CREATE TABLE raw_totals AS
        SELECT store, source, count(*) AS everything, count(*) FILTER (WHERE counted) AS entries,
            count(*) FILTER (WHERE counted AND kind IN ('file', 'object', 'table', 'materialized_view')) AS files,
            sum(size) FILTER (WHERE counted) AS bytes,
            max(modified) FILTER (WHERE counted AND kind NOT IN ('directory', 'bucket')) AS newest,
            count(*) FILTER (WHERE counted AND size IS NULL AND kind IN ('file', 'object', 'table')) AS unknown_sizes,
            coalesce(sum(size) FILTER (WHERE counted AND tier = 'offline'), 0) AS offline_bytes
        FROM (SELECT *, {counted} AS counted FROM entry) GROUP BY ALL"""
    )
    db.execute(
        f"""CREATE TABLE store AS
        WITH totals AS (SELECT * FROM raw_totals),
        repeats AS (
            SELECT store, sum(size * (names - 1)) AS bytes FROM (
                SELECT store, hardlink, any_value(size) AS size, count(*) AS names
                FROM entry WHERE hardlink IS NOT NULL GROUP BY ALL) GROUP BY ALL),
        places AS (
            SELECT store, source FROM raw_totals UNION SELECT name, name FROM source
            WHERE store_depth = 0 OR name NOT IN (SELECT source FROM raw_totals)
            UNION SELECT id, source FROM database_file),
        files AS (
            SELECT id, any_value(place) AS place, any_value(part) AS part, CAST(sum(size) AS BIGINT) AS size,
                max(modified) AS modified, bool_and(structure = 'read') AS complete FROM database_file GROUP BY id),
        gaps AS (SELECT store, count(*) AS n FROM fault WHERE {gaps} GROUP BY ALL),
        holes AS (SELECT source, count(*) AS n FROM fault WHERE {gaps} GROUP BY ALL),
        named AS (
            SELECT p.*, s.locator, s.store_depth, s.store_kind, s.owner AS source_owner, s.state, s.error_code,
                CASE WHEN f.id IS NOT NULL THEN f.place WHEN p.store = p.source THEN ''
                    ELSE substr(p.store, length(p.source) + 2) END AS path, f.*
            FROM places p JOIN source s ON s.name = p.source LEFT JOIN files f ON f.id = p.store),
        register AS (
            SELECT n.store, any_value(k.owner) AS owner FROM named n JOIN known_store k
            ON k.locator IN (n.store, n.path, rtrim(n.locator, '/') || '/' || nullif(n.path, ''),
                CASE WHEN n.id IS NULL THEN n.locator END) OR k.name = n.store
            GROUP BY ALL)
        SELECT n.store AS id, n.source, n.path, CASE WHEN n.id IS NULL THEN n.store_kind ELSE {file} END AS kind,
            CASE WHEN n.path IN ('', 'main') AND n.part IS NULL THEN n.source
                ELSE concat_ws('/', nullif(n.path, ''), n.part) || ' (' || n.source || ')' END AS title,
            coalesce(r.owner, n.source_owner) AS owner,
            coalesce(t.entries, 0) AS entries, coalesce(t.files, 0) AS files,
            CAST(CASE WHEN n.id IS NULL THEN t.bytes - coalesce(d.bytes, 0) ELSE n.size END AS BIGINT) AS bytes,
            CASE WHEN n.id IS NULL THEN coalesce(t.unknown_sizes, 0) ELSE 0 END AS unknown_sizes,
            CAST(coalesce(t.offline_bytes, 0) AS BIGINT) AS offline_bytes,
            coalesce(t.newest, n.modified) AS newest,
            CASE WHEN n.id IS NOT NULL THEN n.complete
                ELSE n.state = 'complete' OR (n.state = 'incomplete' AND g.n IS NULL
                    AND (n.path <> '' OR (n.error_code IS NULL AND h.n IS NULL))) END AS complete,
            (r.store IS NOT NULL OR (n.id IS NULL AND (n.store_depth = 0 OR n.path = 'main'
                OR list_contains(regexp_split_to_array(n.locator, '[/;=?&\\\\]+'), n.path)))) AS known
        FROM named n LEFT JOIN totals t USING (store) LEFT JOIN repeats d USING (store)
        LEFT JOIN gaps g USING (store) LEFT JOIN holes h ON h.source = n.source LEFT JOIN register r USING (store)"""
    )
    db.execute(
        f"""CREATE OR REPLACE TABLE source AS SELECT s.*, coalesce(e.entries, 0) AS entries, e.bytes,
            coalesce(l.listed, 0) AS listed FROM source s
        LEFT JOIN (SELECT source, sum(entries) AS entries, CAST(sum(bytes) AS BIGINT) AS bytes
            FROM (SELECT source, everything AS entries, NULL AS bytes FROM raw_totals
                  UNION ALL SELECT source, 0, bytes FROM store WHERE kind <> {file}) GROUP BY ALL) e
            ON e.source = s.name
        LEFT JOIN (SELECT source, CAST(sum(listed) AS BIGINT) AS listed FROM listing GROUP BY ALL) l
            ON l.source = s.name"""
    )


def _describe(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every table that can be asked, with its columns."""
    rows = db.execute(
        """SELECT table_name, string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns()
        WHERE NOT internal AND table_name NOT LIKE 'raw_%' GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    return [(str(a), str(b)) for a, b in rows]
