"""Connection files of Office, OLE DB, Tableau and Qlik."""

from __future__ import annotations

import io
import zipfile

from tests.extractors.reading import CANARY, by_origin, one, quotes, read

ODC = f"""<html xmlns:o="urn:schemas-microsoft-com:office:office">
<head><meta http-equiv=Content-Type content="text/x-ms-odc; charset=utf-8"><title>sql7 Shop Orders</title>
<xml id=docprops><o:DocumentProperties><o:Description>x</o:Description></o:DocumentProperties></xml>
<xml id=msodc><odc:OfficeDataConnection
  xmlns:odc="urn:schemas-microsoft-com:office:odc">
  <odc:Connection odc:Type="OLEDB">
   <odc:ConnectionString>Provider=SQLOLEDB.1;User ID=x;Password={CANARY};Data Source=sql7;Initial Catalog=Shop</odc:ConnectionString>
   <odc:CommandType>Table</odc:CommandType>
   <odc:CommandText>&quot;Shop&quot;.&quot;dbo&quot;.&quot;Orders&quot;</odc:CommandText>
  </odc:Connection>
 </odc:OfficeDataConnection>
</xml><body><p>no XML at all here</body></html>
"""  # noqa: E501 - as Excel writes it

UDL = (
    "[oledb]\r\n; Everything after this line is an OLE DB initstring\r\n"
    f"Provider=SQLOLEDB.1;Password={CANARY};User ID=x;Initial Catalog=Shop;Data Source=sql7\\erp\r\n"
    ";Provider=SQLOLEDB.1;Data Source=old9\r\n"
)

WORKBOOK = f"""<?xml version='1.0' encoding='utf-8' ?>
<workbook>
  <datasources>
    <datasource caption='Shop' name='federated.1'>
      <connection class='federated'>
        <named-connections>
          <named-connection caption='sql7' name='sqlserver.1'>
            <connection class='sqlserver' dbname='Shop' server='sql7' port='1444' username='bi' password='{CANARY}'/>
          </named-connection>
          <named-connection caption='plan' name='excel-direct.1'>
            <connection class='excel-direct' filename='//files3/plan/plan.xlsx'/>
          </named-connection>
        </named-connections>
        <relation connection='sqlserver.1' name='Orders' table='[dbo].[Orders]' type='table'/>
        <relation connection='sqlserver.1' name='Own' type='text'>SELECT * FROM dbo.Late</relation>
      </connection>
    </datasource>
    <!-- <datasource name='old'><connection class='oracle' server='ora9' service='ERP'/></datasource> -->
    <datasource name='plain'><connection class='textscan' directory='D:/drop' filename='x.csv'/></datasource>
  </datasources>
</workbook>
"""

SCRIPT = f"""// settings
SET vRoot = '\\\\files3\\qlik';
LET vDay = Today();
ODBC CONNECT TO Ledger (XUserId is aaa, XPassword is {CANARY});
Orders:
LOAD id, total;
SQL SELECT id, total
FROM dbo.Orders;
OLEDB CONNECT TO [Provider=SQLOLEDB.1;Data Source=sql7;Initial Catalog=Shop;Password={CANARY};User ID=x];
// OLEDB CONNECT TO [Provider=SQLOLEDB.1;Data Source=old9];
Plan: LOAD * FROM [$(vRoot)\\plan.xlsx] (ooxml, embedded labels);
/* Old: LOAD * FROM [\\\\old9\\x.qvd] (qvd); */
LIB CONNECT TO 'Warehouse';
SQL SELECT * FROM dim.Region;
LOAD * FROM 'lib://Shares/in/x.csv' (txt);
LOAD * RESIDENT Orders;
STORE Orders INTO D:\\out\\orders.qvd (qvd);
$(Must_Include=\\\\files3\\qlik\\common.qvs);
LOAD * FROM $(vElsewhere)\\x.csv;
"""


def test_an_office_data_connection_is_read_out_of_its_page() -> None:
    mentions = quotes("c/Shop orders.odc", ODC)
    found = one(mentions, "odc/ConnectionString")
    assert (found.alias, found.server, found.database, found.line) == ("Shop orders", "sql7", "Shop", 7)
    table = one(mentions, "odc/CommandText")
    assert (table.kind, table.locator, table.via, table.line) == ("table", '"Shop"."dbo"."Orders"', "Shop orders", 9)


def test_a_damaged_connection_is_told() -> None:
    mentions, troubles = read("c/x.odc", ODC.replace("</odc:Connection>", ""))
    assert (mentions, [t.code for t in troubles]) == ([], ["CONTENT_DAMAGED", "CONTENT_DAMAGED"])


def test_a_data_link_is_read_in_its_encoding_and_its_comment_is_commented() -> None:
    found = quotes("c/Erp.udl", b"\xff\xfe" + UDL.encode("utf-16-le"))
    assert [(m.server, m.database, m.line, m.status) for m in found] == [
        ("sql7\\erp", "Shop", 3, "active"),
        ("old9", None, 4, "commented"),
    ]
    assert {m.alias for m in found} == {"Erp"}


