"""States, score, stars and effort: the whole table, and the arithmetic that the steps show."""

from __future__ import annotations

import re

import pytest
from judge_world import World

from scanner.judge import judge
from scanner.judge.places import Place
from scanner.judge.readiness import MODEL, readiness
from scanner.results import Readiness, Severity, State, Store, Verdict
from scanner.rule import Effort, load_rules

RULES = {r.id: r for r in load_rules()}


def _place(*, complete: bool = True, containers: int = 10, listed: int = 10) -> Place:
    store = Store("s", "s", "", "share", "s", None, 100, 100, 100, 0, 0, None, complete, known=True)
    return Place(store, "file", containers, listed, 0)


def _verdict(severity: Severity, fails: int, unknown: int, rule: str = "object-too-large", muted: int = 0) -> Verdict:
    return Verdict(rule, "t", "s", severity, fails, 10, unknown, None, (), muted)


def _ready(place: Place, *verdicts: Verdict, objects: tuple[int, int] = (0, 100)) -> Readiness:
    return readiness(place, "t", verdicts, RULES, objects)


@pytest.mark.parametrize(
    ("severity", "fails", "unknown", "complete", "state"),
    [
        ("blocker", 1, 0, True, "not_ready"),
        ("blocker", 1, 5, False, "not_ready"),
        ("blocker", 0, 1, True, "unknown"),
        ("high", 0, 1, True, "unknown"),
        ("high", 1, 0, True, "conditions"),
        ("high", 1, 1, True, "unknown"),
        ("medium", 1, 0, True, "conditions"),
        ("medium", 0, 1, True, "conditions"),
        ("low", 0, 1, True, "conditions"),
        ("info", 7, 7, True, "ready"),
        ("blocker", 0, 0, True, "ready"),
        ("blocker", 0, 0, False, "unknown"),
        ("medium", 1, 0, False, "unknown"),
    ],
)
def test_states_follow_the_order_and_unknown_is_never_rounded_up(
    severity: Severity, fails: int, unknown: int, complete: bool, state: State
) -> None:
    found = _ready(_place(complete=complete), _verdict(severity, fails, unknown))
    assert found.state == state
    assert any(step.startswith("So the state is ") for step in found.steps)


def test_the_worst_of_several_rules_decides() -> None:
    low, blocker = _verdict("low", 3, 0), _verdict("blocker", 1, 0)
    assert _ready(_place(), low, blocker).state == "not_ready"
    assert _ready(_place(), low, _verdict("blocker", 0, 1)).state == "unknown"


def test_a_folder_that_was_not_listed_makes_the_store_unknown_even_where_the_store_says_complete() -> None:
    assert _ready(_place(listed=9), _verdict("low", 0, 0)).state == "unknown"


def test_accepted_rows_neither_block_nor_cost() -> None:
    found = _ready(_place(), _verdict("blocker", 2, 0, muted=2))
    assert (found.state, found.effort_h) == ("ready", (0.0, 0.0))
    assert _ready(_place(), _verdict("blocker", 2, 0, muted=1)).state == "not_ready"


@pytest.mark.parametrize(("listed", "score"), [(10, 97.0), (9, 97.0), (8, None)])
def test_the_score_is_withheld_below_ninety_per_cent_coverage(listed: int, score: float | None) -> None:
    found = _ready(_place(listed=listed, complete=listed == 10), objects=(3, 100))
    assert found.score == score
    assert any(("not enough data" in step) is (score is None) for step in found.steps if step.startswith("Score"))


def test_the_score_is_rounded_down_and_can_be_recomputed_from_its_step() -> None:
    found = _ready(_place(), objects=(1, 3000))
    assert found.score == 99.9
    step = next(s for s in found.steps if s.startswith("Score"))
    all_, bad, again = (int(n.replace(",", "")) for n in re.findall(r"\(([\d,]+) - ([\d,]+)\) / ([\d,]+)", step)[0])
    assert int(1000 * (all_ - bad) / again) / 10 == found.score
    assert _ready(_place(), objects=(0, 0)).score is None


