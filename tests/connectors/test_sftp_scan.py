"""An SFTP host scanned as a person would: through the command, the engine and the catalog."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner import secrets
from scanner.cli.app import run
from scanner.cli.output import Output
from scanner.paths import canonical
from scanner.testing import servers
from scanner.testing.estate_tree import plant_many
from scanner.testing.servers import Conditions, Sshd, tcp_proxy

pytestmark = pytest.mark.server

WITHOUT = frozenset({"opaque_key", "pre_1970", "after_2038"})
Records = list[dict[str, Any]]
Stocktake = Callable[..., tuple[int, Records]]


@pytest.fixture
def stocktake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Stocktake:
    """Runs the command in a folder of its own; the exit code, and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STOCKTAKE_CATALOG", raising=False)

    def call(*arguments: str) -> tuple[int, Records]:
        capfd.readouterr()
        code = run([*arguments, "--json"], Output(as_json=True, debug=False))
        return code, [json.loads(line) for line in capfd.readouterr().out.split("\n") if line]

    return call


def _estate(server: Sshd, **more: object) -> None:
    source: dict[str, object] = {"name": "host", "type": "sftp", "host": server.host, "port": server.port}
    source |= {"user": server.user, "key_file": str(server.key), "host_key": server.fingerprint} | more
    lines = [f"{key} = {json.dumps(value)}" for key, value in source.items() if value is not None]
    Path("estate.toml").write_text("version = 1\n\n[[sources]]\n" + "\n".join(lines) + "\n")


def _entries(stocktake: Stocktake) -> dict[str, tuple[str, int | None]]:
    query = "SELECT parent || name AS path, kind, size FROM entry"
    _, records = stocktake("query", query)
    return {r["path"]: (r["kind"], r["size"]) for r in records if "path" in r}


def _source(records: Records) -> dict[str, Any]:
    return next(r for r in records if r.get("type") == "source")


def _tree(root: Path, directories: int = 30, files: int = 40) -> set[str]:
    paths = set()
    for d in range(directories):
        (root / f"d{d}").mkdir()
        paths |= {f"d{d}"} | {f"d{d}/f{f}" for f in range(files)}
        for f in range(files):
            (root / f"d{d}/f{f}").touch()
    return paths


def _found(root: Path) -> dict[str, tuple[str, int | None]]:
    """What ``find`` on the server's side says: kind and, for files, size of every path."""
    kinds = {"f": "file", "d": "directory", "l": "link", "p": "special", "s": "special", "c": "special"}
    told = subprocess.run(
        ["find", os.fsencode(root), "-mindepth", "1", "-printf", "%P\\0%y\\0%s\\0"],
        check=True, capture_output=True,
    ).stdout.split(b"\0")[:-1]  # fmt: skip
    return {
        canonical(path): (kinds[kind.decode()], int(size) if kind == b"f" else None)
        for path, kind, size in zip(told[::3], told[1::3], told[2::3], strict=True)
    }


