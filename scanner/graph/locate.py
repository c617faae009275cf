"""Decides which scanned store a place belongs to, by host, share, bucket, database and path, each by its case rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from scanner.graph.endpoint import DIALECTS, FOLDED, Endpoint, endpoint, of_text
from scanner.graph.facts import Source
from scanner.paths import restore_text
from scanner.results import DATABASE_FILE, Store

HERE = "localhost"
"""The host of sources that lie on the scanning machine."""


def plain(locator: str) -> str:
    """A locator for people: slashes one way, scheme and host in lower case, without login or closing slash."""
    text = locator.strip().replace("\\", "/").rstrip("/")
    scheme, found, rest = text.partition("://")
    if found:
        host, slash, path = rest.partition("/")
        return f"{scheme.lower()}://{host.rpartition('@')[2].lower()}{slash}{path}"
    if text.startswith("//"):
        host, slash, path = text[2:].partition("/")
        return f"//{host.rpartition('@')[2].lower()}{slash}{path}"
    return text


@dataclass(frozen=True, slots=True)
class Hit:
    """A store that was found; ``path`` is where within its source, ``sure`` is False for a likely guess."""

    store: str
    source: str = ""
    path: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _Root:
    """A store, the path that leads to it, and how entries of its source are named from there."""

    store: str
    source: str
    prefix: str
    inside: str = ""
    port: int | None = None
    """The port it is reached by, where that is told and may tell servers on one host apart."""


@dataclass(frozen=True, slots=True)
class _Server:
    """A database server as a source reaches it, and its databases by name."""

    source: str
    end: Endpoint
    exact: Mapping[str, str]
    folded: Mapping[str, str]

    def store(self, name: str, family: str) -> str | None:
        """The store of a database of that name."""
        if found := self.exact.get(name):
            return found
        system = self.end.family or family
        if system == "oracle":  # a service name carries the domain, an SID does not
            name = name.partition(".")[0]
            return next((s for n, s in self.folded.items() if n.partition(".")[0] == name.lower()), None)
        return self.folded.get(name.lower()) if system in FOLDED else None


@dataclass(slots=True)
class Places:
    """Every scanned store by where it is."""

    hosts: dict[str, str] = field(default_factory=dict)
    """Host of each source; that of the scanning machine for its own folders."""
    _shares: dict[tuple[str, str], list[_Root]] = field(default_factory=lambda: defaultdict(list))
    _trees: dict[str, list[_Root]] = field(default_factory=lambda: defaultdict(list))
    _buckets: dict[tuple[str, str], list[_Root]] = field(default_factory=lambda: defaultdict(list))
    _servers: dict[str, list[_Server]] = field(default_factory=lambda: defaultdict(list))
    _names: dict[str, list[_Server]] = field(default_factory=lambda: defaultdict(list))
    _files: dict[tuple[str, str], str] = field(default_factory=dict)
    _hosts: set[str] = field(default_factory=set)
    families: dict[str, str] = field(default_factory=dict)
    """Database system of each store that is a database, where its source's locator tells."""

    def find(self, end: Endpoint) -> Hit | None:  # noqa: PLR0911 - one kind of place after the other
        """The store a place belongs to; None where none of the scanned ones does."""
        match end.kind:
            case "share":
                roots = _at_port(self._shares.get((end.host, end.name.lower()), []), end)
                return self._in_file(_under(roots, end.path, fold=True))
            case "bucket":
                roots = self._buckets.get((end.family, end.name), [])
                return _under([r for r in roots if _alike(r, end)], end.path, fold=False)
            case "local":
                return self._in_file(_under(self._trees.get(end.host, ()), end.path, fold=False))
            case "host":
                return self._on_host(end)
            case "database" | "server":
                return self._database(end)
            case "web":
                return self._web(end)
            case _:
                return None

    def dialect(self, store: str) -> str:
        """The SQL dialect of a store, '' where nothing tells."""
        return DIALECTS.get(self.families.get(store, ""), "")

    def is_host(self, host: str) -> bool:
        """Whether some source lies on this host."""
        return host in self._hosts

    def _in_file(self, hit: Hit | None) -> Hit | None:
        """The database file that was looked into, where a path ends in one."""
        if hit is None or not hit.path:
            return hit
        found = self._files.get((hit.source, hit.path)) or self._files.get((hit.source, hit.path.lower()))
        return replace(hit, store=found) if found else hit

    def _on_host(self, end: Endpoint) -> Hit | None:
        if end.family == "smb":
            return None
        roots = _at_port(self._trees.get(end.host, ()), end)
        if not end.path.strip("/"):
            stores = {r.store for r in roots}
            return Hit(min(stores), next(r.source for r in roots)) if len(stores) == 1 else None
        if end.path.startswith(("/~", "~")) or not end.path.startswith("/"):
            home = [r for r in roots if r.prefix == "~"]
            return Hit(home[0].store, home[0].source, sure=False) if home else None
        return self._in_file(_under(roots, end.path.strip("/"), fold=False))

    def _web(self, end: Endpoint) -> Hit | None:
        """An object's URL at a server of buckets: its first part names the bucket."""
        name, _, key = end.path.partition("/")
        roots = [r for r in self._buckets.get(("s3", name), ()) if r.prefix.startswith(f"{end.host}|")]
        return _under(roots, key, fold=False) if name else None

    def _database(self, end: Endpoint) -> Hit | None:
        servers = [s for s in self._servers.get(end.host, ()) if not _differ(s.end, end)]
        exact = [s for s in servers if _same_server(s.end, end)]
        candidates = exact or servers
        if not end.name:
            stores = {store: s for s in candidates for store in s.exact.values()}
            only = next(iter(stores), None)
            return Hit(only, stores[only].source, sure=bool(exact)) if only and len(stores) == 1 else None
        found = {store: s.source for s in candidates if (store := s.store(end.name, end.family))}
        if not found or (not exact and len(found) > 1):
            return None
        first = min(found)
        return Hit(first, found[first], sure=bool(exact))

    def named(self, name: str, database: str = "") -> Hit | None:
        """The store of a source that is itself reached by a data source name of this machine."""
        servers = self._names.get(name.lower(), ())
        found = {
            store: s.source
            for s in servers
            for store in ([s.store(database, "")] if database else s.exact.values())
            if store
        }
        return Hit(next(iter(found)), next(iter(found.values())), sure=False) if len(found) == 1 else None

    def add(self, source: Source, stores: Iterable[Store], one: Callable[[str], str], more: Iterable[Endpoint]) -> None:
        """Make the stores of a source known by its locator, and by further places that are the same."""
        held = [s for s in stores if s.kind != DATABASE_FILE]
        for store in stores:
            if store.kind == DATABASE_FILE:
                self._files.setdefault((source.name, store.path), store.id)
                self._files.setdefault((source.name, store.path.lower()), store.id)
        ends = [*more, *filter(None, [of_source(source.locator)])]
        for end in ends:
            host = one(end.host) if end.host and not end.is_local else HERE if end.host else ""
            self._add(source, replace(end, host=host), held)
        for store in held:
            if store.kind == "bucket" and store.path and not any(e.kind == "bucket" for e in ends):
                name = _text(store.path)
                self._buckets["s3", name].append(_Root(store.id, source.name, "", store.path))

    def _add(self, source: Source, end: Endpoint, stores: list[Store]) -> None:
        self._hosts.add(end.host)
        self.hosts.setdefault(source.name, end.host or (HERE if end.kind == "local" else ""))
        match end.kind:
            case "share" | "host" if end.family == "smb":
                self._add_shares(source, end, stores)
            case "local" | "host":
                root = "~" if end.kind == "host" and (not end.path.startswith("/") or end.path[:2] == "/~") else ""
                prefix = root or end.path.strip("/")
                is_file = end.family in {"sqlite", "access", "firebird"}
                for store in stores:
                    whole = f"{prefix}/{_text(store.path)}".strip("/") if store.path and not is_file else prefix
                    port = end.usual_port if end.family == "sftp" else None
                    self._trees[end.host or HERE].append(_Root(store.id, source.name, whole, store.path, port))
            case "bucket":
                for store in stores:
                    name = _text(store.path) if store.path else end.name
                    where = f"{end.host}|" if end.host else ""
                    self._buckets["s3", name].append(_Root(store.id, source.name, where, store.path))
            case "database" | "server" | "name":
                self._add_server(source, end, stores)
            case _:
                return

    def _add_shares(self, source: Source, end: Endpoint, stores: list[Store]) -> None:
        for store in stores:
            name, prefix = (_text(store.path), "") if source.deep and store.path else (end.name, end.path)
            if name:
                self._shares[end.host, name.lower()].append(
                    _Root(store.id, source.name, prefix.lower(), store.path, end.usual_port)
                )

    def _add_server(self, source: Source, end: Endpoint, stores: list[Store]) -> None:
        names = {_text(s.path): s.id for s in stores if s.path}
        if not source.deep:
            names = {end.name: stores[0].id} if stores and end.name else {}
        server = _Server(source.name, end, names, {n.lower(): s for n, s in names.items()})
        self.families |= {s.id: end.family for s in stores if end.family in DIALECTS}
        if end.kind == "name":
            self._names[end.name.lower()].append(server)
        else:
            self._servers[end.host].append(server)


