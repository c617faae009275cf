"""Which reader takes which kind of database file."""

from __future__ import annotations

from collections.abc import Callable

from scanner.extractors.stores import access, dbase, dump, sqlite
from scanner.extractors.stores.content import Content
from scanner.extractors.stores.facts import Found
from scanner.extractors.stores.signs import Recognised

_READERS: dict[str, Callable[[Content, Recognised, Found], None]] = {
    "sqlite": sqlite.read, "access": access.read, "dbase": dbase.read, "dump": dump.read,
}  # fmt: skip
WHOLE = frozenset({"access"})
"""Forms whose reader needs a copy of the whole file."""


def structure(content: Content, what: Recognised, found: Found) -> bool:
    """Read the structure of a recognised file into ``found``; False where there is no reader for its kind.

    Raises:
        Unread: it could not be read, or not to its end; what was found until then stands in ``found``.
        SourceError: the source would not give the content.
    """
    reader = _READERS.get(what.form)
    if reader is None:
        return False
    reader(content, what, found)
    return True
