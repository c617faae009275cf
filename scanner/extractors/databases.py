"""Names that database clients know: Oracle's tnsnames, ODBC and FreeTDS sources, data sources of a Windows registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Extractor, Mention, Quote, Trouble
from scanner.extractors.decode import Lines
from scanner.extractors.lists import line_settings
from scanner.extractors.quoting import quoted
from scanner.extractors.registry_export import registry
from scanner.extractors.settings import text_of
from scanner.extractors.values import Setting
from scanner.locators import names_a_secret

_NAME = re.compile(
    r"(?m)^[ \t]{0,40}(?P<off>#[# \t]{0,20})?"
    r"(?P<names>[A-Za-z_][\w.$-]{0,127}(?:\s{0,9},\s{0,9}[A-Za-z_][\w.$-]{0,127}){0,20})\s{0,200}=[\s#]{0,200}(?=\()"
)
_COMMENT = re.compile(r"\n[ \t]*#[^\n]*")
_IFILE = re.compile(r"(?im)^[ \t]{0,40}(?P<off>#[# \t]{0,20})?ifile\s{0,20}=\s{0,20}[\"']?(?P<path>[^\n\"'#]{1,400})")
_SETTING = re.compile(
    r"(?im)^[ \t]{0,40}(?P<off>#[# \t]{0,20})?(?P<key>[\w.]{3,60})\s{0,20}=\s{0,20}(?P<value>[^\s(#][^\n#]{0,400})"
)
_LONGEST = 20_000
"""Characters of one descriptor."""
_ADDRESS = re.compile(r"\(\s{0,20}ADDRESS\s{0,20}=", re.IGNORECASE)


def tnsnames(_path: str, content: bytes) -> Iterator[Quote]:
    """tnsnames.ora: a descriptor with nested brackets under one name or several."""
    text = text_of(content)
    lines, at = Lines(text), 0
    while (found := _NAME.search(text, at)) is not None:
        status = "commented" if found["off"] else None
        end = _closed(text, found.end(), commented=bool(found["off"]))
        at = max(end, found.end() + 1)
        descriptor = text[found.end() : end]
        if not status:
            descriptor = _COMMENT.sub("", descriptor)
        descriptor = re.sub(r"[ \t]*\n[ \t#]*", "", descriptor)
        if end - found.end() >= _LONGEST or descriptor.count("(") != descriptor.count(")"):
            yield Trouble("CONTENT_DAMAGED", f"line {lines.at(found.start('names'))}: a descriptor without its end")
        for name in re.split(r"\s*,\s*", found["names"]):
            if name.lower() in ("sid_list_listener", "sid_list"):
                continue
            made = quoted(descriptor, origin="tnsnames", line=lines.at(found.start("names")), kind="connection_string",
                          status=status, alias=name, action="defines", driver="oracle")  # fmt: skip
            if made is not None:
                yield made
    yield from _included(text, lines, "tnsnames")


def _closed(text: str, at: int, *, commented: bool) -> int:
    """The end of the bracket that opens here; where none closes it, the end of the text or of what is looked at."""
    depth, last = 0, min(len(text), at + _LONGEST)
    for piece in re.compile(r"[()]|\n[ \t]*(?P<off>#[^\n]*)?").finditer(text, at, last):
        if piece[0][0] == "\n":
            if commented and not piece["off"]:
                return piece.start()
            if commented:
                depth += piece[0].count("(") - piece[0].count(")")
                if depth <= 0:
                    return piece.end()
            continue
        depth += 1 if piece[0] == "(" else -1
        if depth <= 0:
            return piece.end()
    return last


def _included(text: str, lines: Lines, origin: str) -> Iterator[Mention]:
    for found in _IFILE.finditer(text):
        made = quoted(found["path"].strip(), origin=f"{origin}/IFILE", line=lines.at(found.start("path")), kind="path",
                      status="commented" if found["off"] else None, action="reads")  # fmt: skip
        if made is not None:
            yield made


def listener(_path: str, content: bytes) -> Iterator[Quote]:
    """listener.ora: where this machine listens, and for which databases."""
    text = text_of(content)
    lines = Lines(text)
    sids = re.findall(r"(?i)\(\s{0,9}(?:SID_NAME|GLOBAL_DBNAME)\s{0,9}=\s{0,9}([\w.$#]{1,64})\s{0,9}\)", text)
    for found in _ADDRESS.finditer(text):
        end = _closed(text, found.start(), commented=False)
        start = text.rfind("\n", 0, found.start()) + 1
        off = text[start : found.start()].lstrip().startswith("#")
        address = " ".join(text[found.start() : end].split())
        made = quoted(address, origin="listener", line=lines.at(found.start()), kind="connection_string",
                      status="commented" if off else None, action="defines", driver="oracle")  # fmt: skip
        if made is not None and made.server:
            yield replace(made, database=sids[0] if len(set(sids)) == 1 else None)
    yield from _included(text, lines, "listener")


def sqlnet(_path: str, content: bytes) -> Iterator[Quote]:
    """sqlnet.ora and ldap.ora: directories, wallets, and the servers that names are asked of."""
    text = text_of(content)
    lines = Lines(text)
    for found in re.finditer(
        r"(?im)^(?P<head>[^\n]{0,200}?)\(\s{0,9}DIRECTORY\s{0,9}=\s{0,9}(?P<path>[^()\n]{2,300})\)", text
    ):
        made = quoted(found["path"].strip(), origin="sqlnet/DIRECTORY", line=lines.at(found.start("path")),
            action="reads",
                      status="commented" if found["head"].lstrip().startswith("#") else None)  # fmt: skip
        if made is not None:
            yield made
    for found in _SETTING.finditer(text):
        if found["key"].lower() in ("directory_servers", "names.preferred_servers"):
            value = found["value"]
        else:
            continue
        for host in value.strip("() \t").split(","):
            made = quoted(":".join(host.strip().split(":")[:2]), origin=f"sqlnet/{found['key']}",
                line=lines.at(found.start("value")),
                          kind="host", status="commented" if found["off"] else None)  # fmt: skip
            if made is not None:
                yield made
    for found in re.finditer(r"(?im)^\s{0,20}DIRECTORY_SERVERS\s{0,9}=\s{0,9}\((?P<hosts>[^()\n]{2,400})\)", text):
        for host in found["hosts"].split(","):
            made = quoted(
                ":".join(host.strip().split(":")[:2]),
                origin="sqlnet/DIRECTORY_SERVERS",
                line=lines.at(found.start("hosts")),
                kind="host",
            )
            if made is not None:
                yield made
    yield from _included(text, lines, "sqlnet")


_KEPT = ("driver", "servername", "server", "host", "hostname", "address", "port", "portnumber", "tcp_port", "database",
         "databasename", "initialcatalog", "dbq", "dbname", "sid", "servicename", "uid", "user", "username", "userid",
         "tds_version",
         "defaultdir", "dsn", "instance", "service", "system", "naming", "schema", "filedsn",
         "description")  # fmt: skip
_NO_SOURCE = frozenset(("odbc data sources", "odbc", "global", "odbc drivers", "default"))


def odbc(path: str, content: bytes) -> Iterator[Quote]:
    """odbc.ini, freetds.conf and ``.dsn`` files: a section each for a name."""
    name = path.rpartition("/")[2].lower()
    sections: dict[tuple[str, str | None], list[Setting]] = {}
    for setting in line_settings(text_of(content)):
        if len(setting.keys) > 1:
            sections.setdefault((setting.keys[0], setting.status), []).append(setting)
    whole = name.endswith(".dsn")
    origin = "dsn" if whole else "freetds" if "freetds" in name else "odbc"
    for (section, _status), settings in sections.items():
        if section.lower() in _NO_SOURCE and not whole:
            continue
        alias = path.rpartition("/")[2][:-4] if whole else section
        made = source(alias, settings, origin)
        if made is not None:
            yield made


def services(path: str, content: bytes) -> Iterator[Quote]:
    """pg_service.conf, where libpq finds a name's place, and the sections of my.cnf that programs of MySQL read."""
    mysql = "my" in path.rpartition("/")[2].lower()
    sections: dict[tuple[str, str | None], list[Setting]] = {}
    for setting in line_settings(text_of(content)):
        if len(setting.keys) > 1 and (not mysql or not setting.keys[0].lower().startswith("mysqld")):
            sections.setdefault((setting.keys[0], setting.status), []).append(setting)
    for (section, _status), settings in sections.items():
        if any(s.keys[-1].lower() in ("host", "hostaddr", "service") for s in settings):
            driver = Setting(
                (section, "Driver"), "mysql" if mysql else "postgresql", settings[0].line, settings[0].status
            )
            made = source(section, [driver, *settings], "my.cnf" if mysql else "pg_service")
            if made is not None:
                yield made


