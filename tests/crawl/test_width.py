"""How many children are of use, from how much of their time was waiting."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scanner.crawl import wire
from scanner.crawl.width import Watch, Width, processors


@pytest.mark.parametrize(
    ("waiting", "useful"), [(0.0, 2), (0.1, 2), (0.2, 3), (0.5, 4), (0.9, 20), (0.95, 40), (1.0, 2000)]
)
def test_as_many_are_of_use_as_keep_two_processors_busy(waiting: float, useful: int) -> None:
    width = Width(free=2)
    assert width.useful == 2, "nothing is known yet"
    width.told(4.0, 4.0 * waiting)
    assert width.useful == useful


def test_what_was_counts_less_than_what_is() -> None:
    width = Width(free=2)
    for _ in range(20):
        width.told(1.0, 0.95)
    assert width.useful == 40
    for _ in range(20):
        width.told(1.0, 0.0)
    assert width.useful == 2


def test_time_with_the_parent_and_time_at_work_are_no_waiting() -> None:
    watch = Watch()
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    watch.elsewhere = 1e6
    took, waited = watch.told()
    assert took >= 0.02
    assert waited == 0.0
    assert processors() >= 1


@pytest.mark.parametrize("value", [None, [1], [1, "2"], [1, -2], [1, float("inf")], [1, float("nan")], {"a": 1}])
def test_times_that_are_none_are_garbage(value: object) -> None:
    with pytest.raises(wire.Garbage):
        wire.seconds(value, 2)
    assert wire.seconds([1, 2.5], 2) == [1.0, 2.5]
