"""What of the S3 connector needs no server: settings, locators, policies, pages, and which hosts it would talk to."""

from __future__ import annotations

import base64
import json
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.s3 import PLUG
from connectors.s3.answer import decode_key, instant, microseconds, read_page
from connectors.s3.client import Client
from connectors.s3.listing import FOLDERS, Page, check_page
from connectors.s3.options import S3Options
from connectors.s3.policy import PolicyGrant, policy_grants
from connectors.s3.transport import Transport
from scanner.connector import Account, Session
from scanner.model import SourceError
from scanner.testing.s3_double import Answer, page, s3_double

SECRET = "c4nary-wJalrXUtnFEMI"


def options(**settings: object) -> S3Options:
    return S3Options.model_validate({"root": "s3://bucket", **settings})


@pytest.mark.parametrize(
    "wrong",
    [
        {"root": "bucket"},
        {"root": "s3:///prefix"},
        {"root": "s3://bu cket"},
        {"root": f"s3://ak:{SECRET}@bucket"},
        {"endpoint": f"https://ak:{SECRET}@host"},
        {"endpoint": "ftp://host"},
        {"endpoint": "https://host/path"},
        {"endpoint": "https://host:99999"},
        {"endpoint": "http://files.example:9000"},
        {"endpoint": "http://169.254.169.254"},
        {"endpoint": "https://[fe80::1]"},
        {"endpoint": "https://[fd00:ec2::254]"},
        {"endpoint": "https://[::ffff:169.254.169.254]"},
        {"endpoint": "http://0.0.0.0"},
        {"access_key": "env:A"},
        {"access_key": "AKIA", "secret_key": SECRET},
        {"session_token": "env:T"},
        {"access_key": "env:A", "secret_key": "env:S", "anonymous": True},
        {"profile": "p", "anonymous": True},
        {"page_size": 0},
        {"page_size": 5000},
        {"no_such_option": 1},
    ],
)
def test_settings_that_do_not_fit_are_refused_and_repeat_no_secret(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as raised:
        options(**wrong)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000", "https://files.example"]
)
def test_plain_http_is_for_this_machine_only(endpoint: str) -> None:
    assert options(endpoint=endpoint).endpoint == endpoint
    assert options(endpoint="http://files.example", insecure_http=True)


def test_a_locator_becomes_settings() -> None:
    url = "s3://bucket/a%20b/%25?endpoint=http://127.0.0.1:9000&access_key=env:AK&secret_key=env:SK&region=eu-west-1"
    chosen = S3Options.model_validate(PLUG.from_url(url))
    assert (chosen.bucket, chosen.prefix) == ("bucket", "a b/%")
    assert PLUG.account(chosen) == Account("127.0.0.1:9000", "env:AK")
    assert PLUG.locator(chosen) == "s3://bucket/a b/%?endpoint=http://127.0.0.1:9000"
    assert PLUG.from_url("s3://") == {"root": "s3://"}


