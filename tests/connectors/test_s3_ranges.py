"""A bucket listed in pieces: each key once and none missing, whatever the keys, the server's order, or what changes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.s3 import PLUG, S3Connector
from connectors.s3.answer import read_page
from connectors.s3.listing import ANY, BYTES, FOLDERS, Page
from connectors.s3.run import Run, mark
from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.connector import Session
from scanner.crawl import Run as Scan
from scanner.model import SourceError, Unit
from scanner.paths import restore
from scanner.registry import Bound
from scanner.testing import s3_double as double
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps

OPTIONS = PLUG.options.model_validate({"root": "s3://b", "endpoint": "http://127.0.0.1:1", "anonymous": True})


@pytest.fixture(autouse=True, scope="module")
def short_units() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.s3.run.PAGES_BEFORE_CUTS", 1)
        patch.setattr("connectors.s3.run.PAGES_PER_UNIT", 3)
        patch.setattr("connectors.s3.ranges.PIECE_PAGES", 1)
        yield


class Scripted(S3Connector):
    """The connector, its pages straight from a script: the way over the line is tested elsewhere."""

    def __init__(self, script: double.Script, bucket: str = "b") -> None:
        super().__init__(OPTIONS, Session("s3"))  # type: ignore[arg-type]
        self.script, self.bucket = script, bucket
        self.asked: list[dict[str, str]] = []

    def roots(self) -> Iterable[Unit]:
        return [Unit(f"{self.bucket}/")]

    def crawl(self, unit: Unit) -> Iterator[object]:  # type: ignore[override]
        return self._crawl_keys(unit, self.bucket, "")

    def _list_objects(self, _bucket: str, **parameters: object) -> Page:
        names = {"Prefix": "prefix", "Delimiter": "delimiter", "MaxKeys": "max-keys", "StartAfter": "start-after"}
        query = {names.get(name, "continuation-token"): str(value) for name, value in parameters.items()}
        self.asked.append(query)
        answer = self.script(double.Request("GET", f"/{self.bucket}", {"list-type": "2", **query}, {}))
        found = read_page(answer.body)
        if found is None:
            raise SourceError("THROTTLED", "SlowDown", transient=True)
        return found


def listed(crawl: Crawl) -> Counter[bytes]:
    return Counter(restore(path).partition(b"/")[2] for path in crawl.paths)


def ordered(keys: list[bytes], order: Callable[[bytes], bytes], size: int, heeds: bool = True) -> double.Script:
    """A server that lists in an order of its own, and understands where to start in that order, or not at all."""

    def script(request: double.Request) -> double.Answer:
        start, token = request.query.get("start-after", ""), request.query.get("continuation-token", "")
        after = bytes.fromhex(token) if token else start.encode() if heeds else b""
        prefix, delimiter = (request.query.get(name, "").encode() for name in ("prefix", "delimiter"))
        rolled = dict.fromkeys(
            k[: k.find(delimiter, len(prefix)) + 1] if delimiter and delimiter in k[len(prefix) :] else k
            for k in sorted(keys, key=order)
            if k.startswith(prefix)
        )
        left = [k for k in rolled if not after or order(k) > order(after)]
        most = min(size, int(request.query["max-keys"])) if "max-keys" in request.query else size
        shown = left[:most]
        last = shown[-1].hex() if len(left) > most else None
        folders = [k for k in shown if delimiter and k.endswith(delimiter)]
        return double.page([k for k in shown if k not in folders], last, folders=folders)

    return script


def folders_first(key: bytes) -> bytes:
    return key.translate(bytes(range(1, 48)) + b"\0" + bytes(range(48, 256)))


ALPHABETS = st.sampled_from(["ab", "0123456789", "a/b.-!", "/0", "é\u0000\u2028\U00010000z", "aé/ %+&<\\~"])
KEYS = ALPHABETS.flatmap(lambda signs: st.sets(st.text(signs, min_size=1, max_size=6), min_size=1, max_size=60))


@settings(deadline=None, max_examples=150)
@given(KEYS, st.integers(1, 4))
def test_pieces_hold_each_key_once_whatever_the_alphabet(keys: set[str], size: int) -> None:
    crawl = crawl_all(Scripted(double.bucket_of(sorted(keys), size)))
    assert listed(crawl) == Counter(key.encode() for key in keys)
    assert not crawl.faults
    assert not ledger_gaps(crawl)


@settings(deadline=None, max_examples=60)
@given(st.sets(st.binary(min_size=1, max_size=4), min_size=1, max_size=60), st.integers(1, 4))
def test_keys_that_are_no_text_are_in_one_piece_too(keys: set[bytes], size: int) -> None:
    crawl = crawl_all(Scripted(double.bucket_of(sorted(keys), size)))
    assert listed(crawl) == Counter(keys)
    assert not crawl.faults


@settings(deadline=None, max_examples=150)
@given(KEYS, st.integers(1, 4))
@example({"<", "<<", "<<<", "+<", "+/"}, 2).via("a cut at '/' lies behind all keys there, ahead of some elsewhere")
def test_a_server_that_lists_folder_by_folder_loses_nothing_to_pieces(keys: set[str], size: int) -> None:
    crawl = crawl_all(Scripted(ordered([key.encode() for key in keys], folders_first, size)))
    assert listed(crawl) == Counter(key.encode() for key in keys)
    assert not crawl.faults


@settings(deadline=None, max_examples=60)
@given(KEYS, st.integers(2, 4))
def test_a_server_that_does_not_heed_where_to_start_is_listed_in_one_go(keys: set[str], size: int) -> None:
    connector = Scripted(ordered([key.encode() for key in keys], bytes, size, heeds=False))
    events = list(connector.crawl(Unit("b/")))
    units = [event for event in events if isinstance(event, Unit)]
    assert not any("\\until" in unit.after for unit in units)


def test_a_long_listing_of_a_server_that_does_not_heed_where_to_start_is_a_gap_and_doubles_nothing() -> None:
    keys = [f"{n:03d}".encode() for n in range(50)]
    crawl = crawl_all(Scripted(ordered(keys, bytes, 5, heeds=False)))
    assert set(listed(crawl).values()) == {1}
    assert {f.reason for f in crawl.faults} <= {"LISTING_UNORDERED", "PAGING_STUCK"}
    assert crawl.faults


def test_directory_buckets_are_never_cut() -> None:
    keys = [f"{n:03d}" for n in range(50)]
    connector = Scripted(double.bucket_of(keys, 10), "b--usw2-az1--x-s3")
    crawl_all(connector)
    assert not any("delimiter" in query or query.get("max-keys") == "1" for query in connector.asked)


@pytest.mark.parametrize("seed", range(8))
def test_what_stays_is_listed_once_while_keys_come_and_go(seed: int) -> None:
    draw = random.Random(seed)
    stays = {f"{draw.choice('abc')}/{draw.randrange(10**6):06d}" for _ in range(400)}
    changing = {f"{draw.choice('abc')}/{draw.randrange(10**6):06d}x" for _ in range(400)}
    keys: set[str | bytes] = {*stays, *draw.sample(sorted(changing), 200)}
    good = double.bucket_of(keys, 10)

    def script(request: double.Request) -> double.Answer:
        for key in draw.sample(sorted(changing), 20):
            (keys.discard if key in keys else keys.add)(key)
        return good(request)

    crawl = crawl_all(Scripted(script), take=lambda waiting: waiting.pop(draw.randrange(len(waiting))))
    found = listed(crawl)
    assert set(found.values()) == {1}
    assert {key.encode() for key in stays} <= set(found)
    assert len(crawl.units) > 10
    assert not crawl.faults


@pytest.mark.parametrize("seed", range(8))
def test_refusals_in_the_midst_of_cutting_cost_no_key(seed: int) -> None:
    draw = random.Random(seed)
    keys = [f"{n % 7}/{n:04d}" for n in range(300)]
    good = double.bucket_of(keys, 10)
    connector = Scripted(lambda r: double.error(503, "SlowDown") if draw.random() < 0.2 else good(r))
    found: Counter[bytes] = Counter()
    waiting = [Unit("b/")]
    while waiting:
        unit = waiting.pop()
        try:
            crawl = Crawl(*_sorted_out(list(connector.crawl(unit)), waiting))
        except SourceError as error:
            if not error.transient:
                raise
            waiting.append(unit)
            continue
        found += listed(crawl)
    assert found == Counter(key.encode() for key in keys)


def _sorted_out(events: list[object], waiting: list[Unit]) -> tuple[tuple[object, ...], ...]:
    waiting += [event for event in events if isinstance(event, Unit)]
    return tuple(event for event in events if not isinstance(event, Unit)), (), ()


def test_a_flat_bucket_and_one_of_folders_are_cut_and_few_requests_are_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.s3.run.PAGES_BEFORE_CUTS", 2)
    monkeypatch.setattr("connectors.s3.run.PAGES_PER_UNIT", 20)
    monkeypatch.setattr("connectors.s3.ranges.PIECE_PAGES", 4)
    flat = [f"scan {n:09d}.pdf" for n in range(3000)]
    folders = [f"dept {n % 17}/{n:05d}" for n in range(3000)]
    small = [f"{n // 3:05d}/{n}" for n in range(3000)]
    for keys in (flat, folders, small):
        connector = Scripted(double.bucket_of(keys, 30))
        crawl = crawl_all(connector)
        assert listed(crawl) == Counter(key.encode() for key in keys)
        assert len(crawl.units) > 8
        assert len(connector.asked) < 1.5 * len(keys) / 30


@given(st.binary(max_size=9), st.none() | st.binary(max_size=9), st.sampled_from([ANY, BYTES, FOLDERS]))
def test_the_mark_of_a_piece_says_where_it_begins_and_ends(last: bytes, until: bytes | None, order: str) -> None:
    run = Run(mark(last, until, order), 1000)
    assert (run.last, run.until, run.order) == (last, until, order)


def test_a_bucket_that_asks_to_slow_down_is_listed_exactly_and_more_slowly(tmp_path: Path) -> None:
    keys = [f"{n % 5}/{n:04d}" for n in range(600)]
    slow = double.Answer(503, double.error(503, "SlowDown").body, (("Retry-After", "0"),))
    script = double.instead(12, slow, double.bucket_of(keys, 20), times=3)
    with double.s3_double(script) as server, Catalog.open(locate(str(tmp_path)), create=True) as catalog:
        options = PLUG.options.model_validate(
            {"root": "s3://b", "endpoint": server.endpoint, "anonymous": True, "settings": False, "page_size": 20}
        )
        config = SourceConfig(name="store", type="s3", limits=Limits.model_validate({"connections": 6}))
        catalog.lock()
        scan = Scan.start(catalog, [Bound(config, PLUG, options)], title="t", config_hash="")
        outcome = scan.execute(lambda _progress: None, every_s=0.05)
        with read(catalog) as reader:
            found = [row[0] for row in reader.rows("SELECT path FROM entry WHERE kind = 'object'")]
            notes = reader.rows("SELECT reason, detail FROM fault")
    assert outcome.exit is Exit.COMPLETE
    assert sorted(found) == sorted(f"b/{key}" for key in keys)
    told = dict(notes)
    assert told.keys() <= {"SLOWED", "FEWER_CONNECTIONS"}
    assert "slowest at" in told["SLOWED"]
    assert scan.progress.sources["store"].workers < 6
