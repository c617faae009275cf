"""Real database servers: PostgreSQL and MariaDB, each with its own data directory, as an account without privilege."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.testing.servers import base


@dataclass(frozen=True, slots=True)
class Database(base.Server):
    """A running database server; ``user`` may do everything on it, over TCP with ``password``."""

    database: str
    socket: Path

    def run(self, sql: str, database: str | None = None) -> str:
        """Run a script with the server's own client; rows come back unadorned, columns apart by tabs."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class PostgreSQL(Database):
    """A running PostgreSQL; ``socket`` is the directory of its socket."""

    def run(self, sql: str, database: str | None = None) -> str:
        """Run a script with psql; the first error ends it."""
        command = [_postgresql("psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", self.host, "-p", str(self.port), "-U", self.user, "-d", database or self.database]
        return base.run(command, text=sql, env={"PGPASSWORD": self.password, "PGCLIENTENCODING": "UTF8"})


@dataclass(frozen=True, slots=True)
class MariaDB(Database):
    """A running MariaDB; ``socket`` is its socket, by which root enters without a password."""

    def run(self, sql: str, database: str | None = None) -> str:
        """Run a script with the mariadb client as root; the first error ends it."""
        command = [base.program("mariadb", "mariadb-client"), "--no-defaults", f"--socket={self.socket}", "--user=root"]
        command += ["--batch", "--skip-column-names", "--default-character-set=utf8mb4"]
        return base.run([*command, database or self.database], text=sql)


@contextlib.contextmanager
def postgresql(*, settings: Sequence[str] = ()) -> Iterator[PostgreSQL]:
    """Start PostgreSQL; ``settings`` are ``name=value`` pairs for its ``-c``."""
    base.need_root("PostgreSQL")
    with base.home("postgresql") as directory:
        log, data, secret = directory / "log", directory / "data", directory / "password"
        secret.write_text(base.PASSWORD)
        for place in (directory, secret):
            base.give(place)
        initdb = [_postgresql("initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256"]
        initdb += [f"--pwfile={secret}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        base.run(base.as_user() + initdb)
        secret.unlink()
        server = _postgresql("postgres")

        def command(port: int) -> list[str]:
            start = [server, "-D", str(data), "-p", str(port), "-h", base.HOST, "-k", str(directory), "-F"]
            return base.as_user() + start + [word for setting in settings for word in ("-c", setting)]

        # SIGINT is its fast shutdown; SIGTERM would wait for every client to leave.
        with base.serving(command, log, stop=signal.SIGINT) as port:
            yield PostgreSQL(base.HOST, port, "postgres", base.PASSWORD, directory, log, "postgres", directory)


@contextlib.contextmanager
def mariadb(*, settings: Sequence[str] = ()) -> Iterator[MariaDB]:
    """Start MariaDB; ``settings`` are further options such as ``--lower-case-table-names=1``."""
    base.need_root("MariaDB")
    server = base.program("mariadbd", "mariadb-server")
    install = base.program("mariadb-install-db", "mariadb-server")
    with base.home("mariadb") as directory:
        log, data, socket = directory / "log", directory / "data", directory / "s.sock"
        base.give(directory)
        # Its own temporary files too: two installations at once trip over each other's in a shared place.
        options = ["--no-defaults", f"--datadir={data}", f"--tmpdir={directory}"]
        base.run([*base.as_user(), install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"])

        def command(port: int) -> list[str]:
            start = [server, *options, f"--port={port}", f"--bind-address={base.HOST}", f"--socket={socket}"]
            start += [f"--pid-file={directory / 'pid'}", "--skip-name-resolve", "--innodb-buffer-pool-size=32M"]
            return [*base.as_user(), *start, "--innodb-flush-log-at-trx-commit=0", *settings]

        with base.serving(command, log) as port:
            running = MariaDB(base.HOST, port, "admin", base.PASSWORD, directory, log, "mysql", socket)
            running.run(
                f"CREATE USER 'admin'@'127.0.0.1' IDENTIFIED BY '{base.PASSWORD}';"
                "GRANT ALL ON *.* TO 'admin'@'127.0.0.1' WITH GRANT OPTION;"
            )
            yield running


def _postgresql(name: str) -> str:
    # Debian keeps all but the clients out of PATH; the newest installed version is taken.
    return base.program(name, "postgresql", f"/usr/lib/postgresql/*/bin/{name}")
