"""Tableau: the connections of workbooks and data sources, and the tables and statements behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine, Quote, Trouble, Unread
from scanner.extractors.literals import kind_of, named
from scanner.extractors.markup import Node, fragment, tree
from scanner.extractors.packed import Packed
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
_NOTHING = frozenset({"federated", "sqlproxy", ""})
"""Classes of connection that only hold others, or stand for a data source on Tableau's server."""
_FILES = frozenset({
    "excel-direct", "excel", "textscan", "textclean", "csv", "msaccess", "ogrdirect", "hyper", "dataengine",
    "semistructpassivestore-direct", "stat-direct", "pdf",
})  # fmt: skip


def quote(path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of one workbook or data source."""
    document = tree(content)
    if document.root.name not in {"workbook", "datasource"}:
        raise NotMine
    yield from (m for m in _sources(document.root) if m is not None)
    for line, text in document.comments:
        if (inside := fragment(text)) is not None:
            for found in _sources(inside):
                if found is not None:
                    yield replace(found, status="commented", line=line + (found.line or 1) - 1)
    if document.trouble:
        yield Trouble(document.trouble.code, f"{path.rpartition('/')[2]}: {document.trouble.detail}")


def quote_packed(_path: str, content: bytes) -> Iterator[Quote]:
    """The workbook or data source in a packed one; the extracts beside it are data."""
    packed = Packed(content)
    for name in packed.names():
        if name.lower().endswith((".twb", ".tds")):
            try:
                for found in quote(name, packed.read(name)):
                    yield replace(found, part=name) if isinstance(found, Mention) else found
            except NotMine:
                yield Trouble("CONTENT_DAMAGED", f"{name}: it is no workbook")
            except Unread as unread:
                yield Trouble(unread.code, f"{name}: {unread.detail}")


def _sources(root: Node) -> Found:
    """Every connection beneath an element, by its own name where others refer to it, else by its data source's."""
    for node in root.all("connection", "relation"):
        if node.name == "relation":
            yield _relation(node)
        elif (node.get("class") or "") not in _NOTHING:
            yield _connection(node)


def _owner(node: Node) -> str | None:
    """The name by which relations refer to the connection they stand in or beside."""
    above = node.above("named-connection") if node.name == "connection" else None
    above = above or node.above("datasource")
    return above.get("name", "formatted-name") if above is not None else None


def _connection(node: Node) -> Mention | None:
    """One connection, written as the connection string or path that its attributes come to."""
    kind, server, database = node.get("class") or "", node.get("server"), node.get("dbname")
    alias, origin = _owner(node), "tableau/connection"
    if kind in _FILES or (not server and node.get("filename")):
        folder, file = node.get("directory") or "", node.get("filename") or database or ""
        text = f"{folder.rstrip('/')}/{file}" if folder and file and kind_of(file) is None else file or folder
        return quoted(text, origin=origin, line=node.line, kind=kind_of(text) or "path", alias=alias, action="reads")
    if address := node.get("url") if not server else None:
        return quoted(address, origin=origin, line=node.line, kind=kind_of(address), alias=alias, action="reads")
    if through := node.get("odbc-dsn"):
        text = f"DSN={through}"
    elif server:
        # Beside a service the server is a host; alone it may be a name that Oracle's own files define.
        text = f"Driver={kind};{'Host' if node.get('service') else 'Server'}={server}"
        text += f";Port={node.get('port')}" if node.get("port") else ""
    else:
        return None
    text += f";Database={database or node.get('service')}" if database or node.get("service") else ""
    text += f";UID={node.get('username')}" if node.get("username") else ""
    return quoted(text, origin=origin, line=node.line, kind="connection_string", alias=alias, action="connects")


def _relation(node: Node) -> Mention | None:
    """A table by its name, or the statement that stands in its place."""
    via = node.get("connection") or _owner(node)
    if node.get("type") == "text" and node.text:
        return quoted(
            node.text, origin="tableau/relation", line=node.line, kind="sql", status="active", via=via, action="reads"
        )
    if node.get("type") in {"table", "stored-proc"} and (table := node.get("table", "stored-proc")):
        action = "reads" if node.get("type") == "table" else "calls"
        return named(table, kind="table", origin="tableau/relation", line=node.line, via=via, action=action)
    return None
