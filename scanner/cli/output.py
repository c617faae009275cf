"""Streams: results on stdout, progress and errors on stderr, everything scrubbed and free of control characters."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, ClassVar, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner.codes import Code, Exit, StocktakeError
from scanner.paths import printable
from scanner.secrets import scrub, scrub_all


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


class Stream:
    """Standard output or standard error, outliving its reader: once that has gone (… | head), nothing more is written.

    The command still comes to its own end and exit code.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.gone = False

    @property
    def _file(self) -> IO[str] | None:
        file = getattr(sys, self._name)
        # A live table puts a stand-in there that prints through our own console: what we write goes past it.
        return cast("IO[str] | None", getattr(file, "rich_proxied_file", file))

    @property
    def encoding(self) -> str:
        """The encoding of what is written."""
        return getattr(self._file, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether a person is looking."""
        return self._file is not None and self._file.isatty()

    def fileno(self) -> int:
        """The descriptor, where there is one."""
        return self._file.fileno() if self._file is not None else -1

    def write(self, text: str) -> int:
        """Write text. Raises StocktakeError where the output itself fails, as on a full disk."""
        if self._file is not None and not self.gone:
            try:
                self._file.write(text)
            except OSError as error:
                self._end(error)
        return len(text)

    def flush(self) -> None:
        """Write what waits; raises as ``write`` does."""
        if self._file is not None and not self.gone:
            try:
                self._file.flush()
            except OSError as error:
                self._end(error)

    def bytes(self, content: bytes) -> None:
        """Write a document as it is, whatever the locale's encoding."""
        binary = getattr(self._file, "buffer", None)
        if binary is None:
            self.write(content.decode())
            return
        self.flush()
        try:
            binary.write(content)
        except OSError as error:
            self._end(error)
        self.flush()

    def _end(self, error: OSError) -> None:
        self.gone = True
        with contextlib.suppress(OSError, ValueError):  # ValueError: a stand-in without a descriptor
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if isinstance(error, BrokenPipeError) or self._name == "stderr":
            return
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise StocktakeError("DISK_FULL" if full else "OUTPUT_UNWRITABLE", "standard output", str(error.strerror))


class Output:
    """Where a command writes. ``as_json`` makes stdout newline-delimited JSON."""

    context: ClassVar[str] = ""
    """What a further command needs behind its name to meet the same catalog and estate file; one command a process."""
    run: ClassVar[int | None] = None
    """The run that is under way, for whoever tells of its end."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, color: bool = True, debug: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.debug = debug
        plain = not color or "NO_COLOR" in os.environ
        self.stdout, self.stderr = Stream("stdout"), Stream("stderr")
        self.out = _console(self.stdout, plain)
        self.err = _console(self.stderr, plain)

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
            row = {"type": kind} | dict(values) | {"type": kind} if kind else dict(values)
            self.stdout.write(json_line(row))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> None:
        """Rows as a table for people; ``right`` are the columns with numbers."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for index, header in enumerate(headers):
            table.add_column(Text(clean(header)), justify="right" if index in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean("" if v is None else v)) for v in row))
        self.out.print(table, soft_wrap=False)

    def error(self, error: StocktakeError, *, source: str = "", run: int | None = None) -> None:
        """An error in its four parts: what, where, effect, what to do."""
        problem(self, error.code, error.where, error.detail, source=source, run=run)

    def exit(self, code: Exit, **values: Any) -> None:
        """The last line for programs, also after a failure."""
        self.record("exit", {"code": int(code), **values})
        self.stdout.flush()


_ONE_LINE = 10_000
"""Characters a row may take where no terminal folds it."""


def _console(stream: Stream, plain: bool) -> Console:
    # Folded to a terminal's width a table is read; in a file or a pipe each row is better one line.
    width = None if stream.isatty() or "COLUMNS" in os.environ else _ONE_LINE
    return Console(
        file=cast("IO[str]", stream), no_color=plain, markup=False, highlight=False, soft_wrap=True, width=width
    )


def json_line(row: Mapping[str, Any]) -> str:
    """One line of JSON: secrets cut out, what JSON has no word for as text, and no number that is none."""
    row = scrub_all(row)
    try:
        return json.dumps(row, ensure_ascii=False, default=_as_json, allow_nan=False) + "\n"
    except (ValueError, TypeError):  # NaN, infinity, or a mapping whose keys are no text
        return json.dumps(_sayable(row), ensure_ascii=False) + "\n"


def _as_json(value: object) -> str:
    return value.hex() if isinstance(value, bytes | bytearray) else str(value)


def _sayable(value: Any) -> Any:
    """The value in JSON's own words; a number that is not finite is unknown."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k if isinstance(k, str) else _as_json(k): _sayable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(v) for v in value]
    return value if value is None or isinstance(value, str | int) else _as_json(value)


_COMMANDS = re.compile(r"\bstocktake (?:resume|test|trust add|errors|scan|runs|report|config show|config validate)\b")


def problem(output: Output, code: Code, where: str, detail: str, *, source: str = "", run: int | None = None) -> None:
    """Print a code of the registry with its particulars."""
    words = {
        "source": shlex.quote(source) if source else "SOURCE", "run": str(run) if run is not None else "RUN",
        "where": where or "WHERE",
    }  # fmt: skip
    do = _COMMANDS.sub(lambda command: command[0] + output.context, code.do)
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
