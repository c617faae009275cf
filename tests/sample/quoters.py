"""Extractors of a test: they quote what a line says, and do what no extractor should."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from scanner.extractor import Extractor, Mention, NotMine, Quote, Trouble, Unread
from scanner.extractors.decode import binary


def _orders(_path: str, content: bytes) -> Iterator[Quote]:
    """Each line is an order: ``quote LOCATOR``, or a way to go wrong."""
    for number, line in enumerate(content.decode("latin-1").splitlines(), 1):
        order, _, rest = line.partition(" ")
        if order == "quote":
            yield Mention(kind="unc", locator=rest, line=number, alias="a", action="reads", origin="test/line")
        elif order == "part":
            yield Mention(kind="unc", locator=rest, part="inner")
        elif order == "many":
            yield from (Mention(kind="path", locator=f"/srv/{n}") for n in range(int(rest)))
        elif order == "trouble":
            yield Trouble("CONTENT_DAMAGED", rest)
        elif order == "wrong":
            yield Mention(kind="nonsense", locator=rest)
        else:
            _go_wrong(order)


def _go_wrong(order: str) -> None:
    if order == "notmine":
        raise NotMine
    if order == "unread":
        raise Unread("CONTENT_ENCRYPTED", "it needs a password")
    if order == "hang":
        time.sleep(3600)
    if order == "crash":
        os.abort()
    if order == "swell":
        bytearray(1 << 40)
    if order == "fail":
        raise KeyError(order)
    if order == "deep":
        _go_wrong(order)


def _second(_path: str, content: bytes) -> Iterator[Quote]:
    yield Mention(kind="path", locator=f"second {len(content)}")


def _text(path: str, content: bytes) -> Iterator[Quote]:
    if binary(content):
        raise NotMine
    yield from _orders(path, content)


class _AnyName(Extractor):
    def wants(self, path: str) -> bool:
        return not path.endswith((".jpg", ".zip"))


EXTRACTORS = (
    Extractor("orders", "Orders of a test", _orders, endings=frozenset({"orders"}), most=1 << 20),
    Extractor("second", "Its second", _second, endings=frozenset({"orders"}), patterns=("*conf.d/*",), most=1 << 20),
    Extractor("whole", "All or nothing", _second, names=frozenset({"whole.bin"}), most=1000, whole=True),
    _AnyName("text", "Any text", _text, most=1 << 20),
)
