"""A folder of files made to hang, swell or break whoever reads them, beside files in good order."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

LINE = 'connectionString="Server=db{0};Database=d;User Id=u;Password=canary-{0}" \\\\fs{0}\\share\\x\n'
LONG_LINE_ENDINGS = (
    "sql", "sh", "json", "xml", "py", "txt", "conf", "config", "bat", "ps1", "php", "yml", "dtsx", "rdl",
    "properties", "tf",
)  # fmt: skip
"""One of each reader of text."""
STRESSES = {
    "quotes": '"' * 40_000, "brackets": "[" * 40_000 + "]" * 40_000, "parentheses": "(" * 60_000,
    "braces": "{{" * 30_000 + "${" * 30_000, "backslashes": "\\" * 100_000, "slashes": "a://" * 20_000,
    "equals": "a=" * 40_000, "spaces": "password" + " " * 100_000 + "x", "semicolons": "Server=a;" * 20_000,
    "at": "http://" + "a:b@" * 20_000, "percent": "%a" * 40_000 + "%", "dots": "a." * 50_000, "dashes": "-- " * 30_000,
    "comments": "/*" * 50_000, "hashes": "#" * 100_000, "tags": "<a " * 30_000, "dollars": "$(" * 30_000,
    "commas": "FROM a," + "b," * 40_000, "select": "SELECT * FROM (" * 5_000, "jdbc": "jdbc:" * 20_000,
    "heredoc": "<<EOF\n" * 20_000, "continued": "psql \\\n" * 20_000, "net use": "net use " * 12_000,
    "description": "(DESCRIPTION=(ADDRESS=" * 5_000, "mixed quotes": "\"'`" * 30_000, "colons": ":" * 100_000,
    "digits": "1" * 100_000, "base64": "QUJD" * 25_000, "escapes": "\\u0041" * 20_000, "ampersands": "a&b=c" * 20_000,
}  # fmt: skip
"""Texts over which an expression that tries again and again would not come to an end."""


STRESSED = ("sh", "sql", "config", "conf", "bat", "ps1", "py", "txt")
FEW = 3
"""Endings that an ordinary run of the tests takes of each of the two; a long one takes all."""


def plant(folder: Path, *, every: bool) -> dict[str, int]:
    """Put it there; returns the files in good order, each with the number that it quotes."""
    good = {}
    for number, ending in enumerate(("txt", "conf", "ini", "sh", "json", "xml", "py", "sql", "yml", "log")):
        for place in ("a", "m", "z"):
            file = folder / f"{place} good {number}.{ending}"
            where = f"\\\\filesrv{number}\\share{place}\\x.txt"
            file.write_text((f"<a><b path='{where}'/></a>" if ending == "xml" else f"see {where}").ljust(80) + "\n")
            good[file.name] = number
    for name, content in _hostile(None if every else FEW):
        (folder / name).write_bytes(content)
    _sparse(folder / "sparse.sql", b"SELECT * FROM OPENROWSET(BULK '\\\\fs\\share\\x.csv') x;\n", 1 << 30)
    _sparse(folder / "sparse.xml", b"<a>", 1 << 30)
    _sparse(folder / "sparse.zip", b"PK\3\4", 1 << 30)
    _sparse(folder / "sparse.xlsx", b"PK\3\4", 1 << 30)
    return good


def _sparse(file: Path, head: bytes, length: int) -> None:
    with file.open("wb") as handle:
        handle.write(head)
        handle.truncate(length)


def _hostile(most: int | None) -> Iterator[tuple[str, bytes]]:
    yield from _lines(most)
    yield from _markup()
    yield from _nested()
    yield from _packed()
    yield from _binaries()
    yield from _encodings()
    for name, text in STRESSES.items():
        for ending in STRESSED[:most]:
            yield f"stress {name}.{ending}", text.encode()


def _lines(most: int | None) -> Iterator[tuple[str, bytes]]:
    """Lines of 10 MB with a locator here and there, and shorter ones that are nothing but locators."""
    filler = "".join(f"word{n % 977} = 'value {n}'; " for n in range(400))
    for ending in LONG_LINE_ENDINGS[:most]:
        yield f"line.{ending}", ((LINE.format("x").strip() + "; " + filler) * (10_000_000 // len(filler))).encode()
        yield f"dense.{ending}", "".join(LINE.format(n).strip() + "; " for n in range(3_000)).encode()


def _markup() -> Iterator[tuple[str, bytes]]:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">{laughs}]><configuration>&l11;</configuration>'
    outside = (
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        "<configuration><connectionStrings><add name='a' connectionString='&x;'/></connectionStrings></configuration>"
    )
    for ending in ("config", "dtsx", "rdl"):
        yield f"laughs.{ending}", bomb.encode()
        yield f"outside.{ending}", outside.encode()
        yield f"deep.{ending}", b"<a>" * 500_000
        yield f"attributes.{ending}", b"<a " + b"".join(b'b%d="c" ' % n for n in range(200_000)) + b"/>"
        yield f"cut.{ending}", b"<configuration><connectionStrings><add name='a' connectionString='Server=db1"


def _nested() -> Iterator[tuple[str, bytes]]:
    yield "deep.json", b"[" * 1_000_000
    yield "deep2.json", b'{"a":' * 300_000 + b"1" + b"}" * 300_000
    yield "deep.yml", b"".join(b" " * (n * 2) + b"a:\n" for n in range(2_000))
    yield "deep2.yml", b"[" * 500_000
    alias = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    yield "alias.yml", alias.encode()
    yield "docker-compose.yml", alias.encode()
    yield "profiles.yml", alias.encode()
    yield "deep.tf", b"a {" * 200_000
    yield "deep.toml", b"a = " + b"[" * 300_000
    yield "deep.py", b"(" * 200_000
    yield "deep.sql", b"SELECT (" * 100_000
    yield "deep.php", b"<?php " + b"array(" * 100_000


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def _encrypted() -> bytes:
    """A zip whose one member says that it needs a password."""
    plain = bytearray(zipped({"web.config": b"<configuration/>"}, zipfile.ZIP_STORED))
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        plain[plain.index(mark) + at] |= 1
    return bytes(plain)


def _overlapping(count: int) -> bytes:
    """Many names for the same packed bytes, each of which unpacks to 100 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = b"\0" * (1 << 20)
    body = b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush()
    crc = 0
    for _ in range(100):
        crc = zlib.crc32(zeros, crc)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(body), 100 << 20, 5, 0) + b"a.sql" + body
    central = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(body), 100 << 20, 5, 0, 0, 0, 0, 0, 0)
        + b"a.sql"
        for _ in range(count)
    )
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(central), len(local), 0)


