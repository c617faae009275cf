"""Decides what a name in a definition means: an object that was found, or something nobody scanned.

A name is looked for where its own engine would look: beside the definition, then on the default path, in the schema or
database it names. What is not found stays in the graph as an unresolved asset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scanner.graph.names import Name
from scanner.paths import restore_text, segment
from scanner.results import Asset, EdgeConfidence

Container = tuple[str, ...]
"""Names of the database and, where it has them, the schema that hold an object."""

_LOWER = frozenset({"postgres", "redshift", "materialize", "risingwave"})
_UPPER = frozenset({"oracle", "snowflake", "exasol"})
_DEFAULT_SCHEMAS = {"postgres": ("public",), "redshift": ("public",), "tsql": ("dbo",), "fabric": ("dbo",)}
_SYSTEM_SCHEMAS = frozenset(
    {"pg_catalog", "information_schema", "pg_toast", "sys", "mysql", "performance_schema", "guest", "syscat", "sysibm"}
)
_SYSTEM_NAMES = re.compile(
    r"(?:dual|sqlite_(?:master|schema|sequence|temp_master|stat\d)|sys(?:objects|columns|dummy1|databases|indexes)"
    r"|msys\w+|[sx]p_\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a definition stands: the names in it are looked up from here."""

    source: str
    container: Container
    dialect: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a name resolved to; ``guess`` where the engine itself would not have looked there."""

    asset: str
    guess: bool = False

    def confidence(self, how: EdgeConfidence) -> EdgeConfidence:
        """The confidence of an edge: no surer than the reading nor than the look-up."""
        return "inferred" if self.guess else how


def name_of(text: str) -> str:
    """The name a path segment stands for; the segment itself where the name's bytes are no text."""
    try:
        return restore_text(text)
    except UnicodeDecodeError:
        return text


def container_of(path: str) -> Container:
    """The names above an object's path, unescaped."""
    return tuple(name_of(part) for part in path.split("/")[:-1])


def server_of(locator: str) -> str:
    """The server a locator names, as host and port, for telling sources on one server; "" where it names none."""
    if "://" in locator:
        return urlsplit(locator).netloc.rpartition("@")[2].lower()
    pairs = (part.partition("=") for part in locator.split(";"))
    named = {key.strip().lower(): value.strip().lower() for key, _, value in pairs if value}
    host = named.get("server") or named.get("host") or named.get("servername")
    return f"{host}:{named.get('port', '')}" if host else ""


