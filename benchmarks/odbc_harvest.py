"""A database's whole harvest beside SQLAlchemy's reflection and ODBC's SQLColumns, and how it grows with the tables.

    python -m benchmarks.odbc_harvest [--full] [--pairs 5]

Starts a PostgreSQL and a MariaDB of its own on loopback, and makes a SQLite file, with tables of 20 columns, each
referring to the one before. The harvest takes every fact the connector asks for (tables, columns, keys, indexes, texts,
figures, grants, settings), login included; SQLAlchemy gives columns and keys, SQLColumns columns alone. All must have
seen the same columns. 2,000 tables with --full, and 500, 8,000 and 20,000 to see how the time of each table grows.
"""

from __future__ import annotations

import os
import re
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.harness import Goal, Row, Seen, Side, main, of, pairs
from scanner.testing import servers

SECTION = "6 ODBC"
COLUMNS = 20
TYPES = ("int", "varchar(40)", "decimal(10,2)", "text", "date", "timestamp", "bigint", "char(3)", "double precision",
         "smallint")  # fmt: skip
AT_ONCE = 500
"""Tables made by one command: no server's table of locks holds many more."""
GROWTH = Goal("a table takes no longer among many (at most 1.25 x)", 1.25, "value", at_most=True)
PASSWORD = "STOCKTAKE_BENCHMARK"


@dataclass(frozen=True, slots=True)
class Place:
    """A database: its title, connection string without password, SQLAlchemy's URL, how SQLColumns narrows, the goal."""

    title: str
    connection: str
    password: str
    url: str
    narrow: tuple[tuple[str, str], ...]
    schema: str | None
    goal: Goal | None


def scripts(tables: int) -> Iterator[str]:
    """Statements that make the tables, some at a time."""
    for start in range(0, tables, AT_ONCE):
        made = []
        for number in range(start, min(tables, start + AT_ONCE)):
            columns = [f"c{place:02d} {TYPES[place % len(TYPES)]} NULL" for place in range(2, COLUMNS)]
            refers = (
                f", CONSTRAINT fk{number} FOREIGN KEY (prior_id) REFERENCES t{number - 1:05d} (id)" if number else ""
            )
            made.append(
                f"CREATE TABLE t{number:05d} (id int PRIMARY KEY, {', '.join(columns)}, prior_id int NULL{refers});"
            )
        yield "\n".join(made)


# the sides

_open: list[Any] = []


def connector(place: Place) -> None:
    """Import the connector and its driver, and make one that has not connected yet."""
    import pyodbc  # noqa: PLC0415 - of the process that is measured

    from connectors.odbc import PLUG  # noqa: PLC0415
    from scanner.connector import Session  # noqa: PLC0415

    assert pyodbc
    secret = f";PWD=env:{PASSWORD}" if place.password else ""
    options = PLUG.options.model_validate(PLUG.from_url(f"odbc:{place.connection}{secret}"))
    _open.append(PLUG.open(options, Session("benchmark")))


def harvested() -> Seen:
    """The connector's whole crawl."""
    from scanner.testing.crawling import crawl_all  # noqa: PLC0415 - of the process that is measured

    with closing(_open[0]) as open_one:
        crawl = crawl_all(open_one)
    assert not crawl.faults, crawl.faults[:3]
    return of(
        f"{str(path).rpartition('/')[2]}.{name}".encode()
        for batch in crawl.batches
        if batch.schema.name == "column"
        for path, name in zip(batch.columns["path"], batch.columns["name"], strict=True)
    )


def driver(place: Place) -> None:
    """Import pyodbc, and write the connection string out."""
    import pyodbc  # noqa: PLC0415 - of the process that is measured

    pyodbc.pooling = False
    _open.append(place.connection + (f";PWD={{{place.password}}}" if place.password else ""))


def with_functions(place: Place) -> Seen:
    """SQLColumns over the whole schema; psqlODBC's gives the columns of indexes as well, which do not count."""
    import pyodbc  # noqa: PLC0415 - of the process that is measured

    with closing(pyodbc.connect(_open[0])) as connection:
        found = connection.cursor().columns(**dict(place.narrow)).fetchall()
    return of(f"{row[2]}.{row[3]}".encode() for row in found if re.fullmatch(r"t\d{5}", row[2]))


def engine(place: Place) -> None:
    """Import SQLAlchemy and its driver."""
    import sqlalchemy as sa  # noqa: PLC0415 - of the process that is measured

    made = sa.create_engine(place.url)
    made.dialect.import_dbapi()
    _open.append(made)


