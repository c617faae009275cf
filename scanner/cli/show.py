"""The commands that read the catalog: report and query. They never touch a source."""

from __future__ import annotations

import enum
import json as jsonlib
import os
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.catalog import Catalog, Reader
from scanner.cli.common import (
    CatalogOption,
    ColorOption,
    ConfigOption,
    DebugOption,
    JsonOption,
    QuietOption,
    RunOption,
    common,
    leave,
)  # fmt: skip
from scanner.cli.diff import since_before
from scanner.cli.output import Output, clean
from scanner.codes import Exit, StocktakeError
from scanner.config import Policy
from scanner.connector import Plug, plugs
from scanner.results import Changes, GraphResult

if TYPE_CHECKING:
    from scanner.report import Context


class Format(enum.StrEnum):
    """What a report is written as."""

    HTML = "html"
    JSON = "json"
    GRAPHML = "graphml"
    OPENLINEAGE = "openlineage"


_GRAPHS = frozenset({Format.GRAPHML, Format.OPENLINEAGE})
"""Formats that hold the graph alone."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(report)
    app.command()(query)


def report(
    form: Annotated[Format, typer.Option("--format", help="html, json, graphml or openlineage.")] = Format.HTML,
    output_file: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; stdout when absent.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", help="Judge against this target only; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    run: RunOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    no_color: ColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Render the readiness report from the catalog; no source is touched."""
    output = Output(as_json=json and output_file is not None, quiet=quiet, color=not no_color, debug=debug)
    shared = common(output, config, catalog)
    with shared.open_catalog() as store:
        anchor = store.audit_anchor()
        changes = None if form in _GRAPHS else _changes(output, store, run)
    with shared.open_reader(run) as reader:
        wanted = _targets(reader, list(target or ()))
        heading = title or reader.rows("SELECT title FROM scan ORDER BY id DESC LIMIT 1")[0][0]
        text, context = _render(reader, form, wanted, heading, anchor, changes)
    code = _policy(context, shared.estate.policy) if context else Exit.COMPLETE
    if output_file is None:
        output.stdout.bytes(text.encode())
        leave(code)
        return
    write_text(output_file, text)
    output.line(str(output_file.absolute()))
    output.record("report", {"path": str(output_file.absolute()), "format": form.value, "bytes": len(text.encode())})
    output.exit(code)
    leave(code)


def _changes(output: Output, store: Catalog, run: int | None) -> Changes | None:
    """What changed since the run before; that its parts are broken takes nothing from a report of this one."""
    try:
        return since_before(store, run)
    except StocktakeError as error:
        if error.code.code != "CATALOG_DAMAGED":
            raise
        output.say(f"What changed since the run before is not told: {error}")
        return None


def _render(
    reader: Reader, form: Format, wanted: list[str] | None, title: str, anchor: str, changes: Changes | None
) -> tuple[str, Context | None]:
    from scanner.graph import build
    from scanner.judge import access, judge
    from scanner.report import build_context, render_html, to_json

    graph = build(reader)
    if form in _GRAPHS:
        return _exported(reader, form, graph), None
    methods = {n: p.limits for n, p in plugs().items() if isinstance(p, Plug)}
    limits = reader.rows("SELECT name, limits FROM source ORDER BY name")
    context = build_context(
        reader, judge(reader, wanted), graph, generated_at=_as_of(reader), version=metadata.version("stocktake"),
        title=title, methods=methods, audit_anchor=anchor, access=access(reader), changes=changes,
        exclusions={name: jsonlib.loads(text).get("exclude", []) for name, text in limits},
    )  # fmt: skip
    return (to_json(context) if form is Format.JSON else render_html(context)), context


def _exported(reader: Reader, form: Format, graph: GraphResult) -> str:
    """The graph for other programs."""
    from scanner.graph import to_graphml, to_openlineage

    if form is Format.GRAPHML:
        return to_graphml(graph)
    paths = {(a.source, a.path): a.id for a in graph.assets if a.level == "object"}
    fields: dict[str, list[tuple[str, str]]] = {}
    for source, path, name, kind in reader.rows(
        "SELECT source, path, name, type FROM columns ORDER BY source, path, position, name"
    ):
        if (key := paths.get((source, path))) is not None:
            fields.setdefault(key, []).append((name, kind or ""))
    locators = {name: locator or "" for name, locator in reader.rows("SELECT name, locator FROM source")}
    return to_openlineage(graph, when=_as_of(reader), locators=locators, fields=fields)


