"""A scan on a cluster: two workers beside one at 20 ms, and one worker beside no cluster at all.

    python -m benchmarks.many_machines [--full] [--pairs 5]

An OpenSSH server of its own behind a proxy that delays by 20 ms, 20,000 files in 221 directories, with --full 200,000
in 2,021; scheduler and workers are processes of this machine. Each worker may have two connections, so that two workers
ask the source on twice as many. Timed is the scan itself: the cluster is there, and its workers have loaded
what they need. Workers are not among the memory and the processor time that the table shows, only the coordinator is.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import Goal, Row, Seen, Side, main, of, pairs
from benchmarks.sftp_listing import ROUND_TRIP_S, Target, plant
from scanner.testing.servers import Conditions, sshd, tcp_proxy
from scanner.testing.servers.dask import dask

PER_WORKER = 2
"""Connections."""
SECTION = "7 cluster"
TWICE = Goal("2 workers at least 1.8 x 1 worker at 20 ms", 1.8, "speedup")

_open: list[Any] = []
"""What ``ready`` made in the process that is measured."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan of a host with so many connections, on a cluster or ('') on this machine."""

    target: Target
    connections: int
    cluster: str
    catalog: Path

    def start(self) -> None:
        """Reach the cluster, open the catalog, begin the scan."""
        from scanner.catalog import Catalog, locate  # noqa: PLC0415 - of the process that is measured
        from scanner.cli.work import perform  # noqa: PLC0415
        from scanner.config import Limits  # noqa: PLC0415
        from scanner.crawl import Run  # noqa: PLC0415
        from scanner.crawl.fleet import Fleet, address_of  # noqa: PLC0415
        from scanner.crawl.spread import Spread  # noqa: PLC0415
        from scanner.registry import from_locator  # noqa: PLC0415

        shutil.rmtree(self.catalog, ignore_errors=True)
        store = Catalog.open(locate(str(self.catalog)), create=True)
        store.lock()
        bound = from_locator(self.target.url, Limits(connections=self.connections))
        run = Run.start(store, [bound], title="", config_hash="")
        if self.cluster:
            run.way = Spread(Fleet(address_of(self.cluster, allow_plain=False), perform), 10.0)
        _open.extend((run, store))

    @staticmethod
    def crawl() -> str:
        """The scan itself; how it ended."""
        return str(_open[0].execute(lambda _progress: None).state)

    def seen(self, state: str) -> Seen:
        """Every name in the catalog."""
        from scanner.catalog import Catalog, locate, read  # noqa: PLC0415 - this process needs it here alone
        from scanner.paths import restore  # noqa: PLC0415

        with Catalog.open(locate(str(self.catalog))) as catalog, read(catalog) as reader:
            found = (restore(path) for (path,) in reader.rows("SELECT path FROM entry"))
            return of(found if state == "complete" else [state.encode()])

    def side(self, name: str) -> Side:
        """It, as one side of a comparison."""
        return Side(name, Scan.crawl, seen=self.seen, ready=self.start)


def measure(full: bool) -> list[Row]:
    """20,000 files, with ``full`` 200,000."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(sshd())
        work = f"{plant(server.data, 10 if full else 1):,} names, 20 ms"
        proxy = stack.enter_context(tcp_proxy(server.host, server.port))
        proxy.change(both=Conditions(latency_s=ROUND_TRIP_S / 2))
        target = Target(server.host, proxy.port, server.user, str(server.key), server.fingerprint, str(server.data))
        one, two = stack.enter_context(dask("a")), stack.enter_context(dask("b", "c"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = partial(Scan, target)
        alone = made(PER_WORKER, one.address, folder / "one").side("1 worker")
        both = made(2 * PER_WORKER, two.address, folder / "two").side("2 workers")
        here = made(PER_WORKER, "", folder / "here").side("no cluster")
        note = f"{PER_WORKER} connections each"
        return [
            pairs(SECTION, work, peer=alone, ours=both, goal=TWICE, full=full, unit="names", note=note),
            pairs(SECTION, work, peer=here, ours=alone, full=full, unit="names", note="what the cluster costs"),
        ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
