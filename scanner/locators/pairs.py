"""Connection strings of pairs: ODBC, ADO.NET, OLE DB with semicolons, libpq with blanks."""

from __future__ import annotations

import re
from dataclasses import replace

from scanner.locators.cut import without_secrets
from scanner.locators.shape import Address, Connection, address, is_file, number

_SERVER = ("datasource", "server", "address", "addr", "networkaddress", "host", "hostname", "servername", "hostaddr",
           "servernode", "serverlist", "dataservername", "dbcname", "srvr", "cluster", "endpoint",
           "accountendpoint", "system")  # fmt: skip
_PORT = ("port", "portnumber", "serverport", "tcpport", "dbport")
_DATABASE = ("initialcatalog", "database", "databasename", "dbname", "db", "catalog", "defaultdatabase", "servicename",
             "sid", "dbalias", "defaultschema", "ref", "schema")  # fmt: skip
_USER = ("userid", "uid", "user", "username", "usr", "login", "dbuser", "userlogin")
_FILE = (
    "attachdbfilename",
    "initialfilename",
    "extendedattachdbfilename",
    "dbq",
    "filename",
    "sourcedb",
    "defaultdir",
    "dbfile",
)
_DRIVER = ("driver", "provider", "providername")
_KNOWN = frozenset((*_SERVER, *_PORT, *_DATABASE, *_USER, *_FILE, *_DRIVER, "dsn", "filedsn", "instance", "service",
                    "integratedsecurity", "trustedconnection", "password", "pwd", "persistsecurityinfo", "metadata",
                    "providerconnectionstring", "extendedproperties", "accountname", "accountkey"))  # fmt: skip
_PIECE = re.compile(
    r"""(?s)\s*(?P<key>(?:[^=;]|==){1,120}?)\s*=(?!=)\s*
    (?P<value>\{(?:[^}]|\}\}){0,8000}\}|"(?:[^"]|""){0,16000}"|'(?:[^']|''){0,16000}'|[^;]*)[^;]*(?:;|$)""",
    re.VERBOSE,
)
_FILE_PROVIDERS = (
    "jet.oledb",
    "ace.oledb",
    "sqlite",
    "sqlserverce",
    "vfpoledb",
    "microsoft.sqlserver.ce",
    "firebird.local",
)
_ORACLE = ("oracle", "msdaora", "oraoledb")


