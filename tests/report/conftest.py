"""The canonical estate, its page, and a browser to open it in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

import report_estate
import report_judged

from scanner.judge import access
from scanner.report import Context, build_context, render_html

CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def canonical_context(reader: report_estate.EstateReader | None = None) -> Context:
    reader = reader or report_estate.build_reader()
    return build_context(
        reader,
        report_judged.build_judgement(),
        report_judged.build_graph(),
        generated_at=report_estate.NOW,
        version="0.1.0",
        title="Northmoor Council data estate",
        methods={"smb": ("Shares the account cannot see are not listed.",)},
        exclusions={"records": ("*.tmp",)},
        audit_anchor="a" * 64,
        access=access(reader),
        changes=report_judged.build_changes(),
    )


@pytest.fixture(scope="session")
def context() -> Context:
    return canonical_context()


@pytest.fixture(scope="session")
def page_text(context: Context) -> str:
    return render_html(context)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def page_url(page_text: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page_text, "utf-8")
    return path.as_uri()


@pytest.fixture
def write_page(tmp_path: Path) -> Callable[[str], str]:
    """Writes a page and gives its address."""

    def write(text: str) -> str:
        path = tmp_path / "page.html"
        path.write_text(text, "utf-8")
        return path.as_uri()

    return write
