"""Reporting Services: sources, statements, procedures, other reports; expressions as written and as they come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.extractors.ssrs import evaluated
from tests.extractors.reading import by_origin, one, quotes, read

SALES = (Path(__file__).parent / "data" / "ssrs" / "Sales.rdl").read_text(encoding="utf-8")


def test_data_sources_carry_their_name_driver_and_line() -> None:
    found = {m.alias: m for m in by_origin(quotes("r/Sales.rdl", SALES), "ssrs/ConnectString")}
    shop = found["Shop"]
    assert (shop.server, shop.port, shop.database, shop.user, shop.driver) == ("sql7", 1444, "Shop", "rs", "SQL")
    assert (shop.line, shop.status) == (8, "active")
    assert found["Example"].status == "placeholder"
    assert (found["Before"].status, found["Before"].line, found["Before"].driver) == ("commented", 19, "ORACLE")


def test_a_computed_source_is_a_template_with_what_is_known_of_it() -> None:
    chosen = next(m for m in quotes("r/Sales.rdl", SALES) if m.alias == "Chosen")
    assert (chosen.status, chosen.database) == ("template", "Shop")
    assert "${Parameters!Server.Value}" in chosen.locator


def test_a_shared_source_is_a_reference_under_the_name_it_has_here() -> None:
    shared = one(quotes("r/Sales.rdl", SALES), "ssrs/DataSourceReference")
    assert (shared.kind, shared.locator, shared.alias) == ("reference", "/Data Sources/Warehouse", "Shared")


def test_statements_and_procedures_go_through_their_source() -> None:
    mentions = quotes("r/Sales.rdl", SALES)
    assert [(m.kind, m.locator, m.via, m.action, m.status) for m in by_origin(mentions, "ssrs/CommandText")] == [
        ("sql", "SELECT id, total\nFROM dbo.Orders", "Shop", "reads", "active"),
        ("table", "rpt.TopCustomers", "Shared", "calls", "active"),
        ("sql", '="SELECT * FROM dbo." & Parameters!Table.Value', "Shop", "reads", "template"),
    ]
    came_out = next(m for m in by_origin(mentions, "ssrs/expression") if m.kind == "sql")
    assert (came_out.locator, came_out.status) == ("SELECT * FROM dbo.${Parameters!Table.Value}", "template")
    assert one(mentions, "ssrs/SharedDataSetReference").locator == "Regions"


def test_other_reports_pictures_links_and_code_are_quoted() -> None:
    mentions = quotes("r/Sales.rdl", SALES)
    assert [(m.locator, m.status) for m in by_origin(mentions, "ssrs/ReportName")] == [
        ("Sales/Detail", "active"),
        ('=".\\Script"', "template"),
    ]
    assert [m.locator for m in by_origin(mentions, "ssrs/expression") if m.kind == "reference"] == [".\\Script"]
    assert one(mentions, "ssrs/Hyperlink").server == "files3"
    assert one(mentions, "ssrs/Image").locator == "file://files3/art/logo.png"
    code = [(m.locator, m.status, m.line) for m in by_origin(mentions, "ssrs/Code")]
    assert code == [(r"\\old9\reports\x.csv", "commented", 66), (r"\\files3\reports\x.csv", "active", 67)]


def test_a_source_of_its_own_goes_by_its_name_or_that_of_its_file() -> None:
    rds = """<RptDataSource Name="Shop"><ConnectionProperties><Extension>SQL</Extension>
<ConnectString>Data Source=sql7;Initial Catalog=Shop</ConnectString></ConnectionProperties></RptDataSource>"""
    found = one(quotes("r/other.rds", rds), "ssrs/ConnectString")
    assert (found.alias, found.server, found.database, found.line) == ("Shop", "sql7", "Shop", 2)
    rsds = """<DataSourceDefinition xmlns="http://schemas.microsoft.com/sqlserver/2006/03/reporting/reportdatasource">
<Extension>SQL</Extension><ConnectString>Data Source=sql8</ConnectString><Password>Zx9-canary-1471</Password>
</DataSourceDefinition>"""
    assert one(quotes("r/Stock.rsds", rsds), "ssrs/ConnectString").alias == "Stock"


def test_a_shared_dataset_and_a_view_of_a_source_are_read() -> None:
    rsd = """<SharedDataSet xmlns="x"><DataSet Name=""><Query><DataSourceReference>Shop</DataSourceReference>
<CommandText>SELECT 1 FROM dbo.T</CommandText></Query></DataSet></SharedDataSet>"""
    found = one(quotes("r/Regions.rsd", rsd), "ssrs/CommandText")
    assert (found.kind, found.via) == ("sql", "Shop")
    assert one(quotes("r/Regions.rsd", rsd), "ssrs/DataSourceReference").locator == "Shop"
    dsv = """<DataSourceView xmlns="x"><Schema><element name="T" DbTableName="Orders" DbSchemaName="dbo"/>
<element name="Q" QueryDefinition="SELECT * FROM dbo.Late"/></Schema></DataSourceView>"""
    assert [(m.kind, m.locator) for m in quotes("r/Shop.dsv", dsv)] == [
        ("table", "dbo.Orders"),
        ("sql", "SELECT * FROM dbo.Late"),
    ]


def test_a_cube_names_its_source_and_the_statements_of_its_partitions() -> None:
    xmla = """<Batch xmlns="x"><Create><Database><DataSources><DataSource><ID>Shop DS</ID><Name>Shop</Name>
<ConnectionString>Provider=SQLNCLI11;Data Source=sql7;Initial Catalog=Shop;Password=Zx9-canary-1471</ConnectionString>
</DataSource></DataSources><Partition><Source><DataSourceID>Shop DS</DataSourceID>
<QueryDefinition>SELECT * FROM dbo.Facts</QueryDefinition></Source></Partition></Database></Create></Batch>"""
    mentions = quotes("r/cube.xmla", xmla)
    opened, asked = one(mentions, "ssrs/ConnectString"), one(mentions, "ssas/QueryDefinition")
    assert (opened.server, opened.alias, opened.line) == ("sql7", "Shop DS", 2)
    assert (asked.kind, asked.via, asked.line) == ("sql", "Shop DS", 4)


@pytest.mark.parametrize(
    ("written", "meant", "status"),
    [
        ("plain", "plain", None),
        ('="a" & "b"', "ab", None),
        ('="say ""x"""', 'say "x"', None),
        ('="a" & Fields!B.Value', "a${Fields!B.Value}", "template"),
        ('="a', "${a}", "template"),
        ("=", "", None),
    ],
)
def test_expressions_come_to_what_can_be_told_of_them(written: str, meant: str, status: str | None) -> None:
    text, told = evaluated(written)
    assert told == status
    if status is None or "Fields" in written:
        assert text == meant


def test_a_report_that_breaks_off_keeps_what_came_before() -> None:
    mentions, troubles = read("r/Sales.rdl", SALES[: SALES.index("Parameters!Server")])
    assert [t.code for t in troubles] == ["CONTENT_DAMAGED"]
    assert [m.alias for m in mentions] == ["Shop", "Shared"]


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><Report>&b;</Report>'
    mentions, troubles = read("r/bomb.rdl", bomb)
    assert (mentions, [t.code for t in troubles]) == ([], ["CONTENT_REFUSED"])
