"""Mentions of what a command's words name: places, databases, statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention
from scanner.extractors.commands.command import Command
from scanner.extractors.finding import found
from scanner.extractors.quoting import quoted
from scanner.locators import status_of, without_secrets

_DRIVE = re.compile(r"[A-Za-z]:(?:[\\/]|$)")
_REMOTE = re.compile(
    r"(?:([\w.$%{}\\-]{1,80})@)?((?:[A-Za-z0-9$%{][\w.${}%-]{1,252}|\[[0-9A-Fa-f:]{2,45}\])):{1,2}(?!//)(\S.{0,900})?\Z"
)
_MOUNTED = (
    "/mnt/",
    "/media/",
    "/net/",
    "/nfs",
    "/Volumes/",
    "/srv/",
    "/data",
    "/export",
    "/share",
    "/auto/",
    "/vol",
    "/archive",
    "/backup",
)
_SQLPLUS_LOGIN = re.compile(
    r"""(?i)\b(conn(?:ect)?\s{1,9}["']?[\w$#.&]{1,128}["']?)/(?:"[^"\n]{0,200}"|\S{0,400})(?=@|\s|;|\Z)"""
)
_TABLE = re.compile(r"""(?:[\w#@$"\[\]]{1,200}\.){0,3}[\w#@$"\[\]]{1,200}\Z""")


def place(
    word: str,
    command: Command,
    origin: str,
    *,
    action: str | None = None,
    alias: str | None = None,
    remote: bool = False,
) -> Mention | None:
    """The mention of a word that names a place; None where it names none, or one of this machine alone.

    ``remote`` says that the program takes ``host:path``.
    """
    if not word or len(word) > 2000 or "\n" in word:
        return None
    kind: str | None = None
    if "://" in word or word.lower().startswith("jdbc:"):
        if not found(word):
            return None
    elif word.startswith("\\\\") and len(word) > 4 and word[2] not in ".?\\":
        kind = "unc"
    elif (_DRIVE.match(word) and len(word) > 2) or word.startswith(_MOUNTED):
        kind = "path"
    elif remote and (match := _REMOTE.match(word)) and len(match[2]) > 1:
        return remote_path(match[2], match[3] or "", match[1], command, origin, action=action, alias=alias)
    else:
        return None
    return quoted(word, origin=origin, line=command.line, kind=kind, status=command.status, action=action, alias=alias)


def remote_path(  # noqa: PLR0913 - as quoting has it
    host: str,
    path: str,
    user: str | None,
    command: Command,
    origin: str,
    *,
    action: str | None,
    alias: str | None = None,
    driver: str = "sftp",
) -> Mention:
    """A path of another host, as rsync, scp and NFS write it."""
    locator = without_secrets(f"{user}@{host}:{path}" if user else f"{host}:{path}").rstrip(":")
    return Mention(
        kind="path" if path else "host",
        locator=locator,
        line=command.line,
        status=command.status or status_of(locator),
        alias=alias,
        action=action,
        origin=origin,
        server=host,
        user=user,
        driver=driver,
    )


def share(word: str, command: Command, origin: str, *, action: str, alias: str | None = None) -> Mention | None:
    """A share as mount and smbclient take it: ``//server/share`` or with backslashes."""
    text = word if word.startswith("\\\\") else word.replace("/", "\\") if word.startswith("//") else ""
    if len(text) < 5:
        return None
    made = quoted(text, kind="unc", origin=origin, line=command.line, status=command.status, action=action, alias=alias)
    if made is None:
        return None
    # A backslash before a '$' would make it a letter like any other.
    status = made.status if made.status != "active" else status_of(text.replace("\\", "/"))
    return replace(made, locator=without_secrets(word), status=status)


def host(
    name: str, command: Command, origin: str, *, action: str, driver: str, user: str | None = None, port: str = ""
) -> Mention | None:
    """A host that is reached by a protocol."""
    user_of_name, at, name = name.rpartition("@")
    if not re.match(r"[\w.$%{<\[-][\w.${}%<>:\[\]-]{0,252}\Z", name) or name.startswith("-"):
        return None
    number = int(port) if port.isdigit() and int(port) < 65_536 else None
    locator = f"{name}:{port}" if number else name
    return Mention(
        kind="host", locator=locator, line=command.line, status=command.status or status_of(locator), action=action,
        origin=origin, server=name, port=number, user=(user_of_name if at else user) or None, driver=driver,
    )  # fmt: skip


def statement(text: str, command: Command, origin: str, reached: Mention | None) -> Mention | None:
    """A statement run through a connection; None where nothing says what it is run on."""
    if reached is None or not re.search(r"[A-Za-z]\w{2,}\s+\S", text):
        return None
    text = _SQLPLUS_LOGIN.sub(_without_login, text)
    made = quoted(text, kind="sql", origin=origin, line=command.line, status=command.status, via=reached.alias)
    if made is None:
        return None
    via = reached.locator if reached.kind == "reference" else made.via
    return replace(
        made,
        via=via,
        server=reached.server,
        port=reached.port,
        database=reached.database,
        user=reached.user,
        driver=reached.driver,
    )


def _without_login(login: re.Match[str]) -> str:
    """``connect user/password@alias`` without what stands between the slash and the last ``@``."""
    _, at, to = login[0].rpartition("@")
    return f"{login[1]}/***{at}{to}"


def table(name: str, command: Command, origin: str, reached: Mention | None, action: str | None) -> Mention | None:
    """A table read or written through a connection."""
    if reached is None or not _TABLE.match(name):
        return None
    return Mention(
        kind="table", locator=name, line=command.line, status=command.status or status_of(name), action=action,
        via=reached.locator if reached.kind == "reference" else reached.alias, origin=origin, server=reached.server,
        port=reached.port, database=reached.database, user=reached.user, driver=reached.driver,
    )  # fmt: skip


def script(word: str, command: Command, origin: str, action: str = "calls") -> Iterator[Mention]:
    """A file by its path, relative ones as well."""
    if (
        word
        and len(word) < 1000
        and not word.startswith("-")
        and "\n" not in word
        and re.search(r"[\w}%)]\.\w{1,5}\Z", word)
    ):
        kind = "unc" if word.startswith("\\\\") else "path"
        made = quoted(word, kind=kind, origin=origin, line=command.line, status=command.status, action=action)
        if made is not None:
            yield made
