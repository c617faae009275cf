"""The S3 connector against servers that stall, lie, break off or lead elsewhere: it always ends, and says why."""

from __future__ import annotations

import itertools
import logging
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.s3 import PLUG
from connectors.s3 import connector as s3_connector
from connectors.s3.connector import SETTINGS
from scanner.connector import Session
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.paths import restore_text
from scanner.testing import s3_double as double
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps

ABC = ("a", "b", "c")


def opened(endpoint: str, *, timeout_s: float = 20.0, pace: Pace | None = None, **more: object) -> Any:
    settings = {"root": "s3://bucket", "endpoint": endpoint, "anonymous": True, **more}
    return PLUG.open(PLUG.options.model_validate(settings), Session("s3", pace or Pace(), timeout_s))


def crawled(script: double.Script, **more: Any) -> tuple[Crawl, double.S3Double]:
    with double.s3_double(script) as server, closing(opened(server.endpoint, **more)) as connector:
        crawl = crawl_all(connector)
    assert not ledger_gaps(crawl)
    assert {r.method for r in server.requests} <= {"GET", "HEAD"}
    return crawl, server


def failed(script: double.Script, **more: Any) -> tuple[SourceError, double.S3Double]:
    with (
        double.s3_double(script) as server,
        closing(opened(server.endpoint, **more)) as connector,
        pytest.raises(SourceError) as raised,
    ):
        crawl_all(connector)
    return raised.value, server


def objects(crawl: Crawl) -> list[str]:
    return [path.removeprefix("bucket/") for path in crawl.paths if path != "bucket"]


def gaps(crawl: Crawl) -> list[tuple[str, str, str]]:
    return [(f.path, f.op, f.reason) for f in crawl.faults]


def test_twelve_thousand_keys_in_units_of_twenty_pages_at_most() -> None:
    keys = [f"{n % 97}/{n:05d}" for n in range(12_000)]
    crawl, server = crawled(double.bucket_of(keys, 1000), page_size=100)
    assert sorted(objects(crawl)) == sorted(keys)
    runs = [u for u in crawl.units if u.key == "bucket/"]
    assert len(runs) > 12_000 / 100 / 20
    assert all(r.query.get("encoding-type") == "url" for r in server.listings)
    assert not crawl.faults


def test_fault_050_a_repeated_token_ends_the_listing() -> None:
    crawl, server = crawled(double.repeats_token(ABC))
    assert objects(crawl) == list(ABC)
    assert gaps(crawl) == [("bucket/", "list", "PAGING_STUCK")]
    assert [r["complete"] for r in crawl.records("listing") if r["path"] == "bucket/"] == [False]
    assert len(server.listings) <= 4


def test_fault_050_the_same_page_under_fresh_tokens_ends_the_listing() -> None:
    crawl, server = crawled(double.fresh_tokens_same_page(ABC))
    assert objects(crawl) == list(ABC)
    assert gaps(crawl) == [("bucket/", "list", "PAGING_STUCK")]
    assert len(server.listings) <= 4


def test_fault_050_empty_pages_without_end_end_the_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_connector, "EMPTY_PAGES", 30)
    crawl, server = crawled(double.fresh_tokens_same_page(()))
    assert len(server.listings) == 1 + 30 + 1
    assert objects(crawl) == []
    assert gaps(crawl) == [("bucket/", "list", "PAGING_STUCK")]


def test_empty_pages_in_between_are_walked_over() -> None:
    crawl, _server = crawled(double.pages_of(("a",), (), (), ("b",)))
    assert objects(crawl) == ["a", "b"]
    assert not crawl.faults


@pytest.mark.parametrize("pages", [(("a", "m"), ("k", "z")), (("a", "m", "k", "z"),)])
def test_keys_out_of_order_end_the_listing(pages: tuple[tuple[str, ...], ...]) -> None:
    crawl, _server = crawled(double.pages_of(*pages))
    assert objects(crawl) == ["a", "m"]
    assert gaps(crawl) == [("bucket/", "list", "LISTING_UNORDERED")]
    assert [r["complete"] for r in crawl.records("listing") if r["path"] == "bucket/"] == [False]


