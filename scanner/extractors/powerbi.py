"""Power BI: reports and templates, tabular models (JSON and TMDL), data source files, projects, and bare queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scanner.extractor import Extractor, Mention, NotMine, Quote, Trouble, Unread
from scanner.extractors.decode import binary, decode
from scanner.extractors.literals import kind_of, locator, parameter
from scanner.extractors.mashup import constant, formulas, parcel
from scanner.extractors.packed import Packed
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
_DEEPEST = 40
"""Levels of nested values that are looked through."""


def parsed(content: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        NotMine: it does not begin like one.
        Unread: CONTENT_DAMAGED, CONTENT_LIMIT.
    """
    text = decode(content).strip()
    if not text.startswith(("{", "[")):
        raise NotMine
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise Unread("CONTENT_LIMIT", "its values are nested too deep") from None
    except ValueError as error:
        raise Unread("CONTENT_DAMAGED", f"it is no JSON from some point on: {str(error)[:100]}") from None


def quote_model(_path: str, content: bytes) -> Iterator[Quote]:
    """A tabular model, a data source file, or one of the JSON files of a project."""
    yield from (m for m in _document(parsed(content)) if m is not None)


def quote_formulas(_path: str, content: bytes) -> Iterator[Quote]:
    """Bare formulas, or a model written as TMDL, in which formulas stand between indented properties."""
    if binary(content):
        raise NotMine
    yield from (m for m in formulas(decode(content)) if m is not None)


def quote_report(_path: str, content: bytes) -> Iterator[Quote]:
    """A report or template: the queries, the model and the live connection it was saved with."""
    packed = Packed(content)
    names = list(packed.names())
    if not {"DataMashup", "DataModelSchema", "Connections", "Report/Layout", "DataModel"} & set(names):
        raise NotMine
    for name in names:
        reader = _MEMBERS.get(name)
        if reader is None:
            continue
        try:
            for found in reader(packed.read(name)):
                if found is not None:
                    yield replace(found, part=name)
        except NotMine:
            yield Trouble("CONTENT_DAMAGED", f"{name}: it is not of its format")
        except Unread as unread:
            yield Trouble(unread.code, f"{name}: {unread.detail}")


def _document(value: Any) -> Found:
    """What a JSON document of this family holds, by the keys it has."""
    if not isinstance(value, dict):
        return
    for key in ("create", "createOrReplace", "alter", "database", "model"):  # a script around a model, or a model
        inner = value.get(key)
        value = inner if isinstance(inner, dict) else value
    yield from _model(value)
    for held in _records(value.get("connections")) + _records(value.get("Connections")):
        if isinstance(details := held.get("details"), dict):
            yield from _details(details, "pbi/connections", None)
        yield _string(
            held.get("ConnectionString") or held.get("connectionString"), "pbi/Connections", _text(held.get("Name"))
        )
    reference = value.get("datasetReference")
    if isinstance(reference, dict):
        by_path, by_name = reference.get("byPath"), reference.get("byConnection")
        if isinstance(by_path, dict) and (text := _text(by_path.get("path"))):
            yield quoted(text, origin="pbi/datasetReference", kind="path", action="reads")
        if isinstance(by_name, dict):
            yield _string(by_name.get("connectionString"), "pbi/datasetReference", None)


def _model(model: dict[str, Any]) -> Found:
    """A tabular model: its sources, the partitions of its tables, and the expressions they share."""
    shared = [(_text(e.get("name")), _lines(e.get("expression"))) for e in _records(model.get("expressions"))]
    values = {n: v for n, t in shared if n and t and (v := constant(t)) is not None}
    for source in _records(model.get("dataSources")):
        name = _text(source.get("name"))
        yield _string(source.get("connectionString"), "pbi/dataSources", name)
        if isinstance(details := source.get("connectionDetails"), dict):
            yield from _details(details, "pbi/dataSources", name)
    for name, value in values.items():
        yield parameter(name, value, origin="m/parameter")
    for name, text in shared:
        if text and name not in values:
            yield from formulas(text, name=name, given=values, first=None)
    for table in _records(model.get("tables")):
        for partition in _records(table.get("partitions")):
            origin = partition.get("source")
            if isinstance(origin, dict):
                yield from _partition(origin, _text(table.get("name")), values)


