"""Packages: connection managers, variables, configurations and every task, in the order they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scanner.extractor import Mention
from scanner.extractors.literals import locator, named, secretive
from scanner.extractors.markup import Node
from scanner.extractors.quoting import quoted
from scanner.extractors.ssis.shape import (
    Found,
    Project,
    Variables,
    expressions,
    full_name,
    literal,
    on,
    prop,
)

FILES = frozenset({"FILE", "FLATFILE", "MULTIFILE", "MULTIFLATFILE"})
"""Kinds of connection whose connection string is a path; the multiple ones hold several, between bars."""
_ID = re.compile(r"\{[0-9A-Fa-f-]{36}\}")
_NAMED = re.compile(r"ConnectionManagers\[([^\]]{1,300})\]")
_OPTION = {"ServerName": "Data Source", "InitialCatalog": "Initial Catalog", "UserName": "User ID"}
_WORDS = {
    "Data Source": r"data\s?source|server",
    "Initial Catalog": r"initial\scatalog|database",
    "User ID": r"user\sid|uid",
}


@dataclass(slots=True)
class Package:
    """One package: its tree, its variables, and the names of the connections it uses."""

    root: Node
    project: Project = field(default_factory=Project)
    variables: Variables = field(init=False)
    names: dict[str, str] = field(init=False)
    known: frozenset[str] = field(init=False)
    _off: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables = Variables(self.project)
        self.names = dict(self.project.connections)
        for node in managers(self.root):
            name = prop(node, "ObjectName")
            identity = prop(node, "DTSID")
            if name and identity:
                self.names[identity.lower()] = name
        for node in self.root.all("connection"):
            named = _NAMED.search(node.get("connectionManagerRefId") or "")
            identity_at = _ID.match(node.get("connectionManagerID") or "")
            if named and identity_at:
                self.names.setdefault(identity_at[0].lower(), named[1])
        self.known = frozenset(self.names.values())

    def off(self, node: Node) -> str | None:
        """``commented`` where what a node stands in is disabled; else None: the text itself decides."""
        at: Node | None = node
        while at is not None:
            if at.name == "Executable":
                if id(at) not in self._off:
                    self._off[id(at)] = on(prop(at, "Disabled"))
                if self._off[id(at)]:
                    return "commented"
            at = at.parent
        return None

    def connection(self, reference: str | None) -> str | None:
        """The name of the connection that is meant by an id, a path in the package, or a name."""
        if not reference:
            return None
        if named := _NAMED.search(reference):
            return named[1]
        identity = _ID.match(reference)
        return self.names.get(identity[0].lower(), identity[0]) if identity else reference

    def text(self, expression: str, place: Node) -> tuple[str, str | None]:
        """What an expression comes to, and ``template`` where that cannot be told before it runs."""
        value = self.variables.evaluate(expression, place)
        return value.text, None if value.known else "template"

    def variable(self, name: str, place: Node) -> tuple[str, str | None]:
        """The value of a variable by its name; the name as a template where it has none."""
        value = self.variables.lookup(place)(name)
        return (value.text, None if value.known else "template") if value else (f"@[{name}]", "template")


def managers(root: Node) -> list[Node]:
    """The connection managers that are defined in a document; the element of that name within each is its data."""
    found = [n for n in root.all("ConnectionManager") if n.parent is None or n.parent.name != "ObjectData"]
    return [root, *found] if root.name == "ConnectionManager" else found


def connections(package: Package) -> Found:
    """Every connection manager of the document, under its name."""
    for node in managers(package.root):
        yield from connection(package, node)


def connection(package: Package, node: Node) -> Found:
    """What one connection manager opens: as it is saved, and as its expressions have it."""
    name = prop(node, "ObjectName")
    kind = (prop(node, "CreationName") or "").partition(":")[0].upper()
    saved, line = _saved(node)
    computed: dict[str, tuple[str, str | None, int]] = {}
    for what, holder in expressions(node):
        if not secretive(what):
            computed[what] = (*package.text(holder.text, node), holder.line)
    whole = computed.get("ConnectionString") or computed.get("ServerURL")
    if whole is None and saved and (changed := _changed(saved, computed)):
        whole = changed
    replaced = whole is not None and whole[1] is None and whole[0] != saved
    if saved:
        status = "commented" if replaced else None
        yield from _opened(saved, kind, line=line, status=status, alias=name, origin="ssis/ConnectionString")
    if whole is not None and whole[0] != saved:
        text, status, at = whole
        yield from _opened(text, kind, line=at, status=status, alias=name, origin="ssis/expression")


def _saved(node: Node) -> tuple[str | None, int]:
    """The connection string of a connection manager as it is saved, and its line."""
    for data in node.children:
        if data.name != "ObjectData":
            continue
        for held in data.all():
            text = prop(held, "ConnectionString") or held.get("ServerURL", "Url", "ServiceUrl")
            if not text and held.get("ServerName"):
                port = held.get("ServerPort")
                text = f"{held.get('ServerName')}:{port}" if port else held.get("ServerName")
            if text:
                return text, held.line
    return prop(node, "ConnectionString"), node.line


def _changed(saved: str, computed: dict[str, tuple[str, str | None, int]]) -> tuple[str, str | None, int] | None:
    """The saved connection string with the options that expressions replace; None where there are none."""
    text, status, line = saved, None, 0
    for what, word in _OPTION.items():
        if what in computed:
            value, unknown, line = computed[what]
            option = re.compile(rf"((?:^|;)\s{{0,4}}(?:{_WORDS[word]})\s{{0,4}}=)[^;]*", re.IGNORECASE)
            value = value.replace(";", " ")
            if option.search(text):
                text = option.sub(lambda found, value=value: f"{found[1]}{value}", text, count=1)  # type: ignore[misc]
            else:
                text = f"{text.rstrip(';')};{word}={value}"
            status = unknown or status
    return (text, status, line) if line else None


def _opened(text: str, kind: str, *, line: int, status: str | None, alias: str | None, origin: str) -> Found:
    """The mentions of one connection string, by the kind of connection it is for."""
    if kind in FILES:
        for path in text.split("|")[:100]:
            file = "unc" if path.startswith("\\\\") else "path"
            yield quoted(
                path.strip(), origin=origin, line=line, kind=file, status=status, alias=alias, action="connects"
            )
        return
    what: str | None = "connection_string"
    if kind == "FTP":
        text, what = text if "://" in text else f"ftp://{text}", "url"
    elif "://" in text[:12]:
        what = "url"
    elif "=" not in text:
        what = "host" if kind in {"SMTP", "MSMQ", "WMI", "SMO"} else None
        if status == "template" and what is None:
            what = "connection_string"  # nothing but a parameter
    yield quoted(text, origin=origin, line=line, kind=what, status=status, alias=alias, action="connects")


def variables(package: Package) -> Found:
    """Variables and parameters whose values are locators, under their names."""
    for node in package.root.all("Variable", "PackageParameter"):
        name = full_name(node)
        formula = prop(node, "Expression") if on(prop(node, "EvaluateAsExpression")) else None
        status = package.off(node)
        if formula and not secretive(name):
            text, unknown = package.text(formula, node)
            status = status or unknown
        else:
            value = literal(node)
            if value is None:
                continue
            text = value.text
        yield locator(text, origin="ssis/variable", line=node.line, status=status, alias=name)


_CONFIGURATIONS = {
    "1": "file", "CONFIGFILE": "file", "5": "environment", "2": "environment", "3": "registry", "6": "registry",
    "7": "table", "8": "table",
}  # fmt: skip


def configurations(package: Package) -> Found:
    """Where a package takes its settings from when it starts: files, environment, registry, a table."""
    for node in package.root.all("Configuration"):
        text = prop(node, "ConfigurationString")
        what = _CONFIGURATIONS.get((prop(node, "ConfigurationType") or "").upper())
        if not text or what is None:
            continue
        origin = f"ssis/configuration/{what}"
        if what == "file":
            kind = "unc" if text.startswith("\\\\") else "path"
            yield quoted(text, origin=origin, line=node.line, kind=kind, action="reads")
        elif what == "environment":
            yield reference(f"%{text}%", node, origin, status="template", action="reads")
        elif what == "registry":
            yield reference(text, node, origin, action="reads")
        else:
            parts = [p.strip().strip('"') for p in text.split(";")]
            if len(parts) > 1 and parts[1]:
                yield reference(parts[1], node, "ssis/configuration/table", kind="table", via=parts[0], action="reads")
    for node in package.root.all("LogProvider"):
        if text := prop(node, "ConfigString"):
            name = package.connection(text)
            yield reference(name or text, node, "ssis/log", via=name, action="writes", status=package.off(node))


def reference(
    name: str, node: Node, origin: str, *, kind: str = "reference", via: str | None = None,
    action: str | None = None, status: str | None = None,
) -> Mention | None:  # fmt: skip
    """The mention of a name, a table or a statement; it is active unless it is said to be something else."""
    if kind == "sql":
        return quoted(name, origin=origin, line=node.line, kind=kind, via=via, action=action, status=status or "active")
    return named(name, origin=origin, line=node.line, kind=kind, via=via, action=action, status=status)
