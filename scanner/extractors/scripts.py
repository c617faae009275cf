"""Scripts and program source: shell commands, calls that connect, and the text for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Extractor, Mention, NotMine
from scanner.extractors.calls import airflow, connecting, running
from scanner.extractors.commands.script import interpreter, script, shell_script
from scanner.extractors.decode import binary, decode
from scanner.extractors.filling import CURLY, filled
from scanner.extractors.filling import PYTHON as PYTHON_FILLING
from scanner.extractors.finding import may_hold
from scanner.extractors.languages import PYTHON, language
from scanner.extractors.page import Page

_SOURCES = frozenset((
    "py", "pyw", "pl", "pm", "cgi", "rb", "php", "php3", "php5", "phtml", "inc", "java", "cs", "csx", "js", "jsx",
    "mjs", "cjs", "ts", "tsx", "go", "scala",
    "kt", "kts", "groovy", "swift", "rs", "dart", "r", "jl", "lua", "tcl", "pas", "cpp", "cc", "c", "h", "hpp",
    "ipynb", "sas",
))  # fmt: skip
_CALLS = ("onnect", "Client(", "Redis(", "FTP(", "Transport(", "create_pool")


def _shell(_path: str, content: bytes) -> Iterator[Mention]:
    if binary(content):
        raise NotMine
    text = decode(content)
    if interpreter(text):
        yield from script(text, "script")
    else:
        yield from shell_script(text, "shell")


def _source(path: str, content: bytes) -> Iterator[Mention]:
    """Calls whose arguments tell, commands that are run, and what stands in the strings."""
    if binary(content):
        raise NotMine
    plain = decode(content)
    spoken = language(path)
    filling = PYTHON_FILLING if spoken is PYTHON else CURLY
    text = filled(plain, filling, spoken)[0] if may_hold(plain) else plain
    page = Page(text, spoken)
    origin = path.rpartition(".")[2].lower() if "." in path else "source"
    if "airflow" in plain and spoken is PYTHON:
        yield from airflow(page, "airflow")
    if any(c in plain for c in _CALLS):
        yield from connecting(page, origin)
    if re.search(r"(?i)system|popen|exec|subprocess|passthru|BashOperator|`", plain):
        yield from running(page, origin)
    yield from page.plain(origin)


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
    Extractor("source", "program source", _source, endings=_SOURCES),
)
