"""A pytest plugin: keeps the tests that prove the answer to a fault, and says in each report which faults."""

from __future__ import annotations

import pytest

from docs.faults import numbers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests with a number."""
    kept = []
    for item in items:
        function = getattr(item, "function", None)
        claimed = numbers(getattr(item, "originalname", item.name), getattr(function, "__doc__", None) or "")
        if claimed:
            item.user_properties.append(("faults", list(claimed)))
            kept.append(item)
    items[:] = kept