def with_sqlalchemy(place: Place) -> Seen:
    """Columns and keys of the whole schema."""
    import sqlalchemy as sa  # noqa: PLC0415 - of the process that is measured

    inspector = sa.inspect(_open[0])
    columns = inspector.get_multi_columns(place.schema)
    inspector.get_multi_pk_constraint(place.schema)
    inspector.get_multi_foreign_keys(place.schema)
    _open[0].dispose()
    return of(f"{table}.{column['name']}".encode() for (_, table), found in columns.items() for column in found)


# the databases


@contextmanager
def postgresql(sizes: tuple[int, ...]) -> Iterator[list[tuple[int, Place]]]:
    """A server with a database of each size."""
    with servers.postgresql() as server:
        found = []
        for size in sizes:
            server.run(f"CREATE DATABASE big{size}")
            for script in scripts(size):
                server.run(f"BEGIN; {script} COMMIT;", f"big{size}")
            server.run("VACUUM ANALYZE", f"big{size}")
            where = (
                f"DRIVER={{PostgreSQL Unicode}};SERVER={server.host};PORT={server.port};Database=big{size};UID=postgres"
            )
            url = f"postgresql+psycopg://postgres@{server.host}:{server.port}/big{size}"
            goal = Goal("at most 0.5 s", 0.5, "seconds")
            found.append(
                (size, Place("PostgreSQL", where, server.password, url, (("schema", "public"),), "public", goal))
            )
        os.environ["PGPASSWORD"] = server.password  # libpq's own, for SQLAlchemy's side
        yield found


@contextmanager
def mariadb(sizes: tuple[int, ...]) -> Iterator[list[tuple[int, Place]]]:
    """A server with a database of each size; its peer is reached over the same driver."""
    with servers.mariadb() as server:
        found = []
        for size in sizes:
            server.run(f"CREATE DATABASE big{size}")
            for script in scripts(size):
                server.run(f"USE big{size}; SET foreign_key_checks = 0; {script}")
            at = f"SERVER={server.host};PORT={server.port};UID={server.user};Database=big{size}"
            where = f"DRIVER={{MariaDB Unicode}};{at}"
            whole = f"{where};PWD={{{server.password}}};CHARSET=utf8mb4".replace("%", "%25").replace(";", "%3B")
            url = f"mariadb+pyodbc:///?odbc_connect={whole.replace('+', '%2B')}"
            goal = Goal("at most 1 s", 1.0, "seconds")
            narrow = (("catalog", f"big{size}"),)
            found.append((size, Place("MariaDB", where, server.password, url, narrow, f"big{size}", goal)))
        yield found


@contextmanager
def sqlite(sizes: tuple[int, ...]) -> Iterator[list[tuple[int, Place]]]:
    """A file of each size."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for size in sizes:
            file = Path(folder) / f"big{size}.db"
            with closing(sqlite3.connect(file)) as db:
                for script in scripts(size):
                    db.executescript(f"BEGIN; {script} COMMIT;")
            found.append(
                (size, Place("SQLite", f"DRIVER={{SQLite3}};Database={file}", "", f"sqlite:///{file}", (), None, None))
            )
        yield found


# the rows


def beside(place: Place, size: int, *, full: bool) -> list[Row]:
    """One database, beside both peers."""
    peers = (
        Side("SQLAlchemy", partial(with_sqlalchemy, place), ready=partial(engine, place)),
        Side("SQLColumns", partial(with_functions, place), ready=partial(driver, place)),
    )
    ours = Side("harvest", harvested, ready=partial(connector, place))
    work = f"{place.title}, {size:,} tables"
    return [pairs(SECTION, work, peer=peer, ours=ours, goal=place.goal, full=full, unit="columns") for peer in peers]


def grown(places: list[tuple[int, Place]], *, full: bool) -> list[Row]:
    """The harvest alone at every size, and the time of a table over that at the size before, the worst of them."""
    rows, each = [], []
    for size, place in places:
        work = f"{place.title}, {size:,} tables"
        ours = Side("harvest", harvested, ready=partial(connector, place))
        rows.append(pairs(SECTION, work, ours=ours, full=full, unit="columns"))
        each.append(statistics.median(rows[-1].seconds) / size)
    title = f"{places[0][1].title}, {places[0][0]:,} to {places[-1][0]:,} tables"
    worst = max(more / fewer for fewer, more in pairwise(each))
    return [*rows, Row(SECTION, title, value=worst, goal=GROWTH, note="seconds of a table")]


def measure(full: bool) -> list[Row]:
    """Every system at one size, and how it grows."""
    size, sizes = (2000, (500, 2000, 8000, 20000)) if full else (400, (100, 400))
    os.environ[PASSWORD] = servers.PASSWORD
    rows: list[Row] = []
    for system in (postgresql, mariadb, sqlite):
        with system(sizes) as places:
            rows += beside(dict(places)[size], size, full=full)
            rows += grown(places, full=full)
    return rows


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
