"""Two runs compared: what is new, what differs, what is proven to be gone, and what nobody can tell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.catalog import Bundle, Catalog, SourceRow, canonical, locate, read_pair, settle
from scanner.compare import Changes, compare
from scanner.model import Batch, Fault, Unit
from scanner.schema import COLUMN, ENTRY, GRANT, LISTING


class Runs:
    """A catalog whose runs are written down as trees: path → size, None for a folder."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def run(
        self, tree: dict[str, int | None], *, denied: tuple[str, ...] = (), options: dict[str, Any] | None = None,
        depth: str = "L1",
        left_out: tuple[str, ...] = (), state: str = "complete", unknown: tuple[str, ...] = (),
        more: tuple[Batch, ...] = (), locator: str = "/srv", modified: int = 1,
    ) -> int:  # fmt: skip
        row = SourceRow("s", "file", "s", None, locator, 0, "share", options or {}, {"depth": depth})
        scan = self.catalog.start([row], (), version="0", depth="L1", title="t", config_hash="", targets="[]")
        buffer, unit = self.catalog.buffer(scan, "s"), self.catalog.new_unit_id()
        parents = [p.rpartition("/")[0] for p in tree]
        buffer.add(unit, Batch(ENTRY, {
            "parent": [p + "/" if p else "" for p in parents], "name": [p.rpartition("/")[2] for p in tree],
            "kind": ["directory" if size is None else "file" for size in tree.values()], "size": list(tree.values()),
            "modified": [modified] * len(tree),
        }))  # fmt: skip
        folders = ["", *(f"{p}/" for p, size in tree.items() if size is None)]
        seen = [f for f in folders if f not in (*denied, *left_out)]
        buffer.add(unit, Batch(LISTING, {"path": seen, "listed": [0] * len(seen), "complete": [True] * len(seen)}))
        for batch in more:
            buffer.add(unit, batch)
        parts, bad = buffer.write()
        assert not bad
        faults = [(unit, Fault(path, "list", "DENIED")) for path in denied]
        faults += [(unit, Fault(path, "stat", "DENIED")) for path in unknown]
        self.catalog.commit(scan, Bundle("s", parts, [(unit, Unit(""), "done", 1)], faults=faults))
        self.catalog.set_source(scan, "s", state=state)
        return scan

    def compare(self, old: int, new: int, **how: Any) -> Changes:
        return compare(self.catalog, old, new, **how)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    with Catalog.open(locate(str(tmp_path / "c")), create=True) as catalog:
        catalog.lock()
        yield Runs(catalog)


def told(changes: Changes) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for change in changes.listed:
        found.setdefault(change.group, set()).add(change.path)
    counts = changes.sources[0].counts
    assert {g: len(paths) for g, paths in found.items()} == {g: n for g, n in counts.items() if n}
    return found


TREE: dict[str, int | None] = {"a": None, "a/one": 1, "a/two": 2, "b": None, "b/c": None, "b/c/deep": 5, "top": 9}


def test_nothing_changed(runs: Runs) -> None:
    changes = runs.compare(runs.run(TREE), runs.run(TREE))
    assert told(changes) == {}
    assert (changes.sources[0].entries, changes.sources[0].bytes) == ((7, 7), (17, 17))


def test_added_changed_and_removed_are_told_apart(runs: Runs) -> None:
    after = {**TREE, "a/new": 4, "top": 10}
    del after["a/two"]
    changes = runs.compare(runs.run(TREE), runs.run(after))
    assert told(changes) == {"added": {"a/new"}, "changed": {"top"}, "removed": {"a/two"}}
    by_path = {c.path: c for c in changes.listed}
    assert (by_path["top"].what, by_path["top"].before, by_path["top"].after) == (("size",), "size 9", "size 10")
    assert by_path["a/two"].proof == "a/ was listed to its end"


def test_fault_102_what_lies_beneath_a_refusal_is_never_called_removed(runs: Runs) -> None:
    after = {p: s for p, s in TREE.items() if not p.startswith("a/")}
    changes = runs.compare(runs.run(TREE), runs.run(after, denied=("a/",)))
    assert told(changes) == {"not_comparable": {"a/one", "a/two"}}
    assert {c.proof for c in changes.listed} == {"a/ was not listed to its end"}


def test_a_folder_that_is_gone_takes_what_it_held_with_it(runs: Runs) -> None:
    after = {p: s for p, s in TREE.items() if not p.startswith("b")}
    changes = runs.compare(runs.run(TREE), runs.run(after))
    assert told(changes) == {"removed": {"b", "b/c", "b/c/deep"}}
    assert {c.proof for c in changes.listed} == {"the top was listed to its end"}


