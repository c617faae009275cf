"""Locators and programs out of a database's own catalog, with whatever is secret in them cut out; rather too much."""

from __future__ import annotations

import re

_WORDS = r"pwd|pass(?:word|wd|phrase|file|code)?|secret\w{0,32}|access_?key(?:_?id)?|token|api_?key|jwt|authorization"
_WORDS_OF_LOCATORS = rf"{_WORDS}|pw|key|sas|sig|signature|credentials?"
"""Columns are called that as well: in a statement they are left alone."""
_STRING = r"""[NEU]?'(?:[^'\\]|\\.|''){0,999}'|"(?:[^"\\]|\\.|""){0,999}"|\{(?:[^}]|\}\}){0,999}\}"""
"""Bounded, as everything here is that could start anew at each character: a text of megabytes is read in one pass."""


def _pairs(words: str, value: str) -> re.Pattern[str]:
    # Whatever a key begins with does not matter: to look for it from each character on would be slow.
    key = rf"""((?:{words})["']?)(\s{{0,9}}(?:=>|:=|=|:(?![:/]))\s{{0,9}})"""
    return re.compile(rf"(?i){key}(?:(?:Bearer|Basic)\s+)?({_STRING}|{value})")


_UNTIL_BLANK = r"""[^;&\s'"]*"""
_PAIR = _pairs(_WORDS_OF_LOCATORS, _UNTIL_BLANK)
_PAIR_UNTIL_SEMICOLON = _pairs(_WORDS_OF_LOCATORS, "[^;]*")
_PAIR_OF_PROGRAM = _pairs(_WORDS, _UNTIL_BLANK)
_CODE = re.compile(r"([?&](?:code|key|sig)=)[^;&\s'\"]*")
_QUOTED = re.compile(rf"(?i)(?<![A-Za-z])((?:{_WORDS})\s+)(?:{_STRING})")
_IDENTIFIED = re.compile(rf"(?i)\b(identified\s+by\s+(?:password\s+)?)(?:{_STRING}|[^\s;]+)")
_OPTION = re.compile(rf"(\s(?:-p|-P\s*|--password[= ]\s*))(?:{_STRING}|\S+)")
_LOGIN_OPTION = re.compile(r"""(\s(?:-u|--user)[= ]?\s*["']?[^\s:"']{1,128}:)[^\s"']+""")
_LOGIN_OF_ORACLE = re.compile(r"""(?<![\w/\\.-])([\w$#]{1,128}/)(?:"[^"]{0,128}"|[^\s@"']{1,128})@""")
_LOGIN = re.compile(r"""(?<![\w.+-])([A-Za-z][\w.+:-]{0,32}://[^\s'"<>@:/]{0,255}):[^\s'"<>]{0,255}@""")
_URL = re.compile(r"[A-Za-z][\w.+:-]{0,32}://")


def without_secrets(locator: str) -> str:
    r"""A locator with passwords replaced by ``***``: of pairs, of logins, and of programs' options.

    >>> without_secrets("host=db7 password='it''s' user=x")
    'host=db7 password=*** user=x'
    >>> without_secrets("mysql://scan:a/b@db7:3306/erp/t")
    'mysql://scan:***@db7:3306/erp/t'
    """
    # Pairs that semicolons part may hold blanks; whether they do shows before the second of them.
    head, semicolon, _ = locator.partition(";")
    text = (_PAIR_UNTIL_SEMICOLON if semicolon and head.count("=") <= 1 else _PAIR).sub(r"\1\2***", locator)
    text = _CODE.sub(r"\1***", text)
    scheme = _URL.match(text)
    if scheme is None:
        return program_without_secrets(text)
    # SQL Server's have no login there, and an '@' among their pairs belongs to a name.
    return text if "sqlserver" in scheme[0].lower() else _without_login(scheme[0], text[scheme.end() :])


def program_without_secrets(text: str) -> str:
    """A statement or command with passwords replaced; what only looks like one in a locator is left as it is.

    >>> program_without_secrets("SELECT a.key = b.key, dblink('host=db7 password=x')")
    "SELECT a.key = b.key, dblink('host=db7 password=***')"
    """
    text = _PAIR_OF_PROGRAM.sub(_hidden, text)
    for pattern in (_CODE, _QUOTED, _IDENTIFIED, _OPTION, _LOGIN_OPTION):
        text = pattern.sub(r"\1***", text)
    return _LOGIN_OF_ORACLE.sub(r"\1***@", _LOGIN.sub(r"\1:***@", text))


def _hidden(pair: re.Match[str]) -> str:
    # A statement stays one that can be parsed.
    quote = pair[3][-1:] if pair[3][-1:] in ("'", '"') else ""
    return f"{pair[1]}{pair[2]}{quote}***{quote}"


def _without_login(scheme: str, rest: str) -> str:
    """A URL without its password; the last '@' ends the login: a password may hold any character, blanks too."""
    login, at, place = rest.rpartition("@")
    if not at or ":" not in login:
        return scheme + rest
    return f"{scheme}{login.partition(':')[0]}:***@{place}"
