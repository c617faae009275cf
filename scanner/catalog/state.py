"""The one door to what is kept: runs, units, parts and faults in SQL, committed together."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from scanner.catalog import tables as t
from scanner.catalog.engine import make_engine, make_folders, refusals, writable_or_copy
from scanner.catalog.facts import Facts, facts_at
from scanner.catalog.location import Location
from scanner.catalog.lock import Lock, ServerLock, held
from scanner.catalog.parts import Buffer, Part
from scanner.catalog.readers import alone
from scanner.catalog.schema_version import prepare
from scanner.codes import GAP_CODES, StocktakeError
from scanner.model import Fault, Unit
from scanner.secrets import scrub

SPILLED = "duckdb_temp_"
"""How files begin that a reader put into the catalog's room since they did not fit into memory."""
HASH_KEY_BYTES = 32


def now_us() -> int:
    """The present time in microseconds UTC."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class Bundle:
    """What one commit makes count at once: parts, units that are done or failed, their children and their faults.

    ``units`` are (id, unit, state, attempts); ``children`` (id, unit); ``faults`` (unit id, fault); ``dropped`` ids of
    attempts whose rows stand in ``parts`` but must not count.
    """

    source: str
    parts: list[Part] = field(default_factory=list)
    units: list[tuple[int, Unit, str, int]] = field(default_factory=list)
    children: list[tuple[int, Unit]] = field(default_factory=list)
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.parts or self.units or self.children or self.faults or self.dropped)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as one scan was given it; ``options`` and ``limits`` are JSON values, secrets as references."""

    name: str
    type: str
    title: str
    owner: str | None
    locator: str
    store_depth: int
    store_kind: str
    options: Mapping[str, Any]
    limits: Mapping[str, Any]
    state: str = "waiting"
    error_code: str | None = None


_PLACE = ("scan", "source", "key", "after")
"""What there is one unit of."""


