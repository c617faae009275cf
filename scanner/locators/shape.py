"""What a connection is once it is taken apart, and how its server is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PROTOCOL = re.compile(r"(?i)^(?:tcp|np|lpc|via|admin|rpc|spx|shared\s?memory|dbmssocn|dbnmpntw)\s*:\s*")
_PIPE = re.compile(r"(?i)^\\\\([^\\]{1,255})\\pipe\\(?:MSSQL\$([^\\]{1,64})\\)?")
_ENDS_IN_PORT = re.compile(r"^(?P<host>[^,:]+)\s*[,:]\s*(?P<port>\d{1,5})$")
_SIX = re.compile(r"^\[(?P<host>[0-9A-Fa-f:.%]+)\](?::(?P<port>\d{1,5}))?$")
_FILE = re.compile(
    r"""(?i)^(?:[a-z]:[\\/]|\|datadirectory\||\\\\[^\\]+\\|//[^/]+/|/|~[\\/]|\.{1,2}/|\.\.\\|\.\\[^\\]+\\|%[a-z]+%\\)|
    \.(?:mdb|accdb|accde|mde|mdf|ldf|sdf|db|db3|sqlite3?|s3db|fdb|gdb|dbf|dbc|xlsx?|xlsm|xlsb|csv|txt|cub|odb|nsf|h2\.db|mv\.db)$""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection string taken apart; ``text`` is it as quoted, without its secrets.

    ``alias`` is a name that is defined elsewhere (DSN, TNS or service name), ``file`` a database that is a file.
    ``server`` is as written without protocol, instance and port; '.', '(local)' and 'localhost' stay what they are.
    """

    text: str
    grammar: str
    driver: str | None = None
    server: str | None = None
    port: int | None = None
    instance: str | None = None
    database: str | None = None
    user: str | None = None
    alias: str | None = None
    file: str | None = None
    more: tuple[str, ...] = ()
    """Further servers of the same connection (fail-over, clusters), each as host or host:port."""

    @property
    def place(self) -> str | None:
        r"""Server and instance as one name: ``sql7\erp``."""
        return f"{self.server}\\{self.instance}" if self.server and self.instance else self.server


@dataclass(frozen=True, slots=True)
class Address:
    """A server as one key of a connection string gives it."""

    host: str
    instance: str | None = None
    port: int | None = None


def address(text: str) -> Address | None:
    r"""``[protocol:]host[\instance][,port]`` taken apart; ``host:port`` too.

    >>> address(r"np:\\sql7\pipe\MSSQL$ERP\sql\query")
    Address(host='sql7', instance='ERP', port=None)
    """
    text = _PROTOCOL.sub("", text.strip().strip("\"'")).strip()
    if pipe := _PIPE.match(text):
        return Address(pipe[1], pipe[2])
    if six := _SIX.match(text):
        return Address(six["host"], None, number(six["port"]))
    if text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.]+", text):
        return Address(text)
    port = None
    if ends := _ENDS_IN_PORT.match(text):
        text, port = ends["host"].strip(), number(ends["port"])
    text = text.replace("\\\\", "\\")
    host, _, instance = text.partition("\\")
    host, instance = host.strip(), instance.strip()
    if not host or len(host) > 255 or "\n" in host:
        return None
    return Address(host, instance.partition(",")[0] or None, port)


def number(text: str | None) -> int | None:
    """A port, where it is one."""
    return int(text) if text and text.strip().isascii() and text.strip().isdigit() and 0 < int(text) < 65536 else None


def is_file(text: str) -> bool:
    """Whether a data source is a file by the way it is written."""
    return _FILE.search(text.strip().strip("\"'")) is not None
