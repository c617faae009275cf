"""The SFTP connector against a real sshd: the conformance suite, and everything around the login and the host key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from connectors.sftp import PLUG, Source, crawl
from scanner.connector import Session
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.paths import restore
from scanner.schema import ENTRY
from scanner.testing import servers
from scanner.testing.conformance import (
    ChangingSuite,
    ConnectorSuite,
    DeniedSuite,
    Harness,
    LogsInSuite,
    NetworkSuite,
    ReadsBytesSuite,
    planted,
)
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps, rows
from scanner.testing.servers import Conditions, Sshd, TcpProxy, tcp_proxy
from scanner.testing.sftp_double import tarpit
from scanner.testing.world import World, fingerprint

pytestmark = pytest.mark.server

WRONG = "wr0ng/Pw+3!"
WITHOUT = frozenset({"opaque_key", "pre_1970", "after_2038"})


@pytest.fixture(autouse=True, scope="module")
def secrets() -> Iterator[None]:
    os.environ.update(STOCKTAKE_TEST_SFTP=servers.PASSWORD, STOCKTAKE_TEST_SFTP_WRONG=WRONG)
    yield
    del os.environ["STOCKTAKE_TEST_SFTP"], os.environ["STOCKTAKE_TEST_SFTP_WRONG"]


class SftpHarness(Harness):
    """A folder of sshd's, entered with a password; SFTP 3 has whole seconds, in 32 bits."""

    plug = PLUG
    cannot = WITHOUT
    tick_us = 1_000_000
    secrets = (servers.PASSWORD, WRONG)

    def __init__(self, server: Sshd) -> None:
        self.server = server
        self.root = server.data / "world"
        self.root.mkdir()

    def plant(self, world: World) -> None:
        world.plant(self.root)

    def settings(self) -> dict[str, object]:
        return {
            "host": self.server.host,
            "port": self.server.port,
            "user": "clerk",
            "password": "env:STOCKTAKE_TEST_SFTP",
            "path": "world",
            "discover": False,  # what lies beside changes while others run
        }

    def missing(self) -> dict[str, object]:
        return self.settings() | {"path": "not here"}

    def refused(self) -> dict[str, object]:
        return self.settings() | {"password": "env:STOCKTAKE_TEST_SFTP_WRONG"}

    def trusted(self, _host: str, _port: int) -> tuple[str, ...]:
        return (self.server.fingerprint,)

    def fingerprint(self) -> object:
        return fingerprint(self.root, directory_access=False)

    @contextmanager
    def denied(self) -> Iterator[str]:
        place = self.root / "a/b"
        mode = place.stat().st_mode
        place.chmod(0)
        try:
            yield "a/b/"
        finally:
            place.chmod(mode)

    @contextmanager
    def vanish(self) -> Iterator[tuple[str, Callable[[], None]]]:
        place, aside = self.root / "a/b", self.server.directory / "aside"
        times = place.parent.stat()

        def strike() -> None:
            place.rename(aside)

        try:
            yield "a/b/", strike
        finally:
            if aside.exists():
                aside.rename(place)
                os.utime(place.parent, ns=(times.st_atime_ns, times.st_mtime_ns))

    @contextmanager
    def grow(self) -> Iterator[Callable[[], None]]:
        new = [self.root / f"{where}new {n}" for where in ("", "a/") for n in range(3)]
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
    def proxied(self) -> Iterator[tuple[TcpProxy, dict[str, object]]]:
        with tcp_proxy(self.server.host, self.server.port) as proxy:
            yield proxy, self.settings() | {"port": proxy.port}


class TestSftp(ChangingSuite, NetworkSuite, DeniedSuite, LogsInSuite, ReadsBytesSuite, ConnectorSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, sshd: Sshd) -> SftpHarness:
        return planted(SftpHarness(sshd))

    def test_reading_leaves_the_source_as_it_was(self, harness: Harness) -> None:
        """All but access times: SFTP cannot ask a server to spare them, which the plug's limits say."""
        assert isinstance(harness, SftpHarness)
        before = _without_access_times(harness)
        with closing(harness.open()) as connector:
            assert isinstance(connector, Source)
            for node in harness.world.files():
                connector.read(harness.path(node), 0, 64)
        assert _without_access_times(harness) == before
        assert any("access times" in limit for limit in PLUG.limits)


