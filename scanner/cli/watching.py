"""Showing a scan's progress: a live table on a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from scanner.cli.output import Output, clean, count, json_line, size
from scanner.crawl import Progress, SourceProgress

PLAIN_EVERY_S = 30.0
"""Seconds between plain lines, besides one at every change of state."""


MOST_ROWS = 30
"""Sources shown at once on a terminal."""


class Watch(Protocol):
    """Something that shows progress."""

    def show(self, progress: Progress) -> None:
        """Show how far it is."""
        ...


class _Silent:
    def show(self, progress: Progress) -> None:
        """Nothing."""


class _Lines:
    def __init__(self, output: Output, *, as_json: bool) -> None:
        self._output = output
        self._as_json = as_json
        self._states: dict[str, str] = {}
        self._last = time.monotonic()

    def show(self, progress: Progress) -> None:
        due = time.monotonic() - self._last >= PLAIN_EVERY_S
        if due:
            self._last = time.monotonic()
        for source in progress.sources.values():
            if (due and source.state == "running") or self._states.get(source.name) != source.state:
                self._states[source.name] = source.state
                self._tell(source)

    def _tell(self, source: SourceProgress) -> None:
        if self._as_json:
            row = {
                "type": "progress", "source": source.name, "state": source.state, "units_done": source.units_done,
                "units_found": source.units_found, "entries": source.entries, "bytes": source.bytes,
                "faults": source.faults, "requests": source.requests, "trouble": source.trouble or None,
            }  # fmt: skip
            self._output.stderr.write(json_line(row))
        elif source.state != "waiting":
            done = f"{count(source.units_done)} units, {count(source.entries)} entries, {size(source.bytes)}"
            state = " ".join(filter(None, (source.state, source.error, source.trouble and f"({source.trouble})")))
            self._output.say(f"{source.name}: {state}; {done}, {source.elapsed_s:.0f} s")


class _Table:
    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, progress: Progress) -> None:
        self._live.update(_table(progress), refresh=False)


_STYLES = {"running": "cyan", "complete": "green", "incomplete": "yellow", "failed": "red", "stopped": "yellow"}


def _table(progress: Progress) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("Source", ratio=3, overflow="ellipsis", no_wrap=True)
    table.add_column("State", width=10)
    for header in ("Done/found", "Entries", "Bytes", "Rate", "Faults"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Now in", ratio=4, overflow="ellipsis", no_wrap=True)
    for source in _shown(list(progress.sources.values())):
        elapsed = source.elapsed_s
        rate = f"{source.entries / elapsed:,.0f}/s" if elapsed >= 1 else ""
        now = source.error or source.trouble or (clean(source.current) if source.state == "running" else "")
        table.add_row(
            Text(clean(source.name)), Text(source.state, style=_STYLES.get(source.state, "dim")),
            f"{source.units_done:,}/{max(source.units_found, source.units_done):,}", count(source.entries),
            size(source.bytes), rate, count(source.faults), Text(now, style="dim"),
        )  # fmt: skip
    return table


def _shown(sources: list[SourceProgress]) -> list[SourceProgress]:
    """What fits a screen: all of a few sources, else those that are at work, then the latest that ended."""
    if len(sources) <= MOST_ROWS:
        return sources
    rank = {"running": 0, "waiting": 2}
    return sorted(sources, key=lambda s: (rank.get(s.state, 1), -s.ended))[:MOST_ROWS]


@contextmanager
def watching(output: Output, show: str) -> Iterator[Watch]:
    """A watch that fits the stream: ``auto`` is a live table on a terminal, plain lines elsewhere."""
    if output.quiet or show == "none":
        yield _Silent()
    elif show == "json":
        yield _Lines(output, as_json=True)
    elif show == "plain" or not output.err.is_terminal:
        yield _Lines(output, as_json=False)
    else:
        with Live(console=output.err, refresh_per_second=4, transient=True) as live:
            yield _Table(live)
