"""Traces the columns of a parsed query to the tables they come from, in one walk over its tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from scanner.graph.columns_scope import (
    NONE,
    Base,
    ColumnsOf,
    Derived,
    Function,
    Origin,
    Origins,
    Output,
    Pivoted,
    Relation,
    Scope,
)  # fmt: skip
from scanner.graph.lex import words
from scanner.graph.names import Name
from scanner.graph.parse import SELF_RECURSIVE, name_of

_PSEUDO = words(
    "rownum rowid sysdate systimestamp level uid ctid xmin xmax cmin cmax tableoid oid nextval currval"
    " current_user session_user user connect_by_isleaf connect_by_iscycle"
)
"""Columns that every engine of some family makes up itself."""
_ROWS = frozenset({"new", "old", "inserted", "deleted", "excluded"})
"""The row a trigger or an upsert is about; not a table of FROM."""
_FILTERS = ("where", "group", "having", "qualify", "order", "connect", "distinct", "sort", "cluster", "distribute")
_AFTER = frozenset({"group", "having", "qualify", "order", "sort", "cluster", "distribute"})
"""Parts of a query that may use the names of its own outputs."""


class Tracer:
    """Traces one definition; what only joins, filters or is never shown gathers in ``conditions`` and ``touched``."""

    def __init__(self, columns_of: ColumnsOf, dialect: str) -> None:
        self.conditions: set[Origin] = set()
        self.touched: set[Origin] = set()
        self.guesses: set[Origin] = set()
        self.local: dict[str, Derived] = {}
        """Temporary tables of the routine, by lower-case name."""
        self._columns_of = columns_of
        self._self_recursive = dialect in SELF_RECURSIVE
        self._bases: dict[Name, Base] = {}

    # Queries

    def query(self, node: exp.Expr | None, above: Scope | None) -> Output:
        """What a query returns; ``above`` is the scope it stands in."""
        if isinstance(node, exp.Select):
            return self._select(node, above)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, above)
        if isinstance(node, exp.Values):
            return self._values(node, above)
        if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Table):
            below = self.scope(node, above) if node.args.get("with_") else above
            return self.query(node.this, below).renamed(_alias_columns(node))
        if isinstance(node, (exp.Table, exp.Subquery)):  # TABLE t, and brackets around a join
            scope = self.scope(node, above)
            self.from_item(node, scope)
            return self._star(scope, exp.Star())
        return self._returned(node, above) if isinstance(node, exp.DML) else Output()

    def _returned(self, node: exp.DML, above: Scope | None) -> Output:
        """What INSERT, UPDATE or DELETE … RETURNING gives."""
        returning = node.args.get("returning")
        if not isinstance(returning, exp.Returning):
            return Output()
        scope = self.scope(node, above)
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        for table in (target, *(node.args.get("tables") or ())):
            if isinstance(table, exp.Table):
                self.from_item(table, scope)
        return self._projected(returning.expressions, scope)

    def scope(self, node: exp.Expr, above: Scope | None) -> Scope:
        """A new scope with the common table expressions of a statement."""
        scope = Scope(above, ctes=above.ctes if above is not None else {})
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            scope.ctes = dict(scope.ctes)
            recursive = self._self_recursive or bool(with_.args.get("recursive"))
            for cte in with_.expressions:
                self._cte(cte, scope, recursive=recursive)
        return scope

    def _cte(self, cte: exp.CTE, scope: Scope, *, recursive: bool) -> None:
        """Make a common table expression known; one that reads itself gets what its first part returns."""
        names, body = _alias_columns(cte), cte.this
        while isinstance(body, exp.Subquery) and not body.args.get("with_"):
            body = body.this
        if recursive and isinstance(body, exp.SetOperation):
            inner = self.scope(body, scope)
            branches = _branches(body)
            output = self.query(branches[0], inner)
            scope.ctes[cte.alias.lower()] = Derived(output.renamed(names))
            inner.ctes = scope.ctes | inner.ctes
            for branch in branches[1:]:
                output = output.merged(self.query(branch, inner))
        else:
            output = self.query(body, scope)
        scope.ctes[cte.alias.lower()] = Derived(output.renamed(names))

    def _set_operation(self, node: exp.SetOperation, above: Scope | None) -> Output:
        scope = self.scope(node, above)
        first, *others = _branches(node)
        output = self.query(first, scope)
        for branch in others:
            output = output.merged(self.query(branch, scope))
        return output

    def _values(self, node: exp.Values, above: Scope | None) -> Output:
        scope = above or Scope()
        columns: list[tuple[str, Origins]] = []
        for row in node.expressions:
            cells = row.expressions if isinstance(row, exp.Tuple) else [row]
            cell = Output([(f"column{place}", self.values(c, scope)) for place, c in enumerate(cells, 1)])
            columns = Output(columns).merged(cell).columns
        return Output(columns).renamed(_alias_columns(node))

    def _select(self, node: exp.Select, above: Scope | None) -> Output:
        scope = self.scope(node, above)
        if (from_ := node.args.get("from_")) is not None:
            self.from_item(from_.this, scope)
        self.joins(node, scope)
        output = self._projected(node.expressions, scope)
        for part in _FILTERS:
            if (filtered := node.args.get(part)) is not None:
                known = scope.aliases if part in _AFTER else {}
                self.conditions |= self.values(filtered, scope, frozenset(known))
        return output

    def _projected(self, projections: Iterable[exp.Expr], scope: Scope) -> Output:
        """What a list of outputs gives."""
        output, opened = Output(), dict[Name, None]()
        for place, projection in enumerate(projections, 1):
            if _is_star(projection):
                every = self._star(scope, projection)
                output.columns.extend(every.columns)
                opened |= dict.fromkeys(every.open)
                continue
            origins = self.values(projection, scope)
            name = _output_name(projection, place)
            output.columns.append((name, origins))
            scope.aliases.setdefault(name.lower(), origins)
        output.open = tuple(opened)
        return output

    # What stands in FROM

    def joins(self, node: exp.Expr, scope: Scope) -> None:
        """Add everything a statement or a table is joined to."""
        for join in node.args.get("joins") or ():
            self.from_item(join.this, scope)
            scope.natural = scope.natural or join.args.get("method") == "NATURAL"
            for column in join.args.get("using") or ():
                scope.shared.add(column.name.lower())
                self.conditions |= self._known(scope.column(column.name))
            if (on := join.args.get("on")) is not None:
                self.conditions |= self.values(on, scope)
        for lateral in node.args.get("laterals") or ():
            self.from_item(lateral, scope)

    def from_item(self, node: exp.Expr | None, scope: Scope) -> None:
        """Add one item of FROM, and what is joined to it within brackets."""
        if node is None:
            return
        name = node.alias if isinstance(node, exp.UDTF | exp.Table | exp.Subquery) else ""
        for pivot in node.args.get("pivots") or ():
            name = pivot.alias or name
        if isinstance(node, exp.Subquery) and isinstance(node.this, (exp.Table, exp.Subquery)) and not name:
            self.from_item(node.this, scope)  # brackets around a join
        elif isinstance(node, exp.Subquery | exp.Query | exp.Values):
            scope.add(name, self._turned(node, Derived(self.query(node, scope)), scope))
        elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            output = self.query(node.this, scope).renamed(_alias_columns(node))
            scope.add(name, Derived(output))
        elif isinstance(node, exp.Table) and isinstance(node.this, (exp.Identifier, exp.Dot)):
            actual = name_of(node)
            if actual is not None:
                relation = self.table(actual, scope)
                if names := _alias_columns(node):
                    relation = Derived(relation.every().renamed(names))
                scope.add(name or actual.last, self._turned(node, relation, scope))
        else:
            origins = frozenset[Origin]().union(*(self.values(child, scope) for child in _arguments(node)))
            scope.add(name, Function(origins, tuple(_alias_columns(node))))
        self.joins(node, scope)

    def table(self, name: Name, scope: Scope | None) -> Relation:
        """What a table's name means here: a common table expression, a temporary table, or a table."""
        if len(name.parts) == 1:
            key = name.last.lower()
            if scope is not None and key in scope.ctes:
                return scope.ctes[key]
            if key in self.local:
                return self.local[key]
        if name not in self._bases:
            self._bases[name] = Base(name, self._columns_of(name))
        return self._bases[name]

    def _turned(self, node: exp.Expr, relation: Relation, scope: Scope) -> Relation:
        """The relation after its PIVOT or UNPIVOT clauses."""
        for pivot in node.args.get("pivots") or ():
            own = Scope(scope)
            own.add("", relation)
            fields = [f for f in pivot.args.get("fields") or () if isinstance(f, exp.In)]
            if pivot.args.get("unpivot"):
                listed = [column for f in fields for column in f.expressions]
                origins = frozenset[Origin]().union(*(self.values(column, own) for column in listed))
                made = {value.name: origins for value in pivot.expressions}
                made |= {f.this.name: NONE for f in fields}
                gone = frozenset(column.name.lower() for column in listed)
            else:
                used = [own_column for e in pivot.expressions for own_column in e.find_all(exp.Column)]
                origins = frozenset[Origin]().union(*(self.values(e, own) for e in pivot.expressions))
                by = frozenset[Origin]().union(*(self.values(f.this, own) for f in fields))
                self.conditions |= by
                made = {column.name: origins for column in pivot.args.get("columns") or ()}
                gone = frozenset(c.name.lower() for c in (*used, *(f.this for f in fields)))
            relation = Pivoted(relation, made, gone)
        return relation

    def _star(self, scope: Scope, node: exp.Expr) -> Output:
        """The columns that ``*`` or ``t.*`` stands for."""
        star = node.this if isinstance(node, exp.Column) else node
        if isinstance(node, exp.Column) and node.table:
            found = scope.source(node.table)
            relations = [found] if found is not None else []
        else:
            relations = list(scope.sources.values())
        left_out = {e.name.lower() for e in star.args.get("except_") or ()}
        replaced = {e.alias.lower(): self.values(e, scope) for e in star.args.get("replace") or ()}
        output, opened = Output(), dict[Name, None]()
        for relation in relations:
            every = relation.every()
            output.columns.extend(
                (name, replaced.get(name.lower(), origins))
                for name, origins in every.columns
                if name.lower() not in left_out
            )
            opened |= dict.fromkeys(every.open)
        output.open = tuple(opened)
        return output

    # Expressions

    def values(self, node: exp.Expr, scope: Scope, known: frozenset[str] = frozenset()) -> Origins:
        """The columns an expression is made from; bare names in ``known`` are outputs, which are counted already."""
        found: set[Origin] = set()
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if isinstance(part, exp.Column):
                if not (known and not part.table and part.name.lower() in known):
                    found |= self._column(part, scope)
            elif isinstance(part, exp.Query):
                output = self.query(part, scope)
                found.update(*(origins for _, origins in output.columns), ((name, "*") for name in output.open))
            elif isinstance(part, exp.Exists):
                self.conditions |= self.values(part.this, scope)
            elif isinstance(part, exp.Star):
                found |= _rows(scope.sources.values())
            elif isinstance(part, exp.Lambda):
                shadowed = frozenset(parameter.name.lower() for parameter in part.expressions)
                found |= self.values(part.this, scope, known | shadowed)
            else:
                waiting.extend(_children(part))
        return frozenset(found)

    def _column(self, node: exp.Column, scope: Scope) -> Origins:
        """Where a column in an expression comes from; nothing for what the engine makes up."""
        name, qualifier = node.name, node.table
        if isinstance(node.this, exp.Star):
            relation = scope.source(qualifier)
            return _rows([relation] if relation is not None else [])
        if not name or (name.lower() in _PSEUDO and not node.this.args.get("quoted")):
            return NONE
        if not qualifier:
            return self._known(scope.column(name))
        relation = scope.source(qualifier)
        return self._field(node, scope) if relation is None else self._known(_in(relation, name))

    def _field(self, node: exp.Column, scope: Scope) -> Origins:
        """A name with a qualifier that is no table here: a field of a column, a variable's, or of the row at hand."""
        parts = node.parts
        if len(parts) > 2 and (relation := scope.source(parts[0].name)) is not None:
            return self._known(_in(relation, parts[1].name))
        for part in parts[:-1]:
            if part.name.lower() in _ROWS:
                return NONE
            origins, guess = scope.column(part.name)
            if origins and not guess:
                return self._known((origins, False))
        return self._known((frozenset({(None, node.sql())}), True))

    def _known(self, found: tuple[Origins, bool]) -> Origins:
        """Note what was found."""
        origins, guess = found
        self.touched |= origins
        if guess:
            self.guesses |= origins
        return origins


