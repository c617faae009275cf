"""Whether a bucket is open to everyone: every combination of policy, access list, block and ownership."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connectors.s3.access import GRANT_COLUMNS, Access
from connectors.s3.policy import policy_grants
from scanner.judge.access import openings
from scanner.model import Columns

ARN = "arn:aws:s3:::b"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
CUSTOMERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LISTED = {"READ": ("ListBucket",), "WRITE": ("PutObject",), "WRITE_ACP": ("PutBucketAcl",)}
LISTED["FULL_CONTROL"] = ("ListBucket", "PutObject", "PutBucketAcl")
ON_BUCKET = ("ListBucket", "DeleteBucket", "PutBucketPolicy", "PutBucketAcl")
ON_OBJECTS = ("GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "PutObjectAcl")
KEYS = ("open", "open/a", "tmp1", "else/x")
REQUESTS = [(a, "b") for a in ON_BUCKET] + [(a, f"b/{k}") for a in ON_OBJECTS for k in KEYS]
"""Whatever somebody may ask for: actions on the bucket, and on a few objects."""


def said(effect: str, actions: str, *resources: str, **more: object) -> dict[str, object]:
    named = {"Resource": [f"{ARN}{r}" for r in resources]} if resources else {}
    return {"Effect": effect, "Principal": "*", "Action": [f"s3:{a}" for a in actions.split()], **named, **more}


ALLOWED: tuple[dict[str, object] | None, ...] = (
    None,
    said("Allow", "GetObject", "/*"),
    said("Allow", "GetObject", "/open/*"),
    said("Allow", "GetObject", "/open"),
    said("Allow", "Get*", "/*"),
    said("Allow", "DeleteObject", "/*"),
    said("Allow", "ListBucket", ""),
    said("Allow", "*", "", "/*"),
)
DENIED: tuple[dict[str, object] | None, ...] = (
    None,
    said("Deny", "*", "", "/*"),
    said("Deny", "GetObject", "/*"),
    said("Deny", "Get*", "/*"),
    said("Deny", "GetObjectVersion", "/*"),
    said("Deny", "GetObject", "/open/*"),
    said("Deny", "GetObject", "/open"),
    said("Deny", "GetObject", "/tmp*"),
    said("Deny", "Delete*", ""),
    said("Deny", "*", "/*"),
    said("Deny", "*", ""),
    said("Deny", "*", NotResource=f"{ARN}/open/*"),
    {**said("Deny", "", "", "/*", NotAction="s3:GetObject"), "Action": None},
)
LISTS: tuple[tuple[str, str] | None, ...] = (
    None, (ALL_USERS, "READ"), (CUSTOMERS, "READ"), (ALL_USERS, "WRITE"), (ALL_USERS, "FULL_CONTROL"),
)  # fmt: skip
BARS = ((), ("IgnorePublicAcls",), ("RestrictPublicBuckets",), ("IgnorePublicAcls", "RestrictPublicBuckets"))


def matches(statement: dict[str, Any], action: str, resource: str) -> bool:
    """Whether a statement is about a request, as the IAM User Guide's evaluation logic has it."""

    def named(kind: str, text: str) -> bool:
        one, but = statement.get(kind), statement.get(f"Not{kind}")
        wanted = one if one is not None else but
        patterns = wanted if isinstance(wanted, list) else [wanted]
        return any(fnmatchcase(text, str(p)) for p in patterns) == (one is not None)

    return named("Action", f"s3:{action}") and named("Resource", f"arn:aws:s3:::{resource}")


def is_open(statements: Sequence[dict[str, Any]], listed: tuple[str, str] | None, flags: Sequence[str]) -> bool:
    """Whether anything at all is let through for somebody who is not named."""
    for action, resource in REQUESTS:
        hits = {s["Effect"] for s in statements if matches(s, action, resource)}
        by_policy = "Allow" in hits and "RestrictPublicBuckets" not in flags
        place = resource == "b" or action == "PutObject"
        by_list = listed is not None and action in LISTED[listed[1]] and place and "IgnorePublicAcls" not in flags
        if "Deny" not in hits and (by_policy or by_list):
            return True
    return False


