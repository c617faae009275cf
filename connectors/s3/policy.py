"""A simple reading of a bucket policy: whom each statement lets do what, where that can be said plainly.

``grantee_kind`` says who, and ``condition`` what that depends on besides. Nobody is called everyone because of a
statement with a Condition, unless that limits nobody: that the line is encrypted, say, or that the address is any; then
it is left out. What limits the keys alone (how they begin, NotResource) stands beside the actions in ``native``.

A denial without a condition takes the whole right away, so one that leaves some of it has a condition that says so:
that it is about certain keys, or about fewer actions than those which the policy, or the access list, allows somebody.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from connectors.s3.condition import limits_nobody, many, organisation_of
from connectors.s3.resource import Place, hit, name_of, places_of
from scanner.secrets import scrub

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

_LONGEST = 1_000_000
"""Characters of a policy that is read at all; Amazon takes 20 KB."""
_LONGEST_TEXT = 2048
"""Characters kept of a name, condition or list of actions: the longest ARN."""

_Principal = tuple[str, str, str]
_EVERYONE: _Principal = ("*", "everyone", "*")
_KINDS = ((":user/", "user"), (":federated-user/", "user"), (":role/", "role"), (":assumed-role/", "role"))


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


@dataclass(frozen=True, slots=True)
class _Right:
    """What a statement says of one place: a right, the actions of that which it names, and how it writes them."""

    place: Place
    right: str
    scope: str
    actions: frozenset[str]
    native: str


def policy_grants(text: str, bucket: str, listed: Collection[str] = ()) -> tuple[list[PolicyGrant], list[str]]:
    """Grants of a policy, and one sentence for each statement that cannot be told as grants.

    ``listed`` are the actions that the bucket's access list allows somebody. Raises ValueError when the text is no
    policy.
    """
    policy = _read(text)
    grants: dict[PolicyGrant, frozenset[str]] = {}
    unread: list[str] = []
    for number, statement in enumerate(many(policy.get("Statement")), 1):
        try:
            for grant, actions in islice(_statement(statement, bucket), _MOST - len(grants) + 1):
                grants[grant] = grants.get(grant, frozenset()) | actions
        except ValueError as error:
            unread.append(f"statement {number} {error}")
        if len(grants) > _MOST:
            unread.append(f"there are more than {_MOST} grants, and no more are told from statement {number} on")
            break
    return sorted(_weighed(grants, frozenset(listed)))[:_MOST], unread


def _read(text: str) -> Mapping[str, object]:
    if len(text) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    try:
        policy = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(policy, dict):
        raise ValueError("not a policy")  # noqa: TRY004 - the caller knows one kind of bad text
    return policy


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names are all different; which of two would count is for the server alone to know."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _statement(statement: object, bucket: str) -> Iterator[tuple[PolicyGrant, frozenset[str]]]:
    """Grants of a statement with the actions behind each. Raises ValueError, which says how it cannot be read."""
    if not isinstance(statement, dict):
        raise ValueError("is no statement")  # noqa: TRY004 - as above
    effect = str(statement.get("Effect", "")).lower()
    if effect not in ("allow", "deny"):
        raise ValueError("neither allows nor denies")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if (one in statement) == (other in statement):
            raise ValueError(f"has no {one}" if one not in statement else f"has both {one} and {other}")
    principals = list(_principals(statement))
    condition = statement.get("Condition")
    if condition and effect == "allow" and limits_nobody(condition):
        condition = None
    told = _compact(condition) if condition else ""
    but = f"NotPrincipal: {_compact(statement['NotPrincipal'])}" if "NotPrincipal" in statement else ""
    rights = _merged([r for place in _places(statement, bucket) for r in _rights(statement, place)])
    for principal in principals:
        name, kind, lasting, depends = _judged(principal, condition, told, effect)
        spared = ""
        if but and effect == "deny":  # a denial that spares somebody
            kind, depends = "unknown", _together(but, depends)
        elif but:
            spared = but
        for right in rights:
            limit = _cut(right.place.limit)
            said = _together(right.native, limit, spared)
            only = _together(depends, limit if effect == "deny" else "")
            grant = PolicyGrant(name, kind, right.right, effect, right.place.beneath, right.scope, lasting, said, only)
            yield grant, right.actions


def _merged(rights: list[_Right]) -> list[_Right]:
    """A right on a bucket and on all its objects is one."""
    objects = {(r.right, r.place.limit): r for r in rights if r.scope == "beneath" and not r.place.beneath}
    found: list[_Right] = []
    joined: set[_Right] = set()
    for one in rights:
        other = objects.get((one.right, one.place.limit)) if one.place.bucket and one.scope == "this" else None
        if other is not None:
            joined.add(other)
            native = one.native if one.native == other.native else _cut(f"{one.native}, {other.native}")
            one = replace(other, scope="both", actions=one.actions | other.actions, native=native)  # noqa: PLW2901
        found.append(one)
    return [one for one in found if one not in joined]


def _weighed(grants: Mapping[PolicyGrant, frozenset[str]], listed: frozenset[str]) -> Iterator[PolicyGrant]:
    """The grants, where a denial that leaves some of a right has a condition that says so."""
    allowed = listed.union(*(actions for grant, actions in grants.items() if grant.effect == "allow"))
    denied: dict[tuple[str, str, str], frozenset[str]] = defaultdict(frozenset)
    for grant, actions in grants.items():
        if grant.effect == "deny" and not grant.condition:
            denied[grant.grantee, grant.right, grant.beneath] |= actions
    for grant, actions in grants.items():
        if grant.effect == "deny" and not grant.condition:
            taken = denied[grant.grantee, grant.right, grant.beneath] | denied[grant.grantee, grant.right, ""]
            if allowed & _actions_of(grant) - taken:
                yield replace(grant, condition=f"of this right only: {', '.join(sorted(actions))}")
                continue
        yield grant


def _actions_of(grant: PolicyGrant) -> frozenset[str]:
    """Every action of a grant's right on what the grant is about: the bucket, its objects or both."""
    bucket = BUCKET_RIGHTS.get(grant.right, ()) if not grant.beneath and grant.scope != "beneath" else ()
    objects = OBJECT_RIGHTS.get(grant.right, ()) if grant.beneath or grant.scope != "this" else ()
    return frozenset((*bucket, *objects))


