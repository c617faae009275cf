"""What a SQL definition depends on: parsed where the parser reads it, read by its keywords where it does not."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from scanner.graph import dynamic, jobs, outside
from scanner.graph.calls import calls, subprograms
from scanner.graph.columns import Columns
from scanner.graph.columns_scope import ColumnsOf
from scanner.graph.lex import Token, tokens, words
from scanner.graph.names import ColumnUse, Dependencies, Name, Reference, Statement
from scanner.graph.parse import NotParsedError, read, sqlglot_dialect, trees
from scanner.graph.scan import scan
from scanner.graph.split import Body, Snippet, body_of, is_sql, snippets

PARSE_LIMIT = 200_000
"""Characters beyond which a definition is read by its keywords only: the parser's time grows with the text."""
READ_LIMIT = 500_000
"""Characters of a definition that are read at all; each costs some seventy bytes of tokens while it is read."""

_VIEWS = frozenset({"view", "materialized_view", "query"})
_TSQL = frozenset({"tsql", "fabric"})
_ROWS = words("SELECT VALUES VALUE WITH SET DEFAULT FROM TABLE SEL")
_PSEUDO = frozenset({"inserted", "deleted"})
"""Tables that a Transact-SQL trigger sees of the change that fired it."""
_COMPOUND = frozenset("+-*/%&|^")
"""What may stand before = in Transact-SQL, for assignments (+=) and old outer joins (*=); the parser knows neither."""


def dependencies(
    definition: str,
    dialect: str | None,
    kind: str = "view",
    language: str | None = None,
    columns_of: ColumnsOf | None = None,
) -> Dependencies:
    """What the definition of a view, routine or trigger refers to.

    Args:
        definition: the text as the store keeps it, with or without its CREATE header.
        dialect: as sqlglot names it; an unknown one is read by general rules.
        kind: the routine's kind; views are one query, everything else may be procedural.
        language: of the body, as the store names it; a language other than SQL is reported, not read.
        columns_of: the columns of a table, where they are known: they tell which table a bare column belongs to.
    """
    known = sqlglot_dialect(dialect)
    cut: tuple[str, ...] = ()
    if len(definition) > READ_LIMIT:
        cut = (f"only its first {READ_LIMIT:,} of {len(definition):,} characters were read",)
        definition = definition[:READ_LIMIT]
    if (other := _no_text_of_sql(definition, dialect, language, columns_of)) is not None:
        return replace(other, problems=other.problems + cut)
    columns = Columns(columns_of, known)
    if kind in _VIEWS:
        found, failed = _view(definition, known, columns)
        return _gather(found, tokens(definition, known), 0, known, (), cut + failed, columns)
    body = body_of(definition, known)
    if not body.text.strip() and definition.strip():
        cut += ("no body was found in its text",)
    found_words = tokens(body.text, known)
    built = [(line + body.line - 1, reason) for line, reason in dynamic.elsewhere_built(found_words)]
    found, failed = [], cut
    for piece in snippets(body, known, found_words):
        if reason := dynamic.reason(piece, known):
            built.append((piece.line, reason))
            continue
        statement, problem = _snippet(piece, known, columns)
        found.append(statement)
        failed += problem
    if built:
        found.extend(dynamic.statements(found_words, known, body.line))
    own = _PSEUDO if kind == "trigger" else frozenset()
    told = tuple(f"line {line}: {reason}" for line, reason in sorted(built))
    return _gather(_without_locals(found, found_words, own), found_words, body.line - 1, known, told, failed, columns)


def _no_text_of_sql(
    definition: str, dialect: str | None, language: str | None, columns_of: ColumnsOf | None
) -> Dependencies | None:
    """What a job, a routine's name or a text of another language refers to; None for SQL."""
    if jobs.is_agent_job(language):
        return jobs.together([_step(step, dialect, columns_of) for step in jobs.steps(definition)])
    if (language or "").lower() == "stored_procedure":
        return Dependencies((Reference(Name(tuple(definition.strip().split("."))), "calls", 1, "declared"),))
    if not is_sql(language):
        problem = f"its body is written in {language}, not in SQL"
        return Dependencies(tuple(outside.in_text(definition)), problems=(problem,))
    return None


def _step(step: jobs.Step, dialect: str | None, columns_of: ColumnsOf | None) -> Dependencies:
    """What one step of a job refers to."""
    if step.is_sql:
        return jobs.moved(dependencies(step.text, dialect, "procedure", None, columns_of), step)
    problem = f"line {step.above + 1}: a step is run by {step.subsystem}, not by the database"
    return Dependencies(tuple(outside.in_text(step.text, step.above)), problems=(problem,))


def statements(definition: str, dialect: str | None, columns: Columns | None = None) -> list[Statement]:
    """The statements of a script, in order: parsed as a whole where that works, else cut apart and read one by one."""
    known = sqlglot_dialect(dialect)
    try:
        return _parsed(definition, known, columns)[0]
    except NotParsedError:
        return [_snippet(piece, known, columns)[0] for piece in snippets(Body(definition), known)]


