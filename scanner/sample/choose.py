"""Which entries may be database files, by name, size and tier; content decides later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from scanner.extractors.stores import HEAD
from scanner.extractors.stores.access import COPIED
from scanner.extractors.stores.content import BLOCK
from scanner.extractors.stores.dump import READ
from scanner.model import CONTENT, Batch, Unit

FORMS: dict[str, str] = {
    **dict.fromkeys(("mdb", "accdb", "mde", "accde", "mdt", "accdt", "accdr", "mda", "accda", "mdw"), "access"),
    **dict.fromkeys(("sqlite", "sqlite3", "sqlite2", "db3", "s3db", "sl3", "gpkg", "mbtiles"), "sqlite"),
    **dict.fromkeys(("dbf", "dbc"), "dbase"),
    **dict.fromkeys(("mdf", "ndf", "ldf"), "SQL Server"),
    **dict.fromkeys(("fdb", "gdb", "ib"), "Firebird"),
    **dict.fromkeys(("frm", "ibd", "myi"), "MySQL"),
    "duckdb": "DuckDB", "nsf": "Lotus Notes", "fp5": "FileMaker", "fp7": "FileMaker", "fmp12": "FileMaker",
}  # fmt: skip
"""Endings that say one thing; content that is another is worth a note."""
AMBIGUOUS = frozenset((
    "db", "bak", "dmp", "dump", "sql", "backup", "bck", "dat", "data", "old", "orig", "copy", "bkp", "tmp", "bin",
    "exp", "bkf", "trn", "ddl", "script", "bdb", "ibdata1", "px", "base", "sav", "save", "1", "2", "",
))  # fmt: skip
"""Endings behind which a database file may stand, or none: nothing is said of those that are something else."""
_NEVER = frozenset({"thumbs.db", "ehthumbs.db", "iconcache.db", "desktop.ini", "core"})
LEAST = 65
"""Bytes of the smallest file that can be recognised: a dBase header with one field."""


def ending(name: str) -> str:
    """A name's last part behind a dot, in lower case; '' where it has none."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem else ""


def chosen(name: str, kind: object, size: object, tier: object) -> bool:
    """Whether an entry's content is looked at. Content that is not online never is; an unknown size is no bar."""
    if kind not in ("file", "object") or tier not in (None, "online"):
        return False
    if isinstance(size, int) and size < LEAST:
        return False
    last = ending(name)
    return (last in FORMS or last in AMBIGUOUS) and name.lower() not in _NEVER


def units(batch: Batch) -> Iterator[Unit]:
    """A unit of content for each entry of a batch that is chosen; it carries the size and time that were listed."""
    length = len(batch)
    columns = [_plain(batch.columns.get(c), length) for c in ("parent", "name", "kind", "size", "tier", "modified")]
    for parent, name, kind, size, tier, modified in zip(*columns, strict=True):
        if chosen(str(name), kind, size, tier):
            listed = ",".join("" if n is None else str(n) for n in (size, modified))
            yield Unit(f"{parent}{name}", f"{CONTENT}{listed}")


def _plain(values: Any, length: int) -> Sequence[Any]:
    if values is None:
        return [None] * length
    return values.to_pylist() if hasattr(values, "to_pylist") else values  # type: ignore[no-any-return]


class Rows(Protocol):
    """What is asked of the catalog's reader."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        ...


def planned(reader: Rows, source: str) -> tuple[int, int]:
    """How many files of a source's newest scan would be looked into, and how many bytes of them at the utmost."""
    rows = reader.rows(
        """SELECT lower(regexp_extract(name, '[^.]\\.([^.]*)$', 1)), name, kind, size, tier FROM entry
        WHERE source = ? AND kind IN ('file', 'object') AND lower(regexp_extract(name, '[^.]\\.([^.]*)$', 1)) IN (
            SELECT unnest(?::VARCHAR[]))""",
        (source, sorted({*FORMS, *AMBIGUOUS})),
    )
    picked = [(last, size) for last, name, kind, size, tier in rows if chosen(name, kind, size, tier)]
    return len(picked), sum(_most(last, size) for last, size in picked)


def _most(last: str, size: int | None) -> int:
    """The most that is read of a file: all of one that must be copied, some of one that can be read in ranges."""
    bounds = {"access": COPIED, "sqlite": RANGED, "sql": READ + BLOCK, "dump": READ + BLOCK, "dmp": READ + BLOCK}
    bound = bounds.get(last) or bounds.get(FORMS.get(last, "")) or (BLOCK if last in FORMS else RANGED)
    return HEAD + (bound if size is None else min(size, bound))


RANGED = 64 << 20
"""Bytes read of a file whose structure can be had in ranges."""
