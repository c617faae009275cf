"""The graph of a large estate: the order its assets move in beside networkx alone, and the whole of it.

    python -m benchmarks.graph [--full]

At full size 100,000 tables in 40 schemas of 8 databases with 200,000 foreign keys, some of them in cycles. The peer is
what networkx takes at least: the graph from pairs of numbers, its condensation, its generations. Ours names the reason
of every asset's place besides. Both must put as many assets, in as many groups, into as many waves.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache, partial

import networkx as nx

from benchmarks.harness import Goal, Row, Seen, Side, main, of, pairs
from scanner.graph import to_graphml, waves
from scanner.graph.aliases import Known
from scanner.graph.build import assemble
from scanner.graph.edges import Edges, edges_of
from scanner.graph.edges import pairs as ends_of
from scanner.graph.estate import Estate, found
from scanner.graph.facts import Facts, ForeignKey, Item, Source
from scanner.graph.follow import Resolver
from scanner.graph.locate import Places
from scanner.results import Store

SECTION = "7 graph"
DATABASES, SCHEMAS, SEED = 8, 5, 1
NEAR, CYCLES = 50, 20
"""Nine references in ten go to one of this many tables before; this many go the other way and so may close cycles."""
GOAL = Goal("100,000 nodes with condensation and generations: 1.8 s", 1.8, "seconds")


@cache
def made(tables: int, keys: int) -> Facts:
    """Facts of an estate whose tables mostly refer to older ones, so that it has an order, and some cycles."""
    chance = random.Random(SEED)
    per = -(-tables // (DATABASES * SCHEMAS))
    names = [f"db{n // per // SCHEMAS}/s{n // per % SCHEMAS}/t{n}" for n in range(tables)]
    items = [Item("src", f"src/db{d}", f"db{d}", "database", "") for d in range(DATABASES)]
    items += [Item("src", f"src/db{d}", f"db{d}/s{s}", "schema", "") for d in range(DATABASES) for s in range(SCHEMAS)]
    items += [Item("src", f"src/{path.split('/')[0]}", path, "table", "") for path in names]
    references = []
    for n in range(keys):
        child = chance.randrange(1, tables)
        parent = chance.randrange(max(0, child - NEAR), child) if n % 10 else chance.randrange(child)
        if n < CYCLES:
            child, parent = parent, child
        path = names[child]
        references.append(
            ForeignKey("src", f"src/{path.split('/')[0]}", path, f"fk{n}", ("a",), names[parent], ("id",))
        )
    stores = tuple(
        Store(f"src/db{d}", "src", f"db{d}", "database", f"db{d}", None, 1, 1, 1, 0, 0, None, True, True)
        for d in range(DATABASES)
    )
    return Facts(stores, (Source("src", "", True),), tuple(items), (), tuple(references), (), ())


def declared(facts: Facts, estate: Estate) -> Edges:
    """The edges of the facts alone: no content was read, so nothing has to be resolved."""
    return edges_of(facts, estate, Resolver(facts.stores, Places(), Known(), estate.directory))


@cache
def links(tables: int, keys: int) -> tuple[dict[str, str], dict[tuple[str, str], waves.Link]]:
    """What the planner gets: the title of each asset, and what each needs of another."""
    facts = made(tables, keys)
    estate = found(facts)
    ends = list(ends_of(declared(facts, estate)))
    titles = {key: asset.title for key, asset in estate.assets.items()}
    return titles, waves.kinds_of(((pair, "foreign_key", False) for pair in ends), strong=frozenset())


@cache
def numbered(tables: int, keys: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The same graph in numbers, as the peer would like it best."""
    titles, known = links(tables, keys)
    number = {title: n for n, title in enumerate(titles)}
    return len(titles), tuple((number[t], number[s]) for s, t in known if s != t and s in number and t in number)


def bare(tables: int, keys: int) -> Seen:
    """The peer."""
    nodes, edges = numbered(tables, keys)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    condensed = nx.condensation(graph)
    sizes = condensed.nodes(data="members")
    return layers([[len(sizes[index]) for index in layer] for layer in nx.topological_generations(condensed)])


def planned(tables: int, keys: int) -> Seen:
    """Ours: the waves, each member with its reason."""
    titles, known = links(tables, keys)
    told = waves.plan(titles, known)
    joint = [[len(group) for group in wave.together] for wave in told]
    return layers([[1] * (len(w.members) - sum(j)) + j for w, j in zip(told, joint, strict=True)])


def layers(sizes: list[list[int]]) -> Seen:
    """What both must agree on: how many assets, and each layer's groups by their size."""
    digest = of(repr((n, sorted(Counter(layer).items()))).encode() for n, layer in enumerate(sizes)).digest
    return Seen(sum(map(sum, sizes)), digest)


def whole(tables: int, keys: int) -> Seen:
    """All of it: assets, edges, waves, cycles, blast radii, drawing, and the export as GraphML."""
    facts = made(tables, keys)
    estate = found(facts)
    result = assemble(estate, declared(facts, estate))
    return Seen(len(result.assets) + len(result.edges), of([to_graphml(result).encode()]).digest)


def measure(full: bool) -> list[Row]:
    """Two lines: the order alone, and the whole graph."""
    tables, keys = (100_000, 200_000) if full else (5_000, 20_000)

    def side(name: str, run: Callable[[int, int], Seen], ready: Callable[[int, int], object]) -> Side:
        return Side(name, partial(run, tables, keys), ready=partial(ready, tables, keys))

    work = f"{tables:,} tables, {keys:,} foreign keys"
    return [
        pairs(
            SECTION, f"waves of {work}", peer=side("networkx alone", bare, numbered), ours=side("plan", planned, links),
            goal=GOAL if full else None, full=full, unit="assets",
        ),
        pairs(SECTION, f"whole graph of {work}", ours=side("graph", whole, made), full=full, unit="assets and edges"),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
