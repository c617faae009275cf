"""Parts on an object store: an object is there whole or not at all, so nothing needs a temporary name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from scanner.catalog import encoding
from scanner.codes import StocktakeError
from scanner.secrets import scrub

_AT_ONCE = 16
"""Requests made side by side where many objects are asked for something."""


class Bucket:
    """Parts beneath a prefix of an S3 bucket; the environment says who writes there, as to the AWS tools."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.shown = url
        self._base = f"{parts.netloc}{parts.path}".strip("/")
        self._fs = _file_system()

    def reach(self) -> None:
        """List it, which also shows whether anybody may."""
        try:
            self._fs.get_file_info(fs.FileSelector(f"{self._base}/none", allow_not_found=True))
        except OSError as error:
            raise StocktakeError("LOCATION_NOT_SHARED", self.shown, scrub(str(error))) from None

    def write(self, table: pa.Table, name: str) -> int:
        """One object, which counts as kept once the store has answered."""
        sink = pa.BufferOutputStream()
        encoding.write(table, sink)
        data = sink.getvalue()
        try:
            with self._fs.open_output_stream(f"{self._base}/{name}") as stream:
                stream.write(data)
        except OSError as error:
            raise StocktakeError("CATALOG_UNWRITABLE", self.shown, scrub(str(error))) from None
        return int(data.size)

    def verify(self, name: str, rows: int) -> int:
        """Read it to its end, page checksums included."""
        try:
            with self._fs.open_input_file(f"{self._base}/{name}") as file:
                opened = pq.ParquetFile(file, page_checksum_verification=True)
                found: int = sum(batch.num_rows for batch in opened.iter_batches())
        except (OSError, pa.ArrowException, ValueError) as error:
            raise StocktakeError("CATALOG_DAMAGED", f"{self.shown}/{name}", scrub(str(error))) from None
        if found != rows:
            raise StocktakeError("CATALOG_DAMAGED", f"{self.shown}/{name}", f"{found:,} rows, the state says {rows:,}")
        return found

    def missing(self, names: Iterable[str]) -> str | None:
        """Asked object by object, many at a time."""
        found = self._info([f"{self._base}/{name}" for name in names])
        return next((f"s3://{info.path}" for info in found if info.type != fs.FileType.File), None)

    def names(self) -> Iterator[str]:
        """Every object."""
        for info in self._info(fs.FileSelector(self._base, recursive=True, allow_not_found=True)):
            if info.type == fs.FileType.File and info.size:
                yield info.path.removeprefix(f"{self._base}/")

    def remove(self, name: str) -> None:
        """Delete it."""
        try:
            self._fs.delete_file(f"{self._base}/{name}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StocktakeError("CATALOG_UNWRITABLE", self.shown, scrub(str(error))) from None

    def relation(self, db: duckdb.DuckDBPyConnection, names: Iterable[str]) -> str:
        """A data set that reads ahead, and only the columns and row groups that a question needs."""
        paths = [f"{self._base}/{name}" for name in names]
        view = f"parts_{len(paths)}_{abs(hash(tuple(paths)))}"
        try:
            db.register(view, ds.dataset(paths, schema=self._schema(paths), format="parquet", filesystem=self._fs))
        except (OSError, pa.ArrowException) as error:
            raise StocktakeError("CATALOG_DAMAGED", self.shown, scrub(str(error))) from None
        return f'"{view}"'

    def shut_in(self, db: duckdb.DuckDBPyConnection) -> None:
        """It reads nothing itself: what it reads is handed to it."""
        db.execute("SET enable_external_access = false")

    def _info(self, what: Sequence[str] | fs.FileSelector) -> list[fs.FileInfo]:
        try:
            return list(self._fs.get_file_info(what))
        except OSError as error:
            raise StocktakeError("CATALOG_DAMAGED", self.shown, scrub(str(error))) from None

    def _schema(self, paths: list[str]) -> pa.Schema:
        """The columns of all parts: an older one may lack some."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return pa.unify_schemas(list(pool.map(lambda path: pq.read_schema(path, filesystem=self._fs), paths)))


def _file_system() -> fs.S3FileSystem:
    """As the environment has it: ``AWS_ENDPOINT_URL_S3``, ``AWS_REGION``, ``AWS_PROFILE``, keys, a role."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    settings: dict[str, object] = {"background_writes": False}
    if endpoint:
        url = urlsplit(endpoint)
        settings |= {"endpoint_override": f"{url.netloc}{url.path.rstrip('/')}", "scheme": url.scheme or "https"}
    if region:
        settings["region"] = region
    return fs.S3FileSystem(**settings)
