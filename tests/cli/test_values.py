"""Depth L3 from the command line: said before, done, and told afterwards; a SQLite file stands for a server."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with sqlite3.connect(tmp_path / "care.db") as db:
        db.executescript(
            """CREATE TABLE person (person_id INTEGER PRIMARY KEY, email VARCHAR(60), born DATE);
            CREATE TABLE visit (visit_id INTEGER PRIMARY KEY, person_id INTEGER);
            CREATE TABLE note (note_text VARCHAR(20));
            CREATE VIEW people AS SELECT person_id FROM person;"""
        )
        rows = [(n * 13, f"canary{n}@example.org") for n in range(400)]
        db.executemany("INSERT INTO person VALUES (?, ?, '1980-01-01')", rows)
        db.executemany("INSERT INTO visit VALUES (?, ?)", [(n, n % 400 * 13) for n in range(1200)])
    db.close()
    (tmp_path / "tree").mkdir()
    (tmp_path / "estate.toml").write_text(
        f"""version = 1
[[sources]]
name = "care"
type = "odbc"
depth = "L3"
connection = "DRIVER={{SQLite3}};Database={tmp_path / "care.db"}"
[[sources]]
name = "tree"
type = "file"
depth = "L3"
root = "{tmp_path / "tree"}"
"""
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    found = CliRunner().invoke(app, list(arguments))
    assert found.exit_code == 0, found.output
    return found.output


def planned() -> tuple[dict[str, dict[str, Any]], str]:
    lines = [json.loads(line) for line in run("plan", "--json").splitlines()]
    return {r["source"]: r for r in lines if r["type"] == "plan"}, " ".join(run("plan").split())


def test_the_plan_says_how_many_values_would_be_read_and_the_scan_keeps_none(estate: Path) -> None:
    rows, text = planned()
    assert rows["care"]["values"] is None
    assert "care: how many tables depth L3 reads is unknown until a first scan" in text
    assert "tree: depth L3 is as L2 here" in text
    run("scan", "-q")
    rows, text = planned()
    assert rows["care"]["values"] == {"tables": 2, "columns": 3, "rows": 200_000}
    assert rows["tree"]["values"] is None
    assert "depth L3 reads 3 columns that may be keys, of 2 tables: at most 100,000 rows of each, 200,000" in text
    asked = 'SELECT "column", rows, complete FROM sketch ORDER BY path, "column"'
    found = [json.loads(line) for line in run("query", asked, "--json").splitlines()]
    got = [(r["column"], r["rows"], r["complete"]) for r in found if "column" in r]
    assert got == [("person_id", 400, True), ("person_id", 1200, True), ("visit_id", 1200, True)]
    kept = [f for f in estate.rglob("*") if f.is_file() and f.name != "care.db"]
    assert any("sketch" in f.name for f in kept)
    assert not [f for f in kept if b"canary" in f.read_bytes()]


def test_depth_given_for_one_scan_is_no_more_than_it_says(estate: Path) -> None:
    run("scan", "care", "--depth", "L2", "-q")
    assert planned()[0]["care"]["values"] == {"tables": 2, "columns": 3, "rows": 200_000}
    assert '"n": 0' in run("query", "SELECT count(*) AS n FROM sketch", "--json").replace('"n":0', '"n": 0')
    assert "values" not in run("query", "SELECT after FROM unit", "--json")
