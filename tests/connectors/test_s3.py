"""The S3 connector against a real HTTP server (moto), with and without its access control."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import boto3
import pytest

from connectors.s3 import PLUG
from connectors.s3.facts import REQUESTS_PER_BUCKET
from connectors.s3.run import PAGES_PER_UNIT
from connectors.s3.settings import SETTINGS
from scanner import schema
from scanner.connector import Session
from scanner.model import Batch, SourceError, Unit
from scanner.paths import canonical_text, restore_text
from scanner.testing import servers
from scanner.testing.conformance import (
    ConnectorSuite,
    DeniedSuite,
    Harness,
    LogsInSuite,
    OfflineSuite,
    ReadsBytesSuite,
    planted,
)
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps
from scanner.testing.world import World

pytestmark = pytest.mark.server
WRONG = "wr0ng/Pw+2!"


def admin(server: servers.S3Server, service: str = "s3", keys: tuple[str, str] | None = None) -> Any:
    user, password = keys or (server.user, server.password)
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=user,
        aws_secret_access_key=password,
    )


class BucketHarness(Harness):
    """One bucket, entered without a login."""

    plug = PLUG
    # A newline in a key is more than moto's URL patterns take, so control characters have a test of their own.
    cannot = frozenset({"directory", "link", "undecodable", "control", "large", "pre_1970"})
    prefix = "world/"
    extra = frozenset({"world"})
    kinds = {"file": "object"}  # noqa: RUF012 - as the harness declares it
    tick_us = None

    def __init__(self, server: servers.S3Server) -> None:
        self.server = server
        self.client = admin(server)

    def plant(self, world: World) -> None:
        self.client.create_bucket(Bucket="world")
        for node in world.files():
            self.client.put_object(Bucket="world", Key=node.path.decode(), Body=node.content(), ACL="public-read")

    def settings(self) -> dict[str, object]:
        return {"root": "s3://world", "endpoint": self.server.endpoint, "anonymous": True}

    def missing(self) -> dict[str, object]:
        return {**self.settings(), "root": "s3://no-such-bucket"}

    def fingerprint(self) -> object:
        answers = self.client.get_paginator("list_object_versions").paginate(Bucket="world")
        return {v["Key"]: (v["ETag"], v["LastModified"], v["VersionId"]) for a in answers for v in a["Versions"]}

    @contextmanager
    def offline(self) -> Iterator[str]:
        self.client.put_object(
            Bucket="world", Key="frozen", Body=b"ice", StorageClass="DEEP_ARCHIVE", ACL="public-read"
        )
        yield "world/frozen"
        self.client.delete_object(Bucket="world", Key="frozen")


class AccountHarness(BucketHarness):
    """A whole account, with moto's access control on: signatures are checked and policies obeyed."""

    extra = frozenset({"world", "shut", "shut/inside"})
    secrets = (WRONG,)

    def __init__(self, server: servers.S3Server, patch: pytest.MonkeyPatch) -> None:
        super().__init__(server)
        self.iam = admin(server, "iam")
        self.iam.create_user(UserName="scanner")
        self._allow("everything", "Allow", ["*"])
        key = self.iam.create_access_key(UserName="scanner")["AccessKey"]
        self.keys = (key["AccessKeyId"], key["SecretAccessKey"])
        self.secrets = (key["SecretAccessKey"], WRONG)
        for name, value in (("S3_AK", self.keys[0]), ("S3_SK", self.keys[1]), ("S3_WRONG", WRONG)):
            patch.setenv(name, value)
        plain = {"Content-Type": "text/plain"}
        reset = urllib.request.Request(f"{server.endpoint}/moto-api/reset-auth", b"0", plain, method="POST")
        urllib.request.urlopen(reset, timeout=10).read()
        self.client, self.iam = admin(server, "s3", self.keys), admin(server, "iam", self.keys)

    def _allow(self, name: str, effect: str, resources: list[str]) -> None:
        actions = "*" if effect == "Allow" else "s3:*"
        policy = {"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": actions, "Resource": resources}}
        self.iam.put_user_policy(UserName="scanner", PolicyName=name, PolicyDocument=json.dumps(policy))

    def plant(self, world: World) -> None:
        super().plant(world)
        self.client.create_bucket(Bucket="shut")
        self.client.put_object(Bucket="shut", Key="inside", Body=b"1")

    def settings(self) -> dict[str, object]:
        keys = {"access_key": "env:S3_AK", "secret_key": "env:S3_SK"}
        return {"root": "s3://", "endpoint": self.server.endpoint, **keys}

    def refused(self) -> dict[str, object]:
        return {**self.settings(), "secret_key": "env:S3_WRONG"}

    @contextmanager
    def denied(self) -> Iterator[str]:
        self._allow("shut", "Deny", ["arn:aws:s3:::shut", "arn:aws:s3:::shut/*"])
        yield "shut/"
        self.iam.delete_user_policy(UserName="scanner", PolicyName="shut")


