"""Units that stand for several containers: handed on, taken apart when one of them fails, and never crawled twice."""

from __future__ import annotations

import dataclasses
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import Script, Scripted, bound, inventory, paths_of, scan, tree

from scanner.catalog import Bundle, Catalog, locate, read
from scanner.codes import Exit, StocktakeError
from scanner.crawl import Run, crew, worker
from scanner.crawl.frontier import Frontier
from scanner.model import Event, Fault, SourceError, Unit
from scanner.registry import Bound

TREE = tree(4, 3)


class Several(Scripted):
    """Hands out the folders of a folder two and more at a time, and of several lists but the first ``COVERED``."""

    COVERED = 2

    def crawl(self, unit: Unit) -> Iterator[Event]:
        if not unit.members:
            yield from self._one(unit)
            return
        left = list(unit.members)
        for member in left[: self.COVERED]:
            yield from self._one(member)
        yield from _together(unit.key, left[self.COVERED :], 3)

    def _one(self, unit: Unit) -> Iterator[Event]:
        found: list[Unit] = []
        for event in super().crawl(unit):
            if isinstance(event, Unit):
                found.append(event)
            else:
                yield event
        yield from _together(unit.key, found, 4)


def _together(key: str, units: list[Unit], most: int) -> Iterator[Unit]:
    names = [unit.key[len(key) : -1] for unit in units]
    for start in range(0, len(names), most):
        yield Unit.several(key, names[start : start + most])


def several(script: Script, kind: type[Several] = Several, **limits: object) -> Bound:
    source = bound(script, **limits)
    plug = dataclasses.replace(source.plug, open=lambda _options, session: kind(script, session))
    return dataclasses.replace(source, plug=plug)


def faults(folder: Path) -> list[tuple[str, str, str]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows("SELECT path, op, reason FROM fault ORDER BY ALL")


def found(folder: Path) -> list[object]:
    return [row[1] for row in inventory(folder)]


def test_a_unit_of_several_tells_its_members() -> None:
    names = ["a", " ", "\x1fseveral ", "caf\\xE9", "new\nline"]
    unit = Unit.several("top/", names)
    assert unit.members == tuple(Unit(f"top/{name}/") for name in names)
    assert not unit.of_content
    assert Unit("top/").members == Unit("top/", "mark").members == ()


def test_what_is_handed_on_is_crawled_once(tmp_path: Path) -> None:
    script = Script(TREE)
    outcome = scan(tmp_path, several(script))
    assert (outcome.state, outcome.coverage) == ("complete", 1.0)
    assert found(tmp_path) == paths_of(TREE)
    assert sorted(script.crawled) == sorted(TREE)


@pytest.mark.parametrize("transient", [True, False])
def test_a_failing_one_is_a_fault_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, transient: bool
) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.001)
    monkeypatch.setattr(worker, "FLUSH_ROWS", 3)  # rows of the attempt stand in parts by then

    def failing(unit: Unit) -> None:
        if unit.key == "d1/d1/":
            raise SourceError("IO_ERROR", "garbled", transient=transient)

    outcome = scan(tmp_path, several(Script(TREE, failing)))
    assert (outcome.state, outcome.exit) == ("incomplete", Exit.GAPS)
    assert faults(tmp_path) == [("d1/d1/", "list", "IO_ERROR")]
    # What the failing one had given counts; the folders in it were handed out after its failure only.
    beyond = [p for p in paths_of(TREE) if p.startswith("d1/d1/d") and p.count("/") > 2]
    assert found(tmp_path) == [p for p in paths_of(TREE) if p not in beyond]


def test_a_bug_costs_one_of_several(tmp_path: Path) -> None:
    def failing(unit: Unit) -> None:
        if unit.key == "d2/":
            raise ValueError("no")

    scan(tmp_path, several(Script(TREE, failing)))
    assert faults(tmp_path) == [("d2/", "list", "CONNECTOR_BUG")]
    assert found(tmp_path) == [p for p in paths_of(TREE) if not p.startswith("d2/")]


def test_excluded_ones_are_left_out_of_several(tmp_path: Path) -> None:
    source = several(Script(TREE))
    config = source.config.model_copy(update={"exclude": ("d1/d2/", "d3/")})
    scan(tmp_path, dataclasses.replace(source, config=config))
    assert faults(tmp_path) == [("d1/d2/", "descend", "EXCLUDED"), ("d3/", "descend", "EXCLUDED")]
    assert found(tmp_path) == [p for p in paths_of(TREE) if not p.startswith(("d1/d2/", "d3/"))]


def test_told_twice_is_crawled_once(tmp_path: Path) -> None:
    class Repeating(Several):
        def crawl(self, unit: Unit) -> Iterator[Event]:
            for event in super().crawl(unit):
                yield event
                if isinstance(event, Unit):
                    yield event
                    yield from event.members

    script = Script(TREE)
    scan(tmp_path, several(script, Repeating))
    assert found(tmp_path) == paths_of(TREE)
    assert sorted(script.crawled) == sorted(TREE)


