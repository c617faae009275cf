"""Sites that clients keep: WinSCP, FileZilla, SSH, DBeaver, pgAdmin, SSMS, rclone, s3cmd, the AWS client, netrc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from scanner.extractor import Extractor, Mention, NotMine, Quote, Trouble
from scanner.extractors.lists import json_settings, line_settings
from scanner.extractors.markup import Node, tree
from scanner.extractors.quoting import quoted
from scanner.extractors.registry_export import session_of
from scanner.extractors.settings import text_of
from scanner.extractors.values import Setting, alone
from scanner.locators import Connection, connection

_Sections = dict[str, dict[str, Setting]]


def _sections(text: str) -> _Sections:
    found: _Sections = {}
    for setting in line_settings(text):
        if len(setting.keys) > 1 and setting.status is None:
            found.setdefault(setting.keys[0], {}).setdefault(setting.keys[-1].lower().strip(), setting)
    return found


def winscp(_path: str, content: bytes) -> Iterator[Mention]:
    r"""WinSCP.ini: a section ``[Sessions\name]`` for each site."""
    for section, told in _sections(text_of(content)).items():
        kind, _, name = section.partition("\\")
        if kind.lower() == "sessions" and "hostname" in told:
            made = session_of(unquote(name), told, "winscp", None)
            if made is not None:
                yield made


_FILEZILLA = {"0": "ftp", "1": "sftp", "3": "ftps", "4": "ftpes", "6": "ftp", "7": "s3", "14": "https"}


def filezilla(_path: str, content: bytes) -> Iterator[Quote]:
    """FileZilla's site manager and recent servers."""
    document = tree(content)
    if not document.root.name.lower().startswith("filezilla"):
        raise NotMine
    for node in document.root.all("Server", "LastServer"):
        text = {c.name.lower(): c.text for c in node.children}
        host = text.get("host")
        if not host:
            continue
        scheme = _FILEZILLA.get(text.get("protocol", "0"), "ftp")
        user, port = text.get("user"), text.get("port")
        path = _remote(text.get("remotedir", ""))
        made = quoted(f"{scheme}://{user + '@' if user else ''}{host}{':' + port if port else ''}/{path}",
            origin="filezilla",
                      line=node.line, kind="url", alias=text.get("name") or _own(node), action="connects")  # fmt: skip
        if made is not None:
            yield made
        if (local := text.get("localdir")) and (
            there := quoted(local, origin="filezilla/LocalDir", line=node.line)
        ) is not None:
            yield there
    if document.trouble:
        yield document.trouble


def _own(node: Node) -> str | None:
    return node.text or None


def _remote(text: str) -> str:
    """FileZilla writes a directory as ``1 0 3 dir 4 down``: each name behind its length."""
    pieces = text.split(" ")
    return "/".join(pieces[3::2]) if text.startswith("1 0 ") else ""


_HASHED = re.compile(r"^(?:@\S+\s+)?\|1\|")
_KNOWN = re.compile(
    r"^(?P<off>#\s*)?(?:@(?P<mark>[a-z-]{1,30})\s+)?(?P<hosts>[^\s#|]{1,1000})\s+(?:ssh-|ecdsa-|sk-|\d+\s+\d+\s)"
)


def known_hosts(_path: str, content: bytes) -> Iterator[Quote]:
    """Hosts that somebody connected to by SSH; those kept as hashes cannot be told, and are counted."""
    hashed, first = 0, 0
    for number, line in enumerate(text_of(content).split("\n"), 1):
        if _HASHED.match(line):
            hashed, first = hashed + 1, first or number
            continue
        found = _KNOWN.match(line[:4000])
        if found is None:
            continue
        status = "commented" if found["off"] or found["mark"] == "revoked" else None
        for host in found["hosts"].split(","):
            name = re.sub(r"^\[(.+)\]:(\d+)$", lambda m: f"[{m[1]}]:{m[2]}" if ":" in m[1] else f"{m[1]}:{m[2]}", host)
            if "*" in name or "?" in name or name.startswith("!"):
                continue
            name = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
            made = quoted(name, origin="known_hosts", line=number, kind="host", status=status, action="connects")
            if made is not None:
                yield replace(made, driver="ssh")
    if hashed:
        yield Trouble("CONTENT_ENCRYPTED", f"line {first}: {hashed} hosts are kept as hashes and cannot be told")


