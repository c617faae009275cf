"""What is asked of which database system: one folder each, `profile.toml` and one `.sql` file for each fact.

Adding a system is adding a folder. The column aliases of a query are the columns of the declared schema it fills, plus
a few helpers named in ``HELPERS``; names come back raw and are made into paths by the connector.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from scanner.schema import COLUMN, ENTRY, GRANT, KEY, MEMBER, MENTION, ROUTINE, SETTING, Schema

FACTS: Mapping[str, Schema] = {
    "databases": ENTRY,
    "settings": SETTING,
    "server_grants": GRANT,
    "role_grants": GRANT,
    "server_accounts": SETTING,
    "server_links": MENTION,
    "server_jobs": ROUTINE,
    "members": MEMBER,
    "schemas": ENTRY,
    "database_settings": SETTING,
    "database_grants": GRANT,
    "database_members": MEMBER,
    "links": MENTION,
    "jobs": ROUTINE,
    "tables": ENTRY,
    "comments": SETTING,
    "columns": COLUMN,
    "keys": KEY,
    "foreign_keys": KEY,
    "indexes": KEY,
    "views": ROUTINE,
    "materialized_views": ROUTINE,
    "routines": ROUTINE,
    "triggers": ROUTINE,
    "grants": GRANT,
    "routine_grants": GRANT,
    "partitions": SETTING,
    "table_settings": SETTING,
    "references": MENTION,
}
"""Every fact by the name of its file, and the schema its rows are of."""

IN_SOURCE = ("settings", "server_grants", "role_grants", "server_accounts", "server_links", "server_jobs", "members")
IN_DATABASE = ("database_settings", "database_grants", "database_members", "links", "jobs")
IN_SCHEMA = (
    "comments", "columns", "keys", "foreign_keys", "indexes", "views", "materialized_views", "routines", "triggers",
    "grants", "routine_grants", "partitions", "table_settings", "references",
)  # fmt: skip
"""Which facts are asked for where, besides the entries themselves."""

HELPERS: Mapping[str, tuple[str, ...]] = {
    "key": ("ref_schema", "ref_database", "number", "place"),
    "routine": ("place", "mark"),
    "column": ("mark",),
}
"""Aliases beyond a schema's own: where a foreign key leads, what tells nameless keys apart, their columns' order; for
texts that a system keeps in pieces, the order of those: rows that differ in nothing but it and their text are one. The
``mark`` of an answer's last row says where the next one begins."""

_PLACEHOLDER = re.compile(r"(?<![:\w]):(database|schema|object|after)\b")
_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One fact's question: its text with ``?`` for parameters, and which of the names in scope they are, in order.

    ``one`` is the same for one object alone, None where it cannot be narrowed: a line of the file that names
    ``:object`` is left out of the whole and kept in this. ``then`` asks for what comes after a mark, for facts that one
    answer might hold too many of: a line that names ``:after`` is kept in this alone.
    """

    fact: str
    sql: str
    parameters: tuple[str, ...]
    one: Query | None = None
    then: Query | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a few rows are asked for: the statement, and how long text, bytes and dates are written in it."""

    select: str
    text: str = "{column}"
    binary: str = "{column}"
    date: str = "{column}"


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a driver is told to encrypt first, and what it says when the server has no encryption at all."""

    key: str
    first: str
    otherwise: str
    refused: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A database system: how to recognise it, connect to it, keep its session read-only, and ask it."""

    name: str
    title: str
    dialect: str
    dbms: str
    driver: str
    levels: tuple[str, ...]
    quote: str
    functions: bool
    narrow: bool
    reconnect: bool
    single: bool
    """Whether a connection is to one database, whatever the connection string calls it, and names no other."""
    padded: bool
    """Whether the catalog fills its names up with blanks."""
    maintenance: str
    second_way: str
    file_keys: tuple[str, ...]
    file_uri: str
    connect: Mapping[str, str]
    encryption: Encryption | None
    hush: Mapping[str, str]
    """Settings of a connection to nowhere that keeps the driver from writing a log when a real one is closed."""
    always: tuple[str, ...]
    one_of: tuple[str, ...]
    sampling: Sampling
    queries: Mapping[str, Query]
    variants: Mapping[str, tuple[tuple[str, Query], ...]]
    """Fact → (a question, the query to use instead where it has an answer), the first that has one."""
    ran_against: tuple[str, ...]
    """What its questions were put to in the tests, as a reader is told; empty where to nothing at all."""
    not_run: str
    """What of it was never run, where some of it was."""


