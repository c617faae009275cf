"""SQL Server Reporting Services: reports of every schema since 2003, shared data sources, datasets, models.

Analysis Services keeps its data sources and views in the same elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Extractor, Mention, NotMine, Quote, Trouble
from scanner.extractors.literals import kind_of, literals, locator, named
from scanner.extractors.markup import Node, fragment, tree
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
ROOTS = frozenset({
    "Report", "RptDataSource", "DataSourceDefinition", "DataSource", "SharedDataSet", "SemanticModel", "DataSourceView",
    "Cube", "Database", "Batch", "Create", "Alter",
})  # fmt: skip
_PIECE = re.compile(r"""\s*(?:"(?P<text>(?:[^"]|"")*)"|(?P<joint>[&+])|(?P<other>[^"&+]+))""")


def quote(path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of one report, data source, dataset or model."""
    document = tree(content)
    if document.root.name not in ROOTS:
        raise NotMine
    name = path.rpartition("/")[2]
    yield from _given(_whole(document.root, name.rpartition(".")[0]))
    for line, text in document.comments:
        if (inside := fragment(text)) is not None:
            for found in _given(_whole(inside, None)):
                yield replace(found, status="commented", line=line + (found.line or 1) - 1)
    if document.trouble:
        yield Trouble(document.trouble.code, f"{name}: {document.trouble.detail}")


def _given(found: Found) -> Iterator[Mention]:
    return (m for m in found if m is not None)


def _whole(root: Node, name: str | None) -> Found:
    """Everything beneath an element; ``name`` is what a shared data source goes by where it does not say so itself."""
    providers = {s.get("Name"): _provider(s) for s in root.all("DataSource") if s.get("Name")}
    yield from _source(root, name) if root.name in {"RptDataSource", "DataSourceDefinition", "DataSource"} else ()
    for node in root.all():
        if node.name == "DataSource":
            yield from _source(node, None)
        elif node.name == "Query":
            yield from _query(node, providers)
        elif (reader := _READERS.get(node.name)) is not None:
            yield from reader(node)


def _provider(source: Node) -> str | None:
    held = source.first("DataProvider", "Extension", "Provider", "ManagedProvider")
    return held.text or None if held is not None else None


def _source(node: Node, name: str | None) -> Found:
    """A data source: where it leads, or the shared one that it stands for."""
    held = node.child("ID", "Name")
    alias = node.get("Name") or (held.text if held is not None else None) or name
    string = node.first("ConnectString", "ConnectionString")
    if string is not None and string.text:
        text, status = evaluated(string.text)
        kind = kind_of(text) or ("connection_string" if "=" in text else None)
        found = quoted(
            text,
            origin="ssrs/ConnectString",
            line=string.line,
            kind=kind,
            status=status,
            alias=alias,
            action="connects",
        )
        yield _driven(found, _provider(node))
    shared = node.child("DataSourceReference")
    if shared is not None and shared.text:
        yield named(
            shared.text, origin="ssrs/DataSourceReference", line=shared.line, kind="reference", alias=alias,
            action="connects",
        )  # fmt: skip


def _driven(found: Mention | None, driver: str | None) -> Mention | None:
    """A mention with the driver that its data source names beside it, where it has none of its own."""
    return replace(found, driver=driver) if found is not None and driver and not found.driver else found


def _query(node: Node, providers: dict[str | None, str | None]) -> Found:
    """A dataset's statement or procedure, through its data source."""
    command, source = node.child("CommandText"), node.child("DataSourceName", "DataSourceReference")
    if command is None or not command.text:
        return
    via = source.text if source is not None else None
    if source is not None and source.name == "DataSourceReference":  # a dataset of its own
        yield named(
            source.text, origin="ssrs/DataSourceReference", line=source.line, kind="reference", action="connects"
        )
    what = node.child("CommandType")
    how = what.text.lower() if what is not None else ""
    kind = {"storedprocedure": "table", "tabledirect": "table"}.get(how, "sql")
    action = "calls" if how == "storedprocedure" else "reads"
    computed = command.text.startswith("=")
    status = "template" if computed else "active"
    found = named(
        command.text, origin="ssrs/CommandText", line=command.line, kind=kind, status=status, via=via, action=action
    )
    yield _driven(found, providers.get(via))
    if computed:
        text, unknown = evaluated(command.text)
        status = unknown or "active"
        found = named(
            text, origin="ssrs/expression", line=command.line, kind=kind, status=status, via=via, action=action
        )
        yield _driven(found, providers.get(via))


