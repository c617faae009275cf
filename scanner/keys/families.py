"""Whether the values of two columns could be the same, as far as their declared types say."""

from __future__ import annotations

import re
from functools import lru_cache

_ARGUMENTS = re.compile(r"\(([^)]{0,40})\)")
_INTEGERS = frozenset(
    {"int", "integer", "bigint", "smallint", "mediumint", "tinyint", "int2", "int4", "int8", "serial", "bigserial",
     "smallserial", "counter", "autonumber", "long", "short", "byte", "largeint", "autoincrement", "long integer",
     "hugeint", "int64", "int32", "int16", "identity"}
)  # fmt: skip
_DECIMALS = frozenset({"numeric", "number", "decimal", "dec", "n"})
_TEXTS = frozenset(
    {"char", "varchar", "nchar", "nvarchar", "varchar2", "nvarchar2", "character", "character varying", "bpchar",
     "text", "string", "c", "citext", "name", "longchar", "alpha", "national character varying", "sysname"}
)  # fmt: skip
_UUIDS = frozenset({"uuid", "uniqueidentifier", "guid"})
_BYTES = frozenset({"binary", "varbinary", "raw", "bytea"})
_UUID_BYTES = 16
_UUID_TEXT = (32, 36, 38)
_MIXED = {frozenset(("integer", "number")): 0.95, frozenset(("uuid", "bytes16")): 0.95}
LONGEST = 64
"""Characters of the longest text that is taken for a key."""


@lru_cache(maxsize=1 << 14)
def family(type_: str | None, length: int | None, scale: int | None, lob: bool | None) -> str:
    """What kind of key a type can be: integer, number (perhaps a whole one), text, uuid or bytes16.

    It is "any" where no type is declared, and "" where it can be none: dates, amounts, switches, large objects.
    """
    if not type_:
        return "any"
    text = type_.lower()
    match = _ARGUMENTS.search(text)
    arguments = [a.strip() for a in match[1].split(",")] if match else []
    base = " ".join(_ARGUMENTS.sub(" ", text).replace("unsigned", "").replace("zerofill", "").split())
    base = base.removesuffix(" identity").removesuffix(" signed")
    if base in _DECIMALS:
        places = arguments[1] if len(arguments) > 1 else ("0" if arguments else None if scale is None else str(scale))
        return "number" if places is None else "integer" if places == "0" else ""
    long = _longest(arguments, length)
    if base in _TEXTS:
        return "" if (lob and base != "text") or (long is not None and long > LONGEST) else "text"
    known = {
        "uuid": base in _UUIDS,
        "integer": base in _INTEGERS and not (base == "tinyint" and arguments == ["1"]),
        "bytes16": base in _BYTES and long == _UUID_BYTES,
    }
    return next((kin for kin, is_so in known.items() if is_so), "")


@lru_cache(maxsize=1 << 14)
def length_of(type_: str | None, length: int | None) -> int | None:
    """The declared length of a text, told apart by the source or standing in the type."""
    match = _ARGUMENTS.search(type_ or "")
    return length if length is not None or match is None else _longest([match[1].strip()], None)


def _longest(arguments: list[str], length: int | None) -> int | None:
    first = arguments[0].split()[0] if arguments and arguments[0] else ""
    if first.isdigit():
        return int(first)
    return 1 << 30 if first == "max" else length


def fits(child: str, parent: str, child_length: int | None, parent_length: int | None) -> float:
    """How well a column of one family may hold keys of another: 1 for the same, 0 for never."""
    if not child or not parent:
        return 0.0
    if child == parent == "text" and child_length and parent_length and child_length != parent_length:
        return 0.95 if max(child_length, parent_length) <= 2 * min(child_length, parent_length) else 0.85
    pair = frozenset((child, parent))
    if pair == {"uuid", "text"}:
        length = child_length if child == "text" else parent_length
        return 0.9 if length in _UUID_TEXT else 0.0
    return 1.0 if child == parent else 0.9 if "any" in pair else _MIXED.get(pair, 0.0)
