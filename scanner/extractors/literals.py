"""Locators among the string literals of program text: macros, script tasks, formulas, expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention
from scanner.extractors.quoting import quoted
from scanner.locators import variables

LONGEST = 4_000
"""Characters of a literal that is looked at; a locator is shorter."""
_UNC = re.compile(r"\\\\[A-Za-z0-9_.$%@{(\[-][^\\]{0,120}\\")
_URL = re.compile(
    r"(?:jdbc:[a-z0-9:]{2,40}|(?:s3[an]?|sftp|ftps?|smb|nfs|abfss?|wasbs?|gs|hdfs|ldaps?|file|https?)):", re.IGNORECASE
)
_NAMESPACE = re.compile(
    r"https?://(?:www\.w3\.org|schemas\.[a-z]+\.(?:com|org)|tempuri\.org|purl\.org)\b", re.IGNORECASE
)
"""Names of XML vocabularies, which look like addresses and lead nowhere."""
_DRIVE = re.compile(r"[A-Za-z]:[\\/](?![\\/])[^\"<>|*?\n]{0,400}\S")
_OPTIONS = re.compile(
    r"(?:^|;)\s{0,4}(?:data\s?source|server|dsn|filedsn|provider|driver|dbq|initial\scatalog|host|addr(?:ess)?)\s{0,4}=",
    re.IGNORECASE,
)
_BACKSLASHED = re.compile(r"\\\\\\\\[A-Za-z0-9_.$-]{1,80}\\\\")


def kind_of(text: str) -> str | None:
    """What a literal is a locator of, by its beginning; None where it is none."""
    text = text[:LONGEST].strip()
    if len(text) < 4 or "\n" in text or _NAMESPACE.match(text):
        return None
    if _UNC.match(text):
        return "unc"
    if _URL.match(text):
        return "connection_string" if text[:5].lower() == "jdbc:" else "url"
    if _DRIVE.match(text):
        return "path"
    if _OPTIONS.search(text):
        return "connection_string"
    return None


def locator(text: str, *, origin: str, **where: object) -> Mention | None:
    """The mention of a literal, None where it is no locator; ``where`` is handed on to ``quoted``."""
    kind = kind_of(text)
    return quoted(text.strip(), origin=origin, kind=kind, **where) if kind else None  # type: ignore[arg-type]


_PLACES = (
    "server", "host", "database", "catalog", "path", "folder", "directory", "dir", "file", "share", "url", "connection",
    "dsn", "bucket",
)  # fmt: skip
"""Words in a parameter's name that say its value is a part of a locator, though it is none by itself."""
_SECRETS = ("password", "passwd", "pwd", "secret", "token", "passphrase", "apikey", "accesskey", "credential")


def secretive(name: str) -> bool:
    """Whether a name promises a secret, so that its value is never looked at."""
    lower = name.lower()
    return any(word in lower for word in _SECRETS)


def parameter(name: str, value: str, *, origin: str, line: int | None = None) -> Mention | None:
    """A variable or parameter that holds a locator, or by its name a part of one; others fill it in by that name."""
    if secretive(name) or not value.strip():
        return None
    if kind := kind_of(value):
        return quoted(value, origin=origin, line=line, kind=kind, alias=name)
    if len(value) <= 300 and any(word in name.lower() for word in _PLACES):
        return named(value, origin=origin, line=line, kind="reference", alias=name, action="defines")
    return None


def named(  # noqa: PLR0913 - as many as a mention has columns
    text: str, *, kind: str, origin: str, status: str | None = None, line: int | None = None, alias: str | None = None,
    via: str | None = None, action: str | None = None,
) -> Mention | None:  # fmt: skip
    """A table, or a name that is defined elsewhere. Its words are its own: [User] is no example, as it is in a URL."""
    found = quoted(text, origin=origin, line=line, kind=kind, alias=alias, via=via, action=action)
    state = status or ("template" if variables(text[:LONGEST]) else "active")
    return None if found is None else replace(found, status=state)


