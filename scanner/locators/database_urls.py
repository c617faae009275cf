"""Database URLs: SQLAlchemy's, Rails', Django's, libpq's; MongoDB, Redis, LDAP, AMQP; DSNs of PHP PDO and Perl DBI."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl, unquote

from scanner.locators.cut import without_secrets
from scanner.locators.oracle import descriptor
from scanner.locators.pairs import pairs, semicolon_parted
from scanner.locators.shape import Connection, address, number

DATABASES = frozenset((
    "postgresql", "postgres", "postgis", "psql", "pgsql", "mysql", "mysql2", "mariadb", "mssql", "sqlserver",
    "oracle", "sqlite", "sqlite3", "db2", "ibm_db_sa", "db2+ibm_db", "mongodb", "redis", "rediss", "amqp", "amqps",
    "ldap", "ldaps", "snowflake", "redshift", "cassandra", "clickhouse", "trino", "presto", "hive", "hive2", "impala",
    "bigquery", "firebird", "informix", "access", "sybase", "memcached", "elasticsearch", "kafka", "nats", "duckdb",
    "hana", "saphana", "teradatasql", "teradata", "vertica", "exa", "cockroachdb", "timescaledb", "couchdb",
    "couchbase", "neo4j", "bolt", "influxdb", "databricks", "druid", "crate", "ingres", "maxdb", "tds", "jtds",
    "odbc", "ifx", "netezza", "nzpy", "phoenix", "spanner", "awsathena", "neptune", "pinot", "monetdb", "h2",
    "hsqldb", "derby", "ceph",
))  # fmt: skip
"""Schemes whose URLs reach a database, directory or queue; what stands behind a '+' names the driver."""
_FILES = frozenset({"sqlite", "sqlite3", "duckdb", "access"})
_SCHEME = re.compile(r"(?i)^([a-z][a-z0-9_.-]{0,29})(\+[a-z0-9_]{1,30}){0,2}:(//)?(.*)$", re.DOTALL)
_DSN = re.compile(r"(?i)^(?:dbi:(?P<dbi>\w{1,30})(?:\([^)]{0,200}\))?:)?(?P<rest>.*)$", re.DOTALL)


def database_url(text: str) -> Connection | None:
    """A database URL taken apart; None where its scheme is none of a database.

    >>> made = database_url("postgresql+psycopg2://app:hunter2@db7:5433/erp?sslmode=require")
    >>> made.server, made.port, made.database, made.user
    ('db7', 5433, 'erp', 'app')
    """
    if text[:4].lower() == "dbi:" or (text.partition(":")[0].lower() in _PDO and "://" not in text[:24]):
        return _dsn(text)
    found = _SCHEME.match(text)
    if found is None:
        return None
    scheme = found[1].lower()
    if not found[3]:
        return None
    if scheme.removesuffix("+srv") not in DATABASES:
        return None
    return authority(text, scheme, found[4])


def authority(text: str, scheme: str, rest: str) -> Connection | None:
    """What stands behind the two slashes: ``user:password@host:port,host:port/database?options``."""
    kept = without_secrets(text)
    rest, _, query = rest.partition("?")
    options = {k.lower(): v for k, v in parse_qsl(query, max_num_fields=None)[:100]}
    if inner := options.get("odbc_connect"):
        made = semicolon_parted(inner, scheme)
        return replace(made, text=kept, grammar="url") if made else None
    login, _, place = rest.rpartition("@")
    user = unquote(login.partition(":")[0]) or options.get("user") or options.get("username") or None
    if scheme in _FILES:
        path = unquote(place)
        path = path[1:] if re.match(r"^/(?:[A-Za-z]:|[^/])", path) else path.removeprefix("/")
        return Connection(kept, "url", driver=scheme, file=path) if path and path != ":memory:" else None
    hosts, _, database = place.partition("/")
    if hosts.startswith("(") and "=" in hosts:
        made = descriptor(place)
        return replace(made, text=kept, grammar="url", user=user) if made else None
    host, *others = hosts.split(",")
    at = address(unquote(host)) if host else None
    name = unquote(database).strip("/").partition(";")[0]
    server = at.host if at else options.get("host") or None
    if not server and not name:
        return None
    port = (at.port if at else None) or number(options.get("port"))
    alone = at is not None and not port and not name and scheme in ("mssql", "oracle", "odbc")  # a DSN or TNS name
    return Connection(
        kept, "url", driver=scheme, server=None if alone else server,
        port=port, instance=at.instance if at else None, user=user, alias=server if alone else None, more=tuple(others),
        database=(options.get("service_name") or name or options.get("dbname") or options.get("database") or None),
    )  # fmt: skip


_PDO = frozenset((
    "mysql", "pgsql", "sqlsrv", "dblib", "oci", "odbc", "sqlite", "sqlite2", "firebird", "ibm", "informix", "mssql",
    "sybase",
))  # fmt: skip


def _dsn(text: str) -> Connection | None:
    """Of PHP PDO (``mysql:host=…;dbname=…``) and of Perl DBI (``dbi:Oracle:host=…;sid=…``)."""
    dbi = _DSN.match(text)
    assert dbi is not None
    driver, _, rest = (dbi["dbi"], "", dbi["rest"]) if dbi["dbi"] else text.partition(":")
    kept, kind, rest = without_secrets(text), driver.lower(), rest.strip()
    grammar = "dbi" if dbi["dbi"] else "pdo"
    if kind.startswith("sqlite"):
        file = pairs(rest).get("dbname") or pairs(rest).get("database") or rest
        return Connection(kept, grammar, driver=driver, file=file) if file and file != ":memory:" else None
    if "=" in rest:
        if kind in ("pgsql", "pg"):
            rest = re.sub(r"[\s;]+(?=\w+\s*=)", ";", rest)
        made = semicolon_parted(rest if ";" in rest else rest + ";", "oracle" if kind in ("oci", "oracle") else driver)
        return replace(made, text=kept, grammar=grammar, driver=driver) if made else None
    if not rest:
        return None
    if kind in ("oracle", "oci", "odbc", "ibm", "db2"):
        return Connection(kept, grammar, driver=driver, alias=rest)
    database, _, host = rest.partition("@") if "@" in rest else rest.partition(":")
    at = address(host) if host else None
    return Connection(
        kept,
        grammar,
        driver=driver,
        database=database or None,
        server=at.host if at else None,
        port=at.port if at else None,
    )
