"""What several readers of one file could each quote is quoted once, and names that look like examples stand."""

from __future__ import annotations

from pathlib import Path

from examples.references import filled, values_of
from scanner.extractors.quoting import quoted
from tests.extractors.reading import quotes

HOME = Path(__file__).parents[2] / "examples" / "files"


def test_a_connection_string_over_several_lines_is_told_once_by_status() -> None:
    text = filled((HOME / "Intranet" / "staff" / "web.config").read_text(encoding="utf-8"), values_of(1, 2, HOME))
    found = [m.status for m in quotes("p/web.config", text) if m.kind == "connection_string"]
    assert sorted(found) == ["active", "commented", "placeholder"]


def test_a_component_without_ports_goes_the_way_its_class_says() -> None:
    text = (HOME / "Cases" / "ETL" / "NightlyCases.dtsx").read_text(encoding="utf-8")
    cut = "".join(line for line in text.splitlines(True) if "<input" not in line and "<output" not in line)
    actions = {m.locator: m.action for m in quotes("p/load.dtsx", cut) if m.kind == "table"}
    assert actions == {'"finance"."invoice"': "reads", "[dbo].[Journal]": "writes"}


def test_a_table_named_like_an_example_is_no_example() -> None:
    for name in ("[dbo].[User]", "[Server Log]", "[Database]"):
        made = quoted(name, origin="x", kind="table", via="Erp")
        assert made is not None
        assert made.status == "active"