def literals(
    code: str, *, origin: str, first: int | None = 1, basic: bool = False, status: str | None = None
) -> Iterator[Mention]:
    r"""The locators that stand as string literals in program text; those in comments are commented.

    Literals that are joined count as one, with what is joined between them as a variable: ``"\\" & Server & "\x"``.
    ``first`` is the line that the text begins on; None where lines say nothing. ``basic`` is for Visual Basic, whose
    comments begin with an apostrophe and whose backslash is a character like any other; else C# and its kin are read,
    where two backslashes are one unless the literal begins with @.
    """
    quote = _basic if basic else _curly
    for number, line in _statements(code):
        if '"' not in line or len(line) > LONGEST_LINE:
            continue
        for text, commented in _joined(line, quote(line)):
            found = locator(
                text,
                origin=origin,
                line=None if first is None else first + number,
                status="commented" if commented else status,
            )
            if found is not None:
                yield found


LONGEST_LINE = 100_000
"""Characters of a line that is read; a person's is shorter."""
_GOES_ON = 60
"""Lines that one statement may go over."""
_JOINT = re.compile(r"\s*[&+]\s*(?:(?P<name>[A-Za-z_][\w.]{0,100})(?:\([^()\"]{0,100}\))?\s*[&+]\s*)?\$?@?")


def _statements(code: str) -> Iterator[tuple[int, str]]:
    """The lines of program text by number, from 0; lines that go on in the next one are put together."""
    held: list[str] = []
    begun = 0
    for number, line in enumerate(code.split("\n")):
        plain = line.rstrip()
        begun = begun if held else number
        open_end = plain.endswith(("&", "+", " _")) and not plain.lstrip().startswith(("'", "//"))
        held.append(plain.removesuffix(" _") if open_end else line)
        if not open_end or len(held) >= _GOES_ON:
            yield begun, " ".join(held)
            held = []
    if held:
        yield begun, " ".join(held)


_Literal = tuple[int, int, str, bool]
"""Where a literal begins and ends with its quotes, its text, and whether it is in a comment."""


def _joined(line: str, found: Iterator[_Literal]) -> Iterator[tuple[str, bool]]:
    """Literals that are joined, as one text each."""
    text, end, commented = "", -1, False
    for begins, ends, piece, comment in found:
        joint = _JOINT.fullmatch(line, end, begins) if 0 <= end <= begins and begins - end < 300 else None
        if joint is not None and len(text) < LONGEST:
            text += (f"${{{joint['name']}}}" if joint["name"] else "") + piece
        else:
            if end >= 0:
                yield text, commented
            text, commented = piece, comment
        end = ends
    if end >= 0:
        yield text, commented


def _basic(line: str) -> Iterator[_Literal]:
    """Literals of a line of Visual Basic; "" in one is a quote, an apostrophe before one makes it a comment."""
    commented = line.lstrip()[:4].lower() == "rem "
    at = 0
    while at < len(line):
        if line[at] == "'" and not commented:
            commented = True
        elif line[at] == '"':
            end = _end_of_basic(line, at + 1)
            yield at, end + 1, line[at + 1 : end].replace('""', '"'), commented
            at = end
        at += 1


def _end_of_basic(line: str, at: int) -> int:
    """Where the literal that begins at ``at`` ends."""
    while True:
        end = line.find('"', at)
        if end < 0:
            return len(line)
        if line[end + 1 : end + 2] != '"':
            return end
        at = end + 2


_LITERAL = re.compile(r'//|@"(?P<plain>[^"]*)"|\$?"(?P<escaped>(?:[^"\\]|\\.)*)"')


def _curly(line: str) -> Iterator[_Literal]:
    """Literals of a line of C# and its kin; two slashes before one make it a comment."""
    commented = False
    for found in _LITERAL.finditer(line):
        if found[0] == "//":
            commented = True
        elif found["plain"] is not None:
            yield *found.span(), found["plain"], commented
        else:
            escaped = found["escaped"]
            # Visual Basic stands in the same projects: its \\server is written with two backslashes, not four.
            yield *found.span(), escaped.replace("\\\\", "\\") if _doubled(escaped) else escaped, commented


def _doubled(text: str) -> bool:
    return bool(_BACKSLASHED.match(text)) or (not text.startswith("\\\\") and "\\\\" in text)
