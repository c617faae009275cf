"""The command, put together; and the one place where an error becomes words and an exit code."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import sys
import threading
import traceback
from importlib import metadata
from typing import Annotated, Any

import typer

from scanner.cli import access, before, diff, impact, keep, look, reach, show
from scanner.cli import demo as demo_command
from scanner.cli import scan as scan_commands
from scanner.cli.output import Output, clean
from scanner.codes import Exit, StocktakeError
from scanner.model import SourceError, Stopped

app = typer.Typer(
    name="stocktake",
    help="Takes stock of a data estate before it moves: what is where, what depends on what, what is ready.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"stocktake {metadata.version('stocktake')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Every command takes its options behind its name."""


for module in (before, scan_commands, look, show, impact, reach, access, diff, keep, demo_command):
    module.register(app)


def main() -> None:
    """Run the command line and exit."""
    arguments = sys.argv[1:]
    _settle_streams("--json" in arguments)
    output = Output(
        as_json="--json" in arguments, color="--no-color" not in arguments, debug="--debug" in arguments, quiet=False
    )
    _hush(output)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until a scan answers it: by default it would end the process
    code = run(arguments, output)
    with contextlib.suppress(StocktakeError):
        output.stdout.flush()
    output.stderr.flush()
    # Threads stuck in a dead server's call must not keep the process: what counts is committed by now.
    os._exit(code)


def _settle_streams(as_json: bool) -> None:
    """Make every character sayable: JSON is UTF-8, and for people what the locale has no letter for is escaped."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed by the caller: else a file of ours would get its number
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def _hush(output: Output) -> None:
    """Let no library write past the streams: what one logs, warns of or dies from in a thread shows under --debug."""

    class Scrubbed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if output.debug:
                with contextlib.suppress(Exception):  # a broken message of somebody else's is not worth a failure
                    output.err.print(f"{record.levelname} {record.name}: {clean(record.getMessage())}")

    logging.basicConfig(handlers=[Scrubbed()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)

    def died(args: Any) -> None:
        logging.getLogger("thread").warning("%s ended with %s", args.thread, clean(args.exc_type))

    threading.excepthook = died
    sys.unraisablehook = lambda args: logging.getLogger("thread").warning("%s", clean(args.exc_type))


def run(arguments: list[str], output: Output) -> int:
    """Run one command line; returns its exit code. Whatever goes wrong is told in four parts, without a traceback."""
    Output.context, Output.run = "", None
    try:
        result = app(arguments, standalone_mode=False, prog_name="stocktake")
    except typer.Exit as error:
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt, Stopped):
        output.exit(Exit.SIGINT)
        return int(Exit.SIGINT)
    except Exception as error:  # noqa: BLE001 - the last line of defence: whatever it is becomes four parts and a code
        if type(error).__name__ == "NoArgsIsHelpError":  # typer's, and not for import: a group named without a command
            output.err.print(str(error))
            output.exit(Exit.CONFIGURATION, error="USAGE")
            return int(Exit.CONFIGURATION)
        told = _told(error)
        return _fail(output, told, error if told.code.exit is Exit.INTERNAL else None)
    return int(result) if isinstance(result, int) else 0


def _told(error: Exception) -> StocktakeError:
    """An error as one for a person; what nobody foresaw is our own fault, named by its place in the code."""
    if isinstance(error, StocktakeError):
        return error
    if isinstance(error, SourceError):
        return _of_source(error)
    message = getattr(error, "format_message", None)  # typer's usage errors, whose classes are not for import
    if message is not None:
        context = getattr(error, "ctx", None)
        return StocktakeError("USAGE", context.command_path if context else "stocktake", message())
    if (short := _short_of(error)) is not None:
        return StocktakeError(short, str(getattr(error, "filename", None) or type(error).__name__), str(error))
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119
    return StocktakeError("INTERNAL", where, f"{type(error).__name__}: {error}")


_SHORT = {
    errno.ENOSPC: "DISK_FULL", errno.EDQUOT: "DISK_FULL", errno.EMFILE: "TOO_MANY_FILES",
    errno.ENFILE: "TOO_MANY_FILES", errno.ENOMEM: "OUT_OF_MEMORY",
}  # fmt: skip


def _short_of(error: Exception) -> str | None:
    """The code of what the machine lacks, if an error says so; for a thread's stack Python has only words."""
    if isinstance(error, OSError):
        return _SHORT.get(error.errno or 0)
    memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"  # DuckDB's
    return "OUT_OF_MEMORY" if memory or "can't start new thread" in str(error) else None


def _of_source(error: SourceError) -> StocktakeError:
    try:
        return StocktakeError(error.code, error.where, error.detail)
    except KeyError:
        return StocktakeError("OTHER", error.where, f"{error.code} {error.detail}")


def _fail(output: Output, error: StocktakeError, cause: BaseException | None = None) -> int:
    try:
        output.error(error, run=Output.run)
        if cause is not None and output.debug:
            output.err.print("".join(traceback.format_tb(cause.__traceback__)), soft_wrap=True)
        output.exit(error.code.exit, error=error.code.code)
    except StocktakeError:  # standard output takes nothing any more; standard error has been told
        return int(error.code.exit)
    return int(error.code.exit)
