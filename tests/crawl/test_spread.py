"""A source spread over several workers, without a cluster: each worker is a station of its own in this process."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import Script, Scripted, bound, inventory, paths_of, tree

from scanner import registry
from scanner.catalog import Catalog, locate
from scanner.codes import Exit, StocktakeError
from scanner.connector import Account
from scanner.crawl import Outcome, Run
from scanner.crawl.dealing import Known, Purse, Shares, parts_of
from scanner.crawl.fleet import WorkerLost, WorkerUnfit, address_of
from scanner.crawl.order import Manifest, Misfit, Order
from scanner.crawl.outpost import Outpost
from scanner.crawl.spread import Spread
from scanner.model import Event, SourceError, Unit
from scanner.registry import Bound


@dataclass
class Stations:
    """Stands for a fleet: ``spoil`` is told of each order and its answer, and gives the answer or raises."""

    names: tuple[str, ...] = ("w0", "w1", "w2")
    at: dict[str, str] = field(default_factory=dict)
    spoil: Callable[[str, Order, str], str] = lambda _worker, _order, answer: answer
    shown: str = "dask://here"
    run: str = "r"
    sent: list[tuple[str, Order]] = field(default_factory=list)
    posts: dict[str, Outpost] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def workers(self, site: str | None) -> list[str]:
        return [w for w in self.names if w not in self.gone and (site is None or self.at.get(w) == site)]

    def sites(self) -> list[str]:
        return sorted(set(self.at.values()))

    def send(self, worker: str, text: str, wait: Callable[[], None]) -> str:
        order = Order.from_json(text)
        self.sent.append((worker, order))
        done: list[str] = []
        post = self.posts.setdefault(worker, Outpost())
        thread = threading.Thread(
            target=lambda: done.append(post.perform(text, lambda: False, lambda *_: None)), daemon=True
        )
        thread.start()
        while thread.is_alive():
            thread.join(0.01)
            wait()
        return self.spoil(worker, order, done[0])

    def halt(self, source: str, workers: list[str]) -> None:
        for worker in set(workers) & set(self.posts):
            self.posts[worker].halt(self.run, source)

    def dismiss(self, source: str, workers: list[str]) -> None:
        for worker in set(workers) & set(self.posts):
            self.posts[worker].dismiss(self.run, source)


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Outcome]]:
    """Scans sources by way of stations, in short orders; a source's type finds its script again on the other side."""
    monkeypatch.setattr("scanner.crawl.spread.SHORT_S", 0.05)
    monkeypatch.setattr("scanner.crawl.spread.ORDER_S", 0.05)

    def call(stations: Stations, *sources: Bound, tick: Callable[[Run], None] | None = None) -> Outcome:
        plugs = {b.name: b.plug for b in sources}
        monkeypatch.setattr(registry, "plug_of", lambda kind, _where: plugs[kind])
        with Catalog.open(locate(str(tmp_path / "catalog")), create=True) as catalog:
            catalog.lock()
            run = Run.start(catalog, sources, title="t", config_hash="")
            run.way = Spread(stations, 0.5)  # type: ignore[arg-type]
            return run.execute(lambda _p: tick and tick(run), every_s=0.01)

    return call


def source(script: Script, name: str = "tree", account: Account | None = None, **limits: object) -> Bound:
    made = bound(script, name, account, **limits)
    plug = registry.Plug(**{f: getattr(made.plug, f) for f in made.plug.__dataclass_fields__} | {"type": name})
    return Bound(made.config, plug, made.options)


ME = Account("host", "me")


def test_three_workers_find_what_one_finds(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    planted = tree(3, 4)
    script = Script(planted)
    stations = Stations()
    outcome = spread(stations, source(script, requests_per_s=300))
    assert (outcome.state, outcome.exit, outcome.coverage) == ("complete", Exit.COMPLETE, 1.0)
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)
    assert max(Counter(script.crawled).values()) == 1
    assert len({w for w, o in stations.sent if o.do == "crawl"}) > 1


