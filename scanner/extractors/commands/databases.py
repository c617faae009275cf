"""Programs that reach databases: which option says what, and which of their words are databases, files, statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.extractor import Mention
from scanner.extractors.commands.command import Command, options
from scanner.extractors.commands.saying import place, script, statement, table
from scanner.extractors.quoting import quoted
from scanner.locators import connection, status_of, without_secrets

_Said = list[tuple[str, str, str]]
_PLACES = ("server", "port", "database", "user", "alias")

_NAME = re.compile(r"[\w$%{<][\w.$%{}<>#:/?=@&+, '-]{0,500}\Z")
_LONG_PG = {
    "--host": "server", "--port": "port", "--username": "user", "--dbname": "database", "-h": "server", "-p": "port",
    "-U": "user", "-d": "database",
}  # fmt: skip
_PSQL = {
    **_LONG_PG, "-c": "sql", "--command": "sql", "-f": "script", "--file": "script", "-o": "output",
    "--output": "output", "-v": "", "--set": "", "--variable": "", "-F": "", "-R": "", "-P": "", "-L": "",
}  # fmt: skip
_PG_FILE = {
    **_LONG_PG, "-f": "output", "--file": "output", "-t": "table", "--table": "table", "-n": "", "-N": "", "-T": "",
    "-F": "", "-j": "", "-Z": "", "-E": "", "-L": "", "-I": "", "-S": "", "-D": "output", "-W": "?",
}  # fmt: skip
_MYSQL = {
    "-h": "server", "--host": "server", "-P": "port", "--port": "port", "-u": "user", "--user": "user", "-p": "?",
    "--password": "?", "-D": "database", "--database": "database", "-e": "sql", "--execute": "sql", "-S": "",
    "--socket": "", "-r": "output", "--result-file": "output", "--where": "?", "-w": "", "--defaults-file": "?",
}  # fmt: skip
_MONGO = {
    "-h": "server", "--host": "server", "--port": "port", "-d": "database", "--db": "database", "-u": "user",
    "--username": "user", "-p": "", "--password": "", "--uri": "uri", "-c": "table", "--collection": "table",
    "-o": "output", "--out": "output", "--file": "file", "--archive": "?", "--authenticationDatabase": "", "-q": "",
    "--query": "", "--eval": "", "-f": "", "--fields": "", "--type": "",
}  # fmt: skip
_SQLCMD = {
    "-S": "server", "-d": "database", "-U": "user", "-P": "", "-i": "script", "-o": "output", "-Q": "sql",
    "-q": "sql", "-v": "", "-s": "", "-w": "", "-h": "", "-D": "database", "-l": "", "-t": "", "-W": "?", "-f": "",
}  # fmt: skip
_BCP = {
    "-S": "server", "-d": "database", "-U": "user", "-P": "", "-f": "", "-e": "", "-t": "", "-r": "", "-F": "",
    "-L": "", "-b": "", "-o": "", "-h": "", "-a": "", "-m": "", "-C": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Client:
    """A program's options, what it speaks, and what its other words say in their order."""

    driver: str
    options: Mapping[str, str]
    words: tuple[str, ...] = ()
    action: str = "connects"
    environment: tuple[tuple[str, str], ...] = ()


_PG_ENVIRONMENT = (("PGHOST", "server"), ("PGPORT", "port"), ("PGDATABASE", "database"), ("PGUSER", "user"))
_SQLCMD_ENVIRONMENT = (("SQLCMDSERVER", "server"), ("SQLCMDDBNAME", "database"), ("SQLCMDUSER", "user"))


def _pg(known: Mapping[str, str], action: str, words: tuple[str, ...] = ("database",)) -> Client:
    return Client("postgresql", known, words, action, _PG_ENVIRONMENT)


