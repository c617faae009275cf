"""JDBC URLs, each vendor's way."""

from __future__ import annotations

import re
from dataclasses import replace

from scanner.locators.cut import without_secrets
from scanner.locators.oracle import descriptor, easy
from scanner.locators.pairs import pairs
from scanner.locators.shape import Connection, address, number

_WRAPPERS = re.compile(
    r"(?i)^(?:p6spy|log4jdbc|aws-wrapper|datadirect|weblogic|wls|pool|c3p0|otel|tracing|tc|bea|inetdae7?|merlia|microsoft)\s*:\s*(?=[a-z])"
)
_FILE_KINDS = frozenset({"sqlite", "ucanaccess", "duckdb", "jstels", "csv", "xbase", "dbf"})
_EMBEDDED = frozenset({"h2", "hsqldb", "derby"})
_MYSQL_ADDRESS = re.compile(r"(?i)\(\s*(host|port)\s*=\s*([^()]{1,255})\)")
_PORT = ("portnumber", "port", "dbsport")
_DATABASE = (
    "databasename",
    "database",
    "db",
    "dbname",
    "initialcatalog",
    "defaultschema",
    "lib",
    "libraries",
    "schema",
)


def jdbc(text: str) -> Connection | None:  # noqa: PLR0911 - a product each
    r"""A JDBC URL taken apart; None where it names nothing.

    >>> made = jdbc(r"jdbc:sqlserver://sql7\erp:1500;databaseName=Sales;user=app;password=hunter2")
    >>> made.server, made.instance, made.port, made.database, made.user
    ('sql7', 'erp', 1500, 'Sales', 'app')
    """
    rest = re.sub(r"(?i)^\s*jdbc\s*:\s*", "", text)
    while wrapper := _WRAPPERS.match(rest):
        rest = rest[wrapper.end() :]
    kind, colon, rest = rest.partition(":")
    kind = kind.strip().lower()
    if not colon or not re.fullmatch(r"[a-z0-9][a-z0-9_+.-]{0,30}", kind):
        return None
    made = Connection(without_secrets(text.strip()), "jdbc", driver=kind)
    if kind == "oracle":
        return _oracle(made, rest)
    if kind == "odbc":
        inner = pairs(rest)
        return (
            replace(made, alias=inner.get("dsn") or (rest.partition(";")[0] if "=" not in rest else None))
            if rest
            else None
        )
    if kind in _FILE_KINDS:
        return _file(made, rest)
    if kind in _EMBEDDED and (embedded := _embedded(made, rest)) is not None:
        return embedded if embedded.file or embedded.alias or embedded.database else None
    # What stands before the slashes is a mode (loadbalance, replication) or a product (jtds:sqlserver).
    mode, slashes, rest = rest.partition("//") if "//" in rest else ("", "", rest)
    mode = mode.strip(":").lower()
    if kind == "jtds":
        made = replace(made, driver=mode or kind)
    if not slashes:
        return _without_slashes(made, rest)
    return _served(made, rest)


def _served(made: Connection, rest: str) -> Connection | None:
    """``host:port,host:port/database`` with properties behind ';', '?' or ':'."""
    cut = re.search(r"[;?]", rest)
    place, properties = (rest[: cut.start()], rest[cut.start() + 1 :]) if cut else (rest, "")
    found = pairs(properties.replace("&", ";"))
    if made.driver == "teradata":
        place, _, listed = place.partition("/")
        found |= pairs(listed.replace(",", ";"))
    hosts, _, database = place.partition("/")
    login, at_sign, hosts = hosts.rpartition("@") if "@" in hosts else ("", "", hosts)
    if made.driver in ("db2", "informix-sqli", "sybase", "as400", "netezza", "db2j") and ":" in database:
        database, _, listed = database.partition(":")
        found |= pairs(listed.replace(",", ";"))
    if "(" in hosts:
        inner = {k.lower(): v for k, v in reversed(_MYSQL_ADDRESS.findall(hosts))}
        hosts = f"{inner.get('host', '')}:{inner['port']}" if inner.get("port") else inner.get("host", "")
    host, *others = hosts.split(",")
    at = address(host) if host.strip() else None
    server = at.host if at else found.get("servername") or found.get("server") or None
    name = database.strip("/") or next((found[k] for k in _DATABASE if found.get(k)), None)
    if made.driver == "sqlserver" and found.get("databasename"):
        name = found["databasename"]
    if not server and not name:
        return None
    user = (
        found.get("user") or found.get("username") or found.get("uid") or (login.partition(":")[0] if at_sign else None)
    )
    port = (at.port if at else None) or number(next((found[k] for k in _PORT if k in found), None))
    return replace(
        made, server=server, port=port,
        instance=(at.instance if at else None) or found.get("instancename") or found.get("instance") or None,
        database=name or None, user=user or None, more=tuple(others),
    )  # fmt: skip


