"""Access files: what MDBTools' driver does not tell, its programs do, where they are installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.odbc.asking import Page, Refusal
from connectors.odbc.facts import Scope
from connectors.odbc.functions import Functions

_QUOTED = r'"(?:[^"]|"")*"'
_KEY = re.compile(
    rf"^ALTER TABLE (?P<table>{_QUOTED}) ADD CONSTRAINT (?P<name>{_QUOTED}) (?P<kind>PRIMARY|FOREIGN) KEY"
    rf" \((?P<columns>[^)]*)\)(?: REFERENCES (?P<other>{_QUOTED})\((?P<referred>[^)]*)\)(?P<actions>[^;]*))?",
    re.MULTILINE,
)
_INDEX = re.compile(
    rf"^CREATE (?P<kind>UNIQUE )?INDEX (?P<name>{_QUOTED}) ON (?P<table>{_QUOTED}) \((?P<columns>[^)]*)\)", re.MULTILINE
)
_NAME = re.compile(r'"((?:[^"]|"")*)"')
_ANSWER_MAX = 64 << 20
_NOT_ENFORCED, _UPDATE_CASCADES, _DELETE_CASCADES = 0x2, 0x100, 0x1000
"""Bits of MSysRelationships.grbit, as DAO's RelationAttributeEnum numbers them."""
_LINKS = (4, 6)
"""MSysObjects.Type of a table behind ODBC, and in another file."""
NAMES = ("path", "name", "kind", "columns", "ref_path", "ref_columns", "on_delete", "on_update")


