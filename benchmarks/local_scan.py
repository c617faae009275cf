"""The whole job on a local tree, `stocktake scan` beside `find -printf`: crawled, escaped, written and committed.

Each run is a fresh process, the interpreter's start included; runs alternate, and both must have seen the same number
of names and the same bytes of files.

    python -m benchmarks.local_scan [TREE] [--pairs 5]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STOCKTAKE = [sys.executable, "-c", "from scanner.cli import main; main()"]


def find(tree: Path) -> tuple[float, int, int]:
    """Seconds, names beneath the tree, and bytes of its files, as find sees them."""
    start = time.perf_counter()
    done = subprocess.run(
        ["find", tree, "-xdev", "-mindepth", "1", "-printf", r"%y %s %T@ %u\0"], capture_output=True, check=True
    )
    seconds = time.perf_counter() - start
    rows = done.stdout.split(b"\0")[:-1]
    return seconds, len(rows), sum(int(row.split()[1]) for row in rows if row.startswith(b"f"))


def scan(tree: Path) -> tuple[float, int, int]:
    """The same of a whole scan, asked of the catalog it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([*STOCKTAKE, "scan", tree, "--catalog", folder, "-q"], stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
        sql = "SELECT count(*) AS names, sum(size) FILTER (WHERE kind = 'file') AS bytes FROM entry"
        asked = subprocess.run(
            [*STOCKTAKE, "query", sql, "--json", "--catalog", folder], capture_output=True, check=True
        )
    row = json.loads(asked.stdout)
    return seconds, row["names"], row["bytes"]


def main() -> int:
    """Run the pairs and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=Path("/usr"))
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    find(options.tree), scan(options.tree)  # both warm
    theirs, ours = [], []
    for _ in range(options.pairs):
        peer, mine = find(options.tree), scan(options.tree)
        if peer[1:] != mine[1:]:
            print(f"not the same entries: find {peer[1:]}, stocktake {mine[1:]}", file=sys.stderr)
            return 1
        theirs.append(peer[0])
        ours.append(mine[0])
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    names, size = mine[1:]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{options.tree}: {names:,} names, {size:,} bytes, the same to both; {options.pairs} pairs")
    print(f"find       median {statistics.median(theirs):.2f} s")
    print(f"stocktake  median {statistics.median(ours):.2f} s, {names / statistics.median(ours):,.0f} names/s")
    print(f"ratio      median {statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}")
    print(f"largest process {peak:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