def access(
    statements: Sequence[object], listed: tuple[str, str] | None = None, flags: Sequence[str] = (), **more: Any
) -> Access:
    acl = {"Grants": [{"Grantee": {"URI": listed[0]}, "Permission": listed[1]}]} if listed else {}
    block = {"PublicAccessBlockConfiguration": dict.fromkeys(flags, True)} if flags else {}
    policy = {"Policy": json.dumps({"Statement": list(statements)})} if statements else {}
    return Access("b", "b", acl, policy, block, frozenset(), "none", **more)


class Facts:
    """Grants of many buckets, each a source of its own, as the judge reads them."""

    def __init__(self, found: Iterable[Columns]) -> None:
        told: dict[str, list[object]] = {name: [] for name in ("source", "store", *GRANT_COLUMNS)}
        for number, grants in enumerate(found):
            for name, values in grants.take().columns.items() if len(grants) else ():
                told[name] += values
            told["source"] += [str(number)] * (len(told["path"]) - len(told["source"]))
        told["store"] = [f"{source}/b" for source in told["source"]]
        types = {name: pa.bool_() if name == "inherited" else pa.string() for name in told}
        self.db = duckdb.connect()
        self.db.register("grant", pa.table({name: pa.array(told[name], types[name]) for name in told}))
        self.db.execute("CREATE TABLE setting (store VARCHAR, value VARCHAR)")

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, params).fetchall()


def combinations() -> Iterator[tuple[list[dict[str, Any]], tuple[str, str] | None, tuple[str, ...]]]:
    for allowed, denied, listed, flags in itertools.product(ALLOWED, DENIED, LISTS, BARS):
        yield [{k: v for k, v in s.items() if v is not None} for s in (allowed, denied) if s], listed, flags


def test_open_to_everyone_is_right_in_every_combination() -> None:
    """A denial about certain keys is not weighed against what is allowed elsewhere, which is then said."""
    wrong = []
    for statements, listed, flags in combinations():
        asked = access(statements, listed, flags)
        asked.grants()
        told = dict(asked.settings())
        expected = is_open(statements, listed, flags)
        hedged = told["open_to_everyone"] == "true" and "not weighed here" in str(told["open_because"])
        if told["open_to_everyone"] != str(expected).lower() and (expected or not hedged):
            wrong.append((told, statements, listed, flags))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"


def test_the_judge_says_the_same_of_every_combination() -> None:
    expected, grants = [], []
    for statements, listed, flags in combinations():
        asked = access(statements, listed, flags)
        grants.append(asked.grants())
        expected.append(dict(asked.settings())["open_to_everyone"])
    said = {o.store for o in openings(Facts(grants)) if not o.barred}
    assert [str(f"{n}/b" in said).lower() for n in range(len(expected))] == expected


# Policies that nobody should write


def test_a_list_that_gives_full_control_of_a_bucket_does_not_let_anybody_read_its_objects() -> None:
    columns = access((), (ALL_USERS, "FULL_CONTROL")).grants().take().columns
    assert list(columns["right"]) == ["list", "write", "change_permissions"]
    assert set(columns["native"]) == {"FULL_CONTROL"}


ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*"}


@pytest.mark.parametrize(
    "more",
    [
        {"Principal": ["*"]}, {"Principal": "arn:aws:iam::1:root"}, {"Principal": None}, {"Principal": {"AWS": [5]}},
        {"Effect": "Perhaps"}, {"Effect": None}, {"NotPrincipal": "*"}, {"NotAction": "s3:*"}, {"NotResource": ARN},
    ],
)  # fmt: skip
def test_a_statement_that_cannot_be_read_leaves_open_unknown(more: dict[str, object]) -> None:
    asked = access([{**ALLOW, **more}])
    asked.grants()
    told = dict(asked.settings())
    assert (told["open_to_everyone"], told["open_because"]) == (None, "part of the policy cannot be read")
    assert [(f.op, f.reason) for f in asked.faults] == [("note", "PARSE_FAILED")]


