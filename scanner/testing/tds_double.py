"""A SQL Server that is none: its wire protocol (TDS 7.4) in front of tables shaped like its catalog views.

Questions are really answered: their Transact-SQL is rewritten by sqlglot and run by SQLite over tables of an estate,
one set for each database. It runs as a process of its own, since a driver may hold the interpreter's lock while it
waits::

    with tds_double(Estate(databases={"Sales": ["CREATE TABLE sys.objects (…)"]})) as server:
        crawl(server.host, server.port)
    assert server.logins() == ["scan accepted"]

It has no encryption, and says so: a client that insists on it leaves before it logs in.
"""

from __future__ import annotations

import contextlib
import json
import re
import select
import socketserver
import sqlite3
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from scanner.testing.servers import base

USER = "scan"
PASSWORD = "d0uble/Pw+3!"
_BATCH, _RPC, _ANSWER, _ATTENTION, _TRANSACTION, _LOGIN, _PRELOGIN = 1, 3, 4, 6, 14, 16, 18
_COLLATION = b"\x09\x04\xd0\x00\x34"
_PACKET = 4096
_EXECUTESQL, _PREPARE, _EXECUTE, _PREPEXEC, _UNPREPARE = 10, 11, 12, 13, 15
_NOON = "2026-01-01 12:00:00"
"""What time it is here in UTC; the server's own clock is an hour ahead."""
_PROCEDURES = {
    "sp_executesql": _EXECUTESQL,
    "sp_prepare": _PREPARE,
    "sp_execute": _EXECUTE,
    "sp_prepexec": _PREPEXEC,
    "sp_unprepare": _UNPREPARE,
}


@dataclass(frozen=True, slots=True)
class Estate:
    """What the double claims to hold.

    ``databases`` are scripts of SQLite for each database: schemas ``sys``, ``msdb`` and ``dbo`` are there, without a
    table. ``common`` runs before each of them. ``closed`` databases are listed wherever the scripts list them, and
    open for nobody. ``refused`` are patterns of statements with the error number and words they get, ``slow``
    patterns with the seconds until their answer. ``functions`` answer ``SERVERPROPERTY('x')`` and the like, by the
    text of the call.
    """

    databases: dict[str, list[str]]
    common: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    slow: list[tuple[str, float]] = field(default_factory=list)
    functions: dict[str, str | int | None] = field(default_factory=dict)
    user: str = USER
    password: str = PASSWORD


