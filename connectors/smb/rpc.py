"""As much of DCE/RPC as a few calls over named pipes need; bytes only, no I/O.

Layouts are those of [C706] 12.6 (PDUs) and [MS-RPCE] 2.2.5 (NDR strings).
"""

from __future__ import annotations

import struct
import uuid
from typing import NamedTuple

ROOM = 65536
"""Most bytes one answer is asked for."""

_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
_REQUEST, _RESPONSE, _FAULT, _BIND, _BIND_ACK = 0, 2, 3, 11, 12
_FIRST_AND_LAST = 0x03
_LAST = 0x02
_FRAGMENT = 4280  # what Windows offers; every server takes it
_HEAD = 16
LONGEST_REQUEST = 4096
"""Bytes of a request's stub that fit one fragment."""


class RpcError(Exception):
    """The server would not answer a call; says why."""


class Service(NamedTuple):
    """An interface and the pipe it is reached through."""

    pipe: str
    what: str
    interface: bytes


def service(pipe: str, what: str, interface: str, version: int) -> Service:
    """The interface of that number and version."""
    return Service(pipe, what, uuid.UUID(interface).bytes_le + struct.pack("<I", version))


def bind(asked: Service) -> bytes:
    """The PDU that opens the conversation."""
    body = struct.pack("<HHIBxxxHBx", _FRAGMENT, _FRAGMENT, 0, 1, 0, 1) + asked.interface + _NDR
    return _pdu(_BIND, 1, body)


def bound(asked: Service, answer: bytes) -> None:
    """Check the answer to ``bind``: the server knows the interface, and takes the one encoding there is.

    Raises:
        RpcError: when it does not.
    """
    refusal = RpcError(f"the server refused {asked.what} ({asked.pipe})")
    if len(answer) < _HEAD + 10 or answer[2] != _BIND_ACK:
        raise refusal
    (name,) = struct.unpack_from("<H", answer, _HEAD + 8)
    at = _HEAD + 10 + name
    at += -at % 4
    if len(answer) < at + 6 or struct.unpack_from("<BxxxH", answer, at) != (1, 0):
        raise refusal


def request(number: int, stub: bytes) -> bytes:
    """The PDU of one call."""
    return _pdu(_REQUEST, 2, struct.pack("<IHH", len(stub), 0, number) + stub)


def _pdu(kind: int, call: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, _FIRST_AND_LAST, 0x10, _HEAD + len(body), 0, call) + body


def missing(answer: bytes | bytearray, at: int = 0) -> int | None:
    """Where the fragment begins that is cut off or still to come; None where the last is there. ``at``: look from.

    Raises:
        RpcError: for a fragment of no length.
    """
    while at + _HEAD <= len(answer):
        length = int.from_bytes(answer[at + 8 : at + 10], "little")
        if length < _HEAD:
            raise RpcError("the server sent an empty fragment")
        if at + length > len(answer):
            return at
        if answer[at + 3] & _LAST:
            return None
        at += length
    return at


def answered(answer: bytes) -> bytes:
    """What a call returned, out of all fragments of the answer.

    Raises:
        RpcError: when the server refused the call, or sent something else.
    """
    stub, at = bytearray(), 0
    while at < len(answer):
        length = int.from_bytes(answer[at + 8 : at + 10], "little")
        if answer[at + 2 : at + 3] == bytes([_FAULT]):
            if at + 28 > len(answer):
                raise RpcError("the call failed")
            (status,) = struct.unpack_from("<I", answer, at + 24)
            raise RpcError(f"the call failed with {status:#010x}")
        if answer[at + 2 : at + 3] != bytes([_RESPONSE]) or length < _HEAD + 8:
            raise RpcError("the server sent something else than an answer")
        stub += answer[at + _HEAD + 8 : at + length]
        at += length
    return bytes(stub)


def name(value: str) -> bytes:
    """A string with its closing NUL."""
    raw = (value + "\0").encode("utf-16-le", "surrogatepass")
    length = len(raw) // 2
    return struct.pack("<III", length, 0, length) + raw + bytes(-len(raw) % 4)


def text(stub: bytes, at: int) -> tuple[str, int]:
    """The string at a position, and where the next thing begins."""
    _most, offset, length = struct.unpack_from("<III", stub, at)
    begin, end = at + 12, at + 12 + 2 * length
    if offset or end > len(stub):
        raise RpcError("a name in the answer is cut off")
    return stub[begin:end].decode("utf-16-le", "surrogatepass").rstrip("\0"), end + (-end % 4)
