"""The SMB connector against real Samba servers: conformance, and what only this protocol can do wrong."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from smb_shares import WRONG, crawled, opened, settings

from connectors.smb import PLUG, SmbConnector, wire
from scanner.codes import StocktakeError
from scanner.connector import Account
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.testing import servers
from scanner.testing.conformance import (
    ChangingSuite,
    ConnectorSuite,
    DeniedSuite,
    Harness,
    LogsInSuite,
    NetworkSuite,
    OfflineSuite,
    ReadsBytesSuite,
    planted,
)
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps
from scanner.testing.servers.proxy import Conditions, TcpProxy, tcp_proxy
from scanner.testing.world import World, fingerprint

pytestmark = pytest.mark.server

SHARES = """
[world]
 path = {d}/world
 read only = yes
 mangled names = no
 case sensitive = yes
[tape]
 path = {d}/world
 read only = yes
 mangled names = no
 case sensitive = yes
 vfs objects = offline
[plain]
 path = {d}/plain
 read only = yes
[sealed]
 path = {d}/plain
 read only = yes
 smb encrypt = required
[names]
 path = {d}/names
 read only = yes
 mangled names = no
[dfs]
 path = {d}/dfs
 msdfs root = yes
[work]
 path = {d}/work
 read only = no
 force user = root
"""


@pytest.fixture(scope="module")
def smb() -> Iterator[servers.Samba]:
    """A server of this module's own, with shares over folders that the tests fill."""
    with servers.samba(options=" log level = 1 auth:3", shares=SHARES) as server, pytest.MonkeyPatch.context() as patch:
        for folder in ("world", "plain", "names", "dfs", "work"):
            (server.directory / folder).mkdir(mode=0o755)
        patch.setenv("SMB_PW", server.password)
        patch.setenv("SMB_WRONG", WRONG)
        yield server


def refused(given: dict[str, object], timeout_s: float = 20.0) -> SourceError:
    with closing(opened(given, timeout_s)) as connector, pytest.raises(SourceError) as raised:
        list(connector.roots())
    return raised.value


def told(crawl: Crawl, *ops: str) -> list[tuple[str, str, str]]:
    return [(f.path, f.op, f.reason) for f in crawl.faults if f.op in ops]


# ── conformance ──


class ShareHarness(Harness):
    """The world on a share without name mangling, seen by an account that does not own it."""

    plug = PLUG
    # Samba shows links as what they lead to, leaves undecodable names out, takes '\\' for a separator, and opens no
    # name that Windows could not have: those that it lists have a test of their own.
    cannot = frozenset({"opaque_key", "link", "undecodable", "backslash", "control", "reserved"})
    prefix = "world/"
    extra = frozenset({"world"})
    share = "world"

    def __init__(self, server: servers.Samba) -> None:
        self.server = server
        self.tree = server.directory / "world"
        self.secrets = (server.password, WRONG)

    def plant(self, world: World) -> None:
        if not any(self.tree.iterdir()):
            world.plant(self.tree)
            # The first to list a folder moves its access time, of which Samba makes the time of its creation.
            assert list(self.tree.rglob("*"))

    def settings(self) -> dict[str, object]:
        return settings(self.server, self.share)

    def missing(self) -> dict[str, object]:
        return settings(self.server, "world/no such folder")

    def refused(self) -> dict[str, object]:
        return {**self.settings(), "password": "env:SMB_WRONG"}

    def fingerprint(self) -> object:
        # The access time of a file that is read is the server's own doing: it is left out here, and asserted for
        # listing in a test of its own.
        return {path: facts[:8] for path, facts in fingerprint(self.tree, directory_access=False).items()}

    @contextmanager
    def denied(self) -> Iterator[str]:
        (self.tree / "a/b").chmod(0o700)  # the account of the scan does not own it
        yield "world/a/b/"
        (self.tree / "a/b").chmod(0o755)

    @contextmanager
    def vanish(self) -> Iterator[tuple[str, Callable[[], None]]]:
        place, aside = self.tree / "a/b", self.server.directory / "aside"
        times = place.parent.stat()

        def strike() -> None:
            place.rename(aside)

        try:
            yield "world/a/b/", strike
        finally:
            if aside.exists():
                aside.rename(place)
                os.utime(place.parent, ns=(times.st_atime_ns, times.st_mtime_ns))

    @contextmanager
    def grow(self) -> Iterator[Callable[[], None]]:
        new = [self.tree / f"{where}new {n}" for where in ("", "a/") for n in range(3)]
        times = {folder: folder.stat() for folder in (self.tree, self.tree / "a")}

        def strike() -> None:
            for each in new:
                each.touch()

        try:
            yield strike
        finally:
            for each in new:
                each.unlink(missing_ok=True)
            for folder, was in times.items():
                os.utime(folder, ns=(was.st_atime_ns, was.st_mtime_ns))


