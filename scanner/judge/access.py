"""Who may do what: single rights as the sources told them, put together into what they come to.

Rights of one origin at a path hold for all beneath it up to the next path with rights of that origin, or they add to
each other: ``scanner.schema.ORIGINS`` says which. Nothing is concluded from what a source did not tell.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.judge.reader import Reads
from scanner.results import Opening, Orphan, Reach
from scanner.schema import RIGHTS

CHANGING = frozenset({"write", "delete", "change_permissions", "owner", "full"})
"""Rights with which content or permissions can be changed."""

_ALL = frozenset(RIGHTS) - {"owner", "full"}
_MEANS = {"full": _ALL, "owner": frozenset({"change_permissions"})}
_ORDER = tuple(r for r in RIGHTS if r in _ALL)

FAMILIES: Mapping[str, str] = {
    "mode": "posix", "posix_acl": "posix", "nt_acl": "nt", "nfs4_acl": "nt", "share_acl": "share",
    "bucket_policy": "bucket", "acl": "bucket", "public_access_block": "bucket", "sql_grant": "sql",
}  # fmt: skip
"""Origins that are weighed against each other."""

_REPLACING = frozenset({"posix", "nt"})
"""Families in which the deepest path says it all; in the others rights from above go on holding."""

_WIDE = ("everyone", "authenticated")
_COLUMNS = (
    'source, store, path, grantee, grantee_kind, "right", effect, inherited, origin, grantee_id, native, condition, '
    "scope"
)


@dataclass(frozen=True, slots=True)
class _Row:
    source: str
    store: str
    path: str
    grantee: str
    kind: str
    right: str
    allow: bool
    inherited: bool
    origin: str
    identity: str
    native: str
    conditional: bool
    scope: str

    @property
    def family(self) -> str:
        return FAMILIES.get(self.origin, self.origin)


def _fetch(reader: Reads, condition: str) -> list[_Row]:
    rows = reader.rows(
        f'SELECT {_COLUMNS} FROM "grant" WHERE {condition} ORDER BY source, path, origin, grantee, "right"'
    )
    return [
        _Row(source, store, path, grantee, kind or "unknown", right, effect != "deny", bool(inherited), origin or "",
             identity or "", native or "", condition is not None, scope or "both")
        for source, store, path, grantee, kind, right, effect, inherited, origin, identity, native, condition, scope
        in rows
    ]  # fmt: skip


def means(right: str) -> frozenset[str]:
    """What a right comes to: ``full`` is every right, an owner may give itself any."""
    return _MEANS.get(right, frozenset({right}))


def weigh(rows: Iterable[_Row]) -> frozenset[str]:
    """Rights that are left of rows that all apply: what is said here goes before what is inherited, denials first."""
    allowed: set[str] = set()
    denied: set[str] = set()
    for row in sorted(rows, key=lambda r: (r.inherited, r.allow)):
        if row.conditional:
            continue  # whether a condition is met cannot be judged here
        if row.allow:
            allowed |= means(row.right) - denied
        else:
            denied |= means(row.right) - allowed
    return frozenset(allowed)


# --- open to more than named people -----------------------------------------------------------------------------------


def openings(reader: Reads) -> tuple[Opening, ...]:
    """Every place open to everyone or to everybody who can log in, those that can be changed first.

    ``barred`` says what takes an opening back although the right stands there.
    """
    bars, denials = _Bars(reader), _Denials(reader)
    groups: dict[tuple[str, str, str, str, str], list[_Row]] = defaultdict(list)
    for row in _fetch(reader, "grantee_kind IN ('everyone', 'authenticated') AND origin <> 'share_acl'"):
        groups[row.source, row.store, row.path, row.kind, row.family].append(row)
    found = _gathered([o for rows in groups.values() if (o := _opening(rows, bars, denials)) is not None])
    return tuple(sorted(found, key=lambda o: (bool(o.barred), not o.changing, o.to, o.store, o.path, o.origin)))


def _gathered(found: list[Opening]) -> list[Opening]:
    """Each opening once: what the next place above says alike is counted there.

    Servers that do not hand rights down, as Samba on a plain file system, repeat them at every folder.
    """
    kept: dict[tuple[str, str, str, str], Opening] = {}
    stands_for: dict[tuple[str, str, str, str], tuple[str, str, str, str]] = {}
    beneath: Counter[tuple[str, str, str, str]] = Counter()
    for opening in sorted(found, key=lambda o: o.path):
        key = (opening.store, opening.to, opening.origin, opening.path)
        above = next((a for a in _above(key) if a in stands_for), None)
        said = kept[stands_for[above]] if above else None
        if above and said and replace(opening, path=said.path) == said:
            stands_for[key] = stands_for[above]
            beneath[stands_for[key]] += 1
        else:
            kept[key], stands_for[key] = opening, key
    return [replace(opening, beneath=beneath[key]) for key, opening in kept.items()]


def _above(key: tuple[str, str, str, str]) -> Iterator[tuple[str, str, str, str]]:
    *rest, path = key
    while path:
        path = path.rpartition("/")[0]
        yield (rest[0], rest[1], rest[2], path)


def _opening(rows: list[_Row], bars: _Bars, denials: _Denials) -> Opening | None:
    if rows[0].family in _REPLACING:
        rights = weigh(rows)
    else:
        rows = [r for r in rows if r.allow and denials.leave(r)]
        rows = [r for r in rows if r.family != "bucket" or not bars.bucket(r)] or rows
        rights = frozenset().union(*map(denials.leave, rows))
    if not rights:
        return None
    first = next(r for r in rows if r.allow and means(r.right) & rights)
    native = ", ".join(dict.fromkeys(r.native for r in rows if r.allow and r.native))
    capped, barred = bars.of(first, rights)
    return Opening(
        first.store, first.path, "everyone" if first.kind == "everyone" else "authenticated", first.grantee,
        _listed(capped or rights), first.origin, native, barred, bool((capped or rights) & CHANGING),
    )  # fmt: skip


def _listed(rights: Collection[str]) -> tuple[str, ...]:
    return tuple(r for r in _ORDER if r in rights)


class _Denials:
    """Denials to everybody where rights add to each other: they hold for all beneath them as well."""

    def __init__(self, reader: Reads) -> None:
        self._at: dict[tuple[str, str, str], list[_Row]] = defaultdict(list)
        for row in _fetch(reader, "effect = 'deny' AND condition IS NULL AND origin <> 'public_access_block'"):
            if row.kind in _WIDE and row.family not in _REPLACING:
                self._at[row.source, row.path, row.family].append(row)

    def leave(self, row: _Row) -> frozenset[str]:
        """Rights that are left of a wide right."""
        if row.conditional:
            return frozenset()
        here = [d for d in self._at.get((row.source, row.path, row.family), ()) if d.scope in ("both", row.scope)]
        for holder in _holders(row.path):
            here += [d for d in self._at.get((row.source, holder, row.family), ()) if d.scope != "this"]
        taken = (means(d.right) for d in here if d.kind in ("everyone", row.kind))
        return means(row.right).difference(*taken)


def _holders(path: str) -> Iterator[str]:
    """Every path that holds a path, the nearest first."""
    while path:
        path = path.rpartition("/")[0]
        yield path


class _Bars:
    """What takes wide rights back: share rights, blocks of public access, folders above that let nobody through."""

    def __init__(self, reader: Reads) -> None:
        self._shares: dict[str, list[_Row]] = defaultdict(list)
        for row in _fetch(reader, "origin = 'share_acl'"):
            self._shares[row.store].append(row)
        self._blocks = {row.store: row.native for row in _fetch(reader, "origin = 'public_access_block'")}
        self._owned = {
            store for (store,) in reader.rows("SELECT DISTINCT store FROM setting WHERE value = 'BucketOwnerEnforced'")
        }
        self._passable = {
            (source, path): bool(passable)
            for source, path, passable in reader.rows(
                """SELECT source, path,
                    bool_or(grantee_kind = 'everyone' AND "right" IN ('execute', 'full') AND effect = 'allow')
                FROM "grant" WHERE origin IN ('mode', 'posix_acl') AND condition IS NULL GROUP BY ALL"""
            )
        }

    def of(self, row: _Row, rights: frozenset[str]) -> tuple[frozenset[str], str]:
        """Rights that are left, and what bars all of them if so."""
        if row.family == "bucket":
            return rights, self.bucket(row)
        if row.family == "posix":
            return rights, self._above(row)
        shares = self._shares.get(row.store)
        if row.family == "nt" and shares:
            wide = weigh(r for r in shares if r.kind in _WIDE)
            return rights & wide, "" if rights & wide else "the share's own rights name others only"
        return rights, ""

    def bucket(self, row: _Row) -> str:
        """What takes a right of everybody's on a bucket back; ``""`` where nothing does."""
        block = self._blocks.get(row.store, "").lower()
        if row.origin == "acl" and row.store in self._owned:
            return "access lists are disabled (BucketOwnerEnforced)"
        wanted = "ignorepublicacls" if row.origin == "acl" else "restrictpublicbuckets"
        return "public access is blocked" if wanted in block.replace("_", "") else ""

    def _above(self, row: _Row) -> str:
        for path in _holders(row.path):
            if self._passable.get((row.source, path)) is False:
                return f"nobody else may pass through {path or 'the root'}"
        return ""


