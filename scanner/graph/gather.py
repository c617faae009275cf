"""Gathers what a resolver knows: places of sources, names that files define, links, mounts and lists of hosts."""

from __future__ import annotations

from scanner.graph.aliases import At, Definition, Known
from scanner.graph.endpoint import Endpoint, endpoint, of_text
from scanner.graph.estate import Estate
from scanner.graph.facts import Facts, Reader
from scanner.graph.follow import Resolver
from scanner.graph.locate import HERE, Places, of_source
from scanner.paths import restore_text

_ALIASES = """
    SELECT DISTINCT source, store, path, line, kind, locator,
        CASE WHEN coalesce(alias, '') <> '' THEN alias ELSE part END AS name, coalesce(action, ''),
        coalesce(origin, ''), coalesce(extractor, ''), coalesce(server, ''), port, coalesce(database, ''),
        coalesce(driver, '')
    FROM mention
    WHERE coalesce(status, 'active') IN ('active', 'template') AND kind NOT IN ('sql', 'table') AND (
        coalesce(alias, '') <> '' OR (extractor = 'catalog' AND kind IN ('server_link', 'path')
            AND coalesce(part, '') <> '' AND NOT contains(rtrim(path, '/'), '/')))
    ORDER BY source, path, line NULLS FIRST, name, locator, kind, store"""
_LINKS = """
    SELECT source, store, path, target
    FROM (SELECT source, store, parent || name AS path, kind, subtype, target FROM entry)
    WHERE target IS NOT NULL AND kind = 'link' AND (subtype = 'dfs' OR starts_with(target, '\\'))
    ORDER BY source, path"""
_MOUNTED = """
    SELECT source, max(value) FILTER (WHERE name = 'filesystem'), max(value) FILTER (WHERE name = 'mounted_from'),
        max(value) FILTER (WHERE name = 'volume_path')
    FROM setting WHERE path = '' AND name IN ('filesystem', 'mounted_from', 'volume_path') GROUP BY source
    HAVING max(value) FILTER (WHERE name = 'mounted_from') IS NOT NULL ORDER BY source"""
_ONLY = """
    SELECT source, path, min(locator), min(kind), coalesce(min(server), ''), min(port), coalesce(min(database), ''),
        coalesce(min(driver), '')
    FROM mention
    WHERE coalesce(status, 'active') = 'active' AND kind = 'connection_string'
        AND path IN (SELECT path FROM mention WHERE kind IN ('sql', 'table') AND coalesce(via, '') = '')
    GROUP BY source, path HAVING count(DISTINCT locator) = 1 ORDER BY source, path"""
_NETWORK = frozenset({"cifs", "smb3", "smbfs", "nfs", "nfs4"})


def resolver_of(reader: Reader, facts: Facts, estate: Estate) -> Resolver:
    """A resolver that knows all the catalog tells of places and names."""
    known = Known()
    rows = reader.rows(_ALIASES)
    by_source = {s.name: of_source(s.locator) for s in facts.sources}
    mounted = _mounted(reader)
    hosts = {name: _host(by_source[name], mounted.get(name, [])) for name in by_source}
    for source, store, path, line, kind, locator, name, action, origin, extractor, *fields in rows:
        at = At(source, store, path, hosts.get(source, ""))
        known.define(name, at, line, kind, locator, tuple(fields), action=action, origin=origin, extractor=extractor)
    known.hosts.settle(host for host in hosts.values() if host)
    places = Places()
    by_store: dict[str, list] = {}  # type: ignore[type-arg]
    for store in facts.stores:
        by_store.setdefault(store.source, []).append(store)
    for source in facts.sources:
        more = [*mounted.get(source.name, []), *_by_name(source.name, by_source[source.name], known)]
        places.add(source, by_store.get(source.name, []), known.hosts.one, more)
    _links(reader, known, by_source, places)
    folding = frozenset(n for n, end in by_source.items() if end is not None and end.family == "smb")
    resolver = Resolver(facts.stores, places, known, estate.directory, folding)
    for name, host in places.hosts.items():
        places.hosts[name] = known.hosts.one(host)
    return resolver


def only_databases(reader: Reader) -> dict[tuple[str, str], Endpoint]:
    """The database of each file with statements that names just one."""
    found = {}
    for source, path, locator, kind, *fields in reader.rows(_ONLY):
        if (end := endpoint(kind, locator, *fields)) is not None:
            found[source, path] = end
    return found


def _host(end: Endpoint | None, mounted: list[Endpoint]) -> str:
    first = next((e for e in [*mounted, end] if e is not None), None)
    if first is None:
        return ""
    return HERE if first.kind == "local" or first.is_local else first.host


def _by_name(source: str, own: Endpoint | None, known: Known) -> list[Endpoint]:
    """Where a source lies that is itself reached by a data source's name, as far as files of the estate tell."""
    if own is None or own.kind != "name":
        return []
    found = known.aliases.find(own.name, At(source, source, ""))
    return [found.definition.end] if found is not None and found.sure and found.definition.end is not None else []


def _mounted(reader: Reader) -> dict[str, list[Endpoint]]:
    """Sources that lie on a mounted share or export, and where that is."""
    found: dict[str, list[Endpoint]] = {}
    for source, kind, of, volume in reader.rows(_MOUNTED):
        if kind not in _NETWORK or not of:
            continue
        end = of_text(of if "://" not in of else "")
        if end is None or end.kind not in {"share", "host"}:
            continue
        inside = (volume or "").strip("/")
        path = "/".join(p for p in (end.path.rstrip("/"), inside) if p)
        family = "nfs" if kind.startswith("nfs") else "smb"
        found[source] = [Endpoint(end.kind, end.host, end.port, "", end.name, path, family)]
    return found


def _links(reader: Reader, known: Known, by_source: dict[str, Endpoint | None], places: Places) -> None:
    """DFS links and other links to shares: a path beneath one is a path of where it leads."""
    for source, store, path, target in reader.rows(_LINKS):
        own = by_source.get(source)
        try:
            to = of_text(restore_text(target))
        except UnicodeDecodeError:
            continue
        if own is None or to is None or to.kind != "share" or own.family != "smb":
            continue
        share, _, rest = path.partition("/")
        at = At(source, store, path, places.hosts.get(source, ""))
        link = Endpoint("share", known.hosts.one(own.host), own.port, "", share, rest, "smb")
        known.prefixes.link(link, Definition(at, None, to, target))