class FarHarness(ShareHarness):
    """The same world, always through a proxy: its port is part of the other shares' locators."""

    def __init__(self, server: servers.Samba, proxy: TcpProxy) -> None:
        super().__init__(server)
        self.proxy = proxy

    def settings(self) -> dict[str, object]:
        return super().settings() | {"port": self.proxy.port}

    @contextmanager
    def proxied(self) -> Iterator[tuple[TcpProxy, dict[str, object]]]:
        try:
            yield self.proxy, self.settings()
        finally:
            self.proxy.change(down=Conditions())


class TapeHarness(ShareHarness):
    """The same world behind a module that says of every file that it is offline."""

    prefix = "tape/"
    extra = frozenset({"tape"})
    share = "tape"

    @contextmanager
    def offline(self) -> Iterator[str]:
        yield "tape/plain.txt"


class TestShare(ChangingSuite, LogsInSuite, DeniedSuite, ReadsBytesSuite, ConnectorSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, smb: servers.Samba) -> ShareHarness:
        return planted(ShareHarness(smb))


class TestFar(NetworkSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, smb: servers.Samba) -> Iterator[FarHarness]:
        with tcp_proxy(smb.host, smb.port) as proxy:
            yield planted(FarHarness(smb, proxy))


class TestTape(OfflineSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, smb: servers.Samba) -> TapeHarness:
        return planted(TapeHarness(smb))


# ── logging in ──


def failed_logins(server: servers.Server) -> int:
    return server.log.read_text(errors="replace").count("FAILED with error NT_STATUS_WRONG_PASSWORD")


def test_fault_039_a_wrong_password_is_one_attempt_at_the_server(smb: servers.Samba) -> None:
    before = failed_logins(smb)
    error = refused({**settings(smb, "world"), "password": "env:SMB_WRONG"})
    assert (error.code, error.transient) == ("AUTH_REFUSED", False)
    assert error.where == f"games at 127.0.0.1:{smb.port}"
    assert failed_logins(smb) == before + 1


def test_fault_046_a_session_mapped_to_guest_is_refused(smb: servers.Samba) -> None:
    with servers.samba(options=" map to guest = bad user") as server:
        error = refused({**settings(server, "data"), "user": "nobody-we-know"})
    assert (error.code, error.transient) == ("AUTH_GUEST", False)


def test_fault_041_a_server_with_smb_1_only_is_named_as_such(smb: servers.Samba) -> None:
    with servers.samba(options=" server min protocol = NT1\n server max protocol = NT1") as server:
        error = refused(settings(server, "data"))
    assert (error.code, error.transient) == ("UNSUPPORTED_PROTOCOL", False)
    assert "SMB 1" in error.detail


def test_fault_042_an_older_dialect_than_asked_for_is_refused(smb: servers.Samba) -> None:
    with servers.samba(options=" server max protocol = SMB2_10") as server:
        error = refused(settings(server, "data", min_dialect="3.0"))
        assert (error.code, error.transient) == ("UNSUPPORTED_PROTOCOL", False)
        crawl = crawled(server, "data")
    assert {r["name"]: r["value"] for r in crawl.records("setting")}["dialect"] == "2.1"


@pytest.mark.parametrize("dialect", ["SMB2_02", "SMB3_00", "SMB3_02"])
def test_every_dialect_is_signed_and_listed(smb: servers.Samba, dialect: str) -> None:
    with servers.samba(options=f" server max protocol = {dialect}") as server:
        (server.data / "file").write_bytes(b"12345")
        crawl = crawled(server, "data")
    assert crawl.entries["data/file"]["size"] == 5


def test_fault_042_encryption_that_is_not_offered_is_refused(smb: servers.Samba) -> None:
    with servers.samba(options=" server max protocol = SMB2_10") as server:
        error = refused(settings(server, "data", encrypt=True))
    assert (error.code, error.transient) == ("SIGNING_REFUSED", False)


