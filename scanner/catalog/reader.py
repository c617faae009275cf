"""Reading a catalog: DuckDB views over the parts that count, beside the state's tables."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.facts import Facts
from scanner.catalog.parts import ADDRESS, ARROW_SCHEMAS
from scanner.catalog.state import Catalog
from scanner.codes import GAP_CODES, StocktakeError
from scanner.model import CONTENT
from scanner.results import DATABASE_FILE, Store
from scanner.schema import SCHEMAS

OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_SQL_TYPES = {
    "text": "VARCHAR", "texts": "VARCHAR[]", "int": "BIGINT", "time": "BIGINT", "real": "DOUBLE", "bool": "BOOLEAN",
}  # fmt: skip
PLURALS = {
    "entry": "entries", "listing": "listings", "column": "columns", "key": "keys", "routine": "routines",
    "grant": "grants", "setting": "settings", "label": "labels", "mention": "mentions",
    "member": "members", "seen": "seen",
}  # fmt: skip
"""Every fact can be asked for under either name; ``"column"`` and ``"grant"`` are words of SQL and need quotes."""


class Reader:
    """What a catalog holds, as SQL: the newest scan of each source, or one scan alone.

    ``describe`` lists the tables. Closing gives up the memory; the catalog itself is only ever read.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, describe: Callable[[], list[tuple[str, str]]]) -> None:
        self._db = db
        self.describe = describe

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with whole_parts():
            return self._db.execute(sql, list(params)).fetchall()

    def dicts(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Every row of a query, by column name."""
        with whole_parts():
            cursor = self._db.execute(sql, list(params))
            names = [d[0] for d in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """The answer of a query as an Arrow table."""
        with whole_parts():
            return self._db.execute(sql, list(params)).to_arrow_table()

    def execute(self, sql: str, params: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement; the cursor gives rows as they are fetched."""
        with whole_parts():
            return self._db.execute(sql, list(params))

    def stores(self) -> tuple[Store, ...]:
        """Every store with what is in it, in order of id."""
        columns = ", ".join(Store.__dataclass_fields__)
        return tuple(Store(*row) for row in self.rows(f"SELECT {columns} FROM store ORDER BY id"))

    def close(self) -> None:
        """Give up the memory; may be called twice."""
        self._db.close()

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
    picked = picked_scans(catalog, scan)
    db = duckdb.connect(":memory:", config=OFFLINE)
    with whole_parts(ours=True):
        lay_out(db, catalog, picked)
        _store_table(db)
    shut_in(db, catalog)
    return Reader(db, lambda: _describe(db))


def lay_out(db: duckdb.DuckDBPyConnection, catalog: Catalog, picked: dict[str, int]) -> None:
    """Make the state's tables and the facts' views of some scans in the current schema of a database in memory."""
    dropped = _state(db, catalog, picked)
    parts = _parts(catalog, picked)
    _database_files(db, catalog.facts, parts.get("setting", []), dropped)
    db.execute(f"CREATE TABLE fault AS SELECT {_stored(db, 'raw_fault', 'path')}")
    for fact in SCHEMAS:
        _fact_view(db, catalog.facts, fact, parts.get(fact, []), dropped)


def shut_in(db: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """From here on nothing but the parts can be read, whatever a query says."""
    db.execute("SET enable_progress_bar = false")  # it would be drawn into the result
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
        # A torn header gives an error of no kind at all; the other kinds name the file they could not read.
        if ours or type(error) is duckdb.Error or "parquet" in str(error).lower():
            raise StocktakeError("CATALOG_DAMAGED", "a part of the facts", str(error)) from None
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


def _parts(catalog: Catalog, picked: dict[str, int]) -> dict[str, list[str]]:
    query = sa.select(t.part.c.fact, t.part.c.path, t.part.c.source, t.part.c.scan).order_by(t.part.c.path)
    parts: dict[str, list[str]] = {}
    with catalog.reading() as db:
        for fact, path, source, scan in db.execute(query):
            if picked.get(source) == scan:
                parts.setdefault(fact, []).append(path)
    gone = catalog.facts.missing(path for paths in parts.values() for path in paths)
    if gone is not None:
        raise StocktakeError("CATALOG_DAMAGED", gone, "a part is missing")
    return parts


def _state(db: duckdb.DuckDBPyConnection, catalog: Catalog, picked: dict[str, int]) -> list[int]:
    """Copy the state's small tables into DuckDB; returns the units whose rows count no more."""
    with catalog.reading() as state:
        for table in (t.scan, t.source, t.unit, t.fault, t.part, t.known_store, t.mute, t.dropped):
            query = sa.select(table)
            if "scan" in table.c and table is not t.scan:
                query = query.where(table.c.scan.in_(sorted(set(picked.values()))))
            rows = state.execute(query).fetchall()
            if table is t.source:
                rows = [r for r in rows if picked.get(r.name) == r.scan]
            elif "source" in table.c:
                rows = [r for r in rows if picked.get(r.source) == r.scan]
            _load(db, table, rows)
    _source_table(db)
    return [unit for (unit,) in db.execute("SELECT unit FROM raw_dropped").fetchall()]


def _load(db: duckdb.DuckDBPyConnection, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    kinds = [pa.string() if isinstance(c.type, sa.String) else pa.int64() for c in table.columns]
    values = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    arrays = [pa.array(v, k) for v, k in zip(values, kinds, strict=True)]
    raw = table.name if table in (t.scan, t.unit, t.part, t.known_store, t.mute) else f"raw_{table.name}"
    db.register("incoming", pa.table(arrays, names=[c.name for c in table.columns]))
    db.execute(f'CREATE TABLE "{raw}" AS SELECT * FROM incoming')
    db.unregister("incoming")


def _source_table(db: duckdb.DuckDBPyConnection) -> None:
    """``source`` with its coverage counts, all but those that need the facts."""
    db.execute(
        """CREATE TABLE source AS SELECT s.*,
            (SELECT count(*) FROM unit u WHERE u.source = s.name AND u.state = 'done') AS units_done,
            (SELECT count(*) FROM unit u WHERE u.source = s.name AND u.state = 'failed') AS units_failed,
            (SELECT count(*) FROM unit u WHERE u.source = s.name AND u.state = 'pending') AS units_pending,
            (SELECT count(*) FROM raw_fault f WHERE f.source = s.name AND f.op <> 'note') AS faults,
            (SELECT count(*) FROM raw_fault f WHERE f.source = s.name AND f.op = 'stat') AS failed,
            (SELECT count(*) FROM raw_fault f WHERE f.source = s.name AND f.op = 'skip') AS skipped
        FROM raw_source s"""
    )


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


def _database_files(db: duckdb.DuckDBPyConnection, facts: Facts, parts: list[str], dropped: list[int]) -> None:
    """``database_file``: each database file by the unit that looked into it, and the store it is, or is part of.

    To dBase, Paradox and MySQL a database is a folder and a file one table of it.
    """
    db.execute(
        """CREATE TABLE database_file (unit BIGINT, id VARCHAR, source VARCHAR, path VARCHAR, place VARCHAR,
            part VARCHAR, kind VARCHAR, structure VARCHAR, size BIGINT, modified BIGINT)"""
    )
    mark = f"starts_with(after, {_quote(CONTENT)})"
    if not parts or not db.execute(f"SELECT 1 FROM unit WHERE {mark} LIMIT 1").fetchall():
        return
    listed = f"nullif(regexp_extract(after, '^{CONTENT}(-?[0-9]*),(-?[0-9]*)', {{0}}), '')::BIGINT"
    db.execute(
        f"""INSERT INTO database_file
        WITH looked AS (
            SELECT unit, s.source, s.path, max(value) FILTER (WHERE name = 'database_file') AS kind,
                max(value) FILTER (WHERE name = 'structure') AS structure,
                any_value({listed.format(1)}) AS size, any_value({listed.format(2)}) AS modified
            FROM {facts.relation(db, parts)} s
            JOIN (SELECT id, after FROM unit WHERE {mark}) u ON u.id = s.unit
            WHERE name IN ('database_file', 'structure') AND unit NOT IN (SELECT unnest(?::BIGINT[]))
            GROUP BY unit, s.source, s.path HAVING kind IS NOT NULL),
        placed AS (
            SELECT *, CASE WHEN kind = 'dBase' THEN '*.dbf' WHEN kind = 'Paradox' THEN '*.db'
                WHEN kind IN ('MySQL table definition', 'MyISAM index', 'InnoDB tablespace')
                    THEN 'MySQL files' END AS part,
                rtrim(regexp_extract(path, '^(.*/)?', 1), '/') AS folder FROM looked)
        SELECT unit, concat_ws('/', source, CASE WHEN part IS NULL THEN path ELSE nullif(folder, '') END, part),
            source, path,
            CASE WHEN part IS NULL THEN path ELSE folder END, part, kind, structure, size, modified FROM placed""",
        [dropped],
    )


def _fact_view(db: duckdb.DuckDBPyConnection, facts: Facts, fact: str, parts: list[str], dropped: list[int]) -> None:
    names = [n for n, _ in ADDRESS] + list(SCHEMAS[fact].names)
    listed = ", ".join(f'"{n}"' for n in names)
    if parts:
        scanned = facts.relation(db, parts)
        scanned = f"SELECT {_listed(db, scanned, fact, names)} FROM {scanned}"
        if dropped:
            scanned += f" WHERE unit NOT IN ({', '.join(map(str, dropped))})"
    else:
        db.register("incoming", ARROW_SCHEMAS[fact].empty_table())
        db.execute(f'CREATE TABLE "empty_{fact}" AS SELECT * FROM incoming')
        db.unregister("incoming")
        scanned = f'SELECT {listed} FROM "empty_{fact}"'
    path = {"entry": "parent || name", "seen": "''"}.get(fact, "path")
    derived = ", parent || name AS path" if fact == "entry" else ""
    db.execute(f'CREATE VIEW "{fact}" AS SELECT {_stored(db, f"({scanned})", path, derived)}')
    if PLURALS[fact] != fact:
        db.execute(f'CREATE VIEW "{PLURALS[fact]}" AS SELECT * FROM "{fact}"')


def _listed(db: duckdb.DuckDBPyConnection, scanned: str, fact: str, names: list[str]) -> str:
    """The declared columns of a fact; one that is younger than every part is unknown in all of them."""
    cursor = db.execute(f"SELECT * FROM {scanned} LIMIT 0")
    there = {d[0] for d in cursor.description or ()}
    kinds = {column.name: _SQL_TYPES[column.type] for column in SCHEMAS[fact].columns}
    return ", ".join(f'"{n}"' if n in there else f'CAST(NULL AS {kinds[n]}) AS "{n}"' for n in names)


def _store_table(db: duckdb.DuckDBPyConnection) -> None:
    """``store``: every store with its totals; hard-linked content counts once.

    A source that could not be opened is a store too, so that it cannot drop out of a report. ``main`` is what SQLite
    calls the one database of a file, so there the source and the store are the same thing. A database file is a store
    besides the one that holds it; its bytes are among that one's, so a source's bytes leave it out.
    """
    gaps = f"reason IN ({', '.join(_quote(c) for c in GAP_CODES)}) AND op NOT IN ('note', 'read')"
    file = _quote(DATABASE_FILE)
    db.execute(
        f"""CREATE TABLE store AS
        WITH totals AS (
            SELECT store, source, count(*) AS entries,
                count(*) FILTER (WHERE kind IN ('file', 'object', 'table', 'materialized_view')) AS files,
                sum(size) AS bytes, max(modified) FILTER (WHERE kind NOT IN ('directory', 'bucket')) AS newest,
                count(*) FILTER (WHERE size IS NULL AND kind IN ('file', 'object', 'table')) AS unknown_sizes,
                coalesce(sum(size) FILTER (WHERE tier = 'offline'), 0) AS offline_bytes
            FROM entry
            WHERE NOT (kind IN ('bucket', 'database') AND parent = '') AND coalesce(subtype, '') <> 'share'
            GROUP BY ALL),
        repeats AS (
            SELECT store, sum(size * (names - 1)) AS bytes FROM (
                SELECT store, hardlink, any_value(size) AS size, count(*) AS names
                FROM entry WHERE hardlink IS NOT NULL GROUP BY ALL) GROUP BY ALL),
        places AS (
            SELECT DISTINCT store, source FROM entry UNION SELECT name, name FROM source
            WHERE store_depth = 0 OR name NOT IN (SELECT source FROM entry)
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
            FROM (SELECT source, count(*) AS entries, NULL AS bytes FROM entry GROUP BY ALL
                  UNION ALL SELECT source, 0, bytes FROM store WHERE kind <> {file}) GROUP BY ALL) e
            ON e.source = s.name
        LEFT JOIN (SELECT source, CAST(sum(listed) AS BIGINT) AS listed FROM listing GROUP BY ALL) l
            ON l.source = s.name"""
    )


def _describe(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every table that can be asked, with its columns."""
    rows = db.execute(
        """SELECT table_name, string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns()
        WHERE NOT internal AND table_name NOT LIKE 'raw_%' AND table_name NOT LIKE 'empty_%' GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    return [(str(a), str(b)) for a, b in rows]