def of_source(locator: str) -> Endpoint | None:
    """The place of a source, from its locator as its connector writes it."""
    text = locator.strip()
    if text.startswith("odbc:"):
        rest = text.removeprefix("odbc:")
        return of_text(rest) if rest.startswith("//") else endpoint("connection_string", rest)
    if text.startswith("s3://"):
        root, _, query = text.partition("?")
        name, _, key = root[5:].partition("/")
        at = next((v for k, _, v in (p.partition("=") for p in query.split("&")) if k == "endpoint"), "")
        web = of_text(at) if at else None
        return Endpoint("bucket", web.host if web else "", web.port if web else None, "", name, key, "s3")
    found = of_text(text)
    return None if found is None or found.kind in {"relative", "drive"} else found


def _text(path: str) -> str:
    try:
        return restore_text(path)
    except UnicodeDecodeError:
        return path


def _at_port(roots: Iterable[_Root], end: Endpoint) -> list[_Root]:
    """The roots a place may lie under by its port; none where it names no port and several servers are left.

    UNC paths and many commands name no port: the usual one is meant if some source is there, else the only one.
    """
    held = list(roots)
    ports = {r.port for r in held if r.port is not None}
    if end.family not in {"smb", "sftp"} or len(ports) < 2:
        return held
    return [r for r in held if r.port is None or r.port == end.usual_port]


