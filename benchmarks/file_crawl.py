"""The file connector's bare crawl beside ``find -printf '%s %T@ %u %p'``: pairs of runs, medians of their ratios.

python benchmarks/file_crawl.py [/usr] [pairs]

Both run in one thread with warm caches. Wall time is what a person waits; CPU time (user and system) is what stays
true on a busy machine. Both must have seen the same number of entries.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time

from connectors.file import PLUG
from connectors.file.options import FileOptions
from scanner.connector import Session
from scanner.model import Batch, Unit


def crawl(root: str) -> int:
    """Crawl a tree as an engine would, keeping nothing; returns the number of entries."""
    connector = PLUG.open(FileOptions(root=root), Session("benchmark"))
    waiting, entries = list(connector.roots()), 0
    while waiting:
        for event in connector.crawl(waiting.pop()):
            if isinstance(event, Unit):
                waiting.append(event)
            elif isinstance(event, Batch) and event.schema.name == "entry":
                entries += len(event)
    connector.close()
    return entries


def find(root: str) -> int:
    """Let find list the same tree; returns the number of entries beneath the root."""
    command = ["find", root, "-xdev", "-mindepth", "1", "-printf", "%s %T@ %u %p\\0"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.count(b"\0")


def cpu_s(who: int) -> float:
    """User and system seconds so far."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def pair(root: str) -> tuple[float, float]:
    """One run of each, in turn; the ratios of wall and of CPU time."""
    before, start = cpu_s(resource.RUSAGE_CHILDREN), time.perf_counter()
    theirs = find(root)
    find_wall, find_cpu = time.perf_counter() - start, cpu_s(resource.RUSAGE_CHILDREN) - before
    before, start = cpu_s(resource.RUSAGE_SELF), time.perf_counter()
    ours = crawl(root)
    wall, cpu = time.perf_counter() - start, cpu_s(resource.RUSAGE_SELF) - before
    if ours != theirs:
        raise SystemExit(f"not the same entries: {ours} here, {theirs} by find")
    print(
        f"{ours} entries: wall {wall:.2f} / {find_wall:.2f} s, CPU {cpu:.2f} / {find_cpu:.2f} s, {ours / wall:,.0f}/s"
    )
    return wall / find_wall, cpu / find_cpu


def main(root: str = "/usr", pairs: str = "5") -> None:
    """Warm up once, then measure."""
    pair(root)
    walls, cpus = zip(*(pair(root) for _ in range(int(pairs))), strict=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"ratio to find, median of {pairs}: wall {statistics.median(walls):.2f}, CPU {statistics.median(cpus):.2f}")
    print(f"peak memory of the crawl: {peak:.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
