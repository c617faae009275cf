"""Recipes in languages of their own: Dockerfiles, Jenkinsfiles, Ansible inventories, Autosys jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention, NotMine
from scanner.extractors.calls import running
from scanner.extractors.commands.script import one_command
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import SHELL, SLASHES
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import Setting, mentions, rest
from scanner.extractors.windows.task import located


def _text(content: bytes) -> str:
    if binary(content):
        raise NotMine
    return decode(content)


_INSTRUCTION = re.compile(r"(?i)(#\s*)?(ENV|ARG|RUN|CMD|ENTRYPOINT)\s+(\S.*)\Z", re.DOTALL)
_PAIR = re.compile(r"""(\w{1,100})=(?:"([^"\n]{0,2000})"|'([^'\n]{0,2000})'|(\S{0,2000}))""")


def dockerfile(_path: str, content: bytes) -> Iterator[Mention]:
    """What an image sets in its environment and runs."""
    page = Page(_text(content), SHELL)
    told: list[Mention] = []
    settings: list[Setting] = []
    for number, last, line in _logical(page.text):
        match = _INSTRUCTION.match(line)
        if match is None:
            continue
        status, verb, value = "commented" if match[1] else None, match[2].upper(), match[3]
        if verb in ("ENV", "ARG"):
            pairs = [(m[1], m[2] or m[3] or m[4] or "") for m in _PAIR.finditer(value)]
            if not pairs and " " in value:
                name, _, text = value.partition(" ")
                pairs = [(name, text.strip())]
            settings += [Setting(("env", k), v, number, status) for k, v in pairs]
        else:
            command = re.sub(r'["\[\],]+', " ", value) if value.startswith("[") else value
            said = list(one_command(command, number, f"dockerfile/{verb}", status=status))
            told += said
            for covered in range(number, last + 1) if said else ():
                page.cover_line(covered)
    told += mentions(settings, "dockerfile/ENV", page=page)
    yield from told
    yield from rest(page, told, "dockerfile")


def _logical(text: str) -> Iterator[tuple[int, int, str]]:
    """Lines put together where a backslash goes on: the first and last number, and the text."""
    pending, first = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        first = first or number
        if line.endswith("\\") and len(pending) < 20_000:
            pending += line[:-1] + " "
            continue
        yield first, number, (pending + line).strip()[:40_000]
        pending, first = "", 0


def jenkinsfile(_path: str, content: bytes) -> Iterator[Mention]:
    """Steps that run a command (``sh``, ``bat``), and what else stands in the text."""
    page = Page(_text(content), SLASHES)
    for match in _STEP.finditer(page.text):
        mark = match[2]
        end = page.text.find(mark, match.end(), match.end() + 40_000)
        line = page.line(match.end())
        command = (
            page.text[match.end() : end]
            if end >= 0 and (len(mark) == 3 or "\n" not in page.text[match.end() : end])
            else ""
        )
        said = list(
            one_command(
                command, line, f"jenkins/{match[1]}", status=page.status(match.start()), windows=match[1] == "bat"
            )
        )
        for mention in said:
            page.cover_line(mention.line or line)
        yield from said
    yield from running(page, "jenkins")
    yield from page.plain("jenkins")


_STEP = re.compile(r"""(?<![\w.])(sh|bat|powershell)\s{0,4}\(?\s{0,4}(?:script\s{0,4}:\s{0,4})?(\"{3}|'{3}|["'])""")
_HOST_VARIABLE = re.compile(r"""\bansible_(?:ssh_)?host\s{0,4}=\s{0,4}["']?([\w.:-]{1,253})""")


def inventory(_path: str, content: bytes) -> Iterator[Mention]:
    """An Ansible inventory as ini: ``name ansible_host=address variable=value``."""
    page = Page(_text(content), SHELL)
    told: list[Mention] = []
    settings: list[Setting] = []
    for number, line in enumerate(page.text.split("\n"), start=1):
        bare = line.strip()[:4000]
        status = "commented" if bare[:1] in ("#", ";") else None
        bare = bare.lstrip("#; ")
        name = bare.split(maxsplit=1)[0] if bare and bare[0] != "[" else ""
        if not name:
            continue
        if "=" not in name and (host := _HOST_VARIABLE.search(bare)) is not None:
            made = quoted(
                host[1], origin="ansible/host", line=number, kind="host", status=status, alias=name, action="defines"
            )
            told += [made] if made is not None else []
        settings += [
            Setting((name if "=" not in name else "vars", m[1]), m[2] or m[3] or m[4] or "", number, status)
            for m in _PAIR.finditer(bare)
            if not m[1].startswith("ansible_")
        ]
    told += mentions(settings, "ansible/variable", page=page)
    yield from told
    yield from rest(page, told, "ansible")


_ATTRIBUTE = re.compile(
    r"(?:^|\s)(insert_job|update_job|command|machine|std_out_file|std_err_file|std_in_file|watch_file|prof"
    r"ile|connect_string|sql_command|job_type):\s{0,9}(\S[^\n]{0,4000}?)(?=\s+[a-z_]{4,30}:\s|\s*$)"
)


def autosys(_path: str, content: bytes) -> Iterator[Mention]:
    """Autosys' job definitions (JIL): commands, machines, files watched and written."""
    text = _text(content)
    if not re.search(r"(?m)^\s{0,9}(?:/\*[^\n]{0,200}\*/\s*)?(?:insert|update|override)_job:", text):
        raise NotMine
    for number, line in enumerate(text.split("\n"), start=1):
        if line.lstrip().startswith("/*") and ":" not in line.partition("*/")[2]:
            continue
        for match in _ATTRIBUTE.finditer(line[:8000]):
            key, value = match[1], match[2].strip('"')
            if key == "command":
                said = [*one_command(value, number, "jil/command")] or [
                    *one_command(value, number, "jil/command", windows=True)
                ]
                yield from said
                made = located(value.split()[0].strip('"'), number, None, "jil/command", "calls") if not said else None
            elif key == "machine":
                made = quoted(value, origin="jil/machine", line=number, kind="host", action="calls")
            elif key == "connect_string":
                made = quoted(
                    value, origin="jil/connect_string", line=number, kind="connection_string", action="connects"
                )
            elif key in ("watch_file", "std_in_file"):
                made = quoted(
                    value,
                    origin=f"jil/{key}",
                    line=number,
                    kind="unc" if value.startswith("\\\\") else "path",
                    action="reads",
                )
            else:
                made = (
                    located(value.lstrip(">"), number, None, f"jil/{key}", "writes") if key.startswith("std_") else None
                )
            if made is not None:
                yield made