@pytest.mark.parametrize(
    ("known", "unknown", "listed", "stars"),
    [(100, 0, 10, 5), (81, 19, 10, 5), (80, 20, 10, 4), (61, 39, 10, 4), (60, 40, 10, 3), (20, 80, 10, 1),
     (0, 9, 10, 1), (100, 0, 5, 3), (100, 0, 0, 1)],
)  # fmt: skip
def test_stars_are_the_share_of_data_points_present(known: int, unknown: int, listed: int, stars: int) -> None:
    verdict = Verdict("object-too-large", "t", "s", "low", 0, known, unknown, None, ())
    assert readiness(_place(listed=listed), "t", [verdict], RULES, (0, 1)).stars == stars


def test_stars_are_not_pushed_up_by_the_noise_of_a_product() -> None:
    verdict = Verdict("object-too-large", "t", "s", "low", 0, 3, 1, None, ())
    assert readiness(_place(listed=8), "t", [verdict], RULES, (0, 1)).stars == 3  # 3/4 of 8/10 is 60 %


def test_effort_is_learnt_once_capped_and_bounded_on_both_sides() -> None:
    effort = Effort(size="M", learn_h=2.0, each_h=0.5, each_h_high=1.5, cap=10)
    assert effort.hours(0) == (0.0, 0.0)
    assert effort.hours(4) == (4.0, 8.0)
    assert effort.hours(10**9) == (7.0, 17.0)
    assert Effort(size="L", learn_h=8.0, each_h=1.0, cap=2).hours(5) == (10.0, None)


def test_effort_adds_rules_and_says_at_least_where_one_has_no_upper_bound() -> None:
    rule, endless = RULES["object-too-large"], RULES["content-offline"]
    bounded = _ready(_place(), _verdict("low", 3, 4))
    assert bounded.effort_h == rule.effort.hours(3)
    assert bounded.not_estimated == 4
    both = _ready(_place(), _verdict("low", 3, 0), _verdict("low", 2, 0, "content-offline"))
    assert both.effort_h == (rule.effort.hours(3)[0] + endless.effort.hours(2)[0], None)
    assert MODEL in both.steps[-1]
    assert "at least" in both.steps[-1]
    assert "Not estimated: 4" in bounded.steps[-1]


def _listed(world: World, *folders: str) -> World:
    for folder in folders:
        world.listed("share", folder, 1)
    return world


def test_one_denied_folder_makes_a_clean_share_unknown_and_a_failing_one_not_ready() -> None:
    clean = _listed(World().source("share", "file").files("share", "a", "x/b", mode=0o644, modified=1), "", "x/")
    assert judge(clean, ["azure-blob"]).readiness[0].state == "ready"
    clean.fault("share", "y", "list")
    found = judge(clean, ["azure-blob"]).readiness[0]
    assert (found.state, found.score) == ("unknown", None)
    assert "2 of 3" in found.steps[0]
    clean.files("share", "bad/" * 255)
    assert judge(clean, ["azure-blob"]).readiness[0].state == "not_ready"


def test_the_score_of_a_database_counts_objects_once_however_many_rules_they_fail() -> None:
    world = World().source("pg", "odbc", 1).listed("pg", "db/public/", 3)
    world.add("entry", "pg", [{"path": f"db/public/t{i}", "kind": "table", "rows": 1} for i in range(4)])
    world.add("column", "pg", [
        {"path": "db/public/t0", "name": n, "type": "oid", "lob": False} for n in ("a", "b")
    ])  # fmt: skip
    world.add(
        "key", "pg", [{"path": f"db/public/t{i}", "name": "k", "kind": "primary", "columns": ["a"]} for i in (1, 2)]
    )
    world.add("setting", "pg", [{"path": "", "name": "server_version_num", "value": "150004"}])
    found = judge(world).readiness[0]
    assert found.score == 50.0  # t0 by its columns and its missing key, t3 by its missing key
    assert found.state == "unknown"  # the server's version was not read


def test_a_store_of_which_nothing_was_seen_is_unknown() -> None:
    world = World().source("share", "file")
    gone = Store("share", "share", "", "share", "share", None, 0, 0, None, 0, 0, None, complete=False, known=True)
    world.stores = lambda: (gone,)  # type: ignore[method-assign]
    found = judge(world, ["aws-s3"]).readiness[0]
    assert (found.state, found.score, found.stars) == ("unknown", None, 1)
