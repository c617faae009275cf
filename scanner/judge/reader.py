"""What judging needs of a catalog: three verbs, so that any DuckDB connection with the views will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from scanner.results import Store


class Reads(Protocol):
    """The part of ``scanner.catalog.Reader`` that ``judge`` uses."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        ...

    def dicts(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Every row of a query, by column name."""
        ...

    def stores(self) -> tuple[Store, ...]:
        """Every store, in order of id."""
        ...