@pytest.mark.parametrize("url", ["https://bucket", f"s3://ak:{SECRET}@bucket", "s3://b?root=s3://c", "s3://b?x=1&x=2"])
def test_a_wrong_locator_repeats_nothing(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        PLUG.from_url(url)
    assert SECRET not in str(raised.value)


def test_the_account_is_who_logs_in_where() -> None:
    assert PLUG.account(options(anonymous=True)) is None
    assert PLUG.account(options(profile="p")) == Account("s3.amazonaws.com:443", "profile p")
    assert PLUG.account(options(endpoint="https://Files.example")) == Account(
        "files.example:443", "default credentials"
    )


def test_no_credentials_is_an_error_that_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    connector = PLUG.open(options(endpoint="http://127.0.0.1:1"), Session("s"))
    with pytest.raises(SourceError) as raised:
        list(connector.roots())
    assert raised.value.code == "SECRET_MISSING"
    assert "anonymous" in raised.value.detail
    missing = PLUG.open(options(profile="nobody"), Session("s"))
    with pytest.raises(SourceError, match="nobody"):
        list(missing.roots())


STS = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ("credential_process = /nonexistent/helper", "SECRET_MISSING"),
        ("role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = q\nregion = us-east-1", "AUTH_REFUSED"),
        ("credential_process = /bin/echo no-json", "SECRET_MISSING"),
    ],
)
def test_a_profile_that_gives_no_login_is_refused_once(
    profile: str, code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    keys = f"[profile q]\naws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n"
    config.write_text(f"[profile p]\n{profile}\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with s3_double(lambda _request: Answer(403, STS.encode())) as login:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", login.endpoint)
        connector = PLUG.open(options(profile="p", endpoint="http://127.0.0.1:1"), Session("s"))
        with pytest.raises(SourceError) as raised:
            list(connector.roots())
    assert (raised.value.code, raised.value.transient) == (code, False)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert len(login.requests) <= 1


@pytest.mark.parametrize(
    ("proxy", "sent"),
    [
        ("http://user:p%40ss%2Fw0rd@127.0.0.1:{}", "user:p@ss/w0rd"),
        ("http://user@127.0.0.1:{}", "user:"),
        ("http://127.0.0.1:{}", None),
    ],
)
def test_a_proxy_that_refuses_the_login_is_asked_once(
    proxy: str, sent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with s3_double(lambda _request: Answer(407)) as door:
        monkeypatch.setenv("https_proxy", proxy.format(door.endpoint.rpartition(":")[2]))
        connector = PLUG.open(options(endpoint="https://files.example", anonymous=True), Session("s"))
        with closing(connector), pytest.raises(SourceError) as raised:
            list(connector.roots())
    assert (raised.value.code, raised.value.transient) == ("AUTH_REFUSED", False)
    assert "proxy" in raised.value.detail
    login = door.requests[0].headers.get("proxy-authorization")
    assert [r.method for r in door.requests] == ["CONNECT"]
    assert login == (None if sent is None else "Basic " + base64.b64encode(sent.encode()).decode())


def test_the_machines_own_configuration_does_not_redirect_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://evil.example")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    client = Client(options(anonymous=True, region="eu-west-1"), Session("s"))
    assert client._client.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"
    assert client.transport._suffix == "amazonaws.com"
    client.close()


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://s3.eu-west-1.amazonaws.com", True),
        ("https://bucket.s3.us-east-1.amazonaws.com", True),
        ("http://s3.eu-west-1.amazonaws.com", False),
        ("https://s3.eu-west-1.amazonaws.com:8443", False),
        ("https://amazonaws.com.evil.example", False),
        ("https://evilamazonaws.com", False),
        ("https://169.254.169.254", False),
    ],
)
def test_fault_055_credentials_stay_within_the_domain(url: str, inside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_named: [])
    transport = Transport(Session("s"), "https://s3.us-east-1.amazonaws.com", "amazonaws.com", None)
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition(":")
    arguments = (scheme, host, int(port or {"https": 443, "http": 80}[scheme]))
    if inside:
        transport._check_host(*arguments)
    else:
        with pytest.raises(SourceError) as raised:
            transport._check_host(*arguments)
        assert raised.value.code == "REDIRECT_REFUSED"


def test_fault_055_a_name_that_leads_to_the_metadata_service_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_named: found)
    transport = Transport(Session("s"), "https://files.example", "", None)
    with pytest.raises(SourceError) as raised:
        transport._check_host("https", "files.example", 443)
    assert raised.value.code == "REDIRECT_REFUSED"


# Pages


def page_of(keys: list[bytes], token: str | None = None) -> Page:
    nothing = [None] * len(keys)
    return Page(keys, nothing, nothing, nothing, nothing, nothing, token)


@given(st.lists(st.binary(min_size=1, max_size=3)), st.binary(max_size=2), st.sampled_from([None, "", "t", "u"]))
def test_what_is_kept_always_increases_and_nothing_before_a_stop_is_lost(
    keys: list[bytes], last: bytes, token: str | None
) -> None:
    checked = check_page(page_of(keys, token), last, "t", None)
    kept = [keys[row] for row in checked.keep]
    rank = (lambda key: key.split(b"/")) if checked.order == FOLDERS else (lambda key: key)
    assert all(rank(a) < rank(b) or not a for a, b in zip([last, *kept], kept, strict=False))
    seen = sorted([*checked.keep, *checked.repeated])
    assert seen == list(range(len(seen))), "rows are taken from the start, without a hole"
    assert checked.stop or len(seen) == len(keys)
    assert {keys[row] for row in checked.repeated} <= {last, *kept}