CLIENTS: dict[str, Client] = {
    "psql": _pg(_PSQL, "connects", ("database", "user")),
    "pg_dump": _pg(_PG_FILE, "reads"),
    "pg_dumpall": _pg(_PG_FILE, "reads"),
    "pg_basebackup": _pg(_PG_FILE, "reads"),
    "pg_restore": _pg({**_PG_FILE, "-P": ""}, "writes", ("file",)),
    "createdb": _pg(_LONG_PG, "writes"),
    "dropdb": _pg(_LONG_PG, "writes"),
    "vacuumdb": _pg(_LONG_PG, "connects"),
    "reindexdb": _pg(_LONG_PG, "connects"),
    "pg_isready": _pg(_LONG_PG, "connects", ()),
    **dict.fromkeys(("mysql", "mariadb"), Client("mysql", _MYSQL, ("database",))),
    **dict.fromkeys(("mysqldump", "mariadb-dump", "mydumper"), Client("mysql", _MYSQL, ("database", "table"), "reads")),
    "mysqlimport": Client("mysql", _MYSQL, ("database", "file"), "writes"),
    "mysqladmin": Client("mysql", _MYSQL),
    "mysqlshow": Client("mysql", _MYSQL, ("database",)),
    **dict.fromkeys(("mongodump", "mongoexport"), Client("mongodb", _MONGO, (), "reads")),
    "mongorestore": Client("mongodb", _MONGO, ("file",), "writes"),
    "mongoimport": Client("mongodb", _MONGO, ("file",), "writes"),
    **dict.fromkeys(("mongo", "mongosh"), Client("mongodb", _MONGO, ("database",))),
    "sqlcmd": Client("mssql", _SQLCMD, (), "connects", _SQLCMD_ENVIRONMENT),
    "osql": Client("mssql", _SQLCMD),
    "redis-cli": Client("redis", {"-h": "server", "-p": "port", "-n": "database", "-a": "", "-u": "uri"}),
    "cqlsh": Client(
        "cassandra", {"-u": "user", "-p": "", "-k": "database", "-e": "sql", "-f": "script"}, ("server", "port")
    ),
    "clickhouse-client": Client(
        "clickhouse",
        {
            "--host": "server",
            "-h": "server",
            "--port": "port",
            "--database": "database",
            "-d": "database",
            "--user": "user",
            "-u": "user",
            "--password": "",
            "--query": "sql",
            "-q": "sql",
        },
    ),
    "vsql": Client("vertica", _PSQL, ("database", "user")),
    "nzsql": Client("netezza", {**_PSQL, "-u": "user"}),
    "impala-shell": Client("impala", {"-i": "server", "-d": "database", "-q": "sql", "-f": "script", "-o": "output"}),
    "snowsql": Client(
        "snowflake", {"-a": "server", "-d": "database", "-u": "user", "-q": "sql", "-f": "script", "-s": "", "-w": ""}
    ),
}


def client(command: Command, origin: str) -> Iterator[Mention]:
    """What a database client's options name: the database, then what is run, read or written there."""
    known = CLIENTS[command.program]
    said, words = options(command.words[1:], known.options)
    for meaning, word in zip(known.words, words, strict=False):
        if meaning == "database" and not _NAME.match(word):
            break
        if not any(m == meaning for m, _, _ in said) or meaning in ("file", "table"):
            said.append((meaning, "", word))
    if known.driver == "mssql" and re.search(r"(?i)\bsybase\b|/opt/sybase", command.words[0]):
        known = replace(known, driver="sybase")
    reached = _reached(command, origin, known, said)
    yield from _told(command, origin, known, said, reached)
    if reached is not None and command.body:
        yield from _body(command, origin, reached)


def _told(command: Command, origin: str, known: Client, said: _Said, reached: Mention | None) -> Iterator[Mention]:
    if reached is not None:
        yield reached
    for meaning, _, value in said:
        made: Mention | None = None
        if meaning == "sql":
            made = statement(value, command, origin, reached)
        elif meaning == "table":
            made = table(value, command, origin, reached, known.action)
        elif meaning in ("output", "file"):
            made = place(value, command, origin, action="writes" if meaning == "output" else "reads")
        elif meaning == "script":
            yield from script(value, command, origin)
        if made is not None:
            yield made
    for word in command.takes:
        yield from script(word, command, origin, "reads")
    for word in command.gives:
        if (made := place(word, command, origin, action="writes")) is not None:
            yield made