def query(fact: str, text: str) -> Query:
    """A question from the text of its file: comments away (a driver may trip over them), placeholders noted."""
    sql = _COMMENT.sub("", text).strip()
    first = _without(":after", sql)
    whole = _without(":object", first)
    one = _bound(fact, first) if whole != first else None
    then = _bound(fact, _without(":object", sql)) if first != sql else None
    return replace(_bound(fact, whole), one=one, then=then)


def _without(name: str, sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if name not in line)


def _bound(fact: str, sql: str) -> Query:
    return Query(fact, _PLACEHOLDER.sub("?", sql), tuple(_PLACEHOLDER.findall(sql)))


@cache
def load() -> dict[str, Profile]:
    """Every profile by name."""
    folder = resources.files(__package__)
    names = sorted(f.name for f in folder.iterdir() if f.is_dir() and f.joinpath("profile.toml").is_file())
    return {name: _load(name) for name in names}


def ran() -> tuple[str, ...]:
    """How far each profile's questions were ever run, a sentence each; reads no question."""
    folder = resources.files(__package__)
    said = []
    for name in sorted(f.name for f in folder.iterdir() if f.is_dir() and f.joinpath("profile.toml").is_file()):
        text = tomllib.loads(folder.joinpath(name).joinpath("profile.toml").read_text("utf-8"))
        if text["ran_against"]:
            rest = f"; not run: {text['not_run']}" if "not_run" in text else ""
            said.append(f"{text['title']}: the questions ran against {' and '.join(text['ran_against'])}{rest}.")
        else:
            rest = text.get("not_run", "its questions name only views and columns listed from the vendor's manual")
            said.append(f"{text['title']}: not run; {rest}.")
    return tuple(said)


def by_driver(driver: str) -> Profile | None:
    """The profile a driver's name points to, before a connection can say more."""
    return next((p for p in load().values() if p.driver and re.search(p.driver, driver, re.IGNORECASE)), None)


def by_dbms(title: str) -> Profile:
    """The profile of what the server says it is; the catalog functions where there is none."""
    return next((p for p in load().values() if p.dbms and re.search(p.dbms, title, re.IGNORECASE)), load()["generic"])


def _load(name: str) -> Profile:
    text, files = _files(name)
    encryption = text.get("encryption")
    return Profile(
        name=name,
        title=text["title"],
        dialect=text["dialect"],
        dbms=text["dbms"],
        driver=text["driver"],
        levels=tuple(text["levels"]),
        quote=text["quote"],
        functions=text.get("functions", False),
        narrow=text.get("narrow", False),
        reconnect=text.get("reconnect", False),
        single=text.get("single", False),
        padded=text.get("padded", False),
        maintenance=text.get("maintenance", ""),
        second_way=text.get("second_way", ""),
        file_keys=tuple(text.get("file_keys", ())),
        file_uri=text.get("file_uri", ""),
        connect=text.get("connect", {}),
        encryption=Encryption(**encryption) if encryption else None,
        hush=text.get("hush", {}),
        always=tuple(text.get("session", {}).get("always", ())),
        one_of=tuple(text.get("session", {}).get("one_of", ())),
        sampling=Sampling(**text["sample"]),
        queries={
            fact: query(fact, files[f"{fact}.sql"])
            for fact in FACTS
            if f"{fact}.sql" in files and fact not in text.get("without", ())
        },
        variants={
            fact: tuple(
                (v["when"], query(fact, files[v["file"]])) for v in (given if isinstance(given, list) else [given])
            )
            for fact, given in text.get("variants", {}).items()
        },
        ran_against=tuple(text["ran_against"]),
        not_run=text.get("not_run", ""),
    )


def _files(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    folder = resources.files(__package__).joinpath(name)
    text = tomllib.loads(folder.joinpath("profile.toml").read_text("utf-8"))
    files = {f.name: f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".sql")}
    if "extends" not in text:
        return text, files
    base_text, base_files = _files(text.pop("extends"))
    return {**base_text, **text}, {**base_files, **files}
