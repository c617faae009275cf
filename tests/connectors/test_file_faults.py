"""What file systems do to whoever lists them: sick disks, dead mounts, millions of names; and a whole scan, traced."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import stat
import subprocess
import sys
import sysconfig
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from connectors.file import PLUG
from connectors.file import listing as listing_module
from connectors.file import walk as walk_module
from connectors.file.listing import Listing
from connectors.file.options import FileOptions
from scanner.connector import ReadsBytes, Session
from scanner.model import SourceError, Unit
from scanner.paths import restore
from scanner.testing.conformance import Harness
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps
from scanner.testing.estate_tree import plant_many
from scanner.testing.servers import Fuse, base, fuse
from scanner.testing.servers.fuse import BROKEN_AFTER, CIRCLE, STUB_SIZE

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]


@pytest.fixture(scope="module")
def double() -> Iterator[Fuse]:
    with fuse() as mounted:
        yield mounted


def opened(root: Path, **options: object) -> closing:  # type: ignore[type-arg]
    return closing(PLUG.open(FileOptions(root=str(root), **options), Session("test")))  # type: ignore[arg-type]


def crawl(root: Path, **options: object) -> Crawl:
    with opened(root, **options) as connector:
        result = crawl_all(connector)
    assert ledger_gaps(result) == []
    return result


def faults(result: Crawl) -> list[tuple[str, str, str]]:
    return sorted((f.path, f.op, f.reason) for f in result.faults)


# Sick disks and mounts


@pytest.mark.server
def test_fault_029_a_disk_that_fails_in_mid_listing_keeps_what_came(double: Fuse) -> None:
    result = crawl(double.point / "broken")
    assert len(result.paths) == BROKEN_AFTER
    assert faults(result) == [("", "list", "PARTIAL")]
    assert result.records("listing") == [{"path": "", "listed": BROKEN_AFTER, "complete": False}]


@pytest.mark.server
def test_fault_029_a_name_the_disk_cannot_tell_about_costs_that_name(double: Fuse) -> None:
    result = crawl(double.point / "failing")
    assert sorted(result.paths) == ["better", "good"]
    assert faults(result) == [("bad", "stat", "IO_ERROR")]


@pytest.mark.server
@pytest.mark.timeout(60)
def test_fault_013_a_directory_that_goes_round_in_circles_ends(double: Fuse) -> None:
    result = crawl(double.point / "circle")
    assert len(result.paths) == CIRCLE
    assert Counter(f.reason for f in result.faults)["TRUNCATED"] == 1
    assert [r["complete"] for r in result.records("listing")] == [False]


@pytest.mark.server
@pytest.mark.timeout(60)
def test_fault_013_a_directory_with_always_another_name_ends_at_the_cap(
    double: Fuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_module, "LONGEST", 5000)
    result = crawl(double.point / "endless")
    assert len(result.paths) == 5000
    assert faults(result) == [("", "list", "TRUNCATED")]


@pytest.mark.server
@pytest.mark.timeout(60)
def test_fault_018_offline_content_is_never_opened(double: Fuse) -> None:
    """Neither to list it nor to read it: the double writes down every opening, and would never answer the reading."""
    with opened(double.point / "offline") as connector:
        entry = crawl_all(connector).entries["stub.dat"]
        assert isinstance(connector, ReadsBytes)
        with pytest.raises(SourceError) as refused:
            connector.read("stub.dat", 0, 100)
    assert (entry["size"], entry["allocated"], entry["tier"]) == (STUB_SIZE, 0, "nearline")
    assert refused.value.code == "OFFLINE"
    assert double.opened() == []
    with opened(double.point / "plain") as connector:
        assert isinstance(connector, ReadsBytes)
        assert connector.read("file", 0, 100) == b"content"
    assert double.opened() == ["/plain/file"], "the double does count"


@pytest.mark.server
@pytest.mark.timeout(60)
def test_fault_026_a_dead_mount_beneath_the_root_is_not_even_looked_at(tmp_path: Path) -> None:
    """No question about it would be answered: a crawl that asked one would not end."""
    (tmp_path / "dead").mkdir()
    (tmp_path / "alive").mkdir()
    (tmp_path / "alive" / "file").touch()
    with fuse(tmp_path / "dead") as double, double.dead():
        result = crawl(tmp_path)
    assert faults(result) == [("dead", "descend", "MOUNT")]
    assert sorted(result.paths) == ["alive", "alive/file", "dead"]
    assert {k: v for k, v in result.entries["dead"].items() if v is not None} == {
        "parent": "",
        "name": "dead",
        "kind": "directory",
    }
    assert str(tmp_path / "dead") in {r["name"] for r in result.records("seen")}


@pytest.mark.server
@pytest.mark.timeout(60)
def test_fault_026_a_dead_mount_elsewhere_is_seen_and_not_looked_at(tmp_path: Path) -> None:
    with fuse() as double, double.dead():
        result = crawl(tmp_path)
        seen = {r["name"]: r["detail"] for r in result.records("seen")}
    assert seen[str(double.point)] == "fuse.double double"


@pytest.mark.parametrize("share_s", [10.0, -1.0], ids=["in one go", "a unit each"])
def test_fault_015_what_is_mounted_while_it_is_crawled_is_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share_s: float
) -> None:
    base.need_root("mounting")
    (tmp_path / "a").mkdir()
    monkeypatch.setattr(walk_module, "SHARE_S", share_s)
    opening = walk_module.open_directory if share_s > 0 else walk_module.pass_through

    def late(parent: int, name: str | bytes) -> int:
        if os.fsdecode(name) == "a":
            subprocess.run(["mount", "-t", "tmpfs", "none", str(tmp_path / "a")], check=True)
            (tmp_path / "a" / "inside").touch()
        return opening(parent, name)  # type: ignore[arg-type]

    monkeypatch.setattr(walk_module, opening.__name__, late)
    try:
        result = crawl(tmp_path)
    finally:
        subprocess.run(["umount", str(tmp_path / "a")], check=True)
    assert result.paths == ["a"]
    assert faults(result) == [("a", "descend", "MOUNT")]


OWNER = """
import sys, time
from scanner.testing.servers import fuse
with fuse() as double:
    print(double.point, double.process, flush=True)
    time.sleep(600)
