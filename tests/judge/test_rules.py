"""The shipped rules and targets: every case, every lint, every figure with its source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from judge_world import World

from scanner.codes import StocktakeError
from scanner.judge import judge, rules, rules_markdown, targets
from scanner.judge.bind import bind, literal
from scanner.judge.cases import outcome, row
from scanner.judge.derive import LAYERS, judged
from scanner.judge.places import places
from scanner.judge.sources import SOURCES, estate
from scanner.results import SEVERITIES
from scanner.rule import VIEWS, Rule, lint, load_rules, load_targets
from scanner.rule.shape import Case

RULES = {r.id: r for r in load_rules()}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_case_gets_the_verdict_it_names(rule: Rule, world: World) -> None:
    said = [(verdict, outcome(world, rule, case), case.row) for verdict, case in rule.cases.each()]
    assert [s for s in said if s[0] != s[1]] == []
    assert {s[0] for s in said} == {"pass", "fail", "unknown"}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_message_can_be_said(rule: Rule) -> None:
    target = next(t for t in targets() if rule.applies_to(t))
    said = rule.say(target, "share", dict.fromkeys(rule.view.columns))
    assert "{" not in said
    assert "unknown" in said or not (rule.message_words - {"target"}) & set(rule.view.columns)


def test_a_swapped_case_is_noticed(world: World) -> None:
    rule = RULES["object-too-large"]
    swapped = Case(row={"kind": "file", "size": 1}, limits={"object_bytes": 1000})
    assert outcome(world, rule, swapped) == "pass"
    assert outcome(world, rule, Case(row={"kind": "directory", "size": 5000}, limits={})) == "out of scope"


def test_there_are_enough_rules_and_each_serves_a_target() -> None:
    assert len(RULES) >= 30
    assert [r.id for r in RULES.values() if not any(r.applies_to(t) for t in targets())] == []
    for wanted in ("aws-s3", "azure-blob", "azure-files", "sharepoint-online", "postgresql-cloud"):
        target = next(t for t in targets() if t.id == wanted)
        assert sum(r.applies_to(target) for r in RULES.values()) >= 10


def test_every_limit_is_used_and_every_used_limit_is_declared() -> None:
    used = {name for r in RULES.values() for name in r.limits}
    declared = {name for t in targets() for name in t.limits}
    assert used == declared


def test_no_unverified_figure_yields_a_blocker() -> None:
    lowered = []
    for target in targets():
        for rule in (r for r in RULES.values() if r.applies_to(target)):
            unsure = rule.confidence == "V" or any(target.limits[n].confidence == "V" for n in rule.limits)
            if unsure:
                assert rule.severity_for(target) != "blocker", (rule.id, target.id)
                lowered += [(rule.id, target.id)] if rule.severity == "blocker" else []
    assert ("names-differ-in-form", "azure-files") in lowered


def test_a_limit_may_lower_a_severity_and_never_raises_it() -> None:
    by_id = {t.id: t for t in targets()}
    rule = RULES["characters-refused"]
    assert rule.severity_for(by_id["azure-files"]) == "blocker"
    assert rule.severity_for(by_id["azure-blob"]) == "high"
    for target in targets():
        for other in RULES.values():
            if other.applies_to(target):
                assert SEVERITIES.index(other.severity_for(target)) >= SEVERITIES.index(other.severity)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("coalesce(size, 0) > 1", "COALESCE"),
        ("ifnull(size, 0) > 1", "COALESCE"),
        ("size IS NULL", "IS would"),
        ("size IS NOT NULL", "IS would"),
        ("size ISNULL", "IS would"),
        ("mangled IS TRUE", "IS would"),
        ("size IS DISTINCT FROM 1", "DISTINCT"),
        ("size IS NOT DISTINCT FROM 1", "DISTINCT"),
        ("EXISTS (SELECT 1)", "EXISTS"),
        ("CASE WHEN size > 1 THEN TRUE ELSE FALSE END", "CASE"),
        ("CASE WHEN size > 1 THEN TRUE END", "CASE"),
        ("if(size > 1, TRUE, FALSE)", "IF would"),
        ("greatest(size, 1) > 2", "greatest"),
        ("concat(name, 'x') = 'x'", "concat"),
        ("size IN (SELECT 1)", "subquery"),
        ("(SELECT max(size) FROM entry) > 1", "subquery"),
        ("1 FROM read_text('/etc/passwd')", "single expression"),
        ("size > 1; DROP TABLE entry", "single expression"),
        ("size > 1, TRUE", "single expression"),
        ("size > 1 AS x", "not allowed"),
        ("size > 1 -- always", "no comments"),
        ("read_text(name) = 'x'", "not allowed"),
        ("getenv('HOME') = 'x'", "not allowed"),
        ("count(*) > 1", "not allowed"),
        ("size > random()", "not allowed"),
        ("entry.size > 1", "not a column"),
        ("sice > 1", "no column"),
        ("size > (1", "no SQL expression"),
        ("", "single expression"),
        ("*", "not allowed"),
    ],
)
def test_lint_refuses_what_erases_unknown_or_leaves_the_row(sql: str, reason: str) -> None:
    problems = lint(sql, VIEWS["entries"].columns).problems
    assert any(reason in p for p in problems), problems


@pytest.mark.parametrize(
    "sql",
    ["size > $n", "NOT kind = 'file' AND size BETWEEN 1 AND 2", "lower(name) IN ('a', 'b')", "attributes & 2 = 2",
     "regexp_matches(name, '^a;--b$')", "nullif(kind, 'unknown') = 'link'", "strlen(name) + length(name) > -1"],
)  # fmt: skip
def test_lint_lets_plain_expressions_pass(sql: str) -> None:
    assert lint(sql, VIEWS["entries"].columns).problems == ()


def _written(tmp_path: Path, change: Callable[[str], str], name: str = "object-too-large") -> Path:
    text = (ROOT / f"scanner/rules/{name}.toml").read_text(encoding="utf-8")
    (tmp_path / f"{name}.toml").write_text(change(text), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("kind", ["pass", "fail", "unknown"])
def test_a_rule_without_cases_of_all_three_kinds_is_refused(kind: str, tmp_path: Path) -> None:
    folder = _written(tmp_path, lambda t: "\n".join(x for x in t.splitlines() if not x.startswith(f"{kind} =")))
    with pytest.raises(StocktakeError) as refused:
        load_rules(folder)
    assert (refused.value.code.code, refused.value.where) == ("RULE_INVALID", "object-too-large.toml")
    assert f"cases.{kind}" in refused.value.detail


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('fails_when = "size > $object_bytes"', 'fails_when = "size IS NULL"', "fails_when: IS would"),
        ('over = "entries"', 'over = "entrys"', "no view 'entrys'"),
        ("It has {size} bytes", "It has {sise} bytes", "message: there is no 'sise'"),
        ("severity =", "sevrity =", "sevrity"),
        ('id = "object-too-large"', 'id = "object-too-big"', "not the file's name"),
        ('size = "M"', 'size = "L"', "L has none"),
        ('kind = "file", size = 1000', 'kind = "file", sizes = 1000', "no column 'sizes'"),
        ("[cases]", "[cases", "line"),
    ],
)  # fmt: skip
def test_a_faulty_rule_is_refused_with_its_file_and_reason(old: str, new: str, said: str, tmp_path: Path) -> None:
    folder = _written(tmp_path, lambda t: t.replace(old, new))
    with pytest.raises(StocktakeError) as refused:
        load_rules(folder)
    assert refused.value.where == "object-too-large.toml"
    assert said in refused.value.detail


@pytest.mark.parametrize("figure", ["inf", "-inf", "nan"])
def test_a_limit_that_is_no_number_is_refused(figure: str, tmp_path: Path) -> None:
    text = (ROOT / "scanner/targets/aws-s3.toml").read_text(encoding="utf-8")
    (tmp_path / "aws-s3.toml").write_text(text.replace("value = 1024", f"value = {figure}"), encoding="utf-8")
    with pytest.raises(StocktakeError, match="finite"):
        load_targets(tmp_path)


def test_a_target_takes_over_the_limits_of_the_one_it_extends(tmp_path: Path) -> None:
    by_id = {t.id: t for t in targets()}
    assert set(by_id["azure-files"].limits) < set(by_id["azure-file-sync"].limits)
    assert by_id["azure-file-sync"].limits["keeps_links"].date == "2022-04-05"
    text = (ROOT / "scanner/targets/azure-file-sync.toml").read_text(encoding="utf-8")
    (tmp_path / "azure-file-sync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StocktakeError, match="no target to extend"):
        load_targets(tmp_path)


def test_a_rule_from_a_folder_of_ones_own_is_judged_without_python(tmp_path: Path) -> None:
    world = World().source("share", "file").files("share", "a", size=2000)
    folder = _written(tmp_path, lambda t: t.replace("size > $object_bytes", "size > 1500"))
    text = (folder / "object-too-large.toml").read_text(encoding="utf-8")
    text = text.replace("{limit.object_bytes}", "1500").replace("limits = { object_bytes = 1000 }\n", "")
    (folder / "object-too-large.toml").write_text(text, encoding="utf-8")
    judged = judge(world, ["aws-s3"], with_rules=load_rules(folder))
    assert [(v.rule, v.fails) for v in judged.verdicts] == [("object-too-large", 1)]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_declared_columns_are_what_the_views_give(view: object, world: World) -> None:
    name = view.name  # type: ignore[attr-defined]
    declared = VIEWS[name]
    world = World().source("share", "file").files("share", "a")
    world.source("pg", "odbc", 1).add("entry", "pg", [{"path": "sales/t", "kind": "table"}])
    at = [p for p in places(world) if p.class_ in declared.holds]
    sql = SOURCES[name](estate(world, at[:1], siblings=True))
    facts = [r[0] for r in world.rows(f"DESCRIBE {sql}")]
    assert facts[0] == "store"
    assert sorted(facts[1:]) == sorted(c.name for c in declared.facts)
    given = {r[0]: r[1] for r in world.rows(f"DESCRIBE {judged(name, sql)}")}
    types = {
        "text": {"VARCHAR"}, "texts": {"VARCHAR[]"}, "int": {"BIGINT", "INTEGER"}, "real": {"DOUBLE"},
        "bool": {"BOOLEAN"}, "time": {"BIGINT", "INTEGER"},
    }  # fmt: skip
    wrong = {c.name: given.get(c.name) for c in declared.columns.values() if given.get(c.name) not in types[c.type]}
    assert wrong == {}
    assert {c.name for c in declared.derived} <= {n for layer in LAYERS[name] for n in layer}


def test_a_case_row_has_the_columns_of_its_view() -> None:
    rule = RULES["object-too-large"]
    described = duckdb.connect().execute(f"DESCRIBE {row(rule, {'size': 1})}").fetchall()
    assert [r[0] for r in described] == [c.name for c in rule.view.facts]


def test_limits_are_bound_as_literals_and_nothing_else_is_touched() -> None:
    assert bind("a > $n AND b = '$n'", {"n": 3}) == "a > 3 AND b = '$n'"
    assert bind("list_contains($l, a)", {"l": ["x'y"]}) == "list_contains(['x''y'], a)"
    assert bind("a > $missing", {}) == "a > NULL"
    assert (literal(True), literal(1.5), literal("a")) == ("TRUE", "1.5", "'a'")
    with pytest.raises(TypeError):
        literal(object())


def test_the_rule_list_in_the_docs_is_fresh() -> None:
    page = ROOT / "docs/rules.md"
    assert page.read_text(encoding="utf-8") == rules_markdown(), "make docs writes it"


def test_shipped_rules_and_targets_come_in_order_of_id() -> None:
    assert [r.id for r in rules()] == sorted(RULES)
    assert [t.id for t in targets()] == sorted(t.id for t in targets())
