"""Reads a statement by its keywords where the parser cannot: the names after FROM, JOIN, INTO, CALL and the like.

What it finds is inferred: it may take a name for a table that is none, and it cannot see names built while the text
runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scanner.graph.lex import Token, words
from scanner.graph.names import Name, Reference, Statement, Verb, linked

_FROM_IN = frozenset({"EXTRACT", "TRIM", "SUBSTRING", "OVERLAY", "POSITION", "LTRIM", "RTRIM"})
"""Functions whose arguments are written with FROM."""
_ENDS_LIST = words(
    "WHERE JOIN INNER LEFT RIGHT FULL CROSS NATURAL ON USING GROUP ORDER HAVING LIMIT UNION EXCEPT INTERSECT SET"
    " SELECT VALUES WHEN FOR WITH WINDOW OUTER LATERAL FETCH OFFSET INTO LOOP THEN RETURNING OPTION PIVOT UNPIVOT"
    " STRAIGHT_JOIN DEFAULT OUTPUT"
)
_NO_NAME = _ENDS_LIST | words(
    "FROM UPDATE DELETE INSERT MERGE ONLY TABLE IF EXISTS NOT AS BEGIN END CASE NULL STRICT OVERWRITE IGNORE"
    " LOW_PRIORITY IMMEDIATE DIRECTORY OUTFILE DUMPFILE CURSOR PROCEDURE FUNCTION VIEW TEMP TEMPORARY UNLOGGED"
    " GLOBAL LOCAL TOP MATERIALIZED REPLACE OR NEXT PRIOR FIRST LAST"
)
_SKIPPED = words(
    "FINAL OUTER"
    " ONLY TABLE IF EXISTS NOT OVERWRITE IGNORE LOW_PRIORITY DELAYED TEMP TEMPORARY UNLOGGED GLOBAL LOCAL LATERAL INTO"
    " PROCEDURE FUNCTION VIEW MATERIALIZED CONCURRENTLY OR REPLACE"
)
_SWAPS = frozenset({"EXCHANGE", "SWITCH", "SWAP"})
"""Words of ALTER TABLE that hand rows from one table to another."""
_OPENING: dict[str, Verb] = {
    "UPDATE": "writes", "MERGE": "writes", "INSERT": "writes", "REPLACE": "writes", "DELETE": "removes",
    "ALTER": "removes", "CREATE": "creates", "DROP": "drops", "CALL": "calls", "EXEC": "calls", "EXECUTE": "calls",
    "TRUNCATE": "removes", "REFRESH": "writes",
}  # fmt: skip
"""What a statement that begins with this word does to the name after it."""
_ANYWHERE: dict[str, Verb] = {
    "FROM": "reads", "JOIN": "reads", "STRAIGHT_JOIN": "reads", "APPLY": "reads", "USING": "reads", "INTO": "writes",
}  # fmt: skip


def scan(found: Sequence[Token], line: int) -> Statement:
    """The references of one statement's tokens; ``line`` is where the statement begins in its definition."""
    brackets = Brackets(found)
    local, aliases = _ctes(found, brackets), {}
    hands_over = _hands_over(found)
    references: list[Reference] = []
    for index, token in enumerate(found):
        verb = _verb(found, index, hands_over=hands_over)
        if verb is None or (token.upper in {"FROM", "USING"} and _within_function(found, index, brackets)):
            continue
        for name, alias in _names(found, index + 1, brackets, many=token.upper in {"FROM", "USING", "TRUNCATE"}):
            if len(name.parts) == 1 and name.last.lower() in local:
                continue
            if alias:
                aliases[alias.lower()] = name
            temporary = any(t.upper in {"TEMP", "TEMPORARY"} for t in found[index : index + 4])
            references.append(
                Reference(name, verb, line + token.line - found[0].line, "inferred", temporary, "token scan")
            )
    return Statement(tuple(_unalias(references, aliases)), "inferred")


