"""What a bucket says of itself: its settings, and who may do what in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.s3.client import Client
from connectors.s3.policy import POLICY_RIGHTS, policy_grants
from connectors.s3.refusal import RefusalError
from scanner import schema
from scanner.model import Columns, Event, Fault, SourceError

Answer = Mapping[str, Any]
GRANT_COLUMNS = ("path", "grantee", "grantee_kind", "right", "effect", "inherited", "origin")
NONE = "none"
"""Value of a setting that the bucket does not have; NULL is one that the server would not tell."""

_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everyone",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "authenticated",
}
_ACL_RIGHTS = {"FULL_CONTROL": "full", "READ": "list", "WRITE": "write", "WRITE_ACP": "change_permissions"}
"""READ_ACP, seeing the list itself, is no right over data and has no word here."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One thing to ask a bucket: the operation, the settings it tells, and the error code that means "not set"."""

    operation: str
    names: tuple[str, ...]
    read: Callable[[Answer], tuple[str | None, ...]]
    absent: str = ""


def _versioning(answer: Answer) -> tuple[str | None, ...]:
    return answer.get("Status") or NONE, answer.get("MFADelete") or NONE


def _encryption(answer: Answer) -> tuple[str | None, ...]:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    return default.get("SSEAlgorithm") or NONE, default.get("KMSMasterKeyID") or NONE


def _public_access_block(answer: Answer) -> tuple[str | None, ...]:
    flags = answer.get("PublicAccessBlockConfiguration", {})
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    on = [name for name in names if flags.get(name)]
    return ("all" if len(on) == len(names) else ", ".join(on) or NONE,)


def _policy_status(answer: Answer) -> tuple[str | None, ...]:
    public = answer.get("PolicyStatus", {}).get("IsPublic")
    return (None if public is None else str(public).lower(),)


def _logging(answer: Answer) -> tuple[str | None, ...]:
    return (answer.get("LoggingEnabled", {}).get("TargetBucket") or NONE,)


