"""Driving a connector without an engine: every unit crawled, every event kept, every promise open to assertions."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.connector import Connector
from scanner.model import Batch, Event, Fault, Stopped, Unit
from scanner.paths import split

Record = dict[str, object]
_UNSTEADY = {("setting", "value"), ("seen", "locator")}


@dataclass(frozen=True, slots=True)
class Crawl:
    """What a connector said: records by schema, faults, and the units in the order they were crawled."""

    batches: tuple[Batch, ...]
    faults: tuple[Fault, ...]
    units: tuple[Unit, ...]

    def records(self, schema: str) -> list[Record]:
        """The records of one schema; a column that was left out is absent."""
        return [record for batch in self.batches if batch.schema.name == schema for record in rows(batch)]

    @property
    def paths(self) -> list[str]:
        """The paths of all entries, as often as they were given."""
        return [f"{r['parent']}{r['name']}" for r in self.records("entry")]

    @property
    def entries(self) -> dict[str, Record]:
        """The entries by path."""
        return {f"{r['parent']}{r['name']}": r for r in self.records("entry")}

    def normal(self) -> dict[str, Counter[str]]:
        """The whole of it with the order taken out: equal for two crawls that say the same.

        How the work was cut into units does not count, since a unit may cover more of a fast source than of a slow one,
        or hand back what is left of a container: its rows of the ledger are then one;
        nor does the value of a setting, since free space changes by itself, or a locator, since there may be two ways.
        """
        said = {"fault": Counter(repr(f) for f in self.faults)}
        for name in {b.schema.name for b in self.batches}:
            records = self._ledger() if name == "listing" else self.records(name)
            said[name] = Counter(
                repr(sorted((k, v) for k, v in r.items() if v is not None and (name, k) not in _UNSTEADY))
                for r in records
            )
        return {name: count for name, count in said.items() if count}

    def _ledger(self) -> Iterator[Record]:
        listed: Counter[object] = Counter()
        complete: dict[object, bool] = {}
        for row in self.records("listing"):
            listed[row["path"]] += int(str(row["listed"]))
            complete[row["path"]] = complete.get(row["path"], True) and bool(row["complete"])
        for path, whole in complete.items():
            yield {"path": path, "listed": listed[path], "complete": whole}


def rows(batch: Batch) -> Iterator[Record]:
    """A batch as records; Arrow columns become plain values."""
    columns = {name: _plain(column) for name, column in batch.columns.items()}
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _plain(column: object) -> list[object]:
    to_plain = getattr(column, "to_pylist", None)
    if to_plain is not None:
        return list(to_plain())
    assert isinstance(column, Iterable)
    return list(column)


def crawl_all(
    connector: Connector,
    *,
    take: Callable[[list[Unit]], Unit] = list.pop,
    fresh: Callable[[], Connector] | None = None,
    leave: str | None = None,
) -> Crawl:
    """Crawl every unit from the roots down, and what they hand back.

    ``take`` picks the next unit out of those waiting: the default goes depth first, ``lambda waiting: waiting.pop(0)``
    breadth first. With ``fresh``, every unit is crawled by an instance of its own, and travels there pickled. The unit
    whose key is ``leave`` is named among the units, but not crawled.
    """
    waiting = list(connector.roots())
    done: list[Unit] = []
    batches: list[Batch] = []
    faults: list[Fault] = []
    seen = set(waiting)
    while waiting:
        unit = take(waiting)
        done.append(unit)
        if unit.key == leave:
            continue
        for event in _events(connector, unit, fresh):
            if isinstance(event, Batch):
                batches.append(event)
            elif isinstance(event, Fault):
                faults.append(event)
            else:
                assert isinstance(event, Unit), f"a connector gives batches, units and faults, not {type(event)}"
                assert event not in seen, f"{event} was handed out twice: its records would count twice"
                seen.add(event)
                waiting.append(event)
    return Crawl(tuple(batches), tuple(faults), tuple(done))


def gathered(said: Iterable[Event], units: Iterable[Unit]) -> Crawl:
    """Events and the units they came from as one crawl."""
    kept = list(said)
    batches = tuple(e for e in kept if isinstance(e, Batch))
    return Crawl(batches, tuple(e for e in kept if isinstance(e, Fault)), tuple(units))


def _events(connector: Connector, unit: Unit, fresh: Callable[[], Connector] | None) -> Iterator[Event]:
    if fresh is None:
        yield from connector.crawl(unit)
        return
    other = fresh()
    try:
        yield from other.crawl(pickle.loads(pickle.dumps(unit)))
    finally:
        other.close()


@dataclass(slots=True)
class Pace:
    """A pace that counts, and ends the scan at the request numbered ``stop_at``."""

    stop_at: int | None = None
    requests: int = field(default=0, init=False)

    def __call__(self) -> None:
        """Count one request; raises Stopped when its turn has come."""
        self.requests += 1
        if self.stop_at is not None and self.requests >= self.stop_at:
            raise Stopped


def ledger_gaps(crawl: Crawl) -> list[str]:
    """Where listed ≠ recorded + skipped + failed: one sentence per container; empty when every name is accounted for.

    Each entry, skip and failure counts for the nearest container above it that was listed.
    """
    listed: Counter[str] = Counter()
    for record in crawl.records("listing"):
        assert isinstance(record["listed"], int)
        listed[str(record["path"])] += record["listed"]
    accounted: Counter[str] = Counter()
    lost = []
    names = [*crawl.paths, *(f.path for f in crawl.faults if f.op in ("stat", "skip"))]
    for path in names:
        container = _nearest(split(path)[0], listed)
        if container is None:
            lost.append(f"{path!r} lies in nothing that was listed")
        else:
            accounted[container] += 1
    return lost + [
        f"{container!r}: {count} listed, {accounted[container]} recorded, skipped or failed"
        for container, count in listed.items()
        if count != accounted[container]
    ]


def _nearest(container: str, listed: Mapping[str, int]) -> str | None:
    while container not in listed:
        if not container:
            return None
        container = split(container[:-1])[0]
    return container
