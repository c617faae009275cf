"""The settings of an ODBC source, and the grammar of connection strings and locators."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scanner.connector import Account
from scanner.secrets import SecretRef

_PAIR = re.compile(r"\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|(?!\{)[^;]*?)\s*(?:;|$)", re.DOTALL)
_SECRET_KEY = re.compile(r"pwd|passw|passphrase|secret|token|api_?key", re.IGNORECASE)
_SERVER = ("server", "servername", "host", "hostname", "address", "addr")
_DATABASE = ("database", "dbname", "db", "initial catalog")
_USER = ("uid", "user", "username", "user id")
_PORT = ("port",)
_REFERENCE = ("env:", "file:", "keyring:")


class Pairs:
    """The keys and values of an ODBC connection string, in order; keys are found in any case."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)

    @classmethod
    def parse(cls, text: str) -> Pairs:
        """Read ``KEY=value;KEY={va;lue};…``; a closing brace within braces is doubled.

        Raises:
            ValueError: the text is no connection string; it is not repeated, as it may hold a password.
        """
        pairs, at = [], 0
        while text[at:].strip(" \t\r\n;"):
            at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n;"))
            match = _PAIR.match(text, at)
            if match is None:
                raise ValueError(f"not an ODBC connection string from character {at + 1} on: KEY=value;KEY=value;…")
            value = match[2]
            pairs.append((match[1], value[1:-1].replace("}}", "}") if value.startswith("{") else value))
            at = match.end()
        return cls(pairs)

    def get(self, *keys: str) -> str:
        """Value of the first of some keys that is there; ``""`` where none is."""
        wanted = {k.lower() for k in keys}
        return next((v for k, v in self.pairs if k.lower() in wanted), "")

    def without(self, *keys: str) -> Pairs:
        """The pairs but for some keys."""
        unwanted = {k.lower() for k in keys}
        return Pairs(p for p in self.pairs if p[0].lower() not in unwanted)

    def with_(self, key: str, value: str) -> Pairs:
        """The pairs with one key set."""
        return Pairs((*self.without(key).pairs, (key, value)))

    def text(self) -> str:
        """A connection string; a value is braced where it has to be."""
        return ";".join(f"{key}={written(value)}" for key, value in self.pairs)

    @property
    def server(self) -> str:
        """Host as written; ``""`` for files and data source names."""
        return self.get(*_SERVER)

    @property
    def port(self) -> str:
        """Port as written."""
        return self.get(*_PORT)

    @property
    def user(self) -> str:
        """User as written."""
        return self.get(*_USER)

    @property
    def database(self) -> str:
        """Database as written; for file databases the path of the file."""
        return self.get(*_DATABASE)

    @property
    def driver(self) -> str:
        """Driver as written."""
        return self.get("driver")

    @property
    def dsn(self) -> str:
        """Data source name as written."""
        return self.get("dsn")

    def anonymous(self) -> Pairs:
        """The pairs without user and database, which the connector sets itself."""
        return self.without(*_USER)

    def at(self, database: str) -> Pairs:
        """The pairs with another database, in the place of one that is named: locators are compared as text."""
        if not self.database:
            return self.with_("Database", database)
        named = {k.lower() for k in _DATABASE}
        return Pairs((key, database if key.lower() in named else value) for key, value in self.pairs)

    def without_database(self) -> Pairs:
        """The pairs without a database."""
        return self.without(*_DATABASE)


def braced(value: str) -> str:
    """A value in braces, as it must be written when it holds a character of the grammar."""
    return "{" + value.replace("}", "}}") + "}"


def written(value: str) -> str:
    """A value as it stands in a connection string."""
    return braced(value) if _must_brace(value) else value


def _must_brace(value: str) -> bool:
    # No more than needed: not every driver takes the braces off again (PostgreSQL's does for a password only).
    return bool(re.search(r"[{};]|^\s|\s$", value))


