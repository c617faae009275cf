"""Scripts and program source: shell commands, calls that connect, and the text for the rest."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extractor import Extractor, Mention, NotMine
from scanner.extractors.commands.script import interpreter, script, shell_script
from scanner.extractors.decode import binary, decode


def _shell(_path: str, content: bytes) -> Iterator[Mention]:
    if binary(content):
        raise NotMine
    text = decode(content)
    if interpreter(text):
        yield from script(text, "script")
    else:
        yield from shell_script(text, "shell")


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "shell",
        "shell scripts",
        _shell,
        endings=frozenset(("sh", "bash", "ksh", "csh", "zsh", "tcsh", "bashrc", "profile")),
        names=frozenset((".profile", ".bashrc", ".bash_profile", ".kshrc", ".zshrc", ".cshrc", ".bash_aliases")),
        patterns=(
            "*/cron.daily/*",
            "*/cron.hourly/*",
            "*/cron.weekly/*",
            "*/cron.monthly/*",
            "*/init.d/*",
            "*/profile.d/*",
        ),
    ),
)
