"""A store scanned again: what an unchanged one costs in time and bytes, and what it takes to tell two runs apart.

- a re-scan of an unchanged tree beside its first scan, settling included, and the bytes of facts it adds (none);
- `stocktake diff` of two runs, with their parts shared and with none shared, beside one FULL JOIN over both in DuckDB.

    python -m benchmarks.rescan [--full]
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import made
from benchmarks.harness import STOCKTAKE, Goal, Row, Seen, Side, main, once, pairs
from scanner.catalog import Bundle, Catalog, SourceRow, locate, settle
from scanner.model import Batch, Unit
from scanner.schema import LISTING

CHANGED = 20
"""One chunk of rows in so many has a few changes."""


def measure(full: bool) -> list[Row]:
    """Every row of the table."""
    with tempfile.TemporaryDirectory(prefix="rescan-") as folder:
        room = Path(folder)
        rows = [*_again(room, 200_000 if full else 20_000, full=full)]
        for size in (1_000_000, 10_000_000) if full else (200_000,):
            rows += _told_apart(room, size, full=full)
        return rows


def _again(room: Path, files: int, *, full: bool) -> Iterator[Row]:
    """A tree scanned once, and scanned again into a catalog that knows it."""
    tree, catalog, first = room / "tree", room / "again", room / "first"
    for n in range(files // 50):
        inner = tree / f"department {n % 40}" / f"project {n}"
        inner.mkdir(parents=True)
        for name in range(50):
            (inner / f"document {name}.docx").touch()
    scan = [*STOCKTAKE, "scan", tree, "-q", "--json", "--catalog"]
    for _ in range(2):
        once(Side("scan", [*scan, catalog], seen=_entries))
    before = _bytes(catalog)
    yield pairs(
        "7 re-scan", f"unchanged tree, {files:,} files", full=full, unit="entries",
        peer=Side("first scan", [*scan, first], seen=_entries, before=partial(_forget, first)),
        ours=Side("re-scan", [*scan, catalog], seen=_entries),
        goal=Goal("at most 1.3 x the first scan", 1.3),
    )  # fmt: skip
    once(Side("sweep", [*scan, catalog], seen=_entries))
    grown = sum(f.stat().st_size for f in (catalog / "facts").glob("settled/entry-*")) / max(1, _bytes(first))
    yield Row(
        "7 re-scan", f"bytes of entries kept after {'8' if full else '6'} scans, x those of one",
        goal=Goal("at most 1.1", 1.1, "value", at_most=True), value=grown, units=before, unit="bytes",
    )  # fmt: skip


def _told_apart(room: Path, size: int, *, full: bool) -> Iterator[Row]:
    """Two runs of a made share, told apart as they were crawled, then settled."""
    catalog = room / f"runs-{size}"
    with Catalog.open(locate(str(catalog)), create=True) as made_of:
        made_of.lock()
        for changed in (False, True):
            _run(made_of, size, changed=changed)
    diff = [*STOCKTAKE, "diff", "1", "2", "--json", "--limit", "50", "--catalog", catalog]
    facts = catalog / "facts"
    join = Side("DuckDB FULL JOIN", partial(_joined, facts / "scan-000001", facts / "scan-000002"), seen=_as_seen)
    goal = Goal("at most 30 s", 30, "seconds") if size == 10_000_000 else None
    yield pairs(
        "7 diff", f"{size:,} entries, no part shared", peer=join, ours=Side("diff", diff, seen=_differing),
        units=size, unit="entries", goal=goal, full=full,
    )  # fmt: skip
    raw = room / f"raw-{size}"
    shutil.copytree(facts, raw)
    with Catalog.open(locate(str(catalog))) as made_of:
        made_of.lock()
        started = time.perf_counter()
        settle(made_of, 2)
        seconds = time.perf_counter() - started
    kept = sum(f.stat().st_size for f in facts.glob("settled/*")) / _bytes(catalog / "facts" / "scan-000001", "*")
    yield Row(
        "7 settle", f"{size:,} entries of two raw runs", seconds=(seconds,), units=2 * size,
        value=kept, goal=Goal("both runs at most 1.2 x the bytes of one", 1.2, "value", at_most=True),
    )  # fmt: skip
    join = Side("DuckDB FULL JOIN", partial(_joined, raw / "scan-000001", raw / "scan-000002"), seen=_as_seen)
    yield pairs(
        "7 diff", f"{size:,} entries, settled", peer=join, ours=Side("diff", diff, seen=_differing),
        units=size, unit="entries", goal=goal, full=full,
    )  # fmt: skip


def _run(catalog: Catalog, size: int, *, changed: bool) -> None:
    """One finished run; a changed one lacks three rows of some chunks, and forty others have another time."""
    row = SourceRow("share", "smb", "Share", "IT", r"\\fs01\share", 0, "share", {}, {})
    number = catalog.start([row], title="made", config_hash="", depth="L1", version="0", targets="[]")
    buffer = catalog.buffer(number, "share")
    for n, plain in enumerate(made.entries(size)):
        table = _edited(plain) if changed and n % CHANGED == 1 else plain
        names = table.group_by("parent", use_threads=False).aggregate([("name", "count")]).to_pydict()
        units = [(catalog.new_unit_id(), Unit(key), "done", 1) for key in names["parent"]]
        buffer.add(units[0][0], made.batches(table))
        listed = {"path": names["parent"], "listed": names["name_count"], "complete": [True] * len(units)}
        buffer.add(units[0][0], Batch(LISTING, listed))
        parts, _ = buffer.write()
        catalog.commit(number, Bundle("share", parts, units))
    catalog.set_source(number, "share", state="complete", started=1, ended=2)
    catalog.finish(number, "complete", 0)


def _edited(table: pa.Table) -> pa.Table:
    kept = table.slice(3).combine_chunks()
    times = kept["modified"].combine_chunks()
    later = pa.concat_arrays([pc.add(times.slice(0, 40), 1), times.slice(40)])
    return kept.set_column(kept.schema.get_field_index("modified"), "modified", later).combine_chunks()


def _joined(old: Path, new: Path) -> tuple[int, int, int]:
    """Added, changed and removed, by one join of all columns that tell a change."""
    values = 'kind, size, modified, etag, target, tier, storage_class, subtype, owner, "group", mode, attributes'
    sides = [f"(SELECT parent, name, ({values}) AS v FROM read_parquet('{f}/entry-*.parquet'))" for f in (old, new)]
    with duckdb.connect(":memory:") as db:
        db.execute("SET enable_progress_bar = false")
        found = db.execute(
            f"""SELECT count(*) FILTER (WHERE o.name IS NULL), count(*) FILTER (WHERE o.v <> n.v),
                count(*) FILTER (WHERE n.name IS NULL)
            FROM {sides[0]} o FULL JOIN {sides[1]} n ON o.parent = n.parent AND o.name = n.name"""
        ).fetchone()
    assert found
    return (int(found[0]), int(found[1]), int(found[2]))


def _as_seen(counts: tuple[int, int, int]) -> Seen:
    return Seen(sum(counts), "/".join(map(str, counts)))


def _differing(out: bytes) -> Seen:
    """What `stocktake diff --json` says of its one source."""
    told = next(r for line in out.splitlines() if (r := json.loads(line))["type"] == "compared")
    return _as_seen((told["added"], told["changed"], told["removed"] + told["not_comparable"]))


def _entries(out: bytes) -> Seen:
    """How many entries `stocktake scan --json` found."""
    rows = [json.loads(line) for line in out.splitlines()]
    return Seen(sum(r["entries"] for r in rows if r["type"] == "source"))


def _forget(catalog: Path) -> None:
    shutil.rmtree(catalog, ignore_errors=True)


def _bytes(folder: Path, which: str = "facts/*/entry-*") -> int:
    return sum(f.stat().st_size for f in folder.glob(which))


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
