"""Mentions become edges with their places, tiers with a reason, and one asset for what is spelled in many ways."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from scanner.graph import build
from scanner.graph.references import PLACES
from scanner.results import PlaceOf

if TYPE_CHECKING:
    from scanner.results import Edge, GraphResult, Reference
    from tests.graph.conftest import Estate

CANARY = "c4n4ry-w0rd"


def says(estate: Estate, path: str, kind: str, locator: str, source: str = "files", **more: Any) -> None:
    more = {"extractor": "some-format", "line": 1} | more
    estate.fact("mention", source, path, kind=kind, locator=locator, **more)


def told(result: GraphResult, locator: str) -> Reference:
    return next(r for r in result.references if r.locator == locator)


def edge(result: GraphResult, target: str) -> Edge:
    (found,) = [e for e in result.edges if e.target == target]
    return found


@pytest.fixture
def house(estate: Estate) -> Estate:
    estate.source("files", deep=False, locator="\\\\fs01\\apps")
    estate.source("pg", locator="odbc:DRIVER={PostgreSQL Unicode};SERVER=pg01;Database=crm")
    estate.database("pg", "crm", "public", "sales")
    estate.entry("pg", "crm/public/client")
    estate.entry("pg", "crm/sales/orders")
    estate.routine("pg", "crm/public/note(text)", "function", "SELECT 1", "postgres", language="sql")
    estate.source("ms", locator="odbc:DRIVER={SQL Server};SERVER=db01")
    estate.database("ms", "Pay", "dbo")
    estate.entry("ms", "Pay/dbo/staff")
    return estate


def test_many_spellings_of_one_database_are_one_asset_and_one_edge(house: Estate) -> None:
    for number in range(40):
        server = ("DB9", "db9", "tcp:db9,1433", "db9.")[number % 4]
        name = ("Ledger", "LEDGER", "ledger")[number % 3]
        says(house, f"a/{number:02}.config", "connection_string",
             f"Provider=SQLOLEDB;Data Source={server};Initial Catalog={name}", action="connects")  # fmt: skip
    result = build(house.reader())
    (asset,) = [a for a in result.assets if not a.resolved]
    assert (asset.id, asset.kind, asset.title, asset.level) == ("?db9/ledger", "database", "db9/LEDGER", "store")
    found = edge(result, "?db9/ledger")
    assert (found.kind, found.count, len(found.places), found.parser) == ("connects", 40, PLACES, "some-format")
    assert found.places[0] == PlaceOf("files", "a/00.config", 1)
    assert found.confidence == "parsed"
    assert result.tiers == {"resolved": 40, "unresolved": 0, "inactive": 0}


def test_names_of_postgresql_and_buckets_keep_their_case(house: Estate) -> None:
    for line, locator in enumerate(("postgresql://pg7/Ledger", "postgresql://pg7/ledger", "s3://Old/x", "s3://old/x")):
        says(house, "a", "url", locator, line=line + 1)
    assets = {a.id for a in build(house.reader()).assets if not a.resolved}
    assert assets == {"?pg7/Ledger", "?pg7/ledger", "?s3://Old", "?s3://old"}


def test_only_what_is_in_force_makes_an_edge(house: Estate) -> None:
    says(house, "a.conf", "unc", "\\\\nas1\\x", status="commented")
    says(house, "a.conf", "unc", "\\\\nas2\\x", status="placeholder", line=2)
    says(house, "a.conf", "unc", "\\\\${NAS}\\x", status="template", line=3)
    says(house, "a.conf", "url", "https://www.example.org/help", line=4)
    says(house, "a.conf", "path", "C:\\Windows\\x", line=5)
    result = build(house.reader())
    assert result.edges == ()
    assert result.tiers == {"resolved": 0, "unresolved": 2, "inactive": 3}
    assert [r.tier for r in result.references] == ["unresolved"] * 2 + ["inactive"] * 3
    assert all(r.why for r in result.references)


def test_a_statement_leads_to_the_tables_it_reads_and_writes(house: Estate) -> None:
    house.owners["files"] = "Housing IT"
    says(house, "etl/c.config", "connection_string", "host=pg01;database=crm;driver=postgresql", alias="CRM")
    sql = "INSERT INTO sales.orders SELECT * FROM client"
    says(house, "etl/load.dtsx", "sql", sql, via="CRM", line=7, part="Data Flow")
    says(house, "etl/load.dtsx", "table", '"sales"."orders"', via="CRM", line=9, action="reads")
    says(house, "etl/load.dtsx", "table", "note", via="CRM", line=11, action="calls")
    result = build(house.reader())
    ends = {(e.target, e.kind, e.confidence) for e in result.edges if e.source == "files"}
    assert ends == {
        ("pg/crm/public/client", "reads", "parsed"),
        ("pg/crm/sales/orders", "writes", "parsed"),
        ("pg/crm/sales/orders", "reads", "parsed"),
        ("pg/crm/public/note(text)", "calls", "parsed"),
        ("pg/crm", "mention", "parsed"),
    }
    writes = next(e for e in result.edges if e.kind == "writes")
    assert writes.places == (PlaceOf("files", "etl/load.dtsx", 7, "Data Flow"),)
    assert (told(result, sql).target, told(result, sql).owner) == ("pg/crm", "Housing IT")


def test_a_statement_without_a_connection_runs_where_its_file_connects(house: Estate) -> None:
    says(house, "a.sh", "connection_string", "psql -h pg01 -d crm", server="pg01", database="crm", driver="postgresql")
    says(house, "a.sh", "sql", "select * from sales.orders", line=2)
    says(house, "b.sh", "sql", "select 1 from orders")
    says(house, "c.cmd", "table", "Pay.dbo.staff", server="db01", database="Pay", driver="mssql", action="reads")
    result = build(house.reader())
    assert edge(result, "pg/crm/sales/orders").confidence == "inferred"
    assert edge(result, "ms/Pay/dbo/staff").kind == "reads"
    assert told(result, "select 1 from orders").why == "it does not say in which database it runs"


def test_a_statement_for_a_database_nobody_scanned_leads_to_that(house: Estate) -> None:
    says(house, "a.config", "connection_string", "Provider=SQLOLEDB;Data Source=old1;Initial Catalog=HR", alias="HR")
    says(house, "a.config", "sql", "select * from t", via="HR", action="reads", line=2)
    result = build(house.reader())
    assert {(e.target, e.kind) for e in result.edges if e.source == "files"} == {
        ("?old1/hr", "mention"),
        ("?old1/hr", "reads"),
    }


def test_statements_that_cannot_be_read_are_listed_with_their_file(house: Estate) -> None:
    says(house, "a.dtsx", "connection_string", "host=pg01 dbname=crm", alias="C")
    says(house, "a.dtsx", "sql", "%%% ((", via="C", line=2)
    result = build(house.reader())
    assert [(u.source, u.path, u.kind) for u in result.unparsed] == [("files", "a.dtsx", "statement")]


def test_what_a_catalog_links_to_is_declared(house: Estate) -> None:
    catalog = {"extractor": "catalog", "line": None, "status": "active"}
    says(house, "", "server_link", "host=pg01;dbname=crm;port=5432", "ms", part="CRM", **catalog)
    says(house, "Pay/dbo/clients", "server_link", "CRM.crm.public.client", "ms", part="clients", **catalog)
    says(house, "", "server_link", "far9/old", "ms", part="FAR", **catalog)
    house.routine(
        "ms", "Pay/dbo/p", "procedure", "SELECT * FROM FAR.old.dbo.t SELECT * FROM CRM.crm.public.client", "tsql"
    )
    result = build(house.reader())
    links = {(e.target, e.kind, e.confidence, e.parser) for e in result.edges if e.source == "ms/Pay"}
    assert links == {
        ("pg/crm", "server_link", "declared", "catalog"),
        ("?far9/old", "server_link", "declared", "catalog"),
    }
    assert {e.target for e in result.edges if e.source == "ms/Pay/dbo/p"} == {"?far9/old", "pg/crm/public/client"}


def test_a_foreign_table_leads_through_its_server(house: Estate) -> None:
    house.entry("pg", "crm/public/pay", "foreign_table", target="payserver (dbname=Pay, host=db01)")
    house.fact("mention", "pg", "crm", kind="server_link", locator="database=Pay;servername=db01", part="payserver",
               extractor="catalog", status="active")  # fmt: skip
    result = build(house.reader())
    found = next(e for e in result.edges if e.kind == "foreign_table")
    assert (found.source, found.target) == ("pg/crm/public/pay", "ms/Pay")


def test_a_report_beside_another_and_a_path_that_leaves_its_store(house: Estate) -> None:
    house.entry("files", "rs/Sub.rdl", "file")
    says(house, "rs/Main.rdl", "path", "Sub.rdl")
    says(house, "rs/Main.rdl", "path", "..\\..\\x.csv", line=2)
    says(house, "rs/Main.rdl", "path", "data\\gone.csv", line=3)
    result = build(house.reader())
    assert (told(result, "Sub.rdl").target, told(result, "Sub.rdl").why) == (
        "files", "a path beside the file that quotes it",
    )  # fmt: skip
    assert told(result, "..\\..\\x.csv").tier == "unresolved"
    assert told(result, "data\\gone.csv").why.endswith("no such file was listed")
    assert result.edges == ()


def test_the_owner_of_a_file_answers_where_its_store_has_none(house: Estate) -> None:
    house.entry("files", "a.cmd", "file", owner="CORP\\jo", modified=5)
    says(house, "a.cmd", "unc", "\\\\nas7\\x")
    assert told(build(house.reader()), "\\\\nas7\\x").owner == "CORP\\jo"


def test_no_password_of_any_locator_reaches_the_result(house: Estate) -> None:
    says(house, "a", "url", f"sftp://scan:{CANARY}@nas7/old")
    says(house, "a", "connection_string", f"Server=old1;Database=HR;Uid=x;Pwd={CANARY}", line=2)
    result = build(house.reader())
    assert CANARY not in repr(result.assets)
    assert CANARY not in repr(result.managed)


def test_the_order_of_mentions_changes_nothing(house: Estate) -> None:
    for number in range(60):
        kind, locator = (
            ("unc", f"\\\\NAS{number % 7}\\{'Xx'[number % 2]}"),
            ("connection_string", f"Server=db{number % 5};Database={'Ab'[number % 2]}"),
            ("path", f"H:\\{number}"),
            ("reference", f"name{number % 3}"),
        )[number % 4]
        alias = "H:" if number % 8 == 0 else f"name{number % 3}" if number % 9 == 0 else None
        says(house, f"d{number % 6}/f{number}", kind, locator, line=number, alias=alias)
    first = build(house.reader())
    for seed in range(3):

        def shuffled(rows: list[Any], seed: int = seed) -> list[Any]:
            return random.Random(seed).sample(rows, len(rows))

        assert build(house.reader(shuffled)) == first
