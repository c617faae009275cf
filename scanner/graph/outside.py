"""What a routine's text reaches outside its database: files, other servers, and who is asked through them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from scanner.graph.lex import Token, tokens
from scanner.graph.names import Name, Reference, Verb
from scanner.graph.scan import Brackets, scan
from scanner.graph.split import Body, snippets
from scanner.locators import without_secrets

_BEFORE_FILE: dict[str, Verb] = {"INFILE": "reads", "OUTFILE": "writes", "DUMPFILE": "writes"}
_FUNCTIONS = frozenset(
    {"OPENROWSET", "OPENDATASOURCE", "OPENQUERY", "DBLINK", "DBLINK_EXEC", "DBLINK_CONNECT", "FOPEN"}
)
_FILE_OPTIONS = frozenset({"FORMATFILE", "ERRORFILE", "LOCATION", "FILENAME"})
_PLACE = re.compile(
    r"\\\\[\w.$-]{1,255}\\[^\s\"'*?<>|;,]{1,1024}|\b(?:s3a?|s3n|sftp|ftps?|gs|abfss?|wasbs?|hdfs|file)://[^\s\"'<>]{1,1024}"
)
"""A share or a URL within a quoted text; web addresses are none, since no data moves with them."""
_BACK, _TIMES, _ARGUMENTS = 400, 1_000, 200
"""Tokens between EXEC and AT that are looked at, how often, and tokens of a call's arguments: nothing may cost the
square of a hostile text."""
_TSQL = frozenset({"tsql", "fabric"})


class Calls:
    """The calls in a text of the functions that reach outside, found in one pass."""

    def __init__(self, words: Sequence[Token]) -> None:
        self.words = words
        self._at: dict[str, list[int]] = defaultdict(list)
        for index, (token, after) in enumerate(pairwise(words)):
            if token.upper in _FUNCTIONS and after.text == "(":
                self._at[token.upper].append(index)
        self._brackets = Brackets(words) if self._at else None

    def of(self, name: str) -> Iterator[tuple[int, list[list[Token]]]]:
        """Each call of a function: the index of its name, and its arguments as tokens."""
        for index in self._at.get(name, ()):
            other = self._brackets.other if self._brackets is not None else {}
            close = min(other.get(index + 1, len(self.words)), index + 2 + _ARGUMENTS)
            inside = self.words[index + 1].depth + 1
            arguments: list[list[Token]] = [[]]
            for token in self.words[index + 2 : close]:
                if token.text == "," and token.kind == "op" and token.depth == inside:
                    arguments.append([])
                else:
                    arguments[-1].append(token)
            yield index, arguments


def references(words: Sequence[Token], dialect: str, above: int) -> Iterator[Reference]:
    """Places outside the database that a text names, and tables of other servers it asks for.

    Args:
        words: the tokens of the text.
        dialect: as sqlglot names it.
        above: lines above the text in its definition.
    """
    calls = Calls(words)
    for name, verb, token in (*_files(words, dialect), *_functions(calls), *_quoted(words)):
        yield Reference(Name((name,), (True,), locator=True), verb, token.line + above, "parsed", parser="token scan")
    yield from _asked(calls, dialect, above)


def in_text(text: str, above: int = 0) -> Iterator[Reference]:
    """Shares and URLs in a text that is no SQL: a command line, or the body of a routine in another language."""
    for match in _PLACE.finditer(text):
        line = above + text.count("\n", 0, match.start()) + 1
        yield Reference(
            Name((_clean(match[0]),), (True,), locator=True), "reads", line, "inferred", parser="token scan"
        )


def unread(words: Sequence[Token]) -> tuple[str, ...]:
    """Sentences for functions that reach another server without saying in the text which one."""
    told: list[str] = []
    calls = Calls(words)
    for word, what in (("OPENROWSET", "a provider or a file"), ("OPENDATASOURCE", "another server"),
                       ("OPENQUERY", "a linked server"), ("DBLINK", "another server"),
                       ("DBLINK_EXEC", "another server")):  # fmt: skip
        for _, arguments in calls.of(word):
            first = arguments[0][:1]
            named = word == "OPENQUERY" and first and first[0].kind in {"word", "name"}
            if not named and not any(t.kind == "string" for a in arguments[:2] for t in a[:1]):
                told.append(f"{word} reads {what}, which its text does not name")
            elif word.startswith("DBLINK") and first and "=" not in first[0].text:
                told.append(f"{word} reads another server by a connection's name, {without_secrets(first[0].text)!r}")
    return tuple(dict.fromkeys(told))


def _files(words: Sequence[Token], dialect: str) -> Iterator[tuple[str, Verb, Token]]:
    """Files that statements name: BULK INSERT, COPY, LOAD DATA, INTO OUTFILE, and options that take a file."""
    statement: str = ""
    for index, token in enumerate(words):
        before = words[index - 1] if index else token
        if token.upper in {"BULK", "COPY"} and token.kind == "word":
            statement = token.upper
        elif token.text == ";":
            statement = ""
        if token.kind != "string" or not token.text:
            continue
        if before.upper in _BEFORE_FILE:
            yield _clean(token.text), _BEFORE_FILE[before.upper], token
        elif before.upper in {"FROM", "TO"} and statement and (dialect not in _TSQL or statement == "BULK"):
            yield _clean(token.text), "reads" if before.upper == "FROM" else "writes", token
        elif before.text == "=" and index > 1 and words[index - 2].upper in _FILE_OPTIONS:
            yield _clean(token.text), "reads", token


def _functions(calls: Calls) -> Iterator[tuple[str, Verb, Token]]:
    """Places in the arguments of functions that open files or other servers."""
    for index, arguments in calls.of("OPENROWSET"):
        yield from _rowset(arguments, calls.words[index])
    for index, arguments in calls.of("OPENDATASOURCE"):
        if len(arguments) > 1 and (provider := _text(arguments[0])) and (source := _text(arguments[1])):
            yield _clean(f"Provider={provider};{source}"), "reads", calls.words[index]
    for name in ("DBLINK", "DBLINK_EXEC", "DBLINK_CONNECT"):
        for index, arguments in calls.of(name):
            for argument in arguments[:2]:
                if "=" in (text := _text(argument)) and not re.match(
                    r"\s*(?:select|insert|update|delete)\b", text, re.IGNORECASE
                ):
                    yield _clean(text), "reads", calls.words[index]
                    break
    for index, arguments in calls.of("FOPEN"):
        if len(arguments) > 1 and (folder := _text(arguments[0])) and (file := _text(arguments[1])):
            mode = _text(arguments[2]).lower() if len(arguments) > 2 else "r"
            yield _clean(f"{folder}/{file}"), "reads" if mode.startswith("r") else "writes", calls.words[index]


def _rowset(arguments: list[list[Token]], at: Token) -> Iterator[tuple[str, Verb, Token]]:
    """OPENROWSET: a file in bulk, a provider with its string, or a provider with source, user and password apart."""
    first = arguments[0]
    if len(first) > 1 and first[0].upper == "BULK":
        yield _clean(first[1].text), "reads", at
    elif len(arguments) > 1 and (provider := _text(first)) and (second := arguments[1]):
        apart = len(second) > 1 and second[1].text == ";"
        source = f"Data Source={second[0].text}" if apart else _text(second)
        if source:
            yield _clean(f"Provider={provider};{source}"), "reads", at


def _quoted(words: Sequence[Token]) -> Iterator[tuple[str, Verb, Token]]:
    """Shares and URLs within quoted texts, such as the command lines given to xp_cmdshell."""
    for token in words:
        if token.kind == "string" and ("\\\\" in token.text or "://" in token.text):
            for match in _PLACE.finditer(token.text):
                yield _clean(match[0]), "reads", token


def _asked(calls: Calls, dialect: str, above: int) -> Iterator[Reference]:
    """Tables that a linked server is asked for in a text of its own: OPENQUERY, EXEC (…) AT."""
    asked = [
        (arguments[0][0], arguments[1][0])
        for _, arguments in calls.of("OPENQUERY")
        if len(arguments) > 1 and arguments[0] and arguments[1] and arguments[1][0].kind == "string"
    ]
    if dialect in _TSQL:
        words = calls.words
        places = (i for i, t in enumerate(words[:-1]) if t.upper == "AT" and i and words[i - 1].text == ")")
        for index in islice(places, _TIMES):
            if words[index + 1].kind in {"word", "name"}:
                start = next(
                    (i for i in range(index - 1, max(-1, index - _BACK), -1) if words[i].upper in {"EXEC", "EXECUTE"}),
                    None,
                )
                inner = next((t for t in words[start or 0 : index] if t.kind == "string"), None)
                if start is not None and inner is not None:
                    asked.append((words[index + 1], inner))
    for server, text in asked:
        found = [r for piece in snippets(Body(text.text), "") for r in scan(piece.tokens, 1).references]
        if not found and tokens(text.text, ""):
            found = [Reference(Name(("",)), "reads", 1, "inferred")]
        for reference in found:
            parts = ("", "", *reference.name.parts)[-3:]
            name = Name((server.text, *parts), (server.kind == "name", False, False, False))
            yield Reference(name, reference.verb, text.line + above, "inferred", parser="token scan")


def _text(argument: Sequence[Token]) -> str:
    """The quoted text of an argument; "" where it is anything else."""
    return argument[0].text if len(argument) == 1 and argument[0].kind == "string" else ""


def _clean(text: str) -> str:
    return without_secrets(text.strip()).rstrip(";")
