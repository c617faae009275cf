"""What a file system says of itself ([MS-FSCC] 2.5), as settings; bytes only, no I/O."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from connectors.smb import listing

VOLUME, ATTRIBUTES, FULL_SIZE = 1, 5, 7
"""Classes of information on a file system."""

_FEATURES = {
    0x00000008: "access lists",
    0x00000010: "compression",
    0x00000020: "quotas",
    0x00000040: "sparse files",
    0x00000080: "reparse points",
    0x00000100: "remote storage",
    0x00010000: "object ids",
    0x00020000: "encryption",
    0x00040000: "named streams",
    0x00400000: "hard links",
    0x00800000: "extended attributes",
    0x02000000: "change journal",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CASE_SENSITIVE, _CASE_KEPT, _READ_ONLY = 0x1, 0x2, 0x00080000


def attributes(raw: bytes) -> dict[str, str | None]:
    """Name of the file system, whether case tells names apart, longest name, and what else it can hold."""
    flags, longest, length = struct.unpack_from("<III", raw)
    return {
        "file_system": raw[12 : 12 + length].decode("utf-16-le", "replace").rstrip("\0"),
        "case_sensitive": _yes(flags & _CASE_SENSITIVE),
        "case_preserved": _yes(flags & _CASE_KEPT),
        "longest_name": str(longest),
        "read_only_volume": _yes(flags & _READ_ONLY),
        "file_system_features": ", ".join(name for bit, name in _FEATURES.items() if flags & bit),
    }


def sizes(raw: bytes) -> dict[str, str | None]:
    """Bytes in all, free, and free for this account."""
    total, allowed, free, sectors, sector = struct.unpack_from("<qqqII", raw)
    unit = sectors * sector
    return {
        "total_bytes": str(total * unit),
        "free_bytes": str(free * unit),
        "available_bytes": str(allowed * unit),
        "allocation_unit_bytes": str(unit),
    }


def label(raw: bytes) -> dict[str, str | None]:
    """Name, serial number and age of the volume; the serial number tells that two shares lie on the same one."""
    created, serial, length = struct.unpack_from("<QII", raw)
    return {
        "volume_label": raw[18 : 18 + length].decode("utf-16-le", "replace").rstrip("\0"),
        "volume_serial": f"{serial:08x}",
        "volume_created": _date(listing.time(created)),
    }


def _yes(bit: int) -> str:
    return "yes" if bit else "no"


def _date(made: int | None) -> str | None:
    try:
        return None if made is None else str(_EPOCH + timedelta(microseconds=made))
    except OverflowError:  # no year anybody counts
        return None
