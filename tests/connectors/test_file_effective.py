"""What the rights that were told come to, against what the kernel lets accounts do."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.file import PLUG
from connectors.file.options import FileOptions
from connectors.file.rights import ACCESS, DEFAULT, GROUP, GROUP_OBJ, MASK, OTHER, USER, USER_OBJ
from scanner.connector import Session
from scanner.judge.access import reach
from scanner.results import Store
from scanner.schema import SCHEMAS
from scanner.testing.crawling import Crawl, crawl_all
from scanner.testing.servers import base

USERS = {1: "daemon", 5: "games", 61001: "#61001", 61002: "#61002"}
GROUPS = {1: "daemon", 60: "games", 62001: "#62001", 62002: "#62002"}
ACCOUNTS = [(user, groups) for user in USERS for groups in ([62001], [1, 62002], [60, 62001])]
MODES = (0o755, 0o700, 0o750, 0o711, 0o775, 0o777, 0o644, 0o600, 0o640, 0o664, 0o604, 0o707, 0o077, 0o007, 0o070)
LETTERS = {"read": (os.R_OK, "r"), "write": (os.W_OK, "w"), "execute": (os.X_OK, "x")}


class Told:
    """The rights of one crawl, as judging reads them, with groups of the test's own."""

    def __init__(self, crawl: Crawl) -> None:
        self._db = duckdb.connect()
        for name in ("grant", "member", "setting"):
            columns = ", ".join(
                f'"{c.name}" {"BOOLEAN" if c.type == "bool" else "VARCHAR"}' for c in SCHEMAS[name].columns
            )
            self._db.execute(f'CREATE TABLE "{name}" (source VARCHAR, store VARCHAR, {columns})')
        names = SCHEMAS["grant"].names
        rows = [["s", "s", *(row.get(name) for name in names)] for row in crawl.records("grant")]
        self._db.executemany(f'INSERT INTO "grant" VALUES ({", ".join("?" * (len(names) + 2))})', rows)

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, params).fetchall()

    def dicts(self, _sql: str, _params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        raise NotImplementedError

    def stores(self) -> tuple[Store, ...]:
        return ()

    def of(self, user: int, groups: list[int]) -> dict[str, set[str]]:
        """By path, where something is told at all, what an account may do there."""
        self._db.execute("DELETE FROM member")
        for group in groups:
            self._db.execute("INSERT INTO member VALUES ('s', 's', '', ?, ?, 'user')", [GROUPS[group], USERS[user]])
        found: dict[str, set[str]] = {path: set() for (path,) in self.rows('SELECT DISTINCT path FROM "grant"')}
        found.update((point.path, set(point.rights)) for point in reach(self, USERS[user]))
        return found


def effective(told: dict[str, set[str]], path: str, *, directory: bool) -> str:
    """What is left at a path for somebody who must pass through every folder above it."""

    def at(place: str) -> set[str]:
        while place not in told:
            place = place.rpartition("/")[0]
        return told[place]

    above = path
    while above:
        above = above.rpartition("/")[0]
        if "execute" not in at(above):
            return ""
    wanted = LETTERS if directory else ("read", "write")
    return "".join(LETTERS[right][1] for right in wanted if right in at(path))


def kernel(root: Path, kinds: dict[str, bool], user: int, groups: list[int]) -> dict[str, str]:
    """What the kernel lets an account do: asked by a process that is that account."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.setgroups(groups[1:])
            os.setgid(groups[0])
            os.setuid(user)
            said = {}
            for path, directory in kinds.items():
                asked = LETTERS if directory else ("read", "write")
                said[path] = "".join(LETTERS[right][1] for right in asked if os.access(root / path, LETTERS[right][0]))
            with os.fdopen(writing, "w") as answer:
                json.dump(said, answer)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found: dict[str, str] = json.load(answer)
    os.waitpid(child, 0)
    return found


def random_list(chance: random.Random, mode: int) -> bytes:
    lines = [(USER_OBJ, mode >> 6 & 7, -1), (GROUP_OBJ, mode >> 3 & 7, -1), (OTHER, mode & 7, -1)]
    lines += [(USER, chance.randrange(8), user) for user in chance.sample(sorted(USERS), chance.randrange(3))]
    lines += [(GROUP, chance.randrange(8), group) for group in chance.sample(sorted(GROUPS), chance.randrange(3))]
    if len(lines) > 3:
        lines.append((MASK, chance.randrange(8), -1))
    lines.sort(key=lambda line: (line[0], line[2]))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, bits, who & 0xFFFFFFFF) for tag, bits, who in lines)


def set_rights(chance: random.Random, place: Path, *, lists: float) -> None:
    if chance.random() < 0.6:
        os.chown(place, chance.choice([0, *USERS]), chance.choice([0, *GROUPS]))
    mode = chance.choice(MODES) if chance.random() < 0.7 else chance.randrange(0o1000)
    place.chmod(mode)
    if chance.random() < lists:
        os.setxattr(place, ACCESS, random_list(chance, mode))
    if place.is_dir() and chance.random() < lists / 2:
        os.setxattr(place, DEFAULT, random_list(chance, chance.randrange(0o1000)))


def plant(chance: random.Random, folder: Path, *, lists: float, depth: int = 0) -> None:
    for number in range(chance.randrange(1, 4)):
        below = folder / f"d{number}"
        below.mkdir()
        if depth < 2:
            plant(chance, below, lists=lists, depth=depth + 1)
        set_rights(chance, below, lists=lists)
    for number in range(chance.randrange(5)):
        (folder / f"f{number}").touch()
        set_rights(chance, folder / f"f{number}", lists=lists)


@pytest.fixture
def tree() -> Iterator[Path]:
    base.need_root("acting as several accounts")
    with base.home("effective") as home:
        (home / "tree").mkdir()
        yield home / "tree"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("lists", [0.0, 0.4], ids=["modes", "access lists"])
@pytest.mark.parametrize("seed", range(10))
def test_rights_told_come_to_what_the_kernel_grants(tree: Path, seed: int, lists: float) -> None:
    chance = random.Random(seed)
    plant(chance, tree, lists=lists)
    set_rights(chance, tree, lists=lists)
    with closing(PLUG.open(FileOptions(root=str(tree), file_acls=True), Session("test"))) as connector:
        crawl = crawl_all(connector)
    told = Told(crawl)
    kinds = {"": True} | {path: entry["kind"] == "directory" for path, entry in crawl.entries.items()}
    for user, groups in ACCOUNTS:
        rights = told.of(user, groups)
        ours = {path: effective(rights, path, directory=directory) for path, directory in kinds.items()}
        assert ours == kernel(tree, kinds, user, groups), f"user {user}, groups {groups}"
