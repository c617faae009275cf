"""What goes wrong between a scan and an object store: each fault of the register, with a server that has it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.s3 import PLUG, REQUEST_PRICE_USD
from connectors.s3.connector import SETTINGS
from connectors.s3.facts import REQUESTS_PER_BUCKET
from scanner.codes import CODES, Exit
from scanner.connector import Session
from scanner.model import Batch, SourceError, Unit
from scanner.schema import ENTRY
from scanner.testing import s3_double as double
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps
from scanner.testing.s3_signature import Login, checked

ABC = ("a", "b", "c")
LOGIN = Login("AKIASTOCKTAKE", "c4nary-secret/Pw+1")


def opened(endpoint: str, session: Any = None, **more: object) -> Any:
    settings = {"root": "s3://bucket", "endpoint": endpoint, **more}
    if not {"access_key", "profile"} & settings.keys():
        settings["anonymous"] = True
    return PLUG.open(PLUG.options.model_validate(settings), session or Session("s3", Pace(), 20.0))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("S3_AK", LOGIN.access_key)
    monkeypatch.setenv("S3_SK", LOGIN.secret_key)
    return {"access_key": "env:S3_AK", "secret_key": "env:S3_SK"}


def crawled(script: double.Script, **more: object) -> tuple[Crawl, double.S3Double]:
    with double.s3_double(script) as server, closing(opened(server.endpoint, **more)) as connector:
        crawl = crawl_all(connector)
    assert not ledger_gaps(crawl)
    return crawl, server


def failed(script: double.Script, **more: object) -> tuple[SourceError, double.S3Double]:
    with (
        double.s3_double(script) as server,
        closing(opened(server.endpoint, **more)) as connector,
        pytest.raises(SourceError) as raised,
    ):
        crawl_all(connector)
    return raised.value, server


def objects(crawl: Crawl) -> list[str]:
    return [path.removeprefix("bucket/") for path in crawl.paths if path.startswith("bucket/")]


def told(crawl: Crawl, path: str = "") -> dict[str, object]:
    return {str(r["name"]): r["value"] for r in crawl.records("setting") if r["path"] == path}


@pytest.fixture
def uncut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket is listed in one go, so that it is known which request is which."""
    monkeypatch.setattr("connectors.s3.run.PAGES_BEFORE_CUTS", 99)


# Listings that break off


@pytest.mark.parametrize("after", [0, 1, 300])
@pytest.mark.usefixtures("uncut")
def test_a_line_that_drops_in_the_middle_costs_no_key(after: int) -> None:
    keys = [f"{n:03d}" for n in range(50)]
    good = double.bucket_of(keys, 10)
    broken = double.dropped(double.page(keys[20:30]), after)
    crawl, server = crawled(double.instead(3, broken, good), page_size=10)
    assert objects(crawl) == keys
    assert [u.after for u in crawl.units if u.after != SETTINGS] == ["", "", "019"], (
        "what came before is kept, the rest is a unit of its own"
    )
    assert len(server.listings) == 7


def test_a_bucket_that_vanishes_in_the_middle_keeps_what_was_listed() -> None:
    gone = double.error(404, "NoSuchBucket")
    crawl, _server = crawled(double.instead(2, gone, double.bucket_of(ABC, 1), times=99), page_size=1)
    assert objects(crawl) == ["a"]
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("bucket/", "list", "VANISHED")]
    assert [r["complete"] for r in crawl.records("listing") if r["path"] == "bucket/"] == [False]


def test_a_crawl_that_is_left_early_leaves_nothing_open() -> None:
    before = threading.active_count()
    with double.s3_double(double.bucket_of([f"{n:03d}" for n in range(99)], 1)) as server:
        connector = opened(server.endpoint)
        events = connector.crawl(Unit("bucket/"))
        first = next(e for e in events if isinstance(e, Batch) and e.schema is ENTRY)
        events.close()
        asked = len(server.requests)
        connector.close()
        assert (len(first), len(server.requests)) == (1, asked)
    assert threading.active_count() <= before


def test_fault_010_keys_made_alike_by_a_replacement_character_are_recorded_once() -> None:
    crawl, _server = crawled(
        lambda r: double.page(["a\ufffd", "a\ufffd", "b"], encoded=False) if r.is_listing else double.error(501, "No")
    )
    assert objects(crawl) == ["a\ufffd", "b"]
    assert [(f.path, f.op, f.reason) for f in crawl.faults] == [("bucket/a\ufffd", "skip", "DUPLICATE_ENTRY")]


