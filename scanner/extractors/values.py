"""Settings as any format has them, and what they locate: alone, or several keys of one section together."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanner.extractor import Mention
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.locators import connection, names_a_secret, unc, url

MOST = 50_000
"""Settings of one file that are looked at."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key, with the sections it stands in before it, and its value."""

    keys: tuple[str, ...]
    value: str
    line: int | None = None
    status: str | None = None
    """``commented`` where it is switched off."""

    @property
    def name(self) -> str:
        """Its key with those of its sections, as one."""
        return ".".join(self.keys)


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ROLES: dict[str, str] = {
    **dict.fromkeys(("host", "hostname", "server", "servername", "hostaddr", "hosts", "ip", "machine", "addr"), "host"),
    "port": "port",
    **dict.fromkeys(("database", "dbname", "databasename", "db", "catalog", "sid", "schema", "bucket", "share", "dbase",
                     "vhost", "defaultdb"), "database"),
    **dict.fromkeys(("user", "username", "userid", "uid", "login", "usr", "account"), "user"),
    **dict.fromkeys(("driver", "adapter", "engine", "dialect", "dbms", "provider", "type", "protocol", "dbtype"),
        "driver"),
    **dict.fromkeys(("dsn", "jndi"), "reference"),
}  # fmt: skip
_OF_DATABASE = frozenset((
    "db", "database", "databases", "datasource", "jdbc", "sql", "mysql", "mysqli", "postgres", "postgresql", "pg",
    "pgsql", "psql", "oracle", "ora", "mssql", "sqlserver", "mongo", "mongodb", "redis", "mariadb", "dsn", "db2",
    "odbc", "sybase", "informix", "teradata", "snowflake", "redshift", "hana", "sqlsrv", "cassandra", "clickhouse",
    "hibernate", "doctrine", "typeorm", "sequelize", "knex", "r2dbc", "vertica", "ingres", "firebird", "adodb", "pdo",
    "warehouse", "dwh", "edw", "dw", "dbi", "conn", "connection", "connections", "couchdb", "neo4j", "elasticsearch",
))  # fmt: skip
_OF_FILES = frozenset(("ftp", "ftps", "sftp", "ssh", "scp", "smb", "cifs", "nfs", "samba", "rsync", "webdav", "share",
                       "s3", "minio", "hdfs", "ldap", "ldaps", "amqp", "rabbitmq", "kafka", "mq", "sap",
                       "as400"))  # fmt: skip
_DRIVERS = re.compile(
    r"(?i)mysql|maria|postgre|pgsql|psycopg|oracle|oci8?$|sql_?server|mssql|sqlsrv|sqlite|db2|sybase|jtds|informix|mongo|"
    r"redis|firebird|odbc|ado|hana|teradata|snowflake|h2|derby|hsql|access|clickhouse|cassandra"
)
_FILE_DRIVERS = re.compile(r"(?i)sqlite|access|firebird|interbase|dbase|foxpro")
_PLACE = frozenset(["path", "dir", "directory", "folder", "file", "root", "location", "share", "unc", "home",
    "target", "destination", "source", "archive", "import", "export", "inbox", "outbox", "input", "output", "drop",
    "upload", "download", "backup", "filename", "basedir", "datadir"])  # fmt: skip
_PATH = re.compile(r"^(?:[A-Za-z]:[\\/][^\\/\n\"<>|?*]|/[\w.@$+-][\w.@$+ -]{0,120}(?:/[\w.@$+ -]{1,120}){0,40}/?$)")
_NOT_A_HOST = re.compile(
    r"(?i)^(?:0\.0\.0\.0|\*|::|\[::\]|true|false|yes|no|on|off|none|null|nil|auto|default|any|unknown|\d{1,9})$"
)
_HOST = re.compile(r"^(?:[A-Za-z0-9(][\w.()-]{0,253}|\.)(?:\\[\w$]{1,64})?(?:[,:]\d{1,5})?$")
_VARIABLE = re.compile(r"[$%#@{]|__|<\w")
_REFERENCE = re.compile(r"(?i)^(?:java:|jdbc/|osgi:service/)[\w:/.$-]{1,200}$")
_NAMED_ELSEWHERE = re.compile(r"^[A-Za-z][\w$#. -]{0,63}$")


