"""A report of a made estate, the whole command; with --full of 10 million files and 5,000 tables.

python -m benchmarks.report [--full]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import made
from benchmarks.harness import STOCKTAKE, Goal, Row, Seen, Side, main, pairs
from scanner.catalog import Catalog, Reader, locate, read
from scanner.report.inventory import read_inventory, read_totals


class Timed:
    """A reader that keeps how long its slowest query took."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.stores = reader.stores
        self.slowest = (0.0, "")

    def rows(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        return self._timed(self._reader.rows, sql, params)

    def dicts(self, sql: str, params: Any = ()) -> list[dict[str, Any]]:
        return self._timed(self._reader.dicts, sql, params)

    def _timed(self, ask: Any, sql: str, params: Any) -> Any:
        began = time.perf_counter()
        answer = ask(sql, params)
        self.slowest = max(self.slowest, (time.perf_counter() - began, " ".join(sql.split())))
        return answer


def slowest(folder: str) -> float:
    """Seconds of the slowest query of the inventory."""
    with Catalog.open(locate(folder)) as catalog, read(catalog) as reader:
        timed = Timed(reader)
        read_inventory(timed, read_totals(timed), made.NOW)
    return timed.slowest[0]


def measure(full: bool) -> list[Row]:
    """The command as a whole, the page's size, and the slowest query."""
    rows, tables = (10_000_000, 5_000) if full else (200_000, 500)
    folder = Path(tempfile.mkdtemp(prefix="stocktake-report-"))
    page = folder / "report.html"
    try:
        made.make(folder / "catalog", rows, tables).close()
        command = [*STOCKTAKE, "report", "--catalog", folder / "catalog", "-o", page]
        side = Side("stocktake report", command, seen=lambda _out: Seen(page.stat().st_size), codes=frozenset({0, 3}))
        name = f"report of {rows:,} files, {tables:,} tables"
        whole = pairs("7 report", name, ours=side, units=rows, goal=Goal("at most 60 s", 60, "seconds"), full=full)
        size = page.stat().st_size / 1e6
        return [
            whole,
            Row("7 report", "its memory", peak_mib=whole.peak_mib, goal=Goal("at most 500 MB", 500, "peak")),
            Row("7 report", "the page, MB", value=size, goal=Goal("at most 5 MB", 5, "value", at_most=True)),
            Row("2 catalog", "slowest query of the inventory, s", value=slowest(str(folder / "catalog")), units=rows,
                goal=Goal("at most 1 s", 1, "value", at_most=True)),
        ]  # fmt: skip
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
