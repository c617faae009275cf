"""NetrShareEnum: the shares of a host, as much of DCE/RPC as this one call needs; bytes only, no I/O.

Layouts are those of [C706] 12.6 (PDUs), [MS-SRVS] 3.1.4.8 (the call) and [MS-RPCE] 2.2.5 (NDR strings).
"""

from __future__ import annotations

import struct
import uuid
from typing import NamedTuple

PIPE = "srvsvc"
ROOM = 65536
"""Most bytes one answer is asked for."""

_SRVSVC = uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes_le + struct.pack("<I", 3)
_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
_REQUEST, _RESPONSE, _FAULT, _BIND, _BIND_ACK = 0, 2, 3, 11, 12
_FIRST_AND_LAST = 0x03
_LAST = 0x02
_SHARE_ENUM = 15
_FRAGMENT = 4280  # what Windows offers; every server takes it
_HEAD = 16
_MOST_SHARES = 100_000

_DISK = 0
_KINDS = {0: "disk", 1: "printer", 2: "device", 3: "ipc"}
_SPECIAL = 0x80000000
_MORE_DATA = 234
_ERRORS = {5: "access denied", 50: "not supported", 124: "level not supported", _MORE_DATA: "more data"}


class RpcError(Exception):
    """The server would not list its shares; says why."""


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


def bind() -> bytes:
    """The PDU that opens the conversation."""
    body = struct.pack("<HHIBxxxHBx", _FRAGMENT, _FRAGMENT, 0, 1, 0, 1) + _SRVSVC + _NDR
    return _pdu(_BIND, 1, body)


def enumerate_shares(host: str) -> bytes:
    """The PDU that asks for all shares, names and types and remarks (level 1)."""
    name = ("\\\\" + host + "\0").encode("utf-16-le")
    length = len(name) // 2
    stub = struct.pack("<IIII", 0x20000, length, 0, length) + name + bytes(-len(name) % 4)
    stub += struct.pack("<IIIII", 1, 1, 0x20004, 0, 0)  # level, switch, container with no entries in it
    stub += struct.pack("<III", 0xFFFFFFFF, 0x20008, 0)  # no limit; resume handle 0
    return _pdu(_REQUEST, 2, struct.pack("<IHH", len(stub), 0, _SHARE_ENUM) + stub)


def _pdu(kind: int, call: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, _FIRST_AND_LAST, 0x10, _HEAD + len(body), 0, call) + body


def bound(answer: bytes) -> None:
    """Check the answer to ``bind``."""
    if len(answer) < _HEAD or answer[2] != _BIND_ACK:
        raise RpcError("the server refused the share service (srvsvc)")


def missing(answer: bytes) -> bool:
    """Whether more of the answer must be read: a fragment is cut off, or none is the last."""
    at = 0
    while at + _HEAD <= len(answer):
        length = int.from_bytes(answer[at + 8 : at + 10], "little")
        if length < _HEAD:
            raise RpcError("the share service sent an empty fragment")
        if answer[at + 3] & _LAST:
            return at + length > len(answer)
        at += length
    return True


def shares(answer: bytes) -> list[Share]:
    """The shares in a whole answer to ``enumerate_shares``.

    Raises:
        RpcError: when the server refused, or its answer contradicts itself.
    """
    try:
        return _shares(_stub(answer))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise RpcError(f"the share list is cut off: {error}") from None


def _stub(answer: bytes) -> bytes:
    stub, at = b"", 0
    while at < len(answer):
        length = int.from_bytes(answer[at + 8 : at + 10], "little")
        if answer[at + 2] == _FAULT:
            (status,) = struct.unpack_from("<I", answer, at + 24)
            raise RpcError(f"the share service failed with {status:#010x}")
        if answer[at + 2] != _RESPONSE or length < _HEAD + 8:
            raise RpcError("the share service sent something else than an answer")
        stub += answer[at + _HEAD + 8 : at + length]
        at += length
    return stub


def _shares(stub: bytes) -> list[Share]:
    (status,) = struct.unpack_from("<I", stub, len(stub) - 4)
    if status not in {0, _MORE_DATA}:
        raise RpcError(f"the share list was refused: {_ERRORS.get(status, 'error')} ({status})")
    _level, _switch, container, count, buffer = struct.unpack_from("<5I", stub)
    if not container or not buffer or not count:
        return []
    if count > _MOST_SHARES:
        raise RpcError(f"the share list claims {count} shares")
    heads = [struct.unpack_from("<III", stub, 24 + 12 * i) for i in range(count)]
    at = 24 + 12 * count
    found = []
    for name_at, kind, remark_at in heads:
        name, at = _text(stub, at) if name_at else ("", at)
        remark, at = _text(stub, at) if remark_at else ("", at)
        found.append(Share(name, _KINDS.get(kind & 0xFF, str(kind & 0xFF)), bool(kind & _SPECIAL), remark))
    if status == _MORE_DATA:
        raise RpcError(f"the share list breaks off after {count} shares")
    return found


def _text(stub: bytes, at: int) -> tuple[str, int]:
    _most, offset, length = struct.unpack_from("<III", stub, at)
    begin, end = at + 12, at + 12 + 2 * length
    if offset or end > len(stub):
        raise RpcError("a name in the share list is cut off")
    return stub[begin:end].decode("utf-16-le").rstrip("\0"), end + (-end % 4)