def ssh_config(_path: str, content: bytes) -> Iterator[Mention]:
    """An SSH client's settings: the host behind each name, and the hosts on the way."""
    name: str | None = None
    told: dict[str, Setting] = {}
    for number, line in enumerate([*text_of(content).split("\n"), "Host *"], 1):
        found = re.match(r"^\s*(#\s*)?(\w{3,40})(?:\s*=\s*|\s+)\"?([^\"\n]{1,400}?)\"?\s*$", line[:1000])
        if found is None or found[1]:
            continue
        key, value = found[2].lower(), found[3]
        if key in ("host", "match"):
            if name is not None:
                yield from _ssh(name, told)
            name, told = (
                (None if "*" in value or key == "match" else value.split()[0]),
                {"": Setting((), value, number)},
            )
        else:
            told.setdefault(key, Setting((key,), value, number))


def _ssh(name: str, told: dict[str, Setting]) -> Iterator[Mention]:
    host = told.get("hostname") or Setting((), name, told[""].line)
    user, port = told.get("user"), told.get("port")
    text = (
        f"ssh://{user.value + '@' if user else ''}{host.value.replace('%h', name)}{':' + port.value if port else ''}/"
    )
    made = quoted(text, origin="ssh_config", line=host.line, kind="url", alias=name, action="connects")
    if made is not None:
        yield made
    jump = told.get("proxyjump")
    if jump is not None and jump.value.lower() != "none":
        for hop in jump.value.split(","):
            made = quoted(
                hop.rpartition("@")[2].strip(),
                origin="ssh_config/ProxyJump",
                line=jump.line,
                kind="host",
                action="connects",
            )
            if made is not None:
                yield made


def netrc(_path: str, content: bytes) -> Iterator[Mention]:
    """.netrc: a machine and the account there; the password is not looked at."""
    text = text_of(content)
    for found in re.finditer(
        r"(?m)^(?P<off>[ \t]*#[ \t]*)?[ \t]*machine\s{1,9}(?P<host>[^\s#]{1,255})"
        r"(?:\s{1,9}login\s{1,9}(?P<user>\S{1,128}))?",
        text,
    ):
        made = quoted(found["host"], origin="netrc", line=text.count("\n", 0, found.start("host")) + 1, kind="host",
                      status="commented" if found["off"] else None, action="connects")  # fmt: skip
        if made is not None:
            yield replace(made, user=found["user"])


