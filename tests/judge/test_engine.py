"""The engine over small worlds: what is counted, in what unit, where, and that unknown stays unknown."""

from __future__ import annotations

import itertools

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_world import World

from scanner.codes import StocktakeError
from scanner.judge import finding_id, judge, targets
from scanner.judge.derive import judged
from scanner.judge.sources import _DBMS
from scanner.judge.verdicts import Verdicts
from scanner.paths import canonical
from scanner.results import Judgement, Verdict
from scanner.rule import VIEWS

_DB = duckdb.connect()


def share(*paths: str, **facts: object) -> World:
    return World().source("share", "file").files("share", *paths, **facts).listed("share")


def verdict(judgement: Judgement, rule: str, target: str, store: str = "share") -> Verdict:
    return next(v for v in judgement.verdicts if (v.rule, v.target, v.store) == (rule, target, store))


def counts(judgement: Judgement, rule: str, target: str, store: str = "share") -> tuple[int, int, int]:
    found = verdict(judgement, rule, target, store)
    return found.fails, found.passes, found.unknown


def _measured(raw: bytes, kind: str = "file") -> dict[str, object]:
    parent, slash, name = raw.rpartition(b"/")
    source = """SELECT ? AS parent, ? AS name, ? AS kind, FALSE AS mangled, TRUE AS siblings_known,
        FALSE AS beneath_alias, 1 AS same_folded_min, 1 AS same_normalised_min, 0 AS scanned, 0 AS modified"""
    cursor = _DB.execute(judged("entries", source), [canonical(parent + slash), canonical(name), kind])
    names = [d[0] for d in cursor.description or ()]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


