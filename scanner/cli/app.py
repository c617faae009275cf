"""The command, put together; and the one place where an error becomes words and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from importlib import metadata
from typing import Annotated

import click
import typer

from scanner.cli import before, keep, look, show
from scanner.cli import demo as demo_command
from scanner.cli import scan as scan_commands
from scanner.cli.output import Output
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


for module in (before, scan_commands, look, show, keep, demo_command):
    module.register(app)


def main() -> None:
    """Run the command line and exit."""
    arguments = sys.argv[1:]
    output = Output(
        as_json="--json" in arguments, color="--no-color" not in arguments, debug="--debug" in arguments, quiet=False
    )
    code = run(arguments, output)
    sys.stdout.flush()
    # Threads stuck in a dead server's call must not keep the process: what counts is committed by now.
    os._exit(code)


def run(arguments: list[str], output: Output) -> int:
    """Run one command line; returns its exit code. Whatever goes wrong is told in four parts, without a traceback."""
    try:
        result = app(arguments, standalone_mode=False)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except (click.Abort, KeyboardInterrupt, Stopped):
        output.exit(Exit.SIGINT)
        return int(Exit.SIGINT)
    except BrokenPipeError:
        # The reader of our output has gone (… | head): nothing more to say, and nothing to complain of.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: whatever it is becomes four parts and a code
        told = _told(error)
        return _fail(output, told, error if told.code.exit is Exit.INTERNAL else None)
    return int(result) if isinstance(result, int) else 0


def _told(error: Exception) -> StocktakeError:
    """An error as one for a person; what nobody foresaw is our own fault, named by its place in the code."""
    if isinstance(error, StocktakeError):
        return error
    if isinstance(error, SourceError):
        return _of_source(error)
    if isinstance(error, click.UsageError):
        return StocktakeError("USAGE", error.ctx.command_path if error.ctx else "stocktake", error.format_message())
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StocktakeError("DISK_FULL", str(error.filename or ""), str(error.strerror))
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119
    return StocktakeError("INTERNAL", where, f"{type(error).__name__}: {error}")


def _of_source(error: SourceError) -> StocktakeError:
    try:
        return StocktakeError(error.code, error.where, error.detail)
    except KeyError:
        return StocktakeError("OTHER", error.where, f"{error.code} {error.detail}")


def _fail(output: Output, error: StocktakeError, cause: BaseException | None = None) -> int:
    output.error(error)
    if cause is not None and output.debug:
        output.err.print("".join(traceback.format_tb(cause.__traceback__)), soft_wrap=True)
    output.exit(error.code.exit, error=error.code.code)
    return int(error.code.exit)
