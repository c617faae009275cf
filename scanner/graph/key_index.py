"""The keys of a database by what they may be called elsewhere, and those a column's name points to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from scanner.graph.key_roles import (
    ABOVE,
    ABOVE_PHRASES,
    ACCOUNTS,
    AT_A_SCREEN,
    AT_WORK,
    ATTRIBUTES,
    CHIEF,
    DONE_BY,
    ELSEWHERE,
    PEOPLE,
    USERS,
    WELL_KNOWN,
    WORKERS,
)
from scanner.graph.resolve import name_of
from scanner.keys.names import (
    IDENTIFIERS,
    KNOWN_SHORT,
    Meaning,
    entity,
    is_copy,
    is_short_for,
    meanings,
    thing,
    words_of,
)

SHORT = 12
"""Characters of the longest text that is taken for a code where no word says so."""
MANY = 16
"""Keys of tables of one name beyond which that name points to none of them."""


class Key(NamedTuple):
    """A key of one column that others may refer to."""

    table: str
    """Path of its table."""
    column: str
    family: str
    length: int | None
    words: tuple[str, ...]
    """Its column's name."""
    thing: tuple[str, ...]
    """What its table's rows are."""
    kind: str
    """primary, unique, or sampled where only values say that it is one."""


class Pointer(NamedTuple):
    """A key that a column's name points to, how well, and why, as part of a sentence."""

    key: Key
    score: float
    why: str


