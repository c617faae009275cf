"""Source with the variables put in that it sets itself, line for line, so that a place stands whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.extractors.commands.command import Variables
from scanner.extractors.comments import Comments
from scanner.extractors.languages import Language

_LONGEST_LINE = 8_000
_NAME = r"[$@]?[A-Za-z_][\w.]{0,79}(?:\(\))?"


@dataclass(frozen=True, slots=True)
class Filling:
    """How a language sets a variable, uses one within a string, and joins strings.

    ``assigned`` has the groups ``name`` and ``value``; a value is a string without its quotes. ``joins`` is the sign
    between a string and a variable, '' where there is none.
    """

    assigned: re.Pattern[str]
    used: re.Pattern[str] | None = None
    joins: str = ""
    folded: bool = False


SHELL = Filling(
    re.compile(
        r"""\s*(?:(?:export|local|readonly|declare|typeset)\s+(?:-\w+\s+)?)?(?P<name>[A-Za-z_]\w{0,79})="""
        r"""["']?(?P<value>[^\s"';&|]{1,900})["']?\s*(?:[;&#].*)?$"""
    ),
    re.compile(r"\$\{(\w{1,80})(?::?-[^}\n]{0,200})?\}|\$(\w{1,80})"),
)
POWERSHELL = Filling(
    re.compile(
        r"""\s*(?:\[[\w.\[\]]{1,60}\]\s*)?\$(?:script:|global:|local:)?(?P<name>\w{1,80})\s*=\s*["'](?P<val"""
        r"""ue>[^"'\n]{0,900})["']\s*[,;)]?\s*(?:#.*)?$"""
    ),
    re.compile(r"\$\{(\w{1,80})\}|\$\(\$(\w{1,80})\)|\$(\w{1,80})(?![\w(])"), "+", folded=True,
)  # fmt: skip
BATCH = Filling(
    re.compile(r"""(?i)@?\s*set\s+"?(?P<name>[\w .-]{1,80}?)\s?=(?P<value>[^"\n]{1,900})"?\s*$"""),
    re.compile(r"%(\w[\w .-]{0,79})(?::[^%\n]{1,80})?%|!(\w{1,80})!"), folded=True,
)  # fmt: skip
BASIC = Filling(
    re.compile(
        r"""(?i)\s*(?:(?:const|dim|public|private|set)\s+)?(?:const\s+)?(?P<name>[A-Za-z_]\w{0,79})(?:\s+as"""
        r"""\s+\w+)?\s*=\s*"(?P<value>[^"\n]{1,900})"\s*(?:'.*)?$"""
    ),
    None, "&", folded=True,
)  # fmt: skip
CURLY = Filling(
    re.compile(
        r"""\s*(?:[\w<>.\[\]]{1,40}\s+){0,5}\$?(?P<name>[A-Za-z_]\w{0,79})\s*(?::\s*\w+\s*)?(?::=|=)\s*[rbu"""
        r"""@$]{0,2}["'](?P<value>[^"'\n]{1,900})["']\s*[;,]?\s*(?:(?://|\#).*)?$"""
    ),
    None, "+",
)  # fmt: skip
PYTHON = Filling(CURLY.assigned, re.compile(r"(?<!\{)\{([A-Za-z_]\w{0,79})\}(?!\})"), "+")


def filled(text: str, filling: Filling, language: Language) -> tuple[str, Variables]:
    """The text with known variables put in, as many lines as before; and what it sets.

    A variable that is not known and is joined to a string stands in it as ``${name}``.
    """
    never = re.compile(r"(?!)")
    variables = Variables(filling.used or never, folded=filling.folded)
    if filling.used is None and not filling.joins:
        return text, variables
    comments = Comments(text, language)
    lines: list[str] = []
    at = 0
    for line in text.split("\n"):
        made = line
        if len(line) <= _LONGEST_LINE:
            if filling.joins and filling.joins in line and ('"' in line or "'" in line):
                made = _joined(made, filling, variables)
            if filling.used is not None:
                made = (
                    variables.put_in(made)
                    if "{" not in made or filling is not PYTHON
                    else filling.used.sub(variables.value_of, made)
                )
            if "=" in made and (match := filling.assigned.match(made)) and not comments.holds(at):
                variables.set(match["name"].strip(), match["value"])
        lines.append(made)
        at += len(line) + 1
    return "\n".join(lines), variables


_JOINS = {
    sign: (
        re.compile(
            rf"""(["'])[ \t]{{0,9}}{re.escape(sign)}[ \t]{{0,9}}({_NAME})[ \t]{{0,9}}{re.escape(sign)}[ \t]{{0,9}}\1"""
        ),
        re.compile(rf"""(["'])[ \t]{{0,9}}{re.escape(sign)}[ \t]{{0,9}}\1"""),
        re.compile(rf"""(?<![\w.$"'])({_NAME})[ \t]{{0,9}}{re.escape(sign)}[ \t]{{0,9}}(["'])(?=[\\/:@;])"""),
        re.compile(rf"""(["'])[ \t]{{0,9}}{re.escape(sign)}[ \t]{{0,9}}({_NAME})(?![\w.(\["'])"""),
    )
    for sign in ("&", "+")
}
"""A variable between two strings, two strings, a variable before one, and one behind."""


def _joined(line: str, filling: Filling, variables: Variables) -> str:
    between, strings, before, behind = _JOINS[filling.joins]
    line = between.sub(lambda m: _named(m[2], variables), line)
    line = strings.sub("", line)
    line = before.sub(lambda m: m[2] + value if (value := variables.known(m[1])) else m[0], line)
    return behind.sub(lambda m: _named(m[2], variables) + m[1], line)


def _named(name: str, variables: Variables) -> str:
    plain = name.lstrip("$@").removesuffix("()")
    return variables.known(name) or f"${{{plain}}}"
