"""To be written."""

from scanner.extractor import Extractor

EXTRACTORS: tuple[Extractor, ...] = ()