def test_saved_queries_are_read_by_the_order_of_their_lines() -> None:
    dqy = f"XLODBC\r\n1\r\nDSN=Ledger;UID=x;PWD={CANARY};DATABASE=gl\r\n"
    dqy += "SELECT * FROM gl.lines\r\nWHERE y = ?\r\n\r\nYear?\r\n"
    mentions = quotes("c/gl.dqy", dqy)
    assert (one(mentions, "dqy/connection").via, one(mentions, "dqy/connection").database) == ("Ledger", "gl")
    assert one(mentions, "dqy/statement").locator == "SELECT * FROM gl.lines\nWHERE y = ?"
    assert one(mentions, "dqy/statement").via == "gl"
    iqy = 'WEB\r\n1\r\nhttp://intranet.corp.net/rates.asp?y=["y","Year?"]\r\n\r\nSelection=1\r\n'
    rates = one(quotes("c/rates.iqy", iqy), "iqy")
    assert (rates.server, rates.status, rates.line) == ("intranet.corp.net", "template", 3)
    oqy = "QueryType=OLEDB\r\nVersion=1\r\nCommandType=Cube\r\n"
    oqy += "Connection=Provider=MSOLAP;Data Source=olap1;Initial Catalog=M\r\nCommandText=Sales\r\n"
    mentions = quotes("c/cube.oqy", oqy)
    assert one(mentions, "oqy/Connection").server == "olap1"
    assert (one(mentions, "oqy/CommandText").kind, one(mentions, "oqy/CommandText").via) == ("table", "cube")


def test_what_is_no_saved_query_is_left_to_others() -> None:
    assert read("c/x.dqy", "just text") == ([], [])


def test_a_workbook_of_tableau_names_connections_tables_and_statements() -> None:
    mentions = quotes("t/Shop.twb", WORKBOOK)
    found = {m.alias: m for m in by_origin(mentions, "tableau/connection")}
    shop = found["sqlserver.1"]
    assert (shop.server, shop.port, shop.database, shop.user, shop.driver, shop.line) == (
        "sql7",
        1444,
        "Shop",
        "bi",
        "sqlserver",
        8,
    )
    assert found["excel-direct.1"].locator == "//files3/plan/plan.xlsx"
    assert (found["old"].status, found["old"].server, found["old"].line) == ("commented", "ora9", 18)
    assert found["plain"].locator == "D:/drop/x.csv"
    rows = [(m.kind, m.locator, m.via) for m in by_origin(mentions, "tableau/relation")]
    assert rows == [("table", "[dbo].[Orders]", "sqlserver.1"), ("sql", "SELECT * FROM dbo.Late", "sqlserver.1")]


def test_a_packed_workbook_is_read_with_its_part() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("Shop.twb", WORKBOOK)
        file.writestr("Data/x.hyper", b"\0" * 100)
    assert {m.part for m in quotes("t/Shop.twbx", held.getvalue())} == {"Shop.twb"}


def test_a_load_script_is_read_statement_by_statement() -> None:
    mentions = quotes("k/load.qvs", SCRIPT)
    opened = [(m.alias or m.locator, m.server or m.via, m.status, m.line) for m in by_origin(mentions, "qlik/connect")]
    assert opened == [
        ("CONNECT 1", "Ledger", "active", 4),
        ("CONNECT 2", "sql7", "active", 9),
        ("Warehouse", "Warehouse", "active", 13),
        ("CONNECT 1", "old9", "commented", 10),
    ]
    statements = [(m.locator, m.via) for m in by_origin(mentions, "qlik/sql")]
    assert statements == [("SELECT id, total\nFROM dbo.Orders", "CONNECT 1"), ("SELECT * FROM dim.Region", "Warehouse")]
    files = [(m.kind, m.locator, m.status) for m in by_origin(mentions, "qlik/from")]
    assert files == [
        ("unc", r"\\files3\qlik\plan.xlsx", "active"),
        ("reference", "lib://Shares/in/x.csv", "active"),
        ("path", r"$(vElsewhere)\x.csv", "template"),
        ("unc", r"\\old9\x.qvd", "commented"),
    ]
    assert (one(mentions, "qlik/into").locator, one(mentions, "qlik/into").action) == (r"D:\out\orders.qvd", "writes")
    assert one(mentions, "qlik/include").locator == r"\\files3\qlik\common.qvs"


def test_settings_that_double_each_other_come_to_an_end() -> None:
    lines = ["SET v0 = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';"]
    lines += [f"SET v{n} = '$(v{n - 1})$(v{n - 1})$(v{n - 1})$(v{n - 1})';" for n in range(1, 3_000)]
    assert quotes("k/bomb.qvs", "\n".join(lines)) == []
