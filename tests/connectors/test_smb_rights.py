"""Who may do what on a share: access lists set on a real Samba server, and descriptors as bytes."""

from __future__ import annotations

import itertools
import struct
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.smb import PLUG, descriptor, grants, lsarpc, rpc, services, sids, srvsvc, volume
from connectors.smb.descriptor import parse
from connectors.smb.grants import goes_without_saying
from connectors.smb.options import SmbOptions
from connectors.smb.reach import Reach
from connectors.smb.services import Services
from scanner.connector import Session
from scanner.model import SourceError
from scanner.schema import GRANTEE_KINDS, RIGHTS
from scanner.testing import servers
from scanner.testing import smb_acls as acls
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps
from scanner.testing.servers import base
from scanner.testing.smb_acls import (
    CHANGE,
    CI,
    EVERYONE,
    FULL,
    INHERITED,
    IO,
    NP,
    OI,
    ORPHAN,
    READ,
    SYSTEM,
    USERS,
    WRITE,
)

SHARES = """
[limited]
 path = {d}/calm
 comment = Für alle
 read only = yes
[some]
 path = {d}/calm
 access based share enum = yes
[versions]
 path = {d}/versions
 vfs objects = shadow_copy2
 shadow:snapdir = {d}/versions/.snapshots
 shadow:localtime = no
[noshow]
 path = {d}/calm
 read only = yes
 hide unreadable = yes
[real]
 path = {d}/real
 read only = no
 force create mode = 0666
[rooted]
 path = {d}/real
 read only = no
 force user = root
"""
ADMINS = "S-1-5-32-544"


@pytest.fixture(scope="module")
def smb() -> Iterator[servers.Samba]:
    with servers.samba(shares=SHARES) as server, pytest.MonkeyPatch.context() as patch:
        (server.directory / "calm").mkdir(mode=0o755)
        (server.directory / "real").mkdir()
        (server.directory / "real").chmod(0o777)
        for day in (1, 2, 3):
            (server.directory / f"versions/.snapshots/@GMT-2024.01.0{day}-00.00.00").mkdir(parents=True)
        patch.setenv("SMB_PW", server.password)
        yield server


def crawled(server: servers.Samba, root: str, **more: object) -> Crawl:
    options = {"root": root, "port": server.port, "user": server.user, "password": "env:SMB_PW", **more}
    with closing(PLUG.open(PLUG.options.model_validate(options), Session("test", timeout_s=20.0))) as connector:
        return crawl_all(connector)


def rows(crawl: Crawl, path: str, origin: str = "nt_acl") -> set[tuple[Any, ...]]:
    columns = ("grantee", "grantee_kind", "right", "effect", "inherited", "scope")
    return {
        tuple(r[column] for column in columns)
        for r in crawl.records("grant")
        if r["path"] == path and r["origin"] == origin and r["right"] != "owner"
    }


# ── a share with access lists ──


@pytest.fixture(scope="module")
def shared(smb: servers.Samba) -> Crawl:
    """Folders and a file with the access lists an estate has, crawled with files asked for too."""
    for folder in ("plain/below/deeper", "shut", "open", "nobody", "other owner/in it", "moved", "own files"):
        (smb.data / folder).mkdir(parents=True)
    for name in ("own files/secret.txt", "own files/usual.txt"):
        (smb.data / name).touch()
    top = [("allow", OI | CI, FULL, SYSTEM), ("allow", OI | CI, CHANGE, acls.USERS)]
    handed = [("allow", flags | INHERITED, mask, sid) for _e, flags, mask, sid in top]
    in_file = [("allow", INHERITED, mask, sid) for _e, _flags, mask, sid in top]
    games = acls.sid_of(smb, smb.user)
    owner = SYSTEM
    for path, packed in {
        "": acls.descriptor(top, owner, protected=True),
        "plain": acls.descriptor(handed, owner),
        "plain/below": acls.descriptor(handed, owner),
        "plain/below/deeper": acls.descriptor([("deny", 0, WRITE, games), *handed], owner),
        "shut": acls.descriptor(
            [("deny", OI | CI, FULL, EVERYONE), ("allow", OI | CI, FULL, ORPHAN), ("allow", 0, READ, games)],
            owner,
            protected=True,
        ),
        "open": acls.descriptor(None, owner),
        "other owner": acls.descriptor(handed, ORPHAN),
        "other owner/in it": acls.descriptor(handed, ORPHAN),
        "moved": acls.descriptor([("allow", OI | CI | INHERITED, READ, EVERYONE)], owner),
        "own files": acls.descriptor(handed, owner),
        "own files/secret.txt": acls.descriptor([("allow", 0, FULL, games)], owner, protected=True),
        "own files/usual.txt": acls.descriptor(in_file, owner),
        "nobody": acls.descriptor([], owner),
    }.items():
        acls.set_descriptor(smb, "data", path.replace("/", "\\"), packed)
    return crawled(smb, r"\\127.0.0.1\data", permissions="files")


