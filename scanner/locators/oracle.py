"""Oracle's ways of writing where a database is: descriptors with nested brackets, EZConnect, users with passwords."""

from __future__ import annotations

import re

from scanner.locators.cut import without_secrets
from scanner.locators.shape import Connection, number

_ITEM = re.compile(r"\(\s*([A-Za-z_]{1,40})\s*=\s*(?:\"([^\"()]{0,400})\"|([^()]{0,400}))")
_EASY = re.compile(
    r"""(?ix)^(?:(?P<user>[\w$\#]{1,128}(?:\[[\w$\#]{1,128}\])?)(?:/(?P<secret>"[^"]{0,128}"|[^\s@]{0,128}))?@)?
    (?:(?P<protocol>tcps?):)?(?P<slashes>//)?(?P<host>\[[0-9a-f:.]+\]|(?=[0-9.]{0,15}[a-z_]|[0-9]{1,3}\.[0-9])[a-z0-9_][a-z0-9_.-]{0,253})
    (?:,[a-z0-9_.,:-]{1,400})?(?::(?P<port>\d{1,5}))?/(?P<service>[a-z0-9_$\#.-]{0,128})(?::\w{1,20})?(?:/(?P<instance>[\w$\#.-]{1,64}))?
    (?:\?[^\s]{0,400})?$"""
)
_ALIAS = re.compile(r"(?i)^[\w$#]{1,128}(?:/(?:\"[^\"]{0,128}\"|[^\s@/]{0,128}))?@(?P<alias>[a-z][\w.-]{0,127})$")


def descriptor(text: str) -> Connection | None:
    """A descriptor ``(DESCRIPTION=(ADDRESS=…)(CONNECT_DATA=…))``; None where it names no host and no service.

    >>> made = descriptor("(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=ora7)(PORT=1521))(CONNECT_DATA=(SID=ERP)))")
    >>> made.server, made.port, made.database
    ('ora7', 1521, 'ERP')
    """
    found: dict[str, list[str]] = {}
    for item in _ITEM.finditer(text):
        value = (item[2] if item[2] is not None else item[3]).strip()
        if value:
            found.setdefault(item[1].lower(), []).append(value)
    hosts = found.get("host", [])
    names = found.get("service_name") or found.get("sid") or found.get("instance_name") or []
    if not hosts and not names:
        return None
    ports = found.get("port", [])
    more = tuple(f"{h}:{p}" for h, p in zip(hosts[1:], [*ports[1:], *[""] * len(hosts)], strict=False))
    return Connection(
        without_secrets(text), "tns", driver="oracle",
        server=hosts[0] if hosts else None, port=number(ports[0]) if ports else None,
        database=names[0] if names else None, more=tuple(m.removesuffix(":") for m in more),
    )  # fmt: skip


def easy(text: str, *, sure: bool = False) -> Connection | None:
    """EZConnect, ``[user/password@][//]host[:port]/service``; None where it is none.

    Without ``sure`` it must show by more than a slash: a login, two slashes or a port.
    """
    if alias := _ALIAS.match(text):
        if not sure and "/" not in text:
            return None
        return Connection(
            without_secrets(text), "ezconnect", driver="oracle", user=re.split("[/@]", text)[0], alias=alias["alias"]
        )
    found = _EASY.match(text)
    if found is None or not (sure or found["port"] or found["user"]):
        return None
    if not found["service"] and not found["port"]:
        return None
    return Connection(
        without_secrets(text), "ezconnect", driver="oracle", server=found["host"].strip("[]"),
        port=number(found["port"]), database=found["service"] or None, user=found["user"],
    )  # fmt: skip
