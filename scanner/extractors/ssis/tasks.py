"""Tasks of the control flow: statements, other packages, files that are copied, programs that are started."""

from __future__ import annotations

from scanner.extractors.literals import kind_of, literals, locator
from scanner.extractors.markup import Node
from scanner.extractors.quoting import quoted
from scanner.extractors.ssis.package import Package, reference
from scanner.extractors.ssis.shape import Found, expressions, on

_COMPUTED = {"SqlStatementSource": "sql", "PackageName": "reference", "Directory": None, "Executable": None,
             "Arguments": None, "Source": None, "Destination": None, "LocalPath": None, "RemotePath": None,
             "FileAttachments": None, "FileName": None, "DestinationTableName": "table", "DataFile": None}  # fmt: skip
"""Properties of tasks whose expressions are looked at, and what they hold; None: whatever it looks like."""


def tasks(package: Package) -> Found:
    """Every task of a package, those of its event handlers included."""
    for task in package.root.all("Executable"):
        status = package.off(task)
        for what, holder in expressions(task):
            yield from _computed(package, task, what, holder, status)
        for data in task.children:
            if data.name == "ObjectData":
                yield from _data(package, data, status)
            elif data.name == "ForEachEnumerator":
                yield from _enumerator(package, data, status)


def _data(package: Package, data: Node, status: str | None) -> Found:
    """What is in the data of a task; a data flow is read elsewhere."""
    if data.child("pipeline") is not None:
        return
    for node in data.all():
        if (reader := _READERS.get(node.name)) is not None:
            yield from reader(package, node, status)
        else:
            yield from _anything(node, status)


def _statement(package: Package, node: Node, status: str | None) -> Found:
    via = package.connection(node.get("Connection"))
    text = node.get("SqlStatementSource")
    how = (node.get("SqlStatementSourceType", "SqlStmtSourceType") or "").lower()
    origin = "ssis/SqlStatementSource"
    if text and how.startswith("variable"):
        text, unknown = package.variable(text, node)
        yield reference(text, node, origin, kind="sql", via=via, action="calls", status=status or unknown)
    elif text and how.startswith("file"):
        yield reference(package.connection(text) or text, node, "ssis/SqlFile", via=via, action="calls", status=status)
    elif text:
        yield reference(text, node, origin, kind="sql", via=via, action="calls", status=status)
    elif via:
        yield reference(via, node, "ssis/task", via=via, action="connects", status=status)
    for name, value in node.attributes.items():
        if name != "SqlStatementSource":
            yield locator(value, origin=f"ssis/{name}", line=node.line, status=status, action="writes")


def _child(package: Package, node: Node, status: str | None) -> Found:
    """The package that a package starts: by name in the project, or the one a connection leads to."""
    name = node.child("PackageName")
    through = node.child("Connection")
    via = package.connection(through.text) if through is not None else None
    if name is not None and name.text:
        yield reference(name.text, name, "ssis/ExecutePackage", via=via, action="calls", status=status)
    elif via and through is not None:
        yield reference(via, through, "ssis/ExecutePackage", via=via, action="calls", status=status)


def _place(package: Package, node: Node, text: str | None, *, variable: bool, **what: str | None) -> Found:
    """A place as tasks name it: in a variable, through a connection, or as it is."""
    if not text:
        return
    origin, action, status = what["origin"] or "", what["action"], what["status"]
    if variable:
        text, unknown = package.variable(text, node)
        status = status or unknown
    elif (name := package.connection(text)) in package.known:
        yield reference(name or text, node, origin, via=name, action=action, status=status)
        return
    kind = kind_of(text) or "path"
    yield quoted(text, origin=origin, line=node.line, kind=kind, status=status, via=what.get("via"), action=action)


def _files(package: Package, node: Node, status: str | None) -> Found:
    source, target = node.get("TaskSourcePath"), node.get("TaskDestinationPath")
    operation = (node.get("TaskOperationType", "TaskOperation") or "").lower()
    changing = operation.startswith(("create", "delete", "set"))
    yield from _place(
        package, node, source, variable=on(node.get("TaskIsSourceVariable")),
        origin="ssis/FileSystemTask", action="writes" if changing else "reads", status=status,
    )  # fmt: skip
    yield from _place(
        package, node, target, variable=on(node.get("TaskIsDestinationVariable")),
        origin="ssis/FileSystemTask", action="writes", status=status,
    )  # fmt: skip


