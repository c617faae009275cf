"""Pages of keys: decoded exactly, and watched so that a listing always moves on and always ends."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

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


Column = Any
"""Values of one column: a list, or an Arrow array, which is what the catalog makes of them in the end."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a listing: the keys' exact bytes, and what stands beside each, by column."""

    keys: Sequence[bytes]
    sizes: Column
    modified: Column
    etags: Column
    classes: Column
    owners: Column
    token: str | None
    """Where the next page begins; None on the last."""
    folders: Sequence[bytes] = ()
    """Where a delimiter was asked for: what the keys beneath each folder have in common, its delimiter included."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a page is new and in order: the rows to keep, the repeated ones, and why to stop (a code, or '')."""

    keep: Sequence[int]
    repeated: Sequence[int]
    stop: str
    order: str
    last: bool = False
    """Whether what comes after these rows is beyond the end of what was to be listed."""


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
        last, keys = last.translate(_FOLDERS_FIRST), _translated(keys)
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


def placed(key: bytes, order: str) -> bytes:
    """What places a key in that order."""
    return key.translate(_FOLDERS_FIRST) if order == FOLDERS else key


def _translated(keys: Sequence[bytes]) -> Sequence[bytes]:
    """The keys so that the order of their bytes is that of folders; all at once where no key holds a line's end."""
    found = b"\n".join(keys).translate(_FOLDERS_FIRST).split(_FOLDERS_FIRST[10:11])
    return found if len(found) == len(keys) else [key.translate(_FOLDERS_FIRST) for key in keys]
