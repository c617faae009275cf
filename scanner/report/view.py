"""What the page shows of a context: rows cut to the page's budget beside exact totals, geometry for its drawings.

Every figure here stands in the context as well; this module only chooses, orders and places.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scanner import results
from scanner.report import drawing, readiness, words
from scanner.report.context import Context
from scanner.report.reading import Row

ROW_BUDGET = 1_000
"""Table rows in the whole document, headings included."""
TABLE_CAP = 200
MAX_CHECKS = 240
"""Checks shown in full; what is beyond is counted."""


@dataclass(slots=True)
class Budget:
    """Hands out table rows, first come, first served; a table's heading counts."""

    left: int = ROW_BUDGET
    shown: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, rows: Sequence[Any], cap: int, total: int | None = None) -> Row:
        """As many of ``rows`` as cap and budget allow, with the exact total."""
        count = max(0, min(len(rows), cap, TABLE_CAP, self.left - 1))
        self.left -= count + 1
        self.shown[name] = count
        return {"rows": tuple(rows[:count]), "shown": count, "total": len(rows) if total is None else total}


_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def anchor(kind: str, key: str) -> str:
    """A stable element id, usable as ``#/kind/key`` with and without script."""
    if _PLAIN_ID.fullmatch(key):
        return f"/{kind}/{key}"
    return f"/{kind}/{words.slug(key)[:40]}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def build_view(context: Context) -> Row:
    """Everything the templates need besides the context itself."""
    budget = Budget()
    titles = {s["id"]: s["title"] for s in context.stores}
    fixed = 60  # rows of the small tables: states, funnel, legends and the distributions' fixed steps
    budget.left -= fixed
    view: Row = {
        "titles": _Titles(titles),
        "targets": {t["id"]: t["title"] for t in context.targets},
        "rules": {r["id"]: r for r in context.rules},
        "assets": _named(context.graph["assets"]),
        "anchor": anchor,
        "blockers": budget.take("blockers", context.summary["blockers"], 10, context.summary["blockers_total"]),
        "actions": budget.take("actions", context.summary["actions"], 5),
        "sources": budget.take("sources", context.sources, 60),
        "matrix": budget.take("matrix", _matrix(context), 60),
        "waves": budget.take("waves", context.waves["list"], 40),
        "ledger": budget.take("ledger", context.evidence["ledger"], 60),
        "tree": budget.take("tree", _tree_rows(context, titles), 48),
        "families": budget.take("families", context.inventory["distributions"]["families"], 18),
        "types": budget.take("types", context.inventory["distributions"]["types"], 16),
        "limits": budget.take("limits", _limits(context), 50),
        "exposures": budget.take("exposures", context.security["exposures"], 60, context.security["exposures_total"]),
        "unmanaged": budget.take("unmanaged", context.security["unmanaged"], 50, context.security["unmanaged_total"]),
        "openings": budget.take("openings", context.security["access"]["openings"], 25, _openings(context)),
        "holders": budget.take(
            "holders", context.security["access"]["holders"], 30, context.security["access"]["holders_total"]
        ),
        "seen": budget.take("seen", context.security["seen"]["list"], 30, context.security["seen"]["total"]),
        "databases": budget.take("databases", context.inventory["databases"], 30),
        "blast": budget.take("blast", context.graph["blast"], 20, context.graph["blast_total"]),
        "cut_edges": budget.take("cut_edges", context.waves["cut"], 25, context.waves["cut_total"]),
        "broken": budget.take("broken", _broken(context), 60, context.graph["broken_total"]),
        "referred": budget.take("referred", _referred(context), 40, context.graph["referred_total"]),
        "links": budget.take("links", _links(context), 40, context.graph["map"]["links_total"]),
        "unused": budget.take("unused", _unused(context), 20, _unused_total(context)),
        "columns": budget.take("columns", context.graph["columns"], 40, context.graph["columns_total"]),
        "copies": budget.take("copies", context.graph["copies"], 15, context.graph["copies_total"]),
        "faults": budget.take("faults", context.evidence["faults"], 40),
        "duplicates": budget.take(
            "duplicates", context.inventory["duplicates"]["list"], 15, context.inventory["duplicates"]["groups"]
        ),
        "unparsed": budget.take("unparsed", context.graph["unparsed"], 20, context.graph["unparsed_total"]),
        "labels": budget.take("labels", context.security["labels"], 20),
        "grown": budget.take("grown", context.changes["sources"], 40),
        "changes": budget.take("changes", context.changes["list"], 40, context.changes["total"]),
        "edges": budget.take("edges", context.graph["edges"], 100, context.graph["edges_total"]),
        "tables": budget.take("tables", context.inventory["table_list"], 70, context.inventory["tables_total"]),
        "source_faults": _source_faults(context, budget),
        "checks": _checks(context),
        "map": drawing.treemap(context.inventory["tree"], titles),
        "estate": drawing.estate_map(context.graph["map"], context.graph["status_meaning"]),
        "bars": _bars(context),
        "groups": readiness.GROUPS,
        "group_meaning": readiness.GROUP_MEANING,
        "states": _states(),
        "short": {"ready": "Ready", "conditions": "Conditions", "unknown": "Unknown", "not_ready": "Not ready"},
        "severity_meaning": readiness.SEVERITY_MEANING,
        "effort_meaning": readiness.EFFORT_MEANING,
        "gap_count": sum(1 for s in context.sources if not s["complete"]),
        "incomplete": not context.coverage["complete"],
        "budget_left": budget.left,
    }
    return view


