"""Exports of a Windows registry: keys in brackets, values as strings, numbers or bytes in hexadecimal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from scanner.extractor import Mention, NotMine
from scanner.extractors.quoting import quoted
from scanner.extractors.values import Setting, alone
from scanner.locators import names_a_secret

_HEAD = re.compile(r"(?i)^\s{0,9}(?:windows registry editor|regedit4)")
_KEY = re.compile(r"^\[(-?)([^\]\n]{1,600})\]\s*$")
_VALUE = re.compile(r"""^(?P<off>;\s{0,9})?(?:"(?P<name>(?:[^"\\]|\\.){0,300})"|@)\s{0,9}=\s{0,9}(?P<value>.*)$""")
_HEX = re.compile(r"(?i)^hex\((?:1|2|7)\):")
_DRIVE = re.compile(r"(?i)\\network\\([a-z])$")
_MOUNT = re.compile(r"(?i)\\mountpoints2\\##([^\\#]{1,255})#([^\\]{1,255})$")
_ODBC = re.compile(r"(?i)\\odbc\.ini\\([^\\]{1,255})$")
_PUTTY = re.compile(r"(?i)\\putty\\sessions\\([^\\]{1,255})$")
_WINSCP = re.compile(r"(?i)\\winscp 2\\sessions\\([^\\]{1,255})$")
_CONNECT_TO = re.compile(r"(?i)\\mssqlserver\\client\\connectto$")
_NO_SOURCE = ("odbc data sources", "odbc file dsn", "odbc core")

Maker = Callable[[str, list[Setting], str], Mention | None]


def registry(text: str, source: Maker) -> Iterator[Mention]:
    """What the keys of an export locate; ``source`` makes a mention of an ODBC source's values."""
    if not _HEAD.match(text[:200]):
        raise NotMine
    for key, line, removed, values in _keys(text):
        status = "commented" if removed else None
        if removed:
            values = [Setting(v.keys, v.value, v.line, status) for v in values]  # noqa: PLW2901 - the same, switched off
        made = list(_of_key(key, line, status, values, source))
        yield from made
        if not made:
            yield from filter(
                None, (alone(v, "registry") for v in values if v.value and not names_a_secret(v.keys[-1]))
            )


def _keys(text: str) -> Iterator[tuple[str, int, bool, list[Setting]]]:
    key, start, removed, values = "", 1, False, list[Setting]()
    lines, number = text.split("\n"), 0
    while number < len(lines):
        line, at = lines[number], number + 1
        number += 1
        pieces, size = [line[:32_000]], len(line)
        while pieces[-1].endswith("\\") and "hex" in pieces[0] and number < len(lines) and size < 200_000:
            pieces[-1] = pieces[-1][:-1]
            pieces.append(lines[number].strip())
            size += len(pieces[-1])
            number += 1
        joined = "".join(pieces)
        if found := _KEY.match(joined):
            if key:
                yield key, start, removed, values
            key, start, removed, values = found[2], at, bool(found[1]), []
        elif key and (value := _VALUE.match(joined)) is not None:
            made = _plain(value["value"])
            if made:
                name = re.sub(r"\\(.)", r"\1", value["name"] or "@")
                values.append(Setting((key.rpartition("\\")[2], name), made, at, "commented" if value["off"] else None))
    if key:
        yield key, start, removed, values


def _plain(text: str) -> str:
    """A value as text: strings, and those that are written as bytes."""
    text = text.strip()
    if text.startswith('"') and text.rfind('"') > 0:
        return re.sub(r"\\([\\\"])", r"\1", text[1 : text.rfind('"')])
    if _HEX.match(text):
        digits = re.sub(r"[^0-9a-fA-F]", "", text.partition(":")[2])
        content = bytes.fromhex(digits[: len(digits) // 2 * 2])
        return content.decode("utf-16-le", "replace").rstrip("\0").replace("\0", " ").strip()
    if text.lower().startswith("dword:") and re.fullmatch(r"[0-9a-fA-F]{1,8}", text[6:].strip()):
        return str(int(text[6:].strip(), 16))
    return ""


def _of_key(key: str, line: int, status: str | None, values: list[Setting], source: Maker) -> Iterator[Mention]:
    told = {v.keys[-1].lower(): v for v in values}
    made: Mention | None = None
    if drive := _DRIVE.search(key):
        if path := told.get("remotepath"):
            made = quoted(path.value, origin="registry/Network", line=path.line, status=status, kind="unc",
                          alias=f"{drive[1].upper()}:", action="mounts")  # fmt: skip
    elif mount := _MOUNT.search(key):
        path_text = "\\\\" + mount[1] + "\\" + mount[2].replace("#", "\\")
        made = quoted(path_text, origin="registry/MountPoints2", line=line, status=status, kind="unc", action="mounts")
    elif (name := _ODBC.search(key)) and name[1].lower() not in _NO_SOURCE:
        made = source(name[1], values, "registry/ODBC")
    elif (session := _PUTTY.search(key) or _WINSCP.search(key)) and "hostname" in told:
        made = session_of(
            unquote(session[1]), told, "registry/" + ("PuTTY" if _PUTTY.search(key) else "WinSCP"), status
        )
    elif _CONNECT_TO.search(key):
        for value in values:  # an alias of SQL Server's client: DBMSSOCN,server,port
            fields = value.value.split(",")
            if len(fields) > 1:
                text = f"Server={','.join(fields[1:])}"
                if (alias := quoted(text, origin="registry/ConnectTo", line=value.line, status=value.status or status,
                                    kind="connection_string", alias=value.keys[-1],
                                    action="defines")) is not None:  # fmt: skip
                    yield alias
        return
    if made is not None:
        yield made


def session_of(name: str, told: dict[str, Setting], origin: str, status: str | None) -> Mention | None:
    """A saved session of a client of SSH or FTP: its host as a URL, with protocol, port and account."""
    host = told["hostname"].value.strip()
    user = told["username"].value.strip() if "username" in told else ""
    port = told["portnumber"].value.strip() if "portnumber" in told else ""
    protocol = told["protocol"].value.strip().lower() if "protocol" in told else ""
    number = told["fsprotocol"].value.strip() if "fsprotocol" in told else ""
    scheme = {"5": "ftp", "6": "https", "7": "s3"}.get(number, "sftp" if "winscp" in origin.lower() else "ssh")
    if protocol in ("telnet", "rlogin", "serial", "raw"):
        return None
    if not host:
        return None
    if "@" in host:
        user, _, host = host.rpartition("@")
    text = f"{scheme}://{user.partition(':')[0] + '@' if user else ''}{host}{':' + port if port else ''}/"
    remote = told.get("remotedirectory")
    if remote is not None:
        text += unquote(remote.value).lstrip("/")
    return quoted(
        text, origin=origin, line=told["hostname"].line, status=status, kind="url", alias=name, action="connects"
    )