class Access(Functions):
    """The driver's catalog functions; keys and queries from ``mdb-schema`` and ``mdb-queries``."""

    tells_nullable = False  # MDBTools' says of every column that it may not be NULL

    def pages(self, fact: str, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """Keys and queries by program, all else by driver."""
        if fact == "keys" and shutil.which("mdb-schema"):
            yield from self._keys(objects)
        elif fact == "foreign_keys" and shutil.which("mdb-schema"):
            return  # told with the others
        elif fact == "views" and shutil.which("mdb-queries"):
            yield from self._queries()
        elif fact == "references" and shutil.which("mdb-json"):
            yield from self._linked()
        else:
            yield from super().pages(fact, scope, objects)

    def _keys(self, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """Relations out of the table Access keeps them in; where it is closed, as ``mdb-schema`` has them."""
        kept = self._rows("MSysRelationships")
        apart = isinstance(kept, Refusal)
        said = self._run("mdb-schema", "--indexes", "--relations" if apart else "--no-relations", self._file, "oracle")
        if isinstance(said, Refusal):
            yield said
        elif rows := keys(said, objects):
            yield Page(NAMES, rows)
        if not isinstance(kept, Refusal) and (rows := relations(kept, objects)):
            yield Page(NAMES, rows)

    def _linked(self) -> Iterator[Page | Refusal]:
        """Where tables lie that are links to other files or databases."""
        kept = self._rows("MSysObjects")
        if isinstance(kept, Refusal):
            yield kept
        elif rows := linked(kept):
            yield Page(("path", "part", "kind", "locator", "status", "extractor"), rows)

    def _rows(self, table: str) -> list[dict[str, Any]] | Refusal:
        """Rows of one of the tables that Access keeps for itself."""
        said = self._run("mdb-json", self._file, table) if shutil.which("mdb-json") else Refusal("QUERY_FAILED", "")
        if isinstance(said, Refusal):
            return said
        try:
            return [json.loads(line) for line in said.splitlines() if line.strip()]
        except ValueError as error:
            return Refusal("QUERY_FAILED", f"{table}: {error}")

    @property
    def _file(self) -> str:
        # Made absolute, so that no name can pass for an option.
        return str(Path(self.link.file).absolute())

    def _queries(self) -> Iterator[Page | Refusal]:
        said = self._run("mdb-queries", "-L", "-d", "\n", self._file)
        if isinstance(said, Refusal):
            yield said
            return
        rows: list[Any] = []
        for name in filter(None, said.split("\n")):
            definition = self._run("mdb-queries", self._file, name)
            if isinstance(definition, Refusal):
                yield Refusal(definition.code, definition.detail, name)
            rows.append((name, "query", None, None if isinstance(definition, Refusal) else definition.strip() or None))
        if rows:
            yield Page(("path", "kind", "dialect", "definition"), rows)

    def _run(self, *command: str) -> str | Refusal:
        self.link.session.pace()
        try:
            done = subprocess.run(command, capture_output=True, timeout=self.link.options.query_timeout_s, check=False)
        except subprocess.TimeoutExpired:
            return Refusal("TIMEOUT", f"{command[0]}: no answer in time")
        except (OSError, ValueError) as error:
            return Refusal("QUERY_FAILED", f"{command[0]}: {error}")
        if done.returncode:
            return Refusal("QUERY_FAILED", f"{command[0]}: {done.stderr[-500:].decode(errors='replace').strip()}")
        return done.stdout[:_ANSWER_MAX].decode("utf-8", "surrogateescape")


def keys(ddl: str, objects: Mapping[str, str]) -> list[Any]:
    """Rows as ``NAMES`` names them, one for each column of each key, out of what ``mdb-schema`` writes for Oracle.

    Of all dialects it knows with quoted names, this is one that leaves the names' letters as they are. A relation over
    several columns is written as one for each of them.
    """
    rows: list[Any] = []
    for found in (*_KEY.finditer(ddl), *_INDEX.finditer(ddl)):
        parts = found.groupdict()
        table = _plain(parts["table"])
        if table not in objects:
            continue
        columns = [_unquoted(n) for n in _NAME.findall(parts["columns"])]
        ends: list[tuple[str | None, ...]] = [(None, None, None, None)] * len(columns)
        if parts.get("other"):
            referred = [_unquoted(n) for n in _NAME.findall(parts["referred"])]
            actions = (_action(parts["actions"], "DELETE"), _action(parts["actions"], "UPDATE"))
            ends = [(_plain(parts["other"]), to, *actions) for to in referred]
            kind = "foreign"
        else:
            kind = {"PRIMARY": "primary", "UNIQUE ": "unique"}.get(parts["kind"] or "", "index")
        name = _plain(parts["name"])
        rows += [(table, name, kind, column, *end) for column, end in zip(columns, ends, strict=False)]
    return rows


def relations(kept: list[dict[str, Any]], objects: Mapping[str, str]) -> list[Any]:
    """Rows as ``NAMES`` names them, out of MSysRelationships: one for each column of each relation that is enforced."""
    rows: list[Any] = []
    for row in sorted(kept, key=lambda r: (str(r.get("szRelationship")), r.get("icolumn") or 0)):
        bits, table = row.get("grbit") or 0, row.get("szObject")
        if bits & _NOT_ENFORCED or table not in objects:
            continue
        actions = ("CASCADE" if bits & bit else "NO ACTION" for bit in (_DELETE_CASCADES, _UPDATE_CASCADES))
        ends = (row.get("szReferencedObject"), row.get("szReferencedColumn"), *actions)
        rows.append((table, row.get("szRelationship") or "", "foreign", row.get("szColumn"), *ends))
    return rows


def linked(kept: list[dict[str, Any]]) -> list[Any]:
    """Mentions out of MSysObjects: the file or connection behind each linked table, and the table's name there."""
    rows: list[Any] = []
    for row in kept:
        connect, file = str(row.get("Connect") or "").removeprefix(";"), str(row.get("Database") or "")
        if row.get("Type") not in _LINKS or not (connect or file):
            continue
        kind = "connection_string" if not file else "unc" if file.startswith("\\\\") else "path"
        rows.append((str(row.get("Name")), row.get("ForeignName"), kind, file or connect, "active", "catalog"))
    return rows


def _action(text: str, what: str) -> str:
    found = re.search(rf"ON {what} (CASCADE|SET NULL)", text)
    return found[1] if found else "NO ACTION"


def _plain(text: str) -> str:
    return _unquoted(text[1:-1])


def _unquoted(text: str) -> str:
    return text.replace('""', '"')
