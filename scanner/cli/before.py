"""The commands before a scan: init, config, connectors, trust, test and plan."""

from __future__ import annotations

import json as jsonlib
import os
import re
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from scanner.catalog import Catalog
from scanner.cli.common import (
    ESTATE_FILE,
    CatalogOption,
    ColorOption,
    ConfigOption,
    DebugOption,
    JsonOption,
    check_targets,
    common,
    leave,
)  # fmt: skip
from scanner.cli.output import Output, problem
from scanner.cli.planning import plan
from scanner.codes import CODES, Exit, StocktakeError, worst
from scanner.config import Estate
from scanner.connector import Plug, Session, plugs
from scanner.crawl import SourceProgress
from scanner.crawl.apart import Around, opened
from scanner.crawl.guard import shut
from scanner.crawl.pace import Pace
from scanner.crawl.shared import AUTH_CODES
from scanner.crawl.source import check_breaker
from scanner.model import SourceError, Stopped
from scanner.paths import canonical
from scanner.registry import Bound, bind_all, read_estate

config_app = typer.Typer(help="Check and show the estate file.", no_args_is_help=True)
connectors_app = typer.Typer(help="The installed connectors.", no_args_is_help=True)
trust_app = typer.Typer(help="Host keys a person has confirmed.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.add_typer(config_app, name="config")
    app.add_typer(connectors_app, name="connectors")
    app.add_typer(trust_app, name="trust")
    app.command("test")(probe)
    app.command()(plan)


_TEMPLATE = """\
# The estate: where Stocktake looks. Check it with: stocktake config validate
version = 1
title = "Data estate"
catalog = "stocktake-catalog"        # everything found is kept here, beside this file

[limits]                             # for every source; a source may set its own
connections = 4
timeout_s = 30
# requests_per_s = 20
# hours = "19:00-06:00"              # local time

[[sources]]
name = "files"
type = "file"
root = {root}
# owner = "Finance IT"
# exclude = ["*/node_modules/"]
# depth = "L2"                       # look into files for tables and references; content is never read at "L1"

# Secrets are given by reference only: env:NAME, file:PATH or keyring:SERVICE/USER.
# [[sources]]
# name = "finance-share"
# type = "smb"
# root = '\\\\fs01.corp.example\\finance'   # single quotes: no escaping
# user = 'CORP\\svc-scan'
# password = "env:FINANCE_PW"

# [[sources]]
# name = "buckets"
# type = "s3"
# root = "s3://"                     # every bucket of the account; or s3://bucket/prefix
# profile = "inventory"

# [[sources]]
# name = "drop"
# type = "sftp"
# host = "sftp.corp.example"
# user = "scan"
# path = "/data"
# key_file = "~/.ssh/scan_ed25519"

# [[sources]]
# name = "orders-db"
# type = "odbc"
# connection = "DRIVER={{PostgreSQL Unicode}};SERVER=db01;PORT=5432;DATABASE=orders"
# user = "scan"
# password = "env:ORDERS_PW"
# depth = "L3"                       # also keyed hashes of values in columns that may be keys; no value is kept

# [[stores]]                         # the register: what is known although it is not scanned
# name = "archive"
# locator = "s3://archive"
# owner = "Records office"

# register = "stores.csv"            # further known stores, at the top of the file: name, locator, owner
# targets = ["aws-s3", "azure-files"]   # at the top of the file; every target that fits when absent
"""


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to begin with.")] = Path(),
    output_file: Annotated[Path, typer.Option("-o", "--output", help="File to write; never overwritten.")] = Path(
        ESTATE_FILE
    ),
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Write a commented estate file, without secrets."""
    output = Output(as_json=json)
    text = _TEMPLATE.format(root=_toml(canonical(os.fsencode(folder.expanduser().absolute()))))
    if catalog:
        text = text.replace('catalog = "stocktake-catalog"', f"catalog = {_toml(catalog)}")
    try:
        fd = os.open(output_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise StocktakeError("OUTPUT_UNWRITABLE", str(output_file), str(error.strerror)) from None
    with os.fdopen(fd, "w", encoding="utf-8") as handle:
        handle.write(text)
    output.line(f"Wrote {output_file}. Next: stocktake test, then stocktake scan")
    output.record("file", {"path": str(output_file)})
    output.exit(Exit.COMPLETE)


def _toml(text: str) -> str:
    """A TOML string: plain where that is exact, else with escapes."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08X}" for c in text) + '"'


