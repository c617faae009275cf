"""The file connector: the conformance suite on a real tree, and what only a file system can do to a walk."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, repeat
from pathlib import Path

import pytest

from connectors.file import PLUG, content
from connectors.file import listing as listing_module
from connectors.file import walk as walk_module
from connectors.file.accounts import group_names, user_names
from connectors.file.mounts import Mounts, read_mounts
from connectors.file.options import FileOptions, from_url, locator
from connectors.file.rights import Words
from connectors.file.rows import Rows, canonical_names, tier
from connectors.file.safely import parts
from scanner.connector import ReadsBytes, Session
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.paths import restore
from scanner.schema import SETTING
from scanner.testing import conformance
from scanner.testing.conformance import planted
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps, rows
from scanner.testing.servers import base
from scanner.testing.world import World, fingerprint


class TreeHarness(conformance.Harness):
    plug = PLUG

    def __init__(self, directory: Path) -> None:
        self.root = directory / "tree"
        self.root.mkdir()

    def plant(self, world: World) -> None:
        world.plant(self.root)

    def settings(self) -> dict[str, object]:
        return {"root": str(self.root)}

    def missing(self) -> dict[str, object]:
        return {"root": str(self.root) + " is not there"}

    def fingerprint(self) -> object:
        return fingerprint(self.root)

    @contextmanager
    def denied(self) -> Iterator[str]:
        place = self.root / "a" / "b"
        mode = place.stat().st_mode
        place.chmod(0)
        with unprivileged():
            yield "a/b/"
        place.chmod(mode)

    @contextmanager
    def offline(self) -> Iterator[str]:
        yield "large.img"  # content, but no block on disk: what a stub of a storage manager looks like

    @contextmanager
    def vanish(self) -> Iterator[tuple[str, Callable[[], None]]]:
        place, aside = self.root / "a" / "b", self.root.parent / "aside"
        times = place.parent.stat()
        try:
            yield "a/b/", lambda: None if aside.exists() else os.rename(place, aside)  # noqa: PTH104 - gives None
        finally:
            if aside.exists():
                aside.rename(place)
                os.utime(place.parent, ns=(times.st_atime_ns, times.st_mtime_ns))

    @contextmanager
    def grow(self) -> Iterator[Callable[[], None]]:
        new = [folder / f"new {n}" for folder in (self.root, self.root / "a") for n in range(3)]
        times = (self.root / "a").stat()

        def strike() -> None:
            for each in new:
                each.touch()

        try:
            yield strike
        finally:
            for each in new:
                each.unlink(missing_ok=True)
            os.utime(self.root / "a", ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def unprivileged() -> Iterator[None]:
    """This process as an account that owns nothing; root reads whatever its mode says."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(scope="module")
def harness() -> Iterator[TreeHarness]:
    with base.home("tree") as directory:
        yield planted(TreeHarness(directory))


class TestFile(
    conformance.ChangingSuite,
    conformance.DeniedSuite,
    conformance.ReadsBytesSuite,
    conformance.OfflineSuite,
    conformance.ConnectorSuite,
):
    """The conformance suite, on a local file system."""


def crawl(root: Path | str, **options: object) -> Crawl:
    with closing(PLUG.open(FileOptions(root=str(root), **options), Session("test"))) as connector:  # type: ignore[arg-type]
        result = crawl_all(connector)
    assert ledger_gaps(result) == []
    return result


def faults(result: Crawl) -> list[tuple[str, str, str]]:
    return sorted((f.path, f.op, f.reason) for f in result.faults)


# Facts


def test_every_fact_of_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(b"x" * 5000)
    file.chmod(0o640)
    os.chown(file, 0, 1)
    os.utime(file, ns=(1_500_000_000_123_456_789, 1_400_000_000_987_654_321))
    facts = crawl(tmp_path).entries["report.txt"]
    blocks = file.stat().st_blocks
    assert facts == {
        "parent": "",
        "name": "report.txt",
        "kind": "file",
        "size": 5000,
        "allocated": blocks * 512,
        "modified": 1_400_000_000_987_654,
        "accessed": 1_500_000_000_123_456,
        "owner": "root",
        "group": "daemon",
        "mode": stat.S_IFREG | 0o640,
        "links": 1,
        "tier": "online",
    }


def test_an_account_without_a_name_is_told_by_number(tmp_path: Path) -> None:
    (tmp_path / "orphan").touch()
    os.chown(tmp_path / "orphan", 3_456_789, 3_456_788)
    facts = crawl(tmp_path).entries["orphan"]
    assert (facts["owner"], facts["group"]) == ("#3456789", "#3456788")