@pytest.mark.parametrize(("folder", "encrypt"), [("plain", True), ("sealed", False), ("sealed", True)])
def test_an_encrypted_share_shows_the_same(plain: Path, smb: servers.Samba, folder: str, encrypt: bool) -> None:
    sealed = crawled(smb, folder, encrypt=encrypt)
    names = {path.partition("/")[2] for path in sealed.entries} - {""}
    assert names == {path.partition("/")[2] for path in crawled(smb, "plain").entries} - {""}
    facts = {r["name"]: r["value"] for r in sealed.records("setting")}
    assert facts["share_encryption"] == "on"
    assert facts["encryption"] == ("on" if encrypt else "offered")


def test_a_closed_port_is_unreachable_and_worth_another_try(smb: servers.Samba) -> None:
    error = refused({**settings(smb, "world"), "port": servers.free_port()})
    assert (error.code, error.transient) == ("UNREACHABLE", True)


def test_fault_045_a_server_that_never_answers_runs_into_the_deadline(smb: servers.Samba) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        error = refused({**settings(smb, "world"), "port": silent.getsockname()[1]}, timeout_s=1.0)
        took = time.monotonic() - begun
    assert (error.code, error.transient) == ("TIMEOUT", True)
    assert took < 10


@pytest.mark.parametrize(
    ("folder", "code"), [("denied", "DENIED"), ("nowhere", "NOT_FOUND"), ("plain/nowhere", "NOT_FOUND")]
)
def test_a_root_that_cannot_be_had_says_why(smb: servers.Samba, folder: str, code: str) -> None:
    error = refused(settings(smb, folder))
    assert (error.code, error.transient) == (code, False)
    assert error.where == "\\\\127.0.0.1\\" + folder.replace("/", "\\")


