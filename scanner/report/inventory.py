"""What is there: totals per store, places, distributions, duplicates and databases, each as one pass in SQL."""

from __future__ import annotations

from scanner.report.families import FAMILIES
from scanner.report.reading import FILES, ITEM, TABLES, YEAR_US, Row, Rows, among, of_items, share, total
from scanner.results import DATABASE_FILE

TOP_PLACES = 12
"""Folders kept per parent in the tree; the rest is summed."""
TOP_TABLES = 2_000
TOP_DUPLICATES = 50
TOP_TYPES = 15

_TOTALS = f"""
WITH {ITEM}
SELECT source, store, count(*) AS objects, count(*) FILTER (WHERE kind IN ({among(FILES)})) AS files,
  count(*) FILTER (WHERE kind IN ({among(TABLES)})) AS tables, sum(counted)::BIGINT AS bytes,
  coalesce(sum(size) FILTER (WHERE repeat), 0)::BIGINT AS linked_bytes,
  count(*) FILTER (WHERE size IS NULL) AS unknown_sizes,
  coalesce(sum(counted) FILTER (WHERE tier = 'offline'), 0)::BIGINT AS offline_bytes,
  count(*) FILTER (WHERE tier = 'offline') AS offline_objects,
  count(owner) AS owned, min(modified) AS oldest, max(modified) AS newest
FROM item GROUP BY source, store ORDER BY source, store
"""

_KINDS = "SELECT source, kind, count(*) AS count FROM entry GROUP BY ALL ORDER BY source, kind"

_TREE = f"""
WITH {ITEM}, cut AS (
  SELECT source, store, split_part(rel, '/', 1) AS a, split_part(rel, '/', 2) AS b, counted, size, tier,
    modified FROM item
), summed AS (
  SELECT source, store, a, b, grouping(a) AS ga, grouping(b) AS gb, count(*) AS objects, sum(counted)::BIGINT AS bytes,
    count(*) FILTER (WHERE size IS NULL) AS unknown_sizes,
    coalesce(sum(counted) FILTER (WHERE tier = 'offline'), 0)::BIGINT AS offline_bytes,
    coalesce(sum(counted) FILTER (WHERE modified < $1), 0)::BIGINT AS stale_bytes, max(modified) AS newest
  FROM cut GROUP BY GROUPING SETS ((source, store, a), (source, store, a, b))
)
SELECT * FROM summed WHERE NOT (gb = 0 AND b = '')
QUALIFY row_number() OVER (
  PARTITION BY source, store, gb, CASE WHEN gb = 0 THEN a END
  ORDER BY bytes DESC NULLS LAST, objects DESC, a, b) <= {TOP_PLACES}
ORDER BY source, store, gb DESC, bytes DESC NULLS LAST, objects DESC, a, b
"""

# What follows the last dot, where something stands before it; whether it is an extension is asked of each one once.
_LAST = "split_part(name, '.', -1)"
_TAIL = f"CASE WHEN split_part(name, '.', -2) <> '' AND strlen({_LAST}) <= 8 THEN {_LAST} ELSE '' END"
_EXTENSION = "CASE WHEN regexp_full_match(tail, '[A-Za-z0-9_]+') THEN lower(tail) ELSE '' END"

AGES = (
    ("under 1 year", 1), ("1 to 3 years", 3), ("3 to 5 years", 5), ("5 to 10 years", 10), ("over 10 years", None),
)  # fmt: skip
SIZES = (
    ("empty", 1), ("under 1 KiB", 2**10), ("1 KiB to 1 MiB", 2**20), ("1 to 100 MiB", 100 * 2**20),
    ("100 MiB to 1 GiB", 2**30), ("1 to 10 GiB", 10 * 2**30), ("10 GiB and more", None),
)  # fmt: skip
DEPTHS = (
    ("none", 1),
    ("1", 2),
    ("2", 3),
    ("3", 4),
    ("4", 5),
    ("5", 6),
    ("6 to 9", 10),
    ("10 to 19", 20),
    ("20 and deeper", None),
)


def _steps(value: str, steps: tuple[tuple[str, int | None], ...]) -> str:
    """An SQL CASE that gives the number of the first step a value is below."""
    arms = " ".join(f"WHEN {value} < {limit} THEN {n}" for n, (_, limit) in enumerate(steps) if limit is not None)
    return f"CASE WHEN {value} IS NULL THEN -1 {arms} ELSE {len(steps) - 1} END"