def _without_access_times(harness: SftpHarness) -> dict[bytes, tuple[object, ...]]:
    facts = fingerprint(harness.root, directory_access=False)
    return {path: fact[:-1] if len(fact) == 9 else fact for path, fact in facts.items()}


# a host of one's own


def _settings(server: Sshd, **more: object) -> dict[str, object]:
    mine: dict[str, object] = {"host": server.host, "port": server.port, "user": server.user}
    mine |= {"key_file": str(server.key), "host_key": server.fingerprint, "discover": False}
    return {k: v for k, v in (mine | more).items() if v is not None}


def _open(
    settings: dict[str, object],
    pace: Callable[[], None] | None = None,
    *,
    timeout_s: float = 20.0,
    trusted: tuple[str, ...] = (),
    within: Callable[[str], bool] = lambda _key: True,
) -> Source:
    session = Session("here", pace or Pace(), timeout_s, lambda _host, _port: trusted, within)
    connector = PLUG.open(PLUG.options.model_validate(settings), session)
    assert isinstance(connector, Source)
    return connector


def _crawl(settings: dict[str, object], **how: object) -> Crawl:
    with closing(_open(settings, **how)) as connector:  # type: ignore[arg-type]
        return crawl_all(connector)


def _refusal(settings: dict[str, object], **how: object) -> SourceError:
    with closing(_open(settings, **how)) as connector, pytest.raises(SourceError) as raised:  # type: ignore[arg-type]
        connector.roots()
    return raised.value


def _tree(root: Path, directories: int = 6, files: int = 8) -> set[str]:
    """A small tree owned by whoever runs; its paths."""
    paths = set()
    for d in range(directories):
        (root / f"d{d}").mkdir()
        paths.add(f"d{d}")
        for f in range(files):
            (root / f"d{d}/f{f}").write_bytes(b"x" * f)
            paths.add(f"d{d}/f{f}")
    return paths


class TestHostKey:
    def test_fault_031_an_unknown_host_key_is_refused_before_the_login(self, sshd: Sshd) -> None:
        # A name of this test's own: the server may yet be writing of how others left.
        settings = _settings(sshd, user="stranger", key_file=None, password="env:STOCKTAKE_TEST_SFTP", host_key=None)
        error = _refusal(settings)
        assert (error.code, error.where, error.transient) == ("HOST_KEY_UNKNOWN", sshd.fingerprint, False)
        assert "stranger" not in sshd.log.read_text()

    def test_fault_031_a_key_that_changed_between_two_runs_is_refused(self) -> None:
        with servers.sshd() as first:
            trusted = first.fingerprint
            assert _crawl(_settings(first, host_key=None), trusted=(trusted,)).paths == []
            port = first.port
        with servers.sshd(port=port) as second:
            error = _refusal(_settings(second, host_key=None), trusted=(trusted,))
        assert (error.code, error.where) == ("HOST_KEY_CHANGED", second.fingerprint)
        assert trusted in error.detail

    def test_a_fingerprint_trusted_in_the_catalog_or_named_in_the_estate_file_is_enough(self, sshd: Sshd) -> None:
        assert list(_open(_settings(sshd)).roots()) == [Unit("")]
        assert list(_open(_settings(sshd, host_key=None), trusted=(sshd.fingerprint,)).roots()) == [Unit("")]

    @pytest.mark.parametrize("form", ["plain", "hashed", "pattern"])
    def test_known_hosts_is_believed(self, sshd: Sshd, tmp_path: Path, form: str) -> None:
        name = f"[{sshd.host}]:{sshd.port}"
        salt = b"0123456789abcdefghij"
        digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
        hashed = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
        names = {"plain": f"other,{name}", "hashed": hashed, "pattern": f"[127.0.0.*]:{sshd.port}"}
        file = tmp_path / "known_hosts"
        file.write_text(f"# hosts\nother {_public(sshd)}\n{names[form]} {_public(sshd)}\n")
        assert list(_open(_settings(sshd, host_key=None, known_hosts=str(file))).roots()) == [Unit("")]

    @pytest.mark.parametrize("line", ["@revoked {name} {key}\n{name} {key}", "@revoked {name} {key}"])
    def test_a_revoked_key_is_refused_even_where_it_is_trusted(self, sshd: Sshd, tmp_path: Path, line: str) -> None:
        file = tmp_path / "known_hosts"
        file.write_text(line.format(name=f"[{sshd.host}]:{sshd.port}", key=_public(sshd)))
        error = _refusal(_settings(sshd, known_hosts=str(file)))
        assert (error.code, error.where) == ("HOST_KEY_CHANGED", sshd.fingerprint)

    @pytest.mark.parametrize("names", ["*,!{name}", "unrelated", "127.0.0.1", "|1|broken"])
    def test_known_hosts_that_speaks_of_others_trusts_nobody(self, sshd: Sshd, tmp_path: Path, names: str) -> None:
        file = tmp_path / "known_hosts"
        file.write_text(names.format(name=f"[{sshd.host}]:{sshd.port}") + " " + _public(sshd))
        error = _refusal(_settings(sshd, host_key=None, known_hosts=str(file)))
        assert error.code == "HOST_KEY_UNKNOWN"

    def test_a_named_known_hosts_that_is_not_there_is_an_error(self, sshd: Sshd, tmp_path: Path) -> None:
        error = _refusal(_settings(sshd, known_hosts=str(tmp_path / "none")))
        assert error.code == "NOT_FOUND"

    def test_a_fingerprint_of_any_of_the_hosts_keys_will_do(self, tmp_path: Path) -> None:
        """A person may have written down the RSA key's where the host would show its Ed25519 key first."""
        rsa = tmp_path / "rsa"
        servers.base.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", str(rsa)])
        blob = base64.b64decode(Path(f"{rsa}.pub").read_text().split()[1])
        print_ = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        with servers.sshd(options=f"HostKey {rsa}") as server:
            settings = _settings(server, host_key=print_)
            agreed = {r["name"]: r["value"] for r in _crawl(settings).records("setting")}
        assert agreed["ssh_host_key"] == print_
        assert agreed["ssh_host_key_algorithm"] == "rsa-sha2-512"