@pytest.mark.parametrize("claimed", [(1 << 32) - 1, (1 << 24) - 1])
def test_a_frame_longer_than_any_answer_is_refused_before_memory_is_taken(smb: servers.Samba, claimed: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def claim() -> None:
            near, _ = listener.accept()
            with near, suppress(OSError):
                near.recv(4096)
                near.sendall(claimed.to_bytes(4, "big") + bytes(64))
                near.recv(4096)  # until the client hangs up

        thread = threading.Thread(target=claim)
        thread.start()
        begun = time.monotonic()
        error = refused({**settings(smb, "world"), "port": listener.getsockname()[1]}, timeout_s=5.0)
        took = time.monotonic() - begun
        thread.join(10)
    assert (error.code, error.transient) == ("OTHER", False)
    assert f"{claimed} bytes" in error.detail
    assert took < 4, "the deadline was waited for"


# ── between client and server ──


@contextmanager
def meddling(port: int, change: Callable[[bytes], bytes | None]) -> Iterator[int]:
    """A relay that may change what the server answers, frame by frame; None hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as door, ExitStack() as open_:
        threads: list[threading.Thread] = []
        ends: list[socket.socket] = []

        def relay(source: socket.socket, sink: socket.socket, alter: Callable[[bytes], bytes | None]) -> None:
            with suppress(OSError), source.makefile("rb") as stream:
                while head := stream.read(4):
                    frame = alter(stream.read(int.from_bytes(head, "big")))
                    if frame is None:
                        break
                    sink.sendall(len(frame).to_bytes(4, "big") + frame)
            for end in (source, sink):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    near = open_.enter_context(door.accept()[0])
                    far = open_.enter_context(socket.create_connection(("127.0.0.1", port)))
                    ends.extend((near, far))
                    for way in ((near, far, lambda frame: frame), (far, near, change)):
                        threads.append(threading.Thread(target=relay, args=way, daemon=True))
                        threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            for end in ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)


QUERY_DIRECTORY = 0x0E


def command(frame: bytes) -> int:
    return int.from_bytes(frame[12:14], "little")


def unsigned(frame: bytes) -> bytes:
    flags = struct.unpack_from("<I", frame, 16)[0] & ~0x8
    return frame[:16] + struct.pack("<I", flags) + frame[20:48] + bytes(16) + frame[64:]


def test_fault_042_an_answer_without_signature_is_refused(plain: Path, smb: servers.Samba) -> None:
    def strip(frame: bytes) -> bytes:
        return unsigned(frame) if command(frame) == QUERY_DIRECTORY else frame

    error = meddled(smb, strip)
    assert (error.code, error.transient) == ("SIGNING_REFUSED", False)
    assert "not signed" in error.detail


def test_an_answer_that_was_changed_on_its_way_is_refused(plain: Path, smb: servers.Samba) -> None:
    def forge(frame: bytes) -> bytes:
        return frame[:-1] + bytes([frame[-1] ^ 1]) if command(frame) == QUERY_DIRECTORY else frame

    error = meddled(smb, forge)
    assert (error.code, error.transient) == ("SIGNING_REFUSED", False)
    assert "signature" in error.detail


def meddled(server: servers.Samba, change: Callable[[bytes], bytes | None]) -> SourceError:
    with (
        meddling(server.port, change) as port,
        closing(opened({**settings(server, "plain"), "port": port})) as connector,
        pytest.raises(SourceError) as raised,
    ):
        crawl_all(connector)
    return raised.value


def test_fault_038_a_connection_lost_in_mid_listing_is_transient_and_made_anew(plain: Path, smb: servers.Samba) -> None:
    cuts = iter([True])

    def cut_once(frame: bytes) -> bytes | None:
        return None if command(frame) == QUERY_DIRECTORY and next(cuts, False) else frame

    with (
        meddling(smb.port, cut_once) as port,
        closing(opened({**settings(smb, "plain"), "port": port})) as connector,
    ):
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(Unit("plain/")))
        again = [event for event in connector.crawl(Unit("plain/")) if isinstance(event, Batch)]
    assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)
    assert {"entry", "listing"} <= {batch.schema.name for batch in again}


# ── what is there ──


@pytest.fixture(scope="module")
def plain(smb: servers.Samba) -> Path:
    """A little tree with the names and links that Samba treats in its own way."""
    tree = smb.directory / "plain"
    for folder in ("sub/deeper", "trail.", ".snapshot/daily", "many"):
        (tree / folder).mkdir(parents=True)
    (tree / "plain.txt").write_bytes(b"x" * 5000)
    (tree / ".hidden").write_bytes(b"1")
    (tree / "trail./inside").write_bytes(b"22")
    (tree / "what?.txt").write_bytes(b"333")
    (tree / "sub/again").symlink_to("..")
    (tree / "loop").symlink_to(".")
    (tree / "to plain.txt").symlink_to("plain.txt")
    (tree / "out").symlink_to("/etc")
    for number in range(5000):
        (tree / f"many/{number:04} € file.dat").touch()
    return tree


def test_attributes_and_times_are_those_of_the_server(plain: Path, smb: servers.Samba) -> None:
    known = {name: (plain / name).stat() for name in ("plain.txt", ".hidden", "sub", "sub/deeper")}
    entries = crawled(smb, "plain").entries
    for name, facts in known.items():
        record = entries[f"plain/{name}"]
        assert record["modified"] == facts.st_mtime_ns // 1000
        # What Samba takes for the creation, where it has stored none of its own.
        assert record["created"] == min(facts.st_mtime_ns, facts.st_ctime_ns, facts.st_atime_ns) // 1000
        is_file = record["kind"] == "file"
        content = (facts.st_size, facts.st_blocks * 512, "online") if is_file else (None, None, None)
        assert (record["size"], record["allocated"], record["tier"]) == content
    # Samba gives names with a leading dot the attribute HIDDEN; NORMAL stands for none, and stands alone.
    assert [entries[f"plain/{name}"]["attributes"] for name in (".hidden", "plain.txt", "sub")] == [0x02, 0x80, 0x10]
    assert all(record.get("accessed") is None for record in entries.values())


def test_a_folder_of_5000_files_is_complete(plain: Path, smb: servers.Samba) -> None:
    crawl = crawled(smb, "plain/many")
    assert {path for path in crawl.paths if path != "plain"} == {
        f"plain/many/{file.name}" for file in (plain / "many").iterdir()
    }
    assert {r["path"]: (r["listed"], r["complete"]) for r in crawl.records("listing")} == {
        "": (1, True),
        "plain/many/": (5000, True),
    }


def test_fault_014_links_that_lead_back_are_recorded_and_not_entered(plain: Path, smb: servers.Samba) -> None:
    crawl = crawled(smb, "plain")
    assert [f for f in told(crawl, "descend") if f[2] == "LOOP"] == [
        ("plain/loop", "descend", "LOOP"),
        ("plain/sub/again", "descend", "LOOP"),
    ]
    assert {"plain/loop", "plain/sub/again"} <= set(crawl.entries)
    assert not [path for path in crawl.paths if path.startswith(("plain/loop/", "plain/sub/again/"))]
    assert crawl.entries["plain/to plain.txt"]["size"] == 5000
    assert "plain/out" not in crawl.entries
    assert ledger_gaps(crawl) == []


def test_fault_014_a_loop_is_recognised_from_a_folder_beneath_it(plain: Path, smb: servers.Samba) -> None:
    crawl = crawled(smb, "plain/sub")
    assert ("plain/sub/again", "descend", "LOOP") in told(crawl, "descend")


def test_fault_004_names_windows_could_not_have_are_listed_exactly(smb: servers.Samba) -> None:
    names = ["new\nline", "tab\there", "escape\x1b[31mred", "what?*<>|:.txt", 'say "hi".txt', "trailing dot.", "CON"]
    folder = smb.directory / "names"
    (folder / "a:b").mkdir()
    for name in names:
        (folder / name).write_bytes(b"1")
    with closing(opened(settings(smb, "names"))) as connector:
        crawl = crawl_all(connector)
        assert isinstance(connector, SmbConnector)
        with pytest.raises(SourceError) as raised:
            connector.read("names/what?*<>|:.txt", 0, 1)
    assert {path.removeprefix("names/") for path in crawl.paths} == {*names, "a:b", "names"}
    assert told(crawl, "list") == [("names/a:b/", "list", "NAME_NOT_OPENED")]
    assert raised.value.code == "NAME_NOT_OPENED"
    assert "'*'" in raised.value.detail


def test_fault_003_aliases_are_noted_and_can_be_entered(plain: Path, smb: servers.Samba) -> None:
    crawl = crawled(smb, "plain")
    noted = {path for path, _op, reason in told(crawl, "note") if reason == "NAME_MANGLED"}
    assert {crawl.entries[path]["kind"] for path in noted} == {"file", "directory"}
    assert len(noted) == 2
    assert [r["size"] for path, r in crawl.entries.items() if path.endswith("/inside")] == [2]


def test_fault_025_snapshot_folders_are_entered_only_when_asked_for(plain: Path, smb: servers.Samba) -> None:
    without, with_ = crawled(smb, "plain"), crawled(smb, "plain", snapshots=True)
    assert ("plain/.snapshot", "descend", "SNAPSHOT") in told(without, "descend")
    assert set(with_.paths) - set(without.paths) == {"plain/.snapshot/daily"}


def test_fault_019_listing_opens_no_file(plain: Path, smb: servers.Samba) -> None:
    for file in (plain / "plain.txt", plain / "trail./inside"):
        os.utime(file, (981173106, file.stat().st_mtime))  # long ago: the first reading would change it
    before = fingerprint(plain, directory_access=False)
    crawled(smb, "plain")
    assert fingerprint(plain, directory_access=False) == before


def test_fault_022_a_folder_that_is_gone_is_a_fault_of_its_own(plain: Path, smb: servers.Samba) -> None:
    with closing(opened(settings(smb, "plain"))) as connector:
        assert list(connector.crawl(Unit("plain/gone/"))) == [
            Fault("plain/gone/", "list", "VANISHED", "OBJECT_NAME_NOT_FOUND (0xc0000034)")
        ]


def test_fault_049_users_are_not_blocked_by_a_listing(smb: servers.Samba) -> None:
    folder = smb.directory / "work/before"
    folder.mkdir()
    (folder / "file").touch()
    with closing(opened(settings(smb, "work"))) as connector:
        events = connector.crawl(Unit("work/before/"))
        assert isinstance(connector, SmbConnector)
        handle = connector._reach.open("work/before/", wire.LIST, wire.DIRECTORY | wire.REPARSE)  # as a listing does
        with handle:
            client = ["smbclient", f"//{smb.host}/work", "-p", str(smb.port), "-U", f"{smb.user}%{smb.password}", "-c"]
            subprocess.run([*client, "rename before\\file before\\moved"], check=True, capture_output=True)
            subprocess.run([*client, "rename before after"], check=True, capture_output=True)
        assert [e.reason for e in events if isinstance(e, Fault)] == ["VANISHED"]
    assert (smb.directory / "work/after/moved").exists()


def test_a_tree_deeper_than_the_server_can_name_is_an_open_gap(smb: servers.Samba) -> None:
    """Samba answers 'no such name' beyond 4,096 bytes, which must not pass for a folder that has just vanished."""
    name, at = "d" * 40, os.open(smb.directory / "work", os.O_RDONLY)
    for _ in range(110):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    crawl = crawled(smb, "work")
    ((path, op, reason),) = [f for f in told(crawl, "list", "descend") if name in f[0]]
    assert (op, reason) == ("list", "TOO_DEEP")
    assert path[:-1] in crawl.entries
    assert len([p for p in crawl.paths if p.endswith(name)]) > 90
    assert ledger_gaps(crawl) == []


# ── a whole host ──


def test_every_share_of_a_host_is_listed_hidden_ones_too(plain: Path, smb: servers.Samba) -> None:
    (smb.hidden / "secret plan.doc").write_bytes(b"4444")
    crawl = crawled(smb)
    top = {path for path in crawl.entries if "/" not in path}
    assert top == {"data", "hidden$", "denied", "world", "tape", "plain", "sealed", "names", "dfs", "work"}
    assert all(crawl.entries[share]["subtype"] == "share" for share in top)
    assert crawl.entries["hidden$/secret plan.doc"]["size"] == 4
    assert ("denied/", "list", "DENIED") in told(crawl, "list")
    assert told(crawl, "skip") == [("IPC$", "skip", "EXCLUDED")]
    assert ledger_gaps(crawl) == []


def test_a_host_with_hundreds_of_shares_is_listed_whole() -> None:
    names = [f"share number {n:03}" for n in range(300)]
    shares = "".join(f"[{name}]\n path = {{d}}/data\n comment = {'remark ' * 20}\n" for name in names)
    with servers.samba(shares=shares) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMB_PW", server.password)
        with closing(opened(settings(server))) as connector:
            units = [event for event in connector.crawl(Unit("")) if isinstance(event, Unit)]
    assert {f"{name}/" for name in names} | {"data/", "hidden$/", "denied/"} == {unit.key for unit in units}


# ── DFS ──


@pytest.fixture(scope="module")
def dfs(plain: Path, smb: servers.Samba) -> Path:
    root = smb.directory / "dfs"
    (root / "near").symlink_to("msdfs:127.0.0.1\\plain\\sub")
    (root / "far").symlink_to("msdfs:files.example.invalid\\data")
    (root / "back").symlink_to("msdfs:127.0.0.1\\dfs")
    return root


def test_fault_043_dfs_links_are_recorded_and_not_followed(dfs: Path, smb: servers.Samba) -> None:
    crawl = crawled(smb, "dfs")
    links = ["dfs/back", "dfs/far", "dfs/near"]
    assert sorted(told(crawl, "descend")) == [(path, "descend", "DFS_NOT_FOLLOWED") for path in links]
    assert {(r["kind"], r.get("subtype")) for path, r in crawl.entries.items() if path != "dfs"} == {("link", "dfs")}
    assert crawl.entries["dfs/far"]["target"] == r"\\\\files.example.invalid\\data"


def test_fault_043_dfs_links_are_followed_to_allowed_hosts_only(dfs: Path, smb: servers.Samba) -> None:
    crawl = crawled(smb, "dfs", allow_hosts=["127.0.0.1"])
    assert "dfs/near/deeper" in crawl.entries
    assert [f for f in sorted(told(crawl, "descend")) if f[0].count("/") == 1] == [
        ("dfs/back", "descend", "LOOP"),
        ("dfs/far", "descend", "DFS_NOT_FOLLOWED"),
    ]
    assert ledger_gaps(crawl) == []


# ── settings ──


def test_a_locator_becomes_settings_and_back() -> None:
    given = PLUG.from_url("smb://CORP;anna@files:1445/Team%20Share/2024/Q%231?password=env:PW&snapshots=true")
    options = PLUG.options.model_validate(given)
    assert PLUG.locator(options) == "smb://files:1445/Team Share/2024/Q#1"
    assert PLUG.account(options) == Account("files:1445", "corp\\anna")
    assert options.model_dump()["snapshots"] is True
    usual = PLUG.options.model_validate({**given, "port": 445, "root": "smb://files/Team%20Share"})
    assert PLUG.locator(usual) == r"\\files\Team Share"


def test_a_password_in_a_locator_is_refused_and_not_repeated() -> None:
    with pytest.raises(StocktakeError) as raised:
        PLUG.from_url(f"smb://anna:{WRONG.replace('/', '%2F')}@files/data")
    assert raised.value.code.code == "SECRET_LITERAL"
    assert "wr0ng" not in str(raised.value)


@pytest.mark.parametrize("root", ["", "data", r"C:\data", r"\\", r"\\host\share\..\x", "smb://u:p@host/x", "smb:///x"])
def test_what_is_no_unc_path_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="root"):
        PLUG.options.model_validate({"root": root, "user": "u", "password": "env:P"})
