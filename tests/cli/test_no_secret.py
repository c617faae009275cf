"""No secret leaves: one canary through every connector, wrong and right, and every artefact searched for it."""

from __future__ import annotations

import base64
import html
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import duckdb
import pytest

from scanner.testing import servers

Estate = Callable[..., Path]


def forms(secret: str) -> dict[str, bytes]:
    """The canary in every form it could leak in."""
    raw = secret.encode()
    found = {
        "plain": raw, "quoted": quote(secret, safe="").encode(), "quoted path": quote(secret).encode(),
        "plus": quote_plus(secret).encode(), "json": json.dumps(secret)[1:-1].encode(),
        "html": html.escape(secret).encode(),
        "hex": raw.hex().encode(), "utf-16": secret.encode("utf-16-le"),
    }  # fmt: skip
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]
        found[f"base64 {shift}"] = inner
        found[f"base64url {shift}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    return found


def sources(password: str, **running: Any) -> list[dict[str, Any]]:
    """One source of every kind that logs in."""
    ssh, smb, s3, pg, maria = (running[n] for n in ("sshd", "samba", "s3", "pg", "maria"))
    return [
        {"name": "ssh", "type": "sftp", "host": ssh.host, "port": ssh.port, "user": "clerk", "password": password,
         "host_key": ssh.fingerprint},
        {"name": "smb", "type": "smb", "root": f"\\\\{smb.host}\\data", "port": smb.port, "user": smb.user,
         "password": password},
        {"name": "s3", "type": "s3", "root": "s3://", "endpoint": s3.endpoint, "region": s3.region,
         "access_key": "env:STOCKTAKE_KEY", "secret_key": password},
        {"name": "pg", "type": "odbc", "user": pg.user, "password": password,
         "connection": f"DRIVER={{PostgreSQL Unicode}};SERVER={pg.host};PORT={pg.port};DATABASE=postgres"},
        {"name": "maria", "type": "odbc", "user": maria.user, "password": password,
         "connection": f"DRIVER={{MariaDB Unicode}};SERVER={maria.host};PORT={maria.port}"},
    ]  # fmt: skip


class Eavesdropper:
    """Reads the command line of a process and its children for as long as they live."""

    def __init__(self, pid: int) -> None:
        self.heard = b""
        self._group = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._over.wait(0.02):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if os.getpgid(int(process.name)) == self._group:
                        line = (process / "cmdline").read_bytes()
                        self.heard += b"" if line in self.heard else line
                except (OSError, ProcessLookupError):
                    continue

    def end(self) -> bytes:
        self._over.set()
        self._thread.join()
        return self.heard


def artefacts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file beneath a folder as it is, and the Parquet ones also as what they say."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes()
            if file.suffix == ".parquet":
                rows = duckdb.sql(f"SELECT * FROM read_parquet('{file}', hive_partitioning = false)").fetchall()
                yield f"{file} (rows)", repr(rows).encode() + "\n".join(str(v) for r in rows for v in r).encode()


@pytest.mark.parametrize("right", [False, True])
def test_fault_079_canary_is_in_no_artefact(  # noqa: PLR0917 - one of every server
    stocktake: Any, estate: Estate, tmp_path: Path, right: bool, sshd: servers.Sshd, samba: servers.Samba,
    s3_server: servers.S3Server, postgresql: servers.PostgreSQL, mariadb: servers.MariaDB,
) -> None:  # fmt: skip
    canary = servers.PASSWORD if right else "wr0ng\"c4nary/+&'Pw?!"
    estate(*sources("env:STOCKTAKE_CANARY", sshd=sshd, samba=samba, s3=s3_server, pg=postgresql, maria=mariadb))
    environment = {"STOCKTAKE_CANARY": canary, "STOCKTAKE_KEY": s3_server.user}
    said: list[tuple[str, bytes]] = []
    scan = stocktake.start("scan", "--debug", "--json", "--progress", "json", **environment)
    listening = Eavesdropper(scan.pid)
    out, err = scan.communicate(timeout=100)
    said += [("stdout", out.encode()), ("stderr", err.encode()), ("command lines", listening.end())]
    records = [json.loads(line) for line in out.split("\n") if line]
    codes = {r["name"]: r["error_code"] for r in records if r["type"] == "source"}
    if right:
        assert set(codes.values()) == {None}, err
    else:
        # The S3 stand-in takes any key; what is refused there is under test with its own server.
        assert {codes[n] for n in ("ssh", "smb", "pg", "maria")} == {"AUTH_REFUSED"}, err
    for arguments in (["resume", "--debug"], ["test", "--debug", "--json"], ["config", "show"],
                      ["report", "-o", "report.html"],
                      ["report", "--format", "json", "-o", "report.json"]):  # fmt: skip
        done = stocktake(*arguments, **environment)
        assert done.code != 1, done.err
        said.append((" ".join(arguments), (done.out + done.err).encode()))
    files = list(artefacts(tmp_path))
    assert any("state.db" in name for name, _ in files)
    assert any(name.endswith("report.html") for name, _ in files)
    for name, content in said + files:
        for form, secret in forms(canary).items():
            assert secret not in content, f"{form} form in {name}"


def test_debug_shows_a_traceback_without_values(
    here: Any, tree: Path, monkeypatch: pytest.MonkeyPatch, wrong_password: str
) -> None:
    from scanner import secrets  # noqa: PLC0415

    secrets.remember(wrong_password)

    def broken(*_arguments: object, **_more: object) -> None:
        local = wrong_password
        raise RuntimeError(f"inner failure with {local} and \x1b[31m")

    monkeypatch.setattr("scanner.cli.scan.digest", broken)
    done = here("scan", str(tree), "--debug", "--json")
    assert done.code == 1
    assert "INTERNAL" in done.err
    assert "in broken" in done.err
    assert wrong_password not in done.out + done.err
    assert "\x1b" not in done.out + done.err
    assert "in broken" not in here("scan", str(tree)).err


def test_library_that_logs_warns_or_dies_in_a_thread_writes_nothing(stocktake: Any, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        """if True:
            import logging, pathlib, sys, threading, time, warnings

            def late():
                while "scanner.cli.app" not in sys.modules or not logging.getLogger().handlers:
                    time.sleep(0.002)
                logging.getLogger("loud").error("LOUD log")
                warnings.warn("LOUD warning")
                pathlib.Path("ran").touch()
                raise ValueError("LOUD death")

            threading.Thread(target=late, daemon=True).start()
        """
    )
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    done = stocktake("explain", "rules", PYTHONPATH=path)
    assert done.code == 0
    assert (tmp_path / "ran").exists()
    assert "LOUD" not in done.out + done.err
