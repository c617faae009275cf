r"""Derived columns, row by row: lengths of exact names, in every unit a target may count in.

What is about the parent alone is computed from the parent alone: DuckDB then computes it once for each folder that the
Parquet dictionary holds. CASE guards what is dear, as AND and OR in a projection compute both sides.

Names in the catalog are canonical (``\\`` for a backslash, ``\xHH`` for a byte that is not UTF-8); limits count what
the source really has, so every expression here looks through the escapes.
"""

from __future__ import annotations

_ESCAPES = r"'\\\\|\\x[0-9A-F]{2}'"
_UNDECODABLE = r"'^(?:[^\\]|\\\\)*\\x'"
_ASTRAL = r"'[^\x{10000}-\x{10FFFF}]'"
_DAY_US = 86_400_000_000

Layers = tuple[dict[str, str], ...]
"""Columns by name, each layer computed from the one before."""


def raw_bytes(text: str) -> str:
    """Bytes of the name a canonical text stands for."""
    replaced = f"regexp_replace({text}, {_ESCAPES}, '.', 'g')"
    return rf"CASE WHEN contains({text}, '\') THEN strlen({replaced}) ELSE strlen({text}) END"


def undecodable(text: str) -> str:
    """Whether it has bytes that are not UTF-8."""
    return rf"CASE WHEN NOT contains({text}, '\') THEN FALSE ELSE regexp_matches({text}, {_UNDECODABLE}) END"


def exact(text: str) -> str:
    """The name itself; NULL where it is not UTF-8."""
    return rf"""CASE WHEN NOT contains({text}, '\') THEN {text} WHEN regexp_matches({text}, {_UNDECODABLE}) THEN NULL
        ELSE replace({text}, '\\', '\') END"""


def utf16(text: str) -> str:
    """UTF-16 units of an exact name; a character beyond the basic plane takes 4 bytes of UTF-8 and 2 units."""
    astral = f"length(regexp_replace({text}, {_ASTRAL}, '', 'g'))"
    return f"length({text}) + CASE WHEN strlen({text}) >= length({text}) + 3 THEN {astral} ELSE 0 END"


def _longest(measure: str, own: str, otherwise: str) -> str:
    """Longest segment of an object's key; anything else answers for its own name only."""
    each = f"list_transform(string_split({own}, '/'), lambda part: {measure})"
    return f"CASE WHEN kind = 'object' AND parent <> '' THEN list_max({each}) ELSE {otherwise} END"


ENTRIES: Layers = (
    {
        "path": "parent || name",
        "undecodable": f"CASE WHEN mangled THEN NULL ELSE {undecodable('name')} END",
        "name_bytes": f"CASE WHEN mangled THEN NULL ELSE {raw_bytes('name')} END",
        "parent_bytes": f"CASE WHEN beneath_alias THEN NULL ELSE {raw_bytes('parent')} END",
        "exact_name": f"CASE WHEN mangled THEN NULL ELSE {exact('name')} END",
        "exact_parent": f"CASE WHEN beneath_alias THEN NULL ELSE {exact('parent')} END",
        "slashes": "strlen(parent) - strlen(replace(parent, '/', ''))",
        "extension": "CASE WHEN contains(name, '.') THEN lower(split_part(name, '.', -1)) ELSE '' END",
        "same_folded": "CASE WHEN siblings_known THEN same_folded_min END",
        "same_normalised": "CASE WHEN siblings_known THEN same_normalised_min END",
        "age_days": f"(scanned - modified) / {_DAY_US}",
    },
    {
        "path_bytes": "parent_bytes + name_bytes",
        "name_characters": "length(exact_name)",
        "path_characters": "length(exact_parent) + length(exact_name)",
        "name_utf16": utf16("exact_name"),
        "parent_utf16": utf16("exact_parent"),
        "segments": "slashes + CAST(name <> '' AS BIGINT)",
        "exact_path": "exact_parent || exact_name",
        "own_name": "CASE WHEN kind = 'object' THEN exact_parent || exact_name ELSE exact_name END",
        "path_encoded": "strlen(url_encode(exact_parent)) - 2 * slashes + strlen(url_encode(exact_name))",
    },
    {
        "path_utf16": "parent_utf16 + name_utf16",
        "segment_bytes": _longest("strlen(part)", f"regexp_replace(path, {_ESCAPES}, '.', 'g')", "name_bytes"),
        "segment_characters": _longest("length(part)", "own_name", "name_characters"),
        "segment_utf16": _longest(utf16("part"), "own_name", "name_utf16"),
    },
)

_PLAIN = (
    rf"CASE WHEN NOT contains(name, '\') THEN name WHEN regexp_matches(name, '\\x') THEN NULL ELSE {exact('name')} END"
)

LAYERS: dict[str, Layers] = {
    "entries": ENTRIES,
    "containers": (),
    "stores": (),
    "tables": (
        {
            "name_bytes": raw_bytes("name"),
            "plain_name": _PLAIN,
            "age_days": f"(scanned - modified) / {_DAY_US}",
        },
    ),
    "columns": (
        {
            "base_type": r"trim(regexp_replace(lower(type), '\s*\(.*?\)', '', 'g'))",
            "name_bytes": raw_bytes("name"),
            "plain_name": _PLAIN,
        },
    ),
    "keys": ({"name_bytes": raw_bytes("name"), "column_count": "len(columns)"},),
    "routines": ({"name_bytes": raw_bytes("name"), "characters": "length(definition)"},),
    "databases": (),
    "settings": ({"extension": "CASE WHEN starts_with(name, 'extension.') THEN substr(name, 11) ELSE '' END"},),
}
"""Derived columns of every judged view."""


def judged(view: str, source: str, given: frozenset[str] = frozenset()) -> str:
    """SQL of a judged view: the rows of ``source`` (a query of its facts) with the derived columns.

    ``given`` are derived columns that ``source`` brings along, as the cases of a rule do.
    """
    sql = source
    for layer in LAYERS[view]:
        derived = ", ".join(f"{expression} AS {name}" for name, expression in layer.items() if name not in given)
        sql = f"SELECT *{', ' if derived else ''}{derived} FROM ({sql})"
    return sql
