"""What an extractor is: from the name and the bytes of one file to the locators it quotes; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

KINDS: dict[str, str] = {
    "connection_string": "how a database is reached: ODBC, ADO, OLE DB, JDBC, libpq, SQLAlchemy, Oracle descriptor, …",
    "url": "a URL of a store: s3, sftp, ftp, smb, nfs, http of an object store, …",
    "unc": "a UNC path: server, share and what lies beneath",
    "path": "a path of a file system, absolute or relative, drive letters included",
    "host": "a host alone, with its port where one is given",
    "reference": "a name that is defined elsewhere: a DSN, JNDI or TNS name, a connection manager, another report",
    "table": "a table, view or routine by name, reached through ``via``",
    "sql": "a statement, run through ``via``",
    "server_link": "a server as a database's own catalog links to it",
}
"""Every value of ``mention.kind``."""

STATUSES: dict[str, str] = {
    "active": "it is in force as it stands",
    "commented": "it stands in a comment or is switched off",
    "template": "it holds variables that something else fills in",
    "placeholder": "it is an example: <server>, changeme, example.com",
}
"""Every value of ``mention.status``."""

ACTIONS: dict[str, str] = {
    "reads": "content is taken from there",
    "writes": "content is put there",
    "calls": "something is run there",
    "mounts": "it is made part of the file system there",
    "connects": "a connection is opened, what for is not said",
    "defines": "the file only gives the place a name (``alias``) for others to use",
}
"""Every value of ``mention.action``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A locator quoted in content; every text is free of secrets before one is made.

    ``alias`` is the name under which the file makes the place known (a connection's name, a DSN, a drive letter);
    ``via`` the alias, in the same file or one beside it, through which a table, statement or path is reached.
    ``origin`` says what in the format it stands in, as ``ssis/OpenRowset``. ``server`` to ``driver`` are filled in
    where the format or the connection grammar has them apart.
    """

    kind: str
    locator: str
    line: int | None = None
    part: str | None = None
    status: str = "active"
    alias: str | None = None
    via: str | None = None
    action: str | None = None
    origin: str | None = None
    server: str | None = None
    port: int | None = None
    database: str | None = None
    user: str | None = None
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of a file that could not be read, while the rest of it was; it becomes a fault of the file.

    ``code`` is one of ``scanner.codes``; ``detail`` names the part or line, and holds no secret.
    """

    code: str
    detail: str


class Unread(Exception):  # noqa: N818 - what a file would not give is a value, not a failure of ours
    """The structure of a file could not be read, or not wholly; ``code`` is one of ``scanner.codes``."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class NotMine(Exception):  # noqa: N818 - the next extractor is asked
    """The content is not of the format that the name promised; raised before anything was quoted."""


Quote = Mention | Trouble


@dataclass(frozen=True, slots=True)
class Extractor:
    """One format: which names it is asked about, how much it takes, and the function that quotes.

    ``quote(path, content)`` gets the canonical path and at most ``most`` bytes; it may raise NotMine before its first
    quote, and Unread anywhere: what it quoted until then is kept. It opens nothing, starts nothing and keeps nothing.
    ``endings`` have no dot; ``names`` are whole file names; ``patterns`` are globs over the whole path. All are
    compared in lower case.
    """

    id: str
    title: str
    quote: Callable[[str, bytes], Iterator[Quote]]
    endings: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    most: int = 16 << 20
    whole: bool = False
    """Whether a file longer than ``most`` cannot be read at all (an archive), rather than in part (text)."""

    def wants(self, path: str) -> bool:
        """Whether a file of this path, in lower case, is for it."""
        name = path.rpartition("/")[2]
        stem, dot, last = name.rpartition(".")
        return (
            (bool(dot) and bool(stem) and last in self.endings)
            or name in self.names
            or any(fnmatchcase(path, pattern) for pattern in self.patterns)
        )
