"""Reads one parsed SQL statement: which tables it reads, fills, changes or drops."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp

from scanner.graph.names import Name, Reference, Statement, Verb, linked

# sqlglot warns on a logger whenever it falls back to a Command; that case is handled here and reported as a problem.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_ALIASES = {
    "ansi": "", "sparksql": "spark", "mariadb": "mysql", "greenplum": "postgres", "postgresql": "postgres",
    "vertica": "postgres", "cockroach": "postgres", "mssql": "tsql", "sqlserver": "tsql", "sybase": "tsql",
    "access": "tsql", "hana": "", "db2": "", "firebird": "", "informix": "",
}  # fmt: skip
SELF_RECURSIVE = frozenset({"tsql", "fabric", "oracle", "teradata"})
"""Dialects whose WITH may refer to itself without the word RECURSIVE."""
_NO_ROWS = (exp.Analyze, exp.Describe, exp.Show, exp.Use, exp.Refresh, exp.Cache, exp.Uncache, exp.Grant, exp.Comment)
"""Statements about a table that neither read rows for others nor give it any."""
_SPARK = frozenset({"spark", "spark2", "databricks"})
_FILE_FORMATS = frozenset({"parquet", "json", "csv", "orc", "avro", "text", "delta", "binaryfile"})
"""Spark reads a file in place where one of these stands before a quoted path."""
_AIMS: dict[type, Verb] = {
    exp.Insert: "writes", exp.Merge: "writes", exp.Into: "writes", exp.Copy: "writes", exp.Execute: "calls",
    exp.Create: "creates", exp.Drop: "drops", exp.TruncateTable: "removes",
}  # fmt: skip
"""What a statement does to the table it names first."""

Roles = dict[int, tuple[Verb, exp.Table]]
Named = dict[int, dict[str, int]]
"""Names of the common table expressions of each WITH, by identity, and the first place each stands at."""


class NotParsedError(ValueError):
    """The parser cannot read this text; the message says why in one line."""


def sqlglot_dialect(dialect: str | None) -> str:
    """The name sqlglot knows a dialect by; ``""``, its general dialect, for one it does not know."""
    name = (dialect or "").strip().lower()
    name = _ALIASES.get(name, name)
    return name if name in sqlglot.Dialect.classes else ""


def parse(text: str, dialect: str) -> list[Statement]:
    """The references of each statement of a text.

    Raises:
        NotParsedError: as ``trees`` does.
    """
    return [read(tree, dialect) for tree in trees(text, dialect)]


def trees(text: str, dialect: str) -> list[exp.Expr]:
    """The parsed statements of a text.

    Raises:
        NotParsedError: where any of it is no SQL of this dialect, or is only kept as an unread command.
    """
    try:
        found = [tree for tree in sqlglot.parse(text, dialect=dialect) if tree is not None]
    # The text is whatever an estate holds, and a parser written for good SQL may fail on bad SQL in any way, not only
    # with ParseError; each such text goes to the fallback, which says so in the result.
    except RecursionError as error:
        raise NotParsedError("it is nested too deeply for the parser") from error
    except Exception as error:
        raise NotParsedError(str(error).splitlines()[0][:200] if str(error) else type(error).__name__) from error
    for tree in found:
        if isinstance(tree, (exp.Condition, exp.Alias)) and not isinstance(tree, exp.Query):
            raise NotParsedError("it is an expression, not a statement")
        if command := tree.find(exp.Command):
            raise NotParsedError(f"{command.name.upper()} is not a statement the parser reads")
    return found


def read(tree: exp.Expr, dialect: str) -> Statement:
    """The references of one parsed statement."""
    nodes = list(tree.walk())  # once: to walk the tree costs as much as half of what it took to parse it
    roles = _roles(nodes)
    found: list[Reference] = list(_locators(nodes))
    quiet = isinstance(tree, _NO_ROWS)
    named: Named = {}
    for table in nodes:
        if not isinstance(table, exp.Table):
            continue
        if id(table) in roles:
            verb, actual = roles[id(table)]
        elif quiet or _is_cte(table, dialect, named):
            continue
        else:
            verb, actual = "reads", table
        reference = _reference(actual, verb, dialect, temporary=verb == "creates" and _is_temporary(tree))
        if reference is not None:
            found.append(reference)
    return Statement(tuple(found))


def name_of(table: exp.Table) -> Name | None:
    """The dotted name of a table expression; None where it is no name (a function, a variable, a list of values)."""
    parts = [part for part in table.parts if isinstance(part, exp.Identifier)]
    if not parts or not isinstance(table.this, (exp.Identifier, exp.Dot)):
        return None
    if isinstance(table.args.get("catalog"), exp.Func) or isinstance(table.args.get("db"), exp.Func):
        return None  # OPENDATASOURCE(…).Database.Schema.Table
    last = parts[-1].name
    if "@" in last[1:] and not parts[-1].args.get("quoted"):
        return linked([p.name for p in parts])
    if len(parts) > 1 and table.args.get("db") == "":  # database..table
        parts.insert(-1, exp.Identifier(this=""))
    if parts[-1].args.get("temporary"):
        return Name(("#" + parts[-1].name,), (False,))
    return Name(tuple(p.name for p in parts), tuple(bool(p.args.get("quoted")) for p in parts))


def _reference(table: exp.Table, verb: Verb, dialect: str, *, temporary: bool) -> Reference | None:
    """A reference to a table expression, on the line where its name stands."""
    name = name_of(table)
    if name is None or not name.last:
        return None
    if dialect in _SPARK and len(name.parts) == 2 and name.parts[0].lower() in _FILE_FORMATS and name.is_quoted(1):
        name = Name((name.last,), (True,), locator=True)
    place = next((p.meta for p in reversed(table.parts) if p.meta.get("line")), {})
    return Reference(name, verb, int(place.get("line", 1)), "parsed", temporary=temporary)


def _roles(nodes: Iterable[exp.Expr]) -> Roles:
    """Tables that are not simply read, by identity: what is done to them, and the table an alias stands for."""
    roles: Roles = {}
    for node in nodes:
        if isinstance(node, exp.Update):
            _mark_update(roles, node)
        elif isinstance(node, exp.Delete):
            _mark_delete(roles, node)
        elif isinstance(node, exp.Alter):
            _mark_alter(roles, node)
        elif (verb := _AIMS.get(type(node))) is not None:
            if isinstance(node, exp.Copy) and not node.args.get("kind"):
                continue  # COPY … TO reads its table
            many = node.args.get("tables") or (node.expressions if isinstance(node, exp.TruncateTable) else None)
            for target in many or [node.this]:
                _mark(roles, target, verb)
    return roles


def _mark(roles: Roles, target: exp.Expr | None, verb: Verb) -> None:
    """Give the table that a statement aims at its verb, looking through a column list around it."""
    if isinstance(target, exp.Schema):
        target = target.this
    if isinstance(target, exp.Table):
        roles[id(target)] = (verb, target)


def _sources(*roots: exp.Expr | None) -> Iterator[exp.Table]:
    """Tables of a FROM or a target with its joins, in order; none from within subqueries."""
    for root in roots:
        if not isinstance(root, exp.Expr):
            continue
        for node in root.walk(prune=lambda n: isinstance(n, (exp.Subquery, exp.Query))):
            if isinstance(node, exp.Table):
                yield node


def _mark_update(roles: Roles, node: exp.Update) -> None:
    """An UPDATE aims at the tables whose columns it sets; its first name may be the alias of one in FROM."""
    first = node.this
    reach = list(_sources(node.args.get("from_"), first))
    set_on = {
        column.table.lower()
        for equal in node.expressions
        if isinstance(column := equal.this, exp.Column) and column.table
    }
    named = [t for t in reach if t is not first and t.alias and first.alias_or_name.lower() == t.alias.lower()]
    if named:
        roles[id(first)] = roles[id(named[0])] = ("writes", named[0])
        return
    joined = [t for t in _sources(first) if t.alias_or_name.lower() in set_on]
    for table in joined or [first]:
        _mark(roles, table, "writes")


def _mark_delete(roles: Roles, node: exp.Delete) -> None:
    """A DELETE aims at the tables it names; each may be the alias of one in FROM or USING."""
    listed = node.args.get("tables") or []
    using = node.args.get("using") or []
    reach = list(_sources(node.this, *(using if isinstance(using, list) else [])))
    for alias in listed:
        actual = next((t for t in reach if t.alias_or_name.lower() == alias.alias_or_name.lower()), alias)
        roles[id(alias)] = roles[id(actual)] = ("removes", actual)
    if not listed:
        _mark(roles, node.this, "removes")


def _mark_alter(roles: Roles, node: exp.Alter) -> None:
    """An ALTER changes a table; one that renames, swaps or exchanges also tells where the rows go."""
    _mark(roles, node.this, "removes")
    for action in node.args.get("actions") or []:
        if isinstance(action, exp.AlterRename):
            _mark(roles, action.this, "renames")
        elif isinstance(action, exp.SwapTable):
            _mark(roles, node.this, "writes")


def _is_temporary(tree: exp.Expr) -> bool:
    """Whether a CREATE makes something that ends with its session."""
    properties = tree.args.get("properties")
    return properties is not None and properties.find(exp.TemporaryProperty) is not None


def _names_of(with_: exp.With, named: Named) -> dict[str, int]:
    """Its names in lower case; kept, since thousands of tables may ask the same WITH."""
    if id(with_) not in named:
        places: dict[str, int] = {}
        for place, cte in enumerate(with_.expressions):
            places.setdefault(cte.alias.lower(), place)
        named[id(with_)] = places
    return named[id(with_)]


def _is_cte(table: exp.Table, dialect: str, named: Named) -> bool:
    """Whether the name means a common table expression visible here rather than a table.

    A common table expression sees those before it, and itself only where it is recursive: in ``WITH t AS (SELECT * FROM
    t)`` the inner t is the table.
    """
    if table.args.get("db") or not isinstance(table.this, exp.Identifier):
        return False
    name = table.name.lower()
    child: exp.Expr = table
    node = table.parent
    inside: exp.Expr | None = None
    while node is not None:
        if isinstance(node, exp.CTE):
            inside = node
        elif isinstance(node, exp.With):
            recursive = bool(node.args.get("recursive")) or dialect in SELF_RECURSIVE
            place = _names_of(node, named).get(name)
            own = -1 if inside is None or inside.index is None else inside.index
            if place is not None and (place < own or (recursive and place == own)):
                return True
        elif (
            isinstance(with_ := node.args.get("with_"), exp.With)
            and child is not with_
            and name in _names_of(with_, named)
        ):
            return True
        child, node = node, node.parent
    return False


def _locators(nodes: Iterable[exp.Expr]) -> Iterator[Reference]:
    """Places outside the database that the statement itself names: COPY's files, directories to write to."""
    for node in nodes:
        if isinstance(node, exp.Directory):
            yield from _locator(node.this, "writes")
        elif isinstance(node, exp.Copy):
            incoming = bool(node.args.get("kind"))
            for place in node.args.get("files") or []:
                yield from _locator(place, "reads" if incoming else "writes")


def _locator(place: exp.Expr, verb: Verb) -> Iterator[Reference]:
    """A reference to a quoted place."""
    if isinstance(place, exp.Table) and isinstance(place.this, exp.Var):  # a stage
        yield Reference(Name((place.this.name,), (True,), locator=True), verb, 1, "parsed")
        return
    literal = place if isinstance(place, exp.Literal) else place.find(exp.Literal)
    if literal is not None and literal.is_string:
        yield Reference(Name((literal.name,), (True,), locator=True), verb, 1, "parsed")
