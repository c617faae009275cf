"""The catalog: what counts, what does not, and what it refuses."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from scanner.catalog import Bundle, Catalog, SourceRow, locate, read, tables
from scanner.catalog.schema_version import HEAD, migrate
from scanner.codes import StocktakeError
from scanner.model import Batch, Fault, Unit
from scanner.schema import ENTRY, GRANT, SCHEMAS


def _made_newer(file: Path) -> None:
    """Closed at once and for good, so that the file's bytes do not change behind the test's back."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.executescript("UPDATE alembic_version SET version_num = '9999'")


def source(name: str = "files", depth: int = 0, locator: str = "/srv") -> SourceRow:
    return SourceRow(name, "file", name, None, locator, depth, "share" if not depth else "bucket", {}, {})


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(locate(str(tmp_path / "c")), create=True) as made:
        made.lock()
        yield made


def start(catalog: Catalog, *sources: SourceRow, known: tuple[dict[str, str], ...] = ()) -> int:
    return catalog.start(sources or [source()], known, version="0", depth="L1", title="t", config_hash="", targets="[]")


def keep(catalog: Catalog, scan: int, name: str, unit: int, *batches: Batch) -> None:
    buffer = catalog.buffer(scan, name)
    for batch in batches:
        buffer.add(unit, batch)
    parts, bad = buffer.write()
    assert not bad
    catalog.commit(scan, Bundle(name, parts, [(unit, Unit(str(unit)), "done", 1)]))


def entries(*names: str, parent: str = "", size: int | None = 1, **more: object) -> Batch:
    n = len(names)
    extra = {k: [v] * n for k, v in more.items()}
    columns = {"parent": [parent] * n, "name": list(names), "kind": ["file"] * n, "size": [size] * n}
    return Batch(ENTRY, {**columns, **extra})


def test_a_part_no_row_names_does_not_exist(catalog: Catalog) -> None:
    scan = start(catalog)
    keep(catalog, scan, "files", 1, entries("a"))
    orphan = catalog.buffer(scan, "files")
    orphan.add(2, entries("b"))
    orphan.write()
    with read(catalog) as reader:
        assert reader.rows("SELECT path FROM entry") == [("a",)]
    assert catalog.sweep() == 1
    assert catalog.check() == (1, 1)


def test_dropped_attempts_do_not_count(catalog: Catalog) -> None:
    scan = start(catalog)
    keep(catalog, scan, "files", 1, entries("old"))
    catalog.commit(scan, Bundle("files", faults=[(1, Fault("", "list", "DENIED"))]))
    assert catalog.repeat(scan, ["DENIED"]) == 1
    keep(catalog, scan, "files", 2, entries("new"))
    with read(catalog) as reader:
        assert reader.rows("SELECT path FROM entry") == [("new",)]
        assert reader.rows("SELECT * FROM fault") == []


def test_unknown_stays_unknown(catalog: Catalog) -> None:
    scan = start(catalog)
    keep(catalog, scan, "files", 1, entries("a", size=None))
    with read(catalog) as reader:
        assert reader.rows("SELECT size, modified FROM entry") == [(None, None)]
        assert reader.stores()[0].bytes is None
        assert reader.stores()[0].unknown_sizes == 1


def test_hard_linked_content_counts_once(catalog: Catalog) -> None:
    scan = start(catalog)
    keep(catalog, scan, "files", 1, entries("a", "b", size=100, hardlink="1:7", links=2), entries("c", size=5))
    with read(catalog) as reader:
        assert reader.stores()[0].bytes == 105


def test_the_newest_scan_of_each_source_is_read(catalog: Catalog) -> None:
    first = start(catalog, source("a"), source("b"))
    keep(catalog, first, "a", 1, entries("a1"))
    keep(catalog, first, "b", 2, entries("b1"))
    second = start(catalog, source("a"))
    keep(catalog, second, "a", 3, entries("a2"))
    with read(catalog) as reader:
        assert reader.rows("SELECT source, path FROM entry ORDER BY 1") == [("a", "a2"), ("b", "b1")]
    with read(catalog, first) as reader:
        assert reader.rows("SELECT path FROM entry ORDER BY 1") == [("a1",), ("b1",)]


def test_buckets_are_stores_and_a_register_names_them(catalog: Catalog) -> None:
    known = ({"name": "archive", "locator": "archive", "owner": "Records"},)
    scan = start(catalog, source("s3", 1, "s3://"), known=known)
    buckets = Batch(ENTRY, {"parent": ["", ""], "name": ["archive", "stray"], "kind": ["bucket"] * 2})
    keep(catalog, scan, "s3", 1, buckets, entries("k", parent="archive/"), entries("k", parent="stray/x/", size=7))
    with read(catalog) as reader:
        stores = {s.id: s for s in reader.stores()}
    assert set(stores) == {"s3/archive", "s3/stray"}
    assert (stores["s3/archive"].known, stores["s3/archive"].owner) == (True, "Records")
    assert (stores["s3/stray"].known, stores["s3/stray"].bytes, stores["s3/stray"].entries) == (False, 7, 1)


