"""Names of SIDs, as the host knows them ([MS-LSAT] 3.1.4.11); bytes only, no I/O."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from connectors.smb import rpc
from connectors.smb.sids import Principal, told

SERVICE = rpc.service("lsarpc", "the security authority", "12345778-1234-abcd-ef00-0123456789ab", 0)
LOOKUP_SIDS, OPEN_POLICY = 15, 44

_LOOKUP_NAMES = 0x0800
_WORKSTATION = 1  # look in the host's own database and in its domains
_HANDLE = 20
_SOME_NOT_MAPPED, _NONE_MAPPED = 0x00000107, 0xC0000073
_MOST = 20_480  # what Windows answers at most


def open_policy() -> bytes:
    """Ask for a handle that may look up names, and no more."""
    return struct.pack("<I", 0) + struct.pack("<IIIIII", 24, 0, 0, 0, 0, 0) + struct.pack("<I", _LOOKUP_NAMES)


def policy(stub: bytes) -> bytes:
    """The handle in the answer to ``open_policy``.

    Raises:
        RpcError: when the server refused it.
    """
    if len(stub) != _HANDLE + 4:
        raise rpc.RpcError("the security authority gave no handle")
    (status,) = struct.unpack_from("<I", stub, _HANDLE)
    if status:
        raise rpc.RpcError(f"names of SIDs were refused ({status:#010x})")
    return stub[:_HANDLE]


def portions(sids: Iterable[str]) -> Iterator[list[str]]:
    """As many SIDs at a time as one request has room for."""
    portion: list[str] = []
    room = rpc.LONGEST_REQUEST - 64
    for sid in sids:
        cost = 4 + len(_packed(sid))
        if portion and cost > room:
            yield portion
            portion, room = [], rpc.LONGEST_REQUEST - 64
        portion.append(sid)
        room -= cost
    if portion:
        yield portion


def lookup(handle: bytes, sids: list[str]) -> bytes:
    """Ask for the names of SIDs."""
    count = len(sids)
    stub = handle + struct.pack("<III", count, 0x20000, count)
    stub += b"".join(struct.pack("<I", 0x20004 + 4 * i) for i in range(count)) + b"".join(_packed(s) for s in sids)
    return stub + struct.pack("<IIHxxI", 0, 0, _WORKSTATION, 0)


def _packed(sid: str) -> bytes:
    _s, revision, authority, *parts = sid.split("-")
    number = int(authority, 0)
    head = struct.pack("<IBB", len(parts), int(revision), len(parts)) + number.to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *map(int, parts))


def names(stub: bytes, sids: list[str]) -> dict[str, Principal]:
    """The principals in the answer to ``lookup``; SIDs of nobody are left out.

    Raises:
        RpcError: when the server refused, or its answer contradicts itself.
    """
    try:
        (status,) = struct.unpack_from("<I", stub, len(stub) - 4)
        if status == _NONE_MAPPED:
            return {}
        if status not in {0, _SOME_NOT_MAPPED}:
            raise rpc.RpcError(f"names of SIDs were refused ({status:#010x})")
        return _names(stub, sids)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise rpc.RpcError(f"the names of SIDs are cut off: {error}") from None


def _names(stub: bytes, sids: list[str]) -> dict[str, Principal]:
    (there,) = struct.unpack_from("<I", stub)
    domains, at = _domains(stub, 4) if there else ([], 4)
    count, array = struct.unpack_from("<II", stub, at)
    if not array:
        return {}
    if count != len(sids):
        raise rpc.RpcError(f"{len(sids)} SIDs were asked for, {count} answered")
    at += 12
    heads = [struct.unpack_from("<HxxHHIi", stub, at + 16 * i) for i in range(count)]
    at += 16 * count
    found = {}
    for sid, (use, _length, _room, buffer, domain) in zip(sids, heads, strict=True):
        name, at = rpc.text(stub, at) if buffer else ("", at)
        if 0 <= domain < len(domains) and domains[domain] and name:
            name = f"{domains[domain]}\\{name}"
        principal = told(sid, name, use)
        if principal is not None:
            found[sid] = principal
    return found


def _domains(stub: bytes, at: int) -> tuple[list[str], int]:
    count, array, _most = struct.unpack_from("<III", stub, at)
    at += 12
    if not array:
        return [], at
    if count > _MOST:
        raise rpc.RpcError(f"the answer claims {count} domains")
    at += 4
    heads = [struct.unpack_from("<HHII", stub, at + 12 * i) for i in range(count)]
    at += 12 * count
    found = []
    for _length, _room, buffer, sid in heads:
        name, at = rpc.text(stub, at) if buffer else ("", at)
        found.append(name)
        if sid:
            (parts,) = struct.unpack_from("<I", stub, at)
            at += 4 + 8 + 4 * parts
    return found, at
