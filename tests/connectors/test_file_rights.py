"""Who may do what on a file tree, what its file system says of itself, and what else is mounted."""

from __future__ import annotations

import grp
import os
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.file import PLUG, nfs4, rights
from connectors.file.accounts import group_names, user_names
from connectors.file.mounts import Mounts, read_mounts
from connectors.file.options import FileOptions
from connectors.file.rights import Rights, Words, of_mode, parse_acl
from connectors.file.seen import elsewhere
from scanner.connector import Session
from scanner.schema import GRANTEE_KINDS, ORIGINS, RIGHTS
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps, rows
from scanner.testing.servers import base, fuse
from scanner.testing.servers.fuse import nfs4_acl

Told = dict[str, set[tuple[object, ...]]]


def crawl(root: Path, **options: object) -> Crawl:
    with closing(PLUG.open(FileOptions(root=str(root), **options), Session("test"))) as connector:  # type: ignore[arg-type]
        result = crawl_all(connector)
    assert ledger_gaps(result) == []
    return result


def told(result: Crawl, *columns: str) -> Told:
    """By path, the rights of others and named ones; of owner and group where asked for by columns."""
    found: Told = defaultdict(set)
    for row in result.records("grant"):
        found[str(row["path"])].add(tuple(row[c] for c in columns or ("grantee", "right", "effect")))
    return dict(found)


@pytest.fixture
def tree() -> Iterator[Path]:
    with base.home("rights") as root:
        yield root


def acl(place: Path, *words: str) -> None:
    subprocess.run(["setfacl", *words, str(place)], check=True)


def test_rights_are_told_at_the_root_and_then_only_where_they_differ(tree: Path) -> None:
    for folder in ("a/b", "open", "open/within", "shut"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "file").touch(mode=0o644)
    for folder in ("open", "open/within"):
        (tree / folder).chmod(0o777)
        (tree / folder / "file").chmod(0o666)
    (tree / "shut").chmod(0o700)
    (tree / "shut" / "file").chmod(0o600)
    (tree / "a" / "private").touch(mode=0o600)
    (tree / "a" / "program").touch(mode=0o755)
    found = told(crawl(tree))
    assert set(found) == {"", "open", "shut", "a/private"}
    assert found[""] == {
        ("root", "owner", "allow"),
        *(("root", right, "allow") for right in ("read", "list", "write", "execute")),
        *(("others", right, "allow") for right in ("read", "list", "execute")),
    }
    assert found["open"] == found[""] | {("others", "write", "allow")}
    assert {who for who, _, _ in found["shut"]} == {"root"}
    assert found["a/private"] == {("root", r, "allow") for r in ("owner", "read", "write")}


@pytest.mark.parametrize(("folder", "file", "differs"), [
    (0o700, 0o644, False),  # a home as it usually is
    (0o700, 0o444, True),  # not what the folder says of its owner
    (0o750, 0o644, False),
    (0o750, 0o604, True),  # the group gets in, and may not read it
    (0o711, 0o644, True),  # whoever knows its name may read it
    (0o744, 0o640, False),  # the folder's names can be read, and nothing beneath it
])  # fmt: skip
def test_what_a_folder_bars_anyway_is_not_told_of_every_file(tree: Path, folder: int, file: int, differs: bool) -> None:
    (tree / "home").mkdir()
    (tree / "home" / "file").touch()
    (tree / "home" / "file").chmod(file)
    (tree / "home").chmod(folder)
    assert ("home/file" in told(crawl(tree))) is differs


def test_in_a_folder_for_its_owner_alone_groups_do_not_count(tree: Path) -> None:
    for name, user, group in (("same", 5, 60), ("other group", 5, 1), ("other owner", 1, 60)):
        (tree / name).touch(mode=0o664)
        os.chown(tree / name, user, group)
    os.chown(tree, 5, 60)
    tree.chmod(0o700)
    assert set(told(crawl(tree))) == {"", "other owner"}


def test_every_row_uses_the_declared_words_and_says_what_the_source_wrote(tree: Path) -> None:
    (tree / "d").mkdir()
    acl(tree / "d", "-m", "u:games:rwx,d:u:games:r,m::r-x")
    records = crawl(tree).records("grant")
    assert {r["grantee_kind"] for r in records} <= set(GRANTEE_KINDS)
    assert {r["right"] for r in records} <= set(RIGHTS)
    assert {r["origin"] for r in records} <= set(ORIGINS)
    games = [r for r in records if r["grantee"] == "games"]
    assert {(r["native"], r["scope"], r["grantee_id"]) for r in games} == {
        ("user:games:rwx #effective:r-x", "both", "#5"),
        ("default:user:games:r--", "beneath", "#5"),
    }
    future = [r for r in records if r["scope"] == "beneath"]
    assert all(r["condition"] for r in future), "what new entries get says nothing of those that are there"


