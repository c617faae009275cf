"""Puts the demo department together: a home drive, a records share, and the licensing database."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from scanner.demo import database, hostile, office

SEED = 1834
"""The same seed gives the same estate, to the byte and the second."""


@dataclass(frozen=True, slots=True)
class Department:
    """Where the parts of the estate are."""

    root: Path
    homes: Path
    records: Path
    licensing: Path


def build(root: Path, *, seed: int = SEED, files: int = 4000) -> Department:
    """Make the department in an empty folder; ``files`` is about how many files the two trees hold together.

    Raises:
        FileExistsError: the folder is not empty.
    """
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise FileExistsError(str(root))
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    made = Department(root, root / "homes", root / "records", root / "databases" / "licensing.db")
    office.homes(made.homes, rng, files // 4)
    office.records(made.records, rng, files - files // 4)
    hostile.plant(made.records / "Correspondence" / "Incoming")
    database.licensing(made.licensing, rng)
    # The same database once more, where nobody looks for it: what a security team wants to hear of.
    database.permits(made.records / "Parking" / "tools" / "permits.sqlite", rng)
    office.settle_times(root, rng)
    return made
