"""What a run of pages comes to: entries, rows of the ledger, and the faults or the remainder at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from connectors.s3.listing import TIERS, Column, Page
from connectors.s3.run import Run
from scanner import paths, schema
from scanner.model import Batch, Event, Fault, Unit

_OBJECT = pa.scalar("object")


def ended(unit: Unit, run: Run, stop: str, *, last: bool) -> Iterator[Event]:
    """The end of a run of pages: ``stop`` is the code of why it cannot go on, ``last`` whether there is no more."""
    yield listing(unit, run.listed, complete=not stop)
    if stop:
        yield Fault(place_of(unit), "list", stop, f"after the key {paths.printable(paths.canonical(run.last))!r}")
    elif not last:
        yield Unit(unit.key, run.rest)


def listing(unit: Unit, listed: int, *, complete: bool) -> Batch:
    """The ledger's row of one run of pages; a run that hands back its remainder has reached its own end."""
    return Batch(schema.LISTING, {"path": [place_of(unit)], "listed": [listed], "complete": [complete]})


def place_of(unit: Unit) -> str:
    """The folder that a unit's prefix lies in: what it lists."""
    return paths.split(unit.key)[0]


def recorded(unit: Unit, page: Page, keep: Sequence[int], repeated: Iterable[int]) -> Iterator[Event]:
    """The entries of a page, and a fault for each key that came twice."""
    bucket = unit.key.partition("/")[0]
    if keep:
        parents, names = _parted(bucket, _taken(page.keys, keep))
        classes = _taken(page.classes, keep)
        columns = {
            "parent": parents,
            "name": names,
            "kind": pa.repeat(_OBJECT, len(keep)),
            "size": _taken(page.sizes, keep),
            "modified": _taken(page.modified, keep),
            "owner": _taken(page.owners, keep),
            "tier": _tiers(classes),
            "storage_class": classes,
            "etag": _taken(page.etags, keep),
        }
        yield Batch(schema.ENTRY, {name: column for name, column in columns.items() if column is not None})
    for row in repeated:
        yield Fault(bucket_path(bucket, page.keys[row]), "skip", "DUPLICATE_ENTRY")


def _taken(column: Column, rows: Sequence[int]) -> Column:
    """Those rows of a column; the column itself where they are all of it."""
    if column is None or len(rows) == len(column):
        return column
    return column.take(pa.array(rows)) if isinstance(column, pa.Array) else [column[row] for row in rows]


def _parted(bucket: str, keys: Sequence[bytes]) -> tuple[Column, Column]:
    """Canonical parents and names; all at once where no key needs an escape, which Arrow finds out."""
    top = f"{bucket}/".encode()
    parted = [key.rpartition(b"/") for key in keys]
    parents, names = [top + head + slash for head, slash, _ in parted], [name for _, _, name in parted]
    try:
        if b"\\" not in b"".join(keys):
            return pa.array(parents, pa.binary()).cast(pa.string()), pa.array(names, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        pass  # not UTF-8
    return [bucket_path(bucket, p[len(top) :]) for p in parents], [paths.canonical(name) for name in names]


def bucket_path(bucket: str, key: bytes) -> str:
    """Canonical path of a key, or of where some keys lie."""
    return f"{bucket}/{paths.canonical(key)}"


def _tiers(classes: Column) -> Column:
    """Tiers of storage classes; most pages hold one class or a few."""
    if not isinstance(classes, pa.Array):
        return [TIERS.get(one) if one else None for one in classes]
    told = classes.dictionary_encode()
    return pa.array([TIERS.get(one.as_py()) for one in told.dictionary], pa.string()).take(told.indices)
