r"""Runs a peer and Stocktake in turn on the same work and puts what came of it beside a goal.

A benchmark program has ``measure(full: bool) -> list[Row]`` and ends with ``sys.exit(main(measure, __doc__))``:

    def measure(full: bool) -> list[Row]:
        tree = planted(1_000_000 if full else 50_000)
        find = Side("find", ["find", tree, "-printf", "%p\0"], seen=lambda out: of(out.split(b"\0")[:-1]))
        ours = Side("stocktake", [*STOCKTAKE, "scan", tree, "--catalog", "c"], seen=from_catalog, before=no_catalog)
        goal = Goal("at most 0.6 x find", 0.6)
        return [pairs("1 local tree", "many directories", peer=find, ours=ours, goal=goal, full=full)]

Every run is a fresh process. What it used is measured from outside, over the process and all that descend from it:
wall time, user and system time, and the peak of the sum of their memory. Both must have seen the same.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.sides import STOCKTAKE, FailedError, Run, Seen, Side, of, once

__all__ = ["STOCKTAKE", "FailedError", "Goal", "Row", "Run", "Seen", "Side", "main", "of", "once", "pairs", "table"]

FULL_PAIRS, REDUCED_PAIRS = 5, 3
LOADED, LOOK_S = 0.25, 0.3
"""A pair counts as run on a loaded machine when more than this share of the processors was busy just before it."""

Figure = Literal["ratio", "speedup", "seconds", "rate", "peak", "value"]
AT_MOST = frozenset({"ratio", "seconds", "peak"})


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of performance.md: its text, the figure it speaks of, and the limit.

    ``ratio`` is ours / peer in seconds, ``speedup`` peer / ours, ``rate`` units a second, ``peak`` MiB of our side,
    ``value`` whatever the row carries as such (then ``at_most`` says the direction).
    """

    text: str
    limit: float
    figure: Figure = "ratio"
    at_most: bool | None = None

    def met(self, figure: float) -> bool:
        """Whether a figure is within the limit."""
        at_most = self.figure in AT_MOST if self.at_most is None else self.at_most
        return figure <= self.limit if at_most else figure >= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``ratios`` are ours / peer by wall time, one a pair; none where there is no peer."""

    section: str
    work: str
    peer: str = ""
    ratios: tuple[float, ...] = ()
    cpu_ratios: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    peer_seconds: tuple[float, ...] = ()
    units: int | None = None
    unit: str = "rows"
    peak_mib: float | None = None
    peer_peak_mib: float | None = None
    goal: Goal | None = None
    value: float | None = None
    equal: bool = True
    loaded: bool = False
    note: str = ""
    cpu_s: tuple[float, ...] = ()
    peer_cpu_s: tuple[float, ...] = ()

    @property
    def rate(self) -> float | None:
        """Units a second on our side, from the median."""
        if self.units is None or not self.seconds:
            return None
        return self.units / max(statistics.median(self.seconds), 1e-9)

    def figure(self) -> float | None:
        """The figure that the goal speaks of; None where this row lacks it."""
        if self.goal is None:
            return None
        ratio = statistics.median(self.ratios) if self.ratios else None
        figures = {
            "ratio": ratio,
            "speedup": 1 / ratio if ratio else None,
            "seconds": statistics.median(self.seconds) if self.seconds else None,
            "rate": self.rate,
            "peak": self.peak_mib,
            "value": self.value,
        }
        return figures[self.goal.figure]

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or not this row's figure for it."""
        figure = self.figure()
        return None if self.goal is None or figure is None else self.goal.met(figure)

    def as_json(self) -> str:
        """One line; ``from_json`` reads it."""
        return json.dumps(dataclasses.asdict(self) | {"met": self.met, "rate": self.rate})

    @staticmethod
    def from_json(line: str) -> Row:
        """The row that ``as_json`` wrote."""
        told = json.loads(line)
        told.pop("met"), told.pop("rate")
        told["goal"] = Goal(**told["goal"]) if told["goal"] else None
        lists = ("ratios", "cpu_ratios", "seconds", "peer_seconds", "cpu_s", "peer_cpu_s")
        return Row(**told | {name: tuple(told[name]) for name in lists})


def busy() -> bool:
    """Whether others keep the processors busy: looked at while no side runs."""

    def ticks() -> tuple[int, int]:
        with Path("/proc/stat").open("rb") as stat:
            figures = [int(n) for n in stat.readline().split()[1:9]]
        return figures[3] + figures[4], sum(figures)

    idle, total = ticks()
    time.sleep(LOOK_S)
    later, now = ticks()
    return now > total and 1 - (later - idle) / (now - total) > LOADED


_made: list[Row] = []
"""What was measured so far, for when a later side fails."""
_asked: dict[str, int] = {}
"""How many pairs the command line wants, if it says."""


