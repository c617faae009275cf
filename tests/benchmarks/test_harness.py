"""The harness on real small commands: both sides' figures, what they saw, the memory of their children."""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path

import pytest

from benchmarks import harness
from benchmarks.harness import FailedError, Goal, Row, Seen, Side, main, of, once, pairs, table

HOLD = "b = bytearray(60 << 20); b[::4096] = b'x' * len(b[::4096]); import time; time.sleep(0.6)"
FORK = f"""import subprocess, sys
both = [subprocess.Popen([sys.executable, "-c", {HOLD!r}]) for _ in range(2)]
print(sum(one.wait() for one in both))"""


def lines(out: bytes) -> Seen:
    return of(out.splitlines())


def echo(*words: str) -> Side:
    return Side("echo", ["printf", r"%s\n", *words], seen=lines)


def counted_up(to: int) -> Seen:
    return of(str(n).encode() for n in range(to))


def slept() -> Seen:
    time.sleep(0.2)
    return Seen(1)


def broken() -> Seen:
    raise ValueError("the cause")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "LOOK_S", 0.0)


def test_what_is_seen_does_not_depend_on_order_but_on_how_often() -> None:
    assert of([b"a", b"b"]) == of([b"b", b"a"])
    assert of([b"a", b"a", b"b"]) != of([b"a", b"b", b"b"])
    assert Seen(2).same(of([b"a", b"b"]))
    assert not Seen(3).same(of([b"a", b"b"]))
    assert not of([b"a", b"c"]).same(of([b"a", b"b"]))


def test_pairs_run_in_turn_and_the_first_does_not_count() -> None:
    order: list[str] = []
    peer = Side("peer", ["true"], seen=lambda _: Seen(0), before=lambda: order.append("peer"))
    ours = Side("ours", ["true"], seen=lambda _: Seen(0), before=lambda: order.append("ours"))
    row = pairs("s", "w", peer=peer, ours=ours)
    assert order == ["peer", "ours"] * 4
    assert len(row.ratios) == len(row.seconds) == len(row.peer_seconds) == 3
    assert len(pairs("s", "w", ours=echo("a"), full=True).seconds) == 5


def test_a_difference_is_told_and_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(full: bool) -> list[Row]:
        return [pairs("s", "w", peer=echo("a", "b"), ours=echo("a", "c"), full=full)]

    assert main(measure, "doc", []) == 1
    assert "DIFFERENT RESULTS" in capsys.readouterr().out


def test_the_same_is_exit_0_and_a_table_with_the_goal(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(full: bool) -> list[Row]:
        return [pairs("s", "w", peer=echo("a"), ours=echo("a"), goal=Goal("within reason", 1000.0), full=full)]

    assert main(measure, "doc", ["--pairs", "1"]) == 0
    head, rule, line = capsys.readouterr().out.splitlines()
    assert len(head) == len(rule) == len(line)
    assert "| within reason |" in line
    assert "| yes |" in line


def test_a_side_that_fails_says_why_and_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    failing = Side("sh", ["sh", "-c", "echo because >&2; exit 3"], seen=lines)
    with pytest.raises(FailedError, match=r"sh ended with 3 .*because"):
        once(failing)
    assert main(lambda _: [pairs("s", "w", ours=failing)], "doc", []) == 1
    assert "because" in capsys.readouterr().err
    with pytest.raises(FailedError, match="the cause"):
        once(Side("callable", broken))
    with pytest.raises(FailedError, match="died"):
        once(Side("callable", functools.partial(sys.exit, 4)))


def test_one_that_does_not_end_is_ended() -> None:
    with pytest.raises(FailedError, match="ended with -9"):
        once(Side("sleep", ["sleep", "60"], seen=lines, limit_s=0.3))


def test_memory_is_the_sum_over_all_processes() -> None:
    run = once(Side("two", [sys.executable, "-c", FORK], seen=lines))
    assert 120 < run.peak_mib < 200
    assert run.seen == of([b"0"])


def test_memory_shared_by_a_fork_counts_once() -> None:
    forking = "import os\nb = bytearray(60 << 20); b[::4096] = b'x' * len(b[::4096])\nimport time\n"
    forking += "if os.fork():\n    os.wait()\nelse:\n    time.sleep(0.8)"
    assert once(Side("fork", [sys.executable, "-c", forking], seen=lines)).peak_mib < 100


def test_time_of_processors_counts_children_and_not_sleep() -> None:
    spin = "import time\nwhile time.process_time() < 0.4: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}]); import time; time.sleep(0.5)"
    run = once(Side("spin", [sys.executable, "-c", outer], seen=lines))
    assert run.cpu_s >= 0.4
    assert run.seconds >= 0.9
    asleep = once(Side("sleep", slept))
    assert asleep.seconds >= 0.2 > asleep.cpu_s


def test_a_callable_runs_in_a_process_of_its_own_with_its_environment(tmp_path: Path) -> None:
    run = once(Side("count", functools.partial(counted_up, 1000), cwd=tmp_path, env={"X": "1"}))
    assert run.seen == counted_up(1000)
    assert run.peak_mib > 5
    assert once(Side("raw", functools.partial(str.upper, "ab"), seen=lambda told: of([told.encode()]))).seen == of(
        [b"AB"]
    )


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal("", 0.5), True),
        (Goal("", 0.4), False),
        (Goal("", 2.0, "speedup"), True),
        (Goal("", 3.0, "speedup"), False),
        (Goal("", 1.0, "seconds"), True),
        (Goal("", 400.0, "rate"), True),
        (Goal("", 600.0, "rate"), False),
        (Goal("", 99.0, "peak"), False),
        (Goal("", 45.0, "value", at_most=True), True),
        (Goal("", 45.0, "value", at_most=False), False),
    ],
)
def test_a_goal_is_compared_with_the_figure_it_speaks_of(goal: Goal, met: bool) -> None:
    row = Row("s", "w", "p", (0.4, 0.5, 0.9), seconds=(1.0,), units=500, peak_mib=100.0, value=39.0, goal=goal)
    assert row.met is met
    assert Row("s", "w", goal=goal).met is None


def test_a_row_survives_its_json() -> None:
    row = Row("s", "w|x", "p", (0.4,), (0.5,), (1.0,), (2.5,), 7, "keys", 1.5, None, Goal("t", 1.0), 3.0, note="n")
    assert Row.from_json(row.as_json()) == row
    assert "w\\|x" in table([row])
