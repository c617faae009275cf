"""Settling: two scans that saw the same share what they keep, and nothing of it is lost, whatever happens meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.catalog import Bundle, Catalog, SourceRow, locate, read, settle
from scanner.catalog.settle import settle as settled
from scanner.model import Batch, Fault, Unit
from scanner.schema import COLUMN, ENTRY, GRANT, KEY, LISTING, SCHEMAS, SETTING


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(locate(str(tmp_path / "c")), create=True) as made:
        made.lock()
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 100 rows."""
    monkeypatch.setattr(settle, "MOST", 100)
    monkeypatch.setattr(settle, "FEWEST", 50)


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
