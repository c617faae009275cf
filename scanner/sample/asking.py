"""Which extractors a path is for, found in a few steps: asked of every entry that is listed, millions of times."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

from scanner.extractor import Extractor
from scanner.extractors.registry import extractors

SCANNER = "text"
"""Id of the extractor that takes any text, whatever its name."""
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
KNOWN_OTHERWISE = frozenset((
    # pictures, sound, film, letters
    "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "ico", "svg", "svgz", "psd", "webp", "heic", "raw", "xcf",
    "mp3", "wav", "flac", "ogg", "oga", "m4a", "mp4", "avi", "mov", "mkv", "wmv", "webm", "mpg", "mpeg", "ttf", "otf",
    "woff", "woff2", "eot", "pfb", "afm",
    # programs and what they are built of
    "exe", "dll", "so", "a", "o", "lib", "obj", "class", "pyc", "pyd", "wasm", "sys", "ocx", "msi", "cab", "pdb", "mo",
    "deb", "rpm", "apk", "dex", "elf", "ko", "ilk", "pch", "h", "hpp", "hxx", "c", "cc", "cpp", "cxx", "s", "asm",
    # packed or encrypted
    "7z", "rar", "bz2", "xz", "lzma", "zst", "lz4", "z", "iso", "img", "vmdk", "vhd", "vhdx", "qcow2", "gpg", "pgp",
    "asc", "sig", "p7s", "p7m", "crt", "cer", "der", "pem", "key", "pfx", "p12", "jks", "kdbx", "md5", "sha1", "sha256",
    # what people write and read, which says nothing of how stores are reached
    "pdf", "ps", "eps", "djvu", "epub", "mobi", "chm", "hlp", "po", "pot", "gmo", "css", "scss", "less", "map", "woff",
    "parquet", "orc", "avro", "npy", "npz", "h5", "hdf5", "nc", "rds", "rdata", "feather", "pickle", "pkl", "dta",
))  # fmt: skip
"""Endings of which something is known: no text, or none in which a store is named. They are not opened unasked."""


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

    def of(self, path: str) -> tuple[Extractor, ...]:
        """The extractors that are for a file of this canonical path, in the order they are asked."""
        lower = path.lower()
        name = lower.rpartition("/")[2]
        found = self.endings.get(ending(name), frozenset()) | self.names.get(name, frozenset())
        if self.any_pattern is not None and self.any_pattern.match(lower):
            found |= {n for n, pattern in self.patterns if pattern.match(lower)}
        return tuple(self.order[n] for n in sorted(found))

    def any(self, path: str) -> bool:
        """Whether there is one."""
        lower = path.lower()
        name = lower.rpartition("/")[2]
        return (
            ending(name) in self.endings
            or name in self.names
            or (self.any_pattern is not None and self.any_pattern.match(lower) is not None)
        )


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
    )


@functools.cache
def asked() -> Asked:
    """The index of every extractor there is."""
    return index(extractors())


@functools.cache
def scanner() -> Extractor | None:
    """The extractor that takes any text."""
    return next((e for e in extractors() if e.id == SCANNER), None)


def known_otherwise(name: str) -> bool:
    """Whether enough is known of a name's ending for the file to be left closed where nobody asks for it."""
    last = ending(name)
    return last in KNOWN_OTHERWISE or last in FORMS or (last.isdecimal() and len(last) > 3)


def most_read(path: str, size: int | None) -> int | None:
    """How many bytes of a file are read at the utmost for what it refers to; None where it is not opened for that.

    0 stands for a file that could only be read whole and is too long for that, which is told of it.
    """
    wanted = asked().of(path)
    name = path.rpartition("/")[2]
    if wanted:
        bounds = [e.most for e in wanted if not e.whole or size is None or size <= e.most]
        return _bounded(max(bounds, default=0), size)
    if ending(name) in ARCHIVES:
        return _bounded(ARCHIVED, size)
    if scanner() is not None and size is not None and size <= SMALL and not known_otherwise(name):
        return size
    return None


def _bounded(most: int, size: int | None) -> int:
    return most if size is None else min(most, size)
