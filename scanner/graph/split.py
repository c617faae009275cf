"""Cuts procedural text into the statements that touch tables.

Procedural languages differ from one store to the next and no parser knows them all; but the statements inside are SQL.
So this finds where such a statement begins and ends and leaves the flow control around it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from scanner.graph.lex import Token, tokens, words

_STARTERS = words(
    "SELECT INSERT UPDATE DELETE MERGE REPLACE WITH TRUNCATE CALL EXEC EXECUTE PERFORM PREPARE REFRESH"
    " CREATE DROP ALTER COPY"
)
_TSQL_BREAKS = words(
    "IF WHILE BEGIN DECLARE PRINT RETURN RAISERROR COMMIT ROLLBACK GO OPEN CLOSE DEALLOCATE THROW WAITFOR USE GOTO"
    " BREAK CONTINUE SAVE"
)
_MAIN = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
_SET_WORDS = frozenset({"UNION", "ALL", "EXCEPT", "INTERSECT", "MINUS", "AS"})
_NOT_AFTER = {
    "UPDATE": frozenset({"FOR", "ON", "KEY", "OR", "AFTER", "BEFORE", "OF", ","}),
    "DELETE": frozenset({"ON", "OR", "AFTER", "BEFORE", ","}),
    "INSERT": frozenset({"OR", "AFTER", "BEFORE", ",", "ON"}),
    "EXECUTE": frozenset({"GRANT", "REVOKE", "WITH", ","}),
    "CREATE": frozenset({"SHOW", "EXPLAIN"}),
    "SELECT": frozenset({"OR", "AFTER", "BEFORE", ","}),
}
_NOT_BEFORE = {
    "REPLACE": frozenset({"("}),
    "INSERT": frozenset({"("}),
    "UPDATE": frozenset({"("}),
    "EXEC": frozenset({"AS"}),
    "EXECUTE": frozenset({"AS", "FUNCTION", "PROCEDURE", "ON"}),
}
_VIEW_OPTIONS = frozenset({"NO", "DATA", "CHECK", "CASCADED", "LOCAL", "READ"})
"""What may follow WITH at the end of a view, which the parser does not know."""
_TABLE_KINDS = frozenset(
    {"TABLE", "VIEW", "TEMP", "TEMPORARY", "GLOBAL", "LOCAL", "UNLOGGED", "MATERIALIZED", "OR", "SYNONYM"}
)
_PLAIN_LANGUAGES = frozenset(
    {
        *("", "sql", "plpgsql", "pl/sql", "plsql", "tsql", "t-sql", "transact-sql", "edbspl", "psql", "sql pl", "spl"),
        *("package", "package body", "type", "type body", "trigger"),
        *("plsql_block", "sql_script", "plsql, broken", "call"),  # how schedulers name what they run
    }
)
_CREATES = frozenset({"CREATE", "ALTER", "REPLACE", "RECREATE"})
_ROUTINE_KINDS = frozenset({"PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "VIEW", "MACRO", "EVENT", "OR", "PACKAGE"})


@dataclass(frozen=True, slots=True)
class Body:
    """The part of a definition that runs: its text, the line it begins on, and whether it is procedural."""

    text: str
    line: int = 1
    procedural: bool = True


@dataclass(frozen=True, slots=True)
class Snippet:
    """One statement cut out of a body: its text, its tokens, and the line it begins on."""

    text: str
    tokens: tuple[Token, ...]
    line: int

    @property
    def first(self) -> str:
        """The keyword it begins with."""
        return self.tokens[0].upper


def is_sql(language: str | None) -> bool:
    """Whether a language's text can be read here; a language the store does not name is taken for SQL."""
    return (language or "").strip().lower() in _PLAIN_LANGUAGES


def body_of(definition: str, dialect: str) -> Body:
    """What runs, of a definition that may begin with its CREATE header.

    PostgreSQL keeps a body as a string after AS; elsewhere the header ends at AS or BEGIN. A text without a header is a
    body already.
    """
    found = tokens(definition, dialect)
    start = next((i for i, t in enumerate(found[:12]) if t.upper in _CREATES), 0)
    if start and found[0].upper != "DELIMITER" and found[0].text != "#":
        start = 0
    found = found[start:]
    if not found or found[0].upper not in _CREATES:
        return Body(definition)
    if found[0].upper == "REPLACE" and not (len(found) > 1 and found[1].upper in _ROUTINE_KINDS):
        return Body(definition)
    for before, token in pairwise(found):
        if token.kind == "string" and before.upper == "AS":
            quote = definition[token.start : token.end].index(token.text) if token.text else 0
            return Body(token.text, token.line + definition.count("\n", token.start, token.start + quote))
    header = _header_end(found)
    return Body(definition[found[header].start :], found[header].line) if header < len(found) else Body("")


