"""Names that an estate's own files give to places: data source names, drives, mounts, DFS links, hosts, variables.

A name is looked up where it would be in force: in the file itself, in its folder and those above it, then in the rest
of the store, and, for names that whole organisations share, in the estate. The network is never asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from scanner import locators
from scanner.graph.endpoint import Endpoint, endpoint, plain_host

NEAR, STORE, ESTATE = "near", "store", "estate"
"""How far from a file a name is looked up."""
_ROUNDS, _MOST = 8, 10_000
"""How often values with variables of their own are filled in, and how long a text may become by it."""
_REACHES = (NEAR, STORE, ESTATE)
_WRAPPED = re.compile(r"(?:env:|[\w$]{1,60}::)?(?P<name>[^:=?]{1,100})(?::[-=?]?(?P<default>.{0,200}))?$", re.DOTALL)
_PART = re.compile(r"(.{1,60}?)[._-](host|hostname|server|address|port|name|database|dbname)")
"""A variable that holds a part of a connection: ``db.host``, ``DB_NAME``."""
_SHARED = ("java:", "jdbc/")
"""Names that an application server gives to a data source, for all that run in it."""
_HOST_LISTS = ("hosts", "cname", "dns", "zone")


@dataclass(frozen=True, slots=True)
class At:
    """Where something is said: the file, the store it lies in, and the host of that store, "" where it has none."""

    source: str
    store: str
    path: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name stands for, in the words of the file that says so."""

    at: At
    line: int | None
    end: Endpoint | None
    text: str

    @property
    def place(self) -> str:
        """The file, with its line where it is known."""
        return f"{self.at.path}:{self.line}" if self.line else self.at.path


@dataclass(frozen=True, slots=True)
class Named:
    """A definition that was found; ``sure`` is False where another one is as near and says something else."""

    definition: Definition
    sure: bool


