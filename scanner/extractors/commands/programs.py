"""Every program whose words are understood, and what only starts another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scanner.extractor import Mention
from scanner.extractors.commands.command import Command
from scanner.extractors.commands.databases import DATABASES
from scanner.extractors.commands.transfers import TRANSFERS

PROGRAMS: dict[str, Callable[[Command, str], Iterator[Mention]]] = {**TRANSFERS, **DATABASES}
"""A program's name to what quotes its words."""
PREFIXES = frozenset((
    "sudo", "nohup", "time", "nice", "ionice", "exec", "eval", "env", "timeout", "xargs", "command", "then", "do",
    "else", "if",
    "elif", "while", "until", "!", "{", "su", "runuser", "flock", "chronic", "setsid", "doas", "stdbuf", "gosu",
    "cmd", "for",
    "start", "call", "not", "exist", "docker", "kubectl", "sshpass", "proxychains", "chpst", "setuidgid", "trap",
    "case", "&",
))  # fmt: skip
"""Words that stand before the program that they start."""
SHELLS = frozenset(("sh", "bash", "ksh", "csh", "tcsh", "zsh", "dash", "su", "runuser"))
"""Programs that take a whole command behind ``-c``."""


def quotes(command: Command, origin: str) -> Iterator[Mention]:
    """What a command's words name."""
    quote = PROGRAMS.get(command.program)
    if quote is not None:
        yield from quote(command, f"{origin}/{command.program}")
