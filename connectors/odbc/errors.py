"""What a driver's error means: a code of the registry, and whether trying again may help."""

from __future__ import annotations

import re
from typing import Any

from scanner.model import SourceError
from scanner.secrets import scrub

_CONNECTING: tuple[tuple[str, str, bool], ...] = (
    # MariaDB 1044 and 1130, PostgreSQL's CONNECT right and its pg_hba.conf: the login itself was not at fault.
    (
        r"\((1044|1130|1142|1227)\)|permission denied for database|no pg_hba\.conf entry|pg_hba\.conf rejects|42501",
        "DENIED",
        False,
    ),
    # A database that its administrator has shut to everybody, superusers too.
    (r"not currently accepting connections", "DENIED", False),
    # SQL Server's, which says "Login failed" as well: the account is let in, the database is not there for it.
    (r"\((4060|4064)\)|Cannot open (user default )?database", "DENIED", False),
    (r"\((1820|1862)\)|password .*expired", "AUTH_EXPIRED", False),
    (
        r"\((1045|1698|3118|4151)\)|authentication failed|role \".*\" does not exist|no password supplied",
        "AUTH_REFUSED",
        False,
    ),
    # PostgreSQL's of an account without LOGIN, and PgBouncer's: both with the state of a lost connection.
    (r"not permitted to log in|no such user|login rejected", "AUTH_REFUSED", False),
    (r"ORA-2800[12]\b|SQL30082N.*reason \"(1|2)\"", "AUTH_EXPIRED", False),
    # Before anything that may be tried again: Db2 gives a wrong password the state of a lost connection, and Firebird,
    # Informix (951, 952), Teradata (8017) and Adaptive Server (4002) have states of their own for it.
    (
        r"ORA-(01017|01005|28000|28003)\b|SQL30082N|SQL1403N|user name and password are not defined",
        "AUTH_REFUSED",
        False,
    ),
    (r"335544472|\(-95[12]\)|\[8017\]|UserId, Password or Account is invalid|\(4002\)", "AUTH_REFUSED", False),
    (r"\b(28000|28P01|18456)\b|Login failed", "AUTH_REFUSED", False),
    (r"ORA-(12154|12505|12514)\b|SQL1013N|335544344|\(-329\)", "NOT_FOUND", False),
    (r"ORA-(12170|12535|12541|12543|12545)\b|SQL30081N|SQL1224N|\(-908\)|335544721", "UNREACHABLE", True),
    (
        r"\(1049\)|database \".*\" does not exist|no such database|3D000|connect failed \((10|14|26)\)",
        "NOT_FOUND",
        False,
    ),
    (r"Can't open lib|IM002|IM003|IM004|IM012|no default driver", "DRIVER_MISSING", False),
    (r"unsupported startup parameter", "OTHER", False),
    (r"SSL|TLS|certificate|Encryption not supported", "TLS_REFUSED", False),
    (r"timeout expired|HYT0[01]|timed out", "UNREACHABLE", True),
    (r"08001|08004|08S01|53300|57P03|\((1040|1203|2002|2003|2005|2006|2013|2026)\)", "UNREACHABLE", True),
)
_ASKING: tuple[tuple[str, str, bool], ...] = (
    (r"57P0[1-5]|08S01|08003|08006|08007|\((2006|2013|2055|1927)\)|server closed the connection", "UNREACHABLE", True),
    (
        r"no connection to the server|[Cc]onnection (was|is) (lost|dead)|Lost connection|[Ss]erver has gone away",
        "UNREACHABLE",
        True,
    ),
    (r"57014|55P03|HYT0[01]|\((1969|3024|1205|1317)\)|statement timeout|max_statement_time", "TIMEOUT", False),
    # Waits for locks or for the server, as SQL Server, Oracle, Db2, Informix and Teradata number them.
    (r"\(1222\)|ORA-(01013|00054)\b|SQL0952N|SQL0911N|\(-(154|243|244)\)|\[3156\]", "TIMEOUT", False),
    (r"\((262|297|300|371|916)\)|ORA-01031\b|SQL055[12]N|335544352|\(-(272|274|387)\)|\[3523\]", "DENIED", False),
    (r"ORA-(00942|04043)\b|SQL0204N|\(-206\)|\[3807\]", "NOT_FOUND", False),
    (r"42501|permission denied|\((1142|1143|1044|1227|1370)\)|\b229\b", "DENIED", False),
    (r"42P01|42S02|\(1146\)|no such table|3F000|invalid schema name", "NOT_FOUND", False),
)
_PASSWORD = re.compile(r"(?i)\b(pwd|password)=(\{(?:[^}]|\}\})*\}|[^;\s]*)")


def words(error: BaseException) -> str:
    """What a driver said, on one line, without secrets."""
    said: Any = error.args[1] if len(error.args) > 1 else str(error)
    text = str(said).encode("utf-8", "backslashreplace").decode()
    text = re.sub(r"\s*\(SQL\w+\)$", "", " ".join(text.split()))
    return _PASSWORD.sub(r"\1=***", scrub(text))[:2000]


def connecting(error: BaseException, where: str) -> SourceError:
    """What a refused connection means."""
    code, transient = _sort(error, _CONNECTING, "OTHER")
    return SourceError(code, words(error), where=where, transient=transient)


def asking(error: BaseException) -> tuple[str, bool]:
    """What a failed query means: a code, and whether the connection is lost."""
    return _sort(error, _ASKING, "QUERY_FAILED")


def _sort(error: BaseException, table: tuple[tuple[str, str, bool], ...], otherwise: str) -> tuple[str, bool]:
    text = " ".join(str(a) for a in error.args)
    return next(((code, flag) for pattern, code, flag in table if re.search(pattern, text)), (otherwise, False))
