"""How the conformance suite reaches one connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel

from scanner.connector import Connector, Plug, Session
from scanner.testing.crawling import Crawl, Pace, crawl_all
from scanner.testing.servers.proxy import TcpProxy
from scanner.testing.world import WORLD, Node, World


class Harness:
    """How the suite reaches one connector. Subclass it; the first four members are all that most need.

    ``cannot`` names the traits of the world (``world.TRAITS``) that are beyond the medium; ``prefix`` is what canonical
    paths begin with; ``extra`` are entries that exist besides the world (a bucket, say); ``kinds`` renames kinds
    (``{"file": "object"}``); ``tick_us`` is the finest step of modification times, None where the medium keeps its own.
    """

    plug: Plug
    cannot: AbstractSet[str] = frozenset({"opaque_key"})
    prefix: str = ""
    extra: AbstractSet[str] = frozenset()
    kinds: Mapping[str, str] = {}
    tick_us: int | None = 1
    secrets: tuple[str, ...] = ()
    """Secrets that must appear nowhere; a connector that logs in has at least one."""

    def plant(self, world: World) -> None:
        """Put the world where the connector will find it."""
        raise NotImplementedError

    def settings(self) -> dict[str, object]:
        """The source's settings, as the estate file would hold them."""
        raise NotImplementedError

    def missing(self) -> dict[str, object]:
        """Settings that are valid, but name a root that is not there."""
        raise NotImplementedError

    def fingerprint(self) -> object:
        """A value that any write to the source, or any reading with traces, would change."""
        raise NotImplementedError

    def trusted(self, _host: str, _port: int) -> tuple[str, ...]:
        """Trusted host key fingerprints, where the protocol has them."""
        return ()

    def denied(self) -> AbstractContextManager[str]:
        """DeniedSuite: while it lasts, one directory of the world refuses to be listed; gives its path with '/'."""
        raise NotImplementedError

    def refused(self) -> dict[str, object]:
        """LogsInSuite: settings whose secret is wrong; the wrong secret is one of ``secrets``."""
        raise NotImplementedError

    def offline(self) -> AbstractContextManager[str]:
        """OfflineSuite: while it lasts, the file of that path is offline."""
        raise NotImplementedError

    def vanish(self) -> AbstractContextManager[tuple[str, Callable[[], None]]]:
        """ChangingSuite: a folder of the world with names in it (its path with '/'), and a call that removes it.

        Whatever was removed is back afterwards.
        """
        raise NotImplementedError

    def grow(self) -> AbstractContextManager[Callable[[], None]]:
        """ChangingSuite: a call that adds a few names beside those of the world; they are gone afterwards."""
        raise NotImplementedError

    def proxied(self) -> AbstractContextManager[tuple[TcpProxy, dict[str, object]]]:
        """NetworkSuite: a proxy in front of the source, and the settings that lead through it."""
        raise NotImplementedError

    def throttled(self) -> AbstractContextManager[float | None]:
        """ThrottlingSuite: meanwhile the source asks for fewer requests; gives the seconds it names, if any."""
        raise NotImplementedError

    def tables(self) -> Mapping[str, str]:
        """DatabaseSuite: canonical path of every table and view that was planted → its kind."""
        raise NotImplementedError

    @property
    def world(self) -> World:
        """What of the world the medium holds."""
        return WORLD.without(self.cannot)

    def path(self, node: Node) -> str:
        """Where the connector must show a node."""
        return self.prefix + node.canonical

    def options(self, settings: dict[str, object]) -> BaseModel:
        """The settings, as the engine hands them over."""
        return self.plug.options.model_validate(settings)

    def session(self, pace: Callable[[], None]) -> Session:
        """What the connector is handed."""
        return Session("world", pace, 20.0, self.trusted)

    def open(
        self,
        settings: dict[str, object] | None = None,
        pace: Callable[[], None] | None = None,
        within: Callable[[str], bool] | None = None,
        **session_values: Any,
    ) -> Connector:
        """A fresh connector; it must not have done any I/O yet. ``within`` as in ``Session``: nothing is barred.

        ``session_values`` replace others of the session's values: its ``timeout_s``, what ``slow`` does.
        """
        chosen = self.settings() if settings is None else settings
        session = replace(self.session(pace or Pace()), **session_values)
        if within is not None:
            session = replace(session, within=within)
        return self.plug.open(self.options(chosen), session)

    @cached_property
    def found(self) -> Crawl:
        """One crawl of the world, for all the tests that only look at it; access times are of then."""
        return self.crawl()

    def crawl(self, **how: Any) -> Crawl:
        """Everything the connector finds, by one instance; ``how`` as for ``crawl_all``."""
        with closing(self.open()) as connector:
            return crawl_all(connector, **how)


H = TypeVar("H", bound="Harness")


def planted(harness: H) -> H:
    """The harness, its world planted."""
    harness.plant(harness.world)
    return harness
