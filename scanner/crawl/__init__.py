"""Crawl: the frontier, the workers, retries, pacing, deadlines and the ledger."""

from scanner.crawl.progress import Progress, SourceProgress
from scanner.crawl.run import Outcome, Run

__all__ = ["Outcome", "Progress", "Run", "SourceProgress"]