def test_fault_014_links_are_told_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "odd").symlink_to(os.fsdecode(b"/etc/caf\xe9"))
    entries = crawl(tmp_path).entries
    assert {path: (e["kind"], e["target"], e["size"]) for path, e in entries.items()} == {
        "up": ("link", "..", None),
        "odd": ("link", "/etc/caf\\xE9", None),
    }


def test_fault_016_hard_links_share_an_identity_and_single_names_have_none(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "one").write_text("x")
    (tmp_path / "d" / "two").hardlink_to(tmp_path / "one")
    (tmp_path / "alone").write_text("x")
    entries = crawl(tmp_path).entries
    s = (tmp_path / "one").stat()
    assert entries["one"]["hardlink"] == entries["d/two"]["hardlink"] == f"{s.st_dev}:{s.st_ino}"
    assert (entries["one"]["links"], entries["alone"]["links"]) == (2, 1)
    assert entries["alone"].get("hardlink") is None
    assert (entries["d"].get("links"), entries["d"].get("hardlink")) == (None, None)


@pytest.mark.timeout(20)
def test_fault_012_special_files_are_recorded_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 200))
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "sock"))
        result = crawl(tmp_path)
        told = {path: (e["kind"], e["subtype"], e["size"]) for path, e in result.entries.items()}
        with closing(PLUG.open(FileOptions(root=str(tmp_path)), Session("test"))) as connector:
            assert isinstance(connector, ReadsBytes)
            for name in told:
                with pytest.raises(SourceError) as refused:
                    connector.read(name, 0, 1)
                assert refused.value.code == "UNKNOWN_TYPE"
    assert told == {
        "pipe": ("special", "fifo", None),
        "null": ("special", "character device", None),
        "disk": ("special", "block device", None),
        "sock": ("special", "socket", None),
    }


def test_the_file_system_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "letters").touch()
    with closing(PLUG.open(FileOptions(root=str(tmp_path)), Session("test"))) as connector:
        records = crawl_all(connector).records("setting")
    settings = {str(r["name"]): str(r["value"]) for r in records if r["path"] == ""}
    told = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert settings["filesystem"] == told
    assert int(settings["total_bytes"]) >= int(settings["free_bytes"]) > 0
    space = os.statvfs(tmp_path)
    assert settings["real_path"] == str(tmp_path.resolve())
    assert (settings["block_size"], settings["name_limit"]) == (str(space.f_bsize), str(space.f_namemax))
    assert settings["total_inodes"] == (str(space.f_files) if space.f_files else "None")
    assert (settings["read_only"], settings["case_sensitive"]) == ("no", "yes")
    assert (settings["rights_stored"], settings["extended_attributes"]) == ("yes", "yes")


def test_times_beyond_any_calendar_are_unknown_and_cost_nothing(tmp_path: Path) -> None:
    """A damaged clock may stamp what 64 bits of microseconds cannot hold; one such file must not lose a batch."""
    script = """
        mount("-t", "tmpfs", "none", root)
        for second in (9223372036854775807, -9223372036854775808, 253402300800, -62135596801):
            subprocess.run(["touch", "-d", f"@{second}", root / str(second)], check=True)
        with closing(PLUG.open(FileOptions(root=str(root)), Session("test"))) as connector:
            entries = crawl_all(connector).entries
        print(json.dumps({path: [e["modified"], e["accessed"]] for path, e in entries.items()}))
    """
    assert in_private_mounts(script, tmp_path) == {
        "9223372036854775807": [None, None],
        "-9223372036854775808": [None, None],
        "253402300800": [253402300800_000_000] * 2,
        "-62135596801": [-62135596801_000_000] * 2,
    }


# Places that are left out


@pytest.mark.parametrize("name", [".snapshot", ".zfs", "~snapshot"])
def test_fault_025_snapshot_folders_are_left_out_by_their_exact_name(tmp_path: Path, name: str) -> None:
    for folder in (name, name + "s", name.upper()):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    same = name.upper() == name
    result = crawl(tmp_path)
    assert faults(result) == [(name, "descend", "SNAPSHOT")]
    assert name in result.entries
    assert f"{name}/file" not in result.entries
    assert f"{name}s/file" in result.entries
    assert same or f"{name.upper()}/file" in result.entries
    assert f"{name}/file" in crawl(tmp_path, snapshots=True).entries


