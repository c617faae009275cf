"""A source that holds any number of entries and reads none: what the engine itself takes is all there is to measure.

Three shapes: ``tree`` (a folder of 48 files holds 20 folders, and so on down), ``flat`` (one folder of folders of 48
files) and ``huge`` (one folder of files). The same options give the same entries.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from scanner.connector import Plug, Session
from scanner.model import Batch, Event, Unit
from scanner.schema import ENTRY, LISTING

FILES, FOLDERS = 48, 20
"""Files of a folder, and folders in it in a tree."""
_AT_ONCE = 10_000
_PRIME = 1_000_003
_WORDS = ("report", "Letter to", "invoice", "minutes of", "scan")
_TYPES = (".pdf", ".docx", ".jpg", ".msg", "")


class Options(BaseModel):
    """What there is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entries: int = Field(description="Files, about; folders come on top.")
    shape: Literal["tree", "flat", "huge"] = Field("tree", description="How they lie.")

    @property
    def folders(self) -> int:
        """Folders beneath the root."""
        return 0 if self.shape == "huge" else max(1, self.entries // FILES)


class Generated:
    """A connector; a folder's number stands in its name."""

    def __init__(self, options: Options, session: Session) -> None:
        self._options = options
        self._session = session

    def roots(self) -> list[Unit]:
        """The one root."""
        self._session.pace()
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """Files first, then folders, as most listings have them."""
        self._session.pace()
        options = self._options
        number = int(unit.key.rstrip("/").rpartition("-")[2]) if unit.key else 0
        files = options.entries if options.shape == "huge" else FILES if number or options.shape == "tree" else 0
        if options.shape == "huge":
            for start in range(0, files, _AT_ONCE):
                yield _many(start, min(_AT_ONCE, files - start))
        elif files:
            yield _few(unit.key, number)
        below = self._below(number)
        names = [f"folder-{n}" for n in below]
        if names:
            kinds = {"parent": [unit.key] * len(names), "name": names, "kind": ["directory"] * len(names)}
            yield Batch(ENTRY, kinds)
            for name in names:
                yield Unit(f"{unit.key}{name}/")
        yield Batch(LISTING, {"path": [unit.key], "listed": [files + len(names)], "complete": [True]})

    def _below(self, number: int) -> range:
        """Numbers of the folders in a folder."""
        most = self._options.folders + 1
        if self._options.shape == "tree":
            return range(min(most, number * FOLDERS + 1), min(most, number * FOLDERS + FOLDERS + 1))
        return range(1, most) if number == 0 else range(0)

    def close(self) -> None:
        """Nothing is open."""


def _few(parent: str, number: int) -> Batch:
    """Files of one folder, as lists."""
    first = number * FILES
    mixed = [(first + n) * 7_919 % _PRIME for n in range(FILES)]
    columns: dict[str, list[object]] = {
        "parent": [parent] * FILES,
        "name": [f"{_WORDS[m % 5]} {m}{_TYPES[m // 5 % 5]}" for m in mixed],
        "kind": ["file"] * FILES,
        "size": [m * m % 50_000_017 for m in mixed],
        "modified": [1_450_000_000_000_000 + m * 314_159_265 for m in mixed],
        "owner": [f"user{number % 400}"] * FILES,
        "mode": [0o100644] * FILES,
        "links": [1] * FILES,
        "tier": ["online"] * FILES,
    }
    return Batch(ENTRY, columns)


def _many(start: int, rows: int) -> Batch:
    """Files of the one huge folder, as Arrow arrays; made once for a hundred batches, and told apart by their names."""
    names = pa.array([f"{start // _AT_ONCE}-{n}" for n in range(rows)])
    plain = {name: array.slice(0, rows) for name, array in _columns().items()}
    return Batch(ENTRY, {"name": names, **plain})


@functools.cache
def _columns() -> dict[str, pa.Array]:
    mixed = [n * 7_919 % _PRIME for n in range(_AT_ONCE)]
    return {
        "parent": pa.repeat(pa.scalar(""), _AT_ONCE),
        "kind": pa.repeat(pa.scalar("file"), _AT_ONCE),
        "size": pa.array([m * m % 50_000_017 for m in mixed]),
        "modified": pa.array([1_450_000_000_000_000 + m * 314_159_265 for m in mixed]),
        "owner": pa.repeat(pa.scalar("user1"), _AT_ONCE),
        "mode": pa.repeat(pa.scalar(0o100644), _AT_ONCE),
        "links": pa.repeat(pa.scalar(1), _AT_ONCE),
        "tier": pa.repeat(pa.scalar("online"), _AT_ONCE),
    }


PLUG = Plug(
    title="generated entries",
    schemes=("generated",),
    options=Options,
    open=lambda options, session: Generated(Options.model_validate(options), session),
    from_url=lambda url: {"entries": int(url.partition(":")[2])},
    account=lambda _options: None,
    locator=lambda options: f"generated:{Options.model_validate(options).entries}",
    type="generated",
    store_kind="share",
    connections=2,
)