def _distribution_sql() -> str:
    family = " ".join(f"WHEN ext IN ({among(exts)}) THEN '{word}'" for word, exts in FAMILIES.items())
    age = _steps(f"(($1 - modified) / {YEAR_US})", AGES)
    # Counted once by all that is asked for, then rolled up: there are few hundred combinations, and millions of files.
    return f"""
WITH {ITEM}, cut AS (
  SELECT {_TAIL} AS tail, CASE WHEN modified > $1 THEN -2 ELSE {age} END AS age,
    {_steps("size", SIZES)} AS size_step,
    {_steps("(length(rel) - length(replace(rel, '/', '')))", DEPTHS)} AS depth,
    count(*) AS objects, sum(counted)::BIGINT AS bytes
  FROM item WHERE kind IN ({among(FILES)}) GROUP BY ALL
), named AS (
  SELECT * REPLACE (nullif(ext, '') AS ext),
    CASE {family} WHEN ext = '' THEN 'No extension' ELSE 'Other' END AS family
  FROM (SELECT *, {_EXTENSION} AS ext FROM cut)
)
SELECT family, ext, age, size_step, depth, grouping(family) AS gf, grouping(ext) AS ge, grouping(age) AS ga,
  grouping(size_step) AS gs, grouping(depth) AS gd, sum(objects)::BIGINT AS objects, sum(bytes)::BIGINT AS bytes
FROM named GROUP BY GROUPING SETS ((family), (ext), (age), (size_step), (depth))
"""


_SNAPSHOT = "(contains(lower(rel), '~snapshot/') OR contains(lower(rel), '.snapshot/') OR contains(rel, '@GMT-'))"

_SNAPSHOTS = f"WITH {ITEM} SELECT count(*) FROM item WHERE kind IN ({among(FILES)}) AND {_SNAPSHOT}"

# Marks first: of millions of single files only eight bytes each are held, not their names and paths.
_SAME = f"""
WITH {ITEM}, one AS NOT MATERIALIZED (
  SELECT parent || name AS path, source, size, CASE WHEN etag IS NULL THEN name ELSE NULL END AS name, etag
  FROM item WHERE kind IN ({among(FILES)}) AND size > 0 AND NOT repeat AND NOT {_SNAPSHOT}
), alike AS (
  SELECT hash(size, name, etag) AS mark FROM one GROUP BY mark HAVING count(*) > 1
), same AS (
  SELECT size, name, etag, count(*) AS copies, min(source || ': ' || path) AS first, max(source || ': ' || path) AS last
  FROM one WHERE hash(size, name, etag) IN (SELECT mark FROM alike) GROUP BY size, name, etag HAVING count(*) > 1
)
SELECT *, count(*) OVER () AS groups, (sum(copies) OVER ())::BIGINT AS all_copies,
  (sum((copies - 1) * size) OVER ())::BIGINT AS all_reclaimable
FROM same ORDER BY (copies - 1) * size DESC, size DESC, name, etag LIMIT {TOP_DUPLICATES}
"""

_TABLES = f"""
WITH k AS (SELECT source, path, count(*) FILTER (WHERE kind = 'primary') AS primary_keys,
                  count(*) FILTER (WHERE kind = 'foreign') AS keys_out FROM keys GROUP BY source, path),
i AS (SELECT source, ref_path AS path, count(*) AS keys_in FROM keys WHERE kind = 'foreign' GROUP BY source, ref_path),
c AS (SELECT source, path, count(*) AS columns, count(*) FILTER (WHERE lob) AS lobs FROM columns GROUP BY source, path),
told AS (SELECT source, count(*) AS n FROM keys GROUP BY source)
SELECT e.source, e.store, e.parent, e.name, e.parent || e.name AS path, e.kind, e.subtype, e.rows, e.size AS bytes,
  e.modified, coalesce(c.columns, 0) AS columns, coalesce(c.lobs, 0) AS lobs,
  coalesce(k.primary_keys, 0) AS primary_keys,
  coalesce(k.keys_out, 0) AS keys_out, coalesce(i.keys_in, 0) AS keys_in, coalesce(told.n, 0) > 0 AS keys_known
FROM entry e LEFT JOIN k USING (source, path) LEFT JOIN i USING (source, path) LEFT JOIN c USING (source, path)
LEFT JOIN told USING (source)
WHERE e.kind IN ({among(TABLES)})
ORDER BY e.size DESC NULLS LAST, e.rows DESC NULLS LAST, e.source, path
"""

