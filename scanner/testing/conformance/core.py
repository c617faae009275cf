"""What holds for every connector, whatever it crawls."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from contextlib import closing

import pytest
from pydantic import ValidationError

from scanner.codes import CODES
from scanner.connector import ReadsBytes, SamplesRows
from scanner.model import SourceError, Stopped, Unit
from scanner.testing.conformance import checks
from scanner.testing.conformance.harness import Harness
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps

MAX_STOPS = 12
"""At how many requests, evenly spread, the crawl is asked to stop."""


class CoreSuite:
    """Give a fixture ``harness``, planted; see the package for which suites to take with this one."""

    capabilities: frozenset[str] = frozenset()
    """What a suite taken besides this one covers; each names its own."""

    def test_the_plug_declares_itself(self, harness: Harness) -> None:
        """The options are strict, frozen and described; the locator names the source; facts are declared schemas."""
        plug, settings = harness.plug, harness.settings()
        options = harness.options(settings)
        with pytest.raises(ValidationError):
            harness.options({**settings, "no_such_setting": 1})
        assert options.model_config.get("frozen"), "the options must be frozen"
        undescribed = [name for name, field in plug.options.model_fields.items() if not field.description]
        assert not undescribed, f"options without a description: {undescribed}"
        assert plug.type, "a plug has a type"
        assert plug.title, "a plug has a title"
        assert plug.locator(options), "a source has a locator"
        given = {batch.schema.name for batch in harness.found.batches}
        assert given <= set(plug.facts), f"facts given but not declared: {sorted(given - set(plug.facts))}"

    def test_every_capability_has_its_suite(self, harness: Harness) -> None:
        """What a connector can do is what its tests cover: a capability cannot be left untested by oversight."""
        connector = harness.open()
        can = {
            "reads_bytes": isinstance(connector, ReadsBytes),
            "samples_rows": isinstance(connector, SamplesRows),
            "logs_in": harness.plug.account(harness.options(harness.settings())) is not None,
        }
        connector.close()
        covered = {name for suite in type(self).__mro__ for name in getattr(suite, "capabilities", ())}
        untested = {name for name, able in can.items() if able} - covered
        absent = {name for name in covered & set(can) if not can[name]}
        assert not untested, f"take the suites for {sorted(untested)}"
        assert not absent, f"suites taken for what the connector cannot do: {sorted(absent)}"

    def test_opening_does_no_io(self, harness: Harness) -> None:
        """A connector to nowhere can be opened and closed; only ``roots`` finds out."""
        pace = Pace()
        before = checks.handles()
        connector = harness.open(harness.missing(), pace)
        opened = checks.handles() - before
        connector.close()
        assert not opened, f"opened before anybody asked for anything: {sorted(opened)}"
        assert pace.requests == 0, "a request was made before anybody asked for anything"

    def test_a_missing_root_is_an_error_with_a_code(self, harness: Harness) -> None:
        """Never an empty source: a root that is not there raises SourceError from ``roots``."""
        with closing(harness.open(harness.missing())) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
        error = raised.value
        assert error.code in CODES, f"{error.code} is not registered"
        assert error.where or error.detail, "the error does not say where"
        shown = "".join(traceback.format_exception(error))
        assert not checks.leaked(harness.secrets, shown), "the error shows a secret"

    def test_every_record_fits_its_schema(self, harness: Harness) -> None:
        """Declared columns of the declared types, required ones never NULL, sizes only where there is content."""
        flaws = [flaw for batch in harness.found.batches for flaw in checks.batch_flaws(batch)]
        assert not flaws, "\n".join(flaws[:20])

    def test_every_path_is_canonical(self, harness: Harness) -> None:
        """Paths are written one way only, so that equal names are equal texts and give the exact name back."""
        crawl = harness.found
        paths = [*crawl.paths, *(str(r["path"]) for r in crawl.records("listing")), *(u.key for u in crawl.units)]
        wrong = [path for path in paths if not checks.is_canonical(path)]
        assert not wrong, f"not canonical: {wrong[:20]}"

    def test_every_fault_is_declared(self, harness: Harness) -> None:
        """Known ops and codes, canonical paths; what could not be listed is named with its closing '/'."""
        flaws = [flaw for fault in harness.found.faults for flaw in checks.fault_flaws(fault)]
        assert not flaws, "\n".join(flaws[:20])

    def test_listed_equals_recorded_skipped_and_failed(self, harness: Harness) -> None:
        """The ledger: every name the source returned is an entry, a skip or a failure, container by container."""
        crawl = harness.found
        assert crawl.records("listing"), "no listing was recorded"
        gaps = ledger_gaps(crawl)
        assert not gaps, "\n".join(gaps[:20])

    def test_nothing_is_recorded_twice(self, harness: Harness) -> None:
        """One name, one entry."""
        twice = [path for path, count in Counter(harness.found.paths).items() if count > 1]
        assert not twice, f"recorded more than once: {twice[:20]}"

    def test_a_second_crawl_says_the_same(self, harness: Harness) -> None:
        """A unit is safe to repeat, by the same instance and by another."""
        with closing(harness.open()) as connector:
            first, second = crawl_all(connector), crawl_all(connector)
        same(first, second, "the same instance")
        same(first, harness.crawl(), "another instance")

    def test_any_unit_is_crawled_by_a_fresh_instance(self, harness: Harness) -> None:
        """A unit is two strings: it is pickled, and an instance that has seen nothing else crawls it."""
        same(harness.crawl(), harness.crawl(fresh=harness.open), "fresh instances")

    def test_the_order_of_units_does_not_matter(self, harness: Harness) -> None:
        """Depth first, breadth first or at random: no unit leans on what was crawled before it."""
        chance = random.Random(7)

        def any_of(waiting: list[Unit]) -> Unit:
            return waiting.pop(chance.randrange(len(waiting)))

        depth_first = harness.crawl()
        same(depth_first, harness.crawl(take=lambda waiting: waiting.pop(0)), "breadth first")
        same(depth_first, harness.crawl(take=any_of), "any order")

    def test_an_abandoned_crawl_leaves_nothing_open(self, harness: Harness) -> None:
        """A generator closed after its first event, and a connector closed after that, hold no handle and no thread."""
        units = harness.crawl().units  # whatever a driver keeps for good is open from here on
        before = checks.handles()
        connector = harness.open()
        for unit in units:
            events = connector.crawl(unit)
            next(events, None)
            events.close()  # type: ignore[attr-defined]
        connector.close()
        left = checks.settle(before)
        assert not left, f"still open: {sorted(left)}"

    def test_close_may_be_called_twice_and_at_any_time(self, harness: Harness) -> None:
        """Before anything was asked for, in the middle of a crawl, and again."""
        unused = harness.open()
        unused.close()
        unused.close()
        connector = harness.open()
        events = connector.crawl(next(iter(connector.roots())))
        next(events, None)
        connector.close()
        connector.close()
        events.close()  # type: ignore[attr-defined]

    def test_every_unit_is_paced(self, harness: Harness) -> None:
        """``session.pace`` is called before each request: at least once for the roots, and for every unit."""
        pace = Pace()
        with closing(harness.open(pace=pace)) as connector:
            list(connector.roots())
            assert pace.requests, "the roots were named without asking for the pace"
            for unit in harness.found.units:
                before = pace.requests
                list(connector.crawl(unit))
                assert pace.requests > before, f"{unit} was crawled without asking for the pace"

    def test_a_stop_passes_through(self, harness: Harness) -> None:
        """``Stopped`` from the pace ends the crawl as it is: no fault, no other error, and ``close`` still works."""
        pace = Pace()
        with closing(harness.open(pace=pace)) as connector:
            crawl_all(connector)
        step = max(1, pace.requests // MAX_STOPS)
        for stop_at in range(1, pace.requests + 1, step):
            with closing(harness.open(pace=Pace(stop_at))) as connector, pytest.raises(Stopped):
                crawl_all(connector)


def same(first: Crawl, second: Crawl, what: str) -> None:
    """Two crawls say the same, whatever the order and however they were cut into batches."""
    one, other = first.normal(), second.normal()
    for name in sorted({*one, *other}):
        lost = one.get(name, Counter()) - other.get(name, Counter())
        new = other.get(name, Counter()) - one.get(name, Counter())
        assert not lost, f"{what}: {name} no longer said: {list(lost)[:5]}"
        assert not new, f"{what}: {name} said only now: {list(new)[:5]}"
