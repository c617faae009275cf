"""What stands around packages: shared connections, parameters, configuration files, deployed projects."""

from __future__ import annotations

import re
from urllib.parse import unquote

from scanner.extractor import NotMine, Trouble, Unread
from scanner.extractors.literals import kind_of, named, parameter, secretive
from scanner.extractors.markup import Node, Tree, tree
from scanner.extractors.packed import Packed
from scanner.extractors.quoting import quoted
from scanner.extractors.ssis.package import managers
from scanner.extractors.ssis.shape import Found, Project, on, prop

_PATH = re.compile(
    r"[\\.](?:Connections\[(?P<connection>[^\]]{1,300})\]|Variables\[(?P<variable>[^\]]{1,300})\])\.Properties\[(?P<property>\w{1,100})\]"
)
_CONNECTION = re.compile(r"CM\.(?P<connection>.{1,300})\.(?P<property>\w{1,100})")


def configuration(root: Node) -> Found:
    """A .dtsConfig file: values for connections and variables of packages, by their paths in them."""
    parts: dict[str, dict[str, tuple[str, int]]] = {}
    for node in root.all("Configuration"):
        value, at = node.child("ConfiguredValue"), _PATH.search(node.get("Path") or "")
        if value is None or not value.text or at is None:
            continue
        if at["connection"]:
            parts.setdefault(at["connection"], {})[at["property"]] = (value.text, value.line)
        elif at["property"].lower() == "value":
            yield parameter(at["variable"], value.text, origin="ssis/configured", line=value.line)
    for name, properties in parts.items():
        yield from assembled(name, properties, "ssis/configured")


def assembled(name: str, properties: dict[str, tuple[str, int]], origin: str) -> Found:
    """A connection from the properties that are set for it; its password is never among them."""
    held = {k.lower(): v for k, v in properties.items()}
    if whole := held.get("connectionstring"):
        kind = kind_of(whole[0]) or ("connection_string" if "=" in whole[0] else "path")
        yield quoted(whole[0], origin=origin, line=whole[1], kind=kind, alias=name, action="connects")
    elif "servername" in held or "initialcatalog" in held:
        words = (("servername", "Data Source"), ("initialcatalog", "Initial Catalog"), ("username", "User ID"))
        text = ";".join(f"{word}={held[key][0].replace(';', ' ')}" for key, word in words if key in held)
        line = held.get("servername", held.get("initialcatalog", ("", 1)))[1]
        yield quoted(text, origin=origin, line=line, kind="connection_string", alias=name, action="connects")
    elif file := held.get("excelfilepath") or held.get("serverurl"):
        yield quoted(
            file[0], origin=origin, line=file[1], kind=kind_of(file[0]) or "path", alias=name, action="connects"
        )


def parameters(root: Node) -> dict[str, tuple[str, int]]:
    """Names, values and lines of the parameters in a .params file or manifest; no sensitive ones."""
    found = {}
    for node in root.all("Parameter"):
        name, group = node.get("Name"), node.child("Properties")
        if not name or group is None or secretive(name):
            continue
        held = {c.get("Name"): c for c in group.children}
        sensitive, value = held.get("Sensitive"), held.get("Value")
        if value is not None and value.text and not (sensitive is not None and on(sensitive.text)):
            found[name] = (value.text, value.line)
    return found


def quoted_parameters(root: Node) -> Found:
    """The parameters of a project: those that stand for a connection's properties, and those of its own."""
    parts: dict[str, dict[str, tuple[str, int]]] = {}
    for name, (value, line) in parameters(root).items():
        if at := _CONNECTION.fullmatch(name):
            parts.setdefault(at["connection"], {})[at["property"]] = (value, line)
        else:
            yield parameter(f"$Project::{name}", value, origin="ssis/parameter", line=line)
    for name, properties in parts.items():
        yield from assembled(name, properties, "ssis/parameter")


def identities(root: Node) -> Found:
    """The ids by which packages know a shared connection, each as another name of it."""
    for node in managers(root):
        name, identity = prop(node, "ObjectName"), prop(node, "DTSID")
        if name and identity:
            yield named(name, origin="ssis/DTSID", line=node.line, kind="reference", alias=identity, action="defines")


def opened(packed: Packed) -> tuple[Project, list[tuple[str, Tree]], list[Trouble]]:
    """The documents of a deployed project, shared ones first, and what its packages share."""
    project, documents, troubles = Project(), [], []
    order = {"manifest": 0, "params": 1, "conmgr": 2, "dtsx": 3}
    members = [(order.get(n.rpartition(".")[2].lower()), n) for n in packed.names()]
    for rank, member in sorted((r, n) for r, n in members if r is not None):
        try:
            document = tree(packed.read(member))
        except NotMine:
            troubles.append(Trouble("CONTENT_DAMAGED", f"{member}: it is no XML"))
            continue
        except Unread as unread:
            troubles.append(Trouble(unread.code, f"{member}: {unread.detail}"))
            continue
        if rank == 1:
            project.values |= {k.lower(): v for k, (v, _) in parameters(document.root).items()}
        elif rank == 2:
            for node in managers(document.root):
                name, identity = prop(node, "ObjectName"), prop(node, "DTSID")
                if name and identity:
                    project.connections[identity.lower()] = name
        documents.append((unquote(member), document))
        if document.trouble:
            troubles.append(Trouble(document.trouble.code, f"{member}: {document.trouble.detail}"))
    return project, documents, troubles
