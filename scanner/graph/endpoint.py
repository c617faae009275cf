"""What a locator leads to, in a form that can be compared: a share, host, database, bucket, or a name to look up."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import unquote

from scanner import locators

Kind = Literal[
    "share", "host", "server", "database", "bucket", "web",  # places
    "name", "drive", "local", "relative",  # what has to be looked up first
]  # fmt: skip

PORTS = {
    "mssql": 1433, "postgres": 5432, "mysql": 3306, "oracle": 1521, "db2": 50000, "firebird": 3050, "sybase": 5000,
    "informix": 9088, "teradata": 1025, "mongodb": 27017, "redis": 6379, "sftp": 22, "ftp": 21, "smb": 445,
    "nfs": 2049, "http": 80, "https": 443, "s3": 443,
}  # fmt: skip
"""The port that is meant where none is written, by what is spoken there."""
_FAMILIES = (
    ("sqlite", "sqlite"), ("postgres", "postgres"), ("psql", "postgres"), ("pgsql", "postgres"),
    ("npgsql", "postgres"), ("redshift", "postgres"), ("libpq", "postgres"), ("mariadb", "mysql"), ("mysql", "mysql"),
    ("oracle", "oracle"), ("oraoledb", "oracle"), ("msdaora", "oracle"), ("cx_oracle", "oracle"), ("tns", "oracle"),
    ("db2", "db2"), ("firebird", "firebird"), ("interbase", "firebird"), ("sybase", "sybase"), ("jconnect", "sybase"),
    ("adaptive server", "sybase"), ("informix", "informix"), ("teradata", "teradata"), ("mongo", "mongodb"),
    ("redis", "redis"), ("jet.oledb", "access"), ("ace.oledb", "access"), ("access", "access"), ("excel", "access"),
    ("sqlserver", "mssql"), ("sql server", "mssql"), ("sqlncli", "mssql"), ("sqloledb", "mssql"),
    ("msoledbsql", "mssql"), ("sqlclient", "mssql"), ("mssql", "mssql"), ("freetds", "mssql"), ("jtds", "mssql"),
    ("pymssql", "mssql"), ("sqlsrv", "mssql"), ("dblib", "mssql"),
)  # fmt: skip
"""What the name of a driver, provider or scheme holds, and the database system it is for; the first that fits."""
DIALECTS = {
    "mssql": "tsql", "postgres": "postgres", "mysql": "mysql", "oracle": "oracle", "sqlite": "sqlite",
    "teradata": "teradata", "sybase": "tsql", "access": "tsql",
}  # fmt: skip
FOLDED = frozenset({"", "mssql", "mysql", "oracle", "db2", "firebird", "sybase", "access", "teradata", "informix"})
"""Systems whose database names are compared without case. MySQL's are by the case of its host's files: most tell no
two apart by case alone."""
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "[::1]", ".", "(local)", "0.0.0.0", "localhost.localdomain"})  # noqa: S104
_REMOTE = frozenset({"sftp", "ssh", "scp", "ftp", "ftps", "rsync", "nfs"})
_SHARES = frozenset({"smb", "cifs"})
_BUCKETS = frozenset({"s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "wasb", "wasbs", "oss", "swift"})
_WEB = frozenset({"http", "https", "ws", "wss", "mailto"})
_DRIVE = re.compile(r"([A-Za-z]):(?:[\\/]|$)")
_HOST = re.compile(r"(?:(?P<user>[^@\s/]+)@)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:/\\@]+)(?::(?P<port>\d{1,5}))?$")
_BARE_UNC = re.compile(r"[\\/]{2}([^\\/\s:@;,=]{1,255})[\\/]*$")
_REMOTE_PATH = re.compile(
    r"(?:(?P<user>[\w.\-\\]{1,64})@)?(?P<host>[\w.-]{2,255}|\[[0-9A-Fa-f:]+\]):(?P<path>[/~].*)$", re.DOTALL
)
_PLAIN_URL = re.compile(
    r"(?i)(?:sftp|ssh|scp|ftps?|nfs|smb|cifs)://(?:[^\s:/@]{1,64}(?::\*{3})?@)?(?P<host>[\w.-]{1,255})(?::(?P<port>\d{1,5}))?"
    r"(?P<path>/[^?#@]{0,4000})?"
)
"""The usual form of such a URL; what is written otherwise is left to the whole grammar."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]{1,40}://")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place, or a name for one. ``host`` is in lower case; ``path`` lies beneath, parted by '/', case as written.

    ``name`` is the share, database, bucket, drive letter or alias. ``family`` is the database system or protocol.
    """

    kind: Kind
    host: str = ""
    port: int | None = None
    instance: str = ""
    name: str = ""
    path: str = ""
    family: str = ""

    @property
    def is_local(self) -> bool:
        """Whether its host is whichever machine uses it."""
        return self.host in _LOCAL_NAMES

    @property
    def usual_port(self) -> int | None:
        """The port, or the one that is meant where none is written; None where a named instance decides."""
        return self.port or (None if self.instance else PORTS.get(self.family))


def family(driver: str | None) -> str:
    """The database system a driver's, provider's or scheme's name is for; '' where the name does not say.

    >>> family("ODBC Driver 17 for SQL Server"), family("jdbc:postgresql"), family("Provider=MSDASQL")
    ('mssql', 'postgres', '')
    """
    text = (driver or "").lower()
    if text in {"sql", "sqlazure"}:  # as report servers name the system
        return "mssql"
    return next((system for sign, system in _FAMILIES if sign in text), "") if text else ""


def plain_host(host: str) -> str:
    """A host as it is compared: lower case, without the brackets of an IPv6 address or a closing dot."""
    return host.strip().strip("[]").rstrip(".").lower() if host.strip() not in {".", "(local)"} else host.strip()


@functools.lru_cache(maxsize=50_000)
def endpoint(
    kind: str, locator: str, server: str = "", port: int | None = None, database: str = "", driver: str = ""
) -> Endpoint | None:
    """What a quoted locator leads to; None where it is no place, or says too little to tell.

    ``server`` to ``driver`` are what the extractor told apart; they stand in where the locator's own grammar gives
    nothing.
    """
    text = locator.strip()
    given = Endpoint("database" if database else "server", family=family(driver), name=database)
    if kind in {"connection_string", "dsn", "server_link"}:
        # What an extractor told apart is not taken apart again: that would cut secrets anew, and takes its time.
        found = None if server else _connection(text, driver) or (_link(text) if kind == "server_link" else None)
    elif kind == "reference":
        return Endpoint("name", name=text) if text else None
    elif kind in {"table", "sql"}:
        found = None
    elif kind == "host":
        found = _host(text, family(driver) or (driver or "").lower())
    else:
        found = of_text(text)
        if found is not None and found.family == "sftp" and driver.lower().startswith("nfs"):
            found = replace(found, family="nfs")
    if found is None and server:
        host, instance = _server(server)
        found = replace(given, host=host[0], port=port or host[1], instance=instance)
    elif found is not None and found.kind == "server" and database:
        found = replace(found, kind="database", name=database)
    if found is not None and not found.family and given.family:
        found = replace(found, family=given.family)
    return found


def of_text(text: str) -> Endpoint | None:  # noqa: PLR0911 - one way of writing after the other
    """What a URL, UNC path, or path of a file system leads to."""
    if not text:
        return None
    if text.startswith(("\\\\", "//")):
        return _unc(text)
    if _SCHEME.match(text) or text.lower().startswith(("jdbc:", "mailto:")):
        return _url(text)
    if remote := _REMOTE_PATH.match(text):
        return Endpoint("host", plain_host(remote["host"]), path=remote["path"], family="sftp")
    if drive := _DRIVE.match(text):
        return Endpoint("drive", name=f"{drive[1].lower()}:", path=_parted(text[2:]))
    if text.startswith("/"):
        return Endpoint("local", path=_parted(text))
    return Endpoint("relative", path=text.replace("\\", "/"))


def _parted(path: str) -> str:
    """A path parted by single slashes, without any at its ends."""
    return "/".join(p for p in path.replace("\\", "/").split("/") if p and p != ".")


def _unc(text: str) -> Endpoint | None:
    if bare := _BARE_UNC.match(text):
        return Endpoint("host", plain_host(bare[1]), family="smb")
    found = locators.unc(text)
    if found is None:
        return None
    return Endpoint("share", plain_host(found.server), None, "", found.share, _parted(found.path), "smb")


def _url(text: str) -> Endpoint | None:  # noqa: PLR0911 - one kind of scheme after the other
    scheme = text.partition(":")[0].lower()
    if scheme == "file":
        return _file_url(text)
    if scheme == "jdbc" or family(scheme):
        return _connection(text)
    if plain := _PLAIN_URL.fullmatch(text):
        host, port, path = plain_host(plain["host"]), plain["port"], unquote(plain["path"] or "").strip("/")
        return _of_protocol(scheme, host, int(port) if port else None, path)
    found = locators.url(text)
    if found is None:
        return _connection(text)
    host, path = plain_host(found.host), found.path
    if found.bucket or scheme in _BUCKETS:
        return _bucket(scheme, found.bucket or "", host, path)
    if scheme in _SHARES or scheme in _REMOTE:
        return _of_protocol(scheme, host, found.port, path)
    if scheme in _WEB:
        return Endpoint("web", host, found.port, "", "", _parted(path), scheme) if host else None
    return _connection(text) or (Endpoint("host", host, found.port, "", "", path, scheme) if host else None)


def _of_protocol(scheme: str, host: str, port: int | None, path: str) -> Endpoint | None:
    """A share or a path of a host, by the protocol that is spoken there."""
    if scheme in _SHARES:
        share, _, rest = _parted(path).partition("/")
        if share:
            return Endpoint("share", host, port if port != PORTS["smb"] else None, "", share, rest, "smb")
        return Endpoint("host", host, port, family="smb")
    protocol = "sftp" if scheme in {"ssh", "scp", "rsync"} else "ftp" if scheme == "ftps" else scheme
    return Endpoint("host", host, port, "", "", f"/{path}" if path else "", protocol) if host else None


def _bucket(scheme: str, bucket: str, host: str, key: str) -> Endpoint | None:
    if not bucket:
        return None
    cloud = "gs" if scheme in {"gs", "gcs"} or "googleapis" in host else "s3"
    if scheme[:4] in {"abfs", "wasb"} or host.endswith((".windows.net", ".azure.net")):
        return Endpoint("bucket", "", None, "", f"{bucket}@{host.partition('.')[0]}", key, "azure")
    return Endpoint("bucket", "", None, "", bucket, key, cloud)


def _file_url(text: str) -> Endpoint | None:
    rest = unquote(text.partition(":")[2])
    if rest.startswith("//") and not rest.startswith("///"):
        host, _, path = rest[2:].partition("/")
        if host and plain_host(host) != "localhost":
            return _unc(f"//{host}/{path}")
        rest = "/" + path
    rest = rest.lstrip("/")
    return of_text(rest) if _DRIVE.match(rest) else Endpoint("local", path=_parted(rest))


def _host(text: str, protocol: str) -> Endpoint | None:
    if "://" in text:
        return of_text(text)
    found = _HOST.match(text)
    if found is None:  # a bare IPv6 address has more colons than a port
        return Endpoint("host", plain_host(text), family=protocol) if re.fullmatch(r"[0-9A-Fa-f:.%]+", text) else None
    port = int(found["port"]) if found["port"] else None
    return Endpoint("host", plain_host(found["host"]), port, family=protocol)


def _server(text: str) -> tuple[tuple[str, int | None], str]:
    r"""Host and port, and instance, of a server as SQL Server's tools write it: ``tcp:host\instance,port``."""
    text = text.strip().removeprefix("tcp:").removeprefix("np:").removeprefix("lpc:").removeprefix("admin:")
    text, _, port = text.partition(",")
    host, _, instance = text.partition("\\")
    if not port and host.count(":") == 1:
        host, _, port = host.partition(":")
    return (plain_host(host), int(port) if port.strip().isdigit() else None), instance.lower()


def _connection(text: str, driver: str = "") -> Endpoint | None:
    found = locators.connection(text, driver=driver or None)
    if found is None:
        return None
    system = family(found.driver) or family(driver) or ("oracle" if found.grammar in {"tns", "ezconnect"} else "")
    if found.file:
        place = of_text(found.file)
        return replace(place, family=system or place.family) if place is not None and place.kind != "web" else None
    if found.server:
        kind: Kind = "database" if found.database else "server"
        instance = (found.instance or "").lower()
        return Endpoint(kind, plain_host(found.server), found.port, instance, found.database or "", family=system)
    if found.alias:
        return Endpoint("name", name=found.alias, path=found.database or "", family=system or "dsn")
    return None


def _link(text: str) -> Endpoint | None:
    r"""A server as a catalog links to it: ``host\instance/database``, or the parts of a name that begins with one."""
    if "=" in text or not text:
        return None
    head, _, rest = text.rpartition("/") if "/" in text else (text, "", "")
    head = head.partition("/")[0]
    (host, port), instance = _server(head)
    if not host or " " in host:
        return None
    return Endpoint("database" if rest else "server", host, port, instance, rest)