def test_connections_and_logins_stay_within_the_limit_of_one_machine(spread: Callable[..., Outcome]) -> None:
    most = 0
    script = Script(tree(4, 3))

    def look(_unit: Unit) -> None:
        nonlocal most
        most = max(most, script.opened)

    script.before = look
    spread(Stations(), source(script, account=ME, connections=4))
    assert most <= 4
    assert script.logins <= 4


@pytest.mark.parametrize("after", [1, 2, 4])
def test_what_a_lost_worker_did_is_done_again_by_others(
    spread: Callable[..., Outcome], tmp_path: Path, after: int
) -> None:
    planted = tree(3, 4)
    stations = Stations()

    def lose(worker: str, _order: Order, answer: str) -> str:
        if len(stations.sent) == after:
            stations.gone.add(worker)
            raise WorkerLost(worker)
        return answer

    stations.spoil = lose
    outcome = spread(stations, source(Script(planted)))
    assert outcome.state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog:
        catalog.lock()
        catalog.sweep()
        catalog.check()
        assert catalog.sweep() == 0


def test_a_unit_that_every_worker_is_lost_with_is_a_gap(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    planted = tree(2, 2)
    stations = Stations(tuple(f"w{n}" for n in range(9)))

    def lose(worker: str, _order: Order, answer: str) -> str:
        if any(unit[1] == "d0/" for unit in json.loads(answer)["bundle"]["units"]):
            raise WorkerLost(worker)
        return answer

    script = Script(planted)
    stations.spoil = lose
    outcome = spread(stations, source(script))
    assert outcome.state == "incomplete"
    found = [row[1] for row in inventory(tmp_path)]
    assert found == [p for p in paths_of(planted) if not p.startswith("d0/")]


def test_a_refused_login_is_the_only_one(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    tried = []

    def refuse() -> None:
        tried.append(1)
        raise SourceError("AUTH_REFUSED", "no", where="host")

    scripts = [Script(tree(2, 1), on_roots=refuse) for _ in range(2)]
    outcome = spread(Stations(), *(source(s, f"s{n}", ME) for n, s in enumerate(scripts)))
    assert outcome.exit is Exit.AUTH
    assert len(tried) == 1
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog:
        assert catalog.refused("host", "me") == "AUTH_REFUSED"


def test_a_login_refused_in_mid_scan_is_the_last(spread: Callable[..., Outcome]) -> None:
    tried = []

    def refuse() -> None:
        tried.append(1)
        if len(tried) > 2:
            raise SourceError("AUTH_REFUSED", "no", where="host")

    script = Script(tree(3, 4), on_roots=refuse)
    outcome = spread(Stations(), source(script, account=ME, connections=6, requests_per_s=100))
    assert outcome.exit is not Exit.COMPLETE
    assert len(tried) == 3


def test_the_budget_of_requests_holds_over_all_workers(spread: Callable[..., Outcome]) -> None:
    script = Script(tree(3, 4))
    outcome = spread(Stations(), source(script, max_requests=40))
    assert outcome.exit is Exit.BUDGET
    assert script.logins + len(script.crawled) <= 40


def test_a_source_of_a_site_goes_to_the_workers_there(spread: Callable[..., Outcome]) -> None:
    stations = Stations(at={"w1": "berlin"})
    made = source(Script(tree(3, 3)))
    there = Bound(made.config.model_copy(update={"site": "berlin"}), made.plug, made.options)
    assert spread(stations, there).state == "complete"
    assert {w for w, _ in stations.sent} == {"w1"}


def test_a_site_without_a_worker_is_told(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    made = source(Script(tree(1, 1)))
    there = Bound(made.config.model_copy(update={"site": "paris"}), made.plug, made.options)
    assert spread(Stations(at={"w1": "berlin"}), there).exit is Exit.UNREACHABLE
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog:
        assert [s.error_code for s in catalog.sources(1)] == ["NO_WORKER"]


def test_a_worker_that_cannot_open_a_source_is_done_without(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    planted = tree(3, 3)
    stations = Stations()

    def lacking(worker: str, _order: Order, answer: str) -> str:
        if worker == "w0":
            raise WorkerUnfit("ModuleNotFoundError: no scanner")
        return answer

    stations.spoil = lacking
    assert spread(stations, source(Script(planted))).state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["bundle"]["parts"][0].update(path="../state.db"),
        lambda m: m["bundle"]["parts"][0].update(path="scan-000002/entry-" + "0" * 32 + ".parquet"),
        lambda m: m["bundle"]["units"].__setitem__(0, [1 << 60, "", "", "done", 1]),
        lambda m: m["bundle"].update(faults=[[m["bundle"]["units"][0][0], "x", "list", "NO_SUCH", ""]]),
        lambda m: m.pop("bundle"),
    ],
)
def test_a_manifest_that_does_not_fit_counts_for_nothing(
    spread: Callable[..., Outcome], tmp_path: Path, change: Callable[[dict[str, object]], object]
) -> None:
    planted = tree(3, 3)
    stations = Stations()

    def forge(worker: str, order: Order, answer: str) -> str:
        if worker != "w2" and order.do == "crawl":
            told = json.loads(answer)
            change(told)
            return json.dumps(told)
        return answer

    stations.spoil = forge
    assert spread(stations, source(Script(planted))).state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)


def test_parts_that_are_not_there_end_the_scan(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    stations = Stations()

    def elsewhere(_worker: str, order: Order, answer: str) -> str:
        if order.do == "crawl":
            for part in json.loads(answer)["bundle"]["parts"]:
                (tmp_path / "catalog" / "facts" / part["path"]).unlink()
        return answer

    stations.spoil = elsewhere
    with pytest.raises(StocktakeError, match="LOCATION_NOT_SHARED"):
        spread(stations, source(Script(tree(2, 2))))


def test_another_version_on_a_worker_is_told(spread: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    stations = Stations()

    def older(worker: str, text: str, wait: Callable[[], None]) -> str:
        monkeypatch.setattr("scanner.crawl.order.FORM", 0)
        answer = stations.posts.setdefault(worker, Outpost()).perform(text, lambda: False, lambda *_: None)
        monkeypatch.setattr("scanner.crawl.order.FORM", 1)
        return answer

    stations.send = older  # type: ignore[method-assign]
    with pytest.raises(StocktakeError, match="EXECUTOR_VERSION"):
        spread(stations, source(Script(tree(1, 1))))


def test_stopped_in_the_midst_and_resumed_finds_everything_once(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    planted = tree(3, 4)
    script = Script(planted)
    made = source(script, requests_per_s=200)

    def stop(run: Run) -> None:
        if len(script.crawled) > 20:
            run.stop.set()

    assert spread(Stations(), made, tick=stop).state == "stopped"
    assert 0 < len(inventory(tmp_path)) < len(paths_of(planted))
    rest = Script(planted)
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog:
        catalog.lock()
        catalog.reopen(1)
        catalog.sweep()
        registry.plug_of = lambda _kind, _where: source(rest).plug
        run = Run(catalog, 1, [source(rest)])
        run.way = Spread(Stations(run="again"), 0.5)  # type: ignore[arg-type]
        assert run.execute(lambda _p: None, every_s=0.01).state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)


class Wandering(Scripted):
    """Gives units that lie elsewhere, and those of others again."""

    def crawl(self, unit: Unit) -> Iterator[Event]:
        yield from super().crawl(unit)
        if unit.key.endswith("d0/"):
            yield Unit("d1/")
            yield Unit("d2/d1/d0/")
            yield Unit(unit.key)


def test_units_that_lie_elsewhere_are_crawled_once(spread: Callable[..., Outcome], tmp_path: Path) -> None:
    planted = tree(3, 4)
    script = Script(planted)
    made = source(script)
    plug = registry.Plug(
        **{f: getattr(made.plug, f) for f in made.plug.__dataclass_fields__}
        | {"open": lambda _o, session: Wandering(script, session)}
    )
    assert spread(Stations(), Bound(made.config, plug, made.options)).state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)


def test_shares_never_exceed_what_there_is() -> None:
    shares = Shares(4)
    assert shares.take("a", 4) == 4
    assert shares.take("b", 2) == 0
    assert shares.take("a", 2) == 2
    assert shares.take("b", 2) == 2
    shares.leave("a")
    assert shares.take("b", 4) == 4


def test_a_purse_gives_no_more_than_it_holds() -> None:
    purse = Purse(10)
    taken = [purse.take(0.5) for _ in range(5)]
    assert taken == [5, 2, 1, 1, 1]
    assert purse.take(0.5) == 0
    assert not purse.empty
    for amount in taken:
        purse.give_back(amount, amount or 0)
    assert purse.empty
    assert Purse(None).take(0.5) is None


def test_what_is_known_beneath_a_unit_is_all_that_and_nothing_else() -> None:
    units = [Unit(k) for k in ("", "a", "a/", "a/b/", "a-b/", "a0", "b/", "a/b/c/")] + [Unit.several("a/", ["x", "y"])]
    known = Known(units)
    assert {u.key for u in known.beneath(Unit("a/"))} == {"a/", "a/b/", "a/b/c/"}
    assert set(known.beneath(Unit(""))) == set(units)
    known.add([Unit("a/z/")])
    assert Unit("a/z/") in set(known.beneath(Unit("a/")))
    assert set(known.beneath(Unit.several("a/", ["b", "z"]))) == {Unit("a/b/"), Unit("a/b/c/"), Unit("a/z/")}


@pytest.mark.parametrize("names", [2, 3, 7, 20])
@pytest.mark.parametrize("most", [1, 4, 50])
def test_a_unit_of_several_is_divided_without_loss(names: int, most: int) -> None:
    unit = Unit.several("a/", [f"n{n}" for n in range(names)])
    parts = parts_of(unit, most)
    assert len(parts) <= most
    assert [m for part in parts for m in part.members or (part,)] == list(unit.members)


class Gathering(Scripted):
    """Gives the folders of a folder as one unit, and crawls such units."""

    def crawl(self, unit: Unit) -> Iterator[Event]:
        for one in unit.members or (unit,):
            below = []
            for event in super().crawl(one):
                if isinstance(event, Unit):
                    below.append(event.key[len(one.key) : -1])
                else:
                    yield event
            if below:
                yield Unit.several(one.key, below)


@pytest.mark.parametrize("stations", [1, 3])
def test_units_of_several_are_shared_out(spread: Callable[..., Outcome], tmp_path: Path, stations: int) -> None:
    planted = tree(4, 3)
    script = Script(planted)
    made = source(script, requests_per_s=150)
    plug = registry.Plug(
        **{f: getattr(made.plug, f) for f in made.plug.__dataclass_fields__}
        | {"open": lambda _o, session: Gathering(script, session)}
    )
    here = Stations(tuple(f"w{n}" for n in range(stations)))
    assert spread(here, Bound(made.config, plug, made.options)).state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(planted)
    assert max(Counter(script.crawled).values()) == 1
    assert len({w for w, o in here.sent if o.do == "crawl"}) == stations


def test_a_scheduler_elsewhere_needs_tls_or_a_word_in_the_estate_file() -> None:
    assert address_of("dask://127.0.0.1:8786", allow_plain=False).dask == "tcp://127.0.0.1:8786"
    assert address_of("dask://[::1]:8786", allow_plain=False).dask == "tcp://[::1]:8786"
    assert address_of("tls://hub.example:8786", allow_plain=False).encrypted
    assert address_of("dask://hub.example:8786", allow_plain=True).dask == "tcp://hub.example:8786"
    for host in ("hub.example", "10.0.0.1", "127.0.0.1.example", "localhost.example"):
        with pytest.raises(StocktakeError, match="EXECUTOR_PLAIN"):
            address_of(f"dask://{host}:8786", allow_plain=False)
    for text in ("http://x:1", "tls://x", "dask://u@localhost:1", "tls://h:1/x", "dask", "tls://h:x"):
        with pytest.raises(StocktakeError, match="USAGE"):
            address_of(text, allow_plain=True)


def test_a_manifest_that_is_none_is_told() -> None:
    for text in ("", "{}", "[]", '{"bundle": {}}', "nonsense"):
        with pytest.raises(Misfit):
            Manifest.from_json(text)
