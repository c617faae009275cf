"""Power BI: formulas with parameters filled in, the parcel they are kept in, models, data source files."""

from __future__ import annotations

import io
import json
import struct
import zipfile

from tests.extractors.reading import CANARY, by_origin, one, quotes, read

SECTION = f"""section Section1;

shared Server = "sql7" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true];
shared Orders = let
    Source = Sql.Database(Server, "Shop", [Query="SELECT id#(lf)FROM dbo.Late", CommandTimeout=#duration(0,0,5,0)]),
    dbo_Orders = Source{{[Schema="dbo",Item="Orders"]}}[Data]
in dbo_Orders;
shared #"Old ones" = let
    // Source = Oracle.Database("ora9", [HierarchicalNavigation=true]),
    /* Before = Csv.Document(File.Contents("\\\\old9\\in\\x.csv")), */
    Source = Excel.Workbook(File.Contents("\\\\files3\\plan\\" & Year & ".xlsx"), null, true)
in Source;
shared Odbc = Odbc.Query("dsn=Ledger;uid=bi;pwd={CANARY}", "SELECT * FROM gl");
shared Site = SharePoint.Files("https://intranet.corp.net/sites/fin", [ApiVersion = 15]);
shared Blobs = AzureStorage.Blobs("https://acct.blob.core.windows.net/raw");
shared Example = Sql.Database("<server>", "Shop");
shared Cube = AnalysisServices.Database("olap1", "Sales");
shared Drop = Folder.Files("D:\\drop");
"""


