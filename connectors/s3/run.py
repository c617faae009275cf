"""How far a run of pages has come, where the next page begins, and where another run would."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from connectors.s3.listing import ANY, BYTES, FOLDERS, Checked, Page, placed
from scanner import paths

PAGES_PER_UNIT = 20
"""Pages of one unit; then the remainder is handed back, so that a crash repeats 20,000 keys at most."""

PAGES_BEFORE_CUTS = 2
"""Pages after which a whole bucket is cut into pieces, so that a small one costs no request more than its pages."""

EMPTY_PAGES = 1000
"""Pages in a row that may hold no key while the server says there are more (it walks over deleted ones)."""

_UNFIT_FOR_XML = re.compile(rb"[\x00-\x1f\x7f]")
"""A token that is the last key, written without regard to what XML can hold, comes back as another key (SeaweedFS 4
then silently ends the listing); after such a key the next page is asked for by the key itself."""

_ORDER = re.compile(rf"\\({BYTES}|{FOLDERS}) ")
"""What stands before the key in a remainder's mark once the keys have shown their order, so that a server that starts
over is not taken for one that keeps the other order. A lone backslash is in no canonical key."""

_UNTIL = re.compile(r"\\until (\d+) ")
"""What stands before that where the unit is a piece that ends early: the length of its last key, which follows."""

DIRECTORY_BUCKET = "--x-s3"
"""How names of Amazon's directory buckets end, which neither list in order nor know ``start-after``."""


def mark(last: bytes, until: bytes | None, order: str) -> str:
    """``after`` of the unit that lists the keys after ``last``, up to ``until`` and with it."""
    end = "" if until is None else paths.canonical(until)
    bounded = "" if until is None else f"\\until {len(end)} {end}"
    return bounded + ("" if order == ANY else f"\\{order} ") + paths.canonical(last)


class Run:
    """How far a unit's run of pages has come."""

    def __init__(self, after: str, size: int) -> None:
        """``after`` is the mark of a unit: '' or what ``rest`` was; ``size`` the keys asked for per page."""
        self.until: bytes | None = None
        self.whole = not after
        if bounded := _UNTIL.match(after):
            end = bounded.end() + int(bounded[1])
            self.until, after = paths.restore(after[bounded.end() : end]), after[end:]
        told = _ORDER.match(after)
        self.order = told[1] if told else ANY
        self.last = paths.restore(after[told.end() :] if told else after)
        self.size = size
        self.token: str | None = None
        self.first: bytes | None = None
        self.pages = 0
        self.listed = 0
        self.empty = 0
        self.moved = False

    @property
    def resumable(self) -> bool:
        """Whether a request can start after the last key; the client sends text only."""
        try:
            self.last.decode()
        except UnicodeDecodeError:
            return False
        return True

    @property
    def full(self) -> bool:
        """Whether this was enough for one unit, and another can go on."""
        return self.pages >= PAGES_PER_UNIT and self.moved and self.resumable

    @property
    def long(self) -> bool:
        """Whether it has come so far without an end that it is to be cut into pieces: once for each unit."""
        enough = self.pages == (PAGES_BEFORE_CUTS if self.whole else PAGES_PER_UNIT)
        return enough and self.moved and self.resumable and self.order != FOLDERS

    @property
    def rest(self) -> str:
        """The mark of a unit that goes on from here."""
        return mark(self.last, self.until, self.order)

    def pieces(self, cuts: Sequence[str]) -> list[str]:
        """The same, where it goes on as several units.

        A cut that is not ahead in every order the keys may have is left out: a piece would begin over there.
        """
        orders = (BYTES, FOLDERS) if self.order == ANY else (self.order,)
        ends: list[bytes] = []
        for cut in (cut.encode() for cut in cuts):
            before = ends[-1] if ends else self.last
            if all(_ahead(before, cut, self.until, order) for order in orders):
                ends.append(cut)
        return [mark(*ends_of, self.order) for ends_of in zip([self.last, *ends], [*ends, self.until], strict=True)]

    def inside(self, keys: Sequence[bytes], checked: Checked) -> tuple[Checked, bytes | None]:
        """What of a page is not beyond the end; and a key which is, or is not, as the order turns out to be.

        Rows are in order, in either where it is not known, so both have the first of them in common.
        """
        until, rows = self.until, checked.keep
        if until is None or not rows:
            return checked, None
        orders = (BYTES, FOLDERS) if checked.order == ANY else (checked.order,)
        found = [_up_to(until, [keys[row] for row in rows], order) for order in orders]
        first = min(found)
        if first == len(rows):
            return checked, None
        unsure = keys[rows[first]] if first < max(found) else None
        repeated = [row for row in checked.repeated if row < rows[first]]
        return Checked(rows[:first], repeated, "", checked.order, last=True), unsure

    @property
    def place(self) -> dict[str, object]:
        """Where the next page begins, as a request says it."""
        if self.token and not (self.moved and self.resumable and _UNFIT_FOR_XML.search(self.last)):
            return {"ContinuationToken": self.token}
        return {"StartAfter": self.last.decode()} if self.last else {}

    def fewer(self) -> None:
        """Ask for half as many keys from here on."""
        self.size, self.token = self.size // 2, None

    def advance(self, page: Page, checked: Checked) -> None:
        """A page has been taken, as far as it was checked to be."""
        self.pages += 1
        self.listed += len(checked.keep) + len(checked.repeated)
        self.empty = 0 if checked.keep else self.empty + 1
        self.token = page.token
        self.first = page.keys[0] if page.keys else self.first
        self.order = checked.order
        if checked.keep:
            self.last, self.moved = page.keys[checked.keep[-1]], True


def _ahead(before: bytes, cut: bytes, until: bytes | None, order: str) -> bool:
    """Whether a cut lies between the one before and the end, in that order."""
    at = placed(cut, order)
    return placed(before, order) < at and (until is None or at < placed(until, order))


def _up_to(until: bytes, keys: Sequence[bytes], order: str) -> int:
    """How many of the keys, which are in that order, are not after the last one wanted."""
    return bisect_right(keys, placed(until, order), key=lambda key: placed(key, order))
