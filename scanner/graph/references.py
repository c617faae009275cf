"""Every mention resolved: to a scanned store, to a place nobody scanned, or to the reason why it leads nowhere.

Mentions are read once, in order, as a stream: what is kept of them are edges, tallies of what they lead to, and the
first references of each tier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import product

from scanner.graph.edges import Edges, kind_of
from scanner.graph.estate import Estate
from scanner.graph.facts import Reader
from scanner.graph.follow import Outcome, Resolver, Said
from scanner.graph.gather import only_databases
from scanner.graph.statements import Statements
from scanner.locators import without_secrets
from scanner.results import EdgeConfidence, PlaceOf, Reference, Tier
from scanner.secrets import scrub

KEPT: dict[Tier, int] = {"unresolved": 5_000, "resolved": 10_000, "inactive": 2_000}
"""References kept of each tier; the rest is counted."""
SHOWN = 2_000
"""Characters of a locator or statement that are shown."""
_DATABASES = 50
"""Databases of a server that what it says of itself is an edge of."""
_MAY_HOLD_SECRETS = frozenset({"connection_string", "url", "server_link", "dsn"})
PLACES = 10
"""Places kept of each edge, and of each store that is referred to."""
_CHECKED = 500_000
"""Paths that are looked for among the entries."""
_ROWS = 500
"""Mentions fetched at once: a statement may be long."""

MENTIONS = """
    WITH files AS (
        SELECT source, path, max(modified) AS modified, min(owner) AS owner
        FROM (SELECT source, parent || name AS path, modified, owner FROM entry)
        SEMI JOIN (SELECT DISTINCT source, path FROM mention) USING (source, path) GROUP BY ALL)
    SELECT m.source, m.store, m.path, m.line, m.part, m.kind, m.locator, coalesce(m.status, 'active'),
        coalesce(m.alias, ''), coalesce(m.via, ''), coalesce(m.action, ''), coalesce(m.origin, ''),
        coalesce(m.server, ''), m.port, coalesce(m.database, ''), coalesce(m.driver, ''), coalesce(m.extractor, ''),
        f.modified, coalesce(f.owner, '')
    FROM mention m LEFT JOIN files f ON f.source = m.source AND f.path = m.path
    ORDER BY m.source, m.path, m.line NULLS FIRST, m.part NULLS FIRST, m.kind, m.locator, m.status, m.alias, m.via,
        m.action, m.store"""
_EXIST = """
    SELECT source, path FROM (SELECT unnest(?::VARCHAR[]) AS source, unnest(?::VARCHAR[]) AS path)
    SEMI JOIN (
        SELECT source, CASE WHEN list_contains(?::VARCHAR[], source) THEN lower(parent || name) ELSE parent || name END
        AS path FROM entry) USING (source, path)"""


@dataclass(slots=True)
class Tally:
    """What is said of one store: how often, in how many files, by which stores, and when the last file changed."""

    references: int = 0
    files: int = 0
    by: Counter[str] = field(default_factory=Counter)
    places: list[PlaceOf] = field(default_factory=list)
    touched: int | None = None
    logins: int = 0
    """Those that only say that somebody logged in there once."""
    _last: tuple[str, str] | None = None

    def add(self, said: Said) -> None:
        """Count one mention; those of one file follow each other."""
        self.references += 1
        self.by[said.store] += 1
        self.logins += "known_hosts" in said.path.rpartition("/")[2]
        if (said.source, said.path) != self._last:
            self._last = (said.source, said.path)
            self.files += 1
            if said.modified is not None:
                self.touched = max(self.touched or said.modified, said.modified)
        if len(self.places) < PLACES:
            self.places.append(said.place)


@dataclass(slots=True)
class References:
    """What became of all mentions."""

    kept: dict[Tier, list[Reference]] = field(default_factory=lambda: {tier: [] for tier in KEPT})
    tiers: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Tally] = field(default_factory=dict)
    wanted: dict[tuple[str, str], None] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By a reference's id, the file of a scanned store it leads to."""

    def listed(self, there: set[tuple[str, str]]) -> tuple[Reference, ...]:
        """The references that were kept, unresolved ones first; each says where its file was not among the entries."""
        return tuple(self._checked(r, there) for tier in KEPT for r in self.kept[tier])

    def _checked(self, reference: Reference, there: set[tuple[str, str]]) -> Reference:
        file = self.files.get(reference.id)
        if file is None or file in there or file not in self.wanted:
            return reference
        return replace(reference, why=f"{reference.why}; no such file was listed")


