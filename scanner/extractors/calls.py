"""Calls in program source that connect, run a command or name a connection, told by their arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention
from scanner.extractors.commands.command import Command
from scanner.extractors.commands.databases import made_of
from scanner.extractors.commands.programs import PROGRAMS, quotes
from scanner.extractors.commands.script import one_command
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted

_DRIVERS = {
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "pymysql": "mysql",
    "mysqldb": "mysql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "aiomysql": "mysql",
    "pymssql": "mssql",
    "pyodbc": "odbc",
    "cx_oracle": "oracle",
    "oracledb": "oracle",
    "vertica_python": "vertica",
    "snowflake": "snowflake",
    "teradatasql": "teradata",
    "mongoclient": "mongodb",
    "redis": "redis",
    "strictredis": "redis",
    "ibm_db": "db2",
    "hive": "hive",
    "impala": "impala",
    "paramiko": "sftp",
    "ftplib": "ftp",
    "ftp": "ftp",
    "sshclient": "sftp",
    "pysftp": "sftp",
}
_CONNECT = re.compile(
    r"(?<![\w])((?:\w{1,40}\.){0,3}(?:connect|Connection|Connect|create_pool|ConnectionPool|MongoClient|Re"
    r"dis|StrictRedis|FTP|Transport))\s{0,4}\("
)
_ARGUMENT = re.compile(
    r"""(?<![\w.])(host|hostname|server|port|database|dbname|db|user|username|sid|service_name|dsn|acco"""
    r"""unt|warehouse)\s{0,4}=\s{0,4}(?:[rbuf]{0,2}(["'])((?:(?!\2)[^\n\\]){1,300})\2|(\d{1,5})(?=\s*[,"""
    r""")\n]))"""
)
_MEANINGS = {
    "host": "server",
    "hostname": "server",
    "server": "server",
    "account": "server",
    "port": "port",
    "database": "database",
    "dbname": "database",
    "db": "database",
    "sid": "database",
    "service_name": "database",
    "user": "user",
    "username": "user",
}
_RUNS = (
    "system",
    "popen",
    "Popen",
    "exec",
    "call",
    "check_output",
    "run",
    "getoutput",
    "passthru",
    "bash_command",
    "command",
    "execSync",
    "spawnSync",
)
_STRING_BEHIND = re.compile(
    r"""(?:\w{0,12})\s{0,4}[(=]\s{0,4}(?:bash_command\s{0,4}=\s{0,4})?[rbuf]{0,2}(\"{3}|'{3}|["'])"""
)
_LIST = re.compile(
    r"""\[\s{0,20}["'](?:/[\w/]{1,60}/)?("""
    + "|".join(sorted((p for p in PROGRAMS if len(p) > 3), key=len, reverse=True))
    + r""")["']\s{0,4},"""
)
_STRING = re.compile(r"""["']((?:[^"'\\\n]|\\.){0,500})["']""")
_LONGEST_CALL = 3000


def connecting(page: Page, origin: str) -> Iterator[Mention]:
    """``pymysql.connect(host="db7", user=…, database="erp")`` and its kin."""
    text = page.text
    end = -1
    for match in _CONNECT.finditer(text):
        if match.start() < end:
            continue  # an argument of the call before
        end = closing(text, match.end() - 1)
        arguments = text[match.end() : end]
        told: dict[str, str] = {}
        written: list[str] = []
        for one in _ARGUMENT.finditer(arguments):
            value = one[3] or one[4]
            if one[1] in _MEANINGS and _MEANINGS[one[1]] not in told:
                told[_MEANINGS[one[1]]] = value
                written.append(f"{one[1]}={value}")
        names = match[1].lower().split(".")
        driver = next((_DRIVERS[n] for n in names if n in _DRIVERS), None) or _imported(text)
        at = Command((match[1],), page.line(match.start()), page.status(match.start()))
        if "server" not in told or (driver in ("sftp", "ftp", "redis") and not told.get("server")):
            if "dsn" not in arguments:
                continue
            dsn = next((o[3] for o in _ARGUMENT.finditer(arguments) if o[1] == "dsn" and o[3]), "")
            made = (
                quoted(
                    dsn,
                    origin=f"{origin}/connect",
                    line=at.line,
                    status=at.status,
                    action="connects",
                    kind=None if re.search(r"[=/:]", dsn) else "reference",
                )
                if dsn
                else None
            )
        elif driver in ("sftp", "ftp"):
            made = quoted(
                told["server"],
                origin=f"{origin}/connect",
                line=at.line,
                status=at.status,
                action="connects",
                kind="host",
                driver=driver,
            )
        else:
            made = made_of(at, f"{origin}/connect", driver or "", told, written, "connects")
        if made is not None:
            for line in range(at.line, page.line(min(end, len(text) - 1)) + 1):
                page.cover_line(line)
            yield made


_IMPORT = re.compile(r"(?m)^[ \t]{0,8}(?:import|from|require|use)\b[^\n]{0,120}")


def _imported(text: str) -> str | None:
    """The driver by what the source imports, where it is one alone."""
    words = {w for line in _IMPORT.findall(text[:20_000]) for w in re.findall(r"\w+", line.lower())}
    found = {d for n, d in _DRIVERS.items() if n in words}
    return found.pop() if len(found) == 1 else None


def closing(text: str, at: int) -> int:
    """Where the bracket that opens here closes, strings left out of account; at most a few thousand characters on."""
    depth = 0
    for match in re.finditer(r"[()]", text[at : at + _LONGEST_CALL]):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return at + match.start()
    return min(len(text), at + _LONGEST_CALL)


def running(page: Page, origin: str) -> Iterator[Mention]:
    """Commands that source runs: as one string, or as a list of words."""
    text = page.text
    for match in _commands(text):
        mark = match[1]
        end = text.find(mark, match.end(), match.end() + _LONGEST_CALL)
        line = page.line(match.start())
        command = text[match.end() : end] if end >= 0 else ""
        if command and (len(mark) == 3 or "\n" not in command):
            status = page.status(match.start())
            yield from _said(page, list(one_command(command, line, origin, status=status)), line, command.count("\n"))
    for match in _LIST.finditer(text):
        end = text.find("]", match.end(), match.end() + _LONGEST_CALL)
        words = [w[1] for w in _STRING.finditer(text, match.start(), end if end >= 0 else match.end())]
        if not any(w[:1] in ("-", "/", "\\") or ":" in w or "=" in w for w in words[1:]):
            continue
        line = page.line(match.start())
        command_of = Command(tuple(words), line, page.status(match.start()))
        yield from _said(
            page, list(quotes(command_of, origin)), line, text.count("\n", match.start(), max(end, match.start()))
        )


def _commands(text: str) -> Iterator[re.Match[str]]:
    """Where a string is handed to what runs it, each place once."""
    found: dict[int, re.Match[str]] = {}
    for word in _RUNS:
        at = text.find(word)
        while at >= 0:
            match = _STRING_BEHIND.match(text, at + len(word))
            if match is not None and not (at and (text[at - 1].isalnum() or text[at - 1] == "_")):
                found.setdefault(match.end(), match)
            at = text.find(word, at + len(word))
    return iter([found[end] for end in sorted(found)])


def _said(page: Page, mentions: list[Mention], line: int, more: int) -> Iterator[Mention]:
    if mentions:
        for number in range(line, line + more + 1):
            page.cover_line(number)
    yield from mentions


_CONN_ID = re.compile(r"""(?<![\w])((?:\w{1,30}_)?conn(?:ection)?_id)\s{0,4}=\s{0,4}["']([\w.-]{1,200})["']""")
_KEYWORDS = re.compile(
    r"""(?<![\w])(bucket_name|bucket|bucket_key|s3_bucket|s3_key|dest_bucket_name|source_bucket_name|de"""
    r"""st_s3_key|remote_host|sql|table|remote_filepath)\s{0,4}=\s{0,4}[rbuf]{0,2}(\"{3}|'{3}|["'])"""
)
_CALL = re.compile(r"(?<![\w.])(\w{3,60}(?:Operator|Sensor|Hook|Transfer))\s{0,4}\(")


def airflow(page: Page, origin: str) -> Iterator[Mention]:
    """Operators, sensors and hooks of Airflow: connections by their id, what runs through them, buckets."""
    text = page.text
    for call in _CALL.finditer(text):
        end = closing(text, call.end() - 1)
        via = None
        for one in _CONN_ID.finditer(text, call.end(), end):
            made = quoted(
                one[2],
                origin=f"{origin}/{one[1]}",
                line=page.line(one.start()),
                kind="reference",
                status=page.status(one.start()),
                action="connects",
            )
            via = via or one[2]
            if made is not None:
                yield made
        told = {m[1]: (m.start(), _value(text, m)) for m in _KEYWORDS.finditer(text, call.end(), end)}
        yield from _operator(told, via, call[1], page, origin)


def _value(text: str, match: re.Match[str]) -> str:
    end = text.find(match[2], match.end(), match.end() + 100_000)
    return text[match.end() : end] if end >= 0 else ""


def _operator(
    told: dict[str, tuple[int, str]], via: str | None, call: str, page: Page, origin: str
) -> Iterator[Mention]:
    action = "reads" if call.endswith("Sensor") else None
    for bucket, key in (
        ("bucket_name", "bucket_key"),
        ("s3_bucket", "s3_key"),
        ("dest_bucket_name", "dest_s3_key"),
        ("bucket", "bucket_key"),
        ("source_bucket_name", ""),
    ):
        if bucket in told and told[bucket][1] and "://" not in told[bucket][1]:
            at, name = told[bucket]
            path = told.get(key, (0, ""))[1]
            scheme = "gs" if call.lower().startswith(("gcs", "gcp", "google")) else "s3"
            made = quoted(
                f"{scheme}://{name}/{path}" if "://" not in path else path,
                origin=f"{origin}/{bucket}",
                line=page.line(at),
                kind="url",
                status=page.status(at),
                via=via,
                action="writes" if bucket.startswith("dest") else action,
            )
            if made is not None:
                yield made
    if "sql" in told and via and re.search(r"\w\s+\w", told["sql"][1]):
        at, text = told["sql"]
        made = quoted(text, origin=f"{origin}/sql", line=page.line(at), kind="sql", status=page.status(at), via=via)
        if made is not None:
            yield made
    if "table" in told and via and re.fullmatch(r"[\w.{} ]{1,200}", told["table"][1]):
        at, text = told["table"]
        made = quoted(text, origin=f"{origin}/table", line=page.line(at), kind="table", status=page.status(at), via=via)
        if made is not None:
            yield made
    if "remote_host" in told:
        at, text = told["remote_host"]
        made = quoted(
            text,
            origin=f"{origin}/remote_host",
            line=page.line(at),
            kind="host",
            status=page.status(at),
            action="connects",
            driver="ssh",
        )
        if made is not None:
            yield made
