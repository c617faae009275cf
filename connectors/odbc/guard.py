"""The one gate every statement passes on its way to a driver: reading only, and one at a time."""

from __future__ import annotations

import re

_SPAN = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`""", re.DOTALL)
_ASKS = re.compile(r"\s*(SELECT|SHOW\s+CREATE\s+TABLE)\b", re.IGNORECASE)
_SETS = re.compile(
    r"\s*(SET\s+(SESSION\s+)?(TRANSACTION\s+READ\s+ONLY|\w+\s*=)|SET\s+\w+\s*=|PRAGMA\s+query_only\s*=\s*1\s*$"
    # Isolation and waiting for locks, as SQL Server, Adaptive Server, Db2, Informix and Teradata write them.
    r"|SET\s+TRANSACTION\s+ISOLATION\s+LEVEL\s+(READ\s+UNCOMMITTED|0)\s*$|SET\s+CURRENT\s+ISOLATION\s*=\s*UR\s*$"
    r"|SET\s+ISOLATION\s+TO\s+DIRTY\s+READ\s*$|SET\s+LOCK_TIMEOUT\s+\d+\s*$|SET\s+CURRENT\s+LOCK\s+TIMEOUT\s+\d+\s*$"
    r"|SET\s+LOCK\s+(MODE\s+TO\s+)?WAIT\s+\d+\s*$|SET\s+QUOTED_IDENTIFIER\s+ON\s*$"
    r"|SET\s+SESSION\s+CHARACTERISTICS\s+AS\s+TRANSACTION\s+ISOLATION\s+LEVEL\s+READ\s+UNCOMMITTED\s*$)",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r"\b(INTO|INSERT|UPDATE|DELETE|MERGE|CREATE|DROP|ALTER|TRUNCATE|GRANT|REVOKE|CALL|EXEC|EXECUTE|DO|COPY|LOCK|FOR\s+SHARE)\b",
    re.IGNORECASE,
)


class NotAllowed(Exception):  # noqa: N818 - reads as what it says
    """A statement that is no plain question; our own mistake, never the source's."""


def check(sql: str, *, session: bool = False) -> str:
    """The statement, if it may be sent: one SELECT or SHOW CREATE TABLE, or a SET of the session.

    Raises:
        NotAllowed: it is something else, or more than one.
    """
    bare = _SPAN.sub("''", sql)
    if ";" in bare or "--" in bare or "/*" in bare:
        raise NotAllowed(f"more than one statement, or a comment: {sql[:80]!r}")
    if session and _SETS.match(bare):
        return sql
    if not _ASKS.match(bare):
        raise NotAllowed(f"neither SELECT nor SHOW: {sql[:80]!r}")
    if bare.lstrip()[:4].upper() != "SHOW" and (found := _WRITES.search(bare)):
        raise NotAllowed(f"{found[0].upper()} in a question: {sql[:80]!r}")
    return sql


def quoted(name: str, quote: str) -> str:
    """An identifier as the driver quotes it, the quote character within it doubled.

    Raises:
        NotAllowed: the driver has no quote character, and the name is not plain enough to go without.
    """
    if quote.strip():
        closing = "]" if quote == "[" else quote
        return f"{quote}{name.replace(closing, closing * 2)}{closing}"
    if re.fullmatch(r"[^\W\d]\w*", name):
        return name
    raise NotAllowed(f"the driver cannot quote the name {name!r}")
