"""A shell script as a whole: what its commands name, and what else stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scanner.extractor import Mention
from scanner.extractors.commands import batch
from scanner.extractors.commands.command import Command
from scanner.extractors.commands.programs import quotes
from scanner.extractors.commands.shell import commands
from scanner.extractors.filling import SHELL as FILLING
from scanner.extractors.filling import filled
from scanner.extractors.languages import HASHES, PHP, PYTHON, SHELL, SLASHES, Language
from scanner.extractors.page import Page

_SHELLS = frozenset(("sh", "bash", "ksh", "csh", "tcsh", "zsh", "dash", "ash"))
_OTHERS: dict[str, Language] = {
    "python": PYTHON,
    "perl": HASHES,
    "ruby": HASHES,
    "php": PHP,
    "node": SLASHES,
    "expect": HASHES,
    "tclsh": HASHES,
    "Rscript": HASHES,
}


def interpreter(text: str) -> str:
    """The program that a script's first line names, without folder and version; '' where there is none."""
    if not text.startswith("#!"):
        return ""
    words = text[2:200].split("\n", 1)[0].split()
    while words and (words[0].endswith("/env") or words[0].startswith("-")):
        words.pop(0)
    return words[0].rpartition("/")[2].rstrip("0123456789.") if words else ""


def is_script(text: str) -> bool:
    """Whether the first line names a program that runs the rest."""
    return bool(interpreter(text))


def script(text: str, origin: str) -> Iterator[Mention]:
    """What a script names, by the program that its first line names: a shell's commands, or the text alone."""
    name = interpreter(text)
    if name in _SHELLS or not name:
        yield from shell_script(text, "shell")
    else:
        yield from Page(text, _OTHERS.get(name, HASHES)).plain(origin)


def shell_script(text: str, origin: str) -> Iterator[Mention]:
    """The commands' places first; what else stands in the text is said once."""
    page = Page(filled(text, FILLING, SHELL)[0], SHELL)
    page.cover_shown()
    yield from told(page, commands(text), origin)
    yield from page.plain(origin)


def told(page: Page, found: Iterator[Command], origin: str) -> Iterator[Mention]:
    """What commands name, nothing twice; the page keeps in mind which lines were understood."""
    for command in found:
        said: set[tuple[object, ...]] = set()
        for mention in quotes(command, origin):
            one = (mention.kind, mention.locator, mention.action)
            if one not in said:
                said.add(one)
                yield mention
        if said:
            for number in range(command.line, command.line + 1 + sum(w.count("\n") for w in command.words)):
                page.cover_line(number)


def one_command(
    text: str,
    line: int,
    origin: str,
    *,
    status: str | None = None,
    given: Mapping[str, str] | None = None,
    windows: bool = False,
) -> Iterator[Mention]:
    """What a command line names that a crontab, a service, a task or a program's call holds."""
    read = batch.commands if windows else commands
    for command in read(text, first=line, given=given):
        for mention in quotes(command, origin):
            yield replace(mention, status=status or mention.status)
