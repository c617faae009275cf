"""Pieces of SQL text: strings, arguments, names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.extractor import Mention
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted

STRING = r"[NE]?'((?:[^'\n]|''){0,4000})'"
"""A string of one line; its first group holds it, quotes doubled."""
PART = r"(?:\[[^\]\n]{1,128}\]|\"[^\"\n]{1,128}\"|`[^`\n]{1,128}`|[\w$#@-]{1,128})"
"""One part of a name."""
NAME = rf"{PART}(?:\.{PART}?){{0,3}}"
_ARGUMENT = re.compile(
    rf"\s{{0,200}}(?:@(\w{{1,60}})\s{{0,9}}=\s{{0,9}})?(?:{STRING}|[NE]?'((?:[^']|''){{0,20000}})'|([\w@.\["
    rf"\]\\$-]{{1,200}}))\s{{0,200}}([,;])?"
)
_MOST = 40
"""Arguments of one call."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clause stands."""

    page: Page
    at: int

    def quoted(
        self, text: str, *, origin: str, kind: str | None = None, alias: str | None = None, via: str | None = None,
        action: str | None = None,
    ) -> Mention | None:  # fmt: skip
        """A mention of a text that stands here."""
        return quoted(
            text,
            origin=origin,
            line=self.page.line(self.at),
            part=self.page.part,
            kind=kind,
            status=self.page.status(self.at),
            alias=alias,
            via=via,
            action=action,
        )


def plain(text: str) -> str:
    """A string's content: two quotes are one."""
    return text.replace("''", "'")


def bare(name: str) -> str:
    """A name without the marks around it."""
    return name[1:-1] if len(name) > 1 and name[0] + name[-1] in ("[]", '""', "``", "''") else name


def parts(name: str) -> list[str]:
    """The parts of a name, without their marks; '' where one is left out."""
    return [bare(p) for p in re.findall(rf"{PART}|(?<=\.)(?=\.)", name)]


def arguments(text: str, at: int) -> list[tuple[str, str]]:
    """The arguments of a call from here on, as (name in lower case or '', value)."""
    found: list[tuple[str, str]] = []
    while len(found) < _MOST and (one := _ARGUMENT.match(text, at)) is not None:
        value = one[2] if one[2] is not None else one[3]
        found.append(((one[1] or "").lower(), plain(value) if value is not None else one[4]))
        at = one.end()
        if one[5] != ",":
            break
    return found


def named(given: list[tuple[str, str]], order: tuple[str, ...]) -> dict[str, str]:
    """Arguments by name, those without one by their place."""
    told: dict[str, str] = {}
    for number, (name, value) in enumerate(given):
        key = name or (order[number] if number < len(order) else "")
        if key and value.upper() != "NULL":
            told[key] = value
    return told
