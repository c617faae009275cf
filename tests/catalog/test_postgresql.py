"""The state in a real PostgreSQL: the same scan, stop and resume as on SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
import sqlalchemy as sa

from scanner.catalog import Bundle, Catalog, locate, tables
from scanner.catalog.schema_version import HEAD, migrate
from scanner.codes import StocktakeError
from scanner.model import Unit
from scanner.testing.servers import PostgreSQL, S3Server

pytestmark = pytest.mark.server
COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]


@pytest.fixture
def url(postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A catalog's URL in a database of its own; the password comes from the environment, as libpq has it."""
    name = f"state_{os.getpid()}_{tmp_path.name.replace('-', '_')}"[:60].lower()
    postgresql.run(f"CREATE DATABASE {name}")
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    return (
        f"postgresql://{postgresql.user}@{postgresql.host}:{postgresql.port}/{name}?inventory={tmp_path / 'inventory'}"
    )


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=100)


def test_scan_resume_query_and_report_with_the_state_in_postgresql(url: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for n in range(40):
        (tree / f"d{n}").mkdir(parents=True)
        (tree / f"d{n}" / "caf\udce9.txt").write_bytes(b"x" * n)
    scanned = run("scan", str(tree), "--catalog", url, "-q")
    assert scanned.returncode == 0, scanned.stderr
    assert run("resume", "--catalog", url, "-q").returncode == 0
    asked = run(
        "query",
        "SELECT kind, count(*) AS n, sum(size) AS bytes FROM entry GROUP BY 1 ORDER BY 1",
        "--json",
        "--catalog",
        url,
    )
    assert [json.loads(line) for line in asked.stdout.splitlines()] == [
        {"kind": "directory", "n": 40, "bytes": None},
        {"kind": "file", "n": 40, "bytes": sum(range(40))},
    ]
    assert run("report", "--catalog", url, "-o", str(tmp_path / "r.html")).returncode == 0
    assert run("audit", "verify", "--catalog", url).returncode == 0
    assert run("catalog", "check", "--catalog", url).returncode == 0


def test_runs_are_settled_and_told_apart_with_the_state_in_postgresql(url: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for n in range(20):
        (tree / f"d{n}").mkdir(parents=True)
        (tree / f"d{n}" / "file").write_bytes(b"x" * n)
    assert run("scan", str(tree), "--catalog", url, "-q").returncode == 0
    (tree / "d3" / "file").unlink()
    (tree / "d4" / "new").touch()
    assert run("scan", str(tree), "--catalog", url, "-q").returncode == 0
    told = run("diff", "1", "2", "--json", "--catalog", url)
    compared = next(row for line in told.stdout.splitlines() if (row := json.loads(line))["type"] == "compared")
    assert (compared["added"], compared["removed"], compared["not_comparable"]) == (1, 1, 0), told.stdout
    with Catalog.open(locate(url)) as catalog, catalog.reading() as state:
        parts = state.execute(sa.select(tables.part.c.path)).scalars().all()
    assert parts
    assert all(path.startswith("settled/") for path in parts)
    assert run("resume", "--catalog", url, "-q").returncode == 0


@pytest.fixture
def bucket_url(url: str, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same state, with the facts in a bucket of an S3 server."""
    for name, value in (
        ("AWS_ENDPOINT_URL", s3_server.endpoint), ("AWS_ACCESS_KEY_ID", s3_server.user),
        ("AWS_SECRET_ACCESS_KEY", s3_server.password), ("AWS_REGION", s3_server.region),
        ("XDG_STATE_HOME", str(tmp_path / "state")),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    bucket = f"facts-{os.getpid()}-{tmp_path.name.replace('_', '-')}".lower()[:60].strip("-")
    boto3.client("s3", endpoint_url=s3_server.endpoint).create_bucket(Bucket=bucket)
    return url.partition("?")[0] + f"?inventory=s3://{bucket}/inventory"


@pytest.mark.timeout(600)
def test_facts_in_a_bucket_are_scanned_swept_asked_and_reported(bucket_url: str, tmp_path: Path) -> None:
    for n in range(30):
        (tmp_path / "tree" / f"d{n}").mkdir(parents=True)
        (tmp_path / "tree" / f"d{n}" / "caf\udce9.txt").write_bytes(b"x" * n)
    tree = str(tmp_path / "tree")
    scanned = run("scan", tree, "--catalog", bucket_url, "-q")
    assert scanned.returncode == 0, scanned.stderr
    sql = """SELECT kind, count(*) AS n, sum(size) AS bytes FROM entry
        WHERE name LIKE 'd%' OR size > 3 GROUP BY 1 ORDER BY 1"""
    asked = run("query", sql, "--json", "--catalog", bucket_url)
    assert [json.loads(line) for line in asked.stdout.splitlines()] == [
        {"kind": "directory", "n": 30, "bytes": None},
        {"kind": "file", "n": 26, "bytes": sum(range(4, 30))},
    ], asked.stderr
    reported = run("report", "--catalog", bucket_url, "-o", str(tmp_path / "r.html"))
    assert reported.returncode == 0, reported.stderr
    checked = run("catalog", "check", "--catalog", bucket_url)
    assert checked.returncode == 0, checked.stderr
    with Catalog.open(locate(bucket_url)) as catalog:
        catalog.lock()
        catalog.sweep()
        named = sorted(catalog.facts.names())
        assert named
        assert catalog.facts.missing(named) is None
        lost = "scan-000001/entry-0.parquet"
        assert catalog.facts.missing([lost]) == f"{catalog.location.store}/{lost}"
        catalog.facts.write(pa.table({"x": [1]}), lost)
        assert catalog.sweep() == 1
        assert sorted(catalog.facts.names()) == named
        catalog.facts.remove(lost)
        with pytest.raises(StocktakeError, match="CATALOG_DAMAGED"):
            catalog.facts.verify(lost, 1)


def test_one_scan_writes_even_where_machines_share_no_folder(url: str, tmp_path: Path) -> None:
    here, there = locate(url), locate(url.partition("?")[0] + f"?inventory={tmp_path / 'elsewhere'}")
    with Catalog.open(here, create=True) as first, Catalog.open(there, create=True) as second:
        first.lock()
        number = first.start([], title="t", config_hash="", depth="L1", version="0", targets="[]")
        with pytest.raises(StocktakeError, match=f"CATALOG_LOCKED stocktake pid {os.getpid()} on"):
            second.lock()
        assert [r["state"] for r in second.runs()] == ["running"]
        first.close()
        assert [r["state"] for r in second.runs()] == ["interrupted"]
        second.lock()
        assert number == 1


def test_a_scan_whose_lock_was_lost_commits_nothing_more(url: str, postgresql: PostgreSQL) -> None:
    with Catalog.open(locate(url), create=True) as catalog:
        catalog.lock()
        number = catalog.start([], title="t", config_hash="", depth="L1", version="0", targets="[]")
        bundle = Bundle("s", children=[(catalog.new_unit_id(), Unit("a/"))])
        catalog.commit(number, bundle)
        postgresql.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(StocktakeError, match="CATALOG_LOCKED"):
            catalog.commit(number, Bundle("s", children=[(catalog.new_unit_id(), Unit("b/"))]))
        assert [unit.key for _, unit, _ in catalog.units(number, "s")] == ["a/"]


def test_migrations_build_what_the_tables_declare(url: str) -> None:
    engine = sa.create_engine(locate(url).url)
    migrate(engine)
    found = sa.inspect(engine)
    for table in tables.metadata.tables.values():
        assert {c["name"] for c in found.get_columns(table.name)} == {c.name for c in table.columns}
    with engine.connect() as db:
        assert db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    engine.dispose()
    Catalog.open(locate(url), create=True).close()