# What a bucket says of itself, apart from its keys


def test_keys_do_not_wait_for_what_a_bucket_says_of_itself() -> None:
    with double.s3_double(double.bucket_of(ABC)) as server, closing(opened(server.endpoint)) as connector:
        units = [e for e in connector.crawl(Unit("")) if isinstance(e, Unit)]
        asked = len(server.requests)
        events = list(connector.crawl(units[0]))
        listing = len(server.requests) - asked
    assert units == [Unit("bucket/"), Unit("bucket/", SETTINGS)]
    assert listing == len(server.listings) == 1
    assert [list(e.columns["name"]) for e in events if isinstance(e, Batch) and e.schema is ENTRY]


def test_a_bucket_asked_about_itself_too_late_is_a_fault_and_its_keys_stay() -> None:
    keys = double.bucket_of(ABC)
    crawl, _server = crawled(
        lambda r: keys(r) if r.is_listing or r.method == "HEAD" else double.error(404, "NoSuchBucket")
    )
    assert objects(crawl) == list(ABC)
    assert [r["complete"] for r in crawl.records("listing") if r["path"] == "bucket/"] == [True]
    assert ("bucket", "query", "VANISHED") in [(f.path, f.op, f.reason) for f in crawl.faults]


def test_what_a_bucket_says_of_itself_may_be_asked_again() -> None:
    script = double.storm(1, double.bucket_of(ABC))
    with double.s3_double(script) as server, closing(opened(server.endpoint)) as connector:
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(Unit("bucket/", SETTINGS)))
        told = [e for e in connector.crawl(Unit("bucket/", SETTINGS)) if isinstance(e, Batch)]
    assert (raised.value.code, raised.value.transient) == ("THROTTLED", True)
    assert told


# Throttling


def slowed(*headers: tuple[str, str]) -> list[float]:
    waits: list[float] = []
    answer = double.error(503, "SlowDown")
    answer = double.Answer(503, answer.body, headers)
    session = Session("s3", Pace(), 20.0, slow=waits.append)
    with (
        double.s3_double(lambda _request: answer) as server,
        closing(opened(server.endpoint, session)) as connector,
        pytest.raises(SourceError) as raised,
    ):
        list(connector.roots())
    assert (raised.value.code, raised.value.transient, len(server.requests)) == ("THROTTLED", True, 1)
    return waits


@pytest.mark.parametrize(
    ("header", "wait"), [(None, 0.0), ("7", 7.0), ("99999999999999", 600.0), ("-3", 0.0), ("soon", 0.0)]
)
def test_fault_052_the_engine_is_told_how_long_to_wait(header: str | None, wait: float) -> None:
    assert slowed(*([("Retry-After", header)] if header else [])) == [wait]


def test_fault_052_a_wait_may_be_a_date() -> None:
    (wait,) = slowed(("Retry-After", format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)))
    assert 80 < wait <= 90


# Credentials


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / name for name in ("access_key", "secret_key", "session_token")}
    for name, text in zip(found, ("AKIAOLD", "c4nary-old/1", "c4nary-old-token/1"), strict=True):
        found[name].write_text(text)
        found[name].chmod(0o600)
    return found


def test_fault_053_keys_that_were_renewed_meanwhile_are_read_anew(files: dict[str, Path]) -> None:
    old = checked(double.bucket_of(ABC, 1), Login("AKIAOLD", "c4nary-old/1", "c4nary-old-token/1"))
    new = checked(double.bucket_of(ABC, 1), Login("AKIANEW", "c4nary-new/2", "c4nary-new-token/2"))

    def script(request: double.Request) -> double.Answer:
        if "AKIANEW" in request.headers["authorization"]:
            return new(request)
        if request.query.get("continuation-token") != "b":
            return old(request)
        for name, text in zip(files, ("AKIANEW", "c4nary-new/2", "c4nary-new-token/2"), strict=True):
            files[name].write_text(text)
        return double.error(400, "ExpiredToken")

    crawl, server = crawled(script, **{name: f"file:{path}" for name, path in files.items()})
    assert objects(crawl) == list(ABC)
    assert not crawl.faults
    assert server.listings[-1].query["start-after"] == "b", "a token may be bound to the keys that it was given for"


