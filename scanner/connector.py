"""The plug shape: what a connector is, and what the engine hands it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from scanner.keys.sketches import Sketch
from scanner.model import Event, SourceError, Unit


class Connector(Protocol):
    """One open source. One instance per worker, never shared between threads; ``__init__`` does no I/O.

    ``crawl`` may be called again for the same unit and then gives the same records. A connector never writes to its
    source, never sets a timestamp, never recalls offline content, and puts a deadline on every wait.
    """

    def roots(self) -> Iterable[Unit]:
        """Connect and name the first units; doubles as preflight. Raises SourceError."""
        ...

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """List one unit: batches, sub-units, faults. Raises SourceError when the unit as a whole could not be had."""
        ...

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        ...


@runtime_checkable
class ReadsBytes(Protocol):
    """Optional capability: bounded content."""

    def read(self, path: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes from ``start``; never recalls offline content. Raises SourceError."""
        ...


@runtime_checkable
class SamplesRows(Protocol):
    """Optional capability: a few rows of a table."""

    def sample(self, path: str, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Column names and at most ``rows`` rows. Raises SourceError."""
        ...


@runtime_checkable
class SketchesColumns(Protocol):
    """Optional capability: sketches of the columns of a table that may hold keys."""

    def sketch(self, path: str, rows: int, key: bytes) -> Sequence[tuple[str, Sketch | None]]:
        """Each such column with its sketch, None for one there was no room for; of at most ``rows`` rows of the table.

        Values are hashed with ``key`` where they are read, and are kept nowhere. Never of a view. Raises SourceError.
        """
        ...


def _no_wait() -> None:
    """Pace of a connector that nobody paces."""


def _any_container(_key: str) -> bool:
    """Containers a unit may cover where nobody says otherwise: all."""
    return True


def _as_ever(_wait_s: float) -> None:
    """What a connector's word that it is asked to slow down does where nobody paces: nothing."""


def _trust_nobody(_host: str, _port: int) -> tuple[str, ...]:
    """Trusted fingerprints where no catalog is at hand: none."""
    return ()


@dataclass(frozen=True, slots=True)
class Session:
    """What the engine hands a connector when it opens one.

    ``pace`` is called before every request to the source: it waits for the source's rate limit, counts the request,
    and raises ``Stopped`` when the scan is to end. ``timeout_s`` bounds any one wait. ``trusted`` gives the host key
    fingerprints (``SHA256:…``) a person has trusted for a host and port. A connector that lists further containers
    within one unit asks ``within`` for each (a unit key) and hands those out as units for which it says no: they are
    excluded, or are units already. A connector that the source asked for fewer requests says so with ``slow``, giving
    the seconds it was told to wait (0 where none were named): the engine waits for that long, then asks more slowly.
    """

    source: str
    pace: Callable[[], None] = _no_wait
    timeout_s: float = 30.0
    trusted: Callable[[str, int], tuple[str, ...]] = _trust_nobody
    within: Callable[[str], bool] = _any_container
    slow: Callable[[float], None] = _as_ever


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in where; the key of the one-attempt breaker. ``host`` with its port; ``name`` with its domain."""

    host: str
    name: str


@dataclass(frozen=True, slots=True)
class Price:
    """What a request costs at the utmost, in US dollars; where that is said, and on which day it was read there."""

    usd_a_request: float
    source: str
    read_on: str


def _free(_options: BaseModel) -> None:
    """The price where nobody charges for requests."""


OptionsModel = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Plug:
    """What a connector package registers under the entry-point group ``stocktake.connectors``.

    ``options`` is the strict pydantic model of its settings in the estate file (without ``name``, ``type``, ``owner``
    and the limits, which the engine reads); ``open`` builds a connector and does no I/O; ``from_url`` turns a locator
    of one of ``schemes`` into those settings for a scan without an estate file; ``account`` names who would log in,
    None where nobody does; ``locator`` is the source as a person would write it, without secrets. ``store_depth`` says
    how many leading path segments name a store: 0 when the source is the store, 1 when its buckets or databases are.
    """

    title: str
    schemes: tuple[str, ...]
    options: OptionsModel
    open: Callable[[BaseModel, Session], Connector]
    from_url: Callable[[str], dict[str, object]]
    account: Callable[[BaseModel], Account | None]
    locator: Callable[[BaseModel], str]
    type: str
    store_kind: str
    store_depth: int = 0
    connections: int = 4
    """Workers, each with a connection of its own, where the estate file sets no limit."""
    facts: tuple[str, ...] = ("entry", "listing")
    limits: tuple[str, ...] = field(default=())
    """What this protocol cannot show, one sentence each; printed by ``connectors describe`` and in the report."""
    isolated: bool = False
    """Whether each connection runs in a process of its own, since its driver may crash, leak or never come back."""
    place: Callable[[BaseModel], tuple[tuple[str, str], ...]] | None = None
    """Where a source is: the containers from the outermost to its root, each as what it is known by everywhere, and its
    canonical name. Asked in a process of its own, with a deadline, so it may touch the place; None: the locator says.
    """
    request_price: Callable[[BaseModel], Price | None] = _free
    """What its requests cost; None where nobody charges for them, or nobody says."""
    load: str = ""
    """What a scan asks of the source, as far as that is known beforehand: a sentence; '' where nothing is."""
    extra: str = ""
    """The extra that installs its driver: ``pip install 'stocktake[s3]'``; '' where none is needed."""


GROUP = "stocktake.connectors"


def plugs() -> dict[str, Plug | str]:
    """Every installed connector by type; a broken one is there as the sentence that says why."""
    found = {point.name: _loaded(point) for point in metadata.entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def plug_named(kind: str) -> Plug | str | None:
    """The installed connector of a type, the others left alone: each takes a while to load; None where there is none.

    A broken one is the sentence that says why.
    """
    found = [_loaded(point) for point in metadata.entry_points(group=GROUP, name=kind)]
    return found[-1] if found else None


def _loaded(point: metadata.EntryPoint) -> Plug | str:
    try:
        plug = point.load()
    except Exception as error:  # noqa: BLE001 - a third party's module may raise anything at import
        return f"{point.value} does not load: {type(error).__name__}: {error}"
    return plug if isinstance(plug, Plug) else f"{point.value} is no Plug"


def targets() -> dict[str, str]:
    """Where each installed connector is found, as ``module:attribute``, by type: how another process loads it."""
    return {point.name: point.value for point in metadata.entry_points(group=GROUP)}


def missing_driver(plug_type: str, extra: str, error: ImportError) -> SourceError:
    """The error a connector raises when its optional driver is not installed."""
    return SourceError("DRIVER_MISSING", f"{error}; install it with: pip install 'stocktake[{extra}]'", where=plug_type)
