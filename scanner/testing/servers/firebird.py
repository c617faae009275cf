"""A real Firebird server with one empty database, as an account without privilege."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.testing.servers import base

ADMIN = "SYSDBA"
PASSWORD = "masterk3"
"""Eight characters: what an old client sends, and the server keeps, ends there."""
ALIAS = "erp"


@dataclass(frozen=True, slots=True)
class Firebird(base.Server):
    """A running Firebird; ``alias`` is what the server calls its one database, ``file`` where that lies."""

    alias: str
    file: Path

    @property
    def place(self) -> str:
        """The database as a client names it."""
        return f"{self.host}/{self.port}:{self.alias}"

    def run(self, sql: str) -> str:
        """Run a script with the server's own client over TCP; the first error ends it."""
        return base.run([*_isql(), "-u", self.user, "-p", self.password, self.place], text=sql)


@contextlib.contextmanager
def firebird() -> Iterator[Firebird]:
    """Start Firebird 3 or later with a database whose text is UTF-8."""
    base.need_root("Firebird")
    server = base.program("firebird", "firebird3.0-server", "/usr/sbin/firebird")
    with base.home("firebird") as directory:
        root, lock, log, file = (directory / n for n in ("root", "lock", "log", f"{ALIAS}.fdb"))
        for place in (directory, root, lock):
            place.mkdir(exist_ok=True)
        _configure(root, directory, 0)
        for place in (directory, root, lock):
            base.give(place)
        env = {"FIREBIRD": str(root), "FIREBIRD_LOCK": str(lock), "FIREBIRD_TMP": str(directory)}
        users = directory / "security3.fdb"
        for script, of in (
            (f"create database '{users}' user '{ADMIN}'; commit;", ()),
            (f"create user {ADMIN} password '{PASSWORD}' using plugin Srp; commit;", (str(users),)),
            (f"create database '{file}' user '{ADMIN}' default character set UTF8; commit;", ()),
        ):
            base.run([*base.as_user(), *_isql(), "-user", ADMIN, *of], text=script, env=env)

        def command(port: int) -> list[str]:
            _configure(root, directory, port)
            return [*base.as_user(), server, "-e", str(root), "-el", str(lock)]

        with base.serving(command, log, env=env) as port:
            yield Firebird(base.HOST, port, ADMIN, PASSWORD, directory, log, ALIAS, file)


def _isql() -> list[str]:
    return [base.program("isql-fb", "firebird3.0-utils"), "-q", "-b"]


def _configure(root: Path, directory: Path, port: int) -> None:
    """A root of its own: the installed one by links, but for the two files that say where things are."""
    installed = next(iter(sorted(Path("/usr/lib").glob("*/firebird/*"))), None)
    if installed is None:
        raise base.ServerUnavailable("Firebird is not installed: apt-get install firebird3.0-server")
    for each in installed.iterdir():
        link = root / each.name
        if each.name not in ("firebird.conf", "databases.conf") and not link.is_symlink():
            link.symlink_to(each)
    (root / "databases.conf").write_text(f"{ALIAS} = {directory / f'{ALIAS}.fdb'}\n")
    (root / "firebird.conf").write_text(
        f"RemoteServicePort = {port or 3050}\n"
        f"RemoteBindAddress = {base.HOST}\n"
        "RemoteAuxPort = 0\n"
        "DatabaseAccess = Full\n"
        "ExternalFileAccess = Full\n"
        "AuthServer = Srp, Legacy_Auth\n"
        "UserManager = Srp\n"
        "WireCrypt = Enabled\n"
        f"SecurityDatabase = {directory / 'security3.fdb'}\n"
    )