@pytest.mark.usefixtures("uncut")
def test_fault_053_keys_that_have_run_out_for_good_end_the_source(keys: dict[str, str]) -> None:
    good = checked(double.bucket_of(ABC, 1), LOGIN)

    def script(request: double.Request) -> double.Answer:
        late = "b" in (request.query.get("continuation-token"), request.query.get("start-after"))
        return double.error(400, "ExpiredToken") if late else good(request)

    error, server = failed(script, **keys)
    assert error.code == "AUTH_EXPIRED"
    assert CODES[error.code].exit is Exit.AUTH
    assert len(server.listings) == 5, (
        "preflight, two pages, the refusal; the remainder goes on after 'b' and is refused"
    )


def test_fault_054_whose_clock_is_wrong_is_told_with_the_seconds(keys: dict[str, str]) -> None:
    for hours, words in ((1, "behind"), (-1, "ahead of")):
        clock = checked(double.bucket_of(ABC), LOGIN, lambda h=hours: datetime.now(UTC) + timedelta(hours=h))  # type: ignore[misc]
        error, server = failed(clock, **keys)
        assert (error.code, error.transient, len(server.requests)) == ("CLOCK_SKEW", False, 1)
        assert f"s {words} the server's" in error.detail
        seconds = int(error.detail.split(" s ")[0].rpartition(" ")[2])
        assert abs(seconds - 3600) < 5


def test_a_clock_that_is_a_little_wrong_is_a_setting() -> None:
    good = double.bucket_of(ABC)
    ahead = datetime.now(UTC) - timedelta(seconds=100)

    def script(request: double.Request) -> double.Answer:
        answer = good(request)
        return double.Answer(
            answer.status, answer.body, (*answer.headers, ("Date", format_datetime(ahead, usegmt=True)))
        )

    crawl, _server = crawled(script)
    assert 95 < int(str(told(crawl)["clock_ahead_s"])) < 120


# Other hosts


@pytest.mark.parametrize(
    "place", ["http://169.254.169.254/latest", "http://[fd00:ec2::254]/", "https://{}/bucket", "http://localhost:{}/"]
)
def test_fault_055_no_redirect_leads_to_metadata_another_scheme_or_another_port(
    place: str, keys: dict[str, str]
) -> None:
    with double.s3_double(double.bucket_of(ABC)) as canary:
        where = canary.endpoint.removeprefix("http://")
        to = place.format(where if "https" in place else where.rpartition(":")[2])
        error, server = failed(double.redirects(to, 307, "TemporaryRedirect", "eu-west-1"), **keys)
        assert error.code == "REDIRECT_REFUSED"
        assert canary.connections == 0
    assert all(r.headers["host"] == server.endpoint.removeprefix("http://") for r in server.requests)


def test_fault_056_a_bucket_in_the_host_name_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, *a, **k: plain("127.0.0.1" if "localhost" in str(host) else host, *a, **k)
    )
    good = double.bucket_of(ABC)
    hosts = set()

    def script(request: double.Request) -> double.Answer:
        hosts.add(request.headers["host"].partition(":")[0])
        assert "/bucket" not in request.path or request.headers["host"].startswith("localhost")
        return good(request)

    for path_style, addressing, host in ((False, "virtual host", "bucket.localhost"), (None, "path", "localhost")):
        hosts.clear()
        with double.s3_double(script) as server:
            endpoint = server.endpoint.replace("127.0.0.1", "localhost")
            with closing(opened(endpoint, path_style=path_style)) as connector:
                crawl = crawl_all(connector)
        assert objects(crawl) == list(ABC)
        assert told(crawl)["addressing"] == addressing
        assert host in hosts


@pytest.mark.usefixtures("uncut")
def test_fault_056_an_unknown_region_is_asked_for_once_and_told(keys: dict[str, str]) -> None:
    good = double.bucket_of(ABC, 1)
    refused: list[str] = []

    def script(request: double.Request) -> double.Answer:
        if "/eu-west-3/s3/" not in request.headers["authorization"]:
            refused.append(request.path)
            wrong = double.error(
                400, "AuthorizationHeaderMalformed", "expecting 'eu-west-3'", more="<Region>eu-west-3</Region>"
            )
            return double.Answer(400, wrong.body, (("x-amz-bucket-region", "eu-west-3"),))
        if "location" in request.query:
            return double.Answer(body=b"<LocationConstraint>eu-west-3</LocationConstraint>")
        return good(request)

    crawl, server = crawled(script, **keys)
    assert objects(crawl) == list(ABC)
    assert told(crawl, "bucket")["region"] == "eu-west-3"
    assert [p for p in refused if p.startswith("/bucket")] == ["/bucket"], "asked once, and kept"
    assert len(server.listings) == 1 + 1 + len(ABC)


