"""Sketches of a column's values: enough to say whether one column's values are among another's, and no value at all.

A sketch keeps the smallest of the values' keyed hashes. Two columns with the same value keep the same hash, so what one
has below a bound that both were kept to is a fair sample of it, and how much of that the other has too estimates how
much of the one lies in the other. Without the key a hash says nothing of its value.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b

KEPT = 1024
"""Hashes that a sketch keeps: an estimate from so many is a few hundredths off at most."""

_DIGITS = 64
"""Digits of the longest number that is written out."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a column: counts, and hashes in rising order. ``complete`` if every row was looked at.

    ``dense`` says that the values are whole numbers with few gaps, as counters give them: such values lie among those
    of every longer counter, whatever they mean.
    """

    rows: int
    nulls: int
    distinct: int
    hashes: Sequence[int]
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


class Sketching:
    """A sketch in the making: takes values in, and keeps hashes of them alone."""

    def __init__(self, key: bytes, kept: int = KEPT) -> None:
        self._key = key
        self._kept = kept
        self._rows = self._nulls = 0
        self._seen: set[int] = set()
        self._numbers = True
        self._least: int | None = None
        self._most: int | None = None

    def add(self, values: Iterable[object]) -> None:
        """Take in some values, one for each row."""
        for value in values:
            self._rows += 1
            if value is None:
                self._nulls += 1
                continue
            plain = _plain(value)
            self._seen.add(_hash(plain, self._key))
            if not isinstance(plain, int):
                self._numbers = False
            elif self._least is None or self._most is None:
                self._least = self._most = plain
            else:
                self._least, self._most = min(self._least, plain), max(self._most, plain)

    def done(self, *, complete: bool = True) -> Sketch:
        """The sketch of what was taken in; ``complete`` says that there was no more."""
        few = (self._most or 0) - (self._least or 0) < 2 * len(self._seen) + 8
        dense = self._numbers and bool(self._seen) and few
        hashes = tuple(heapq.nsmallest(self._kept, self._seen))
        return Sketch(self._rows, self._nulls, len(self._seen), hashes, complete, dense)


def sketch(values: Iterable[object], key: bytes, *, complete: bool = True, kept: int = KEPT) -> Sketch:
    """The sketch of a column's values; ``key`` must be the same for all columns that are to be compared.

    Whole numbers are the same value however they are typed, and so are texts that differ in case or closing blanks.
    """
    made = Sketching(key, kept)
    made.add(values)
    return made.done(complete=complete)


def _plain(value: object) -> object:
    if (isinstance(value, float) and value.is_integer()) or (isinstance(value, Decimal) and _whole(value)):
        return int(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value if isinstance(value, int) else str(value).strip().casefold()


def _whole(value: Decimal) -> bool:
    return value.is_finite() and abs(value.adjusted()) < _DIGITS and value == value.to_integral_value()


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


def compared(child: Sketch, parent: Sketch) -> str:
    """How many of a column's distinct values another has, in words; '' where it cannot be told."""
    share = contained(child, parent)
    if share is None:
        return ""
    known = min((s.bound for s in (child, parent) if s.bound is not None), default=None)
    looked = len(child.hashes) if known is None else sum(h <= known for h in child.hashes)
    whole = looked == child.distinct
    about = "" if whole else "about "
    how = "" if whole else f", as {looked:,} of them tell"
    rows = "" if child.complete else f" of its first {child.rows:,} rows"
    return f"values: {about}{round(share * child.distinct):,} of {child.distinct:,}{rows} contained{how}"
