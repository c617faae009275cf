"""Who may do what, and the stores that sources know of but nobody looked into."""

from __future__ import annotations

from dataclasses import asdict

from scanner import results
from scanner.report.reading import Row, Rows

MAX_LISTED = 200

_HOLDERS = f"""
SELECT store, grantee, any_value(grantee_id) AS grantee_id,
    coalesce(grantee_kind, 'unknown') AS kind,
    list_sort(list(DISTINCT "right") FILTER (WHERE effect = 'allow')) AS rights,
    list_sort(list(DISTINCT "right") FILTER (WHERE effect = 'deny')) AS denied,
    list_sort(list(DISTINCT origin) FILTER (WHERE origin IS NOT NULL)) AS origins,
    count(DISTINCT path) AS paths, min(path) AS first, count(*) OVER () AS total
FROM "grant" WHERE origin IS DISTINCT FROM 'public_access_block'
GROUP BY store, grantee, kind
ORDER BY CASE kind WHEN 'everyone' THEN 0 WHEN 'authenticated' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END,
    paths DESC, store, grantee, kind LIMIT {MAX_LISTED}
"""

_SEEN = """
SELECT min(source) AS source, name, kind, locator, any_value(reason) AS reason, any_value(detail) AS detail
FROM seen GROUP BY kind, locator, name ORDER BY source, kind, name
"""


_RESOLVED = "SELECT value FROM settings WHERE path = '' AND name = 'locator' AND value IS NOT NULL"
"""Where sources lie as their servers resolve it, in the form that what is seen beside them has."""


def read_access(reader: Rows, access: results.Access) -> Row:
    """What is open to all, who holds rights, and identities nobody has any more; lists capped beside exact totals."""
    holders = [
        {**row, "rights": tuple(row["rights"] or ()), "denied": tuple(row["denied"] or ()),
         "origins": tuple(row["origins"] or ())}
        for row in reader.dicts(_HOLDERS)
    ]  # fmt: skip
    total = holders[0]["total"] if holders else 0
    for row in holders:
        del row["total"]
    barred = [o for o in access.openings if o.barred]
    return {
        "openings_total": len(access.openings) - len(barred),
        "barred_total": len(barred),
        "openings": tuple(asdict(o) for o in access.openings[:MAX_LISTED]),
        "orphans_total": len(access.orphans),
        "orphans": tuple(asdict(o) for o in access.orphans[:MAX_LISTED]),
        "holders_total": total,
        "holders": tuple(holders),
    }


def read_seen(reader: Rows, stores: tuple[results.Store, ...]) -> Row:
    """Stores that exist according to a source, and that no source of this catalog looked into.

    What one source left out another may have covered: locators tell, in whatever case hosts are written, and whether
    the path was given from the root of a host or from the account's home.
    """
    places = {name: locator.rstrip("/").lower() for name, locator in reader.rows("SELECT name, locator FROM source")}
    covered = set(places.values()) | {f"{places[s.source]}/{s.path}".lower() for s in stores if s.source in places}
    covered |= {locator.rstrip("/").lower() for (locator,) in reader.rows(_RESOLVED)}
    rows = [r for r in reader.dicts(_SEEN) if not _covers(covered, r["kind"], (r["locator"] or "").rstrip("/").lower())]
    return {"total": len(rows), "list": tuple(rows[:MAX_LISTED])}


def _covers(covered: set[str], kind: str, locator: str) -> bool:
    """Whether a place is scanned; a folder is where any above it is."""
    if locator in covered:
        return True
    above = locator.rpartition("/")[0] if kind == "directory" else ""
    return bool(above) and _covers(covered, kind, above)
