"""Whole scans of object stores into a catalog: what it then holds, beside what a plain lister finds."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes, urlsplit
from xml.etree import ElementTree as ET

import boto3
import pytest

from connectors.s3 import PLUG
from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.crawl import Outcome, Run
from scanner.judge.access import openings
from scanner.paths import canonical
from scanner.registry import Bound
from scanner.testing import s3_double as double
from scanner.testing import servers
from scanner.testing.estate_tree import estate_tree
from scanner.testing.s3_signature import Login, checked, signed_headers

_T = TypeVar("_T")
LOGIN = Login("AKIACANARY", "c4nary-secret/Pw+1==", "c4nary-token/Pw+2==")
FOLDERS = frozenset({"directory", "empty_directory", "link"})
"""What an object store has none of."""

ONLY_S3 = (
    b"..", b"../..", b"a/../b", b".", b"./", b"a//b", b"//", b"/", b"/x", b"dir/", b"dir", b"\x00", b"\x08bell",
    b"a\nb\rc", b"\x1b[31mred", b"caf\xe9", b"\xff\xfe", "\ufffd".encode(), b"100%", b"%2F", b"%00", b"a+b c", b" ",
    b"back\\slash",
    b"caf\\xE9", b"]]>", b"&<>\"'", "\u202egnp.exe".encode(), "\u2028".encode(), "e\u0301".encode(), "\u00e9".encode(),
    "\U00010000".encode(), b"k" * 1024, b"d/" * 512, b"=1+1", b"~", b"*",
)  # fmt: skip


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AK", LOGIN.access_key), ("SK", LOGIN.secret_key), ("TOKEN", LOGIN.token)):
        monkeypatch.setenv(f"S3_{name}", value)


KEYS = {"access_key": "env:S3_AK", "secret_key": "env:S3_SK", "session_token": "env:S3_TOKEN"}


def scan(folder: Path, settings: Mapping[str, object], **limits: object) -> Outcome:
    """One scan of one source into a catalog in ``folder``."""
    with Catalog.open(locate(str(folder / "catalog")), create=True) as catalog:
        catalog.lock()
        run = Run.start(catalog, [bound(settings, **limits)], title="t", config_hash="")
        return run.execute(lambda _progress: None, every_s=0.05)


def resumed(folder: Path, number: int, settings: Mapping[str, object]) -> Outcome:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog:
        catalog.lock()
        return Run.resume(catalog, number, [], [bound(settings)]).execute(lambda _progress: None, every_s=0.05)


def bound(settings: Mapping[str, object], **limits: object) -> Bound:
    config = SourceConfig(name="store", type="s3", limits=Limits.model_validate({"connections": 2, **limits}))
    return Bound(config, PLUG, PLUG.options.model_validate(dict(settings)))


def asked(folder: Path, question: Callable[[Any], _T]) -> _T:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return question(reader)


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return asked(folder, lambda reader: reader.rows(sql))


def listed_by_hand(endpoint: str, bucket: str, login: Login) -> dict[bytes, int]:
    """Keys and sizes of a bucket by plain HTTP, signed here: no line of the connector, nor of its driver."""
    found: dict[bytes, int] = {}
    line = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    token = ""
    with closing(line):
        while True:
            query = {"encoding-type": "url", "list-type": "2", "max-keys": "777"}
            query |= {"continuation-token": token} if token else {}
            encoded = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(query.items()))
            headers = signed_headers("GET", f"{endpoint}/{bucket}?{encoded}", login, more={})
            line.request("GET", f"/{bucket}?{encoded}", headers=headers)
            answer = line.getresponse()
            body = answer.read()
            assert answer.status == 200, body[:300]
            root = ET.fromstring(body)
            for one in root.findall("{*}Contents"):
                key = unquote_to_bytes((one.findtext("{*}Key") or "").replace("+", " "))
                assert key not in found
                found[key] = int(one.findtext("{*}Size") or "-1")
            token = root.findtext("{*}NextContinuationToken") or ""
            if not token:
                return found


def scanned(folder: Path) -> dict[str, int]:
    return {str(path): size for path, size in rows(folder, "SELECT path, size FROM entry WHERE kind = 'object'")}


def estate_keys(*cannot: str) -> dict[bytes, int]:
    """More than 20,000 keys with their sizes: the tree of all listers, and what only an object store can hold."""
    tree = {n.path: n.size or 0 for n in estate_tree(20_200, cannot=FOLDERS.union(cannot)).nodes}
    return tree | {key: len(key) for key in ONLY_S3}


def test_twenty_thousand_keys_are_the_same_by_hand_and_by_scan(tmp_path: Path) -> None:
    keys = estate_keys()
    assert len(keys) > 20_000
    script = checked(double.bucket_of(keys, 1000, keys), LOGIN)
    with double.s3_double(script) as server:
        by_hand = listed_by_hand(server.endpoint, "bucket", LOGIN)
        outcome = scan(tmp_path, {"root": "s3://bucket", "endpoint": server.endpoint, **KEYS})
    assert by_hand == keys
    assert scanned(tmp_path) == {f"bucket/{canonical(key)}": size for key, size in by_hand.items()}
    assert outcome.exit is Exit.COMPLETE
    ((listed,),) = rows(tmp_path, "SELECT sum(listed) FROM listing WHERE path <> ''")
    assert listed == len(by_hand)


@pytest.mark.full
@pytest.mark.server
@pytest.mark.timeout(900)
def test_twenty_thousand_keys_of_an_independent_server_are_the_same_by_hand_and_by_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SeaweedFS checks signatures by itself, keeps keys as folders and lists them in that order."""
    keys = {key: size for key, size in estate_keys("large").items() if _fit_for_folders(key)}
    with servers.seaweedfs() as server:
        login = Login(server.user, server.password)
        monkeypatch.setenv("S3_AK", login.access_key)
        monkeypatch.setenv("S3_SK", login.secret_key)
        with closing(http.client.HTTPConnection(server.host, server.port, timeout=60)) as line:
            assert put(server.endpoint, "/bucket", b"", login, line) == 200
        with ThreadPoolExecutor(8) as pool:
            refused = set().union(*pool.map(lambda part: put_all(server.endpoint, part, login), _parts(keys, 8)))
        by_hand = listed_by_hand(server.endpoint, "bucket", login)
        keys_of = {"access_key": "env:S3_AK", "secret_key": "env:S3_SK"}
        outcome = scan(tmp_path, {"root": "s3://bucket", "endpoint": server.endpoint, **keys_of})
        monkeypatch.setenv("S3_SK", "wr0ng")
        (tmp_path / "refused").mkdir()
        shut_out = scan(tmp_path / "refused", {"root": "s3://bucket", "endpoint": server.endpoint, **keys_of})
    assert by_hand == {key: size for key, size in keys.items() if key not in refused}
    assert len(by_hand) > 20_000
    assert scanned(tmp_path) == {f"bucket/{canonical(key)}": size for key, size in by_hand.items()}
    assert outcome.exit is Exit.COMPLETE
    assert shut_out.exit is Exit.AUTH