def test_fault_057_after_a_key_that_xml_cannot_hold_no_token_is_believed() -> None:
    good = double.bucket_of(["a", "b\x08", "c", "d"], 1)

    def script(request: double.Request) -> double.Answer:
        mangled = request.query.get("continuation-token") == "b\x08"
        return double.page(()) if mangled else good(request)

    crawl, _server = crawled(script)
    assert objects(crawl) == ["a", "b\x08", "c", "d"]


def test_fault_010_a_key_that_comes_twice_is_recorded_once() -> None:
    crawl, _server = crawled(double.pages_of(("a", "b", "b"), ("b", "c")))
    assert objects(crawl) == ["a", "b", "c"]
    assert gaps(crawl) == [("bucket/b", "skip", "DUPLICATE_ENTRY")] * 2


def test_a_key_is_not_taken_twice_because_another_order_would_allow_it() -> None:
    # Bytewise "a!" comes before "a/z", folder by folder after it; it cannot be both.
    crawl, _server = crawled(double.pages_of(("a!", "a/z"), ("a!",)))
    assert objects(crawl) == ["a!", "a/z"]
    assert gaps(crawl) == [("bucket/", "list", "PAGING_STUCK")]


def test_a_server_that_starts_over_doubles_no_key() -> None:
    keys = [f"a-{n:02d}" for n in range(40)] + [f"a/{n:02d}" for n in range(40)]
    pages = [keys[n : n + 2] for n in range(0, len(keys), 2)]
    crawl, _server = crawled(double.pages_of(*pages))  # takes no notice of start-after
    assert objects(crawl) == keys[:40]
    keys = [f"a-{n:02d}" for n in range(10)] + [f"a/{n:02d}" for n in range(70)]
    pages = [keys[n : n + 2] for n in range(0, len(keys), 2)]
    crawl, _server = crawled(double.pages_of(*pages))
    assert objects(crawl) == keys[:40]
    assert gaps(crawl) == [("bucket/", "list", "LISTING_UNORDERED")]


def test_keys_outside_of_the_prefix_are_not_taken() -> None:
    crawl, _server = crawled(double.pages_of(("data/a", "else/b")), root="s3://bucket/data/")
    assert objects(crawl) == []
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("bucket/data/", "list", "OTHER")]


@pytest.mark.parametrize("truncated", ["True", "1", "TRUE", "perhaps"])
def test_a_page_is_the_last_only_where_it_says_so(truncated: str) -> None:
    pages = double.pages_of(("a",), ("b",))

    def script(request: double.Request) -> double.Answer:
        answer = pages(request)
        return double.Answer(answer.status, answer.body.replace(b"d>true<", b"d>%s<" % truncated.encode()))

    crawl, _server = crawled(script)
    assert objects(crawl) == ["a", "b"]


def test_keys_that_need_escapes_are_started_after_exactly() -> None:
    odd = ["100%", "%2F", "a+b", "a b", "&x=1", "#", "?", "é", "😀", "\u2028", "k" * 1024, "\x01", "\x00", "~", "\\x41"]
    keys = [f"{key}{end}" for key in odd for end in ("", "/", "0")]
    for size in (1, 2):
        crawl, _server = crawled(double.bucket_of(keys, size))
        assert len(crawl.units) > 1 + 1
        assert sorted(restore_text(key) for key in objects(crawl)) == sorted(keys)
        assert not crawl.faults


