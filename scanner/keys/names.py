"""Names of tables and columns as words: what a column's name says it identifies, however it is written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

IDENTIFIERS: dict[str, str] = {
    **dict.fromkeys(
        ("id", "ident", "identifier", "oid", "rowid", "key", "sk", "fk", "pk", "ref", "uuid", "guid"), "id"
    ),
    **dict.fromkeys(("code", "cd"), "code"),
    **dict.fromkeys(("no", "nr", "num", "number", "nbr"), "number"),
}
"""Words at the end of a column's name that say it identifies something, and which sort of identifier they are."""

_LEADING = frozenset({"id", "fk", "cod"})
"""Those that also stand first, as in ``id_cliente``; ``num_items`` would be a count."""
_GLUED = re.compile(r"(\w{3,})(id|code|number|num|nr|no|key|uuid|guid|ref|cd|fk|sk)")
_GLUED_FIRST = re.compile(r"(?:id|fk)(\w{3,})")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_TABLE_MARKS = frozenset(
    {"tbl", "tb", "t", "table", "dim", "fact", "fct", "stg", "ods", "lkp", "lk", "lu", "lookup", "ref", "mst", "mstr"}
)
"""Words before or after a table's name that say what kind of table it is, not what is in it."""
_COPY = frozenset({"bak", "backup", "bkp", "bkup", "copy", "old", "tmp", "temp", "test", "orig", "sav", "save"})
_IRREGULAR = {
    "people": "person", "persons": "person", "children": "child", "men": "man", "women": "woman", "series": "series",
    "species": "species", "indices": "index", "matrices": "matrix", "data": "data", "media": "media", "news": "news",
}  # fmt: skip
_ABOUT = frozenset(
    {"type", "name", "count", "date", "time", "status", "desc", "description", "text", "hash", "flag", "list", "valid",
     "checked", "verified", "format", "length", "issued", "expiry", "label", "title", "class", "source", "method"}
)  # fmt: skip
"""Words after an identifier that make it say something about the identifier: ``tax_id_type``."""
KNOWN_SHORT: dict[str, str] = {
    "acct": "account", "addr": "address", "amt": "amount", "appt": "appointment", "attr": "attribute",
    "bldg": "building", "cat": "category", "cntry": "country", "corp": "corporation", "cst": "customer",
    "ctr": "contract", "ctry": "country", "cust": "customer", "dept": "department", "dist": "district",
    "div": "division", "doc": "document", "emp": "employee", "equip": "equipment", "fac": "facility", "grp": "group",
    "inv": "invoice", "lang": "language", "loc": "location", "mfr": "manufacturer", "mgr": "manager",
    "msg": "message", "ord": "order", "org": "organisation", "pers": "person", "pmt": "payment", "pos": "position",
    "prd": "product", "prod": "product", "proj": "project", "prop": "property", "pt": "patient", "rgn": "region",
    "schd": "schedule", "stor": "store", "stu": "student", "sup": "supplier", "supp": "supplier", "svc": "service",
    "terr": "territory", "usr": "user", "veh": "vehicle", "vnd": "vendor", "whse": "warehouse", "wo": "workorder",
}  # fmt: skip


class Meaning(NamedTuple):
    """What a column's name says: the words of what it identifies, the sort of identifier, and words around it."""

    words: tuple[str, ...]
    sort: str
    """``id``, ``code`` or ``number``; ``""`` where no word says that it identifies anything."""
    after: tuple[str, ...] = ()
    """Words that follow the identifier: the part it plays, as in ``address_id_billing``."""
    glued: bool = False
    """Whether the identifier was cut from a word: ``customerid``."""


@lru_cache(maxsize=1 << 17)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case: ``BillToAddressID`` → bill, to, address, id."""
    return tuple(word.lower() for word in _WORD.findall(_HUMP.sub("_", name)))


@lru_cache(maxsize=1 << 16)
def singular(word: str) -> str:
    """One of what a word names; both sides of a comparison go through this, so it need only be the same for both."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "uses")) and not word.endswith(("houses", "causes")):
        return word[:-2]
    return word[:-1]


def thing(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words with the last in the singular: that of a thing, however many of it a table holds."""
    return (*words[:-1], singular(words[-1])) if words else words


def entity(table: str, common: str = "") -> tuple[str, ...]:
    """What a table's rows are: its name's words without marks like ``tbl`` and without a prefix ``common`` to all."""
    words = words_of(table)
    if common and len(words) > 1 and words[0] == common:
        words = words[1:]
    while len(words) > 1 and words[0] in _TABLE_MARKS:
        words = words[1:]
    while len(words) > 1 and words[-1] in _TABLE_MARKS:
        words = words[:-1]
    if words and words[0].startswith("tbl") and len(words[0]) > 5:
        words = (words[0][3:], *words[1:])
    return thing(words)


def is_copy(table: str, tables: frozenset[str]) -> bool:
    """Whether a table's name is that of another, marked as a copy, a backup or one period's part of it."""
    words = words_of(table)
    rest = tuple(word for word in words if word not in _COPY and not _period(word))
    return len(rest) < len(words) and bool(rest) and "".join(rest) in tables


def _period(word: str) -> bool:
    return word.isdigit() or (word[:1] in "pqv" and word[1:].isdigit())


@lru_cache(maxsize=1 << 17)
def meanings(name: str) -> tuple[Meaning, ...]:
    """What a column's name may say it identifies, the plainest reading first; none where it is about an identifier."""
    words = words_of(name)
    found: list[Meaning] = []
    if not words:
        return ()
    if len(words) > 1 and words[0] in _LEADING:
        rest = words[1:-1] if words[-1] in IDENTIFIERS and len(words) > 2 else words[1:]
        found.append(Meaning(thing(rest), "id"))
    if words[-1] in IDENTIFIERS:
        found.append(Meaning(thing(words[:-1]), IDENTIFIERS[words[-1]]))
        if len(words) > 2 and words[-2] in IDENTIFIERS:  # customer_ref_no, dept_code_fk
            found.append(Meaning(thing(words[:-2]), IDENTIFIERS[words[-2]]))
        return tuple(found)
    inner = next((i for i in range(len(words) - 1, 0, -1) if words[i] in IDENTIFIERS), 0)
    if inner and not found:
        after = words[inner + 1 :]
        return () if _ABOUT & set(after) else (Meaning(thing(words[:inner]), IDENTIFIERS[words[inner]], after),)
    if not found:
        found.append(Meaning(words, ""))
    if glued := _GLUED.fullmatch(words[-1]):
        found.append(Meaning(thing((*words[:-1], glued[1])), IDENTIFIERS[glued[2]], glued=True))
    if len(words) == 1 and (glued := _GLUED_FIRST.fullmatch(words[0])):
        found.append(Meaning(thing((glued[1],)), "id", glued=True))
    return tuple(found)


def is_short_for(short: str, long: str) -> bool:
    """Whether one word abbreviates another: a known one, its beginning, or its letters in order with a consonant last.

    Three letters are enough for a beginning; others need four, for three letters in order are in many words.
    """
    if KNOWN_SHORT.get(short) == long:
        return True
    if len(short) < 3 or len(short) * 4 > len(long) * 3 or short[0] != long[0]:
        return False
    if long.startswith(short):
        return True
    letters = iter(long)
    return len(short) >= 4 and short[-1] not in "aeiou" and all(letter in letters for letter in short)
