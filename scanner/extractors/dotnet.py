"""Configuration of .NET programs: web.config and its kin, appsettings.json."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extractor import Extractor, Mention, NotMine, Quote
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import MARKUP
from scanner.extractors.lists import json_settings
from scanner.extractors.markup import Node, fragment, tree
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import Setting, mentions, rest

_EF_NAME = "name="
_NO_SECTION = frozenset(("assemblies", "assemblybinding", "httpmodules", "handlers", "modules", "runtime", "compilers"))


def config(_path: str, content: bytes) -> Iterator[Quote]:
    """An application's configuration file, or a transform of one."""
    document = tree(content)
    page = Page(decode(content), MARKUP)
    told = list(_elements(document.root, 0, None, page))
    for line, text in document.comments:
        if "<" in text and (inside := fragment(text)) is not None:
            told += _elements(inside, line - 1, "commented", page)
    yield from told
    yield from rest(page, told, "dotnet/text")
    if document.trouble:
        yield document.trouble


def _elements(root: Node, before: int, status: str | None, page: Page) -> Iterator[Mention]:
    settings: list[Setting] = []
    for node in (root, *root.all()):
        if node.name.lower() in _NO_SECTION:
            continue
        made = _connection(node, before, status) or _elsewhere(node, before, status)
        if made is not None:
            for value in (*node.attributes.values(), node.text):
                page.cover(made.line or 0, value) if value else None
            yield made
        else:
            settings += _settings(node, before, status)
    yield from mentions(settings, "dotnet/appSettings", page=page)


def _connection(node: Node, before: int, status: str | None) -> Mention | None:
    """A connection string where the format has one, whatever it is written like."""
    text = node.get("connectionString", "connectString", "sqlConnectionString")
    named = (node.get("name", "key") or "").lower()
    if text is None and node.name.lower() in ("connectionstring", "connectstring"):
        text = node.text or node.get("value")
    if text is None and "connection" in named and "string" in named:
        value = node.child("value")
        text = node.get("value") or (value.text if value else node.text)
    if not text or not text.strip():
        return None
    if (node.get("Transform") or "").lower().startswith("remove"):
        status = "commented"
    alias = node.get("name", "key") or (node.parent.get("name") if node.parent else None)
    bare, kind = text.strip(), "connection_string"
    if bare.lower().startswith(_EF_NAME) and ";" not in bare:
        bare, kind = bare[len(_EF_NAME) :], "reference"
    elif "=" not in bare and ":" not in bare:
        kind = "reference"
    return quoted(
        bare, origin=f"dotnet/{_section(node)}", line=node.line + before, status=status, alias=alias, kind=kind,
        driver=node.get("providerName"),
    )  # fmt: skip


def _section(node: Node) -> str:
    above = node.parent
    return (
        "connectionStrings" if above is None or above.name.lower() in ("connectionstrings", "fragment") else above.name
    )


def _elsewhere(node: Node, before: int, status: str | None) -> Mention | None:
    """A section that stands in a file of its own."""
    text = node.get("configSource")
    if text is None and node.name.lower() in ("appsettings", "connectionstrings"):
        text = node.get("file")
    if not text:
        return None
    kind = "unc" if text.startswith("\\\\") else "path"
    return quoted(text, origin="dotnet/configSource", line=node.line + before, status=status, kind=kind, action="reads")


def _settings(node: Node, before: int, status: str | None) -> Iterator[Setting]:
    """Keys and values: of appSettings, of typed settings, and attributes that hold a path."""
    name, value = node.get("key", "name"), node.get("value")
    if node.name.lower() == "setting" and (inner := node.child("value")) is not None:
        name, value = node.get("name") or "", inner.text
    section = node.parent.name if node.parent else node.name
    if name and value:
        yield Setting((section, name), value, node.line + before, status)
        return
    for key, text in node.attributes.items():
        if text and key.lower() not in ("type", "xmlns", "name", "key"):
            yield Setting((node.name, key), text, node.line + before, status)
    if node.text and not node.children:
        yield Setting((section, name or node.name), node.text, node.line + before, status)


def appsettings(_path: str, content: bytes) -> Iterator[Quote]:
    """appsettings.json and its variants for environments; what stands in comments counts as switched off."""
    if binary(content):
        raise NotMine
    text = decode(content)
    settings, trouble = json_settings(text)
    yield from mentions(settings, "dotnet/appsettings")
    if trouble:
        yield trouble


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "dotnet-config", "configuration of .NET programs", config,
        endings=frozenset(("config",)), patterns=("*.config.*", "*/app_data/*.xml", "*.exe.config", "*.settings"),
    ),
    Extractor(
        "dotnet-appsettings", "appsettings.json", appsettings,
        patterns=("*appsettings*.json", "*/secrets.json", "*connectionstrings*.json", "*/local.settings.json"),
    ),
)  # fmt: skip