def test_owners_nobody_knows_any_more_are_told_as_such(tree: Path) -> None:
    (tree / "left behind").touch(mode=0o640)
    os.chown(tree / "left behind", 3_456_789, 3_456_788)
    found = told(crawl(tree), "grantee", "grantee_kind", "right", "grantee_id")["left behind"]
    assert found == {
        ("#3456789", "unknown", "owner", "#3456789"),
        ("#3456789", "unknown", "read", "#3456789"),
        ("#3456789", "unknown", "write", "#3456789"),
        ("#3456788", "unknown", "read", "#3456788"),
    }


def test_a_group_with_less_than_all_have_is_denied_the_rest(tree: Path) -> None:
    (tree / "but not us").mkdir(mode=0o755)
    os.chown(tree / "but not us", 0, grp.getgrnam("games").gr_gid)
    (tree / "but not us").chmod(0o705)
    found = told(crawl(tree))["but not us"]
    assert {f for f in found if f[0] == "games"} == {("games", r, "deny") for r in ("read", "list", "execute")}


def test_access_lists_are_told_as_getfacl_shows_them(tree: Path) -> None:
    """The effective rights, mask applied, against the tool that everybody trusts."""
    (tree / "d").mkdir()
    acl(tree / "d", "-m", "u:games:rwx,u:daemon:---,g:mail:rw,m::r-x,o::r-x")
    listed = subprocess.run(["getfacl", "-ce", str(tree / "d")], capture_output=True, text=True, check=True).stdout
    expected = set()
    for line in listed.splitlines():
        if line and not line.startswith("mask"):
            entry, _, effective = line.partition("#effective:")
            expected.add((entry.strip()[:-3], (effective or entry.strip()[-3:]).strip()))
    found: dict[str, set[str]] = defaultdict(set)
    for row in crawl(tree).records("grant"):
        if row["path"] == "d" and row["right"] != "owner" and row["effect"] == "allow":
            found[str(row["native"]).partition(" #")[0][:-3]].add(str(row["right"]))
    letters = {"read": "r", "write": "w", "execute": "x"}
    for entry, bits in expected:
        assert {letters[r] for r in found.get(entry, set()) - {"list"}} == set(bits) - {"-"}, entry
    assert ("daemon", "read", "deny") in told(crawl(tree))["d"]


def test_files_beneath_a_folder_with_a_list_are_asked_and_told_where_they_differ(tree: Path) -> None:
    (tree / "d").mkdir()
    acl(tree / "d", "-m", "u:games:rwx", "-d", "-m", "u:games:rwx")
    for name in ("as given", "more"):
        (tree / "d" / name).touch(mode=0o664)
    acl(tree / "d" / "more", "-m", "u:daemon:r")
    (tree / "alone").touch(mode=0o644)
    acl(tree / "alone", "-m", "u:daemon:r")
    found = told(crawl(tree))
    assert ("daemon", "read", "allow") in found["d/more"]
    assert "alone" not in found
    assert ("daemon", "read", "allow") in told(crawl(tree, file_acls=True))["alone"]


def test_a_folder_that_cannot_be_listed_tells_its_rights_all_the_same(tree: Path) -> None:
    (tree / "shut" / "inner").mkdir(parents=True)
    (tree / "shut").chmod(0o700)
    os.seteuid(65534)
    try:
        result = crawl(tree)
    finally:
        os.seteuid(0)
    assert [(f.path, f.reason) for f in result.faults] == [("shut/", "DENIED")]
    assert {who for who, _, _ in told(result)["shut"]} == {"root"}