"""


@pytest.mark.server
@pytest.mark.timeout(60)
def test_the_double_goes_with_whoever_mounted_it_even_when_that_is_killed() -> None:
    """A mount left behind by tests that were cut off would make the next lister of this machine wait for ever."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as owner:
        assert owner.stdout is not None
        point, process = owner.stdout.readline().split()
        owner.kill()
    deadline = time.monotonic() + 20
    while point in Path("/proc/self/mountinfo").read_text() or Path("/proc", process).exists():
        assert time.monotonic() < deadline, "the double is still there"
        time.sleep(0.05)
    shutil.rmtree(Path(point).parent)


# Names


@pytest.fixture(scope="module")
def hostile() -> Iterator[Crawl]:
    with base.home("hostile") as root:
        Harness().world.plant(root)
        yield crawl(root)


@pytest.mark.parametrize("trait", ["trailing", "device", "reserved"])
def test_fault_004_names_other_systems_cannot_bear_are_kept_exactly(hostile: Crawl, trait: str) -> None:
    nodes = [n for n in Harness().world.nodes if trait in n.traits]
    assert nodes
    assert {n.canonical for n in nodes} <= set(hostile.paths)


@pytest.mark.parametrize(
    ("trait", "pair"), [("case", ("Case.txt", "case.txt")), ("form", ("\u00e9.txt", "e\u0301.txt"))]
)
def test_fault_006_twins_are_both_kept(hostile: Crawl, trait: str, pair: tuple[str, str]) -> None:
    sizes = [hostile.entries[name]["size"] for name in pair]
    assert len(set(sizes)) == 2, trait


def test_fault_007_control_characters_stand_in_the_catalog_as_they_are(hostile: Crawl) -> None:
    """They are data there; whoever prints them escapes them."""
    assert {"new\nline", "escape\x1b[31mred", "\u202egnp.exe"} <= set(hostile.paths)


