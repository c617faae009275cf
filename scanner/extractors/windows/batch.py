"""Batch files."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extractor import Mention, NotMine
from scanner.extractors.commands.batch import commands
from scanner.extractors.commands.script import told
from scanner.extractors.decode import binary, decode
from scanner.extractors.filling import BATCH as FILLING
from scanner.extractors.filling import filled
from scanner.extractors.languages import BATCH
from scanner.extractors.page import Page


def batch(_path: str, content: bytes) -> Iterator[Mention]:
    """What the commands of a batch file name, and what else stands in it."""
    if binary(content):
        raise NotMine
    text = decode(content)
    page = Page(filled(text, FILLING, BATCH)[0], BATCH)
    page.cover_shown()
    yield from told(page, commands(text), "batch")
    yield from page.plain("batch")
