"""URLs of stores: scheme, host, port, path, and the bucket where the host or path names one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from scanner.locators.cut import without_secrets

_URL = re.compile(r"(?s)^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,39}):(?://)(?P<rest>.*)$")
_PORTS = re.compile(r"^(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:]*)(?::(?P<port>\d{0,5}))?$")
_VIRTUAL = re.compile(
    r"(?i)^(?P<bucket>[a-z0-9][a-z0-9._-]{1,253}?)\.(?:s3(?:express)?(?:[.-](?:dualstack\.|fips\.|website[.-]|accesspoint\.)?"
    r"[a-z0-9-]{2,30}){0,3}\.amazonaws\.com(?:\.cn)?|storage\.googleapis\.com|(?:[a-z0-9-]{2,20}\.)?digitaloceanspaces\.com)$"
)
_PATH_STYLE = re.compile(
    r"(?i)^(?:s3(?:[.-][a-z0-9-]{2,30}){0,3}\.amazonaws\.com(?:\.cn)?|storage\.(?:cloud\.google|googleapis)\.com)$"
)
_AZURE = re.compile(
    r"(?i)^[a-z0-9]{3,24}\.(?:blob|dfs|file|queue|table)\.(?:core\.(?:windows|chinacloudapi|usgovcloudapi)\.[a-z]{2,4}|storage\.azure\.net)$"
)
_BUCKETS = frozenset({"s3", "s3a", "s3n", "gs", "gcs", "oss", "cos", "obs", "swift", "b2"})
_IN_LOGIN = frozenset({"abfs", "abfss", "wasb", "wasbs"})
_STORES = _BUCKETS | _IN_LOGIN | frozenset(
    ("sftp", "ftp", "ftps", "ftpes", "smb", "cifs", "nfs", "file", "hdfs", "webhdfs", "scp", "ssh", "rsync", "dav",
     "davs", "webdav", "webdavs", "adl", "afp", "ldap", "ldaps", "viewfs", "abfs", "maprfs", "tftp", "amqp", "amqps")
)  # fmt: skip
_SITE = re.compile(
    r"(?i)\.(?:sharepoint\.com|(?:r2\.cloudflarestorage|wasabisys|backblazeb2|linodeobjects)\.com|oraclecloud\.com)$"
)


@dataclass(frozen=True, slots=True)
class Url:
    """A URL taken apart; ``path`` has no slash at its ends; ``text`` is the URL as quoted, without its secrets."""

    text: str
    scheme: str
    host: str
    port: int | None = None
    path: str = ""
    bucket: str | None = None
    user: str | None = None

    @property
    def of_store(self) -> bool:
        """Whether it leads to a store, and not to a page or service of the web."""
        if self.scheme in ("http", "https"):
            return self.bucket is not None or _SITE.search(self.host) is not None
        return self.scheme in _STORES


def url(text: str) -> Url | None:
    """A URL taken apart; None where it is none, or names no place (``jdbc:``, ``urn:``).

    >>> url("https://backups.s3.eu-west-1.amazonaws.com/2024/a.bak").bucket
    'backups'
    """
    text = text.strip().strip("\"'<>")[:8000]
    kept = without_secrets(text)
    found = _URL.match(kept)  # what is left of the login has no '/' and no '@' of its own
    if found is None or text[:5].lower() == "jdbc:":
        return None
    scheme = found["scheme"].lower()
    authority, slash, path = re.split(r"[?#]", found["rest"], maxsplit=1)[0].partition("/")
    login, at, place = authority.rpartition("@")
    host = _PORTS.match(place)
    if host is None or (not host["host"] and scheme not in ("file", "s3", "hdfs", "nfs")):
        return None
    user = unquote(login.partition(":")[0]) if at and len(login.partition(":")[0]) <= 64 else None
    path = unquote(path).strip("/") if slash else ""
    name = host["host"].strip("[]")
    bucket, path = _bucket(scheme, name, path, login)
    port = int(host["port"]) if host["port"] else None
    return Url(kept, scheme, name, port if port and port < 65536 else None, path, bucket, user or None)


def _bucket(scheme: str, host: str, path: str, login: str) -> tuple[str | None, str]:
    first, _, rest = path.partition("/")
    if scheme in _BUCKETS:
        return host or first or None, path if host else rest
    if scheme in _IN_LOGIN:
        return login or None, path
    if virtual := _VIRTUAL.match(host):
        return virtual["bucket"], path
    if _PATH_STYLE.match(host) or _AZURE.match(host):
        return first or None, rest
    return None, path
