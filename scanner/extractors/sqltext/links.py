"""Other databases in SQL text: linked servers, database links, foreign servers, rowsets, dblink, four-part names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention
from scanner.extractors.sqltext.pieces import NAME, PART, STRING, Place, arguments, bare, named, parts, plain
from scanner.locators import status_of, without_secrets


def linked_server(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``sp_addlinkedserver``: a name for another server."""
    told = named(
        arguments(text, end), ("server", "srvproduct", "provider", "datasrc", "location", "provstr", "catalog")
    )
    name = told.get("server")
    if not name or name.startswith("@"):
        return
    source = told.get("datasrc") or (name if told.get("srvproduct", "").lower() == "sql server" else "")
    provider, database = told.get("provider"), told.get("catalog")
    if told.get("provstr") and "=" in told["provstr"]:
        text_of = (
            told["provstr"]
            if "provider=" in told["provstr"].lower() or not provider
            else f"Provider={provider};{told['provstr']}"
        )
        made = at.quoted(
            text_of, origin="sql/sp_addlinkedserver", kind="connection_string", alias=name, action="defines"
        )
        if made is not None:
            yield replace(made, server=made.server or source or None, database=made.database or database)
            return
    if source:
        locator = without_secrets(f"{source}/{database}" if database else source)
        yield _link(locator, at, name, source, database, provider or told.get("srvproduct"), "sql/sp_addlinkedserver")


def _link(
    locator: str,
    at: Place,
    alias: str | None,
    server: str | None,
    database: str | None,
    driver: str | None,
    origin: str,
) -> Mention:
    port = None
    if server and (match := re.match(r"([^,:\s]+)[,:](\d{1,5})\Z", server)):
        server, port = match[1], int(match[2])
    return Mention(
        kind="server_link",
        locator=locator,
        line=at.page.line(at.at),
        status=at.page.status(at.at) or status_of(locator),
        alias=alias,
        action="defines",
        origin=origin,
        server=server,
        port=port,
        database=database,
        driver=driver or None,
    )


_ROWSET_LOGIN = re.compile(
    rf"\s{{0,99}}{STRING}\s{{0,99}},\s{{0,99}}{STRING}\s{{0,99}};\s{{0,99}}{STRING}\s{{0,99}};"
    rf"\s{{0,99}}{STRING}\s{{0,99}},?"
)
_BULK = re.compile(rf"(?i)\s{{0,99}}bulk\s{{1,99}}{STRING}(?:[^)]{{0,900}}?data_source\s{{0,9}}=\s{{0,9}}{STRING})?")


