"""What a run of pages comes to: entries, rows of the ledger, and the faults or the remainder at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.s3.listing import TIERS, Page
from connectors.s3.run import Run
from scanner import paths, schema
from scanner.model import Batch, Event, Fault, Unit


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


def recorded(unit: Unit, page: Page, keep: Iterable[int], repeated: Iterable[int]) -> Iterator[Event]:
    """The entries of a page, and a fault for each key that came twice."""
    bucket = unit.key.partition("/")[0]
    rows = list(keep)
    parents, names = [], []
    for row in rows:
        parent, name = paths.split(f"{bucket}/{paths.canonical(page.keys[row])}")
        parents.append(parent)
        names.append(name)
    if rows:
        classes = [page.classes[r] for r in rows]
        yield Batch(
            schema.ENTRY,
            {
                "parent": parents,
                "name": names,
                "kind": ["object"] * len(rows),
                "size": [page.sizes[r] for r in rows],
                "modified": [page.modified[r] for r in rows],
                "owner": [page.owners[r] for r in rows],
                "tier": [TIERS.get(c) if c else None for c in classes],
                "storage_class": classes,
                "etag": [page.etags[r] for r in rows],
            },
        )
    for row in repeated:
        yield Fault(f"{bucket}/{paths.canonical(page.keys[row])}", "skip", "DUPLICATE_ENTRY")
