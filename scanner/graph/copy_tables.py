"""Tables of the same shape in several stores: the same columns, by name and kind, and enough of them to tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from scanner.graph.facts import Reader
from scanner.graph.resolve import name_of
from scanner.keys.names import words_of
from scanner.results import Copies

COLUMNS = 3
"""Columns of the smallest table that is compared."""
TELLING = 5
"""Columns with names of their own from which the shape alone tells; below, the tables' names must be the same too."""
MANY = 12
"""Tables of one shape in one store beyond which it is a shape of many tables there, and tells of no copy."""
GROUPS = 200
MEMBERS = 20
_EVERYWHERE = frozenset(
    {"id", "name", "code", "description", "title", "value", "type", "status", "active", "enabled", "deleted", "version",
     "created", "createdat", "createdby", "createdon", "updated", "updatedat", "updatedby", "modified", "modifiedat",
     "modifiedby", "lastupdate", "timestamp", "date", "comment", "notes", "sort", "position", "rowguid", "uuid", "guid"}
)  # fmt: skip
"""Columns that tables have whatever they hold."""
_OF_TOOLS = frozenset(
    {"databasechangelog", "databasechangeloglock", "flywayschemahistory", "schemaversion", "schemamigrations",
     "alembicversion", "sysdiagrams", "spatialrefsys", "geometrycolumns", "efmigrationshistory", "djangosession",
     "djangomigrations", "djangocontenttype", "djangoadminlog", "arinternalmetadata", "knexmigrations", "migrations",
     "dtproperties", "plantable", "toadplantable", "sqliteautoindex", "switchboarditems", "aspnetusers", "aspnetroles",
     "authpermission", "authgroup", "celerytaskmeta", "sessions"}
)  # fmt: skip
"""Tables that tools and frameworks make wherever they are installed."""
_KINDS = (
    ("time", ("date", "time", "year", "interval")), ("binary", ("binary", "blob", "bytea", "image", "raw")),
    ("text", ("char", "text", "clob", "memo", "string", "uuid", "uniqueidentifier", "guid", "json", "xml", "enum")),
    ("number", ("int", "num", "dec", "float", "double", "real", "money", "currency", "bit", "bool", "serial", "byte",
                "counter", "long", "short", "yes")),
)  # fmt: skip


class Shaped(NamedTuple):
    """A table, and what its columns look like."""

    store: str
    source: str
    path: str
    rows: int | None
    size: int | None
    columns: int
    telling: int
    mark: str

    @property
    def name(self) -> str:
        """The table's own name."""
        return name_of(self.path.rpartition("/")[2])


_TYPES = "SELECT DISTINCT type FROM columns WHERE type IS NOT NULL ORDER BY type"
_SHAPES = f"""
    WITH kind AS (SELECT unnest(?::VARCHAR[]) AS type, unnest(?::VARCHAR[]) AS kind),
    everywhere AS (SELECT unnest(?::VARCHAR[]) AS name),
    plain AS (
        SELECT source, store, path, type, lower(regexp_replace(name, '[^\\p{{L}}\\p{{N}}]+', '', 'g')) AS name
        FROM columns),
    shape AS (
        SELECT c.source, c.store, c.path, count(DISTINCT c.name) AS columns,
            count(DISTINCT c.name) FILTER (WHERE c.name NOT IN (FROM everywhere)) AS telling,
            md5(string_agg(c.name || ':' || coalesce(k.kind, ''), ',' ORDER BY c.name, k.kind)) AS mark
        FROM plain c LEFT JOIN kind k ON k.type = c.type GROUP BY ALL HAVING count(DISTINCT c.name) >= {COLUMNS})
    SELECT s.store, s.source, s.path, e.rows, e.size, s.columns, s.telling, s.mark FROM shape s
    JOIN (SELECT source, path, any_value(rows) AS rows, any_value(size) AS size FROM entry
        WHERE kind = 'table' GROUP BY ALL) e ON e.source = s.source AND e.path = s.path
    ORDER BY s.store, s.source, s.path"""


def kind_of(type_: str | None) -> str:
    """What kind of value a type holds, as broadly as systems agree on it; "" where that is unknown."""
    text = (type_ or "").lower()
    return next((kind for kind, words in _KINDS if any(word in text for word in words)), "")


def shapes(reader: Reader) -> list[Shaped]:
    """Every table with enough columns, but for those that tools make."""
    types = [type_ for (type_,) in reader.rows(_TYPES)]
    rows = reader.rows(_SHAPES, [types, [kind_of(type_) for type_ in types], sorted(_EVERYWHERE)])
    return [table for table in map(Shaped._make, rows) if "".join(words_of(table.name)) not in _OF_TOOLS]


def tables(reader: Reader) -> list[Copies]:
    """Tables whose shape stands in several stores: the largest first."""
    by_shape: dict[str, list[Shaped]] = defaultdict(list)
    for shape in shapes(reader):
        by_shape[shape.mark].append(shape)
    groups = [part for same in by_shape.values() for part in _telling(same)]
    groups.sort(key=lambda g: (-max(t.size or 0 for t in g), -max(t.rows or 0 for t in g), g[0].store, g[0].path))
    return [_copies(group) for group in groups[:GROUPS]]


def _telling(same: list[Shaped]) -> Iterable[list[Shaped]]:
    """The tables of one shape that seem to be the same one: all, or those of one name where the shape tells little."""
    by_name: dict[str, list[Shaped]] = defaultdict(list)
    for table in same:
        by_name["".join(words_of(table.name)) if table.telling < TELLING else ""].append(table)
    for group in by_name.values():
        held: dict[str, int] = defaultdict(int)
        for table in group:
            held[table.store] += 1
        if len(held) > 1 and group[0].telling >= 2 and max(held.values()) <= MANY:
            yield group


def _copies(group: list[Shaped]) -> Copies:
    proof = f"the same {group[0].columns} columns, by name and kind"
    counted = {table.rows for table in group}
    if len(counted) == 1 and None not in counted:
        proof += f", and {group[0].rows:,} rows each"
    members = tuple((table.store, table.path) for table in group[:MEMBERS])
    size = max((table.size for table in group if table.size is not None), default=None)
    return Copies("table", group[0].name, members, len(group), size, proof, "inferred")
