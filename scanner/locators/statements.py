"""Secrets cut out of SQL, so that what is left can still be parsed."""

from __future__ import annotations

import re

from scanner.locators.commands import options_without_secrets
from scanner.locators.cut import parts_without_secrets, plain, urls_without_secrets
from scanner.locators.words import MARK, NAME, WORDS

_QUOTED = re.compile(r"""(?s)--[^\n]*|/\*.*?(?:\*/|\Z)|\[[^\]]*\]?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?""")
"""What may hold a connection string in SQL; outside of it ``password = x`` compares columns."""
_TEXT = r"""(?:N|E|X)?'(?:[^']|'')*'"""
_LITERAL = re.compile(
    rf"""(?i)((?:{WORDS})\w{{0,16}}[\]"`]?\s{{0,8}}(?::=|=>|=|\(|\s|\bby\b){{1,4}}\s{{0,8}}){_TEXT}"""
)
_OF_JSON = re.compile(rf"""(?i)("\w{{0,40}}(?:{WORDS})\w{{0,16}}"\s{{0,8}}:\s{{0,8}})"(?:[^"\\\n]|\\.){{0,999}}\"""")
_IDENTIFIED = re.compile(
    rf"""(?i)(\bidentified\s{{1,9}}by\s{{1,9}}(?:(?:password|values)\s{{1,9}})?)({_TEXT}|"(?:[^"]|"")*"|[^\s;]+)"""
)
_BARE = re.compile(
    rf"(?i)(?<![\w.-])([\w.-]{{0,40}}(?:{WORDS})\w{{0,16}}(?:=|:[ \t]))(?![\s'\"=:])[^\s;&,'\")]{{1,400}}"
)
"""A pair without blanks around its '=', which is how command lines are written and statements hardly are."""
_ROWSET = re.compile(rf"""(?i)(\bopenrowset\s*\(\s*{_TEXT}\s*,\s*{_TEXT}\s*;\s*{_TEXT}\s*;\s*){_TEXT}""")
_JOINED = re.compile(rf"""(\*\*\*'\s*(?:\|\||\+|&)\s*){_TEXT}""")
"""A password that is put together from several texts."""
_LOGIN = re.compile(rf"""(?i)(\bsp_addlinkedsrvlogin\b[^;\n]{{0,400}},\s*){_TEXT}""")
_STARTS = re.compile(
    r"(?is)\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(?\s*(?:select|with|insert|update|delete|merge|create|alter|exec(?:ute)?|"
    r"declare|begin|truncate|drop|grant)\b"
)


def statement_without_secrets(sql: str) -> str:
    """SQL whose connection strings, comments, ``IDENTIFIED BY`` and URLs hold no secret any more.

    >>> statement_without_secrets("SELECT * FROM [ODBC;DSN=x;PWD=hunter2].t WHERE a.password = b.password")
    'SELECT * FROM [ODBC;DSN=x;PWD=***].t WHERE a.password = b.password'
    """
    text = _QUOTED.sub(_unquoted, sql)
    text = _IDENTIFIED.sub(rf"\1{MARK}", text)
    for rule in (_LITERAL, _ROWSET, _LOGIN, _JOINED):
        text = rule.sub(rf"\1'{MARK}'", text)
    return urls_without_secrets(_OF_JSON.sub(rf'\1"{MARK}"', text))


def program_without_secrets(text: str) -> str:
    """A job's text, which may be a statement or a command line; what only looks like a secret is left in the first.

    >>> program_without_secrets("SELECT a.key = b.key, dblink('host=db7 password=x')")
    "SELECT a.key = b.key, dblink('host=db7 password=***')"
    """
    text = statement_without_secrets(text)
    if _STARTS.match(text[:4000]):
        return text
    return options_without_secrets(_BARE.sub(rf"\1{MARK}", text))


def _unquoted(found: re.Match[str]) -> str:
    """What stands in quotes, brackets or a comment, without secrets and with its marks as they were."""
    text = found[0]
    if not any(c in text for c in "=:\\ /"):
        return text
    mark = text[0]
    if mark not in "'\"[" or len(text) < 3:
        return text[:2] + plain(text[2:].removesuffix("*/")) + ("*/" if text.endswith("*/") else "")
    close = "]" if mark == "[" else mark
    inner = text[1:].removesuffix(close)
    if mark != "[":
        inner = inner.replace(mark * 2, mark)
    inner = parts_without_secrets(inner) if ";" in inner and NAME.search(inner) else inner
    inner = plain(inner) if "=" in inner or ":" in inner or ("/" in inner and "@" in inner) else inner
    if mark == "'" and " " in inner:
        inner = options_without_secrets(inner)
    return mark + (inner if mark == "[" else inner.replace(mark, mark * 2)) + (close if text.endswith(close) else "")