_DATABASES = f"""
WITH t AS (
  SELECT source, store, parent, count(*) FILTER (WHERE kind = 'table') AS tables,
    count(*) FILTER (WHERE kind IN ('view', 'materialized_view')) AS views, sum(rows)::BIGINT AS rows,
    sum(size)::BIGINT AS bytes, count(*) FILTER (WHERE kind = 'table' AND size IS NULL) AS unknown_sizes
  FROM entry WHERE kind IN ({among(TABLES)}) GROUP BY source, store, parent),
k AS (SELECT source, split_part(path, '/', -1) AS leaf, path, kind FROM keys),
f AS (SELECT source, left(path, length(path) - length(leaf)) AS parent, count(*) FILTER (WHERE kind = 'primary') AS pk,
      count(*) FILTER (WHERE kind = 'foreign') AS fk FROM k GROUP BY ALL),
r AS (SELECT source, left(path, length(path) - length(split_part(path, '/', -1))) AS parent, count(*) AS routines
      FROM routines WHERE kind NOT IN ('view', 'materialized_view') GROUP BY ALL)
SELECT t.*, coalesce(f.pk, 0) AS primary_keys, coalesce(f.fk, 0) AS foreign_keys, coalesce(r.routines, 0) AS routines
FROM t LEFT JOIN f USING (source, parent) LEFT JOIN r USING (source, parent) ORDER BY t.source, t.parent
"""


def read_totals(reader: Rows) -> dict[str, Row]:
    """Totals of what holds content, by store id; hard-linked bytes count once, unknown sizes apart."""
    inside = {s.id for s in reader.stores() if s.kind == DATABASE_FILE}
    found = {r["store"]: r for r in reader.dicts(of_items(reader, _TOTALS))}
    for store in inside & found.keys():
        found[store]["unknown_sizes"] = 0  # the bytes of its tables are known: they are among the file's
    return found


def read_inventory(reader: Rows, totals: dict[str, Row], as_of: int) -> Row:
    """The inventory part of the context; ages count back from ``as_of``."""
    stale = as_of - 3 * YEAR_US
    files = {s.id for s in reader.stores() if s.kind == DATABASE_FILE}
    median = reader.rows(
        f"SELECT quantile_disc(modified, 0.5) FROM entry WHERE modified IS NOT NULL AND kind IN ({among(FILES)})"
    )
    return {
        "objects": sum(t["objects"] for t in totals.values()),
        "files": sum(t["files"] for t in totals.values()),
        "tables": sum(t["tables"] for t in totals.values()),
        "bytes": total(t["bytes"] for t in totals.values()),
        "linked_bytes": sum(t["linked_bytes"] for t in totals.values()),
        "offline_bytes": sum(t["offline_bytes"] for t in totals.values()),
        "offline_objects": sum(t["offline_objects"] for t in totals.values()),
        "unknown_sizes": sum(t["unknown_sizes"] for t in totals.values()),
        "owned": sum(t["owned"] for t in totals.values()),
        "median_modified": median[0][0] if median else None,
        "stale_before": stale,
        "kinds": tuple(reader.dicts(_KINDS)),
        "tree": _tree(reader, {s: t for s, t in totals.items() if s not in files}, stale),
        "distributions": _distributions(reader, as_of),
        "duplicates": _duplicates(reader),
        "databases": tuple(reader.dicts(_DATABASES)),
        "tables_total": _count_tables(reader),
        "table_list": tuple(reader.dicts(_TABLES + f" LIMIT {TOP_TABLES}")),
    }


def _count_tables(reader: Rows) -> int:
    count: int = reader.rows(f"SELECT count(*) FROM entry WHERE kind IN ({among(TABLES)})")[0][0]
    return count


_SUMS = ("objects", "bytes", "unknown_sizes", "offline_bytes", "stale_bytes")


