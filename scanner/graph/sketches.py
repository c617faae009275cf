"""Sketches of a column's values: enough to say whether one column's values are among another's, and no value at all.

A sketch keeps the smallest of the values' keyed hashes. Two columns with the same value keep the same hash, so what one
has below a bound that both were kept to is a fair sample of it, and how much of that the other has too estimates how
much of the one lies in the other. Without the key a hash says nothing of its value.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

KEPT = 1024
"""Hashes that a sketch keeps: an estimate from so many is a few hundredths off at most."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a column: counts, and hashes in rising order. ``complete`` if every row was looked at.

    ``dense`` says that the values are whole numbers with few gaps, as counters give them: such values lie among those
    of every longer counter, whatever they mean.
    """

    rows: int
    nulls: int
    distinct: int
    hashes: tuple[int, ...]
    complete: bool = True
    dense: bool = False

    @property
    def unique(self) -> bool:
        """Whether no value stands twice and none is missing, in every row there is."""
        return self.complete and self.rows > 0 and not self.nulls and self.distinct == self.rows

    @property
    def bound(self) -> int | None:
        """The hash up to which all are kept; None where all are."""
        return self.hashes[-1] if self.distinct > len(self.hashes) else None


def sketch(values: Iterable[object], key: bytes, *, complete: bool = True, kept: int = KEPT) -> Sketch:
    """The sketch of a column's values; ``key`` must be the same for all columns that are to be compared.

    Whole numbers are the same value however they are typed, and so are texts that differ in case or closing blanks.
    """
    rows = nulls = 0
    seen: set[object] = set()
    for value in values:
        rows += 1
        if value is None:
            nulls += 1
        else:
            seen.add(_plain(value))
    numbers = [value for value in seen if isinstance(value, int)]
    dense = bool(numbers) and len(numbers) == len(seen) and max(numbers) - min(numbers) < 2 * len(numbers) + 8
    hashes = heapq.nsmallest(kept, {_hash(value, key) for value in seen})
    return Sketch(rows, nulls, len(seen), tuple(hashes), complete, dense)


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value if isinstance(value, int) else str(value).strip().casefold()


def _hash(value: object, key: bytes) -> int:
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(raw, key=key, digest_size=8).digest(), "big")


def contained(child: Sketch, parent: Sketch) -> float | None:
    """The share of one column's distinct values that another has; None where it cannot be told."""
    if not child.hashes or not parent.complete:
        return None
    bounds = [bound for bound in (child.bound, parent.bound) if bound is not None]
    kept = [h for h in child.hashes if h <= min(bounds)] if bounds else child.hashes
    if not kept:
        return None
    known = set(parent.hashes)
    return sum(h in known for h in kept) / len(kept)
