"""Reading two runs of a catalog side by side: the same views twice, in the schemas ``old`` and ``new``.

The views ``own_…`` leave out the parts that both share: their rows are the same. No address stands in two settled parts
of a scan, so what is left can be compared by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from scanner.catalog.reader import connect, lay_out, picked_scans, shut_in, whole_parts
from scanner.catalog.readers import reading
from scanner.catalog.rows import parts_of
from scanner.catalog.state import Catalog


class Pair:
    """Two runs as SQL; ``old`` and ``new`` are their numbers, and the schemas their tables and views stand in."""

    def __init__(self, db: duckdb.DuckDBPyConnection, old: int, new: int, leave: Callable[[], None]) -> None:
        self._db = db
        self._leave = leave
        self.old = old
        self.new = new

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with whole_parts():
            return self._db.execute(sql, list(params)).fetchall()

    def execute(self, sql: str) -> None:
        """Run a statement for what it makes."""
        with whole_parts():
            self._db.execute(sql)

    def lay(self, name: str, columns: dict[str, Iterable[Any]], kinds: dict[str, pa.DataType]) -> None:
        """Make a temporary table of values from outside."""
        table = pa.table({n: pa.array(list(values), kinds[n]) for n, values in columns.items()})
        self._db.register("incoming", table)
        self._db.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM incoming')
        self._db.unregister("incoming")

    def close(self) -> None:
        """Give up the memory, and let a sweep remove what nobody reads; may be called twice."""
        self._db.close()
        self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_pair(catalog: Catalog, old: int, new: int) -> Pair:
    """Open two runs side by side.

    Raises:
        StocktakeError: NOTHING_SCANNED, RUN_UNKNOWN, CATALOG_DAMAGED.
    """
    with contextlib.ExitStack() as entered:
        entered.enter_context(reading(catalog.location.root))
        picked = {"old": picked_scans(catalog, old), "new": picked_scans(catalog, new)}
        with catalog.reading() as state:
            parts = {schema: parts_of(state, scans) for schema, scans in picked.items()}
        shared = set.intersection(*({n for p in its.values() for n in p.every()} for its in parts.values()))
        db = connect(catalog)
        with whole_parts(ours=True):
            for schema, scans in picked.items():
                db.execute(f"CREATE SCHEMA {schema}")
                db.execute(f"SET schema = '{schema}'")
                lay_out(db, catalog, scans, parts[schema], shared)
            db.execute("SET schema = 'main'")
        shut_in(db, catalog)
        return Pair(db, old, new, entered.pop_all().close)
