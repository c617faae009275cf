"""One connection to one database system: opened read-only, asked one question at a time, never asked to write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.odbc import errors, files, guard, profiles, texts
from connectors.odbc.options import Options, Pairs, braced, written
from connectors.odbc.profiles import Profile, Query
from scanner.connector import Session, missing_driver
from scanner.model import SourceError

FETCH = 5000
"""Rows fetched at a time."""
_hushed: set[str] = set()
"""Drivers whose log was switched off for good in this process."""


class Refused(Exception):  # noqa: N818 - reads as what it says
    """A question the source would not answer: ``code`` of the registry, ``detail`` in the driver's words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Garbled(Refused):
    """Text that is none; from now on it is let through, so the same question may be put again."""


class Answer:
    """The answer to one question: its column names, and its rows, a few thousand at a time."""

    def __init__(self, link: Link, cursor: Any) -> None:
        self._link = link
        self._cursor: Any = cursor
        self.described: tuple[tuple[Any, ...], ...] = tuple(cursor.description or ())
        if link.tolerant:
            self.described = tuple((texts.text(str(d[0])), *d[1:]) for d in self.described)
        if link.recipe.narrow:
            self.described = tuple(
                (str(d[0]).encode("latin-1", "replace").decode(errors="replace"), *d[1:]) for d in self.described
            )
        self.names: tuple[str, ...] = tuple(str(d[0]).lower() for d in self.described)

    def more(self, rows: int = FETCH) -> list[Sequence[Any]]:
        """The next rows; empty at the end. Raises Refused, or SourceError when the connection is lost."""
        if self._cursor is None or not self.names:
            return []
        with self._link.asking():
            found: list[Sequence[Any]] = self._cursor.fetchmany(rows)
        if len(found) < rows:
            self.close()
        return texts.restored(found) if self._link.tolerant else found

    def close(self) -> None:
        """Let go of the cursor; may be called twice."""
        cursor, self._cursor = self._cursor, None
        if cursor is not None and self._link.connected:
            with self._link.asking():
                cursor.close()


