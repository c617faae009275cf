"""The facts a graph is made from, read once from the catalog in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from scanner.results import Store


class Reader(Protocol):
    """What is asked of the catalog's reader."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """A cursor over the rows of a query, that gives them as they are fetched."""

    def stores(self) -> tuple[Store, ...]:
        """Every store with what is in it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source: what it is called, where it is, and whether its stores are its first path segments."""

    name: str
    locator: str
    deep: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a database: a database, schema, table, view, foreign table or sequence."""

    source: str
    store: str
    path: str
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A view's or routine's text as the store keeps it; None where the store does not show it."""

    source: str
    store: str
    path: str
    kind: str
    dialect: str
    language: str
    on_path: str
    text: str | None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A declared foreign key; ``ref_path`` is None where the store did not say what it refers to."""

    source: str
    store: str
    path: str
    name: str
    columns: tuple[str, ...]
    ref_path: str | None
    ref_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Default:
    """A column whose default draws from a sequence."""

    source: str
    store: str
    path: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a graph is made from."""

    stores: tuple[Store, ...]
    sources: tuple[Source, ...]
    items: tuple[Item, ...]
    definitions: tuple[Definition, ...]
    foreign_keys: tuple[ForeignKey, ...]
    defaults: tuple[Default, ...]
    columns: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Columns of every table and view, in order, of the sources that have definitions."""


_ITEMS = """
    SELECT source, store, path, kind, coalesce(target, '') FROM entry
    WHERE kind IN ('database', 'schema', 'table', 'view', 'materialized_view', 'foreign_table', 'sequence')
    ORDER BY source, path, kind"""
_DEFINITIONS = """
    SELECT source, store, path, kind, coalesce(dialect, ''), coalesce(language, ''), coalesce(on_path, ''), definition
    FROM routines ORDER BY source, path, kind, definition"""
_FOREIGN_KEYS = """
    SELECT source, store, path, name, columns, ref_path, ref_columns FROM keys WHERE kind = 'foreign'
    ORDER BY source, path, name, ref_path, columns::VARCHAR"""
_DEFAULTS = """
    SELECT source, store, path, name, "default" FROM columns WHERE "default" ILIKE '%nextval%'
    ORDER BY source, path, position, name"""
_COLUMNS = """
    SELECT source, path, list(name ORDER BY position, name) FROM columns
    WHERE source IN (SELECT source FROM routines WHERE definition IS NOT NULL) GROUP BY source, path"""


def read(reader: Reader) -> Facts:
    """Every fact a graph is made from."""
    return Facts(
        stores=tuple(sorted(reader.stores(), key=lambda s: s.id)),
        sources=tuple(
            Source(name, locator or "", bool(depth))
            for name, locator, depth in reader.rows("SELECT name, locator, store_depth FROM source ORDER BY name")
        ),
        items=tuple(Item(*row) for row in reader.rows(_ITEMS)),
        definitions=tuple(Definition(*row) for row in reader.rows(_DEFINITIONS)),
        foreign_keys=tuple(
            ForeignKey(source, store, path, name or "", tuple(columns or ()), ref_path, tuple(ref_columns or ()))
            for source, store, path, name, columns, ref_path, ref_columns in reader.rows(_FOREIGN_KEYS)
        ),
        defaults=tuple(Default(*row) for row in reader.rows(_DEFAULTS)),
        columns={(source, path): tuple(names) for source, path, names in reader.rows(_COLUMNS)},
    )
