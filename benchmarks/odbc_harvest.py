"""A database's whole harvest beside ODBC's SQLColumns and SQLAlchemy's reflection: runs in turn, medians of ratios.

python benchmarks/odbc_harvest.py [tables] [pairs]

Starts a PostgreSQL and a MariaDB of its own on loopback, with tables of 20 columns, each referring to the one before.
The harvest takes every fact the connector asks for (tables, columns, keys, indexes, texts, figures, grants, settings),
login included; SQLColumns gives columns alone, SQLAlchemy columns and keys. All must have seen the same columns.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing

import psycopg
import pyodbc
import sqlalchemy as sa

from connectors.odbc import PLUG
from scanner.connector import Session
from scanner.testing import servers
from scanner.testing.crawling import crawl_all

TYPES = (
    "int",
    "varchar(40)",
    "decimal(10,2)",
    "text",
    "date",
    "timestamp",
    "bigint",
    "char(3)",
    "double precision",
    "smallint",
)


def script(tables: int, prefix: str) -> str:
    """Statements that make the tables."""
    made = []
    for number in range(tables):
        columns = [f"c{place:02d} {TYPES[place % len(TYPES)]} NULL" for place in range(2, 20)]
        columns += ["prior_id int NULL"] + (
            [f"CONSTRAINT fk{number} FOREIGN KEY (prior_id) REFERENCES {prefix}t{number - 1:05d} (id)"] * bool(number)
        )
        made.append(f"CREATE TABLE {prefix}t{number:05d} (id int PRIMARY KEY, {', '.join(columns)});")
    return "\n".join(made)


def harvest(url: str) -> int:
    """The connector's whole crawl; returns the number of columns found."""
    options = PLUG.options.model_validate(PLUG.from_url(url))
    with closing(PLUG.open(options, Session("benchmark"))) as connector:
        crawl = crawl_all(connector)
    assert not crawl.faults, crawl.faults[:3]
    return sum(len(b) for b in crawl.batches if b.schema.name == "column")


def functions(connect: Callable[[], pyodbc.Connection], **where: str) -> int:
    """SQLColumns over the whole schema; returns the number of rows."""
    with closing(connect()) as connection:
        return len(connection.cursor().columns(**where).fetchall())


def reflect(engine: sa.Engine, schema: str) -> int:
    """SQLAlchemy's columns and keys of the whole schema; returns the number of columns."""
    inspector = sa.inspect(engine)
    columns = sum(len(c) for c in inspector.get_multi_columns(schema).values())
    inspector.get_multi_pk_constraint(schema)
    inspector.get_multi_foreign_keys(schema)
    engine.dispose()
    return columns


def compare(title: str, runs: dict[str, Callable[[], int]], expected: int, pairs: int) -> None:
    """Run all in turn, and print medians and the ratio to the first."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(pairs):
        for name, run in runs.items():
            started = time.perf_counter()
            found = run()
            times[name].append(time.perf_counter() - started)
            # psqlODBC's SQLColumns gives the columns of indexes as well.
            assert found == expected or (name == "SQLColumns" and found > expected), (name, found, expected)
    first = next(iter(times))
    for name, taken in times.items():
        ratio = statistics.median(t / own for t, own in zip(taken, times[first], strict=True))
        median = statistics.median(taken)
        rate = f"{expected / median:9,.0f} columns/s"
        print(f"{title:11} {name:11} {median:7.3f} s  best {min(taken):6.3f} s  {ratio:5.2f} x  {rate}")


def main() -> None:
    """Make the servers, measure, print."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    os.environ["STOCKTAKE_BENCH"] = servers.PASSWORD
    columns = tables * 20
    with servers.postgresql(settings=["max_locks_per_transaction=4096"]) as postgres:
        postgres.run("CREATE DATABASE big")
        postgres.run("BEGIN;" + script(tables, "") + "COMMIT; ANALYZE;", "big")
        where = f"DRIVER={{PostgreSQL Unicode}};SERVER={postgres.host};PORT={postgres.port};Database=big;UID=postgres"
        dsn = f"host={postgres.host} port={postgres.port} user=postgres password={postgres.password} dbname=big"
        compare(
            "PostgreSQL",
            {
                "harvest": lambda: harvest(f"odbc:{where};PWD=env:STOCKTAKE_BENCH"),
                "SQLColumns": lambda: functions(
                    lambda: pyodbc.connect(f"{where};PWD={{{postgres.password}}}"), schema="public"
                ),
                "SQLAlchemy": lambda: reflect(
                    sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn)), "public"
                ),
            },
            columns,
            pairs,
        )
    with servers.mariadb() as maria:
        maria.run("CREATE DATABASE big; USE big; SET foreign_key_checks = 0;" + script(tables, ""))
        where = f"DRIVER={{MariaDB Unicode}};SERVER={maria.host};PORT={maria.port};UID={maria.user}"
        plain = f"{where};PWD={{{maria.password}}};CHARSET=utf8mb4"
        compare(
            "MariaDB",
            {
                "harvest": lambda: harvest(f"odbc:{where};PWD=env:STOCKTAKE_BENCH"),
                "SQLColumns": lambda: functions(lambda: pyodbc.connect(plain), catalog="big"),
                "SQLAlchemy": lambda: reflect(
                    sa.create_engine("mariadb+pyodbc://", creator=lambda: pyodbc.connect(plain)), "big"
                ),
            },
            columns,
            pairs,
        )
        maria.run(
            f"CREATE USER clerk@'127.0.0.1' IDENTIFIED BY '{maria.password}';GRANT SELECT ON big.* TO clerk@'127.0.0.1'"
        )
        clerk = where.replace(f"UID={maria.user}", "UID=clerk")
        compare("SELECT only", {"harvest": lambda: harvest(f"odbc:{clerk};PWD=env:STOCKTAKE_BENCH")}, columns, pairs)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
