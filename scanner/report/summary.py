"""The first page in figures: key facts, the funnel, what weighs most, what to do next, and what was not seen."""

from __future__ import annotations

from collections.abc import Sequence

from scanner import results
from scanner.report import readiness
from scanner.report.reading import Row, share


def read_summary(  # noqa: PLR0913 - every other part of the context
    judgement: results.Judgement,
    stores: tuple[results.Store, ...],
    sources: tuple[Row, ...],
    things: Row,
    seen: Row,
    graph: Row,
    judged: Row,
    *,
    unregistered: tuple[str, ...],
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
        "unseen": unseen(sources, unregistered, things, graph, judged),
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


def unseen(
    sources: tuple[Row, ...], unregistered: tuple[str, ...], things: Row, graph: Row, judged: Row
) -> tuple[Row, ...]:
    """What this report could not see: how much, what, and the effect; the widest gap first."""
    failed = [s["name"] for s in sources if s["state"] == "failed"]

    def ledger(*names: str) -> int:
        return sum(s["ledger"][n] for s in sources for n in names)

    gaps = (
        (len(failed), f"sources not scanned at all: {_names(failed)}", "nothing in them is counted"),
        (
            ledger("unlisted"),
            "places that refused to be listed or broke off",
            "sizes and counts above them are lower bounds",
        ),
        (ledger("failed"), "names listed whose facts could not be had", "they are in no total"),
        (len(unregistered), f"known stores never scanned: {_names(unregistered)}", "they are in no total and no wave"),
        (ledger("skipped", "not_entered"), "places left out on purpose", "see Evidence, faults by code"),
        (things["unknown_sizes"], "objects of unknown size", "bytes are lower bounds"),
        (things["offline_objects"], "offline objects, never read so as not to recall them", "their content is unknown"),
        (
            sum(t["kind"] == "table" and not t["keys_known"] for t in things["table_list"]),
            "tables in databases that told no keys",
            "their dependencies may be missing",
        ),
        (graph["unparsed_total"], "definitions that could not be parsed whole", "edges from them may be missing"),
        (len(graph["unresolved"]), "references to stores nobody scanned", "what lies there is unknown"),
        (
            sum(r["state"] == "unknown" for r in judged["readiness"]),
            "pairs of store and target with unknown readiness",
            "they are not counted as ready",
        ),
    )
    return tuple({"count": n, "gap": gap, "effect": effect} for n, gap, effect in gaps if n)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
