"""Containers that the tests make themselves: zips, compound files (OLE), packed macros."""

from __future__ import annotations

import io
import struct
import zipfile

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def zipped(members: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return held.getvalue()


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3 with these streams; a slash in a name stands for a storage around it.

    Streams are filled up with zeros to 4,096 bytes, beneath which they would stand in a container of their own.
    """
    entries: list[dict[str, int | str]] = [{"name": "Root Entry", "type": 5, "child": _FREE, "start": _END, "size": 0}]
    places = {"": 0}
    body, chain = b"", []  # the sectors behind the directory's, and for each the next one
    directory_sectors = (len(streams) + len({n.rpartition("/")[0] for n in streams}) + 4) // 4 + 1
    first = 1 + directory_sectors

    def add(entry: dict[str, int | str], parent: int) -> int:
        entry["right"] = entries[parent]["child"]
        entries[parent]["child"] = len(entries)
        entries.append(entry)
        return len(entries) - 1

    for name, content in streams.items():
        folder, _, last = name.rpartition("/")
        if folder not in places:
            places[folder] = add({"name": folder, "type": 1, "child": _FREE, "start": 0, "size": 0}, 0)
        padded = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0")
        start, count = first + len(chain), len(padded) // 512
        add({"name": last, "type": 2, "child": _FREE, "start": start, "size": len(padded)}, places[folder])
        chain += [start + n + 1 for n in range(count - 1)] + [_END]
        body += padded
    table = [_FAT] + [n + 2 for n in range(directory_sectors - 1)] + [_END] + chain
    assert len(table) <= 128, "one sector of the allocation table is all that is made"
    fat = struct.pack("<128I", *table, *[_FREE] * (128 - len(table)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0, 0)
    head += struct.pack("<108I", *[_FREE] * 108)
    directory = b"".join(_entry(e) for e in entries).ljust(directory_sectors * 512, b"\0")
    return head + fat + directory + body


def _entry(entry: dict[str, int | str]) -> bytes:
    name = str(entry["name"]).encode("utf-16-le") + b"\0\0"
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(name), entry["type"], 1, _FREE, entry.get("right", _FREE), entry["child"])
        + bytes(16 + 4 + 16)
        + struct.pack("<IQ", entry["start"], entry["size"])
    )


def squeezed(code: str) -> bytes:
    """Macro source as a compressed container of [MS-OVBA] holds it, all of it as letters."""
    content, out = code.encode("cp1252"), b"\x01"
    for at in range(0, len(content), 3_600):
        letters = content[at : at + 3_600]
        packed = b"".join(b"\0" + letters[n : n + 8] for n in range(0, len(letters), 8))
        out += struct.pack("<H", 0xB000 | (len(packed) + 2 - 3)) + packed
    return out


def macro_project(code: str, storage: str = "VBA") -> bytes:
    """A project of one module, with what compilers leave before its source."""
    source = 'Attribute VB_Name = "Module1"\n' + code
    return compound({f"{storage}/dir": b"\x01\x00\xb0", f"{storage}/Module1": bytes(64) + squeezed(source)})
