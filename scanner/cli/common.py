"""What every command shares: its options, the estate file, the catalog, and the way it ends."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scanner.catalog import DEFAULT, Catalog, Location, Reader, locate, read
from scanner.cli.output import Output
from scanner.codes import Exit, StocktakeError
from scanner.config import Estate, Lines
from scanner.registry import Bound, bind_all, from_locator, read_estate, rebind

CatalogOption = Annotated[
    str | None,
    typer.Option(
        "--catalog", metavar="PATH|URL", help="Folder or database URL of the catalog.", envvar="STOCKTAKE_CATALOG"
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Estate file; estate.toml in this folder when there is one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Newline-delimited JSON on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no advice on stderr.")]
ColorOption = Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR is respected as well.")]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show a traceback (never with values) after an internal error.")
]
RunOption = Annotated[
    int | None, typer.Option("--run", help="One run alone; the newest scan of each source when absent.")
]

ESTATE_FILE = "estate.toml"


@dataclass(slots=True)
class Common:
    """The shared options of one call, resolved."""

    output: Output
    estate: Estate
    lines: Lines | None
    file: Path | None
    catalog: str

    @property
    def location(self) -> Location:
        """Where the catalog is."""
        return locate(self.catalog)

    @contextmanager
    def open_catalog(self, *, create: bool = False) -> Iterator[Catalog]:
        """The catalog, closed afterwards. Raises StocktakeError."""
        catalog = Catalog.open(self.location, create=create)
        try:
            yield catalog
        finally:
            catalog.close()

    @contextmanager
    def open_reader(self, run: int | None = None) -> Iterator[Reader]:
        """A reader of the catalog, closed afterwards. Raises StocktakeError."""
        with self.open_catalog() as catalog, read(catalog, run) as reader:
            yield reader

    def sources(self, names: list[str]) -> list[Bound]:
        """The sources asked for: by name from the estate file, else read as locators; all of the file without names.

        Raises:
            StocktakeError: SOURCE_UNKNOWN, and those of binding.
        """
        configured = {b.name: b for b in bind_all(self.estate, self.lines)}
        if names:
            picked = [configured[n] if n in configured else from_locator(n, self.estate.limits) for n in names]
            return list({b.name: b for b in picked}.values())
        if not configured:
            if self.file is None:
                raise StocktakeError("CONFIG_MISSING", ESTATE_FILE, "no estate file, and nothing named to be scanned")
            raise StocktakeError("CONFIG_INVALID", str(self.file), "it has no [[sources]], and nothing else was named")
        return list(configured.values())

    def known_sources(self, names: list[str], catalog: Catalog) -> list[Bound]:
        """The same, where a name may also be that of a source an earlier scan of the catalog was given.

        A source without an estate file is named after its locator, which does not say how to log in; the catalog does.
        """
        here = {s.name for s in self.estate.sources}
        found = {n: row for n in names if n not in here and (row := catalog.source(n)) is not None}
        rest = [n for n in names if n not in found]
        earlier = [rebind(r.name, r.type, r.owner, r.options, r.limits) for r in found.values()]
        return earlier + (self.sources(rest) if rest or not names else [])


def common(
    output: Output, config: Path | None = None, catalog: str | None = None, *, estate_needed: bool = False
) -> Common:
    """Read the estate file (when there is one) and settle where the catalog is.

    Raises:
        StocktakeError: CONFIG_MISSING and what reading the file raises.
    """
    given = (("--config", str(config) if config else None), ("--catalog", catalog))
    Output.context = "".join(f" {option} {shlex.quote(value)}" for option, value in given if value)
    file = config or (Path(ESTATE_FILE) if Path(ESTATE_FILE).exists() else None)
    estate, lines = Estate(), None
    if file is not None:
        estate, lines = read_estate(file)
    elif estate_needed:
        raise StocktakeError("CONFIG_MISSING", ESTATE_FILE)
    place = catalog or _beside(estate.catalog, file) or os.environ.get("STOCKTAKE_CATALOG") or DEFAULT
    return Common(output, estate, lines, file, place)


def _beside(catalog: str | None, file: Path | None) -> str | None:
    """A relative catalog of an estate file lies beside the file, wherever the command is called from."""
    if catalog is None or file is None:
        return catalog
    sqlite = "sqlite:///" if catalog.startswith("sqlite:///") else ""
    place = catalog.removeprefix(sqlite)
    if "://" in place or Path(place).expanduser().is_absolute():
        return catalog
    return sqlite + str(file.absolute().parent / place)


def check_targets(shared: Common) -> None:
    """Refuse a target nobody knows before the scan, not at its report. Raises StocktakeError TARGET_UNKNOWN."""
    if shared.estate.targets:
        from scanner.judge import targets

        known = sorted(t.id for t in targets())
        for name in shared.estate.targets:
            if name not in known:
                raise StocktakeError("TARGET_UNKNOWN", name, f"known are: {', '.join(known)}")


def leave(code: Exit) -> None:
    """End the command with an exit code."""
    if code is not Exit.COMPLETE:
        raise typer.Exit(int(code))