def orphans(reader: Reads) -> tuple[Orphan, ...]:
    """Identities that nobody has any more, as the sources name them: how many paths they own or hold rights on."""
    rows = reader.rows(
        """SELECT store, grantee, count(DISTINCT path) FILTER (WHERE "right" = 'owner') AS owned,
            count(DISTINCT path) FILTER (WHERE "right" <> 'owner') AS held, min(path)
        FROM "grant" WHERE grantee_kind = 'unknown' AND condition IS NULL
            AND (starts_with(grantee, '#') OR starts_with(grantee, 'S-1-'))
        GROUP BY store, grantee ORDER BY owned DESC, held DESC, store, grantee"""
    )
    return tuple(Orphan(*row) for row in rows)


# --- what one principal comes to --------------------------------------------------------------------------------------


def reach(reader: Reads, principal: str) -> tuple[Reach, ...]:
    """Where a named principal may do something: by name, by its groups, or because it is open to all.

    A name counts in any case, and by its lasting identity too. Rights through groups whose members a source does not
    tell are missing; ``untold_groups`` names the sources where that may be so.
    """
    belongs = _belongs(reader, principal)
    bars = _Bars(reader)
    points: dict[tuple[str, str, str], dict[str, list[_Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _fetch(reader, "true"):
        if row.family == "bucket" and row.kind in _WIDE and row.allow and bars.bucket(row):
            continue
        points[row.source, row.store, row.family][row.path].append(row)
    shares = {store: rows for (_, store, family), at in points.items() if family == "share" for rows in at.values()}
    found: list[Reach] = []
    for (source, store, family), at in points.items():
        if family != "share":
            caps = shares.get(store, ()) if family == "nt" else ()
            found += _reached(store, family, at, belongs[source], principal.lower(), caps)
    return tuple(sorted(found, key=lambda f: (f.store, f.path, f.origin)))


def _reached(
    store: str, family: str, at: Mapping[str, list[_Row]], groups: frozenset[str], own: str, caps: Collection[_Row]
) -> Iterator[Reach]:
    """What a principal and its groups may do at each path of one family; where they are shut out again, no rights."""
    open_at: set[str] = set()
    names = groups | {own}
    for path in sorted(at):
        mine = [r for r in _in_force(path, at, family) if _is(r, names)]
        if family == "posix":
            mine = _posix_class(mine, own, groups)
        rights = weigh(mine)
        if caps:
            rights &= weigh(r for r in caps if _is(r, names))
        if rights and (family in _REPLACING or any(_is(r, names) for r in at[path])):
            because = tuple(dict.fromkeys(r.grantee for r in mine if r.allow and means(r.right) & rights))
            open_at.add(path)
            yield Reach(store, path, _listed(rights), because, next(r.origin for r in mine if r.allow))
        elif family in _REPLACING and _next_above(path, at) in open_at:
            yield Reach(store, path, (), (), at[path][0].origin)


def _next_above(path: str, at: Mapping[str, list[_Row]]) -> str | None:
    return next((p for p in _holders(path) if p in at), None)


def untold_groups(reader: Reads) -> tuple[str, ...]:
    """Sources that give rights to groups without telling who belongs to them."""
    rows = reader.rows(
        """SELECT DISTINCT source FROM "grant" WHERE grantee_kind IN ('group', 'role')
            AND source NOT IN (SELECT source FROM member) ORDER BY source"""
    )
    return tuple(source for (source,) in rows)


def _belongs(reader: Reads, principal: str) -> defaultdict[str, frozenset[str]]:
    """By source, every group the principal belongs to, directly or through another; in lower case."""
    up: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for source, group, member in reader.rows('SELECT source, "group", member FROM member ORDER BY ALL'):
        up[source][member.lower()].add(group.lower())
    belongs: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for source, groups in up.items():
        known: set[str] = set()
        waiting = [principal.lower()]
        while waiting:
            fresh = groups[waiting.pop()] - known
            known |= fresh
            waiting += fresh
        belongs[source] = frozenset(known)
    return belongs


def _is(row: _Row, names: Collection[str]) -> bool:
    return row.kind in _WIDE or row.grantee.lower() in names or (row.identity != "" and row.identity.lower() in names)


def _in_force(path: str, at: Mapping[str, list[_Row]], family: str) -> Iterator[_Row]:
    """The rows that hold at a path: its own alone, or those of everything above it too."""
    yield from at[path]
    if family not in _REPLACING:
        for holder in _holders(path):
            yield from (r for r in at.get(holder, ()) if r.scope != "this")


def _posix_class(rows: list[_Row], own: str, groups: frozenset[str]) -> list[_Row]:
    """Of the owner's, the groups' and the others' rights only the first class that fits holds.

    Any of its groups is enough for a right, whatever another is denied. A group may be called as an account is: where
    the account's groups are told, it belongs to that one only if they say so.
    """
    now = [r for r in rows if not r.conditional]
    named = [r for r in now if r.kind not in (*_WIDE, "group") and own in _called(r)]
    rest = [r for r in now if r.kind not in (*_WIDE, "user") and r not in named]
    through = [r for r in rest if not groups or groups & _called(r)]
    if named or not through:
        return named or [r for r in now if r.kind in _WIDE]
    return [r for r in through if r.allow]


def _called(row: _Row) -> frozenset[str]:
    return frozenset({row.grantee.lower(), row.identity.lower()})
