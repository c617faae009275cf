"""Sources that are the same place, or one inside the other: nothing is to count twice."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from scanner.connector import Session
from scanner.crawl.apart import Apart, Around, Bug
from scanner.crawl.pace import Pace
from scanner.crawl.progress import SourceProgress
from scanner.model import SourceError, Stopped
from scanner.paths import segment
from scanner.registry import Bound, plain_host

LOOK_S = 5.0
"""Seconds a local root is given to say where it is; one that does not is scanned as if it were nowhere else."""
CASELESS = frozenset({"smb"})

Steps = tuple[tuple[str, str], ...]
"""The containers from the outermost to a source's root: what each is known by, and its name within the one before."""

Asked = Callable[[Bound, threading.Event], Steps]
"""How a local source is asked where it is; nothing where that cannot be had."""


@dataclass(slots=True)
class Overlaps:
    """What follows for each source: ``left_out`` maps keys to the source that covers them; ``covered`` is not scanned.

    ``covered`` maps a source to the one that covers all of it.
    """

    left_out: dict[str, dict[str, str]] = field(default_factory=dict)
    covered: dict[str, str] = field(default_factory=dict)


def overlaps(sources: Sequence[Bound], stop: threading.Event | None = None, ask: Asked | None = None) -> Overlaps:
    """Compare the places of some sources: local ones are asked, network ones compared by locator.

    They are asked in child processes of this machine, unless ``ask`` does it otherwise. Once ``stop`` is set, no
    further one is looked at.
    """
    ask = ask or asked
    halt = stop or threading.Event()
    local = [b for b in sources if b.plug.place is not None]
    with ThreadPoolExecutor(8, thread_name_prefix="place") as pool:
        places = (
            dict(zip((b.name for b in local), pool.map(lambda b: ask(b, halt), local), strict=True))
            if len(local) > 1
            else {}
        )
    places |= {b.name: steps(b) for b in sources if b.plug.place is None}
    found = Overlaps()
    for number, inner in enumerate(sources):
        for before, outer in enumerate(sources):
            if outer is inner or outer.name in found.covered:
                continue
            names = _within(places.get(inner.name, ()), places.get(outer.name, ()))
            if names is None or (not names and before > number):
                continue
            if not names or not _can_leave(outer, names):
                found.covered[inner.name] = outer.name
            else:
                key = "/".join(names) + "/"
                found.left_out.setdefault(outer.name, {})[key] = inner.name
    return found


def leaves(key: str, left_out: Mapping[str, str], *, caseless: bool) -> str | None:
    """The source that covers a container, None where none does."""
    if not left_out:
        return None
    if caseless:
        key, left_out = key.lower(), {k.lower(): name for k, name in left_out.items()}
    return next((name for place, name in left_out.items() if key.startswith(place)), None)


def _within(inner: Steps, outer: Steps) -> tuple[str, ...] | None:
    """The names that lead from one root to another inside it; () for the same place, None where it is not inside."""
    if not inner or not outer:
        return None
    ids = [i for i, _ in inner]
    if outer[-1][0] not in ids:
        return None
    return tuple(name for _, name in inner[ids.index(outer[-1][0]) + 1 :])


def _can_leave(outer: Bound, names: tuple[str, ...]) -> bool:
    """Whether the outer source can leave the inner one out: buckets and databases are containers, prefixes are not."""
    return len(names) == 1 or outer.plug.type not in {"s3", "odbc"}


def asked(bound: Bound, stop: threading.Event, look_s: float = LOOK_S) -> Steps:
    """Where a local root is, as its connector's process says; nothing where it does not answer."""
    if stop.is_set():
        return ()
    pace = Pace(SourceProgress(bound.name), stop, None, None)
    proxy = Apart(bound, Session(bound.name, pace), Around(pace, stop, lambda _unit: True), look_s)
    try:
        return proxy.place()
    except (SourceError, Stopped, Bug):  # it is not there, or cannot be reached: the scan itself will tell
        return ()
    finally:
        proxy.close()


def steps(bound: Bound) -> Steps:
    """Where a source on the network is, by its locator: host in one spelling, then share, bucket, database, folders."""
    account = bound.account
    locator, kind = bound.locator, bound.plug.type
    if kind == "odbc":
        pairs = dict(re.findall(r"([^=;]+)=(\{[^}]*\}|[^;]*)", locator.partition(":")[2].lower()))
        database = next((pairs.pop(k) for k in ("database", "dbname", "db", "initial catalog") if k in pairs), "")
        host = account.host if account else ";".join(f"{k}={v}" for k, v in sorted(pairs.items()))
        names = [segment(database)] if database else []
    elif locator.startswith("\\\\"):
        _, _, named, *names = locator.rstrip("\\").split("\\")
        host = account.host if account else plain_host(named)
    elif "://" in locator:
        url = urlsplit(locator)
        host = account.host if account else plain_host(url.netloc.rpartition("@")[2])
        path = f"{url.netloc}/{url.path}" if kind == "s3" else url.path
        names = [unquote(part) for part in path.split("/") if part]
    else:
        return ()
    made, at = [(f"{kind}://{host}", "")], f"{kind}://{host}"
    for name in names:
        at += "/" + (name.lower() if kind in CASELESS else name)
        made.append((at, name))
    return tuple(made)
