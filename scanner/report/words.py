"""Numbers, sizes, dates and names as a reader sees them: British English, fixed words, no locale."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

NBSP = "\u00a0"
UNKNOWN = "unknown"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Characters that would hide, reorder or break a name on the page: controls but tab and line feed, bidi overrides,
# line and paragraph separators, zero-width marks without a meaning of their own, lone surrogates, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""The text with characters that would deceive a reader written as escapes.

    >>> visible("invoice\u202efdp.exe")
    'invoice\\u202efdp.exe'
    """
    return _UNSEEN.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode(), text)


def number(value: float | None, digits: int = 0) -> str:
    """A count: ``1,234``; ``unknown`` where it is.

    >>> number(1234567)
    '1,234,567'
    """
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def size(value: int | None) -> str:
    """Bytes to three figures in binary units, as the command line and the targets' limits give them.

    >>> size(1_234_567).replace(NBSP, " ")
    '1.18 MiB'
    >>> size(2**20 - 1).replace(NBSP, " ")
    '1.00 MiB'
    """
    if value is None:
        return UNKNOWN
    scaled, unit = float(value), 0
    while round(scaled) >= 1024 and unit < len(_UNITS) - 1:  # what would round to 1,024
        scaled, unit = scaled / 1024, unit + 1
    if unit == 0:
        return f"{value:,}{NBSP}B"
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:,.{digits}f}{NBSP}{_UNITS[unit]}"


def percent(value: float | None) -> str:
    """A share that was cut to one decimal, never rounded up: ``97.4 %``; ``100 %`` only for all."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}{NBSP}%" if value in (0, 100) else f"{value:.1f}{NBSP}%"


def part(value: float | None, amount: int | None) -> str:
    """A share of something: what is there but under a tenth of a per cent says so."""
    return f"<{NBSP}0.1{NBSP}%" if value == 0 and amount else percent(value)


def _moment(value: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=value)
    except OverflowError:
        return None


def date(value: int | None) -> str:
    """A day: ``22 June 2018``.

    >>> date(1_529_668_800_000_000)
    '22 June 2018'
    """
    if value is None:
        return UNKNOWN
    moment = _moment(value)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}" if moment else "a date out of range"


def moment(value: int | None) -> str:
    """A day and time: ``22 June 2018, 12:00 UTC``."""
    if value is None:
        return UNKNOWN
    at = _moment(value)
    return f"{date(value)}, {at:%H:%M} UTC" if at else "a date out of range"


def period(start: int | None, end: int | None) -> str:
    """From one moment to another; a day that is the same is said once."""
    if start is None or end is None or date(start) != date(end):
        return f"{moment(start)} to {moment(end)}"
    return f"{moment(start).removesuffix(' UTC')} to {moment(end).rpartition(', ')[2]}"


def age(value: int | None, as_of: int) -> str:
    """How long ago, in years to one decimal, or days under a year."""
    if value is None:
        return UNKNOWN
    days = (as_of - value) // 86_400_000_000
    if days < 0:
        return "in the future"
    if days < 365:
        return f"{days:,} days" if days != 1 else "1 day"
    return f"{days / 365.25:,.1f} years"


def duration(value: int | None) -> str:
    """Microseconds as the two largest units: ``2 h 5 min``."""
    if value is None:
        return UNKNOWN
    if 0 <= value < 1_000_000:
        return f"<{NBSP}1{NBSP}s"
    seconds = value // 1_000_000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours:,}{NBSP}h {minutes}{NBSP}min"
    return f"{minutes}{NBSP}min {seconds}{NBSP}s" if minutes else f"{seconds}{NBSP}s"


def hours(value: float | None) -> str:
    """Hours: minutes under an hour, days above two days of 24 hours."""
    if value is None:
        return UNKNOWN
    if value < 1:
        return f"{round(value * 60)}{NBSP}min" if value * 60 >= 1 or not value else f"<{NBSP}1{NBSP}min"
    return f"{value:,.1f}{NBSP}h" if value < 100 else f"{value:,.0f}{NBSP}h"


def effort(value: tuple[float, float | None] | list[float | None] | None) -> str:
    """Effort as a range of working hours; without an upper bound it says so."""
    if value is None:
        return UNKNOWN
    low = math.floor(value[0] or 0)
    if value[1] is None:
        return f"at least {low:,}{NBSP}h"
    high = math.ceil(value[1])
    return f"{low:,}{NBSP}h" if low == high else f"{low:,}\u2013{high:,}{NBSP}h"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: ``1 store``, ``2 stores``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """The text with a capital in front, unless it begins with a name that is written small."""
    return text[:1].upper() + text[1:]


def spaced(word: str) -> str:
    """A word of the data dictionary as people write it: ``change_permissions`` without the underscore."""
    return word.replace("_", " ")


def isodate(text: str) -> str:
    """A day given as ``2018-06-22``, written out; anything else is kept."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return text
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def clip(text: str, limit: int) -> str:
    """The text cut in the middle to at most ``limit`` characters, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    return text[:head] + "\u2026" + text[len(text) - (limit - 1 - head) :]


def href(text: str) -> str:
    """The address if its scheme is one a report may link to, else a place that leads nowhere.

    >>> href("javascript:alert(1)")
    '#'
    """
    try:
        scheme = urlsplit(text.strip()).scheme.lower()
    except ValueError:
        return "#"
    if text.startswith("#"):
        return text
    return text if scheme in ("https", "http", "mailto") else "#"


_SLUG = re.compile(r"[^A-Za-z0-9]+")


def slug(text: str) -> str:
    """Text as part of an element's id."""
    return _SLUG.sub("-", text).strip("-").lower() or "none"
