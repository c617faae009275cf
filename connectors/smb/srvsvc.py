"""The shares of a host and what it says of itself and of each ([MS-SRVS] 3.1.4); bytes only, no I/O."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from connectors.smb import rpc

SERVICE = rpc.service("srvsvc", "the share service", "4b324fc8-1670-01d3-1278-5a47bf6ee188", 3)
SHARE_ENUM, SHARE_GET_INFO, SERVER_GET_INFO = 15, 16, 21
_WITH_ACL, _SERVER = 502, 101

_MOST_SHARES = 100_000
_LONGEST_ACL = 65536

_DISK = 0
_KINDS = {0: "disk", 1: "printer", 2: "device", 3: "ipc"}
_SPECIAL = 0x80000000
_MORE_DATA = 234
ERRORS = {
    5: "access denied", 50: "not supported", 53: "no such host", 124: "level not supported", _MORE_DATA: "more data",
    2310: "no such share",
}  # fmt: skip
_DENIED = 5

T = TypeVar("T")


class Refused(rpc.RpcError):
    """The service understood the call and will not answer it; ``code`` is of the registry."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(f"{what} was refused: {ERRORS.get(status, 'error')} ({status})")
        self.code = "DENIED" if status == _DENIED else "QUERY_FAILED"


class Share(NamedTuple):
    """One share as the host lists it."""

    name: str
    kind: str
    special: bool
    remark: str

    @property
    def is_store(self) -> bool:
        """Whether people keep files there: a disk share that is not one of the administrator's (C$, ADMIN$)."""
        return self.kind == "disk" and not self.special


class Guarded(NamedTuple):
    """What only the administrators of many a host are told of a share: where it lies, and its own access list."""

    path: str
    acl: bytes | None
    """A security descriptor; None where the server left it out."""


class Server(NamedTuple):
    """What the host says of itself."""

    name: str
    version: str
    roles: int
    comment: str


def _server_name(host: str) -> bytes:
    return struct.pack("<I", 0x20000) + rpc.name("\\\\" + host)


def all_shares(host: str) -> bytes:
    """Ask for all shares: names, types and remarks (level 1)."""
    stub = _server_name(host)
    stub += struct.pack("<IIIII", 1, 1, 0x20004, 0, 0)  # level, switch, container with no entries in it
    return stub + struct.pack("<III", 0xFFFFFFFF, 0x20008, 0)  # no limit; resume handle 0


def share_acl(host: str, share: str) -> bytes:
    """Ask for a share's path and access list (level 502)."""
    return _server_name(host) + rpc.name(share) + struct.pack("<I", _WITH_ACL)


def server_info(host: str) -> bytes:
    """Ask for the host's name, version and comment (level 101)."""
    return _server_name(host) + struct.pack("<I", _SERVER)


def shares(stub: bytes) -> list[Share]:
    """The shares in the answer to ``all_shares``.

    Raises:
        RpcError: when the server refused, or its answer contradicts itself.
    """
    return _parsed(_shares, stub, "the share list")


def guarded(stub: bytes) -> Guarded:
    """The share in the answer to ``share_acl``; raises as ``shares`` does."""
    return _parsed(_guarded, stub, "the share's access list")


def server(stub: bytes) -> Server:
    """The host in the answer to ``server_info``; raises as ``shares`` does."""
    return _parsed(_server, stub, "the server's version")


def _parsed(parse: Callable[[bytes], T], stub: bytes, what: str) -> T:
    try:
        (status,) = struct.unpack_from("<I", stub, len(stub) - 4)
        if status not in {0, _MORE_DATA}:
            raise Refused(what, status)
        found = parse(stub)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise rpc.RpcError(f"{what} is cut off: {error}") from None
    if status == _MORE_DATA:
        raise rpc.RpcError(f"{what} breaks off")
    return found


def _shares(stub: bytes) -> list[Share]:
    _level, _switch, container, count, buffer = struct.unpack_from("<5I", stub)
    if not container or not buffer or not count:
        return []
    if count > _MOST_SHARES:
        raise rpc.RpcError(f"the share list claims {count} shares")
    heads = [struct.unpack_from("<III", stub, 24 + 12 * i) for i in range(count)]
    at = 24 + 12 * count
    found = []
    for name_at, kind, remark_at in heads:
        name, at = rpc.text(stub, at) if name_at else ("", at)
        remark, at = rpc.text(stub, at) if remark_at else ("", at)
        found.append(Share(name, _KINDS.get(kind & 0xFF, str(kind & 0xFF)), bool(kind & _SPECIAL), remark))
    return found


def _guarded(stub: bytes) -> Guarded:
    _switch, there = struct.unpack_from("<II", stub)
    if not there:
        raise rpc.RpcError("the share's access list was left out")
    name, _kind, remark, _rights, _most, _now, path, password, size, acl = struct.unpack_from("<10I", stub, 8)
    at, local = 48, ""
    for pointer in (name, remark, path, password):
        if pointer:
            told, at = rpc.text(stub, at)
            local = told if pointer == path else local
    if not acl or not size:
        return Guarded(local, None)
    (length,) = struct.unpack_from("<I", stub, at)
    raw = stub[at + 4 : at + 4 + length]
    if length != size or length > _LONGEST_ACL or len(raw) != length:
        raise rpc.RpcError("the share's access list is cut off")
    return Guarded(local, raw)


def _server(stub: bytes) -> Server:
    _switch, there, _platform, name_at, major, minor, roles, comment_at = struct.unpack_from("<8I", stub)
    if not there:
        raise rpc.RpcError("the server's version was left out")
    at = 32
    name, at = rpc.text(stub, at) if name_at else ("", at)
    comment, at = rpc.text(stub, at) if comment_at else ("", at)
    return Server(name, f"{major & 0x0F}.{minor}", roles, comment)
