"""Shell scripts (sh, bash, ksh, csh) as commands: words out of their quotes, continued lines, here-documents."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.extractors.commands.command import Command, Variables, program
from scanner.extractors.commands.programs import PREFIXES, PROGRAMS, SHELLS

_USE = re.compile(r"\$\{(\w{1,80})(?::?-[^}]{0,200})?\}|\$(\w{1,80})")
_ASSIGNED = re.compile(
    r"(?:(?:export|local|readonly|declare|typeset|set|setenv)\s+(?:-\w+\s+)?)?([A-Za-z_]\w{0,79})(?:=|\s)"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w{0,79})=")
_LINE = re.compile(r"[^\n]*")
_PLAIN = re.compile(r"[^\s'\"`$<>|&;()\\]+")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([\w.-]{1,60})\2")
_SUBSTITUTION_ENDS = re.compile(r"[()]")
_LONGEST_STRING = 200_000
_LONGEST_COMMAND = 400_000
_DEEPEST = 4
_TRIGGER = re.compile(
    r"(?<![\w.-])(?:" + "|".join(sorted(map(re.escape, PROGRAMS), key=len, reverse=True)) + r")(?![\w-])"
)


def commands(text: str, *, first: int = 1, given: Mapping[str, str] | None = None) -> Iterator[Command]:
    """The commands of a script whose program is known here, those in comments too; ``first`` is its first line."""
    reader = _Reader(text, first, given or {})
    yield from reader.run()


@dataclass(slots=True)
class _Words:
    """A command while it is read."""

    words: list[str] = field(default_factory=list)
    takes: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    body: tuple[bool, str] | None = None
    """Whether tabs are stripped, and the word that ends the here-document."""


class _Reader:
    def __init__(self, text: str, first: int, given: Mapping[str, str]) -> None:
        self._text = text
        self._line = first
        self._variables = Variables(_USE, given=given)
        self._inner: list[str] = []

    def run(self) -> Iterator[Command]:
        text, at, length = self._text, 0, len(self._text)
        while at < length:
            end = text.find("\n", at)
            end = length if end < 0 else end
            line = text[at : min(end, at + _LONGEST_COMMAND)]
            stripped = line.lstrip()
            if not stripped or stripped[0] == "#":
                if stripped and _TRIGGER.search(stripped):
                    yield from self._comment(stripped)
                after = end
            elif _TRIGGER.search(line) or _ASSIGNED.match(stripped) or line.endswith("\\"):
                after = yield from self._logical(at)
            else:
                after = end
            self._line += text.count("\n", at, after) + 1
            at = after + 1

    def _comment(self, line: str) -> Iterator[Command]:
        code = line.lstrip("# \t").rstrip("\\")
        if program(code.split(maxsplit=1)[0] if code else "") in PROGRAMS or code.startswith(("sudo ", "nohup ")):
            for one in self._lexed(code, 0)[0]:
                yield from self._made(one, "commented", "", 0)

    def _logical(self, at: int) -> Generator[Command, None, int]:
        """The commands of one logical line; gives back where it ends."""
        found, end = self._lexed(self._text, at)
        bodies_at = end + 1
        line_of_body = self._line + self._text.count("\n", at, min(end + 1, len(self._text)))
        for one in found:
            body, line = "", 0
            if one.body is not None:
                body, after = self._heredoc(bodies_at, *one.body)
                line = line_of_body
                line_of_body += self._text.count("\n", bodies_at, after)
                bodies_at, end = after, max(end, after - 1)
            yield from self._made(one, None, body, line)
        yield from self._substituted()
        return end

    def _substituted(self, depth: int = 0) -> Iterator[Command]:
        inner, self._inner = self._inner, []
        for code in inner:
            if depth < _DEEPEST and _TRIGGER.search(code):
                for one in self._lexed(code.replace("\n", " "), 0)[0]:
                    yield from self._made(one, None, "", 0)
                yield from self._substituted(depth + 1)

    def _heredoc(self, at: int, tabs: bool, word: str) -> tuple[str, int]:
        """The text of a here-document and where the line behind it begins."""
        text, start = self._text, at
        while at < len(text):
            line = _LINE.match(text, at)
            end = line.end() if line else len(text)
            this = text[at:end]
            if (this.lstrip("\t ") if tabs else this.rstrip()) == word:
                return text[start:at], end + 1
            at = end + 1
        return text[start:], len(text)

    def _made(self, one: _Words, status: str | None, body: str, body_line: int) -> Iterator[Command]:
        words, environment = one.words, {}
        while words and (assigned := _ASSIGNMENT.match(words[0])):
            environment[assigned[1]] = words[0][assigned.end() :]
            words = words[1:]
        if not words:
            if status is None:
                for name, value in environment.items():
                    self._variables.set(name, value)
            return
        if words[0] in ("export", "local", "readonly", "declare", "typeset", "set", "setenv"):
            self._declared(words)
            return
        if program(words[0]) in SHELLS and "-c" in words[1:-1]:
            self._inner.append(words[words.index("-c") + 1])
            return
        skip = _program_at(words)
        if skip is not None:
            for word in words[:skip]:
                if assigned := _ASSIGNMENT.match(word):
                    environment[assigned[1]] = word[assigned.end() :]
            yield Command(
                tuple(words[skip:]), self._line, status, self._variables.put_in(body), body_line,
                tuple(one.takes), tuple(one.gives), {**self._variables.values, **environment},
            )  # fmt: skip

    def _declared(self, words: list[str]) -> None:
        if words[0] == "setenv" and len(words) == 3:
            self._variables.set(words[1], words[2])
        for word in words[1:]:
            if assigned := _ASSIGNMENT.match(word):
                self._variables.set(assigned[1], word[assigned.end() :])

    def _lexed(self, text: str, at: int) -> tuple[list[_Words], int]:  # noqa: C901, PLR0912 - a branch for each kind of letter
        """The commands up to the end of the logical line that begins at ``at``, and where that is."""
        made, word, open_, target = [_Words()], "", False, None
        length = min(len(text), at + _LONGEST_COMMAND)

        def close() -> None:
            nonlocal word, open_, target
            if open_:
                {None: made[-1].words, "<": made[-1].takes, ">": made[-1].gives}[target].append(word)
            word, open_, target = "", False, None

        while at < length:
            letter = text[at]
            if letter == "\n":
                break
            if letter in " \t":
                if open_:
                    close()
                at += 1
            elif letter == "#" and not open_:
                end = text.find("\n", at)
                at = length if end < 0 else end
            elif letter in ";|&()" and not text.startswith("&1", at):
                close()
                made.append(_Words())
                at += 1
            elif letter == "<" and (here := _HEREDOC.match(text, at)):
                close()
                made[-1].body = (bool(here[1]), here[3])
                at = here.end()
            elif text.startswith("\\\n", at):
                close()
                at += 2
            elif letter in "<>":
                if word.isdigit():
                    word, open_ = "", False
                close()
                target = letter
                at += 1
                while text[at : at + 1] in ("<", ">", "&"):
                    at += 1
            else:
                bare = letter == "$" and not open_ and not text.startswith("$(", at)
                piece, at = self._piece(text, at, length)
                if bare and target is None and len(several := piece.split()) > 1:  # outside quotes it is as many words
                    made[-1].words += several[:-1]
                    piece = several[-1]
                word += piece
                open_ = True
        close()
        return [m for m in made if m.words], min(at, len(text))

    def _piece(self, text: str, at: int, length: int) -> tuple[str, int]:  # noqa: PLR0911 - one for each kind
        """A piece of a word and where it ends: a string, a substitution, an escaped letter, or plain letters."""
        letter = text[at]
        if letter == "\\":
            return ("", at + 2) if text[at + 1 : at + 2] == "\n" else (text[at + 1 : at + 2], at + 2)
        if letter == "'":
            end = text.find("'", at + 1, at + _LONGEST_STRING)
            end = length if end < 0 else end
            return text[at + 1 : end], end + 1
        if letter == '"':
            return self._double(text, at + 1, length)
        if letter == "`":
            end = text.find("`", at + 1, at + _LONGEST_STRING)
            end = length if end < 0 else end
            self._inner.append(text[at + 1 : end])
            return "$(command)", end + 1
        if text.startswith("$(", at):
            end = self._matching(text, at + 1)
            self._inner.append(text[at + 2 : end - 1])
            return "$(command)", end
        if letter == "$":
            use = _USE.match(text, at)
            return (self._variables.put_in(use[0]), use.end()) if use else ("$", at + 1)
        plain = _PLAIN.match(text, at, length)
        return (plain[0], plain.end()) if plain else (letter, at + 1)

    def _double(self, text: str, at: int, length: int) -> tuple[str, int]:
        start, pieces, limit = at, [], min(length, at + _LONGEST_STRING)
        while at < limit:
            letter = text[at]
            if letter == '"':
                pieces.append(text[start:at])
                return self._variables.put_in("".join(pieces)), at + 1
            if letter == "\\":
                keep = text[at + 1 : at + 2] if text[at + 1 : at + 2] in ('"', "\\", "$", "`") else text[at : at + 2]
                pieces += [text[start:at], "" if keep == "\\\n" else keep]
                at = start = at + 2
            elif letter == "`" or text.startswith("$(", at):
                end = self._matching(text, at + 1) if letter == "$" else text.find("`", at + 1, limit) + 1
                if end <= at:
                    break
                self._inner.append(text[at + (2 if letter == "$" else 1) : end - 1])
                pieces += [text[start:at], "$(command)"]
                at = start = end
            else:
                step = _DOUBLE_STOPS.search(text, at + 1, limit)
                at = step.start() if step else limit
        end = text.find("\n", start)
        end = length if end < 0 else end
        return self._variables.put_in("".join(pieces) + text[start:end]), max(end, start)

    @staticmethod
    def _matching(text: str, at: int) -> int:
        """Right behind the bracket that closes the one at ``at``."""
        depth = 0
        for bracket in _SUBSTITUTION_ENDS.finditer(text, at, at + 20_000):
            depth += 1 if bracket[0] == "(" else -1
            if depth == 0:
                return bracket.end()
        return min(len(text), at + 20_000)


_DOUBLE_STOPS = re.compile(r'["\\`$]')


_TAKE_WORDS = frozenset(
    (
        "sudo",
        "su",
        "runuser",
        "docker",
        "kubectl",
        "sshpass",
        "flock",
        "timeout",
        "nice",
        "ionice",
        "setuidgid",
        "chpst",
        "gosu",
        "doas",
        "xargs",
        "case",
    )
)
"""Prefixes with words of their own before the program."""


def _program_at(words: list[str]) -> int | None:
    """Where the program stands that is known, behind what only starts it; None where there is none."""
    free = False
    for at, word in enumerate(words[:14]):
        name = program(word)
        if name in PROGRAMS and not (at and free and name in ("install", "start", "type")):
            return at
        free = free or name in _TAKE_WORDS
        if name not in PREFIXES and not (
            at and (free or word.startswith("-") or _ASSIGNMENT.match(word) or word.isdigit())
        ):
            return None
    return None
