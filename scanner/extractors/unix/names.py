"""Names of machines: hosts files, BIND's zones, dnsmasq; each gives an address or another name an alias."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine
from scanner.extractors.decode import binary, decode
from scanner.extractors.quoting import quoted
from scanner.extractors.unix.mounts import lines

_ADDRESS = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{2,39}(?:%\w+)?)\Z")
_LOCAL = re.compile(r"localhost|ip6-|broadcasthost|localdomain")
_UNREACHED = ("127.", "0.0.0.0", "::1", "fe00:", "ff0", "255.255.255.255")  # noqa: S104 - compared, not bound to
_MOST_NAMES = 50_000
"""Names of one file; lists that block advertising hold millions, all of one address."""


def _name(alias: str, to: str, number: int, origin: str, status: str | None) -> Iterator[Mention]:
    made = quoted(
        to.rstrip("."),
        origin=origin,
        line=number,
        kind="host",
        status=status,
        alias=alias.rstrip("."),
        action="defines",
    )
    if made is not None:
        yield made


def hosts(_path: str, content: bytes) -> Iterator[Mention]:
    """``address name name …``."""
    count = 0
    for number, line, status in lines(content):
        words = line.partition("#")[0].split()
        if (
            len(words) < 2
            or not _ADDRESS.match(words[0])
            or words[0].startswith(_UNREACHED)
            or ("." not in words[0] and words[0].count(":") < 2)
        ):
            continue
        if status is not None and any(not re.fullmatch(r"[\w.-]+", w) for w in words[1:]):
            continue
        for name in words[1:]:
            if not _LOCAL.search(name) and count < _MOST_NAMES:
                count += 1
                yield from _name(name, words[0], number, "hosts", status)


_RECORD = re.compile(
    r"(?i)(?P<name>[\w.*@-]{0,253})\s+(?:\d{1,9}[smhdw]?\s+)?(?:IN\s+)?(?:\d{1,9}[smhdw]?\s+)?(?P<type>CNA"
    r"ME|A|AAAA)\s+(?P<to>[\w.:@-]{1,253})\s*(?:;.*)?\Z"
)
_ORIGIN = re.compile(r"(?i)\$ORIGIN\s+([\w.-]{1,253})")


def zone(path: str, content: bytes) -> Iterator[Mention]:
    """CNAME, A and AAAA records of a BIND zone; names are completed by its origin where the file says it."""
    if binary(content):
        raise NotMine
    text = decode(content)
    if not re.search(r"(?im)\bIN\s+SOA\b|^\$(?:ORIGIN|TTL)\b|\bSOA\b.{1,200}\(", text[:200_000]):
        raise NotMine
    file = path.rpartition("/")[2].lower()
    origin = re.sub(r"^db\.|\.(?:zone|db|hosts|dns)$|^named\.", "", file)
    origin = origin if "." in origin and not _ADDRESS.match(origin) else ""
    last = ""
    for number, line in enumerate(text.split("\n")[:2_000_000], start=1):
        if (changed := _ORIGIN.match(line)) is not None:
            origin = changed[1].rstrip(".")
            continue
        commented = line.startswith(";")
        match = _RECORD.match(line[1:].lstrip() if commented else line[:1000])
        if match is None:
            continue
        name = match["name"] or last
        last = last if commented else name
        if name and match["to"] != "@":
            to = _whole(match["to"], origin) if match["type"].upper() == "CNAME" else match["to"]
            yield from _name(
                _whole(name, origin), to, number, f"zone/{match['type'].upper()}", "commented" if commented else None
            )


def _whole(name: str, origin: str) -> str:
    """A name with its zone; '@' is the zone itself."""
    if name == "@":
        return origin
    return name.rstrip(".") if name.endswith(".") or not origin else f"{name}.{origin}"


def dnsmasq(_path: str, content: bytes) -> Iterator[Mention]:
    """``address=/name/ip``, ``cname=alias,target``, ``host-record=name,ip``."""
    for number, line, status in lines(content):
        key, mark, value = line.partition("=")
        key = key.strip()
        if not mark:
            continue
        if key == "address" and (match := re.match(r"/((?:[\w.-]{1,253}/)+)([\w.:]{2,45})\Z", value.strip())):
            for name in match[1].strip("/").split("/"):
                yield from _name(name, match[2], number, "dnsmasq/address", status)
        elif key in ("cname", "host-record"):
            words = [w.strip() for w in value.split(",") if w.strip() and not w.strip().isdigit()]
            if len(words) >= 2 and all(re.fullmatch(r"[\w.:*-]{1,253}", w) for w in words):
                to = words[-1] if key == "cname" else next((w for w in words if _ADDRESS.match(w)), "")
                for name in words[:-1]:
                    if to and not _ADDRESS.match(name):
                        yield from _name(name, to, number, f"dnsmasq/{key}", status)
