"""A folder to put database files into, and a catalog it is scanned into."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sample_files import Scanned

from scanner.catalog import Catalog, locate


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


@pytest.fixture
def scanned(tmp_path: Path, share: Path) -> Iterator[Scanned]:
    with Catalog.open(locate(str(tmp_path / "catalog")), create=True) as catalog:
        catalog.lock()
        yield Scanned(catalog, share)