@dataclass(frozen=True, slots=True)
class TdsDouble(base.Server):
    """A running double; its log has a line for each login, statement and cancellation."""

    def said(self, word: str) -> list[str]:
        """What stands behind a word in the log: ``login``, ``batch``, ``rpc`` or ``attention``."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [str(line[word]) for line in lines if word in line]

    def logins(self) -> list[str]:
        """Each attempt to log in: the account and what came of it."""
        return self.said("login")


@contextlib.contextmanager
def tds_double(estate: Estate) -> Iterator[TdsDouble]:
    """Serve an estate on a free port of loopback, in a process of its own, until the block ends."""
    with base.home("tds") as directory:
        (directory / "estate.json").write_text(json.dumps(asdict(estate)))
        log = directory / "log"

        def command(port: int) -> list[str]:
            return [sys.executable, "-m", __name__, str(port), str(directory / "estate.json")]

        with base.serving(command, log) as port:
            yield TdsDouble(base.HOST, port, estate.user, estate.password, directory, log)


def main() -> None:
    """Serve the estate of a file on a port, until killed."""
    port, place = int(sys.argv[1]), Path(sys.argv[2])
    estate = Estate(**json.loads(place.read_text()))

    class Handler(_Session):
        served = estate

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer((base.HOST, port), Handler) as server:
        server.daemon_threads = True
        server.serve_forever()


def _log(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


class _Gone(Exception):  # noqa: N818 - reads as what it says
    """The client left."""


class _Session(socketserver.BaseRequestHandler):
    """One connection: greeting, login, then one statement after the other."""

    served: Estate

    def handle(self) -> None:
        with contextlib.suppress(_Gone, ConnectionError):
            self.prepared: dict[int, str] = {}
            kind, message = self.read()
            while kind == _PRELOGIN:
                self.send(_prelogin())
                kind, message = self.read()
            if kind != _LOGIN or not self.login(message):
                return
            while True:
                kind, message = self.read()
                self.answer(kind, message)

    # --- packets ------------------------------------------------------------------------------------------------------

    def read(self) -> tuple[int, bytes]:
        """The next message, of as many packets as it takes."""
        parts = []
        while True:
            kind, status, length = struct.unpack(">BBH", self.exactly(8)[:4])
            parts.append(self.exactly(length - 8))
            if status & 1:
                return kind, b"".join(parts)

    def exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            more = self.request.recv(count - len(got))
            if not more:
                raise _Gone
            got += more
        return got

    def send(self, tokens: bytes) -> None:
        """An answer, cut into packets."""
        room = _PACKET - 8
        pieces = [tokens[at : at + room] for at in range(0, len(tokens), room)] or [b""]
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            head = struct.pack(">BBHHBB", _ANSWER, int(last), len(piece) + 8, 51, number % 256, 0)
            self.request.sendall(head + piece)

    # --- the conversation ---------------------------------------------------------------------------------------------

    def login(self, message: bytes) -> bool:
        """Let the account in, or say why not, as the real one does."""
        user, password, database = (_field(message, at) for at in (40, 44, 68))
        plain = bytes(((b ^ 0xA5) >> 4 | (b ^ 0xA5) << 4) & 0xFF for b in password).decode("utf-16-le")
        name, self.database = user.decode("utf-16-le"), database.decode("utf-16-le") or "master"
        failed = _error(18456, f"Login failed for user '{name}'.", 14)
        if (name, plain) != (self.served.user, self.served.password):
            _log(login=f"{name} refused")
            self.send(failed + _done(2))
            return False
        if self.database in self.served.closed or self.database not in (*self.served.databases, "master"):
            _log(login=f"{name} shut out of {self.database}")
            words = f'Cannot open database "{self.database}" requested by the login. The login failed.'
            self.send(_error(4060, words, 11) + failed + _done(2))
            return False
        _log(login=f"{name} accepted")
        self.rows = _Rows(self.served, self.database)
        self.send(_environment(1, self.database) + _environment(4, str(_PACKET)) + _login_ack() + _done(0))
        return True

    def answer(self, kind: int, message: bytes) -> None:
        """One message of a client that is logged in."""
        if kind == _ATTENTION:
            _log(attention="")
            self.send(_done(0x20))
        elif kind == _BATCH:
            text = message[struct.unpack("<I", message[:4])[0] :].decode("utf-16-le")
            _log(batch=text)
            self.reply(text, {}, procedure=False)
        elif kind == _RPC:
            self.call(message[struct.unpack("<I", message[:4])[0] :])
        else:  # the transaction manager: a client that ends a transaction it never began
            self.send(_done(0))

    def call(self, message: bytes) -> None:
        """A procedure: those by which drivers pass parameters."""
        number, values = _procedure(message)
        handle = max(self.prepared, default=0) + 1
        if number in (_PREPARE, _PREPEXEC):
            self.prepared[handle] = str(values[2])
            given = values[3:] if number == _PREPEXEC else None
        elif number == _EXECUTE:
            handle, given = int(values[0]), values[1:]
        elif number == _EXECUTESQL:
            handle, given = 0, values[2:]
            self.prepared[0] = str(values[0])
        else:
            self.send(_status() + _done(0, proc=True))
            return
        _log(rpc=self.prepared[handle])
        told = _handle(handle) if number in (_PREPARE, _PREPEXEC) else b""
        if given is None:
            self.send(_status() + told + _done(0, proc=True))
            return
        self.reply(self.prepared[handle], {f"P{n}": v for n, v in enumerate(given, 1)}, procedure=True, told=told)

    def reply(self, text: str, values: dict[str, Any], *, procedure: bool, told: bytes = b"") -> None:
        """The rows of a statement, or its error; the client may call it off while it takes its time."""
        for pattern, seconds in self.served.slow:
            if re.search(pattern, text) and select.select([self.request], [], [], seconds)[0]:
                kind, _ = self.read()
                _log(attention=kind)
                self.send(_done(0x20))
                return
        end = _status() + told + _done(0, proc=True) if procedure else b""
        for pattern, number, words in self.served.refused:
            if re.search(pattern, text):
                self.send(_error(number, words, 14) + (end or _done(2)))
                return
        try:
            names, rows = self.rows.of(text, values)
        except (sqlite3.Error, sqlglot.errors.SqlglotError) as error:
            self.send(_error(208, f"the double cannot answer: {error}", 16) + (end or _done(2)))
            return
        if not names:
            self.send(end or _done(0))
            return
        count = _done(0x10, len(rows), within=procedure)
        self.send(_table(names, rows) + count + end)


# --- what is behind it ------------------------------------------------------------------------------------------------


class _Rows:
    """The tables of one database, and Transact-SQL over them."""

    def __init__(self, estate: Estate, database: str) -> None:
        self.tables = sqlite3.connect(":memory:")
        for schema in ("sys", "msdb", "dbo"):
            self.tables.execute(f"ATTACH ':memory:' AS {schema}")
        for script in (*estate.common, *estate.databases.get(database, ())):
            self.tables.executescript(script)
        self._functions(estate, database)

    def of(self, text: str, values: dict[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Names and rows of an answer; none for what only sets the session."""
        if not re.match(r"\s*SELECT\b", text, re.IGNORECASE):
            return [], []
        tree = sqlglot.parse_one(text, read="tsql")
        for node in reversed(list(tree.walk())):  # the innermost first: what is rewritten is not looked into again
            if (instead := _rewritten(node)) is not node:
                node.replace(instead)
        cursor = self.tables.execute(tree.sql(dialect="sqlite"), values)
        return [d[0] for d in cursor.description or ()], cursor.fetchall()

    def _functions(self, estate: Estate, database: str) -> None:
        def told(name: str) -> Any:
            return lambda *given: estate.functions.get(f"{name}({', '.join(str(g) for g in given)})")

        for name in ("SERVERPROPERTY", "CONNECTIONPROPERTY", "SUSER_SNAME", "HAS_PERMS_BY_NAME", "DB_ID"):
            self.tables.create_function(name, -1, told(name))
        self.tables.create_function("DB_NAME", 0, lambda: database)
        self.tables.create_function("NCHAR", 1, chr)
        self.tables.create_function("GETUTCDATE", 0, lambda: _NOON)
        self.tables.create_function("PARSENAME", 2, _parse_name)
        self.tables.create_function("TDS_PLUS", 2, _plus)
        self.tables.create_function("TDS_FIND", -1, _find)
        self.tables.create_function("TDS_DATEDIFF", 3, _minutes)
        self.tables.create_function("TDS_HALVED", 2, lambda a, b: None if None in (a, b) else a // b)


def _rewritten(node: exp.Expr) -> exp.Expr:  # noqa: PLR0911 - one return for each kind of node
    """What SQLite has not, as functions of the double's own; names of three parts as names of two."""
    call = exp.Anonymous
    if isinstance(node, exp.Table) and node.catalog:
        return exp.table_(node.name, db=node.catalog, alias=node.alias or None)
    if isinstance(node, exp.CurrentUser):
        return call(this="SUSER_SNAME", expressions=[node.this] if node.this else [])
    if isinstance(node, exp.Left):
        return exp.Substring(this=node.this, start=exp.Literal.number(1), length=node.expression)
    if isinstance(node, exp.DataType) and node.expressions:
        return exp.DataType(this=node.this)
    if isinstance(node, exp.Parameter):
        return exp.Placeholder(this=node.name)
    if isinstance(node, exp.Add):
        return call(this="TDS_PLUS", expressions=[node.left, node.right])
    if isinstance(node, exp.Div):
        return call(this="TDS_HALVED", expressions=[node.left, node.right])
    if isinstance(node, exp.StrPosition):
        given = [node.args["substr"], node.this, *filter(None, [node.args.get("position")])]
        return call(this="TDS_FIND", expressions=given)
    if isinstance(node, exp.DateDiff):
        unit = exp.Literal.string(str(node.args.get("unit") or "DAY"))
        return call(this="TDS_DATEDIFF", expressions=[unit, _bare(node.expression), _bare(node.this)])
    if isinstance(node, exp.CurrentTimestamp):
        return exp.Literal.string(f"{_NOON[:11]}13:00:00")
    return node


def _bare(node: exp.Expr) -> exp.Expr:
    """An operand without the casts that sqlglot puts around it for systems that need them."""
    while isinstance(node, exp.Cast | exp.TsOrDsToTimestamp | exp.TsOrDsToDate | exp.Paren):
        node = node.this
    return node


def _plus(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return None
    return f"{one}{other}" if isinstance(one, str) or isinstance(other, str) else one + other


def _find(what: str | None, text: str | None, start: int = 1) -> int | None:
    return None if what is None or text is None else text.find(what, max(0, start - 1)) + 1


def _parse_name(name: str | None, part: int) -> str | None:
    """A part of a name of up to four, counted from its end, without its brackets."""
    parts = re.findall(r"\[((?:[^\]]|\]\])*)\]|([^.\[\]]+)", name or "")
    found = [bracketed.replace("]]", "]") or plain for bracketed, plain in parts]
    return found[-part] if 0 < part <= len(found) else None


def _minutes(unit: str, since: str | None, until: str | None) -> int | None:
    import datetime as dt  # noqa: PLC0415 - wanted only where times are planted

    assert unit.upper() == "MINUTE", unit
    if since is None or until is None:
        return None
    start, end = (dt.datetime.fromisoformat(t if "-" in t else f"{t[:4]}-{t[4:6]}-{t[6:8]}") for t in (since, until))
    return round((end - start).total_seconds()) // 60


# --- tokens -----------------------------------------------------------------------------------------------------------


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _short(text: str) -> bytes:
    return bytes([len(_wide(text)) // 2]) + _wide(text)


def _field(message: bytes, at: int) -> bytes:
    place, length = struct.unpack("<HH", message[at : at + 4])
    return message[place : place + 2 * length]


def _prelogin() -> bytes:
    """Version 15, and no encryption."""
    values = [(0, bytes([15, 0, 0x07, 0xD0, 0, 0])), (1, b"\x02"), (2, b"\x00"), (3, b"\x00" * 4), (4, b"\x00")]
    head, data, at = b"", b"", 5 * len(values) + 1
    for option, value in values:
        head += struct.pack(">BHH", option, at + len(data), len(value))
        data += value
    return head + b"\xff" + data


def _login_ack() -> bytes:
    body = b"\x01\x74\x00\x00\x04" + _short("Microsoft SQL Server") + bytes([15, 0, 0x07, 0xD0])
    return b"\xad" + struct.pack("<H", len(body)) + body


def _environment(kind: int, value: str) -> bytes:
    body = bytes([kind]) + _short(value) + _short("")
    return b"\xe3" + struct.pack("<H", len(body)) + body


def _error(number: int, words: str, level: int) -> bytes:
    body = struct.pack("<IBBH", number, 1, level, len(_wide(words)) // 2) + _wide(words)
    body += _short("DOUBLE") + _short("") + struct.pack("<I", 1)
    return b"\xaa" + struct.pack("<H", len(body)) + body


def _done(status: int, count: int = 0, *, proc: bool = False, within: bool = False) -> bytes:
    token = b"\xff" if within else b"\xfe" if proc else b"\xfd"
    return token + struct.pack("<HHQ", status | (1 if within else 0), 0xC1 if count or status & 0x10 else 0, count)


def _status() -> bytes:
    return b"\x79" + struct.pack("<i", 0)


def _handle(number: int) -> bytes:
    """The handle of a prepared statement, as the value of the first parameter."""
    return (
        b"\xac"
        + struct.pack("<H", 0)
        + _short("")
        + b"\x01"
        + struct.pack("<IH", 0, 0)
        + b"\x26\x04\x04"
        + struct.pack("<I", number)
    )


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    """Description and rows; a column is of whole numbers, of numbers, of bytes, or else of text."""
    kinds = [_kind([row[at] for row in rows]) for at in range(len(names))]
    out = [b"\x81", struct.pack("<H", len(names))]
    for name, kind in zip(names, kinds, strict=True):
        out += [struct.pack("<IH", 0, 9), _TYPES[kind], _short(name)]
    for row in rows:
        out.append(b"\xd1")
        out += [_value(value, kind) for value, kind in zip(row, kinds, strict=True)]
    return b"".join(out)


_TYPES = {
    "int": b"\x26\x08",
    "real": b"\x6d\x08",
    "bytes": b"\xa5" + struct.pack("<H", 8000),
    "text": b"\xe7" + struct.pack("<H", 8000) + _COLLATION,
    "long": b"\xe7\xff\xff" + _COLLATION,
}


def _kind(values: list[Any]) -> str:
    types = {type(v) for v in values} - {type(None)}
    if types and types <= {int}:
        return "int"
    if types and types <= {int, float}:
        return "real"
    if types == {bytes}:
        return "bytes"
    return "long" if any(len(_wide(str(v))) > 8000 for v in values if v is not None) else "text"


def _value(value: Any, kind: str) -> bytes:
    if kind in ("int", "real"):
        return b"\x00" if value is None else b"\x08" + struct.pack("<q" if kind == "int" else "<d", value)
    if kind == "long":
        if value is None:
            return b"\xff" * 8
        raw = _wide(str(value))
        return struct.pack("<QI", len(raw), len(raw)) + raw + (struct.pack("<I", 0) if raw else b"")
    if value is None:
        return b"\xff\xff"
    raw = bytes(value) if kind == "bytes" else _wide(str(value))
    return struct.pack("<H", len(raw)) + raw


# --- parameters -------------------------------------------------------------------------------------------------------


def _procedure(message: bytes) -> tuple[int, list[Any]]:
    """Number and parameter values of a procedure call; 0 for one that is not known here."""
    length = struct.unpack("<H", message[:2])[0]
    if length == 0xFFFF:
        number, at = struct.unpack("<H", message[2:4])[0], 4
    else:
        name = message[2 : 2 + 2 * length].decode("utf-16-le")
        number, at = _PROCEDURES.get(name.lower().rpartition(".")[2], 0), 2 + 2 * length
    at += 2
    values = []
    while number and at < len(message):
        at += 1 + 2 * message[at] + 1
        value, at = _parameter(message, at)
        values.append(value)
    return number, values


def _parameter(message: bytes, at: int) -> tuple[Any, int]:
    """One typed value, and the place behind it."""
    kind = message[at]
    at += 1
    if kind in (0x26, 0x68, 0x6D):  # whole numbers, bits and numbers, each with its length
        size, at = message[at + 1], at + 2
        raw, at = message[at : at + size], at + size
        if not size:
            return None, at
        return (
            struct.unpack("<f" if size == 4 else "<d", raw)[0]
            if kind == 0x6D
            else int.from_bytes(raw, "little", signed=True)
        ), at
    if kind in (0x38, 0x7F):
        size = 4 if kind == 0x38 else 8
        return int.from_bytes(message[at : at + size], "little", signed=True), at + size
    if kind == 0x63:  # NTEXT
        at += 4 + 5
        size = struct.unpack("<i", message[at : at + 4])[0]
        at += 4
        return (None, at) if size < 0 else (message[at : at + size].decode("utf-16-le"), at + size)
    if kind in (0xE7, 0xEF, 0xA7, 0xAF):
        most = struct.unpack("<H", message[at : at + 2])[0]
        coding = "utf-16-le" if kind in (0xE7, 0xEF) else "utf-8"
        at += 2 + 5
        if most == 0xFFFF:
            return _chunks(message, at, coding)
        size = struct.unpack("<H", message[at : at + 2])[0]
        at += 2
        return (None, at) if size == 0xFFFF else (message[at : at + size].decode(coding), at + size)
    raise ValueError(f"a parameter of type {kind:#x}")


def _chunks(message: bytes, at: int, coding: str) -> tuple[str | None, int]:
    """A text without declared length: chunks until an empty one."""
    total = struct.unpack("<Q", message[at : at + 8])[0]
    at += 8
    if total == 0xFFFF_FFFF_FFFF_FFFF:
        return None, at
    raw = b""
    while size := struct.unpack("<I", message[at : at + 4])[0]:
        raw += message[at + 4 : at + 4 + size]
        at += 4 + size
    return raw.decode(coding), at + 4


if __name__ == "__main__":
    main()
