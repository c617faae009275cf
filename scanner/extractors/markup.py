"""XML as a small tree that knows its lines, its comments and its namespaces' absence; entities are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from scanner.extractor import NotMine, Trouble, Unread
from scanner.extractors.decode import decode

DEEPEST = 200
"""Levels of nesting that are read."""
MOST = 2_000_000
"""Elements that are read of one file."""
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


@dataclass(slots=True)
class Node:
    """An element: its name and attributes without their namespace prefixes, its own text, and the line it starts on."""

    name: str
    attributes: dict[str, str]
    line: int
    parent: Node | None = field(default=None, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)
    pieces: list[str] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """Its own text, without that of the elements in it."""
        return "".join(self.pieces).strip()

    def get(self, *names: str) -> str | None:
        """The first of these attributes that it has, whatever their case; None where it has none."""
        for name in names:
            if name in self.attributes:
                return self.attributes[name]
        folded = {k.lower(): v for k, v in self.attributes.items()}
        return next((folded[n.lower()] for n in names if n.lower() in folded), None)

    def all(self, *names: str) -> Iterator[Node]:
        """Every element beneath it with one of these names (whatever their case), in order; every one without names."""
        wanted = {n.lower() for n in names}
        stack = list(reversed(self.children))
        while stack:
            node = stack.pop()
            if not wanted or node.name.lower() in wanted:
                yield node
            stack.extend(reversed(node.children))

    def first(self, *names: str) -> Node | None:
        """The first element beneath it with one of these names."""
        return next(self.all(*names), None)

    def child(self, *names: str) -> Node | None:
        """The first element right in it with one of these names, whatever their case."""
        wanted = {n.lower() for n in names}
        return next((c for c in self.children if c.name.lower() in wanted), None)

    def above(self, *names: str) -> Node | None:
        """The nearest element around it with one of these names."""
        wanted = {n.lower() for n in names}
        node = self.parent
        while node is not None and node.name.lower() not in wanted:
            node = node.parent
        return node


@dataclass(slots=True)
class Tree:
    """A document: its root element, and its comments with their lines."""

    root: Node
    comments: list[tuple[int, str]]
    trouble: Trouble | None = None
    """Set where the document broke off or is not well formed from some point on; what came before stands."""


def tree(content: bytes) -> Tree:
    """The elements of an XML file, as far as it can be read.

    Raises:
        NotMine: it is no XML at all.
        Unread: CONTENT_DAMAGED where nothing of it can be read, CONTENT_LIMIT where it is nested or divided beyond all
            use, CONTENT_REFUSED where it declares entities: they can blow a few bytes up to gigabytes.
    """
    text = _DECLARATION.sub("", decode(content), count=1)
    if not text.lstrip().startswith("<"):
        raise NotMine
    builder = _Builder()
    try:
        builder.parser.Parse(text, True)
    except expat.ExpatError as error:
        if builder.root is None:
            raise Unread("CONTENT_DAMAGED", f"line {error.lineno}: {expat.ErrorString(error.code)}") from None
        builder.trouble = Trouble("CONTENT_DAMAGED", f"line {error.lineno}: {expat.ErrorString(error.code)}")
    if builder.root is None:
        raise NotMine
    return Tree(builder.root, builder.comments, builder.trouble)


def fragment(text: str) -> Node | None:
    """The elements of a piece of text, as a comment may hold; None where it holds none. They have no lines."""
    builder = _Builder()
    try:
        builder.parser.Parse(f"<fragment>{text}</fragment>", True)
    except (expat.ExpatError, Unread):
        return None
    return builder.root if builder.root is not None and builder.root.children else None


class _Builder:
    """Grows a tree from what the parser tells."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.comments: list[tuple[int, str]] = []
        self.trouble: Trouble | None = None
        self._open: list[Node] = []
        self._count = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.CommentHandler = self._comment
        self.parser.EntityDeclHandler = _entity

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST:
            raise Unread("CONTENT_LIMIT", f"its elements are nested more than {DEEPEST} deep")
        if self._count > MOST:
            raise Unread("CONTENT_LIMIT", f"it has more than {MOST:,} elements")
        above = self._open[-1] if self._open else None
        plain = {k.rpartition(":")[2]: v for k, v in attributes.items() if not k.startswith("xmlns")}
        node = Node(name.rpartition(":")[2], plain, self.parser.CurrentLineNumber, above)
        if above is None:
            self.root = node
        else:
            above.children.append(node)
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].pieces.append(text)

    def _comment(self, text: str) -> None:
        self.comments.append((self.parser.CurrentLineNumber, text))


def _entity(*_declaration: object) -> None:
    raise Unread("CONTENT_REFUSED", "it declares entities of its own, which are not expanded")
