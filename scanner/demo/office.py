"""The ordinary files of a council department: years of folders, documents of many kinds, copies and leftovers."""

from __future__ import annotations

import calendar
import os
import random
from importlib import resources
from pathlib import Path

from scanner.demo.content import content

TEAMS = ("Finance", "Housing", "Planning", "Licensing", "Parking", "Legal", "Elections", "Records")
PEOPLE = ("a.okafor", "b.lindqvist", "c.mcallister", "d.rahman", "e.szabo", "f.oconnor", "g.haines", "h.patel")
SUBJECTS = (
    "Budget", "Invoice", "Minutes", "Contract", "Tenancy agreement", "Inspection", "Objection letter", "Site plan",
    "Permit", "Appeal", "Survey", "Payroll run", "Purchase order", "Risk register", "Case notes", "Annual return",
)  # fmt: skip
FIRST_YEAR, LAST_YEAR = 2004, 2025

_ACCESS = b"\0\1\0\0Standard Jet DB\0" + b"\0" * 2028
_SQL_BACKUP = b"TAPE\0\0\3\0" + b"\0" * 504

KINDS: tuple[tuple[str, int, int], ...] = (
    (".pdf", 22, 90_000), (".docx", 16, 40_000), (".xlsx", 12, 60_000), (".doc", 9, 50_000), (".xls", 8, 70_000),
    (".msg", 7, 30_000), (".jpg", 6, 120_000), (".txt", 5, 3_000), (".csv", 5, 25_000), (".xml", 2, 9_000),
    (".tmp", 2, 500), (".zip", 2, 80_000), (".ppt", 2, 90_000), (".tif", 2, 150_000),
)  # fmt: skip
"""Extension, weight, typical size in bytes."""


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
    for name, left in leftovers.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(left)
    os.link(root / "Finance" / "2012" / _first(root / "Finance" / "2012"), root / "Finance" / "year-end (linked)")
    scans = root / "Scans"
    scans.mkdir()
    scans.chmod(0o777)  # everybody's scanner drops its pages here
    _fill(scans, rng, 40)
    os.mkfifo(root / "Parking" / "tools" / "gate.pipe")


def _fill(folder: Path, rng: random.Random, files: int, year: int | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = [k[1] for k in KINDS]
    for number in range(files):
        suffix, _, typical = rng.choices(KINDS, weights)[0]
        stamp = f" {year}-{rng.randint(1, 12):02d}" if year else ""
        file = folder / f"{rng.choice(SUBJECTS)}{stamp} {number:03d}{suffix}"
        spread = 0.8 if suffix in {".docx", ".xlsx", ".zip"} else 1
        size = min(int(rng.lognormvariate(0, spread) * typical / 10), 400_000)
        file.write_bytes(content(suffix, rng, size))


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
