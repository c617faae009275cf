"""Waves, load order and blast radius hold for every graph."""

from __future__ import annotations

import random

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from scanner.graph.blast import radii
from scanner.graph.layout import MAX_NODES, positions
from scanner.graph.waves import cut, cycles, generations, kinds_of, load_order, plan
from scanner.results import Wave

NODES = [f"n{i}" for i in range(12)]
PAIRS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=40)


def planned(pairs: list[tuple[str, str]]) -> tuple[Wave, ...]:
    return plan({n: n.upper() for n in NODES}, kinds_of((p, "reads", False) for p in pairs))


@given(PAIRS)
def test_what_is_depended_on_moves_earlier_or_together(pairs: list[tuple[str, str]]) -> None:
    waves = planned(pairs)
    number = {m.asset: w.number for w in waves for m in w.members}
    together = {m: group for w in waves for group in w.together for m in group}
    assert sorted(number) == sorted(NODES)
    assert [w.number for w in waves] == list(range(1, len(waves) + 1))
    for source, target in pairs:
        assert number[target] <= number[source]
        if source != target and number[target] == number[source]:
            assert target in together[source]
        if number[target] < number[source]:
            assert number[target] in waves[number[source] - 1].prerequisites


@given(PAIRS, st.integers(0, 9))
def test_waves_do_not_depend_on_the_order_of_the_input(pairs: list[tuple[str, str]], seed: int) -> None:
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    assert planned(shuffled) == planned(pairs)
    assert positions(NODES, shuffled) == positions(NODES, pairs)


@given(PAIRS)
def test_cut_edges_are_those_between_waves(pairs: list[tuple[str, str]]) -> None:
    waves = planned(pairs)
    number = {m.asset: w.number for w in waves for m in w.members}
    crossing = cut(waves, [(f"{n}", [s], [t]) for n, (s, t) in enumerate(pairs)])
    assert set(crossing) == {f"{n}" for n, (s, t) in enumerate(pairs) if number[s] != number[t]}


@given(PAIRS)
def test_blast_radius_is_the_number_of_ancestors(pairs: list[tuple[str, str]]) -> None:
    graph = nx.DiGraph([p for p in pairs if p[0] != p[1]])
    graph.add_nodes_from(NODES)
    found = radii(pairs, NODES)
    for node in NODES:
        ancestors = nx.ancestors(graph, node)
        assert found[node].total == len(ancestors)
        assert found[node].direct == graph.in_degree(node)
        assert set(found[node].examples) <= ancestors


@given(PAIRS)
def test_tables_load_after_what_they_refer_to_unless_in_a_cycle(pairs: list[tuple[str, str]]) -> None:
    order = load_order(NODES, pairs)
    at = {table: n for n, generation in enumerate(order) for table in generation}
    assert sorted(at) == sorted(NODES)
    loops = [set(c) for c in cycles(pairs)]
    for child, parent in pairs:
        if child != parent:
            assert at[parent] < at[child] or any({child, parent} <= loop for loop in loops)


def test_a_group_in_a_later_wave_says_what_it_waits_for() -> None:
    links = kinds_of([(("b", "c"), "reads", False), (("c", "b"), "calls", True), (("c", "a"), "reads", False)])
    waves = plan({"a": "A", "b": "B", "c": "C"}, links)
    assert {m.asset: m.reason for w in waves for m in w.members} == {
        "a": "It depends on nothing that moves, and C depends on it.",
        "b": "Moves together with C: they depend on each other; what they depend on moves in wave 1.",
        "c": "Moves together with B: they depend on each other; depends on A (1 read), so it moves after wave 1.",
    }
    assert waves[1].together == (("b", "c"),)


def test_what_a_foreign_key_ties_moves_together_unless_it_is_only_inferred() -> None:
    ties = [(("b", "a"), "foreign_key", False), (("b", "a"), "reads", False), (("c", "b"), "reads", False)]
    waves = plan({"a": "A", "b": "B", "c": "C"}, kinds_of(ties))
    assert [[m.asset for m in w.members] for w in waves] == [["a", "b"], ["c"]]
    assert waves[0].together == (("a", "b"),)
    why = "what ties them does not work from one database to another."
    assert {m.asset: m.reason for w in waves for m in w.members} == {
        "a": f"Moves together with B (1 foreign key, 1 read): {why}",
        "b": f"Moves together with A (1 foreign key, 1 read): {why}",
        "c": "Depends on B (1 read), so it moves after wave 1.",
    }
    guessed = plan({"a": "A", "b": "B"}, kinds_of([(("b", "a"), "foreign_key", True)]))
    assert [[m.asset for m in w.members] for w in guessed] == [["a"], ["b"]]


@given(PAIRS, PAIRS)
def test_strong_couplings_are_never_cut(strong: list[tuple[str, str]], weak: list[tuple[str, str]]) -> None:
    links = [*((p, "fires_on", False) for p in strong), *((p, "reads", False) for p in weak)]
    waves = plan({n: n for n in NODES}, kinds_of(links))
    number = {m.asset: w.number for w in waves for m in w.members}
    assert all(number[s] == number[t] for s, t in strong)
    assert all(number[t] <= number[s] for s, t in weak)


def test_a_reason_names_the_strongest_dependencies_and_counts_the_rest() -> None:
    links = kinds_of((("x", f"t{n}"), "reads", False) for n in range(5) for _ in range(n + 1))
    waves = plan({"x": "x", **{f"t{n}": f"t{n}" for n in range(5)}}, links)
    assert waves[1].members[0].reason == (
        "Depends on t4 (5 reads), t3 (4 reads), t2 (3 reads) and 2 more, so it moves after wave 1."
    )


def test_a_large_cycle_is_planned_without_naming_every_member() -> None:
    ring = [(f"n{i}", f"n{(i + 1) % 5000}") for i in range(5000)]
    (wave,) = plan({s: s for s, _ in ring}, kinds_of((p, "reads", False) for p in ring))
    assert len(wave.together[0]) == 5000
    assert max(len(m.reason) for m in wave.members) < 100


def test_generations_name_the_members_of_a_cycle_once() -> None:
    assert generations("abc", [("a", "b"), ("b", "a"), ("c", "a")]) == [[("a", "b")], [("c",)]]


def test_a_drawing_holds_at_most_its_cap_and_always_what_comes_first() -> None:
    pairs = [(f"t{i}", f"t{i // 3}") for i in range(2000)]
    places = positions(["store"], pairs)
    assert len(places) == MAX_NODES
    assert "store" in places
    assert len(set(places.values())) == MAX_NODES
