"""One estate with every connector, its servers started once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from whole_estate import Estate, whole_estate


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with whole_estate(tmp_path_factory.mktemp("everything")) as estate:
        yield estate
