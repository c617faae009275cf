"""Who may do what in a bucket: its access list and policy, what bars them, and whether it is public in the end.

Rights are told as they stand, since they count again as soon as what bars them is gone: the public access block is
told as a denial beside them, ownership as a setting, and whether anything is left as ``open_to_everyone``. The access
lists of single objects are never asked for: that would be a request for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.s3.policy import PolicyGrant, policy_grants
from scanner import schema
from scanner.model import Columns, Fault
from scanner.secrets import scrub_all

Answer = Mapping[str, Any]
GRANT_COLUMNS = (
    "path", "grantee", "grantee_kind", "right", "effect", "inherited", "origin", "grantee_id", "native", "scope",
    "condition",
)  # fmt: skip
FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_MOST = 50
"""Reasons, or statements that cannot be read, spelt out of one bucket."""
ENFORCED = "BucketOwnerEnforced"

_OPEN = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everyone",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "authenticated",
}
_WHO = {"everyone": "everyone", "authenticated": "every customer of the provider"}
_READ, _WRITE, _WRITE_ACP = ("list", "both"), ("write", "beneath"), ("change_permissions", "this")
_ACL_RIGHTS = {
    "READ": (_READ,), "WRITE": (_WRITE,), "WRITE_ACP": (_WRITE_ACP,), "FULL_CONTROL": (_READ, _WRITE, _WRITE_ACP)
}  # fmt: skip
"""Rights and their scopes. READ_ACP, seeing the list itself, is no right over data and has no word here; whoever may
read an object is said by the object's own list, so not even FULL_CONTROL of the bucket is that."""
_ACL_ACTIONS = {"list": "s3:listbucket", "write": "s3:putobject", "change_permissions": "s3:putbucketacl"}
"""What the same rights are called in a policy, which may deny them."""

_Denied = Mapping[tuple[str, str], frozenset[str]]
"""(right, beneath) to the scopes in which a policy denies everyone the whole right."""


def flags_on(block: Answer | None) -> frozenset[str] | None:
    """Flags that a public access block sets; None where it is not known."""
    if block is None:
        return None
    told = block.get("PublicAccessBlockConfiguration") or {}
    return frozenset(name for name in FLAGS if told.get(name))


def flags_text(flags: frozenset[str] | None, none: str) -> str | None:
    """A public access block as the value of a setting."""
    if flags is None:
        return None
    return "all" if len(flags) == len(FLAGS) else ", ".join(f for f in FLAGS if f in flags) or none


