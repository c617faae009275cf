"""Foreign keys that nobody declared: guessed from names and types, and from values where sketches of them are at hand.

A guess needs a key to refer to: a declared primary or unique one, or a column whose every value was seen and was
unique. Names are compared as words (``scanner.keys``), a name points to keys by rules (``key_index``), types must agree
(likewise), values may confirm or refute (``key_values``). A column that could mean several tables equally means
none.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from scanner.graph.composite_keys import composites
from scanner.graph.edges import Edges
from scanner.graph.estate import Estate
from scanner.graph.facts import Reader
from scanner.graph.key_facts import ColumnRow, Guess, KeyRow, Table
from scanner.graph.key_index import Child, Index, Key, common_prefix, copies_among, entity_of, pointers
from scanner.graph.key_values import by_values, weighed
from scanner.graph.resolve import name_of
from scanner.keys.families import fits
from scanner.keys.names import meanings, words_of
from scanner.keys.sketches import Sketch, compared

ENOUGH = 0.6
"""The score from which a guess is one."""
HALF = 0.44
"""The score from which values can make a guess of what names alone do not."""
_CLOSE = 0.03
_ABROAD = 0.9
"""What is left of a score when the key is in another schema of the same database."""
_KINDS = {"primary": 1.0, "unique": 0.97, "sampled": 0.92}

Sketches = Mapping[tuple[str, str, str], Sketch]
"""Sketches by source, path of the table, and column."""


def infer(columns: Iterable[ColumnRow], keys: Iterable[KeyRow], sketches: Sketches | None = None) -> tuple[Guess, ...]:
    """The foreign keys that seem to be meant among base tables of the same database, beyond those declared.

    Args:
        columns: every column of every base table.
        keys: declared keys; those of tables without columns are passed over.
        sketches: sketches of values, where some were made.
    """
    databases: dict[tuple[str, str], dict[str, list[ColumnRow]]] = defaultdict(lambda: defaultdict(list))
    for row in columns:
        databases[row.source, row.store][row.path].append(row)
    declared: dict[tuple[str, str], list[KeyRow]] = defaultdict(list)
    for key in keys:
        declared[key.source, key.path].append(key)
    found: list[Guess] = []
    for (source, _), tables in sorted(databases.items()):
        of_tables = {path: declared.get((source, path), []) for path in tables}
        found += _Database(source, tables, of_tables, sketches or {}).guesses()
    return tuple(sorted(found, key=lambda g: (g.source, g.path, g.columns, g.ref_path)))


class _Database:
    """The tables of one database, and indexes of their keys: one for each schema, and one for all."""

    def __init__(
        self, source: str, tables: Mapping[str, Sequence[ColumnRow]], declared: Mapping[str, Sequence[KeyRow]],
        sketches: Sketches,
    ) -> None:  # fmt: skip
        self.source = source
        self.sketches = sketches
        schemas: dict[str, list[str]] = defaultdict(list)
        for path in sorted(tables):
            schemas[path.rpartition("/")[0]].append(path)
        self.tables: dict[str, Table] = {}
        self.everywhere = Index()
        self.schemas: dict[str, Index] = {}
        for schema, paths in schemas.items():
            index = self.schemas[schema] = Index()
            names = {path: name_of(path.rpartition("/")[2]) for path in paths}
            prefix, copies = common_prefix(names.values()), copies_among(names.values())
            for path in (p for p in paths if names[p] not in copies):
                columns = {row.name: row for row in tables[path]}
                words = frozenset("".join(words_of(name)) for name in columns)
                table = Table(path, entity_of(path, prefix), columns, names=words)
                _declare(table, declared[path])
                self.tables[path] = table
                self._offer(table, index)

    def _offer(self, table: Table, index: Index) -> None:
        """Put a table's single-column keys into the indexes."""
        keys = [(kind, columns[0]) for kind, columns in table.keys if len(columns) == 1]
        if not any(kind == "primary" for kind, _ in table.keys):
            keys += [("sampled", name) for name in self._unique_by_values(table) if ("unique", name) not in keys]
        for kind, name in keys:
            kin = table.family(name)
            if kin and words_of(name):
                key = Key(table.path, name, kin, table.length(name), words_of(name), table.thing, kind)
                for into in (index, self.everywhere):
                    into.add(key)
                    into.columns[table.path] = table.names

    def _unique_by_values(self, table: Table) -> list[str]:
        """Columns that are called like identifiers and whose every value was seen and stands once; its own first."""
        unique = [n for n in table.columns if (s := self.sketch(table.path, n)) and s.unique and s.rows > 9]
        own = [n for n in unique if n.lower() == "id" or any(m.sort and m.words == table.thing for m in meanings(n))]
        return own or [n for n in unique if any(m.sort for m in meanings(n)) or words_of(n)[-1:] == ("id",)]

    def sketch(self, path: str, column: str) -> Sketch | None:
        """The sketch of a column, if there is one."""
        return self.sketches.get((self.source, path, column))

    def guesses(self) -> list[Guess]:
        """Every guess, best first for each column, those that say the same twice left out."""
        found: list[Guess] = []
        kinds: dict[tuple[str, str], str] = {}
        for path, table in self.tables.items():
            for name in table.columns:
                if (best := self._of_column(table, name)) is not None:
                    key, score, why = best
                    kinds[path, name] = key.kind
                    found.append(
                        Guess(self.source, path, (name,), key.table, (key.column,), round(score, 3), why)
                    )  # fmt: skip
        found += composites(self.source, self.tables, {(g.path, g.columns[0]) for g in found})
        if self.sketches:
            found += self._by_values_alone(found)
        return _once(found, kinds, self.tables)

    def _of_column(self, table: Table, name: str) -> tuple[Key, float, str] | None:
        row = table.columns[name]
        kin = table.family(name)
        if not kin or row.generated or name in table.refers:
            return None
        child = Child(
            table.path, name, table.thing, ("primary", (name,)) in table.keys,
            table.names, kin in {"integer", "number", "any"},
        )  # fmt: skip
        best = self._best(child, table.length(name), kin, self.schemas[table.path.rpartition("/")[0]], 1.0)
        if best is None and len(self.schemas) > 1:
            best = self._best(child, table.length(name), kin, self.everywhere, _ABROAD)
        return best

    def _best(
        self, child: Child, length: int | None, kin: str, index: Index, factor: float
    ) -> tuple[Key, float, str] | None:
        """The one key a column points to best; None where none does well enough, or two do equally."""
        scored: dict[tuple[str, str], tuple[float, str, Key]] = {}
        for key, score, why in pointers(child, index):
            if (key.table, key.column) == (child.table, child.column):
                continue
            value = score * factor * fits(kin, key.family, length, key.length) * _KINDS[key.kind]
            if value >= HALF:
                value, more = weighed(value, self.sketch(child.table, child.column), self.sketch(key.table, key.column))
                if value >= ENOUGH:
                    place = (key.table, key.column)
                    scored[place] = max(scored.get(place, (0.0, "", key)), (value, why + more, key))
        ranked = sorted(scored.values(), key=lambda s: (-s[0], s[2].table, s[2].column))
        if not ranked or any(s[2].table != ranked[0][2].table and ranked[0][0] - s[0] < _CLOSE for s in ranked[1:]):
            return None
        value, why, key = ranked[0]
        return key, value, why

    def _by_values_alone(self, found: Iterable[Guess]) -> list[Guess]:
        taken = {(guess.path, name) for guess in found for name in guess.columns}
        keys = [
            (key, s) for ks in self.everywhere.names.values() for key in ks if (s := self.sketch(key.table, key.column))
        ]
        children = [
            (path, name, s) for path, table in self.tables.items() for name in table.columns
            if (path, name) not in taken and name not in table.refers and ("primary", (name,)) not in table.keys
            and not table.columns[name].generated and table.family(name) and (s := self.sketch(path, name))
        ]  # fmt: skip
        return [
            Guess(self.source, path, (name,), key.table, (key.column,), score, why)
            for path, name, key, score, why in by_values(children, keys)
            if fits(self.tables[path].family(name), key.family, None, None)
        ]


