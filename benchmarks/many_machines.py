"""A scan on a cluster: two workers beside one at 20 ms, and one worker beside no cluster at all.

    python -m benchmarks.many_machines [--full] [--pairs 5]

An OpenSSH server of its own behind a proxy that delays by 20 ms, 20,000 files in 221 directories, with --full 200,000
in 2,021; scheduler and workers are processes of this machine. Twice: over a line where a connection gets so many bytes
a second and no more, as one does whose window is small for its delay, and over one where delay is all there is. A
connection that asks far ahead is not kept waiting by that: one worker is then as fast as its processor, and two share
theirs with the server and the proxy. Each worker has as many connections as one alone. Timed is the scan itself: the
cluster is there, and has loaded what it needs after the first pair. What workers use is not in the table's memory and
processor time, only the coordinator is.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.harness import Goal, Row, Seen, Side, main, of, pairs
from benchmarks.sftp_listing import ROUND_TRIP_S, Target
from scanner.testing.servers import Conditions, sshd, tcp_proxy
from scanner.testing.servers.dask import dask

NARROW = 250_000
"""Bytes a second that a connection gets; four times as many at full size."""
SECTION = "8 many machines"
TWICE = Goal("2 workers at least 1.8 x 1 worker at 20 ms", 1.8, "speedup")

_open: list[Any] = []
"""What ``ready`` made in the process that is measured."""


def plant(root: Path, below: int) -> int:
    """Twenty directories of so many of a hundred empty files each; the number of names."""
    for number in range(20 * below):
        place = root / f"t{number % 20}/u{number // 20}"
        place.mkdir(parents=True)
        for file in range(100):
            (place / f"file{file:03d}.dat").touch()
    return 20 * (1 + below * 101)


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
        work = f"{plant(server.data, 100 if full else 10):,} names, 20 ms"
        proxy = stack.enter_context(tcp_proxy(server.host, server.port))
        target = Target(server.host, proxy.port, server.user, str(server.key), server.fingerprint, str(server.data))
        one, two = stack.enter_context(dask("a")), stack.enter_context(dask("b", "c"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def side(workers: int, each: int) -> Side:
            cluster = ("", one.address, two.address)[workers]
            name = ("no cluster", "1 worker", "2 workers")[workers]
            return Scan(target, max(1, workers) * each, cluster, folder / name).side(name)

        far = Conditions(latency_s=ROUND_TRIP_S / 2)
        narrow = replace(far, rate=NARROW * (4 if full else 1))
        told = f"{narrow.rate / 1000:,.0f} KB/s a connection" if narrow.rate else ""
        proxy.change(both=narrow)
        rows = [pairs(SECTION, work, peer=side(1, 1), ours=side(2, 1), goal=TWICE, full=full, unit="names",
                      note=f"1 connection each, {told}")]  # fmt: skip
        proxy.change(both=far)
        return [
            *rows,
            pairs(SECTION, work, peer=side(1, 2), ours=side(2, 2), full=full, unit="names", note="2 connections each"),
            pairs(SECTION, work, peer=side(0, 2), ours=side(1, 2), full=full, unit="names",
                  note="what the cluster costs"),
        ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