def test_allow_deny_everyone_and_an_orphan_are_told_as_they_stand(shared: Crawl) -> None:
    assert rows(shared, "data") == {
        ("NT AUTHORITY\\SYSTEM", "user", "full", "allow", False, "both"),
        *{
            ("BUILTIN\\Users", "authenticated", right, "allow", False, "both")
            for right in ("read", "list", "write", "execute", "delete")
        },
    }
    assert rows(shared, "data/shut") == {
        ("Everyone", "everyone", "full", "deny", False, "both"),
        (ORPHAN, "unknown", "full", "allow", False, "both"),
        ("FILESRV01\\games", "user", "list", "allow", False, "this"),
        ("FILESRV01\\games", "user", "execute", "allow", False, "this"),
    }
    told = [r for r in shared.records("grant") if r["path"] == "data/shut" and r["grantee"] == ORPHAN]
    assert [(r["grantee_id"], r["native"]) for r in told] == [(ORPHAN, "0x001f01ff FULL")]


def test_what_is_only_inherited_is_told_once_above_and_what_differs_at_its_place(shared: Crawl) -> None:
    told = {r["path"] for r in shared.records("grant") if r["origin"] == "nt_acl"}
    assert told == {
        "data", "data/plain/below/deeper", "data/shut", "data/open", "data/nobody", "data/other owner", "data/moved",
        "data/own files/secret.txt",
    }  # fmt: skip
    deeper = rows(shared, "data/plain/below/deeper")
    assert ("FILESRV01\\games", "user", "write", "deny", False, "this") in deeper
    assert ("BUILTIN\\Users", "authenticated", "read", "allow", True, "both") in deeper
    assert rows(shared, "data/moved") >= {("Everyone", "everyone", "read", "allow", True, "both")}


def test_no_access_list_lets_everybody_in_and_an_empty_one_nobody(shared: Crawl) -> None:
    (row,) = [r for r in shared.records("grant") if r["path"] == "data/open" and r["right"] != "owner"]
    assert (row["grantee"], row["right"], row["effect"], row["native"]) == ("Everyone", "full", "allow", "NULL DACL")
    (row,) = [r for r in shared.records("grant") if r["path"] == "data/nobody" and r["right"] != "owner"]
    assert (row["grantee"], row["right"], row["effect"], row["native"]) == ("Everyone", "full", "deny", "empty DACL")


def test_owners_have_names_and_an_owner_nobody_knows_is_a_sid(shared: Crawl) -> None:
    assert shared.entries["data/plain"]["owner"] == "NT AUTHORITY\\SYSTEM"
    assert shared.entries["data/own files/usual.txt"]["owner"] == "NT AUTHORITY\\SYSTEM"
    assert shared.entries["data/other owner"]["owner"] == ORPHAN
    owners = {r["path"]: (r["grantee"], r["grantee_kind"]) for r in shared.records("grant") if r["right"] == "owner"}
    assert owners["data"] == ("NT AUTHORITY\\SYSTEM", "user")
    assert owners["data/other owner"] == (ORPHAN, "unknown")
    assert "data/other owner/in it" not in owners
    assert ledger_gaps(shared) == []


@pytest.mark.parametrize("permissions", ["none", "folders"])
def test_no_more_is_asked_than_was_wanted(shared: Crawl, smb: servers.Samba, permissions: str) -> None:
    crawl = crawled(smb, r"\\127.0.0.1\data", permissions=permissions)
    told = {r["path"] for r in crawl.records("grant") if r["origin"] == "nt_acl"}
    expected = {r["path"] for r in shared.records("grant")} - {"data/own files/secret.txt"}
    assert told == (expected if permissions == "folders" else set())
    assert crawl.entries["data/own files/usual.txt"].get("owner") is None
    assert set(crawl.paths) == set(shared.paths)


def test_fault_021_an_access_list_that_is_refused_is_unknown_and_the_folder_is_listed_on(smb: servers.Samba) -> None:
    (smb.hidden / "closed").mkdir(mode=0o700)
    (smb.hidden / "seen").mkdir(mode=0o755)
    crawl = crawled(smb, r"\\127.0.0.1\hidden$")
    faults = {(f.path, f.op, f.reason) for f in crawl.faults}
    assert faults == {("hidden$/closed", "query", "DENIED"), ("hidden$/closed/", "list", "DENIED")}
    assert {r["path"] for r in crawl.records("grant")} == {"hidden$"}, "the other folder has the rights of the top"
    assert {"hidden$/closed", "hidden$/seen"} <= set(crawl.entries)