def _declare(table: Table, keys: Iterable[KeyRow]) -> None:
    """Note what is declared of a table; names of columns are matched as they are written, then with case ignored."""
    lower = {name.lower(): name for name in table.columns}
    for key in keys:
        columns = tuple(lower.get(name.lower(), "") if name not in table.columns else name for name in key.columns)
        if not columns or not all(columns):
            continue
        if key.kind == "foreign":
            table.refers |= dict.fromkeys(columns, key.ref_path)
        elif key.kind in {"primary", "unique"}:
            table.keys.append((key.kind, columns))


def _once(found: list[Guess], kinds: Mapping[tuple[str, str], str], tables: Mapping[str, Table]) -> list[Guess]:
    """Guesses without those that only repeat another.

    A second, unique key of a table is an attribute carried along where the two tables refer to each other already; and
    the columns of a composite key need no guess of their own to what the table that has it refers to by them.
    """
    main = {(path, ref) for path, table in tables.items() for ref in table.refers.values() if ref}
    main |= {(g.path, g.ref_path) for g in found if kinds.get((g.path, g.columns[0])) != "unique"}
    main |= {(ref, path) for path, ref in main}
    through = {
        (g.path, c, r): g.ref_path
        for g in found
        if len(g.columns) > 1
        for c, r in zip(g.columns, g.ref_columns, strict=True)
    }
    onward = {(g.path, g.columns[0]): g.ref_path for g in found if len(g.columns) == 1}
    onward |= {(p, c): ref for p, t in tables.items() for c, ref in t.refers.items() if ref}
    implied = {(path, column, onward[ref, rc]) for (path, column, rc), ref in through.items() if (ref, rc) in onward}
    kept = []
    for guess in found:
        kind = kinds.get((guess.path, guess.columns[0]))
        carried = len(guess.columns) == 1 and kind == "unique" and (guess.path, guess.ref_path) in main
        if not carried and (len(guess.columns) > 1 or (guess.path, guess.columns[0], guess.ref_path) not in implied):
            kept.append(guess)
    return kept


