"""The connector: databases, then schemas, then every fact of a schema, each asked for the whole schema at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from connectors.odbc import profiles, sampling
from connectors.odbc.access import Access
from connectors.odbc.asking import Asker, Native, Page, Refusal
from connectors.odbc.facts import Keys, Scope, batch, listed, name_of, segment, text
from connectors.odbc.functions import Functions
from connectors.odbc.link import Link
from connectors.odbc.options import Options, locator
from connectors.odbc.pieces import joined
from connectors.odbc.profiles import FACTS
from connectors.odbc.show_create import ShowCreate
from connectors.odbc.values import Values
from scanner.connector import Session
from scanner.keys.sketches import Sketch
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.schema import ENTRY, KEY, LISTING, SEEN, SETTING


class OdbcConnector:
    """One database system over ODBC: one connection, one question at a time, nothing but SELECT and SHOW."""

    def __init__(self, options: Options, session: Session) -> None:
        self._options = options
        self._link = Link(options, session)
        self._known_asker: Asker | None = None
        self._values = Values(self._link, lambda: self._asker)

    def __repr__(self) -> str:
        return f"OdbcConnector({self._link.where!r})"

    def roots(self) -> Iterable[Unit]:
        """Log in; one unit, the list of databases. Raises SourceError."""
        self._link.connect()
        return (Unit(""),)

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """List databases, schemas, or all there is to know of one schema. Raises SourceError."""
        names = tuple(name_of(s) for s in unit.key.split("/")[:-1])
        unopened = self._open(names[0] if names else "")
        if unopened is not None:
            yield Fault(unit.key, "list", unopened.code, unopened.detail)
            if unopened.code == "DENIED":
                yield self._seen([(names[0], unopened.detail)], "denied")
            return
        scope = Scope(unit.key, self._asker.levels(), names)
        if not names:
            yield from self._databases(scope)
        elif len(names) < len(scope.levels):
            yield from self._containers("schemas", scope, None)
            yield from self._facts(profiles.IN_DATABASE, scope, {})
        else:
            yield from self._contents(scope)

    def sample(self, path: str, rows: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Column names and at most ``rows`` rows of a table; long values are cut. Raises SourceError."""
        names = self._table(path)
        return sampling.sample(self._link, names, path, rows)

    def sketch(self, path: str, rows: int, key: bytes) -> list[tuple[str, Sketch | None]]:
        """Sketches of the columns of a table that may hold keys, of its first rows in no order. Raises SourceError."""
        names = self._table(path)
        scope = Scope(path[: path.rindex("/") + 1], self._asker.levels(), tuple(names[:-1]))
        return self._values.sketches(scope, names[-1], path, rows, key)

    def _table(self, path: str) -> list[str]:
        """Be connected to where a table is; gives its raw names, database first. Raises SourceError."""
        names = [name_of(s) for s in path.split("/")]
        if self._link.named not in ("", names[0]):
            raise SourceError("NOT_FOUND", f"the source is the database {self._link.named!r} alone", where=path)
        unopened = self._open(names[0])
        if unopened is not None:
            raise unopened
        if len(names) != len(self._asker.levels()) + 1:
            raise SourceError("NOT_FOUND", "no table can be called that", where=path)
        return names

    def close(self) -> None:
        """Let go of the connection; may be called twice."""
        self._link.close()

    @property
    def _asker(self) -> Asker:
        if self._known_asker is None:
            plain = Functions if self._link.profile.functions else Native
            second: dict[str, type[Native | Functions]] = {"show_create": ShowCreate, "mdbtools": Access}
            self._known_asker = second.get(self._link.profile.second_way, plain)(self._link)
        return self._known_asker

    def _open(self, database: str) -> SourceError | None:
        """Be connected, to that database where each needs a connection; its own refusal is a value."""
        self._link.connect()
        if database and self._link.profile.reconnect:
            try:
                self._link.connect(database)
            except SourceError as error:
                if error.code in ("DENIED", "NOT_FOUND", "OTHER"):
                    return error
                raise
        return None

    # --- levels that hold levels ------------------------------------------------------------------------------------

    def _databases(self, scope: Scope) -> Iterator[Event]:
        if self._link.unread:
            yield Fault("", "note", "PARTIAL", self._link.unread)
        named = self._options.databases or ((self._link.named,) if self._link.named else None)
        yield from self._containers("databases", scope, named)
        if self._link.dbms_name:
            yield Batch(SETTING, {"path": [""], "name": ["dbms_name"], "value": [self._link.dbms_name]})
        yield from self._facts(profiles.IN_SOURCE, scope, {})

    def _containers(self, fact: str, scope: Scope, wanted: Sequence[str] | None) -> Iterator[Event]:
        """Entries, ledger and units of databases or schemas; ``wanted`` are those the settings name."""
        rows, total, complete, found = 0, 0, True, list[str]()
        for page in self._asker.pages(fact, scope, {}):
            if isinstance(page, Refusal):
                complete = False
                yield Fault(scope.container, "list", page.code, page.detail)
                continue
            names = [str(n) for n in page.column("name")]
            keep = [wanted is None or n in wanted for n in names]
            left = [n for n, k in zip(names, keep, strict=True) if not k]
            if left:
                owners = [text(o) for o, k in zip(page.column("owner"), keep, strict=True) if not k]
                details = [f"owner {o}" if o else "" for o in owners]
                yield self._seen(list(zip(left, details, strict=True)), "not_configured")
            if not self._options.databases:
                left = []  # the connection string names one database: the others are no part of this source
            found += [n for n, k in zip(names, keep, strict=True) if k]
            rows += len(page.rows)
            total += sum(keep) + len(left)
            if any(keep):
                yield _entries(page.where(keep), scope)
            yield from (Fault(scope.path(n), "skip", "EXCLUDED", "not one of `databases`") for n in left)
        if complete and (cut := self._asker.truncated(fact, scope, rows)):
            complete = False
            yield Fault(scope.container, "list", "TRUNCATED", cut)
        if complete or total:
            yield Batch(LISTING, {"path": [scope.container], "listed": [total], "complete": [complete]})
        for name in wanted or ():
            if complete and name not in found:
                yield Fault(f"{segment(name)}/", "list", "NOT_FOUND", f"the server shows no database {name!r}")
        yield from (Unit(f"{scope.path(n)}/") for n in found)

    def _seen(self, databases: Sequence[tuple[str, str]], reason: str) -> Batch:
        """Databases of the server that are not looked into, as sources of their own would name them."""
        pairs = self._options.pairs
        places = [self._options.model_copy(update={"connection": pairs.at(name).text()}) for name, _ in databases]
        return Batch(
            SEEN,
            {
                "name": [segment(name) for name, _ in databases],
                "kind": ["database"] * len(databases),
                "locator": [text(locator(place)) for place in places],
                "reason": [reason] * len(databases),
                "detail": [detail or None for _, detail in databases],
            },
        )

    # --- one schema -------------------------------------------------------------------------------------------------

    def _contents(self, scope: Scope) -> Iterator[Event]:
        """Tables and views with their ledger, then every other fact."""
        objects: dict[str, str] = {}
        total, complete = 0, True
        for page in self._asker.pages("tables", scope, {}):
            if isinstance(page, Refusal):
                complete = False
                yield Fault(scope.container, "list", page.code, page.detail)
                continue
            total += len(page.rows)
            keep = []
            for name, kind in zip(page.column("name"), page.column("kind"), strict=True):
                keep.append(bool(name) and name not in objects)
                if keep[-1]:
                    objects[name] = kind
                else:
                    yield _unkept(scope, name)
            if any(keep):
                yield _entries(page.where(keep), scope)
        if not complete and not total:
            return
        if not total and self._vanished(scope):
            yield Fault(scope.container, "list", "VANISHED", "it was listed, and gone when it was to be read")
            return
        if complete and (cut := self._asker.truncated("tables", scope, total)):
            complete = False
            yield Fault(scope.container, "list", "TRUNCATED", cut)
        yield Batch(LISTING, {"path": [scope.container], "listed": [total], "complete": [complete]})
        yield from self._facts(profiles.IN_SCHEMA, scope, objects)
        if len(scope.levels) == 1:
            yield from self._facts(profiles.IN_DATABASE, scope, objects)

    def _vanished(self, scope: Scope) -> bool:
        """Whether what holds no table is no longer listed itself: catalogs answer for it as if it were empty."""
        fact = "schemas" if len(scope.names) > 1 else "databases"
        above = Scope("".join(f"{segment(n)}/" for n in scope.names[:-1]), scope.levels, scope.names[:-1])
        for page in self._asker.pages(fact, above, {}):
            if isinstance(page, Refusal) or scope.names[-1] in map(str, page.column("name")):
                return False
        return True

    def _facts(self, facts: Sequence[str], scope: Scope, objects: Mapping[str, str]) -> Iterator[Event]:
        for fact in facts:
            keys, hidden = Keys(scope), list[str]()
            for page in joined(self._asker.pages(fact, scope, objects)):
                if isinstance(page, Refusal):
                    yield _refused(page, scope)
                elif FACTS[fact] is KEY:
                    yield from keys.add(page.names, page.rows)
                else:
                    yield batch(FACTS[fact], page.names, page.rows, scope)
                    if fact == "views":
                        texts = zip(page.column("path"), page.column("definition"), strict=True)
                        hidden += [str(name) for name, definition in texts if definition is None]
            yield from keys.rest()
            if hidden:
                detail = f"{fact}: the text of {len(hidden)} is not shown: {', '.join(hidden[:3])}"
                yield _refused(Refusal("QUERY_FAILED", detail), scope)


def _entries(page: Page, scope: Scope) -> Batch:
    given = {c.name: c.type for c in ENTRY.columns if c.name in page.names and c.name != "name"}
    columns: dict[str, Sequence[object]] = {name: listed(page.column(name), kind) for name, kind in given.items()}
    columns["parent"] = [scope.container] * len(page.rows)
    columns["name"] = [segment(str(name)) for name in page.column("name")]
    return Batch(ENTRY, {name: columns[name] for name in ENTRY.names if name in columns})


def _unkept(scope: Scope, name: str | None) -> Fault:
    if name:
        return Fault(scope.path(name), "skip", "DUPLICATE_ENTRY", "the source returned this name twice")
    return Fault(scope.container, "stat", "OTHER", "a table without a name")


def _refused(page: Refusal, scope: Scope) -> Fault:
    """A fact that stays unknown; beneath a schema its path is the schema, or the object it was asked of."""
    code = page.code if page.code == "TIMEOUT" else "QUERY_FAILED"
    path = scope.path(page.object) if page.object else scope.container[:-1]
    return Fault(path, "query", code, page.detail)
