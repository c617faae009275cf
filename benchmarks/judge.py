"""All rules of a target over generated entries: seconds, CPU seconds and peak memory; goal 10 s for 10 million entries.

python benchmarks/judge.py [millions] [target …]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from scanner.judge import judge, targets
from scanner.results import Store
from scanner.schema import SCHEMAS

_TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "int": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "time": "BIGINT",
}
_MADE = """COPY (SELECT 'share' AS source, 'share' AS store, parent, name, 33188 AS mode, 1 AS links, 'online' AS tier,
        CASE WHEN i % 50 = 0 THEN 'directory' ELSE 'file' END AS kind, hash(i) % 1000000 AS size,
        1700000000000000 + i AS modified
    FROM (SELECT i, 'department ' || (i // 100000) || '/Projects 2019/project-' || (i // 5000) || '/folder '
            || (i // 48) || '/' AS parent,
        CASE WHEN i % 211 = 0 THEN 'Übersicht für Café ' || i || '.xlsx' WHEN i % 5003 = 0 THEN 'caf\\xE9 ' || i
            WHEN i % 4001 = 0 THEN 'what? ' || i || '.txt' WHEN i % 1009 = 0 THEN upper('report ' || i - 1 || '.pdf')
            ELSE 'Report ' || i || ' final version (2).pdf' END AS name
        FROM range({rows}) t(i))) TO '{file}' (COMPRESSION zstd)"""


class Reader:
    """A reader over one Parquet file of entries; every other fact is empty."""

    def __init__(self, file: Path, rows: int) -> None:
        self._db = duckdb.connect()
        self._rows = rows
        self._db.execute(_MADE.format(rows=rows, file=file))
        for name, schema in SCHEMAS.items():
            columns = ", ".join(f'"{c.name}" {_TYPES[c.type]}' for c in schema.columns)
            self._db.execute(f'CREATE TABLE "{name}_" (source VARCHAR, store VARCHAR, {columns})')
            facts = f"UNION ALL BY NAME SELECT * FROM '{file}'" if name == "entry" else ""
            path = ", parent || name AS path" if name == "entry" else ""
            self._db.execute(f'CREATE VIEW "{name}" AS SELECT *{path} FROM (SELECT * FROM "{name}_" {facts})')
        self._db.execute("CREATE TABLE source AS SELECT 'share' AS name, 'file' AS type, 0 AS started, 1 AS ended")
        self._db.execute(
            "CREATE TABLE fault (source TEXT, store TEXT, path TEXT, op TEXT, reason TEXT, detail TEXT)",
        )
        self._db.execute(
            "INSERT INTO listing_ (source, store, path, listed, complete) VALUES ('share', 'share', '', 9, true)"
        )

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        return self._db.execute(sql, list(params)).fetchall()

    def dicts(self, sql: str, params: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        """Every row of a query, by column name."""
        cursor = self._db.execute(sql, list(params))
        names = [d[0] for d in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stores(self) -> tuple[Store, ...]:
        """The one store."""
        n = self._rows
        return (Store("share", "share", "", "share", "share", None, n, n, n, 0, 0, None, complete=True, known=True),)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(millions: float = 2, *names: str) -> None:
    """Print a line for each target, then one for all at once."""
    rows = int(float(millions) * 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder) / "entry.parquet", rows)
        for chosen in [*([n] for n in names or [t.id for t in targets() if "file" in t.accepts]), None]:
            began, cpu = time.perf_counter(), _cpu()
            judgement = judge(reader, chosen)
            wall, cpu = time.perf_counter() - began, _cpu() - cpu
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{' '.join(chosen or ['all targets']):22} {len(judgement.verdicts):4} verdicts  {rows:,} entries  "
                f"{wall:6.2f} s  {cpu:6.2f} s CPU  {wall * 1e7 / rows:6.1f} s for 10 M  peak {peak} MB"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
