"""Depth L2 on real servers: the same database files behind SMB, SFTP and S3, and one that another client holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import boto3
import pytest
import smbclient
from sample_files import Scanned, access_bytes, dbase_bytes, sqlite_file

from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.registry import Bound, bind
from scanner.testing import servers

pytestmark = pytest.mark.server
PATHS = ("a.sqlite", "deep/b.mdb", "deep/drivers.dbf")
TABLES = {"a.sqlite": 3, "deep/b.mdb": 3, "deep/drivers.dbf": 1}


def fill(folder: Path) -> None:
    (folder / "deep").mkdir()
    sqlite_file(folder / "a.sqlite")
    (folder / "deep" / "b.mdb").write_bytes(access_bytes("indexTestV2003.mdb"))
    (folder / "deep" / "drivers.dbf").write_bytes(dbase_bytes())
    (folder / "notes.txt").write_text("no database, and never read\n" * 20)
    for file in (folder, *folder.rglob("*")):
        file.chmod(0o755 if file.is_dir() else 0o644)


def bound(kind: str, options: dict[str, object]) -> Bound:
    limits = Limits.model_validate({"connections": 2, "retries": 1})
    return bind(SourceConfig(name="src", type=kind, depth="L2", limits=limits, options=options))


def tables(scanned: Scanned) -> dict[str, int]:
    sql = "SELECT rtrim(parent, '/'), count(*) FROM entry WHERE kind IN ('table', 'view') GROUP BY 1"
    assert scanned.rows("SELECT listed - entries - skipped - failed FROM source") == [(0,)]
    return dict(scanned.rows(sql))


def test_database_files_of_a_share(scanned: Scanned, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.samba() as server:
        fill(server.data)
        monkeypatch.setenv("SMB_PW", server.password)
        root = f"\\\\{server.host}\\data"
        options = {"root": root, "port": server.port, "user": server.user, "password": "env:SMB_PW"}
        assert scanned.scan(bound("smb", options)).exit is Exit.COMPLETE
    found = tables(scanned)
    assert {path.removeprefix("data/"): n for path, n in found.items()} == TABLES


def test_fault_020_file_that_another_client_holds_is_told_and_kept(
    scanned: Scanned, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.samba() as server:
        fill(server.data)
        monkeypatch.setenv("SMB_PW", server.password)
        root = f"\\\\{server.host}\\data"
        options = {"root": root, "port": server.port, "user": server.user, "password": "env:SMB_PW"}
        session = {"username": server.user, "password": server.password, "port": server.port}
        cache: dict[str, object] = {}
        try:
            with smbclient.open_file(
                f"{root}\\deep\\b.mdb", mode="rb", share_access="", connection_cache=cache, **session
            ):
                outcome = scanned.scan(bound("smb", options))
        finally:
            smbclient.reset_connection_cache(connection_cache=cache)
    assert outcome.exit is Exit.GAPS
    assert [(op, reason) for _, op, reason in scanned.rows("SELECT path, op, reason FROM fault WHERE op = 'read'")] == [
        ("read", "CONTENT_LOCKED")
    ]
    assert scanned.rows("SELECT size FROM entry WHERE name = 'b.mdb'") == [(len(access_bytes("indexTestV2003.mdb")),)]
    assert sorted(tables(scanned).values()) == [1, 3]


def test_database_files_of_an_sftp_host(scanned: Scanned, share: Path) -> None:
    with servers.sshd() as server:
        fill(server.data)
        for file in (server.data, *server.data.rglob("*")):
            shutil.chown(file, server.user)
        options = {
            "host": server.host, "port": server.port, "user": server.user, "path": str(server.data),
            "key_file": str(server.key), "host_key": server.fingerprint, "discover": False,
        }  # fmt: skip
        assert scanned.scan(bound("sftp", options)).exit is Exit.COMPLETE
    assert tables(scanned) == TABLES


def test_files_of_a_bucket_are_read_that_may_tell_something_and_none_that_is_archived(
    scanned: Scanned, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(share)
    with servers.s3_server() as server:
        client = boto3.client(
            "s3", endpoint_url=server.endpoint, region_name=server.region, aws_access_key_id=server.user,
            aws_secret_access_key=server.password,
        )  # fmt: skip
        client.create_bucket(Bucket="drop")
        for path in (*PATHS, "notes.txt"):
            client.put_object(Bucket="drop", Key=path, Body=(share / path).read_bytes())
        client.put_object(Bucket="drop", Key="ice.mdb", Body=b"x" * 9000, StorageClass="DEEP_ARCHIVE")
        monkeypatch.setenv("S3_AK", server.user)
        monkeypatch.setenv("S3_SK", server.password)
        keys = {"access_key": "env:S3_AK", "secret_key": "env:S3_SK"}
        outcome = scanned.scan(bound("s3", {"root": "s3://drop", "endpoint": server.endpoint, **keys}))
    assert outcome.exit in {Exit.COMPLETE, Exit.GAPS}  # moto knows not every setting of a bucket
    assert tables(scanned) == {f"drop/{path}": n for path, n in TABLES.items()}
    looked = scanned.rows("SELECT key FROM unit WHERE starts_with(after, chr(31)) ORDER BY key")
    assert looked == [(f"drop/{path}",) for path in sorted([*PATHS, "notes.txt"])]
