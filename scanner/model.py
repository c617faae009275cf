"""The nouns that cross the border between a connector and the engine; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.schema import Schema


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """A piece of a source that is crawled, retried and resumed alone.

    ``key`` names it within its source; ``after`` is the connector's own mark for the remainder of a piece that was
    handed back early, ``""`` for the whole piece. Two strings: any process that can build the connector can take one.
    """

    key: str
    after: str = ""

    @property
    def of_content(self) -> bool:
        """Whether it stands for the content of the one file or object at ``key``, not for a container to be listed."""
        return self.after.startswith(CONTENT)

    @property
    def members(self) -> tuple[Unit, ...]:
        """The units it stands for, where it stands for several containers side by side in ``key``; else none."""
        if not self.after.startswith(SEVERAL):
            return ()
        return tuple(Unit(f"{self.key}{name}/") for name in self.after[len(SEVERAL) :].split("/"))

    @classmethod
    def several(cls, key: str, names: Iterable[str]) -> Unit:
        """One unit for several containers right in ``key``, by their canonical names: for those that are read quickly.

        No name is given twice, or in two units. Where such a unit fails, the engine takes it apart.
        """
        return cls(key, SEVERAL + "/".join(names))


CONTENT = "\x1fcontent "
"""How ``after`` begins in a unit that stands for content; no connector's own mark begins so."""
SEVERAL = "\x1fseveral "
"""How ``after`` begins in a unit that stands for several containers; the names follow, with '/' between them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the source would not show: a value, not an exception.

    ``path`` is canonical; ``op`` is one of ``OPS``; ``reason`` is a code of ``scanner.codes``; ``detail`` is the
    driver's own words, without secrets.
    """

    path: str
    op: str
    reason: str
    detail: str = ""


OPS: Mapping[str, str] = {
    "list": "a container could not be listed, or not to its end; counts beneath it are lower bounds",
    "stat": "a name was listed, but its facts could not be had, so no entry is recorded: it counts as failed",
    "skip": "a name was listed and left out on purpose, so no entry is recorded: it counts as skipped",
    "descend": "the entry is recorded, but what lies beneath it was left out on purpose",
    "read": "content could not be sampled; the entry itself is recorded",
    "query": "one fact of a store could not be asked for; what it would have told is unknown",
    "note": "something worth telling that takes nothing from the result",
}
"""What was being attempted, and how the coverage ledger counts it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one declared schema, by column.

    ``columns`` maps column names of ``schema`` to sequences of equal length (plain lists, or Arrow arrays where a
    connector has them). A column left out is unknown (NULL) in every row; ``None`` is unknown in one.
    """

    schema: Schema
    columns: Mapping[str, Sequence[object]]

    def __len__(self) -> int:
        """Number of records."""
        return len(next(iter(self.columns.values()), ()))


Event = Batch | Unit | Fault


class SourceError(Exception):
    """A unit (or, from ``roots``, a whole source) could not be had.

    ``code`` is a code of ``scanner.codes``; ``detail`` the driver's own words without secrets; ``where`` the host, path
    or account; ``transient`` tells the engine that trying again may help.
    """

    def __init__(self, code: str, detail: str = "", *, where: str = "", transient: bool = False) -> None:
        super().__init__(f"{code} {where}: {detail}" if where else f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.where = where
        self.transient = transient


class Stopped(Exception):  # noqa: N818 - a request to stop is no error
    """Raised inside a connector's wait when the scan was asked to stop; never caught by a connector."""


@dataclass(slots=True)
class Columns:
    """A growing column batch: appends records, hands them out as a ``Batch``, starts again.

    For connectors whose records come one by one. ``names`` fixes the columns; ``add`` takes one value for each.
    """

    schema: Schema
    names: tuple[str, ...]
    _lists: tuple[list[object], ...] = field(init=False)

    def __post_init__(self) -> None:
        unknown = set(self.names) - set(self.schema.names)
        if unknown:
            raise ValueError(f"{self.schema.name} has no column {sorted(unknown)}")
        self._lists = tuple([] for _ in self.names)

    def add(self, *values: object) -> None:
        """Append one record; as many values as there are names."""
        for column, value in zip(self._lists, values, strict=True):
            column.append(value)

    def __len__(self) -> int:
        """Number of records waiting."""
        return len(self._lists[0])

    def take(self) -> Batch:
        """Hand out what has been added as a batch, and start again empty."""
        batch = Batch(self.schema, dict(zip(self.names, self._lists, strict=True)))
        self._lists = tuple([] for _ in self.names)
        return batch
