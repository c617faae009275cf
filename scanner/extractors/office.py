"""Office files since 2007: what every package of the kind has in common, relations to the outside and macros."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import unquote

from scanner.extractor import Mention, NotMine, Quote, Trouble, Unread
from scanner.extractors.literals import kind_of
from scanner.extractors.markup import Node, tree
from scanner.extractors.ole import Compound, macros
from scanner.extractors.packed import Packed
from scanner.extractors.quoting import quoted

Found = Iterator[Mention | None]
Reader = Callable[[bytes], Iterator[Mention | Trouble | None]]
_LINKED = re.compile(r"^(?:https?|mailto|tel|javascript|about|callto|sip|skype|onenote|news):", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def plain(text: str) -> str:
    """An attribute's value as it is meant: characters that XML attributes lose are written as _x000a_."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text).replace("\r\n", "\n").replace("\0", " ")


def relations(root: Node) -> Found:
    """What a package says it has outside itself: linked workbooks, templates, pictures, and files that it links to."""
    for node in root.all("Relationship"):
        target = node.get("Target") or ""
        what = (node.get("Type") or "").rpartition("/")[2]
        if (node.get("TargetMode") or "").lower() != "external" or not target:
            continue
        if what == "hyperlink" and (_LINKED.match(target) or target.startswith("#")):
            continue  # a page that a reader may open, not a place that the file needs
        yield place(target, f"office/{what}", node.line)


def place(target: str, origin: str, line: int | None, action: str | None = "reads") -> Mention | None:
    r"""A target as Office writes it: file:///\\server\share, file:///C:\x, a relative path, or a URL."""
    text = target.strip()
    if text[:5].lower() == "file:":
        text = unquote(text[5:])
        if re.match(r"/{0,3}\\\\|//(?!/)", text):  # a share, whichever way the slashes lean
            text = "\\\\" + text.lstrip("/\\").replace("/", "\\")
        else:
            text = text.lstrip("/") if re.match(r"/{1,3}[A-Za-z]:", text) else text.removeprefix("//")
    elif "://" not in text:
        text = unquote(text)
    kind = kind_of(text) or ("url" if re.match(r"[a-z][a-z0-9+.-]{1,20}://", text, re.IGNORECASE) else "path")
    return quoted(text, origin=origin, line=line, kind=kind, action=action)


def macro_project(content: bytes) -> Found:
    """The macros of a package: a compound file within it."""
    yield from macros(Compound(content), "vba")


def value(node: Node, name: str) -> str | None:
    """The ``val`` of an element right within another, as Word keeps its settings."""
    held = node.child(name)
    return held.get("val") if held is not None else None


def quote_members(content: bytes, belongs: str, reader_of: Callable[[str], Reader | None]) -> Iterator[Quote]:
    """The mentions of a package's members, each with the member's name as its part.

    ``belongs`` is what one of the members' names begins with if it is the package that its name promises;
    ``reader_of`` gives the reader of a member by its name in lower case.

    Raises:
        NotMine: it is another package, or none.
    """
    packed = Packed(content)
    names = list(packed.names())
    if not any(n.lower().startswith(belongs) for n in names):
        raise NotMine
    for name in names:
        reader = common(name.lower()) or reader_of(name.lower())
        if reader is None:
            continue
        try:
            for found in reader(packed.read(name)):
                if isinstance(found, Trouble):
                    yield Trouble(found.code, f"{name}: {found.detail}")
                elif found is not None:
                    yield replace(found, part=f"{name}/{found.part}" if found.part else name)
        except NotMine:
            continue
        except Unread as unread:
            yield Trouble(unread.code, f"{name}: {unread.detail}")


def common(name: str) -> Reader | None:
    """The reader of a member that every kind of package may have."""
    if name.endswith(".rels"):
        return of_tree(relations)
    return macro_project if name.endswith("vbaproject.bin") else None


def of_tree(reader: Callable[[Node], Found]) -> Reader:
    """A reader of XML members from one of elements; where the XML breaks off is told after what came before."""

    def read(content: bytes) -> Iterator[Mention | Trouble | None]:
        document = tree(content)
        yield from reader(document.root)
        yield document.trouble

    return read
