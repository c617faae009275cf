"""What a bucket can be asked about itself, and how each answer reads as settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.s3.access import flags_on, flags_text
from connectors.s3.options import BUCKET_NAME

Answer = Mapping[str, Any]
Values = tuple[str | None, ...]
Place = tuple[str, str]
"""What of the bucket's settings names another place, and that place: an ARN, a host or ``s3://bucket/prefix``."""

NONE = "none"
"""Value of a setting that the bucket does not have; NULL is one that the server would not tell."""

UNFIT = "?"
"""A place in settings that is none: no ARN, or no name that a bucket may have."""

_LONGEST = 2048
"""Characters of one name in a value."""
_MOST = 50
"""Rules, or names, spelt out in one value; a bucket may have a thousand lifecycle rules."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask a bucket: the operation, the settings it tells, and the error code that means "not set".

    ``root`` is the XML element that the answer is.
    """

    operation: str
    names: tuple[str, ...]
    read: Callable[[Answer], Values]
    absent: str = ""
    places: Callable[[Answer], Iterable[Place]] = lambda _answer: ()
    root: str = ""


def _versioning(answer: Answer) -> Values:
    return answer.get("Status") or NONE, answer.get("MFADelete") or NONE


def _encryption(answer: Answer) -> Values:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    key = rules[0].get("BucketKeyEnabled")
    told = None if key is None else str(key).lower()
    return default.get("SSEAlgorithm") or NONE, default.get("KMSMasterKeyID") or NONE, told or NONE


def _public_access_block(answer: Answer) -> Values:
    return (flags_text(flags_on(answer), NONE),)


def _policy_status(answer: Answer) -> Values:
    public = answer.get("PolicyStatus", {}).get("IsPublic")
    return (None if public is None else "public" if public else "not public",)


def _logging(answer: Answer) -> Values:
    return (_joined(place for _part, place in _logging_places(answer)),)


def _logging_places(answer: Answer) -> Iterator[Place]:
    target = answer.get("LoggingEnabled") or {}
    if target.get("TargetBucket"):
        yield "logging", f"{_bucket_url(target['TargetBucket'])}/{target.get('TargetPrefix') or ''}"


def _object_lock(answer: Answer) -> Values:
    lock = answer.get("ObjectLockConfiguration", {})
    default = lock.get("Rule", {}).get("DefaultRetention", {})
    periods = [f"{default[unit]} {unit.lower()}" for unit in ("Days", "Years") if default.get(unit)]
    return lock.get("ObjectLockEnabled") or NONE, default.get("Mode") or NONE, _joined(periods)


def _replication(answer: Answer) -> Values:
    return (_joined(sorted({place for _part, place in _replication_places(answer)})),)


def _replication_places(answer: Answer) -> Iterator[Place]:
    for rule in answer.get("ReplicationConfiguration", {}).get("Rules") or ():
        target = rule.get("Destination", {}).get("Bucket")
        if target:
            yield f"replication {rule.get('ID') or 'rule'}", _bucket_url(target)


def _notification(answer: Answer) -> Values:
    places = sorted({place for _part, place in _notification_places(answer)})
    return (_joined([*places, *(["EventBridge"] if "EventBridgeConfiguration" in answer else [])]),)


def _notification_places(answer: Answer) -> Iterator[Place]:
    for kind, arn in (("Topic", "TopicArn"), ("Queue", "QueueArn"), ("LambdaFunction", "LambdaFunctionArn")):
        for one in answer.get(f"{kind}Configurations") or ():
            if one.get(arn):
                place = str(one[arn]) if str(one[arn]).startswith("arn:") else UNFIT
                yield f"notification {one.get('Id') or ', '.join(one.get('Events') or ())}", place


def _website(answer: Answer) -> Values:
    return (_joined(f"redirect to {place}" for _part, place in _website_places(answer)).replace(NONE, "enabled"),)


