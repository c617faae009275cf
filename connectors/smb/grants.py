"""What security descriptors say, in the words of the catalog, and whether one says anything new; bytes in, rows out.

Rows at a folder describe every folder beneath it that has none: those have the very same entries. For a file without
rows those of its folder hold that reach beneath it, apart from listing and passing through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from connectors.smb import sids
from connectors.smb.descriptor import Ace, Descriptor, is_whole, native, rights, specific
from connectors.smb.listing import word
from connectors.smb.sids import Principal
from scanner.model import Columns
from scanner.schema import GRANT

_COLUMNS = (
    "path", "grantee", "grantee_kind", "right", "effect", "inherited", "origin", "grantee_id", "native", "scope",
    "condition",
)  # fmt: skip
_NO_MATTER_TO_FILES = frozenset({"list", "execute"})
_PART = "part of the right only"
_OVERTAKEN = "stands behind entries that allow it"


class Said(NamedTuple):
    """One right that a descriptor gives or denies."""

    sid: str
    right: str
    allow: bool
    inherited: bool | None
    native: str
    scope: str
    condition: str | None
    meant: int
    """The mask with its generic rights spelt out."""


def table() -> Columns:
    """Rows of ``GRANT`` to be filled by ``add``."""
    return Columns(GRANT, _COLUMNS)


def add(
    rows: Columns, path: str, told: Descriptor, known: dict[str, Principal], *, is_folder: bool, origin: str = "nt_acl"
) -> None:
    """Add what a descriptor says of a path; ``known`` has every SID it names, and Everyone."""
    for each in dict.fromkeys(said(told, is_folder=is_folder, on_share=origin == "share_acl")):
        who = known[each.sid]
        # A right of the nameless is one of everybody, who may come without a name. What they are denied, others keep.
        kind = "group" if who.kind == "everyone" and not each.allow and each.sid != sids.EVERYONE else who.kind
        rows.add(
            path, word(who.name), kind, each.right, "allow" if each.allow else "deny", each.inherited, origin, each.sid,
            each.native, each.scope, each.condition,
        )  # fmt: skip


def said(told: Descriptor, *, is_folder: bool, on_share: bool = False) -> Iterator[Said]:
    """Every right that a descriptor gives or denies; of a share as a whole all its entries hold everywhere."""
    whole = "both" if is_folder else "this"
    if told.owner and not on_share:
        yield Said(told.owner, "owner", True, None, "OWNER", whole, None, 0)
    if told.aces is None:
        yield Said(sids.EVERYONE, "full", True, False, "NULL DACL", whole, None, 0)
        return
    is_empty = True
    for ace, condition in _in_order(told.aces):
        if not (is_folder or ace.is_here):
            continue
        files = on_share or not is_folder or ace.reaches_files
        folders = on_share or (is_folder and (ace.is_here or ace.reaches_folders))
        scope = "both" if on_share else (ace.scope if is_folder else "this")
        for right in rights(ace.mask, folders=folders, files=files):
            is_part = not (ace.allow or is_whole(ace.mask, right, of_folder=is_folder))
            why = "; ".join(filter(None, (ace.condition, condition, _PART if is_part else None))) or None
            is_empty = False
            yield Said(ace.sid, right, ace.allow, ace.is_inherited, native(ace.mask), scope, why, specific(ace.mask))
    if is_empty:  # told, lest the rights of the folder above, or none on the share, be taken to hold
        yield Said(
            sids.EVERYONE, "full", False, False, "nothing granted" if told.aces else "empty DACL", whole, None, 0
        )


def _in_order(aces: tuple[Ace, ...]) -> Iterator[tuple[Ace, str | None]]:
    """Each entry, and why a denial may come too late: entries count in their order, which catalogs do not keep."""
    allowed: dict[tuple[bool, str], int] = {}
    for ace in aces:
        by = (ace.is_inherited, "" if ace.sid == sids.EVERYONE else ace.sid)
        mask = specific(ace.mask)
        if ace.allow:
            for who in {ace.sid, ""}:
                allowed[ace.is_inherited, who] = allowed.get((ace.is_inherited, who), 0) | mask
        yield ace, _OVERTAKEN if not ace.allow and allowed.get(by, 0) & mask else None


def goes_without_saying(found: Descriptor, above: Descriptor, *, is_folder: bool) -> bool:
    """Whether the rows of the folder above say all that there is to say of what is in it."""
    if is_folder:
        return found is above or _entries(found) == _entries(above)
    handed = {
        (each.sid, each.right, each.allow, each.condition)
        for each in said(above, is_folder=True)
        if each.scope != "this" and each.sid not in {sids.CREATOR_OWNER, sids.CREATOR_GROUP}
    }
    own = {(each.sid, each.right, each.allow, each.condition) for each in said(found, is_folder=False)}
    return _of_files(own) == _of_files(handed)


def _entries(told: Descriptor) -> set[Said]:
    """What a folder's rows come to, however they got there and were written down."""
    return {each._replace(inherited=None, native="") for each in said(told, is_folder=True)}


def _of_files(rows: set[tuple[str, str, bool, str | None]]) -> set[tuple[str, str, bool, str | None]]:
    return {row for row in rows if row[1] not in _NO_MATTER_TO_FILES}