def rowset(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``OPENROWSET`` and ``OPENDATASOURCE``: a server or a file in the middle of a statement."""
    origin = "sql/OPENROWSET"
    if bulk := _BULK.match(text, end, end + 8000):
        made = at.quoted(plain(bulk[1]), origin=origin, via=bulk[2], action="reads", kind=_kind(bulk[1]))
        if made is not None:
            yield made
        return
    if login := _ROWSET_LOGIN.match(text, end, end + 20_000):
        made = at.quoted(f"Provider={login[1]};Data Source={plain(login[2])};User ID={plain(login[3])}", origin=origin)
        after = arguments(text, login.end())
    else:
        given = arguments(text, end)
        if len(given) < 2:
            return
        made = at.quoted(f"Provider={given[0][1]};{given[1][1]}", origin=origin)
        after = given[2:]
    if made is None:
        return
    yield made
    if after and re.search(r"\w\s+\S", after[0][1]):
        run = at.quoted(after[0][1], origin=origin, kind="sql")
        if run is not None:
            yield replace(run, server=made.server, port=made.port, database=made.database, driver=made.driver)


_QUERY = re.compile(rf"\s{{0,99}}({PART})\s{{0,99}},\s{{0,99}}N?'((?:[^']|''){{1,100000}})'")


def passed(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``OPENQUERY(link, 'statement')``."""
    if match := _QUERY.match(text, end):
        made = at.quoted(plain(match[2]), origin="sql/OPENQUERY", kind="sql", via=bare(match[1]))
        if made is not None:
            yield made


_LINK = re.compile(
    rf"(?i)\s{{1,99}}({NAME})(?:\s{{1,99}}connect\s{{1,99}}to\s{{1,99}}(?:current_user|({PART})"
    rf"\s{{1,99}}identified\s{{1,99}}by\s{{1,99}}(?:\"[^\"\n]{{0,200}}\"|values\s{{0,9}}'[^'\n"
    rf"]{{0,400}}'|'[^'\n]{{0,200}}'|\S{{1,200}})))?"
    rf"(?:\s{{1,99}}authenticated[^']{{0,400}}?)?\s{{1,99}}using\s{{1,99}}'([^']{{1,2000}})'"
)


def database_link(text: str, at: Place, end: int) -> Iterator[Mention]:
    """Oracle's ``CREATE DATABASE LINK name … USING 'alias'``."""
    match = _LINK.match(text, end)
    if match is None:
        return
    to = " ".join(match[3].split())
    reference = re.fullmatch(r"[\w.$-]+", to) is not None
    kind = "reference" if reference else "connection_string"
    text_of = to if reference or to.startswith(("(", "//")) else f"//{to}"
    made = at.quoted(text_of, origin="sql/DATABASE LINK", kind=kind, alias=match[1].replace('"', ""), action="defines")
    if made is not None:
        yield replace(made, user=bare(match[2]) if match[2] else made.user, driver=made.driver or "oracle")


_SERVER = re.compile(
    rf"(?i)\s{{1,99}}(?:if\s{{1,9}}not\s{{1,9}}exists\s{{1,9}})?({PART}|'[^'\n]{{1,128}}')[^;(]{{0,300}}?fo"
    rf"reign\s{{1,99}}data\s{{1,99}}wrapper\s{{1,99}}({PART}|'[^'\n]{{1,128}}')\s{{0,99}}options\s{{0,99}}"
    rf"\(([^;]{{1,4000}}?)\)\s{{0,99}}(?:;|\Z|\n)"
)
_OPTION = re.compile(r"(?i)\b(\w{1,40})\s{1,9}(?:'((?:[^'\n]|''){0,500})'|(\d{1,10}))")


def foreign_server(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``CREATE SERVER name FOREIGN DATA WRAPPER w OPTIONS (host …)``, PostgreSQL's and MySQL's."""
    match = _SERVER.match(text, end)
    if match is None:
        return
    told = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _OPTION.finditer(match[3])}
    server = told.get("host") or told.get("servername") or told.get("server")
    database = told.get("dbname") or told.get("database")
    name, wrapper = bare(match[1]), bare(match[2])
    if server:
        port = told.get("port", "")
        locator = without_secrets(f"{server}{f':{port}' if port else ''}{f'/{database}' if database else ''}")
        made = _link(locator, at, name, server, database, wrapper.removesuffix("_fdw"), "sql/SERVER")
        yield replace(
            made,
            port=int(port) if port.isdigit() and int(port) < 65_536 else None,
            user=told.get("user") or told.get("username"),
        )
    elif (
        text_of := told.get("dbserver")
        or told.get("odbc_dsn")
        or told.get("dsn")
        or told.get("url")
        or told.get("address")
    ):
        made_of = at.quoted(
            text_of,
            origin="sql/SERVER",
            kind=None if re.search(r"[:/=]", text_of) else "reference",
            alias=name,
            action="defines",
        )
        if made_of is not None:
            yield made_of
    elif file := told.get("database"):
        made_of = at.quoted(file, origin="sql/SERVER", kind="path", alias=name, action="defines")
        if made_of is not None:
            yield made_of


_FOREIGN = re.compile(
    rf"(?i)\s{{1,99}}(?:if\s{{1,9}}not\s{{1,9}}exists\s{{1,9}})?({NAME})\s{{0,99}}\([^;]{{0,40000}}?\)"
    rf"\s{{0,99}}server\s{{1,99}}({PART})(?:\s{{0,99}}options\s{{0,99}}\(([^;]{{1,4000}}?)\))?\s{{0,99}}(?:"
    rf";|\Z|\n)"
)


def foreign_table(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``CREATE FOREIGN TABLE t (…) SERVER s OPTIONS (…)``: a table of the other side, or a file."""
    match = _FOREIGN.match(text, end, end + 50_000)
    if match is None:
        return
    told = {m[1].lower(): m[2] or "" for m in _OPTION.finditer(match[3] or "")}
    if file := told.get("filename"):
        made = at.quoted(file, origin="sql/FOREIGN TABLE", kind=_kind(file), action="reads")
        if made is not None:
            yield made
        return
    names = parts(match[1])
    schema = told.get("schema_name") or told.get("schema") or told.get("dbname")
    table = told.get("table_name") or told.get("table") or names[-1]
    yield Mention(
        kind="table",
        locator=f"{schema}.{table}" if schema else table,
        line=at.page.line(at.at),
        status=at.page.status(at.at) or "active",
        alias=".".join(names),
        via=bare(match[2]),
        action="reads",
        origin="sql/FOREIGN TABLE",
    )


def dblink(text: str, at: Place, end: int) -> Iterator[Mention]:
    """PostgreSQL's ``dblink('connection', 'statement')`` and ``dblink_connect('name', 'connection')``."""
    given = [v for _, v in arguments(text, end)[:3]]
    if not given:
        return
    connection = next(
        (
            g
            for g in given[:2]
            if re.search(r"\w\s?=\s?\S|://", g) and not re.match(r"(?i)\s*(select|insert|update|delete|with)\b", g)
        ),
        None,
    )
    reached = at.quoted(connection, origin="sql/dblink", kind="connection_string") if connection else None
    if reached is not None:
        named_so = given[0] if len(given) > 1 and given[1] == connection else None
        yield replace(reached, alias=named_so, driver=reached.driver or "postgresql")
    run = next((g for g in given if re.match(r"(?i)\s*(select|insert|update|delete|with|call)\b", g)), None)
    if run is not None:
        made = at.quoted(run, origin="sql/dblink", kind="sql", via=None if reached is not None else given[0])
        if made is not None and (reached is not None or given[0] != run):
            yield (
                made
                if reached is None
                else replace(
                    made,
                    server=reached.server,
                    port=reached.port,
                    database=reached.database,
                    driver=reached.driver or "postgresql",
                )
            )


_FEDERATED = re.compile(rf"(?i)\s{{0,9}}=\s{{0,9}}{STRING}")


def federated(text: str, at: Place, end: int) -> Iterator[Mention]:
    """MySQL's ``ENGINE=FEDERATED CONNECTION='mysql://…/database/table'`` or a server's name."""
    match = _FEDERATED.match(text, end)
    if match is None or not match[1] or "federated" not in text[max(0, end - 4000) : end + 4000].lower():
        return
    if "://" in match[1]:
        url, _, table = plain(match[1]).rpartition("/")
        made = at.quoted(url, origin="sql/FEDERATED", action="reads")
        if made is not None:
            yield made
            far = at.quoted(table, origin="sql/FEDERATED", kind="table", action="reads")
            if far is not None and made.database:
                yield replace(
                    far, server=made.server, port=made.port, database=made.database, user=made.user, driver=made.driver
                )
    else:
        server, _, table = match[1].partition("/")
        kind = "table" if table else "reference"
        made = at.quoted(
            table or server, origin="sql/FEDERATED", kind=kind, via=server if table else None, action="reads"
        )
        if made is not None:
            yield made


_SYNONYM = re.compile(rf"(?i)\s{{1,99}}({NAME})\s{{1,99}}for\s{{1,99}}({NAME})(?:@([\w$#.]{{1,128}}))?")


def synonym(text: str, at: Place, end: int) -> Iterator[Mention]:
    """``CREATE SYNONYM s FOR …`` where what it stands for lies in another database."""
    match = _SYNONYM.match(text, end)
    if match is None:
        return
    target, link = match[2], match[3]
    if "@" in target:
        target, _, link = target.partition("@")
    names = parts(target)
    if link or len(names) >= 3:
        yield _table(
            ".".join(names[1:] if len(names) == 4 and not link else names),
            at,
            link or (names[0] if len(names) == 4 else None),
            "sql/SYNONYM",
            alias=".".join(parts(match[1])),
        )


def _table(
    name: str, at: Place, via: str | None, origin: str, *, alias: str | None = None, action: str | None = None
) -> Mention:
    names = name.split(".")
    return Mention(
        kind="table",
        locator=name,
        line=at.page.line(at.at),
        status=at.page.status(at.at) or status_of(f"{via}.{name}"),
        alias=alias,
        via=via,
        action=action,
        origin=origin,
        database=names[0] if len(names) == 3 and names[0] else None,
    )


_WRITES = frozenset(("into", "update", "table", "merge"))
NAMED = re.compile(
    rf"(?i)(?<![\w@.])(from|join|into|update|exec|execute|call|merge|using)\s{{1,20}}(?:(?P<four"
    rf">{PART}\.{PART}?\.{PART}?\.{PART})(?![\w.(])|(?P<name>[\w$#\".]{{1,200}})@(?P<link>[A-Za-z][\w$"
    rf"#.]{{0,127}}))"
)


def far_names(match: re.Match[str], at: Place) -> Iterator[Mention]:
    """``server.database.schema.table`` and ``table@link`` in a statement."""
    verb = match[1].lower()
    action = "writes" if verb in _WRITES else "calls" if verb in ("exec", "execute", "call") else "reads"
    if match["link"]:
        yield _table(match["name"].replace('"', ""), at, match["link"], "sql/link", action=action)
        return
    names = parts(match["four"])
    if len(names) == 4 and names[0] and not names[0].startswith("@") and not all(n.isdigit() for n in names if n):
        yield _table(".".join(names[1:]), at, names[0], "sql/four-part name", action=action)


def _kind(text: str) -> str | None:
    return None if "://" in text else "unc" if text.startswith("\\\\") else "path"
