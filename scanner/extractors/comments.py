"""Whether a place of a text stands in a comment, going by the language's marks."""

from __future__ import annotations

import re
from bisect import bisect_right

from scanner.extractors.decode import Lines
from scanner.extractors.languages import Language

_LONGEST_LINE = 2000
"""Characters before a place that are looked at for a mark behind code."""
_PIECE = re.compile(r"""\\.|"|'|`|#|//|--|'""")
_BEFORE_BLOCK = frozenset(" \t\n;{}(),>=")


class Comments:
    """The comments of a text: its blocks are looked for once, its lines when they are asked about."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._blocks: list[tuple[int, int]] | None = None
        self._lines: Lines | None = None

    def holds(self, at: int) -> bool:
        """Whether the character at this place is part of a comment."""
        return self._in_line(at) or self._in_block(at)

    def _in_line(self, at: int) -> bool:
        text, language = self._text, self._language
        if self._lines is None:
            self._lines = Lines(text)
        start = self._lines.start(at)
        head = text[start : start + 80].lstrip().lower()
        marks = (*language.anywhere, *language.at_start)
        if head.startswith(marks) if marks else False:
            return True
        if not language.anywhere or at - start > _LONGEST_LINE:
            return False
        quote = ""
        for piece in _PIECE.finditer(text, start, at):
            mark = piece[0]
            if quote:
                quote = "" if mark == quote else quote
            elif mark in language.anywhere and (piece.start() == start or text[piece.start() - 1] in " \t;"):
                return True
            elif mark in "\"'`" and not (mark == "'" and text[piece.start() - 1 : piece.start()].isalnum()):
                quote = mark
        return False

    def _in_block(self, at: int) -> bool:
        if not self._language.blocks:
            return False
        if self._blocks is None:
            self._blocks = sorted(b for marks in self._language.blocks for b in self._every(*marks))
        place = bisect_right(self._blocks, (at, len(self._text) + 1)) - 1
        return place >= 0 and at < self._blocks[place][1]

    def _every(self, opening: str, closing: str) -> list[tuple[int, int]]:
        text, blocks, at = self._text, [], 0
        while (start := text.find(opening, at)) >= 0:
            at = start + len(opening)
            if start and text[start - 1] not in _BEFORE_BLOCK:
                continue
            end = text.find(closing, at)
            if end < 0:
                break
            blocks.append((start, end + len(closing)))
            at = end + len(closing)
        return blocks
