"""Settings written as program text: calls that connect, constants, dictionaries of PHP, Python, Perl, Ruby, JS."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine
from scanner.extractors.calls import running
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import language
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import Setting, mentions, rest

_STRING = r"""(?:'(?P<{0}1>(?:[^'\\\n]|\\.){{0,2000}})'|"(?P<{0}2>(?:[^"\\\n]|\\.){{0,2000}})")"""
_DEFINE = re.compile(
    rf"""(?i)\bdefine\s{{0,9}}\(\s{{0,9}}['"](?P<key>\w{{1,80}})['"]\s{{0,9}},\s{{0,9}}{_STRING.format("v")}"""
)
_PAIR = re.compile(
    rf"""(?P<open>[{{\[(]\s{{0,200}})?(?<![\w.])(?:['"](?P<quoted>[\w.-]{{1,80}})['"]|\$?(?P<bare>[A-Za-z_][\w>.:\[\]'"-]{{0,120}}?))
    \s{{0,20}}(?:=>|:=|=(?![=~])|:(?!:))\s{{0,20}}(?:new\s\w{{1,40}}\()?(?:[urbf]{{0,2}})?
    (?:(?:env|getenv|config)\(\s{{0,4}}['"]\w{{1,60}}['"]\s{{0,4}},\s{{0,4}})?(?:{_STRING.format("v")}|(?P<number>\d{{2,5}})(?![\w.]))""",
    re.VERBOSE,
)
_CALL = re.compile(
    r"""(?i)\b(?P<name>mysqli?_p?connect|mysqli_real_connect|new\s{1,4}mysqli|mssql_p?connect|sqlsrv_connect|odbc_p?connect|oci_p?connect|
    oci(?:p|n)?logon|pg_p?connect|db2_p?connect|ibase_p?connect|fbsql_connect|sybase_p?connect|ftp_(?:ssl_)?connect|ssh2_connect|
    ldap_connect|new\s{1,4}pdo|(?:dbi\s{0,3}->\s{0,3}connect(?:_cached)?)|pyodbc\.connect|psycopg2?\.connect|pymysql\.connect|
    mysql\.connector\.connect|cx_oracle\.connect|oracledb\.connect|pymssql\.connect|create_engine|sqlite3\.connect|net::s?ftp(?:::\w+)?\s{0,3}->\s{0,3}new)
    \s{0,4}\(""",
    re.VERBOSE,
)
_CONNECTS = re.compile(r"(?i)connect|logon|pdo|mysqli|create_engine|net::")
"""Without one of these, no call is looked for."""
_ARGUMENT = re.compile(
    rf"""\s{{0,200}}(?:(?P<key>[A-Za-z_]\w{{0,40}})\s{{0,4}}(?:=>|=|:)\s{{0,4}})?(?:[urbf]{{0,2}})?(?:{_STRING.format("v")}|(?P<other>[^\s,()'"]{{0,120}}))\s{{0,200}}(?P<end>,|\)|;|$|\.|\+)"""
)
_RUNS = re.compile(r"(?i)system|popen|exec|passthru|subprocess|`")
_POSITIONS = {
    "mysql": ("host", "user", "", "database", "port"), "mssql": ("host", "user", ""), "sqlsrv": ("host",),
    "odbc": ("dsn", "user", ""), "oci": ("user", "", "tns"), "ocilogon": ("user", "", "tns"), "ibase": ("file",
        "user", ""),
    "sybase": ("host", "user", ""), "db2": ("database", "user", ""), "pymssql": ("host", "user", "", "database"),
    "pymysql": ("host", "user", "", "database"), "ftp": ("host", "port"), "ssh2": ("host", "port"), "ldap": ("host",
        "port"),
}  # fmt: skip
_DRIVERS = {"mysql": "mysql", "mssql": "sqlserver", "sqlsrv": "sqlserver", "odbc": "odbc", "oci": "oracle",
    "ocilogon": "oracle",
            "ibase": "firebird", "sybase": "sybase", "db2": "db2", "pymssql": "sqlserver", "pymysql": "mysql",
            "pg": "postgresql",
            "psycopg": "postgresql", "cx_oracle": "oracle", "oracledb": "oracle"}  # fmt: skip


