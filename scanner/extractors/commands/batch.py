"""Batch files of Windows as commands: ``set`` and ``%NAME%``, ``rem`` and ``::``, a line continued by ``^``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scanner.extractors.commands.command import Command, Variables, program
from scanner.extractors.commands.programs import PROGRAMS

_USE = re.compile(r"%(\w[\w .-]{0,79})(?::[^%\n]{1,80})?%|!(\w{1,80})!")
_SET = re.compile(r"""(?i)@?set\s+(?:/[a-z]\s+)?"?([\w .-]{1,80}?)\s?=(.{0,2000})""")
_COMMENT = re.compile(r"(?i)[\s@]*(?:rem(?:\s|$)|::)\s*")
_TOKEN = re.compile(r'"[^"\n]*"?|\^.|&&?|\|\|?|[()]|\d?>>?|\d?<|[^\s"&|()<>^]+')
_LONGEST = 32_000
_SKIPPED = frozenset(
    ("echo", "echo.", "title", "prompt", "goto", "exit", "pause", "endlocal", "setlocal", "cls", "color", "rem")
)


def commands(text: str, *, first: int = 1, given: Mapping[str, str] | None = None) -> Iterator[Command]:
    """The commands of a batch file whose program is known, those in comments too."""
    variables = Variables(_USE, folded=True, given={k.lower(): v for k, v in (given or {}).items()})
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line, at = lines[number][:_LONGEST], number
        number += 1
        while line.endswith("^") and number < len(lines) and number - at < 200:
            line = line[:-1] + " " + lines[number][:_LONGEST].lstrip()
            number += 1
        comment = _COMMENT.match(line)
        code = line[comment.end() :] if comment else line.strip()
        if not code:
            continue
        if assigned := _SET.match(code):
            if comment is None:
                value = assigned[2].strip()
                variables.set(
                    assigned[1].strip(),
                    variables.put_in(
                        value.removesuffix('"') if '"' in assigned[0][: assigned.start(2) - assigned.start()] else value
                    ),
                )
            continue
        for words, takes, gives in _parted(variables.put_in(code) if comment is None else code):
            skip = _program_at(words, sure=comment is not None)
            if skip is not None:
                yield Command(
                    tuple(words[skip:]),
                    at + first,
                    "commented" if comment else None,
                    takes=tuple(takes),
                    gives=tuple(gives),
                    environment=variables.values,
                )


def _parted(code: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """The commands of a line: words without their quotes, files read and files written."""
    words: list[str] = []
    takes: list[str] = []
    gives: list[str] = []
    target, end = words, -1
    for token in _TOKEN.finditer(code):
        text = token[0]
        if text[0] in "&|()":
            if words:
                yield words, takes, gives
            words, takes, gives = [], [], []
            target = words
        elif text.lstrip("012")[:1] in ("<", ">") and len(text) <= 3:
            target = takes if "<" in text else gives
        else:
            plain = text[1:] if text[0] == "^" else text.replace('"', "") if text[0] == '"' else text
            if token.start() == end and target and target is words:
                target[-1] += plain  # a quoted piece of a word, as in /user:"x y"
            else:
                target.append(plain)
                if target is not words:
                    target = words
                    end = -1
                    continue
        end = token.end()
    if words:
        yield words, takes, gives


def _program_at(words: list[str], *, sure: bool) -> int | None:
    """Where the known program stands: at first, or behind ``if``, ``for`` and what starts another."""
    name = program(words[0])
    if name in _SKIPPED:
        return None
    if sure:
        return 0 if name in PROGRAMS else None
    if name not in ("if", "for", "else", "call", "start", "cmd", "do", "runas", "psexec", "forfiles", "@"):
        return 0 if name in PROGRAMS else None
    for at, word in enumerate(words[1:30], start=1):
        if program(word) in PROGRAMS and (
            name not in ("call", "start") or program(word) not in ("type", "copy", "dir")
        ):
            return at
    return 0 if name in PROGRAMS else None
