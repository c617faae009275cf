"""OpenLineage events, taken back by the project's own client: unknown or missing fields would be refused."""

# ruff: noqa: E501 - tables: one row, one line
from __future__ import annotations

import json
from typing import Any

import attr
import pytest
from openlineage.client.generated import (
    base,
    column_lineage_dataset,
    dataset_type_dataset,
    job_type_job,
    ownership_job,
    schema_dataset,
    symlinks_dataset,
)
from openlineage.client.serde import Serde

from scanner.graph import to_openlineage
from scanner.results import Asset, ColumnEdge, Edge, GraphResult, PlaceOf, Reference

SHARE = Asset("fin", "store", "share", "Finance", "fin", "", "fin")
BASE = Asset("pg/shop", "store", "database", "shop", "pg", "shop", "pg/shop")
ORDER = Asset("pg/shop/sales/order", "object", "table", "sales.order", "pg", "shop/sales/order", "pg/shop")
VIEW = Asset("pg/shop/sales/open", "object", "view", "sales.open", "pg", "shop/sales/open", "pg/shop")
LOAD = Asset("pg/shop/sales/load", "object", "procedure", "sales.load", "pg", "shop/sales/load", "pg/shop")
LOST = Asset("?old", "store", "server", "old-db \ud800", "", "", "", resolved=False)
ASSETS = (SHARE, BASE, ORDER, VIEW, LOAD, LOST)
ETL = PlaceOf("fin", "etl/load.dtsx", 7)
EDGES = (
    Edge("e1", VIEW.id, ORDER.id, "reads", "parsed", "", ""),
    Edge("e2", LOAD.id, ORDER.id, "writes", "parsed", "", ""),
    Edge("e3", LOAD.id, LOST.id, "reads", "parsed", "", ""),
    Edge("e4", SHARE.id, BASE.id, "connects", "parsed", "", "", (ETL,)),
    Edge("e5", SHARE.id, ORDER.id, "mention", "parsed", "", "", (PlaceOf("fin", "etl/load.dtsx", 9),)),
    Edge("e6", LOAD.id, VIEW.id, "calls", "parsed", "", ""),
)  # fmt: skip
RESULT = GraphResult(
    ASSETS, EDGES, (), (), (), (), (), {}, {},
    references=(Reference("r", "fin", ETL, "connection_string", "Server=x", "resolved", "pg/shop", "", action="writes", owner="Ada"),),
    columns=(
        ColumnEdge(VIEW.id, "total", ORDER.id, "amount", "value", "parsed"),
        ColumnEdge(VIEW.id, "*", ORDER.id, "state", "condition", "parsed"),
        ColumnEdge(VIEW.id, "who", "gone", "x", "value", "parsed"),
    ),
)  # fmt: skip
FACETS: dict[str, Any] = {
    "symlinks": symlinks_dataset.SymlinksDatasetFacet, "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet,
    "schema": schema_dataset.SchemaDatasetFacet, "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "jobType": job_type_job.JobTypeJobFacet, "ownership": ownership_job.OwnershipJobFacet,
}  # fmt: skip


def facets(value: dict[str, Any]) -> dict[str, Any]:
    """The client's own facets, whose schema addresses must be those we wrote."""
    made = {}
    for name, content in value.items():
        plain = {k: v for k, v in content.items() if not k.startswith("_")}
        if name == "schema":
            plain["fields"] = [schema_dataset.SchemaDatasetFacetFields(**f) for f in plain["fields"]]
        elif name == "symlinks":
            plain["identifiers"] = [symlinks_dataset.Identifier(**i) for i in plain["identifiers"]]
        elif name == "ownership":
            plain["owners"] = [ownership_job.Owner(**o) for o in plain["owners"]]
        elif name == "columnLineage":
            plain["fields"] = {
                k: column_lineage_dataset.Fields([inputs(i) for i in v["inputFields"]])
                for k, v in plain["fields"].items()
            }
            plain["dataset"] = [inputs(i) for i in plain.get("dataset", [])]
        facet = FACETS[name](producer=content["_producer"], **plain)
        assert facet._get_schema() == content["_schemaURL"]
        made[name] = facet
    return made


def inputs(value: dict[str, Any]) -> Any:
    told = [column_lineage_dataset.Transformation(**t) for t in value["transformations"]]
    return column_lineage_dataset.InputField(**{**value, "transformations": told})


