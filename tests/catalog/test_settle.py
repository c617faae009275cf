"""Settling: two scans that saw the same share what they keep, and nothing of it is lost, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.catalog import Bundle, Catalog, SourceRow, canonical, locate, read
from scanner.catalog import settle as settled
from scanner.codes import StocktakeError
from scanner.model import Batch, Fault, Unit
from scanner.schema import COLUMN, ENTRY, GRANT, KEY, LISTING, SCHEMAS, SETTING


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(locate(str(tmp_path / "c")), create=True) as made:
        made.lock()
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 100 rows, sorted some 70 at a time."""
    monkeypatch.setattr(canonical, "MOST", 100)
    monkeypatch.setattr(canonical, "FEWEST", 50)
    monkeypatch.setattr(canonical, "RANGE", 70)


Tree = dict[str, dict[str, int]]
HOSTILE = (
    "plain",
    "it's",
    'quo"te',
    "caf\\xE9",
    "semi;colon",
    "%s",
    "ünï",
    " ",
    "-",
    ".",
    "a\\x01b",
    "😀",
    "[x]",
    "{y}",
)


def tree(folders: int = 40, files: int = 20) -> Tree:
    return {
        f"{HOSTILE[f % len(HOSTILE)]}{f}/": {f"{HOSTILE[n % len(HOSTILE)]} {n}": f * n for n in range(files)}
        for f in range(folders)
    }


def scan(
    catalog: Catalog, what: Tree, *, name: str = "files", seed: int = 0, per_part: int = 7, state: str = "complete",
    faults: tuple[Fault, ...] = (), more: tuple[Batch, ...] = (),
) -> int:  # fmt: skip
    """A finished scan that met the folders of a tree in an order of its own, with one unit each."""
    row = SourceRow(name, "file", name, None, "/srv", 0, "share", {}, {})
    number = catalog.start([row], (), version="0", depth="L1", title="t", config_hash="", targets="[]")
    folders = list(what)
    random.Random(seed).shuffle(folders)
    bundle, buffer = Bundle(name), catalog.buffer(number, name)
    for n, folder in enumerate(folders):
        unit, files = catalog.new_unit_id(), what[folder]
        bundle.units.append((unit, Unit(folder), "done", 1))
        buffer.add(unit, Batch(ENTRY, {
            "parent": [folder] * len(files), "name": list(files), "kind": ["file"] * len(files),
            "size": list(files.values()), "owner": [None if s % 3 else "x" for s in files.values()],
        }))  # fmt: skip
        buffer.add(unit, Batch(LISTING, {"path": [folder], "listed": [len(files)], "complete": [True]}))
        if n == 0:
            for batch in more:
                buffer.add(unit, batch)
            bundle.faults = [(unit, fault) for fault in faults]
        if n % per_part == 0 or n == len(folders) - 1:
            parts, bad = buffer.write()
            assert not bad
            bundle.parts += parts
    catalog.commit(number, bundle)
    catalog.set_source(number, name, state=state)
    catalog.finish(number, state, 0)
    return number


def kept(catalog: Catalog, number: int) -> dict[str, list[tuple[Any, ...]]]:
    """Everything a scan kept, but by which unit."""
    with read(catalog, number) as reader:
        return {f: reader.rows(f'SELECT * EXCLUDE (unit) FROM "{f}" ORDER BY ALL') for f in SCHEMAS}


def paths(catalog: Catalog, number: int) -> set[str]:
    with read(catalog, number) as reader:
        return {path for (path,) in reader.rows("SELECT path FROM part")}


def files(catalog: Catalog) -> set[str]:
    return set(catalog.facts.names())


def test_what_was_kept_is_kept(catalog: Catalog) -> None:
    what = tree()
    more = (
        Batch(COLUMN, {"path": ["t", "t"], "name": ["b", "a"], "position": [2, 1]}),
        Batch(KEY, {"path": ["t", "t"], "name": ["", ""], "kind": ["index", "primary"], "columns": [["a", "b"], []]}),
        Batch(GRANT, {"path": ["", ""], "grantee": ["x", "x"], "right": ["read"] * 2, "effect": ["allow"] * 2}),
    )
    first, second = scan(catalog, what, more=more), scan(catalog, what, seed=1, more=more)
    before = [kept(catalog, first), kept(catalog, second)]
    assert settled(catalog, second) == 2
    assert [kept(catalog, first), kept(catalog, second)] == before
    assert all(path.startswith("settled/") for path in paths(catalog, second))
    assert catalog.check()[1] == sum(map(len, before[0].values()))


