"""What single rights come to: open to all, orphaned, and what a named principal may do."""

from __future__ import annotations

from typing import Any

import pytest
from judge_world import World

from scanner.judge.access import openings, orphans, reach, untold_groups


def grant(path: str, who: str, right: str, origin: str, effect: str = "allow", **more: Any) -> dict[str, Any]:
    kinds = dict.fromkeys(("Everyone", "PUBLIC", "others", "*", "AllUsers"), "everyone")
    kinds["Authenticated Users"] = "authenticated"
    kind = more.pop("kind", kinds.get(who, "user"))
    return {
        "path": path,
        "grantee": who,
        "grantee_kind": kind,
        "right": right,
        "effect": effect,
        "origin": origin,
        **more,
    }


def found(world: World) -> dict[tuple[str, str], tuple[tuple[str, ...], str, bool]]:
    return {(o.store, o.path): (o.rights, o.barred, o.changing) for o in openings(world)}


def test_a_share_open_by_nt_acl_is_capped_by_the_shares_own_rights() -> None:
    world = World().source("fs", "smb", 1)
    world.add("grant", "fs", [
        grant("data", "Everyone", "full", "nt_acl"),
        grant("data", "Everyone", "read", "share_acl"),
        grant("shut", "Everyone", "full", "nt_acl"),
        grant("shut", "CORP\\finance", "full", "share_acl", kind="group"),
    ])  # fmt: skip
    assert found(world) == {
        ("fs/data", "data"): (("read",), "", False),
        ("fs/shut", "shut"): (
            ("read", "write", "list", "execute", "delete", "change_permissions"),
            "the share's own rights name others only",
            True,
        ),
    }


def test_denials_go_before_what_is_allowed_and_what_is_said_here_before_what_is_inherited() -> None:
    world = World().source("fs", "smb", 1)
    world.add("grant", "fs", [
        grant("a", "Everyone", "read", "nt_acl"), grant("a", "Everyone", "write", "nt_acl"),
        grant("a", "Everyone", "write", "nt_acl", "deny"),
        grant("b", "Everyone", "write", "nt_acl", "deny", inherited=True), grant("b", "Everyone", "write", "nt_acl"),
    ])  # fmt: skip
    assert found(world) == {("fs/a", "a"): (("read",), "", False), ("fs/b", "b"): (("write",), "", True)}


def test_a_bucket_is_public_by_policy_or_by_list_unless_that_is_taken_back() -> None:
    world = World().source("aws", "s3", 1)
    world.add("grant", "aws", [
        grant("by-policy", "*", "read", "bucket_policy", native="s3:GetObject"),
        grant("by-list", "AllUsers", "list", "acl", native="READ"),
        grant("blocked", "*", "read", "bucket_policy"),
        grant("blocked", "*", "full", "public_access_block", "deny", native="RestrictPublicBuckets of the account",
              condition="public access by the policy only"),
        grant("owned", "AllUsers", "read", "acl"),
        grant("only-from-home", "*", "read", "bucket_policy", condition="aws:SourceIp"),
    ])  # fmt: skip
    world.add("setting", "aws", [{"path": "owned", "name": "object_ownership", "value": "BucketOwnerEnforced"}])
    assert {r.path for r in reach(world, "anybody")} == {"by-policy", "by-list"}
    assert found(world) == {
        ("aws/by-policy", "by-policy"): (("read",), "", False),
        ("aws/by-list", "by-list"): (("list",), "", False),
        ("aws/blocked", "blocked"): (("read",), "public access is blocked", False),
        ("aws/owned", "owned"): (("read",), "access lists are disabled (BucketOwnerEnforced)", False),
    }


def test_a_folder_that_lets_nobody_through_bars_what_lies_beneath() -> None:
    world = World().source("files", "file")
    world.add("grant", "files", [
        grant("", "root", "read", "mode"), grant("", "others", "execute", "mode"),
        grant("home", "root", "read", "mode"),
        grant("home/open", "others", "read", "mode"), grant("home/open", "others", "write", "mode"),
        grant("pub", "others", "write", "mode"), grant("pub", "others", "execute", "mode"),
    ])  # fmt: skip
    assert found(world) == {
        ("files", ""): (("execute",), "", False),
        ("files", "home/open"): (("read", "write"), "nobody else may pass through home", True),
        ("files", "pub"): (("write", "execute"), "", True),
    }


def test_orphans_are_counted_by_what_they_own_and_hold() -> None:
    world = World().source("fs", "smb", 1)
    world.add("grant", "fs", [
        grant("d/x", "S-1-5-21-9-9-9-1105", "owner", "nt_acl", kind="unknown"),
        grant("d/y", "S-1-5-21-9-9-9-1105", "read", "nt_acl", kind="unknown"),
        grant("d/z", "somebody else", "read", "nt_acl", kind="unknown"),
    ])  # fmt: skip
    assert [(o.store, o.grantee, o.owned, o.held, o.first) for o in orphans(world)] == [
        ("fs/d", "S-1-5-21-9-9-9-1105", 1, 1, "d/x")
    ]