@dataclass(slots=True)
class Directory:
    """Every object by name: exact, and with case ignored."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Server of each source."""
    unresolved: dict[str, Asset] = field(default_factory=dict)
    link: Callable[[str, str, str], str | None] | None = None
    """The asset that a linked server leads to: (source, its name there, database), where that is known."""
    _exact: dict[tuple[str, Container, str], str] = field(default_factory=dict)
    _folded: dict[tuple[str, Container, str], list[str]] = field(default_factory=dict)
    _anywhere: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    _routines: dict[tuple[str, Container, str], list[str]] = field(default_factory=dict)
    _containers: set[tuple[str, Container]] = field(default_factory=set)

    def add_container(self, source: str, container: Container) -> None:
        """Make a database or schema known, so that a name missing from it is told from a place nobody scanned."""
        self._containers.add((source, _lower(container)))
        self._containers.add((source, _lower(container)[:1]))

    def add(self, asset: Asset, container: Container, name: str) -> None:
        """Make an object known under its name."""
        self.add_container(asset.source, container)
        if asset.kind in {"procedure", "function"}:
            key = (asset.source, _lower(container), name.partition("(")[0].lower())
            self._routines.setdefault(key, []).append(asset.id)
            return
        if asset.kind == "trigger":
            return
        self._exact[asset.source, container, name] = asset.id
        self._folded.setdefault((asset.source, _lower(container), name.lower()), []).append(asset.id)
        self._anywhere.setdefault((asset.source, container[0].lower() if container else "", name.lower()), []).append(
            asset.id
        )

    def table(self, place: Place, name: Name, *, create: bool = True) -> Found | None:
        """What a table's name means; None where it is one of the engine's own tables.

        An unknown name becomes an unresolved asset, unless ``create`` is False: then it is None too.
        """
        parts = tuple(self._fold(name, i, place.dialect) for i in range(len(name.parts)))
        if _is_system(parts, place.dialect):
            return None
        for source in self._peers(place.source):
            for container in _candidates(place, parts, other_server=source != place.source):
                if hit := self._at(source, container, parts[-1], place.dialect):
                    return Found(hit)
        if len(parts) == 1 and place.container:
            same = self._anywhere.get((place.source, place.container[0].lower(), parts[-1].lower()), [])
            if len(same) == 1:
                return Found(same[0], guess=True)
        if (linked := self._linked(place, parts)) is not None:
            return linked
        return Found(self._unknown(place, parts).id) if create else None

    def _linked(self, place: Place, parts: tuple[str, ...]) -> Found | None:
        """What a name over a linked server means: the object there, else the database, where it is known which."""
        if self.link is None or len(parts) < 4 or len(parts) <= len(place.container) + 1:
            return None
        asset = self.link(place.source, parts[0], parts[1])
        if asset is None:
            return None
        source, _, database = asset.partition("/")
        hit = None if asset.startswith("?") else self._at(source, (database, *parts[2:-1]), parts[-1], place.dialect)
        return Found(hit or asset)

    def routine(self, place: Place, name: Name, *, certain: bool) -> Found | None:
        """What a called name means; one that is only possibly a call and not known is nothing.

        Of routines that share a name the first stands for all, as a guess: types decide, and they are not compared.
        """
        parts = tuple(name.parts)
        shorter = (parts[:-1],) if place.dialect == "oracle" and len(parts) > 1 else ()
        for named in (parts, *shorter):  # a package stands for the routines in it
            for source in self._peers(place.source):
                for container in _candidates(place, named, other_server=source != place.source):
                    if hit := self._routines.get((source, _lower(container), named[-1].lower())):
                        return Found(hit[0], guess=len(hit) > 1)
        if not certain or _is_system(parts, place.dialect):
            return None
        return Found(self._unknown(place, parts, "routine").id)

    def path(self, source: str, path: str) -> Found:
        """The asset of a path that a declaration refers to."""
        container, name = container_of(path), name_of(path.rpartition("/")[2])
        if hit := self._exact.get((source, container, name)):
            return Found(hit)
        return Found(self._unknown(Place(source, container, ""), (*container, name)).id)

    def outside(self, kind: str, title: str, source: str = "") -> Found:
        """A place outside every source, by what it is called; the same title is the same place."""
        asset = Asset(
            "?" + (f"{source}/" if source else "") + title, "store", kind, title, source, "", "", resolved=False
        )
        return Found(self.unresolved.setdefault(asset.id, asset).id)

    def _fold(self, name: Name, index: int, dialect: str) -> str:
        """A part of a name as the engine stores it."""
        part = name.parts[index]
        if name.is_quoted(index):
            return part
        if dialect in _LOWER:
            return part.lower()
        return part.upper() if dialect in _UPPER else part

    def _at(self, source: str, container: Container, name: str, dialect: str) -> str | None:
        """The object of that name in that container, by the dialect's case rule."""
        if hit := self._exact.get((source, container, name)):
            return hit
        if dialect in _LOWER or dialect in _UPPER:
            return None
        folded = self._folded.get((source, _lower(container), name.lower()), [])
        return folded[0] if len(folded) == 1 else None

    def _peers(self, source: str) -> Iterable[str]:
        """The source itself, then the others on its server."""
        yield source
        if server := self.sources.get(source):
            yield from sorted(n for n, other in self.sources.items() if other == server and n != source)

    def _unknown(self, place: Place, parts: tuple[str, ...], kind: str = "unknown") -> Asset:
        """The unresolved asset for a name: a server or database nobody scanned, or an object not found in one."""
        if len(parts) > len(place.container) + 1 and len(parts) > 3:
            return self._store("server", parts[0], place.source)
        container = next(iter(_candidates(place, parts, other_server=False)), place.container)
        if container and (place.source, _lower(container)[:1]) not in self._containers:
            return self._store("database", container[0], place.source)
        path = "/".join(segment(p) for p in (*container, parts[-1]))
        title = ".".join((*container[1:], parts[-1]) if len(container) > 1 else (*container, parts[-1]))
        asset = Asset(f"?{place.source}/{path}", "object", kind, title, place.source, path, "", resolved=False)
        return self.unresolved.setdefault(asset.id, asset)

    def _store(self, kind: str, title: str, source: str) -> Asset:
        return self.unresolved[self.outside(kind, title, source).asset]


def _lower(container: Container) -> Container:
    return tuple(c.lower() for c in container)


def _candidates(place: Place, parts: tuple[str, ...], *, other_server: bool) -> Iterable[Container]:
    """The containers a name is looked for in, in the engine's order."""
    own, depth = place.container, len(place.container)
    above = parts[:-1]
    default = _DEFAULT_SCHEMAS.get(place.dialect, ())
    if not above:
        if not other_server:
            yield own
            if depth > 1:
                yield from ((*own[:-1], schema) for schema in default)
        return
    if depth > 1 and len(above) == 1:
        if not other_server:
            yield (*own[:-1], above[0])
        return
    if depth > 1:
        database, schema = above[-2:]
        yield (database or own[0], schema) if schema else (database or own[0], *(default[:1] or own[1:]))
        return
    yield above[-1:]


def _is_system(parts: tuple[str, ...], dialect: str) -> bool:
    """Whether a name means something of the engine's own."""
    if any(p.lower() in _SYSTEM_SCHEMAS for p in parts[:-1]):
        return True
    if len(parts) > 1 and not (len(parts) == 3 and not parts[1]):
        return False
    return bool(_SYSTEM_NAMES.fullmatch(parts[-1])) or (dialect in _LOWER and parts[-1].lower().startswith("pg_"))
