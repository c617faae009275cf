"""What a connector gives, held to its contract: what does not keep to it becomes a fault that readers can explain."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from scanner.codes import CODES
from scanner.connector import Connector
from scanner.crawl.apart import Bug
from scanner.model import OPS, Batch, Event, Fault, SourceError, Stopped, Unit


class ConnectorBug(Exception):  # noqa: N818 - reads as what it says
    """The connector broke its contract."""


def shut(connector: Connector) -> None:
    """Close a connector; one that cannot even do that costs nothing more."""
    with contextlib.suppress(Exception):
        connector.close()


def fault_of(unit: Unit, code: str, detail: str) -> Fault:
    """The fault of a unit as a whole."""
    return Fault(unit.key, "read" if unit.of_content else "list", code, detail)


def guarded(begin: Callable[[], Iterator[Event]]) -> Generator[Event]:
    """The events of one unit; whatever it raises that the contract does not allow becomes ``ConnectorBug``.

    The guard stands around the connector's own step alone, never around what the engine does with an event.
    """
    events: Iterator[Event] | None = None
    try:
        while True:
            try:
                events = begin() if events is None else events
                event = next(events)
            except StopIteration:
                return
            except (SourceError, Stopped, MemoryError):
                raise
            except Bug as error:
                raise ConnectorBug(str(error)) from None
            except Exception as error:
                raise ConnectorBug(f"{type(error).__name__}: {error}") from error
            if not isinstance(event, Batch | Unit | Fault):
                raise ConnectorBug(f"gave a {type(event).__name__}, not a Batch, Unit or Fault")
            if isinstance(event, Unit) and not _is_text(event.key + event.after):
                raise ConnectorBug(f"gave a unit whose key no catalog can keep: {event!r}")
            yield event
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def total(values: Sequence[object]) -> int:
    """The sum of a column, unknown values left out."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return int(pc.sum(values).as_py() or 0)
    try:
        return sum(filter(None, values))  # type: ignore[arg-type]  # what does not add up comes next
    except TypeError:
        return sum(n for n in values if isinstance(n, int))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def registered(code: str) -> str:
    """The code, or OTHER where no reader could explain it."""
    return code if code in CODES else "OTHER"


def checked(fault: Fault) -> Fault:
    """The fault with a known code and operation, so that no reader meets one it cannot explain."""
    if fault.reason in CODES and fault.op in OPS:
        return fault
    op = fault.op if fault.op in OPS else "list"
    return Fault(fault.path, op, registered(fault.reason), f"{fault.reason}/{fault.op} {fault.detail}")
