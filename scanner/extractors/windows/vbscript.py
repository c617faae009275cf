"""Visual Basic and Windows Script Host: drives that are mapped, and strings with their variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine
from scanner.extractors.commands.script import one_command
from scanner.extractors.decode import binary, decode
from scanner.extractors.filling import BASIC as FILLING
from scanner.extractors.filling import filled
from scanner.extractors.languages import BASIC
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted

_MAPPED = re.compile(r"""(?i)\bMapNetworkDrive\s{0,4}\(?\s{0,4}([^,\n]{1,80}),\s{0,4}"([^"\n]{3,500})\"""")
_RUN = re.compile(r"""(?i)\.(?:Run|Exec|ShellExecute)\s{0,4}\(?\s{0,4}"((?:[^"\n]|""){3,2000})\"""")


def vbscript(_path: str, content: bytes) -> Iterator[Mention]:
    """Drives a script maps, commands it runs, and what else stands in its strings."""
    if binary(content):
        raise NotMine
    text, variables = filled(decode(content), FILLING, BASIC)
    page = Page(text, BASIC)
    for match in _MAPPED.finditer(text):
        line = page.line(match.start())
        drive = match[1].strip()
        drive = drive.strip('"') if drive.startswith('"') else variables.known(drive) or ""
        made = quoted(
            match[2],
            origin="vbscript/MapNetworkDrive",
            line=line,
            kind="unc",
            status=page.status(match.start()),
            alias=drive.upper() or None,
            action="mounts",
        )
        if made is not None:
            page.cover_line(line)
            yield made
    for match in _RUN.finditer(text):
        line = page.line(match.start())
        from_command = list(
            one_command(match[1].replace('""', '"'), line, "vbscript", status=page.status(match.start()), windows=True)
        )
        if from_command:
            page.cover_line(line)
            yield from from_command
    yield from page.plain("vbscript")
