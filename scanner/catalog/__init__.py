"""The one door to what is kept: state in SQL, facts in Parquet."""

from scanner.catalog.location import DEFAULT, Location, locate
from scanner.catalog.pair import Pair, read_pair
from scanner.catalog.parts import Buffer, Part
from scanner.catalog.reader import Reader, read
from scanner.catalog.settle import settle
from scanner.catalog.state import Bundle, Catalog, SourceRow, now_us

__all__ = [
    "DEFAULT",
    "Buffer",
    "Bundle",
    "Catalog",
    "Location",
    "Pair",
    "Part",
    "Reader",
    "SourceRow",
    "locate",
    "now_us",
    "read",
    "read_pair",
    "settle",
]
