"""Calls of routines: those a statement makes for sure, and names that are calls if such a routine exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from scanner.graph.lex import Token, words
from scanner.graph.names import Name, Reference

_PARTS, _HEAD = 16, 500
"""Tokens that are looked at of a dotted name, and of the head of a subprogram: nothing may cost the square."""
_PLSQL = frozenset({"oracle"})
_BEFORE_STATEMENT = words("BEGIN THEN ELSE LOOP") | {";", ">"}
_NO_CALL = words(
    "NULL COMMIT ROLLBACK RETURN EXIT RAISE CONTINUE END BEGIN DECLARE EXCEPTION ELSE LOOP IS AS PRAGMA SAVEPOINT"
)


def calls(found: Sequence[Token], dialect: str, above: int) -> Iterator[Reference]:
    """Every dotted name before a bracket, what EXECUTE PROCEDURE names, and PL/SQL's calls that are a name alone.

    Args:
        found: the tokens of a text.
        dialect: as sqlglot names it.
        above: lines above the text in its definition.
    """
    own = _declared(found) if dialect in _PLSQL else frozenset()
    for index, token in enumerate(found):
        if token.kind not in {"word", "name"}:
            continue
        after = found[index + 1] if index + 1 < len(found) else None
        bracket = after is not None and after.text == "(" and after.kind == "op"
        parts, first = _parts(found, index)
        if index > 1 and found[first - 1].upper in {"PROCEDURE", "FUNCTION"} and found[first - 2].upper == "EXECUTE":
            if after is None or after.text != ".":
                # PostgreSQL's triggers may call functions of the engine's own, which nobody harvests.
                yield _call(parts, "may_call" if dialect == "postgres" else "calls", above)
        elif (bracket and not (len(parts) == 1 and parts[0].text.lower() in own)) or (
            dialect in _PLSQL
            and after is not None
            and after.text == ";"
            and _alone(found, first)
            and (len(parts) > 1 or parts[0].text.lower() not in own)
        ):
            yield _call(parts, "may_call", above)


def _parts(found: Sequence[Token], index: int) -> tuple[Sequence[Token], int]:
    """The parts of the dotted name that ends at ``index``, and where it begins."""
    first = index
    while (
        first >= 2
        and index - first < _PARTS
        and found[first - 1].text == "."
        and found[first - 2].kind in {"word", "name"}
    ):
        first -= 2
    return found[first : index + 1 : 2], first


def _alone(found: Sequence[Token], first: int) -> bool:
    """Whether a name that ends with a semicolon is a statement by itself."""
    if first == 0 or found[first].upper in _NO_CALL:
        return False
    before = found[first - 1]
    return (before.text if before.kind == "op" else before.upper) in _BEFORE_STATEMENT


def _declared(found: Sequence[Token]) -> frozenset[str]:
    """Procedures and functions a package or block declares: calling them leads nowhere else."""
    return frozenset(
        token.text.lower() for before, token in pairwise(found) if before.upper in {"PROCEDURE", "FUNCTION"}
    )


def subprograms(found: Sequence[Token]) -> list[tuple[int, str]]:
    """The procedures and functions a package's body holds: the line each begins on, and its name; "" where one ends."""
    marks: list[tuple[int, str]] = []
    for index, token in enumerate(found[:-1]):
        name = found[index + 1]
        if token.upper in {"PROCEDURE", "FUNCTION"} and name.kind in {"word", "name"}:
            ahead = (t.upper for t in found[index + 2 : index + 2 + _HEAD] if t.depth == token.depth)
            if next((word for word in ahead if word in {"IS", "AS", ";"}), ";") != ";":
                marks.append((token.line, name.text))
        elif token.upper == "END" and marks and name.text.lower() == marks[-1][1].lower():
            marks.append((token.line + 1, ""))
    return marks


def _call(parts: Sequence[Token], verb: str, above: int) -> Reference:
    name = Name(tuple(p.text for p in parts), tuple(p.kind == "name" for p in parts))
    return Reference(
        name, "calls" if verb == "calls" else "may_call", parts[0].line + above, "parsed", parser="token scan"
    )
