"""What breaks when something moves first: which references, where, whose, and what to change."""

# ruff: noqa: E501 - tables: one row, one line
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scanner.graph.impact import EACH, Impact, everywhere, first, impact
from scanner.graph.remedy import change
from scanner.results import Asset, Edge, GraphResult, PlaceOf, Reference, Wave, WaveMember

if TYPE_CHECKING:
    from tests.graph.conftest import Estate

SHARE = Asset("fin", "store", "share", "Finance", "fin", "", "fin")
OTHER = Asset("web", "store", "folder", "Web", "web", "", "web")
BASE = Asset("pg/shop", "store", "database", "shop", "pg", "shop", "pg/shop")
SALES = Asset("pg/shop/sales", "schema", "schema", "sales", "pg", "shop/sales", "pg/shop")
HR = Asset("pg/shop/hr", "schema", "schema", "hr", "pg", "shop/hr", "pg/shop")
ORDER = Asset("pg/shop/sales/order", "object", "table", "sales.order", "pg", "shop/sales/order", "pg/shop")
LINE = Asset("pg/shop/sales/line", "object", "table", "sales.line", "pg", "shop/sales/line", "pg/shop")
STAFF = Asset("pg/shop/hr/staff", "object", "table", "hr.staff", "pg", "shop/hr/staff", "pg/shop")
LOST = Asset("?old", "store", "server", "old-db", "", "", "", resolved=False)
ASSETS = (SHARE, OTHER, BASE, SALES, HR, ORDER, LINE, STAFF, LOST)


def edge(number: int, source: Asset, target: Asset, kind: str, *places: PlaceOf, **more: object) -> Edge:
    values = {"evidence": f"evidence {number}", "detail": "", "confidence": "declared", "places": places} | more
    return Edge(f"e{number}", source.id, target.id, kind, **values)  # type: ignore[arg-type]


EDGES = (
    edge(1, LINE, ORDER, "foreign_key", evidence="foreign key line_order"),
    edge(2, LINE, STAFF, "foreign_key", evidence="foreign key line_staff"),
    edge(3, SHARE, BASE, "connects", PlaceOf("fin", "app/web.config", 12), PlaceOf("fin", "app/old.config", 3), count=2,
         detail="Server=db01;Database=shop", confidence="parsed"),
    edge(4, SHARE, LOST, "mention", PlaceOf("fin", "run.bat", 4), detail=r"\\old\data", confidence="inferred"),
    edge(5, OTHER, ORDER, "reads", PlaceOf("web", "load.py", 9), detail="SELECT 1 FROM sales.order"),
)  # fmt: skip
REFERENCES = (
    Reference("r1", "fin", PlaceOf("fin", "app/web.config", 12), "connection_string", "Server=db01;Database=shop",
              "resolved", "pg/shop", "by server and database", owner="Finance IT"),
    Reference("r2", "web", PlaceOf("web", "load.py", 9), "sql", "SELECT 1 FROM sales.order", "resolved",
              ORDER.id, "by name"),
)  # fmt: skip


def made(edges: tuple[Edge, ...] = EDGES, references: tuple[Reference, ...] = REFERENCES) -> GraphResult:
    waves = (
        Wave(1, (WaveMember(HR.id, "x"), WaveMember(SALES.id, "x")), (), ()),
        Wave(2, (WaveMember("fin", "x"),), (), (1,)),
    )
    groups = {SALES.id: SALES.id, ORDER.id: SALES.id, LINE.id: SALES.id, HR.id: HR.id, STAFF.id: HR.id,
              SHARE.id: SHARE.id, OTHER.id: OTHER.id}  # fmt: skip
    return GraphResult(ASSETS, edges, (), waves, (), (), (), {}, {}, groups, references)


def told(asset: str) -> list[tuple[str, str]]:
    return [(b.edge, str(b.place)) for b in impact(made(), asset)]


def test_what_leads_into_a_store_from_outside_breaks_and_what_lies_within_moves_along() -> None:
    assert told("pg/shop") == [("e3", "app/web.config:12"), ("e3", "app/old.config:3"), ("e5", "load.py:9")]


def test_a_schema_breaks_its_neighbours_and_whatever_means_the_whole_database() -> None:
    assert told(HR.id) == [
        ("e3", "app/web.config:12"), ("e3", "app/old.config:3"), ("e2", "shop/sales/line"),
    ]  # fmt: skip


