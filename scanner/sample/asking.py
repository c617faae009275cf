"""Which extractors a path is for, found in a few steps: asked of every entry that is listed, millions of times."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

from scanner.extractor import Extractor
from scanner.extractors.registry import extractors

SMALL = 64 << 10
"""Bytes of the largest file that is opened though nothing is known of its name: if it is text, it may name a store."""
ARCHIVED = 32 << 20
"""Bytes of an archive that are looked through."""
ZIPS = frozenset({"zip", "jar", "war", "ear"})
TARS = frozenset({"tar", "tgz"})
GZIPS = frozenset({"gz"})
ARCHIVES = ZIPS | TARS | GZIPS
"""Endings of archives whose members are read in place, unless an extractor wants the archive as it is."""
FORMS: dict[str, str] = {
    **dict.fromkeys(("mdb", "accdb", "mde", "accde", "mdt", "accdt", "accdr", "mda", "accda", "mdw"), "access"),
    **dict.fromkeys(("sqlite", "sqlite3", "sqlite2", "db3", "s3db", "sl3", "gpkg", "mbtiles"), "sqlite"),
    **dict.fromkeys(("dbf", "dbc"), "dbase"),
    **dict.fromkeys(("mdf", "ndf", "ldf"), "SQL Server"),
    **dict.fromkeys(("fdb", "gdb", "ib"), "Firebird"),
    **dict.fromkeys(("frm", "ibd", "myi"), "MySQL"),
    "duckdb": "DuckDB", "nsf": "Lotus Notes", "fp5": "FileMaker", "fp7": "FileMaker", "fmp12": "FileMaker",
}  # fmt: skip
"""Endings that say one thing; content that is another is worth a note."""


def ending(name: str) -> str:
    """A name's last part behind a dot, in lower case; '' where it has none."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The extractors by what they go by; ``of`` answers as ``registry.wanting`` does."""

    order: tuple[Extractor, ...]
    endings: dict[str, frozenset[int]]
    names: dict[str, frozenset[int]]
    patterns: tuple[tuple[int, re.Pattern[str]], ...]
    any_pattern: re.Pattern[str] | None
    others: tuple[int, ...]
    """Those that decide in a way of their own: they take what has an unknown name."""

    def by_name(self, path: str) -> bool:
        """Whether an extractor asks for files of such a name, rather than for any there are."""
        lower = path.lower()
        name = lower.rpartition("/")[2]
        return (
            ending(name) in self.endings
            or name in self.names
            or (self.any_pattern is not None and self.any_pattern.match(lower) is not None)
        )

    def of(self, path: str) -> tuple[Extractor, ...]:
        """The extractors that are for a file of this canonical path, in the order they are asked."""
        lower = path.lower()
        name = lower.rpartition("/")[2]
        found = self.endings.get(ending(name), frozenset()) | self.names.get(name, frozenset())
        if self.any_pattern is not None and self.any_pattern.match(lower):
            found |= {n for n, pattern in self.patterns if pattern.match(lower)}
        found |= {n for n in self.others if self.order[n].wants(lower)}
        return tuple(self.order[n] for n in sorted(found))


def index(order: Iterable[Extractor]) -> Asked:
    """An index of some extractors."""
    every = tuple(order)
    endings: dict[str, set[int]] = {}
    names: dict[str, set[int]] = {}
    for number, extractor in enumerate(every):
        for last in extractor.endings:
            endings.setdefault(last, set()).add(number)
        for name in extractor.names:
            names.setdefault(name, set()).add(number)
    globs = [(n, p) for n, e in enumerate(every) for p in e.patterns]
    return Asked(
        every,
        {k: frozenset(v) for k, v in endings.items()},
        {k: frozenset(v) for k, v in names.items()},
        tuple((n, re.compile(translate(p))) for n, p in globs),
        re.compile("|".join(translate(p) for _, p in globs)) if globs else None,
        tuple(n for n, e in enumerate(every) if type(e).wants is not Extractor.wants),
    )


@functools.cache
def asked() -> Asked:
    """The index of every extractor there is."""
    return index(extractors())


def most_read(path: str, size: int | None) -> int | None:
    """How many bytes of a file are read at the utmost for what it refers to; None where it is not opened for that.

    0 stands for a file that could only be read whole and is too long for that, which is told of it.
    """
    last = ending(path.rpartition("/")[2])
    if asked().by_name(path):
        bounds = [e.most for e in asked().of(path) if not e.whole or size is None or size <= e.most]
        return _bounded(max(bounds, default=0), size)
    if last in ARCHIVES:
        return _bounded(ARCHIVED, size)
    if size is not None and size <= SMALL and last not in FORMS and asked().of(path):
        return size
    return None


def _bounded(most: int, size: int | None) -> int:
    return most if size is None else min(most, size)
