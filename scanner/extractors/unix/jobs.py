"""What a Unix machine runs of itself: crontabs and systemd's services."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Mention
from scanner.extractors.commands.script import one_command
from scanner.extractors.unix.mounts import anything, lines

_SCHEDULE = re.compile(r"(?:@\w+|(?:[\d*/,A-Za-z?L#-]+[ \t]+){4}[\d*/,A-Za-z?L#-]+)[ \t]+(\S.*)\Z")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w{0,79})\s*=\s*(\S.*)\Z")
_STARTS = re.compile(r"[@\d*]")


def crontab(path: str, content: bytes) -> Iterator[Mention]:
    """The commands of a crontab; a system's has the account in front of each."""
    low = path.lower()
    with_user = "/cron.d/" in low or low.endswith(("etc/crontab", "etc/anacrontab"))
    given: dict[str, str] = {}
    for number, line, status in lines(content):
        assigned = _ASSIGNMENT.match(line)
        if assigned is not None and not _STARTS.match(line):
            if status is None:
                given[assigned[1]] = assigned[2].strip("\"'")
            continue
        match = _SCHEDULE.match(line) if _STARTS.match(line) else None
        if match is None:
            continue
        command = match[1].replace("\\%", "%")
        if with_user:
            command = command.partition(" ")[2].lstrip() or command
        yield from said(command, number, "cron", status, given)


def said(command: str, number: int, origin: str, status: str | None, given: dict[str, str]) -> Iterator[Mention]:
    """What a command line names, and locators among its other words."""
    quiet = set()
    for mention in one_command(command, number, origin, status=status, given=given):
        quiet.add(mention.locator.lower())
        yield mention
    if not quiet:
        yield from anything(command, number, origin, status)


_RUNS = frozenset(("execstart", "execstartpre", "execstartpost", "execstop", "execstoppost", "execreload"))


def service(_path: str, content: bytes) -> Iterator[Mention]:
    """What a service of systemd runs, and the places in its environment."""
    given: dict[str, str] = {}
    for number, line, status in lines(content):
        key, mark, value = line.partition("=")
        key, value = key.strip().lower(), value.strip()
        if not mark or " " in key:
            continue
        if key == "environment":
            for name, quoted_value, plain in re.findall(
                r"""["']?(\w{1,80})=(?:(?<==)"([^"]{0,900})"|([^"'\s]{0,900}))["']?""", value
            ):
                given[name] = quoted_value or plain
            yield from anything(value, number, "systemd/Environment", status)
        elif key in _RUNS:
            yield from said(value.lstrip("-@:+!"), number, f"systemd/{line.partition('=')[0].strip()}", status, given)
        elif key in ("workingdirectory", "bindpaths", "requiresmountsfor"):
            yield from anything(value, number, f"systemd/{line.partition('=')[0].strip()}", status)
