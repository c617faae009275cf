"""The rows of a fact as one relation, whether its parts are as they were crawled or settled.

A crawled part says of each row which scan and unit it comes from. A settled one belongs to any number of scans and says
neither: the scan follows from the state, and of the unit only what stands for content is kept, as ``inside``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from scanner.catalog import tables as t
from scanner.catalog.facts import Facts
from scanner.catalog.parts import ADDRESS, ARROW_SCHEMAS
from scanner.codes import StocktakeError
from scanner.model import CONTENT
from scanner.schema import SCHEMAS

INSIDE = "inside"
"""In settled parts: the place of the file a row was found inside of, as ``key || after`` of the unit that looked."""
SETTLED_SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema([
        pa.field("source", pa.string(), nullable=False), pa.field(INSIDE, pa.string()), *list(schema)[len(ADDRESS) :],
    ])
    for name, schema in ARROW_SCHEMAS.items()
}  # fmt: skip
_SQL_TYPES = {
    "text": "VARCHAR", "texts": "VARCHAR[]", "int": "BIGINT", "time": "BIGINT", "real": "DOUBLE", "bool": "BOOLEAN",
}  # fmt: skip


@dataclass(slots=True)
class Parts:
    """The names of one fact's parts: as crawled, and the settled ones by scan."""

    crawled: list[str] = field(default_factory=list)
    settled: dict[int, list[str]] = field(default_factory=dict)

    def without(self, shared: Collection[str]) -> Parts:
        """Those that are not among ``shared``."""
        kept = {scan: [name for name in names if name not in shared] for scan, names in self.settled.items()}
        return Parts(self.crawled, {scan: names for scan, names in kept.items() if names})

    def every(self) -> Iterable[str]:
        """All of them; a settled one once for each scan."""
        yield from self.crawled
        for names in self.settled.values():
            yield from names


def parts_of(db: sa.Connection, picked: dict[str, int]) -> dict[str, Parts]:
    """The parts of one scan of each source, by fact."""
    c = t.part.c
    query = sa.select(c.fact, c.path, c.source, c.scan, c.digest).order_by(c.path)
    found: dict[str, Parts] = {}
    for fact, path, source, scan, digest in db.execute(query.where(c.scan.in_(sorted(set(picked.values()))))):
        if picked.get(source) == scan:
            parts = found.setdefault(fact, Parts())
            (parts.crawled if digest is None else parts.settled.setdefault(scan, [])).append(path)
    return found


def present(facts: Facts, parts: Iterable[Parts]) -> None:
    """Raise StocktakeError CATALOG_DAMAGED where one of them is missing."""
    gone = facts.missing({name for p in parts for name in p.every()})
    if gone is not None:
        raise StocktakeError("CATALOG_DAMAGED", gone, "a part is missing")


def rows_sql(db: duckdb.DuckDBPyConnection, facts: Facts, fact: str, parts: Parts, dropped: Sequence[int] = ()) -> str:
    """A SELECT of scan, source, unit and the declared columns, of rows that count.

    The state's table ``unit`` must stand in the database where any part is settled. Units that stand for no content are
    unknown in settled parts.
    """
    selects = []
    if parts.crawled:
        where = f" WHERE unit NOT IN ({', '.join(map(str, dropped))})" if dropped else ""
        scanned = facts.relation(db, parts.crawled)
        selects.append(f"SELECT scan, source, unit, {_declared(db, scanned, fact)} FROM {scanned}{where}")
    for scan, names in sorted(parts.settled.items()):
        scanned = facts.relation(db, names)
        columns = _declared(db, scanned, fact)
        if db.execute(f"SELECT 1 FROM unit WHERE scan = {scan} AND {_OF_CONTENT} LIMIT 1").fetchone():
            looked = f"""(SELECT source AS whose, "key" || after AS place, id FROM unit
                WHERE scan = {scan} AND {_OF_CONTENT})"""
            selects.append(f"""SELECT {scan}::INT AS scan, source, looked.id AS unit, {columns} FROM {scanned}
                LEFT JOIN {looked} looked ON looked.place = {INSIDE} AND looked.whose = source""")
        else:
            selects.append(f"SELECT {scan}::INT AS scan, source, NULL::BIGINT AS unit, {columns} FROM {scanned}")
    if not selects:
        plain = ", ".join(f'CAST(NULL AS {_SQL_TYPES[c.type]}) AS "{c.name}"' for c in SCHEMAS[fact].columns)
        return f"SELECT 0::INT AS scan, '' AS source, NULL::BIGINT AS unit, {plain} WHERE false"
    return " UNION ALL ".join(selects)


_OF_CONTENT = f"starts_with(after, '{CONTENT}')"


def _declared(db: duckdb.DuckDBPyConnection, scanned: str, fact: str) -> str:
    """The declared columns of a fact; one that is younger than every part is unknown in all of them."""
    there = {d[0] for d in db.execute(f"SELECT * FROM {scanned} LIMIT 0").description or ()}
    return ", ".join(
        f'"{c.name}"' if c.name in there else f'CAST(NULL AS {_SQL_TYPES[c.type]}) AS "{c.name}"'
        for c in SCHEMAS[fact].columns
    )
