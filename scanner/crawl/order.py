"""What a scan on several machines sends to a worker and what comes back: plain values, and never a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any, Literal

from scanner.catalog import Bundle, Part
from scanner.codes import CODES
from scanner.model import OPS, Fault, SourceError, Unit
from scanner.registry import Bound, rebind, shown_limits
from scanner.schema import SCHEMAS

FORM = 1
"""Form of both messages; raised with each change that another version would misread."""
BLOCK = 1 << 24
"""Ids of units that an order may give out."""

Doing = Literal["crawl", "roots", "place"]


def version() -> str:
    """What must be the same on both sides."""
    return f"{metadata.version('stocktake')}/{FORM}"


class Misfit(ValueError):  # noqa: N818 - reads as what it says
    """A manifest that does not fit its order; nothing of it may count."""


@dataclass(frozen=True, slots=True)
class Order:
    """Something to do for one source. ``seeds`` are (id, unit); ``known`` units beneath them are not theirs.

    ``connections``, ``requests_per_s`` and ``requests`` are this worker's share of the source's limits, ``content``
    that of what may be read of files' content, in bytes; ``may_log_in`` whether it may open connections.
    """

    do: Doing
    scan: int
    run: str
    """Names the coordinator's process, so that nothing of an earlier one is taken up again."""
    source: Mapping[str, Any]
    facts: str
    seeds: tuple[tuple[int, Unit], ...] = ()
    first_id: int = 0
    known: tuple[Unit, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    trust: tuple[tuple[str, int, str], ...] = ()
    connections: int = 1
    may_log_in: bool = True
    requests_per_s: float | None = None
    requests: int | None = None
    content: int = 0
    content_s: float = 0.0
    utc_offset_s: int = 0
    seconds: float = 2.0
    rows: int = 200_000
    deep: bool = True
    """Whether to work on what is found as well; else that is handed back."""
    version: str = field(default_factory=version)

    def to_json(self) -> str:
        """As text."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["seeds"] = [[i, u.key, u.after] for i, u in self.seeds]
        plain["known"] = [[u.key, u.after] for u in self.known]
        return json.dumps(plain)

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Read it back; of another version, only what tells of that. Raises KeyError, ValueError, TypeError."""
        plain = json.loads(text)
        if plain["version"] != version():
            return cls("crawl", 0, "", {}, "", version=str(plain["version"]))
        plain["seeds"] = tuple((i, Unit(key, after)) for i, key, after in plain["seeds"])
        plain["known"] = tuple(Unit(key, after) for key, after in plain["known"])
        plain["trust"] = tuple((h, p, f) for h, p, f in plain["trust"])
        return cls(**plain)

    def bound(self) -> Bound:
        """The source, bound on this machine. Raises StocktakeError."""
        return rebind(**self.source)


def described(bound: Bound) -> dict[str, Any]:
    """A source as an order holds it: what the catalog holds of it; secrets are references."""
    return {
        "name": bound.name, "kind": bound.plug.type, "owner": bound.config.owner, "options": bound.plain_options(),
        "limits": shown_limits(bound),
    }  # fmt: skip


@dataclass(slots=True)
class Manifest:
    """What came of an order: what is to count, and how the source took it."""

    bundle: Bundle
    roots: tuple[Unit, ...] = ()
    place: tuple[tuple[str, str], ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    lowest_rate: float | None = None
    rate: float | None = None
    unwanted_why: str = ""
    current: str = ""
    connections: int = 0
    """Connections that are open now, and stay so for the next order."""
    wants_login: bool = False
    """Whether it could have used more of them, and was not allowed to log in."""
    spent: bool = False
    """Whether its share of the requests is used up."""
    content: int = 0
    """Bytes read of files' content."""
    error: SourceError | None = None
    broken: tuple[str, str, str] | None = None
    """What ends the scan: code, where, detail."""
    version: str = field(default_factory=version)

    def to_json(self) -> str:
        """As text."""
        b = self.bundle
        error = self.error
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(
            plain
            | {
                "bundle": {
                    "source": b.source,
                    "parts": [asdict(p) for p in b.parts],
                    "units": [[i, u.key, u.after, state, n] for i, u, state, n in b.units],
                    "children": [[i, u.key, u.after] for i, u in b.children],
                    "faults": [[i, f.path, f.op, f.reason, f.detail] for i, f in b.faults],
                    "dropped": b.dropped,
                },
                "roots": [[u.key, u.after] for u in self.roots],
                "error": error and [error.code, str(error.detail), str(error.where), bool(error.transient)],
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read it back. Raises Misfit for what is none."""
        try:
            plain = json.loads(text)
            b = plain["bundle"]
            plain["bundle"] = Bundle(
                str(b["source"]),
                [Part(**p) for p in b["parts"]],
                [(int(i), Unit(key, after), state, int(n)) for i, key, after, state, n in b["units"]],
                [(int(i), Unit(key, after)) for i, key, after in b["children"]],
                [(int(i), Fault(*fault)) for i, *fault in b["faults"]],
                [int(i) for i in b["dropped"]],
            )
            plain["roots"] = tuple(Unit(key, after) for key, after in plain["roots"])
            plain["place"] = tuple((str(a), str(n)) for a, n in plain["place"])
            if (error := plain["error"]) is not None:
                plain["error"] = SourceError(error[0], error[1], where=error[2], transient=error[3])
            plain["broken"] = tuple(plain["broken"]) if plain["broken"] else None
            return cls(**plain)
        except (KeyError, ValueError, TypeError) as error:
            raise Misfit(f"{type(error).__name__}: {error}") from None

    def check(self, order: Order) -> None:
        """Whether it fits its order: names within the scan's folder, ids of the block, known codes. Raises Misfit."""
        bundle = self.bundle
        seeds = {i for i, _ in order.seeds}
        name = re.compile(rf"scan-{order.scan:06d}/({'|'.join(SCHEMAS)})-[0-9a-f]{{32}}\.parquet")
        if bundle.source != order.source["name"]:
            raise Misfit(f"of another source: {bundle.source}")
        for part in bundle.parts:
            if name.fullmatch(part.path) is None or part.fact not in SCHEMAS or part.rows < 1 or part.bytes < 1:
                raise Misfit(f"no part of this scan: {part}")
        ids = [i for i, _, _, _ in bundle.units]
        ids += [i for i, _ in bundle.children] + [i for i, _ in bundle.faults] + bundle.dropped
        if strange := [i for i in ids if i not in seeds and not order.first_id <= i < order.first_id + BLOCK]:
            raise Misfit(f"ids nobody gave it: {strange[:3]}")
        if len({u for _, u, _, _ in bundle.units}) < len(bundle.units):
            raise Misfit("a unit is settled twice")
        if states := [state for _, _, state, _ in bundle.units if state not in {"done", "failed"}]:
            raise Misfit(f"no state of a unit: {states[0]}")
        if faults := [f for _, f in bundle.faults if f.op not in OPS or f.reason not in CODES]:
            raise Misfit(f"no fault: {faults[0]}")
        if not _are_text(text for _, u in bundle.children for text in (u.key, u.after)):
            raise Misfit("a unit that no catalog can keep")


def _are_text(texts: Iterable[object]) -> bool:
    try:
        return all(isinstance(t, str) and t.encode() is not None for t in texts)
    except UnicodeEncodeError:
        return False
