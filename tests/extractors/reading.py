"""What the tests of extractors share: reading a sample, and looking for a secret in all that came of it."""

from __future__ import annotations

from dataclasses import astuple

from scanner.extractor import Mention, NotMine, Trouble, Unread
from scanner.extractors import wanting

CANARY = "Zx9-canary-1471"
"""The password of every sample."""


def read(path: str, content: str | bytes) -> tuple[list[Mention], list[Trouble]]:
    """What the first extractor that does not decline gives of a file, none of which may be a secret."""
    mentions, troubles = gathered(path, content)
    told = [str(value) for thing in (*mentions, *troubles) for value in astuple(thing)]
    assert not any(CANARY in text for text in told), "a secret came through"
    return mentions, troubles


def gathered(path: str, content: str | bytes, *, others: bool = True) -> tuple[list[Mention], list[Trouble]]:
    """The same without looking for secrets; what an extractor raises of its two exceptions counts as trouble.

    Without ``others`` nobody else is asked where the first extractor declines.
    """
    body = content.encode() if isinstance(content, str) else content
    mentions: list[Mention] = []
    troubles: list[Trouble] = []
    for extractor in wanting(path):
        try:
            for quote in extractor.quote(path, body):
                (mentions if isinstance(quote, Mention) else troubles).append(quote)  # type: ignore[arg-type]
        except NotMine:
            if others:
                continue
        except Unread as unread:
            troubles.append(Trouble(unread.code, unread.detail))
        break
    return mentions, troubles


def quotes(path: str, content: str | bytes) -> list[Mention]:
    """The mentions of a file that reads without trouble."""
    mentions, troubles = read(path, content)
    assert troubles == []
    return mentions


def by_origin(mentions: list[Mention], origin: str) -> list[Mention]:
    return [m for m in mentions if m.origin == origin]


def one(mentions: list[Mention], origin: str) -> Mention:
    """The only mention of an origin."""
    found = by_origin(mentions, origin)
    assert len(found) == 1, found
    return found[0]
