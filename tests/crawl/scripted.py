"""A connector that follows a script: a tree in memory, with planted failures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scanner.catalog import Catalog, locate, read
from scanner.config import Limits, SourceConfig
from scanner.connector import Account, Plug, Session
from scanner.crawl import Outcome, Progress, Run
from scanner.crawl.shared import Sampling
from scanner.model import Batch, Event, Unit
from scanner.registry import Bound
from scanner.schema import ENTRY, LISTING


class NoOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass
class Script:
    """``before`` is called with each unit before its listing, and may raise; ``at_once`` before anything comes of it.

    ``tree`` maps a folder to its names.
    """

    tree: dict[str, list[str]]
    before: Callable[[Unit], None] = lambda _unit: None
    on_roots: Callable[[], None] = lambda: None
    at_once: Callable[[Unit], None] = lambda _unit: None
    sessions: list[Session] = field(default_factory=list)
    crawled: list[str] = field(default_factory=list)
    logins: int = 0
    opened: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Scripted:
    def __init__(self, script: Script, session: Session) -> None:
        self._script = script
        self._session = session
        self._closed = False
        script.sessions.append(session)

    def roots(self) -> list[Unit]:
        self._session.pace()
        with self._script.lock:
            self._script.logins += 1
            self._script.opened += 1
        self._script.on_roots()
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        self._session.pace()
        self._script.at_once(unit)
        with self._script.lock:
            self._script.crawled.append(unit.key)
        names = self._script.tree[unit.key]
        kinds = ["directory" if n.endswith("/") else "file" for n in names]
        plain = [n.rstrip("/") for n in names]
        sizes = [None if k == "directory" else len(n) for k, n in zip(kinds, plain, strict=True)]
        yield Batch(ENTRY, {"parent": [unit.key] * len(names), "name": plain, "kind": kinds, "size": sizes})
        for name in names:
            if name.endswith("/"):
                yield Unit(unit.key + name)
        self._script.before(unit)
        yield Batch(LISTING, {"path": [unit.key], "listed": [len(names)], "complete": [True]})

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with self._script.lock:
                self._script.opened -= 1


def tree(width: int, depth: int, at: str = "") -> dict[str, list[str]]:
    """Every folder holds ``width`` folders down to ``depth`` and ``width`` files."""
    folders = [f"d{n}/" for n in range(width)] if depth else []
    found = {at: [*folders, *(f"f{n}.txt" for n in range(width))]}
    for folder in folders:
        found |= tree(width, depth - 1, at + folder)
    return found


def bound(script: Script, name: str = "tree", account: Account | None = None, **limits: object) -> Bound:
    plug = Plug(
        title="scripted", schemes=(), options=NoOptions, open=lambda _o, session: Scripted(script, session),
        from_url=lambda _u: {}, account=lambda _o: account, locator=lambda _o: name, type="scripted",
        store_kind="share",
    )  # fmt: skip
    config = SourceConfig(name=name, type="scripted", limits=Limits.model_validate({"connections": 3, **limits}))
    return Bound(config, plug, NoOptions())


def scan(
    folder: Path,
    *sources: Bound,
    number: int | None = None,
    tick: Callable[[Run], None] | None = None,
    sampling: Sampling | None = None,
) -> Outcome:
    """A scan into a catalog in ``folder``; with ``number``, going on with that one."""
    with Catalog.open(locate(str(folder / "catalog")), create=True) as catalog:
        catalog.lock()
        if number is None:
            run = Run.start(catalog, sources, title="t", config_hash="")
        else:
            catalog.reopen(number)
            catalog.sweep()
            run = Run(catalog, number, sources)

        run.sampling = lambda _bound: sampling

        def ticked(_progress: Progress) -> None:
            if tick:
                tick(run)

        return run.execute(ticked, every_s=0.01)


def inventory(folder: Path) -> list[tuple[object, ...]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows("SELECT source, path, kind, size FROM entry ORDER BY ALL")


def paths_of(tree_: dict[str, list[str]]) -> list[str]:
    return sorted(folder + name.rstrip("/") for folder, names in tree_.items() for name in names)