class TestBucket(OfflineSuite, ReadsBytesSuite, ConnectorSuite):
    capabilities = OfflineSuite.capabilities | ReadsBytesSuite.capabilities

    @pytest.fixture(scope="class")
    def harness(self) -> Iterator[BucketHarness]:
        with servers.s3_server() as server:
            yield planted(BucketHarness(server))


class TestAccount(DeniedSuite, LogsInSuite, OfflineSuite, ReadsBytesSuite, ConnectorSuite):
    capabilities = (
        DeniedSuite.capabilities | LogsInSuite.capabilities | OfflineSuite.capabilities | ReadsBytesSuite.capabilities
    )

    @pytest.fixture(scope="class")
    def harness(self) -> Iterator[AccountHarness]:
        with servers.s3_server() as server, pytest.MonkeyPatch.context() as patch:
            yield planted(AccountHarness(server, patch))

    def test_fault_078_a_wrong_secret_is_one_request(self, harness: AccountHarness) -> None:
        pace = Pace()
        with closing(harness.open(harness.refused(), pace)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
        assert (raised.value.code, raised.value.transient, pace.requests) == ("AUTH_REFUSED", False, 1)

    def test_a_wrong_secret_for_one_bucket_is_one_request(self, harness: AccountHarness) -> None:
        pace = Pace()
        settings = {**harness.refused(), "root": "s3://world"}
        with closing(harness.open(settings, pace)) as connector, pytest.raises(SourceError) as raised:
            list(connector.roots())
        assert (raised.value.code, pace.requests) == ("AUTH_REFUSED", 1)

    def test_fault_060_forbidden_missing_and_empty_are_three_outcomes(self, harness: AccountHarness) -> None:
        harness.client.create_bucket(Bucket="empty")
        with harness.denied():
            codes = {}
            for bucket in ("shut", "not-there"):
                with (
                    closing(harness.open({**harness.settings(), "root": f"s3://{bucket}"})) as connector,
                    pytest.raises(SourceError) as raised,
                ):
                    list(connector.roots())
                codes[bucket] = raised.value.code
        with closing(harness.open({**harness.settings(), "root": "s3://empty"})) as connector:
            empty = crawl_all(connector)
        harness.client.delete_bucket(Bucket="empty")
        assert codes == {"shut": "DENIED", "not-there": "NOT_FOUND"}
        assert {r["path"]: (r["listed"], r["complete"]) for r in empty.records("listing")} == {
            "": (1, True),
            "empty/": (0, True),
        }
        assert not empty.faults

    def test_refused_settings_are_unknown_and_one_fault(self, harness: AccountHarness) -> None:
        with harness.denied():
            crawl = harness.crawl()
        settings = {r["name"]: r["value"] for r in crawl.records("setting") if r["path"] == "shut"}
        refused = [f.detail for f in crawl.faults if f.op == "query" and f.path == "shut"]
        assert {name for name, value in settings.items() if value is not None} <= {"open_because"}
        assert len(refused) == 1, "all that was refused in the same way is one fault"
        assert refused[0].endswith(": AccessDenied (HTTP 403)")
        assert len(refused[0].split(", ")) == REQUESTS_PER_BUCKET


# Without access control, on the server of the session

HOSTILE = (
    "..", "../..", "a/../b", ".", "a//b", "//", "/x", "dir/", "dir", "~", "*", "=1+1", "-rf", "\x08bell", "\x1b[31mred",
    "tab\there", "del\x7f", "100%", "%2F", "%00", "a+b c", " lead", "trail ", "back\\slash", "caf\\xE9", "&<>\"'",
    "]]>", "😀/👩‍👩‍👧", "\u202egnp", "\u2028", "e\u0301", "\u00e9", "\ue000", "\U00010000", "\uffff", "k" * 1024,
)  # fmt: skip


def opened(server: servers.S3Server, root: str, pace: Pace | None = None, **more: object) -> Any:
    settings = {"root": root, "endpoint": server.endpoint, "access_key": "env:S3_AK", "secret_key": "env:S3_SK", **more}
    return PLUG.open(PLUG.options.model_validate(settings), Session("s3", pace or Pace(), 20.0))


@pytest.fixture
def bucket(s3_server: servers.S3Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A bucket of the test's own; it goes with the server."""
    monkeypatch.setenv("S3_AK", s3_server.user)
    monkeypatch.setenv("S3_SK", s3_server.password)
    name = request.node.name.removeprefix("test_").replace("_", "-")[:60].strip("-")
    admin(s3_server).create_bucket(Bucket=name)
    return str(name)


def crawled(server: servers.S3Server, root: str, **more: object) -> Crawl:
    with closing(opened(server, root, **more)) as connector:
        crawl = crawl_all(connector)
    assert not ledger_gaps(crawl)
    return crawl


def facts(crawl: Crawl, bucket: str) -> dict[str, object]:
    return {str(r["name"]): r["value"] for r in crawl.records("setting") if r["path"] == bucket}


def test_fault_008_hostile_keys_come_back_exactly_and_can_be_read(s3_server: servers.S3Server, bucket: str) -> None:
    client = admin(s3_server)
    for key in HOSTILE:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    with closing(opened(s3_server, f"s3://{bucket}")) as connector:
        entries = crawl_all(connector).entries
        found = {restore_text(path.partition("/")[2]) for path, r in entries.items() if r["kind"] == "object"}
        assert found == set(HOSTILE)
        for key in HOSTILE:
            path = f"{bucket}/{canonical_text(key)}"
            assert entries[path]["size"] == len(key.encode())
            assert connector.read(path, 0, 2000) == key.encode()


def test_a_key_with_a_newline_is_listed(s3_server: servers.S3Server, bucket: str) -> None:
    # Only a form upload gets such a key past the URL patterns of the server.
    form = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na\nb\rc\r\n'
    form += b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nbody\r\n--b--\r\n'
    line = http.client.HTTPConnection(s3_server.host, s3_server.port, timeout=10)
    line.request("POST", f"/{bucket}", form, {"Content-Type": "multipart/form-data; boundary=b"})
    assert line.getresponse().status < 300
    line.close()
    assert f"{bucket}/a\nb\rc" in crawled(s3_server, f"s3://{bucket}").entries


def test_a_long_bucket_is_several_units_and_any_of_them_can_be_repeated(
    s3_server: servers.S3Server, bucket: str
) -> None:
    client = admin(s3_server)
    # Names that defy any order but that of their bytes: '-', '.' and '!' sort before '/', '0' after it.
    keys = {f"{n % 7}{'/!-.0'[n % 5]}{n:03d}" for n in range(140)}
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    crawl = crawled(s3_server, f"s3://{bucket}", page_size=2)
    assert sorted(crawl.paths) == sorted([bucket, *(f"{bucket}/{key}" for key in keys)])
    runs = [u for u in crawl.units if u.key == f"{bucket}/"]
    assert len(runs) >= -(-len(keys) // (2 * PAGES_PER_UNIT))
    assert all(r["complete"] for r in crawl.records("listing"))
    with closing(opened(s3_server, f"s3://{bucket}", page_size=2)) as connector:
        first, again = (
            [e.columns["name"] for e in connector.crawl(runs[3]) if getattr(e, "schema", None) is schema.ENTRY]
            for _ in range(2)
        )
    assert first == again
    assert first


def test_only_the_prefix_is_listed(s3_server: servers.S3Server, bucket: str) -> None:
    client = admin(s3_server)
    for key in ("data/2020/a", "data/2020-b", "data/2021/c", "else"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    folder = crawled(s3_server, f"s3://{bucket}/data/2020/")
    part = crawled(s3_server, f"s3://{bucket}/data/2020")
    assert set(folder.entries) == {bucket, f"{bucket}/data/2020/a"}
    assert set(part.entries) == {bucket, f"{bucket}/data/2020/a", f"{bucket}/data/2020-b"}


def test_fault_058_archived_objects_are_offline_and_never_asked_for(s3_server: servers.S3Server, bucket: str) -> None:
    client = admin(s3_server)
    tiers = {
        "STANDARD": "online", "STANDARD_IA": "online", "ONEZONE_IA": "online", "GLACIER_IR": "online",
        "INTELLIGENT_TIERING": None, "GLACIER": "offline", "DEEP_ARCHIVE": "offline",
    }  # fmt: skip
    for name in tiers:
        client.put_object(Bucket=bucket, Key=name, Body=b"body", StorageClass=name)
    pace = Pace()
    with closing(opened(s3_server, f"s3://{bucket}", pace)) as connector:
        entries = crawl_all(connector).entries
        assert {n: entries[f"{bucket}/{n}"]["tier"] for n in tiers} == tiers
        assert {n: entries[f"{bucket}/{n}"]["storage_class"] for n in tiers} == {n: n for n in tiers}
        assert connector.read(f"{bucket}/STANDARD_IA", 1, 2) == b"od"
        for name in ("GLACIER", "DEEP_ARCHIVE"):
            before = pace.requests
            with pytest.raises(SourceError) as raised:
                connector.read(f"{bucket}/{name}", 0, 4)
            assert raised.value.code == "OFFLINE"
            assert pace.requests == before + 1, "one HEAD, and no GET"


def test_settings_of_a_bare_bucket_are_none_and_not_unknown(s3_server: servers.S3Server, bucket: str) -> None:
    crawl = crawled(s3_server, f"s3://{bucket}")
    told = facts(crawl, bucket)
    assert set(told) == set(SETTINGS)
    assert told.pop("region") == "us-east-1"
    # This server does not know these requests.
    assert {told.pop(name) for name in ("request_payment", "analytics", "intelligent_tiering")} == {None}
    assert told.pop("open_to_everyone") == "false"
    assert "lets everyone in" in str(told.pop("open_because"))
    assert set(told.values()) == {"none"}
    assert not crawl.faults


def test_settings_of_a_kept_bucket(s3_server: servers.S3Server, bucket: str) -> None:
    client = admin(s3_server)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k1"}}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    expire = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [expire]})
    client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "fin"}]})
    owner = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=owner)
    client.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "i.html"}})
    told = facts(crawled(s3_server, f"s3://{bucket}"), bucket)
    assert told["versioning"] == "Enabled"
    assert (told["encryption"], told["kms_key"]) == ("aws:kms", "k1")
    assert told["public_access_block"] == "all"
    assert told["lifecycle_rules"] == "1"
    assert told["lifecycle"] == "x (on): expire after 9 days"
    assert told["tag_keys"] == '["team"]', "the values may name people"
    assert told["ownership"] == "BucketOwnerEnforced"
    assert told["website"] == "enabled"


