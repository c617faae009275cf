"""One numbered scan over its sources: several at a time, one failing without the others noticing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from scanner.catalog import Catalog, SourceRow, read, settle
from scanner.codes import Exit, StocktakeError, worst
from scanner.crawl.apart import warm
from scanner.crawl.overlap import Asked, Overlaps, asked, overlaps
from scanner.crawl.progress import Progress, SourceProgress
from scanner.crawl.shared import Sampling
from scanner.crawl.source import AccountLocks, Job, SourceRun, Way, here
from scanner.model import Fault
from scanner.registry import Bound, rebind, shown_limits

AT_ONCE = 4
"""Sources crawled at the same time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scan ended: complete, incomplete, failed or stopped; ``coverage`` is the share of containers listed."""

    run: int
    state: str
    exit: Exit
    coverage: float | None


SamplingOf = Callable[[Bound], Sampling | None]
"""What looks into the content of a source's files; None where nothing is to."""


def _no_content(_bound: Bound) -> None:
    """Content is never read unless somebody asks for it."""


class Run:
    """A scan that has been started or reopened; ``stop`` ends it at the next safe point.

    ``sampling`` is asked, for each source, what looks into its files' content.
    """

    def __init__(self, catalog: Catalog, number: int, sources: Sequence[Bound]) -> None:
        self.catalog = catalog
        self.number = number
        self.sources = tuple(sources)
        self.progress = Progress(number, {b.name: SourceProgress(b.name) for b in sources})
        self.stop = threading.Event()
        self.sampling: SamplingOf = _no_content
        self.way: Way = here
        """How each source is crawled."""
        self.asked: Asked = asked
        """How a local source is asked where it is."""
        self.beside: tuple[Bound, ...] = self.sources
        """Every source of the scan, those too that are not crawled this time."""
        self._overlaps = Overlaps()

    @classmethod
    def start(
        cls,
        catalog: Catalog,
        sources: Sequence[Bound],
        *,
        title: str,
        config_hash: str,
        targets: Sequence[str] = (),
        known: Sequence[Mapping[str, Any]] = (),
    ) -> Run:
        """Begin a new scan; the catalog must be locked."""
        warm(sources)
        catalog.sweep()
        number = catalog.start(
            [_row(b) for b in sources], known, title=title, config_hash=config_hash, depth=_deepest(sources),
            version=metadata.version("stocktake"), targets=json.dumps(list(targets)),
        )  # fmt: skip
        return cls(catalog, number, sources)

    @classmethod
    def resume(cls, catalog: Catalog, number: int, only: Sequence[str], present: Sequence[Bound] = ()) -> Run:
        """Go on with an earlier scan: what was left, and what failed (with the codes ``only``, if any).

        A source that is among the ``present`` ones, at the same place, is scanned as it stands there: its limits or the
        reference to its password may have been corrected. Every other one is scanned as the earlier scan was given it.

        Raises:
            StocktakeError: RUN_UNKNOWN, and those of binding.
        """
        catalog.run(number)
        corrected = {(b.name, b.plug.type, b.locator): b for b in present}
        rows = catalog.sources(number)
        sources = {
            r.name: corrected.get((r.name, r.type, r.locator)) or rebind(r.name, r.type, r.owner, r.options, r.limits)
            for r in rows
        }
        warm(list(sources.values()))
        catalog.reopen(number)
        catalog.sweep()
        catalog.repeat(number, only or None)
        left = [r.name for r in catalog.sources(number) if _unfinished(catalog, number, r, only)]
        run = cls(catalog, number, [sources[name] for name in left])
        run.beside = tuple(sources.values())
        return run

    @property
    def depth(self) -> str:
        """How deep it looks into the source it looks deepest into."""
        return _deepest(self.sources)

    def execute(self, tick: Callable[[Progress], None], every_s: float = 0.2) -> Outcome:
        """Crawl every source; ``tick`` is called with the progress every so often, in the caller's thread.

        Raises:
            StocktakeError: what breaks the catalog (DISK_FULL, CATALOG_DAMAGED); the last commit is kept.
        """
        locks = AccountLocks()
        self._overlaps = overlaps(self.beside, self.stop, self.asked)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source") as pool:
            futures = {b.name: pool.submit(self._one, b, locks) for b in self.sources}
            while not all(f.done() for f in futures.values()):
                wait(futures.values(), timeout=every_s)
                tick(self.progress)
        broken = [e for f in futures.values() if (e := f.exception()) is not None]
        if broken:
            self._mark_broken(broken[0])
            raise broken[0]
        return self._finish({f.result() for f in futures.values()})

    def _one(self, bound: Bound, locks: AccountLocks) -> Exit:
        if (outer := self._overlaps.covered.get(bound.name)) is not None:
            return self._not_scanned(bound, outer)
        try:
            job = Job(
                bound, self.number, self.catalog, self.progress.sources[bound.name], self.stop, locks,
                self.sampling(bound), self._overlaps.left_out.get(bound.name, {}),
            )  # fmt: skip
            return SourceRun(job, self.way).run()
        except BaseException:
            self.stop.set()  # the catalog does not take any more: no use in asking the other sources
            raise

    def _not_scanned(self, bound: Bound, outer: str) -> Exit:
        """Leave a source alone whose place another one covers."""
        detail = f"source {outer} covers it"
        progress = self.progress.sources[bound.name]
        progress.state, progress.error = "incomplete", "OVERLAP"
        self.catalog.clear_source_faults(self.number, bound.name)
        self.catalog.add_faults(self.number, bound.name, [Fault("", "descend", "OVERLAP", detail)])
        values = {"error_code": "OVERLAP", "error_where": bound.locator, "error_detail": detail}
        self.catalog.set_source(self.number, bound.name, state="incomplete", **values)
        return Exit.GAPS

    def _mark_broken(self, error: BaseException) -> None:
        code = error.code.exit if isinstance(error, StocktakeError) else Exit.INTERNAL
        try:
            self.catalog.finish(self.number, "incomplete", code)
        except StocktakeError:
            return  # the disk is still full: the run keeps saying "running" and shows as interrupted

    def _finish(self, exits: set[Exit]) -> Outcome:
        coverage = self._close_ledger(exits)
        states = {s.state for s in self.catalog.sources(self.number)}
        state = "complete"
        if states & {"stopped", "waiting", "running"}:
            state = "stopped"
        elif states == {"failed"}:
            state = "failed"
        elif states & {"incomplete", "failed"}:
            state = "incomplete"
            exits = exits | {Exit.GAPS}
        code = worst(exits)
        self.catalog.finish(self.number, state, code)
        settle(self.catalog, self.number, self.stop.is_set)
        return Outcome(self.number, state, code, coverage)

    def _close_ledger(self, exits: set[Exit]) -> float | None:
        """Check that what was listed is recorded, skipped or failed; returns the coverage.

        An imbalance is our own fault, and said. Coverage is the share of the containers met that were listed to their
        end; None where none was met.
        """
        with read(self.catalog, self.number) as reader:
            wrong = reader.rows(
                """SELECT name, listed, entries, skipped, failed FROM source
                WHERE state IN ('complete', 'incomplete') AND listed <> entries + skipped + failed"""
            )
            complete, broken = reader.rows(
                """SELECT (SELECT count(*) FROM listing WHERE complete),
                    (SELECT count(DISTINCT (source, path)) FROM fault WHERE op = 'list')
                    + (SELECT coalesce(sum(units_pending), 0)::BIGINT FROM source)"""
            )[0]
        for name, listed, entries, skipped, failed in wrong:
            detail = f"listed {listed:,} ≠ {entries:,} recorded + {skipped:,} skipped + {failed:,} failed"
            self.catalog.add_faults(self.number, name, [Fault("", "list", "LEDGER_IMBALANCE", detail)])
            self.catalog.set_source(self.number, name, state="incomplete", error_code="LEDGER_IMBALANCE")
            exits.add(Exit.INTERNAL)
        total = complete + broken
        return complete / total if total else None


def _deepest(sources: Sequence[Bound]) -> str:
    return max((b.config.depth for b in sources), default="L1")


def _row(bound: Bound) -> SourceRow:
    return SourceRow(
        bound.name, bound.plug.type, bound.config.title or bound.name, bound.config.owner, bound.locator,
        bound.plug.store_depth, bound.plug.store_kind, bound.plain_options(), shown_limits(bound),
    )  # fmt: skip


def _unfinished(catalog: Catalog, number: int, row: SourceRow, only: Sequence[str]) -> bool:
    if row.state in {"waiting", "running", "stopped"} or (row.state == "failed" and not only):
        return True
    return row.error_code in only or catalog.has_pending(number, row.name)