def counted(full: bool) -> int:
    """How many pairs count: at least 5 at full size."""
    return _asked.get("pairs") or (FULL_PAIRS if full else REDUCED_PAIRS)


def pairs(  # noqa: PLR0913 - a row has as many sides to it
    section: str,
    work: str,
    *,
    ours: Side,
    peer: Side | None = None,
    goal: Goal | None = None,
    full: bool = False,
    unit: str = "rows",
    units: int | None = None,
    note: str = "",
) -> Row:
    """Run both in turn, a pair to warm up first; without a peer only ours. ``units`` is what ours saw unless given."""
    loaded, equal, differing = False, True, note
    taken: list[tuple[Run | None, Run]] = []
    for _ in range(counted(full) + 1):
        loaded = busy() or loaded
        theirs = once(peer) if peer else None
        taken.append((theirs, once(ours)))
        if not all(run.seen.same(taken[0][1].seen) for run in (*taken[-1],) if run):
            equal, differing = False, f"not the same: {taken[-1][0] and taken[-1][0].seen} and {taken[-1][1].seen}"
            break
    kept = taken[1:] or taken
    mine, them = [run for _, run in kept], [run for run, _ in kept if run]
    row = Row(
        section,
        work,
        peer.name if peer else "",
        ratios=tuple(a.seconds / max(b.seconds, 1e-9) for a, b in zip(mine, them, strict=False)),
        cpu_ratios=tuple(a.cpu_s / b.cpu_s for a, b in zip(mine, them, strict=False) if b.cpu_s > 0),
        seconds=tuple(run.seconds for run in mine),
        peer_seconds=tuple(run.seconds for run in them),
        units=mine[0].seen.count if units is None else units,
        unit=unit,
        peak_mib=max(run.peak_mib for run in mine),
        peer_peak_mib=max((run.peak_mib for run in them), default=None),
        goal=goal,
        equal=equal,
        loaded=loaded,
        note=differing,
        cpu_s=tuple(run.cpu_s for run in mine),
        peer_cpu_s=tuple(run.cpu_s for run in them),
    )
    _made.append(row)
    return row


HEAD = ("section", "work", "peer", "ours / peer: median (min to max)", "CPU", "ours s (CPU)", "peer s (CPU)",
        "a second", "peak MiB (peer)", "goal", "reached", "met", "note")  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    def middle(values: Sequence[float], form: str) -> str:
        return format(statistics.median(values), form) if values else "-"

    def both(wall: Sequence[float], cpu_s: Sequence[float]) -> str:
        return middle(wall, ",.2f") + (f" ({middle(cpu_s, ',.2f')})" if cpu_s else "")

    spread = f" ({min(row.ratios):.2f} to {max(row.ratios):.2f})" if row.ratios else ""
    peak = "-" if row.peak_mib is None else f"{row.peak_mib:,.0f}"
    if row.peer_peak_mib is not None:
        peak += f" ({row.peer_peak_mib:,.0f})"
    figure = row.figure()
    reached = "-" if figure is None else f"{figure:,.2f}" if figure < 1000 else f"{figure:,.0f}"
    met = {True: "yes", False: "NO", None: "-"}[row.met]
    note = "; ".join(filter(None, ("" if row.equal else "DIFFERENT RESULTS", "loaded" if row.loaded else "", row.note)))
    rate = "-" if row.rate is None else f"{row.rate:,.0f} {row.unit}"
    return (row.section, row.work, row.peer or "-", middle(row.ratios, ".2f") + spread, middle(row.cpu_ratios, ".2f"),
            both(row.seconds, row.cpu_s), both(row.peer_seconds, row.peer_cpu_s), rate, peak,
            row.goal.text if row.goal else "-", reached, met, note or "-")  # fmt: skip


def table(rows: Iterable[Row]) -> str:
    """All rows as one table, in Markdown with aligned columns."""
    lines = [HEAD, *(tuple(cell.replace("|", "\\|") for cell in _cells(row)) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
    told = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in lines]  # fmt: skip
    told.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(told)


def main(measure: Callable[[bool], list[Row]], doc: str | None, arguments: Sequence[str] | None = None) -> int:
    """The command line of every program; the exit code: 1 where results differ or a side failed."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the full size of performance.md")
    parser.add_argument("--pairs", type=int, default=0, help="counted pairs (5 at full size, 3 reduced)")
    parser.add_argument("--json", action="store_true", help="one JSON line a row in place of the table")
    chosen = parser.parse_args(arguments)
    if chosen.pairs:
        _asked["pairs"] = chosen.pairs
    failed = ""
    try:
        rows = measure(chosen.full)
    except FailedError as error:
        rows, failed = _made, str(error)
    print("\n".join(row.as_json() for row in rows) if chosen.json else table(rows))
    print(failed, file=sys.stderr, end="\n" * bool(failed))
    return 0 if not failed and all(row.equal for row in rows) else 1
