"""Decoding that never loses a row: bytes and half characters that are no text come through as lone surrogates."""

from __future__ import annotations

import codecs
import re
from typing import Any


def tolerate(pyodbc: Any, connection: Any) -> None:
    """Let ill-formed text through; names and texts then escape it.

    Only when it is needed: the driver manager's own decoding is several times faster.
    """
    connection.setdecoding(pyodbc.SQL_CHAR, encoding="stocktake-utf-8", ctype=pyodbc.SQL_CHAR)
    for kind in (pyodbc.SQL_WCHAR, pyodbc.SQL_WMETADATA):
        connection.setdecoding(kind, encoding="stocktake-utf-16", ctype=pyodbc.SQL_WCHAR)


def _codec(name: str) -> codecs.CodecInfo | None:
    wide = {"stocktake_utf_16": True, "stocktake_utf_8": False}.get(re.sub(r"[^a-z0-9]", "_", name.lower()))
    if wide is None:
        return None

    def decode(data: Any, _errors: str = "strict") -> tuple[str, int]:
        raw = bytes(data)
        if not wide:
            return raw.decode("utf-8", "surrogateescape"), len(raw)
        return raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass"), len(raw)

    def encode(text: str, _errors: str = "strict") -> tuple[bytes, int]:
        return (text.encode("utf-16-le", "surrogatepass") if wide else text.encode("utf-8", "surrogateescape")), len(
            text
        )

    return codecs.CodecInfo(encode, decode, name=name)


codecs.register(_codec)