def test_a_source_that_could_not_be_opened_is_a_store_too(catalog: Catalog) -> None:
    scan = start(catalog, source("down"))
    catalog.set_source(scan, "down", state="failed", error_code="UNREACHABLE")
    with read(catalog) as reader:
        store = reader.stores()[0]
    assert (store.id, store.entries, store.bytes, store.complete) == ("down", 0, None, False)


def test_a_value_that_does_not_fit_costs_its_unit_alone(catalog: Catalog) -> None:
    scan = start(catalog)
    buffer = catalog.buffer(scan, "files")
    buffer.add(1, entries("good"))
    buffer.add(2, entries("bad", size="many"))  # type: ignore[arg-type]
    buffer.add(3, entries("\ud800"))
    parts, bad = buffer.write()
    assert set(bad) == {2, 3}
    assert [p.rows for p in parts] == [1]


def test_undeclared_and_uneven_batches_are_refused(catalog: Catalog) -> None:
    buffer = catalog.buffer(1, "files")
    for columns in ({"path": ["x"]}, {"parent": [""], "name": ["a", "b"], "kind": ["file"]}, {"name": ["a"]}):
        with pytest.raises(ValueError, match="entry"):
            buffer.add(1, Batch(ENTRY, columns))


def test_every_fact_can_be_asked_even_when_empty(catalog: Catalog) -> None:
    start(catalog)
    with read(catalog) as reader:
        for fact, schema in SCHEMAS.items():
            every = ", ".join(f'any_value("{c}")' for c in schema.names)
            rows = reader.dicts(f'SELECT count(*) AS n, {every} FROM "{fact}"')
            assert rows[0]["n"] == 0
        assert GRANT.name in dict(reader.describe())


def test_a_query_reaches_nothing_but_the_parts(catalog: Catalog) -> None:
    scan = start(catalog)
    keep(catalog, scan, "files", 1, entries("a"))
    with read(catalog) as reader:
        assert reader.rows("SELECT count(*) FROM entry") == [(1,)]
        reaching = ("SELECT * FROM read_text('/etc/hostname')", "COPY entry TO '/tmp/x.csv'")
        for sql in (*reaching, "SET enable_external_access = true"):
            with pytest.raises(Exception, match=r"(?i)permission|locked|disabled|cannot"):
                reader.rows(sql)


def test_the_audit_log_notices_a_change(catalog: Catalog) -> None:
    start(catalog)
    catalog.note("event", "detail")
    assert catalog.verify_audit() == (2, None)
    file = catalog.location.state_file
    assert file is not None
    with sqlite3.connect(file) as db:
        db.execute("UPDATE audit SET detail = 'other' WHERE id = 1")
    assert catalog.verify_audit() == (1, 1)


def test_migrations_build_what_the_tables_declare(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'm.db'}")
    migrate(engine)
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), tables.metadata) == []
        assert db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == HEAD


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: f.write_bytes(b"not a database, but long enough to be taken for one" * 100), "CATALOG_DAMAGED"),
        (_made_newer, "CATALOG_NEWER"),
        (lambda f: f.unlink(), "NO_CATALOG"),
    ],
)
def test_a_spoiled_catalog_is_refused_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], object], code: str
) -> None:
    location = locate(str(tmp_path / "c"))
    Catalog.open(location, create=True).close()
    file = location.state_file
    assert file is not None
    for side in ("-wal", "-shm"):
        file.with_name(file.name + side).unlink(missing_ok=True)
    spoil(file)
    before = file.read_bytes() if file.exists() else None
    with pytest.raises(StocktakeError) as caught:
        Catalog.open(location)
    assert caught.value.code.code == code
    assert (file.read_bytes() if file.exists() else None) == before


def test_a_foreign_database_is_never_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StocktakeError, match="CATALOG_DAMAGED"):
        Catalog.open(locate(f"sqlite:///{file}"), create=True)


def test_a_missing_part_is_noticed(catalog: Catalog) -> None:
    scan = start(catalog)
    keep(catalog, scan, "files", 1, entries("a"))
    next(catalog.location.facts.glob("scan-*/*.parquet")).unlink()
    with pytest.raises(StocktakeError, match="CATALOG_DAMAGED"):
        read(catalog)


def test_folders_and_files_are_for_their_owner_alone(catalog: Catalog) -> None:
    file = catalog.location.state_file
    assert file is not None
    assert file.stat().st_mode & 0o777 == 0o600
    assert catalog.location.root.stat().st_mode & 0o777 == 0o700


def test_a_column_younger_than_the_parts_is_unknown_in_them(catalog: Catalog) -> None:
    """A catalog written before a fact was given another column still answers, and says unknown."""
    scan = start(catalog)
    keep(
        catalog,
        scan,
        "files",
        1,
        Batch(GRANT, {"path": [""], "grantee": ["a"], "right": ["read"], "effect": ["allow"]}),
    )
    part = next(catalog.location.facts.rglob("grant-*.parquet"))
    table = pq.read_table(part)
    pq.write_table(table.drop_columns(["scope", "native"]), part)
    with read(catalog) as reader:
        assert reader.rows('SELECT grantee, scope, native FROM "grant"') == [("a", None, None)]