@config_app.command("validate")
def config_validate(config: ConfigOption = None, catalog: CatalogOption = None, json: JsonOption = False) -> None:
    """Read the estate file and check every key; nothing is touched."""
    output = Output(as_json=json)
    shared = common(output, config, catalog, estate_needed=True)
    bound = bind_all(shared.estate, shared.lines)
    check_targets(shared)
    output.line(
        f"{shared.file}: {len(bound)} sources, {len(shared.estate.stores)} known stores; nothing to complain of."
    )
    output.record("config", {"file": str(shared.file), "sources": len(bound), "stores": len(shared.estate.stores)})
    output.exit(Exit.COMPLETE)


@config_app.command("show")
def config_show(config: ConfigOption = None, catalog: CatalogOption = None, json: JsonOption = False) -> None:
    """Show the effective configuration; secrets stay references."""
    output = Output(as_json=json)
    shared = common(output, config, catalog, estate_needed=True)
    for bound in bind_all(shared.estate, shared.lines):
        limits = {k: v for k, v in bound.limits.model_dump().items() if v is not None}
        output.record(
            "source", {"name": bound.name, "locator": bound.locator, "limits": limits, "options": bound.plain_options()}
        )
        output.line(f"{bound.name} ({bound.plug.type}): {bound.locator}", style="bold")
        for key, value in (bound.plain_options() | limits).items():
            if value is not None:
                output.line(f"  {key} = {value}")
    output.line(f"catalog = {shared.catalog}")
    output.exit(Exit.COMPLETE)


