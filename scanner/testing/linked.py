"""Puts linked tables into an Access file: rows of MSysObjects, as Jet 4 lays them out (mdbtools, HACKING.md)."""

from __future__ import annotations

PAGE = 4096
_CATALOG = 2  # MSysObjects is always defined on page 2
_COLUMNS = 17
_FIXED = ("Id", "ParentId", "Type", "DateCreate", "DateUpdate", "Flags")
_VARIABLE = ("Name", "Owner", "Database", "Connect", "ForeignName")


def _memo(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return (len(data) | 0x80000000).to_bytes(4, "little") + bytes(8) + data


def _row(number: int, kind: int, name: str, *, database: str = "", connect: str = "", foreign: str = "") -> bytes:
    fixed = number.to_bytes(4, "little") + (0x0F000001).to_bytes(4, "little") + kind.to_bytes(2, "little")
    fixed += bytes(8) + bytes(8) + (0).to_bytes(4, "little")
    values = [name.encode("utf-16-le"), b"", _memo(database) if database else b"", _memo(connect) if connect else b"",
              foreign.encode("utf-16-le")]  # fmt: skip
    there = [True, False, bool(database), bool(connect), bool(foreign)]
    body = _COLUMNS.to_bytes(2, "little") + fixed
    offsets = []
    for value in values:
        offsets.append(len(body))
        body += value
    offsets.append(len(body))  # where the last one ends
    body += b"".join(o.to_bytes(2, "little") for o in reversed(offsets)) + len(values).to_bytes(2, "little")
    # Bits in the columns' own order: Id, ParentId, Name, Type, both dates, Owner, Flags, Database, Connect, ForeignName
    bits = [True, True, there[0], True, True, True, there[1], True, there[2], there[3], there[4]] + [False] * 6
    mask = sum(1 << n for n, bit in enumerate(bits) if bit)
    return body + mask.to_bytes((_COLUMNS + 7) // 8, "little")


def link(file: bytes, *rows: dict[str, str | int]) -> bytes:
    """The file with further rows in its catalog; ``kind`` is 4 for ODBC and 6 for another file."""
    data = bytearray(file)
    for number, row in enumerate(rows, 1):
        new = _row(0x7000_0000 + number, int(row["kind"]), str(row["name"]),
                   **{k: str(v) for k, v in row.items() if k not in {"kind", "name"}})  # fmt: skip
        _insert(data, new)
    return bytes(data)


def _u16(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _insert(data: bytearray, row: bytes) -> None:
    for start in range(0, len(data), PAGE):
        owner = int.from_bytes(data[start + 4 : start + 8], "little")
        if data[start : start + 2] != b"\1\1" or owner != _CATALOG:
            continue
        count = _u16(data, start + 12)
        lowest = min((_u16(data, start + 14 + 2 * n) & 0x1FFF for n in range(count)), default=PAGE)
        place = lowest - len(row)
        if place <= start % PAGE + 14 + 2 * (count + 1):
            continue
        data[start + place : start + lowest] = row
        data[start + 14 + 2 * count : start + 16 + 2 * count] = place.to_bytes(2, "little")
        data[start + 12 : start + 14] = (count + 1).to_bytes(2, "little")
        rows = _CATALOG * PAGE + 16
        data[rows : rows + 4] = (int.from_bytes(data[rows : rows + 4], "little") + 1).to_bytes(4, "little")
        return
    raise AssertionError("no page of the catalog has room for the row")