def _without_slashes(made: Connection, rest: str) -> Connection | None:
    """``sybase:Tds:host:port/db``, ``firebirdsql:host/port:path``, ``db2:alias``, ``as400:host``."""
    if made.driver == "sybase" and (tds := re.match(r"(?i)^tds:([^:/;?]{1,255}):(\d{1,5})(?:/([^?;:]{1,128}))?", rest)):
        return replace(made, server=tds[1], port=number(tds[2]), database=tds[3])
    if made.driver == "firebirdsql" and (bird := re.match(r"^([^/:]{2,255})(?:/(\d{1,5}))?:(.{1,400})$", rest)):
        return replace(made, server=bird[1], port=number(bird[2]), database=bird[3].partition("?")[0])
    name = re.split(r"[;?:]", rest, maxsplit=1)[0].strip()
    if not name or "=" in name:
        found = pairs(rest)
        server = found.get("servername") or found.get("server") or found.get("host")
        return replace(made, server=server, database=found.get("databasename")) if server else None
    if made.driver in ("as400", "sap"):
        return replace(made, server=name)
    return replace(made, alias=name)


def _file(made: Connection, rest: str) -> Connection | None:
    path = re.split(r"[;?]", rest.removeprefix("//"), maxsplit=1)[0]
    path = path.removeprefix("file:")
    return replace(made, file=path) if path and not path.startswith(":memory") else None


def _embedded(made: Connection, rest: str) -> Connection | None:
    """Of databases that live in the program: a file, a place in memory; None where it is a server after all."""
    mode, colon, path = rest.partition(":")
    mode = mode.lower()
    if rest.startswith("//") or mode in ("tcp", "ssl", "hsql", "hsqls", "http", "https"):
        return None
    path = re.split(
        r"[;?]",
        path
        if colon and mode in ("file", "mem", "memory", "res", "zip", "nio", "split", "directory", "jar", "classpath")
        else rest,
        maxsplit=1,
    )[0]
    if mode in ("mem", "memory", "res", "classpath"):
        return replace(made, database=path or None)
    return replace(made, file=path or None)


def _oracle(made: Connection, rest: str) -> Connection | None:
    rest = rest.partition(":")[2]  # behind thin, oci, oci8
    login, _, place = rest.rpartition("@") if "@" in rest else ("", "", rest)
    user = login.partition("/")[0].strip() or None
    place = place.strip()
    if place.startswith("("):
        inner = descriptor(place)
        return replace(inner, text=made.text, grammar="jdbc", user=user) if inner else None
    if directory := re.match(r"(?i)^ldaps?://([^/:]{1,255})(?::(\d{1,5}))?/([^,\s]{1,128})", place):
        return replace(made, alias=directory[3], user=user)
    if sid := re.match(r"^(?://)?([^:/\s]{1,255}):(\d{1,5}):([\w$#.-]{1,64})", place):
        return replace(made, server=sid[1], port=number(sid[2]), database=sid[3], user=user)
    inner = easy(place.partition("?")[0], sure=True)
    if inner is not None and inner.server:
        return replace(inner, text=made.text, grammar="jdbc", user=user)
    return replace(made, alias=place.partition("?")[0].strip("/"), user=user) if place else None