def _header_end(found: list[Token]) -> int:
    """Index of the first token after a CREATE header that ends at AS, IS, BEGIN, FOR EACH ROW or RETURN."""
    for index, token in enumerate(found[1:], 1):
        if token.text == ";" and token.kind == "op" and not token.depth:
            return index + 1  # Informix ends the header so
        if token.depth or token.kind != "word":
            continue
        if token.upper == "BEGIN" or (token.upper == "RETURN" and index > 3):
            return index
        if token.upper in {"AS", "IS"} and found[index - 1].upper not in {"EXECUTE", "EXEC"}:
            return index + 1
        if token.upper in {"ROW", "STATEMENT"} and found[index - 1].upper == "EACH":
            return index + 1
        if token.upper == "EXECUTE":
            return index
    return 1


def snippets(body: Body, dialect: str, found: list[Token] | None = None) -> list[Snippet]:
    """The statements in a body that may touch tables, in order; nested ones belong to the one around them.

    Args:
        body: the text.
        dialect: as sqlglot names it.
        found: the text's tokens, where somebody has them already.
    """
    found = tokens(body.text, dialect) if found is None else found
    cut: list[Snippet] = []
    index = 0
    while index < len(found):
        if not _starts(found, index):
            index += 1
            continue
        end = _end(found, index, tsql=dialect in {"tsql", "fabric"})
        piece = tuple(found[index:end])
        cut.append(
            Snippet(body.text[piece[0].start : piece[-1].end], piece, body.line + piece[0].line - 1),
        )
        index = end
    return cut


def _starts(found: list[Token], index: int) -> bool:
    """Whether a statement begins at this token: the word alone does not tell."""
    token = found[index]
    if token.kind != "word" or token.upper not in _STARTERS:
        return False
    before = found[index - 1] if index else None
    after = found[index + 1].upper if index + 1 < len(found) else ""
    if before is not None and (before.text == "." or before.upper in _NOT_AFTER.get(token.upper, ())):
        return False
    if token.upper == "WITH":
        return _is_cte(found, index)
    if token.upper in {"CREATE", "DROP", "ALTER", "REFRESH"}:
        return after in _TABLE_KINDS
    return after not in _NOT_BEFORE.get(token.upper, ())


def _is_cte(found: list[Token], index: int) -> bool:
    """Whether WITH begins common table expressions rather than options: a name, then AS or a column list, then AS."""
    rest = found[index + 1 : index + 3]
    if rest and rest[0].upper == "RECURSIVE":
        return True
    if len(rest) < 2 or rest[0].kind == "op":
        return False
    if rest[1].upper == "AS":
        return rest[0].upper != "EXECUTE"
    return rest[1].text == "("


def _end(found: list[Token], start: int, *, tsql: bool) -> int:
    """Index after the last token of the statement that begins at ``start``."""
    depth, first = found[start].depth, found[start].upper
    if first == "INSERT" and start + 1 < len(found) and found[start + 1].upper in {"ALL", "FIRST"}:
        first = "INSERT ALL"
    cases, sets, waiting = 0, 0, first in {"INSERT", "WITH", "REPLACE"}
    for index in range(start + 1, len(found)):
        token = found[index]
        if token.depth < depth or (token.text == ";" and token.kind == "op"):
            return index
        if token.depth > depth or token.kind != "word":
            continue
        word = token.upper
        if _ends_flow(found, index, first, cases):
            return index
        if tsql and first != "MERGE" and _breaks(found, index, first, waiting=waiting, sets=sets):
            return index
        cases += (word == "CASE") - (word == "END")
        sets += word == "SET"
        if waiting and word in _MAIN and (first != "INSERT" or word == "SELECT"):
            waiting, first = word == "INSERT", word
        elif word == "VALUES":
            waiting = False
    return len(found)


def _ends_flow(found: list[Token], index: int, first: str, cases: int) -> bool:
    """Whether flow control goes on at this word: LOOP, THEN, ELSE, END outside a CASE, DO outside ON CONFLICT."""
    word = found[index].upper
    if word == "DO":
        return not any(t.upper in {"UPDATE", "NOTHING", "SELECT"} for t in found[index + 1 : index + 2])
    if word == "WITH":
        return any(t.upper in _VIEW_OPTIONS for t in found[index + 1 : index + 2])
    if word in {"LOOP", "END"}:
        return not cases
    return word in {"THEN", "ELSE", "ELSIF", "ELSEIF"} and not cases and first not in {"MERGE", "INSERT ALL"}


def _breaks(found: list[Token], index: int, first: str, *, waiting: bool, sets: int) -> bool:
    """Whether a Transact-SQL statement ends before this word although no semicolon stands there."""
    word, before = found[index].upper, found[index - 1].upper
    if word in _TSQL_BREAKS:
        return before not in {".", "AS"}
    if word == "SET":
        return first != "UPDATE" or sets > 0
    if word in {"EXEC", "EXECUTE"}:
        return before != "AS"
    if word not in _STARTERS or not _starts(found, index):
        return False
    if word == "SELECT":
        return not waiting and before not in _SET_WORDS
    return not waiting or first == "INSERT"
