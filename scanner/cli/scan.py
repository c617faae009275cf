"""The commands that touch sources: scan and resume."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from scanner.catalog import Catalog, read
from scanner.cli.common import (
    CatalogOption,
    ColorOption,
    Common,
    ConfigOption,
    DebugOption,
    JsonOption,
    QuietOption,
    check_targets,
    common,
    leave,
)  # fmt: skip
from scanner.cli.output import Output, clean, count, problem, size
from scanner.cli.watching import watching
from scanner.codes import CODES, Exit, StocktakeError
from scanner.config import digest
from scanner.crawl import Outcome, Progress, Run
from scanner.crawl.apart import part, warm
from scanner.registry import bind_all

if TYPE_CHECKING:
    from scanner.crawl.fleet import Fleet


class Depth(enum.StrEnum):
    """How deep a scan looks."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class Show(enum.StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


DepthOption = Annotated[
    Depth | None,
    typer.Option(
        "--depth",
        help="For every source of this scan. L1: names, sizes and structure; file content is never read. L2: files "
        "are looked into as well: databases for their tables and columns, never for rows; configuration, scripts, "
        "packages, reports and office files for the stores they name. L3: in databases over ODBC, columns that may be "
        "keys are read as well, at most 100,000 rows of each table; keyed hashes of their values are kept, no value; "
        "other sources as at L2. Else as the estate file says.",
    ),
]
ExecutorOption = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="local|ADDRESS",
        help="Where sources are crawled: local, or on the workers of a Dask cluster, whose scheduler is at "
        "tls://HOST:PORT, or dask://HOST:PORT without TLS. Else as the estate file says.",
    ),
]
ProgressOption = Annotated[Show, typer.Option("--progress", help="How progress is shown on stderr.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(scan)
    app.command()(resume)


def scan(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]…", help="Names from the estate file, or paths and URLs.")
    ] = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    depth: DepthOption = None,
    executor: ExecutorOption = None,
    progress: ProgressOption = Show.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
    no_color: ColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Crawl sources into the catalog; read-only, and resumable at any moment.

    Examples: stocktake scan /srv/share · stocktake scan s3://bucket 'sftp://me@host/data?key_file=id' · stocktake scan
    """
    output = Output(as_json=json, quiet=quiet, color=not no_color, debug=debug)
    shared = common(output, config, catalog)
    bound = shared.sources(list(sources or ()))
    if depth is not None:
        bound = [b.at_depth(depth.value) for b in bound]
    warm(bound)
    check_targets(shared)
    with _fleet(shared, executor) as fleet, shared.open_catalog(create=True) as store:
        store.lock()
        run = Run.start(
            store, bound, title=shared.estate.title, config_hash=digest(shared.estate), targets=shared.estate.targets,
            known=[k.model_dump() for k in shared.estate.stores],
        )  # fmt: skip
        output.record("scan", {"run": run.number, "depth": run.depth, "sources": [b.name for b in bound]})
        outcome = _execute(shared, run, progress, fleet)
    leave(outcome)


def resume(
    run: Annotated[int | None, typer.Argument(help="Run to go on with; the newest when absent.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CODE", help="Repeat only what failed with this code.")
    ] = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    executor: ExecutorOption = None,
    progress: ProgressOption = Show.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
    no_color: ColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Go on with an interrupted scan; what failed is tried again."""
    output = Output(as_json=json, quiet=quiet, color=not no_color, debug=debug)
    shared = common(output, config, catalog)
    for code in only or ():
        if code not in CODES:
            raise StocktakeError("USAGE", "--only", f"{code} is no code; stocktake explain codes lists them")
    with _fleet(shared, executor) as fleet, shared.open_catalog() as store:
        number = run if run is not None else _newest(store)
        store.lock()
        again = Run.resume(store, number, list(only or ()), bind_all(shared.estate, shared.lines))
        output.record("scan", {"run": number, "resumed": True, "sources": [b.name for b in again.sources]})
        outcome = _execute(shared, again, progress, fleet)
    leave(outcome)


def _newest(store: Catalog) -> int:
    runs = store.runs()
    if not runs:
        raise StocktakeError("RUN_UNKNOWN", "newest", "no scan was ever started here")
    return int(runs[0]["id"])


@contextlib.contextmanager
def _fleet(shared: Common, executor: str | None) -> Iterator[Fleet | None]:
    """The cluster that crawls, None for this machine. Raises StocktakeError."""
    settings = shared.estate.executor
    text = executor or settings.address or "local"
    if text == "local":
        yield None
        return
    from scanner.cli.work import perform
    from scanner.crawl.fleet import Fleet, address_of

    fleet = Fleet(address_of(text, allow_plain=settings.allow_plain), perform)
    try:
        yield fleet
    finally:
        fleet.close()


def _execute(shared: Common, run: Run, show: Show, fleet: Fleet | None) -> Exit:
    output = shared.output
    if fleet is not None:
        from scanner.crawl.spread import Spread

        run.way = spread = Spread(fleet, shared.estate.executor.wait_s)
        run.asked = spread.asked
    Output.run = run.number
    if run.depth != "L1":  # else nobody looks into content
        from scanner.sample import sampling

        key = run.catalog.hash_key() if run.depth == "L3" and fleet is None else None
        run.sampling = partial(sampling, room=run.catalog.location.room, key=key)
        if run.depth == "L3" and fleet is not None:
            output.say(
                "On a cluster no values are read: depth L3 is as L2, since the key they are hashed by stays here."
            )
    caught = _Caught(run, output)
    with caught.listening():
        with watching(output, show.value) as watch:

            def tick(progress: Progress) -> None:
                watch.show(progress)
                caught.tell()

            try:
                outcome = run.execute(tick)
            finally:
                part()
            caught.tell()
        code = outcome.exit
        if caught.stop is not None:
            code = Exit(128 + caught.stop)
            run.catalog.finish(run.number, outcome.state, code)
        _tell(run, output, outcome, code)
    return code


class _Caught:
    """Signals of a scan: the first SIGINT or SIGTERM checkpoints and stops, the second ends the process now.

    SIGUSR1 prints the status. The handlers only take note, since they may meet the streams in the midst of a line;
    what there is to say is said by ``tell`` a moment later.
    """

    def __init__(self, run: Run, output: Output) -> None:
        self.stop: int | None = None
        self._run = run
        self._output = output
        self._asked = False
        self._announced = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Listen until the scan has ended."""
        wanted = {signal.SIGINT: self._on_stop, signal.SIGTERM: self._on_stop, signal.SIGUSR1: self._on_status}
        earlier: dict[signal.Signals, Any] = {}
        try:
            for number, handler in wanted.items():
                earlier[number] = signal.signal(number, handler)
            yield
        finally:
            for number, old in earlier.items():
                signal.signal(number, old)

    def tell(self) -> None:
        """Say what the signals asked for."""
        if self._asked:
            self._asked = False
            for source in self._run.progress.sources.values():
                counts = f"{source.entries:,} entries, {source.faults:,} faults"
                text = f"{source.name}: {source.state}, {counts}, now in {source.current or '(its top)'}"
                self._output.err.print(Text(clean(text)))  # it was asked for: --quiet does not silence it
        if self.stop is not None and not self._announced:
            self._announced = True
            again = f"stocktake resume{Output.context} {self._run.number}"
            self._output.say(f"Stopping at the next safe point; again to stop now. Go on later with: {again}")

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self.stop is not None:
            os._exit(128 + number)
        self.stop = number
        self._run.stop.set()

    def _on_status(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


_WORDS = {"complete": "complete", "incomplete": "complete with gaps", "failed": "failed", "stopped": "stopped"}


def _tell(run: Run, output: Output, outcome: Outcome, code: Exit) -> None:
    """The scan's end: a line per source, what was not seen, and the next command."""
    with read(run.catalog, run.number) as reader:
        rows = reader.dicts(
            """SELECT name, type AS connector, state, entries, bytes, faults, requests, error_code, error_where,
                error_detail FROM source ORDER BY name"""
        )
        gaps = reader.rows(
            """SELECT reason, count(*), min_by(source, path), min(path) FROM fault WHERE op NOT IN ('note')
            GROUP BY reason ORDER BY count(*) DESC, reason"""
        )
    output.table(
        ("Source", "Type", "State", "Entries", "Bytes", "Faults", "Requests"),
        [
            (
                r["name"],
                r["connector"],
                r["state"],
                count(r["entries"]),
                size(r["bytes"]),
                count(r["faults"]),
                count(r["requests"]),
            )
            for r in rows
        ],
        right=(3, 4, 5, 6),
    )
    for row in rows:
        output.record("source", row)
        if row["error_code"]:
            where, detail = row["error_where"] or "", row["error_detail"] or ""
            problem(output, CODES[row["error_code"]], where, detail, source=row["name"], run=run.number)
    told = [g for g in gaps if CODES[g[0]].exit is not Exit.COMPLETE and g[0] not in {r["error_code"] for r in rows}]
    for reason, number, source, path in told[:3]:
        where = f"{source}: {path or '(its top)'}" + (f" and {number - 1:,} more" if number > 1 else "")
        problem(output, CODES[reason], where, "", source=source, run=run.number)
    coverage = (
        "unknown"
        if outcome.coverage is None
        else f"{100 * outcome.coverage:.1f} % of folders, buckets and schemas fully listed"
    )
    output.line(f"Run {run.number}: {_WORDS[outcome.state]}. Coverage: {coverage}.")
    following = (
        f"stocktake resume{Output.context} {run.number}"
        if outcome.state == "stopped"
        else f"stocktake report{Output.context} -o report.html"
    )
    output.line(f"Next: {following}")
    output.exit(code, run=run.number, state=outcome.state, coverage=outcome.coverage)
