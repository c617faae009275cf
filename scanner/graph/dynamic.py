"""SQL that a routine builds while it runs: where it does so, and what of the text stands there in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.graph.lex import Token, words
from scanner.graph.names import Reference, Statement
from scanner.graph.scan import Brackets, scan
from scanner.graph.split import Body, Snippet, snippets

HOLE = "\u01c3"
"""Stands in a text for what is only known while the routine runs; a letter, so that half a name stays no name."""
LIMIT = 50_000
"""Characters of one text that are read; longer ones are data."""

_STATEMENT = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|TRUNCATE|REPLACE|CALL|EXEC)\b", re.IGNORECASE)
_FORMAT = re.compile(r"%(?:\d+\$)?-?\d*[IsL]")
_JOINS = frozenset({"+", "||", "&"})
_MESSAGES = words(
    "NOTICE EXCEPTION WARNING INFO DEBUG LOG PRINT RAISERROR RAISE_APPLICATION_ERROR PUT_LINE MESSAGE_TEXT"
)
"""What stands before a text that is shown, not run."""
_TSQL = frozenset({"tsql", "fabric"})


def reason(piece: Snippet, dialect: str) -> str:
    """Why a statement cannot be known before it runs; "" where it can."""
    after = piece.tokens[1] if len(piece.tokens) > 1 else None
    if piece.first not in {"EXECUTE", "EXEC", "PREPARE"} or after is None:
        return ""
    if any(t.text.lower() == "sp_executesql" for t in piece.tokens[:6]):
        return "sp_executesql runs a text that is built while it runs"
    if dialect in _TSQL and piece.first != "PREPARE":
        by_value = after.text[:1] == "@" and not any(t.text == "=" for t in piece.tokens[2:3])
        if after.text != "(" and not by_value:
            return ""
    word = f"EXECUTE {after.upper}" if after.upper in {"IMMEDIATE", "STATEMENT"} else piece.first
    return f"{word} runs a text that is built while it runs"


def elsewhere_built(found: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Lines of built statements that do not begin with a keyword of their own, and what runs them."""
    for index, token in enumerate(found[:-2]):
        after = found[index + 1 : index + 4]
        if token.upper == "DBMS_SQL" and after[0].text == "." and after[1].upper == "PARSE":
            yield token.line, "DBMS_SQL.PARSE runs a text that is built while it runs"
        elif (
            token.upper == "OPEN"
            and len(after) == 3
            and after[1].upper == "FOR"
            and after[2].kind != "op"
            and after[2].upper not in {"SELECT", "WITH"}
        ):
            yield token.line, "OPEN … FOR runs a text that is built while it runs"


def statements(found: Sequence[Token], dialect: str, line: int) -> Iterator[Statement]:
    """What the quoted parts of built statements refer to: part of what will run, so inferred.

    Args:
        found: the tokens of the whole routine: a text is often put together long before it is run.
        dialect: as sqlglot names it.
        line: the line the routine begins on.
    """
    for text, first in texts(found):
        if _STATEMENT.match(text) and len(text) <= LIMIT:
            for inner in snippets(Body(text), dialect):
                read = scan(inner.tokens, line + first.line - 1 + inner.line - 1)
                yield Statement(tuple(_certain(read.references)), "inferred")


def _certain(references: Sequence[Reference]) -> Iterator[Reference]:
    """References without those whose name is only known while the routine runs."""
    for reference in references:
        if not any(HOLE in part for part in reference.name.parts):
            yield replace(reference, how="inferred")


def texts(found: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Every quoted text with what it is joined to, and its first token; ``HOLE`` stands for parts that are no text."""
    brackets = Brackets(found)
    index = 0
    while index < len(found):
        before = {t.upper for t in found[max(0, index - 2) : index]}
        if found[index].kind != "string" or before & _MESSAGES:
            index += 1
            continue
        first = found[index]
        parts, index = _joined(found, index, brackets)
        if index < len(found) and parts and _within(found, index - 1, brackets) == "FORMAT":
            parts = [_FORMAT.sub(HOLE, part) for part in parts]
        yield "".join(parts), first


def _joined(found: Sequence[Token], index: int, brackets: Brackets) -> tuple[list[str], int]:
    """The text that begins with the string at ``index``, piece by piece, and the index after it."""
    commas = _within(found, index, brackets) == "CONCAT"
    parts = [found[index].text]
    index += 1
    while index + 1 < len(found) and (found[index].text in _JOINS or (commas and found[index].text == ",")):
        if found[index + 1].kind == "string":
            parts.append(found[index + 1].text)
            index += 2
            continue
        parts.append(HOLE)
        index = _after_operand(found, index + 1, brackets)
    return parts, index


def _after_operand(found: Sequence[Token], index: int, brackets: Brackets) -> int:
    """The index after a variable, a function call or anything in brackets."""
    while index < len(found):
        if found[index].text == "(" and found[index].kind == "op":
            return brackets.other.get(index, len(found) - 1) + 1
        index += 1
        if index >= len(found) or (found[index].text not in {".", "("} and found[index - 1].text != "."):
            return index
    return index


def _within(found: Sequence[Token], index: int, brackets: Brackets) -> str:
    """The function whose brackets a token stands in."""
    around = brackets.around[index]
    return found[around - 1].upper if around > 0 else ""
