"""One estate with every connector on real servers, and the whole inventory of a catalog of it, row by row."""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
import os
import pwd
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from scanner.catalog import Catalog, locate, read
from scanner.demo import Department, build
from scanner.schema import SCHEMAS
from scanner.testing import servers

_MODULES = (
    "scanner.cli.app", "scanner.cli.scan", "scanner.crawl.run", "scanner.catalog", "duckdb", "pyarrow.parquet",
    "connectors.file.source", "connectors.odbc.harvest", "connectors.s3.connector", "connectors.sftp.source",
    "connectors.smb.source", "boto3.session", "paramiko", "pyodbc", "smbprotocol.connection", "smbclient",
)  # fmt: skip
"""What a scan loads: loaded once, each of some hundred scans begins at once."""
_LOADED = multiprocessing.get_context("forkserver")
EXAMPLES = Path(__file__).parents[2] / "examples"
BEGIN = (
    "from scanner.crawl import worker; worker.FLUSH_S, worker.FLUSH_ROWS; worker.FLUSH_S = {}; worker.FLUSH_ROWS = {}; "
)
"""Many small commits in a scan of seconds, as a scan of hours has them; fails where the engine has no such names."""
FLUSH_S, FLUSH_ROWS = 0.1, 100
GAPS = 3
"""The exit code of a scan of this estate: one folder of it is closed to everybody."""
_TEXT = r"""version = 1
title = "Everything"

[limits]
connections = 4
timeout_s = 20

[[sources]]
name = "homes"
type = "file"
root = '{homes}'
owner = "IT services"

[[sources]]
name = "records"
type = "smb"
root = '\\127.0.0.1\records'
port = {smb.port}
user = "{smb.user}"
password = "env:PROOF_SMB"
depth = "L2"

[[sources]]
name = "buckets"
type = "s3"
root = "s3://"
endpoint = "{s3.endpoint}"
region = "{s3.region}"
access_key = "env:PROOF_KEY"
secret_key = "env:PROOF_SECRET"

[[sources]]
name = "drop"
type = "sftp"
host = "127.0.0.1"
port = {ssh.port}
user = "{ssh.user}"
path = "{ssh.data}"
key_file = "{ssh.key}"
host_key = "{ssh.fingerprint}"

[[sources]]
name = "cases"
type = "odbc"
connection = "DRIVER={pg};SERVER=127.0.0.1;PORT={postgres.port};DATABASE=cases"
user = "scan"
password = "env:PROOF_DB"

[[sources]]
name = "licensing"
type = "odbc"
connection = "DRIVER={sqlite};Database={licensing}"
"""
_MOVING = {
    "homes": ("free_bytes", "used_bytes", "free_inodes", "used_inodes"),
    "drop": ("filesystem_free_bytes", "filesystem_files_free"),
    "records": ("free_bytes", "available_bytes", "clock_ahead_s"),
    "buckets": ("clock_ahead_s",),
}
"""How full the machine's disk is, and its clock: what no two scans of a machine in use find alike."""
_TEMPORARY = tempfile.gettempdir().rstrip("/") + "/"
OTHERS = {
    # What others make and mount in the machine's folder for temporary files lies beside the server's own folder there.
    "seen": f"NOT (source = 'drop' AND starts_with(name, '{_TEMPORARY}') AND name NOT LIKE '{_TEMPORARY}%/%')"
    f" AND NOT (source = 'homes' AND kind = 'mount' AND starts_with(name, '{_TEMPORARY}'))",
    "setting": " AND ".join(f"NOT (source = '{s}' AND list_contains({list(n)}, name))" for s, n in _MOVING.items()),
}
"""What is left out of a comparison, because others on the machine change it while it is scanned."""
STATE = """SELECT name, type, state, error_code, listed, entries, skipped, failed, units_failed, units_pending
    FROM source ORDER BY ALL"""
FAULTS = "SELECT source, store, path, op, reason, detail FROM fault ORDER BY ALL"


