"""The conformance suite every connector passes: subclass it, give one fixture, and read what breaks.

Whoever writes a connector describes in a ``Harness`` how its medium holds the reference world, and takes the suites
that fit: ``ConnectorSuite`` for trees and object stores or ``DatabaseSuite`` for databases, and for what else it can do
``DeniedSuite``, ``LogsInSuite``, ``ReadsBytesSuite``, ``OfflineSuite`` and ``SamplesRowsSuite``; for how it stands up
to trouble ``ChangingSuite``, ``NetworkSuite`` and ``ThrottlingSuite``::

    @pytest.fixture(scope="module")
    def harness(samba: Samba) -> ShareHarness:
        return planted(ShareHarness(samba))


    class TestShare(LogsInSuite, ReadsBytesSuite, ConnectorSuite):
        pass
"""

from scanner.testing.conformance.core import CoreSuite
from scanner.testing.conformance.harness import Harness, planted
from scanner.testing.conformance.suites import (
    ConnectorSuite,
    DatabaseSuite,
    DeniedSuite,
    LogsInSuite,
    OfflineSuite,
    ReadsBytesSuite,
    SamplesRowsSuite,
)
from scanner.testing.conformance.trouble import ChangingSuite, NetworkSuite, ThrottlingSuite

__all__ = [
    "ChangingSuite",
    "ConnectorSuite",
    "CoreSuite",
    "DatabaseSuite",
    "DeniedSuite",
    "Harness",
    "LogsInSuite",
    "NetworkSuite",
    "OfflineSuite",
    "ReadsBytesSuite",
    "SamplesRowsSuite",
    "ThrottlingSuite",
    "planted",
]