def test_the_same_seen_twice_is_kept_once(catalog: Catalog) -> None:
    what = tree()
    settled(catalog, scan(catalog, what))
    first = scan(catalog, what, seed=1)
    settled(catalog, first)
    catalog.sweep()
    before = files(catalog)
    again = scan(catalog, what, seed=2, per_part=3)
    assert settled(catalog, again) == 1
    catalog.sweep()
    assert files(catalog) == before
    assert paths(catalog, again) == paths(catalog, first)


def test_a_change_writes_only_the_parts_it_falls_in(catalog: Catalog) -> None:
    what = tree(100)
    settled(catalog, scan(catalog, what))
    base = scan(catalog, what)
    settled(catalog, base)
    changed = {folder: dict(names) for folder, names in what.items()}
    folder = sorted(changed)[50]
    changed[folder] |= {"new": 1, "newer": 2}
    after = scan(catalog, changed, seed=3)
    expected = kept(catalog, after)
    settled(catalog, after)
    assert kept(catalog, after) == expected
    fresh = paths(catalog, after) - paths(catalog, base)
    assert len([p for p in fresh if "entry" in p]) == 1
    assert len(paths(catalog, base) & paths(catalog, after)) >= 20


@pytest.mark.parametrize("seed", range(4))
def test_whatever_changes_nothing_is_lost_and_parts_stay_in_bounds(catalog: Catalog, seed: int) -> None:
    rng = random.Random(seed)
    what = tree(rng.randrange(1, 60), rng.randrange(1, 40))
    if seed % 3 == 0:
        what["huge/"] = {f"n{n}": n for n in range(700)}
    scan(catalog, what)
    for turn in range(3):
        for folder in rng.sample(sorted(what), k=min(len(what), rng.randrange(4))):
            if rng.random() < 0.3:
                del what[folder]
            else:
                what[folder] = {n: s for n, s in what[folder].items() if rng.random() < 0.7}
                what[folder] |= {f"added {turn} {n}": n for n in range(rng.randrange(30))}
        number = scan(catalog, what, seed=turn)
        expected = kept(catalog, number)
        settled(catalog, number)
        assert kept(catalog, number) == expected
        with read(catalog, number) as reader:
            sizes = [n for (n,) in reader.rows("SELECT rows FROM part WHERE fact = 'entry'")]
        assert all(n <= 100 for n in sizes)
        assert sum(n < 50 for n in sizes) <= 1 + len(sizes) // 2