class Link:
    """The connection of a source: connects when first asked, to one database at a time."""

    def __init__(self, options: Options, session: Session) -> None:
        self.options = options
        self.session = session
        self.pairs = options.pairs
        self.dbms_name = ""
        """What the driver calls the system; ``""`` where it does not say."""
        self.driver_name = ""
        self.unread = ""
        """What was left unread to leave a file as it was; ``""`` for nothing."""
        self._connection: Any = None
        self._database = ""
        self._refused: SourceError | None = None
        self._let_in = False
        self.tolerant = False
        """Whether text that is none is let through: what is fetched must then be restored."""
        self._profile: Profile | None = None
        self._recipe: Profile | None = None

    @property
    def profile(self) -> Profile:
        """How facts are asked for: the profile of what was connected to, or the one the settings name."""
        assert self._profile is not None, "connect first"
        return self._profile

    @property
    def recipe(self) -> Profile:
        """How it is connected to and sampled, whatever profile asks for its facts."""
        assert self._recipe is not None, "connect first"
        return self._recipe

    @property
    def where(self) -> str:
        """Host and port, file, or data source name: for messages."""
        pairs = self.pairs
        host = f"{pairs.server}:{pairs.port}" if pairs.port else pairs.server
        place = host or self.file or (f"DSN {pairs.dsn}" if pairs.dsn else pairs.driver)
        return f"{self.options.login}@{place}" if self.options.login else place

    @property
    def file(self) -> str:
        """Path of the database file; ``""`` for servers."""
        profile = self._recipe or self._expected
        return self.pairs.get(*profile.file_keys) if profile and profile.file_keys else ""

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    @property
    def named(self) -> str:
        """The one database the connection string names; ``""`` where it names none, a file, or the only one."""
        profile = self._recipe or self._expected
        return "" if self.file or (profile and profile.single) else self.pairs.database

    @property
    def quote(self) -> str:
        """The driver's own quote character; ``""`` where it has none or is asked before it is there."""
        pyodbc = _pyodbc()
        with self.asking():
            return str(self._connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR)).strip()

    def connect(self, database: str = "") -> None:
        """Be connected; to that database, where each needs a connection of its own.

        A refused login is remembered: whatever asks later gets the same answer, and the server no second attempt.

        Raises:
            SourceError: AUTH_REFUSED, UNREACHABLE, DRIVER_MISSING, NOT_FOUND, DENIED …
        """
        if self._refused is not None:
            raise self._refused
        if self._connection is not None and (not database or database == self._database):
            return
        self.close()
        try:
            self._connect(database)
        except SourceError as error:
            if error.code.startswith("AUTH_"):
                if database and self._let_in:
                    # SQL Server says "Login failed" of a database that is shut, and FreeTDS hands on nothing else.
                    raise SourceError("DENIED", error.detail, where=self.where) from None
                self._refused = error
            raise
        self._let_in = True

    def ask(self, query: Query, scope: Mapping[str, str]) -> Answer:
        """Put a profile's question. Raises Refused, or SourceError when the connection is lost."""
        return self.execute(query.sql, [scope[name] for name in query.parameters])

    def execute(self, sql: str, parameters: Sequence[object] = (), *, session: bool = False) -> Answer:
        """Put any question the gate lets pass; a fresh cursor each, as some drivers need."""
        statement = guard.check(sql, session=session)
        self.session.pace()
        with self.asking():
            cursor = self._connection.cursor()
            cursor.execute(statement, *parameters)
            return Answer(self, cursor)

    def function(self, call: Callable[[Any], Any]) -> Any:
        """Call a catalog function on a fresh cursor; gives the cursor. Raises Refused."""
        self.session.pace()
        with self.asking():
            return call(self._connection.cursor())

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what the driver raises into Refused, or into SourceError when the connection is lost."""
        pyodbc = _pyodbc()
        if self._connection is None:
            raise SourceError("UNREACHABLE", "the connection is closed", where=self.where, transient=True)
        try:
            yield
        except pyodbc.Error as error:
            code, lost = errors.asking(error)
            if lost:
                self.close()
                raise SourceError(code, errors.words(error), where=self.where, transient=True) from None
            raise Refused(code, errors.words(error)) from None
        except UnicodeError as error:
            if self.tolerant:
                raise Refused(
                    "QUERY_FAILED", f"text that is none: {error.reason}" if hasattr(error, "reason") else ""
                ) from None
            self.tolerant = True
            texts.tolerate(pyodbc, self._connection)
            raise Garbled("QUERY_FAILED", "text that is none") from None
        except (ValueError, OverflowError, MemoryError, SystemError) as error:
            # The driver gave a value that has no place in Python: a date before the year 1, bytes that are no text.
            raise Refused("QUERY_FAILED", f"{type(error).__name__}: {errors.words(error)}") from None

    def close(self) -> None:
        """Let go of the connection; may be called twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(_pyodbc().Error):  # a lost connection has nothing left to close
                connection.close()

    @property
    def _expected(self) -> Profile | None:
        """The profile that the driver's name points to, before the server can say what it is."""
        driver = self.pairs.driver
        if not driver and self.pairs.dsn:
            driver = _pyodbc().dataSources().get(self.pairs.dsn, "")
        return profiles.by_driver(driver)

    def _connect(self, database: str) -> None:
        expected = self._expected
        pairs = self._prepared(expected, database)
        tries = [pairs]
        hide = expected.encryption if expected else None
        if hide and not pairs.get(hide.key):
            tries = [pairs.with_(hide.key, hide.first), pairs.with_(hide.key, hide.otherwise)]
        for number, attempt in enumerate(tries, 1):
            try:
                self._connection = self._open(attempt)
                break
            except SourceError as error:
                if number == len(tries) or hide is None or hide.refused not in error.detail:
                    raise
        self._database = pairs.database
        if expected and expected.hush:
            self._hush(expected)
        self._settle(expected)

    def _prepared(self, expected: Profile | None, database: str) -> Pairs:
        pairs = self.pairs.anonymous()
        if expected is None:
            return pairs
        limit_s = max(1, round(self.options.query_timeout_s))
        figures = {
            "timeout_s": max(1, round(self.session.timeout_s)),
            "timeout_ms": limit_s * 1000,
            "wait_s": limit_s + 5,
        }
        for key, value in expected.connect.items():
            if not pairs.get(key) or key in expected.hush:
                pairs = pairs.with_(key, value.format(**figures))
        for key in expected.file_keys:
            if pairs.get(key):
                file = files.checked(pairs.get(key))
                name = str(file)
                if expected.file_uri:
                    name, self.unread = files.sqlite_uri(file, expected.file_uri)
                pairs = pairs.with_(key, name)
        if expected.reconnect and not (database or pairs.database):
            database = expected.maintenance
        return pairs.without_database().with_("Database", database) if expected.reconnect and database else pairs

    def _open(self, pairs: Pairs) -> Any:
        pyodbc = _pyodbc()
        text = pairs.text()
        if self.options.login:
            text += f";UID={written(self.options.login)}"
        if self.options.password is not None:
            # FreeTDS keeps the closing brace of a value that ends the string: the semicolon is for it.
            text += f";PWD={braced(self.options.password.reveal())};"
        self.session.pace()
        try:
            return pyodbc.connect(text, autocommit=True, timeout=max(1, round(self.session.timeout_s)))
        except pyodbc.Error as error:
            raise self._explained(errors.connecting(error, self.where)) from None

    def _hush(self, expected: Profile) -> None:
        """Keep the driver's log switched off when this connection is closed; once for each driver in a process."""
        pyodbc = _pyodbc()
        own = Pairs(p for p in self.pairs.pairs if p[0].lower() in ("driver", "dsn"))
        if own.text() in _hushed:
            return
        _hushed.add(own.text())
        for key, value in expected.hush.items():
            own = own.with_(key, value)
        with contextlib.suppress(pyodbc.Error):  # it is meant to fail
            pyodbc.connect(own.text(), timeout=1).close()

    def _explained(self, error: SourceError) -> SourceError:
        if error.code != "DRIVER_MISSING":
            return error
        pyodbc = _pyodbc()
        asked = f"DSN {self.pairs.dsn}" if self.pairs.dsn else self.pairs.driver
        there = ", ".join(pyodbc.drivers()) or "none"
        names = f"; data source names: {', '.join(pyodbc.dataSources()) or 'none'}" if self.pairs.dsn else ""
        return SourceError(error.code, f"{asked}: {error.detail}; installed drivers: {there}{names}", where=self.where)

    def _settle(self, expected: Profile | None) -> None:
        pyodbc = _pyodbc()
        connection = self._connection
        if self.tolerant:
            texts.tolerate(pyodbc, connection)
        with contextlib.suppress(pyodbc.Error):  # drivers without it: the server's own limit is set below
            connection.timeout = max(1, round(self.options.query_timeout_s))
        self.dbms_name, self.driver_name = "", ""
        with contextlib.suppress(pyodbc.Error):
            self.dbms_name = str(connection.getinfo(pyodbc.SQL_DBMS_NAME))
            self.driver_name = (
                f"{connection.getinfo(pyodbc.SQL_DRIVER_NAME)} {connection.getinfo(pyodbc.SQL_DRIVER_VER)}"
            )
        found = profiles.by_dbms(self.dbms_name)
        self._recipe = expected if expected is not None and found.name == "generic" else found
        if self._recipe.narrow:
            connection.setencoding(encoding="utf-8", ctype=pyodbc.SQL_CHAR)
        chosen = self.options.profile
        self._profile = profiles.load()[chosen] if chosen else self._recipe
        seconds = max(1, round(self.options.query_timeout_s))
        figures = {"timeout_s": seconds, "timeout_ms": seconds * 1000}
        try:
            for statement in self._recipe.always:
                self.execute(statement.format(**figures), session=True).close()
            self._first_of([s.format(**figures) for s in self._recipe.one_of])
        except Refused as refused:
            self.close()
            raise SourceError(refused.code, f"no read-only session: {refused.detail}", where=self.where) from None

    def _first_of(self, statements: list[str]) -> None:
        for number, statement in enumerate(statements, 1):
            try:
                self.execute(statement, session=True).close()
            except Refused:
                if number == len(statements):
                    raise
            else:
                return


def _pyodbc() -> Any:
    try:
        import pyodbc  # noqa: PLC0415 - optional extra
    except ImportError as error:
        raise missing_driver("odbc", "odbc", error) from None
    pyodbc.pooling = False  # a pool would keep connections open after close
    return pyodbc