@pytest.mark.parametrize("setting", ["location", "versioning", "encryption", "acl", "policy", "tagging"])
def test_a_broken_setting_is_unknown_and_takes_nothing_with_it(setting: str) -> None:
    good = double.bucket_of(ABC)
    crawl, _server = crawled(lambda r: double.Answer(body=b"<a><b></a>") if setting in r.query else good(r))
    assert objects(crawl) == list(ABC)
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("bucket", "query", "QUERY_FAILED")]


def test_what_is_no_setting_is_unknown_and_not_none() -> None:
    crawl, _server = crawled(lambda _request: double.page(ABC))
    assert objects(crawl) == list(ABC)
    told = {r["name"]: r["value"] for r in crawl.records("setting") if r["path"] == "bucket"}
    assert told.pop("open_because") == "the policy is not known; the access list is not known"
    assert set(told.values()) == {None}
    assert not crawl.faults, "a server that does not know a request has refused nothing"


@pytest.mark.parametrize("answer", [double.error(404, "NoSuchThing"), double.Answer(404, b"not here")])
def test_a_setting_nobody_knows_does_not_take_the_bucket_with_it(answer: double.Answer) -> None:
    good = double.bucket_of(ABC)
    crawl, _server = crawled(lambda request: answer if "replication" in request.query else good(request))
    assert objects(crawl) == list(ABC)
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("bucket", "query", "QUERY_FAILED")]


def buckets(*names: str, token: bool = False) -> double.Answer:
    found = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in names)
    more = "<ContinuationToken>t</ContinuationToken>" if token else ""
    return double.Answer(
        body=f"<ListAllMyBucketsResult><Buckets>{found}</Buckets>{more}</ListAllMyBucketsResult>".encode()
    )


def test_buckets_of_impossible_names_are_recorded_and_never_asked() -> None:
    arn = "arn:aws:s3:us-east-1:123456789012:accesspoint/evil"
    good = double.bucket_of(ABC)
    crawl, server = crawled(
        lambda request: buckets(arn, "a/b", "bucket") if request.path == "/" else good(request), root="s3://"
    )
    assert {p for p in crawl.paths if r"\x2F" in p} == {arn.replace("/", r"\x2F"), r"a\x2Fb"}
    assert objects(crawl)[-3:] == list(ABC)
    assert [f.op for f in crawl.faults] == ["list", "list"]
    assert {r.path.split("/")[1] for r in server.requests} == {"", "bucket"}


def test_a_list_of_buckets_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_connector, "BUCKETS", 100)
    count = itertools.count()

    def script(request: double.Request) -> double.Answer:
        if request.path != "/":
            return double.bucket_of(())(request)
        return buckets(*(f"b{next(count)}" for _ in range(20)), token=True)

    with double.s3_double(script) as server, closing(opened(server.endpoint, root="s3://")) as connector:
        events = list(connector.crawl(Unit("")))
    faults = [e for e in events if isinstance(e, Fault)]
    assert [(f.path, f.op, f.reason) for f in faults] == [("", "list", "PAGING_STUCK")]
    assert len(server.requests) == 5


def versions_of(*more: str) -> double.Script:
    """A bucket whose list of versions has such records, and markers that go round in a circle."""
    good, numbers = double.bucket_of(ABC), itertools.count()

    def script(request: double.Request) -> double.Answer:
        if "versions" not in request.query:
            return good(request)
        end = "<IsTruncated>false</IsTruncated>"
        if not more:
            end = f"<IsTruncated>true</IsTruncated><NextKeyMarker>{next(numbers) % 2}</NextKeyMarker>"
        return double.Answer(body=f"<ListVersionsResult>{end}{''.join(more)}</ListVersionsResult>".encode())

    return script


def counted(script: double.Script) -> tuple[dict[object, object], Crawl, double.S3Double]:
    crawl, server = crawled(script, versions=True)
    return {r["name"]: r["value"] for r in crawl.records("setting") if "version" in str(r["name"])}, crawl, server


def test_markers_that_go_round_end_the_count() -> None:
    told, crawl, server = counted(versions_of())
    assert told["old_versions"] is None
    assert "PAGING_STUCK" in {f.reason for f in crawl.faults}
    assert len(server.requests) < 40