def pairs(text: str) -> dict[str, str]:
    """The pairs of a list that semicolons part: keys in small letters without blanks, values without their quotes."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and len(found) < 200:
        piece = _PIECE.match(text, at)
        if piece is None:
            following = text.find(";", at)
            if following < 0:
                break
            at = following + 1
            continue
        key = re.sub(r"[\s_]", "", piece["key"].replace("==", "=")).strip("\"'").lower()
        found.setdefault(key, _bare(piece["value"]))
        at = max(piece.end(), at + 1)
    return found


def _bare(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and (value[0], value[-1]) in (("{", "}"), ('"', '"'), ("'", "'")):
        end = value[-1]
        return value[1:-1].replace(end * 2, end).strip()
    return value


def semicolon_parted(text: str, driver: str | None = None) -> Connection | None:
    """A connection string of ODBC, ADO.NET or OLE DB; None where its keys do not show it to be one."""
    found = pairs(text.removeprefix("ODBC;").removeprefix("OLEDB;"))
    if not found or (";" not in text.rstrip("; ") and len(found) == 1 and "\n" in text.strip()):
        return None
    if inner := found.get("providerconnectionstring"):
        return _wrapped(text, inner, found.get("provider") or driver)
    storage = _storage(text, found)
    if storage is not None:
        return storage
    named = _first(found, _DRIVER) or driver
    made = Connection(
        without_secrets(text), "odbc" if "driver" in found or "dsn" in found or "filedsn" in found else "ado",
        driver=named, database=_first(found, _DATABASE), user=_plain_user(_first(found, _USER)),
        port=number(_first(found, _PORT)), alias=found.get("dsn") or found.get("filedsn") or None,
    )  # fmt: skip
    made = _with_source(made, found, (named or "").lower())
    if not (made.server or made.alias or made.file or (made.database and (made.driver or made.user))):
        return None
    return made if _shows(text, found) else None


def _shows(text: str, found: dict[str, str]) -> bool:
    """Whether keys alone show a connection string, where ``host=…`` may stand in any list of settings."""
    known = sum(1 for key in found if key in _KNOWN)
    if known == 0 or known * 5 < len(found):
        return False
    if ";" not in text:  # one pair, or pairs that blanks part
        return len(found) == 1 and text.count("=") == 1 and " = " not in text.partition("\n")[0][:0] + text[:0]
    return known >= 2 or len(found) <= 3


def _first(found: dict[str, str], keys: tuple[str, ...]) -> str | None:
    return next((found[k] for k in keys if found.get(k)), None)


def _plain_user(user: str | None) -> str | None:
    """Oracle writes name/password in one."""
    return user.partition("/")[0][:128] or None if user else None


def _with_source(made: Connection, found: dict[str, str], driver: str) -> Connection:  # noqa: PLR0911 - a kind of source each
    """With what stands in the key that names the server: which may be a file, a TNS name or an address."""
    source = _first(found, _SERVER)
    file = _first(found, _FILE)
    if any(name in driver for name in _ORACLE) and not (found.get("host") and (found.get("port") or made.database)):
        name = found.get("dbq") or source or found.get("dbname")
        return _of_oracle(replace(made, database=None) if name == made.database else made, name)
    if source and (any(name in driver for name in _FILE_PROVIDERS) or is_file(source)):
        return replace(made, file=source)
    if "informix" in driver and found.get("host"):
        source = found["host"]
    if file and (is_file(file) or ("dbq" in found and "system" not in found)):
        made = replace(made, file=file)
    if made.database and is_file(made.database) and not source:
        made = replace(made, file=made.file or made.database, database=None)
    if not source:
        return made
    if source.lstrip().startswith("(") and "=" in source:
        return _of_oracle(made, source)
    if "://" in source:
        return _of_url(made, source)
    if "," in source and not re.search(r",\s*\d+$", source):
        source, *others = [s.strip() for s in source.split(",")]
        made = replace(made, more=tuple(others))
    if re.match(r"^[\w.-]+(?::\d+)?/[\w.$#]+$|^[\w$#]{1,128}/[^@\s]{0,128}@", source):
        return _of_oracle(made, source)
    at = address(source) or Address(source)
    instance = found.get("instance") or found.get("instancename") or at.instance
    port = at.port or made.port or number(found.get("service"))
    return replace(made, server=at.host, instance=instance or None, port=port)


def _of_oracle(made: Connection, source: str | None) -> Connection:
    from scanner.locators.oracle import descriptor, easy  # noqa: PLC0415 - the two know each other

    if not source:
        return made
    inner = descriptor(source) if source.lstrip().startswith("(") else easy(source, sure=True)
    driver = made.driver or "oracle"
    if inner is None:
        return replace(made, alias=made.alias or source, driver=driver, server=None)
    return replace(
        made, driver=driver, server=inner.server, port=inner.port or made.port, more=inner.more,
        database=inner.database or made.database, alias=made.alias or inner.alias, user=made.user or inner.user,
    )  # fmt: skip


def _of_url(made: Connection, source: str) -> Connection:
    from scanner.locators.urls import url  # noqa: PLC0415

    place = url(source)
    return replace(made, server=place.host, port=place.port or made.port) if place else made


def _wrapped(text: str, inner: str, driver: str | None) -> Connection | None:
    """Entity Framework's: the connection string proper stands in one of the pairs."""
    found = semicolon_parted(inner, driver)
    return replace(found, text=without_secrets(text), driver=driver or found.driver, grammar="ef") if found else None


def _storage(text: str, found: dict[str, str]) -> Connection | None:
    """Azure's accounts: storage, service bus, Cosmos."""
    name = found.get("accountname")
    if name and re.fullmatch(r"[a-z0-9]{3,24}", name):
        suffix = found.get("endpointsuffix") or "core.windows.net"
        return Connection(
            without_secrets(text), "azure", driver="azure-storage", server=f"{name}.blob.{suffix}", user=name
        )
    if blob := found.get("blobendpoint"):
        return _of_url(Connection(without_secrets(text), "azure", driver="azure-storage"), blob)
    if found.get("usedevelopmentstorage", "").lower() == "true":
        return None
    return None


_BLANK = re.compile(r"""([a-zA-Z_]{2,40})\s{0,3}=\s{0,3}('(?:[^'\\]|\\.|''){0,999}'|"[^"]{0,999}"|[^\s'",;]*)""")
_LIBPQ = frozenset({"host", "hostaddr", "port", "dbname", "user", "password", "service", "sslmode", "connect_timeout",
                    "passfile", "options", "application_name", "target_session_attrs"})  # fmt: skip


def blank_parted(text: str) -> Connection | None:
    """A connection string of libpq, ``host=db7 port=5432 dbname=erp``; None where it is none."""
    found = {m[1].lower(): _bare(m[2]) for m in _BLANK.finditer(text[:4000])}
    known = _LIBPQ & found.keys()
    if len(known) < 2 or not (
        found.get("dbname") or found.get("host") or found.get("hostaddr") or found.get("service")
    ):
        return None
    host, *others = (found.get("host") or found.get("hostaddr") or "").split(",")
    return Connection(
        without_secrets(text), "libpq", driver="postgresql", server=host or None,
        port=number(found.get("port", "").split(",")[0]), database=found.get("dbname") or None,
        user=found.get("user") or None, alias=found.get("service") or None, more=tuple(others),
    )  # fmt: skip
