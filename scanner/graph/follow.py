"""Follows what a mention quotes: through variables, names, drives, mounts and DFS links to the place it leads to."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from scanner.graph.aliases import ESTATE, STORE, At, Definition, Known, beneath, has_variable, lists_hosts
from scanner.graph.endpoint import FOLDED, PORTS, Endpoint, endpoint
from scanner.graph.locate import HERE, Hit, Places
from scanner.graph.resolve import Directory
from scanner.results import EdgeConfidence, PlaceOf, Store, Tier

_HOPS = 8
"""Names that stand for names: more of them are a circle."""
_INACTIVE = {"commented": "it stands in a comment or is switched off", "placeholder": "it is an example, not a place"}
_USED = frozenset({"reads", "writes", "mounts", "connects", "calls"})
_PLACES = frozenset({"share", "database", "server", "bucket", "host"})
_PROTOCOLS = frozenset({"sftp", "ftp", "nfs"})


class Said(NamedTuple):
    """One mention, as the catalog has it; texts that are unknown are ''."""

    source: str
    store: str
    path: str
    line: int | None
    part: str | None
    kind: str
    locator: str
    status: str
    alias: str
    via: str
    action: str
    origin: str
    server: str
    port: int | None
    database: str
    driver: str
    extractor: str
    modified: int | None
    owner: str

    @property
    def place(self) -> PlaceOf:
        """Where it stands."""
        return PlaceOf(self.source, self.path, self.line, self.part)

    @property
    def fields(self) -> tuple[str, int | None, str, str]:
        """What the extractor told apart."""
        return self.server, self.port, self.database, self.driver


class Object(NamedTuple):
    """An object of a database that a statement uses: the asset, the kind of edge, and how sure that is."""

    asset: str
    kind: str
    how: EdgeConfidence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mention: the asset it leads to, '' for none, and why.

    ``file`` is (source, path) where it leads to a path of a scanned store; ``end`` the place itself.
    """

    target: str
    tier: Tier
    why: str
    sure: bool = True
    file: tuple[str, str] | None = None
    end: Endpoint | None = None
    objects: tuple[Object, ...] = ()


