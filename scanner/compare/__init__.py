"""What changed between two runs: added, changed, removed only where that is proven, and what cannot be compared.

Gone means: not seen in the newer run, and what held it was listed there to its end, or is itself proven to be gone.
Whatever lies beneath a refusal, an unfinished unit or a source whose settings changed is not comparable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from scanner.catalog import Catalog, Pair, read_pair
from scanner.compare.differing import CONTENT, ESTIMATES, RIGHTS, TABLES, differ
from scanner.compare.losses import weigh
from scanner.results import GROUPS, Change, Changes, Compared

__all__ = ["GROUPS", "MAX_LISTED", "Change", "Changes", "Compared", "compare"]

MAX_LISTED = 200
"""Changes listed of each kind where nobody asks for more; the exact number stands beside them."""

_LARGEST = 'greatest(coalesce("before", 0), coalesce("after", 0)) DESC,'
_ONLY_FACTS = """SELECT 'changed' AS "group", source, any_value(store) AS store, '' AS parent, path AS name, path,
        min(kind) AS kind, '' AS proof, NULL AS "before", NULL AS "after" FROM fact_change f
    WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.source = f.source AND c.parent || c.name = f.path
        AND c."group" = 'changed')
    GROUP BY source, path"""
_COUNTS = f"""SELECT source, "group", count(*), coalesce(sum("before"), 0)::BIGINT, coalesce(sum("after"), 0)::BIGINT
    FROM (SELECT source, "group", "before", "after" FROM change
        UNION ALL SELECT source, "group", "before", "after" FROM ({_ONLY_FACTS})) GROUP BY source, "group" """


def compare(catalog: Catalog, old: int, new: int, *, limit: int = MAX_LISTED, largest: bool = False) -> Changes:
    """Compare two runs of a catalog; at most ``limit`` changes of each group are listed, 0 lists all.

    Listed are the first by path, or the ``largest``.

    Raises:
        StocktakeError: RUN_UNKNOWN, CATALOG_DAMAGED.
    """
    with read_pair(catalog, old, new) as pair:
        refusals = dict(_sources(pair))
        same = sorted(name for name, refused in refusals.items() if not refused)
        counts: dict[str, Counter[str]] = {name: Counter() for name in refusals}
        moved: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in refusals}
        listed: list[Change] = []
        if same:
            differ(pair, same)
            weigh(pair)
            for source, group, n, before, after in pair.rows(_COUNTS):
                counts[source][group] += n
                moved[source][group] = (before, after)
            listed += _listed(pair, limit, largest)
        totals = _totals(pair)
        sources = tuple(
            Compared(name, refused, dict(counts[name]), *totals.get(name, ((0, 0), (None, None))), moved[name])
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


def _listed(pair: Pair, limit: int, largest: bool) -> Iterator[Change]:
    """The changes to be shown, in order of group, source and path, with what differs of each."""
    pair.execute(
        """CREATE TEMP TABLE shown ("group" VARCHAR, source VARCHAR, store VARCHAR, parent VARCHAR, name VARCHAR,
            path VARCHAR, kind VARCHAR, proof VARCHAR, "before" BIGINT, "after" BIGINT)"""
    )
    for group in GROUPS:
        pair.execute(
            f"""INSERT INTO shown
            SELECT "group", source, store, parent, name, parent || name AS path, kind, proof, "before", "after"
            FROM change WHERE "group" = '{group}'
            {"UNION ALL " + _ONLY_FACTS if group == "changed" else ""}
            ORDER BY {_LARGEST if largest else ""} source, path {f"LIMIT {limit}" if limit else ""}"""
        )
    columns = [*CONTENT, *RIGHTS]
    sides = ", ".join(f'{side}."{c}"' for side in ("o", "n") for c in columns)
    joins = " ".join(
        f"""LEFT JOIN {run}.own_entry {run[0]} ON s."group" = 'changed' AND {run[0]}.source = s.source
            AND {run[0]}.parent = s.parent AND {run[0]}.name = s.name"""
        for run in ("old", "new")
    )
    rows = pair.rows(
        f"""SELECT s."group", s.source, s.store, s.path, s.kind, s.proof, s."before", s."after", f.what, {sides}
        FROM shown s {joins}
        LEFT JOIN (SELECT source, path, list_sort(list(what)) AS what FROM fact_change GROUP BY ALL) f
            ON s."group" = 'changed' AND f.source = s.source AND f.path = s.path"""
    )
    order = {group: n for n, group in enumerate(GROUPS)}
    for row in sorted(rows, key=lambda r: (order[r[0]], r[1], r[3])):
        group, source, store, path, kind, proof, before, after, facts, *values = row
        pairs = zip(columns, values[: len(columns)], values[len(columns) :], strict=True)
        differing = [(c, b, a) for c, b, a in pairs if b != a and not (kind in TABLES and c in ESTIMATES)]
        yield Change(
            group, source, store, path, kind, (*(c for c, _, _ in differing), *(facts or ())),
            ", ".join(f"{c} {_told(b)}" for c, b, _ in differing),
            ", ".join(f"{c} {_told(a)}" for c, _, a in differing), proof, (before, after),
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
