"""The cut-over work list: which asset is meant, and a CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest
from cli_command import Stocktake

from scanner.cli.impact import COLUMNS, _csv, _moving, _named, guarded
from scanner.codes import StocktakeError
from scanner.graph import Impact
from scanner.results import Asset, Edge, GraphResult, PlaceOf, Reference, Wave, WaveMember

ASSETS = (
    Asset("fin", "store", "share", "Finance", "fin", "", "fin"),
    Asset("pg/Shop", "store", "database", "Shop", "pg", "Shop", "pg/Shop"),
    Asset("pg/Shop/a/order", "object", "table", "a.order", "pg", "Shop/a/order", "pg/Shop"),
    Asset("pg/Shop/b/order", "object", "table", "b.order", "pg", "Shop/b/order", "pg/Shop"),
    Asset("my/order", "object", "table", "order", "my", "order", "my"),
    Asset("ms/order", "object", "table", "Order", "ms", "order", "ms"),
)  # fmt: skip
HOSTILE = '=HYPERLINK("http://x")'
EDGE = Edge("e1", "fin", "pg/Shop", "mention", "parsed", "", "", (PlaceOf("fin", "-run me.bat", 3, "@part"),))
SAID = Reference("r", "fin", EDGE.places[0], "unc", HOSTILE, "resolved", "pg/Shop", "", owner="+Ada")
RESULT = GraphResult(
    ASSETS, (EDGE,), (), (Wave(1, (WaveMember("pg/Shop", "x"),), (), ()),), (), (), (), {}, {},
    {a.id: a.store for a in ASSETS}, (SAID,),
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("fin", "fin"), ("FINANCE", "fin"), ("pg/shop/", "pg/Shop"), ("A.Order", "pg/Shop/a/order"),
        ("order", "my/order"), ("Order", "ms/order"), ("shop/b/order", "pg/Shop/b/order"),
    ],
)  # fmt: skip
def test_an_asset_is_found_by_id_title_or_path_whatever_the_case(asked: str, found: str) -> None:
    assert _named(asked, ASSETS) == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [("financ", "did you mean fin"), ("\x1b[2J", "none is called so"),
     ("ORDER", "several are called so: my/order, ms/order")],
)  # fmt: skip
def test_a_name_nobody_has_is_told_with_what_it_may_mean(asked: str, said: str) -> None:
    with pytest.raises(StocktakeError, match=said) as error:
        _named(asked, ASSETS)
    assert error.value.code.code == "ASSET_UNKNOWN"


def test_no_cell_of_the_work_list_can_begin_a_formula() -> None:
    found = Impact(RESULT)
    rows, text = _csv(found, _moving(found, None))
    (line,) = csv.DictReader(io.StringIO(text, newline=""))
    assert rows == 1
    assert tuple(line) == COLUMNS
    assert (line["quoted"], line["file"], line["part"], line["owner"]) == (
        "'" + HOSTILE, "'-run me.bat", "'@part", "'+Ada",
    )  # fmt: skip
    assert (line["moved"], line["wave"], line["line"], line["depends"]) == ("pg/Shop", "1", "3", "fin")
    assert not any(cell[:1] in "=+-@\t" for cell in line.values() if cell)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "  =1", "\tx"])
def test_what_begins_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text)[:1] in ("'", "\\"), "guarded, or its control character written out"
    assert guarded("a" + text)[:1] == "a"
    assert guarded(None) == ""


def test_the_command_tells_of_a_real_catalog(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "shop.sqlite")
    db.executescript(
        "CREATE TABLE item (id INTEGER PRIMARY KEY, n INT); CREATE VIEW many AS SELECT n FROM item WHERE n > 9"
    )
    db.close()
    stocktake = Stocktake(tmp_path)
    connection = f"DRIVER={{SQLite3}};Database={tmp_path / 'shop.sqlite'}"
    (tmp_path / "estate.toml").write_text(
        'version = 1\ncatalog = "catalog"\n[[sources]]\nname = "shop"\ntype = "odbc"\nowner = "Web team"\n'
        f"connection = '{connection}'\n"
    )  # fmt: skip
    scanned = stocktake("scan", "--quiet")
    assert scanned.code in (0, 3), scanned.err
    told = stocktake("impact", "ITEM", "--json")
    (broken,) = [r for r in told.records if r["type"] == "broken"]
    assert (broken["depends"].rpartition("/")[2], broken["owner"]) == ("many", "Web team")
    assert broken["change"] == "Change many to read item from its new place, or let a foreign table stand in for it."
    assert told.records[-1] == {"type": "exit", "code": 0}
    near = stocktake("impact", "itme", "--json")
    assert near.code == 2
    assert near.error()["error"] == "ASSET_UNKNOWN"
    assert "item" in near.error()["detail"]
    sql = 'SELECT depends, edge.kind FROM edge JOIN asset a ON a.id = edge."on"'
    asked = stocktake("query", "--graph", "--json", sql)
    assert asked.records == [{"depends": broken["depends"], "kind": "reads"}]
    events = stocktake("report", "--format", "openlineage").out.splitlines()
    assert len(events) == 3
