"""Listing 60,000 keys: the S3 connector beside the boto3 paginator, from answers prepared beforehand.

The server answers from memory in a process of its own, so that the client is what is measured. Each run is a fresh
process, imports included; runs alternate, and the medians are compared. Both must have seen the same keys and sizes.

    python benchmarks/s3_listing.py [--keys 60000] [--pairs 5]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing

from scanner.testing.s3_double import Answer, Request, error, page, s3_double

PAGE = 1000


def keys_of(number: int) -> list[str]:
    """Keys as departments have them: dates, blanks, accents, a few signs that need escaping."""
    return sorted(f"dept {n % 17}/2019/été/scan+{n:07d} (copy).pdf" for n in range(number))


def serve(number: int, endpoint: multiprocessing.Queue[str], ended: multiprocessing.synchronize.Event) -> None:
    """Answer pages by the number of the first key, until told to end."""
    keys = keys_of(number)
    starts = range(0, number, PAGE)
    pages = {str(n): page(keys[n : n + PAGE], str(n + PAGE) if n + PAGE < number else None) for n in starts}
    by_key = {keys[n - 1]: str(n) for n in starts if n}

    def script(request: Request) -> Answer:
        if request.method == "HEAD":
            return Answer()
        if not request.is_listing:
            return error(501, "NotImplemented")
        at = request.query.get("continuation-token") or by_key.get(request.query.get("start-after", ""), "0")
        return pages[at]

    with s3_double(script) as server:
        endpoint.put(server.endpoint)
        ended.wait()


def with_paginator(endpoint: str) -> Iterable[tuple[str, int]]:
    """The peer: boto3 as its documentation shows it."""
    import boto3  # noqa: PLC0415 - the import is part of what is measured
    from botocore import UNSIGNED  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    for answer in client.get_paginator("list_objects_v2").paginate(Bucket="b"):
        for one in answer["Contents"]:
            yield one["Key"], one["Size"]


def with_connector(endpoint: str) -> Iterable[tuple[str, int]]:
    """Ours: every unit crawled, every column made."""
    from connectors.s3 import PLUG  # noqa: PLC0415 - the import is part of what is measured
    from scanner.connector import Session  # noqa: PLC0415
    from scanner.model import Batch, Unit  # noqa: PLC0415
    from scanner.schema import ENTRY  # noqa: PLC0415

    options = PLUG.options.model_validate({"root": "s3://b", "endpoint": endpoint, "anonymous": True})
    with closing(PLUG.open(options, Session("bench"))) as connector:
        waiting = [Unit("b/")]
        while waiting:
            for event in connector.crawl(waiting.pop()):
                if isinstance(event, Unit):
                    waiting.append(event)
                elif isinstance(event, Batch) and event.schema is ENTRY:
                    columns = event.columns
                    for parent, name, size in zip(columns["parent"], columns["name"], columns["size"], strict=True):
                        yield f"{parent}{name}"[2:], size


WAYS = {"paginator": with_paginator, "connector": with_connector}


def run(way: str, endpoint: str) -> None:
    """One run in this process; prints what it took and what it saw."""
    started = time.perf_counter()
    seen = list(WAYS[way](endpoint))
    seconds = time.perf_counter() - started
    digest = hashlib.sha256(repr(seen).encode()).hexdigest()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    cpu = time.process_time()  # since the process began: steadier than the wall where others use the machine
    print(json.dumps({"seconds": seconds, "cpu": cpu, "keys": len(seen), "digest": digest, "peak_mb": peak}))


def compare(number: int, pairs: int) -> int:
    """Alternate the two, check that they agree, print medians and their ratio."""
    context = multiprocessing.get_context("spawn")
    endpoints, ended = context.Queue(), context.Event()
    server = context.Process(target=serve, args=(number, endpoints, ended))
    server.start()
    endpoint = endpoints.get(timeout=60)
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as compiled:
        # Modules are imported from compiled files, as where they are installed; the first pair makes those.
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for pair in range(pairs + 1):
            for way in WAYS:
                command = [sys.executable, __file__, "--way", way, "--endpoint", endpoint]
                env = {**clean, "PYTHONPYCACHEPREFIX": compiled}
                answer = json.loads(subprocess.run(command, check=True, capture_output=True, env=env).stdout)
                if pair:
                    results[way].append(answer)
    ended.set()
    server.join(10)
    seen = {(r["keys"], r["digest"]) for runs in results.values() for r in runs}
    if len(seen) != 1 or next(iter(seen))[0] != number:
        print(f"the two did not see the same keys: {seen}")
        return 1
    wall, cpu = (
        {way: statistics.median(r[what] for r in runs) for way, runs in results.items()} for what in ("seconds", "cpu")
    )
    for way in WAYS:
        peak = max(r["peak_mb"] for r in results[way])
        print(f"{way:10} {wall[way]:6.2f} s  {cpu[way]:6.2f} s CPU  {number / wall[way]:9,.0f} keys/s  peak {peak} MB")
    ratios = [one["paginator"] / one["connector"] for one in (wall, cpu)]
    print(f"ratio      {ratios[0]:6.2f} x the paginator by wall, {ratios[1]:.2f} x by CPU; medians of {pairs} pairs")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=60_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        run(chosen.way, chosen.endpoint)
    else:
        sys.exit(compare(chosen.keys, chosen.pairs))