def test_fault_016_ten_thousand_names_of_one_content_share_one_identity(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(b"x" * 4096)
    for number in range(1, 10_000):
        os.link(tmp_path / "0", tmp_path / str(number))
    entries = crawl(tmp_path).entries
    assert len(entries) == 10_000
    assert {(e["hardlink"], e["size"], e["links"]) for e in entries.values()} == {
        (f"{(s := (tmp_path / '0').stat()).st_dev}:{s.st_ino}", 4096, 10_000)
    }


# Files that are held, subtrees that are shut, things that go


HOLD = """
import fcntl, signal, sys
signal.signal(signal.SIGIO, lambda *_: None)
file = open(sys.argv[1], "r+b")
fcntl.flock(file, fcntl.LOCK_EX)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.timeout(60)
def test_fault_020_a_locked_file_keeps_its_facts_and_reading_it_does_not_wait(tmp_path: Path) -> None:
    """Held with a lock and a lease, as smbd holds one that a client has open for itself alone."""
    (tmp_path / "held").write_bytes(b"x" * 100)
    command = [sys.executable, "-c", HOLD, str(tmp_path / "held")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with opened(tmp_path) as connector:
            result = crawl_all(connector)
            assert isinstance(connector, ReadsBytes)
            with pytest.raises(SourceError) as refused:
                connector.read("held", 0, 10)
        holder.communicate()
    assert (result.entries["held"]["size"], result.faults) == (100, ())
    assert refused.value.code == "CONTENT_LOCKED"


def test_fault_021_a_denied_subtree_is_told_by_its_path_and_nothing_is_opened_by_force() -> None:
    with base.home("denied") as root:
        (root / "shut" / "deep").mkdir(parents=True)
        (root / "open").mkdir()
        (root / "open" / "file").touch()
        (root / "shut").chmod(0)
        os.seteuid(65534)
        try:
            result = crawl(root)
        finally:
            os.seteuid(0)
        assert stat.S_IMODE((root / "shut").stat().st_mode) == 0
    assert faults(result) == [("shut/", "list", "DENIED")]
    assert sorted(result.paths) == ["open", "open/file", "shut"]
    assert {r["path"] for r in result.records("listing")} == {"", "open/"}


@pytest.mark.timeout(60)
def test_fault_022_a_tree_that_is_deleted_meanwhile_ends_with_its_ledger_even(tmp_path: Path) -> None:
    for folder in range(60):
        (tmp_path / f"d{folder}").mkdir()
        for file in range(40):
            (tmp_path / f"d{folder}" / f"f{file}").touch()
    with subprocess.Popen(["find", str(tmp_path), "-mindepth", "1", "-delete"]):
        result = crawl(tmp_path)  # asserts the ledger
    assert {f.reason for f in result.faults} <= {"VANISHED"}


# Size


def test_fault_024_a_long_directory_is_handed_back_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece crawled by an instance that has seen nothing else, as after a crash."""
    (tmp_path / "d").mkdir()
    for number in range(12_000):
        (tmp_path / "d" / f"a name of some length to fill the kernel's answers sooner {number:05}").touch()
    (tmp_path / "d" / "sub").mkdir()
    monkeypatch.setattr(listing_module, "PIECE", 3000)
    monkeypatch.setattr(walk_module, "ANCHORED", walk_module.ANCHORED | {"overlay", "tmpfs"})  # nobody writes here
    fresh = PLUG.open
    result = crawl_all(
        fresh(FileOptions(root=str(tmp_path)), Session("test")),
        fresh=lambda: fresh(FileOptions(root=str(tmp_path)), Session("test")),
    )
    assert len(result.paths) == len(set(result.paths)) == 12_002
    listings = [r["listed"] for r in result.records("listing") if r["path"] == "d/"]
    assert len(listings) >= 3
    assert sum(listings) == 12_001  # type: ignore[arg-type]
    pieces = [unit for unit in result.units if unit.after]
    assert len(pieces) == len(listings) - 1
    assert [r["path"] for r in result.records("grant")].count("d") <= 20, "rights are told once, not by every piece"
    assert ledger_gaps(result) == []


@pytest.mark.parametrize("mark", ["x", "-1:5", "5", "5:", "5:x", "\u0665:1"])
def test_a_mark_of_somebody_else_is_refused(tmp_path: Path, mark: str) -> None:
    assert not Listing.valid(mark)
    with opened(tmp_path) as connector, pytest.raises(SourceError):
        list(connector.crawl(Unit("", mark)))


STREAM = """
import os, resource, sys
from connectors.file import PLUG
from connectors.file.options import FileOptions
from scanner.connector import Session
from scanner.model import Batch, Unit

if sys.argv[2] == "names only":
    known = os.stat("/etc/passwd")
    os.stat = lambda *_, **__: known
connector = PLUG.open(FileOptions(root=sys.argv[1]), Session("test"))
waiting, counts = list(connector.roots()), {"entry": 0, "units": 0, "listing": 0}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
while waiting:
    counts["units"] += 1
    for event in connector.crawl(waiting.pop()):
        if isinstance(event, Unit):
            waiting.append(event)
        elif isinstance(event, Batch) and event.schema.name in counts:
            counts[event.schema.name] += len(event)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
print(counts["entry"], counts["units"], grown)
"""


def streamed(root: Path, how: str = "", timeout_s: float = 100) -> tuple[int, int, int]:
    """Entries, units and the megabytes that crawling a tree took, in a process that may have 1 GB."""
    limit = 1 << 30
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(STREAM), str(root), how],
        capture_output=True, text=True, check=False, timeout=timeout_s, cwd=REPOSITORY,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entries, units, grown = map(int, done.stdout.split())
    return entries, units, grown