def _transfer(package: Package, node: Node, status: str | None) -> Found:
    """Files that go to or come from an FTP server."""
    via = package.connection(node.get("ConnectionName", "Connection"))
    operation = (node.get("Operation", "TaskOperation") or "").lower()
    sends = operation.startswith(("send", "create", "delete"))
    local, remote = node.get("LocalPath"), node.get("RemotePath")
    yield from _place(
        package, node, local, variable=on(node.get("IsLocalPathVariable")),
        origin="ssis/FtpTask/LocalPath", action="reads" if sends else "writes", status=status,
    )  # fmt: skip
    if remote:
        yield from _place(
            package, node, remote, variable=on(node.get("IsRemotePathVariable")),
            origin="ssis/FtpTask/RemotePath", action="writes" if sends else "reads", status=status, via=via,
        )  # fmt: skip
    elif via:
        yield reference(via, node, "ssis/FtpTask", via=via, action="writes" if sends else "reads", status=status)


def _bulk(package: Package, node: Node, status: str | None) -> Found:
    via = package.connection(node.get("DestinationConnectionName"))
    if table := node.get("DestinationTableName"):
        yield reference(table, node, "ssis/BulkInsert", kind="table", via=via, action="writes", status=status)
    for name in ("FileName", "FormatFile", "SourceConnectionName"):
        yield from _place(
            package, node, node.get(name), variable=False, origin="ssis/BulkInsert", action="reads", status=status
        )


def _program(package: Package, node: Node, status: str | None) -> Found:  # noqa: ARG001 - one shape for all readers
    if program := node.get("Executable"):
        kind = kind_of(program) or "path"
        yield quoted(program, origin="ssis/ExecuteProcess", line=node.line, kind=kind, status=status, action="calls")
    yield from words(node.get("Arguments"), node, "ssis/ExecuteProcess/Arguments", status)
    yield locator(
        node.get("WorkingDirectory") or "", origin="ssis/ExecuteProcess/WorkingDirectory", line=node.line, status=status
    )


def words(text: str | None, node: Node, origin: str, status: str | None) -> Found:
    """The locators among the words of a command line."""
    if not text:
        return
    for number, piece in enumerate(text[:20_000].split('"')):
        for word in [piece] if number % 2 else piece.split():
            yield locator(word, origin=origin, line=node.line, status=status)


def _script(package: Package, node: Node, status: str | None) -> Found:  # noqa: ARG001 - one shape for all readers
    """The source of a script task; what was compiled of it stands beside it and is passed over."""
    name = (node.get("Name") or "").lower()
    basic = name.endswith(".vb") or (node.get("Language") or "").lower().startswith("visualbasic")
    yield from literals("".join(node.pieces), origin="ssis/script", first=node.line, basic=basic, status=status)


def _enumerator(package: Package, node: Node, status: str | None) -> Found:
    """The folder whose files a loop goes through, or the connection whose tables it lists."""
    for what, holder in expressions(node):
        yield from _computed(package, node, what, holder, status)
    for held in node.all():
        folder = held.get("Folder")
        if folder:
            kind = kind_of(folder) or "path"
            yield quoted(folder, origin="ssis/ForEachFile", line=held.line, kind=kind, status=status, action="reads")


def _computed(package: Package, task: Node, what: str, holder: Node, status: str | None) -> Found:
    """What a property of a task is computed to."""
    if what not in _COMPUTED:
        return
    text, unknown = package.text(holder.text, task)
    kind = _COMPUTED[what]
    if kind is None:
        kind = kind_of(text)
        if kind is None and not (unknown and what not in {"Arguments", "Executable"}):
            return
    via = None
    if what in {"SqlStatementSource", "DestinationTableName"}:
        held = task.first("SqlTaskData", "BulkInsertTaskData")
        via = package.connection(held.get("Connection", "DestinationConnectionName")) if held is not None else None
    status = status or unknown
    if kind in {"sql", "table", "reference"}:
        action = "writes" if kind == "table" else "calls"
        yield reference(text, holder, "ssis/expression", kind=kind, via=via, status=status, action=action)
    else:
        yield quoted(text, origin="ssis/expression", line=holder.line, kind=kind or "path", via=via, status=status)


def _anything(node: Node, status: str | None) -> Found:
    """Locators in tasks of kinds that nothing here knows: in attributes and in the text of elements."""
    for name, value in node.attributes.items():
        if "password" not in name.lower():
            yield locator(value, origin=f"ssis/{node.name}", line=node.line, status=status)
    if node.pieces and node.name not in {"BinaryItem", "Property", "Password"}:
        yield locator(node.text, origin=f"ssis/{node.name}", line=node.line, status=status)


_READERS = {
    "SqlTaskData": _statement,
    "ExecutePackageTask": _child,
    "FileSystemData": _files,
    "FtpData": _transfer,
    "BulkInsertTaskData": _bulk,
    "ExecuteProcessData": _program,
    "ProjectItem": _script,
}
