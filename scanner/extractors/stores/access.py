"""Access files, through MDBTools' programs on a private copy: tables, columns, keys, relations, queries, links."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import IO, Any

from scanner.extractor import Unread
from scanner.extractors.stores import child
from scanner.extractors.stores.content import Content
from scanner.extractors.stores.facts import Found, declared
from scanner.extractors.stores.signs import Recognised
from scanner.locators import statement_without_secrets, without_secrets

COPIED = 512 << 20
"""Largest file of which a copy is made; Access itself stops at 2 GiB."""
_QUERIES = 500
"""Queries whose text is asked for, one program each."""
_TIME_S = 120.0
_TABLE, _ODBC_LINK, _LINK = 1, 4, 6
_QUERY = 5
"""Values of MSysObjects.Type."""
_SYSTEM = 0x80000002
"""Bits of MSysObjects.Flags that mark what Access itself made."""
_VERBS = {0x10: "crosstab", 0x20: "delete", 0x30: "update", 0x40: "append", 0x50: "make-table"}
"""Bits of MSysObjects.Flags that tell queries apart (DAO: QueryDefTypeEnum)."""
_CASCADE_UPDATE, _CASCADE_DELETE, _NOT_ENFORCED = 0x100, 0x1000, 0x2
"""Bits of MSysRelationships.grbit (DAO: RelationAttributeEnum)."""
EXTRACTOR = "access"


def read(content: Content, what: Recognised, found: Found) -> None:
    """Everything that can be told; Unread at the end for what could not."""
    for program in ("mdb-schema", "mdb-json"):
        if not child.available(program):
            raise Unread("DRIVER_MISSING", f"{program} is not installed (Debian: mdbtools)")
    with content.copy(COPIED) as file:
        try:
            _File(file, found).read()
        except Unread as error:
            if error.code == "CONTENT_DAMAGED" and what.detail.get("encrypted"):
                raise Unread(
                    "CONTENT_ENCRYPTED", "its pages are encrypted in a way that MDBTools does not read"
                ) from None
            raise


class _File:
    def __init__(self, file: IO[bytes], found: Found) -> None:
        self._file = file
        self._found = found
        self._end = time.monotonic() + _TIME_S
        self._unread: list[Unread] = []

    def read(self) -> None:
        objects = list(self._rows("MSysObjects", missing_is_fault=True))
        if not objects:
            raise Unread("CONTENT_DAMAGED", "its catalog of objects is empty")
        for row in objects:
            self._object(row)
        for step in (self._columns, self._keys, self._relations):
            try:
                step()
            except Unread as error:
                self._unread.append(error)
        self._queries(objects)
        if self._unread:
            raise self._unread[0]

    def _object(self, row: dict[str, Any]) -> None:
        name, kind, flags = row.get("Name"), row.get("Type"), row.get("Flags") or 0
        if not isinstance(name, str) or not isinstance(flags, int):
            return
        if kind == _TABLE and not flags & _SYSTEM:
            self._found.entry(name, "table")
        elif kind in {_ODBC_LINK, _LINK}:
            self._link(name, row, odbc=kind == _ODBC_LINK)

    def _link(self, name: str, row: dict[str, Any], *, odbc: bool) -> None:
        """A table that lies elsewhere: where that is, quoted without its password."""
        connect, database, foreign = (str(row.get(k) or "") for k in ("Connect", "Database", "ForeignName"))
        kept = without_secrets(connect.removeprefix(";"))
        if odbc and kept and not kept.upper().startswith("ODBC"):
            kept = f"ODBC;{kept}"
        place = without_secrets(database) if "=" in database or "://" in database else database
        locator = place or _database_of(kept) or kept
        target = "/".join(filter(None, (kept if odbc else locator, foreign)))
        self._found.entry(name, "foreign_table", target=target or None, subtype=kept.partition(";")[0] or None)
        if kept and (odbc or not place):
            self._found.mention(name, "connection_string", kept, EXTRACTOR)
        if place and not odbc:
            self._found.mention(name, "unc" if place.startswith("\\\\") else "path", place, EXTRACTOR)

    def _columns(self) -> None:
        table, position = "", 0
        for line in self._run("mdb-schema", "access").splitlines():
            if start := re.match(r"CREATE TABLE \[(.*)\]\s*$", line):
                table, position = start[1], 0
            elif table and (column := re.match(r"\t\[(.*)\]\t+(.*?)(?:,\s*)?$", line)):
                position += 1
                kind, mandatory, _ = column[2].partition(" NOT NULL")
                self._found.column(
                    table, position, column[1], declared(kind.strip()), nullable=False if mandatory else None
                )

    def _keys(self) -> None:
        for table, name, kind, columns in keys(self._run("mdb-schema", "--indexes", "--no-relations", then="oracle")):
            self._found.key(table, name, kind, columns)

    def _relations(self) -> None:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows("MSysRelationships"):
            if isinstance(row.get("szRelationship"), str):
                found.setdefault(row["szRelationship"], []).append(row)
        for name, rows in found.items():
            rows.sort(key=lambda r: r.get("icolumn") or 0)
            first, bits = rows[0], rows[0].get("grbit") or 0
            if bits & _NOT_ENFORCED or "szObject" not in first or "szReferencedObject" not in first:
                continue
            actions = (
                "CASCADE" if bits & _CASCADE_DELETE else "NO ACTION",
                "CASCADE" if bits & _CASCADE_UPDATE else "NO ACTION",
            )
            columns = [str(r.get("szColumn", "")) for r in rows]
            refers = (first["szReferencedObject"], [str(r.get("szReferencedColumn", "")) for r in rows])
            self._found.key(first["szObject"], name, "foreign", columns, refers, actions)

    def _queries(self, objects: list[dict[str, Any]]) -> None:
        queries = [(r["Name"], r.get("Flags") or 0) for r in objects if r.get("Type") == _QUERY]
        # Names that begin so are what forms and reports keep for themselves.
        queries = [(n, flags) for n, flags in queries if isinstance(n, str) and not n.startswith("~")]
        for number, (name, flags) in enumerate(queries):
            text: str | None = None
            if number < _QUERIES and child.available("mdb-queries"):
                try:
                    text = statement_without_secrets(self._run("mdb-queries", then=name)).strip()
                except Unread as error:
                    self._unread.append(error)
            # MDBTools writes what it does not understand (pass-through, union) as an empty SELECT: that is unknown.
            empty = not text or re.fullmatch(r"SELECT\s+FROM\s*", text) is not None
            verb = _VERBS.get(flags & 0xF0)
            if verb and text:  # it writes these as a SELECT too, without what they change
                text = f"/* {verb} query: what it reads; what it writes is not told */ {text}"
            self._found.routine(name, "query", None, None if empty else text)

    def _rows(self, table: str, *, missing_is_fault: bool = False) -> Iterator[dict[str, Any]]:
        """Rows of a table of the system's own."""
        try:
            lines = self._run("mdb-json", then=table).splitlines()
        except Unread as error:
            if missing_is_fault or error.code != "CONTENT_DAMAGED":
                raise
            return
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row

    def _run(self, program: str, *options: str, then: str | None = None) -> str:
        left = self._end - time.monotonic()
        if left <= 0:
            raise Unread("TIMEOUT", f"no end within {_TIME_S:g} s")
        # Options go before the file; what comes after it may begin with a dash and is still no option.
        before = [o for o in options if o.startswith("--")]
        after = [o for o in options if not o.startswith("--")] + ([then] if then is not None else [])
        marked = ["--", *after] if any(a.startswith("-") for a in after) else after
        dashes = ["--"] if len(marked) > len(after) else []
        out, said = child.run([program, *before, *dashes], self._file, *after, wait_s=min(60.0, left))
        if "beyond EOF" in said:  # it goes on with what there is, and ends as if that were all
            self._unread.append(Unread("CONTENT_DAMAGED", f"it is cut short: {said[:200]}"))
            self._found.whole = False
        return out


