"""Every store that was scanned, seen, referred to or registered, with one status; and those nobody answers for, ranked.

The rank of an unmanaged store is a sum that can be done by hand; each part stands among its reasons with its points:
10 for every store that refers to it (at most 50), 1 for every file that does (at most 30), 20 where one of those files
changed within a year of the newest file that refers to anything (10 within three years), 15 for every sensitive hint
(at most 45), 15 for a database file that lies on a share, 10 for a place that a source itself says exists, and 20 less
where all that is known of it is that somebody once logged in there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scanner.graph.aliases import At
from scanner.graph.edges import Edges
from scanner.graph.endpoint import Endpoint
from scanner.graph.estate import Estate
from scanner.graph.estate import found as found_in
from scanner.graph.facts import Reader, read
from scanner.graph.follow import Resolver
from scanner.graph.gather import resolver_of
from scanner.graph.locate import of_source, plain
from scanner.graph.references import References, Tally, collect
from scanner.paths import restore_text
from scanner.results import DATABASE_FILE, Asset, Managed, Store
from scanner.secrets import scrub

HINTS = {
    "payroll": "pay", "salary": "pay", "salaries": "pay", "wages": "pay", "hr": "staff", "personnel": "staff",
    "staff": "staff", "employee": "staff", "employees": "staff", "medical": "health", "patient": "health",
    "patients": "health", "health": "health", "clinical": "health", "passport": "identity", "passports": "identity",
    "identity": "identity", "ssn": "identity", "backup": "backups", "backups": "backups", "bak": "backups",
    "dump": "backups", "finance": "finance", "financial": "finance", "accounts": "finance", "ledger": "finance",
    "bank": "finance", "invoices": "finance", "tax": "finance", "legal": "legal", "contracts": "legal",
    "customer": "customers", "customers": "customers", "clients": "customers", "crm": "customers",
    "confidential": "secrets", "secret": "secrets", "secrets": "secrets", "password": "secrets",
    "passwords": "secrets", "keys": "secrets", "safeguarding": "people at risk", "welfare": "people at risk",
}  # fmt: skip
"""Words in the name of a store, and what they hint at."""
OUTCOMES = {
    "answered": "it answered", "no_name": "its name does not exist", "refused": "it refused the connection",
    "timeout": "nothing answered in time", "unreachable": "no way leads there",
    "unknown": "the name could not be looked up",
}  # fmt: skip
"""What may come of asking a store whether it is there."""
DEAD = frozenset({"no_name", "refused", "timeout"})
YEAR = 365 * 86_400 * 1_000_000
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CHOSEN = frozenset({"excluded", "unsupported"})
"""Reasons not to look into what was seen that somebody chose, or that leave nothing to answer for."""
_REGISTER = "SELECT DISTINCT name, locator, coalesce(owner, '') FROM known_store ORDER BY ALL"
_SEEN = """
    SELECT source, name, kind, coalesce(locator, ''), reason, coalesce(detail, '') FROM seen
    WHERE kind IN ('share', 'bucket', 'database', 'mount') ORDER BY ALL"""
_LABELS = "SELECT store, kind FROM label GROUP BY store, kind ORDER BY store, kind"
_REACHED = "SELECT store, asked_at, outcome FROM reached ORDER BY store, host, port"


@dataclass(slots=True)
class _Known:
    """What is told of one store from every side."""

    asset: Asset
    store: Store | None = None
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Source, reason and detail of each source that names it."""
    register: str = ""
    owner: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)


def reconcile(reader: Reader, estate: Estate, resolver: Resolver, references: References) -> tuple[Managed, ...]:
    """Every store with its status; the unmanaged ones come first, the most pressing before the others."""
    found = {s.id: _Known(estate.assets[s.id], s, owner=s.owner or "") for s in resolver.stores}
    _add_seen(reader, estate, resolver, found)
    _add_register(reader, estate, resolver, found)
    resolver.settle()
    for asset in estate.directory.unresolved.values():
        if asset.level == "store":
            found.setdefault(asset.id, _Known(asset)).asset = asset
    labels: dict[str, list[str]] = defaultdict(list)
    for store, kind in reader.rows(_LABELS):
        labels[store].append(str(kind))
    for store, at, outcome in reader.rows(_REACHED):
        if store in found:
            found[store].asked.append((str(outcome), int(at)))
    newest = max((t.touched for t in references.tallies.values() if t.touched is not None), default=None)
    made = [
        _managed(known, references.tallies.get(key) or Tally(), labels.get(key, []), newest)
        for key, known in found.items()
    ]
    return tuple(sorted(made, key=lambda m: (not m.unmanaged, -m.rank, m.title.lower(), m.asset)))