def _names_by_sftp(server: Sshd, folders: list[str]) -> dict[str, int]:
    """How many names OpenSSH's own client lists in each folder."""
    command = ["sftp", "-q", "-b", "-", "-i", str(server.key), "-P", str(server.port), "-o", "StrictHostKeyChecking=no"]
    command += ["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", f"{server.user}@{server.host}"]
    batch = "".join(f'ls -1a "{folder}"\n' for folder in folders)
    told = subprocess.run(command, input=batch.encode(), check=True, capture_output=True).stdout
    pieces = re.split(rb'^sftp> ls -1a "(.*)"\n', told, flags=re.MULTILINE)[1:]
    return {
        folder.decode(): len([line for line in names.splitlines() if line.rpartition(b"/")[2] not in (b".", b"..")])
        for folder, names in zip(pieces[::2], pieces[1::2], strict=True)
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("entries", [4_000, pytest.param(20_000, marks=pytest.mark.full)])
def test_an_estate_of_many_entries_is_what_find_and_sftp_list(stocktake: Stocktake, entries: int) -> None:
    """The whole of them, hostile names and all, in the catalog of a scan. Faults 1 and 4."""
    with servers.sshd() as server:
        planted = plant_many(server.data, entries, cannot=WITHOUT)
        _estate(server)
        code, records = stocktake("scan")
        scanned = _entries(stocktake)
        found = _found(server.data)
        # Its 'ls' takes patterns, and knows no line that holds a line's end: the plain ones, and those are most.
        plain = [p for p, (kind, _) in found.items() if kind == "directory" and re.fullmatch(r"[\w ./-]+", p)]
        listed = _names_by_sftp(server, plain)
    assert (code, _source(records)["state"]) == (0, "complete")
    assert scanned == found
    assert len(scanned) == planted.entries == entries
    counted = dict.fromkeys(plain, 0)
    for path in scanned:
        if path.rpartition("/")[0] in counted:
            counted[path.rpartition("/")[0]] += 1
    newlines = {p.rpartition("/")[0] for p in scanned if "\n" in p}
    assert sum(listed.values()) > entries * 0.75
    assert {p: n for p, n in listed.items() if p not in newlines} == {
        p: n for p, n in counted.items() if p not in newlines
    }


def test_what_another_source_of_the_host_scans_is_not_reported_as_only_seen(stocktake: Stocktake) -> None:
    """Whether a path is given from the root or from the home: none tells another, or what lies in it, as left out."""
    with servers.sshd() as server:
        for name in ("near", "far/in", "beside"):
            (server.data / name).mkdir(parents=True)
        _estate(server, path="near")
        first = Path("estate.toml").read_text()
        for name, path in (("whole", str(server.data / "far")), ("part", "far/in")):
            _estate(server, name=name, path=path)
            first += Path("estate.toml").read_text().partition("\n\n")[2]
        Path("estate.toml").write_text(first)
        assert stocktake("scan")[0] == 0
        stocktake("report", "--format", "json", "-o", "report.json")
    seen = json.loads(Path("report.json").read_text())["security"]["seen"]["list"]
    assert [r["name"] for r in seen if r["name"].startswith(str(server.data))] == [f"{server.data}/beside"]


def test_fault_039_a_wrong_password_is_one_attempt_over_scan_rescan_and_resume(
    stocktake: Stocktake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKTAKE_WRONG", "wr0ng/Pw+4!")
    with servers.sshd({"clerk": servers.PASSWORD}) as server:
        _estate(server, user="clerk", key_file=None, password="env:STOCKTAKE_WRONG")
        codes = [stocktake(*words)[0] for words in (["scan"], ["scan"], ["resume"])]
        log = server.log.read_text()
    secrets.forget()
    assert codes[:2] == [12, 12]
    assert codes[2] != 0
    assert log.count("Failed") == log.count("Failed password for clerk") == 1
    assert "Accepted" not in log


@pytest.mark.parametrize("options", ["MaxStartups 1:100:1", "PerSourceMaxStartups 1", "MaxSessions 1\nMaxAuthTries 1"])
def test_fault_038_a_host_that_takes_few_logins_at_a_time_is_scanned_whole(stocktake: Stocktake, options: str) -> None:
    with servers.sshd(options=options) as server:
        paths = _tree(server.data)
        _estate(server)
        code, records = stocktake("scan")
    assert (code, _source(records)["state"]) == (0, "complete")
    assert set(_entries(stocktake)) == paths


def test_fault_038_where_further_connections_are_refused_one_does_the_work(
    stocktake: Stocktake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first login goes through, every one after it meets a reset: fewer workers, the same result."""
    monkeypatch.setattr("connectors.sftp.crawl.DIRECTORIES", 2)  # so that there is work for others
    monkeypatch.setattr("connectors.sftp.rest.TOGETHER", 1)
    with servers.sshd() as server, tcp_proxy(server.host, server.port) as proxy:
        paths = _tree(server.data)
        _estate(server, port=proxy.port)
        monkeypatch.setattr("connectors.sftp.ssh._open_sftp", _then(lambda: proxy.change(refuse=1.0)))
        code, records = stocktake("scan")
        assert proxy.counts.connections - proxy.counts.refused == 1
        assert proxy.counts.refused > 0
    assert (code, _source(records)["state"]) == (0, "complete")
    assert set(_entries(stocktake)) == paths


def _then(action: Callable[[], None]) -> Callable[..., Any]:
    from connectors.sftp import ssh  # noqa: PLC0415 - the driver is loaded when it is needed

    original = ssh._open_sftp

    def opened(*arguments: Any) -> Any:
        channel = original(*arguments)
        action()
        return channel

    return opened


@pytest.mark.parametrize("then", ["reset", "truncate"])
def test_fault_038_connections_that_break_in_mid_listing_cost_retries_and_nothing_else(
    stocktake: Stocktake, then: Any
) -> None:
    with servers.sshd() as server, tcp_proxy(server.host, server.port) as proxy:
        paths = _tree(server.data)
        _estate(server, port=proxy.port)
        proxy.change(down=Conditions(after=60_000, then=then, times=2))
        code, records = stocktake("scan")
        assert proxy.counts.spoilt == 2
    assert (code, _source(records)["state"]) == (0, "complete")
    assert set(_entries(stocktake)) == paths
