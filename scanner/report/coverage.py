"""How much of each source was seen: coverage, the ledger, faults by code, and how far the figures can be trusted."""

from __future__ import annotations

import json
from collections import defaultdict

from scanner import results
from scanner.codes import CODES
from scanner.model import OPS
from scanner.report import words
from scanner.report.reading import FAULTS, Row, Rows, share, total

EXAMPLES = 5
"""Faults shown per source and code; the exact number stands beside them."""

MAX_SETTINGS = 60
"""Settings listed per source; the exact number stands beside them."""

_PLACES = f"""
WITH {FAULTS}, told AS (
  SELECT source, rtrim(path, '/') AS path, complete FROM listing
  UNION ALL SELECT source, rtrim(path, '/'), false FROM recent_fault WHERE op = 'list'
  UNION ALL SELECT u.source, rtrim(u."key", '/'), false FROM unfinished u
            JOIN source s ON s.name = u.source AND s.scan = u.scan
), place AS (SELECT source, path, bool_and(complete) AS complete FROM told GROUP BY source, path)
SELECT source, count(*) AS places, count(*) FILTER (WHERE complete) AS listed FROM place GROUP BY source
"""
# A place is a container: a folder, bucket or schema. It is fully listed when every listing of it reached its end.

_LEDGER = f"""
WITH {FAULTS},
l AS (SELECT source, sum(listed)::BIGINT AS listed FROM listing GROUP BY source),
e AS (SELECT source, count(*) AS recorded FROM entry GROUP BY source),
f AS (SELECT source, count(*) FILTER (WHERE op = 'stat') AS failed, count(*) FILTER (WHERE op = 'skip') AS skipped,
             count(*) FILTER (WHERE op = 'list') AS unlisted, count(*) FILTER (WHERE op = 'descend') AS not_entered,
             count(*) AS faults
      FROM recent_fault GROUP BY source)
SELECT s.name AS source, coalesce(l.listed, 0) AS listed, coalesce(e.recorded, 0) AS recorded,
       coalesce(f.skipped, 0) AS skipped, coalesce(f.failed, 0) AS failed, coalesce(f.unlisted, 0) AS unlisted,
       coalesce(f.not_entered, 0) AS not_entered, coalesce(f.faults, 0) AS faults
FROM source s LEFT JOIN l ON l.source = s.name LEFT JOIN e ON e.source = s.name LEFT JOIN f ON f.source = s.name
ORDER BY s.name
"""

_BY_CODE = f"""
WITH {FAULTS}
SELECT source, reason AS code, op, count(*) AS count FROM recent_fault GROUP BY ALL ORDER BY source, code, op
"""

_EXAMPLES = f"""
WITH {FAULTS}
SELECT source, reason AS code, path, op, detail FROM recent_fault
QUALIFY row_number() OVER (PARTITION BY source, reason ORDER BY path, op, detail) <= {EXAMPLES}
ORDER BY source, code, path, op, detail
"""

# What the source, its shares, buckets and databases say; what single tables and folders say stays in the catalog.
_SETTINGS = f"""
SELECT source, path, name, value, count(*) OVER (PARTITION BY source) AS total FROM setting
WHERE NOT contains(path, '/') AND name <> 'content_hash'
QUALIFY row_number() OVER (PARTITION BY source ORDER BY path, name, value) <= {MAX_SETTINGS}
ORDER BY source, path, name, value
"""


def read_sources(reader: Rows, stores: tuple[results.Store, ...], totals: dict[str, Row]) -> tuple[Row, ...]:
    """One row per configured source: what it is, how far it was seen, and its faults by code.

    ``totals`` are the inventory's totals by store id.
    """
    places = {r["source"]: r for r in reader.dicts(_PLACES)}
    runs = dict(reader.rows("SELECT name, scan FROM source ORDER BY name"))
    ledger = {r["source"]: r for r in reader.dicts(_LEDGER)}
    faults = _faults_by_code(reader, runs)
    settings: dict[str, list[Row]] = defaultdict(list)
    for row in reader.dicts(_SETTINGS):
        settings[row["source"]].append(row)
    units = {
        r[0]: (r[1], r[2])
        for r in reader.rows(
            "SELECT source, coalesce(sum(units) FILTER (WHERE state = 'done'), 0)::BIGINT, "
            "coalesce(sum(units) FILTER (WHERE state <> 'done'), 0)::BIGINT "
            "FROM unit_count GROUP BY source ORDER BY source"
        )
    }
    found = []
    for raw in reader.dicts("SELECT * FROM source ORDER BY name"):
        name = raw["name"]
        seen = places.get(name, {"places": 0, "listed": 0})
        held = [totals[s.id] for s in stores if s.source == name and s.id in totals]
        done, failed = units.get(name, (0, 0))
        found.append(
            {
                "name": name,
                "type": raw["type"],
                "title": raw.get("title") or name,
                "owner": raw.get("owner"),
                "locator": raw.get("locator") or "",
                "state": raw["state"],
                "scan": raw.get("scan"),
                "started": raw.get("started"),
                "ended": raw.get("ended"),
                "duration_us": _elapsed(raw.get("started"), raw.get("ended")),
                "error": _error(raw),
                "places": seen["places"],
                "places_listed": seen["listed"],
                "coverage": share(seen["listed"], seen["places"]) if raw["state"] != "failed" else 0.0,
                "objects": sum(t["objects"] for t in held),
                "bytes": total(t["bytes"] for t in held),
                "stores": len(held),
                "units_done": done,
                "units_failed": failed,
                "requests": raw.get("requests"),
                "peak_connections": raw.get("peak_connections"),
                "logins": raw.get("logins"),
                "limits": _parsed(raw.get("limits")),
                "ledger": _ledger(ledger.get(name, {})),
                "faults": faults.get(name, ()),
                "settings": tuple({n: r[n] for n in ("path", "name", "value")} for r in settings[name]),
                "settings_total": settings[name][0]["total"] if settings[name] else 0,
                "complete": raw["state"] == "complete" and seen["listed"] == seen["places"],
            }
        )
    return tuple(found)