# ── as accounts find it ──


def beneath(aces: list[acls.Given] | None, *, is_folder: bool) -> list[acls.Given] | None:
    """What a new folder or file inherits, as Windows hands it on."""
    if aces is None:
        return None
    made: list[acls.Given] = []
    for effect, flags, mask, sid in aces:
        who = SYSTEM if sid == sids.CREATOR_OWNER else sid
        if is_folder and flags & CI:
            on = flags & (OI | CI) if who == sid else 0
            made.append((effect, INHERITED | on, mask, who))
        if is_folder and who != sid:
            made.append((effect, INHERITED | OI | CI | IO, mask, sid))
        if not is_folder and flags & OI:
            made.append((effect, INHERITED, mask, who))
    return made


def comes_to(crawl: Crawl, path: str, sid: str, *, is_file: bool = False) -> set[str]:
    """The rights of an account without groups, from the rows alone."""
    at: dict[str, list[Any]] = {}
    for row in crawl.records("grant"):
        at.setdefault(str(row["path"]), []).append(row)
    own = path in at
    while path not in at:
        path = path.rpartition("/")[0]
    aside = "this" if is_file and not own else "beneath"
    allowed: set[str] = set()
    denied: set[str] = set()
    for row in sorted(at[path], key=lambda r: (bool(r["inherited"]), r["effect"] == "allow")):
        concerns = row["grantee_kind"] in {"everyone", "authenticated"} or row["grantee_id"] == sid
        if not concerns or row["condition"] or row["scope"] == aside or row["origin"] != "nt_acl":
            continue
        meant = set(RIGHTS) if row["right"] == "full" else {row["right"]}
        if row["effect"] == "allow":
            allowed |= meant - denied
        else:
            denied |= meant - allowed
    return allowed


def test_rights_come_to_what_accounts_can_really_do(smb: servers.Samba, tmp_path: Path) -> None:
    games, daemon = acls.sid_of(smb, smb.user), acls.sid_of(smb, smb.daemon)
    both = OI | CI
    everyone = ("allow", both, FULL, EVERYONE)
    cases: dict[str, list[acls.Given] | None] = {
        "one": [("allow", both, FULL, games)],
        "read": [("allow", both, READ, EVERYONE)],
        "not write": [("deny", both, WRITE, games), ("allow", both, CHANGE, EVERYONE)],
        "no guests": [("deny", both, FULL, "S-1-5-32-546"), everyone],
        "no anonymous": [("deny", both, FULL, "S-1-5-7"), everyone],
        "not at the desk": [("deny", both, FULL, "S-1-5-4"), everyone],
        "at the desk": [("allow", both, FULL, "S-1-5-4")],
        "network": [("allow", both, FULL, "S-1-5-2")],
        "known": [("allow", both, CHANGE, "S-1-5-11")],
        "keep folder": [("deny", 0, 0x10000, EVERYONE), everyone],
        "late": [("allow", both, FULL, games), ("deny", both, FULL, games)],
        "late for one": [("allow", both, READ, games), ("deny", both, FULL, EVERYONE)],
        "beneath": [("allow", both | IO, FULL, games), ("allow", 0, READ, EVERYONE)],
        "here": [("allow", 0, FULL, games), ("allow", both, READ, EVERYONE)],
        "creator": [("allow", both | IO, FULL, sids.CREATOR_OWNER), ("allow", 0, CHANGE, EVERYONE)],
        "attributes": [("allow", both, 0x120080, EVERYONE)],
        "generic": [("allow", both, 0x10000000, games), ("allow", both, 0x80000000, EVERYONE)],
        "null": None,
        "empty": [],
    }
    acls.set_descriptor(smb, "rooted", "", acls.descriptor([everyone], SYSTEM, protected=True))
    for case, aces in cases.items():
        folder = smb.directory / "real" / case
        (folder / "sub").mkdir(parents=True)
        for place, is_folder in ((folder, True), (folder / "sub", True), (folder / "f", False)):
            if not is_folder:
                place.write_text("x")
            place.chmod(0o777)
            given = aces if place == folder else beneath(aces, is_folder=is_folder)
            where = str(place.relative_to(smb.directory / "real")).replace("/", "\\")
            acls.set_descriptor(smb, "rooted", where, acls.descriptor(given, SYSTEM, protected=place == folder))
    crawl = crawled(smb, r"\\127.0.0.1\rooted", permissions="files")
    (tmp_path / "x").write_text("x")
    for account, sid in ((smb.user, games), (smb.daemon, daemon)):
        expected: dict[str, dict[str, bool]] = {"list": {}, "read": {}, "write": {}}
        for case in cases:
            for folder in (case, f"{case}\\sub"):
                may = comes_to(crawl, "rooted/" + folder.replace("\\", "/"), sid)
                expected["list"][f"\\{folder}\\*"] = "list" in may
                expected["write"][f"\\{folder}\\by {account}"] = "write" in may
            may = comes_to(crawl, f"rooted/{case}/f", sid, is_file=True)
            expected["read"][f"\\{case}\\f"] = "read" in may
            expected["write"][f"\\{case}\\f"] = "write" in may
        for right, places in expected.items():
            command = {"list": 'ls "{}"', "read": 'get "{}" /dev/null', "write": f'put "{tmp_path}/x" "{{}}"'}[right]
            refused = refusals(smb, account, [command.format(place) for place in places])
            assert {place: place not in refused for place in places} == places, (account, right)