@dataclass(slots=True)
class Resolver:
    """Knows every place and every name of an estate; the same question is answered once."""

    stores: tuple[Store, ...]
    places: Places
    known: Known
    directory: Directory
    folding: frozenset[str] = frozenset()
    """Sources whose paths are compared without case."""
    ends: dict[str, Endpoint] = field(default_factory=dict)
    """Where each place is that nobody scanned, by asset."""
    spellings: dict[str, str] = field(default_factory=dict)
    _answers: dict[tuple[Endpoint, str], Outcome] = field(default_factory=dict)

    def outcome(self, said: Said) -> Outcome:  # noqa: PLR0911 - one reason after the other
        """What became of a mention of a place."""
        if said.status in _INACTIVE:
            return Outcome("", "inactive", _INACTIVE[said.status])
        at = self.at(said)
        if said.kind == "server_link" and said.extractor == "catalog" and _is_object(said):
            return self._linked_object(said, at)
        end = endpoint(said.kind, said.locator, *said.fields)
        if said.status == "template" or (end is not None and has_variable(end.host + end.name)):
            return self._template(said, at)
        if end is None:
            return Outcome("", "unresolved", "it names no place that could be told")
        if end.kind == "web":
            return self._web(end, at, said)
        if said.action == "defines" and end.kind == "host" and lists_hosts(said.path, said.origin, end.host):
            return Outcome("", "inactive", "it only gives a host a name", end=end)
        return self.follow(end, at)

    def at(self, said: Said) -> At:
        """Where a mention stands."""
        return At(said.source, said.store, said.path, self.places.hosts.get(said.source, ""))

    def text(self, locator: str, at: At) -> Outcome:
        """What a URL, path or connection in a definition leads to."""
        end = endpoint("url", locator) or endpoint("connection_string", locator)
        return self.follow(end, at) if end is not None else Outcome("", "unresolved", "it names no place")

    def follow(self, end: Endpoint, at: At) -> Outcome:
        """What a place or name leads to, as it is meant at some file."""
        key = (end, at.host if end.is_local else "")
        plain = end.kind in _PLACES and (end.is_local or not self.known.aliases.knows(end.host))
        if plain and key in self._answers:
            return self._answers[key]
        found = self._follow(end, at)
        if plain:
            if len(self._answers) > 200_000:
                self._answers.clear()
            self._answers[key] = found
        return found

    def _follow(self, end: Endpoint, at: At) -> Outcome:
        sure = True
        words: list[str] = []
        for _ in range(_HOPS):
            step = self._step(end, at)
            if isinstance(step, Outcome):
                return step if sure or not step.sure else replace(step, sure=False)
            if step is None:
                return self._arrive(end, at, sure=sure, words=words)
            end, definition, certain = step
            at, sure = definition.at, sure and certain
            words.append(definition.place)
        return Outcome("", "unresolved", "names lead in a circle: " + ", ".join(words[:3]))

    def _step(  # noqa: PLR0911 - one kind of place after the other
        self, end: Endpoint, at: At
    ) -> tuple[Endpoint, Definition, bool] | Outcome | None:
        """One definition further: what it leads to; an outcome where that is the end; None where it is a place."""
        match end.kind:
            case "name":
                return self._by_name(end, at)
            case "drive":
                named = self.known.aliases.find(end.name, at, STORE)
                if named is None or named.definition.end is None:
                    return Outcome(
                        "", "unresolved", f"drive {end.name.upper()} is of whichever machine uses it", end=end
                    )
                return beneath(named.definition.end, end.path), named.definition, named.sure
            case "local":
                if end.host:
                    return None
                if found := self.known.prefixes.mounted(at.host or at.store, end.path):
                    return _at_path(found[0].end, found[1]), found[0], True
                return None
            case "share":
                host = self._host(end, at)
                spelled = end if host == end.host else replace(end, host=host)
                if found := self.known.prefixes.linked(spelled):
                    return _at_path(found[0].end, found[1]), found[0], True
                return None
            case "host" | "server" | "database":
                return self._by_host(end, at)
            case _:
                return None

    def _by_name(self, end: Endpoint, at: At) -> tuple[Endpoint, Definition, bool] | Outcome:
        named = self.known.aliases.find(end.name, at, ESTATE)
        definition = named.definition if named else None
        if named is None or definition is None or definition.end in (None, end):
            if hit := self.places.named(end.name, end.path):
                return self._hit(hit, end, "a source of the estate is reached by that name")
            if end.family or end.name.lower().startswith(("java:", "jdbc/")):
                return self._outside(replace(end, path=""), "no file of the estate defines the name")
            return Outcome("", "unresolved", f"no file of the estate defines the name {end.name}", end=end)
        assert definition.end is not None
        to = definition.end
        if end.path and to.kind in {"server", "database"}:
            to = replace(to, kind="database", name=end.path)
        elif end.path and to.kind == "name":
            to = replace(to, path=end.path)
        if not to.family and end.family not in {"dsn", "link"} and to.kind in {"server", "database"}:
            to = replace(to, family=end.family)
        return to, definition, named.sure

    def _by_host(self, end: Endpoint, at: At) -> tuple[Endpoint, Definition, bool] | None:
        """A host's name may be one that a file defines: a TNS name, a service of a composition, an SSH alias."""
        if not end.host or "." in end.host or end.is_local or not self.known.aliases.knows(end.host):
            return None
        if self.places.is_host(self.known.hosts.one(end.host)):
            return None
        named = self.known.aliases.find(
            end.host, at, ESTATE if end.family == "oracle" or end.kind == "server" else STORE
        )
        to = named.definition.end if named else None
        if named is None or to is None or to.host in {"", end.host} or to.kind not in {"host", "server", "database"}:
            return None
        if to.kind == "host":
            return replace(end, host=to.host, port=end.port or to.port), named.definition, named.sure
        if end.kind == "host" or end.family not in ("", "oracle"):
            return None
        return (replace(to, name=end.name) if end.name else to), named.definition, named.sure

    def _host(self, end: Endpoint, at: At) -> str:
        """The host of a place in the spelling that everything is compared by; '' where only its user could tell."""
        return at.host if end.is_local else self.known.hosts.one(end.host)

    def _arrive(  # noqa: PLR0911 - one kind of place after the other
        self, end: Endpoint, at: At, *, sure: bool, words: list[str]
    ) -> Outcome:
        """The store at a place, or the place itself as one nobody scanned."""
        through = f"through {', '.join(words)}" if words else "as it is written"
        if end.kind == "relative":
            return self._relative(end, at)
        if end.kind == "local":
            return self._local(end, at, through, sure=sure)
        host = self._host(end, at)
        if end.host and not host:
            return Outcome(
                "", "unresolved", "local: of whichever machine uses it, which the estate does not tell", end=end
            )
        if end.is_local and end.kind == "host" and not end.path:
            return Outcome("", "unresolved", "the machine itself", end=end)
        sure = sure and not (end.is_local and host == HERE)
        end = end if host == end.host else replace(end, host=host)
        if hit := self.places.find(end):
            return self._hit(hit if sure else replace(hit, sure=False), end, through)
        if end.kind == "host" and not end.path and self.places.is_host(host):
            return self._of_host(end)
        found = self._outside(end, f"{through}; no source of the estate covers it")
        return found if sure else replace(found, sure=False)

    def _of_host(self, end: Endpoint) -> Outcome:
        """A host that sources lie on: what is meant of it is only told where it holds one store."""
        on_it = {name for name, host in self.places.hosts.items() if host == end.host}
        stores = [s.id for s in self.stores if s.source in on_it]
        if len(stores) == 1:
            return Outcome(stores[0], "resolved", "the only store of the estate on that host", sure=False, end=end)
        return Outcome("", "unresolved", f"{len(stores)} stores of the estate lie on that host", end=end)

    def _hit(self, hit: Hit, end: Endpoint, why: str) -> Outcome:
        path = hit.path.lower() if hit.source in self.folding else hit.path
        head = path
        while has_variable(head):
            head = head.rpartition("/")[0]
        file = (hit.source, head) if head and end.kind in {"share", "local", "host", "bucket"} else None
        return Outcome(hit.store, "resolved", why, hit.sure, file, end)

    def _local(self, end: Endpoint, at: At, through: str, *, sure: bool) -> Outcome:
        host = end.host or at.host
        if host and (hit := self.places.find(replace(end, host=host))):
            return self._hit(replace(hit, sure=hit.sure and sure), end, through)
        where = f"of {host}" if host and host != HERE else "of whichever machine uses it"
        return Outcome("", "unresolved", f"a path {where} that no source covers", end=end)

    def _relative(self, end: Endpoint, at: At) -> Outcome:
        folder = at.path[: at.path.rfind("/") + 1]
        path = posixpath.normpath(f"/{folder}{end.path}")[1:]
        outside = posixpath.normpath(folder + end.path).startswith("..")
        if outside:
            return Outcome("", "unresolved", "a path that leaves the store it is written in", end=end)
        hit = self.places._in_file(Hit(at.store, at.source, path))  # noqa: SLF001 - one look-up of its files
        assert hit is not None
        return self._hit(hit, replace(end, kind="local"), "a path beside the file that quotes it")

    def _web(self, end: Endpoint, at: At, said: Said) -> Outcome:
        host = self._host(end, at)
        if host and (hit := self.places.find(replace(end, host=host))):
            return self._hit(hit, replace(end, kind="bucket"), "as it is written")
        if said.action not in _USED or not host:
            return Outcome("", "inactive", "a web address, not known to be a place that holds data", end=end)
        return self._outside(replace(end, kind="host", host=host, path=""), "as it is written; nobody scanned it")

    def _template(self, said: Said, at: At) -> Outcome:
        """A mention with variables, filled in from what files beside it and above it define."""
        text, missing, used = self.known.aliases.filled(said.locator, at)
        kind = said.kind
        if len(used) == 1 and text == used[0].text and used[0].end is not None:
            end: Endpoint | None = used[0].end
        else:
            end = endpoint(kind, text)
        if end is None and not missing:
            end = endpoint(kind, text, *said.fields)
        if end is None or has_variable(end.host + end.instance + end.name) or _begins_with_variable(end):
            named = ", ".join(missing[:3]) or "its variables"
            return Outcome("", "unresolved", f"nobody defines {named} beside it or above it", end=end)
        found = self._web(end, at, said) if end.kind == "web" else self.follow(end, at)
        if not used:
            return found
        return replace(found, why=f"{found.why}; variables from {', '.join(d.place for d in used[:3])}")

    def _linked_object(self, said: Said, at: At) -> Outcome:
        """An object over a database's own link: ``link.database.schema.name``, ``schema.name@link``."""
        text = said.locator.strip()
        name, at_sign, link = text.rpartition("@")
        parts = [p.strip('[]"`') for p in (name if at_sign else text).split(".")]
        link = link.partition(":")[0] if at_sign else parts[0]
        end = Endpoint("name", name=link, path=parts[1] if not at_sign and len(parts) == 4 else "", family="link")
        if self.known.aliases.find(link, at, STORE) is None:
            found = self.directory.outside("server", link, said.source)
            return Outcome(found.asset, "resolved", "the database links to it and does not say where it is")
        return self.follow(end, at)

    def _outside(self, end: Endpoint, why: str) -> Outcome:
        """A place nobody scanned, as an asset: the same place is the same asset, however it is spelled."""
        kind, key, title = named(end)
        asset = self.directory.outside(kind, key).asset
        self.ends.setdefault(asset, end)
        self.spellings[asset] = min(title, self.spellings.get(asset, title))
        return Outcome(asset, "resolved", why, end=end)

    def foreign(self, target: str, at: At) -> str | None:
        """What holds the rows of a foreign table, from the words its database has for it; None where nothing tells."""
        server, bracket, options = target.partition(" (")
        if self.known.aliases.find(server, at, STORE) is not None:
            led = self.follow(Endpoint("name", name=server, family="link"), at)
            return led.target or None
        end = endpoint("connection_string", options.rstrip(")").replace(", ", ";")) if bracket else None
        if end is None and ("://" in target or target.startswith("\\\\") or "=" in target):
            end = endpoint("url" if "=" not in target else "connection_string", target)
        return (self.follow(end, at).target or None) if end is not None else None

    def link(self, source: str, server: str, database: str) -> str | None:
        """The asset that a linked server of a source leads to; None where its catalog does not say where it is."""
        at = At(source, source, "", self.places.hosts.get(source, ""))
        if self.known.aliases.find(server, at, STORE) is None:
            return None
        return self.follow(Endpoint("name", name=server, path=database, family="link"), at).target or None

    def settle(self) -> None:
        """Give what was never scanned a title: of all its spellings the first in order."""
        for asset, title in self.spellings.items():
            self.directory.unresolved[asset] = replace(self.directory.unresolved[asset], title=title)


