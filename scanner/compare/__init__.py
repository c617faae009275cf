"""What changed between two runs: added, changed, removed only where that is proven, and what cannot be compared.

Gone means: not seen in the newer run, and what held it was listed there to its end, or is itself proven to be gone.
Whatever lies beneath a refusal, an unfinished unit or a source whose settings changed is not comparable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from scanner.catalog import Catalog, Pair, read_pair

MAX_LISTED = 200
"""Changes listed of each kind where nobody asks for more; the exact number stands beside them."""

CONTENT = ("kind", "size", "modified", "etag", "target", "tier", "storage_class", "subtype")
RIGHTS = ("owner", "group", "mode", "attributes")
_TABLES = ("table", "view", "materialized_view", "foreign_table", "sequence", "synonym")
"""Of these size and time are a server's estimate, and no change of their own."""
_ESTIMATES = ("size", "modified")
FACTS = {"column": "columns", "key": "keys", "routine": "definition", "grant": "rights"}
"""Facts about a path that are compared as a whole, and how a change of them is called."""
GROUPS = ("added", "removed", "changed", "not_comparable")
"""Every value of ``Change.group``, in the order they are shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. ``what`` names the columns or facts that do; ``proof`` says how a removal is known."""

    group: str
    source: str
    store: str
    path: str
    kind: str
    what: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One source in two runs: ``refused`` says why it cannot be compared, ``""`` where it can."""

    source: str
    refused: str
    counts: dict[str, int]
    entries: tuple[int, int]
    bytes: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two runs; ``listed`` is capped, the counts of ``sources`` are exact."""

    old: int
    new: int
    sources: tuple[Compared, ...]
    listed: tuple[Change, ...]

    def count(self, group: str) -> int:
        """How many there are of a group, over all sources."""
        return sum(s.counts.get(group, 0) for s in self.sources)


def compare(catalog: Catalog, old: int, new: int, *, limit: int = MAX_LISTED) -> Changes:
    """Compare two runs of a catalog; at most ``limit`` changes of each group are listed, 0 lists all.

    Raises:
        StocktakeError: RUN_UNKNOWN, CATALOG_DAMAGED.
    """
    with read_pair(catalog, old, new) as pair:
        refusals = dict(_sources(pair))
        same = sorted(name for name, refused in refusals.items() if not refused)
        counts: dict[str, Counter[str]] = {name: Counter() for name in refusals}
        listed: list[Change] = []
        if same:
            _differ(pair, same)
            _weigh_losses(pair)
            for source, group, n in pair.rows('SELECT source, "group", count(DISTINCT path) FROM change GROUP BY ALL'):
                counts[source][group] += n
            listed += _listed(pair, limit)
        totals = _totals(pair)
        sources = tuple(
            Compared(name, refused, dict(counts[name]), *totals.get(name, ((0, 0), (None, None))))
            for name, refused in sorted(refusals.items())
        )
    return Changes(old, new, sources, tuple(listed))


def _sources(pair: Pair) -> Iterator[tuple[str, str]]:
    """Every source of either run, and why it cannot be compared, if so."""
    columns = "name, type, locator, options, limits, state"
    before = {row[0]: row for row in pair.rows(f"SELECT {columns} FROM old.source ORDER BY name")}
    after = {row[0]: row for row in pair.rows(f"SELECT {columns} FROM new.source ORDER BY name")}
    for name in sorted({*before, *after}):
        if name not in before:
            yield name, f"run {pair.old} did not scan it"
        elif name not in after:
            yield name, f"run {pair.new} did not scan it"
        elif before[name][1:3] != after[name][1:3]:
            yield name, f"it was another place: {before[name][2]}"
        elif "failed" in (before[name][5], after[name][5]):
            yield name, f"it could not be scanned in run {pair.old if before[name][5] == 'failed' else pair.new}"
        else:
            yield name, _settings_changed(before[name][3:5], after[name][3:5])


def _settings_changed(before: Iterable[str], after: Iterable[str]) -> str:
    """Settings that decide what is seen; how fast a source may be asked decides nothing."""
    decide: list[dict[str, object]] = []
    for options, limits in (tuple(before), tuple(after)):
        found = json.loads(options or "{}")
        kept = json.loads(limits or "{}")
        found |= {"exclude": kept.get("exclude", []), "depth": kept.get("depth", "L1")}
        decide.append({k: v for k, v in found.items() if k not in {"password", "key_file", "user"}})
    old, new = decide
    differing = sorted(k for k in {*old, *new} if old.get(k) != new.get(k))
    return f"its settings changed: {', '.join(differing)}" if differing else ""


