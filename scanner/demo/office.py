"""The ordinary files of a council department: years of folders, documents of many kinds, copies and leftovers."""

from __future__ import annotations

import calendar
import os
import random
import struct
import zipfile
from importlib import resources
from pathlib import Path

TEAMS = ("Finance", "Housing", "Planning", "Licensing", "Parking", "Legal", "Elections", "Records")
PEOPLE = ("a.okafor", "b.lindqvist", "c.mcallister", "d.rahman", "e.szabo", "f.oconnor", "g.haines", "h.patel")
SUBJECTS = (
    "Budget", "Invoice", "Minutes", "Contract", "Tenancy agreement", "Inspection", "Objection letter", "Site plan",
    "Permit", "Appeal", "Survey", "Payroll run", "Purchase order", "Risk register", "Case notes", "Annual return",
)  # fmt: skip
FIRST_YEAR, LAST_YEAR = 2004, 2025

_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
_ACCESS = b"\0\1\0\0Standard Jet DB\0" + b"\0" * 2028
_SQL_BACKUP = b"TAPE\0\0\3\0" + b"\0" * 504

KINDS: tuple[tuple[str, bytes, int, int], ...] = (
    (".pdf", _PDF, 22, 90_000), (".docx", b"", 16, 40_000), (".xlsx", b"", 12, 60_000), (".doc", _OLE, 9, 50_000),
    (".xls", _OLE, 8, 70_000), (".msg", _OLE, 7, 30_000), (".jpg", _JPEG, 6, 120_000), (".txt", b"Note\n", 5, 3_000),
    (".csv", b"id,date,amount\n", 5, 25_000), (".xml", b"<?xml version='1.0'?><return/>\n", 2, 9_000),
    (".tmp", b"", 2, 500), (".zip", b"", 2, 80_000), (".ppt", _OLE, 2, 90_000), (".tif", b"II*\0", 2, 150_000),
)  # fmt: skip
"""Extension, first bytes, weight, typical size in bytes."""