# Who


def _principals(statement: Mapping[str, object]) -> Iterator[_Principal]:
    """Name, kind and lasting identity of each principal."""
    if "NotPrincipal" in statement:  # all but a few are everybody
        yield _EVERYONE
        return
    principal = statement["Principal"]
    if principal == "*":
        yield _EVERYONE
        return
    if not isinstance(principal, dict) or not principal:
        raise ValueError("names its principals in a way that is not known")
    for sort, names in principal.items():
        for name in many(names):
            if not isinstance(name, str):
                raise ValueError("names its principals in a way that is not known")  # noqa: TRY004 - as above
            yield _principal(sort, _cut(name))


def _principal(sort: str, name: str) -> _Principal:
    if sort == "CanonicalUser":
        return name, "user", name
    if name == "*" and sort in ("AWS", "*"):
        return _EVERYONE
    if sort != "AWS":
        return f"{_cut(sort)}:{name}", "user" if sort == "Service" else "unknown", name
    if name.endswith(":root") or (len(name) == 12 and name.isdigit()):
        return name, "group", name  # a whole account
    # A bare identity (AIDA…) is what Amazon leaves of a principal that has been removed.
    return name, next((kind for mark, kind in _KINDS if mark in name), "unknown"), name


def _judged(principal: _Principal, condition: object, told: str, effect: str) -> tuple[str, str, str, str]:
    """Name, kind and identity of a principal, and the condition that is left, which may narrow down who is meant."""
    name, kind, lasting = principal
    if not condition:
        return name, kind, lasting, ""
    if kind != "everyone":
        return name, kind, lasting, told
    organisation = _cut(organisation_of(condition))
    if organisation and effect == "allow":
        return f"organisation {organisation}", "authenticated", organisation, ""
    return name, "unknown", lasting, told


# What


def _rights(statement: Mapping[str, object], place: Place) -> Iterator[_Right]:
    """Rights that the actions give on a place, with the actions as written."""
    spares = "NotAction" in statement
    written = [str(a) for a in many(statement["NotAction" if spares else "Action"])]
    for right, actions in (BUCKET_RIGHTS if place.bucket else OBJECT_RIGHTS).items():
        named = {action: [p for p in written if hit(action, p.lower())] for action in actions}
        meant = frozenset(action for action, patterns in named.items() if bool(patterns) != spares)
        if not meant:
            continue
        scope = "this" if place.single else "beneath"
        if place.bucket:
            # Whoever may list a bucket sees the names of all that is in it.
            scope = "both" if right == "list" else "this"
        patterns = written if spares else {p for patterns in named.values() for p in patterns}
        native = _cut(f"{'NotAction: ' if spares else ''}{', '.join(sorted(patterns))}")
        yield _Right(place, right, scope, meant, native)


def _places(statement: Mapping[str, object], bucket: str) -> list[Place]:
    if "NotResource" not in statement:
        return sorted({p for r in many(statement["Resource"]) for p in places_of(name_of(r), bucket)})
    limit = f"NotResource: {_compact(statement['NotResource'])}"
    taken = {p for r in many(statement["NotResource"]) for p in places_of(name_of(r), bucket)}
    objects = Place(False, limit=limit if any(not p.bucket for p in taken) else "")
    return [p for p, whole in ((objects, Place(False)), (Place(True), Place(True))) if whole not in taken]


def _compact(value: object) -> str:
    return _cut(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def _together(*sentences: str) -> str:
    return "; ".join(filter(None, sentences))


def _cut(text: str) -> str:
    """Text of a policy as it is kept: no secret in it, half a character written out, and not without end."""
    text = scrub(text.encode(errors="backslashreplace").decode())
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
