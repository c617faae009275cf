"""Group Policy preferences: drives that are mapped, files, shortcuts, data sources. Never a cpassword."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine, Quote
from scanner.extractors.markup import Node, tree
from scanner.extractors.quoting import quoted
from scanner.extractors.windows.task import command_line, run

ORIGIN = "group-policy"
_ITEMS = (
    "Drive",
    "File",
    "Folder",
    "Shortcut",
    "DataSource",
    "NetShare",
    "SharedPrinter",
    "TaskV2",
    "Task",
    "ImmediateTaskV2",
)
_DELETES = "D"
_PLACES = {
    "File": (("fromPath", "reads"), ("targetPath", "writes")),
    "Folder": (("path", "writes"),),
    "Shortcut": (("targetPath", "defines"), ("startIn", "reads")),
    "NetShare": (("path", "defines"),),
}


def preferences(_path: str, content: bytes) -> Iterator[Quote]:
    """Every item's places; one that is switched off is told as a comment, one that deletes is not told."""
    if b"<" not in content[:4096]:
        raise NotMine
    made = tree(content)
    items = [n for n in made.root.all(*_ITEMS) if n.child("Properties") is not None]
    if not items:
        raise NotMine
    for item in items:
        properties = item.child("Properties")
        if properties is not None and properties.get("action") != _DELETES:
            yield from _item(item, properties, "commented" if item.get("disabled") == "1" else None)
    if made.trouble is not None:
        yield made.trouble


def _item(item: Node, properties: Node, status: str | None) -> Iterator[Mention]:
    line = properties.line
    if item.name == "Drive":
        letter = (properties.get("letter") or "").rstrip(":").upper()
        made = quoted(properties.get("path") or "", origin=f"{ORIGIN}/Drive", line=line, kind="unc", status=status,
                      alias=f"{letter}:" if letter else None, action="mounts")  # fmt: skip
        if made is not None:
            yield made
    elif item.name == "DataSource":
        dsn = properties.get("dsn")
        driver = properties.get("driver")
        made = quoted(
            dsn or "",
            origin=f"{ORIGIN}/DataSource",
            line=line,
            kind="reference",
            status=status,
            alias=dsn,
            action="defines",
        )
        if made is not None:
            attributes = properties.first("Attributes")
            pairs = {
                a.get("name") or "": a.get("value") or ""
                for a in (attributes.all("Attribute") if attributes is not None else ())
            }
            folded = {k.lower(): v for k, v in pairs.items()}
            text = ";".join(f"{k}={v}" for k, v in pairs.items() if k)
            full = (
                quoted(
                    f"Driver={{{driver}}};{text}",
                    origin=f"{ORIGIN}/DataSource",
                    line=line,
                    status=status,
                    alias=dsn,
                    action="defines",
                )
                if text
                else None
            )
            yield full or replace(made, server=folded.get("server"), database=folded.get("database"), driver=driver)
    elif item.name in ("Task", "TaskV2", "ImmediateTaskV2"):
        for action in properties.all("Exec"):
            yield from run(action, status, ORIGIN)
        if program := properties.get("appName"):
            yield from command_line(
                f'"{program}" {properties.get("args") or ""}', line, status, ORIGIN, program=program
            )
    elif item.name == "SharedPrinter":
        return
    for attribute, way in _PLACES.get(item.name, ()):
        text = properties.get(attribute) or ""
        if text.startswith("\\\\") or (text[1:3] == ":\\" and text[0] not in "cC") or "://" in text[:12]:
            made = quoted(text, origin=f"{ORIGIN}/{item.name}", line=line, status=status, action=way)
            if made is not None:
                yield made
