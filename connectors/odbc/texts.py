"""Decoding that never loses a row: bytes and half characters that are no text come through as lone surrogates."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any

_NARROW = "\ufdd0"
"""Stands before text that came as bytes: no text begins with it, as it is no character."""


def tolerate(pyodbc: Any, connection: Any) -> None:
    """Let ill-formed text through; ``restored`` then makes text of it, and names and texts escape what was none.

    Only when it is needed: the driver manager's own decoding is several times faster. pyodbc takes codecs of ours for
    narrow text alone, and none of its own for wide text forgives anything but Latin-1, which keeps the bytes.
    """
    connection.setdecoding(pyodbc.SQL_CHAR, encoding="stocktake-utf-8", ctype=pyodbc.SQL_CHAR)
    for kind in (pyodbc.SQL_WCHAR, pyodbc.SQL_WMETADATA):
        connection.setdecoding(kind, encoding="latin-1", ctype=pyodbc.SQL_WCHAR)


def restored(rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows of a tolerant connection with their text as it was meant."""
    return [tuple(text(v) if isinstance(v, str) else v for v in row) for row in rows]


def text(value: str) -> str:
    """Text of a tolerant connection as it was meant."""
    if value.startswith(_NARROW):
        return value[1:]
    raw = value.encode("latin-1")
    return raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass")


def _codec(name: str) -> codecs.CodecInfo | None:
    if re.sub(r"[^a-z0-9]", "_", name.lower()) != "stocktake_utf_8":
        return None

    def decode(data: Any, _errors: str = "strict") -> tuple[str, int]:
        raw = bytes(data)
        return _NARROW + raw.decode("utf-8", "surrogateescape"), len(raw)

    def encode(given: str, _errors: str = "strict") -> tuple[bytes, int]:
        return given.encode("utf-8", "surrogateescape"), len(given)

    return codecs.CodecInfo(encode, decode, name=name)


codecs.register(_codec)
