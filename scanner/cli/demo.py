"""The demo: a small estate of its own, scanned and reported, without any server or network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.common import CatalogOption, ColorOption, DebugOption, JsonOption, QuietOption
from scanner.cli.output import Output
from scanner.cli.scan import Show, scan
from scanner.cli.show import Format, report
from scanner.codes import Exit, StocktakeError
from scanner.demo import Department, build

_ESTATE = """\
version = 1
title = "Northmoor District Council (demo)"
catalog = "catalog"

[[sources]]
name = "homes"
type = "file"
root = '{homes}'
owner = "IT services"

[[sources]]
name = "records"
type = "file"
root = '{records}'
owner = "Records office"
depth = "L2"                         # files on it are looked into
{odbc}"""

_ODBC = """
[[sources]]
name = "licensing-db"
type = "odbc"
connection = 'DRIVER={{SQLite3}};Database={licensing}'
owner = "Licensing team"
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder for the sample estate.")] = Path(
        "stocktake-demo"
    ),
    files: Annotated[int, typer.Option(min=400, help="About how many files the sample holds.")] = 4000,
    catalog: CatalogOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    no_color: ColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Make a sample estate, scan it and write its report; needs no server and no network."""
    output = Output(as_json=json, quiet=quiet, color=not no_color, debug=debug)
    try:
        made = build(folder.absolute() / "estate", files=files)
    except FileExistsError as error:
        raise StocktakeError("OUTPUT_UNWRITABLE", str(error), "the folder is not empty") from None
    except OSError as error:
        raise StocktakeError("OUTPUT_UNWRITABLE", str(error.filename or folder), str(error.strerror)) from None
    config = folder.absolute() / "estate.toml"
    config.write_text(_estate(made, output), encoding="utf-8")
    try:
        scan(None, catalog, config, None, None, Show.AUTO, json, quiet, no_color, debug)
    except typer.Exit as ended:  # gaps are part of the sample: the report shows them
        if ended.exit_code != Exit.GAPS:
            raise
    report(
        Format.HTML, folder.absolute() / "report.html", None, None, None, catalog, config, json, quiet, no_color, debug
    )
    output.say(f"The estate file is {config}; the report is {folder.absolute() / 'report.html'}")


def _estate(made: Department, output: Output) -> str:
    odbc = _ODBC.format(licensing=made.licensing)
    if not _has_sqlite_driver():
        output.say(
            "The SQLite ODBC driver is not installed (Debian: libsqliteodbc), so the sample's database is left out."
        )
        odbc = ""
    return _ESTATE.format(homes=made.homes, records=made.records, odbc=odbc)


def _has_sqlite_driver() -> bool:
    try:
        import pyodbc  # optional extra
    except ImportError:
        return False
    return "SQLite3" in pyodbc.drivers()
