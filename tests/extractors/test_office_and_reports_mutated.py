"""Random bytes, and samples with bytes changed, cut and repeated: no reader raises anything but its two answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.extractors.containers import compound, macro_project, squeezed, zipped
from tests.extractors.reading import gathered, read
from tests.extractors.test_connections import ODC, SCRIPT, UDL, WORKBOOK
from tests.extractors.test_documents import DOCUMENT, SETTINGS
from tests.extractors.test_powerbi import SECTION, parcel
from tests.extractors.test_workbooks import CONNECTIONS, MACRO, old_workbook, record, text

DATA = Path(__file__).parent / "data"
SAMPLES: dict[str, bytes] = {
    "load.dtsx": (DATA / "ssis" / "load.dtsx").read_bytes(),
    "old.dtsx": (DATA / "ssis" / "load-2005.dtsx").read_bytes(),
    "load.dtsConfig": (DATA / "ssis" / "load.dtsConfig").read_bytes(),
    "Project.params": (DATA / "ssis" / "Project.params").read_bytes(),
    "sales.ispac": zipped({"a.dtsx": (DATA / "ssis" / "load.dtsx").read_text(encoding="utf-8")}),
    "Sales.rdl": (DATA / "ssrs" / "Sales.rdl").read_bytes(),
    "q.pq": SECTION.encode(),
    "b.pbix": zipped({"DataMashup": parcel(), "Connections": b'{"Connections": []}'}),
    "b.bim": b'{"model": {"dataSources": [{"name": "x", "connectionString": "Data Source=sql7"}], "tables": []}}',
    "c.odc": ODC.encode(),
    "c.udl": UDL.encode(),
    "c.dqy": b"XLODBC\r\n1\r\nDSN=x\r\nSELECT 1\r\n",
    "c.oqy": b"QueryType=OLEDB\r\nConnection=Data Source=x\r\nCommandText=y\r\n",
    "t.twb": WORKBOOK.encode(),
    "k.qvs": SCRIPT.encode(),
    "w.xlsm": zipped({"xl/connections.xml": CONNECTIONS, "xl/vbaProject.bin": macro_project(MACRO)}),
    "w.xls": old_workbook(record(0x1AE, b"\1\0" + text("\1\1@a\3b")), record(0xCD, text("ODBC;DSN=x"))),
    "d.docx": zipped({"word/document.xml": DOCUMENT, "word/settings.xml": SETTINGS}),
    "d.doc": compound({"WordDocument": b"\\\\files3\\x\\y.doc", "VBA/M": squeezed("Attribute VB_Name")}),
}  # fmt: skip

WAYS = st.sampled_from(("set", "cut", "drop", "repeat", "insert"))
CHANGES = st.lists(st.tuples(WAYS, st.floats(0, 1), st.binary(min_size=1, max_size=12)), min_size=1, max_size=6)


def changed(content: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    for what, where, piece in changes:
        at = int(where * len(content))
        rest = content[at:]
        content = {
            "set": content[:at] + piece + rest[len(piece) :],
            "cut": content[:at],
            "drop": content[:at] + rest[len(piece) :],
            "repeat": content[:at] + rest[:200] * 3 + rest[200:],
            "insert": content[:at] + piece + rest,
        }[what]
    return content


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_read(name: str) -> None:
    mentions, troubles = read(f"m/{name}", SAMPLES[name])
    assert mentions
    assert troubles == []


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES)
def test_changed_samples_end_in_mentions_or_trouble(name: str, changes: list[tuple[str, float, bytes]]) -> None:
    # Its password may stand in another place than a password's now, so that is not looked for.
    gathered(f"m/{name}", changed(SAMPLES[name], changes), others=False)


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=25, deadline=None)
@given(body=st.binary(max_size=400), head=st.integers(0, 16))
def test_random_bytes_behind_a_true_beginning_do_no_harm(name: str, body: bytes, head: int) -> None:
    gathered(f"m/{name}", SAMPLES[name][:head] + body, others=False)


@pytest.mark.parametrize("name", ["x.dtsx", "x.rdl", "x.twb", "x.odc"])
def test_nesting_without_end_is_refused(name: str) -> None:
    mentions, troubles = read(f"m/{name}", "<Executable>" * 100_000)
    assert mentions == []
    assert {t.code for t in troubles} <= {"CONTENT_LIMIT", "CONTENT_DAMAGED"}
