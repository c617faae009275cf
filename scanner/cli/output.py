"""Streams: results on stdout, progress and errors on stderr, everything scrubbed and free of control characters."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner.codes import Code, Exit, StocktakeError
from scanner.paths import printable
from scanner.secrets import scrub


def clean(value: object) -> str:
    """A value as one safe line: secrets cut out, control and bidi characters escaped."""
    return printable(scrub(str(value)))


def count(value: int | None) -> str:
    """A number as people read it; an unknown one as such."""
    return "unknown" if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Bytes in binary units, one decimal; unknown stays unknown."""
    if value is None:
        return "unknown"
    amount, unit = float(value), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if amount < 1024 or unit == "PiB":
            break
        amount /= 1024
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"


class Output:
    """Where a command writes. ``as_json`` makes stdout newline-delimited JSON."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, color: bool = True, debug: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.debug = debug
        plain = not color or "NO_COLOR" in os.environ
        self.out = Console(no_color=plain, markup=False, highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, no_color=plain, markup=False, highlight=False, soft_wrap=True)

    def line(self, text: str = "", style: str | None = None) -> None:
        """A line of the result, for people."""
        if not self.as_json:
            self.out.print(Text(clean(text), style=style or ""))

    def say(self, text: str, style: str | None = None) -> None:
        """A line of progress or advice, on stderr."""
        if not self.quiet:
            self.err.print(Text(clean(text), style=style or ""))

    def record(self, kind: str | None, values: Mapping[str, Any]) -> None:
        """A record of the result, for programs; ``kind`` becomes its ``type``."""
        if self.as_json:
            row = {"type": kind, **values} if kind else dict(values)
            sys.stdout.write(scrub(json.dumps(row, ensure_ascii=False, default=str)) + "\n")

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> None:
        """Rows as a table for people; ``right`` are the columns with numbers."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for index, header in enumerate(headers):
            table.add_column(header, justify="right" if index in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean("" if v is None else v)) for v in row))
        self.out.print(table, soft_wrap=False)

    def error(self, error: StocktakeError, *, source: str = "", run: int | None = None) -> None:
        """An error in its four parts: what, where, effect, what to do."""
        problem(self, error.code, error.where, error.detail, source=source, run=run)

    def exit(self, code: Exit, **values: Any) -> None:
        """The last line for programs, also after a failure."""
        self.record("exit", {"code": int(code), **values})
        sys.stdout.flush()


def problem(output: Output, code: Code, where: str, detail: str, *, source: str = "", run: int | None = None) -> None:
    """Print a code of the registry with its particulars."""
    words = {"source": source or "SOURCE", "run": str(run) if run is not None else "RUN", "where": where or "WHERE"}
    do = code.do
    for name, value in words.items():
        do = do.replace("{" + name + "}", value)
    output.err.print(Text.assemble(("Error ", "bold red"), (code.code, "bold"), "  ", clean(code.what), "."))
    if where:
        output.err.print(Text(f"  Where:  {clean(where)}"))
    if detail:
        output.err.print(Text(f"          {clean(detail)}"))
    output.err.print(Text(f"  Effect: {clean(code.effect)}."))
    output.err.print(Text(f"  Do:     {clean(do)}"))
    output.err.print(Text(f"          More: stocktake explain {code.code}"))
    output.record(
        "error",
        {"error": code.code, "what": code.what, "where": where, "detail": detail, "effect": code.effect, "do": do},
    )
