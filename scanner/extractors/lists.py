"""Settings read with their lines: of JSON (comments allowed), of YAML, of TOML, of ini and properties files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Trouble
from scanner.extractors.values import Setting

DEEPEST = 100
"""Levels of nesting that are read."""
MOST = 50_000
"""Settings of one file that are read."""
_JSON = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.){0,100000}")|(?P<comment>//[^\n]*|/\*)|(?P<mark>[{}\[\],:])|(?P<plain>[\w.+-]{1,200})|\n""",
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" and len(m[1]) == 5 else _ESCAPES.get(m[1], m[1]), text
    )


class _Json:
    """Goes through the tokens of a JSON text; what is not well formed costs its place, not the rest."""

    def __init__(self) -> None:
        self.settings: list[Setting] = []
        self.trouble: Trouble | None = None
        self._keys: list[str] = []
        self._counts: list[int | None] = []
        self._key: str | None = None
        self._value = False

    def take(self, kind: str, piece: str, line: int, status: str | None) -> None:
        """One token; ``status`` where it stands in a comment."""
        if kind == "mark":
            self._mark(piece, line)
        elif self._counts and self._counts[-1] is None and not self._value:
            self._key = _unescaped(piece[1:-1]) if kind == "string" else piece
        elif kind == "string" or piece not in ("null", "true", "false"):
            value = _unescaped(piece[1:-1]) if kind == "string" else piece
            self.settings.append(Setting((*self._keys, self._name()), value, line, status))

    def _name(self) -> str:
        if self._counts and self._counts[-1] is not None:
            return str(self._counts[-1])
        return self._key or ""

    def _mark(self, piece: str, line: int) -> None:
        if piece == ":":
            self._value = True
        elif piece == ",":
            self._value = False
            if self._counts and self._counts[-1] is not None:
                self._counts[-1] += 1
        elif piece in "{[":
            if self._counts:
                self._keys.append(self._name())
            self._counts.append(None if piece == "{" else 0)
            self._value = False
            if len(self._counts) > DEEPEST:
                raise _Deep(line)
        elif self._counts:
            self._counts.pop()
            if self._keys:
                self._keys.pop()
            self._value = False


class _Deep(Exception):  # noqa: N818 - carries the line, and never leaves this module
    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


_COMMENTED_PAIR = re.compile(r'"([^"\\\n]{1,200})"\s{0,9}:\s{0,9}"((?:[^"\\\n]|\\.){0,8000})"')


def json_settings(text: str) -> tuple[list[Setting], Trouble | None]:
    """The values of a JSON text with their keys and lines; pairs in comments too, as switched off."""
    reader, line, at = _Json(), 1, 0
    try:
        while (found := _JSON.search(text, at)) is not None:
            at, kind = found.end(), found.lastgroup
            if kind == "comment":
                if found[0] == "/*":
                    at = text.find("*/", found.end())
                    at = len(text) if at < 0 else at + 2
                for pair in _COMMENTED_PAIR.finditer(text, found.start(), at):
                    keys = (*reader._keys, _unescaped(pair[1]))  # noqa: SLF001 - the two are one
                    there = line + text.count("\n", found.start(), pair.start())
                    reader.settings.append(Setting(keys, _unescaped(pair[2]), there, "commented"))
                line += text.count("\n", found.start(), at)
            elif kind is None:
                line += 1
            else:
                reader.take(kind, found[0], line, None)
            if len(reader.settings) > MOST:
                return reader.settings, Trouble("CONTENT_LIMIT", f"line {line}: more than {MOST:,} values")
    except _Deep as deep:
        return reader.settings, Trouble("CONTENT_LIMIT", f"line {deep.line}: nested more than {DEEPEST} deep")
    return reader.settings, reader.trouble