def in_private_mounts(script: str, *arguments: object) -> object:
    """Run code in mounts of its own, which end with it; it prints JSON."""
    code = textwrap.dedent(
        """
        import json, os, subprocess, sys
        from pathlib import Path
        from contextlib import closing
        from connectors.file import PLUG
        from connectors.file.options import FileOptions
        from scanner.connector import Session
        from scanner.testing.crawling import crawl_all, ledger_gaps

        def crawl(root, **options):
            with closing(PLUG.open(FileOptions(root=str(root), **options), Session("test"))) as connector:
                result = crawl_all(connector)
            assert ledger_gaps(result) == []
            faults = sorted((f.path, f.op, f.reason) for f in result.faults)
            return {"paths": sorted(result.paths), "faults": faults, "settings": result.records("setting")}

        def mount(*words):
            subprocess.run(["mount", *map(str, words)], check=True)

        root = Path(sys.argv[1])
        """
    ) + textwrap.dedent(script)
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_fault_015_mounts_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "tree" / "other disk").mkdir(parents=True)
    (tmp_path / "tree" / "bound").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "e").touch()
    script = """
        mount("-t", "tmpfs", "none", root / "tree/other disk")
        (root / "tree/other disk/t").touch()
        mount("--bind", root / "elsewhere", root / "tree/bound")   # the same device: only the kernel's table knows
        tree = root / "tree"
        print(json.dumps([crawl(tree), crawl(tree, cross_mounts=True), crawl(tree / "other disk")]))
    """
    stay, cross, inside = in_private_mounts(script, tmp_path)  # type: ignore[misc]
    assert stay["paths"] == ["bound", "other disk"]
    assert stay["faults"] == [["bound", "descend", "MOUNT"], ["other disk", "descend", "MOUNT"]]
    assert cross["paths"] == ["bound", "bound/e", "other disk", "other disk/t"]
    assert cross["faults"] == []
    kinds = {r["path"]: r["value"] for r in cross["settings"] if r["name"] == "filesystem"}
    assert kinds["other disk/"] == "tmpfs"
    assert set(kinds) == {"", "bound/", "other disk/"}
    assert (inside["paths"], inside["faults"]) == (["t"], [])


def test_fault_013_pseudo_file_systems_are_never_entered(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "sys").mkdir()
    script = """
        mount("-t", "proc", "proc", root / "proc")
        mount("--bind", "/sys/kernel", root / "sys")
        result = crawl(root, cross_mounts=True)
        try:
            crawl(root / "proc")
        except Exception as error:
            result["root"] = error.code
        print(json.dumps(result))
    """
    result = in_private_mounts(script, tmp_path)
    assert isinstance(result, dict)
    assert result["paths"] == ["proc", "sys"]
    assert result["faults"] == [["proc", "descend", "PSEUDO_FS"], ["sys", "descend", "PSEUDO_FS"]]
    assert result["root"] == "PSEUDO_FS"


def test_fault_014_a_bound_directory_that_leads_back_up_is_listed_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    script = """
        mount("--bind", root, root / "a/b")
        print(json.dumps(crawl(root, cross_mounts=True)))
    """
    result = in_private_mounts(script, tmp_path)
    assert isinstance(result, dict)
    assert result["paths"] == ["a", "a/b"]
    assert result["faults"] == [["a/b", "descend", "LOOP"]]


def test_fault_019_access_times_stay_as_they_are_even_where_every_reading_counts(tmp_path: Path) -> None:
    script = """
        mount("-t", "tmpfs", "-o", "strictatime", "none", root)
        (root / "d").mkdir()
        (root / "d/f").write_text("content")
        for place in (root / "d/f", root / "d", root):
            os.utime(place, (1, 1))
        crawl(root)
        with closing(PLUG.open(FileOptions(root=str(root)), Session("test"))) as connector:
            content = connector.read("d/f", 0, 100).decode()
        print(json.dumps([content, *(os.stat(p).st_atime for p in (root, root / "d", root / "d/f"))]))
    """
    assert in_private_mounts(script, tmp_path) == ["content", 1.0, 1.0, 1.0]


