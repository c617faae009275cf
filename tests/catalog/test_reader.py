"""What a reader takes of this machine: memory, files, and the state it copies."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scanner.catalog import Bundle, Catalog, SourceRow, locate, read
from scanner.catalog.copied import asks_for_units
from scanner.catalog.engine import refusals
from scanner.catalog.reader import connect, whole_parts
from scanner.codes import StocktakeError
from scanner.model import CONTENT, Batch, Unit
from scanner.schema import ENTRY


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """Ten parts of a source, each of a unit that is done; one unit failed, one waits, one stands for content."""
    with Catalog.open(locate(str(tmp_path / "c")), create=True) as made:
        made.lock()
        row = SourceRow("s", "file", "s", None, "/srv", 0, "share", {}, {})
        scan = made.start([row], version="0", depth="L1", title="t", config_hash="", targets="[]")
        for number in range(1, 11):
            buffer = made.buffer(scan, "s")
            columns = {"parent": ["a/"] * 3, "name": [f"{number}-{n}" for n in range(3)], "kind": ["file"] * 3}
            buffer.add(number, Batch(ENTRY, {**columns, "size": [1, None, 3], "modified": [5, 6, None]}))
            parts, _ = buffer.write()
            made.commit(scan, Bundle("s", parts, [(number, Unit(f"{number}/"), "done", 1)]))
        others = [(11, Unit("x/"), "failed", 1), (12, Unit("y/"), "pending", 0), (13, Unit("z", CONTENT), "done", 1)]
        made.commit(scan, Bundle("s", units=others))
        yield made


def test_too_few_files_are_not_taken_for_damage(catalog: Catalog) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    parts = [str(file) for file in catalog.location.facts.glob("*/entry-*.parquet")]  # DuckDB's own glob finds nothing
    sql = f"SELECT sum(size) FROM read_parquet({parts})"
    with connect(catalog) as db, whole_parts(ours=True):
        db.execute("SELECT 1")
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # those that are open stay so
            with pytest.raises(StocktakeError) as caught, whole_parts(ours=True):
                db.execute(sql).fetchall()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert caught.value.code.code == "TOO_MANY_FILES"
        assert db.execute(sql).fetchall() == [(40,)]


def test_a_state_that_cannot_be_opened_for_lack_of_files_is_not_called_unwritable(catalog: Catalog) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        with pytest.raises(StocktakeError) as caught, refusals(catalog.location):
            sqlite3.connect(str(catalog.location.state_file))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.code.code == "TOO_MANY_FILES"


@pytest.mark.parametrize(
    ("name", "code"), [("SQLITE_IOERR_SHMMAP", "OUT_OF_MEMORY"), ("SQLITE_IOERR_WRITE", "DISK_FULL")]
)
def test_one_sentence_of_sqlite_is_told_apart_by_its_number(catalog: Catalog, name: str, code: str) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    with pytest.raises(StocktakeError) as caught, refusals(catalog.location):
        raise error
    assert caught.value.code.code == code


def test_units_that_are_done_are_counted_without_being_copied(catalog: Catalog) -> None:
    with read(catalog) as reader:
        assert reader.rows("SELECT units_done, units_failed, units_pending FROM source") == [(11, 1, 1)]
        assert reader.rows("SELECT key, state FROM unfinished ORDER BY id") == [("x/", "failed"), ("y/", "pending")]
        assert sorted(reader.rows("SELECT * FROM unit_count")) == [
            ("s", "done", 11),
            ("s", "failed", 1),
            ("s", "pending", 1),
        ]


@pytest.mark.parametrize(
    "sql", ["SELECT count(*) FROM unit", 'select count(u.id) from scan, "unit" u', "FROM (FROM unit) SELECT count(*)"]
)
def test_a_query_of_units_finds_them_all(catalog: Catalog, sql: str) -> None:
    with read(catalog) as reader:
        for _ in range(2):
            assert reader.rows(sql) == [(13,)]


def test_a_query_of_another_table_asks_for_no_units() -> None:
    assert not asks_for_units("SELECT unit, count(*) FROM entry JOIN unit_count USING (source) GROUP BY unit")


def test_what_does_not_fit_into_memory_goes_to_the_catalogs_room(catalog: Catalog) -> None:
    with read(catalog) as reader:
        assert reader.rows("SELECT current_setting('temp_directory')") == [(str(catalog.location.room),)]
        long = "hash(i)::VARCHAR || repeat('x', 90)"
        sql = f"SELECT count(*), max(n) FROM (SELECT {long} AS v, count(*) AS n FROM range({{0}}) t(i) GROUP BY v)"
        assert reader.rows(sql.format(2_500_000)) == [(2_500_000, 1)]
    assert list(catalog.location.room.glob("*")) == []


def test_a_scan_that_begins_leaves_a_reader_what_it_put_on_disk(catalog: Catalog) -> None:
    catalog.location.room.mkdir(exist_ok=True)
    spilled, copy = (catalog.location.room / name for name in ("duckdb_temp_1_0_storage.tmp", "copy"))
    with read(catalog):
        for file in (spilled, copy):
            file.touch()
        assert catalog.sweep() == 1
        assert spilled.exists()
    assert catalog.sweep() == 1
    assert not spilled.exists()


def test_a_part_keeps_bounds_of_what_is_asked_for_ranges(catalog: Catalog) -> None:
    with catalog.reading() as db:
        path = db.exec_driver_sql("SELECT path FROM part LIMIT 1").scalar_one()
    group = pq.ParquetFile(catalog.location.facts / path).metadata.row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert columns["size"].statistics.max == 3
    assert columns["name"].statistics is None
    assert columns["etag"].statistics.null_count == 3  # nothing at all: a reader skips it
    assert columns["parent"].has_dictionary_page
    assert not columns["name"].has_dictionary_page