_SECTION = re.compile(
    r"^\s{0,80}(?P<off>[#;]\s{0,8})?\[{1,2}\s{0,8}(?P<name>[^\]\n]{1,200}?)\s{0,8}\]{1,2}\s{0,80}(?:[#;].*)?$"
)
_KEY = re.compile(
    r"""^\s{0,80}(?P<off>(?:[#;!]|//|--|rem\s)\s{0,8})?(?:export\s{1,8}|set\s{1,8}|setx\s{1,8}|setenv\s{1,8})?
    ["']?(?P<key>[A-Za-z_][\w.$:/\[\]() -]{0,150}?)["']?\s{0,40}
    (?:=>|:=|=|:(?=\s|$)|:(?!//|\\))\s{0,40}(?P<value>.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
_TAIL = re.compile(r"""\s[#;]\s.*$""")


def line_settings(text: str, *, first: int = 1) -> Iterator[Setting]:
    """Keys and values a line each, under sections in brackets: ini, properties, environment files and their like.

    A value may go on in the next line behind a backslash; what stands behind a comment's mark is switched off.
    """
    section: tuple[str, ...] = ()
    off: tuple[str, ...] | None = None
    count, lines, number = 0, text.split("\n"), 0
    while number < len(lines):
        line, start = lines[number], number
        number += 1
        if len(line) > 32_000:
            line = line[:32_000]
        while line.endswith("\\") and not line.endswith("\\\\") and number < len(lines) and len(line) < 32_000:
            line = line[:-1] + lines[number].lstrip()
            number += 1
        if "[" in line[:90] and (head := _SECTION.match(line)) is not None:
            off = (head["name"],) if head["off"] else None
            section = section if head["off"] else (head["name"],)
            continue
        found = _KEY.match(line)
        if found is None:
            continue
        value = _bare(found["value"])
        if value:
            above = section if off is None or not found["off"] else off
            yield Setting((*above, found["key"].strip()), value, first + start, "commented" if found["off"] else None)
            count += 1
            if count > MOST:
                return


def _bare(value: str) -> str:
    """A value without its quotes, its closing comma or semicolon, and the comment behind it."""
    value = value.strip()
    if (
        value.startswith(('"', "'"))
        and (end := value.find(value[0], 1)) > 0
        and not value[end + 1 :].strip(" ,;").startswith(value[0])
    ):
        rest = value[end + 1 :].strip()
        if not rest or rest[0] in "#;,":
            return value[1:end]
    return _TAIL.sub("", value[:16_000]).strip() if " #" in value or " ;" in value or "\t#" in value else value


_PLAIN_UNC = re.compile(r"^\\\\[^\\]+(?:\\[^\\]+)+\\?$")
"""A UNC path written as if nothing had to be escaped."""


def properties_settings(text: str) -> Iterator[Setting]:
    r"""A Java properties file: as ``line_settings``, with its escapes undone (``\:``, ``\=``, ``\u00e4``)."""
    for setting in line_settings(text):
        value = setting.value
        if re.search(r"\\[:=#! ]|\\u[0-9a-fA-F]{4}|\\\\", value) and not _PLAIN_UNC.match(value):
            value = _unescaped(value)
        yield Setting(tuple(setting.keys), value, setting.line, setting.status)


def yaml_settings(text: str) -> tuple[list[Setting], Trouble | None]:
    """The scalars of a YAML text with their keys and lines, all documents; aliases are not followed.

    A text that breaks off, or is a template of another language, is read line by line from there on.
    """
    import yaml  # noqa: PLC0415 - only who reads YAML pays for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    settings: list[Setting] = []
    trouble = None
    try:
        _events(yaml.parse(text, Loader=loader), settings)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        at = mark.line if mark is not None else 0
        settings += line_settings("\n".join(text.split("\n")[at:]), first=at + 1)
        trouble = Trouble("CONTENT_DAMAGED", f"line {at + 1}: no YAML from here on")
    except _Deep as deep:
        trouble = Trouble("CONTENT_LIMIT", f"line {deep.line}: nested or divided beyond what is read")
    settings += (s for s in line_settings(_only_comments(text)) if s.status)
    return settings, trouble


def _only_comments(text: str) -> str:
    """The text with all lines emptied that are no comments, so that those keep their numbers."""
    return "\n".join(line if line.lstrip().startswith("#") else "" for line in text.split("\n")) if "#" in text else ""


def _events(events: Iterator[object], settings: list[Setting]) -> None:
    """Walk the events of a document; events are read one by one, so nothing is built and nothing expands."""
    import yaml  # noqa: PLC0415

    keys: list[str] = []
    levels: list[list[object]] = []  # [is a mapping, the key that waits for its value or a count]
    for event in events:
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            value = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if levels and levels[-1][0] and levels[-1][1] is None:
                levels[-1][1] = value[:200]
                continue
            line = event.start_mark.line + 1
            if value:
                settings.append(Setting((*keys, _waiting(levels)), value, line))
            _done(levels)
            if len(settings) > MOST:
                raise _Deep(line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if levels:
                keys.append(_waiting(levels))
            levels.append(
                [isinstance(event, yaml.MappingStartEvent), None if isinstance(event, yaml.MappingStartEvent) else 0]
            )
            if len(levels) > DEEPEST:
                raise _Deep(event.start_mark.line + 1)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            levels.pop()
            if levels:
                keys.pop()
            _done(levels)


def _waiting(levels: list[list[object]]) -> str:
    return str(levels[-1][1]) if levels and levels[-1][1] is not None else ""


def _done(levels: list[list[object]]) -> None:
    if levels:
        top = levels[-1]
        top[1] = None if top[0] else (top[1] if isinstance(top[1], int) else 0) + 1
