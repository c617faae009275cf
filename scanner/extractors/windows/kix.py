r"""KiXtart logon scripts: ``use Z: "\\server\share"``, and what else stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import Language
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted

_LANGUAGE = Language("kix", anywhere=(";",), blocks=(("/*", "*/"),))
_MAPPED = re.compile(r"""(?im)^[^\n"]{0,200}?\buse[ \t]+["']?([a-z*]):?["']?[ \t]+["']?(\\\\[^\s"'\n]{3,500})""")


def kix(_path: str, content: bytes) -> Iterator[Mention]:
    """Drives that a logon script maps, and other places in it."""
    if binary(content):
        raise NotMine
    text = decode(content)
    page = Page(text, _LANGUAGE)
    for match in _MAPPED.finditer(text):
        line = page.line(match.start(2))
        alias = None if match[1] == "*" else f"{match[1].upper()}:"
        made = quoted(
            match[2],
            origin="kix/use",
            line=line,
            kind="unc",
            status=page.status(match.start(2)),
            alias=alias,
            action="mounts",
        )
        if made is not None:
            page.cover_line(line)
            yield made
    yield from page.plain("kix")