def refusals(smb: servers.Samba, account: str, commands: list[str]) -> set[str]:
    """The places at which a client of that account was turned away."""
    client = ["smbclient", f"//{smb.host}/real", "-p", str(smb.port), "-U", f"{account}%{smb.password}"]
    done = subprocess.run([*client, "-c", "; ".join(commands)], capture_output=True, text=True, check=False, timeout=60)
    said = (done.stdout + done.stderr).splitlines()
    assert not [line for line in said if "NT_STATUS" in line and "ACCESS_DENIED" not in line]
    return {line[line.index("\\") :] for line in said if "ACCESS_DENIED" in line}


# ── the share as a whole ──


def test_the_rights_on_a_share_cap_those_on_its_files(smb: servers.Samba) -> None:
    # Samba 4.17 shows them to accounts without privilege only where some share hides itself from those it lets not in.
    sharesec = [base.program("sharesec", "samba"), "-s", str(smb.directory / "smb.conf"), "limited"]
    base.run([*sharesec, "-R", f"{EVERYONE}:ALLOWED/0x0/READ,{ORPHAN}:DENIED/0x0/FULL"])
    crawl = crawled(smb, r"\\127.0.0.1\limited")
    assert not crawl.faults
    assert rows(crawl, "limited", "share_acl") == {
        (ORPHAN, "unknown", "full", "deny", False, "both"),
        *{("Everyone", "everyone", right, "allow", False, "both") for right in ("read", "list", "execute")},
    }
    facts = {r["name"]: r["value"] for r in crawl.records("setting") if r["path"] == "limited"}
    assert facts["comment"] == "Für alle"
    assert facts["share_acl"] == "told"
    assert str(facts["local_path"]).endswith("\\calm")
    assert facts["share_type"] == "disk"


def test_a_share_whose_access_list_is_left_out_is_unknown_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMB_PW", base.PASSWORD)
    with servers.samba() as server:
        crawl = crawled(server, r"\\127.0.0.1\data")
    assert rows(crawl, "data", "share_acl") == set()
    (note,) = crawl.faults
    assert (note.path, note.op, note.reason) == ("data", "note", "QUERY_FAILED")
    assert {r["name"]: r["value"] for r in crawl.records("setting")}["share_acl"] is None


