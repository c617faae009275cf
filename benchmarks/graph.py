"""Times the graph of a large estate: 50,000 tables in 40 schemas of 8 databases, 200,000 foreign keys, some in cycles.

Run it alone: ``python benchmarks/graph.py``. It prints processor seconds per step and the peak memory of the process.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable
from typing import TypeVar

from scanner.graph import to_graphml, waves
from scanner.graph.blast import radii
from scanner.graph.build import assemble
from scanner.graph.edges import edges_of, pairs
from scanner.graph.estate import found
from scanner.graph.facts import Facts, ForeignKey, Item, Source
from scanner.results import Store

DATABASES, SCHEMAS = 8, 5
NEAR, CYCLES = 50, 20
"""Nine references in ten go to one of this many tables before; this many go the other way and so may close cycles."""
T = TypeVar("T")


def made(tables: int, keys: int, seed: int) -> Facts:
    """Facts of an estate whose tables mostly refer to older ones, so that it has an order, and some cycles."""
    chance = random.Random(seed)
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


def timed(what: str, work: Callable[[], T]) -> T:
    """Do something and print the processor time it took: the wall says more about what else runs."""
    start = time.process_time()
    result = work()
    print(f"{what:<34} {time.process_time() - start:6.2f} s")
    return result


def main() -> None:
    """Make the estate and time every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=50_000)
    parser.add_argument("--keys", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    facts = made(args.tables, args.keys, args.seed)
    estate = timed("assets", lambda: found(facts))
    edges = timed("edges", lambda: edges_of(facts, estate))
    ends = list(pairs(edges))
    titles = {key: asset.title for key, asset in estate.assets.items()}
    links = timed("  links", lambda: waves.kinds_of((pair, "foreign_key", False) for pair in ends))
    timed("  waves, were every table to move", lambda: waves.plan(titles, links))
    timed("  blast radius of 1,000", lambda: radii(ends, sorted(titles)[:1000]))
    result = timed("everything else, waves included", lambda: assemble(estate, edges))
    timed("GraphML", lambda: to_graphml(result))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(result.assets):,} assets, {len(result.edges):,} edges, {len(result.waves)} waves, "
        f"{len(result.cycles)} cycles, {len(result.cut_edges):,} cut edges; peak {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