def _tree(reader: Rows, totals: dict[str, Row], stale: int) -> tuple[Row, ...]:
    """Stores, their largest top folders, and the largest folders in those; what is not kept is the parent's rest."""
    nodes: dict[tuple[str, ...], Row] = {}
    roots: dict[str, Row] = {}
    for r in reader.dicts(of_items(reader, _TREE), (stale,)):
        key: tuple[str, ...] = (r["store"], r["a"]) if r["gb"] else (r["store"], r["a"], r["b"])
        node = {n: r[n] for n in (*_SUMS, "newest")}
        node |= {"name": key[-1], "path": "/".join(key[1:]) + "/" if r["a"] else "", "children": []}
        nodes[key] = node
    for store, t in sorted(totals.items()):
        roots[store] = {
            "store": store, "source": t["source"], "name": store, "path": "", "children": [],
            "objects": t["objects"], "bytes": t["bytes"],
            "unknown_sizes": t["unknown_sizes"], "offline_bytes": t["offline_bytes"], "newest": t["newest"],
        }  # fmt: skip
    for key, node in nodes.items():
        parent = roots.get(key[0]) if len(key) == 2 else nodes.get(key[:2])
        if parent is not None:
            parent["children"].append(node)
    for root in roots.values():
        root["stale_bytes"] = sum(c["stale_bytes"] for c in root["children"])
        for child in root["children"]:
            child["share"] = share(child["bytes"], root["bytes"])
            for below in child["children"]:
                below["share"] = share(below["bytes"], child["bytes"])
    return tuple(sorted(roots.values(), key=lambda r: (-(r["bytes"] or 0), r["store"])))


def _distributions(reader: Rows, as_of: int) -> Row:
    rows = reader.dicts(of_items(reader, _distribution_sql()), (as_of,))
    files = sum(r["objects"] for r in rows if r["ga"] == 0)
    size = total(r["bytes"] for r in rows if r["ga"] == 0)

    def line(word: str, row: Row | None) -> Row:
        objects, size_ = (row["objects"], row["bytes"]) if row else (0, 0)
        return {
            "word": word,
            "objects": objects,
            "bytes": size_,
            "share": share(size_, size),
            "of": share(objects, files),
        }

    def stepped(
        flag: str, column: str, steps: tuple[tuple[str, int | None], ...], extra: dict[int, str]
    ) -> tuple[Row, ...]:
        by_step = {r[column]: r for r in rows if r[flag] == 0}
        lines = [line(word, by_step.get(n)) for n, (word, _) in enumerate(steps)]
        return tuple(lines + [line(word, by_step[n]) for n, word in extra.items() if n in by_step])

    families = sorted((r for r in rows if r["gf"] == 0), key=lambda r: (-(r["bytes"] or 0), -r["objects"], r["family"]))
    kinds = sorted((r for r in rows if r["ge"] == 0), key=lambda r: (-(r["bytes"] or 0), -r["objects"], r["ext"] or ""))
    kept, rest = kinds[:TOP_TYPES], kinds[TOP_TYPES:]
    types = [line("." + r["ext"] if r["ext"] else "no extension", r) for r in kept]
    if rest:
        other = {"objects": sum(r["objects"] for r in rest), "bytes": total(r["bytes"] for r in rest)}
        types.append(line(f"{len(rest):,} others", other))
    return {
        "objects": files,
        "bytes": size,
        "families": tuple(line(r["family"], r) for r in families),
        "types": tuple(types),
        "types_total": len(kinds),
        "ages": stepped("ga", "age", AGES, {-2: "in the future", -1: "unknown"}),
        "sizes": stepped("gs", "size_step", SIZES, {-1: "unknown"}),
        "depths": stepped("gd", "depth", DEPTHS, {}),
    }


def _duplicates(reader: Rows) -> Row:
    rows = reader.dicts(of_items(reader, _SAME))
    snapshots = reader.rows(of_items(reader, _SNAPSHOTS))[0][0]
    head = rows[0] if rows else {"groups": 0, "all_copies": 0, "all_reclaimable": 0}
    return {
        "groups": head["groups"],
        "copies": head["all_copies"],
        "reclaimable": head["all_reclaimable"],
        "snapshots_excluded": snapshots,
        "list": tuple(
            {
                "what": r["name"] if r["etag"] is None else f"entity tag {r['etag']}",
                "by": "name and size" if r["etag"] is None else "entity tag and size",
                "copies": r["copies"],
                "bytes": r["size"],
                "reclaimable": (r["copies"] - 1) * r["size"],
                "places": (r["first"], r["last"]),
            }
            for r in rows
        ),
    }
