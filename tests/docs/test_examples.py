"""What the pages show works: their commands run, their URLs are read, their rule, target and suite do what they say.

A block is marked by a comment above it: ``run`` (shell, in one folder a page), ``locators`` (scans that need a server:
only their URLs are read), ``pytest``, ``rule`` and ``target``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from docs_markdown import HOME, Block, blocks, text_of

from scanner.connector import Plug, plugs
from scanner.judge.cases import outcome
from scanner.registry import from_locator
from scanner.rule import Rule, Target

URLS = [url for block in blocks("locators") for line in block.text.splitlines() for url in shlex.split(line)[2:]]


def shell(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A block as a reader would run it, from an installed Stocktake."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STOCKTAKE")}
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environment["PATH"]))
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", sorted({block.page for block in blocks("run")}), ids=lambda p: p.name)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    (share / "sub").mkdir(parents=True)
    (share / "sub" / "report.txt").write_bytes(b"x" * 1000)
    here = tmp_path / "here"
    here.mkdir()
    said = ""
    for block in blocks("run"):
        if block.page == page:
            done = shell(block.text.replace("/srv/share", str(share)), here)
            assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
            said += done.stdout
    if page == HOME / "README.md":
        written = {"estate.toml", "report.html", "report.json", "graph.graphml", "azure.html", "stocktake-demo"}
        assert written <= {p.name for p in here.iterdir()}
        assert (here / "stocktake-demo" / "report.html").stat().st_size > 10_000
        assert '{"path": "sub/report.txt", "size": 1000}' in said
        assert "Coverage: 100.0 %" in said


def test_the_readme_has_a_locator_for_every_scheme() -> None:
    shown = {url.partition(":")[0] for url in URLS if ":" in url}
    assert shown == {s for p in plugs().values() if isinstance(p, Plug) for s in p.schemes if s}


@pytest.mark.parametrize("url", URLS)
def test_a_locator_is_read_as_a_source_of_its_scheme(url: str) -> None:
    bound = from_locator(url)
    scheme = url.partition(":")[0] if ":" in url else ""
    assert scheme in bound.plug.schemes
    assert "env:" not in bound.locator


def test_the_readme_says_how_secrets_are_given() -> None:
    """Each reference that its locators hold reaches the settings as a reference."""
    settings = [str(from_locator(url).plain_options()) for url in URLS if "env:" in url]
    assert len(settings) >= 5
    assert all("'env:" in s for s in settings)


@pytest.mark.parametrize("block", blocks("pytest"), ids=lambda b: b.page.name)
@pytest.mark.timeout(300)
def test_a_suite_that_a_page_shows_passes(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "test_shown.py"
    file.write_text(block.text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout


def test_the_rule_that_a_page_shows_passes_its_cases() -> None:
    (block,) = blocks("rule")
    rule = Rule.model_validate(tomllib.loads(block.text))

    class Reader:
        def __init__(self) -> None:
            self.db = duckdb.connect()

        def rows(self, sql: str, params: object = ()) -> list[tuple[object, ...]]:
            return self.db.execute(sql).fetchall()

    verdicts = [(wanted, outcome(Reader(), rule, case)) for wanted, case in rule.cases.each()]  # type: ignore[arg-type]
    assert verdicts == [("pass", "pass"), ("fail", "fail"), ("unknown", "unknown")]


def test_the_target_that_a_page_shows_is_judged_by_that_rule() -> None:
    (rule,) = (Rule.model_validate(tomllib.loads(b.text)) for b in blocks("rule"))
    (target,) = (Target.model_validate(tomllib.loads(b.text)) for b in blocks("target"))
    assert rule.applies_to(target)
    assert rule.severity_for(target) == "high"


def test_no_block_has_a_mark_that_nobody_reads() -> None:
    for page in {b.page for mark in ("run", "locators", "pytest", "rule", "target") for b in blocks(mark)}:
        marks = [line for line in text_of(page).splitlines() if line.startswith("<!-- ") and line.endswith(" -->")]
        read = [b for mark in ("run", "locators", "pytest", "rule", "target") for b in blocks(mark) if b.page == page]
        assert len(marks) == len(read), f"{page.name}: {marks}"