def test_many_statements_that_cannot_be_read_are_a_few_faults() -> None:
    asked = access(["?"] * 5000)
    asked.grants()
    assert len(asked.faults) == 51
    assert "and 4950 more" in asked.faults[-1].detail


def test_a_name_that_stands_twice_makes_the_policy_unknown() -> None:
    twice = f'{{"Statement": [{json.dumps(ALLOW)}], "Statement": []}}'
    asked = Access("b", "b", {}, {"Policy": twice}, {}, frozenset(), "none")
    asked.grants()
    assert dict(asked.settings())["open_to_everyone"] is None
    assert "twice" in asked.faults[0].detail


def test_what_the_store_itself_calls_public_is_not_said_to_be_shut() -> None:
    home = {**ALLOW, "Condition": {"StringLike": {"aws:Referer": "https://x.example/*"}}}
    for flags, expected in (((), None), (("RestrictPublicBuckets",), "false")):
        asked = access([home], flags=flags, policy_status="public")
        asked.grants()
        assert dict(asked.settings())["open_to_everyone"] == expected


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("StringEquals", "authenticated"), ("StringEqualsIfExists", "everyone"), ("StringNotEquals", "everyone"),
        ("ForAllValues:StringEquals", "everyone"), ("ForAnyValue:StringEquals", "unknown"), ("StringLike", "unknown"),
    ],
)  # fmt: skip
def test_a_test_of_who_asks_that_nobody_in_particular_meets_is_none(operator: str, kind: str) -> None:
    statement = {**ALLOW, "Condition": {operator: {"aws:PrincipalOrgID": "o-1"}}}
    (found,), _unread = policy_grants(json.dumps({"Statement": statement}), "b")
    assert found.grantee_kind == kind


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (f"{ARN}*.jpg", "on keys like b*.jpg"), ("arn:aws:s3:::*/index.html", "on keys like */index.html"),
        ("arn:aws:s3:::?/x", "on keys like ?/x"), ("arn:*", ""), ("*", ""), (f"{ARN}**", ""),
        ("arn:aws:s3:::*other", "on keys like *other"), (f"{ARN}c*", None), ("arn:aws:s3:::other*", None),
        (f"{ARN}/{'k' * 1025}", None), (f"{ARN}/", None),
    ],
)  # fmt: skip
def test_a_wildcard_before_the_key_may_stand_for_a_part_of_it(resource: str, expected: str | None) -> None:
    found, _unread = policy_grants(json.dumps({"Statement": {**ALLOW, "Resource": resource}}), "b")
    assert [g.native.partition("; ")[2] for g in found] == ([] if expected is None else [expected])


def test_half_a_character_does_not_get_into_the_catalog() -> None:
    half = "\ud800"
    statement = {"Principal": {"AWS": half}, "Resource": f"{ARN}/{half}*", "Condition": {"StringLike": {half: half}}}
    found, _unread = policy_grants(json.dumps({"Statement": {**ALLOW, **statement}}), "b")
    assert [str(g).encode() for g in found]


def test_a_hostile_policy_takes_neither_long_nor_much_memory() -> None:
    names = [f"a{n}" for n in range(10_000)]
    statement = {**ALLOW, "Principal": {"AWS": names}, "Condition": {"StringEquals": {"k": "x" * 500_000}}}
    hostile = [
        statement,
        {**ALLOW, "Action": "*a" * 50_000},
        {**ALLOW, "Resource": "*b" * 50_000},
        {**ALLOW, "Resource": [f"{ARN}/{n}*" for n in range(5000)]},
    ]
    tracemalloc.start()
    for one in hostile:
        found, _unread = policy_grants(json.dumps({"Statement": one}), "b")
        assert sum(len(g.condition) + len(g.native) for g in found) < 10_000 * 5000
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 * 2**20
    with pytest.raises(ValueError, match="longer than"):
        policy_grants(" " * 1_000_001, "b")
