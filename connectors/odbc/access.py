"""Access files: what MDBTools' driver does not tell, its programs do, where they are installed."""

from __future__ import annotations

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
NAMES = ("path", "name", "kind", "columns", "ref_path", "ref_columns", "on_delete", "on_update")


class Access(Functions):
    """The driver's catalog functions; keys and queries from ``mdb-schema`` and ``mdb-queries``."""

    tells_nullable = False  # MDBTools' says of every column that it may not be NULL

    def pages(self, fact: str, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """Keys and queries by program, all else by driver."""
        if fact == "keys" and shutil.which("mdb-schema"):
            said = self._run("mdb-schema", "--indexes", "--relations", self._file, "oracle")
            if isinstance(said, Refusal):
                yield said
            elif rows := keys(said, objects):
                yield Page(NAMES, rows)
        elif fact == "foreign_keys" and shutil.which("mdb-schema"):
            return  # told with the others
        elif fact == "views" and shutil.which("mdb-queries"):
            yield from self._queries()
        else:
            yield from super().pages(fact, scope, objects)

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


def _action(text: str, what: str) -> str:
    found = re.search(rf"ON {what} (CASCADE|SET NULL)", text)
    return found[1] if found else "NO ACTION"


def _plain(text: str) -> str:
    return _unquoted(text[1:-1])


def _unquoted(text: str) -> str:
    return text.replace('""', '"')
