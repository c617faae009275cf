"""Column edges of the graph: the column uses of each definition, tied to the assets they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from scanner.graph.columns_scope import ColumnsOf
from scanner.graph.estate import Estate
from scanner.graph.names import ColumnUse, Name
from scanner.graph.resolve import Place
from scanner.results import ColumnEdge

PER_DEFINITION = 20_000
"""Column edges kept of one definition: a star over hundreds of wide tables is no work list."""
IN_ALL = 1_000_000
"""Column edges kept of an estate, some hundred megabytes of them; table edges are never cut."""


class Harvest:
    """The columns of every table, as they were harvested, by the name a definition uses."""

    def __init__(self, columns: Mapping[tuple[str, str], tuple[str, ...]], estate: Estate) -> None:
        self._estate = estate
        # A mapping for each of some thousand tables in use at a time; all of an estate's at once would fill the memory.
        self._by_asset = lru_cache(maxsize=4096)(self._columns_of_asset)
        self._columns = columns

    def _columns_of_asset(self, key: str) -> Mapping[str, str] | None:
        asset = self._estate.assets.get(key)
        names = None if asset is None else self._columns.get((asset.source, asset.path))
        return None if not names else {name.lower(): name for name in names}

    def seen_from(self, place: Place) -> ColumnsOf:
        """The look-up for a definition that stands there."""

        def columns_of(name: Name) -> Mapping[str, str] | None:
            if name.locator or name.last[:1] in {"#", "@"}:
                return None
            found = self._estate.directory.table(place, name, create=False)
            return None if found is None or found.guess else self._by_asset(found.asset)

        return columns_of

    def stored(self, asset: str, column: str) -> str:
        """A column's name as its store keeps it, where that is known."""
        known = self._by_asset(asset)
        return column if known is None else known.get(column.lower(), column)


def column_edges(
    uses: Iterable[ColumnUse], own: str, assets: Mapping[Name, str], harvest: Harvest
) -> Iterator[ColumnEdge]:
    """The column edges of one definition.

    Args:
        uses: what it makes from what, by names.
        own: the definition's own asset, which stands for what it returns.
        assets: the assets that the table names in it mean; a name that is none of them outlives no routine.
        harvest: gives columns the names their stores keep them by.
    """
    for use in uses:
        target = own if use.target is None else assets.get(use.target)
        origin = "" if use.table is None else assets.get(use.table)
        if target is None or origin is None or target == "":
            continue
        source = harvest.stored(origin, use.source) if origin else use.source
        yield ColumnEdge(target, harvest.stored(target, use.column), origin, source, use.role, use.how)
