"""The suites for sources that misbehave while they are crawled: what changes, drops, hangs or asks for patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress

import pytest

from scanner.codes import CODES, GAP_CODES
from scanner.connector import Connector
from scanner.model import Event, SourceError, Unit
from scanner.testing.conformance import checks
from scanner.testing.conformance.core import same
from scanner.testing.conformance.harness import Harness
from scanner.testing.crawling import Crawl, Pace, crawl_all, gathered, ledger_gaps
from scanner.testing.servers.proxy import Conditions, TcpProxy

ATTEMPTS = 4
"""How often a unit is tried, as the engine would."""
CUTS = 6
"""At how many places, evenly spread over what a crawl sends, the connection breaks."""
DEADLINE_S = 2.0
"""Deadline of any one wait that the connector is given where the network is silent."""
PATIENCE_S = 20.0
"""How long the end of such a wait may take, closing and all."""


class ChangingSuite:
    """For sources that are in use meanwhile: the harness gives ``vanish`` and ``grow``."""

    capabilities = frozenset({"changing"})

    def test_fault_022_what_vanishes_meanwhile_costs_nothing_else(self, harness: Harness) -> None:
        """A folder removed at any moment of the crawl: neither an error nor a gap, and every other name is told."""
        clean = harness.found
        pace = Pace()
        with closing(harness.open(pace=pace)) as connector:
            crawl_all(connector)
        assert pace.requests, "nothing is paced, so there was no moment to strike at"
        for moment in range(1, pace.requests + 1, max(1, pace.requests // CUTS)):
            with harness.vanish() as (path, strike), closing(harness.open(pace=_At(moment, strike))) as connector:
                crawl = crawl_all(connector)
            gone = {p for p in clean.entries if p == path.rstrip("/") or p.startswith(path)}
            lost = set(clean.entries) - set(crawl.entries) - gone
            assert gone, "the harness removed nothing that is told otherwise"
            assert not lost, f"lost besides what vanished: {sorted(lost)[:10]}"
            gaps = [f for f in crawl.faults if f.reason in GAP_CODES and f.op not in ("note", "query")]
            assert not gaps, f"what vanished is no gap: {gaps[:5]}"
            assert not ledger_gaps(crawl), "\n".join(ledger_gaps(crawl)[:5])

    def test_what_grows_meanwhile_is_told_once(self, harness: Harness) -> None:
        """Names that appear between one request and the next: no name twice, no error."""
        clean = harness.found
        with harness.grow() as strike:
            pace = _At(2, strike)
            with closing(harness.open(pace=pace)) as connector:
                crawl = crawl_all(connector)
        assert pace.struck, "too little is paced: there was no moment to strike at"
        assert not set(clean.entries) - set(crawl.entries), "names were lost because others appeared"
        assert len(crawl.paths) == len(set(crawl.paths)), "a name was told twice"
        assert not ledger_gaps(crawl), "\n".join(ledger_gaps(crawl)[:5])


class NetworkSuite:
    """For sources behind TCP: the harness gives ``proxied``, a proxy in front of them and settings through it."""

    capabilities = frozenset({"network"})

    @pytest.mark.parametrize("then", ["reset", "truncate"])
    def test_fault_038_a_dropped_connection_costs_an_attempt_and_nothing_else(
        self, harness: Harness, then: str
    ) -> None:
        """Broken off at many places of the crawl, the unit is tried again and the whole is as ever, nothing twice."""
        with harness.proxied() as (proxy, settings):
            whole = _down_bytes(harness, proxy, settings)
            for cut in range(1, CUTS + 1):
                after = whole * cut // (CUTS + 1)
                struck = proxy.counts.spoilt
                proxy.change(down=Conditions(after=after, then=then, times=1))  # type: ignore[arg-type]
                crawl = persistent(lambda: harness.open(settings))
                assert proxy.counts.spoilt > struck, (
                    f"no connection took more than {after:,} bytes: none was broken off"
                )
                same(harness.found, crawl, f"broken off ({then}) after {after:,} of {whole:,} bytes")

    def test_silence_ends_at_the_deadline(self, harness: Harness) -> None:
        """A server that stops talking, before the login or in mid-listing: a transient error in time, never a hang."""
        with harness.proxied() as (proxy, settings):
            whole = _down_bytes(harness, proxy, settings)
            for after in (0, whole * 2 // 3):
                proxy.change(down=Conditions(after=after, then="stall"))
                began = time.monotonic()
                error = _failure(lambda: harness.open(settings, timeout_s=DEADLINE_S))
                took = time.monotonic() - began
                proxy.change(down=Conditions())
                proxy.reset_all()
                assert took < PATIENCE_S, f"silence after {after:,} bytes lasted {took:.0f} s"
                assert error.transient, f"{error.code}: trying again may help"
                assert error.code in CODES, f"{error.code} is not registered"
                assert not checks.leaked(harness.secrets, repr(error), str(error)), "a secret was shown"


class ThrottlingSuite:
    """For sources that ask for fewer requests: the harness gives ``throttled``."""

    capabilities = frozenset({"throttling"})

    def test_fault_052_being_asked_to_slow_down_is_passed_on_and_costs_nothing(self, harness: Harness) -> None:
        """The engine is told, with the seconds that were named, and the result is the same."""
        told: list[float] = []
        with harness.throttled() as named_s:
            crawl = persistent(lambda: harness.open(slow=told.append))
        assert told, "the engine was not told"
        assert named_s is None or named_s in told, f"{named_s} s were named, {told} were passed on"
        same(harness.found, crawl, "throttled")


class _At:
    """A pace that does something at one request."""

    def __init__(self, moment: int, strike: Callable[[], None]) -> None:
        self.struck = False
        self._left = moment
        self._strike = strike

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._strike()
            self.struck = True


def persistent(open_one: Callable[[], Connector]) -> Crawl:
    """Every unit crawled as the engine does it: after a transient error again, by a fresh instance, what came dropped.

    Raises SourceError when the attempts are used up, or at once when trying again is of no use.
    """
    connector: Connector | None = None
    done: list[Unit] = []
    said: list[Event] = []
    waiting: list[Unit | None] = [None]  # None stands for the login, which names the roots
    try:
        while waiting:
            unit = waiting.pop()
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    if connector is None:
                        connector = open_one()
                        roots = list(connector.roots())
                        if unit is None:
                            waiting += roots
                    events = list(connector.crawl(unit)) if unit is not None else []
                    break
                except SourceError as error:
                    if connector is not None:
                        connector.close()
                        connector = None
                    if not error.transient or attempt == ATTEMPTS:
                        raise
            if unit is not None:
                done.append(unit)
            said += [e for e in events if not isinstance(e, Unit)]
            waiting += [e for e in events if isinstance(e, Unit)]
    finally:
        if connector is not None:
            connector.close()
    return gathered(said, done)


def _down_bytes(harness: Harness, proxy: TcpProxy, settings: dict[str, object]) -> int:
    """How many bytes the source sends for a whole crawl, roughly: a login counts once."""
    found = harness.found  # its crawl may lead through the same proxy, and is not to count
    before = proxy.counts.down
    same(found, persistent(lambda: harness.open(settings)), "through a proxy that does nothing")
    return proxy.counts.down - before


def _failure(open_one: Callable[[], Connector]) -> SourceError:
    connector = open_one()
    try:
        with pytest.raises(SourceError) as raised:
            crawl_all(connector)
    finally:
        with suppress(SourceError):
            connector.close()
    return raised.value