def _website_places(answer: Answer) -> Iterator[Place]:
    rules = [rule.get("Redirect", {}) for rule in answer.get("RoutingRules") or ()]
    for to in (answer.get("RedirectAllRequestsTo", {}), *rules):
        if to.get("HostName"):
            host = str(to["HostName"]).rpartition("@")[2]  # what stands before is a login, if anything
            protocol = to.get("Protocol")
            yield "website redirect", f"{protocol if protocol in ('http', 'https') else 'http'}://{host}"


def _lifecycle(answer: Answer) -> Values:
    rules = answer.get("Rules") or ()
    return str(len(rules)), _joined(map(_rule, rules), "; ")


def _rule(rule: Answer) -> str:
    """One lifecycle rule in a few words."""
    does = [f"{word} after {_when(rule[name])}" for name, word in _RULE_WORDS if rule.get(name)]
    does += [f"to {t.get('StorageClass')} after {_when(t)}" for t in rule.get("Transitions") or ()]
    old = rule.get("NoncurrentVersionTransitions") or ()
    does += [f"old versions to {t.get('StorageClass')} after {_when(t)}" for t in old]
    scope = rule.get("Filter") or {}
    prefix = rule.get("Prefix") or scope.get("Prefix") or scope.get("And", {}).get("Prefix")
    told = f"{rule.get('ID') or 'rule'} ({'on' if rule.get('Status') == 'Enabled' else 'off'})"
    return f"{told}{f' for {prefix}' if prefix else ''}: {', '.join(does) or 'nothing that is known'}"


_RULE_WORDS = (
    ("Expiration", "expire"),
    ("NoncurrentVersionExpiration", "old versions expire"),
    ("AbortIncompleteMultipartUpload", "unfinished uploads end"),
)


def _when(what: Answer) -> str:
    days = next((what[d] for d in ("Days", "NoncurrentDays", "DaysAfterInitiation") if what.get(d) is not None), None)
    if days is not None:
        return f"{days} days"
    return str(what.get("Date") or ("their delete marker" if what.get("ExpiredObjectDeleteMarker") else "?"))


def _ownership(answer: Answer) -> Values:
    rules = answer.get("OwnershipControls", {}).get("Rules") or [{}]
    return (rules[0].get("ObjectOwnership") or NONE,)


def _tag_keys(answer: Answer) -> Values:
    """Values of tags may name people, and nothing is ever judged by them."""
    keys = sorted(str(tag.get("Key")) for tag in answer.get("TagSet") or ())
    return (json.dumps([key[:_LONGEST] for key in keys[:_MOST]], ensure_ascii=False) if keys else NONE,)


def _cors(answer: Answer) -> Values:
    rules = answer.get("CORSRules") or ()
    return (_joined(sorted({str(origin) for rule in rules for origin in rule.get("AllowedOrigins") or ()})),)


def _named(member: str) -> Callable[[Answer], Values]:
    """Reader of a list of named configurations."""
    return lambda answer: (_joined(str(one.get("Id") or "?") for one in answer.get(member) or ()),)


def _inventory_places(answer: Answer) -> Iterator[Place]:
    for one in answer.get("InventoryConfigurationList") or ():
        target = one.get("Destination", {}).get("S3BucketDestination", {}).get("Bucket")
        if target:
            yield f"inventory {one.get('Id') or '?'}", _bucket_url(target)


def _bucket_url(arn: object) -> str:
    """``s3://bucket`` of a bucket's ARN or name."""
    bucket = str(arn).rpartition(":")[2]
    return f"s3://{bucket}" if BUCKET_NAME.match(bucket) else UNFIT


def _joined(names: Iterable[str], mark: str = ", ") -> str:
    every = list(names)
    more = [f"and {len(every) - _MOST} more"] if len(every) > _MOST else []
    return mark.join([*(short[:_LONGEST] for short in every[:_MOST]), *more]) or NONE