def code(path: str, content: bytes) -> Iterator[Mention]:
    """What a program's settings and calls name, in force or commented out; then what else its text shows."""
    if binary(content):
        raise NotMine
    text = decode(content)
    page = Page(text, language(path))
    told = list(_calls(text, page))
    told += mentions(
        (s for s in _settings(text, page) if not page.covered(s.line or 0, s.value)), "code/setting", page=page
    )
    if _RUNS.search(text):
        told += running(page, "code/command")
    yield from told
    yield from rest(page, told, "code/text")


def _value(found: re.Match[str]) -> str:
    text = found["v1"] if found["v1"] is not None else found["v2"]
    return re.sub(r"\\(['\"\\$])", r"\1", text) if text and "\\" in text else text or ""


def _settings(text: str, page: Page) -> Iterator[Setting]:
    """Constants, variables and entries of dictionaries; those of one block make one section."""
    for found in _DEFINE.finditer(text):
        yield Setting(("define", found["key"]), _value(found), page.line(found.start()), page.status(found.start()))
    block, last = 0, 0
    for found in _PAIR.finditer(text):
        at = found.start()
        key = found["quoted"] or re.sub(r"['\"\]]|->|::", "", (found["bare"] or "").replace("[", "."))
        between = text[last:at]
        if found["open"] or between.count("\n") > 3 or "}" in between or "]" in between[:40] or len(between) > 400:
            block += 1
        last = found.end()
        value = _value(found) or found["number"] or ""
        if key and value:
            section = "DATABASES" if path_is_python(page) and "DATABASES" in text[max(0, at - 3000) : at] else ""
            yield Setting((section, f"block{block}", *key.split(".")), value, page.line(at), page.status(at))


def path_is_python(page: Page) -> bool:
    """Whether the text is Python: there DATABASES names what follows."""
    return page.language.id == "python"


def _calls(text: str, page: Page) -> Iterator[Mention]:
    if not _CONNECTS.search(text):
        return
    for found in _CALL.finditer(text):
        name = re.sub(
            r"(?i)^new\s+|\s|real_|_?p?connect.*$|->.*$|\.connect$|\.connector.*$|_ssl", "", found["name"]
        ).lower()
        name = {
            "mysqli": "mysql",
            "mysqli_": "mysql",
            "psycopg2": "psycopg",
            "ocinlogon": "ocilogon",
            "ociplogon": "ocilogon",
        }.get(name, name)
        name = name.rstrip("_")
        given = _arguments(text, found.end(), _POSITIONS.get(name, ("text",)))
        yield from _called(name, given, page, found.start())


def _arguments(text: str, at: int, places: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for number in range(10):
        found = _ARGUMENT.match(text, at)
        if found is None:
            break
        key = (found["key"] or (places[number] if number < len(places) else "")).lower()
        key = {
            "server": "host",
            "db": "database",
            "dbname": "database",
            "service": "tns",
            "passwd": "",
            "password": "",
        }.get(key, key)
        value = _value(found)
        if key and value and found["end"] not in (".", "+"):
            given.setdefault(key, value)
        at = found.end()
        if found["end"] in (")", ";", "", ".", "+"):
            break
    return given


def _called(name: str, given: dict[str, str], page: Page, at: int) -> Iterator[Mention]:
    place = _place(name, given)
    if place is None:
        return
    text, kind = place
    origin, line, status, driver = f"code/{name}", page.line(at), page.status(at), _DRIVERS.get(name)
    made = quoted(text, kind=kind, driver=driver, origin=origin, line=line, status=status, action="connects")
    if made is None and name == "odbc":
        made = quoted(text, kind="reference", origin=origin, line=line, status=status, action="connects")
    if made is not None:
        page.cover(line, given.get("text") or given.get("tns") or "\0")
        yield made


def _place(name: str, given: dict[str, str]) -> tuple[str, str | None] | None:
    """What a call's arguments locate, and of which kind that is; None where they are no plain texts."""
    if whole := given.get("text") or given.get("dsn"):
        return whole, None
    if tns := given.get("tns"):
        return tns, "connection_string"
    if file := given.get("file"):
        return file.removeprefix("localhost:"), "path"
    host = given.get("host")
    if not host or name in ("ftp", "ssh2", "ldap") or name.startswith("net::"):
        return (host, "host") if host else None
    keys = (("Driver", _DRIVERS.get(name)), ("Host", host), ("Port", given.get("port")),
            ("Database", given.get("database")), ("User", given.get("user")))  # fmt: skip
    return ";".join(f"{k}={v}" for k, v in keys if v), "connection_string"
