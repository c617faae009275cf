"""What a query sees while its columns are traced: tables, subqueries, functions; and how names are looked up there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.graph.names import Name

Origin = tuple[Name | None, str]
"""A column of a table; ``*`` for the whole row, None for a table that could not be told."""
Origins = frozenset[Origin]
ColumnsOf = Callable[[Name], Mapping[str, str] | None]
"""Columns of a table in their order, by lower-case name; None for one that nobody harvested."""

NONE: Origins = frozenset()


def nothing_known(_name: Name) -> None:
    """The schema look-up of somebody who harvested nothing."""


@dataclass(slots=True)
class Output:
    """What a query returns: its columns in order, and tables all of whose unknown columns it passes on."""

    columns: list[tuple[str, Origins]] = field(default_factory=list)
    open: tuple[Name, ...] = ()

    def renamed(self, names: list[str]) -> Output:
        """The same with the first columns called otherwise, as an alias with a column list does."""
        if not names or (self.open and not self.columns):
            return self
        pairs = zip(names, self.columns, strict=False)
        return Output([(n, o) for n, (_, o) in pairs] + self.columns[len(names) :], self.open)

    def merged(self, other: Output) -> Output:
        """The columns of both, by position and under the names of the first: what UNION does."""
        columns = [
            (name, origins | (other.columns[place][1] if place < len(other.columns) else NONE))
            for place, (name, origins) in enumerate(self.columns)
        ]
        columns.extend(other.columns[len(columns) :])
        return Output(columns, tuple(dict.fromkeys((*self.open, *other.open))))


class Relation:
    """Something that stands in FROM."""

    open: tuple[Name, ...] = ()
    """Tables whose columns it has, without anybody knowing which those are."""

    def find(self, column: str) -> Origins | None:
        """Where a column (in lower case) comes from; None where it has none of that name for sure."""
        raise NotImplementedError

    def maybe(self, column: str) -> Origins:
        """Where a column would come from that is none of those known."""
        return frozenset((name, column) for name in self.open)

    def every(self) -> Output:
        """All its columns."""
        raise NotImplementedError


@dataclass(slots=True)
class Base(Relation):
    """A table or view, with its columns where they were harvested."""

    name: Name
    known: Mapping[str, str] | None
    open: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        if self.known is None:
            self.open = (self.name,)

    def find(self, column: str) -> Origins | None:  # noqa: D102
        stored = None if self.known is None else self.known.get(column)
        return None if stored is None else frozenset({(self.name, stored)})

    def every(self) -> Output:  # noqa: D102
        if self.known is None:
            return Output([], (self.name,))
        return Output([(column, frozenset({(self.name, column)})) for column in self.known.values()])


class Derived(Relation):
    """A subquery or common table expression: what its query returns."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.open = output.open
        self._found: dict[str, Origins] = {}
        for name, origins in output.columns:
            key = name.lower()
            self._found[key] = self._found.get(key, NONE) | origins

    def find(self, column: str) -> Origins | None:  # noqa: D102
        return self._found.get(column)

    def every(self) -> Output:  # noqa: D102
        return self.output


@dataclass(slots=True)
class Function(Relation):
    """A function, UNNEST or the like: whatever it returns is made from its arguments."""

    origins: Origins
    names: tuple[str, ...] = ()
    open: tuple[Name, ...] = ()

    def find(self, column: str) -> Origins | None:  # noqa: D102
        known = not self.names or column in {name.lower() for name in self.names}
        return self.origins if known else None

    def every(self) -> Output:  # noqa: D102
        return Output([(name, self.origins) for name in self.names or ("*",)])


class Pivoted(Relation):
    """A relation turned by PIVOT or UNPIVOT: some columns are new, some are gone, the rest stays."""

    def __init__(self, under: Relation, made: dict[str, Origins], gone: frozenset[str]) -> None:
        self.under, self.made, self.gone = under, made, gone
        self.open = under.open
        self._found = {name.lower(): origins for name, origins in made.items()}

    def find(self, column: str) -> Origins | None:  # noqa: D102
        hit = self._found.get(column)
        return hit if hit is not None else self.under.find(column)

    def every(self) -> Output:  # noqa: D102
        below = self.under.every()
        kept = [(name, origins) for name, origins in below.columns if name.lower() not in self.gone]
        return Output([*kept, *self.made.items()], below.open)


@dataclass(slots=True)
class Scope:
    """The names one SELECT can use; what it does not have is looked for in the one around it."""

    above: Scope | None = None
    sources: dict[str, Relation] = field(default_factory=dict)
    ctes: dict[str, Relation] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    """Columns that JOIN … USING makes one of several."""
    natural: bool = False
    aliases: dict[str, Origins] = field(default_factory=dict)
    """Outputs of this SELECT so far: some engines let later ones use them."""

    def add(self, name: str, relation: Relation) -> None:
        """Make a relation visible; a name that is there already (or none) still takes part in looking up columns."""
        key = name.lower()
        while not key or key in self.sources:
            key += "\0"
        self.sources[key] = relation

    def source(self, name: str) -> Relation | None:
        """The relation of that name or alias, here or further out; a table's own name will do for an aliased one."""
        key = name.lower()
        scope: Scope | None = self
        while scope is not None:
            if (hit := scope.sources.get(key)) is not None:
                return hit
            scope = scope.above
        for scope in self.outwards():
            for relation in scope.sources.values():
                if isinstance(relation, Base) and relation.name.last.lower() == key:
                    return relation
        return None

    def outwards(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.above

    def column(self, name: str) -> tuple[Origins, bool]:
        """Where a bare column name comes from, and whether that is a guess."""
        key = name.lower()
        for scope in self.outwards():
            hits = [hit for relation in scope.sources.values() if (hit := relation.find(key)) is not None]
            unsure = [relation for relation in scope.sources.values() if relation.open]
            if key in scope.shared or (scope.natural and len(hits) > 1):
                hits += [relation.maybe(name) for relation in unsure if relation.find(key) is None]
                return NONE.union(*hits), False
            if hits:
                return NONE.union(*hits), len(hits) > 1
            if key in scope.aliases and not unsure:
                return scope.aliases[key], False
            if unsure:
                reach = NONE.union(*(relation.maybe(name) for relation in unsure))
                return (reach, len(scope.sources) > 1) if len(reach) == 1 else (frozenset({(None, name)}), True)
        return frozenset({(None, name)}), True
