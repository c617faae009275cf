"""The register of known stores as a file of its own: CSV or TOML beside the estate file."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path

from pydantic import ValidationError

from scanner.codes import StocktakeError
from scanner.config import MAX_BYTES, KnownStore, Lines, invalid

_COLUMNS = frozenset(KnownStore.model_fields)


def read_register(file: Path, shown: str) -> tuple[KnownStore, ...]:
    """The stores of a register file; ``shown`` is how errors name it.

    A CSV has a line of headings: ``name``, ``locator`` and, where it is known, ``owner``, in any order; commas or
    semicolons part them. A TOML has ``[[stores]]`` as the estate file does.

    Raises:
        StocktakeError: CONFIG_MISSING, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY or CONFIG_INVALID, with the line.
    """
    try:
        with file.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise StocktakeError("CONFIG_MISSING", shown, str(error.strerror)) from None
    if len(raw) > MAX_BYTES:
        raise StocktakeError("CONFIG_INVALID", shown, f"larger than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StocktakeError("CONFIG_SYNTAX", shown, f"not UTF-8 at byte {error.start}") from None
    return _toml(text, shown) if file.suffix.lower() == ".toml" else _csv(text, shown)


def _csv(text: str, shown: str) -> tuple[KnownStore, ...]:
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    names: list[str] = []
    stores: list[KnownStore] = []
    seen: dict[str, int] = {}
    try:
        for row in rows:
            where = f"{shown}:{rows.line_num}"
            values = [v.strip() for v in row]
            if not any(values) or values[0].startswith("#"):
                continue
            if not names:
                names = _headings([v.lower() for v in values], where)
                continue
            stores.append(_line(names, values, where))
            if (first := seen.setdefault(stores[-1].name, rows.line_num)) != rows.line_num:
                raise StocktakeError("CONFIG_INVALID", where, f"{stores[-1].name!r} stands in line {first} already")
    except csv.Error as error:
        raise StocktakeError("CONFIG_SYNTAX", f"{shown}:{rows.line_num}", str(error)) from None
    return tuple(stores)


def _headings(names: list[str], where: str) -> list[str]:
    for needed in ("name", "locator"):
        if names.count(needed) != 1:
            raise StocktakeError(
                "CONFIG_INVALID", where, f'the first line names the columns, and "{needed}" must be one of them'
            )
    for name in names:
        if name not in _COLUMNS:
            raise StocktakeError(
                "CONFIG_UNKNOWN_KEY", where, f'"{name}" is not a column of a register: {", ".join(sorted(_COLUMNS))}'
            )
    return names


def _line(names: list[str], values: list[str], where: str) -> KnownStore:
    if len(values) != len(names):
        raise StocktakeError("CONFIG_INVALID", where, f"{len(values)} values under {len(names)} headings")
    given = {name: value for name, value in zip(names, values, strict=True) if value or name != "owner"}
    for needed in ("name", "locator"):
        if not given[needed]:
            raise StocktakeError("CONFIG_INVALID", where, f'"{needed}" is empty')
    try:
        return KnownStore.model_validate(given)
    except ValidationError as error:
        raise invalid(error, Lines("", where), ("stores",)) from None


def _toml(text: str, shown: str) -> tuple[KnownStore, ...]:
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise StocktakeError("CONFIG_SYNTAX", shown, str(error)) from None
    lines = Lines(text, shown)
    rest = [key for key in raw if key != "stores"]
    if rest or not isinstance(raw.get("stores", []), list):
        key = rest[0] if rest else "stores"
        raise StocktakeError("CONFIG_INVALID", lines.where((key,)), "a register holds [[stores]] and nothing else")
    stores: list[KnownStore] = []
    seen: set[str] = set()
    for index, entry in enumerate(raw.get("stores", [])):
        try:
            stores.append(KnownStore.model_validate(entry))
        except ValidationError as error:
            raise invalid(error, lines, ("stores", index), sorted(_COLUMNS)) from None
        if stores[-1].name in seen:
            where = lines.where(("stores", index, "name"))
            raise StocktakeError("CONFIG_INVALID", where, f"{stores[-1].name!r} stands there already")
        seen.add(stores[-1].name)
    return tuple(stores)