def parcel(section: str = SECTION) -> bytes:
    """A DataMashup: version, length of the zip, the zip, then what we pass over."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("Config/Package.xml", "<Package/>")
        file.writestr("Formulas/Section1.m", section)
    body = held.getvalue()
    return struct.pack("<II", 0, len(body)) + body + struct.pack("<I", 0)


def packed(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def test_a_parameter_is_filled_in_and_defined_for_others() -> None:
    mentions = quotes("q/Section1.m", SECTION)
    orders = next(m for m in by_origin(mentions, "m/Sql.Database") if m.alias == "Orders")
    assert (orders.server, orders.database, orders.status, orders.line) == ("sql7", "Shop", "active", 5)
    defined = one(mentions, "m/parameter")
    assert (defined.alias, defined.locator, defined.action) == ("Server", "sql7", "defines")


def test_tables_and_statements_are_read_through_the_connection_of_their_query() -> None:
    mentions = quotes("q/Section1.m", SECTION)
    table = one(mentions, "m/navigation")
    assert (table.kind, table.locator, table.via, table.server, table.database) == (
        "table",
        "dbo.Orders",
        "Orders",
        "sql7",
        "Shop",
    )
    query = one(mentions, "m/Sql.Database/Query")
    assert (query.locator, query.via) == ("SELECT id\nFROM dbo.Late", "Orders")
    assert [m.locator for m in by_origin(mentions, "m/Odbc.Query") if m.kind == "sql"] == ["SELECT * FROM gl"]


def test_comments_variables_and_examples_are_told_apart() -> None:
    mentions = quotes("q/Section1.m", SECTION)
    oracle = one(mentions, "m/Oracle.Database")
    assert (oracle.via, oracle.status, oracle.line) == ("ora9", "commented", 9)  # a name of Oracle's own, maybe
    files = [(m.locator, m.status) for m in by_origin(mentions, "m/File.Contents")]
    assert files == [(r"\\files3\plan\${Year}.xlsx", "template"), (r"\\old9\in\x.csv", "commented")]
    example = next(m for m in by_origin(mentions, "m/Sql.Database") if m.alias == "Example")
    assert example.status == "placeholder"


def test_other_sources_are_quoted_with_their_kind() -> None:
    mentions = quotes("q/Section1.m", SECTION)
    assert one(mentions, "m/SharePoint.Files").server == "intranet.corp.net"
    assert one(mentions, "m/AzureStorage.Blobs").kind == "url"
    assert one(mentions, "m/AnalysisServices.Database").database == "Sales"
    assert (one(mentions, "m/Folder.Files").kind, one(mentions, "m/Folder.Files").locator) == ("path", "D:\\drop")


def test_a_report_is_read_member_by_member() -> None:
    live = {
        "Version": 1,
        "Connections": [{"Name": "live", "ConnectionString": "Data Source=asazure://x/olap;Initial Catalog=M;Cube=c"}],
    }
    layout = {"config": json.dumps({"url": "'\\\\files3\\art\\logo.png'"})}
    content = packed(
        DataMashup=parcel(),
        Connections=json.dumps(live).encode(),
        Report__Layout=json.dumps(layout).encode("utf-16-le"),
    )
    mentions = quotes("b/Sales.pbix", content)
    assert {m.part for m in mentions} == {"DataMashup", "Connections", "Report/Layout"}
    assert one(mentions, "pbi/Connections").database == "M"
    assert one(mentions, "pbi/Layout").locator == r"\\files3\art\logo.png"


def test_a_model_names_sources_statements_and_queries() -> None:
    address = {"protocol": "postgresql", "address": {"server": "pg1", "database": "gis"}}
    string = f"Data Source=sql7;Initial Catalog=Shop;Password={CANARY};User ID=x"
    statement = {"type": "query", "query": ["SELECT *", "FROM dbo.A"], "dataSource": "Shop"}
    formula = {"type": "m", "expression": ["let", 'S = Sql.Database(Srv, "X")', "in S"]}
    model = {
        "model": {
            "dataSources": [
                {"name": "Shop", "connectionString": string},
                {"name": "Pg", "connectionDetails": address, "credential": {"Username": "x", "Password": CANARY}},
            ],
            "expressions": [{"name": "Srv", "kind": "m", "expression": '"sql9" meta [IsParameterQuery=true]'}],
            "tables": [
                {"name": "A", "partitions": [{"source": statement}]},
                {"name": "B", "partitions": [{"source": formula}]},
            ],
        }
    }
    mentions = quotes("b/Model.bim", json.dumps(model))
    assert {m.alias: m.server for m in by_origin(mentions, "pbi/dataSources")} == {"Shop": "sql7", "Pg": "pg1"}
    query = one(mentions, "pbi/query")
    assert (query.locator, query.via) == ("SELECT *\nFROM dbo.A", "Shop")
    assert (one(mentions, "m/Sql.Database").server, one(mentions, "m/Sql.Database").alias) == ("sql9", "B")
    script = json.dumps({"createOrReplace": {"object": {}, "database": model}})
    assert one(quotes("b/deploy.xmla", script), "pbi/query").via == "Shop"
    template = packed(DataModelSchema=json.dumps(model).encode("utf-16-le"))
    assert one(quotes("b/Model.pbit", template), "pbi/query").part == "DataModelSchema"


def test_data_source_files_and_projects_are_read() -> None:
    pbids = {"version": "0.1", "connections": [
        {"details": {"protocol": "tds", "address": {"server": "sql7", "database": "Shop"}}},
        {"details": {"protocol": "file", "address": {"path": "\\\\files3\\x.xlsx"}}},
    ]}  # fmt: skip
    assert [(m.kind, m.server, m.database) for m in quotes("b/x.pbids", json.dumps(pbids))] == [
        ("connection_string", "sql7", "Shop"), ("unc", "files3", "x.xlsx"),
    ]  # fmt: skip
    pbir = {"version": "1.0", "datasetReference": {"byPath": {"path": "../Sales.Dataset"}}}
    assert one(quotes("b/definition.pbir", json.dumps(pbir)), "pbi/datasetReference").locator == "../Sales.Dataset"


def test_a_model_written_as_tmdl_is_read_by_its_formulas() -> None:
    text = """table Orders
\tpartition Orders = m
\t\tmode: import
\t\tsource =
\t\t\t\tlet
\t\t\t\t    Source = Sql.Database(Server, "Shop"),
\t\t\t\t    T = Source{[Schema="dbo",Item="Orders"]}[Data]
\t\t\t\tin T
"""
    mentions = quotes("b/definition/tables/Orders.tmdl", text)
    found = one(mentions, "m/Sql.Database")
    assert (found.status, found.database, found.line) == ("template", "Shop", 6)
    assert one(mentions, "m/navigation").locator == "dbo.Orders"


def test_damage_is_told_by_member() -> None:
    _, troubles = read("b/x.pbix", packed(DataMashup=parcel()[:60], Connections=b'{"a": [', DataModel=b"x"))
    assert sorted(t.detail.partition(":")[0] for t in troubles) == ["Connections", "DataMashup"]
    _, troubles = read("b/x.bim", "[" * 100_000)
    assert [t.code for t in troubles] == ["CONTENT_LIMIT"]


def test_calls_within_calls_take_no_time_to_speak_of() -> None:
    read("q/deep.pq", "Sql.Database(A, " * 60_000)
    read("q/comment.pq", "/*" * 200_000)
    read("q/text.pq", '"' * 400_001)