def _partition(source: dict[str, Any], table: str | None, values: dict[str, str]) -> Found:
    """Where the rows of a table come from: a statement through a data source, or a query of its own."""
    if query := _lines(source.get("query")):
        via = _text(source.get("dataSource"))
        yield quoted(query, origin="pbi/query", kind="sql", status="active", via=via, action="reads")
    elif (text := _lines(source.get("expression"))) and source.get("type", "m") == "m":
        yield from formulas(text, name=table, given=values, first=None)


def _details(details: dict[str, Any], origin: str, alias: str | None) -> Found:
    """A data source as a protocol and an address of named parts."""
    address = details.get("address")
    if not isinstance(address, dict):
        return
    protocol = _text(details.get("protocol")) or ""
    if server := _text(address.get("server")):
        text = f"Server={server.replace(';', ' ')}"
        if database := _text(address.get("database")):
            text += f";Database={database.replace(';', ' ')}"
        if protocol and protocol != "tds":
            text = f"Driver={protocol.replace(';', ' ')};{text}"
        yield quoted(text, origin=origin, kind="connection_string", alias=alias, action="reads")
    elif place := _text(address.get("path") or address.get("url") or address.get("account")):
        kind = kind_of(place) or ("url" if "://" in place else "path")
        yield quoted(place, origin=origin, kind=kind, alias=alias, action="reads")
    else:
        yield _string(address.get("connectionString") or address.get("options"), origin, alias)


def _string(value: Any, origin: str, alias: str | None) -> Mention | None:
    text = _text(value)
    if not text:
        return None
    return quoted(text, origin=origin, kind="connection_string", alias=alias, action="connects")


def _layout(content: bytes) -> Found:
    """The pages of a report: links and images that lead elsewhere; settings stand in it as JSON within JSON."""
    stack: list[tuple[Any, int]] = [(parsed(content), 0)]
    while stack:
        value, depth = stack.pop()
        if depth > _DEEPEST:
            continue
        if isinstance(value, dict):
            stack.extend((v, depth + 1) for v in value.values())
        elif isinstance(value, list):
            stack.extend((v, depth + 1) for v in value)
        elif isinstance(value, str) and value.startswith(("{", "[")):
            try:
                stack.append((json.loads(value), depth + 10))
            except (ValueError, RecursionError):
                continue
        elif isinstance(value, str):
            # Colours and the like are quoted once more, in the manner of Power BI's own expressions.
            yield locator(value.strip("'"), origin="pbi/Layout")


def _records(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _lines(value: Any) -> str | None:
    """A text that may be kept as a list of its lines."""
    if isinstance(value, list):
        value = "\n".join(v for v in value if isinstance(v, str))
    return _text(value)


_MEMBERS = {
    "DataMashup": parcel,
    "DataModelSchema": lambda content: _document(parsed(content)),
    "Connections": lambda content: _document(parsed(content)),
    "Report/Layout": _layout,
}

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "powerbi", "Power BI reports and templates", quote_report,
        endings=frozenset({"pbix", "pbit"}), most=256 << 20, whole=True,
    ),
    Extractor(
        "powerbi-model", "Tabular models, Power BI data source files and projects", quote_model,
        endings=frozenset({"bim", "pbids", "pbip", "pbir", "xmla"}), names=frozenset({"datamodelschema"}),
        most=64 << 20,
    ),
    Extractor(
        "powerquery", "Power Query formulas and TMDL", quote_formulas, endings=frozenset({"tmdl", "pq", "pqm"}),
        patterns=("*section1.m",), most=16 << 20,
    ),
)  # fmt: skip
