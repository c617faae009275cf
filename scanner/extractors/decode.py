"""Bytes of unknown origin as text: by mark, by shape, and as Windows-1252 where nothing else fits."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LOOKED_AT = 4096
_CONTROLS = bytes(c for c in range(32) if c not in (9, 10, 12, 13, 27))


def decode(content: bytes) -> str:
    r"""The text of a file; line ends become ``\n``, and no byte can make it fail.

    A byte order mark decides, then an XML declaration, then zeros at every second place (UTF-16 without a mark), then
    UTF-8; what is none of them is read as Windows-1252, in which the ASCII of a locator is right whatever else is not.
    """
    return _plain(content).replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")


def _plain(content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    head = content[:_LOOKED_AT]
    if guess := _without_mark(head):
        return content.decode(guess, "replace")
    if (declared := _DECLARED.match(head)) and (named := _codec(declared[1].decode("ascii"))):
        return content.decode(named, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(content) - error.start < 4 and error.reason == "unexpected end of data":
            return content[: error.start].decode("utf-8")  # read in part: the cut went through a character
        return content.decode("cp1252", "replace")


def _codec(name: str) -> str | None:
    """A codec for text by its declared name; UTF-16 is none here: its zeros would have shown."""
    try:
        found = codecs.lookup(name)
    except LookupError:
        return None
    return None if found.name.startswith(("utf-16", "utf-32")) or not found._is_text_encoding else found.name  # noqa: SLF001 - the only way to tell


def _without_mark(head: bytes) -> str | None:
    """UTF-16 by its zeros: most letters of a configuration are ASCII, whose other byte is zero."""
    if len(head) < 4:
        return None
    pairs = len(head) // 2
    odd, even = head[1::2].count(0), head[0::2].count(0)
    if odd > pairs * 0.6 and even < pairs * 0.1:
        return "utf-16-le"
    if even > pairs * 0.6 and odd < pairs * 0.1:
        return "utf-16-be"
    return None


def binary(content: bytes) -> bool:
    """Whether content is no text at all: zeros that are no UTF-16, or many control characters."""
    head = content[:_LOOKED_AT]
    if any(head.startswith(mark) for mark, _ in _MARKS) or _without_mark(head):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head or controls * 20 > len(head)


class Lines:
    """Line numbers of places in a text, each found in a few steps."""

    def __init__(self, text: str) -> None:
        self._ends = [m.start() for m in re.finditer("\n", text)]

    def at(self, offset: int) -> int:
        """The line, from 1, that a character stands on."""
        return bisect_left(self._ends, offset) + 1

    def start(self, offset: int) -> int:
        """Where that line begins: searched for each time, it would cost a line of a whole file the square of it."""
        before = bisect_left(self._ends, offset)
        return self._ends[before - 1] + 1 if before else 0
