"""SQL scripts: not their statements, but the places outside the database that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from scanner.extractor import Extractor, Mention, NotMine
from scanner.extractors.commands.command import Command
from scanner.extractors.commands.databases import made_of, oracle_login
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import SQL
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.sqltext import files, links
from scanner.extractors.sqltext.pieces import Place

_READERS: dict[str, tuple[str, Callable[[str, Place, int], Iterator[Mention]]]] = {
    "sp_addlinkedserver": (r"(?:\])?['\"]?\s{0,9}\(?", links.linked_server),
    "openrowset": (r"\s{0,9}\(", links.rowset),
    "opendatasource": (r"\s{0,9}\(", links.rowset),
    "openquery": (r"\s{0,9}\(", links.passed),
    "database link": ("", links.database_link),
    "server": ("", links.foreign_server),
    "foreign table": ("", links.foreign_table),
    "dblink": (r"(?:_exec|_connect|_connect_u|_open|_send_query)?\s{0,9}\(", links.dblink),
    "connection": (r"(?=\s{0,9}=\s{0,9}')", links.federated),
    "synonym": ("", links.synonym),
    "bulk insert": ("", files.bulk_insert),
    "copy": ("", files.copy),
    "infile": ("", files.infile),
    "outfile": ("", files.outfile),
    "dumpfile": ("", files.outfile),
    "disk": (r"(?=\s{0,9}=)", files.disk),
    "url": (r"(?=\s{0,9}=\s{0,9}N?')", files.disk),
    "location": (r"(?=\s{0,9}[=(]?\s{0,99}(?:[\w\"]{1,128}\s{0,9}:\s{0,9})?N?')", files.location),
    "directory": ("", files.directory),
    "utl_file.fopen": (r"(?:_nchar)?\s{0,9}\(", files.utl_file),
    "xp_cmdshell": (r"['\]]?", files.shell),
    "sp_add_jobstep": (r"\]?", files.job_step),
}
"""A keyword, what must follow it, and who reads on from there."""
_FOLLOWING = {word: re.compile(follows, re.IGNORECASE) for word, (follows, _) in _READERS.items()}
_SETVAR = re.compile(r"(?im)^[ \t]{0,20}:setvar[ \t]{1,20}(\w{1,80})[ \t]{1,20}\"?([^\"\n]{1,500}?)\"?[ \t]{0,20}$")
_USED = re.compile(r"\$\((\w{1,80})\)")
_ORDER = re.compile(
    r"(?im)^[ \t]{0,40}(?:--[ \t]{0,4})?(?::connect[ \t]+(?P<connect>[^\s\n]{1,260})(?P<options>[^\n]{0,30"
    r"0})|:r[ \t]+(?P<read>[^\n]{1,400})"
    r"|\\(?:i|ir|include)[ \t]+(?P<include>[^\n]{1,400})|conn(?:ect)?[ \t]+(?P<login>[^\s;]{3,300}@[^\s;]{1,400})"
    r"|@@?(?P<script>[\w./\\:$&~-]{1,300}\.\w{1,6})[ \t]*;?[ \t]*$|\\c(?:onnect)?[ \t]+(?P<psql>[^\n]{1,400}))"
)
_FOUR_PARTS = re.compile(r"\.(?:\[[^\]\n]{1,128}\]|[^.,;()=\s]{0,130})\.(?:\[[^\]\n]{1,128}\]|[^.,;()=\s]{0,130})\.")
_A_DUMP = 1 << 20
"""Characters above which rows of values are a dump's: what stands in them is data."""
_ROWS = ("insert", "(", ",(", "values")


def sqltext(_path: str, content: bytes) -> Iterator[Mention]:
    """Links, files and orders of a script; comments are told as such."""
    if binary(content):
        raise NotMine
    text = decode(content)
    yield from Script(text).mentions()