@dataclass(frozen=True)
class Estate:
    """An estate file, the secrets it refers to, and what its sources hold."""

    config: Path
    secrets: dict[str, str]
    trees: tuple[Path, ...]
    s3: servers.S3Server
    ssh: servers.Sshd
    postgres: servers.PostgreSQL
    changes: Iterator[int] = field(default_factory=itertools.count)

    def command(self, verb: str, catalog: Path, *arguments: str, prelude: str = "") -> list[str]:
        """The command line of a scan of it, with small commits."""
        begin = prelude + BEGIN.format(FLUSH_S, FLUSH_ROWS) + "from scanner.cli import main; main()"
        words = [sys.executable, "-c", begin, verb, "--config", str(self.config), "--catalog", str(catalog), "-q"]
        return words + list(arguments)

    def run(self, verb: str, catalog: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self.command(verb, catalog, *arguments, prelude=more.pop("prelude", "")), env=self.environment,
            capture_output=True, text=True, check=False, timeout=300, **more,
        )  # fmt: skip

    def ask(self, catalog: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Ask a command about a catalog."""
        command = [sys.executable, "-c", "from scanner.cli import main; main()", *words, "--catalog", str(catalog)]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=100, cwd=catalog.parent
        )

    def start(
        self, verb: str, catalog: Path, errors: Path | None = None, ceilings: Mapping[int, int] | None = None
    ) -> BaseProcess:
        """Start it, in a process group of its own: forked from one that has loaded all modules, which is quick.

        ``ceilings`` are limits on it and all it starts, by their number in the module ``resource``.
        """
        _LOADED.set_forkserver_preload(["whole_estate", *_MODULES])
        words = [verb, "--config", str(self.config), "--catalog", str(catalog), "-q"]
        process = _LOADED.Process(
            target=_begin, args=(words, self.environment, str(errors or os.devnull), dict(ceilings or {}))
        )
        process.start()
        return process

    def end(self, verb: str, catalog: Path, ceilings: Mapping[int, int] | None = None) -> tuple[int, str]:
        """Run it to its end; the exit code, and what it told of an error."""
        with tempfile.TemporaryDirectory() as folder:
            errors = Path(folder) / "errors"
            process = self.start(verb, catalog, errors, ceilings)
            process.join(300)
            assert process.exitcode is not None, "it does not end"
            return process.exitcode, errors.read_text(errors="replace") if errors.exists() else ""

    @property
    def environment(self) -> dict[str, str]:
        """What its commands run with."""
        kept = {k: v for k, v in os.environ.items() if k not in {"STOCKTAKE_CATALOG", "PYTHONDONTWRITEBYTECODE"}}
        return kept | self.secrets | {"PYTHONPATH": str(EXAMPLES.parent)}

    def change(self) -> None:
        """Let some time pass: in every kind of source something is added, altered and removed."""
        number = next(self.changes)
        for root in self.trees:
            files = sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
            files[0].unlink()
            files[1].write_bytes(b"altered\n")
            os.utime(files[1], (1_600_000_000 + number, 1_600_000_000))
            new = files[2].parent / f"a new folder {number}"
            new.mkdir()
            (new / "a new file.txt").write_bytes(b"new\n")
            os.chown(new, pwd.getpwnam(self.ssh.user).pw_uid, -1)
        _settle(self.trees[1], 1_600_000_000 + number)
        client = _client(self.s3)
        client.delete_object(Bucket="open-data", Key=f"spending/{number % 4}/{number}.csv")
        client.put_object(Bucket="open-data", Key=f"spending/new {number}.csv", Body=b"new")
        self.postgres.run(f"CREATE TABLE added{number} (id int PRIMARY KEY, note text)", "cases")


def _begin(words: list[str], environment: dict[str, str], errors: str, ceilings: dict[int, int]) -> None:
    """The command, in the forked process."""
    os.setsid()
    os.environ.update(environment)
    for number, place in ((0, os.devnull), (1, os.devnull), (2, errors)):
        os.dup2(os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    for what, most in ceilings.items():
        resource.setrlimit(what, (most, most))
    sys.argv[1:] = words
    exec(BEGIN.format(FLUSH_S, FLUSH_ROWS))  # the same beginning as of the command line
    from scanner.cli import main  # noqa: PLC0415 - only where the command is run

    main()


@contextlib.contextmanager
def whole_estate(folder: Path, files: int = 100) -> Iterator[Estate]:
    """Make it and start its servers; six sources: file, smb, s3, sftp, and PostgreSQL and SQLite over ODBC."""
    sys.path.insert(0, str(EXAMPLES.parent))
    from examples import seeds  # noqa: PLC0415 - the demo's data, which lies beside the tests

    made = build(folder / "estate", files=files)
    share = _share(folder / "share", made)
    with contextlib.ExitStack() as after:
        contexts: Sequence[Any] = (
            servers.samba(tree=share, tree_name="records", options=" mangled names = no"),
            servers.sshd(), servers.s3_server(), servers.postgresql(settings=("autovacuum=off",)),
        )  # fmt: skip
        with ThreadPoolExecutor(len(contexts)) as pool:
            smb, ssh, s3, postgres = (f.result() for f in [pool.submit(after.enter_context, c) for c in contexts])
        _buckets(_client(s3), seeds.KEYS)
        seeds.drop(ssh.data, random.Random(7), pwd.getpwnam(ssh.user).pw_uid)
        ssh.data.with_name("beside the drop").mkdir()
        postgres.run("CREATE DATABASE cases")
        postgres.run((EXAMPLES / "sql" / "cases.sql").read_text(), "cases")
        postgres.run(f"CREATE ROLE scan LOGIN PASSWORD '{servers.PASSWORD}'; GRANT CONNECT ON DATABASE cases TO scan")
        postgres.run("ANALYZE; CHECKPOINT", "cases")
        config = folder / "estate.toml"
        config.write_text(
            _TEXT.format(
                homes=made.homes, licensing=made.licensing, smb=smb, s3=s3, ssh=ssh, postgres=postgres,
                pg="{PostgreSQL Unicode}", sqlite="{SQLite3}",
            ),
            encoding="utf-8",
        )  # fmt: skip
        secrets = {"PROOF_DB": servers.PASSWORD, "PROOF_SMB": smb.password, "PROOF_KEY": s3.user,
                   "PROOF_SECRET": s3.password}  # fmt: skip
        yield Estate(config, secrets, (made.homes, share, ssh.data / "incoming"), s3, ssh, postgres)


def _share(root: Path, made: Department) -> Path:
    """A small tree for the SMB server, a database file in it; the awkward names are in the home drive, beside it."""
    made.records.joinpath("Correspondence", "Incoming").rename(made.homes / "Incoming")
    for number in range(10):
        folder = root / f"Année {number % 3}" / f"case {number}"
        folder.mkdir(parents=True)
        for name in ("Report.pdf", "résumé.docx", f"~$lock {number}.tmp"):
            (folder / name).write_bytes(b"x" * number)
    shutil.copy(made.records / "Parking" / "tools" / "permits.sqlite", root / "Année 1")
    _settle(root)
    return root


def _settle(root: Path, at_s: int = 1_500_000_000) -> None:
    """Give all of a tree one time: Samba derives the creation of what has none from the oldest, which reading moves."""
    for place in (root, *root.rglob("*")):
        os.utime(place, (at_s, at_s), follow_symlinks=False)


def _buckets(client: Any, keys: Sequence[str]) -> None:
    """One bucket of odd keys, one of versions that everybody may read."""
    for name in ("exports", "open-data"):
        client.create_bucket(Bucket=name)
    for key in keys:
        client.put_object(Bucket="exports", Key=key, Body=b"x" * len(key))
    for number in range(60):
        client.put_object(Bucket="open-data", Key=f"spending/{number % 4}/{number}.csv", Body=b"date,amount\n" * number)
    client.put_bucket_versioning(Bucket="open-data", VersioningConfiguration={"Status": "Enabled"})
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open-data/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    client.put_bucket_policy(Bucket="open-data", Policy=policy)


def on_record(catalog: Path) -> tuple[int, str, int, int]:
    """Of what was left: scans, state of the newest, its committed parts, what is yet to be done; read from a copy."""
    with tempfile.TemporaryDirectory() as folder:
        for file in catalog.glob("state.db*"):
            shutil.copy(file, folder)
        with contextlib.closing(sqlite3.connect(Path(folder) / "state.db")) as db:
            try:
                scans = db.execute("SELECT id, state FROM scan ORDER BY id").fetchall()
            except sqlite3.OperationalError:  # killed before its tables were made
                return 0, "", 0, 0
            number, state = scans[-1] if scans else (0, "")
            parts = db.execute("SELECT count(*) FROM part WHERE scan = ?", [number]).fetchone()[0]
            left = db.execute(
                """SELECT (SELECT count(*) FROM unit WHERE scan = :n AND state = 'pending')
                    + (SELECT count(*) FROM source WHERE scan = :n AND state IN ('waiting', 'running'))""",
                {"n": number},
            ).fetchone()[0]
    return len(scans), state, parts, left


def inventory(place: Path) -> dict[str, list[str]]:
    """Every row of every fact, every fault and what became of each source; nothing of when and by which attempt."""
    catalog = Catalog.open(locate(str(place)))
    with contextlib.closing(catalog), read(catalog) as reader:
        rows = {fact: reader.rows(f"{_select(fact)} ORDER BY ALL") for fact in SCHEMAS}
        rows |= {"fault": reader.rows(FAULTS), "source": reader.rows(STATE)}
    return {name: [json.dumps(row, default=str) for row in each] for name, each in rows.items()}


def _select(fact: str) -> str:
    columns = ", ".join(f'"{c}"' for c in ("source", "store", *SCHEMAS[fact].names))
    return f'SELECT {columns} FROM "{fact}" WHERE {OTHERS.get(fact, "true")}'


def differences(expected: dict[str, list[str]], got: dict[str, list[str]]) -> list[str]:
    """The first rows that stand in one inventory only; nothing where they are the same."""
    if expected == got:
        return []
    told = []
    for name, rows in expected.items():
        before, after = set(rows), set(got[name])
        told += [f"{name}: missing {row}" for row in sorted(before - after)[:3]]
        told += [f"{name}: too many {row}" for row in sorted(after - before)[:3]]
        if before == after and rows != got[name]:
            told.append(f"{name}: a row more or less often, {len(rows)} and {len(got[name])}")
    return told or ["another set of facts"]


def _client(s3: servers.S3Server) -> Any:
    return boto3.client(
        "s3", endpoint_url=s3.endpoint, region_name=s3.region, aws_access_key_id=s3.user,
        aws_secret_access_key=s3.password, config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