def _packed() -> Iterator[tuple[str, bytes]]:
    bomb = zipped({"a.config": b"\0" * (40 << 20)})
    yield "bomb.zip", bomb
    layer = bomb
    for _ in range(4):
        layer = zipped({f"{n}.zip": layer for n in range(10)}, zipfile.ZIP_STORED)[: 8 << 20]
    yield "nested.zip", zipped({f"{n}.zip": bomb for n in range(16)}, zipfile.ZIP_STORED)
    yield "cut.zip", layer
    yield "overlap.zip", _overlapping(1000)
    yield "many.zip", zipped({f"{n}.txt": b"" for n in range(12_000)})
    yield "encrypted.zip", _encrypted()
    for ending in ("xlsx", "docx", "ispac", "pbix", "war"):
        blank = b" " * (40 << 20)
        yield f"bomb.{ending}", zipped({
            "[Content_Types].xml": blank, "xl/connections.xml": blank, "word/document.xml": blank, "a.config": blank,
            "@Project.manifest": blank, "DataMashup": blank,
        })  # fmt: skip
        yield f"encrypted.{ending}", _encrypted()
        yield f"cut.{ending}", bomb[:300]
    yield "climbing.zip", zipped({"../../../../etc/cron.d/x.sh": b"psql -h evil", "/etc/y.sh": b"psql -h evil"})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("../../up.sh", "/etc/abs.sh"):
            info = tarfile.TarInfo(name)
            info.size = 10
            tar.addfile(info, io.BytesIO(b"0123456789"))
    plain = out.getvalue()
    yield "climbing.tar", plain
    negative = bytearray(plain)
    negative[124:136] = b"\xff" * 12  # base-256, below zero
    total = 256 + sum(negative[:148]) + sum(negative[156:512])
    negative[148:156] = b"%06o\0 " % total
    yield "negative.tar", bytes(negative)
    yield "cut.tgz", gzip.compress(plain)[:100]
    info = tarfile.TarInfo("bomb.sh")
    info.size = 300 << 20
    yield "bomb.tgz", gzip.compress(info.tobuf() + b"\0" * (300 << 20), 1)
    yield "bomb.txt.gz", gzip.compress(b"nothing.\n" * (30 << 20), 1)
    yield "named so.txt.gz", b"no gzip at all".ljust(100)
    yield "quine.txt.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\xff".ljust(200, b"\x1f")


def _binaries() -> Iterator[tuple[str, bytes]]:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    for ending in ("xls", "doc", "ppt", "msg"):
        yield f"cut.{ending}", ole + b"\xff" * 40
        yield f"loop.{ending}", ole.ljust(44, b"\0") + struct.pack("<8I", 1, 0, 0, 4096, 0, 0, 0, 0) + bytes(4) * 5000
        yield f"large.{ending}", ole.ljust(512, b"\xff") + b"\0\1" * 500_000
    yield "random.lnk", bytes(range(256)) * 40


def _encodings() -> Iterator[tuple[str, bytes]]:
    text = "".join(LINE.format(n) for n in range(200))
    for ending in ("txt", "config", "ini", "bat", "reg", "sql", "xml", "json"):
        for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-7", "cp037"):
            yield f"{name}.{ending}", text.encode(name)
        yield f"wrong mark.{ending}", b"\xff\xfe" + text.encode()
        yield f"half.{ending}", b"\xef\xbb\xbf" + text.encode() + b"\xc3\x28\xed\xa0\x80\xf0\x9f"
        yield f"zeros.{ending}", bytes(100_000)