def test_a_version_of_unknown_size_makes_their_bytes_unknown() -> None:
    old = "<Version><Key>a</Key><IsLatest>false</IsLatest>{}</Version>"
    told, _crawl, _server = counted(versions_of(old.format("<Size>7</Size>"), old.format("")))
    assert (told["old_versions"], told["old_version_bytes"]) == ("2", None)


def test_versions_that_are_no_versions_are_unknown() -> None:
    error, _server = failed(versions_of("<Version><Size>big</Size></Version>"), versions=True)
    assert (error.code, error.transient) == ("IO_ERROR", True)


def test_fault_001_undecodable_keys_are_kept_exactly() -> None:
    crawl, _server = crawled(double.bucket_of([b"caf\xe9", b"\xff/\xfe", "é", "caf\\xE9"]))
    assert set(objects(crawl)) == {"caf\\xE9", "\\xFF/\\xFE", "é", "caf\\\\xE9"}


def test_fault_057_a_control_character_spoils_one_key_and_not_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.s3.run.PAGES_BEFORE_CUTS", 99)
    keys = [f"key-{n:04d}" for n in range(900)] + ["x\x08y", "z"]
    crawl, server = crawled_until_error(double.raw_control_characters(keys))
    assert objects(crawl) == keys[:900]
    assert len(server.listings) < 60


def crawled_until_error(script: double.Script) -> tuple[Crawl, double.S3Double]:
    """What the bucket's first unit tells, when it hands back a remainder that cannot be had."""
    with double.s3_double(script) as server, closing(opened(server.endpoint)) as connector:
        events = list(connector.crawl(Unit("bucket/")))
        rest = events.pop()
        assert isinstance(rest, Unit)
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(rest))
    assert (raised.value.code, raised.value.transient) == ("IO_ERROR", True)
    return Crawl(tuple(e for e in events if isinstance(e, Batch)), (), ()), server


def test_truncated_xml_is_a_passing_failure_of_the_unit() -> None:
    error, server = failed(double.truncated_xml(ABC))
    assert (error.code, error.transient) == ("IO_ERROR", True)
    assert len(server.listings) < 20


@pytest.mark.parametrize("body", [b"", b"\x00\xff garbage", b"<!DOCTYPE html><html>Sign in</html>", b"<a>" * 100_000])
def test_garbage_is_no_empty_bucket(body: bytes) -> None:
    error, _server = failed(lambda _request: double.Answer(body=body))
    assert error.code == "IO_ERROR"


def test_an_entity_bomb_is_refused() -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><ListBucketResult>&l9;</ListBucketResult>'
    started = time.monotonic()
    error, _server = failed(lambda _request: double.Answer(body=bomb.encode()))
    assert error.code == "IO_ERROR"
    assert time.monotonic() - started < 10


def test_a_document_type_is_refused_in_every_encoding() -> None:
    page = '<!DOCTYPE x [<!ENTITY k "kk">]><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>&k;</Key>'
    page += "</Contents></ListBucketResult>"
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        error, _server = failed(listings(double.Answer(body=page.encode(encoding))))
        assert (error.code, error.detail) == ("IO_ERROR", "the answer is no S3 answer"), encoding


def test_an_entity_bomb_in_an_error_is_not_read() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b "&a;&a;">]><Error><Code>&b;</Code></Error>'
    for encoding in ("utf-8", "utf-16-le"):
        error, _server = failed(lambda _request, e=encoding: double.Answer(403, bomb.encode(e)))  # type: ignore[misc]
        assert error.code == "DENIED"
        assert "boom" not in error.detail


