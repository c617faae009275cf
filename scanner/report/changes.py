"""What changed since the run before: four groups, of which the last says what nobody can tell."""

from __future__ import annotations

from scanner import results
from scanner.report.reading import Row

MAX_LISTED = 200
"""Changes listed; exact numbers stand beside them."""
WORDS = {
    "added": ("Added", "not there in the run before"),
    "removed": ("Removed", "proven to be gone: what held it was listed to its end, or is gone itself"),
    "changed": ("Changed", "there in both runs, and its facts, columns, keys, definition or rights differ"),
    "not_comparable": ("Not comparable", "there before and not seen now, and nothing proves that it is gone"),
}
"""Each group's heading and what it means."""


def read_changes(changes: results.Changes | None) -> Row:
    """The changes part of the context; ``old`` is None where there is no earlier run to compare with."""
    if changes is None:
        return {"old": None, "new": None, "total": 0, "groups": (), "sources": (), "refused": 0, "list": ()}
    groups = tuple(
        {"group": g, "word": word, "meaning": meaning, "count": changes.count(g), "bytes": changes.moved(g)}
        for g, (word, meaning) in WORDS.items()
    )
    order = {g: n for n, g in enumerate(WORDS)}
    listed = sorted(
        changes.listed, key=lambda c: (-max(b or 0 for b in c.bytes), order[c.group], c.source, c.path, c.kind)
    )
    return {
        "old": changes.old,
        "new": changes.new,
        "total": sum(changes.count(g) for g in WORDS),
        "groups": groups,
        "sources": tuple(_source(s) for s in changes.sources),
        "refused": sum(bool(s.refused) for s in changes.sources),
        "list": tuple(_change(c) for c in listed[:MAX_LISTED]),
    }


def _source(source: results.Compared) -> Row:
    """A source before and after; its share of growth is of the larger of both."""
    before, after = source.bytes
    largest = max(before or 0, after or 0)
    return {
        "source": source.source,
        "refused": source.refused,
        "counts": {g: source.counts.get(g, 0) for g in WORDS},
        "entries": source.entries,
        "bytes": source.bytes,
        "growth": None if before is None or after is None or source.refused else after - before,
        "drawn": tuple(round(100 * (b or 0) / largest, 1) if largest else 0.0 for b in source.bytes),
    }


def _change(change: results.Change) -> Row:
    return {
        "group": change.group,
        "source": change.source,
        "store": change.store,
        "path": change.path,
        "kind": change.kind,
        "what": change.what,
        "before": change.before,
        "after": change.after,
        "bytes": change.bytes,
        "proof": change.proof,
    }