def _body(command: Command, origin: str, reached: Mention) -> Iterator[Mention]:
    """Statements handed to a client line by line."""
    inner = replace(command, line=command.body_line)
    if (made := statement(command.body, inner, origin, reached)) is not None:
        yield made


def _reached(command: Command, origin: str, known: Client, said: _Said) -> Mention | None:
    """The connection that the options make; one that they hold as a string is that string."""
    for meaning, _, value in said:
        if meaning in ("uri", "database", "server") and ("://" in value or re.search(r"\w=\S", value)):
            return quoted(
                value,
                origin=origin,
                line=command.line,
                kind="connection_string",
                status=command.status,
                action=known.action,
            )
    told = {m: v for m, _, v in reversed(said) if m in _PLACES and v}
    written = [f"{f}{'' if f.endswith(('=', ':')) else ' '}{v}" if f else v for m, f, v in said if m in _PLACES and v]
    for variable, meaning in known.environment:
        if meaning not in told and (given := command.environment.get(variable)):
            told[meaning] = given
            written.append(f"{variable}={given}")
    if known.driver == "mongodb" and "/" in told.get("database", "") and "server" not in told:
        told["server"], _, told["database"] = told["database"].partition("/")
    return made_of(command, origin, known.driver, told, written, known.action)


def made_of(
    command: Command, origin: str, driver: str, told: Mapping[str, str], written: list[str], action: str
) -> Mention | None:
    """A connection out of options: what they name, told apart; None where they name no database and no server."""
    server, database, port = told.get("server") or "", told.get("database"), told.get("port", "")
    if not server and not database:
        return None
    number = int(port) if port.isdigit() and int(port) < 65_536 else None
    if driver in ("mssql", "sybase") and server:
        parsed = connection(f"Server={server};Database=x")
        if parsed is not None and parsed.server and "$" not in server:
            server = f"{parsed.server}\\{parsed.instance}" if parsed.instance else parsed.server
            number = number or parsed.port
    elif server and server.count(":") == 1 and (tail := server.partition(":")[2]).isdigit():
        server, number = server.partition(":")[0], int(tail)
    locator = without_secrets(" ".join([command.program, *written]))
    return Mention(
        kind="connection_string", locator=locator, line=command.line, status=command.status or status_of(locator),
        action=action, origin=origin, server=server or None, port=number, database=database or None,
        user=told.get("user") or None, driver=driver,
    )  # fmt: skip


def bcp(command: Command, origin: str) -> Iterator[Mention]:
    """``bcp table|"query" in|out|queryout file -S server``."""
    said, words = options(command.words[1:], _BCP)
    if len(words) < 2:
        return
    what, direction, *files = words
    direction = direction.lower()
    if direction not in ("in", "out", "queryout", "format"):
        return
    told = {m: v for m, _, v in reversed(said) if m in _PLACES and v}
    parts = re.findall(r"\[[^\]]*\]|\"[^\"]*\"|[^.]+", what) if direction != "queryout" and len(what) < 500 else []
    if what.count(".") >= 2 and len(parts) >= 2:
        told.setdefault("database", parts[0].strip('[]"'))
    action = "writes" if direction == "in" else "reads"
    written = [f"{f} {v}" for m, f, v in said if m in _PLACES and v]
    reached = made_of(command, origin, "mssql", told, written or [what], action)
    if reached is None:
        return
    yield reached
    made = (
        statement(what, command, origin, reached)
        if direction == "queryout"
        else table(what, command, origin, reached, action)
    )
    if made is not None:
        yield made
    for word in files[:1]:
        yield from script(word, command, origin, "reads" if direction == "in" else "writes")


def isql(command: Command, origin: str) -> Iterator[Mention]:
    """UnixODBC's takes a DSN first; Sybase's and SQL Server's take options."""
    words = command.words[1:]
    if words and not words[0].startswith("-"):
        made = quoted(
            words[0], origin=origin, line=command.line, kind="reference", status=command.status, action="connects"
        )
        if made is not None:
            yield replace(
                made, user=words[1] if len(words) > 1 and not words[1].startswith("-") else None, driver="odbc"
            )
        return
    said, _ = options(words, _SQLCMD)
    known = Client("sybase", _SQLCMD)
    reached = _reached(command, origin, known, said)
    yield from _told(command, origin, known, said, reached)
    if reached is not None and command.body:
        yield from _body(command, origin, reached)


