"""What a bucket says of itself, by a server that answers something else, too much or nothing."""

from __future__ import annotations

from contextlib import closing

import pytest

from connectors.s3 import PLUG
from connectors.s3.facts import REQUESTS_PER_BUCKET
from scanner.connector import Session
from scanner.testing import s3_double as double
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps

GOOD = double.bucket_of(("a", "b"))


def answered(answers: dict[str, str], **more: object) -> tuple[Crawl, double.S3Double]:
    """A crawl of a bucket that answers what the query names with that body."""

    def script(request: double.Request) -> double.Answer:
        body = next((text for name, text in answers.items() if name in request.query), None)
        return GOOD(request) if body is None or request.is_listing else double.Answer(body=body.encode())

    with double.s3_double(script) as server:
        settings = {"root": "s3://bucket", "endpoint": server.endpoint, "anonymous": True, **more}
        options = PLUG.options.model_validate(settings)
        with closing(PLUG.open(options, Session("s3", Pace(), 20.0))) as connector:
            crawl = crawl_all(connector)
    assert not ledger_gaps(crawl)
    return crawl, server


def told(crawl: Crawl) -> dict[str, str | None]:
    return {r["name"]: r["value"] for r in crawl.records("setting") if r["path"] == "bucket"}


QUESTIONS = (
    ("location", "region"), ("versioning", "versioning"), ("encryption", "encryption"), ("lifecycle", "lifecycle"),
    ("publicAccessBlock", "public_access_block"), ("logging", "logging"), ("object-lock", "object_lock"),
    ("replication", "replication"), ("notification", "notifications"), ("website", "website"), ("cors", "cors_origins"),
    ("requestPayment", "request_payment"), ("accelerate", "accelerate"), ("ownershipControls", "ownership"),
    ("tagging", "tag_keys"), ("inventory", "inventory"), ("analytics", "analytics"),
    ("intelligent-tiering", "intelligent_tiering"), ("acl", "open_to_everyone"),
)  # fmt: skip


@pytest.mark.parametrize("body", ["<html><body>Sign in</body></html>", "<Error><Code>InternalError</Code></Error>"])
def test_a_page_of_something_else_is_not_that_nothing_is_set(body: str) -> None:
    crawl, _server = answered({question: body for question, _name in QUESTIONS} | {"policy": '{"Statement": []}'})
    assert {name: told(crawl)[name] for _question, name in QUESTIONS} == {name: None for _question, name in QUESTIONS}
    assert {f.reason for f in crawl.faults} == {"QUERY_FAILED"}


def test_an_empty_answer_of_the_right_kind_is_that_nothing_is_set() -> None:
    empty = {"versioning": "<VersioningConfiguration/>", "location": "<LocationConstraint/>"}
    crawl, _server = answered(empty | {"acl": "<AccessControlPolicy/>", "policy": '{"Statement": []}'})
    assert (told(crawl)["versioning"], told(crawl)["region"]) == ("none", "us-east-1")
    assert told(crawl)["open_to_everyone"] == "false"


def test_a_thousand_long_rules_are_told_in_short() -> None:
    rules = "".join(
        f"<Rule><ID>{'i' * 3000}{n}</ID><Status>Enabled</Status><Prefix>p</Prefix>"
        "<Expiration><Days>1</Days></Expiration></Rule>"
        for n in range(1000)
    )
    crawl, _server = answered({"lifecycle": f"<LifecycleConfiguration>{rules}</LifecycleConfiguration>"})
    assert told(crawl)["lifecycle_rules"] == "1000"
    value = told(crawl)["lifecycle"]
    assert value is not None
    assert len(value) < 101_000


def test_places_that_are_none_are_neither_quoted_nor_seen() -> None:
    """A login before a host's name is left out, and what cannot name a bucket is none."""
    crawl, _server = answered(
        {
            "website": "<WebsiteConfiguration><RedirectAllRequestsTo><HostName>u:c4nary@h.example</HostName>"
            "<Protocol>u:c4nary@x</Protocol></RedirectAllRequestsTo></WebsiteConfiguration>",
            "logging": "<BucketLoggingStatus><LoggingEnabled><TargetBucket>u:c4nary@b</TargetBucket></LoggingEnabled>"
            "</BucketLoggingStatus>",
            "notification": "<NotificationConfiguration><TopicConfiguration><Topic>https://u:c4nary@x</Topic>"
            "</TopicConfiguration></NotificationConfiguration>",
            "replication": "<ReplicationConfiguration><Rule><Destination><Bucket>arn:aws:s3:::</Bucket></Destination>"
            "</Rule></ReplicationConfiguration>",
        }
    )
    assert [r["locator"] for r in crawl.records("mention")] == ["http://h.example"]
    assert not list(crawl.records("seen"))
    assert "c4nary" not in str(told(crawl))
    assert (told(crawl)["logging"], told(crawl)["replication"], told(crawl)["notifications"]) == ("?/", "?", "?")


def test_a_bucket_is_not_asked_where_that_is_not_wanted() -> None:
    asked, server = answered({})
    plain, quiet = answered({}, settings=False)
    assert plain.paths == asked.paths
    assert told(plain) == {}
    assert len(server.requests) - len(quiet.requests) == REQUESTS_PER_BUCKET
    assert not list(plain.records("grant"))