def test_a_folder_that_is_there_but_was_not_listed_proves_nothing(runs: Runs) -> None:
    after = {p: s for p, s in TREE.items() if not p.startswith("b/")}
    changes = runs.compare(runs.run(TREE), runs.run(after, left_out=("b/",)))
    assert told(changes) == {"not_comparable": {"b/c", "b/c/deep"}}
    assert {c.proof for c in changes.listed} == {"b/ was not listed"}


def test_fault_102_a_name_that_was_listed_but_not_told_of_is_not_gone(runs: Runs) -> None:
    """Nor is what lies beneath it: only its facts were refused."""
    after = {p: s for p, s in TREE.items() if p != "top" and not p.startswith("b")}
    changes = runs.compare(runs.run(TREE), runs.run(after, unknown=("top", "b")))
    assert told(changes) == {"not_comparable": {"top", "b", "b/c", "b/c/deep"}}
    assert {c.proof for c in changes.listed if c.path in ("top", "b")} == {"it was listed, but not told of: DENIED"}


def test_a_folder_that_was_emptied_proves_it(runs: Runs) -> None:
    after = {p: s for p, s in TREE.items() if not p.startswith("b/")}
    assert told(runs.compare(runs.run(TREE), runs.run(after))) == {"removed": {"b/c", "b/c/deep"}}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"options": {"snapshots": True}}, "its settings changed: snapshots"),
        ({"depth": "L2"}, "its settings changed: depth"),
        ({"state": "failed"}, "it could not be scanned in run 2"),
        ({"locator": "/elsewhere"}, "it was another place: /srv"),
    ],
)
def test_a_source_that_is_not_the_same_is_not_compared(runs: Runs, how: dict[str, Any], why: str) -> None:
    changes = runs.compare(runs.run(TREE), runs.run({}, **how))
    assert [s.refused for s in changes.sources] == [why]
    assert not changes.listed


def test_rights_and_columns_of_a_path_are_changes_too(runs: Runs) -> None:
    def facts(right: str, kind: str) -> tuple[Batch, ...]:
        return (
            Batch(GRANT, {"path": ["a"], "grantee": ["x"], "right": [right], "effect": ["allow"]}),
            Batch(COLUMN, {"path": ["top", "top"], "name": ["id", "n"], "type": ["int", kind]}),
        )

    changes = runs.compare(runs.run(TREE, more=facts("read", "int")), runs.run(TREE, more=facts("write", "text")))
    assert {c.path: c.what for c in changes.listed} == {"a": ("rights",), "top": ("columns",)}
    assert changes.count("changed") == 2


def test_lists_are_capped_and_counts_are_not(runs: Runs) -> None:
    changes = runs.compare(runs.run({}), runs.run({f"f{n:03}": 1 for n in range(300)}), limit=10)
    assert (len(changes.listed), changes.count("added")) == (10, 300)
    assert [c.path for c in changes.listed[:2]] == ["f000", "f001"]


def test_bytes_before_and_after_stand_beside_the_counts(runs: Runs) -> None:
    after = {**TREE, "a/new": 4, "top": 10}
    del after["a/two"]
    changes = runs.compare(runs.run(TREE), runs.run(after), largest=True)
    assert changes.sources[0].moved == {"added": (0, 4), "changed": (9, 10), "removed": (2, 0)}
    assert [c.bytes for c in changes.listed] == [(None, 4), (2, None), (9, 10)]


@pytest.mark.parametrize("seed", range(3))
def test_what_two_runs_share_need_not_be_read_to_tell_the_same(
    runs: Runs, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canonical, "MOST", 20)
    monkeypatch.setattr(canonical, "FEWEST", 10)
    rng = random.Random(seed)
    tree: dict[str, int | None] = {f"d{d}": None for d in range(20)}
    tree |= {f"d{d}/f{n}": n for d in range(20) for n in range(rng.randrange(12))}

    def rights(who: str) -> Batch:
        paths = [f"d{d}" for d in range(20)]
        given = [who if d == 7 else "x" for d in range(20)]
        return Batch(GRANT, {"path": paths, "grantee": given, "right": ["read"] * 20, "effect": ["allow"] * 20})

    few = ("d1", "d12", "d4")
    later = {p: s for p, s in tree.items() if p.partition("/")[0] not in few or rng.random() < 0.6}
    later = {p: s + 1 if s is not None and p[:3] == "d12" else s for p, s in later.items()} | {"d3/new": 1}
    old, new = runs.run(tree, more=(rights("x"),)), runs.run(later, more=(rights("y"),))
    before = runs.compare(old, new)
    settle(runs.catalog, new)
    with read_pair(runs.catalog, old, new) as pair:
        own = pair.rows("SELECT (SELECT count(*) FROM old.own_entry), (SELECT count(*) FROM old.entry)")[0]
    assert 0 < own[0] < own[1]
    assert runs.compare(old, new) == before
    assert before.count("removed") > 0