def collect(reader: Reader, estate: Estate, resolver: Resolver, edges: Edges) -> References:
    """Resolve every mention of the catalog: edges are added, and what is told of each store is counted."""
    found = References()
    statements = Statements(estate, resolver, edges, only_databases(reader))
    owners = {s.id: s.owner or "" for s in resolver.stores}
    for said in mentions(reader):
        outcome = statements.outcome(said) if said.kind in {"sql", "table"} else resolver.outcome(said)
        found.tiers[outcome.tier] += 1
        _keep(found, said, outcome, owners)
        if outcome.tier == "resolved" and outcome.target:
            _tie(found, said, outcome, estate, edges)
    return found


def mentions(reader: Reader) -> Iterator[Said]:
    """Every mention, by source, path and line; nothing else can be asked of the reader meanwhile."""
    cursor = reader.execute(MENTIONS)
    while rows := cursor.fetchmany(_ROWS):
        for row in rows:
            yield Said(*row)


def existing(reader: Reader, wanted: Iterable[tuple[str, str]], folding: Iterable[str]) -> set[tuple[str, str]]:
    """Those of some (source, path) that an entry was listed at; of ``folding`` sources the paths are in lower case."""
    asked = sorted(wanted)
    found: set[tuple[str, str]] = set()
    for start in range(0, len(asked), 100_000):
        columns = [list(c) for c in zip(*asked[start : start + 100_000], strict=True)]
        found.update((str(s), str(p)) for s, p in reader.rows(_EXIST, [*columns, sorted(folding)]))
    return found


def _tie(found: References, said: Said, outcome: Outcome, estate: Estate, edges: Edges) -> None:
    """The edge of a mention, and its part in the tally of what it leads to."""
    if outcome.target == said.store and not outcome.objects:
        return
    asset = estate.assets.get(outcome.target) or estate.directory.unresolved.get(outcome.target)
    store = (asset.store or asset.id) if asset is not None else outcome.target
    if store != said.store:
        found.tallies.setdefault(store, Tally()).add(said)
    sources = _sources(said, estate)
    sure = confidence(said.extractor, sure=outcome.sure and len(sources) < 2)
    line = f", line {said.line}" if said.line else ""
    ends = [(o.asset, o.kind, o.how) for o in outcome.objects] or [
        (outcome.target, kind_of(said.kind, said.action, said.extractor), sure)
    ]
    for source, (target, kind, how) in product(sources, ends):
        if target != source:
            least = how if _SURE[how] > _SURE[sure] else sure
            detail = _shown(said) if edges.wants((source, target), kind, least) else ""
            edges.add(
                (source, target), kind, least, f"{said.path}{line}", detail, place=said.place, parser=said.extractor
            )


def _sources(said: Said, estate: Estate) -> tuple[str, ...]:
    """What depends on what a mention leads to: the store it is said in; of a catalog's, the object it is said of.

    What a server says of itself holds for each of its databases, and only likely is any one of them meant.
    """
    if said.extractor == "catalog" and (own := estate.by_path.get((said.source, said.path))):
        return (own,)
    if said.store in estate.assets:
        return (said.store,)
    return tuple(a.id for a in estate.assets.values() if a.level == "store" and a.source == said.source)[:_DATABASES]


_SURE: dict[EdgeConfidence, int] = {"declared": 0, "parsed": 1, "inferred": 2}


def confidence(extractor: str, *, sure: bool = True) -> EdgeConfidence:
    """How sure an edge of a mention is: a catalog declares, a format is parsed, plain text and guesses are inferred."""
    if not sure or extractor in {"", "text"}:
        return "inferred"
    return "declared" if extractor == "catalog" else "parsed"


def _shown(said: Said) -> str:
    """What is quoted, as far as it is shown; extractors cut secrets out, and here they are cut once more."""
    text = said.locator if len(said.locator) <= SHOWN else said.locator[:SHOWN] + "…"
    return scrub(without_secrets(text) if said.kind in _MAY_HOLD_SECRETS else text)


def _keep(found: References, said: Said, outcome: Outcome, owners: dict[str, str]) -> None:
    """Keep a reference while there is room for its tier."""
    kept = found.kept[outcome.tier]
    if outcome.file is not None and len(found.wanted) < _CHECKED:
        found.wanted[outcome.file] = None
    if len(kept) >= KEPT[outcome.tier]:
        return
    key = "\0".join(map(str, (said.source, said.path, said.line, said.part, said.kind, said.locator, said.origin)))
    number = "r" + blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    if outcome.file is not None:
        found.files[number] = outcome.file
    reference = Reference(
        id=number, store=said.store, place=said.place, kind=said.kind, locator=_shown(said), tier=outcome.tier,
        target=outcome.target, why=scrub(outcome.why), status=said.status, action=said.action,
        extractor=said.extractor, owner=owners.get(said.store) or said.owner,
    )  # fmt: skip
    kept.append(reference)