def test_a_principal_reaches_by_name_by_group_and_by_what_is_open_to_all() -> None:
    world = World().source("db", "odbc", 1)
    world.add("grant", "db", [
        grant("erp", "reader", "list", "sql_grant", kind="role"),
        grant("erp/t1", "Ann", "read", "sql_grant"),
        grant("erp/t2", "writer", "write", "sql_grant", kind="role"),
        grant("erp/t3", "PUBLIC", "read", "sql_grant"),
        grant("erp/t4", "bob", "read", "sql_grant"),
    ])  # fmt: skip
    world.add("member", "db", [
        {"path": "", "group": "reader", "member": "writer"}, {"path": "", "group": "writer", "member": "ann"},
        {"path": "", "group": "writer", "member": "writer"},
    ])  # fmt: skip
    told = {f.path: (f.rights, f.because) for f in reach(world, "ann")}
    assert told == {
        "erp": (("list",), ("reader",)),
        "erp/t1": (("read", "list"), ("Ann", "reader")),
        "erp/t2": (("write", "list"), ("writer", "reader")),
        "erp/t3": (("read", "list"), ("PUBLIC", "reader")),
    }
    assert untold_groups(world) == ()


def test_only_the_first_class_of_a_mode_that_fits_holds_and_a_shut_folder_is_told() -> None:
    world = World().source("files", "file")
    world.add("grant", "files", [
        grant("", "ann", "read", "mode"), grant("", "staff", "write", "mode", kind="group"),
        grant("", "others", "execute", "mode"),
        grant("private", "bob", "read", "mode"),
    ])  # fmt: skip
    world.add("member", "files", [{"path": "", "group": "staff", "member": "carl"}])
    assert [(f.path, f.rights) for f in reach(world, "ANN")] == [("", ("read",)), ("private", ())]
    assert [(f.path, f.rights) for f in reach(world, "carl")] == [("", ("write",)), ("private", ())]
    assert [(f.path, f.rights) for f in reach(world, "dora")] == [("", ("execute",)), ("private", ())]


@pytest.mark.parametrize("name", ["S-1-5-21-1-2-3-1104", "corp\\ann"])
def test_a_lasting_identity_is_a_name_too(name: str) -> None:
    world = World().source("fs", "smb", 1)
    world.add("grant", "fs", [grant("d", "CORP\\Ann", "full", "nt_acl", grantee_id="S-1-5-21-1-2-3-1104")])
    world.add("grant", "fs", [grant("d", "CORP\\staff", "read", "nt_acl", kind="group")])
    assert [(f.path, f.because) for f in reach(world, name)] == [("d", ("CORP\\Ann",))]
    assert untold_groups(world) == ("fs",)


def test_what_the_folder_above_says_alike_is_counted_there() -> None:
    world = World().source("fs", "smb", 1)
    told = [("d", "read"), ("d/a", "read"), ("d/a/b", "read"), ("d/w", "write"), ("d/w/x", "read"), ("d/w/x/y", "read")]
    world.add("grant", "fs", [grant(path, "Everyone", right, "nt_acl") for path, right in told])
    assert {o.path: (o.rights, o.beneath) for o in openings(world)} == {
        "d": (("read",), 2), "d/w": (("write",), 0), "d/w/x": (("read",), 1),
    }  # fmt: skip


def test_a_class_of_a_mode_is_chosen_as_a_kernel_does() -> None:
    """By whom a line is about, not by how that is called; what is yet to be made has no say; one group is enough."""
    world = World().source("files", "file")
    world.add("grant", "files", [
        grant("", "staff", "write", "mode", kind="group"), grant("", "ann", "write", "mode", kind="group"),
        grant("", "ann", "read", "mode", condition="later"), grant("", "guests", "write", "mode", "deny", kind="group"),
        grant("", "guests", "read", "mode", kind="group"), grant("", "others", "execute", "mode"),
    ])  # fmt: skip
    world.add("member", "files", [
        {"path": "", "group": group, "member": member}
        for group, member in (("guests", "ann"), ("staff", "carl"), ("guests", "carl"), ("dora", "dora"))
    ])  # fmt: skip
    assert [(f.path, f.rights) for f in reach(world, "ann")] == [("", ("read",))]
    assert [(f.path, f.rights) for f in reach(world, "carl")] == [("", ("read", "write"))]
    assert [(f.path, f.rights) for f in reach(world, "dora")] == [("", ("execute",))]