_ORACLE_ACTIONS = {"exp": "reads", "expdp": "reads", "imp": "writes", "impdp": "writes", "sqlldr": "writes"}
_LOGIN = re.compile(
    r"""(?i)(?:userid=|target=?\s?)?["']?(?P<user>[\w$#.{}%&"\[\]-]{0,128})(?:/(?P<secret>[^\s]{0,400}?"""
    r"""))?@(?P<to>[^\s"']{1,600})["']?\Z"""
)


def oracle(command: Command, origin: str) -> Iterator[Mention]:
    """sqlplus, SQL*Loader, export and import: ``user/password@alias``, parameters ``name=value``, ``@script``."""
    action = _ORACLE_ACTIONS.get(command.program, "connects")
    reached = None
    for word in command.words[1:]:
        name, mark, value = word.partition("=")
        if (
            mark
            and name.lower() in ("control", "data", "file", "parfile", "dumpfile", "log", "bad")
            and "@" not in name
        ):
            if name.lower() not in ("log", "bad"):
                yield from script(
                    value.split(",")[0],
                    command,
                    origin,
                    "writes" if name.lower() in ("file", "dumpfile") and action == "reads" else "reads",
                )
        elif word.startswith("@") and reached is not None:
            yield from script(word.lstrip("@"), command, origin)
        elif reached is None and not word.startswith(("@", "-")) and (login := _LOGIN.match(word)):
            reached = oracle_login(login["user"].strip('"'), login["to"], command, origin, action)
            if reached is not None:
                yield reached
        elif mark and name.lower() == "tables" and reached is not None:
            for one in value.strip("()").split(",")[:100]:
                if (made := table(one.strip(), command, origin, reached, action)) is not None:
                    yield made
    if reached is None and command.body:
        yield from connects(command, origin)
    elif reached is not None and command.body:
        yield from _body(command, origin, reached)


def connects(command: Command, origin: str) -> Iterator[Mention]:
    """``CONNECT user/password@alias`` in what sqlplus is handed; what follows is run there."""
    for number, line in enumerate(command.body.split("\n")):
        match = re.match(r"(?i)\s*conn(?:ect)?\s+(\S+)", line[:1000])
        login = _LOGIN.match(match[1].rstrip(";")) if match else None
        if login is not None:
            inner = replace(command, line=command.body_line + number)
            reached = oracle_login(login["user"], login["to"], inner, origin, "connects")
            if reached is not None:
                yield reached
                yield from _body(command, origin, reached)
            return


def oracle_login(user: str, to: str, command: Command, origin: str, action: str) -> Mention | None:
    """What stands behind the ``@``: an alias, an address or a whole descriptor."""
    if "/" in to or ":" in to or to.startswith("("):
        text = to if to.startswith(("(", "//")) else f"//{to}"
        made = quoted(
            f"{text}", origin=origin, line=command.line, kind="connection_string", status=command.status, action=action
        )
        return replace(made, user=user or made.user, driver=made.driver or "oracle") if made else None
    made = quoted(
        to.rstrip(";"), origin=origin, line=command.line, kind="reference", status=command.status, action=action
    )
    return replace(made, user=user or None, driver="oracle") if made else None


def by_name(command: Command, origin: str) -> Iterator[Mention]:
    """``tnsping alias``, ``db2 connect to alias``: a database by the name it has in a client's own files."""
    text = " ".join(command.words[1:])
    match = re.search(r"(?i)\bconnect\s+to\s+([\w$%{}-]{1,60})", text) if command.program == "db2" else None
    name = match[1] if match else command.words[1] if command.program == "tnsping" and len(command.words) > 1 else ""
    if name and not name.startswith("-"):
        made = quoted(
            name, origin=origin, line=command.line, kind="reference", status=command.status, action="connects"
        )
        if made is not None:
            yield replace(made, driver="db2" if match else "oracle")


