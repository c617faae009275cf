"""Accessibility by axe-core on every page; in the long suite, because npm fetches axe-core (MPL-2.0) when it runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

HERE = Path(__file__).parent
FETCHED = HERE.parents[1] / "build" / "axe"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "summary", "sources", "inventory", "readiness", "dependencies", "waves", "security", "changes", "evidence", "all",
)  # fmt: skip

pytestmark = [pytest.mark.full, pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core as its lock file pins it."""
    source = FETCHED / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        FETCHED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "axe" / name, FETCHED / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FETCHED, check=True)
    return source.read_text("utf-8")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_on_any_page_opened_and_filtered(
    browser: Browser, page_url: str, axe: str, scheme: str, width: int
) -> None:
    context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    found = []
    for name in PAGES:
        page = context.new_page()
        page.goto(f"{page_url}#/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        for box in page.locator(".filter input:visible").all()[:1]:
            box.fill("a")
        page.evaluate(axe)
        result = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
        assert len(result["passes"]) > 20, "axe ran"
        found += [(name, v["id"], n["html"][:200]) for v in result["violations"] for n in v["nodes"]]
        page.close()
    context.close()
    assert found == []


def test_printed_colours_have_contrast(browser: Browser, page_url: str, axe: str) -> None:
    context = browser.new_context(offline=True, color_scheme="dark", viewport={"width": 700, "height": 900})
    page = context.new_page()
    page.goto(f"{page_url}#/all")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate(axe)
    result = page.evaluate("axe.run(document, { runOnly: ['color-contrast'] })")
    assert [n["html"][:200] for v in result["violations"] for n in v["nodes"]] == []
