"""A simple reading of a bucket policy: whom each statement lets do what, where that can be said plainly.

``grantee_kind`` says who, and ``condition`` what that depends on besides. Nobody is called everyone because of a
statement with a Condition, unless that limits nobody: that the line is encrypted, say, or that the address is any; then
it is left out. What limits the keys alone (how they begin, NotResource) stands beside the actions in ``native``.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice

from scanner import paths

BUCKET_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "list": ("s3:listbucket", "s3:listbucketversions"),
    "delete": ("s3:deletebucket",),
    "change_permissions": (
        "s3:putbucketpolicy", "s3:deletebucketpolicy", "s3:putbucketacl", "s3:putbucketownershipcontrols",
        "s3:putbucketpublicaccessblock",
    ),
}  # fmt: skip
OBJECT_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "read": ("s3:getobject", "s3:getobjectversion"),
    "write": ("s3:putobject",),
    "delete": ("s3:deleteobject", "s3:deleteobjectversion"),
    "change_permissions": ("s3:putobjectacl", "s3:putobjectversionacl"),
}
"""Rights, and the actions that give them, on a bucket and on its objects: each counts only where the statement's
resources name such a thing. Actions are compared in lower case, as the language disregards it."""

_MOST = 10_000
"""Grants told of one policy: a statement is every principal times every resource, and Amazon takes 20 KB of them."""

_Principal = tuple[str, str, str]
_EVERYONE: _Principal = ("*", "everyone", "*")
_KINDS = ((":user/", "user"), (":federated-user/", "user"), (":role/", "role"), (":assumed-role/", "role"))
_WIDE = 1
"""Bits of a network so wide that, with its other half, it is every address."""


@dataclass(frozen=True, slots=True, order=True)
class PolicyGrant:
    """One right of one principal; ``beneath`` is the canonical part of the bucket it holds for, '' for all of it."""

    grantee: str
    grantee_kind: str
    right: str
    effect: str
    beneath: str = ""
    scope: str = "both"
    grantee_id: str = ""
    native: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """What a resource names of a bucket: the ``bucket`` itself, or objects beneath a folder, or one object."""

    bucket: bool
    beneath: str = ""
    single: bool = False
    limit: str = ""


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
        grants.update(islice(_statement(statement, bucket), _MOST - len(grants) + 1))
        if len(grants) > _MOST:
            unread.append(f"there are more than {_MOST} grants, and no more are told from statement {number} on")
            break
    return sorted(grants)[:_MOST], unread


def _statement(statement: Mapping[str, object], bucket: str) -> Iterator[PolicyGrant]:
    effect = str(statement.get("Effect", "")).lower()
    if effect not in ("allow", "deny"):
        return
    condition = statement.get("Condition")
    if condition and effect == "allow" and _limits_nobody(condition):
        condition = None
    places = _places(statement, bucket)
    rights = [(p, right, native) for p in places for right, native in _rights(statement, bucket=p.bucket)]
    merged = _merged(rights)
    for principal in _principals(statement):
        name, kind, lasting, depends = _judged(principal, condition, effect)
        but = f"NotPrincipal: {_compact(statement['NotPrincipal'])}" if "NotPrincipal" in statement else ""
        if but and effect == "deny":  # a denial that spares somebody
            kind, depends, but = "unknown", "; ".join(filter(None, (but, depends))), ""
        for (place, right, scope), native in merged.items():
            said = "; ".join(filter(None, (native, place.limit, but)))
            yield PolicyGrant(name, kind, right, effect, place.beneath, scope, lasting, said, depends)


def _merged(rights: list[tuple[_Place, str, str]]) -> dict[tuple[_Place, str, str], str]:
    """(place, right, scope) with the actions that say so; a right on a bucket and all its objects is one."""
    found: dict[tuple[_Place, str, str], str] = {}
    for place, right, native in rights:
        scope = "this" if place.single else "beneath"
        if place.bucket:
            # Whoever may list a bucket sees the names of all that is in it.
            scope = "both" if right == "list" else "this"
        found[place, right, scope] = native
    for (place, right, scope), native in list(found.items()):
        objects = (_Place(False, limit=place.limit), right, "beneath")
        if place.bucket and scope == "this" and objects in found:
            del found[place, right, scope]
            both = ", ".join(sorted({*native.split(", "), *found.pop(objects).split(", ")}))
            found[_Place(False, limit=place.limit), right, "both"] = both
    return found


# Who


def _principals(statement: Mapping[str, object]) -> Iterator[_Principal]:
    """Name, kind and lasting identity of each principal."""
    if "NotPrincipal" in statement:  # all but a few are everybody
        yield _EVERYONE
        return
    principal = statement.get("Principal")
    if principal == "*":
        yield _EVERYONE
    elif isinstance(principal, dict):
        for sort, names in principal.items():
            for name in _many(names):
                yield _principal(str(sort), str(name))


def _principal(sort: str, name: str) -> _Principal:
    if sort == "CanonicalUser":
        return name, "user", name
    if sort != "AWS":
        return f"{sort}:{name}", "user" if sort == "Service" else "unknown", name
    if name == "*":
        return _EVERYONE
    if name.endswith(":root") or (len(name) == 12 and name.isdigit()):
        return name, "group", name  # a whole account
    # A bare identity (AIDA…) is what Amazon leaves of a principal that has been removed.
    return name, next((kind for mark, kind in _KINDS if mark in name), "unknown"), name


def _judged(principal: _Principal, condition: object, effect: str) -> tuple[str, str, str, str]:
    """Name, kind and identity of a principal, and the condition that is left, which may narrow down who is meant."""
    name, kind, lasting = principal
    if not condition:
        return name, kind, lasting, ""
    if kind != "everyone":
        return name, kind, lasting, _compact(condition)
    organisation = _organisation(condition)
    if organisation and effect == "allow":
        return f"organisation {organisation}", "authenticated", organisation, ""
    return name, "unknown", lasting, _compact(condition)


def _limits_nobody(condition: object) -> bool:
    return all(
        (key == "aws:securetransport" and operator in ("bool", "boolifexists") and values == ["true"])
        or (key == "s3:tlsversion" and operator.startswith("numericgreaterthan"))
        or (key == "aws:sourceip" and operator.startswith("ipaddress") and any(map(_any_address, values)))
        for operator, key, values in _tests(condition)
    )


def _organisation(condition: object) -> str:
    """The one organisation that a condition admits, where it says nothing else."""
    tests = list(_tests(condition))
    named = [v for operator, key, v in tests if operator.startswith("stringequals") and key == "aws:principalorgid"]
    return ", ".join(named[0]) if named and len(tests) == 1 else ""


def _tests(condition: object) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, key and values of each test, in lower case; one that is unreadable is a test as well."""
    if not isinstance(condition, dict):
        yield "", "", []
        return
    for operator, keys in condition.items():
        if not isinstance(keys, dict):
            yield str(operator).lower(), "", []
            continue
        for key, values in keys.items():
            yield str(operator).lower(), str(key).lower(), [str(v).lower() for v in _many(values)]