def rights(crawl: Crawl, kind: str) -> set[tuple[object, ...]]:
    return {
        (r["path"], r["grantee"], r["right"], r["effect"], r["origin"])
        for r in crawl.records("grant")
        if r["grantee_kind"] == kind
    }


def test_a_bucket_public_by_its_acl(s3_server: servers.S3Server, bucket: str) -> None:
    everyone = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    grants = [{"Grantee": everyone, "Permission": permission} for permission in ("READ", "WRITE", "READ_ACP")]
    admin(s3_server).put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": {"ID": "o"}, "Grants": grants})
    crawl = crawled(s3_server, f"s3://{bucket}")
    assert rights(crawl, "everyone") == {(bucket, "AllUsers", right, "allow", "acl") for right in ("list", "write")}


def test_a_bucket_public_by_its_policy(s3_server: servers.S3Server, bucket: str) -> None:
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/open/*"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    admin(s3_server).put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    crawl = crawled(s3_server, f"s3://{bucket}")
    assert rights(crawl, "everyone") == {
        (f"{bucket}/open", "*", "read", "allow", "bucket_policy"),
        (bucket, "*", "list", "allow", "bucket_policy"),
    }


def test_fault_059_versions_are_counted_apart_and_only_when_asked(s3_server: servers.S3Server, bucket: str) -> None:
    client = admin(s3_server)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"22", b"333"):
        client.put_object(Bucket=bucket, Key="a b%+", Body=body)
    client.put_object(Bucket=bucket, Key="gone", Body=b"4444")
    client.delete_object(Bucket=bucket, Key="gone")
    client.create_multipart_upload(Bucket=bucket, Key="half")
    plain = crawled(s3_server, f"s3://{bucket}")
    counted = crawled(s3_server, f"s3://{bucket}", versions=True)
    assert "old_versions" not in facts(plain, bucket)
    told = facts(counted, bucket)
    assert (told["old_versions"], told["old_version_bytes"]) == ("3", "7")
    assert (told["delete_markers"], told["unfinished_uploads"]) == ("1", "1")
    assert counted.paths == plain.paths == [bucket, f"{bucket}/a b%+"]


def test_a_whole_account_shows_when_each_bucket_was_made(s3_server: servers.S3Server, bucket: str) -> None:
    with closing(opened(s3_server, "s3://")) as connector:
        found = Crawl(tuple(e for e in connector.crawl(Unit("")) if isinstance(e, Batch)), (), ())
    entry = found.entries[bucket]
    assert entry["kind"] == "bucket"
    assert isinstance(entry["created"], int)
    assert entry.get("size") is None


def test_owners_are_told_when_asked(s3_server: servers.S3Server, bucket: str) -> None:
    admin(s3_server).put_object(Bucket=bucket, Key="k", Body=b"")
    assert crawled(s3_server, f"s3://{bucket}").entries[f"{bucket}/k"].get("owner") is None
    assert crawled(s3_server, f"s3://{bucket}", owners=True).entries[f"{bucket}/k"]["owner"]
