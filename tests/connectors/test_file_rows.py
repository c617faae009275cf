"""Columns of the file connector beside the plain way to work them out, on what only odd trees hold."""

from __future__ import annotations

import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.file.accounts import Names
from connectors.file.mounts import Mount, Mounts
from connectors.file.rights import Words
from connectors.file.rows import _KINDS, _SPECIAL, FORMAT, Rows, tier
from scanner.testing.crawling import Record, rows

_FORMATS = (stat.S_IFREG, stat.S_IFREG, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK, 0o130000)
_TIMES = (0, -1, -999, -1000, -1001, 1_600_000_000_123_456_789, (1 << 63) - 1, -(1 << 63))


class Facts:
    """A stat result of any content: ten fields in a row, others by name."""

    def __init__(self, mode: int, links: int, user: int, size: int, blocks: int, times: tuple[int, int]) -> None:
        self.st_mode, self.st_ino, self.st_dev, self.st_nlink = mode, 7, 99, links
        self.st_uid = self.st_gid = user
        self.st_size, self.st_blocks = size, blocks
        self.st_mtime_ns, self.st_atime_ns = times

    def __iter__(self) -> Iterator[int]:
        yield from (self.st_mode, self.st_ino, self.st_dev, self.st_nlink, self.st_uid, self.st_gid, self.st_size)
        yield from (0, 0, 0)


def _named(word: str) -> Names:
    def look_up(number: int) -> str:
        if number % 3 == 0:
            raise KeyError(number)
        return f"{word}{number}"

    return Names(look_up)


def _plain(parent: str, name: str, s: Facts, target: str | None, words: Words, kind_of_system: str) -> Record:
    kind = _KINDS.get(s.st_mode & FORMAT, "unknown")
    file = kind == "file"
    doubtful = file and not s.st_blocks
    fits = range(-(1 << 63), 1 << 63)
    return {
        "parent": parent, "name": name, "kind": kind, "size": s.st_size if file else None,
        "allocated": s.st_blocks * 512,
        "modified": t if (t := s.st_mtime_ns // 1000) in fits else None,
        "accessed": t if (t := s.st_atime_ns // 1000) in fits else None,
        "owner": words.users[s.st_uid], "group": words.groups[s.st_gid], "mode": s.st_mode,
        "links": s.st_nlink if file else None,
        "hardlink": "99:7" if file and s.st_nlink > 1 else None,
        "target": target,
        "tier": tier(s, kind_of_system) if doubtful else "online" if file else None,  # type: ignore[arg-type]
        "subtype": _SPECIAL.get(s.st_mode & FORMAT),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_columns_are_those_of_the_plain_way(seed: int) -> None:
    chance = random.Random(seed)
    system = chance.choice(["ext4", "lustre", "nfs4"])
    mount = Mount(b"/", 99, system, "rw", "disk")
    words = Words(_named("user"), _named("group"))
    told = Rows(Mounts(mount, {}, {}), words, access_times=True)
    times = (*_TIMES, 1 << 70) if seed % 4 == 0 else _TIMES  # a clock beyond 64 bits takes another way
    expected = []
    for folder in range(chance.randrange(1, 9)):
        names = [f"n{n} \\xE9 ü" for n in range(chance.choice([0, 1, 1, 7, 50]))]
        stats = [
            Facts(
                chance.choice(_FORMATS[: 3 + 5 * (folder % 2)]) | 0o640, chance.choice([1, 1, 2]),
                chance.randrange(5), chance.choice([0, 1, 5000, 1 << 62]), chance.choice([0, 8, 1 << 50]),
                (chance.choice(times), chance.choice(times)),
            )
            for _ in names
        ]  # fmt: skip
        targets = {n: chance.choice(["over/there", None]) for n, s in enumerate(stats) if stat.S_ISLNK(s.st_mode)}
        told.add(f"d{folder}/", names, stats, targets)  # type: ignore[arg-type]
        expected += [
            _plain(f"d{folder}/", name, s, targets.get(n), words, system)
            for n, (name, s) in enumerate(zip(names, stats, strict=True))
        ]
    got = [row for batch in told.take() for row in rows(batch)]
    assert [{k: v for k, v in row.items() if v is not None} for row in got] == [
        {k: v for k, v in row.items() if v is not None} for row in expected
    ]
    assert told.take() == []


def test_a_real_stat_result_is_ten_fields_in_a_row() -> None:
    facts = Path("/").stat()
    assert tuple(facts)[:7] == (
        facts.st_mode, facts.st_ino, facts.st_dev, facts.st_nlink, facts.st_uid, facts.st_gid, facts.st_size,
    )  # fmt: skip