def _differ(pair: Pair, sources: list[str]) -> None:
    """Make table ``change``: every path that stands in one run only, or differs; known by two hashes of 64 bits.

    Names are compared as hashes: ten million of them fit into memory as numbers, and two names with the same pair of
    hashes are not to be expected among as many as there are.
    """
    names = ", ".join("'" + s.replace("'", "''") + "'" for s in sources)
    tables = ", ".join(f"'{k}'" for k in _TABLES)
    values = ", ".join(
        f"CASE WHEN kind NOT IN ({tables}) THEN {c} END" if c in _ESTIMATES else f'"{c}"' for c in CONTENT + RIGHTS
    )
    for run in ("old", "new"):
        pair.execute(
            f"""CREATE TEMP TABLE {run}_hash AS
            SELECT source, hash(source, parent, name) AS k1, hash(name, parent, source, 1) AS k2, hash({values}) AS v
            FROM {run}.entry WHERE source IN ({names})"""
        )
    pair.execute(
        """CREATE TEMP TABLE differing AS
        SELECT coalesce(n.source, o.source) AS source, coalesce(n.k1, o.k1) AS k1, coalesce(n.k2, o.k2) AS k2,
            CASE WHEN o.k1 IS NULL THEN 'added' WHEN n.k1 IS NULL THEN 'removed' ELSE 'changed' END AS "group"
        FROM old_hash o FULL JOIN new_hash n ON n.k1 = o.k1 AND n.k2 = o.k2
        WHERE o.k1 IS NULL OR n.k1 IS NULL OR o.v <> n.v"""
    )
    named = "hash(source, parent, name) AS k1, hash(name, parent, source, 1) AS k2, store, parent, path, kind"
    pair.execute(
        f"""CREATE TEMP TABLE change AS
        SELECT d.source, d."group", e.store, e.parent, e.path, e.kind, '' AS proof, CAST([] AS VARCHAR[]) AS facts
        FROM differing d JOIN (SELECT {named} FROM new.entry WHERE source IN ({names})) e USING (k1, k2)
        WHERE d."group" <> 'removed'
        UNION ALL SELECT d.source, d."group", e.store, e.parent, e.path, e.kind, '', []
        FROM differing d JOIN (SELECT {named} FROM old.entry WHERE source IN ({names})) e USING (k1, k2)
        WHERE d."group" = 'removed'"""
    )
    for fact in FACTS:
        _differ_in(pair, fact, names)


def _differ_in(pair: Pair, fact: str, names: str) -> None:
    """Add the paths whose columns, keys, definitions or rights differ as a whole, where they stand in both runs."""
    sides = " FULL JOIN ".join(
        f"""(SELECT source, any_value(store) AS store, path, sum(h) AS h FROM (
            SELECT source, store, path, hash(t) AS h FROM (
                SELECT * EXCLUDE (scan, unit) FROM {run}."{fact}" WHERE source IN ({names})) t)
            GROUP BY source, path) {run[0]}"""
        for run in ("old", "new")
    )
    pair.execute(
        f"""INSERT INTO change
        SELECT source, 'changed', store, '', path, kind, '', ['{FACTS[fact]}'] FROM (
            SELECT coalesce(n.source, o.source) AS source, coalesce(n.store, o.store) AS store,
                coalesce(n.path, o.path) AS path, '{fact}' AS kind
            FROM {sides} ON n.source = o.source AND n.path = o.path WHERE n.h IS DISTINCT FROM o.h) d
        WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.source = d.source AND c.path = d.path
            AND c."group" IN ('added', 'removed'))"""
    )


def _weigh_losses(pair: Pair) -> None:
    """Turn every removal that is not proven into one that cannot be compared."""
    listed = {
        (source, path): complete
        for source, path, complete in pair.rows(
            "SELECT source, path, bool_and(complete) FROM new.listing GROUP BY source, path"
        )
    }
    for source, path in pair.rows("SELECT source, path FROM new.fault WHERE op = 'list'"):
        listed[source, path] = False
    for source, path in pair.rows("SELECT source, \"key\" FROM new.unit WHERE state <> 'done'"):
        listed[source, path] = False
    lost = pair.rows("""SELECT DISTINCT source, parent FROM change WHERE "group" = 'removed'""")
    if not lost:
        return
    untold = _untold(pair)
    there = _still_there(pair, lost) | {(source, f"{path}/") for source, path in untold}
    verdicts = [(source, parent, *_proven(source, parent, listed, there)) for source, parent in lost]
    kinds = {"source": pa.string(), "parent": pa.string(), "proven": pa.bool_(), "proof": pa.string()}
    pair.lay("verdict", dict(zip(kinds, zip(*verdicts, strict=True), strict=True)), kinds)
    pair.execute(
        """UPDATE change SET proof = v.proof, "group" = CASE WHEN v.proven THEN 'removed' ELSE 'not_comparable' END
        FROM verdict v WHERE change."group" = 'removed' AND v.source = change.source AND v.parent = change.parent"""
    )
    kinds = {"source": pa.string(), "path": pa.string(), "proof": pa.string()}
    rows = [(*place, proof) for place, proof in untold.items()]
    pair.lay("untold", dict(zip(kinds, zip(*rows, strict=True) if rows else ((), (), ()), strict=True)), kinds)
    pair.execute(
        """UPDATE change SET proof = u.proof, "group" = 'not_comparable' FROM untold u
        WHERE change."group" = 'removed' AND u.source = change.source AND u.path = change.path"""
    )


