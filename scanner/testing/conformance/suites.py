"""The suites by medium and by capability; each is a class of tests over one fixture, ``harness``."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import closing

import pytest

from scanner.codes import CODES
from scanner.connector import Connector, ReadsBytes, SamplesRows
from scanner.model import SourceError
from scanner.paths import canonical, restore
from scanner.testing.conformance import checks
from scanner.testing.conformance.core import CoreSuite
from scanner.testing.conformance.harness import Harness
from scanner.testing.crawling import Record, crawl_all

_CONTAINERS = ("directory", "bucket")


class ConnectorSuite(CoreSuite):
    """For trees and object stores: what was planted is found, to the byte, and left as it was."""

    def test_the_world_is_found_complete_and_exact(self, harness: Harness) -> None:
        """Every entry and no other, with its kind, its size, its time and a link's target."""
        found = harness.found.entries
        expected = {harness.path(node): node for node in harness.world.nodes}
        assert set(found) - set(harness.extra) == set(expected), difference(
            set(found) - set(harness.extra), set(expected)
        )
        assert set(harness.extra) <= set(found), f"missing: {sorted(set(harness.extra) - set(found))}"
        for path, node in expected.items():
            record = found[path]
            told = (record["kind"], record.get("size"))
            assert told == (harness.kinds.get(node.kind, node.kind), node.size), f"{path!r} is told to be {told}"
            if harness.tick_us is not None:
                modified = node.modified - node.modified % harness.tick_us
                assert record.get("modified") == modified, f"{path!r}: {record.get('modified')}, not {modified}"
            if node.kind == "link":
                assert record.get("target") in (None, canonical(node.target)), f"{path!r}: {record.get('target')!r}"

    def test_names_restore_to_the_exact_bytes_of_the_source(self, harness: Harness) -> None:
        """From the text in the catalog back to the bytes that were planted."""
        found = {restore(path[len(harness.prefix) :]) for path in harness.found.paths if path not in harness.extra}
        planted = {node.path for node in harness.world.nodes}
        assert found == planted, difference({repr(f) for f in found}, {repr(p) for p in planted})

    def test_a_clean_world_gives_no_faults(self, harness: Harness) -> None:
        """Nothing refused, nothing left out: only notes, and questions the store would not answer."""
        faults = [f for f in harness.found.faults if f.op not in ("note", "query")]
        assert not faults, f"faults without a cause: {faults[:10]}"

    def test_every_directory_is_listed_to_its_end(self, harness: Harness) -> None:
        """A directory recorded but never listed would be a hole without an edge; an empty one is listed too."""
        crawl = harness.found
        listed = {record["path"] for record in crawl.records("listing")}
        unfinished = [r["path"] for r in crawl.records("listing") if r["complete"] is not True]
        holes = [p for p, r in crawl.entries.items() if r["kind"] in _CONTAINERS and f"{p}/" not in listed]
        assert not holes, f"recorded, but never listed: {holes[:20]}"
        assert not unfinished, f"not listed to the end: {unfinished[:20]}"

    def test_a_container_a_unit_may_not_cover_is_handed_out_instead(self, harness: Harness) -> None:
        """Excluded or a unit already: it is named as a unit, and nothing in it is told by the unit above."""
        whole = harness.found
        for node in harness.world.nodes:
            if node.kind != "directory":
                continue
            key = harness.path(node) + "/"
            with closing(harness.open(within=anything_but(key))) as connector:
                crawl = crawl_all(connector, leave=key)
            assert key in {unit.key for unit in crawl.units}, f"{key!r} was not handed out"
            told = [path for path in crawl.paths if path.startswith(key)]
            assert not told, f"told although not to be covered: {told[:10]}"
            expected = {path for path in whole.entries if not path.startswith(key)}
            assert set(crawl.entries) == expected, difference(set(crawl.entries), expected)

    def test_the_source_is_left_as_it_was(self, harness: Harness) -> None:
        """No write, no timestamp, no access time."""
        before = harness.fingerprint()
        harness.crawl()
        after = harness.fingerprint()
        assert after == before, f"changed by being looked at: {changes(before, after)}"


