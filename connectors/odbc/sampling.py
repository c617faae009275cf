"""A few rows of a table: names quoted by the system's own rule, as few rows as asked for, long values cut."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from connectors.odbc import guard
from connectors.odbc.link import Answer, Link, Refused
from connectors.odbc.profiles import Sampling
from scanner.model import SourceError

CLIP = 4096
"""Characters or bytes of a value that are asked for."""
_DATES = (dt.date, dt.datetime, dt.time)


def sample(link: Link, names: Sequence[str], path: str, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Column names and at most ``rows`` rows of the table of these raw names, database first.

    Raises:
        SourceError: NOT_FOUND, DENIED, TIMEOUT, QUERY_FAILED …
    """
    recipe = link.recipe
    try:
        table = table_as_asked(link, names)
        form = recipe.sampling
        columns = "*"
        if "{columns}" in form.select:
            shape = link.execute(form.select.format(columns="*", table=table, rows=0))
            columns = ", ".join(_expression(form, recipe.quote or link.quote, d) for d in shape.described) or "*"
            shape.close()
        answer = link.execute(form.select.format(columns=columns, table=table, rows=max(0, rows)))
        return _rows(answer, rows)
    except Refused as refused:
        raise SourceError(refused.code, refused.detail, where=path) from None
    except guard.NotAllowed as error:
        raise SourceError("QUERY_FAILED", str(error), where=path) from None


def table_as_asked(link: Link, names: Sequence[str]) -> str:
    """The table as the system takes it: a connection to one database, or a nameless file, leaves the first out."""
    skip = 1 if link.recipe.reconnect or link.recipe.single or (link.file and link.profile.functions) else 0
    kept = [n for n in names[skip:] if n]
    quote = link.recipe.quote or link.quote
    return ".".join(guard.quoted(n, quote) for n in kept)


def _expression(form: Sampling, quote: str, described: Sequence[Any]) -> str:
    name, kind = str(described[0]), described[1]
    column = guard.quoted(name, quote)
    how = (
        form.text
        if kind is str
        else form.binary
        if kind in (bytes, bytearray)
        else form.date
        if kind in _DATES
        else "{column}"
    )
    return f"{how.format(column=column, clip=CLIP)} AS {column}"


def _rows(answer: Answer, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    names = tuple(str(d[0]) for d in answer.described)
    found: list[tuple[object, ...]] = []
    while len(found) < rows and (more := answer.more(min(rows - len(found), 1000))):
        found += [tuple(_value(v) for v in row) for row in more]
    answer.close()
    return names, found[:rows]


def _value(value: object) -> object:
    if isinstance(value, str | bytes | bytearray):
        return bytes(value[:CLIP]) if isinstance(value, bytearray) else value[:CLIP]
    return value
