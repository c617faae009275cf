"""What a worker of a cluster calls: puts the engine and the look into content together, as ``scan`` does here."""

from __future__ import annotations

from scanner.crawl.fleet import cancelled_here
from scanner.crawl.outpost import OUTPOST
from scanner.sample import sampling


def perform(order: str) -> str:
    """Carry out an order of a scan that was started elsewhere; returns what came of it."""
    return OUTPOST.perform(order, cancelled_here(), lambda bound, most, room: sampling(bound, room, most))