def test_an_endless_answer_is_cut() -> None:
    error, _server = failed(lambda _request: double.Answer(body=b" " * 40_000_000))
    assert error.code == "IO_ERROR"
    assert "longer than" in error.detail


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (429, "TooManyRequests"), (503, "Whatever")])
def test_fault_052_a_storm_is_throttling_that_may_pass(status: int, code: str) -> None:
    error, server = failed(double.storm(1000, double.bucket_of(ABC), status, code))
    assert (error.code, error.transient) == ("THROTTLED", True)
    assert len(server.requests) == 1, "the engine retries, with its own pace; the client does not"


def test_a_failing_server_is_left_alone_until_the_engine_tries_again() -> None:
    good = double.bucket_of(ABC)

    def script(request: double.Request) -> double.Answer:
        preflight = request.query.get("max-keys") == "1"
        return good(request) if preflight or not request.is_listing else double.error(500, "InternalError")

    error, server = failed(script)
    assert (error.code, error.transient, len(server.listings)) == ("IO_ERROR", True, 2)


def test_fault_052_a_storm_in_the_middle_keeps_what_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.s3.run.PAGES_BEFORE_CUTS", 99)
    good = double.bucket_of([f"{n:03d}" for n in range(50)], 10)
    seen = 0

    def script(request: double.Request) -> double.Answer:
        nonlocal seen
        seen += "continuation-token" in request.query
        return double.error(503, "SlowDown") if seen == 3 and "continuation-token" in request.query else good(request)

    crawl, _server = crawled(script, page_size=10)
    assert len(objects(crawl)) == 50
    assert [u.after for u in crawl.units if u.after != SETTINGS] == ["", "", "029"]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ExpiredToken", "AUTH_EXPIRED"),
        (403, "InvalidAccessKeyId", "AUTH_REFUSED"),
        (403, "SignatureDoesNotMatch", "AUTH_REFUSED"),
        (403, "AccessDenied", "DENIED"),
        (404, "NoSuchBucket", "NOT_FOUND"),
        (403, "RequestTimeTooSkewed", "CLOCK_SKEW"),
    ],
)
def test_what_the_server_says_is_told_after_one_attempt(status: int, code: str, expected: str) -> None:
    error, server = failed(lambda _request: double.error(status, code))
    assert (error.code, error.transient, len(server.requests)) == (expected, False, 1)
    assert code in error.detail


def test_fault_054_a_skewed_clock_is_told_in_seconds() -> None:
    date = (("Date", "Thu, 01 Jan 2015 00:00:00 GMT"),)
    answer = double.error(403, "RequestTimeTooSkewed")
    error, _server = failed(lambda _request: double.Answer(403, answer.body, date))
    assert "ahead of the server's" in error.detail


def test_fault_053_a_token_that_expires_in_the_middle_keeps_what_came_before() -> None:
    good = double.bucket_of(ABC, 1)

    def script(request: double.Request) -> double.Answer:
        late = request.query.get("continuation-token") == "b" or request.query.get("start-after")
        return double.error(400, "ExpiredToken") if late else good(request)

    with double.s3_double(script) as server, closing(opened(server.endpoint)) as connector:
        events = list(connector.crawl(Unit("bucket/")))
        assert events[-1] == Unit("bucket/", "b")
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(events[-1]))
    assert raised.value.code == "AUTH_EXPIRED"


@pytest.mark.parametrize("region", [None, "eu-west-1", "evil.example/#"])
@pytest.mark.parametrize(("status", "code"), [(301, "PermanentRedirect"), (307, "TemporaryRedirect")])
def test_fault_055_a_redirect_to_another_host_is_refused(status: int, code: str, region: str | None) -> None:
    with double.s3_double(double.bucket_of(ABC)) as canary:
        error, server = failed(double.redirects(f"{canary.endpoint}/bucket", status, code, region))
        assert error.code == "REDIRECT_REFUSED"
        assert canary.connections == 0
    assert len(server.requests) <= 4