@dataclass(slots=True)
class Aliases:
    """Every definition by its name, and by where it is in force."""

    _near: dict[tuple[str, str, str], list[Definition]] = field(default_factory=dict)
    _store: dict[tuple[str, str], list[Definition]] = field(default_factory=dict)
    _wide: dict[str, list[Definition]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def add(self, name: str, definition: Definition, *, wide: bool) -> None:
        """Make a name known; ``wide`` where it may be meant anywhere in the estate."""
        key, at = _key(name), definition.at
        if not key:
            return
        self._names.add(key)
        for scope in (at.path, at.path[: at.path.rfind("/") + 1]):
            self._near.setdefault((at.source, scope, key), []).append(definition)
        self._store.setdefault((at.store, key), []).append(definition)
        if wide:
            self._wide.setdefault(key, []).append(definition)

    def knows(self, name: str) -> bool:
        """Whether any file defines the name, which is given in lower case."""
        return name in self._names

    def find(self, name: str, at: At, reach: str = ESTATE) -> Named | None:
        """What a name means in a file."""
        for key in _keys(name):
            for found in self._scopes(key, at, reach):
                if found:
                    values = {(d.end, d.text) if d.end is None else (d.end, "") for d in found}
                    return Named(found[0], len(values) == 1)
        return None

    def _scopes(self, key: str, at: At, reach: str) -> Iterator[list[Definition] | None]:
        folder = at.path
        yield self._near.get((at.source, folder, key))
        while folder:
            folder = folder.rstrip("/")
            folder = folder[: folder.rfind("/") + 1]
            yield self._near.get((at.source, folder, key))
        if reach in _REACHES[1:]:
            yield self._store.get((at.store, key))
        if reach == ESTATE:
            yield self._wide.get(key)

    def _value(self, name: str, at: At) -> tuple[str, Definition | None]:
        """What a variable holds: what a file says of it, else a part of the connection its prefix names."""
        named = self.find(name, at, NEAR) if name else None
        if named is not None:
            return named.definition.text, named.definition
        part = _PART.fullmatch(name.lower())
        whole = self.find(part[1], at, NEAR) if part else None
        if part is None or whole is None or whole.definition.end is None:
            return "", None
        end = whole.definition.end
        host = f"{end.host}\\{end.instance}" if end.instance else end.host
        values = {"port": str(end.port or ""), "name": end.name, "database": end.name, "dbname": end.name}
        return values.get(part[2], host), whole.definition

    def filled(self, text: str, at: At) -> tuple[str, tuple[str, ...], tuple[Definition, ...]]:
        """A text with its variables filled in: (text, variables nobody defines, definitions used)."""
        used: dict[Definition, None] = {}
        missing: dict[str, None] = {}
        for _ in range(_ROUNDS):
            missing.clear()
            before = text
            for variable in locators.variables(text):
                name, default = _variable(variable)
                value, definition = self._value(_spaced(variable), at)  # as packages define them: $Project::Server
                if definition is None:
                    value, definition = self._value(name, at)
                if definition is not None and value and variable.lower() not in value.lower():
                    used[definition] = None
                    text = text.replace(variable, value)
                elif default is not None:
                    text = text.replace(variable, default)
                else:
                    missing[variable] = None
            if text == before or len(text) > _MOST:
                break
        return text, tuple(missing), tuple(used)


def has_variable(text: str) -> bool:
    """Whether a text holds what something else fills in."""
    return any(sign in text for sign in "$%@#{_<!") and bool(locators.variables(text))


def _variable(text: str) -> tuple[str, str | None]:
    """The name within a variable, and the value it has where nobody defines it.

    >>> _variable("${DB_HOST:-db7}"), _variable("@[$Project::Server]"), _variable("%DATA%")
    (('DB_HOST', 'db7'), ('Server', None), ('DATA', None))
    """
    bare = text.lstrip("$%@#{([<=!_ ").rstrip("%@})]>_ s" if text.startswith("%(") else "%@})]>_ ")
    found = _WRAPPED.match(bare)
    return (found["name"].strip(), found["default"]) if found else ("", None)


def _spaced(text: str) -> str:
    """The name within a variable together with its namespace; "" where it has none.

    >>> _spaced("@[$Project::Server]"), _spaced("${DB_HOST}")
    ('$Project::Server', '')
    """
    return text.removeprefix("@[").removesuffix("]") if "::" in text else ""


def _key(name: str) -> str:
    """A name as it is compared: lower case, a drive without its slash."""
    text = name.strip().strip("\"'").lower()
    return text[:2] if re.fullmatch(r"[a-z]:[\\/]?", text) else text


def _keys(name: str) -> Iterator[str]:
    """The name as it is, then its last part: reports and servlets name a source by its whole path."""
    key = _key(name)
    yield key
    for prefix in ("java:comp/env/", "java:jboss/datasources/", "java:/", "java:"):
        if key.startswith(prefix) and len(key) > len(prefix):
            yield key[len(prefix) :]
    last = re.split(r"[/\\]", key)[-1]
    if last and last != key:
        yield last
        stem, dot, ending = last.rpartition(".")
        if dot and ending in {"rds", "rsds", "conmgr", "odc", "udl", "dsn"}:
            yield stem
    elif key.endswith((".rds", ".rsds", ".conmgr", ".odc", ".udl", ".dsn")):
        yield key.rpartition(".")[0]


@dataclass(slots=True)
class Hosts:
    """Names and addresses that lists in the estate put to one host; a name with two addresses is left alone."""

    _pairs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _one: dict[str, str] = field(default_factory=dict)

    def add(self, alias: str, target: str) -> None:
        """A list says that ``alias`` is ``target``, an address or another name."""
        name, place = plain_host(alias), plain_host(target)
        if name and place and name != place and not _is_own(name) and not _is_own(place):
            self._pairs[name].add(place)

    def settle(self, preferred: Iterable[str]) -> None:
        """Choose one spelling for each host: one a source has, else a name before an address, the longest first."""
        groups: dict[str, set[str]] = {}
        for name, places in sorted(self._pairs.items()):
            if len(places) == 1:
                (place,) = places
                both = groups.get(name, {name}) | groups.get(place, {place})
                for each in both:
                    groups[each] = both
        wanted = set(preferred)
        for name, group in groups.items():
            self._one[name] = min(group, key=lambda h: (h not in wanted, _is_address(h), -len(h), h))

    def one(self, host: str) -> str:
        """The spelling of a host that everything is compared by."""
        return self._one.get(host, host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_own(host: str) -> bool:
    """Whether a host list's entry is the machine itself, or nowhere."""
    if host in {"localhost", "broadcasthost"} or host.startswith(("localhost.", "ip6-")):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or address.is_multicast


@dataclass(slots=True)
class Prefixes:
    """Paths that lead elsewhere: mounts by host, DFS links and the like by share."""

    _mounts: dict[str, dict[str, Definition]] = field(default_factory=lambda: defaultdict(dict))
    _links: dict[tuple[str, str], dict[str, Definition]] = field(default_factory=lambda: defaultdict(dict))

    def mount(self, host: str, point: str, definition: Definition) -> None:
        """On this host a directory is another place's content."""
        self._mounts[host].setdefault(point.strip("/"), definition)

    def link(self, share: Endpoint, definition: Definition) -> None:
        """A folder of a share leads to another one."""
        self._links[share.host, share.name.lower()].setdefault(share.path.lower().strip("/"), definition)

    def mounted(self, host: str, path: str) -> tuple[Definition, str] | None:
        """What is mounted at or above a path of a host, and the path beneath it."""
        return _longest(self._mounts.get(host), path, path)

    def linked(self, share: Endpoint) -> tuple[Definition, str] | None:
        """What the path of a share leads to, and the path beneath it."""
        return _longest(self._links.get((share.host, share.name.lower())), share.path.lower(), share.path)


def _longest(known: dict[str, Definition] | None, path: str, written: str) -> tuple[Definition, str] | None:
    if not known:
        return None
    head = path.strip("/")
    written = written.strip("/")
    while True:
        if head in known:
            return known[head], written[len(head) :].strip("/")
        if not head:
            return None
        head = head.rpartition("/")[0]


def beneath(end: Endpoint, path: str) -> Endpoint:
    """The endpoint with a further path beneath its own."""
    return replace(end, path="/".join(p for p in (end.path.rstrip("/"), path.strip("/")) if p)) if path else end


@dataclass(slots=True)
class Known:
    """All that the estate says of names: gathered once, asked for every mention."""

    aliases: Aliases = field(default_factory=Aliases)
    hosts: Hosts = field(default_factory=Hosts)
    prefixes: Prefixes = field(default_factory=Prefixes)

    def define(  # noqa: PLR0913 - as many as a mention has columns
        self, alias: str, at: At, line: int | None, kind: str, locator: str, fields: tuple[str, int | None, str, str],
        *, action: str = "", origin: str = "", extractor: str = "",
    ) -> None:  # fmt: skip
        """Take in one mention that gives a place a name; ``fields`` are its server, port, database and driver."""
        end = endpoint(kind, locator, *fields)
        if kind == "host" and end is not None and end.host and lists_hosts(at.path, origin, end.host):
            self.hosts.add(alias, end.host)  # a host's name defines no variable that is called the same
            return
        definition = Definition(at, line, end, locator)
        wide = action in {"defines", "mounts"} or extractor == "catalog" or alias.lower().startswith(_SHARED)
        self.aliases.add(alias, definition, wide=wide and not _key(alias).endswith(":"))
        if end is None:
            return
        if alias.startswith("/") and action in {"mounts", "defines", ""}:
            self.prefixes.mount(at.host or at.store, alias, definition)
        elif alias.startswith("\\\\"):
            share = endpoint("unc", alias)
            if share is not None and share.kind == "share":
                self.prefixes.link(share, definition)


def lists_hosts(path: str, origin: str, target: str) -> bool:
    """Whether a name of a host comes from a list of hosts, and not from a variable that happens to hold one."""
    name = path.rpartition("/")[2].lower()
    words = f"{origin.lower()} {name}"
    return any(sign in words for sign in _HOST_LISTS) or (_is_address(target) and not origin)