def _database_of(connect: str) -> str:
    found = re.search(r"(?i)(?:^|;)\s*DATABASE\s*=\s*([^;]+)", connect)
    return found[1].strip() if found and not connect.upper().startswith("ODBC") else ""


_QUOTED = r'"((?:[^"]|"")*)"'
_KEY = re.compile(rf"^ALTER TABLE {_QUOTED} ADD CONSTRAINT {_QUOTED} PRIMARY KEY \(([^)]*)\)", re.MULTILINE)
_INDEX = re.compile(rf"^CREATE (UNIQUE )?INDEX {_QUOTED} ON {_QUOTED} \(([^)]*)\)", re.MULTILINE)


def keys(ddl: str) -> Iterator[tuple[str, str, str, list[str]]]:
    """Table, name, kind and columns of each key and index that ``mdb-schema`` writes for Oracle.

    Of all dialects it knows, this one quotes names, leaves their letters as they are, and has indexes.
    """
    for table, name, columns in _KEY.findall(ddl):
        yield _plain(table), _plain(name), "primary", _names(columns)
    for unique, name, table, columns in _INDEX.findall(ddl):
        yield _plain(table), _plain(name), "unique" if unique else "index", _names(columns)


def _names(text: str) -> list[str]:
    return [_plain(n) for n in re.findall(_QUOTED, text)]


def _plain(text: str) -> str:
    return text.replace('""', '"')
