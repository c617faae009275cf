"""How a part is written down: which columns a dictionary serves, which bounds are worth keeping.

Measured on 100,000 made entries (2 cores, Debian 12, Python 3.11, pyarrow 26): with a dictionary tried for every
column and bounds kept of all 29.7 bytes a row and 0.74 µs, so 25.1 bytes and 0.49 µs. Delta and byte-split encodings
save another byte where times are random and cost one where they repeat, as those of unpacked archives do.
"""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

MOSTLY_DIFFERENT = frozenset({
    "name", "size", "allocated", "modified", "created", "accessed", "hardlink", "target", "etag", "definition",
    "locator", "hash",
})  # fmt: skip
"""Columns whose values seldom repeat: a dictionary of them fills up, and is then thrown away."""
BOUNDLESS = MOSTLY_DIFFERENT - {"size", "modified"}
"""Columns nobody asks ranges of; where they hold nothing at all that is still told, so that readers skip them."""
ROW_GROUP = 100_000
"""Rows that are encoded at once, and that a reader takes at once: what bounds the memory of both."""


def write(table: pa.Table, file: IO[bytes] | pa.NativeFile) -> None:
    """Write a table as Parquet: zstd, a checksum for every page."""
    told = [f.name for f in table.schema if f.name not in BOUNDLESS or not _has_values(table[f.name])]
    pq.write_table(
        table,
        file,
        row_group_size=ROW_GROUP,
        compression="zstd",
        use_dictionary=[_leaf(f) for f in table.schema if f.name not in MOSTLY_DIFFERENT],
        write_statistics=told,
        write_page_checksum=True,
    )


def _has_values(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count < len(column))


def _leaf(field: pa.Field) -> str:
    """The name of a column as Parquet has it: that of a list is the one of its elements."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)
