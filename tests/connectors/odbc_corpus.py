"""A schema of 20,000 things with names that break tools, as a script for PostgreSQL or MariaDB."""

from __future__ import annotations

from collections.abc import Iterator

HOSTILE = (
    'x"; DROP TABLE canary; --', "x'; DROP TABLE canary; --", "x`; DROP TABLE canary; --", "select", "table",
    "user", "order", "a/b", "a\\b", "per%cent_", "under_score", "UPPER", "Mixed Case", " lead", "new\nline",
    "tab\there", "a.b", "a..b", "..", "a:b", "a?b", "a*b", "[brackets]", "{braces}", "$dollar", "@at", "#hash",
    ":database", ":object", "?", "%s", "{0}", "''", '"', "`", "ünïcødé", "e\u0301", "é", "\u017f", "日本語", "🚢",
    "\u202egnp.exe", "<b>bold</b>", "=1+1", "null", "NULL", "0", "1e5", "con", "a--b", "a/*b*/", "\\x41", "x\\",
    "-- x", "/* x", "x;y", "|pipe",
)  # fmt: skip
"""Every one is a legal name, quoted."""
TABLES, COLUMNS, ROUTINES = 710, 24, 400


def names(quote: str) -> list[str]:
    """Names of tables: the hostile ones, then as many plain ones with a hostile part as are needed."""
    hostile = _legal(quote)
    return [*hostile, *(f"{hostile[n % len(hostile)][:40]} {n}" for n in range(TABLES - len(hostile)))]


def _legal(quote: str) -> list[str]:
    """MariaDB keeps names in three bytes a character; whatever lies beyond is none there."""
    return [n for n in HOSTILE if quote == '"' or max(n) <= "\uffff"]


def quoted(name: str, quote: str) -> str:
    """A name in quotes."""
    return quote + name.replace(quote, quote * 2) + quote


def script(quote: str) -> Iterator[str]:
    """Tables of 24 columns with a primary, a unique and a foreign key each, and routines."""
    hostile = _legal(quote)
    last = ""
    for number, name in enumerate(names(quote)):
        columns = [quoted(hostile[n], quote) + " integer" for n in range(COLUMNS - 3)]
        # Named, as MariaDB makes names of the tables', and those of "null" and "NULL" are the same to it.
        key = f"CONSTRAINT leads_{number} FOREIGN KEY (other) REFERENCES {quoted(last or name, quote)} (id)"
        parts = ["id integer PRIMARY KEY", "code integer UNIQUE", "other integer", *columns, key]
        yield f"CREATE TABLE {quoted(name, quote)} ({', '.join(parts)})"
        if name != "con":  # MariaDB cannot refer to a table of that name
            last = name
    for number in range(ROUTINES):
        name = quoted(f"{hostile[number % len(hostile)][:40]} {number}", quote)
        body = "LANGUAGE sql AS 'SELECT 1'" if quote == '"' else "DETERMINISTIC RETURN 1"
        yield f"CREATE FUNCTION {name}() RETURNS integer {body}"