def _under(roots: Iterable[_Root], path: str, *, fold: bool) -> Hit | None:
    """The root with the longest prefix of a path, and the path as entries of its source have it."""
    wanted = path.strip("/")
    compared = wanted.lower() if fold else wanted
    best: tuple[int, _Root] | None = None
    for root in roots:
        prefix = "" if "|" in root.prefix else root.prefix
        if prefix == "~":
            continue
        if (not prefix or compared == prefix or compared.startswith(prefix + "/")) and (
            best is None or (len(prefix), best[1].store) > (best[0], root.store)
        ):
            best = (len(prefix), root)
    if best is None:
        return None
    # A share or bucket keeps its own name in the paths of its entries, a folder of it that was the root does as well.
    root = best[1]
    rest = wanted if root.inside else wanted[best[0] :].strip("/")
    return Hit(root.store, root.source, f"{root.inside}/{rest}".strip("/") if root.inside else rest)


def _alike(root: _Root, end: Endpoint) -> bool:
    """Whether a bucket may be the one meant: of one server, or either without a server that is told."""
    return not end.host or "|" not in root.prefix or root.prefix == f"{end.host}|"


def _same_server(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints on one host are surely one server."""
    family = one.family or other.family
    first, second = replace(one, family=family), replace(other, family=family)
    if first.port and first.port == second.usual_port:
        return True
    return first.instance == second.instance and first.usual_port == second.usual_port


def _differ(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints on one host are surely not one server; an instance's port is not known."""
    if one.family and other.family and one.family != other.family:
        return True
    if one.instance and other.instance:
        return one.instance != other.instance
    if (one.instance and not one.port) or (other.instance and not other.port):
        return one.instance != other.instance and not (one.port or other.port)
    if not one.family and not other.family and not (one.port and other.port):
        return False
    family = one.family or other.family
    first, second = replace(one, family=family).usual_port, replace(other, family=family).usual_port
    return bool(first and second and first != second)