def _add_seen(reader: Reader, estate: Estate, resolver: Resolver, found: dict[str, _Known]) -> None:
    for source, name, kind, locator, reason, detail in reader.rows(_SEEN):
        key = _place_of(estate, resolver, source, name, kind, locator)
        known = found.get(key) or _Known(_asset(estate, key))
        if known.store is None:
            found[key] = known
            known.seen.append((source, reason, detail))


def _place_of(estate: Estate, resolver: Resolver, source: str, name: str, kind: str, locator: str) -> str:
    """The asset of a store that a source names."""
    text = _restored(locator)
    end = of_source(text) if text and kind != "mount" else None
    if end is not None:
        led = resolver.follow(end, At(source, source, "", resolver.places.hosts.get(source, "")))
        if led.target:
            return led.target
    if kind == "mount" and text.startswith(("\\\\", "sftp:", "smb:")) and (end := of_source(text)) is not None:
        led = resolver.follow(end, At(source, source, ""))
        if led.target:
            return led.target
    return estate.directory.outside(kind, plain(text) if text else _restored(name), "" if text else source).asset


def _add_register(reader: Reader, estate: Estate, resolver: Resolver, found: dict[str, _Known]) -> None:
    """Find the store that each line of the register means; one that nothing else tells of stands for itself."""
    names = _by_name(resolver)
    for name, locator, owner in reader.rows(_REGISTER):
        key = _registered(name, locator, estate, resolver, names)
        known = found.setdefault(key, _Known(_asset(estate, key)))
        known.register = known.register or name
        known.owner = owner or known.owner


def _registered(name: str, locator: str, estate: Estate, resolver: Resolver, names: dict[str, str]) -> str:
    for text in (locator, name):
        if text in estate.assets and estate.assets[text].level == "store":
            return text
    end = of_source(locator)
    if end is not None:
        led = resolver.follow(end, At("", "", ""))
        if led.target:
            return led.target
    for text in (locator, name):
        if found := names.get(text.strip().lower()):
            return found
    return estate.directory.outside("store", plain(locator) or name).asset


def _by_name(resolver: Resolver) -> dict[str, str]:
    """Stores by their bare names, where only one has it: buckets, databases and shares, scanned or not."""
    found: dict[str, set[str]] = defaultdict(set)
    for store in resolver.stores:
        found[(store.path or store.source).lower()].add(store.id)
    for asset, end in resolver.ends.items():
        found[(end.name or end.host).lower()].add(asset)
    return {name: min(assets) for name, assets in found.items() if len(assets) == 1 and name}


def _asset(estate: Estate, key: str) -> Asset:
    return estate.assets.get(key) or estate.directory.unresolved[key]


def _restored(text: str) -> str:
    try:
        return restore_text(text) if "\\x" in text else text
    except UnicodeDecodeError:
        return text


def _managed(known: _Known, tally: Tally, labels: list[str], newest: int | None) -> Managed:
    """One store with its status, and why nobody seems to answer for it."""
    status = _status(known, tally)
    hints = (*_hints(known.asset.title), *(f"holds values labelled {label}" for label in labels))
    why = _why(known, status)
    points = list(_points(known, tally, hints, newest)) if why else []
    parts = (*why, *(f"{text} ({number:+d})" for number, text in points)) if why else ()
    newest_of_it = known.store.newest if known.store is not None else None
    return Managed(
        asset=known.asset.id, title=scrub(known.asset.title), kind=known.asset.kind, status=status,
        owner=known.owner, register=known.register, references=tally.references, files=tally.files,
        by=tuple(store for store, _ in sorted(tally.by.items(), key=lambda i: (-i[1], i[0]))),
        places=tuple(tally.places), touched=tally.touched if tally.references else newest_of_it,
        hints=hints, unmanaged=tuple(map(scrub, parts)), rank=float(sum(n for n, _ in points)),
        asked=_asked(known),
    )  # fmt: skip