def test_folder_by_folder_is_an_order_too() -> None:
    keys = [b"a/b", b"a/c", b"a!", b"a+b", b"foo/x", b"foo!"]
    checked = check_page(page_of(keys), b"a/a", None, None)
    assert (list(checked.keep), checked.stop, checked.order) == ([0, 1, 2, 3, 4, 5], "", FOLDERS)
    back_to_bytes = check_page(page_of([b"z-", b"z/"]), b"foo!", None, None, FOLDERS)
    assert back_to_bytes.stop == "LISTING_UNORDERED"


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=20))
def test_any_key_comes_through_the_encoding(key: bytes) -> None:
    answer = read_page(page([key]).body)
    assert answer is not None
    assert answer.keys == [key]


def test_a_key_that_was_not_encoded_is_not_decoded() -> None:
    assert decode_key("a+b%20", encoded=False) == b"a+b%20"
    answer = read_page(page(["100%25+1"], encoded=False).body)
    assert answer is not None
    assert answer.keys == [b"100%25+1"]


def test_what_a_page_does_not_say_is_unknown() -> None:
    body = b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>-1</Size>"
    body += b"<LastModified>yesterday</LastModified></Contents></ListBucketResult>"
    answer = read_page(body)
    assert answer is not None
    assert (answer.sizes, answer.modified, answer.classes, answer.etags) == ([None], [None], [None], [None])
    assert read_page(b"<Error><Code>InternalError</Code></Error>") is None


@pytest.mark.parametrize("key", [b"", b"<Key></Key>"])
def test_a_page_with_a_nameless_object_is_broken(key: bytes) -> None:
    page = b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents>%s</Contents></ListBucketResult>" % key
    with pytest.raises(ValueError, match="broken"):
        read_page(page)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1970-01-01T00:00:01.000001Z", 1_000_001),
        ("1969-12-31T23:59:59Z", -1_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01", 1_000_000),
        ("Thu, 01 Jan 1970 00:00:02 GMT", 2_000_000),
        ("0000-00-00", None),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Thu, 01 Jan 2020 00:00:00 +99999999999999", None),
        ("", None),
    ],
)
def test_times_are_exact_or_unknown(text: str, expected: int | None) -> None:
    assert microseconds(instant(text)) == expected


@given(st.text(max_size=30) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\w+"))
def test_no_time_is_an_error(text: str) -> None:
    assert isinstance(microseconds(instant(text)), int | None)


# Policies


def grants(*statements: dict[str, object]) -> list[PolicyGrant]:
    found, unread = policy_grants(json.dumps({"Statement": list(statements)}), "b")
    assert not unread
    return found


ALLOW = {"Effect": "Allow", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
def test_everyone_is_everyone_however_it_is_written(principal: object) -> None:
    found = grants({**ALLOW, "Principal": principal, "Action": "s3:GetObject"})
    assert found == [PolicyGrant("*", "everyone", "read", "allow", "", "beneath", "*", "s3:GetObject")]


@pytest.mark.parametrize(
    ("action", "rights"),
    [
        ("s3:Get*", {"read"}),
        ("S3:LISTBUCKET", {"list"}),
        (["s3:PutObject", "s3:DeleteObject"], {"write", "delete"}),
        ("*", {"read", "list", "write", "delete", "change_permissions"}),
        ("s3:GetBucketLocation", set()),
        ("s3:[Gg]etObject", set()),
    ],
)
def test_actions_are_rights(action: object, rights: set[str]) -> None:
    assert {g.right for g in grants({**ALLOW, "Principal": "*", "Action": action})} == rights


def test_names_and_denials_and_other_buckets() -> None:
    role = "arn:aws:iam::1:role/etl"
    found = grants(
        {**ALLOW, "Principal": {"AWS": role}, "Action": "s3:PutObject", "Effect": "Deny"},
        {**ALLOW, "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::other/*"},
    )
    assert found == [PolicyGrant(role, "role", "write", "deny", "", "beneath", role, "s3:PutObject")]


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        ({"AWS": "arn:aws:iam::123456789012:root"}, "group"),
        ({"AWS": "123456789012"}, "group"),
        ({"AWS": "arn:aws:iam::1:user/ann"}, "user"),
        ({"AWS": "AIDAEXAMPLEOFONEWHOLEFT"}, "unknown"),
        ({"CanonicalUser": "79a59df9"}, "user"),
        ({"Service": "cloudtrail.amazonaws.com"}, "user"),
        ({"Federated": "accounts.example"}, "unknown"),
    ],
)
def test_whom_a_policy_names(principal: object, kind: str) -> None:
    (found,) = grants({**ALLOW, "Principal": principal, "Action": "s3:GetObject"})
    assert (found.grantee_kind, bool(found.grantee_id)) == (kind, True)