def test_fault_055_a_host_outside_the_domain_is_never_asked() -> None:
    with double.s3_double(double.bucket_of(ABC)) as canary, double.s3_double(double.bucket_of(ABC)) as server:
        with closing(opened(server.endpoint)) as connector:
            list(connector.roots())
            request = type("Request", (), {"method": "GET", "url": f"{canary.endpoint}/bucket", "headers": {}})
            with pytest.raises(SourceError) as raised:
                connector._client().transport.send(request)
        assert raised.value.code == "REDIRECT_REFUSED"
        assert canary.connections == 0


def test_nothing_but_get_and_head_leaves() -> None:
    with double.s3_double(double.bucket_of(ABC)) as server, closing(opened(server.endpoint)) as connector:
        with pytest.raises(RuntimeError, match="only reads"):
            connector._client().get("put_object", "bucket", Bucket="bucket", Key="k", Body=b"")
        assert not server.requests


CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n"
ENDLESS = b"HTTP/1.0 200 OK\r\n\r\n"


@pytest.mark.parametrize(("slow", "raw"), [("head", b""), ("body", b""), ("body", CLOSING), ("body", ENDLESS)])
def test_a_trickle_has_a_deadline(slow: str, raw: bytes) -> None:
    answer = double.page(ABC)
    started = time.monotonic()
    error, _server = failed(
        lambda _request: double.Answer(body=answer.body, headers=answer.headers, pause_s=0.2, slow=slow, raw=raw),
        timeout_s=0.5,
    )
    assert (error.code, error.transient) == ("TIMEOUT", True)
    assert time.monotonic() - started < 5


def listings(answer: double.Answer) -> double.Script:
    """The same answer to every request for keys; the bucket has no settings."""
    good = double.bucket_of(())
    return lambda request: answer if request.is_listing else good(request)


def test_an_answer_of_an_old_server_is_taken() -> None:
    crawl, _server = crawled(listings(double.Answer(body=double.page(ABC).body, raw=ENDLESS)))
    assert objects(crawl) == list(ABC)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 99\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"<hello>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_http_is_a_passing_failure(raw: bytes) -> None:
    error, _server = failed(listings(double.Answer(body=double.page(ABC).body, raw=raw)))
    assert (error.code, error.transient) == ("UNREACHABLE", True)


def test_an_answer_cut_short_is_a_passing_failure() -> None:
    answer = double.page(ABC)
    error, _server = failed(lambda _request: double.Answer(body=answer.body, promise=len(answer.body) + 100))
    assert (error.code, error.transient) == ("UNREACHABLE", True)


def test_nobody_listens() -> None:
    with double.s3_double(double.bucket_of(ABC)) as server:
        endpoint = server.endpoint
    with closing(opened(endpoint)) as connector, pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)
    assert "refused" in raised.value.detail


def test_more_content_than_asked_for_is_not_taken() -> None:
    def script(request: double.Request) -> double.Answer:
        body = b"x" * 1_000_000
        return double.Answer(body=body) if request.path.endswith("/big") else double.bucket_of(ABC)(request)

    with double.s3_double(script) as server, closing(opened(server.endpoint)) as connector:
        with pytest.raises(SourceError) as raised:
            connector.read("bucket/big", 5, 10)
        assert raised.value.code == "IO_ERROR"
        assert [r.headers.get("range") for r in server.requests] == [None, "bytes=5-14"]
        assert crawl_all(connector).paths, "the cap was for that one answer"


def read(head: double.Answer, body: double.Answer) -> bytes:
    with (
        double.s3_double(lambda request: head if request.method == "HEAD" else body) as server,
        closing(opened(server.endpoint)) as connector,
    ):
        content: bytes = connector.read("bucket/k", 0, 9)
        return content


def test_an_object_of_unknown_length_is_read() -> None:
    assert read(double.Answer(raw=ENDLESS), double.Answer(body=b"0123456789")) == b"012345678"


