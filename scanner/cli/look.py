"""The commands that look at what was done: status, runs, errors, doctor and explain."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sqlite3
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Annotated, Any

import typer

from scanner.cli.common import CatalogOption, ConfigOption, JsonOption, QuietOption, RunOption, common, leave
from scanner.cli.output import Output, count, size
from scanner.codes import CODES, EXIT_MEANING, Exit, StocktakeError
from scanner.connector import Plug, plugs


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, runs, errors, explain, doctor):
        app.command()(command)


def _when(micros: int | None) -> str:
    return "" if micros is None else datetime.fromtimestamp(micros / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def runs(catalog: CatalogOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Every scan of the catalog, newest first."""
    output = Output(as_json=json)
    with common(output, config, catalog).open_catalog() as store:
        rows = store.runs()
    for row in rows:
        output.record("run", row)
    output.table(
        ("Run", "State", "Started (UTC)", "Ended (UTC)", "Exit", "Title"),
        [(r["id"], r["state"], _when(r["started"]), _when(r["ended"]), r["exit_code"], r["title"]) for r in rows],
        right=(0, 4),
    )
    output.exit(Exit.COMPLETE)


def status(
    run: RunOption = None, catalog: CatalogOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """How far each source is: done, left, failed."""
    output = Output(as_json=json)
    shared = common(output, config, catalog)
    with shared.open_catalog() as store:
        states = {r["id"]: r["state"] for r in store.runs()}
    with shared.open_reader(run) as reader:
        rows = reader.dicts(
            """SELECT scan AS run, name, type AS connector, state, units_done, units_pending, units_failed, entries,
                bytes, listed, skipped, failed, faults, error_code FROM source ORDER BY name"""
        )
    for row in rows:
        if states.get(row["run"]) == "interrupted" and row["state"] == "running":
            row["state"] = "interrupted"
        output.record("source", row)
    output.table(
        ("Source", "Run", "State", "Units done", "left", "failed", "Entries", "Bytes", "Faults", "Error"),
        [
            (r["name"], r["run"], r["state"], count(r["units_done"]), count(r["units_pending"]),
             count(r["units_failed"]), count(r["entries"]), size(r["bytes"]), count(r["faults"]), r["error_code"])
            for r in rows
        ],
        right=(1, 3, 4, 5, 6, 7, 8),
    )  # fmt: skip
    output.exit(Exit.COMPLETE)


def errors(
    code: Annotated[str | None, typer.Option(help="This code alone.")] = None,
    source: Annotated[str | None, typer.Option(help="This source alone.")] = None,
    run: RunOption = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows shown; 0 for all.")] = 100,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What sources would not show, with path and reason."""
    output = Output(as_json=json, quiet=quiet)
    if code is not None and code not in CODES:
        raise StocktakeError("USAGE", "--code", f"{code} is no code; stocktake explain codes lists them")
    where, params = ["true"], []
    for column, value in (("reason", code), ("source", source)):
        if value is not None:
            where.append(f"{column} = ?")
            params.append(value)
    condition = " AND ".join(where)
    with common(output, config, catalog).open_reader(run) as reader:
        total = reader.rows(f"SELECT count(*) FROM fault WHERE {condition}", params)[0][0]
        rows = reader.dicts(
            f"SELECT source, reason, op, path, detail FROM fault WHERE {condition}"
            " ORDER BY source, reason, path, detail" + (f" LIMIT {limit}" if limit else ""),
            params,
        )
    for row in rows:
        output.record("fault", row)
    output.table(
        ("Source", "Code", "While", "Path", "Detail"),
        [(r["source"], r["reason"], r["op"], r["path"] or "(top)", r["detail"]) for r in rows],
    )
    if total > len(rows):
        output.say(f"{len(rows):,} of {total:,} shown; --limit 0 shows all")
    output.exit(Exit.COMPLETE)


def explain(
    what: Annotated[str, typer.Argument(help="An error code, a rule, a target; or: codes, exits, rules, targets.")],
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Explain an error code, a rule, a target or the exit codes."""
    del catalog
    output = Output(as_json=json)
    _explain(output, what)
    output.exit(Exit.COMPLETE)


def _explain(output: Output, what: str) -> None:
    from scanner.judge import rules, targets

    every_rule = {r.id: r for r in rules()}
    every_target = {t.id: t for t in targets()}
    if what == "codes":
        for code in CODES.values():
            output.record("code", {"code": code.code, "what": code.what})
        output.table(
            ("Code", "What happened", "Exit"), [(c.code, c.what, int(c.exit)) for c in CODES.values()], right=(2,)
        )
    elif what == "exits":
        for exit_code, meaning in EXIT_MEANING.items():
            output.record("exit_code", {"code": int(exit_code), "meaning": meaning})
        output.table(("Exit", "Meaning"), [(int(e), m) for e, m in EXIT_MEANING.items()], right=(0,))
    elif what == "rules":
        output.table(("Rule", "Severity", "Over"), [(r.id, r.severity, r.over) for r in every_rule.values()])
        for rule in every_rule.values():
            output.record("rule", {"id": rule.id, "severity": rule.severity, "over": rule.over})
    elif what == "targets":
        output.table(("Target", "What", "As of"), [(t.id, t.title, t.as_of) for t in every_target.values()])
        for target in every_target.values():
            output.record("target", {"id": target.id, "title": target.title, "as_of": str(target.as_of)})
    elif what.upper() in CODES:
        code = CODES[what.upper()]
        _facts(output, "code", {
            "Code": code.code, "What happened": code.what, "Where": code.where, "Effect": code.effect,
            "What to do": code.do, "Exit code": int(code.exit),
        })  # fmt: skip
    elif what in every_rule:
        _facts(output, "rule", every_rule[what].model_dump(mode="json", exclude={"cases"}))
    elif what in every_target:
        _facts(output, "target", every_target[what].model_dump(mode="json"))
    else:
        raise StocktakeError("USAGE", what, "no code, rule or target has that name; try: codes, exits, rules, targets")


def _facts(output: Output, kind: str, values: dict[str, Any]) -> None:
    output.record(kind, values)
    for key, value in values.items():
        if isinstance(value, dict):
            output.line(f"{key}:", style="bold")
            for name, inner in value.items():
                output.line(f"  {name}: {inner}")
        else:
            output.line(f"{key}: {value}")


def doctor(catalog: CatalogOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Look at this machine: versions, drivers, locale, limits and the catalog."""
    output = Output(as_json=json)
    encoding = sys.getfilesystemencoding()
    rows: list[tuple[str, str, str]] = [
        ("stocktake", "ok", metadata.version("stocktake")),
        ("python", "ok", platform.python_version()),
        ("sqlite", "ok", sqlite3.sqlite_version),
        ("locale", "ok" if encoding == "utf-8" else "look", f"{_locale()}, {encoding}"),
        ("open files", "ok" if _open_files() >= 1024 else "look", str(_open_files())),
    ]  # fmt: skip
    rows += [_driver(name, plug) for name, plug in plugs().items()]
    rows.append(_odbc())
    rows += _catalog_rows(output, config, catalog)
    for what, state, detail in rows:
        output.record("check", {"what": what, "state": state, "detail": detail})
    output.table(("What", "State", "Detail"), rows)
    bad = any(state == "bad" for _, state, _ in rows)
    output.exit(Exit.GAPS if bad else Exit.COMPLETE)
    leave(Exit.GAPS if bad else Exit.COMPLETE)


def _locale() -> str:
    try:
        return locale.getlocale()[0] or "C"
    except ValueError as error:  # a name Python has never heard of
        return str(error)


def _open_files() -> int:
    import resource  # POSIX only

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


_DRIVERS = {"s3": "boto3", "sftp": "paramiko", "smb": "smbprotocol", "odbc": "pyodbc"}


def _driver(name: str, plug: Plug | str) -> tuple[str, str, str]:
    if not isinstance(plug, Plug):
        return f"connector {name}", "bad", plug
    package = _DRIVERS.get(name)
    if package is None:
        return f"connector {name}", "ok", "needs no driver"
    try:
        return f"connector {name}", "ok", f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"connector {name}", "look", f"{package} is not installed: pip install 'stocktake[{plug.extra}]'"


def _odbc() -> tuple[str, str, str]:
    try:
        import pyodbc  # optional extra
    except ImportError as error:
        return "ODBC drivers", "look", str(error)
    found = ", ".join(pyodbc.drivers())
    return "ODBC drivers", "ok" if found else "look", found or "none; install unixODBC and a driver"


def _catalog_rows(output: Output, config: Any, catalog: str | None) -> list[tuple[str, str, str]]:
    try:
        shared = common(output, config, catalog)
    except StocktakeError as error:
        return [("estate file", "bad", f"{error.where} {error.detail}")]
    place = shared.location
    rows = [("estate file", "ok", str(shared.file or "none"))]
    if not place.exists():
        return [*rows, ("catalog", "ok", f"none yet at {place.root}")]
    free = shutil.disk_usage(place.root).free
    try:
        with shared.open_catalog() as store:
            lines, broken = store.verify_audit()
    except StocktakeError as error:
        return [*rows, ("catalog", "bad", f"{error.code.code} {error.detail}")]
    writable = os.access(place.root, os.W_OK)
    audit = f"audit log of {lines} lines {'intact' if broken is None else f'broken at line {broken}'}"
    return [
        *rows,
        ("catalog", "ok" if writable and broken is None else "bad", f"{place.root}, {size(free)} free, {audit}"),
    ]