class DeniedSuite:
    """For connectors whose medium can refuse a directory: the harness gives ``denied``."""

    capabilities = frozenset({"denied"})

    def test_a_denied_subtree_is_one_fault_and_siblings_survive(self, harness: Harness) -> None:
        """The directory itself is recorded, what lies beneath is one fault, and all else is as ever."""
        clean = harness.found.entries
        with harness.denied() as path:
            crawl = harness.crawl()
        faults = [(f.path, f.op, f.reason) for f in crawl.faults if f.op not in ("note", "query")]
        assert faults == [(path, "list", "DENIED")], f"faults: {faults}"
        expected = {p for p in clean if not p.startswith(path)}
        assert len(expected) < len(clean), "the harness denied a directory with nothing in it"
        assert set(crawl.entries) == expected, difference(set(crawl.entries), expected)


class LogsInSuite:
    """For connectors that log in: the harness gives ``secrets`` and ``refused``."""

    capabilities = frozenset({"logs_in"})

    def test_no_secret_is_shown(self, harness: Harness) -> None:
        """Not in records, faults, options, locator, representations, log lines or anything printed."""
        assert harness.secrets, "a connector that logs in has a secret to keep"
        options = harness.options(harness.settings())
        account = harness.plug.account(options)
        with checks.overheard() as heard, closing(harness.open()) as connector:
            crawl = crawl_all(connector)
            shown = [repr(connector), str(connector), repr(options), options.model_dump_json(), repr(account)]
        told = [repr(batch.columns) for batch in crawl.batches] + [repr(crawl.faults), repr(crawl.units)]
        shown += [harness.plug.locator(options), heard.getvalue(), *told]
        assert not checks.leaked(harness.secrets, *shown), "a secret was shown"

    def test_a_refused_login_is_an_error_that_keeps_the_secret(self, harness: Harness) -> None:
        """An AUTH code, not transient (a second attempt could lock the account), and no secret in its words."""
        with checks.overheard() as heard, closing(harness.open(harness.refused())) as connector:
            with pytest.raises(SourceError) as raised:
                list(connector.roots())
            shown = repr(connector)
        error = raised.value
        assert error.code.startswith("AUTH_"), f"{error.code} does not say that the login was refused"
        assert error.code in CODES, f"{error.code} is not registered"
        assert not error.transient, "a refused login must never be tried again"
        words = "".join(traceback.format_exception(error))
        assert not checks.leaked(harness.secrets, words, repr(error), heard.getvalue(), shown), "a secret was shown"


class ReadsBytesSuite:
    """For connectors that read content."""

    capabilities = frozenset({"reads_bytes"})

    def test_content_is_exact_and_bounded(self, harness: Harness) -> None:
        """The bytes asked for, never more, of every file of the world whatever its name; nothing beyond the end."""
        with closing(harness.open()) as connector:
            for node in harness.world.files():
                path, content = harness.path(node), node.content()
                for start, length in ((0, 16), (3, 5), (0, len(content) + 9), (len(content) + 5, 4), (0, 0)):
                    got = reading(connector).read(path, start, length)
                    wanted = content[start : start + length]
                    assert got == wanted, f"{path!r}: {len(got)} bytes from {start} are not the {len(wanted)} planted"

    def test_reading_leaves_the_source_as_it_was(self, harness: Harness) -> None:
        """Not even an access time."""
        before = harness.fingerprint()
        with closing(harness.open()) as connector:
            for node in harness.world.files():
                reading(connector).read(harness.path(node), 0, 64)
        after = harness.fingerprint()
        assert after == before, f"changed by being read: {changes(before, after)}"

    def test_what_cannot_be_read_is_an_error_with_a_code(self, harness: Harness) -> None:
        """A name that is not there, a directory, a link: none of them is content."""
        nodes = [n for n in harness.world.nodes if n.kind != "file"]
        with closing(harness.open()) as connector:
            for path in (harness.prefix + "there is no such file", *(harness.path(n) for n in nodes)):
                with pytest.raises(SourceError) as raised:
                    reading(connector).read(path, 0, 10)
                assert raised.value.code in CODES, f"{raised.value.code} is not registered"