def test_the_table_of_mounts_is_read_with_its_escapes_and_without_passwords(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    lines = [
        b"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard",
        b"30 22 0:21 / /srv/our\\040data rw - cifs //fs01/data rw,username=svc,password=hunter2,vers=3.1.1",
        b"31 30 0:22 / /srv/our\\040data/a\\011b rw shared:1 - nfs4 nas:/vol rw",
        b"32 30 0:23 / /srv/our\\040data/a\\011b rw - tmpfs none rw",
        b"33 22 0:24 / /srv/our\\040data\\040too rw - tmpfs none rw",
        b"a torn line",
    ]
    table.write_bytes(b"\n".join(lines))
    mounts = read_mounts(b"/srv/our data/", table)
    assert mounts.root is not None
    assert (mounts.root.type, mounts.root.of) == ("cifs", "//fs01/data")
    assert mounts.root.options == "rw,username=svc,vers=3.1.1"
    assert {key: m.type for key, m in mounts.below.items()} == {"a\tb/": "tmpfs"}
    assert mounts.type_of(os.makedev(0, 22)) == "nfs4"
    assert mounts.type_of(os.makedev(9, 9)) == "cifs"
    assert read_mounts(b"/srv", tmp_path / "none").root is None


# Places that refuse, vanish or fail


def test_fault_021_a_directory_that_may_be_listed_but_not_entered_is_failures_by_name(tmp_path: Path) -> None:
    with base.home("tree") as root:
        (root / "shut").mkdir()
        (root / "shut" / "x").touch()
        (root / "shut").chmod(0o744)
        with unprivileged():
            result = crawl(root)
    assert faults(result) == [("shut/x", "stat", "DENIED")]


def test_fault_021_an_unlistable_root_is_a_fault_and_an_unreachable_one_an_error(tmp_path: Path) -> None:
    with base.home("tree") as root:
        (root / "inner").mkdir()
        root.chmod(0o711)
        with unprivileged():
            assert faults(crawl(root)) == [("", "list", "DENIED")]
        root.chmod(0o700)
        with unprivileged(), pytest.raises(SourceError) as refused:
            crawl(root / "inner")
        assert refused.value.code == "DENIED"


def test_a_root_that_is_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError) as refused:
        crawl(tmp_path / "file")
    assert (refused.value.code, refused.value.where) == ("ROOT_MISSING", str(tmp_path / "file"))


def test_a_root_that_leads_nowhere_is_missing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for root in (tmp_path / "loop", tmp_path / ("n" * 300)):
        with pytest.raises(SourceError) as refused:
            crawl(root)
        assert (refused.value.code, refused.value.where) == ("ROOT_MISSING", str(root))


