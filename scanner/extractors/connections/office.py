"""Connections and queries that Office and OLE DB keep in files of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine, Quote, Trouble
from scanner.extractors.decode import Lines, binary, decode
from scanner.extractors.literals import kind_of, named
from scanner.extractors.markup import Node, fragment
from scanner.extractors.mashup import formulas
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
_ISLAND = re.compile(r"<xml\b[^>]{0,200}>", re.IGNORECASE)
_ISLANDS = 50
"""Pieces of XML within one page that are read; a connection has two."""
_OLEDB_HEAD = re.compile(r"^\s*\[oledb\]\s*$", re.IGNORECASE | re.MULTILINE)


def stem(path: str) -> str:
    """The name of a file without its ending: what a connection in a file of its own goes by."""
    return path.rpartition("/")[2].rpartition(".")[0]


def quote_odc(path: str, content: bytes) -> Iterator[Quote]:
    """An Office data connection: an HTML page that has the connection as pieces of XML in it."""
    text = decode(content)
    if "OfficeDataConnection" not in text:
        raise NotMine
    lines, read, at = Lines(text), False, 0
    for _ in range(_ISLANDS):
        begins = _ISLAND.search(text, at)
        if begins is None:
            break
        end = text.find("</xml>", begins.end())
        at = end if end >= 0 else len(text)
        inside = text[begins.end() : at]
        if "OfficeDataConnection" not in inside:
            continue
        root = fragment(inside)
        if root is None:
            yield Trouble(
                "CONTENT_DAMAGED", f"line {lines.at(begins.start())}: the connection is no XML that can be read"
            )
            continue
        read = True
        first = lines.at(begins.end())
        for node in root.all("Connection", "PowerQueryConnection"):
            yield from (m for m in _connection(node, stem(path), first) if m is not None)
    if not read:
        yield Trouble("CONTENT_DAMAGED", "it holds no connection that can be read")


def _connection(node: Node, alias: str, first: int) -> Found:
    """One connection: its string, and the table, statement or formula that it is asked for."""
    string, command = node.child("ConnectionString"), node.child("CommandText")
    if string is not None and string.text:
        yield quoted(
            string.text, origin="odc/ConnectionString", line=first + string.line - 1, kind="connection_string",
            alias=alias, action="connects",
        )  # fmt: skip
    if command is not None and command.text:
        what = node.child("CommandType")
        how = what.text.lower() if what is not None else ""
        yield asked(command.text, how, "odc/CommandText", first + command.line - 1, alias)
    elsewhere = node.child("SourceFile", "AlwaysUseConnectionFile")
    if elsewhere is not None and (kind := kind_of(elsewhere.text)):
        yield quoted(
            elsewhere.text, origin="odc/SourceFile", line=first + elsewhere.line - 1, kind=kind, action="reads"
        )
    held = node.child("PowerQueryMashupData")
    mashup = fragment(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", held.text)) if held is not None else None
    for query in mashup.all("Query") if mashup is not None else ():
        formula = query.child("Formula")
        if formula is not None:
            yield from formulas(formula.text, name=query.get("Name"), first=None)


def asked(text: str, how: str, origin: str, line: int | None, via: str | None) -> Mention | None:
    """What a connection is asked for, by the type of its command: a table or cube by name, else a statement."""
    if how in {"table", "tablecollection", "cube", "3", "1"}:
        return named(text, kind="table", origin=origin, line=line, via=via, action="reads")
    return quoted(text, kind="sql", origin=origin, line=line, status="active", via=via, action="reads")


def quote_udl(path: str, content: bytes) -> Iterator[Quote]:
    """A data link: the initialisation string behind two lines of heading, commented by semicolons."""
    text = decode(content)
    if _OLEDB_HEAD.search(text[:1_000]) is None:
        raise NotMine
    for number, line in enumerate(text.split("\n"), 1):
        commented = line.lstrip().startswith(";")
        told = line.strip().lstrip(";").strip()
        if "=" not in told or told.startswith("["):
            continue
        found = quoted(
            told, origin="udl", line=number, kind="connection_string", status="commented" if commented else None,
            alias=stem(path), action="connects",
        )  # fmt: skip
        if found is not None:
            yield found


def quote_query(path: str, content: bytes) -> Iterator[Quote]:
    """A saved query of Excel: of the web, of ODBC (both by the order of lines), of OLE DB or OLAP (by key)."""
    if binary(content):
        raise NotMine
    lines = decode(content).split("\n")
    head = lines[0].strip().upper() if lines else ""
    if head == "XLODBC":
        found = _of_odbc(lines, stem(path))
    elif head == "WEB" or path.lower().endswith(".iqy"):
        found = _of_web(lines, stem(path))
    elif head.startswith("QUERYTYPE="):
        found = _of_oledb(lines, stem(path))
    else:
        raise NotMine
    yield from (m for m in found if m is not None)


def _of_odbc(lines: list[str], alias: str) -> Found:
    """Heading, version, connection, and the statement up to an empty line."""
    if len(lines) > 2 and lines[2].strip():
        yield quoted(
            lines[2], origin="dqy/connection", line=3, kind="connection_string", alias=alias, action="connects"
        )
    statement = []
    for line in lines[3:]:
        if not line.strip():
            break
        statement.append(line)
    if statement:
        yield asked("\n".join(statement), "", "dqy/statement", 4, alias)


def _of_web(lines: list[str], alias: str) -> Found:
    """Heading and version, which may be left out, then the address; parameters in it stand as ["name","prompt"]."""
    for number, line in enumerate(lines[:6], 1):
        if kind := kind_of(line):
            prompted = "template" if '["' in line else None
            yield quoted(line, origin="iqy", line=number, kind=kind, status=prompted, alias=alias, action="reads")
            return


def _of_oledb(lines: list[str], alias: str) -> Found:
    """Keys and values; the value of the last key may go on over lines."""
    held: dict[str, tuple[str, int]] = {}
    last = ""
    for number, line in enumerate(lines, 1):
        key, equals, value = line.partition("=")
        if equals and key.strip().lower() in {"querytype", "version", "commandtype", "connection", "commandtext"}:
            last = key.strip().lower()
            held[last] = (value.strip(), number)
        elif last == "commandtext" and len(held[last][0]) < 200_000:
            held[last] = (f"{held[last][0]}\n{line}".rstrip(), held[last][1])
    if "connection" in held:
        text, number = held["connection"]
        yield quoted(
            text, origin="oqy/Connection", line=number, kind="connection_string", alias=alias, action="connects"
        )
    if (command := held.get("commandtext")) and command[0]:
        yield asked(command[0], held.get("commandtype", ("", 0))[0].lower(), "oqy/CommandText", command[1], alias)
