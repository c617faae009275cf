"""Pipelines kept as XML: Kettle's, Talend's and Informatica's, Control-M's folders, Oozie's workflows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine, Quote
from scanner.extractors.commands.script import one_command
from scanner.extractors.finding import found
from scanner.extractors.markup import Node, tree
from scanner.extractors.quoting import quoted
from scanner.extractors.windows.task import located
from scanner.locators import status_of, without_secrets


def _said(node: Node, *names: str) -> str:
    child = node.child(*names)
    return child.text if child is not None else ""


def _line(node: Node, *names: str) -> int:
    child = node.child(*names)
    return child.line if child is not None else node.line


def connection(  # noqa: PLR0913 - the parts of one place
    node: Node, origin: str, *, alias: str | None, server: str, port: str, database: str, user: str, driver: str
) -> Mention:
    """A connection out of its parts; the password is not asked for."""
    text = " ".join(
        f"{k}={v}" for k, v in (("host", server), ("port", port), ("dbname", database), ("user", user)) if v
    )
    locator = without_secrets(text)
    return Mention(
        kind="connection_string",
        locator=locator,
        line=node.line,
        status=status_of(locator),
        alias=alias,
        action="defines",
        origin=origin,
        server=server or None,
        port=int(port) if port.isdigit() and int(port) < 65_536 else None,
        database=database or None,
        user=user or None,
        driver=driver or None,
    )


_KETTLE_READS = frozenset(
    (
        "TableInput",
        "CsvInput",
        "TextFileInput",
        "TextFileInput2",
        "ExcelInput",
        "AccessInput",
        "GetFileNames",
        "XBaseInput",
        "getXMLData",
        "JsonInput",
        "DBLookup",
        "DatabaseLookup",
        "PropertyInput",
        "LoadFileInput",
        "FixedInput",
        "SasInput",
        "ParquetInput",
    )
)
_KETTLE_FILES = (
    "filename",
    "file",
    "name",
    "source_filefolder",
    "destination_filefolder",
    "filefolder",
    "targetdirectory",
    "sourcedirectory",
    "directory",
    "localdirectory",
    "zipfilename",
    "sourcedirectory",
)


def kettle(_path: str, content: bytes) -> Iterator[Quote]:
    """Connections, the statements and tables of steps, the files they read and write."""
    made = tree(content)
    if made.root.name not in ("transformation", "job", "jobs", "repository"):
        raise NotMine
    for node in made.root.all("connection"):
        if node.child("server") is not None or node.child("database") is not None:
            server, database = _said(node, "server"), _said(node, "database")
            if server or database:
                yield connection(
                    node,
                    "kettle/connection",
                    alias=_said(node, "name") or None,
                    server=server,
                    port=_said(node, "port").lstrip("-"),
                    database=database,
                    user=_said(node, "username"),
                    driver=_said(node, "type"),
                )
    off = _kettle_off(made.root)
    for step in made.root.all("step", "entry"):
        status = "commented" if _said(step, "name") in off else None
        yield from _kettle_step(step, status)
    if made.trouble is not None:
        yield made.trouble


def _kettle_off(root: Node) -> set[str]:
    """Steps that only switched-off hops lead from and to."""
    on: set[str] = set()
    off: set[str] = set()
    for hop in root.all("hop"):
        (on if _said(hop, "enabled") != "N" else off).update((_said(hop, "from"), _said(hop, "to")))
    return off - on


def _kettle_step(step: Node, status: str | None) -> Iterator[Mention]:
    kind, via = _said(step, "type"), _said(step, "connection") or None
    action = "reads" if kind in _KETTLE_READS or "Input" in kind else "writes"
    origin = f"kettle/{kind}"
    sql = step.child("sql")
    if sql is not None and sql.text and via:
        made = quoted(sql.text, origin=origin, line=sql.line, kind="sql", status=status, via=via)
        if made is not None:
            yield made
    table = step.child("table") or (step.child("lookup").child("table") if step.child("lookup") is not None else None)  # type: ignore[union-attr]
    if table is not None and table.text and via:
        schema = _said(step, "schema")
        made = quoted(
            f"{schema}.{table.text}" if schema else table.text,
            origin=origin,
            line=table.line,
            kind="table",
            status=status,
            via=via,
            action=action,
        )
        if made is not None:
            yield made
    server = step.child("servername", "serverName")
    if server is not None and server.text:
        made = quoted(
            server.text,
            origin=origin,
            line=server.line,
            kind="host",
            status=status,
            action="reads" if "PUT" not in kind else "writes",
            driver="sftp" if kind.startswith("SFTP") else "ftp",
        )
        if made is not None:
            yield made
    for node in step.all(*_KETTLE_FILES):
        text = node.text
        if (
            text
            and ("/" in text or "\\" in text or "://" in text)
            and "\n" not in text
            and (node.name != "name" or node.parent is None or node.parent.name.lower() in ("file", "files"))
        ):
            way = (
                "writes"
                if node.name in ("destination_filefolder", "targetdirectory")
                else "reads"
                if node.name in ("source_filefolder", "sourcedirectory")
                else action
            )
            made = quoted(
                text,
                origin=origin,
                line=node.line,
                kind="unc" if text.startswith("\\\\") else None if "://" in text else "path",
                status=status,
                action=way,
            )
            if made is not None:
                yield made
    for node in step.all("script"):
        yield from one_command(node.text, node.line, origin, status=status)


_TALEND_PLACES = ("HOST", "SERVER", "HOSTNAME")
_TALEND_FILES = (
    "FILENAME",
    "DIRECTORY",
    "REMOTEDIR",
    "LOCALDIR",
    "FILE_NAME",
    "REMOTE_DIR",
    "EXCEL_FILE",
    "SOURCEFILE",
)


def talend(_path: str, content: bytes) -> Iterator[Quote]:
    """Components of a Talend job: places, tables, statements, files. Values are Java, ``context.X`` a variable."""
    made = tree(content)
    if (
        made.root.name not in ("ProcessType", "ContextType", "DatabaseConnection", "XMI")
        and made.root.first("elementParameter") is None
    ):
        raise NotMine
    for node in (made.root, *made.root.all("node")):
        given = {(p.get("name") or ""): p for p in node.children if p.name == "elementParameter"}
        if given:
            yield from _component(node, given)
    for node in made.root.all("contextParameter"):
        for one in found(_java(node.get("value") or "")):
            mention = quoted(
                one.text,
                origin="talend/context",
                line=node.line,
                alias=node.get("name"),
                kind=None if one.kind == "connection_string" else one.kind,
            )
            if mention is not None:
                yield mention
    if made.trouble is not None:
        yield made.trouble


def _java(text: str) -> str:
    """A Java expression as text: quotes taken off, what is joined in left as a variable."""
    pieces = []
    for piece in text[:20_000].split("+"):
        bare = piece.strip()
        pieces.append(
            bare[1:-1].replace('\\"', '"').replace("\\\\", "\\")
            if len(bare) > 1 and bare[0] == bare[-1] == '"'
            else f"${{{bare}}}"
            if bare.startswith("context.")
            else bare
        )
    return "".join(pieces)


def _component(node: Node, given: dict[str, Node]) -> Iterator[Mention]:
    told = {k: _java(p.get("value") or "") for k, p in given.items()}
    kind = node.get("componentName") or "job"
    origin, name = f"talend/{kind}", told.get("UNIQUE_NAME") or None
    off = "commented" if told.get("ACTIVATE") == "false" else None
    server = next((told[p] for p in _TALEND_PLACES if told.get(p)), "")
    database = told.get("DBNAME") or told.get("DATABASE") or told.get("SID") or ""
    reached: Mention | None = None
    if server and (database or "DB" in kind or "sql" in kind.lower() or "Oracle" in kind):
        reached = connection(
            node,
            origin,
            alias=name,
            server=server,
            port=told.get("PORT", ""),
            database=database,
            user=told.get("USER", ""),
            driver=kind.removeprefix("t"),
        )
        reached = replace(
            reached,
            status=off or reached.status,
            action="writes" if "Output" in kind else "reads" if "Input" in kind else "connects",
        )
        yield reached
    elif server:
        made = quoted(
            server,
            origin=origin,
            line=node.line,
            kind="host",
            status=off,
            action="connects",
            driver="ftp" if "FTP" in kind else None,
        )
        if made is not None:
            yield made
    via = name if reached is not None else told.get("CONNECTION") or None
    if via and told.get("QUERY"):
        made = quoted(told["QUERY"], origin=origin, line=given["QUERY"].line, kind="sql", status=off, via=via)
        if made is not None:
            yield made
    if via and told.get("TABLE") and "Output" in kind:
        schema = told.get("SCHEMA_DB") or ""
        made = quoted(
            f"{schema}.{told['TABLE']}" if schema else told["TABLE"],
            origin=origin,
            line=given["TABLE"].line,
            kind="table",
            status=off,
            via=via,
            action="writes",
        )
        if made is not None:
            yield made
    for key in _TALEND_FILES:
        text = told.get(key, "")
        if text and ("/" in text or "\\" in text):
            made = quoted(
                text,
                origin=origin,
                line=given[key].line,
                kind="unc" if text.startswith("\\\\") else None if "://" in text else "path",
                status=off,
                action="writes" if "Output" in kind else "reads",
            )
            if made is not None:
                yield made


def informatica(_path: str, content: bytes) -> Iterator[Quote]:
    """An export of PowerCenter: sources and targets, statements, connections and files of sessions."""
    if b"POWERMART" not in content[:4096]:
        raise NotMine
    made = tree(content)
    if made.root.name != "POWERMART":
        raise NotMine
    for node in made.root.all("SOURCE", "TARGET"):
        yield from _definition(node)
    for node in made.root.all("CONNECTIONREFERENCE"):
        if name := node.get("CONNECTIONNAME"):
            mention = quoted(name, origin="informatica/connection", line=node.line, kind="reference", action="connects")
            if mention is not None:
                yield replace(mention, driver=node.get("CONNECTIONSUBTYPE"))
    for node in made.root.all("TABLEATTRIBUTE", "ATTRIBUTE"):
        yield from _attribute(node)
    if made.trouble is not None:
        yield made.trouble


def _definition(node: Node) -> Iterator[Mention]:
    """A source or target as a table of its database."""
    owner, name, database = node.get("OWNERNAME"), node.get("NAME"), node.get("DBDNAME")
    if not name or (node.get("DATABASETYPE") or "") in ("Flat File", "XML"):
        return
    mention = quoted(
        f"{owner}.{name}" if owner else name,
        origin=f"informatica/{node.name}",
        line=node.line,
        kind="table",
        via=database,
        action="reads" if node.name == "SOURCE" else "writes",
    )
    if mention is not None:
        yield replace(mention, driver=node.get("DATABASETYPE"))


def _attribute(node: Node) -> Iterator[Mention]:
    """A statement or a file among the attributes of a session."""
    name, value = (node.get("NAME") or "").lower(), node.get("VALUE") or ""
    mention: Mention | None = None
    if name in ("sql query", "lookup sql override", "pre sql", "post sql") and value:
        mention = quoted(value, origin=f"informatica/{name}", line=node.line, kind="sql")
    elif "directory" in name or "file name" in name or "filename" in name:
        mention = located(value, node.line, None, f"informatica/{name}", "reads" if "source" in name else "writes")
    if mention is not None:
        yield mention


def schedules(_path: str, content: bytes) -> Iterator[Quote]:
    """Control-M's folders and Oozie's workflows: commands, the machines they run on, places they name."""
    if not any(mark in content[:4096] for mark in (b"DEFTABLE", b"-app")):
        raise NotMine
    made = tree(content)
    if made.root.name not in ("DEFTABLE", "workflow-app", "coordinator-app", "bundle-app"):
        raise NotMine
    for job in made.root.all("JOB"):
        if command := job.get("CMDLINE"):
            said = [*one_command(command, job.line, "control-m/CMDLINE")] or [
                *one_command(command, job.line, "control-m/CMDLINE", windows=True)
            ]
            yield from said
        if host := job.get("NODEID"):
            mention = quoted(host, origin="control-m/NODEID", line=job.line, kind="host", action="calls")
            if mention is not None:
                yield mention
    if made.root.name != "DEFTABLE":
        for node in made.root.all():
            yield from _of_workflow(node)
    if made.trouble is not None:
        yield made.trouble


def _of_workflow(node: Node) -> Iterator[Mention]:
    """An element of an Oozie workflow: Sqoop's words, or URLs in its text."""
    if node.name == "command" and node.parent is not None and node.parent.name == "sqoop":
        yield from one_command(f"sqoop {node.text}", node.line, "oozie/sqoop")
        return
    for one in found(node.text) if "://" in node.text or "jdbc:" in node.text else ():
        kind = None if one.kind == "connection_string" else one.kind
        mention = quoted(one.text, origin=f"oozie/{node.name}", line=node.line, kind=kind)
        if mention is not None:
            yield mention