@functools.lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The words of a key, in small letters: of camel case, with dots, dashes or underscores."""
    made: list[str] = []
    for word in (w.lower() for w in _WORD.findall(name[-300:])):
        start = None
        if word.startswith(_RUN_TOGETHER):
            start = next((e for e in _RUN_TOGETHER if word.startswith(e) and word[len(e) :] in _PARTS), None)
        made += [start, word[len(start) :]] if start else [word]
    return tuple(made)


_RUN_TOGETHER = ("database", "mysql", "mssql", "oracle", "mongo", "redis", "sftp", "ldap", "ftp", "sql", "db", "pg")
"""What a word may begin with that is two words written as one."""
_PARTS = frozenset((*_ROLES, "name", "url", "uri")) - {"ip"}


@dataclass(slots=True)
class _Group:
    """Keys of one section that may name one place together."""

    roles: dict[str, Setting] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)


def mentions(settings: Iterable[Setting], origin: str, *, page: Page | None = None) -> Iterator[Mention]:
    """What settings locate; what was told is covered on the page, where one is given."""
    groups: dict[tuple[str, str | None], _Group] = {}
    for number, setting in enumerate(settings):
        if number >= MOST:
            return
        made = alone(setting, origin)
        if made is not None:
            if page is not None and setting.line is not None:
                page.cover(setting.line, setting.value)
            yield made
        else:
            _sort(setting, groups)
    _adopt(groups)
    for (name, _), group in groups.items():
        made = _together(name, group, origin)
        if made is not None:
            yield made


def rest(page: Page, told: list[Mention], origin: str) -> Iterator[Mention]:
    """What else stands in the text for all to see, less what was told already.

    The same words count as told wherever they stand: an element that goes over several lines is told with its first.
    """
    said: dict[int | None, list[str]] = {}
    whole: set[tuple[str, str]] = set()
    for mention in told:
        text = _squeezed(mention.locator)
        said.setdefault(mention.line, []).append(text)
        whole.add((text, mention.status))
    for mention in page.plain(origin):
        text = _squeezed(mention.locator)
        if (text, mention.status) not in whole and not any(
            text in one or one in text for one in said.get(mention.line, ())
        ):
            yield mention


def _squeezed(text: str) -> str:
    return re.sub(r"[\\/]+|\*+", "/", text[:4000]).lower()


def alone(setting: Setting, origin: str) -> Mention | None:  # noqa: PLR0911 - a kind each
    """What a value locates by itself, or with the words of its key."""
    value, key = setting.value.strip().strip("\"'"), words(setting.keys[-1]) if setting.keys else ()
    if len(value) < 3 or len(value) > 30_000 or "\0" in value:
        return None
    name = alias_of(setting)
    if value[:5].lower() == "java:" or _REFERENCE.match(value):
        return quoted(value, origin=origin, kind="reference", line=setting.line, status=setting.status)
    if _connects(value, key):
        return quoted(
            value, origin=origin, kind="connection_string", alias=name, line=setting.line, status=setting.status
        )
    if unc(value) is not None and (value.startswith("\\\\") or set(key) & _PLACE):
        return quoted(value, origin=origin, kind="unc", line=setting.line, status=setting.status)
    if "://" in value[:24] and (place := url(value)) is not None and place.of_store:
        return quoted(value, origin=origin, kind="url", line=setting.line, status=setting.status)
    if set(key) & _PLACE and _PATH.match(value) and "\n" not in value:
        return quoted(value, origin=origin, kind="path", line=setting.line, status=setting.status)
    if key[-1:] == ("dsn",) and _NAMED_ELSEWHERE.match(value):
        return quoted(value, origin=origin, kind="reference", line=setting.line, status=setting.status)
    if key and key[-1] in ("tns", "tnsname", "tnsalias") and _NAMED_ELSEWHERE.match(value):
        return quoted(value, origin=origin, kind="reference", line=setting.line, status=setting.status)
    return None


def _connects(value: str, key: tuple[str, ...]) -> bool:
    """Whether it is a connection string, also going by its key where its own shape might be anything's."""
    if "=" not in value and ":" not in value and "/" not in value:
        return False
    found = connection(value)
    if found is None:
        return False
    if found.grammar == "ezconnect" and "@" not in value:
        return bool(set(key) & (_OF_DATABASE | {"tns", "service"}))
    if found.grammar in ("ado", "odbc") and ";" not in value:
        return bool({"connection", "connectionstring", "conn", "dsn", "string", "connect"} & set(key))
    return True


