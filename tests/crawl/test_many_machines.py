"""Scans on a real Dask cluster: what one machine finds, whoever is killed, and nothing secret on the way."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from scanner.testing.servers import PASSWORD, Conditions, S3Server, Sshd, tcp_proxy
from scanner.testing.servers.dask import Cluster, dask

pytestmark = [pytest.mark.server, pytest.mark.timeout(400)]
COMMAND = [sys.executable, "-c", "from scanner.cli import main; main()"]
SQL = """SELECT source, path, kind, size, modified FROM entry UNION ALL
    SELECT source, path, 'listing', listed, complete::INT FROM listing ORDER BY ALL"""

SPY = """
import pickle
from scanner.crawl.fleet import Fleet
send = Fleet.send
def spy(self, worker, order, wait):
    answer = send(self, worker, order, wait)
    with open({!r}, "ab") as seen:
        seen.write(pickle.dumps((self._perform, worker, order)) + answer.encode())
    return answer
Fleet.send = spy
from scanner.cli import main
main()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two workers, that know a password by its reference; the second one is at a site."""
    with dask(env={"MANY_PASSWORD": PASSWORD}) as running:
        running.start("anywhere", env={"MANY_PASSWORD": PASSWORD})
        running.start("berlin", site="berlin", env={"MANY_PASSWORD": PASSWORD})
        yield running


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 files in 310 folders."""
    root = tmp_path_factory.mktemp("tree")
    for outer in range(10):
        for inner in range(30):
            folder = root / f"d{outer}" / f"caf\udce9{inner}"
            folder.mkdir(parents=True)
            for n in range(10):
                (folder / f"f{n}").write_bytes(b"x" * n)
    return root