def _openings(context: Context) -> int:
    told = context.security["access"]
    return int(told["openings_total"]) + int(told["barred_total"])


class _Titles(dict[str, str]):
    """Titles by id; what has none is shown by its id."""

    def __missing__(self, key: str) -> str:
        return key


def _named(assets: tuple[Row, ...]) -> _Titles:
    """Titles of assets; a schema's is told with its database, for there is many a "public"."""
    titles = _Titles({a["id"]: a["title"] for a in assets})
    for a in assets:
        if a["level"] == "schema" and a["store"] in titles:
            titles[a["id"]] = f"{titles[a['store']]}.{a['title']}"
    return titles


def _states() -> tuple[Row, ...]:
    order: tuple[results.State, ...] = ("ready", "conditions", "unknown", "not_ready")
    return tuple({"state": s, "word": results.STATE_WORDS[s], "meaning": readiness.STATE_MEANING[s]} for s in order)


def _matrix(context: Context) -> list[Row]:
    """One row per store with its state for every target, those in trouble first."""
    by_pair = {(r["store"], r["target"]): r for r in context.readiness["readiness"]}
    rank = {s: n for n, s in enumerate(results.STATES)} | {readiness.NOT_JUDGED: len(results.STATES)}
    rows: list[Row] = [
        {"store": s, "cells": tuple(by_pair.get((s["id"], t["id"])) for t in context.targets)} for s in context.stores
    ]
    rows.sort(key=lambda r: (rank[r["store"]["state"]], -(r["store"]["bytes"] or 0), r["store"]["id"]))
    return rows


_PLACE = ("objects", "bytes", "offline_bytes", "newest", "stale_bytes", "unknown_sizes")


def _tree_rows(context: Context, titles: dict[str, str]) -> list[Row]:
    """The treemap's twin: stores with their largest folders, each with its share of the store."""
    flags = _flags(context)
    by_id = {s["id"]: s for s in context.stores}
    rows: list[Row] = []
    for root in context.inventory["tree"]:
        store = by_id.get(root["store"])
        name = titles.get(root["store"], root["name"])
        rows.append(
            {"level": 0, "name": name, "store": store, "share": None, "flag": flags.get(root["source"], "")}
            | {n: root[n] for n in _PLACE}
        )
        for child in root["children"][:8]:
            name = child["name"] + "/" if child["name"] else "(at the top)"
            rows.append(
                {"level": 1, "name": name, "store": store, "share": child["share"], "flag": ""}
                | {n: child[n] for n in _PLACE}
            )
    return rows


def _flags(context: Context) -> dict[str, str]:
    """``!`` where the source itself failed, ``.`` where something below it did."""
    flags = {}
    for s in context.sources:
        if s["error"]:
            flags[s["name"]] = "!"
        elif any(f["gap"] for f in s["faults"]):
            flags[s["name"]] = "."
    return flags


def _limits(context: Context) -> list[Row]:
    return [
        {"target": t["title"], "as_of": t["as_of"], "name": n, "value": v, "unit": u, "source": s, "confidence": c}
        for t in context.targets
        for n, v, u, s, c in t["limits"]
    ]


def _broken(context: Context) -> list[Row]:
    """What breaks, under what moves: a few references of each, so that many things that move have their turn."""
    by_asset: dict[str, list[Row]] = defaultdict(list)
    told: set[tuple[str, ...]] = set()
    for b in context.graph["broken"]:
        said = b["moved"], b["store"], b["place"], b["locator"], b["change"]
        if said not in told:  # one place may connect, read and write: that is one thing to change
            by_asset[b["moved"]].append(b)
            told.add(said)
    edges = {e["id"] for e in context.graph["edges"]}
    rows = []
    for n in range(5):
        for moving in context.graph["moving"]:
            found = by_asset[moving["asset"]]
            if n < len(found):
                rows.append({**found[n], "moving": moving, "known": found[n]["edge"] in edges})
    order = {m["asset"]: n for n, m in enumerate(context.graph["moving"])}
    return sorted(rows[:60], key=lambda r: order[r["moved"]])


