"""Statements and tables that content names, run through a connection: what of a scanned database they use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from scanner.graph.aliases import ESTATE, At
from scanner.graph.edges import KINDS, Edges
from scanner.graph.endpoint import DIALECTS, Endpoint
from scanner.graph.estate import Estate
from scanner.graph.follow import Object, Outcome, Resolver, Said
from scanner.graph.names import Dependencies, Name
from scanner.graph.parse import sqlglot_dialect
from scanner.graph.resolve import Found, Place, container_of
from scanner.graph.sql import dependencies
from scanner.results import Unparsed
from scanner.secrets import scrub

MOST = 20_000
"""Different statements that are read; of any further one only the database it runs in is told."""
_PART = re.compile(r"""\[((?:[^\]]|\]\]){0,200})\]|"((?:[^"]|""){0,200})"|`((?:[^`]|``){0,200})`|([^.\[\]"`]{1,200})""")
_DEFAULTS = {"tsql": ("dbo",), "postgres": ("public",)}
_INACTIVE = {"commented": "it stands in a comment or is switched off", "placeholder": "it is an example, not a place"}


@dataclass(slots=True)
class Statements:
    """Reads each statement once, and looks its names up in the database it is run in."""

    estate: Estate
    resolver: Resolver
    edges: Edges
    only: dict[tuple[str, str], Endpoint] = field(default_factory=dict)
    """The database of each file that names just one: what runs a statement that does not say through what."""
    _read: dict[bytes, Dependencies] = field(default_factory=dict)

    def outcome(self, said: Said) -> Outcome:
        """What a statement or a table's name leads to: the database, and objects of it where it was scanned."""
        if said.status in _INACTIVE:
            return Outcome("", "inactive", _INACTIVE[said.status])
        at = self.resolver.at(said)
        if said.extractor == "catalog" and not said.via:
            return self._of_catalog(said, at)
        database = self._database(said, at)
        if database.tier != "resolved" or not database.target:
            return database
        asset = self.estate.assets.get(database.target)
        if asset is None or asset.level == "object":
            return database
        text = said.locator
        if said.status == "template":
            text, missing, _ = self.resolver.known.aliases.filled(text, at)
            if missing and said.kind == "table":
                return Outcome("", "unresolved", f"nobody defines {', '.join(missing[:3])} beside it or above it")
        place = self._place(database, asset.source, asset.path)
        found = self._table(said, text, place) if said.kind == "table" else self._statement(said, text, place)
        return replace(database, objects=tuple(dict.fromkeys(found)))

    def _database(self, said: Said, at: At) -> Outcome:  # noqa: PLR0911 - one way of telling after the other
        """The database a statement runs in: by its connection's name, or the only one the file knows."""
        aliases = self.resolver.known.aliases
        if said.via:
            via, missing, _ = aliases.filled(said.via, at) if "$" in said.via or "@" in said.via else (said.via, (), ())
            named = aliases.find(via, at, ESTATE)
            if named is not None and named.definition.end is not None and not missing:
                return self.resolver.follow(Endpoint("name", name=via), at)
            found = self.resolver.outcome(said._replace(kind="connection_string", locator=via, status="active"))
            if found.end is not None and found.end.kind in {"database", "server", "share", "local"}:
                return found
        if said.server:
            return self.resolver.outcome(said._replace(kind="connection_string", locator=""))
        if (only := self.only.get((said.source, said.path))) is not None:
            found = self.resolver.follow(only, at)
            return replace(found, sure=False, why=f"the only database its file names, {found.why}")
        if said.via:
            return Outcome("", "unresolved", f"no file of the estate defines the connection {said.via}")
        if self._is_database(said.store):
            return Outcome(said.store, "resolved", "the database that holds it")
        return Outcome("", "unresolved", "it does not say in which database it runs")

    def _is_database(self, store: str) -> bool:
        asset = self.estate.assets.get(store)
        return asset is not None and (
            asset.kind in {"database", "database file"} or store in self.resolver.places.families
        )

    def _place(self, database: Outcome, source: str, path: str) -> Place:
        """Where names of a statement are looked up."""
        end = database.end
        dialect = self.resolver.places.dialect(database.target) or DIALECTS.get(end.family if end else "", "")
        if not dialect:
            dialect = self.estate.dialects.get(source, "")
        known = sqlglot_dialect(dialect)
        own = tuple(container_of(f"{path}/x")) if path else ()
        return Place(source, (*own, *_DEFAULTS.get(known, ())), known)

    def _table(self, said: Said, text: str, place: Place) -> list[Object]:
        name = name_in(text)
        if name is None:
            return []
        kind = said.action if said.action in {"reads", "writes", "calls"} else "reads"
        directory = self.estate.directory
        if kind == "calls":
            found = directory.routine(place, name, certain=True)
        else:
            found = directory.table(place, name, create=False) or directory.routine(place, name, certain=False)
            found = found or directory.table(place, name)
        return [Object(found.asset, kind, found.confidence("parsed"))] if found is not None else []

    def _statement(self, said: Said, text: str, place: Place) -> list[Object]:
        """The objects a statement uses; what of it could not be read is told."""
        read = self._dependencies(said, text, place.dialect)
        for reason in (*read.dynamic, *read.problems):
            self._unread(said, reason)
        found = []
        for reference in read.references:
            if reference.name.locator or reference.temporary:
                continue
            target: Found | None
            if reference.verb in {"calls", "may_call"}:
                target = self.estate.directory.routine(place, reference.name, certain=reference.verb == "calls")
            else:
                certain = reference.how == "parsed" and reference.verb in {"reads", "writes", "removes"}
                target = self.estate.directory.table(place, reference.name, create=certain)
            if target is not None:
                found.append(
                    Object(target.asset, KINDS.get(reference.verb, "writes"), target.confidence(reference.how))
                )
        return found

    def _dependencies(self, said: Said, text: str, dialect: str) -> Dependencies:
        key = blake2b(f"{dialect}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key not in self._read:
            if len(self._read) >= MOST:
                self._unread(said, f"more than {MOST:,} different statements: only their databases are told")
                return Dependencies()
            self._read[key] = dependencies(text, dialect, "query")
        return self._read[key]

    def _unread(self, said: Said, reason: str) -> None:
        if len(self.edges.unparsed) < MOST:
            self.edges.unparsed[Unparsed(said.source, said.path, "statement", scrub(reason))] = None

    def _of_catalog(self, said: Said, at: At) -> Outcome:
        """A table elsewhere that a database's own catalog names: over a link, or in another database beside it."""
        parts = [p for p in said.locator.replace("[", "").replace("]", "").replace('"', "").split(".") if p]
        if parts and self.resolver.known.aliases.find(parts[0], at, "store") is not None:
            path = parts[1] if len(parts) == 4 else ""
            found = self.resolver.follow(Endpoint("name", name=parts[0], path=path, family="link"), at)
            return self._object(found, parts)
        name = name_in(said.locator)
        dialect = sqlglot_dialect(self.estate.dialects.get(said.source, "") or self.resolver.places.dialect(said.store))
        if name is None or len(name.parts) < 2 or not self._is_database(said.store):
            return Outcome("", "unresolved", "it names nothing outside its own database")
        target = self.estate.directory.table(Place(said.source, container_of(said.path), dialect), name)
        if target is None:
            return Outcome(said.store, "resolved", "the engine's own")
        objects = (Object(target.asset, KINDS["reads"], "declared"),)
        return Outcome(said.store, "resolved", "a database beside it", objects=objects)

    def _object(self, found: Outcome, parts: list[str]) -> Outcome:
        """The object over a link, where the database it leads to was scanned."""
        asset = self.estate.assets.get(found.target)
        if asset is None or asset.level != "store" or not asset.path:
            return found
        place = self._place(found, asset.source, asset.path)
        target = self.estate.directory.table(place, Name(tuple(parts[-2:]) if len(parts) > 2 else (parts[-1],)))
        return replace(found, objects=(Object(target.asset, KINDS["reads"], "declared"),)) if target else found


def name_in(text: str) -> Name | None:
    """A table's or routine's name as a file writes it, with its database and schema; None where it is no name.

    >>> str(name_in("[Sales].[dbo].[Order Lines]")), name_in("SELECT 1")
    ('Sales.dbo.Order Lines', None)
    """
    text = text.strip().rstrip(";")
    parts: list[str] = []
    quoted: list[bool] = []
    at = 0
    while at < len(text) and len(parts) < 5:
        found = _PART.match(text, at)
        if found is None:
            return None
        bare = found[4]
        value = bare.strip() if bare is not None else next(g for g in found.groups() if g is not None)
        if bare is not None and re.search(r"[\s(),=;*]", value):
            return None
        parts.append(value)
        quoted.append(bare is None)
        at = found.end()
        while text[at : at + 1] == "." and at < len(text):
            at += 1
            if text[at : at + 1] == ".":
                parts.append("")
                quoted.append(False)
        if at < len(text) and text[at - 1] != ".":
            return None
    return Name(tuple(parts), tuple(quoted)) if parts and parts[-1] else None
