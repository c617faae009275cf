"""A lexer for SQL that never refuses: what the fallback reads where the parser gives up.

It knows only what is needed to tell code from text: comments, strings (dollar quotes included), quoted names, words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

TokenKind = Literal["word", "name", "string", "op"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text, its offsets, its line (from 1) and its bracket depth; ``text`` stands without its quotes.

    ``upper`` is the keyword a bare word could be, and ``""`` for everything else, operators excepted.
    """

    kind: TokenKind
    text: str
    upper: str
    start: int
    end: int
    line: int
    depth: int


_COMMENT = r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
_HASH_COMMENT = r"(?P<comment>--[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))"
_DOLLAR = r"(?P<dollar>\$(?P<tag>[A-Za-z_]\w*|)\$(?P<dollar_text>.*?)(?:\$(?P=tag)\$|\Z))"
# Runs of plain characters are taken whole: an alternative for each character costs hundreds of bytes of memory each.
_SINGLE = r"(?P<single>[eEnNxXbB]?'[^']*(?:''[^']*)*(?:'|\Z))"
_SINGLE_ESCAPES = r"(?P<single>[nNxXbB]?'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|\Z))"
_Q_QUOTED = (
    r"(?P<quoted>[nN]?[qQ]'(?:\[(?P<q1>.*?)(?:\]'|\Z)|\{(?P<q2>.*?)(?:\}'|\Z)|\((?P<q3>.*?)(?:\)'|\Z)"
    r"|<(?P<q4>.*?)(?:>'|\Z)|(?P<mark>[^\s\[{(<])(?P<q5>.*?)(?:(?P=mark)'|\Z)))"
)
"""Oracle's strings with quotes of one's own choice."""
_DOUBLE = r'(?P<double>"[^"]*(?:""[^"]*)*(?:"|\Z))'
_BACKTICK = r"(?P<backtick>`[^`]*(?:``[^`]*)*(?:`|\Z))"
_BRACKET = r"(?P<bracket>\[[^\]]*(?:\]\][^\]]*)*(?:\]|\Z))"
_WORD = r"(?P<word>(?:@@?|\#\#?|:(?=\w)|)[^\W\d](?:\w|[$#@])*)"
_OTHER = r"(?P<number>\d[\w.]*)|(?P<op>::|:=|<=|>=|<>|!=|\|\||\S)"

_BACKSLASH = frozenset(
    {"mysql", "bigquery", "hive", "spark", "spark2", "databricks", "clickhouse", "doris", "starrocks"}
)
_BRACKETS = frozenset({"tsql", "fabric", "sqlite", "access"})
_NO_DOLLARS = frozenset({"mysql", "tsql", "fabric", "oracle", "sqlite", "access"})
"""Dialects to which $$ is no quote: MySQL's clients use it to end a statement, Oracle to ask for an inquiry flag."""
_QUOTES = "\"'`[]"


def words(text: str) -> frozenset[str]:
    """A set of keywords written as one line of text."""
    return frozenset(text.split())


@cache
def _pattern(dialect: str) -> re.Pattern[str]:
    """The token pattern of a dialect: what a ``[``, a backslash and a ``#`` mean differs."""
    parts = [
        _HASH_COMMENT if dialect == "mysql" else _COMMENT,
        *([] if dialect in _NO_DOLLARS else [_DOLLAR]),
        *([_Q_QUOTED] if dialect == "oracle" else []),
        _SINGLE_ESCAPES if dialect in _BACKSLASH else _SINGLE,
        _DOUBLE,
        _BACKTICK,
        *([_BRACKET] if dialect in _BRACKETS else []),
        _WORD,
        _OTHER,
    ]
    return re.compile("|".join(parts), re.DOTALL)


def _shape(match: re.Match[str]) -> tuple[TokenKind, str]:
    """Kind and bare text of a match."""
    text = match[0]
    match match.lastgroup:
        case "dollar" | "tag" | "dollar_text":
            return "string", match["dollar_text"]
        case "quoted" | "mark" | "q1" | "q2" | "q3" | "q4" | "q5":
            return "string", next(t for t in match.group("q1", "q2", "q3", "q4", "q5") if t is not None)
        case "single":
            return "string", text[text.index("'") + 1 :].removesuffix("'").replace("''", "'")
        case "double" | "backtick" | "bracket":
            close = {'"': '"', "`": "`", "[": "]"}[text[0]]
            return "name", text[1:].removesuffix(close).replace(close * 2, close)
        case "word":
            return "word", text
        case _:
            return "op", text


def tokens(text: str, dialect: str) -> list[Token]:
    """The tokens of a text, comments left out; an unclosed quote or comment reaches to the end."""
    found: list[Token] = []
    line, seen, depth = 1, 0, 0
    for match in _pattern(dialect).finditer(text):
        if match.lastgroup == "comment":
            continue
        line += text.count("\n", seen, match.start())
        seen = match.start()
        kind, bare = _shape(match)
        if bare == ")" and kind == "op":
            depth = max(0, depth - 1)
        upper = bare.upper() if kind in {"word", "op"} else ""
        found.append(Token(kind, bare, upper, match.start(), match.end(), line, depth))
        if bare == "(" and kind == "op":
            depth += 1
    return found
