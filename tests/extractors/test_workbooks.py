"""Workbooks: connections, linked workbooks, queries and macros; as packages, binary, and as until 2003."""

from __future__ import annotations

import base64
import struct

import pytest

from scanner.extractors.ole import unpacked
from tests.extractors.containers import compound, macro_project, squeezed, zipped
from tests.extractors.reading import CANARY, by_origin, one, quotes, read
from tests.extractors.test_powerbi import parcel

CONNECTIONS = f"""<?xml version="1.0"?>
<connections xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
  <connection id="1" name="Shop" type="5" odcFile="\\\\files3\\odc\\Shop.odc">
    <dbPr connection="Provider=SQLOLEDB;Data Source=sql7;Initial Catalog=Shop;User ID=x;Password={CANARY}"
      command="SELECT id_x000d__x000a_FROM dbo.Orders"/></connection>
  <connection id="2" name="Ledger" type="1"><dbPr connection="DSN=Ledger;" command="gl.lines" commandType="3"/></connection>
  <connection id="3" name="Query - Plan" type="5"><dbPr connection="Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;Location=Plan"
      command="SELECT * FROM [Plan]"/></connection>
  <connection id="4" name="rates" type="4"><webPr url="http://intranet.corp.net/rates.asp"/></connection>
  <connection id="5" name="text" type="6"><textPr sourceFile="\\\\files3\\in\\x.csv"/></connection>
  <connection id="6" name="example" type="5"><dbPr connection="Provider=SQLOLEDB;Data Source=&lt;server&gt;;Initial Catalog=x"/></connection>
</connections>"""  # noqa: E501 - as Excel writes it

RELATIONS = """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Id="rId1" Type="http://x/relationships/externalLinkPath" Target="file:///\\\\files3\\plan\\Plan%202024.xlsx" TargetMode="External"/>
  <Relationship Id="rId2" Type="http://x/relationships/externalLinkPath" Target="../budget/b.xlsx" TargetMode="External"/>
  <Relationship Id="rId3" Type="http://x/relationships/hyperlink" Target="http://www.corp.net/" TargetMode="External"/>
  <Relationship Id="rId4" Type="http://x/relationships/hyperlink" Target="file://files4/docs/x.pdf" TargetMode="External"/>
  <Relationship Id="rId5" Type="http://x/relationships/worksheet" Target="worksheets/sheet1.xml"/>
  <Relationship Id="rId6" Type="http://x/relationships/externalLinkPath" Target="file:///C:\\Users\\x\\b.xlsx" TargetMode="External"/>
</Relationships>"""  # noqa: E501 - as Excel writes it

MACRO = f"""Sub Load()
  ' cn.Open "Provider=SQLOLEDB;Data Source=old9"
  cn.Open "Provider=SQLOLEDB;Data Source=sql7;Initial Catalog=Shop;User ID=x;Password={CANARY}"
  Workbooks.Open "\\\\files3\\plan\\x.xlsx": MsgBox "Don't"
  Workbooks.Open "\\\\" & Server & "\\y.xlsx"
End Sub
"""


def workbook(**more: str | bytes) -> bytes:
    members: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}
    return zipped(members | {name.replace("__", "/").replace("_dot_", "."): body for name, body in more.items()})


def test_connections_carry_name_and_command() -> None:
    mentions = quotes("w/plan.xlsx", workbook(xl__connections_dot_xml=CONNECTIONS))
    found = {m.alias: m for m in by_origin(mentions, "excel/connection")}
    assert (found["Shop"].server, found["Shop"].database, found["Shop"].line) == ("sql7", "Shop", 4)
    assert found["example"].status == "placeholder"
    assert set(found) == {"Shop", "Ledger", "example"}  # what leads into the workbook itself leads nowhere
    commands = [(m.kind, m.locator, m.via) for m in by_origin(mentions, "excel/command")]
    assert commands == [("sql", "SELECT id\nFROM dbo.Orders", "Shop"), ("table", "gl.lines", "Ledger")]
    assert one(mentions, "excel/webPr").server == "intranet.corp.net"
    assert one(mentions, "excel/textPr").locator == r"\\files3\in\x.csv"
    assert one(mentions, "excel/odcFile").locator == r"\\files3\odc\Shop.odc"
    assert {m.part for m in mentions} == {"xl/connections.xml"}


def test_linked_workbooks_are_told_as_paths_and_pages_are_passed_over() -> None:
    mentions = quotes("w/plan.xlsx", workbook(xl__externalLinks___rels__e_dot_rels=RELATIONS))
    linked = [(m.kind, m.locator) for m in by_origin(mentions, "office/externalLinkPath")]
    assert linked == [
        ("unc", r"\\files3\plan\Plan 2024.xlsx"),
        ("path", "../budget/b.xlsx"),
        ("path", r"C:\Users\x\b.xlsx"),
    ]
    assert one(mentions, "office/hyperlink").locator == r"\\files4\docs\x.pdf"


def test_queries_kept_as_a_parcel_are_read() -> None:
    held = base64.b64encode(parcel()).decode()
    item = f'<?xml version="1.0" encoding="utf-16"?><DataMashup xmlns="x">{held}</DataMashup>'
    content = workbook(customXml__item1_dot_xml=b"\xff\xfe" + item.encode("utf-16-le"))
    mentions = quotes("w/plan.xlsx", content)
    orders = next(m for m in by_origin(mentions, "m/Sql.Database") if m.alias == "Orders")
    assert (orders.server, orders.part) == ("sql7", "customXml/item1.xml")


