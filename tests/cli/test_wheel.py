"""The wheel alone, in a clean environment: everything the command needs is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


def run(*words: str | Path, cwd: Path, code: int = 0) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "UV_", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(w) for w in words], cwd=cwd, env=kept, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == code, f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that holds the wheel and what it names, at the lock's versions; no extras."""
    place = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--wheel", "--out-dir", place / "dist", REPOSITORY, cwd=place)
    run(UV, "venv", "--python", sys.executable, place / "venv", cwd=place)
    locked = ("--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--project", str(REPOSITORY))
    run(UV, "export", "-q", *locked, "--extra", "odbc", "-o", place / "requirements.txt", cwd=place)
    (wheel,) = (place / "dist").glob("*.whl")
    python = place / "venv" / "bin" / "python"
    run(UV, "pip", "install", "-q", "--python", python, "-r", place / "requirements.txt", wheel, cwd=place)
    return place / "venv" / "bin"


@pytest.mark.full
@pytest.mark.timeout(600)
def test_wheel_works_alone(installed: Path, tmp_path: Path) -> None:
    stocktake = installed / "stocktake"
    assert run(stocktake, "--version", cwd=tmp_path).startswith("stocktake ")
    run(stocktake, "demo", "--files", "500", "-q", cwd=tmp_path)
    page = (tmp_path / "stocktake-demo" / "report.html").read_text()
    assert "<style" in page
    assert "licensing-db" in page
    config = ("--config", "stocktake-demo/estate.toml")
    result = json.loads(run(stocktake, "report", *config, "--format", "json", cwd=tmp_path))
    assert result["readiness"]
    kinds = run(stocktake, "query", "SELECT kind, count(*) AS n FROM entry GROUP BY 1", *config, "--json", cwd=tmp_path)
    assert {"file", "directory", "table"} <= {json.loads(line)["kind"] for line in kinds.splitlines()}
    rules = run(stocktake, "explain", "rules", "--json", cwd=tmp_path).splitlines()
    assert len(rules) > 30
    run(stocktake, "explain", "targets", cwd=tmp_path)
    run(stocktake, "scan", "--no-such", cwd=tmp_path, code=2)
    missing = run(stocktake, "scan", "sftp://me@localhost/x?password=env:X", "--json", cwd=tmp_path, code=2)
    assert "stocktake[sftp]" in missing
    old = "from scanner.catalog.schema_version import migrate; import sqlalchemy as sa; migrate(sa.create_engine('sqlite:///x.db'))"
    run(installed / "python", "-c", old, cwd=tmp_path)
    profiles = "from connectors.odbc.profiles import *; import connectors.odbc.profiles as p; print(p.__file__)"
    assert str(installed.parent) in run(installed / "python", "-c", profiles, cwd=tmp_path)
    sql = list((installed.parent / "lib").glob("python*/site-packages/connectors/odbc/profiles/*/*.sql"))
    assert len(sql) == len(list((REPOSITORY / "connectors" / "odbc" / "profiles").glob("*/*.sql"))) > 10
