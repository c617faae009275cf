"""The command that tells what breaks if something moves first, from the catalog alone: the cut-over work list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.common import CatalogOption, ConfigOption, JsonOption, QuietOption, RunOption, common
from scanner.cli.output import Output, clean
from scanner.cli.show import write_text
from scanner.codes import Exit, StocktakeError

if TYPE_CHECKING:
    from scanner.catalog import Reader
    from scanner.graph import Impact
    from scanner.results import Asset, Broken

COLUMNS = (
    "moved", "wave", "depends", "store", "source", "file", "line", "part", "quoted", "owner", "change", "confidence",
    "edge",
)  # fmt: skip
"""Columns of the work list."""
_NEAR = 5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(impact)


def impact(
    asset: Annotated[
        str | None,
        typer.Argument(help="Store, schema or object by id, title or path; everything that moves when absent."),
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("-o", "--output", "--csv", metavar="FILE", help="Write the work list as CSV there.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows shown; 0 for all. A CSV file and --json get all.")] = 100,
    run: RunOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell what breaks if something moves before what refers to it: file and line, whose it is, what to change."""
    output = Output(as_json=json, quiet=quiet)
    with common(output, config, catalog).open_reader(run) as reader:
        found = _impact(reader)
    moving = _moving(found, asset)
    if csv_file is not None:
        rows, text = _csv(found, moving)
        write_text(csv_file, text)
        output.line(str(csv_file.absolute()))
        output.record("impact", {"path": str(csv_file.absolute()), "rows": rows})
    else:
        rows = _tell(output, found, moving, limit)
    _count(output, found, moving, rows)
    output.exit(Exit.COMPLETE)


def _impact(reader: Reader) -> Impact:
    """The graph's work list, with every place the catalog knows and whoever answers for sources and stores."""
    from scanner.graph import Impact, build, everywhere

    result = build(reader)
    owners = {name: owner for name, owner in reader.rows("SELECT name, owner FROM source") if owner}
    owners |= {store.id: store.owner for store in reader.stores() if store.owner}
    return Impact(result, owners, everywhere(reader, result))


def _moving(found: Impact, asked: str | None) -> list[tuple[str, int | None]]:
    """What moves, with its wave: everything, or the one thing that was asked for. Raises StocktakeError."""
    everything = found.order()
    if asked is None:
        return everything
    waves = dict(everything)
    key = _named(asked, list(found.assets.values()))
    return [(key, waves.get(key, waves.get(found.result.groups.get(key, ""))))]


def _named(asked: str, assets: Sequence[Asset]) -> str:
    """The id of the asset that is called so, whatever the case. Raises StocktakeError ASSET_UNKNOWN."""
    wanted = asked.casefold().rstrip("/")
    for names in ([(a.id, a.id) for a in assets], [(a.title, a.id) for a in assets], _paths(assets)):
        exact = [key for name, key in names if name == asked]
        if len(exact) == 1:
            return exact[0]
        loose = exact or [key for name, key in names if name.casefold() == wanted]
        if len(loose) == 1:
            return loose[0]
        if loose:
            more = f" and {len(loose) - _NEAR:,} more" if len(loose) > _NEAR else ""
            raise StocktakeError("ASSET_UNKNOWN", asked, f"several are called so: {', '.join(loose[:_NEAR])}{more}")
    known = {n.casefold(): a.id for a in assets for n in (a.title, a.id)}
    near = list(dict.fromkeys(known[n] for n in get_close_matches(wanted, known, _NEAR)))
    hint = f"did you mean {' or '.join(near)}?" if near else f"{len(assets):,} assets are known; none is called so"
    raise StocktakeError("ASSET_UNKNOWN", asked, hint)


def _paths(assets: Sequence[Asset]) -> list[tuple[str, str]]:
    return [(a.path.rstrip("/"), a.id) for a in assets]


def _lines(found: Impact, moving: list[tuple[str, int | None]]) -> Iterator[dict[str, object]]:
    edges = {e.id: e for e in found.result.edges}
    for asset, wave in moving:
        for broken in sorted(found.of(asset), key=_by_place):
            yield _line(found, broken, wave, edges[broken.edge].source)


def _by_place(broken: Broken) -> tuple[str, str, int, str, str]:
    """File by file, from its first line to its last: one person opens a file once."""
    place = broken.place
    return place.source, place.path, place.line or 0, place.part or "", broken.edge


def _line(found: Impact, broken: Broken, wave: int | None, depends: str) -> dict[str, object]:
    values = (
        broken.moved, wave, depends, _title(found, broken.store), broken.place.source, broken.place.path,
        broken.place.line, broken.place.part, broken.locator, broken.owner, broken.change, broken.confidence,
        broken.edge,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _title(found: Impact, asset: str) -> str:
    return found.assets[asset].title if asset in found.assets else asset


def _csv(found: Impact, moving: list[tuple[str, int | None]]) -> tuple[int, str]:
    """The work list as RFC 4180 CSV, and how many rows it has; no cell can be taken for a formula."""
    told = io.StringIO(newline="")
    writer = csv.writer(told, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rows = 0
    for row in _lines(found, moving):
        writer.writerow([guarded(row[name]) for name in COLUMNS])
        rows += 1
    return rows, told.getvalue()


def guarded(value: object) -> str:
    """A cell that a spreadsheet takes for text: what would begin a formula gets an apostrophe in front."""
    text = "" if value is None else clean(value)
    return "'" + text if text.lstrip(" ")[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text


def _tell(output: Output, found: Impact, moving: list[tuple[str, int | None]], limit: int) -> int:
    """The work list for people, or one record a row for programs; how many rows that is."""
    rows = 0
    shown: list[tuple[object, ...]] = []
    for row in _lines(found, moving):
        rows += 1
        output.record("broken", row)
        if not output.as_json and (not limit or len(shown) < limit):
            place = f"{row['file']}:{row['line']}" if row["line"] else str(row["file"])
            part = f" ({row['part']})" if row["part"] else ""
            moved = _title(found, str(row["moved"]))
            shown.append(
                (moved, row["wave"], row["store"], place + part, row["owner"] or "nobody known", row["change"])
            )
    output.table(("Moves first", "Wave", "Breaks in", "Place", "Owner", "Change needed"), shown, right=(1,))
    if not output.as_json and len(shown) < rows:
        output.say(f"{len(shown):,} of {rows:,} shown; --limit 0 shows all, --csv FILE writes them")
    return rows


def _count(output: Output, found: Impact, moving: list[tuple[str, int | None]], rows: int) -> None:
    """Say how much that is, and what of it could not be told place by place."""
    totals = found.totals()
    counted = sum(totals.get(asset, 0) for asset, _ in moving)
    if not rows:
        output.say("Nothing that is known of breaks. What was never scanned may still refer to it.")
    elif counted > rows:
        output.say(f"{rows:,} of {counted:,} references are told place by place; the others repeat what these quote.")
