"""What only SHOW CREATE TABLE tells: foreign keys where the catalog hides them, and where tables elsewhere are kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.odbc import guard
from connectors.odbc.asking import Native, Page, Refusal
from connectors.odbc.facts import Scope
from connectors.odbc.link import Refused

_TOKEN = re.compile(r"`((?:[^`]|``)*)`|'(?:[^'\\]|\\.|'')*'|(\w+)|(.)", re.DOTALL)
_ACTIONS = {"CASCADE", "RESTRICT", "NO ACTION", "SET NULL", "SET DEFAULT"}
NAMES = ("path", "name", "kind", "columns", "ref_path", "ref_database", "ref_columns", "on_delete", "on_update")


REFERENCE_NAMES = ("path", "part", "kind", "locator", "status", "extractor")
_OPTION = re.compile(
    r"""[ ,]`?(CONNECTION|FILE_NAME|TABNAME|DBNAME|COMMENT|DATA DIRECTORY)`?\s*=\s*'((?:[^'\\]|\\.|'')*)'""",
    re.IGNORECASE,
)


class ShowCreate(Native):
    """The profile's questions; what they cannot tell is read from each table's own text."""

    def pages(self, fact: str, scope: Scope, objects: Mapping[str, str]) -> Iterator[Page | Refusal]:
        """As the profile's, but for foreign keys, and what tables that another server or a file holds refer to."""
        if fact == "references":
            far = [name for name, kind in objects.items() if kind == "foreign_table"]
            yield from self._texts(scope, far, fact, REFERENCE_NAMES, references)
            return
        if fact != "foreign_keys":
            yield from super().pages(fact, scope, objects)
            return
        seen: dict[str, list[Any]] = {}
        refusal: Refusal | None = None
        names: tuple[str, ...] = NAMES
        for page in super().pages(fact, scope, objects):
            if isinstance(page, Refusal):
                refusal = page
                continue
            told = [rule is not None for rule in page.column("on_delete")]
            if any(told):
                yield page.where(told)
            for row, known in zip(page.rows, told, strict=True):
                if not known:
                    seen.setdefault(row[page.names.index("path")], []).append(row)
            names = page.names
        tables = list(seen) if refusal is None else [name for name, kind in objects.items() if kind == "table"]
        told_of: set[tuple[str, str]] = set()
        for found in self._texts(scope, tables, fact, NAMES, foreign_keys):
            if isinstance(found, Page):
                told_of.update((row[0], row[1]) for row in found.rows)
                yield found
            else:
                yield (
                    found if refusal is None else Refusal(found.code, f"{refusal.detail}; {found.detail}", found.object)
                )
        # What the catalog lists and no text told is kept, with unknown actions: the text was refused, or too late, or
        # unreadable (MariaDB before 10.11.19 writes a foreign key's names unescaped, backticks and all).
        left = [
            r for rows in seen.values() for r in rows if (_of(names, r, "path"), _of(names, r, "name")) not in told_of
        ]
        if left:
            yield Page(names, left)

    def _texts(
        self,
        scope: Scope,
        tables: list[str],
        fact: str,
        names: tuple[str, ...],
        read: Callable[[str, str], list[Any]],
    ) -> Iterator[Page | Refusal]:
        deadline = time.monotonic() + self.link.options.query_timeout_s
        for number, table in enumerate(tables):
            if time.monotonic() > deadline:
                yield Refusal(
                    "TIMEOUT", f"{number} of {len(tables)} tables were asked by SHOW CREATE TABLE within the limit"
                )
                return
            where = ".".join(guard.quoted(n, self.link.profile.quote) for n in (*scope.names, table))
            try:
                rows = self.link.execute(f"SHOW CREATE TABLE {where}").more()
            except Refused as refused:
                yield Refusal(refused.code, f"{fact}: {refused.detail}", table)
                continue
            found = read(table, str(rows[0][1])) if rows else []
            if found:
                yield Page(names, found)


def _of(names: Sequence[str], row: Sequence[Any], name: str) -> str:
    return str(row[names.index(name)])


def references(table: str, ddl: str) -> list[Any]:
    """Rows as ``REFERENCE_NAMES`` names them: the connections and files of a FEDERATED, CONNECT or Spider table."""
    options = ddl[ddl.rfind("\n)") + 1 :]
    engine = re.search(r"ENGINE=(\w+)", options)
    part = engine[1] if engine else None
    found = []
    for option in _OPTION.finditer(options):
        what, value = option[1].upper(), re.sub(r"\\(.)", r"\1", option[2].replace("''", "'"))
        if what in ("FILE_NAME", "DATA DIRECTORY"):
            kind = "path"
        elif what == "CONNECTION":
            kind = "url" if "://" in value else "connection_string" if "=" in value else "table"
        elif what == "COMMENT":  # Spider keeps its settings there; any other comment is a comment
            kind = "server_link"
            if part != "SPIDER":
                continue
        else:
            kind = "table"
        if value:
            found.append((table, part, kind, value, "active", "catalog"))
    return found


def foreign_keys(table: str, ddl: str) -> list[Any]:
    """Rows as ``NAMES`` names them, one for each column of each foreign key, out of a table's text.

    Quoted names and strings are whole tokens, so that no comment or name can pass for a key. An action that is left out
    is RESTRICT, as the catalog writes it.
    """
    tokens = [
        (m[1].replace("``", "`"), True) if m[1] is not None else (m[2] or m[3] or "", False)
        for m in _TOKEN.finditer(ddl)
    ]
    tokens = [t for t in tokens if t[1] or t[0].strip()]
    words = [("" if is_name else text.upper()) for text, is_name in tokens]
    rows: list[Any] = []
    for at in range(len(tokens) - 4):
        if words[at] == "CONSTRAINT" and words[at + 2 : at + 4] == ["FOREIGN", "KEY"]:
            try:
                rows += _key(table, tokens, words, at)
            except (IndexError, ValueError):  # names written unescaped: no list of theirs ends where it should
                continue
    return rows


def _key(table: str, tokens: list[tuple[str, bool]], words: list[str], at: int) -> list[Any]:
    name = tokens[at + 1][0]
    columns, at = _names(tokens, words, at + 4)
    target, at = [], at + 1  # past REFERENCES
    while words[at] != "(":
        if tokens[at][1]:
            target.append(tokens[at][0])
        at += 1
    referred, at = _names(tokens, words, at)
    actions = {"DELETE": "RESTRICT", "UPDATE": "RESTRICT"}
    while words[at : at + 1] == ["ON"]:
        one, two = words[at + 2], " ".join(words[at + 2 : at + 4])
        actions[words[at + 1]] = two if two in _ACTIONS else one
        at += 4 if two in _ACTIONS else 3
    database = target[0] if len(target) > 1 else None
    return [
        (table, name, "foreign", column, target[-1], database, other, actions["DELETE"], actions["UPDATE"])
        for column, other in zip(columns, referred, strict=True)
    ]


def _names(tokens: list[tuple[str, bool]], words: list[str], at: int) -> tuple[list[str], int]:
    """The names of a bracketed list, and the place behind it."""
    found = []
    while words[at] != ")":
        if tokens[at][1]:
            found.append(tokens[at][0])
        at += 1
    return found, at + 1
