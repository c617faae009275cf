"""Foreign keys of several columns that nobody declared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from scanner.graph.key_facts import Guess, Table
from scanner.keys.families import fits
from scanner.keys.names import IDENTIFIERS, meanings, words_of

_MOST = 4
"""Columns of the longest key that is looked for."""
_MANY = 64
"""Keys that share their rarest column's name beyond which none of them is looked for by it."""
_NUMBERING = frozenset({"line", "row", "seq", "sequence", "version", "page", "step", "item", "position", "part", "no"})
"""Words of numbers within something: many tables number their own rows so."""


def composites(source: str, tables: Mapping[str, Table], referring: Collection[tuple[str, str]]) -> Iterator[Guess]:
    """Tables that hold every column of another's composite primary key.

    The key must have a column of its own, one that refers nowhere (not in ``referring``, not declared): a junction
    table's key is made of references, and whoever holds the same ones refers to the same tables, not to it.
    """
    uses = Counter(name for table in tables.values() for name in {_joined(column) for column in table.columns})
    by_rarest: dict[str, list[tuple[Table, tuple[str, ...]]]] = defaultdict(list)
    for table in tables.values():
        for columns in (c for kind, c in table.keys if kind == "primary" and 1 < len(c) <= _MOST):
            own = [c for c in columns if c not in table.refers and (table.path, c) not in referring]
            if own and all(_marked(column) for column in own):
                rarest = min(columns, key=lambda c: (uses[_called(table, c)] or len(tables), c))
                by_rarest[_called(table, rarest)].append((table, columns))
    for table in tables.values():
        found = {}
        columns_by_name = {_joined(column): column for column in table.columns}
        for name in columns_by_name:
            parents = by_rarest.get(name, ())
            for parent, columns in parents if len(parents) <= _MANY else ():
                if guess := _guess(source, table, parent, columns, columns_by_name):
                    found[guess.ref_path] = guess
        longest = max((len(guess.columns) for guess in found.values()), default=0)
        best = [guess for guess in found.values() if len(guess.columns) == longest]
        if len(best) == 1:
            yield best[0]


def _joined(column: str) -> str:
    return "".join(words_of(column))


def _marked(column: str) -> bool:
    return any(meaning.sort for meaning in meanings(column))


def _called(table: Table, column: str) -> str:
    """What a key's column is called in another table: as here, or a bare ``id`` with this table's name before it."""
    words = words_of(column)
    return "".join((*table.thing, *words)) if len(words) == 1 and words[0] in IDENTIFIERS else "".join(words)


def _guess(
    source: str, child: Table, parent: Table, columns: tuple[str, ...], names: Mapping[str, str]
) -> Guess | None:
    """The guess that a table refers to another by all columns of its key, where everything speaks for it."""
    held = [names.get(_called(parent, column), "") for column in columns]
    if parent.path == child.path or not all(held) or all(name in child.refers for name in held):
        return None
    part_of = set(parent.thing) <= set(child.thing)
    same_key = any(kind == "primary" and set(key) <= set(held) for kind, key in child.keys)
    own_numbers = {name for _, key in child.keys for name in key} if child.keys else set(child.columns)
    numbered = any(words_of(name)[0] in _NUMBERING and name in own_numbers for name in held)
    if not part_of and (same_key or numbered):
        return None
    for name, column in zip(held, columns, strict=True):
        lengths = child.length(name), parent.length(column)
        if fits(child.family(name), parent.family(column), *lengths) < 0.9:
            return None
    score = 0.85 if part_of else 0.75
    return Guess(source, child.path, tuple(held), parent.path, columns, score, "have the names of its key's columns")
