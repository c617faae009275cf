"""Where parts lie: written whole or not at all, read by name, removed only by the sweep."""

from __future__ import annotations

import errno
import functools
import os
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from scanner.catalog import encoding
from scanner.codes import StocktakeError


class Facts(Protocol):
    """A place for parts. Names are relative: ``scan-000001/entry-….parquet``."""

    shown: str
    """Where it is, for a person and for ``facts_at``; never with a secret."""

    def reach(self) -> None:
        """Look whether it is there. Raises StocktakeError LOCATION_NOT_SHARED."""
        ...

    def write(self, table: pa.Table, name: str) -> int:
        """Write a part so that it outlives a loss of power; returns its bytes. Raises StocktakeError DISK_FULL."""
        ...

    def verify(self, name: str, rows: int) -> int:
        """Read a part to its end and compare its rows; returns them. Raises StocktakeError CATALOG_DAMAGED."""
        ...

    def missing(self, names: Iterable[str]) -> str | None:
        """The first of some parts that is not there; None where all are."""
        ...

    def names(self) -> Iterator[str]:
        """Every file there is, whether a row names it or not."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        ...

    def relation(self, db: duckdb.DuckDBPyConnection, names: Iterable[str]) -> str:
        """SQL for a table of the rows of some parts (at least one), to stand after FROM; columns meet by name."""
        ...

    def shut_in(self, db: duckdb.DuckDBPyConnection) -> None:
        """Let a database read nothing but what lies here from now on."""
        ...


class Folder:
    """Parts in a folder of the file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shown = str(root)

    def reach(self) -> None:
        """The folder was made where the scan was started."""
        if not self.root.is_dir():
            raise StocktakeError("LOCATION_NOT_SHARED", self.shown, f"no such folder on {socket.gethostname()}")

    def write(self, table: pa.Table, name: str) -> int:
        """Write to a temporary name, fsync, rename, fsync the folder."""
        final = self.root / name
        try:
            final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _write_durably(table, final)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StocktakeError("DISK_FULL", self.shown, str(error.strerror)) from None
            raise

    def verify(self, name: str, rows: int) -> int:
        """Read it to its end, page checksums included."""
        file = self.root / name
        try:
            opened = pq.ParquetFile(file, page_checksum_verification=True)
            found: int = sum(batch.num_rows for batch in opened.iter_batches())
        except (OSError, pa.ArrowException, ValueError) as error:  # ValueError: a name that is no text any more
            raise StocktakeError("CATALOG_DAMAGED", str(file), str(error)) from None
        if found != rows:
            raise StocktakeError("CATALOG_DAMAGED", str(file), f"{found:,} rows, the state says {rows:,}")
        return found

    def missing(self, names: Iterable[str]) -> str | None:
        """Asked file by file."""
        return next((str(self.root / name) for name in names if not (self.root / name).is_file()), None)

    def names(self) -> Iterator[str]:
        """Every file of every folder: each scan's, and that of settled parts."""
        for file in self.root.glob("*/*"):
            yield f"{file.parent.name}/{file.name}"

    def remove(self, name: str) -> None:
        """Unlink it."""
        (self.root / name).unlink(missing_ok=True)

    def relation(self, _db: duckdb.DuckDBPyConnection, names: Iterable[str]) -> str:
        """DuckDB reads the files itself."""
        files = ", ".join(_quote(str(self.root / name)) for name in names)
        return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"

    def shut_in(self, db: duckdb.DuckDBPyConnection) -> None:
        """Allow the folder alone."""
        db.execute(f"SET allowed_directories = [{_quote(self.shown)}]")
        db.execute("SET enable_external_access = false")


@functools.lru_cache(8)
def facts_at(place: str) -> Facts:
    """The facts at a place, as ``shown`` names it: a folder, or ``s3://BUCKET/PREFIX``."""
    if place.startswith("s3://"):
        from scanner.catalog.bucket import Bucket  # noqa: PLC0415 - loads Arrow's S3 client, which few need

        return Bucket(place)
    return Folder(Path(place))


def _write_durably(table: pa.Table, final: Path) -> int:
    temporary = final.with_suffix(".tmp")
    try:
        with temporary.open("xb") as handle:
            encoding.write(table, handle)
            handle.flush()
            os.fsync(handle.fileno())
            size = handle.tell()
        temporary.rename(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fd = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    return size


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
