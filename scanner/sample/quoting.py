"""What one file refers to: its extractors in order, the first that does not decline; it runs in a helper process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter

from scanner.extractor import ACTIONS, KINDS, STATUSES, Extractor, Mention, NotMine, Trouble, Unread
from scanner.sample.archive import is_archive, members, streams
from scanner.sample.asking import ARCHIVED, asked

FIELDS = tuple(f.name for f in fields(Mention))
"""A mention's fields, in the order in which a row has them."""
MOST = 10_000
"""Mentions kept of one file."""
LETTERS = 8 << 20
"""Characters of them together."""
LONGEST = 200_000
"""Characters of a locator, which may be a whole statement."""
_LONGEST_WORD = 4_000
"""Characters of any other text of a mention."""


class Full(Exception):  # noqa: N818 - reads as what it says
    """No more of this file is kept."""


_values = attrgetter(*FIELDS)
ROW, FAULT, DOING = 0, 1, 2
"""How a record begins: a mention's fields and its extractor; a fault's op, code and detail; what is being done."""


class Quoted:
    """What is quoted of one file, each thing once; ``tell`` takes records, and says whether there is room for more."""

    def __init__(self, tell: Callable[[list[object]], bool]) -> None:
        self._tell = tell
        self._seen: set[tuple[object, ...]] = set()
        self._letters = 0
        self.doing = ""
        """The extractor at work, and on what."""

    def row(self, mention: Mention, extractor: str, part: str | None) -> None:
        """Keep a mention. Raises Full, and ValueError for one that is none."""
        if mention.kind not in KINDS or mention.status not in STATUSES or mention.action not in _ACTIONS:
            raise ValueError(f"no such mention: {mention.kind} {mention.status} {mention.action}")
        row = [_plain(v) for v in _values(mention)]
        row[_LOCATOR] = _text(mention.locator, LONGEST)
        if part is not None:
            row[_PART] = part if mention.part is None else f"{part}/{row[_PART]}"
        key = (*row[:4], mention.alias, mention.via)
        if key in self._seen or not row[_LOCATOR]:
            return
        self._letters += len(mention.locator)
        if len(self._seen) >= MOST or self._letters > LETTERS:
            raise Full
        self._seen.add(key)
        if not self._tell([ROW, *row, extractor]):
            raise Full

    def fault(self, op: str, code: str, detail: str) -> None:
        """Tell what could not be read."""
        self._tell([FAULT, op, code, _text(detail, 1000)])

    def at(self, extractor: str, part: str | None) -> None:
        """Say what is being done, so that it can be told if it does not come to an end."""
        self.doing = extractor if part is None else f"{extractor} on {part}"
        self._tell([DOING, self.doing])


_ACTIONS = {None, *ACTIONS}
_LOCATOR = FIELDS.index("locator")
_PART = FIELDS.index("part")


def _text(text: str, most: int) -> str:
    """Text that every sink can take: no half characters, no zeros, no more than so much."""
    text = text[:most]
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", " ")


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _text(value, _LONGEST_WORD)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return None
    return value


def quote(path: str, content: bytes, *, complete: bool, quoted: Quoted) -> None:
    """Have a file quoted by its extractors; an archive's members, where nobody wants it as it is.

    ``complete`` says whether the content is all there is of the file.
    """
    try:
        if is_archive(path) and not asked().by_name(path):
            read = _archive(path, content, complete=complete, quoted=quoted)
        else:
            read = _by(asked().of(path), path, content, complete=complete, part=None, quoted=quoted)
        if not read and (asked().by_name(path) or is_archive(path)) and content:
            quoted.fault("note", "CONTENT_MISNAMED", "its content is of no format that its name stands for")
    except Full:
        quoted.fault("read", "CONTENT_LIMIT", f"more than {MOST:,} locators, or {LETTERS:,} characters of them")


def _by(
    wanted: tuple[Extractor, ...], path: str, content: bytes, *, complete: bool, part: str | None, quoted: Quoted
) -> bool:
    """The first of some extractors that does not decline; False where all of them do. Raises Full."""
    for extractor in wanted:
        short = not complete or len(content) > extractor.most
        if extractor.whole and short:
            said = f"it is longer than the {extractor.most:,} bytes that {extractor.id} takes"
            quoted.fault("read", "CONTENT_LIMIT", said if part is None else f"{part}: {said}")
            return True
        quoted.at(extractor.id, part)
        try:
            for found in extractor.quote(path, content[: extractor.most]):
                if isinstance(found, Mention):
                    quoted.row(found, extractor.id, part)
                else:
                    _tell(quoted, found, part)
        except NotMine:
            continue
        except Unread as error:
            _tell(quoted, Trouble(error.code, error.detail), part)
        except (Full, MemoryError):
            raise
        except RecursionError:
            _tell(quoted, Trouble("CONTENT_LIMIT", f"{extractor.id}: nested too deep"), part)
        except Exception as error:  # noqa: BLE001 - hostile content may find a mistake of ours: it costs this file alone
            _tell(quoted, Trouble("EXTRACTOR_FAILED", f"{extractor.id}: {type(error).__name__}"), part)
        else:
            if short:
                said = f"{extractor.id} read its first {min(len(content), extractor.most):,} bytes"
                _tell(quoted, Trouble("CONTENT_LIMIT", said), part)
        return True
    return False


def _tell(quoted: Quoted, trouble: Trouble, part: str | None) -> None:
    quoted.fault("read", trouble.code, trouble.detail if part is None else f"{part}: {trouble.detail}")


def _archive(path: str, content: bytes, *, complete: bool, quoted: Quoted) -> bool:
    """The members of an archive, each by its own extractors; False where it is none. Raises Full."""
    quoted.at("archive", None)
    if not complete:
        said = f"of an archive no more than its first {ARCHIVED:,} bytes are looked through"
        quoted.fault("read", "CONTENT_LIMIT", said)
        if not streams(path):
            return True
    try:
        for found in members(path, content, lambda said: quoted.fault("note", "CONTENT_LIMIT", said)):
            if isinstance(found, Trouble):
                _tell(quoted, found, None)
                continue
            inner = f"{path}/{found.name}"
            _by(asked().of(inner), inner, found.content, complete=found.complete, part=found.name, quoted=quoted)
            quoted.at("archive", None)
    except NotMine:
        return False
    except Unread as error:
        if complete or error.code != "CONTENT_DAMAGED":  # else it is we who cut it
            _tell(quoted, Trouble(error.code, error.detail), None)
    return True
