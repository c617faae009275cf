"""Backups, dumps and exports that lie on a share or in a bucket, told by their names, beside the live thing itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from scanner.graph.facts import Reader
from scanner.graph.resolve import name_of
from scanner.results import Copies

LEAST = 4096
MOST = 2000
"""Files that are compared to names: the largest."""
GROUPS = 200
MEMBERS = 20
_BACKUPS = r"\.(bak|bkp|backup|dmp|dump|pgdump|sql|bacpac|dacpac|mdf|ndf|fbk|gbk|ibd|expdp|mysqldump)"
_EXPORTS = r"\.(csv|tsv|parquet|xlsx|xls|dbf)"
_PACKED = r"(\.(gz|bz2|xz|zst|zip|7z|gpg))?$"
_NOISE = frozenset(
    {"backup", "backups", "bak", "bkp", "full", "diff", "dump", "dmp", "export", "exports", "exported", "extract",
     "extracts", "unload", "copy", "copies", "daily", "weekly", "monthly", "nightly", "old", "new", "final",
     "latest", "archive", "db", "database", "live", "prod", "production", "all", "data", "snapshot", "am", "pm",
     "utc", "v"}
)  # fmt: skip
"""Words around the name of the thing in the name of its copy."""
_GENERIC = frozenset(
    {"test", "tests", "master", "main", "model", "msdb", "temp", "tempdb", "tmp", "postgres", "mysql", "public",
     "dbo", "app", "default", "sys", "template", "user", "users", "log", "logs", "item", "items", "status",
     "setting", "settings", "config", "configuration", "type", "types", "report", "reports", "list", "index",
     "session", "sessions", "message", "messages", "file", "files", "document", "documents", "result", "results",
     "output", "input", "table", "summary", "schema", "record", "records", "event", "events", "job", "jobs", "task",
     "tasks", "note", "notes"}
)  # fmt: skip
"""Names that say nothing of what is meant: a file and a table called so have no more in common."""
_MARKS = frozenset(
    {
        "export",
        "exports",
        "exported",
        "extract",
        "extracts",
        "unload",
        "dump",
        "backup",
        "bak",
        "bkp",
        "copy",
        "archive",
    }
)
"""Words that say outright that a file was made from something else."""
_SHEET = re.compile(r"\.xlsx?$")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?:[-_. ]?(?:0[1-9]|1[0-2])(?:[-_. ]?(?:0[1-9]|[12]\d|3[01]))?)?"
    r"(?:[-_T ]?\d{4}(?:\d\d)?)?(?!\d)"
)
"""A year, month, day or moment. Any other number in a document's name says which of many it is: Invoice 016."""
_SHORTEST = 3
_WORD = re.compile(r"[^\W\d_]+|\d+")

_FILES = f"""
    WITH live AS (SELECT unnest(?::VARCHAR[]) AS word),
    ended AS (
        SELECT source, store, path, name, size, regexp_matches(lower(name), '{_BACKUPS}{_PACKED}') AS backup,
            regexp_replace(lower(name), '({_BACKUPS}|{_EXPORTS}){_PACKED}', '') AS stem
        FROM entry WHERE kind IN ('file', 'object') AND size >= {LEAST}
            AND regexp_matches(lower(name), '({_BACKUPS}|{_EXPORTS}){_PACKED}')),
    split AS (
        SELECT *, regexp_replace(regexp_replace(stem, '[^\\p{{L}}]+', ' ', 'g'),
            '\\b({"|".join(sorted(_NOISE))})\\b', ' ', 'g') AS words FROM ended)
    SELECT source, store, path, name, size, backup FROM split JOIN live ON replace(words, ' ', '') = word
    ORDER BY size DESC, source, path LIMIT {MOST}"""
_LIVE = """
    SELECT source, store, path, kind FROM entry WHERE kind IN ('database', 'schema', 'table')
    ORDER BY source, path"""
