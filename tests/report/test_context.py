"""The result document: its figures, its order, its bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import report_estate
import report_judged
from conftest import canonical_context

from scanner import results
from scanner.report import Context, build_context, to_json
from scanner.report.coverage import explain
from scanner.report.readiness import group_of
from scanner.report.reading import share

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"


def test_result_document_equals_the_golden_one(context: Context) -> None:
    found = to_json(context)
    if os.environ.get("STOCKTAKE_WRITE_GOLDEN"):
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text(), "look at the difference; STOCKTAKE_WRITE_GOLDEN=1 keeps it"


def test_same_catalog_gives_same_bytes_under_another_locale_zone_and_hash_seed(
    context: Context, page_text: str
) -> None:
    code = (
        "import sys, hashlib; from conftest import canonical_context; from scanner.report import to_json, render_html;"
        "c = canonical_context(); print(hashlib.sha256((to_json(c) + render_html(c)).encode()).hexdigest())"
    )
    sums = set()
    for seed, zone, locale in (("1", "Pacific/Kiritimati", "C"), ("977", "America/Lima", "C.UTF-8")):
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": str(HERE)}
        sums.add(
            subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        )
    import hashlib  # noqa: PLC0415

    sums.add(hashlib.sha256((to_json(context) + page_text).encode()).hexdigest() + "\n")
    assert len(sums) == 1


def test_hard_linked_bytes_count_once() -> None:
    reader = report_estate.build_reader()
    before = canonical_context(reader).inventory
    reader.add(
        "entry", scan=1, source="records", store="records", parent="Maps/", name="third-name.pdf", kind="file",
        size=88_000_000, links=3, hardlink="dev1:4711", tier="online", path="Maps/third-name.pdf",
    )  # fmt: skip
    after = canonical_context(reader).inventory
    assert after["objects"] == before["objects"] + 1
    assert after["bytes"] == before["bytes"]
    assert after["linked_bytes"] == before["linked_bytes"] + 88_000_000


def test_total_equals_its_stores_and_what_the_tables_say(context: Context) -> None:
    reader = report_estate.build_reader()
    plain = reader.rows("SELECT sum(size)::BIGINT FROM entry WHERE kind IN ('file', 'object', 'table')")[0][0]
    assert context.inventory["bytes"] == plain - context.inventory["linked_bytes"]
    assert context.inventory["bytes"] == sum(s["bytes"] or 0 for s in context.stores)
    by_age = sum(r["bytes"] or 0 for r in context.inventory["distributions"]["ages"])
    by_family = sum(r["bytes"] or 0 for r in context.inventory["distributions"]["families"])
    assert by_age == by_family == context.inventory["distributions"]["bytes"]


def test_unknown_size_is_counted_apart_and_never_as_zero(context: Context) -> None:
    drop = next(s for s in context.stores if s["id"] == "drop")
    assert drop["unknown_sizes"] == 1
    legacy = next(s for s in context.stores if s["id"] == "legacy-nas")
    assert legacy["bytes"] is None
    assert context.inventory["unknown_sizes"] == 1


def test_offline_bytes_stand_apart(context: Context) -> None:
    finance = next(s for s in context.stores if s["id"] == "finance-share")
    assert 0 < finance["offline_bytes"] < finance["bytes"]
    assert context.inventory["offline_bytes"] == finance["offline_bytes"]


def test_ledger_balances_and_says_so_when_it_does_not(context: Context) -> None:
    assert context.evidence["balanced"] is True
    reader = report_estate.build_reader()
    reader.db.execute("UPDATE listing SET listed = listed + 2 WHERE source = 'drop' AND path = 'inbound/'")
    broken = canonical_context(reader)
    assert broken.evidence["balanced"] is False
    assert next(r for r in broken.evidence["ledger"] if r["source"] == "drop")["balance"] == 2


def test_coverage_counts_places_and_a_failed_source_has_none(context: Context) -> None:
    finance = next(s for s in context.sources if s["name"] == "finance-share")
    assert (finance["places_listed"], finance["places"]) == (10, 13)
    assert finance["coverage"] == 76.9
    legacy = next(s for s in context.sources if s["name"] == "legacy-nas")
    assert legacy["coverage"] == 0
    assert legacy["error"]["code"] == "UNREACHABLE"
    assert context.coverage["confidence"] == "Low"


def test_a_whole_estate_is_complete_with_high_confidence() -> None:
    reader = report_estate.build_reader()
    for sql in (
        "DELETE FROM source WHERE name IN ('legacy-nas', 'finance-share')",
        "DELETE FROM fault WHERE op IN ('stat', 'query')",
        "UPDATE listing SET listed = listed - 1 WHERE source = 'records' AND path = 'Scans/'",
    ):
        reader.db.execute(sql)
    whole = canonical_context(reader)
    assert whole.coverage["complete"] is True
    assert whole.coverage["percent"] == 100
    assert whole.coverage["confidence"] == "High"


def test_share_is_cut_and_never_rounded_up() -> None:
    assert share(99_999, 100_000) == 99.9
    assert share(100_000, 100_000) == 100
    assert share(0, 0) is None
    assert share(None, 5) is None


@pytest.mark.parametrize(
    ("severity", "fails", "passes", "unknown", "group"),
    [
        ("blocker", 1, 9, 0, "failed"), ("high", 1, 0, 5, "failed"), ("medium", 1, 9, 0, "review"),
        ("info", 2, 0, 0, "review"), ("blocker", 0, 9, 1, "unchecked"), ("low", 0, 9, 0, "passed"),
        ("low", 0, 0, 0, "not_applicable"),
    ],
)  # fmt: skip
def test_a_verdict_stands_in_one_group(
    severity: results.Severity, fails: int, passes: int, unknown: int, group: str
) -> None:
    verdict = results.Verdict("r", "t", "s", severity, fails, passes, unknown, None, ())
    assert group_of(verdict) == group


def test_a_store_is_counted_at_its_most_favourable_target_and_unknown_is_not_ready(context: Context) -> None:
    best = context.readiness["best"]
    assert best["records"] == {"target": "sharepoint", "state": "conditions"}
    assert best["finance-share"]["state"] == "unknown"
    parts = {p["state"]: p["stores"] for p in context.readiness["overall"]["parts"]}
    assert parts == {"ready": 5, "conditions": 1, "unknown": 3, "not_ready": 0, "not_judged": 1}


def test_an_action_clears_the_way_only_where_nothing_else_stands_in_it(context: Context) -> None:
    by_rule = {a["rule"]: a for a in context.summary["actions"]}
    assert by_rule["s3-key-bytes"]["unlocks"] == (("records", "s3"),)
    unlocked = {store for a in context.summary["actions"] for store, _ in a["unlocks"]}
    assert "finance-share" not in unlocked, "it was not seen whole"


def test_known_store_that_no_source_covers_is_named(context: Context) -> None:
    gap = next(u for u in context.summary["unseen"] if "never scanned:" in u["gap"])
    assert gap["count"] == 1
    assert "hr-mart" in gap["gap"]


def test_duplicates_ignore_hard_links_and_match_objects_by_entity_tag(context: Context) -> None:
    found = {d["what"]: d for d in context.inventory["duplicates"]["list"]}
    assert found["tithe-map-1843.tif"]["copies"] == 2
    assert found["entity tag 9b2cf535f27731c974343645a3985328"]["by"] == "entity tag and size"
    assert "register.pdf" not in found


def test_exposures_and_unmanaged_candidates(context: Context) -> None:
    said = {(e["store"], e["exposure"]) for e in context.security["exposures"]}
    assert ("buckets/tmp-export", "nothing blocks public access") in said
    assert ("case-db/cases", "everyone may read") in said
    assert ("drop", "anybody may change files in inbound/") in said
    assert ("drop", "offers only outdated SSH algorithms") in said
    reasons = {(u["what"], u["reason"]) for u in context.security["unmanaged"]}
    assert ("partner.sqlite", "database file on a share") in reasons
    assert ("crm-old: CRM", "referred to, never scanned and not in the register") in reasons
    assert ("tmp-export", "scanned, and not in the register") in reasons
    first = context.security["unmanaged"][0]
    assert (first["what"], first["rank"], first["places"]) == ("crm-old: CRM", 25.0, ("Templates/letters.config:31",))


def test_where_nothing_was_reconciled_stores_edges_and_what_was_seen_name_the_candidates() -> None:
    bare = replace(report_judged.build_graph(), managed=())
    reasons = {(u["what"], u["reason"]) for u in _context(bare).security["unmanaged"]}
    assert ("LEDGER01.dbo", "referred to, never scanned") in reasons
    assert ("tmp-export", "found, not in the register") in reasons
    assert ("Scans$", "seen, not scanned: not configured") in reasons


def test_waves_carry_bytes_hours_and_cut_edges(context: Context) -> None:
    waves = context.waves["list"]
    assert [w["number"] for w in waves] == [1, 2, 3, 4]
    sizes = {s["id"]: s["bytes"] for s in context.stores}
    assert waves[2]["bytes"] == sizes["finance-share"]
    assert waves[1]["bytes"] == sizes["case-db/cases"] + sizes["payroll-db/payroll"]
    assert waves[2]["cut_edges"] == 1
    assert context.waves["cut_total"] == 2


def _context(graph: results.GraphResult) -> Context:
    return build_context(
        report_estate.build_reader(), report_judged.build_judgement(), graph,
        generated_at=report_estate.NOW, version="0.1.0", title="Estate",
    )  # fmt: skip


def test_a_store_whose_schemas_are_in_waves_is_not_said_to_be_in_none() -> None:
    graph = report_judged.build_graph()
    schema = results.Asset(
        "case-db/cases/public", "schema", "schema", "public", "case-db", "cases/public", "case-db/cases"
    )
    second, whole = graph.waves[1], graph.waves[1].members[0]
    by_schema = replace(second, members=(replace(whole, asset=schema.id), *second.members[1:]))
    moved = replace(graph, assets=(*graph.assets, schema), waves=(graph.waves[0], by_schema, *graph.waves[2:]))
    left = replace(graph, waves=(graph.waves[0], *graph.waves[2:]))
    assert [u["title"] for u in _context(moved).waves["unscheduled"]] == ["LEDGER01.dbo", "crm-old: CRM"]
    assert {u["title"] for u in _context(left).waves["unscheduled"]} == {
        "LEDGER01.dbo", "crm-old: CRM", "cases", "payroll",
    }  # fmt: skip


def test_an_object_missing_from_a_scanned_store_is_no_unmanaged_store() -> None:
    graph = report_judged.build_graph()
    gone = results.Asset(
        "?case-db/cases/gone", "object", "unknown", "public.gone", "case-db", "cases/gone", "", resolved=False
    )
    context = _context(replace(graph, assets=(*graph.assets, gone)))
    assert "public.gone" in {u["title"] for u in context.graph["unresolved"]}
    assert "public.gone" not in {u["what"] for u in context.security["unmanaged"]}


def test_fix_commands_name_the_source_and_the_run(context: Context) -> None:
    finance = next(s for s in context.sources if s["name"] == "finance-share")
    assert finance["faults"][0]["do"].endswith("stocktake resume 1 --only DENIED")
    assert explain("NO_SUCH_CODE")["code"] == "NO_SUCH_CODE"


def test_an_empty_catalog_still_makes_a_result() -> None:
    reader = report_estate.EstateReader()
    empty = results.GraphResult((), (), (), (), (), (), (), {}, {})
    nothing = build_context(
        reader, results.Judgement((), (), (), (), "rule-hours 1"), empty, generated_at=1, version="0", title="Nothing"
    )
    assert nothing.inventory["bytes"] is None
    assert json.loads(to_json(nothing))["coverage"]["percent"] is None


def test_result_refuses_what_json_cannot_say(context: Context) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json(replace(context, scope={"bad": float("nan")}))


def test_result_is_ascii_and_versioned(context: Context) -> None:
    text = to_json(context)
    assert text.isascii()
    plain = json.loads(text)
    assert (plain["schema"], plain["schema_version"]) == ("stocktake/result", 1)
    assert plain["graph"]["edges_total"] == len(report_judged.build_graph().edges)


def test_rights_that_are_taken_back_are_told_but_are_no_exposure(context: Context) -> None:
    told = context.security["access"]
    barred = [o for o in told["openings"] if o["barred"]]
    assert [(o["store"], o["barred"]) for o in barred] == [("buckets/tmp-export", "public access is blocked")]
    assert (told["openings_total"], told["barred_total"]) == (3, 1)
    exposed = {(e["store"], e["exposure"]) for e in context.security["exposures"]}
    assert ("buckets/northmoor-web", "everyone may read") in exposed
    assert ("finance-share", "everyone may read, list") in exposed
    assert ("finance-share", "rights of an identity that nobody has any more") in exposed
    assert not {e for e in exposed if e[0] == "buckets/tmp-export" and "everyone" in e[1]}


def test_what_another_source_scanned_is_not_listed_as_only_seen(context: Context) -> None:
    seen = context.security["seen"]
    assert [(r["name"], r["reason"]) for r in seen["list"]] == [("cases_test", "denied"), ("Scans$", "not_configured")]


def test_a_scan_account_that_may_write_is_an_exposure() -> None:
    reader = report_estate.build_reader()
    reader.add("setting", scan=1, source="case-db", store="case-db", path="", name="scan_account_superuser", value="on")
    exposed = {(e["store"], e["exposure"], e["evidence"]) for e in canonical_context(reader).security["exposures"]}
    told = ("case-db", "the account that scans may do more than look", "case-db: scan_account_superuser = on")
    assert told in exposed


def test_what_breaks_is_listed_beside_exact_totals(context: Context) -> None:
    graph = context.graph
    assert graph["broken_total"] == 16, "what moves alone counts, not a table that moves with its database"
    assert [(m["title"], m["breaks"], m["listed"]) for m in graph["moving"]] == [
        ("payroll", 15, 2), ("Finance share", 1, 1),
    ]  # fmt: skip
    first = graph["broken"][0]
    assert (first["place"], first["path"], first["line"]) == ("Budget/pay.udl:2", "Budget/pay.udl", 2)


def test_referred_stores_columns_and_copies_stand_in_the_result(context: Context) -> None:
    graph = context.graph
    assert graph["by_status"] == (("scanned", 3), ("referenced", 2), ("known", 1))
    assert graph["tiers"] == {"resolved": 16, "unresolved": 1, "inactive": 1}
    assert (graph["references_total"], graph["columns_total"], graph["copies_total"]) == (18, 2, 2)
    assert [c["reclaimable"] for c in graph["copies"]] == [640_000_000, None]


def test_the_map_has_what_moves_as_places_and_counts_what_leads_between_them(context: Context) -> None:
    drawn = context.graph["map"]
    assert drawn["by"] == "what moves together"
    links = {(k["source"], k["target"]): (k["edges"], k["places"], k["confidence"]) for k in drawn["links"]}
    assert links["finance-share", "payroll-db/payroll"] == (1, 14, "parsed")
    assert links["case-db/cases", "payroll-db/payroll"] == (1, 1, "declared")
    status = {n["id"]: n["status"] for n in drawn["nodes"]}
    assert (status["?old-crm"], status["records"]) == ("referenced", "scanned")


def test_a_map_of_too_many_places_is_collapsed_to_stores_and_then_to_sources() -> None:
    def made(sources: int, stores: int) -> results.GraphResult:
        ids = [(f"s{n}", f"s{n}/b{k}") for n in range(sources) for k in range(stores)]
        assets = tuple(results.Asset(i, "store", "bucket", i, s, i.partition("/")[2], i) for s, i in ids)
        edges = tuple(
            results.Edge(f"e{n}", assets[n].id, assets[n * 7 % len(assets)].id, "mention", "parsed", "", "")
            for n in range(1, len(assets))
        )
        return results.GraphResult(assets, edges, (), (), (), (), (), {}, {}, {a.id: a.id for a in assets})

    few = _context(made(5, 40)).graph["map"]
    assert (few["by"], len(few["nodes"]), few["groups_total"]) == ("source", 5, 5)
    many = _context(made(90, 2)).graph["map"]
    assert (many["by"], len(many["nodes"]), many["groups_total"]) == ("source", 60, 90)
    assert {k["source"] for k in many["links"]} <= {n["id"] for n in many["nodes"]}