@dataclass(slots=True)
class Index:
    """The keys of one schema, or of one database: by the thing, by the key's own name, and by parts of those."""

    things: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    tails: dict[tuple[str, ...], list[Key]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    initials: dict[str, set[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(set))
    heads: Counter[str] = field(default_factory=Counter)
    columns: dict[str, frozenset[str]] = field(default_factory=dict)
    """Names of every column, as one word, of the tables that have keys."""
    shorts: dict[str, str | None] = field(default_factory=dict)
    kinds: dict[str, list[Key]] = field(default_factory=dict)

    def add(self, key: Key) -> None:
        """Make a key one that names can point to."""
        self.names["".join(key.words)].append(key)
        if not key.thing:
            return
        self.things["".join(key.thing)].append(key)
        if len(key.thing) == 1:
            self.first[key.thing[0][0]].add(key.thing[0])
        for start in range(1, len(key.thing)):
            self.tails[key.thing[start:]].append(key)
        if len(key.thing) > 2:
            self.initials["".join(word[0] for word in key.thing)].add(key.thing)
        if key.kind != "unique":
            self.heads[key.thing[0]] += 1

    def of(self, words: tuple[str, ...]) -> Sequence[Key]:
        """The keys of the table a name names; none where very many are called so, for then none of them is meant."""
        found = self.things.get("".join(words), ())
        return found if len(found) <= MANY else ()

    def named(self, name: str) -> Sequence[Key]:
        """The keys of exactly that name, likewise; of those that share it, an owner is still told by its table."""
        found = self.names.get(name, ())
        return found if len(found) <= 8 * MANY else ()

    def ending(self, word: str) -> Sequence[Key]:
        """The keys of tables whose things are a kind of what a word names, as caseworkers are of workers."""
        if word not in self.kinds:
            self.kinds[word] = [
                key for thing, keys in self.things.items() if thing.endswith(word) and thing != word
                for key in keys if key.kind != "unique"
            ]  # fmt: skip
        return self.kinds[word]

    def long_for(self, short: str) -> str | None:
        """The one thing that a word abbreviates; None where that is none, or several."""
        if short not in self.shorts:
            long = {thing for thing in self.first.get(short[0], ()) if is_short_for(short, thing)}
            long |= {"".join(t) for t in self.initials.get(short, ())}
            self.shorts[short] = next(iter(long)) if len(long) == 1 else None
        return self.shorts[short]


def common_prefix(tables: Iterable[str]) -> str:
    """The first word that at least three tables and most of all begin with, as an application marks its own."""
    heads = Counter(words[0] for words in map(words_of, tables) if len(words) > 1)
    total = sum(heads.values())
    word, count = heads.most_common(1)[0] if heads else ("", 0)
    return word if count >= 3 and count * 5 >= total * 4 and len(heads) * 4 <= total else ""


def copies_among(tables: Iterable[str]) -> frozenset[str]:
    """Tables that are marked as copies, or one period's part, of another beside them."""
    every = list(tables)
    plain = frozenset("".join(words_of(table)) for table in every)
    return frozenset(table for table in every if is_copy(table, plain))


@dataclass(frozen=True, slots=True)
class Child:
    """A column that may hold keys of another table."""

    table: str
    column: str
    thing: tuple[str, ...]
    """What its own table's rows are."""
    alone: bool
    """Whether it is its table's key, by itself."""
    siblings: frozenset[str]
    """Names, each as one word, of the columns beside it."""
    integer: bool


def pointers(child: Child, index: Index) -> Iterator[Pointer]:
    """Every key that a column's name may point to; what refers to a key of its own table is told by its words."""
    words = words_of(child.column)
    if not words or (len(words) == 1 and words[0] in IDENTIFIERS) or ELSEWHERE & set(words[:-1]):
        return
    yield from _same_name(child, words, index)
    own = "".join(child.thing)
    read = meanings(child.column)
    for meaning in read:
        if not meaning.words:
            continue
        if _tagged(child, meaning, index):
            return
        if "".join(meaning.words) == own and meaning.sort and not meaning.after:
            return  # the table's own identifier
        yield from _by_thing(child, meaning, index)
    if not child.alone:
        yield from _by_part_played(child, read, index)


def _tagged(child: Child, meaning: Meaning, index: Index) -> bool:
    """Whether a column beside it names the table each value belongs to: ``owner_type`` beside ``owner_id``."""
    joined = "".join(meaning.words)
    return (
        bool(meaning.sort)
        and joined not in index.things
        and bool({f"{joined}type", f"{joined}table", f"{joined}kind", f"{joined}class"} & child.siblings)
    )


def _same_name(child: Child, words: tuple[str, ...], index: Index) -> Iterator[Pointer]:
    """Keys of exactly the column's name, where one table can be told to own that name."""
    keys = [key for key in index.named("".join(words)) if key.table != child.table]
    if not keys:
        return
    sort = IDENTIFIERS.get(words[-1], "")
    rest = thing(words[:-1] if sort else words)
    glued = next((m for m in meanings(child.column) if m.glued and not m.after), None)
    if glued and any(_is_of(glued.words, key.thing, index) for key in keys):  # facid, of facilities
        sort, rest = glued.sort, glued.words
    owners = _nearest(child, keys) or [key for key in keys if _is_of(rest, key.thing, index)]
    if len({key.table for key in owners}) == 1:
        if rest != child.thing or not rest:
            yield Pointer(owners[0], 0.95 if sort else 0.9, "has the name of its key")
    elif len(keys) == 1 and not child.alone and rest and rest != child.thing:
        known = rest[-1] in WELL_KNOWN
        if known or (sort and keys[0].kind != "unique" and not (len(rest) == 1 and rest[0] in ATTRIBUTES)):
            yield Pointer(keys[0], 0.8, "has the name of its key, which no other table's key has")
    elif len(keys) == 1 and child.alone and sort and rest and rest != child.thing:
        yield Pointer(keys[0], 0.5, "has the name of its key, and is a key itself")


def _nearest(child: Child, keys: Iterable[Key]) -> list[Key]:
    """Of keys that share a name those of the table that the column's own begins with: staff, to staff_absence."""
    begin = [key for key in keys if key.thing and child.thing[: len(key.thing)] == key.thing != child.thing]
    longest = max((len(key.thing) for key in begin), default=0)
    return [key for key in begin if len(key.thing) == longest]


def _is_of(words: tuple[str, ...], table: tuple[str, ...], index: Index) -> bool:
    """Whether words name what a table holds: wholly, or abbreviated."""
    joined = "".join(words)
    return bool(words) and (joined == "".join(table) or index.long_for(joined) == "".join(table))


def _by_thing(child: Child, meaning: Meaning, index: Index) -> Iterator[Pointer]:
    """Keys of the table whose rows a name identifies: whole, after a part played, abbreviated, in part."""
    words = meaning.words
    for start in range(len(words)):
        rest = tuple(word for word in words[start:] if not word.isdigit())
        role = start > 0 or bool(meaning.after) or len(rest) < len(words) - start
        if not rest or (role and child.alone):
            continue
        found = index.of(rest)
        if found and not (meaning.glued and start):
            yield from _to(child, meaning, found, role=role, index=index)
            return
        if meaning.sort and start and (key := _key_at_end(child, rest, meaning, index)):
            yield Pointer(key, 0.8, "ends in the name of its key")
            return
    if meaning.sort and not meaning.glued:
        yield from _in_part(child, words, meaning, index)


def _key_at_end(child: Child, rest: tuple[str, ...], meaning: Meaning, index: Index) -> Key | None:
    """The one key whose whole name stands at the end of the column's."""
    last = words_of(child.column)[-1]
    keys = index.named("".join((*rest, last))) if last in IDENTIFIERS and not meaning.after else ()
    plain = len(rest) == 1 and rest[0] in ATTRIBUTES
    return keys[0] if len(keys) == 1 and not plain and keys[0].kind != "unique" else None


_SORTS = {
    ("id", "id"): 1.0,
    ("code", "code"): 1.0,
    ("number", "number"): 1.0,
    ("id", "code"): 0.85,
    ("id", "number"): 0.85,
}


def _to(child: Child, meaning: Meaning, keys: Iterable[Key], *, role: bool, index: Index) -> Iterator[Pointer]:
    """Pointers to the keys of a table that a name names, as far as both are the same sort of identifier."""
    for key in keys:
        sort = _sort_of(key)
        if not meaning.sort:
            yield from _unmarked(child, meaning, key, role=role)
            continue
        score = (0.78 if role else 0.9) * _SORTS.get((meaning.sort, sort), 0.6)
        if key.kind == "unique" and sort != meaning.sort:
            continue
        if role and len(key.thing) == 1 and key.thing[0] in ATTRIBUTES | {"category", "group", "class", "code"}:
            score *= 0.82
        copied = "".join(words_of(child.column)) in index.columns.get(key.table, ()) and child.column != key.column
        if copied and not role and "".join(words_of(child.column)) != "".join(key.words):
            continue  # the other table has a column of that name, and it is not its key: both hold the same attribute
        part = " and the part it plays" if role else ""
        yield Pointer(key, score, f"names that table{part}")


def _sort_of(key: Key) -> str:
    """Which sort of identifier a key is: by its last word, or its first; a table's own name counts as a code."""
    if key.words[-1] in IDENTIFIERS:
        return IDENTIFIERS[key.words[-1]]
    found = [m.sort for m in meanings(key.column) if m.sort]
    return found[0] if found else ("code" if key.family == "text" else "id")


def _unmarked(child: Child, meaning: Meaning, key: Key, *, role: bool) -> Iterator[Pointer]:
    """A column named for a table without a word for an identifier: ``customer`` of whole numbers, ``currency`` codes.

    In the plural it counts such things (``rooms``); texts must be codes of the same length.
    """
    last = words_of(child.column)[-1]
    if child.alone or last != meaning.words[-1] or key.kind == "unique":
        return
    if child.integer and key.family in {"integer", "number"}:
        if not role and not (len(meaning.words) == 1 and last in ATTRIBUTES):
            yield Pointer(key, 0.7, "is called like that table")
    elif not child.integer and _is_code(key):
        yield Pointer(key, 0.66 if role else 0.72, "is called like that table of codes")


def _is_code(key: Key) -> bool:
    short = key.family in {"uuid", "text"} and key.length is not None and key.length <= SHORT
    return short and (IDENTIFIERS.get(key.words[-1]) == "code" or thing(key.words) == key.thing)


def _in_part(child: Child, words: tuple[str, ...], meaning: Meaning, index: Index) -> Iterator[Pointer]:
    """Keys of tables named by more than the column says, or more fully."""
    role = bool(meaning.after)
    if child.alone or role:
        return
    for start in range(len(child.thing), 0, -1):  # account.type_id → account_type
        longer = index.of((*child.thing[:start], *words))
        if longer and "".join(longer[0].thing) != "".join(child.thing):
            for key in longer:
                if key.kind != "unique":
                    yield Pointer(
                        key, 0.82 * _SORTS.get((meaning.sort, _sort_of(key)), 0.6), "names part of that table"
                    )
            return
    spelt = thing(tuple(KNOWN_SHORT.get(word, word) for word in words))
    if len(words) > 1 and spelt != words and (whole := index.of(spelt)):
        yield from (
            Pointer(key, 0.78 * _SORTS.get((meaning.sort, _sort_of(key)), 0.6), "abbreviates the name of that table")
            for key in whole if key.kind != "unique" and key.table != child.table
        )  # fmt: skip
        return
    long = index.long_for("".join(words)) or (index.long_for(words[-1]) if len(words) > 1 else None)
    if long is not None and len(words[-1]) > 1:
        factor = 0.9 if len(words) == 1 else 0.85
        for key in index.of((long,)):
            if key.kind != "unique":
                score = 0.8 * factor * _SORTS.get((meaning.sort, _sort_of(key)), 0.6)
                yield Pointer(key, score, f"abbreviates the name of that table, {' '.join(key.thing)}")
        return
    tails = [key for key in index.tails.get(words, ()) if key.kind != "unique" and key.table != child.table]
    if len(tails) == 1 and not (len(words) == 1 and words[0] in ATTRIBUTES):
        module = index.heads[tails[0].thing[0]] > 1 and len(tails[0].thing) == len(words) + 1
        yield Pointer(
            tails[0], (0.66 if module else 0.5) * _SORTS.get((meaning.sort, _sort_of(tails[0])), 0.6),
            "ends like the name of that table, and of no other",
        )  # fmt: skip


def _by_part_played(child: Child, read: tuple[Meaning, ...], index: Index) -> Iterator[Pointer]:
    """Names that say only what part the row referred to plays: above this one, or somebody at work."""
    words = next((m.words for m in read if m.sort), words_of(child.column))
    marked = any(m.sort for m in read)
    phrase = words_of(child.column)
    phrase = phrase[:-1] if phrase[-1] in IDENTIFIERS else phrase
    own = [key for key in index.of(child.thing) if key.table == child.table and key.kind != "unique"]
    bare = tuple(word for word in words if word not in child.thing)
    if (phrase in ABOVE_PHRASES or (len(bare) == 1 and bare[0] in ABOVE and (marked or child.integer))) and own:
        yield Pointer(own[0], 0.8, "names the row above or before")
        return
    if len(words) > 3 or not (marked or phrase[-1].endswith("by") or words[-1] in AT_WORK):
        return
    by = len(phrase) > 1 and phrase[-1] == "by" and (phrase[-2].endswith("ed") or phrase[-2] in DONE_BY)
    by = by or phrase[-1].endswith("edby")
    if words[-1] == "owner" and (found := _people(ACCOUNTS, index)):
        yield Pointer(found, 0.7, "names whose it is")
        return
    if words[-1] in AT_WORK or words[-1] in AT_A_SCREEN or by:
        if own and child.thing[-1] in PEOPLE and words[-1] in CHIEF:
            yield Pointer(own[0], 0.8, "names somebody's superior")
            return
        if words[-1] in AT_WORK and (ending := index.ending(words[-1])):
            if len(ending) == 1:  # worker, of caseworkers; among several kinds of workers none is meant
                yield Pointer(ending[0], 0.75, "ends the name of that table")
            return
        if found := _people(USERS if by or words[-1] in AT_A_SCREEN else (*WORKERS, "user"), index):
            yield Pointer(found, 0.7, "names somebody's part at work")


def _people(wanted: Iterable[str], index: Index) -> Key | None:
    """The key of the one table of people who work there; the first of those ``wanted`` that exists."""
    for word in wanted:
        keys = [key for key in index.of((word,)) if key.kind != "unique"]
        if keys:
            return keys[0] if len(keys) == 1 else None
    return None


def entity_of(path: str, common: str) -> tuple[str, ...]:
    """What the rows of the table at a path are."""
    return entity(name_of(path.rpartition("/")[2]), common)