class Script:
    """A SQL text being quoted."""

    def __init__(self, text: str, *, first: int = 1, part: str | None = None) -> None:
        set_here = {m[1]: m[2] for m in _SETVAR.finditer(text)} if ":setvar" in text.lower() else {}
        self.text = _USED.sub(lambda m: set_here.get(m[1], m[0]), text) if set_here else text
        self.page = Page(self.text, SQL, first=first, part=part)

    def mentions(self) -> Iterator[Mention]:
        """What it names, the structured first."""
        for mention in self._structured():
            if mention.line is not None:
                self.page.cover(mention.line, mention.locator)
                if mention.kind in ("connection_string", "server_link", "sql"):
                    self.page.cover_line(mention.line)
            yield mention
        yield from self.page.plain("sql", skip=self._is_row if len(self.text) > _A_DUMP else None)

    def _is_row(self, at: int) -> bool:
        """Whether the line of this place holds values: they are data."""
        start = self.text.rfind("\n", 0, at) + 1
        return self.text[start : start + 40].lstrip().lower().startswith(_ROWS)

    def _structured(self) -> Iterator[Mention]:
        low = self.text.lower()
        if len(low) != len(self.text):
            low = "".join(c.lower() if c.isascii() else c for c in self.text)
        for word, (_, read) in _READERS.items():
            at = low.find(word)
            while at >= 0:
                after = _FOLLOWING[word].match(self.text, at + len(word))
                if after is not None and not (at and (low[at - 1].isalnum() or low[at - 1] in "_$@#")):
                    yield from read(self.text, Place(self.page, at), after.end())
                at = low.find(word, at + len(word))
        yield from self._far_names()
        yield from self._orders()

    def _far_names(self) -> Iterator[Mention]:
        """Names of four parts, or with a link, in lines that can hold one; the verb may stand on the line before."""
        before = at = done = 0
        for line in self.text.split("\n"):
            end = at + len(line)
            if "@" in line or (line.count(".") > 2 and _FOUR_PARTS.search(line)):
                for match in links.NAMED.finditer(self.text, max(before, done), end):
                    done = match.end()
                    yield from links.far_names(match, Place(self.page, match.start()))
            before, at = at, end + 1

    def _orders(self) -> Iterator[Mention]:
        r"""Lines that are for the client: ``:connect``, ``:r``, ``CONNECT``, ``@script``, ``\\i``, ``\\c``."""
        for match in _ORDER.finditer(self.text):
            at = Place(self.page, match.start())
            command = Command((match[0].split()[0],), self.page.line(at.at), self.page.status(match.end()))
            if match["connect"]:
                made = made_of(
                    command, "sql/:connect", "mssql", {"server": match["connect"]}, [match["connect"]], "connects"
                )
                if made is not None:
                    yield made
            elif match["login"]:
                user, _, to = match["login"].rpartition("@")
                made = oracle_login(user.partition("/")[0].strip('"'), to, command, "sql/CONNECT", "connects")
                if made is not None:
                    yield made
            elif match["psql"]:
                yield from self._psql(match["psql"], command)
            else:
                yield from files.place(
                    (match["read"] or match["include"] or match["script"]).strip(" \"';"), at, "include", "calls"
                )

    def _psql(self, words: str, command: Command) -> Iterator[Mention]:
        told = words.replace('"', "").split()
        if "=" in words or "://" in words:
            made = quoted(
                words.strip(" \"'"), origin="sql/connect", line=command.line, status=command.status, action="connects"
            )
        elif len(told) >= 3 and told[2] != "-":
            named = {
                "database": told[0],
                "user": told[1].strip("-"),
                "server": told[2],
                "port": told[3] if len(told) > 3 else "",
            }
            made = made_of(command, "sql/connect", "postgresql", named, told[:4], "connects")
            made = replace(made, locator=f"\\c {' '.join(told[:4])}") if made is not None else None
        else:
            return
        if made is not None:
            yield made


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "sql",
        "SQL scripts",
        sqltext,
        endings=frozenset(
            (
                "sql",
                "ddl",
                "dml",
                "pks",
                "pkb",
                "pck",
                "prc",
                "prc",
                "fnc",
                "trg",
                "tsql",
                "hql",
                "pls",
                "plsql",
                "psql",
                "pgsql",
                "mysql",
                "vw",
                "tab",
                "udf",
                "spb",
                "sps",
                "syn",
                "bteq",
                "btq",
            )
        ),
        patterns=("*.sql.*",),
    ),
)
