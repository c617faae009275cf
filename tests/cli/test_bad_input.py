"""Bad input: four parts, the right exit code, everything found so far kept, the other sources done."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.testing import servers

Here = Callable[..., Any]
Estate = Callable[..., Path]


def four_parts(text: str) -> None:
    """Every error says what, where, its effect and what to do."""
    for part in ("Error ", "  Where:  ", "  Effect: ", "  Do:     ", "More: stocktake explain "):
        assert part in text, text
    assert "Traceback" not in text


def file_source(tree: Path, name: str = "files") -> dict[str, Any]:
    return {"name": name, "type": "file", "root": str(tree)}


def entries(here: Here, source: str) -> int:
    done = here("query", f"SELECT count(*) AS n FROM entry WHERE source = '{source}'", "--json")
    return int(done.records[0]["n"])


class TestWhereItIs:
    def test_missing_path_is_told_and_the_other_source_is_done(self, here: Here, estate: Estate, tree: Path) -> None:
        estate({"name": "gone", "type": "file", "root": "/no/such/folder"}, file_source(tree))
        done = here("scan")
        assert done.code == 2
        four_parts(done.err)
        assert "ROOT_MISSING" in done.err
        assert "/no/such/folder" in done.err
        assert entries(here, "files") == 8

    @pytest.mark.parametrize("host", ["nohost.invalid", "127.0.0.1"])
    def test_host_that_cannot_be_reached_is_exit_13(
        self, here: Here, estate: Estate, tree: Path, host: str, wrong_password: str
    ) -> None:
        port = servers.free_port()
        login = {"user": "scan", "password": "env:STOCKTAKE_WRONG", "retries": 0, "timeout_s": 5}
        estate(
            {"name": "ssh", "type": "sftp", "host": host, "port": port, "path": "/", **login},
            {"name": "smb", "type": "smb", "root": f"\\\\{host}\\share", "port": port, **login},
            {"name": "s3", "type": "s3", "root": "s3://b", "endpoint": f"https://{host}:{port}",
             "access_key": "env:STOCKTAKE_WRONG", "secret_key": "env:STOCKTAKE_WRONG", "retries": 0, "timeout_s": 5},
            {"name": "pg", "type": "odbc", "connection": f"DRIVER={{PostgreSQL Unicode}};SERVER={host};PORT={port}",
             **login},
            file_source(tree),
        )  # fmt: skip
        done = here("scan", "--json")
        states = {r["name"]: (r["state"], r["error_code"]) for r in done.records if r["type"] == "source"}
        assert done.code == 13, done.err
        assert {states[n] for n in ("ssh", "smb", "s3", "pg")} == {("failed", "UNREACHABLE")}
        assert states["files"] == ("complete", None)
        four_parts(done.err)

    def test_broken_driver_name_is_told_with_what_is_there(self, here: Here, estate: Estate, tree: Path) -> None:
        estate(
            {"name": "db", "type": "odbc", "connection": "DRIVER={No Such Driver 9};SERVER=x;DATABASE=y"},
            file_source(tree),
        )
        done = here("scan")
        assert done.code == 2
        four_parts(done.err)
        assert "DRIVER_MISSING" in done.err
        assert "No Such Driver 9" in done.err
        assert entries(here, "files") == 8

    @pytest.mark.parametrize("word", ["nosuchsource", "a" * 300, "gopher://h/x"])
    def test_what_is_neither_name_nor_locator_is_told(self, here: Here, word: str) -> None:
        done = here("scan", word)
        assert done.code == 2
        four_parts(done.err)
        assert "SOURCE_UNKNOWN" in done.err

    @pytest.mark.parametrize(
        "locator",
        [
            "sftp://me:hunter2pw@h/x", "smb://me:hunter2pw@h/x", "s3://me:hunter2pw@b/x", "ftp://me:hunter2pw@h/x",
            "odbc:DRIVER={SQLite3};Database=/x;PWD=hunter2pw", "nosuch:PWD=hunter2pw", "file://me:hunter2pw@h/x",
            "sftp://me@h/x?password=hunter2pw", "smb://me@h/x?password=hunter2pw", "sftpp://h/x?password=hunter2pw",
        ],
    )  # fmt: skip
    def test_password_in_a_locator_is_refused_and_never_repeated(
        self, here: Here, tmp_path: Path, locator: str
    ) -> None:
        done = here("scan", locator, "--json", "--debug")
        assert done.code == 2
        assert done.records[-1]["code"] == 2
        assert "hunter2pw" not in done.out + done.err
        assert not (tmp_path / "stocktake-catalog").exists()

    def test_password_in_the_catalogs_url_is_refused_and_never_repeated(self, here: Here, tree: Path) -> None:
        for url in ("postgresql://u:hunter2pw@h/d?inventory=/tmp/x", "postgresql://u@h/d?password=hunter2pw"):
            done = here("scan", str(tree), "--catalog", url, "--json")
            assert done.code == 2
            assert "hunter2pw" not in done.out + done.err

    def test_long_and_hostile_paths_are_scanned_like_any_other(self, here: Here, tmp_path: Path) -> None:
        for name in ("x" * 250, "it's", 'quo"te', "nl\nname", "esc\x1b[2J"):
            (tmp_path / "deep" / name).mkdir(parents=True)
            (tmp_path / "deep" / name / "file").touch()
            done = here("scan", str(tmp_path / "deep" / name), "--catalog", "c")
            assert done.code == 0, done.err
            assert "\x1b" not in done.out + done.err


class TestEstateFile:
    @pytest.mark.parametrize(
        "text",
        [
            "version = ", "[[sources]\n", "version = 1\nversion = 1", "a = " + "[" * 5000, "a = " + "{b=" * 5000,
            "x = " + "9" * 9000, 'root = "\\\\host\\share"', "\x00", "version = 1\n[limits]\nconnections = 'four'",
            "version = 99", "sources = 3", "sources = [3]", "[sources]\nname = 'x'", "[[sources]]\nname = 3",
            "[[sources]]\nname = 'x'\ntype = 'file'\nroot = ['a']", "limits = 3", "[[stores]]\nname = 'x'",
            "[[stores]]\nname='x'\nlocator='a'\n[[stores]]\nname='x'\nlocator='b'", "d = 2020-99-99",
            "[limits]\nrequests_per_s = 1e-300", "[limits]\nhang_s = inf", "[limits]\ntimeout_s = nan",
            "[limits]\nhours = '25:00-26:00'",
            "targets = ['no-such-target']\n[[sources]]\nname='x'\ntype='file'\nroot='/'",
            "version = 1\n" + "#" * (4 << 20),
        ],
    )  # fmt: skip
    def test_malformed_file_is_exit_2_in_four_parts(self, here: Here, tmp_path: Path, text: str) -> None:
        (tmp_path / "estate.toml").write_text(text)
        done = here("config", "validate")
        assert done.code == 2
        four_parts(done.err)
        assert "INTERNAL" not in done.err

    def test_bytes_that_are_no_text_and_a_folder_are_told(self, here: Here, tmp_path: Path) -> None:
        (tmp_path / "estate.toml").write_bytes(b"version = 1 # \xff")
        assert here("scan").code == 2
        done = here("config", "validate", "--config", str(tmp_path))
        assert done.code == 2
        four_parts(done.err)

    def test_estate_without_sources_says_so(self, here: Here, estate: Estate) -> None:
        estate()
        done = here("scan")
        assert done.code == 2
        assert "[[sources]]" in done.err
        assert here("config", "validate").code == 0

    def test_init_writes_a_file_that_is_valid_for_any_folder(self, here: Here, tmp_path: Path) -> None:
        for number, name in enumerate(("plain", "it's", 'b"\\c', "nl\nx", "caf\udce9", "\U0001f600")):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "here.txt").touch()
            file = f"{number}.toml"
            assert here("init", str(folder), "-o", file, "--catalog", f"cat \U0001f600 '{number}").code == 0
            assert here("scan", "--config", file, "-q").code == 0, name
            assert entries_of(here, file) == 1
        assert here("init", "-o", "0.toml").code == 2, "an estate file is never overwritten"


def entries_of(here: Here, config: str) -> int:
    return int(here("query", "SELECT count(*) AS n FROM entry", "--json", "--config", config).records[0]["n"])


def _refused(server: servers.Server, before: int) -> int:
    return _refusals(server) - before


def _refusals(server: servers.Server) -> int:
    text = server.log.read_text(errors="replace")
    signs = ("Failed password", "FAILED with error NT_STATUS_WRONG_PASSWORD", "FATAL:  password authentication failed")
    return sum(text.count(sign) for sign in signs)


class TestLogin:
    @pytest.mark.parametrize("kind", ["sshd", "samba", "postgresql"])
    def test_fault_039_wrong_password_is_one_attempt_over_scan_rescan_and_resume(
        self, here: Here, estate: Estate, tree: Path, kind: str, request: pytest.FixtureRequest, wrong_password: str
    ) -> None:
        server = request.getfixturevalue(kind)
        # Two places of one account: the second must not try the same password again.
        one, two = _sources_of(kind, server)
        estate({"name": "one", **one}, {"name": "two", **two}, file_source(tree))
        before = _refusals(server)
        first = here("scan")
        assert first.code == 12
        four_parts(first.err)
        assert "AUTH_REFUSED" in first.err
        assert "AUTH_BLOCKED" in first.err
        assert entries(here, "files") == 8
        assert here("scan").code == 12
        assert here("resume").code == 12
        assert here("test", "one").code == 12
        assert _refused(server, before) == 1

        text = Path("estate.toml").read_text()
        Path("estate.toml").write_text(text.replace("STOCKTAKE_WRONG", "STOCKTAKE_RIGHT"))
        assert here("test", "one", "--credential-changed").code == 0
        done = here("resume", "--json")
        states = {r["name"]: r["state"] for r in done.records if r["type"] == "source"}
        assert set(states.values()) <= {"complete", "incomplete"}, done.err
        assert _refused(server, before) == 1

    def test_fault_031_unknown_host_key_is_refused_with_the_command_that_trusts_it(
        self, here: Here, sshd: servers.Sshd, wrong_password: str
    ) -> None:
        place = f"sftp://clerk@127.0.0.1:{sshd.port}"
        locator = f"{place}?password=env:STOCKTAKE_RIGHT&known_hosts=/dev/null"
        refused = here("scan", locator, "--catalog", "a catalog")
        assert refused.code == 12
        four_parts(refused.err)
        assert "HOST_KEY_UNKNOWN" in refused.err
        assert sshd.fingerprint in refused.err
        command = next(line for line in refused.err.splitlines() if "then: stocktake trust add" in line)
        words = shlex.split(command.partition("then: stocktake ")[2])
        assert words[-2:] == ["--fingerprint", sshd.fingerprint]
        trusted = here(*words)
        assert trusted.code == 0, trusted.err
        assert here("scan", locator, "--catalog", "a catalog").code == 0
        assert here("resume", "--catalog", "a catalog").code == 0

    def test_trust_is_for_sources_that_have_a_host_key(self, here: Here, estate: Estate, tree: Path) -> None:
        estate(file_source(tree), {"name": "db", "type": "odbc", "connection": "DRIVER={x};SERVER=h;PORT=1",
                                   "user": "u", "password": "env:X"})  # fmt: skip
        good = "SHA256:" + "A" * 43
        for words in (("files", good), ("db", good), ("files", "SHA256:short"), ("nobody", good)):
            done = here("trust", "add", words[0], "--fingerprint", words[1])
            assert done.code == 2, words
            four_parts(done.err)

    def test_missing_and_exposed_secrets_cost_no_attempt(
        self, here: Here, estate: Estate, tmp_path: Path, tree: Path, sshd: servers.Sshd
    ) -> None:
        before = sshd.log.read_text().count("Failed")
        exposed = tmp_path / "pw"
        exposed.write_text("s3cret-in-the-open")
        exposed.chmod(0o644)
        login = {"type": "sftp", "host": "127.0.0.1", "port": sshd.port, "user": "clerk", "host_key": sshd.fingerprint}
        (tmp_path / "empty").touch(mode=0o600)
        estate(
            {"name": "a", **login, "path": "a", "password": "env:STOCKTAKE_NOT_SET"},
            {"name": "b", **login, "path": "b", "password": f"file:{exposed}"},
            {"name": "c", **login, "path": "c", "password": f"file:{tmp_path / 'empty'}"},
            file_source(tree),
        )  # fmt: skip
        done = here("scan", "--json")
        codes = {r["name"]: r["error_code"] for r in done.records if r["type"] == "source"}
        assert codes == {"a": "SECRET_MISSING", "b": "SECRET_EXPOSED", "c": "SECRET_MISSING", "files": None}
        assert "s3cret-in-the-open" not in done.out + done.err
        assert sshd.log.read_text().count("Failed") == before


def _sources_of(kind: str, server: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two places of one server, entered by one account with a wrong password."""
    login = {"port": server.port, "password": "env:STOCKTAKE_WRONG"}
    if kind == "sshd":
        server.data.joinpath("one").mkdir(exist_ok=True)
        server.data.joinpath("two").mkdir(exist_ok=True)
        login |= {"type": "sftp", "host": server.host, "user": "clerk", "host_key": server.fingerprint}
        return {**login, "path": "one"}, {**login, "path": "two"}
    if kind == "samba":
        login |= {"type": "smb", "user": server.user}
        places = (f"\\\\{server.host}\\{share}" for share in ("data", "hidden$"))
        one, two = ({**login, "root": place} for place in places)
        return one, two
    connection = f"DRIVER={{PostgreSQL Unicode}};SERVER={server.host};PORT={server.port};DATABASE="
    login = {"type": "odbc", "user": server.user, "password": "env:STOCKTAKE_WRONG"}
    return {**login, "connection": connection + "postgres"}, {**login, "connection": connection + "template1"}
