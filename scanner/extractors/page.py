"""A text being quoted: knows its lines and comments, and says nothing twice."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from scanner.extractor import Mention
from scanner.extractors.comments import Comments
from scanner.extractors.decode import Lines
from scanner.extractors.finding import Found, found
from scanner.extractors.languages import Language
from scanner.extractors.quoting import quoted
from scanner.locators import status_of

_VARIABLE = re.compile(
    r"\$\{[^}\n]{0,200}\}|\$\([^)\n]{0,200}\)|\{\{?[^}\n]{0,200}\}?\}|%\w{1,80}%|%[sdr](?!\w)|\$\w{1,80}|<[^>\n]{0,80}>"
)
_BEFORE_PLACE = re.compile(r"\A[\w+.:-]{1,40}://")
_LITERAL = re.compile(r"[A-Za-z0-9]")
_FORMAT = re.compile(r"%[sdr](?![\w%])|%\(\w{1,60}\)s")
_EXAMPLE = re.compile(
    r"(?i)(?:my|the|your|some|a|remote|ftp|source|dest|src|dst|target|test)?[-_.]?(?:host|hostname|machine"
    r"|server|servername|server[-_]name|bucket|bucket[-_]?name|"
    r"domain|domain\.com|computer|computername|share|sharename|path|folder|dir|directory|file|name|user|fo"
    r"o|bar|baz|site|container|pc)\d?"
)
_SHOWN = re.compile(
    r"(?im)^[ \t@]{0,80}(echo\.?|write-host|write-verbose|write-warning|title|print)[ \t][^>\n|]{0,2000}$"
)

_NEAR = 100
"""Texts of a line, the last ones, that one is looked for in: a line may be all of a file, with thousands of them."""


class Page:
    """A text, or a part of one that begins at line ``first``; mentions are made through it."""

    def __init__(self, text: str, language: Language, *, first: int = 1, part: str | None = None) -> None:
        self.text = text
        self.language = language
        self.part = part
        self._first = first
        self._lines: Lines | None = None
        self._comments = Comments(text, language)
        self._said: dict[int, dict[str, None]] = {}
        self._whole: set[int] = set()

    def line(self, at: int) -> int:
        """The line a character stands on."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines.at(at) + self._first - 1

    def status(self, at: int) -> str | None:
        """``commented`` in a comment, else None: the locator itself tells."""
        return "commented" if self._comments.holds(at) else None

    def cover(self, line: int, text: str) -> None:
        """Keep in mind that this stood on the line: what is found in it is not said again."""
        said = self._said.setdefault(line, {})
        said[text.lower()] = None

    def cover_line(self, line: int) -> None:
        """Keep in mind that all of a line was understood by a reader that knows more."""
        self._whole.add(line)

    def cover_shown(self) -> None:
        """Leave out the lines that only show a text to whoever runs the script."""
        for match in _SHOWN.finditer(self.text):
            self.cover_line(self.line(match.start(1)))

    def covered(self, line: int, text: str) -> bool:
        """Whether a reader that knows more has told of this text of the line already."""
        said, lower = self._said.get(line, {}), text.lower()
        if line in self._whole or lower in said:
            return True
        return any(lower in one for one in islice(reversed(said), _NEAR))

    def plain(self, origin: str, *, skip: Callable[[int], bool] | None = None) -> Iterator[Mention]:
        """What stands in the text for everybody to see, and no reader has told of; ``skip`` says where not to look."""
        for one in found(self.text, escapes=self.language.escapes):
            if skip is not None and skip(one.start):
                continue
            line = self.line(one.start)
            if self.covered(line, one.text):
                continue
            mention = self._plain(one, line, origin)
            if mention is not None:
                self.cover(line, one.text)
                yield mention

    def _plain(self, one: Found, line: int, origin: str) -> Mention | None:
        text = html.unescape(one.text) if self.language.markup else one.text
        kind = None if one.kind == "connection_string" else one.kind
        made = quoted(text, origin=origin, line=line, part=self.part, kind=kind, status=self.status(one.start))
        if made is None or not _LITERAL.search(_VARIABLE.sub("", _BEFORE_PLACE.sub("", text))):
            return None  # nothing but variables: it names no place
        if made.status == "active" and (_FORMAT.search(text) or status_of(text.replace("\\", "/")) == "template"):
            return replace(made, status="template")
        return (
            replace(made, status="placeholder") if made.status in ("active", "template") and _is_example(made) else made
        )


def _is_example(made: Mention) -> bool:
    """Whether it names a place as manuals do: ``ftp://host/path``, ``s3://my-bucket``, a server and a share."""
    if made.kind == "url":
        name = made.server if made.database is None else made.database
        return name is not None and (_EXAMPLE.fullmatch(name) is not None or "[" in made.locator.partition("?")[0])
    return made.kind == "unc" and all(_EXAMPLE.fullmatch(p or "") for p in (made.server, made.database))