@dataclass(slots=True)
class Access:
    """What was asked about one bucket; None is what it would not tell, and an empty answer that it has no such thing.

    ``account`` are the flags of the account's own block, None where they are not known.
    """

    bucket: str
    path: str
    acl: Answer | None
    policy: Answer | None
    block: Answer | None
    account: frozenset[str] | None
    ownership: str | None
    policy_status: str | None = None
    faults: list[Fault] = field(default_factory=list)
    _open: list[tuple[str, str, str]] = field(default_factory=list)
    """(what says so, who may do what, what bars it or ''), of everyone and of every customer."""
    _unread: bool = False
    """Whether part of the policy could not be read."""
    _conditional: bool = False
    """Whether the policy denies something to everyone under some condition."""

    def grants(self) -> Columns:
        """GRANT facts of the bucket."""
        grants = Columns(schema.GRANT, GRANT_COLUMNS)
        self.acl = scrub_all(self.acl)
        policy = self._policy()
        denied = _denied(policy)
        self._add_acl(grants, denied)
        for grant in policy:
            self._add_policy(grants, grant, denied)
        self._add_block(grants)
        return grants

    def settings(self) -> Iterator[tuple[str, str | None]]:
        """Whether the bucket is public, and why; ``grants`` comes first."""
        reasons = [f"{what} lets {who}{f', but without effect: {bar}' if bar else ''}" for what, who, bar in self._open]
        asked = (("the policy", self.policy), ("the access list", self.acl))
        unsure = [f"{name} is not known" for name, answer in asked if answer is None]
        effective = any(not bar for _what, _who, bar in self._open)
        if self._unread:
            unsure.append("part of the policy cannot be read")
        by_policy = any(what == "the policy" for what, _who, _bar in self._open)
        if self.policy_status == "public" and not by_policy and not self._bar("RestrictPublicBuckets"):
            unsure.append("the store itself calls the policy public, which it is under conditions at most")
        bars = (("the bucket", self.block), ("the whole account", self.account))
        unbarred = [f"a public access block of {name} is not known" for name, b in bars if b is None and effective]
        public = None if unbarred or (unsure and not effective) else str(effective).lower()
        unsure += unbarred
        yield "open_to_everyone", public
        if effective and self._conditional:
            unsure.append("the policy denies something under a condition, which is not weighed here")
        told = "; ".join(
            dict.fromkeys([*reasons[:_MOST], *([f"and {len(reasons) - _MOST} more"] * (len(reasons) > _MOST)), *unsure])
        )
        yield "open_because", told or "neither policy nor access list lets everyone in"

    def _bar(self, flag: str) -> str:
        """What bars public access by that flag, '' where nothing does."""
        where = [n for n, on in (("bucket", flags_on(self.block)), ("account", self.account)) if on and flag in on]
        return f"{flag} of the {' and the '.join(where)}" if where else ""

    def _add_acl(self, grants: Columns, denied: _Denied) -> None:
        acl = self.acl or {}
        owner = acl.get("Owner") or {}
        name = owner.get("DisplayName") or owner.get("ID")
        if name:
            row = (self.path, name, "user", "owner", "allow", False, "acl")
            grants.add(*row, owner.get("ID") or None, "Owner", "both", None)
        disabled = f"object ownership is {ENFORCED}" if self.ownership == ENFORCED else ""
        for native, right, scope, grantee in self._listed():
            name, kind, lasting = _grantee(grantee)
            condition = None
            if kind in _WHO:
                bar = disabled or self._bar("IgnorePublicAcls") or _barred(right, "", scope, denied)
                self._open.append(("the access list", f"{_WHO[kind]} {_verb(right)}", bar))
            elif disabled:  # nothing else than the setting would say so of a named account
                condition = f"without effect: {disabled}"
            grants.add(self.path, name, kind, right, "allow", False, "acl", lasting, native, scope, condition)

    def _listed(self) -> Iterator[tuple[str, str, str, Answer]]:
        """Rights of the access list: as it calls them, as we do, their scope, and whose."""
        for grant in (self.acl or {}).get("Grants") or ():
            native = str(grant.get("Permission"))
            for right, scope in _ACL_RIGHTS.get(native, ()):
                yield native, right, scope, grant.get("Grantee") or {}

    def _policy(self) -> Sequence[PolicyGrant]:
        if not self.policy:
            return ()
        try:
            listed = {_ACL_ACTIONS[right] for _native, right, _scope, _grantee in self._listed()}
            rows, unread = policy_grants(str(self.policy.get("Policy", "")), self.bucket, listed)
        except ValueError as error:
            self.faults.append(Fault(self.path, "query", "QUERY_FAILED", f"bucket policy: {error}"))
            self.policy = None
            return ()
        self._unread = bool(unread)
        told = [*unread[:_MOST], *([f"and {len(unread) - _MOST} more"] * (len(unread) > _MOST))]
        self.faults += [Fault(self.path, "note", "PARSE_FAILED", f"bucket policy: {sentence}") for sentence in told]
        return rows

    def _add_policy(self, grants: Columns, row: PolicyGrant, denied: _Denied) -> None:
        place = f"{self.path}/{row.beneath}" if row.beneath else self.path
        if row.effect == "allow" and row.grantee_kind == "everyone":  # an organisation is not the public
            bar = _barred(row.right, row.beneath, row.scope, denied) or self._bar("RestrictPublicBuckets")
            where = f" beneath {row.beneath}" if row.beneath else ""
            self._open.append(("the policy", f"everyone {_verb(row.right)}{where}", bar))
        self._conditional |= row.effect == "deny" and row.grantee == "*" and bool(row.condition)
        grants.add(
            place, row.grantee, row.grantee_kind, row.right, row.effect, False, "bucket_policy", row.grantee_id or None,
            row.native or None, row.scope, row.condition or None,
        )  # fmt: skip

    def _add_block(self, grants: Columns) -> None:
        """The block as a denial of what it bars; who has a right by name keeps it, which the condition says."""
        acls, policy = self._bar("IgnorePublicAcls"), self._bar("RestrictPublicBuckets")
        native = "; ".join(filter(None, (acls, policy)))
        if native:
            barred = " and ".join(filter(None, (acls and "access lists", policy and "the policy")))
            condition = f"public access by {barred} only"
            row = (self.path, "*", "everyone", "full", "deny", False, "public_access_block")
            grants.add(*row, None, native, "both", condition)


def _denied(policy: Sequence[PolicyGrant]) -> _Denied:
    found: dict[tuple[str, str], frozenset[str]] = defaultdict(frozenset)
    for grant in policy:
        if grant.effect == "deny" and grant.grantee_kind == "everyone" and not grant.condition:
            found[grant.right, grant.beneath] |= {grant.scope}
    return found


def _barred(right: str, beneath: str, scope: str, denied: _Denied) -> str:
    """Whether the policy denies everyone a right there, or in what holds it."""
    here = denied.get((right, beneath), frozenset())
    parts = beneath.split("/") if beneath else []
    above = [denied.get((right, "/".join(parts[:n])), frozenset()) for n in range(len(parts))]
    inside = bool(here & {"both", scope}) or {"this", "beneath"} <= here or any(a - {"this"} for a in above)
    return "the policy denies it to everyone" if inside else ""


def _verb(right: str) -> str:
    return {"full": "do anything", "change_permissions": "change permissions"}.get(right, right)


def _grantee(grantee: Answer) -> tuple[str, str, str | None]:
    """Name, kind and lasting identity of whom an access list names."""
    uri = grantee.get("URI")
    if uri:
        return uri.rpartition("/")[2], _OPEN.get(uri, "group"), uri
    lasting = grantee.get("ID")
    name = grantee.get("DisplayName") or lasting
    if name:
        return name, "user", lasting
    return str(grantee.get("EmailAddress") or "?"), "unknown", None
