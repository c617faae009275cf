"""Which columns of a table may hold keys, by name and type: of no other column are values looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from scanner.keys.families import family
from scanner.keys.names import entity, meanings, thing, words_of

ROWS = 100_000
"""Rows that are read of a table at the utmost."""
MOST = 32
"""Columns of one table that are read at the utmost: those of declared keys, then the others as they stand."""
DECLARED = ("primary", "unique", "foreign")
_ROLES = frozenset({"parent", "manager", "supervisor", "owner", "by", "to"})
"""Last words of a column that names a row by the part it plays."""
_OWN = frozenset(
    {"phone", "tel", "telephone", "mobile", "fax", "post", "postal", "zip", "card", "pin", "sort", "house", "street",
     "email", "mail", "passport", "licence", "license", "insurance", "nhs", "ni", "nino", "ssn", "tax", "iban",
     "password", "passwd", "pwd", "secret", "token", "salt"}
)  # fmt: skip
"""Words of what belongs to a person or is to stay secret: looked at only where a declared key holds it."""


class Described(NamedTuple):
    """A column as its store describes it."""

    name: str
    type: str | None = None
    length: int | None = None
    scale: int | None = None
    lob: bool | None = None

    @property
    def family(self) -> str:
        """What kind of key it can be; '' for none."""
        return family(self.type, self.length, self.scale, self.lob)


def things(tables: Iterable[str]) -> frozenset[str]:
    """What the rows of some tables are, each as one word: by these, columns are called that refer to them."""
    return frozenset("".join(entity(name)) for name in tables) - {""}


def candidates(
    columns: Iterable[Described], declared: Collection[str], known: Collection[str]
) -> tuple[Described, ...]:
    """The columns of one table that may hold keys, those of ``declared`` keys first; ``known`` are the tables' things.

    Names of declared columns are compared without case. There may be more than ``MOST``.
    """
    lower = {name.lower() for name in declared}
    first: list[Described] = []
    rest: list[Described] = []
    for column in columns:
        if not (kin := column.family):
            continue
        if column.name.lower() in lower:
            first.append(column)
        elif _called_like_a_key(column.name, kin, known):
            rest.append(column)
    return (*first, *rest)


def _called_like_a_key(name: str, kin: str, known: Collection[str]) -> bool:
    words = words_of(name)
    number = kin in {"integer", "number", "uuid", "bytes16"}
    if not words or (_OWN & set(words) and not (number and words[-1] == "id")):
        return False
    read = meanings(name)
    if any(m.sort and not m.glued for m in read) or (number and any(m.glued for m in read)):
        return True
    if any("".join(m.words) in known for m in read):
        return True
    return any("".join(thing(words[n:])) in known for n in range(len(words))) or (number and words[-1] in _ROLES)


def by_table(
    columns: Iterable[tuple[str, Described]], declared: Mapping[str, Collection[str]], tables: Iterable[str]
) -> Iterator[tuple[str, tuple[Described, ...]]]:
    """The tables of one schema that have such columns, with them; columns and declared ones by the table's name."""
    grouped: dict[str, list[Described]] = defaultdict(list)
    for table, column in columns:
        grouped[table].append(column)
    known = things(tables)
    for table, its in grouped.items():
        if found := candidates(its, declared.get(table, ()), known):
            yield table, found
