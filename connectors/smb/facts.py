"""What a host and its shares say of themselves while connecting, as settings; values of the driver in, text out."""

from __future__ import annotations

from typing import Any

from smbprotocol import Dialects
from smbprotocol.connection import Capabilities, Ciphers, SigningAlgorithms

from connectors.smb.descriptor import native

DIALECTS = {
    "2.0.2": Dialects.SMB_2_0_2,
    "2.1": Dialects.SMB_2_1_0,
    "3.0": Dialects.SMB_3_0_0,
    "3.0.2": Dialects.SMB_3_0_2,
    "3.1.1": Dialects.SMB_3_1_1,
}
HIDES = 0x0800
"""SMB2_SHAREFLAG_ACCESS_BASED_DIRECTORY_ENUM: names the account may not open are left out."""

_SIGNING_REQUIRED = 0x2  # of the server's security mode
_KINDS = {1: "disk", 2: "pipe", 3: "printer"}
_CACHING = ("manual", "automatic", "programs", "none")


def of_host(wire: Any, login: Any) -> dict[str, str | None]:
    """What was agreed on for a connection, and what the server offers."""
    signing = SigningAlgorithms.AES_CMAC if wire.dialect >= Dialects.SMB_3_0_0 else SigningAlgorithms.HMAC_SHA256
    algorithm = signing if wire.signing_algorithm_id is None else wire.signing_algorithm_id
    told: dict[str, str | None] = {
        "dialect": dialect(wire.dialect),
        "signing": "required" if wire.server_security_mode & _SIGNING_REQUIRED else "optional",
        "signing_algorithm": _name(SigningAlgorithms, algorithm),
        "encryption": "offered" if wire.supports_encryption else "not offered",
        "server_guid": str(wire.server_guid),
        "dfs": _yes(wire.server_capabilities.has_flag(Capabilities.SMB2_GLOBAL_CAP_DFS)),
        "multi_channel": _yes(wire.supports_multi_channel),
        "max_read_bytes": str(int(wire.max_read_size)),
        "clock_ahead_s": None if wire.clock_ahead_s is None else str(round(wire.clock_ahead_s)),
    }
    if login.encrypt_data:
        told["encryption"] = "on"
    if wire.supports_encryption:
        told["cipher"] = _name(Ciphers, wire.cipher_id or Ciphers.AES_128_CCM)
    return told


def of_share(tree: Any, login: Any, kind: int, flags: int, allowed: int) -> dict[str, str | None]:
    """What the answer to connecting a share said; ``allowed`` is what the account may do there at most."""
    return {
        "share_type": _KINDS.get(kind),
        "share_encryption": "on" if tree.encrypt_data or login.encrypt_data else "off",
        "dfs_root": _yes(tree.is_dfs_share),
        "continuously_available": _yes(tree.is_ca_share),
        "access_based_enumeration": _yes(flags & HIDES),
        "offline_files": _CACHING[flags >> 4 & 3],
        "account_may": native(allowed),
    }


def dialect(number: int) -> str:
    """A dialect as people write it."""
    return next((name for name, value in DIALECTS.items() if value == number), f"{number:#06x}")


def _name(names: Any, number: int) -> str:
    return next((name.replace("_", "-") for name, value in vars(names).items() if value == number), str(number))


def _yes(bit: object) -> str:
    return "yes" if bit else "no"