def _status(known: _Known, tally: Tally) -> str:
    store = known.store
    if store is not None:
        return "scanned" if store.entries or store.complete else "seen"
    if known.seen:
        return "seen"
    if known.asset.resolved:
        return "scanned"
    if known.register and not tally.references:
        return "known"
    if known.asked and all(outcome in DEAD for outcome, _ in known.asked):
        return "dead"
    return "referenced"


def _why(known: _Known, status: str) -> tuple[str, ...]:  # noqa: PLR0911 - the first reason that holds
    """The reason why nobody seems to answer for a store; none where the register or the estate file names it."""
    if known.register:
        return ()
    store = known.store
    if store is not None:
        if store.known:
            return ()
        if store.kind == DATABASE_FILE:
            return (f"a database file on {store.source} that no register names",)
        return ("scanned, and not in the register",)
    if known.seen:
        told = [s for s in known.seen if s[1] not in _CHOSEN]
        return (f"named by {told[0][0]}, and nobody looked into it: {told[0][1].replace('_', ' ')}",) if told else ()
    if status == "dead":
        return ("referred to, and it does not answer",)
    return ("referred to, never scanned and not in the register",)


def _points(known: _Known, tally: Tally, hints: tuple[str, ...], newest: int | None) -> Iterator[tuple[int, str]]:
    """What presses, as (points, words)."""
    if stores := len(tally.by):
        yield min(50, 10 * stores), f"{_count(stores, 'store')} {'refers' if stores == 1 else 'refer'} to it"
        yield min(30, tally.files), f"{_count(tally.references, 'reference')} in {_count(tally.files, 'file')}"
    if tally.touched is not None and newest is not None:
        age = newest - tally.touched
        if age <= 3 * YEAR:
            when = datetime.fromtimestamp(tally.touched / 1e6, UTC).date().isoformat()
            yield (20 if age <= YEAR else 10), f"a file that refers to it changed on {when}"
    if hints:
        yield min(45, 15 * len(hints)), f"sensitive by its name or content: {', '.join(hints)}"
    if known.asset.kind == DATABASE_FILE:
        yield 15, "a database file"
    if known.seen:
        yield 10, "a source says that it exists"
    if tally.references and tally.logins == tally.references:
        yield -20, "known only from lists of hosts that somebody logged in to"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _hints(title: str) -> tuple[str, ...]:
    """What the words of a name hint at, each once.

    >>> _hints("db7/HRPayroll_bak"), _hints("three")
    (('pay', 'backups'), ())
    """
    words = [w.lower() for w in _WORD.findall(title)]
    return tuple(dict.fromkeys(HINTS[w] for w in words if w in HINTS))


def _asked(known: _Known) -> str:
    """When a store was asked whether it answers, and what came of it."""
    if not known.asked:
        return ""
    outcome, at = max(known.asked, key=lambda a: (a[0] not in DEAD, a[1]))
    when = datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"asked on {when}: {OUTCOMES.get(outcome, outcome)}"


def places_to_ask(reader: Reader) -> tuple[tuple[Managed, tuple[str, int] | None], ...]:
    """Every store that is referred to and was never scanned, with host and port, None where no port is known for it."""
    facts = read(reader)
    estate = found_in(facts)
    resolver = resolver_of(reader, facts, estate)
    references = collect(reader, estate, resolver, Edges())
    managed = reconcile(reader, estate, resolver, references)
    asked = (m for m in managed if m.status in {"referenced", "dead"})
    return tuple((m, _address(resolver.ends.get(m.asset))) for m in asked)


def _address(end: Endpoint | None) -> tuple[str, int] | None:
    if end is None or not end.host or end.kind == "bucket":
        return None
    return (end.host, end.usual_port) if end.usual_port else None
