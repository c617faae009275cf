"""A large estate whose stores refer to each other: its graph, what breaks, and the report of it.

    python -m benchmarks.estate [--full] [--keep FILE]

At full size 50,000 assets (tables in 360 schemas of 120 databases on 30 servers, 400 shares and buckets, 60 places that
nobody scanned) and 200,000 edges: foreign keys, views and routines that read, files that connect, with 540,000 places.
With --keep the page is written there, to be looked at.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from benchmarks import made
from benchmarks.harness import Goal, Row, Seen, Side, main, of, pairs
from scanner.catalog import Catalog, locate, read
from scanner.graph import Impact, to_graphml, to_openlineage
from scanner.graph.build import assemble
from scanner.graph.edges import Edges
from scanner.graph.estate import Estate, found
from scanner.graph.facts import Facts, Item, Source
from scanner.graph.impact import first
from scanner.judge import judge
from scanner.report import build_context, render_html
from scanner.results import Asset, GraphResult, PlaceOf, Store

SECTION, SEED = "7 graph", 7
AREAS = ("finance", "housing", "planning", "care", "schools", "transport", "licensing", "archive", "web", "hr")
KINDS = ("sales", "claims", "ledger", "people", "assets", "cases", "stock", "audit", "staging", "reports")
FILES = ("load.dtsx", "web.config", "monthly.xlsx", "nightly.sh", "jobs.xml", "import.py", "links.mdb", "report.rdl")


@dataclass(frozen=True, slots=True)
class Size:
    """How large it is made."""

    servers: int
    shares: int
    lost: int
    tables: int
    edges: int


FULL, REDUCED = Size(30, 400, 60, 49_000, 200_000), Size(4, 40, 10, 4_500, 18_000)


@cache
def facts(size: Size) -> Facts:
    """Stores, schemas and tables."""
    sources, stores, items = [], [], []
    for n in range(size.shares):
        name = f"{AREAS[n % 10]}-{'bucket' if n % 4 == 3 else 'share'}-{n:03}"
        sources.append(Source(name, rf"\\fs{n % 9:02}\{name}", False))
        stores.append(_store(name, name, "", "bucket" if n % 4 == 3 else "share", name))
    per = -(-size.tables // (size.servers * 12))
    for server in range(size.servers):
        name = f"{AREAS[server % 10]}-db{server:02}"
        sources.append(Source(name, f"postgresql://db{server:02}", True))
        for area in range(4):
            base = f"{AREAS[(server + area) % 10]}{area}"
            stores.append(_store(f"{name}/{base}", name, base, "database", base))
            items.append(Item(name, f"{name}/{base}", base, "database", ""))
            for schema in range(3):
                path = f"{base}/{KINDS[(area * 3 + schema + server) % 10]}"
                items.append(Item(name, f"{name}/{base}", path, "schema", ""))
                tables = (f"{path}/{KINDS[k % 10]}_{k:03}" for k in range(per))
                items += [Item(name, f"{name}/{base}", table, "table", "") for table in tables]
    return Facts(tuple(stores), tuple(sources), tuple(items), (), (), ())


def _store(key: str, source: str, path: str, kind: str, title: str) -> Store:
    return Store(key, source, path, kind, title, None, 9, 9, 9_000_000, 0, 0, made.NOW, True, True)


def linked(size: Size) -> tuple[Estate, Edges]:
    """The same with edges: mostly within a schema, some between databases that come before, some from files."""
    chance = random.Random(SEED)
    estate, known = found(facts(size)), Edges()
    tables = [a for a in estate.assets.values() if a.kind == "table"]
    shares = [a for a in estate.assets.values() if a.kind in {"share", "bucket"}]
    bases = [a for a in estate.assets.values() if a.kind == "database" and a.level == "store"]
    lost = [
        estate.directory.outside("database", f"old{n:02}.corp.example: {AREAS[n % 10]}").asset
        for n in range(size.lost)
    ]  # fmt: skip
    for n in range(size.edges):
        share = n % 10
        if share < 7:
            child = chance.randrange(1, len(tables))
            parent = tables[max(0, child - chance.randrange(1, 30))]
            known.add((tables[child].id, parent.id), "foreign_key" if parent.store == tables[child].store else "reads",
                      "declared", f"foreign key fk{n}", f"(a) refers to {parent.title} (id)", f"fk{n}")  # fmt: skip
        elif share < 9:
            child = chance.randrange(1, len(tables))
            far = tables[int(child * chance.random() ** 2)]
            place = PlaceOf(tables[child].source, tables[child].path, 1 + n % 90)
            said = f"view {n}, line {1 + n % 90}"
            known.add((tables[child].id, far.id), "reads", "parsed", said, f"reads {far.title}",
                      str(n), place=place, parser="sqlglot")  # fmt: skip
        else:
            _quoted(known, chance, n, shares, bases, lost)
    return estate, known


def _quoted(
    known: Edges, chance: random.Random, n: int, shares: list[Asset], bases: list[Asset], lost: list[str]
) -> None:
    """What a file on a share refers to: mostly the databases of a few servers, at times a place nobody scanned."""
    source = shares[int(len(shares) * chance.random() ** 2)]
    aim = int(len(bases) * chance.random() ** 3)
    target = chance.choice(lost) if n % 200 == 9 else bases[aim].id
    file = FILES[n % len(FILES)]
    quoted = f"Server=db{n % 30:02};Database={target.rpartition('/')[2]};Password=***"
    for line in range(chance.randrange(1, 54)):
        known.add((source.id, target), "connects", "parsed" if n % 3 else "inferred", f"{AREAS[n % 10]}/{n}/{file}",
                  quoted, str(n), place=PlaceOf(source.source, f"{AREAS[n % 10]}/{n}/{file}", 3 + line),
                  parser="clients")  # fmt: skip


def built(size: Size) -> GraphResult:
    """Assets, edges, waves, cycles, blast radii, and the first of what breaks."""
    result = assemble(*linked(size))
    kept, totals = first(result)
    return replace(result, broken=kept, broken_totals=totals)


@cache
def graph(size: Size) -> GraphResult:
    """The same, built once a process."""
    return built(size)


def whole(size: Size) -> Seen:
    """The graph, from assets and edges."""
    result = built(size)
    return Seen(len(result.assets) + len(result.edges), of([str(len(result.waves)).encode()]).digest)


def broken(size: Size) -> Seen:
    """Every place that breaks, for everything that moves."""
    impacts = Impact(graph(size))
    rows = sum(1 for asset, _ in impacts.order() for _ in impacts.of(asset))
    return Seen(rows, of([repr(impacts.totals()).encode()]).digest)


def exported(size: Size) -> Seen:
    """The graph as GraphML and as OpenLineage events."""
    texts = (to_graphml(graph(size)), to_openlineage(graph(size), when=made.NOW))
    return Seen(sum(map(len, texts)), of([text.encode() for text in texts]).digest)


def page(size: Size) -> str:
    """The report, of a small catalog with this graph."""
    folder = Path(tempfile.mkdtemp(prefix="stocktake-estate-"))
    try:
        made.make(folder / "catalog", 2_000, 20).close()
        with Catalog.open(locate(str(folder / "catalog"))) as kept, read(kept) as reader:
            result = graph(size)
            context = build_context(
                reader, judge(reader), result, generated_at=made.NOW, version="0", title="A large estate"
            )
        return render_html(context)
    finally:
        shutil.rmtree(folder)


def rendered(size: Size) -> Seen:
    """The report's length."""
    text = page(size)
    return Seen(len(text), of([text.encode()]).digest)


