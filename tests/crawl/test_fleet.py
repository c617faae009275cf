"""What a fleet makes of an order's end."""

from __future__ import annotations

import pytest

from scanner.crawl.fleet import Fleet, WorkerUnfit

pytest.importorskip("distributed")


class Ended:
    """Stands for a future of an order; ``done`` tells whether its own code has ended."""

    def __init__(self, *, done: bool) -> None:
        self._done = done

    def result(self, timeout: float) -> str:
        raise TimeoutError(f"after {timeout} s" if not self._done else "the worker's own wait")

    def done(self) -> bool:
        return self._done


def test_an_order_that_ends_in_a_timeout_of_its_own_is_not_waited_for_without_end() -> None:
    fleet = Fleet.__new__(Fleet)
    with pytest.raises(WorkerUnfit, match="the worker's own wait"):
        fleet._answer(Ended(done=True), "tcp://127.0.0.1:1")


def test_an_order_that_is_still_at_work_is_waited_for() -> None:
    fleet = Fleet.__new__(Fleet)
    assert fleet._answer(Ended(done=False), "tcp://127.0.0.1:1") is None
