"""``make demo``: starts real servers on loopback, scans the sample estate on them, reports, stops the servers."""

from __future__ import annotations

import argparse
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from examples import references, seeds
from scanner.demo import Department, build
from scanner.demo.build import SEED
from scanner.testing.servers import ServerUnavailable, mariadb, postgresql, s3_server, samba, sshd
from scanner.testing.servers.base import UNPRIVILEGED
from scanner.testing.servers.databases import MariaDB, PostgreSQL
from scanner.testing.servers.s3 import S3Server
from scanner.testing.servers.samba import Samba
from scanner.testing.servers.sshd import Sshd

HERE = Path(__file__).parent
MARK = ".stocktake-demo"


@dataclass(frozen=True, slots=True)
class Servers:
    """The running servers."""

    smb: Samba
    ssh: Sshd
    s3: S3Server
    postgres: PostgreSQL
    maria: MariaDB


def main() -> int:
    """Run the demo; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("demo-out"), help="folder for the estate, the catalog and the report"
    )
    out = parser.parse_args().out.absolute()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # so that the servers are stopped then as well
    _clear(out)
    start = time.monotonic()
    made = build(out / "estate")
    print(
        f"Sample estate made in {time.monotonic() - start:.1f} s. Starting Samba, sshd, S3, PostgreSQL and MariaDB …",
        flush=True,
    )
    try:
        with ExitStack() as after:
            servers = _start(after, made)
            _seed(servers, made)
            config = out / "estate.toml"
            config.write_text(_estate(servers, made), encoding="utf-8")
            print(f"Servers up and filled after {time.monotonic() - start:.1f} s. Scanning …\n", flush=True)
            code = _scan(out, servers)
    except ServerUnavailable as error:
        print(f"A server could not be started: {error}\nInstall it with: bash .ci/packages.sh demo", file=sys.stderr)
        return 1
    if code not in {0, 3}:
        return code
    print(f"\nDone in {time.monotonic() - start:.0f} s; the servers are stopped.")
    print(f"The report:  {out / 'report.html'}")
    print(f"The result:  {out / 'report.json'}")
    print(
        "Ask it more: .venv/bin/stocktake query 'SELECT store, count(*) FROM entry GROUP BY 1'"
        f" --catalog {out / 'catalog'}"
    )
    return 0


def _clear(out: Path) -> None:
    """Make way for a new demo; a folder that is not an earlier demo's is left alone."""
    if out.exists() and not (out / MARK).exists():
        sys.exit(f"{out} exists and is no earlier demo: name another folder with --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()


def _start(after: ExitStack, made: Department) -> Servers:
    """Start all servers at once; every one of them is stopped by ``after``."""
    options = " mangled names = no"
    share = {"tree": made.records, "tree_name": "records", "options": options}
    contexts = (samba(**share), sshd(), s3_server(), postgresql(), mariadb())  # type: ignore[arg-type]
    with ThreadPoolExecutor(len(contexts)) as pool:
        running = [pool.submit(after.enter_context, context) for context in contexts]
    return Servers(*(r.result() for r in running))  # type: ignore[arg-type]


def _seed(servers: Servers, made: Department) -> None:
    rng = random.Random(SEED)
    values = references.values_of(servers.postgres.port, servers.maria.port, servers.ssh.data)
    references.on_share(made.records, values)
    references.on_drop(servers.ssh.data, values)
    client = boto3.client(
        "s3", endpoint_url=servers.s3.endpoint, region_name=servers.s3.region, aws_access_key_id=servers.s3.user,
        aws_secret_access_key=servers.s3.password, config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    seeds.buckets(client, rng)
    seeds.drop(servers.ssh.data, rng, pwd.getpwnam(UNPRIVILEGED).pw_uid)
    password = servers.postgres.password
    servers.postgres.run("CREATE DATABASE cases")
    servers.postgres.run("CREATE DATABASE gazetteer")
    for name in ("gazetteer", "cases"):
        servers.postgres.run(references.filled((HERE / "sql" / f"{name}.sql").read_text(), values), name)
    servers.postgres.run(f"CREATE ROLE scan LOGIN PASSWORD '{password}'; GRANT CONNECT ON DATABASE cases TO scan")
    servers.maria.run((HERE / "sql" / "staff.sql").read_text())
    servers.maria.run(
        f"CREATE USER scan@'127.0.0.1' IDENTIFIED BY '{password}';"
        "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO scan@'127.0.0.1'"
    )


def _scan(out: Path, servers: Servers) -> int:
    """Scan and report with the command itself, as a user would; secrets go through the environment."""
    secrets = {
        "DEMO_PASSWORD": servers.postgres.password,
        "DEMO_SMB_PASSWORD": servers.smb.password,
        "DEMO_S3_KEY": servers.s3.user,
        "DEMO_S3_SECRET": servers.s3.password,
    }
    environment = os.environ | secrets
    command = [sys.executable, "-c", "from scanner.cli import main; main()"]
    config = ["--config", str(out / "estate.toml")]
    code = subprocess.run([*command, "scan", *config], env=environment, check=False).returncode
    if code not in {0, 3}:  # 3: with gaps, which this estate has on purpose
        return code
    for form in ("html", "json"):
        subprocess.run(
            [*command, "report", *config, "--format", form, "-q", "-o", str(out / f"report.{form}")], check=True
        )
    return code


def _estate(servers: Servers, made: Department) -> str:
    """The estate file of the demo, with the servers' ports."""
    template = (HERE / "estate.toml").read_text(encoding="utf-8")
    values = {
        "HOMES": str(made.homes), "LICENSING": str(made.licensing), "SMB_PORT": str(servers.smb.port),
        "SMB_USER": servers.smb.user, "S3_ENDPOINT": servers.s3.endpoint, "SFTP_PORT": str(servers.ssh.port),
        "SFTP_USER": servers.ssh.user, "SFTP_PATH": str(servers.ssh.data), "SFTP_KEY": str(servers.ssh.key),
        "SFTP_HOST_KEY": servers.ssh.fingerprint, "PG_PORT": str(servers.postgres.port),
        "MARIA_PORT": str(servers.maria.port),
    }  # fmt: skip
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template


if __name__ == "__main__":
    sys.exit(main())
