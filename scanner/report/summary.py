"""The first page in figures: key facts, the funnel, what weighs most, what to do next, and what was not seen."""

from __future__ import annotations

from scanner import results
from scanner.report import readiness
from scanner.report.reading import Row, share


def read_summary(  # noqa: PLR0913, PLR0917 - every other part of the context
    judgement: results.Judgement,
    stores: tuple[results.Store, ...],
    sources: tuple[Row, ...],
    things: Row,
    seen: Row,
    graph: Row,
    judged: Row,
) -> Row:
    """The summary part of the context."""
    failing = readiness.blockers(judgement)
    return {
        "facts": {
            "stores": len(stores),
            "objects": things["objects"],
            "bytes": things["bytes"],
            "offline_bytes": things["offline_bytes"],
            "unknown_sizes": things["unknown_sizes"],
            "linked_bytes": things["linked_bytes"],
            "owned": share(things["owned"], things["objects"]),
            "stores_owned": share(sum(s.owner is not None for s in stores), len(stores)),
            "median_modified": things["median_modified"],
            "at_least": not seen["complete"],
        },
        "funnel": _funnel(stores, sources, judgement),
        "blockers_total": len(failing),
        "blockers": failing[:10],
        "actions": readiness.actions(judgement, stores, sources),
        "unseen": unseen(stores, sources, things, seen, graph, judged),
    }


def _funnel(
    stores: tuple[results.Store, ...], sources: tuple[Row, ...], judgement: results.Judgement
) -> tuple[Row, ...]:
    """Stores that stay at each step: configured or found, reachable, fully listed, judged."""
    failed = {s["name"] for s in sources if s["state"] == "failed"}
    scanned = {s["name"] for s in sources}
    reachable = [s for s in stores if s.source in scanned and s.source not in failed]
    listed = [s for s in reachable if s.complete]
    judged_ids = {r.store for r in judgement.readiness if r.state != "unknown"}
    steps = (
        ("Known or found", len(stores), "stores named in the estate file, or found by scanning"),
        ("Reachable", len(reachable), "their source answered and let us in"),
        ("Fully listed", len(listed), "every place in them was listed to its end"),
        ("Judged", sum(s.id in judged_ids for s in listed), "a state other than unknown for at least one target"),
    )
    return tuple({"word": w, "stores": n, "share": share(n, len(stores)), "meaning": m} for w, n, m in steps)


def unseen(  # noqa: PLR0913, PLR0917 - every part that may hold a gap
    stores: tuple[results.Store, ...], sources: tuple[Row, ...], things: Row, seen: Row, graph: Row, judged: Row
) -> tuple[Row, ...]:
    """What this report could not see: one sentence each with its effect, the widest gap first."""
    failed = [s for s in sources if s["state"] == "failed"]
    unlisted = sum(s["ledger"]["unlisted"] for s in sources)
    unscanned = [s for s in stores if s.source not in {x["name"] for x in sources}]
    unjudged = sum(r["state"] == "unknown" for r in judged["readiness"])
    hidden = sum(not t["keys_known"] for t in things["table_list"])
    gaps = (
        (len(failed), "sources", f"could not be scanned at all: {_names(failed)}", "nothing in them is counted"),
        (unlisted, "places", "refused to be listed or broke off", "sizes and counts above them are lower bounds"),
        (
            sum(s["ledger"]["failed"] for s in sources),
            "names",
            "were listed, but their facts could not be had",
            "they are not in any total",
        ),
        (len(unscanned), "known stores", "have never been scanned", "they are in no total and no wave"),
        (
            sum(s["ledger"]["skipped"] + s["ledger"]["not_entered"] for s in sources),
            "places",
            "were left out on purpose",
            "see Evidence, faults by code",
        ),
        (things["unknown_sizes"], "objects", "have no known size", "bytes are lower bounds"),
        (
            things["offline_objects"],
            "offline files",
            "were never read, so as not to recall them",
            "their content is unknown",
        ),
        (hidden, "tables", "lie in databases that told no keys", "their dependencies may be missing"),
        (graph["unparsed_total"], "definitions", "could not be parsed whole", "edges from them may be missing"),
        (len(graph["unresolved"]), "references", "lead to stores nobody scanned", "what lies there is unknown"),
        (unjudged, "store and target pairs", "are of unknown readiness", "they are not counted as ready"),
    )
    return tuple({"count": n, "what": what, "gap": gap, "effect": effect} for n, what, gap, effect in gaps if n)


def _names(sources: list[Row]) -> str:
    names = [s["name"] for s in sources]
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
