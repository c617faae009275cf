"""The declared facts: every column with a type, a unit and a doc line.

Parquet columns, the DuckDB views, the data dictionary and the conformance checks are all derived from this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "texts", "int", "real", "bool", "time"]
"""``time`` is integer microseconds since 1970 in UTC; ``texts`` is a list of text; ``int`` is 64-bit signed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: its type, its unit (``""`` where none applies) and what it says."""

    name: str
    type: ColumnType
    doc: str
    unit: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """One kind of fact: a name, what one record is, and its columns in order."""

    name: str
    doc: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(c.name for c in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that are never NULL."""
        return tuple(c.name for c in self.columns if c.required)


KINDS: dict[str, str] = {
    "file": "a regular file",
    "directory": "a directory",
    "link": "a symbolic link, junction or DFS link; never followed",
    "special": "a FIFO, socket or device; never opened",
    "object": "an object of an object store",
    "bucket": "a bucket",
    "database": "a database of a server",
    "schema": "a schema of a database",
    "table": "a base table",
    "view": "a view",
    "materialized_view": "a view that keeps its rows",
    "foreign_table": "a table that another store holds",
    "sequence": "a sequence",
    "synonym": "another name for something, in the same database or elsewhere; `target` says for what",
    "unknown": "the source did not say what it is",
}
"""Every value of ``entry.kind``."""

ENTRY = Schema(
    "entry",
    "One thing found: a file, directory, link, object, table or view. Its path is `parent || name`.",
    (
        Column("parent", "text", "Canonical path of what holds it, with its closing '/'; '' at the top", required=True),
        Column("name", "text", "Canonical last part of the path", required=True),
        Column("kind", "text", "One of the declared kinds", required=True),
        Column("size", "int", "Content length; for tables what the store's statistics say", "bytes"),
        Column("allocated", "int", "Space occupied on disk", "bytes"),
        Column("rows", "int", "Rows of a table, as the store's statistics estimate them", "rows"),
        Column("modified", "time", "Last change of the content", "microseconds UTC"),
        Column("created", "time", "Creation, where the source keeps it", "microseconds UTC"),
        Column("accessed", "time", "Last read, where the source maintains it", "microseconds UTC"),
        Column("owner", "text", "Owner as the source names it; '#N' for a number without a name"),
        Column("group", "text", "Owning group, likewise"),
        Column("mode", "int", "POSIX mode, permission and type bits"),
        Column("attributes", "int", "Windows file attributes"),
        Column("links", "int", "Names the same content has (hard links)", "names"),
        Column("hardlink", "text", "Identity shared by hard links; only where links > 1"),
        Column("target", "text", "Where a link points, as written"),
        Column("tier", "text", "online, nearline or offline; offline content is never read"),
        Column("storage_class", "text", "Storage class of an object"),
        Column("etag", "text", "Entity tag of an object"),
        Column("subtype", "text", "Finer kind as the source names it: engine, fifo, reparse tag"),
    ),
)

LISTING = Schema(
    "listing",
    "One container that was listed (a directory, a bucket page run, a schema): the ledger's own count.",
    (
        Column("path", "text", "Canonical path of the container with its closing '/'; '' for the root", required=True),
        Column(
            "listed", "int", "Names the source returned, before any was recorded or left out", "names", required=True
        ),
        Column("complete", "bool", "Whether the listing reached its end", required=True),
    ),
)

COLUMN = Schema(
    "column",
    "One column of a table or view.",
    (
        Column("path", "text", "Canonical path of the table or view", required=True),
        Column("name", "text", "Column name", required=True),
        Column("position", "int", "Place in the table, from 1"),
        Column("type", "text", "Native type with its arguments, as the store writes it"),
        Column("length", "int", "Declared length", "characters or bytes"),
        Column("precision", "int", "Declared precision", "digits"),
        Column("scale", "int", "Declared scale", "digits"),
        Column("nullable", "bool", "Whether NULL is allowed"),
        Column("default", "text", "Default expression"),
        Column("generated", "bool", "Whether the store computes the value (generated or identity)"),
        Column("lob", "bool", "Whether it is a large object"),
        Column("collation", "text", "Collation, where it is not the table's"),
        Column("comment", "text", "The store's comment on the column"),
    ),
)

