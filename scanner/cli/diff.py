"""The command that compares two runs; it touches no source."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.catalog import Catalog
from scanner.cli.common import CatalogOption, ConfigOption, JsonOption, QuietOption, common
from scanner.cli.output import Output, count, size
from scanner.codes import Exit, StocktakeError
from scanner.results import Changes, Compared


def _moved(source: Compared, group: str) -> str:
    """Bytes that came, or went, with a group."""
    return size(max(source.moved[group])) if group in source.moved else ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(diff)


def since_before(catalog: Catalog, run: int | None = None) -> Changes | None:
    """What differs between a run (the newest when absent) and the one before that scanned any of the same sources.

    None where there is none, or no such run; the largest changes are listed.

    Raises:
        StocktakeError: CATALOG_DAMAGED, of either run.
    """
    from scanner.compare import compare

    known = sorted((int(r["id"]) for r in catalog.runs()), reverse=True)
    newer = run if run is not None else next(iter(known), 0)
    if newer not in known:
        return None
    names = {s.name for s in catalog.sources(newer)}
    for older in known:
        if older < newer and names & {s.name for s in catalog.sources(older)}:
            return compare(catalog, older, newer, largest=True)
    return None


def diff(
    old: Annotated[int | None, typer.Argument(help="The earlier run; the one before the newest when absent.")] = None,
    new: Annotated[int | None, typer.Argument(help="The later run; the newest when absent.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most changes shown of each kind; 0 for all.")] = 50,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What changed between two runs: added, changed, removed (only where proven), not comparable."""
    from scanner.compare import GROUPS, compare

    output = Output(as_json=json, quiet=quiet)
    with common(output, config, catalog).open_catalog() as store:
        known = sorted(int(r["id"]) for r in store.runs())
        later = new if new is not None else known[-1] if known else 0
        before = [n for n in known if n < later]
        if old is None and not before:
            raise StocktakeError("USAGE", "diff", "there is no earlier run to compare with; stocktake runs lists them")
        changes = compare(store, old if old is not None else before[-1], later, limit=limit)
    for source in changes.sources:
        told = {g: source.counts.get(g, 0) for g in GROUPS}
        output.record(
            "compared",
            {"source": source.source, "refused": source.refused, **told, "entries": source.entries,
             "bytes": source.bytes, "moved": source.moved},
        )  # fmt: skip
    output.line(f"Run {changes.old} and run {changes.new}")
    output.table(
        ("Source", "Added", "Changed", "Removed", "Not comparable", "Entries", "Bytes", "Bytes added", "Bytes removed",
         "Why not compared"),
        [
            (s.source, *(count(s.counts.get(g, 0)) for g in ("added", "changed", "removed", "not_comparable")),
             f"{count(s.entries[0])} → {count(s.entries[1])}", f"{size(s.bytes[0])} → {size(s.bytes[1])}",
             *(_moved(s, g) for g in ("added", "removed")), s.refused)
            for s in changes.sources
        ],
        right=(1, 2, 3, 4),
    )  # fmt: skip
    for c in changes.listed:
        output.record(
            "change",
            {"group": c.group, "source": c.source, "store": c.store, "path": c.path, "kind": c.kind, "what": c.what,
             "before": c.before, "after": c.after, "proof": c.proof},
        )  # fmt: skip
    output.table(
        ("", "Source", "Path", "What", "Before", "After", "Proof"),
        [
            (c.group.replace("_", " "), c.source, c.path or "(top)", ", ".join(c.what), c.before, c.after, c.proof)
            for c in changes.listed
        ],
    )
    for group in GROUPS:
        shown = sum(c.group == group for c in changes.listed)
        if shown < changes.count(group):
            output.say(f"{shown:,} of {changes.count(group):,} {group.replace('_', ' ')} shown; --limit 0 shows all")
    output.exit(Exit.COMPLETE)