@given(st.binary(max_size=40) | st.text(max_size=30).map(lambda t: t.encode("utf-8", "surrogatepass")))
@settings(max_examples=150, deadline=None)
def test_lengths_are_those_of_the_exact_name_whatever_its_escapes(raw: bytes) -> None:
    found = _measured(raw)
    name = raw.rpartition(b"/")[2]
    assert (found["path_bytes"], found["name_bytes"]) == (len(raw), len(name))
    try:
        text: str | None = raw.decode()
    except UnicodeDecodeError:
        text = None
    assert found["path_characters"] == (None if text is None else len(text))
    assert found["path_utf16"] == (None if text is None else len(text.encode("utf-16-le")) // 2)
    assert found["exact_path"] == text
    try:
        name.decode()
        decodes = True
    except UnicodeDecodeError:
        decodes = False
    assert found["undecodable"] is not decodes
    assert found["segments"] == raw.count(b"/") + bool(name)


@given(st.lists(st.text("aé/😀\\", max_size=6), min_size=1, max_size=5).map("/".join))
@settings(max_examples=40, deadline=None)
def test_an_object_answers_for_every_segment_of_its_key(key: str) -> None:
    found = _measured(key.encode(), "object")
    parts = key.split("/")
    assert found["own_name"] == key
    assert found["segment_bytes"] == max(len(p.encode()) for p in parts)
    assert found["segment_characters"] == max(map(len, parts))
    assert found["segment_utf16"] == max(len(p.encode("utf-16-le")) // 2 for p in parts)


_VALUE = st.sampled_from([None, 0, 1, 2])
_ROW = st.tuples(_VALUE, _VALUE, _VALUE)


@given(st.lists(_ROW, max_size=12))
@settings(max_examples=40, deadline=None)
def test_three_counts_always_sum_to_the_rows_in_scope(rows: list[tuple[int | None, ...]]) -> None:
    values = ", ".join(f"({', '.join('NULL' if v is None else str(v) for v in row)})" for row in [*rows, (1, 1, 1)])
    table = f"SELECT a::INT AS a, b::INT AS b, c::INT AS c FROM (VALUES {values}) t(a, b, c)"
    verdicts = Verdicts(itertools.product(
        ("a > 1", "a > 1 OR b > 1", "a > b AND NOT c = 1", "NULL > a", "TRUE"),
        ("TRUE", "c = 1", "b > 0 AND c > 0", "NULL = c"),
    ))  # fmt: skip
    counted = _DB.execute(f"SELECT {', '.join(verdicts.aggregates())} FROM ({verdicts.select(table)})")
    found = verdicts.counts(counted.fetchall()[0])
    plain = ", ".join(f"({fails}), ({applies})" for fails, applies in verdicts.expressions)
    every = _DB.execute(f"SELECT {plain} FROM ({table})").fetchall()
    for i, expression in enumerate(verdicts.expressions):
        in_scope = [(row[2 * i], row[2 * i + 1]) for row in every if row[2 * i + 1] is not False]
        fails, passes, unknown = found[expression]
        assert fails + passes + unknown == len(in_scope)
        assert fails == sum(bad is True and applies is True for bad, applies in in_scope)
        assert passes == sum(bad is False and applies is True for bad, applies in in_scope)


@given(st.lists(st.sampled_from(["a", "b.", "q?", "x" * 300, "caf\\xE9", "con"]), unique=True, max_size=6))
@settings(max_examples=6, deadline=None)
def test_every_rule_counts_every_row_in_scope_once(names: list[str]) -> None:
    judgement = judge(share(*names, "z"), ["sharepoint-online"])
    formulas = {r.id: r for r in judgement.rules}
    rows = {"entries": len(names) + 1, "containers": 1, "stores": 1}
    for found in judgement.verdicts:
        rule = formulas[found.rule]
        others = any(f"[for rows where kind = '{kind}']" in rule.formula for kind in ("directory", "object"))
        expected = 0 if others else rows[rule.over]
        assert found.fails + found.passes + found.unknown == expected, rule.id


@given(st.lists(st.none() | st.text("aB./ ?'|)", max_size=5), max_size=8))
@settings(max_examples=40, deadline=None)
def test_patterns_tried_together_judge_as_each_alone(names: list[str | None]) -> None:
    patterns = ["(?i)^b", "[?]|a$", "''", r"(^|/)\.(/|$)", "[|)]"]
    together = Verdicts((f"regexp_matches(own_name, '{p}')", "TRUE") for p in patterns)
    values = ", ".join("(NULL)" if n is None else "('" + n.replace("'", "''") + "')" for n in [*names, "a"])
    table = f"SELECT own_name::VARCHAR AS own_name FROM (VALUES {values}) t(own_name)"
    assert "odd_own_name" in together.select(table)
    for expression in together.expressions:
        alone = Verdicts([expression])
        assert "odd_own_name" not in alone.select(table)
        found = [
            v.counts(_DB.execute(f"SELECT {', '.join(v.aggregates())} FROM ({v.select(table)})").fetchall()[0])[
                expression
            ]
            for v in (together, alone)
        ]
        assert found[0] == found[1]


def test_a_limit_in_bytes_counts_raw_bytes_and_not_escapes() -> None:
    fits, long_ = "\\xE9" * 1024, "\\xE9" * 1025
    judgement = judge(share(fits, long_, "\\\\" * 1024), ["aws-s3"])
    assert counts(judgement, "path-too-long-in-bytes", "aws-s3") == (1, 2, 0)
    assert verdict(judgement, "path-too-long-in-bytes", "aws-s3").findings[0].path == long_


def test_paths_are_measured_within_their_store() -> None:
    world = World().source("acct", "s3", 1)
    world.add("entry", "acct", [{"path": "bucket", "kind": "bucket"}])
    world.files("acct", "bucket/" + "k" * 1024, "bucket/" + "k" * 1025, kind="object")
    judgement = judge(world, ["aws-s3"])
    assert counts(judgement, "path-too-long-in-bytes", "aws-s3", "acct/bucket") == (1, 1, 0)
    found = verdict(judgement, "path-too-long-in-bytes", "aws-s3", "acct/bucket").findings[0]
    assert found.path == "bucket/" + "k" * 1025
    assert dict(found.evidence) == {"path_bytes": "1025"}
    assert "1025 bytes" in found.message
    assert "1,024" in found.message


def test_siblings_collide_by_case_and_by_form_and_only_within_a_folder() -> None:
    world = share("A.txt", "a.TXT", "dir/a.txt", "caf\u00e9", "cafe\u0301", "other").listed("share", "dir/")
    judgement = judge(world, ["azure-files"])
    assert counts(judgement, "names-differ-in-case", "azure-files") == (2, 4, 0)
    assert counts(judgement, "names-differ-in-form", "azure-files") == (2, 4, 0)
    assert {f.path for f in verdict(judgement, "names-differ-in-case", "azure-files").findings} == {"A.txt", "a.TXT"}


def test_in_a_folder_that_was_not_listed_whole_a_collision_is_found_and_its_absence_unknown() -> None:
    world = share("x/A", "x/a", "x/b", "y/c").listed("share", "x/", 3, complete=False).listed("share", "y/", 1)
    world.incomplete.add("share")
    assert counts(judge(world, ["azure-files"]), "names-differ-in-case", "azure-files") == (2, 1, 1)


def test_a_name_that_could_not_be_read_makes_its_siblings_collisions_unknown() -> None:
    world = share("x/a", "y/b").fault("share", "x/gone", "stat", "IO_ERROR")
    assert counts(judge(world, ["azure-files"]), "names-differ-in-case", "azure-files") == (0, 1, 1)


def test_object_keys_collide_across_prefixes() -> None:
    world = World().source("acct", "s3", 1).files("acct", "b/A/x", "b/a/X", "b/c/x", kind="object")
    assert counts(judge(world, ["azure-files"]), "names-differ-in-case", "azure-files", "acct/b") == (2, 1, 0)


def test_very_many_collisions_are_counted_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    world = share(*(f"{letter}{i}" for i in range(20) for letter in "Aa"))
    few = judge(world, ["azure-files"])
    monkeypatch.setattr("scanner.judge.sources._FEW", 3)
    assert judge(world, ["azure-files"]) == few
    assert counts(few, "names-differ-in-case", "azure-files") == (40, 0, 0)


def test_an_alias_for_a_name_leaves_everything_about_the_name_unknown() -> None:
    world = share("TZHRWN~N", "plain").add(
        "fault", "share", [{"path": "TZHRWN~N", "op": "note", "reason": "NAME_MANGLED", "detail": ""}]
    )
    judgement = judge(world, ["azure-files"])
    for rule in ("characters-refused", "name-reserved", "segment-too-long", "name-undecodable", "names-differ-in-case"):
        assert counts(judgement, rule, "azure-files") == (0, 1, 1), rule


def test_children_counted_in_part_fail_early_and_never_pass_early() -> None:
    world = share("a").listed("share", "full/", 5_000_001, complete=False).listed("share", "part/", 3, complete=False)
    world.listed("share", "whole/", 3).listed("share", "cut/", 3).fault("share", "cut", "list", "PARTIAL")
    judgement = judge(world, ["azure-file-sync"])
    assert counts(judgement, "folder-too-full", "azure-file-sync") == (1, 2, 2)
    assert verdict(judgement, "folder-too-full", "azure-file-sync").findings[0].path == "full/"


def test_posix_sources_have_no_hidden_attribute_and_others_may() -> None:
    world = share("posix", mode=0o100644).files("share", "hidden", attributes=2).files("share", "unread")
    assert counts(judge(world, ["sharepoint-online"]), "hidden-attribute-lost", "sharepoint-online") == (1, 1, 1)


def test_targets_judge_only_stores_of_their_class() -> None:
    world = share("a")
    world.source("pg", "odbc", 1).add("entry", "pg", [{"path": "sales/public/t", "kind": "table"}])
    world.source("acct", "s3", 1).files("acct", "b/k", kind="object")
    judged_by = {(r.store, r.target) for r in judge(world).readiness}
    assert ("share", "azure-file-sync") in judged_by
    assert ("acct/b", "azure-file-sync") not in judged_by
    assert {t for s, t in judged_by if s == "pg/sales"} == {"postgresql-cloud"}
    assert ("share", "postgresql-cloud") not in judged_by


def test_a_target_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(StocktakeError) as refused:
        judge(share("a"), ["azure-flies"])
    assert (refused.value.code.code, refused.value.where) == ("TARGET_UNKNOWN", "azure-flies")


def test_at_most_ten_findings_the_first_by_path_beside_the_exact_total() -> None:
    judgement = judge(share(*(f"q{i:03}?" for i in range(40)), size=7), ["azure-files"])
    found = verdict(judgement, "characters-refused", "azure-files")
    assert (found.fails, found.bytes_failing) == (40, 280)
    assert [f.path for f in found.findings] == [f"q{i:03}?" for i in range(10)]
    assert len({f.id for f in found.findings}) == 10


def test_the_same_catalog_gives_the_same_judgement_in_whatever_order_rows_come() -> None:
    names = ["b?", "a?", "A?", "caf\\xE9", "x" * 260, "con", "d/e"]
    results = {judge(share(*order)) for order in (names, names[::-1], sorted(names))}
    assert len(results) == 1


def test_accepted_findings_are_counted_and_change_no_state() -> None:
    world = share("bad?", "plain")
    muted = finding_id("characters-refused", "azure-files", "share", "bad?")
    before, after = judge(world, ["azure-files"]), judge(world, ["azure-files"], mutes=[muted, "0" * 12])
    assert before.readiness[0].state == "not_ready"
    assert verdict(before, "characters-refused", "azure-files").findings[0].id == muted
    found = verdict(after, "characters-refused", "azure-files")
    assert (found.fails, found.muted, found.findings) == (1, 1, ())
    assert after.readiness[0].state != "not_ready"
    assert any("Accepted findings" in step for step in after.readiness[0].steps)


def test_a_limit_that_was_not_read_makes_its_rule_unknown_and_a_missing_one_makes_it_not_applicable() -> None:
    base = next(t for t in targets() if t.id == "aws-s3")
    unread = base.limits["object_bytes"].model_copy(update={"value": None})
    without = {k: v for k, v in base.limits.items() if k != "keeps_links"}
    target = base.model_copy(update={"limits": {**without, "object_bytes": unread}})
    judgement = judge(share("a"), with_targets=[target])
    assert counts(judgement, "object-too-large", "aws-s3") == (0, 0, 1)
    assert judgement.readiness[0].state == "unknown"
    assert not any(v.rule == "link-not-kept" for v in judgement.verdicts)


def _database() -> World:
    world = World().source("pg", "odbc", 1).listed("pg", "sales/public/", 3)
    entries = [("sales", "database"), ("sales/public", "schema"), ("hr", "database")]
    world.add("entry", "pg", [{"path": p, "kind": k} for p, k in entries])
    world.add("entry", "pg", [
        {"path": "sales/public/orders", "kind": "table", "rows": 3},
        {"path": "sales/public/log", "kind": "table", "rows": 9},
        {"path": "sales/public/Totals", "kind": "view"},
    ])  # fmt: skip
    world.add("key", "pg", [{"path": "sales/public/orders", "name": "pk", "kind": "primary", "columns": ["id"]}])
    world.add("column", "pg", [
        {"path": "sales/public/orders", "name": "id", "type": "integer"},
        {"path": "sales/public/log", "name": "blob", "type": "oid"},
        {"path": "sales/public/Totals", "name": "n", "type": "bigint"},
    ])  # fmt: skip
    world.add("routine", "pg", [
        {"path": "sales/public/Totals", "kind": "view", "dialect": "postgres", "definition": "SELECT 1"},
        {"path": "sales/public/f(integer, text)", "kind": "function", "dialect": "postgres", "language": "C"},
    ])  # fmt: skip
    return world.add("setting", "pg", [
        {"path": "", "name": "server_version", "value": "9.4.26"},
        {"path": "", "name": "wal_level", "value": "logical"},
        {"path": "sales", "name": "encoding", "value": "UTF8"},
        {"path": "sales", "name": "extension.timescaledb", "value": "2.1"},
    ])  # fmt: skip


def _sales(world: World, rule: str) -> tuple[int, int, int]:
    return counts(judge(world), rule, "postgresql-cloud", "pg/sales")


def test_database_facts_reach_their_rules() -> None:
    judgement = judge(_database())
    expected = {
        "table-without-primary-key": (1, 1, 0),
        "column-holds-large-objects": (1, 1, 0),
        "table-name-needs-quotes": (1, 2, 0),
        "routine-in-c": (1, 0, 0),
        "routine-text-hidden": (1, 1, 0),
        "routine-name-too-long": (0, 2, 0),
        "database-version-too-old": (1, 0, 0),
        "database-log-level": (0, 1, 0),
        "database-encoding": (0, 1, 0),
        "extension-not-offered": (1, 0, 0),
    }
    assert {rule: counts(judgement, rule, "postgresql-cloud", "pg/sales") for rule in expected} == expected
    assert counts(judgement, "database-encoding", "postgresql-cloud", "pg/hr") == (0, 0, 1)


def test_findings_of_columns_and_settings_name_their_place() -> None:
    judgement = judge(_database())
    paths = {
        rule: [f.path for f in verdict(judgement, rule, "postgresql-cloud", "pg/sales").findings]
        for rule in ("column-holds-large-objects", "extension-not-offered", "database-version-too-old")
    }
    assert paths == {
        "column-holds-large-objects": ["sales/public/log/blob"],
        "extension-not-offered": ["sales/extension.timescaledb"],
        "database-version-too-old": ["sales"],
    }


@pytest.mark.parametrize("place", ["", "sales", "sales/public/"])
def test_keys_that_could_not_be_asked_for_are_unknown_and_seen_ones_stay(place: str) -> None:
    world = _database().fault("pg", place, "query", "QUERY_FAILED")
    assert _sales(world, "table-without-primary-key") == (0, 1, 1)


def test_a_source_that_shows_no_key_at_all_may_be_hiding_them() -> None:
    world = _database()
    world.db.execute("DELETE FROM key")
    assert _sales(world, "table-without-primary-key") == (0, 0, 2)


def test_a_fact_that_has_nothing_to_do_with_keys_leaves_them_known() -> None:
    world = _database().fault("pg", "sales", "query", "QUERY_FAILED")
    world.db.execute("UPDATE fault SET detail = 'routines: permission denied'")
    assert _sales(world, "table-without-primary-key") == (1, 1, 0)
    world.db.execute("UPDATE fault SET detail = 'foreign_keys: permission denied'")
    assert _sales(world, "table-without-primary-key") == (0, 1, 1)


def test_a_fault_of_another_database_leaves_keys_known() -> None:
    world = _database().fault("pg", "hr", "query", "QUERY_FAILED")
    assert _sales(world, "table-without-primary-key") == (1, 1, 0)


def test_a_definition_that_names_another_database_is_found_and_its_own_is_not() -> None:
    world = World().source("my", "odbc", 1)
    world.add("entry", "my", [{"path": p, "kind": "database"} for p in ("sales", "hr")])
    texts = [
        "select * from `hr`.`staff`",
        "select * from HR.staff",
        "select * from sales.t",
        "select chr.x",
        None,
    ]
    world.add("routine", "my", [
        {"path": f"sales/v{i}", "kind": "view", "dialect": "mysql", "definition": text} for i, text in enumerate(texts)
    ])  # fmt: skip
    assert counts(judge(world), "routine-names-other-database", "postgresql-cloud", "my/sales") == (2, 2, 1)


def test_a_foreign_key_into_another_database_is_found() -> None:
    world = World().source("my", "odbc", 1)
    world.add("entry", "my", [{"path": p, "kind": "table"} for p in ("sales/a", "hr/b")])
    keys = [("fk1", "hr/b"), ("fk2", "sales/a"), ("fk3", None)]
    world.add("key", "my", [
        {"path": "sales/a", "name": n, "kind": "foreign", "columns": ["x"], "ref_path": ref} for n, ref in keys
    ])  # fmt: skip
    assert counts(judge(world), "key-leaves-database", "postgresql-cloud", "my/sales") == (1, 1, 1)


def test_engines_without_transactions_are_told_apart() -> None:
    world = World().source("my", "odbc", 1)
    engines = ["InnoDB", "MyISAM", None]
    world.add("entry", "my", [{"path": f"db/t{i}", "kind": "table", "subtype": e} for i, e in enumerate(engines)])
    world.add("setting", "my", [{"path": "", "name": "version_comment", "value": "mariadb.org"}])
    assert counts(judge(world), "engine-not-transactional", "postgresql-cloud", "my/db") == (1, 1, 1)


def test_all_pairs_of_a_view_are_one_query() -> None:
    one, all_ = share("a", "b"), share("a", "b")
    judge(one, ["azure-files"])
    judge(all_)
    assert all_.queries - one.queries <= 6  # other views' passes, not one query a rule: there are over a hundred pairs


def test_an_empty_catalog_has_nothing_to_judge() -> None:
    judgement = judge(World())
    assert (judgement.verdicts, judgement.readiness) == ((), ())
    assert len(judgement.rules) >= 30
    assert list(itertools.chain.from_iterable(t.limits for t in judgement.targets))
    assert set(VIEWS) >= {r.over for r in judgement.rules}


def test_names_that_differ_in_case_are_found_beside_names_that_differ_in_form() -> None:
    nfc, nfd = "caf\u00e9", "cafe\u0301"
    both = [nfc, nfd, nfc.upper(), nfd.upper()]
    assert counts(judge(share(*both)), "names-differ-in-case", "azure-files") == (4, 0, 0)
    assert counts(judge(share(*both)), "names-differ-in-form", "azure-files") == (4, 0, 0)
    assert counts(judge(share(nfc, nfd)), "names-differ-in-case", "azure-files") == (0, 2, 0)
    unlisted = share(nfc, nfd).listed("share", "", 9, complete=False)
    unlisted.incomplete.add("share")
    assert counts(judge(unlisted), "names-differ-in-case", "azure-files") == (0, 0, 2)


def test_prefixes_that_differ_in_case_only_collide_by_case_and_not_by_form() -> None:
    world = World().source("acct", "s3", 1).files("acct", "b/A/x", "b/a/x", "b/e\u0301/y", "b/\u00e9/y", kind="object")
    judgement = judge(world, ["azure-files"])
    assert counts(judgement, "names-differ-in-case", "azure-files", "acct/b") == (2, 2, 0)
    assert counts(judgement, "names-differ-in-form", "azure-files", "acct/b") == (2, 2, 0)


def test_what_may_be_a_file_is_judged_as_unknown_and_not_left_out() -> None:
    world = share("a").files("share", "b", kind="unknown", size=None)
    judgement = judge(world, ["azure-files"])
    assert counts(judgement, "object-too-large", "azure-files") == (0, 1, 1)
    assert counts(judgement, "link-not-kept", "azure-files") == (0, 1, 1)
    assert judgement.readiness[0].state == "unknown"


def test_beneath_an_alias_the_length_of_a_path_is_unknown_and_that_of_a_name_known() -> None:
    world = share("TZHRWN~N", kind="directory").files("share", "TZHRWN~N/a", "TZHRWN~NOT/a", "plain/a")
    world.add("fault", "share", [{"path": "TZHRWN~N", "op": "note", "reason": "NAME_MANGLED", "detail": ""}])
    judgement = judge(world, ["azure-files", "aws-s3"])
    assert counts(judgement, "path-too-long", "azure-files") == (0, 2, 2)
    assert counts(judgement, "path-too-long-in-bytes", "aws-s3") == (0, 2, 2)
    assert counts(judgement, "segment-too-long", "azure-files") == (0, 3, 1)


def test_a_folder_the_target_keeps_for_itself_is_found_at_every_depth_where_it_counts() -> None:
    world = share("Forms", "a/forms", "a/~old", "~old", "~old/deeper", "plain", kind="directory")
    found = verdict(judge(world), "folder-reserved", "sharepoint-online")
    assert {f.path for f in found.findings} == {"Forms", "a/~old", "~old"}
    keys = (
        World().source("acct", "s3", 1).files("acct", "b/forms/x", "b/a/~old/x", "b/a/~x", "b/a/forms/x", kind="object")
    )
    found = verdict(judge(keys), "prefix-reserved", "sharepoint-online", "acct/b")
    assert {f.path for f in found.findings} == {"b/forms/x", "b/a/~old/x"}


def test_windows_counts_a_name_in_utf16_units_and_takes_no_longer_one() -> None:
    judgement = judge(share("\U0001f600" * 127 + "a", "\U0001f600" * 128))
    assert counts(judgement, "segment-too-long-in-utf16", "windows-file-server") == (1, 1, 0)
    assert verdict(judgement, "segment-too-long-in-utf16", "windows-file-server").severity == "high"
    assert not any(
        v.target == "windows-file-server" and v.rule == "segment-perhaps-too-long" for v in judgement.verdicts
    )


def test_findings_of_one_path_come_in_one_order_whatever_that_of_the_rows() -> None:
    def world(order: int) -> World:
        keys = [
            {"path": "sales/a", "name": "", "kind": "index", "columns": [f"c{n}" for n in range(33 + i)]}
            for i in range(40)
        ]
        made = World().source("my", "odbc", 1).add("entry", "my", [{"path": "sales/a", "kind": "table"}])
        return made.add("key", "my", keys[::order])

    found = verdict(judge(world(1)), "key-too-wide", "postgresql-cloud", "my/sales")
    assert [dict(f.evidence)["column_count"] for f in found.findings] == [str(33 + i) for i in range(10)]
    assert judge(world(-1)) == judge(world(1))


@pytest.mark.parametrize(("said", "dbms"), [("MDBTOOLS", "access"), ("ACCESS", "access"), ("DB2/LINUX", "db2/linux")])
def test_rules_of_another_system_do_not_apply_where_the_driver_names_the_system(said: str, dbms: str) -> None:
    world = World().source("acc", "odbc").add("entry", "acc", [{"path": "t", "kind": "table", "rows": 1}])
    world.add("column", "acc", [{"path": "t", "name": "n", "type": "counter", "default": "", "lob": False}])
    world.listed("acc", "", 1)
    unnamed = judge(world)
    assert counts(unnamed, "database-version-too-old", "postgresql-cloud", "acc") == (0, 0, 1)
    world.add("setting", "acc", [{"path": "", "name": "dbms_name", "value": said}])
    named = judge(world)
    for rule in ("database-version-too-old", "database-encoding", "engine-not-transactional"):
        assert counts(named, rule, "postgresql-cloud", "acc") == (0, 0, 0), rule
    assert counts(named, "column-type-foreign", "postgresql-cloud", "acc") == (1, 0, 0)
    assert {dbms} == {d for (d,) in world.rows(f"SELECT dbms FROM ({_DBMS})")}


def test_a_server_is_the_same_system_by_its_driver_and_by_its_settings() -> None:
    world = _database()
    before = judge(world)
    world.add("setting", "pg", [{"path": "", "name": "dbms_name", "value": "PostgreSQL"}])
    assert [v for v in judge(world).verdicts if v.rule != "extension-not-offered"] == [
        v for v in before.verdicts if v.rule != "extension-not-offered"
    ]
