"""What the tests of the documentation read it with: its pages, their links and headings, their marked blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```.*?^```[^\S\n]*$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^<!-- ([a-z]+) -->\n```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block with the mark that stands above it: ``<!-- run -->``."""

    page: Path
    mark: str
    text: str


def pages() -> list[Path]:
    """Every page of the project."""
    return sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md"), *HOME.glob("changelog.d/*.md")])


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(mark: str) -> list[Block]:
    """The blocks with a mark, of every page, in order."""
    return [Block(p, m[1], m[3]) for p in pages() for m in _BLOCK.finditer(text_of(p)) if m[1] == mark]


def links(page: Path) -> list[str]:
    """Where a page's links lead; what stands in code is none."""
    return _LINK.findall(_CODE.sub("", _FENCE.sub("", text_of(page))))


def anchors(page: Path) -> set[str]:
    """What a link may name behind '#': the headings as the forges spell them."""
    titles = re.findall(r"^#+ +(.+)$", _FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code_of(page: Path) -> str:
    """What a page gives as code, in blocks and in lines."""
    text = text_of(page)
    return "\n".join([*_FENCE.findall(text), *_CODE.findall(_FENCE.sub("", text))])
