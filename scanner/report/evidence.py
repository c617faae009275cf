"""What stands behind the figures: the ledger, faults in the registry's words, exclusions, limits, words and columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from scanner.codes import CODES
from scanner.model import OPS
from scanner.report.reading import Row
from scanner.schema import KINDS, SCHEMAS

GLOSSARY: dict[str, str] = {
    "source": "one configured place to look: a share, a bucket or account, a host and path, a database server",
    "connector": "the part that opens one kind of source",
    "scan": "one numbered run over sources",
    "unit": "a piece of a source that is crawled, retried and resumed alone",
    "entry": "one thing found: a file, directory, link, object, table or view",
    "object": "an entry that holds content: a file, an object of a bucket, a table",
    "place": "a container that was to be listed: a folder, a bucket, a schema",
    "fault": "something a source would not show",
    "coverage": "how many places were listed to their end, of those known",
    "catalog": "everything kept about an estate",
    "store": "a place that holds data: a share, a bucket, a database, or a database file on a share",
    "target": "where data may go, with its limits",
    "rule": "one readiness check; its verdict on a store: how many objects fail, pass or cannot be told",
    "finding": "one object that breaks a check",
    "tier": "online, nearline or offline; offline content is never read",
    "asset": "a node of the dependency graph: what would be moved or kept as one thing",
    "edge": "a dependency with its evidence; declared by the store, parsed from a definition, or inferred from text",
    "cycle": "assets that depend on each other in a ring, and can only move together",
    "wave": "assets that can move together, in order",
    "cut edge": "a dependency between different waves; it has to work across the move",
    "blast radius": "all that depends on one asset, directly or through others",
    "unknown": "the source did not say; never counted as nothing, and never as passed",
}


def read_evidence(
    sources: tuple[Row, ...], methods: Mapping[str, Sequence[str]], exclusions: Mapping[str, Sequence[str]]
) -> Row:
    """The evidence part of the context."""
    return {
        "ledger": tuple({"source": s["name"], **s["ledger"]} for s in sources),
        "balanced": all(s["ledger"]["balance"] == 0 for s in sources),
        "faults": _catalogue(sources),
        "ops": dict(OPS),
        "exclusions": {s["name"]: tuple(exclusions.get(s["name"], ())) for s in sources if exclusions.get(s["name"])},
        "methods": {t: tuple(methods[t]) for t in sorted({s["type"] for s in sources}) if t in methods},
        "glossary": dict(sorted(GLOSSARY.items())),
        "kinds": dict(KINDS),
        "dictionary": tuple(
            {
                "name": schema.name,
                "doc": schema.doc,
                "columns": tuple(
                    {"name": c.name, "type": c.type, "unit": c.unit, "doc": c.doc, "required": c.required}
                    for c in schema.columns
                ),
            }
            for schema in SCHEMAS.values()
        ),
    }


def _catalogue(sources: tuple[Row, ...]) -> tuple[Row, ...]:
    """Faults of the whole estate by code, those that take something from the result first."""
    by_code: dict[str, list[Row]] = defaultdict(list)
    for s in sources:
        for f in s["faults"]:
            by_code[f["code"]].append(f)
    rows = [
        {
            "code": code,
            "what": found[0]["what"],
            "effect": found[0]["effect"],
            "do": CODES.get(code, CODES["OTHER"])
            .do.replace("{source}", "SOURCE")
            .replace("{run}", "RUN")
            .replace("{where}", "…"),
            "gap": any(f["gap"] for f in found),
            "count": sum(f["count"] for f in found),
            "sources": tuple((f["source"], f["count"]) for f in found),
            "examples": tuple({"source": f["source"], **e} for f in found for e in f["examples"])[:5],
        }
        for code, found in by_code.items()
    ]
    return tuple(sorted(rows, key=lambda r: (not r["gap"], -r["count"], r["code"])))
