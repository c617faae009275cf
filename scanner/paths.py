r"""Canonical names: bytes at the source, text in the catalog, reversibly and injectively.

UTF-8 is kept as it is. A byte that does not decode becomes ``\xHH`` and a backslash becomes ``\\``, so ``restore``
gives the exact bytes back and two names never share a text. ``segment`` also writes ``/`` as ``\x2F``, for names (of
tables, say) that may hold one.
"""

from __future__ import annotations

import base64
import re

_ESCAPE = re.compile(rb"\\\\|\\x([0-9A-F]{2})")


def canonical(name: bytes) -> str:
    r"""Text of a name given as bytes.

    >>> canonical(b"caf\xe9")
    'caf\\xE9'
    """
    if b"\\" in name:
        name = name.replace(b"\\", b"\\\\")
    try:
        return name.decode()
    except UnicodeDecodeError:
        return "".join(
            f"\\x{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c
            for c in name.decode("utf-8", "surrogateescape")
        )


def canonical_text(name: str) -> str:
    """Text of a name given as (possibly ill-formed) Unicode; lone surrogates are escaped as their WTF-8 bytes."""
    return canonical(name.encode("utf-8", "surrogatepass"))


def segment(name: str) -> str:
    r"""Canonical text of one path segment whose name may hold ``/``.

    >>> segment("a/b")
    'a\\x2Fb'
    """
    return canonical_text(name).replace("/", "\\x2F")


def restore(text: str) -> bytes:
    r"""The exact bytes a canonical text stands for; the inverse of ``canonical``.

    >>> restore('caf\\xE9')
    b'caf\xe9'
    """
    raw = text.encode()
    if b"\\" not in raw:
        return raw
    return _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else b"\\", raw)


def restore_text(text: str) -> str:
    """The Unicode name a canonical text stands for; the inverse of ``canonical_text``."""
    return restore(text).decode("utf-8", "surrogatepass")


def is_escaped(text: str) -> bool:
    """Whether a canonical text differs from the name it stands for."""
    return "\\" in text


def path_b64(text: str) -> str | None:
    """Base64 of the exact bytes, for exports; None where the text is already exact."""
    return base64.b64encode(restore(text)).decode() if is_escaped(text) else None


def split(path: str) -> tuple[str, str]:
    """Parent (with its closing '/') and name of a canonical path; ``parent + name == path``."""
    cut = path.rfind("/") + 1
    return path[:cut], path[cut:]


def printable(text: str) -> str:
    r"""The text with control, bidi-override and line-separating characters escaped, for a terminal or a log line.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and c not in _BIDI else c.encode("unicode_escape").decode() for c in text)


_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