@config_app.command("schema")
def config_schema(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Print the JSON Schema of the estate file, connector settings included."""
    del catalog  # the schema needs none
    output = Output(as_json=json)
    schema: dict[str, Any] = Estate.model_json_schema()
    schema["x-connectors"] = {n: p.options.model_json_schema() for n, p in plugs().items() if isinstance(p, Plug)}
    output.record(None, schema)
    if not json:
        output.stdout.bytes((jsonlib.dumps(schema, indent=2, sort_keys=True) + "\n").encode())
    output.exit(Exit.COMPLETE)


@connectors_app.command("list")
def connectors_list(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Every installed connector; a broken one with the reason."""
    del catalog
    output = Output(as_json=json)
    rows = []
    for name, plug in plugs().items():
        if isinstance(plug, Plug):
            rows.append((name, plug.title, ", ".join(s + ":" for s in plug.schemes if s), plug.extra or "-"))
            output.record(
                "connector", {"name": name, "title": plug.title, "schemes": plug.schemes, "extra": plug.extra}
            )
        else:
            rows.append((name, "broken", plug, ""))
            output.record("connector", {"name": name, "broken": plug})
    output.table(("Type", "What", "Schemes", "Extra"), rows)
    output.exit(Exit.COMPLETE)


@connectors_app.command("describe")
def connectors_describe(name: str, json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """What a connector finds, its settings, and what its protocol cannot show."""
    del catalog
    output = Output(as_json=json)
    plug = plugs().get(name)
    if not isinstance(plug, Plug):
        raise StocktakeError("CONNECTOR_UNKNOWN", name, plug or "")
    settings = {k: (f.description or "", f.is_required()) for k, f in plug.options.model_fields.items()}
    output.record(
        "connector",
        {
            "name": name,
            "facts": plug.facts,
            "limits": plug.limits,
            "settings": {k: d for k, (d, _) in settings.items()},
        },
    )
    output.line(f"{name}: {plug.title}", style="bold")
    output.line(f"Facts: {', '.join(plug.facts)}")
    output.line("Settings:")
    for key, (text, required) in settings.items():
        output.line(f"  {key}{' (required)' if required else ''}: {text}")
    output.line("What it cannot show:")
    for limit in plug.limits:
        output.line(f"  - {limit}")
    output.exit(Exit.COMPLETE)


@trust_app.command("add")
def trust_add(
    source: str,
    fingerprint: Annotated[str, typer.Option(help="SHA256:…, compared with the host's owner first.")],
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    json: JsonOption = False,
) -> None:
    """Trust a host's key from now on, in place of any earlier one."""
    output = Output(as_json=json)
    shared = common(output, config, catalog)
    if not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}=?", fingerprint):
        raise StocktakeError(
            "USAGE", "--fingerprint", "it is written SHA256: and 43 letters, as ssh-keygen -l prints it"
        )
    with shared.open_catalog(create=True) as store:
        bound = shared.known_sources([source], store)[0]
        account = bound.plug.account(bound.options)  # as the connector itself will ask for it
        host, _, port = account.host.rpartition(":") if account else ("", "", "")
        if account is None or "host_key" not in bound.plug.options.model_fields or not port.isdigit():
            raise StocktakeError("USAGE", source, f"a source of type {bound.plug.type} has no host key")
        store.trust(host.removeprefix("[").removesuffix("]"), int(port), fingerprint.rstrip("="))
    output.line(f"Trusted {fingerprint} for {account.host}.")
    output.record("trust", {"host": account.host, "fingerprint": fingerprint})
    output.exit(Exit.COMPLETE)


def probe(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]…")] = None,
    credential_changed: Annotated[
        bool,
        typer.Option("--credential-changed", help="Forget an earlier refusal of this account: it has been corrected."),
    ] = False,
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    json: JsonOption = False,
    no_color: ColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Log in once to each source and look at its top; nothing is kept but a refusal."""
    output = Output(as_json=json, color=not no_color, debug=debug)
    shared = common(output, config, catalog)
    exits = set()
    with shared.open_catalog(create=True) as store:
        for bound in shared.known_sources(list(sources or ()), store):
            exits.add(_probe_one(output, store, bound, credential_changed))
    code = worst(exits)
    output.exit(code)
    leave(code)


def _probe_one(output: Output, store: Catalog, bound: Bound, changed: bool) -> Exit:
    account = bound.account
    if account and changed:
        store.set_refused(account.host, account.name, None)
    stop = threading.Event()
    pace = Pace(SourceProgress(bound.name), stop, bound.limits.requests_per_s, None)
    session = Session(bound.name, pace, bound.limits.timeout_s, store.trusted)
    connector = opened(bound, session, Around(pace, stop, lambda _unit: True))
    try:
        check_breaker(store, account)
        roots = list(connector.roots())
        event = next(iter(connector.crawl(roots[0])), None) if roots else None
    except SourceError as error:
        if account and error.code in AUTH_CODES:
            store.set_refused(account.host, account.name, error.code)
        code = CODES.get(error.code, CODES["OTHER"])
        problem(output, code, error.where, error.detail, source=bound.name)
        return code.exit
    except Stopped:
        return Exit.BUDGET
    except Exception as error:  # noqa: BLE001 - a connector's own bug must not keep the other sources from being tried
        problem(output, CODES["CONNECTOR_BUG"], bound.name, f"{type(error).__name__}: {error}", source=bound.name)
        return Exit.INTERNAL
    finally:
        shut(connector)
    state = "reached; its top is empty" if event is None else "reached"
    output.line(f"{bound.name}: {state} ({bound.locator})", style="green")
    output.record("probe", {"source": bound.name, "locator": bound.locator, "state": "reached"})
    return Exit.COMPLETE


__all__ = ["read_estate", "register"]
