"""Shortcuts: .lnk in the binary form Microsoft documents as MS-SHLLINK, .url and .rdp as settings."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine, Unread
from scanner.extractors.decode import decode
from scanner.extractors.finding import found
from scanner.extractors.quoting import quoted

_CLASS = bytes.fromhex("0114020000000000c000000000000046")
_HEAD = 76
_HAS_ID_LIST, _HAS_INFO, _HAS_NAME, _HAS_RELATIVE, _HAS_FOLDER, _HAS_ARGUMENTS, _HAS_ICON, _UNICODE = (
    1,
    2,
    4,
    8,
    16,
    32,
    64,
    128,
)
_LOCAL, _NETWORK = 1, 2


def shortcut(_path: str, content: bytes) -> Iterator[Mention]:
    """What a shortcut points to: the share and the path on it, the drive it was mapped to, and its arguments."""
    if len(content) < _HEAD or content[4:20] != _CLASS or content[:4] != b"\x4c\0\0\0":
        raise NotMine
    (flags,) = struct.unpack_from("<I", content, 20)
    at = _HEAD
    try:
        if flags & _HAS_ID_LIST:
            at += 2 + struct.unpack_from("<H", content, at)[0]
        target, drive = "", ""
        if flags & _HAS_INFO:
            (size,) = struct.unpack_from("<I", content, at)
            target, drive = _target(content[at : at + size])
            at += size
        texts = dict(_texts(content, at, flags))
    except struct.error:
        raise Unread("CONTENT_DAMAGED", "the shortcut breaks off") from None
    yield from _quotes(target, drive, texts)


def _quotes(target: str, drive: str, texts: dict[int, str]) -> Iterator[Mention]:
    if target.startswith("\\\\"):
        made = quoted(target, origin="shortcut/target", kind="unc", action="reads", alias=drive or None)
    elif target[1:3] == ":\\" and target[0] not in "cC":
        made = quoted(target, origin="shortcut/target", kind="path", action="reads")
    else:
        made = None
    if made is not None:
        yield made
    for flag, name in ((_HAS_FOLDER, "folder"), (_HAS_ARGUMENTS, "arguments")):
        for one in found(texts.get(flag, "")):
            if one.text.lower() not in target.lower():
                also = quoted(
                    one.text, origin=f"shortcut/{name}", kind=None if one.kind == "connection_string" else one.kind
                )
                if also is not None:
                    yield also


def _target(info: bytes) -> tuple[str, str]:
    """The target's path and the drive letter a share was mapped to, out of a LinkInfo structure."""
    head, flags, _volume, base, network, suffix = struct.unpack_from("<IIIIII", info, 4)
    tail = _ansi(info, suffix)
    if head >= 36:
        tail = _wide(info, struct.unpack_from("<I", info, 32)[0]) or tail
    if flags & _NETWORK:
        name, device = _network(info[network:])
        if name:
            return name.rstrip("\\") + (f"\\{tail}" if tail else ""), device.upper()
    if flags & _LOCAL:
        start = _wide(info, struct.unpack_from("<I", info, 28)[0]) if head >= 36 else ""
        start = start or _ansi(info, base)
        return (start + tail if not tail or start.endswith("\\") else f"{start}\\{tail}"), ""
    return "", ""


def _network(link: bytes) -> tuple[str, str]:
    _size, _flags, name, device = struct.unpack_from("<IIII", link, 0)
    wide = _wide(link, struct.unpack_from("<I", link, 20)[0]) if name > 20 else ""
    return wide or _ansi(link, name), _ansi(link, device) if device else ""


def _ansi(data: bytes, at: int) -> str:
    if not 0 < at < len(data):
        return ""
    return data[at:].split(b"\0", 1)[0].decode("cp1252", "replace")


def _wide(data: bytes, at: int) -> str:
    if not 0 < at < len(data):
        return ""
    return data[at : at + 2048].decode("utf-16-le", "replace").split("\0", 1)[0]


def _texts(content: bytes, at: int, flags: int) -> Iterator[tuple[int, str]]:
    for flag in (_HAS_NAME, _HAS_RELATIVE, _HAS_FOLDER, _HAS_ARGUMENTS, _HAS_ICON):
        if flags & flag:
            (length,) = struct.unpack_from("<H", content, at)
            size = length * 2 if flags & _UNICODE else length
            piece = content[at + 2 : at + 2 + size]
            yield flag, piece.decode("utf-16-le" if flags & _UNICODE else "cp1252", "replace")
            at += 2 + size


def internet_shortcut(_path: str, content: bytes) -> Iterator[Mention]:
    """``URL=`` of an internet shortcut, where it is a store's."""
    text = decode(content[:100_000])
    if "[InternetShortcut]".lower() not in text.lower():
        raise NotMine
    for number, line in enumerate(text.split("\n"), start=1):
        name, mark, value = line.partition("=")
        if mark and name.strip().lower() in ("url", "workingdirectory"):
            for one in found(value.strip()):
                made = quoted(
                    one.text,
                    origin="internet-shortcut",
                    line=number,
                    action="reads",
                    kind=None if one.kind == "connection_string" else one.kind,
                )
                if made is not None:
                    yield made


def remote_desktop(_path: str, content: bytes) -> Iterator[Mention]:
    """The host of a remote desktop file."""
    text = decode(content[:100_000])
    match = re.search(r"(?im)^full address:s:([^\n]{1,255})", text)
    if match is None:
        raise NotMine
    line = text.count("\n", 0, match.start()) + 1
    made = quoted(match[1].strip(), origin="remote-desktop", line=line, kind="host", action="connects", driver="rdp")
    if made is not None:
        yield made
