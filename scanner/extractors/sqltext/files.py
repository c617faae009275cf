"""Files in SQL text: bulk loads, exports, backups, external tables, directories, shell commands, included scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention
from scanner.extractors.commands.script import one_command
from scanner.extractors.sqltext.pieces import NAME, PART, STRING, Place, arguments, bare, named, plain


def place(
    text: str, at: Place, origin: str, action: str | None, *, alias: str | None = None, via: str | None = None
) -> Iterator[Mention]:
    """A file or URL that a clause names."""
    text = plain(text).strip()
    if not text or "\n" in text or text.lower() in ("nul", "stdin", "stdout", "/dev/null"):
        return
    kind = None if "://" in text else "unc" if text.startswith("\\\\") else "path"
    made = at.quoted(text, origin=f"sql/{origin}", kind=kind, alias=alias, via=via, action=action)
    if made is not None:
        yield made


_BULK = re.compile(
    rf"(?i)\s{{1,99}}{NAME}\s{{1,99}}from\s{{1,99}}{STRING}(?:[^;]{{0,900}}?data_source\s{{0,9}}=\s{{0,9}}'"
    rf"(\w{{1,128}})')?"
)


def bulk_insert(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``BULK INSERT t FROM 'path'``."""
    if match := _BULK.match(text, end, end + 6000):
        yield from place(match[1], at, "BULK INSERT", "reads", via=match[2])


_COPY = re.compile(
    rf"(?i)\s{{1,99}}(?:into\s{{1,99}})?(?P<what>@?{NAME}(?:/[\w/.-]{{0,300}})?|{STRING}|\((?:[^()]|\([^()"
    rf"]{{0,900}}\)){{1,8000}}\))\s{{0,99}}(?:\([^()]{{0,8000}}\)\s{{0,99}})?(?:from|to)\s{{1,99}}(?P<progr"
    rf"am>program\s{{1,99}})?(?:{STRING}|(?P<bare>[\w./\\:~-]{{3,400}}\.\w{{1,8}}))"
)
_DIRECTION = re.compile(r"(?i)\b(from|to)\s{1,99}(?:program\s{1,99})?(?:[NE]?'|[\w./\\:~-]+\.\w)[^']*'?\Z")


def copy(text: str, at: Place, end: int) -> Iterator[Mention]:
    r"""PostgreSQL's ``COPY t FROM 'path'``, ``PROGRAM 'command'``, psql's ``\\copy``, and COPY of warehouses."""
    match = _COPY.match(text, end, end + 20_000)
    if match is None:
        return
    where = _DIRECTION.search(match[0][-1200:])
    writes = where is not None and where[1].lower() == "to"
    value = match["bare"] or match[4] or ""
    if match["program"]:
        yield from one_command(plain(value), at.page.line(at.at), "sql/COPY", status=at.page.status(at.at))
    else:
        yield from place(value, at, "COPY", "writes" if writes else "reads")
    if match[2] and "://" in match[2]:  # COPY INTO 's3://…' FROM t
        yield from place(match[2], at, "COPY", "writes")


_STRING_HERE = re.compile(rf"\s{{0,99}}{STRING}")


