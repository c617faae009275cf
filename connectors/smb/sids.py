"""Principals by SID: the names every Windows knows, and what kind of principal each is ([MS-DTYP] 2.4.2.4)."""

from __future__ import annotations

from typing import NamedTuple

from connectors.smb.descriptor import Descriptor

EVERYONE, CREATOR_OWNER, CREATOR_GROUP = "S-1-1-0", "S-1-3-0", "S-1-3-1"


class Principal(NamedTuple):
    """A name for a SID, and what it stands for, in the words of the catalog."""

    name: str
    kind: str | None
    """None where nobody was asked, or nobody answered: it may be anyone's."""


_WELL_KNOWN = {
    EVERYONE: Principal("Everyone", "everyone"),
    "S-1-2-0": Principal("LOCAL", "group"),
    CREATOR_OWNER: Principal("CREATOR OWNER", "user"),
    CREATOR_GROUP: Principal("CREATOR GROUP", "group"),
    "S-1-3-4": Principal("OWNER RIGHTS", "user"),
    "S-1-5-2": Principal(r"NT AUTHORITY\NETWORK", "authenticated"),
    "S-1-5-3": Principal(r"NT AUTHORITY\BATCH", "group"),
    "S-1-5-4": Principal(r"NT AUTHORITY\INTERACTIVE", "group"),
    "S-1-5-6": Principal(r"NT AUTHORITY\SERVICE", "group"),
    "S-1-5-7": Principal(r"NT AUTHORITY\ANONYMOUS LOGON", "everyone"),
    "S-1-5-9": Principal(r"NT AUTHORITY\ENTERPRISE DOMAIN CONTROLLERS", "group"),
    "S-1-5-11": Principal(r"NT AUTHORITY\Authenticated Users", "authenticated"),
    "S-1-5-13": Principal(r"NT AUTHORITY\TERMINAL SERVER USER", "group"),
    "S-1-5-14": Principal(r"NT AUTHORITY\REMOTE INTERACTIVE LOGON", "group"),
    "S-1-5-15": Principal(r"NT AUTHORITY\This Organization", "authenticated"),
    "S-1-5-18": Principal(r"NT AUTHORITY\SYSTEM", "user"),
    "S-1-5-19": Principal(r"NT AUTHORITY\LOCAL SERVICE", "user"),
    "S-1-5-20": Principal(r"NT AUTHORITY\NETWORK SERVICE", "user"),
    "S-1-5-32-544": Principal(r"BUILTIN\Administrators", "group"),
    "S-1-5-32-545": Principal(r"BUILTIN\Users", "authenticated"),
    "S-1-5-32-546": Principal(r"BUILTIN\Guests", "everyone"),
    "S-1-5-32-547": Principal(r"BUILTIN\Power Users", "group"),
    "S-1-5-32-548": Principal(r"BUILTIN\Account Operators", "group"),
    "S-1-5-32-549": Principal(r"BUILTIN\Server Operators", "group"),
    "S-1-5-32-550": Principal(r"BUILTIN\Print Operators", "group"),
    "S-1-5-32-551": Principal(r"BUILTIN\Backup Operators", "group"),
    "S-1-5-32-552": Principal(r"BUILTIN\Replicator", "group"),
    "S-1-5-32-554": Principal(r"BUILTIN\Pre-Windows 2000 Compatible Access", "group"),
    "S-1-5-32-555": Principal(r"BUILTIN\Remote Desktop Users", "group"),
    "S-1-15-2-1": Principal("ALL APPLICATION PACKAGES", "group"),
}
_OF_A_DOMAIN = {
    "500": Principal("Administrator", "user"),
    "501": Principal("Guest", "everyone"),
    "512": Principal("Domain Admins", "group"),
    "513": Principal("Domain Users", "authenticated"),
    "514": Principal("Domain Guests", "everyone"),
    "515": Principal("Domain Computers", "group"),
    "518": Principal("Schema Admins", "group"),
    "519": Principal("Enterprise Admins", "group"),
}
_DOMAIN, _UNIX = "S-1-5-21-", "S-1-22-"

# SID_NAME_USE ([MS-LSAT] 2.2.13): users, groups, domains, aliases, well-known groups, computers; others are nobody.
_USES = {1: "user", 2: "group", 3: "group", 4: "group", 5: "group", 9: "user"}


def well_known(sid: str) -> Principal | None:
    """The principal where the SID means the same on every host."""
    return _WELL_KNOWN.get(sid)


def told(sid: str, name: str, use: int) -> Principal | None:
    """The principal of that name, of the use a server gives for it; None where it says that there is none."""
    kind = _USES.get(use)
    if kind is None or not name or _is_number_again(sid, name):
        return None
    fixed = _of_a_domain(sid)
    return Principal(name, fixed.kind if fixed else kind)


def _is_number_again(sid: str, name: str) -> bool:
    """Whether Samba, for a Unix account it does not know, makes a name of the number."""
    number = name.rpartition("\\")[2]
    return sid.startswith(_UNIX) and number in {sid.rpartition("-")[2], "-1"}


def nobody(sid: str) -> Principal:
    """A SID that its server has no name for: the SID itself, and what its last part means."""
    return Principal(sid, untold(sid).kind or "unknown")


def untold(sid: str) -> Principal:
    """A SID whose server would not say who it is; only what its last part means is known."""
    fixed = _of_a_domain(sid)
    return Principal(sid, fixed.kind if fixed else None)


def _of_a_domain(sid: str) -> Principal | None:
    domain, _, rid = sid.rpartition("-")
    return _OF_A_DOMAIN.get(rid) if sid.startswith(_DOMAIN) and domain.count("-") == _DOMAIN.count("-") + 2 else None


def of(descriptor: Descriptor) -> set[str]:
    """Every SID a descriptor names, its owner included."""
    named = {ace.sid for ace in descriptor.aces or ()}
    return named | ({descriptor.owner} if descriptor.owner else set())