def test_rights_do_not_depend_on_how_the_work_is_cut(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("a/b/c", "d/e"):
        (tree / folder).mkdir(parents=True)
    (tree / "a").chmod(0o770)
    (tree / "a/b").chmod(0o770)
    acl(tree / "d", "-m", "u:games:rx")
    whole = crawl(tree)
    monkeypatch.setattr("connectors.file.walk.SHARE_S", -1.0)
    cut = crawl(tree)
    assert len(cut.units) == 6
    assert cut.normal() == whole.normal()


def test_members_of_groups_are_told_as_the_account_database_has_them(tree: Path) -> None:
    found = {(r["group"], r["member"]) for r in crawl(tree).records("member")}
    assert ("root", "root") in found
    assert {(g.gr_name, m) for g in grp.getgrall() for m in g.gr_mem} <= found


@pytest.mark.server
def test_nfsv4_access_lists_are_told_where_the_mount_shows_them() -> None:
    with fuse() as double:
        rows = told(crawl(double.point / "nfs4"), "grantee", "right", "effect", "inherited", "scope", "origin")
    found = rows[""]
    assert ("EVERYONE@", "read", "allow", True, "both", "nfs4_acl") in found
    assert ("root", "write", "deny", False, "this", "nfs4_acl") in found
    assert ("EVERYONE@", "write", "allow", True, "both", "nfs4_acl") not in found
    assert set(rows) == {"", "private"}, "a file whose mode is its folder's is not even asked"
    assert ("ann@corp.example", "read", "allow", False, "this", "nfs4_acl") in rows["private"]


def test_nfsv4_entries_are_written_as_its_own_tools_do() -> None:
    (ace,) = nfs4.parse(nfs4_acl((0, 0x43, 0x1F01FF, "staff@corp.example")))
    assert ace.native == "A:fdg:staff@corp.example:rwanNxDtTdcCoy"
    assert (ace.kind, ace.rights(directory=True)) == ("group", ["full"])


@pytest.mark.parametrize("raw", [b"", b"\2\0\0", b"\3\0\0\0", b"\2\0\0\0" + b"x" * 7])
def test_bytes_that_are_no_posix_list_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse_acl(raw)


@pytest.mark.parametrize(
    "raw", [b"", struct.pack(">I", 2), struct.pack(">I", 1 << 31), nfs4_acl((0, 0, 1, "a@b"))[:-4]]
)
def test_bytes_that_are_no_nfsv4_list_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        nfs4.parse(raw)


@given(st.binary(max_size=120))
def test_any_bytes_are_a_list_or_refused(raw: bytes) -> None:
    for parse in (parse_acl, nfs4.parse):
        try:
            assert isinstance(parse(raw), tuple)
        except ValueError:
            continue


NUMBERS = st.integers(0, 255) | st.integers(0, 2**32 - 1)
WHO = st.sampled_from(["OWNER@", "GROUP@", "EVERYONE@"]) | st.text(max_size=10)


@given(
    st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535), NUMBERS), max_size=12),
    st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, WHO), max_size=12),
)
def test_any_list_is_told_in_the_declared_words(
    lines: list[tuple[int, int, int]], aces: list[tuple[int, int, int, str]]
) -> None:
    entries = parse_acl(struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *line) for line in lines))
    words = Words(user_names(), group_names())
    for some in (
        Rights(5, 60, "posix_acl", entries, entries),
        Rights(5, 60, "nfs4_acl", entries, (), nfs4.parse(nfs4_acl(*aces))),
    ):
        assert some.covers(some)
        for directory in (True, False):
            for who, kind, right, effect, _, _, _, native, scope, _ in words.rows(some, directory=directory):
                assert (kind in GRANTEE_KINDS, right in RIGHTS, effect in ("allow", "deny")) == (True, True, True)
                assert scope in ("this", "beneath", "both")
                assert (who + native).encode()


