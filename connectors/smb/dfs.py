"""DFS referrals: where a link leads ([MS-DFSC] 2.2), as bytes, without I/O."""

from __future__ import annotations

import struct

_NEWEST = 4
_HEAD = 8


def request(path: str) -> bytes:
    r"""Ask where ``\host\share\link`` leads."""
    return struct.pack("<H", _NEWEST) + (path + "\0").encode("utf-16-le", "surrogatepass")


def first_target(answer: bytes) -> tuple[int, str]:
    r"""How many characters of the path asked for the link covers, and its first target as ``\host\share\path``.

    Raises:
        ValueError: when the answer names no target, or contradicts itself.
    """
    try:
        consumed, count = struct.unpack_from("<HH", answer)
        version, _size, _type, flags = struct.unpack_from("<HHHH", answer, _HEAD)
        # Versions 2 to 4 differ in what stands before the three offsets; 1 is older than any server with SMB 2.
        at = _HEAD + {2: 16, 3: 12, 4: 12}[version]
        _path, _alternate, target = struct.unpack_from("<HHH", answer, at)
    except (struct.error, KeyError) as error:
        raise ValueError(f"the DFS referral is cut off: {error}") from None
    if not count or flags & 0x0002 or not target:  # a list of domain controllers is no target
        raise ValueError("the DFS referral names no target")
    begin = _HEAD + target
    end = begin
    while end + 2 <= len(answer) and answer[end : end + 2] != b"\0\0":
        end += 2
    return consumed // 2, answer[begin:end].decode("utf-16-le", "surrogatepass")