@pytest.mark.parametrize("at_once", [20, 300, 100_000])
def test_how_many_rows_are_sorted_at_once_decides_nothing(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Not even where one folder holds most of it, and a path has many rows."""
    what = {**tree(30), "huge/": {f"{HOSTILE[n % len(HOSTILE)]} {n}": n for n in range(600)}}
    columns = {"path": ["t", "u"] * 200, "name": [f"c{n}" for n in range(400)], "position": list(range(400))}
    twice = [scan(catalog, what, seed=n, more=(Batch(COLUMN, columns),)) for n in range(2)]
    settled(catalog, twice[1])
    monkeypatch.setattr(canonical, "RANGE", at_once)
    with Catalog.open(locate(str(tmp_path / "other")), create=True) as other:
        other.lock()
        again = [scan(other, what, seed=n, more=(Batch(COLUMN, columns),)) for n in range(2)]
        settled(other, again[1])
        assert paths(other, again[1]) == paths(catalog, twice[1])


def test_a_settled_source_has_nothing_to_resume(tmp_path: Path) -> None:
    folder, place = tmp_path / "tree" / "inner", str(tmp_path / "settled")
    folder.mkdir(parents=True)
    (folder / "file").write_text("x")

    def run(*arguments: str) -> str:
        code = "from scanner.cli import main; main()"
        argv = [sys.executable, "-c", code, *arguments, "--catalog", place]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=100).stdout

    for _ in range(2):
        run("scan", str(tmp_path / "tree"), "-q")
    with Catalog.open(locate(place)) as known:
        before = [(paths(known, n), kept(known, n)) for n in (1, 2)]
        assert all(path.startswith("settled/") for path in before[1][0])
    run("resume", "-q")
    with Catalog.open(locate(place)) as known:
        assert [(paths(known, n), kept(known, n)) for n in (1, 2)] == before
        assert known.check()[0] > 0


def test_dropped_rows_are_left_out(catalog: Catalog) -> None:
    what = tree(4)
    scan(catalog, what)
    second = scan(catalog, what, faults=(Fault("", "list", "DENIED"),), state="incomplete")
    assert catalog.repeat(second, ["DENIED"]) == 1
    after = kept(catalog, second)
    settled(catalog, scan(catalog, what))
    assert kept(catalog, second) == after
    with read(catalog, second) as reader:
        assert reader.rows("SELECT sum(rows) FROM part") == [(sum(map(len, after.values())),)]


def test_a_first_scan_and_one_with_gaps_stay_as_they_are(catalog: Catalog) -> None:
    what = tree()
    assert settled(catalog, scan(catalog, what)) == 0
    gaps = scan(catalog, what, faults=(Fault("x", "list", "DENIED"),), state="incomplete")
    assert settled(catalog, gaps) == 0
    assert settled(catalog, scan(catalog, what)) == 2


def test_many_small_parts_of_a_first_scan_become_few(catalog: Catalog) -> None:
    first = scan(catalog, tree(100), per_part=1)
    expected = kept(catalog, first)
    assert settled(catalog, first) == 1
    assert kept(catalog, first) == expected
    assert len(paths(catalog, first)) < 100


def test_an_emptied_source_settles_too(catalog: Catalog) -> None:
    what = tree(5)
    scan(catalog, what)
    settled(catalog, scan(catalog, what))
    empty = scan(catalog, {"": {}})
    expected = kept(catalog, empty)
    settled(catalog, empty)
    assert kept(catalog, empty) == expected


def test_what_is_found_in_database_files_stays_with_them(catalog: Catalog) -> None:
    def content(seed: int) -> int:
        number = scan(catalog, {"": {"a.mdb": 5, "b.mdb": 6}}, seed=seed)
        buffer, bundle = catalog.buffer(number, "files"), Bundle("files")
        for file in ("a.mdb", "b.mdb"):
            unit = catalog.new_unit_id()
            bundle.units.append((unit, Unit(file, "\x1fcontent 5,7"), "done", 1))
            settings = {"path": [file] * 2, "name": ["database_file", "structure"], "value": ["Access", "read"]}
            buffer.add(unit, Batch(SETTING, settings))
            buffer.add(unit, Batch(ENTRY, {"parent": [f"{file}/"], "name": ["t"], "kind": ["table"]}))
        bundle.parts, _ = buffer.write()
        catalog.commit(number, bundle)
        return number

    numbers = [content(0), content(1)]
    before = [kept(catalog, n) for n in numbers]
    stores = []
    for number in numbers:
        with read(catalog, number) as reader:
            stores.append(reader.stores())
    assert {s.id for s in stores[1]} == {"files", "files/a.mdb", "files/b.mdb"}
    settled(catalog, numbers[1])
    assert [kept(catalog, n) for n in numbers] == before
    for number, expected in zip(numbers, stores, strict=True):
        with read(catalog, number) as reader:
            assert reader.stores() == expected
    assert paths(catalog, numbers[0]) == paths(catalog, numbers[1])


def test_files_that_somebody_reads_wait_for_the_next_sweep(catalog: Catalog) -> None:
    what = tree(5)
    first = scan(catalog, what)
    with read(catalog, first) as reader:
        settled(catalog, scan(catalog, what))
        catalog.sweep()
        assert len(reader.rows("SELECT * FROM entry")) == 100
    assert any(name.startswith("scan-") for name in files(catalog))
    assert catalog.sweep() > 0
    assert not any(name.startswith("scan-") for name in files(catalog))


def test_two_sources_of_a_scan_keep_apart(catalog: Catalog) -> None:
    what = tree(5)
    for name in ("a", "b", "a", "b"):
        number = scan(catalog, what, name=name)
        settled(catalog, number)
    with read(catalog) as reader:
        assert reader.rows("SELECT source, scan, count(*) FROM entry GROUP BY ALL ORDER BY 1") == [
            ("a", 3, 100), ("b", 4, 100),
        ]  # fmt: skip


def test_a_settled_source_is_repeated_as_a_whole(catalog: Catalog) -> None:
    """Its rows do not say any more which unit they are from; another scan that shares its parts keeps them."""
    what = tree(5)
    first = scan(catalog, what, faults=(Fault("x", "list", "DENIED"),), state="incomplete")
    second = scan(catalog, what)
    expected = kept(catalog, second)
    settled(catalog, second)
    assert catalog.repeat(first, ["DENIED"]) == 1
    assert catalog.units(first, "files") == []
    assert [s.state for s in catalog.sources(first)] == ["waiting"]
    assert paths(catalog, first) == set()
    assert kept(catalog, second) == expected
    catalog.sweep()
    assert catalog.check()[1] == sum(map(len, expected.values()))


def test_nothing_is_repeated_where_nothing_failed(catalog: Catalog) -> None:
    scan(catalog, tree(5))
    second = scan(catalog, tree(5))
    settled(catalog, second)
    assert catalog.repeat(second, None) == 0
    assert len(catalog.units(second, "files")) == 5


def test_a_full_disk_leaves_the_scan_as_it_was(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(catalog, tree(5))
    second = scan(catalog, tree(5))
    before, expected = paths(catalog, second), kept(catalog, second)

    def full(*_: object) -> int:
        raise StocktakeError("DISK_FULL", "facts")

    monkeypatch.setattr(catalog.facts, "write", full)
    assert settled(catalog, second) == 0
    assert (paths(catalog, second), kept(catalog, second)) == (before, expected)


def test_a_stop_is_heeded(catalog: Catalog) -> None:
    scan(catalog, tree(5))
    second = scan(catalog, tree(5))
    before = paths(catalog, second)
    assert settled(catalog, second, lambda: True) == 0
    assert paths(catalog, second) == before


_KILLED = """
import os, sys, pathlib, signal
import sqlalchemy
from scanner.catalog import Catalog, locate, settle
left = int(sys.argv[2])
def step(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
def stepping(original):
    def call(*arguments, **named):
        step()
        return original(*arguments, **named)
    return call
for owner, name in ((os, "fsync"), (pathlib.Path, "rename"), (pathlib.Path, "unlink"), (pathlib.Path, "open")):
    setattr(owner, name, stepping(getattr(owner, name)))
with Catalog.open(locate(sys.argv[1])) as catalog:
    catalog.lock()
    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        sqlalchemy.event.listen(catalog._engine, moment, step)
    settle(catalog, 2)
    print(int(sys.argv[2]) - left)
"""


def test_kill_9_at_any_step_leaves_a_whole_catalog(catalog: Catalog, tmp_path: Path) -> None:
    """Steps are what is asked of the file system and of the state, each killed right before it."""
    what = tree(4)
    first, second = scan(catalog, what), scan(catalog, {**what, "new/": {"file": 1}}, seed=1)
    expected = [kept(catalog, first), kept(catalog, second)]
    catalog.close()

    def killed(step: int) -> subprocess.CompletedProcess[str]:
        copy = tmp_path / f"killed-{step}"
        shutil.copytree(tmp_path / "c", copy)
        argv = [sys.executable, "-c", _KILLED, str(copy), str(step)]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100)

    whole = killed(100_000)
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout)
    assert steps > 30
    for step in sorted({*range(0, steps, 17), *range(steps - 6, steps)}):
        assert killed(step).returncode == -signal.SIGKILL
        with Catalog.open(locate(str(tmp_path / f"killed-{step}"))) as again:
            again.lock()
            assert [kept(again, first), kept(again, second)] == expected, step
            again.sweep()
            assert again.check()[0] > 0
            settled(again, second)
            assert [kept(again, first), kept(again, second)] == expected, step
            again.sweep()
            assert {n.partition("/")[0] for n in files(again)} == {"settled"}
        shutil.rmtree(tmp_path / f"killed-{step}")


_PART_0001 = """
ALTER TABLE part RENAME TO newer;
CREATE TABLE part (path TEXT NOT NULL PRIMARY KEY, scan INTEGER NOT NULL REFERENCES scan (id), source TEXT NOT NULL,
    fact VARCHAR(16) NOT NULL, rows BIGINT NOT NULL, bytes BIGINT NOT NULL);
INSERT INTO part SELECT path, scan, source, fact, rows, bytes FROM newer;
DROP TABLE newer;
CREATE INDEX ix_part_source ON part (scan, source);
DROP TABLE reached;
DROP TABLE hash_key;
UPDATE alembic_version SET version_num = '0001';
"""


def test_a_catalog_of_the_schema_before_is_taken_over(catalog: Catalog, tmp_path: Path) -> None:
    what = tree(5)
    first, second = scan(catalog, what), scan(catalog, what)
    expected = kept(catalog, first), kept(catalog, second)
    catalog.close()
    file = catalog.location.state_file
    assert file is not None
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.executescript(_PART_0001)
    with Catalog.open(locate(str(tmp_path / "c"))) as newer:
        newer.lock()
        assert (kept(newer, first), kept(newer, second)) == expected
        assert settled(newer, second) == 2
        assert (kept(newer, first), kept(newer, second)) == expected
        assert newer.hash_key() == newer.hash_key()
