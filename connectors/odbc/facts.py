"""Rows of an answer made into batches: raw names into paths, values into declared types, key columns into keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scanner import paths
from scanner.locators import program_without_secrets, without_secrets
from scanner.model import Batch
from scanner.schema import KEY, MENTION, ROUTINE, Schema

_INT64 = 1 << 63
Row = Sequence[Any]


def segment(name: str) -> str:
    """Canonical text of a name as the driver gave it; a byte that was no text comes as a surrogate."""
    try:
        return paths.canonical(name.encode("utf-8", "surrogateescape")).replace("/", "\\x2F")
    except UnicodeEncodeError:  # a surrogate that stands for half a character, not for a byte
        return paths.segment(name)


def name_of(text: str) -> str:
    """The name a segment stands for, as it is sent back to the driver."""
    raw = paths.restore(text)
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape")


def text(value: object) -> str | None:
    """Any value as text that can be kept: ill-formed parts escaped, as in names."""
    if value is None:
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return paths.canonical(bytes(value))
    found = value if isinstance(value, str) else str(value)
    try:
        found.encode()
    except UnicodeEncodeError:
        return paths.canonical_text(found)
    return found


def whole(value: object) -> int | None:
    """A value as a 64-bit integer; None where it is none."""
    if value is None or isinstance(value, bool):
        return None if value is None else int(value)
    try:
        found = int(value)  # type: ignore[call-overload]
    except (ValueError, TypeError, OverflowError):
        return None
    return int(found) if -_INT64 <= found < _INT64 else None


def truth(value: object) -> bool | None:
    """A value as true or false: drivers give 0 and 1 as integers, text or booleans."""
    number = whole(value)
    return None if number is None else bool(number)


def listed(values: Iterable[Any], kind: str) -> list[Any]:
    """A column's values in the declared type; in one pass where they have it already, as nearly all do."""
    found = list(values)
    types = set(map(type, found))
    if kind in ("int", "time"):
        return found if types <= {int, type(None)} and _fit(found) else [whole(v) for v in found]
    if kind == "bool":
        return (
            [None if v is None else v != 0 for v in found] if types <= {int, type(None)} else [truth(v) for v in found]
        )
    if types <= {str, type(None)}:
        try:
            "".join(filter(None, found)).encode()
        except UnicodeEncodeError:
            pass
        else:
            return found
    return [text(v) for v in found]


def _fit(values: list[Any]) -> bool:
    numbers = [v for v in values if v is not None]
    return not numbers or (min(numbers) >= -_INT64 and max(numbers) < _INT64)


@dataclass(slots=True)
class Scope:
    """Where an answer's raw names belong: the container's canonical path, with its closing '/', and its raw names."""

    container: str
    levels: tuple[str, ...]
    names: tuple[str, ...]
    _known: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """Canonical path of a table by its raw name; of the container itself for ``""``."""
        found = self._known.get(name)
        if found is None:
            found = self.container + segment(name) if name else self.container[:-1]
            self._known[name] = found
        return found

    def elsewhere(self, row: dict[str, Any], name: str) -> str:
        """Canonical path of a table that a row places in a database or schema of its own."""
        names = list(self.names)
        for number, level in enumerate(self.levels):
            given = row.get(f"ref_{level}")
            if given and number < len(names):
                names[number] = str(given)
        return "".join(f"{segment(n)}/" for n in names) + segment(name)

    def values(self) -> dict[str, str]:
        """The raw names, as a profile's questions refer to them."""
        return dict(zip(self.levels, self.names, strict=False))


def batch(schema: Schema, names: tuple[str, ...], rows: Sequence[Row], scope: Scope) -> Batch:
    """Rows of any schema but ENTRY and KEY as a batch."""
    given = dict(zip(names, zip(*rows, strict=True), strict=True))
    columns: dict[str, Sequence[object]] = {}
    for column in schema.columns:
        if column.name in given and column.name not in ("path", "on_path"):
            columns[column.name] = listed(given[column.name], column.type)
    raw = [v if isinstance(v, str) else text(v) or "" for v in given["path"]]
    if "on_path" in given:
        on = [None if v is None else scope.path(str(v)) for v in given["on_path"]]
        # A trigger's name is unique on its table only, in some systems: its path lies beneath the table's.
        columns["path"] = [f"{o}/{segment(r)}" if o else scope.path(r) for o, r in zip(on, raw, strict=True)]
        columns["on_path"] = on
    else:
        columns["path"] = list(map(scope.path, raw))
    if schema is MENTION:
        # Of a link that does not say where it leads, its name is all there is.
        links = zip(columns["locator"], columns.get("part", [None] * len(raw)), strict=True)
        columns["locator"] = [without_secrets(str(v)) if v is not None else str(part or "") for v, part in links]
    elif schema is ROUTINE and "definition" in columns:
        # The text of a job or event is a command as often as a statement, and may hold a password as an option of it.
        pairs = zip(columns["kind"], columns["definition"], strict=True)
        columns["definition"] = [
            program_without_secrets(str(d)) if k in ("job", "event") and d is not None else d for k, d in pairs
        ]
    return Batch(schema, {name: columns[name] for name in schema.names if name in columns})


class Keys:
    """Key columns, one a row, gathered into keys; a key may span answers' pages, so the last one waits for ``rest``."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._open: tuple[tuple[object, ...], list[dict[str, Any]]] | None = None

    def add(self, names: tuple[str, ...], rows: Sequence[Row]) -> Iterator[Batch]:
        """Take rows in; give the keys that are complete."""
        done = []
        same = [names.index(n) for n in ("path", "kind", "name", "number") if n in names]
        for row in rows:
            found = dict(zip(names, row, strict=True))
            identity = tuple([row[at] for at in same])
            if self._open is not None and self._open[0] == identity:
                self._open[1].append(found)
                continue
            if self._open is not None:
                done.append(self._open[1])
            self._open = (identity, [found])
        yield from self._batch(done)

    def rest(self) -> Iterator[Batch]:
        """Give the key that was still waiting."""
        last, self._open = self._open, None
        yield from self._batch([last[1]] if last else [])

    def _batch(self, keys: list[list[dict[str, Any]]]) -> Iterator[Batch]:
        if not keys:
            return
        columns: dict[str, list[object]] = {name: [] for name in KEY.names}
        for rows in keys:
            for name, value in self._key(rows).items():
                columns[name].append(value)
        yield Batch(KEY, columns)

    def _key(self, rows: list[dict[str, Any]]) -> dict[str, object]:
        first = rows[0]
        raw = str(first["path"])
        foreign = first["kind"] == "foreign"
        referred = [text(r.get("ref_columns")) for r in rows]
        return {
            "path": self.scope.path(raw),
            "name": text(first.get("name")) or "",
            "kind": first["kind"],
            "columns": [text(r["columns"]) or "" for r in rows],
            "ref_path": self.scope.elsewhere(first, str(first["ref_path"]))
            if foreign and first.get("ref_path")
            else None,
            "ref_columns": [r for r in referred if r is not None] if foreign and None not in referred else None,
            "on_delete": text(first.get("on_delete")),
            "on_update": text(first.get("on_update")),
        }
