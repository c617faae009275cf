"""PowerShell: cmdlets that reach stores, programs it starts, and strings with their variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine
from scanner.extractors.commands.command import Command, program
from scanner.extractors.commands.databases import made_of
from scanner.extractors.commands.programs import PROGRAMS, quotes
from scanner.extractors.commands.saying import place, script, share, statement, table
from scanner.extractors.decode import binary, decode
from scanner.extractors.filling import POWERSHELL as FILLING
from scanner.extractors.filling import filled
from scanner.extractors.languages import POWERSHELL
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted

_CMDLETS = {
    "new-psdrive": "drive",
    "new-smbmapping": "mapping",
    "new-smbglobalmapping": "mapping",
    "invoke-sqlcmd": "sql",
    "invoke-sqlcmd2": "sql",
    "invoke-dbaquery": "sql",
    "read-sqltabledata": "sql",
    "write-sqltabledata": "sql",
    "backup-sqldatabase": "sql",
    "restore-sqldatabase": "sql",
    "write-dbadbtabledata": "sql",
    "copy-item": "copy",
    "move-item": "copy",
    "start-bitstransfer": "copy",
    "expand-archive": "copy",
    "compress-archive": "copy",
    "get-childitem": "reads",
    "get-content": "reads",
    "import-csv": "reads",
    "test-path": "reads",
    "set-location": "reads",
    "push-location": "reads",
    "get-item": "reads",
    "import-clixml": "reads",
    "export-csv": "writes",
    "out-file": "writes",
    "set-content": "writes",
    "add-content": "writes",
    "new-item": "writes",
    "remove-item": "writes",
    "export-clixml": "writes",
    "read-s3object": "s3 reads",
    "copy-s3object": "s3 reads",
    "write-s3object": "s3 writes",
    "get-s3object": "s3 reads",
    "start-process": "calls",
}
_WANTED = re.compile(
    r"(?i)(?<![\w.-])(?:"
    + "|".join(
        map(
            re.escape,
            [
                *_CMDLETS,
                *(p for p in PROGRAMS if p not in ("type", "start", "dir", "call", "exp", "imp", "install", "mount")),
            ],
        )
    )
    + r")(?:\.exe)?(?![\w-])"
)
_TOKEN = re.compile(
    r"""@?"(?:[^"`]|`[\s\S]|""){0,20000}"|'(?:[^']|''){0,20000}'|`\n|[|;{}&()\n]|@\w+|[^\s"'|;{}()`]+|`."""
)
_LONGEST = 20_000
_HERE = re.compile(r"""\$(\w{1,80})[ \t]*=[ \t]*@(["'])[ \t]*\n""")


def powershell(_path: str, content: bytes) -> Iterator[Mention]:
    """What a script's cmdlets and programs name, and what else stands in it."""
    if binary(content):
        raise NotMine
    plain = decode(content)
    text, variables = filled(plain, FILLING, POWERSHELL)
    for name, _, body in _here_strings(text):
        variables.values[name.lower()] = body
    page = Page(text, POWERSHELL)
    page.cover_shown()
    end = -1
    for match in _WANTED.finditer(text):
        if match.start() < end or not _at_start(text, match.start()):
            continue
        words, end = _words(text, match.start())
        words = [variables.values.get(w[1:].lower(), w) if w.startswith("$") else w for w in words]
        command = Command(
            tuple(words), page.line(match.start()), page.status(match.start()), environment=variables.values
        )
        said = list(_quotes(command))
        yield from said
        if said:
            for number in range(command.line, page.line(max(match.start(), end - 1)) + 1):
                page.cover_line(number)
    yield from _splatted(text, page)
    yield from page.plain("powershell")


def _here_strings(text: str) -> Iterator[tuple[str, int, str]]:
    for match in _HERE.finditer(text):
        close = text.find(f"\n{match[2]}@", match.end() - 1, match.end() + 200_000)
        if close >= 0:
            yield match[1], match.end(), text[match.end() : close]


def _at_start(text: str, at: int) -> bool:
    """Whether a command begins here: not within a string or a path."""
    near = max(0, at - 300)
    head = text[max(text.rfind("\n", near, at) + 1, near) : at]
    return head.count('"') % 2 == 0 and head.count("'") % 2 == 0 and not re.search(r"[\\/:$.\w-]\Z", head)


def _words(text: str, at: int) -> tuple[list[str], int]:
    """The words of a command up to its end, without their quotes, and where that is."""
    words: list[str] = []
    depth, end, before = 0, at, -1
    for token in _TOKEN.finditer(text, at, at + _LONGEST):
        word, end = token[0], token.start()
        if word == "`\n":
            continue
        if depth == 0 and word in "|;{}\n)":
            break
        if word in "()&{}|;\n":
            depth += 1 if word == "(" else -1 if word == ")" else 0
            continue
        if word[0] in "\"'" or word.startswith('@"'):
            quote = word[-1]
            word = word.lstrip("@")[1:-1].replace(quote * 2, quote).replace('`"', '"')
        if token.start() == before and words and not words[-1].startswith("@"):
            words[-1] += word
        else:
            words.append(word)
        before = end = token.end()
    return words, end