def test_an_object_breaks_only_what_names_it() -> None:
    assert told(ORDER.id) == [("e1", "shop/sales/line"), ("e5", "load.py:9")]
    assert told("no such asset") == []


def test_the_owner_is_whoever_answers_for_the_quoting_file_else_for_its_store() -> None:
    broken = list(impact(made(), "pg/shop", owners={"fin": "Estates", "web": "Web team"}))
    assert [b.owner for b in broken] == ["Finance IT", "Estates", "Web team"]


def test_totals_are_exact_where_the_list_is_cut() -> None:
    places = tuple(PlaceOf("fin", f"f{n}", n) for n in range(10))
    result = made(
        (edge(1, SHARE, BASE, "connects", *places, count=40), edge(2, OTHER, BASE, "connects", *places, count=30))
    )
    broken, totals = first(result)
    assert totals["pg/shop"] == totals[SALES.id] == 70
    assert sum(b.moved == SALES.id for b in broken) == EACH
    assert "pg/shop" not in {b.moved for b in broken}, "it moves by schema"


def test_what_moves_comes_by_wave_and_then_the_stores_nobody_scanned() -> None:
    assert Impact(made()).order() == [(HR.id, 1), (SALES.id, 1), ("fin", 2), ("?old", None)]


def test_every_place_comes_from_the_catalog_where_the_graph_kept_the_first(estate: Estate) -> None:
    estate.source("fin", deep=False)
    for n in range(25):
        estate.fact("mention", "fin", f"f{n:02}.config", line=n + 1, kind="connection_string", locator="Server=db01",
                    status="commented" if n == 7 else "active")  # fmt: skip
    estate.fact("mention", "fin", "f00.config", line=1, kind="unc", locator=r"\\x\y", status="active")
    places = tuple(PlaceOf("fin", f"f{n:02}.config", n + 1) for n in range(10))
    said = Reference("r", "fin", places[0], "connection_string", "Server=db01", "resolved", "pg/shop", "")
    result = made((edge(3, SHARE, BASE, "connects", *places, count=24, detail="Server=db01"),), (said,))
    found = list(impact(result, "pg/shop", more=everywhere(estate.reader(), result)))
    assert len(found) == 24
    assert "f07.config" not in {b.place.path for b in found}
    assert found[-1].change == "Change the connection string in f24.config line 25 to the new server."


def sentence(
    kind: str, quoted: str, edge_kind: str = "mention", action: str = "", line: int | None = 4, part: str | None = None
) -> str:
    place = PlaceOf("fin", "jobs/run.bat", line, part)
    said = Reference("r", "fin", place, kind, quoted, "resolved", BASE.id, "", action=action) if kind else None
    return change(edge(1, SHARE, BASE, edge_kind, detail=quoted), place, SHARE, BASE, said, quoted)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (sentence("connection_string", "Server=x"), "Change the connection string in run.bat line 4 to the new server."),
        (sentence("unc", r"Z: \\fs01\x", action="mounts"), "Map drive Z: in run.bat line 4 to the new place."),
        (sentence("unc", r"\\fs01\x", action="mounts"), "Map the mount in run.bat line 4 to the new place."),
        (sentence("url", "sftp://h/x"), "Change the host in run.bat line 4 to the new one, and let it trust the new host key."),
        (sentence("url", "s3://b/x"), "Change the bucket in run.bat line 4, with its endpoint and keys, to the new one."),
        (sentence("", r"\\fs01\x"), "Change the UNC path in run.bat line 4 to the new share."),
        (sentence("", "who knows"), "Change the reference in run.bat line 4 to the new place."),
        (sentence("", "LEDGER01", "linked_server", line=None), "Re-point linked server LEDGER01 to the new server."),
        (sentence("", "dbname=maps", "server_link", line=None, part="old_maps"), "Re-point linked server old_maps to the new server."),
        (sentence("", "[dbo].[t]", "reads"), "Change run.bat line 4 to read shop from its new place, or let a foreign table stand in for it."),
        (sentence("", "x", "foreign_table", line=None), "Re-create foreign table Finance against the new server."),
        (sentence("connection_string", "{0.__class__}", action="defines"), "Change the definition in run.bat line 4: whatever uses its name follows."),
        (sentence("reference", "{where}{x!r}"), "Give {where}{x!r}, used in run.bat line 4, its new target where that name is defined."),
    ],
)  # fmt: skip
def test_the_change_is_one_plain_sentence_for_each_kind(found: str, said: str) -> None:
    assert found == said
