"""Pages of keys: decoded exactly, and watched so that a listing always moves on and always ends."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

TIERS: Mapping[str, str] = {
    "STANDARD": "online",
    "STANDARD_IA": "online",
    "ONEZONE_IA": "online",
    "REDUCED_REDUNDANCY": "online",
    "EXPRESS_ONEZONE": "online",
    "GLACIER_IR": "online",
    "OUTPOSTS": "online",
    "SNOW": "online",
    "GLACIER": "offline",
    "DEEP_ARCHIVE": "offline",
}
"""Tier of a storage class, as the S3 User Guide's "Understanding and managing Amazon S3 storage classes" tells it.

INTELLIGENT_TIERING is not here: a listing does not say whether an object has gone to one of its archive tiers.
"""

ANY, BYTES, FOLDERS = "any", "bytes", "folders"
"""Orders a server may list in. S3 promises that of the keys' bytes; servers that keep keys as folders (SeaweedFS 4) go
folder by folder, so that ``a/b`` comes before ``a!``, and understand ``start-after`` in that order as well. Most keys
fit both; the first that fits only one of them tells which it is (``ANY`` until then)."""

_FOLDERS_FIRST = bytes(range(1, 48)) + b"\0" + bytes(range(48, 256))
"""Translation of keys after which the order of bytes is that of folders: ``/`` before everything else."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a listing: the keys' exact bytes, and what stands beside each, by column."""

    keys: Sequence[bytes]
    sizes: Sequence[int | None]
    modified: Sequence[int | None]
    etags: Sequence[str | None]
    classes: Sequence[str | None]
    owners: Sequence[str | None]
    token: str | None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a page is new and in order: the rows to keep, the repeated ones, and why to stop (a code, or '')."""

    keep: Sequence[int]
    repeated: Sequence[int]
    stop: str
    order: str


def read_page(body: bytes) -> Page | None:
    """The page of a ListObjectsV2 answer; None when it is some other answer (an error, say).

    Raises ValueError when it is broken. The client's own parser would be most of a listing's cost.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314 - the transport lets no DTD, hence no entity, through
    except ET.ParseError as error:
        raise ValueError(f"the answer is broken: {error}") from None
    space, found, _ = root.tag.rpartition("ListBucketResult")
    truncated = root.findtext(f"{space}IsTruncated")
    if not found or truncated is None:
        return None
    encoded = (root.findtext(f"{space}EncodingType") or "").lower() == "url"
    rows = [{field.tag: field.text for field in one} for one in root.iter(f"{space}Contents")]
    keys = [decode_key(row.get(f"{space}Key") or "", encoded=encoded) for row in rows]
    if b"" in keys:
        raise ValueError("the answer is broken: an object without a key")
    # Whatever is no clear "no" is a yes: a listing that goes on too far is noticed, one that ends too soon is not.
    last = truncated.strip().lower() in ("false", "0")
    return Page(
        keys=keys,
        sizes=[_number(row.get(f"{space}Size")) for row in rows],
        modified=[microseconds(instant(row.get(f"{space}LastModified"))) for row in rows],
        etags=[_unquoted(row.get(f"{space}ETag")) for row in rows],
        classes=[row.get(f"{space}StorageClass") for row in rows],
        owners=[_owner(one, space) for one in root.iter(f"{space}Contents")],
        token=None if last else (root.findtext(f"{space}NextContinuationToken") or ""),
    )


def instant(value: object) -> datetime | None:
    """A time of an answer, aware and in UTC where it says nothing else; None where it is no time."""
    text = str(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def decode_key(text: str, *, encoded: bool) -> bytes:
    """Exact bytes of a key; ``encoded`` where the server confirmed ``encoding-type=url``."""
    if not encoded or ("%" not in text and "+" not in text):
        return text.encode("utf-8", "surrogatepass")
    return unquote_to_bytes(text.replace("+", " "))


def microseconds(moment: object) -> int | None:
    """Microseconds since 1970 of a time, None of anything else."""
    return (moment - _EPOCH) // _MICROSECOND if isinstance(moment, datetime) else None


def owner_name(owner: Mapping[str, str] | None) -> str | None:
    """Owner as the source names it: display name, else id."""
    return (owner.get("DisplayName") or owner.get("ID") or None) if owner else None


def check_page(page: Page, last: bytes, token: str | None, first_before: bytes | None, order: str = ANY) -> Checked:
    """Hold a page against the promise that keys strictly increase.

    ``last`` is the last key kept so far, ``token`` the one that asked for this page, ``first_before`` the first key of
    the page before it, ``order`` the one that all before has shown. A key equal to its forerunner is a repetition and
    left out; a smaller one ends the listing.
    """
    keys = page.keys
    stuck = page.token is not None and page.token in ("", token)
    if not keys:
        return Checked((), (), "PAGING_STUCK" if stuck else "", order)
    orders = (BYTES, FOLDERS) if order == ANY else (order,)
    # One order fits, or both do. Where neither does, it is that of the bytes that is broken.
    found = {one: _sifted(keys, last, one) for one in orders}
    fitting = [one for one in orders if sum(map(len, found[one])) == len(keys)]
    order = order if len(fitting) == len(orders) else (fitting or orders)[0]
    keep, repeated = found[BYTES if order == ANY else order]
    stop = ""
    if len(keep) + len(repeated) < len(keys):
        stop = "PAGING_STUCK" if stuck or keys[0] == first_before else "LISTING_UNORDERED"
    elif stuck or (not keep and page.token is not None):
        stop = "PAGING_STUCK"
    return Checked(keep, repeated, stop, order)


def _sifted(keys: Sequence[bytes], last: bytes, order: str) -> tuple[Sequence[int], Sequence[int]]:
    """Rows to keep and rows that repeat the one before, up to the first that is out of order."""
    if order == FOLDERS:
        last, *keys = (key.translate(_FOLDERS_FIRST) for key in (last, *keys))
    if keys[0] > last and all(map(operator.lt, keys, islice(keys, 1, None))):
        return range(len(keys)), ()
    keep: list[int] = []
    repeated: list[int] = []
    for row, key in enumerate(keys):
        if key == last and (last or keep):
            repeated.append(row)
        elif key >= last:
            keep.append(row)
            last = key
        else:
            break
    return keep, repeated


def _number(text: str | None) -> int | None:
    """A size, None of anything that cannot be one."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else None


def _owner(contents: ET.Element, space: str) -> str | None:
    owner = contents.find(f"{space}Owner")
    return owner_name({field.tag[len(space) :]: field.text or "" for field in owner}) if owner is not None else None


def _unquoted(etag: str | None) -> str | None:
    return etag.strip('"') if etag else None
