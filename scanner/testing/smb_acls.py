"""Security descriptors made for tests, and set on a real share."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Sequence

from scanner.testing import servers
from scanner.testing.servers import base

_IMPERSONATION, _READ_AND_CHANGE_RIGHTS, _SHARE_ALL, _OPEN, _AS_IT_IS = 2, 0x000E0000, 0x7, 1, 0x00200000

FULL, CHANGE, READ, WRITE = 0x001F01FF, 0x001301BF, 0x001200A9, 0x00000116
OI, CI, NP, IO, INHERITED = 1, 2, 4, 8, 0x10
EVERYONE, SYSTEM, USERS, ADMINS = "S-1-1-0", "S-1-5-18", "S-1-5-32-545", "S-1-5-32-544"
ORPHAN = "S-1-5-21-9-9-9-1105"

Given = tuple[str, int, int, str]
"""'allow' or 'deny', flags, mask, SID."""


def sid(text: str) -> bytes:
    """A SID as bytes."""
    _s, revision, authority, *parts = text.split("-")
    head = struct.pack("<BB", int(revision), len(parts)) + int(authority, 0).to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *map(int, parts))


def ace(effect: str, flags: int, mask: int, who: str) -> bytes:
    """One entry of an access list."""
    body = struct.pack("<I", mask) + sid(who)
    return struct.pack("<BBH", effect == "deny", flags, 4 + len(body)) + body


def descriptor(
    aces: Iterable[Given] | None = (),
    owner: str | None = None,
    group: str | None = None,
    *,
    protected: bool = False,
    raw: Sequence[bytes] = (),
) -> bytes:
    """A self-relative security descriptor; ``aces`` None is a NULL DACL, ``raw`` are entries as bytes."""
    control = 0x8004 | (0x1000 if protected else 0)
    tail, offsets = b"", []
    for who in (owner, group):
        offsets.append(20 + len(tail) if who else 0)
        tail += sid(who) if who else b""
    dacl = 0
    if aces is not None:
        packed = [ace(*given) for given in aces] + list(raw)
        dacl = 20 + len(tail)
        tail += struct.pack("<BBHHH", 2, 0, 8 + sum(map(len, packed)), len(packed), 0) + b"".join(packed)
    return struct.pack("<BBHIIII", 1, 0, control, *offsets, 0, dacl) + tail


def set_descriptor(server: servers.Samba, share: str, path: str, packed: bytes) -> None:
    """Set owner (where given) and access list of a file or folder, over SMB as a client would."""
    from smbprotocol.connection import Connection  # noqa: PLC0415 - the driver is an extra
    from smbprotocol.file_info import InfoType  # noqa: PLC0415
    from smbprotocol.open import Open, SMB2SetInfoRequest  # noqa: PLC0415
    from smbprotocol.session import Session  # noqa: PLC0415
    from smbprotocol.tree import TreeConnect  # noqa: PLC0415

    connection = Connection(uuid.uuid4(), server.host, server.port)
    connection.connect()
    try:
        login = Session(connection, server.user, server.password, auth_protocol="ntlm")
        login.connect()
        tree = TreeConnect(login, f"\\\\{server.host}\\{share}")
        tree.connect()
        opened = Open(tree, path)
        opened.create(_IMPERSONATION, _READ_AND_CHANGE_RIGHTS, 0x80, _SHARE_ALL, _OPEN, _AS_IT_IS)
        owner, _group = struct.unpack_from("<II", packed, 4)
        request = SMB2SetInfoRequest()
        request["info_type"] = InfoType.SMB2_0_INFO_SECURITY
        request["additional_information"] = 0x4 | (0x1 if owner else 0)
        request["file_id"] = opened.file_id
        request["buffer"] = packed
        connection.receive(connection.send(request, login.session_id, tree.tree_connect_id))
        opened.close()
    finally:
        connection.disconnect()


def sid_of(server: servers.Samba, account: str) -> str:
    """The SID of an account of the server."""
    told = base.run([base.program("pdbedit", "samba"), "-s", str(server.directory / "smb.conf"), "-v", "-u", account])
    return next(line.split()[-1] for line in told.splitlines() if line.startswith("User SID"))
