"""The sample estate of ``make demo``: what refers to what is found with file and line, and no password is kept."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from test_no_secret import forms

from examples.references import CANARY

pytestmark = [pytest.mark.server, pytest.mark.timeout(400), pytest.mark.xdist_group("sample")]
PACKAGE = "records/Cases/ETL/NightlyCases.dtsx"
CONFIG = "records/Intranet/staff/web.config"
WORKBOOK = "records/Finance/2025/Budget monitor.xlsx"
FRONT_END = "records/Housing/repairs/Repairs front end.mdb"
SCRIPT = "bin/push_feeds.sh"
LEDGER = r"ledger01.northmoor.internal\prod/generalledger"
"""By the name that the share's own list of hosts has for LEDGER01 and 10.20.0.14."""
FORMS = r"\\filesrv07\forms$"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo put its report, with every other format beside it."""
    place = tmp_path_factory.mktemp("sample") / "out"
    env = os.environ | {"STOCKTAKE_PROGRESS": "none"}
    done = subprocess.run(
        [sys.executable, "-m", "examples.run", "--out", place], capture_output=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert CANARY.encode() not in done.stdout + done.stderr
    config = ["--config", str(place / "estate.toml")]
    for command in (
        ["impact", *config, "--csv", str(place / "impact.csv")],
        ["report", *config, "--format", "graphml", "-o", str(place / "graph.graphml")],
        ["report", *config, "--format", "openlineage", "-o", str(place / "lineage.ndjson")],
    ):
        subprocess.run([sys.executable, "-c", "from scanner.cli import main; main()", *command], check=True)
    return place


@pytest.fixture(scope="module")
def graph(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))["graph"]
    return found


def ties(graph: dict[str, Any]) -> set[tuple[str, str, int | None]]:
    """(target, path, line) of every place of every edge."""
    return {(e["target"], p["path"], p["line"]) for e in graph["edges"] for p in e["places"]}


def line_of(out: Path, path: str, text: str) -> int:
    """The line of a file on the share, from 1, on which a text stands first."""
    file = out / "estate" / path
    return next(n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("target", "path", "text"),
    [
        ("cases-db/cases", PACKAGE, 'DTS:ConnectionString="Driver={PostgreSQL'),
        ("cases-db/cases/finance/invoice", PACKAGE, 'name="TableName"'),
        ("cases-db/cases/finance/period", PACKAGE, "SqlStatementSource="),
        ("staff-db/hr", CONFIG, 'name="Staff"'),
        (f"?{LEDGER}", PACKAGE, "Data Source=LEDGER01"),
        (f"?{FORMS}", CONFIG, "AdobeForms"),
    ],
)
def test_a_file_on_the_share_ties_it_to_a_store_by_its_line(
    out: Path, graph: dict[str, Any], target: str, path: str, text: str
) -> None:
    lines = {line for t, p, line in ties(graph) if t.lower() == target.lower() and p == path}
    expected = line_of(out, path, text)
    assert lines & {expected - 2, expected - 1, expected}, (lines, expected)  # an element's line is that of its "<"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("cases-db/cases/finance/unpaid", WORKBOOK), (f"?{LEDGER}", WORKBOOK),
        ("staff-db/hr", f"{FRONT_END}/employee"), ("cases-db/cases/finance/unpaid", SCRIPT),
        ("staff-db/payroll", SCRIPT), ("buckets/northmoor-exports", SCRIPT), ("gazetteer-db/gazetteer", "cases"),
    ],
)  # fmt: skip
def test_a_store_is_tied_to_another(graph: dict[str, Any], target: str, path: str) -> None:
    found = {(t.lower(), p) for t, p, _ in ties(graph)}
    assert (target.lower(), path) in found or any(t.startswith(target.lower() + "/") and p == path for t, p in found), (
        sorted(p for t, p in found if t == target.lower())
    )


def test_views_stand_on_views_down_to_their_tables(graph: dict[str, Any]) -> None:
    pairs = {(e["source"], e["target"]) for e in graph["edges"]}
    chain = ("finance/cost_per_ward", "finance/cost_per_case", "finance/invoice")
    for upper, lower in pairwise(chain):
        assert (f"cases-db/cases/{upper}", f"cases-db/cases/{lower}") in pairs
    assert {c["from_column"] for c in graph["columns"] if c["asset"].endswith("/cost_per_case")} >= {
        "reference",
        "total",
    }


def test_stores_that_the_estate_file_does_not_name_are_listed_as_unmanaged(graph: dict[str, Any]) -> None:
    unmanaged = {m["title"].lower(): m for m in graph["managed"] if m["unmanaged"]}
    for name, paths in ((LEDGER, {PACKAGE, WORKBOOK}), (FORMS, {CONFIG, "records/Housing/repairs/NightlyRepairs.bat"})):
        assert unmanaged[name]["status"] == "referenced"
        assert {p["path"] for p in unmanaged[name]["places"]} >= paths
        assert any(p["line"] for p in unmanaged[name]["places"])
    ranks = [m["rank"] for m in graph["managed"] if m["unmanaged"]]
    assert ranks == sorted(ranks, reverse=True)


def test_what_is_commented_out_is_told_and_makes_no_edge(graph: dict[str, Any]) -> None:
    assert not any("oldsql03" in e["target"].lower() or "oldpg" in e["target"].lower() for e in graph["edges"])
    inactive = [r["locator"] for r in graph["references"] if r["tier"] == "inactive"]
    assert any("OLDSQL03" in text for text in inactive)


def test_the_work_list_names_every_place(out: Path) -> None:
    rows = list(csv.DictReader((out / "impact.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {PACKAGE, CONFIG, WORKBOOK, SCRIPT} <= {row["file"] for row in rows}
    assert all(row["change"].endswith(".") for row in rows)


def test_the_page_shows_it(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in ("GeneralLedger", "NightlyCases.dtsx", "filesrv07", "push_feeds.sh"):
        assert text.lower() in page.lower()


def test_no_password_is_in_anything_that_was_written(out: Path) -> None:
    searched = 0
    for file in (p for p in out.rglob("*") if p.is_file() and (out / "estate") not in p.parents):
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += repr(duckdb.sql(f"SELECT * FROM '{file}'").fetchall()).encode()
        elif content.startswith(b"SQLite format 3"):
            with sqlite3.connect(file) as db:
                content += "\n".join(db.iterdump()).encode("utf-8", "surrogateescape")
        found = [name for name, form in forms(CANARY).items() if form in content]
        assert not found, (file, found)
        searched += 1
    assert searched > 20
