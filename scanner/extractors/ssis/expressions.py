"""Expressions of Integration Services, as far as they put literals and variables together."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 200_000
"""Characters of a value; variables that double each other would grow without end."""
DEEPEST = 20
"""Parentheses, or variables made of variables, that are followed into each other."""


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression comes to; what cannot be told before it runs stands in ``text`` as ``@[…]`` or ``${…}``."""

    text: str
    known: bool = True


Lookup = Callable[[str], Value | None]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<cast>\(\s*DT_[A-Z0-9_]+\s*(?:,[^()]{0,40})?\))
    | (?P<text>"(?:[^"\\]|\\.)*")
    | @\[(?P<bracketed>[^\]]{1,300})\] | @(?P<bare>[A-Za-z_][\w]*(?:::[\w]+)?)
    | (?P<number>\d[\d.]*)
    | (?P<call>[A-Za-z_]\w*)\s*\(
    | (?P<open>\()
    | (?P<plus>\+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}


def evaluate(expression: str, lookup: Lookup, depth: int = 0) -> Value:
    """The value of an expression; as written, and not known, where it does more than join texts."""
    pieces: list[Value] = []
    at, joined, length = 0, True, 0
    while at < len(expression) and length <= LONGEST:
        token = _TOKEN.match(expression, at)
        if token is None:
            if not expression[at:].strip():
                break
            return Value(expression.strip(), known=False)
        at = token.end()
        if token["cast"]:
            continue
        if token["plus"]:
            joined = True
            continue
        if not joined or depth > DEEPEST:
            return Value(expression.strip(), known=False)
        joined = False
        if token["call"] or token["open"]:
            end = _closing(expression, at)
            inside = expression[at:end]
            pieces.append(
                Value(f"${{{token['call']}({inside})}}", known=False)
                if token["call"]
                else evaluate(inside, lookup, depth + 1)
            )
            at = end + 1
        else:
            pieces.append(_term(token, lookup))
        length += len(pieces[-1].text)
    text = "".join(p.text for p in pieces)
    return Value(text[:LONGEST], all(p.known for p in pieces) and len(text) <= LONGEST)


def _term(token: re.Match[str], lookup: Lookup) -> Value:
    if token["text"]:
        return Value(_ESCAPE.sub(_unescaped, token["text"][1:-1]))
    if token["number"]:
        return Value(token["number"])
    name = (token["bracketed"] or token["bare"]).strip()
    return lookup(name) or Value(f"@[{name}]", known=False)


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _PLAIN.get(code, code)


def _closing(text: str, at: int) -> int:
    """Where the parenthesis that stands open at ``at`` is closed; the end of the text where it is not."""
    depth, quoted = 1, False
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quoted:
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return at
        at += 1
    return len(text)