def named(end: Endpoint) -> tuple[str, str, str]:
    r"""Kind, key and title of a place that nobody scanned.

    >>> named(Endpoint("database", "db1", 1433, "", "Payroll", family="mssql"))
    ('database', 'db1/payroll', 'db1/Payroll')
    """
    host = f"[{end.host}]" if ":" in end.host else end.host
    match end.kind:
        case "share":
            port = f":{end.port}" if end.port and end.port != PORTS["smb"] else ""
            return "share", f"\\\\{host}{port}\\{end.name.lower()}", f"\\\\{host}{port}\\{end.name}"
        case "bucket":
            where = f" at {host}" if end.host else ""
            text = f"{end.family or 's3'}://{end.name}{where}"
            return "bucket", text, text
        case "database" | "server":
            usual = PORTS.get(end.family)
            port = f":{end.port}" if end.port and end.port != usual else ""
            server = f"{host}\\{end.instance}{port}" if end.instance else f"{host}{port}"
            if not end.name:
                return "server", server, server
            name = end.name.lower() if end.family in FOLDED else end.name
            return "database", f"{server}/{name}", f"{server}/{end.name}"
        case "name":
            return "name", end.name.lower(), end.name
        case _:
            port = f":{end.port}" if end.port and end.port != PORTS.get(end.family) else ""
            scheme = f"{end.family}://" if end.family in _PROTOCOLS else ""
            export = f"/{end.path.strip('/')}" if end.family == "nfs" and end.path.strip("/") else ""
            return "host", f"{scheme}{host}{port}{export}", f"{scheme}{host}{port}{export}"


def _at_path(end: Endpoint | None, path: str) -> Endpoint:
    assert end is not None  # only places are taken up as mounts and links
    return beneath(end, path)


def _is_object(said: Said) -> bool:
    """Whether a catalog's mention is one of an object over a link, and not the link itself."""
    text = said.locator
    return "/" in said.path and "=" not in text and "://" not in text and ("@" in text or text.count(".") >= 2)


def _begins_with_variable(end: Endpoint) -> bool:
    if end.kind not in {"local", "relative", "drive"}:
        return False
    first = end.path.lstrip("/").split("/", 1)[0]
    return has_variable(first)
