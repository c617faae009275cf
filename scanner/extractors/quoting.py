"""From a text that a file holds to a mention: parsed, cut, its kind and status found."""

from __future__ import annotations

import re

from scanner.extractor import Mention
from scanner.locators import (
    Connection,
    connection,
    statement_without_secrets,
    status_of,
    unc,
    url,
    variables,
    without_secrets,
)

LONGEST = 4_000
"""Characters of a locator that are kept."""
LONGEST_SQL = 200_000
"""Characters of a statement that are kept."""
_DRIVE = re.compile(r"^[A-Za-z]:(?:[\\/]|$)")
_PATH = re.compile(r"^(?:[A-Za-z]:[\\/]|/[\w.]|~/|\.{1,2}[\\/])[^\n\r\"<>|*]{0,1000}$")
_HOST = re.compile(
    r"^(?:\[[0-9A-Fa-f:.]{2,45}\]|(?=[^.]{0,63})[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?\.?)(?::\d{1,5})?$"
)

_UNQUOTED = str.maketrans("", "", "[]")


def quoted(  # noqa: PLR0913 - as many as a mention has columns
    text: str,
    *,
    origin: str,
    line: int | None = None,
    part: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    alias: str | None = None,
    via: str | None = None,
    action: str | None = None,
    driver: str | None = None,
) -> Mention | None:
    """A mention of what a text locates, without its secrets; None where it locates nothing.

    ``kind`` is given where the format says what stands there; otherwise connection strings, URLs, UNC paths and paths
    are told by their shape, and anything else is no locator. ``status`` is one of ``commented`` or what the text itself
    shows. ``driver`` is what stands beside a connection string (a providerName).
    """
    text = text.strip()
    if not text or "\0" in text:
        return None
    said = {"line": line, "part": part, "alias": _named(alias), "via": _named(via), "action": action, "origin": origin}
    if kind == "sql":
        kept = statement_without_secrets(text[:LONGEST_SQL])
        return Mention(kind="sql", locator=kept, status=status or _of_sql(kept), **said)  # type: ignore[arg-type]
    made = _placed(text[: LONGEST * 8], kind, driver)
    if made is None:
        return None
    if action is None and made["kind"] in ("connection_string", "server_link"):
        said["action"] = "connects"
    shown = str(made["locator"])
    # Brackets only quote a name: [dbo].[User] is one like any other, while <table> is an example all the same.
    state = status_of(shown.translate(_UNQUOTED) if kind == "table" else shown, status or "active")
    made["locator"] = str(made["locator"])[:LONGEST]
    return Mention(status=state, **(said | made))  # type: ignore[arg-type]


def _named(name: str | None) -> str | None:
    """A name, which is free to look like a locator and then may hold what one does."""
    return without_secrets(name) if name and any(c in name for c in "=@:") else name


def _of_sql(text: str) -> str:
    """Only what no dialect uses itself: LIKE has its '%', PL/pgSQL its '$body$'."""
    marks = ("${", "$(", "#{", "{{", "@[", "<%")
    return "template" if any(v.startswith(marks) for v in variables(text[:20_000])) else "active"


def _placed(  # noqa: PLR0911 - a kind each
    text: str, kind: str | None, driver: str | None
) -> dict[str, object] | None:
    """Kind, locator and what is told apart of it."""
    if kind in (None, "connection_string") and (found := connection(text, driver=driver)) is not None:
        return of_connection(found)
    kept = without_secrets(text)
    if kind == "connection_string":
        return {"kind": kind, "locator": kept, "driver": driver}
    if kind in (None, "unc") and (share := unc(kept)) is not None:
        return {"kind": "unc", "locator": kept, "server": share.server, "database": share.share}
    if kind in (None, "url") and (place := url(text)) is not None:
        return {
            "kind": "url", "locator": place.text, "server": place.host or None, "port": place.port,
            "database": place.bucket, "user": place.user, "driver": place.scheme,
        }  # fmt: skip
    if kind is None:
        return {"kind": "path", "locator": kept} if _PATH.match(text) else None
    if kind == "host":
        return _host(kept)
    return {"kind": kind, "locator": kept, "driver": driver}


def _host(text: str) -> dict[str, object] | None:
    if _HOST.match(text) is None:
        return {"kind": "host", "locator": text, "server": text} if status_of(text) != "active" else None
    name, colon, port = text.rpartition(":") if re.search(r"[^:]:\d+$|\]:\d+$", text) else (text, "", "")
    return {"kind": "host", "locator": text, "server": name.strip("[]"), "port": int(port) if colon else None}


def of_connection(found: Connection) -> dict[str, object]:
    """The columns of a mention that a connection fills.

    A database that is a file stands in ``database``; a DSN, TNS or service name that it goes through in ``via``.
    """
    via = {"via": found.alias} if found.alias and not found.server else {}
    return via | {
        "kind": "connection_string", "locator": found.text, "server": found.place, "port": found.port,
        "database": found.database or found.file, "user": found.user, "driver": found.driver,
    }  # fmt: skip