@pytest.fixture(scope="module")
def expected(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What one machine finds there."""
    folder = tmp_path_factory.mktemp("expected")
    config = estate(folder, {"name": "t", "type": "file", "root": str(planted)})
    assert command("scan", "--config", config, "--catalog", str(folder / "near"), "-q").returncode == 0
    return inventory(folder / "near")


def command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **env}
    )


def inventory(catalog: Path) -> list[str]:
    done = command("query", SQL, "--json", "--catalog", str(catalog))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def facts_of(catalog: Path) -> dict[str, object]:
    sql = "SELECT state, error_code, logins, peak_connections FROM source"
    return dict(json.loads(command("query", sql, "--json", "--catalog", str(catalog)).stdout.splitlines()[0]))


def estate(folder: Path, *sources: dict[str, object]) -> str:
    text = "version = 1\n"
    for source in sources:
        text += "\n[[sources]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in source.items())
    (folder / "estate.toml").write_text(text)
    return str(folder / "estate.toml")


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def begun(catalog: Path) -> bool:
    return any((catalog / "facts").glob("scan-*/*.parquet"))


def wait_for(what: object, process: subprocess.Popen[bytes]) -> bool:
    """Whether something came true before the process ended."""
    assert callable(what)
    while process.poll() is None:
        if what():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.full
def test_a_tree_and_a_site_are_found_as_on_one_machine(cluster: Cluster, planted: Path, tmp_path: Path) -> None:
    config = estate(
        tmp_path,
        {"name": "tree", "type": "file", "root": str(planted)},
        {"name": "there", "type": "file", "root": str(planted / "d0"), "site": "berlin", "exclude": ["*7/"]},
    )
    far, near = tmp_path / "far", tmp_path / "near"
    done = command("scan", "--config", config, "--catalog", str(far), "--executor", cluster.address)
    assert done.returncode == 0, done.stderr
    assert command("scan", "--config", config, "--catalog", str(near), "-q").returncode == 0
    assert inventory(far) == inventory(near)
    assert command("catalog", "check", "--catalog", str(far)).returncode == 0
    config = estate(tmp_path, {"name": "x", "type": "file", "root": str(planted), "site": "paris"})
    (tmp_path / "estate.toml").write_text(Path(config).read_text() + "[executor]\nwait_s = 0.5\n")
    done = command("scan", "--config", config, "--catalog", str(tmp_path / "none"), "--executor", cluster.address)
    assert (done.returncode, "NO_WORKER" in done.stderr) == (13, True), done.stderr


def test_a_killed_worker_changes_nothing(planted: Path, expected: list[str], tmp_path: Path) -> None:
    config = estate(tmp_path, {"name": "t", "type": "file", "root": str(planted), "requests_per_s": 150})
    far = tmp_path / "far"
    with dask("a", "b") as cluster:
        scan = started("scan", "--config", config, "--catalog", str(far), "-q", "--executor", cluster.address)
        assert wait_for(lambda: begun(far), scan)
        cluster.kill("a")
        assert scan.wait(200) == 0
    assert inventory(far) == expected
    assert command("catalog", "check", "--catalog", str(far)).returncode == 0


def test_a_killed_coordinator_is_resumed(cluster: Cluster, planted: Path, expected: list[str], tmp_path: Path) -> None:
    config = estate(tmp_path, {"name": "t", "type": "file", "root": str(planted), "requests_per_s": 150})
    far = tmp_path / "far"
    options = ("--config", config, "--catalog", str(far), "-q", "--executor", cluster.address)
    scan = started("scan", *options)
    assert wait_for(lambda: begun(far), scan)
    os.killpg(scan.pid, signal.SIGKILL)
    scan.wait()
    done = command("resume", *options)
    assert done.returncode == 0, done.stderr
    assert inventory(far) == expected


@pytest.mark.full
def test_a_stop_ends_within_seconds_and_resumes(
    cluster: Cluster, planted: Path, expected: list[str], tmp_path: Path
) -> None:
    config = estate(tmp_path, {"name": "t", "type": "file", "root": str(planted), "requests_per_s": 40})
    far = tmp_path / "far"
    scan = started("scan", "--config", config, "--catalog", str(far), "-q", "--executor", cluster.address)
    assert wait_for(lambda: begun(far), scan)
    scan.send_signal(signal.SIGINT)
    assert scan.wait(60) == 130
    config = estate(tmp_path, {"name": "t", "type": "file", "root": str(planted)})
    done = command("resume", "--config", config, "--catalog", str(far), "-q")  # on one machine, for that matter
    assert done.returncode == 0, done.stderr
    assert inventory(far) == expected


def sftp(server: Sshd, **more: object) -> dict[str, object]:
    return {
        "name": "host", "type": "sftp", "host": server.host, "port": server.port, "user": "clerk",
        "password": "env:MANY_PASSWORD", "host_key": server.fingerprint,
    } | more  # fmt: skip


@pytest.mark.full
def test_a_wrong_password_is_tried_once(cluster: Cluster, sshd: Sshd, tmp_path: Path) -> None:
    def refusals() -> int:
        return sshd.log.read_text(errors="replace").count("Failed password for")

    config = estate(tmp_path, sftp(sshd, name="one", password="env:MANY_WRONG"), sftp(sshd, name="two"))
    cluster.start("wrong", site="wrong", env={"MANY_WRONG": "not the password", "MANY_PASSWORD": "nor this"})
    before = refusals()
    text = Path(config).read_text().replace("[[sources]]", '[[sources]]\nsite = "wrong"')
    Path(config).write_text(text)
    far = str(tmp_path / "far")
    done = command("scan", "--config", config, "--catalog", far, "-q", "--executor", cluster.address)
    assert done.returncode == 12, done.stderr
    again = command("resume", "--config", config, "--catalog", far, "-q", "--executor", cluster.address)
    assert again.returncode == 12, again.stderr
    assert refusals() - before == 1
    cluster.kill("wrong")


def test_a_host_that_is_far_is_found_whole_and_no_secret_travels(cluster: Cluster, sshd: Sshd, tmp_path: Path) -> None:
    """Everything that is sent is looked at as it is sent, and everything that is answered."""
    with tcp_proxy(sshd.host, sshd.port) as line:
        line.change(both=Conditions(latency_s=0.01))
        far, near = tmp_path / "far", tmp_path / "near"
        config = estate(tmp_path, sftp(sshd, port=line.port))
        seen = tmp_path / "orders"
        spied = [sys.executable, "-c", SPY.format(str(seen))]
        scan = ["scan", "--config", config, "-q", "--catalog"]
        done = subprocess.run(
            [*spied, *scan, str(far), "--executor", cluster.address], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert command(*scan, str(near), MANY_PASSWORD=PASSWORD).returncode == 0
        assert line.counts.most_open <= 8
    assert inventory(far) == inventory(near)
    assert facts_of(far)["state"] == "complete"
    told = seen.read_bytes()
    assert b"env:MANY_PASSWORD" in told
    assert PASSWORD.encode() not in told
    assert base64.b64encode(PASSWORD.encode())[:12] not in told


def test_a_scheduler_elsewhere_without_tls_is_refused(tmp_path: Path) -> None:
    done = command("scan", str(tmp_path), "--catalog", str(tmp_path / "c"), "--executor", "dask://10.9.8.7:8786")
    assert (done.returncode, "EXECUTOR_PLAIN" in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "c").exists()


@pytest.mark.full
def test_certificates_on_both_sides_are_asked_for(planted: Path, expected: list[str], tmp_path: Path) -> None:
    config = estate(tmp_path, {"name": "t", "type": "file", "root": str(planted)})
    with dask("a", encrypted=True) as cluster:
        scan = ("scan", "--config", config, "--executor", cluster.address, "-q", "--catalog")
        done = command(*scan, str(tmp_path / "far"), **cluster.client)
        assert done.returncode == 0, done.stderr
        without = command(*scan, str(tmp_path / "none"))
        assert (without.returncode, "EXECUTOR_UNREACHABLE" in without.stderr) == (13, True), without.stderr
        plain = command(*scan[:4], cluster.address.replace("tls:", "dask:"), *scan[5:], str(tmp_path / "none"))
        assert (plain.returncode, "EXECUTOR_UNREACHABLE" in plain.stderr) == (13, True), plain.stderr
    assert inventory(tmp_path / "far") == expected


@pytest.mark.full
def test_an_estate_of_several_kinds_is_found_as_on_one_machine(
    cluster: Cluster, planted: Path, sshd: Sshd, s3_server: S3Server, tmp_path: Path
) -> None:
    """Database files on the share are looked into as well."""
    client = boto3.client(
        "s3", endpoint_url=s3_server.endpoint, aws_access_key_id=s3_server.user, aws_secret_access_key=PASSWORD
    )
    client.create_bucket(Bucket="many")
    for n in range(40):
        client.put_object(Bucket="many", Key=f"a{n % 4}/k{n}", Body=b"x" * n)
    share = tmp_path / "share"
    for n in range(6):
        (share / f"d{n}").mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(share / f"d{n}" / "books.sqlite")) as db:
            db.execute(f"CREATE TABLE ledger{n} (id INTEGER PRIMARY KEY, paid REAL)")
    config = estate(
        tmp_path,
        {"name": "tree", "type": "file", "root": str(planted)},
        {"name": "share", "type": "file", "root": str(share), "depth": "L2"},
        sftp(sshd),
        {
            "name": "bucket", "type": "s3", "root": "s3://many", "endpoint": s3_server.endpoint,
            "access_key": "env:MANY_AK", "secret_key": "env:MANY_PASSWORD",
        },
    )  # fmt: skip
    keys = {"MANY_AK": s3_server.user, "MANY_PASSWORD": PASSWORD}
    cluster.start("keys", env=keys)  # the others cannot open the bucket, and are done without for it
    far, near = tmp_path / "far", tmp_path / "near"
    scan = ["scan", "--config", config, "-q", "--catalog"]
    done = command(*scan, str(far), "--executor", cluster.address)
    assert done.returncode == 0, done.stderr
    assert command(*scan, str(near), **keys).returncode == 0
    assert inventory(far) == inventory(near)
    sql = 'SELECT source, path, name FROM "column" ORDER BY ALL'
    asked = [command("query", sql, "--json", "--catalog", str(c)).stdout for c in (far, near)]
    assert asked[0] == asked[1]
    assert asked[0].count("ledger") == 12
    cluster.kill("keys")
