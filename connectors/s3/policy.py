"""A simple reading of a bucket policy: whom each statement lets do what, where that can be said plainly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice

from scanner import paths

POLICY_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "read": ("s3:getobject",),
    "list": ("s3:listbucket",),
    "write": ("s3:putobject",),
    "delete": ("s3:deleteobject",),
    "change_permissions": ("s3:putbucketpolicy", "s3:putbucketacl", "s3:putobjectacl"),
}
"""Rights, and the actions that give them; actions are compared in lower case, as the language disregards it."""

_MOST = 10_000
"""Grants told of one policy: a statement is every principal times every resource, and Amazon takes 20 KB of them."""

_NEGATIONS = ("NotPrincipal", "NotAction", "NotResource")


@dataclass(frozen=True, slots=True, order=True)
class PolicyGrant:
    """One right of one principal; ``beneath`` is the canonical part of the bucket it holds for, '' for all of it."""

    grantee: str
    grantee_kind: str
    right: str
    effect: str
    beneath: str = ""


def policy_grants(text: str, bucket: str) -> tuple[list[PolicyGrant], list[str]]:
    """Grants of a policy, and one sentence for each statement that cannot be told as grants.

    Raises ValueError when the text is no policy.
    """
    try:
        policy = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(policy, dict):
        raise ValueError("not a policy")  # noqa: TRY004 - the caller knows one kind of bad text
    grants: set[PolicyGrant] = set()
    unread: list[str] = []
    for number, statement in enumerate(_many(policy.get("Statement")), 1):
        if not isinstance(statement, dict):
            unread.append(f"statement {number} is no statement")
            continue
        negated = [name for name in _NEGATIONS if name in statement]
        if negated:
            unread.append(f"statement {number} says {negated[0]}, which names everything but what it lists")
            continue
        grants.update(islice(_statement(statement, bucket), _MOST - len(grants) + 1))
        if len(grants) > _MOST:
            unread.append(f"there are more than {_MOST} grants, and no more are told from statement {number} on")
            break
    return sorted(grants)[:_MOST], unread


def _statement(statement: Mapping[str, object], bucket: str) -> Iterator[PolicyGrant]:
    effect = str(statement.get("Effect", "")).lower()
    if effect not in ("allow", "deny"):
        return
    rights = _rights([str(a).lower() for a in _many(statement.get("Action"))])
    places = {_beneath(str(r), bucket) for r in _many(statement.get("Resource"))} - {None}
    for grantee, kind in _principals(statement.get("Principal")):
        # Whether a condition is met cannot be judged here, so nobody is called "everyone" because of it.
        name, sort = (f"{grantee} (under conditions)", "unknown") if statement.get("Condition") else (grantee, kind)
        for right in rights:
            for place in places:
                yield PolicyGrant(name, sort, right, effect, place or "")


def _rights(patterns: list[str]) -> list[str]:
    return [
        right
        for right, actions in POLICY_RIGHTS.items()
        if any(fnmatchcase(action, _literal(pattern)) for action in actions for pattern in patterns)
    ]


def _literal(pattern: str) -> str:
    """The policy language knows ``*`` and ``?`` only; ``[`` means itself."""
    return pattern.replace("[", "[[]")


def _beneath(resource: str, bucket: str) -> str | None:
    """Part of the bucket that a resource names, up to its first wildcard; None when it is another bucket's."""
    arn = resource.split(":", 5)
    name = arn[5] if len(arn) == 6 else resource
    holder, _, key = name.partition("/")
    if not fnmatchcase(bucket, _literal(holder)):
        return None
    cut = min((i for i in (key.find("*"), key.find("?"), key.find("${")) if i >= 0), default=len(key))
    return paths.canonical_text(key[:cut])


def _principals(principal: object) -> Iterator[tuple[str, str]]:
    if principal == "*":
        yield "*", "everyone"
    elif isinstance(principal, dict):
        for sort, names in principal.items():
            for name in _many(names):
                yield _principal(str(sort), str(name))


def _principal(sort: str, name: str) -> tuple[str, str]:
    if name == "*":
        return "*", "everyone"
    if sort != "AWS":
        return f"{sort}:{name}", "unknown"
    for mark, kind in ((":user/", "user"), (":role/", "role"), (":assumed-role/", "role"), (":root", "group")):
        if mark in name:
            return name, kind
    return name, "unknown"


def _many(value: object) -> Iterable[object]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