_HEADERS = """
    SELECT source, path, list(lower(name) ORDER BY lower(name)) FROM columns
    WHERE (source, path) IN (SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])) GROUP BY ALL"""


def seems_made(name: str) -> bool:
    """Whether a file of rows seems to have been made from a table of its name, and not to be one document of many.

    It says so, or it is a plain file with nothing beside the table's name but a date.
    """
    lower = name.lower()
    words = set(_WORD.findall(lower))
    return bool(words & _MARKS) or not (
        _SHEET.search(lower) or any(w.isdigit() for w in _WORD.findall(_DATE.sub("", lower)))
    )


Live = tuple[str, str, str]
"""Source, store and path of a database, schema or table."""
Things = dict[tuple[str, bool], list[Live]]
Headers = dict[tuple[str, str], list[str]]


def bare(name: str) -> str:
    """A name without its endings and the words, dates and numbers around it: ``erp-backup_2019.sql.gz`` → erp."""
    stem = re.sub(f"({_BACKUPS}|{_EXPORTS}){_PACKED}", "", name.lower())
    words = [word for word in _WORD.findall(stem) if not word.isdigit() and word not in _NOISE]
    return "".join(words)


def exports(reader: Reader) -> list[Copies]:
    """Files named like a database, schema or table that is live in another store, marked as what such copies are."""
    things = _live(reader)
    if not things:
        return []
    found: dict[Live, list[tuple[Any, ...]]] = defaultdict(list)
    for source, store, path, name, size, backup in reader.rows(_FILES, [sorted({word for word, _ in things})]):
        live = _meant(things, bare(name_of(name)), store, backup=backup)
        if live is not None and (backup or seems_made(name_of(name))):
            found[live].append((source, store, path, size))
    headers = _headers(reader, found)
    groups = [_copies(live, files, headers) for live, files in found.items()]
    return sorted((g for g in groups if g is not None), key=lambda g: (-(g.bytes or 0), g.members))[:GROUPS]


def _live(reader: Reader) -> Things:
    """What is live, by bare name and whether it is a table; generic names are left out."""
    things: Things = defaultdict(list)
    for source, store, path, kind in reader.rows(_LIVE):
        word = bare(name_of(path.rpartition("/")[2]))
        if len(word) >= _SHORTEST and word not in _GENERIC:
            things[word, kind == "table"].append((source, store, path))
    return things


def _meant(things: Things, word: str, store: str, *, backup: bool) -> Live | None:
    """The one live thing that a file of that bare name is a copy of; a dump may be of a database or of a table."""
    for is_table in (False, True) if backup else (True,):
        live = [thing for thing in things.get((word, is_table), ()) if thing[1] != store]
        if live:
            return live[0] if len(live) == 1 else None
    return None


def _headers(reader: Reader, found: dict[Live, list[tuple[Any, ...]]]) -> Headers:
    """Columns of the files found, where their content was read, and of what they are named after."""
    places = [(source, path) for files in found.values() for source, _, path, _ in files]
    places += [(source, path) for source, _, path in found]
    if not places:
        return {}
    rows = reader.rows(_HEADERS, [[source for source, _ in places], [path for _, path in places]])
    return {(source, path): names for source, path, names in rows}


def _copies(live: Live, files: Iterable[tuple[Any, ...]], headers: Headers) -> Copies | None:
    """The live thing and its copies; a file whose columns are known and others than the table's is none."""
    own = headers.get((live[0], live[2]))
    same, kept = False, []
    for source, store, path, size in files:
        header = headers.get((source, path))
        if header is not None and own is not None:
            if header != own:
                continue
            same = True
        kept.append((store, path, size))
    if not kept:
        return None
    proof = "named after it, and with the same columns" if same else "named after it"
    members = (live[1:], *((store, path) for store, path, _ in kept))
    title = name_of(live[2].rpartition("/")[2])
    return Copies("export", title, members[:MEMBERS], len(members), max(k[2] for k in kept), proof, "inferred")
