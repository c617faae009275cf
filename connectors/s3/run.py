"""How far a run of pages has come, where the next page begins, and where another run would."""

from __future__ import annotations

import re

from connectors.s3.listing import ANY, BYTES, FOLDERS, Checked, Page
from scanner import paths

PAGES_PER_UNIT = 20
"""Pages of one unit; then the remainder is handed back, so that a crash repeats 20,000 keys at most."""

EMPTY_PAGES = 1000
"""Pages in a row that may hold no key while the server says there are more (it walks over deleted ones)."""

_UNFIT_FOR_XML = re.compile(rb"[\x00-\x1f\x7f]")
"""A token that is the last key, written without regard to what XML can hold, comes back as another key (SeaweedFS 4
then silently ends the listing); after such a key the next page is asked for by the key itself."""

_ORDER = re.compile(rf"\\({BYTES}|{FOLDERS}) ")
"""What stands before the key in a remainder's mark once the keys have shown their order, so that a server that starts
over is not taken for one that keeps the other order. A lone backslash is in no canonical key."""


class Run:
    """How far a unit's run of pages has come."""

    def __init__(self, after: str, size: int) -> None:
        """``after`` is the mark of a unit: '' or what ``rest`` was; ``size`` the keys asked for per page."""
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
    def rest(self) -> str:
        """The mark of a unit that goes on from here."""
        return ("" if self.order == ANY else f"\\{self.order} ") + paths.canonical(self.last)

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
        """A page has been taken."""
        self.pages += 1
        self.listed += len(checked.keep) + len(checked.repeated)
        self.empty = 0 if checked.keep else self.empty + 1
        self.token = page.token
        self.first = page.keys[0] if page.keys else self.first
        self.order = checked.order
        if checked.keep:
            self.last, self.moved = page.keys[checked.keep[-1]], True
