"""The graph of an estate: what becomes a node, what an edge, and what stays in the open."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import networkx as nx

from scanner.graph import build, graph_of, to_graphml

if TYPE_CHECKING:
    from scanner.results import GraphResult
    from tests.graph.conftest import Estate


def drawn(result: GraphResult) -> set[tuple[str, str, str]]:
    return {(e.source, e.target, e.kind) for e in result.edges}


def reasons(result: GraphResult) -> dict[str, str]:
    return {m.asset: m.reason for w in result.waves for m in w.members}


def shop(estate: Estate) -> Estate:
    """A PostgreSQL database of three schemas, with a view chain, a trigger, a function and a cycle of two tables."""
    estate.source("pg")
    estate.database("pg", "shop", "public", "sales", "audit")
    for table in ("public/customer", "public/address", "sales/orders", "sales/line", "audit/log"):
        estate.entry("pg", f"shop/{table}")
    estate.foreign_key("pg", "shop/sales/orders", "shop/public/customer", "orders_customer")
    estate.foreign_key("pg", "shop/sales/line", "shop/sales/orders", "line_order")
    estate.foreign_key("pg", "shop/public/customer", "shop/public/address", "home")
    estate.foreign_key("pg", "shop/public/address", "shop/public/customer", "owner")
    estate.routine(
        "pg", "shop/sales/v_orders", "view", "SELECT * FROM sales.orders o JOIN customer c ON true", "postgres"
    )
    estate.routine(
        "pg",
        "shop/sales/v_top",
        "view",
        "WITH orders AS (SELECT * FROM sales.v_orders) SELECT * FROM orders",
        "postgres",
    )
    body = "CREATE FUNCTION audit.note() RETURNS trigger AS $$ BEGIN INSERT INTO log VALUES (1); END $$"
    estate.routine("pg", "shop/audit/note", "function", body, "postgres", language="plpgsql")
    head = "CREATE TRIGGER t AFTER INSERT OR UPDATE ON sales.orders FOR EACH ROW EXECUTE FUNCTION audit.note()"
    estate.routine("pg", "shop/sales/orders/t", "trigger", head, "postgres", on_path="shop/sales/orders")
    return estate


def test_keys_views_triggers_and_functions_become_edges(estate: Estate) -> None:
    result = build(shop(estate).reader())
    assert drawn(result) == {
        ("pg/shop/sales/orders", "pg/shop/public/customer", "foreign_key"),
        ("pg/shop/sales/line", "pg/shop/sales/orders", "foreign_key"),
        ("pg/shop/public/customer", "pg/shop/public/address", "foreign_key"),
        ("pg/shop/public/address", "pg/shop/public/customer", "foreign_key"),
        ("pg/shop/sales/v_orders", "pg/shop/sales/orders", "reads"),
        ("pg/shop/sales/v_orders", "pg/shop/public/customer", "reads"),
        ("pg/shop/sales/v_top", "pg/shop/sales/v_orders", "reads"),
        ("pg/shop/audit/note", "pg/shop/audit/log", "writes"),
        ("pg/shop/sales/orders/t", "pg/shop/sales/orders", "fires_on"),
        ("pg/shop/sales/orders/t", "pg/shop/audit/note", "calls"),
    }
    assert result.unparsed == ()
    assert all(a.resolved for a in result.assets)
    edge = next(e for e in result.edges if e.kind == "writes")
    assert (edge.confidence, edge.evidence) == ("parsed", "function shop/audit/note, line 1")


def test_schemas_move_in_waves_with_reasons_and_cut_edges(estate: Estate) -> None:
    result = build(shop(estate).reader())
    assert [[m.asset for m in w.members] for w in result.waves] == [
        ["pg/shop/audit"],
        ["pg/shop/public", "pg/shop/sales"],
    ]
    assert reasons(result)["pg/shop/sales"] == (
        "Moves together with public (1 foreign key, 1 read): what ties them does not work from one database to another;"
        " depends on audit (1 call), so it moves after wave 1."
    )
    assert result.waves[1].prerequisites == (1,)
    cut = {(e.source, e.kind) for e in result.edges if e.id in result.cut_edges}
    assert cut == {("pg/shop/sales/orders/t", "calls")}
    assert result.groups["pg/shop/sales/orders/t"] == "pg/shop/sales"


def test_a_cycle_is_named_and_shares_a_generation_of_the_load_order(estate: Estate) -> None:
    result = build(shop(estate).reader())
    assert result.cycles == (("pg/shop/public/address", "pg/shop/public/customer"),)
    assert result.load_order["pg/shop"] == (
        ("pg/shop/audit/log", "pg/shop/public/address", "pg/shop/public/customer"),
        ("pg/shop/sales/orders",),
        ("pg/shop/sales/line",),
    )


def test_blast_radius_counts_what_depends_directly_and_in_all(estate: Estate) -> None:
    blast = {b.asset: b for b in build(shop(estate).reader()).blast}
    customer = blast["pg/shop/public/customer"]
    assert (customer.direct, customer.total) == (3, 6)
    assert customer.examples[:3] == ("pg/shop/public/address", "pg/shop/sales/orders", "pg/shop/sales/v_orders")
    assert (blast["pg/shop/public"].direct, blast["pg/shop/public"].total) == (1, 1)


def test_a_table_that_refers_to_itself_is_an_edge_but_no_cycle(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "hr", "public")
    estate.entry("pg", "hr/public/staff")
    estate.foreign_key("pg", "hr/public/staff", "hr/public/staff", "manager")
    result = build(estate.reader())
    assert drawn(result) == {("pg/hr/public/staff", "pg/hr/public/staff", "foreign_key")}
    assert result.cycles == ()
    assert result.load_order == {"pg/hr": (("pg/hr/public/staff",),)}
    assert result.cut_edges == ()


def test_a_database_with_one_schema_moves_whole(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "hr", "public")
    estate.entry("pg", "hr/public/staff")
    result = build(estate.reader())
    assert [m.asset for w in result.waves for m in w.members] == ["pg/hr"]
    assert reasons(result)["pg/hr"].startswith("It depends on nothing and nothing depends on it")


def test_quoted_names_keep_their_case_and_bare_ones_fold(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "public")
    estate.entry("pg", "d/public/Orders")
    estate.entry("pg", "d/public/orders")
    estate.routine("pg", "d/public/v1", "view", 'SELECT * FROM "Orders"', "postgres")
    estate.routine("pg", "d/public/v2", "view", "SELECT * FROM ORDERS", "postgres")
    estate.source("ms")
    estate.database("ms", "d", "dbo")
    estate.entry("ms", "d/dbo/Order Lines")
    estate.routine("ms", "d/dbo/v", "view", "CREATE VIEW v AS SELECT * FROM [order lines]", "tsql")
    assert drawn(build(estate.reader())) == {
        ("pg/d/public/v1", "pg/d/public/Orders", "reads"),
        ("pg/d/public/v2", "pg/d/public/orders", "reads"),
        ("ms/d/dbo/v", "ms/d/dbo/Order Lines", "reads"),
    }


def test_a_name_with_a_slash_resolves_through_its_escape(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "public")
    estate.entry("pg", "d/public/in\\x2Fout")
    estate.routine("pg", "d/public/v", "view", 'SELECT * FROM "in/out"', "postgres")
    assert drawn(build(estate.reader())) == {("pg/d/public/v", "pg/d/public/in\\x2Fout", "reads")}


def test_views_reach_into_other_databases_scanned_or_not(estate: Estate) -> None:
    estate.source("my", locator="odbc://db01:3306")
    estate.database("my", "shop")
    estate.database("my", "crm")
    estate.entry("my", "crm/client")
    text = "select `c`.`id` from `crm`.`client` `c` join `ledger`.`book` `b`"
    estate.routine("my", "shop/v", "view", text, "mysql")
    result = build(estate.reader())
    assert drawn(result) == {("my/shop/v", "my/crm/client", "reads"), ("my/shop/v", "?my/ledger", "reads")}
    unknown = next(a for a in result.assets if not a.resolved)
    assert (unknown.level, unknown.kind, unknown.title, unknown.store) == ("store", "database", "ledger", "")
    assert [[m.asset for m in w.members] for w in result.waves] == [["my/crm"], ["my/shop"]]


def test_a_database_of_another_source_on_the_same_server_is_found(estate: Estate) -> None:
    for name, database in (("a", "shop"), ("b", "crm")):
        estate.source(name, locator=f"odbc://scan@db01:3306/{database}")
        estate.database(name, database)
        estate.entry(name, f"{database}/client")
    estate.routine("a", "shop/v", "view", "SELECT * FROM crm.client", "mysql")
    assert drawn(build(estate.reader())) == {("a/shop/v", "b/crm/client", "reads")}


def test_a_table_missing_from_a_scanned_schema_stays_as_an_unresolved_object(estate: Estate) -> None:
    estate.source("ms")
    estate.database("ms", "d", "dbo")
    estate.entry("ms", "d/dbo/here")
    text = "CREATE PROCEDURE p AS SELECT * FROM gone SELECT * FROM sys.tables SELECT * FROM lnk.x.dbo.far EXEC sp_help"
    estate.routine("ms", "d/dbo/p", "procedure", text, "tsql")
    result = build(estate.reader())
    open_ends = {(a.id, a.level, a.kind) for a in result.assets if not a.resolved}
    assert open_ends == {("?ms/d/dbo/gone", "object", "unknown"), ("?ms/lnk", "store", "server")}


def test_an_unqualified_name_found_in_one_other_schema_is_only_inferred(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "a", "b")
    estate.entry("pg", "d/b/only_here")
    estate.routine("pg", "d/a/v", "view", "SELECT * FROM only_here", "postgres")
    (edge,) = build(estate.reader()).edges
    assert (edge.target, edge.confidence) == ("pg/d/b/only_here", "inferred")


def test_hidden_dynamic_and_broken_definitions_are_listed(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "public")
    estate.entry("pg", "d/public/t")
    estate.routine("pg", "d/public/hidden", "view", None, "postgres")
    estate.routine(
        "pg",
        "d/public/dyn",
        "function",
        "BEGIN EXECUTE 'DELETE FROM t WHERE ' || x; END",
        "postgres",
        language="plpgsql",
    )
    estate.routine("pg", "d/public/bad", "view", "SELECT FROM FROM t WHERE ((", "postgres")
    estate.routine("pg", "d/public/empty", "view", "%%%", "postgres")
    estate.routine("pg", "d/public/c", "function", "lib_entry", "postgres", language="c")
    result = build(estate.reader())
    listed = {u.path.rpartition("/")[2]: u.reason for u in result.unparsed}
    assert listed["hidden"] == "the store does not show its text to this account"
    assert listed["dyn"] == "line 1: EXECUTE runs a text that is built while it runs"
    assert listed["c"] == "its body is written in c, not in SQL"
    assert listed.keys() == {"hidden", "dyn", "bad", "empty", "c"}
    assert {(e.source, e.target, e.confidence) for e in result.edges} == {
        ("pg/d/public/dyn", "pg/d/public/t", "inferred"),
        ("pg/d/public/bad", "pg/d/public/t", "inferred"),
    }


def test_foreign_tables_and_sequences(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "a", "b")
    estate.entry("pg", "d/a/far", "foreign_table", target="oldhost")
    estate.entry("pg", "d/a/t")
    estate.entry("pg", "d/b/t_seq", "sequence")
    estate.entry("pg", "d/b/unused_seq", "sequence")
    estate.entry("pg", "d/a/own_seq", "sequence")
    estate.fact("column", "pg", "d/a/t", name="id", default="nextval('b.t_seq'::regclass)")
    estate.fact("column", "pg", "d/a/t", name="n", default="nextval('own_seq'::regclass)")
    result = build(estate.reader())
    assert drawn(result) == {("pg/d/a/far", "?pg/oldhost", "foreign_table"), ("pg/d/a/t", "pg/d/b/t_seq", "default")}
    assert not {"pg/d/b/unused_seq", "pg/d/a/own_seq"} & {a.id for a in result.assets}
    assert [[m.asset for m in w.members] for w in result.waves] == [["pg/d/b"], ["pg/d/a"]]


def test_a_routine_and_a_table_of_one_name_are_two_assets(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "public")
    estate.entry("pg", "d/public/rate")
    estate.routine("pg", "d/public/rate", "function", "SELECT max(x) FROM rate", "postgres", language="sql")
    estate.routine("pg", "d/public/v", "view", "SELECT rate(1), now() FROM rate", "postgres")
    assert drawn(build(estate.reader())) == {
        ("pg/d/public/rate (function)", "pg/d/public/rate", "reads"),
        ("pg/d/public/v", "pg/d/public/rate", "reads"),
        ("pg/d/public/v", "pg/d/public/rate (function)", "calls"),
    }


def test_mentions_tie_stores_and_show_those_nobody_scanned(estate: Estate) -> None:
    estate.source("share", deep=False, locator="\\\\FS01\\finance")
    estate.source("drop", deep=False, locator="sftp://drop.example/in")
    estate.source("db")
    estate.database("db", "d", "public", "other")
    estate.fact("mention", "share", "etl.cmd", line=4, kind="url", locator="sftp://DROP.example/in/today.csv")
    estate.fact("mention", "share", "etl.cmd", line=9, kind="unc", locator="//nas7/old/x")
    estate.fact("mention", "share", "readme", line=1, kind="url", locator="https://example.org/")
    estate.fact("mention", "drop", "x", line=1, kind="unc", locator="//fs01/finance/y", status="commented")
    result = build(estate.reader())
    assert drawn(result) == {("share", "drop", "mention"), ("share", "?\\\\nas7\\old", "mention")}
    assert {e.evidence for e in result.edges} == {"etl.cmd, line 4", "etl.cmd, line 9"}
    assert result.tiers == {"resolved": 2, "unresolved": 0, "inactive": 2}
    assert reasons(result)["share"] == "Depends on drop (1 mention, inferred), so it moves after wave 1."


def test_no_secret_of_a_locator_reaches_the_result(estate: Estate) -> None:
    estate.source("share", deep=False)
    estate.fact("mention", "share", "a", line=1, kind="url", locator="sftp://scan:Pa55@nas7/old")
    asset = next(a for a in build(estate.reader()).assets if not a.resolved)
    assert (asset.kind, asset.title) == ("host", "sftp://nas7")


def test_the_order_of_the_facts_changes_nothing(estate: Estate) -> None:
    shop(estate)
    estate.source("my")
    estate.database("my", "crm")
    estate.routine("my", "crm/v", "view", "SELECT * FROM a.x, b.y, crm.z", "mysql")
    first = build(estate.reader())
    for seed in range(5):

        def shuffled(rows: list[Any], seed: int = seed) -> list[Any]:
            return random.Random(seed).sample(rows, len(rows))

        assert build(estate.reader(shuffled)) == first


def test_graphml_reads_back_whole(estate: Estate) -> None:
    shop(estate)
    estate.routine("pg", "shop/public/od\x01d", "view", "SELECT * FROM customer", "postgres")
    result = build(estate.reader())
    graph = graph_of(result)
    back = nx.parse_graphml(to_graphml(result), force_multigraph=True)
    assert (back.number_of_nodes(), back.number_of_edges()) == (len(result.assets), len(result.edges))
    assert back.nodes["pg/shop/sales/line"] == graph.nodes["pg/shop/sales/line"]
    assert back.nodes["pg/shop/sales/line"]["wave"] == 2
    assert "pg/shop/public/od\ufffdd" in back


def test_an_empty_catalog_gives_an_empty_graph(estate: Estate) -> None:
    result = build(estate.reader())
    assert (result.assets, result.edges, result.waves, result.positions) == ((), (), (), {})


def test_drawing_places_stand_apart_and_edges_run_one_way(estate: Estate) -> None:
    result = build(shop(estate).reader())
    places = result.positions
    assert len(set(places.values())) == len(places)
    assert all(0 < x < 1 and 0 < y < 1 for x, y in places.values())
    cyclic = {frozenset(c) for c in result.cycles}
    for edge in result.edges:
        if frozenset((edge.source, edge.target)) not in cyclic:
            assert places[edge.source][0] < places[edge.target][0]


def test_a_name_that_is_no_text_is_an_asset_like_any_other(estate: Estate) -> None:
    estate.source("my")
    estate.database("my", "d")
    estate.entry("my", "d/caf\\xE9")
    estate.entry("my", "d/t")
    estate.foreign_key("my", "d/t", "d/caf\\xE9")
    assert drawn(build(estate.reader())) == {("my/d/t", "my/d/caf\\xE9", "foreign_key")}


def test_overloads_share_a_name_so_a_call_to_one_is_inferred(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "public")
    estate.routine("pg", "d/public/f(integer)", "function", "SELECT 1", "postgres", language="sql")
    estate.routine("pg", "d/public/f(text)", "function", "SELECT 1", "postgres", language="sql")
    estate.routine("pg", "d/public/g()", "function", "SELECT 1", "postgres", language="sql")
    estate.routine("pg", "d/public/v", "view", "SELECT f(1), g()", "postgres")
    calls = {(e.target, e.confidence) for e in build(estate.reader()).edges}
    assert calls == {("pg/d/public/f(integer)", "inferred"), ("pg/d/public/g()", "parsed")}


def test_triggers_of_one_name_on_two_tables_and_rules_on_views(estate: Estate) -> None:
    estate.source("pg")
    estate.database("pg", "d", "public")
    for table in ("a", "b", "sink"):
        estate.entry("pg", f"d/public/{table}")
    for table in ("a", "b"):
        text = f"CREATE TRIGGER stamp BEFORE UPDATE ON public.{table} FOR EACH ROW EXECUTE FUNCTION note()"
        estate.routine("pg", f"d/public/{table}/stamp", "trigger", text, "postgres", on_path=f"d/public/{table}")
    estate.routine("pg", "d/public/v", "view", "SELECT 1", "postgres")
    rule = "CREATE RULE r AS ON INSERT TO public.v DO INSTEAD INSERT INTO sink VALUES (new.x)"
    estate.routine("pg", "d/public/v/r", "rule", rule, "postgres", on_path="d/public/v")
    assert drawn(build(estate.reader())) == {
        ("pg/d/public/a/stamp", "pg/d/public/a", "fires_on"),
        ("pg/d/public/b/stamp", "pg/d/public/b", "fires_on"),
        ("pg/d/public/v/r", "pg/d/public/v", "fires_on"),
        ("pg/d/public/v/r", "pg/d/public/sink", "writes"),
    }
