"""Which entries are looked into, by name, size and tier: as database files, and for what they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scanner.extractors.stores import HEAD
from scanner.extractors.stores.access import COPIED
from scanner.extractors.stores.content import BLOCK
from scanner.extractors.stores.dump import READ
from scanner.model import CONTENT, Batch, Unit
from scanner.sample.asking import ARCHIVES, FORMS, SMALL, asked, ending, most_read

AMBIGUOUS = frozenset((
    "db", "bak", "dmp", "dump", "sql", "backup", "bck", "dat", "data", "old", "orig", "copy", "bkp", "tmp", "bin",
    "exp", "bkf", "trn", "ddl", "script", "bdb", "ibdata1", "px", "base", "sav", "save", "1", "2", "",
))  # fmt: skip
"""Endings behind which a database file may stand, or none: nothing is said of those that are something else."""
_NEVER = frozenset({"thumbs.db", "ehthumbs.db", "iconcache.db", "desktop.ini", "core"})
LEAST = 65
"""Bytes of the smallest file that can be recognised: a dBase header with one field."""


def database(name: str) -> bool:
    """Whether a file of this name may be a database, or one's dump or backup."""
    last = ending(name)
    return (last in FORMS or last in AMBIGUOUS) and name.lower() not in _NEVER


def chosen(path: str, kind: object, size: object, tier: object) -> bool:
    """Whether an entry's content is looked at. Content that is not online never is; an unknown size is no bar."""
    if kind not in ("file", "object") or tier not in (None, "online"):
        return False
    length = size if isinstance(size, int) else None
    name = path.rpartition("/")[2]
    if length is not None and length < LEAST:
        return bool(length) and asked().by_name(path)
    return database(name) or (name.lower() not in _NEVER and most_read(path, length) is not None)


def units(batch: Batch) -> Iterator[Unit]:
    """A unit of content for each entry of a batch that is chosen; it carries the size and time that were listed."""
    length = len(batch)
    columns = [plain(batch.columns.get(c), length) for c in ("parent", "name", "kind", "size", "tier", "modified")]
    for parent, name, kind, size, tier, modified in zip(*columns, strict=True):
        if kind in ("file", "object") and chosen(f"{parent}{name}", kind, size, tier):
            listed = ",".join("" if n is None else str(n) for n in (size, modified))
            yield Unit(f"{parent}{name}", f"{CONTENT}{listed}")


def plain(values: Any, length: int) -> Sequence[Any]:
    """A column of a batch as Python values; NULLs where it is left out."""
    if values is None:
        return [None] * length
    return values.to_pylist() if hasattr(values, "to_pylist") else values  # type: ignore[no-any-return]


class Rows(Protocol):
    """What is asked of the catalog's reader."""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Run a query; the cursor gives rows as they are fetched."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """What depth L2 would open of a source, and how many bytes it would read of it at the utmost.

    A script of a database is in both: it is read for its tables, and for what it refers to.
    """

    references: int = 0
    reference_bytes: int = 0
    databases: int = 0
    database_bytes: int = 0


_CANDIDATES = """
    SELECT parent || name, size, kind, tier FROM entry
    WHERE source = ? AND kind IN ('file', 'object') AND (size IS NULL OR size > 0)
        AND (size <= {small} OR name NOT LIKE '_%.%' OR list_contains(?, lower(regexp_extract(name, '\\.([^.]*)$', 1)))
            OR list_contains(?, lower(name)) {patterns})
"""
_AT_ONCE = 20_000


def planned(reader: Rows, source: str) -> Planned:
    """What would be looked into of a source, as its newest scan has it."""
    endings = sorted({*FORMS, *AMBIGUOUS, *ARCHIVES, *asked().endings})
    globs = [p for extractor in asked().order for p in extractor.patterns]
    sql = _CANDIDATES.format(small=SMALL, patterns=" OR lower(parent || name) GLOB ?" * len(globs))
    cursor = reader.execute(sql, (source, endings, sorted(asked().names), *globs))
    count = [0, 0, 0, 0]
    while rows := cursor.fetchmany(_AT_ONCE):
        for path, size, kind, tier in rows:
            if not chosen(path, kind, size, tier):
                continue
            if (most := most_read(path, size)) is not None:
                count[0] += 1
                count[1] += most
            if database(path.rpartition("/")[2]):
                count[2] += 1
                count[3] += _most(ending(path.rpartition("/")[2]), size)
    return Planned(*count)


def _most(last: str, size: int | None) -> int:
    """The most that is read of a file: all of one that must be copied, some of one that can be read in ranges."""
    bounds = {"access": COPIED, "sqlite": RANGED, "sql": READ + BLOCK, "dump": READ + BLOCK, "dmp": READ + BLOCK}
    bound = bounds.get(last) or bounds.get(FORMS.get(last, "")) or (BLOCK if last in FORMS else RANGED)
    return HEAD + (bound if size is None else min(size, bound))


RANGED = 64 << 20
"""Bytes read of a file whose structure can be had in ranges."""
