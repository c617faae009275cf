"""What a rule may be over: the judged views, each a set of rows with declared columns.

``scanner.judge`` builds these views; a rule may use their columns and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.schema import ENTRY, Column, ColumnType


@dataclass(frozen=True, slots=True)
class View:
    """One named set of judged rows.

    ``facts`` are the columns that come from the catalog, ``derived`` those computed from them row by row. ``holds``
    says which classes of stores have such rows: file, object or table.
    """

    name: str
    doc: str
    holds: tuple[str, ...]
    facts: tuple[Column, ...]
    derived: tuple[Column, ...] = ()

    @property
    def columns(self) -> dict[str, Column]:
        """Every column by name."""
        return {c.name: c for c in (*self.facts, *self.derived)}


def _c(name: str, type_: ColumnType, doc: str, unit: str = "") -> Column:
    return Column(name, type_, doc, unit)


_FROM_ENTRY = (
    "size", "modified", "created", "accessed", "owner", "mode", "links", "target", "tier", "storage_class",
    "subtype",
)  # fmt: skip

ENTRIES = View(
    "entries",
    "Files, directories, links and objects; a store itself (its bucket) is not among them.",
    ("file", "object"),
    (
        _c("parent", "text", "Canonical path within the store of what holds it, with its closing '/'"),
        _c("name", "text", "Canonical last part of the path"),
        _c("kind", "text", "One of the declared kinds; unknown where the source did not say"),
        *(c for c in ENTRY.columns if c.name in _FROM_ENTRY),
        _c("attributes", "int", "Windows file attributes; 0 where the source keeps POSIX modes instead"),
        _c("mangled", "bool", "Whether the server gave an alias instead of the true name"),
        _c("beneath_alias", "bool", "Whether the server gave an alias instead of the name of a folder above it"),
        _c("siblings_known", "bool", "Whether every name beside it was seen"),
        _c("same_folded_min", "int", "Seen siblings, itself included, equal without regard to case and form", "names"),
        _c("same_normalised_min", "int", "Seen siblings, itself included, equal in Unicode form NFC", "names"),
        _c("scanned", "time", "When its source was scanned", "microseconds UTC"),
    ),
    (
        _c("path", "text", "Canonical path within the store"),
        _c("undecodable", "bool", "Whether the name has bytes that are not UTF-8 (its parents' names apart)"),
        _c("name_bytes", "int", "Exact length of the name", "bytes"),
        _c("path_bytes", "int", "Exact length of the path within the store", "bytes"),
        _c("name_characters", "int", "Length of the name; unknown where it is undecodable", "code points"),
        _c("path_characters", "int", "Length of the path, likewise", "code points"),
        _c("name_utf16", "int", "Length of the name, likewise", "UTF-16 units"),
        _c("path_utf16", "int", "Length of the path, likewise", "UTF-16 units"),
        _c("path_encoded", "int", "Length of the path, percent-encoded, its slashes kept", "characters"),
        _c("exact_path", "text", "The path as the source has it; unknown where it is undecodable"),
        _c("own_name", "text", "Exact name this row is answerable for: its own, an object's with its prefixes"),
        _c("segment_bytes", "int", "Longest segment of own_name", "bytes"),
        _c("segment_characters", "int", "Longest segment of own_name", "code points"),
        _c("segment_utf16", "int", "Longest segment of own_name", "UTF-16 units"),
        _c("segments", "int", "Segments of the path, its own name included", "segments"),
        _c("extension", "text", "What follows the last dot of the name, in lower case; '' for none"),
        _c("same_folded", "int", "As same_folded_min, where every sibling was seen", "names"),
        _c("same_normalised", "int", "As same_normalised_min, where every sibling was seen", "names"),
        _c("age_days", "real", "From the last change of the content to the scan", "days"),
    ),
)

CONTAINERS = View(
    "containers",
    "Directories that were listed, with their child counts.",
    ("file",),
    (
        _c("path", "text", "Canonical path within the store, with its closing '/'; '' for the top"),
        _c("child_count_min", "int", "Names the listing returned", "names"),
        _c("child_count", "int", "Names it has; unknown where the listing did not reach its end", "names"),
    ),
)

STORES = View(
    "stores",
    "Shares, buckets and other places of files or objects, one row each.",
    ("file", "object"),
    (
        _c("path", "text", "Canonical path of the store within its source; '' where the source is the store"),
        _c("name", "text", "Name of the bucket or share; unknown where the source is the store"),
        _c("class", "text", "file or object"),
        _c("entries_min", "int", "Entries seen", "entries"),
        _c("entries", "int", "Entries, where coverage is complete", "entries"),
        _c("bytes_min", "int", "Bytes of the known sizes", "bytes"),
        _c("bytes", "int", "Bytes, where coverage is complete and every size is known", "bytes"),
        _c("denials_min", "int", "Paths with an explicit denial, as far as access lists were told", "paths"),
        _c("denials", "int", "The same, where coverage is complete and the source tells access lists", "paths"),
        _c("orphans_min", "int", "Identities with rights that nobody has any more, as far as told", "identities"),
        _c("orphans", "int", "The same, where coverage is complete and the source tells rights", "identities"),
    ),
)

TABLES = View(
    "tables",
    "Tables, views, materialised views and foreign tables.",
    ("table",),
    (
        _c("path", "text", "Canonical path within the store"),
        _c("name", "text", "Canonical name"),
        _c("kind", "text", "table, view, materialized_view or foreign_table"),
        _c("subtype", "text", "Finer kind as the source names it: a storage engine"),
        _c("dbms", "text", "postgres, mysql, sqlite, tsql, access, … as definitions, settings or the driver tell"),
        _c("size", "int", "Size, as the store's statistics say", "bytes"),
        _c("rows", "int", "Rows, as the store's statistics estimate them", "rows"),
        _c("modified", "time", "Last change, where the store keeps it", "microseconds UTC"),
        _c("column_count_min", "int", "Columns seen", "columns"),
        _c("column_count", "int", "Columns, where none could be hidden", "columns"),
        _c("has_primary_key", "bool", "Whether a primary key was seen; unknown where keys could not be asked for"),
        _c("has_unique_key", "bool", "Whether a unique key was seen, likewise"),
        _c("has_statistics", "bool", "Whether the store estimates its rows; unknown for views"),
        _c("same_folded_min", "int", "Tables of its schema, itself included, equal without regard to case", "tables"),
        _c("scanned", "time", "When its source was scanned", "microseconds UTC"),
    ),
    (
        _c("name_bytes", "int", "Exact length of the name", "bytes"),
        _c("plain_name", "text", "Exact name; unknown where it is undecodable"),
        _c("age_days", "real", "From the last change to the scan", "days"),
    ),
)

COLUMNS = View(
    "columns",
    "Columns of tables and views.",
    ("table",),
    (
        _c("path", "text", "Canonical path of the table or view within the store"),
        _c("name", "text", "Column name"),
        _c("kind", "text", "Kind of what it is a column of"),
        _c("dbms", "text", "As for tables"),
        _c("type", "text", "Native type with its arguments"),
        _c("length", "int", "Declared length", "characters or bytes"),
        _c("precision", "int", "Declared precision", "digits"),
        _c("scale", "int", "Declared scale", "digits"),
        _c("nullable", "bool", "Whether NULL is allowed"),
        _c("default", "text", "Default expression; '' for none"),
        _c("lob", "bool", "Whether it is a large object"),
        _c("collation", "text", "Collation, where it is not the table's"),
    ),
    (
        _c("base_type", "text", "Native type in lower case, without its arguments"),
        _c("name_bytes", "int", "Exact length of the name", "bytes"),
        _c("plain_name", "text", "Exact name; unknown where it is undecodable"),
    ),
)

KEYS = View(
    "keys",
    "Primary, foreign and unique keys, and indexes.",
    ("table",),
    (
        _c("path", "text", "Canonical path of the table within the store"),
        _c("name", "text", "Constraint or index name; '' for none"),
        _c("kind", "text", "primary, foreign, unique or index"),
        _c("dbms", "text", "As for tables"),
        _c("columns", "texts", "Columns in key order"),
        _c("leaves_store", "bool", "Foreign keys: whether the table referred to lies in another store"),
    ),
    (
        _c("name_bytes", "int", "Exact length of the name", "bytes"),
        _c("column_count", "int", "Columns it has", "columns"),
    ),
)

ROUTINES = View(
    "routines",
    "Definitions a store keeps: of views, procedures, functions, triggers, events and jobs.",
    ("table",),
    (
        _c("path", "text", "Canonical path within the store"),
        _c("name", "text", "Its name, without the arguments that tell functions apart"),
        _c("kind", "text", "view, materialized_view, procedure, function, trigger, event, rule, query, job"),
        _c("dialect", "text", "SQL dialect: postgres, mysql, sqlite, tsql, …"),
        _c("language", "text", "Language of the body, in lower case"),
        _c("definition", "text", "The text; unknown where the store does not show it"),
        _c("text_shown", "bool", "Whether the store shows the text"),
        _c("names_other_database", "bool", "Whether the text names another database of the server; unknown without"),
    ),
    (
        _c("name_bytes", "int", "Exact length of the name", "bytes"),
        _c("characters", "int", "Length of the text", "code points"),
    ),
)

DATABASES = View(
    "databases",
    "Databases, one row each, with what they say of themselves.",
    ("table",),
    (
        _c("path", "text", "Canonical path of the database within its source"),
        _c("name", "text", "Its name"),
        _c("dbms", "text", "As for tables"),
        _c("version_number", "int", "The server's version, 100 times its first part plus its second: 9.6 is 906"),
        _c("encoding", "text", "Character set of the database, in upper case"),
        _c("collation", "text", "Collation of the database"),
        _c("wal_level", "text", "PostgreSQL: how much the log holds"),
        _c("bytes_min", "int", "Bytes of the known sizes", "bytes"),
        _c("bytes", "int", "Bytes, where coverage is complete and every size is known", "bytes"),
    ),
)

SETTINGS = View(
    "settings",
    "Settings a store holds for itself, one row each; an extension is `extension.name`.",
    ("table",),
    (
        _c("path", "text", "Canonical path within the store of what it holds for"),
        _c("name", "text", "Name of the setting"),
        _c("value", "text", "Its value; unknown where the store would not say"),
        _c("dbms", "text", "As for tables"),
    ),
    (_c("extension", "text", "Name of the extension the setting tells of; '' for other settings"),),
)

VIEWS: dict[str, View] = {
    v.name: v for v in (ENTRIES, CONTAINERS, STORES, TABLES, COLUMNS, KEYS, ROUTINES, DATABASES, SETTINGS)
}
"""Every judged view by name."""