def _name(node: Node, origin: str, action: str) -> Found:
    """A report or dataset by its name; an expression as it is written, and what it comes to where that is known."""
    if not node.text:
        return
    computed = node.text.startswith("=")
    status = "template" if computed else None
    yield named(node.text, origin=origin, line=node.line, kind="reference", status=status, action=action)
    text, unknown = evaluated(node.text)
    if computed and unknown is None:
        yield named(text, origin="ssrs/expression", line=node.line, kind="reference", action=action)


def _report(node: Node) -> Found:
    yield from _name(node, "ssrs/ReportName", "calls")


def _dataset(node: Node) -> Found:
    yield from _name(node, "ssrs/SharedDataSetReference", "reads")


def _link(node: Node) -> Found:
    text, status = evaluated(node.text)
    yield locator(text, origin="ssrs/Hyperlink", line=node.line, status=status)


def _image(node: Node) -> Found:
    """An image that is fetched from elsewhere when the report is shown."""
    source, value = node.child("Source"), node.child("Value")
    if source is not None and source.text.lower() == "external" and value is not None:
        text, status = evaluated(value.text)
        yield locator(text, origin="ssrs/Image", line=value.line, status=status, action="reads")


def _code(node: Node) -> Found:
    yield from literals("".join(node.pieces), origin="ssrs/Code", first=node.line, basic=True)


def _element(node: Node) -> Found:
    """A table of a data source view, as it is called in the database, or the statement that stands in its place."""
    statement, table = node.get("QueryDefinition"), node.get("DbTableName")
    if statement:
        yield quoted(
            statement, origin="ssrs/QueryDefinition", line=node.line, kind="sql", status="active", action="reads"
        )
    elif table:
        schema = node.get("DbSchemaName")
        name = f"{schema}.{table}" if schema else table
        yield named(name, origin="ssrs/DbTableName", line=node.line, kind="table", action="reads")


def _definition(node: Node) -> Found:
    """The statement that a partition of a cube is filled by."""
    if node.text:
        source = node.parent.child("DataSourceID") if node.parent is not None else None
        via = source.text if source is not None else None
        yield named(
            node.text,
            origin="ssas/QueryDefinition",
            line=node.line,
            kind="sql",
            status="active",
            via=via,
            action="reads",
        )


_READERS = {
    "QueryDefinition": _definition,
    "ReportName": _report,
    "SharedDataSetReference": _dataset,
    "Hyperlink": _link,
    "Image": _image,
    "BackgroundImage": _image,
    "Code": _code,
    "element": _element,
}


def evaluated(text: str) -> tuple[str, str | None]:
    """What a text comes to: itself, or the texts that an expression joins; ``template`` where more than that is in it.

    What cannot be told before a report runs stands as ``${Parameters!Server.Value}`` in it.
    """
    if not text.startswith("="):
        return text, None
    pieces, known, at = [], True, 1
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            pieces.append(text[at:])
            known = False
            break
        at = piece.end()
        if piece["text"] is not None:
            pieces.append(piece["text"].replace('""', '"'))
        elif piece["other"] and piece["other"].strip():
            pieces.append(f"${{{piece['other'].strip()}}}")
            known = False
    return "".join(pieces).strip(), None if known else "template"


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "ssrs", "Reporting Services reports, data sources, datasets and models; Analysis Services projects", quote,
        endings=frozenset({
            "rdl", "rdlc", "rds", "rsds", "rsd", "smdl", "ds", "dsv", "cube", "partitions", "xmla", "asdatabase",
        }),
        most=32 << 20,
    ),
)  # fmt: skip