def _any_address(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).prefixlen <= _WIDE
    except ValueError:
        return False


# What


def _rights(statement: Mapping[str, object], *, bucket: bool) -> Iterator[tuple[str, str]]:
    """Rights that the actions give on a bucket, or on objects, with the actions as written."""
    written = [str(a) for a in _many(statement.get("Action"))]
    spared = [str(a) for a in _many(statement.get("NotAction"))]
    for right, actions in (BUCKET_RIGHTS if bucket else OBJECT_RIGHTS).items():
        if "NotAction" in statement:
            if any(not _hit(action, spared) for action in actions):
                yield right, f"NotAction: {', '.join(sorted(spared))}"
        else:
            native = sorted({pattern for pattern in written if any(_hit(action, [pattern]) for action in actions)})
            if native:
                yield right, ", ".join(native)


def _hit(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action, _literal(pattern.lower())) for pattern in patterns)


def _literal(pattern: str) -> str:
    """The policy language knows ``*`` and ``?`` only; ``[`` means itself."""
    return pattern.replace("[", "[[]")


# Where


def _places(statement: Mapping[str, object], bucket: str) -> list[_Place]:
    found = {place for r in _many(statement.get("Resource")) for place in _named(_name(r), bucket)}
    if "NotResource" in statement:
        spared = [_name(r) for r in _many(statement["NotResource"])]
        limit = f"NotResource: {_compact(statement['NotResource'])}"
        taken = {place for name in spared for place in _named(name, bucket)}
        found |= {p for p in (_Place(True), _Place(False)) if p not in taken}
        found = {_Place(p.bucket, p.beneath, p.single, limit) for p in found}
    return sorted(found)


def _name(resource: object) -> str:
    arn = str(resource).split(":", 5)
    return arn[5] if len(arn) == 6 else str(resource)


def _named(name: str, bucket: str) -> Iterator[_Place]:
    """What of the bucket a resource names; nothing when it is another bucket's."""
    if fnmatchcase(bucket, _literal(name)):
        yield _Place(True)
    holder, slash, key = name.partition("/")
    if not slash:
        if fnmatchcase(f"{bucket}/key", _literal(name)):
            yield _Place(False)
        return
    if not key or not fnmatchcase(bucket, _literal(holder)):
        return
    cut = min((i for i in (key.find("*"), key.find("?"), key.find("${")) if i >= 0), default=-1)
    if cut < 0:
        yield _Place(False, paths.canonical_text(key), single=True)
        return
    folder = key[: key.rfind("/", 0, cut) + 1]
    limit = "" if key == f"{folder}*" else f"on keys like {key}"
    yield _Place(False, paths.canonical_text(folder.removesuffix("/")), limit=limit)


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _many(value: object) -> Iterable[object]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
