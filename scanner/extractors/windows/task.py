"""Task Scheduler's XML: what is run, with which words, where, and whether it is switched on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine, Quote
from scanner.extractors.commands.batch import commands
from scanner.extractors.commands.programs import quotes
from scanner.extractors.finding import found
from scanner.extractors.markup import Node, tree
from scanner.extractors.quoting import quoted

ORIGIN = "windows-task"


def task(_path: str, content: bytes) -> Iterator[Quote]:
    """The actions of one scheduled task, or of a list of them as schtasks exports it."""
    if b"<Task" not in content[:8192] and b"<\0T\0a\0s\0k" not in content[:8192]:
        raise NotMine
    made = tree(content)
    tasks = [n for n in (made.root, *made.root.all("Task")) if n.name == "Task"]
    tasks = [t for t in tasks if t.child("Actions") is not None]
    if not tasks:
        raise NotMine
    for one in tasks:
        settings = one.child("Settings")
        enabled = settings.child("Enabled") if settings is not None else None
        status = "commented" if enabled is not None and enabled.text.lower() == "false" else None
        for action in one.all("Exec"):
            yield from run(action, status, ORIGIN)
    if made.trouble is not None:
        yield made.trouble


def run(action: Node, status: str | None, origin: str) -> Iterator[Mention]:
    """A program, its arguments and its folder."""
    told = {n.name.lower(): n for n in action.children}
    command, arguments, folder = (told.get(k) for k in ("command", "arguments", "workingdirectory"))
    if command is not None and command.text:
        words = f"{_as_word(command.text)} {arguments.text if arguments is not None else ''}"
        yield from command_line(words, command.line, status, origin, program=command.text)
    if folder is not None and folder.text:
        made = located(folder.text.strip('"'), folder.line, status, f"{origin}/WorkingDirectory", "reads")
        if made is not None:
            yield made


def _as_word(program: str) -> str:
    return program if program.startswith('"') or " " not in program else f'"{program}"'


def command_line(words: str, line: int, status: str | None, origin: str, *, program: str = "") -> Iterator[Mention]:
    """What a command line names: the program where it lies on a share, what its words say, and places among them."""
    said: set[str] = set()
    if program:
        made = located(program.strip('"'), line, status, f"{origin}/Command", "calls")
        if made is not None:
            said.add(made.locator.lower())
            yield made
    for command in commands(words, first=line):
        for one in quotes(command, origin):
            said.add(one.locator.lower())
            yield replace(one, line=line, status=status or one.status)
    for place in found(words):
        if not any(place.text.lower() in s for s in said):
            one_more = quoted(
                place.text,
                origin=f"{origin}/Arguments",
                line=line,
                status=status,
                kind=None if place.kind == "connection_string" else place.kind,
            )
            if one_more is not None:
                yield one_more


def located(text: str, line: int, status: str | None, origin: str, action: str) -> Mention | None:
    """A path that is worth telling: one on a share or a drive that is not the system's own."""
    if text.startswith("\\\\"):
        return quoted(text, origin=origin, line=line, kind="unc", status=status, action=action)
    if text[1:3] == ":\\" and text[0] not in "cC":
        return quoted(text, origin=origin, line=line, kind="path", status=status, action=action)
    return None
