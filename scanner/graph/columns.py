"""Column lineage: which columns of a view, or of a table that a statement fills, are made from which others.

Each parsed statement is walked once. A star over a table that nobody harvested stays a star; a bare column that could
belong to several such tables is kept without a table and marked as inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from scanner.graph.columns_query import Tracer
from scanner.graph.columns_scope import NONE, ColumnsOf, Derived, Origin, Origins, Output, Scope, nothing_known
from scanner.graph.names import ALL, ColumnUse, Name, Role
from scanner.graph.parse import name_of
from scanner.results import EdgeConfidence

FEW_ROWS = 50
"""Rows of VALUES that are looked through for subqueries; more are data."""


class Columns:
    """Gathers the column uses of a definition, statement after statement.

    A temporary table is looked through: what is made from it is made from what it was filled with. A table or view
    that an earlier statement made is known by its columns from then on.
    """

    def __init__(self, columns_of: ColumnsOf | None, dialect: str) -> None:
        self.uses: dict[ColumnUse, None] = {}
        self._columns_of = columns_of or nothing_known
        self._dialect = dialect
        self._made: dict[str, Mapping[str, str]] = {}
        self._local: dict[str, Derived] = {}

    def read(self, tree: exp.Expr) -> None:
        """Add what one statement makes from what."""
        with_ = tree.args.get("with_")
        for cte in with_.expressions if isinstance(with_, exp.With) else ():
            if isinstance(cte.this, exp.DML):
                self.read(cte.this)
        tracer = Tracer(self._known, self._dialect)
        tracer.local = self._local
        if isinstance(tree, exp.Insert):
            self._insert(tree, tracer)
        elif isinstance(tree, exp.Create):
            self._create(tree, tracer)
        elif isinstance(tree, exp.Update):
            self._update(tree, tracer)
        elif isinstance(tree, exp.Merge):
            self._merge(tree, tracer)
        elif isinstance(tree, exp.MultitableInserts):
            self._insert_all(tree, tracer)
        elif isinstance(tree, exp.Query):
            output = tracer.query(tree, None)
            into = tree.args.get("into")
            if not isinstance(into, exp.Into):
                self._keep(None, output, tracer)
            elif isinstance(into.this, exp.Table) and (target := name_of(into.this)) is not None:
                self._fill(target, output, tracer, made=True, temporary=bool(into.args.get("temporary")))

    def _known(self, name: Name) -> Mapping[str, str] | None:
        """The columns of a table: as this script made it, else as they were harvested."""
        return self._made.get(str(name).lower()) or self._columns_of(name)

    def _insert(self, tree: exp.Insert, tracer: Tracer) -> None:
        target, named = _target(tree.this)
        source = tree.expression
        few = isinstance(source, exp.Values) and len(source.expressions) <= FEW_ROWS
        if target is None or not (few or isinstance(source, exp.Query)):
            return
        output = tracer.query(source, tracer.scope(tree, None))
        self._fill(target, output.renamed(named or self._positions(target, output, tree)), tracer)

    def _insert_all(self, tree: exp.MultitableInserts, tracer: Tracer) -> None:
        """Oracle's INSERT ALL: one query, whose rows go to several tables."""
        scope = tracer.scope(tree, None)
        scope.add("", Derived(tracer.query(tree.args.get("source"), None)))
        for branch in tree.expressions:
            if (condition := branch.args.get("expression")) is not None:
                tracer.conditions |= tracer.values(condition, scope)
            target, named = _target(branch.this.this)
            rows = branch.this.expression
            if target is None:
                continue
            if isinstance(rows, exp.Values):
                made = Output([("", tracer.values(cell, scope)) for cell in rows.expressions[0].expressions])
            else:
                made = tracer.query(tree.args.get("source"), None)
            self._fill(target, made.renamed(named or self._positions(target, made, branch.this)), tracer)

    def _positions(self, target: Name, output: Output, tree: exp.Insert) -> list[str]:
        """The columns that an INSERT without a list fills: the table's, in order, where they are as many."""
        known = self._known(target)
        if (own := self._local.get(target.last.lower())) is not None:
            known = {name.lower(): name for name, _ in own.output.columns}
        if known is None or output.open or tree.args.get("by_name"):
            return []
        partition = tree.args.get("partition")
        fixed = {
            e.this.name.lower()
            for e in (partition.expressions if isinstance(partition, exp.Partition) else ())
            if isinstance(e, exp.EQ)
        }
        columns = [stored for key, stored in known.items() if key not in fixed]
        return columns if len(columns) == len(output.columns) else []

    def _create(self, tree: exp.Create, tracer: Tracer) -> None:
        target, named = _target(tree.this)
        if target is None:
            return
        properties = tree.args.get("properties")
        temporary = properties is not None and properties.find(exp.TemporaryProperty) is not None
        if not isinstance(tree.expression, exp.Query):
            if named and (tree.kind or "").upper() == "TABLE":
                self._made[str(target).lower()] = {name.lower(): name for name in named}
                if temporary or target.last[:1] in {"#", "@"}:
                    self._local[target.last.lower()] = Derived(Output([(name, NONE) for name in named]))
            return
        output = tracer.query(tree.expression, tracer.scope(tree, None)).renamed(named)
        self._fill(target, output, tracer, made=True, temporary=temporary)

    def _update(self, tree: exp.Update, tracer: Tracer) -> None:
        scope = tracer.scope(tree, None)
        first = tree.this
        origin = tree.args.get("from_")
        items = [origin.this if isinstance(origin, exp.From) else None, first]
        aliases = [t.alias_or_name.lower() for t in (origin.find_all(exp.Table) if origin is not None else ())]
        if isinstance(first, exp.Table) and first.alias_or_name.lower() in aliases:
            items.pop()  # Transact-SQL: the first name is one of FROM
        for item in items:
            if item is not None:
                tracer.from_item(item, scope)
        main = getattr(scope.source(first.alias_or_name), "name", None)
        if (where := tree.args.get("where")) is not None:
            tracer.conditions |= tracer.values(where, scope)
        self._assignments(main, tree.expressions, tracer, scope)

    def _merge(self, tree: exp.Merge, tracer: Tracer) -> None:
        scope = tracer.scope(tree, None)
        target = name_of(tree.this) if isinstance(tree.this, exp.Table) else None
        for item in (tree.this, tree.args.get("using")):
            tracer.from_item(item, scope)
        if (on := tree.args.get("on")) is not None:
            tracer.conditions |= tracer.values(on, scope)
        whens = tree.args.get("whens")
        for when in whens.expressions if isinstance(whens, exp.Whens) else ():
            if (condition := when.args.get("condition")) is not None:
                tracer.conditions |= tracer.values(condition, scope)
            then = when.args.get("then")
            stars = (*then.expressions, then.this) if isinstance(then, (exp.Update, exp.Insert)) else ()
            if target is not None and any(isinstance(star, exp.Star) for star in stars):
                source = tracer.query(tree.args.get("using"), None)
                self._fill(target, source, tracer)
                continue
            if isinstance(then, exp.Update):
                self._assignments(target, then.expressions, tracer, scope)
            elif isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple):
                named = [c.name for c in then.this.expressions] if isinstance(then.this, exp.Tuple) else []
                values = then.expression.expressions
                output = Output(
                    [(c.output_name or f"column{i}", tracer.values(c, scope)) for i, c in enumerate(values)]
                )
                if target is not None:
                    known = list((self._known(target) or {}).values())
                    self._fill(target, output.renamed(named or (known if len(known) == len(values) else [])), tracer)

    def _assignments(self, main: Name | None, pairs: Iterable[exp.Expr], tracer: Tracer, scope: Scope) -> None:
        """``SET column = value``, the column's qualifier saying which of several tables is meant."""
        by_target: dict[Name | None, Output] = {}
        for pair in pairs:
            if not isinstance(pair, exp.EQ):
                continue
            left, right = pair.this, pair.expression
            if isinstance(left, exp.Tuple):
                output = tracer.query(right, scope) if isinstance(right, exp.Query) else Output()
                output = output.renamed([column.name for column in left.expressions])
            else:
                output = Output([(left.name, tracer.values(right, scope))])
            target = main
            if isinstance(left, exp.Column) and left.table:
                relation = scope.source(left.table)
                target = getattr(relation, "name", None) or main
            by_target.setdefault(target, Output()).columns.extend(output.columns)
        for target, output in by_target.items():
            if target is not None:
                self._fill(target, output, tracer)

    def _fill(
        self, target: Name, output: Output, tracer: Tracer, *, made: bool = False, temporary: bool = False
    ) -> None:
        """Rows that go into a table: kept, or looked through later where the table is the routine's own."""
        key = target.last.lower()
        if temporary or key[:1] in {"#", "@"} or key in self._local:
            known = self._local.get(key)
            self._local[key] = Derived(_joined(known.output, output) if known is not None and not made else output)
            return
        if made and not output.open:
            self._made[str(target).lower()] = {name.lower(): name for name, _ in output.columns}
        self._keep(target, output, tracer)

    def _keep(self, target: Name | None, output: Output, tracer: Tracer) -> None:
        """Note the uses of one statement: values, then what only joins, filters or is never shown."""
        shown: set[Origin] = set()
        for column, origins in output.columns:
            shown |= origins
            self._use(target, column, origins, "value", tracer)
        self._use(target, ALL, ((name, ALL) for name in output.open), "value", tracer)
        self._use(target, ALL, tracer.conditions | (tracer.touched - shown), "condition", tracer)

    def _use(
        self, target: Name | None, column: str, origins: Origins | Iterable[Origin], role: Role, tracer: Tracer
    ) -> None:
        for table, source in sorted(origins, key=lambda origin: (str(origin[0] or ""), origin[1])):
            how: EdgeConfidence = "inferred" if (table, source) in tracer.guesses else "parsed"
            self.uses.setdefault(ColumnUse(target, column, table, source, role, how))


def _target(node: exp.Expr | None) -> tuple[Name | None, list[str]]:
    """The table a statement aims at and the columns it lists."""
    named: Sequence[exp.Expr] = ()
    if isinstance(node, exp.Schema):
        node, named = node.this, node.expressions
    if not isinstance(node, exp.Table):
        return None, []
    return name_of(node), [c.name for c in named if isinstance(c, (exp.Identifier, exp.Column, exp.ColumnDef))]


def _joined(first: Output, second: Output) -> Output:
    """The columns of two fillings of one table, by name."""
    columns = {name.lower(): (name, origins) for name, origins in first.columns}
    for name, origins in second.columns:
        known = columns.get(name.lower())
        columns[name.lower()] = (name, origins | known[1]) if known is not None else (name, origins)
    return Output(list(columns.values()), tuple(dict.fromkeys((*first.open, *second.open))))
