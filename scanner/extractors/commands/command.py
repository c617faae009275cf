"""A command as a script writes it, whatever the shell: its words, and what is handed to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_SECRET_NAME = re.compile(r"(?i)pass|pwd|secret|token|\bpw\b|_pw\b|^pw|key$|credential|kennwort|mdp")
LONGEST_VALUE = 1000
"""Characters of a variable's value that is put in where it is used."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its words, out of their quotes, with the variables that the script itself sets put in."""

    words: tuple[str, ...]
    line: int
    status: str | None = None
    body: str = ""
    """What the script hands to it line by line (a here-document), from line ``body_line`` on."""
    body_line: int = 0
    takes: tuple[str, ...] = ()
    """Files that it reads through ``<``."""
    gives: tuple[str, ...] = ()
    """Files that it writes through ``>``."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The first word as programs are called: without folder and ending, in lower case."""
        return program(self.words[0]) if self.words else ""


def program(word: str) -> str:
    """A program's name out of the path that it is started by."""
    name = word.replace("\\", "/").rpartition("/")[2].lower().lstrip("@")
    stem, dot, ending = name.rpartition(".")
    return stem if dot and ending in ("exe", "com", "cmd", "bat", "sh", "pl", "py") and stem != "winscp" else name


class Variables:
    """What a script has set until now; secrets are never put in."""

    def __init__(self, pattern: re.Pattern[str], *, folded: bool = False, given: Mapping[str, str] = _NOTHING) -> None:
        """``pattern`` finds a use: its first group that took part is the name. ``folded``: case does not matter."""
        self._pattern = pattern
        self._folded = folded
        self.values: dict[str, str] = dict(given)

    def set(self, name: str, value: str) -> None:
        """Keep a value; one that grows without end is forgotten."""
        name = name.lower() if self._folded else name
        if _SECRET_NAME.search(name):
            value = "***"
        if len(value) <= LONGEST_VALUE:
            self.values[name] = value
        else:
            self.values.pop(name, None)

    def put_in(self, text: str) -> str:
        """The text with the variables that are known; others stay as they are written."""
        return (
            self._pattern.sub(self.value_of, text)
            if self.values and ("$" in text or "%" in text or "!" in text)
            else text
        )

    def known(self, name: str) -> str | None:
        """The value of a variable, None where the script does not set it."""
        name = name.lstrip("$@")
        return self.values.get(name.lower() if self._folded else name)

    def value_of(self, use: re.Match[str]) -> str:
        """What stands for a use of a variable: its value, or the use as it is written."""
        name = next((g for g in use.groups() if g), "")
        return self.values.get(name.lower() if self._folded else name, use[0])


def options(words: tuple[str, ...], known: Mapping[str, str]) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Options with a value as (what they say, as written, value), and the words that are none.

    ``known`` maps an option to what its value says; '' to a value of no interest; a trailing '?' marks one whose value
    only ever stands attached. What is not known takes no value.
    """
    said: list[tuple[str, str, str]] = []
    rest: list[str] = []
    todo = iter(words)
    for word in todo:
        if len(word) < 2 or word[0] not in "-/" or word == "--" or (word[0] == "/" and not _slashed(word, known)):
            rest.append(word)
            continue
        for meaning, flag, value in _option(word, known, todo):
            said.append((meaning.rstrip("?"), flag, value))
    return said, rest


def _slashed(word: str, known: Mapping[str, str]) -> bool:
    return word.partition(":")[0].lower() in known or (len(word) <= 3 and word[1].isalpha())


def _option(word: str, known: Mapping[str, str], todo: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    flag, mark, attached = word.partition(":" if word[0] == "/" else "=")
    flag = flag.lower() if word[0] == "/" else flag
    if flag in known and (mark or known[flag].endswith("?")):
        yield known[flag], flag + mark, attached
    elif flag in known:
        yield known[flag], flag, next(todo, "")
    elif word[0] == "-" and word[1:2] != "-":
        for at in range(1, len(word)):
            short = f"-{word[at]}"
            if short in known:
                tail = word[at + 1 :]
                if not tail and not known[short].endswith("?"):
                    tail = next(todo, "")
                yield known[short], short, tail
                return
