"""Connection strings and SQL as files quote them, with every secret cut out before anything is kept."""

from __future__ import annotations

import re

_PART = re.compile(r"""\s*([^=;{}"']+?)\s*=\s*(\{(?:[^}]|\}\})*\}?|"(?:[^"]|"")*"?|'(?:[^']|'')*'?|[^;]*)""")
_WORDS = (
    r"pwd|pass(?:word|wd|phrase|code)?|secret|token|credential|private|"
    r"(?:access|account|api|shared)[ _]?(?:access)?[ _]?key"
)
_SECRET = re.compile(rf"(?i){_WORDS}|\bsig\b")
_IN_URL = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/@\s;\"']*@")
_VALUE = r"""\{(?:[^}]|\}\})*\}?|"(?:[^"]|"")*"?|'(?:[^']|'')*'?"""
_IN_TEXT = re.compile(
    rf"""(?i)(\b[\w ]{{0,24}}?(?:{_WORDS})\w{{0,16}}\s*=\s*)(?:(?:{_VALUE})[^;\s\])]*|[^;\])'"\r\n]*)"""
)
_QUOTED = re.compile(r"""\[[^\]]*\]?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?""")
"""What may hold a connection string in SQL; outside of it ``password = x`` compares columns."""
_LITERAL = re.compile(rf"(?i)(\b\w{{0,24}}?(?:{_WORDS})\w{{0,16}}[\]\"`]?\s*=\s*)'(?:[^']|'')*'")
_IDENTIFIED = re.compile(r"""(?i)(\bidentified\s+by\s+(?:password\s+)?)('(?:[^']|'')*'|"(?:[^"]|"")*"|\S+)""")


def connection(text: str) -> str:
    """A connection string without its secrets: whole parts are left out, a user in a URL too.

    >>> connection("ODBC;DRIVER={SQL Server};SERVER=db1;UID=app;PWD={a;b}};c};DATABASE=orders")
    'ODBC;DRIVER={SQL Server};SERVER=db1;UID=app;DATABASE=orders'
    """
    kept: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == ";":
            at += 1
            continue
        found = _PART.match(text, at)
        end = found.end() if found else (text.find(";", at) if ";" in text[at:] else len(text))
        if found is None or not _SECRET.search(found[1]):
            kept.append(text[at:end].strip())
        elif not found[2].startswith(("{", '"', "'")):
            pass
        # Whatever stands between a closing quote and the next ';' belongs to the value, and goes or stays with it.
        rest = text.find(";", end)
        stop = len(text) if rest < 0 else rest
        if found is not None and not _SECRET.search(found[1]):
            kept[-1] += text[end:stop]
        at = stop
    return _IN_URL.sub(r"\1", ";".join(filter(None, kept)))


def sql(text: str) -> str:
    """SQL whose connection strings, ``IDENTIFIED BY`` and URLs hold no secret any more.

    >>> sql("SELECT * FROM [ODBC;DSN=x;PWD=hunter2].t")
    'SELECT * FROM [ODBC;DSN=x;PWD=…].t'
    """
    text = _LITERAL.sub(r"\1'…'", _IDENTIFIED.sub(r"\1'…'", text))
    text = _QUOTED.sub(lambda found: _IN_TEXT.sub(r"\1…", found[0]) if "=" in found[0] else found[0], text)
    return _IN_URL.sub(r"\1", text)