# What a scan costs


def test_fault_058_a_scan_asks_for_no_object_and_for_a_thousand_keys_a_request(keys: dict[str, str]) -> None:
    names = [f"{n:05d}" for n in range(1500)]
    pace = Pace()
    with (
        double.s3_double(checked(double.bucket_of(names, 1000), LOGIN)) as server,
        closing(opened(server.endpoint, Session("s3", pace, 20.0), **keys)) as connector,
    ):
        crawl = crawl_all(connector)
    assert objects(crawl) == names
    assert len(server.listings) == 1 + 2, "one to log in with, and one for every thousand keys"
    assert len(server.requests) == pace.requests == 3 + REQUESTS_PER_BUCKET + 2, "also a HEAD, and the other buckets"
    assert {r.path for r in server.requests} == {"/", "/bucket"}
    assert {r.method for r in server.requests} == {"GET", "HEAD"}
    assert not any("restore" in r.query or "x-amz-request-payer" in r.headers for r in server.requests)


def test_the_price_of_a_request_has_a_source_and_a_date() -> None:
    price, source, day = REQUEST_PRICE_USD
    assert 0 < price < 0.001
    assert "https://" in source
    assert datetime.fromisoformat(day)


def test_fault_059_counts_that_are_refused_are_unknown() -> None:
    good = double.bucket_of(ABC)
    crawl, _server = crawled(
        lambda r: double.error(403, "AccessDenied") if {"versions", "uploads"} & r.query.keys() else good(r),
        versions=True,
    )
    counts = {k: v for k, v in told(crawl, "bucket").items() if k in _COUNTS}
    assert counts == dict.fromkeys(_COUNTS)
    assert [(f.op, f.reason) for f in crawl.faults] == [("query", "DENIED")] * 2


_COUNTS = ("old_versions", "old_version_bytes", "delete_markers", "unfinished_uploads")


# TLS


@contextmanager
def tls_double(place: Path, *, oldest: bool = False) -> Iterator[str]:
    key, end = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) + timedelta(days=2)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "double")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(end - timedelta(days=9)).not_valid_after(end)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.2"))])
    both = place / "both.pem"
    both.write_bytes(
        builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    if oldest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with double.s3_double(double.bucket_of(ABC), context) as server:
        yield server.endpoint


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_fault_061_an_outdated_tls_is_refused_even_from_an_unverified_server(tmp_path: Path) -> None:
    with tls_double(tmp_path, oldest=True) as endpoint:
        for insecure in (False, True):
            with closing(opened(endpoint, insecure_tls=insecure)) as connector, pytest.raises(SourceError) as raised:
                list(connector.roots())
            assert (raised.value.code, raised.value.transient) == ("TLS_REFUSED", False)
            assert "older than 1.2" in raised.value.detail


def test_fault_061_an_unverified_server_is_taken_only_when_told_to_and_said_to_be_one(tmp_path: Path) -> None:
    with tls_double(tmp_path) as endpoint:
        with closing(opened(endpoint)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
        with closing(opened(endpoint, insecure_tls=True)) as connector:
            crawl = crawl_all(connector)
    assert raised.value.code == "TLS_REFUSED"
    assert "ca_bundle" in CODES["TLS_REFUSED"].do
    assert objects(crawl) == list(ABC)
    assert told(crawl)["insecure_tls"] == "true"
    assert str(told(crawl)["tls"]).startswith("TLSv1.")


def test_fault_061_a_server_without_tls_is_refused_with_the_reason() -> None:
    with double.s3_double(double.bucket_of(ABC)) as server:
        endpoint = server.endpoint.replace("http:", "https:")
        with closing(opened(endpoint)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("TLS_REFUSED", False)
    assert "no TLS" in raised.value.detail


def test_a_line_in_the_clear_is_a_setting() -> None:
    crawl, _server = crawled(double.bucket_of(ABC))
    assert told(crawl)["tls"] == "none"
    assert "insecure_tls" not in told(crawl)