def infile(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``LOAD DATA INFILE 'path'``."""
    if match := _STRING_HERE.match(text, end):
        yield from place(_unescaped(match[1]), at, "LOAD DATA", "reads")


def outfile(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``SELECT … INTO OUTFILE 'path'``."""
    if match := _STRING_HERE.match(text, end):
        yield from place(_unescaped(match[1]), at, "OUTFILE", "writes")


def _unescaped(text: str) -> str:
    r"""MySQL's strings escape: ``'\\\\server\\share'``."""
    return text.replace("\\\\", "\\") if text.startswith("\\\\\\\\") or re.match(r"[A-Za-z]:\\\\", text) else text


_DISK = re.compile(rf"(?i)\s{{0,9}}=\s{{0,9}}{STRING}")


def disk(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``BACKUP DATABASE x TO DISK = 'path'``, ``RESTORE … FROM URL = 'https://…'``."""
    match = _DISK.match(text, end)
    if match is None:
        return
    before = text[max(0, at.at - 3000) : at.at].lower()
    backup, restore = before.rfind("backup "), before.rfind("restore ")
    if backup >= 0 or restore >= 0:
        name = "BACKUP" if backup > restore else "RESTORE"
        yield from place(match[1], at, name, "writes" if name == "BACKUP" else "reads")


_LOCATION = re.compile(rf"(?i)\s{{0,9}}[=(]?\s{{0,99}}(?:({PART})\s{{0,9}}:\s{{0,9}})?{STRING}")
_SOURCE = re.compile(
    rf"(?i)external\s{{1,20}}(data\s{{1,20}}source|schema|table|volume|location)\s{{1,20}}(?:if\s+not\s+exi"
    rf"sts\s+)?({NAME})"
)
_DIRECTORY_USED = re.compile(r"(?i)default\s{1,99}directory\s{1,99}([\w$#\"]{1,128})")


def location(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``LOCATION`` of external tables and data sources."""
    match = _LOCATION.match(text, end)
    if match is None or not match[2]:
        return
    before = text[max(0, at.at - 4000) : at.at]
    sources = list(_SOURCE.finditer(before))
    source = sources[-1] if sources else None
    directory = _DIRECTORY_USED.search(before, source.start() if source else 0)
    via = bare(match[1]) if match[1] else directory[1].strip('"') if directory and "://" not in match[2] else None
    if "://" not in match[2] and "/" not in match[2] and "\\" not in match[2] and via is None:
        return
    defines = source is not None and source[1].lower().startswith(("data", "volume", "location"))
    yield from place(
        match[2],
        at,
        "LOCATION",
        "defines" if defines else "reads",
        alias=source[2].replace('"', "") if defines and source else None,
        via=via,
    )


_AS = re.compile(rf"(?i)\s{{1,99}}({PART})\s{{1,99}}as\s{{1,99}}{STRING}")


def directory(text: str, at: Place, end: int) -> Iterator[Mention]:
    """Oracle's ``CREATE DIRECTORY d AS 'path'``: a name for a folder of the server."""
    if match := _AS.match(text, end):
        yield from place(match[2], at, "DIRECTORY", "defines", alias=bare(match[1]))


def utl_file(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``UTL_FILE.FOPEN('DIRECTORY', 'name', 'w')``."""
    told = named(arguments(text, end), ("location", "filename", "mode"))
    where = told.get("location", "")
    action = "writes" if told.get("mode", "r").lower()[:1] in ("w", "a") else "reads"
    if "/" in where or "\\" in where:
        yield from place(where, at, "UTL_FILE", action)
    elif where and re.search(rf"\(\s{{0,99}}'{re.escape(where)}'", text[end - 1 : end + 300]):
        made = at.quoted(where, origin="sql/UTL_FILE", kind="reference", action=action)
        if made is not None:
            yield made


_COMMAND = re.compile(r"\s{0,99}(?:@command_string\s{0,9}=\s{0,9})?N?'((?:[^']|''){1,8000})'")


def shell(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``xp_cmdshell 'command'``."""
    if match := _COMMAND.match(text, end):
        yield from one_command(
            plain(match[1]), at.page.line(at.at), "sql/xp_cmdshell", status=at.page.status(at.at), windows=True
        )


def job_step(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``sp_add_jobstep``: what a job of SQL Server's agent runs."""
    told = dict(arguments(text, end))
    command, kind = told.get("command", ""), told.get("subsystem", "tsql").lower()
    if kind in ("cmdexec", "powershell"):
        yield from one_command(command, at.page.line(at.at), "sql/job", status=at.page.status(at.at), windows=True)
    elif kind in ("ssis", "dts"):
        yield from one_command(
            f"dtexec {command}", at.page.line(at.at), "sql/job", status=at.page.status(at.at), windows=True
        )
    elif told.get("server") and command:
        made = at.quoted(command, origin="sql/job", kind="sql", via=told["server"])
        if made is not None:
            yield made
