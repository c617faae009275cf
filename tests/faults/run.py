"""Runs every test that carries a fault's number, and prints fault → test → result; ``make faults``.

A fault of P0 or P1 whose tests fail, or that has neither a test nor a declared reason, ends with exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from docs.faults import register


class Results:
    """Keeps the outcome of each test that proves a fault."""

    def __init__(self) -> None:
        self.by_fault: dict[int, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the worst of a test's phases."""
        faults = [int(n) for name, told in report.user_properties if name == "faults" for n in told]  # type: ignore[attr-defined]
        for number in faults:
            tests = self.by_fault.setdefault(number, {})
            if report.failed:
                tests[report.nodeid] = "FAILED"
            elif report.skipped:
                tests[report.nodeid] = "skipped"
            else:
                tests.setdefault(report.nodeid, "passed")


def table(results: Results) -> tuple[list[str], bool]:
    """The lines to print, and whether every P0 and P1 fault is answered."""
    lines, sound = [], True
    for fault in register():
        tests = results.by_fault.get(fault.number, {})
        failed = [name for name, outcome in tests.items() if outcome != "passed"]
        if not tests:
            outcome = f"no test: {fault.untested}" if fault.untested else "NO TEST"
            sound = sound and (bool(fault.untested) or fault.priority > 1)
        else:
            outcome = f"{len(tests) - len(failed)} of {len(tests)} passed"
            sound = sound and not failed
        lines.append(f"{fault.number:>3}  P{fault.priority}  {fault.what:<70.70}  {outcome}")
        lines += [f"           {tests[name]:<7} {name}" for name in sorted(tests)]
    return lines, sound


def main(arguments: Sequence[str]) -> int:
    """Run pytest over the tests with a number; further arguments go to pytest (``-n 2`` runs two at a time)."""
    results = Results()
    plugins = ["-p", "no:cacheprovider", "-p", "tests.faults.select"]
    code = pytest.main(["-q", "--no-header", *plugins, *arguments, "tests"], plugins=[results])
    lines, sound = table(results)
    print("\n".join(lines))  # noqa: T201 - this is what the program is for
    return 0 if sound and code == pytest.ExitCode.OK else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
