"""Secrets cut out of locators, option lists and command lines before anything is kept; in doubt rather too much."""

from __future__ import annotations

import re

from scanner.locators.commands import options_without_secrets
from scanner.locators.words import MARK, NAME, STRING, WORDS

_QUOTES = r"""\{(?:[^}]|\}\})*\}?|"(?:[^"]|"")*"?|'(?:[^']|'')*'?"""
_PART = re.compile(rf"""["']?\s*([^=;{{}}]+?)\s*=[=\s]*({_QUOTES}|[^;]*)[^;]*""")
_LAST_WORD = r"(?:key|pass|pw|sas|sig)"
_PAIR = re.compile(
    rf"""(?i)((?:(?:{WORDS})\w{{0,16}}|(?<!primary[ _])(?<!foreign[ _]){_LAST_WORD})["'\]]?\s{{0,8}}
    (?:=>|:=|=|:(?![:/]))[=\s]{{0,8}})
    (?:(?:Bearer|Basic|Digest|Negotiate)\s{{1,8}})?(?:(?:{STRING})|(?:{_QUOTES})[^;&\s]*|[^;&\s'"]*)""",
    re.VERBOSE,
)
"""A secret's name and its value: what is quoted, or what there is up to the next blank, ';' or '&'."""
_LONG = re.compile(
    rf"""(?i)((?:{WORDS})\w{{0,16}}["'\]]?\s{{0,8}}(?:=|:(?!//))[=\s]{{0,8}})
    (?:(?:{_QUOTES})[^;&\s]*|[^;&\s]*(?:\s{{1,8}}(?!\w{{1,40}}\s?=)[^;&\s]+)*)""",
    re.VERBOSE,
)
"""The same inside a part of a list: up to the next ';' or '&', or the next word that stands before a '='."""
_CODE = re.compile(r"([?&](?:code|key|sig|k|t|st|se_sig)=)[^;&\s'\"]*")
_QUOTED = re.compile(rf"(?i)(?<![A-Za-z])((?:{WORDS})\s{{1,9}})(?:{STRING})")
_ORACLE = re.compile(
    r"""(?i)(\b(?:uid|user|username|user[ ]id|userid)\s{0,8}=\s{0,8}[^/;\s"'@=]{0,200}|
    \boracle:(?:thin|oci8?):[^/;\s"'@:]{0,200})/[^;\s"'@]{0,200}(?=@|;|$)""",
    re.VERBOSE,
)
"""Oracle's way to write a user: name/password@alias."""
_ORACLE_LOGIN = re.compile(r"""(?<![\w/\\.:-])([\w$#]{1,128}/)(?:"[^"]{0,128}"|[^\s@"'/\\]{1,128})@(?=[\w/(\[])""")
_ORACLE_QUOTED = re.compile(r"""(?<![\w/\\.-])([\w$#]{1,128}/)"[^"]{1,128}"(?=@|\s|$)""")
_BARE_LOGIN = re.compile(r"""(=\s{0,4}["']?[\w.$-]{1,64}:)(?!//)[^\s@;]{1,128}@(?=[\w(\[])""")
"""A login before a host that has no scheme."""
_PATH_IN_URL = re.compile(r"(?i)^(?:https?|s?ftps?|smb|nfs|s3[an]?|file|webdavs?|davs?|gs|abfss?|wasbs?|hdfs)$")
_URL = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,32}):(//+)")
_AUTHORITY_END = re.compile(r"""[\s"'<>`]""")
_TOKEN = re.compile(
    r"""\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]{10,2000}\.[\w-]{1,4000}(?:\.[\w-]{0,2000})?|\bgh[pousr]_\w{20,255}|
    \bgithub_pat_\w{20,255}|\bglpat-[\w-]{16,64}|\bxox[abprs]-[\w-]{10,250}|
    -----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----[A-Za-z0-9+/=\s]{0,20000}""",
    re.VERBOSE,
)
"""What is a secret by its own shape: keys of clouds, signed tokens, private keys."""


_ENCODED = re.compile(
    rf"""(?i)((?:{WORDS})\w{{0,16}}(?:\s|\+|%20){{0,4}}%3D)(?:%7B(?:(?!%7D)[^\s&;'"])*|(?:(?!%3B|%26)[^\s&;'"])*)"""
)
"""A pair inside a URL, its marks written as %3D and %3B."""


def without_secrets(text: str) -> str:
    r"""Any locator, list of options or command line, with what is secret in it replaced by ``***``.

    >>> without_secrets("ODBC;DRIVER={SQL Server};SERVER=db1;UID=app;PWD={a;b}};c};DATABASE=orders")
    'ODBC;DRIVER={SQL Server};SERVER=db1;UID=app;PWD=***;DATABASE=orders'
    >>> without_secrets("host=db7 password='it''s' user=x")
    'host=db7 password=*** user=x'
    >>> without_secrets("mysql://scan:a/b@db7:3306/erp/t")
    'mysql://scan:***@db7:3306/erp/t'
    """
    head, semicolon, _ = text.partition(";")
    # Pairs that semicolons part may hold blanks; whether they do shows before the second of them.
    if semicolon and head.count("=") <= 1 and "\n" not in head:
        text = parts_without_secrets(text)
    return options_without_secrets(plain(text))


def parts_without_secrets(text: str) -> str:
    """A list of pairs parted by semicolons; the values of secret ones are replaced, whatever they hold."""
    kept: list[str] = []
    at, after_secret = 0, False
    while at < len(text):
        if text[at] == ";":
            kept.append(";")
            at += 1
            continue
        found = _PART.match(text, at)
        end = found.end() if found else text.find(";", at)
        end = len(text) if end < 0 else end
        if found is not None and NAME.search(found[1][-200:]):
            kept.append(f"{text[at : found.start(1)]}{found[1]}={MARK}")
            after_secret = True
        elif found is not None or not after_secret:
            kept.append(_within(text[at:end]))
            after_secret = after_secret and found is None
        elif kept and kept[-1] == ";":
            kept.pop()  # no name of its own, behind a secret: the rest of a password that holds a ';'
        at = end
    return "".join(kept)


def _within(part: str) -> str:
    """A part without the secrets in it; the quote that closes it stays, so that it can be taken apart again."""
    made = urls_without_secrets(
        _ORACLE.sub(rf"\1/{MARK}", _BARE_LOGIN.sub(rf"\1{MARK}@", _LONG.sub(rf"\1{MARK}", part)))
    )
    mark = part[-1:]
    return made + mark if mark in ("'", '"') and made[-1:] != mark and made.count(mark) % 2 else made


def plain(text: str) -> str:
    """A text without the secrets that stand anywhere in it: of pairs, of logins, and of themselves."""
    if "=" in text or ":" in text:
        text = _CODE.sub(rf"\1{MARK}", _PAIR.sub(rf"\1{MARK}", text))
        text = urls_without_secrets(text)
    if "=" in text and "@" in text:
        text = _BARE_LOGIN.sub(rf"\1{MARK}@", text)
    if "%3" in text:
        text = _ENCODED.sub(rf"\1{MARK}", text)
    text = _QUOTED.sub(rf"\1{MARK}", text)
    if "/" in text:
        text = _ORACLE.sub(rf"\1/{MARK}", text)
        text = _ORACLE_QUOTED.sub(rf"\1{MARK}", _ORACLE_LOGIN.sub(rf"\1{MARK}@", text))
    return _TOKEN.sub(MARK, text)


def urls_without_secrets(text: str) -> str:
    """Every URL without the password of its login, and without a login that is itself a token."""
    found = list(_URL.finditer(text))
    if not found:
        return text
    made = [text[: found[0].start()]]
    # A URL that is all there is may hold blanks in its password; in running text it ends at one.
    alone = len(found) == 1 and made[0].strip(" '\"=:jdbcJDBC") == ""
    for url, following in zip(found, [*found[1:], None], strict=True):
        start, end = url.end(), following.start() if following else len(text)
        stop = _AUTHORITY_END.search(text, start, end)
        if stop is None or (alone and _login_runs_on(text[start:end], stop.start() - start)):
            made.append(url[0] + _without_login(url[1], text[start:end]))
        else:
            made.append(url[0] + _without_login(url[1], text[start : stop.start()]) + text[stop.start() : end])
    return "".join(made)


def _login_runs_on(rest: str, stop: int) -> bool:
    """Whether a login runs over a blank: there is an '@' behind the blank and none before it, but a ':'."""
    head = rest[:stop]
    return "@" in rest[stop:] and "@" not in head and ":" in head


_PLACE = re.compile(r"(?:localhost|[\w-]+(?:\.[\w-]+)+):\d{1,5}|[^:/]+:(?:80|443|\d{4,5})")
"""What is rather a host and its port than a user and how a password begins."""


def _without_login(scheme: str, rest: str) -> str:  # noqa: PLR0911 - one form of a login after the other
    head, semicolon, properties = rest.partition(";")
    login, at, place = rest.rpartition("@")
    if not at:
        return rest
    if semicolon and "=" in properties and "@" not in head:
        return rest  # an '@' among the pairs of a list belongs to a name
    user, colon, _secret = login.partition(":")
    before, _slash, below = login.partition("/")
    if not colon:
        if "/" in login or "?" in login:
            return rest  # an '@' of the path
        return f"{MARK if len(user) > 24 else user}@{place}"
    files = _PATH_IN_URL.match(scheme) is not None
    if "/" in user or (files and not below and login.endswith("/")):
        return rest  # an '@' of the path
    if files and "/" in login and _PLACE.fullmatch(before):
        # host:port/path, and an '@' in the path; or a login whose password begins like that: the host stays, no more
        return f"{before}/{MARK}@{place}"
    return f"{user}:{MARK}@{place}"