@pytest.mark.parametrize("seed", range(4))
def test_stopped_anywhere_and_resumed_it_is_the_same_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """And again, with faults on the way: units taken apart before a stop are not crawled twice after it."""
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.001)
    monkeypatch.setattr(worker, "FLUSH_ROWS", 40)
    chance = random.Random(seed)
    ailing = {key for key in TREE if key and chance.random() < 0.2}
    failed: set[str] = set()

    def once(unit: Unit) -> None:
        if unit.key in ailing and unit.key not in failed:
            failed.add(unit.key)
            raise SourceError("UNREACHABLE", "reset", transient=True)

    script = Script(TREE, once)
    number, state, limit = None, "", 0
    while state != "complete":
        limit += 25

        def stop(run: Run, limit: int = limit) -> None:
            if len(script.crawled) > limit:
                run.stop.set()

        outcome = scan(tmp_path, several(script, connections=2, requests_per_s=2000), number=number, tick=stop)
        number, state = outcome.run, outcome.state
    assert found(tmp_path) == paths_of(TREE)
    assert faults(tmp_path) == []


def test_a_frontier_knows_the_members_of_what_it_was_given() -> None:
    frontier, ids = Frontier(), iter(range(100))
    root, pair = Unit(""), Unit.several("", ["a", "b"])
    frontier.offer(root, lambda: next(ids))
    assert frontier.take(lambda: None)
    assert frontier.offer(pair, lambda: next(ids), root) is not None
    assert frontier.knows(Unit("a/"))
    assert frontier.offer(Unit("b/"), lambda: next(ids), root) is None
    taken = frontier.take(lambda: None)
    assert taken
    assert taken.unit == pair
    assert frontier.fresh(pair)
    assert frontier.offer(Unit("a/x/"), lambda: next(ids), pair) is not None
    assert [unit for _, unit in frontier.divide(pair.members, lambda: next(ids))] == list(pair.members)
    assert not frontier.fresh(Unit("a/")), "an attempt at both has found something beneath it"
    assert frontier.fresh(Unit("b/"))
    assert not frontier.fresh(Unit.several("", ["a", "c"])), "nor is a part that holds it"
    again = Frontier()
    again.know(pair)
    assert again.knows(Unit("a/"))


def test_what_no_member_holds_is_not_taken_for_known() -> None:
    frontier, ids = Frontier(), iter(range(100))
    root, pair = Unit(""), Unit.several("", ["a", "b"])
    frontier.offer(root, lambda: next(ids))
    frontier.offer(pair, lambda: next(ids), root)
    assert frontier.offer(Unit("z/x/"), lambda: next(ids), pair) is not None
    assert not frontier.knows(Unit("z/"))
    assert not frontier.fresh(Unit("z/"))


@pytest.mark.parametrize("limit", [20, 45, 70])
def test_a_gap_in_one_of_several_is_repeated_without_what_was_handed_on(tmp_path: Path, limit: int) -> None:
    denied = {"d0/", "d1/", "d1/d0/", "d3/d1/"}

    class Denying(Several):
        def _one(self, unit: Unit) -> Iterator[Event]:
            if unit.key in denied:
                yield Fault(unit.key, "list", "DENIED", "no")
            else:
                yield from super()._one(unit)

    script = Script(TREE)
    source = several(script, Denying, connections=1, requests_per_s=1000)

    def stop(run: Run) -> None:
        if len(script.crawled) > limit:
            run.stop.set()

    outcome = scan(tmp_path, source, tick=stop)
    denied.clear()
    for again in (True, True, False):
        with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog:
            catalog.lock()
            catalog.reopen(outcome.run)
            picked = catalog.repeat(outcome.run, None)
        assert not picked or again
        outcome = scan(tmp_path, source, number=outcome.run)
    assert outcome.state == "complete"
    assert found(tmp_path) == paths_of(TREE)
    assert faults(tmp_path) == []


def test_a_worker_left_behind_keeps_nothing_once_the_next_scan_may_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its units come under ids that the next one gave to others, and those are lost without a word."""
    held, go_on, left = threading.Event(), threading.Event(), []
    commit = Catalog.commit

    def late(self: Catalog, number: int, bundle: Bundle) -> None:
        if not held.is_set():
            held.set()
            go_on.wait(30)
            try:
                commit(self, number, bundle)
            except StocktakeError as error:
                left.append(error.code.code)
            else:
                left.append("kept")
            done.set()
            return
        commit(self, number, bundle)

    done = threading.Event()
    monkeypatch.setattr(Catalog, "commit", late)
    monkeypatch.setattr(crew, "GRACE_S", 0.0)
    script = Script(TREE)
    source = several(script, connections=1)
    outcome = scan(tmp_path, source, tick=lambda run: run.stop.set() if held.is_set() else None)
    assert outcome.state == "stopped"
    go_on.set()
    assert done.wait(30)
    assert left == ["CATALOG_LOCKED"]
    assert scan(tmp_path, source, number=outcome.run).state == "complete"
    assert found(tmp_path) == paths_of(TREE)
