"""A page of keys out of the XML of an answer: exact whatever it holds, and quick where it is as servers write it.

Rows in the form that Amazon and most servers give them are taken with one regular expression that describes every byte
of them, and what stands around them is read as XML. Whatever differs in a single byte is read as XML altogether.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import pyarrow as pa

from connectors.s3.listing import Column, Page, owner_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_PLAIN = rb"[ -%'-;=-~]"
"""Printable ASCII but for the two signs of markup: text that stands for itself in any XML."""

_ROW = re.compile(
    rb"<Contents><Key>(" + _PLAIN + rb"+)</Key>"
    rb"<LastModified>([12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)</LastModified>"
    rb'<ETag>(?:&quot;|&#34;|")([!#-%\'-;=-~]+)(?:&quot;|&#34;|")</ETag>'
    rb"(?:<ChecksumAlgorithm>\w*</ChecksumAlgorithm>)*(?:<ChecksumType>\w*</ChecksumType>)?"
    rb"<Size>(\d{1,18})</Size><StorageClass>([A-Z_]+)</StorageClass>(?:<Type>\w*</Type>)?</Contents>"
)
_FIELDS = 5
_ESCAPE = re.compile(rb"%[0-9A-F]{2}")
_FEW = 64
"""Different escapes up to which replacing one after the other in all keys at once is the quickest."""


def read_page(body: bytes) -> Page | None:
    """The page of a ListObjectsV2 answer; None when it is some other answer (an error, say).

    Raises ValueError when it is broken. The client's own parser would be most of a listing's cost.
    """
    return _quick_page(body) or read_any_page(body)


def read_any_page(body: bytes) -> Page | None:
    """The same, read as XML from its first byte to its last."""
    root = _root(body)
    told = _told(root)
    if told is None:
        return None
    space, encoded, token = told
    rows = [{field.tag: field.text for field in one} for one in root.iter(f"{space}Contents")]
    keys = [decode_key(row.get(f"{space}Key") or "", encoded=encoded) for row in rows]
    if b"" in keys:
        raise ValueError("the answer is broken: an object without a key")
    return Page(
        keys=keys,
        sizes=[_number(row.get(f"{space}Size")) for row in rows],
        modified=[microseconds(instant(row.get(f"{space}LastModified"))) for row in rows],
        etags=[_unquoted(row.get(f"{space}ETag")) for row in rows],
        classes=[row.get(f"{space}StorageClass") for row in rows],
        owners=[_owner(one, space) for one in root.iter(f"{space}Contents")],
        token=token,
        folders=_folders(root, space, encoded),
    )


def _quick_page(body: bytes) -> Page | None:
    """The page where all its rows are in the usual form, one right after the other; else None."""
    pieces = _ROW.split(body)
    between = pieces[6 : -_FIELDS - 1 : _FIELDS + 1]
    around = pieces[0] + pieces[-1]
    if len(pieces) == 1 or any(between) or b"<!" in around or b"Contents" in around:
        return None
    try:
        root = _root(around)
    except ValueError:
        return None  # which of the two is broken, the other way tells
    told = _told(root)
    if told is None or not told[1]:
        return None
    space, encoded, token = told
    keys, times, etags, sizes, classes = (pieces[n :: _FIELDS + 1] for n in range(1, _FIELDS + 1))
    modified = _times(times)
    if modified is None:
        return None
    return Page(
        keys=decode_keys(keys),
        sizes=list(map(int, sizes)),
        modified=modified,
        etags=_texts(etags),
        classes=_texts(classes),
        owners=None,
        token=token,
        folders=_folders(root, space, encoded),
    )


def _root(body: bytes) -> ET.Element:
    try:
        return ET.fromstring(body)  # noqa: S314 - the transport lets no DTD, hence no entity, through
    except ET.ParseError as error:
        raise ValueError(f"the answer is broken: {error}") from None


def _told(root: ET.Element) -> tuple[str, bool, str | None] | None:
    """Of a page: the name space of its tags, whether its keys are encoded, where the next begins; None of no page."""
    space, found, _ = root.tag.rpartition("ListBucketResult")
    truncated = root.findtext(f"{space}IsTruncated")
    if not found or truncated is None:
        return None
    encoded = (root.findtext(f"{space}EncodingType") or "").lower() == "url"
    # Whatever is no clear "no" is a yes: a listing that goes on too far is noticed, one that ends too soon is not.
    last = truncated.strip().lower() in ("false", "0")
    return space, encoded, None if last else (root.findtext(f"{space}NextContinuationToken") or "")


def _folders(root: ET.Element, space: str, encoded: bool) -> list[bytes]:
    told = (one.findtext(f"{space}Prefix") or "" for one in root.iter(f"{space}CommonPrefixes"))
    return [decode_key(prefix, encoded=encoded) for prefix in told]


def decode_key(text: str, *, encoded: bool) -> bytes:
    """Exact bytes of a key; ``encoded`` where the server confirmed ``encoding-type=url``."""
    if not encoded or ("%" not in text and "+" not in text):
        return text.encode("utf-8", "surrogatepass")
    return unquote_to_bytes(text.replace("+", " "))


def decode_keys(keys: Sequence[bytes]) -> list[bytes]:
    """Exact bytes of keys that the server has encoded, given in printable ASCII."""
    text, at = b"\n".join(keys).replace(b"+", b" "), 0
    for _ in range(_FEW):
        at = text.find(b"%", at)
        if at < 0:
            return text.replace(b"%25", b"%").split(b"\n")
        escape = text[at : at + 3]
        if escape == b"%25":  # to the end, as what it stands for would begin another escape
            at += 3
        elif _ESCAPE.fullmatch(escape) and escape != b"%0A":
            text = text.replace(escape, bytes((int(escape[1:], 16),)))
        else:
            break
    return [unquote_to_bytes(key.replace(b"+", b" ")) for key in keys]


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


def microseconds(moment: object) -> int | None:
    """Microseconds since 1970 of a time, None of anything else."""
    return (moment - _EPOCH) // _MICROSECOND if isinstance(moment, datetime) else None


def _times(texts: Sequence[bytes]) -> Column | None:
    """Microseconds since 1970 of times in the usual form; None where one of them is no time at all."""
    try:
        return _texts(texts).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _texts(texts: Sequence[bytes]) -> Any:
    return pa.array(texts, pa.binary()).cast(pa.string())


def _number(text: str | None) -> int | None:
    """A size, None of anything that cannot be one."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else None


def _owner(contents: ET.Element, space: str) -> str | None:
    owner = contents.find(f"{space}Owner")
    told: Mapping[str, str] | None = (
        {field.tag[len(space) :]: field.text or "" for field in owner} if owner is not None else None
    )
    return owner_name(told)


def _unquoted(etag: str | None) -> str | None:
    return etag.strip('"') if etag else None
