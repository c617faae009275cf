"""The suite itself: a sound connector passes every case, and for every case there is a flawed one that it catches."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from scanner.connector import Account, Plug, Session
from scanner.model import Batch, Event, Fault, SourceError, Stopped, Unit
from scanner.paths import canonical
from scanner.schema import COLUMN, ENTRY, KEY, LISTING
from scanner.testing import conformance
from scanner.testing.conformance import checks
from scanner.testing.conformance.core import same
from scanner.testing.crawling import Crawl, ledger_gaps
from scanner.testing.world import TRAITS, WORLD, Node, World, fingerprint

SECRET = "s3cret/of the+memory"
EXTRA = "/extra"


class StrictOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    root: str = Field(description="Where it lies")
    password: str = Field(default=SECRET, description="What opens it", repr=False, exclude=True)


class LaxOptions(BaseModel):
    root: str
    password: str = SECRET


@dataclass
class Medium:
    """What the connector crawls, and which flaw it has."""

    flaw: str = ""
    nodes: dict[bytes, Node] = field(default_factory=dict)
    denied: bytes | None = None
    offline: bytes | None = None
    touched: int = 0
    crawls: int = 0

    def below(self, key: bytes) -> list[Node]:
        return [n for n in self.nodes.values() if n.path.rpartition(b"/")[0] == key.rstrip(b"/")]


class Memory:
    """A connector over a dictionary; ``medium.flaw`` names the one thing it does wrong."""

    def __init__(self, medium: Medium, options: BaseModel, session: Session) -> None:
        self.medium, self.session = medium, session
        self.root = options.root  # type: ignore[attr-defined]
        self.password = options.password  # type: ignore[attr-defined]
        self.closed = False
        self.seen: list[str] = []
        if self.flawed("eager"):
            session.pace()

    def flawed(self, flaw: str) -> bool:
        return self.medium.flaw == flaw

    def __repr__(self) -> str:
        return f"Memory({self.password if self.flawed('repr') else self.root})"

    def roots(self) -> Iterable[Unit]:
        if not self.flawed("unpaced roots"):
            self.session.pace()
        if self.root == "nowhere" and not self.flawed("empty root"):
            detail = f"no {self.password}" if self.flawed("secret in missing") else "gone"
            raise SourceError("NO_SUCH_CODE" if self.flawed("odd code") else "ROOT_MISSING", detail, where=self.root)
        if self.password != SECRET:
            shown = self.password if self.flawed("secret in refused") else "no"
            code = "UNREACHABLE" if self.flawed("refused oddly") else "AUTH_REFUSED"
            raise SourceError(code, shown, where=self.root, transient=self.flawed("transient login"))
        if self.flawed("logs"):
            logging.getLogger("memory.driver").debug("PASS %s", self.password)
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        medium = self.medium
        self.pace(unit)
        medium.crawls += 1
        if self.flawed("leans on order"):
            self.lean(unit)
        if self.flawed("touches"):
            medium.touched += 1
        handle = self.leak() if self.flawed("leaks handle") or self.flawed("leaks thread") else None
        key = unit.key.encode()
        raw = next((n.path for n in medium.nodes.values() if n.canonical + "/" == unit.key), b"")
        if key and medium.denied == raw:
            yield from self.refusal(unit)
            return
        nodes = medium.below(raw)
        yield from self.listing(unit, nodes)
        if handle:
            handle()

    def pace(self, unit: Unit) -> None:
        if self.flawed("unpaced units") and unit.key:
            return
        try:
            self.session.pace()
        except Stopped:
            if self.flawed("swallows stop"):
                raise SourceError("TIMEOUT", "no time") from None
            raise

    def lean(self, unit: Unit) -> None:
        if self.seen and unit.key and unit.key < self.seen[-1]:
            raise AssertionError("was not crawled in order")
        self.seen.append(unit.key)

    def leak(self) -> Callable[[], None]:
        if self.flawed("leaks thread"):
            gate = threading.Event()
            threading.Thread(target=gate.wait, args=(30,), daemon=True, name="leak").start()
            return gate.set
        handle = os.open("/dev/null", os.O_RDONLY)
        return lambda: os.close(handle)

    def refusal(self, unit: Unit) -> Iterator[Event]:
        if self.flawed("denied aborts"):
            raise SourceError("DENIED", where=unit.key)
        if not self.flawed("denied is silent"):
            yield Fault(unit.key.rstrip("/") if self.flawed("bare list fault") else unit.key, "list", "DENIED")

    def listing(self, unit: Unit, nodes: list[Node]) -> Iterator[Event]:
        listed = len(nodes)
        kept = list(nodes)
        if self.flawed("drops") and unit.key == "a/b/":
            kept = kept[1:]
            listed = len(kept)
        if self.flawed("lies about listed") and unit.key == "a/":
            listed += 1
        if self.flawed("loses the undecodable"):
            kept = [n for n in kept if "undecodable" not in n.traits]
        rows = [self.row(unit, node) for node in kept]
        if self.flawed("twice") and unit.key == "foo/":
            rows, listed = rows * 2, listed * 2
        yield Batch(ENTRY, self.columns(rows))
        if not (self.flawed("no listing") and unit.key == "nothing here/"):
            yield Batch(LISTING, {"path": [unit.key], "listed": [listed], "complete": [not self.flawed("incomplete")]})
        yield from self.faults(unit)
        for node in nodes:
            if node.kind == "directory":
                child = Unit(node.canonical + "/")
                if self.flawed("covers too much") and not self.session.within(child.key):
                    yield from self.crawl(child)
                if self.flawed("hands out nothing") and not self.session.within(child.key):
                    continue
                yield child

    def faults(self, unit: Unit) -> Iterator[Event]:
        if unit.key:
            return
        if self.flawed("odd fault"):
            yield Fault("x", "guess", "OTHER")
        if self.flawed("undeclared reason"):
            yield Fault("x", "note", "WHATEVER")
        if self.flawed("secret in fault"):
            yield Fault("x", "note", "OTHER", f"login with {self.password}")
        if self.flawed("needless fault"):
            yield Fault("", "list", "PARTIAL")
        if self.flawed("forgets") and self.medium.crawls > 1:
            yield Fault("", "note", "OTHER", str(self.medium.crawls))

    def columns(self, rows: list[dict[str, object]]) -> dict[str, list[object]]:
        names = ("parent", "name", "kind", "size", "modified", "target", "tier")
        columns: dict[str, list[object]] = {name: [row[name] for row in rows] for name in names}
        if self.flawed("unknown column"):
            columns["colour"] = ["red"] * len(rows)
        if self.flawed("ragged"):
            columns["size"] = [*columns["size"], None]
        return columns

    def row(self, unit: Unit, node: Node) -> dict[str, object]:
        name: str = canonical(node.path.rpartition(b"/")[2])
        size: object = node.size
        if self.flawed("raw names") and "undecodable" in node.traits:
            name = node.path.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
        if self.flawed("replaced names") and "undecodable" in node.traits:
            name = node.path.rpartition(b"/")[2].decode("utf-8", "replace")
        if self.flawed("lower-case escapes"):
            name = name.replace("\\xE9", "\\xe9")
        if self.flawed("zero for unknown") and node.kind == "directory":
            size = 0
        if self.flawed("text for number") and size is not None:
            size = str(size)
        if self.flawed("wrong size") and size == 4096:
            size = 4095
        offline = self.medium.offline == node.path and not self.flawed("offline is silent")
        return {
            "parent": unit.key,
            "name": name,
            "kind": "regular" if self.flawed("odd kind") else "file" if self.flawed("all files") else node.kind,
            "size": size,
            "modified": node.modified // 1_000_000 * 1_000_000 if self.flawed("rounds") else node.modified,
            "target": "elsewhere" if self.flawed("wrong target") else canonical(node.target) if node.target else None,
            "tier": "offline" if offline else "online",
        }

    def read(self, path: str, start: int, length: int) -> bytes:
        self.session.pace()
        node = next((n for n in self.medium.nodes.values() if n.canonical == path), None)
        if node is None or node.kind != "file":
            if self.flawed("reads nothing"):
                return b""
            raise SourceError("NOT_FOUND", where=path)
        if node.path == self.medium.offline and not self.flawed("recalls"):
            raise SourceError("OFFLINE", where=path)
        if self.flawed("read touches"):
            self.medium.touched += 1
        end = None if self.flawed("unbounded") else start + length
        return node.content()[start:end]

    def close(self) -> None:
        if self.flawed("closes once") and self.closed:
            raise RuntimeError("closed already")
        self.closed = True


class MemoryHarness(conformance.Harness):
    secrets = (SECRET, SECRET + "?")
    tick_us = 1

    def __init__(self, flaw: str = "") -> None:
        self.medium = Medium(flaw)
        options: type[BaseModel] = LaxOptions if flaw == "lax options" else StrictOptions
        self.plug = Plug(
            title="Memory",
            schemes=("memory",),
            options=options,
            open=lambda o, s: Memory(self.medium, o, s),
            from_url=lambda url: {"root": url},
            account=lambda o: Account("memory", "me"),
            locator=lambda o: f"memory://{SECRET if flaw == 'secret locator' else 'here'}",
            type="memory",
            store_kind="dictionary",
            facts=("entry",) if flaw == "undeclared facts" else ("entry", "listing"),
        )

    def plant(self, world: World) -> None:
        self.medium.nodes = {node.path: node for node in world.nodes}

    def settings(self) -> dict[str, object]:
        return {"root": "here"}

    def missing(self) -> dict[str, object]:
        return {"root": "nowhere"}

    def refused(self) -> dict[str, object]:
        return {"root": "here", "password": SECRET + "?"}

    def fingerprint(self) -> object:
        return self.medium.touched

    @contextmanager
    def denied(self) -> Iterator[str]:
        self.medium.denied = b"a/b"
        yield "a/b/"
        self.medium.denied = None

    @contextmanager
    def offline(self) -> Iterator[str]:
        self.medium.offline = b"plain.txt"
        yield "plain.txt"
        self.medium.offline = None


class TestMemory(
    conformance.DeniedSuite,
    conformance.LogsInSuite,
    conformance.ReadsBytesSuite,
    conformance.OfflineSuite,
    conformance.ConnectorSuite,
):
    @pytest.fixture
    def harness(self) -> MemoryHarness:
        return conformance.planted(MemoryHarness())


class Untested(conformance.LogsInSuite, conformance.ConnectorSuite):
    """Somebody forgot that the connector reads content."""


class Overclaimed(TestMemory, conformance.SamplesRowsSuite):
    """Somebody took a suite for what the connector cannot do."""


FLAWS = [
    ("lax options", "test_the_plug_declares_itself"),
    ("undeclared facts", "test_the_plug_declares_itself"),
    ("eager", "test_opening_does_no_io"),
    ("empty root", "test_a_missing_root_is_an_error_with_a_code"),
    ("odd code", "test_a_missing_root_is_an_error_with_a_code"),
    ("secret in missing", "test_a_missing_root_is_an_error_with_a_code"),
    ("unknown column", "test_every_record_fits_its_schema"),
    ("ragged", "test_every_record_fits_its_schema"),
    ("text for number", "test_every_record_fits_its_schema"),
    ("zero for unknown", "test_every_record_fits_its_schema"),
    ("odd kind", "test_every_record_fits_its_schema"),
    ("raw names", "test_every_record_fits_its_schema"),
    ("lower-case escapes", "test_every_path_is_canonical"),
    ("odd fault", "test_every_fault_is_declared"),
    ("undeclared reason", "test_every_fault_is_declared"),
    ("lies about listed", "test_listed_equals_recorded_skipped_and_failed"),
    ("loses the undecodable", "test_listed_equals_recorded_skipped_and_failed"),
    ("no listing", "test_every_directory_is_listed_to_its_end"),
    ("incomplete", "test_every_directory_is_listed_to_its_end"),
    ("twice", "test_nothing_is_recorded_twice"),
    ("forgets", "test_a_second_crawl_says_the_same"),
    ("leans on order", "test_the_order_of_units_does_not_matter"),
    ("leaks handle", "test_an_abandoned_crawl_leaves_nothing_open"),
    ("leaks thread", "test_an_abandoned_crawl_leaves_nothing_open"),
    ("unpaced units", "test_every_unit_is_paced"),
    ("unpaced roots", "test_every_unit_is_paced"),
    ("swallows stop", "test_a_stop_passes_through"),
    ("drops", "test_the_world_is_found_complete_and_exact"),
    ("wrong size", "test_the_world_is_found_complete_and_exact"),
    ("rounds", "test_the_world_is_found_complete_and_exact"),
    ("all files", "test_the_world_is_found_complete_and_exact"),
    ("wrong target", "test_the_world_is_found_complete_and_exact"),
    ("replaced names", "test_names_restore_to_the_exact_bytes_of_the_source"),
    ("needless fault", "test_a_clean_world_gives_no_faults"),
    ("touches", "test_the_source_is_left_as_it_was"),
    ("covers too much", "test_a_container_a_unit_may_not_cover_is_handed_out_instead"),
    ("hands out nothing", "test_a_container_a_unit_may_not_cover_is_handed_out_instead"),
    ("denied is silent", "test_a_denied_subtree_is_one_fault_and_siblings_survive"),
    ("bare list fault", "test_a_denied_subtree_is_one_fault_and_siblings_survive"),
    ("denied aborts", "test_a_denied_subtree_is_one_fault_and_siblings_survive"),
    ("repr", "test_no_secret_is_shown"),
    ("logs", "test_no_secret_is_shown"),
    ("secret in fault", "test_no_secret_is_shown"),
    ("secret locator", "test_no_secret_is_shown"),
    ("secret in refused", "test_a_refused_login_is_an_error_that_keeps_the_secret"),
    ("refused oddly", "test_a_refused_login_is_an_error_that_keeps_the_secret"),
    ("transient login", "test_a_refused_login_is_an_error_that_keeps_the_secret"),
    ("unbounded", "test_content_is_exact_and_bounded"),
    ("read touches", "test_reading_leaves_the_source_as_it_was"),
    ("reads nothing", "test_what_cannot_be_read_is_an_error_with_a_code"),
    ("recalls", "test_offline_content_is_recorded_and_never_read"),
    ("offline is silent", "test_offline_content_is_recorded_and_never_read"),
    ("closes once", "test_close_may_be_called_twice_and_at_any_time"),
]
# Caught elsewhere: by what a fresh instance does not know, and by which suites a class takes.
OTHERWISE = {"test_any_unit_is_crawled_by_a_fresh_instance", "test_every_capability_has_its_suite"}


@pytest.mark.parametrize(("flaw", "case"), FLAWS)
def test_a_flawed_connector_is_caught(flaw: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PATIENCE_S", 0.1)
    harness = conformance.planted(MemoryHarness(flaw))
    with pytest.raises((AssertionError, pytest.fail.Exception, SourceError, RuntimeError)):
        getattr(TestMemory(), case)(harness)


def test_every_case_has_a_flaw_that_it_catches() -> None:
    cases = {name for name in dir(TestMemory) if name.startswith("test_")}
    assert cases == {case for _flaw, case in FLAWS} | OTHERWISE


def test_a_unit_that_only_its_own_instance_understands_is_caught() -> None:
    class Private(Memory):
        """Keeps in the instance what belongs into the unit."""

        def crawl(self, unit: Unit) -> Iterator[Event]:
            known = {*self.seen, ""}
            for event in super().crawl(unit if unit.key in known else Unit("nothing here/")):
                if isinstance(event, Unit):
                    self.seen.append(event.key)
                yield event

    harness = conformance.planted(MemoryHarness())
    harness.plug = replace(harness.plug, open=lambda o, s: Private(harness.medium, o, s))
    with pytest.raises(AssertionError, match="fresh instances"):
        TestMemory().test_any_unit_is_crawled_by_a_fresh_instance(harness)


def test_a_capability_without_its_suite_is_caught() -> None:
    harness = conformance.planted(MemoryHarness())
    with pytest.raises(AssertionError, match="reads_bytes"):
        Untested().test_every_capability_has_its_suite(harness)
    with pytest.raises(AssertionError, match="samples_rows"):
        Overclaimed().test_every_capability_has_its_suite(harness)


# Databases


class Rows:
    """A database connector over a dictionary of tables."""

    def __init__(self, flaw: str, options: BaseModel, session: Session) -> None:
        self.flaw, self.session = flaw, session
        self.missing = options.root == "nowhere"  # type: ignore[attr-defined]

    def roots(self) -> Iterable[Unit]:
        self.session.pace()
        if self.missing:
            raise SourceError("NOT_FOUND", where="nowhere")
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        self.session.pace()
        kinds = ["table", "table", "table" if self.flaw == "view as table" else "view"]
        yield Batch(ENTRY, {"parent": ["main/"] * 3, "name": ["a", "b", "v"], "kind": kinds})
        yield Batch(LISTING, {"path": [""], "listed": [3], "complete": [True]})
        table = "gone" if self.flaw == "columns of nothing" else "b"
        first = 0 if self.flaw == "from zero" else 1
        paths, names, places = (
            ["main/a", "main/a", f"main/{table}", "main/v"],
            ["id", "b_id", "id", "x"],
            [1, 2, first, 1],
        )
        yield Batch(COLUMN, {"path": paths, "name": names, "position": places})
        reference = "nothing" if self.flaw == "key to nothing" else "id"
        key = {"path": "main/a", "name": "fk", "kind": "foreign", "columns": ["b_id"]}
        key |= {"ref_path": "main/b", "ref_columns": [reference]}
        yield Batch(KEY, {name: [value] for name, value in key.items()})

    def sample(self, path: str, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        self.session.pace()
        if path not in ("main/a", "main/b", "main/v") and self.flaw != "sample of nothing":
            raise SourceError("NOT_FOUND", where=path)
        wanted = 5 if self.flaw == "unbounded sample" else rows
        return ("id", "b_id"), [(n,) if self.flaw == "narrow rows" else (n, n) for n in range(wanted)]

    def close(self) -> None:
        pass


class RowsHarness(conformance.Harness):
    def __init__(self, flaw: str = "") -> None:
        self.plug = Plug(
            title="Rows",
            schemes=("rows",),
            options=StrictOptions,
            open=lambda o, s: Rows(flaw, o, s),
            from_url=lambda url: {"root": url},
            account=lambda o: None,
            locator=lambda o: "rows://",
            type="rows",
            store_kind="database",
            facts=("entry", "listing", "column", "key"),
        )

    def plant(self, world: World) -> None:
        """The tables are always there."""

    def settings(self) -> dict[str, object]:
        return {"root": "here"}

    def missing(self) -> dict[str, object]:
        return {"root": "nowhere"}

    def tables(self) -> dict[str, str]:
        return {"main/a": "table", "main/b": "table", "main/v": "view"}


class TestRows(conformance.SamplesRowsSuite, conformance.DatabaseSuite):
    @pytest.fixture
    def harness(self) -> RowsHarness:
        return conformance.planted(RowsHarness())


DATABASE_FLAWS = [
    ("view as table", "test_every_table_and_view_is_found"),
    ("columns of nothing", "test_columns_belong_to_tables_and_are_numbered"),
    ("from zero", "test_columns_belong_to_tables_and_are_numbered"),
    ("key to nothing", "test_keys_name_columns_that_exist"),
    ("unbounded sample", "test_a_sample_is_bounded_and_as_wide_as_its_names"),
    ("narrow rows", "test_a_sample_is_bounded_and_as_wide_as_its_names"),
    ("sample of nothing", "test_a_missing_table_is_an_error_with_a_code"),
]


@pytest.mark.parametrize(("flaw", "case"), DATABASE_FLAWS)
def test_a_flawed_database_connector_is_caught(flaw: str, case: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(TestRows(), case)(RowsHarness(flaw))


def test_every_database_case_has_a_flaw_that_it_catches() -> None:
    own = {name for name in dir(TestRows) if name.startswith("test_")} - set(dir(conformance.CoreSuite))
    assert own == {case for _flaw, case in DATABASE_FLAWS}


# What the suites measure with


@pytest.mark.parametrize("text", ["plain", "caf\\xE9", "a\\\\b", "a\\x2Fb", "a\\\\x2Fb", "é", "", "a/b/", "\\\\xE9"])
def test_canonical_texts_are_known(text: str) -> None:
    assert checks.is_canonical(text)


@pytest.mark.parametrize("text", ["caf\\xe9", "a\\b", "\\x41", "\\xC3\\xA9", "\udce9", "x\\"])
def test_other_spellings_are_not_canonical(text: str) -> None:
    assert not checks.is_canonical(text)


def test_the_ledger_counts_each_name_for_the_nearest_listed_container() -> None:
    entries = Batch(ENTRY, {"parent": ["", "a/", "a/b/c/"], "name": ["a", "x", "y"], "kind": ["file"] * 3})
    listing = Batch(LISTING, {"path": ["", "a/", "a/"], "listed": [1, 1, 2], "complete": [True] * 3})
    failed = Fault("a/z", "stat", "VANISHED")
    assert ledger_gaps(Crawl((entries, listing), (failed,), ())) == []
    assert ledger_gaps(Crawl((entries, listing), (), ())) == ["'a/': 3 listed, 2 recorded, skipped or failed"]
    assert ledger_gaps(Crawl((entries,), (), ())) == [
        f"{path!r} lies in nothing that was listed" for path in ("a", "a/x", "a/b/c/y")
    ]


@pytest.mark.parametrize("form", [SECRET, "s3cret%2Fof%20the%2Bmemory", "czNjcmV0L29mIHRoZSttZW1vcnk="])
def test_a_secret_is_found_in_every_form_it_travels_in(form: str) -> None:
    assert checks.leaked([SECRET], f"GET /?p={form}&x") == [SECRET]
    assert checks.leaked([SECRET], "nothing here") == []


def test_two_crawls_that_differ_only_in_order_are_the_same() -> None:
    batch = Batch(LISTING, {"path": ["a/", "b/"], "listed": [1, 2], "complete": [True, True]})
    turned = Batch(LISTING, {"path": ["b/", "a/"], "listed": [2, 1], "complete": [True, True]})
    same(Crawl((batch,), (), ()), Crawl((turned,), (), ()), "turned")
    with pytest.raises(AssertionError, match="doubled"):
        same(Crawl((batch,), (), ()), Crawl((batch, batch), (), ()), "doubled")


def test_the_world_holds_every_trait_and_can_leave_any_out() -> None:
    for trait in TRAITS:
        assert any(trait in node.traits for node in WORLD.nodes), trait
        assert not any(trait in node.traits for node in WORLD.without({trait}).nodes)
    with pytest.raises(ValueError, match="no such trait"):
        WORLD.without({"colour"})


def test_a_planted_world_is_what_it_says(tmp_path: Path) -> None:
    world = WORLD.without({"opaque_key"})
    world.plant(tmp_path)
    marks = fingerprint(tmp_path)
    assert set(marks) == {b""} | {b"/" + node.path for node in world.nodes}
    for node in world.files():
        place = tmp_path / os.fsdecode(node.path)
        assert place.read_bytes() == node.content()
        assert place.lstat().st_mtime_ns == node.modified * 1000
    assert fingerprint(tmp_path) != marks, "reading the files without O_NOATIME shows"