KEY = Schema(
    "key",
    "One primary, foreign or unique key, or an index.",
    (
        Column("path", "text", "Canonical path of the table", required=True),
        Column("name", "text", "Constraint or index name; '' where the store gives none", required=True),
        Column("kind", "text", "primary, foreign, unique or index", required=True),
        Column("columns", "texts", "Columns in key order", required=True),
        Column("ref_path", "text", "Foreign keys: canonical path of the table referred to"),
        Column("ref_columns", "texts", "Foreign keys: columns referred to, in the same order"),
        Column("on_delete", "text", "Foreign keys: the declared action"),
        Column("on_update", "text", "Foreign keys: the declared action"),
    ),
)

ROUTINE = Schema(
    "routine",
    "One definition kept by a store: of a view, procedure, function, trigger, event or job.",
    (
        Column("path", "text", "Canonical path of the routine or view", required=True),
        Column(
            "kind",
            "text",
            "view, materialized_view, procedure, function, trigger, event, rule, query, job",
            required=True,
        ),
        Column("dialect", "text", "SQL dialect as sqlglot names it: postgres, mysql, sqlite, tsql, …"),
        Column("language", "text", "Language of the body as the store names it"),
        Column("on_path", "text", "Triggers: canonical path of the table it fires on"),
        Column("definition", "text", "The text; NULL where the store does not show it"),
    ),
)

RIGHTS: dict[str, str] = {
    "read": "read content or rows",
    "write": "change or add content or rows",
    "list": "see what a container holds",
    "execute": "run it, or pass through a directory",
    "delete": "remove it",
    "change_permissions": "change who may do what, or take ownership",
    "owner": "owns it, and so may give itself any right",
    "full": "every right",
}
"""Every value of ``grant.right``; what the source itself calls it stands in ``grant.native``."""

GRANTEE_KINDS: dict[str, str] = {
    "user": "one account, of a person or a service",
    "group": "a group of accounts",
    "role": "a role that accounts take on",
    "everyone": "anybody at all, with or without a login",
    "authenticated": "anybody who can log in: the whole organisation, or every customer of a cloud",
    "unknown": "the source does not say, or nobody has that identity any more",
}
"""Every value of ``grant.grantee_kind``."""

ORIGINS: dict[str, str] = {
    "mode": "POSIX mode bits; the deepest path above something holds for it",
    "posix_acl": "POSIX access list, in place of the mode; the deepest path holds",
    "nfs4_acl": "NFSv4 access list, in place of the mode; the deepest path holds",
    "nt_acl": "NT security descriptor; the deepest path holds, and a folder without rows is as the one above it",
    "share_acl": "rights on a share as a whole: no more than these, whatever the files' own say",
    "bucket_policy": "policy of a bucket; adds to other rights, and a denial wins",
    "acl": "access list of a bucket or object; adds to other rights",
    "public_access_block": "a bar to public access, over policy and access lists",
    "sql_grant": "a database's own rights; add to each other",
}
"""Every value of ``grant.origin``, and how rights of that origin go together."""

GRANT = Schema(
    "grant",
    "Who may do what on which path, and on all beneath it up to the next path with rights of the same origin.",
    (
        Column("path", "text", "Canonical path; '' for the source's root", required=True),
        Column("grantee", "text", "Principal as the source names it", required=True),
        Column("grantee_kind", "text", "user, group, role, everyone, authenticated or unknown"),
        Column("right", "text", "read, write, execute, list, delete, change_permissions, owner or full", required=True),
        Column("effect", "text", "allow or deny", required=True),
        Column("inherited", "bool", "Whether it comes from a container"),
        Column("origin", "text", "What said so, one of the declared origins: mode, nt_acl, bucket_policy, …"),
        Column("grantee_id", "text", "Lasting identity behind the name: a SID, '#uid', a canonical user id"),
        Column("native", "text", "The right as the source writes it: an access mask, action or privilege"),
        Column("scope", "text", "Where it holds: this (the path itself), beneath (what is in it) or both"),
        Column("condition", "text", "What it depends on besides, as the source writes it; NULL where on nothing"),
    ),
)

SETTING = Schema(
    "setting",
    "What a store says of itself: encryption, versioning, signing, version, collation.",
    (
        Column("path", "text", "Canonical path of what it holds for; '' for the whole source", required=True),
        Column("name", "text", "Name of the setting", required=True),
        Column("value", "text", "Its value as text; NULL where the store would not say"),
    ),
)

