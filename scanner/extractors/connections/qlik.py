"""Qlik load scripts: connections, the statements sent through them, and the files they load and store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.extractor import Mention, NotMine, Quote
from scanner.extractors.decode import Lines, binary, decode
from scanner.extractors.literals import kind_of, named
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
_WORD = re.compile(
    r"""(?P<comment>(?<![:\w])//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?|(?:(?<=;)|(?<=\n))[ \t]{0,40}REM\b[^;]*)
      | (?P<text>'(?:[^']|'')*'?|"[^"\n]*"?|\[[^\]\n]*\]?)
      | (?P<include>\$\((?:Must_)?Include=[^)\n]{1,500}\))
      | (?P<end>;)
      | (?P<name>[A-Za-z_$][^\s;'"\[\](),=]*)
      | (?P<other>[^\s])""",
    re.VERBOSE | re.IGNORECASE,
)
_BARE = re.compile(r"(?:\$\([^)\n]{1,100}\)|[^\s;($]|\$(?!\()){1,1000}")
_VARIABLE = re.compile(r"\$\(([A-Za-z_][\w.]{0,100})\)")
SPENT = 20_000_000
"""Characters that texts may come to, all together, once variables are filled in: they could double each other."""


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    at: int


def quote(_path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of one script."""
    if binary(content):
        raise NotMine
    yield from (m for m in _script(decode(content), 1, None) if m is not None)


def _script(text: str, first: int, status: str | None) -> Found:
    words = [_Word(m.lastgroup or "", m[0], m.start()) for m in _WORD.finditer(text)]
    reading = _Reading(text, Lines(text), first, status)
    statement: list[_Word] = []
    for word in words:
        if word.kind == "comment":
            continue
        if word.kind == "end":
            yield from reading.statement(statement)
            statement = []
        else:
            statement.append(word)
    yield from reading.statement(statement)
    for word in words:
        if word.kind == "comment" and status is None:
            inside = re.sub(r"^\s*(?://|/\*|REM\b)", "", word.text, flags=re.IGNORECASE).removesuffix("*/")
            yield from _script(inside, first + reading.lines.at(word.at) - 1, "commented")


class _Reading:
    """A script being read: its variables so far, and the connection that is open."""

    def __init__(self, text: str, lines: Lines, first: int, status: str | None) -> None:
        self.lines = lines
        self._text = text
        self._first = first
        self._status = status
        self._values: dict[str, str] = {}
        self._via: str | None = None
        self._connections = 0
        self._spent = 0

    def statement(self, words: list[_Word]) -> Found:
        """What one statement, up to its semicolon, refers to."""
        for word in words:
            if word.kind == "include":
                yield self._place(word.text.partition("=")[2][:-1], word, "qlik/include", "calls")
        names = [w.text.lower() for w in words[:6]]
        if not words:
            return
        if names[0] in {"set", "let"} and len(words) > 3:
            if words[2].text == "=" and words[3].kind == "text" and len(words) == 4:
                self._values[words[1].text.lower()] = self._filled(_inner(words[3].text))[:4_000]
        elif "connect" in names[:2]:
            yield from self._connect(words, names)
        elif names[0] == "sql" and len(words) > 1:
            end = words[-1].at + len(words[-1].text)
            text = self._filled(self._text[words[1].at : end])
            yield quoted(
                text, origin="qlik/sql", line=self._line(words[0]), kind="sql", status=self._status, via=self._via,
                action="reads",
            )  # fmt: skip
        else:
            yield from self._files(words)

    def _connect(self, words: list[_Word], names: list[str]) -> Found:
        """[ODBC | OLEDB | LIB …] CONNECT TO what, user and password in parentheses behind it."""
        at = next((i + 1 for i, n in enumerate(names) if n == "to"), None)
        if at is None or at >= len(words):
            return
        target, line = self._filled(_inner(words[at].text)), self._line(words[at])
        if names[0] == "lib":
            self._via = target
            yield named(
                target, kind="reference", origin="qlik/connect", line=line, status=self._status, via=target,
                action="connects",
            )  # fmt: skip
            return
        self._connections += 1
        self._via = f"CONNECT {self._connections}"
        text = target if "=" in target else f"DSN={target}"
        yield quoted(
            text, origin="qlik/connect", line=line, kind="connection_string", status=self._status, alias=self._via,
            action="connects",
        )  # fmt: skip

    def _files(self, words: list[_Word]) -> Found:
        """LOAD … FROM a file, STORE … INTO one; a file without quotes ends at the next blank or parenthesis."""
        storing = words[0].text.lower() == "store"
        wanted = "into" if storing else "from"
        for index, word in enumerate(words[:-1]):
            if word.kind == "name" and word.text.lower() == wanted:
                after = words[index + 1]
                yield self._place(self._bare(after), after, f"qlik/{wanted}", "writes" if storing else "reads")

    def _bare(self, word: _Word) -> str:
        if word.kind == "text":
            return _inner(word.text)
        found = _BARE.match(self._text, word.at)
        return found[0] if found else ""

    def _place(self, text: str, word: _Word, origin: str, action: str) -> Mention | None:
        text = self._filled(text.strip())
        kind = kind_of(text)
        if kind is None and not re.search(r"[\\/.]", text):
            return None  # a table that was loaded before
        if text.lower().startswith("lib://"):
            via = text[6:].partition("/")[0]
            return named(
                text,
                kind="reference",
                origin=origin,
                line=self._line(word),
                status=self._status,
                via=via,
                action=action,
            )
        return quoted(
            text, origin=origin, line=self._line(word), kind=kind or "path", status=self._status, action=action
        )

    def _filled(self, text: str) -> str:
        """A text with the variables that were set to a text; no more once they came to a great deal."""
        if self._spent > SPENT or "$(" not in text:
            return text
        filled = _VARIABLE.sub(lambda m: self._values.get(m[1].lower(), m[0]), text)[:200_000]
        self._spent += len(filled)
        return filled

    def _line(self, word: _Word) -> int:
        return self._first + self.lines.at(word.at) - 1


def _inner(text: str) -> str:
    """A text without the quotes or brackets around it."""
    if text[:1] == "'":
        return text[1:].removesuffix("'").replace("''", "'")
    return text[1:].rstrip('"]') if text[:1] in {'"', "["} else text
