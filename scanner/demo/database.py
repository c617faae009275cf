"""The demo's SQLite databases: the licensing system, and a permit list that nobody registered."""

from __future__ import annotations

import random
import sqlite3
from importlib import resources
from pathlib import Path

_FIRST = ("Ada", "Ben", "Cleo", "Dev", "Esme", "Finn", "Gita", "Hugh")
_LAST = ("Abara", "Berg", "Chowdhury", "Dunn", "Ellis", "Faraday", "Gale", "Holt")


def licensing(file: Path, rng: random.Random) -> None:
    """The licensing database: ten tables, three views, a trigger, composite and self-referring keys."""
    file.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(file)
    try:
        db.executescript((resources.files("scanner.demo") / "licensing.sql").read_text())
        for table, rows in _rows(rng).items():
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        db.execute("ANALYZE")
        db.commit()
    finally:
        db.close()


def _rows(rng: random.Random) -> dict[str, list[tuple[object, ...]]]:
    """Rows by table. Names and addresses are made up; the domain is reserved for examples (RFC 2606)."""
    return {
        "applicant": [
            (n, _person(rng), f"19{rng.randint(40, 99)}-01-01", "NM1 1AA", f"p{n}@example.org") for n in range(400)
        ],
        "premises": [(n, f"Premises {n}", "High Street", "NM1 2BB", f"Ward {n % 7}") for n in range(250)],
        "licence_type": [("ALC", "Alcohol", 190), ("TAX", "Taxi", 95.5), ("STR", "Street trading", 310)],
        "officer": [(1, "Head of licensing", None), (2, "Officer", 1)],
        "licence": [
            (n, f"NM/{n:06d}", rng.choice(("ALC", "TAX", "STR")), rng.randrange(400), rng.randrange(250), 2,
             "2019-04-01", "2026-03-31", rng.randbytes(200))
            for n in range(1500)
        ],
        "payment": [(n, rng.randrange(1500), "2019-04-02", 95.5) for n in range(2000)],
    }  # fmt: skip


def _person(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def permits(file: Path, rng: random.Random) -> None:
    """A permit list that somebody keeps on a share."""
    file.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(file)
    try:
        db.execute("CREATE TABLE permit (plate TEXT, holder TEXT, valid_until TEXT)")
        rows = [(f"NM{rng.randint(10, 99)} XYZ", _person(rng), "2026-01-01") for _ in range(300)]
        db.executemany("INSERT INTO permit VALUES (?,?,?)", rows)
        db.commit()
    finally:
        db.close()