@pytest.mark.parametrize("root", ["/srv/a\0b", "/srv/a\\x00b"])
def test_a_root_no_path_can_be_is_refused_as_a_setting(root: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        FileOptions(root=root)


def test_a_root_given_by_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").touch()
    (tmp_path / "alias").symlink_to("real")
    assert crawl(tmp_path / "alias").paths == ["f"]


def after_names(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen between the listing of a directory and the look at what it holds."""
    plain = canonical_names
    pending = [act]

    def meanwhile(names: list[str]) -> tuple[list[str], int]:
        while pending:
            pending.pop()()
        return plain(names)

    monkeypatch.setattr(walk_module, "canonical_names", meanwhile)


def test_fault_022_what_vanishes_after_the_listing_is_a_failure_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    after_names(monkeypatch, (tmp_path / "b").unlink)
    result = crawl(tmp_path)
    assert sorted(result.paths) == ["a", "c"]
    assert faults(result) == [("b", "stat", "VANISHED")]


def swap_for_link(directory: Path, outside: Path) -> Callable[[int, str | bytes], int]:
    plain = walk_module.open_directory

    def swapping(parent: int, name: str | bytes) -> int:
        if name == directory.name and directory.is_dir() and not directory.is_symlink():
            directory.rename(directory.with_name("moved"))
            directory.symlink_to(outside)
        return plain(parent, name)

    return swapping


def test_fault_014_a_directory_swapped_for_a_link_does_not_lead_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree" / "d").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").touch()
    monkeypatch.setattr(walk_module, "open_directory", swap_for_link(tmp_path / "tree" / "d", tmp_path / "outside"))
    result = crawl(tmp_path / "tree")
    assert result.paths == ["d"]
    assert faults(result) == [("d/", "list", "VANISHED")]


def test_no_key_or_path_leads_outside_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "tree" / "d").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (tmp_path / "tree" / "out").symlink_to("..")
    with closing(PLUG.open(FileOptions(root=str(tmp_path / "tree")), Session("test"))) as connector:
        for key in ("../", "d/../../", "out/", "./", "d//", "/etc/"):
            events = list(connector.crawl(Unit(key)))
            assert [(e.op, e.reason) for e in events if isinstance(e, Fault)] == [("list", "VANISHED")], key
            assert not [e for e in events if isinstance(e, Batch) and e.schema.name == "entry"]
        assert isinstance(connector, ReadsBytes)
        for path in ("../secret", "out/secret", "d/../../secret", ""):
            with pytest.raises(SourceError):
                connector.read(path, 0, 10)


def injected(tmp_path: Path, inject: str) -> list[object]:
    """Run a crawl of ``tmp_path/tree`` under strace, which makes one system call fail."""
    code = textwrap.dedent(
        """
        import json, sys
        from contextlib import closing
        from connectors.file import PLUG
        from connectors.file.options import FileOptions
        from scanner.connector import Session
        from scanner.testing.crawling import crawl_all, ledger_gaps
        with closing(PLUG.open(FileOptions(root=sys.argv[1]), Session("test"))) as connector:
            result = crawl_all(connector)
        assert ledger_gaps(result) == []
        faults = [[f.path, f.op, f.reason] for f in result.faults]
        listings = [[r["path"], r["complete"]] for r in result.records("listing")]
        print(json.dumps([sorted(result.paths), faults, listings]))
        """
    )
    tree = tmp_path / "tree"
    traced = ["strace", "-f", "-q", "-o", str(tmp_path / "trace"), "-P", str(tree / "d"), "-e", f"inject={inject}"]
    command = [*traced, sys.executable, "-c", code, str(tree)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert isinstance(result, list)
    return result


def test_fault_029_a_listing_that_breaks_off_keeps_what_came(tmp_path: Path) -> None:
    """Fault 29. The first getdents64 of the directory answers, the second fails."""
    (tmp_path / "tree" / "d").mkdir(parents=True)
    for number in range(3000):
        (tmp_path / "tree" / "d" / f"a name long enough that one answer cannot hold them all {number:05}").touch()
    (tmp_path / "tree" / "sibling").touch()
    paths, told, listings = injected(tmp_path, "getdents64:error=EIO:when=2+")
    assert isinstance(paths, list)
    assert 100 < len([p for p in paths if p.startswith("d/")]) < 3000
    assert "sibling" in paths
    assert told == [["d/", "list", "PARTIAL"]]
    assert sorted(listings) == [["", True], ["d/", False]]  # type: ignore[call-overload]


def test_fault_029_a_directory_that_cannot_be_read_at_all_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / "tree" / "d").mkdir(parents=True)
    (tmp_path / "tree" / "d" / "inside").touch()
    paths, told, _listings = injected(tmp_path, "getdents64:error=EIO:when=1+")
    assert paths == ["d"]
    assert told == [["d/", "list", "IO_ERROR"]]


# Content


def test_fault_019_reading_that_would_leave_a_trace_needs_permission(tmp_path: Path) -> None:
    with base.home("tree") as root:
        (root / "roots.txt").write_text("content")
        (root / "roots.txt").chmod(0o644)
        os.utime(root / "roots.txt", (1, 1))
        with unprivileged():
            refused = PLUG.open(FileOptions(root=str(root)), Session("test"))
            allowed = PLUG.open(FileOptions(root=str(root), allow_atime=True), Session("test"))
            assert isinstance(refused, ReadsBytes)
            assert isinstance(allowed, ReadsBytes)
            with closing(refused), closing(allowed):
                with pytest.raises(SourceError, match="allow_atime") as error:
                    refused.read("roots.txt", 0, 10)
                assert error.value.code == "DENIED"
                assert (root / "roots.txt").stat().st_atime == 1
                assert allowed.read("roots.txt", 2, 3) == b"nte"


def test_fault_012_a_file_swapped_for_a_pipe_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("x")
    plain = content.open_file

    def swapping(parent: int, name: bytes, *, allow_atime: bool) -> int:
        (tmp_path / "f").unlink()
        os.mkfifo(tmp_path / "f")
        return plain(parent, name, allow_atime=allow_atime)

    monkeypatch.setattr(content, "open_file", swapping)
    with closing(PLUG.open(FileOptions(root=str(tmp_path)), Session("test"))) as connector:
        assert isinstance(connector, ReadsBytes)
        with pytest.raises(SourceError) as refused:
            connector.read("f", 0, 1)
    assert refused.value.code == "UNKNOWN_TYPE"


@pytest.mark.parametrize(
    ("size", "blocks", "file_system", "expected"),
    [
        (10_000, 24, "ext4", "online"),
        (0, 0, "nfs4", "online"),
        (100, 0, "ext4", "online"),
        (10_000, 0, "ext4", "nearline"),
        (100, 0, "nfs4", "nearline"),
        (100, 0, "", "nearline"),
        (100, 0, "lustre", "offline"),
        (100, 1, "lustre", "online"),
    ],
)
def test_fault_018_content_without_blocks_is_suspect(size: int, blocks: int, file_system: str, expected: str) -> None:
    class Facts:
        st_size, st_blocks = size, blocks

    assert tier(Facts, file_system) == expected  # type: ignore[arg-type]


# Size and shape


def test_a_unit_hands_out_what_is_beyond_its_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in range(20):
        (tmp_path / f"d{folder}").mkdir()
        for file in range(10):
            (tmp_path / f"d{folder}" / f"f{file}").touch()
    monkeypatch.setattr(walk_module, "SHARE_S", 1e9)
    whole = crawl(tmp_path)
    monkeypatch.setattr(walk_module, "SHARE", 60)
    shared = crawl(tmp_path)
    assert whole.units == (Unit(""),)
    # 20 names at the top and four directories fill the share; the others are four units of four each.
    assert [len(unit.members) for unit in shared.units] == [0, 4, 4, 4, 4]
    assert shared.normal() == whole.normal()


def test_a_unit_of_several_hands_out_the_rest_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [b"plain", b"caf\xe9", b"back\\slash", b"\x1fseveral ", b"new\nline", b" ", "ü".encode(), b"-", b"..."]
    for name in names:
        place = os.fsencode(tmp_path) + b"/top/" + name
        os.makedirs(place + b"/deep")  # noqa: PTH103 - the names are bytes
        for file in range(5):
            os.close(os.open(place + b"/deep/%d" % file, os.O_CREAT))
    monkeypatch.setattr(walk_module, "SHARE_S", 1e9)
    whole = crawl(tmp_path)
    monkeypatch.setattr(walk_module, "SHARE", 10)
    monkeypatch.setattr(walk_module, "FEWEST", 1)
    shared = crawl(tmp_path)
    several = [unit for unit in shared.units if unit.members]
    assert several[0].key == "top/"
    assert sorted(os.fsdecode(restore(u.key)) for u in several[0].members) == sorted(
        f"top/{os.fsdecode(name)}/" for name in names
    )
    assert len(several) > 2  # each listed two or three, and handed out the rest again
    assert shared.normal() == whole.normal()


def test_several_that_are_gone_or_no_directories_any_more_are_a_fault_each(tmp_path: Path) -> None:
    (tmp_path / "top" / "there").mkdir(parents=True)
    (tmp_path / "top" / "link").symlink_to("there")
    with closing(PLUG.open(FileOptions(root=str(tmp_path)), Session("test"))) as connector:
        events = list(connector.crawl(Unit.several("top/", ["gone", "link", "there"])))
        outer = list(connector.crawl(Unit.several("nowhere/", ["a", "b"])))
        with pytest.raises(OSError, match="Not a directory"):
            list(connector.crawl(Unit.several("top/", ["there", ".."])))
    faults = {(e.path, e.op, e.reason) for e in events if isinstance(e, Fault)}
    assert faults == {("top/gone/", "list", "VANISHED"), ("top/link/", "list", "VANISHED")}
    assert [row["path"] for e in events if isinstance(e, Batch) and e.schema.name == "listing" for row in rows(e)] == [
        "top/there/"
    ]
    assert [(e.path, e.reason) for e in outer if isinstance(e, Fault)] == [
        ("nowhere/a/", "VANISHED"), ("nowhere/b/", "VANISHED"),
    ]  # fmt: skip


def test_how_many_go_into_a_unit_follows_from_how_long_they_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in range(400):
        (tmp_path / f"d{folder}").mkdir()
    monkeypatch.setattr(walk_module, "SHARE_S", 0.25)
    monkeypatch.setattr(walk_module, "kept_waiting_s", lambda: 0.0)
    monkeypatch.setattr(walk_module, "SHARE", 100)  # spent after the top's own names
    assert {len(u.members) for u in _handed_out(tmp_path, each_s=0.00001)} == {100}
    assert {len(u.members) for u in _handed_out(tmp_path, each_s=0.001)} == {5}
    assert {len(u.members) for u in _handed_out(tmp_path, each_s=0.005)} == {0}


def _handed_out(root: Path, each_s: float) -> list[Unit]:
    """The units of a walk whose clock says how long each of its 400 names took."""
    session = Session("test")
    handle = os.open(root, os.O_PATH | os.O_DIRECTORY)
    told = Rows(Mounts(None, {}, {}), Words(user_names(), group_names()), access_times=False)
    times = chain([0.0], repeat(400 * each_s))
    try:
        walk = walk_module.Walk(
            handle, FileOptions(root=str(root)), session, Mounts(None, {}, {}), told,
            lambda _handle, _key: Batch(SETTING, {}), clock=lambda: next(times),
        )  # fmt: skip
        return [event for event in walk.run(Unit("")) if isinstance(event, Unit)]
    finally:
        os.close(handle)


def test_a_slow_source_is_handed_out_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in range(5):
        (tmp_path / f"d{folder}").mkdir()
    monkeypatch.setattr(walk_module, "SHARE_S", -1.0)
    assert len(crawl(tmp_path).units) == 6


def test_fault_024_a_directory_of_many_names_is_streamed_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_module, "BATCH", 500)
    monkeypatch.setattr(listing_module, "CHUNK", 100)
    for number in range(1950):
        (tmp_path / f"f{number}").touch()
    result = crawl(tmp_path)
    sizes = [len(batch) for batch in result.batches if batch.schema.name == "entry"]
    assert sizes == [500, 500, 500, 450]
    assert [r["listed"] for r in result.records("listing")] == [1950]


class Restless:
    """A directory whose names move while it is listed: those renamed over come again, as XFS and Btrfs show them."""

    def __init__(self, names: Iterator[os.DirEntry[str]]) -> None:
        self._names = list(names)

    def __enter__(self) -> Iterator[os.DirEntry[str]]:
        return iter([*self._names, *self._names[:3]])

    def __exit__(self, *_: object) -> None:
        return


@pytest.mark.parametrize("chunk", [4, 1000])
def test_fault_010_a_name_that_comes_twice_is_recorded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    for name in "abcdefg":
        (tmp_path / name).touch()
    plain = os.scandir
    monkeypatch.setattr(listing_module.os, "scandir", lambda at: Restless(plain(at)))
    monkeypatch.setattr(listing_module, "CHUNK", chunk)
    result = crawl(tmp_path)
    assert sorted(result.paths) == list("abcdefg")
    assert [(f.op, f.reason) for f in result.faults] == [("skip", "DUPLICATE_ENTRY")] * 3
    assert result.records("listing") == [{"path": "", "listed": 10, "complete": True}]


def test_fault_024_a_directory_without_end_is_given_up_at_a_cap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        (tmp_path / str(number)).touch()
    monkeypatch.setattr(listing_module, "CHUNK", 10)
    monkeypatch.setattr(listing_module, "LONGEST", 30)
    result = crawl(tmp_path)
    assert len(result.paths) == 30
    assert faults(result) == [("", "list", "TRUNCATED")]
    assert result.records("listing") == [{"path": "", "listed": 30, "complete": False}]


def test_more_directories_than_a_unit_could_cover_are_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk_module, "SHARE", 30)
    monkeypatch.setattr(listing_module, "CHUNK", 10)
    for number in range(60):
        (tmp_path / f"d{number}").mkdir()
    result = crawl(tmp_path)
    assert len(result.paths) == 60
    early, rest = result.units[1:], result.units[-1:]
    assert sum(len(unit.members) or 1 for unit in early) == 60
    assert rest != early, "those met first are handed out before the last ones are known"


def test_a_tree_deeper_than_any_path_may_be_long_is_walked_to_its_end(tmp_path: Path) -> None:
    depth, name = 300, "n" * 40
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    result = crawl(tmp_path)
    assert len(result.paths) == depth
    assert max(len(path) for path in result.paths) == depth * 41 - 1 > 4096
    assert result.faults == ()
    assert len(result.units) > 1


def test_fault_001_undecodable_names_are_one_note_per_directory(tmp_path: Path) -> None:
    for name in (b"a\xe9", b"b\xff", b"plain", b"back\\slash"):
        (tmp_path / os.fsdecode(name)).touch()
    result = crawl(tmp_path)
    assert sorted(result.paths) == ["a\\xE9", "b\\xFF", "back\\\\slash", "plain"]
    assert result.faults == (Fault("", "note", "NAME_UNDECODABLE", "2 names here are not valid UTF-8"),)


def test_counts_and_bytes_equal_those_of_find() -> None:
    """An independent lister over a real tree, one that nobody writes to."""
    root = Path("/usr/share").resolve()
    result = crawl(root)
    command = ["find", str(root), "-mindepth", "1", "-xdev", "-printf", "%y %s\\n"]
    printed = subprocess.run(command, capture_output=True, check=True)
    found = [line.split() for line in printed.stdout.splitlines()]
    assert len(found) == len(result.paths) == len(set(result.paths))
    by_find = sum(int(size) for kind, size in found if kind == b"f")
    assert by_find == sum(int(str(e["size"])) for e in result.entries.values() if e["kind"] == "file")


# Settings and locators


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("/srv/data", "/srv/data"),
        ("file:///srv/our%20data", "/srv/our data"),
        ("file:///srv/caf%E9", "/srv/caf\\xE9"),
        ("file://localhost/srv", "/srv"),
        ("/srv/a\\b", "/srv/a\\\\b"),
        ("/srv/caf\udce9", "/srv/caf\\xE9"),
    ],
)
def test_locators_become_settings(url: str, root: str) -> None:
    settings = from_url(url)
    assert settings == {"root": root}
    assert locator(FileOptions.model_validate(settings)) == root


def test_relative_and_home_paths_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert from_url("here") == {"root": f"{tmp_path}/here"}
    assert locator(FileOptions(root="~/data")) == "/home/me/data"
    assert locator(FileOptions(root=".")) == str(tmp_path)


def test_another_host_is_refused() -> None:
    with pytest.raises(ValueError, match="this machine"):
        from_url("file://server/share")


def test_fault_001_a_locator_with_odd_bytes_leads_to_the_directory(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    (odd / "f").touch()
    root = from_url(str(odd))["root"]
    assert crawl(str(root)).paths == ["f"]


def test_parts_of_a_path_are_its_exact_bytes() -> None:
    assert parts("") == []
    assert parts("a/caf\\xE9/") == [b"a", b"caf\xe9"]
    for none in ("a/../b/", "a\0b", "a/\\x00/"):
        with pytest.raises(NotADirectoryError):
            parts(none)


def test_fault_019_no_writing_or_opening_of_files_shows_in_a_trace(tmp_path: Path) -> None:
    """Promise 1, as the kernel saw it: directories opened for reading, looks at names, and nothing else."""
    tree = tmp_path / "tree"
    tree.mkdir()
    conformance.Harness().world.plant(tree)
    script = (
        "import sys\n"
        "from connectors.file import PLUG\n"
        "from connectors.file.options import FileOptions\n"
        "from scanner.connector import Session\n"
        "from scanner.testing.crawling import crawl_all\n"
        "import grp, os, pwd, pyarrow\n"
        "pyarrow.array([1])\n"  # which looks around for another library, once
        "pwd.getpwuid(0), grp.getgrgid(0)\n"
        "groups, users = grp.getgrall(), pwd.getpwall()\n"  # the account database opens what it likes
        "grp.getgrall, pwd.getpwall = lambda: groups, lambda: users\n"
        "connector = PLUG.open(FileOptions(root=sys.argv[1]), Session('test'))\n"
        "os.access('/begin', 0)\n"
        "crawl_all(connector)\n"
        "os.access('/end', 0)\n"
    )
    trace = tmp_path / "trace"
    command = [
        "strace",
        "-f",
        "-q",
        "-o",
        str(trace),
        "-s",
        "4096",
        "-e",
        "trace=%file,%desc,write",
        sys.executable,
        "-c",
        script,
        str(tree),
    ]
    subprocess.run(command, check=True, timeout=100, cwd=Path(__file__).parents[2])
    text = trace.read_text(errors="replace")
    calls = text[text.index('"/begin"') : text.index('"/end"')].splitlines()[1:-1]
    names = {match[1] for line in calls if (match := re.match(r"\d+ +(\w+)\(", line))}
    harmless = {
        "newfstatat",
        "fstat",
        "getdents64",
        "lseek",
        "close",
        "dup",
        "fcntl",
        "readlinkat",
        "statfs",
        "fstatfs",
        "flistxattr",
        "fgetxattr",
    }
    harmless |= {"readlink", "lstat", "stat", "read", "ioctl", "mmap", "statx"}
    assert names - harmless <= {"openat", "open"}, names - harmless
    opened = [line for line in calls if re.match(r"\d+ +open(at)?\(", line) and "/proc/self/mountinfo" not in line]
    assert opened
    elsewhere = re.compile(
        rf'AT_FDCWD, "/(?!{re.escape(str(tree).lstrip("/"))})'
    )  # the account database, its libraries
    assert [line for line in opened if "O_DIRECTORY" not in line and not elsewhere.search(line)] == []
    assert not [line for line in calls if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line)]