def measure(full: bool) -> list[Row]:
    """Graph, impact, exports, report; the memory is that of the whole process."""
    size = FULL if full else REDUCED
    work = f"{size.tables + size.shares:,} assets and {size.edges:,} edges"

    def side(name: str, run: Callable[[Size], Seen], ready: Callable[[Size], object]) -> Side:
        return Side(name, partial(run, size), ready=partial(ready, size))

    return [
        pairs(SECTION, f"graph with waves of {work}", ours=side("graph", whole, facts), full=full, unit="things",
              goal=Goal("at most 60 s", 60, "seconds") if full else None),
        pairs(SECTION, f"what breaks, every place, of {work}", ours=side("impact", broken, graph), full=full,
              unit="places"),
        pairs(SECTION, f"GraphML and OpenLineage of {work}", ours=side("exports", exported, graph), full=full,
              unit="characters"),
        pairs(SECTION, f"report of {work}", ours=side("report", rendered, graph), full=full, unit="characters",
              goal=Goal("at most 60 s", 60, "seconds") if full else None),
    ]  # fmt: skip


if __name__ == "__main__":
    if "--keep" in sys.argv:
        at = sys.argv.index("--keep")
        Path(sys.argv[at + 1]).write_text(page(FULL if "--full" in sys.argv else REDUCED), "utf-8")
        sys.exit(0)
    sys.exit(main(measure, __doc__))