def _referred(context: Context) -> list[Row]:
    """Stores that something refers to, and those only seen or registered, each with its one status."""
    managed = [m for m in context.graph["managed"] if m["references"] or m["status"] != "scanned"]
    if managed:
        return sorted(
            managed, key=lambda m: (not m["references"], m["status"] == "scanned", -m["references"], m["asset"])
        )
    return [
        {
            "asset": a["id"], "title": a["title"], "kind": a["kind"], "status": "referenced", "owner": "",
            "references": a["references"], "files": 0, "places": (), "by": (),
        }
        for a in context.graph["unresolved"]
    ]  # fmt: skip


def _links(context: Context) -> list[Row]:
    """The map's twin: what leads from one place to another, the most first."""
    titles = {n["id"]: n["title"] for n in context.graph["map"]["nodes"]}
    links = sorted(context.graph["map"]["links"], key=lambda k: (-k["edges"], k["source"], k["target"]))
    return [{**k, "from": titles[k["source"]], "to": titles[k["target"]]} for k in links]


def _unused(context: Context) -> list[Row]:
    """References that gave no edge: variables nobody defines first, then what is not in force."""
    told = [r for r in context.graph["references"] if r["tier"] != "resolved"]
    return sorted(told, key=lambda r: (results.TIERS.index(r["tier"]), r["source"], r["path"], r["line"] or 0, r["id"]))


def _unused_total(context: Context) -> int:
    return int(sum(n for tier, n in context.graph["tiers"].items() if tier != "resolved"))


def _source_faults(context: Context, budget: Budget) -> dict[str, Row]:
    found = {}
    for s in context.sources:
        if s["faults"]:
            found[s["name"]] = budget.take(f"faults of {s['name']}", s["faults"], 10)
    return found


def _checks(context: Context) -> tuple[Row, ...]:
    """Per store and target, the five groups; in full up to a number of checks, the worst pairs first."""
    rules = {r["id"]: r for r in context.rules}
    findings = {f["id"]: f for f in context.readiness["findings"]}
    verdicts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for v in context.readiness["verdicts"]:
        if v["rule"] in rules:
            verdicts[v["store"], v["target"]].append(v)
    rank = {s: n for n, s in enumerate(results.STATES)}
    pairs = sorted(context.readiness["readiness"], key=lambda r: (rank[r["state"]], r["store"], r["target"]))
    left = MAX_CHECKS
    named: set[str] = set()
    by_store: dict[str, list[Row]] = defaultdict(list)
    for pair in pairs:
        found = verdicts.get((pair["store"], pair["target"]), [])
        groups: dict[str, list[Row]] = {g: [] for g in readiness.GROUPS}
        for v in found:
            held = []
            for key in v["findings"]:
                if key in findings:  # an id stands once in a page, whatever the judgement says
                    held.append({**findings[key], "anchor": anchor("f", key) if key not in named else ""})
                    named.add(key)
            groups[v["group"]].append({"verdict": v, "rule": rules[v["rule"]], "findings": held})
        judged = {v["rule"] for v in found}
        groups["not_applicable"] += [
            {"verdict": None, "rule": r, "findings": []} for i, r in rules.items() if i not in judged
        ]
        counts = {g: len(rows) for g, rows in groups.items()}
        for g in ("failed", "review", "unchecked"):
            groups[g] = groups[g][: max(0, left)]
            left -= len(groups[g])
        by_store[pair["store"]].append({"pair": pair, "groups": groups, "counts": counts})
    stores = {s["id"]: s for s in context.stores}
    return tuple({"store": stores.get(i), "id": i, "pairs": p} for i, p in by_store.items())


def _bars(context: Context) -> Row:
    """Stacked bars of readiness, and the waves' timeline."""
    overall = context.readiness["overall"]
    waves = context.waves["list"]
    span = context.waves["hours"] or 1
    return {
        "width": 720,
        "stores": drawing.stacked(overall["parts"], "stores", 720),
        "bytes": drawing.stacked(overall["parts"], "bytes", 720),
        "targets": tuple(
            {**t, "bar": drawing.stacked(t["parts"], "stores", 360)} for t in context.readiness["by_target"]
        ),
        "waves": tuple(
            {**w, "x": round(530 * w["start_h"] / span, 1), "w": round(max(3, 530 * w["hours"] / span), 1)}
            for w in waves[:40]
        ),
    }
