"""The state in a real PostgreSQL: the same scan, stop and resume as on SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from scanner.catalog import Catalog, locate, tables
from scanner.catalog.schema_version import HEAD, migrate
from scanner.testing.servers import PostgreSQL

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