def dataset(kind: Any, value: dict[str, Any]) -> Any:
    return kind(**{**value, "facets": facets(value["facets"])})


def revived(event: dict[str, Any]) -> Any:
    """An event as the client's object; the client refuses what the specification does not know."""
    head = {k: event[k] for k in ("eventTime", "producer")}
    if "dataset" in event:
        made: Any = base.DatasetEvent(**head, dataset=dataset(base.StaticDataset, event["dataset"]))
    else:
        job = base.Job(**{**event["job"], "facets": facets(event["job"]["facets"])})
        made = base.JobEvent(
            **head, job=job,
            inputs=[dataset(base.InputDataset, d) for d in event["inputs"]],
            outputs=[dataset(base.OutputDataset, d) for d in event["outputs"]],
        )  # fmt: skip
    assert made.schemaURL == event["schemaURL"]
    return made


def events(result: GraphResult = RESULT) -> list[dict[str, Any]]:
    text = to_openlineage(
        result, when=1_529_668_800_000_000,
        locators={"pg": "postgresql://scan@db01.example:5432/shop", "fin": r"\\fs01\finance"},
        fields={ORDER.id: [("amount", "numeric"), ("state", "")]},
    )  # fmt: skip
    return [json.loads(line) for line in text.splitlines()]


def job(name: str) -> dict[str, Any]:
    return next(e for e in events() if e.get("job", {}).get("name") == name)


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [d["name"] for d in datasets]


def test_the_client_takes_every_event_and_says_the_same() -> None:
    for event in events():
        again = json.loads(Serde.to_json(revived(event)))
        assert _bare(again) == _bare(event)


def _bare(value: Any) -> Any:
    """Without empty lists and nulls, which the client adds and leaves out at will."""
    if isinstance(value, dict):
        return {k: b for k, v in value.items() if (b := _bare(v)) not in (None, [], {})}
    return [_bare(v) for v in value] if isinstance(value, list) else value


def test_a_field_nobody_knows_would_be_refused() -> None:
    event = next(e for e in events() if "dataset" in e)
    event["dataset"]["facets"]["datasetType"]["surprise"] = 1
    with pytest.raises(TypeError):
        revived(event)
    assert attr.has(base.JobEvent)


def test_a_view_is_a_job_that_makes_its_rows_column_by_column() -> None:
    event = job("shop.sales.open")
    assert event["job"]["namespace"] == "postgres://db01.example:5432"
    assert (names(event["inputs"]), names(event["outputs"])) == (["shop.sales.order"], ["shop.sales.open"])
    lineage = event["outputs"][0]["facets"]["columnLineage"]
    assert {c: [(i["name"], i["field"]) for i in f["inputFields"]] for c, f in lineage["fields"].items()} == {
        "total": [("shop.sales.order", "amount")]
    }
    assert [(i["field"], i["transformations"]) for i in lineage["dataset"]] == [("state", [{"type": "INDIRECT"}])]


def test_a_routine_reads_and_writes_and_is_no_dataset() -> None:
    event = job("shop.sales.load")
    assert (names(event["inputs"]), names(event["outputs"])) == (["old-db \ufffd\ufffd\ufffd"], ["shop.sales.order"])
    assert "shop.sales.load" not in [e["dataset"]["name"] for e in events() if "dataset" in e]


def test_a_package_on_a_share_is_a_job_with_its_owner() -> None:
    event = job("etl/load.dtsx")
    assert event["job"]["namespace"] == "file://fs01/finance"
    assert (names(event["inputs"]), names(event["outputs"])) == (["shop.sales.order"], ["shop"])
    assert event["job"]["facets"]["ownership"]["owners"] == [{"name": "Ada"}]


def test_a_table_says_its_columns_and_the_account_is_nowhere() -> None:
    table = next(e["dataset"] for e in events() if e.get("dataset", {}).get("name") == "shop.sales.order")
    assert table["facets"]["schema"]["fields"] == [{"name": "amount", "type": "numeric"}, {"name": "state"}]
    assert "scan@" not in json.dumps(events())


def test_nothing_gives_nothing() -> None:
    assert to_openlineage(GraphResult((), (), (), (), (), (), (), {}, {}), when=0) == ""
