"""What differs between two runs, as tables: ``change``, a row for each entry, and ``fact_change`` for what hangs on it.

Only parts that the runs do not share are read. Names are compared as hashes: ten million of them fit into memory as
numbers, or onto disk, and two names with the same pair of hashes are not to be expected among as many as there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanner.catalog import Pair

CONTENT = ("kind", "size", "modified", "etag", "target", "tier", "storage_class", "subtype")
RIGHTS = ("owner", "group", "mode", "attributes")
TABLES = ("table", "view", "materialized_view", "foreign_table", "sequence", "synonym")
"""Of these size and time are a server's estimate, and no change of their own."""
ESTIMATES = ("size", "modified")
FACTS = {"column": "columns", "key": "keys", "routine": "definition", "grant": "rights"}
"""Facts about a path that are compared as a whole, and how a change of them is called."""
_KEYS = "hash(source, parent, name) AS k1, hash(name, parent, source, 1) AS k2"


def differ(pair: Pair, sources: Sequence[str]) -> None:
    """Make both tables, for the sources named."""
    names = ", ".join("'" + s.replace("'", "''") + "'" for s in sources)
    _entries(pair, names)
    pair.execute(
        "CREATE TEMP TABLE fact_change (source VARCHAR, store VARCHAR, path VARCHAR, kind VARCHAR, what VARCHAR)"
    )
    for fact in FACTS:
        _facts(pair, fact, names)


def _entries(pair: Pair, names: str) -> None:
    tables = ", ".join(f"'{k}'" for k in TABLES)
    values = ", ".join(
        f"CASE WHEN kind NOT IN ({tables}) THEN {c} END" if c in ESTIMATES else f'"{c}"' for c in CONTENT + RIGHTS
    )
    sides = " FULL JOIN ".join(
        f"(SELECT {_KEYS}, hash({values}) AS v, size FROM {run}.own_entry WHERE source IN ({names})) {run[0]}"
        for run in ("old", "new")
    )
    pair.execute(
        f"""CREATE TEMP TABLE differing AS
        SELECT k1, k2, min("group") AS "group", any_value("before") AS "before", any_value("after") AS "after" FROM (
            SELECT coalesce(n.k1, o.k1) AS k1, coalesce(n.k2, o.k2) AS k2, o.size AS "before", n.size AS "after",
                CASE WHEN o.k1 IS NULL THEN 'added' WHEN n.k1 IS NULL THEN 'removed' ELSE 'changed' END AS "group"
            FROM {sides} ON n.k1 = o.k1 AND n.k2 = o.k2
            WHERE o.k1 IS NULL OR n.k1 IS NULL OR o.v <> n.v)
        GROUP BY k1, k2"""
    )
    told = " UNION ALL ".join(
        f"""SELECT k1, k2, e.source, d."group", any_value(e.store) AS store, e.parent, e.name, min(e.kind) AS kind,
            any_value(d."before") AS "before", any_value(d."after") AS "after"
        FROM (SELECT {_KEYS}, source, store, parent, name, kind FROM {run}.own_entry WHERE source IN ({names})) e
        JOIN differing d USING (k1, k2) WHERE d."group" {which} 'removed' GROUP BY ALL"""
        for run, which in (("new", "<>"), ("old", "="))
    )
    pair.execute(
        f"""CREATE TEMP TABLE change AS
        SELECT source, "group", store, parent, name, kind, "before", "after", '' AS proof FROM ({told})"""
    )


def _facts(pair: Pair, fact: str, names: str) -> None:
    """Add the paths whose columns, keys, definitions or rights differ as a whole, where they stand in both runs."""
    sides = " FULL JOIN ".join(
        f"""(SELECT source, any_value(store) AS store, path, sum(h) AS h FROM (
            SELECT source, store, path, hash(t) AS h FROM (
                SELECT * EXCLUDE (scan, unit) FROM {run}."own_{fact}" WHERE source IN ({names})) t)
            GROUP BY source, path) {run[0]}"""
        for run in ("old", "new")
    )
    pair.execute(
        f"""INSERT INTO fact_change
        SELECT source, store, path, '{fact}', '{FACTS[fact]}' FROM (
            SELECT coalesce(n.source, o.source) AS source, coalesce(n.store, o.store) AS store,
                coalesce(n.path, o.path) AS path
            FROM {sides} ON n.source = o.source AND n.path = o.path WHERE n.h IS DISTINCT FROM o.h) d
        WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.source = d.source AND c.parent || c.name = d.path
            AND c."group" IN ('added', 'removed'))"""
    )