def test_macros_are_unpacked_and_their_comments_are_commented() -> None:
    mentions = quotes("w/plan.xlsm", workbook(xl__vbaProject_dot_bin=macro_project(MACRO)))
    found = [(m.kind, m.server, m.status, m.line) for m in by_origin(mentions, "vba")]
    assert found == [
        ("connection_string", "old9", "commented", 3),
        ("connection_string", "sql7", "active", 4),
        ("unc", "files3", "active", 5),
        ("unc", "${Server}", "template", 6),
    ]
    assert mentions[0].part == "xl/vbaProject.bin/Module1"


def test_a_text_that_goes_on_in_the_next_line_is_one() -> None:
    code = 'cn.Open "Provider=SQLOLEDB;" & _\n  "Data Source=sql7;" & _\n  "Initial Catalog=" & Db & ";User ID=x"\n'
    mentions = quotes("w/plan.xlsm", workbook(xl__vbaProject_dot_bin=macro_project(code)))
    found = one(mentions, "vba")
    assert (found.server, found.database, found.status, found.line) == ("sql7", "${Db}", "template", 2)


def test_packed_macros_come_out_as_the_specification_says() -> None:
    # [MS-OVBA] 3.2.2 and 3.2.3: the examples of ordinary and of best compression.
    ordinary = bytes.fromhex(
        "012fb000236161616263646582660070616768696a013808616b6c00306d6e6f70067102700410727374757610777879"
        "7a003c"
    )  # fmt: skip
    assert unpacked(ordinary) == b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"
    assert unpacked(bytes.fromhex("0103b002614500")) == b"a" * 73


def test_long_macros_go_over_several_chunks() -> None:
    code = "x = 1\n" * 3_000
    assert unpacked(squeezed(code)).decode() == code


def test_a_binary_workbook_is_read_by_the_texts_of_its_connections() -> None:
    texts = (
        "Shop",
        f"Provider=SQLOLEDB;Data Source=sql7;Initial Catalog=Shop;Password={CANARY}",
        "SELECT * FROM dbo.Orders",
    )
    body = b"".join(struct.pack("<I", len(t)) + t.encode("utf-16-le") for t in texts)
    mentions = quotes("w/plan.xlsb", workbook(xl__connections_dot_bin=b"\xad\x03" + body))
    assert one(mentions, "excel/connection").server == "sql7"
    assert one(mentions, "excel/command").locator == "SELECT * FROM dbo.Orders"


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def text(value: str) -> bytes:
    return struct.pack("<HB", len(value), 0) + value.encode("cp1252")


def old_workbook(*more: bytes) -> bytes:
    stream = record(0x809, b"\x00\x06\x05\x00") + b"".join(more) + record(0x0A, b"")
    return compound({"Workbook": stream, "_VBA_PROJECT_CUR/Module1": b""})


def test_a_workbook_of_2003_names_linked_workbooks_and_queries() -> None:
    link = record(0x1AE, struct.pack("<H", 1) + text("\x01\x01@files3\x03plan\x03Plan.xls"))
    own = record(0x1AE, struct.pack("<HH", 3, 0x0401))
    drive = record(0x1AE, struct.pack("<H", 1) + text("\x01\x01Hplan\x03b.xls"))
    query = record(0xDC, bytes(12))
    string = f"ODBC;DSN=Ledger;UID=x;PWD={CANARY};DATABASE=gl"
    pieces = record(0xCD, text(string[:25])) + record(0xCD, text(string[25:]))
    statement = record(0xCD, text("SELECT a FROM ")) + record(0xCD, text("gl.lines"))
    summed = record(0x51, bytes(6) + text("\x01\x01@files3\x03sums\x03s.xls"))
    mentions = quotes("w/plan.xls", old_workbook(own, link, drive, summed, query, pieces, statement))
    linked = [(m.kind, m.locator) for m in by_origin(mentions, "excel/externalBook")]
    assert linked == [("unc", r"\\files3\plan\Plan.xls"), ("path", r"H:\plan\b.xls"), ("unc", r"\\files3\sums\s.xls")]
    opened, asked = one(mentions, "excel/query"), one(mentions, "excel/command")
    assert (opened.via, opened.database) == ("Ledger", "gl")
    assert (asked.locator, asked.via) == ("SELECT a FROM gl.lines", opened.alias)


def test_macros_of_a_workbook_of_2003_are_read() -> None:
    content = compound({
        "Workbook": record(0x809, b"\x00\x06\x05\x00"),
        "_VBA_PROJECT_CUR/Module1": b"",
        "VBA/Module1": squeezed('Attribute VB_Name = "M"\n' + MACRO),
    })  # fmt: skip
    assert [m.server for m in by_origin(quotes("w/plan.xls", content), "vba")][:3] == ["old9", "sql7", "files3"]


def test_a_workbook_with_a_password_is_told_as_encrypted() -> None:
    _, troubles = read("w/plan.xls", old_workbook(record(0x2F, bytes(6))))
    assert [t.code for t in troubles] == ["CONTENT_ENCRYPTED"]
    _, troubles = read("w/plan.xlsx", compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}))
    assert [t.code for t in troubles] == ["CONTENT_ENCRYPTED"]


@pytest.mark.parametrize("cut", [520, 1_200, 3_000])
def test_a_compound_file_that_is_cut_short_is_told(cut: int) -> None:
    mentions, troubles = read("w/plan.xls", old_workbook()[:cut])
    assert mentions == []
    assert all(t.code == "CONTENT_DAMAGED" for t in troubles)


def test_a_member_that_is_damaged_does_not_spoil_the_others() -> None:
    content = workbook(
        xl__connections_dot_xml="<connections><connection", xl__externalLinks___rels__e_dot_rels=RELATIONS
    )
    mentions, troubles = read("w/plan.xlsx", content)
    assert len(mentions) == 4
    assert [(t.code, t.detail.partition(":")[0]) for t in troubles] == [("CONTENT_DAMAGED", "xl/connections.xml")]
