"""Every server starts, answers its own client, and leaves nothing behind."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import boto3
import paramiko
import pytest

from scanner.testing import servers
from scanner.testing.servers import base

pytestmark = pytest.mark.server


def ask_samba(server: servers.Samba) -> None:
    (server.data / "a.txt").write_text("x")
    login = f"{server.user}%{server.password}"
    # Listing the shares starts the RPC daemon, which outlives smbd unless it is ended too.
    shares = client("smbclient", "-L", "//127.0.0.1", "-p", str(server.port), "-U", login, "-g")
    assert {line.split("|")[1] for line in shares.splitlines() if line.startswith("Disk|")} == {
        "data",
        "hidden$",
        "denied",
    }
    assert "a.txt" in client("smbclient", "//127.0.0.1/data", "-p", str(server.port), "-U", login, "-c", "ls")
    with pytest.raises(subprocess.CalledProcessError) as denied:
        client("smbclient", "//127.0.0.1/denied", "-p", str(server.port), "-U", login, "-c", "ls")
    assert "ACCESS_DENIED" in denied.value.stdout + denied.value.stderr


def ask_sshd(server: servers.Sshd) -> None:
    (server.data / "a.txt").write_text("x")
    assert "a.txt" in sftp(server, "ls -1")


def ask_s3(server: servers.S3Server) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.user,
        aws_secret_access_key=server.password,
        region_name=server.region,
    )
    s3.create_bucket(Bucket="legacy")
    s3.put_object(Bucket="legacy", Key="a/../b", Body=b"x")
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="legacy")["Contents"]] == ["a/../b"]


def ask_postgresql(server: servers.PostgreSQL) -> None:
    assert server.run("SELECT 'é', current_setting('server_encoding')") == "é\tUTF8\n"
    with pytest.raises(servers.ServerUnavailable, match="does not exist"):
        server.run("SELECT * FROM nowhere")


def ask_mariadb(server: servers.MariaDB) -> None:
    server.run("CREATE DATABASE erp; CREATE TABLE erp.t (a INT); INSERT INTO erp.t VALUES (7)")
    assert server.run("SELECT a FROM t", "erp") == "7\n"
    by_password = client(
        *("mariadb", "--no-defaults", "-h", server.host, "-P", str(server.port), "-u", server.user, "-BNe"),
        "SELECT current_user()",
        env={"MYSQL_PWD": server.password},
    )
    assert by_password == "admin@127.0.0.1\n"


def client(*command: str, env: dict[str, str] | None = None) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=True, env={**os.environ, **(env or {})}
    ).stdout


def sftp(server: servers.Sshd, commands: str, *options: str) -> str:
    script = server.directory / "batch"
    script.write_text(commands + "\n")
    fixed = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes")
    return client(
        *("sftp", "-b", str(script), "-P", str(server.port), "-i", str(server.key), *fixed, *options),
        f"{server.user}@{server.host}",
    )


@pytest.mark.parametrize(
    ("start", "ask"),
    [
        (servers.samba, ask_samba),
        (servers.sshd, ask_sshd),
        (servers.s3_server, ask_s3),
        (servers.postgresql, ask_postgresql),
        (servers.mariadb, ask_mariadb),
    ],
    ids=["samba", "sshd", "s3", "postgresql", "mariadb"],
)
def test_a_server_answers_and_leaves_nothing_behind(
    start: Callable[[], AbstractContextManager[base.Server]], ask: Callable[[base.Server], None]
) -> None:
    before = sessions()
    with start() as server:
        ask(server)
        assert server.log.exists()
        assert sessions() - before, "the server runs in a session of its own"
    assert not server.directory.exists()
    assert list(base.naming(server.directory)) == []
    assert sessions() <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=1)


def sessions() -> set[int]:
    """Sessions that a child of this process leads; a helper that outlives its server is found by its command line."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return {process for process in map(int, children) if os.getsid(process) == process}


