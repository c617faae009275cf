"""Where a long run of keys is cut, so that several connections list its pieces at once.

A piece is what lies between two cuts, so pieces cover every key exactly once wherever the cuts are, and whatever is
added or deleted meanwhile. A cut is only a guess at where a share of the keys may lie: folders ahead where there are
any, which one request tells; else the signs in which the keys of one page differ, put where keys ahead are known to
differ from these. A server that does not heed ``start-after`` is noticed here, and nothing is cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from connectors.s3.listing import Page

MOST = 16
"""Cuts made at once; pieces that turn out to be long are cut again."""

PIECE_PAGES = 4
"""Pages that a piece is meant to hold at least: on average half a page of each is asked for in vain."""

_LEVELS = 8
"""Levels of folders looked at for one cut."""

_SURROGATES = (0xD800, 0xDFFF)

Ask = Callable[..., Page]
"""Asks for one page: StartAfter, MaxKeys, Prefix and Delimiter as the client calls them."""


class UnheededError(Exception):
    """The server does not start where it was asked to: its keys cannot be listed in pieces."""


def cuts(ask: Ask, prefix: str, last: str, until: str | None, sample: Sequence[bytes]) -> list[str]:
    """Texts between which keys may be listed apart, in order; none where nothing is won by it.

    All keys up to ``last`` are listed, ``until`` is the last one wanted (None: there is no end), ``sample`` are the
    keys of the page listed last. Raises SourceError as ``ask`` does.
    """
    keys = [text for key in sample if (text := _text(key)) is not None]
    if not keys or keys[-1] != last:
        return []
    try:
        found = _by_folder(ask, prefix, last, until, keys)
        if found:
            middle = found[len(found) // 2]
            _first_after(ask, prefix, middle)
    except UnheededError:
        return []
    return found


def _by_folder(ask: Ask, base: str, last: str, until: str | None, keys: list[str]) -> list[str]:
    """Cuts at folders; those of a deeper level where one has too few, and by signs where there is none."""
    found: list[str] = []
    bound = until
    for _level in range(_LEVELS):
        page = ask(Prefix=base, Delimiter="/", StartAfter=last)
        ahead = _ahead(page, last, bound)
        if page.token is not None and len(ahead) < len(page.keys):
            return [*_by_sign(ask, base, last, bound, keys), *found]
        passed = len({key[len(base) :].partition("/")[0] for key in keys if key.startswith(base)})
        pages = len(ahead) if passed == 1 else len(ahead) / passed / PIECE_PAGES
        found = [*_spread(ahead, math.ceil(pages)), *found]
        inner, slash, _ = last[len(base) :].partition("/")
        if len(found) >= MOST // 2 or not slash or passed > 1:
            break
        base, bound = f"{base}{inner}/", min(filter(None, (bound, *ahead)), default=None)
    return _spread(found, MOST)


def _ahead(page: Page, last: str, bound: str | None) -> list[str]:
    """Folders that begin after the last key. Raises UnheededError where the answer begins before it."""
    names = [text for name in (*page.folders, *page.keys) if (text := _text(name)) is not None]
    if any(name <= last and not last.startswith(name) for name in names):
        raise UnheededError
    folders = {text for name in page.folders if (text := _text(name)) is not None}
    return sorted(name for name in folders if name > last and (bound is None or name < bound))


def _by_sign(ask: Ask, base: str, last: str, bound: str | None, keys: list[str]) -> list[str]:
    """Cuts in a flat run of keys: at the first place where those ahead differ, by the signs seen in such places."""
    keys = [key for key in keys if key.startswith(base)]
    shared = next((n for n, pair in enumerate(zip(keys[0], last, strict=False)) if pair[0] != pair[1]), len(last))
    low, high = len(base), max(len(base), min(shared, len(last) - 1))
    while low < high:
        middle = (low + high) // 2
        first = _first_after(ask, base, _next(last[: middle + 1]))
        if first is not None and (bound is None or first < bound):
            high = middle
        else:
            low = middle + 1
    columns = (set(column) for column in zip(*(key[low:] for key in keys), strict=False))
    signs = sorted(set[str]().union(*(column for column in columns if len(column) > 1), last[low : low + 1]))
    grid = sorted(last[:low] + one + other for one in signs for other in ("", *signs))
    ahead = [cell for cell in grid if cell > last and (bound is None or cell < bound)]
    passed = sum(keys[0] < cell <= last for cell in grid)
    return _spread(ahead, math.ceil(len(ahead) / passed / PIECE_PAGES) if passed else MOST)


def _first_after(ask: Ask, prefix: str, after: str) -> str | None:
    """The first key after a text, as far as it is text; None where there is none. Raises UnheededError."""
    page = ask(Prefix=prefix, StartAfter=after, MaxKeys=1)
    if not page.keys:
        return None
    if page.keys[0] <= after.encode():
        raise UnheededError
    return page.keys[0].decode(errors="replace")


def _next(text: str) -> str:
    """The least text after all those that begin with this one, as far as there is one."""
    sign = ord(text[-1]) + 1
    if _SURROGATES[0] <= sign <= _SURROGATES[1]:
        sign = _SURROGATES[1] + 1
    return text[:-1] + chr(min(sign, 0x10FFFF))


def _spread(texts: list[str], number: int) -> list[str]:
    """As many of the texts, at most ``MOST``, at equal distances."""
    number = min(number, len(texts), MOST)
    return [texts[(2 * n + 1) * len(texts) // (2 * number)] for n in range(number)]


def _text(key: bytes) -> str | None:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None
