"""How packages are written down: in 2005 and 2008 as property elements, since 2012 as attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.extractor import Mention
from scanner.extractors.literals import secretive
from scanner.extractors.markup import Node
from scanner.extractors.ssis.expressions import DEEPEST, Lookup, Value, evaluate

SPENT = 20_000_000
"""Characters that the values of all variables of a package may come to, each counted wherever it is used."""

Found = Iterator[Mention | None]
"""What the readers of parts give; None is what turned out to be no locator."""


def prop(node: Node, name: str) -> str | None:
    """A property of an object in either form; None where it has none, or an empty one."""
    value = node.attributes.get(name)
    if value is None:
        value = next((c.text for c in node.children if c.name == "Property" and c.get("Name") == name), None)
    return value or None


def on(value: str | None) -> bool:
    """Whether a property says yes: True since 2012, -1 before."""
    return (value or "").strip().lower() in {"true", "-1", "1"}


def expressions(node: Node) -> Iterator[tuple[str, Node]]:
    """The properties that an object computes: each by its name, with the element that holds the expression."""
    for child in node.children:
        if child.name == "PropertyExpression" and child.text:
            yield child.get("Name") or "", child


@dataclass(slots=True)
class Project:
    """What the packages of a project share: values of its parameters, and its connections' names by their id."""

    values: dict[str, str] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Variables:
    """The variables and parameters that can be seen from a place in a package; the nearest definition counts."""

    project: Project
    _of: dict[int, dict[str, Node]] = field(default_factory=dict)
    _known: dict[int, Value] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _left: int = SPENT

    def lookup(self, place: Node) -> Lookup:
        """The function that answers for a variable's name as it is seen from a place."""

        def find(name: str) -> Value | None:
            key = name.lower() if "::" in name else f"user::{name.lower()}"
            if key.startswith("$project::"):
                value = self.project.values.get(key.removeprefix("$project::"))
                return None if value is None else Value(value)
            at: Node | None = place
            while at is not None:
                if found := self._defined(at).get(key):
                    return self._spent(self._value(found))
                at = at.parent
            return None

        return find

    def evaluate(self, expression: str, place: Node) -> Value:
        """The value of an expression that stands at a place."""
        return evaluate(expression, self.lookup(place))

    def _spent(self, value: Value | None) -> Value | None:
        if value is not None:
            self._left -= len(value.text)
        return value if self._left > 0 else None

    def _defined(self, scope: Node) -> dict[str, Node]:
        if id(scope) not in self._of:
            own: dict[str, Node] = {}
            for group in scope.children:
                if group.name in {"Variables", "PackageParameters"}:
                    for node in group.children:
                        own.setdefault(full_name(node).lower(), node)
                elif group.name == "Variable":  # until 2008 they stand among the other children
                    own.setdefault(full_name(group).lower(), group)
            self._of[id(scope)] = own
        return self._of[id(scope)]

    def _value(self, node: Node) -> Value | None:
        if id(node) in self._known:
            return self._known[id(node)]
        if id(node) in self._open or len(self._open) > DEEPEST:
            return None
        self._open.add(id(node))
        formula = prop(node, "Expression") if on(prop(node, "EvaluateAsExpression")) else None
        found = self.evaluate(formula, node.parent or node) if formula else literal(node)
        self._open.discard(id(node))
        if found is not None:
            self._known[id(node)] = found
        return found


def full_name(node: Node) -> str:
    """A variable's name with its namespace, as ``User::Folder`` or ``$Package::Folder``."""
    space = "$Package" if node.name == "PackageParameter" else prop(node, "Namespace") or "User"
    return f"{space}::{prop(node, 'ObjectName') or ''}"


def literal(node: Node) -> Value | None:
    """The value that a variable or parameter is saved with; none of one that is marked as sensitive."""
    if on(prop(node, "Sensitive")) or secretive(full_name(node)):
        return None
    if node.name == "PackageParameter":
        value = prop(node, "ParameterValue")
    else:
        held = node.child("VariableValue")
        value = held.text if held is not None else None
    return Value(value) if value else None
