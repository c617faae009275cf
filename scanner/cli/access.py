"""The command that tells who may do what, from the catalog alone."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.catalog import Reader
from scanner.cli.common import CatalogOption, ConfigOption, JsonOption, QuietOption, RunOption, common
from scanner.cli.output import Output
from scanner.codes import Exit, StocktakeError
from scanner.results import Opening, Reach


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(access)


def access(
    principal: Annotated[
        str | None, typer.Argument(help="A user, group or role; what is open to more than named people when absent.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="This store alone, by its id.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows shown; 0 for all.")] = 100,
    run: RunOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell who may do what: all that one account, group or role comes to, or what is open to everybody."""
    output = Output(as_json=json, quiet=quiet)
    with common(output, config, catalog).open_reader(run) as reader:
        if store is not None and store not in {s.id for s in reader.stores()}:
            raise StocktakeError("USAGE", "--store", f"{store} is no store; stocktake query 'SELECT id FROM store'")
        if not reader.rows('SELECT count(*) FROM "grant"')[0][0]:
            output.say("No source told of rights, so an empty answer proves nothing.")
        if principal is None:
            _openings(output, reader, store, limit)
        else:
            _reach(output, reader, principal, store, limit)
    output.exit(Exit.COMPLETE)


def _openings(output: Output, reader: Reader, store: str | None, limit: int) -> None:
    from scanner.judge import access as what_rights_come_to

    found = [o for o in what_rights_come_to(reader).openings if store in (None, o.store)]
    shown = found[:limit] if limit else found
    for o in shown:
        output.record("opening", _plain(o) | {"to": o.to, "barred": o.barred, "native": o.native})
    output.table(
        ("Store", "Place", "Open to", "May", "Said by", "Taken back by"),
        [
            (o.store, o.path or "(the whole store)", o.grantee, _words(o.rights), _words((o.origin,)), o.barred)
            for o in shown
        ],
    )
    _cut(output, len(shown), len(found))


def _reach(output: Output, reader: Reader, principal: str, store: str | None, limit: int) -> None:
    from scanner.judge import reach, untold_groups

    found = [r for r in reach(reader, principal) if store in (None, r.store)]
    shown = found[:limit] if limit else found
    for r in shown:
        output.record("access", _plain(r) | {"because": r.because})
    output.table(
        ("Store", "Place and beneath", "May", "Because of", "Said by"),
        [
            (r.store, r.path or "(the whole store)", _words(r.rights) or "nothing", ", ".join(r.because),
             _words((r.origin,)))
            for r in shown
        ],
    )  # fmt: skip
    _cut(output, len(shown), len(found))
    if untold := untold_groups(reader):
        output.say(f"Not told who belongs to which group, so rights through groups may be missing: {', '.join(untold)}")


def _plain(found: Opening | Reach) -> dict[str, object]:
    return {"store": found.store, "path": found.path, "rights": found.rights, "origin": found.origin}


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _cut(output: Output, shown: int, total: int) -> None:
    if shown < total:
        output.say(f"{shown:,} of {total:,} shown; --limit 0 shows all")