def _untold(pair: Pair) -> dict[tuple[str, str], str]:
    """Names that the newer run saw and recorded no entry of, and what that proves of them."""
    rows = pair.rows(
        """SELECT source, path, min(reason) FROM new.fault
        WHERE op IN ('stat', 'skip') AND reason <> 'VANISHED' GROUP BY source, path"""
    )
    return {(source, path): f"it was listed, but not told of: {reason}" for source, path, reason in rows}


def _still_there(pair: Pair, lost: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which folders above what was lost are entries of the newer run."""
    above = sorted({(source, folder) for source, parent in lost for folder in _upwards(parent) if folder})
    kinds = {"source": pa.string(), "folder": pa.string()}
    pair.lay("above", dict(zip(kinds, zip(*above, strict=True) if above else ((), ()), strict=True)), kinds)
    rows = pair.rows(
        "SELECT a.source, a.folder FROM above a JOIN new.entry e ON e.source = a.source AND e.path || '/' = a.folder"
    )
    return set(rows)


def _upwards(folder: str) -> Iterator[str]:
    """A container's path with its closing '/', then each one above it, '' last."""
    while folder:
        yield folder
        folder = folder[:-1].rpartition("/")[0]
        folder += "/" if folder else ""
    yield ""


def _proven(
    source: str, parent: str, listed: dict[tuple[str, str], bool], there: set[tuple[str, str]]
) -> tuple[bool, str]:
    """Whether what stood in a folder is proven to be gone, and by what."""
    for folder in _upwards(parent):
        complete = listed.get((source, folder))
        if complete is not None:
            place = folder or "the top"
            return complete, f"{place} was listed to its end" if complete else f"{place} was not listed to its end"
        if (source, folder) in there:
            return False, f"{folder} was not listed"
    return False, "nothing above it was listed"


def _listed(pair: Pair, limit: int) -> Iterator[Change]:
    """The changes to be shown, in order of group, source and path, with what differs of each."""
    capped = f'QUALIFY row_number() OVER (PARTITION BY "group" ORDER BY source, path) <= {limit}' if limit else ""
    pair.execute(
        f"""CREATE TEMP TABLE shown AS SELECT "group", source, any_value(store) AS store, path, max(kind) AS kind,
            max(proof) AS proof, list_sort(list_distinct(flatten(list(facts)))) AS facts
        FROM change GROUP BY "group", source, path {capped}"""
    )
    columns = [*CONTENT, *RIGHTS]
    sides = ", ".join(f'{side}."{c}"' for side in ("o", "n") for c in columns)
    rows = pair.rows(
        f"""SELECT s."group", s.source, s.store, s.path, s.kind, s.proof, s.facts, {sides} FROM shown s
        LEFT JOIN old.entry o ON s."group" = 'changed' AND o.source = s.source AND o.parent || o.name = s.path
        LEFT JOIN new.entry n ON s."group" = 'changed' AND n.source = s.source AND n.parent || n.name = s.path
        ORDER BY s.source, s.path"""
    )
    order = {group: n for n, group in enumerate(GROUPS)}
    for row in sorted(rows, key=lambda r: (order[r[0]], r[1], r[3])):
        group, source, store, path, kind, proof, facts, *values = row
        pairs = zip(columns, values[: len(columns)], values[len(columns) :], strict=True)
        differing = [(c, b, a) for c, b, a in pairs if b != a and not (kind in _TABLES and c in _ESTIMATES)]
        yield Change(
            group, source, store, path, kind, (*(c for c, _, _ in differing), *facts),
            ", ".join(f"{c} {_told(b)}" for c, b, _ in differing),
            ", ".join(f"{c} {_told(a)}" for c, _, a in differing), proof,
        )  # fmt: skip


def _told(value: object) -> str:
    return "unknown" if value is None else str(value)


def _totals(pair: Pair) -> dict[str, tuple[tuple[int, int], tuple[int | None, int | None]]]:
    """Entries and bytes of each source, before and after."""
    found: dict[str, tuple[tuple[int, int], tuple[int | None, int | None]]] = {}
    rows = pair.rows(
        """SELECT coalesce(o.source, n.source), coalesce(o.n, 0), coalesce(n.n, 0), o.bytes, n.bytes
        FROM (SELECT source, count(*) AS n, CAST(sum(size) AS BIGINT) AS bytes FROM old.entry GROUP BY source) o
        FULL JOIN (SELECT source, count(*) AS n, CAST(sum(size) AS BIGINT) AS bytes FROM new.entry GROUP BY source) n
        ON n.source = o.source"""
    )
    for source, old_n, new_n, old_bytes, new_bytes in rows:
        found[source] = ((old_n, new_n), (old_bytes, new_bytes))
    return found