def test_a_share_that_will_not_show_its_access_list_is_unknown_not_open(
    smb: servers.Samba, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = srvsvc.guarded
    monkeypatch.setattr(srvsvc, "guarded", lambda _stub: told(struct.pack("<IIII", 502, 0, 0, 5)))  # access denied
    crawl = crawled(smb, r"\\127.0.0.1\limited")
    assert rows(crawl, "limited", "share_acl") == set()
    assert ("limited", "query", "DENIED") in {(f.path, f.op, f.reason) for f in crawl.faults}
    facts = {r["name"]: r["value"] for r in crawl.records("setting")}
    assert facts["share_acl"] is None


def test_fault_002_a_share_that_hides_names_says_so(smb: servers.Samba) -> None:
    crawl = crawled(smb, r"\\127.0.0.1\noshow")
    facts = {r["name"]: r["value"] for r in crawl.records("setting") if r["path"] == "noshow"}
    assert facts["access_based_enumeration"] == "yes"
    (note,) = [f for f in crawl.faults if f.op == "note"]
    assert (note.path, "access-based enumeration" in note.detail) == ("noshow", True)
    assert not [f for f in crawled(smb, r"\\127.0.0.1\limited").faults if f.op == "note"]


def test_the_file_system_of_a_share_is_described(smb: servers.Samba) -> None:
    facts = {r["name"]: r["value"] for r in crawled(smb, r"\\127.0.0.1\data").records("setting")}
    size = int(str(facts["total_bytes"]))
    assert 0 < int(str(facts["free_bytes"])) <= size
    assert (facts["file_system"], facts["case_preserved"], facts["longest_name"]) == ("NTFS", "yes", "255")
    assert facts["server_name"] == "FILESRV01"
    assert facts["os_version"] == "6.1"
    assert abs(int(str(facts["clock_ahead_s"]))) <= 2
    assert facts["names_of_sids"] == "told"
    assert facts["dfs"] == "yes"


def test_previous_versions_are_counted_and_unknown_where_there_is_no_word_for_them(smb: servers.Samba) -> None:
    def told(share: str) -> object:
        crawl = crawled(smb, f"\\\\127.0.0.1\\{share}")
        return {r["name"]: r["value"] for r in crawl.records("setting")}["previous_versions"]

    assert (told("versions"), told("limited")) == ("3", None)


# ── names ──


def test_a_host_that_names_no_sid_leaves_the_sids_and_says_so(
    smb: servers.Samba, shared: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_stub: bytes) -> bytes:
        raise rpc.RpcError("names of SIDs were refused (0xc0000022)")

    monkeypatch.setattr(lsarpc, "policy", refuse)
    crawl = crawled(smb, r"\\127.0.0.1\data", permissions="files")
    assert [(f.path, f.op, f.reason) for f in crawl.faults if f.op == "query"] == [("", "query", "QUERY_FAILED")]
    assert {r["name"]: r["value"] for r in crawl.records("setting")}["names_of_sids"] == "refused"
    games = acls.sid_of(smb, smb.user)
    assert ("BUILTIN\\Users", "authenticated", "read", "allow", False, "both") in rows(crawl, "data")
    assert (games, None, "list", "allow", False, "this") in rows(crawl, "data/shut"), "unknown would mean an orphan"
    assert len(crawl.records("grant")) == len(shared.records("grant"))


def test_a_host_that_is_slow_to_name_sids_is_not_asked_again_and_that_is_told() -> None:
    """The unit is tried again after the deadline; then it must not run into it once more."""
    options = SmbOptions.model_validate({"root": r"\\host\share", "user": "u", "password": "env:P"})
    reach = Reach(options, Session("test"))
    asked = []

    class Slow(Services):
        def principals(self, sids_: Iterable[str]) -> dict[str, sids.Principal]:
            asked.append(sids_)
            raise SourceError("TIMEOUT", "no answer within 1 s", transient=True)

    slow = Slow(None)  # type: ignore[arg-type]
    reach.services = lambda _host="": slow  # type: ignore[method-assign,misc]
    with pytest.raises(SourceError):
        reach.principals("share/", {ORPHAN})
    assert reach.principals("share/", {ORPHAN, EVERYONE}) == {
        ORPHAN: (ORPHAN, None),
        EVERYONE: ("Everyone", "everyone"),
    }
    assert len(asked) == 1
    lost = reach.lost_names()
    assert lost is not None
    assert (lost.code, reach.lost_names()) == ("TIMEOUT", None)


def test_one_sid_the_server_takes_for_none_costs_no_other_its_name(smb: servers.Samba) -> None:
    games = acls.sid_of(smb, smb.user)
    options = SmbOptions.model_validate(
        {"root": r"\\127.0.0.1\data", "port": smb.port, "user": smb.user, "password": "env:SMB_PW"}
    )
    reach = Reach(options, Session("test", timeout_s=20.0))
    try:
        asked = {games, ORPHAN, "S-1-4", "S-1-5", "S-1-22-1-0", "S-1-22-1-99999999", "S-1-5-" + "-".join("1" * 15)}
        told = reach.principals("data/", asked)
        people = {games: "user", "S-1-22-1-0": "user", "S-1-4": None}
        assert {sid: told[sid].kind for sid in asked} == {**dict.fromkeys(asked, "unknown"), **people}
        assert told["S-1-22-1-99999999"].name == "S-1-22-1-99999999", "a number is no name of an account"
        assert reach.lost_names() is None
    finally:
        reach.close()


def test_names_that_are_given_up_are_told_and_nobody_becomes_an_orphan(
    smb: servers.Samba, shared: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_PATIENCE_S", -1.0)
    crawl = crawled(smb, r"\\127.0.0.1\data")
    (fault,) = [f for f in crawl.faults if f.op == "query"]
    # At whichever folder it happens first: many are under way.
    assert (fault.path.partition("/")[0], fault.reason, fault.detail.startswith("names of SIDs from here on")) == (
        "data",
        "QUERY_FAILED",
        True,
    )
    assert {r["grantee_kind"] for r in crawl.records("grant") if r["grantee"] == ORPHAN} == {None}
    assert len(crawl.records("grant")) <= len(shared.records("grant"))


# ── other shares ──


def test_a_host_that_lists_no_shares_is_scanned_all_the_same(
    smb: servers.Samba, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = srvsvc.shares
    monkeypatch.setattr(srvsvc, "shares", lambda _stub: told(struct.pack("<IIII", 1, 0, 0, 5)))  # access denied
    crawl = crawled(smb, r"\\127.0.0.1\limited")
    assert {(f.path, f.op, f.reason) for f in crawl.faults} == {("", "query", "DENIED")}
    assert crawl.records("seen") == []
    assert crawl.entries["limited"]["kind"] == "directory"
    with pytest.raises(SourceError) as raised:
        crawled(smb, r"\\127.0.0.1")
    assert raised.value.code == "DENIED"


def test_shares_that_are_not_scanned_are_seen(smb: servers.Samba) -> None:
    seen = {r["name"]: r for r in crawled(smb, r"\\127.0.0.1\data").records("seen")}
    assert set(seen) == {"hidden$", "denied", "limited", "some", "versions", "noshow", "real", "rooted", "IPC$"}
    assert {name: r["reason"] for name, r in seen.items() if r["reason"] != "not_configured"} == {"IPC$": "unsupported"}
    assert seen["limited"]["detail"] == "disk share: Für alle"
    # The form in which the estate file's own source of that share would be named.
    named = PLUG.options.model_validate(
        {"root": r"\\127.0.0.1\limited", "port": smb.port, "user": "u", "password": "env:P"}
    )
    assert seen["limited"]["locator"] == PLUG.locator(named)


def test_a_share_of_a_host_that_lets_nobody_in_is_seen_as_denied(smb: servers.Samba) -> None:
    seen = {r["name"]: r["reason"] for r in crawled(smb, r"\\127.0.0.1").records("seen")}
    assert seen == {"denied": "denied", "IPC$": "unsupported"}


# ── descriptors as bytes ──


def test_generic_and_partial_masks_are_told_in_words() -> None:
    folder = {"folders": True, "files": True}
    assert descriptor.rights(0x10000000, **folder) == ("full",)
    assert descriptor.rights(0xA0000000, **folder) == ("read", "list", "execute")
    assert descriptor.rights(0x00040000, **folder) == ("change_permissions",)
    assert descriptor.rights(0x00000040, **folder) == ("delete",)
    assert descriptor.rights(READ, folders=False, files=True) == ("read", "execute")
    assert descriptor.rights(0x00120080, **folder) == ()
    assert descriptor.native(CHANGE) == "0x001301bf CHANGE"
    assert descriptor.native(0x00120080) == "0x00120080"


@pytest.mark.parametrize(
    ("flags", "scope"),
    [(0, "this"), (OI | CI, "both"), (OI, "both"), (CI | IO, "beneath"), (OI | CI | IO | NP, "beneath")],
)
def test_inheritance_flags_become_a_scope(flags: int, scope: str) -> None:
    (found,) = parse(acls.descriptor([("allow", flags, FULL, EVERYONE)])).aces or ()
    assert found.scope == scope


def test_object_and_conditional_entries_keep_their_condition() -> None:
    kind = bytes(range(16))
    with_type = struct.pack("<II", FULL, 1) + kind + acls.sid(EVERYONE)
    conditional = struct.pack("<I", READ) + acls.sid(SYSTEM) + b"artx"
    audit = struct.pack("<I", READ) + acls.sid(SYSTEM)
    raw = [
        struct.pack("<BBH", number, 0, 4 + len(body)) + body
        for number, body in ((5, with_type), (9, conditional), (2, audit))
    ]
    found = parse(acls.descriptor([], raw=raw)).aces or ()
    assert [(a.allow, a.sid, a.condition) for a in found] == [
        (True, EVERYONE, "object type 03020100-0504-0706-0809-0a0b0c0d0e0f"),
        (True, SYSTEM, "conditional"),
    ]


def test_what_a_creator_gets_is_told_where_it_begins_and_not_again_beneath() -> None:
    above = parse(
        acls.descriptor([("allow", OI | CI | IO, 0x10000000, sids.CREATOR_OWNER), ("allow", 0, FULL, SYSTEM)], SYSTEM)
    )
    made = [("allow", INHERITED, FULL, SYSTEM), ("allow", OI | CI | IO | INHERITED, 0x10000000, sids.CREATOR_OWNER)]
    assert goes_without_saying(parse(acls.descriptor(made, SYSTEM)), above, is_folder=True)
    assert not goes_without_saying(parse(acls.descriptor(made, ORPHAN)), above, is_folder=True)
    assert not goes_without_saying(parse(acls.descriptor(made[:1], SYSTEM)), above, is_folder=True)
    assert not goes_without_saying(parse(acls.descriptor(made[:1], SYSTEM)), above, is_folder=False)


def test_a_file_is_compared_with_what_reaches_files_and_without_listing_and_passing_through() -> None:
    above = parse(acls.descriptor([("allow", OI | CI, READ, EVERYONE), ("allow", 0, FULL, USERS)], SYSTEM))
    plain = READ & ~0x20
    assert goes_without_saying(parse(acls.descriptor([("allow", 0, plain, EVERYONE)], SYSTEM)), above, is_folder=False)
    for more in ([("allow", 0, FULL, USERS)], [("deny", 0, WRITE, ORPHAN)]):
        found = parse(acls.descriptor([*more, ("allow", 0, plain, EVERYONE)], SYSTEM))
        assert not goes_without_saying(found, above, is_folder=False)


def test_what_goes_on_one_level_only_differs_at_each_level() -> None:
    levels = [[("allow", OI | CI | NP, READ, EVERYONE)], [("allow", INHERITED, READ, EVERYONE)], []]
    packed = [parse(acls.descriptor(aces, SYSTEM)) for aces in levels]
    for above, found in itertools.pairwise(packed):
        assert not goes_without_saying(found, above, is_folder=True)


def told(*aces: acls.Given, is_folder: bool = True, origin: str = "nt_acl") -> set[tuple[object, ...]]:
    table = grants.table()
    found = parse(acls.descriptor(aces))
    known = {sid: sids.well_known(sid) or sids.nobody(sid) for sid in sids.of(found) | {EVERYONE}}
    grants.add(table, "p", found, known, is_folder=is_folder, origin=origin)
    columns = table.take().columns
    names = ("grantee_id", "grantee_kind", "right", "effect", "condition")
    return set(zip(*(columns[name] for name in names), strict=True))


def test_a_share_whose_entries_grant_nothing_lets_nobody_in() -> None:
    assert told(("allow", 0, 0, EVERYONE), origin="share_acl") == {(EVERYONE, "everyone", "full", "deny", None)}


def test_a_denial_of_a_part_of_a_right_does_not_pass_for_one_of_the_whole() -> None:
    part = "part of the right only"
    for mask, right in ((0x4, "write"), (0x2, "write"), (0x10000, "delete"), (0x80000, "change_permissions")):
        assert told(("deny", OI | CI, mask, EVERYONE)) == {(EVERYONE, "everyone", right, "deny", part)}
    assert told(("deny", 0, 0x10000, EVERYONE), is_folder=False) == {(EVERYONE, "everyone", "delete", "deny", None)}
    assert told(("allow", 0, 0x2, EVERYONE)) == {(EVERYONE, "everyone", "write", "allow", None)}


def test_a_denial_behind_what_it_denies_says_so() -> None:
    late = "stands behind entries that allow it"
    for who, by in ((ORPHAN, ORPHAN), (ORPHAN, EVERYONE)):
        assert (by, "deny", late) in {
            (sid, effect, why) for sid, _k, _r, effect, why in told(("allow", 0, READ, who), ("deny", 0, FULL, by))
        }
    in_order = told(("deny", 0, FULL, ORPHAN), ("allow", 0, FULL, ORPHAN), ("deny", INHERITED, FULL, ORPHAN))
    assert {why for *_rest, why in in_order} == {None}


@pytest.mark.parametrize("who", ["S-1-5-7", "S-1-5-32-546", "S-1-5-21-1-2-3-501", "S-1-5-21-1-2-3-514"])
def test_guests_who_are_let_in_are_everybody_and_guests_who_are_not_are_guests(who: str) -> None:
    assert told(("allow", 0, FULL, who)) == {(who, "everyone", "full", "allow", None)}
    assert told(("deny", 0, FULL, who)) == {(who, "group", "full", "deny", None)}


@given(st.binary(max_size=300))
def test_a_descriptor_of_anything_is_a_descriptor_or_a_value_error(junk: bytes) -> None:
    try:
        parse(junk)
    except ValueError:
        return


ACES = st.lists(
    st.tuples(
        st.sampled_from(["allow", "deny"]),
        st.integers(0, 31),
        st.integers(0, 0xFFFFFFFF),
        st.sampled_from([EVERYONE, SYSTEM, ORPHAN, "S-1-22-1-1000", "S-1-5-21-1-2-3-513"]),
    ),
    max_size=6,
)


@given(ACES)
def test_every_descriptor_gives_its_entries_back_and_declared_words_only(aces: list[acls.Given]) -> None:
    found = parse(acls.descriptor(aces, ORPHAN, SYSTEM))
    assert [(("allow" if a.allow else "deny"), a.flags, a.mask, a.sid) for a in found.aces or ()] == aces
    named = sids.of(found) | {EVERYONE}
    known = {sid: sids.well_known(sid) or sids.nobody(sid) for sid in named}
    for is_folder in (True, False):
        table = grants.table()
        grants.add(table, "p", found, known, is_folder=is_folder)
        columns = table.take().columns
        assert set(columns["right"]) <= set(RIGHTS)
        assert set(columns["grantee_kind"]) <= set(GRANTEE_KINDS)
        assert goes_without_saying(found, found, is_folder=True)


HOSTILE = st.builds(
    lambda kind, flags, length, body: (
        struct.pack("<BBH", kind, flags, len(body) + 4 if length is None else length) + body
    ),
    st.integers(0, 255),
    st.integers(0, 255),
    st.sampled_from([None, None, None, 0, 7, 8, 65535]),
    st.builds(
        lambda mask, sid, rest: struct.pack("<I", mask) + sid + rest,
        st.integers(0, 0xFFFFFFFF),
        st.sampled_from([b"", bytes(8), *map(acls.sid, (EVERYONE, "S-1-4", "S-1-5-" + "-".join("7" * 15)))]),
        st.binary(max_size=40),
    ),
)


@given(st.lists(HOSTILE, max_size=8), st.booleans())
def test_hostile_entries_are_rows_or_a_value_error(raw: list[bytes], is_folder: bool) -> None:
    try:
        found = parse(acls.descriptor([], SYSTEM, raw=raw))
    except ValueError:
        return
    table = grants.table()
    known = {sid: sids.well_known(sid) or sids.nobody(sid) for sid in sids.of(found) | {EVERYONE}}
    grants.add(table, "p", found, known, is_folder=is_folder)
    assert len(table) >= 2, "the owner, and who may do what or that nobody may"
    assert lsarpc.lookup(bytes(20), sorted(known))


@pytest.mark.parametrize(
    ("sid", "kind"),
    [
        ("S-1-5-11", "authenticated"), ("S-1-5-7", "everyone"), ("S-1-5-32-545", "authenticated"),
        ("S-1-5-32-544", "group"), ("S-1-5-21-1-2-3-513", "authenticated"), ("S-1-5-21-1-2-3-512", "group"),
        ("S-1-5-21-1-2-3-501", "everyone"), ("S-1-5-21-1-2-3-1105", "unknown"), ("S-1-22-1-1000", "unknown"),
        ("S-1-5-21-513", "unknown"),
    ],
)  # fmt: skip
def test_what_a_sid_stands_for_is_known_without_a_server(sid: str, kind: str) -> None:
    assert (sids.well_known(sid) or sids.nobody(sid)).kind == kind
    assert (sids.well_known(sid) or sids.untold(sid)).kind == (None if kind == "unknown" else kind)


# ── answers as bytes ──


def test_a_name_that_a_server_gives_keeps_what_the_number_means() -> None:
    assert sids.told("S-1-5-21-1-2-3-513", r"CORP\Domänen-Benutzer", 2) == (r"CORP\Domänen-Benutzer", "authenticated")
    assert sids.told("S-1-5-21-1-2-3-1105", "", 8) is None
    assert sids.told("S-1-5-21-1-2-3-1105", r"CORP\gone", 6) is None


def test_sids_are_asked_for_in_portions_that_fit() -> None:
    many = [f"S-1-5-21-1-2-3-{n}" for n in range(1000)]
    portions = list(lsarpc.portions(many))
    assert [sid for portion in portions for sid in portion] == many
    assert max(len(lsarpc.lookup(bytes(20), portion)) for portion in portions) <= rpc.LONGEST_REQUEST


@given(st.binary(max_size=300), st.integers(1, 3))
def test_names_of_anything_are_names_or_an_error(junk: bytes, count: int) -> None:
    try:
        lsarpc.names(junk + bytes(4), ["S-1-1-0"] * count)
    except rpc.RpcError:
        return


@given(st.binary(max_size=200))
def test_a_share_and_a_server_of_anything_are_told_or_an_error(junk: bytes) -> None:
    for parse_ in (srvsvc.guarded, srvsvc.server):
        try:
            parse_(junk + bytes(4))
        except rpc.RpcError:
            continue


def test_a_volume_made_in_no_year_is_unknown() -> None:
    raw = struct.pack("<QII", (1 << 63) - 2, 0xABCD, 0) + bytes(2)
    assert volume.label(raw) == {"volume_label": "", "volume_serial": "0000abcd", "volume_created": None}