def _public(server: Sshd) -> str:
    return " ".join(Path(f"{server.host_key}.pub").read_text().split()[:2])


class TestLogin:
    def test_fault_079_a_password_that_the_host_prints_in_its_banner_is_kept_nowhere(self, tmp_path: Path) -> None:
        banner = tmp_path / "banner"
        banner.write_text(f"Log in as clerk with {servers.PASSWORD}, please\n")
        with servers.sshd({"clerk": servers.PASSWORD}, options=f"Banner {banner}") as server:
            crawled = _crawl(_settings(server, user="clerk", key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
        told = {r["name"]: r["value"] for r in crawled.records("setting")}
        assert told["ssh_login_banner"] == "Log in as clerk with ***, please"

    def test_fault_039_a_wrong_password_is_one_attempt(self, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent")
        before = sshd.log.read_text()
        error = _refusal(_settings(sshd, user="clerk", key_file=None, password="env:STOCKTAKE_TEST_SFTP_WRONG"))
        assert (error.code, error.transient, error.where) == (
            "AUTH_REFUSED",
            False,
            f"clerk@{sshd.host}:{sshd.port}",
        )
        said = sshd.log.read_text()[len(before) :]
        assert said.count("Failed password") == 1
        assert "Failed" not in said.replace("Failed password", "")

    def test_fault_078_a_password_is_not_tried_where_only_keys_are_taken(self) -> None:
        with servers.sshd(options="KbdInteractiveAuthentication no") as server:
            error = _refusal(_settings(server, key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
        assert error.code == "AUTH_REFUSED"
        assert error.detail.endswith("publickey")

    def test_fault_040_a_host_that_asks_instead_of_taking_a_password_is_left_to_a_person(self) -> None:
        with servers.sshd(options="KbdInteractiveAuthentication yes") as server:
            error = _refusal(_settings(server, key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
        assert (error.code, error.transient) == ("AUTH_INTERACTIVE", False)

    def test_fault_040_a_second_factor_is_left_to_a_person(self) -> None:
        with servers.sshd({"clerk": servers.PASSWORD}, options="AuthenticationMethods publickey,password") as server:
            error = _refusal(_settings(server))
        assert error.code == "AUTH_INTERACTIVE"
        assert "password" in error.detail

    def test_a_key_nobody_authorised_is_refused(self, sshd: Sshd, tmp_path: Path) -> None:
        other = tmp_path / "other"
        servers.base.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)])
        assert _refusal(_settings(sshd, key_file=str(other))).code == "AUTH_REFUSED"

    @pytest.mark.parametrize(
        ("phrase", "code"),
        [
            ("env:STOCKTAKE_TEST_SFTP", None),
            ("env:STOCKTAKE_TEST_SFTP_WRONG", "CONFIG_INVALID"),
            (None, "SECRET_MISSING"),
        ],
    )
    def test_an_encrypted_key_needs_its_passphrase(
        self, sshd: Sshd, tmp_path: Path, phrase: str | None, code: str | None
    ) -> None:
        key = tmp_path / "key"
        key.write_bytes(sshd.key.read_bytes())
        key.chmod(0o600)
        servers.base.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", servers.PASSWORD, "-f", str(key)])
        settings = _settings(sshd, key_file=str(key), key_passphrase=phrase)
        if code is None:
            assert list(_open(settings).roots()) == [Unit("")]
        else:
            assert _refusal(settings).code == code

    def test_a_key_that_others_can_read_is_not_used(self, sshd: Sshd, tmp_path: Path) -> None:
        key = tmp_path / "key"
        key.write_bytes(sshd.key.read_bytes())
        key.chmod(0o640)
        assert _refusal(_settings(sshd, key_file=str(key))).code == "SECRET_EXPOSED"
        assert _refusal(_settings(sshd, key_file=str(tmp_path / "none"))).code == "NOT_FOUND"

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({"password": "env:STOCKTAKE_TEST_NOBODY_SET_THIS"}, "SECRET_MISSING"),
            ({"key_file": "/no/such/key"}, "NOT_FOUND"),
            ({"password": "file:/dev/null"}, "SECRET_EXPOSED"),
        ],
    )
    def test_what_is_missing_here_is_told_before_a_host_is_troubled(self, settings: dict[str, str], code: str) -> None:
        with tcp_proxy("127.0.0.1", servers.free_port()) as proxy:
            error = _refusal({"host": proxy.host, "port": proxy.port, "user": "u"} | settings)
            assert (error.code, error.transient) == (code, False)
            assert proxy.counts.connections == 0

    def test_an_account_without_sftp_is_told(self) -> None:
        with servers.sshd(
            options="Match User games\nForceCommand echo This account is not available\nMatch all"
        ) as server:
            error = _refusal(_settings(server))
        assert (error.code, error.transient) == ("UNSUPPORTED_PROTOCOL", False)

    def test_fault_040_a_second_factor_behind_pam_is_left_to_a_person(self) -> None:
        stub = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))
        options = "AuthenticationMethods password,keyboard-interactive:pam"
        with servers.sshd({"clerk": servers.PASSWORD}, pam=stub, options=options) as server:
            error = _refusal(_settings(server, user="clerk", key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
            log = server.log.read_text()
        assert (error.code, error.transient) == ("AUTH_INTERACTIVE", False)
        assert "keyboard-interactive" in error.detail
        assert log.count("password for clerk") == 1

    @pytest.mark.parametrize(("status", "told"), [(7, "a forced command"), (127, "cannot be run")])
    def test_a_status_that_no_expired_password_has_is_not_told_as_one(self, status: int, told: str) -> None:
        with servers.sshd({"clerk": servers.PASSWORD}, options=f"ForceCommand exit {status}") as server:
            error = _refusal(_settings(server, user="clerk", key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
        assert error.code == "UNSUPPORTED_PROTOCOL"
        assert f"status {status}: " in error.detail
        assert told in error.detail
        assert "expired" not in error.detail

    def test_words_in_the_place_of_sftp_are_told(self) -> None:
        """A login script that greets, a shell that refuses: by the rules the length of a packet."""
        words = f"ForceCommand echo Closed for {servers.PASSWORD} today; exit 1"
        with servers.sshd({"clerk": servers.PASSWORD}, options=words) as server:
            error = _refusal(_settings(server, user="clerk", key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
        assert error.code == "UNSUPPORTED_PROTOCOL"
        assert "Closed for *** today" in error.detail
        assert "expired" not in error.detail

    def test_fault_040_an_expired_password_ends_the_source_after_one_login(self) -> None:
        """OpenSSH takes it, starts no SFTP, and throws away the words that would say why."""
        with servers.sshd({"clerk": servers.PASSWORD}, expired=["clerk"]) as server:
            error = _refusal(_settings(server, user="clerk", key_file=None, password="env:STOCKTAKE_TEST_SFTP"))
            log = server.log.read_text()
        assert (error.code, error.transient) == ("UNSUPPORTED_PROTOCOL", False)
        assert "as OpenSSH does where a password has expired" in error.detail
        assert log.count("Accepted password for clerk") == 1


class TestAlgorithms:
    def test_fault_032_outdated_algorithms_need_an_opt_in_and_are_reported(self) -> None:
        with servers.sshd(legacy=True) as server:
            paths = _tree(server.data)
            error = _refusal(_settings(server))
            crawled = _crawl(_settings(server, legacy_algorithms=True))
        assert (error.code, error.transient) == ("WEAK_SSH", False)
        assert "diffie-hellman-group14-sha1" in error.detail
        assert set(crawled.paths) == paths
        (note,) = crawled.faults
        assert (note.op, note.reason) == ("note", "WEAK_SSH")
        told = {r["name"]: r["value"] for r in crawled.records("setting")}
        weak = "diffie-hellman-group14-sha1, ssh-rsa, aes128-cbc, hmac-sha1"
        assert told["legacy_algorithms_used"] == weak
        assert all(each in note.detail for each in weak.split(", "))

    @pytest.mark.parametrize(
        ("option", "group"),
        [
            ("KexAlgorithms diffie-hellman-group-exchange-sha1", "kex"),
            ("Ciphers aes256-cbc,3des-cbc", "ciphers"),
            ("MACs hmac-sha1,hmac-md5", "macs"),
        ],
    )
    def test_any_one_outdated_group_is_enough_to_refuse(self, option: str, group: str) -> None:
        with servers.sshd(options=option) as server:
            error = _refusal(_settings(server))
        assert error.code == "WEAK_SSH"
        assert f"{group}: " in error.detail

    def test_a_host_that_is_only_too_modern_is_not_called_weak(self) -> None:
        with servers.sshd(options="Ciphers chacha20-poly1305@openssh.com") as server:
            error = _refusal(_settings(server))
        assert error.code == "UNSUPPORTED_PROTOCOL"

    def test_a_modern_host_tells_what_was_agreed(self, sshd: Sshd) -> None:
        crawled = _crawl(_settings(sshd))
        told = {r["name"]: r["value"] for r in crawled.records("setting")}
        assert "legacy_algorithms_used" not in told
        assert told["ssh_host_key"] == sshd.fingerprint
        assert str(told["ssh_banner"]).startswith("SSH-2.0-OpenSSH")
        assert told["root"] == str(sshd.data)
        assert told["ssh_kex"]
        assert told["ssh_cipher"]


class TestConnection:
    def test_a_closed_port_may_be_tried_again(self) -> None:
        settings = {
            "host": "127.0.0.1",
            "port": servers.free_port(),
            "user": "u",
            "password": "env:STOCKTAKE_TEST_SFTP",
        }
        error = _refusal(settings)
        assert (error.code, error.transient) == ("UNREACHABLE", True)

    @pytest.mark.parametrize(
        "piece", [b"", b"x", b"welcome\r\n", b"m" * 4096], ids=["silence", "trickle", "lines", "megabytes"]
    )
    def test_fault_033_a_banner_that_never_comes_ends_at_the_deadline(self, piece: bytes) -> None:
        with tarpit(piece) as port:
            settings = {"host": "127.0.0.1", "port": port, "user": "u", "password": "env:STOCKTAKE_TEST_SFTP"}
            start = time.monotonic()
            error = _refusal(settings, timeout_s=0.5)
        assert (error.code, error.transient) == ("UNREACHABLE", True)
        assert time.monotonic() - start < 5

    def test_a_host_that_speaks_something_else_is_told(self) -> None:
        with tarpit(b"SSH-1.5-old\r\n") as port:
            settings = {"host": "127.0.0.1", "port": port, "user": "u", "password": "env:STOCKTAKE_TEST_SFTP"}
            assert _refusal(settings, timeout_s=0.5).code == "UNSUPPORTED_PROTOCOL"

    def test_fault_038_a_server_that_dies_while_listing_is_transient_and_the_repeat_is_whole(self) -> None:
        with servers.sshd() as server:
            paths = _tree(server.data, directories=40)
            whole = _crawl(_settings(server))
            killer = _Killer(server, at=60)
            with closing(_open(_settings(server), killer)) as connector:
                units = connector.roots()
                with pytest.raises(SourceError) as raised:
                    list(connector.crawl(next(iter(units))))
                assert (raised.value.code, raised.value.transient) == ("IO_ERROR", True)
                assert killer.killed
                again = crawl_all(connector)  # the same connector, connecting anew
        assert set(again.paths) == paths
        assert again.normal() == whole.normal()

    @pytest.mark.parametrize("part", ["up", "down"])
    def test_fault_033_a_server_that_trickles_after_its_banner_meets_the_deadline(self, sshd: Sshd, part: str) -> None:
        """No single wait is long: only a deadline over all of them ends it."""
        with tcp_proxy(sshd.host, sshd.port) as proxy:
            slow = Conditions(trickle=(1, 0.05))
            proxy.change(up=slow if part == "up" else None, down=slow if part == "down" else None)
            start = time.monotonic()
            error = _refusal(_settings(sshd, port=proxy.port), timeout_s=1.0)
        assert error.transient
        assert error.code in ("UNREACHABLE", "TIMEOUT")
        assert time.monotonic() - start < 10

    def test_fault_033_a_listing_that_trickles_meets_the_deadline(self) -> None:
        with servers.sshd() as server, tcp_proxy(server.host, server.port) as proxy:
            _tree(server.data, directories=4, files=200)
            with closing(_open(_settings(server, port=proxy.port), timeout_s=1.0)) as connector:
                connector.roots()
                proxy.change(down=Conditions(trickle=(8, 0.02)))
                start = time.monotonic()
                with pytest.raises(SourceError) as raised:
                    list(connector.crawl(Unit("")))
        assert (raised.value.code, raised.value.transient) == ("TIMEOUT", True)
        assert time.monotonic() - start < 10

    def test_fault_038_a_host_that_grants_no_session_may_be_tried_again(self) -> None:
        with servers.sshd(options="MaxSessions 0") as server:
            error = _refusal(_settings(server))
        assert (error.code, error.transient) == ("UNREACHABLE", True)

    def test_a_server_that_stops_answering_meets_the_deadline(self) -> None:
        with servers.sshd() as server:
            _tree(server.data, directories=40)
            killer = _Killer(server, at=60, with_=signal.SIGSTOP)
            with closing(_open(_settings(server), killer, timeout_s=1.0)) as connector:
                connector.roots()
                start = time.monotonic()
                with pytest.raises(SourceError) as raised:
                    list(connector.crawl(Unit("")))
            killer.again(signal.SIGKILL)
        assert (raised.value.code, raised.value.transient) == ("TIMEOUT", True)
        assert time.monotonic() - start < 10

    def test_fault_035_a_chroot_is_the_root_and_home_is_found(self) -> None:
        """sshd insists that root owns all of a chroot, so a folder of the system's has to do."""
        system = Path("/usr/share")
        with servers.sshd(options=f"ChrootDirectory {system}") as server:
            home = _crawl(_settings(server, path="/common-licenses/."))
        assert sorted(home.paths) == sorted(p.name for p in (system / "common-licenses").iterdir())
        assert {r["name"]: r["value"] for r in home.records("setting")}["root"] == "/common-licenses"


class TestListing:
    def test_fault_001_an_undecodable_name_costs_nothing(self, tmp_path: Path) -> None:
        with servers.sshd() as server:
            (Path(os.fsdecode(os.fsencode(server.data) + b"/caf\xe9"))).write_bytes(b"abc")
            (server.data / "plain").write_bytes(b"")
            entries = _crawl(_settings(server)).entries
        assert {path: e["size"] for path, e in entries.items()} == {"caf\\xE9": 3, "plain": 0}

    def test_fault_021_denied_directories_are_faults_and_an_unsearchable_one_is_not_empty(self) -> None:
        with servers.sshd() as server:
            _tree(server.data, directories=4)
            (server.data / "d1").chmod(0)
            (server.data / "d2").chmod(0o644)  # readable, not searchable: OpenSSH lists it as if it were empty
            (server.data / "d3/empty").mkdir()
            crawled = _crawl(_settings(server))
        assert [(f.path, f.op, f.reason) for f in sorted(crawled.faults, key=lambda f: f.path)] == [
            ("d1/", "list", "DENIED"),
            ("d2/", "list", "DENIED"),
        ]
        listed = {r["path"]: r["complete"] for r in crawled.records("listing")}
        assert listed == {"": True, "d0/": True, "d2/": False, "d3/": True, "d3/empty/": True}
        assert not ledger_gaps(crawled)

    def test_fault_012_special_files_are_never_opened_and_hard_links_and_owners_are_told(self) -> None:
        with servers.sshd() as server:
            os.mkfifo(server.data / "pipe")
            (server.data / "one").write_bytes(b"1")
            os.link(server.data / "one", server.data / "two")
            os.chown(server.data / "pipe", 54321, 54322)
            entries = _crawl(_settings(server)).entries
            with closing(_open(_settings(server))) as connector, pytest.raises(SourceError) as raised:
                connector.read("pipe", 0, 1)
        assert (entries["pipe"]["kind"], entries["pipe"]["subtype"], entries["pipe"]["size"]) == (
            "special",
            "fifo",
            None,
        )
        assert (entries["pipe"]["owner"], entries["pipe"]["group"]) == ("#54321", "#54322")
        assert (entries["one"]["owner"], entries["one"]["links"]) == ("root", 2)
        assert raised.value.code == "UNKNOWN_TYPE"

    def test_fault_014_a_loop_of_links_is_recorded_and_never_followed(self) -> None:
        with servers.sshd() as server:
            (server.data / "d").mkdir()
            for name, target in (("loop", "."), ("d/up", ".."), ("self", "self"), ("root", "/")):
                (server.data / name).symlink_to(target)
            crawled = _crawl(_settings(server))
            with closing(_open(_settings(server))) as connector, pytest.raises(SourceError) as raised:
                connector.read("self", 0, 1)
        kinds = {path: (e["kind"], e["target"]) for path, e in crawled.entries.items()}
        assert kinds == {
            "d": ("directory", None),
            "loop": ("link", "."),
            "d/up": ("link", ".."),
            "self": ("link", "self"),
            "root": ("link", "/"),
        }
        assert not crawled.faults
        assert raised.value.code == "LINK_NOT_FOLLOWED"

    def test_fault_025_snapshot_folders_are_left_out_unless_wanted(self) -> None:
        with servers.sshd() as server:
            (server.data / ".snapshot/hourly.0").mkdir(parents=True)
            without = _crawl(_settings(server))
            with_ = _crawl(_settings(server, snapshots=True))
        assert without.paths == [".snapshot"]
        assert [(f.path, f.op, f.reason) for f in without.faults] == [(".snapshot", "descend", "SNAPSHOT")]
        assert sorted(with_.paths) == [".snapshot", ".snapshot/hourly.0"]
        assert not with_.faults

    def test_names_a_server_drops_because_their_path_is_too_long_are_an_open_gap(self) -> None:
        """OpenSSH leaves out, without a word, every name whose whole path exceeds 4,095 bytes."""
        name = "d" * 40
        with servers.sshd() as server:
            at = os.open(server.data, os.O_RDONLY)
            for _ in range(110):
                os.mkdir(name, dir_fd=at)
                below = os.open(name, os.O_RDONLY, dir_fd=at)
                os.close(at)
                at = below
            os.close(at)
            crawled = _crawl(_settings(server))
        assert 90 < len(crawled.paths) < 110
        deepest = max(crawled.paths, key=len) + "/"
        assert (deepest, "list", "TOO_DEEP") in [(f.path, f.op, f.reason) for f in crawled.faults]
        assert {r["path"]: r["complete"] for r in crawled.records("listing")}[deepest] is False
        assert {f.reason for f in crawled.faults} == {"TOO_DEEP"}
        assert not ledger_gaps(crawled)

    @pytest.mark.parametrize("swapped", ["d", "d/e"])
    def test_a_unit_whose_directory_was_replaced_by_a_link_leads_nowhere_else(self, swapped: str) -> None:
        """Between two runs, say: SFTP opens what a link leads to, and knows no way to ask otherwise."""
        with servers.sshd() as server:
            (server.data / "tree/d/e").mkdir(parents=True)
            (server.data / "elsewhere/e").mkdir(parents=True)
            (server.data / "elsewhere/secret").touch()
            (server.data / "elsewhere/e/secret").touch()
            with closing(_open(_settings(server, path="tree"))) as connector:
                connector.roots()
                place = server.data / "tree" / swapped
                place.rename(server.data / "moved")
                place.symlink_to(server.data / "elsewhere")
                (fault,) = connector.crawl(Unit("d/e/"))
        assert isinstance(fault, Fault)
        assert (fault.path, fault.op, fault.reason) == ("d/e/", "list", "VANISHED")
        assert "elsewhere" in fault.detail

    def test_several_directories_in_one_unit_are_each_looked_for_where_they_were_found(self) -> None:
        with servers.sshd() as server:
            for name in ("kept", "swapped", "gone", "caf\\xE9"):
                place = server.data / "tree" / os.fsdecode(restore(name))
                place.mkdir(parents=True)
                (place / "f").touch()
            (server.data / "elsewhere").mkdir()
            (server.data / "elsewhere/secret").touch()
            with closing(_open(_settings(server, path="tree"))) as connector:
                connector.roots()
                (server.data / "tree/swapped").rename(server.data / "moved")
                (server.data / "tree/swapped").symlink_to(server.data / "elsewhere")
                shutil.rmtree(server.data / "tree/gone")
                events = list(connector.crawl(Unit.several("", ["kept", "swapped", "gone", "caf\\xE9"])))
        faults = {(f.path, f.op, f.reason) for f in events if isinstance(f, Fault)}
        batches = [b for b in events if isinstance(b, Batch) and b.schema is ENTRY]
        paths = {f"{r['parent']}{r['name']}" for b in batches for r in rows(b)}
        assert faults == {("swapped/", "list", "VANISHED"), ("gone/", "list", "VANISHED")}
        assert paths == {"kept/f", "caf\\xE9/f"}

    def test_a_root_that_is_a_file_is_no_root(self) -> None:
        with servers.sshd() as server:
            (server.data / "file").write_bytes(b"")
            assert _refusal(_settings(server, path="file")).code == "ROOT_MISSING"
            assert _refusal(_settings(server, path="nothing")).code == "ROOT_MISSING"

    def test_a_unit_covers_a_bounded_part_and_hands_out_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crawl, "DIRECTORIES", 4)
        monkeypatch.setattr(crawl, "BREADTH", 2)
        with servers.sshd() as server:
            paths = _tree(server.data, directories=10)
            crawled = _crawl(_settings(server))
            monkeypatch.setattr(crawl, "DIRECTORIES", 512)
            monkeypatch.setattr(crawl, "ENTRIES", 20)
            by_entries = _crawl(_settings(server))
        assert [len(unit.members) for unit in crawled.units] == [0, 7]
        assert len(by_entries.units) > 1
        for each in (crawled, by_entries):
            assert sorted(each.paths) == sorted(paths)
            assert not ledger_gaps(each)

    def test_a_container_the_session_wants_apart_becomes_a_unit(self) -> None:
        with servers.sshd() as server:
            paths = _tree(server.data, directories=3)
            crawled = _crawl(_settings(server), within=lambda key: key != "d1/")
        assert set(crawled.units) == {Unit(""), Unit("d1/")}
        assert sorted(crawled.paths) == sorted(paths)

    def test_a_long_directory_is_read_with_more_requests_under_way(self) -> None:
        with servers.sshd() as server:
            for n in range(3000):
                (server.data / f"{n}").touch()
            pace = Pace()
            crawled = _crawl(_settings(server), pace=pace)
        assert len(set(crawled.paths)) == 3000
        assert pace.requests < 30 + crawl.READS + 16  # 100 names an answer, a few asked for beyond the end


# tools


class _Killer(Pace):
    """A pace that signals the processes behind the server's sessions at its n-th call, once."""

    def __init__(self, server: Sshd, at: int, with_: signal.Signals = signal.SIGKILL) -> None:
        super().__init__()
        self._server, self._at, self._signal = server, at, with_
        self.killed: list[int] = []

    def __call__(self) -> None:
        super().__call__()
        if self.requests == self._at:
            self.killed = list(_descendants(self._server))
            self.again(self._signal)

    def again(self, with_: signal.Signals) -> None:
        for pid in self.killed:
            with suppress(ProcessLookupError):  # the death of one may have ended another
                os.kill(pid, with_)


def _descendants(server: Sshd) -> Iterator[int]:
    """The processes beneath a server of ours."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    waiting = [int((server.directory / "pid").read_text())]
    while waiting:
        below = children.get(waiting.pop(), [])
        yield from below
        waiting += below