def test_a_damaged_list_leaves_the_mode_and_a_fault(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acl(tree, "-m", "u:games:rx")
    monkeypatch.setattr(rights, "_attribute", lambda *_: b"\3\0\0\0")
    result = crawl(tree)
    assert [(f.path, f.op, f.reason) for f in result.faults] == [("", "query", "QUERY_FAILED")]
    assert {r["origin"] for r in result.records("grant")} == {"mode"}


def test_fault_022_a_file_that_vanishes_before_its_list_is_asked_for_is_no_gap(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acl(tree, "-m", "u:games:rx")
    (tree / "file").touch()
    asked = rights.attributes

    def late(place: int | str) -> list[str]:
        if isinstance(place, str):
            (tree / "file").unlink()
        return asked(place)

    monkeypatch.setattr("connectors.file.walk.attributes", late)
    result = crawl(tree)
    assert (result.paths, result.faults) == (["file"], ())
    assert not (tree / "file").exists()


def test_rights_of_many_strangers_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "_REMEMBERED", 10)
    words = Words(user_names(), group_names())
    for user in range(100):
        assert words.rows(Rights(user, 0, "mode", of_mode(0o700, 0, 0).entries), directory=True)
    assert len(words._known) <= 10


# Mounts and settings

TABLE = b"""\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:20 / /proc rw - proc proc rw
24 22 0:21 / /run rw - tmpfs tmpfs rw
30 22 8:1 / /srv rw,noatime - xfs /dev/sdb1 rw
31 30 0:40 / /srv/team rw - nfs4 nas:/vol/team rw
32 22 0:41 / /mnt/fs01 rw - cifs //fs01/data/sub rw,password=hunter2,port=445
33 22 0:42 / /mnt/fs02 rw - cifs //fs02/data rw,port=4450
34 22 0:43 / /mnt/ssh rw - fuse.sshfs me@host:/srv/a\\040b rw
35 22 8:1 /projects /mnt/projects rw - xfs /dev/sdb1 rw
36 22 8:2 / /data rw - ext4 /dev/sdc1 rw
37 22 8:2 /part /data2 rw - ext4 /dev/sdc1 rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    (tmp_path / "mountinfo").write_bytes(TABLE)
    return read_mounts(b"/srv", tmp_path / "mountinfo")


def test_mounts_that_no_part_of_the_source_covers_are_seen(mounts: Mounts) -> None:
    found = {r["name"]: (r["locator"], r["detail"]) for r in rows(elsewhere(b"/srv", mounts, cross_mounts=False))}
    assert found == {
        "/": ("/", "ext4 /dev/vda"),
        "/srv/team": ("/srv/team", "nfs4 nas:/vol/team"),
        "/mnt/fs01": ("\\\\fs01\\data\\sub", "cifs //fs01/data/sub"),
        "/mnt/fs02": ("smb://fs02:4450/data", "cifs //fs02/data"),
        "/mnt/ssh": ("sftp://me@host/srv/a%20b", "fuse.sshfs me@host:/srv/a b"),
        "/data": ("/data", "ext4 /dev/sdc1"),
    }
    crossed = {r["name"] for r in rows(elsewhere(b"/srv", mounts, cross_mounts=True))}
    assert crossed == set(found) - {"/srv/team"}


def test_locators_of_mounts_are_those_of_the_sources_that_scan_them(mounts: Mounts) -> None:
    """A reader drops what another source scans by comparing the two."""
    from connectors.sftp import PLUG as SFTP  # noqa: PLC0415
    from connectors.smb import PLUG as SMB  # noqa: PLC0415

    found = {r["name"]: str(r["locator"]) for r in rows(elsewhere(b"/srv", mounts, cross_mounts=False))}
    secret = {"user": "u", "password": "env:P"}
    smb = SMB.options.model_validate({"root": "//fs01/data/sub", **secret})
    other = SMB.options.model_validate({"root": "//fs02/data", "port": 4450, **secret})
    sftp = SFTP.options.model_validate({**SFTP.from_url("sftp://me@host/srv/a%20b?password=env:P")})
    assert (SMB.locator(smb), SMB.locator(other)) == (found["/mnt/fs01"], found["/mnt/fs02"])
    assert SFTP.locator(sftp) == found["/mnt/ssh"]


def settings(root: Path) -> dict[object, object]:
    return {r["name"]: r["value"] for r in crawl(root).records("setting") if r["path"] == ""}


def test_fault_011_a_root_given_two_ways_has_one_identity(tree: Path) -> None:
    (tree / "real" / "sub").mkdir(parents=True)
    (tree / "alias").symlink_to("real")
    (tree / "bound").mkdir()
    plain, alias = settings(tree / "real"), settings(tree / "alias")
    subprocess.run(["mount", "--bind", str(tree / "real"), str(tree / "bound")], check=True)
    try:
        bound, sub = settings(tree / "bound"), settings(tree / "bound" / "sub")
    finally:
        subprocess.run(["umount", str(tree / "bound")], check=True)
    places = [(s["volume"], s["volume_path"]) for s in (plain, alias, bound)]
    assert len(set(places)) == 1
    assert (sub["volume"], sub["volume_path"]) == (plain["volume"], f"{plain['volume_path']}/sub")
    assert (plain["real_path"], bound["real_path"]) == (str(tree / "real"), str(tree / "bound"))


def test_made_up_owners_are_not_told_as_rights(tmp_path: Path) -> None:
    line = "30 22 0:40 / /srv rw - {} //fs01/data rw,{}\n"
    kept = {}
    for kind, options in (("cifs", "uid=0"), ("cifs", "uid=0,cifsacl"), ("vfat", "uid=0"), ("nfs4", "vers=4.2")):
        (tmp_path / "mountinfo").write_text(line.format(kind, options))
        root = read_mounts(b"/srv", tmp_path / "mountinfo").root
        assert root is not None
        kept[kind, options] = root.keeps_rights
    assert list(kept.values()) == [False, True, False, True]
