"""How time and memory grow with the number of entries: scans of generated entries, and reports of what they found.

    python -m benchmarks.growth [--full]

With --full 0.1, 1, 10 and 100 million entries, and docs/growth.svg is drawn anew; else up to half a million. Memory is
the peak of all processes together.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from math import log10
from pathlib import Path

from benchmarks.harness import STOCKTAKE, Goal, Row, Run, Seen, Side, main, once
from scanner.catalog import Catalog, locate, read
from scanner.config import Limits, SourceConfig
from scanner.crawl import Run as Scan
from scanner.registry import Bound
from scanner.testing.generated import PLUG, Options

SIZES = (100_000, 1_000_000, 10_000_000)
REDUCED = (20_000, 100_000, 500_000)
FULL = (*SIZES, 100_000_000)
SHAPES = ("tree", "flat", "huge")
PLOT = Path(__file__).parent.parent / "docs" / "growth.svg"


def scan(shape: str, entries: int, folder: str) -> None:
    """One scan by the whole engine, into a catalog in ``folder``."""
    options = Options.model_validate({"entries": entries, "shape": shape})
    config = SourceConfig(name="made", type=PLUG.type, limits=Limits(), options=options.model_dump(mode="json"))
    bound = Bound(config, PLUG, options, "scanner.testing.generated:PLUG")
    with Catalog.open(locate(folder), create=True) as catalog:
        catalog.lock()
        outcome = Scan.start(catalog, [bound], title="growth", config_hash="").execute(lambda _progress: None)
    assert outcome.state == "complete", outcome


def counted(folder: str) -> Seen:
    """How many entries a catalog holds."""
    with Catalog.open(locate(folder)) as catalog, read(catalog) as reader:
        return Seen(int(reader.rows("SELECT sum(entries) FROM source")[0][0]))


def grown(shape: str, entries: int) -> tuple[Run, Run]:
    """A scan and a report of what it found, each a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="stocktake-growth-"))
    place = str(folder / "catalog")
    try:
        crawl = Side("scan", [sys.executable, "-m", "benchmarks.growth", "--one", shape, str(entries), place],
                     seen=lambda _out: counted(place), limit_s=7200)  # fmt: skip
        report = Side("report", [*STOCKTAKE, "report", "--catalog", place, "-o", str(folder / "report.html")],
                      seen=lambda _out: Seen(1), codes=frozenset({0, 3}), limit_s=7200)  # fmt: skip
        return once(crawl), once(report)
    finally:
        shutil.rmtree(folder)


def measure(full: bool) -> list[Row]:
    """A row for each scan and each report."""
    rows: list[Row] = []
    plotted: dict[str, list[tuple[int, float, float]]] = {}
    for shape in SHAPES:
        for entries in FULL if full else REDUCED:
            if shape != "tree" and entries > 10_000_000:
                continue
            print(f"{shape} {entries:,}", file=sys.stderr, flush=True)
            crawl, report = grown(shape, entries)
            for name, run in (("scan", crawl), ("report", report)):
                goal = Goal("at most 500 MB", 500, "peak")
                rows.append(Row("2 growth", f"{name} {shape} {entries:,}", seconds=(run.seconds,),
                                units=crawl.seen.count, unit="entries", peak_mib=run.peak_mib, goal=goal,
                                note=f"{1e6 * run.cpu_s / crawl.seen.count:.2f} us CPU an entry"))  # fmt: skip
                told = (crawl.seen.count, 1e6 * run.cpu_s / crawl.seen.count, run.peak_mib)
                plotted.setdefault(f"{name}, {shape}", []).append(told)
    if full:
        PLOT.write_text(plot(plotted), encoding="utf-8")
    return rows


WIDTH, HEIGHT, LEFT, TOP = 330, 220, 60, 40
COLOURS = ("#1b5e8c", "#1b5e8c", "#b3541e", "#b3541e", "#4a7a2a", "#4a7a2a")


def plot(lines: dict[str, list[tuple[int, float, float]]]) -> str:
    """Two panels over the number of entries, all axes logarithmic: processor time an entry, and peak memory."""
    counts = [n for line in lines.values() for n, _, _ in line]
    low, high = log10(min(counts)), log10(max(counts))
    body = []
    panels = (("microseconds of processor time an entry", 1, 0.1, 100), ("peak memory, MiB", 2, 10, 10_000))
    for number, (title, column, least, most) in enumerate(panels):
        left = LEFT + number * (WIDTH + 90)

        def x(n: int, left: int = left) -> float:
            return left + WIDTH * (log10(n) - low) / max(high - low, 1e-9)

        def y(v: float, least: float = least, most: float = most) -> float:
            return TOP + HEIGHT * (1 - (log10(max(v, least)) - log10(least)) / (log10(most) - log10(least)))

        body.append(f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{title}</text>')
        body.append(f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#888"/>')
        tick = least
        while tick <= most:
            body.append(f'<text x="{left - 6}" y="{y(tick) + 4:.0f}" text-anchor="end">{tick:g}</text>')
            body.append(f'<path d="M{left} {y(tick):.1f}h{WIDTH}" stroke="#ddd"/>')
            tick *= 10
        body.extend(
            f'<text x="{x(n):.0f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{n:,}</text>'
            for n in sorted({10 ** round(log10(n)) for n in counts})
            if low - 0.1 <= log10(n) <= high + 0.1
        )
        for (name, line), colour in zip(lines.items(), COLOURS, strict=False):
            points = " ".join(f"{x(p[0]):.1f},{y(p[column]):.1f}" for p in line)
            dash = ' stroke-dasharray="5 3"' if name.startswith("report") else ""
            body.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    for number, (name, colour) in enumerate(zip(lines, COLOURS, strict=False)):
        at, down = LEFT + number % 3 * 250, TOP + HEIGHT + 44 + number // 3 * 18
        dash = ' stroke-dasharray="5 3"' if name.startswith("report") else ""
        body.append(f'<path d="M{at} {down - 4}h30" stroke="{colour}" stroke-width="2"{dash}/>')
        body.append(f'<text x="{at + 38}" y="{down}">{name}</text>')
    size = f"{2 * WIDTH + 90 + LEFT + 60} {TOP + HEIGHT + 80}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="12">'
        f"<title>Growth with the number of entries</title>{''.join(body)}</svg>\n"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        scan(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        sys.exit(main(measure, __doc__))