def _groups(settings: list[Setting], depth_from_end: int = 1) -> dict[tuple[str, ...], dict[str, Setting]]:
    groups: dict[tuple[str, ...], dict[str, Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.keys[:-depth_from_end], {}).setdefault(setting.keys[-1].lower(), setting)
    return groups


def dbeaver(_path: str, content: bytes) -> Iterator[Quote]:
    """DBeaver's and other clients' saved connections, in JSON."""
    text = text_of(content)
    if not text.lstrip().startswith(("{", "[")):
        raise NotMine
    settings, trouble = json_settings(text)
    groups = _groups(settings)
    for keys, told in groups.items():
        above = groups.get(keys[:-1], {})
        alias = told.get("name") or above.get("name")
        driver = above.get("provider") or above.get("driver") or told.get("driver")
        yield from _saved(told, alias.value if alias else None, driver.value if driver else None, "dbeaver")
    if trouble:
        yield trouble


def pgadmin(_path: str, content: bytes) -> Iterator[Quote]:
    """servers.json as pgAdmin exports it."""
    text = text_of(content)
    if not text.lstrip().startswith("{"):
        raise NotMine
    settings, trouble = json_settings(text)
    for told in _groups(settings).values():
        name = told.get("name")
        database = told.pop("maintenancedb", None)
        if database is not None:
            told["database"] = database
        yield from _saved(told, name.value if name else None, "postgresql", "pgadmin")
    if trouble:
        yield trouble


def _saved(told: dict[str, Setting], alias: str | None, driver: str | None, origin: str) -> Iterator[Mention]:
    where = told.get("url") or told.get("connectionstring")
    host = told.get("host") or told.get("hostname") or told.get("server")
    made = None
    if where is not None and isinstance(connection(where.value), Connection):
        made = quoted(where.value, origin=origin, line=where.line, status=where.status, alias=alias, action="defines")
    elif host is not None and host.value:
        database = told.get("database") or told.get("databasename") or told.get("dbname")
        user = told.get("user") or told.get("username")
        keys = (("Driver", driver), ("Host", host.value), ("Port", told["port"].value if "port" in told else None),
                ("Database", database.value if database else None), ("User", user.value if user else None))  # fmt: skip
        text = ";".join(f"{k}={v}" for k, v in keys if v)
        made = quoted(
            text,
            origin=origin,
            line=host.line,
            kind="connection_string",
            status=host.status,
            alias=alias,
            action="defines",
        )
    if made is not None:
        yield made


def ssms(_path: str, content: bytes) -> Iterator[Quote]:
    """Registered servers (.regsrvr) and projects of SQL Server Management Studio."""
    document = tree(content)
    for node in (document.root, *document.root.all()):
        name = node.name.lower()
        if name in ("connectionstringwithencryptedpassword", "connectionstring") and node.text:
            alias = next((c.text for c in (node.parent or node).children if c.name.lower() == "name"), None)
            made = quoted(
                node.text, origin="ssms", line=node.line, kind="connection_string", alias=alias, action="defines"
            )
        elif name in ("servername", "server", "initialserver", "datasource") and node.text and not node.children:
            made = quoted(f"Server={node.text}", origin="ssms", line=node.line, kind="connection_string")
        else:
            continue
        if made is not None and made.server:
            yield made
    if document.trouble:
        yield document.trouble


def rclone(_path: str, content: bytes) -> Iterator[Mention]:
    """rclone.conf: remotes by name."""
    for section, told in _sections(text_of(content)).items():
        kind = told["type"].value if "type" in told else ""
        line = next(iter(told.values())).line
        host, user, port = (told[k].value if k in told else "" for k in ("host", "user", "port"))
        target = told.get("endpoint") or told.get("url") or told.get("remote")
        made = None
        if kind in ("sftp", "ftp", "smb", "hdfs") and host:
            text = f"{kind}://{user + '@' if user else ''}{host}{':' + port if port else ''}/"
            made = quoted(text, origin="rclone", line=line, kind="url", alias=section, action="defines")
        elif target is not None and kind in ("alias", "crypt", "chunker", "compress", "union", "hasher", "cache"):
            made = quoted(
                target.value, origin="rclone", line=target.line, kind="reference", alias=section, action="defines"
            )
        elif target is not None and re.search(r"\.|://", target.value):
            text = target.value if "://" in target.value else f"https://{target.value}/"
            made = quoted(text, origin="rclone", line=target.line, kind="url", alias=section, action="defines")
        elif kind in ("azureblob", "azurefiles") and "account" in told:
            made = quoted(f"https://{told['account'].value}.blob.core.windows.net/", origin="rclone", line=line,
                kind="url",
                          alias=section, action="defines")  # fmt: skip
        if made is not None:
            yield made


def s3(_path: str, content: bytes) -> Iterator[Mention]:
    """Settings of clients of S3 (s3cmd, the AWS client, mc): endpoints that are not Amazon's own."""
    text = text_of(content)
    for setting in line_settings(text):
        key, value = setting.keys[-1].lower(), setting.value.strip()
        if key in ("host_base", "endpoint_url", "endpoint", "website_endpoint") and value and "%(" not in value:
            place = value if "://" in value else f"https://{value}/"
            made = quoted(place, origin="s3", line=setting.line, status=setting.status, kind="url", action="connects",
                          alias=setting.keys[0] if len(setting.keys) > 1 else None)  # fmt: skip
        else:
            made = alone(setting, "s3") if "secret" not in key and "key" not in key else None
        if made is not None:
            yield made


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("winscp", "sites of WinSCP", winscp, names=frozenset(("winscp.ini",)), patterns=("*winscp*.ini",)),
    Extractor(
        "filezilla", "sites of FileZilla", filezilla,
        names=frozenset(("sitemanager.xml", "recentservers.xml", "filezilla.xml", "queue.xml")),
        patterns=("*filezilla*.xml", "*sitemanager*.xml"),
    ),
    Extractor("known-hosts", "hosts known to SSH", known_hosts, names=frozenset(("known_hosts", "ssh_known_hosts",
        "known_hosts2", "known_hosts.old"))),
    Extractor("ssh-config", "settings of SSH clients", ssh_config, names=frozenset(("ssh_config",)),
        patterns=("*/.ssh/config", "*/ssh_config.d/*.conf", ".ssh/config")),
    Extractor("netrc", "accounts by machine", netrc, names=frozenset((".netrc", "_netrc", "netrc"))),
    Extractor(
        "dbeaver", "saved connections of database clients", dbeaver,
        names=frozenset(("data-sources.json", ".dbeaver-data-sources.xml", "connections.json", "datasources.json")),
        patterns=("*/data-sources*.json",),
    ),
    Extractor("pgadmin", "servers of pgAdmin", pgadmin, names=frozenset(("servers.json",)),
        patterns=("*pgadmin*.json",)),
    Extractor("ssms", "registered servers of SQL Server", ssms, endings=frozenset(("regsrvr", "ssmssqlproj")),
        names=frozenset(("regsrvr.xml", "usersettings.xml"))),
    Extractor("rclone", "remotes of rclone", rclone, names=frozenset(("rclone.conf", ".rclone.conf"))),
    Extractor(
        "s3-clients", "settings of S3 clients", s3, names=frozenset((".s3cfg", "s3cfg", ".boto", "boto.cfg")),
        patterns=("*/.aws/config", ".aws/config", "*/.aws/credentials", ".aws/credentials"),
    ),
)  # fmt: skip
