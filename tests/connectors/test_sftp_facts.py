"""What an SFTP host tells besides its entries: rights, settings, what lies beside, all against a real sshd."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from connectors.sftp import PLUG, crawl
from scanner.connector import Session
from scanner.testing import servers
from scanner.testing.crawling import Crawl, Pace, Record, crawl_all
from scanner.testing.servers import Sshd

pytestmark = pytest.mark.server


def _crawl(server: Sshd, **more: object) -> Crawl:
    settings: dict[str, object] = {"host": server.host, "port": server.port, "user": server.user}
    settings |= {"key_file": str(server.key), "host_key": server.fingerprint, "discover": False} | more
    with closing(PLUG.open(PLUG.options.model_validate(settings), Session("here", Pace(), 20.0))) as connector:
        return crawl_all(connector)


def _settings(crawled: Crawl) -> dict[object, str | None]:
    told = {r["name"]: r["value"] for r in crawled.records("setting")}
    assert len(told) == len(crawled.records("setting"))
    return told  # type: ignore[return-value]


def _write_open(crawled: Crawl) -> set[object]:
    return {r["path"] for r in _rights(crawled) if (r["grantee_kind"], r["right"]) == ("everyone", "write")}


def _rights(crawled: Crawl) -> list[Record]:
    return crawled.records("grant")


class TestRights:
    def test_the_root_always_and_beneath_it_only_what_differs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever the cut into units: a unit of its own compares with what its folder is, not with nothing."""
        with servers.sshd() as server:
            os.chown(server.data, 0, 0)
            for path in ("same/same", "open/beneath", "other's"):
                (server.data / path).mkdir(parents=True)
            for path in ("f", "same/f", "same/same/f", "open/beneath/f", "same/secret", "same/run"):
                (server.data / path).write_bytes(b"x")
            (server.data / "open").chmod(0o777)
            (server.data / "same/secret").chmod(0o600)
            (server.data / "same/run").chmod(0o755)
            (server.data / "link").symlink_to("f")
            os.chown(server.data / "other's", 5, 60)
            crawled = _crawl(server)
            monkeypatch.setattr(crawl, "DIRECTORIES", 1)
            in_pieces = _crawl(server)
        assert {r["path"] for r in _rights(crawled)} == {"", "open", "open/beneath", "same/secret", "other's"}
        assert _write_open(crawled) == {"open"}
        owners = {r["path"]: (r["grantee"], r["grantee_id"]) for r in _rights(crawled) if r["right"] == "owner"}
        assert owners[""] == ("root", "#0")
        assert owners["other's"] == ("games", "#5")
        assert len(in_pieces.units) == 4
        assert in_pieces.normal()["grant"] == crawled.normal()["grant"]

    def test_a_number_nobody_has_is_told_as_such(self) -> None:
        with servers.sshd() as server:
            (server.data / "f").write_bytes(b"x")
            os.chown(server.data / "f", 54321, 54322)
            told = {(r["grantee"], r["grantee_kind"]) for r in _rights(_crawl(server)) if r["path"] == "f"}
        assert told == {("#54321", "unknown"), ("#54322", "unknown"), ("others", "everyone")}

    def test_a_chroot_without_account_files_makes_nobody_of_no_one(self) -> None:
        """Its server knows numbers alone, root excepted; that they have no name there says nothing of them. Fault 35.

        sshd insists that root owns all that leads to a chroot, which a temporary folder's parent is not.
        """
        root = Path(tempfile.mkdtemp(prefix="stocktake-", dir="/run"))
        try:
            root.chmod(0o755)
            (root / "f").write_bytes(b"x")
            os.chown(root / "f", 5, 60)
            with servers.sshd(options=f"ChrootDirectory {root}") as server:
                crawled = _crawl(server, path="/")
                there = _crawl(server, path="/.")
        finally:
            shutil.rmtree(root)
        told = {(r["grantee"], r["grantee_kind"]) for r in _rights(crawled) if r["path"] == "f"}
        assert told == {("#5", "user"), ("#60", "group"), ("others", "everyone")}
        assert _settings(crawled)["root"] == "/"
        assert there.normal() == crawled.normal()

    def test_a_folder_that_may_not_be_listed_has_rights_all_the_same(self) -> None:
        with servers.sshd() as server:
            (server.data / "shut").mkdir()
            (server.data / "shut").chmod(0o700)
            crawled = _crawl(server, path="shut")
        assert [(f.path, f.op, f.reason) for f in crawled.faults] == [("", "list", "DENIED")]
        assert {(r["path"], r["grantee_id"], r["right"]) for r in _rights(crawled)} == {
            ("", "#0", right) for right in ("owner", "read", "list", "write", "execute")
        }


