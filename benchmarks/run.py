"""``make bench``: every benchmark in turn, at reduced size; with ``--full`` at the size the goals are stated for."""

from __future__ import annotations

import subprocess
import sys

REDUCED: dict[str, list[str]] = {
    "local_scan": ["/usr/share", "--pairs", "3"],
    "file_crawl": ["/usr/share"],
    "s3_listing": ["--keys", "20000", "--pairs", "3"],
    "sftp_listing": ["--pairs", "3"],
    "odbc_harvest": ["500"],
    "judge": ["0.2"],
    "graph": ["--tables", "5000", "--keys", "20000"],
}
FULL: dict[str, list[str]] = {
    "local_scan": ["/usr", "--pairs", "5"],
    "file_crawl": ["/usr"],
    "s3_listing": ["--keys", "60000", "--pairs", "5"],
    "sftp_listing": ["--pairs", "5"],
    "odbc_harvest": ["2000"],
    "judge": ["2"],
    "graph": [],
}


def main() -> int:
    """Run them; the exit code is that of the first that failed."""
    failed = 0
    for name, arguments in (FULL if "--full" in sys.argv else REDUCED).items():
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode
        failed = failed or code
    return failed


if __name__ == "__main__":
    sys.exit(main())