QUESTIONS = (
    # Amazon answers an empty location for its oldest region (S3 API reference, GetBucketLocation).
    Question(
        "get_bucket_location",
        ("region",),
        lambda a: (a.get("LocationConstraint") or "us-east-1",),
        root="LocationConstraint",
    ),
    Question("get_bucket_versioning", ("versioning", "mfa_delete"), _versioning, root="VersioningConfiguration"),
    Question(
        "get_bucket_encryption",
        ("encryption", "kms_key", "bucket_key"),
        _encryption,
        "ServerSideEncryptionConfigurationNotFoundError",
        root="ServerSideEncryptionConfiguration",
    ),
    Question(
        "get_public_access_block",
        ("public_access_block",),
        _public_access_block,
        "NoSuchPublicAccessBlockConfiguration",
        root="PublicAccessBlockConfiguration",
    ),
    Question("get_bucket_policy_status", ("policy_status",), _policy_status, "NoSuchBucketPolicy", root="PolicyStatus"),
    Question(
        "get_bucket_lifecycle_configuration",
        ("lifecycle_rules", "lifecycle"),
        _lifecycle,
        "NoSuchLifecycleConfiguration",
        root="LifecycleConfiguration",
    ),
    Question("get_bucket_logging", ("logging",), _logging, places=_logging_places, root="BucketLoggingStatus"),
    Question(
        "get_object_lock_configuration",
        ("object_lock", "object_lock_mode", "object_lock_retention"),
        _object_lock,
        "ObjectLockConfigurationNotFoundError",
        root="ObjectLockConfiguration",
    ),
    Question(
        "get_bucket_replication",
        ("replication",),
        _replication,
        "ReplicationConfigurationNotFoundError",
        _replication_places,
        root="ReplicationConfiguration",
    ),
    Question(
        "get_bucket_notification_configuration",
        ("notifications",),
        _notification,
        places=_notification_places,
        root="NotificationConfiguration",
    ),
    Question(
        "get_bucket_website",
        ("website",),
        _website,
        "NoSuchWebsiteConfiguration",
        _website_places,
        root="WebsiteConfiguration",
    ),
    Question("get_bucket_cors", ("cors_origins",), _cors, "NoSuchCORSConfiguration", root="CORSConfiguration"),
    Question(
        "get_bucket_request_payment",
        ("request_payment",),
        lambda a: (a.get("Payer") or NONE,),
        root="RequestPaymentConfiguration",
    ),
    Question(
        "get_bucket_accelerate_configuration",
        ("accelerate",),
        lambda a: (a.get("Status") or NONE,),
        root="AccelerateConfiguration",
    ),
    Question(
        "get_bucket_ownership_controls",
        ("ownership",),
        _ownership,
        "OwnershipControlsNotFoundError",
        root="OwnershipControls",
    ),
    Question("get_bucket_tagging", ("tag_keys",), _tag_keys, "NoSuchTagSet", root="Tagging"),
    Question(
        "list_bucket_inventory_configurations",
        ("inventory",),
        _named("InventoryConfigurationList"),
        "NoSuchConfiguration",
        _inventory_places,
        root="ListInventoryConfigurationsResult",
    ),
    Question(
        "list_bucket_analytics_configurations",
        ("analytics",),
        _named("AnalyticsConfigurationList"),
        "NoSuchConfiguration",
        root="ListBucketAnalyticsConfigurationResult",
    ),
    Question(
        "list_bucket_intelligent_tiering_configurations",
        ("intelligent_tiering",),
        _named("IntelligentTieringConfigurationList"),
        "NoSuchConfiguration",
        root="ListBucketIntelligentTieringConfigurationsOutput",
    ),
)

SETTINGS: tuple[str, ...] = (*(n for question in QUESTIONS for n in question.names), "open_to_everyone", "open_because")
"""Every setting told of a bucket; the last two are derived from its grants."""
