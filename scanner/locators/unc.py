r"""UNC paths: ``\\server\share\path`` and the spellings of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNC = re.compile(
    r"""(?ix)^(?:\\\\\?\\unc\\|\\\\|//)(?P<server>[^\\/:*?"<>|\s@;,=]{1,255})(?P<options>@[^\\/]{1,20})?
    [\\/]{1,2}(?P<share>[^\\/:*?"<>|\r\n]{1,255})(?P<path>[\\/].*)?$""",
)
_DOUBLED = re.compile(r"^\\\\\\\\[^\\]")


@dataclass(frozen=True, slots=True)
class Unc:
    """A path on a server: its parts as written; ``path`` has slashes and no slash at its ends, '' for the share."""

    server: str
    share: str
    path: str


def unc(text: str) -> Unc | None:
    r"""A UNC path taken apart; None where it is none. Backslashes doubled for a programming language are undone.

    >>> unc(r"\\nas7\data$\in\a.csv")
    Unc(server='nas7', share='data$', path='in/a.csv')
    """
    text = text.strip().strip("\"'")[:4000]
    if _DOUBLED.match(text):
        text = text.replace("\\\\", "\\")
    found = _UNC.match(text)
    if found is None or found["server"] in (".", "?"):
        return None
    path = re.sub(r"[\\/]+", "/", found["path"] or "").strip("/")
    return Unc(found["server"], found["share"].strip(), path)
