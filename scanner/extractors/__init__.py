"""What content says of itself and of other stores; each extractor quotes, none decides."""

from scanner.extractors.registry import extractors, wanting

__all__ = ["extractors", "wanting"]