def _object_lock(answer: Answer) -> tuple[str | None, ...]:
    return (answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") or NONE,)


def _replication(answer: Answer) -> tuple[str | None, ...]:
    rules = answer.get("ReplicationConfiguration", {}).get("Rules") or ()
    places = sorted({str(rule.get("Destination", {}).get("Bucket", "?")) for rule in rules})
    return (", ".join(places) or NONE,)


def _website(answer: Answer) -> tuple[str | None, ...]:
    to = answer.get("RedirectAllRequestsTo", {}).get("HostName")
    return (f"redirect to {to}" if to else "enabled",)


def _ownership(answer: Answer) -> tuple[str | None, ...]:
    rules = answer.get("OwnershipControls", {}).get("Rules") or [{}]
    return (rules[0].get("ObjectOwnership") or NONE,)


def _tags(answer: Answer) -> tuple[str | None, ...]:
    tags = {str(t.get("Key")): str(t.get("Value")) for t in answer.get("TagSet") or ()}
    return (json.dumps(tags, sort_keys=True, ensure_ascii=False) if tags else NONE,)


_QUESTIONS = (
    # Amazon answers an empty location for its oldest region (S3 API reference, GetBucketLocation).
    _Question("get_bucket_location", ("location",), lambda a: (a.get("LocationConstraint") or "us-east-1",)),
    _Question("get_bucket_versioning", ("versioning", "mfa_delete"), _versioning),
    _Question(
        "get_bucket_encryption",
        ("encryption", "encryption_key"),
        _encryption,
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    _Question(
        "get_public_access_block",
        ("public_access_block",),
        _public_access_block,
        "NoSuchPublicAccessBlockConfiguration",
    ),
    _Question("get_bucket_policy_status", ("policy_public",), _policy_status, "NoSuchBucketPolicy"),
    _Question(
        "get_bucket_lifecycle_configuration",
        ("lifecycle_rules",),
        lambda a: (str(len(a.get("Rules") or ())),),
        "NoSuchLifecycleConfiguration",
    ),
    _Question("get_bucket_logging", ("logging",), _logging),
    _Question("get_object_lock_configuration", ("object_lock",), _object_lock, "ObjectLockConfigurationNotFoundError"),
    _Question("get_bucket_replication", ("replication",), _replication, "ReplicationConfigurationNotFoundError"),
    _Question("get_bucket_website", ("website",), _website, "NoSuchWebsiteConfiguration"),
    _Question("get_bucket_ownership_controls", ("ownership",), _ownership, "OwnershipControlsNotFoundError"),
    _Question("get_bucket_tagging", ("tags",), _tags, "NoSuchTagSet"),
)

SETTINGS: tuple[str, ...] = tuple(name for question in _QUESTIONS for name in question.names)
"""Every setting asked of a bucket."""


def ask_bucket(client: Client, bucket: str, path: str) -> Iterator[Event]:
    """SETTING and GRANT facts of a bucket; what it would not tell is NULL there, and a fault where it was refused.

    Raises SourceError for whatever concerns more than one question: no such bucket, no login, no line, throttling.
    """
    settings = Columns(schema.SETTING, ("path", "name", "value"))
    faults: list[Fault] = []
    for question in _QUESTIONS:
        answer = _asked(client, question.operation, bucket, path, faults, question.absent)
        told: tuple[str | None, ...] = (None,) * len(question.names)
        if answer is not None:
            told = question.read(answer) if answer else (NONE,) * len(question.names)
        for name, value in zip(question.names, told, strict=True):
            settings.add(path, name, value)
    grants = Columns(schema.GRANT, GRANT_COLUMNS)
    acl = _asked(client, "get_bucket_acl", bucket, path, faults)
    _add_acl(grants, path, acl or {})
    policy = _asked(client, "get_bucket_policy", bucket, path, faults, "NoSuchBucketPolicy")
    if policy:
        faults += _add_policy(grants, bucket, path, str(policy.get("Policy", "")))
    yield settings.take()
    if len(grants):
        yield grants.take()
    yield from faults


def _asked(
    client: Client, operation: str, bucket: str, path: str, faults: list[Fault], absent: str = ""
) -> Answer | None:
    """The answer; empty where the bucket has no such thing; None where the server would not tell."""
    try:
        return client.get(operation, bucket, Bucket=bucket)
    except RefusalError as refusal:
        if absent and refusal.kind == absent:
            return {}
        if refusal.not_offered or refusal.kind == "InvalidRequest":
            return None
        # "Not found" is the bucket's own only by that name: servers say it of settings that they have never heard of.
        unknown = refusal.code == "NOT_FOUND" and refusal.kind != "NoSuchBucket"
        if not unknown and refusal.code not in ("DENIED", "OTHER", "IO_ERROR"):
            raise
        code = "DENIED" if refusal.code == "DENIED" else "QUERY_FAILED"
        faults.append(Fault(path, "query", code, f"{operation}: {refusal.detail}"))
        return None
    except SourceError as error:
        if error.code not in ("IO_ERROR", "OTHER"):
            raise
        faults.append(Fault(path, "query", "QUERY_FAILED", f"{operation}: {error.detail}"))
        return None


def _add_acl(grants: Columns, path: str, acl: Answer) -> None:
    owner = acl.get("Owner") or {}
    if owner.get("ID") or owner.get("DisplayName"):
        grants.add(path, owner.get("DisplayName") or owner["ID"], "user", "owner", "allow", False, "acl")
    for grant in acl.get("Grants") or ():
        right = _ACL_RIGHTS.get(str(grant.get("Permission")))
        if right is None:
            continue
        grantee = grant.get("Grantee") or {}
        uri = grantee.get("URI")
        kind = _GROUPS.get(uri, "group") if uri else "user"
        name = uri.rpartition("/")[2] if uri else grantee.get("DisplayName") or grantee.get("ID")
        if name is None:
            name, kind = str(grantee.get("EmailAddress") or "?"), "unknown"
        grants.add(path, name, kind, right, "allow", False, "acl")


def _add_policy(grants: Columns, bucket: str, path: str, text: str) -> list[Fault]:
    try:
        rows, unread = policy_grants(text, bucket)
    except ValueError as error:
        return [Fault(path, "query", "QUERY_FAILED", f"bucket policy: {error}")]
    for row in rows:
        assert row.right in POLICY_RIGHTS
        place = f"{path}/{row.beneath}" if row.beneath else path
        grants.add(place, row.grantee, row.grantee_kind, row.right, row.effect, False, "bucket_policy")
    return [Fault(path, "note", "PARSE_FAILED", f"bucket policy: {sentence}") for sentence in unread]
