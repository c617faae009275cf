"""SQL Server Integration Services: packages of every version, and the connections and settings around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Extractor, Mention, NotMine, Quote, Trouble
from scanner.extractors.markup import Node, fragment, tree
from scanner.extractors.packed import Packed
from scanner.extractors.ssis import flow, package, project, tasks
from scanner.extractors.ssis.shape import Found, Project

ROOTS = frozenset({"Executable", "ConnectionManager", "DTSConfiguration", "Parameters", "Project"})


def quote(path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of one document: a package, a shared connection, parameters, a configuration or project file."""
    document = tree(content)
    if document.root.name not in ROOTS:
        raise NotMine
    yield from _given(document_of(document.root, Project()))
    for line, text in document.comments:
        if (inside := fragment(text)) is not None:
            for found in _given(document_of(inside, Project())):
                yield replace(found, status="commented", line=line + (found.line or 1) - 1)
    if document.trouble:
        yield Trouble(document.trouble.code, f"{path.rpartition('/')[2]}: {document.trouble.detail}")


def quote_project(_path: str, content: bytes) -> Iterator[Quote]:
    """The mentions of a deployed project (.ispac), each with the member it stands in."""
    shared, documents, troubles = project.opened(Packed(content))
    for member, document in documents:
        yield from (replace(m, part=member) for m in _given(document_of(document.root, shared)))
    yield from troubles


def document_of(root: Node, shared: Project) -> Found:
    """Whatever the elements of a document mention; a piece of one is read the same way."""
    if root.name == "DTSConfiguration" or (root.name == "fragment" and root.first("ConfiguredValue") is not None):
        yield from project.configuration(root)
        return
    held = package.Package(root, shared)
    yield from package.connections(held)
    if root.name == "ConnectionManager":
        yield from project.identities(root)
    yield from package.variables(held)
    yield from package.configurations(held)
    yield from tasks.tasks(held)
    yield from flow.flows(held)
    yield from flow.computed(held)
    if root.name != "Executable":
        yield from project.quoted_parameters(root)


def _given(found: Found) -> Iterator[Mention]:
    """What turned out to be a locator, each once a place."""
    seen: set[Mention] = set()
    for mention in found:
        if mention is not None and mention not in seen:
            seen.add(mention)
            yield mention


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "ssis", "Integration Services packages, connections and settings", quote,
        endings=frozenset({"dtsx", "conmgr", "dtsconfig", "params", "dtproj"}), most=64 << 20,
    ),
    Extractor(
        "ssis-project", "Integration Services projects as deployed", quote_project,
        endings=frozenset({"ispac"}), most=64 << 20, whole=True,
    ),
)  # fmt: skip