class Brackets:
    """Where brackets open and close in some tokens, found in one pass: a search from each could cost the square."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.around: list[int] = []
        """For each token the bracket it stands in, -1 for none; of a bracket itself, the one around it."""
        self.other: dict[int, int] = {}
        """The closing bracket of each that opens, and the other way round."""
        stack: list[int] = []
        for index, token in enumerate(found):
            if token.text == ")" and token.kind == "op" and stack:
                self.other[stack[-1]] = index
                self.other[index] = stack.pop()
            self.around.append(stack[-1] if stack else -1)
            if token.text == "(" and token.kind == "op":
                stack.append(index)


def _verb(found: Sequence[Token], index: int, *, hands_over: bool) -> Verb | None:
    """What the names after this keyword are to the statement; None where none follow."""
    word = found[index].upper
    before = found[index - 1].upper if index else ""
    after = found[index + 1].upper if index + 1 < len(found) else ""
    verb = _ANYWHERE.get(word)
    if index == 0:
        verb = None if after in {"INTO", "FROM"} else _OPENING.get(word, verb)
        return "writes" if word == "ALTER" and hands_over else verb
    if word == "FROM" and before == "DELETE":
        return "removes"
    if word == "FROM" and before == "DISTINCT" and found[index - 2].upper in {"IS", "NOT"}:
        return None
    if word == "USING" and after == "(" and found[0].upper != "MERGE":
        return None
    if word in {"TABLE", "TO", "WITH"} and index > 1 and after != "TABLE" and hands_over:
        return "reads"
    return verb


def _hands_over(found: Sequence[Token]) -> bool:
    """Whether an ALTER TABLE hands rows from one table to another."""
    return found[0].upper == "ALTER" and any(t.upper in _SWAPS for t in found)


def _within_function(found: Sequence[Token], index: int, brackets: Brackets) -> bool:
    """Whether a FROM or USING belongs to the function call around it, as in ``EXTRACT(year FROM d)``."""
    around = brackets.around[index]
    return around > 0 and found[around - 1].upper in _FROM_IN


def _names(found: Sequence[Token], start: int, brackets: Brackets, *, many: bool) -> list[tuple[Name, str]]:
    """The names that begin at ``start``, with their aliases; a list of them where commas may follow."""
    taken: list[tuple[Name, str]] = []
    index = start
    while index < len(found):
        while index < len(found) and found[index].upper in _SKIPPED:
            index += 1
        if index + 1 < len(found) and found[index].text[:1] == "@" and found[index + 1].text == "=":
            index += 2  # EXEC @result = procedure
        name, after = _dotted(found, index)
        call = after < len(found) and found[after].text == "(" and found[after].kind == "op"
        alias, after = _alias(found, after) if name else ("", _closing(found, index, brackets))
        if name is not None and not (call and many):
            taken.append((name, alias))
        elif call:
            after = _closing(found, after, brackets)
            alias, after = _alias(found, after)
        if not many or after >= len(found) or found[after].text != ",":
            break
        index = after + 1
    return taken


def _dotted(found: Sequence[Token], index: int) -> tuple[Name | None, int]:
    """The dotted name at ``index`` and the index after it; None for a variable, a bracket or a keyword."""
    parts: list[Token] = []
    while index < len(found):
        token = found[index]
        is_word = token.kind == "word" and token.text[0] not in "@:" and (parts or token.upper not in _NO_NAME)
        if is_word or (token.kind == "name" and token.text):
            parts.append(token)
        elif not (token.text == "." and parts):
            break
        elif index + 1 < len(found) and found[index + 1].text == ".":
            parts.append(Token("word", "", "", token.start, token.start, token.line, token.depth))
        index += 1
        if not (index < len(found) and (found[index].text == "." or found[index - 1].text == ".")):
            break
    if not parts:
        return None, index
    if "@" in parts[-1].text[1:] and parts[-1].kind == "word":
        return linked([p.text for p in parts]), index
    return Name(tuple(p.text for p in parts), tuple(p.kind == "name" for p in parts)), index


def _alias(found: Sequence[Token], index: int) -> tuple[str, int]:
    """The alias after a name, if any, and the index after it."""
    if index < len(found) and found[index].upper == "AS":
        index += 1
    if index < len(found) and (
        found[index].kind == "name" or (found[index].kind == "word" and found[index].upper not in _NO_NAME)
    ):
        return found[index].text, index + 1
    return "", index


def _closing(found: Sequence[Token], index: int, brackets: Brackets) -> int:
    """The index after the bracket that opens at ``index``; ``index`` itself where none does."""
    if index >= len(found) or found[index].text != "(":
        return index
    return brackets.other.get(index, len(found) - 1) + 1


def _ctes(found: Sequence[Token], brackets: Brackets) -> frozenset[str]:
    """Names that WITH defines: a word before AS and an opening bracket."""
    if not any(t.upper == "WITH" for t in found):
        return frozenset()
    names = set()
    for index, token in enumerate(found[:-1]):
        if token.upper == "AS" and index and found[index + 1].text == "(":
            back = index - 1
            if found[back].text == ")":
                back = max(0, brackets.other.get(back, 1) - 1)
            names.add(found[back].text.lower())
    return frozenset(names)


def _unalias(references: list[Reference], aliases: dict[str, Name]) -> list[Reference]:
    """The references, with the table itself for a target that is only its alias; the table is then not read."""
    plain: list[Reference] = []
    aimed: set[Name] = set()
    for reference in references:
        actual = aliases.get(reference.name.last.lower()) if len(reference.name.parts) == 1 else None
        if reference.verb in {"writes", "removes"} and actual is not None:
            aimed.add(actual)
            plain.append(replace(reference, name=actual))
        else:
            plain.append(reference)
    return [r for r in plain if r.verb != "reads" or r.name not in aimed]