class Catalog:
    """Everything kept about an estate. Open for writing with ``Catalog.open``; thread-safe."""

    def __init__(self, location: Location, engine: sa.Engine) -> None:
        self.location = location
        self.facts: Facts = facts_at(location.place)
        self._engine = engine
        self._write = threading.Lock()
        self._lock = Lock(location.root)
        self._server_lock = None if location.state_file else ServerLock(engine, location.shown)
        self._next_unit = 0
        self._closed = False
        self._after = contextlib.ExitStack()

    # opening and closing

    @classmethod
    def open(cls, location: Location, *, create: bool = False) -> Catalog:
        """Open a catalog, bringing an older one up to date; with ``create``, make it where there is none.

        Raises:
            StocktakeError: NO_CATALOG, CATALOG_UNWRITABLE, CATALOG_DAMAGED, CATALOG_NEWER.
        """
        if create or location.store:
            make_folders(location)
        elif not location.exists():
            raise StocktakeError("NO_CATALOG", str(location.state_file or location.shown))
        with contextlib.ExitStack() as after:
            at = location if create else after.enter_context(writable_or_copy(location))
            engine = make_engine(at)
            after.callback(engine.dispose)
            with refusals(at):
                prepare(engine, at, create=create)
            catalog = cls(location, engine)
            catalog._after = after.pop_all()
        return catalog

    def close(self) -> None:
        """Let go of the lock and the connections; may be called twice.

        A worker that was left behind may still be about to commit: by then the next scan may have the lock, and have
        given the same ids to other units. So nothing is kept any more from here on.
        """
        with self._write:
            self._closed = True
        if self._server_lock is not None:
            self._server_lock.release()
        self._lock.release()
        self._after.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def lock(self) -> None:
        """Become the one scan that writes here. Raises StocktakeError CATALOG_LOCKED."""
        self._lock.acquire()
        if self._server_lock is not None:
            try:
                with refusals(self.location):
                    self._server_lock.acquire()
            except StocktakeError:
                self._lock.release()
                raise
        with self.reading() as db:
            highest = [db.execute(sa.select(sa.func.max(c))).scalar() or 0 for c in (t.unit.c.id, t.dropped.c.unit)]
        self._next_unit = max(highest) + 1

    # runs

    def start(self, sources: Iterable[SourceRow], known: Sequence[Mapping[str, Any]] = (), **run: Any) -> int:
        """Begin a numbered scan over sources; returns its number."""
        with self._begin() as db:
            number = (db.execute(sa.select(sa.func.max(t.scan.c.id))).scalar() or 0) + 1
            db.execute(t.scan.insert().values(id=number, state="running", started=now_us(), **run))
            rows = [_source_values(number, s) for s in sources]
            if rows:
                db.execute(t.source.insert(), rows)
            if known:
                db.execute(t.known_store.insert(), [{"scan": number, **k} for k in known])
            self._append_audit(db, "scan started", f"run {number}: {', '.join(r['name'] for r in rows)}")
        return number

    def reopen(self, number: int) -> None:
        """Go on with an earlier scan. Raises StocktakeError RUN_UNKNOWN."""
        self.run(number)
        with self._begin() as db:
            db.execute(t.scan.update().where(t.scan.c.id == number).values(state="running", ended=None))
            self._append_audit(db, "scan resumed", f"run {number}")

    def finish(self, number: int, state: str, exit_code: int) -> None:
        """End a scan with its state and exit code."""
        with self._begin() as db:
            values = {"state": state, "ended": now_us(), "exit_code": exit_code}
            db.execute(t.scan.update().where(t.scan.c.id == number).values(**values))
            self._append_audit(db, "scan ended", f"run {number}: {state}, exit {exit_code}")

    def runs(self) -> list[dict[str, Any]]:
        """Every scan, newest first. One that says running but whose process is gone is ``interrupted``."""
        with self.reading() as db:
            rows = [dict(r) for r in db.execute(sa.select(t.scan).order_by(t.scan.c.id.desc())).mappings()]
            elsewhere = self._server_lock is not None and self._server_lock.holder(db) is not None
        for row in rows:
            if row["state"] == "running" and not elsewhere and not held(self.location.root):
                row["state"] = "interrupted"
        return rows

    def run(self, number: int) -> dict[str, Any]:
        """One scan. Raises StocktakeError RUN_UNKNOWN."""
        for row in self.runs():
            if row["id"] == number:
                return row
        raise StocktakeError("RUN_UNKNOWN", str(number))

    def sources(self, number: int) -> list[SourceRow]:
        """The sources of a scan, as it was given them, in the estate file's order."""
        with self.reading() as db:
            rows = db.execute(sa.select(t.source).where(t.source.c.scan == number)).mappings().all()
        names = [f for f in SourceRow.__dataclass_fields__ if f not in {"options", "limits"}]
        return [
            SourceRow(**{n: r[n] for n in names}, options=json.loads(r["options"]), limits=json.loads(r["limits"]))
            for r in rows
        ]

    def source(self, name: str) -> SourceRow | None:
        """A source as the newest scan of that name was given it."""
        with self.reading() as db:
            number = db.execute(sa.select(sa.func.max(t.source.c.scan)).where(t.source.c.name == name)).scalar()
        return None if number is None else next(s for s in self.sources(number) if s.name == name)

    def set_source(self, number: int, name: str, **values: Any) -> None:
        """Record what became of a source: state, times, error, requests."""
        values = {k: _storable(scrub(v)) if isinstance(v, str) else v for k, v in values.items()}
        where = (t.source.c.scan == number) & (t.source.c.name == name)
        with self._begin() as db:
            db.execute(t.source.update().where(where).values(**values))

    def add_load(self, number: int, name: str, requests: int, logins: int, connections: int) -> None:
        """Add what a source was asked, to what an interrupted part of the same scan had asked it before."""
        c = t.source.c
        peak = sa.case((c.peak_connections > connections, c.peak_connections), else_=connections)
        with self._begin() as db:
            db.execute(
                t.source.update()
                .where(c.scan == number, c.name == name)
                .values(requests=c.requests + requests, logins=c.logins + logins, peak_connections=peak)
            )

    # units, parts and faults

    def buffer(self, number: int, source: str) -> Buffer:
        """A buffer for one worker's batches."""
        return Buffer(self.facts, number, source)

    def new_unit_id(self) -> int:
        """An id no attempt of any unit has had."""
        with self._write:
            self._next_unit += 1
            return self._next_unit - 1

    def reserve_unit_ids(self, count: int) -> int:
        """So many such ids in a row, for who is elsewhere; returns the first."""
        with self._write:
            self._next_unit += count
            return self._next_unit - count

    def units(self, number: int, source: str) -> list[tuple[int, Unit, str]]:
        """Every unit of a source with its state; what a resumed scan knows of its frontier."""
        query = sa.select(t.unit.c.id, t.unit.c.key, t.unit.c.after, t.unit.c.state).where(
            t.unit.c.scan == number, t.unit.c.source == source
        )
        with self.reading() as db:
            return [(i, Unit(key, after), state) for i, key, after, state in db.execute(query)]

    def begun(self, number: int, source: str) -> bool:
        """Whether anything of a source was crawled in a scan."""
        c = t.unit.c
        query = sa.select(c.id).where(c.scan == number, c.source == source, c.state != "pending").limit(1)
        with self.reading() as db:
            return db.execute(query).first() is not None

    def has_pending(self, number: int, source: str) -> bool:
        """Whether units of a source are left to crawl."""
        c = t.unit.c
        query = sa.select(c.id).where(c.scan == number, c.source == source, c.state == "pending").limit(1)
        with self.reading() as db:
            return db.execute(query).first() is not None

    def commit(self, number: int, bundle: Bundle) -> None:
        """Make a bundle count, in one transaction.

        Raises:
            StocktakeError: DISK_FULL, CATALOG_DAMAGED; CATALOG_LOCKED when the lock was lost.
        """
        scan, source = number, bundle.source
        with self._begin() as db:
            if self._server_lock is not None:
                self._server_lock.check(db)
            if bundle.parts:
                db.execute(
                    t.part.insert(),
                    [
                        {
                            "path": p.path,
                            "scan": scan,
                            "source": source,
                            "fact": p.fact,
                            "rows": p.rows,
                            "bytes": p.bytes,
                        }
                        for p in bundle.parts
                    ],
                )
            if bundle.children:
                rows = [_unit_values(scan, source, i, u, "pending", 0) for i, u in bundle.children]
                # Of a unit that is there already, not of an id: that would lose a unit without a word.
                db.execute(self._insert(t.unit).on_conflict_do_nothing(index_elements=_PLACE), rows)
            if bundle.units:
                self._settle(db, [_unit_values(scan, source, *row) for row in bundle.units])
            if bundle.dropped:
                db.execute(t.dropped.insert(), [{"unit": i, "scan": scan} for i in bundle.dropped])
            if bundle.faults:
                db.execute(t.fault.insert(), [_fault_values(scan, source, i, f) for i, f in bundle.faults])

    def replace(self, number: int, source: str, parts: Sequence[Mapping[str, Any]]) -> None:
        """Let other parts stand for all that is kept of a source in a scan; files no row names wait for the sweep."""
        with self._begin() as db:
            if self._engine.dialect.name == "sqlite":
                # A loss of power may not undo this one: the files of the old parts may be gone by then.
                db.exec_driver_sql("PRAGMA synchronous=FULL")
            db.execute(t.part.delete().where(t.part.c.scan == number, t.part.c.source == source))
            if parts:
                db.execute(t.part.insert(), [{"scan": number, "source": source, **p} for p in parts])

    def repeat(self, number: int, reasons: Sequence[str] | None) -> int:
        """Put failed units, and units with faults of the named codes, back on the frontier; returns how many.

        Their earlier rows and faults count no more. None repeats every unit with a fault that left a gap. Settled rows
        do not say which unit they are from: where one unit of such a source is to be repeated, the source is crawled
        anew as a whole. A unit of several is taken apart: a part that it handed out is a unit of its own by now.
        """
        condition = t.unit.c.state == "failed"
        picked = sa.select(t.fault.c.unit).where(t.fault.c.scan == number, t.fault.c.unit.is_not(None))
        if reasons is None:
            condition = condition | t.unit.c.id.in_(picked.where(t.fault.c.op == "list"))
        else:
            condition = t.unit.c.id.in_(picked.where(t.fault.c.reason.in_(reasons)))
        with self._begin() as db:
            picked_units = db.execute(
                sa.select(t.unit.c.id, t.unit.c.source, t.unit.c.key, t.unit.c.after).where(
                    t.unit.c.scan == number, condition
                )
            ).fetchall()
            settled = sa.select(t.part.c.source).where(t.part.c.scan == number, t.part.c.digest.is_not(None))
            anew = set(db.execute(settled.distinct()).scalars()) & {source for _, source, _, _ in picked_units}
            for source in sorted(anew):
                self._begin_anew(db, number, source)
            again = {row.id: row for row in picked_units if row.source not in anew}
            apart = {i for i, row in again.items() if Unit(row.key, row.after).members}
            for i in apart:
                self._take_apart(db, number, again[i].source, Unit(again[i].key, again[i].after))
            for chunk in _chunks(list(again), 500):
                db.execute(t.dropped.insert(), [{"unit": i, "scan": number} for i in chunk])
                db.execute(t.fault.delete().where(t.fault.c.scan == number, t.fault.c.unit.in_(chunk)))
                for state, units in (("pending", set(chunk) - apart), ("done", set(chunk) & apart)):
                    db.execute(t.unit.update().where(t.unit.c.id.in_(list(units))).values(state=state))
        return len(picked_units)

    def gaps(self, number: int, source: str) -> dict[str, int]:
        """Faults of a source after which its counts are lower bounds, by code."""
        query = (
            sa.select(t.fault.c.reason, sa.func.count())
            .where(t.fault.c.scan == number, t.fault.c.source == source)
            .where(t.fault.c.op != "note", t.fault.c.reason.in_(GAP_CODES))
            .group_by(t.fault.c.reason)
        )
        with self.reading() as db:
            return {str(reason): int(n) for reason, n in db.execute(query)}

    def add_faults(self, number: int, source: str, faults: Sequence[Fault]) -> None:
        """Record faults that belong to a source as a whole."""
        with self._begin() as db:
            db.execute(t.fault.insert(), [_fault_values(number, source, None, f) for f in faults])

    def clear_source_faults(self, number: int, source: str) -> None:
        """Forget faults of a source as a whole, before it is tried again."""
        where = (t.fault.c.scan == number) & (t.fault.c.source == source) & t.fault.c.unit.is_(None)
        with self._begin() as db:
            db.execute(t.fault.delete().where(where))

    def check(self) -> tuple[int, int]:
        """Read every part that counts; returns how many parts and rows. Raises StocktakeError CATALOG_DAMAGED."""
        parts = rows = 0
        with self.reading() as db:
            for row in db.execute(sa.select(t.part.c.path, t.part.c.rows).distinct().order_by(t.part.c.path)):
                rows += self.facts.verify(row.path, row.rows)
                parts += 1
        return parts, rows

    def sweep(self) -> int:
        """Remove files of the facts folder that no row names, and copies; returns how many.

        A killed scan left them, or they were settled. While somebody reads, what is whole waits for the next time.
        """
        with self.reading() as db:
            named = set(db.execute(sa.select(t.part.c.path)).scalars())
        removed = 0
        with alone(self.location.root) as nobody_reads:
            for name in self.facts.names():
                # What was settled may still be read by somebody who came before; what has no name yet, by nobody.
                if name not in named and (nobody_reads or name.endswith(".tmp")):
                    self.facts.remove(name)
                    removed += 1
            for file in self.location.room.glob("*"):
                if nobody_reads or not file.name.startswith(SPILLED):
                    file.unlink(missing_ok=True)
                    removed += 1
        return removed

    # trust and the one-attempt breaker

    def trusted(self, host: str, port: int) -> tuple[str, ...]:
        """Host key fingerprints a person has trusted."""
        query = sa.select(t.trust.c.fingerprint).where(t.trust.c.host == host, t.trust.c.port == port)
        with self.reading() as db:
            return tuple(db.execute(query).scalars())

    def trusts(self) -> list[tuple[str, int, str]]:
        """Every host, port and fingerprint a person has trusted."""
        with self.reading() as db:
            return [
                (h, p, f) for h, p, f in db.execute(sa.select(t.trust.c.host, t.trust.c.port, t.trust.c.fingerprint))
            ]

    def trust(self, host: str, port: int, fingerprint: str) -> None:
        """Trust a host key from now on, in place of any earlier one."""
        with self._begin() as db:
            db.execute(t.trust.delete().where(t.trust.c.host == host, t.trust.c.port == port))
            db.execute(t.trust.insert().values(host=host, port=port, fingerprint=fingerprint, added=now_us()))
            self._append_audit(db, "host key trusted", f"{host}:{port} {fingerprint}")

    def refused(self, host: str, account: str) -> str | None:
        """The code of an earlier refused login of this account there, None where there was none."""
        query = sa.select(t.breaker.c.code).where(t.breaker.c.host == host, t.breaker.c.account == account)
        with self.reading() as db:
            return db.execute(query).scalar()

    def set_refused(self, host: str, account: str, code: str | None) -> None:
        """Remember a refused login, or with None that a person has changed the credential."""
        with self._begin() as db:
            db.execute(t.breaker.delete().where(t.breaker.c.host == host, t.breaker.c.account == account))
            if code is not None:
                db.execute(t.breaker.insert().values(host=host, account=account, refused=now_us(), code=code))
            self._append_audit(db, "login refused" if code else "credential changed", f"{account} on {host}")

    def set_reached(self, answers: Iterable[tuple[str, str, int, str]]) -> None:
        """Keep what came of asking places whether they answer: (store, host, port, outcome)."""
        with self._begin() as db:
            for store, host, port, outcome in answers:
                c = t.reached.c
                db.execute(t.reached.delete().where(c.store == store, c.host == host, c.port == port))
                values = {"store": store, "host": host, "port": port, "asked_at": now_us(), "outcome": outcome}
                db.execute(t.reached.insert().values(**values))
                self._append_audit(db, "store asked", f"{host}:{port} {outcome}")

    # the key that values are hashed by

    def hash_key(self) -> bytes:
        """The key that this catalog's hashes of values are made with; made when first asked for."""
        with self._begin() as db:
            known = db.execute(sa.select(t.hash_key.c.key)).scalar()
            if known is None:
                known = secrets.token_hex(HASH_KEY_BYTES)
                db.execute(t.hash_key.insert().values(id=1, key=known, made=now_us()))
                self._append_audit(db, "hash key made", "")
            return bytes.fromhex(known)

    # audit

    def note(self, event: str, detail: str) -> None:
        """Append a line to the audit log."""
        with self._begin() as db:
            self._append_audit(db, event, detail)

    def verify_audit(self) -> tuple[int, int | None]:
        """Lines of the audit log, and the first whose hash does not follow from the ones before (None: all do)."""
        chain = ""
        count = 0
        with self.reading() as db:
            for row in db.execute(sa.select(t.audit).order_by(t.audit.c.id)).mappings():
                count += 1
                chain = _link(chain, row["at"], row["event"], row["detail"])
                if row["chain"] != chain or row["id"] != count:
                    return count, int(row["id"])
        return count, None

    def audit_anchor(self) -> str:
        """The newest hash of the audit log, '' where it is empty."""
        with self.reading() as db:
            return db.execute(sa.select(t.audit.c.chain).order_by(t.audit.c.id.desc()).limit(1)).scalar() or ""

    # inside

    @contextlib.contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with self._write, refusals(self.location):
            if self._closed:
                raise StocktakeError("CATALOG_LOCKED", str(self.location.shown), "this scan has let go of it")
            with self._engine.begin() as db:
                yield db

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions. Raises StocktakeError CATALOG_DAMAGED."""
        with refusals(self.location), self._engine.connect() as db:
            yield db

    def _insert(self, table: sa.Table) -> Any:
        if self._engine.dialect.name != "postgresql":
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - takes a while, and few need it

        return postgresql.insert(table)

    def _settle(self, db: sa.Connection, rows: list[dict[str, Any]]) -> None:
        """Set the state of units, whether their parent's commit has put them there already or not."""
        insert = self._insert(t.unit)
        new = insert.excluded
        db.execute(
            insert.on_conflict_do_update(
                index_elements=_PLACE,
                set_={"id": new.id, "state": new.state, "attempts": new.attempts},
            ),
            rows,
        )

    def _take_apart(self, db: sa.Connection, number: int, source: str, unit: Unit) -> None:
        """Put each container of a unit of several on the frontier, but those that it handed out as parts of itself."""
        place = (t.unit.c.scan == number) & (t.unit.c.source == source) & (t.unit.c.key == unit.key)
        marks = db.execute(sa.select(t.unit.c.after).where(place)).scalars()
        own = set(unit.members)
        for members in [set(Unit(unit.key, mark).members) for mark in marks]:
            if len(members) < len(unit.members):  # a part of it, or one that lies beside it
                own -= members
        if not own:
            return
        first, self._next_unit = self._next_unit, self._next_unit + len(own)
        rows = [_unit_values(number, source, first + n, each, "pending", 0) for n, each in enumerate(sorted(own))]
        db.execute(self._insert(t.unit).on_conflict_do_nothing(index_elements=_PLACE), rows)

    def _begin_anew(self, db: sa.Connection, number: int, source: str) -> None:
        """Forget all that a scan kept of a source, as if its turn had not come yet."""
        for table in (t.part, t.unit, t.fault):
            db.execute(table.delete().where(table.c.scan == number, table.c.source == source))
        values = {"state": "waiting", "error_code": None, "error_where": None, "error_detail": None}
        where = (t.source.c.scan == number) & (t.source.c.name == source)
        db.execute(t.source.update().where(where).values(**values))
        self._append_audit(db, "source begun anew", f"run {number}: {source}")

    @staticmethod
    def _append_audit(db: sa.Connection, event: str, detail: str) -> None:
        last = db.execute(sa.select(t.audit.c.id, t.audit.c.chain).order_by(t.audit.c.id.desc()).limit(1)).first()
        number, chain = (last.id + 1, last.chain) if last else (1, "")
        at, detail = now_us(), scrub(detail)
        values = {"id": number, "at": at, "event": event, "detail": detail, "chain": _link(chain, at, event, detail)}
        db.execute(t.audit.insert().values(**values))


def _link(chain: str, at: int, event: str, detail: str) -> str:
    return hashlib.sha256(json.dumps([chain, at, event, detail]).encode()).hexdigest()


def _unit_values(scan: int, source: str, number: int, unit: Unit, state: str, attempts: int) -> dict[str, Any]:
    return {
        "id": number, "scan": scan, "source": source, "key": unit.key, "after": unit.after,
        "state": state, "attempts": attempts,
    }  # fmt: skip


def _fault_values(scan: int, source: str, unit: int | None, fault: Fault) -> dict[str, Any]:
    return {
        "scan": scan, "source": source, "unit": unit, "path": _storable(fault.path), "op": fault.op,
        "reason": fault.reason, "detail": _storable(scrub(fault.detail)[:2000]),
    }  # fmt: skip


def _storable(text: str) -> str:
    """Text any database takes: a driver's message may hold half characters, or NUL, which PostgreSQL refuses."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _source_values(scan: int, row: SourceRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in SourceRow.__dataclass_fields__}
    plain = {name: json.dumps(values[name], sort_keys=True) for name in ("options", "limits")}
    return values | plain | {"scan": scan}


def _chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
