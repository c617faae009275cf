"""The frontier's memory says of every thing what a plain set would say."""

import random

from hypothesis import given
from hypothesis import strategies as st

from scanner.crawl.memory import Memory

HASHES = st.one_of(st.integers(-5, 5), st.integers(-(2**61) + 2, 2**61 - 2), st.integers(0, 200).map(lambda n: n << 54))


@given(st.lists(st.tuples(st.sampled_from(["add", "mark"]), HASHES)))
def test_it_says_what_a_set_says(steps: list[tuple[str, int]]) -> None:
    memory, seen, marked = Memory(), set(), set()
    for step, thing in steps:
        key = (hash(thing) % 2**64 >> 1) or 1  # 63 bits are kept
        if step == "add":
            assert memory.add(thing) is (key not in seen)
        else:
            memory.mark(thing)
            marked.add(key)
        seen.add(key)
        assert thing in memory
        assert memory.marked(thing) is (key in marked)
    assert len(memory) == len(seen)
    for thing in range(-20, 20):
        assert (thing in memory) is (((hash(thing) % 2**64 >> 1) or 1) in seen)


def test_nothing_is_lost_as_it_grows_and_marks_stay() -> None:
    memory = Memory()
    things = [(n, str(n)) for n in range(50_000)]
    random.Random(7).shuffle(things)
    for thing in things:
        assert memory.add(thing)
        if thing[0] % 3 == 0:
            memory.mark(thing)
    assert len(memory) == len(things)
    assert not any(memory.add(thing) for thing in things)
    assert [t for t in things if memory.marked(t)] == [t for t in things if t[0] % 3 == 0]
    assert not any((n, "other") in memory for n in range(50_000))