def script_columns(definition: str, dialect: str | None, columns_of: ColumnsOf | None = None) -> tuple[ColumnUse, ...]:
    """Which columns the statements of a script make from which; a CREATE PROCEDURE counts by its body."""
    if _is_routine(definition, dialect):
        return dependencies(definition, dialect, "procedure", columns_of=columns_of).columns
    columns = Columns(columns_of, sqlglot_dialect(dialect))
    statements(definition, dialect, columns)
    return tuple(columns.uses)


def _is_routine(definition: str, dialect: str | None) -> bool:
    head = [t.upper for t in tokens(definition, sqlglot_dialect(dialect))[:6]]
    return head[:1] == ["CREATE"] and bool({"PROCEDURE", "FUNCTION"} & set(head))


def script(definition: str, dialect: str | None) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """What a script needs and what it leaves behind: (sources, targets).

    A table that the script fills and reads afterwards is neither; one that it drops is no target; one that it renames
    is a target by its new name. The body of a CREATE PROCEDURE counts statement by statement: it runs when called.
    """
    if _is_routine(definition, dialect):
        found = dependencies(definition, dialect, "procedure")
        return found.reads, tuple(r.name for r in found.references if r.verb == "writes")
    sources: dict[str, Name] = {}
    targets: dict[str, Name] = {}
    consumed: set[str] = set()
    for statement in statements(definition, dialect):
        reads = {str(n).lower(): n for n in statement.names("reads")}
        fills = {str(n).lower(): n for n in statement.names("writes", "creates")}
        for key, name in reads.items():
            if key in targets and key not in fills:
                consumed.add(key)
            else:
                sources[key] = name
        targets |= fills
        _rename(statement, sources, targets)
        for name in statement.names("drops"):
            targets.pop(str(name).lower(), None)
    return tuple(sources.values()), tuple(n for k, n in targets.items() if k not in consumed)


def _rename(statement: Statement, sources: dict[str, Name], targets: dict[str, Name]) -> None:
    """Carry a table that was filled over to the name it is given."""
    new = statement.names("renames")
    old = statement.names("removes", "writes")
    if new and old and str(old[0]).lower() in targets:
        del targets[str(old[0]).lower()]
        targets[str(new[0]).lower()] = new[0]
        sources.pop(str(new[0]).lower(), None)


def _view(definition: str, dialect: str, columns: Columns | None = None) -> tuple[list[Statement], tuple[str, ...]]:
    """The statement of a view."""
    reason = f"it is longer than {PARSE_LIMIT:,} characters"
    if len(definition) <= PARSE_LIMIT:
        try:
            return _parsed(definition, dialect, columns)
        except NotParsedError as error:
            reason = str(error)
    body = body_of(definition, dialect)
    pieces = snippets(body, dialect)
    if not pieces:
        return [], (f"no query was found in its text: {reason}",)
    inner = [_snippet(piece, dialect, columns) for piece in pieces]
    return [statement for statement, _ in inner], tuple(p for _, problems in inner for p in problems)


def _parsed(text: str, dialect: str, columns: Columns | None) -> tuple[list[Statement], tuple[str, ...]]:
    """The statements of a text that parses, their columns traced on the way, and what went wrong with those."""
    found = trees(text, dialect)
    failed: tuple[str, ...] = ()
    for tree in found:
        if columns is None:
            break
        try:
            columns.read(tree)
        except RecursionError:
            failed = ("its columns were not traced: it is nested too deeply",)
        # The parser gives trees of shapes nobody has seen for SQL nobody has seen. That must cost the columns of one
        # statement, and say so, never the graph.
        except Exception as error:  # noqa: BLE001 - the reason stands above
            failed = (f"its columns were not traced: {type(error).__name__}",)
    return [read(tree, dialect) for tree in found], failed


def _snippet(piece: Snippet, dialect: str, columns: Columns | None = None) -> tuple[Statement, tuple[str, ...]]:
    """One statement of a body: parsed, else read by its keywords; and what was wrong with it."""
    if _is_plain(piece, dialect):
        called = scan(piece.tokens, piece.line)
        return Statement(tuple(replace(r, how="parsed") for r in called.references)), ()
    if len(piece.text) > PARSE_LIMIT:
        return _scanned(piece, dialect), (f"line {piece.line}: longer than {PARSE_LIMIT:,} characters",)
    try:
        parsed, failed = _parsed(_cleared(piece, dialect), dialect, columns)
    except NotParsedError as error:
        return _scanned(piece, dialect), (f"line {piece.line}: {error}",)
    return Statement(
        tuple(replace(r, line=r.line + piece.line - 1) for statement in parsed for r in statement.references)
    ), failed


def _is_plain(piece: Snippet, dialect: str) -> bool:
    """Whether a statement is so plain that nothing of it is guessed by reading its keywords: a call, INSERT … EXEC."""
    if piece.first == "INSERT":
        return not any(t.kind == "word" and not t.depth and t.upper in _ROWS for t in piece.tokens[1:])
    return piece.first in {"CALL", "EXEC", "EXECUTE", "REFRESH"} and dialect not in _TSQL


