"""Data flows: what each component reads or writes, and through which connection."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.extractors.literals import literals, locator
from scanner.extractors.markup import Node
from scanner.extractors.quoting import quoted
from scanner.extractors.ssis.package import Package, reference
from scanner.extractors.ssis.shape import Found, expressions

_TABLES = ("OpenRowset", "TableOrViewName", "TableName", "BulkInsertTableName", "SapHanaTableName")
_COMMANDS = ("SqlCommand", "SqlStatement")
_TABLE_VARIABLES = ("OpenRowsetVariable", "TableNameVariable")
_COMMAND_VARIABLES = ("SqlCommandVariable", "StatementVariable")
_FILES = ("FileName", "XMLData", "XMLSchemaDefinition", "BlobName", "HdfsFilePath", "FilePath", "Url")
_FILE_VARIABLES = ("FileNameVariable", "XMLDataVariable")
# Which of the properties counts is AccessMode's to say: those of the other modes stay behind as they were last set.
# 0 table, 1 table by variable, 2 statement, 3 statement by variable; of a destination 3 is a table, loaded fast, and 4
# the same by variable.
_OF_SOURCE = {"0": _TABLES, "1": _TABLE_VARIABLES, "2": _COMMANDS, "3": _COMMAND_VARIABLES}
_OF_TARGET = {"0": _TABLES, "1": _TABLE_VARIABLES, "2": _COMMANDS, "3": _TABLES, "4": _TABLE_VARIABLES}
_MODAL = frozenset(_TABLES + _COMMANDS + _TABLE_VARIABLES + _COMMAND_VARIABLES)


@dataclass(frozen=True, slots=True)
class _Component:
    """One component: its own properties, which way rows go, its connection, and whether its task is disabled."""

    node: Node
    values: dict[str, Node]
    action: str | None
    via: str | None
    status: str | None

    def counts(self, name: str) -> str | None:
        """The status of what stands in a property: commented where the access mode is another."""
        mode = self.values.get("AccessMode")
        modes = _OF_TARGET if self.action == "writes" else _OF_SOURCE
        if self.status or mode is None or name not in _MODAL or not modes.get(mode.text):
            return self.status
        return None if name in modes[mode.text] else "commented"


def flows(package: Package) -> Found:
    """Every component of every data flow."""
    for node in package.root.all("component"):
        yield from component(package, _read(package, node))


def _read(package: Package, node: Node) -> _Component:
    group = node.child("properties")
    values: dict[str, Node] = {}
    for held in group.children if group is not None else ():
        if (name := held.get("name")) and (held.text or held.children):
            values.setdefault(name, held)
    via = None
    for used in node.all("connection"):
        via = via or package.connection(used.get("connectionManagerRefId") or used.get("connectionManagerID"))
    return _Component(node, values, _direction(node), via, package.off(node))


def _direction(node: Node) -> str | None:
    """Where rows go: a source has no inputs, a destination no outputs but those for errors."""
    inputs = any(True for _ in node.all("input"))
    outputs = [o for o in node.all("output") if (o.get("isErrorOut") or "").lower() != "true"]
    kind = (node.get("componentClassID") or "").lower()
    if not inputs and not outputs:  # cut down by hand or a tool: its class tells
        return "writes" if "destination" in kind else "reads"
    if not inputs:
        return "reads"
    if not outputs:
        return "writes"
    # A command that is run for every row changes things, a lookup only reads; others that have both say nothing.
    return "calls" if "oledbcommand" in kind else "reads"


def component(package: Package, at: _Component) -> Found:
    """What one component names; the connection alone, where it names nothing."""
    named = False
    for name, held in at.values.items():
        status = at.counts(name)
        for found in _property(package, at, name, held, status):
            named = named or (found is not None and found.status != "commented")
            yield found
    if not named and at.via:
        yield reference(at.via, at.node, "ssis/component", via=at.via, action=at.action, status=at.status)


def _property(package: Package, at: _Component, name: str, held: Node, status: str | None) -> Found:
    """The mention of one property, if it is of those that name something."""
    origin, text = f"ssis/{name}", held.text
    if name in _TABLES:
        yield reference(text, held, origin, kind="table", via=at.via, action=at.action, status=status)
    elif name in _COMMANDS:
        yield reference(text, held, origin, kind="sql", via=at.via, action=at.action, status=status)
    elif name in _TABLE_VARIABLES or name in _COMMAND_VARIABLES:
        value, unknown = package.variable(text, at.node)
        kind = "sql" if name in _COMMAND_VARIABLES else "table"
        yield reference(value, held, origin, kind=kind, via=at.via, action=at.action, status=status or unknown)
    elif name in _FILES:
        yield locator(text, origin=origin, line=held.line, status=status, via=at.via, action=at.action)
    elif name in _FILE_VARIABLES:
        value, unknown = package.variable(text, at.node)
        kind = "unc" if value.startswith("\\\\") else "path"
        yield quoted(value, origin=origin, line=held.line, kind=kind, status=status or unknown, action=at.action)
    elif name == "SourceCode":
        for part in [held, *held.all()]:
            yield from literals("".join(part.pieces), origin=origin, first=part.line, status=status)


def computed(package: Package) -> Found:
    """Statements and tables of components that the data flow's task computes: ``[Lookup].[SqlCommand]``."""
    for task in package.root.all("Executable"):
        wanted = [(w, h) for w, h in expressions(task) if w.startswith("[") and "].[" in w]
        components = {n.get("name"): n for n in task.all("component")} if wanted else {}
        for what, holder in wanted:
            owner, _, name = what[1:].rstrip("]").partition("].[")
            if name not in _MODAL:
                continue
            node = components.get(owner)
            found = _read(package, node) if node is not None else None
            text, unknown = package.text(holder.text, task)
            yield reference(
                text, holder, "ssis/expression", kind="sql" if name in _COMMANDS else "table",
                via=found.via if found else None, action=found.action if found else None,
                status=package.off(task) or unknown,
            )  # fmt: skip
