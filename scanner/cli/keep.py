"""The commands that look after the catalog itself: audit and catalog."""

from __future__ import annotations

import typer

from scanner.cli.common import CatalogOption, ConfigOption, JsonOption, common
from scanner.cli.output import Output
from scanner.codes import Exit, StocktakeError

audit_app = typer.Typer(help="The log of every scan, login refusal and trusted key.", no_args_is_help=True)
catalog_app = typer.Typer(help="Look after the catalog.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(audit_app, name="audit")
    app.add_typer(catalog_app, name="catalog")


@audit_app.command("verify")
def audit_verify(catalog: CatalogOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Check the hash chain of the audit log; a changed or cut line is named."""
    output = Output(as_json=json)
    shared = common(output, config, catalog)
    with shared.open_catalog() as store:
        lines, broken = store.verify_audit()
        anchor = store.audit_anchor()
    if broken is not None:
        raise StocktakeError(
            "CATALOG_DAMAGED", f"audit line {broken}", "its hash does not follow from the lines before"
        )
    output.line(f"{lines} lines, intact. Anchor: {anchor}")
    output.record("audit", {"lines": lines, "anchor": anchor})
    output.exit(Exit.COMPLETE)


@catalog_app.command("check")
def catalog_check(catalog: CatalogOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Read every part that counts and compare it with what the state says of it."""
    output = Output(as_json=json)
    shared = common(output, config, catalog)
    with shared.open_catalog() as store:
        parts, rows = store.check()
    output.line(f"{parts:,} parts with {rows:,} rows, all readable and as recorded.")
    output.record("catalog", {"parts": parts, "rows": rows})
    output.exit(Exit.COMPLETE)