LABEL = Schema(
    "label",
    "What a classifier says of sampled content; never the value itself.",
    (
        Column("path", "text", "Canonical path of the file, object or table", required=True),
        Column("column", "text", "Column, for tables"),
        Column("kind", "text", "What it is: a label of a classifier", required=True),
        Column("count", "int", "Values found in the sample", "values"),
        Column("sampled", "int", "Values looked at", "values"),
        Column("position", "text", "Where the first one stands"),
        Column("hash", "text", "Keyed hash of the first value, for joins"),
        Column("confidence", "real", "From 0 to 1"),
    ),
)

MENTION = Schema(
    "mention",
    "A locator quoted in content, with secrets cut out.",
    (
        Column("path", "text", "Canonical path of the content that quotes it", required=True),
        Column("line", "int", "Line, from 1"),
        Column("part", "text", "Part of a compound file"),
        Column("kind", "text", "connection_string, url, unc, path, host, reference, table, sql, …", required=True),
        Column("locator", "text", "The locator as quoted, secrets cut out", required=True),
        Column("status", "text", "active, commented, template or placeholder"),
        Column("extractor", "text", "Which extractor quoted it"),
        Column("alias", "text", "Name by which the content makes the place known: a connection, a DSN, a drive"),
        Column("via", "text", "Alias through which a table, statement or path is reached"),
        Column("action", "text", "reads, writes, calls, mounts, connects or defines; NULL where it is not said"),
        Column("origin", "text", "What in the format it stands in, as ssis/OpenRowset"),
        Column("server", "text", "Server, as written, where it is told apart"),
        Column("port", "int", "Port, likewise"),
        Column("database", "text", "Database, schema or bucket, likewise"),
        Column("user", "text", "Account, likewise"),
        Column("driver", "text", "Driver, provider or scheme, likewise"),
    ),
)

MEMBER = Schema(
    "member",
    "Who belongs to which group or role, as far as the source tells.",
    (
        Column("path", "text", "Canonical path of what the membership holds in; '' for the source", required=True),
        Column("group", "text", "Group or role, as a grantee is named", required=True),
        Column("member", "text", "Who belongs to it, as a grantee is named", required=True),
        Column("member_kind", "text", "user, group or role"),
    ),
)

SKETCH = Schema(
    "sketch",
    "What is kept of the values of one column that may hold keys: counts and keyed hashes, never a value.",
    (
        Column("path", "text", "Canonical path of the table", required=True),
        Column("column", "text", "Column name", required=True),
        Column("rows", "int", "Rows that were read", "rows", required=True),
        Column("distinct", "int", "Distinct values among them, NULL left out", "values", required=True),
        Column("nulls", "int", "Rows without a value", "rows", required=True),
        Column("complete", "bool", "Whether these are all rows there are", required=True),
        Column("dense", "bool", "Whether the values are whole numbers with few gaps, as counters give them"),
        Column(
            "hashes",
            "texts",
            "The smallest of the values' hashes, at most 1,024, in rising order: 16 hexadecimal digits each, by a key "
            "that the catalog's state holds",
            required=True,
        ),
    ),
)

SEEN_REASONS: dict[str, str] = {
    "not_configured": "the estate file does not name it",
    "excluded": "the estate file leaves it out",
    "denied": "the account may not look into it",
    "unsupported": "this connector cannot look into such a thing",
}
"""Every value of ``seen.reason``."""

SEEN = Schema(
    "seen",
    "A store that the source knows of and this scan of it did not look into.",
    (
        Column("name", "text", "Canonical name as the source gives it", required=True),
        Column("kind", "text", "share, bucket, database, schema, mount, directory or server", required=True),
        Column("locator", "text", "Where it is, as a source of the estate file would name it; without secrets"),
        Column("reason", "text", "not_configured, excluded, denied or unsupported", required=True),
        Column("detail", "text", "The source's own words about it: a comment, a type, an owner"),
    ),
)

SCHEMAS: dict[str, Schema] = {
    s.name: s for s in (ENTRY, LISTING, COLUMN, KEY, ROUTINE, GRANT, SETTING, LABEL, MENTION, MEMBER, SEEN, SKETCH)
}
"""Every kind of fact, by name."""
