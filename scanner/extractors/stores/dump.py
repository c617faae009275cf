"""SQL dumps: the definitions in their beginning, read by sqlglot; rows are passed over."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator

from scanner.extractor import Unread
from scanner.extractors.stores.content import BLOCK, Content
from scanner.extractors.stores.facts import Found, declared
from scanner.extractors.stores.signs import Recognised
from scanner.locators import statement_without_secrets

logging.getLogger("sqlglot").setLevel(logging.ERROR)
"""Its warnings quote what could not be parsed, which may hold a password."""
READ = 16 << 20
"""Bytes of a dump that are looked through for definitions."""
_STATEMENT = 256 << 10
"""Longest definition that is read."""
_TIME_S = 60.0
_START = re.compile(
    r"(?i)^\s*(?:CREATE\s+(?:UNLOGGED\s+|TEMPORARY\s+)?TABLE|CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?(?:MATERIALIZED\s+)?VIEW|ALTER\s+TABLE)\b"
)
_NAMED = re.compile(
    r"""(?i)^(?:\\connect\s+(?:-reuse-previous=on\s+)?"?(?:dbname=)?'?|USE\s+[`"]?|CREATE\s+DATABASE\s+(?:/\*.*?\*/\s*)?(?:IF\s+NOT\s+EXISTS\s+)?[`"]?)([^`"'\s;]+)"""
)


def read(content: Content, what: Recognised, found: Found) -> None:
    """Tables with columns and keys, views; Unread where the dump goes on beyond what is read."""
    dialect = what.detail.get("dialect", "")
    end = time.monotonic() + _TIME_S
    databases = dict.fromkeys(filter(None, [what.detail.get("database_name")]))
    unparsed = 0
    for line in _definitions(content, databases):
        if time.monotonic() > end:
            found.whole = False
            raise Unread("TIMEOUT", f"its definitions were not read to the end within {_TIME_S:g} s")
        unparsed += not _definition(line, dialect, found)
    for name in databases:
        found.setting("database_name", name)
    if content.size is None or content.size > READ:
        found.whole = False
        raise Unread("CONTENT_LIMIT", f"only its first {READ:,} bytes were looked through; it may define more tables")
    if unparsed:
        raise Unread("PARSE_FAILED", f"{unparsed:,} of its definitions could not be parsed")


def _lines(content: Content) -> Iterator[str]:
    """Lines of the beginning, each cut at the longest definition; most of a dump's lines are rows."""
    rest = b""
    for at in range(0, READ, BLOCK):
        piece = content.at(at, BLOCK)
        if not piece:
            break
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line[:_STATEMENT].decode("utf-8", "replace") for line in whole)
        rest = rest[:_STATEMENT]
    if rest:
        yield rest.decode("utf-8", "replace")


def _definitions(content: Content, databases: dict[str, None]) -> Iterator[str]:
    """Statements that define something; names of databases are noted on the way."""
    kept: list[str] = []
    length = 0
    copying = False
    for line in _lines(content):
        if copying:  # rows between COPY … FROM stdin and \. may look like anything
            copying = not line.startswith("\\.")
            continue
        if not kept:
            if line.startswith("COPY ") and line.rstrip().endswith("FROM stdin;"):
                copying = True
            elif named := _NAMED.match(line):
                databases.setdefault(named[1])
            elif not _START.match(line):
                continue
        if copying or (not kept and not _START.match(line)):
            continue
        kept.append(line)
        length += len(line)
        if line.rstrip().endswith(";") or length > _STATEMENT:
            yield "\n".join(kept)
            kept, length = [], 0


def _definition(text: str, dialect: str, found: Found) -> bool:
    """Take one statement; False where it could not be parsed."""
    from sqlglot import exp, parse_one  # noqa: PLC0415 - takes a while to load
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    try:
        tree = parse_one(text, dialect=dialect)
    except (SqlglotError, RecursionError):
        return False
    if isinstance(tree, exp.Alter):
        _altered(tree, found)
        return True
    schema = tree.this if isinstance(tree, exp.Create) else None
    table = schema.this if isinstance(schema, exp.Schema) else schema
    if not isinstance(table, exp.Table):
        return False
    name = _name(table)
    if str(tree.args.get("kind") or "").upper() == "VIEW":
        if found.entry(name, "view"):
            found.routine(name, "view", dialect, statement_without_secrets(text))
    elif found.entry(name, "table") and isinstance(schema, exp.Schema):
        _parts(schema, name, dialect, found)
    return True


def _parts(schema: object, table: str, dialect: str, found: Found) -> None:
    from sqlglot import exp  # noqa: PLC0415

    assert isinstance(schema, exp.Schema)
    position = 0
    for part in schema.expressions:
        if isinstance(part, exp.ColumnDef):
            position += 1
            _column(part, position, table, dialect, found)
        else:
            _constraint(part, table, found)


def _name(table: object) -> str:
    """A table as it stands beneath its file: the default schema goes without saying."""
    schema, name = getattr(table, "db", ""), getattr(table, "name", "")
    return name if schema in {"", "public"} else f"{schema}.{name}"


def _column(part: object, position: int, table: str, dialect: str, found: Found) -> None:
    from sqlglot import exp  # noqa: PLC0415

    assert isinstance(part, exp.ColumnDef)
    kinds = [c.kind for c in part.constraints]
    mandatory = any(isinstance(k, exp.NotNullColumnConstraint) and not k.args.get("allow_null") for k in kinds)
    primary = any(isinstance(k, exp.PrimaryKeyColumnConstraint) for k in kinds)
    kind = part.args.get("kind")
    found.column(
        table, position, part.name, declared(kind.sql(dialect=dialect) if kind else None),
        nullable=not (mandatory or primary),
    )  # fmt: skip
    if primary:
        found.key(table, "", "primary", [part.name])


def _constraint(part: object, table: str, found: Found) -> None:
    from sqlglot import exp  # noqa: PLC0415

    name = ""
    if isinstance(part, exp.Constraint):
        name = part.name
        for inner in part.expressions:
            _key(inner, name, table, found)
        return
    _key(part, name, table, found)


def _key(part: object, name: str, table: str, found: Found) -> None:
    from sqlglot import exp  # noqa: PLC0415

    if isinstance(part, exp.PrimaryKey):
        found.key(table, name, "primary", [_column_name(e) for e in part.expressions])
    elif isinstance(part, exp.ForeignKey):
        reference = part.args.get("reference")
        schema = reference.this if isinstance(reference, exp.Reference) else None
        other = schema.this if isinstance(schema, exp.Schema) else schema
        if isinstance(other, exp.Table):
            referred = [_column_name(e) for e in schema.expressions] if isinstance(schema, exp.Schema) else []
            columns = [_column_name(e) for e in part.expressions]
            found.key(table, name, "foreign", columns, (_name(other), referred))
    elif isinstance(part, exp.UniqueColumnConstraint) and isinstance(part.this, exp.Schema):
        found.key(table, part.this.name or name, "unique", [_column_name(e) for e in part.this.expressions])


def _column_name(part: object) -> str:
    return str(getattr(part, "name", "") or getattr(getattr(part, "this", None), "name", ""))


def _altered(tree: object, found: Found) -> None:
    """Keys that pg_dump adds behind the rows."""
    from sqlglot import exp  # noqa: PLC0415

    assert isinstance(tree, exp.Alter)
    if not isinstance(tree.this, exp.Table):
        return
    for action in tree.args.get("actions") or ():
        if isinstance(action, exp.AddConstraint):
            for part in action.expressions:
                _constraint(part, _name(tree.this), found)
