"""Word, PowerPoint and Visio documents: linked files, mail merges, fields, macros."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Extractor, NotMine, Quote, Trouble, Unread
from scanner.extractors.literals import kind_of
from scanner.extractors.markup import Node
from scanner.extractors.office import Found, Reader, of_tree, place, plain, quote_members, value
from scanner.extractors.ole import MAGIC, Compound, macros, places
from scanner.extractors.quoting import quoted

_FIELDS = frozenset({
    "INCLUDETEXT", "INCLUDEPICTURE", "INCLUDE", "IMPORT", "LINK", "DDE", "DDEAUTO", "DATABASE", "HYPERLINK", "RD",
    "EMBED", "ODBC",
})  # fmt: skip
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"?|(\S+)')
_INSTRUCTION = 20_000
"""Characters of a field's instruction that are read."""
_OLD = frozenset({"worddocument", "1table", "0table", "data", "powerpoint document", "visiodocument", "pictures"})
_SCANNED = 16 << 20
"""Bytes of one stream of an old document that are looked through."""


def quote(path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of one document; one that is of the other form than its name says is read as what it is."""
    if content.startswith(MAGIC):
        yield from quote_old(path, content)
        return
    ending = path.rpartition(".")[2].lower()
    belongs = "word/" if ending.startswith("do") else "ppt/" if ending.startswith("p") else "visio/"
    yield from quote_members(content, belongs, _reader)


def _reader(name: str) -> Reader | None:
    if name.startswith("word/") and name.endswith(".xml"):
        if name == "word/settings.xml":
            return of_tree(settings)
        return of_tree(fields) if name.count("/") == 1 else None
    if name.startswith("visio/") and name.endswith(".xml") and ("connection" in name or name == "visio/document.xml"):
        return of_tree(recordsets)
    return None


def settings(root: Node) -> Found:
    """The mail merge of a document: its connection, and what it asks for."""
    merge = root.first("mailMerge")
    if merge is None:
        return
    alias = "mailMerge"
    if string := value(merge, "connectString"):
        yield quoted(
            plain(string), origin="word/connectString", line=merge.line, kind="connection_string", alias=alias,
            action="connects",
        )  # fmt: skip
    if query := value(merge, "query"):
        yield quoted(
            plain(query), origin="word/query", line=merge.line, kind="sql", status="active", via=alias, action="reads"
        )
    odso = merge.child("odso")
    if odso is not None and (udl := value(odso, "udl")):
        yield quoted(
            plain(udl), origin="word/udl", line=odso.line, kind="connection_string", alias=alias, action="connects"
        )


def fields(root: Node) -> Found:
    """The fields of a part: in one attribute, or in pieces between the marks of their beginning and end."""
    open_fields: list[tuple[int, list[str]]] = []
    for node in root.all("fldSimple", "fldChar", "instrText", "delInstrText"):
        if node.name == "fldSimple":
            yield from field(node.get("instr") or "", node.line)
        elif node.name == "fldChar":
            what = (node.get("fldCharType") or "").lower()
            if what == "begin" and len(open_fields) < 50:
                open_fields.append((node.line, []))
            elif what == "separate" and open_fields:
                line, pieces = open_fields[-1]
                yield from field("".join(pieces), line)
                pieces.clear()
            elif what == "end" and open_fields:
                line, pieces = open_fields.pop()
                yield from field("".join(pieces), line)
        elif open_fields and node.name == "instrText":
            open_fields[-1][1].append("".join(node.pieces))


def field(instruction: str, line: int | None) -> Found:
    """What one field fetches: the first of its words that is a place, a connection, a statement."""
    words = [
        m[2] if m[1] is None else re.sub(r"\\(.)", r"\1", m[1]) for m in _WORD.finditer(instruction[:_INSTRUCTION])
    ]
    if not words or words[0].upper() not in _FIELDS:
        return
    name = words[0].upper()
    origin = f"word/{name}"
    if name in {"DATABASE", "ODBC"}:
        yield from _database(words, origin, line)
        return
    program = name in {"LINK", "DDE", "DDEAUTO", "EMBED"}  # whose first word is the program that is asked
    for word in words[2 if program else 1 :]:
        if word.startswith("\\") and len(word) <= 3:
            continue  # a switch
        if kind_of(word) or re.search(r"[\\/]|\.\w{2,5}$", word):
            if name == "HYPERLINK" and re.match(r"(?:https?|mailto):", word, re.IGNORECASE):
                return
            yield place(word, origin, line)
            return


def _database(words: list[str], origin: str, line: int | None) -> Found:
    """The switches of a field that shows a table: where the data is, how it is reached, what is asked."""
    held = {words[i].lower(): words[i + 1] for i in range(len(words) - 1) if words[i].lower() in {"\\d", "\\c", "\\s"}}
    if file := held.get("\\d"):
        yield place(file, origin, line)
    if string := held.get("\\c"):
        yield quoted(string, origin=origin, line=line, kind="connection_string", alias="DATABASE", action="connects")
    if statement := held.get("\\s"):
        yield quoted(statement, origin=origin, line=line, kind="sql", status="active", via="DATABASE", action="reads")


def recordsets(root: Node) -> Found:
    """The data connections of a drawing."""
    for node in root.all("DataConnection"):
        yield from _recordset(node)


def _recordset(node: Node) -> Found:
    name = node.get("FriendlyName") or node.get("ID")
    if string := node.get("ConnectionString"):
        yield quoted(
            plain(string), origin="visio/DataConnection", line=node.line, kind="connection_string", alias=name,
            action="connects",
        )  # fmt: skip
    if command := node.get("Command"):
        yield quoted(
            plain(command),
            origin="visio/Command",
            line=node.line,
            kind="sql",
            status="active",
            via=name,
            action="reads",
        )
    if file := node.get("FileName"):
        yield place(plain(file), "visio/DataConnection", node.line)


def quote_old(_path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of a document as it was until 2003: shares and URLs in its text and fields, and its macros."""
    compound = Compound(content)
    if "EncryptedPackage" in compound.names:
        raise Unread("CONTENT_ENCRYPTED", "it needs a password")
    own = [n for n in compound.names if n.lower() in _OLD]
    if not own:
        raise NotMine
    for name in own:
        try:
            yield from places(compound.read(name, _SCANNED), "office/text")
        except Unread as unread:
            yield Trouble(unread.code, unread.detail)
    yield from macros(compound, "vba")


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "office-document", "Word, PowerPoint and Visio documents: links, mail merges, fields and macros", quote,
        endings=frozenset({
            "docx", "docm", "dotx", "dotm", "pptx", "pptm", "potx", "potm", "ppsx", "ppsm", "vsdx", "vsdm", "vstx",
            "doc", "dot", "ppt", "pps", "vsd",
        }),
        most=128 << 20, whole=True,
    ),
)  # fmt: skip
