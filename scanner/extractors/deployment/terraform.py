"""Terraform: buckets, databases and backends of its blocks, with the defaults of variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.extractor import Mention
from scanner.extractors.decode import decode
from scanner.extractors.languages import SETTINGS
from scanner.extractors.lists import line_settings
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import mentions, rest
from scanner.locators import status_of

_BLOCK = re.compile(r"""([\w-]{1,60})((?:\s{1,9}"[^"\n]{1,200}"){0,3})\s{0,9}\{\s{0,9}(?:\}\s*)?(?:#.*)?\Z""")
_VALUE = re.compile(
    r"""([\w-]{1,100})\s{0,40}=\s{0,9}(?:"((?:[^"\\\n]|\\.){0,2000})"|([\w.\[\]-]{1,300}))\s{0,9},?\s*("""
    r"""?:(?:#|//).*)?\Z"""
)
_REFERENCE = re.compile(r"\$\{\s{0,9}((?:var|local)\.[\w.]{1,100})\s{0,9}\}|\A((?:var|local)\.[\w.]{1,100})\Z")


@dataclass(slots=True)
class _Block:
    """A block with its labels and plain values; ``status`` where it stands behind comment marks."""

    type: str
    labels: tuple[str, ...]
    line: int
    above: str
    values: dict[str, tuple[int, str]] = field(default_factory=dict)

    def get(self, *names: str) -> str | None:
        return next((self.values[n][1] for n in names if n in self.values), None)

    def line_of(self, *names: str) -> int:
        return next((self.values[n][0] for n in names if n in self.values), self.line)


def terraform(_path: str, content: bytes) -> Iterator[Mention]:
    """What the blocks make and reach; what stands in comments is told as such by the text."""
    text = decode(content)
    page = Page(text, SETTINGS)
    told: list[Mention] = []
    blocks = list(_blocks(text))
    known = _known(blocks)
    for block in blocks:
        for key, (line, value) in block.values.items():
            block.values[key] = (line, _REFERENCE.sub(lambda m: known.get(m[1] or m[2], m[0]), value))
        for mention in _block(block):
            page.cover(mention.line or 0, mention.locator)
            told.append(mention)
    # A variable's default is said where it is used, or as a setting of its own.
    lines = {m.line for m in told}
    told += (m for m in mentions(line_settings(text), "terraform/setting", page=page) if m.line not in lines)
    yield from told
    yield from rest(page, told, "terraform")


def variables(_path: str, content: bytes) -> Iterator[Mention]:
    """Values of variables, a line each."""
    text = decode(content)
    page = Page(text, SETTINGS)
    told = list(mentions(line_settings(text), "terraform/variable", page=page))
    yield from told
    yield from rest(page, told, "terraform")


def _blocks(text: str) -> Iterator[_Block]:
    stack: list[_Block] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()[:4000]
        if not line or line[0] in "#/":
            continue
        if (opened := _BLOCK.match(line)) is not None and len(stack) < 50:
            block = _Block(
                opened[1], tuple(re.findall(r'"([^"]*)"', opened[2])), number, stack[-1].type if stack else ""
            )
            if "}" in line.partition("{")[2]:
                yield block
            else:
                stack.append(block)
        elif stack and (value := _VALUE.match(line)) is not None:
            stack[-1].values.setdefault(value[1], (number, value[2] if value[2] is not None else value[3]))
        elif line.endswith(("{", "[", "(")) and len(stack) < 50:
            stack.append(_Block("", (), number, stack[-1].type if stack else ""))
        elif line[0] in "}])" and stack:
            yield stack.pop()
    yield from reversed(stack)


def _known(blocks: list[_Block]) -> dict[str, str]:
    """Defaults of variables, and locals."""
    known: dict[str, str] = {}
    for block in blocks:
        if block.type == "variable" and block.labels and (default := block.get("default")):
            known[f"var.{block.labels[0]}"] = default
        elif block.type == "locals":
            known |= {f"local.{k}": v for k, (_, v) in block.values.items() if "${" not in v}
    return known


_BUCKETS = {
    "aws_s3_bucket": ("s3", "bucket"),
    "google_storage_bucket": ("gs", "name"),
    "digitalocean_spaces_bucket": ("s3", "name"),
}


def _block(block: _Block) -> Iterator[Mention]:
    kind = block.labels[0] if block.labels else ""
    name = block.labels[-1] if block.labels else None
    made: Mention | None = None
    if block.type in ("resource", "data") and kind in _BUCKETS:
        scheme, key = _BUCKETS[kind]
        if bucket := block.get(key):
            made = quoted(
                f"{scheme}://{bucket}",
                origin=f"terraform/{kind}",
                line=block.line_of(key),
                kind="url",
                alias=name,
                action="defines" if block.type == "resource" else "reads",
            )
    elif (block.type == "backend" or block.above == "backend" or block.type == "config") and (
        bucket := block.get("bucket")
    ):
        scheme = "gs" if kind == "gcs" else "s3"
        key_of = block.get("key", "prefix") or ""
        made = quoted(
            f"{scheme}://{bucket}/{key_of}".rstrip("/"),
            origin="terraform/backend",
            line=block.line_of("bucket"),
            kind="url",
            action="writes",
        )
    elif kind == "aws_dms_endpoint" and block.get("server_name"):
        made = _connection(block, "server_name", name, block.get("engine_name"), f"terraform/{kind}")
    elif (
        block.type in ("provider", "connection")
        and block.get("host", "server", "endpoint")
        and (
            block.type == "connection"
            or kind in ("postgresql", "mysql", "mssql", "sql", "redshift", "snowflake", "mongodb")
        )
    ):
        if block.type == "connection":
            made = quoted(
                block.get("host") or "",
                origin="terraform/connection",
                line=block.line_of("host"),
                kind="host",
                action="connects",
                driver=block.get("type") or "ssh",
            )
        else:
            made = _connection(block, "host", kind, kind, "terraform/provider")
    elif kind in (
        "azurerm_mssql_server",
        "azurerm_postgresql_server",
        "azurerm_postgresql_flexible_server",
        "azurerm_mysql_server",
        "azurerm_mysql_flexible_server",
    ) and block.get("name"):
        domain = (
            "database.windows.net"
            if "mssql" in kind
            else "postgres.database.azure.com"
            if "postgres" in kind
            else "mysql.database.azure.com"
        )
        made = quoted(
            f"{block.get('name')}.{domain}",
            origin=f"terraform/{kind}",
            line=block.line_of("name"),
            kind="host",
            alias=name,
            action="defines",
        )
    if made is not None:
        yield made


def _connection(block: _Block, key: str, alias: str | None, driver: str | None, origin: str) -> Mention:
    server = block.get(key, "server", "endpoint") or ""
    database, port, user = (
        block.get("database_name", "database", "dbname"),
        block.get("port") or "",
        block.get("username", "user"),
    )
    server, _, tail = server.partition(":") if server.count(":") == 1 else (server, "", "")
    port = port or tail
    locator = " ".join(
        f"{k}={v}" for k, v in (("host", server), ("port", port), ("dbname", database), ("user", user)) if v
    )
    return Mention(
        kind="connection_string",
        locator=locator,
        line=block.line_of(key, "server", "endpoint"),
        status=status_of(locator),
        alias=alias,
        action="connects",
        origin=origin,
        server=server,
        port=int(port) if port.isdigit() and int(port) < 65_536 else None,
        database=database,
        user=user,
        driver=driver,
    )