def dtexec(command: Command, origin: str) -> Iterator[Mention]:
    """``dtexec /F package`` and ``/ISServer package /Ser server``: packages that are run."""
    known = {
        "/f": "file",
        "/file": "file",
        "/fi": "file",
        "/isserver": "package",
        "/is": "package",
        "/sq": "package",
        "/sql": "package",
        "/dts": "package",
        "/dt": "package",
        "/ser": "server",
        "/server": "server",
        "/se": "server",
        "/conn": "connection",
        "/connection": "connection",
        "/conf": "file",
        "/configfile": "file",
        "/set": "",
        "/user": "",
        "/u": "",
        "/par": "",
        "/env": "",
        "/rep": "",
        "/reporting": "",
        "/de": "",
        "/decrypt": "",
        "/p": "",
        "/password": "",
        "/l": "",
        "/logger": "",
        "/conm": "",
        "/checkp": "",
    }
    words = tuple("/" + w[1:] if w.startswith("-") else w for w in command.words[1:])
    said, _ = options(words, known)
    server = next((v for m, _, v in said if m == "server"), None)
    for meaning, _, written in said:
        value = written.strip('"\\') if meaning == "package" else written.strip('"')
        if meaning == "file":
            yield from script(value, command, origin)
        elif meaning == "package" and value:
            made = quoted(
                value, origin=origin, line=command.line, kind="reference", status=command.status, action="calls"
            )
            if made is not None:
                yield replace(made, server=server, driver="mssql")
        elif meaning == "connection":
            name, _, text = value.partition(";")
            made = quoted(
                text.strip('"\\'),
                origin=origin,
                line=command.line,
                kind="connection_string",
                status=command.status,
                alias=name.strip('"\\') or None,
            )
            if made is not None:
                yield made
    if server is not None:
        made = made_of(command, origin, "mssql", {"server": server, "database": ""}, [f"/Ser {server}"], "connects")
        if made is not None:
            yield made


def sqoop(command: Command, origin: str) -> Iterator[Mention]:
    """``sqoop import --connect jdbc:… --table t --target-dir d`` and its inverse."""
    importing = "import" in command.words[:4] or "import-all-tables" in command.words[:4]
    known = {
        "--connect": "uri",
        "--table": "table",
        "--target-dir": "folder",
        "--export-dir": "folder",
        "--warehouse-dir": "folder",
        "--query": "sql",
        "-e": "sql",
        "--username": "",
        "--password": "",
        "-m": "",
        "--split-by": "",
        "--where": "",
    }
    said, _ = options(command.words[1:], known)
    reached = None
    for value in (v for m, _, v in said if m == "uri"):
        reached = quoted(
            value,
            origin=origin,
            line=command.line,
            kind="connection_string",
            status=command.status,
            action="reads" if importing else "writes",
        )
    if reached is not None:
        yield reached
    for meaning, _, value in said:
        made = None
        if meaning == "table":
            made = table(value, command, origin, reached, "reads" if importing else "writes")
        elif meaning == "sql":
            made = statement(value, command, origin, reached)
        elif meaning == "folder":
            made = place(value, command, origin, action="writes" if importing else "reads")
        if made is not None:
            yield made


def beeline(command: Command, origin: str) -> Iterator[Mention]:
    """Hive's client: ``-u jdbc:hive2://…``."""
    said, _ = options(command.words[1:], {"-u": "uri", "-n": "", "-p": "", "-e": "sql", "-f": "script"})
    reached = None
    for value in (v for m, _, v in said if m == "uri"):
        reached = quoted(
            value, origin=origin, line=command.line, kind="connection_string", status=command.status, action="connects"
        )
    yield from _told(command, origin, CLIENTS["psql"], said, reached)


DATABASES: dict[str, Callable[[Command, str], Iterator[Mention]]] = {
    **dict.fromkeys(CLIENTS, client),
    "bcp": bcp,
    "freebcp": bcp,
    "isql": isql,
    "iusql": isql,
    "tsql": isql,
    "db2": by_name,
    "tnsping": by_name,
    **dict.fromkeys(("sqlplus", "sqlldr", "exp", "imp", "expdp", "impdp", "rman", "sqlplus64"), oracle),
    "dtexec": dtexec,
    "sqoop": sqoop,
    "sqoop2": sqoop,
    "beeline": beeline,
}