def read_unscanned(reader: Rows, stores: tuple[results.Store, ...]) -> tuple[str, ...]:
    """Names of the register's stores that no source covers: neither a source's own place nor a store found in one."""
    places: set[str] = {p for s in stores for p in (s.id, s.path, s.title) if p}
    for name, locator in reader.rows("SELECT name, locator FROM source"):
        held = [s.path for s in stores if s.source == name and s.path]
        places |= {name, locator.rstrip("/")} | {f"{locator.rstrip('/')}/{path}" for path in held}
    register = reader.rows("SELECT DISTINCT name, locator FROM known_store ORDER BY name")
    return tuple(name for name, locator in register if not {name, locator.rstrip("/")} & places)


def _elapsed(started: int | None, ended: int | None) -> int | None:
    return ended - started if started is not None and ended is not None else None


def _parsed(text: object) -> Row:
    """The source's limits as the catalog keeps them (JSON); they hold no secrets."""
    if not isinstance(text, str) or not text:
        return {}
    kept = json.loads(text)
    return kept if isinstance(kept, dict) else {}


def _error(raw: Row) -> Row | None:
    """The error that ended a source, with the registry's words for it."""
    code = raw.get("error_code")
    if not code:
        return None
    return {
        "where": raw.get("error_where") or "",
        "detail": raw.get("error_detail") or "",
        **explain(code, raw["name"]),
    }


def explain(code: str, source: str = "SOURCE", run: object = "RUN") -> Row:
    """The registry's words for a code: what happened, its effect and what to do."""
    known = CODES.get(code, CODES["OTHER"])
    do = known.do.replace("{source}", source).replace("{run}", str(run)).replace("{where}", "FINGERPRINT")
    return {"code": code, "what": known.what, "effect": known.effect, "do": do, "exit": int(known.exit)}


def _ledger(row: Row) -> Row:
    names = ("listed", "recorded", "skipped", "failed", "unlisted", "not_entered", "faults")
    counts = {n: row.get(n, 0) for n in names}
    counts["balance"] = counts["listed"] - counts["recorded"] - counts["skipped"] - counts["failed"]
    return counts


def _faults_by_code(reader: Rows, runs: dict[str, int]) -> dict[str, tuple[Row, ...]]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for source, code, op, count in reader.rows(_BY_CODE):
        counts[source, code][op] = count
    examples: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for source, code, path, op, detail in reader.rows(_EXAMPLES):
        examples[source, code].append({"path": path, "op": op, "detail": detail or ""})
    by_source: dict[str, list[Row]] = defaultdict(list)
    for (source, code), ops in counts.items():
        by_source[source].append(
            {
                "source": source,
                "count": sum(ops.values()),
                "ops": dict(sorted(ops.items())),
                "examples": tuple(examples[source, code]),
                "gap": any(op in _GAPS for op in ops) and CODES.get(code, CODES["OTHER"]).exit != 0,
                **explain(code, source, runs.get(source, "RUN")),
            }
        )
    return {
        s: tuple(sorted(rows, key=lambda r: (not r["gap"], -r["count"], r["code"]))) for s, rows in by_source.items()
    }


_GAPS = frozenset({"list", "stat", "query"})
"""Kinds of fault that take something from the result."""


def overall(sources: tuple[Row, ...], unknown_sizes: int, objects: int) -> Row:
    """Coverage of the whole estate in figures, one sentence, and High, Medium or Low with reasons."""
    places = sum(s["places"] for s in sources)
    listed = sum(s["places_listed"] for s in sources)
    failed = tuple(s["name"] for s in sources if s["state"] == "failed")
    unread = sum(f["count"] for s in sources for f in s["faults"] if f["gap"])
    row: Row = {
        "places": places,
        "places_listed": listed,
        "percent": share(listed, places),
        "unlisted": places - listed,
        "sources": len(sources),
        "sources_failed": failed,
        "sources_incomplete": tuple(s["name"] for s in sources if not s["complete"] and s["state"] != "failed"),
        "faults": sum(s["ledger"]["faults"] for s in sources),
        "gaps": unread,
        "unknown_sizes": unknown_sizes,
        "complete": all(s["complete"] for s in sources),
    }
    row["confidence"], row["reasons"] = _confidence(row, objects)
    return row


def _confidence(row: Row, objects: int) -> tuple[str, tuple[str, ...]]:
    """High, Medium or Low, and why.

    Low: under 90 % of places fully listed, or a quarter of the sources failed. High: at least 99 %, no source failed,
    and at most 5 % of sizes unknown. Our own thresholds; 90 % is also where scores are withheld.
    """
    percent, failed = row["percent"], len(row["sources_failed"])
    reasons = []
    if percent is None:
        return "Low", ("nothing was listed",)
    if row["unlisted"]:
        reasons.append(f"{row['unlisted']:,} of {row['places']:,} places not fully listed")
    if failed:
        reasons.append(f"{failed:,} of {row['sources']:,} sources failed")
    if row["unknown_sizes"]:
        reasons.append(f"{words.plural(row['unknown_sizes'], 'size')} unknown")
    if percent < 90 or failed * 4 >= row["sources"]:
        return "Low", tuple(reasons)
    if percent >= 99 and not failed and row["unknown_sizes"] * 20 <= objects:
        return "High", tuple(reasons) or ("every place was listed to its end",)
    return "Medium", tuple(reasons)


OPS_WORDS = dict(OPS)
"""What each kind of fault means, for the legend."""