def _in(relation: Relation, column: str) -> tuple[Origins, bool]:
    """Where a column of a relation comes from, and whether that is a guess."""
    hit = relation.find(column.lower())
    if hit is not None:
        return hit, False
    if relation.open:
        reach = relation.maybe(column)
        return reach, len(reach) > 1
    # A column of a table that the harvest does not know was added since, or is hidden from the account.
    return (frozenset({(relation.name, column)}), True) if isinstance(relation, Base) else (NONE, False)


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    """The expressions directly under a node, without those that only name a type or an alias."""
    for key, value in node.args.items():
        if key in {"alias", "to", "kind"}:
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, exp.Expr):
                yield child


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    """What a function in FROM is given."""
    return [child for key, child in _parts(node) if key not in {"alias", "joins", "pivots", "offset"}]


def _parts(node: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    for key, value in node.args.items():
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, exp.Expr):
                yield key, child


def _branches(node: exp.SetOperation) -> list[exp.Expr]:
    """The queries of UNION and its like from left to right; long chains lean to the left."""
    branches: list[exp.Expr] = []
    left: exp.Expr = node
    while isinstance(left, exp.SetOperation) and (left is node or not left.args.get("with_")):
        branches.append(left.expression)
        left = left.this
    return [left, *reversed(branches)]


def _alias_columns(node: exp.Expr) -> list[str]:
    """The column names an alias gives."""
    alias = node.args.get("alias")
    return [column.name for column in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []


def _is_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def _output_name(node: exp.Expr, place: int) -> str:
    """The name of an output: its alias, its column, else its text."""
    return node.output_name or node.sql() or f"column{place}"


def _rows(relations: Iterable[Relation]) -> Origins:
    """The rows of some relations as a whole, which is what count(*) counts."""
    found: set[Origin] = set()
    for relation in relations:
        if isinstance(relation, Base):
            found.add((relation.name, "*"))
        else:
            every = relation.every()
            found.update((name, "*") for name in every.open)
            found.update((name, "*") for _, origins in every.columns for name, _ in origins if name is not None)
    return frozenset(found)