def homes(root: Path, rng: random.Random, files: int) -> None:
    """Home drives: what people keep, with shortcuts, mail archives and the odd private database."""
    for person in PEOPLE:
        for folder in ("Documents", "Desktop", "Downloads", "Documents/Old laptop"):
            _fill(root / person / folder, rng, files // (len(PEOPLE) * 4))
    (root / PEOPLE[2] / "Documents" / "Contacts.mdb").write_bytes(_ACCESS)
    (root / PEOPLE[1] / "Desktop" / "Shared with Gill").symlink_to("../../g.haines/Documents")


def records(root: Path, rng: random.Random, files: int) -> None:
    """The records share: teams and years, a forgotten copy, configurations and scripts that point elsewhere."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    share = max(1, files // (len(TEAMS) * len(years)))
    for team in TEAMS:
        for year in years:
            _fill(root / team / str(year), rng, share, year)
    _copy_tree(root / "Finance" / "2012", root / "Finance" / "Copy of 2012 (do not use)")
    _copy_tree(root / "Legal" / "2010", root / "Archive" / "Legal backup" / "2010")
    _configurations(root)
    leftovers = {
        "Planning/GIS/old/applications.mdb": _ACCESS,
        "Housing/SQL/housing_2016_full.bak": _SQL_BACKUP + rng.randbytes(700_000),
        "Elections/register/wards.dbf": _dbase(("WARD", "POLLS"), (("Northgate", 4), ("Moorside", 6))),
    }
    for name, content in leftovers.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    os.link(root / "Finance" / "2012" / _first(root / "Finance" / "2012"), root / "Finance" / "year-end (linked)")
    scans = root / "Scans"
    scans.mkdir()
    scans.chmod(0o777)  # everybody's scanner drops its pages here
    _fill(scans, rng, 40)
    os.mkfifo(root / "Parking" / "tools" / "gate.pipe")


def _fill(folder: Path, rng: random.Random, files: int, year: int | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = [k[2] for k in KINDS]
    for number in range(files):
        suffix, head, _, typical = rng.choices(KINDS, weights)[0]
        stamp = f" {year}-{rng.randint(1, 12):02d}" if year else ""
        file = folder / f"{rng.choice(SUBJECTS)}{stamp} {number:03d}{suffix}"
        if suffix in {".docx", ".xlsx", ".zip"}:
            _package(file, rng, typical)
        else:
            size = min(int(rng.lognormvariate(0, 1) * typical / 10), 400_000)
            body = rng.randbytes(max(0, size - len(head)))
            file.write_bytes(compound("Contents", body) if head is _OLE else head + body)


def _package(file: Path, rng: random.Random, typical: int) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo("[Content_Types].xml" if file.suffix != ".zip" else "scan.txt", (2015, 1, 1, 0, 0, 0))
        archive.writestr(entry, rng.randbytes(int(rng.lognormvariate(0, 0.8) * typical / 10)))


def _copy_tree(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for file in sorted(source.iterdir()):
        (target / file.name).write_bytes(file.read_bytes())


def _first(folder: Path) -> str:
    return min(f.name for f in folder.iterdir())


def _dbase(fields: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> bytes:
    """A dBase III table of text columns, 20 characters each (format: Borland's dBase file header, 32-byte fields)."""
    header = (
        b"".join(f.encode().ljust(11, b"\0") + b"C" + b"\0" * 4 + bytes([20, 0]) + b"\0" * 14 for f in fields) + b"\r"
    )
    body = b"".join(b" " + b"".join(str(v).encode().ljust(20) for v in row) for row in rows)
    start = bytes([3, 116, 3, 31]) + len(rows).to_bytes(4, "little")
    start += (32 + len(header)).to_bytes(2, "little") + (1 + 20 * len(fields)).to_bytes(2, "little") + b"\0" * 20
    return start + header + body + b"\x1a"


def _configurations(root: Path) -> None:
    """Files that name other stores; every password in them is a placeholder. They lie ready under ``files/``."""
    with resources.as_file(resources.files("scanner.demo") / "files") as ready:
        for file in sorted(ready.rglob("*.sample")):
            target = root / file.relative_to(ready).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())


def settle_times(root: Path, rng: random.Random) -> None:
    """Give every file a date that fits its folder: a year's folder holds that year's files, most others are old."""
    for folder, names, files in sorted(os.walk(os.fsencode(root))):
        names.sort()
        for name in sorted(files):
            path = folder + b"/" + name
            year = next((int(p) for p in reversed(folder.split(b"/")) if p.isdigit() and len(p) == 4), None)
            year = year or rng.choice((2008, 2011, 2014, 2016, 2018, 2019, 2021, 2023, 2024, 2025))
            first = calendar.timegm((year, 1, 1, 9, 0, 0))
            moment = first + rng.randrange(364 * 86_400)
            os.utime(path, (moment, moment), follow_symlinks=False)


def compound(name: str, content: bytes) -> bytes:
    """A compound file of one stream: FAT, directory, content (sectors of 512 bytes; [MS-CFB] 2.2, 2.3 and 2.6)."""
    content = content.ljust(4096, b"\0")  # shorter ones would belong in the mini stream
    data = -(-len(content) // 512)
    tables = -(-(data + 1) // 127)  # each holds 128 places, one of them its own
    last, free, own, none = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
    first = tables + 1
    chain = [own] * tables + [last] + list(range(first + 1, first + data)) + [last]
    chain += [free] * (tables * 128 - len(chain))
    header = _OLE + b"\0" * 16 + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, last, 0, last, 0)
    header += struct.pack("<109I", *range(tables), *[free] * (109 - tables))
    entries = (("Root Entry", 5, 1, last, 0), (name, 2, none, first, len(content)))
    directory = b"".join(
        title.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB3I36xIQ", 2 * len(title) + 2, kind, 1, none, none, child, start, length)
        for title, kind, child, start, length in entries
    )
    table = struct.pack(f"<{len(chain)}I", *chain)
    return header + table + directory.ljust(512, b"\0") + content.ljust(data * 512, b"\0")