class TestSettings:
    def test_a_host_tells_what_was_agreed_and_how_much_room_there_is(self, tmp_path: Path) -> None:
        banner = tmp_path / "banner"
        banner.write_bytes(b"Only for \x1b[31mus\r\ncaf\xe9\n")
        with servers.sshd(options=f"Banner {banner}\nMACs hmac-sha2-256,hmac-sha1") as server:
            disk = os.statvfs(server.data)
            told = _settings(_crawl(server))
            data = str(server.data)
        assert (told["auth_method"], told["ssh_compression"], told["sftp_version"]) == ("publickey", "none", "3")
        assert (told["root"], told["home"]) == (data, data)
        assert told["ssh_login_banner"] == "Only for \\x1b[31mus\\r\\ncaf\\xE9"
        assert told["ssh_weak_algorithms_offered"] == "hmac-sha1"
        assert "legacy_algorithms_used" not in told
        assert told["filesystem_total_bytes"] == str(disk.f_frsize * disk.f_blocks)
        assert 0 < int(told["filesystem_free_bytes"] or 0) < int(told["filesystem_total_bytes"] or 0)
        assert told["filesystem_read_only"] == "false"
        assert told["auth_methods_offered"] is None

    def test_a_server_without_the_extension_leaves_room_unknown(self) -> None:
        with servers.sshd(options="Match User games\nForceCommand internal-sftp -P statvfs\nMatch all") as server:
            told = _settings(_crawl(server, path=str(server.data)))
        assert told["filesystem_total_bytes"] is None
        assert told["filesystem_free_bytes"] is None


class TestBeside:
    def test_folders_beside_the_path_are_seen_with_the_locator_a_source_of_them_would_have(self) -> None:
        with servers.sshd() as server:
            for name in ("here", "there", "here/inside"):
                (server.data / name).mkdir()
            (server.data / "file").touch()
            (server.data / "link").symlink_to("there")
            seen = {r["name"]: r["locator"] for r in _crawl(server, path="here", discover=True).records("seen")}
        base = f"sftp://{server.user}@{server.host}:{server.port}"
        assert {n: at for n, at in seen.items() if str(n).startswith(str(server.data))} == {
            f"{server.data}/there": f"{base}{server.data}/there"
        }
        assert not {"/etc", "/proc", "/usr", "/", str(server.data), f"{server.data}/here"} & set(seen)
        assert "/var" in seen
        options = {PLUG.locator(PLUG.options.model_validate(PLUG.from_url(f"{at}?password=env:A"))) for at in
                   map(str, seen.values())}  # fmt: skip
        assert options == set(seen.values())

    def test_what_may_not_be_listed_is_passed_over(self) -> None:
        with servers.sshd() as server:
            (server.data / "shut/here/in").mkdir(parents=True)
            (server.data / "shut/there").mkdir()
            (server.data / "shut").chmod(0o711)
            crawled = _crawl(server, path="shut/here", discover=True)
        assert crawled.paths == ["in"]
        assert not [r for r in crawled.records("seen") if str(r["name"]).startswith(f"{server.data}/")]
        assert not crawled.faults