@pytest.mark.parametrize("many", [100_000, pytest.param(1_000_000, marks=[pytest.mark.full, pytest.mark.timeout(900)])])
def test_fault_024_memory_does_not_grow_with_a_directory(tmp_path: Path, many: int) -> None:
    for number in range(many):
        os.close(os.open(tmp_path / f"{number:07}", os.O_CREAT | os.O_WRONLY))
    entries, _units, grown = streamed(tmp_path, timeout_s=800)
    assert entries == many
    assert grown < 100, f"{grown} MB for {many} names"


@pytest.mark.server
@pytest.mark.full
@pytest.mark.timeout(3600)
def test_fault_024_twenty_million_names_fit_into_little_memory() -> None:
    """Names from the double; the look at each is answered without it, for that alone would take hours."""
    many = 20_000_000
    with fuse(many=many) as double:
        entries, _units, grown = streamed(double.point / "many", "names only", timeout_s=3500)
    assert entries == many
    assert grown < 200, f"{grown} MB"


# A whole scan


def stocktake(
    *arguments: str, before: Sequence[str] = (), python: str = "", code: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    libraries = os.pathsep.join(code or [str(REPOSITORY), sysconfig.get_path("purelib")])
    environment = {**os.environ, "PYTHONPATH": libraries, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*before, python or COMMAND[0], *COMMAND[1:], *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=300, env=environment, cwd="/")


def within_reach(place: Path) -> tuple[list[str], list[str]]:
    """A command that shows the code to any account, and where: it may lie in a home that nobody else may enter."""
    places = [place / "code", place / "libraries"]
    for each in places:
        each.mkdir()
    shown = zip((str(REPOSITORY), sysconfig.get_path("purelib")), places, strict=True)
    mounts = " && ".join(f"mount --bind {shlex.quote(of)} {shlex.quote(str(at))}" for of, at in shown)
    return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh"], [str(at) for at in places]


def python_of(drop: Sequence[str], place: Path) -> str:
    """An interpreter of this version that an account may run, and nothing of a machine's own habits with it.

    The one that runs this may lie in somebody's home, and a system's own may do things at every start.
    """
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{own}", f"/usr/local/bin/{own}"):
        making = [candidate, "-m", "venv", "--without-pip", "--clear", str(place)]
        if not Path(candidate).exists() or subprocess.run(making, check=False, capture_output=True).returncode:
            continue
        python = str(place / "bin" / "python")
        again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
        if subprocess.run([*drop, python, "-c", again], check=False, capture_output=True, cwd="/").returncode == 0:
            return python
    raise base.ServerUnavailable(f"no {own} that everybody may run: apt-get install {own}-venv")


def scanned(tree: Path, catalog: Path) -> dict[bytes, tuple[str, int | None]]:
    done = stocktake("scan", str(tree), "--catalog", str(catalog), "-q")
    assert done.returncode == 0, done.stderr.decode()
    done = stocktake("query", "SELECT path, kind, size FROM entry", "--json", "--catalog", str(catalog))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = [(restore(r["path"]), r["kind"], r["size"]) for r in rows if "path" in r and "kind" in r]
    assert len(found) == len({path for path, _, _ in found})
    return {path: (kind, size) for path, kind, size in found}


@pytest.mark.timeout(600)
def test_fault_001_twenty_thousand_entries_are_those_that_find_lists(tmp_path: Path) -> None:
    """Faults 4, 6 and 7. Every name, type and size, the hostile ones in five folders."""
    tree = tmp_path / "tree"
    tree.mkdir()
    planted = plant_many(tree)
    command = ["find", str(tree), "-mindepth", "1", "-printf", "%y %s %P\\0"]
    listed = subprocess.run(command, capture_output=True, check=True).stdout.split(b"\0")[:-1]
    kinds = {b"f": "file", b"d": "directory", b"l": "link"}
    by_find = {}
    for line in listed:
        kind, size, path = line.split(b" ", 2)
        by_find[path] = (kinds[kind], int(size) if kind == b"f" else None)
    ours = scanned(tree, tmp_path / "catalog")
    assert len(by_find) == planted.entries == 20_000
    assert ours == by_find
    assert sum(size or 0 for _, size in ours.values()) == planted.size


CALL = re.compile(r"^\d+ +(?P<call>\w+)\((?P<rest>.*)$")
BY_NAME = re.compile(
    r"(un|sym)?link(at)?|rename(at2?)?|mk(dir|nod)(at)?|rmdir|chmod|fchmodat2?|l?chown|fchownat|utimes?|utimensat|"
    r"futimesat|l?(set|remove)xattr|truncate|creat|u?mount2?"
)
BY_HANDLE = re.compile(
    r"p?writev?2?|pwrite64|ftruncate|fallocate|fch(mod|own)|f(set|remove)xattr|copy_file_range|sendfile|splice"
)
OPENS = frozenset({"open", "openat", "openat2"})
FOR_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
HANDLE = re.compile(r"^(?:\d+|AT_FDCWD)<([^>]*)>")
NAMED = re.compile(r'(?:(?:\d+|AT_FDCWD)<([^>]*)>, )?"([^"]*)"')


def places(rest: str) -> list[str]:
    """The paths a call names, those beneath an open directory joined to it."""
    return [os.path.join(folder, name) for folder, name in NAMED.findall(rest)]  # noqa: PTH118 - as text, not resolved


def changed(trace: str) -> Iterator[str]:
    """Every place that a call of a trace would write to, create, remove or change."""
    for line in trace.splitlines():
        match = CALL.match(line)
        if match is None:
            continue
        call, rest = match["call"], match["rest"]
        if BY_NAME.fullmatch(call) or (call in OPENS and FOR_WRITING.search(rest)):
            yield from places(rest)
        elif BY_HANDLE.fullmatch(call) and (handle := HANDLE.match(rest)):
            yield handle[1]


def regular_opens(trace: str, tree: Path) -> list[str]:
    """Openings of anything in a tree that was not certain to be a directory."""
    found = []
    for line in trace.splitlines():
        match = CALL.match(line)
        if match and match["call"] in OPENS and any(p.startswith(str(tree)) for p in places(match["rest"])):
            found.append(line)
    assert found, "the tree was not even listed"
    return [line for line in found if "O_DIRECTORY" not in line and "O_PATH" not in line]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("account", ["root", "games"])
def test_fault_019_a_whole_scan_writes_nowhere_but_into_its_catalog(account: str) -> None:
    """Promise 1, as the kernel saw it; of the source, nothing but directories is opened."""
    with base.home("audit") as place:
        tree, catalog, trace = place / "tree", place / "catalog", place / "trace"
        tree.mkdir()
        catalog.mkdir()
        Harness().world.plant(tree)
        (tree / "shut").mkdir(mode=0o700)
        if account != "root":
            base.give(catalog, account)
        traced = ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", "trace=%file,%desc", "-o", str(trace)]
        drop = base.as_user(account) if account != "root" else []
        scan = ["scan", str(tree), "--catalog", str(catalog), "-q"]
        shown, code = within_reach(place)
        done = stocktake(*scan, before=[*shown, *traced, *drop], python=python_of(drop, place / "venv"), code=code)
        assert done.returncode in (0, 3), done.stderr.decode()
        text = trace.read_text(errors="replace")
    harmless = ("pipe:", "socket:", "UNIX", "anon_inode:", "/dev/null", str(catalog))
    written = {place for place in changed(text) if not place.startswith(harmless)}
    assert written == set()
    assert regular_opens(text, tree) == []
    assert [p for p in changed(text) if p.startswith(str(catalog))], "the catalog was written"
