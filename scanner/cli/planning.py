"""The command ``plan``: what a scan would touch, how hard, and what it may cost; no source is touched for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.cli.common import CatalogOption, Common, ConfigOption, JsonOption, common
from scanner.cli.output import Output, count, size
from scanner.codes import Exit, StocktakeError
from scanner.keys.candidates import ROWS
from scanner.registry import Bound

if TYPE_CHECKING:
    from scanner.sample import Planned, PlannedValues


@dataclass(frozen=True, slots=True)
class _Known:
    """What the newest scan of each source in the catalog says; ``content`` is what depth L2 would read of it."""

    scans: dict[str, dict[str, Any]] = field(default_factory=dict)
    content: dict[str, Planned] = field(default_factory=dict)
    values: dict[str, PlannedValues] = field(default_factory=dict)
    """What depth L3 would read, of sources where values can be looked at."""


def plan(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]…")] = None,
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a scan would touch, how hard, and what it may cost, without touching it."""
    output = Output(as_json=json)
    shared = common(output, config, catalog)
    picked = shared.sources(list(sources or ()))
    known = _known(shared, picked)
    rows = []
    for bound in picked:
        row = _row(bound, known)
        output.record("plan", row)
        limits = bound.limits
        rate = f"{limits.requests_per_s:g}/s" if limits.requests_per_s else "as fast as it answers"
        asked = "unknown" if row["requests"] is None else f"about {count(row['requests'])}"
        money = "" if row["usd"] is None else f"{row['usd']:.2f}"
        rows.append(
            (bound.name, bound.locator, row["as"], row["depth"], bound.connections, rate, limits.hours or "any time",
             asked, money)
        )  # fmt: skip
    output.table(
        ("Source", "Where", "As", "Depth", "Connections", "Rate", "Hours", "Requests", "USD"), rows, right=(4, 7, 8)
    )
    for bound in picked:
        for sentence in _sentences(bound, known):
            output.line(f"{bound.name}: {sentence}")
    deep = [b.name for b in picked if b.config.depth != "L1"]
    output.line(
        "Names, sizes, dates and structure are listed. "
        + (f"Content is read of {', '.join(deep)} alone" if deep else "No content is read")
        + "; nothing is written, locked or recalled."
    )
    output.exit(Exit.COMPLETE)


def _row(bound: Bound, known: _Known) -> dict[str, Any]:
    limits, account, before = bound.limits, bound.account, known.scans.get(bound.name, {})
    content, values = known.content.get(bound.name), known.values.get(bound.name)
    price = bound.plug.request_price(bound.options)
    requests = before.get("requests")
    if requests is not None and limits.max_requests is not None:
        requests = min(requests, limits.max_requests)
    return {
        "source": bound.name, "locator": bound.locator, "as": account.name if account else "nobody",
        "connections": bound.connections, "requests_per_s": limits.requests_per_s, "hours": limits.hours,
        "max_requests": limits.max_requests, "facts": list(bound.plug.facts), "depth": bound.config.depth,
        "reads_content": bound.config.depth != "L1", "writes": False,
        "content": None if content is None else asdict(content),
        "values": None if values is None else asdict(values),
        "content_most": limits.content_mib << 20,
        "requests": requests, "units": before.get("units_done"), "entries": before.get("entries"),
        "from_scan": before.get("scan"), "load": bound.plug.load or None,
        "usd": price.usd_a_request * requests if price and requests is not None else None,
        "usd_a_request": price.usd_a_request if price else None,
        "price_source": f"{price.source}, read {price.read_on}" if price else None,
    }  # fmt: skip


def _sentences(bound: Bound, known: _Known) -> list[str]:
    """What the table cannot say: where its figures come from, and what is unknown."""
    before, said = known.scans.get(bound.name), []
    if before is None:
        said.append(f"{bound.plug.load} How many that makes is unknown before a first scan.".strip())
    else:
        whole = "" if before["state"] == "complete" else f", which ended {before['state']}: a whole one asks more"
        rate = bound.limits.requests_per_s
        lasts = f"; at {rate:g}/s that takes {before['requests'] / rate / 60:,.0f} min or more" if rate else ""
        said.append(
            f"scan {before['scan']} found {count(before['entries'])} entries in {count(before['units_done'])} units "
            f"with {count(before['requests'])} requests{whole}{lasts}."
        )
    price = bound.plug.request_price(bound.options)
    if price is not None:
        said.append(
            f"a thousand requests cost USD {1000 * price.usd_a_request:g} at the utmost ({price.source}, read "
            f"{price.read_on})."
        )
    elif bound.plug.type == "s3":
        said.append("what this endpoint charges for requests is unknown.")
    if bound.limits.max_requests is not None:
        said.append(f"no more than {bound.limits.max_requests:,} requests are made in one go.")
    would = "depth L2 reads" if bound.config.depth != "L1" else "depth L2 would read"
    if (content := known.content.get(bound.name)) is None:
        said.append(f"how much {would} is unknown until a first scan has listed what is there.")
    else:
        references = f"{size(content.reference_bytes)} of {content.references:,} files for what they refer to"
        databases = f"{size(content.database_bytes)} of {content.databases:,} files that may be databases"
        whole = size(bound.limits.content_mib << 20)
        said.append(f"{would} at most {references}, and {databases}; in one go no more than {whole}.")
    return said + _of_values(bound, known)


def _of_values(bound: Bound, known: _Known) -> list[str]:
    """What depth L3 reads, or would; nothing where it would be as L2 and nobody asked for it."""
    deepest = bound.config.depth == "L3"
    if not _has_values(bound):
        return ["depth L3 is as L2 here: only values of databases over ODBC are looked at."] if deepest else []
    would = "depth L3 reads" if deepest else "depth L3 would read"
    if (values := known.values.get(bound.name)) is None:
        return [f"how many tables {would} is unknown until a first scan has listed what is there."]
    return [
        (
            f"{would} {values.columns:,} columns that may be keys, of {values.tables:,} tables: at most {ROWS:,} rows "
            f"of each, {values.rows:,} in all as far as the server's statistics say; hashes are kept, and no value."
        )
    ]


def _has_values(bound: Bound) -> bool:
    """Whether depth L3 looks at values of such a source."""
    return "sketch" in bound.plug.facts


def _known(shared: Common, picked: list[Bound]) -> _Known:
    """What earlier scans tell; nothing where there were none."""
    from scanner.sample import planned, planned_values

    try:
        with shared.open_reader() as reader:
            rows = reader.dicts("SELECT name, scan, state, requests, units_done, entries FROM source")
            scans = {r["name"]: r for r in rows if r["name"] in {b.name for b in picked} and r["units_done"]}
            deep = [b.name for b in picked if b.name in scans and _has_values(b)]
            return _Known(scans, {n: planned(reader, n) for n in scans}, {n: planned_values(reader, n) for n in deep})
    except StocktakeError as error:
        if error.code.code in {"NO_CATALOG", "NOTHING_SCANNED"}:
            return _Known()
        raise
