"""Section 11 reading references: what files refer to, beside grep with an expression for the same kinds of locator.

Work: real configuration, scripts and sources: those that this machine's own packages installed, copied into one tree;
1,500 of them, or with ``--full`` every one there is (20,000 and more on a machine that has what the tests need). Ours
is (a) the extractors in one process, (b) the same in a helper process as a scan uses it, and (c) a whole ``stocktake
scan --depth L2`` of the tree, started, listed, read, committed; beside it (d) the same scan at depth L1. ``grep -rE``
only finds lines; it says neither which store a line names, nor whether it is a comment, and it cuts no password.

    python -m benchmarks.references [--full] [--pairs N]
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import statistics
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import STOCKTAKE, Row, Seen, Side, main, pairs

SECTION = "11 references"
REDUCED = 1_500
ROOTS = ("/etc", "/usr/share", "/usr/lib", sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"])
ENDINGS = frozenset((
    ".py", ".pl", ".pm", ".rb", ".php", ".js", ".ts", ".sh", ".bash", ".ps1", ".bat", ".cmd", ".sql", ".conf", ".cfg",
    ".cnf", ".ini", ".inf", ".properties", ".toml", ".yml", ".yaml", ".json", ".xml", ".xsl", ".service", ".timer",
    ".socket", ".rules", ".desktop", ".env", ".reg", ".cs", ".java", ".tf", ".j2", ".in", ".txt", ".md", ".html",
    ".ora", ".xlsx", ".docx",
))  # fmt: skip
LARGEST = 2 << 20
PATTERN = (
    r"\\\\[A-Za-z0-9._-]+\\[A-Za-z0-9._$-]+|[a-z0-9+.-]+://[^ \"'<>]+|(server|data source|host|database)"
    r"[[:space:]]*=[[:space:]]*[^;\"']+;|jdbc:[a-z]+:|(FROM|JOIN|INTO|UPDATE)[[:space:]]+[A-Za-z_]+\.[A-Za-z_]+"
)


def gathered(tree: Path, most: int | None) -> tuple[int, int]:
    """Copy real files into a tree, folders of 500; returns how many and how many bytes."""
    count = length = 0
    for file in _files():
        if most is not None and count >= most:
            break
        folder = tree / f"{count // 500:03}"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{count:06} {file.name}"
        try:
            shutil.copyfile(file, target)
        except OSError:  # not ours to read
            continue
        count += 1
        length += target.stat().st_size
    return count, length


def _files() -> Iterator[Path]:
    """Files of every root in turn, so that a part of them is a mixture too; the same on each run."""
    walks = [_walk(Path(root)) for root in ROOTS if Path(root).is_dir()]
    seen: set[tuple[int, int]] = set()
    while walks:
        for walk in list(walks):
            file = next(walk, None)
            if file is None:
                walks.remove(walk)
                continue
            stat = file.stat()
            if (stat.st_dev, stat.st_ino) not in seen and 0 < stat.st_size <= LARGEST:
                seen.add((stat.st_dev, stat.st_ino))
                yield file


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            file = Path(folder, name)
            if file.suffix.lower() in ENDINGS and file.is_file() and not file.is_symlink():
                yield file


def _contents(tree: str) -> Iterator[tuple[str, bytes, bool]]:
    from scanner.sample.asking import most_read  # noqa: PLC0415 - in the process that is measured

    for folder, _, names in os.walk(tree):
        for name in names:
            file = Path(folder, name)
            if (most := most_read(str(file), file.stat().st_size)) is not None:
                with file.open("rb") as handle:
                    content = handle.read(most)
                    yield str(file), content, not handle.read(1)


def inside(tree: str) -> Seen:
    """Every file through its extractors, in this process."""
    from scanner.sample.quoting import Quoted, quote  # noqa: PLC0415

    count = 0
    for path, content, complete in _contents(tree):
        quote(path, content, complete=complete, quoted=Quoted(lambda _: True))
        count += 1
    return Seen(count)


def aside(tree: str) -> Seen:
    """Every file through a helper, one after another, as one worker of a scan has it."""
    from scanner.sample.aside import HELPERS  # noqa: PLC0415

    count = 0
    for path, content, complete in _contents(tree):
        HELPERS.ask(path, content, complete=complete, memory_mib=2048)
        count += 1
    HELPERS.close()
    return Seen(count)


@dataclasses.dataclass(frozen=True)
class _On:
    """A function over the tree, as a side wants it."""

    act: str
    tree: str

    def __call__(self) -> Seen:
        """What it saw."""
        return globals()[self.act](self.tree)  # type: ignore[no-any-return]


def ready() -> None:
    """Load the extractors."""
    from scanner.sample.asking import asked  # noqa: PLC0415

    asked()


def told(row: Row, length: int) -> Row:
    """A row with its rate in bytes."""
    rate = length / statistics.median(row.seconds) / 1e6
    return dataclasses.replace(
        row, note="; ".join(filter(None, (row.note, f"{length / 1e6:,.0f} MB, {rate:,.1f} MB/s")))
    )


def measure(full: bool) -> list[Row]:
    """Every row of the section."""
    with tempfile.TemporaryDirectory(prefix="references-") as made:
        tree, catalog = Path(made, "tree"), Path(made, "catalog")
        files, length = gathered(tree, None if full else REDUCED)
        count = inside(str(tree)).count
        grep = Side(
            "grep -rE", ["grep", "-rEaio", PATTERN, str(tree)], seen=lambda _: Seen(count), codes=frozenset({0, 1})
        )

        def fresh() -> None:
            shutil.rmtree(catalog, ignore_errors=True)

        def scan(depth: str) -> Side:
            words = [*STOCKTAKE, "scan", str(tree), "--depth", depth, "--catalog", str(catalog), "--progress", "none"]
            return Side(f"scan --depth {depth}", words, seen=lambda _: Seen(count), before=fresh)

        work = f"{files:,} real files"
        return [
            told(pairs(SECTION, f"{work}: {what}", ours=ours, peer=grep, full=full, unit="files"), length)
            for what, ours in (
                ("extractors, one process", Side("extractors", _On("inside", str(tree)), ready=ready)),
                ("extractors, in a helper", Side("helper", _On("aside", str(tree)), ready=ready)),
                ("whole scan at L2", scan("L2")),
                ("whole scan at L1", scan("L1")),
            )
        ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