def _targets(reader: Reader, asked: list[str]) -> list[str] | None:
    """The targets to judge against: those asked for, else the estate file's at the time of the scan, else all."""
    from scanner.judge import targets

    wanted = asked or [
        t for (text,) in reader.rows("SELECT targets FROM scan ORDER BY id") for t in jsonlib.loads(text)
    ]
    known = {t.id for t in targets()}
    for name in wanted:
        if name not in known:
            raise StocktakeError("TARGET_UNKNOWN", name, f"known are: {', '.join(sorted(known))}")
    return list(dict.fromkeys(wanted)) or None


def _as_of(reader: Reader) -> int:
    """The report's date in microseconds UTC: SOURCE_DATE_EPOCH where set, else when the newest scan ended.

    Not the present time: the same catalog gives the same bytes.
    """
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(epoch) * 1_000_000
    return int(reader.rows("SELECT max(coalesce(ended, started)) FROM scan")[0][0])


def _policy(context: Context, policy: Policy) -> Exit:
    """Exit 4 where the estate file's thresholds are exceeded; a store counts with its best target."""
    not_ready = [store for store, best in context.readiness["best"].items() if best["state"] == "not_ready"]
    if policy.max_not_ready is not None and len(not_ready) > policy.max_not_ready:
        return Exit.POLICY
    percent = context.coverage["percent"]
    if policy.min_coverage is not None and (percent is None or percent < 100 * policy.min_coverage):
        return Exit.POLICY
    return Exit.COMPLETE


def write_text(file: Path, text: str) -> None:
    """Write beside, then rename: an older report is kept until the new one is whole. Raises StocktakeError."""
    temporary = ""
    try:
        if file.exists() and not file.is_file():  # a device or a pipe is written to, never replaced
            with file.open("w", encoding="utf-8") as handle:
                handle.write(text)
            return
        fd, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.absolute().parent)
        with os.fdopen(fd, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        Path(temporary).replace(file)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        code = "DISK_FULL" if error.errno in {28, 122} else "OUTPUT_UNWRITABLE"
        raise StocktakeError(code, str(file), str(error.strerror)) from None


def query(
    sql: Annotated[str | None, typer.Argument(help="One SELECT over the catalog's tables.")] = None,
    tables: Annotated[bool, typer.Option("--tables", help="List the tables and their columns.")] = False,
    graph: Annotated[
        bool, typer.Option("--graph", help="Work out the graph first: asset, edge, reference, managed, broken, …")
    ] = False,
    run: RunOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the catalog in SQL (DuckDB); with --json one JSON object a row."""
    output = Output(as_json=json)
    if sql is None and not tables:
        raise StocktakeError("USAGE", "query", "give a SELECT, or --tables")
    with common(output, config, catalog).open_reader(run) as reader:
        if graph:
            _add_graph(reader)
        if tables or sql is None:
            for name, columns in reader.describe():
                output.record(None, {"table": name, "columns": columns.split(", ")})
                output.line(f"{name}: {columns}")
            return
        _answer(output, reader, sql)


def _add_graph(reader: Reader) -> None:
    """Put the graph beside the catalog's tables."""
    from scanner.graph import Impact, build, everywhere
    from scanner.graph import tables as tables_of

    result = build(reader)
    impacts = Impact(result, more=everywhere(reader, result))
    broken = (broken for asset, _ in impacts.order() for broken in impacts.of(asset))
    for name, table in tables_of(result, broken).items():
        reader.add(name, table)


def _answer(output: Output, reader: Reader, sql: str) -> None:
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise StocktakeError("QUERY_INVALID", sql[:80], "only one SELECT can be asked")
        cursor = reader.execute(sql)
        names = _apart([d[0] for d in cursor.description or ()])
        rows = []
        while not output.stdout.gone and (chunk := cursor.fetchmany(10_000)):
            if output.as_json:
                for row in chunk:
                    output.record(None, dict(zip(names, row, strict=True)))
            else:
                rows += chunk
    except duckdb.Error as error:
        raise StocktakeError("QUERY_INVALID", sql[:80], str(error)) from None
    output.table(names, [["" if v is None else clean(v) for v in row] for row in rows])


def _apart(names: list[str]) -> list[str]:
    """The columns' names, those that come twice told apart: a JSON object keeps one value a name."""
    told: list[str] = []
    for name in names:
        number, unique = 1, name
        while unique in told:
            number, unique = number + 1, f"{name}_{number}"
        told.append(unique)
    return told