TLS_ONLY = {"Bool": {"aws:SecureTransport": "true"}}


@pytest.mark.parametrize(
    ("effect", "condition", "kind"),
    [
        ("Allow", {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}, "unknown"),
        ("Allow", {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}}, "everyone"),
        ("Allow", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, "everyone"),
        ("Allow", TLS_ONLY, "everyone"),
        ("Allow", {"NumericGreaterThanEquals": {"s3:TlsVersion": 1.2}}, "everyone"),
        ("Allow", {**TLS_ONLY, "StringEquals": {"aws:SourceVpce": "vpce-1"}}, "unknown"),
        ("Allow", {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, "authenticated"),
        ("Allow", {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}, **TLS_ONLY}, "unknown"),
        ("Allow", {"IpAddress": {}}, "everyone"),
        ("Allow", "nonsense", "unknown"),
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}}, "unknown"),
        ("Deny", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, "unknown"),
    ],
)
def test_nobody_is_everyone_under_a_condition_unless_it_limits_nobody(
    effect: str, condition: object, kind: str
) -> None:
    statement = {**ALLOW, "Principal": "*", "Action": "s3:GetObject", "Effect": effect, "Condition": condition}
    (found,) = grants(statement)
    assert found.grantee_kind == kind
    assert bool(found.condition) == (kind == "unknown")


@pytest.mark.parametrize(
    ("resources", "action", "expected"),
    [
        ("arn:aws:s3:::b", "s3:GetObject", set()),
        ("arn:aws:s3:::b/*", "s3:ListBucket", set()),
        ("arn:aws:s3:::b", "s3:ListBucket", {("list", "", "both")}),
        ("arn:aws:s3:::b*", "s3:*", {("list", "", "both"), ("read", "", "beneath"), ("write", "", "beneath"),
                                     ("delete", "", "both"), ("change_permissions", "", "both")}),
        ("arn:aws:s3:::b/open/*", "s3:GetObject", {("read", "open", "beneath")}),
        ("arn:aws:s3:::b/open/20*", "s3:GetObject", {("read", "open", "beneath")}),
        ("arn:aws:s3:::b/top*", "s3:GetObject", {("read", "", "beneath")}),
        ("arn:aws:s3:::b/open/one.txt", "s3:GetObject", {("read", "open/one.txt", "this")}),
        ("arn:aws:s3:::b/${aws:username}/*", "s3:PutObject", {("write", "", "beneath")}),
        ("*", "s3:GetObject", {("read", "", "beneath")}),
    ],
)  # fmt: skip
def test_where_a_right_holds(resources: str, action: str, expected: set[tuple[str, str, str]]) -> None:
    found = grants({"Effect": "Allow", "Resource": resources, "Principal": "*", "Action": action})
    assert {(g.right, g.beneath, g.scope) for g in found} == expected


def test_what_a_statement_leaves_out_is_all_the_rest() -> None:
    spared = "arn:aws:iam::1:user/root-only"
    base = {**ALLOW, "Action": "s3:GetObject"}
    (allowed,) = grants({**base, "NotPrincipal": {"AWS": spared}})
    assert (allowed.grantee_kind, allowed.condition) == ("everyone", "")
    assert spared in allowed.native
    (denied,) = grants({**base, "Effect": "Deny", "NotPrincipal": {"AWS": spared}})
    assert denied.grantee_kind == "unknown"
    assert spared in denied.condition
    rights = {g.right for g in grants({**ALLOW, "Principal": "*", "NotAction": ["s3:Put*", "s3:Delete*"]})}
    assert rights == {"read", "list"}
    rest = grants({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/secret/*"})
    assert ("read", "", True) in {(g.right, g.beneath, "secret" in g.native) for g in rest}


def test_a_policy_of_a_million_grants_is_not_spelt_out() -> None:
    many = [f"arn:aws:s3:::b/{n}" for n in range(2000)]
    statement = {"Effect": "Allow", "Principal": {"AWS": many}, "Action": "*", "Resource": many}
    found, unread = policy_grants(json.dumps({"Statement": [statement]}), "b")
    assert len(found) <= 10_000
    assert "10000 grants" in unread[0]


@pytest.mark.parametrize("text", ["", "no json", "[]", "[" * 200_000])
def test_what_is_no_policy_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        policy_grants(text, "b")
