"""Documents: linked files, mail merges, fields in one piece and in many, macros; and as they were until 2003."""

from __future__ import annotations

import pytest

from tests.extractors.containers import compound, macro_project, squeezed, zipped
from tests.extractors.reading import CANARY, by_origin, one, quotes, read

SETTINGS = f"""<?xml version="1.0"?>
<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
  <w:mailMerge>
    <w:mainDocumentType w:val="formLetters"/>
    <w:connectString w:val="Provider=SQLOLEDB;Data Source=sql7;Initial Catalog=Crm;User ID=x;Password={CANARY}"/>
    <w:query w:val="SELECT * FROM dbo.Customers"/>
  </w:mailMerge>
</w:settings>"""

DOCUMENT = f"""<?xml version="1.0"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p>
  <w:fldSimple w:instr=" INCLUDETEXT &quot;\\\\\\\\files3\\\\legal\\\\terms.docx&quot; \\! "/>
  <w:r><w:fldChar w:fldCharType="begin"/></w:r>
  <w:r><w:instrText> LINK Excel.Sheet.12 "\\\\\\\\files3\\\\pl</w:instrText></w:r>
  <w:r><w:instrText>an\\\\plan.xlsx" "Sheet1!R1C1" \\a</w:instrText></w:r>
  <w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>42</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>
  <w:fldSimple w:instr=" DATABASE \\d &quot;C:\\\\data\\\\x.mdb&quot; \\c &quot;DSN=Crm;PWD={CANARY}&quot; \\s &quot;SELECT a FROM t&quot; "/>
  <w:fldSimple w:instr=" HYPERLINK &quot;http://www.corp.net/x.html&quot; "/>
  <w:fldSimple w:instr=" PAGE "/>
  <w:r><w:t>A text that says \\\\files9\\never\\quoted.docx</w:t></w:r>
</w:p></w:body></w:document>"""  # noqa: E501 - as Word writes it

RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Type="http://x/attachedTemplate" Target="file:///\\\\files3\\templates\\letter.dotm"
  TargetMode="External"/>
<Relationship Id="2" Type="http://x/oleObject" Target="file:///H:\\plan\\x.xlsx!Sheet1" TargetMode="External"/>
</Relationships>"""

MACRO = """' Open "\\\\old9\\x.txt" For Input As #1
Open "\\\\files3\\in\\x.txt" For Input As #1
"""


def test_a_mail_merge_is_a_connection_and_a_statement() -> None:
    mentions = quotes("d/letter.docx", zipped({"word/document.xml": "<d/>", "word/settings.xml": SETTINGS}))
    opened, asked = one(mentions, "word/connectString"), one(mentions, "word/query")
    assert (opened.server, opened.database, opened.part) == ("sql7", "Crm", "word/settings.xml")
    assert (asked.locator, asked.via) == ("SELECT * FROM dbo.Customers", opened.alias)


def test_fields_are_read_whole_and_text_is_not() -> None:
    mentions = quotes("d/letter.docx", zipped({"word/document.xml": DOCUMENT}))
    assert one(mentions, "word/INCLUDETEXT").locator == r"\\files3\legal\terms.docx"
    assert one(mentions, "word/LINK").locator == r"\\files3\plan\plan.xlsx"
    found = {m.kind: m for m in by_origin(mentions, "word/DATABASE")}
    assert (found["path"].locator, found["connection_string"].via) == (r"C:\data\x.mdb", "Crm")
    assert (found["sql"].locator, found["sql"].via) == ("SELECT a FROM t", "DATABASE")
    assert len(mentions) == 5


def test_linked_files_and_templates_are_relations() -> None:
    for name, inside in (("d/a.docx", "word"), ("d/a.pptx", "ppt"), ("d/a.vsdx", "visio")):
        content = zipped({f"{inside}/document.xml": "<d/>", f"{inside}/_rels/document.xml.rels": RELATIONS})
        assert [m.locator for m in quotes(name, content)] == [
            r"\\files3\templates\letter.dotm",
            r"H:\plan\x.xlsx!Sheet1",
        ]


def test_macros_of_new_and_old_documents_are_read() -> None:
    new = zipped({"word/document.xml": "<d/>", "word/vbaProject.bin": macro_project(MACRO)})
    old = compound({"WordDocument": b"x", "VBA/M": squeezed('Attribute VB_Name = "M"\n' + MACRO)})
    for name, content in (("d/a.docm", new), ("d/a.doc", old)):
        found = [(m.locator, m.status) for m in by_origin(quotes(name, content), "vba")]
        assert found == [(r"\\old9\x.txt", "commented"), (r"\\files3\in\x.txt", "active")]


def test_an_old_document_is_looked_through_for_shares() -> None:
    body = b"\xec\xa5\x00" + "\\\\files3\\legal\\terms.doc".encode("utf-16-le") + b"\x00\x01"
    body += b'\x13 INCLUDETEXT "\\\\\\\\files4\\\\in\\\\x.doc" \x14'
    found = by_origin(
        quotes("d/a.doc", compound({"WordDocument": body, "1Table": b"ftp://drop.corp.net/in/"})), "office/text"
    )
    assert sorted(m.locator for m in found) == [
        r"\\files3\legal\terms.doc",
        r"\\files4\in\x.doc",
        "ftp://drop.corp.net/in/",
    ]


def test_a_drawing_names_its_record_sets() -> None:
    xml = f"""<VisioDocument><DataConnections><DataConnection ID="1" Command="SELECT * FROM dbo.Hosts"
 ConnectionString="Provider=SQLOLEDB;Data Source=sql7;Password={CANARY};User ID=x"/></DataConnections>
</VisioDocument>"""
    mentions = quotes("d/net.vsdx", zipped({"visio/document.xml": xml}))
    assert (one(mentions, "visio/DataConnection").server, one(mentions, "visio/Command").via) == ("sql7", "1")


@pytest.mark.parametrize("instruction", ["", "LINK", '"', "LINK " + "\\" * 3_000, 'INCLUDETEXT "' + '\\"' * 5_000])
def test_instructions_that_make_no_sense_give_nothing(instruction: str) -> None:
    escaped = instruction.replace("&", "&amp;").replace('"', "&quot;")
    mentions, _ = read("d/a.docx", zipped({"word/document.xml": f'<d><fldSimple instr="{escaped}"/></d>'}))
    assert len(mentions) <= 1


def test_what_is_no_document_is_left_to_others() -> None:
    assert read("d/a.docx", zipped({"readme.txt": "x"})) == ([], [])
    assert read("d/a.doc", b"plain text by that name") == ([], [])
