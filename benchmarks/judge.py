"""All rules of a target over made entries: 10 million with --full.

python -m benchmarks.judge [--full]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import made
from benchmarks.harness import Goal, Row, Seen, Side, main, pairs
from scanner.catalog import Catalog, locate, read
from scanner.judge import judge


def judged(folder: str, targets: tuple[str, ...]) -> Seen:
    """Every rule of some targets, all where none is named, the reader's opening included; counts what was judged."""
    with Catalog.open(locate(folder)) as catalog, read(catalog) as reader:
        found = judge(reader, targets or None)
    return Seen(sum(v.fails + v.passes + v.unknown > 0 for v in found.verdicts))


def measure(full: bool) -> list[Row]:
    """One target, and all of them at once."""
    rows = 10_000_000 if full else 200_000
    folder = Path(tempfile.mkdtemp(prefix="stocktake-judge-"))
    try:
        made.make(folder, rows).close()
        goal = Goal("at most 10 s for 10 M", 10 * rows / 1e7, "seconds")
        return [
            pairs("2 catalog", f"judge {rows:,}: {name}", ours=Side("stocktake", partial(judged, str(folder), chosen)),
                  units=rows, goal=its, full=full)
            for name, chosen, its in (("sharepoint-online", ("sharepoint-online",), goal), ("all targets", (), None))
        ]  # fmt: skip
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
