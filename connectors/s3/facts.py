"""What a bucket says of itself: its settings, who may do what in it, and the other places that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.s3.access import Access
from connectors.s3.client import Client
from connectors.s3.refusal import NotOfferedError, RefusalError
from connectors.s3.settings import NONE, QUESTIONS, SETTINGS, UNFIT, Place
from scanner import paths, schema
from scanner.model import Columns, Event, Fault, SourceError
from scanner.secrets import scrub

Answer = Mapping[str, Any]
REQUESTS_PER_BUCKET = len(QUESTIONS) + 2
"""Requests for what a bucket says of itself: a question each, its access list and its policy."""

_LONGEST = 100_000
"""Characters of the value of a setting that are kept."""
_ALLOWED_ELSEWHERE = ("DENIED", "OTHER", "IO_ERROR")


class _Asker:
    """Asks a bucket one thing after the other, and keeps what it would not tell."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._refused: dict[tuple[str, str], list[str]] = {}
        self.not_offered: set[str] = set()

    def __call__(self, operation: str, absent: str = "", root: str = "") -> Answer | None:
        """The answer; empty where the bucket has no such thing; None where the server would not tell."""
        try:
            return self._client.described(operation, self._bucket, root)
        except RefusalError as refusal:
            if absent and refusal.kind == absent:
                return {}
            if refusal.not_offered or refusal.kind == "InvalidRequest":
                self.not_offered.add(operation)
                return None
            # "Not found" is the bucket's own only by that name: servers say it of settings they have never heard of.
            unknown = refusal.code == "NOT_FOUND" and refusal.kind != "NoSuchBucket"
            if not unknown and refusal.code not in _ALLOWED_ELSEWHERE:
                raise
            self._keep("DENIED" if refusal.code == "DENIED" else "QUERY_FAILED", refusal.detail, operation)
        except NotOfferedError:
            self.not_offered.add(operation)
        except SourceError as error:
            if error.code not in ("IO_ERROR", "OTHER"):
                raise
            self._keep("QUERY_FAILED", error.detail, operation)
        return None

    def _keep(self, code: str, detail: str, operation: str) -> None:
        # Servers name the request in their message, so the code before it is what tells two refusals apart.
        self._refused.setdefault((code, detail.partition(":")[0]), []).append(operation)

    def faults(self, path: str) -> Iterator[Fault]:
        """One fault for all that was refused in the same way."""
        for (code, kind), operations in self._refused.items():
            yield Fault(path, "query", code, f"{', '.join(operations)}: {kind}")


def _kept(value: str | None) -> str | None:
    """A value as it is kept: without our own secrets, should the server quote them, and not without end."""
    if value is None:
        return None
    value = scrub(value)
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value)} characters)"


def ask_bucket(
    client: Client, bucket: str, path: str, account: frozenset[str] | None, other: Callable[[str], str | None]
) -> Iterator[Event]:
    """SETTING, GRANT, MENTION and SEEN facts of a bucket; what it would not tell is NULL there, and a fault.

    ``account`` are the flags of the account's public access block, None where they are not known; ``other`` gives the
    locator of a bucket that this scan does not look into, None of one that it does. Raises SourceError for whatever
    concerns more than one question: no such bucket, no login, no line, throttling.
    """
    ask = _Asker(client, bucket)
    settings = Columns(schema.SETTING, ("path", "name", "value"))
    answers: dict[str, Answer | None] = {}
    places: list[Place] = []
    told: dict[str, str | None] = dict.fromkeys(SETTINGS)
    for question in QUESTIONS:
        answer = answers[question.operation] = ask(question.operation, question.absent, question.root)
        if answer is not None:
            values = question.read(answer) if answer else (NONE,) * len(question.names)
            told.update(zip(question.names, map(_kept, values), strict=True))
            places += ((scrub(part), scrub(place)) for part, place in question.places(answer))
    acl = ask("get_bucket_acl", root="AccessControlPolicy")
    policy = ask("get_bucket_policy", "NoSuchBucketPolicy")
    block = {} if "get_public_access_block" in ask.not_offered else answers["get_public_access_block"]
    access = Access(bucket, path, acl, policy, block, account, told["ownership"], told["policy_status"])
    grants = access.grants()
    told.update(access.settings())
    for name, value in told.items():
        settings.add(path, name, value)
    yield settings.take()
    if len(grants):
        yield grants.take()
    yield from _elsewhere(path, places, other)
    yield from ask.faults(path)
    yield from access.faults


def _elsewhere(path: str, places: list[Place], other: Callable[[str], str | None]) -> Iterator[Event]:
    """The places that a bucket's settings name: quoted, and the buckets among them as seen."""
    mentions = Columns(schema.MENTION, ("path", "part", "kind", "locator", "status", "extractor"))
    seen = Columns(schema.SEEN, ("name", "kind", "locator", "reason", "detail"))
    buckets: dict[str, str] = {}
    for part, place in dict.fromkeys(places):
        if place.startswith(UNFIT):
            continue
        mentions.add(path, part, "url", place, "active", "catalog")
        if place.startswith("s3://"):
            buckets.setdefault(place[5:].partition("/")[0], part)
    for bucket, part in buckets.items():
        locator = other(bucket)
        if locator is not None:
            seen.add(paths.segment(bucket), "bucket", locator, "not_configured", f"{part} of {path} goes there")
    for found in (mentions, seen):
        if len(found):
            yield found.take()