def source(alias: str, settings: list[Setting], origin: str) -> Mention | None:
    """A data source put together from its keys; what is secret or says nothing of the place is left out."""
    kept, seen = [], set()
    for setting in settings:
        key = setting.keys[-1].strip()
        plain = key.lower().replace(" ", "").replace("_", "")
        if names_a_secret(key) or plain in seen or plain.replace("_", "") not in {k.replace("_", "") for k in _KEPT}:
            continue
        seen.add(plain)
        if plain not in ("description", "tdsversion"):
            value = setting.value.strip()
            kept.append((key, f"{{{value}}}" if ";" in value and not value.startswith("{") else value, setting))
    if "freetds" in origin:
        kept = [("Driver", "FreeTDS", settings[0]), *kept]
    if not {k.lower().replace(" ", "") for k, _, _ in kept} - {"driver", "uid", "user"}:
        return None
    text = ";".join(f"{k}={v}" for k, v, _ in kept)
    made = quoted(text, origin=origin, line=settings[0].line, kind="connection_string", status=settings[0].status,
                  alias=alias, action="defines")  # fmt: skip
    return made if made is not None and (made.server or made.database or made.via) else None


def reg(_path: str, content: bytes) -> Iterator[Quote]:
    """An export of a Windows registry: ODBC sources, mapped drives, sites of clients; UNC paths in other strings."""
    yield from registry(text_of(content), source)


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("tnsnames", "names of Oracle databases", tnsnames, names=frozenset(("tnsnames.ora",)),
        patterns=("*tnsnames*.ora*", "*/tns_admin/tnsnames*")),
    Extractor("listener", "Oracle listeners", listener, names=frozenset(("listener.ora",)),
        patterns=("*listener*.ora*",)),
    Extractor("sqlnet", "Oracle Net settings", sqlnet, names=frozenset(("sqlnet.ora", "ldap.ora")),
        patterns=("*sqlnet*.ora*",)),
    Extractor(
        "odbc", "ODBC and FreeTDS data sources", odbc, endings=frozenset(("dsn",)),
        names=frozenset(("odbc.ini", ".odbc.ini", "freetds.conf", ".freetds.conf")), patterns=("*odbc*.ini*",
            "*freetds*.conf*"),
    ),
    Extractor(
        "services", "services of libpq, clients of MySQL", services,
        names=frozenset(("pg_service.conf", ".pg_service.conf", "my.cnf", ".my.cnf", "my.ini", ".mylogin.cnf",
            "client.cnf")),
    ),
    Extractor("registry", "exports of a Windows registry", reg, endings=frozenset(("reg",))),
)  # fmt: skip