MUCH = b"HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n"
NINE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(("head", "body"), [(MUCH, b""), (NINE, SHORT)])
def test_lengths_that_lie_are_a_passing_failure(head: bytes, body: bytes) -> None:
    with pytest.raises(SourceError) as raised:
        read(double.Answer(raw=head), double.Answer(raw=body))
    assert (raised.value.code, raised.value.transient) == ("IO_ERROR", True)


def test_an_object_in_an_archive_tier_is_not_read() -> None:
    headers = (("x-amz-storage-class", "INTELLIGENT_TIERING"), ("x-amz-archive-status", "ARCHIVE_ACCESS"))
    with (
        double.s3_double(lambda _request: double.Answer(headers=headers, promise=9)) as server,
        closing(opened(server.endpoint)) as connector,
        pytest.raises(SourceError) as raised,
    ):
        connector.read("bucket/k", 0, 5)
    assert raised.value.code == "OFFLINE"
    assert [r.method for r in server.requests] == ["HEAD"]


def test_fault_058_requester_pays_is_said_only_when_agreed() -> None:
    for agreed, said in ((False, None), (True, "requester")):
        _crawl, server = crawled(double.bucket_of(ABC), requester_pays=agreed)
        assert {r.headers.get("x-amz-request-payer") for r in server.listings} == {said}


@contextmanager
def tls_double(place: Path, *, address: str = "127.0.0.1", days: int = 2) -> Iterator[tuple[str, Path]]:
    """A well-behaved bucket over TLS: its endpoint, and its own certificate."""
    key, end = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) + timedelta(days=days)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "double")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(end - timedelta(days=9)).not_valid_after(end)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    both = place / "both.pem"
    both.write_bytes(
        builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    with double.s3_double(double.bucket_of(ABC), context) as server:
        yield server.endpoint, both


def test_fault_061_a_self_signed_certificate_is_refused_until_it_is_trusted(tmp_path: Path) -> None:
    with tls_double(tmp_path) as (endpoint, certificate):
        with closing(opened(endpoint)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
        with closing(opened(endpoint, ca_bundle=certificate)) as connector:
            assert objects(crawl_all(connector)) == list(ABC)
    assert (raised.value.code, raised.value.transient) == ("TLS_REFUSED", False)
    assert "self-signed" in raised.value.detail
    assert not [t for t in threading.enumerate() if isinstance(t, threading.Timer)]


@pytest.mark.parametrize(
    ("wrong", "reason"), [({"address": "127.0.0.2"}, "IP address mismatch"), ({"days": -1}, "expired")]
)
def test_fault_061_a_trusted_certificate_must_be_of_this_host_and_of_today(
    wrong: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with (
        tls_double(tmp_path, **wrong) as (endpoint, certificate),
        closing(opened(endpoint, ca_bundle=certificate)) as connector,
        pytest.raises(SourceError) as raised,
    ):
        list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("TLS_REFUSED", False)
    assert reason in raised.value.detail


def test_fault_079_no_log_line_holds_a_secret_or_a_session_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = {"secret_key": "c4nary-secret/Pw+1", "session_token": "c4nary-token/Pw+2"}
    for name, value in {"access_key": "AKIA", **secrets}.items():
        monkeypatch.setenv(f"S3_{name}".upper(), value)
    keys = {name: f"env:S3_{name.upper()}" for name in ("access_key", *secrets)}
    caplog.set_level(logging.DEBUG)
    _crawl, server = crawled(double.bucket_of(ABC), anonymous=False, **keys)
    error, _server = failed(
        lambda _request: double.error(403, "InvalidToken", " ".join(secrets.values())), anonymous=False, **keys
    )
    assert server.requests[0].headers["x-amz-security-token"] == secrets["session_token"]
    assert caplog.records, "urllib3 has said something"
    assert error.code == "AUTH_REFUSED"
    for secret in secrets.values():
        assert secret not in caplog.text
        assert secret not in "".join(traceback.format_exception(error))