def test_password_accounts_exist_for_that_sshd_alone() -> None:
    with servers.sshd({"clerk": servers.PASSWORD}) as server:
        assert "clerk" not in Path("/etc/passwd").read_text()
        transport = paramiko.Transport((server.host, server.port))
        try:
            transport.connect(username="clerk", password=servers.PASSWORD)
            assert "SHA256:" + key_digest(transport.get_remote_server_key()) == server.fingerprint
            assert paramiko.SFTPClient.from_transport(transport).normalize(".") == str(server.data)
        finally:
            transport.close()
        refused = paramiko.Transport((server.host, server.port))
        try:
            with pytest.raises(paramiko.AuthenticationException):
                refused.connect(username="clerk", password="wrong")
        finally:
            refused.close()
        assert server.log.read_text().count("Failed password") == 1


def key_digest(key: object) -> str:
    return base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")  # type: ignore[attr-defined]


def test_the_legacy_sshd_refuses_a_modern_client_and_takes_an_old_one() -> None:
    with servers.sshd(legacy=True) as server:
        with pytest.raises(subprocess.CalledProcessError) as refused:
            sftp(server, "ls")
        assert "no matching" in refused.value.stderr
        old = ("KexAlgorithms=diffie-hellman-group14-sha1", "HostKeyAlgorithms=ssh-rsa", "Ciphers=aes128-cbc")
        options = [word for option in (*old, "MACs=hmac-sha1") for word in ("-o", option)]
        assert "Remote working directory" in sftp(server, "pwd", *options)


def test_a_second_sshd_can_stand_where_the_first_stood_with_the_same_or_another_key(tmp_path: Path) -> None:
    with servers.sshd() as first:
        for suffix in ("", ".pub"):
            (tmp_path / f"key{suffix}").write_bytes(Path(f"{first.host_key}{suffix}").read_bytes())
    with servers.sshd(port=first.port, host_key=tmp_path / "key") as same:
        assert (same.port, same.fingerprint) == (first.port, first.fingerprint)
    with servers.sshd(port=first.port) as other:
        assert other.port == first.port
        assert other.fingerprint != first.fingerprint


def test_samba_serves_a_tree_read_only_and_takes_further_settings(tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_text("1")
    tmp_path.chmod(0o700)
    with servers.samba(
        tmp_path, tree_name="dept", shares="[more]\n path = {d}/data\n", options=" lanman auth = no"
    ) as s:
        at = ("smbclient", "//127.0.0.1/dept", "-p", str(s.port), "-U", f"{s.user}%{s.password}", "-c")
        assert "report.csv" in client(*at, "ls")
        client(*at, "del report.csv")  # smbclient says so, but does not fail
        assert (tmp_path / "report.csv").exists()
        assert "[more]" in (s.directory / "smb.conf").read_text()


def test_a_missing_program_names_the_package_to_install() -> None:
    with pytest.raises(servers.ServerUnavailable, match="apt-get install samba"):
        base.program("smbd-that-is-not-there", "samba")


def test_a_server_that_dies_at_the_start_says_why_and_leaves_nothing() -> None:
    with pytest.raises(servers.ServerUnavailable, match="Bad configuration option"), servers.sshd(options="Nonsense 1"):
        pass
    with pytest.raises(servers.ServerUnavailable, match="did not come up"), servers.postgresql(settings=["nonsense=1"]):
        pass


def test_a_taken_port_is_tried_again_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as taken:
        port = taken.getsockname()[1]
        free = [base.free_port(), port]
        # The listener must refuse, or the server would be taken for ready: a bound socket that does not listen.
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            free[1] = bound.getsockname()[1]
            monkeypatch.setattr(base, "free_port", free.pop)
            with servers.sshd() as server:
                assert server.port != bound.getsockname()[1]
                assert free == []


def test_a_server_that_ignores_the_polite_signal_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(base, "_STOP_S", 0.5)
    deaf = (
        "import signal, socket, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
        "time.sleep(60)"
    )
    with base.serving(lambda port: [sys.executable, "-c", deaf, str(port), str(tmp_path)], tmp_path / "log"):
        assert len(list(base.naming(tmp_path))) == 1
    assert list(base.naming(tmp_path)) == []


def test_a_stop_signal_of_the_servers_own_is_used(tmp_path: Path) -> None:
    polite = (
        "import signal, socket, sys, time;"
        "signal.signal(signal.SIGINT, lambda *a: (print('bye', flush=True), sys.exit()));"
        "s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", polite]
    with base.serving(lambda port: [*command, str(port)], tmp_path / "log", stop=signal.SIGINT):
        pass
    assert (tmp_path / "log").read_text() == "bye\n"
