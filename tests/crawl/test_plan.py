"""``stocktake plan``: what is known of a scan before it, without touching a source."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.connector import plugs


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "a" / "f").touch()
    (tmp_path / "estate.toml").write_text(
        f"""version = 1
[[sources]]
name = "tree"
type = "file"
root = "{tmp_path / "tree"}"
requests_per_s = 100
[[sources]]
name = "buckets"
type = "s3"
root = "s3://archive"
profile = "p"
max_requests = 5000
[[sources]]
name = "own"
type = "s3"
root = "s3://"
endpoint = "https://minio.corp.example"
profile = "p"
"""
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[dict[str, dict[str, Any]], str]:
    as_json = CliRunner().invoke(app, [*arguments, "--json"])
    assert as_json.exit_code == 0, as_json.output
    rows = [json.loads(line) for line in as_json.stdout.splitlines()]
    return {r["source"]: r for r in rows if r["type"] == "plan"}, CliRunner().invoke(app, list(arguments)).output


def test_fault_058_plan_says_what_is_unknown_before_a_first_scan_and_touches_nothing(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for plug in plugs().values():
        assert not isinstance(plug, str)

    def touched(*_a: object, **_k: object) -> None:
        raise AssertionError("a source was opened")

    monkeypatch.setattr("scanner.registry.Bound.open", touched)
    monkeypatch.setattr("scanner.crawl.apart.opened", touched)
    before = os.stat(estate / "tree").st_atime_ns  # noqa: PTH116
    rows, text = run("plan")
    assert os.stat(estate / "tree").st_atime_ns == before  # noqa: PTH116
    assert rows["tree"]["requests"] is None
    assert rows["tree"]["usd"] is None
    assert rows["buckets"]["requests"] is None
    assert rows["buckets"]["usd_a_request"] == pytest.approx(0.005 / 1000)
    assert rows["buckets"]["price_source"].endswith("read 2026-11-22")
    assert rows["buckets"]["max_requests"] == 5000
    assert rows["own"]["usd_a_request"] is None, "what another endpoint charges is not known"
    flat = " ".join(text.split())
    assert "buckets: A request for each 1,000 keys" in flat
    assert "How many that makes is unknown before a first scan" in flat
    assert "buckets: no more than 5,000 requests are made in one go" in flat
    assert "own: what this endpoint charges for requests is unknown" in flat


def test_fault_058_plan_counts_on_the_last_scan_of_the_same_source(estate: Path) -> None:
    assert CliRunner().invoke(app, ["scan", "tree", "-q"]).exit_code == 0
    rows, text = run("plan", "tree")
    row = rows["tree"]
    assert row["from_scan"] == 1
    assert row["entries"] == 2
    assert row["requests"] >= 3
    assert row["units"] >= 1
    assert "scan 1 found 2 entries" in " ".join(text.split())