_GENERAL = frozenset(
    ("url", "connectionstring", "connection", "string", "value", "uri", "jdbc", "dsn", "connectstring", "conn")
)


def alias_of(setting: Setting) -> str | None:
    """The name under which a connection is known: its key, or the section where the key only says what it is."""
    for key in reversed(setting.keys):
        if not set(words(key)) <= _GENERAL and not key.isdigit():
            return key[:200]
    return setting.keys[-1][:200] if setting.keys else None


def _sort(setting: Setting, groups: dict[tuple[str, str | None], _Group]) -> None:
    if not setting.keys or names_a_secret(setting.keys[-1]):
        return
    key = words(setting.keys[-1])
    if not key:
        return
    role = _ROLES.get(key[-1]) or ("database" if key[-1] == "name" else None)
    before = key[:-1]
    if role is None and len(key) > 1 and key[-2] + key[-1] in _ROLES:
        role, before = _ROLES[key[-2] + key[-1]], key[:-2]
    if key[-1] == "connection" and _DRIVERS.search(setting.value) and len(setting.value) < 40:
        role = "driver"
    if role is None:
        return
    around = [w for k in setting.keys[:-1] for w in words(k)]
    if key[-1] == "name":  # a name is a database's only where the key or its section says so
        if not before and not set(around) & _OF_DATABASE:
            return
        if before and before[-1] not in _OF_DATABASE:
            role, before = ("host", before[:-1]) if before[-1] in ("host", "server") else ("", before)
        if before and before[-1] == "user":
            role, before = "user", before[:-1]
    if not role:
        return
    if role == "host" and not {*before, *around} & (_OF_DATABASE | _OF_FILES) and len(key) > 1 and key[-1] == "ip":
        return
    group = groups.setdefault((".".join([*setting.keys[:-1], "".join(before)]), setting.status), _Group())
    group.roles.setdefault(role, setting)
    group.words |= {*around, *before, key[-1]} & (_OF_DATABASE | _OF_FILES)


def _in_a_file(name: str, group: _Group, origin: str) -> Mention | None:
    """A database that is a file: there is no host, and its driver says so."""
    file, driver = group.roles.get("database"), group.roles.get("driver")
    if file is None or driver is None or not _FILE_DRIVERS.search(driver.value) or ":memory:" in file.value:
        return None
    text = f"Driver={driver.value.strip()};Dbq={file.value.strip()}"
    return quoted(text, origin=origin, line=file.line, kind="connection_string", status=file.status, alias=_last(name))


def _last(name: str) -> str | None:
    return next((k for k in reversed(name.split(".")) if k), None)


def _adopt(groups: dict[tuple[str, str | None], _Group]) -> None:
    """``databaseName`` stands beside ``serverName``, though its first word looks like a section's."""
    for (name, status), group in groups.items():
        if name.endswith("database") and "host" not in group.roles:
            beside = groups.get((name.removesuffix("database"), status))
            if beside is not None and "host" in beside.roles:
                for role, setting in group.roles.items():
                    beside.roles.setdefault(role, setting)
                beside.words |= group.words


def _together(name: str, group: _Group, origin: str) -> Mention | None:
    """The connection that several keys make, or the host of a service that keeps files."""
    roles = group.roles
    host, database, driver = roles.get("host"), roles.get("database"), roles.get("driver")
    if host is None:
        return _in_a_file(name, group, origin)
    server = host.value.strip().strip("\"'")
    if _NOT_A_HOST.match(server) or not (_HOST.match(server) or (_VARIABLE.search(server) and len(server) < 200)):
        return None
    of_database = bool(group.words & _OF_DATABASE) or (driver is not None and _DRIVERS.search(driver.value) is not None)
    if not of_database or (database is None and not ({"port", "user", "driver"} & roles.keys())):
        files = group.words & _OF_FILES
        if not files or (database is not None and of_database):
            return None
        return quoted(server, origin=origin, line=host.line, kind="host", status=host.status)
    parts = [
        ("Driver", driver),
        ("Host", host),
        ("Port", roles.get("port")),
        ("Database", database),
        ("User", roles.get("user")),
    ]
    text = ";".join(
        f"{n}={s.value.strip().strip(chr(34) + chr(39))}" for n, s in parts if s is not None and s.value.strip()
    )
    return quoted(text, origin=origin, line=host.line, kind="connection_string", status=host.status, alias=_last(name))
