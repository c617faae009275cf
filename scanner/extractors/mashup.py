"""Power Query: the formulas (M) that Power BI and Excel keep, and the binary parcel that they keep them in."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.extractor import Mention, NotMine, Unread
from scanner.extractors.decode import Lines, decode
from scanner.extractors.literals import kind_of, named, parameter
from scanner.extractors.packed import Packed
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
LONGEST = 4 << 20
"""Characters of one set of formulas that are read."""
LONGEST_TEXT = 200_000
"""Characters of one argument."""

# Word by word; a comment is a word. Nothing here can be read in two ways, so that no text takes long.
_WORD = re.compile(
    r"""(?P<comment>//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)
      | (?P<text>\#?"(?:[^"]|"")*"?)
      | (?P<name>[A-Za-z_][\w.]*)
      | (?P<number>\d[\w.]*)
      | (?P<sign>=>|<>|[()\[\]{},;&=])
      | (?P<other>[^\s])""",
    re.VERBOSE,
)
_SERVERS = {
    "sql.database": "", "sql.databases": "", "oracle.database": "Oracle", "postgresql.database": "PostgreSQL",
    "mysql.database": "MySQL", "db2.database": "DB2", "teradata.database": "Teradata", "sybase.database": "Sybase",
    "informix.database": "Informix", "saphana.database": "SAP HANA", "snowflake.databases": "Snowflake",
    "amazonredshift.database": "Redshift", "vertica.database": "Vertica", "netezza.database": "Netezza",
    "analysisservices.database": "Analysis Services", "analysisservices.databases": "Analysis Services",
    "azureanalysisservices.database": "Analysis Services", "impala.database": "Impala", "hive.database": "Hive",
    "mariadb.contents": "MariaDB", "exasol.database": "Exasol", "denodo.contents": "Denodo", "essbase.cubes": "Essbase",
    "sapbusinesswarehouse.cubes": "SAP BW", "databricks.catalogs": "Databricks", "clickhouse.database": "ClickHouse",
}  # fmt: skip
_STRINGS = frozenset(
    {"odbc.datasource", "odbc.query", "oledb.datasource", "oledb.query", "adodotnet.datasource", "adodotnet.query"}
)
_PLACES = frozenset({
    "file.contents", "folder.files", "folder.contents", "web.contents", "web.page", "web.browsercontents",
    "sharepoint.files", "sharepoint.tables", "sharepoint.contents", "odata.feed", "azurestorage.blobs",
    "azurestorage.blobcontents", "azurestorage.datalake", "azurestorage.datalakecontents", "azurestorage.tables",
    "hdfs.files", "hdfs.contents", "hdinsight.files", "access.database", "xml.tables", "xml.document",
    "excel.workbook", "csv.document", "amazons3.contents", "activedirectory.domains", "exchange.contents",
    "parquet.document", "json.document", "pdf.tables", "deltalake.table", "soda.feed", "active.directory",
})  # fmt: skip
_OPENING = frozenset(_SERVERS) | _STRINGS | _PLACES | {"value.nativequery"}
_QUERY_OPTIONS = frozenset({"query", "sqlquery"})


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    at: int


def formulas(
    text: str, *, name: str | None = None, given: Mapping[str, str] | None = None, first: int | None = 1,
    commented: bool = False,
) -> Found:  # fmt: skip
    """What the functions of M are given to open; the formulas within comments are commented.

    ``name`` is the query's where the text is that of one; a whole section says its queries' names itself. A connection
    has the name of its query as alias, the tables and statements behind it have that name as ``via``. ``given`` are
    values of parameters that are defined elsewhere.
    """
    text = text[:LONGEST]
    words = [_Word(m.lastgroup or "", m[0], m.start()) for m in _WORD.finditer(text)]
    reading = _Reading(
        [w for w in words if w.kind != "comment"], Lines(text), first, "commented" if commented else None
    )
    reading.query = name
    reading.values = {**(given or {}), **reading.values}
    yield from reading.calls()
    if commented:
        return
    yield from reading.parameters()
    for word in words:
        if word.kind == "comment" and "(" in word.text:
            inside = word.text[2:].removesuffix("*/") if word.text.startswith("/*") else word.text[2:]
            yield from formulas(inside, name=name, given=reading.values, first=reading.line(word), commented=True)


class _Reading:
    """One text being read: its words, the query it has come to, and the connection that was opened last there."""

    def __init__(self, code: list[_Word], lines: Lines, first: int | None, status: str | None) -> None:
        self.code = code
        self.values = _constants(code)
        self.query: str | None = None
        self.status = status
        self._lines = lines
        self._first = first
        self._opened: Mention | None = None
        self._left = _WORDS

    def line(self, word: _Word) -> int | None:
        return None if self._first is None else self._first + self._lines.at(word.at) - 1

    def calls(self) -> Found:
        """Every call that opens something, and every table that is taken of what it opened."""
        code = self.code
        for index, word in enumerate(code[:-1]):
            after = code[index + 1]
            if word.text == "shared":
                self.query, self._opened = _identifier(after.text), None
            elif word.kind == "name" and "." in word.text and after.text == "(":
                yield from self._call(word, index + 2)
            elif word.text == "{" and after.text == "[":
                yield self._taken(index + 2, word)

    def parameters(self) -> Found:
        """The parameters that are set to a place or a part of one."""
        for index in range(len(self.code) - 3):
            name, sign, value, meta = self.code[index : index + 4]
            if sign.text == "=" and value.kind == "text" and meta.text == "meta":
                yield parameter(
                    _identifier(name.text), _unquoted(value.text), origin="m/parameter", line=self.line(name)
                )

    def _call(self, word: _Word, at: int) -> Found:
        lower = word.text.lower()
        origin, line = f"m/{word.text}", self.line(word)
        if lower not in _OPENING or self._left < 0:
            return
        arguments = _arguments(self.code, at, self.values)
        self._left -= sum(len(a.words) for a in arguments)
        first = arguments[0]
        if lower == "value.nativequery":
            if len(arguments) > 1 and arguments[1].text.strip():
                yield self._statement(arguments[1], origin, line)
        elif lower in _SERVERS:
            yield from self._server(lower, arguments, origin, line)
        elif _literal(first) and first.text.strip():
            kind = "connection_string" if lower in _STRINGS else kind_of(first.text)
            found = quoted(
                first.text, origin=origin, line=line, kind=kind or ("url" if "://" in first.text else "path"),
                status=self._of(first), action="reads", alias=self.query,
            )  # fmt: skip
            self._opened = found if lower in _STRINGS else None
            yield found
            if lower in _STRINGS and lower.endswith(".query") and len(arguments) > 1:
                yield self._statement(arguments[1], origin, line)

    def _server(self, lower: str, arguments: list[_Argument], origin: str, line: int | None) -> Found:
        """A server and, for most, a database: written as the connection string that they come to."""
        server = arguments[0]
        if not _literal(server) or not server.text.strip():
            return
        text, known = f"Server={server.text.replace(';', ' ')}", server.known
        if len(arguments) > 1 and _literal(arguments[1]) and arguments[1].text.strip():
            text += f";Database={arguments[1].text.replace(';', ' ')}"
            known = known and arguments[1].known
        if driver := _SERVERS[lower]:
            text = f"Driver={driver};{text}"
        self._opened = quoted(
            text, origin=origin, line=line, kind="connection_string", alias=self.query, action="reads",
            status=self.status or (None if known else "template"),
        )  # fmt: skip
        yield self._opened
        for argument in arguments[1:]:
            for index, word in enumerate(argument.words[:-2]):
                if word.text.lower() in _QUERY_OPTIONS and argument.words[index + 1].text == "=":
                    yield self._statement(_option(argument.words[index + 2 :], self.values), f"{origin}/Query", line)

    def _taken(self, at: int, word: _Word) -> Mention | None:
        """The table or view that ``{[Schema="…",Item="…"]}`` takes of a database."""
        fields = {}
        for index in range(at, min(at + 12, len(self.code) - 2)):
            name, sign, value = self.code[index : index + 3]
            if name.text == "]":
                break
            if sign.text == "=" and value.kind == "text":
                fields[name.text.lower()] = _unquoted(value.text)
        item = fields.get("item") if fields.get("kind", "Table") in {"Table", "View"} else None
        if not item or self._opened is None or not ("schema" in fields or "kind" in fields):
            return None
        text = f"{fields['schema']}.{item}" if fields.get("schema") else item
        return self._behind(
            named(
                text,
                origin="m/navigation",
                line=self.line(word),
                kind="table",
                via=self.query,
                action="reads",
                status=self.status,
            )
        )

    def _statement(self, argument: _Argument, origin: str, line: int | None) -> Mention | None:
        return self._behind(
            quoted(
                argument.text,
                origin=origin,
                line=line,
                kind="sql",
                via=self.query,
                action="reads",
                status=self.status or ("active" if argument.known else "template"),
            )
        )

    def _behind(self, found: Mention | None) -> Mention | None:
        """A table or statement with the server and database that it is read from."""
        there = self._opened
        if found is None or there is None:
            return found
        return replace(
            found, server=there.server, port=there.port, database=there.database, driver=there.driver or found.driver
        )

    def _of(self, argument: _Argument) -> str | None:
        return self.status or (None if argument.known else "template")


def _constants(code: list[_Word]) -> dict[str, str]:
    """Queries and steps that are nothing but a text: parameters (which also carry ``meta``) and settings."""
    found: dict[str, str] = {}
    for index in range(len(code) - 2):
        name, sign, value = code[index : index + 3]
        if sign.text != "=" or value.kind != "text" or value.text.startswith("#"):
            continue
        after = code[index + 3].text if index + 3 < len(code) else ";"
        if after in {"meta", ";", ",", "in"} and (name.kind == "name" or name.text.startswith("#")):
            found.setdefault(_identifier(name.text), _unquoted(value.text[:4_000]))
    return found


def constant(text: str) -> str | None:
    """The value of a formula that is nothing but a text, as a parameter's is; None where it is more."""
    words = [_Word(m.lastgroup or "", m[0], m.start()) for m in _WORD.finditer(text[:4_000])]
    code = [w for w in words if w.kind != "comment"]
    only = code and code[0].kind == "text" and (len(code) == 1 or code[1].text == "meta")
    return _unquoted(code[0].text) if only else None


def _identifier(text: str) -> str:
    return _unquoted(text[1:]) if text.startswith('#"') else text


def _unquoted(text: str) -> str:
    """The value of a text literal, its escapes for control characters resolved."""
    inner = text[1:].removesuffix('"').replace('""', '"')
    for written, meant in (("#(lf)", "\n"), ("#(cr,lf)", "\n"), ("#(cr)", "\n"), ("#(tab)", "\t"), ("#(#)", "#")):
        inner = inner.replace(written, meant)
    return inner


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument: the text that its pieces join to, whether all of that is known, and the words it is made of."""

    text: str
    known: bool
    words: list[_Word]


_WORDS = 300_000
"""Words of arguments, all calls together, that are read: calls within calls are read more than once."""
_MOST_WORDS = 400
"""Words of a call that are read; beyond are options and formulas that work on what was opened."""


def _arguments(code: list[_Word], at: int, values: dict[str, str]) -> list[_Argument]:
    found: list[_Argument] = []
    words: list[_Word] = []
    depth = 0
    for word in code[at : at + _MOST_WORDS]:
        if word.text in {"(", "[", "{"}:
            depth += 1
        elif word.text in {")", "]", "}"}:
            depth -= 1
            if depth < 0:
                break
        if word.text == "," and depth == 0:
            found.append(_argument(words, values))
            words = []
        else:
            words.append(word)
    return [*found, _argument(words, values)]


def _argument(words: list[_Word], values: dict[str, str]) -> _Argument:
    pieces: list[str] = []
    known, length = True, 0
    for word in words:
        length += len(pieces[-1]) if pieces else 0
        if length > LONGEST_TEXT:
            return _Argument("".join(pieces)[:LONGEST_TEXT], known=False, words=words)
        if word.kind == "text" and not word.text.startswith("#"):
            pieces.append(_unquoted(word.text))
        elif word.text == "&":
            continue
        elif (name := _identifier(word.text)) in values and (word.kind == "name" or word.text.startswith("#")):
            pieces.append(values[name])
        else:
            pieces.append(f"${{{name}}}" if word.kind in {"name", "text"} else word.text)
            known = False
    return _Argument("".join(pieces), known, words)


def _literal(argument: _Argument) -> bool:
    """Whether an argument is a text at all, in whole or in part, and not the result of another call."""
    return not any(w.text in {"(", "[", "{", "=>"} for w in argument.words) and any(
        w.kind in {"name", "text"} for w in argument.words
    )


def _option(words: list[_Word], values: dict[str, str]) -> _Argument:
    """The value of one option of a record: up to the comma or bracket that ends it."""
    own = []
    for word in words:
        if word.text in {",", "]"}:
            break
        own.append(word)
    return _argument(own, values)


def parcel(content: bytes) -> Found:
    """The formulas in a DataMashup: a version, then the length of a zip, then the zip, in which they are a member.

    Raises:
        NotMine: it is none.
        Unread: CONTENT_DAMAGED, CONTENT_LIMIT.
    """
    if len(content) < 8:
        raise NotMine
    version, length = struct.unpack_from("<II", content)
    if version != 0 or not content.startswith(b"PK", 8):
        raise NotMine
    if 8 + length > len(content):
        raise Unread("CONTENT_DAMAGED", "the formulas are cut short")
    packed = Packed(content[8 : 8 + length])
    for name in packed.names():
        if name.lower().startswith("formulas/") and name.lower().endswith(".m"):
            yield from formulas(decode(packed.read(name)))
