"""Locators out of a database's own catalog, with whatever is secret in them cut out."""

from __future__ import annotations

import re

_WORDS = r"pwd|pass(?:word|wd|phrase|file|code)?|secret\w*|access_?key\w*|token|api_?key|sslpassword|sas|sig"
_PAIR = re.compile(
    rf"(?i)(?<![A-Za-z])([\w.-]*(?:{_WORDS}))(\s*=\s*)(\{{(?:[^}}]|\}}\}})*\}}|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|[^;&,\s)]*)"
)
_QUOTED = re.compile(rf"(?i)(?<![A-Za-z])((?:{_WORDS})\s+)(?:'[^']*'|\"[^\"]*\")")
_SHORT = re.compile(r"(?i)(\s(?:-p|--password[= ]))(\S+)")


def without_secrets(locator: str) -> str:
    r"""The locator with passwords replaced by ``***``: of pairs, of URLs, and of programs' options.

    >>> without_secrets("host=db7 password='it''s' user=x")
    'host=db7 password=*** user=x'
    >>> without_secrets("mysql://scan:a/b@db7:3306/erp/t")
    'mysql://scan:***@db7:3306/erp/t'
    """
    text = _PAIR.sub(r"\1\2***", locator)
    text = _QUOTED.sub(r"\1***", text)
    text = _SHORT.sub(r"\1***", text)
    scheme, found, rest = text.partition("://")
    if not found:
        return text
    # The last '@' ends the login: a password may hold any character, a slash and an '@' too.
    login, at, place = rest.rpartition("@")
    if not at or ":" not in login:
        return text
    return f"{scheme}://{login.partition(':')[0]}:***@{place}"
