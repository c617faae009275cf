"""The canonical estate for every report test, built once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import estate
import judged

from scanner.report import Context, build_context, render_html


@pytest.fixture(scope="session")
def context() -> Context:
    return build_context(
        estate.build_reader(), judged.build_judgement(), judged.build_graph(), generated_at=estate.NOW, version="0.1.0",
        title="Northmoor Council data estate", methods={"smb": ("Shares the account cannot see are not listed.",)},
    )  # fmt: skip


@pytest.fixture(scope="session")
def page_text(context: Context) -> str:
    return render_html(context)
