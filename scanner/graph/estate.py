"""The nodes of the graph: stores, schemas and objects as assets, and what moves with what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.graph.facts import Definition, Facts
from scanner.graph.resolve import Container, Directory, Place, container_of, name_of, server_of
from scanner.results import Asset

_OBJECTS = frozenset({"table", "view", "materialized_view", "foreign_table"})


@dataclass(slots=True)
class Estate:
    """Every asset that was found, by id and by path, and the directory that names are looked up in."""

    directory: Directory
    assets: dict[str, Asset] = field(default_factory=dict)
    by_path: dict[tuple[str, str], str] = field(default_factory=dict)
    sequences: dict[tuple[str, Container, str], Asset] = field(default_factory=dict)
    routine_ids: dict[tuple[str, str, str], str] = field(default_factory=dict)
    schemas: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Schema assets of each store."""
    dialects: dict[str, str] = field(default_factory=dict)
    """SQL dialect of each source, as its definitions tell it."""

    def add(self, asset: Asset, container: Container) -> None:
        """Make an object an asset that names can resolve to."""
        self.assets[asset.id] = asset
        self.by_path.setdefault((asset.source, asset.path), asset.id)
        self.directory.add(asset, container, name_of(asset.path.rpartition("/")[2]))

    def place_of(self, definition: Definition) -> Place:
        """Where a definition's names are looked up: the nearest database or schema above it."""
        path = definition.path
        while path:
            path = path.rpartition("/")[0]
            if (definition.source, path) in self.by_path and self._is_container(definition.source, path):
                break
        names = tuple(name_of(part) for part in path.split("/")) if path else container_of(definition.path)
        return Place(definition.source, names, definition.dialect)

    def _is_container(self, source: str, path: str) -> bool:
        return self.assets[self.by_path[source, path]].level != "object"

    def path_of(self, store: str) -> str:
        """A store's path within its source; '' where the source is the store."""
        return self.assets[store].path if store in self.assets else ""

    def groups(self) -> dict[str, str]:
        """What each asset moves with.

        A database with one schema moves whole; with several, each schema moves on its own, and the store itself has no
        wave. What was never scanned moves with nothing.
        """
        moves: dict[str, str] = {}
        for asset in self.assets.values():
            inside = self.schemas.get(asset.store, [])
            if len(inside) < 2:
                moves[asset.id] = asset.store
            elif asset.level == "schema":
                moves[asset.id] = asset.id
            elif asset.level == "object":
                moves[asset.id] = self._schema_of(asset) or asset.store
        return moves

    def _schema_of(self, asset: Asset) -> str | None:
        path = asset.path
        while path:
            path = path.rpartition("/")[0]
            above = self.by_path.get((asset.source, path))
            if above is not None and self.assets[above].level == "schema":
                return above
        return None


def found(facts: Facts) -> Estate:
    """The assets of an estate: every store, the schemas of databases, tables, views and routines. Files are none."""
    estate = Estate(Directory({s.name: server for s in facts.sources if (server := server_of(s.locator))}))
    for store in facts.stores:
        estate.assets[store.id] = Asset(store.id, "store", store.kind, store.title, store.source, store.path, store.id)
        if store.path:
            estate.by_path.setdefault((store.source, store.path), store.id)  # a bucket may also be a folder of tables
            estate.directory.add_container(store.source, tuple(name_of(part) for part in store.path.split("/")))
    _add_containers(estate, facts)
    for item in facts.items:
        if item.kind in _OBJECTS:
            estate.add(_object(estate, item.source, item.store, item.path, item.kind), container_of(item.path))
        elif item.kind == "sequence":
            key = (item.source, container_of(item.path), name_of(item.path.rpartition("/")[2]))
            estate.sequences[key] = _object(estate, item.source, item.store, item.path, item.kind)
    for definition in facts.definitions:
        _add_routine(estate, definition)
        if definition.dialect:
            estate.dialects.setdefault(definition.source, definition.dialect)
    return estate


def _add_containers(estate: Estate, facts: Facts) -> None:
    """Schemas, and databases that are no store of their own, as assets."""
    databases = Counter(
        i.store for i in facts.items if i.kind == "database" and (i.source, i.path) not in estate.by_path
    )
    for item in facts.items:
        if item.kind not in {"database", "schema"}:
            continue
        names = (*container_of(item.path), name_of(item.path.rpartition("/")[2]))
        estate.directory.add_container(item.source, names)
        own = (item.source, item.path) in estate.by_path
        if own or (item.kind == "database" and databases[item.store] < 2):
            continue
        asset = Asset(f"{item.source}/{item.path}", "schema", item.kind, names[-1], item.source, item.path, item.store)
        estate.assets[asset.id] = asset
        estate.by_path[item.source, item.path] = asset.id
        estate.schemas[item.store].append(asset.id)


def _object(estate: Estate, source: str, store: str, path: str, kind: str) -> Asset:
    """An object's asset, titled by its schema and name; a second kind of thing at one path gets an id of its own."""
    container = container_of(path)
    name = name_of(path.rpartition("/")[2])
    above = store_path.count("/") + 1 if (store_path := estate.path_of(store)) else 1
    title = ".".join((*container[above:], name))
    taken = (source, path) in estate.by_path
    return Asset(f"{source}/{path}" + (f" ({kind})" if taken else ""), "object", kind, title, source, path, store)


def _add_routine(estate: Estate, definition: Definition) -> None:
    """The asset a definition belongs to: the view that was listed already, or the routine itself."""
    key = (definition.source, definition.path, definition.kind)
    if key in estate.routine_ids:
        return
    listed = estate.by_path.get((definition.source, definition.path))
    if listed is not None and _same(estate.assets[listed], definition):
        estate.routine_ids[key] = listed
        return
    asset = _object(estate, definition.source, definition.store, definition.path, definition.kind)
    estate.routine_ids[key] = asset.id
    estate.add(asset, estate.place_of(definition).container)


def _same(asset: Asset, definition: Definition) -> bool:
    """Whether a definition is that of a listed table or view, and not of a routine that shares its name."""
    views: Mapping[str, frozenset[str]] = {
        "view": frozenset({"view", "query", "rule"}), "materialized_view": frozenset({"materialized_view", "view"}),
        "table": frozenset({"rule", "query"}),
    }  # fmt: skip
    return asset.kind == definition.kind or definition.kind in views.get(asset.kind, frozenset())