def _fit_for_folders(key: bytes) -> bool:
    """Whether SeaweedFS keeps a key as it is: its parts are names, its bytes text, a backslash would be a slash."""
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return not {b"", b".", b".."} & set(key.split(b"/")) and b"\\" not in key and len(key) < 1000


def _parts(keys: Mapping[bytes, int], number: int) -> list[dict[bytes, int]]:
    items = list(keys.items())
    return [dict(items[n::number]) for n in range(number)]


def put_all(endpoint: str, keys: Mapping[bytes, int], login: Login) -> set[bytes]:
    """Upload the keys; which of them the server did not take."""
    with closing(http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=60)) as line:
        return {
            key
            for key, size in keys.items()
            if put(endpoint, f"/bucket/{quote(key, safe='/-_.~')}", b"x" * size, login, line) != 200
        }


def put(endpoint: str, place: str, body: bytes, login: Login, line: http.client.HTTPConnection) -> int:
    headers = signed_headers("PUT", f"{endpoint}{place}", login, payload=body, more={})
    line.request("PUT", place, body, headers)
    answer = line.getresponse()
    answer.read()
    return answer.status


CANARIES = (LOGIN.secret_key, LOGIN.token)


def test_fault_079_no_secret_is_in_the_catalog_or_a_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A server that quotes the secrets back at every turn gets none of them into what is kept."""
    caplog.set_level(0)
    good = double.bucket_of(("a", "b", "c"), 1)
    quoting = double.error(403, "AccessDenied", " ".join((*CANARIES, *map(quote, CANARIES))))

    def script(request: double.Request) -> double.Answer:
        return good(request) if request.is_listing and "continuation-token" not in request.query else quoting

    with double.s3_double(checked(script, LOGIN)) as server:
        scan(tmp_path, {"root": "s3://bucket", "endpoint": server.endpoint, "versions": True, **KEYS}, retries=0)
    assert rows(tmp_path, "SELECT count(*) FROM fault WHERE reason = 'DENIED'")[0][0] >= 3
    forms = [f(c) for c in CANARIES for f in (str, quote, lambda c: base64.b64encode(c.encode()).decode())]
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for form in forms:
        assert form.encode() not in kept
        assert form not in caplog.text


def test_fault_079_secrets_that_settings_and_policies_quote_are_not_kept(tmp_path: Path) -> None:
    forms = [f(c) for c in CANARIES for f in (str, quote, lambda c: base64.b64encode(c.encode()).decode())]
    statement = {"Effect": "Allow", "Principal": {"AWS": forms}, "Action": "*", "Resource": "*", "Condition": forms}
    answers = {
        "policy": json.dumps({"Statement": statement}),
        "tagging": "".join(f"<Tag><Key>{f}</Key></Tag>" for f in forms).join(
            ("<Tagging><TagSet>", "</TagSet></Tagging>")
        ),
        "website": "".join(
            f"<RoutingRule><Redirect><HostName>{f}</HostName></Redirect></RoutingRule>" for f in forms
        ).join(("<WebsiteConfiguration><RoutingRules>", "</RoutingRules></WebsiteConfiguration>")),
        "acl": f"<AccessControlPolicy><Owner><DisplayName>{CANARIES[0]}</DisplayName></Owner></AccessControlPolicy>",
    }
    good = double.bucket_of(("a",))

    def script(request: double.Request) -> double.Answer:
        body = next((text for name, text in answers.items() if name in request.query), None)
        return good(request) if body is None else double.Answer(body=body.encode())

    with double.s3_double(checked(script, LOGIN)) as server:
        scan(tmp_path, {"root": "s3://bucket", "endpoint": server.endpoint, **KEYS})
    for fact in ("setting", '"grant"', "mention"):
        told = repr(rows(tmp_path, f"SELECT * FROM {fact}"))
        assert "***" in told
        assert not [form for form in forms if form in told]


def test_fault_052_a_storm_without_end_leaves_what_came_before_and_a_gap(tmp_path: Path) -> None:
    names = [f"{n:03d}" for n in range(30)]
    slow = double.error(503, "SlowDown")
    script = double.instead(
        3, double.Answer(503, slow.body, (("Retry-After", "0"),)), double.bucket_of(names, 10), times=99
    )
    with double.s3_double(script) as server:
        outcome = scan(
            tmp_path,
            {"root": "s3://bucket", "endpoint": server.endpoint, "anonymous": True, "page_size": 10},
            retries=1,
            connections=1,
        )
    assert len(scanned(tmp_path)) == 20
    assert rows(tmp_path, "SELECT path, op, reason FROM fault WHERE op <> 'note'") == [("bucket/", "list", "THROTTLED")]
    assert outcome.exit is Exit.GAPS
    assert len(server.listings) == 3 + 3, "preflight, two pages; the refusal, the remainder's, and one attempt more"


def test_fault_053_an_expired_token_keeps_what_came_before_and_resume_brings_the_rest(tmp_path: Path) -> None:
    good = checked(double.bucket_of([f"{n:03d}" for n in range(30)], 10), LOGIN)
    late = double.instead(3, double.error(400, "ExpiredToken"), good, times=99)
    renewed = threading.Event()

    def script(request: double.Request) -> double.Answer:
        return good(request) if renewed.is_set() else late(request)

    with double.s3_double(script) as server:
        settings = {"root": "s3://bucket", "endpoint": server.endpoint, "page_size": 10, **KEYS}
        outcome = scan(tmp_path, settings, connections=1)  # another would log in as well, and be counted
        assert len(scanned(tmp_path)) == 20
        assert rows(tmp_path, "SELECT path, op, reason FROM fault") == [("bucket/", "list", "AUTH_EXPIRED")]
        assert outcome.exit is Exit.GAPS
        renewed.set()
        assert resumed(tmp_path, outcome.run, settings).exit is Exit.COMPLETE
    assert len(scanned(tmp_path)) == 30
    assert rows(tmp_path, "SELECT * FROM fault") == []
    assert server.listings[-1].query["start-after"] == "019"


# Whom a bucket is open to, in the end

EVERYONE = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
CUSTOMERS = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
LOGS = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Account:
    """Buckets of one account of a server, made as each test needs them."""

    def __init__(self, server: servers.S3Server) -> None:
        self.server = server
        self.client: Any = boto3.client(
            "s3", endpoint_url=server.endpoint, region_name=server.region, aws_access_key_id=server.user,
            aws_secret_access_key=server.password,
        )  # fmt: skip

    def bucket(self, name: str) -> str:
        self.client.create_bucket(Bucket=name)
        self.client.put_object(Bucket=name, Key="open/one.txt", Body=b"1")
        return name

    def acl(self, name: str, *grants: tuple[Mapping[str, str], str]) -> None:
        told = [{"Grantee": grantee, "Permission": permission} for grantee, permission in grants]
        self.client.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": {"ID": "o"}, "Grants": told})

    def policy(self, name: str, *statements: Mapping[str, object]) -> None:
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.client.put_bucket_policy(Bucket=name, Policy=text)

    def block(self, name: str, *flags: str) -> None:
        told = {flag: flag in flags for flag in BLOCK}
        self.client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=told)

    def owned(self, name: str) -> None:
        rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        self.client.put_bucket_ownership_controls(Bucket=name, OwnershipControls=rules)

    def block_account(self, number: str, *flags: str) -> None:
        body = (
            "".join(f"<{flag}>true</{flag}>" for flag in flags)
            .join(("<PublicAccessBlockConfiguration>", "</PublicAccessBlockConfiguration>"))
            .encode()
        )
        place = "/v20180820/configuration/publicAccessBlock"
        login = Login(self.server.user, self.server.password)
        headers = signed_headers(
            "PUT", f"{self.server.endpoint}{place}", login, payload=body, more={"x-amz-account-id": number}
        )
        line = http.client.HTTPConnection(self.server.host, self.server.port, timeout=20)
        with closing(line):
            line.request("PUT", place, body, headers)
            answer = line.getresponse()
            assert answer.status < 300, answer.read()

    def settings(self, **more: object) -> dict[str, object]:
        login = {"access_key": "env:S3_AK", "secret_key": "env:S3_SK"}
        return {"root": "s3://", "endpoint": self.server.endpoint, **login, **more}


def allow(bucket: str, action: str, beneath: str = "", **more: object) -> dict[str, object]:
    resource = f"arn:aws:s3:::{bucket}{beneath}"
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


@pytest.fixture(scope="module")
def account() -> Any:
    with servers.s3_server() as server:
        yield Account(server)


@pytest.fixture
def logged_in(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("S3_AK", account.server.user)
    monkeypatch.setenv("S3_SK", account.server.password)
    return account


@pytest.mark.server
def test_whom_each_bucket_is_open_to_in_the_end(logged_in: Account, tmp_path: Path) -> None:
    a = logged_in
    home = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    a.bucket("plain")
    a.policy(a.bucket("by-policy"), allow("by-policy", "s3:GetObject", "/open/*"))
    a.acl(a.bucket("by-list"), (EVERYONE, "READ"), (EVERYONE, "READ_ACP"), (LOGS, "WRITE"))
    a.acl(a.bucket("to-customers"), (CUSTOMERS, "WRITE"))
    a.acl(a.bucket("list-blocked"), (EVERYONE, "READ"))
    a.block("list-blocked", "IgnorePublicAcls")
    a.acl(a.bucket("list-disabled"), (EVERYONE, "FULL_CONTROL"))
    a.owned("list-disabled")
    a.policy(a.bucket("policy-blocked"), allow("policy-blocked", "s3:GetObject", "/*"))
    a.block("policy-blocked", "RestrictPublicBuckets")
    a.policy(a.bucket("wrong-block"), allow("wrong-block", "s3:GetObject", "/*"))
    a.block("wrong-block", "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy")
    a.policy(a.bucket("from-home"), allow("from-home", "s3:GetObject", "/*", Condition=home))
    deny = allow("denied", "s3:GetObject", "/*", Effect="Deny")
    a.policy(a.bucket("denied"), allow("denied", "s3:GetObject", "/*"), deny)
    outcome = scan(tmp_path, a.settings())
    assert outcome.exit is Exit.COMPLETE
    said = dict(rows(tmp_path, "SELECT path, value FROM setting WHERE name = 'open_to_everyone'"))
    why = dict(rows(tmp_path, "SELECT path, value FROM setting WHERE name = 'open_because'"))
    opened = {"by-policy", "by-list", "to-customers", "wrong-block"}
    assert {path for path, value in said.items() if value == "true"} == opened
    assert {value for path, value in said.items() if path not in opened} == {"false"}
    assert why["by-policy"] == "the policy lets everyone read beneath open"
    assert why["list-blocked"].endswith("without effect: IgnorePublicAcls of the bucket")
    assert why["list-disabled"].endswith("without effect: object ownership is BucketOwnerEnforced")
    assert why["policy-blocked"].endswith("without effect: RestrictPublicBuckets of the bucket")
    found = asked(tmp_path, lambda reader: {(o.path, o.to): bool(o.barred) for o in openings(reader)})
    assert {path.partition("/")[0] for (path, _to), barred in found.items() if not barred} == opened
    assert {path for (path, _to), barred in found.items() if barred} == {
        "list-blocked",
        "list-disabled",
        "policy-blocked",
    }
    assert ("to-customers", "authenticated") in found


@pytest.mark.server
def test_every_right_with_who_and_how_the_store_calls_it(logged_in: Account, tmp_path: Path) -> None:
    a = logged_in
    role = "arn:aws:iam::111122223333:role/etl"
    a.acl(a.bucket("told"), (EVERYONE, "READ"), (LOGS, "WRITE"))
    a.block("told", *BLOCK)
    a.policy("told", allow("told", "s3:Get*", "/in/*", Principal={"AWS": role}))
    scan(tmp_path, a.settings(root="s3://told"))
    told = rows(
        tmp_path,
        'SELECT path, grantee, grantee_kind, grantee_id, "right", effect, native, scope, origin, condition '
        "FROM grants WHERE grantee_kind <> 'user' ORDER BY origin, grantee",
    )
    groups = "http://acs.amazonaws.com/groups"
    native = "IgnorePublicAcls of the bucket; RestrictPublicBuckets of the bucket"
    barred = "public access by access lists and the policy only"
    assert told == [
        ("told", "AllUsers", "everyone", f"{groups}/global/AllUsers", "list", "allow", "READ", "both", "acl", None),
        ("told", "LogDelivery", "group", f"{groups}/s3/LogDelivery", "write", "allow", "WRITE", "beneath", "acl", None),
        ("told/in", role, "role", role, "read", "allow", "s3:Get*", "beneath", "bucket_policy", None),
        ("told", "*", "everyone", None, "full", "deny", native, "both", "public_access_block", barred),
    ]
    owners = rows(tmp_path, 'SELECT grantee_kind, origin FROM "grant" WHERE "right" = \'owner\'')
    assert owners == [("user", "acl")]


@pytest.mark.server
def test_a_block_of_the_whole_account_bars_every_bucket_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = "123456789012"
    with servers.s3_server() as server:
        a = Account(server)
        monkeypatch.setenv("S3_AK", server.user)
        monkeypatch.setenv("S3_SK", server.password)
        a.acl(a.bucket("by-list"), (EVERYONE, "READ"))
        a.policy(a.bucket("by-policy"), allow("by-policy", "s3:GetObject", "/*"))
        for folder, flags in (("before", ()), ("after", ("IgnorePublicAcls",))):
            (tmp_path / folder).mkdir()
            if flags:
                a.block_account(number, *flags)
            scan(tmp_path / folder, a.settings(account_id=number))
    question = "SELECT path, name, value FROM setting WHERE name IN ('open_to_everyone', 'account_public_access_block')"
    assert set(rows(tmp_path / "before", question)) == {
        ("", "account_public_access_block", "none"),
        ("by-list", "open_to_everyone", "true"),
        ("by-policy", "open_to_everyone", "true"),
    }
    assert set(rows(tmp_path / "after", question)) == {
        ("", "account_public_access_block", "IgnorePublicAcls"),
        ("by-list", "open_to_everyone", "false"),
        ("by-policy", "open_to_everyone", "true"),
    }


# What settings lead to


@pytest.mark.server
def test_places_that_settings_name_are_quoted_and_other_buckets_are_seen(logged_in: Account, tmp_path: Path) -> None:
    a = logged_in
    c = a.client
    a.bucket("kept")
    a.bucket("logs-here")
    versioned = {"Status": "Enabled"}
    c.put_bucket_versioning(Bucket="kept", VersioningConfiguration=versioned)
    target = {"Bucket": "arn:aws:s3:::far-away"}
    rule = {"ID": "copy", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}, "Destination": target}
    rule["DeleteMarkerReplication"] = {"Status": "Disabled"}
    c.create_bucket(Bucket="far-away")
    c.put_bucket_versioning(Bucket="far-away", VersioningConfiguration=versioned)
    c.put_bucket_replication(Bucket="kept", ReplicationConfiguration={"Role": "arn:aws:iam::1:role/r", "Rules": [rule]})
    a.acl("logs-here", (LOGS, "WRITE"), (LOGS, "READ_ACP"))
    logging = {"LoggingEnabled": {"TargetBucket": "logs-here", "TargetPrefix": "s3/"}}
    c.put_bucket_logging(Bucket="kept", BucketLoggingStatus=logging)
    redirect = {"RedirectAllRequestsTo": {"HostName": "intranet.example", "Protocol": "https"}}
    c.put_bucket_website(Bucket="kept", WebsiteConfiguration=redirect)
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*", "https://a.example"]}]}
    c.put_bucket_cors(Bucket="kept", CORSConfiguration=cors)
    inventory = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::stock-lists", "Format": "CSV"}}
    c.put_bucket_inventory_configuration(
        Bucket="kept", Id="weekly",
        InventoryConfiguration={
            "Id": "weekly", "IsEnabled": True, "IncludedObjectVersions": "Current", "Schedule": {"Frequency": "Weekly"},
            "Destination": inventory,
        },
    )  # fmt: skip
    scan(tmp_path, a.settings(root="s3://kept"))
    told = dict(rows(tmp_path, "SELECT name, value FROM setting WHERE path = 'kept'"))
    assert (told["versioning"], told["replication"]) == ("Enabled", "s3://far-away")
    assert (told["logging"], told["website"]) == ("s3://logs-here/s3/", "redirect to https://intranet.example")
    assert (told["cors_origins"], told["inventory"]) == ("*, https://a.example", "weekly")
    quoted = rows(tmp_path, "SELECT part, kind, locator FROM mention WHERE path = 'kept' ORDER BY locator")
    assert quoted == [
        ("website redirect", "url", "https://intranet.example"),
        ("replication copy", "url", "s3://far-away"),
        ("logging", "url", "s3://logs-here/s3/"),
        ("inventory weekly", "url", "s3://stock-lists"),
    ]
    seen = {name: (kind, locator, reason) for name, kind, locator, reason in rows(
        tmp_path, "SELECT name, kind, locator, reason FROM seen"
    )}  # fmt: skip
    assert "kept" not in seen
    assert seen["far-away"] == ("bucket", f"s3://far-away?endpoint={a.server.endpoint}", "not_configured")
    assert {"logs-here", "stock-lists"} <= seen.keys()
    assert max(Counter(n for (n,) in rows(tmp_path, "SELECT name FROM seen")).values()) == 1
    assert seen["logs-here"][1] == PLUG.locator(PLUG.options.model_validate(a.settings(root="s3://logs-here")))


@pytest.mark.server
def test_a_whole_account_has_no_bucket_that_is_only_seen(logged_in: Account, tmp_path: Path) -> None:
    logged_in.bucket("one-of-many")
    scan(tmp_path, logged_in.settings())
    names = {name for (name,) in rows(tmp_path, "SELECT name FROM entry WHERE kind = 'bucket'")}
    assert "one-of-many" in names
    assert not names & {name for (name,) in rows(tmp_path, "SELECT name FROM seen")}
    ((told,),) = rows(tmp_path, "SELECT value FROM setting WHERE path = '' AND name = 'buckets'")
    assert int(told) == len(names)