def _scanned(piece: Snippet, dialect: str) -> Statement:
    """A statement read by its keywords, without the variables its rows go into."""
    if dialect in _TSQL:
        return scan(piece.tokens, piece.line)
    into = list(_into_variables(piece.tokens))
    starts = [first for first, _ in into]
    left = [t for t in piece.tokens if not ((at := bisect_right(starts, t.start)) and t.start < into[at - 1][1])]
    return scan(left, piece.line)


def _cleared(piece: Snippet, dialect: str) -> str:
    """The statement's text with what only procedural languages have blanked out: PERFORM, INTO variables."""
    text = piece.text
    base = piece.tokens[0].start
    if piece.first == "PERFORM":
        text = "SELECT " + text[len("PERFORM") :].removeprefix(" ")
    if dialect in _TSQL:
        for sign, equals in zip(piece.tokens, piece.tokens[1:], strict=False):
            if equals.text == "=" and sign.end == equals.start and sign.text in _COMPOUND and sign.kind == "op":
                text = text[: sign.start - base] + " " + text[sign.end - base :]
        return text
    parts, done = [], 0
    for first, last in _into_variables(piece.tokens):
        if first - base < done:
            continue
        parts += [text[done : first - base], re.sub(r"[^\n]", " ", text[first - base : last - base])]
        done = last - base
    return "".join((*parts, text[done:]))


def _into_variables(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Offsets of each INTO with its variables: one after SELECT or RETURNING, not that of INSERT or MERGE."""
    ready: set[int] = set()
    for index, token in enumerate(found):
        if token.upper in {"SELECT", "RETURNING", "PERFORM"}:
            ready.add(token.depth)
        if (
            token.upper != "INTO"
            or token.depth not in ready
            or found[index - 1].upper in {"INSERT", "MERGE", "REPLACE", "IGNORE"}
        ):
            continue
        end = index + 1
        while (
            end < len(found)
            and found[end].depth == token.depth
            and (
                end == index + 1
                or found[end].text in {",", "."}
                or found[end - 1].text in {",", "."}
                or found[end - 1].upper == "STRICT"
            )
        ):
            end += 1
        bulk = found[index - 2].start if index > 1 and found[index - 1].upper == "COLLECT" else token.start
        yield bulk, found[end - 1].end


def _without_locals(found: list[Statement], words: Sequence[Token], own: frozenset[str]) -> list[Statement]:
    """The statements without tables that live only as long as the routine: temporary ones, table variables, cursors."""
    local = {r.name.last.lower() for s in found for r in s.references if r.temporary} | own
    for before, token in pairwise(words):
        if token.upper == "CURSOR" and before.kind != "op":
            local.add(before.text.lower())
    for token, after, third in zip(words, words[1:], words[2:], strict=False):
        if token.upper == "DECLARE" and third.upper == "CURSOR":
            local.add(after.text.lower())
    return [replace(s, references=tuple(r for r in s.references if not _is_local(r.name, local))) for s in found]


def _is_local(name: Name, local: set[str]) -> bool:
    """Whether a name means something of the routine's own."""
    if name.locator:
        return False
    return name.last[:1] in {"#", "@", ":"} or (len(name.parts) == 1 and name.last.lower() in local)


def _gather(
    found: Sequence[Statement],
    words: Sequence[Token],
    above: int,
    dialect: str,
    built: tuple[str, ...],
    failed: tuple[str, ...],
    columns: Columns,
) -> Dependencies:
    """All references once each, surest first, with every name before a bracket as a possible call."""
    references: dict[tuple[Name, str, str], Reference] = {}
    within = _Within(words, dialect, above)
    for statement in found:
        for plain in statement.references:
            reference = within.mark(plain)
            key = (reference.name, reference.verb, reference.within)
            if key not in references or (references[key].how, reference.how) == ("inferred", "parsed"):
                references[key] = reference
    for plain in (*calls(words, dialect, above), *outside.references(words, dialect, above)):
        reference = within.mark(plain)
        references.setdefault((reference.name, reference.verb, reference.within), reference)
    problems = tuple(dict.fromkeys((*outside.unread(words), *failed)))
    return Dependencies(tuple(references.values()), built, problems, tuple(columns.uses))


class _Within:
    """Tells which subprogram of an Oracle package a line belongs to."""

    def __init__(self, found: Sequence[Token], dialect: str, above: int) -> None:
        alone = not found or found[0].upper in {"PROCEDURE", "FUNCTION"}
        marks = subprograms(found) if dialect == "oracle" and not alone else []
        self._lines = [line + above for line, _ in marks]
        self._names = [name for _, name in marks]

    def mark(self, reference: Reference) -> Reference:
        """The reference, with the subprogram it stands in."""
        place = bisect_right(self._lines, reference.line)
        name = self._names[place - 1] if place else ""
        return replace(reference, within=name) if name else reference
