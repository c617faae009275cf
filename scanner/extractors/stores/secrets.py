"""Connection strings and SQL as files quote them, with every secret cut out before anything is kept.

In doubt more is cut out than is secret: a lost word of a comment costs nothing, a kept password does.
"""

from __future__ import annotations

import re

_WORDS = (
    r"pwd|password|passwd|passwort|passphrase|passcode|pass_word|passe|(?<![a-z])pass(?![a-z])|psw|(?<![a-z])pw(?![a-z])|"
    r"kennwort|(?<![a-z])mdp(?![a-z])|contrase|senha|wachtwoord|secret|token|credential|private|signature|"
    r"(?<![a-z])sig(?![a-z])|(?<![a-z])auth(?![a-z])|(?:access|account|api|shared)[ _]?(?:access)?[ _]?key"
)
_SECRET = re.compile(rf"(?i){_WORDS}")
_QUOTES = r"""\{(?:[^}]|\}\})*\}?|"(?:[^"]|"")*"?|'(?:[^']|'')*'?"""
_PART = re.compile(rf"""["']?\s*([^=;{{}}]+?)\s*=[=\s]*({_QUOTES}|[^;]*)[^;]*""")
_PAIR = re.compile(
    rf"""(?i)((?:{_WORDS})\w{{0,16}}["'\]]?\s{{0,8}}(?:=|:(?!//))[=\s]{{0,8}})
    (?:(?:{_QUOTES})[^;&\s]*|[^;&\s]*(?:\s{{1,8}}(?!\w{{1,40}}\s?=)[^;&\s]+)*)""",
    re.VERBOSE,
)
"""A secret's name and its value up to the next ';' or '&', or the next word that stands before a '='."""
_IN_URL = re.compile(
    r"""(?i)(\b[a-z][a-z0-9+.-]{0,20}://)
    (?:[^/\s;"'@:]{0,200}:(?!\d+(?:/|$))[^\s;"']{0,200}@|(?:[^/\s;"'@]{0,200}@){1,5})""",
    re.VERBOSE,
)
_ORACLE = re.compile(
    r"""(?i)(\b(?:uid|user|user[ ]?id)\s{0,8}=\s{0,8}[^/;\s"'@=]{0,200}|\bjdbc:oracle:\w{1,20}:[^/;\s"'@:]{0,200})
    /[^;\s"'@]{0,200}(?=@|;|$)""",
    re.VERBOSE,
)
"""Oracle's way to write a user: name/password@alias."""

_QUOTED = re.compile(r"""(?s)--[^\n]*|/\*.*?(?:\*/|\Z)|\[[^\]]*\]?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?""")
"""What may hold a connection string in SQL; outside of it ``password = x`` compares columns."""
_TEXT = r"""(?:N|E|X)?'(?:[^']|'')*'"""
_LITERAL = re.compile(
    rf"""(?i)((?:{_WORDS})\w{{0,16}}[\]"`]?\s{{0,8}}(?::=|=>|=|\(|\s|\bby\b){{1,4}}\s{{0,8}}){_TEXT}"""
)
_IDENTIFIED = re.compile(rf"""(?i)(\bidentified\s+by\s+(?:password\s+)?)({_TEXT}|"(?:[^"]|"")*"|[^\s;]+)""")
_ROWSET = re.compile(rf"""(?i)(\bopenrowset\s*\(\s*{_TEXT}\s*,\s*{_TEXT}\s*;\s*{_TEXT}\s*;\s*){_TEXT}""")
_JOINED = re.compile(rf"""(…'\s*(?:\|\||\+|&)\s*){_TEXT}""")
"""A password that is put together from several texts."""
_LOGIN = re.compile(rf"""(?i)(\bsp_addlinkedsrvlogin\b[^;\n]{{0,400}},\s*){_TEXT}""")


def connection(text: str) -> str:
    """A connection string without its secrets: whole parts are left out, a user in a URL too.

    >>> connection("ODBC;DRIVER={SQL Server};SERVER=db1;UID=app;PWD={a;b}};c};DATABASE=orders")
    'ODBC;DRIVER={SQL Server};SERVER=db1;UID=app;DATABASE=orders'
    """
    return _parts(text, mark=False)


def _parts(text: str, *, mark: bool) -> str:
    """The parts of a connection string that hold no secret; where ``mark``, the names of those that did."""
    kept: list[str] = []
    at, after_secret = 0, False
    while at < len(text):
        if text[at] == ";":
            at += 1
            continue
        found = _PART.match(text, at)
        end = found.end() if found else text.find(";", at)
        end = len(text) if end < 0 else end
        part = text[at:end]
        if found is not None and _SECRET.search(found[1]):
            kept += [f"{found[1]}=…"] if mark else []
            after_secret = True
        elif found is not None or not after_secret:
            kept.append(_plain(part.strip()))
            after_secret = after_secret and found is None
        # else: no name of its own, behind a secret: the rest of a password that holds a ';'
        at = end
    return ";".join(filter(None, kept))


def _plain(text: str) -> str:
    """A text without the secrets that stand anywhere in it."""
    if "=" in text or ":" in text:
        text = _ORACLE.sub(r"\1", _PAIR.sub(r"\1…", text))
    return _IN_URL.sub(r"\1", text)


def sql(text: str) -> str:
    """SQL whose connection strings, comments, ``IDENTIFIED BY`` and URLs hold no secret any more.

    >>> sql("SELECT * FROM [ODBC;DSN=x;PWD=hunter2].t")
    'SELECT * FROM [ODBC;DSN=x;PWD=…].t'
    """
    text = _QUOTED.sub(_unquoted, text)
    for rule in (_IDENTIFIED, _LITERAL, _ROWSET, _LOGIN, _JOINED):
        text = rule.sub(r"\1'…'", text)
    return _IN_URL.sub(r"\1", text)


def _unquoted(found: re.Match[str]) -> str:
    """What stands in quotes, brackets or a comment, without secrets and with its marks as they were."""
    text = found[0]
    if "=" not in text and ":" not in text:
        return text
    mark = text[0]
    if mark not in "'\"[" or len(text) < 3:
        return text[:2] + _plain(text[2:].removesuffix("*/")) + ("*/" if text.endswith("*/") else "")
    close = "]" if mark == "[" else mark
    inner = text[1:].removesuffix(close)
    if mark != "[":
        inner = inner.replace(mark * 2, mark)
    inner = _parts(inner, mark=True) if ";" in inner and _SECRET.search(inner) else _plain(inner)
    return mark + (inner if mark == "[" else inner.replace(mark, mark * 2)) + (close if text.endswith(close) else "")