def _quotes(command: Command) -> Iterator[Mention]:
    name = command.words[0].lower()
    what = _CMDLETS.get(name)
    if what is None:
        if program(command.words[0]) in PROGRAMS:
            yield from quotes(command, "powershell")
        return
    named, plain = _parameters(command.words[1:])
    origin = f"powershell/{command.words[0]}"
    if what == "sql":
        yield from _sql(name, named, plain, command, origin)
    elif what in ("drive", "mapping"):
        at = named.get("root") if what == "drive" else named.get("remotepath")
        alias = named.get("name") if what == "drive" else named.get("localpath")
        at = at or next((w for w in plain if w.startswith("\\\\")), "")
        if alias and not alias.startswith("$"):
            alias = f"{alias.rstrip(':').upper()}:" if len(alias) <= 2 else alias
        made = share(at, command, origin, action="mounts", alias=alias)
        if made is not None:
            yield made
    elif what.startswith("s3"):
        bucket, key = named.get("bucketname", ""), named.get("key") or named.get("keyprefix") or ""
        if bucket and not bucket.startswith("-"):
            made = place(f"s3://{bucket}/{key}", command, origin, action=what[3:])
            if made is not None:
                yield made
    else:
        yield from _files(what, named, plain, command, origin)


def _parameters(words: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    named: dict[str, str] = {}
    plain: list[str] = []
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if re.match(r"-[A-Za-z]\w*:?\Z", word):
            value = todo.pop(0) if todo and not re.match(r"-[A-Za-z]", todo[0]) else ""
            named[word.strip("-:").lower()] = value
        else:
            plain.append(word)
    return named, plain


def _files(what: str, named: dict[str, str], plain: list[str], command: Command, origin: str) -> Iterator[Mention]:
    source = next((named[k] for k in ("path", "literalpath", "filepath", "source") if named.get(k)), None)
    target = next((named[k] for k in ("destination", "destinationpath") if named.get(k)), None)
    if source is None and plain:
        source = plain.pop(0)
    if target is None and plain:
        target = plain.pop(0)
    first = "reads" if what == "copy" else what
    for text, action in ((source, first), (target, "writes" if what == "copy" else None)):
        for one in (text or "").split(",") if text and action else ():
            made = place(one.strip().strip("\"'"), command, origin, action=action)
            if made is not None:
                yield made


def _sql(name: str, named: dict[str, str], plain: list[str], command: Command, origin: str) -> Iterator[Mention]:
    if text := named.get("connectionstring"):
        reached = quoted(
            text, origin=origin, line=command.line, kind="connection_string", status=command.status, action="connects"
        )
    else:
        told = {
            "server": named.get("serverinstance") or named.get("sqlinstance") or named.get("server") or "",
            "database": named.get("database") or named.get("databasename") or "", "user": named.get("username") or "",
        }  # fmt: skip
        written = [
            f"-{k} {v}"
            for k, v in named.items()
            if k in ("serverinstance", "sqlinstance", "database", "databasename", "username") and v
        ]
        action = (
            "writes"
            if name.startswith(("write", "restore"))
            else "reads"
            if name.startswith(("read", "backup"))
            else "connects"
        )
        reached = made_of(command, origin, "mssql", told, written, action)
    if reached is None:
        return
    yield reached
    text = named.get("query") or named.get("q") or (plain[0] if plain else "")
    if text and (made := statement(text, command, origin, reached)) is not None:
        yield made
    if (
        named.get("tablename")
        and (made := table(named["tablename"], command, origin, reached, reached.action)) is not None
    ):
        yield made
    if file := named.get("inputfile") or named.get("file"):
        yield from script(file, command, origin)
    if file := named.get("backupfile"):
        made = place(file, command, origin, action="writes" if name.startswith("backup") else "reads")
        if made is not None:
            yield made


_SPLAT = re.compile(r"(?i)\$(\w{1,60})\s*=\s*(?:\[ordered\])?@\{([^{}]{1,4000})\}")
_ENTRY = re.compile(
    r"""(?i)\b(ServerInstance|SqlInstance|Database|Query|Username|InputFile|RemotePath|LocalPath|Root|N"""
    r"""ame)\s*=\s*(["'])((?:(?!\2)[^\n]){0,2000})\2"""
)


def _splatted(text: str, page: Page) -> Iterator[Mention]:
    """Parameters that are kept in a table and handed over by ``@name``."""
    for match in _SPLAT.finditer(text):
        named = {m[1].lower(): m[3] for m in _ENTRY.finditer(match[2])}
        if "serverinstance" in named or "sqlinstance" in named:
            at = Command(("invoke-sqlcmd",), page.line(match.start()), page.status(match.start()))
            yield from (replace(m, line=at.line) for m in _sql("invoke-sqlcmd", named, [], at, "powershell/parameters"))