_COLUMNS = """
    SELECT c.source, c.store, c.path, c.name, c.type, c.length, c.scale, c.lob, c.generated FROM columns c
    SEMI JOIN (SELECT source, path FROM entry WHERE kind = 'table') e ON e.source = c.source AND e.path = c.path
    ORDER BY c.source, c.path, c.position, c.name"""
_KEYS = """
    SELECT source, path, kind, columns, ref_path FROM keys WHERE kind IN ('primary', 'unique', 'foreign')
    ORDER BY source, path, kind, name, columns::VARCHAR"""


_SKETCHES = """
    SELECT source, path, "column", rows, nulls, "distinct", complete, dense, hashes FROM sketch"""


def sketched(reader: Reader) -> dict[tuple[str, str, str], Sketch]:
    """The sketches of the catalog's newest scans; none where nobody looked at values."""
    return {
        (source, path, column): Sketch(
            rows, nulls, distinct, array("Q", [int(h, 16) for h in hashes]), bool(complete), bool(dense)
        )
        for source, path, column, rows, nulls, distinct, complete, dense, hashes in reader.rows(_SKETCHES)
    }


def guessed(reader: Reader, sketches: Sketches | None = None) -> tuple[Guess, ...]:
    """The foreign keys that seem to be meant in the catalog's newest scans; ``sketches`` are those it holds."""
    columns = (ColumnRow(*row) for row in reader.rows(_COLUMNS))
    keys = (
        KeyRow(source, path, kind, tuple(names or ()), ref) for source, path, kind, names, ref in reader.rows(_KEYS)
    )
    return infer(columns, keys, sketched(reader) if sketches is None else sketches)


def add_keys(reader: Reader, estate: Estate, found: Edges) -> None:
    """Put the foreign keys that seem to be meant among the edges."""
    sketches = sketched(reader)
    for guess in guessed(reader, sketches):
        source = estate.by_path.get((guess.source, guess.path))
        target = estate.by_path.get((guess.source, guess.ref_path))
        if source is None or target is None:
            continue
        names = [name_of(path.rpartition("/")[2]) for path in (guess.path, guess.ref_path)]
        detail = (
            f"{names[0]} ({', '.join(guess.columns)}) seems to refer to {names[1]} ({', '.join(guess.ref_columns)}): "
            f"{'it' if len(guess.columns) == 1 else 'they'} {guess.why}; likelihood {guess.score:.2f}"
            f"{_by_values(guess, sketches)}"
        )
        found.add((source, target), "inferred_key", "inferred", f"undeclared key of {guess.path}", detail, detail)


def _by_values(guess: Guess, sketches: Sketches) -> str:
    """What values say of a guess, behind what names say; nothing where none were looked at."""
    if len(guess.columns) > 1:
        return ""
    child = sketches.get((guess.source, guess.path, guess.columns[0]))
    parent = sketches.get((guess.source, guess.ref_path, guess.ref_columns[0]))
    told = compared(child, parent) if child and parent else ""
    return f"; {told}" if told else ""