class OfflineSuite:
    """For connectors whose medium has offline content: the harness gives ``offline``."""

    capabilities = frozenset({"offline"})

    def test_offline_content_is_recorded_and_never_read(self, harness: Harness) -> None:
        """Its entry says so, and reading is refused instead of recalling it."""
        with harness.offline() as path, closing(harness.open()) as connector:
            record = crawl_all(connector).entries[path]
            assert record.get("tier") in ("offline", "nearline"), f"{path!r}: tier {record.get('tier')}"
            with pytest.raises(SourceError) as raised:
                reading(connector).read(path, 0, 10)
        assert raised.value.code == "OFFLINE", f"refused as {raised.value.code}"


class DatabaseSuite(CoreSuite):
    """For databases: the harness plants tables of its own, and names them in ``tables``."""

    def test_every_table_and_view_is_found(self, harness: Harness) -> None:
        """With its kind."""
        found = {path: record["kind"] for path, record in harness.found.entries.items()}
        expected = dict(harness.tables())
        told = {path: found.get(path) for path in expected}
        assert told == expected, f"told: {told}"

    def test_columns_belong_to_tables_and_are_numbered(self, harness: Harness) -> None:
        """Every planted table has columns, numbered from 1 without a gap; every column's table is an entry."""
        crawl = harness.found
        positions: dict[str, list[object]] = {}
        for record in crawl.records("column"):
            positions.setdefault(str(record["path"]), []).append(record["position"])
        assert set(positions) <= set(crawl.entries), f"columns of nothing: {set(positions) - set(crawl.entries)}"
        bare = set(harness.tables()) - set(positions)
        assert not bare, f"without columns: {sorted(bare)}"
        odd = {path: p for path, p in positions.items() if p != list(range(1, len(p) + 1))}
        assert not odd, f"not numbered from 1: {odd}"

    def test_keys_name_columns_that_exist(self, harness: Harness) -> None:
        """On both sides of a foreign key, as far as that was crawled; an index may stand over an expression."""
        crawl = harness.found
        named = {(str(r["path"]), str(r["name"])) for r in crawl.records("column")}
        tables = {path for path, _name in named}
        for record in crawl.records("key"):
            if record["kind"] == "index":
                continue
            for path, columns in _key_columns(record):
                unknown = [c for c in columns if (path, c) not in named]
                assert path not in tables or not unknown, f"key {record['name']!r}: {path!r} has no {unknown}"


class SamplesRowsSuite:
    """For connectors that sample rows; the harness names its ``tables``."""

    capabilities = frozenset({"samples_rows"})

    def test_a_sample_is_bounded_and_as_wide_as_its_names(self, harness: Harness) -> None:
        """At most as many rows as asked for, each with one value per column."""
        with closing(harness.open()) as connector:
            assert isinstance(connector, SamplesRows)
            for path in harness.tables():
                names, sampled = connector.sample(path, 2)
                assert len(sampled) <= 2, f"{path!r}: {len(sampled)} rows instead of 2"
                assert all(len(row) == len(names) for row in sampled), f"{path!r}: rows and names differ in width"

    def test_a_missing_table_is_an_error_with_a_code(self, harness: Harness) -> None:
        """Not an empty sample."""
        path = min(harness.tables()) + " that is not there"
        with closing(harness.open()) as connector:
            assert isinstance(connector, SamplesRows)
            with pytest.raises(SourceError) as raised:
                connector.sample(path, 2)
        assert raised.value.code in CODES, f"{raised.value.code} is not registered"


def reading(connector: Connector) -> ReadsBytes:
    """The connector as one that reads content."""
    assert isinstance(connector, ReadsBytes), "the connector reads no content"
    return connector


def anything_but(key: str) -> Callable[[str], bool]:
    """Every container may be covered, save one."""
    return lambda asked: asked != key


def difference(found: set[str], expected: set[str]) -> str:
    """What is missing and what is too much, in words."""
    return f"missing: {sorted(expected - found)[:20]}; too many: {sorted(found - expected)[:20]}"


def changes(before: object, after: object) -> object:
    """What differs between two fingerprints."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            key: (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)
        }
    return (before, after)


def _key_columns(record: Record) -> list[tuple[str, list[str]]]:
    sides = [(str(record["path"]), record["columns"]), (str(record.get("ref_path")), record.get("ref_columns") or ())]
    return [(path, [str(c) for c in columns]) for path, columns in sides if isinstance(columns, list | tuple)]