class Options(BaseModel):
    """Settings of an ODBC source."""

    # The input of a refused value may be a password: it is kept out of messages.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    connection: str = Field(
        description="ODBC connection string without password: `DRIVER={PostgreSQL Unicode};SERVER=db01;PORT=5432`,"
        " `DSN=name`, `DRIVER={SQLite3};Database=/path/x.db`"
    )
    user: str | None = Field(default=None, description="Account to log in with")
    password: SecretRef | None = Field(
        default=None, description="Its password by reference: env:NAME, file:PATH or keyring:SERVICE/USER"
    )
    databases: tuple[str, ...] = Field(
        default=(),
        description="Only these databases of the server; all but its own when empty and none is in `connection`",
    )
    query_timeout_s: float = Field(
        default=60.0, gt=0, le=86400, description="The longest any one query may take, in seconds"
    )
    profile: str | None = Field(
        default=None,
        description="Ask as this database system is asked, whatever the driver says: a profile's name, or `generic` for"
        " ODBC's own catalog functions",
    )

    @field_validator("connection")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        pairs = Pairs.parse(value)
        for key, _ in pairs.pairs:
            if _SECRET_KEY.search(key):
                raise ValueError(
                    f"SECRET_LITERAL: {key} does not belong here: give password = 'env:NAME', 'file:PATH' or …"
                )
        if not (pairs.driver or pairs.dsn or pairs.get("filedsn")):
            raise ValueError("it names neither a DRIVER nor a DSN")
        return value

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, value: str | None) -> str | None:
        from connectors.odbc import profiles  # noqa: PLC0415 - reads files, wanted only where the option is set

        if value is not None and value not in profiles.load():
            raise ValueError(f"no such profile; there are: {', '.join(profiles.load())}")
        return value

    @property
    def pairs(self) -> Pairs:
        """The connection string, read."""
        return Pairs.parse(self.connection)

    @property
    def login(self) -> str:
        """Who logs in; ``""`` where nobody does."""
        return self.user or self.pairs.user


def from_url(url: str) -> dict[str, object]:
    """Settings from ``odbc:DRIVER=…;SERVER=…;UID=name;PWD=env:NAME``: a connection string whose PWD is a reference.

    A password given literally is handed on as such, and refused by the settings as every literal secret is.
    """
    pairs = Pairs.parse(url.partition(":")[2])
    secret = next((key for key, _ in pairs.pairs if key.lower() in {"pwd", "password"}), None)
    found: dict[str, object] = {}
    if pairs.user:
        found["user"] = pairs.user
    if secret is not None:
        found["password"] = pairs.get(secret)
        pairs = pairs.without(secret)
    return {"connection": pairs.anonymous().text(), **found}


def locator(options: BaseModel) -> str:
    """The source as a person would write it, without secrets."""
    assert isinstance(options, Options)
    pairs = options.pairs.anonymous()
    if options.login:
        pairs = pairs.with_("UID", options.login)
    return f"odbc:{pairs.text()}"


def account(options: BaseModel) -> Account | None:
    """Who logs in where; None for a file, where nobody does."""
    assert isinstance(options, Options)
    pairs = options.pairs
    if not options.login or not (pairs.server or pairs.dsn):
        return None
    if not pairs.server:
        return Account(f"dsn:{pairs.dsn}", options.login)
    host, _, port = pairs.server.lower().removeprefix("tcp:").partition(",")  # SQL Server's own way: host,port
    port = pairs.port or port or next((p for sign, p in _PORTS if sign in pairs.driver.lower()), "")
    return Account(f"{host.strip()}:{port.strip()}" if port else host, options.login)


_PORTS = (
    ("postgres", "5432"), ("psqlodbc", "5432"), ("mariadb", "3306"), ("mysql", "3306"), ("sql server", "1433"),
    ("freetds", "1433"), ("oracle", "1521"), ("db2", "50000"), ("firebird", "3050"), ("teradata", "1025"),
)  # fmt: skip
"""The port that is meant where none is written, by what the driver's name holds: one server, one spelling."""
