"""Counts of what a plain listing does not show: old versions, delete markers, unfinished uploads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.s3.client import Client
from scanner import schema
from scanner.model import Batch, Event, Fault, SourceError

_VERSION_NAMES = ("old_versions", "old_version_bytes", "delete_markers")
_UPLOAD_NAMES = ("unfinished_uploads",)
_PAGES = 100_000
"""Pages of one count at most: 100 million records; a server that goes on for longer is not believed."""


def count_versions(client: Client, bucket: str, path: str, prefix: str) -> Iterator[Event]:
    """SETTING facts with the counts; NULL, and a fault, where the server would not tell."""
    for names, count in ((_VERSION_NAMES, _versions), (_UPLOAD_NAMES, _uploads)):
        counts: tuple[int | None, ...]
        try:
            counts = count(client, bucket, prefix)
        except SourceError as error:
            if error.transient or error.code.startswith("AUTH_"):
                raise
            counts = (None,) * len(names)
            code = error.code if error.code in ("DENIED", "PAGING_STUCK") else "QUERY_FAILED"
            yield Fault(path, "query", code, f"{', '.join(names)}: {error.detail}")
        values = [None if c is None else str(c) for c in counts]
        yield Batch(schema.SETTING, {"path": [path] * len(names), "name": list(names), "value": values})


def _versions(client: Client, bucket: str, prefix: str) -> tuple[int, int | None, int]:
    old, size, markers = 0, 0, 0
    unknown = False
    marks = (("KeyMarker", "NextKeyMarker"), ("VersionIdMarker", "NextVersionIdMarker"))
    for answer in _pages(client, "list_object_versions", bucket, prefix, marks):
        aged = [v for v in answer.get("Versions") or () if not v.get("IsLatest")]
        old += len(aged)
        sizes = [v.get("Size") for v in aged]
        unknown = unknown or None in sizes
        size += sum(filter(None, sizes))
        markers += len(answer.get("DeleteMarkers") or ())
    return old, None if unknown else size, markers


def _uploads(client: Client, bucket: str, prefix: str) -> tuple[int]:
    marks = (("KeyMarker", "NextKeyMarker"), ("UploadIdMarker", "NextUploadIdMarker"))
    answers = _pages(client, "list_multipart_uploads", bucket, prefix, marks)
    return (sum(len(answer.get("Uploads") or ()) for answer in answers),)


def _pages(
    client: Client, operation: str, bucket: str, prefix: str, marks: tuple[tuple[str, str], ...]
) -> Iterator[Any]:
    """Every page, as long as the next one begins at a place that has not been one before."""
    place: dict[str, object] = {}
    seen: set[tuple[object, ...]] = set()
    for _ in range(_PAGES):
        # No EncodingType here: the client then asks for it itself where it decodes the markers it sends back.
        answer = client.get_objects(operation, bucket, Bucket=bucket, Prefix=prefix, **place)
        yield answer
        if not answer.get("IsTruncated"):
            return
        after = {sent: answer[told] for sent, told in marks if answer.get(told)}
        if not after or tuple(after.items()) in seen:
            break
        seen.add(tuple(after.items()))
        place = after
    raise SourceError("PAGING_STUCK", f"{operation} does not move on", where=bucket)
