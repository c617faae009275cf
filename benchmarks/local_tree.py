"""Section 1: a local tree, `stocktake scan` as a process beside find, a C loop and os.walk, all run in turn.

The scan is the whole pipeline: started, crawled, escaped, written as Parquet and committed. Work: 21 x 1,000
directories, one directory with very many files, a million directories (``--full`` only), and a mount that takes 5 ms
for every answer. Every side must see the same number of names beneath the root; find and the scan the same paths and
sizes.

    python -m benchmarks.local_tree [--full] [--pairs N]

``STOCKTAKE_TREE`` names a directory in which the trees are kept from one run to the next; otherwise they are made anew
in a temporary one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import STOCKTAKE, Goal, Row, Seen, Side, main, of, pairs
from scanner.catalog import Catalog, locate, read

SECTION = "1 local tree"
WALK = """
import os, sys
count = 0
for folder, folders, files in os.walk(sys.argv[1]):
    for name in folders + files:
        os.lstat(os.path.join(folder, name))
        count += 1
print(count)
"""
LOOP = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
struct entry { unsigned long ino; long off; unsigned short length; unsigned char type; char name[]; };
static long count, bytes;
static void list(int folder) {
  char buffer[65536];
  long got;
  while ((got = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < got;) {
      struct entry *e = (struct entry *)(buffer + at);
      at += e->length;
      if (!strcmp(e->name, ".") || !strcmp(e->name, "..")) continue;
      struct statx s;
      if (statx(folder, e->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &s)) continue;
      count++;
      bytes += s.stx_size;
      if ((s.stx_mode & S_IFMT) == S_IFDIR) {
        int below = openat(folder, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (below >= 0) { list(below); close(below); }
      }
    }
}
int main(int n, char **words) {
  list(open(words[n - 1], O_RDONLY | O_DIRECTORY));
  printf("%ld\n", count);
  return bytes < 0;
}
"""


def wide(tree: Path, outer: int, inner: int, files: int) -> None:
    """``outer`` x ``inner`` directories with some files each; nothing to do where it is there already."""
    if tree.exists():
        return
    making = tree.with_name(tree.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    for first in range(outer):
        for second in range(inner):
            folder = making / f"area{first:02}" / f"project{second:04}"
            folder.mkdir(parents=True)
            handle = os.open(folder, os.O_RDONLY)
            for number in range(files):
                os.close(os.open(f"file{number:06}.txt", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=handle))
            os.close(handle)
    making.rename(tree)


def printed(out: bytes) -> Seen:
    """The count that a program printed."""
    return Seen(int(out))


def find(tree: Path) -> Side:
    """What most people would use."""
    words: list[str | os.PathLike[str]] = ["find", tree, "-xdev", "-mindepth", "1", "-printf", r"%y %s %T@ %u %P\0"]

    def seen(out: bytes) -> Seen:
        rows = (entry.split(b" ", 4) for entry in out.split(b"\0")[:-1])
        return of(_entry(path, size if kind == b"f" else b"") for kind, size, _time, _user, path in rows)

    return Side("find %u", words, seen=seen)


def _entry(path: bytes, size: bytes) -> bytes:
    """What find and the catalog are compared by: the path within the tree, and the size of a file."""
    return size + b" " + path


def loop(tree: Path, scratch: Path) -> Side:
    """The limit: one thread of C that keeps nothing."""
    program = scratch / "loop"
    if not program.exists():
        source = scratch / "loop.c"
        source.write_text(LOOP)
        subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
    return Side("C loop", [program, tree], seen=printed)


def walk(tree: Path) -> Side:
    """What most people would write."""
    return Side("os.walk + lstat", [sys.executable, "-c", WALK, tree], seen=printed)


def scan(tree: Path, scratch: Path) -> Side:
    """Ours, into a catalog that was not there before."""
    catalog = scratch / "catalog"

    def seen(_out: bytes) -> Seen:
        with Catalog.open(locate(str(catalog))) as store, read(store) as reader:
            rows = reader.rows("SELECT path, size FROM entry")
        return of(_entry(path.encode(), b"" if size is None else b"%d" % size) for path, size in rows)

    return Side(
        "stocktake", [*STOCKTAKE, "scan", str(tree), "--catalog", str(catalog), "-q"],
        seen=seen, before=lambda: shutil.rmtree(catalog, ignore_errors=True),
    )  # fmt: skip


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """Where the trees are made: kept if the environment names a place."""
    kept = os.environ.get("STOCKTAKE_TREE")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(prefix="stocktake-tree-") as folder:
        yield Path(folder)


def _slow(scratch: Path, *, full: bool) -> list[Row]:
    from scanner.testing.servers.base import ServerUnavailable  # noqa: PLC0415 - one of several works needs it
    from scanner.testing.servers.fuse import fuse  # noqa: PLC0415

    try:
        with fuse(delay_s=0.005) as mount:
            tree = mount.point / "tree"
            goal = Goal("at most 0.5 x find at 5 ms (4 workers)", 0.5)
            return [
                pairs(SECTION, "mount of 5 ms", peer=find(tree), ours=scan(tree, scratch), goal=goal, full=full,
                      unit="names")
            ]  # fmt: skip
    except ServerUnavailable as why:
        return [Row(SECTION, "mount of 5 ms", note=f"not run: {why}")]


def measure(full: bool) -> list[Row]:
    """All works; the wide tree beside every peer."""
    size = "full" if full else "reduced"
    with room() as place, tempfile.TemporaryDirectory(prefix="stocktake-scan-") as folder:
        scratch = Path(folder)
        tree, one = place / f"wide-{size}", place / f"one-{size}"
        wide(tree, 21, 1000 if full else 100, 48)
        wide(one, 1, 1, 200_000 if full else 50_000)
        ours = scan(tree, scratch)
        rows = [
            pairs(SECTION, "21 x 1,000 directories" if full else "21 x 100 directories", peer=peer, ours=ours,
                  goal=goal, full=full, unit="names")
            for peer, goal in (
                (find(tree), Goal("at most 0.6 x find", 0.6)),
                (loop(tree, scratch), Goal("at most 1.6 x the C loop", 1.6)),
                (walk(tree), None),
            )
        ]  # fmt: skip
        goal = Goal("at most 1.2 x find", 1.2)
        rows.append(
            pairs(SECTION, "one directory", peer=find(one), ours=scan(one, scratch), goal=goal, full=full, unit="names")
        )
        if full:
            many = place / "many-full"
            wide(many, 1000, 1000, 0)
            rows.append(
                pairs(SECTION, "a million directories", peer=find(many), ours=scan(many, scratch), full=full,
                      unit="names")
            )  # fmt: skip
        return rows + _slow(scratch, full=full)


if __name__ == "__main__":
    sys.exit(main(measure, __doc__))
