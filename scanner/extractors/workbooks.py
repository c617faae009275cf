"""Excel workbooks, both as packages and as they were until 2003: connections, queries, links, macros."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from scanner.extractor import Extractor, NotMine, Quote, Trouble, Unread
from scanner.extractors import biff
from scanner.extractors.connections.office import asked
from scanner.extractors.literals import kind_of
from scanner.extractors.markup import Node
from scanner.extractors.mashup import parcel
from scanner.extractors.office import Found, Reader, of_tree, place, plain, quote_members
from scanner.extractors.ole import MAGIC, Compound, macros, texts
from scanner.extractors.quoting import quoted

_COMMANDS = {"1": "cube", "3": "table", "5": "table"}
"""Values of commandType that are no statement (ECMA-376, 18.13.3)."""
_STATEMENT = re.compile(r"\s{0,20}(?:SELECT|EXEC|EXECUTE|WITH|CALL|\{\s{0,5}CALL)\b", re.IGNORECASE)
_INNER = ("$workbook$", "$embedded$")
"""Data sources that are the workbook itself: the queries and the model in it are read where they stand."""


def quote(path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of one workbook; one that is of the other form than its name says is read as what it is."""
    if content.startswith(MAGIC):
        yield from quote_old(path, content)
    else:
        yield from quote_members(content, "xl/", _reader)


def _reader(name: str) -> Reader | None:
    if name == "xl/connections.xml":
        return of_tree(connections)
    if name == "xl/connections.bin":
        return binary_connections
    if name.startswith("customxml/item") and name.endswith(".xml"):
        return of_tree(mashup)
    if name.startswith("xl/externallinks/") and name.endswith(".xml"):
        return of_tree(dynamic_link)
    return None


def connections(root: Node) -> Found:
    """The data connections of a workbook: each under its name, and what is asked through it."""
    for node in root.all("connection"):
        name = node.get("name") or _outer(node)
        database, web, text = node.child("dbPr", "oledbPr"), node.child("webPr"), node.child("textPr")
        if database is not None:
            yield from _database(database, name)
        if web is not None and (address := web.get("url")):
            yield quoted(
                address, origin="excel/webPr", line=web.line, kind=kind_of(address) or "url", alias=name, action="reads"
            )
        if text is not None and (file := text.get("sourceFile")):
            yield place(plain(file), "excel/textPr", text.line)
        for key in ("sourceFile", "odcFile"):
            if file := node.get(key):
                yield place(plain(file), f"excel/{key}", node.line)


def _outer(node: Node) -> str | None:
    """The name of the connection that a newer Excel's additions to it stand in."""
    outer = node.above("connection")
    return outer.get("name") if outer is not None else None


def _database(node: Node, name: str | None) -> Found:
    string, command = plain(node.get("connection") or ""), plain(node.get("command") or "")
    if "=" not in string or any(inner in string.lower() for inner in _INNER):
        return
    yield quoted(
        string, origin="excel/connection", line=node.line, kind="connection_string", alias=name, action="connects"
    )
    if command:
        yield asked(command, _COMMANDS.get(node.get("commandType") or "2", ""), "excel/command", node.line, name)
    for held in node.all("dbTable", "dbCommand"):
        if table := held.get("name"):
            yield asked(table, "table", "excel/command", held.line, name)
        elif text := held.get("text"):
            yield asked(plain(text), "", "excel/command", held.line, name)


def binary_connections(content: bytes) -> Found:
    """The connections of a binary workbook: their texts, told apart by what they look like."""
    for text in texts(content):
        if (kind := kind_of(text)) and not any(inner in text.lower() for inner in _INNER):
            yield quoted(text, origin="excel/connection", kind=kind, action="connects")
        elif _STATEMENT.match(text):
            yield asked(text, "", "excel/command", None, None)


def mashup(root: Node) -> Found:
    """The queries of a workbook, which it keeps as a parcel in Base64 among its custom parts."""
    if root.name != "DataMashup":
        return
    try:
        held = base64.b64decode(root.text, validate=False)
    except (binascii.Error, ValueError):
        raise Unread("CONTENT_DAMAGED", "its queries are no Base64") from None
    yield from parcel(held)


def dynamic_link(root: Node) -> Found:
    """Links by DDE to the documents of other programs; links to workbooks are relations."""
    for node in root.all("ddeLink"):
        topic = node.get("ddeTopic") or ""
        if kind := kind_of(topic):
            yield quoted(topic, origin="excel/ddeLink", line=node.line, kind=kind, action="reads")


def quote_old(_path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of a workbook as it was until 2003: the records of its stream, and its macros."""
    compound = Compound(content)
    stream = next((n for n in compound.names if n.lower() in {"workbook", "book"}), None)
    if stream is None:
        if "EncryptedPackage" in compound.names:
            raise Unread("CONTENT_ENCRYPTED", "it needs a password")
        raise NotMine
    try:
        yield from (m for m in biff.links(compound.read(stream)) if m is not None)
    except Unread as unread:
        yield Trouble(unread.code, unread.detail)
    yield from macros(compound, "vba")


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "excel", "Excel workbooks: connections, queries, links and macros", quote,
        endings=frozenset({"xlsx", "xlsm", "xlsb", "xltx", "xltm", "xlam", "xls", "xlt", "xla", "xlw"}),
        most=128 << 20, whole=True,
    ),
)  # fmt: skip
